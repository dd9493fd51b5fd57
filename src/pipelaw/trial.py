"""A rule's examples, run: each marked line must be reported, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.discover import Candidate
from pipelaw.repository import Work, scan_repository
from pipelaw.rulebook import Rulebook, Terms
from pipelaw.source import lines_of
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.rules import Example, Rule

MARK = re.compile(r"#\s*finding\s*$")
"""The comment at the end of a line that must be reported."""

_PATHS = {
    "github": ".github/workflows/example.yml",
    "gitlab": ".gitlab-ci.yml",
    "drone": ".drone.yml",
    "woodpecker": ".woodpecker.yml",
    "dependabot": ".github/dependabot.yml",
    "precommit": ".pre-commit-config.yaml",
}
_ACTION = re.compile(r"^runs:", re.MULTILINE)
_OTHERS = {"main.py": b"", _PATHS["github"]: b""}
"""Files that give an example's repository a language and a workflow, for rules about what it lacks."""


def try_rule(rule: Rule) -> list[str]:
    """What is wrong with a rule's examples: one message each, with the rule file's path and line."""
    return [
        *_missing(rule),
        *(message for example in rule.examples for message in _try(rule, example)),
    ]


def _missing(rule: Rule) -> Iterator[str]:
    if not rule.examples:
        yield f"{rule.path}:1:1: the rule has no examples"
    for platform in rule.platforms:
        for good, word in ((False, "bad"), (True, "good")):
            own = [e for e in rule.examples if e.platform == platform and e.good is good]
            if not own:
                yield f"{rule.path}:1:1: no {word} example for {platform}"
        if not (rule.fix.get(platform) or rule.fix.get("")):
            yield f"{rule.path}:1:1: `fix` says nothing for {platform}"


def _try(rule: Rule, example: Example) -> Iterator[str]:
    word = "good" if example.good else "bad"
    expected = {n for n, text in enumerate(lines_of(example.text), 1) if MARK.search(text)}
    if example.good and expected:
        yield f"{rule.path}:{example.line}:1: a good example marks a finding"
        return
    path = _PATHS[example.platform]
    if example.platform == "github" and _ACTION.search(example.text):
        path = "action.yml"
    tree = MemoryTree({**_OTHERS, path: example.text.encode()})
    given = tuple((rule.id, name, value) for name, value in example.parameters)
    rulebook = Rulebook([rule]).on(Terms(parameters=given))
    part = scan_repository(Work(tree, "", (Candidate(path, example.platform),)), rulebook)
    name = f"the {word} {example.platform} example"
    for problem in part.unreadable:
        line = example.line + problem.line - 1
        yield f"{rule.path}:{line}:{problem.column}: {name}: {problem.message}"
    if part.unreadable:
        return  # what is reported is of a part of it
    reported = {finding.span.line: finding.message for finding in part.findings}
    if not (example.good or expected or reported):
        yield f"{rule.path}:{example.line}:1: {name} has no line that is reported"
    for number in sorted(expected - set(reported)):
        line = example.line + number - 1
        yield f"{rule.path}:{line}:1: this line of {name} is not reported"
    wrong = "reported, and should not be" if example.good else "reported without a `# finding`"
    for number in sorted(set(reported) - expected):
        line = example.line + number - 1
        yield f"{rule.path}:{line}:1: {name} is {wrong}: {reported[number]}"
