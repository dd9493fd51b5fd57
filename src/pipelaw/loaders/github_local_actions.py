"""What the steps of a local action bring into the workspace of the job that uses it, and do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders import mappings
from pipelaw.loaders.github_definitions import DEEPEST, action_in, folder_of
from pipelaw.loaders.github_taint import Known
from pipelaw.loaders.github_workspace import resolved
from pipelaw.model import Artifact, Checkout, replaced
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.document import Node
    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_definitions import Definition
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
    found = _used(context, step)
    if found is None or not _MAYBE.search(found.document.source.text):
        return ()
    steps = _steps(context, found, step, reach, workspace)
    place = step.references[0].place
    return tuple(replaced(part, place=place) for each in steps for part in _foreign(each))


def run_by(
    context: Context, step: Step, reach: Reach, workspace: Workspace
) -> tuple[tuple[Step, str], ...]:
    """The steps of the local action that a step uses, each with the folder that it runs in.

    They work with the files of the job, where an outsider's are among them.
    """
    found = _used(context, step) if workspace.brought else None
    if found is None:
        return ()
    given = {v.name.lower(): v.value for v in step.variables if v.kind == "input"}
    return tuple(
        (inner, _folder(inner.place.first, given))
        for inner in _steps(context, found, step, reach, workspace)
    )


def _used(context: Context, step: Step) -> Definition | None:
    """The local action of a step."""
    used = step.references[0] if step.references else None
    if used is None or used.pin != "local" or context.depth >= DEEPEST:
        return None
    return action_in(context.tree, folder_of(used.text))


_INPUT = pattern(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


def _folder(node: Node, given: Mapping[str, str]) -> str:
    """The folder of a step of an action, with the inputs put in that are given."""
    text = mappings.text_at(node, "working-directory")
    put_in = _INPUT.sub(lambda match: given.get(match[1].lower(), match[0]), text)
    return resolved(put_in, "") or ""


def _steps(
    context: Context, found: Definition, step: Step, reach: Reach, workspace: Workspace
) -> tuple[Step, ...]:
    """The steps of an action, read for one use of it."""
    from pipelaw.loaders.github_steps import Surroundings, steps_of  # noqa: PLC0415  steps use actions

    inner = context.inside(found.document)
    inner.reach = reach
    inner.handed = {
        variable.name.lower(): workspace.origins.of(variable.value, {})
        for variable in step.variables
        if variable.kind == "input"
    }
    around = Surroundings(inner.apart(Known()), reach=reach, environment=workspace.environment)
    steps = steps_of(inner, found.steps, around)
    inner.forget()
    return steps


def _foreign(step: Step) -> Iterator[Checkout | Artifact]:
    yield from (checkout for checkout in step.checkouts if checkout.untrusted)
    yield from (artifact for artifact in step.artifacts if artifact.untrusted)
