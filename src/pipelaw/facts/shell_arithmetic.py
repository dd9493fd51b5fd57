"""Where bash calculates with a text: `a[$(cmd)]`, as a number, runs `cmd`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_sinks import Sink
from pipelaw.facts.taint import Value, plain, strongest, taints
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell

_OPERANDS = frozenset(("simple_expansion", "expansion", "string", "variable_name", "word"))
_COMPARING = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_WORD = pattern(r"[A-Za-z_]\w*\Z")
_NAMES = pattern(r"(?<![$\w])[A-Za-z_]\w*")
_MOST = 50


def compared(shell: Shell, node: Node) -> Iterator[Sink]:
    """Numbers that `[[ … ]]` compares; `[ … ]` calculates nothing."""
    raw = shell.raw(node)
    if not raw.startswith("[[") or not any(each in raw for each in _COMPARING):
        return
    for each in _inside(node):
        operators = [c for c in each.named_children if c.type == "test_operator"]
        if each.type == "binary_expression" and operators and shell.raw(operators[0]) in _COMPARING:
            for operand in each.named_children:
                yield from _operand(shell, operand)


def calculated(shell: Shell, node: Node) -> Iterator[Sink]:
    """What `(( … ))` and `$(( … ))` calculate with."""
    for each in _inside(node):
        yield from _operand(shell, each)


def let(
    shell: Shell, arguments: Sequence[Value], spans: Sequence[tuple[int, int]]
) -> Iterator[Sink]:
    """What `let` calculates with."""
    for value, span in zip(arguments[1:], spans[1:], strict=True):
        named = (shell.variable(one) for one in _NAMES.findall(plain(value).partition("=")[2]))
        yield from _sink((*value, *(piece for held in named for piece in held)), span)


def _operand(shell: Shell, node: Node) -> Iterator[Sink]:
    if node.type not in _OPERANDS:
        return
    raw = shell.raw(node)
    bare = node.type in ("variable_name", "word")
    if bare and not _WORD.match(raw):
        return
    value = shell.variable(raw) if bare else shell.word(node, quoted=True)
    yield from _sink(value, (node.start_byte + shell.offset, node.end_byte + shell.offset))


def _sink(value: Value, span: tuple[int, int]) -> Iterator[Sink]:
    """Where the text can hold brackets, which no branch's name does."""
    found = strongest(
        taint
        for taint in taints(value)
        if taint.charset != "branch" and not taint.pasted and not taint.quoted
    )
    if found is not None:
        yield Sink("arithmetic", found, *span)


def _inside(node: Node) -> Iterator[Node]:
    """The parts of a calculation; what is substituted in it runs as a script of its own."""
    left = list(node.named_children)
    for _ in range(_MOST):
        if not left:
            return
        each = left.pop(0)
        yield each
        if each.type not in _OPERANDS and each.type != "command_substitution":
            left += each.named_children
