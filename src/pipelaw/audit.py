"""Whether waivers, controls elsewhere and comments still suppress anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.ignores import comments
from pipelaw.policy import Origin
from pipelaw.records import NamedTuple
from pipelaw.rules import near
from pipelaw.waivers import comment_fault, covers, fault, last_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipelaw.finding import Finding
    from pipelaw.ignores import Comment
    from pipelaw.policy import Policy, Waiver
    from pipelaw.suppress import File

SOON = 30
"""Days before its end in which a waiver, control or comment is called expiring."""
BROAD = 10
"""One that hides more findings than this is called broad."""
_AGAIN = "mend the finding, or decide again"


class Remark(NamedTuple):
    """What an audit has to say of a waiver, a control or a comment."""

    kind: str
    """unused, expired, faulty, expiring or broad."""
    origin: Origin
    subject: str
    """`the waiver for RULE`, `the control CATEGORY`, or `the comment for RULE, RULE`."""
    message: str


def of_waivers(policy: Policy, findings: Sequence[Finding], prefix: str = "") -> Iterator[Remark]:
    """What is wrong with the waivers of a policy, seen against the findings of one repository.

    `prefix` is the path of the repository as reports show it.
    """
    start = f"{prefix}/" if prefix else ""
    for waiver in policy.waivers:
        used = sum(covers(waiver, found, found.span.path.removeprefix(start)) for found in findings)
        for kind, message in _of_waiver(waiver, policy, used):
            yield Remark(kind, waiver.origin, f"the waiver for {waiver.rule}", message)


def of_controls(policy: Policy) -> Iterator[Remark]:
    """Which of the controls that work outside the pipelines have run out, or will soon."""
    for control in policy.controls:
        last = control.until
        over = last is not None and last < policy.today
        wrong = f"it expired on {last}" if over else ""
        for kind, message in _ended(wrong, last, policy, "name a later day, or remove it"):
            yield Remark(kind, control.origin, f"the control {control.category}", message)


def _of_waiver(waiver: Waiver, policy: Policy, used: int) -> Iterator[tuple[str, str]]:
    yield from _ended(fault(waiver, policy), waiver.expires, policy)
    yield from _used(used, "name the files, jobs or fingerprints")
    if 0 < used <= BROAD and not waiver.fingerprint and not waiver.path.replace("*", "").strip("/"):
        yield "broad", f"`{waiver.path}` covers every file: name those that it is about"


def _ended(
    wrong: str, last: dt.date | None, policy: Policy, remedy: str = _AGAIN
) -> Iterator[tuple[str, str]]:
    """What there is to say of the last day."""
    if wrong:
        yield ("expired" if wrong.startswith("it expired") else "faulty"), wrong
    elif last is not None and (last - policy.today).days <= SOON:
        yield "expiring", f"it ends on {last}: {remedy}"


def _used(used: int, remedy: str) -> Iterator[tuple[str, str]]:
    """What there is to say of the number of findings that are covered."""
    if not used:
        yield "unused", "it covers no finding: remove it"
    elif used > BROAD:
        yield "broad", f"it covers {used} findings: {remedy}"


def of_comments(
    policy: Policy,
    findings: Sequence[Finding],
    files: Mapping[str, File],
    rules: Collection[str],
) -> Iterator[Remark]:
    """What is wrong with the comments of pipelines that silence findings, zizmor's left out.

    `files` are the pipelines by the paths that the findings have; `rules` are the ids that there are.
    """
    for path, file in sorted(files.items()):
        here = [found for found in findings if found.span.path == path]
        for comment in comments(file):
            if comment.foreign:
                continue
            names = sorted(comment.rules)
            subject = f"the comment for {', '.join(names)}" if names else "the comment"
            for kind, message in _of_comment(comment, policy, here, rules):
                yield Remark(kind, Origin(path, comment.line, comment.column), subject, message)


def _of_comment(
    comment: Comment, policy: Policy, findings: Sequence[Finding], rules: Collection[str]
) -> Iterator[tuple[str, str]]:
    if comment.fault:
        yield "faulty", f"it silences nothing: {comment.fault}"
        return
    names = sorted(comment.rules)
    for name in names:
        if name not in rules:
            yield "faulty", f"there is no rule `{name}`{near(name, rules)}"
    faults = dict.fromkeys(comment_fault(name, comment.reason, policy) for name in names)
    for wrong in [wrong for wrong in faults if wrong] or [""]:
        yield from _ended(wrong, last_day(comment.reason), policy)
    covered = [found.rule for found in findings if comment.covers(found)]
    yield from _used(len(covered), "put each at its own line")
    for name in names:
        if covered and name in rules and name not in covered:
            yield "unused", f"it covers no finding of {name}: remove that name"
