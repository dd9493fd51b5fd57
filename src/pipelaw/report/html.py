"""Reports as one page for a browser, which needs nothing else: no network, no server, no script."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pipelaw.explain import platform_name
from pipelaw.report import summary, tool
from pipelaw.report.card import advice, card
from pipelaw.report.markup import inline, link, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.document import Problem
    from pipelaw.finding import Report
    from pipelaw.report import Style

_LOGO = (
    '<svg class="logo" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2 4 5v6c0 5 3.4 9.4 8 11'
    ' 4.6-1.6 8-6 8-11V5z"/><path class="tick" d="m8 12 3 3 5-6"/></svg>'
)
_KEYS = (
    '<p class="keys script"><kbd>/</kbd> search <kbd>↑</kbd><kbd>↓</kbd> move'
    " <kbd>Enter</kbd> open <kbd>Esc</kbd> close, clear</p>"
)


@lru_cache(maxsize=1)
def _assets() -> tuple[str, str]:
    """The page's stylesheet and script."""
    data = files("pipelaw").joinpath("data")
    return data.joinpath("page.css").read_text("utf-8"), data.joinpath("page.js").read_text("utf-8")


def render(report: Report, style: Style) -> str:
    """The page: filters, every finding worst first with its source, the rules, what was not seen."""
    css, script = _assets()
    title = summary.verdict(report)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(css, script)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f'<meta name="generator" content="{tool.NAME} {tool.VERSION}">',
            f"<title>{tool.NAME}: {title}</title>",
            f"<style>{css}</style>",
            "</head>",
            "<body>",
            '<a class="skip" href="#findings">Skip to the findings</a>',
            *_header(report),
            '<div class="columns">',
            *_filters(report),
            "<main>",
            *_findings(report, style.links),
            *_coverage(report),
            *_rules(report),
            "</main>",
            "</div>",
            f"<footer><p>Made by {link(tool.HOME, tool.NAME)} {tool.VERSION}.</p></footer>",
            f"<script>{script}</script>",
            "</body>",
            "</html>\n",
        ]
    )


def _policy(css: str, script: str) -> str:
    """What the browser may do for this page: apply its one stylesheet, run its one script."""
    style, code = (
        b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (css, script)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{code}';"
        " base-uri 'none'; form-action 'none'"
    )


def _header(report: Report) -> Iterator[str]:
    number = len(report.open)
    yield "<header>"
    yield f'<p class="brand">{_LOGO}{tool.NAME}</p>'
    yield f"<h1>{summary.count(number, 'finding') if number else 'No findings'}</h1>"
    where = f"<code>{plain(report.root)}</code>: looked at" if report.root else "Looked at"
    yield f'<p class="lead">{where} {plain(summary.coverage(report.coverage))}.</p>'
    road = summary.road(report)
    if road:
        yield f'<p class="lead">Of what comes from elsewhere: {inline(road)}.</p>'
    yield from _bar(report)
    yield "</header>"


def _bar(report: Report) -> Iterator[str]:
    """How the severities share the findings, to be seen at a glance; the filters show the numbers."""
    if not report.open:
        return
    yield '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
    start = 0.0
    for severity, number in report.counts().items():
        width = 1000 * number / len(report.open)
        if number:
            yield f'<rect class="{severity.word}" x="{start:.1f}" width="{width:.1f}" height="10"/>'
        start += width
    yield "</svg>"


