"""Which of GitHub's contexts an outsider writes, and under which events they say anything."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts.authors import (
    COMMENTER,
    COMMITTER,
    DISCUSSION_OPENER,
    EARLIER_REQUESTER,
    FORKER,
    REPORTER,
    REQUESTER,
    REVIEWER,
    STARTER,
    WIKI_EDITOR,
)
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw import words


class Event(NamedTuple):
    """What an event of `on:` means."""

    kind: words.Event
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
SANDBOXED = frozenset(
    name for name, event in EVENTS.items() if event.outsider and not event.privileged
)
"""Those that outsiders cause, and whose runs then have no permissions."""

OTHER = Event("other")


class Author(NamedTuple):
    """Who writes a context, and what the text can hold."""

    who: str
    charset: words.Charset = "text"
    """text: anything; line: anything but a line break; branch: what git allows in a branch's name."""


def _people(where: str) -> tuple[str, ...]:
    """The name and address of a commit's author and committer."""
    return tuple(
        f"{where}.{who}.{what}" for who in ("author", "committer") for what in ("name", "email")
    )


_WRITTEN: tuple[tuple[Author, tuple[str, ...]], ...] = (
    (
        Author(REQUESTER),
        (
            "github.event.pull_request",
            "github.event.pull_request.head",
            "github.event.pull_request.title",
            "github.event.pull_request.body",
            "github.event.pull_request.head.repo",
            "github.event.pull_request.head.repo.description",
            "github.event.pull_request.head.repo.homepage",
            "github.event.changes",
            "github.event.changes.title.from",
            "github.event.changes.body.from",
        ),
    ),
    (
        Author(REQUESTER, "branch"),
        (
            "github.head_ref",
            "github.event.pull_request.head.ref",
            "github.event.pull_request.head.label",
            "github.event.pull_request.head.repo.default_branch",
            "github.event.changes.head.ref.from",
        ),
    ),
    (
        Author(REPORTER),
        ("github.event.issue", "github.event.issue.title", "github.event.issue.body"),
    ),
    (
        Author(COMMENTER),
        (
            "github.event.comment",
            "github.event.comment.body",
            "github.event.comment.diff_hunk",
            "github.event.comment.path",
            "github.event.answer",
            "github.event.answer.body",
        ),
    ),
    (
        Author(REVIEWER),
        (
            "github.event.review",
            "github.event.review.body",
            "github.event.review_comment",
            "github.event.review_comment.body",
        ),
    ),
    (
        Author(DISCUSSION_OPENER),
        (
            "github.event.discussion",
            "github.event.discussion.title",
            "github.event.discussion.body",
        ),
    ),
    (
        Author(WIKI_EDITOR),
        ("github.event.pages", "github.event.pages.*.page_name", "github.event.pages.*.title"),
    ),
    (
        Author(COMMITTER),
        (
            "github.event.head_commit",
            "github.event.head_commit.message",
            "github.event.head_commit.added",
            "github.event.head_commit.modified",
            "github.event.head_commit.removed",
            "github.event.commits",
            "github.event.commits.*",
            "github.event.commits.*.message",
            "github.event.commits.*.added",
            "github.event.commits.*.modified",
            "github.event.commits.*.removed",
            "github.event.merge_group.head_commit.message",
        ),
    ),
    (
        Author(COMMITTER, "line"),
        (
            *_people("github.event.head_commit"),
            *_people("github.event.commits.*"),
            *_people("github.event.merge_group.head_commit"),
            *_people("github.event.commit.commit"),
        ),
    ),
    (
        Author(EARLIER_REQUESTER),
        (
            "github.event.workflow_run",
            "github.event.workflow_run.display_title",
            "github.event.workflow_run.head_commit",
            "github.event.workflow_run.head_commit.message",
            "github.event.workflow_run.head_repository",
            "github.event.workflow_run.head_repository.description",
            "github.event.workflow_run.head_repository.homepage",
        ),
    ),
    (
        Author(EARLIER_REQUESTER, "line"),
        (
            *_people("github.event.workflow_run.head_commit"),
            "github.event.workflow_run.head_repository.owner.email",
            "github.event.workflow_run.path",
            "github.event.workflow_run.referenced_workflows.*.path",
            "github.event.workflow.path",
        ),
    ),
    (
        Author(EARLIER_REQUESTER, "branch"),
        (
            "github.event.workflow_run.head_branch",
            "github.event.workflow_run.head_repository.default_branch",
            "github.event.workflow_run.pull_requests.*.head.ref",
            "github.event.workflow_run.pull_requests.*.head.repo.name",
        ),
    ),
    (
        Author(REQUESTER, "branch"),
        (
            "github.event.check_suite.head_branch",
            "github.event.check_suite.pull_requests.*.head.ref",
            "github.event.check_run.check_suite.head_branch",
            "github.event.check_run.pull_requests.*.head.ref",
        ),
    ),
    (
        Author(COMMITTER),
        (
            "github.event.check_suite.head_commit",
            "github.event.check_suite.head_commit.message",
            "github.event.commit",
            "github.event.commit.commit",
            "github.event.commit.commit.message",
        ),
    ),
    (
        Author(FORKER),
        ("github.event.forkee.description", "github.event.forkee.homepage"),
    ),
    (Author(STARTER), ("github", "github.event")),
)
"""Contexts by who writes them; a whole object is written by whoever writes a part of it."""

