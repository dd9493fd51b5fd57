"""pipelaw as people call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Output(NamedTuple):
    """What a call gave."""

    status: int
    out: str
    err: str


class Shell:
    """A repository to stand in, and pipelaw to call there."""

    FILE = ".github/workflows/ci.yml"
    """What `write` writes where no path is given."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def write(self, text: str, path: str = "") -> Path:
        """Write a file of the repository."""
        target = self.folder / (path or self.FILE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        return target

    def __call__(self, *arguments: str) -> Output:
        self._capsys.readouterr()
        status = main(arguments)
        return Output(status, *self._capsys.readouterr())
