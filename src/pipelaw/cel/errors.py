"""What is wrong with an expression, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.cel.parser import Node


class CelError(PolicyError):
    """An expression that is refused; the place is counted in characters of its text, from 0."""

    def __init__(self, message: str, offset: int, length: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length


def wrong(node: Node, message: str) -> CelError:
    """The error that something is wrong with the whole of a node."""
    return CelError(message, node.start, node.end - node.start)


def caret(text: str, offset: int, length: int) -> str:
    """The line of `text` that has `offset`, and under it carets below `length` characters of it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end]
    before = "".join("\t" if char == "\t" else " " for char in line[: offset - start])
    return f"{line}\n{before}{'^' * max(1, min(length, start + len(line) - offset))}"


def hint(name: str, names: Iterable[str]) -> str:
    """`; did you mean …?` for the one of `names` that is most like `name`, "" where none is."""
    from difflib import get_close_matches  # noqa: PLC0415  only a wrong expression needs it

    found = get_close_matches(name, names, n=1)
    return f"; did you mean `{found[0]}`?" if found else ""
