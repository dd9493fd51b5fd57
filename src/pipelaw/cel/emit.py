"""The Python that expressions become, and the only functions that it may call.

Every text made here is one operand: a name, a literal, a call, or something in parentheses. Text of
the expression itself gets into it only as a literal, so it reaches nothing but declared fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _lower(text: str) -> str:
    """`text` with A to Z, and nothing else, in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


class _Patterns(dict[str, "Callable[[str], object]"]):
    """By pattern, the function that gives None where it is not found; made when first asked for."""

    def __missing__(self, pattern: str) -> Callable[[str], object]:
        from pipelaw.cel.searching import searcher  # noqa: PLC0415  rules without patterns are common

        found = self[pattern] = searcher(pattern)
        return found


RUNTIME: dict[str, object] = {
    "_all": all,
    "_any": any,
    "_len": len,
    "_lower": _lower,
    "_patterns": _Patterns(),
    "_sum": sum,
    "_tuple": tuple,
}
"""What the Python of an expression may call besides the names of its scope."""

MACROS = {
    "exists": "_any({0} for {variable} in {items})",
    "all": "_all({0} for {variable} in {items})",
    "exists_one": "(_sum(1 for {variable} in {items} if {0}) == 1)",
    "filter": "_tuple({variable} for {variable} in {items} if {0})",
    "map": "_tuple({0} for {variable} in {items})",
}
"""The macros, as Python."""
_MAP_WHERE = "_tuple({1} for {variable} in {items} if {0})"


def literal(value: str | float) -> str:
    """A string, number or boolean."""
    text = repr(value)
    return f"({text})" if text[0] == "-" else text


def array(items: Iterable[str]) -> str:
    """A list: a tuple."""
    inner = ", ".join(items)
    return f"({inner},)" if inner else "()"


def unary(operator: str, operand: str) -> str:
    """`!` or `-` before an operand."""
    return f"(not {operand})" if operator == "!" else f"(-{operand})"


def logical(operator: str, items: Iterable[str]) -> str:
    """Booleans joined by `&&` or `||`; nothing can fail here, so Python's way is CEL's."""
    return f"({(' and ' if operator == '&&' else ' or ').join(items)})"


def binary(operator: str, left: str, right: str, *, lists: bool = False) -> str:
    """A relation, sum or difference; fields that hold lists need not be tuples."""
    if lists:
        left, right = f"_tuple({left})", f"_tuple({right})"
    return f"({left} {operator} {right})"


def member(value: str, constants: str) -> str:
    """`value in [constants]`, given as an array; Python makes a set of them once."""
    return f"({value} in {{{constants[1:-1]}}})"


def conditional(test: str, then: str, other: str) -> str:
    """`test ? then : other`."""
    return f"({then} if {test} else {other})"


def macro(name: str, items: str, variable: str, *bodies: str) -> str:
    """A macro over `items`; `map` may have a condition before what it makes of them."""
    text = _MAP_WHERE if len(bodies) > 1 else MACROS[name]
    return text.format(*bodies, variable=variable, items=items)


def matches(value: str, pattern: str) -> str:
    """Whether a pattern is found in a text."""
    return f"(_patterns[{pattern!r}]({value}) is not None)"
