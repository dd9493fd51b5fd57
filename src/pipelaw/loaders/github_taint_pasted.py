"""Expressions whose text is data where it is put in: JSON in code, here-documents in quotes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from pipelaw.loaders.github_expressions import Fence


def harmless(text: str, fence: Fence, sink: str, shell: str, charset: str) -> bool:
    """Whether an expression is where what it puts in cannot become code."""
    if sink == "code" or shell == "python":
        return shell in ("javascript", "python") and as_json(text, fence)
    return charset in ("line", "branch") and _documented(text) and _kept_as_data(text, fence)


@lru_cache(maxsize=16)
def _documented(text: str) -> bool:
    """Whether a text may have a here-document; a long one is asked for each of its expressions."""
    return "<<" in text


def as_json(text: str, fence: Fence) -> bool:
    """Whether an expression in JavaScript or Python is a whole value in JSON, which cannot become code."""
    code = fence.code.strip().lower()
    if not (code.startswith("tojson(") and code.endswith(")")):
        return False
    line = text[text.rfind("\n", 0, fence.start) + 1 : fence.start]
    before = text[: fence.start]
    opened = any(before.count(mark) % 2 for mark in ("`", "'''", '"""'))
    return not (opened or line.count("'") % 2 or line.count('"') % 2)


_QUOTED = pattern(
    r"^[^\n|;&]{0,200}\b(?:cat|tee)\b[^\n|;&]{0,200}<<-?\s*(['\"])([\w-]+)\1[^\n|;&]*$",
    re.MULTILINE,
)


def _kept_as_data(text: str, fence: Fence) -> bool:
    """Whether an expression is in a quoted here-document that is data: only a whole line ends it."""
    opened = None
    for match in _QUOTED.finditer(text, 0, fence.start):
        opened = match
    return opened is not None and not re.search(
        rf"^\s*{re.escape(opened[2])}\s*$", text[opened.end() : fence.start], re.MULTILINE
    )
