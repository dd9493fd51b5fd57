from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.loaders.github_gates import in_condition, in_expression, unclosed
from pipelaw.tree import MemoryTree

OPENER = "github.event.pull_request.user.login"


@pytest.mark.parametrize(
    ("condition", "kinds"),
    [
        ("github.ref_name == 'main'", []),
        ("${{ github.ref_name == 'main' }}", []),
        ("github.ref_name == 'main'\n", []),
        ("always()", []),
        ("${{ always() }}\n", []),
        ("${{ github.ref_name == 'main' }}\n", ["always-true"]),
        (" ${{ github.sha }}", ["always-true"]),
        ("${{ github.sha }} == 'x'", ["always-true"]),
        ("${{ vars.A }} && ${{ vars.B }}", ["always-true"]),
        ("!${{ vars.A }}", ["always-true"]),
        ("false", ["constant"]),
        ("1 == 2 || null", ["constant"]),
        ("true", ["constant"]),
        ("false && github.ref_name == 'main'", ["constant"]),
        ("true && github.ref_name == 'main'", []),
        ("contains('main develop', github.ref_name)", ["substring"]),
        ("contains('main', github.actor) == true", ["substring"]),
        ("contains(github.ref_name, 'release')", []),
        ("contains(fromJSON('[\"main\"]'), github.ref_name)", []),
        ("github.actor == 'dependabot[bot]'", ["spoofable"]),
        ("'Renovate[bot]' == github.triggering_actor", ["spoofable"]),
        ("github.actor_id == 49699333", ["spoofable"]),
        ("github.event.sender.id == '29110'", ["spoofable"]),
        ("github.event.workflow_run.actor.login == 'dependabot[bot]'", ["spoofable"]),
        ("github.event.workflow_run.triggering_actor.id == 29110", ["spoofable"]),
        ("github.event.workflow_run.actor.login == 'octocat'", []),
        ("contains(github.actor, '[bot]')", ["spoofable"]),
        ("startsWith(github.actor, 'dependabot')", ["spoofable"]),
        ("!startsWith(github.actor, 'renovate')", []),
        ("startsWith(github.actor, 'acme-')", []),
        ("github.event.sender.type == 'Bot'", ["spoofable"]),
        ("github.event.sender.type != 'Bot'", []),
        ("github.event.pull_request.user.type == 'Bot'", []),
        ('contains(fromJSON(\'["a", "renovate[bot]"]\'), github.actor)', ["spoofable"]),
        ("!contains(fromJSON('[\"renovate[bot]\"]'), github.actor)", []),
        ("contains(fromJSON('[\"octocat\"]'), github.actor)", []),
        ("github.ref_name == 'main' || 'develop'", ["always-true"]),
        ("vars.A == 'x' || vars.B == 'y' || 'z'", ["always-true"]),
        ("vars.A == 'x' || ''", []),
        ("github.actor == 'octocat'", []),
        ("github.actor != 'dependabot[bot]'", []),
        ("!(github.actor == 'dependabot[bot]')", []),
        ("!(github.actor != 'dependabot[bot]')", ["spoofable"]),
        (f"{OPENER} == 'dependabot[bot]' && github.actor == 'dependabot[bot]'", []),
        (f"{OPENER} == 'dependabot[bot]' || github.actor == 'dependabot[bot]'", ["spoofable"]),
        (f"{OPENER} != 'alice' && github.actor == 'dependabot[bot]'", ["spoofable"]),
        (f"{OPENER} == vars.BOT && github.actor == 'dependabot[bot]'", ["spoofable"]),
        (
            f"contains(fromJSON('[\"a[bot]\"]'), {OPENER}) && github.actor == 'a[bot]'",
            [],
        ),
        ("github.event.pull_request.user.login == 'dependabot[bot]'", []),
        ("vars.A && '' || vars.B", ["ternary"]),
        ("vars.A && false || vars.B", ["ternary"]),
        ("vars.A && '' || ''", ["constant"]),
        ("vars.A && 'x' || ''", []),
        ("vars.A && 'x' || vars.B && 0 || vars.C", ["ternary"]),
        ("github.actor != 'a' || github.actor != 'b'", ["always-true"]),
        ("github.actor != 'a' || vars.A || 'b' != github.actor", ["always-true"]),
        ("github.actor != 'a' || github.actor != 'A'", []),
        ("github.actor != 'a' || github.base_ref != 'b'", []),
        ("github.actor != 'a' && github.actor != 'b'", []),
        ("github.base_ref == 'a' && github.base_ref == 'b'", ["constant"]),
        ("github.ref == 'main'", ["constant"]),
        ("!(github.ref == 'main') || vars.A", ["always-true"]),
        ("github.ref == 'main' || vars.A", []),
        ("github.ref == ''", []),
        ("inputs.dry == 'true'", ["constant"]),
        ("vars.A && inputs.dry == 'false'", ["constant"]),
        ("inputs.dry != 'true'", ["always-true"]),
        ("inputs.dry == true", []),
        ("inputs.text == 'true'", []),
        ("contains(vars.PEOPLE, github.actor)", ["substring"]),
        ("contains(vars.PEOPLE, vars.NAME)", []),
        ("contains('OWNER,MEMBER', github.event.comment.author_association)", []),
        ("contains(fromJSON(vars.PEOPLE), github.actor)", []),
    ],
)
def test_what_is_wrong_with_a_condition(condition: str, kinds: list[str]) -> None:
    found = in_condition(condition, of_job=True, switches=frozenset({"dry"}))
    assert [one.kind for one in found] == kinds


