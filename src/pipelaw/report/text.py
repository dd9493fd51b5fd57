"""Reports for a person at a terminal, in the manner of a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.explain import gist, remedy
from pipelaw.finding import Severity
from pipelaw.report import summary
from pipelaw.report.excerpt import GUTTER, Excerpt
from pipelaw.report.safe import inert, located, one_line, visible
from pipelaw.report.terminal import Paint, cells, prose, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.finding import Coverage, Finding, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule

COLORS = {
    Severity.CRITICAL: "1;35",
    Severity.HIGH: "1;31",
    Severity.MEDIUM: "1;33",
    Severity.LOW: "1;36",
    Severity.INFO: "1;34",
}
STRONG = "1"
GOOD = "1;32"
NARROW = 40
"""Below this many columns, long lines do less harm than wrapping."""
FEW = 5
"""How many unresolved things, and related places, are worth a line."""
FILES = 20
"""In how many files further findings that say the same are pointed at."""
LINES = 50
"""How many lines of each."""


def render(report: Report, style: Style) -> str:
    """A report for a terminal: the open findings in source order, then what was not seen, and counts.

    Of findings that say the same, the first is shown, and the places of the others with it; of severity
    info, the first of each rule: they are many, and would bury the rest.
    """
    writer = _Writer(report, max(style.width, NARROW), Paint(color=style.color))
    return inert("\n".join(writer.lines()) + "\n")


class _Writer:
    """Writes one report, and remembers what it has said already."""

    def __init__(self, report: Report, width: int, paint: Paint) -> None:
        self.report = report
        self.width = width
        self.paint = paint
        self.rules = {rule.id: rule for rule in report.rules}
        self.told: set[tuple[str, str]] = set()

    def lines(self) -> Iterator[str]:
        """The whole report."""
        groups: dict[object, list[Finding]] = {}
        for finding in self.report.open:
            groups.setdefault(_said(finding), []).append(finding)
        for finding, *alike in groups.values():
            yield from self.finding(finding, alike)
            yield ""
        yield from self.unseen(self.report.coverage)
        yield from self.closing()

    def finding(self, finding: Finding, alike: list[Finding]) -> Iterator[str]:
        """One finding; its rule's why and fix where they are new; where there are others like it."""
        color, paint = COLORS[finding.severity], self.paint
        label = f"{finding.severity.word}[{finding.rule}]"
        first, *rest = wrap(f"{label}: {one_line(finding.message)}", self.width - 2)
        yield f"{paint(label, color)}{paint(first[len(label) :], STRONG)}"
        for line in rest:
            yield f"  {paint(line, STRONG)}"
        shown = Excerpt(finding, self.width, paint, color)
        if finding.span.path:
            yield f"{shown.pad}{paint('-->', GUTTER)} {located(finding.span)}"
        yield from shown.lines()
        notes = [
            *self.related(finding, shown.pad),
            *self.advice(finding, shown.pad),
            *self.elsewhere(alike, shown.pad),
        ]
        if notes:
            yield shown.bar
        yield from notes

    def related(self, finding: Finding, pad: str) -> Iterator[str]:
        """The other places that a finding is about."""
        for related in finding.related[:FEW]:
            text = wrap(one_line(related.message), self.width - len(pad) - 9)
            yield from self.note(pad, "note", STRONG, text)
            yield f"{pad}   {self.paint('-->', GUTTER)} {located(related.span)}"
        left = len(finding.related) - FEW
        if left > 0:
            yield from self.note(pad, "note", STRONG, [f"and {summary.count(left, 'more place')}"])

    def advice(self, finding: Finding, pad: str) -> Iterator[str]:
        """Why the rule matters, and the fix for the finding's platform, unless said before."""
        rule: Rule | None = self.rules.get(finding.rule)
        if rule is None:
            return
        room = self.width - len(pad) - 8
        for label, color, text in (
            ("why", STRONG, gist(rule.why)),
            ("fix", GOOD, remedy(rule, finding.platform)),
        ):
            if text and (rule.id, text) not in self.told:
                self.told.add((rule.id, text))
                yield from self.note(pad, label, color, list(prose(text, room)))

    def elsewhere(self, alike: list[Finding], pad: str) -> Iterator[str]:
        """The places of other findings that say the same: a file in each line, with the lines in it."""
        if not alike:
            return
        files: dict[str, list[str]] = {}
        for finding in alike:
            files.setdefault(visible(finding.span.path), []).append(str(finding.span.line))
        yield from self.note(pad, "also", STRONG, [f"{summary.count(len(alike), 'more place')}"])
        hang = " " * (len(pad) + 7)
        for path in list(files)[:FILES]:
            lines = list(dict.fromkeys(files[path]))
            more = f", and {len(lines) - LINES:,} more" if len(lines) > LINES else ""
            listed = f":{', '.join(lines[:LINES])}{more}"
            first, *rest = _headed(path, listed, self.width - len(hang))
            yield f"{pad}   {self.paint('-->', GUTTER)} {first}"
            for line in rest:
                yield f"{hang}{line}"
        left = sum(len(lines) for lines in list(files.values())[FILES:])
        if left:
            yield f"{pad}   and {left:,} more (--format json lists them)"

    def note(self, pad: str, label: str, color: str, lines: list[str]) -> Iterator[str]:
        """A labelled text below a finding."""
        yield f"{pad} {self.paint('=', GUTTER)} {self.paint(label, color)}: {lines[0]}"
        hang = " " * (len(pad) + len(label) + 5)
        for line in lines[1:]:
            yield f"{hang}{line}".rstrip()

    def unseen(self, seen: Coverage) -> Iterator[str]:
        """What could not be read, and the first few of what was not resolved."""
        if seen.unreadable:
            yield self.paint("could not be read", COLORS[Severity.HIGH]) + ":"
            for problem in seen.unreadable:
                yield from self.problem(problem)
            yield ""
        if seen.unresolved:
            yield self.paint("not resolved", COLORS[Severity.MEDIUM]) + ":"
            for problem in seen.unresolved[:FEW]:
                yield from self.problem(problem)
            left = len(seen.unresolved) - FEW
            if left > 0:
                yield f"  and {left:,} more (--format json lists them)"
            yield ""

    def problem(self, problem: Problem) -> Iterator[str]:
        """A place, and what is the matter with it: beside it, or below where that is too long."""
        message = f": {one_line(problem.message)}"
        first, *rest = _headed(located(problem), message, self.width - 4)
        yield f"  {first}"
        for line in rest:
            yield f"    {line}"

    def closing(self) -> Iterator[str]:
        """What was found, and in how much."""
        seen = self.report.coverage
        worst = max((finding.severity for finding in self.report.open), default=None)
        color = COLORS[worst] if worst else GOOD if seen.pipelines else COLORS[Severity.MEDIUM]
        yield self.paint(summary.verdict(self.report), color)
        first, *rest = wrap(f"looked at {summary.coverage(seen)}", self.width - 2)
        yield first
        for line in rest:
            yield f"  {line}"
        road = summary.road(self.report)
        if road:
            first, *rest = wrap(one_line(road), self.width - 2)
            yield first
            for line in rest:
                yield f"  {line}"
        if self.told:
            yield "`pipelaw explain RULE` says more about a rule, with examples"


def _headed(path: str, text: str, width: int) -> list[str]:
    """A text wrapped after a path, which may have blanks, where no line may end."""
    size = cells(path)
    first, *rest = wrap(f"{'x' * size}{text}", width)
    return [f"{path}{first[size:]}", *rest]


def _said(finding: Finding) -> object:
    """What a finding says: where another says it, too, its place is enough."""
    if not finding.span.path:
        return object()  # whose place is not enough
    kind = finding.rule, finding.platform, finding.severity
    if finding.severity is Severity.INFO:
        return kind
    return *kind, finding.message, *(related.message for related in finding.related)
