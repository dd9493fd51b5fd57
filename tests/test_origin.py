"""Whose repository a checkout is, as the remote that it was cloned from says."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from gitcommand import git

from pipelaw.gittree import GitTree
from pipelaw.origin import agreed, origin_of
from pipelaw.tree import FolderTree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

URL = "https://github.com/Rocket-Lab/app.git"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit and a remote."""
    folder = tmp_path / "app"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "upstream", "https://github.com/others/app")
    git(folder, "remote", "add", "origin", URL)
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "first")
    return folder


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (URL, "github.com/Rocket-Lab"),
        (
            "https://someone:word@GitLab.example.com:8443/rockets/team/app",
            "gitlab.example.com/rockets",
        ),
        ("git@github.com:rocket.lab/app.git", "github.com/rocket.lab"),
        ("github.com:/rockets/app.git", "github.com/rockets"),
        ("ssh://git@forge.example.com:22/rockets/app", "forge.example.com/rockets"),
        ("https://github.com/app", ""),
        ("../elsewhere/app", ""),
        ("/srv/git/acme/app.git", ""),
        ("file:///srv/git/acme/app.git", ""),
        ("C:/git/acme/app", ""),
        ("", ""),
    ],
)
def test_an_address_names_host_and_owner(root: Path, url: str, origin: str) -> None:
    git(root, "config", "remote.origin.url", url)
    assert origin_of(str(root)) == origin


def test_the_remote_that_was_cloned_from_counts(root: Path) -> None:
    assert FolderTree(root).origin == "github.com/Rocket-Lab"
    git(root, "remote", "remove", "origin")
    assert origin_of(str(root)) == ""


@pytest.mark.parametrize(
    ("variables", "origin"),
    [
        ({}, "github.com/Acme"),
        ({"GITHUB_REPOSITORY_OWNER": "acme"}, "github.com/Acme"),
        ({"GITHUB_REPOSITORY_OWNER": "rockets"}, ""),
        ({"CI_PROJECT_ROOT_NAMESPACE": "rockets"}, ""),
        ({"DRONE_REPO_NAMESPACE": "rockets", "CI_REPO_OWNER": ""}, ""),
        ({"CI_REPO_OWNER": "acme", "GITHUB_REPOSITORY_OWNER": "rockets"}, ""),
    ],
)
def test_a_job_of_another_owner_believes_no_clone(variables: dict[str, str], origin: str) -> None:
    assert agreed("github.com/Acme", variables) == origin


def test_the_fork_of_a_pull_request_is_not_the_owner(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY_OWNER", "acme")
    assert FolderTree(root).origin == ""
    assert GitTree(str(root), "HEAD").origin == ""
    monkeypatch.setenv("GITHUB_REPOSITORY_OWNER", "rocket-lab")
    assert FolderTree(root).origin == GitTree(str(root), "HEAD").origin == "github.com/Rocket-Lab"


def test_a_worktree_and_a_submodule_are_their_repositorys(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    assert origin_of(str(tmp_path / "tree")) == "github.com/Rocket-Lab"

    git(root, "-c", "protocol.file.allow=always", "submodule", "add", str(root), "part")
    git(root / "part", "remote", "set-url", "origin", "https://github.com/parts/part")
    assert (root / "part/.git").is_file()
    assert origin_of(str(root / "part")) == "github.com/parts"


def test_a_folder_that_is_no_checkout_is_nobodys(tmp_path: Path) -> None:
    assert origin_of(str(tmp_path)) == ""
    (tmp_path / ".git").write_text("gitdir: \0", "utf-8")
    assert origin_of(str(tmp_path)) == ""
    (tmp_path / ".git").unlink()
    if hasattr(os, "mkfifo"):  # nobody writes to it: who opened it would wait for ever
        os.mkfifo(tmp_path / ".git")
        assert origin_of(str(tmp_path)) == ""
