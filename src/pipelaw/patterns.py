"""Regular expressions that are compiled when they are first used: most scans use few of them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from pipelaw.prepared import once

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import _sre  # type: ignore[import-not-found]  # nobody describes its types
    from re import _compiler, _parser  # type: ignore[attr-defined]
except ImportError:  # another Python than CPython
    _sre = None


_compile = re.compile


class _Pattern:
    """Stands for a compiled pattern; each method is looked up once, then it is the pattern's own."""

    def __init__(self, text: str, flags: int) -> None:
        self._written = (text, int(flags))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  any member of a compiled pattern
        found = getattr(_compiled(*self._written), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern of `text`, compiled at its first use."""
    return cast("re.Pattern[str]", _Pattern(text, flags))


@contextmanager
def lazily() -> Iterator[None]:
    """Within it `re.compile` is `pattern`: for the import of a library whose patterns are seldom used."""
    vars(re)["compile"] = pattern
    try:
        yield
    finally:
        vars(re)["compile"] = _compile


def _compiled(text: str, flags: int) -> re.Pattern[str]:
    """What `re.compile` gives, which takes a tenth of a small scan unless an earlier one has begun it."""
    if _sre is None:
        return _compile(text, flags)
    try:
        found: re.Pattern[str] = _sre.compile(*once((text, flags), lambda: _program(text, flags)))
    except (AttributeError, RuntimeError, TypeError):  # a later version, whose engine takes others
        return _compile(text, flags)
    return found


def _program(text: str, flags: int) -> tuple[Any, ...]:
    """The arguments from which the engine of `re` makes a pattern."""
    parsed = _parser.parse(text, flags)
    groups, number = parsed.state.groupdict, parsed.state.groups
    names = {index: name for name, index in groups.items()}
    code = [int(word) for word in _compiler._code(parsed, flags)]  # noqa: SLF001  what `re.compile` runs
    listed = tuple(names.get(index) for index in range(number))
    return text, flags | parsed.state.flags, code, number - 1, groups, listed
