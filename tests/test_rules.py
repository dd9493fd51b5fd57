"""Every rule is tested by its own examples; here are those tests, and what a wrong rule is told."""

from __future__ import annotations

import json
import marshal
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from pipelaw import trial
from pipelaw.cel import parser
from pipelaw.cli import main
from pipelaw.discover import Candidate
from pipelaw.errors import PolicyError
from pipelaw.explain import explain
from pipelaw.finding import Severity
from pipelaw.loaders import LOADERS
from pipelaw.records import replaced
from pipelaw.repository import Work, scan_repository
from pipelaw.rulebook import Rulebook, Terms
from pipelaw.rulefile import parse_rule, read
from pipelaw.rules import Rule, pack, shipped, unpack
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    assert set(rule.platforms) <= set(LOADERS)
    assert set(rule.fix) == {""} or set(rule.fix) >= set(rule.platforms)


def literals(node: object) -> Iterator[str]:
    """The texts that an expression compares something with, or looks for in it."""
    if isinstance(node, parser.Binary) and node.operator in ("==", "!=", "in"):
        yield from (str(one.value) for one in walk(node) if isinstance(one, parser.Literal))
    elif isinstance(node, parser.Call) and node.name in ("startsWith", "endsWith", "contains"):
        yield from (str(one.value) for one in node.arguments if isinstance(one, parser.Literal))


def walk(node: object) -> Iterator[object]:
    """A part of an expression, and all that it is made of."""
    yield node
    for part in node if isinstance(node, tuple) else ():
        yield from walk(part)


def test_conditions_ask_for_words_not_for_prose(rule: Rule) -> None:
    text = yaml.load(Path(rule.path).read_bytes(), yaml.BaseLoader)
    lines = text["severity"] if isinstance(text["severity"], list) else []
    conditions = [text["when"], *(condition for line in lines for condition in line.values())]
    conditions += re.findall(r"\{([^{}]+)\}", text["message"])
    for condition in conditions:
        for node in walk(parser.parse(condition)):
            # whoever improves a sentence of the model must not change what is reported
            assert [said for said in literals(node) if len(said.split()) > 2] == []


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
        ("for: reference", "for: refrence", "6:6: `for` is one of repository, pipeline, "),
        ("for: reference", "for: refrence", ", not `refrence`; did you mean `reference`?"),
        ("confidence: high", "confidence: certain", "one of low, medium, high, not `certain`"),
        ("severity: high", "severity: hihg", "4:11: a severity is one of"),
        (
            "severity: high",
            "severity:\n  - high: reference.secrets",
            """must hold always, as in `- low: "true"`""",
        ),
        (
            "severity: high",
            "severity:\n  high: 'true'",
            "5:3: `severity` should be a list, not a mapping",
        ),
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
        (
            "id: some-rule",
            "id: Some_Rule",
            "1:5: an id is words in lower case joined by hyphens, such as `some-rule`",
        ),
        ("why: Because.", "description: Because.", "has no field `description`; it can have id, "),
        ("why: Because.", "why:", "`why` has no value"),
        ("why: Because.", 'why: ""', "9:6: `why` has no value: say what can happen"),
        ("why: Because.", "why: |\n  \n", "9:6: `why` has no value"),
        ("why: Because.", "why: []", "9:6: `why` should be text, not a list"),
        ("fix: Do not.", "fix: ' '", "10:6: `fix` has no value: say what to write instead"),
        ("fix: Do not.", "fix: {}", "10:6: `fix` has no value"),
        ("fix: Do not.", "fix:\n  github: ''", "11:11: `fix` for github has no value: say what to"),
        ('message: "`{reference.text}` moves"', "message: ''", "8:10: `message` has no value: say"),
        ("title: Something bad", "title: ' '", "2:8: `title` has no value: name the bad thing"),
        ("category: test", "category: ''", "3:11: `category` has no value: give a word"),
        (
            "why: Because.",
            "why: x\nrelated: [{at: reference, message: ' '}]",
            "10:36: `message` of `related` has no value",
        ),
        (
            "      on: push\n      jobs: {}\n",
            "\n",
            "20:11: an example is a whole pipeline, and this one is empty",
        ),
        (
            "severity: high",
            "severity:\n  - high: 'true'\n  - low: reference.secrets\n  - low: 'true'",
            "6:5: this line is never asked, for the one above always holds: that comes last",
        ),
        (
            "severity: high",
            "severity:\n  - high: 'true'\n  - low: 'true'",
            "6:5: this line is never asked",
        ),
        (
            "severity: high",
            "severity:\n  - high: reference.secrets\n  - low: reference.secrets\n  - low: 'true'",
            "6:10: this line is never asked: a line above has its condition",
        ),
        (
            "severity: high",
            "severity:\n  - high: 'false'\n  - low: 'true'",
            """5:11: this asks nothing: what holds always is `"true"`""",
        ),
        ("severity: high", "severity:\n  - high: 1 == 1", "5:11: this asks nothing"),
        ("when: reference.mutable", "when: !reference.mutable", "7:7: a `!` at the beginning is a"),
        (
            "severity: high",
            "severity:\n  - high: !reference.mutable",
            "5:11: a `!` at the beginnin",
        ),
        (
            "when: reference.mutable",
            'when: "a" == reference.text',
            "that begins with a quote or `!`, goes below a `|`",
        ),
        ("{reference.text}", "${{ reference.text }}", "as in `{job.name}`, and `{"),
        (
            "when: reference.mutable",
            "when: len(reference.text) > 3",
            "7:7: unknown function `len`; ",
        ),
        ("when: reference.mutable", "when: len(reference.text) > 3", "; write `size(…)`"),
        ("when: reference.mutable", "when: reference.text.length > 3", "; write `size(…)`"),
        (
            "when: reference.mutable",
            "when: job.steps.any(s, s.name == 'x')",
            "unknown function `any`; write `value.exists(…)`",
        ),
        ("when: reference.mutable", "when: reference.mutable == True", "; did you mean `true`?"),
        (
            "when: reference.mutable",
            "when: reference.text in ('a', 'b')",
            "7:29: a list is written in brackets: `[a, b]`",
        ),
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
    messages = [line for line in said.splitlines() if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in messages] == ["some-rule.yaml"]


