"""A YAML document in which merge keys have been followed, as Drone and Woodpecker do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, ScalarNode, SequenceNode, parse

if TYPE_CHECKING:
    from pipelaw.document import Node, Place, Problem
    from pipelaw.source import Source

_MERGE = "<<"


class MergedDocument(Document):
    """A Document whose readers give mappings, and lists, with what `<<` puts into them."""

    __slots__ = ()

    def pairs(self, node: Node | None, what: str) -> list[tuple[ScalarNode, Node]]:
        """See Document; a mapping's own keys win over merged ones, and earlier merges over later."""
        found = super().pairs(node, what)
        if not isinstance(node, MappingNode) or all(key.value != _MERGE for key, _ in found):
            return found
        own = [pair for pair in found if pair[0].value != _MERGE]
        known = {key.value for key, _ in own}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.value != _MERGE:
                continue
            for merged in value.value if isinstance(value, SequenceNode) else [value]:
                for pair in self.pairs(merged, "what `<<` merges"):
                    if pair[0].value not in known:
                        known.add(pair[0].value)
                        own.append(pair)
        return own

    def fields(self, node: Node | None, what: str) -> dict[str, Node]:
        """See Document."""
        return {key.value: value for key, value in self.pairs(node, what)}

    def items(self, node: Node | None, what: str) -> list[Node]:
        """See Document; an item `<<: *list` stands for the items of that list."""
        found: list[Node] = []
        for item in super().items(node, what):
            found.extend(self._spliced(item) or [item])
        return found

    def _spliced(self, item: Node) -> list[Node]:
        if not isinstance(item, MappingNode) or len(item.value) != 1:
            return []
        key, value = item.value[0]
        if not isinstance(key, ScalarNode) or key.value != _MERGE:
            return []
        if not isinstance(value, SequenceNode):
            return []
        found: list[Node] = []
        for part in value.value:
            found.extend(part.value if isinstance(part, SequenceNode) else [part])
        return found


def documents(source: Source, problems: list[Problem]) -> list[Document]:
    """The documents of a file; they follow merge keys where the file has any."""
    kind = MergedDocument if _MERGE in source.text else Document
    return [kind(source, root, problems) for root in parse(source)]


def pair_place(document: Document, node: Node, *keys: str) -> Place:
    """The place of the first of some keys in a mapping, with its value where that is a text.

    Where none is written there (a merge brought it), the mapping's first key.
    """
    pairs = node.value if isinstance(node, MappingNode) else []
    for key, value in pairs:
        if key.value in keys:
            return document.place(key, value if isinstance(value, ScalarNode) else key)
    return document.place(pairs[0][0] if pairs else node)


def labelled(document: Document, node: Node | None, what: str) -> list[str]:
    """What a mapping asks of a machine, each as `key=value`."""
    if not isinstance(node, MappingNode):
        return []
    pairs = document.pairs(node, what)
    return [f"{key.value}={document.text(value, key.value)}" for key, value in pairs]
