"""What a scan says: findings, what it could not see, and both together."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from pipelaw.digests import named
from pipelaw.records import NamedTuple, replaced, value_class

if TYPE_CHECKING:
    from pipelaw.document import Problem
    from pipelaw.rules import Rule
    from pipelaw.source import Span


class Severity(IntEnum):
    """How much a finding matters; the higher the worse."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """As rules and reports write it: `critical`."""
        return self.name.lower()


FAIL_ON = "medium"
"""The severity from which on a scan fails, where nobody says otherwise."""


SEVERITIES = {int(level): level for level in Severity}
"""By number; looked up in a third of the time that `Severity(number)` takes."""


class Confidence(IntEnum):
    """How sure a rule is that its findings are true."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """As rules and reports write it: `high`."""
        return self.name.lower()


CONFIDENCES = {int(level): level for level in Confidence}
"""By number, as above."""


@value_class
class Related:
    """Another place that a finding is about, with a sentence that says why."""

    span: Span
    message: str


@value_class
class Suppression:
    """Why a finding does not count: who silenced it, and the reason given."""

    by: str
    """inline, waiver, policy, baseline or since."""
    reason: str = ""


@value_class
class Finding:
    """One thing that a rule objects to. Picklable and complete: reports need no file to print it."""

    rule: str
    """The rule's id."""
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    span: Span
    """`span.path` is relative to the scanned root, with forward slashes."""
    platform: str
    job: str
    """The job's id, "" where it concerns none."""
    step: str
    """What to call the step, "" where it concerns none."""
    fingerprint: str
    related: tuple[Related, ...] = ()
    excerpt: tuple[str, ...] = ()
    """The source lines from `span.line` to `span.end_line`, at most EXCERPT_LINES of them."""
    suppressed: Suppression | None = None
    identity: str = ""
    """As the fingerprint, but without the path, so that it outlives the file's name."""

    @property
    def silencer(self) -> str:
        """What suppresses it, one of the words of `Suppression.by`; "" for nothing."""
        return self.suppressed.by if self.suppressed is not None else ""

    @property
    def order(self) -> tuple[object, ...]:
        """The key that sorts findings as a reader meets them."""
        return (*self.span, self.rule, self.message)


EXCERPT_LINES = 12


def reopened(finding: Finding, why: str) -> Finding:
    """A finding that a comment silences, open again: the comment does not count."""
    note = Related(finding.span, f"the comment that ignores it does not count: {why}")
    return replaced(finding, suppressed=None, related=(*finding.related, note))


FINGERPRINT = "pipelaw/v1"
"""The name of the recipe below; it changes when the recipe does."""


def fingerprint(rule: str, path: str, *identity: str) -> str:
    """32 hex digits that name a finding without its line.

    Made of the rule, the repository-relative path, and the names that keep while the file is
    edited around it: job, step, subject. `Names` tells equal ones apart.
    """
    text = "\x1f".join((FINGERPRINT, rule, path, *identity))
    return named(text, 32)


def identity(rule: str, *names: str) -> str:
    """16 hex digits that name a finding without its line and its file.

    Made of the rule and the same names as the fingerprint, white space left out of them.
    """
    text = "\x1f".join((FINGERPRINT, rule, *("".join(name.split()) for name in names)))
    return named(text, 16)


class Names:
    """Gives the findings of one repository the paths of the report, and fingerprints of their own."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = f"{prefix}/" if prefix else ""
        self.seen: dict[str, int] = {}

    def shown(self, span: Span) -> Span:
        """A span with its path as the report shows it."""
        return span._replace(path=self.prefix + span.path) if self.prefix else span

    def fingerprint(self, rule: str, path: str, *identity: str) -> str:
        """A fingerprint with its occurrence index after a colon: equal ones are `…:1`, `…:2`."""
        value = fingerprint(rule, path, *identity)
        self.seen[value] = self.seen.get(value, 0) + 1
        return f"{value}:{self.seen[value]}"


@value_class
class Coverage:
    """What a scan looked at, and what it could not see."""

    repositories: int = 0
    files: int = 0
    """Files that were taken for pipelines."""
    pipelines: int = 0
    """Pipelines that were read from them."""
    unreadable: tuple[Problem, ...] = ()
    """Files, or parts of them, that could not be read; paths relative to the scanned root."""
    unresolved: tuple[Problem, ...] = ()
    """Code and configuration from elsewhere that was not looked into."""


class Usage(NamedTuple):
    """Code from elsewhere that pipelines use, of a kind that the policy's paved road speaks of."""

    kind: str
    """actions, workflows, includes, components or images."""
    name: str
    """Without a version."""
    paved: bool
    """It is on the road."""
    times: int


class Threshold(NamedTuple):
    """What one repository of a scan fails for."""

    findings: int
    """How many of the report's findings are its own."""
    fail_on: str
    """A severity, or never."""


@value_class
class Report:
    """Everything that a reporter may print."""

    findings: tuple[Finding, ...]
    """In source order, suppressed ones included."""
    coverage: Coverage
    rules: tuple[Rule, ...] = ()
    """The rules in force, by id."""
    root: str = ""
    """What was scanned, as the user named it; the current folder by its name."""
    usages: tuple[Usage, ...] = ()
    """What is on the paved road and what is not; empty where no policy declares one."""
    thresholds: tuple[Threshold, ...] = ()
    """What each repository fails for, in the order of their findings."""

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nothing suppresses."""
        return tuple(finding for finding in self.findings if finding.suppressed is None)

    def failing(self, fail_on: str = "") -> tuple[Finding, ...]:
        """The open findings that reach `fail_on`, or where that is "" their repository's threshold."""
        found: list[Finding] = []
        start = 0
        for size, word in self.thresholds or (Threshold(len(self.findings), FAIL_ON),):
            own, start = self.findings[start : start + size], start + size
            if (word := fail_on or word) != "never":
                least = Severity[word.upper()]
                found.extend(f for f in own if f.suppressed is None and f.severity >= least)
        return tuple(found)

    def counts(self) -> dict[Severity, int]:
        """How many open findings there are of each severity, worst first."""
        found = dict.fromkeys(sorted(Severity, reverse=True), 0)
        for finding in self.open:
            found[finding.severity] += 1
        return found
