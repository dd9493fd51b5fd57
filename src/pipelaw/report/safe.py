"""Text from scanned files, made harmless for terminals, logs and readers."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re

    from pipelaw.document import Problem
    from pipelaw.source import Span


def visible(text: str) -> str:
    r"""`text` with what draws nothing, or moves other text, as an escape: `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(map(_drawn, text))


@lru_cache(maxsize=1024)
def _drawn(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return char.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """`text` on one line, and visible."""
    return visible(" ".join(text.split()))


def located(where: Span | Problem) -> str:
    """`path:line:column` of a place, visible."""
    return f"{visible(where.path)}:{where.line}:{where.column}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, with an ellipsis where some are left out."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_COMMAND = pattern(r"(?m)^([^\S\n]*):(?=:)|##(?=\w*\[)")


def inert(text: str) -> str:
    r"""`text` in which no CI service finds a command.

    Their runners obey `::name::` at the start of a log line and `##[name]` anywhere in it, and a
    report quotes files that strangers write.
    """
    return _COMMAND.sub(_disarmed, text) if "::" in text or "##" in text else text


def _disarmed(found: re.Match[str]) -> str:
    return r"#\x23" if found[1] is None else rf"{found[1]}\x3a"
