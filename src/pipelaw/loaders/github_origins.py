"""Whose code a ref or repository names: followed through variables, outputs and inputs to the request."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts.authors import REQUESTER
from pipelaw.loaders.github_actions import HEAD, RESOLVERS
from pipelaw.loaders.github_contexts import carried, forwarded
from pipelaw.loaders.github_definitions import HERE
from pipelaw.loaders.github_expressions import chooses, fences, members, sources
from pipelaw.loaders.github_outputs import NO_OUTPUTS, output_of
from pipelaw.loaders.github_slices import VARIABLE, slice_of
from pipelaw.loaders.github_taint import computed
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.document import Node
    from pipelaw.loaders.github_outputs import Outputs, Seen
    from pipelaw.loaders.github_siblings import Caller
    from pipelaw.tree import Tree

_REQUEST = pattern(
    r"(?:^|[/+:\s'\"])(?:refs/)?(?:remotes/)?pull/[^/\s]*(?:\$|\{|\*)[^\n]*?/(?:head|merge)"
)
_WORDS = (
    (
        "sha",
        pattern(
            r"head[._-]?(?:sha|commit|oid)|headrefoid|headcommit|merge_?commit_?sha|(?<![a-z])(?:sha|oid)(?![a-z])"
        ),
    ),
    (
        "repository",
        pattern(
            r"head[._-]?repo|headrepository|head[._-]?owner|full_?name|clone_?url|ssh_?url|fork_?(?:owner|repo)"
        ),
    ),
    ("branch", pattern(r"head[._-]?(?:ref|branch|label)|(?<![a-z])(?:ref|branch)(?![a-z])")),
)
_STRONG = pattern(
    r"headRefName|headRefOid|headRepository|\.head\.(?:ref|sha|repo|label)|merge_commit_sha|\[.?head.?\]"
)
"""Names of a request's head in the answers of the platform."""
_PICKED = pattern(r"(?:\bjq|\s-q)[ \t=]+(?:-\w+[ \t]+)*[\"']?(\.[\w.\[\]]+)")
"""What a query picks from an answer."""
_GUESS = pattern(
    r"(?<![a-z])(?:pr|pull|pull[_-]?request|head|fork)[_-]?(?:head[_-]?)?(?:ref|sha|branch|repo(?:sitory)?|commit|oid)(?![a-z])"
    r"|pull_?request_?head"
)
"""Outputs and inputs that people call after a request's head."""
_FILE = pattern(r"\bcat\s|\$\(<|(?:^|[^<])<\s*[\w./\"$]|\bhead\s+-|\btail\s+-|\bjq\s|readFileSync")
_DEEPEST = 5


class Origin(NamedTuple):
    """An outsider's code that a text names."""

    kind: str
    """request (by its number), repository, sha or branch."""
    guessed: bool = False
    """Only a name tells so."""
    author: str = REQUESTER
    """Who decides what the code is."""


