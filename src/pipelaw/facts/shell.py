"""What the commands of a script are: parsed when somebody first asks, and then kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.script_words import CODE
from pipelaw.facts.shells import family
from pipelaw.lazy import Lazy
from pipelaw.model import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.facts.shell_syntax import Simple
    from pipelaw.place import Text


def commands(text: Text, shell: str) -> Sequence[Command]:
    """The commands of a script in source order; empty where its language is not known.

    Those inside pipelines, groups, functions and substitutions count, and those of scripts inside the
    script: `sh -c '…'`, `eval '…'`, here-documents for a shell. Of code in Python or JavaScript they
    are the programs that it starts.
    """
    return _Commands(text, shell)


def reparsed(text: Text, shell: str, start: int, end: int) -> bool:
    """Whether what is expanded at `start` to `end` is read as code by another interpreter.

    True in the argument of `eval`, `sh -c`, `python -c`, `ssh`, in a here-document for one of them, and
    so on, unless quotes keep the text from being expanded before the inner interpreter sees it.
    """
    language = family(shell)
    if language == "cmd":  # puts values into a line before it reads the line
        return text.text.startswith(("%", "!"), start)
    from pipelaw.facts.shell_code import reread  # noqa: PLC0415  see `_scan`

    return reread(_scan(text.text, language), start, end)


def handed(text: str, shell: str) -> dict[int, tuple[str, str]]:
    """The code that commands read from the script itself, with its language, by the command's index."""
    if "<<" not in text:
        return {}
    read = [simple for simple in _scan(text, family(shell)) if simple.name or simple.outputs]
    return {
        at: (fed.taker.language, simple.unit.code[fed.start : fed.end])
        for at, simple in enumerate(read)
        for fed in simple.fed
        if fed.taker.language in ("python", "node")
    }


def coded(text: str, shell: str) -> Iterator[tuple[str, str, int]]:
    """The code in Python or JavaScript inside a script: its language, its text, and where that begins."""
    for simple in _scan(text, family(shell)):
        unit, read = simple.unit, simple.reading
        if not unit.exact:
            continue
        for fed in simple.fed:
            if fed.taker.language in ("python", "node"):
                yield fed.taker.language, unit.code[fed.start : fed.end], unit.base + fed.start
        for at in read.code if read.language in ("python", "node") else ():
            first, last = simple.spans[at]
            word = unit.code[first:last]
            if word[:1] in ("'", '"') and word[-1:] == word[:1]:
                inside = word[1:-1].replace('\\"', ' "')  # every character keeps its place
                yield read.language, inside, unit.base + first + 1


def _scan(text: str, language: str) -> tuple[Simple, ...]:
    # most runs load scripts that nobody looks into, and need no parser
    from pipelaw.facts.shell_scan import scan  # noqa: PLC0415

    return scan(text, language)


class _Commands(Lazy[Command]):
    """The commands of one script, parsed when first looked at."""

    __slots__ = ("_found", "_shell", "_text")

    def __init__(self, text: Text, shell: str) -> None:
        self._text = text
        self._shell = shell
        self._found: tuple[Command, ...] | None = None

    def _read(self) -> tuple[Command, ...]:
        if self._found is None and self._shell in CODE:
            from pipelaw.facts import code_calls  # noqa: PLC0415  few scripts are no shell's

            self._found = code_calls.commands(self._text, self._shell)
        if self._found is None:
            simples = _scan(self._text.text, family(self._shell))
            # expressions of PowerShell, which have no name, count only where they write a file
            self._found = tuple(
                _command(simple, self._text) for simple in simples if simple.name or simple.outputs
            )
        return self._found


def _command(simple: Simple, text: Text) -> Command:
    """The model's record of a simple command."""
    unit = simple.unit
    start, end = unit.absolute(simple.start, simple.end)
    return Command(
        name=simple.name,
        words=tuple(simple.words),
        text=unit.code[simple.start : simple.end],
        input=_input(simple),
        remote=simple.remote,
        verified=simple.verified,
        writes=simple.outputs,
        place=text.place(start, end),
    )


def _input(simple: Simple) -> str:
    """The program whose output a command reads, or runs."""
    if simple.before is not None and simple.before.last is not None:
        return simple.before.last.name
    reading = simple.reading
    for index, flow in simple.subs:
        if (index == reading.file or index in reading.code) and flow.last is not None:
            return flow.last.name
    return ""
