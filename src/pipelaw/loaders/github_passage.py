"""How far outsiders get in a job whose steps make sure who started the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.loaders.github_expressions import code_of
from pipelaw.loaders.github_permission_checks import (
    Asked,
    check_of,
    dominates,
    fails,
    refuses,
    skipped,
)
from pipelaw.loaders.github_reach import STATUS
from pipelaw.parts import by_name
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Step, Variable
    from pipelaw.tree import Tree

_STEP_PASSED = pattern(r"\bsteps\.[\w-]+\.(?:outcome|conclusion)\s*==\s*'success'", re.IGNORECASE)


def _after(
    reach: Reach, step: Step, around: Iterable[tuple[Variable, ...]], tree: Tree | None
) -> Reach:
    """The reach of what follows a step in its job; `around` are the variables that surround it."""
    used = step.references[0].text if step.references else ""
    inputs = by_name(step.variables, "input")
    script = step.scripts[0].text if step.scripts else ""
    variables = (*(v for scope in around for v in scope), *step.variables)
    env = "\n".join(v.value for v in variables if v.kind == "environment")
    events = tuple(trigger.name for trigger in reach.outsiders)
    found = check_of(used, inputs, script, env, Asked(events, tree))
    condition = step.condition
    if "env" in condition:
        from pipelaw.loaders.github_choices import filled  # noqa: PLC0415  few conditions read variables

        condition = filled(condition, (*around, step.variables))
    if found.stops and dominates(condition, "true" if step.optional else "", events):
        reach = reach.checked(found.stops)
    if condition and not step.optional:
        events = tuple(trigger.name for trigger in reach.outsiders)
        if stops := refuses(condition, script, reach.closed, events):
            reach = reach.checked(stops)
        elif "github" in condition.lower() and fails(script) and (code := code_of(condition)):
            # who comes to the next step is not whom this one stops
            reach = reach.narrowed(f"!({code})")
    if step.id:
        left_out = skipped(condition, reach.closed, events)
        told = found._replace(answers=found.answers or left_out).closed(step.id)
        reach = reach.answering(told) if told else reach
    return reach


def may_fail(step: Step) -> bool:
    """Whether a step may be there to fail for some runs."""
    if not step.scripts or "github" not in step.condition.lower():
        return False
    return "exit " in step.scripts[0].text or "setFailed" in step.scripts[0].text


class Passage:
    """How far outsiders get in the steps of a job, as those run one after the other."""

    def __init__(self, start: Reach, tree: Tree | None) -> None:
        self._start = start
        self._tree = tree
        self._here = start
        self._ahead = start
        self._group: object = None

    def before(self, condition: str, group: object) -> Reach:
        """Who gets to a step; `group` is the `parallel` block that it is in, None for no such.

        The steps of a block start together: what one of them checks stops none of the others.
        """
        if group is None or group is not self._group:
            self._group, self._here = group, self._ahead
        if not condition:
            return self._here
        if self._here is not self._start and _regardless(condition):
            return self._start.answering(self._here.closed).narrowed(condition)
        return self._here.narrowed(condition)

    def passed(self, step: Step, around: Iterable[tuple[Variable, ...]]) -> None:
        """Take into account what a step checks; `around` are the variables that surround it."""
        self._ahead = _after(self._ahead, step, around, self._tree)


def _regardless(condition: str) -> bool:
    """Whether a step runs even where one before it failed."""
    if "(" not in condition or not STATUS.search(condition):
        return False
    return "||" in condition or _STEP_PASSED.search(condition) is None
