"""Findings that somebody has decided about: marked with the decision, never dropped."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipelaw.finding import Suppression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelaw.finding import Finding

_HINT = "pipelaw: ignore["
_COMMENT = re.compile(r"#[ \t]*pipelaw: ignore\[(?P<rules>[\w, -]+)\][ \t]*(?P<reason>[^\r\n]*)")
_ALONE = re.compile(r"\s*#")


class Ignore(NamedTuple):
    """One `# pipelaw: ignore[rule, …] reason` comment."""

    line: int
    """The line that it speaks of: its own, or the next one where it stands alone."""
    rules: frozenset[str]
    reason: str


def ignores(text: str) -> list[Ignore]:
    """The ignore comments of a file."""
    if _HINT not in text:
        return []
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _COMMENT.search(line) if _HINT in line else None
        if match is not None:
            rules = frozenset(name.strip() for name in match["rules"].split(","))
            own = 0 if not _ALONE.match(line) else 1
            found.append(Ignore(number + own, rules, match["reason"].strip()))
    return found


def marked(findings: Iterable[Finding], text_of: Callable[[str], str]) -> list[Finding]:
    """The findings, those that a comment on one of their lines names marked as suppressed.

    `text_of` gives the text of the file at a path.
    """
    known: dict[str, list[Ignore]] = {}
    result = []
    for finding in findings:
        path = finding.span.path
        if path not in known:
            known[path] = ignores(text_of(path))
        result.append(_settled(finding, known[path]))
    return result


def _settled(finding: Finding, comments: list[Ignore]) -> Finding:
    for comment in comments:
        inside = finding.span.line <= comment.line <= finding.span.end_line
        if inside and finding.rule in comment.rules:
            return replace(finding, suppressed=Suppression("inline", comment.reason))
    return finding
