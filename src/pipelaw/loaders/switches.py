"""What is on: for platforms that read YAML 1.1, and for programs that are handed a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import ScalarNode

if TYPE_CHECKING:
    from pipelaw.document import Node

ON = frozenset(("true", "yes", "on", "1"))
"""The texts, in lower case, that most programs take for a switch that is on."""
_TRUE = frozenset("true True TRUE yes Yes YES on On ON".split())


def on(node: Node | None) -> bool:
    """Whether a node is a plain scalar that YAML 1.1 reads as true: `yes` and `on` are, too."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _TRUE
