"""The text report: what a person sees, at 80 columns, and what a hostile file cannot do to it."""

from __future__ import annotations

import re
import unicodedata
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import sample_finding, sample_rule

from pipelaw.document import Problem
from pipelaw.finding import Coverage, Finding, Related, Report, Severity, Suppression, Usage
from pipelaw.records import replaced
from pipelaw.report import Style, render
from pipelaw.report.excerpt import cut
from pipelaw.report.terminal import cells, head, table, tail, wrap
from pipelaw.report.text import FILES, LINES
from pipelaw.source import Source, Span

if TYPE_CHECKING:
    from pipelaw.rules import Rule

WORKFLOW = """\
on:
  issues:
    types: [opened]
jobs:
  greet:
    runs-on: [self-hosted, linux]
    steps:
      - run: |
          echo "${{ github.event.issue.title }}"
      - run: echo "${{ github.event.issue.body }}" | ./greet
"""

RULE = sample_rule(
    why="Whoever opens an issue decides its title. The runner pastes it into the script\n"
    "before the shell reads it, so it can hold commands.\n\nA second paragraph.",
    fix={
        "github": "Hand the value over in a variable, and quote it:\n\n"
        '```yaml\nenv:\n  TITLE: ${{ github.event.issue.title }}\nrun: echo "$TITLE"\n```',
        "gitlab": "- Quote the variable wherever the shell expands it, because an unquoted one"
        " is split\n- or check it first",
    },
    references=("CICD-SEC-4", "CWE-94"),
)


def found(
    text: str, mark: str, message: str = "an outsider writes this", **changes: object
) -> Finding:
    """A finding about the first place of `mark` in a file."""
    source = Source(".github/workflows/greet.yml", text)
    start = text.index(mark)
    span = source.span(start, start + len(mark))
    about = {"message": message, "span": span, "step": "0", "fingerprint": "0" * 32, "related": ()}
    lines = source.lines(span.line, min(span.end_line, span.line + 11))
    return sample_finding(**{**about, "excerpt": lines, **changes})


def shown(*findings: Finding, seen: Coverage | None = None, rules: tuple[Rule, ...] = ()) -> str:
    return render("text", Report(findings, seen or Coverage(1, 1, 1), rules))


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


TITLE = "${{ github.event.issue.title }}"
BODY = "${{ github.event.issue.body }}"


def test_a_finding_is_told_in_full_once_and_briefly_after_that() -> None:
    source = Source(".github/workflows/greet.yml", WORKFLOW)
    trigger = Related(source.span(6, 13), "anybody with an account can start it")
    message = f"`{TITLE}` is written by whoever opens the issue and pasted into the script"
    first = found(WORKFLOW, TITLE, message, severity=Severity.CRITICAL, related=(trigger,))
    second = found(WORKFLOW, BODY)
    silenced = found(WORKFLOW, BODY, suppressed=Suppression("inline", "known"))
    assert shown(first, second, silenced, rules=(RULE,)) == expected("""
        critical[script-injection]: `${{ github.event.issue.title }}` is written by
          whoever opens the issue and pasted into the script
         --> .github/workflows/greet.yml:9:17
          |
        9 |           echo "${{ github.event.issue.title }}"
          |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = note: anybody with an account can start it
            --> .github/workflows/greet.yml:2:3
          = why: Whoever opens an issue decides its title. The runner pastes it into the
                 script before the shell reads it, so it can hold commands.
          = fix: Hand the value over in a variable, and quote it:

                   env:
                     TITLE: ${{ github.event.issue.title }}
                   run: echo "$TITLE"

        high[script-injection]: an outsider writes this
          --> .github/workflows/greet.yml:10:20
           |
        10 |       - run: echo "${{ github.event.issue.body }}" | ./greet
           |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        2 findings: 1 critical, 1 high; 1 suppressed
        looked at 1 repository, 1 file, 1 pipeline
        `pipelaw explain RULE` says more about a rule, with examples
        """)


