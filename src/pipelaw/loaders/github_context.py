"""What a workflow's parts need from what is around them while they are read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pipelaw.document import MappingNode, Place, ScalarNode, Text
from pipelaw.facts.authors import writer
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_contexts import author, carried
from pipelaw.loaders.github_deciders import decider
from pipelaw.loaders.github_expressions import (
    Call,
    ExpressionError,
    Fence,
    calls,
    fences,
    parse,
    paths,
    sources,
)
from pipelaw.loaders.github_gates import flaws_at, in_expression, unclosed
from pipelaw.loaders.github_misuse import TRACES, odd_shell, trace
from pipelaw.loaders.github_reach import Reach
from pipelaw.loaders.github_taint import (
    NOTHING,
    Known,
    as_spelled,
    dynamic,
    taints_in,
    written,
)
from pipelaw.loaders.github_taint_pasted import harmless
from pipelaw.loaders.github_triggers import fixed
from pipelaw.model import Expansion, Flaw, Secret, Trigger, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.document import Document, Node, Problem
    from pipelaw.facts.shell_effects import Effects
    from pipelaw.loaders.github_inputs import Inputs
    from pipelaw.loaders.github_memory import LocalCall
    from pipelaw.loaders.github_origins import Origin
    from pipelaw.loaders.github_siblings import Caller
    from pipelaw.loaders.github_taint import JobOutputs
    from pipelaw.tree import Tree
    from pipelaw.words import Receiver

_TOKENS = frozenset({"github.token", "secrets.github_token"})
_TAINTABLE = ("script", "code")
"""Sinks in which every expansion is kept; elsewhere only those that an outsider writes."""


_NOBODY = Taint("", "")


class Flow:
    """What reading one scope found, and what its environment variables carry into inner scopes."""

    __slots__ = (
        "confined",
        "effects",
        "expansions",
        "flaws",
        "folder",
        "known",
        "secrets",
        "tainted",
        "variables",
    )

    def __init__(
        self,
        tainted: dict[str, Taint],
        known: Known = NOTHING,
        variables: tuple[tuple[Variable, ...], ...] = (),
    ) -> None:
        self.tainted = tainted
        """Whose text it is, by the name of the environment variable that holds it."""
        self.known = known
        self.variables = variables
        """The variables of each `env` around, the outermost first."""
        self.confined: frozenset[str] = frozenset()
        """The contexts that a condition on the way here confines to texts that it writes out."""
        self.folder = ""
        """Where the scripts of a step run, relative to the workspace."""
        self.effects: tuple[Effects | None] | None = None
        """What the script of a step does with an outsider's text, once somebody asked."""
        self.expansions: list[Expansion] = []
        self.secrets: list[Secret] = []
        self.flaws: list[Flaw] = []

    def inner(self) -> Flow:
        """The flow of a scope inside this one."""
        flow = Flow(self.tainted, self.known, self.variables)
        flow.confined = self.confined
        return flow