def test_what_is_no_rule_at_all_gives_one_message() -> None:
    assert (
        told("- a\n") == "some-rule.yaml:1:1: a rule is a mapping that begins with `id: some-rule`"
    )


def test_a_message_can_show_a_brace() -> None:
    text = RULE.replace("{reference.text}", "{'{'}a}").replace("  # finding", "")
    [said] = trial.try_rule(made(text))
    assert "`{a}` moves" in said


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
        (
            "  # finding",
            "",
            "19:1: the bad github example is reported without a `# finding`: `a/b@v1` moves",
        ),
        (
            "on: push\n      jobs: {}",
            "on: push\n      jobs: {}  # finding",
            "a good example marks a finding",
        ),
        ("a/b@v1", "./b", "19:1: this line of the bad github example is not reported"),
        ("    good: |\n      on: push\n      jobs: {}\n", "", "1:1: no good example for github"),
        ("fix: Do not.", "fix: {gitlab: Do not.}", "1:1: `fix` says nothing for github"),
        (
            "      jobs: {}",
            "      jobs: []",
            "the good github example: `jobs` should be a mapping, not a list",
        ),
    ],
)
def test_a_wrong_example_is_told_apart(old: str, new: str, message: str) -> None:
    assert old in RULE
    [said] = trial.try_rule(made(RULE.replace(old, new, 1)))
    assert message in said


def test_a_file_that_cannot_be_opened_is_a_policy_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="No such file"):
        read(tmp_path / "absent.yaml")


# parameters


