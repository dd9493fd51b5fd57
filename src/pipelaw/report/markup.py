"""Text as HTML in which nothing but our own markup is markup."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from pipelaw.report.safe import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ITEM = re.compile(r"(?:[-*]|(\d{1,9})[.)]) +")
_LINK = re.compile(r"\[([^][\n]{1,500})\]\(([^()\s]{1,2000})\)|<(https?://[^<>\s]{1,2000})>")
_STRONG = re.compile(r"\*\*(?=\S)([^*\n]{1,500})(?<=\S)\*\*")


def plain(text: str) -> str:
    """Text for between tags or quotes, on as many lines as it has."""
    return escape("\n".join(map(visible, text.split("\n"))))


def inline(text: str) -> str:
    """A message on one line, its code between backticks as code; nothing else in it is markup."""
    return _coded(one_line(text), plain)


def link(address: str, label: str) -> str:
    """A link to a page of the web, `label` being HTML; the label alone for any other address."""
    if not _web(address):
        return label
    return f'<a href="{plain(address)}" rel="noopener noreferrer">{label}</a>'


def prose(markdown: str) -> str:
    """What rules are written in, as HTML: paragraphs, lists, code, links, strong words, headings.

    What is anything else in Markdown stays text.
    """
    return "".join(_blocks(markdown.expandtabs(4).strip("\n").splitlines()))


def _blocks(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        if line.startswith(("```", "~~~")):
            yield from _paragraph(paragraph)
            end = _closing(lines, number + 1, line[:3])
            code = "\n".join(map(visible, _dedented(lines[number + 1 : end])))
            yield f'<pre tabindex="0"><code>{plain(code)}</code></pre>'
            number = end + 1
            continue
        if _ITEM.match(line):
            yield from _paragraph(paragraph)
            text, number = _list(lines, number)
            yield text
            continue
        if line.startswith("#"):
            yield from _paragraph(paragraph)
            yield f"<p><strong>{_rich(line.lstrip('#').strip())}</strong></p>"
        elif line:
            paragraph.append(line)
        else:
            yield from _paragraph(paragraph)
        number += 1
    yield from _paragraph(paragraph)


def _paragraph(lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"<p>{_rich(' '.join(lines))}</p>"
        lines.clear()


def _closing(lines: list[str], start: int, fence: str) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip().startswith(fence):
            return number
    return len(lines)


def _dedented(lines: list[str]) -> list[str]:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[indent:] for line in lines]


def _list(lines: list[str], number: int) -> tuple[str, int]:
    """A list that begins at a line, and the number of the line after it."""
    items: list[list[str]] = []
    found = _ITEM.match(lines[number].strip())
    tag = "ol" if found and found[1] else "ul"
    while number < len(lines) and (line := lines[number].strip()):
        item = _ITEM.match(line)
        if item:
            items.append([line[item.end() :]])
        elif line.startswith(("```", "~~~")):
            break
        else:
            items[-1].append(line)
        number += 1
    held = "".join(f"<li>{_rich(' '.join(item))}</li>" for item in items)
    return f"<{tag}>{held}</{tag}>", number


def _rich(text: str) -> str:
    return _coded(text, _linked)


def _linked(text: str) -> str:
    made, last = "", 0
    for found in _LINK.finditer(text):
        made += _strong(text[last : found.start()])
        target = found[2] or found[3]
        made += link(target, plain(found[1] or target)) if _web(target) else _strong(found[0])
        last = found.end()
    return made + _strong(text[last:])


def _web(address: str) -> bool:
    return address.startswith(("https://", "http://"))


def _strong(text: str) -> str:
    return _STRONG.sub(r"<strong>\1</strong>", plain(text))


def _coded(text: str, rest: Callable[[str], str]) -> str:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return rest(text)
    return "".join(
        f"<code>{plain(piece)}</code>" if number % 2 else rest(piece)
        for number, piece in enumerate(pieces)
        if piece
    )
