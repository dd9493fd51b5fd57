"""Text that somebody else decides, and what is left of its power on the way through a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.words import Charset


class Taint(NamedTuple):
    """A piece of text that somebody who is not trusted decides."""

    who: str
    """Who decides it, for messages: `whoever opens the issue`."""
    charset: Charset = "text"
    """text: anything; words: line breaks are lost, but only because quotes are missing; line:
    anything but a line break; branch: what git allows in a branch's name."""
    outsider: bool = False
    """Somebody without write access decides it."""
    sandboxed: bool = False
    """Nobody but runs without the base repository's permissions gets to see it."""
    via: str = ""
    """What it passed through: a variable, output or file; "" when direct."""
    pasted: bool = False
    """It is pasted into this very script before the shell reads it."""
    answer: bool = False
    """It is what a forge answered, as JSON: which of its members people write is known."""
    quoted: bool = False
    """A shell takes it for one word, whatever it says."""

    @property
    def exposed(self) -> bool:
        """An outsider decides it, and runs with the base repository's permissions get to see it."""
        return self.outsider and not self.sandboxed

    def narrowed(self, charset: Charset) -> Taint:
        """The same with no more freedom than a charset gives."""
        return self._replace(charset=min(self.charset, charset, key=CHARSETS.index))


CHARSETS: tuple[Charset, ...] = ("branch", "line", "words", "text")
"""From the least freedom to the most."""

Value = tuple["str | Taint", ...]
"""A text in pieces: those that the script says itself, and those that somebody else decides."""

UNKNOWN = "\0"
"""Stands in a value for text that the script gets from elsewhere and nobody hostile decides."""


CHECKED_OUT = "files that were checked out"
"""How an outsider's files come to a script."""
LISTED = f"names of {CHECKED_OUT}"
"""How their names come to it, by which it can read them."""


def strongest(taints: Iterable[Taint | None]) -> Taint | None:
    """The taint with most power of several, None for none: an outsider's, with permissions, most freedom."""
    found = [taint for taint in taints if taint is not None]
    # most are asked for nothing or one
    return max(found, key=_power) if len(found) > 1 else found[0] if found else None


def _power(taint: Taint) -> tuple[bool, bool, int]:
    return taint.outsider, not taint.sandboxed, CHARSETS.index(taint.charset)


def taints(value: Value) -> list[Taint]:
    """The pieces of a value that somebody else decides."""
    return [piece for piece in value if not isinstance(piece, str)]


MOST = 200
"""A value has no more pieces, and an array no more elements: scripts can double both with each line."""


def bounded(value: Value) -> Value:
    """A value; of one in very many pieces, as `x="$x$x"` makes them, the foreign ones, each once."""
    if len(value) <= MOST:
        return value
    foreign: Value = tuple(dict.fromkeys(taints(value)))
    return (UNKNOWN, *foreign[:MOST])


def narrowed(value: Value, charset: Charset) -> Value:
    """A value whose foreign pieces have no more freedom than a charset gives."""
    return tuple(piece if isinstance(piece, str) else piece.narrowed(charset) for piece in value)


def quoted(value: Value) -> Value:
    """A value as a shell would have to write it down: one word of one line."""
    return tuple(
        piece if isinstance(piece, str) else piece.narrowed("line")._replace(quoted=True)
        for piece in value
    )


def plain(value: Value) -> str:
    """The text of a value, with UNKNOWN for every foreign piece."""
    return "".join(piece if isinstance(piece, str) else UNKNOWN for piece in value)


def stripped(value: Value) -> Value:
    """A value without the line breaks at its end, as a substitution gives it."""
    if value and isinstance(value[-1], str):
        return (*value[:-1], value[-1].rstrip("\n"))
    return value
