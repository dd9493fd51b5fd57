"""What an `if:` lets through: constants folded, events told apart, and gates that stop outsiders.

A condition is evaluated with three values (True, False, None for unknown) under a hypothesis: the
event that started the run, and whether an outsider caused it. That gives polarity, `||` and
negation their true meaning, which a search for words in the text cannot.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from pipelaw.loaders.github_expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Literal,
    Not,
    Path,
    fences,
    parse,
)

Value = str | float | bool | None
_TRUSTED = frozenset({"owner", "member", "collaborator"})
_REVIEWED = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}
)


class Verdict(NamedTuple):
    """What a condition says under a hypothesis."""

    holds: bool | None
    """None where it depends on what is not known."""
    gates: tuple[str, ...] = ()
    """What stops an outsider, where something does: label, actor, association, repository, merge, ref."""


class _Unknown:
    """A value that is not known before the run."""


UNKNOWN = _Unknown()
ALWAYS = Verdict(holds=True)


def code_of(condition: str) -> str | None:
    """The expression that an `if:` evaluates; None where text around a fence makes it always true."""
    if "${{" not in condition:
        return condition.strip()
    found = list(fences(condition))
    # anything outside the fence, a block scalar's line break too, turns the whole into a text,
    # and a text that is not empty is true
    if len(found) == 1 and found[0].start == 0 and found[0].end == len(condition):
        return found[0].code
    return None


@lru_cache(maxsize=8192)
def evaluate(condition: str, event: str = "", *, outsider: bool = False) -> Verdict:
    """What a condition says for a run started by `event` ("" for any)."""
    code = code_of(condition)
    if code is None:
        return ALWAYS
    try:
        tree = parse(code)
    except ExpressionError:
        return Verdict(holds=None)
    judge = _Judge(event, outsider)
    holds = judge.truth(tree)
    return Verdict(holds, tuple(dict.fromkeys(judge.gates)) if holds is False else ())


class _Judge:
    def __init__(self, event: str, outsider: bool) -> None:
        self.event = event
        self.outsider = outsider
        self.gates: list[str] = []

    def gate(self, name: str) -> bool:
        """Note a gate that is closed for outsiders."""
        self.gates.append(name)
        return False

    def truth(self, tree: Expr) -> bool | None:
        """Kleene's three values of an expression."""
        if isinstance(tree, Not):
            inner = self.truth(tree.operand)
            return None if inner is None else not inner
        if isinstance(tree, Binary):
            if tree.operator == "&&":
                return _both(self.truth(tree.left), self.truth(tree.right))
            if tree.operator == "||":
                return _either(self.truth(tree.left), self.truth(tree.right))
            return self.comparison(tree)
        if isinstance(tree, Call):
            return self.call(tree)
        value = self.value(tree)
        return None if isinstance(value, _Unknown) else bool(value)

    def value(self, tree: Expr) -> Value | _Unknown:
        """The constant that an expression is, under the hypothesis."""
        if isinstance(tree, Literal):
            return tree.value
        if not isinstance(tree, Path):
            return UNKNOWN
        if self.event and tree.name == "github.event_name":
            return self.event
        if self.outsider and tree.name.endswith((".head.repo.fork", ".head_repository.fork")):
            self.gates.append("repository")
            return True
        if self.outsider and tree.name.endswith("pull_request.merged"):
            return self.gate("merge")
        return UNKNOWN

    def comparison(self, tree: Binary) -> bool | None:
        """The truth of a comparison."""
        left, right = self.value(tree.left), self.value(tree.right)
        equal: bool | None = None
        if not isinstance(left, _Unknown) and not isinstance(right, _Unknown):
            equal = _equal(left, right)
        elif self.outsider or self.event:
            equal = self.known_difference(tree.left, right, tree.right)
            if equal is None:
                equal = self.known_difference(tree.right, left, tree.left)
        if equal is None or tree.operator not in ("==", "!="):
            return None
        return equal if tree.operator == "==" else not equal

    def known_difference(self, tree: Expr, value: Value | _Unknown, other: Expr) -> bool | None:
        """False where the context `tree` cannot be `value` under the hypothesis."""
        if not isinstance(tree, Path):
            return None
        if isinstance(value, str) and self.event:
            away = self.away_from(tree.name, value.lower())
            if away is not None:
                return away
        if not self.outsider:
            return None
        if _foreign(tree.name) and (isinstance(value, str) or _own(other)):
            return self.gate("repository")
        return self.person(tree.name, value.lower()) if isinstance(value, str) else None

    def away_from(self, name: str, value: str) -> bool | None:
        """False where the run's event, or its ref, is another one than the condition asks for."""
        if name == "github.event.workflow_run.event" and self.outsider:
            return None if value.startswith("pull_request") else self.gate("upstream")
        if name in ("github.ref", "github.ref_name", "github.ref_type"):
            branch = value.startswith("refs/heads/") or name == "github.ref_name"
            if self.event in ("pull_request", "pull_request_review") and (
                branch or value == "branch"
            ):
                return self.gate("ref")
            if self.outsider and (value.startswith("refs/tags/") or value == "tag"):
                return self.gate("ref")
        return None

    def person(self, name: str, value: str) -> bool | None:
        """False where `name` is somebody that an outsider is not."""
        if name.endswith(".author_association"):
            return self.gate("association") if value in _TRUSTED else None
        if name == "github.event.label.name" or name.endswith("labels.*.name"):
            return self.gate("label")
        if name in ("github.actor", "github.triggering_actor", "github.event.sender.login"):
            # the actor is whoever caused the latest event, which for a bot's pull request can be
            # anybody; a person's name cannot be had
            return None if value.endswith("[bot]") else self.gate("actor")
        if name.endswith((".user.login", ".owner.login")):
            return self.gate("actor")
        return None

    def call(self, tree: Call) -> bool | None:
        """The truth of a function's result."""
        arguments = tree.arguments
        if tree.function == "always":
            return True
        if tree.function == "contains" and len(arguments) == 2:
            return self.contains(*arguments)
        if tree.function == "startswith" and len(arguments) == 2:
            return self.starts_with(*arguments)
        if tree.function == "fromjson" and len(arguments) == 1:
            value = self.value(arguments[0])
            return {"true": True, "false": False}.get(value) if isinstance(value, str) else None
        return None

    def contains(self, where: Expr, what: Expr) -> bool | None:
        """A label that only members set, or a list of trusted associations or people."""
        if not self.outsider:
            return None
        if isinstance(where, Path) and ".labels" in where.name:
            return self.gate("label")
        words = _words(where)
        if words is None or not isinstance(what, Path):
            return None
        results = {self.person(what.name, word) for word in words}
        return False if words and results == {False} else None

    def starts_with(self, where: Expr, what: Expr) -> bool | None:
        """A tag's ref, which no outsider can push."""
        value = self.value(what)
        if isinstance(where, Path) and isinstance(value, str) and where.name == "github.ref":
            if self.outsider and value.startswith("refs/tags"):
                return self.gate("ref")
            if self.event == "pull_request" and value.startswith("refs/heads"):
                return self.gate("ref") if self.outsider else False
        return None


