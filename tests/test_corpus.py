"""Real pipelines of public repositories: nothing ends a scan, and nothing is lost without a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelaw import rulebook
from pipelaw.scanner import scan

CORPUS = os.environ.get("PIPELAW_CORPUS", "")
FOLDERS = ["github", "gitlab", "gitlab-nested", "drone", "drone-nested", "woodpecker"]

pytestmark = pytest.mark.skipif(
    not CORPUS, reason="PIPELAW_CORPUS names no folder of real pipelines"
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_nearly_every_file_is_read(folder: str) -> None:
    coverage = scan([str(Path(CORPUS) / folder)], rulebook=rulebook.load(), jobs=1).coverage
    assert coverage.files > 0
    whole = [problem for problem in coverage.unreadable if "not valid YAML" in problem.message]
    # what is no YAML cannot be read by anybody; parts of a wrong shape are reported, the rest is read
    assert len(whole) <= max(1, coverage.files // 200)
    assert all(problem.line >= 1 and problem.message for problem in coverage.unreadable)
