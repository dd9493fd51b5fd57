"""SARIF: the official schema, GitHub's own validator, and what both of them let pass."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from samples import sample_finding, sample_rule

from pipelaw.document import Problem
from pipelaw.finding import Confidence, Coverage, Finding, Related, Report, Severity, Suppression
from pipelaw.records import replaced
from pipelaw.report import render, sarif
from pipelaw.rules import Line, Rule
from pipelaw.source import Span

CONTRACTS = os.environ.get("PIPELAW_CONTRACTS")
MULTITOOL = os.environ.get("PIPELAW_SARIF_MULTITOOL") or shutil.which("sarif-multitool")

PATH = ".github/workflows/greet.yml"


def rule(name: str, *severities: Severity, references: tuple[str, ...] = ()) -> Rule:
    return sample_rule(
        id=name,
        title=f"What {name} finds",
        ladder=tuple(Line(severity, "True") for severity in severities),
        confidence=Confidence.MEDIUM,
        why="It matters, in\ntwo lines.\n\nMore of it.",
        fix={"github": "Write this.", "gitlab": "Write that."},
        references=references,
        path=f"rules/{name}.yaml",
    )


RULES = (
    rule("dull-thing", Severity.INFO),
    rule(
        "script-injection",
        Severity.CRITICAL,
        Severity.MEDIUM,
        references=("CICD-SEC-4", "CWE-94", "CWE-94", "https://example.org/page"),
    ),
)
FINDING = sample_finding(
    title="What script-injection finds", severity=Severity.MEDIUM, confidence=Confidence.MEDIUM
)
EVERYTHING = Report(
    (
        FINDING,
        replaced(FINDING, severity=Severity.CRITICAL, related=()),
        replaced(FINDING, rule="dull-thing", severity=Severity.INFO, message="Odd. Really?"),
        replaced(FINDING, suppressed=Suppression("inline", "checked by\nhand")),
        replaced(FINDING, suppressed=Suppression("baseline")),
        replaced(FINDING, span=Span("dir with space/ü#%?.yml", 1, 1, 3, 1), message=""),
    ),
    Coverage(
        1,
        2,
        3,
        (Problem("bad.yml", 3, 1, "not valid YAML"),),
        (Problem("ci.yml", 1, 1, "include of group/[a](b)"),),
    ),
    RULES,
)


def run(report: Report) -> dict[str, Any]:
    log = json.loads(render("sarif", report))
    assert log["version"] == "2.1.0"
    assert len(log["runs"]) == 1
    only: dict[str, Any] = log["runs"][0]
    return only


def results(*findings: Finding) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run(Report(findings, Coverage(), RULES))["results"]
    return found


@pytest.mark.skipif(not CONTRACTS, reason="PIPELAW_CONTRACTS names no folder of schemas")
@pytest.mark.parametrize("report", [EVERYTHING, Report((), Coverage())])
def test_the_official_schema_accepts_it(report: Report) -> None:
    schema = json.loads(Path(str(CONTRACTS), "sarif-2.1.0.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(json.loads(render("sarif", report)))


@pytest.mark.skipif(not MULTITOOL, reason="no sarif-multitool: PIPELAW_SARIF_MULTITOOL or PATH")
@pytest.mark.parametrize("kind", ["Sarif", "Ghas"])
def test_the_validator_of_the_standards_authors_has_no_objection(kind: str, tmp_path: Path) -> None:
    log, said = tmp_path / "log.sarif", tmp_path / "said.sarif"
    log.write_text(render("sarif", EVERYTHING), encoding="utf-8")
    # its exit code is 0 whatever it finds
    subprocess.run(
        [str(MULTITOOL), "validate", str(log), "--rule-kind", kind, "--output", str(said)],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        check=True,
        capture_output=True,
    )
    objections = json.loads(said.read_bytes())["runs"][0].get("results", [])
    # an address of the tool is only known where its package is installed and names one
    assert {objection["ruleId"] for objection in objections} <= {"SARIF2005"}


def test_a_rule_carries_all_that_code_scanning_shows() -> None:
    dull, injection = run(EVERYTHING)["tool"]["driver"]["rules"]
    assert injection == {
        "id": "script-injection",
        "name": "ScriptInjection",
        "shortDescription": {"text": "What script-injection finds."},
        "fullDescription": {"text": "It matters, in two lines."},
        "help": {"text": injection["help"]["markdown"], "markdown": injection["help"]["text"]},
        "helpUri": "https://example.org/page",
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "injection", "CICD-SEC-4", "external/cwe/cwe-94"],
            "precision": "medium",
            "problem.severity": "error",
            "security-severity": "9.5",
        },
    }
    for part in ("More of it.", "### GitLab CI\n\nWrite that.", "[CWE-94](https://cwe.mitre.org/"):
        assert part in injection["help"]["markdown"]
    assert dull["defaultConfiguration"] == {"level": "note"}
    assert dull["properties"]["problem.severity"] == "recommendation"
    # GitHub reads every number above 0 as a security severity
    assert "security-severity" not in dull["properties"]
    assert "helpUri" not in dull


@pytest.mark.parametrize(
    ("severity", "level", "low", "high"),
    [
        (Severity.CRITICAL, "error", 9.0, 10.0),
        (Severity.HIGH, "error", 7.0, 8.9),
        (Severity.MEDIUM, "warning", 4.0, 6.9),
        (Severity.LOW, "note", 0.1, 3.9),
    ],
)
def test_severities_are_what_github_calls_by_the_same_name(
    severity: Severity, level: str, low: float, high: float
) -> None:
    report = Report((replaced(FINDING, severity=severity),), Coverage(), (rule("a-b", severity),))
    made = run(report)
    properties = made["tool"]["driver"]["rules"][0]["properties"]
    assert isinstance(properties["security-severity"], str)
    assert low < float(properties["security-severity"]) <= high
    assert made["results"][0]["level"] == level


def test_a_result_says_where_and_what_else() -> None:
    assert results(FINDING) == [
        {
            "ruleId": "script-injection",
            "ruleIndex": 1,
            "level": "warning",
            "message": {
                "text": "`${{ github.head_ref }}` is pasted into the script."
                " See: [anybody can start it](1)."
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": PATH, "uriBaseId": "%SRCROOT%"},
                        "region": {
                            "startLine": 9,
                            "startColumn": 17,
                            "endLine": 9,
                            "endColumn": 38,
                        },
                    }
                }
            ],
            "relatedLocations": [
                {
                    "id": 1,
                    "physicalLocation": {
                        "artifactLocation": {"uri": PATH, "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 9},
                    },
                    "message": {"text": "anybody can start it"},
                }
            ],
            "partialFingerprints": {"pipelaw/v1": "0123456789abcdef0123456789abcdef:1"},
            "properties": {
                "severity": "medium",
                "confidence": "medium",
                "platform": "github",
                "job": "greet",
                "step": "Say hello",
            },
        }
    ]


def test_every_result_points_at_its_rule_and_at_a_whole_region() -> None:
    made = run(EVERYTHING)
    rules = made["tool"]["driver"]["rules"]
    for result in made["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert all(
            region[f"{end}{what}"] >= 1 for end in ("start", "end") for what in ("Line", "Column")
        )
    assert made["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize(
    "path", ["a b.yml", "ü/日本.yml", "50%/x#y?.yml", "a:b/c.yml", "it's [x] (y).yml", "..yml"]
)
def test_a_path_is_a_relative_uri_that_decodes_to_itself(path: str) -> None:
    found = results(replaced(FINDING, span=Span(path, 1, 1, 1, 2)))[0]
    uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"(?:[\w.~/-]|%[0-9A-F]{2})+", uri, re.ASCII)
    assert unquote(uri) == path


def test_undecodable_and_missing_paths_still_give_a_valid_file() -> None:
    for path in ("bad\udcff.yml", ""):
        text = render(
            "sarif", Report((replaced(FINDING, span=Span(path, 1, 1, 1, 2)),), Coverage())
        )
        assert text.encode("utf-8")
        found = json.loads(text)["runs"][0]["results"][0]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_suppressions_stand_on_all_results_or_on_none() -> None:
    assert "suppressions" not in results(FINDING)[0]
    assert [result["suppressions"] for result in run(EVERYTHING)["results"]] == [
        [],
        [],
        [],
        [{"kind": "inSource", "status": "accepted", "justification": "checked by hand"}],
        [{"kind": "external", "status": "accepted"}],
        [],
    ]


def test_what_was_not_seen_is_a_notification() -> None:
    (invocation,) = run(EVERYTHING)["invocations"]
    assert invocation["executionSuccessful"] is True
    unreadable, unresolved = invocation["toolExecutionNotifications"]
    assert unreadable == {
        "descriptor": {"id": "unreadable"},
        "level": "warning",
        "message": {"text": "not valid YAML."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "bad.yml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 3, "startColumn": 1},
                }
            }
        ],
    }
    assert unresolved["descriptor"] == {"id": "unresolved"}
    assert unresolved["level"] == "note"
    assert unresolved["message"] == {"text": r"include of group/\[a\](b)."}


def test_text_from_a_file_makes_no_link() -> None:
    found = results(
        replaced(
            FINDING,
            message="`[click](https://evil.example)` is \x1b[31m\u202e bad",
            related=(Related(FINDING.span, "see [this](2)"),),
        )
    )[0]
    assert found["message"]["text"] == (
        r"`\[click\](https://evil.example)` is \\x1b\[31m\\u202e bad."
        r" See: [see \[this\](2)](1)."
    )


def test_the_worst_results_stay_where_there_are_too_many() -> None:
    low = replaced(FINDING, severity=Severity.LOW, related=())
    silenced = replaced(FINDING, severity=Severity.CRITICAL, suppressed=Suppression("waiver", "x"))
    high = replaced(FINDING, severity=Severity.HIGH, related=())
    findings = (silenced, *[low] * 20_000, *[high] * 20_000)
    made = run(Report(tuple(replaced(found) for found in findings), Coverage(), RULES))
    levels = [result["level"] for result in made["results"]]
    assert levels == ["note"] * 5_000 + ["error"] * 20_000
    (notification,) = made["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "15,001 results left out: a file may hold 25,000."


def test_related_places_tags_and_texts_stay_within_the_limits() -> None:
    related = tuple(Related(Span(PATH, n, 1, n, 2), f"place {n}") for n in range(1, 1500))
    references = tuple(f"CWE-{n}" for n in range(1, 40))
    wordy = replaced(rule("a-b", Severity.LOW, references=references), why="word " * 1000)
    finding = replaced(FINDING, rule="a-b", message="m" * 9000, related=related)
    made = run(Report((finding,), Coverage(), (wordy,)))
    entry, result = made["tool"]["driver"]["rules"][0], made["results"][0]
    assert len(entry["properties"]["tags"]) == 10
    assert len(entry["fullDescription"]["text"]) == 1024
    assert len(result["relatedLocations"]) == 100
    assert len(result["message"]["text"]) < 1200
    links = re.findall(r"\]\((\d+)\)", result["message"]["text"])
    assert {int(link) for link in links} <= {place["id"] for place in result["relatedLocations"]}


def test_one_result_is_one_line_and_the_same_every_time() -> None:
    text = render("sarif", EVERYTHING)
    assert text == render("sarif", EVERYTHING)
    assert sum(line.lstrip().startswith('{"ruleId"') for line in text.splitlines()) == 6
    assert sarif.SCHEMA in text
