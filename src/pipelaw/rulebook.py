"""The rules in force, joined into one function for each kind of thing that they look at."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipelaw import rules
from pipelaw.digests import digest, named
from pipelaw.errors import PolicyError, UsageError
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from types import CodeType

    from pipelaw.cache import Cache
    from pipelaw.policy import Policy
    from pipelaw.rules import Rule, Value

    Judge = Callable[..., None]

PARTS = (
    "reference script expansion variable secret credential permission container volume checkout artifact"
    " cache flaw leak agent installation publication update"
).split()
"""The parts of a scope that rules can look at; each is in the attribute of its plural."""


class Terms(NamedTuple):
    """What a policy makes of a rulebook."""

    off: frozenset[str] = frozenset()
    """The rules that do not count."""
    parameters: tuple[tuple[str, str, Value], ...] = ()
    """Rule, name and value of each parameter that has not its default."""


AS_WRITTEN = Terms()


class _Source:
    """Some rules and what they are compiled to: what rulebooks on all terms have in common."""

    def __init__(
        self, known: Iterable[Rule], code: CodeType | None, asked: Collection[str], key: str
    ) -> None:
        self.rules = tuple(sorted(known, key=lambda rule: rule.id))
        self.asked = frozenset(asked)
        self.key = key
        self.books: dict[Terms, Rulebook] = {}
        self._code = code

    def __getstate__(self) -> tuple[Any, ...]:
        """Worker processes get rules and code; functions do not travel."""
        import marshal  # noqa: PLC0415  built in, and rarely needed

        return self.rules, marshal.dumps(self.code), self.asked, self.key

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        import marshal  # noqa: PLC0415  see above

        known, code, asked, key = state
        code = marshal.loads(code)  # noqa: S302  our own, from the process that started this one
        self.__init__(known, code, asked, key)  # type: ignore[misc]  # as it was made

    @cached_property
    def code(self) -> CodeType:
        """Every expression of every rule, compiled."""
        return self._code or compile(_program(self.rules), "<rules>", "exec")


class Rulebook:
    """The rules in force.

    `judges` holds for each kind that has rules a function `judge(subjects, pipeline, job, step,
    out)`, which calls `out((number, subject, pipeline, job, step))` for each rule that holds;
    `number` counts in `numbered`. Rules that were `asked` for stay on whatever a policy says.
    """

    def __init__(
        self,
        known: Iterable[Rule],
        code: CodeType | None = None,
        asked: Collection[str] = (),
        key: str = "",
    ) -> None:
        self._begin(_Source(known, code, asked, key), AS_WRITTEN)

    def _begin(self, source: _Source, terms: Terms) -> None:
        self._source = source
        self._terms = terms
        self.numbered = tuple(None if rule.id in terms.off else rule for rule in source.rules)
        """By number the rule, None for one that is off."""
        self.rules = tuple(rule for rule in self.numbered if rule is not None)
        """The rules in force, by id."""
        source.books[terms] = self

    def __reduce__(self) -> tuple[Any, ...]:
        """Books on several terms travel with one copy of their rules."""
        return Rulebook._of, (self._source, self._terms)

    @classmethod
    def _of(cls, source: _Source, terms: Terms) -> Rulebook:
        if terms not in source.books:
            book = cls.__new__(cls)
            book._begin(source, terms)  # noqa: SLF001  it is of this class
        return source.books[terms]

    def under(self, policy: Policy) -> Rulebook:
        """The same rules as a policy wants them: without those that it switches off, with its parameters.

        Nothing is compiled again.
        """
        parameters = tuple((one.rule, one.name, one.value) for one in policy.parameters)
        return self.on(Terms(frozenset(policy.skipped) - self._source.asked, parameters))

    def on(self, terms: Terms) -> Rulebook:
        """The same rules on other terms; made once for each."""
        return self._of(self._source, terms)

    @property
    def code(self) -> CodeType:
        """Every expression of every rule, compiled."""
        return self._source.code

    @property
    def name(self) -> str:
        """What tells it from others that judge otherwise; "" where it was not made by a key."""
        if not self._source.key:
            return ""
        return f"{self._source.key} {sorted(self._terms.off)} {self._terms.parameters}"

    @cached_property
    def _program(self) -> dict[str, Any]:
        from pipelaw.cel.emit import RUNTIME  # noqa: PLC0415  the rest of cel is for reading rules

        space: dict[str, Any] = {"__builtins__": {}, **RUNTIME}
        space.update(_holders(self._source.rules, self._terms))
        exec(self.code, space)  # noqa: S102  emitted by cel: it reaches declared fields alone
        return space

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """One function for each kind that has rules."""
        return {rule.kind: self._program[f"judge_{rule.kind}"] for rule in self.rules}

    @cached_property
    def judge_parts(self) -> Judge:
        """`judge_parts(scope, pipeline, job, step, out)` judges every part of a scope."""
        judge: Judge = self._program["judge_parts"]
        return judge

    @cached_property
    def command_filters(self) -> tuple[Callable[[str], bool], ...]:
        """Tests of a script's lower-case text, one of which it passes if a rule about commands can hold."""
        conditions = (rule.when for rule in self.rules if rule.kind == "command")
        return tuple({_filter(condition): None for condition in conditions})

    def evaluate(self, code: str, kind: str, values: Sequence[object]) -> Any:  # noqa: ANN401  any field
        """The value of an expression of a rule about `kind`, for (subject, pipeline, job, step)."""
        return self.expressions[kind, code](*values)

    @cached_property
    def expressions(self) -> dict[tuple[str, str], Callable[..., Any]]:
        """Every expression but the conditions as a function, by kind and code."""
        found: dict[tuple[str, str], Callable[..., Any]] = self._program["expressions"]
        return found


