"""An outsider's text on its way into local actions and called workflows, and out of them again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from pipelaw.document import Document, MappingNode, Node, ScalarNode, decode, shared
from pipelaw.errors import UnreadableError
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_taint import JobOutputs, Known, written
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pipelaw.loaders import Loaded
    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.loaders.github_siblings import Caller
    from pipelaw.model import Job, Pipeline, Reference, Variable
    from pipelaw.tree import Tree

T = TypeVar("T")

DEEPEST = 3
"""How many local actions are followed into each other."""


class LocalCall(NamedTuple):
    """A step that uses a local action."""

    target: str
    """The folder of the action in the repository."""
    inputs: Mapping[str, Taint]
    """Whose text it hands over, by input in lower case."""
    reach: Reach
    job: str
    """The key of the job that it belongs to."""


def folder_of(uses: str) -> str:
    """The folder that `./x`, `$/x` or `.github/x` names, "" for the root."""
    plain = uses.partition("@")[0]
    return plain.removeprefix("./").removeprefix("$/").strip("/")


def noted(
    context: Context, flow: Flow, used: Reference, inputs: tuple[Variable, ...], reach: Reach
) -> LocalCall:
    """A step's use of a local action."""
    handed = {
        variable.name.lower(): taint
        for variable in inputs
        if not variable.literal
        if (taint := written(context, flow, variable.value)) is not None
    }
    return LocalCall(folder_of(used.text), handed, reach, flow.known.job)


@lru_cache(maxsize=64)
def _document(tree: Tree, path: str) -> tuple[Document, dict[str, Node]] | None:
    """A file of the repository and its top keys, None where it cannot be read."""
    try:
        source = decode(path, tree.read(path))
        roots = shared(source)
    except UnreadableError:
        return None
    if not roots or not isinstance(roots[0], MappingNode):
        return None
    document = Document(source, roots[0], [])
    return document, document.fields(roots[0], "the file")


class Followed(NamedTuple):
    """A local action that was read with what one of its users hands over."""

    context: Context
    flow: Flow
    outputs: Node | None


def action_outputs(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str], name: str
) -> Taint | None:
    """Whose text an output of a local action holds; with "", the worst of all of them."""
    if context.tree is None or context.depth >= DEEPEST:
        return None
    handed = {key: taint for key, text in given.items() if (taint := written(context, flow, text))}
    folder = folder_of(used.text)
    key = (folder, tuple(sorted(handed.items())), context.events, context.open_events)
    known = memory(context.tree).actions
    if key not in known:
        known[key] = _followed(context, folder, handed)
    found = known[key]
    return _named_outputs(found.context, found.flow, found.outputs, name) if found else None


def _followed(context: Context, folder: str, handed: dict[str, Taint]) -> Followed | None:
    """Read a local action's steps; None where there is no such action."""
    from pipelaw.loaders.github_steps import Surroundings, steps_of  # noqa: PLC0415  it uses this module

    read = definition(context.tree, folder)
    if read is None:
        return None
    document, fields = read
    inner = context.inside(document)
    within = inner.apart(Known(handed))
    runs = fields.get("runs")
    steps = document.fields(runs, "`runs`").get("steps") if isinstance(runs, MappingNode) else None
    steps_of(inner, steps, Surroundings(within))
    return Followed(inner, within, fields.get("outputs"))


def definition(tree: Tree | None, folder: str) -> tuple[Document, dict[str, Node]] | None:
    """The document of the local action in a folder and its top keys; None where there is none."""
    start = f"{folder}/" if folder else ""
    for end in ("action.yml", "action.yaml"):
        if tree is not None and f"{start}{end}" in tree:
            return _document(tree, f"{start}{end}")
    return None


def _named_outputs(context: Context, flow: Flow, node: Node | None, name: str) -> Taint | None:
    """What the `value` of a declared output holds."""
    found = []
    for key, options in node.value if isinstance(node, MappingNode) else ():
        if not name or str(key.value).lower() == name:
            for option, value in options.value if isinstance(options, MappingNode) else ():
                if option.value == "value" and isinstance(value, ScalarNode):
                    found.append(written(context, flow, value.value))
    return strongest(taint for taint in found if taint is not None)