def test_of_severity_info_one_is_told_and_the_others_are_pointed_at() -> None:
    first = found(WORKFLOW, TITLE, severity=Severity.INFO)
    second = found(WORKFLOW, BODY, severity=Severity.INFO)
    others = [
        replaced(second, span=second.span._replace(path=f"a folder/{number}.yml"))
        for number in range(FILES + 1)
    ]
    report = shown(first, second, *others, rules=(RULE,))
    assert report.count("info[script-injection]") == 1
    also = report.splitlines()[report.splitlines().index("  = also: 22 more places") :]
    assert also[1] == "    --> .github/workflows/greet.yml:10"
    assert also[FILES : FILES + 3] == [
        f"    --> a folder/{FILES - 2}.yml:10",
        "    and 2 more (--format json lists them)",
        "",
    ]
    worse = replaced(second, severity=Severity.LOW)
    assert "low[script-injection]" in shown(first, worse, rules=(RULE,))
    nowhere = replaced(second, span=Span("", 1, 1, 1, 1))
    assert shown(first, nowhere, nowhere).count("info[script-injection]") == 3


def test_of_many_places_in_a_file_the_first_are_told() -> None:
    first = found(WORKFLOW, TITLE)
    many = [
        replaced(first, span=first.span._replace(line=number, end_line=number))
        for number in range(20, 20 + LINES + 1234)
    ]
    report = " ".join(shown(first, *many, rules=(RULE,)).split())
    assert f"= also: {LINES + 1234:,} more places" in report
    assert f", {18 + LINES}, {19 + LINES}, and 1,234 more " in report


def test_findings_that_say_the_same_are_told_once_with_all_their_places() -> None:
    first, second = found(WORKFLOW, TITLE), found(WORKFLOW, BODY)
    lines = shown(first, second, rules=(RULE,)).splitlines()
    assert sum("[script-injection]" in line for line in lines) == 1
    assert lines[lines.index("  = also: 1 more place") + 1] == (
        "    --> .github/workflows/greet.yml:10"
    )
    assert "2 findings: 2 high" in lines
    reached = (Related(first.span, "its trigger"),)
    for other in (
        replaced(second, message="an outsider writes that"),
        replaced(second, severity=Severity.MEDIUM),
        replaced(second, rule="argument-injection"),
        replaced(second, related=reached),
    ):
        assert shown(first, other).count("-injection]") == 2


def test_another_platform_has_another_fix_but_the_same_reason() -> None:
    here = found(WORKFLOW, BODY)
    report = shown(here, replaced(here, platform="gitlab"), rules=(RULE,))
    assert report.count("= why:") == 1
    assert "   = fix: Hand the value over in a variable, and quote it:" in report
    assert report.splitlines()[-7:-4] == [
        "   = fix: - Quote the variable wherever the shell expands it, because an",
        "            unquoted one is split",
        "          - or check it first",
    ]


def test_tabs_and_wide_and_combining_characters_keep_the_carets_in_line() -> None:
    text = f"run:\techo 日本語 e\u0301 {BODY}\t# end\n"
    assert shown(found(text, BODY)).splitlines()[3:5] == [
        f"1 | run:    echo 日本語 e\u0301 {BODY}    # end",
        # three wide characters take six columns, the combining accent none
        f"  | {' ' * 22}{'^' * len(BODY)}",
    ]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = f"run: {'a' * 200} {BODY} {'b' * 200}\n"
    lines = shown(found(text, BODY)).splitlines()
    assert lines[3:5] == [
        f"1 | …{'a' * 32} {BODY} {'b' * 10}…",
        f"  | {' ' * 34}{'^' * len(BODY)}",
    ]
    assert all(cells(line) <= 80 for line in lines)


def test_a_long_place_is_cut_behind_its_beginning() -> None:
    lines = shown(found(f"run: {'x' * 500}\n", "x" * 500)).splitlines()
    assert lines[3:5] == [f"1 | run: {'x' * 70}…", f"  |      {'^' * 70}"]


def test_a_place_of_several_lines_has_a_side_mark() -> None:
    mark = WORKFLOW[WORKFLOW.index("issues:") : WORKFLOW.index("\njobs")]
    assert shown(found(WORKFLOW, mark)).splitlines()[1:6] == [
        " --> .github/workflows/greet.yml:2:3",
        "  |",
        "2 | /   issues:",
        "3 | |     types: [opened]",
        "  | |___________________^",
    ]