def _holders(known: Iterable[Rule], terms: Terms) -> dict[str, SimpleNamespace]:
    """The parameters of each rule that has some, by the name that expressions call them."""
    found = {
        rule.id: {parameter.name: parameter.default for parameter in rule.parameters}
        for rule in known
        if rule.parameters
    }
    for rule, name, value in terms.parameters:
        if name in found.get(rule, ()):
            found[rule][name] = value
    return {rules.holder(rule): SimpleNamespace(**values) for rule, values in found.items()}


def _program(in_force: Sequence[Rule]) -> str:
    """The source of a module: a `judge_KIND` for each kind, and `expressions` by kind and code."""
    by_kind: dict[str, list[tuple[int, Rule]]] = {}
    lambdas: dict[str, None] = {}
    for number, rule in enumerate(in_force):
        by_kind.setdefault(rule.kind, []).append((number, rule))
        for code in rule.expressions():
            key = f"({rule.kind!r}, {code!r})"
            lambdas[f"{key}: lambda {rule.kind}, {_outer(rule.kind)}: {code}"] = None
    judges = [_judge(kind, numbered) for kind, numbered in by_kind.items()]
    parts = [kind for kind in PARTS if kind in by_kind]
    return "\n".join([*judges, _parts(parts), f"expressions = {{{', '.join(lambdas)}}}"])


def _parts(kinds: Sequence[str]) -> str:
    """A function that hands each kind of part of a scope to its judge."""
    lines = ["def judge_parts(scope, pipeline, job, step, out):"]
    for kind in kinds:
        lines.append(f"  if scope.{kind}s:")
        lines.append(f"    judge_{kind}(scope.{kind}s, pipeline, job, step, out)")
    return "\n".join([*lines, "  return None"])


def _outer(kind: str) -> str:
    """The parameters around a subject; one that has the subject's own name gives way to it."""
    return ", ".join(f"{name}_" if name == kind else name for name in ("pipeline", "job", "step"))


def _judge(kind: str, numbered: Sequence[tuple[int, Rule]]) -> str:
    """All conditions about a kind as one function: a call for each would cost more than they do."""
    outer = _outer(kind)
    lines = [f"def judge_{kind}(subjects, {outer}, out):", f"  for {kind} in subjects:"]
    for number, rule in numbered:
        lines.append(f"    if {rule.when}:")
        lines.append(f"      out(({number}, {kind}, {outer}))")
    return "\n".join(lines)


_NAMED = pattern(
    r"""command\.name (?:== (?P<one>"[^"\\]*"|'[^'\\]*')|in [({\[](?P<many>[^)}\]]*)[)}\]])"""
)


def _filter(condition: str) -> Callable[[str], bool]:
    """A quick test that a script passes when a condition about a command of it holds.

    Read off the condition's own conjuncts; where one names no program every script passes, which is
    correct and slow.
    """
    if " or " in condition:
        return _every
    if "command.remote" in condition:
        from pipelaw.facts.shell_fetch import may_run_remote  # noqa: PLC0415  only when asked for

        return may_run_remote
    found = _NAMED.search(condition)
    if found is None or "not " in condition[: found.start()]:
        return _every
    names = [found["one"]] if found["one"] else found["many"].split(",")
    return _naming(frozenset(name.strip().strip("\"'").lower() for name in names if name.strip()))


