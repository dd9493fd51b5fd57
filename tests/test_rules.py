"""Every rule is tested by its own examples; here are those tests, and what a wrong rule is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelaw import trial
from pipelaw.errors import PolicyError
from pipelaw.finding import Severity
from pipelaw.rulefile import parse_rule, read
from pipelaw.rules import PLATFORMS, Rule, shipped

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(shipped().glob("*.yaml"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def rule(request: pytest.FixtureRequest) -> Rule:
    path: Path = request.param
    return read(path)


def test_the_examples_are_reported_as_marked(rule: Rule) -> None:
    assert trial.try_rule(rule) == []


def test_a_rule_says_what_people_need(rule: Rule) -> None:
    assert rule.title
    assert not rule.title.endswith(".")
    assert len(rule.title) <= 80
    assert 60 <= len(rule.why) <= 900
    assert rule.references
    assert set(rule.platforms) <= set(PLATFORMS)
    assert set(rule.fix) == {""} or set(rule.fix) >= set(rule.platforms)


RULE = """\
id: some-rule
title: Something bad
category: test
severity: high
confidence: high
for: reference
when: reference.mutable
message: "`{reference.text}` moves"
why: Because.
fix: Do not.
examples:
  github:
    bad: |
      on: push
      jobs:
        a:
          runs-on: ubuntu-latest
          steps:
            - uses: a/b@v1  # finding
    good: |
      on: push
      jobs: {}
"""


def told(text: str) -> str:
    """What somebody who wrote this rule is told."""
    with pytest.raises(PolicyError) as caught:
        parse_rule("some-rule.yaml", "some-rule", text.encode())
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("when: reference.mutable", "when: reference.mutabel", "7:17: "),
        ("reference.mutable", "reference.mutabel", "did you mean `mutable`?"),
        ("when: reference.mutable", "when: reference.text", "7:7: "),
        ("for: reference", "for: refrence", "6:6: `for` knows repository, pipeline"),
        ("for: reference", "for: refrence", "did you mean `reference`?"),
        ("severity: high", "severity: hihg", "4:11: a severity is one of"),
        ("severity: high", "severity:\n  - high: reference.secrets", "must hold always"),
        (
            "severity: high",
            "severty: high",
            "4:1: a rule has no field `severty`; did you mean `severity`?",
        ),
        ("why: Because.\n", "", "1:1: the rule lacks `why`"),
        ("{reference.text}", "{reference.txt}", "8:23: "),
        ("{reference.text}", "{reference.mutable}", "a message can show text and numbers"),
        ("{reference.text}", "{reference.text", "8:12: a `{` without its `}`"),
        (
            "id: some-rule",
            "id: other-rule",
            "1:5: the id `other-rule` and the file name `some-rule` differ",
        ),
        ("id: some-rule", "id: Some_Rule", "1:5: an id is words in lower case joined by hyphens"),
        (
            "  github:",
            "  githb:",
            "12:3: a platform is one of github, gitlab, drone, woodpecker, dependabot, precommit; did you",
        ),
        ("    bad: |", "    bed: |", "13:5: an example is `bad` or `good`"),
        ("confidence: high", "confidence: [high]", "5:13: "),
        ("when: reference.mutable", "when: 'reference.mutable &&'", "7:28: expected a value"),
        ("when: reference.mutable", "when: reference.mutable\nwhen: x", "duplicate key `when`"),
        ("id: some-rule", "id: [", "not valid YAML"),
    ],
)
def test_a_wrong_rule_is_told_what_where_and_what_to_do(old: str, new: str, message: str) -> None:
    assert old in RULE
    said = told(RULE.replace(old, new, 1))
    assert message in said
    assert said.startswith("some-rule.yaml:")


def test_a_wrong_name_is_shown_with_a_caret() -> None:
    said = told(RULE.replace("when: reference.mutable", "when: reference.mutabel"))
    _, line, caret = said.splitlines()
    assert line[caret.index("^") : caret.rindex("^") + 1] in ("mutabel", "reference.mutabel")


def made(text: str) -> Rule:
    return parse_rule("some-rule.yaml", "some-rule", text.encode())


def test_a_rule_knows_its_severities_and_platforms() -> None:
    rule = made(
        RULE.replace(
            "severity: high", "severity:\n  - critical: reference.secrets\n  - low: 'true'"
        )
    )
    assert rule.severities == (Severity.CRITICAL, Severity.LOW)
    assert rule.platforms == ("github",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  # finding", "", "14:1: a bad example marks no line with `# finding`"),
        ("  # finding", "", "19:1: unexpected in the bad github example: `a/b@v1` moves"),
        (
            "on: push\n      jobs: {}",
            "on: push\n      jobs: {}  # finding",
            "a good example marks a finding",
        ),
        ("a/b@v1", "./b", "19:1: this line of the bad github example is not reported"),
        ("    good: |\n      on: push\n      jobs: {}\n", "", "1:1: no good example for github"),
        (
            "      jobs: {}",
            "      jobs: []",
            "the good github example: `jobs` should be a mapping, not a list",
        ),
    ],
)
def test_a_wrong_example_is_told_apart(old: str, new: str, message: str) -> None:
    assert old in RULE
    said = trial.try_rule(made(RULE.replace(old, new, 1)))
    assert any(message in line for line in said), said


def test_a_file_that_cannot_be_opened_is_a_policy_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="No such file"):
        read(tmp_path / "absent.yaml")
