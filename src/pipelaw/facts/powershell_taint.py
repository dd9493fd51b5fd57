"""Where scripts of PowerShell take foreign text for code, by pattern: nothing here parses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.script_taint import Run
from pipelaw.facts.taint import Taint, strongest
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ASSIGNED = pattern(r"^[ \t]*\$(\w+)\s*\+?=\s*(.+)$", re.MULTILINE)
_NAME = pattern(r"(?i)\$\{?(env:)?(\w+)((?:\.\w+)*)")
_LITERAL = pattern(r"'[^'\n]*'|(?m:^\s*#.*$)")
_JUDGED = pattern(
    r"(?i)\s-(?:not|i|c)?(?:match|eq|ne|like|in|contains|gt|lt)\b|\.Length\b|\.(?:StartsWith|EndsWith|Contains)\("
    r"|-replace\s+[\"']\s*\["
)
_RUN = pattern(
    r"(?i)\b(?:iex|Invoke-Expression)\b[^\n|;]*|(?<![^\n;])[^\n;]*\|\s*(?:iex|Invoke-Expression)\b"
    r"|\[scriptblock\]::Create\([^\n]*|(?:^|[;|{=(])[ \t]*[&.][ \t]+[\"(]*\$[\w:{}]+"
    r"|\b(?:cmd(?:\.exe)?\s+/c|(?:ba)?sh\s+-\w*c|(?:pwsh|powershell)(?:\.exe)?\b[^\n]{0,200}\s-c(?:ommand)?)\s[^\n]*"
    r"|\bStart-Process\s+(?:-FilePath\s+)?\$[\w:{}]+",
    re.MULTILINE,
)
_ASKED = pattern(
    r"(?i)\b(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?:\s[^\n|;]{0,200}?-Uri)?\s+[\"(]{0,2}(\$\{?(?:env:)?\w+(?:\.\w+)*)"
)
"""A request whose address begins with a variable."""
_PARSED = pattern(r"(?i)\$(\w+)\s*=[^\n]{0,200}\bConvertFrom-Json\b")
_MEMBER = pattern(r"\$(\w+)((?:\.\w+)+)")


def runs(code: str, tainted: Mapping[str, Taint], read: Mapping[str, Taint]) -> Iterator[Run]:
    """What a script of PowerShell runs, and whom it asks; `read` are variables that hold foreign text."""
    plain = _LITERAL.sub(lambda match: " " * len(match[0]), code)
    held = assigned(code, plain, tainted, read)
    for match in _RUN.finditer(plain):
        taint = said(match[0], tainted, held)
        if taint is not None:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Run("script", "", taint, start, match.end())
    for match in _ASKED.finditer(plain):
        taint = said(match[1], tainted, held)
        if taint is not None:
            yield Run("address", "", taint, *match.span(1))


def members(code: str, file: str, picks: Callable[[str], Taint | None]) -> dict[str, Taint]:
    """Whose text the members of objects of PowerShell hold that were read from a file of JSON.

    `file` is the variable that names the file; `picks` tells whose text a query as for `jq` finds there.
    """
    objects = {m[1].lower() for m in _PARSED.finditer(code) if file in m[0].lower()}
    found = (m for m in _MEMBER.finditer(code) if objects and m[1].lower() in objects)
    taints = ((match[0][1:].lower(), picks(match[2].lower())) for match in found)
    return {name: taint for name, taint in taints if taint is not None}


def assigned(
    code: str, plain: str, tainted: Mapping[str, Taint], read: Mapping[str, Taint]
) -> dict[str, Taint]:
    """Whose text the variables of a script of PowerShell hold; `plain` is it without what is not expanded."""
    held = dict(read)
    for match in _ASSIGNED.finditer(plain):
        taint = said(match[2], tainted, held)
        if taint is not None and not _JUDGED.search(code, match.start(2), match.end(2)):
            held[match[1].lower()] = taint
    return held


def said(text: str, tainted: Mapping[str, Taint], held: Mapping[str, Taint]) -> Taint | None:
    """Whose text a piece of PowerShell gives, from the environment or its own variables."""
    names = ((m[1], m[2].lower(), m[3].lower()) for m in _NAME.finditer(text))
    return strongest(
        tainted.get(name) if env else held.get(name + rest) or held.get(name)
        for env, name, rest in names
    )
