"""When a GitLab job runs, and what of that is left to whoever pushes a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.releases import UNFINISHED
from pipelaw.loaders.gitlab_rules import Policy, Rule, Rules, absent, gates
from pipelaw.loaders.switches import on
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelaw.document import Node
    from pipelaw.loaders.gitlab_kinds import Kind
    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.model import Flaw
    from pipelaw.words import Event, Gate

_LIVE = pattern(r"pro?d|live")


class When(NamedTuple):
    """When a job runs."""

    # the fields are those of `model.Job`, but for `settled`

    condition: str
    events: tuple[Event, ...]
    gates: tuple[Gate, ...]
    optional: bool
    anywhere: bool
    after_failure: bool
    settled: frozenset[str]
    flaws: tuple[Flaw, ...]


class Workflow(NamedTuple):
    """What the rules of the whole pipeline say."""

    rules: Rules | None
    limited: bool
    """There are rules, here or in a template."""
    open: frozenset[str]
    """The kinds of pipeline, by name, that run for any branch or change request."""


def workflow_of(
    rules: Rules | None, kinds: Iterable[Kind], *, template: bool, unread: bool
) -> Workflow:
    """`template` says that rules come with GitLab, `unread` that files which were not read may hold some."""
    if rules is not None:
        free = [kind.name for kind in kinds if rules.unguarded(kind)]
    else:
        free = [] if template or unread else [kind.name for kind in kinds]
    return Workflow(rules, rules is not None or template, frozenset(free))


def live(name: str, tier: str = "") -> bool:
    """Whether an environment is the one that users see, by its tier, or its name as GitLab guesses it."""
    if tier:
        return tier == "production"
    name = name.lower()
    return "$" not in name and UNFINISHED.search(name) is None and _LIVE.search(name) is not None


_OPEN = frozenset({"push", "change-request"})


def when_of(
    config: Config,
    found: Policy | None,
    kinds: Sequence[Kind],
    own: tuple[str, Node | None],
    workflow: Workflow,
) -> When:
    """When a job runs; `own` are its `when` and `allow_failure`."""
    when, allowed = own
    starting = [kind for kind in kinds if found is None or found.starts(kind)]
    ways = (
        [rule for kind in starting for rule in found.ways(kind)] if isinstance(found, Rules) else []
    )
    free = [
        kind
        for kind in starting
        if kind.event in _OPEN
        and kind.name in workflow.open
        and (found is None or found.unguarded(kind))
    ]
    loose = (
        [rule for kind in free for rule in found.loose(kind)] if isinstance(found, Rules) else ()
    )
    return When(
        condition=found.text if found is not None else "",
        events=tuple(dict.fromkeys(kind.event for kind in starting)),
        gates=gates(found, loose or ways, when),
        optional=_optional(allowed, ways, when),
        anywhere=bool(free),
        after_failure=any((rule.when or when) == "always" for rule in ways)
        if isinstance(found, Rules)
        else when == "always",
        settled=_settled(found, starting, workflow),
        flaws=tuple(found.flaws(config)) if found is not None else (),
    )


def _settled(found: Policy | None, starting: Iterable[Kind], workflow: Workflow) -> frozenset[str]:
    """The variables that are known texts, or empty, in every pipeline that the job is in."""
    sets = []
    conditions = workflow.rules is not None or (found is not None and found.text != "")
    for kind in starting:
        names = absent(kind, requests=conditions)
        for policy in (found, workflow.rules):
            if policy is not None:
                names |= policy.settled(kind)
        sets.append(names)
    return frozenset.intersection(*sets) if sets else frozenset()


def _optional(allowed: Node | None, ways: Sequence[Rule], when: str) -> bool:
    """Whether the pipeline goes on when the job fails, or when nobody starts it."""
    if allowed is not None:
        return on(allowed)
    if ways:
        return all(rule.optional for rule in ways)
    return when == "manual"
