"""What GitLab's conditions leave open: whether any branch gets past them, and which names stay free."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.gitlab_conditions import Condition, parse
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFS = frozenset({"CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME", "CI_COMMIT_REF_SLUG", "CI_COMMIT_TAG"})
"""The names of the branch or tag that a pipeline runs for."""

_BRANCHES = REFS - {"CI_COMMIT_TAG"}
_ASKING = frozenset(
    "CI_MERGE_REQUEST_LABELS CI_MERGE_REQUEST_APPROVED CI_PIPELINE_TRIGGERED GITLAB_USER_ID"
    " GITLAB_USER_LOGIN".split()
)
"""Variables of GitLab's own that whoever pushes a branch cannot set."""

_SETTLED = pattern(
    r"/(?:\^|\\A)(?:\\[dw./-]|\[[\w.\\-]+\]|[\w/-]|[+*?()|{},])*(?:\$|\\[zZ])/[a-z]*\Z"
)
"""A pattern that leaves room for nothing that a shell would read as more than a word."""

_EVERYTHING = frozenset({"/.*", "/.+", "/.", "/^.*$", "/^.+$", "/^.*", "/^", "/$"})
"""Patterns, up to their last slash, that match every name."""
_BEGINNING = pattern(r"\(?(?:\?:)?(?:\^|\\A)")
_END = pattern(r"(?:\$|\\[zZ])\)?\Z")
_SPECIAL = pattern(r"main|master|trunk|prod|release|stable|live|staging", re.IGNORECASE)
"""What branches are called that not everybody may push to."""
_PLAIN = pattern(
    r"\(?(?:main|master|prod|production|trunk)(?:\|(?:main|master|prod|production|trunk))*\)?\Z"
)


@lru_cache(maxsize=4096)
def narrow(text: str, *, negated: bool = False) -> bool:
    """Whether a condition, or its opposite, keeps out branches and change requests that anybody may push.

    What a variable of the project decides may do so, so it counts.
    """
    return _narrow(parse(text), negated=negated)


def _narrow(condition: Condition, *, negated: bool) -> bool:
    kind, parts = condition.kind, condition.parts
    if kind in ("and", "or"):
        every = all if (kind == "or") != negated else any
        return every(_narrow(part, negated=negated) for part in parts)
    if kind == "not":
        return _narrow(parts[0], negated=not negated)
    if kind in _JUDGES:
        return _JUDGES[kind](condition, negated)
    return kind == "unknown"


def _variable(condition: Condition, negated: bool) -> bool:
    return not negated and (condition.text == "CI_COMMIT_TAG" or _own(condition.text))


def _compared(condition: Condition, negated: bool) -> bool:
    left, right = condition.parts
    if left.kind != "variable":
        left, right = right, left
    if left.kind != "variable":
        return left.kind == "unknown"
    absent = right.kind == "null" or (right.kind == "text" and not right.text)
    if (condition.kind == "==") == negated:  # it is another text than this
        protected = left.text == "CI_COMMIT_REF_PROTECTED" and right.text == "false"
        return protected or (absent and _variable(left, negated=False))
    if left.text == "CI_COMMIT_REF_PROTECTED":
        return right.text == "true"
    return not absent and _telling(left.text)


def _matched(condition: Condition, negated: bool) -> bool:
    left, right = condition.parts
    if left.kind != "variable" or (condition.kind == "=~") == negated:
        return False
    return _telling(left.text) and right.text.rpartition("/")[0] not in _EVERYTHING


_JUDGES: dict[str, Callable[[Condition, bool], bool]] = {
    "variable": _variable,
    "==": _compared,
    "!=": _compared,
    "=~": _matched,
    "!~": _matched,
}


def _telling(name: str) -> bool:
    """Whether it says something that a variable has a certain text."""
    return name in REFS or name in _ASKING or _own(name)


def _own(name: str) -> bool:
    """Whether a variable is one of the project's own, so that its members decide what it says."""
    return not name.startswith(("CI_", "GITLAB_")) and name != "CI"


@lru_cache(maxsize=4096)
def settled(text: str) -> frozenset[str]:
    """The variables that can only have a few harmless texts where a condition holds."""
    return _settled(parse(text))


_SAME = {
    "CI_COMMIT_BRANCH": frozenset({"CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME"}),
    "CI_COMMIT_TAG": frozenset({"CI_COMMIT_TAG", "CI_COMMIT_REF_NAME"}),
    "CI_COMMIT_REF_NAME": frozenset({"CI_COMMIT_REF_NAME", "CI_COMMIT_BRANCH", "CI_COMMIT_TAG"}),
}


