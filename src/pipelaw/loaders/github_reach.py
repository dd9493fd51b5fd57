"""Who can make a job or a step run: its triggers, its conditions, and those of the jobs it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from pipelaw.loaders.github_conditions import Case, evaluate, judged
from pipelaw.model import Trigger
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelaw.document import ScalarNode
    from pipelaw.loaders.github_permission_checks import JobChecks
    from pipelaw.words import Gate

_T = TypeVar("_T")

NO_TRIGGER = Trigger()

STATUS = pattern(r"\b(?:always|failure|cancelled)\s*\(", re.IGNORECASE)
"""A condition with one of these runs its job even when a job that it needs did not."""

_RAN = r"needs\.([\w-]+)\.result\s*==\s*'(?:success|failure)'"
_RESULT = pattern(_RAN, re.IGNORECASE)
_ASKED = r"(?<!!)(?<!! )"
_EITHER = pattern(rf"{_ASKED}\(\s*{_RAN}(?:\s*\|\|\s*{_RAN})+\s*\)", re.IGNORECASE)
_SOME = pattern(
    rf"{_ASKED}\bcontains\(\s*needs\.\*\.result\s*,\s*'(?:success|failure)'\s*\)", re.IGNORECASE
)
_FAILED = pattern(rf"{_ASKED}\bfailure\s*\(", re.IGNORECASE)
"""How a condition asks that one of several jobs has run, or that one has failed."""


class Reach:
    """Which triggers get through to a scope."""

    __slots__ = (
        "checks",
        "closed",
        "conditions",
        "entry",
        "events",
        "exposed",
        "gates",
        "outsiders",
        "reachable",
        "triggers",
    )

    def __init__(
        self,
        triggers: tuple[Trigger, ...] = (),
        outsiders: tuple[Trigger, ...] = (),
        gates: tuple[Gate, ...] = (),
        conditions: tuple[str, ...] = (),
        checks: frozenset[str] = frozenset(),
        closed: frozenset[str] = frozenset(),
    ) -> None:
        self.triggers = triggers
        """Those that can start it at all."""
        self.outsiders = outsiders
        """Those with which an outsider can start it."""
        self.gates = gates
        """What stops outsiders where their triggers do not get through."""
        self.conditions = conditions
        """Every condition on the way that says something of the event."""
        self.checks = checks
        """What comes before it: permission (of whoever caused the run), origin (no request of a fork), date
        (nothing was added since) or environment (that somebody may have to review)."""
        self.closed = closed
        """Outputs that say no for an outsider, as the start of their paths."""
        self.events = tuple(dict.fromkeys([trigger.kind for trigger in triggers]))
        """The kinds of its triggers."""
        privileged = [trigger for trigger in outsiders if trigger.privileged]
        self.reachable = bool(outsiders)
        """An outsider can start it."""
        self.exposed = bool(privileged)
        """An outsider can start it with the base repository's permissions."""
        self.entry = (privileged or list(outsiders) or [NO_TRIGGER])[0]
        """The trigger that lets outsiders in with most permissions."""

    @property
    def watched(self) -> bool:
        """Whether an outsider's code may get here with the repository's permissions, by whatever way."""
        return any(t.privileged or t.kind in ("manual", "call") for t in self.triggers)

    def narrowed(self, condition: str) -> Reach:
        """What is left of it behind a condition."""
        lowered = condition.lower()
        if "github" not in lowered and not any(path in lowered for path in self.closed):
            return self  # the same for every trigger; what never holds was left out before
        outsiders, gates = [], list(self.gates)
        triggers = [t for t in self.triggers if evaluate(condition, t.name).holds is not False]
        for trigger in self.outsiders:
            verdict = judged(condition, self.case(trigger))
            if verdict.holds is False:
                gates.extend(verdict.gates)
            else:
                outsiders.append(trigger)
        kept = tuple(dict.fromkeys(gates))
        conditions = (*self.conditions, condition)
        return Reach(tuple(triggers), tuple(outsiders), kept, conditions, self.checks, self.closed)

    def case(self, trigger: Trigger) -> Case:
        """A run that an outsider caused; whose request a comment is about is left open."""
        author = trigger.kind != "comment"
        return Case(trigger.name, outsider=True, author=author, closed=self.closed)

    def holds(self, case: Case) -> bool:
        """Whether every condition on the way may hold in a case."""
        case = case._replace(closed=self.closed)
        return all(judged(each, case).holds is not False for each in self.conditions)

    def checked(self, checks: frozenset[str]) -> Reach:
        """What is left of it after steps that check something and fail otherwise."""
        if checks <= self.checks:
            return self  # nothing new, or nothing at all
        left = self.outsiders
        if "permission" in checks:
            left = ()
        elif "origin" in checks:  # who comments need not be who wrote the request
            left = tuple(trigger for trigger in left if trigger.kind == "comment")
        stops = "permission" in checks or left != self.outsiders
        return Reach(
            self.triggers,
            left,
            (*self.gates, "permission") if stops else self.gates,
            self.conditions,
            self.checks | checks,
            self.closed,
        )

    def answering(self, closed: frozenset[str]) -> Reach:
        """The same, knowing which outputs say no for an outsider."""
        return Reach(
            self.triggers,
            self.outsiders,
            self.gates,
            self.conditions,
            self.checks,
            self.closed | closed,
        )

    def within(self, other: Reach) -> Reach:
        """What gets through both: a job needs another that is itself conditional."""
        if not other.conditions and not other.checks:
            return self
        return Reach(
            tuple(trigger for trigger in self.triggers if trigger in other.triggers),
            tuple(trigger for trigger in self.outsiders if trigger in other.outsiders),
            tuple(dict.fromkeys((*self.gates, *other.gates))),
            tuple(dict.fromkeys((*other.conditions, *self.conditions))),
            self.checks | other.checks,
            self.closed,
        )

    def within_one(self, others: Sequence[Reach]) -> Reach:
        """What gets through it and through one of several others: a job asks that one of them has run."""
        if any(not other.conditions and not other.checks for other in others):
            return self
        return Reach(
            tuple(t for t in self.triggers if any(t in other.triggers for other in others)),
            tuple(t for t in self.outsiders if any(t in other.outsiders for other in others)),
            tuple(
                dict.fromkeys([*self.gates, *(gate for other in others for gate in other.gates)])
            ),
            self.conditions,
            self.checks,
            self.closed,
        )


