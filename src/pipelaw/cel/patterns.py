"""The patterns of `matches`: as RE2 means them, in time that grows with the text and no faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.cel.backtracking import safe_length
from pipelaw.cel.re2 import (
    NOT_NEWLINE,
    Assertion,
    Characters,
    Choice,
    Ranges,
    Repeat,
    Sequence,
    complement,
    parse,
)

if TYPE_CHECKING:
    from pipelaw.cel.re2 import Tree

_ASSERTIONS = {
    "start": r"\A",
    "end": r"\Z",
    "line-start": "(?m:^)",
    "line-end": "(?m:$)",
    "boundary": r"\b",
}


def check(pattern: str) -> None:
    """Raise CelError, with its place in the pattern, if the pattern is refused."""
    safe_length(meant(pattern))


def translated(pattern: str) -> tuple[str, int]:
    """The pattern in the syntax of `re`, and how long the texts are in which `re` finds it soon enough."""
    tree = meant(pattern)
    return _python(tree), safe_length(tree)


def meant(pattern: str) -> Tree:
    """What a pattern means."""
    return _trimmed(parse(pattern))


def _trimmed(tree: Tree) -> Tree:
    """The pattern without repetitions at its ends that decide nothing: `.*x` is found where `x` is."""
    items = list(tree.items) if isinstance(tree, Sequence) else [tree]
    for end in (0, -1):
        while items:
            item = items[end]
            if not isinstance(item, Repeat) or not isinstance(item.item, Characters):
                break
            if item.low:
                items[end] = item._replace(high=item.low)
                break
            del items[end]
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def _python(tree: Tree) -> str:
    """The pattern in the syntax of `re`."""
    if isinstance(tree, Characters):
        return _characters(tree.ranges)
    if isinstance(tree, Assertion):
        return _ASSERTIONS[tree.kind]
    if isinstance(tree, Choice):
        return f"(?:{'|'.join(map(_python, tree.items))})"
    if isinstance(tree, Sequence):
        return "".join(map(_python, tree.items))
    inner = _python(tree.item)
    if not isinstance(tree.item, (Characters, Choice)):
        inner = f"(?:{inner})"
    high = "" if tree.high is None else tree.high
    return f"{inner}{{{tree.low},{high}}}{'?' if tree.lazy else ''}"


def _characters(ranges: Ranges) -> str:
    if ranges == NOT_NEWLINE:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _escaped(ranges[0][0])
    negated = ranges[0][0] == 0 and len(ranges) > 1
    shown = complement(ranges) if negated else ranges
    inner = "".join(f"{_escaped(low)}-{_escaped(high)}" for low, high in shown)
    return f"[{'^' if negated else ''}{inner}]"


def _escaped(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\U{code:08x}"
