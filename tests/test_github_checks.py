"""Checks of who started a run that are in the repository itself: what they stop is what they do."""

from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree

WORKFLOW = ".github/workflows/w.yml"
ASKS = "gh api repos/acme/shop/collaborators/$WHO/permission --jq .permission"


def jobs(files: dict[str, str]) -> list[list[bool]]:
    """Whether outsiders get to the steps of each job of the workflow."""
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    (pipeline,) = load(decode(WORKFLOW, tree.read(WORKFLOW)), tree).pipelines
    return [[step.exposed for step in job.steps] for job in pipeline.jobs]


def using(action: str, condition: str = "true == true") -> str:
    return f"""
on: issue_comment
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: ./{action}
        id: gate
      - run: make
        if: {condition}
"""


def composite(script: str, top: str = "") -> str:
    return f"""
{top}
runs:
  using: composite
  steps:
    - id: ask
      run: |
        {script}
      shell: bash
"""


NAMED, PLAIN = ".github/actions/check-permission", ".github/actions/gate"


@pytest.mark.parametrize(
    ("action", "script", "stops"),
    [
        (NAMED, "echo checked", False),
        (NAMED, 'echo "started by $GITHUB_ACTOR"', False),
        (NAMED, f"{ASKS} | grep -qx admin || exit 1", True),
        (PLAIN, f"{ASKS} | grep -qx admin || exit -1", True),
        (NAMED, f"{ASKS} | jq -e .ok", True),  # how is not understood, but it asks
        (NAMED, "./check.sh", True),  # what the program does is not known
        (NAMED, '[ "$GITHUB_ACTOR" = octocat ]', True),
        (PLAIN, "echo checked", False),
        (PLAIN, f"{ASKS} | grep -qx admin || exit 1", True),
        (PLAIN, "./check.sh", False),
    ],
)
def test_a_local_action_stops_outsiders_by_what_it_does(
    action: str, script: str, stops: bool
) -> None:
    files = {WORKFLOW: using(action), f"{action}/action.yml": composite(script)}
    assert jobs(files) == [[True, not stops]]


@pytest.mark.parametrize(
    ("action", "definition", "program", "stops"),
    [
        (NAMED, "runs: {using: node24, main: index.js}", "console.log('checked')", False),
        (NAMED, "runs: {using: node24, main: index.js}", "getCollaboratorPermissionLevel()", True),
        (NAMED, "runs: {using: node24, main: dist/index.js}", "console.log('checked')", True),
        (NAMED, "runs: {using: docker, image: Dockerfile}", "", True),
        (PLAIN, "runs: {using: node24, main: dist/index.js}", "", False),
    ],
)
def test_the_program_of_a_local_action_is_looked_into(
    action: str, definition: str, program: str, stops: bool
) -> None:
    files = {f"{action}/action.yml": definition, f"{action}/index.js": program}
    assert jobs({WORKFLOW: using(action), **files}) == [[True, not stops]]


@pytest.mark.parametrize(("action", "stops"), [(NAMED, True), (PLAIN, False)])
def test_an_action_that_is_not_there_is_known_by_its_name_alone(action: str, stops: bool) -> None:
    assert jobs({WORKFLOW: using(action)}) == [[True, not stops]]


def test_the_answer_of_a_local_action_counts_where_it_is_asked_for() -> None:
    top = "outputs: {ok: {value: '${{ steps.ask.outputs.ok }}'}}"
    script = f'echo "ok=$({ASKS})" >> "$GITHUB_OUTPUT"'
    for condition, stops in [
        ("steps.gate.outputs.ok == 'admin'", True),
        ("github.event.comment.body == '/build'", False),
    ]:
        files = {WORKFLOW: using(NAMED, condition), f"{NAMED}/action.yml": composite(script, top)}
        assert jobs(files) == [[True, not stops]]


CALLING = """
on: issue_comment
jobs:
  gate:
    uses: ./.github/workflows/{0}.yml
  next:
    needs: gate
    runs-on: ubuntu-latest
    steps:
      - run: make
  regardless:
    needs: gate
    if: always() && needs.gate.outputs.ok == 'admin'
    runs-on: ubuntu-latest
    steps:
      - run: make
"""
CALLED = """
on:
  workflow_call:
    outputs:
      ok:
        value: ${{ jobs.check.outputs.level }}
jobs:
  check:
    runs-on: ubuntu-latest
    outputs:
      level: ${{ steps.ask.outputs.level }}
    steps:
      - id: ask
        run: |
          SCRIPT
"""


@pytest.mark.parametrize("name", ["check-permissions", "gate"])
@pytest.mark.parametrize(
    ("script", "open_to_outsiders"),
    [
        ("echo level=admin >> $GITHUB_OUTPUT", [True, True]),
        (f"{ASKS} | grep -qx admin || exit 1", [False, False]),
        (f"echo level=$({ASKS}) >> $GITHUB_OUTPUT", [True, False]),
    ],
)
def test_a_called_workflow_stops_outsiders_by_what_it_does(
    name: str, script: str, open_to_outsiders: list[bool]
) -> None:
    called = CALLED.replace("SCRIPT", script)
    files = {WORKFLOW: CALLING.format(name), f".github/workflows/{name}.yml": called}
    assert jobs(files) == [[], *([each] for each in open_to_outsiders)]


