"""Whether an outsider's code gets to a step by itself, or after something that a member gives first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders.github_conditions import Case
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Trigger

_DEFAULT = ("opened", "synchronize", "reopened")
_BY_AUTHOR = frozenset(
    {"synchronize", "reopened", "edited", "ready_for_review", "converted_to_draft", "closed"}
)
"""Activities that the author of a request causes, also when a label was set before."""


class Standing(NamedTuple):
    """How an outsider's code gets to a step."""

    exposed: bool = False
    """By itself, with the repository's permissions."""
    approval: str = ""
    """What a member gives first, and the code can change after: label, comment, environment or start."""
    bypassed: bool = False
    """A label that is given once lets later code through."""
    events: frozenset[str] = frozenset()
    """The events with the repository's permissions under which it gets there."""
    called: bool = False
    """Only where a workflow calls it that is not known."""
    late: bool = False
    """What started the run names no commit, so that the job itself looks it up."""
    labelled: bool = False
    """By itself, but only where a member set a label before."""
    dated: bool = False
    """Only if nothing was added since what started the run."""


def standing_of(reach: Reach, *, environment: bool) -> Standing:
    """How an outsider's code gets to a step of this reach."""
    exposed = bypassed = bare = False
    approvals: list[str] = []
    events, kinds = set(), set()
    for trigger in reach.triggers:
        if trigger.kind == "manual":
            approvals.append("start")
        if not (trigger.outsider and trigger.privileged):
            continue
        both = Case(trigger.name, outsider=True, author=True)
        if trigger in reach.outsiders and "origin" not in reach.checks and reach.holds(both):
            exposed = True
            bare = bare or reach.holds(both._replace(bare=True))
        elif approval := _approval(reach, trigger, both):
            approvals.insert(0, approval)
            bypassed = bypassed or (approval == "label" and _kept(reach, trigger, both))
        else:
            continue
        events.add(trigger.name)
        kinds.add(trigger.kind)
    if exposed:
        approvals = ["environment"] if environment or "environment" in reach.checks else []
    dated = "date" in reach.checks
    approval = "" if dated or not approvals else approvals[0]
    called = all(trigger.kind == "call" for trigger in reach.triggers)
    late = approval == "comment" and kinds == {"comment"}
    labelled = exposed and not bare
    return Standing(exposed, approval, bypassed, frozenset(events), called, late, labelled, dated)


def _approval(reach: Reach, trigger: Trigger, both: Case) -> str:
    """What a member gives before a run that is not open to outsiders."""
    if "origin" in reach.checks:
        return ""
    if trigger.kind == "comment":
        return "comment" if reach.holds(Case(trigger.name, author=True, labelled=True)) else ""
    stopped = "permission" in reach.checks
    return "label" if not stopped and reach.holds(both._replace(labelled=True)) else ""


def _kept(reach: Reach, trigger: Trigger, both: Case) -> bool:
    """Whether the label still lets a run through that the author causes."""
    return any(
        reach.holds(both._replace(labelled=True, action=action))
        for action in trigger.types or _DEFAULT
        if action in _BY_AUTHOR
    )