def test_a_place_of_many_lines_is_shortened() -> None:
    mark = WORKFLOW[WORKFLOW.index("greet:") :].rstrip()
    assert shown(found(WORKFLOW, mark)).splitlines()[1:8] == [
        " --> .github/workflows/greet.yml:5:3",
        "  |",
        "5 | /   greet:",
        "6 | |     runs-on: [self-hosted, linux]",
        "7 | |     steps:",
        "  | |_… to line 10",
        "",
    ]


def test_a_finding_without_source_or_place_is_still_told() -> None:
    bare = found(WORKFLOW, BODY, span=Span("", 1, 1, 1, 1), excerpt=())
    assert shown(bare, rules=(RULE,)).splitlines()[:3] == [
        "high[script-injection]: an outsider writes this",
        "  |",
        "  = why: Whoever opens an issue decides its title. The runner pastes it into the",
    ]


def test_what_was_not_seen_is_told() -> None:
    unresolved = tuple(Problem("ci.yml", n, 3, f"include of part {n}") for n in range(1, 8))
    seen = Coverage(2, 1200, 1, (Problem("a b.yml", 3, 1, "not valid YAML"),), unresolved)
    assert shown(seen=seen) == expected("""
        could not be read:
          a b.yml:3:1: not valid YAML

        not resolved:
          ci.yml:1:3: include of part 1
          ci.yml:2:3: include of part 2
          ci.yml:3:3: include of part 3
          ci.yml:4:3: include of part 4
          ci.yml:5:3: include of part 5
          and 2 more (--format json lists them)

        no findings
        looked at 2 repositories, 1,200 files, 1 pipeline; 1 could not be read; 7 not
          resolved
        """)


def test_long_problems_are_wrapped_below_their_place() -> None:
    blank = Problem(
        "a  b.yml", 3, 1, "the called workflow some-vendor/workflows is not looked into"
    )
    far = Problem(f"{'deep/' * 14}ci.yml", 1, 1, "not valid YAML")
    lines = shown(seen=Coverage(1, 1, 1, (blank, far))).splitlines()
    assert lines[:5] == [
        "could not be read:",
        "  a  b.yml:3:1: the called workflow some-vendor/workflows is not looked into",
        f"  {'deep/' * 14}ci.yml:1:1:",
        "    not valid YAML",
        "",
    ]
    assert all(len(line) <= 80 for line in lines if "deep/" not in line)


def test_notes_end_at_the_edge() -> None:
    for line in (7, 12345):
        span = Span("ci.yml", line, 1, line, 2)
        related = (Related(span, "word " * 60),)
        text = shown(found(WORKFLOW, BODY, span=span, related=related, excerpt=("a: b",)))
        notes = [one for one in text.splitlines() if "word" in one]
        assert len(notes) > 3
        edge = max(map(len, notes))
        assert 80 - len(" word") < edge <= 80


def test_many_related_places_are_counted() -> None:
    related = tuple(Related(Span("ci.yml", n, 1, n, 2), f"place {n}") for n in range(1, 8))
    lines = shown(found(WORKFLOW, BODY, related=related)).splitlines()
    assert sum("= note: place" in line for line in lines) == 5
    assert "   = note: and 2 more places" in lines


