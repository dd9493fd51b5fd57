"""Whether a text that is expanded in a script is read as code by another interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_syntax import PASSING
from pipelaw.facts.shell_words import EXECUTING
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelaw.facts.shell_syntax import Fed, Simple, Unit

_SOURCING = frozenset(("source", "."))


def reread(simples: Sequence[Simple], start: int, end: int) -> bool:
    """Whether what is from `start` to `end` is put into a text that an interpreter then runs."""
    inside: dict[Unit, list[Simple]] = {}
    for simple in simples:
        unit = simple.unit
        if unit.exact and unit.base <= start and end <= unit.end:
            if any(_within(simple, fed, start, end) for fed in simple.fed):
                return True
            inside.setdefault(unit, []).append(simple)
    return any(
        _expanded(found, start - unit.base, end - unit.base) for unit, found in inside.items()
    )


def _within(simple: Simple, fed: Fed, start: int, end: int) -> bool:
    """Whether it is in a here-document that is expanded first, and then read as code."""
    base = simple.unit.base
    inside = base + fed.start <= start and end <= base + fed.end
    return inside and not fed.literal and fed.taker.language != ""


def _expanded(simples: Iterable[Simple], start: int, end: int) -> bool:
    """Whether it is where a command of one unit takes its words for code."""
    around: list[tuple[Simple, int]] = []
    for simple in simples:
        for index, (first, last) in enumerate(simple.spans):
            if first <= start and end <= last:
                around.append((simple, index))
    if not around:
        return False
    innermost, index = max(around, key=lambda found: found[0].spans[found[1]])
    first = innermost.spans[index][0]
    # envsubst puts in itself what its words only name
    naming = innermost.name == "envsubst"
    if _single_quoted(innermost.unit.code[first:start]) is not naming:
        return False
    reading = innermost.reading
    if index in reading.code or (index == reading.file and innermost.name in _SOURCING):
        return True
    return innermost.name in PASSING and _printed_as_code(innermost, around)


def _printed_as_code(simple: Simple, around: Iterable[tuple[Simple, int]]) -> bool:
    """Whether the output of `echo` and its like is run: `echo "$X" | sh`, `eval "$(echo "$X")"`."""
    if simple.name == "printf" and "%q" in "".join(simple.words[1:2]):
        return False  # quoted for a shell
    for outer, index in around:
        run = index in outer.reading.code or _file_of_output(outer, index)
        if run and any(flow.last is simple for _, flow in outer.subs):
            return True
    reader = simple.flow.consumer()
    for _ in range(5):
        if reader is None or reader.name not in PASSING:
            break
        reader = reader.flow.consumer()
    return reader is not None and (reader.reading.stdin or _filled(reader))


def _file_of_output(simple: Simple, index: int) -> bool:
    """Whether a word is a file to be run that holds what a command prints: `bash <(echo "$X")`."""
    if index != simple.reading.file or simple.reading.language not in EXECUTING:
        return False
    return simple.unit.code.startswith("<(", simple.spans[index][0])


_MARK = pattern(r"\bxargs\s(?:[^\n'\"|;&]*?\s)?(?:-I\s*|--replace=)([^\s'\"]+)")


def _filled(reader: Simple) -> bool:
    """Whether `xargs -I{} sh -c '… {} …'` puts what it reads into code."""
    if not reader.arguments_from_input:
        return False
    match = _MARK.search(reader.unit.code, reader.start, reader.end)
    return match is not None and any(match[1] in reader.words[at] for at in reader.reading.code)


def _single_quoted(before: str) -> bool:
    """Whether single quotes are open after the beginning of a word."""
    quote = ""
    escaped = False
    for char in before:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote = char
    return quote == "'"
