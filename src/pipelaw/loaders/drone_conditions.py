"""When a pipeline or step runs: its events, after the filters of `trigger` and `when`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, ScalarNode, SequenceNode, null
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.document import Document, Node
    from pipelaw.words import Event as Kind
    from pipelaw.words import Gate


class Event(NamedTuple):
    """What can start a build."""

    kind: Kind
    """The kind of trigger, as the model names it."""
    refs: tuple[str, ...] = ()
    """How the git references of its builds begin; empty where any will do."""
    samples: tuple[str, ...] = ()
    """References of such builds: a filter that excludes one of them excludes the event."""

    @property
    def outsider(self) -> bool:
        """Somebody without write access can cause it."""
        return self.kind == "change-request"

    @property
    def branch(self) -> bool:
        """Its builds may be of a branch."""
        return not self.refs or "refs/heads" in self.refs


_FORGES = ("refs/pull", "refs/merge-requests", "refs/pull-requests")
CHANGE = Event(
    "change-request",
    _FORGES,
    tuple(f"{forge}/1/{end}" for forge in _FORGES for end in ("head", "merge", "from")),
)
PUSH = Event("push", ("refs/heads",), ("refs/heads/some/branch",))
TAG = Event("tag", ("refs/tags",), ("refs/tags/some-tag",))


class Case(NamedTuple):
    """One way in which a condition can hold."""

    events: tuple[str, ...]
    branches: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    """What stops an outsider, whatever the event."""
    fixed: bool = False
    """It names the branches outright, so that nobody can choose a branch's name."""
    anywhere: bool = True
    """It names no branch, tag or expression: a push of any branch passes."""


class Reach(NamedTuple):
    """The events that get through to a pipeline or step, by the platform's names."""

    events: tuple[str, ...]
    outsiders: tuple[str, ...] = ()
    """Those with which an outsider can start it."""
    gates: tuple[Gate, ...] = ()
    """What stops outsiders where their events do not get through."""
    fixed: bool = False
    """The name of a pushed branch is one of a list in the file."""
    anywhere: bool = False
    """A push of any branch gets through."""

    def within(self, outer: Reach) -> Reach:
        """What gets through both."""
        return _within(self, outer)


