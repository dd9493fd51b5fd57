"""Scripts of PowerShell and cmd, by pattern: what they read, and write to the files that GitHub reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders.github_taint_stores import FILES
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelaw.facts.script_taint import Run
    from pipelaw.facts.taint import Taint

_FILE = pattern(rf"(?i)\$\{{?env:({'|'.join(FILES)})\b")
_RAW = pattern(r"(?i)\s-Raw\b|ReadAllText")
_NAME = pattern(r"[\"'`]?\s*([A-Za-z_][\w-]*)=")
_BEGIN = pattern(r"[\"']\s*([A-Za-z_][\w-]*)<<(\$)?")
"""The beginning of a value of several lines, and whether a variable decides what ends it."""
_JOINED = pattern(r"(?i)-replace\s+['\"](?:`r)?`?n|\\[rn]|\.Trim\(|-replace\s+['\"]\[\^")
_READ = pattern(
    r"(?im)^[ \t]*\$(\w+)\s*=\s*\(?\s*(?:Get-Content|gc|cat|type)\s+(?:-\w+\s+){0,3}"
    r"[\"']?([^\s\"'|;)]+)[^\n]{0,200}"
)
"""A variable that gets what a file holds."""


def reads(code: str, lies: Callable[[str], Taint | None]) -> dict[str, Taint]:
    """Whose text the variables of PowerShell hold that get a file; `lies` tells whose it is."""
    found = ((match, lies(match[2].replace("\\", "/"))) for match in _READ.finditer(code))
    return {
        match[1].lower(): taint.narrowed("text" if _RAW.search(match[0]) else "line")
        for match, taint in found
        if taint is not None and not _JOINED.search(match[0])
    }


_ANSWER = pattern(r"(?im)^[ \t]*\$(\w+)\s*=\s*\(?\s*((?:git|gh)\s[^\n|;]{1,300})([^\n]{0,200})")
"""A variable that gets what a program prints."""


def answers(code: str, prints: Callable[[Sequence[str]], Taint | None]) -> dict[str, Taint]:
    """Whose text the variables of PowerShell hold that get what a program prints."""
    found = ((match, prints(match[2].split())) for match in _ANSWER.finditer(code))
    return {
        match[1].lower(): taint
        for match, taint in found
        if taint is not None and not _JOINED.search(match[0])
    }


def powershell(code: str, tainted: Mapping[str, Taint], read: Mapping[str, Taint]) -> Iterator[Run]:
    """What a script of PowerShell writes to GitHub's files; `read` are variables that hold foreign text."""
    from pipelaw.facts.powershell_taint import assigned, said  # noqa: PLC0415  most scans meet none
    from pipelaw.facts.script_taint import Run  # noqa: PLC0415  as above

    at = 0
    held = assigned(code, code, tainted, read)
    begun = None
    names: set[str] = set()
    for line in code.splitlines(keepends=True):
        file = _FILE.search(line)
        if file is not None:
            begun = _BEGIN.search(line) or begun
            found = said(line, tainted, held)
            named = _NAME.search(line) or begun
            name = named[1] if named else ""
            if found is not None and not _JOINED.search(line):
                end = at + len(line.rstrip())
                start = at + len(line) - len(line.lstrip())
                if begun is not None and named is begun and begun[2]:
                    found = found.narrowed("line")  # it cannot end what ends by chance
                behind = bool(names - {name})
                yield Run(FILES[file[1].upper()], name, found, start, end, behind)
            names |= {name} - {""}
        at += len(line)


_CMD_VARIABLE = pattern(r"%(\w+)%")


def batch(code: str, tainted: Mapping[str, Taint]) -> Iterator[tuple[Taint, int, int]]:
    """`%NAME%` in a script of cmd, which puts the text into the line before it reads the line."""
    for match in _CMD_VARIABLE.finditer(code):
        taint = tainted.get(match[1].lower())
        if taint is not None:
            yield taint, match.start(), match.end()
