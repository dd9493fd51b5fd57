"""Mappings read on the side: what is wrong with them is noted by whoever loads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, ScalarNode

if TYPE_CHECKING:
    from pipelaw.document import Node


def values(node: Node | None) -> dict[str, Node]:
    """The values of a mapping by key, nothing for another node."""
    return {str(k.value): v for k, v in node.value} if isinstance(node, MappingNode) else {}


def at(node: Node | None, *keys: str) -> Node | None:
    """What keys lead to, each in the mapping that the one before leads to; None where it is not there."""
    for key in keys:
        pairs = node.value if isinstance(node, MappingNode) else ()
        node = next((v for k, v in reversed(pairs) if k.value == key), None)
    return node


def text_at(node: Node | None, *keys: str) -> str:
    """The text that keys lead to, "" where there is none."""
    found = at(node, *keys)
    return str(found.value) if isinstance(found, ScalarNode) else ""


def texts(node: Node | None) -> dict[str, str]:
    """The texts of a mapping, by key in lower case."""
    pairs = node.value if isinstance(node, MappingNode) else ()
    return {str(k.value).lower(): str(v.value) for k, v in pairs if isinstance(v, ScalarNode)}
