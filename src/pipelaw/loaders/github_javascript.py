"""Whose text a script of actions/github-script hands on or runs, by pattern."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from pipelaw.facts.script_taint import MOST, closing
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_expressions import fences
from pipelaw.loaders.github_files import file_taint
from pipelaw.loaders.github_taint import direct, taints_in
from pipelaw.loaders.github_taint_stores import SETTERS
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.words import Sink

_ENVIRONMENT = pattern(r"\bprocess\.env(?:\.(\w+)|\[['\"](\w+)['\"]\])")
_ASSIGNED = pattern(r"(?<![\w$.])([A-Za-z_$][\w$]*)\s*\+?=(?![=>])\s*([^;\n]+)")
_UNPACKED = pattern(r"\b(?:const|let|var)\s*([\[{])")
_FILLS = pattern(r"[\]}]\s*(?:=(?![=>])\s*([^;\n]+)|of\s+([^;{\n]+))")
"""What is unpacked: a value, or each element of one."""
_PART = pattern(r"\s*(\.\.\.\s*)?([A-Za-z_$][\w$]*)?\s*:?\s*(?:([A-Za-z_$][\w$]*)|([\[{]))?")
"""A part of what is unpacked: a rest, its name, another name for it, or that it is unpacked in turn."""
_LOOPED = pattern(r"\bfor\s*\(\s*(?:const|let|var)\s+(\w+)\s+of\s+([^{\n]+)")
_OUTPUT = pattern(r"\bcore\.setOutput\(\s*['\"`]([\w-]+)['\"`]\s*,\s*([^\n;]+)")
_EXPORT = pattern(r"\bcore\.exportVariable\(\s*['\"`](\w+)['\"`]\s*,\s*([^\n;]+)")
_RETURN = pattern(r"(?m)^\s*return\s+([^;\n]+)")
_CHAIN = pattern(r"(?<![\w$.])([A-Za-z_$](?:[\w$.?]|\[[\w*]*\])*)(\s*\()?")
_INDEX = pattern(r"\[[^\]]*\]?")
_TEXT = pattern(
    r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`|(?<!:)//[^\n]*", re.DOTALL
)
"""A text or comment; with DOTALL, for a line that is continued."""
_AT = pattern(r"(?<=[\w)\]])\[([^\[\]\n]*)\]")
_FILLED = pattern(r"\$\{[^{}]*\}")
_COMPARED = pattern(r"[!=]==?[^>]")
_CHOICE = pattern(r"\?(?![.?])(?<!\?\?)")
_HARMLESS = pattern(
    r"\bparseInt\(|\bNumber\(|\bBoolean\(|encodeURIComponent\(|\.replace(?:All)?\(/\[\^|\.(?:test|some|every)\("
)
_MATCHED = pattern(r"(?:\.match(?:All)?\(|=\s*|\(\s*)?/((?:[^/\\\n]|\\.)+)/\w*(?:\.exec\(|\s*\))")
_LOOSE = pattern(r"(?<!\\)\.|\\[SWD]|\[\^")
_JUDGING = frozenset(
    "includes startsWith endsWith indexOf lastIndexOf search test localeCompare".split()
)
"""Methods that say something of a text without giving any of it."""
_METHODS = frozenset(
    "trim trimEnd trimStart split toLowerCase toUpperCase match matchAll replace replaceAll slice substring"
    " substr toString join map filter find at concat pop shift flatMap reduce sort reverse".split()
)
_PAYLOAD = "context.payload."


class Thing(NamedTuple):
    """An object of the platform that a variable holds: a part of the event, or an answer of the API."""

    path: str
    """Its context in the event that carries such a thing."""
    event: str = ""
    """That event, where it was asked for; "" for the run's own."""
    listed: bool = False
    """It is a list, or was made of one."""

    def part(self, name: str) -> Thing:
        """A field of it; the elements of a list are not told apart."""
        if self.listed:
            return self
        path = f"{self.path}.{name}"
        event = path.startswith("context.payload")
        return self._replace(path=f"github.event{path[15:]}" if event else path)


