"""The reports for programs and for GitHub: JSON, annotations, job summaries."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import sample_finding, sample_rule

import pipelaw.report
from pipelaw.document import Problem
from pipelaw.finding import (
    Coverage,
    Related,
    Report,
    Severity,
    Suppression,
    Usage,
)
from pipelaw.records import replaced
from pipelaw.report import FORMATS, Style, render
from pipelaw.source import Span

PATH = ".github/workflows/greet.yml"
RULE = sample_rule(
    fix={"github": "Use a variable:\n\n```yaml\nenv:\n  T: x\n```", "gitlab": "Quote it."},
    references=("CWE-94",),
)
FINDING = sample_finding(excerpt=("          echo ${{ github.head_ref }}",))
REPORT = Report(
    (
        replaced(FINDING, severity=Severity.LOW, span=Span("a.yml", 1, 1, 4, 2), related=()),
        FINDING,
        replaced(FINDING, suppressed=Suppression("inline", "known")),
    ),
    Coverage(
        1,
        2,
        3,
        (Problem("bad.yml", 3, 1, "not YAML"),),
        (Problem("ci.yml", 1, 2, "include of x"),),
    ),
    (RULE,),
)


def test_the_table_of_formats_is_what_the_folder_has() -> None:
    folder = Path(pipelaw.report.__file__).parent
    writers = {
        path.stem for path in folder.glob("*.py") if "def render(" in path.read_text("utf-8")
    }
    assert {name.replace("-", "_") for name in FORMATS} == writers - {"__init__"}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("report", [REPORT, Report((), Coverage())])
def test_every_format_is_deterministic_ends_with_a_line_end_and_is_utf_8(
    name: str, report: Report
) -> None:
    text = render(name, report)
    assert text == render(name, report)
    assert not text or text.endswith("\n")
    odd = replaced(
        FINDING, span=Span("bad\udcff.yml", 1, 1, 1, 2), message="\udcff", title="\ud800"
    )
    assert render(name, Report((odd,), Coverage(), (RULE,))).encode("utf-8")


# JSON


def strict(schema: Any) -> Any:
    """The schema without room for keys that it does not name, so that no undocumented one is written."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    return made | ({"additionalProperties": False} if schema.get("type") == "object" else {})


