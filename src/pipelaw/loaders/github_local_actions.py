"""What the steps of a local action bring into the workspace of the job that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, ScalarNode, SequenceNode
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
    nodes = _nodes(found) if found is not None else None
    if found is None or not isinstance(nodes, SequenceNode):
        return ()
    given = {v.name.lower(): v.value for v in step.variables if v.kind == "input"}
    return tuple(
        (inner, _folder(nodes.value[inner.index], given))
        for inner in _steps(context, found, step, reach, workspace)
        if inner.index < len(nodes.value)
    )


def _used(context: Context, step: Step) -> Definition | None:
    """The local action of a step."""
    used = step.references[0] if step.references else None
    if used is None or used.pin != "local" or context.depth >= DEEPEST:
        return None
    return action_in(context.tree, folder_of(used.text))


def _nodes(found: Definition) -> Node | None:
    runs = found.fields.get("runs")
    nodes = found.document.fields(runs, "`runs`") if isinstance(runs, MappingNode) else {}
    return nodes.get("steps")


_INPUT = pattern(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


def _folder(node: Node, given: Mapping[str, str]) -> str:
    """The folder of a step of an action, with the inputs put in that are given."""
    pairs = node.value if isinstance(node, MappingNode) else ()
    named = next((value for key, value in pairs if key.value == "working-directory"), None)
    text = named.value if isinstance(named, ScalarNode) else ""
    put_in = _INPUT.sub(lambda match: given.get(match[1].lower(), match[0]), text)
    return resolved(put_in, "") or ""


def _steps(
    context: Context, found: Definition, step: Step, reach: Reach, workspace: Workspace
) -> tuple[Step, ...]:
    """The steps of an action, read for one use of it."""
    document, _ = found
    from pipelaw.loaders.github_steps import Surroundings, steps_of  # noqa: PLC0415  steps use actions

    inner = context.inside(document)
    inner.reach = reach
    inner.handed = {
        variable.name.lower(): workspace.origins.of(variable.value, {})
        for variable in step.variables
        if variable.kind == "input"
    }
    around = Surroundings(inner.apart(Known()), reach=reach, environment=workspace.environment)
    steps = steps_of(inner, _nodes(found), around)
    inner.forget()
    return steps


def _foreign(step: Step) -> Iterator[Checkout | Artifact]:
    yield from (checkout for checkout in step.checkouts if checkout.untrusted)
    yield from (artifact for artifact in step.artifacts if artifact.untrusted)
