"""Lines of `NAME=value` that a query of JSON makes: `gh pr view --json title --jq '"title=" + .title'`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import UNKNOWN, taints
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelaw.facts.taint import Taint, Value

_LABEL = pattern(r'(?:"|\\n)([A-Za-z_][\w-]*)=')
_FILLED = pattern(r"\\\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_ADDED = pattern(r'"\s*\+([^,]*)')
_BEFORE = pattern(r"\s*(\.[\w.]+)\s*\|\s*")
"""The member that the rest of a query is about."""


def labelled(words: Sequence[str], ask: Callable[[list[str]], Value]) -> Value | None:
    """What a query prints whose texts begin with names; None for any other query.

    `ask` tells what the command would print with other words, a part of the query among them.
    """
    at = next((at for at, word in enumerate(words) if at and _labels(word)), 0)
    if not at:
        return None
    query = words[at]
    matches = list(_LABEL.finditer(query))
    about = _BEFORE.fullmatch(query[: matches[0].start()])
    member = about[1] if about is not None else ""
    ends = [*(match.start() for match in matches[1:]), len(query)]
    found: list[str | Taint] = []
    for match, end in zip(matches, ends, strict=True):
        found.append(f"{match[1]}=")
        for part in _parts(query[match.end() : end]):
            found += taints(ask([*words[:at], f"{member}{part}", *words[at + 1 :]])) or (UNKNOWN,)
        found.append("\n")
    return tuple(found)


def _labels(word: str) -> bool:
    return "=" in word and '"' in word and _LABEL.search(word) is not None


def _parts(text: str) -> Iterator[str]:
    """The queries whose answers stand behind a name."""
    for match in _FILLED.finditer(text):
        yield match[1].strip()
    if (added := _ADDED.search(text)) is not None:
        yield added[1].strip()
