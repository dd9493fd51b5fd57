"""Switches of platforms that read YAML 1.1, in which `yes` and `on` are true as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import ScalarNode

if TYPE_CHECKING:
    from pipelaw.document import Node

_ON = frozenset("true True TRUE yes Yes YES on On ON".split())


def true(node: Node | None) -> bool:
    """Whether a node is a plain scalar that YAML 1.1 reads as true."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _ON