class Context:
    """The workflow that is being read."""

    __slots__ = (
        "bodies",
        "cache_mode",
        "called",
        "callers",
        "calls",
        "claims",
        "defaults",
        "depth",
        "document",
        "events",
        "flow",
        "followed",
        "guarded",
        "handed",
        "inputs",
        "jobs",
        "known",
        "live",
        "locked",
        "made",
        "open_events",
        "reach",
        "shell",
        "tree",
        "triggers",
        "unresolved",
    )

    def __init__(self, document: Document) -> None:
        self.document = document
        self.triggers: tuple[Trigger, ...] = ()
        self.events = self.open_events = self.live = self.followed = frozenset[str]()
        """What starts it, what outsiders cause, what gets to what is read, what starts what it follows."""
        self.shell = ""
        self.flow = Flow({})
        self.unresolved: list[Problem] = []
        self.locked: frozenset[str] = frozenset()
        """The references that a lockfile binds to commits."""
        self.claims: dict[str, str] = {}
        """What version comments have said so far: see `github_uses`."""
        self.tree: Tree | None = None
        """The repository, where local actions are looked up."""
        self.inputs: Inputs = {}
        self.called = False
        """Others can call it, with inputs that nobody declared."""
        self.jobs: dict[str, JobOutputs] = {}
        """The outputs of the jobs so far, by id in lower case."""
        self.known: list[Known] = []  # what is known inside each of its jobs
        self.calls: list[LocalCall] = []
        """Its uses of local actions."""
        self.reach = Reach()
        """Who can start it, its local callers' triggers included."""
        self.defaults: Node | None = None
        """What the workflow sets for every script, as written."""
        self.cache_mode = ""
        """What its jobs may do with caches, "" for the platform's default."""
        self.handed: Mapping[str, Origin | None] | None = None
        """Whose code the inputs of an action name, where one use of it is looked at."""
        self.guarded = False
        """Something in it may check who started the run: see `github_permission_checks`."""
        self.callers: tuple[Caller, ...] = ()
        """The jobs of the repository that call it."""
        self.bodies: Mapping[str, dict[str, Node]] = {}
        """The keys of its jobs, by id in lower case."""
        self.made: dict[str, bool] = {}
        """Artifacts that jobs so far made after an outsider's code ran in them."""
        self.depth = 0
        """How many files are between it and the one that is being loaded."""

    def inside(self, document: Document) -> Context:
        """The reading of another file of the repository, which this one uses, under the same events."""
        inner = Context(document)
        inner.tree, inner.depth = self.tree, self.depth + 1
        inner.triggers, inner.events = self.triggers, self.events
        inner.open_events, inner.followed = self.open_events, self.followed
        return inner

    def apart(self, known: Known) -> Flow:
        """The flow of a job, or of the steps of an action, with what is known inside it alone."""
        self.known.append(known)
        flow = self.flow.inner()
        flow.known = known
        return flow

    def forget(self) -> None:
        """Let go of the outputs of steps and jobs: each refers to all of the file, and to the others."""
        for known in self.known:
            known.steps.clear()
        self.jobs.clear()

    def start(self, triggers: tuple[Trigger, ...]) -> None:
        """Note what starts the workflow."""
        self.triggers = triggers
        self.events = frozenset(trigger.name for trigger in triggers)
        self.open_events = frozenset(trigger.name for trigger in triggers if trigger.outsider)

    @property
    def fixed(self) -> tuple[str, ...]:
        """How the contexts begin that always say the same in it."""
        return fixed(self.triggers)

    @property
    def sole_callers(self) -> tuple[Caller, ...]:
        """Its callers, where nothing else starts it: it can do no more than they let it."""
        return self.callers if len(self.triggers) == 1 else ()

    def asked(self, condition: str) -> str:
        """What a condition asks, with the inputs put in that the callers hand over."""
        if not self.callers or "inputs" not in condition.lower():
            return condition
        if any(trigger.kind not in ("call", "manual") for trigger in self.triggers):
            return condition
        from pipelaw.loaders.github_choices import handed  # noqa: PLC0415  few conditions read inputs

        return handed(condition, self.callers, self.inputs)

    def under(self, reach: Reach) -> frozenset[str]:
        """Note which events get through to a scope; gives what was noted before."""
        before = self.live
        if reach.triggers is not self.triggers:
            left = {trigger.name for trigger in reach.triggers}
            shut = {trigger.name for trigger in self.triggers} - left
            self.live = self.events - shut if shut < self.events else self.events
        return before

    def _dead(self, read: tuple[str, ...]) -> bool:
        """Whether contexts that an outsider writes are empty under the events that get here."""
        if not self.live or self.live == self.events:
            return False
        return not any(carried(path, self.live) for path in read if author(path) is not None)

    def environment(self, node: Node | None, flow: Flow) -> tuple[Variable, ...]:
        """The variables of an `env`; those that an outsider writes become part of the flow."""
        if node is None:
            return ()
        if isinstance(node, ScalarNode) and "${{" in node.value:
            self.text(self.document.place(node), node.value, flow, "environment")
            return ()
        found = []
        tainted = dict(flow.tainted)
        for key, value in self.document.pairs(node, "`env`"):
            if not isinstance(value, ScalarNode):
                self.document.wrong(value, "text", f"the variable `{key.value}`")
                continue
            found.append(self.variable("environment", key.value, value, flow))
            if key.value in TRACES:
                flow.flaws.extend(trace(key.value, value.value, found[-1].place))
            name = key.value.lower()
            tainted.pop(name, None)
            if "${{" in value.value and (taint := written(self, flow, value.value)):
                tainted[name] = taint
        flow.tainted = tainted
        flow.variables = (*flow.variables, tuple(found))
        return flow.variables[-1]

    def variable(
        self,
        kind: Literal["environment", "input", "credential"],
        name: str,
        value: ScalarNode,
        flow: Flow,
    ) -> Variable:
        """A named value; its secrets and its outsiders' text become part of the flow."""
        text = value.value
        place = Place(self.document.source, value, value)
        literal = "${{" not in text
        if not literal:
            self.text(place, text, flow, kind, name)
        return Variable(name=name, value=text, kind=kind, literal=literal, place=place)

    def text(
        self,
        place: Place | Text,
        text: str,
        flow: Flow,
        sink: Receiver,
        target: str = "",
        shell: str = "",
    ) -> None:
        """Note the expansions and secrets of a text that lands in `sink`."""
        end = 0
        for fence in fences(text):
            end = fence.end
            if wrong := in_expression(fence.code):
                flow.flaws.extend(flaws_at(wrong, text[fence.start : end], _part(place, fence)))
            for path in _kept(fence.code):
                flow.secrets.append(_secret(path, sink, target, _part(place, fence), fence.code))
            if sink in _TAINTABLE or _writable(fence.code):
                flow.expansions.extend(self._expanded(place, text, fence, flow, sink, shell))
        if text.find("${{", end) >= 0:
            flow.flaws.extend(flaws_at(unclosed(text), "${{", place))

    def _expanded(
        self, place: Place | Text, text: str, fence: Fence, flow: Flow, sink: Receiver, shell: str
    ) -> Iterator[Expansion]:
        """One `${{ … }}` with who writes what it puts in, if that matters in its sink."""
        read = sources(fence.code)
        taint = strongest(taints_in(self, flow, fence.code)) or _NOBODY
        data = harmless(text, fence, sink, shell, taint.charset)
        taint = _NOBODY if data else taint
        if not taint.who and sink not in _TAINTABLE:
            return
        free = sink in _TAINTABLE and not taint.who and not data
        expression = text[fence.start : fence.end]
        loose = tuple(path for path in read if not path.startswith(self.fixed))
        yield Expansion(
            text=expression,
            sources=read,
            sink=sink,
            shell=shell,
            attacker_controlled=bool(taint.who),
            outsider=taint.outsider,
            exposed=taint.exposed,
            author=taint.who,
            writer=writer(taint.who),
            via=as_spelled(taint.via, expression),
            charset=taint.charset,
            decider=decider(self, flow, loose) if free else "",
            dormant=any(author(path) is not None for path in loose)
            if free
            else bool(taint.who and not taint.via and self._dead(read)),
            reparsed=sink in _TAINTABLE,
            repeated=free and text.find(expression) < fence.start,
            choosing=sink == "image" and "/" not in text[: fence.start],
            place=_part(place, fence),
        )

    def default_shell(self, node: Node | None) -> str:
        """The shell that a `defaults` key sets, "" for none."""
        if not isinstance(node, MappingNode):
            return ""
        run = self.document.fields(node, "`defaults`").get("run")
        shell = self.document.fields(run, "`defaults.run`").get("shell")
        named = self.document.text(shell, "`shell`")
        if shell is not None and named.strip():
            self.flow.flaws.extend(odd_shell(named, self.document.place(shell)))
        return named


