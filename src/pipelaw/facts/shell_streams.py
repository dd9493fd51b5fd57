"""Where the output of a shell's statements goes, and what here-documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipelaw.facts.shell_bash import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from pipelaw.facts.shell_effects import Given
    from pipelaw.facts.taint import Value


class Streams(Protocol):
    """The script that the statements are in."""

    given: Given
    opened: dict[str, str]

    def raw(self, node: Node) -> str:
        """What a node says, as written."""

    def target(self, raw: str) -> str:
        """A file by its meaning, or by its name."""

    def literal(self, start: int, end: int) -> Value:
        """The text that is in the script."""

    def pieces(self, node: Node, start: int, end: int) -> Value:
        """A text with its expansions."""


def heredoc(shell: Streams, node: Node) -> tuple[Value, list[Node]]:
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


def targeted(shell: Streams, redirects: Iterable[Node]) -> list[str]:
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


def _named(shell: Streams, redirect: Node) -> str:
    target = next((c for c in redirect.named_children if c.type in WORDS), None)
    return shell.target(shell.raw(target)) if target else "/dev/null"


def reopened(shell: Streams, redirects: Iterable[Node]) -> None:
    """`exec >> FILE`: everything that follows is written there, or to that descriptor."""
    for redirect in redirects:
        raw = shell.raw(redirect)
        number, arrow, _ = raw.partition(">")
        if arrow and redirect.type == "file_redirect":
            number = number if number.isdigit() else "1"
            shell.opened.pop(number, None)
            if (name := _named(shell, redirect)) in shell.given.stores.values():
                shell.opened[number] = name
