"""GitLab's conditions, `$CI_COMMIT_BRANCH == "main" && …`: parsed, and judged for a kind of pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = pattern(
    r"""\s*(?:
        (?P<variable>\$\w+|\$\{\w+\})
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<pattern>/(?:[^/\\]|\\.)+/[a-z]*)
      | (?P<word>null|true|false)\b
      | (?P<operator>==|!=|=~|!~|&&|\|\||!|\(|\))
    )""",
    re.VERBOSE,
)

_SIMPLE = pattern(r"[\w^$|(). -]+\Z")
"""Regular expressions that are worth a match against a known word, and cannot backtrack."""


MAX_TOKENS = 100
"""GitLab's limit for one condition."""


class State(Enum):
    """What is known of a variable whose text is not."""

    ABSENT = "absent"
    PRESENT = "present"
    UNKNOWN = "unknown"


Value = frozenset[str] | State
"""The texts that a variable can have, or how much is known about it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: an operator and its operands, or an operand."""

    kind: str
    """and, or, not, ==, !=, =~, !~, variable, text, pattern, null or unknown."""
    text: str = ""
    parts: tuple[Condition, ...] = ()


UNKNOWN = Condition("unknown")


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """The condition of a text; UNKNOWN where it is not one."""
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            return UNKNOWN
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    if len(tokens) > MAX_TOKENS:
        return UNKNOWN
    parser = _Parser(tokens)
    condition = parser.either()
    return condition if parser.done() else UNKNOWN


class _Parser:
    """Recursive descent: `||` over `&&` over comparisons; gives UNKNOWN for what it cannot read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0

    def done(self) -> bool:
        return self._tokens[self._at][0] == "end"

    def _take(self, *texts: str) -> str:
        """The next token when it is one of these operators, else ""."""
        kind, text = self._tokens[self._at]
        if kind == "operator" and text in texts:
            self._at += 1
            return text
        return ""

    def either(self) -> Condition:
        parts = [self._all()]
        while self._take("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Condition("or", parts=tuple(parts))

    def _all(self) -> Condition:
        parts = [self._comparison()]
        while self._take("&&"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else Condition("and", parts=tuple(parts))

    def _comparison(self) -> Condition:
        left = self._operand()
        operator = self._take("==", "!=", "=~", "!~")
        if not operator:
            return left
        right = self._operand()
        if operator in ("==", "!=") and right.kind == "variable" and _constant(left):
            left, right = right, left
        return Condition(operator, parts=(left, right))

    def _operand(self) -> Condition:
        if self._take("!"):
            return Condition("not", parts=(self._operand(),))
        if self._take("("):
            inner = self.either()
            return inner if self._take(")") else UNKNOWN
        kind, text = self._tokens[self._at]
        if kind in ("end", "operator"):
            return UNKNOWN
        self._at += 1
        return _leaf(kind, text)


def _constant(operand: Condition) -> bool:
    """Whether an operand says the same in every pipeline; compared with, it is on the right."""
    return operand.kind in ("text", "null") or operand == _DEFAULT


_DEFAULT = Condition("variable", "CI_DEFAULT_BRANCH")


def _leaf(kind: str, text: str) -> Condition:
    if kind == "variable":
        return Condition(kind, text.strip("${}"))
    if kind == "text":
        return Condition(kind, text[1:-1])
    if kind == "word":
        return Condition("null") if text == "null" else Condition("text", text)
    return Condition(kind, text)


def holds(condition: Condition, known: Mapping[str, Value]) -> bool | None:
    """Whether a condition holds where `known` is known of the variables; None for perhaps."""
    kind, parts = condition.kind, condition.parts
    if kind == "and":
        return _all_hold([holds(part, known) for part in parts])
    if kind in ("or", "not"):
        inverse = _all_hold([_inverse(holds(part, known)) for part in parts])
        return inverse if kind == "not" else _inverse(inverse)
    if kind in ("==", "!="):
        same = _same(_value(parts[0], known), _value(parts[1], known))
        return same if kind == "==" else _inverse(same)
    if kind in ("=~", "!~"):
        matching = _matches(_value(parts[0], known), parts[1])
        return matching if kind == "=~" else _inverse(matching)
    return _truth(_value(condition, known))


def _all_hold(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _inverse(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _value(operand: Condition, known: Mapping[str, Value]) -> Value:
    if operand.kind == "text":
        return frozenset({operand.text})
    if operand.kind == "null":
        return State.ABSENT
    if operand.kind == "variable":
        return known.get(operand.text, State.UNKNOWN)
    return State.UNKNOWN


def _same(left: Value, right: Value) -> bool | None:
    if State.UNKNOWN in (left, right):
        return None
    if State.ABSENT in (left, right):
        return left is right
    if isinstance(left, frozenset) and isinstance(right, frozenset):
        if left.isdisjoint(right):
            return False
        return True if len(left) == len(right) == 1 else None
    # a variable that is there, but for its text unknown, is at least not empty
    return False if frozenset({""}) in (left, right) else None


def _matches(value: Value, pattern: Condition) -> bool | None:
    if value is State.ABSENT:
        return False
    if not isinstance(value, frozenset) or pattern.kind != "pattern":
        return None
    body = pattern.text[1:].rpartition("/")[0]
    if not _SIMPLE.match(body):
        return None
    try:
        answers = {re.search(body, text) is not None for text in value}
    except re.error:
        return None
    return answers.pop() if len(answers) == 1 else None


def _truth(value: Value) -> bool | None:
    if isinstance(value, frozenset):
        answers = {bool(text) for text in value}
        return answers.pop() if len(answers) == 1 else None
    return {State.ABSENT: False, State.PRESENT: True, State.UNKNOWN: None}[value]


def demands(condition: Condition) -> frozenset[tuple[str, str]]:
    """What a condition requires whichever way it holds: pairs of a variable and its text.

    The text is "" where only the variable has to be there, or match a pattern.
    """
    kind, parts = condition.kind, condition.parts
    if kind == "and":
        return frozenset().union(*(demands(part) for part in parts))
    if kind == "or":
        return frozenset.intersection(*(demands(part) for part in parts))
    if kind == "variable":
        return frozenset({(condition.text, "")})
    if kind in ("==", "=~") and parts[0].kind == "variable" and parts[1].kind != "null":
        other = parts[1]
        wanted = f"${other.text}" if other.kind == "variable" else other.text
        return frozenset({(parts[0].text, wanted)})
    return frozenset()