class Origins:
    """What the values inside one job stand for; steps are added as they are passed."""

    def __init__(
        self,
        events: frozenset[str],
        env: Mapping[str, str],
        outputs: Outputs,
        callers: tuple[Caller, ...],
        handed: Mapping[str, Origin | None] | None = None,
        matrix: Node | None = None,
        tree: Tree | None = None,
    ) -> None:
        self.events = events
        self.env = env
        """The variables of the workflow and the job, by name in lower case."""
        self.outputs = outputs
        self.callers = callers
        self.handed = handed
        """Whose code the inputs name, where the use of an action is looked at."""
        self.matrix = matrix
        self.tree = tree
        """Where the definitions of local actions are looked up."""
        self.steps: dict[str, Seen] = {}
        self.passed: list[Seen] = []
        self.foreign = False
        """Files of another run are there."""
        self.fetched: dict[str, Origin] = {}
        """What git fetched and did not check out yet, by the names that it has since then."""

    def add(self, name: str, seen: Seen) -> None:
        """Note a step that ran."""
        self.passed.append(seen)
        if name:
            self.steps[name.lower()] = seen

    def of(self, text: str, env: Mapping[str, str], depth: int = 0) -> Origin | None:
        """Whose code a text names, where it is an outsider's."""
        if depth > _DEEPEST:
            return None
        if "pull/" in text and _REQUEST.search(text):
            return Origin("request")
        if "${{" not in text:
            return None
        return _worst(self._fenced(text, env, depth))

    def _fenced(self, text: str, env: Mapping[str, str], depth: int) -> Iterator[Origin | None]:
        for fence in fences(text):
            tail = members(fence.code).lower()
            for path in sources(fence.code):
                found = self.path(path, tail, env, depth)
                if found is not None and not (chooses(fence.code) and path in _kept(fence.code)):
                    yield found

    def path(self, path: str, tail: str, env: Mapping[str, str], depth: int) -> Origin | None:
        """Whose code a context names."""
        kind = HEAD.get(forwarded(path))
        if kind is not None:
            return Origin(kind) if carried(path, self.events) else None
        context, _, name = path.partition(".")
        if context == "env":
            return self._variable(name, env, depth)
        if context in ("steps", "needs"):
            return self._output(context, name, tail, depth)
        if context == "inputs":
            return self._input(name)
        if context == "matrix":
            texts = computed(self.matrix, name.partition(".")[0])
            return _worst(self.of(text, env, depth + 1) for text in texts)
        dispatched = path.startswith("github.event.client_payload.")
        return _guess(name) if dispatched else None

    def _output(self, context: str, name: str, tail: str, depth: int) -> Origin | None:
        where, _, output = name.partition(".outputs.")
        if context == "needs":
            return self._needed(where, output, tail, depth)
        seen = self.steps.get(where)
        return self.output(seen, output, tail, depth) if seen and output else None

    def _variable(self, name: str, env: Mapping[str, str], depth: int) -> Origin | None:
        value = env.get(name) or self.env.get(name)
        if value is not None:
            return self.of(value, env, depth + 1)
        written = (
            self.written(seen, name, depth) for seen in self.passed if "GITHUB_ENV" in seen.script
        )
        return _worst(written)

    def _needed(self, job: str, output: str, tail: str, depth: int) -> Origin | None:
        found = self.outputs.get(job, output)
        if found is None:
            return None
        text, steps = found
        inner = Origins(self.events, self.env, self.outputs, self.callers, tree=self.tree)
        inner.steps = dict(steps)
        result = inner.of(text, {}, depth + 1)
        if result is None and tail and "steps" in text.lower():
            kind = naming(tail)
            return Origin(kind) if kind and "head" in tail else None
        return result

    def _input(self, name: str) -> Origin | None:
        if self.handed is not None:
            return self.handed.get(name)
        if not self.callers:
            return _guess(name) if "workflow_call" in self.events else None
        found = []
        for caller in self.callers:
            events = frozenset(trigger.name for trigger in caller.reach.triggers)
            inner = Origins(
                events, {}, caller.outputs, caller.callers, matrix=caller.matrix, tree=self.tree
            )
            found.append(inner.of(caller.inputs.get(name, ""), {}))
        return _worst(found)

    def output(self, seen: Seen, name: str, tail: str, depth: int) -> Origin | None:
        """Whose code an output of a step names."""
        if not seen.uses:
            return self.written(seen, name, depth)
        if seen.uses.startswith(HERE):
            return self._local(seen, name, depth) or _guess(name)
        action = seen.uses.partition("@")[0].lower()
        known = RESOLVERS.get(action)
        if known is not None:
            kind = known.get(name)
            return Origin(kind) if kind else None
        if action == "actions/github-script":
            return _answered(seen.inputs.get("script", ""), name, tail)
        if tail:
            kind = naming(tail)
            return Origin(kind) if kind and ".head." in tail else None
        return _guess(name)

    def _local(self, seen: Seen, name: str, depth: int) -> Origin | None:
        """Whose code an output of a local action names."""
        found = output_of(self.tree, seen.uses, name)
        if found is None:
            return None
        handed = {key.lower(): self.of(text, seen.env, depth) for key, text in seen.inputs.items()}
        inner = Origins(self.events, {}, NO_OUTPUTS, (), handed, tree=self.tree)
        inner.steps = dict(found[1])
        return inner.of(found[0], {}, depth + 1)

    def written(self, seen: Seen, name: str, depth: int) -> Origin | None:
        """Whose code a script's output or variable names."""
        piece = slice_of(seen.script, name, seen.env)
        if not piece or _apart(seen.script, name):
            return None
        return self.piece(piece, seen.env, depth)

    def request(self) -> Origin:
        """A request that is named by its number."""
        return Origin("request")

    def piece(self, piece: str, env: Mapping[str, str], depth: int = 0) -> Origin | None:
        """Whose code a piece of a script names."""
        found = self.of(piece, env, depth + 1)
        if found is not None:
            return found
        if _STRONG.search(piece):
            picked = _PICKED.findall(piece) if "base" in piece else ()
            own = picked and all("base" in each for each in picked)
            return None if own else Origin(naming(_strong(piece)) or "branch")
        if self.foreign and _FILE.search(piece):
            return Origin("request")
        return self._exported(piece, depth)

    def _exported(self, piece: str, depth: int) -> Origin | None:
        """Whose code a variable names that an earlier step wrote for later ones."""
        names = {match[1] for match in VARIABLE.finditer(piece)}
        if depth > _DEEPEST or not names:
            return None
        return _worst(
            self.written(seen, name, depth + 1)
            for seen in self.passed
            if "GITHUB_ENV" in seen.script
            for name in sorted(names)
            if name in seen.script
        )


