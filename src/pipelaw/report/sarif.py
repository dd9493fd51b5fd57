"""Reports as SARIF 2.1.0, inside the limits of GitHub's code scanning."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pipelaw.explain import address, advice, gist
from pipelaw.finding import FINGERPRINT, Severity
from pipelaw.report import summary, tool
from pipelaw.report.encode import dump
from pipelaw.report.safe import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule
    from pipelaw.source import Span

    Json = dict[str, object]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
RESULTS = 25_000
"""More results in a run, and GitHub refuses the file."""
RELATED = 100
"""How many related places GitHub shows of one result."""
LINKED = 5
"""How many of them a message can name and still be read."""
TAGS = 10
LONGEST = 1024
"""Of a description or message, in characters."""
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(report: Report, _style: Style) -> str:
    """A report as one SARIF run, one result on each line; suppressed findings included."""
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, 4)


def _run(report: Report) -> Json:
    kept = report.findings
    if len(kept) > RESULTS:
        worst = {id(finding) for finding in summary.worst_first(kept)[:RESULTS]}
        kept = tuple(finding for finding in kept if id(finding) in worst)
    numbers = {rule.id: number for number, rule in enumerate(report.rules)}
    silenced = any(finding.suppressed for finding in kept)
    return {
        "tool": {"driver": _driver(report.rules)},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(report, len(kept))),
            }
        ],
        "originalUriBaseIds": {
            ROOT: {
                "description": {
                    "text": "The root of what was scanned; most often, of a repository."
                }
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, numbers, silenced) for finding in kept],
    }


def _driver(rules: tuple[Rule, ...]) -> Json:
    driver: Json = {"name": tool.NAME, "semanticVersion": tool.VERSION}
    driver["informationUri"] = tool.HOME
    driver["rules"] = [_rule(rule) for rule in rules]
    return driver


def _rule(rule: Rule) -> Json:
    help_text = advice(rule)
    worst = rule.severities[0]
    properties: Json = {
        "tags": _tags(rule),
        "precision": rule.confidence.word,
        "problem.severity": _PROBLEMS[summary.LEVELS[worst]],
    }
    if worst in _SCORES:
        properties["security-severity"] = _SCORES[worst]
    entry: Json = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": shorten(_sentence(rule.title), LONGEST)},
        "fullDescription": {"text": shorten(_sentence(gist(rule.why)), LONGEST)},
        "help": {"text": help_text, "markdown": help_text},
    }
    page = _page(rule)
    if page:
        entry["helpUri"] = page
    entry["defaultConfiguration"] = {"level": summary.LEVELS[worst]}
    entry["properties"] = properties
    return entry


def _page(rule: Rule) -> str:
    """The most particular of the pages that a rule refers to."""
    own = [reference for reference in rule.references if reference.startswith("https://")]
    return next(filter(None, map(address, [*own, *rule.references])), "")


def _tags(rule: Rule) -> list[str]:
    tags = ["security", rule.category]
    for reference in rule.references:
        if reference.startswith("CWE-"):
            tags.append(f"external/cwe/{reference.lower()}")
        elif reference.startswith("CICD-SEC-"):
            tags.append(reference)
    return list(dict.fromkeys(tags))[:TAGS]


def _result(finding: Finding, numbers: Mapping[str, int], silenced: bool) -> Json:
    result: Json = {"ruleId": finding.rule}
    if finding.rule in numbers:
        result["ruleIndex"] = numbers[finding.rule]
    result["level"] = summary.LEVELS[finding.severity]
    result["message"] = {"text": _message(finding)}
    result["locations"] = [{"physicalLocation": _physical(finding.span)}]
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(related.span),
                "message": {"text": _literal(related.message)},
            }
            for number, related in enumerate(finding.related[:RELATED], start=1)
        ]
    result["partialFingerprints"] = {FINGERPRINT: finding.fingerprint}
    if silenced:
        # the standard wants them for all results of a run or for none
        result["suppressions"] = list(_suppressions(finding))
    result["properties"] = {
        "severity": finding.severity.word,
        "confidence": finding.confidence.word,
        "platform": finding.platform,
        "job": finding.job,
        "step": finding.step,
    }
    return result


def _message(finding: Finding) -> str:
    text = _sentence(_literal(finding.message or finding.title))
    links = [
        f"[{_bracketed(one_line(related.message))}]({number})"
        for number, related in enumerate(finding.related[:LINKED], start=1)
    ]
    return f"{text} See: {', '.join(links)}." if links else text


def _literal(text: str) -> str:
    """Text in which nothing can be taken for a link."""
    line = shorten(one_line(text), LONGEST)
    return _bracketed(line) if "](" in line else line


def _bracketed(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _physical(span: Span) -> Json:
    return {
        "artifactLocation": _artifact(span.path),
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }


def _artifact(path: str) -> Json:
    return {"uri": quote(path or ".", safe="/", errors="replace"), "uriBaseId": ROOT}


def _suppressions(finding: Finding) -> Iterator[Json]:
    found = finding.suppressed
    if found is None:
        return
    suppression: Json = {
        "kind": "inSource" if found.by == "inline" else "external",
        "status": "accepted",
    }
    if found.reason:
        suppression["justification"] = shorten(one_line(found.reason), LONGEST)
    yield suppression


def _notifications(report: Report, kept: int) -> Iterator[Json]:
    left = len(report.findings) - kept
    if left:
        text = f"{summary.count(left, 'result')} left out: a file may hold {RESULTS:,}."
        yield _notification("left-out", "warning", text)
    for problem in report.coverage.unreadable:
        yield _notification("unreadable", "warning", problem.message, problem)
    for problem in report.coverage.unresolved:
        yield _notification("unresolved", "note", problem.message, problem)


def _notification(name: str, level: str, text: str, problem: Problem | None = None) -> Json:
    notification: Json = {
        "descriptor": {"id": name},
        "level": level,
        "message": {"text": _sentence(_literal(text))},
    }
    if problem is not None:
        region = {"startLine": problem.line, "startColumn": problem.column}
        physical = {"artifactLocation": _artifact(problem.path), "region": region}
        notification["locations"] = [{"physicalLocation": physical}]
    return notification
