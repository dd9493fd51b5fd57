"""The constants that a text with expressions can become, and what conditions say whatever happens."""

from __future__ import annotations

from itertools import product
from operator import eq, ge, gt, le, lt, ne
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
    paths,
)
from pipelaw.loaders.github_runner import axis
from pipelaw.model import Reference, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pipelaw.document import Node
    from pipelaw.loaders.github_context import Context

_MOST = 64
"""How many constants of one text are reported."""
_UNKNOWN = "${{ }}"


def _constants(context: Context, fields: dict[str, Node], text: str) -> tuple[str, ...]:
    """Every constant that a text of a job can become, empty ones left out.

    `fields` are the job's. What only a run decides gives the text itself, if nothing else is known.
    """
    try:
        pieces = _pieces(text)
    except ExpressionError:
        return (text,)
    whole = (
        "".join(parts).strip()
        for chosen in _chosen(context, fields, pieces)
        for parts in product(*(_given(piece, chosen) for piece in pieces))
    )
    made = tuple(dict.fromkeys(one for one, _ in zip(whole, range(_MOST), strict=False) if one))
    known = tuple(text for text in made if _UNKNOWN not in text)
    return known or ((text,) if made else ())


def _pieces(text: str) -> list[str | Expr]:
    """What is between the expressions of a text, and the expressions."""
    pieces: list[str | Expr] = []
    end = 0
    for fence in fences(text):
        pieces += (text[end : fence.start], parse(fence.code))
        end = fence.end
    return [*pieces, text[end:]]


def _chosen(
    context: Context, fields: dict[str, Node], pieces: Iterable[str | Expr]
) -> Iterator[dict[str, str]]:
    """What the matrix says in each of a job's copies, of the values that a text reads."""
    read = (path for piece in pieces if not isinstance(piece, str) for path in paths(piece))
    axes = {
        path: list(axis(context, fields, path.removeprefix("matrix.")))
        for path in dict.fromkeys(read)
        if path.startswith("matrix.")
    }
    known = {path: values for path, values in axes.items() if values}
    for values in product(*known.values()):
        yield dict(zip(known, values, strict=True))


def _given(piece: str | Expr, chosen: Mapping[str, str]) -> list[str]:
    """What a piece of a text can be in one copy of a job."""
    return [piece] if isinstance(piece, str) else list(dict.fromkeys(_values(piece, chosen)))


_PURE = frozenset(
    {"format", "startswith", "endswith", "contains", "join", "case", "fromjson", "tojson"}
)
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
        return not _array(tree)
    return any(_computed(child) for child in children(tree))


def _array(tree: Expr) -> bool:
    """Whether an expression reads a list or a mapping from a text: there is no other way to write one."""
    if not isinstance(tree, Call) or tree.function != "fromjson":
        return False
    written = tree.arguments[0] if tree.arguments else None
    return not isinstance(written, Literal) or str(written.value).lstrip()[:1] in ("[", "{")


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
            _constants(context, fields, image.text) if "${{" in image.text else (image.text,)
        )
    ]


def _changes(image: Reference, text: str) -> dict[str, object]:
    other = references.image(text.removeprefix("docker://"), image.place, image.role)
    fields = ("text", "name", "ref", "owner", "registry", "pin", "mutable")
    return {field: getattr(other, field) for field in fields}


def _values(tree: Expr, chosen: Mapping[str, str]) -> Iterator[str]:
    """The constants that an expression can give; one that no text has for what is not known."""
    if isinstance(tree, Literal):
        yield _written(tree.value)
    elif isinstance(tree, Binary) and tree.operator == "||":
        first = tree.left
        holds = None
        if isinstance(first, Binary) and first.operator == "&&":
            holds = _holds(first.left, chosen)
            first = first.right
        if holds is not False:
            yield from _values(first, chosen)
        if not holds:
            yield from _values(tree.right, chosen)
    elif isinstance(tree, Binary) and tree.operator == "&&":
        yield from _values(tree.right, chosen)
    else:
        yield chosen.get(tree.name, _UNKNOWN) if isinstance(tree, Path) else _UNKNOWN


def _holds(tree: Expr, chosen: Mapping[str, str]) -> bool | None:
    """Whether a comparison of what the matrix says holds, None where that is not known."""
    if isinstance(tree, Not):
        inner = _holds(tree.operand, chosen)
        return None if inner is None else not inner
    if not isinstance(tree, Binary) or tree.operator not in _COMPARISONS:
        return None
    left, right = _scalar(tree.left, chosen), _scalar(tree.right, chosen)
    if left is None or right is None:
        return None
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        return _COMPARISONS[tree.operator](first, second)
    if tree.operator not in ("==", "!="):
        return None
    return (left.lower() == right.lower()) is (tree.operator == "==")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def _scalar(tree: Expr, chosen: Mapping[str, str]) -> str | None:
    if isinstance(tree, Literal):
        return _written(tree.value)
    return chosen.get(tree.name) if isinstance(tree, Path) else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _written(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return value or ""
