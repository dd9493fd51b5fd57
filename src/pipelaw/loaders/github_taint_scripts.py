"""Scripts of other languages, by pattern: JSON in JavaScript, PowerShell, cmd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_expressions import Fence
    from pipelaw.words import Store


def harmless(text: str, fence: Fence, sink: str, shell: str, charset: str) -> bool:
    """Whether an expression is where what it puts in cannot become code."""
    if sink == "code":
        return shell == "javascript" and _written_as_json(text, fence)
    return "<<" in text and charset in ("line", "branch") and _kept_as_data(text, fence)


def _written_as_json(text: str, fence: Fence) -> bool:
    """Whether an expression in JavaScript is a whole value in JSON, which cannot become code."""
    code = fence.code.strip().lower()
    if not (code.startswith("tojson(") and code.endswith(")")):
        return False
    line = text[text.rfind("\n", 0, fence.start) + 1 : fence.start]
    before = text[: fence.start]
    return not (line.count("'") % 2 or line.count('"') % 2 or before.count("`") % 2)


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


_PWSH_FILE = pattern(r"(?i)\$\{?env:GITHUB_(ENV|OUTPUT|PATH)\b")
_PWSH_NAME = pattern(r"[\"'`]?\s*([A-Za-z_][\w-]*)=")
_JOINED = pattern(r"(?i)-replace\s+['\"](?:`r)?`?n|\\[rn]|\.Trim\(|-replace\s+['\"]\[\^")
_KINDS: dict[str, Store] = {"env": "environment file", "output": "outputs", "path": "search path"}


def powershell(
    code: str, tainted: Mapping[str, Taint]
) -> Iterator[tuple[Store, str, Taint, int, int]]:
    """What a script of PowerShell writes to GitHub's files: kind, name, whose text, start and end."""
    from pipelaw.facts.script_taint import assigned, said  # noqa: PLC0415  most scans meet none

    at = 0
    held = assigned(code, code, tainted)
    for line in code.splitlines(keepends=True):
        file = _PWSH_FILE.search(line)
        if file is not None:
            found = said(line, tainted, held)
            if found is not None and not _JOINED.search(line):
                name = _PWSH_NAME.search(line)
                end = at + len(line.rstrip())
                start = at + len(line) - len(line.lstrip())
                yield _KINDS[file[1].lower()], name[1] if name else "", found, start, end
        at += len(line)


_CMD_VARIABLE = pattern(r"%(\w+)%")


def batch(code: str, tainted: Mapping[str, Taint]) -> Iterator[tuple[Taint, int, int]]:
    """`%NAME%` in a script of cmd, which puts the text into the line before it reads the line."""
    for match in _CMD_VARIABLE.finditer(code):
        taint = tainted.get(match[1].lower())
        if taint is not None:
            yield taint, match.start(), match.end()