@lru_cache(maxsize=8192)
def _kept(code: str) -> tuple[str, ...]:
    """The secrets that an expression gives away; whether one is set is none."""
    return tuple(path for path in sources(code) if path.startswith("secrets") or path in _TOKENS)


@lru_cache(maxsize=8192)
def _writable(code: str) -> bool:
    """Whether an outsider may write something that flows through an expression."""
    return any(dynamic(path) or author(path) is not None for path in sources(code))


def _part(place: Place | Text, fence: Fence) -> Place:
    return (
        place.part(fence.start, fence.end) if isinstance(place, Place) else place.place(*fence[1:])
    )


@lru_cache(maxsize=1024)
def _taken_apart(code: str) -> tuple[str, ...]:
    """The secrets that an expression reads as JSON: logs do not hide a part of one."""
    try:
        return tuple(path for call in calls(parse(code)) for path in _parsed(call))
    except ExpressionError:
        return ()


def _parsed(call: Call) -> tuple[str, ...]:
    return tuple(paths(call)) if call.function == "fromjson" else ()


def _secret(path: str, use: Receiver, target: str, place: Place, code: str) -> Secret:
    """One use of a secret: by name, or of all at once (`toJSON(secrets)`, `secrets[x]`)."""
    if path in _TOKENS:
        return Secret(name="GITHUB_TOKEN", store="token", use=use, target=target, place=place)
    name = path.removeprefix("secrets").removeprefix(".").upper()
    if name in ("", "*", "?"):
        return Secret(name="*", use="whole", target=target, place=place)
    unmasked = "(" in code and path in _taken_apart(code)
    return Secret(name=name, use=use, target=target, unmasked=unmasked, place=place)
