"""git, run so that nothing a repository or an address says starts a program."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from gitcommand import git

from pipelaw.errors import UsageError
from pipelaw.gitcommand import GitError, fetch, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is what is run")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def test_an_address_starts_no_program(root: Path, tmp_path: Path) -> None:
    git(root, "config", "protocol.ext.allow", "always")
    with pytest.raises(GitError, match="transport 'ext' not allowed"):
        fetch(root, f"ext::touch {tmp_path}/started", "1" * 40)
    assert not (tmp_path / "started").exists()


def test_only_what_is_asked_for_is_talked_to(root: Path, tmp_path: Path) -> None:
    commit, url = git(root, "rev-parse", "HEAD"), root.as_uri()
    run(tmp_path, "init", "--quiet", "copy")
    fetch(tmp_path / "copy", url, commit)
    assert run(tmp_path / "copy", "rev-parse", "FETCH_HEAD").decode().strip() == commit
    with pytest.raises(GitError, match="transport 'file' not allowed"):
        run(tmp_path / "copy", "fetch", url, commit)


def test_no_hook_and_no_replacement_counts(root: Path, tmp_path: Path) -> None:
    first = git(root, "rev-parse", "HEAD")
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    git(root, "replace", "HEAD", first)
    assert run(root, "cat-file", "commit", "HEAD").endswith(b"second\n")
    hook = root / ".git" / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    hook.chmod(0o755)
    run(root, "update-ref", "refs/heads/other", first)
    assert not (tmp_path / "started").exists()
    git(root, "update-ref", "-d", "refs/heads/other")
    assert (tmp_path / "started").exists()


def test_what_git_does_not_do_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GitError, match="git did not end within 0 seconds"):
        fetch(root, root.as_uri(), "1" * 40, seconds=0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is needed, and not installed"):
        run(root, "rev-parse", "HEAD")
