"""What a condition confines to texts that are written out in it."""

from __future__ import annotations

from functools import lru_cache

from pipelaw.loaders.github_expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Literal,
    Path,
    code_of,
    parse,
)
from pipelaw.loaders.github_names import words_of

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def confined(condition: str) -> frozenset[str]:
    """The contexts that can only hold one of some written texts where a condition holds."""
    code = code_of(condition)
    if code is None or not ("==" in code or "contains" in code.lower()):
        return _NOTHING
    try:
        return _confined(parse(code))
    except ExpressionError:
        return _NOTHING


def _confined(tree: Expr) -> frozenset[str]:
    if isinstance(tree, Binary):
        if tree.operator == "&&":
            return _confined(tree.left) | _confined(tree.right)
        if tree.operator == "||":
            return _confined(tree.left) & _confined(tree.right)
        sides = (tree.left, tree.right) if tree.operator == "==" else ()
        return _named(sides) if any(isinstance(side, Literal) for side in sides) else _NOTHING
    if isinstance(tree, Call) and tree.function == "contains" and len(tree.arguments) == 2:
        return _named(tree.arguments[1:]) if words_of(tree.arguments[0]) is not None else _NOTHING
    return _NOTHING


def _named(trees: tuple[Expr, ...]) -> frozenset[str]:
    """The contexts among some expressions that hold one value."""
    return frozenset(
        tree.name for tree in trees if isinstance(tree, Path) and not {"*", "?"} & set(tree.name)
    )
