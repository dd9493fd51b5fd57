"""Which of the code from elsewhere that pipelines use is on the paved road."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelaw.finding import Usage
from pipelaw.policy import ROADS, matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.model import Pipeline
    from pipelaw.policy import Policy

_OWN = ("local", "unresolved")
"""Pins of what the repository has itself, or nobody knows before it runs."""


def usages(pipelines: Iterable[Pipeline], policy: Policy) -> tuple[Usage, ...]:
    """What the pipelines use, of the kinds that the policy's paved road speaks of."""
    kinds = {kind for kind, _ in policy.paved_road}
    found: Counter[tuple[str, str]] = Counter()
    for scope in (scope for pipeline in pipelines for scope in pipeline.scopes()):
        for reference in scope.references:
            kind = ROADS.get(reference.kind, "")
            if kind in kinds and reference.pin not in _OWN:
                found[kind, reference.name] += 1
    return tuple(
        Usage(kind, name, _paved(kind, name, policy), count)
        for (kind, name), count in sorted(found.items())
    )


def _paved(kind: str, name: str, policy: Policy) -> bool:
    return any(one == kind and matches(glob.value, name) for one, glob in policy.paved_road)