_ANSWERS = (
    ("pulls.listFiles", Thing("github.event.pull_request", "pull_request_target", listed=True)),
    ("pulls.listCommits", Thing("github.event.pull_request", "pull_request_target", listed=True)),
    ("pulls.listReviews", Thing("github.event.review", "pull_request_review", listed=True)),
    ("pulls.list", Thing("github.event.pull_request", "pull_request_target", listed=True)),
    ("pulls.get", Thing("github.event.pull_request", "pull_request_target")),
    ("issues.listComments", Thing("github.event.comment", "issue_comment", listed=True)),
    ("issues.getComment", Thing("github.event.comment", "issue_comment")),
    ("issues.listForRepo", Thing("github.event.issue", "issues", listed=True)),
    ("issues.get", Thing("github.event.issue", "issues")),
)
"""Requests of the client, those with longer names first, and what they answer."""
_LISTED = pattern(r"\.(?:filename|previous_filename|patch|title|body|message|label|ref)\b")
"""What outsiders write in the elements of such lists."""

_CALLED = pattern(
    r"((?<!\w)execSync|(?<=process['\"]\)\.)exec|(?<![\w.])(?:eval|new\s+Function|execAsync"
    r"|(?:cp|child_?[pP]rocess)\.exec|exec(?=\()|exec\.(?:exec|getExecOutput)))\(\s*(['\"`](?:ba|da|z)?sh['\"`]\s*,\s*\[\s*['\"`]-\w*c)?"
)


_ASKED = pattern(r"(?<![\w.])(?:fetch|axios(?:\.\w+)?|got)\(\s*(?!['\"`]https?://[^/'\"`$]+/)")
"""A request to an address whose host is not written out."""
_APPENDED = pattern(r"\bappendFile(?:Sync)?\(\s*process\.env\.GITHUB_ENV\s*,")
_PUT_OUT = pattern(
    r"\bappendFile(?:Sync)?\(\s*process\.env\.GITHUB_OUTPUT\s*,\s*(['\"`]([\w-]+)=[^;\n]*)"
)
_NAMING = pattern(r"\bcore\.(exportVariable|addPath)\(\s*(?!['\"`]\w+['\"`]\s*,)")
"""A call that sets a variable whose name is not written out, or adds to the search path."""
_FILE_READ = pattern(r"\breadFile(?:Sync)?\(\s*(?:([\w.]+)\(\s*)?([^()]*)")
_PIECE = pattern(r"process\.env\.(\w+)|['\"`]([^'\"`]*)['\"`]|[A-Za-z_$]")
_GUARDED = pattern(r"/\^((?:[^/\\\n]|\\.)+)\$/\w*\.test\(\s*(\w+)\s*\)")