def test_colours_only_where_they_are_wanted() -> None:
    report = Report((found(WORKFLOW, BODY),), Coverage(1, 1, 1), (RULE,))
    plain, colored = render("text", report), render("text", report, Style(color=True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert "\x1b[1;31mhigh[script-injection]\x1b[0m" in colored


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("admin\u202e\u2066 }\u2069", r"admin\u202e\u2066 }\u2069"),
        ("a\u200bb\u00adc\ufeffd", r"a\u200bb\xadc\ufeffd"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("cut\udcff", r"cut\udcff"),
        ("##[add-mask]x ##vso[task.x]", r"#\x23[add-mask]x #\x23vso[task.x]"),
    ],
)
def test_what_a_terminal_or_runner_would_obey_is_shown(hostile: str, harmless: str) -> None:
    text = f"run: {hostile}\n"
    span = Span(f"dir/{hostile}.yml", 1, 6, 1, 6 + len(hostile))
    report = shown(
        found(text, hostile, f"the text `{hostile}`", span=span, related=(Related(span, hostile),)),
        seen=Coverage(1, 1, 1, (Problem(f"{hostile}.yml", 1, 1, hostile),)),
    )
    assert hostile not in report
    assert report.count(harmless) == 7


def test_names_off_the_paved_road_are_harmless() -> None:
    usages = (
        Usage("actions", "evil/a\x1b[2J\x1b]0;title\x07", paved=False, times=1),
        Usage("images", "evil\n::stop-commands::x", paved=False, times=1),
    )
    report = render("text", Report((), Coverage(1, 1, 1), usages=usages))
    assert "\x1b" not in report
    assert "\x07" not in report
    said = r"not: actions evil/a\x1b[2J\x1b]0;title\x07, images evil ::stop"
    assert said in " ".join(report.split())
    assert not re.search(r"(?m)^\s*::", report)


def test_a_message_is_one_line_before_it_is_wrapped() -> None:
    report = shown(found(WORKFLOW, BODY, "first\n\nfatal: made up\r\n  --> x.yml:1:1"))
    assert report.startswith("high[script-injection]: first fatal: made up --> x.yml:1:1\n")


def test_no_line_begins_with_a_workflow_command() -> None:
    message = f"{'long ' * 11}::stop-commands::x"
    report = shown(found(WORKFLOW, BODY, message))
    assert "\n  \\x3a:stop-commands::x\n" in report


texts = st.text(max_size=120) | st.text(
    alphabet="ab `::##[]\n\r\t\x1b\x07\x85\u2028\u202e\u200d日\u0301\udcff", max_size=120
)


@settings(deadline=None)
@given(line=texts, message=texts, path=texts, numbers=st.tuples(*[st.integers(1, 130)] * 2))
def test_nothing_from_a_file_reaches_the_terminal_raw(
    line: str, message: str, path: str, numbers: tuple[int, int]
) -> None:
    start, end = sorted(numbers)
    finding = found(
        WORKFLOW,
        BODY,
        message,
        span=Span(path, 1, start, 1, end),
        excerpt=(line,),
        related=(Related(Span(path, 1, 1, 1, 1), message),),
    )
    seen = Coverage(1, 1, 1, (Problem(path, 1, 1, message),), (Problem(path, 1, 1, message),))
    report = shown(finding, seen=seen, rules=(RULE,))
    kinds = {unicodedata.category(char) for char in report if char != "\n"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not re.search(r"(?m)^\s*::|##\w*\[", report)


@given(line=texts, numbers=st.tuples(*[st.integers(0, 130)] * 2), room=st.integers(20, 100))
def test_a_cut_line_fits_and_its_marks_stay_inside(
    line: str, numbers: tuple[int, int], room: int
) -> None:
    start, end = sorted(min(number, len(line)) for number in numbers)
    text, before, marked = cut(line, start, end, room)
    assert cells(text) <= room
    assert marked >= 1
    assert before + marked <= max(cells(text), before + 1)


def test_a_line_of_a_megabyte_costs_no_more_than_a_short_one() -> None:
    text, before, marked = cut("x" * 1_000_000, 500_000, 500_010, 60)
    assert (len(text), before, marked) == (60, 38, 10)


def test_wrapping_counts_columns_and_keeps_long_words_whole() -> None:
    assert wrap("日本 日本 ab " + "w" * 12, 9) == ["日本 日本", "ab", "w" * 12]


def test_a_table_is_aligned_and_its_last_column_wrapped() -> None:
    rows = [("日本", "a", "one two three four five six"), ("x", "bcd", "")]
    assert list(table(rows, 30)) == [
        "日本  a    one two three four",
        "           five six",
        "x     bcd",
    ]
    assert next(table(rows, 0)) == "日本  a    one two three four five six"
    assert list(table([], 80)) == []


def test_a_wide_character_is_not_cut_in_half() -> None:
    assert [head("日本e\u0301", room) for room in (0, 1, 2, 3, 4, 5)] == [
        "",
        "",
        "日",
        "日",
        "日本",
        "日本e\u0301",
    ]
    assert [tail("ab日本", room) for room in (0, 1, 2, 3, 4, 5)] == [
        "",
        "",
        "本",
        "本",
        "日本",
        "b日本",
    ]