class CalledOutputs(JobOutputs):
    """The outputs of a job that calls a workflow of the repository."""

    __slots__ = ("_body", "_path")

    def __init__(self, context: Context, flow: Flow, path: str, body: Mapping[str, Node]) -> None:
        super().__init__(context, flow, None)
        self._path = path
        self._body = body

    def of(self, name: str) -> Taint | None:
        """Whose text an output holds; with "", the worst of all of them."""
        from pipelaw.loaders.github_jobs import jobs_of  # noqa: PLC0415  it uses this module
        from pipelaw.loaders.github_permissions import permissions_of  # noqa: PLC0415  as above

        outer = self._context
        if outer.tree is None or outer.depth >= DEEPEST or self._path not in outer.tree:
            return None
        read = _document(outer.tree, self._path)
        if read is None:
            return None
        document, fields = read
        inner = outer.inside(document)
        inner.flow.known = Known(self._handed())
        inner.environment(fields.get("env"), inner.flow)
        jobs_of(inner, fields.get("jobs"), permissions_of(document, None, "pipeline"))
        inner.flow.known = Known(needs=inner.jobs)
        found = _named_outputs(inner, inner.flow, _outputs_of_call(fields.get("on")), name)
        inner.forget()
        return found

    def _handed(self) -> dict[str, Taint]:
        node = self._body.get("with")
        return {
            str(key.value).lower(): taint
            for key, value in (node.value if isinstance(node, MappingNode) else ())
            if isinstance(value, ScalarNode)
            if (taint := written(self._context, self._flow, value.value)) is not None
        }


def _outputs_of_call(node: Node | None) -> Node | None:
    """The outputs that `workflow_call` declares."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "workflow_call" and isinstance(value, MappingNode):
            return next((v for k, v in value.value if k.value == "outputs"), None)
    return None


def called_with(context: Context, callers: Iterable[Caller]) -> None:
    """Note what the callers of a workflow say of it: their events, and whose text its inputs hold."""
    context.called = True
    for caller in callers:
        events, opened = _events(caller)
        context.events, context.open_events = context.events | events, context.open_events | opened
    context.flow.known = Known(_handed_over(callers, context.tree))


def _events(caller: Caller) -> tuple[frozenset[str], frozenset[str]]:
    """What starts the job that calls, and what of it outsiders can cause."""
    events = frozenset(trigger.name for trigger in caller.reach.triggers)
    return events, frozenset(trigger.name for trigger in caller.reach.outsiders)


def _handed_over(callers: Iterable[Caller], tree: Tree | None) -> dict[str, Taint]:
    """Whose text the inputs of a workflow hold, by name in lower case."""
    from pipelaw.loaders.github_context import Context, Flow  # noqa: PLC0415  it uses this module

    found: dict[str, list[Taint]] = {}
    for caller in callers:
        outer = Context.__new__(Context)
        outer.events, outer.open_events = _events(caller)
        handed = _handed_over(caller.callers, tree)
        asks = tree is not None and any("needs." in text for text in caller.inputs.values())
        loaded = _loaded(tree, caller.path) if asks and tree is not None else None
        within = Flow({}, Known(handed, needs=loaded.jobs if loaded else None))
        for name, text in caller.inputs.items():
            taint = written(outer, within, text) if "${{" in text else None
            if taint is not None:
                found.setdefault(name, []).append(taint)
    worst = {name: strongest(taints) for name, taints in found.items()}
    return {name: taint for name, taint in worst.items() if taint is not None}


def _loaded(tree: Tree, path: str) -> Context | None:
    """The workflow at a path, which calls others, as it was loaded; None where that is going on."""
    from pipelaw.loaders.github import load_early  # noqa: PLC0415  it uses this module

    known = memory(tree).calling
    if path not in known:
        known[path] = None  # workflows that call each other are cut here
        load_early(tree, path)
    return known[path]


_USES = pattern(r"uses:(?<=\buses:)\s*['\"]?((?:[.$]/|\.github/)[^\s'\"#@]*)")
_ENDS = (".yml", ".yaml")


@remembered
def _users(tree: Tree) -> dict[str, list[str]]:
    """The workflows and actions that use a local action, by its folder."""
    found: dict[str, list[str]] = {}
    for path in tree.paths():
        if not path.endswith(_ENDS) or not _uses_actions(path):
            continue
        try:
            data = tree.read(path)
        except UnreadableError:
            continue
        if b"./" in data or b"$/" in data or b".github/" in data:
            for uses in dict.fromkeys(_USES.findall(data.decode("utf-8", "replace"))):
                if not uses.endswith(_ENDS):
                    found.setdefault(folder_of(uses), []).append(path)
    return found


def _uses_actions(path: str) -> bool:
    head, _, name = path.rpartition("/")
    return head.endswith(".github/workflows") or name.startswith("action.")


class Use(NamedTuple):
    """A use of a local action, and the job that it belongs to."""

    call: LocalCall
    job: Job


class Memory(NamedTuple):
    """What loading some files of a repository gave that others ask for."""

    loaded: dict[str, Loaded]
    """Files that were loaded before their turn, by path."""
    uses: dict[str, list[Use]]
    """The uses of local actions in a file that was loaded."""
    actions: dict[object, Followed | None]
    """Local actions, by their folder, what is handed to them, and the events."""
    calling: dict[str, Context | None]
    """Workflows that hand outputs of their jobs to others, by path."""


@lru_cache(maxsize=4)
def memory(tree: Tree) -> Memory:
    """What is remembered of a repository."""
    return Memory({}, {}, {}, {})


def remember(tree: Tree, path: str, context: Context, pipeline: Pipeline) -> bool:
    """Keep a file's uses of local actions, and its outputs for callers: whether there are such outputs."""
    if context.calls:
        jobs = {job.id: job for job in pipeline.jobs}
        found = [Use(call, jobs[call.job]) for call in context.calls if call.job in jobs]
        memory(tree).uses[path] = found
    calling = bool(context.jobs) and any(job.reusable for job in pipeline.jobs)
    if calling:
        memory(tree).calling[path] = context
    return calling