class JavaScript:
    """What a text of JavaScript does with what outsiders write."""

    def __init__(self, context: Context, flow: Flow, code: str) -> None:
        self._context = context
        self._flow = flow
        self._code = code
        self._plain = _blanked(code)
        self._variables: dict[str, Taint | Thing] = {}
        self._checked = _checked(code) if ".test(" in code else frozenset()
        self._follow()

    def outputs(self) -> dict[str, Taint]:
        """Whose text each output holds; what the script returns is `result`."""
        found = self._handed(_OUTPUT)
        if "GITHUB_OUTPUT" in self._code:
            for match in _PUT_OUT.finditer(self._code):
                if (taint := self._value(*match.span(1))) is not None:
                    found[match[2].lower()] = taint
        returned = strongest(self._value(*match.span(1)) for match in _RETURN.finditer(self._plain))
        if returned is not None:
            found["result"] = returned
        return found

    def exports(self) -> dict[str, Taint]:
        """Whose text each variable holds that it sets for later steps."""
        return self._handed(_EXPORT)

    def runs(self) -> Iterator[tuple[Sink, Taint, int, int]]:
        """Where a text becomes code, an address or variables: the harm, whose text, start and end."""
        processes = "child_process" in self._code
        for match in islice(_CALLED.finditer(self._code), MOST):
            name = match[1]
            if name == "exec" and not processes:
                continue
            whole = match[2] is not None or name.startswith(("eval", "new"))
            end = closing(self._plain, match.end(1) + 1, whole=whole)
            taint = self._value(match.end(1) + 1, end, pasted=False)
            if taint is None:
                continue
            split = name.startswith("exec.") and match[2] is None
            yield "argument" if split else "script", taint, match.start(1), end + 1
        for match in islice(_ASKED.finditer(self._code), MOST):
            end = closing(self._plain, match.end(), whole=False)
            taint = self._value(match.end(), end, pasted=False)
            if taint is not None and taint.charset != "branch":
                yield "address", taint, match.end(), end
        yield from self._stores()

    def _stores(self) -> Iterator[tuple[Sink, Taint, int, int]]:
        """Where a text decides what variables later steps have, or their search path."""
        for match in islice(_APPENDED.finditer(self._code), MOST):
            end = closing(self._plain, match.end())
            taint = self._value(match.end(), end, pasted=False)
            if taint is not None and taint.charset == "text":
                yield "environment file", taint, match.start(), end + 1
        for match in islice(_NAMING.finditer(self._code), MOST):
            end = closing(self._plain, match.end(), whole=False)
            taint = self._value(match.end(), end, pasted=False)
            if taint is not None:
                yield SETTERS[match[1]], taint, match.start(), closing(self._plain, end) + 1

    def _handed(self, found: re.Pattern[str]) -> dict[str, Taint]:
        values = ((m[1].lower(), self._value(*m.span(2))) for m in found.finditer(self._code))
        return {name: taint for name, taint in values if taint is not None}

    def _follow(self) -> None:
        """Learn what the variables hold, in the order of the text."""
        steps = [*_UNPACKED.finditer(self._plain), *_ASSIGNED.finditer(self._plain)]
        loops = list(_LOOPED.finditer(self._plain))
        for match in sorted([*steps, *loops], key=lambda match: match.start()):
            if match.re.groups == 1:
                filled = _FILLS.match(self._plain, closing(self._plain, match.end()))
                if filled is not None:
                    path, span = ("", filled.span(1)) if filled[1] else ("*", filled.span(2))
                    self._unpack(match[1], match.end(), path, span)
            else:
                self._assign(match[1], "*" if match in loops else "", *match.span(2))

    def _unpack(self, kind: str, at: int, path: str, value: tuple[int, int]) -> None:
        """`const { a, b: c, d: { e } } = …` and `const [a, ...b] = …`."""
        end = closing(self._plain, at)
        while at < end:
            until = closing(self._plain, at, whole=False)
            part = _PART.match(self._plain, at, until)
            if part is not None:
                further = "" if kind == "[" or part[1] else part[2] or ""
                field = f"{path}.{further}".strip(".")
                if part[4]:
                    self._unpack(part[4], part.end(), field, value)
                elif part[2]:
                    self._assign(part[3] or part[2], field, *value)
            at = until + 1

    def _assign(self, name: str, field: str, start: int, end: int) -> None:
        if name in self._checked:
            return
        held = self._thing(start, end)
        if held is None:
            taint = self._value(start, end)
            last = field.rpartition(".")[2]
            named = last in ("length", "number", "id", "sha") and "readFile" not in self._code
            if taint is not None and not named:
                self._variables[name] = taint
            return
        if held.event:
            field = "" if field == "data" else field.removeprefix("data.")
        last = field.rpartition(".")[2].strip("*")
        if not held.listed or not last or _LISTED.search(f".{last}"):
            self._variables[name] = held.part(field) if field else held

    def _thing(self, start: int, end: int) -> Thing | None:
        """The object that an expression gives: an answer, or a part of the event or of another."""
        code = self._plain[start:end].strip().removeprefix("await").strip()
        for request, thing in _ANSWERS:
            if f"{request}(" in code or f"{request}," in code:
                return thing
        if "GITHUB_EVENT_PATH" in self._code[start:end]:
            return Thing("github.event")
        match = _CHAIN.match(code)
        if match is None or match[2] or code[match.end() :].strip(" ;)"):
            return None
        return self._named(match[1])

    def _named(self, chain: str) -> Thing | None:
        """The object that a chain of names stands for."""
        plain = _INDEX.sub(".*", chain.replace("?", "")).rstrip(".")
        if plain in ("context", "context.payload"):
            return Thing("github.event" if plain != "context" else plain)
        if plain.startswith(_PAYLOAD):
            return Thing(f"github.event.{plain[len(_PAYLOAD) :]}")
        name, _, rest = plain.partition(".")
        held = self._variables.get(name)
        if not isinstance(held, Thing):
            return None
        if held.event:
            rest = rest.removeprefix("data").removeprefix(".")
        return held.part(rest) if rest else held

    def _of(self, thing: Thing) -> Taint | None:
        """Whose text an object is."""
        path = thing.path.lower().removesuffix(".*")
        if thing.event:
            events = frozenset({thing.event})
            found = direct(path, events, events)
            # whatever the run, it can ask for it
            return None if found is None else found._replace(sandboxed=False)
        return direct(path, self._context.events, self._context.open_events)

    def _value(self, start: int, end: int, *, pasted: bool = True) -> Taint | None:
        """Whose text an expression gives."""
        code = self._plain[start:end]
        choice = _CHOICE.search(code)
        if choice is not None and "/" in code:
            # what a regular expression says is no choice
            choice = _CHOICE.search(_MATCHED.sub(lambda match: " " * len(match[0]), code))
        if choice is not None:
            start, code = start + choice.end(), code[choice.end() :]
        if _HARMLESS.search(code) or _COMPARED.search(code) or _narrow(self._code[start:end]):
            return None
        taint = strongest(self._parts(start, end, pasted=pasted))
        whole = taint is not None and "JSON.stringify(" in code
        return taint.narrowed("line") if whole and taint is not None else taint

    def _parts(self, start: int, end: int, *, pasted: bool) -> list[Taint | None]:
        code = self._plain[start:end]
        found = [
            self._chained(match[1], code, called=bool(match[2])) for match in _CHAIN.finditer(code)
        ]
        named = _ENVIRONMENT.finditer(self._code, start, end)
        found += (self._flow.tainted.get((match[1] or match[2]).lower()) for match in named)
        for fence in fences(self._code[start:end]) if pasted else ():
            found += taints_in(self._context, self._flow, fence.code)
        if "readFile" in code and self._flow.known.files:
            read = _FILE_READ.finditer(self._code, start, end)
            found += (self._read(match[2], whole=bool(match[1])) for match in read)
        return found

    def _read(self, given: str, *, whole: bool) -> Taint | None:
        """Whose text a file holds, by what names it; that of a download where it does not say which."""
        pieces = _PIECE.finditer(given if whole else given.partition(",")[0])
        parts = [f"${piece[1]}" if piece[1] else piece[2] or "" for piece in pieces]
        path = "/".join(parts)
        if all(parts) and "${" not in path.replace("${process.env.", ""):
            return file_taint(self._flow, "", path)
        files = reversed(self._flow.known.files)
        return next((one.taint for one in files if not one.checkout), None)

    def _chained(self, chain: str, code: str, *, called: bool) -> Taint | None:
        """Whose text `name.field.method(` gives."""
        head, dot, last = chain.replace("?", "").rpartition(".")
        if called:
            if last in _JUDGING:
                return None
            chain = head if last in _METHODS else chain
        elif dot and last == "length":
            return None
        first, *others = chain.replace("?", "").split(".")
        parts = [first, *(part for part in others if part not in _METHODS)]
        thing = self._named(".".join(parts))
        if thing is not None and thing.listed:
            said = _LISTED.search(code) is not None
            whole = not called and set(parts[1:]) <= {"data"}
            return self._of(thing._replace(path=f"{thing.path}.body")) if said or whole else None
        if thing is not None:
            return self._of(thing)
        held = self._variables.get(parts[0].partition("[")[0]) if parts else None
        return held if isinstance(held, Taint) else None


def _checked(code: str) -> frozenset[str]:
    """The variables that a script holds against a narrow pattern, from their first letter to their last."""
    found = _GUARDED.finditer(code)
    return frozenset(match[2] for match in found if _LOOSE.search(match[1]) is None)


def _blanked(code: str) -> str:
    """The text without what is in its literals and comments, what they are filled with excepted."""
    return _AT.sub(lambda match: f"[{'0' * len(match[1])}]", _TEXT.sub(_emptied, code))


def _emptied(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] != "`":
        return text[0] + " " * (len(text) - 2) + text[-1] if text[0] != "/" else " " * len(text)
    at, kept = 1, ["`"]
    for filled in _FILLED.finditer(text):
        kept += (" " * (filled.start() - at), filled[0])
        at = filled.end()
    return "".join((*kept, " " * (len(text) - 1 - at), "`"))


def _narrow(code: str) -> bool:
    """Whether an expression gives no more than what a narrow pattern finds in a text."""
    match = _MATCHED.search(code)
    if match is None or (".exec(" not in code and ".match" not in code):
        return False
    return _LOOSE.search(match[1]) is None
