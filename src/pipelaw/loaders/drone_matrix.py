"""The matrix of a pipeline, and what its variables can stand for in the name of an image."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelaw.document import Document, Node

Rows = tuple[dict[str, list[str]], ...]
"""Names with the texts that each takes; every row stands for all combinations of its texts."""

_USE = pattern(r"\$\{(\w+)\}")
MAX_ALTERNATIVES = 50
"""How many combinations of a row are looked at for one image."""


def rows(document: Document, node: Node | None) -> Rows:
    """The rows of a `matrix`: its axes together, or each item of its `include`."""
    fields = document.fields(node, "`matrix`") if node is not None else {}
    if "include" not in fields:
        return (_row(document, fields),) if fields else ()
    items = document.items(fields["include"], "`include`")
    return tuple(_row(document, document.fields(item, "a row of the matrix")) for item in items)


def _row(document: Document, fields: Mapping[str, Node]) -> dict[str, list[str]]:
    return {
        name: [item.value for item in document.scalars(values, name)]
        for name, values in fields.items()
    }


def alternatives(text: str, matrix: Sequence[Mapping[str, Sequence[str]]]) -> list[str]:
    """What a text can be: one for each combination of a matrix's values in it, or itself."""
    if "${" not in text or not matrix:
        return [text]
    found: dict[str, None] = {}
    for row in matrix:
        names = [name for name in dict.fromkeys(_USE.findall(text)) if name in row]
        for chosen in islice(product(*(row[name] for name in names)), MAX_ALTERNATIVES):
            one = text
            for name, value in zip(names, chosen, strict=True):
                one = one.replace(f"${{{name}}}", value)
            found[one] = None
    return list(found) or [text]
