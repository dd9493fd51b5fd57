"""Reports as JUnit's XML, which most CI services show as test results."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pipelaw.explain import gist, remedy
from pipelaw.records import NamedTuple
from pipelaw.report import summary, tool
from pipelaw.report.safe import located, one_line, shorten, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Problem
    from pipelaw.finding import Finding, Report
    from pipelaw.report import Style
    from pipelaw.rules import Rule

LONGEST = 500
"""Of a name or message, in characters."""
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


class Case(NamedTuple):
    """One test: its name without lines, so that viewers know it again, and how it went."""

    name: str
    path: str = ""
    line: int = 0
    outcome: str = ""
    """failure, error or skipped; "" for passed."""
    message: str = ""
    type: str = ""
    text: str = ""
    """What is shown below it."""


def render(report: Report, _style: Style) -> str:
    """A suite for each rule, with a failure for each open finding, and one for what could be read.

    A rule without findings is a test that passes. What is suppressed is skipped, with its reason.
    """
    suites = list(_suites(report))
    cases = [case for _, held in suites for case in held]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites{_attributes(name=tool.NAME, **_counts(cases))}>",
    ]
    for name, held in suites:
        lines.append(f"  <testsuite{_attributes(name=name, **_counts(held))}>")
        lines += (_case(f"{tool.NAME}.{name}", case) for case in _told_apart(held))
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suites(report: Report) -> Iterator[tuple[str, list[Case]]]:
    rules: dict[str, Rule | None] = {rule.id: rule for rule in report.rules}
    ranked = sorted(report.findings, key=lambda finding: finding.rule)
    found = {rule: list(held) for rule, held in groupby(ranked, key=lambda held: held.rule)}
    for name in sorted(rules | dict.fromkeys(found)):
        rule = rules.get(name)
        cases = [_judged(finding, rule) for finding in found.get(name, ())]
        yield visible(name), cases or [Case(one_line(rule.title) if rule else name)]
    yield "coverage", list(_coverage(report))


def _judged(finding: Finding, rule: Rule | None) -> Case:
    span = finding.span
    message = one_line(finding.message or finding.title)
    scope = ", ".join(
        f"{kind} {one_line(name)}"
        for kind, name in (("job", finding.job), ("step", finding.step))
        if name
    )
    name = f"{visible(span.path)}: {message}" + (f" ({scope})" if scope else "")
    if finding.suppressed is not None:
        return Case(name, span.path, span.line, "skipped", summary.decision(finding))
    text = "\n".join(_told(finding, rule))
    word = finding.severity.word
    return Case(name, span.path, span.line, "failure", f"{word}: {message}", word, text)


def _told(finding: Finding, rule: Rule | None) -> Iterator[str]:
    yield located(finding.span)
    yield ""
    for number, line in enumerate(finding.excerpt, start=finding.span.line):
        yield f"{number:>5} | {visible(shorten(line.expandtabs(4), LONGEST))}".rstrip()
    for related in finding.related:
        yield f"{visible(related.span.path)}:{related.span.line}: {one_line(related.message)}"
    if rule is not None:
        yield f"\nWhy: {visible(gist(rule.why))}"
        fix = remedy(rule, finding.platform)
        yield from (visible(line.expandtabs(4)) for line in f"\nFix: {fix}".splitlines() if fix)
    yield f"\nSee: pipelaw explain {visible(finding.rule)}"


def _coverage(report: Report) -> Iterator[Case]:
    seen = report.coverage
    for problem in seen.unreadable:
        name = f"{visible(problem.path)} can be read"
        message = one_line(problem.message)
        text = _where(problem)
        yield Case(name, problem.path, problem.line, "error", message, "unreadable", text)
    text = "\n".join([summary.coverage(seen), *map(_where, seen.unresolved)])
    yield Case("pipelines were looked for", text=text)


def _where(problem: Problem) -> str:
    return f"{located(problem)}: {one_line(problem.message)}"


def _told_apart(cases: Iterable[Case]) -> Iterator[Case]:
    """Cases with names of their own: viewers keep one of those that are called the same."""
    seen: dict[str, int] = {}
    for case in cases:
        name = shorten(case.name, LONGEST)
        seen[name] = number = seen.get(name, 0) + 1
        yield case._replace(name=name if number == 1 else f"{name} ({number})")


def _case(suite: str, case: Case) -> str:
    about = _attributes(name=case.name, classname=suite, time="0")
    if case.path:
        about += _attributes(file=visible(case.path), line=max(case.line, 1))
    if not case.outcome:
        output = f"<system-out>{_text(case.text)}</system-out>" if case.text else ""
        return f"    <testcase{about}>{output}</testcase>" if output else f"    <testcase{about}/>"
    said = _attributes(message=shorten(case.message, LONGEST))
    if case.type:
        said += _attributes(type=case.type)
    body = f">{_text(case.text)}</{case.outcome}>" if case.text else "/>"
    return f"    <testcase{about}><{case.outcome}{said}{body}</testcase>"


def _counts(cases: Iterable[Case]) -> dict[str, int]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": len(outcomes),
        "failures": outcomes.count("failure"),
        "errors": outcomes.count("error"),
        "skipped": outcomes.count("skipped"),
    }


def _attributes(**values: str | int) -> str:
    return "".join(f' {name}="{_text(str(value))}"' for name, value in values.items())


def _text(text: str) -> str:
    """Text between tags or quotes; everything here is `visible`, so XML has a character for it."""
    return text.translate(_MARKUP)
