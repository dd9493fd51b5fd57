"""The two reports for GitLab: code quality, and static analysis."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from samples import sample_finding, sample_rule

from pipelaw.document import Problem
from pipelaw.finding import Coverage, Related, Report, Severity, Suppression
from pipelaw.records import replaced
from pipelaw.report import Style, render
from pipelaw.source import Span

SCHEMA = next(
    Path(os.environ.get("PIPELAW_CONTRACTS") or "none").glob("*sast-report-format*"), None
)
RULE = sample_rule(
    why="Whoever opens a merge request\ndecides its title.\n\nMore of it.",
    references=("CICD-SEC-4", "CWE-94", "https://example.org/page"),
)
FINDING = sample_finding(
    message="`$CI_MERGE_REQUEST_TITLE` is evaluated",
    span=Span(".gitlab-ci.yml", 9, 17, 10, 38),
    platform="gitlab",
    step="",
    related=(Related(Span("ci/deep.yml", 2, 3, 2, 9), "anybody can start it"),),
)
REPORT = Report(
    (
        FINDING,
        replaced(FINDING, fingerprint="1123456789abcdef0123456789abcdef:1", rule="unknown-rule"),
        replaced(FINDING, suppressed=Suppression("inline", "known")),
    ),
    Coverage(
        1,
        2,
        3,
        (Problem("bad.yml", 3, 1, "not YAML"), Problem("bad.yml", 3, 1, "not YAML")),
        (Problem("ci.yml", 1, 2, "include of x"),),
    ),
    (RULE,),
)
ODD = replaced(
    FINDING,
    title="t" * 400,
    message="\x1b[31m\ud800 @all !1 [x](y)" + "m" * 5000,
    span=Span("a \ud800.yml", 1, 1, 1, 1),
    job="\u202e",
    step="s",
)
SILENCED = replaced(ODD, suppressed=Suppression("waiver", "\x1b[31m\n" + "r" * 5000))
EVERYTHING = replaced(REPORT, findings=(*REPORT.findings, ODD, SILENCED))


def quality(report: Report) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(render("gitlab", report))
    return issues


def sast(report: Report, style: Style | None = None) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render("gitlab-sast", report, style or Style()))
    return made


# code quality


def test_an_issue_is_what_the_widget_reads() -> None:
    first, second, unreadable = quality(REPORT)
    assert first == {
        "description": FINDING.message,
        "check_name": "script-injection",
        "fingerprint": FINDING.fingerprint,
        "severity": "critical",
        "location": {"path": ".gitlab-ci.yml", "lines": {"begin": 9}},
    }
    assert second["check_name"] == "unknown-rule"
    assert unreadable["check_name"] == "unreadable"
    assert unreadable["description"] == "could not be read: not YAML"
    assert unreadable["location"] == {"path": "bad.yml", "lines": {"begin": 3}}


def test_no_two_issues_become_one() -> None:
    issues = quality(REPORT)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_severities_keep_their_order() -> None:
    known = ["info", "minor", "major", "critical", "blocker"]
    made = [quality(Report((replaced(FINDING, severity=s),), Coverage()))[0] for s in Severity]
    assert [issue["severity"] for issue in made] == known


def test_nothing_found_is_an_empty_list_without_a_mark() -> None:
    assert render("gitlab", Report((), Coverage())) == "[]\n"
    assert not render("gitlab", REPORT).startswith("\ufeff")


def test_odd_texts_are_short_and_visible() -> None:
    issue = quality(Report((ODD,), Coverage()))[0]
    assert len(issue["description"]) == 1000
    assert issue["description"].isprintable()


# static analysis


@pytest.mark.skipif(not SCHEMA, reason="PIPELAW_CONTRACTS names no folder with GitLab's schema")
@pytest.mark.parametrize("report", [EVERYTHING, Report((), Coverage())])
def test_the_official_schema_accepts_it(report: Report) -> None:
    schema = json.loads(Path(str(SCHEMA)).read_bytes())
    jsonschema.Draft7Validator(schema).validate(sast(report))


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.mark.parametrize("report", [EVERYTHING, Report((), Coverage())])
def test_it_has_all_that_gitlab_refuses_to_do_without(report: Report) -> None:
    made = sast(report)
    assert made["version"] == "15.2.1"
    scan = made["scan"]
    assert scan["status"] == "success"
    assert scan["type"] == "sast"
    for time in (scan["start_time"], scan["end_time"]):
        assert TIME.fullmatch(time)
    for program in (scan["analyzer"], scan["scanner"]):
        assert program["id"] == program["name"] == program["vendor"]["name"] == "pipelaw"
        assert program["version"]
        assert program["url"].startswith("https://")
    for message in scan["messages"]:
        assert message["level"] in ("info", "warn", "fatal")
        assert message["value"]
    assert len(made["vulnerabilities"]) == len(report.open)
    for found in made["vulnerabilities"]:
        assert found["id"]
        assert len(found["name"]) <= 255
        assert len(found.get("solution", "")) <= 7000
        assert len(found["description"]) <= 1048576
        assert found["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
        assert found["identifiers"]
        for identifier in found["identifiers"]:
            assert identifier["type"]
            assert identifier["name"]
            assert identifier["value"]
            assert identifier.get("url", "https://x").startswith("https://")
        assert set(found["location"]) == {"file", "start_line", "end_line"}
        [item] = found["tracking"]["items"]
        assert [set(signature) for signature in item["signatures"]] == [{"algorithm", "value"}]
        for detail in found["details"].values():
            assert detail["name"]
            assert detail["type"] in ("text", "list")


def test_a_vulnerability_says_what_why_and_what_to_do() -> None:
    found, unknown = sast(REPORT)["vulnerabilities"]
    assert found["name"] == RULE.title
    assert found["severity"] == "High"
    assert found["solution"] == "Quote it."
    assert found["description"] == f"{FINDING.message}.\n\n{RULE.why}"
    assert found["location"] == {"file": ".gitlab-ci.yml", "start_line": 9, "end_line": 10}
    assert [(each["type"], each["value"]) for each in found["identifiers"]] == [
        ("pipelaw_rule_id", "script-injection"),
        ("owasp", "CICD-SEC-4"),
        ("cwe", "94"),
    ]
    assert found["links"] == [{"url": "https://example.org/page"}]
    assert found["details"]["job"]["value"] == "greet"
    assert "step" not in found["details"]
    assert found["details"]["related"]["items"] == [
        {"type": "text", "value": "ci/deep.yml:2: anybody can start it"}
    ]
    assert "solution" not in unknown
    assert [each["value"] for each in unknown["identifiers"]] == ["unknown-rule"]


def test_a_finding_is_known_again_by_its_fingerprint_not_by_its_line() -> None:
    moved = replaced(FINDING, span=FINDING.span._replace(line=90, end_line=91))
    [before], [after] = (
        sast(Report((finding,), Coverage()))["vulnerabilities"] for finding in (FINDING, moved)
    )
    assert before["id"] == after["id"]
    assert (
        before["tracking"]["items"][0]["signatures"] == after["tracking"]["items"][0]["signatures"]
    )
    assert len({each["id"] for each in sast(REPORT)["vulnerabilities"]}) == 2


def test_the_times_are_those_of_the_scan_in_utc() -> None:
    scan = sast(REPORT, Style(times=(0.0, 86_399.9)))["scan"]
    assert scan["start_time"] == "1970-01-01T00:00:00"
    assert scan["end_time"] == "1970-01-01T23:59:59"


def test_what_was_not_seen_is_told() -> None:
    assert sast(REPORT)["scan"]["messages"][1:] == [
        {"level": "warn", "value": "bad.yml:3:1: could not be read: not YAML"},
        {"level": "info", "value": "ci.yml:1:2: not resolved: include of x"},
        {
            "level": "info",
            "value": ".gitlab-ci.yml:9:17: suppressed: script-injection:"
            " `$CI_MERGE_REQUEST_TITLE` is evaluated (inline: known)",
        },
    ]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("`a[0]` is run by @all", "`a[0]` is run by \\@all"),
        ("![x](y) #1 !2 ~3", "\\!\\[x\\](y) \\#1 \\!2 \\~3"),
        ("one ` alone <b>", "one ` alone \\<b>"),
    ],
)
def test_a_message_mentions_nobody(message: str, shown: str) -> None:
    report = Report((replaced(FINDING, message=message),), Coverage())
    assert sast(report)["vulnerabilities"][0]["description"] == f"{shown}."