@dataclass(frozen=True, eq=False)
class Rules:
    """How one platform reads a condition."""

    events: Mapping[str, Event]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filters that only builds of some events can pass: their keys, and those events."""


# most steps of a repository have the same few conditions, and of an organisation
@lru_cache(maxsize=2048)
def _within(inner: Reach, outer: Reach) -> Reach:
    return Reach(
        tuple(name for name in inner.events if name in outer.events),
        tuple(name for name in inner.outsiders if name in outer.outsiders),
        tuple(dict.fromkeys((*outer.gates, *inner.gates))),
        inner.fixed or outer.fixed,
        inner.anywhere and outer.anywhere,
    )


@lru_cache(maxsize=2048)
def reach_of(cases: tuple[Case, ...], rules: Rules) -> Reach:
    """What gets through at least one of the cases."""
    changes = {name for name, event in rules.events.items() if event.outsider}
    admitted = {name for case in cases for name in case.events}
    outsiders = {name for case in cases if not case.gates for name in case.events} & changes
    gated = [case for case in cases if not changes.isdisjoint({*case.events} - outsiders)]
    pushes = {name for name in rules.events if name not in changes and rules.events[name].branch}
    others = [case for case in cases if not pushes.isdisjoint(case.events)]
    return Reach(
        tuple(name for name in rules.events if name in admitted),
        tuple(name for name in rules.events if name in outsiders),
        tuple(dict.fromkeys(gate for case in gated for gate in case.gates)),
        bool(others) and all(case.fixed for case in others),
        any(
            rules.events[name].kind == "push"
            for case in cases
            if case.anywhere
            for name in case.events
        ),
    )


def cases_of(document: Document, node: Node | None, rules: Rules) -> tuple[Case, ...]:
    """The cases of a `when` or `trigger`: of a mapping one, of a list any, of nothing every event."""
    if node is None or null(node):
        return (Case(tuple(rules.events)),)
    if isinstance(node, SequenceNode):
        items = document.items(node, "`when`")
        found = tuple(_case(document, item, rules) for item in items if not null(item))
        return found or (Case(tuple(rules.events)),)
    return (_case(document, node, rules),)


class _Filter(NamedTuple):
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


_ANY = _Filter()


def _filter(document: Document, node: Node | None, what: str) -> _Filter:
    """A filter in its forms: a word, a list of words, a mapping of `include` and `exclude`."""
    if isinstance(node, MappingNode):
        fields = document.fields(node, what)
        return _Filter(
            tuple(_texts(document, fields.get("include"), what)),
            tuple(_texts(document, fields.get("exclude"), what)),
        )
    return _Filter(tuple(_texts(document, node, what)))


def _texts(document: Document, node: Node | None, what: str) -> Iterator[str]:
    return (item.value for item in document.scalars(node, what))


class _Said(NamedTuple):
    """What one condition says."""

    event: _Filter
    ref: _Filter
    branch: _Filter
    action: _Filter
    only: tuple[tuple[str, _Filter], ...]
    evaluate: str


def _case(document: Document, node: Node, rules: Rules) -> Case:
    fields = document.fields(node, "`when`")
    filters = {
        key: _filter(document, fields[key], f"`{key}`") if key in fields else _ANY
        for key in ("event", "ref", "branch", "action")
    }
    only = tuple((key, _filter(document, fields[key], key)) for key in rules.only if key in fields)
    evaluate = fields.get("evaluate")
    text = document.text(evaluate, "`evaluate`") if evaluate is not None else ""
    return _case_of(_Said(**filters, only=only, evaluate=text), rules)


@lru_cache(maxsize=2048)
def _case_of(said: _Said, rules: Rules) -> Case:
    verdicts = _evaluated(said.evaluate)
    events = [
        name
        for name, event in rules.events.items()
        if _admits(said.event, name)
        and _admits_ref(said.ref, event)
        and any(verdict.admits(name) for verdict in verdicts)
    ]
    for key, named in said.only:
        # a pattern such as `*` also matches the empty value of all other events
        if named.include and not any(matches(pattern, "") for pattern in named.include):
            events = [name for name in events if name in rules.only[key]]
    fixed = _fixed(said.branch.include) or _fixed_branch(said.ref.include)
    fixed = fixed or all(verdict.fixed for verdict in verdicts)
    first, *others = verdicts
    gates = tuple(gate for gate in first.gates if all(gate in one.gates for one in others))
    return Case(
        tuple(events),
        said.branch.include,
        said.action.include,
        gates,
        fixed,
        anywhere=_any_branch(said.branch.include, "some-branch")
        and _any_branch(said.ref.include, "refs/heads/some-branch")
        and not _NAMING.search(said.evaluate),
    )


_NAMING = pattern(r"\bCI_(?!PIPELINE_EVENT\b)")
"""What else than the event an expression may ask for."""


def _any_branch(patterns: tuple[str, ...], sample: str) -> bool:
    """Whether a filter lets through a branch that nobody has thought of."""
    return not patterns or any(matches(pattern, sample) for pattern in patterns)


def branch_case(document: Document, node: Node | None, rules: Rules) -> tuple[Case, ...]:
    """The case of the old `branches` key, which knows no other filter."""
    branches = _filter(document, node, "`branches`").include
    anywhere = _any_branch(branches, "some-branch")
    return (Case(tuple(rules.events), branches, fixed=_fixed(branches), anywhere=anywhere),)


def included(document: Document, node: Node | None, key: str) -> tuple[str, ...]:
    """The words that one filter of a condition includes."""
    if not isinstance(node, MappingNode):
        return ()
    return _filter(document, document.fields(node, "`when`").get(key), f"`{key}`").include


def _admits(named: _Filter, name: str) -> bool:
    if any(matches(pattern, name) for pattern in named.exclude):
        return False
    return not named.include or any(matches(pattern, name) for pattern in named.include)


def _admits_ref(ref: _Filter, event: Event) -> bool:
    if any(matches(pattern, sample) for pattern in ref.exclude for sample in event.samples):
        return False
    if not ref.include or not event.refs:
        return True
    return any(may_begin(pattern, start) for pattern in ref.include for start in event.refs)


_BRACES = pattern(r"\{([^{}]*)\}")
_MOST = 64
"""How many alternatives of a glob are looked at."""


@lru_cache(maxsize=4096)
def _alternatives(pattern: str) -> tuple[tuple[str, ...], ...]:
    """What a glob stands for without its `{a,b}`, each cut at its slashes."""
    found: list[str] = []
    waiting = [pattern]
    while waiting and len(found) < _MOST:
        text = waiting.pop()
        braces = _BRACES.search(text)
        if braces is None:
            found.append(text)
        else:
            head, tail = text[: braces.start()], text[braces.end() :]
            waiting.extend(f"{head}{word}{tail}" for word in braces[1].split(",")[:_MOST])
    return tuple(_segments(text) for text in found)


def _segments(text: str) -> tuple[str, ...]:
    """The parts between slashes; a second `**` in a row says nothing more."""
    parts = text.split("/")
    return tuple(p for i, p in enumerate(parts) if p != "**" or not i or parts[i - 1] != "**")


@lru_cache(maxsize=4096)
def matches(pattern: str, text: str) -> bool:
    """Whether a glob matches the whole of a text; `*` stops at slashes, `**` does not."""
    parts = tuple(text.split("/"))
    return pattern == text or any(_match(glob, parts) for glob in _alternatives(pattern))


def _match(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_match(pattern[1:], parts[i:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _match(pattern[1:], parts[1:])


@lru_cache(maxsize=4096)
def may_begin(pattern: str, start: str) -> bool:
    """Whether a glob can match a text that goes on after `start` and a slash."""
    parts = start.split("/")
    return any(_may_begin(glob, parts) for glob in _alternatives(pattern))


def _may_begin(glob: tuple[str, ...], parts: list[str]) -> bool:
    for i, part in enumerate(parts):
        if i >= len(glob):
            return False
        if glob[i] == "**":
            return True
        if not fnmatchcase(part, glob[i]):
            return False
    return len(glob) > len(parts)


_CONSTANTS = pattern(r"\$\{(?:CI_REPO_DEFAULT_BRANCH|DRONE_REPO_BRANCH)\}")


def _fixed(patterns: tuple[str, ...]) -> bool:
    """Whether there are patterns, and none of them leaves anything open."""
    return bool(patterns) and not any(
        not _WILDCARDS.isdisjoint(_CONSTANTS.sub("", pattern)) for pattern in patterns
    )


def _fixed_branch(refs: tuple[str, ...]) -> bool:
    """Whether there are references, and those of branches leave nothing open."""
    return bool(refs) and _fixed(
        tuple(ref for ref in refs if may_begin(ref, "refs/heads")) or ("refs/tags",)
    )


_WILDCARDS = frozenset("*?[{$")


class _Verdict(NamedTuple):
    """What one of an expression's alternatives says about the event."""

    terms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    gates: tuple[Gate, ...] = ()
    fixed: bool = False

    def admits(self, name: str) -> bool:
        return all((name in names) == (operator in ("==", "in")) for operator, names in self.terms)


