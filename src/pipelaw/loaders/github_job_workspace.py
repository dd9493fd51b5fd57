"""The workspace of a job before its first step, and what its neighbours bring to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode
from pipelaw.loaders import mappings
from pipelaw.loaders.github_checkouts import runs_foreign
from pipelaw.loaders.github_origins import Origins
from pipelaw.loaders.github_outputs import Outputs
from pipelaw.loaders.github_settled import Workspace
from pipelaw.loaders.github_taint import written
from pipelaw.loaders.github_workspace import constants, resolved, spelled
from pipelaw.parts import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Step, Variable


def workspace_of(
    context: Context, reach: Reach, flow: Flow, *, environment: bool
) -> Workspace | None:
    """The workspace of a job; None where no outsider's code can matter."""
    if not reach.watched:
        return None
    env = by_name(v for variables in flow.variables for v in variables)
    outputs = Outputs(context.bodies, context.jobs)
    matrix = flow.known.matrix
    # a run of a request's own has no permissions: what is named there alone gives nobody any
    own = {t.name for t in reach.triggers if t.kind == "change-request" and not t.privileged}
    events = context.events - own
    origins = Origins(events, env, outputs, context.callers, context.handed, matrix, context.tree)
    decided = partial(written, context, flow)
    return Workspace(origins, decided, dict(context.made), environment=environment)


def folder_in(
    fields: Mapping[str, Node], default: str, around: Iterable[Iterable[Variable]]
) -> str:
    """The folder in which a step's scripts run, relative to the workspace; `around` are variables."""
    node = fields.get("working-directory")
    if not isinstance(node, ScalarNode):
        return default
    named = spelled(node.value, constants(around)) if "env." in node.value else node.value
    return resolved(named, "") or ""


def default_folder(*nodes: Node | None) -> str:
    """The folder that the innermost `defaults` sets; the job's comes before the workflow's."""
    for node in nodes:
        folder = mappings.text_at(node, "run", "working-directory")
        if folder:
            return resolved(folder, "") or ""
    return ""


def made_by(steps: Sequence[Step]) -> Iterator[tuple[str, bool]]:
    """The artifacts that a job stores after an outsider's code ran in it; `*` for one without a name.

    True where the platform refuses that code.
    """
    ran = refused = False
    for step in steps:
        if ran or refused:
            for artifact in step.artifacts:
                if artifact.action == "upload":
                    plain = artifact.name and "${{" not in artifact.name
                    yield artifact.name if plain else "*", not ran
        if step.exposed:
            ran = ran or any(runs_foreign(each) for each in step.checkouts)
            refused = refused or any(each.refused and each.executed for each in step.checkouts)


def later_scripts(items: Sequence[MappingNode]) -> list[str]:
    """The texts that the steps after one run."""
    return [text for item in items if (text := mappings.text_at(item, "run"))]
