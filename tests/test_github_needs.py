from __future__ import annotations

from functools import partial
from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest
import samples

if TYPE_CHECKING:
    from pipelaw.model import Job


LOGIN = """
- uses: docker/login-action@v3
  with:
    registry: ghcr.io
    password: ${{ secrets.GITHUB_TOKEN }}
"""
STATUS = """
- uses: actions/github-script@v7
  with:
    script: github.rest.repos.createCommitStatus({})
"""


workflow = partial(samples.pipeline, "github")


def job(steps: str, extra: str = "") -> Job:
    head = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
    body = indent(dedent(steps), "      ")
    return workflow(f"{head}{indent(extra, '    ')}    steps:\n{body}").jobs[0]


@pytest.mark.parametrize(
    ("steps", "needed"),
    [
        ("- run: make", []),
        ("- uses: actions/checkout@v4", ["contents: read"]),
        ("- uses: actions/setup-node@v4", []),
        ("- uses: Actions/Stale@v9", ["actions: write", "issues: write", "pull-requests: write"]),
        ("- uses: actions/checkout@v4\n- run: git push", ["contents: write"]),
        ("- run: mike deploy --update-aliases --push 1.0 latest", ["contents: write"]),
        ("- run: poetry run mike set-default -p latest", ["contents: write"]),
        ("- run: mike deploy dev && mkdocs build --strict", []),
        ("- run: python -m mkdocs gh-deploy --force", ["contents: write"]),
        ("- run: npx gh-pages -d site", ["contents: write"]),
        ("- run: git checkout gh-pages && npx prettier gh-pages.md", []),
        ("- run: mkdocs gh-deploy --dry-run", []),
        ("- run: gh pr comment 1 --body x", ["pull-requests: write"]),
        ("- run: gh pr list", ["pull-requests: read"]),
        ("- run: gh release create v1", ["contents: write"]),
        ("- run: gh workflow run x.yml", ["actions: write"]),
        ("- run: gh api repos/o/r/issues/1/comments -f body=x", ["issues: write"]),
        ("- run: gh api repos/o/r/releases", ["contents: read"]),
        ("- run: gh api -X DELETE /repos/o/r/git/refs/x", ["contents: write"]),
        ("- run: gh pr close 1 --delete-branch", ["contents: write", "pull-requests: write"]),
        (
            "- run: gh release create v1 --discussion-category=News",
            ["contents: write", "discussions: write"],
        ),
        (
            "- uses: gradle/actions/setup-gradle@v5\n  with: {dependency-graph: generate-and-submit}",
            ["contents: write"],
        ),
        ("- uses: gradle/actions/setup-gradle@v5\n  with: {dependency-graph: generate}", []),
        (
            "- uses: ncipollo/release-action@v1\n  with: {discussionCategory: News}",
            ["contents: write", "discussions: write"],
        ),
        ("- uses: nick-fields/retry@v3\n  with: {command: make}", []),
        ("- run: npm publish --provenance", ["id-token: write"]),
        (
            "- run: npx semantic-release",
            ["contents: write", "issues: write", "pull-requests: write"],
        ),
        ("- run: docker push ghcr.io/o/x", ["packages: write"]),
        ("- run: docker login docker.pkg.github.com -u o", ["packages: write"]),
        ("- run: docker push docker.io/o/x", []),
        (
            LOGIN,
            ["packages: write"],
        ),
        ("- uses: docker/login-action@v3\n  with: {password: '${{ secrets.HUB }}'}", []),
        ("- uses: pypa/gh-action-pypi-publish@v1", ["id-token: write"]),
        ("- uses: pypa/gh-action-pypi-publish@v1\n  with: {password: '${{ secrets.PYPI }}'}", []),
        (
            "- uses: peter-evans/create-pull-request@v7\n  with: {token: '${{ secrets.BOT }}'}",
            [],
        ),
        (
            "- uses: actions/checkout@v4\n  with: {token: '${{ secrets.BOT }}'}\n- run: git push",
            [],
        ),
        ("- run: gh release create v1\n  env: {GH_TOKEN: '${{ secrets.BOT }}'}", []),
        (
            "- uses: actions/github-script@v7\n  with: {script: 'github.rest.issues.addLabels({})'}",
            ["issues: write"],
        ),
        (
            "- uses: actions/github-script@v7\n  with: {script: 'await github.rest.pulls.list({})'}",
            ["pull-requests: read"],
        ),
        (
            STATUS,
            ["statuses: write"],
        ),
        ("- uses: actions/github-script@v7\n  with: {script: 'core.info(1)'}", []),
        (
            "- uses: actions/github-script@v7\n  with:\n    script: execSync(`git push origin ${name}`)",
            ["contents: write"],
        ),
        (
            "- uses: actions/github-script@v7\n  with:\n    script: exec.exec('git', ['push', name])",
            ["contents: write"],
        ),
        (
            "- uses: aws-actions/configure-aws-credentials@v4\n  with: {role-to-assume: 'arn:x'}",
            ["id-token: write"],
        ),
    ],
)
def test_what_a_job_needs(steps: str, needed: list[str]) -> None:
    found = job(steps)
    assert list(found.needed_permissions) == needed
    assert list(found.unclear_needs) == []
    assert found.suggested_permissions == "{" + ", ".join(needed) + "}"