_TELLS = pattern(r"headRepositoryOwner|isCrossRepository|head\.repo\.(?:full_name|owner|fork)")
_CONSTANT = pattern(r"\b([\w-]+)=[\w./-]+[\"']?\s*>>\s*[\"']?\$\{?GITHUB_(?:OUTPUT|ENV)\b")


def _apart(script: str, name: str) -> bool:
    """Whether a script asks where a request comes from, and names something of its own for one answer."""
    if "else" not in script or _TELLS.search(script) is None:
        return False
    return any(match[1].lower() == name for match in _CONSTANT.finditer(script))


def _kept(code: str) -> frozenset[str]:
    from pipelaw.loaders.github_choices import kept  # noqa: PLC0415  few expressions choose

    return kept(code)


def _strong(piece: str) -> str:
    return " ".join(match[0] for match in _STRONG.finditer(piece)).lower()


_RANK = ("branch", "sha", "repository", "request")


def _worst(found: Iterator[Origin | None] | list[Origin | None]) -> Origin | None:
    """What leaves an outsider most freedom; what is known comes before what is guessed."""
    known = [origin for origin in found if origin is not None]
    return max(known, key=lambda o: (not o.guessed, _RANK.index(o.kind)), default=None)


@lru_cache(maxsize=512)
def naming(text: str) -> str:
    """What a name says of a request's head: sha, repository or branch, "" for nothing."""
    lowered = text.lower()
    return next((kind for kind, pattern in _WORDS if pattern.search(lowered)), "")


@lru_cache(maxsize=512)
def _guess(name: str) -> Origin | None:
    lowered = name.lower()
    kind = naming(lowered) if _GUESS.search(lowered) else ""
    return Origin(kind, guessed=True) if kind else None


_GIVES = pattern(r"setOutput\(\s*['\"](?P<name>[\w.-]+)['\"]\s*,|(?<!\w)return\b")
_LONGEST = 300
_NEXT = pattern(r";|\n\s*(?:core\.|(?:return|const|let|var|if|await|else|try)\b|\})")
"""Where the value that is given ends, also in a script without semicolons."""
_ALONE = pattern(r"\s*([A-Za-z_$][\w$]*)\s*\)?\s*")
_PARTED = pattern(r"\b(\w+)\s*:\s*\{[^{}]*\Z")
"""`{ head: { sha } }`, up to the name that is wanted."""
_ASKS = pattern(r"pulls\.(?:get|list)|/pulls/|pull_request|listPullRequests|pullRequest")


def _answered(script: str, name: str, tail: str) -> Origin | None:
    """What a script of github-script gives under a name; `result` is what it returns."""
    if not _ASKS.search(script):
        return None
    if tail:
        kind = naming(tail)
        return Origin(kind) if kind and ".base." not in tail else None
    for match in _GIVES.finditer(script):
        if (match["name"] or "result").lower() != name:
            continue
        value = _NEXT.split(script[match.end() : match.end() + _LONGEST], 1)[0]
        if alone := _ALONE.fullmatch(value):
            value = _assigned(script, alone[1])
        if "base." not in value:
            kind = naming(_strong(value)) or (naming(name) if "head" in value else "")
            if kind:
                return Origin(kind)
    return _guess(name)


def _assigned(script: str, name: str) -> str:
    """What a script sets a variable to, the name of a field that it takes it from included."""
    plain = re.search(
        rf"(?<![\w$.]){re.escape(name)}\b([^;\n=]{{0,100}})=(?![=>])([^;\n]{{0,200}})", script
    )
    if plain is None:
        return name
    part = _PARTED.search(script, max(0, plain.start() - _LONGEST), plain.start())
    return f"{plain[2]}.{part[1]}.{name}" if part and "}" in plain[1] else f"{plain[2]}.{name}"
