"""GitHub Actions to the model: workflows, and actions that are written as steps."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, Problem, ScalarNode, decode, shared
from pipelaw.errors import UnreadableError
from pipelaw.facts import references
from pipelaw.facts.script_facts import facts_of
from pipelaw.loaders import Loaded
from pipelaw.loaders.github_callers import called_with, used_by
from pipelaw.loaders.github_catalogue import RUNTIMES
from pipelaw.loaders.github_context import Context
from pipelaw.loaders.github_gates import in_values
from pipelaw.loaders.github_inputs import inputs_of
from pipelaw.loaders.github_jobs import jobs_of
from pipelaw.loaders.github_leaks import with_leaks
from pipelaw.loaders.github_lock import locked
from pipelaw.loaders.github_memory import memory, remember, uses_of_action
from pipelaw.loaders.github_missing import missing
from pipelaw.loaders.github_permissions import permissions_of
from pipelaw.loaders.github_reach import reach_of
from pipelaw.loaders.github_releases import deploys, publishes
from pipelaw.loaders.github_siblings import called_by, callers, followed, upstream
from pipelaw.loaders.github_steps import Surroundings, steps_of
from pipelaw.loaders.github_triggers import triggers_of
from pipelaw.model import Job, Pipeline, Reference, Runner

if TYPE_CHECKING:
    from pipelaw.source import Source
    from pipelaw.tree import Tree


def load(source: Source, tree: Tree) -> Loaded:
    """Read a workflow or an action's definition."""
    early = memory(tree).loaded.pop(source.path, None)
    return _load(source, tree) if early is None else early


def load_early(tree: Tree, path: str) -> None:
    """Load a file before its turn, because another one needs to know what it uses."""
    try:
        source = decode(path, tree.read(path))
        memory(tree).loaded[path] = _load(source, tree)
    except Exception:  # noqa: BLE001  it is reported when its turn comes
        return


def _load(source: Source, tree: Tree) -> Loaded:
    problems: list[Problem] = []
    roots = shared(source)
    if not roots:
        return Loaded(())
    document = Document(source, roots[0], problems)
    for extra in roots[1:]:
        document.problem(extra, "a workflow is one YAML document; the rest is not read")
    if not isinstance(document.root, MappingNode):
        where = source.position(document.root.start_mark.index)
        raise UnreadableError(source.path, *where, "a workflow or action is a mapping")
    context = Context(document)
    context.locked = locked(source.path, tree)
    context.tree = tree
    fields = document.fields(document.root, "the file")
    context.inputs = inputs_of(fields)
    if _is_action(source, fields):
        pipeline = _action(context, fields, tree)
    else:
        pipeline = _workflow(context, fields, tree)
    if "./" in source.text or "$/" in source.text:
        context.unresolved.extend(missing(pipeline, tree))
    if not remember(tree, source.path, context, pipeline):
        context.forget()
    return Loaded((pipeline,), tuple(problems), tuple(context.unresolved))


def _is_action(source: Source, fields: dict[str, Node]) -> bool:
    name = source.path.rpartition("/")[2]
    return (
        "runs" in fields
        and "jobs" not in fields
        and (name.startswith("action.") or "on" not in fields)
    )


_SETTINGS = ("on", "run-name", "concurrency", "defaults")
"""Keys of a workflow with expressions that nobody else looks into."""


