"""GitHub's expression language: `${{ … }}` found in texts, parsed, and asked what flows through."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Literal(NamedTuple):
    """A string, number, boolean or null."""

    value: str | float | bool | None


class Path(NamedTuple):
    """A chain of names read from a context: `github.event.issue.title`, in lower case.

    `*` stands for a splat and for any index; an index that is computed gives `?`.
    """

    name: str
    indices: tuple[Expr, ...] = ()
    """The computed indices, in order."""


class Call(NamedTuple):
    """A function applied to arguments; its name in lower case."""

    function: str
    arguments: tuple[Expr, ...]


class Not(NamedTuple):
    """Negation."""

    operand: Expr


class Binary(NamedTuple):
    """Two operands and `&&`, `||`, `==`, `!=`, `<`, `<=`, `>` or `>=`."""

    operator: str
    left: Expr
    right: Expr


Expr = Literal | Path | Call | Not | Binary

if TYPE_CHECKING:
    Truth = Callable[[Expr], bool | None]


class ExpressionError(Exception):
    """A malformed expression: what is wrong, at which character of its text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Fence(NamedTuple):
    """One `${{ … }}` of a text: what it says inside, and where it is with its delimiters."""

    code: str
    start: int
    end: int


_TOKEN = pattern(
    r"""\s*(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<number>-?0x[0-9a-fA-F]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    | '(?P<string>(?:[^']|'')*)'
    | (?P<operator>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*])
    )""",
    re.VERBOSE,
)
_BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_WORDS: dict[str, bool | float | None] = {
    "true": True,
    "false": False,
    "null": None,
    "nan": float("nan"),
    "infinity": float("inf"),
}
MAX_DEPTH = 50
"""GitHub itself refuses expressions that nest deeper."""
MAX_OPERATORS = 400
"""A chain of operators is a tree as deep as it is long."""


@lru_cache(maxsize=4096)
def fences(text: str) -> tuple[Fence, ...]:
    """Every `${{ … }}` of a text; an unclosed one is left out. `}}` inside a string does not close."""
    return tuple(_fences(text))


def _fences(text: str) -> Iterator[Fence]:
    quoted = "'" in text
    at = text.find("${{")
    while at >= 0:
        end = _closing(text, at + 3) if quoted else text.find("}}", at + 3)
        if end < 0:
            return
        yield Fence(text[at + 3 : end], at, end + 2)
        at = text.find("${{", end + 2)


def _closing(text: str, at: int) -> int:
    """The index of the `}}` that closes a fence, -1 for none."""
    end = text.find("}}", at)
    quote = text.find("'", at, end if end >= 0 else None)
    if quote < 0:
        return end
    inside = False
    for index in range(at, len(text)):
        if text[index] == "'":
            inside = not inside
        elif not inside and text.startswith("}}", index):
            return index
    return end


_NAME = pattern(r"\s*([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+)\s*\Z", re.ASCII)
"""An expression that is one chain of names, as most are."""


@lru_cache(maxsize=8192)
def parse(code: str) -> Expr:
    """The tree of an expression; raises ExpressionError."""
    name = _NAME.match(code)
    return _Parser(code).whole() if name is None else Path(name[1].lower())


class _Parser:
    def __init__(self, code: str) -> None:
        self.code = code
        self.tokens: list[tuple[str, str, int]] = []
        at, stop = 0, len(code.rstrip())
        while at < stop:
            match = _TOKEN.match(code, at)
            if match is None:
                rest = code[at:]
                raise ExpressionError("not an expression", at + len(rest) - len(rest.lstrip()))
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        self.at = 0
        self.depth = 0
        self.operators = 0

    def whole(self) -> Expr:
        if not self.tokens:
            raise ExpressionError("an empty expression", 0)
        tree = self.binary(0)
        if self.at < len(self.tokens):
            raise ExpressionError(
                f"unexpected `{self.tokens[self.at][1]}`", self.tokens[self.at][2]
            )
        return tree

    def peek(self) -> str:
        """The next operator, "" where something else is next."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "operator":
            return self.tokens[self.at][1]
        return ""

    def take(self, operator: str) -> bool:
        if self.peek() == operator:
            self.at += 1
            return True
        return False

    def expect(self, operator: str) -> None:
        if not self.take(operator):
            offset = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.code)
            raise ExpressionError(f"`{operator}` expected", offset)

    def binary(self, least: int) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply", 0)
        left = self.unary()
        while (binding := _BINDING.get(self.peek(), 0)) > least:
            operator = self.peek()
            self.operators += 1
            if self.operators > MAX_OPERATORS:
                raise ExpressionError(
                    "more operators than anybody can read", self.tokens[self.at][2]
                )
            self.at += 1
            left = Binary(operator, left, self.binary(binding))
        self.depth -= 1
        return left

    def unary(self) -> Expr:
        negations = 0
        while self.take("!"):
            negations += 1
        tree = self.primary()
        for _ in range(min(negations, 2 - negations % 2)):
            tree = Not(tree)
        return tree

    def primary(self) -> Expr:
        if self.at >= len(self.tokens):
            raise ExpressionError("the expression ends too early", len(self.code))
        kind, text, offset = self.tokens[self.at]
        self.at += 1
        if kind == "string":
            return Literal(text.replace("''", "'"))
        if kind == "number":
            return Literal(float(int(text, 16)) if "x" in text else float(text))
        if kind == "name":
            return self.named(text.lower())
        if text == "(":
            tree = self.binary(0)
            self.expect(")")
            return self.tail(tree)
        raise ExpressionError(f"unexpected `{text}`", offset)

    def named(self, name: str) -> Expr:
        if name in _WORDS and self.peek() not in (".", "[", "("):
            return Literal(_WORDS[name])
        if self.take("("):
            return self.tail(Call(name, tuple(self.arguments())))
        return self.tail(Path(name))

    def arguments(self) -> Iterator[Expr]:
        if self.take(")"):
            return
        yield self.binary(0)
        while self.take(","):
            yield self.binary(0)
        self.expect(")")

    def tail(self, tree: Expr) -> Expr:
        """The `.name`, `.*` and `[index]` after a context or a call."""
        while self.peek() in (".", "["):
            base = tree if isinstance(tree, Path) else Path("()", (tree,))
            tree = self.member(base) if self.take(".") else self.indexed(base)
        return tree

    def member(self, base: Path) -> Path:
        if self.take("*"):
            return Path(f"{base.name}.*", base.indices)
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "name":
            name = self.tokens[self.at][1].lower()
            self.at += 1
            return Path(f"{base.name}.{name}", base.indices)
        offset = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.code)
        raise ExpressionError("a name expected after `.`", offset)

    def indexed(self, base: Path) -> Path:
        self.expect("[")
        if self.take("*"):
            self.expect("]")
            return Path(f"{base.name}.*", base.indices)
        index = self.binary(0)
        self.expect("]")
        if isinstance(index, Literal):
            word = index.value.lower() if isinstance(index.value, str) else "*"
            return Path(f"{base.name}.{word}", base.indices)
        return Path(f"{base.name}.?", (*base.indices, index))


def paths(tree: Expr) -> Iterator[str]:
    """Every context that an expression reads, wherever it is."""
    if isinstance(tree, Path) and not tree.name.startswith("()"):
        yield tree.name
    for child in children(tree):
        yield from paths(child)


def children(tree: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside one."""
    if isinstance(tree, Path):
        return tree.indices
    if isinstance(tree, Call):
        return tree.arguments
    if isinstance(tree, Not):
        return (tree.operand,)
    return (tree.left, tree.right) if isinstance(tree, Binary) else ()


