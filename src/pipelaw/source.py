"""A file's text, and places in it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

_BREAK = pattern(r"\r\n|\r|\n")


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends.

    libyaml counts CR, LF, CRLF, NEL, LS and PS as line ends; people's editors, and GitHub, count CR, LF
    and CRLF. Lines here are what people see.
    """
    return _BREAK.split(text) if "\r" in text else text.split("\n")


class Position(NamedTuple):
    """A point in a text: 1-based line and column, both counted in characters."""

    line: int
    column: int


class Span(NamedTuple):
    """A piece of one file: `path` relative to its repository, 1-based, `end_column` exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Source:
    """The decoded text of one file.

    `path` is relative to the repository, with forward slashes; `text` is all of it, without a byte
    order mark, line ends as in the file.
    """

    __slots__ = ("_lines", "_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] = []
        self._lines: dict[int, str] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Source):
            return NotImplemented
        return self.path == other.path and self.text == other.text

    def __hash__(self) -> int:
        return hash((self.path, self.text))

    def starts(self) -> list[int]:
        """The index at which each line begins; computed once, when a finding first needs it."""
        if not self._starts:
            if "\r" in self.text.replace("\r\n", ""):
                self._starts.extend((0, *(found.end() for found in _BREAK.finditer(self.text))))
            else:
                lengths = (len(line) + 1 for line in self.text.split("\n"))
                self._starts.extend(accumulate(lengths, initial=0))
                self._starts.pop()
        return self._starts

    def position(self, index: int) -> Position:
        """The line and column of the character at `index`."""
        starts = self.starts()
        line = bisect_right(starts, index)
        return Position(line, index - starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """The span from index `start` up to, not including, index `end`."""
        starts = self.starts()
        first = bisect_right(starts, start)
        last = bisect_right(starts, end, first - 1)
        return Span(
            self.path, first, start - starts[first - 1] + 1, last, end - starts[last - 1] + 1
        )

    def lines(self, first: int, last: int) -> tuple[str, ...]:
        """The text of lines `first` to `last`, 1-based and inclusive, without line ends."""
        last = min(last, len(self.starts()))
        return tuple(map(self._line, range(max(first - 1, 0), last)))

    def _line(self, number: int) -> str:
        """A line, 0-based; the same object each time, for a long one may be in many findings."""
        if number not in self._lines:
            starts = self.starts()
            end = starts[number + 1] if number + 1 < len(starts) else None
            self._lines[number] = self.text[starts[number] : end].rstrip("\r\n")
        return self._lines[number]