@pytest.mark.parametrize(
    ("steps", "unclear"),
    [
        (
            "- {uses: hashicorp/vault-action@v3, with: {method: '${{ vars.METHOD }}'}}",
            "hashicorp/vault-action",
        ),
        ("- uses: somebody/something@v1", "somebody/something"),
        ("- uses: ./build", "./build"),
        ("- run: ./do\n  env: {GITHUB_TOKEN: '${{ github.token }}'}", "the commands of step 1"),
        ("- run: gh api graphql -f query=x", "gh api graphql"),
        ("- run: gh secret set x", "gh secret set"),
        (
            "- run: |\n    gh pr list\n    curl -H 'Authorization: token x' https://api.github.com/x",
            "curl",
        ),
        ("- run: mvn deploy", "mvn deploy"),
        (
            "- uses: cypress-io/github-action@v6\n  env: {GH_TOKEN: '${{ github.token }}'}",
            "cypress-io/github-action",
        ),
        (
            "- uses: nick-fields/retry@v3\n  with: {command: ./go}\n  env: {GH_TOKEN: '${{ github.token }}'}",
            "the commands of nick-fields/retry@v3",
        ),
        ("- uses: docker/build-push-action@v6\n  with: {push: true}", "docker/build-push-action"),
        (
            "- uses: actions/github-script@v7\n  with: {script: 'github.graphql(`x`)'}",
            "the script of actions/github-script@v7",
        ),
    ],
)
def test_what_is_not_known_is_said(steps: str, unclear: str) -> None:
    found = job(steps)
    assert list(found.unclear_needs) == [unclear]
    assert found.suggested_permissions == ""


def test_a_token_in_the_environment_of_the_job_makes_its_commands_unclear() -> None:
    found = job("- run: ./do", "env:\n  GH_TOKEN: ${{ github.token }}\n")
    assert list(found.unclear_needs) == ["the commands of step 1"]
    other = job("- run: gh pr merge 1", "env:\n  GH_TOKEN: ${{ secrets.BOT }}\n")
    assert list(other.needed_permissions) == list(other.unclear_needs) == []


def test_a_called_workflow_may_need_anything() -> None:
    found = workflow("on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@v1\n")
    assert list(found.jobs[0].unclear_needs) == ["o/r/.github/workflows/x.yml"]


def test_the_users_of_a_right_are_the_jobs_that_hold_it() -> None:
    found = workflow(
        """
        on: push
        permissions: {contents: write, packages: write}
        jobs:
          release: {runs-on: x, steps: [{run: gh release create v1}]}
          test: {runs-on: x, steps: [{run: make}]}
          label: {runs-on: x, permissions: {pull-requests: write, checks: write}, steps: [
            {run: gh issue edit 1}]}
        """
    )
    assert [list(right.users) for right in found.permissions] == [["release"], []]
    assert [list(right.users) for right in found.jobs[2].permissions] == [["label"], []]
    assert (
        found.suggested_permissions
        == "`permissions: {}` at the top, `{contents: write}` for `release`"
    )


