"""A policy laid on findings: severities, waivers, comments that have run out. Nothing is dropped."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pipelaw.finding import Related, Severity, Suppression, reopened
from pipelaw.policy import matches
from pipelaw.records import replaced
from pipelaw.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.finding import Finding
    from pipelaw.policy import Elsewhere, Origin, Policy, Waiver

_LAST = re.compile(
    r"(?P<open>[(\[]\s*)?\b(?:until|expires(?:\s+on)?)\b\s*[:=]?\s*(?=(?P<said>[^()\[\]]{0,60}[)\]]?))",
    re.IGNORECASE,
)
"""What says how long a comment counts."""
_DAY = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})(?!\w|[-./]\d)")
_DATED = re.compile(r"\d{4}[-/]\d[-/\d]*|\d{4}\.\d{1,2}\.\d{1,2}|\d{1,2}([-./])\d{1,2}\1\d{4}")
"""What is meant for a day."""


def settled(findings: Iterable[Finding], policy: Policy, prefix: str = "") -> list[Finding]:
    """The findings as a policy wants them, those that comments silence marked already.

    `prefix` is the path of their repository as reports show it. What the policy switches off or
    waives is marked as suppressed; what a waiver no longer covers says so.
    """
    start = f"{prefix}/" if prefix else ""
    return [_settled(finding, policy, start) for finding in findings]


def _settled(finding: Finding, policy: Policy, start: str) -> Finding:
    path = finding.span.path.removeprefix(start)
    finding = _levelled(finding, policy, path)
    if finding.silencer == "inline":
        finding = _commented(finding, policy)
    if finding.suppressed is not None:
        return finding
    for control in policy.controls:
        if finding.rule == f"missing-{control.category}":
            finding = _elsewhere(finding, control, policy.today)
    for waiver in policy.waivers:
        if finding.suppressed is None and covers(waiver, finding, path):
            finding = _waived(finding, waiver, policy)
    return finding


def _levelled(finding: Finding, policy: Policy, path: str) -> Finding:
    """A finding with the severity that the policy gives its rule there."""
    level = policy.level(finding.rule, path)
    if level is None or level.word == "on":
        return finding
    if level.word == "off":
        where = f" for `{level.path}`" if level.path else ""
        return replaced(finding, suppressed=Suppression("policy", f"off{where} ({level.origin})"))
    return replaced(finding, severity=Severity[level.word.upper()])


def _commented(finding: Finding, policy: Policy) -> Finding:
    """A finding that a comment silences, back where the comment does not count."""
    reason = finding.suppressed.reason if finding.suppressed else ""
    fault = comment_fault(finding.rule, reason, policy)
    return reopened(finding, fault) if fault else finding


def comment_fault(rule: str, reason: str, policy: Policy) -> str:
    """Why a comment does not count, "" where it does."""
    lock = policy.locked(rule)
    if lock is not None:
        return f"`{lock.value}` is locked by {lock.origin}"
    if policy.inline.value == "refused":
        return f"{policy.inline.origin} refuses such comments"
    days, odd = _days(reason)
    if odd:
        return f"`{odd[0]}` is no day, as in (until 2027-01-31)"
    if not days:
        wanted = "it has no date, as in (until 2027-01-31)"
        return wanted if policy.inline.value == "dated" else ""
    return _range_fault(min(days), policy)


def last_day(reason: str) -> dt.date | None:
    """The day until which a comment counts, None where its reason names none."""
    return min(_days(reason)[0], default=None)


def _days(reason: str) -> tuple[list[dt.date], list[str]]:
    """The days until which a comment counts, and what stands where such a day should be."""
    days, odd = [], []
    for found in _LAST.finditer(reason):
        said = _DAY.match(found["said"])
        with suppress(ValueError):
            if said:
                days.append(dt.date.fromisoformat(said["day"]))
                continue
        # without brackets, and without anything like a day, it is a sentence
        meant = _DATED.match(found["said"])
        if found["open"]:
            odd.append(reason[found.start() : found.end("said")])
        elif meant:
            odd.append(f"{found[0]}{meant[0]}")
    return days, odd


def _range_fault(day: dt.date, policy: Policy) -> str:
    """What is wrong with the last day of a waiver or comment."""
    if day < policy.today:
        return f"it expired on {day}"
    days = policy.waiver_horizon.value
    if (day - policy.today).days > days:
        return f"{day} is more than {days} days away ({policy.waiver_horizon.origin})"
    return ""


def _elsewhere(finding: Finding, control: Elsewhere, today: dt.date) -> Finding:
    """A finding about a missing control, settled where the control works outside the pipelines."""
    if finding.suppressed is not None:
        return finding
    if control.until is not None and control.until < today:
        text = f"`{control.by}` counted as {control.category} until {control.until}"
        return _noted(finding, control.origin, text)
    reason = f"{control.category} is done by {control.by} ({control.origin})"
    return replaced(finding, suppressed=Suppression("policy", reason))


def covers(waiver: Waiver, finding: Finding, path: str) -> bool:
    """Whether a waiver is about a finding, at a path of its repository."""
    if waiver.rule != finding.rule:
        return False
    if waiver.fingerprint:
        return waiver.fingerprint == finding.fingerprint
    if waiver.job and not matches(waiver.job, finding.job):
        return False
    return matches(waiver.path, path)


def fault(waiver: Waiver, policy: Policy) -> str:
    """Why a waiver does not count, "" where it does."""
    if waiver.fault or waiver.expires is None:
        return waiver.fault
    return _range_fault(waiver.expires, policy)


def _waived(finding: Finding, waiver: Waiver, policy: Policy) -> Finding:
    wrong = fault(waiver, policy)
    if wrong:
        return _noted(finding, waiver.origin, f"the waiver for it does not count: {wrong}")
    said = [f"{waiver.reason} (owner {waiver.owner}"]
    if waiver.approved_by:
        said.append(f"approved by {waiver.approved_by}")
    if waiver.ticket:
        said.append(waiver.ticket)
    reason = f"{', '.join(said)}, until {waiver.expires})"
    return replaced(finding, suppressed=Suppression("waiver", reason))


def _noted(finding: Finding, origin: Origin, text: str) -> Finding:
    """A finding with one more related place."""
    span = Span(origin.path, origin.line, origin.column, origin.line, origin.column)
    return replaced(finding, related=(*finding.related, Related(span, text)))
