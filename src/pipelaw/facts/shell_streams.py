"""Where the output of a shell's statements goes, and what here-documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_bash import WORDS
from pipelaw.facts.taint import CHECKED_OUT, LISTED, Taint
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell
    from pipelaw.facts.taint import Value


def heredoc(shell: Shell, node: Node) -> tuple[Value, list[Node]]:
    """What a here-document says, and the pipeline behind it."""
    body: Value = ()
    literal = False
    piped: list[Node] = []
    for child in node.named_children:
        if child.type == "heredoc_start":
            literal = not shell.raw(child).replace("_", "a").isalnum()
        elif child.type == "heredoc_body":
            span = (child.start_byte, child.end_byte)
            body = shell.literal(*span) if literal else shell.pieces(child, *span)
        elif child.type == "pipeline":
            piped += child.named_children
    return body, piped


def targeted(shell: Shell, redirects: Iterable[Node]) -> list[str]:
    """The files that get the output of a statement, by meaning or name."""
    found = []
    for redirect in redirects:
        if redirect.type == "heredoc_redirect":
            found += targeted(shell, redirect.named_children)
        elif redirect.type == "file_redirect" and redirect.named_children:
            raw = shell.raw(redirect)
            if ">" in raw and raw[0] != "2":
                name = _named(shell, redirect)
                found.append(shell.opened.get(name, name) if ">&" in raw else name)
    return found


VARIABLE = pattern(r"\$\{?(\w+)\}?")
"""The variable that a path begins with."""


def listed(shell: Shell, path: str) -> Taint | None:
    """Whose text a file holds that a variable names, by what was listed or by its path."""
    match = VARIABLE.match(path)
    for piece in shell.variable(match[1]) if match is not None else ():
        if isinstance(piece, Taint):
            if piece.via == LISTED:
                return piece._replace(charset="text", via=CHECKED_OUT)
        elif "/" in piece and match is not None:
            taint = shell.given.file(piece.strip() + path[match.end() :])
            if taint is not None:
                return taint
    return None


def _named(shell: Shell, redirect: Node) -> str:
    target = next((c for c in redirect.named_children if c.type in WORDS), None)
    return shell.target(shell.raw(target)) if target else "/dev/null"


def reopened(shell: Shell, redirects: Iterable[Node]) -> None:
    """`exec >> FILE`: everything that follows is written there, or to that descriptor."""
    for redirect in redirects:
        raw = shell.raw(redirect)
        number, arrow, _ = raw.partition(">")
        if arrow and redirect.type == "file_redirect":
            number = number if number.isdigit() else "1"
            shell.opened.pop(number, None)
            if (name := _named(shell, redirect)) in shell.given.stores.values():
                shell.opened[number] = name