DECLARED = """\
parameters:
  owners:
    type: list of strings
    default: [acme]
    description: Whose tags may be relied on.
  least:
    type: int
    default: 3
    description: How short a name may be.
  strict:
    type: bool
    default: false
    description: Whether tags count.
  word:
    type: string
    default: main
    description: The branch that moves.
for: reference
when: >-
  reference.mutable && !(reference.owner in param.owners) && size(reference.name) > param.least
  && (param.strict || reference.ref == param.word)
"""
SET = RULE.replace("for: reference\nwhen: reference.mutable\n", DECLARED).replace(
    "a/b@v1", "aa/bb@main"
)


def test_a_rule_declares_parameters_and_is_told_apart_by_them() -> None:
    rule = made(SET)
    assert [(p.name, p.type, p.default) for p in rule.parameters] == [
        ("owners", "list of strings", ("acme",)),
        ("least", "int", 3),
        ("strict", "bool", False),
        ("word", "string", "main"),
    ]
    assert trial.try_rule(rule) == []
    assert unpack(marshal.loads(marshal.dumps(pack(rule)))) == rule
    page = explain(rule)
    assert '- `owners` (list of strings, default `["acme"]`): Whose tags may be relied on.' in page
    assert "`rules: {some-rule: {parameters: {owners: …}}}`" in page


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("param.owners", "param.owner", "the rule declares no parameter `owner`; did you mean"),
        ("param.least", "param.strict", "`>` wants two of one type, not an int and a bool"),
        ("param.least", "param", "`>` wants two of one type, not an int and a set of parameters"),
        ("in param.owners", "in param.word", "`in` wants a list, but this is a string"),
        ("(param.strict ||", "(", "15:3: no expression uses `param.strict`"),
        (
            "type: int",
            "type: integer",
            "12:11: a type is one of string, int, bool, list of strings",
        ),
        ("type: bool", "type: boolean", "; did you mean `bool`?"),
        ("default: 3", "default: three", "13:14: the default of `least` is an int, such as 7, not"),
        (
            "default: 3",
            "default: '3'",
            "13:14: the default of `least` is an int, such as 7, not `3`",
        ),
        ("default: 3", "default: 1234567890", "13:14: the default of `least` is an int"),
        ("default: false", "default: no", "is true or false, not `no`"),
        ("[acme]", "acme", "9:14: the default of `owners` is a list of strings: write [acme]"),
        (
            "list of strings\n    default: [acme]",
            "list of names\n    default: [acme/*]",
            "9:15: an item of the default of `owners` is a name, and no glob: write `acme`",
        ),
        ("[acme]", "[acme, '']", "9:21: an item of the default of `owners` is empty: remove it"),
        ("[acme]", "[[acme]]", "9:15: an item of the default of `owners` is a string, not a list"),
        ("default: main", "default: [main]", "is a string, not a list"),
        ("    default: main\n", "", "19:3: the parameter `word` lacks `default`"),
        ("default: main", "default:", "19:3: the parameter `word` lacks `default`"),
        ("default: main", "defualt: main", "`word` has no `defualt`; did you mean `default`?"),
        ("  word:\n", "  class:\n", "19:3: the name of a parameter is words in lower case"),
        ("  word:\n", "  the-word:\n", "19:3: the name of a parameter is words in lower case"),
        ("parameters:\n", "parameter:\n", "a rule has no field `parameter`; did you mean"),
    ],
)
def test_a_wrong_parameter_is_told_once(old: str, new: str, message: str) -> None:
    assert old in SET
    said = told(SET.replace(old, new, 1))
    assert message in said
    assert len([line for line in said.splitlines() if not line.startswith(" ")]) == 1


def test_without_a_declaration_there_is_no_parameter() -> None:
    said = told(RULE.replace("reference.mutable", "param.strict"))
    assert "7:13: the rule declares no parameter `strict`" in said


EXAMPLE = """\
    bad:
      - |
        on: push
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: aa/bb@main  # finding
      - parameters: {owners: [other], strict: true}
        text: |
          on: push
          jobs:
            a:
              runs-on: ubuntu-latest
              steps:
                - uses: acme/bb@v1  # finding
                - uses: other/bb@v1
"""
GIVEN = SET[: SET.index("    bad: |")] + EXAMPLE + SET[SET.index("    good: |") :]


