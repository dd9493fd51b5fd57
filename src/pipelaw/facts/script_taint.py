"""Where scripts of PowerShell and Python take foreign text for code, by pattern: nothing here parses them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Literal

from pipelaw.facts.shell_checks import narrow
from pipelaw.facts.taint import Taint, strongest
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelaw.words import Sink, Store


class Run(NamedTuple):
    """A place where foreign text is run, or written to a file that the platform reads."""

    kind: Sink
    """What runs the text or reads it from where it was written."""
    name: str
    """The variable or output that gets the text, "" where that is not said."""
    taint: Taint
    start: int
    end: int
    behind: bool = False
    """Other names got their values before, in the same file."""


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
_PWSH_NAME = pattern(r"(?i)\$\{?(env:)?(\w+)((?:\.\w+)*)")
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
    r"(?i)\b(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?:\s[^\n|;]{0,200}?-Uri)?\s+[\"(]{0,2}(\$\{?(?:env:)?\w+(?:\.\w+)*)"
)
"""A request whose address begins with a variable."""


def powershell(
    code: str, tainted: Mapping[str, Taint], read: Mapping[str, Taint] | None = None
) -> Iterator[Run]:
    """What a script of PowerShell runs, and whom it asks; `read` are variables that hold foreign text."""
    plain = _PWSH_LITERAL.sub(lambda match: " " * len(match[0]), code)
    held = assigned(code, plain, tainted, read)
    for match in _PWSH_RUN.finditer(plain):
        taint = said(match[0], tainted, held)
        if taint is not None:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Run("script", "", taint, start, match.end())
    for match in _PWSH_ASKED.finditer(plain):
        taint = said(match[1], tainted, held)
        if taint is not None:
            yield Run("address", "", taint, *match.span(1))


_PWSH_PARSED = pattern(r"(?i)\$(\w+)\s*=[^\n]{0,200}\bConvertFrom-Json\b")
_PWSH_MEMBER = pattern(r"\$(\w+)((?:\.\w+)+)")


def members(code: str, file: str, picks: Callable[[str], Taint | None]) -> dict[str, Taint]:
    """Whose text the members of objects of PowerShell hold that were read from a file of JSON.

    `file` is the variable that names the file; `picks` tells whose text a query as for `jq` finds there.
    """
    objects = {m[1].lower() for m in _PWSH_PARSED.finditer(code) if file in m[0].lower()}
    found = (m for m in _PWSH_MEMBER.finditer(code) if objects and m[1].lower() in objects)
    taints = ((match[0][1:].lower(), picks(match[2].lower())) for match in found)
    return {name: taint for name, taint in taints if taint is not None}


def assigned(
    code: str,
    plain: str,
    tainted: Mapping[str, Taint],
    read: Mapping[str, Taint] | None = None,
) -> dict[str, Taint]:
    """Whose text the variables of a script of PowerShell hold; `plain` is it without what is not expanded."""
    held: dict[str, Taint] = dict(read or {})
    for match in _PWSH_ASSIGNED.finditer(plain):
        taint = said(match[2], tainted, held)
        if taint is not None and not _PWSH_JUDGED.search(code, match.start(2), match.end(2)):
            held[match[1].lower()] = taint
    return held


def said(text: str, tainted: Mapping[str, Taint], held: Mapping[str, Taint]) -> Taint | None:
    """Whose text a piece of PowerShell gives, from the environment or its own variables."""
    names = ((m[1], m[2].lower(), m[3].lower()) for m in _PWSH_NAME.finditer(text))
    return strongest(
        tainted.get(name) if env else held.get(name + rest) or held.get(name)
        for env, name, rest in names
    )


_PY_ENVIRONMENT = pattern(r"\b(?:environ(?:\.get)?|getenv)\s*[\[(]\s*['\"](\w+)['\"]")
_PY_ASSIGNED = pattern(r"^[ \t]*(\w+)\s*\+?=(?!=)\s*(.+)$", re.MULTILINE)
_PY_LITERAL = pattern(r"([fFrRbB]{0,2})('(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|#[^\n]*")
_PY_FILLED = pattern(r"\{[^{}]*\}")
_PY_NAME = pattern(r"(?<![\w.'\"])[A-Za-z_]\w*")
_PY_JUDGED = pattern(
    r"[=!]=|\bin\b|\bnot\b|\.(?:startswith|endswith|isdigit|count|find)\(|\b(?:int|len|bool)\(|\bquote\("
)
_PY_REMOVED = pattern(r"\bsub\(\s*r?['\"]\[\^")
_PY_CALLED = pattern(
    r"(?:(?<![\w.])(?:os\.(?:system|popen)|subprocess\.(\w+)|eval|exec)|((?<=[\w)])\.write(?:lines|_text)?|\bprint))\("
)
_PY_SHELL = pattern(r"\bshell\s*=\s*True\b|['\"](?:/bin/)?(?:ba|da|z)?sh['\"]\s*,\s*['\"]-\w*c")
_PY_KEY = pattern(r"['\"]([A-Za-z_][\w-]*)=")
_PY_BEGIN = pattern(r"['\"]([A-Za-z_][\w-]*)<<(\{|['\"]\s*\+)?")
"""The beginning of a value of several lines, and whether a variable decides what ends it."""


_PY_DEFINED = pattern(r"^[ \t]*def\s+(\w+)\(([^()]{1,300})\)", re.MULTILINE)
_PY_CHECKED = pattern(
    r"\bif\s+not\s+\(?(?:(?:re\.)?(?P<full>full)?match\(\s*r?(?P<mark>['\"])(?P<pattern>[^'\"\n]{1,200})(?P=mark)\s*,\s*(?P<name>\w+)"
    r"|(?P<any>\w+)\.(?:isdigit|isdecimal|isnumeric|isalnum|isidentifier)\()"
    r"[^\n:]{0,80}:[^:]{0,300}?\b(?:raise|exit|return|continue)\b"
)
"""A test of a variable that the code leaves by where it does not hold."""
_PY_PARAMETER = pattern(r"(?:^|,)\s*(\w+)")
_PY_CHAIN = pattern(
    r"(?:\[\s*['\"]\w+['\"]\s*\]|\.get\(\s*['\"]\w+['\"](?:\s*,\s*(?:\{\}|['\"]{2}|None))?\s*\))*"
)
"""`["a"].get("b")`: what is taken out of JSON."""
_PY_KEYED = pattern(r"['\"](\w+)['\"]")


def _query(chain: str) -> str:
    """What a chain of keys finds, as a query."""
    return "".join(f".{key}" for key in _PY_KEYED.findall(chain))


_PY_OPENED = pattern(r"\b(?:open|Path)\(\s*['\"]([^'\"\n]+)['\"](?:[^\n()]{0,80}\)\s*as\s+(\w+))?")
"""A file by its name, and the variable of a `with` that it gets."""


class Sources(NamedTuple):
    """Where code gets foreign text from, beside its environment."""

    lies: Callable[[str], Taint | None] | None = None
    """Whose text a file holds."""
    picks: Callable[[str], Taint | None] | None = None
    """Whose text a query as for `jq` finds in the JSON of the file that `event` names."""
    event: str = ""
    """The variable that names it."""


NO_SOURCES = Sources()


def python(
    code: str,
    tainted: Mapping[str, Taint],
    files: Mapping[str, Store],
    sources: Sources = NO_SOURCES,
) -> Iterator[Run]:
    """What a script of Python runs, and what it writes to the files that the platform reads.

    `files` are the names of these, each with the kind of what is written there.
    """
    written: Store | Literal[""] = next((kind for name, kind in files.items() if name in code), "")
    plain = _PY_LITERAL.sub(lambda match: _emptied(match[0], match[1] or ""), code)
    said = _Python(code, plain, tainted, sources).said
    begun = None
    names: set[str] = set()
    for match in islice(_PY_CALLED.finditer(plain), MOST):
        end = closing(plain, match.end())
        does, name = _called(code, match[1] or "", match[2] or "", match.end(), end)
        kind = written if does == "file" else does
        if not kind:
            continue
        taint = said(match.end(), end)
        behind = bool(names - {name})
        if does == "file":
            names |= {name} - {""}
            begun = _PY_BEGIN.search(code, match.end(), end) or begun
        if taint is not None and does == "file" and begun is not None and not name:
            name = begun[1]
            # it cannot end what ends by chance
            taint = taint.narrowed("line") if begun[2] else taint
        if taint is not None:
            yield Run(kind, name, taint, match.start(), end + 1, behind)


class _Python:
    """Whose text the variables of a script of Python hold; `plain` is it without its literals."""

    def __init__(
        self,
        code: str,
        plain: str,
        tainted: Mapping[str, Taint],
        sources: Sources,
    ) -> None:
        self._code = code
        self._plain = plain
        self._tainted = tainted
        self._lies = lies = sources.lies
        self._picks = sources.picks
        self._members: dict[str, str] = {}
        """What variables hold of the event, by the query that finds it."""
        self._held: dict[str, Taint] = {}
        for match in _PY_OPENED.finditer(code) if lies is not None else ():
            self._hold(match[2], lies(match[1]) if lies is not None and match[2] else None)
        event = sources.event if sources.event and sources.event in code else "\0"
        for match in _PY_ASSIGNED.finditer(plain):
            start, end = match.span(2)
            if event != "\0" and self._follow(match[1], start, end, event):
                continue
            self._hold(match[1], self.said(start, end))
        self._drop_checked()
        if self._held or tainted:
            self._parameters()
            self._drop_checked()

    def _drop_checked(self) -> None:
        """Forget the variables of which only harmless texts get on."""
        for checked in _PY_CHECKED.finditer(self._code) if self._held else ():
            whole = checked["any"] or checked["full"] or checked["pattern"].endswith(("$", r"\Z"))
            if whole and (checked["any"] or narrow(checked["pattern"].removesuffix(r"\Z"))):
                self._held.pop(checked["any"] or checked["name"], None)

    def _parameters(self) -> None:
        """Note the parameters of functions that are called with a foreign text."""
        for function in islice(_PY_DEFINED.finditer(self._plain), MOST):
            called = re.finditer(rf"(?<!def )(?<![\w.]){function[1]}\(", self._plain)
            for call in islice(called, MOST):
                at = call.end()
                for name in _PY_PARAMETER.findall(function[2]):
                    end = closing(self._plain, at, whole=False)
                    self._hold(name, self.said(at, end))
                    if self._plain[end : end + 1] != ",":
                        break
                    at = end + 1

    def _follow(self, name: str, start: int, end: int, event: str) -> bool:
        """Note a variable that holds the event, or a part of it."""
        value = self._code[start:end]
        if "json.load" in value and event in self._code[:end]:
            self._members[name] = ""
            return True
        head = _PY_NAME.match(value)
        if head is None or head[0] not in self._members:
            return False
        chain = _PY_CHAIN.match(value, head.end())
        if chain is None or value[chain.end() :].strip():
            return False
        self._members[name] = self._members[head[0]] + _query(chain[0])
        return True

    def _picked(self, start: int, end: int) -> Iterator[Taint | None]:
        """Whose text the parts of the event are that an expression names."""
        for match in _PY_NAME.finditer(self._plain, start, end):
            if match[0] in self._members and self._picks is not None:
                chain = _PY_CHAIN.match(self._code, match.end(), end)
                query = self._members[match[0]] + (_query(chain[0]) if chain else "")
                yield self._picks(query) if query else None

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
        if self._members:
            found += self._picked(start, end)
        return strongest(found)

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
