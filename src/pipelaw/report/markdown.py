"""Reports as Markdown, for the summary page of a job."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipelaw.explain import platform_name, remedy
from pipelaw.records import NamedTuple
from pipelaw.report import summary
from pipelaw.report.safe import one_line, shorten, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule
    from pipelaw.source import Span

LIMIT = 1_000_000
"""Of the whole report, in bytes: GitHub shows no summary above 1 MiB."""
LONGEST = 1000
"""Of a message, in characters."""
FEW = 20
"""How many things that were not seen are worth a line."""


class Block(NamedTuple):
    """A piece of the report that stands or falls as a whole."""

    text: str
    findings: int = 0
    """How many findings it shows."""


def render(report: Report, style: Style) -> str:
    """The open findings, worst first, below a table of counts; cut where GitHub would show nothing."""
    start = _opening(report)
    room = LIMIT - _size(start)
    shown, texts = 0, [start]
    for block in _blocks(report, style.links):
        room -= _size(block.text)
        if room < 0:
            left = len(report.open) - shown
            texts.append(f"\n{summary.count(left, 'more finding')} did not fit here.\n")
            break
        shown += block.findings
        texts.append(block.text)
    return "".join(texts)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _opening(report: Report) -> str:
    counts = {severity.word: number for severity, number in report.counts().items()}
    known = summary.known(report)
    counts |= {"known": known} if known else {}
    counts["suppressed"] = summary.suppressed(report) - known
    lines = [
        f"## pipelaw: {summary.count(len(report.open), 'finding') if report.open else 'no findings'}",
        "",
        f"| {' | '.join(counts)} |",
        f"|{'---:|' * len(counts)}",
        f"| {' | '.join(f'{number:,}' for number in counts.values())} |",
        "",
        f"Looked at {summary.coverage(report.coverage)}.",
        *(
            f"\nOf what comes from elsewhere: {_inline(road)}."
            for road in [summary.road(report)]
            if road
        ),
        *_unseen("Could not be read", report.coverage.unreadable),
        *_unseen("Not resolved", report.coverage.unresolved),
    ]
    return "\n".join(lines) + "\n"


def _unseen(title: str, problems: tuple[Problem, ...]) -> Iterator[str]:
    if not problems:
        return
    yield f"\n<details><summary>{title}: {len(problems):,}</summary>\n"
    for problem in problems[:FEW]:
        where = code(f"{problem.path}:{problem.line}:{problem.column}")
        yield f"- {where}: {_inline(problem.message)}"
    if len(problems) > FEW:
        yield f"- and {len(problems) - FEW:,} more"
    yield "\n</details>"


def _blocks(report: Report, links: str) -> Iterator[Block]:
    """Severity by severity, rule by rule; what a rule says is shown where it first appears."""
    rules = {rule.id: rule for rule in report.rules}
    ranked = sorted(report.open, key=lambda found: (-found.severity, found.rule, found.order))
    for severity, found in groupby(ranked, key=lambda finding: finding.severity):
        yield Block(f"\n### {severity.word.capitalize()}\n")
        for name, group in groupby(found, key=lambda finding: finding.rule):
            findings = list(group)
            yield Block(f"\n#### {_inline(findings[0].title)} (`{name}`)\n\n")
            rule = rules.pop(name, None)
            if rule is not None:
                # before the findings: there may be more of them than fit
                platforms = sorted({f.platform for f in report.open if f.rule == name})
                yield Block(_advice(rule, platforms))
            for finding in findings:
                yield Block(_finding(finding, links), 1)


def _finding(finding: Finding, links: str) -> str:
    text = f"- {_place(finding.span, links)}: {_inline(finding.message)}\n"
    for related in finding.related:
        text += f"  - {_place(related.span, links)}: {_inline(related.message)}\n"
    return text


def _advice(rule: Rule, platforms: Iterable[str]) -> str:
    fixes: dict[str, list[str]] = {}
    for platform in platforms:
        fixes.setdefault(remedy(rule, platform), []).append(platform_name(platform))
    lines = ["<details><summary>Why it matters, and how to fix it</summary>\n", rule.why]
    for fix, names in fixes.items():
        if fix:
            where = f" ({', '.join(names)})" if len(fixes) > 1 else ""
            lines += ["", f"**How to fix it{where}**", "", fix]
    return "\n".join([*lines, "\n</details>\n\n"])


def _place(span: Span, links: str) -> str:
    label = code(f"{span.path}:{span.line}")
    if not links:
        return label
    path = quote(span.path, safe="/", errors="replace")
    lines = f"#L{span.line}" if span.line == span.end_line else f"#L{span.line}-L{span.end_line}"
    return f"[{label}]({links.rstrip('/')}/{path}{lines})"


_SPECIAL = re.compile(r"[\\`*_{}\[\]()#|~$@]|:(?=[/\w])|(?<=www)\.")
"""What starts markup inside a line, or makes a link of an address."""


def _inline(text: str) -> str:
    """A message whose code between backticks stays code, and that can hold no other markup."""
    pieces = shorten(one_line(text), LONGEST).split("`")
    if len(pieces) % 2 == 0:
        return _literal("`".join(pieces))
    return "".join(code(piece) if i % 2 else _literal(piece) for i, piece in enumerate(pieces))


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", escape(text, quote=False))


def code(text: str) -> str:
    """A text as code inside a line, whatever backticks it has."""
    shown, fence = visible(text), "`"
    while fence in shown:
        fence += "`"
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""
