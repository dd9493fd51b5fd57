"""What a run before says, where nobody's pull request started it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.authors import BRANCH_PUSHER, COMMITTER, DISCUSSION_OPENER, REPORTER

if TYPE_CHECKING:
    from pipelaw.facts.taint import Taint

_RUN = "github.event.workflow_run."
_TITLED = {
    "issues": REPORTER,
    "issue_comment": REPORTER,
    "discussion": DISCUSSION_OPENER,
    "discussion_comment": DISCUSSION_OPENER,
}
_DEFAULT = frozenset(("fork", "gollum", "label", "milestone", "schedule", "watch", *_TITLED))
"""Events for which a run is one of the default branch."""
_PUSHED = frozenset(
    ("create", "delete", "push", "release", "repository_dispatch", "workflow_dispatch")
)
"""Events of a branch or tag that somebody with write access chooses."""


def told(path: str, taint: Taint | None, started: frozenset[str]) -> Taint | None:
    """Whose text a context is after runs that these events start; none where they are not known."""
    if taint is None or not path.startswith(_RUN) or not started <= _DEFAULT | _PUSHED:
        return taint
    name = path.removeprefix(_RUN).partition(".")[0]
    if name == "display_title":
        titled = [_TITLED[event] for event in sorted(started) if event in _TITLED]
        return taint._replace(who=titled[0]) if titled else _inside(taint, COMMITTER)
    if name in ("head_branch", "pull_requests", "head_repository"):
        pushed = name == "head_branch" and not started <= _DEFAULT
        return _inside(taint, BRANCH_PUSHER) if pushed else None
    return _inside(taint, COMMITTER) if name == "head_commit" else taint


def _inside(taint: Taint, who: str) -> Taint:
    """The same text from somebody with write access."""
    return taint._replace(who=who, outsider=False, sandboxed=False)
