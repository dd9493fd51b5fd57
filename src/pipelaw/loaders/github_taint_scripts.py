"""Scripts of other languages, by pattern: JSON in JavaScript, PowerShell, cmd."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.github_taint_stores import FILES
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelaw.facts.script_taint import Run
    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_expressions import Fence


def harmless(text: str, fence: Fence, sink: str, shell: str, charset: str) -> bool:
    """Whether an expression is where what it puts in cannot become code."""
    if sink == "code" or shell == "python":
        return shell in ("javascript", "python") and as_json(text, fence)
    return charset in ("line", "branch") and _documented(text) and _kept_as_data(text, fence)


@lru_cache(maxsize=16)
def _documented(text: str) -> bool:
    """Whether a text may have a here-document; a long one is asked for each of its expressions."""
    return "<<" in text


def as_json(text: str, fence: Fence) -> bool:
    """Whether an expression in JavaScript or Python is a whole value in JSON, which cannot become code."""
    code = fence.code.strip().lower()
    if not (code.startswith("tojson(") and code.endswith(")")):
        return False
    line = text[text.rfind("\n", 0, fence.start) + 1 : fence.start]
    before = text[: fence.start]
    opened = any(before.count(mark) % 2 for mark in ("`", "'''", '"""'))
    return not (opened or line.count("'") % 2 or line.count('"') % 2)


_QUOTED = pattern(
    r"^[^\n|;&]{0,200}\b(?:cat|tee)\b[^\n|;&]{0,200}<<-?\s*(['\"])([\w-]+)\1[^\n|;&]*$",
    re.MULTILINE,
)


def _kept_as_data(text: str, fence: Fence) -> bool:
    """Whether an expression is in a quoted here-document that is data: only a whole line ends it."""
    opened = None
    for match in _QUOTED.finditer(text, 0, fence.start):
        opened = match
    return opened is not None and not re.search(
        rf"^\s*{re.escape(opened[2])}\s*$", text[opened.end() : fence.start], re.MULTILINE
    )


_PWSH_FILE = pattern(r"(?i)\$\{?env:(GITHUB_(?:ENV|OUTPUT|PATH))\b")
_PWSH_RAW = pattern(r"(?i)\s-Raw\b|ReadAllText")
_PWSH_NAME = pattern(r"[\"'`]?\s*([A-Za-z_][\w-]*)=")
_PWSH_BEGIN = pattern(r"[\"']\s*([A-Za-z_][\w-]*)<<(\$)?")
"""The beginning of a value of several lines, and whether a variable decides what ends it."""
_JOINED = pattern(r"(?i)-replace\s+['\"](?:`r)?`?n|\\[rn]|\.Trim\(|-replace\s+['\"]\[\^")


_PWSH_READ = pattern(
    r"(?im)^[ \t]*\$(\w+)\s*=\s*\(?\s*(?:Get-Content|gc|cat|type)\s+(?:-\w+\s+){0,3}"
    r"[\"']?([^\s\"'|;)]+)[^\n]{0,200}"
)
"""A variable that gets what a file holds."""


def reads(code: str, lies: Callable[[str], Taint | None]) -> dict[str, Taint]:
    """Whose text the variables of PowerShell hold that get a file; `lies` tells whose it is."""
    found = ((match, lies(match[2].replace("\\", "/"))) for match in _PWSH_READ.finditer(code))
    return {
        match[1].lower(): taint.narrowed("text" if _PWSH_RAW.search(match[0]) else "line")
        for match, taint in found
        if taint is not None and not _JOINED.search(match[0])
    }


_PWSH_ANSWER = pattern(
    r"(?im)^[ \t]*\$(\w+)\s*=\s*\(?\s*((?:git|gh)\s[^\n|;]{1,300})([^\n]{0,200})"
)
"""A variable that gets what a program prints."""


def answers(code: str, prints: Callable[[Sequence[str]], Taint | None]) -> dict[str, Taint]:
    """Whose text the variables of PowerShell hold that get what a program prints."""
    found = ((match, prints(match[2].split())) for match in _PWSH_ANSWER.finditer(code))
    return {
        match[1].lower(): taint
        for match, taint in found
        if taint is not None and not _JOINED.search(match[0])
    }


def powershell(
    code: str, tainted: Mapping[str, Taint], read: Mapping[str, Taint] | None = None
) -> Iterator[Run]:
    """What a script of PowerShell writes to GitHub's files; `read` are variables that hold foreign text."""
    from pipelaw.facts.script_taint import Run, assigned, said  # noqa: PLC0415  most scans meet none

    at = 0
    held = assigned(code, code, tainted, read)
    begun = None
    names: set[str] = set()
    for line in code.splitlines(keepends=True):
        file = _PWSH_FILE.search(line)
        if file is not None:
            begun = _PWSH_BEGIN.search(line) or begun
            found = said(line, tainted, held)
            named = _PWSH_NAME.search(line) or begun
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
