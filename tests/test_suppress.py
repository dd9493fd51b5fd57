from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from samples import sample_finding

from pipelaw import rulebook, zizmor
from pipelaw.discover import Candidate
from pipelaw.ignores import Comment, comments
from pipelaw.repository import Work, scan_repository
from pipelaw.source import Source, Span
from pipelaw.suppress import File
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.finding import Finding

DOCUMENT = Path(__file__).parents[1] / "docs" / "coming-from-zizmor.md"
PATH = ".github/workflows/x.yml"


def found_in(text: str, *rules: str) -> tuple[Finding, ...]:
    """The findings of a workflow."""
    work = Work(MemoryTree({PATH: text.encode()}), "", (Candidate(PATH, "github"),))
    return scan_repository(work, book_of(*rules)).findings


@cache
def book_of(*rules: str) -> rulebook.Rulebook:
    return rulebook.load(only=rules)


def said_in(text: str) -> list[Comment]:
    """The comments of a file that has no scripts."""
    return comments(File(Source(PATH, text), tuple, tuple))


def suppressed(text: str, *rules: str) -> dict[tuple[str, int], str | None]:
    """The reason for which each finding is suppressed, None for an open one."""
    return {
        (found.rule, found.span.line): found.suppressed.reason if found.suppressed else None
        for found in found_in(dedent(text), *rules)
    }


def test_comments_of_both_tools_are_read() -> None:
    found = said_in(
        "a: 1 # pipelaw: ignore[one, two] because\n"
        "# zizmor: ignore[unpinned-uses] later\n"
        "b: 2 # zizmor: ignore[no-such-audit]\n"
        "c: 3 # zizmor: ignore[artipacked] ours # pipelaw: ignore[three] mine\n"
    )
    assert [(one.about, sorted(one.rules), one.reason, one.foreign) for one in found] == [
        ((1, 1), ["one", "two"], "because", False),
        ((3, 3), ["unpinned-action"], "later", True),
        ((3, 3), [], "", True),
        ((4, 4), ["persisted-credentials"], "ours", True),
        ((4, 4), ["three"], "mine", False),
    ]
    assert [(one.line, one.column) for one in found] == [(1, 6), (2, 1), (3, 6), (4, 6), (4, 40)]


def test_zizmor_comments_count_in_the_whole_step() -> None:
    text = """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - name: one # zizmor: ignore[unpinned-uses] ours
                uses: example/one@v1
              - uses: example/two@v1
                with:
                  x: |
                    - run: y
                  # zizmor: ignore[unpinned-uses]
                  z: 1
              - uses: example/three@v1
              - uses: example/four@v1 # zizmor: ignore[artipacked]
              - # zizmor: ignore[unpinned-uses]
                uses: example/five@v1
              - {name: six, uses: example/six@v1, # zizmor: ignore[unpinned-uses]
                 id: six}
              - uses: example/seven@v1
                id: seven # zizmor: ignore[unpinned-uses] last
              # zizmor: ignore[unpinned-uses] of no step
              - uses: example/eight@v1"""
    assert suppressed(text, "unpinned-action") == {
        ("unpinned-action", 8): "ours",
        ("unpinned-action", 9): "",
        ("unpinned-action", 15): None,
        ("unpinned-action", 16): None,
        ("unpinned-action", 18): "",
        ("unpinned-action", 19): "",
        ("unpinned-action", 21): "last",
        ("unpinned-action", 24): None,
    }


def test_zizmor_comments_count_beside_the_key_above_and_in_the_file() -> None:
    text = """
        on: push
        jobs:
          a:
            permissions: # zizmor: ignore[undocumented-permissions]
              issues: write
              checks: write
            runs-on: ubuntu-latest
            steps: [{run: gh issue close 1, env: {GH_TOKEN: "${{ github.token }}"}}]
          b: # zizmor: ignore[excessive-permissions] all of it
            runs-on: ubuntu-latest
            steps: [{run: make}]
        """
    rules = ("undocumented-permission", "unneeded-permission", "missing-permissions")
    assert suppressed(text, *rules) == {
        ("missing-permissions", 2): "all of it",
        ("undocumented-permission", 6): "",
        ("unneeded-permission", 7): None,
    }


