"""The kinds of GitLab pipeline, and what a condition sees of each."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.gitlab_conditions import State, Value, holds, parse
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelaw.words import Event


class Kind(NamedTuple):
    """A kind of pipeline, and what its variables are then."""

    event: Event
    """The model's word."""
    name: str
    """GitLab's word, as in CI_PIPELINE_SOURCE."""
    known: Mapping[str, Value]
    keywords: frozenset[str]
    """The words of `only` and `except` that mean it."""
    mentioned: tuple[str, ...] = ()
    """What a file says when it thinks of this kind; empty for those that every project has."""


def _text(*texts: str) -> frozenset[str]:
    return frozenset(texts)


_MERGE_REQUEST = (
    "ID IID PROJECT_ID PROJECT_PATH REF_PATH SOURCE_BRANCH_NAME SOURCE_PROJECT_ID SOURCE_PROJECT_PATH"
    " TARGET_BRANCH_NAME TITLE SOURCE_BRANCH_SHA TARGET_BRANCH_SHA EVENT_TYPE DIFF_ID"
).split()
"""What every merge request has; its labels and the like it may have."""
_PERHAPS = "LABELS DESCRIPTION MILESTONE ASSIGNEES APPROVED".split()
_PULL_REQUEST = (
    "IID SOURCE_REPOSITORY TARGET_REPOSITORY SOURCE_BRANCH_NAME TARGET_BRANCH_NAME"
    " SOURCE_BRANCH_SHA TARGET_BRANCH_SHA"
).split()


def _known(
    sources: frozenset[str], branch: Value, tag: Value, merge: Value, pull: Value = State.ABSENT
) -> dict[str, Value]:
    """What the variables are for pipelines from `sources`."""
    found: dict[str, Value] = {
        "CI_PIPELINE_SOURCE": sources,
        "CI_COMMIT_BRANCH": branch,
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_REF_NAME": State.PRESENT,
        "CI_COMMIT_REF_SLUG": State.PRESENT,
        "CI_COMMIT_SHA": State.PRESENT,
        "CI_DEFAULT_BRANCH": State.PRESENT,
        "CI_PROJECT_PATH": State.PRESENT,
        "CI_PROJECT_NAMESPACE": State.PRESENT,
        "CI": _text("true"),
        "GITLAB_CI": _text("true"),
    }
    found.update((f"CI_MERGE_REQUEST_{name}", merge) for name in _MERGE_REQUEST)
    found.update((f"CI_EXTERNAL_PULL_REQUEST_{name}", pull) for name in _PULL_REQUEST)
    if merge is State.ABSENT:
        found.update((f"CI_MERGE_REQUEST_{name}", merge) for name in _PERHAPS)
    return found


ABSENT, PRESENT, PERHAPS = State.ABSENT, State.PRESENT, State.UNKNOWN

REFS = frozenset({"branches", "tags"})
"""The words that mean pipelines of branches and tags, whatever started them."""

KINDS = (
    Kind(
        "change-request",
        "merge_request_event",
        _known(_text("merge_request_event"), ABSENT, ABSENT, PRESENT),
        _text("merge_request", "merge_requests"),
        ("merge_request", "MERGE_REQUEST"),
    ),
    Kind(
        "change-request",
        "external_pull_request_event",
        _known(_text("external_pull_request_event"), PRESENT, ABSENT, ABSENT, PRESENT),
        _text("external_pull_request", "external_pull_requests", "branches"),
        ("external_pull_request", "EXTERNAL_PULL_REQUEST"),
    ),
    Kind(
        "push",
        "push",
        _known(_text("push"), PRESENT, ABSENT, ABSENT),
        _text("branches", "push", "pushes"),
    ),
    Kind(
        "tag",
        "tag",
        _known(_text("push"), ABSENT, PRESENT, ABSENT),
        _text("tags", "push", "pushes"),
    ),
    Kind(
        "schedule",
        "schedule",
        _known(_text("schedule"), PERHAPS, PERHAPS, ABSENT),
        _text("schedule", "schedules") | REFS,
        ("schedule",),
    ),
    Kind(
        "manual",
        "web",
        _known(_text("web", "webide"), PERHAPS, PERHAPS, ABSENT),
        _text("web", "webs") | REFS,
        ('"web"', "'web'", "- web"),
    ),
    Kind(
        "upstream",
        "pipeline",
        _known(_text("pipeline", "parent_pipeline"), PERHAPS, PERHAPS, PERHAPS),
        _text("pipeline", "pipelines", "parent_pipeline", "parent_pipelines") | REFS,
        ('"pipeline"', "'pipeline'", "parent_pipeline", "- pipelines"),
    ),
    Kind(
        "other",
        "api",
        _known(_text("api", "trigger", "chat"), PERHAPS, PERHAPS, ABSENT),
        _text("api", "apis", "trigger", "triggers", "chat", "chats") | REFS,
        ('"api"', "'api'", "- api", '"trigger"', "'trigger'", "- triggers"),
    ),
)

CHILD = Kind(
    "upstream",
    "parent_pipeline",
    _known(_text("parent_pipeline"), PERHAPS, PERHAPS, PERHAPS),
    _text("parent_pipeline", "parent_pipelines") | REFS,
)
"""What starts a pipeline that another of the same repository triggers."""

KEYWORDS = frozenset().union(*(kind.keywords for kind in KINDS))


def mentioned(texts: Iterable[str], *, workflow: bool) -> tuple[Kind, ...]:
    """The kinds that every project has, and those that the files think of.

    With `workflow`, there are rules for the whole pipeline; those may let merge requests in
    without a word about them, which nothing else can.
    """
    wanted = {kind.name for kind in KINDS if not kind.mentioned}
    if workflow:
        wanted.add(KINDS[0].name)
    for text in texts:
        wanted.update(kind.name for kind in KINDS if any(word in text for word in kind.mentioned))
    return tuple(kind for kind in KINDS if kind.name in wanted)


_BY_NAME = {kind.name: kind for kind in (*KINDS, CHILD)}


@lru_cache(maxsize=16_384)
def answer(condition: str, kind: str) -> bool | None:
    """Whether a condition holds in pipelines of a kind, by its name; None for perhaps."""
    return holds(parse(condition), _BY_NAME[kind].known)
