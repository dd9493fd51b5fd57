"""An outsider's text that actions hand on, that files hold, and that the API answers."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.loaders import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Expansion

WORKFLOW = ".github/workflows/x.yml"


def expansions(
    steps: str, on: str = "pull_request_target", more: dict[str, bytes] | None = None
) -> list[Expansion]:
    """What an outsider decides in the steps of a job, but variables and inputs."""
    head = f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    env: {{DIR: in}}\n    steps:\n"
    text = head + indent(dedent(steps), "      ")
    tree = MemoryTree({WORKFLOW: text.encode(), **(more or {})})
    (pipeline,) = load("github", decode(WORKFLOW, tree.read(WORKFLOW)), tree).pipelines
    found = [e for job in pipeline.jobs for step in job.steps for e in step.expansions]
    return [e for e in found if e.attacker_controlled and e.sink not in ("environment", "input")]


def pasted(steps: str, on: str = "pull_request_target") -> list[str]:
    """The expressions of scripts that an outsider decides."""
    return [e.text for e in expansions(steps, on) if e.sink in ("script", "code")]


MATCHING = """actions-ecosystem/action-regex-match@v2
  with: {text: "${{ github.head_ref }}", regex: "%s"}"""
REPLACING = """frabert/replace-string-action@v2
  with: {string: "${{ github.head_ref }}", pattern: "%s", replace-with: "-", flags: %s}"""
CHANGING = """aszc/change-string-case-action@v6
  with: {string: "${{ github.head_ref }}"}"""


@pytest.mark.parametrize(
    ("uses", "output", "found"),
    [
        ("jitterbit/get-changed-files@v1", "added_modified", True),
        ("lots0logs/gh-action-get-changed-files@v1", "modified", True),
        ("tj-actions/changed-files@v40", "any_modified", False),
        ("tj-actions/changed-files@v40", "all_changed_files", True),
        ("tj-actions/changed-files@v40", "all_changed_files_count", False),
        ("step-security/changed-files@v46", "all_changed_files", False),
        ("step-security/changed-files@v46\n  with: {safe_output: false}", "added_files", True),
        ("Ana06/get-changed-files@v2.3.0", "added_modified", True),
        ("umani/changed-files@v4", "files_created", True),
        ("yumemi-inc/changed-files@v3", "files", True),
        ("yumemi-inc/changed-files@v3", "exists", False),
        ("mdecoleman/pr-branch-name@v3", "branch", True),
        ("zentered/issue-forms-body-parser@v2", "data", True),
        (MATCHING % "^v([0-9.]+)$", "group1", False),
        (MATCHING % "^v(.+)$", "group1", True),
        (REPLACING % ("[^a-z0-9]+", "g"), "replaced", False),
        (REPLACING % ("[^a-z0-9]", "i"), "replaced", True),
        (REPLACING % ("/", "g"), "replaced", True),
        (CHANGING, "lowercase", True),
    ],
)
def test_outputs_of_actions(uses: str, output: str, found: bool) -> None:
    steps = f"- id: s\n  uses: {uses}\n- run: echo ${{{{ steps.s.outputs.{output} }}}}\n"
    on = "issues" if "issue" in uses else "pull_request_target"
    assert bool(pasted(steps, on)) is found


def test_variables_that_an_action_sets() -> None:
    steps = """
        - uses: franzdiebold/github-env-vars-action@v2
        - run: echo "${{ env.CI_PR_TITLE }} ${{ env.CI_REPOSITORY_NAME }}"
        - run: bash -c "note $CI_PR_TITLE"
    """
    assert pasted(steps) == ["${{ env.CI_PR_TITLE }}", '"note $CI_PR_TITLE"']
    assert pasted(steps, "push") == []


REQUEST = """
- id: pr
  uses: octokit/request-action@v2
  with: {route: "GET /repos/o/r/pulls/1"}
