"""Where code of Python takes foreign text for code, by pattern: nothing here parses it."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Literal

from pipelaw.facts.script_taint import MOST, Run, closing
from pipelaw.facts.shell_checks import narrow
from pipelaw.facts.taint import Taint, strongest
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelaw.words import Store

_ENVIRONMENT = pattern(r"\b(?:environ(?:\.get)?|getenv)\s*[\[(]\s*['\"](\w+)['\"]")
_ASSIGNED = pattern(r"^[ \t]*(\w+)\s*\+?=(?!=)\s*(.+)$", re.MULTILINE)
_LITERAL = pattern(r"([fFrRbB]{0,2})('(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|#[^\n]*")
_FILLED = pattern(r"\{[^{}]*\}")
_NAME = pattern(r"(?<![\w.'\"])[A-Za-z_]\w*")
_JUDGED = pattern(
    r"[=!]=|\bin\b|\bnot\b|\.(?:startswith|endswith|isdigit|count|find)\(|\b(?:int|len|bool)\(|\bquote\("
)
_REMOVED = pattern(r"\bsub\(\s*r?['\"]\[\^")
_CALLED = pattern(
    r"(?:(?<![\w.])(?:os\.(?:system|popen)|subprocess\.(\w+)|eval|exec)|((?<=[\w)])\.write(?:lines|_text)?|\bprint))\("
)
_SHELL = pattern(r"\bshell\s*=\s*True\b|['\"](?:/bin/)?(?:ba|da|z)?sh['\"]\s*,\s*['\"]-\w*c")
_KEY = pattern(r"['\"]([A-Za-z_][\w-]*)=")
_BEGIN = pattern(r"['\"]([A-Za-z_][\w-]*)<<(\{|['\"]\s*\+)?")
"""The beginning of a value of several lines, and whether a variable decides what ends it."""
_DEFINED = pattern(r"^[ \t]*def\s+(\w+)\(([^()]{1,300})\)", re.MULTILINE)
_CHECKED = pattern(
    r"\bif\s+not\s+\(?(?:(?:re\.)?(?P<full>full)?match\(\s*r?(?P<mark>['\"])(?P<pattern>[^'\"\n]{1,200})(?P=mark)\s*,\s*(?P<name>\w+)"
    r"|(?P<any>\w+)\.(?:isdigit|isdecimal|isnumeric|isalnum|isidentifier)\()"
    r"[^\n:]{0,80}:[^:]{0,300}?\b(?:raise|exit|return|continue)\b"
)
"""A test of a variable that the code leaves by where it does not hold."""
_PARAMETER = pattern(r"(?:^|,)\s*(\w+)")
_CHAIN = pattern(
    r"(?:\[\s*['\"]\w+['\"]\s*\]|\.get\(\s*['\"]\w+['\"](?:\s*,\s*(?:\{\}|['\"]{2}|None))?\s*\))*"
)
"""`["a"].get("b")`: what is taken out of JSON."""
_KEYED = pattern(r"['\"](\w+)['\"]")
_OPENED = pattern(r"\b(?:open|Path)\(\s*['\"]([^'\"\n]+)['\"](?:[^\n()]{0,80}\)\s*as\s+(\w+))?")
"""A file by its name, and the variable of a `with` that it gets."""


class Sources(NamedTuple):
    """Where code gets foreign text from, beside its environment."""

    lies: Callable[[str], Taint | None] | None = None
    """Whose text a file holds."""
    picks: Callable[[str], Taint | None] | None = None
    """Whose text a query as for `jq` finds in the JSON of the file that `event` names."""
    event: str = ""
    """The variable that names it."""


def runs(
    code: str, tainted: Mapping[str, Taint], files: Mapping[str, Store], sources: Sources
) -> Iterator[Run]:
    """What a script of Python runs, and what it writes to the files that the platform reads.

    `files` are the names of these, each with the kind of what is written there.
    """
    written: Store | Literal[""] = next((kind for name, kind in files.items() if name in code), "")
    plain = _LITERAL.sub(lambda match: _emptied(match[0], match[1] or ""), code)
    said = _Variables(code, plain, tainted, sources).said
    begun = None
    names: set[str] = set()
    for match in islice(_CALLED.finditer(plain), MOST):
        end = closing(plain, match.end())
        does, name = _called(code, match[1] or "", match[2] or "", match.end(), end)
        kind = written if does == "file" else does
        if not kind:
            continue
        taint = said(match.end(), end)
        behind = bool(names - {name})
        if does == "file":
            names |= {name} - {""}
            begun = _BEGIN.search(code, match.end(), end) or begun
        if taint is not None and does == "file" and begun is not None and not name:
            name = begun[1]
            # it cannot end what ends by chance
            taint = taint.narrowed("line") if begun[2] else taint
        if taint is not None:
            yield Run(kind, name, taint, match.start(), end + 1, behind)


class _Variables:
    """Whose text the variables of code hold; `plain` is the code without its literals."""

    def __init__(
        self, code: str, plain: str, tainted: Mapping[str, Taint], sources: Sources
    ) -> None:
        self._code = code
        self._plain = plain
        self._tainted = tainted
        self._lies = lies = sources.lies
        self._picks = sources.picks
        self._members: dict[str, str] = {}
        """What variables hold of the event, by the query that finds it."""
        self._held: dict[str, Taint] = {}
        if lies is not None:
            for match in _OPENED.finditer(code):
                self._hold(match[2], lies(match[1]) if match[2] else None)
        event = sources.event if sources.event in code else ""
        for match in _ASSIGNED.finditer(plain):
            start, end = match.span(2)
            if event and self._follow(match[1], start, end, event):
                continue
            self._hold(match[1], self.said(start, end))
        self._drop_checked()
        if self._held or tainted:
            self._parameters()
            self._drop_checked()

    def _drop_checked(self) -> None:
        """Forget the variables of which only harmless texts get on."""
        for checked in _CHECKED.finditer(self._code) if self._held else ():
            whole = checked["any"] or checked["full"] or checked["pattern"].endswith(("$", r"\Z"))
            if whole and (checked["any"] or narrow(checked["pattern"].removesuffix(r"\Z"))):
                self._held.pop(checked["any"] or checked["name"], None)

    def _parameters(self) -> None:
        """Note the parameters of functions that are called with a foreign text."""
        for function in islice(_DEFINED.finditer(self._plain), MOST):
            called = re.finditer(rf"(?<!def )(?<![\w.]){function[1]}\(", self._plain)
            for call in islice(called, MOST):
                at = call.end()
                for name in _PARAMETER.findall(function[2]):
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
        head = _NAME.match(value)
        if head is None or head[0] not in self._members:
            return False
        chain = _CHAIN.match(value, head.end())
        if chain is None or value[chain.end() :].strip():
            return False
        self._members[name] = self._members[head[0]] + _query(chain[0])
        return True

    def _picked(self, start: int, end: int) -> Iterator[Taint | None]:
        """Whose text the parts of the event are that an expression names."""
        for match in _NAME.finditer(self._plain, start, end):
            if match[0] in self._members and self._picks is not None:
                chain = _CHAIN.match(self._code, match.end(), end)
                query = self._members[match[0]] + (_query(chain[0]) if chain else "")
                yield self._picks(query) if query else None

    def said(self, start: int, end: int) -> Taint | None:
        """Whose text an expression gives, from the environment, a file or a variable."""
        if _JUDGED.search(self._plain, start, end) or _REMOVED.search(self._code, start, end):
            return None
        found = [self._held.get(name) for name in _NAME.findall(self._plain[start:end])]
        named = _ENVIRONMENT.finditer(self._code, start, end)
        found += (self._tainted.get(match[1].lower()) for match in named)
        if self._lies is not None:
            opened = _OPENED.finditer(self._code, start, end)
            found += (self._lies(match[1]) for match in opened)
        if self._members:
            found += self._picked(start, end)
        return strongest(found)

    def _hold(self, name: str, taint: Taint | None) -> None:
        if taint is not None:
            self._held[name] = taint


def _query(chain: str) -> str:
    """What a chain of keys finds, as a query."""
    return "".join(f".{key}" for key in _KEYED.findall(chain))


def _called(
    code: str, process: str, written: str, start: int, end: int
) -> tuple[Literal["", "file", "script"], str]:
    """What a call does with its arguments, "" for nothing that matters, and the name that it sets."""
    if written:
        key = _KEY.search(code, start, end)
        prints = written == "print" and "file=" not in code[start:end]
        return ("", "") if prints else ("file", key[1] if key else "")
    if process and not process.startswith("get") and not _SHELL.search(code, start, end):
        return "", ""
    return "script", ""


def _emptied(text: str, prefix: str) -> str:
    """A literal without its text; what is filled into it stays."""
    if text[0] == "#" or "f" not in prefix.lower():
        return " " * len(text)
    at = 0
    kept: list[str] = []
    for filled in _FILLED.finditer(text):
        kept += (" " * (filled.start() - at), filled[0])
        at = filled.end()
    return "".join((*kept, " " * (len(text) - at)))
