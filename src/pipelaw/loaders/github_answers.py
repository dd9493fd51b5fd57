"""What GitHub answers in JSON: which members hold what people wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from pipelaw.facts.taint import Taint

TEXTS = frozenset(
    "title body comments reviews messageheadline messagebody message files path filename patch"
    " description display_title displaytitle".split()
)
"""Members with texts, in lower case."""
_BRANCHES = frozenset("headrefname ref label headbranch head_branch headrepository".split())
_SAFE_ENDS = pattern(r"\b(?:length|tonumber|@uri|@sh|@base64)\b|@sh")
_NAME = pattern(r"\.?\b([A-Za-z_]\w*)")
_SELECTED = pattern(
    r"\b(?:select|test|contains|startswith|endswith|any|all|sort_by)\([^()]*(?:\([^()]*\)[^()]*)*\)"
)


_BASE = pattern(r"\.base(?:\.\w+)+")


def names(query: str) -> frozenset[str]:
    """The members that a query prints, in lower case: those that it only compares are left out.

    So are those of a request's base, which members name.
    """
    shown = _BASE.sub(".base", _SELECTED.sub("", query))
    return frozenset(name.lower() for name in _NAME.findall(shown))


def held(answer: Taint, members: frozenset[str], query: str) -> Taint | None:
    """What the named members of an answer hold, None for nothing that could do harm."""
    if _SAFE_ENDS.search(query):
        return None
    if members & TEXTS:
        return answer._replace(charset="text", answer=False)
    return answer._replace(charset="branch", answer=False) if members & _BRANCHES else None


def picked(answer: Taint, query: str) -> Taint | None:
    """What a query such as `.head.ref` picks from an answer."""
    found = names(query)
    return held(answer, found, query) if found else answer
