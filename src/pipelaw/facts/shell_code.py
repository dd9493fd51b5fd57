"""Whether a text that is expanded in a script is read as code by another interpreter."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Generic, TypeVar

from pipelaw.facts.shell_syntax import PASSING
from pipelaw.facts.shell_words import EXECUTING
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelaw.facts.shell_syntax import Simple, Unit

    Word = tuple[Simple, int]
    """A word of a command, by its index."""

_SOURCING = frozenset(("source", "."))

_T = TypeVar("_T")


class _Nest(Generic[_T]):
    """Stretches of a text that lie in each other, found by where they are."""

    def __init__(self, stretches: Iterable[tuple[int, int, _T]]) -> None:
        self._all = sorted(stretches, key=lambda one: (one[0], -one[1]))
        self._starts = [start for start, _, _ in self._all]
        self._around: list[int] = []
        """For each the next one around it, -1 for none."""
        around = -1
        for number, (_, end, _) in enumerate(self._all):
            while around >= 0 and self._all[around][1] < end:
                around = self._around[around]
            self._around.append(around)
            around = number

    def around(self, start: int, end: int) -> list[_T]:
        """Those that hold everything from `start` to `end`, the outermost first."""
        found = []
        at = bisect_right(self._starts, start) - 1
        while at >= 0:
            if end <= self._all[at][1]:
                found.append(self._all[at][2])
            at = self._around[at]
        return found[::-1]


class _Index:
    """The parts of a script in which texts can be expanded."""

    def __init__(self, simples: Sequence[Simple]) -> None:
        words: dict[Unit, list[tuple[int, int, Word]]] = {}
        read = []
        for simple in simples:
            unit = simple.unit
            if unit.exact:
                words.setdefault(unit, []).extend(
                    (first, last, (simple, number))
                    for number, (first, last) in enumerate(simple.spans)
                )
                # here-documents that are expanded first, and then read as code
                read += [
                    (unit.base + fed.start, unit.base + fed.end, True)
                    for fed in simple.fed
                    if not fed.literal and fed.taker.language != ""
                ]
        self.read = _Nest(read)
        self.units = _Nest((unit.base, unit.end, (unit, _Nest(of))) for unit, of in words.items())


_latest: list[tuple[Sequence[Simple], _Index]] = []
"""The script that was asked about last, and its index: it is asked for each text that it expands."""


def reread(simples: Sequence[Simple], start: int, end: int) -> bool:
    """Whether what is from `start` to `end` is put into a text that an interpreter then runs."""
    if not _latest or _latest[0][0] is not simples:
        _latest[:] = [(simples, _Index(simples))]
    index = _latest[0][1]
    return bool(index.read.around(start, end)) or any(
        _expanded(words.around(start - unit.base, end - unit.base), start - unit.base)
        for unit, words in index.units.around(start, end)
    )


def _expanded(around: Sequence[Word], start: int) -> bool:
    """Whether it is where a command takes its words for code; `around` are the words that hold it."""
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


def _printed_as_code(simple: Simple, around: Iterable[Word]) -> bool:
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
