"""The workspace of a job before its first step, and what its neighbours bring to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.loaders.github_checkouts import runs_foreign
from pipelaw.loaders.github_origins import Origins, Seen
from pipelaw.loaders.github_settled import Workspace
from pipelaw.loaders.github_taint import written
from pipelaw.loaders.github_workspace import constants, resolved, spelled
from pipelaw.parts import by_name
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.loaders.github_taint import JobOutputs
    from pipelaw.model import Step, Variable


def workspace_of(
    context: Context, reach: Reach, flow: Flow, *, environment: bool
) -> Workspace | None:
    """The workspace of a job; None where no outsider's code can matter."""
    if not reach.watched:
        return None
    env = by_name(v for variables in flow.variables for v in variables)
    outputs = _Outputs(context.bodies, context.jobs)
    matrix = flow.known.matrix
    # a run of a request's own has no permissions: what is named there alone gives nobody any
    own = {t.name for t in reach.triggers if t.kind == "change-request" and not t.privileged}
    events = context.events - own
    origins = Origins(events, env, outputs, context.callers, context.handed, matrix)
    decided = partial(written, context, flow)
    return Workspace(origins, decided, dict(context.made), environment=environment)


class _Outputs:
    """The outputs of a workflow's jobs, read when an origin leads to one."""

    def __init__(
        self, bodies: Mapping[str, dict[str, Node]], jobs: Mapping[str, JobOutputs]
    ) -> None:
        self.bodies = bodies
        self.jobs = jobs

    def get(self, job: str, output: str) -> tuple[str, Mapping[str, Seen]] | None:
        """The text of an output, and the steps of its job by id; None where there is none."""
        body = self.bodies.get(job)
        text = _texts(body.get("outputs")).get(output) if body else None
        if body is None or text is None or (job in self.jobs and self.jobs[job].inside):
            return None
        return text, dict(_steps(body.get("steps")))

    def early(self, text: str) -> bool:
        """Whether the jobs whose outputs a text names run before any that waits for an environment."""
        jobs = [name.lower() for name in _NEEDED.findall(text)]
        found = bool(jobs)
        for job in jobs:  # it grows
            body = self.bodies.get(job)
            if body is None or "environment" in body:
                return False
            jobs += (each for each in _needs(body.get("needs")) if each not in jobs)
        return found


_NEEDED = pattern(r"(?i)\bneeds(?:\.|\[')([\w-]+)(?:'\])?(?:\.|\[')outputs\b")


def _needs(node: Node | None) -> Iterator[str]:
    for item in node.value if isinstance(node, SequenceNode) else (node,):
        if isinstance(item, ScalarNode):
            yield item.value.lower()


def _steps(node: Node | None) -> Iterator[tuple[str, Seen]]:
    for item in node.value if isinstance(node, SequenceNode) else ():
        if isinstance(item, MappingNode):
            own = _texts(item)
            nested = {str(k.value): v for k, v in item.value}
            if "id" in own:
                yield (
                    own["id"].lower(),
                    Seen(
                        own.get("uses", ""),
                        _texts(nested.get("with")),
                        own.get("run", ""),
                        _texts(nested.get("env")),
                    ),
                )


def _texts(node: Node | None) -> dict[str, str]:
    """The texts of a mapping, by key in lower case."""
    return {
        str(key.value).lower(): str(value.value)
        for key, value in (node.value if isinstance(node, MappingNode) else ())
        if isinstance(value, ScalarNode)
    }


def folder_in(
    fields: Mapping[str, Node], default: str, around: Iterable[Iterable[Variable]] = ()
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
        run = _member(node, "run")
        folder = _texts(run).get("working-directory") if run is not None else None
        if folder is not None:
            return resolved(folder, "") or ""
    return ""


def _member(node: Node | None, name: str) -> Node | None:
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == name:
            found: Node = value
            return found
    return None


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
    return [text for item in items if (text := _texts(item).get("run"))]
