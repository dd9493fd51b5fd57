"""Scripts of other languages, by pattern: JavaScript for actions/github-script, PowerShell, cmd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_expressions import Fence, fences, sources
from pipelaw.loaders.github_taint import direct, taint_of
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.loaders.github_context import Context, Flow

_PAYLOAD = pattern(r"\bcontext\.payload\??\.([\w.?]+(?:\[\d+\]\??\.[\w.?]+)?)")
_ENVIRONMENT = pattern(r"\bprocess\.env(?:\.(\w+)|\[['\"](\w+)['\"]\])")
_ASSIGNED = pattern(r"\b(?:(?:const|let|var)\s+)?([A-Za-z_$][\w$]*)\s*=(?![=>])\s*([^;\n]+)")
_UNPACKED = pattern(r"\b(?:const|let|var)\s*\{([^}=]*)\}\s*=\s*([^;\n]+)")
_OUTPUT = pattern(r"\bcore\.setOutput\(\s*['\"`]([\w-]+)['\"`]\s*,\s*([^\n;]+)")
_EXPORT = pattern(r"\bcore\.exportVariable\(\s*['\"`](\w+)['\"`]\s*,\s*([^\n;]+)")
_RETURN = pattern(r"(?m)^\s*return\s+([^;\n]+)")
_HARMLESS = pattern(
    r"\.(?:length|number|id|sha|test|includes|startsWith|endsWith|indexOf|some|every)\b"
    r"|\bparseInt\(|\bNumber\(|\bBoolean\(|encodeURIComponent\(|JSON\.stringify\(|[!=]==?|\.replace\(/\[\^"
)
_WORD = pattern(r"(?<![\w$.])([A-Za-z_$][\w$]*)")


class JavaScript:
    """The outputs of a step that runs a text of JavaScript."""

    def __init__(self, context: Context, flow: Flow, code: str) -> None:
        self._context = context
        self._flow = flow
        self._code = code
        self._variables: dict[str, Taint] = {}

    def outputs(self) -> dict[str, Taint]:
        """Whose text each output holds; what the script returns is `result`."""
        if not any(word in self._code for word in ("payload", "process.env", "${{")):
            return {}
        self._follow()
        found = self._handed(_OUTPUT)
        returned = strongest(
            taint
            for match in _RETURN.finditer(self._code)
            if (taint := self._value(match[1])) is not None
        )
        if returned is not None:
            found["result"] = returned
        return found

    def exports(self) -> dict[str, Taint]:
        """Whose text each variable holds that it sets for later steps."""
        if "exportVariable" not in self._code:
            return {}
        self._follow()
        return self._handed(_EXPORT)

    def _handed(self, pattern: re.Pattern[str]) -> dict[str, Taint]:
        found = ((m[1].lower(), self._value(m[2])) for m in pattern.finditer(self._code))
        return {name: taint for name, taint in found if taint is not None}

    def _follow(self) -> None:
        """Learn what the variables hold, in the order of the text."""
        for match in _UNPACKED.finditer(self._code):
            path = _PAYLOAD.search(match[2])
            for part in match[1].split(","):
                field, _, name = (word.strip() for word in part.partition(":"))
                taint = self._field(f"{path[1]}.{field}") if path else None
                if taint is not None:
                    self._variables[name or field] = taint
        for match in _ASSIGNED.finditer(self._code):
            taint = self._value(match[2])
            if taint is not None:
                self._variables[match[1]] = taint

    def _field(self, path: str) -> Taint | None:
        plain = re.sub(r"\[\d+\]", ".*", path.replace("?", "")).lower()
        for end in (
            ".trim",
            ".split",
            ".tolowercase",
            ".touppercase",
            ".match",
            ".replace",
            ".slice",
        ):
            plain = plain.partition(end)[0]
        return direct(f"github.event.{plain}", self._context.events, self._context.open_events)

    def _value(self, code: str) -> Taint | None:
        """Whose text an expression gives."""
        if _HARMLESS.search(code):
            return None
        return strongest(self._parts(code))

    def _parts(self, code: str) -> Iterator[Taint]:
        candidates = [self._field(match[1]) for match in _PAYLOAD.finditer(code)]
        named = ((m[1] or m[2]).lower() for m in _ENVIRONMENT.finditer(code))
        candidates += (self._flow.tainted.get(name) for name in named)
        for fence in fences(code):
            candidates += (taint_of(self._context, self._flow, p) for p in sources(fence.code))
        candidates += (self._variables.get(match[1]) for match in _WORD.finditer(code))
        yield from (taint for taint in candidates if taint is not None)


def harmless(text: str, fence: Fence, sink: str, shell: str, charset: str) -> bool:
    """Whether an expression stands where what it puts in cannot become code."""
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
    """Whether an expression stands in a quoted here-document that is data: only a whole line ends it."""
    opened = None
    for match in _QUOTED.finditer(text, 0, fence.start):
        opened = match
    return opened is not None and not re.search(
        rf"^\s*{re.escape(opened[2])}\s*$", text[opened.end() : fence.start], re.MULTILINE
    )


_PWSH_FILE = pattern(r"(?i)\$\{?env:GITHUB_(ENV|OUTPUT|PATH)\b")
_PWSH_VARIABLE = pattern(r"(?i)\$\{?env:(\w+)")
_PWSH_NAME = pattern(r"[\"'`]?\s*([A-Za-z_][\w-]*)=")
_JOINED = pattern(r"(?i)-replace\s+['\"](?:`r)?`?n|\\[rn]|\.Trim\(|-replace\s+['\"]\[\^")
_KINDS = {"env": "environment", "output": "outputs", "path": "search path"}


def powershell(
    code: str, tainted: Mapping[str, Taint]
) -> Iterator[tuple[str, str, Taint, int, int]]:
    """What a script of PowerShell writes to GitHub's files: kind, name, whose text, start and end."""
    at = 0
    for line in code.splitlines(keepends=True):
        file = _PWSH_FILE.search(line)
        if file is not None:
            found = strongest(
                taint
                for match in _PWSH_VARIABLE.finditer(line)
                if (taint := tainted.get(match[1].lower())) is not None
            )
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
