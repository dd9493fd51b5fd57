"""YAML text to nodes that know their place.

libyaml composes; nothing is constructed, so no YAML 1.1 trap springs (`on`, `3.10`, `12:30`).
"""

from __future__ import annotations

import gc
import operator
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.errors import UnreadableError
from pipelaw.patterns import pattern
from pipelaw.place import NO_TEXT, NOWHERE, Place, Text, join
from pipelaw.pyyaml import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Composer,
    ComposerError,
    CParser,
    MappingNode,
    MarkedYAMLError,
    Node,
    NodeEvent,
    ScalarNode,
    SequenceNode,
    YAMLError,
)
from pipelaw.records import NamedTuple
from pipelaw.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 5_000_000
MAX_NODES = 100_000
MAX_DEPTH = 2_000

__all__ = [
    "NOWHERE",
    "NO_TEXT",
    "Document",
    "MappingNode",
    "Node",
    "Place",
    "Problem",
    "ScalarNode",
    "SequenceNode",
    "Text",
    "decode",
    "join",
    "parse",
    "shared",
    "too_large",
]


class _Composer(CParser):
    """libyaml's composer without PyYAML's implicit tags, which cost a third of the time."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)

    # libyaml calls these for each node. The first two have nothing to do; the third gives untagged nodes
    # the empty tag (other tags in the file are kept). Functions of C take a third of the time.
    descend_resolver = operator.is_
    ascend_resolver = gc.isenabled
    resolve = "".format


class _Renaming(Composer, _Composer):
    """The same, for the rare file that gives an anchor twice: YAML allows it, libyaml's composer does not."""

    def __init__(self, text: str) -> None:
        _Composer.__init__(self, text)
        Composer.__init__(self)

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """The next node; an alias stands for the last node before it that has its anchor."""
        event = self.peek_event()
        if isinstance(event, NodeEvent) and not isinstance(event, AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


class Problem(NamedTuple):
    """What could not be read or resolved, and where: path, 1-based line and column, message."""

    path: str
    line: int
    column: int
    message: str

    @classmethod
    def of(cls, error: UnreadableError) -> Problem:
        """What an error says."""
        return cls(error.path, error.line, error.column, error.message)

    @classmethod
    def at(cls, place: Place, message: str) -> Problem:
        """What is the matter at the beginning of a place."""
        span = place.span()
        return cls(span.path, span.line, span.column, message)


def too_large(path: str) -> UnreadableError:
    """The error of a file that has more than MAX_BYTES."""
    return UnreadableError(path, 1, 1, f"larger than {MAX_BYTES // 1_000_000} MB, not read")


_BOM = b"\xef\xbb\xbf"


def decode(path: str, data: bytes) -> Source:
    """The text of a file's bytes; raise UnreadableError where it is not UTF-8 text of fair size."""
    if len(data) > MAX_BYTES:
        raise too_large(path)
    data = data.removeprefix(_BOM)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
            raise UnreadableError(path, 1, 1, "UTF-32, not UTF-8: save it as UTF-8") from None
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UnreadableError(path, 1, 1, "UTF-16, not UTF-8: save it as UTF-8") from None
        byte = data[error.start]
        what = f"byte 0x{byte:02x} is not UTF-8: save the file as UTF-8"
        raise UnreadableError(path, line, column, what) from None
    if "\0" in text:
        where = Source(path, text).position(text.index("\0"))
        raise UnreadableError(path, *where, "a NUL byte: this is no text file")
    return Source(path, text)


def parse(source: Source) -> list[Node]:
    """The root nodes of a file's YAML documents, empty ones left out.

    Raises UnreadableError with the position for what is no YAML, for aliases that contain
    themselves, and for more than MAX_NODES nodes after alias expansion.
    """
    try:
        _check_depth(source)
        try:
            roots = _composed(_Composer(source.text))
        except ComposerError as error:
            if not str(error.context).startswith("found duplicate anchor"):
                raise
            roots = _composed(_Renaming(source.text))
        _check_size(source, roots)
    except MarkedYAMLError as error:
        raise _unreadable(source, error) from None
    except (YAMLError, ValueError) as error:
        # reader errors: characters that YAML forbids; they carry an index, not a mark
        index = getattr(error, "position", 0) or 0
        raise UnreadableError(source.path, *source.position(index), _reader(error)) from None
    except RecursionError:
        raise UnreadableError(source.path, 1, 1, "nested too deeply") from None
    return roots


def _composed(composer: _Composer) -> list[Node]:
    roots: list[Node] = []
    while composer.check_node():
        root = composer.get_node()
        if root is not None and not null(root):
            roots.append(root)
    return roots


@lru_cache(maxsize=64)
def shared(source: Source) -> list[Node]:
    """What `parse` gives, kept for those who read the same file soon after."""
    return parse(source)


def _check_depth(source: Source) -> None:
    """Refuse what would nest deeper than the composer's stack, which nothing else guards.

    That takes a line, or brackets, by the thousand; only a file with those is read twice.
    """
    text = source.text
    if len(text) < MAX_DEPTH:
        return
    if text.count("[") + text.count("{") < MAX_DEPTH and not _has_long_line(text):
        return
    parser, depth = CParser(text), 0
    while (event := parser.get_event()) is not None:
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            mark = event.start_mark
            where = source.position(mark.index if mark else 0)
            raise UnreadableError(source.path, *where, "nested too deeply")


def _has_long_line(text: str) -> bool:
    """Whether a line is long enough to nest too deeply; leaps from line to line, far ahead."""
    start = 0
    while len(text) - start >= MAX_DEPTH:
        start = text.rfind("\n", start, start + MAX_DEPTH) + 1
        if start == 0:
            return True
    return False


def _unreadable(source: Source, error: MarkedYAMLError) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    line, column = source.position(min(mark.index, len(source.text))) if mark else (1, 1)
    what = (error.problem or error.context or "not YAML").strip()
    if "cannot start any token" in what:
        what += " (a tab as indentation?)" if "\t" in source.text else ""
    return UnreadableError(source.path, line, column, f"not valid YAML: {what}")


def _reader(error: Exception) -> str:
    return f"not valid YAML: {getattr(error, 'reason', None) or error}"


_ANCHOR = pattern(r"&(?<=[\s\[{,:-]&)[\w-]")
"""What an anchor looks like; it starts with a literal so that the search is fast."""


def _check_size(source: Source, roots: list[Node]) -> None:
    """Count nodes as if aliases were copied, without walking a shared node twice."""
    if len(source.text) < MAX_NODES and not _ANCHOR.search(source.text):
        # without aliases a file has no more nodes than characters, and nothing can recurse
        return
    sizes: dict[int, int] = {}
    for root in roots:
        if _size(source, root, sizes, set()) > MAX_NODES:
            where = source.position(root.start_mark.index)
            raise UnreadableError(
                source.path, *where, f"more than {MAX_NODES:,} nodes after alias expansion"
            )


def _size(source: Source, node: Node, sizes: dict[int, int], above: set[int]) -> int:
    known = sizes.get(id(node))
    if known is not None:
        return known
    if id(node) in above:
        where = source.position(node.start_mark.index)
        raise UnreadableError(source.path, *where, "an anchor that contains its own alias")
    if isinstance(node, ScalarNode):
        return 1
    above.add(id(node))
    total = 1
    for child in children(node):
        total += _size(source, child, sizes, above)
    above.discard(id(node))
    sizes[id(node)] = total
    return total


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a mapping (keys and values) or a sequence."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


_SHAPES = {MappingNode: "a mapping", SequenceNode: "a list", ScalarNode: "text"}


class Document:
    """One YAML document of a file, read with care: a wrong shape is noted, and reading goes on.

    The readers below never raise and never return None: what has the wrong shape gives an empty
    value and a Problem in `problems`.
    """

    __slots__ = ("problems", "root", "source")

    def __init__(self, source: Source, root: Node, problems: list[Problem]) -> None:
        self.source = source
        self.root = root
        self.problems = problems

    def place(self, node: Node, last: Node | None = None) -> Place:
        """The place of a node, or from one node to the end of another."""
        return Place(self.source, node, node if last is None else last)

    def problem(self, node: Node, message: str) -> None:
        """Note that something at `node` could not be read."""
        where = self.source.position(node.start_mark.index)
        self.problems.append(Problem(self.source.path, *where, message))

    def wrong(self, node: Node, wanted: str, what: str) -> None:
        """Note that `what` at `node` should have been `wanted`."""
        if not null(node):
            got = _SHAPES.get(type(node), "something else")
            self.problem(node, f"{what} should be {wanted}, not {got}")

    def pairs(self, node: Node | None, what: str) -> list[tuple[ScalarNode, Node]]:
        """Key and value nodes of a mapping; null counts as empty, other shapes are noted."""
        if not isinstance(node, MappingNode):
            if node is not None:
                self.wrong(node, "a mapping", what)
            return []
        found: list[tuple[ScalarNode, Node]] = node.value
        try:
            distinct = len({key.value for key, _ in found})
        except TypeError:  # a key that is a list or mapping, whose value is a list
            distinct = -1
        return found if distinct == len(found) else self._sane_pairs(node, what)

    def _sane_pairs(self, node: MappingNode, what: str) -> list[tuple[ScalarNode, Node]]:
        """The pairs of a mapping that has duplicate or complex keys; the last duplicate wins."""
        kept: dict[str, tuple[ScalarNode, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.problem(key, f"a key of {what} should be text")
                continue
            if key.value in kept and key.value != "<<":
                self.problem(key, f"duplicate key `{key.value}` in {what}")
            kept[key.value] = (key, value)
        return list(kept.values())

    def fields(self, node: Node | None, what: str) -> dict[str, Node]:
        """The values of a mapping by the text of their keys."""
        if isinstance(node, MappingNode):
            try:
                found = {key.value: value for key, value in node.value}
            except TypeError:  # a key that is a list or mapping, whose value is a list
                found = {}
            if len(found) == len(node.value):
                return found
        return {key.value: value for key, value in self.pairs(node, what)}

    def items(self, node: Node | None, what: str) -> list[Node]:
        """The items of a list; null counts as empty, other shapes are noted."""
        if isinstance(node, SequenceNode):
            found: list[Node] = node.value
            return found
        if node is not None:
            self.wrong(node, "a list", what)
        return []

    def scalars(self, node: Node | None, what: str) -> list[ScalarNode]:
        """One text or a list of texts, as a list of scalar nodes."""
        if isinstance(node, ScalarNode):
            return [] if null(node) else [node]
        found = []
        for item in self.items(node, what):
            if isinstance(item, ScalarNode):
                found.append(item)
            else:
                self.wrong(item, "text", f"an item of {what}")
        return found

    def text(self, node: Node | None, what: str) -> str:
        """The decoded text of a scalar, "" where it is absent or null."""
        if isinstance(node, ScalarNode):
            return "" if null(node) else str(node.value)
        if node is not None:
            self.wrong(node, "text", what)
        return ""


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})


def null(node: Node) -> bool:
    """Whether a node is YAML's null."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULLS


def true(node: Node | None) -> bool:
    """Whether a node is the plain scalar true (YAML 1.2)."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _TRUE


def walk(node: Node) -> Iterator[Node]:
    """`node` and all nodes below it, in the order of the file; a shared node each time it is used."""
    yield node
    for child in children(node):
        yield from walk(child)
