"""The JUnit report: what viewers count, what they tell apart, and XML whatever the content."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import sample_finding, sample_rule

from pipelaw.document import Problem
from pipelaw.finding import Coverage, Related, Report, Severity, Suppression
from pipelaw.records import replaced
from pipelaw.report import render
from pipelaw.source import Span

RULE = sample_rule(fix={"github": "Use a variable:\n\n```yaml\nenv:\n\tT: x\n```"})
QUIET = replaced(RULE, id="quiet-rule", title="Nothing does this")
FINDING = sample_finding(
    severity=Severity.INFO,
    message="`${{ github.head_ref }}` is pasted & run",
    span=Span("a/b.yml", 9, 17, 9, 38),
    related=(Related(Span("a/b.yml", 2, 3, 2, 9), "anybody can start it"),),
    excerpt=("\techo ${{ github.head_ref }}",),
)
REPORT = Report(
    (
        FINDING,
        replaced(FINDING, span=Span("a/b.yml", 30, 1, 30, 2)),
        replaced(FINDING, suppressed=Suppression("waiver", "known\nfor long")),
        replaced(FINDING, rule="own-rule", message="", job="", step=""),
    ),
    Coverage(
        1,
        2,
        3,
        (Problem("bad.yml", 3, 1, "not <YAML>"),),
        (Problem("ci.yml", 1, 2, "include of x"),),
    ),
    (RULE, QUIET),
)


def suites(report: Report) -> dict[str, ET.Element]:
    text = render("junit", report)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    assert {child.tag for child in root} == {"testsuite"}
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        counted = {
            "tests": len(cases),
            "failures": len(list(element.iter("failure"))),
            "errors": len(list(element.iter("error"))),
            "skipped": len(list(element.iter("skipped"))),
        }
        assert {name: int(element.attrib[name]) for name in counted} == counted
    keys = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    # viewers show one of those that are called the same
    assert len(keys) == len(set(keys))
    return {suite.attrib["name"]: suite for suite in root}


def test_each_rule_is_a_suite_and_one_without_findings_passes() -> None:
    made = suites(REPORT)
    assert list(made) == ["own-rule", "quiet-rule", "script-injection", "coverage"]
    [passed] = made["quiet-rule"]
    assert passed.attrib["name"] == "Nothing does this"
    assert len(passed) == 0


def test_a_finding_of_any_severity_fails_and_says_all() -> None:
    first, second, _ = suites(REPORT)["script-injection"]
    assert first.attrib == {
        "name": "a/b.yml: `${{ github.head_ref }}` is pasted & run (job greet, step Say hello)",
        "classname": "pipelaw.script-injection",
        "time": "0",
        "file": "a/b.yml",
        "line": "9",
    }
    [failure] = first
    assert failure.tag == "failure"
    assert failure.attrib["type"] == "info"
    assert failure.attrib["message"] == "info: `${{ github.head_ref }}` is pasted & run"
    assert (failure.text or "").splitlines() == [
        "a/b.yml:9:17",
        "",
        "    9 |     echo ${{ github.head_ref }}",
        "a/b.yml:2: anybody can start it",
        "",
        "Why: Whoever opens an issue decides its title.",
        "",
        "Fix: Use a variable:",
        "",
        "```yaml",
        "env:",
        "    T: x",
        "```",
        "",
        "See: pipelaw explain script-injection",
    ]
    assert second.attrib["name"] == f"{first.attrib['name']} (2)"


def test_what_is_suppressed_is_skipped_with_its_reason() -> None:
    third = list(suites(REPORT)["script-injection"])[2]
    [skipped] = third
    assert skipped.tag == "skipped"
    assert skipped.attrib == {"message": "waiver: known for long"}


def test_what_could_not_be_read_is_an_error() -> None:
    broken, seen = suites(REPORT)["coverage"]
    [error] = broken
    assert error.tag == "error"
    assert error.attrib["message"] == "not <YAML>"
    assert error.text == "bad.yml:3:1: not <YAML>"
    [output] = seen
    assert output.tag == "system-out"
    assert "2 files" in str(output.text)
    assert "ci.yml:1:2: include of x" in str(output.text)


def test_a_report_of_nothing_still_has_a_test() -> None:
    assert list(suites(Report((), Coverage()))) == ["coverage"]


HOSTILE = [
    "]]>",
    "</testcase>",
    "<!--",
    "&amp;&#0;",
    "\x00\x0b\x1b[31m",
    "\ud800\ufffe\uffff",
    "\"'",
    "",
]


def poisoned(text: str) -> Report:
    finding = replaced(
        FINDING,
        rule=text,
        title=text,
        message=text,
        span=Span(text, 1, 1, 1, 2),
        job=text,
        step=text,
        related=(Related(Span(text, 1, 1, 1, 2), text),),
        excerpt=(text, text),
    )
    silenced = replaced(finding, suppressed=Suppression(text, text))
    rule = replaced(RULE, id=text, title=text, why=text, fix={"": text})
    problems = (Problem(text, 0, 0, text),)
    return Report((finding, finding, silenced), Coverage(1, 1, 1, problems, problems), (rule,))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_content_stays_content(text: str) -> None:
    made = suites(poisoned(text))
    assert len(made) == 2


@given(st.text(max_size=50))
def test_it_is_xml_whatever_the_content(text: str) -> None:
    ET.fromstring(render("junit", poisoned(text)).encode("utf-8"))
