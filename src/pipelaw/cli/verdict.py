"""Why a job passes or fails: what the repositories of a scan fail for, and which findings reach that."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelaw.finding import FAIL_ON
from pipelaw.report import summary

if TYPE_CHECKING:
    from pipelaw.finding import Report

NEVER = "never"


def limits(report: Report, fail_on: str) -> set[str]:
    """What the repositories of a report fail for: `fail_on`, or where that is "" their policies."""
    if fail_on:
        return {fail_on}
    return {threshold.fail_on for threshold in report.thresholds} or {FAIL_ON}


def reason(report: Report, fail_on: str, noun: str) -> str:
    """Why the job passes or fails, in a sentence; `noun` is what a finding is called in it."""
    total, words = len(report.open), limits(report, fail_on)
    every = summary.count(total, noun) if total else f"no {noun}s"
    unread = len(report.coverage.unreadable)
    unseen = f"{summary.count(unread, 'place')} could not be read" if unread else ""
    if words == {NEVER}:
        return "; ".join(filter(None, (every, unseen, "the job passes whatever is found")))
    limit = "that the policy of its repository fails for"
    if len(words) == 1:
        limit = f"of severity {next(iter(words))} or above"
    over = Counter(finding.severity for finding in report.failing(fail_on))
    if over:
        if over.total() > 1:
            limit = limit.replace("its repository", "their repositories")
        listed = ", ".join(f"{over[level]:,} {level.word}" for level in sorted(over, reverse=True))
        return f"{summary.count(over.total(), noun)} {limit}: {listed}"
    return "; ".join(filter(None, (f"{every}, none {limit}" if total else every, unseen)))