def uses_of_action(tree: Tree, path: str) -> list[Use]:
    """The steps of the repository that use the action whose definition is at `path`."""
    from pipelaw.loaders.github import load_early  # noqa: PLC0415  it uses this module

    if tree.named:
        return []  # listing a whole repository for one file would take too long
    folder = path.rpartition("/")[0]
    known = memory(tree)
    found: list[Use] = []
    for user in _users(tree).get(folder, ()):
        if user != path and user not in known.uses:
            known.uses[user] = []  # actions that use each other are cut here
            load_early(tree, user)
        found += (use for use in known.uses.get(user, ()) if use.call.target == folder)
    return found


def used_by(context: Context, uses: Sequence[Use]) -> tuple[Reach, Flow]:
    """What the uses of an action say of it: who starts it, and whose text its inputs hold."""
    from pipelaw.loaders.github_reach import Reach  # noqa: PLC0415  it uses this module

    triggers = tuple(dict.fromkeys(t for use in uses for t in use.call.reach.triggers))
    outsiders = tuple(dict.fromkeys(t for use in uses for t in use.call.reach.outsiders))
    context.events = frozenset(trigger.name for trigger in triggers)
    context.open_events = frozenset(trigger.name for trigger in outsiders)
    handed: dict[str, list[Taint]] = {}
    for use in uses:
        for name, taint in use.call.inputs.items():
            handed.setdefault(name, []).append(taint)
    worst = {name: strongest(taints) for name, taints in handed.items()}
    inputs = {name: taint for name, taint in worst.items() if taint is not None}
    return Reach(triggers, outsiders), context.apart(Known(inputs))


def job_flow(context: Context, job: str, fields: Mapping[str, Node]) -> Flow:
    """The flow of a job, with its outputs noted for those that need it."""
    matrix = _matrix(fields.get("strategy"))
    flow = context.apart(Known(context.flow.known.inputs, context.jobs, matrix, job))
    uses = fields.get("uses")
    if isinstance(uses, ScalarNode) and uses.value.startswith(("./", "$/")):
        path = folder_of(uses.value)
        context.jobs[job.lower()] = CalledOutputs(context, flow, path, fields)
    elif "outputs" in fields:
        context.jobs[job.lower()] = JobOutputs(context, flow, fields["outputs"])
    return flow


def _matrix(strategy: Node | None) -> Node | None:
    pairs: list[tuple[Node, Node]] = strategy.value if isinstance(strategy, MappingNode) else []
    return next((value for key, value in pairs if key.value == "matrix"), None)


def needed_first(
    jobs: Sequence[tuple[ScalarNode, T]], needs: Callable[[str], tuple[str, ...]]
) -> list[tuple[ScalarNode, T]]:
    """Jobs in an order in which each comes after those that it needs, as most files have them."""
    done: set[str] = set()
    waiting = list(jobs)
    ordered: list[tuple[ScalarNode, T]] = []
    while waiting:
        names = {key.value for key, _ in waiting}
        ready = []
        for key, fields in waiting:
            if not names.isdisjoint(need for need in needs(key.value) if need not in done):
                continue
            ready.append((key, fields))
            done.add(key.value)
        ordered += ready or waiting
        left = {key.value for key, _ in ready}
        waiting = [item for item in waiting if ready and item[0].value not in left]
    return ordered
