"""The functions and macros that expressions call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.cel import emit
from pipelaw.cel.errors import CelError, hint, wrong
from pipelaw.cel.parser import Call, Literal, Name, Node
from pipelaw.cel.types import BOOL, INT, NOTHING, STRING, Type, Typed, list_of
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.cel.checker import Checker

_MAX_MACROS = 4
"""No more macros go inside each other: the time that they take multiplies."""
INT_OF_MODEL = 2**53
"""The ints of the model are positions and counts; none is larger, whatever its sign."""


class Function(NamedTuple):
    """A function that is called on a string."""

    parameters: tuple[Type, ...]
    result: Type
    python: str
    """With the string at {0} and the arguments after it."""


FUNCTIONS = {
    "startsWith": Function((STRING,), BOOL, "{0}.startswith({1})"),
    "endsWith": Function((STRING,), BOOL, "{0}.endswith({1})"),
    "contains": Function((STRING,), BOOL, "({1} in {0})"),
    "lowerAscii": Function((), STRING, "_lower({0})"),
}
"""To add one, add a line: the name that CEL gives it, its types, and the Python that means the same."""

NAMES = (*FUNCTIONS, *emit.MACROS, "matches", "size")
"""Everything that can be called."""


def call(checker: Checker, node: Call) -> Typed:
    """The type and the Python of a call."""
    if node.name == "size":
        return _size(checker, node)
    if node.target is None or node.name not in NAMES:
        raise _unknown(checker, node)
    if node.name in emit.MACROS:
        return _macro(checker, node, node.target)
    who = f"`{node.name}`"
    target = checker.wanted(node.target, STRING, who)
    if node.name == "matches":
        return _matches(checker, node, target)
    function = FUNCTIONS[node.name]
    _count(node, len(function.parameters))
    arguments = [
        checker.wanted(argument, type_, who).python
        for argument, type_ in zip(node.arguments, function.parameters, strict=True)
    ]
    python = function.python.format(target.python, *arguments)
    return Typed(function.result, python, growth=target.growth)


_ELSEWHERE = {
    "all": "every",
    "exists": "any some",
    "filter": "select where",
    "lowerAscii": "lower lowercase toLowerCase",
    "matches": "match regex search",
    "size": "len length count",
}
"""What other languages call our functions."""


def meant(name: str) -> str:
    """A hint at the function that another language calls by this name, or nothing."""
    ours = next((ours for ours, others in _ELSEWHERE.items() if name in others.split()), "")
    written = "size(…)" if ours == "size" else f"value.{ours}(…)"
    return f"; write `{written}`" if ours else ""


def _unknown(checker: Checker, node: Call) -> CelError:
    message = f"unknown function `{node.name}`"
    if node.name == "has":
        message = "every field has a value: `has` is not part of the language"
    elif node.target is None and node.name in NAMES:
        message = f"`{node.name}` is called on a value: `value.{node.name}(…)`"
    elif node.target and node.name in checker.visit(node.target).type.members:
        message = f"`{node.name}` is a field: write it without parentheses"
    else:
        message += meant(node.name) or hint(node.name, NAMES)
    return CelError(message, node.at, len(node.name))


def _count(node: Call, *wanted: int) -> None:
    """Refuse a call that has another number of arguments than it takes."""
    got = len(node.arguments)
    if got not in wanted:
        numbers = " or ".join(map(str, wanted))
        plural = "" if wanted == (1,) else "s"
        raise wrong(node, f"`{node.name}` takes {numbers} argument{plural}, not {got}")


def _size(checker: Checker, node: Call) -> Typed:
    _count(node, 1 if node.target is None else 0)
    operand = node.arguments[0] if node.target is None else node.target
    found = checker.visit(operand)
    if found.type is not STRING and found.type.element is None:
        raise wrong(operand, f"`size` wants a string or a list, but this is {found.type.article}")
    return Typed(INT, f"_len({found.python})", INT_OF_MODEL)


def _matches(checker: Checker, node: Call, target: Typed) -> Typed:
    from pipelaw.cel import patterns  # noqa: PLC0415  rules without patterns are common

    _count(node, 1)
    argument = node.arguments[0]
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        raise wrong(argument, "the pattern of `matches` is a string that is written out")
    pattern = argument.value
    try:
        patterns.check(pattern)
    except CelError as error:
        raw = checker.text[argument.at] in "rR"
        at = checker.text.find(pattern, argument.at + raw + 1, argument.end)
        escaped = at < 0 or ("\\" in pattern and not raw)
        if escaped or not error.length:
            raise wrong(argument, error.message) from None
        raise CelError(error.message, at + error.offset, error.length) from None
    return Typed(BOOL, emit.matches(target.python, pattern))


def _macro(checker: Checker, node: Call, target: Node) -> Typed:
    items = checker.visit(target)
    element = items.type.element
    if element is None or element is NOTHING:
        message = f"`{node.name}` wants a list, but this is {items.type.article}"
        raise wrong(target, message)
    _count(node, 2, *((3,) if node.name == "map" else ()))
    variable, *bodies = node.arguments
    if not isinstance(variable, Name) or variable.name.startswith("_"):
        message = f"`{node.name}` starts with a new name: `{node.name}(x, …)`"
        raise wrong(variable, message)
    if checker.macros == _MAX_MACROS:
        message = f"more than {_MAX_MACROS} macros inside each other"
        raise CelError(message, node.at, len(node.name))
    checker.macros += 1
    # another name than any of the scope; an inner variable may hide an outer one, as in CEL
    python = f"_{checker.macros}"
    outer = checker.names
    checker.names = {**outer, variable.name: items._replace(type=element, python=python)}
    found = _bodies(checker, node.name, bodies)
    checker.names = outer
    checker.macros -= 1
    text = emit.macro(node.name, items.python, python, *(body.python for body in found))
    if node.name == "map":
        return found[-1]._replace(type=list_of(found[-1].type), python=text)
    return items._replace(type=items.type if node.name == "filter" else BOOL, python=text)


def _bodies(checker: Checker, name: str, bodies: list[Node]) -> list[Typed]:
    """What a macro asks of each element: conditions, and for `map` at last the value that it makes."""
    if name != "map":
        return [checker.wanted(bodies[0], BOOL, f"`{name}`")]
    conditions = [checker.wanted(body, BOOL, f"`{name}`") for body in bodies[:-1]]
    return [*conditions, checker.visit(bodies[-1])]