def test_zizmor_comments_about_the_events_count_at_any_of_them() -> None:
    text = """
        on:
          push: {branches: [main]}
          pull_request_target:
            types: [opened] # zizmor: ignore[dangerous-triggers] labels
        jobs: # zizmor: ignore[dangerous-triggers]
          a: {runs-on: ubuntu-latest, steps: [{run: make}]}
        """
    assert suppressed(text, "dangerous-trigger") == {("dangerous-trigger", 4): "labels"}
    moved = text.replace(" # zizmor: ignore[dangerous-triggers] labels", "")
    assert suppressed(moved, "dangerous-trigger") == {("dangerous-trigger", 4): None}


def test_zizmor_comments_about_a_call_count_at_any_key_of_it() -> None:
    text = """
        on: push
        jobs:
          a:
            uses: example/x/.github/workflows/one.yml@v1 # zizmor: ignore[secrets-inherit] ours

            secrets: inherit
          b:
            uses: example/x/.github/workflows/two.yml@v1
            secrets: inherit
          c:
            secrets: inherit
            uses: example/x/.github/workflows/two.yml@v1 # zizmor: ignore[secrets-inherit]
        """
    assert suppressed(text, "secrets-inherit") == {
        ("secrets-inherit", 7): "ours",
        ("secrets-inherit", 10): None,
        ("secrets-inherit", 12): "",
    }


def test_our_own_comments_count_on_the_line_alone() -> None:
    text = """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - name: one # pipelaw: ignore[unpinned-action]
                uses: example/one@v1
              - uses: example/two@v1 # pipelaw: ignore[unpinned-action] fine
        """
    assert suppressed(text, "unpinned-action") == {
        ("unpinned-action", 8): None,
        ("unpinned-action", 9): "fine",
    }


def test_comments_above_a_line_count_together() -> None:
    text = """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              # zizmor: ignore[unpinned-uses]
              # and why
              - uses: example/one@v1
              # pipelaw: ignore[unpinned-action] first
              # pipelaw: ignore[superfluous-action] second
              # and why
              - uses: softprops/action-gh-release@v1
              # pipelaw: ignore[unpinned-action] too far up

              - uses: example/two@v1
        """
    assert suppressed(text, "unpinned-action", "superfluous-action") == {
        ("unpinned-action", 9): None,
        ("unpinned-action", 13): "first",
        ("superfluous-action", 13): "second",
        ("unpinned-action", 16): None,
    }


def test_a_comment_within_a_finding_counts_whatever_follows() -> None:
    [comment] = said_in("a:\n  - b\n  # pipelaw: ignore[one] ours\n  # the end\nc: d\n")
    covered = {
        (first, last): comment.covers(
            sample_finding(rule="one", span=Span(PATH, first, 1, last, 2))
        )
        for first, last in ((1, 4), (5, 5), (1, 3), (6, 6))
    }
    assert covered == {(1, 4): True, (5, 5): True, (1, 3): False, (6, 6): False}


STEPS = """
on: pull_request
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
"""


@pytest.mark.parametrize(
    "reason",
    [
        "",
        " ",
        " (until 2027-01-31)",
        " -- ",
        " [expires on: 2027-01-31]",
        " ...",
        " until 2027-01-31",
    ],
)
def test_a_comment_needs_a_reason(reason: str) -> None:
    comment = f"# pipelaw: ignore[unpinned-action]{reason}"
    text = f"{STEPS}      - uses: example/one@v1 {comment}\n      - uses: example/two@v1\n"
    first, second = found_in(text, "unpinned-action")
    assert (first.suppressed, second.suppressed, second.related) == (None, None, ())
    [related] = first.related
    assert related.message == (
        "the comment beside it does not count: it gives no reason:"
        " write `# pipelaw: ignore[rule] reason`"
    )
    assert related.span[:3] == (PATH, 7, 30)
    # of another rule it says nothing
    [found] = found_in(text.replace("[unpinned", "[archived").replace("/two@v1", "/two@main"))[:1]
    assert "comment" not in str(found.related)


