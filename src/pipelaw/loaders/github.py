"""GitHub Actions to the model: workflows, and actions that are written as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, ScalarNode, parse
from pipelaw.errors import UnreadableError
from pipelaw.facts import references
from pipelaw.facts.secrets import credentials
from pipelaw.loaders import Loaded
from pipelaw.loaders.github_context import Context, Flow
from pipelaw.loaders.github_contexts import EVENTS, OTHER
from pipelaw.loaders.github_jobs import jobs_of
from pipelaw.loaders.github_permissions import permissions_of
from pipelaw.loaders.github_steps import Surroundings, steps_of
from pipelaw.model import Job, Pipeline, Reference, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.source import Source
    from pipelaw.tree import Tree


def load(source: Source, tree: Tree) -> Loaded:
    """Read a workflow or an action's definition."""
    problems: list[Problem] = []
    roots = parse(source)
    if not roots:
        return Loaded(())
    document = Document(source, roots[0], problems)
    for extra in roots[1:]:
        document.problem(extra, "a workflow is one YAML document; the rest is not read")
    if not isinstance(document.root, MappingNode):
        where = source.position(document.root.start_mark.index)
        raise UnreadableError(source.path, *where, "a workflow or action is a mapping")
    context = Context(document)
    fields = document.fields(document.root, "the file")
    pipeline = (
        _action(context, fields) if _is_action(source, fields) else _workflow(context, fields)
    )
    return Loaded((pipeline,), tuple(problems), tuple(context.unresolved))


def _is_action(source: Source, fields: dict[str, Node]) -> bool:
    name = source.path.rpartition("/")[2]
    return (
        "runs" in fields
        and "jobs" not in fields
        and (name.startswith("action.") or "on" not in fields)
    )


def _workflow(context: Context, fields: dict[str, Node]) -> Pipeline:
    document = context.document
    triggers = tuple(_triggers(context, fields.get("on")))
    if not triggers:
        document.problem(document.root, "a workflow without `on`: nothing starts it")
    context.start(triggers)
    granted = permissions_of(document, fields.get("permissions"), "pipeline")
    flow = context.flow
    variables = context.environment(fields.get("env"), flow)
    context.shell = context.default_shell(fields.get("defaults"))
    jobs = jobs_of(context, fields.get("jobs"), granted)
    return Pipeline(
        path=document.source.path,
        platform="github",
        name=document.text(fields.get("name"), "`name`"),
        triggers=triggers,
        jobs=jobs,
        permissions_declared=granted.declared,
        permissions=granted.permissions,
        reusable={trigger.name for trigger in triggers} == {"workflow_call"},
        variables=variables,
        expansions=tuple(flow.expansions),
        secrets=tuple(flow.secrets),
        credentials=credentials(variables, ()),
        place=document.place(document.root, _first_value(document.root)),
    )


def _first_value(root: Node) -> Node | None:
    """The last node of the first line of a file: what a finding about the whole file points at."""
    return root.value[0][0] if isinstance(root, MappingNode) and root.value else None


def _triggers(context: Context, node: Node | None) -> Iterator[Trigger]:
    """What `on` says, in its three forms: a word, a list of words, a mapping."""
    document = context.document
    if isinstance(node, MappingNode):
        for key, value in document.pairs(node, "`on`"):
            yield _trigger(context, key, value)
    else:
        for name in document.scalars(node, "`on`"):
            yield _trigger(context, name, None)


def _trigger(context: Context, name: ScalarNode, value: Node | None) -> Trigger:
    document = context.document
    event = EVENTS.get(name.value, OTHER)
    options = document.fields(value, f"`{name.value}`") if isinstance(value, MappingNode) else {}
    kind = event.kind
    if name.value == "push" and "tags" in options and "branches" not in options:
        kind = "tag"
    texts = (
        {
            key: tuple(str(item.value) for item in document.scalars(options[key], f"`{key}`"))
            for key in ("branches", "types")
            if key in options
        }
        if options
        else {}
    )
    return Trigger(
        kind=kind,
        name=name.value,
        outsider=event.outsider,
        privileged=event.privileged,
        branches=texts.get("branches", ()),
        types=texts.get("types", ()),
        place=document.place(name),
    )


def _action(context: Context, fields: dict[str, Node]) -> Pipeline:
    """An action's definition: its steps are a job that runs wherever the action is used."""
    document = context.document
    runs = document.fields(fields.get("runs"), "`runs`")
    job = Job(
        steps=steps_of(context, runs.get("steps"), Surroundings(Flow({}))),
        references=_docker_image(context, runs),
        place=document.place(fields["runs"]),
    )
    return Pipeline(
        path=document.source.path,
        platform="github",
        kind="action",
        name=document.text(fields.get("name"), "`name`"),
        jobs=(job,),
        reusable=True,
        place=document.place(document.root, _first_value(document.root)),
    )


def _docker_image(context: Context, runs: dict[str, Node]) -> tuple[Reference, ...]:
    """The image of an action that is a container, unless it is built from a file of its own."""
    node = runs.get("image")
    if not isinstance(node, ScalarNode) or not node.value.startswith("docker://"):
        return ()
    place = context.document.place(node)
    return (references.image(node.value.removeprefix("docker://"), place, "job"),)
