"""The outputs of a workflow's jobs and of local actions, read when somebody's code leads to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Node, ScalarNode, SequenceNode
from pipelaw.loaders import mappings
from pipelaw.loaders.github_definitions import action_in, folder_of
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.loaders.github_taint import JobOutputs
    from pipelaw.tree import Tree


class Seen(NamedTuple):
    """A step that may have made an output."""

    uses: str
    inputs: Mapping[str, str]
    script: str
    env: Mapping[str, str]


class Outputs:
    """The outputs of the other jobs of a workflow."""

    def __init__(
        self, bodies: Mapping[str, dict[str, Node]], jobs: Mapping[str, JobOutputs]
    ) -> None:
        self._bodies = bodies
        self._jobs = jobs

    def get(self, job: str, output: str) -> tuple[str, Mapping[str, Seen]] | None:
        """The text of an output, and the steps of its job by id; None where there is none."""
        body = self._bodies.get(job)
        text = mappings.texts(body.get("outputs")).get(output) if body else None
        if body is None or text is None or (job in self._jobs and self._jobs[job].inside):
            return None
        return text, dict(_steps(body.get("steps")))

    def early(self, text: str) -> bool:
        """Whether the jobs whose outputs a text names run before any that waits for an environment."""
        jobs = [name.lower() for name in _NEEDED.findall(text)]
        found = bool(jobs)
        for job in jobs:  # it grows
            body = self._bodies.get(job)
            if body is None or "environment" in body:
                return False
            jobs += (each for each in _needs(body.get("needs")) if each not in jobs)
        return found


NO_OUTPUTS = Outputs({}, {})
_NEEDED = pattern(r"(?i)\bneeds(?:\.|\[')([\w-]+)(?:'\])?(?:\.|\[')outputs\b")


def output_of(tree: Tree | None, uses: str, output: str) -> tuple[str, Mapping[str, Seen]] | None:
    """The text of an output of a local action, and the steps of it by id; None where there is none."""
    found = action_in(tree, folder_of(uses))
    if found is None or found.steps is None:
        return None
    outputs = found.fields.get("outputs")
    named = next((key for key in mappings.values(outputs) if key.lower() == output), "")
    text = mappings.text_at(outputs, named, "value")
    return text, dict(_steps(found.steps))


def _needs(node: Node | None) -> Iterator[str]:
    for item in node.value if isinstance(node, SequenceNode) else (node,):
        if isinstance(item, ScalarNode):
            yield item.value.lower()


def _steps(node: Node | None) -> Iterator[tuple[str, Seen]]:
    for item in node.value if isinstance(node, SequenceNode) else ():
        own = mappings.texts(item)
        if "id" in own:
            inputs, env = (mappings.texts(mappings.at(item, key)) for key in ("with", "env"))
            yield own["id"].lower(), Seen(own.get("uses", ""), inputs, own.get("run", ""), env)
