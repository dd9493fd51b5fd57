"""Reports for GitLab's security pages: its report of static analysis, schema 15.2."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelaw.explain import address, remedy
from pipelaw.report import summary, tool
from pipelaw.report.encode import dump
from pipelaw.report.safe import located, one_line, shorten, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Related, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule

    Json = dict[str, object]

VERSION = "15.2.1"
"""Of the schema."""
NAME_LIMIT = 255
SOLUTION_LIMIT = 7000
LONGEST = 1000
"""Of a message, in characters."""
RELATED = 20
"""How many related places are reported with one finding."""


def render(report: Report, style: Style) -> str:
    """The open findings as vulnerabilities; what is suppressed or was not seen as messages of the scan.

    The format has no word for a suppression: whatever is a vulnerability in it counts.
    """
    rules = {rule.id: rule for rule in report.rules}
    return dump(
        {
            "version": VERSION,
            "scan": _scan(report, style.times),
            "vulnerabilities": [
                _vulnerability(finding, rules.get(finding.rule)) for finding in report.open
            ],
        },
        2,
    )


def _scan(report: Report, times: tuple[float, float]) -> Json:
    itself = {
        "id": tool.NAME,
        "name": tool.NAME,
        "url": tool.HOME,
        "vendor": {"name": tool.NAME},
        "version": tool.VERSION,
    }
    begun, ended = (
        datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S") for time in times
    )
    return {
        "analyzer": itself,
        "scanner": itself,
        "type": "sast",
        "start_time": begun,
        "end_time": ended,
        # `failure` makes GitLab take nothing from the report; what was not seen is in the messages
        "status": "success",
        "messages": [
            *(_message("warn", "could not be read", it) for it in report.coverage.unreadable),
            *(_message("info", "not resolved", it) for it in report.coverage.unresolved),
            *(_suppressed(it) for it in report.findings if it.suppressed is not None),
        ],
        "primary_identifiers": [_own(rule.id) for rule in report.rules],
    }


def _message(level: str, what: str, problem: Problem) -> Json:
    text = shorten(one_line(problem.message), LONGEST)
    return {"level": level, "value": f"{located(problem)}: {what}: {text}"}


def _suppressed(finding: Finding) -> Json:
    """What a suppressed finding says, by whom it is suppressed, and why."""
    why = shorten(summary.decision(finding), LONGEST)
    text = shorten(one_line(finding.message or finding.title), LONGEST)
    where = located(finding.span)
    return {"level": "info", "value": f"{where}: suppressed: {finding.rule}: {text} ({why})"}


def _vulnerability(finding: Finding, rule: Rule | None) -> Json:
    span = finding.span
    solution = remedy(rule, finding.platform) if rule else ""
    vulnerability: Json = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tool.HOME}/{finding.fingerprint}")),
        "name": shorten(one_line(finding.title), NAME_LIMIT),
        "description": _description(finding, rule),
        "severity": finding.severity.word.capitalize(),
    }
    if solution:
        vulnerability["solution"] = shorten(solution.strip(), SOLUTION_LIMIT)
    return vulnerability | {
        "identifiers": [_own(finding.rule), *_identifiers(rule)],
        "links": [{"url": url} for url in _pages(rule)],
        "location": {"file": span.path, "start_line": span.line, "end_line": span.end_line},
        "tracking": {
            "type": "source",
            "items": [
                {
                    "file": span.path,
                    "start_line": span.line,
                    "end_line": span.end_line,
                    # kept while lines move: without one, GitLab tells findings apart by their lines
                    "signatures": [{"algorithm": "hash", "value": finding.fingerprint}],
                }
            ],
        },
        "details": _details(finding),
    }


def _description(finding: Finding, rule: Rule | None) -> str:
    text = shorten(one_line(finding.message or finding.title), LONGEST)
    text = f"{_literal(text)}."
    return f"{text}\n\n{rule.why.strip()}" if rule else text


def _literal(text: str) -> str:
    """A message in which GitLab finds no reference to people, issues or pictures."""
    for mark in ("\\", "[", "]", "<", "@", "!", "#", "~", "*", "_"):
        text = text if mark not in text else _outside_code(text, mark)
    return text


def _outside_code(text: str, mark: str) -> str:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return text.replace(mark, f"\\{mark}")
    return "`".join(
        piece if number % 2 else piece.replace(mark, f"\\{mark}")
        for number, piece in enumerate(pieces)
    )


def _own(rule: str) -> Json:
    return {"type": "pipelaw_rule_id", "name": f"pipelaw rule {rule}", "value": rule}


def _identifiers(rule: Rule | None) -> Iterator[Json]:
    for reference in rule.references if rule else ():
        if reference.startswith("CWE-"):
            number = reference.removeprefix("CWE-")
            yield {"type": "cwe", "name": reference, "value": number, "url": address(reference)}
        elif reference.startswith("CICD-SEC-"):
            yield {"type": "owasp", "name": reference, "value": reference}


def _pages(rule: Rule | None) -> Iterator[str]:
    for reference in rule.references if rule else ():
        if reference.startswith("https://"):
            yield reference


def _details(finding: Finding) -> Json:
    rows = {
        "confidence": ("Confidence", finding.confidence.word),
        "job": ("Job", finding.job),
        "step": ("Step", finding.step),
    }
    details: Json = {
        key: {"name": name, "type": "text", "value": one_line(value)}
        for key, (name, value) in rows.items()
        if value
    }
    if finding.related:
        items = [_place(related) for related in finding.related[:RELATED]]
        details["related"] = {"name": "Related places", "type": "list", "items": items}
    return details


def _place(related: Related) -> Json:
    span = related.span
    where = f"{visible(span.path)}:{span.line}"
    return {"type": "text", "value": f"{where}: {shorten(one_line(related.message), LONGEST)}"}