@pytest.mark.parametrize(
    ("condition", "of_job", "said", "text"),
    [
        ('github.ref == "main"', True, "single quotes", '"'),
        ("github.ref == 'main", True, "not an expression", "'"),
        ("github.ref = 'main'", True, "not an expression", "="),
        ("startWith(github.ref, 'x')", True, "no function `startwith`", "startWith"),
        ("startsWith(github.ref)", True, "takes 2 arguments", "startsWith"),
        ("format()", True, "takes 1 or more arguments", "format"),
        ("secrets.TOKEN != ''", False, "no `secrets` here", "secrets"),
        ("env.A == 'b'", True, "no `env` here", "env"),
        ("matrix.os == 'x'", True, "no `matrix` here", "matrix"),
        ("hashFiles('a') == 'b'", True, "cannot be asked here", "hashFiles"),
        ("nonsense.a", False, "no `nonsense` at all", "nonsense"),
        ("${{ a( }} x", False, "an expression ends|ends too early|expected", ""),
    ],
)
def test_what_github_refuses_is_found_at_its_place(
    condition: str, *, of_job: bool, said: str, text: str
) -> None:
    found = in_condition(condition, of_job=of_job)[0]
    assert found.kind == "malformed"
    assert any(piece in found.detail for piece in said.split("|"))
    if text:
        assert condition[found.start : found.end] == text


@pytest.mark.parametrize(
    "condition", ["env.A == 'b'", "matrix.os == 'x' && steps.a.outputs.b", "hashFiles('a') != ''"]
)
def test_a_step_may_ask_for_more_than_a_job(condition: str) -> None:
    assert in_condition(condition, of_job=False) == ()


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        (" github.sha ", []),
        (" github.event_name == 'push' && '' || vars.X ", ["ternary"]),
        (" x y ", ["malformed"]),
        (" toJson(github.event) || 1 ", []),
        (" case(github.ref, 1, 2) ", []),
        (" success() ", ["malformed"]),
    ],
)
def test_what_is_wrong_with_an_expression(code: str, kinds: list[str]) -> None:
    assert [found.kind for found in in_expression(code)] == kinds


@pytest.mark.parametrize(
    ("head", "kinds"),
    [
        (
            "on: {workflow_call: {inputs: {dry: {type: boolean}}}}\njobs: {a: {runs-on: x, ",
            ["always-true"],
        ),
        ("on: {workflow_call: {inputs: {dry: {type: string}}}}\njobs: {a: {runs-on: x, ", []),
        ("inputs: {dry: {type: boolean}}\nruns: {using: composite, ", []),
    ],
)
def test_only_a_workflows_switches_are_no_texts(head: str, kinds: list[str]) -> None:
    path = "action.yml" if head.startswith("inputs") else ".github/workflows/x.yml"
    steps = "steps: [{if: inputs.dry != 'true', run: make, shell: bash}]}"
    text = f"{head}{steps}" + ("}" if "jobs" in head else "")
    [pipeline] = load(decode(path, text.encode()), MemoryTree({path: text.encode()})).pipelines
    assert [flaw.kind for flaw in pipeline.jobs[0].steps[0].flaws] == kinds


def test_an_unclosed_fence_is_found_behind_closed_ones() -> None:
    assert unclosed("a ${{ x }} b") == ()
    assert unclosed("a ${{ x }} ${{ y")[0][2:4] == (11, 14)


def test_flaws_of_what_never_runs_belong_to_what_stands_around_it() -> None:
    text = """
on: push
env:
  A: ${{ bad( }}
jobs:
  gone:
    if: false
    runs-on: ubuntu-latest
    steps: [{run: make}]
  test:
    if: ${{ github.sha }} && x
    runs-on: ubuntu-latest
    steps:
      - if: false
        run: make
      - if: github.actor == 'renovate[bot]'
        run: echo ${{ vars.X && '' || 'x' }}
"""
    (pipeline,) = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({})).pipelines
    job = pipeline.jobs[0]
    assert [flaw.kind for flaw in pipeline.flaws] == ["malformed", "constant"]
    assert [flaw.kind for flaw in job.flaws] == ["always-true", "constant"]
    assert sorted(flaw.kind for flaw in job.steps[0].flaws) == ["spoofable", "ternary"]
    assert [(f.place.span().line, f.place.span().column) for f in pipeline.flaws] == [
        (4, 15),
        (7, 9),
    ]


@pytest.mark.parametrize("operator", [" && ", " || ", " == "])
def test_a_very_long_condition_is_refused_and_no_crash(operator: str) -> None:
    found = in_condition(operator.join(["github.actor"] * 5000), of_job=True)
    assert [one.kind for one in found] == ["malformed"]
    assert in_condition(operator.join(["github.actor"] * 300), of_job=True) == ()
