"""GitLab's variables: those of the file, those that others write, and those that are secrets."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, join, null
from pipelaw.facts.authors import BRANCH_PUSHER, MERGE_REQUESTER, PUSHING, REF_PUSHER, TAG_PUSHER
from pipelaw.facts.script_facts import NO_FACTS, ScriptFacts, facts_of
from pipelaw.facts.secret_names import meaning
from pipelaw.model import Flaw, Secret, Variable
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.document import Text
    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.words import Use

AUTHORS = {
    "CI_COMMIT_AUTHOR": PUSHING,
    "CI_COMMIT_BRANCH": BRANCH_PUSHER,
    "CI_COMMIT_DESCRIPTION": PUSHING,
    "CI_COMMIT_MESSAGE": PUSHING,
    "CI_COMMIT_REF_NAME": REF_PUSHER,
    "CI_COMMIT_TAG": TAG_PUSHER,
    "CI_COMMIT_TAG_MESSAGE": TAG_PUSHER,
    "CI_COMMIT_TITLE": PUSHING,
    "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": MERGE_REQUESTER,
    "CI_MERGE_REQUEST_DESCRIPTION": MERGE_REQUESTER,
    "CI_MERGE_REQUEST_LABELS": MERGE_REQUESTER,
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": MERGE_REQUESTER,
    "CI_MERGE_REQUEST_TITLE": MERGE_REQUESTER,
    "GITLAB_USER_EMAIL": PUSHING,
    "GITLAB_USER_NAME": PUSHING,
}
"""The variables whose text somebody else writes freely, and who. Slugs, ids and hashes are safe."""

_HARMLESS = frozenset({"CI_RUNNER_SHORT_TOKEN"})

_TOKENS = frozenset(
    "CI_JOB_TOKEN CI_BUILD_TOKEN CI_REGISTRY_PASSWORD CI_DEPENDENCY_PROXY_PASSWORD"
    " CI_JOB_JWT CI_JOB_JWT_V1 CI_JOB_JWT_V2".split()
)
"""The names under which a job finds its own token."""

USE = pattern(r"\$(?:env:|\{env:)?\{?([A-Za-z_]\w*)|%([A-Z][A-Z0-9_]*)%")
"""A variable that is used: `$X`, `${X…`, `$env:X`, `%X%`."""

_ASSIGNED = pattern(r"\b([A-Z][A-Z0-9_]*)=(?![\"']?\$\{?\1\b)|\b(?:read|for)[ \t]+([^\n;|&<]*)")


class Used(NamedTuple):
    """A variable that a text uses, and where."""

    name: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def used(text: str) -> tuple[Used, ...]:
    """Every variable that a text uses, with its whole braces; `$$` escapes the next."""
    if "$" not in text and "%" not in text:
        return ()
    found = []
    for match in USE.finditer(text):
        start, end = match.span()
        if start and text[start - 1] in "$\\":
            continue
        if text.startswith("${", start):
            close = text.find("}", end)
            end = close + 1 if close >= 0 else end
        found.append(Used(match[1] or match[2], start, end))
    return tuple(found)


@lru_cache(maxsize=4096)
def authored(text: str) -> tuple[Used, ...]:
    """The uses of variables whose text somebody else writes."""
    return tuple(use for use in used(text) if use.name in AUTHORS)


def written(text: str) -> tuple[str, ...]:
    """The variables in a text whose own text somebody else writes."""
    return tuple(dict.fromkeys(use.name for use in authored(text)))


class Given(NamedTuple):
    """The variables of one mapping, or of several together."""

    variables: tuple[Variable, ...] = ()
    values: Mapping[str, str] = {}
    """Their texts by name."""
    changing: tuple[Variable, ...] = ()
    """Those into which something is put when the pipeline runs."""
    facts: ScriptFacts = NO_FACTS
    """What they say by themselves."""

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """Those that switch on or off what they should not."""
        return (*_traces(self.variables), *self.facts.flaws)

    def plus(self, other: Given) -> Given:
        """These variables and others, which win."""
        if not other.variables:
            return self
        return Given(
            self.variables + other.variables,
            {**self.values, **other.values},
            self.changing + other.changing,
            self.facts.plus(other.facts),
        )


NOTHING = Given()

_TRACES = frozenset({"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"})
"""What makes the runner log everything that it does."""


def _traces(variables: Iterable[Variable]) -> Iterator[Flaw]:
    """The variables among these that are switched on to log everything."""
    for variable in variables:
        if variable.name in _TRACES and variable.value.strip().lower() in ("true", "1", "yes"):
            yield Flaw(
                kind="trace",
                text=f"{variable.name}: {variable.value}",
                decisive=variable.name == "CI_DEBUG_TRACE",
                place=variable.place,
            )


class Variables:
    """Reads the variables of a configuration; what jobs share is read once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: dict[tuple[int, bool], Given] = {}
        self._single: dict[tuple[int, int], Variable | None] = {}

    def of(self, node: Node | None, *, service: bool = False) -> Given:
        """The variables of a mapping, as text or as `value` with a description."""
        node = self._config.resolve(node)
        if node is None:
            return NOTHING
        key = (id(node), service)
        if key not in self._known:
            pairs = self._config.pairs(node, "`variables`")
            found = [self._variable(name, value) for name, value in pairs]
            own = tuple(one for one in found if one is not None)
            self._known[key] = Given(
                own,
                {one.name: one.value for one in own},
                tuple(one for one in own if not one.literal),
                facts_of((), own, service=service),
            )
        return self._known[key]

    def _variable(self, key: ScalarNode, value: Node) -> Variable | None:
        ids = (id(key), id(value))
        if ids not in self._single:
            self._single[ids] = _variable(self._config, key, self._config.resolve(value))
        return self._single[ids]


