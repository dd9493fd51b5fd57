"""The rules in force, joined into one function for each kind of thing that they look at."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelaw import cel, model, rules
from pipelaw.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pipelaw.rules import Rule

    Judge = Callable[..., None]

PARTS = tuple(
    (f"{kind}s", kind) for kind in model.KINDS if f"{kind}s" in model.Scope.__dataclass_fields__
)
"""The parts of a scope that rules can look at: attribute and kind."""


class Rulebook:
    """The rules in force.

    `judges` holds for each kind that has rules a function `judge(subjects, pipeline, job, step,
    out)`, which calls `out((number, subject, pipeline, job, step))` for each rule that holds;
    `number` counts in `rules`.
    """

    def __init__(self, in_force: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(in_force, key=lambda rule: rule.id))
        self._compiled: dict[tuple[str, str], Callable[..., Any]] = {}

    def __getstate__(self) -> tuple[Rule, ...]:
        """Worker processes get the rules; functions do not travel."""
        return self.rules

    def __setstate__(self, state: tuple[Rule, ...]) -> None:
        self.__init__(state)  # type: ignore[misc]  # a rulebook is its rules

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """One function for each kind that has rules."""
        by_kind: dict[str, list[tuple[int, Rule]]] = {}
        for number, rule in enumerate(self.rules):
            by_kind.setdefault(rule.kind, []).append((number, rule))
        return {kind: _judge(kind, numbered) for kind, numbered in by_kind.items()}

    @cached_property
    def parts(self) -> tuple[tuple[str, Judge], ...]:
        """The parts of a scope that have rules: attribute and function."""
        return tuple((name, self.judges[kind]) for name, kind in PARTS if kind in self.judges)

    @cached_property
    def command_words(self) -> re.Pattern[str]:
        """What a script's text must contain before any rule about commands can hold."""
        needles: set[str] = set()
        for rule in self.rules:
            if rule.kind == "command":
                needles |= _needles(rule.when)
        return re.compile("|".join(sorted(needles)) if needles else r"(?!)")

    def evaluate(self, code: str, kind: str, values: Sequence[object]) -> Any:  # noqa: ANN401  any field
        """The value of an expression of a rule about `kind`, for (subject, pipeline, job, step)."""
        key = (kind, code)
        function = self._compiled.get(key)
        if function is None:
            source = f"lambda {kind}, {_outer(kind)}: {code}"
            function = eval(source, _namespace())  # noqa: S307  emitted by cel: it reaches fields alone
            self._compiled[key] = function
        return function(*values)


def _namespace() -> dict[str, object]:
    return {"__builtins__": {}, **cel.RUNTIME}


def _outer(kind: str) -> str:
    """The parameters around a subject; one that has the subject's own name gives way to it."""
    return ", ".join(f"{name}_" if name == kind else name for name in ("pipeline", "job", "step"))


def _judge(kind: str, numbered: Sequence[tuple[int, Rule]]) -> Judge:
    """All conditions about a kind as one function: a call for each would cost more than they do."""
    outer = ", ".join(
        f"{name}{'_' if name == kind else ''}" for name in ("pipeline", "job", "step")
    )
    lines = [f"def judge(subjects, {outer}, out):", f"  for {kind} in subjects:"]
    for number, rule in numbered:
        lines.append(f"    if {rule.when}:")
        lines.append(f"      out(({number}, {kind}, {outer}))")
    space: dict[str, Any] = _namespace()
    exec("\n".join(lines), space)  # noqa: S102  emitted by cel: it reaches fields alone
    judge: Judge = space["judge"]
    return judge


_NAMED = re.compile(
    r"""command\.name (?:== (?P<one>"[^"\\]*"|'[^'\\]*')|in [({\[](?P<many>[^)}\]]*)[)}\]])"""
)


def _needles(condition: str) -> set[str]:
    """Patterns of which one must be in a script for a condition about its commands to hold.

    Read off the condition's own conjuncts; one that names no program gives the pattern that is in
    every text, which is correct and slow.
    """
    if "command.remote" in condition and " or " not in condition:
        from pipelaw.facts.shell import RUNS_REMOTE  # noqa: PLC0415  only when asked for

        return {RUNS_REMOTE.pattern}
    found = _NAMED.search(condition)
    if found is None or " or " in condition or "not " in condition[: found.start()]:
        return {""}
    names = [found["one"]] if found["one"] else found["many"].split(",")
    return {re.escape(name.strip().strip("\"'")) for name in names if name.strip()}


def load(
    folders: Iterable[Path] = (), only: Sequence[str] = (), skip: Sequence[str] = ()
) -> Rulebook:
    """The shipped rules and those in `folders`; with `only`, no others; without those in `skip`."""
    found: dict[str, Rule] = {}
    problems: list[str] = []
    for folder in (rules.shipped(), *folders):
        for path in _files(folder):
            try:
                rule = rules.read(path)
            except PolicyError as error:
                problems.append(str(error))
                continue
            if rule.id in found:
                problems.append(f"{path}:1:1: the id `{rule.id}` is taken by {found[rule.id].path}")
            found[rule.id] = rule
    if problems:
        raise PolicyError("\n".join(problems))
    for name in (*only, *skip):
        if name not in found:
            raise UsageError(f"there is no rule `{name}`{rules.near(name, found)}")
    return Rulebook(
        rule for rule in found.values() if (not only or rule.id in only) and rule.id not in skip
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of rules")
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
