"""Where a value is: YAML nodes of a file, or some characters of a scalar's decoded text.

Cheap to make, as a scan makes some hundred thousand; lines and columns are computed when a finding
needs them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

from pipelaw.pyyaml import MappingNode, Mark, Node, ScalarNode, SequenceNode
from pipelaw.records import NamedTuple
from pipelaw.source import Source, Span


class Place(NamedTuple):
    """Where a value of the model is; cheap to make, its span is computed when a finding needs it.

    From the start of `first` to the end of `last`; with `end` > 0, only the characters `start` to
    `end` of the decoded text of the scalar `first`.
    """

    source: Source
    first: Node
    last: Node
    start: int = 0
    end: int = 0

    def part(self, start: int, end: int) -> Place:
        """The place of characters `start` to `end` of the scalar that this place is."""
        return Place(self.source, self.first, self.first, self.start + start, self.start + end)

    @property
    def known(self) -> bool:
        """False for an object that is in no file."""
        return self.source is not _EMPTY

    def indices(self) -> tuple[int, int]:
        """Start and end as indices of the source's text."""
        if self.end and isinstance(self.first, ScalarNode):
            plain = _straight(self.source, self.first, self.start, self.end)
            if plain is not None:
                return plain
            found = _align(self.source.text, self.first)
            if self.start >= len(found):
                return found[-1] + 1, found[-1] + 1
            start, last = found[self.start], found[min(self.end, len(found)) - 1]
            last = max(start, last)
            return start, last + _width(self.source.text, last, self.first.style)
        start = _begin(self.source.text, self.first)
        end = _end(self.source.text, self.last)
        # reached through an alias the last node is elsewhere, often above: point at the first alone
        return start, end if end >= start else _end(self.source.text, self.first)

    def texts(self) -> tuple[str, str]:
        """The text there as written, and as YAML reads it; the same but for escapes and folding."""
        start, end = self.indices()
        written = self.source.text[start:end]
        if not isinstance(self.first, ScalarNode):
            return written, written
        return written, self.first.value[self.start : self.end or None]

    def span(self) -> Span:
        """The lines and columns of this place."""
        return self.source.span(*self.indices())


def _begin(text: str, node: Node) -> int:
    """The index of a node's first character, after the anchor and tag of a scalar."""
    at: int = node.start_mark.index
    while isinstance(node, ScalarNode) and text.startswith(("&", "!"), at):
        space = next((i for i in range(at, node.end_mark.index) if text[i] in _SPACE), -1)
        if space < 0:
            return node.end_mark.index
        at = _skipped(text, space, node.end_mark.index, None)
    return at


def _end(text: str, node: Node) -> int:
    """The index after the last character of `node`; libyaml's end mark sits at the next token."""
    while isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        last = last[1] if isinstance(node, MappingNode) else last
        if last.start_mark.index < node.start_mark.index:
            break  # an alias: what it stands for is written above
        node = last
    end: int = node.end_mark.index
    if isinstance(node, ScalarNode) and not node.value:
        return end
    while end > node.start_mark.index and text[end - 1] in _SPACE:
        end -= 1
    return end


_EMPTY = Source("", "")
_NODE = ScalarNode("", "", Mark("", 0, 0, 0, "", 0), Mark("", 0, 0, 0, "", 0), style="")
NOWHERE = Place(_EMPTY, _NODE, _NODE)
"""The place of what is not there."""


def _offset(part: tuple[int, Place]) -> int:
    return part[0]


class Text(NamedTuple):
    """A text made of one scalar, or of several joined by line breaks, that still knows its places."""

    text: str
    parts: tuple[tuple[int, Place], ...]
    """Where each scalar begins in `text`, in order, and its place."""

    def place(self, start: int, end: int) -> Place:
        """The place of characters `start` to `end`, cut at the end of the scalar that has `start`."""
        at = bisect_right(self.parts, start, key=_offset)
        offset, place = self.parts[max(at - 1, 0)]
        if at < len(self.parts):
            end = min(end, self.parts[at][0] - 1)
        return place.part(start - offset, end - offset)

    @property
    def whole(self) -> Place:
        """The place from the first scalar to the last; of the first alone where they are in two files."""
        first, last = self.parts[0][1], self.parts[-1][1]
        return first if first.source is not last.source else first._replace(last=last.last)


NO_TEXT = Text("", ((0, NOWHERE),))
"""The text of what has none."""


