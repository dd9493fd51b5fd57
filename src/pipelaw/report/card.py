"""One finding, and one rule, as pieces of the HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pipelaw.explain import address, platform_name
from pipelaw.report import summary
from pipelaw.report.markup import inline, link, plain, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.finding import Finding
    from pipelaw.rules import Rule
    from pipelaw.source import Span

AROUND = 200
"""How many characters of a long line are shown on either side of the marked ones."""
MARKED = 400
"""How many marked characters of a line are shown."""
TAB = "    "


def card(finding: Finding, links: str, *, explained: bool) -> str:
    """A finding as a list item that opens; `explained` where the page has its rule."""
    state = "suppressed" if finding.suppressed else "open"
    word = finding.severity.word
    span = finding.span
    return "".join(
        [
            f'<li class="finding {word} {state}" data-severity="{word}" data-state="{state}"',
            f' data-rule="{plain(finding.rule)}" data-platform="{plain(finding.platform)}"',
            f' data-path="{plain(span.path)}"><details><summary>',
            f'<span class="badge">{word}</span>',
            f"<h3>{inline(finding.message or finding.title)}</h3>",
            f'<span class="where">{_tags(finding)}<code>{_place(span)}</code></span>',
            '</summary><div class="body">',
            *_excerpt(finding),
            *_related(finding, links),
            _facts(finding, links),
            *_pointer(finding, explained),
            "</div></details></li>",
        ]
    )


def advice(rule: Rule, number: int) -> str:
    """What a rule says about its findings: why, the fix for each platform, references."""
    texts = [
        f'<details class="panel rule" id="rule-{plain(rule.id)}"><summary>',
        f"<h3>{inline(rule.title)}</h3>",
        f'<span class="where"><code>{plain(rule.id)}</code> {summary.count(number, "finding")}</span>',
        '</summary><div class="body"><div data-part="why"><h4>Why it matters</h4>',
        f"{prose(rule.why)}</div>",
    ]
    for platform, text in rule.fix.items():
        where = f" on {platform_name(platform)}" if platform else ""
        texts.append(f'<div data-part="fix" data-platform="{plain(platform)}">')
        texts.append(f"<h4>How to fix it<span>{plain(where)}</span></h4>{prose(text)}</div>")
    if rule.references:
        texts.append('<div data-part="references"><h4>References</h4><ul>')
        texts += (f"<li>{_reference(reference)}</li>" for reference in rule.references)
        texts.append("</ul></div>")
    return "".join([*texts, "</div></details>"])


def _reference(reference: str) -> str:
    return link(address(reference), plain(reference))


def _tags(finding: Finding) -> str:
    tags = '<span class="tag">suppressed</span> ' if finding.suppressed else ""
    return f'{tags}<span class="tag">{plain(finding.rule)}</span> '


def _place(span: Span) -> str:
    return f"{plain(span.path)}:{span.line}:{span.column}"


def _linked(span: Span, links: str) -> str:
    place = f"<code>{_place(span)}</code>"
    if not links:
        return place
    path = quote(span.path, safe="/", errors="replace")
    lines = f"L{span.line}" if span.line == span.end_line else f"L{span.line}-L{span.end_line}"
    return link(f"{links.rstrip('/')}/{path}#{lines}", place)


def _excerpt(finding: Finding) -> Iterator[str]:
    if not finding.excerpt:
        return
    span = finding.span
    label = f"Source, line {span.line}"
    if span.end_line > span.line:
        label = f"Source, lines {span.line} to {span.end_line}"
    yield f'<pre class="source" tabindex="0" role="group" aria-label="{label}"><code>'
    for number, line in enumerate(finding.excerpt, start=span.line):
        start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = span.end_column - 1 if number == span.end_line else len(line)
        if number == span.line == span.end_line and end <= start:
            end = start + 1
        yield f'<span class="line" data-n="{number}">{_marked(line, start, end)}</span>'
    yield "</code></pre>"
    last = span.line + len(finding.excerpt) - 1
    if last < span.end_line:
        yield f'<p class="cut">… and on to line {span.end_line}</p>'


def _marked(line: str, start: int, end: int) -> str:
    """A line with its characters from `start` to before `end` marked; cut where it is very long."""
    before, marked, after = line[:start], line[start : max(end, start)], line[max(end, start) :]
    if len(before) > AROUND:
        before = f"…{before[-AROUND:]}"
    if len(marked) > MARKED:
        marked, after = f"{marked[:MARKED]}…", ""
    elif len(after) > AROUND:
        after = f"{after[:AROUND]}…"
    mark = f"<mark>{_code(marked)}</mark>" if marked else ""
    return f"{_code(before)}{mark}{_code(after)}" or " "


def _code(text: str) -> str:
    return plain(text.replace("\t", TAB))


def _related(finding: Finding, links: str) -> Iterator[str]:
    if not finding.related:
        return
    yield '<ul class="related" aria-label="Related places">'
    for related in finding.related:
        yield f"<li>{inline(related.message)} {_linked(related.span, links)}</li>"
    yield "</ul>"


def _facts(finding: Finding, links: str) -> str:
    facts = {
        # the line above has both; a link inside what opens the finding would be hard to hit
        "Place": _linked(finding.span, links) if links else "",
        "Platform": plain(platform_name(finding.platform)) if finding.platform else "",
        "Job": inline(finding.job),
        "Step": inline(finding.step),
        "Confidence": finding.confidence.word,
        "Fingerprint": f"<code>{plain(finding.fingerprint)}</code>",
    }
    if finding.suppressed:
        by, reason = finding.suppressed.by, inline(finding.suppressed.reason)
        facts["Suppressed"] = f"{plain(by)}: {reason}" if reason else plain(by)
    rows = (f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts.items() if text)
    return f"<dl>{''.join(rows)}</dl>"


def _pointer(finding: Finding, explained: bool) -> Iterator[str]:
    if explained:
        yield f'<p class="more"><a href="#rule-{plain(finding.rule)}">'
        yield "Why it matters, and how to fix it</a></p>"
