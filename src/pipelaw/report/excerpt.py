"""Source lines with a gutter, and carets under the place that a finding is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.report.safe import visible
from pipelaw.report.terminal import TAB, cells, head, tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.finding import Finding
    from pipelaw.report.terminal import Paint

LINES = 3
"""How many lines are shown of a place that has many."""
GUTTER = "1;34"


class Excerpt:
    """The lines of a finding as a person at a terminal sees them."""

    def __init__(self, finding: Finding, width: int, paint: Paint, color: str) -> None:
        self.span = finding.span
        self.texts = finding.excerpt
        if len(self.texts) > LINES + 1 or self.span.line + len(self.texts) <= self.span.end_line:
            self.texts = self.texts[:LINES]
        self.paint = paint
        self.color = color
        """Of the marks."""
        self.pad = " " * len(str(self.span.line + max(len(self.texts), 1) - 1))
        """As wide as the line numbers."""
        self.bar = f"{self.pad} {paint('|', GUTTER)}"
        """The gutter of a line without a number."""
        self.room = max(width - len(self.pad) - 3, 20)

    def lines(self) -> Iterator[str]:
        """The gutter, the source lines and the marks; nothing where there is no source."""
        if not self.texts:
            return
        yield self.bar
        if self.span.line == self.span.end_line:
            yield from self._one()
        else:
            yield from self._several()

    def _one(self) -> Iterator[str]:
        start, end = self.span.column - 1, self.span.end_column - 1
        text, before, marked = cut(self.texts[0], start, end, self.room)
        yield self._numbered(0, text)
        yield f"{self.bar} {' ' * before}{self.paint('^' * marked, self.color)}"

    def _several(self) -> Iterator[str]:
        for i, line in enumerate(self.texts):
            side = self.paint("|" if i else "/", self.color)
            yield self._numbered(i, f"{side} {cut(line, 0, 0, self.room - 2)[0]}")
        if self.span.line + len(self.texts) > self.span.end_line:
            # up to and under the last character of the place
            last = cut(self.texts[-1], 0, self.span.end_column - 1, self.room - 2)[2]
            end = f"|{'_' * last}^"
        else:
            end = f"|_… to line {self.span.end_line}"
        yield f"{self.bar} {self.paint(end, self.color)}"

    def _numbered(self, index: int, text: str) -> str:
        number = f"{self.span.line + index:<{len(self.pad)}} |"
        return f"{self.paint(number, GUTTER)} {text}".rstrip()


def cut(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """A line in at most `room` columns, around its characters from `start` to before `end`.

    Gives the text, the columns before the marked characters, and how many columns they take, at
    least one.
    """
    # more than `room` characters on any side cannot be shown: a line may be a megabyte long
    last = min(max(end, start), start + room)
    before, marked = _plain(line[max(start - room, 0) : start]), _plain(line[start:last])
    after = _plain(line[last : last + room])
    more_before, more_after = start > room, len(line) > last + room
    need = max(cells(marked), 1)
    if more_before or more_after or cells(before) + need + cells(after) > room:
        # the marked part keeps up to half of the room, and some of what follows it
        keep = max(room - 12 - min(need, room // 2), room // 4)
        if more_before or cells(before) > keep:
            before = f"…{tail(before, keep - 1)}"
        left = room - cells(before)
        if more_after or need + cells(after) > left:
            rest = head(marked + after, left - 1)
            return f"{before}{rest}…", cells(before), max(min(need, cells(rest)), 1)
    return f"{before}{marked}{after}", cells(before), need


def _plain(text: str) -> str:
    return visible(text.replace("\t", TAB))
