"""An outsider's text on its way into local actions and called workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import strongest
from pipelaw.loaders.github_context import Flow
from pipelaw.loaders.github_definitions import folder_of
from pipelaw.loaders.github_memory import LocalCall, calling
from pipelaw.loaders.github_reach import Reach
from pipelaw.loaders.github_taint import Known, written
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_memory import Load, Use
    from pipelaw.loaders.github_siblings import Caller
    from pipelaw.model import Reference, Variable
    from pipelaw.tree import Tree


class _Started(NamedTuple):
    """What starts a job that calls."""

    events: frozenset[str]
    open_events: frozenset[str]
    """What of it outsiders can cause."""
    fixed: tuple[str, ...] = ()
    followed: frozenset[str] = frozenset()


def noted(
    context: Context, flow: Flow, used: Reference, inputs: tuple[Variable, ...], reach: Reach
) -> LocalCall:
    """A step's use of a local action."""
    handed = {
        variable.name.lower(): taint
        for variable in inputs
        if not variable.literal
        if (taint := written(context, flow, variable.value)) is not None
    }
    known = flow.known
    files = tuple(known.files)
    return LocalCall(folder_of(used.text), handed, reach, known.job, files, flow.tainted)


def called_with(context: Context, callers: Iterable[Caller], load: Load) -> None:
    """Note what the callers of a workflow say of it: their events, and whose text its inputs hold."""
    context.called = True
    for caller in callers:
        started = _started(caller)
        context.events |= started.events
        context.open_events |= started.open_events
    context.flow.known = Known(_handed_over(callers, context.tree, load))


def _started(caller: Caller) -> _Started:
    events = frozenset(trigger.name for trigger in caller.reach.triggers)
    return _Started(events, frozenset(trigger.name for trigger in caller.reach.outsiders))


def _handed_over(callers: Iterable[Caller], tree: Tree | None, load: Load) -> dict[str, Taint]:
    """Whose text the inputs of a workflow hold, by name in lower case."""
    return _worst(_handed_by(caller, tree, load) for caller in callers)


def _handed_by(caller: Caller, tree: Tree | None, load: Load) -> dict[str, Taint]:
    """Whose text the inputs are that one caller hands over."""
    handed = _handed_over(caller.callers, tree, load)
    asks = tree is not None and any("needs" in text.lower() for text in caller.inputs.values())
    outer = calling(tree, caller.path, load) if asks and tree is not None else None
    within = Flow({}, Known(handed, outer.jobs if outer else None, caller.matrix))
    started = _started(caller)
    taints = ((name, written(started, within, text)) for name, text in caller.inputs.items())
    return {name: taint for name, taint in taints if taint is not None}


def used_by(context: Context, uses: Sequence[Use]) -> tuple[Reach, Flow]:
    """What the uses of an action say of it: who starts it, and whose text its inputs hold."""
    triggers = tuple(dict.fromkeys(t for use in uses for t in use.call.reach.triggers))
    outsiders = tuple(dict.fromkeys(t for use in uses for t in use.call.reach.outsiders))
    context.events = frozenset(trigger.name for trigger in triggers)
    context.open_events = frozenset(trigger.name for trigger in outsiders)
    known = Known(_worst(use.call.inputs for use in uses))
    known.files += dict.fromkeys(one for use in uses for one in use.call.files)
    flow = context.apart(known)
    flow.tainted = {**flow.tainted, **_worst(use.call.variables for use in uses)}
    return Reach(triggers, outsiders), flow


def _worst(given: Iterable[Mapping[str, Taint]]) -> dict[str, Taint]:
    """The strongest taint of each name."""
    worst: dict[str, Taint] = {}
    for taints in given:
        for name, taint in taints.items():
            worst[name] = strongest((worst.get(name), taint)) or taint
    return worst