def reach_of(triggers: tuple[Trigger, ...]) -> Reach:
    """The reach of a workflow's own triggers."""
    return Reach(triggers, tuple(trigger for trigger in triggers if trigger.outsider))


def of_its_own(reach: Reach) -> bool:
    """Whether all that keeps outsiders away is that requests of other repositories do not get there."""
    return not reach.reachable and "repository" in reach.gates and _ORIGINS.issuperset(reach.gates)


_ORIGINS = frozenset({"repository", "upstream", "ref"})


def never(condition: str) -> bool:
    """Whether a condition is false whatever happens."""
    return bool(condition) and evaluate(condition).holds is False


def needed_first(
    jobs: Sequence[tuple[ScalarNode, _T]], needs: Callable[[str], tuple[str, ...]]
) -> list[tuple[ScalarNode, _T]]:
    """Jobs in an order in which each comes after those that it needs, as most files have them."""
    done: set[str] = set()
    waiting = list(jobs)
    ordered: list[tuple[ScalarNode, _T]] = []
    while waiting:
        names = {key.value for key, _ in waiting}
        ready = []
        for key, fields in waiting:
            if not names.isdisjoint(need for need in needs(key.value) if need not in done):
                continue
            ready.append((key, fields))
            done.add(key.value)
        ordered += ready or waiting
        left = {key.value for key, _ in ready}
        waiting = [item for item in waiting if ready and item[0].value not in left]
    return ordered


class Reaches:
    """The reach of each job of a workflow, by the conditions and needs of all of them."""

    def __init__(
        self,
        start: Reach,
        jobs: Mapping[str, tuple[str, tuple[str, ...]]],
        checks: Mapping[str, JobChecks],
    ) -> None:
        self.start = start
        self.jobs = jobs
        """Condition and needs by job id."""
        self.checks = checks
        """What the steps of a job make sure of, by job id."""
        self.known: dict[str, Reach] = {}

    def of(self, job: str, depth: int = 0) -> Reach:
        """The reach of a job; jobs that need each other in a circle are cut, GitHub refuses them."""
        if job in self.known:
            return self.known[job]
        if job not in self.jobs or depth > len(self.jobs):
            return self.start
        condition, needs = self.jobs[job]
        found = self.start
        checked = [self.checks[each.lower()] for each in needs if each.lower() in self.checks]
        if any(checks.closed for checks in checked):
            found = found.answering(frozenset().union(*(checks.closed for checks in checked)))
        found = found.narrowed(condition)
        regardless = STATUS.search(condition) is not None
        for need in needs:
            if regardless and not _succeeded(condition, need):
                continue
            found = found.within(self.of(need, depth + 1))
            if need.lower() in self.checks:
                found = found.checked(self.checks[need.lower()].stops)
        if regardless and needs:
            ran = [self.of(each, depth + 1) for each in self._one_ran(condition, needs)]
            found = found.within_one(ran) if ran else found
        self.known[job] = found
        return found

    def _one_ran(self, condition: str, needs: tuple[str, ...]) -> list[str]:
        """The jobs one of which has run where a condition holds that runs regardless, if it asks for that."""
        if "||" not in condition:
            if _FAILED.search(condition):
                return self._before(needs)
            return list(needs) if _SOME.search(condition) else []
        group = _EITHER.search(condition)
        if group is None or "||" in condition.replace(group[0], ""):
            return []
        named = {name.lower() for name in _RESULT.findall(group[0])}
        return [need for need in needs if need.lower() in named]

    def _before(self, needs: Sequence[str]) -> list[str]:
        """Jobs, and all that they need: `failure()` asks for one that failed among all of them."""
        found = list(dict.fromkeys(needs))
        for job in found:  # it grows
            further = self.jobs[job][1] if job in self.jobs else ()
            found += [need for need in further if need not in found]
        return found


def _succeeded(condition: str, need: str) -> bool:
    """Whether a condition that runs regardless asks that one needed job has run."""
    if "result" not in condition or "||" in condition:
        return False
    return any(match[1].lower() == need.lower() for match in _RESULT.finditer(condition))
