"""Tokens to a tree, by CEL's grammar."""

from __future__ import annotations

from typing import TypeAlias

from pipelaw.cel.errors import CelError
from pipelaw.cel.lexer import Token, tokens
from pipelaw.records import NamedTuple

MAX_DEPTH = 40
"""No expression is nested deeper (CEL requires 32): parser, checker and Python recurse."""


class Literal(NamedTuple):
    """A string, number or boolean, written out."""

    start: int
    end: int
    value: str | int | float
    at: int
    """Where it is, without parentheses around it."""


class Name(NamedTuple):
    """A variable."""

    start: int
    end: int
    name: str


class Field(NamedTuple):
    """`operand.name`."""

    start: int
    end: int
    operand: Node
    name: str
    at: int
    """Where the name is."""


class Call(NamedTuple):
    """`target.name(arguments)`, a macro or a function, or `name(arguments)` without a target."""

    start: int
    end: int
    target: Node | None
    name: str
    at: int
    """Where the name is."""
    arguments: tuple[Node, ...]


class ListOf(NamedTuple):
    """`[items]`."""

    start: int
    end: int
    items: tuple[Node, ...]


class Unary(NamedTuple):
    """`!operand` or `-operand`; the operator is written so many `times`."""

    start: int
    end: int
    operator: str
    times: int
    operand: Node


class Binary(NamedTuple):
    """A relation, a sum or a difference."""

    start: int
    end: int
    operator: str
    left: Node
    right: Node


class Logical(NamedTuple):
    """Items joined by `&&`, or by `||`."""

    start: int
    end: int
    operator: str
    items: tuple[Node, ...]


class Conditional(NamedTuple):
    """`test ? then : other`."""

    start: int
    end: int
    test: Node
    then: Node
    other: Node


Node: TypeAlias = Literal | Name | Field | Call | ListOf | Unary | Binary | Logical | Conditional

_LEVELS = {"||": 1, "&&": 2, "+": 4, "-": 4} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">=", "in"), 3
)
_RESERVED = frozenset(
    "as break const continue else for function if import let loop package namespace return var"
    " void while".split()
)
_ABSENT = {
    "*": "`*` is not part of the language",
    "/": "`/` is not part of the language",
    "%": "`%` is not part of the language",
    "[": "elements have no number here; ask with `exists`, `all` or `in`",
    "{": "maps and messages are not part of the language",
    "null": "`null` is not part of the language: every field has a value",
    "and": "write `&&` for and",
    "or": "write `||` for or",
    "not": "write `!` for not, and `!(a in b)` for not in",
}


def parse(text: str) -> Node:
    """The tree of an expression; raises CelError where the text is not one."""
    return _Parser(tokens(text)).whole()


class _Parser:
    """Recursive descent; operators by their level."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.token = found[0]
        self.depth = 0

    def whole(self) -> Node:
        if self.token.kind == "end":
            raise CelError("the expression is empty", 0)
        node = self.expression()
        if self.token.kind != "end":
            raise self.unexpected("an operator or the end")
        return node

    def advance(self) -> Token:
        token = self.token
        self.at += 1
        self.token = self.tokens[self.at]
        return token

    def accept(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self.advance()
        return True

    def expect(self, kind: str) -> Token:
        if self.token.kind != kind:
            raise self.unexpected("a name" if kind == "name" else f"`{kind}`")
        return self.advance()

    def unexpected(self, wanted: str) -> CelError:
        token = self.token
        message = _ABSENT.get(str(token.value) if token.kind != "string" else "")
        message = message or f"expected {wanted}, not {token.shown}"
        return CelError(message, token.start, max(token.end - token.start, 1))

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CelError(f"nested more than {MAX_DEPTH} levels deep", self.token.start)
        node = self.binary(1)
        if self.accept("?"):
            then = self.binary(1)
            self.expect(":")
            other = self.expression()
            node = Conditional(node.start, other.end, node, then, other)
        self.depth -= 1
        return node

    def binary(self, level: int) -> Node:
        left = self.unary()
        while True:
            operator = self.token.kind
            found = _LEVELS.get(operator, 0)
            if found < level:
                return left
            self.advance()
            left = _joined(operator, left, self.binary(found + 1))

    def unary(self) -> Node:
        first = self.token
        operator = first.kind
        if operator not in ("!", "-"):
            return self.member(self.primary())
        count = 0
        while self.accept(operator):
            count += 1
        if count == 1 and operator == "-" and self.token.kind in ("int", "float"):
            number = self.advance()
            assert not isinstance(number.value, str)
            return self.member(Literal(first.start, number.end, -number.value, first.start))
        operand = self.member(self.primary())
        return Unary(first.start, operand.end, operator, count, operand)

    def member(self, node: Node) -> Node:
        while self.accept("."):
            name = self.expect("name")
            if self.accept("("):
                found = self.items(")")
                end = self.expect(")").end
                node = Call(node.start, end, node, str(name.value), name.start, found)
            else:
                node = Field(node.start, name.end, node, str(name.value), name.start)
        if self.token.kind in ("[", "{"):
            raise self.unexpected("an operator")
        return node

    def items(self, closing: str) -> tuple[Node, ...]:
        if self.token.kind == closing:
            return ()
        found = [self.expression()]
        while self.accept(","):
            if closing == "]" == self.token.kind:
                break  # CEL lets a list, but no call, end with a comma
            found.append(self.expression())
        return tuple(found)

    def primary(self) -> Node:
        token = self.token
        kind = token.kind
        if kind == "name":
            return self.named()
        if kind in ("string", "float", "int"):
            if token.value == 2**63 and kind == "int":
                message = "this number is too large for an int"
                raise CelError(message, token.start, token.end - token.start)
            self.advance()
            return Literal(token.start, token.end, token.value, token.start)
        if kind in ("true", "false"):
            self.advance()
            return Literal(token.start, token.end, kind == "true", token.start)
        if kind == "[":
            self.advance()
            found = self.items("]")
            return ListOf(token.start, self.expect("]").end, found)
        if kind == "(":
            self.advance()
            inner = self.expression()
            if self.token.kind == ",":
                raise CelError("a list is written in brackets: `[a, b]`", self.token.start)
            return inner._replace(start=token.start, end=self.expect(")").end)
        raise self.unexpected("a value")

    def named(self) -> Node:
        token = self.advance()
        name = str(token.value)
        if name in _RESERVED or name in _ABSENT:
            message = _ABSENT.get(name, f"`{name}` is a reserved word")
            raise CelError(message, token.start, token.end - token.start)
        if self.accept("("):
            found = self.items(")")
            return Call(token.start, self.expect(")").end, None, name, token.start, found)
        return Name(token.start, token.end, name)


def _joined(operator: str, left: Node, right: Node) -> Node:
    """The node of two operands; a row of `&&`, or of `||`, stays one node however long it is."""
    if operator not in ("&&", "||"):
        return Binary(left.start, right.end, operator, left, right)
    items: tuple[Node, ...] = (left, right)
    if isinstance(left, Logical) and left.operator == operator:
        items = (*left.items, right)
    return Logical(left.start, right.end, operator, items)
