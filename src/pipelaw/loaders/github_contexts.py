"""Which of GitHub's contexts an outsider writes, and under which events they say anything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Event(NamedTuple):
    """What an event of `on:` means."""

    kind: str
    outsider: bool = False
    """Somebody without write access can cause it."""
    privileged: bool = False
    """The run then has the base repository's secrets and token."""


EVENTS = {
    "pull_request": Event("change-request", outsider=True),
    "pull_request_review": Event("change-request", outsider=True),
    "pull_request_review_comment": Event("change-request", outsider=True),
    "pull_request_target": Event("change-request", outsider=True, privileged=True),
    "pull_request_comment": Event("comment", outsider=True, privileged=True),
    "issue_comment": Event("comment", outsider=True, privileged=True),
    "issues": Event("issue", outsider=True, privileged=True),
    "discussion": Event("issue", outsider=True, privileged=True),
    "discussion_comment": Event("comment", outsider=True, privileged=True),
    "workflow_run": Event("upstream", outsider=True, privileged=True),
    "fork": Event("other", outsider=True, privileged=True),
    "watch": Event("other", outsider=True, privileged=True),
    "gollum": Event("other", outsider=True, privileged=True),
    "push": Event("push"),
    "create": Event("push"),
    "delete": Event("push"),
    "merge_group": Event("push"),
    "release": Event("release"),
    "registry_package": Event("release"),
    "schedule": Event("schedule"),
    "workflow_dispatch": Event("manual"),
    "repository_dispatch": Event("manual"),
    "workflow_call": Event("call"),
    "check_run": Event("upstream"),
    "check_suite": Event("upstream"),
    "status": Event("upstream"),
    "deployment": Event("upstream"),
    "deployment_status": Event("upstream"),
}
"""Events not named here (label, milestone, public, …) are caused by members only."""

OTHER = Event("other")


class Author(NamedTuple):
    """Who writes a context, and what the text can hold."""

    who: str
    charset: str = "text"
    """text: anything; line: anything but a line break; branch: what git allows in a branch's name;
    name: letters, digits and hyphens, harmless in a script."""


_REQUEST = "whoever opens the pull request"
_COMMIT = "whoever writes the commit"
_ISSUE = "whoever opens the issue"
_COMMENT = "whoever comments"
_DISCUSSION = "whoever opens the discussion"
_RUN = "whoever opens the pull request that started the other run"

_AUTHORS = {
    r"github\.head_ref": Author(_REQUEST, "branch"),
    r"github\.event\.(?:pull_request|changes)\.(?:title|body)(?:\.from)?": Author(_REQUEST),
    r"github\.event\.pull_request\.head\.(?:ref|label)": Author(_REQUEST, "branch"),
    r"github\.event\.changes\.head\.ref\.from": Author(_REQUEST, "branch"),
    r"github\.event\.pull_request\.head\.repo\.(?:default_branch|description|homepage)": Author(
        _REQUEST
    ),
    r"github\.event\.pull_request\.(?:user|head\.user)\.(?:name|email|bio|company|blog)": Author(
        _REQUEST
    ),
    r"github\.event\.issue\.(?:title|body)": Author(_ISSUE),
    r"github\.event\.comment\.body": Author(_COMMENT),
    r"github\.event\.review(?:_comment)?\.body": Author("whoever reviews"),
    r"github\.event\.discussion\.(?:title|body)": Author(_DISCUSSION),
    r"github\.event\.pages\.[^.]+\.(?:page_name|title|summary)": Author("whoever edits the wiki"),
    r"github\.event\.(?:head_commit|commits\.[^.]+)\.message": Author(_COMMIT),
    r"github\.event\.(?:head_commit|commits\.[^.]+)\.(?:author|committer)\.(?:name|email)": Author(
        _COMMIT, "line"
    ),
    r"github\.event\.(?:head_commit|commits\.[^.]+)\.(?:added|modified|removed)(?:\..+)?": Author(
        _COMMIT
    ),
    r"github\.event\.workflow_run\.head_branch": Author(_RUN, "branch"),
    r"github\.event\.workflow_run\.pull_requests\.[^.]+\.head\.ref": Author(_RUN, "branch"),
    r"github\.event\.workflow_run\.head_commit\.(?:message|(?:author|committer)\.(?:name|email))": Author(
        _RUN
    ),
    r"github\.event\.workflow_run\.(?:display_title|head_repository\.(?:description|default_branch))": Author(
        _RUN
    ),
    r"github\.event\.workflow_run\.pull_requests\.[^.]+\.head\.repo\.name": Author(_RUN, "line"),
    r"github\.event\.workflow_run\.head_repository\.owner\.email": Author(_RUN, "line"),
    r"github\.event\.forkee\.(?:description|homepage|default_branch)": Author("whoever forks"),
    r"github\.event\.merge_group\.head_commit\.(?:message|author\.\w+)": Author(_COMMIT),
    # whole objects, as toJSON() pastes them
    r"github\.event": Author("whoever starts the run"),
    r"github": Author("whoever starts the run"),
    r"github\.event\.(?:pull_request|changes)(?:\.head)?": Author(_REQUEST),
    r"github\.event\.issue": Author(_ISSUE),
    r"github\.event\.(?:comment|review|review_comment)": Author(_COMMENT),
    r"github\.event\.discussion": Author(_DISCUSSION),
    r"github\.event\.(?:head_commit|commits)(?:\.[^.]+)?": Author(_COMMIT),
    r"github\.event\.workflow_run": Author(_RUN),
}
_KNOWN = tuple((re.compile(f"{pattern}\\Z"), author) for pattern, author in _AUTHORS.items())

_CARRIERS = (
    (
        ("github.head_ref", "github.event.pull_request", "github.event.changes"),
        frozenset(
            {
                "pull_request",
                "pull_request_target",
                "pull_request_review",
                "pull_request_review_comment",
                "issues",
                "issue_comment",
            }
        ),
    ),
    (("github.event.issue",), frozenset({"issues", "issue_comment"})),
    (
        ("github.event.comment",),
        frozenset(
            {
                "issue_comment",
                "pull_request_comment",
                "pull_request_review_comment",
                "discussion_comment",
                "commit_comment",
            }
        ),
    ),
    (
        ("github.event.review",),
        frozenset({"pull_request_review", "pull_request_review_comment"}),
    ),
    (("github.event.discussion",), frozenset({"discussion", "discussion_comment"})),
    (("github.event.pages",), frozenset({"gollum"})),
    (("github.event.head_commit", "github.event.commits"), frozenset({"push"})),
    (("github.event.workflow_run",), frozenset({"workflow_run"})),
    (("github.event.forkee",), frozenset({"fork"})),
    (("github.event.merge_group",), frozenset({"merge_group"})),
)
_ANY_EVENT = frozenset({"workflow_call"})
"""A called workflow runs with its caller's event, which may be any."""


@lru_cache(maxsize=2048)
def author(path: str) -> Author | None:
    """Who writes a context, None where nobody from outside does."""
    if not path.startswith("github"):
        return None
    for pattern, found in _KNOWN:
        if pattern.match(path):
            return found
    return None


@lru_cache(maxsize=2048)
def carried(path: str, events: frozenset[str]) -> bool:
    """Whether a context says anything under one of these events; True where that is not known."""
    if not events or events & _ANY_EVENT:
        return True
    for prefixes, carriers in _CARRIERS:
        if path.startswith(prefixes):
            return bool(carriers & events)
    return True


def trigger_of(name: str) -> Event:
    """What an event means."""
    return EVENTS.get(name, OTHER)
