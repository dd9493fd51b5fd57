from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from gitcommand import git
from hypothesis import given, settings
from hypothesis import strategies as st

import pipelaw
from pipelaw import policyfile, policysource, rulebook
from pipelaw.errors import PolicyError
from pipelaw.finding import FAIL_ON
from pipelaw.policy import DEFAULT, LOCKABLE, ROADS, Policy, matches
from pipelaw.policygit import CommitTree
from pipelaw.tree import MemoryTree

TODAY = dt.date(2026, 6, 1)
SCHEMA = json.loads(
    (Path(pipelaw.__file__).parent / "data" / "policy.schema.json").read_text("utf-8")
)
MAIN = ".pipelaw.yml"


def policy(text: str, **files: str) -> Policy:
    tree = MemoryTree({MAIN: text.encode(), **{k: v.encode() for k, v in files.items()}})
    return policysource.load(tree, MAIN, today=TODAY)


def layered(files: dict[str, str]) -> Policy:
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    return policysource.load(tree, MAIN, today=TODAY)


def refusal(files: dict[str, str]) -> str:
    with pytest.raises(PolicyError) as error:
        layered(files)
    return str(error.value)


def test_a_policy_says_what_it_says() -> None:
    found = policy(
        """\
fail_on: high
waiver_horizon: 30
inline: dated
rules:
  unpinned-action: off
  remote-script: critical
  script-injection:
    severity: high
    paths:
      - {path: "legacy/**", severity: off}
controls:
  - {category: sast, by: the platform team, until: 2027-01-31}
paved_road:
  actions: [actions/*, acme/**]
"""
    )
    assert found.fail_on == ("high", (MAIN, 1, 10))
    assert found.waiver_horizon == (30, (MAIN, 2, 17))
    assert found.inline.value == "dated"
    assert found.skipped == ("unpinned-action",)
    assert [level.word for level in found.rules] == ["off", "critical", "high", "off"]
    assert found.controls[0].until == dt.date(2027, 1, 31)
    assert [(kind, road.value) for kind, road in found.paved_road] == [
        ("actions", "actions/*"),
        ("actions", "acme/**"),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n"])
def test_an_empty_policy_is_the_default(text: str) -> None:
    found = policy(text)
    assert (found.fail_on.value, found.inline.value, found.waiver_horizon.value) == (
        "medium",
        "allowed",
        180,
    )
    assert str(found.fail_on.origin) == "pipelaw:default:2:10"


MISTAKES = {
    "a wrong key": ("fail-on: high\n", 1, 1, "a policy has no `fail-on`; did you mean `fail_on`?"),
    "a wrong rule": (
        "rules:\n  script-injektion: off\n",
        2,
        3,
        "there is no rule `script-injektion`; did you mean `script-injection`?",
    ),
    "a wrong severity": (
        "rules:\n  script-injection: hihg\n",
        2,
        21,
        "the severity of `script-injection` is one of off, info, low, medium, high, critical, on, not",
    ),
    "a wrong threshold": (
        "fail_on: error\n",
        1,
        10,
        "`fail_on` is one of never, critical, high, medium, low, info, not `error`",
    ),
    "rules as a list": (
        "rules:\n  - script-injection\n",
        2,
        3,
        "`rules` should be a mapping, not a list",
    ),
    "a path without a severity": (
        "rules:\n  script-injection:\n    paths:\n      - path: a/**\n",
        4,
        9,
        "an item of `paths` lacks `severity`: off, or a severity",
    ),
    "a branch": (
        f"extends:\n  git: https://example.com/policies.git\n  commit: main\n  path: {MAIN}\n",
        3,
        11,
        "`commit` is a full commit of 40 hexadecimal digits, not `main`: branches and tags can be moved",
    ),
    "a bare URL": (
        "extends: https://example.com/policies.git\n",
        1,
        10,
        "a git repository has to be pinned: write {git: URL, commit: the full commit, path: FILE}",
    ),
    "another protocol": (
        "extends: http://example.com/policies.git\n",
        1,
        10,
        "a git repository has to be pinned: write {git: URL, commit: the full commit, path: FILE}",
    ),
    "a wrong profile": (
        "extends: pipelaw:stric\n",
        1,
        10,
        "there is no profile `pipelaw:stric`; did you mean `pipelaw:strict`?",
    ),
    "a waiver without a subject": (
        "waivers:\n  - rule: script-injection\n    reason: known for years\n",
        2,
        5,
        "a waiver without `fingerprint` lacks `path`: a glob such as `.github/workflows/*.yml`",
    ),
    "a wrong horizon": (
        "waiver_horizon: half a year\n",
        1,
        17,
        "`waiver_horizon` is a number of days from 1 to 9999, such as 180",
    ),
    "an absolute path": (
        "rules:\n  script-injection:\n    paths:\n      - {path: /ci/*, severity: low}\n",
        4,
        16,
        "paths begin at the repository's root: `ci/*`",
    ),
    "a key twice": ("fail_on: low\nfail_on: high\n", 2, 1, "duplicate key `fail_on` in a policy"),
    "broken YAML": ("rules: [\n", 2, 1, "not valid YAML: did not find expected node content"),
    "two documents": (
        "fail_on: low\n---\nfail_on: high\n",
        3,
        1,
        "a policy is one document: remove the `---`",
    ),
    "a lock on nothing": (
        "lock: [fail-on]\n",
        1,
        8,
        "nothing called `fail-on` can be locked; did you mean `fail_on`?",
    ),
    "a file that is not there": (
        "extends: policies/org.yml\n",
        1,
        10,
        "`policies/org.yml` is not there: give a policy file, or a folder of them, beside this one",
    ),
    "a file outside": (
        "extends: ../org.yml\n",
        1,
        10,
        "`../org.yml` leads outside: put it into the repository, or extend a git repository at",
    ),
    "rules outside": (
        "rule_folders: [/etc/rules]\n",
        1,
        16,
        "`/etc/rules` leads outside: put it into the repository, or extend a git repository at",
    ),
    "a profile without its first name": (
        "extends: strict\n",
        1,
        10,
        "`strict` is not there; did you mean `pipelaw:strict`?",
    ),
    "no profile at all": (
        "extends: pipelaw:nobody\n",
        1,
        10,
        "there is no profile `pipelaw:nobody`; there are pipelaw:default, pipelaw:starter, ",
    ),
    "a word of another program": (
        "rules:\n  script-injection: no\n",
        2,
        21,
        (
            "the severity of `script-injection` is one of off, info, low, medium, high, critical, on,"
            " not `no`; did you mean `off`?"
        ),
    ),
    "another word for never": (
        "fail_on: none\n",
        1,
        10,
        "`fail_on` is one of never, critical, high, medium, low, info, not `none`; did you mean `never`?",
    ),
    "a glob in place of a rule": (
        "rules:\n  unpinned-*: off\n",
        2,
        3,
        "there is no rule `unpinned-*`; each is named in full",
    ),
    "a merge key": (
        "rules: {<<: {script-injection: off}}\n",
        1,
        9,
        "`<<` is not followed here: write out what it would bring",
    ),
    "a path alone": (
        "rules:\n  script-injection:\n    paths: [ci.yml]\n",
        3,
        13,
        "an item of `paths` should be a mapping, not text",
    ),
    "a hidden folder from the root": (
        "rules: {script-injection: {paths: [{path: /.github/**, severity: low}]}}\n",
        1,
        43,
        "paths begin at the repository's root: `.github/**`",
    ),
    "a path of Windows": (
        "rules: {script-injection: {paths: [{path: 'ci\\*.yml', severity: low}]}}\n",
        1,
        43,
        "folders are parted by `/`: `ci/*.yml`",
    ),
    "a path that leads up": (
        "rules: {script-injection: {paths: [{path: a/../../b.yml, severity: low}]}}\n",
        1,
        43,
        "paths begin at the repository's root, and `..` leads to none",
    ),
    "a folder in place of its files": (
        "rules: {script-injection: {paths: [{path: ci/, severity: low}]}}\n",
        1,
        43,
        "it fits no file: `ci/**` fits all in that folder",
    ),
    "a folder without a slash": (
        "rules: {script-injection: {paths: [{path: .github/workflows, severity: low}]}}\n",
        1,
        43,
        "it fits no file: `.github/workflows/**` fits all in that folder",
    ),
    "a hidden folder": (
        "waivers:\n  - {rule: script-injection, path: .github}\n",
        2,
        36,
        "it fits no file: `.github/**` fits all in that folder",
    ),
    "a folder below a wildcard": (
        "waivers:\n  - {rule: script-injection, path: '**/workflows'}\n",
        2,
        36,
        "it fits no file: `**/workflows/**` fits all in that folder",
    ),
    "a wildcard of other globs": (
        "rules: {script-injection: {paths: [{path: '{a,b}.yml', severity: low}]}}\n",
        1,
        43,
        "a glob has `*`, `?` and `**`, and no other wildcards: write two items",
    ),
    "rules of a waiver": (
        "waivers:\n  - rules: [script-injection]\n    path: a.yml\n",
        2,
        5,
        "a waiver has no `rules`; did you mean `rule`?",
    ),
    "a glob of a job that takes for ever": (
        f"waivers:\n  - {{rule: script-injection, path: a.yml, job: {'a*' * 7}}}\n",
        2,
        48,
        "a glob can have at most 6 wildcards: write two items",
    ),
    "a folder without rules": (
        "rule_folders: policies\n",
        1,
        15,
        "there is no rule in a folder `policies`",
    ),
    "a wrong category": (
        "controls:\n  - {category: sats, by: the platform team}\n",
        2,
        16,
        "`category` is one of",
    ),
    "a date that is none": (
        "controls:\n  - {category: sast, by: us, until: soon}\n",
        2,
        37,
        "`until` is a day, such as 2027-01-31",
    ),
    "no value": ("fail_on:\n", 1, 9, "`fail_on` is one of"),
    "a wrong parameter": (
        "rules:\n  unpinned-action:\n    parameters:\n      trusted_owner: [acme]\n",
        4,
        7,
        "the rule `unpinned-action` has no parameter `trusted_owner`; did you mean `trusted_owners`?",
    ),
    "a parameter of a rule that has none": (
        "rules: {host-volume: {parameters: {days: 3}}}\n",
        1,
        36,
        "the rule `host-volume` has no parameter `days`; it has none",
    ),
    "a parameter of another type": (
        "rules:\n  dependabot-cooldown:\n    parameters: {days: a week}\n",
        3,
        24,
        "`days` is an int, such as 7, not `a week`",
    ),
    "a text instead of a list": (
        "rules:\n  unpinned-action:\n    parameters: {trusted_owners: acme}\n",
        3,
        34,
        "`trusted_owners` is a list of names: write [acme]",
    ),
    "an empty item": (
        "rules:\n  unpinned-action:\n    parameters:\n      trusted_owners:\n        -\n",
        5,
        10,
        "an item of `trusted_owners` is empty: remove it",
    ),
    "a glob in place of a name": (
        "rules:\n  unapproved-source:\n    parameters: {forbidden_owners: [acme, 'actions/**']}\n",
        3,
        43,
        "an item of `forbidden_owners` is a name, and no glob: write `actions`",
    ),
    "a glob in place of a host": (
        "rules:\n  remote-script:\n    parameters: {trusted_hosts: ['*.example']}\n",
        3,
        34,
        "an item of `trusted_hosts` is a name, and no glob: write out each",
    ),
    "a glob in place of a label": (
        "rules:\n  self-hosted-runner:\n    parameters: {fresh_labels: [pool-?]}\n",
        3,
        33,
        "an item of `fresh_labels` is a name, and no glob: write out each",
    ),
    "a parameter without a value": (
        "rules:\n  unpinned-action:\n    parameters:\n      trusted_owners:\n",
        4,
        22,
        "`trusted_owners` is a list of names, such as [a, b], but it has no value",
    ),
    "parameters as a list": (
        "rules:\n  unpinned-action:\n    parameters: [acme]\n",
        3,
        17,
        "`parameters` of the rule `unpinned-action` should be a mapping, not a list",
    ),
    "parameters in the rule's place": (
        "rules:\n  unpinned-action:\n    trusted_owners: [acme]\n",
        3,
        5,
        "the rule `unpinned-action` has no `trusted_owners`; it can have severity, paths, parameters",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_one_message_with_place_and_remedy(name: str) -> None:
    text, line, column, message = MISTAKES[name]
    said = refusal({MAIN: text}).splitlines()
    assert len(said) == 1, said
    assert said[0].startswith(f"{MAIN}:{line}:{column}: {message}")


def test_categories_are_listed_in_order() -> None:
    said = refusal({MAIN: "controls: [{category: xyz, by: us}]\n"})
    listed = said.partition("is one of ")[2].partition(", not ")[0].split(", ")
    assert len(listed) >= 5
    assert listed == sorted(listed)


def test_several_mistakes_are_told_together() -> None:
    said = refusal({MAIN: "fail_on: x\ninline: y\nrules: {a: off}\n"})
    assert [line.split(":")[1] for line in said.splitlines()] == ["1", "2", "3"]


ORG = "org.yml"


def test_a_lower_layer_replaces_what_it_speaks_of() -> None:
    found = layered(
        {
            ORG: "fail_on: low\nrules: {unpinned-action: high, remote-script: off}\n",
            MAIN: f"extends: {ORG}\nfail_on: critical\nrules: {{unpinned-action: off}}\n",
        }
    )
    assert found.fail_on == ("critical", (MAIN, 2, 10))
    assert set(found.skipped) == {"unpinned-action", "remote-script"}
    assert found.layers == ("pipelaw:default", ORG, MAIN)


def test_layers_can_be_profiles_and_folders() -> None:
    found = layered(
        {
            "org/a.yml": "fail_on: low\n",
            "org/b.yaml": "fail_on: info\nextends: a.yml\n",
            "org/deep/c.yml": "fail_on: never\n",
            MAIN: "extends: [pipelaw:strict, org]\n",
        }
    )
    assert found.layers == (
        "pipelaw:default",
        "pipelaw:strict",
        "org/a.yml",
        "org/b.yaml",
        MAIN,
    )
    assert (found.fail_on.value, found.waiver_horizon.value) == ("info", 90)


@pytest.mark.parametrize(
    ("upper", "lower", "place"),
    [
        ("fail_on: high\nlock: [fail_on]", "fail_on: critical", "2:10"),
        ("fail_on: high\nlock: ['*']", "fail_on: never", "2:10"),
        ("inline: dated\nlock: [inline]", "inline: allowed", "2:9"),
        ("waiver_horizon: 30\nlock: [waiver_horizon]", "waiver_horizon: 31", "2:17"),
        ("lock: [unpinned-action]", "rules: {unpinned-action: off}", "2:26"),
        ("lock: [unpinned-action]", "rules: {unpinned-action: high}", "2:26"),
        (
            "rules: {unpinned-action: high}\nlock: [unpinned-action]",
            "rules: {unpinned-action: medium}",
            "2:26",
        ),
        (
            "rules: {unpinned-action: {paths: [{path: a/*, severity: low}]}}\nlock: [unpinned-action]",
            "rules: {unpinned-action: low}",
            "2:26",
        ),
        (
            "lock: [unpinned-action]",
            "rules: {unpinned-action: {paths: [{path: a/**, severity: off}]}}",
            "2:58",
        ),
        ("lock: [controls]", "controls: [{category: sast, by: somebody}]", "2:12"),
        ("lock: [missing-sast]", "controls: [{category: sast, by: somebody}]", "2:12"),
        ("lock: [paved_road]", "paved_road: {actions: acme/*}", "2:23"),
        (
            "lock: [unpinned-action]",
            "rules: {unpinned-action: {parameters: {trusted_owners: [acme]}}}",
            "2:56",
        ),
        (
            "rules: {dependabot-cooldown: {parameters: {days: 14}}}\nlock: ['*']",
            "rules: {dependabot-cooldown: {parameters: {days: 30}}}",
            "2:50",
        ),
        (
            "rules: {dependabot-cooldown: {parameters: {days: 14}}}\nlock: [dependabot-cooldown]",
            "rules: {dependabot-cooldown: {parameters: {days: 7}}}",
            "2:50",
        ),
    ],
)
def test_what_is_locked_cannot_be_loosened(upper: str, lower: str, place: str) -> None:
    said = refusal({ORG: upper, MAIN: f"extends: {ORG}\n{lower}\n"})
    assert said.startswith(f"{MAIN}:{place}: ")
    assert f"is locked by {ORG}:" in said


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("fail_on: high\nlock: ['*']", "fail_on: low"),
        ("inline: dated\nlock: [inline]", "inline: refused"),
        ("waiver_horizon: 30\nlock: ['*']", "waiver_horizon: 7"),
        ("lock: [unpinned-action]", "rules: {unpinned-action: critical}"),
        ("lock: [unpinned-action]", "rules: {unpinned-action: on}"),
        ("rules: {unpinned-action: off}\nlock: ['*']", "rules: {unpinned-action: on}"),
        ("rules: {unpinned-action: low}\nlock: ['*']", "rules: {unpinned-action: high}"),
        ("lock: [unpinned-action]", "rules: {remote-script: off}"),
        (
            "rules: {dependabot-cooldown: {parameters: {days: 14}}}\nlock: ['*']",
            "rules: {dependabot-cooldown: {parameters: {days: 14}}}",
        ),
        ("lock: ['*']", "rules: {dependabot-cooldown: {parameters: {days: 7}}}"),
        (
            "lock: [unpinned-action]",
            "rules: {dependabot-cooldown: {parameters: {days: 1}}}",
        ),
    ],
)
def test_what_is_locked_can_be_tightened(upper: str, lower: str) -> None:
    layered({ORG: upper, MAIN: f"extends: {ORG}\n{lower}\n"})


CROSSED = {
    "a.yml": "extends: [low.yml, org.yml]\n",
    "b.yml": "extends: [org.yml, low.yml]\n",
    "org.yml": "fail_on: high\nlock: ['*']\n",
    "low.yml": "fail_on: never\n",
}


@pytest.mark.parametrize(
    ("extends", "said"),
    [
        ("a.yml, b.yml", "b.yml:1:20: `low.yml` lies above `org.yml` elsewhere"),
        ("b.yml, a.yml", "a.yml:1:20: `org.yml` lies above `low.yml` elsewhere"),
        ("low.yml, b.yml", "b.yml:1:20: `low.yml` lies above `org.yml` elsewhere"),
        ("a.yml, org.yml, low.yml", f"{MAIN}:1:27: `low.yml` lies above `org.yml`"),
    ],
)
def test_layers_have_one_order(extends: str, said: str) -> None:
    assert refusal({**CROSSED, MAIN: f"extends: [{extends}]\n"}).startswith(said)


@pytest.mark.parametrize(
    "extends",
    [
        "a.yml, low.yml",
        "a.yml, low.yml, org.yml",
        "low.yml, org.yml, a.yml",
        "a.yml, a.yml",
        "b.yml",
    ],
)
def test_layers_may_be_named_again(extends: str) -> None:
    files = {**CROSSED, "org.yml": "inline: dated\n", MAIN: f"extends: [{extends}]\n"}
    assert layered(files).inline.value == "dated"


def test_parameters_are_set_by_rule_and_layer() -> None:
    found = layered(
        {
            ORG: "rules:\n  unpinned-action: {parameters: {trusted_owners: [acme]}}\n"
            "  unapproved-source:\n    parameters:\n      allowed_owners: [acme]\n"
            "      forbidden_owners: [other]\n",
            MAIN: f"extends: {ORG}\nrules:\n  unapproved-source:\n    severity: high\n"
            "    parameters: {allowed_owners: [acme, actions]}\n",
        }
    )
    assert [(p.rule, p.name, p.value, str(p.origin)) for p in found.parameters] == [
        ("unpinned-action", "trusted_owners", ("acme",), f"{ORG}:2:50"),
        ("unapproved-source", "allowed_owners", ("acme", "actions"), f"{MAIN}:5:34"),
        ("unapproved-source", "forbidden_owners", ("other",), f"{ORG}:6:25"),
    ]
    assert [(level.rule, level.word) for level in found.rules] == [("unapproved-source", "high")]


OWN = """\
id: no-greeting
title: A job that greets
category: style
severity: low
confidence: high
parameters:
  words: {type: list of strings, default: [hello], description: What greetings begin with.}
for: job
when: param.words.exists(word, job.id.startsWith(word))
message: "`{job.id}` greets"
why: Nobody reads it.
fix: Do not greet.
examples: {}
"""


def test_parameters_of_own_rules_are_known() -> None:
    files = {"rules/no-greeting.yaml": OWN, MAIN: "rule_folders: rules\n"}
    said = "rules: {no-greeting: {parameters: {words: [hi]}}}\n"
    found = layered({**files, MAIN: files[MAIN] + said})
    assert [(p.name, p.value, p.default) for p in found.parameters] == [
        ("words", ("hi",), ("hello",))
    ]
    wrong = refusal({**files, MAIN: files[MAIN] + said.replace("words", "word")})
    assert wrong.startswith(f"{MAIN}:2:36: the rule `no-greeting` has no parameter `word`; did you")
    broken = OWN.replace("list of strings", "list of string")
    wrong = refusal({"rules/no-greeting.yaml": broken, MAIN: files[MAIN] + said})
    assert wrong.startswith(
        "rules/no-greeting.yaml:7:17: a type is one of string, int, bool, list of"
    )


def test_strings_of_own_rules_may_hold_what_names_may_not() -> None:
    said = "rule_folders: rules\nrules: {no-greeting: {parameters: {words: ['hi*']}}}\n"
    assert layered({"rules/no-greeting.yaml": OWN, MAIN: said}).parameters[0].value == ("hi*",)
    names = OWN.replace("list of strings", "list of names")
    wrong = refusal({"rules/no-greeting.yaml": names, MAIN: said})
    assert wrong.startswith(
        f"{MAIN}:2:44: an item of `words` is a name, and no glob: write out each"
    )


def test_parameters_of_rules_from_a_folder_are_known(tmp_path: Path) -> None:
    (tmp_path / "no-greeting.yaml").write_text(OWN, "utf-8")
    text = "rules: {no-greeting: {parameters: {words: [hi]}}}\n"
    tree = MemoryTree({MAIN: text.encode()})
    found = policysource.load(tree, MAIN, today=TODAY, own_rules=tmp_path.iterdir())
    assert found.parameters[0].value == ("hi",)


def test_a_layer_may_loosen_its_own_locks() -> None:
    assert policy("lock: ['*']\nfail_on: never\n").fail_on.value == "never"


def test_a_policy_that_extends_itself_is_refused() -> None:
    said = refusal({ORG: f"extends: {MAIN}\n", MAIN: f"extends: {ORG}\n"})
    assert said == f"{ORG}:1:10: `{MAIN}` extends itself: remove one `extends`"


def test_own_rules_come_with_their_layer_and_are_known() -> None:
    found = layered(
        {
            "org/policy.yml": "rule_folders: rules\n",
            "org/rules/no-greeting.yaml": "id: no-greeting\n",
            MAIN: "extends: org/policy.yml\nrules: {no-greeting: off}\n",
        }
    )
    assert found.rule_files == (("org/rules/no-greeting.yaml", b"id: no-greeting\n"),)
    assert found.skipped == ("no-greeting",)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.yml", "ci.yml", True),
        ("*.yml", "a/ci.yml", False),
        ("**/*.yml", "ci.yml", True),
        ("**/*.yml", "a/b/ci.yml", True),
        ("a/**", "a/b/c", True),
        ("a/**", "b/a/c", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        (".github/workflows/release-*.yml", ".github/workflows/release-1.yml", True),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits


def test_the_default_profile_says_what_a_policy_says_by_itself() -> None:
    [name] = [name for name in policysource.profiles() if name == DEFAULT]
    document, _ = policyfile.read(name, policysource.profiles()[name].read_bytes())
    layer = policyfile.parse_layer(document, name, policyfile.Known((), (), lambda _: ()))
    said = {key: value for key, value in layer._asdict().items() if value}
    bare = Policy(TODAY)
    assert said == {"path": name, **{key: getattr(bare, key) for key in said if key != "path"}}
    assert bare.layers == (name,)
    assert bare.fail_on.value == FAIL_ON


@pytest.mark.parametrize("name", sorted(policysource.profiles()))
def test_shipped_profiles_are_policies(name: str) -> None:
    found = policysource.load(None, name, today=TODAY)
    assert found.layers[-1] == name
    jsonschema.validate(plain(policysource.profiles()[name].read_text("utf-8")), SCHEMA)


# the schema for editors, and the reader


class _Loader(yaml.SafeLoader):
    """YAML 1.2's opinion, which editors have: `off` is a text, and so is a date."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if not tag.endswith((":bool", ":timestamp"))]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def plain(text: str) -> Any:
    return yaml.load(text, _Loader)


def test_the_schema_has_the_keys_that_the_reader_knows() -> None:
    keys = SCHEMA["properties"]
    assert set(keys) == set(policyfile.KEYS)
    assert set(keys["paved_road"]["properties"]) == set(ROADS.values())
    assert set(SCHEMA["$defs"]["waiver"]["properties"]) == set(policyfile.WAIVER_KEYS)
    rule = keys["rules"]["additionalProperties"]["oneOf"][1]["properties"]
    assert set(rule) == set(policyfile.RULE_KEYS)
    assert set(rule["paths"]["items"]["properties"]) == set(policyfile.PATH_KEYS)
    assert set(keys["controls"]["items"]["properties"]) == set(policyfile.CONTROL_KEYS)
    assert set(SCHEMA["$defs"]["extension"]["oneOf"][1]["properties"]) == set(
        policyfile.EXTENSION_KEYS
    )
    assert set(LOCKABLE) < set(policyfile.KEYS)


WAIVER = {
    "rule": "script-injection",
    "path": ".github/**",
    "job": "greet",
    "reason": "only members can start it",
    "owner": "team-ci",
    "expires": "2026-07-01",
}
PATHS = [
    "a/../b",
    "..",
    "a..b/c",
    "a/",
    "a\\b",
    "!a",
    "a!",
    "a!.yml",
    "a*",
    "a?b",
    ".a",
    ".a.yml",
    "a.",
    "*/b",
    "**",
    "a*/.b",
    "a..b/c.d",
    "{a}.b",
    "[].b",
    "{a,b}",
    "{a}",
    "[ab]c",
    "[]",
    "/",
    "./",
]
VALUES: dict[str, list[object]] = {
    "extends": [
        "pipelaw:strict",
        ["pipelaw:starter", "pipelaw:strict"],
        "https://example.com/a.git",
        "http://example.com/a.git",
        [{"git": "https://example.com/a.git", "commit": "v1", "path": "a"}],
        {"git": "ext::sh", "commit": "a" * 40, "path": "a"},
        {"git": "https://example.com/a.git", "commit": "a" * 40},
    ],
    "fail_on": ["never", "info", "error", 3, ["low"], {"a": "b"}],
    "rules": [
        {"script-injection": "off"},
        {"script-injection": {"severity": "on", "paths": [{"path": "a*", "severity": "low"}]}},
        {"script-injection": {"paths": [{"path": "/a", "severity": "low"}]}},
        {"script-injection": {"paths": [{"path": "a"}]}},
        {"script-injection": {"path": "a"}},
        {"unpinned-action": {"parameters": {"trusted_owners": ["acme"]}}},
        {"unpinned-action": {"parameters": {"trusted_owners": []}}},
        {"unpinned-action": {"parameters": {"trusted_owners": [""]}}},
        {"unpinned-action": {"parameters": {"trusted_owners": ["acme/*"]}}},
        {"unpinned-action": {"parameters": {"trusted_owners": {"a": "b"}}}},
        {"unpinned-action": {"parameters": {"trusted_owners": [["acme"]]}}},
        {"unpinned-action": {"parameters": ["acme"]}},
        {"dependabot-cooldown": {"severity": "low", "parameters": {"days": 3}}},
        {"dependabot-cooldown": {"parameters": {"days": -3}}},
        {"dependabot-cooldown": {"parameters": {"days": 1234567890}}},
        {"dependabot-cooldown": {"parameters": {"days": 1.5}}},
        {"dependabot-cooldown": {"parameters": {"days": True}}},
        {"script-injection": "loud"},
        {"script-injection": ["off"]},
        ["script-injection"],
    ],
    "waiver_horizon": [1, 9999, 0, 10000, -1, "many", [1]],
    "inline": ["dated", "never"],
    "controls": [
        [{"category": "sast", "by": "us"}],
        [{"category": "sast", "by": "us", "until": "2027-01-31"}],
        [{"category": "sast", "by": "us", "until": "31.1.2027"}],
        [{"category": "sast"}],
        [{"by": "us"}],
        [{"category": "sast", "by": " "}],
        {"category": "sast", "by": "us"},
    ],
    "paved_road": [
        {"actions": "acme/*"},
        {"images": ["a", "b"]},
        {"action": "acme/*"},
        {"actions": [""]},
        {"actions": [{"a": "b"}]},
        ["acme/*"],
    ],
    "lock": ["*", ["fail_on", "rules"], [""], {"a": "b"}],
    "waivers": [
        [WAIVER],
        *([{**WAIVER, "path": path}] for path in PATHS),
        [{**WAIVER, "ticket": "CI-1", "approved_by": "security"}],
        *([{k: v for k, v in WAIVER.items() if k != key}] for key in WAIVER),
        [{**WAIVER, "reason": "because"}],
        [{**WAIVER, "expires": "tomorrow"}],
        [{**WAIVER, "until": "2026-07-01"}],
        [{**WAIVER, "fingerprint": "a" * 32 + ":1"}],
        [
            {k: v for k, v in WAIVER.items() if k not in ("path", "job")}
            | {"fingerprint": "a" * 32 + ":1"}
        ],
        [{k: v for k, v in WAIVER.items() if k not in ("path", "job")} | {"fingerprint": "abc"}],
        [{**WAIVER, "path": "./a"}],
        WAIVER,
    ],
    "unknown": ["x"],
}
NOT_IN_THE_SCHEMA: list[dict[str, object]] = [
    {"lock": ["fail_on", "rules"]},
    {"rules": {"dependabot-cooldown": {"parameters": {"days": True}}}},
    {"rules": {"unpinned-action": {"parameters": {"trusted_owners": ["acme/*"]}}}},
]
"""What only the reader can know: the names of rules, and the types of their parameters."""


@pytest.mark.parametrize(
    "value", [{key: value} for key, values in VALUES.items() for value in values], ids=repr
)
def test_the_schema_and_the_reader_agree(value: dict[str, object]) -> None:
    text = json.dumps(value)
    schema = jsonschema.Draft202012Validator(SCHEMA).is_valid(value)
    try:
        reader = not any(waiver.fault for waiver in policy(text).waivers)
    except PolicyError:
        reader = False
    assert reader == (schema and value not in NOT_IN_THE_SCHEMA)


scalars = st.sampled_from(
    [
        "",
        "*",
        "off",
        "high",
        "a",
        "pipelaw:strict",
        "script-injection",
        "2027-01-31",
        "~",
        "[",
        "&a",
        "*a",
    ]
)
keys = st.sampled_from(
    [
        *policyfile.KEYS,
        *policyfile.WAIVER_KEYS,
        *policyfile.RULE_KEYS,
        "git",
        "a",
        "unpinned-action",
    ]
)
values = st.recursive(
    scalars | st.integers() | st.none() | st.booleans() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | scalars, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.text() | values.map(yaml.safe_dump) | st.dictionaries(keys, values).map(yaml.safe_dump))
def test_no_text_crashes_the_reader(text: str) -> None:
    tree = MemoryTree({MAIN: text.encode("utf-8", "surrogatepass")})
    try:
        policysource.load(tree, MAIN, today=TODAY)
    except PolicyError as error:
        assert str(error).count(":") >= 3  # noqa: PT017  each has a place


# the document


DOCUMENT = (Path(__file__).parents[1] / "docs" / "policy.md").read_text("utf-8")


def test_the_document_lists_the_parameters_of_the_shipped_rules() -> None:
    section = DOCUMENT[DOCUMENT.index("## Parameters") : DOCUMENT.index("## Layers")]
    rows = re.findall(r"^\| (`[^|]*`) \| (`[^|]*`) \|", section, re.MULTILINE)
    shown = {
        rule: set(re.findall(r"`(\w+)`", names))
        for rules, names in rows
        for rule in re.findall(r"`([\w-]+)`", rules)
    }
    assert shown == {
        rule.id: {parameter.name for parameter in rule.parameters}
        for rule in rulebook.load().rules
        if rule.parameters
    }


def test_the_policies_in_the_document_are_right() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    whole = [block for block in blocks if "\nrules:\n" in f"\n{block}"]
    assert len(whole) == 2
    for block in whole:
        found = policysource.load(MemoryTree({MAIN: block.encode()}), MAIN, today=TODAY)
        assert not [waiver.fault for waiver in found.waivers if waiver.fault]
        jsonschema.validate(plain(block), SCHEMA)


# git


@pytest.fixture
def remote(tmp_path: Path) -> tuple[str, str]:
    folder = tmp_path / "policies"
    (folder / "rules").mkdir(parents=True)
    (folder / "org.yml").write_text(
        "extends: base.yml\nrule_folders: rules\nfail_on: low\nlock: [fail_on]\n", "utf-8"
    )
    (folder / "base.yml").write_text("waiver_horizon: 10\n", "utf-8")
    (folder / "rules" / "no-greeting.yaml").write_text("id: no-greeting\n", "utf-8")
    (folder / "linked.yml").symlink_to("org.yml")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "policies")
    return folder.as_uri(), git(folder, "rev-parse", "HEAD")


def pinned(url: str, commit: str, cache: Path, path: str = "org.yml", rest: str = "") -> Policy:
    text = f"extends: {{git: '{url}', commit: {commit}, path: {path}}}\n{rest}"
    tree = MemoryTree({MAIN: text.encode()})
    return policysource.load(tree, MAIN, today=TODAY, cache=cache)


def test_a_pinned_policy_is_fetched_once(remote: tuple[str, str], tmp_path: Path) -> None:
    url, commit = remote
    cache = tmp_path / "cache"
    found = pinned(url, commit, cache)
    assert (found.fail_on.value, found.waiver_horizon.value) == ("low", 10)
    assert str(found.fail_on.origin) == f"{url}@{commit[:12]}:org.yml:3:10"
    assert found.rule_files[0].path.endswith(":rules/no-greeting.yaml")
    (tmp_path / "policies").rename(tmp_path / "gone")
    assert pinned(url, commit, cache) == found
    [copy] = (cache / "policies").iterdir()
    assert not (copy / "hooks").exists()


def test_a_pinned_policy_locks(remote: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"`fail_on` is locked by file:.*org\.yml:4:8"):
        pinned(*remote, tmp_path / "cache", rest="fail_on: never\n")


def test_what_is_not_that_commit_is_refused(remote: tuple[str, str], tmp_path: Path) -> None:
    url, commit = remote
    with pytest.raises(PolicyError, match=r"^\.pipelaw\.yml:1:10: .* cannot be fetched"):
        pinned(url, "1" * 40, tmp_path / "cache")
    with pytest.raises(PolicyError, match="is not there"):
        pinned(url, commit, tmp_path / "cache", "linked.yml")
    assert len(list((tmp_path / "cache" / "policies").iterdir())) == 1


def test_a_login_in_an_address_is_told_nobody(tmp_path: Path) -> None:
    secret = "open-sesame"
    url = f"https://robot:{secret}@127.0.0.1:1/policies.git"
    for place in (url, url.replace("robot:", ""), url.replace("https", "ssh")):
        with pytest.raises(PolicyError) as error:
            pinned(place, "1" * 40, tmp_path / "cache")
        assert "://127.0.0.1:1/policies.git: the commit 1111" in str(error.value)
        assert secret not in str(error.value)
    for text in (f"extends: {url}\n", f"extends: {url.replace('https', 'http')}\n"):
        assert secret not in refusal({MAIN: text})
    tree = CommitTree(tmp_path, url, "1" * 40)
    assert tree.name == f"https://127.0.0.1:1/policies.git@{'1' * 12}"
    with pytest.raises(PolicyError) as error:
        tree.paths()
    assert secret not in str(error.value)


def test_a_copy_that_was_changed_is_refused(remote: tuple[str, str], tmp_path: Path) -> None:
    url, commit = remote
    cache = tmp_path / "cache"
    pinned(url, commit, cache)
    [copy] = (cache / "policies").iterdir()
    other = git(copy, "hash-object", "-w", "-t", "blob", os.devnull)
    for pack in (copy / "objects" / "pack").glob("*.pack"):
        data = pack.read_bytes()
        git_pack = tmp_path / "pack"
        git_pack.write_bytes(data)
        for part in list(pack.parent.iterdir()):
            part.unlink()
        subprocess.run(
            ["git", "unpack-objects", "-q"], cwd=copy, input=data, check=True, capture_output=True
        )
    blob = git(copy, "rev-parse", f"{commit}:org.yml")
    victim = copy / "objects" / blob[:2] / blob[2:]
    victim.chmod(0o600)
    victim.write_bytes((copy / "objects" / other[:2] / other[2:]).read_bytes())
    with pytest.raises(PolicyError):
        pinned(url, commit, cache)


def test_a_hook_of_another_repository_changes_nothing(
    remote: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere" / "index"))
    assert pinned(*remote, tmp_path / "cache").fail_on.value == "low"
    assert not (tmp_path / "nowhere").exists()
