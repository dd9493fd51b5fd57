"""What a GitLab job starts elsewhere: the pipeline of another project, or one of its own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.loaders.gitlab_references import external, given, handed, project, text_of
from pipelaw.model import Reference
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.model import Variable


class ChildFile(NamedTuple):
    """A file of a child pipeline."""

    path: str
    node: ScalarNode
    """Where it is named."""
    inputs: dict[str, str]


class Downstream(NamedTuple):
    """What one job starts."""

    references: list[Reference]
    files: list[ChildFile]
    """The files of this repository that together are the child pipeline."""
    nodes: list[Node]
    """The scalars that say what is started."""
    unresolved: list[Problem]
    handed: list[Variable]
    """The inputs that it is given."""


NOWHERE_ELSE = Downstream([], [], [], [], [])
"""What a job starts that starts nothing."""


def downstream(config: Config, node: Node) -> Downstream:
    """What a `trigger` starts."""
    found = Downstream([], [], [], [], [])
    fields = (
        config.fields(node, "`trigger`") if isinstance(node, MappingNode) else {"project": node}
    )
    found.handed.extend(handed(config, fields))
    if "include" in fields:
        for item in _items(config, fields["include"]):
            _child(config, item, found)
    elif isinstance(name := fields.get("project"), ScalarNode):
        found.nodes.extend(fields[key] for key in ("project", "branch") if key in fields)
        _elsewhere(config, project(config, name, fields), found)
    else:
        config.problem(node, "`trigger` names no project and no file")
    return found


def _items(config: Config, node: Node) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        yield from config.items(node, "`trigger:include`")
    else:
        yield node


def _child(config: Config, item: Node, found: Downstream) -> None:
    """One file of a child pipeline."""
    fields = (
        config.fields(item, "`trigger:include`")
        if isinstance(item, MappingNode)
        else {"local": item}
    )
    kept = ("inputs", "rules", "local", "artifact", "job")
    found.nodes.extend(value for key, value in fields.items() if key not in kept)
    found.handed.extend(handed(config, fields))
    local = fields.get("local")
    if isinstance(local, ScalarNode):
        path = text_of(config, local)
        found.files.append(ChildFile(path.lstrip("/"), local, given(config, fields)))
        found.references.append(
            Reference(kind="workflow", text=path, name=path, pin="local", place=config.place(local))
        )
        return
    reference = external(config, fields)
    if reference is None:
        config.problem(item, "`trigger:include` names no file")
    else:
        _elsewhere(config, reference, found)


def _elsewhere(config: Config, reference: Reference, found: Downstream) -> None:
    found.references.append(reference)
    if reference.kind != "template":
        remark = config.remark(
            reference.place.first, f"`{reference.text}` is started and was not read"
        )
        found.unresolved.append(remark)