@pytest.mark.parametrize(
    ("name", "stops"),
    [
        ("require-write-permissions", True),
        ("verify-team-membership", True),
        ("maintainer-guard", True),
        ("permission-gate", True),
        ("collaborator-check", True),
        ("list-permissions", False),
        ("welcome", False),
    ],
)
def test_an_action_from_elsewhere_is_known_by_its_name(name: str, stops: bool) -> None:
    text = using("gate").replace("./gate", f"acme/{name}@v1")
    assert jobs({WORKFLOW: text}) == [[True, not stops]]


@pytest.mark.parametrize(("name", "stops"), [("check-permissions", True), ("gate", False)])
def test_a_workflow_that_is_not_there_is_known_by_its_name_alone(name: str, stops: bool) -> None:
    assert jobs({WORKFLOW: CALLING.format(name)}) == [[], [not stops], [not stops]]


@pytest.mark.parametrize(
    ("condition", "stops"),
    [
        ("contains('alice,bob', github.actor)", False),
        ("contains('alice bob', github.event.comment.user.login)", False),
        ("contains(vars.MAINTAINERS, github.actor)", False),
        ("contains(fromJSON(vars.MAINTAINERS), github.actor)", True),
        ("contains(fromJSON('[\"alice\"]'), github.actor)", True),
        ("contains('OWNER MEMBER', github.event.comment.author_association)", True),
        ("github.actor == 'alice'", True),
    ],
)
def test_who_has_a_part_of_a_name_gets_through(condition: str, stops: bool) -> None:
    text = using(PLAIN, f'"{condition}"' if "'[" not in condition else f">-\n          {condition}")
    assert jobs({WORKFLOW: text}) == [[True, not stops]]


CHECKOUT = "- uses: actions/checkout@v5\n"
USES = "- uses: ./tools/setup\n"


@pytest.mark.parametrize(
    ("steps", "files", "missing"),
    [
        (CHECKOUT + USES, {}, ["./tools/setup"]),
        (USES, {}, ["./tools/setup"]),
        (CHECKOUT + USES, {"tools/setup/action.yaml": "runs: {}"}, []),
        (CHECKOUT + USES, {"tools/setup/Dockerfile": "FROM scratch"}, []),
        ("- uses: ./\n", {}, ["./"]),
        ("- uses: ./\n", {"action.yml": "runs: {}"}, []),
        ("- uses: ../setup\n- uses: ./node_modules/a\n", {}, []),
        # somebody else may put it there
        (CHECKOUT + "  with: {repository: acme/tools, path: tools}\n" + USES, {}, []),
        (CHECKOUT + "  with: {ref: next}\n" + USES, {}, []),
        (CHECKOUT + "- run: make tools/setup\n" + USES, {}, []),
        (CHECKOUT + "- run: git clone https://example.org/t\n" + USES, {}, []),
        (CHECKOUT + "- uses: actions/download-artifact@v5\n" + USES, {}, []),
        (CHECKOUT + USES + "- run: make tools/setup\n", {}, ["./tools/setup"]),
        (CHECKOUT + "- run: make test\n" + USES, {}, ["./tools/setup"]),
    ],
)
def test_a_local_action_that_is_not_there_is_reported(
    steps: str, files: dict[str, str], missing: list[str]
) -> None:
    head = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    text = head + "".join(f"      {line}\n" for line in steps.splitlines())
    tree = MemoryTree({path: body.encode() for path, body in {WORKFLOW: text, **files}.items()})
    found = load(decode(WORKFLOW, tree.read(WORKFLOW)), tree).unresolved
    assert [each.message for each in found] == [
        f"`{name}` is used and is not in the repository" for name in missing
    ]


@pytest.mark.parametrize(
    ("given", "stops"),
    [
        ("{require: write}", True),
        ("{Require: write}", True),
        ("{require: write, if: never}", True),
        ("{require: read}", False),
    ],
)
def test_inputs_of_a_check_are_read_whatever_their_case(given: str, stops: bool) -> None:
    workflow = f"""
on: issue_comment
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: skjnldsv/check-actor-permission@v3
        with: {given}
  build:
    needs: check
    runs-on: ubuntu-latest
    steps:
      - run: make
"""
    assert jobs({WORKFLOW: workflow})[1] == [not stops]


@pytest.mark.parametrize(
    ("condition", "stops"),
    [
        ("success()", True),
        ("${{ !cancelled() }}", True),
        ("success() && github.event_name == 'issue_comment'", True),
        ("failure()", False),
        ("github.event.issue.locked", False),
    ],
)
def test_a_check_with_a_condition_that_holds_while_steps_run_is_one(
    condition: str, stops: bool
) -> None:
    workflow = f"""
on: issue_comment
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: ./{PLAIN}
        if: {condition!r}
      - run: make
"""
    files = {
        WORKFLOW: workflow,
        f"{PLAIN}/action.yml": composite(f"{ASKS} | grep -qx admin || exit 1"),
    }
    assert jobs(files)[0][1] is not stops
