"""What a workflow's parts need from what stands around them while they are read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Place, ScalarNode, Text
from pipelaw.loaders.github_contexts import author, carried
from pipelaw.loaders.github_expressions import Fence, fences, reads, sources
from pipelaw.model import Expansion, Secret, Trigger, Variable

if TYPE_CHECKING:
    from pipelaw.document import Document, Node, Problem

_TOKENS = frozenset({"github.token", "secrets.github_token"})
_TAINTABLE = ("script", "code")
"""Sinks in which every expansion is kept; elsewhere only those that an outsider writes."""


class Flow:
    """What reading one scope found, and what its environment variables carry into inner scopes."""

    __slots__ = ("expansions", "secrets", "tainted")

    def __init__(self, tainted: dict[str, tuple[str, ...]]) -> None:
        self.tainted = tainted
        """Sources by the name of the environment variable that holds an outsider's text."""
        self.expansions: list[Expansion] = []
        self.secrets: list[Secret] = []

    def inner(self) -> Flow:
        """The flow of a scope inside this one."""
        return Flow(self.tainted)


class Context:
    """The workflow that is being read."""

    __slots__ = ("document", "events", "flow", "open_events", "shell", "triggers", "unresolved")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.triggers: tuple[Trigger, ...] = ()
        self.events: frozenset[str] = frozenset()
        self.open_events: frozenset[str] = frozenset()
        self.shell = ""
        self.flow = Flow({})
        self.unresolved: list[Problem] = []

    def start(self, triggers: tuple[Trigger, ...]) -> None:
        """Note what starts the workflow."""
        self.triggers = triggers
        self.events = frozenset(trigger.name for trigger in triggers)
        self.open_events = frozenset(trigger.name for trigger in triggers if trigger.outsider)

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
            name = key.value.lower()
            tainted.pop(name, None)
            if "${{" in value.value and (written := self.written(value.value, flow)):
                tainted[name] = written
        flow.tainted = tainted
        return tuple(found)

    def written(self, text: str, flow: Flow) -> tuple[str, ...]:
        """The contexts in a text that an outsider writes, also by way of a variable."""
        found: list[str] = []
        for fence in fences(text):
            for path in sources(fence.code):
                if path.startswith("env."):
                    found.extend(flow.tainted.get(path[4:], ()))
                elif author(path) is not None and carried(path, self.events):
                    found.append(path)
        return tuple(dict.fromkeys(found))

    def variable(self, kind: str, name: str, value: ScalarNode, flow: Flow) -> Variable:
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
        sink: str,
        target: str = "",
        shell: str = "",
    ) -> None:
        """Note the expansions and secrets of a text that lands in `sink`."""
        for fence in fences(text):
            for path in _kept(fence.code):
                flow.secrets.append(_secret(path, sink, target, _part(place, fence)))
            if sink in _TAINTABLE:
                flow.expansions.append(self.expansion(place, text, fence, flow, sink, shell))
            elif _writable(fence.code):
                found = self.expansion(place, text, fence, flow, sink, shell)
                if found.attacker_controlled:
                    flow.expansions.append(found)

    def expansion(
        self, place: Place | Text, text: str, fence: Fence, flow: Flow, sink: str, shell: str
    ) -> Expansion:
        """One `${{ … }}`, with who writes what it puts in."""
        read, via = sources(fence.code), ""
        who, outsider = "", False
        for path in read:
            if path.startswith("env."):
                origins = flow.tainted.get(path[4:], ())
                via = f"the variable {path[4:].upper()}" if origins else via
            else:
                origins = (path,)
            for origin in origins:
                known = author(origin)
                if known is not None and carried(origin, self.events):
                    who = who or known.who
                    outsider = outsider or (
                        bool(self.open_events) and carried(origin, self.open_events)
                    )
        return Expansion(
            text=text[fence.start : fence.end],
            sources=read,
            sink=sink,
            shell=shell,
            attacker_controlled=bool(who),
            outsider=outsider,
            author=who,
            via=via if who else "",
            reparsed=sink in _TAINTABLE,
            place=_part(place, fence),
        )

    def default_shell(self, node: Node | None) -> str:
        """The shell that a `defaults` key sets, "" for none."""
        if not isinstance(node, MappingNode):
            return ""
        run = self.document.fields(node, "`defaults`").get("run")
        return self.document.text(
            self.document.fields(run, "`defaults.run`").get("shell"), "`shell`"
        )


@lru_cache(maxsize=8192)
def _kept(code: str) -> tuple[str, ...]:
    """The secrets that an expression reads."""
    return tuple(path for path in reads(code) if path.startswith("secrets") or path in _TOKENS)


@lru_cache(maxsize=8192)
def _writable(code: str) -> bool:
    """Whether an outsider may write something that flows through an expression."""
    return any(path.startswith("env.") or author(path) is not None for path in sources(code))


def _part(place: Place | Text, fence: Fence) -> Place:
    return (
        place.part(fence.start, fence.end) if isinstance(place, Place) else place.place(*fence[1:])
    )


def _secret(path: str, use: str, target: str, place: Place) -> Secret:
    """One use of a secret: by name, or of all at once (`toJSON(secrets)`, `secrets[x]`)."""
    if path in _TOKENS:
        return Secret(name="GITHUB_TOKEN", store="token", use=use, target=target, place=place)
    name = path.removeprefix("secrets").removeprefix(".").upper()
    if name in ("", "*", "?"):
        return Secret(name="*", use="whole", target=target, place=place)
    return Secret(name=name, use=use, target=target, place=place)
