"""Container engines that a pipeline starts beside its jobs, and who gets into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.verification import ENGINE
from pipelaw.model import Variable
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.document import Place

_SWITCH = "DOCKER_TLS"
"""What variables are called that stand for an engine's option."""
_OPEN = pattern(r"--tls=false(?![\w-])|\btcp://[^\s:/]*:2375\b")


def options(words: Iterable[tuple[Place, str]]) -> tuple[Variable, ...]:
    """The options in the command of an engine that have it believe others, as variables."""
    found = list(words)
    return *_unencrypted(found), *_insecure(found)


def _insecure(found: Sequence[tuple[Place, str]]) -> Iterator[Variable]:
    """The registries whose certificate is not looked at, or that have none."""
    for at, (place, text) in enumerate(found):
        before, option, value = text.partition(ENGINE)
        if option and not before.strip():
            value = value.lstrip("= ") or "".join(one for _, one in found[at + 1 : at + 2])
            yield Variable(name=ENGINE, value=value, literal=True, place=place)


def _unencrypted(found: Sequence[tuple[Place, str]]) -> Iterator[Variable]:
    """The options that let in whoever reaches the engine."""
    if not any(text.startswith("--tlsverify") for _, text in found):
        for place, text in found:
            match = _OPEN.search(text)
            if match is not None:
                yield Variable(name=_SWITCH, value=match[0], literal=True, place=place)
                return
