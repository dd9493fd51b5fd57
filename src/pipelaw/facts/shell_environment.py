"""What programs print that put in variables of their environment by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import UNKNOWN, Value, narrowed
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.facts.shell_programs import Call
    from pipelaw.facts.shell_taint import Shell
    from pipelaw.facts.taint import Taint

_OF_ENVIRONMENT = pattern(
    r"(?:\benviron(?:\.get)?\s*[\[(]|\bgetenv\(|\bENV[\[{]|\bprocess\.env[.\[])\s*[\"']?(\w+)"
)
_JUDGED = pattern(
    r"\b(?:b64encode|bool|encodeURIComponent|fullmatch|hexdigest|int|isalnum|isdigit|len|Number|parseInt|quote)\b"
    r"|[=!]==?[^=>]|\.length\b|\bsub\(\s*r?[\"']\[\^|\.replace\(/\[\^"
)
_ONE_LINE = pattern(r"\bjson\.dumps\(|\bJSON\.stringify\(")


def coded(shell: Shell, call: Call) -> Value:
    """`python -c CODE`, `node -e CODE`: what the code takes from variables and from standard input."""
    if len(call.words) < 3 or call.words[1][:1] != "-":
        return (shell.given.produce(call.words, call.files) or UNKNOWN,)
    code = " ".join(call.words[1:])
    if _JUDGED.search(code):
        return (UNKNOWN,)
    found = [shell.variable(match[1]) for match in _OF_ENVIRONMENT.finditer(code)]
    if "stdin" in code:
        found.append(call.stdin)
    value = tuple(piece for each in found for piece in each)
    if not value:
        value = (shell.given.produce(call.words, call.files) or UNKNOWN,)
    return narrowed(value, "line") if _ONE_LINE.search(code) else value


_NAMED = pattern(r"\$(?:\{(\w+)\}|(\w+))")


def substituted(shell: Shell, call: Call) -> Value:
    """`envsubst`: what it reads, with variables in it; its words may say which."""
    asked = {one or other for one, other in _NAMED.findall(" ".join(call.words[1:]))}
    return tuple(
        part
        for piece in call.stdin
        for part in (_filled(shell, piece, asked) if isinstance(piece, str) else (piece,))
    )


def _filled(shell: Shell, text: str, asked: set[str]) -> Iterator[str | Taint]:
    at = 0
    for match in _NAMED.finditer(text):
        name = match[1] or match[2]
        if not asked or name in asked:
            yield text[at : match.start()]
            yield from shell.variable(name)
            at = match.end()
    yield text[at:]