def _workflow(context: Context, fields: dict[str, Node], tree: Tree) -> Pipeline:
    document = context.document
    triggers = tuple(triggers_of(document, fields.get("on")))
    if any(trigger.name == "workflow_run" for trigger in triggers):
        triggers = upstream(tree, document.source.path, triggers, fields.get("on"))
        context.followed = followed(tree, document.source.path, fields.get("on"))
    if not triggers:
        document.problem(document.root, "a workflow without `on`: nothing starts it")
    context.start(triggers)
    context.reach = reach_of(triggers)
    if "workflow_call" in context.events:
        context.callers = callers(tree, document.source.path)
        context.reach = called_by(context.reach, context.callers)
        called_with(context, context.callers, load_early)
    granted = permissions_of(document, fields.get("permissions"), "pipeline")
    flow = context.flow
    variables = context.environment(fields.get("env"), flow)
    facts = facts_of((), variables)
    context.defaults = fields.get("defaults")
    context.cache_mode = document.text(fields.get("cache-mode"), "`cache-mode`")
    context.shell = context.default_shell(context.defaults)
    flow.flaws.extend(in_values(document.source, fields, _SETTINGS))
    jobs = jobs_of(context, fields.get("jobs"), granted)
    return Pipeline(
        path=document.source.path,
        platform="github",
        name=document.text(fields.get("name"), "`name`"),
        triggers=triggers,
        jobs=jobs,
        permissions=granted.permissions,
        reusable={trigger.name for trigger in triggers} == {"workflow_call"},
        variables=variables,
        expansions=tuple(flow.expansions),
        secrets=tuple(flow.secrets),
        flaws=(*flow.flaws, *facts.flaws),
        credentials=facts.credentials,
        place=document.place(document.root, _first_value(document.root)),
    )


def _first_value(root: Node) -> Node | None:
    """The last node of the first line of a file: what a finding about the whole file points at."""
    return root.value[0][0] if isinstance(root, MappingNode) and root.value else None


def _action(context: Context, fields: dict[str, Node], tree: Tree) -> Pipeline:
    """An action's definition: its steps are a job that runs wherever the action is used."""
    document = context.document
    runs = document.fields(fields.get("runs"), "`runs`")
    context.called = True
    uses = uses_of_action(tree, document.source.path, load_early) if "steps" in runs else []
    reach, flow = used_by(context, uses)
    given = {use.job.token for use in uses if use.job.writes}
    steps = steps_of(context, runs.get("steps"), Surroundings(flow, reach=reach))
    job = Job(
        steps=with_leaks(steps, flow.secrets, uses),
        publishes=publishes(steps),
        deploys=deploys(steps),
        events=reach.events,
        reachable_by_outsider=reach.reachable,
        exposed=reach.exposed,
        entry=reach.entry,
        token="inherited" if given - {"default"} else "none",
        holds_secrets=any(use.job.holds_secrets for use in uses),
        writes=any(use.job.writes for use in uses),
        mints_identity=any(use.job.mints_identity for use in uses),
        references=_docker_image(context, runs, tree),
        runner=_runtime(context, runs),
        place=document.place(fields["runs"]),
    )
    return Pipeline(
        path=document.source.path,
        platform="github",
        kind="action",
        name=document.text(fields.get("name"), "`name`"),
        jobs=(job,),
        reusable=True,
        flaws=tuple(in_values(document.source, fields, ("outputs",))),
        place=document.place(document.root, _first_value(document.root)),
    )


def _runtime(context: Context, runs: dict[str, Node]) -> Runner:
    """What an action asks of the machine that it runs on."""
    using = context.document.text(runs.get("using"), "`using`")
    if using.lower() not in RUNTIMES:
        return Runner()
    return Runner(retired=using, place=context.document.place(runs["using"]))


def _docker_image(context: Context, runs: dict[str, Node], tree: Tree) -> tuple[Reference, ...]:
    """The image of an action that is a container, or those that its own image is built on."""
    node = runs.get("image")
    if not isinstance(node, ScalarNode):
        return ()
    if not node.value.startswith("docker://"):
        from pipelaw.loaders.dockerfile import images  # noqa: PLC0415  few repositories are such actions

        folder = context.document.source.path.rpartition("/")[0]
        return images(tree, normpath(f"{folder}/{node.value}" if folder else node.value))
    place = context.document.place(node)
    return (references.image(node.value.removeprefix("docker://"), place, "job"),)
