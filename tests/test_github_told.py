"""What outputs of steps and jobs tell of outsiders: that a request is a fork's, that nobody got to a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samples import pipeline

if TYPE_CHECKING:
    from pipelaw.model import Checkout

TOP = """
on: issue_comment
permissions: {contents: write}
jobs:
"""
TEST = """
    steps:
      - uses: actions/checkout@v4.1.0
        with: {ref: "refs/pull/${{ github.event.issue.number }}/head"}
      - run: make test
"""


def last(text: str) -> tuple[bool, Checkout]:
    """Whether outsiders get to the last checkout of the last job by themselves, and the checkout."""
    *_, job = pipeline("github", text).jobs
    step = [one for one in job.steps if one.checkouts][-1]
    return step.exposed, step.checkouts[0]


FETCH = 'HEAD_REPO=$(gh api "$URL" --jq .head.repo.full_name)\n'
BRANCHES = """\
if [ "$HEAD_REPO" != "$GITHUB_REPOSITORY" ]; then
  echo "is_fork=true" >> "$GITHUB_OUTPUT"
else
  echo "is_fork=false" >> "$GITHUB_OUTPUT"
fi
"""


def forks(script: str, more: str, condition: str = "true == true") -> str:
    body = script.replace("\n", "\n          ")
    return f"""{TOP}
  a:
    runs-on: ubuntu-latest
    steps:
      - id: pr
        run: |
          {body}
      {more}
      - uses: actions/checkout@v4.1.0
        if: {condition}
        with: {{ref: "refs/pull/${{{{ github.event.issue.number }}}}/head"}}
      - run: make test
        if: {condition}
"""


OWN_OR_EXIT = FETCH + '[ "$HEAD_REPO" = "$GITHUB_REPOSITORY" ] || exit 1'
STOP = "- if: steps.pr.outputs.is_fork == 'true'\n        run: echo no; exit 1"
CROSS = (
    "IS=$(gh pr view 1 --json isCrossRepository -q .isCrossRepository)\n"
    'echo "is_fork=$IS" >> "$GITHUB_OUTPUT"'
)


@pytest.mark.parametrize(
    ("script", "more", "condition", "untrusted"),
    [
        (FETCH + BRANCHES, STOP, "true == true", False),
        (FETCH + BRANCHES, "", "steps.pr.outputs.is_fork == 'false'", False),
        (FETCH + BRANCHES, "", "steps.pr.outputs.is_fork != 'true'", False),
        (FETCH + BRANCHES, "", "steps.pr.outputs.is_fork == 'true'", True),
        (FETCH + BRANCHES, "", "steps.pr.outputs.sha != ''", True),
        (FETCH + BRANCHES, STOP.replace("exit 1", "exit 0"), "true == true", True),
        (BRANCHES, STOP, "true == true", True),  # of what it asks nothing is known
        (CROSS, STOP, "true == true", False),
    ],
)
def test_an_output_that_says_whether_it_is_a_fork(
    script: str, more: str, condition: str, untrusted: bool
) -> None:
    assert last(forks(script, more, condition))[1].untrusted is untrusted


@pytest.mark.parametrize("script", [FETCH + BRANCHES, OWN_OR_EXIT])
def test_whoever_comments_need_not_be_who_wrote_the_request(script: str) -> None:
    text = forks(script, STOP) + "      - run: echo ${{ github.event.comment.body }}\n"
    [job] = pipeline("github", text).jobs
    assert [
        one.exposed for step in job.steps for one in step.expansions if one.sink == "script"
    ] == [True]


def test_an_output_of_a_job_that_says_whether_it_is_a_fork() -> None:
    script = FETCH.strip() + "\n" + BRANCHES
    body = script.replace("\n", "\n          ")
    text = f"""{TOP}
  ask:
    runs-on: ubuntu-latest
    outputs:
      is_fork: ${{{{ steps.pr.outputs.is_fork }}}}
    steps:
      - id: pr
        run: |
          {body}
  test:
    needs: ask
    if: needs.ask.outputs.is_fork == '%s'
    runs-on: ubuntu-latest
{TEST}"""
    assert last(text % "false")[1].untrusted is False
    assert last(text % "true")[1].untrusted is True


@pytest.mark.parametrize(
    ("asks", "exposed"),
    [
        (
            'contains(fromJSON(\'["admin", "write"]\'), fromJSON(steps.who.outputs.data).permission)',
            False,
        ),
        ("contains('admin write', fromJSON(steps.who.outputs.data).permission)", False),
        ("github.event.comment.body != ''", True),
    ],
)
def test_the_output_of_a_step_that_a_check_left_out(asks: str, exposed: bool) -> None:
    text = f"""{TOP}
  ask:
    runs-on: ubuntu-latest
    outputs:
      allowed: ${{{{ steps.gate.outputs.allowed }}}}
    steps:
      - id: who
        uses: octokit/request-action@v2.x
        with:
          route: GET /repos/acme/shop/collaborators/${{{{ github.event.sender.login }}}}/permission
      - id: gate
        if: {asks}
        run: echo "allowed=true" >> "$GITHUB_OUTPUT"
  test:
    needs: ask
    if: needs.ask.outputs.allowed == 'true'
    runs-on: ubuntu-latest
{TEST}"""
    assert last(text)[0] is exposed


DATED = """
      - env:
          ASKED: ${{{{ github.event.comment.created_at }}}}
        run: |
          PUSHED=$(gh api graphql -f query="$QUERY" --jq .data.repository.object.pushedDate)
          if {test}; then
            exit 1
          fi
