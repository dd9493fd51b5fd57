"""The comments of a pipeline that silence findings: what they say, what they are about, why they fail.

`#` begins a comment in YAML and in most scripts, and is an ordinary character in a value.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from pipelaw import zizmor
from pipelaw.document import Place, ScalarNode, children, shared
from pipelaw.errors import UnreadableError
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.source import lines_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from pipelaw.finding import Finding
    from pipelaw.source import Source
    from pipelaw.suppress import File

_MEANT = pattern(r"#[ \t]*(?:[Pp]ipelaw[ \t]*(?::[ \t]*)?[Ii]gnore\b|zizmor: ignore\[)")
_COMMENT = pattern(r"#[ \t]*(?P<tool>pipelaw|zizmor): ignore\[(?P<rules>[\w, -]+)\]")
_LAST_DAY = pattern(r"(?i)[(\[]?\s*\b(?:until|expires(?:\s+on)?)\b\s*[:=]?\s*\d[\d./-]*\s*[)\]]?")
_ALONE = pattern(r"\s*#")
_BEGINNING = pattern(r"(?:^|[\s;&|()])$")
"""What stands before a comment of a shell."""

_STACKED = 20
"""How many lines of comments may lie between one and the line that it is about."""

FORM = "it is written `# pipelaw: ignore[rule] reason`"
"""What is wrong with a comment that silences nothing."""
_REASON = "it gives no reason: write `# pipelaw: ignore[rule] reason`"
_VALUE = "it is part of a value: write it after the value, or alone on the line above"
_BLOCK = "it is part of a text: write it behind the `|` or `>` that begins the text"


class Lines(NamedTuple):
    """The lines that a comment speaks of: its own, or where it is alone what follows."""

    first: int
    last: int

    def touch(self, finding: Finding) -> bool:
        """Whether a finding of the file is on one of them."""
        return finding.span.line <= self.last and self.first <= finding.span.end_line


class Comment(NamedTuple):
    """One `# pipelaw: ignore[rule, …] reason`, or zizmor's with our rules for its audits."""

    line: int
    column: int
    about: Lines
    rules: frozenset[str] = frozenset()
    """Empty where it names none."""
    reason: str = ""
    fault: str = ""
    """Why it silences nothing, "" where it counts as far as this file tells."""
    foreign: bool = False
    """It is zizmor's, which count for more than a line."""

    def covers(self, finding: Finding) -> bool:
        """Whether it silences a finding of its file by being in or above it."""
        return not self.fault and finding.rule in self.rules and self.about.touch(finding)


def comments(file: File) -> list[Comment]:
    """The comments of a file that silence findings, and those of ours that were meant to."""
    if not _MEANT.search(file.source.text):
        return []
    reader = _Reader(file)
    return [
        comment
        for number, line in enumerate(reader.lines, 1)
        if "gnore" in line
        for comment in reader.comments(number, line)
    ]


class _Reader:
    """One file with comments in it."""

    def __init__(self, file: File) -> None:
        self.lines = lines_of(file.source.text)
        self._source = file.source
        self._scalars = _scalars(file.source)
        self._starts = [node.start_mark.index for node in self._scalars]
        self._scripts = {place.first.start_mark.index: shell for place, shell in file.scripts()}

    def comments(self, number: int, line: str) -> Iterator[Comment]:
        """The comments on a line; each ends where the next begins."""
        meant = list(_MEANT.finditer(line))
        ends = [*(match.start() for match in meant[1:]), len(line)]
        for match, end in zip(meant, ends, strict=False):
            said = _COMMENT.match(line, match.start())
            if said is not None:
                yield self._read(number, line[:end], said)
            elif "zizmor" not in match[0]:
                about = self._about(number, match.start(), through=True)
                yield Comment(number, match.start() + 1, about, fault=FORM)

    def _read(self, number: int, line: str, said: re.Match[str]) -> Comment:
        names = frozenset(name.strip() for name in said["rules"].split(","))
        foreign = said["tool"] == "zizmor"
        reason = line[said.end() :].strip()
        fault = self._text_fault(number, said.start())
        if not foreign and not any(map(str.isalnum, _LAST_DAY.sub("", reason))):
            fault = fault or _REASON
        return Comment(
            number,
            said.start() + 1,
            self._about(number, said.start(), through=not foreign),
            zizmor.named(names) if foreign else names,
            reason,
            fault,
            foreign,
        )

    def _about(self, number: int, column: int, *, through: bool) -> Lines:
        """What a comment speaks of; `through` is whether more comments may follow it."""
        lines = self.lines
        if not _ALONE.match(lines[number - 1]):
            node = self._scalar(number, column)
            block = node is not None and self._heads(node, number)
            return Lines(number, self._end(node) if node is not None and block else number)
        last = number + 1
        end = min(len(lines), number + _STACKED) if through else last
        while last < end and _ALONE.match(lines[last - 1]):
            last += 1
        return Lines(number + 1, last)

    def _text_fault(self, number: int, column: int) -> str:
        """Why a `#` begins no comment, "" where it does."""
        node = self._scalar(number, column)
        if node is None or self._heads(node, number):
            return ""
        if node.style not in ("|", ">"):
            return _VALUE
        shell = self._scripts.get(node.start_mark.index)
        if shell is None or shell == "cmd":
            return _BLOCK
        before = self.lines[number - 1][:column]
        begins = "//" in before if shell == "javascript" else _BEGINNING.search(before)
        return "" if begins else _BLOCK

    def _scalar(self, number: int, column: int) -> ScalarNode | None:
        """The scalar that a character belongs to, or the line on which it begins."""
        index = self._source.starts()[number - 1] + column
        at = bisect_right(self._starts, index) - 1
        node = self._scalars[at] if at >= 0 else None
        return node if node is not None and index < node.end_mark.index else None

    def _heads(self, node: ScalarNode, number: int) -> bool:
        """Whether a line is the one on which a block of text begins, before its first line."""
        begins = self._source.position(node.start_mark.index).line
        return node.style in ("|", ">") and begins == number

    def _end(self, node: ScalarNode) -> int:
        return Place(self._source, node, node).span().end_line


def _scalars(source: Source) -> list[ScalarNode]:
    """The scalars of a YAML file, in order; none of another file."""
    if not source.path.endswith((".yml", ".yaml")):
        return []
    try:
        pending = list(shared(source))
    except UnreadableError:
        return []
    found, seen = {}, set()
    while pending:
        node = pending.pop()
        if isinstance(node, ScalarNode):
            found[node.start_mark.index] = node
        elif id(node) not in seen:  # aliases share nodes
            seen.add(id(node))
            pending.extend(children(node))
    return [found[index] for index in sorted(found)]


def line_of_key(lines: Sequence[str], at: int) -> int:
    """The line of the key under which line `at` is, itself where there is none."""
    indent = _indent(lines[at - 1])
    for number in range(at - 1, 0, -1):
        line = lines[number - 1]
        if line.strip() and not _ALONE.match(line) and _indent(line) < indent:
            return number
    return at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