def join(places: list[Place]) -> Text:
    """The Text of scalar places, one under the other; `places` is not empty."""
    offset = 0
    parts, lines = [], []
    for place in places:
        parts.append((offset, place))
        lines.append(place.first.value)
        offset += len(place.first.value) + 1
    return Text("\n".join(lines), tuple(parts))


_ESCAPES = {"x": 4, "u": 6, "U": 10}


def _straight(source: Source, node: ScalarNode, start: int, end: int) -> tuple[int, int] | None:
    """Where characters of a scalar are whose line is written as it is read; None where that is not so.

    True of nearly every place; the rest is aligned character by character.
    """
    text, value = source.text, node.value
    piece = value[start:end]
    if node.style == "'" and "'" in piece:
        return None
    far = start > _FAR
    if node.style == "|":
        number = bisect_left(_breaks(value), start)
        begin = (_kept_line if far else _line)(source, node, number)
        at = begin + start - (value.rfind("\n", 0, start) + 1)
        if begin < 0:
            return None
    else:
        begin = _begin(text, node) + (1 if node.style else 0)
        at = begin + start
        same = start <= _same(text, node) if far else text[begin:at] == value[:start]
        if not same:
            return None
    if piece and "\n" not in piece and text.startswith(piece, at):
        return at, at + len(piece)
    return None


_FAR = 1_000
"""From where on in a scalar it is worth to remember what was found out about it."""


def _line(source: Source, node: ScalarNode, number: int) -> int:
    """Where a line of a literal block begins in the file, -1 where it is not written as it is read."""
    # each of them is a line of the file, after the same indentation
    starts, value = source.starts(), node.value
    first = bisect_right(starts, _begin(source.text, node)) + number
    if first >= len(starts):
        return -1
    stop = starts[first + 1] if first + 1 < len(starts) else len(source.text)
    written = source.text[starts[first] : stop].rstrip("\r\n")
    begin = _breaks(value)[number - 1] + 1 if number else 0
    end = value.find("\n", begin)
    read = value[begin : end if end >= 0 else len(value)]
    return starts[first] + len(written) - len(read) if written.endswith(read) else -1


_kept_line = lru_cache(maxsize=8)(_line)


@lru_cache(maxsize=4)
def _breaks(value: str) -> list[int]:
    """Where the lines of a scalar end; often more than one finding is in it."""
    lengths = map(len, value.split("\n"))
    return [end + number for number, end in enumerate(accumulate(lengths))]


@lru_cache(maxsize=4)
def _same(text: str, node: ScalarNode) -> int:
    """How many characters of a plain or quoted scalar are written as they are read."""
    value, at = node.value, _begin(text, node) + (1 if node.style else 0)
    low, high = 0, len(value)
    while low < high:
        middle = (low + high + 1) // 2
        if text.startswith(value[:middle], at):
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=4)
def _align(text: str, node: ScalarNode) -> list[int]:
    """For each character of a scalar's decoded text, the index in `text` where it is written.

    Walks both texts at once; white space folds, so only its first character has an exact index.
    """
    at = _begin(text, node)
    stop: int = node.end_mark.index
    style = node.style
    if style in ("|", ">"):
        newline = text.find("\n", at)
        at = newline + 1 if newline >= 0 else stop
    elif style:
        at += 1
    found: list[int] = []
    for char in node.value:
        if style == '"':
            at = _joined(text, at)
        if char not in _SPACE:
            at = _skipped(text, at, stop, style)
        found.append(min(at, stop))
        # a line break that was folded away leaves nothing to step over
        if char not in _SPACE or text[at : at + 1] in _SPACES or style == '"':
            at += _width(text, at, style)
    return found or [at]


_SPACE = " \t\r\n"
_SPACES = frozenset(_SPACE)


def _skipped(text: str, at: int, stop: int, style: str | None) -> int:
    """The index of the next character that is no white space."""
    while at < stop and text[at] in _SPACE:
        at += 1
        if style == '"':
            at = _joined(text, at)
    return at


def _joined(text: str, at: int) -> int:
    """The index after the backslash that joins two lines of a double-quoted scalar, if one is at `at`."""
    while text.startswith(("\\\n", "\\\r"), at):
        at += 1
        while text[at : at + 1] in _SPACES:
            at += 1
    return at


def _width(text: str, at: int, style: str | None) -> int:
    """How many characters of the file write the one decoded character at `at`."""
    if style == '"' and text.startswith("\\", at):
        return _ESCAPES.get(text[at + 1 : at + 2], 2)
    return 2 if style == "'" and text.startswith("''", at) else 1