def _variable(config: Config, key: ScalarNode, value: Node | None) -> Variable | None:
    if isinstance(value, MappingNode):
        value = config.fields(value, f"the variable `{key.value}`").get("value", key)
    if not isinstance(value, ScalarNode):
        if value is not None:
            config.wrong(value, "text", f"the variable `{key.value}`")
        return None
    text = "" if value is key or null(value) else config.value(value, "a variable")
    return Variable(name=key.value, value=text, literal="$" not in text, place=config.place(value))


class Values:
    """What names stand for: a job's own variables, then the file's."""

    __slots__ = ("_matrix", "_own", "_shared")

    def __init__(
        self,
        own: Mapping[str, str],
        shared: Mapping[str, str],
        matrix: Sequence[Mapping[str, Sequence[str]]] = (),
    ) -> None:
        self._own = own
        self._shared = shared
        self._matrix = matrix

    def get(self, name: str) -> str | None:
        """The text of a variable of the file, None where it has none."""
        return self._own.get(name, self._shared.get(name))

    def __contains__(self, name: object) -> bool:
        """Whether the file, or the job's matrix, sets a variable."""
        return name in self._own or name in self._shared or any(name in row for row in self._matrix)

    def resolve(self, text: str) -> str:
        """`text` with the variables put in that the file sets; others stay as written."""
        for _ in range(MAX_ROUNDS):
            if "$" not in text or len(text) > MAX_LENGTH:
                break
            parts, at = [], 0
            for use in used(text):
                value = self.get(use.name)
                if value is not None and len(value) <= MAX_LENGTH and _whole(text, use):
                    parts += [text[at : use.start], value]
                    at = use.end
            if not parts:
                break
            text = "".join([*parts, text[at:]])
        return text

    def alternatives(self, text: str) -> list[str]:
        """What `text` can be: one resolved text, or one for each value of the job's matrix in it."""
        if "$" not in text:
            return [text]
        resolved = self.resolve(text)
        names = [use.name for use in used(resolved)]
        found: dict[str, None] = {}
        for row in self._matrix:
            axes = [
                [(name, value) for value in row[name]]
                for name in dict.fromkeys(names)
                if name in row
            ]
            if axes:
                for chosen in islice(product(*axes), MAX_ALTERNATIVES):
                    found[Values(dict(chosen), self._shared).resolve(resolved)] = None
        return list(found) or [resolved]


MAX_ROUNDS = 5
"""How often variables are put into what variables gave."""

MAX_LENGTH = 2000
"""The longest text into which variables are put, and the longest that is put in, in characters."""

MAX_ALTERNATIVES = 50
"""How many combinations of a matrix are looked at for one image."""


def _whole(text: str, use: Used) -> bool:
    """Whether a use is the variable and nothing more; `${X:-y}` and `${X%y}` are more."""
    return text[use.start : use.end] in (f"${use.name}", f"${{{use.name}}}")


@lru_cache(maxsize=4096)
def assigned(text: str) -> frozenset[str]:
    """The names that a script sets itself; to their own text is no setting: `TOKEN=$TOKEN`."""
    found: set[str] = set()
    for name, names in _ASSIGNED.findall(text):
        found.update([name] if name else names.split())
    return frozenset(found)


class Declared:
    """The names that a job knows from its own file, so that they are no secrets of the project."""

    __slots__ = ("_names", "_texts", "_values")

    def __init__(
        self, values: Values, names: Iterable[str] = (), texts: Sequence[str] = ()
    ) -> None:
        self._values = values
        self._names = frozenset(names)
        self._texts = texts
        """Its scripts, which may set names themselves."""

    def __contains__(self, name: object) -> bool:
        return (
            name in self._names
            or name in self._values
            or any(name in assigned(text) for text in self._texts)
        )


def secrets(text: Text, use: Use, target: str, declared: Declared) -> Iterator[Secret]:
    """The secrets of the project that a text uses: variables that look like one and nobody declares."""
    for name, start, end in _secret_names(text.text):
        if name in _TOKENS:
            yield Secret(
                name=name, store="token", use=use, target=target, place=text.place(start, end)
            )
        elif name not in declared:
            yield Secret(name=name, use=use, target=target, place=text.place(start, end))


@lru_cache(maxsize=4096)
def _secret_names(text: str) -> tuple[Used, ...]:
    """The first use of each name that looks like a secret's."""
    found: dict[str, Used] = {}
    for use in used(text):
        if use.name not in found and (use.name in _TOKENS or _secret(use.name)):
            found[use.name] = use
    return tuple(found.values())


def _secret(name: str) -> bool:
    return name.isupper() and meaning(name).level != "" and name not in _HARMLESS


def in_variables(changing: Iterable[Variable], declared: Declared) -> Iterator[Secret]:
    """The secrets that become part of variables."""
    for variable in changing:
        yield from secrets(join([variable.place]), "environment", variable.name, declared)
