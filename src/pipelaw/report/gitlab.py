"""Reports for GitLab's code quality widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.digests import named
from pipelaw.finding import Severity
from pipelaw.report.encode import dump
from pipelaw.report.safe import one_line, shorten

if TYPE_CHECKING:
    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Report
    from pipelaw.report import Style

    Json = dict[str, object]

SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}
"""Five words each: the order is the same, so no two of ours become one of theirs."""
UNREADABLE = "unreadable"
"""The name that a file which could not be read has among the rules."""
LONGEST = 1000
"""Of a description, in characters; the widget shows it on one line."""


def render(report: Report, _style: Style) -> str:
    """The open findings, and what could not be read, as a list of code quality issues.

    The format has no word for a suppression: what is suppressed is left out.
    """
    problems = dict.fromkeys(report.coverage.unreadable)
    return dump([*map(_finding, report.open), *map(_problem, problems)], 1)


def _finding(finding: Finding) -> Json:
    text = one_line(finding.message or finding.title)
    severity = SEVERITIES[finding.severity]
    return _issue(
        finding.rule, text, severity, finding.span.path, finding.span.line, finding.fingerprint
    )


def _problem(problem: Problem) -> Json:
    text = f"could not be read: {one_line(problem.message)}"
    identity = "\x1f".join((UNREADABLE, problem.path, str(problem.line), problem.message))
    name = named(identity, 32)
    severity = SEVERITIES[Severity.MEDIUM]
    return _issue(UNREADABLE, text, severity, problem.path, problem.line, name)


def _issue(rule: str, text: str, severity: str, path: str, line: int, fingerprint: str) -> Json:
    return {
        "description": shorten(text, LONGEST),
        "check_name": rule,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": max(line, 1)}},
    }