@pytest.mark.parametrize("report", [REPORT, Report((), Coverage())])
def test_json_is_what_its_schema_says(report: Report) -> None:
    schema = json.loads(files("pipelaw").joinpath("data/report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(strict(schema)).validate(json.loads(render("json", report)))


def test_json_has_its_keys_in_order_and_a_line_for_each_finding() -> None:
    lines = render("json", REPORT).splitlines()
    value = json.loads("".join(lines))
    assert list(value) == ["version", "tool", "summary", "coverage", "paved_road", "findings"]
    assert value["version"] == 1
    assert value["tool"]["name"] == "pipelaw"
    counts = {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0, "suppressed": 1}
    assert list(value["summary"].items()) == list(counts.items())
    assert value["coverage"] == {
        "repositories": 1,
        "files": 2,
        "pipelines": 3,
        "unreadable": [{"path": "bad.yml", "line": 3, "column": 1, "message": "not YAML"}],
        "unresolved": [{"path": "ci.yml", "line": 1, "column": 2, "message": "include of x"}],
    }
    rows = [json.loads(line.strip().rstrip(",")) for line in lines if '"rule":' in line]
    assert rows == value["findings"]
    assert rows[1] == {
        "rule": "script-injection",
        "title": RULE.title,
        "severity": "high",
        "confidence": "high",
        "message": FINDING.message,
        "path": PATH,
        "line": 9,
        "column": 17,
        "end_line": 9,
        "end_column": 38,
        "platform": "github",
        "job": "greet",
        "step": "Say hello",
        "fingerprint": FINDING.fingerprint,
        "related": [{"path": PATH, "line": 2, "column": 3, "message": "anybody can start it"}],
        "suppressed": None,
    }
    assert rows[2]["suppressed"] == {"by": "inline", "reason": "known"}


@given(st.text() | st.text(alphabet='##[]":,{}\\\x9b\u202e\u2028é'))
def test_json_keeps_every_text_and_shows_a_terminal_nothing_to_obey(text: str) -> None:
    written = render("json", Report((replaced(FINDING, message=text),), Coverage()))
    assert json.loads(written)["findings"][0]["message"] == text
    assert not re.search("##\\[|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]", written)


# Annotations


def unescaped(command: str) -> tuple[str, dict[str, str], str]:
    """What a runner reads from a line: the command, its properties, its message."""
    _, head, data = command.split("::", 2)
    name, _, pairs = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in pairs.split(","))
    signs = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    for sign, char in signs.items():
        properties = {key: value.replace(sign, char) for key, value in properties.items()}
        data = data.replace(sign, char) if char not in ":," else data
    return name, properties, data


def test_a_sentence_of_an_annotation_has_no_line_ends() -> None:
    fix = "Use a variable:\n\n```yaml\nenv:\n  T: x\n```\n\nA shell\nnever\nparses it."
    rule = replaced(RULE, fix={"": fix})
    _, _, said = unescaped(render("github", Report((FINDING,), Coverage(), (rule,))).strip())
    assert said.endswith("\nFix: Use a variable:\n\n  env:\n    T: x\n\nA shell never parses it.")


def test_annotations_are_worst_first_and_suppressed_findings_have_none() -> None:
    advice = (
        "%0AWhy: Whoever opens an issue decides its title."
        "%0AFix: Use a variable:%0A%0A  env:%0A    T: x"
    )
    message = "`${{ github.head_ref }}` is pasted into the script"
    title = f"{RULE.title} [script-injection]"
    high = f"::error file={PATH},line=9,endLine=9,col=17,endColumn=38,title=high%3A {title}"
    low = f"::notice file=a.yml,line=1,endLine=4,title=low%3A {title}"
    assert render("github", REPORT).splitlines() == [
        f"{high}::{message}%0A{PATH}:2: anybody can start it{advice}",
        "::warning file=bad.yml,line=3,col=1,title=could not be read::not YAML",
        # no columns: the place has several lines
        f"{low}::{message}{advice}",
    ]


@pytest.mark.parametrize(
    "path", ["a b/c,d:e.yml", "50%25/100%.yml", "a::b.yml", "ü/日本#1.yml", "x=y,line=1.yml"]
)
def test_annotations_give_back_path_and_message_as_they_are(path: str) -> None:
    finding = replaced(
        FINDING, span=Span(path, 1, 1, 1, 2), message="100%0A, a:b ::c::", related=()
    )
    (line,) = render("github", Report((finding,), Coverage())).splitlines()
    name, properties, message = unescaped(line)
    assert (name, properties["file"], properties["line"]) == ("error", path, "1")
    assert message == "100%0A, a:b ::c::"


def test_a_message_cannot_add_a_command() -> None:
    text = "x\r\n::set-output name=a::b\n\x1b[31m\u2028::stop-commands::y\x85##[add-mask]"
    finding = replaced(FINDING, message=text, title=text, span=Span(f"a\n{text}", 1, 1, 1, 2))
    report = Report((finding,), Coverage(unreadable=(Problem("a\n::b", 1, 1, text),)))
    lines = render("github", report).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning"]
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("numbers", "shown", "left"),
    [
        ((12, 0, 0), {"error": 10, "notice": 1}, 2),
        ((10, 10, 9), {"error": 10, "warning": 10, "notice": 9}, 0),
        ((11, 12, 30), {"error": 10, "warning": 10, "notice": 10}, 24),
    ],
)
def test_no_more_annotations_than_a_step_may_show(
    numbers: tuple[int, int, int], shown: dict[str, int], left: int
) -> None:
    severities = (Severity.CRITICAL, Severity.MEDIUM, Severity.INFO)
    findings = tuple(
        replaced(FINDING, severity=severity)
        for severity, number in zip(severities, numbers, strict=True)
        for _ in range(number)
    )
    lines = render("github", Report(findings, Coverage(1, 1, 1))).splitlines()
    found = [unescaped(line)[0] for line in lines]
    assert {name: found.count(name) for name in found} == shown
    last = unescaped(lines[-1])
    assert last[2].endswith(f"{left} more are not shown as annotations.") is bool(left)


def test_nothing_to_say_is_no_annotation() -> None:
    assert render("github", Report((), Coverage(1, 1, 1), (RULE,))) == ""


# Job summaries


