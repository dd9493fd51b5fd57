"""Why a job passes or fails: what the repositories of a scan fail for, and which findings reach that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelaw.cli.law import Law
from pipelaw.discover import repositories
from pipelaw.errors import PolicyError
from pipelaw.finding import FAIL_ON, Severity
from pipelaw.report import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NEVER = "never"
WORDS = [severity.word for severity in sorted(Severity, reverse=True)]
"""The severities, the worst first."""


def limits(
    paths: Iterable[str], fail_on: str, policy: str, rules: Iterable[str], since: str
) -> dict[str, str]:
    """What each repository fails for, as in a scan, by its path as findings have it.

    The arguments are the options of the scan, "" where they were not given.
    """
    law = Law(policy or None, tuple(map(Path, rules)), since=since)
    found = {}
    for tree in repositories(*paths):
        try:
            own = None if fail_on else law.policy(tree)
        except PolicyError:
            own = None  # the scan has told, and judged nothing there
        found[tree.prefix] = fail_on or (own.fail_on.value if own else FAIL_ON)
    return found


def failing(findings: Iterable[Mapping[str, Any]], limits: Mapping[str, str]) -> dict[str, int]:
    """How many findings of a JSON report reach what their repository fails for, by severity."""
    found = dict.fromkeys(WORDS, 0)
    # a repository may lie in another one
    starts = sorted(limits, key=len, reverse=True)
    for finding in findings:
        if finding["suppressed"]:
            continue
        path, word = finding["path"], finding["severity"]
        own = next((start for start in starts if not start or path.startswith(f"{start}/")), None)
        limit = FAIL_ON if own is None else limits[own]
        if limit != NEVER and WORDS.index(word) <= WORDS.index(limit):
            found[word] += 1
    return {word: number for word, number in found.items() if number}


def reason(total: int, over: Mapping[str, int], limits: set[str], unread: int, noun: str) -> str:
    """Why the job passes or fails, in a sentence.

    `total` is how many findings there are, `over` those that fail it, `limits` what the
    repositories fail for, and `unread` how many places could not be read.
    """
    every = summary.count(total, noun) if total else f"no {noun}s"
    unseen = f"{summary.count(unread, 'place')} could not be read" if unread else ""
    if limits == {NEVER}:
        return "; ".join(filter(None, (every, unseen, "the job passes whatever is found")))
    limit = "that the policy of its repository fails for"
    if len(limits) == 1:
        limit = f"of severity {next(iter(limits))} or above"
    if over:
        listed = ", ".join(f"{number:,} {word}" for word, number in over.items())
        count = summary.count(sum(over.values()), noun)
        if sum(over.values()) > 1:
            limit = limit.replace("its repository", "their repositories")
        return f"{count} {limit}: {listed}"
    return "; ".join(filter(None, (f"{every}, none {limit}" if total else every, unseen)))
