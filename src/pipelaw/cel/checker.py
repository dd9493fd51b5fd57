"""Trees to types, and to Python: the rules of the language but for calls.

Nothing that is accepted can fail when it is evaluated. What CEL reports as an error at run time
(an overflow, a missing element, a bad pattern) is refused here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipelaw.cel import calls, emit
from pipelaw.cel.errors import CelError, hint, wrong
from pipelaw.cel.parser import (
    MAX_DEPTH,
    Binary,
    Call,
    Conditional,
    Field,
    ListOf,
    Literal,
    Logical,
    Name,
    Node,
    Unary,
    parse,
)
from pipelaw.cel.types import BOOL, DOUBLE, INT, NOTHING, STRING, Type, Typed, join, list_of
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INT_MAX = 2**63 - 1
_MAX_GROWTH = 1000
"""A macro that doubles what a macro doubled, and so on, would fill the memory."""


class Expression(NamedTuple):
    """An expression that was checked."""

    type: Type
    """What it gives."""
    python: str
    """The same as Python: one operand, whose only names are those of the scope and of RUNTIME."""


def check(
    text: str,
    scope: Mapping[str, Type],
    want: Type | None = None,
    python: Mapping[str, str] = MappingProxyType({}),
) -> Expression:
    """Check `text` against the names that it may use; raises CelError where it is wrong.

    `want` is the type that it has to give. The names of a scope are Python names without an
    underscore in front; `python` has those that are called otherwise there.
    """
    tree = parse(text)
    found = Checker(text, scope, python).visit(tree)
    if want is not None and join(found.type, want) is not want:
        message = f"this has to give {want.article}, but it gives {found.type.article}"
        raise wrong(tree, message)
    return Expression(found.type, found.python)


class Checker:
    """One walk over a tree."""

    def __init__(self, text: str, scope: Mapping[str, Type], python: Mapping[str, str]) -> None:
        self.text = text
        self.names = {
            name: Typed(type_, python.get(name, name), calls.INT_OF_MODEL)
            for name, type_ in scope.items()
        }
        """The scope, and inside of macros their variables."""
        self.macros = 0
        """How many macros the walk is inside of."""
        self._depth = 0

    def visit(self, node: Node) -> Typed:
        """The type and the Python of `node` and all below it."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise wrong(node, f"nested more than {MAX_DEPTH} levels deep")
        found = _VISITS[type(node)](self, node)
        self._depth -= 1
        return found

    def wanted(self, node: Node, want: Type, who: str) -> Typed:
        """The same for an operand of `who` that has to be a `want`."""
        found = self.visit(node)
        if found.type is not want:
            raise wrong(node, f"{who} wants {want.article}, but this is {found.type.article}")
        return found

    def literal(self, node: Literal) -> Typed:
        """A string, number or boolean, written out."""
        value = node.value
        python = emit.literal(value)
        if isinstance(value, str):
            return Typed(STRING, python)
        if isinstance(value, bool):
            return Typed(BOOL, python)
        return Typed(INT, python, abs(value)) if isinstance(value, int) else Typed(DOUBLE, python)

    def name(self, node: Name) -> Typed:
        """A variable."""
        found = self.names.get(node.name)
        if found is None:
            known = ", ".join(f"`{name}`" for name in self.names) or "no names"
            small = node.name.lower()
            advice = hint(node.name, [*self.names, *({small} & {"true", "false"})])
            advice = advice or f"; known here: {known}"
            raise wrong(node, f"unknown name `{node.name}`{advice}")
        return found

    def field(self, node: Field) -> Typed:
        """A field of a record."""
        operand = self.visit(node.operand)
        found = operand.type.members.get(node.name)
        if found is None:
            message = f"{operand.type.without} `{node.name}`"
            if node.name in calls.NAMES:
                message = f"`{node.name}` is a function: write `{node.name}(…)`"
            else:
                message += hint(node.name, operand.type.members) or calls.meant(node.name)
            raise CelError(message, node.at, len(node.name))
        words = operand.type.words.get(node.name, ())
        return Typed(found, f"{operand.python}.{node.name}", calls.INT_OF_MODEL, words=words)

    def array(self, node: ListOf) -> Typed:
        """A list that is written out."""
        element, bound, growth = NOTHING, 0, 1
        texts = []
        for item in node.items:
            found = self.visit(item)
            joined = join(element, found.type)
            if joined is None:
                message = f"a list holds one type: {found.type.article} is among {element.plural}"
                raise wrong(item, message)
            element = joined
            bound, growth = max(bound, found.bound), max(growth, found.growth)
            texts.append(found.python)
        return Typed(list_of(element), emit.array(texts), bound, growth)

    def unary(self, node: Unary) -> Typed:
        """A negation."""
        if node.operator == "!":
            found = self.wanted(node.operand, BOOL, "`!`")
        else:
            found = self.visit(node.operand)
            if found.type is not INT and found.type is not DOUBLE:
                raise wrong(node.operand, f"`-` wants a number, but this is {found.type.article}")
            _refuse_overflow(node, found.bound)
        if node.times % 2 == 0:
            return found
        return found._replace(python=emit.unary(node.operator, found.python))

    def logical(self, node: Logical) -> Typed:
        """A row of `&&` or of `||`."""
        who = f"`{node.operator}`"
        items = [self.wanted(item, BOOL, who).python for item in node.items]
        return Typed(BOOL, emit.logical(node.operator, items))

    def conditional(self, node: Conditional) -> Typed:
        """A choice by `? :`."""
        test = self.wanted(node.test, BOOL, "what comes before `?`")
        then, other = self.visit(node.then), self.visit(node.other)
        joined = join(then.type, other.type)
        if joined is None:
            message = f"`? :` gives one type, not {then.type.article} or {other.type.article}"
            raise wrong(node, message)
        python = emit.conditional(test.python, then.python, other.python)
        bound, growth = max(then.bound, other.bound), max(then.growth, other.growth)
        return Typed(joined, python, bound, growth)

    def binary(self, node: Binary) -> Typed:
        """A relation, sum or difference."""
        operator = node.operator
        left, right = self.visit(node.left), self.visit(node.right)
        if operator == "in":
            return _membership(node, left, right)
        joined = join(left.type, right.type)
        if joined is None:
            got = f"{left.type.article} and {right.type.article}"
            raise wrong(node, f"`{operator}` wants two of one type, not {got}")
        if operator in ("+", "-"):
            return _sum(node, joined, left, right)
        _refuse_incomparable(node, joined)
        _refuse_unknown(node.left, right)
        _refuse_unknown(node.right, left)
        lists = joined.element is not None
        return Typed(BOOL, emit.binary(operator, left.python, right.python, lists=lists))


