"""Programs that code of Python or JavaScript starts, and modules that it takes from its folder."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from pipelaw.facts import shell, shell_words
from pipelaw.facts.script_taint import MOST
from pipelaw.model import Command, replaced
from pipelaw.patterns import pattern
from pipelaw.place import NOWHERE, Text
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Started(NamedTuple):
    """A program that code starts."""

    words: tuple[str, ...]
    folder: str = ""
    """Where it is told to work, "" for where the code itself does."""
    at: int = 0
    """The character of the code at which that is."""


_STARTS = {
    "python": pattern(
        r"(?<![\w.])(?:subprocess\.(?:run|call|check_call|check_output|Popen|getoutput)|os\.(?:system|popen)"
        r"|(?:check_call|check_output|Popen))\(\s*"
    ),
    "javascript": pattern(
        r"(?<!\w)(?:exec(?:File)?(?:Sync|Async)|execFile|spawn(?:Sync)?|execa"
        r"|exec\.(?:exec|getExecOutput)|(?:child_?[pP]rocess|cp)\.exec)\(\s*"
    ),
}
"""Calls that start a program, up to their first argument."""
_LITERAL = pattern(r"[fr]?(['\"`])((?:(?!\1)[^\\\n]|\\.)*)\1", re.DOTALL)
_LIST = pattern(r"\[([^\]]{0,1000})\]")
_BEHIND = pattern(r"\s*,\s*")
_FOLDER = pattern(r"\bcwd\s*[=:]\s*(?:(['\"`])([^'\"`]*)\1|[^,)}\s])")
_LONGEST = 500
"""How far after a call its options are looked for."""
_MOVES = frozenset(("cd", "pushd", "popd"))
"""Commands that change nothing for the next program that code starts."""
_IMPORT = pattern(
    r"(?:\A|[;\n])\s*(?:import\s+([\w.]+(?:\s*,\s*[\w.]+)*)|from\s+([\w.]+)\s+import\b)"
)
_REQUIRE = pattern(r"\b(?:require|import)\(\s*['\"`](\.{1,2}/[^'\"`$]*)['\"`]\s*\)")
_LOADED = frozenset(
    "sys os os.path io time builtins site abc codecs stat posixpath __future__".split()
)
"""Modules that Python has loaded before it reads any code, so that none in a folder comes before them."""


def started(code: str, language: str) -> Iterator[Started]:
    """The programs that a text of a language starts, as far as their names are written out."""
    for call in _calls(code, language):
        folder = _folder(code, call.end())
        if folder is not None:
            for command in _commands(code, call):
                yield Started(command.words, folder, call.start())


def commands(text: Text, language: str) -> tuple[Command, ...]:
    """The programs that a text of a language starts, as commands; each in a shell of its own."""
    return tuple(
        replaced(command, place=text.place(call.start(), call.end()))
        for call in _calls(text.text, language)
        for command in _commands(text.text, call)
        if command.name not in _MOVES
    )


def _calls(code: str, language: str) -> Iterator[re.Match[str]]:
    starts = _STARTS.get("javascript" if language == "node" else language)
    return iter(()) if starts is None else islice(starts.finditer(code), MOST)


def _folder(code: str, start: int) -> str | None:
    """Where a call's program works, None where only a run knows."""
    told = _FOLDER.search(code[start : start + _LONGEST].partition(";")[0])
    if told is None:
        return ""
    folder: str | None = told[2]
    return folder


def _commands(code: str, call: re.Match[str]) -> Iterator[Command]:
    """The commands that the first arguments of a call spell."""
    whole = _LIST.match(code, call.end())
    if whole is not None:
        yield from _command(_literals(whole[1]))
        return
    first = _LITERAL.match(code, call.end())
    if first is None:
        return
    behind = _BEHIND.match(code, first.end())
    rest = _LIST.match(code, behind.end()) if behind is not None else None
    if rest is not None:
        yield from _command([first[2], *_literals(rest[1])])
        return
    yield from shell.commands(Text(first[2], ((0, NOWHERE),)), "bash")


def _literals(code: str) -> list[str]:
    return [match[2] for match in _LITERAL.finditer(code)]


def _command(words: list[str]) -> Iterator[Command]:
    """A command by its words."""
    if words:
        given = tuple(words[shell_words.program(words) :])
        yield Command(name=shell_words.name(given[0]), words=given, text=" ".join(words))


def required(code: str) -> list[str]:
    """The files beside it that code of JavaScript loads; JSON is only parsed."""
    return [match[1] for match in _REQUIRE.finditer(code) if not match[1].endswith(".json")]


def borrows(code: str) -> bool:
    """Whether code of Python imports a module that a file of its folder can stand in for."""
    for match in _IMPORT.finditer(code):
        names = (match[1] or match[2]).split(",")
        if any(name.strip() not in _LOADED for name in names):
            return True
    return False
