"""Looking for the patterns of `matches`; what a pattern means is worked out once, for later runs too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.prepared import once

if TYPE_CHECKING:
    from collections.abc import Callable


def searcher(text: str) -> Callable[[str], object]:
    """The function that gives None for a text in which the pattern is not found."""
    written, longest = once(("matches", text), lambda: _translated(text))
    search = pattern(written, re.ASCII).search
    automata: list[Callable[[str], bool]] = []

    def searched(value: str) -> object:
        if len(value) <= longest:
            return search(value)
        if not automata:
            # few texts are that long
            from pipelaw.cel.automaton import Automaton  # noqa: PLC0415  see above
            from pipelaw.cel.patterns import meant  # noqa: PLC0415  see above

            automata.append(Automaton(meant(text)).search)
        return automata[0](value) or None

    return searched


def _translated(text: str) -> tuple[str, int]:
    from pipelaw.cel.patterns import translated  # noqa: PLC0415  an earlier run has mostly done it

    return translated(text)
