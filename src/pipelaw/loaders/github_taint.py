"""Whose text a context holds: directly, or by way of variables, outputs, inputs and the matrix."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_answers import picked
from pipelaw.loaders.github_contexts import SANDBOXED, author, carried
from pipelaw.loaders.github_expressions import chooses, fences, members, sources
from pipelaw.loaders.github_files import Files, arrived
from pipelaw.loaders.github_followed import told
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Artifact, Checkout


class Outputs(Protocol):
    """The outputs of a step or job, looked into when somebody asks."""

    def of(self, name: str) -> Taint | None:
        """Whose text an output holds; with "", the worst of all of them."""


class Started(Protocol):
    """What starts a file or one of its jobs."""

    @property
    def events(self) -> frozenset[str]:
        """All that does."""

    @property
    def open_events(self) -> frozenset[str]:
        """What of it outsiders can cause."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """How the contexts begin that always say the same here."""

    @property
    def followed(self) -> frozenset[str]:
        """What starts the workflows that this one follows, nothing where that is not known."""


class Known:
    """What is known of the values inside one job; steps add to it as they are read."""

    __slots__ = ("files", "inputs", "job", "matrix", "needs", "requested", "steps")

    def __init__(
        self,
        inputs: Mapping[str, Taint] | None = None,
        needs: Mapping[str, Outputs] | None = None,
        matrix: Node | None = None,
        job: str = "",
    ) -> None:
        self.inputs = inputs or {}
        """Whose text the callers hand over, by input."""
        self.needs = needs or {}
        """The outputs of the jobs before, by job."""
        self.matrix = matrix
        self.job = job
        """The key of the job, "" in an action."""
        self.steps: dict[str, Outputs] = {}
        """The outputs of the steps so far, by id in lower case."""
        self.files: list[Files] = []
        self.requested = False
        """A request's commits were fetched, and not checked out."""

    def arrived(self, checkouts: tuple[Checkout, ...], artifacts: tuple[Artifact, ...]) -> None:
        """Note the files that one step put where the job works."""
        self.files = arrived(self.files, checkouts, artifacts)


NOTHING = Known()
"""Nothing is known; nobody may add to it."""

DYNAMIC = ("steps.", "needs.", "matrix.", "inputs.", "env.", "github.event.inputs.", "jobs.")
"""Contexts that can carry somebody's text although nobody writes them directly."""


_WHOLE = frozenset({"steps", "needs", "matrix", "inputs", "env"})


def dynamic(path: str) -> bool:
    """Whether a context can carry somebody's text although nobody writes it directly."""
    return path.startswith(DYNAMIC) or path in _WHOLE


@lru_cache(maxsize=4096)
def direct(path: str, events: frozenset[str], open_events: frozenset[str]) -> Taint | None:
    """The taint of a context that an outsider writes, under these events."""
    known = author(path)
    if known is None or not carried(path, events):
        return None
    outsider = bool(open_events) and carried(path, open_events)
    rights = open_events - SANDBOXED
    sandboxed = outsider and not (rights and carried(path, rights))
    return Taint(known.who, known.charset, outsider, sandboxed)


def taint_of(context: Started, flow: Flow, path: str) -> Taint | None:
    """Whose text a context holds, None for nobody's that matters."""
    if path in flow.confined:
        return None
    if path.startswith("env."):
        return _through(flow.tainted.get(path[4:]), f"the variable {path[4:].upper()}")
    if path.startswith(DYNAMIC):
        # who starts a run by hand may write, and a called workflow does not see its own inputs there
        by_hand = path.startswith("github.event.inputs.")
        return None if by_hand else _named(context, flow, path.split("."))
    if path in _WHOLE:
        return _through(strongest(_all(context, flow, path)), f"`{path}` as a whole")
    if path.startswith(context.fixed):
        return None
    taint = direct(path, context.events, context.open_events)
    return told(path, taint, context.followed) if context.followed else taint


def taints_in(context: Started, flow: Flow, code: str) -> list[Taint]:
    """Whose text an expression can give."""
    found = [one for path in sources(code) if (one := taint_of(context, flow, path)) is not None]
    if found and chooses(code):
        found = _chosen(context, flow, code)
    if not any(taint.answer for taint in found) or not (read := members(code)):
        return found
    parts = (picked(taint, read) if taint.answer else taint for taint in found)
    return [taint for taint in parts if taint is not None]


def _chosen(context: Started, flow: Flow, code: str) -> list[Taint]:
    """Whose text an expression can give; what it keeps for the repository's own requests is no outsider's."""
    from pipelaw.loaders.github_choices import kept  # noqa: PLC0415  few expressions choose

    inside = kept(code)
    ones = ((path, taint_of(context, flow, path)) for path in sources(code))
    return [
        taint._replace(outsider=False) if path in inside else taint
        for path, taint in ones
        if taint is not None
    ]