def _words(tree: Expr) -> list[str] | None:
    """The texts of `fromJSON('["a", "b"]')`, or of a literal that is searched for them."""
    if isinstance(tree, Call) and tree.function == "fromjson" and tree.arguments:
        inner = tree.arguments[0]
        if isinstance(inner, Literal) and isinstance(inner.value, str):
            try:
                found = json.loads(inner.value)
            except ValueError:
                return None
            if isinstance(found, list):
                return [str(word).lower() for word in found]
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        return tree.value.lower().replace(",", " ").split()
    return None


def _foreign(name: str) -> bool:
    """Whether a context names the repository that an outsider's request comes from."""
    return name.endswith(
        (
            "head.repo.full_name",
            "head.repo.owner.login",
            "head.repo.id",
            "head.user.login",
            "head_repository.full_name",
            "head_repository.owner.login",
            "head_repository.id",
        )
    )


def _own(tree: Expr) -> bool:
    """Whether an expression names the repository that the workflow belongs to."""
    return isinstance(tree, Path) and (
        tree.name in ("github.repository", "github.repository_owner", "github.repository_id")
        or tree.name.endswith(("base.repo.full_name", "base.repo.id", "base.repo.owner.login"))
        or tree.name.startswith("github.event.repository.")
    )


def _both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return True if left and right else None


def _either(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def _equal(left: Value, right: Value) -> bool:
    """GitHub's loose equality: text without regard to case, other types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: Value) -> float:
    if isinstance(value, str):
        try:
            return float(value.strip() or 0)
        except ValueError:
            return float("nan")
    return float(value or 0)
