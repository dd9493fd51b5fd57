"""What a script writes to the files that GitHub reads: variables, outputs and the search path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import UNKNOWN, Taint, plain, strongest, taints
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.facts.shell_effects import Write
    from pipelaw.facts.taint import Value
    from pipelaw.words import Store

FILES: dict[str, Store] = {
    "GITHUB_ENV": "environment file",
    "GITHUB_PATH": "search path",
    "GITHUB_OUTPUT": "outputs",
}
"""Variables that name a file which sets something for later steps, and what."""
STORES = {
    **{name.lower(): store for name, store in FILES.items()},
    "github_state": "state",
    "github_event_path": "event",
}
"""Variables that name a file which GitHub reads or wrote, in lower case, and what it holds."""
SETTERS: dict[str, Store] = {
    "exportVariable": "environment file",
    "addPath": "search path",
    "setOutput": "outputs",
}
"""What the functions of `@actions/core` set for later steps."""


class Entry(NamedTuple):
    """One name that a script gives a value."""

    name: str
    """As written; "" where foreign text decides it too."""
    taint: Taint | None
    loose: bool
    """The foreign text can end its own value and begin another name's."""
    write: Write


_COMMAND = pattern(r"::(set-output|set-env|add-path)(?: name=([^:]*))?::")


def entries(writes: Sequence[Write]) -> Iterator[Entry]:
    """The names and values of `NAME=value` and `NAME<<END … END` lines."""
    name = end = ""
    for line, write in _lines(writes):
        text = plain(line)
        taint = strongest(taints(line))
        if end:
            if taint is None and text.strip() == end:
                end = ""
            else:
                loose = taint is not None and taint.charset == "text" and UNKNOWN not in end
                yield Entry(name, taint, loose, write)
            continue
        head, equals, _ = text.partition("=")
        before, here, delimiter = text.partition("<<")
        if here and (not equals or len(before) < len(head)) and not _leads(line, before):
            name, end = before.strip(), delimiter.strip()
        elif taint is not None and (not equals or _leads(line, head)):
            yield Entry("", taint, True, write)
        elif equals:
            loose = taint is not None and taint.charset in ("text", "words")
            yield Entry(head.strip(), taint, loose, write)


def _leads(line: Value, head: str) -> bool:
    """Whether foreign text is in the first part of a line, where the name should be."""
    at = 0
    for piece in line:
        if not isinstance(piece, str):
            return at < len(head)
        at += len(piece)
    return False


def _lines(writes: Sequence[Write]) -> Iterator[tuple[Value, Write]]:
    """What was written line by line, each with the write that ends it."""
    line: list[str | Taint] = []
    last = None
    for write in writes:
        for piece in write.value:
            if not isinstance(piece, str):
                line.append(piece)
                continue
            first, *rest = piece.split("\n")
            line.append(first)
            for more in rest:
                yield tuple(line), write
                line = [more]
        last = write
    if last is not None and any(line):
        yield tuple(line), last


def forged(writes: Sequence[Write]) -> Iterator[Entry]:
    """Printed text that can set an output of a step which sets its own by printing them."""
    if not any(kind == "set-output" for kind, _ in commands(writes)):
        return
    for line, write in _lines(writes):
        taint = strongest(taints(line))
        if taint is None or taint.charset == "branch":
            continue
        # a command begins its line
        begins = _leads(line, " ") and _COMMAND.match(plain(line)) is None
        if taint.charset == "text" or begins:
            yield Entry("", taint, True, write)


def commands(writes: Sequence[Write]) -> Iterator[tuple[str, Entry]]:
    """What `::set-output name=x::value` and its like say, by the kind of command."""
    for line, write in _lines(writes):
        match = _COMMAND.match(plain(line))
        if match is not None:
            taint = strongest(taints(line))
            loose = taint is not None and taint.charset == "text"
            yield match[1], Entry(match[2] or "", taint, loose, write)