_AUTHORS = {path: author for author, paths in _WRITTEN for path in paths}

_FORWARDING = "github.event.client_payload."
_FORWARDED = ("pull_request.", "issue.", "comment.")
"""Where `repository_dispatch` keeps what it was sent, and what of another event that can be."""

_CARRIERS = (
    (
        ("github.head_ref", "github.event.pull_request"),
        frozenset(
            {
                "pull_request",
                "pull_request_target",
                "pull_request_review",
                "pull_request_review_comment",
            }
        ),
    ),
    (
        ("github.event.changes",),
        frozenset(
            {
                "pull_request",
                "pull_request_target",
                "pull_request_review",
                "pull_request_review_comment",
                "issues",
                "issue_comment",
                "discussion",
                "discussion_comment",
            }
        ),
    ),
    (("github.event.issue",), frozenset({"issues", "issue_comment", "pull_request_comment"})),
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
    (
        ("github.event.discussion", "github.event.answer"),
        frozenset({"discussion", "discussion_comment"}),
    ),
    (("github.event.pages",), frozenset({"gollum"})),
    ((_FORWARDING,), frozenset({"repository_dispatch"})),
    (("github.event.head_commit", "github.event.commits"), frozenset({"push"})),
    (("github.event.workflow_run", "github.event.workflow."), frozenset({"workflow_run"})),
    (("github.event.check_suite",), frozenset({"check_suite"})),
    (("github.event.check_run",), frozenset({"check_run"})),
    (("github.event.commit.",), frozenset({"status"})),
    (("github.event.forkee",), frozenset({"fork"})),
    (("github.event.merge_group",), frozenset({"merge_group"})),
)
_WHOLE = frozenset({"github", "github.event"})
_TEXTLESS = frozenset(
    {"schedule", "workflow_dispatch", "repository_dispatch", "release", "create", "delete", "watch"}
)
"""Events whose payload holds nothing that an outsider writes."""
_ANY_EVENT = frozenset({"workflow_call"})
"""A called workflow runs with its caller's event, which may be any."""


def author(path: str) -> Author | None:
    """Who writes a context, None where nobody from outside does."""
    return _AUTHORS.get(forwarded(path))


def forwarded(path: str) -> str:
    """The context that a payload of `repository_dispatch` repeats: commands in comments are sent on so."""
    if not path.startswith(_FORWARDING):
        return path
    rest = path.removeprefix(_FORWARDING).removeprefix("github.payload.")
    return f"github.event.{rest}" if rest.startswith(_FORWARDED) else path


@lru_cache(maxsize=2048)
def carried(path: str, events: frozenset[str]) -> bool:
    """Whether a context says anything under one of these events; True where that is not known."""
    if not events or events & _ANY_EVENT:
        return True
    if path in _WHOLE:
        return not events <= _TEXTLESS
    for prefixes, carriers in _CARRIERS:
        if path.startswith(prefixes):
            return bool(carriers & events)
    return True
