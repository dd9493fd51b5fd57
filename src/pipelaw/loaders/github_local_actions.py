"""What the steps of a local action bring into the workspace of the job that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode
from pipelaw.loaders.github_definitions import DEEPEST, action_in, folder_of
from pipelaw.loaders.github_taint import Known
from pipelaw.model import Artifact, Checkout, replaced
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.loaders.github_settled import Workspace
    from pipelaw.model import Step

_MAYBE = pattern(
    r"download-artifact|downloadArtifact|gh run download|artifacts_url|gh pr checkout|pull/|/checkout@"
    r"|head[._](?:ref|sha)|git (?:fetch|checkout|clone)"
)
"""An action without any of these brings nothing of an outsider's."""


def brought_by(
    context: Context, step: Step, reach: Reach, workspace: Workspace
) -> tuple[Checkout | Artifact, ...]:
    """An outsider's files that the local action of a step brings; they are where the action is used."""
    used = step.references[0] if step.references else None
    if used is None or used.pin != "local" or context.depth >= DEEPEST:
        return ()
    found = action_in(context.tree, folder_of(used.text))
    if found is None or not _MAYBE.search(found.document.source.text):
        return ()
    document, fields = found
    runs = fields.get("runs")
    nodes = document.fields(runs, "`runs`") if isinstance(runs, MappingNode) else {}
    from pipelaw.loaders.github_steps import Surroundings, steps_of  # noqa: PLC0415  steps use actions

    inner = context.inside(document)
    inner.reach = reach
    inner.handed = {
        variable.name.lower(): workspace.origins.of(variable.value, {})
        for variable in step.variables
        if variable.kind == "input"
    }
    around = Surroundings(inner.apart(Known()), reach=reach, environment=workspace.environment)
    steps = steps_of(inner, nodes.get("steps"), around)
    inner.forget()
    return tuple(replaced(part, place=used.place) for each in steps for part in _foreign(each))


def _foreign(step: Step) -> Iterator[Checkout | Artifact]:
    yield from (checkout for checkout in step.checkouts if checkout.untrusted)
    yield from (artifact for artifact in step.artifacts if artifact.untrusted)