def calls(tree: Expr) -> Iterator[Call]:
    """Every call in an expression."""
    if isinstance(tree, Call):
        yield tree
    for child in children(tree):
        yield from calls(child)


def flows(tree: Expr, truth: Truth | None = None) -> Iterator[str]:
    """The contexts whose text can become part of the result; what is only compared does not flow.

    `truth` says which conditions hold or fail, and None of the others.
    """
    if isinstance(tree, Path):
        if tree.name.startswith("()"):
            yield from flows(tree.indices[0], truth)
        else:
            yield tree.name
    elif isinstance(tree, Binary) and tree.operator in ("&&", "||"):
        first = truth(tree.left) if truth else None
        either = tree.operator == "||"
        if either and first is not False:
            yield from flows(tree.left, truth)
        if first is not either:
            yield from flows(tree.right, truth)
    elif isinstance(tree, Call):
        yield from _through(tree, truth)


_PASSING = frozenset({"tojson", "fromjson", "format", "join"})


def _through(call: Call, truth: Truth | None) -> Iterator[str]:
    """What flows through a function: `case` gives the argument behind a condition that holds, or the last."""
    if call.function == "case":
        for condition, value in zip(call.arguments[::2], call.arguments[1::2], strict=False):
            holds = truth(condition) if truth else None
            if holds is not False:
                yield from flows(value, truth)
            if holds:
                return
    elif call.function not in _PASSING:
        return
    for argument in call.arguments[-1:] if call.function == "case" else call.arguments:
        yield from flows(argument, truth)


@lru_cache(maxsize=8192)
def sources(code: str) -> tuple[str, ...]:
    """The contexts whose text can become part of an expression's result; () for a malformed one."""
    name = _NAME.match(code)
    if name is not None:
        return (name[1].lower(),)
    try:
        return tuple(dict.fromkeys(flows(parse(code))))
    except ExpressionError:
        return ()


def chooses(code: str) -> bool:
    """Whether an expression may be a choice at all."""
    return "&&" in code or "||" in code or "case" in code


def choices(code: str) -> tuple[str, ...]:
    """The texts that `a && 'x' || 'y'` chooses from; () where something else can be its result."""
    try:
        return tuple(_choices(parse(code)))
    except (ExpressionError, ValueError):
        return ()


def _choices(tree: Expr) -> Iterator[str]:
    if isinstance(tree, Binary) and tree.operator == "||":
        yield from _choices(tree.left)
        yield from _choices(tree.right)
    elif isinstance(tree, Binary) and tree.operator == "&&":
        yield from _choices(tree.right)
    elif isinstance(tree, Literal) and isinstance(tree.value, str):
        yield tree.value
    else:
        raise ValueError(tree)


def code_of(condition: str) -> str | None:
    """The expression that an `if:` evaluates; None where text around a fence makes it always true."""
    if "${{" not in condition:
        return condition.strip()
    found = fences(condition)
    # anything outside the fence, a block scalar's line break too, turns the whole into a text,
    # and a text that is not empty is true
    if len(found) == 1 and found[0].start == 0 and found[0].end == len(condition):
        return found[0].code
    return None


_MEMBERS = pattern(r"\)((?:\.[\w-]+)+)\s*\Z")


def members(code: str) -> str:
    """What a whole expression reads of what a function gives: `.head.sha` of `fromJSON(x).head.sha`."""
    match = _MEMBERS.search(code) if ")." in code else None
    return match[1] if match is not None else ""
