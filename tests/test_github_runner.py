"""The machines of jobs that choose one by who started the run."""

from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree

FORK = "github.event.pull_request.head.repo.fork"


@pytest.mark.parametrize(
    ("on", "runs_on", "self_hosted", "unknown"),
    [
        ("pull_request", f"${{{{ {FORK} && 'ubuntu-latest' || 'self-hosted' }}}}", False, False),
        ("pull_request", f"${{{{ {FORK} && 'self-hosted' || 'ubuntu-latest' }}}}", True, True),
        ("pull_request", f"${{{{ !{FORK} && 'self-hosted' || 'ubuntu-latest' }}}}", False, False),
        ("pull_request", "${{ vars.BIG && 'self-hosted' || 'ubuntu-latest' }}", False, True),
        ("push", f"${{{{ {FORK} && 'ubuntu-latest' || 'self-hosted' }}}}", False, True),
        ("pull_request", "self-hosted", True, True),
    ],
)
def test_the_machine_that_outsiders_get(
    on: str, runs_on: str, self_hosted: bool, unknown: bool
) -> None:
    text = f'on: {on}\njobs:\n  a:\n    runs-on: "{runs_on}"\n    steps: [{{run: make}}]\n'
    found = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({}))
    runner = found.pipelines[0].jobs[0].runner
    assert (runner.self_hosted, runner.unknown) == (self_hosted, unknown)
