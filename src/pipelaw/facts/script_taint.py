"""What code that is no shell's does with foreign text, and how far its calls are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.facts.taint import Taint
    from pipelaw.words import Sink


class Run(NamedTuple):
    """A place where foreign text is run, or written to a file that the platform reads."""

    kind: Sink
    """What runs the text or reads it from where it was written."""
    name: str
    """The variable or output that gets the text, "" where that is not said."""
    taint: Taint
    start: int
    end: int
    behind: bool = False
    """Other names got their values before, in the same file."""


LONGEST = 2000
"""How far the arguments of a call are followed."""
MOST = 200
"""How many calls of a script are followed; only what nests calls to waste time has more."""


def closing(code: str, start: int, *, whole: bool = True) -> int:
    """Where the arguments of a call end that begin at `start`, or its first one; without its literals."""
    depth = 0
    end = min(len(code), start + LONGEST)
    for at in range(start, end):
        letter = code[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                return at
            depth -= 1
        elif letter == "," and depth == 0 and not whole:
            return at
    return end
