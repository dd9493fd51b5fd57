"""What every report says in the same words: order, levels, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.finding import Severity
from pipelaw.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.finding import Coverage, Finding, Report

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
"""How loud a program should be about a severity, in SARIF's words."""

KNOWN = frozenset({"since", "baseline"})
"""What suppresses findings that were there before, and that nobody excused."""


FEW = 5
"""How many names a line can hold and still be read."""


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, then confidence, then place; suppressed ones last."""
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[object, ...]:
    silenced = finding.suppressed is not None
    return (silenced, -finding.severity, -finding.confidence, finding.order)


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`, `2 repositories`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def suppressed(report: Report) -> int:
    """How many findings are suppressed."""
    return len(report.findings) - len(report.open)


def known(report: Report) -> int:
    """How many findings were there before."""
    return sum(finding.silencer in KNOWN for finding in report.findings)


def decision(finding: Finding) -> str:
    """Who silenced a suppressed finding, and the reason: `inline: only members can start it`."""
    found = finding.suppressed
    return one_line(f"{found.by}: {found.reason}").rstrip(": ") if found else ""


def verdict(report: Report) -> str:
    """`3 findings: 1 critical, 2 low; 4 known findings not shown; 1 suppressed`."""
    counts = [
        f"{number:,} {severity.word}" for severity, number in report.counts().items() if number
    ]
    text = f"{count(len(report.open), 'finding')}: {', '.join(counts)}" if counts else "no findings"
    before = known(report)
    if before:
        text += f"; {count(before, 'known finding')} not shown"
    silenced = suppressed(report) - before
    return f"{text}; {silenced:,} suppressed" if silenced else text


def road(report: Report) -> str:
    """`3 of 5 uses are on the paved road; not: actions a/b, images c`; "" where there is no road."""
    if not report.usages:
        return ""
    total = sum(usage.times for usage in report.usages)
    paved = sum(usage.times for usage in report.usages if usage.paved)
    off = [f"{usage.kind} {usage.name}" for usage in report.usages if not usage.paved]
    text = f"{paved:,} of {count(total, 'use')} on the paved road"
    left = f", and {len(off) - FEW:,} more" if len(off) > FEW else ""
    return f"{text}; not: {', '.join(off[:FEW])}{left}" if off else text


def coverage(seen: Coverage) -> str:
    """`1 repository, 2 files, 2 pipelines; 1 could not be read; 3 not resolved`."""
    text = ", ".join(
        (
            count(seen.repositories, "repository"),
            count(seen.files, "file"),
            count(seen.pipelines, "pipeline"),
        )
    )
    if seen.unreadable:
        text += f"; {len(seen.unreadable):,} could not be read"
    if seen.unresolved:
        text += f"; {len(seen.unresolved):,} not resolved"
    return text
