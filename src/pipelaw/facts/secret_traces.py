"""What a script names while its shell prints every command."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

TRACED = r"\bset -(?:\w*x|[^\n;&|]{0,40}?o xtrace\b)"
_UNTRACED = pattern(r"\bset[ \t]+\+(?:\w*x|o[ \t]+xtrace\b)")


def tracing(words: Sequence[str]) -> bool:
    """Whether the words of a `set` make the shell print every command: `-ex`, `-e -o xtrace`."""
    return any(
        (word[:1] == "-" and word[1:2] != "-" and "x" in word)
        or (word == "xtrace" and words[at - 1][:1] == "-")
        for at, word in enumerate(words)
        if at
    )


def named_bare(text: str, start: int, names: Iterable[str]) -> str:
    """The first of some variables that is set or expanded in the stretch behind `start`, "" for none."""
    ways = ("${}", "${{{}", "{}=")
    return next(
        (n for n in names if Traces(text).named(start, [way.format(n) for way in ways], None)), ""
    )


class Traces:
    """The stretches of a script from a `set -x` to the next `set +x`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in _UNTRACED.finditer(text)]
        self._last: dict[int, tuple[int, int]] = {}
        """By the end of a stretch: from where it was looked at, and what was named last."""

    def named(self, start: int, names: Iterable[str], template: re.Pattern[str] | None) -> bool:
        """Whether one of some names, or what a template stands for, is in the stretch behind `start`."""
        at = bisect_left(self._ends, start)
        end = self._ends[at] if at < len(self._ends) else len(self._text)
        known = self._last.get(end)
        if known is None or start < known[0]:
            places = [self._text.rfind(name, start, end) for name in names]
            if template is not None:
                places += [match.start() for match in template.finditer(self._text, start, end)]
            known = self._last[end] = start, max(places, default=-1)
        return known[1] >= start