- run: echo ${{ %s }}
"""


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("steps.pr.outputs.data", True),
        ("fromJSON(steps.pr.outputs.data).title", True),
        ("fromJSON(steps.pr.outputs.data).head.ref", True),
        ("fromJSON(steps.pr.outputs.data).head.sha", False),
        ("fromJSON(steps.pr.outputs.data).number", False),
        ("format('{0}', fromJSON(steps.pr.outputs.data).number)", True),
    ],
)
def test_members_of_an_answer(expression: str, found: bool) -> None:
    assert bool(pasted(REQUEST % expression, "issue_comment")) is found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("${{ github.event.issue.pull_request.url }}", True),
        ("${{ github.event.comment.issue_url }}", True),
        ("https://api.github.com/repos/acme/shop/pulls/${{ github.event.issue.number }}", True),
        ("https://example.com/deployments", False),
        ("${{ github.event.repository.url }}", False),
    ],
)
def test_what_a_request_is_answered(url: str, found: bool) -> None:
    steps = f"""
        - id: pr
          uses: fjogeleit/http-request-action@v1
          with:
            url: {url}
            method: GET
        - run: ./deploy ${{{{ fromJSON(steps.pr.outputs.response).head.ref }}}}
    """
    assert bool(pasted(steps, "issue_comment")) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [(".head.sha", False), (".title", True), (".head.ref", True), (".", True), (".number", False)],
)
def test_what_jq_picks_from_an_answer(query: str, found: bool) -> None:
    steps = f"""
        - id: pr
          run: |
            pr=$(gh api repos/o/r/pulls/1)
            echo "it=$(jq -r {query} <<<"$pr")" >> "$GITHUB_OUTPUT"
        - run: echo ${{{{ steps.pr.outputs.it }}}}
    """
    assert bool(pasted(steps, "issue_comment")) is found


ARTIFACT = """
- uses: actions/download-artifact@v5
  with: {run-id: "${{ github.event.workflow_run.id }}", github-token: x, path: "%s"}
%s
"""


@pytest.mark.parametrize(
    ("folder", "step", "found"),
    [
        ("${{ runner.temp }}/in", 'run: cat "$RUNNER_TEMP/in/x" >> "$GITHUB_ENV"', True),
        ("${{ runner.temp }}/in", "run: cat ${{ runner.temp }}/in/x >> $GITHUB_ENV", True),
        ("${{runner.temp}}", "run: cat ${RUNNER_TEMP}/x >> $GITHUB_ENV", True),
        ("${{ runner.temp }}/in", "run: cat $RUNNER_TEMP/own/x >> $GITHUB_ENV", False),
        ("${{ runner.temp }}/in", "run: cat in/x >> $GITHUB_ENV", False),
        ("in", "run: cat ${{ github.workspace }}/in/x >> $GITHUB_ENV", True),
        ("in", "run: cat own/x >> $GITHUB_ENV", False),
        ("in", "{run: cat x >> $GITHUB_ENV, working-directory: in}", True),
        ("in", "{run: cat x >> $GITHUB_ENV, working-directory: own}", False),
        ("in", "run: cat $DIR/x >> $GITHUB_ENV", True),
        ("in", 'run: |\n    D="$GITHUB_WORKSPACE/in"\n    cat "$D/x" >> $GITHUB_ENV', True),
        ("in", "run: |\n    D=in/a\n    D=$(mktemp)\n    cat $D/x >> $GITHUB_ENV", False),
        ("in", "{uses: aarcangeli/load-dotenv@v1, with: {path: in}}", True),
        ("in", "uses: aarcangeli/load-dotenv@v1", False),
        (".", "uses: aarcangeli/load-dotenv@v1", True),
    ],
)
def test_files_by_their_folder(folder: str, step: str, found: bool) -> None:
    sinks = [e.sink for e in expansions(ARTIFACT % (folder, f"- {step}"), "workflow_run")]
    assert sinks == (["environment file"] if found else [])


@pytest.mark.parametrize(
    ("run", "found"),
    [
        ('echo "$T"\necho "::set-output name=a::b"', True),
        ('echo "Title: $T"\necho "::set-output name=a::b"', True),
        ('echo "::set-output name=a::$T"', True),
        ('echo "$B"\necho "::set-output name=a::b"', False),
        ('echo "$T"', False),
        ('echo "$T" > x\necho "::set-output name=a::b"', False),
    ],
)
def test_outputs_that_are_printed(run: str, found: bool) -> None:
    steps = (
        '- env: {T: "${{ github.event.pull_request.body }}", B: "${{ github.head_ref }}"}\n'
        f"  run: |\n{indent(run, '    ')}\n"
    )
    assert [e.sink for e in expansions(steps)] == (["outputs"] if found else [])


def test_a_branch_is_one_word_of_an_input() -> None:
    steps = """
        - uses: sonarsource/sonarqube-scan-action@v6
          with: {args: "-Dsonar.branch.name=%s"}
    """
    assert pasted(steps % "${{ github.head_ref }}") == []
    assert [e.sink for e in expansions(steps % "${{ github.event.pull_request.title }}")] == [
        "argument"
    ]


def test_a_script_that_reads_what_it_fetched() -> None:
    steps = """
        - run: |
            gh run download ${{ github.event.workflow_run.id }} -n out -D out
            cp out/meta meta.env
            cat meta.env >> $GITHUB_ENV
    """
    (expansion,) = expansions(steps, "workflow_run")
    assert expansion.text == "cat meta.env >> $GITHUB_ENV"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('v = open("in/version").read()', True),
        ('v = Path("in/version").read_text()', True),
        ('with open("in/version") as file:\n  v = file.read()', True),
        ('v = open("own/version").read()', False),
        ('v = int(open("in/version").read())', False),
    ],
)
def test_files_that_python_reads(code: str, found: bool) -> None:
    written = (
        f'{code}\nwith open(os.environ["GITHUB_ENV"], "a") as env:\n  env.write(f"V={{v}}\\n")'
    )
    step = f"- shell: python\n  run: |\n{indent(written, '    ')}"
    sinks = [e.sink for e in expansions(ARTIFACT % ("in", step), "workflow_run")]
    assert sinks == (["environment file"] if found else [])


ACTION = """
name: read
description: reads
outputs: {it: {description: it, value: "${{ steps.r.outputs.it }}"}}
runs:
  using: composite
  steps:
    %s
    - {id: r, shell: bash, run: echo "it=$(cat in/x)" >> $GITHUB_OUTPUT}
