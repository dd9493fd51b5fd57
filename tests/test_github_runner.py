"""The machines of jobs that choose one by who started the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Runner


def runner_of(text: str) -> Runner:
    found = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({}))
    return found.pipelines[0].jobs[0].runner


FORK = "github.event.pull_request.head.repo.fork"


@pytest.mark.parametrize(
    ("on", "runs_on", "self_hosted", "unknown"),
    [
        ("pull_request", f"${{{{ {FORK} && 'ubuntu-latest' || 'self-hosted' }}}}", False, False),
        ("pull_request", f"${{{{ {FORK} && 'self-hosted' || 'ubuntu-latest' }}}}", True, True),
        ("pull_request", f"${{{{ !{FORK} && 'self-hosted' || 'ubuntu-latest' }}}}", False, False),
        ("pull_request", "${{ vars.BIG && 'self-hosted' || 'ubuntu-latest' }}", False, True),
        ("pull_request", "${{ vars.BIG && 'our-machine' || 'ubuntu-latest' }}", False, True),
        ("pull_request", "${{ vars.BIG && 'ubuntu-24.04' || 'ubuntu-latest' }}", False, False),
        ("pull_request", "${{ vars.BIG || 'ubuntu-latest' }}", False, False),
        ("push", f"${{{{ {FORK} && 'ubuntu-latest' || 'self-hosted' }}}}", False, True),
        ("pull_request", "self-hosted", True, True),
        ("pull_request", "Self-Hosted", True, True),
        ("pull_request", "${{ fromJSON('[`self-hosted`, `gpu`]') }}", True, True),
        ("pull_request", "${{ fromJSON('`ubuntu-latest`') }}", False, False),
        (
            "pull_request",
            f"${{{{ fromJSON({FORK} && '`ubuntu-latest`' || '[`self-hosted`]') }}}}",
            False,
            False,
        ),
        (
            "pull_request",
            f"${{{{ {FORK} && fromJSON('[`ubuntu-latest`]') || fromJSON('[`self-hosted`, `x`]') }}}}",
            False,
            False,
        ),
        (
            "pull_request",
            f"${{{{ {FORK} && fromJSON('[`self-hosted`, `x`]') || 'ubuntu-latest' }}}}",
            True,
            True,
        ),
        ("pull_request", f"${{{{ case({FORK}, 'ubuntu-latest', 'self-hosted') }}}}", False, False),
        ("pull_request", f"${{{{ case(!{FORK}, 'ubuntu-latest', 'self-hosted') }}}}", True, True),
        ("pull_request", "${{ case(vars.BIG, 'self-hosted', 'ubuntu-latest') }}", False, True),
        ("pull_request", "${{ fromJSON(vars.ON || '[`self-hosted`]') }}", False, True),
        ("pull_request", "${{ fromJSON('[') }}", False, False),
    ],
)
def test_the_machine_that_outsiders_get(
    on: str, runs_on: str, self_hosted: bool, unknown: bool
) -> None:
    runs_on = runs_on.replace("`", '\\"')
    runner = runner_of(
        f'on: {on}\njobs:\n  a:\n    runs-on: "{runs_on}"\n    steps: [{{run: make}}]\n'
    )
    assert (runner.self_hosted, runner.unknown) == (self_hosted, unknown)


CALLED = """
on:
  workflow_call:
    inputs:
      on: {type: string, default: own-machine}
jobs:
  a:
    runs-on: RUNS_ON
    steps: [{run: make}]
"""


@pytest.mark.parametrize(
    ("runs_on", "event", "given", "self_hosted", "unknown"),
    [
        ("${{ inputs.on }}", "pull_request", "with: {on: self-hosted}", True, True),
        ("${{ inputs.on }}", "pull_request", "with: {on: ubuntu-24.04}", False, False),
        ("${{ inputs.on }}", "pull_request", "", False, True),
        ("${{ inputs.on }}", "pull_request", "with: {on: '${{ vars.ON }}'}", False, False),
        ("${{ fromJSON(inputs.on) }}", "push", """with: {on: '["self-hosted"]'}""", True, True),
    ],
)
def test_the_machine_that_a_caller_chooses(
    runs_on: str, event: str, given: str, self_hosted: bool, unknown: bool
) -> None:
    call = f"on: {event}\njobs:\n  c:\n    uses: ./.github/workflows/x.yml\n    {given}\n"
    text = CALLED.replace("RUNS_ON", runs_on).encode()
    tree = MemoryTree({".github/workflows/x.yml": text, ".github/workflows/y.yml": call.encode()})
    runner = load(decode(".github/workflows/x.yml", text), tree).pipelines[0].jobs[0].runner
    assert (runner.self_hosted, runner.unknown) == (self_hosted, unknown)


MATRIX = """
on: pull_request
jobs:
  a:
    strategy:
      matrix:
        os: [ubuntu-latest, self-hosted]
        py: ['3.12', '3.13']
        exclude: %s
    runs-on: ${{ matrix.os }}
    steps: [{run: make}]
"""


@pytest.mark.parametrize(
    ("label", "board", "self_hosted"),
    [
        ("board.runner", "{name: a, runner: [self-hosted, usb]}", True),
        ("board.runner", "{name: self-hosted, runner: [ubuntu-latest]}", False),
        ("board.on.runner", "{on: {runner: self-hosted}}", True),
        ("board.on", "{on: {runner: self-hosted}}", False),
    ],
)
def test_the_machine_is_a_part_of_a_value(label: str, board: str, self_hosted: bool) -> None:
    for matrix in (f"{{board: [{board}]}}", f"{{include: [{{board: {board}}}]}}"):
        found = runner_of(
            "on: push\njobs:\n  a:\n    steps: [{run: make}]\n    strategy:\n"
            f"      matrix: {matrix}\n    runs-on: ${{{{ matrix.{label} }}}}\n"
        )
        assert found.self_hosted is self_hosted


@pytest.mark.parametrize(
    ("exclude", "self_hosted"),
    [
        ("[{os: self-hosted}]", False),
        ("[{os: self-hosted, py: '3.12'}, {os: self-hosted, py: '3.13'}]", False),
        ("[{OS: self-hosted}, {os: windows-latest}]", False),
        ("[{os: self-hosted, py: '3.12'}]", True),
        ("[{py: '3.12'}]", True),
        ("[{os: ubuntu-latest}]", True),
        ("[{os: self-hosted, py: '${{ vars.PY }}'}]", True),
        ("[{os: self-hosted, arch: arm64}]", True),
        ("[os, [self-hosted], {os: [self-hosted]}]", True),
        ("${{ fromJSON(vars.OUT) }}", True),
        ("\n          - os: self-hosted\n        include: [{os: self-hosted}]", True),
    ],
)
def test_what_a_matrix_leaves_out_is_not_requested(exclude: str, self_hosted: bool) -> None:
    assert runner_of(MATRIX % exclude).self_hosted is self_hosted
