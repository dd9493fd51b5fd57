"""What is known of single GitHub actions: what checkouts do, and which versions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.versions import version_of

if TYPE_CHECKING:
    from pipelaw.model import Reference
    from pipelaw.words import Risk

FIRST_PARTY = frozenset({"actions", "github"})
"""The accounts of the platform itself."""

_SAFE_CHECKOUT = 7
"""The first major version of actions/checkout that refuses a fork's code in privileged runs."""

_HEADS = {
    "sha": """
        github.event.after
        github.event.pull_request.head.sha github.event.pull_request.merge_commit_sha
        github.event.workflow_run.head_sha github.event.workflow_run.head.sha
        github.event.workflow_run.head_commit.id github.event.workflow_run.pull_requests.*.head.sha
        github.event.check_run.head_sha github.event.check_run.pull_requests.*.head.sha
        github.event.check_suite.head_sha github.event.check_suite.pull_requests.*.head.sha
    """,
    "branch": """
        github.head_ref github.event.pull_request.head.ref github.event.pull_request.head.label
        github.event.workflow_run.head_branch github.event.workflow_run.pull_requests.*.head.ref
        github.event.check_run.pull_requests.*.head.ref
        github.event.check_suite.head_branch github.event.check_suite.pull_requests.*.head.ref
    """,
    "repository": """
        github.event.pull_request.head.repo.clone_url github.event.pull_request.head.repo.full_name
        github.event.pull_request.head.repo.git_url github.event.pull_request.head.repo.html_url
        github.event.pull_request.head.repo.ssh_url github.event.pull_request.head.repo.url
        github.event.pull_request.head.repo.owner.login github.event.pull_request.head.user.login
        github.event.pull_request.user.login
        github.event.workflow_run.head_repository.full_name
        github.event.workflow_run.head_repository.html_url
        github.event.workflow_run.head_repository.owner.login
    """,
}
HEAD = {path: kind for kind, paths in _HEADS.items() for path in paths.split()}
"""Contexts that name the code of an outsider's request, and what of it: sha, branch or repository."""

_COMMENTED = {
    "head_ref": "branch",
    "head_sha": "sha",
    "head_owner": "repository",
    "head_repo": "repository",
    "ref": "branch",
    "sha": "sha",
}
RESOLVERS = {
    "xt0rted/pull-request-comment-branch": _COMMENTED,
    "alessbell/pull-request-comment-branch": _COMMENTED,
    "gotson/pull-request-comment-branch": _COMMENTED,
    "eficode/resolve-pr-refs": _COMMENTED,
    "github/branch-deploy": {"ref": "branch", "sha": "sha", "default_branch_tree_sha": ""},
    "github/command": {"ref": "branch", "sha": "sha"},
    "potiuk/get-workflow-origin": {
        "sourceheadrepo": "repository",
        "sourceheadbranch": "branch",
        "sourceheadsha": "sha",
        "mergecommitsha": "sha",
        "targetcommitsha": "sha",
    },
    "8bitjonny/gh-get-current-pr": {"pr_head_sha": "sha", "pr_head_ref": "branch"},
    "actions-ecosystem/action-get-latest-pull-request": {"head": "branch", "head_sha": "sha"},
}
"""Actions that look a request up, and what their outputs name of it."""

SCOPES: dict[str, Risk] = {
    "contents": "high",
    "actions": "high",
    "attestations": "high",
    "deployments": "high",
    "id-token": "high",
    "issues": "high",
    "packages": "high",
    "pages": "high",
    "pull-requests": "high",
    "artifact-metadata": "medium",
    "checks": "medium",
    "code-quality": "medium",
    "discussions": "medium",
    "repository-projects": "medium",
    "security-events": "medium",
    "statuses": "low",
    "models": "low",
}

"""The scopes of the job's token, and what a holder of their write access can do."""


def refuses_outsiders(used: Reference, *, unsafe_allowed: bool) -> bool:
    """Whether this version of actions/checkout refuses a fork's code in a privileged run.

    A floating major (`v4`) does since the refusal was carried back to it; an exact older version
    does not. A commit is as new as the version that its comment claims.
    """
    if unsafe_allowed:
        return False
    if used.ref == "main":
        return True
    version = version_of(used)
    if version is None or version.major >= _SAFE_CHECKOUT:
        return version is not None
    return len(version.numbers) == 1 and used.claimed == ""