"""


@pytest.mark.parametrize(
    ("test", "approval"),
    [('[[ -z "$PUSHED" || "$PUSHED" > "$ASKED" ]]', ""), ('[ -z "$PUSHED" ]', "comment")],
)
def test_when_a_commit_was_pushed_compared_as_texts(test: str, approval: str) -> None:
    member = "if: github.event.comment.author_association == 'OWNER'"
    steps = TEST.replace("\n    steps:\n", f"\n    steps:{DATED.format(test=test)}")
    text = f"{TOP}\n  test:\n    runs-on: ubuntu-latest\n    {member}\n{steps}"
    assert last(text)[1].approval == approval


LOOKED_UP = """
on: issue_comment
permissions: {packages: write}
jobs:
  resolve:
    if: github.event.comment.author_association == 'MEMBER'
    runs-on: ubuntu-latest
    outputs:
      sha: ${{ steps.pr.outputs.sha }}
    steps:
      - id: pr
        uses: actions/github-script@v7
        with:
          script: |
            const { data: pr } = await github.rest.pulls.get({ pull_number: 1 });
            core.setOutput('sha', pr.head.sha);
  build:
    needs: resolve
    runs-on: ubuntu-latest
    %s
    steps:
      - uses: actions/checkout@v4.1.0
        with: {ref: "%s"}
      - run: make
"""


@pytest.mark.parametrize(
    ("environment", "ref", "mutable"),
    [
        ("", "${{ needs.resolve.outputs.sha }}", True),
        ("environment: images", "${{ needs.resolve.outputs.sha }}", False),
        ("environment: images", "refs/pull/${{ github.event.issue.number }}/head", True),
    ],
)
def test_a_commit_that_was_looked_up_before_the_review(
    environment: str, ref: str, mutable: bool
) -> None:
    assert last(LOOKED_UP % (environment, ref))[1].mutable is mutable


GATED = """
on:
  workflow_run: {workflows: [CI], types: [completed]}
permissions: {contents: write}
jobs:
  read:
    if: %s
    runs-on: ubuntu-latest
    outputs:
      sha: ${{ steps.x.outputs.sha }}
    steps:
      - uses: actions/download-artifact@v4
        with:
          run-id: ${{ github.event.workflow_run.id }}
          github-token: ${{ github.token }}
          path: in
      - id: x
        run: echo "sha=$(cat in/sha)" >> "$GITHUB_OUTPUT"
  test:
    needs: read
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4.1.0
        with: {ref: "${{ needs.read.outputs.sha || github.sha }}"}
      - run: make
"""


@pytest.mark.parametrize(
    ("condition", "untrusted"),
    [
        ("github.event.workflow_run.head_repository.full_name == github.repository", False),
        ("github.event.workflow_run.conclusion == 'success'", True),
    ],
)
def test_outputs_of_a_job_that_runs_for_the_own_requests_alone(
    condition: str, untrusted: bool
) -> None:
    assert last(GATED % condition)[1].untrusted is untrusted


CHOICE = """
on: issue_comment
permissions: {contents: write}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - id: pr
        run: |
          DATA=$(gh pr view "$NUMBER" --json headRefOid,headRepositoryOwner)
          if [[ %s ]]; then
            echo "ref=%s" >> "$GITHUB_OUTPUT"
          else
            echo "ref=$(jq -r .headRefOid <<< "$DATA")" >> "$GITHUB_OUTPUT"
          fi
      - uses: actions/checkout@v4.1.0
        with: {ref: "${{ steps.pr.outputs.ref }}"}
      - run: make
"""
OWNER = '"$(jq -r .headRepositoryOwner.login <<< "$DATA")" != acme'


@pytest.mark.parametrize(
    ("test", "ref", "untrusted"),
    [(OWNER, "main", False), (OWNER, "$SHA", True)],
)
def test_a_commit_of_ones_own_for_forks(test: str, ref: str, untrusted: bool) -> None:
    assert last(CHOICE % (test, ref))[1].untrusted is untrusted


MEMBER = """
          if gh api "/orgs/acme/public_members/$WHO" --silent; then
            echo "member=1" >> "$GITHUB_OUTPUT"
          else
            echo "member=0" >> "$GITHUB_OUTPUT"
          fi
      - if: steps.who.outputs.member != '1'
        run: exit 1
"""
CROSS = """
          CROSS=$(gh pr view "$NUMBER" --json isCrossRepository --jq .isCrossRepository)
          if [ "$CROSS" = "true" ]; then
            echo "::error::not for forks"
            exit 1
          fi
"""
OWN = """
          FROM=$(gh api "/repos/$REPO/pulls/$NUMBER" --jq .head.repo.full_name)
          if [ "$FROM" = "$REPO" ]
          then
            echo "::notice title=Started::by a request of the repository"
          else
            exit 1
          fi
"""


@pytest.mark.parametrize(
    ("script", "untrusted", "approval"),
    [
        (MEMBER, True, "comment"),
        (OWN, False, ""),
        (OWN.replace("exit 1", "exit 0"), True, ""),
        (CROSS, False, ""),
        (CROSS.replace("exit 1", "exit 0"), True, ""),
    ],
)
def test_what_a_script_refuses(script: str, untrusted: bool, approval: str) -> None:
    gate = f"    steps:\n      - id: who\n        run: |{script}"
    text = f"{TOP}\n  test:\n    runs-on: ubuntu-latest\n{TEST.replace('    steps:', gate)}"
    checkout = last(text)[1]
    assert (checkout.untrusted, checkout.approval) == (untrusted, approval)