def _every(_: str) -> bool:
    return True


@lru_cache(maxsize=64)
def _naming(names: frozenset[str]) -> Callable[[str], bool]:
    """The test for a text that has one of some names."""
    return lambda low: any(name in low for name in names)


def load(
    folders: Iterable[Path] = (),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    cache: Cache | None = None,
    more: Iterable[tuple[str, bytes]] = (),
) -> Rulebook:
    """The shipped rules and those in `folders`; with `only`, no others; without those in `skip`.

    `more` are rule files that were read elsewhere: path and bytes.
    With a cache, rules that were read before are neither parsed nor checked again.
    """
    files = [path for folder in (rules.shipped(), *folders) for path in _rule_files(str(folder))]
    more = tuple(more)
    key = _key(files, more, only, skip) if cache is not None else ""
    kept = cache.get(key) if cache is not None else None
    if kept is not None:
        packed, code = kept
        return Rulebook([rules.unpack(one) for one in packed], code, only, key)
    read = [*((path, _bytes(path)) for path in files), *more]
    book = Rulebook(_chosen(_read(read), only, skip), asked=only, key=key)
    if cache is not None:
        cache.put(key, ([rules.pack(rule) for rule in book.rules], book.code))
    return book


def _read(files: Iterable[tuple[str, bytes]]) -> dict[str, Rule]:
    """The rules by id; raises PolicyError that names everything that is wrong with any of them."""
    from pipelaw.rulefile import parse_rule  # noqa: PLC0415  a cache makes it unnecessary

    found: dict[str, Rule] = {}
    problems: list[str] = []
    for path, data in files:
        try:
            rule = parse_rule(path, Path(path).stem, data)
        except PolicyError as error:
            problems.append(str(error))
            continue
        if rule.id in found:
            problems.append(f"{path}:1:1: the id `{rule.id}` is taken by {found[rule.id].path}")
        found[rule.id] = rule
    if problems:
        raise PolicyError("\n".join(problems))
    return found


def _chosen(found: dict[str, Rule], only: Sequence[str], skip: Sequence[str]) -> list[Rule]:
    for name in (*only, *skip):
        if name not in found:
            hint = rules.near(name, found) or "; `pipelaw rules` lists them"
            raise UsageError(f"there is no rule `{name}`{hint}")
    if only and set(only) <= set(skip):
        raise UsageError("there is no rule to judge by: what --rule names, --skip leaves out")
    return [
        rule for rule in found.values() if (not only or rule.id in only) and rule.id not in skip
    ]


def _key(
    files: Sequence[str],
    more: Sequence[tuple[str, bytes]],
    only: Sequence[str],
    skip: Sequence[str],
) -> str:
    """A name for a choice of rules; another version, Python or change of a file makes another."""
    import sys  # noqa: PLC0415  without a cache there is nothing to name

    from pipelaw.cache import stamps  # noqa: PLC0415

    known = [*_own_sources(), *files]
    # what has just been written is known by its content
    states: Sequence[tuple[object, ...]] = stamps(known) or [
        (path, digest(_bytes(path))) for path in known
    ]
    given = [(path, digest(data)) for path, data in more]
    whole = repr((sys.version, states, given, tuple(only), tuple(skip)))
    return f"rules-{named(whole, 40)}"


def _own_sources() -> list[str]:
    """The modules that decide what a rule file becomes."""
    package = os.path.dirname(__file__)  # noqa: PTH120  asked at each start
    names = (
        "model parts machines workspace supply faults words place records"
        " rulebook rulefile rules parameters"
    ).split()
    return [*(f"{package}/{name}.py" for name in names), *_files(f"{package}/cel", (".py",))]


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise PolicyError(f"{path}:1:1: {error.strerror}") from None


def _rule_files(folder: str) -> list[str]:
    found = _files(folder)
    if not found:
        raise UsageError(f"{folder}: there is no rule in this folder")
    return found


def _files(folder: str, ends: tuple[str, ...] = (".yaml", ".yml")) -> list[str]:
    if not os.path.isdir(folder):  # noqa: PTH112  asked at each start
        raise UsageError(f"{folder}: no such folder of rules")
    return [f"{folder}/{name}" for name in sorted(os.listdir(folder)) if name.endswith(ends)]  # noqa: PTH208
