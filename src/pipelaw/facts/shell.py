"""What the commands of a script are: parsed when somebody first asks, and then kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from pipelaw.facts.shell_fetch import RUNS_REMOTE, may_run_remote
from pipelaw.model import Command
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.facts.shell_syntax import Simple
    from pipelaw.place import Text

__all__ = ["RUNS_REMOTE", "commands", "may_run_remote", "reparsed"]

_BOURNE = pattern(r"(?:^|[/\\\s])(?:ba|da|a|z|k|mk)?sh(?:\.exe)?(?:\s|$)")


def commands(text: Text, shell: str) -> Sequence[Command]:
    """The commands of a script in source order; empty where the shell's language is not known.

    Those inside pipelines, groups, functions and substitutions count, and those of scripts inside the
    script: `sh -c '…'`, `eval '…'`, here-documents for a shell.
    """
    return _Commands(text, shell)


def reparsed(text: Text, shell: str, start: int, end: int) -> bool:
    """Whether what is expanded at `start` to `end` is read as code by another interpreter.

    True in the argument of `eval`, `sh -c`, `python -c`, `ssh`, in a here-document for one of them, and
    so on, unless quotes keep the text from being expanded before the inner interpreter sees it.
    """
    family = _family(shell)
    if family == "cmd":  # puts values into a line before it reads the line
        return text.text.startswith(("%", "!"), start)
    from pipelaw.facts.shell_code import reread  # noqa: PLC0415  see `_scan`

    return reread(_scan(text.text, family), start, end)


def _scan(text: str, family: str) -> tuple[Simple, ...]:
    # most runs load scripts that nobody looks into, and need no parser
    from pipelaw.facts.shell_scan import scan  # noqa: PLC0415

    return scan(text, family)


class _Commands(Sequence[Command]):
    """The commands of one script, parsed when first looked at."""

    __slots__ = ("_found", "_shell", "_text")

    def __init__(self, text: Text, shell: str) -> None:
        self._text = text
        self._shell = shell
        self._found: tuple[Command, ...] | None = None

    def _read(self) -> tuple[Command, ...]:
        if self._found is None:
            simples = _scan(self._text.text, _family(self._shell))
            # expressions of PowerShell, which have no name, count only where they write a file
            self._found = tuple(
                _command(simple, self._text) for simple in simples if simple.name or simple.outputs
            )
        return self._found

    @overload
    def __getitem__(self, index: int) -> Command: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Command]: ...

    def __getitem__(self, index: int | slice) -> Command | Sequence[Command]:
        return self._read()[index]

    def __iter__(self) -> Iterator[Command]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@lru_cache(maxsize=256)
def _family(shell: str) -> str:
    """bash, pwsh or cmd for what they and their like run, "" for other languages."""
    lowered = shell.lower()
    if not shell or _BOURNE.search(lowered):
        return "bash"
    if "pwsh" in lowered or "powershell" in lowered:
        return "pwsh"
    return "cmd" if lowered.startswith("cmd") else ""


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
