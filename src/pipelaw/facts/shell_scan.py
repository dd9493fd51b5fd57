"""A whole script read: its commands, those of scripts inside it, and what they fetch."""

from __future__ import annotations

from functools import lru_cache

from pipelaw.facts.shell_bash import parse
from pipelaw.facts.shell_remote import mark
from pipelaw.facts.shell_syntax import Simple, Unit
from pipelaw.patterns import pattern

_SUBSTITUTED = pattern(r"\$\(|`|\$\{?\w+\}?\Z")
_DEEPEST = 2
"""How many scripts inside each other are read: `sh -c "…"` in a here-document for `bash`."""
_FAMILIES = frozenset({"bash", "pwsh", "cmd"})


def _parsed(unit: Unit, family: str) -> list[Simple]:
    if family == "bash":
        return parse(unit)
    from pipelaw.facts import shell_windows  # noqa: PLC0415  most scans meet no such script

    return (
        shell_windows.parse_cmd(unit) if family == "cmd" else shell_windows.parse_powershell(unit)
    )


@lru_cache(maxsize=512)
def scan(text: str, family: str) -> tuple[Simple, ...]:
    """The simple commands of a script and of the scripts inside it, in order.

    `family` is bash, pwsh or cmd; there are none for other languages.
    """
    if family not in _FAMILIES or not text.strip():
        return ()
    units = [(Unit(text), family)]
    found: list[Simple] = []
    left = 4 * len(text)  # what is nested is read again, which must not add up to a square
    while units:
        unit, language = units.pop()
        left -= len(unit.code)
        if left < 0:
            break
        simples = _parsed(unit, language)
        if unit.expanded:
            simples = [simple for simple in simples if not simple.flow.captured]
        found += simples
        if unit.depth < _DEEPEST:
            for simple in simples:
                if simple.fed or simple.reading.code:
                    units += _inner(simple)
    found.sort(key=lambda simple: simple.unit.absolute(simple.start, simple.end)[0])
    mark(found, text)
    return tuple(found)


def _inner(simple: Simple) -> list[tuple[Unit, str]]:
    """The scripts in a command's words or in its input."""
    unit, reading = simple.unit, simple.reading
    found: list[tuple[Unit, str]] = []
    if reading.language in _FAMILIES and reading.code and not reading.remote:
        first, last = reading.code[0], reading.code[-1]
        code = " ".join(simple.words[first : last + 1])
        start, end = simple.spans[first][0], simple.spans[last][1]
        quote = int(unit.code[start + 1 : end - 1] == code)
        expanded = any(index in reading.code for index, _ in simple.subs)
        found += _nested(
            unit, code, (start + quote, end - quote), reading.language, expanded=expanded
        )
    for fed in simple.fed:
        taker = fed.taker
        if taker.language in _FAMILIES and not taker.remote:
            code = unit.code[fed.start : fed.end]
            place = (fed.start, fed.end)
            found += _nested(unit, code, place, taker.language, expanded=fed.expanded)
    return found


def _nested(
    unit: Unit, code: str, place: tuple[int, int], language: str, *, expanded: bool
) -> list[tuple[Unit, str]]:
    """A script inside a unit; none where it begins with what a substitution or variable holds."""
    if _SUBSTITUTED.match(code):
        return []
    exact = unit.exact and unit.code[slice(*place)] == code
    begin, end = unit.absolute(*place)
    depth = unit.depth + 1
    return [(Unit(code, begin, end, depth=depth, exact=exact, expanded=expanded), language)]
