"""Fields that no shipped rule reads, each through a rule of a user's own."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pipelaw.discover import Candidate
from pipelaw.repository import Work, scan_repository
from pipelaw.rulebook import Rulebook
from pipelaw.rulefile import parse_rule
from pipelaw.tree import MemoryTree

RULE = """\
id: own-rule
title: Something that matters here
category: own
severity: low
confidence: high
for: {kind}
when: |
  {when}
message: "found"
why: It matters here.
fix: Change it.
examples: {{}}
"""

PATHS = {"github": ".github/workflows/a.yml", "drone": ".drone.yml", "gitlab": ".gitlab-ci.yml"}

GITHUB = dedent(
    """\
    on:
      push: {branches: [main], tags: ["v*"]}
      pull_request: {types: [labeled], branches-ignore: [old]}
    jobs:
      build:
        runs-on: ubuntu-latest
        continue-on-error: true
        services:
          db: {image: "postgres:17.2"}
        steps:
          - uses: actions/checkout@v5
            with: {repository: acme/tools, path: tools}
          - name: Lint
            continue-on-error: true
            run: |
              curl -s https://files.example.com/list | sort --unique
    """
)
DRONE = dedent(
    """\
    kind: pipeline
    type: docker
    name: default
    steps:
      - name: test
        image: golang:1.24.1
        commands: [go test ./...]
    services:
      - name: cache
        image: redis:7.4.1
    """
)


def lines(kind: str, when: str, platform: str, text: str) -> list[int]:
    """The lines that a rule of one's own reports in a file."""
    rule = parse_rule("own-rule.yaml", "own-rule", RULE.format(kind=kind, when=when).encode())
    path = PATHS[platform]
    work = Work(MemoryTree({path: text.encode()}), "", (Candidate(path, platform),))
    return [finding.span.line for finding in scan_repository(work, Rulebook([rule])).findings]


@pytest.mark.parametrize(
    ("kind", "when", "platform", "found"),
    [
        ("trigger", '"main" in trigger.branches', "github", [2]),
        ("trigger", 'trigger.tags.exists(one, one.startsWith("v"))', "github", [2]),
        ("trigger", '"labeled" in trigger.types && "old" in trigger.excluded', "github", [3]),
        ("job", "job.optional", "github", [5]),
        ("step", 'step.optional && step.label == "Lint"', "github", [13]),
        ("reference", 'reference.role == "service"', "github", [9]),
        ("reference", 'reference.inputs.exists(one, one.name == "path")', "github", [11]),
        (
            "checkout",
            'checkout.repository == "acme/tools" && checkout.folder == "tools"',
            "github",
            [11],
        ),
        ("command", 'command.name == "sort" && "--unique" in command.words', "github", [16]),
        ("command", 'command.name == "sort" && command.input == "curl"', "github", [16]),
        ("script", 'script.shell == "bash" && script.text.contains("curl")', "github", [15]),
        (
            "repository",
            '"github" in repository.platforms && repository.pipelines == 1',
            "github",
            [1],
        ),
        ("container", 'container.role == "service"', "drone", [10]),
        ("pipeline", 'pipeline.platform == "gitlab"', "drone", []),
    ],
)
def test_a_rule_of_ones_own_reads_it(kind: str, when: str, platform: str, found: list[int]) -> None:
    assert lines(kind, when, platform, GITHUB if platform == "github" else DRONE) == found


def test_two_credentials_are_told_apart_without_showing_them() -> None:
    first, second = "hunter2-" + "x7Kq", "hunter3-" + "p9Zt"
    text = f"variables:\n  A_PASSWORD: {first}\n  B_PASSWORD: {first}\n  C_PASSWORD: {second}\n"
    when = "pipeline.credentials.exists_one(one, one.digest == credential.digest)"
    assert lines("credential", when, "gitlab", f"{text}a: {{script: [make]}}\n") == [4]


def test_who_accepts_an_identity_token() -> None:
    token = "id_tokens: {T: {aud: https://vault.example.com}}"
    text = f"a:\n  {token}\n  script: [make]\n"
    when = 'permission.audience.exists(one, one.contains("vault"))'
    assert lines("permission", when, "gitlab", text) == [2]
