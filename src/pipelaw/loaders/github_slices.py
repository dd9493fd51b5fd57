"""What a script writes under a name, with whatever its own variables put into it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTINUED = pattern(r"\\\n\s*")
VARIABLE = pattern(r"\$\{?([A-Za-z_]\w*)")
"""The use of a variable, as far as its name."""
_ASSIGNED = pattern(
    r"(?m)(?:^|[;&|(]|\bthen\b|\bdo\b|\belse\b)[ \t]*(?:(?:export|local|readonly|declare)[ \t]+)?"
    r"([A-Za-z_]\w*)=(\S[^\n]*)"
)
_READ = pattern(r"\bread\s([^\n<]{0,200})<<<([^\n]+)")
_DEEPEST = 4
_LONGEST = 20_000
_MOST = 100
"""Only so many variables are looked at over several lines."""


@lru_cache(maxsize=256)
def _joined(script: str) -> str:
    return _CONTINUED.sub(" ", script[:_LONGEST])


@lru_cache(maxsize=256)
def assignments(script: str) -> dict[str, list[str]]:
    """The values that a script gives its variables; one over several lines is taken whole."""
    text = _joined(script)
    found: dict[str, list[str]] = {}
    for match in _ASSIGNED.finditer(text):
        value = match[2]
        if len(found) < _MOST and value.count("(") > value.count(")"):
            value = text[match.start(2) : _closed(text, match.start(2))]
        found.setdefault(match[1], []).append(value)
    for match in _READ.finditer(text):
        for name in match[1].split():
            found.setdefault(name, []).append(match[2])
    return found


def _closed(text: str, start: int) -> int:
    """The index after the parenthesis that closes the first one."""
    depth = 0
    for at in range(start, min(len(text), start + 2000)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return at + 1
    return len(text)


def slice_of(script: str, name: str, env: Mapping[str, str]) -> str:
    """Every value that a script writes as `name=value`, and what its variables hold; "" for none."""
    text = _joined(script)
    written = re.compile(
        rf"(?:^|[\"'\s;{{]|\bname=){re.escape(name)}(?:=|::|<<\w+\s)(?P<value>[^\n]*)",
        re.MULTILINE | re.IGNORECASE,
    )
    pieces = [match["value"] for match in written.finditer(text)]
    return expanded("\n".join(pieces), script, env) if pieces else ""


def expanded(piece: str, script: str, env: Mapping[str, str]) -> str:
    """A piece of a script, and after it everything that its variables were given."""
    known = assignments(script)
    told: set[str] = set()
    pieces, fresh = [piece], [piece]
    for _ in range(_DEEPEST):
        names = {match[1] for text in fresh for match in VARIABLE.finditer(text)} - told
        told |= names
        fresh = [value for name in sorted(names) for value in known.get(name, ())]
        fresh += [env[name.lower()] for name in sorted(names) if name.lower() in env]
        if not fresh:
            break
        pieces += fresh
    return "\n".join(pieces)[:_LONGEST]
