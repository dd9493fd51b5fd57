"""The patterns of `matches`: as RE2 means them, in time that grows with the text and no faster."""

from __future__ import annotations

import re
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
    from collections.abc import Callable

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
    safe_length(_trimmed(parse(pattern)))


def searcher(pattern: str) -> Callable[[str], object]:
    """The function that gives None for a text in which the pattern is not found."""
    tree = _trimmed(parse(pattern))
    search = re.compile(_python(tree), re.ASCII).search
    longest = safe_length(tree)
    automata: list[Callable[[str], bool]] = []

    def searched(text: str) -> object:
        if len(text) <= longest:
            return search(text)
        if not automata:
            from pipelaw.cel.automaton import Automaton  # noqa: PLC0415  few texts are that long

            automata.append(Automaton(tree).search)
        return automata[0](text) or None

    return searched


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