IGNORE = "# pipelaw: ignore[script-injection] why"
INJECTION = "${{ github.head_ref }}"
JAVASCRIPT = "uses: actions/github-script@v7\n        with:\n          script:"


@pytest.mark.parametrize(
    ("step", "counts"),
    [
        (f"run: echo {INJECTION} {IGNORE}", True),
        (f'run: "echo {INJECTION}" {IGNORE}', True),
        (f"run: 'echo {INJECTION}'{IGNORE}", True),
        (f"run: |\n          echo {INJECTION} {IGNORE}", True),
        (f"run: |\n          echo {INJECTION};{IGNORE}", True),
        (f"run: >-\n          {IGNORE}\n          echo {INJECTION}", True),
        (f"shell: python\n        run: |\n          print('{INJECTION}') {IGNORE}", True),
        (f"shell: pwsh\n        run: |\n          echo '{INJECTION}' {IGNORE}", True),
        (f"run: | {IGNORE}\n          echo\n          echo {INJECTION}", True),
        (f"run: >2- {IGNORE}\n\n          echo\n          echo {INJECTION}\n", True),
        (f"{JAVASCRIPT} | {IGNORE}\n            f(`{INJECTION}`)", True),
        (f"{JAVASCRIPT} |\n            f(`{INJECTION}`) // {IGNORE}", True),
        (f"{JAVASCRIPT} |\n            f(`{INJECTION}`) {IGNORE}", False),
        (f'run: "echo {INJECTION} {IGNORE}"', False),
        (f"run: 'echo {INJECTION} {IGNORE}'", False),
        (f'run: "echo {INJECTION}\n          {IGNORE}"', False),
        (f"run: |\n          echo {INJECTION}{IGNORE}", False),
        (f"shell: cmd\n        run: |\n          echo {INJECTION} {IGNORE}", False),
        (f'name: "{IGNORE}"\n        run: echo {INJECTION}', False),
        (f"env:\n          X: |\n            {IGNORE}\n        run: echo {INJECTION}", False),
    ],
)
def test_a_comment_is_one_where_it_is_read_as_one(step: str, counts: bool) -> None:
    [found] = found_in(f"{STEPS}      - {step}\n", "script-injection")
    assert (found.suppressed is not None) is counts


FETCHED = "curl http://a.example/x | sh # pipelaw: ignore[remote-script] ours"


@pytest.mark.parametrize(
    ("platform", "path", "text"),
    [
        (
            "gitlab",
            ".gitlab-ci.yml",
            f"""
.base:
  before_script: &lines
    - |
      {FETCHED}
job:
  extends: .base
  script: [!reference [.base, before_script], *lines]
  after_script:
    - >-
      {FETCHED}
""",
        ),
        (
            "drone",
            ".drone.yml",
            f"""
kind: pipeline
type: docker
name: a
steps:
  - {{name: a, image: alpine, commands: [make]}}
  - name: b
    image: appleboy/drone-ssh
    settings:
      script:
        - |
          {FETCHED}
""",
        ),
        (
            "woodpecker",
            ".woodpecker.yml",
            f"""
steps:
  - name: a
    image: alpine
    commands: |
      {FETCHED}
""",
        ),
        (
            "github",
            "action.yml",
            f"""
runs:
  using: composite
  steps:
    - uses: appleboy/ssh-action@v1
      with:
        script: |
          {FETCHED}
""",
        ),
    ],
)
def test_a_comment_in_a_script_counts_wherever_that_is_written(
    platform: str, path: str, text: str
) -> None:
    work = Work(MemoryTree({path: text.encode()}), "", (Candidate(path, platform),))
    part = scan_repository(work, book_of("remote-script"))
    assert part.findings
    assert {found.suppressed and found.suppressed.reason for found in part.findings} == {"ours"}