_OPEN = pattern(r"\?|!\s*\(|\bnot\b(?!\s+in\b)")
"""What keeps a term of an expression from having to hold."""
_OR = pattern(r"\|\||\bor\b")
_TERM = pattern(r"""CI_PIPELINE_EVENT\s*(==|!=|not\s+in\b|in\b)\s*("[^"]*"|'[^']*'|\[[^\]]*\])""")
_NEGATED = pattern(
    r"(?:!|\bnot\b)\s*\(\s*(CI_PIPELINE_EVENT\s*)(==|!=|not\s+in\b|in\b)\s*([^()&|]*)\)"
)
_OPPOSITES = {"==": "!=", "!=": "==", "in": "not in", "not in": "in"}
_QUOTED = pattern(r"""["']([^"']*)["']""")
_GATES: tuple[tuple[re.Pattern[str], Gate], ...] = (
    (re.compile(r"CI_COMMIT_PULL_REQUEST_LABELS\s+(?:contains|matches)\b"), "label"),
    (re.compile(r"CI_(?:COMMIT|PIPELINE)_AUTHOR\s*(?:==|in\b)"), "actor"),
)
_BRANCH = pattern(r"CI_COMMIT_BRANCH\s*==")


def _evaluated(text: str) -> tuple[_Verdict, ...]:
    """What follows from each alternative of an expression; of one with more than `&&` and `||`, nothing."""
    text = _NEGATED.sub(_opposite, text)
    alternatives = _OR.split(text)
    if not text or _OPEN.search(text) or (len(alternatives) > 1 and "(" in text):
        return (_Verdict(),)
    return tuple(map(_conjunction, alternatives))


def _opposite(term: re.Match[str]) -> str:
    """A term as it reads without the `not` before it."""
    return f"{term[1]}{_OPPOSITES[' '.join(term[2].split())]} {term[3]}"


def _conjunction(text: str) -> _Verdict:
    terms = tuple((m[1], tuple(_QUOTED.findall(m[2]))) for m in _TERM.finditer(text))
    gates = tuple(gate for pattern, gate in _GATES if pattern.search(text))
    return _Verdict(terms, gates, bool(_BRANCH.search(text)))


def event_nodes(document: Document, node: Node | None) -> dict[str, ScalarNode]:
    """Where a condition names its events: the word, by itself."""
    found: dict[str, ScalarNode] = {}
    for item in node.value if isinstance(node, SequenceNode) else [node]:
        if not isinstance(item, MappingNode):
            continue
        event = document.fields(item, "`when`").get("event")
        if isinstance(event, MappingNode):
            event = document.fields(event, "`event`").get("include")
        for word in document.scalars(event, "`event`"):
            found.setdefault(word.value, word)
    return found
