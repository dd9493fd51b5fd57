"""What rules can see, read off the model itself: kinds, fields, types, and the texts below them."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw import cel, faults, machines, model, parts, supply, workspace
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_HIDDEN = frozenset({"text"})
"""Types of what the loaders hand on for facts to read: it has no use in a condition."""


class Field(NamedTuple):
    """Something that a rule can read of a subject."""

    name: str
    type: str
    """As error messages name it: `string`, `list of steps`."""
    text: str
    """What it says, "" where the name says all."""
    words: tuple[str, ...] = ()
    """The words that it, or each of its elements, is one of; () where it can be anything."""


class Kind(NamedTuple):
    """Something that a rule can be about."""

    name: str
    text: str
    fields: tuple[Field, ...]


def vocabulary() -> tuple[Kind, ...]:
    """Every kind, with its own fields first, then those that pipelines, jobs and steps share."""
    sources = (
        inspect.getsource(module) for module in (model, parts, machines, workspace, supply, faults)
    )
    texts = {name: text for source in sources for name, text in _texts(ast.parse(source)).items()}
    return tuple(
        Kind(name, inspect.getdoc(record) or "", tuple(_fields(record, texts)))
        for name, record in model.KINDS.items()
    )


def _fields(record: type, texts: dict[str, dict[str, str]]) -> Iterator[Field]:
    types, words = cel.fields(record), cel.words(record)
    for parent in record.__mro__:
        for name, text in texts.get(parent.__name__, {}).items():
            if name in types and types[name].name not in _HIDDEN:
                yield Field(name, types[name].name, text, words.get(name, ()))


def _texts(tree: ast.Module) -> dict[str, dict[str, str]]:
    """The names that each class of a module defines, in order, and the text that explains each."""
    return {
        item.name: dict(_explained(item)) for item in tree.body if isinstance(item, ast.ClassDef)
    }


def _explained(record: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item, after in pairwise([*record.body, ast.Pass()]):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            yield item.target.id, _string(after)
        elif isinstance(item, ast.FunctionDef):
            yield item.name, ast.get_docstring(item) or ""


def _string(item: ast.stmt) -> str:
    """The text that is a statement by itself, as below a field."""
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return " ".join(str(item.value.value).split())
    return ""