def _filters(report: Report) -> Iterator[str]:
    found = report.findings
    counts = {severity.word: number for severity, number in report.counts().items()}
    yield '<form id="filters" role="search" aria-label="Filter the findings">'
    yield '<p class="script field"><label for="text">Search</label>'
    yield '<input id="text" type="search" autocomplete="off" spellcheck="false"'
    yield ' placeholder="message, path, rule, job" aria-keyshortcuts="/"></p>'
    # until the script runs they are a table of the counts
    yield '<fieldset id="severity" disabled><legend>Severity</legend>'
    for word, number in counts.items():
        yield (
            f'<label class="chip {word}"><input type="checkbox" name="severity" value="{word}">'
            f'<span class="dot"></span><span>{word}</span> <b>{number:,}</b></label>'
        )
    yield "</fieldset>"
    rules = Counter(finding.rule for finding in found)
    yield _choice("rule", "Rule", "All rules", {name: name for name in rules}, rules)
    platforms = Counter(finding.platform for finding in found)
    names = {name: platform_name(name) for name in platforms if name}
    yield _choice("platform", "Platform", "All platforms", names, platforms)
    yield '<p class="script field"><label for="path">Path</label>'
    yield '<input id="path" type="text" list="paths" autocomplete="off" spellcheck="false"'
    yield ' placeholder="any part of a path"></p><datalist id="paths">'
    for path in sorted({finding.span.path for finding in found}):
        yield f'<option value="{plain(path)}">'
    yield "</datalist>"
    silenced = summary.suppressed(report)
    if silenced:
        states = Counter(open=len(found) - silenced, suppressed=silenced)
        labels = {"open": "Open", "suppressed": "Suppressed"}
        yield _choice("state", "Status", "Open and suppressed", labels, states)
    yield '<p class="script"><button type="reset">Clear filters</button></p>'
    yield _KEYS
    yield "</form>"


def _choice(
    name: str, label: str, every: str, labels: Mapping[str, str], counts: Mapping[str, int]
) -> str:
    options = "".join(
        f'<option value="{plain(value)}">{plain(labels[value])} ({counts[value]:,})</option>'
        for value in sorted(labels)
    )
    return (
        f'<p class="script field"><label for="{name}">{label}</label><select id="{name}">'
        f'<option value="">{every}</option>{options}</select></p>'
    )


def _findings(report: Report, links: str) -> Iterator[str]:
    total = summary.count(len(report.findings), "finding")
    yield '<section aria-labelledby="list-title"><div class="bar-line">'
    yield '<h2 id="list-title">Findings</h2>'
    yield f'<p id="count" role="status" aria-live="polite">{total}</p></div>'
    if not report.findings:
        yield '<p class="empty" id="findings" tabindex="-1">There is nothing to report.</p>'
    else:
        yield '<p class="empty script" id="none" hidden>No finding matches these filters.</p>'
        yield '<ol id="findings" role="list" tabindex="-1">'
        known = {rule.id for rule in report.rules}
        for finding in summary.worst_first(report.findings):
            yield card(finding, links, explained=finding.rule in known)
        yield "</ol>"
    yield "</section>"


def _rules(report: Report) -> Iterator[str]:
    """What the rules say that found something, once each; the script shows it at their findings."""
    found = Counter(finding.rule for finding in report.findings)
    rules = [rule for rule in report.rules if rule.id in found]
    if not rules:
        return
    yield '<section aria-labelledby="rules-title"><h2 id="rules-title">Rules</h2>'
    for rule in rules:
        yield advice(rule, found[rule.id])
    yield "</section>"


def _coverage(report: Report) -> Iterator[str]:
    seen = report.coverage
    if not seen.unreadable and not seen.unresolved:
        return
    yield '<section aria-labelledby="coverage-title"><h2 id="coverage-title">Not seen</h2>'
    yield from _problems(
        "could not be read", "Nothing is known of these.", seen.unreadable, " open"
    )
    yield from _problems(
        "not resolved", "Code and configuration from elsewhere.", seen.unresolved, ""
    )
    yield "</section>"


def _problems(title: str, text: str, problems: Iterable[Problem], state: str) -> Iterator[str]:
    rows = [
        f"<li><code>{plain(problem.path)}:{problem.line}:{problem.column}</code>"
        f" <span>{inline(problem.message)}</span></li>"
        for problem in problems
    ]
    if rows:
        yield f'<details class="panel"{state}><summary><h3>{len(rows):,} {title}</h3></summary>'
        yield f'<p>{text}</p><ul class="places">'
        yield from rows
        yield "</ul></details>"
