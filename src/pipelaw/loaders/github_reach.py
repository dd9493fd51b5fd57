"""Who can make a job or a step run: its triggers, its conditions, and those of the jobs it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.loaders.github_conditions import evaluate
from pipelaw.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_TRIGGER = Trigger()

_STATUS = re.compile(r"\b(?:always|failure|cancelled)\s*\(", re.IGNORECASE)
"""A condition with one of these runs its job even when a job that it needs did not."""


class Reach:
    """Which triggers get through to a scope."""

    __slots__ = ("entry", "events", "exposed", "gates", "outsiders", "reachable", "triggers")

    def __init__(
        self,
        triggers: tuple[Trigger, ...] = (),
        outsiders: tuple[Trigger, ...] = (),
        gates: tuple[str, ...] = (),
    ) -> None:
        self.triggers = triggers
        """Those that can start it at all."""
        self.outsiders = outsiders
        """Those with which an outsider can start it."""
        self.gates = gates
        """What stops outsiders where their triggers do not get through."""
        self.events = tuple(dict.fromkeys([trigger.kind for trigger in triggers]))
        """The kinds of its triggers."""
        privileged = [trigger for trigger in outsiders if trigger.privileged]
        self.reachable = bool(outsiders)
        """An outsider can start it."""
        self.exposed = bool(privileged)
        """An outsider can start it with the base repository's rights."""
        self.entry = (privileged or list(outsiders) or [NO_TRIGGER])[0]
        """The trigger that lets outsiders in with most rights."""

    def narrowed(self, condition: str) -> Reach:
        """What is left of it behind a condition."""
        if "github" not in condition.lower():
            return self  # the same for every trigger; what never holds was left out before
        outsiders, gates = [], list(self.gates)
        triggers = [t for t in self.triggers if evaluate(condition, t.name).holds is not False]
        for trigger in self.outsiders:
            verdict = evaluate(condition, trigger.name, outsider=True)
            if verdict.holds is False:
                gates.extend(verdict.gates)
            else:
                outsiders.append(trigger)
        return Reach(tuple(triggers), tuple(outsiders), tuple(dict.fromkeys(gates)))

    def within(self, other: Reach) -> Reach:
        """What gets through both: a job needs another that is itself conditional."""
        if other.triggers == self.triggers and other.outsiders == self.outsiders:
            if not other.gates or other.gates == self.gates:
                return self
        return Reach(
            tuple(trigger for trigger in self.triggers if trigger in other.triggers),
            tuple(trigger for trigger in self.outsiders if trigger in other.outsiders),
            tuple(dict.fromkeys((*self.gates, *other.gates))),
        )


def reach_of(triggers: tuple[Trigger, ...]) -> Reach:
    """The reach of a workflow's own triggers."""
    return Reach(triggers, tuple(trigger for trigger in triggers if trigger.outsider))


def never(condition: str) -> bool:
    """Whether a condition is false whatever happens."""
    return bool(condition) and evaluate(condition).holds is False


class Reaches:
    """The reach of each job of a workflow, by the conditions and needs of all of them."""

    def __init__(self, start: Reach, jobs: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
        self.start = start
        self.jobs = jobs
        """Condition and needs by job id."""
        self.known: dict[str, Reach] = {}

    def of(self, job: str, depth: int = 0) -> Reach:
        """The reach of a job; jobs that need each other in a circle are cut, GitHub refuses them."""
        if job in self.known:
            return self.known[job]
        if job not in self.jobs or depth > len(self.jobs):
            return self.start
        condition, needs = self.jobs[job]
        found = self.start.narrowed(condition)
        if not _STATUS.search(condition):
            for need in needs:
                found = found.within(self.of(need, depth + 1))
        self.known[job] = found
        return found