def _named(context: Started, flow: Flow, parts: list[str]) -> Taint | None:
    """Whose text an input, a value of the matrix, or an output holds."""
    known = flow.known
    if parts[0] == "inputs":
        return _through(known.inputs.get(parts[1]), f"the input `{parts[1]}`")
    if parts[0] == "matrix":
        return _through(_in_matrix(context, flow, parts[1]), "the matrix")
    found = (known.steps if parts[0] == "steps" else known.needs).get(parts[1])
    if found is None or (len(parts) > 2 and parts[2] not in ("outputs", "*")):
        return None
    name = parts[3] if len(parts) > 3 and parts[3] not in ("*", "?") else ""
    kind = "step" if parts[0] == "steps" else "job"
    what = (
        f"the output `{name}` of {kind} {parts[1]}" if name else f"an output of {kind} {parts[1]}"
    )
    return _through(found.of(name), what)


def _all(context: Started, flow: Flow, path: str) -> Iterator[Taint | None]:
    """Every taint in a context that is read as a whole."""
    known = flow.known
    if path == "env":
        yield from flow.tainted.values()
    elif path == "inputs":
        yield from known.inputs.values()
    elif path == "matrix":
        yield _in_matrix(context, flow, "")
    else:
        outputs = known.steps if path == "steps" else known.needs
        yield from (one.of("") for one in outputs.values())


def _through(taint: Taint | None, what: str) -> Taint | None:
    """A taint that passed through something; the last thing is what a reader looks for."""
    return None if taint is None else taint._replace(via=what, pasted=False, quoted=False)


_WORD = pattern(r"[\w-]+")


def as_spelled(via: str, text: str) -> str:
    """What a text passed through, its names in upper and lower case as an expression has them."""
    if not via:
        return ""
    names = {name.lower(): name for name in _WORD.findall(text)}
    return _WORD.sub(lambda match: names.get(match[0].lower(), match[0]), via)


def written(context: Started, flow: Flow, text: str) -> Taint | None:
    """Whose text the expressions in a text put into it."""
    if "${{" not in text:
        return None
    found = strongest(
        taint for fence in fences(text) for taint in taints_in(context, flow, fence.code)
    )
    return found and found._replace(via=as_spelled(found.via, text))


def _in_matrix(context: Started, flow: Flow, name: str) -> Taint | None:
    """Whose text a value of the matrix can be; that of constants is nobody's."""
    return strongest(written(context, flow, text) for text in computed(flow.known.matrix, name))


@lru_cache(maxsize=64)
def computed(matrix: Node | None, name: str) -> tuple[str, ...]:
    """The texts of a matrix that give a value its text and are no constants."""
    return tuple(
        scalar.value
        for node in _matrix_values(matrix, name)
        for scalar in _scalars(node)
        if "${{" in scalar.value
    )


def _matrix_values(node: Node | None, name: str) -> Iterator[Node]:
    """The nodes of a matrix that can give a value its text: by name, included, or the whole.

    Without a name, those of all values.
    """
    name = name.strip("*?")
    if not isinstance(node, MappingNode):
        if isinstance(node, ScalarNode):
            yield node
        return
    for key, value in node.value:
        if key.value == "include":
            yield from _included(value, name)
        elif not name or (isinstance(key.value, str) and key.value.lower() == name):
            yield value


def _included(node: Node, name: str) -> Iterator[Node]:
    if isinstance(node, ScalarNode):
        yield node
    for item in node.value if isinstance(node, SequenceNode) else ():
        if isinstance(item, MappingNode):
            yield from (v for key, v in item.value if not name or str(key.value).lower() == name)


def _scalars(node: Node, depth: int = 0) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif depth < 5 and isinstance(node, (MappingNode, SequenceNode)):
        for item in node.value:
            yield from _scalars(item[1] if isinstance(node, MappingNode) else item, depth + 1)


class JobOutputs:
    """The outputs of a job: texts that are made from those of its steps."""

    __slots__ = ("_context", "_flow", "_node", "inside")

    def __init__(self, context: Context, flow: Flow, node: Node | None) -> None:
        self._context = context
        self._flow = flow
        self._node = node
        self.inside = False
        """The job runs for the repository's own requests alone: for others, its outputs are empty."""

    def of(self, name: str) -> Taint | None:
        """Whose text an output holds; with "", the worst of all of them."""
        taint = self._held(name)
        return taint._replace(outsider=False) if taint is not None and self.inside else taint

    def _held(self, name: str) -> Taint | None:
        if not isinstance(self._node, MappingNode):
            return None
        return strongest(
            written(self._context, self._flow, value.value)
            for key, value in self._node.value
            if isinstance(value, ScalarNode) and (not name or str(key.value).lower() == name)
        )
