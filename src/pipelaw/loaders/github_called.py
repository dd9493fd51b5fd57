"""An outsider's text on its way out of local actions and called workflows: their outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Node, ScalarNode
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders import mappings
from pipelaw.loaders.github_confined import confined
from pipelaw.loaders.github_definitions import DEEPEST, HERE, action_in, definition, folder_of
from pipelaw.loaders.github_memory import memory
from pipelaw.loaders.github_permissions import permissions_of
from pipelaw.loaders.github_taint import JobOutputs, Known, written
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Reference


class Followed(NamedTuple):
    """A local action that was read with what one of its users hands over."""

    context: Context
    flow: Flow
    outputs: Node | None


def action_outputs(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str], name: str
) -> Taint | None:
    """Whose text an output of a local action holds; with "", the worst of all of them."""
    found = _followed_for(context, flow, used, given)
    return _named_outputs(found.context, found.flow, found.outputs, name) if found else None


def action_variables(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str]
) -> dict[str, Taint]:
    """Whose text the variables hold that a local action sets for later steps, by name in lower case."""
    found = action_in(context.tree, folder_of(used.text))
    text = found[0].source.text if found is not None else ""
    if "GITHUB_ENV" not in text and "exportVariable" not in text:
        return {}
    followed = _followed_for(context, flow, used, given)
    return followed.flow.tainted if followed is not None else {}


def _followed_for(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str]
) -> Followed | None:
    """A local action, read with what one step hands over."""
    if context.tree is None or context.depth >= DEEPEST:
        return None
    handed = {key: taint for key, text in given.items() if (taint := written(context, flow, text))}
    folder = folder_of(used.text)
    files = tuple(flow.known.files)
    given_all = frozenset(handed.items()), frozenset(flow.tainted.items())
    key = (folder, *given_all, files, context.events, context.open_events)
    known = memory(context.tree).actions
    if key not in known:
        inside = Known(handed)
        inside.files += files
        known[key] = _followed(context, folder, inside, flow.tainted)
    return known[key]


def _followed(
    context: Context, folder: str, inside: Known, around: Mapping[str, Taint]
) -> Followed | None:
    """Read a local action's steps; None where there is no such action; `around` are variables."""
    from pipelaw.loaders.github_steps import Surroundings, steps_of  # noqa: PLC0415  steps use actions

    found = action_in(context.tree, folder)
    if found is None:
        return None
    inner = context.inside(found.document)
    inner.reach = context.reach
    within = inner.apart(inside)
    within.tainted = {**within.tainted, **around}
    steps_of(inner, found.steps, Surroundings(within, reach=context.reach))
    return Followed(inner, within, found.fields.get("outputs"))


def _named_outputs(context: Context, flow: Flow, node: Node | None, name: str) -> Taint | None:
    """What the `value` of a declared output holds."""
    found = []
    for key, options in mappings.values(node).items():
        value = mappings.at(options, "value") if not name or key.lower() == name else None
        if isinstance(value, ScalarNode):
            found.append(written(context, flow, value.value))
    return strongest(found)


class CalledOutputs(JobOutputs):
    """The outputs of a job that calls a workflow of the repository."""

    __slots__ = ("_body", "_path")

    def __init__(self, context: Context, flow: Flow, path: str, body: Mapping[str, Node]) -> None:
        super().__init__(context, flow, None)
        self._path = path
        self._body = body

    def _held(self, name: str) -> Taint | None:
        from pipelaw.loaders.github_jobs import jobs_of  # noqa: PLC0415  jobs call workflows

        outer = self._context
        if outer.tree is None or outer.depth >= DEEPEST or self._path not in outer.tree:
            return None
        found = definition(outer.tree, self._path)
        if found is None:
            return None
        document, fields = found
        inner = outer.inside(document)
        inner.flow.known = Known(self._handed())
        inner.environment(fields.get("env"), inner.flow)
        jobs_of(inner, fields.get("jobs"), permissions_of(document, None, "pipeline"))
        inner.flow.known = Known(needs=inner.jobs)
        outputs = mappings.at(fields.get("on"), "workflow_call", "outputs")
        taint = _named_outputs(inner, inner.flow, outputs, name)
        inner.forget()
        return taint

    def _handed(self) -> dict[str, Taint]:
        return {
            name: taint
            for name, text in mappings.texts(self._body.get("with")).items()
            if (taint := written(self._context, self._flow, text)) is not None
        }


def job_flow(
    context: Context, job: str, fields: Mapping[str, Node], *, inside: bool = False
) -> Flow:
    """The flow of a job, with its outputs noted for those that need it; `inside` as `JobOutputs` has it."""
    matrix = mappings.at(fields.get("strategy"), "matrix")
    flow = context.apart(Known(context.flow.known.inputs, context.jobs, matrix, job))
    asked, uses = fields.get("if"), fields.get("uses")
    if isinstance(asked, ScalarNode):
        flow.confined = confined(asked.value)
    if isinstance(uses, ScalarNode) and uses.value.startswith(HERE):
        path = folder_of(uses.value)
        context.jobs[job.lower()] = CalledOutputs(context, flow, path, fields)
    elif "outputs" in fields:
        context.jobs[job.lower()] = JobOutputs(context, flow, fields["outputs"])
    if inside and job.lower() in context.jobs:
        context.jobs[job.lower()].inside = True
    return flow