def _refuse_overflow(node: Node, bound: int) -> None:
    if bound > _INT_MAX:
        raise wrong(node, "this may be too large for an int")


def _refuse_incomparable(node: Binary, operands: Type) -> None:
    """Refuse to compare what has no order, and records, which are what they are only in CEL."""
    wanted, element = "strings, numbers and bools", None
    if node.operator in ("==", "!="):
        wanted, element = f"{wanted}, and lists of them", operands.element
    if not operands.scalar and not (element and element.scalar):
        raise wrong(node, f"`{node.operator}` compares {wanted}, not {operands.plural}")


def _refuse_unknown(node: Node, other: Typed) -> None:
    """Refuse a text that the other side never is; `node` may also be a list of texts."""
    items = node.items if isinstance(node, ListOf) else (node,)
    for item in items:
        if isinstance(item, Literal) and other.words and item.value not in other.words:
            known = ", ".join(f"`{word}`" for word in other.words if word)
            advice = hint(str(item.value), other.words) or f"; it is one of {known}"
            said = f"`{item.value}`" if item.value else "empty"
            raise wrong(item, f"this is never {said}{advice}")


def _sum(node: Binary, operands: Type, left: Typed, right: Typed) -> Typed:
    lists = operands.element is not None
    bound, growth = max(left.bound, right.bound), left.growth + right.growth
    if operands is INT:
        bound, growth = left.bound + right.bound, 1
        _refuse_overflow(node, bound)
    elif node.operator == "-" or not (lists or operands is STRING):
        wanted = "ints" if node.operator == "-" else "ints, strings or lists"
        raise wrong(node, f"`{node.operator}` wants {wanted}, not {operands.plural}")
    if growth > _MAX_GROWTH:
        raise wrong(node, "this may grow too large")
    python = emit.binary(node.operator, left.python, right.python, lists=lists)
    return Typed(operands, python, bound, growth)


def _membership(node: Binary, left: Typed, right: Typed) -> Typed:
    element = right.type.element
    if element is None:
        advice = "; write `text.contains(part)`" if right.type is STRING else ""
        raise wrong(node.right, f"`in` wants a list, but this is {right.type.article}{advice}")
    if not left.type.scalar:
        message = f"`in` looks for a string, number or bool, not {left.type.article}"
        raise wrong(node.left, message)
    if join(left.type, element) is None:
        raise wrong(node, f"`in` looks for {left.type.article} in a {right.type.name}")
    _refuse_unknown(node.left, right)
    _refuse_unknown(node.right, left)
    items = node.right.items if isinstance(node.right, ListOf) else ()
    if items and all(isinstance(item, Literal) for item in items):
        return Typed(BOOL, emit.member(left.python, right.python))
    return Typed(BOOL, emit.binary("in", left.python, right.python))


_VISITS: dict[type, Callable[[Checker, Any], Typed]] = {
    Binary: Checker.binary,
    Call: calls.call,
    Conditional: Checker.conditional,
    Field: Checker.field,
    ListOf: Checker.array,
    Literal: Checker.literal,
    Logical: Checker.logical,
    Name: Checker.name,
    Unary: Checker.unary,
}
