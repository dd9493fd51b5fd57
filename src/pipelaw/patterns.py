"""Regular expressions that are compiled when they are first used: most scans use few of them."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    """Stands for a compiled pattern; each method is looked up once, then it is the pattern's own."""

    def __init__(self, text: str, flags: int) -> None:
        self._written = (text, flags)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  any member of a compiled pattern
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern of `text`, compiled at its first use."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
