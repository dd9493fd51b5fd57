"""Inputs of actions that are scripts: read as those of `run`, in their language, where they run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.loaders import load
from pipelaw.loaders.github_sink_inputs import INPUT_SINKS
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Job

TITLE = "${{ github.event.pull_request.title }}"
HEAD = "${{ github.event.pull_request.head.sha }}"
CODE = [
    (action, name, taken.language)
    for action, inputs in INPUT_SINKS.items()
    for name, taken in inputs.items()
    if taken.sink == "code"
]


def job(*steps: str) -> Job:
    """The job of a workflow that outsiders start, with these steps in flow style."""
    path = ".github/workflows/a.yml"
    text = "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    text += "".join(f"    - {{{step}}}\n" for step in steps)
    found = load("github", decode(path, text.encode()), MemoryTree({path: text.encode()}))
    assert not found.problems
    return found.pipelines[0].jobs[0]


@pytest.mark.parametrize(("action", "name", "language"), CODE)
def test_code_is_a_script_in_its_language_and_a_sink(action: str, name: str, language: str) -> None:
    (step,) = job(f'uses: {action}@v1, with: {{{name}: "run {TITLE}"}}').steps
    assert [script.shell for script in step.scripts] == ([language] if language else [])
    (sink,) = [one for one in step.expansions if one.sink != "input"]
    assert (sink.sink, sink.reparsed, sink.attacker_controlled) == ("code", True, True)


@pytest.mark.parametrize(
    ("shell", "language"),
    [
        ("pwsh", "pwsh"),
        ("bash -e {0}", "bash"),
        ("python", "python"),
        ("${{ matrix.s }}", "bash"),
        ("", "bash"),
    ],
)
def test_a_shell_beside_the_script_names_its_language(shell: str, language: str) -> None:
    given = json.dumps(shell)
    (step,) = job(f"uses: nick-fields/retry@v3, with: {{shell: {given}, command: make}}").steps
    assert [script.shell for script in step.scripts] == [language]


@pytest.mark.parametrize(
    ("uses", "runs"),
    [
        ("uses: nick-fields/retry@v3, with: {command: npm ci && npm test}", True),
        ("uses: nick-fields/retry@v3, with: {command: sleep 5}", False),
        ("uses: vmactions/freebsd-vm@v1, with: {run: ./configure}", True),
        ("uses: appleboy/ssh-action@v1, with: {script: npm ci}", False),
    ],
)
def test_scripts_in_inputs_run_what_lies_in_the_workspace(uses: str, runs: bool) -> None:
    steps = job(f"uses: actions/checkout@v4, with: {{ref: '{HEAD}'}}", uses).steps
    assert [one.executed for one in steps[0].checkouts] == [runs]


@pytest.mark.parametrize(
    ("uses", "harmed"),
    [
        ("uses: nick-fields/retry@v3, with: {command: 'eval \"echo $TITLE\"'}", True),
        ("uses: nick-fields/retry@v3, with: {command: 'echo \"$TITLE\"'}", False),
        ("uses: appleboy/ssh-action@v1, with: {script: 'eval \"echo $TITLE\"'}", False),
    ],
)
def test_variables_of_the_step_are_followed_where_the_script_sees_them(
    uses: str, harmed: bool
) -> None:
    (step,) = job(f"{uses}, env: {{TITLE: '{TITLE}'}}").steps
    assert any(one.time == "run" and one.reparsed for one in step.expansions) == harmed


@pytest.mark.parametrize(
    ("script", "needs"),
    [("git push", ["contents: write"]), ("gh pr comment 1 -b x", ["pull-requests: write"])],
)
def test_what_scripts_in_inputs_need(script: str, needs: list[str]) -> None:
    token = "env: {GH_TOKEN: '${{ github.token }}'}"
    uses = f"uses: nick-fields/retry@v3, with: {{command: {script}}}, {token}"
    assert [one for one in job(uses).needed_permissions if "write" in one] == needs