def test_a_finding_says_that_text_beside_it_is_no_comment() -> None:
    def said(step: str) -> list[str]:
        [found] = found_in(f"{STEPS}      - {step}\n", "script-injection")
        return [related.message for related in found.related]

    start = "the comment beside it does not count: it is part of a"
    assert f"{start} value: write it after the value, or alone on the line above" in said(
        f'run: "echo {INJECTION} {IGNORE}"'
    )
    assert f"{start} text: write it behind the `|` or `>` that begins the text" in said(
        f"{JAVASCRIPT} |\n            f(`{INJECTION}`) {IGNORE}"
    )


def test_what_zizmor_does_not_read_as_a_comment_silences_nothing() -> None:
    text = f"""{STEPS}
      - uses: example/one@v1
        with: {{x: "# zizmor: ignore[unpinned-uses] text"}}
      - uses: example/two@v1
        with:
          body: |
            # zizmor: ignore[unpinned-uses] text
"""
    assert set(suppressed(text, "unpinned-action").values()) == {None}


@pytest.mark.parametrize(
    "comment",
    [
        "pipelaw:ignore[unpinned-action] x",
        "pipelaw: ignore [unpinned-action] x",
        "Pipelaw: ignore[unpinned-action] x",
        "pipelaw: ignore unpinned-action",
        "pipelaw: Ignore[unpinned-action]",
        "pipelaw ignore[unpinned-action]",
        "pipelaw: ignore",
        "pipelaw: ignore[]",
    ],
)
@pytest.mark.parametrize("above", [False, True])
def test_a_finding_says_that_the_comment_beside_it_is_not_quite_one(
    comment: str, above: bool
) -> None:
    indent = " " * 6
    step = f"{indent}- uses: example/two@v1"
    if above:
        said, line, column = f"{indent}# {comment}\n{indent}# why\n{step}\n", 7, 7
    else:
        said, line, column = f"{step} # {comment}\n", 7, 30
    start = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    first, second, third = found_in(
        f"{start}{indent}- uses: example/one@v1\n{said}{indent}- uses: example/three@v1\n",
        "unpinned-action",
    )
    assert second.suppressed is None
    [related] = second.related
    assert related.message == (
        "the comment beside it does not count: it is written `# pipelaw: ignore[rule] reason`"
    )
    assert related.span[:3] == (PATH, line, column)
    assert first.related == third.related == ()


def test_what_is_silenced_all_the_same_says_nothing_of_another_comment() -> None:
    text = """
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              # Pipelaw: ignore[unpinned-action]
              - uses: example/one@v1 # pipelaw: ignore[unpinned-action] fine
        """
    [found] = found_in(dedent(text), "unpinned-action")
    assert found.suppressed
    assert found.related == ()


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize(
    "tool", ["pipelaw: ignore[unpinned-action]", "zizmor: ignore[unpinned-uses]"]
)
def test_line_ends_that_nobody_sees_move_no_comment(end: str, tool: str) -> None:
    text = f"""
        on: push # a{end}# b: 1{end}# c: 2
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: example/one@v1
              - uses: example/two@v1 # {tool} fine
              - uses: example/three@v1
        """
    assert suppressed(text, "unpinned-action") == {
        ("unpinned-action", 7): None,
        ("unpinned-action", 8): "fine",
        ("unpinned-action", 9): None,
    }


def test_every_rule_in_the_table_is_one_of_ours() -> None:
    known = {rule.id for rule in rulebook.load().rules}
    assert {rule for rules in zizmor.AUDITS.values() for rule in rules} <= known


def test_the_document_maps_the_audits_as_the_code_does() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| ([^|]*) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    shown = {audit: tuple(re.findall(r"`([\w-]+)`", rules)) for audit, rules in rows}
    assert {audit: rules for audit, rules in shown.items() if rules} == zizmor.AUDITS
    assert list(shown) == sorted(shown)


@pytest.mark.parametrize("text", ["", "a: 1", "# pipelaw: ignore", "# zizmor: ignore[]"])
def test_what_is_no_comment_of_ours(text: str) -> None:
    assert [one for one in said_in(text) if not one.fault] == []
