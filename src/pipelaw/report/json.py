"""Reports for programs: a contract, described by `data/report.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.report import tool
from pipelaw.report.encode import dump
from pipelaw.report.summary import suppressed

if TYPE_CHECKING:
    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Report, Suppression, Usage
    from pipelaw.report import Style

VERSION = 1
"""The version of the contract: it changes when a key goes away or changes its meaning."""


def render(report: Report, _style: Style) -> str:
    """A report as JSON, one finding on each line; suppressed ones included."""
    counts = {severity.word: number for severity, number in report.counts().items()}
    seen = report.coverage
    value = {
        "version": VERSION,
        "tool": {"name": tool.NAME, "version": tool.VERSION},
        "summary": {**counts, "suppressed": suppressed(report)},
        "coverage": {
            "repositories": seen.repositories,
            "files": seen.files,
            "pipelines": seen.pipelines,
            "unreadable": [_problem(problem) for problem in seen.unreadable],
            "unresolved": [_problem(problem) for problem in seen.unresolved],
        },
        "paved_road": _road(report.usages),
        "findings": [_finding(finding) for finding in report.findings],
    }
    return dump(value, 2)


def _road(usages: tuple[Usage, ...]) -> dict[str, object] | None:
    """What is on the paved road; None where no policy declares one, or nothing is of its kinds."""
    if not usages:
        return None
    on = sum(usage.times for usage in usages if usage.paved)
    return {
        "on": on,
        "off": sum(usage.times for usage in usages) - on,
        "uses": [usage._asdict() for usage in usages],
    }


def _finding(finding: Finding) -> dict[str, object]:
    span = finding.span
    return {
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.word,
        "confidence": finding.confidence.word,
        "message": finding.message,
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "platform": finding.platform,
        "job": finding.job,
        "step": finding.step,
        "fingerprint": finding.fingerprint,
        "related": [
            {
                "path": related.span.path,
                "line": related.span.line,
                "column": related.span.column,
                "message": related.message,
            }
            for related in finding.related
        ],
        "suppressed": _suppressed(finding.suppressed),
    }


def _suppressed(suppression: Suppression | None) -> dict[str, str] | None:
    return {"by": suppression.by, "reason": suppression.reason} if suppression else None


def _problem(problem: Problem) -> dict[str, object]:
    return problem._asdict()