"""
DOWNLOAD = ARTIFACT.strip() % ("in", "")


@pytest.mark.parametrize(
    ("inside", "before", "found"), [(DOWNLOAD, "", True), ("", DOWNLOAD, True), ("", "", False)]
)
def test_files_that_a_local_action_reads(inside: str, before: str, found: bool) -> None:
    steps = before + "\n- {id: a, uses: ./.github/read}\n- run: echo ${{ steps.a.outputs.it }}\n"
    action = ACTION % indent(inside, "    ").strip()
    read = expansions(steps, "workflow_run", {".github/read/action.yml": action.encode()})
    assert [e.text for e in read] == (["${{ steps.a.outputs.it }}"] if found else [])


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ('echo "A=$(cat note.txt)" >> $GITHUB_ENV', True),
        ("echo \"A=$(cat ./note.txt | tr -d '\\n')\" >> $GITHUB_ENV", False),
        ('echo "A=$(wc -l < note.txt)" >> $GITHUB_ENV', False),
        ('echo "A=$(cat other.txt)" >> $GITHUB_ENV', False),
        ('cd x && echo "A=$(cat other.txt)" >> $GITHUB_ENV', False),
        ("bash note.txt", True),
        ("bash other.sh note.txt", False),
    ],
)
def test_files_that_a_script_wrote(read: str, found: bool) -> None:
    steps = (
        '- env: {T: "${{ github.event.pull_request.body }}"}\n'
        '  run: printf %s "$T" > note.txt\n'
        f"- run: |\n    {read}\n"
    )
    assert bool(expansions(steps)) is found


READING = """
- uses: actions/checkout@v4.1.0
  with: {ref: "${{ github.event.pull_request.head.sha }}", path: in}
- id: r
  uses: %s
- run: echo ${{ steps.r.outputs.%s }}
"""


@pytest.mark.parametrize(
    ("uses", "output", "found"),
    [
        ("mikefarah/yq@v4.4.0\n  with: {cmd: yq .version in/config.yml}", "result", True),
        ("mikefarah/yq@v4.4.0\n  with: {cmd: yq .version own/config.yml}", "result", False),
        ("sergeysova/jq-action@v2\n  with: {cmd: 'jq .v in/package.json'}", "value", True),
        ("madhead/read-java-properties@v1\n  with: {file: in/gradle.properties}", "version", True),
        ("gagle/package-version@v1", "package-version", False),
    ],
)
def test_files_that_an_action_reads(uses: str, output: str, found: bool) -> None:
    assert bool(pasted(READING % (uses, output))) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("$v = Get-Content in/version -Raw", True),
        ("$v = Get-Content -Raw -Path 'in\\version'", True),
        ("$v = (Get-Content in/version -Raw).Trim()", False),
        ("$v = Get-Content in/version", False),
        ("$v = Get-Content own/version -Raw", False),
    ],
)
def test_files_that_powershell_reads(code: str, found: bool) -> None:
    step = f'- shell: pwsh\n  run: |\n    {code}\n    "V=$v" >> $env:GITHUB_ENV'
    sinks = [e.sink for e in expansions(ARTIFACT % ("in", step), "workflow_run")]
    assert sinks == (["environment file"] if found else [])
