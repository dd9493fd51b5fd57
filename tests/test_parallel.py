from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelaw import parallel, rulebook
from pipelaw.discover import Candidate
from pipelaw.repository import Part, Work
from pipelaw.results import scan_work
from pipelaw.tree import MemoryTree

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are no copies here")

CI = ".drone.yml"
TEXT = b"kind: pipeline\nname: a\nsteps: [{name: b, image: c, commands: [make]}]\n"


def works(count: int) -> list[Work]:
    return [
        Work(MemoryTree({CI: TEXT}), f"repo{number}", (Candidate(CI, "drone"),))
        for number in range(count)
    ]


def spread(work: list[Work], processes: int = 2) -> list[Part]:
    return list(parallel.spread(work, [rulebook.load()], processes))


def killing(*prefixes: str, once: Path | None = None) -> object:
    """What scans a repository, but is killed at some of them: each time, or until a file is there."""

    def scan(work: Work, *rest: object) -> Part:
        if work.prefix in prefixes and not (once and once.exists()):
            if once:
                once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return scan_work(work, *rest)  # type: ignore[arg-type]  # as it was called

    return scan


def test_what_a_killed_process_had_is_said_and_all_else_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = spread(works(40))
    monkeypatch.setattr(parallel, "scan_work", killing("repo3", "repo4"))
    parts = spread(works(40))
    lost = [number for number, part in enumerate(parts) if part.unreadable]
    assert lost == [3, 4]
    for number, (part, full) in enumerate(zip(parts, whole, strict=True)):
        if number in lost:
            [problem] = part.unreadable
            assert (problem.path, part.files, part.findings) == (f"repo{number}", 1, ())
            assert "was killed" in problem.message
        else:
            assert part == full
            assert part.pipelines == 1


def test_what_was_killed_by_chance_is_scanned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = spread(works(20))
    monkeypatch.setattr(parallel, "scan_work", killing("repo7", once=tmp_path / "killed"))
    assert spread(works(20)) == whole
    assert (tmp_path / "killed").exists()


def test_nothing_left_to_scan_with_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [f"repo{number}" for number in range(5)]
    monkeypatch.setattr(parallel, "scan_work", killing(*every))
    assert [bool(part.unreadable) for part in spread(works(5))] == [True] * 5


def test_a_bug_is_met_where_it_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(*_: object) -> Part:
        raise LookupError(os.getpid())

    monkeypatch.setattr(parallel, "scan_work", scan)
    with pytest.raises(LookupError, match=f"^{os.getpid()}$"):
        spread(works(4))


STUCK = """
import os, signal
from pipelaw import cli, parallel

def stuck(*_):
    os.write(1, b"begun\\n")
    signal.pause()

parallel.scan_work = stuck
# tests that a shell runs in the background begin with it ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
cli.run()
"""


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, -signal.SIGTERM),
        (signal.SIGKILL, -signal.SIGKILL),
        (signal.SIGHUP, -signal.SIGHUP),
    ],
)
def test_workers_end_with_the_process_that_started_them(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    for name in "abcdef":
        (tmp_path / name).mkdir()
        (tmp_path / name / CI).write_bytes(TEXT)
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, "scan", ".", "--jobs=2", "--no-cache"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as running:
        assert running.stdout is not None
        assert [running.stdout.readline() for _ in range(2)] == [b"begun\n"] * 2
        if number == signal.SIGINT:  # a terminal sends it to all of them
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        try:
            # this ends when nobody holds the other ends any more, no worker either
            out, err = running.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    assert running.returncode == status
    assert out == b""
    assert err.strip() == (b"interrupted" if number == signal.SIGINT else b"")