def _settled(condition: Condition) -> frozenset[str]:
    kind, parts = condition.kind, condition.parts
    if kind == "and":
        return frozenset().union(*(_settled(part) for part in parts))
    if kind == "or":
        return frozenset.intersection(*(_settled(part) for part in parts))
    if kind not in ("==", "=~"):
        return frozenset()
    left, right = parts if parts[0].kind == "variable" else reversed(parts)
    if left.kind != "variable":
        return frozenset()
    if kind == "==":
        safe = right.kind == "text" or right.text == "CI_DEFAULT_BRANCH"
    else:
        safe = right.kind == "pattern" and _SETTLED.match(right.text) is not None
    return _SAME.get(left.text, frozenset({left.text})) if safe else frozenset()


@lru_cache(maxsize=4096)
def loose(text: str) -> str:
    """The pattern in a condition that more branches match than it names; "" for none."""
    return next(_loose(parse(text)), "")


def _loose(condition: Condition) -> Iterator[str]:
    if condition.kind in ("and", "or"):
        for part in condition.parts:
            yield from _loose(part)
    elif condition.kind == "=~":
        left, right = condition.parts
        if left.text in _BRANCHES and right.kind == "pattern" and open_ended(right.text):
            yield right.text


def open_ended(written: str) -> bool:
    """Whether a pattern, with its slashes, finds a name inside of other names.

    One that is tied to the beginning or the end may be meant so: `release/*` is how branches are protected.
    In `^main|master$` each half is tied at one end.
    """
    body = written[1:].rpartition("/")[0]
    return any(map(_open_ended, _alternatives(body) if "|" in body else (body,)))


def _alternatives(body: str) -> Iterator[str]:
    """The parts of a pattern between bars that are in no group."""
    depth = start = 0
    for at, char in enumerate(body):
        if char in "()" and body[at - 1 : at] != "\\":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            yield body[start:at]
            start = at + 1
    yield body[start:]


def _open_ended(body: str) -> bool:
    begins, ends = _BEGINNING.match(body), _END.search(body)
    if begins is not None:
        return _PLAIN.match(body[begins.end() :]) is not None
    return ends is None and _SPECIAL.search(body) is not None


@lru_cache(maxsize=4096)
def always(text: str) -> str:
    """The part because of which a condition always holds: a text alone, or one compared with itself."""
    return next(_always(parse(text)), "")


def _always(condition: Condition) -> Iterator[str]:
    kind, parts = condition.kind, condition.parts
    if kind == "or":
        for part in parts:
            if part.kind == "text" and part.text:
                yield f'`"{part.text}"` is alone, and a text that is not empty is true'
            yield from _always(part)
    elif kind == "and":
        found = [next(_always(part), "") for part in parts]
        if all(found):
            yield found[0]
    elif kind == "==":
        yield from _equal(*parts)


def _equal(left: Condition, right: Condition) -> Iterator[str]:
    if left.text == right.text and left.kind == right.kind and left.kind in ("text", "variable"):
        sign = "$" if left.kind == "variable" else ""
        yield f"`{sign}{left.text}` is compared with itself"


_SOURCES = frozenset(
    "api chat external external_pull_request_event merge_request_event ondemand_dast_scan"
    " ondemand_dast_validation parent_pipeline pipeline push schedule security_orchestration_policy"
    " trigger web webide".split()
)
"""What CI_PIPELINE_SOURCE can be."""
_MEANT = frozenset(
    "branch merge_request merge_requests manual mr pull_request pull_request_event pushes scheduled"
    " schedules tag tags triggers".split()
)
"""What people write for them; other words may be sources that are newer than this list."""


@lru_cache(maxsize=4096)
def never(text: str) -> bool:
    """Whether a condition requires a source of pipelines that GitLab does not have, so it never holds."""
    return "CI_PIPELINE_SOURCE" in text and _never(parse(text))


def _never(condition: Condition) -> bool:
    if condition.kind in ("and", "or"):
        some = any if condition.kind == "and" else all
        return some(_never(part) for part in condition.parts)
    if condition.kind != "==":
        return False
    left, right = condition.parts
    if left.text != "CI_PIPELINE_SOURCE" or right.kind != "text" or right.text in _SOURCES:
        return False
    return right.text.lower().replace("-", "_") in _SOURCES | _MEANT