def test_an_example_sets_parameters() -> None:
    rule = made(GIVEN)
    assert trial.try_rule(rule) == []
    assert rule.examples[1].parameters == (("owners", ("other",)), ("strict", True))
    assert 'Reported with `owners: ["other"]` and `strict: true`:' in explain(rule)
    wrong = trial.try_rule(made(GIVEN.replace("[other]", "[acme]")))
    line = GIVEN.splitlines().index("                - uses: acme/bb@v1  # finding") + 1
    assert wrong[0].startswith(f"some-rule.yaml:{line}:1: this line of the bad github example")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{owners:",
            "{owner:",
            "the rule `some-rule` has no parameter `owner`; did you mean `owners`?",
        ),
        ("strict: true", "strict: 1", "`strict` is true or false, not `1`"),
        (
            "        text: |",
            "        test: |",
            "an example is a text, or has `parameters` and `text`",
        ),
    ],
)
def test_a_wrong_setting_of_an_example(old: str, new: str, message: str) -> None:
    assert old in GIVEN
    assert message in told(GIVEN.replace(old, new, 1))


def reported(book: Rulebook, text: str) -> list[tuple[str, int]]:
    path = ".github/workflows/ci.yml"
    work = Work(MemoryTree({path: text.encode()}), "", (Candidate(path, "github"),))
    return [(found.rule, found.span.line) for found in scan_repository(work, book).findings]


USES = """\
on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: aa/bb@main
      - uses: acme/bb@main
"""


def test_terms_compile_nothing_again() -> None:
    other = made(
        RULE.replace("for: reference\nwhen: reference.mutable", "for: reference\nwhen: 'true'")
    )
    book = Rulebook([made(SET), replaced(other, id="another-rule")])
    first = book.on(Terms(parameters=(("some-rule", "owners", ()),)))
    quiet = first.on(Terms(off=frozenset({"another-rule"})))
    assert first.code is book.code is quiet.code
    assert first is book.on(Terms(parameters=(("some-rule", "owners", ()),)))
    assert quiet.on(Terms()) is book
    both = [("another-rule", 7), ("some-rule", 7), ("another-rule", 8)]
    assert reported(book, USES) == both
    assert reported(first, USES) == [*both, ("some-rule", 8)]
    assert reported(quiet, USES) == [("some-rule", 7)]
    assert [rule.id for rule in quiet.rules] == ["some-rule"]
    copies = [pickle.loads(pickle.dumps(one)) for one in (book, first, quiet)]
    assert [reported(copy, USES) for copy in copies] == [
        both,
        [*both, ("some-rule", 8)],
        [("some-rule", 7)],
    ]


def test_rules_of_one_name_for_a_parameter_do_not_mix() -> None:
    twin = parse_rule("twin.yaml", "twin", SET.replace("some-rule", "twin").encode())
    book = Rulebook([made(SET), twin]).on(Terms(parameters=(("twin", "word", "v1"),)))
    assert reported(book, USES) == [("some-rule", 7)]


def test_rules_that_have_none_bind_none() -> None:
    def held(text: str) -> list[str]:
        return [name for name in Rulebook([made(text)])._program if name.startswith("param")]

    assert held(SET) == ["param_some_rule"]
    assert held(RULE) == []


def test_the_command_line_shows_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith("unpinned-action ")]
    assert lines[at + 1].split() == ["trusted_owners", "list", "of", "names", "[]"]
    assert main(["rules", "--format", "json"]) == 0
    listed = {rule["id"]: rule["parameters"] for rule in json.loads(capsys.readouterr().out)}
    assert listed["host-volume"] == []
    [days] = listed["dependabot-cooldown"]
    assert (days["name"], days["type"], days["default"]) == ("days", "int", 7)
    assert days["description"]
    assert main(["explain", "dependabot-cooldown"]) == 0
    page = capsys.readouterr().out
    assert "## Parameters\n\n- `days` (int, default `7`): How many days" in page
    assert "Reported with `days: 14`:" in page
