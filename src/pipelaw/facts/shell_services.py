"""The services that a script signs in to, where it says itself which ones they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.model import Variable
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.model import Script

_SET = pattern(
    r"(?:^|[\s;&({])(?:export\s+|\$env:)?(?P<name>DOCKER_HOST|VAULT_ADDR)\s?=\s?[\"']?(?P<value>[a-z]+://[^\s\"';&|)]+)"
)
_HANDED = (
    (
        "DOCKER_HOST",
        "tcp://",
        pattern(r"\bdocker\s+(?:-H[\s=]?|--host[\s=])\s*[\"']?(?P<value>tcp://[^\s\"';&|)]+)"),
    ),
    (
        "VAULT_ADDR",
        "-address",
        pattern(r"\bvault\s[^\n;&|]{0,200}?-address[\s=]\s*[\"']?(?P<value>http://[^\s\"';&|)]+)"),
    ),
)
"""Variables for which an option stands, what a script with it has, and the option."""


def services(scripts: Iterable[Script]) -> Iterator[Variable]:
    """The variables in which scripts, or options that mean the same, name a service."""
    for script in scripts:
        text = script.text
        if "://" not in text:
            continue
        if "DOCKER_HOST" in text or "VAULT_ADDR" in text:
            for match in _SET.finditer(text):
                yield _variable(script, match["name"], *match.span("value"))
        for name, sign, option in _HANDED:
            if sign in text:
                for match in option.finditer(text):
                    yield _variable(script, name, *match.span("value"))


def _variable(script: Script, name: str, start: int, end: int) -> Variable:
    value = script.text[start:end]
    return Variable(
        name=name,
        value=value,
        literal="$" not in value,
        place=script.source_text.place(start, end),
    )
