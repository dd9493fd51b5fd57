"""Findings that somebody has decided about: marked with the decision, never dropped.

Besides our own comments, those of zizmor count for the rules that ask the same as its audits, so
that a repository can move over without a change to its files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw import zizmor
from pipelaw.finding import Related, Suppression
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple, replaced
from pipelaw.source import Span, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.finding import Finding
    from pipelaw.place import Place

_HINTS = ("pipelaw: ignore[", "zizmor: ignore[")
_COMMENT = pattern(
    r"#[ \t]*(?P<tool>pipelaw|zizmor): ignore\[(?P<rules>[\w, -]+)\][ \t]*(?P<reason>[^\r\n]*)"
)
_MEANT = pattern(r"#[ \t]*pipelaw[ \t]*(?::[ \t]*)?ignore\b", re.IGNORECASE)
_ALONE = pattern(r"\s*#")
_DASH = pattern(r"\s*-\s*(?:#|\Z)")


_STACKED = 20
"""How many lines of comments may lie between one and the line that it is about."""


class Ignore(NamedTuple):
    """One `# pipelaw: ignore[rule, …] reason` comment, or zizmor's with our rules for its audits."""

    lines: Lines
    rules: frozenset[str]
    reason: str
    written: int = 0
    """The line that it is on, where it counts for all around it as zizmor's does; else 0."""

    def covers(self, finding: Finding) -> bool:
        """Whether it silences a finding of its file by being in or above it."""
        return finding.rule in self.rules and self.lines.touch(finding)


class Lines(NamedTuple):
    """The lines that a comment speaks of: its own, or where it is alone what follows."""

    first: int
    last: int

    def touch(self, finding: Finding) -> bool:
        """Whether a finding of the file is on one of them."""
        return finding.span.line <= self.last and self.first <= finding.span.end_line


def _lines(lines: Sequence[str], number: int, *, through: bool) -> Lines:
    """What a comment on a line speaks of; `through` is whether more comments may follow it."""
    if not _ALONE.match(lines[number - 1]):
        return Lines(number, number)
    last = number + 1
    end = min(len(lines), number + _STACKED) if through else last
    while last < end and _ALONE.match(lines[last - 1]):
        last += 1
    return Lines(number + 1, last)


def ignores(text: str) -> list[Ignore]:
    """The ignore comments of a file."""
    if not any(hint in text for hint in _HINTS):
        return []
    found = []
    lines = lines_of(text)
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if ": ignore[" in line else None
        if match is not None:
            found.append(_ignore(number, lines, match))
    return found


def _ignore(number: int, lines: Sequence[str], match: re.Match[str]) -> Ignore:
    names = frozenset(name.strip() for name in match["rules"].split(","))
    foreign = match["tool"] == "zizmor"
    rules = zizmor.named(names) if foreign else names
    about = _lines(lines, number, through=not foreign)
    return Ignore(about, rules, match["reason"].strip(), number if foreign else 0)


class Comment(NamedTuple):
    """A comment of ours, or what was meant to be one, and where it is."""

    line: int
    column: int
    about: Lines
    ignore: Ignore | None
    """None where it silences nothing, for it is not written as it should be."""


def comments(text: str) -> list[Comment]:
    """Our own comments of a file, and what looks like one."""
    if not _MEANT.search(text):
        return []
    found = []
    lines = lines_of(text)
    for number, line in enumerate(lines, 1):
        meant = _MEANT.search(line)
        if meant is None:
            continue
        match = _COMMENT.match(line, meant.start())
        ignore = _ignore(number, lines, match) if match else None
        about = _lines(lines, number, through=True)
        found.append(Comment(number, meant.start() + 1, about, ignore))
    return found


def _malformed(text: str) -> list[Comment]:
    """What is meant for a comment of ours and is none."""
    if "ipelaw" not in text:  # nearly no file
        return []
    return [comment for comment in comments(text) if comment.ignore is None]


class File(NamedTuple):
    """What a file of findings says."""

    text: str
    steps: Callable[[], Iterable[Place]]
    """Gives the places of its steps."""


def marked(findings: Iterable[Finding], file_of: Callable[[str], File]) -> list[Finding]:
    """The findings, those that a comment names marked as suppressed.

    Ours are on a line of the finding or above it. Zizmor's may be anywhere in what the finding
    spans, in its step, beside the key that it belongs to, or in the file where it is about that.
    What is open beside a comment that is not quite one says so. `file_of` gives the file at a path.
    """
    known: dict[str, tuple[File, list[Ignore], list[Comment]]] = {}
    result = []
    for finding in findings:
        path = finding.span.path
        if path not in known:
            file = file_of(path)
            known[path] = file, ignores(file.text), _malformed(file.text)
        file, comments, malformed = known[path]
        settled = _settled(finding, comments, file) if comments else finding
        result.append(_noted(settled, malformed) if malformed else settled)
    return result


def _noted(finding: Finding, malformed: Iterable[Comment]) -> Finding:
    """A finding that says where the comment that should silence it is."""
    beside = next((one for one in malformed if one.about.touch(finding)), None)
    if beside is None or finding.suppressed is not None:
        return finding
    span = Span(finding.span.path, beside.line, beside.column, beside.line, beside.column + 1)
    said = "the comment beside it does not count: it is written `# pipelaw: ignore[rule] reason`"
    # the first, for a report may leave out what comes late
    return replaced(finding, related=(Related(span, said), *finding.related))


def dated(finding: Finding) -> bool:
    """Whether a comment that silences a finding may say until when."""
    found = finding.suppressed
    if found is None or found.by != "inline":
        return False
    reason = found.reason.lower()
    return "until" in reason or "expires" in reason


def _settled(finding: Finding, comments: list[Ignore], file: File) -> Finding:
    around: tuple[int, int] | None = None
    for comment in comments:
        if finding.rule not in comment.rules:
            continue
        if not comment.lines.touch(finding):
            if not comment.written:
                continue
            around = around or _around(finding, file)
            if not around[0] <= comment.written <= around[1]:
                continue
        return replaced(finding, suppressed=Suppression("inline", comment.reason))
    return finding


def _around(finding: Finding, file: File) -> tuple[int, int]:
    """The lines in which zizmor's comments count for a finding, 1-based, both included."""
    lines, line = lines_of(file.text), finding.span.line
    if finding.rule in zizmor.OF_FILES:
        return 1, len(lines)
    for place in file.steps() if finding.step else ():
        first, last = _reach(place, lines)
        if first <= line <= last:
            return first, last
    key = _key_above(lines, line)
    return key, key


def _reach(place: Place, lines: Sequence[str]) -> tuple[int, int]:
    """The first and last line of a list's item, with its dash and the comments that follow it."""
    span = place.span()
    dash = span.line > 1 and _DASH.match(lines[span.line - 2])
    # of a block, this mark is where the next token begins
    after = place.source.position(place.last.end_mark.index)
    return span.line - bool(dash), max(span.end_line, after.line - 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _key_above(lines: Sequence[str], at: int) -> int:
    """The line of the key under which line `at` is, itself where there is none."""
    indent = _indent(lines[at - 1])
    for number in range(at - 1, 0, -1):
        line = lines[number - 1]
        if line.strip() and not _ALONE.match(line) and _indent(line) < indent:
            return number
    return at
