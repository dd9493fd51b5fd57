"""What fits where on a terminal: widths in cells, wrapping, colours."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.report.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TAB = "    "


def cells(text: str) -> int:
    """How many columns a terminal needs for a visible text."""
    return len(text) if text.isascii() else sum(map(_cell, text))


@lru_cache(maxsize=4096)
def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def head(text: str, room: int) -> str:
    """The longest beginning of a visible text that fits into `room` columns."""
    if text.isascii():
        return text[: max(room, 0)]
    used = 0
    for i, char in enumerate(text):
        used += _cell(char)
        if used > room:
            return text[:i]
    return text


def tail(text: str, room: int) -> str:
    """The longest end of a visible text that fits into `room` columns."""
    if text.isascii():
        return text[max(len(text) - room, 0) :]
    used = 0
    for i in range(len(text) - 1, -1, -1):
        used += _cell(text[i])
        if used > room:
            return text[i + 1 :]
    return text


def wrap(text: str, width: int) -> list[str]:
    """A visible text as lines of at most `width` columns; a longer word has its own line."""
    lines: list[str] = []
    line, used = "", 0
    for word in text.split():
        size = cells(word)
        if line and used + 1 + size > width:
            lines.append(line)
            line, used = word, size
        elif line:
            line, used = f"{line} {word}", used + 1 + size
        else:
            line, used = word, size
    return [*lines, line]


def table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Rows of visible texts as lines of aligned columns; the last one is wrapped, with a width of 0 not."""
    sizes = [max(map(cells, column)) for column in zip(*rows, strict=True)][:-1]
    hang = sum(size + 2 for size in sizes)
    for *row, last in rows:
        begin = "".join(
            f"{text}{' ' * (size - cells(text) + 2)}" for text, size in zip(row, sizes, strict=True)
        )
        for line in wrap(last, max(width - hang, 20)) if width else [last]:
            yield f"{begin}{line}".rstrip()
            begin = " " * hang


_ITEM = pattern(r"([-*]|\d+\.) ")


def prose(markdown: str, width: int) -> Iterator[str]:
    """Markdown as lines for a terminal: paragraphs and list items filled, code as it is."""
    paragraph: list[str] = []
    fence = ""
    for raw in markdown.strip().splitlines():
        line = raw.strip()
        if fence:
            fence = "" if line.startswith(fence) else fence
            if fence:
                yield visible(f"  {raw.expandtabs(len(TAB))}")
            continue
        opening = line.startswith(("```", "~~~"))
        if opening or not line or _ITEM.match(line):
            yield from _filled(paragraph, width)
            paragraph = [line] if line and not opening else []
            fence = line[:3] if opening else ""
        else:
            paragraph.append(line)
        if not line:
            yield ""
    yield from _filled(paragraph, width)


def _filled(paragraph: list[str], width: int) -> list[str]:
    if not paragraph:
        return []
    text = visible(" ".join(paragraph))
    item = _ITEM.match(text)
    hang = " " * item.end() if item else ""
    lines = wrap(text, width - len(hang))
    return [lines[0], *(f"{hang}{line}" for line in lines[1:])]


class Paint:
    """Colours for a terminal, or none."""

    def __init__(self, *, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, code: str) -> str:
        """`text` in the colour that an SGR code names."""
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and text else text
