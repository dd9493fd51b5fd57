"""The rules in force, joined into one function for each kind of thing that they look at."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelaw import rules
from pipelaw.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType

    from pipelaw.cache import Cache
    from pipelaw.rules import Rule

    Judge = Callable[..., None]

PARTS = (
    "reference script expansion variable secret credential permission container volume checkout artifact"
    " cache flaw leak agent installation publication update"
).split()
"""The parts of a scope that rules can look at; each stands in the attribute of its plural."""


class Rulebook:
    """The rules in force.

    `judges` holds for each kind that has rules a function `judge(subjects, pipeline, job, step,
    out)`, which calls `out((number, subject, pipeline, job, step))` for each rule that holds;
    `number` counts in `rules`.
    """

    def __init__(self, in_force: Iterable[Rule], code: CodeType | None = None) -> None:
        self.rules = tuple(sorted(in_force, key=lambda rule: rule.id))
        self._code = code

    def __getstate__(self) -> tuple[Rule, ...]:
        """Worker processes get the rules; functions do not travel."""
        return self.rules

    def __setstate__(self, state: tuple[Rule, ...]) -> None:
        self.__init__(state)  # type: ignore[misc]  # a rulebook is its rules

    @cached_property
    def code(self) -> CodeType:
        """Every expression of every rule, compiled."""
        return self._code or compile(_program(self.rules), "<rules>", "exec")

    @cached_property
    def _program(self) -> dict[str, Any]:
        from pipelaw.cel.emit import RUNTIME  # noqa: PLC0415  the rest of cel is for reading rules

        space: dict[str, Any] = {"__builtins__": {}, **RUNTIME}
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


_NAMED = re.compile(
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
        from pipelaw.facts.shell import may_run_remote  # noqa: PLC0415  only when asked for

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
    files = [path for folder in (rules.shipped(), *folders) for path in _files(folder)]
    texts = [_bytes(path) for path in files]
    for name, data in more:
        files.append(Path(name))
        texts.append(data)
    key = _key(files, texts, only, skip) if cache is not None else ""
    kept = cache.get(key) if cache is not None else None
    if kept is not None:
        packed, code = kept
        return Rulebook([rules.unpack(one) for one in packed], code)
    book = Rulebook(_chosen(_read(files, texts), only, skip))
    if cache is not None:
        cache.put(key, ([rules.pack(rule) for rule in book.rules], book.code))
    return book


def _read(files: Sequence[Path], texts: Sequence[bytes]) -> dict[str, Rule]:
    """The rules by id; raises PolicyError that tells everything that is wrong with any of them."""
    from pipelaw.rulefile import parse_rule  # noqa: PLC0415  a cache makes it unnecessary

    found: dict[str, Rule] = {}
    problems: list[str] = []
    for path, data in zip(files, texts, strict=True):
        try:
            rule = parse_rule(str(path), path.stem, data)
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
            raise UsageError(f"there is no rule `{name}`{rules.near(name, found)}")
    return [
        rule for rule in found.values() if (not only or rule.id in only) and rule.id not in skip
    ]


def _key(
    files: Sequence[Path], texts: Sequence[bytes], only: Sequence[str], skip: Sequence[str]
) -> str:
    """A name for a choice of rules; another version, Python or letter in a file makes another."""
    import hashlib  # noqa: PLC0415  without a cache there is nothing to name
    import sys  # noqa: PLC0415

    digest = hashlib.sha256(sys.version.encode())
    own = _own_sources()
    for path, data in (*zip(own, map(_bytes, own), strict=True), *zip(files, texts, strict=True)):
        digest.update(f"\0{path}\0{len(data)}\0".encode() + data)
    digest.update("\0".join(("", *only, "/", *skip)).encode())
    return f"rules-{digest.hexdigest()[:40]}"


def _own_sources() -> list[Path]:
    """The modules that decide what a rule file becomes."""
    package = Path(__file__).parent
    model = ("model.py", "parts.py", "workspace.py", "supply.py", "faults.py")
    names = (*model, "rulebook.py", "rulefile.py", "rules.py")
    return [*(package / name for name in names), *sorted((package / "cel").glob("*.py"))]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path}:1:1: {error.strerror}") from None


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of rules")
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
