"""The comment after a value on its line, and the version that it claims the value to be."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from pipelaw.document import ScalarNode

_BEHIND = pattern(r"[ \t]+#[ \t]*(.*)")
_REST = pattern(
    r"[ \t]*[,}\]](?:[^\n#\"']|\"[^\"\n]*\"|'[^'\n]*'|(?<=[^ \t])#)*(?<=[ \t])#[ \t]*(.*)"
)
"""What is left of a collection in braces or brackets, and the comment after it."""

_CLAIM = pattern(
    r"(?:zizmor: *ignore\[[^\]]*\] *#? *)?"
    r"(?:tag *[=:] *|pin *@ *|pin:|version:? +|renovate: *tag=|ratchet:[^@\s]+@|[\w.-]+/[\w./-]+@|https?://\S+/|@)?"
    r"(?P<version>[\w][\w./+-]*)(?P<more>.*)",
    re.IGNORECASE,
)


def after(text: str, value: ScalarNode) -> str:
    """The comment on a value's line, also after the braces or brackets that it is in."""
    end = value.end_mark.index
    if text.startswith("\n", end):
        return ""
    newline = text.find("\n", end)
    stop = newline if newline >= 0 else len(text)
    match = _BEHIND.match(text, end, stop) or _REST.match(text, end, stop)
    return match[1].strip() if match is not None else ""


@lru_cache(maxsize=2048)
def claimed(comment: str) -> str:
    """The version, tag or branch that a comment names, "" for one that says something else."""
    match = _CLAIM.match(comment)
    if match is None or match["version"].endswith(":") or match["more"].startswith(":"):
        return ""
    version = match["version"]
    alone = not match["more"].strip()
    return version if alone or any(char.isdigit() for char in version) else ""
