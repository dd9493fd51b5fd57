"""Arrays of the shell: what they hold, and the words that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import MOST, Taint, Value, bounded, narrowed, taints
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell


_ELEMENTS = pattern(r"(\"?)\$\{(\w+)\[([@*])\]\}\"?\Z")


def fields(shell: Shell, node: Node) -> list[Value]:
    """The fields that one word of a command becomes: `"${a[@]}"` is as many as the array holds."""
    if shell.arrays and (held := _ELEMENTS.match(shell.raw(node).lstrip())) is not None:
        quote, name, sign = held.groups()
        if name in shell.arrays and (sign == "@" or not quote):
            found = shell.arrays[name]
            return found if quote else [narrowed(value, "words") for value in found]
    return [shell.word(node)]


def arranged(shell: Shell, name: str, node: Node) -> None:
    """`name=(…)` or `name+=(…)`: what a branch assigns cannot clean an array either."""
    found = [
        value
        for child in node.named_children
        if child.type != "comment"
        for value in fields(shell, child)
    ]
    if name.endswith("+"):
        name = name[:-1]
        found = [*shell.arrays.get(name, ()), *found]
    elif shell.branches and not _foreign(found) and _foreign(shell.arrays.get(name, ())):
        return
    _set(shell, name, found)


def placed(shell: Shell, name: str, value: Value) -> None:
    """`name[…]=value`: one element more; which it takes the place of is not told."""
    alone = [shell.variables[name]] if name in shell.variables else []
    _set(shell, name, [*shell.arrays.get(name, alone), value])


def _set(shell: Shell, name: str, values: list[Value]) -> None:
    shell.arrays[name] = values[:MOST]
    shell.variables[name] = bounded(_joined(shell.arrays[name]))


def _foreign(values: Iterable[Value]) -> bool:
    return any(map(taints, values))


def _joined(values: Iterable[Value]) -> Value:
    """All elements in one text."""
    pieces: list[str | Taint] = []
    for value in values:
        pieces += (*value, " ")
    return tuple(pieces[:-1])
