"""Reports as annotations: lines that a GitHub Actions runner shows beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.explain import gist, remedy
from pipelaw.report import summary
from pipelaw.report.safe import one_line, shorten, visible
from pipelaw.report.terminal import prose

if TYPE_CHECKING:
    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Related, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule

LIMIT = 10
"""How many annotations of each level the runner keeps of one step."""
LONGEST = 2000
"""Of a message, in characters; a reader of a diff has little room."""
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, _style: Style) -> str:
    """The worst open findings as workflow commands, within what a step may show."""
    rules = {rule.id: rule for rule in report.rules}
    lines: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for finding in summary.worst_first(report.open):
        command = _COMMANDS[summary.LEVELS[finding.severity]]
        lines[command].append(_finding(command, finding, rules.get(finding.rule)))
    lines["warning"] += map(_unreadable, report.coverage.unreadable)
    # the notice below says what is missing, and counts as one itself
    room = {"error": LIMIT, "warning": LIMIT, "notice": LIMIT - 1}
    shown = [line for command, found in lines.items() for line in found[: room[command]]]
    left = sum(map(len, lines.values())) - len(shown)
    if left:
        text = f"{summary.verdict(report)}; looked at {summary.coverage(report.coverage)}"
        more = f"{left:,} more {'is' if left == 1 else 'are'} not shown as annotations"
        shown.append(_command("notice", {"title": "pipelaw"}, f"{text}. {more}."))
    return "".join(f"{line}\n" for line in shown)


def _finding(command: str, finding: Finding, rule: Rule | None) -> str:
    span = finding.span
    properties = {"file": span.path, "line": str(span.line), "endLine": str(span.end_line)}
    if span.line == span.end_line:
        # the runner refuses columns of a place that has several lines
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    properties["title"] = f"{finding.severity.word}: {finding.title} [{finding.rule}]"
    lines = [one_line(finding.message)]
    lines += (_related(related) for related in finding.related)
    if rule is not None:
        lines.append(f"Why: {gist(rule.why)}")
        lines += prose(f"Fix: {remedy(rule, finding.platform)}", LONGEST)
    return _command(command, properties, "\n".join(lines))


def _related(related: Related) -> str:
    return one_line(f"{related.span.path}:{related.span.line}: {related.message}")


def _unreadable(problem: Problem) -> str:
    properties = {"file": problem.path, "line": str(problem.line), "col": str(problem.column)}
    properties["title"] = "could not be read"
    return _command("warning", properties, one_line(problem.message))


def _command(name: str, properties: dict[str, str], message: str) -> str:
    pairs = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {pairs}::{_data(shorten(message, LONGEST))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
