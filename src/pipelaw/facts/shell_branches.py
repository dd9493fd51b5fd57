"""Branches of a script that is run in the abstract, and what their conditions make sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_bash import WORDS
from pipelaw.facts.shell_checks import (
    Arm,
    begun,
    checked,
    confined,
    grepped,
    leaves,
    matched,
    passed,
)
from pipelaw.facts.taint import UNKNOWN, Taint, Value, narrowed, plain, taints

if TYPE_CHECKING:
    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell


def branching(shell: Shell, node: Node, stdin: Value) -> Value:
    """What may run or not: what it assigns cleans no variable."""
    shell.branches += 1
    printed = shell.statements(node, stdin)
    shell.branches -= 1
    return printed


def loop(shell: Shell, node: Node, stdin: Value) -> Value:
    """`for`: its variable holds one of the words."""
    values: list[str | Taint] = []
    name = ""
    for child in node.named_children:
        if child.type == "variable_name":
            name = shell.raw(child)
        elif child.type in WORDS:
            values += shell.word(child)
    if name:
        shell.assign(name, narrowed(tuple(values), "words"))
    return branching(shell, node, stdin)


def choice(shell: Shell, node: Node, stdin: Value) -> Value:
    """`if`: both branches; a variable that the condition checked is harmless in the right one."""
    condition = node.child_by_field_name("condition")
    known = _known(shell, condition)
    before = {name: shell.variable(name) for name in known}
    shell.branches += 1
    printed: list[str | Taint] = []
    body = ""
    for child in node.named_children:
        alternative = child.type in ("else_clause", "elif_clause")
        for name, (when, left) in known.items():
            shell.variables[name] = left if when is not alternative else before[name]
        if child.type not in WORDS:
            printed += shell.execute(child, stdin)
        if not alternative and child != condition:
            body += shell.raw(child) + "\n"
    shell.branches -= 1
    for name, (when, left) in known.items():
        # after `if ! [[ … ]]; then exit; fi` it is harmless for good
        shell.variables[name] = left if not when and leaves(body) else before[name]
    return tuple(printed)


def sequence(shell: Shell, node: Node, stdin: Value) -> Value:
    """`check && this`, `check || exit`."""
    parts = [child for child in node.named_children if child.type != "comment"]
    known = _known(shell, parts[0]) if len(parts) == 2 else {}
    if not known:
        return shell.statements(node, stdin)
    first, second = parts
    alternative = any(child.type == "||" for child in node.children)
    before = {name: shell.variable(name) for name in known}
    printed = list(shell.execute(first, stdin))
    for name, (when, left) in known.items():
        shell.variables[name] = left if when is not alternative else before[name]
    shell.branches += 1
    printed += shell.execute(second, stdin)
    shell.branches -= 1
    for name, (when, left) in known.items():
        stays = when is alternative and leaves(shell.raw(second))
        shell.variables[name] = left if stays else before[name]
    return tuple(printed)


def cases(shell: Shell, node: Node, stdin: Value) -> Value:
    """`case`: every arm; the variable that it asks about is what the patterns of an arm leave of it."""
    target = node.child_by_field_name("value")
    name = shell.raw(target).strip('"${}') if target is not None else ""
    if not name.isidentifier():
        return branching(shell, node, stdin)
    before = shell.variable(name)
    arms = []
    shell.branches += 1
    printed: list[str | Taint] = []
    for item in node.named_children:
        if item.type == "case_item":
            patterns = [shell.raw(word) for word in item.children_by_field_name("value")]
            arms.append(Arm(patterns, shell.raw(item)))
            shell.variables[name] = matched(arms[-1], before)
            printed += shell.execute(item, stdin)
    shell.branches -= 1
    shell.variables[name] = (UNKNOWN,) if passed(arms) else (*confined(arms), *before)
    return tuple(printed)


def _known(shell: Shell, condition: Node | None) -> dict[str, tuple[bool, Value]]:
    """The variables that a condition checks: what is left of them, True where that is so if it holds."""
    if condition is None:
        return {}
    text = shell.raw(condition)
    known: dict[str, tuple[bool, Value]] = {
        name: (when, (begin, *shell.variable(name))) for name, (when, begin) in begun(text).items()
    }
    for name, when in checked(text, lambda name: plain(shell.variable(name))).items():
        known[name] = when, (UNKNOWN,)
    for name, when in grepped(text).items():
        # one of several lines is enough for grep
        if all(taint.charset != "text" for taint in taints(shell.variable(name))):
            known[name] = when, (UNKNOWN,)
    return known
