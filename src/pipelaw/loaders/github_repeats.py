"""Which uses of a secret repeat what the job has done with it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.model import Secret, Step


def with_repeats(steps: tuple[Step, ...], around: Iterable[Secret]) -> tuple[Step, ...]:
    """The steps, with the uses marked whose secret the job uses before; `around` are the job's own."""
    seen = {secret.name for secret in around}
    found = None
    for index, step in enumerate(steps):
        if step.secrets:
            marked = _marked(step.secrets, seen)
            if marked is not None:
                found = found or list(steps)
                found[index] = replaced(step, secrets=marked)
    return tuple(found) if found else steps


def _marked(secrets: tuple[Secret, ...], seen: set[str]) -> tuple[Secret, ...] | None:
    """The uses of one step, None where each is the first."""
    uses = []
    for secret in secrets:
        again = secret.name in seen
        uses.append(replaced(secret, repeated=True) if again else secret)
        seen.add(secret.name)
    return tuple(uses) if any(use.repeated for use in uses) else None
