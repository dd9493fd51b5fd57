"""The nodes of a GitLab configuration: of several files, with merge keys and inputs put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import (
    Document,
    MappingNode,
    Node,
    Place,
    Problem,
    ScalarNode,
    SequenceNode,
    children,
    null,
)
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

    from pipelaw.source import Source

MAIN = frozenset({".gitlab-ci.yml", ".gitlab-ci.yaml"})
"""What the file that GitLab starts with is called; others are parts of one."""

INPUT = pattern(r"\$\[\[\s*inputs\.([\w-]+)\s*([^\]]*)\]\]")
"""`$[[ inputs.name | function ]]`: the name, and the functions with their bars."""


class File(NamedTuple):
    """One file of a configuration, and the inputs that it is read with."""

    source: Source
    inputs: Mapping[str, str] = {}
    """The inputs whose text is known: given by whoever includes the file, or by default."""
    free: frozenset[str] = frozenset()
    """The inputs that can be any text and are not known."""


def _interpolated(text: str, inputs: Mapping[str, str]) -> str:
    """`text` with the known inputs put in; what a function changes stays as written."""
    return INPUT.sub(lambda found: _known(found, inputs), text)


def _known(found: re.Match[str], inputs: Mapping[str, str]) -> str:
    functions = found[2].replace("expand_vars", "").strip(" |")
    return found[0] if functions else inputs.get(found[1], found[0])


class Nodes(Document):
    """A document whose nodes come from several files; each place and problem names its own file.

    Merge keys (`<<`) are applied as GitLab does: in the order of the keys, so that one that comes
    below a key of the same name wins.
    """

    __slots__ = ("_files", "_pairs", "_texts", "kept", "main")

    def __init__(self, main: File, root: Node, problems: list[Problem]) -> None:
        super().__init__(main.source, root, problems)
        self.main = main
        self.kept: list[Node] = []
        """Nodes whose ids are keys, and so must not be given to others."""
        self._files: dict[int, File] = {}
        self._pairs: dict[int, list[tuple[ScalarNode, Node]]] = {}
        self._texts: dict[str, str] = {}

    def adopt(self, root: Node, file: File) -> None:
        """Note that `root` and everything below it is in `file`."""
        self.kept.append(root)
        self._texts[file.source.path] = file.source.text
        files = self._files
        todo = [root]
        while todo:
            node = todo.pop()
            if id(node) not in files:
                files[id(node)] = file
                todo.extend(children(node))

    def file(self, node: Node) -> File:
        """The file that a node is in."""
        return self._files.get(id(node), self.main)

    def texts(self) -> list[str]:
        """The texts of all files."""
        return [self.source.text, *self._texts.values()]

    def place(self, node: Node, last: Node | None = None) -> Place:
        """See Document; in the file of the first node."""
        source = self._files.get(id(node), self.main).source
        return Place(source, node, node if last is None else last)

    def problem(self, node: Node, message: str) -> None:
        """See Document."""
        self.problems.append(self.remark(node, message))

    def remark(self, node: Node, message: str) -> Problem:
        """A problem at a node, not noted yet."""
        source = self.file(node).source
        return Problem(source.path, *source.position(node.start_mark.index), message)

    def pairs(self, node: Node | None, what: str) -> list[tuple[ScalarNode, Node]]:
        """See Document; with merge keys applied."""
        if not isinstance(node, MappingNode):
            return super().pairs(node, what)
        known = self._pairs.get(id(node))
        if known is None:
            for key, _ in node.value:
                if key.value == "<<" and _merge_key(key):
                    known = self._merged(node, what)
                    break
            else:
                known = super().pairs(node, what)
            self._pairs[id(node)] = known
        return known

    def _merged(self, node: MappingNode, what: str) -> list[tuple[ScalarNode, Node]]:
        found: dict[str, tuple[ScalarNode, Node]] = {}
        for key, value in node.value:
            if _merge_key(key):
                for source in _sources(value):
                    found.update((pair[0].value, pair) for pair in self.pairs(source, "`<<`"))
            elif isinstance(key, ScalarNode):
                found[key.value] = (key, value)
            else:
                self.problem(key, f"a key of {what} should be text")
        return list(found.values())

    def value(self, node: Node | None, what: str) -> str:
        """The text of a scalar with the known inputs put in, "" where it is absent or null."""
        if node is None:
            return ""
        text = self.text(node, what)
        return _interpolated(text, self.file(node).inputs) if "$[[" in text else text

    def values(self, node: Node | None, what: str) -> list[tuple[ScalarNode, str]]:
        """One text or a list of texts: each scalar, and its text with the known inputs put in."""
        return [(item, self.value(item, what)) for item in self.scalars(node, what)]


def _merge_key(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.value == "<<" and not key.style


def _sources(value: Node) -> Iterator[Node]:
    """What a merge key merges, the weakest first."""
    if isinstance(value, SequenceNode):
        yield from reversed(value.value)
    elif not null(value):
        yield value
