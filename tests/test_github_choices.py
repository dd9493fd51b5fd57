"""What expressions, variables, environments and failing steps keep from outsiders, and what only seems to."""

from __future__ import annotations

from textwrap import indent

import pytest
from samples import pipeline

from pipelaw.loaders.github_choices import filled, kept
from pipelaw.model import Checkout, Job, Variable

HEAD = "github.event.pull_request.head"
SHA = f"{HEAD}.sha"
OWN = f"{HEAD}.repo.full_name == github.repository"
OLD = "actions/checkout@v4.1.0"


def job(steps: str, more: str = "", on: str = "pull_request_target", before: str = "") -> Job:
    body = indent(steps, "      ")
    extra = indent(more, "    ")
    text = f"on: {on}\njobs:\n{before}  a:\n    runs-on: ubuntu-latest\n{extra}\n    steps:\n{body}"
    return pipeline("github", text).jobs[-1]


def taken(code: str, condition: str = "") -> str:
    said = f"  if: {condition}\n" if condition else ""
    return f'- uses: {OLD}\n{said}  with: {{ref: "${{{{ {code} }}}}"}}\n'


def checkout(*args: str, **more: str) -> Checkout:
    return [one for step in job(*args, **more).steps for one in step.checkouts][-1]


@pytest.mark.parametrize(
    ("code", "untrusted"),
    [
        (f"{OWN} && {SHA} || github.sha", False),
        (f"!{HEAD}.repo.fork && {SHA} || github.sha", False),
        (f"{HEAD}.repo.fork && github.sha || {SHA}", False),
        (f"case({HEAD}.repo.fork, github.sha, {SHA})", False),
        (f"case({OWN}, {SHA}, github.sha)", False),
        (f"{HEAD}.repo.fork && {SHA} || github.sha", True),
        (f"case({HEAD}.repo.fork, {SHA}, github.sha)", True),
        (f"github.repository == 'acme/x' && {SHA} || github.sha", True),
        # a label lets a member start what an outsider wrote
        (f"contains(github.event.pull_request.labels.*.name, 'ok') && {SHA} || github.sha", True),
    ],
)
def test_a_commit_that_an_expression_chooses(code: str, untrusted: bool) -> None:
    assert checkout(taken(code)).untrusted is untrusted


