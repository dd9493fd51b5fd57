"""Which findings were there before: matched by what they are about, not by where they are.

Findings are matched one to one, so a second copy of a known mistake is new. The same mistake is
also new where it has become worse, or where the earlier one was suppressed and this one is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pipelaw.digests import named
from pipelaw.finding import Severity, Suppression
from pipelaw.records import NamedTuple, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.finding import Finding
    from pipelaw.rules import Rule

    Key = Callable[["Known"], object]
    Move = Callable[[str, str], bool]
    """Whether what was at one path is at another one now."""

WIDE = frozenset({"repository", "control"})
"""The kinds of which a finding is about the whole repository; in which file it is shown, is chance."""


WORDS = 16
"""How many hex digits stand for what a finding says."""


class Known(NamedTuple):
    """What is kept of an earlier finding."""

    rule: str
    path: str
    fingerprint: str
    """Without the number that tells equal ones apart."""
    identity: str
    severity: Severity = Severity.CRITICAL
    """The worst that it covers."""
    job: str = ""
    words: str = ""
    """What stands for the message and the lines that it was about, white space and its job's name aside."""
    silenced: str = ""
    """What suppressed it: inline, policy or waiver; "" for nothing."""

    def covers(self, found: Finding, *, renamed: bool) -> bool:
        """Whether a finding is no worse than this; `renamed` where its file has another name now."""
        by = found.silencer
        if by not in ("", "inline"):
            return True
        if found.severity > self.severity:
            return False
        # what was decided about a path stays decided where the path alone is another
        return bool(by) or not self.silenced or (self.silenced != "inline" and renamed)


def known(finding: Finding) -> Known:
    """What is to be kept of a finding."""
    return Known(
        finding.rule,
        finding.span.path,
        finding.fingerprint.partition(":")[0],
        finding.identity,
        finding.severity,
        finding.job,
        named(_said(finding), WORDS),
        finding.silencer,
    )


def _said(finding: Finding) -> str:
    """The message and the lines of a finding without white space, nor the name of its job.

    That goes where it names the job, not from a command or an image that happens to be called so.
    """
    message, excerpt = finding.message, finding.excerpt
    if job := finding.job:
        excerpt = tuple(_nameless(line, job) if job in line else line for line in excerpt)
        if excerpt != finding.excerpt:
            message = message.replace(f"`{job}`", "")
    return "".join("".join((message, *excerpt)).split())


def _nameless(line: str, job: str) -> str:
    """A line without the name of a job: as a key, or as the value of `name`."""
    start, _, rest = line.partition(job)
    before, after = start.strip(" -{'\""), rest.lstrip(" '\"")
    if (not before and after.startswith(":")) or (before == "name:" and not after):
        return before + after
    return line


class Moves(NamedTuple):
    """What is known of the ways of code from one path to another."""

    moved: Move
    """Whether what was in one file may be in another one now."""
    renamed: Move
    """Whether the one file has the other's name."""
    carried: Move
    """Whether the very words of one file may be in another one now."""


class Matched(NamedTuple):
    """How findings and what was known before go together."""

    old: frozenset[int]
    """The positions of the findings that were known."""
    stale: tuple[Known, ...]
    """What was known and matches nothing any more."""


def match(
    findings: Sequence[Finding],
    before: Iterable[Known],
    rules: Iterable[Rule],
    moves: Moves,
) -> Matched:
    """Match findings with earlier ones, the surest way first."""
    wide = frozenset(rule.id for rule in rules if rule.kind in WIDE)
    matching = _Matching(findings, list(before), moves.renamed)
    # of several repositories with the same file, each its own
    matching.by(lambda one: (one.fingerprint, one.path, one.words))
    matching.by(lambda one: (one.fingerprint, one.path))
    matching.by(lambda one: one.fingerprint)
    matching.by(lambda one: one.identity if one.rule in wide else None)
    # a step that got another name, or a job: the same words in the same file
    matching.by(lambda one: (one.rule, one.path, one.job, one.words))
    matching.by(lambda one: (one.rule, one.path, one.words))
    matching.by(lambda one: (one.identity, one.words), moves.moved)
    matching.by(lambda one: one.identity, moves.moved)
    # a file and a job that both got another name
    matching.by(lambda one: (one.rule, one.words), moves.carried)
    return Matched(frozenset(matching.old), tuple(matching.before.values()))


class _Matching:
    """What is not matched yet."""

    def __init__(self, findings: Sequence[Finding], before: list[Known], renamed: Move) -> None:
        self.old: set[int] = set()
        self.renamed = renamed
        self.before = dict(enumerate(before))
        self.findings = findings
        self.left = {number: known(finding) for number, finding in enumerate(findings)}

    def by(self, key: Key, moved: Move | None = None) -> None:
        """Match what has the same key; with `moved` also across files."""
        groups: dict[object, list[int]] = defaultdict(list)
        for number, one in self.before.items() if self.left else ():
            groups[key(one)].append(number)
        groups.pop(None, None)
        for number, one in list(self.left.items()):
            group = groups.get(key(one), [])
            for earlier in group:
                there = self.before[earlier]
                renamed = there.path != one.path and self.renamed(there.path, one.path)
                if not there.covers(self.findings[number], renamed=renamed):
                    continue
                if moved is None or moved(there.path, one.path):
                    group.remove(earlier)
                    del self.before[earlier], self.left[number]
                    self.old.add(number)
                    break


def marked(
    findings: Sequence[Finding], old: frozenset[int], suppression: Suppression
) -> list[Finding]:
    """The findings, those that were known before and are still open marked as suppressed."""
    return [
        replaced(finding, suppressed=suppression)
        if number in old and finding.suppressed is None
        else finding
        for number, finding in enumerate(findings)
    ]


ENOUGH = 0.5
"""Of the lines that a file gained, how many another one must have lost to be where they come from."""


def lines(text: str) -> Counter[str]:
    """The lines of a file, without what reformatting changes: indentation, quotes, comments."""
    found = Counter(
        line.partition(" #")[0].strip(" \t\r-\"'").replace('"', "").replace("'", "")
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
    )
    del found[""]
    return found


def transferred(lost: Counter[str], gained: Counter[str]) -> bool:
    """Whether most of what one file gained is what another one lost."""
    total = gained.total()
    return bool(total) and (lost & gained).total() >= ENOUGH * total
