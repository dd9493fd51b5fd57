"""Where scripts of PowerShell and Python take foreign text for code, by pattern: nothing here parses them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Literal

from pipelaw.facts.taint import Taint, strongest
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelaw.words import Store


class Run(NamedTuple):
    """A place where foreign text is run, or written to a file that the platform reads."""

    kind: Literal["script", "address", Store]
    """What runs the text or reads it from where it was written."""
    name: str
    """The variable or output that gets the text, "" where that is not said."""
    taint: Taint
    start: int
    end: int


LONGEST = 2000
"""How far the arguments of a call are followed."""
MOST = 200
"""How many calls of a script are followed; only what nests calls to waste time has more."""


def closing(code: str, start: int, *, whole: bool = True) -> int:
    """Where the arguments of a call end that begin at `start`, or its first one; without its literals."""
    depth = 0
    end = min(len(code), start + LONGEST)
    for at in range(start, end):
        letter = code[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                return at
            depth -= 1
        elif letter == "," and depth == 0 and not whole:
            return at
    return end


_PWSH_ASSIGNED = pattern(r"^[ \t]*\$(\w+)\s*\+?=\s*(.+)$", re.MULTILINE)
_PWSH_NAME = pattern(r"(?i)\$\{?(env:)?(\w+)")
_PWSH_LITERAL = pattern(r"'[^'\n]*'|(?m:^\s*#.*$)")
_PWSH_JUDGED = pattern(
    r"(?i)\s-(?:not|i|c)?(?:match|eq|ne|like|in|contains|gt|lt)\b|\.Length\b|\.(?:StartsWith|EndsWith|Contains)\("
    r"|-replace\s+[\"']\s*\["
)
_PWSH_RUN = pattern(
    r"(?i)\b(?:iex|Invoke-Expression)\b[^\n|;]*|(?<![^\n;])[^\n;]*\|\s*(?:iex|Invoke-Expression)\b"
    r"|\[scriptblock\]::Create\([^\n]*|(?:^|[;|{=(])[ \t]*[&.][ \t]+[\"(]*\$[\w:{}]+"
    r"|\b(?:cmd(?:\.exe)?\s+/c|(?:ba)?sh\s+-\w*c|(?:pwsh|powershell)(?:\.exe)?\b[^\n]{0,200}\s-c(?:ommand)?)\s[^\n]*"
    r"|\bStart-Process\s+(?:-FilePath\s+)?\$[\w:{}]+",
    re.MULTILINE,
)


_PWSH_ASKED = pattern(
    r"(?i)\b(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?:\s[^\n|;]{0,200}?-Uri)?\s+[\"(]{0,2}(\$\{?(?:env:)?\w+)"
)
"""A request whose address begins with a variable."""


def powershell(code: str, tainted: Mapping[str, Taint]) -> Iterator[Run]:
    """What a script of PowerShell runs, and whom it asks."""
    plain = _PWSH_LITERAL.sub(lambda match: " " * len(match[0]), code)
    held = assigned(code, plain, tainted)
    for match in _PWSH_RUN.finditer(plain):
        taint = said(match[0], tainted, held)
        if taint is not None:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Run("script", "", taint, start, match.end())
    for match in _PWSH_ASKED.finditer(plain):
        taint = said(match[1], tainted, held)
        if taint is not None:
            yield Run("address", "", taint, *match.span(1))


def assigned(code: str, plain: str, tainted: Mapping[str, Taint]) -> dict[str, Taint]:
    """Whose text the variables of a script of PowerShell hold; `plain` is it without what is not expanded."""
    held: dict[str, Taint] = {}
    for match in _PWSH_ASSIGNED.finditer(plain):
        taint = said(match[2], tainted, held)
        if taint is not None and not _PWSH_JUDGED.search(code, match.start(2), match.end(2)):
            held[match[1].lower()] = taint
    return held


def said(text: str, tainted: Mapping[str, Taint], held: Mapping[str, Taint]) -> Taint | None:
    """Whose text a piece of PowerShell gives, from the environment or its own variables."""
    names = ((match[1], match[2].lower()) for match in _PWSH_NAME.finditer(text))
    found = (tainted.get(name) if env else held.get(name) for env, name in names)
    return strongest(taint for taint in found if taint is not None)


_PY_ENVIRONMENT = pattern(r"\b(?:environ(?:\.get)?|getenv)\s*[\[(]\s*['\"](\w+)['\"]")
_PY_ASSIGNED = pattern(r"^[ \t]*(\w+)\s*\+?=(?!=)\s*(.+)$", re.MULTILINE)
_PY_LITERAL = pattern(r"([fFrRbB]{0,2})('(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|#[^\n]*")
_PY_FILLED = pattern(r"\{[^{}]*\}")
_PY_NAME = pattern(r"(?<![\w.])[A-Za-z_]\w*")
_PY_JUDGED = pattern(
    r"[=!]=|\bin\b|\bnot\b|\.(?:startswith|endswith|isdigit|count|find)\(|\b(?:int|len|bool)\(|\bquote\("
)
_PY_REMOVED = pattern(r"\bsub\(\s*r?['\"]\[\^")
_PY_CALLED = pattern(
    r"(?:(?<![\w.])(?:os\.(?:system|popen)|subprocess\.(\w+)|eval|exec)|((?<=[\w)])\.write|\bprint))\("
)
_PY_SHELL = pattern(r"\bshell\s*=\s*True\b|['\"](?:/bin/)?(?:ba|da|z)?sh['\"]\s*,\s*['\"]-\w*c")
_PY_KEY = pattern(r"['\"]([A-Za-z_][\w-]*)=")
_PY_BEGIN = pattern(r"['\"]([A-Za-z_][\w-]*)<<(\{|['\"]\s*\+)?")
"""The beginning of a value of several lines, and whether a variable decides what ends it."""


_PY_OPENED = pattern(r"\b(?:open|Path)\(\s*['\"]([^'\"\n]+)['\"](?:[^\n()]{0,80}\)\s*as\s+(\w+))?")
"""A file by its name, and the variable of a `with` that it gets."""


def python(
    code: str,
    tainted: Mapping[str, Taint],
    files: Mapping[str, Store],
    lies: Callable[[str], Taint | None] | None = None,
) -> Iterator[Run]:
    """What a script of Python runs, and what it writes to the files that the platform reads.

    `files` are the names of these, each with the kind of what is written there; `lies` tells whose text
    a file holds.
    """
    written: Store | Literal[""] = next((kind for name, kind in files.items() if name in code), "")
    plain = _PY_LITERAL.sub(lambda match: _emptied(match[0], match[1] or ""), code)
    said = _Python(code, plain, tainted, lies).said
    begun = None
    for match in islice(_PY_CALLED.finditer(plain), MOST):
        end = closing(plain, match.end())
        does, name = _called(code, match[1] or "", match[2] or "", match.end(), end)
        kind = written if does == "file" else does
        if not kind:
            continue
        taint = said(match.end(), end)
        if does == "file":
            begun = _PY_BEGIN.search(code, match.end(), end) or begun
        if taint is not None and does == "file" and begun is not None and not name:
            name = begun[1]
            # it cannot end what ends by chance
            taint = taint.narrowed("line") if begun[2] else taint
        if taint is not None:
            yield Run(kind, name, taint, match.start(), end + 1)


class _Python:
    """Whose text the variables of a script of Python hold; `plain` is it without its literals."""

    def __init__(
        self,
        code: str,
        plain: str,
        tainted: Mapping[str, Taint],
        lies: Callable[[str], Taint | None] | None,
    ) -> None:
        self._code = code
        self._plain = plain
        self._tainted = tainted
        self._lies = lies
        self._held: dict[str, Taint] = {}
        for match in _PY_OPENED.finditer(code) if lies is not None else ():
            self._hold(match[2], lies(match[1]) if lies is not None and match[2] else None)
        for match in _PY_ASSIGNED.finditer(plain):
            self._hold(match[1], self.said(*match.span(2)))

    def said(self, start: int, end: int) -> Taint | None:
        """Whose text an expression gives, from the environment, a file or a variable."""
        if _PY_JUDGED.search(self._plain, start, end) or _PY_REMOVED.search(self._code, start, end):
            return None
        found = [self._held.get(name) for name in _PY_NAME.findall(self._plain[start:end])]
        named = _PY_ENVIRONMENT.finditer(self._code, start, end)
        found += (self._tainted.get(match[1].lower()) for match in named)
        if self._lies is not None:
            opened = _PY_OPENED.finditer(self._code, start, end)
            found += (self._lies(match[1]) for match in opened)
        return strongest(taint for taint in found if taint is not None)

    def _hold(self, name: str, taint: Taint | None) -> None:
        if taint is not None:
            self._held[name] = taint


def _called(
    code: str, process: str, written: str, start: int, end: int
) -> tuple[Literal["", "file", "script"], str]:
    """What a call does with its arguments, "" for nothing that matters, and the name that it sets."""
    if written:
        key = _PY_KEY.search(code, start, end)
        prints = written == "print" and "file=" not in code[start:end]
        return ("", "") if prints else ("file", key[1] if key else "")
    if process and not process.startswith("get") and not _PY_SHELL.search(code, start, end):
        return "", ""
    return "script", ""


def _emptied(text: str, prefix: str) -> str:
    """A literal without its text; what is filled into it stays."""
    if text[0] == "#" or "f" not in prefix.lower():
        return " " * len(text)
    at = 0
    kept: list[str] = []
    for filled in _PY_FILLED.finditer(text):
        kept += (" " * (filled.start() - at), filled[0])
        at = filled.end()
    return "".join((*kept, " " * (len(text) - at)))
