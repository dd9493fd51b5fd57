"""Secrets that code of Python or JavaScript prints: in a step, or after `python -c`.

Only shapes that certainly give a secret's text count: the variable itself, alone or in a text, a part of it,
another encoding. A choice, a comparison, a length or a call of something unknown gives nothing away.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from pipelaw.facts.script_taint import MOST
from pipelaw.facts.secret_leaks import Held
from pipelaw.model import Leak
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.facts.shell_syntax import Simple
    from pipelaw.model import Script


class _Print(NamedTuple):
    """A call that prints a secret."""

    by: str
    source: Held
    start: int
    end: int


class _Language(NamedTuple):
    """How a language prints, and how it reads the environment."""

    prints: re.Pattern[str]
    """A call that prints, up to its parenthesis."""
    reads: re.Pattern[str]
    """The value of a variable of the environment."""
    whole: re.Pattern[str]
    """Arguments that are the whole environment."""
    assigned: re.Pattern[str]
    unpacked: re.Pattern[str] | None
    """Several variables taken from the environment at once."""
    looped: re.Pattern[str]
    """A loop over the whole environment, with the variable that gets the values."""
    filled: re.Pattern[str]
    """What is put into a text."""
    comment: str


_LANGUAGES = {
    "python": _Language(
        pattern(
            r"(?<![\w.])(print|(?:pprint\.)?pprint|(?:logging|log|logger)\.(?:info|warning|error|critical)"
            r"|sys\.std(?:out|err)\.write)\("
        ),
        pattern(
            r"\b(?:os\.)?(?:environ\[\s*['\"](\w+)['\"]\s*\]"
            r"|(?:environ\.get|getenv)\(\s*['\"](\w+)['\"]\s*(?:,[^()\n]*)?\))"
        ),
        pattern(r"(?:dict\(\s*)?(?:os\.)?environ\s*\)?\Z"),
        pattern(r"^[ \t]*(\w+)[ \t]*=(?!=)[ \t]*([^\n]+)", re.MULTILINE),
        None,
        pattern(r"\bfor\s+\w+\s*,\s*(\w+)\s+in\s+(?:sorted\(\s*)?(?:os\.)?environ\.items\("),
        pattern(r"(?<!\{)\{([^{}]+?)(?:![rsa])?(?::[^{}]*)?\}"),
        "#",
    ),
    "javascript": _Language(
        pattern(
            r"(?<![\w.])(console\.(?:log|info|warn|error|debug|dir)|core\.(?:info|notice|warning|error|setFailed)"
            r"|process\.std(?:out|err)\.write)\("
        ),
        pattern(r"\bprocess\.env(?:\.(\w+)|\[\s*['\"`](\w+)['\"`]\s*\])"),
        pattern(r"(?:JSON\.stringify\(\s*)?process\.env\s*(?:[,)][^.\[]*)?\Z"),
        pattern(r"\b(?:const|let|var)\s+(\w+)\s*=(?!=)\s*([^;\n]+)"),
        pattern(r"\{([^{}=]{1,300})\}\s*=\s*process\.env\b(?!\s*[.\[])"),
        pattern(r"\[\s*\w+\s*,\s*(\w+)\s*\]\s+of\s+Object\.entries\(\s*process\.env\s*\)"),
        pattern(r"\$\{([^{}]*)\}"),
        "//",
    ),
}
_LANGUAGES["node"] = _LANGUAGES["javascript"]

_MARKED = pattern(r"\0(\w+)\0+")
"""What stands for a variable of the environment, as long as the text that reads it."""
_LITERAL = pattern(r"(?:[fFrRbBuU]{0,2})(['\"`])(?P<text>.*)\1\Z", re.DOTALL)
_FORMAT = pattern(r"(?:['\"]).*['\"]\.format\((?P<text>.*)\)\Z", re.DOTALL)
_SAME = pattern(r"(?:str|repr|String|JSON\.stringify)\(")
_MADE = pattern(
    r"(?:json\.loads|json\.dumps|JSON\.parse|base64\.\w+|b64encode|b64decode|btoa|atob|bytes|list|Buffer\.from"
    r"|encodeURIComponent|yaml\.safe_load)\("
)
"""A call that makes another text of one."""
_ATOM = pattern(r"(?:\0\w+\0+|[A-Za-z_$][\w$]*)")
_KEPT = pattern(r"\.(?:strip|lstrip|rstrip|trim|trimEnd|trimStart|encode|toString)\(\)")
_PART = pattern(
    r"\[[^\[\]]*\]|\.(?:split|slice|substring|substr|replace|replaceAll|upper|lower|toUpperCase|toLowerCase"
    r"|hex|at|charAt|toString|decode|join)\([^()]*\)"
)
_FIELD = pattern(r"\[[^\[\]]*\]|\??\.\w+(?:\([^()]*\))?")
_ELSEWHERE = pattern(r"\bfile\s*=\s*(?!sys\.std(?:out|err)\b)")
_MASKED = pattern(r"\bcore\.setSecret\(|::add-mask::")
_JUDGING = pattern(r"\.(?:length|startswith|startsWith|endswith|endsWith|includes|isdigit)\b")
_JOINS = (",", "+", "%", "||", "??")


def prints(
    script: Script, held: Mapping[str, Held], template: re.Pattern[str] | None
) -> Iterator[Leak]:
    """The secrets that a script prints; `template` finds those that are pasted into it."""
    for found in _prints(script.text, script.shell, held, template):
        yield _leak(script, found, found.start, found.end)


def embedded(
    script: Script, simple: Simple, held: Mapping[str, Held], template: re.Pattern[str] | None
) -> Iterator[Leak]:
    """The secrets that the code prints which a command of a shell hands to an interpreter."""
    reading, unit = simple.reading, simple.unit
    for index in reading.code:
        for found in _prints(simple.words[index], reading.language, held, template):
            yield _leak(script, found, *unit.absolute(simple.start, simple.end))
    for fed in simple.fed if reading.stdin else ():
        for found in _prints(unit.code[fed.start : fed.end], reading.language, held, template):
            place = unit.absolute(fed.start + found.start, fed.start + found.end)
            yield _leak(script, found, *place)


def _leak(script: Script, found: _Print, start: int, end: int) -> Leak:
    return Leak(
        way="log",
        secret=found.source.secret,
        derived=found.source.derived,
        token=found.source.token,
        by=found.by,
        place=script.source_text.place(start, end),
    )


def _prints(
    code: str, language: str, held: Mapping[str, Held], template: re.Pattern[str] | None
) -> Iterator[_Print]:
    known = _LANGUAGES.get(language)
    if known is not None and known.prints.search(code):
        yield from _Reader(code, known, held, template).found()


class _Reader:
    """One text of code."""

    def __init__(
        self,
        code: str,
        language: _Language,
        held: Mapping[str, Held],
        template: re.Pattern[str] | None,
    ) -> None:
        self.language = language
        self.held = held
        self.template = template
        self.code = language.reads.sub(self._marked, code)
        self.variables: dict[str, Held] = {}
        self.depth = 0

    def _marked(self, match: re.Match[str]) -> str:
        """The mark of a variable that holds a secret; others stay as they are."""
        name = match[1] or match[2]
        return f"\0{name}".ljust(len(match[0]), "\0") if name in self.held else match[0]

    def found(self) -> Iterator[_Print]:
        """The calls that print a secret."""
        self._follow()
        masked = _MASKED.search(self.code)
        for match in islice(self.language.prints.finditer(self.code), MOST):
            line = self.code.rfind("\n", 0, match.start()) + 1
            if self.code[line : match.start()].lstrip().startswith(self.language.comment):
                continue
            end = _end(self.code, match.end())
            source = self._printed(self.code[match.end() : end].strip())
            hidden = masked is not None and masked.start() < match.start()
            if source is not None and not (source.derived and hidden):
                yield _Print(match[1], source, match.start(), end + 1)

    def _printed(self, arguments: str) -> Held | None:
        if "::add-mask::" in arguments or _ELSEWHERE.search(arguments):
            return None
        if any(map(self.language.whole.match, _pieces(arguments))):
            return Held("*")
        return self._given(arguments)

    def _follow(self) -> None:
        """Learn which variables hold secrets."""
        unpacked = self.language.unpacked
        for match in unpacked.finditer(self.code) if unpacked is not None else ():
            for part in match[1].split(","):
                name, _, own = (word.strip() for word in part.partition(":"))
                if name in self.held:
                    self.variables[own or name] = self.held[name]
        for match in self.language.looped.finditer(self.code):
            self.variables[match[1]] = Held("*")
        for match in islice(self.language.assigned.finditer(self.code), MOST):
            source = self._given(match[2])
            if source is not None:
                self.variables[match[1]] = source

    def _given(self, code: str) -> Held | None:
        """The secret that an expression gives; what was made from one comes first."""
        if self.depth > _DEEPEST:
            return None
        self.depth += 1
        found = [source for piece in _pieces(code) if (source := self._piece(piece)) is not None]
        self.depth -= 1
        return next((one for one in found if one.derived), found[0] if found else None)

    def _piece(self, code: str) -> Held | None:
        literal = _LITERAL.match(code)
        if literal is not None:
            return self._filled(code, literal["text"])
        formatted = _FORMAT.match(code)
        if formatted is not None:
            return self._given(formatted["text"])
        if code[0] in "[{" and code[-1] in "]}":
            values = (part.partition(":")[2] or part for part in _pieces(code[1:-1]))
            return next(filter(None, map(self._given, values)), None)
        return None if _JUDGING.search(code) else self._called(code)

    def _called(self, code: str) -> Held | None:
        """The secret that a call gives whose text is that of its arguments, or that a variable holds."""
        made = _MADE.match(code)
        called = made or _SAME.match(code)
        if called is None:
            return self._taken(code)
        end = _end(code, called.end())
        source = self._given(code[called.end() : end])
        if source is None or _rest(code[end + 1 :], _FIELD):
            return None
        return source._replace(derived=True) if made is not None else source

    def _filled(self, code: str, text: str) -> Held | None:
        """The secret that is put into a text."""
        if self.template is not None and (match := self.template.search(text)):
            return Held(match["name"].upper())
        if code[0] in "'\"" or (code[0] not in "fF`" and code[1:2] not in ("f", "F")):
            return None
        found = (self._given(match[1]) for match in self.language.filled.finditer(text))
        return next((source for source in found if source is not None), None)

    def _taken(self, code: str) -> Held | None:
        """The secret that a variable holds, or a part of it."""
        atom = _ATOM.match(code)
        if atom is None:
            return None
        marked = _MARKED.match(code)
        source = self.held.get(marked[1]) if marked else self.variables.get(atom[0])
        rest = _rest(code[atom.end() :].strip(), _KEPT)
        if source is None or not rest:
            return source
        # what was parsed has fields, a text only parts
        whole = _rest(rest, _FIELD if source.derived else _PART) == ""
        return source._replace(derived=True) if whole else None


def _rest(code: str, part: re.Pattern[str]) -> str:
    """What is left of code after all that a pattern finds at its beginning."""
    at = 0
    while (match := part.match(code, at)) is not None:
        at = match.end()
    return code[at:]


def _end(code: str, start: int) -> int:
    """Where the arguments of a call end."""
    return next((at for at, _ in _top(code, start, ")")), len(code))


def _pieces(code: str) -> list[str]:
    """The parts of an expression whose texts are all in what it gives."""
    found: list[str] = []
    at = 0
    for index, joint in _top(code, 0, *_JOINS):
        found.append(code[at:index].strip())
        at = index + len(joint)
    return [piece for piece in (*found, code[at:].strip()) if piece]


_LONGEST = 1000
"""How far an expression is read."""
_DEEPEST = 10
"""How many calls and texts inside each other are looked into."""


def _top(code: str, start: int, *marks: str) -> Iterator[tuple[int, str]]:
    """Where marks are outside of literals and parentheses."""
    depth, quote = 0, ""
    at = start
    while at < min(len(code), start + _LONGEST):
        char = code[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif depth == 0 and (mark := next((m for m in marks if code.startswith(m, at)), "")):
            yield at, mark
            at += len(mark) - 1
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        at += 1
