from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from pipelaw.cli import Status, main

if TYPE_CHECKING:
    from pathlib import Path

DANGEROUS = """\
on: issues
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.issue.title }}"
"""
FILES = {
    ".github/workflows/ci.yml": DANGEROUS,
    ".woodpecker/ci.yml": "steps:\n  - {name: a, image: golang, commands: [make]}\n",
    ".gitlab-ci.yml": "build:\n  image: golang\n  script: [make]\n",
    ".drone.yml": "kind: pipeline\nname: a\nsteps:\n  - {name: a, image: golang, commands: [make]}\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "repository"
    found.mkdir()
    monkeypatch.chdir(found)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(FILES[path], "utf-8")


def test_a_scan_passes_after_init(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, *FILES)
    assert main(["scan", "--fail-on", "info"]) == Status.FOUND
    capsys.readouterr()
    assert main(["init"]) == Status.CLEAN
    said = capsys.readouterr().out
    for path in (".pipelaw.yml", ".pipelaw-baseline.json", ".woodpecker/pipelaw.yml"):
        assert f"wrote  {path}\n" in said
    step = (folder / ".github/workflows/pipelaw.yml").read_text("utf-8")
    assert step.endswith(" --baseline .pipelaw-baseline.json\n")
    assert "@" not in step.replace("checkout@", "")
    assert yaml.safe_load(step)["permissions"] == {}
    assert "# add this to the gitlab pipeline:\npipelaw:\n" in said
    assert "# add this to the drone pipeline:\n---\n" in said
    assert main(["scan", "--baseline", ".pipelaw-baseline.json"]) == Status.CLEAN


def test_the_github_step_is_fine_by_pipelaw(folder: Path) -> None:
    write(folder, ".github/workflows/ci.yml")
    assert main(["init"]) == Status.CLEAN
    step = ".github/workflows/pipelaw.yml"
    assert main(["scan", "--policy", "pipelaw:default", "--fail-on", "low", step]) == Status.CLEAN


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, ".github/workflows/ci.yml")
    (folder / ".pipelaw.yml").write_text("fail_on: low\n", "utf-8")
    assert main(["init"]) == Status.CLEAN
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["init"]) == Status.CLEAN
    assert "wrote" not in capsys.readouterr().out
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_without_pipelines_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == Status.ERROR
    assert capsys.readouterr().err == "error: .: there is no pipeline here\n"
