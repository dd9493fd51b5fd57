"""The comment that stands behind a value on its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from pipelaw.document import ScalarNode

_BEHIND = pattern(r"[ \t]+#[ \t]*(.*)")
_REST = pattern(
    r"[ \t]*[,}\]](?:[^\n#\"']|\"[^\"\n]*\"|'[^'\n]*'|(?<=[^ \t])#)*(?<=[ \t])#[ \t]*(.*)"
)
"""What is left of a collection in braces or brackets, and the comment behind it."""


def behind(text: str, value: ScalarNode) -> str:
    """The comment on a value's line, also behind the braces or brackets that it stands in."""
    end = value.end_mark.index
    if text.startswith("\n", end):
        return ""
    newline = text.find("\n", end)
    stop = newline if newline >= 0 else len(text)
    match = _BEHIND.match(text, end, stop) or _REST.match(text, end, stop)
    return match[1].strip() if match is not None else ""