def test_a_job_summary_has_counts_findings_and_advice() -> None:
    links = Style(links="https://forge.example/o/r/blob/abc")
    text = render("markdown", REPORT, links)
    assert text.startswith(
        "## pipelaw: 2 findings\n\n"
        "| critical | high | medium | low | info | suppressed |\n"
        "|---:|---:|---:|---:|---:|---:|\n"
        "| 0 | 1 | 0 | 1 | 0 | 1 |\n\n"
        "Looked at 1 repository, 2 files, 3 pipelines; 1 could not be read; 1 not resolved.\n"
    )
    base = "https://forge.example/o/r/blob/abc"
    assert (
        "\n### High\n\n"
        "#### Text that an outsider writes becomes part of a script (`script-injection`)\n\n"
        "<details><summary>Why it matters, and how to fix it</summary>\n\n"
        "Whoever opens an issue\ndecides its title.\n\nMore of it.\n\n"
        "**How to fix it**\n\nUse a variable:\n\n```yaml\nenv:\n  T: x\n```\n\n</details>\n\n"
        f"- [`{PATH}:9`]({base}/{PATH}#L9): `${{{{ github.head_ref }}}}` is pasted into the script\n"
        f"  - [`{PATH}:2`]({base}/{PATH}#L2): anybody can start it\n"
        "\n### Low\n"
    ) in text
    assert f"- [`a.yml:1`]({base}/a.yml#L1-L4): " in text
    assert "- `bad.yml:3:1`: not YAML" in text
    assert text.count("Why it matters") == 1


def test_a_job_summary_has_the_fix_also_where_the_findings_do_not_fit() -> None:
    report = replaced(REPORT, findings=(FINDING,) * 20_000)
    text = render("markdown", report)
    assert len(text.encode()) < 1024 * 1024
    assert "**How to fix it**\n\nUse a variable:" in text
    assert text.endswith(" more findings did not fit here.\n")


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_the_paved_road_is_told_where_there_is_one(name: str) -> None:
    usages = (Usage("images", "ours/<b>", True, 3), Usage("actions", "a/b", False, 1))
    assert "on the paved road" not in render(name, REPORT)
    text = render(name, replaced(REPORT, usages=usages))
    assert "3 of 4 uses on the paved road; not: actions a/b." in text


def test_a_job_summary_without_an_address_has_no_links() -> None:
    assert "](" not in render("markdown", REPORT)


def test_a_fix_is_told_for_each_platform_that_has_findings() -> None:
    report = replaced(REPORT, findings=(FINDING, replaced(FINDING, platform="gitlab")))
    text = render("markdown", report)
    assert "**How to fix it (GitHub Actions)**\n\nUse a variable:" in text
    assert "**How to fix it (GitLab CI)**\n\nQuote it." in text


def test_a_job_summary_says_how_much_more_was_not_seen() -> None:
    unresolved = tuple(Problem("ci.yml", n, 1, "include of x") for n in range(1, 24))
    text = render("markdown", Report((), Coverage(1, 1, 1, (), unresolved)))
    assert text.startswith("## pipelaw: no findings\n")
    assert text.count("include of x") == 20
    assert "- and 3 more\n" in text


def test_no_fix_is_told_where_the_rule_has_none_for_the_platform() -> None:
    report = replaced(REPORT, findings=(replaced(FINDING, platform="drone"),))
    text = render("markdown", report)
    assert "Why it matters" in text
    assert "**How to fix it" not in text


def test_a_message_with_an_odd_backtick_has_no_code() -> None:
    report = Report((replaced(FINDING, message="it`s"),), Coverage())
    assert "it\\`s\n" in render("markdown", report)


@pytest.mark.parametrize(
    "hostile",
    [
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "` <b>out</b> `` [click](https://evil.example) `",
        "<https://evil.example> https://evil.example www.evil.example @somebody #12",
        "</details>\n\n# Fake heading\n\n| a | b |",
        "&lt;b&gt; \\[x](y) **bold** _it_ ~~no~~",
    ],
)
def test_a_job_summary_shows_hostile_text_as_text(hostile: str) -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="no Markdown parser to judge it with")
    path = f"dir/{hostile}.yml"
    finding = replaced(
        FINDING,
        message=f"the text `{hostile}` and {hostile}",
        title=hostile,
        span=Span(path, 1, 1, 1, 2),
        related=(Related(Span(path, 1, 1, 1, 2), hostile),),
    )
    problem = Problem(path, 1, 1, hostile)
    report = Report((finding,), Coverage(1, 1, 1, (problem,), (problem,)))
    tokens = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(
        render("markdown", report)
    )
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "code_inline", "text_special"}
    html = {token.content.strip() for token in tokens if token.type == "html_block"}
    assert all(
        re.fullmatch(r"<details><summary>[\w :]+</summary>|</details>", text) for text in html
    )
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", render("markdown", report))
    assert not re.search(r"https:|www\.", prose)


def test_a_job_summary_stays_below_what_github_shows() -> None:
    findings = (replaced(FINDING, message="日" * 500),) * 2000
    text = render("markdown", replaced(REPORT, findings=findings))
    assert 900_000 < len(text.encode()) < 1_048_576
    left = re.search(r"\n([\d,]+) more findings did not fit here\.\n\Z", text)
    assert left
    assert text.count("日" * 500) + int(left[1].replace(",", "")) == 2000
