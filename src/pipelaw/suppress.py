"""Findings that somebody has decided about: marked with the decision, never dropped.

Besides our own comments, those of zizmor count for the rules that ask the same as its audits, so
that a repository can move over without a change to its files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.finding import Related, Suppression
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple, replaced
from pipelaw.source import Span, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.finding import Finding
    from pipelaw.ignores import Comment
    from pipelaw.place import Place
    from pipelaw.source import Source

_HINTS = ("ipelaw", "zizmor: ignore[")
_DASH = pattern(r"\s*-\s*(?:#|\Z)")


class File(NamedTuple):
    """A file that has findings."""

    source: Source
    steps: Callable[[], Iterable[Place]]
    """Gives the places of its steps."""
    scripts: Callable[[], Iterable[tuple[Place, str]]]
    """Gives the places of what runs as a script, and the shells or languages."""


def marked(findings: Iterable[Finding], file_of: Callable[[str], File]) -> list[Finding]:
    """The findings, those that a comment names marked as suppressed.

    Ours are on a line of the finding or above it. Zizmor's may be anywhere in what the finding
    spans, in its step, beside the key that it belongs to, or in the file where it is about that.
    What is open beside a comment that is not quite one says so. `file_of` gives the file at a path.
    """
    known: dict[str, tuple[File, list[Comment]]] = {}
    result = []
    for finding in findings:
        path = finding.span.path
        if path not in known:
            file = file_of(path)
            known[path] = file, _said(file)
        file, said = known[path]
        result.append(_settled(finding, said, file) if said else finding)
    return result


def _said(file: File) -> list[Comment]:
    """The comments of a file; most files have none, and need no module to find that out."""
    if not any(hint in file.source.text for hint in _HINTS):
        return []
    from pipelaw.ignores import comments  # noqa: PLC0415  see above

    return comments(file)


def _settled(finding: Finding, said: Iterable[Comment], file: File) -> Finding:
    """A finding as the comments of its file want it; one that they leave open says why."""
    around: tuple[int, int] | None = None
    wrong = None
    for comment in said:
        if comment.fault:
            wrong = wrong or (comment if _meant(comment, finding) else None)
            continue
        if finding.rule not in comment.rules:
            continue
        # above the dash of a step, zizmor's is about nothing
        apart = comment.foreign and finding.step and comment.line < finding.span.line
        if apart or not comment.about.touch(finding):
            if not comment.foreign:
                continue
            around = around or _around(finding, file)
            if not around[0] <= comment.line <= around[1]:
                continue
        return replaced(finding, suppressed=Suppression("inline", comment.reason))
    return _noted(finding, wrong) if wrong else finding


def _meant(comment: Comment, finding: Finding) -> bool:
    """Whether a comment of ours that does not count was to silence a finding."""
    named = not comment.rules or finding.rule in comment.rules
    return named and not comment.foreign and comment.about.touch(finding)


def _noted(finding: Finding, comment: Comment) -> Finding:
    """A finding that says where the comment that should silence it is."""
    line, column = comment.line, comment.column
    span = Span(finding.span.path, line, column, line, column + 1)
    said = f"the comment beside it does not count: {comment.fault}"
    # the first, for a report may leave out what comes late
    return replaced(finding, related=(Related(span, said), *finding.related))


def dated(finding: Finding) -> bool:
    """Whether a comment that silences a finding may say until when."""
    found = finding.suppressed
    if found is None or found.by != "inline":
        return False
    reason = found.reason.lower()
    return "until" in reason or "expires" in reason


def _around(finding: Finding, file: File) -> tuple[int, int]:
    """The lines in which zizmor's comments count for a finding, 1-based, both included."""
    from pipelaw import zizmor  # noqa: PLC0415  who asks has met a comment of zizmor's
    from pipelaw.ignores import line_of_key  # noqa: PLC0415  see above

    lines, line = lines_of(file.source.text), finding.span.line
    if finding.rule in zizmor.OF_FILES:
        return 1, len(lines)
    for place in file.steps() if finding.step else ():
        first, last = _reach(place, lines)
        if first <= line <= last:
            return first, last
    key = line_of_key(lines, line)
    return key, _last_sibling(lines, line) if finding.rule in zizmor.OF_BLOCKS else key


def _last_sibling(lines: Sequence[str], line: int) -> int:
    """The last line of the mapping that a line is in, both 1-based."""
    depth = _depth(lines[line - 1])
    while line < len(lines) and _depth(lines[line]) >= depth:
        line += 1
    return line


def _depth(line: str) -> float:
    """How far a line is indented; one that is empty belongs anywhere."""
    return len(line) - len(line.lstrip()) if line.strip() else float("inf")


def _reach(place: Place, lines: Sequence[str]) -> tuple[int, int]:
    """The first and last line of a list's item, with its dash and the comments that follow it."""
    span = place.span()
    dash = span.line > 1 and _DASH.match(lines[span.line - 2])
    # of a block, this mark is where the next token begins
    after = place.source.position(place.last.end_mark.index)
    return span.line - bool(dash), max(span.end_line, after.line - 1)
