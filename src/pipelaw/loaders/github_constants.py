"""The constants that a text with expressions can become, and what conditions say whatever happens."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pipelaw.facts import references
from pipelaw.loaders.github_expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Literal,
    Not,
    Path,
    children,
    fences,
    parse,
)
from pipelaw.loaders.github_runner import axis
from pipelaw.model import Reference, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Node
    from pipelaw.loaders.github_context import Context

_MOST = 64
"""How many constants of one text are told."""
_UNKNOWN = "${{ }}"


def constants(context: Context, fields: dict[str, Node], text: str) -> tuple[str, ...]:
    """Every constant that a text of a job can become, empty ones left out.

    `fields` are the job's. What only a run decides gives the text itself, if nothing else is known.
    """
    pieces: list[list[str]] = []
    end = 0
    for fence in fences(text):
        pieces.append([text[end : fence.start]])
        try:
            found = dict.fromkeys(_values(context, fields, parse(fence.code)))
        except ExpressionError:
            return (text,)
        pieces.append(list(found)[:_MOST])
        end = fence.end
    pieces.append([text[end:]])
    whole = (
        "".join(parts).strip() for parts, _ in zip(product(*pieces), range(_MOST), strict=False)
    )
    made = tuple(dict.fromkeys(text for text in whole if text))
    known = tuple(text for text in made if _UNKNOWN not in text)
    return known or ((text,) if made else ())


_PURE = frozenset({"format", "startswith", "endswith", "contains", "join"})
_ESCAPING = frozenset("{}$")
_PIECE = 2


def roundabout(tree: Expr) -> bool:
    """Whether an expression computes, in a part or as a whole, what could be written out.

    A literal alone counts where it is a piece of a word; those that escape braces have a reason.
    """
    if isinstance(tree, Literal):
        value = tree.value
        return isinstance(value, str) and len(value) <= _PIECE and _ESCAPING.isdisjoint(value)
    return _computed(tree)


def _computed(tree: Expr) -> bool:
    if not isinstance(tree, (Literal, Path)) and _constant(tree):
        return True
    return any(_computed(child) for child in children(tree))


def _constant(tree: Expr) -> bool:
    if isinstance(tree, Call) and tree.function not in _PURE:
        return False
    return isinstance(tree, Literal) or (
        not isinstance(tree, Path) and all(map(_constant, children(tree)))
    )


def settled(tree: Expr, switches: frozenset[str]) -> bool | None:
    """What an expression says whatever its contexts hold, None where they decide.

    A full ref is no plain name, a switch among the inputs is no text, and nothing has two values at once.
    """
    if isinstance(tree, Not):
        inner = settled(tree.operand, switches)
        return None if inner is None else not inner
    if not isinstance(tree, Binary):
        return None
    if tree.operator in ("&&", "||"):
        decisive = tree.operator == "||"
        parts = list(_chain(tree, tree.operator))
        if any(settled(part, switches) is decisive for part in parts):
            return decisive
        return decisive if _contrary(parts, "!=" if decisive else "==") else None
    compared = _compared(tree)
    return tree.operator == "!=" if compared and _never(*compared, switches) else None


def _chain(tree: Expr, operator: str) -> Iterator[Expr]:
    """The operands of a chain of one operator."""
    while isinstance(tree, Binary) and tree.operator == operator:
        yield from _chain(tree.right, operator)
        tree = tree.left
    yield tree


def _compared(tree: Expr) -> tuple[str, str] | None:
    """The context and the text that a comparison is about."""
    if isinstance(tree, Binary) and tree.operator in ("==", "!="):
        for path, value in ((tree.left, tree.right), (tree.right, tree.left)):
            if isinstance(path, Path) and not path.indices and isinstance(value, Literal):
                return (path.name, value.value.lower()) if isinstance(value.value, str) else None
    return None


def _contrary(parts: Iterable[Expr], operator: str) -> bool:
    """Whether one context is compared with two texts, each by itself, with one operator."""
    said: dict[str, str] = {}
    for part in parts:
        compared = _compared(part)
        same = isinstance(part, Binary) and part.operator == operator
        if compared and same and said.setdefault(*compared) != compared[1]:
            return True
    return False


def _never(name: str, value: str, switches: frozenset[str]) -> bool:
    """Whether a context cannot be equal to a text."""
    if name == "github.ref":
        return bool(value) and not value.startswith("refs/")
    return name.startswith("inputs.") and name[7:] in switches and value in ("true", "false")


def resolved(
    context: Context, fields: dict[str, Node], images: Iterable[Reference]
) -> list[Reference]:
    """Images of a job, each that an expression decides as one reference for every constant it can be."""
    return [
        replaced(image, **_changes(image, text)) if text != image.text else image
        for image in images
        for text in (
            constants(context, fields, image.text) if "${{" in image.text else (image.text,)
        )
    ]


def _changes(image: Reference, text: str) -> dict[str, object]:
    other = references.image(text.removeprefix("docker://"), image.place, image.role)
    fields = ("text", "name", "ref", "owner", "registry", "pin", "mutable")
    return {field: getattr(other, field) for field in fields}


def _values(context: Context, fields: dict[str, Node], tree: Expr) -> Iterator[str]:
    """The constants that an expression can give; one that no text has for what is not known."""
    if isinstance(tree, Literal):
        yield _written(tree.value)
    elif isinstance(tree, Binary) and tree.operator == "||":
        if not (isinstance(tree.left, Binary) and tree.left.operator == "&&"):
            yield from _values(context, fields, tree.left)
        else:
            yield from _values(context, fields, tree.left.right)
        yield from _values(context, fields, tree.right)
    elif isinstance(tree, Binary) and tree.operator == "&&":
        yield from _values(context, fields, tree.right)
    elif isinstance(tree, Path) and tree.name.startswith("matrix."):
        found = list(axis(context, fields, tree.name.removeprefix("matrix.")))
        yield from found or (_UNKNOWN,)
    else:
        yield _UNKNOWN


def _written(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return value or ""