def test_what_an_expression_keeps_is_still_somebodys() -> None:
    code = f"{OWN} && github.head_ref || 'main'"
    assert kept(code) == {"github.head_ref"}
    assert kept("a &&") == kept("github.head_ref") == frozenset()
    run = f'- run: echo "${{{{ {code} }}}}"\n- run: echo "${{{{ github.head_ref }}}}"\n'
    found = [one for step in job(run).steps for one in step.expansions]
    assert [(one.attacker_controlled, one.exposed) for one in found] == [
        (True, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("environment", "waits"),
    [
        ("outside", True),
        ("{name: outside, url: https://example.org}", True),
        ('""', False),
        (f"${{{{ {OWN} && 'inside' || 'outside' }}}}", True),
        (f"${{{{ {OWN} && 'inside' || '' }}}}", False),
        (f"{{name: \"${{{{ !{HEAD}.repo.fork && 'inside' || '' }}}}\"}}", False),
        (f"{{name: \"${{{{ {HEAD}.repo.fork && '' || 'inside' }}}}\"}}", True),
        ("${{ matrix.where }}", True),
    ],
)
def test_which_environments_an_outsiders_run_waits_for(environment: str, waits: bool) -> None:
    found = job(taken(SHA), f"environment: {environment}")
    assert ("environment" in found.gates) is waits


@pytest.mark.parametrize(
    ("condition", "untrusted"),
    [
        ("env.FORK == 'false'", False),
        ("env['FORK'] != 'true'", False),
        ("env.own == 'true'", False),
        ("${{ env.HEAD == github.repository }}", False),
        ("contains(fromJSON('[\"OWNER\"]'), env.ROLE)", False),
        ("env.FORK == 'true'", True),
        # a text, and true whatever it says
        ("env.OWN", True),
        ("env.MINE == 'true'", True),
    ],
)
def test_variables_in_conditions(condition: str, untrusted: bool) -> None:
    env = {
        "FORK": f"{HEAD}.repo.fork",
        "OWN": OWN,
        "HEAD": f"{HEAD}.repo.full_name",
        "ROLE": "github.event.pull_request.author_association",
        "MINE": "inputs.mine",
    }
    more = "env:\n" + "".join(f"  {name}: ${{{{ {code} }}}}\n" for name, code in env.items())
    assert checkout(taken(SHA, condition), more).untrusted is untrusted


def test_which_variables_are_put_into_a_condition() -> None:
    scopes = [[Variable(name="A", value="${{ github.actor }}")], [Variable(name="B", value="x")]]
    assert filled("env.a == 'env.A' && env.B", scopes) == (
        "format('{0}', github.actor) == 'env.A' && env.B"
    )


def test_a_bot_that_is_asked_for_by_way_of_a_variable() -> None:
    step = "- if: env.WHO == 'dependabot[bot]'\n  run: make\n"
    [found] = job(step, "env: {WHO: '${{ github.actor }}'}").steps[0].flaws
    assert (found.kind, found.place.source.text[slice(*found.place.indices())]) == (
        "spoofable",
        "env.WHO == 'dependabot[bot]'",
    )


@pytest.mark.parametrize(
    ("condition", "script", "untrusted"),
    [
        (f"{HEAD}.repo.full_name != github.repository", "echo no; exit 1", False),
        ("env.HEAD != github.repository", "exit 1", False),
        (f"{HEAD}.repo.full_name != github.repository", "echo no", True),
        (f"{HEAD}.repo.full_name == github.repository", "exit 1", True),
    ],
)
def test_steps_that_fail_for_some(condition: str, script: str, untrusted: bool) -> None:
    env = f"env: {{HEAD: '${{{{ {HEAD}.repo.full_name }}}}'}}"
    step = f"- if: {condition}\n  run: {script}\n"
    assert checkout(step + taken(SHA), env).untrusted is untrusted


def test_a_label_that_a_failing_step_takes_back() -> None:
    on = "{pull_request_target: {types: [labeled, synchronize]}}"
    label = "if: contains(github.event.pull_request.labels.*.name, 'ok')"
    fails = "- if: github.event.action != 'labeled'\n  run: exit 1\n"
    assert checkout(taken(SHA), label, on=on).bypassed
    assert not checkout(fails + taken(SHA), label, on=on).bypassed


@pytest.mark.parametrize(
    ("condition", "approval"),
    [
        ("startsWith(github.event.label.name, 'ci:')", "label"),
        ("contains(github.event.label.name, 'ci')", "label"),
        ("startsWith(github.event.pull_request.title, 'ci:')", ""),
    ],
)
def test_labels_that_are_asked_for_by_a_part_of_their_name(condition: str, approval: str) -> None:
    on = "{pull_request_target: {types: [labeled]}}"
    found = checkout(taken("github.head_ref"), f"if: {condition}", on=on)
    assert found.approval == approval


@pytest.mark.parametrize(
    ("optional", "exposed"), [("true", True), ("false", False), ("${{ matrix.x }}", False)]
)
def test_jobs_behind_one_that_may_fail(optional: str, exposed: bool) -> None:
    gate = f"""\
  gate:
    continue-on-error: {optional}
    runs-on: ubuntu-latest
    steps:
      - if: {HEAD}.repo.fork
        run: exit 1
"""
    assert job(taken(SHA), "needs: gate", before=gate).exposed is exposed


@pytest.mark.parametrize(
    ("given", "kind", "condition", "untrusted"),
    [
        (f"{HEAD}.repo.fork", "boolean", "${{ !inputs.is-fork }}", False),
        (f"{HEAD}.repo.fork", "string", "inputs.is-fork == 'false'", False),
        (f"{HEAD}.repo.fork", "boolean", "inputs.is-fork", True),
        (f"{HEAD}.repo.fork", "string", "${{ !inputs.is-fork }}", False),
        ("vars.OPEN", "boolean", "${{ !inputs.is-fork }}", True),
    ],
)
@pytest.mark.parametrize("level", ["job", "step"])
def test_inputs_in_conditions(
    given: str, kind: str, condition: str, untrusted: bool, level: str
) -> None:
    files = {
        ".github/workflows/own.yml": f"""\
        on: pull_request_target
        jobs:
          a:
            uses: ./.github/workflows/x.yml
            with: {{is-fork: "${{{{ {given} }}}}"}}
        """
    }
    steps = indent(taken(SHA, condition if level == "step" else ""), "      ")
    text = f"""\
on: {{workflow_call: {{inputs: {{is-fork: {{type: {kind}}}}}}}}}
jobs:
  a:
    if: {condition if level == "job" else "true == true"}
    runs-on: ubuntu-latest
    steps:
{steps}"""
    [step] = pipeline("github", text, files).jobs[0].steps
    assert step.checkouts[0].untrusted is untrusted


COMPARES = '[ "$HEAD" = "$GITHUB_REPOSITORY" ]'
OUT = ">> $GITHUB_OUTPUT"


@pytest.mark.parametrize(
    ("script", "exposed"),
    [
        (f"if {COMPARES}; then echo ok=true {OUT}; fi", False),
        (f"[[ $GITHUB_REPOSITORY == $HEAD ]] && echo 'ok=true' {OUT}", False),
        (f"{COMPARES} || exit 1", False),
        (f"if {COMPARES}; then echo hi; else echo ok=true {OUT}; fi", True),
        (f'[ "$HEAD" != "$GITHUB_REPOSITORY" ] && echo ok=true {OUT}', True),
        (f"{COMPARES} && echo ok=true {OUT} || echo other=true {OUT}", True),
        (f"echo ok=true {OUT}", True),
    ],
)
@pytest.mark.parametrize(
    ("on", "where"),
    [
        ("pull_request_target", f"{HEAD}.repo.full_name"),
        ("workflow_run", "github.event.workflow_run.head_repository.full_name"),
    ],
)
def test_outputs_that_say_whose_request_it_is(
    script: str, exposed: bool, on: str, where: str
) -> None:
    gate = f"""\
  gate:
    runs-on: ubuntu-latest
    outputs: {{ok: "${{{{ steps.own.outputs.ok }}}}"}}
    steps:
      - id: own
        env: {{HEAD: "${{{{ {where} }}}}"}}
        run: |
          {script}
"""
    more = "needs: gate\nif: needs.gate.outputs.ok == 'true'"
    assert job("- run: make\n", more, on=on, before=gate).exposed is exposed


LEVEL = "gh api repos/$GITHUB_REPOSITORY/collaborators/$GITHUB_ACTOR/permission --jq .permission"


@pytest.mark.parametrize(
    ("script", "exposed"),
    [
        (f'p=$({LEVEL}); [ "$p" = "admin" ] || exit 1', False),
        (f'p=$({LEVEL}); if [ "$p" = "none" ]; then exit 1; fi', True),
    ],
)
def test_the_level_of_permission_that_is_asked_for(script: str, exposed: bool) -> None:
    steps = f"- run: '{script}'\n- run: make\n"
    assert job(steps, on="issue_comment").steps[-1].exposed is exposed
