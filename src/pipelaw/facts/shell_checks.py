"""Conditions of a script that leave a variable no room for anything hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable

_MATCHED = pattern(
    r"(?P<not>!\s*)?(?:\[\[\s*)?(?P<inner>!\s*)?\"?\$\{?(?P<name>\w+)\}?\"?\s*"
    r"(?:=~\s*(?P<pattern>\S+(?:\s[^\]&|;]*)?)|(?P<operator>==?|!=)\s*(?P<other>\"[^\"$]*\"|'[^']*'|[\w./-]+))"
)
_NEGATED = pattern(r"!\s*\[\[?")
_LEAVES = pattern(r"\b(?:exit|return|continue|break)\b")


def checked(condition: str, value: Callable[[str], str]) -> dict[str, bool]:
    """The variables that a condition compares with a whole pattern or a word.

    True where they are harmless when it holds, False where they are when it does not. `value` gives the
    text of a variable, for patterns that are kept in one.
    """
    condition = condition.strip()
    outer = _NEGATED.match(condition) is not None
    # what a part of a condition says is only certain where the parts are joined the right way
    certain = {True: "||" not in condition, False: ("||" if outer else "&&") not in condition}
    found = {}
    for match in _MATCHED.finditer(condition, 1 if outer else 0):
        pattern = match["pattern"]
        if pattern is not None and not _whole(pattern.strip(), value):
            continue
        inner = match["operator"] == "!=" or match["inner"] is not None or match["not"] is not None
        holds = outer is inner
        if certain[holds]:
            found[match["name"]] = holds
    return found


def _whole(pattern: str, value: Callable[[str], str]) -> bool:
    """Whether a pattern says what a text begins with."""
    plain = pattern.strip("\"'")
    if plain.startswith("$"):
        plain = value(plain.strip("${}"))
    return plain.startswith("^") and not plain.startswith(("^.*", "^(.*"))


def leaves(body: str) -> bool:
    """Whether a branch ends the script, or at least what stands behind it."""
    return _LEAVES.search(body) is not None
