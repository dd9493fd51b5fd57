"""Container engines that a pipeline starts beside its jobs, and who gets into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.model import Variable
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Place

SWITCH = "DOCKER_TLS"
"""What variables are called that stand for an engine's option."""
_OPEN = pattern(r"--tls=false(?![\w-])|\btcp://[^\s:/]*:2375\b")


def unencrypted(words: Iterable[tuple[Place, str]]) -> Iterator[Variable]:
    """The options in the command of an engine that let in whoever reaches it, as variables."""
    found = list(words)
    if not any(text.startswith("--tlsverify") for _, text in found):
        for place, text in found:
            match = _OPEN.search(text)
            if match is not None:
                yield Variable(name=SWITCH, value=match[0], literal=True, place=place)
                return
