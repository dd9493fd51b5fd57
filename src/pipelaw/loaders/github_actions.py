"""What is known of single GitHub actions: which inputs run code, and what checkouts do."""

from __future__ import annotations

import re

CODE_INPUTS = {
    "actions/github-script": {"script"},
    "azure/cli": {"inlinescript"},
    "azure/powershell": {"inlinescript"},
    "appleboy/ssh-action": {"script"},
    "amadevus/pwsh-script": {"script"},
    "jannekem/run-python-script-action": {"script"},
    "cardinalby/js-eval-action": {"expression"},
    "addnab/docker-run-action": {"run", "options"},
    "mikefarah/yq": {"cmd"},
    "devorbitus/yq-action-output": {"cmd"},
    "sergeysova/jq-action": {"cmd"},
    "gautamkrishnar/blog-post-workflow": {"item_exec"},
    "8398a7/action-slack": {"custom_payload"},
    "skitionek/notify-microsoft-teams": {"overwrite"},
}
"""Inputs whose text is run as code, by action and input in lower case."""

FIRST_PARTY = frozenset({"actions", "github"})
"""The accounts of the platform itself."""

_SAFE_CHECKOUT = 7
"""The first major version of actions/checkout that refuses a fork's code in privileged runs."""

HEAD = frozenset(
    {
        "github.head_ref",
        "github.event.number",
        "github.event.issue.number",
        "github.event.pull_request.head",
        "github.event.pull_request.head.label",
        "github.event.pull_request.head.ref",
        "github.event.pull_request.head.sha",
        "github.event.pull_request.head.repo.clone_url",
        "github.event.pull_request.head.repo.full_name",
        "github.event.pull_request.head.user.login",
        "github.event.pull_request.merge_commit_sha",
        "github.event.pull_request.number",
        "github.event.workflow_run.head_branch",
        "github.event.workflow_run.head_commit.id",
        "github.event.workflow_run.head_repository.full_name",
        "github.event.workflow_run.head_sha",
        "github.event.workflow_run.head.sha",
        "github.event.workflow_run.pull_requests.*.head.ref",
        "github.event.workflow_run.pull_requests.*.head.sha",
        "github.event.workflow_run.pull_requests.*.number",
        "github.event.check_run.head_sha",
        "github.event.check_run.pull_requests.*.head.sha",
        "github.event.check_suite.head_branch",
        "github.event.check_suite.head_sha",
        "github.event.check_suite.pull_requests.*.head.sha",
    }
)
"""Contexts that name the code of an outsider's request."""

SCOPES = {
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


def refuses_outsiders(ref: str, comment: str, *, unsafe_allowed: bool) -> bool:
    """Whether this version of actions/checkout refuses a fork's code in a privileged run.

    A floating major (`v4`) does since the refusal was carried back to it; an exact older version
    does not. A commit is as new as the version that its comment claims.
    """
    if unsafe_allowed:
        return False
    claimed = re.search(r"v?(\d+)(\.\d+)*", comment) if len(ref) >= 40 else None
    version = claimed[0] if claimed else ref
    match = re.fullmatch(r"v?(\d+)((?:\.\d+)*)", version)
    if match is None:
        return False
    if int(match[1]) >= _SAFE_CHECKOUT:
        return True
    return not match[2] and len(ref) < 40
