"""Scripts of the Bourne family in pieces that the parser can read in a time that is worth it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

# tree-sitter recovers from errors in time that grows with the square of what is in one
# statement; real scripts have less than a fifth of this
_LENGTH = 20_000
_SIGNS_AT_MOST = 500
_SIGNS = "|()[]{<`"
_BRACKET = pattern(r"[|()\[\]{<`]")
_JOINTS = (";", "&", "#", " ")
"""Where a line that is too long is cut, the best first: a comment, too, begins after a space."""


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """The ranges of lines to parse together: the whole of anything that somebody would write."""
    if not _large(text):
        yield 0, len(text)
        return
    start = at = brackets = 0
    for line in text.splitlines(keepends=True):
        count = _counted(line)
        if at > start and (brackets + count > _SIGNS_AT_MOST or at + len(line) - start > _LENGTH):
            yield start, at
            start, brackets = at, 0
        at += len(line)
        brackets += count
        if count > _SIGNS_AT_MOST or len(line) > _LENGTH:
            yield from _cut(text, start, at)
            start, brackets = at, 0
    if at > start:
        yield start, at


def torn(text: str) -> tuple[int, int] | None:
    """The first line of a script that is cut because it is too long; what it says may be missed."""
    if not _long_line(text) or not _large(text):
        return None
    at = 0
    for line in text.splitlines(keepends=True):
        if len(line) > _LENGTH or _counted(line) > _SIGNS_AT_MOST:
            return at, at + len(line.rstrip("\r\n"))
        at += len(line)
    return None


def _long_line(text: str) -> bool:
    """Whether a line may be long enough; leaps from line to line, far ahead."""
    start = 0
    while len(text) - start > _SIGNS_AT_MOST:
        start = text.rfind("\n", start, start + _SIGNS_AT_MOST) + 1
        if start == 0:
            return True
    return False


def _large(text: str) -> bool:
    return len(text) > _LENGTH or (len(text) > _SIGNS_AT_MOST and _counted(text) > _SIGNS_AT_MOST)


def _counted(text: str) -> int:
    return sum(map(text.count, _SIGNS))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The pieces of one line."""
    while start < end:
        stop = min(start + _LENGTH, end)
        beyond = next(islice(_BRACKET.finditer(text, start, stop), _SIGNS_AT_MOST, None), None)
        if beyond is not None:
            stop = beyond.start()
        if stop < end:
            found = (text.rfind(joint, start, stop) + 1 for joint in _JOINTS)
            stop = next((cut for cut in found if cut > start), stop)
        yield start, stop
        start = stop
