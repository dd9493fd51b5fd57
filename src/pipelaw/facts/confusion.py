"""Package managers that ask a public registry for private packages, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.model import Script, Variable

_OPTION = pattern(r"--extra-index-url[=\s]\s*(?P<address>\"[^\"\n]*\"|'[^'\n]*'|[^\s;|&]+)")
SWITCHES = frozenset({"PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"})
"""Variables that do the same."""
_PUBLIC = pattern(
    r"https?://(?:[\w-]+\.)*(?:pytorch\.org|pypi\.org|python\.org|nvidia\.com|piwheels\.org|pypa\.io|anaconda\.org"
    r"|github\.io|tensorflow\.org|data\.pyg\.org|alibabacloud\.com|aliyun\.com|tsinghua\.edu\.cn)(?:[:/]|\Z)"
)
"""Whose packages are public ones, so that no private name is asked for there."""


def confused(scripts: Iterable[Script], variables: Iterable[Variable] = ()) -> tuple[Flaw, ...]:
    """Where a registry of one's own is asked beside the public one, instead of before it."""
    asking = [script for script in scripts if "--extra-index-url" in script.text]
    return (*_options(asking), *_set(variables)) if asking or variables else ()


def _options(scripts: Iterable[Script]) -> Iterator[Flaw]:
    for script in scripts:
        for match in _OPTION.finditer(script.text):
            line = script.text.rfind("\n", 0, match.start()) + 1
            before = script.text[line : match.start()]
            if not before.lstrip().startswith("#") and _private(match["address"].strip("\"'")):
                place = script.source_text.place(*match.span())
                yield Flaw(kind="confusion", text="--extra-index-url", place=place)


def _set(variables: Iterable[Variable]) -> Iterator[Flaw]:
    for variable in variables:
        if variable.name in SWITCHES and variable.value and _private(variable.value):
            yield Flaw(kind="confusion", text=variable.name, place=variable.place)


def _private(address: str) -> bool:
    return "://" in address and _PUBLIC.match(address) is None