def test_an_action_that_logs_in_to_the_registry_leaves_the_right_in_use() -> None:
    found = workflow(
        """
        on: push
        permissions: {packages: write, issues: write}
        jobs:
          image: {runs-on: x, steps: [{uses: ko-build/setup-ko@v1}, {run: ./images.sh}]}
        """
    )
    assert [list(right.users) for right in found.permissions] == [["image"], []]


def test_what_an_action_may_be_configured_to_do_leaves_the_right_in_use() -> None:
    found = workflow(
        """
        on: push
        permissions: {issues: write, checks: write, id-token: write, pages: write}
        jobs:
          release: {runs-on: x, steps: [{uses: goreleaser/goreleaser-action@v6}]}
          lint: {runs-on: x, steps: [{uses: golangci/golangci-lint-action@v8}, {run: tofu fmt}]}
          plan: {runs-on: x, env: {ARM_USE_OIDC: true}, steps: [{run: tofu plan}]}
        """
    )
    users = [list(right.users) for right in found.permissions]
    assert users == [["release"], ["lint"], ["release", "plan"], []]


def test_comments_tell_what_a_right_is_for() -> None:
    found = workflow(
        """
        on: push
        permissions:
          contents: read
          issues: write # comments
          pages: write #
          checks: write # zizmor: ignore[excessive-permissions]
          actions: write # zizmor: ignore[excessive-permissions] cancels runs
          # for the registry
          packages: write
          statuses: none
        jobs: {}
        """
    )
    undocumented = [right.scope for right in found.permissions if not right.documented]
    assert undocumented == ["pages", "checks"]


@pytest.mark.parametrize(
    ("comment", "documented"),
    [("# opens an issue for each failed night", True), ("#", False), ("", False)],
)
def test_a_comment_after_the_braces_is_about_the_rights_in_them(
    comment: str, documented: bool
) -> None:
    found = workflow(f"on: push\npermissions: {{issues: write}} {comment}\njobs: {{}}\n")
    assert [right.documented for right in found.permissions] == [documented]


def test_who_uses_a_right_may_be_asked_before_what_is_needed() -> None:
    steps = """
    - run: gh release create v1
    - uses: somebody/something@v1
    - run: gh pr list
    - run: gh unheard of
    """
    read = job(steps, "permissions:\n  contents: write\n")
    assert list(read.permissions[0].users) == ["a"]
    assert read.unclear_needs
    assert list(read.needed_permissions) == ["contents: write", "pull-requests: read"]
    assert list(read.unclear_needs) == ["somebody/something", "gh unheard of"]


def test_nothing_is_suggested_that_takes_away_what_may_be_used() -> None:
    steps = "- uses: actions/checkout@v4\n  with: {persist-credentials: false}\n- run: make sign"
    given = "permissions: {contents: read, id-token: write}\n"
    assert job(steps, given).suggested_permissions == ""
    assert job(steps).suggested_permissions == "{contents: read}"


def test_no_more_is_suggested_than_what_is_granted() -> None:
    steps = "- uses: actions/stale@v10\n  with: {days-before-pr-stale: -1}"
    assert "pull-requests: write" in job(steps).suggested_permissions
    own = "permissions: {contents: write, issues: write, pull-requests: read}\n"
    assert job(steps, own).suggested_permissions == "{issues: write, pull-requests: read}"
    every = "permissions: write-all\n"
    assert job(steps, every).suggested_permissions == job(steps).suggested_permissions


def test_a_checkout_that_keeps_its_token_on_purpose_is_used() -> None:
    kept = "- uses: actions/checkout@v4\n  with: {persist-credentials: true}\n- run: "
    assert job(f"{kept}make docs").suggested_permissions == ""
    assert job(f"{kept}git push").suggested_permissions == "{contents: write}"
    own = kept.replace("true", "true, token: '${{ secrets.A }}'")
    assert job(f"{own}make docs").suggested_permissions != ""
    given = "permissions: {contents: write}\n"
    assert list(job(f"{kept}make docs", given).permissions[0].users) == ["a"]
