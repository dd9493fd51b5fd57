from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from modes import needs_user

from pipelaw import tree
from pipelaw.document import MAX_BYTES
from pipelaw.errors import UnreadableError
from pipelaw.gitignore import Ignored
from pipelaw.tree import FolderTree, MemoryTree, printable, within

if TYPE_CHECKING:
    from pathlib import Path

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def fill(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{path}\n")
    return root


def git(root: Path, *words: str) -> str:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    result = subprocess.run(
        ["git", "-C", root, *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **settings},
    )
    assert result.returncode in (0, 1), result.stderr
    return result.stdout


def refusal(folder: FolderTree, path: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        folder.read(path)
    return caught.value.message


def test_lists_every_file_sorted_and_leaves_vendored_folders_out(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "b.txt",
        "a/c/d.yml",
        "a/b.yml",
        ".github/workflows/ci.yml",
        ".git/config",
        "node_modules/x/action.yml",
        "web/node_modules/x/action.yml",
        "vendor/y/action.yml",
        "lib/site-packages/z.py",
    )
    found = FolderTree(tmp_path, "shop")
    assert found.paths() == [".github/workflows/ci.yml", "a/b.yml", "a/c/d.yml", "b.txt"]
    assert found.problems() == []
    assert found.name == "shop"
    assert found.read("a/b.yml") == b"a/b.yml\n"


def test_what_is_left_out_of_the_list_can_still_be_read(tmp_path: Path) -> None:
    fill(tmp_path, "vendor/tool/action.yml")
    found = FolderTree(tmp_path)
    assert found.paths() == []
    assert "vendor/tool/action.yml" in found
    assert found.read("vendor/tool/action.yml") == b"vendor/tool/action.yml\n"


def test_a_repository_inside_is_another_one(tmp_path: Path) -> None:
    fill(tmp_path, "a.yml", "sub/.git/HEAD", "sub/action.yml", "module/.git", "module/action.yml")
    assert FolderTree(tmp_path).paths() == ["a.yml"]


def test_asked_for_by_name_vendored_files_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, "a.yml", "vendor/tool/action.yml", "vendor/other/action.yml", "venv/x.yml")
    found = FolderTree(tmp_path, named=["vendor/tool", "venv/x.yml"])
    assert found.paths() == ["a.yml", "vendor/tool/action.yml", "venv/x.yml"]


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "a/../../secret.txt", "leak.yml", "folder/secret.txt"],
)
def test_nothing_outside_is_read(tmp_path: Path, path: str) -> None:
    root = fill(tmp_path / "repo", "a/b.yml")
    fill(tmp_path, "secret.txt")
    (root / "leak.yml").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path)
    for found in (FolderTree(root), FolderTree(root)):
        assert refusal(found, path) == "it lies outside the repository"
        assert refusal(found, str(tmp_path / "secret.txt")) in (
            "it lies outside the repository",
            "no such file or directory",
        )
        assert path not in found
        found.paths()


def test_gits_own_files_are_not_read(tmp_path: Path) -> None:
    root = fill(tmp_path, ".git/config", "sub/.git/config")
    (root / "config.yml").symlink_to(".git/config")
    found = FolderTree(root)
    for path in (".git/config", "sub/.git/config", "config.yml"):
        assert refusal(found, path) == "it lies outside the repository"


def test_links_inside_are_followed_and_those_that_leave_are_not(tmp_path: Path) -> None:
    root = fill(tmp_path / "repo", "ci/main.yml", "ci/parts/a.yml")
    fill(tmp_path / "other", "x.yml")
    (root / ".gitlab-ci.yml").symlink_to("ci/main.yml")
    (root / "linked").symlink_to("ci/parts")
    (root / "away").symlink_to("../other")
    (root / "broken.yml").symlink_to("nowhere.yml")
    found = FolderTree(root)
    # to git a link that leaves is a file, and what is said of it is what is said of such a file
    assert found.paths() == [
        ".gitlab-ci.yml",
        "away",
        "ci/main.yml",
        "ci/parts/a.yml",
        "linked/a.yml",
    ]
    assert refusal(found, "away") == "it lies outside the repository"
    assert found.read(".gitlab-ci.yml") == b"ci/main.yml\n"
    assert found.read("linked/a.yml") == b"ci/parts/a.yml\n"


def test_a_link_in_a_circle_hides_nothing_beside_it(tmp_path: Path) -> None:
    root = fill(tmp_path, "ci/build.yml", "ci/parts/test.yml")
    (root / "ci" / "circle.yml").symlink_to("circle.yml")
    folder = FolderTree(root)
    assert list(folder.paths()) == ["ci/build.yml", "ci/parts/test.yml"]
    assert folder.problems() == []


@needs_user
def test_a_link_that_cannot_be_followed_is_told_by_its_name(tmp_path: Path) -> None:
    root = fill(tmp_path / "root", "ci/build.yml")
    fill(tmp_path, "closed/other.yml")
    (root / "ci" / "link.yml").symlink_to(tmp_path / "closed" / "other.yml")
    (tmp_path / "closed").chmod(0)
    folder = FolderTree(root)
    assert list(folder.paths()) == ["ci/build.yml"]
    assert [(one.path, one.message) for one in folder.problems()] == [
        ("ci/link.yml", "permission denied")
    ]
    (tmp_path / "closed").chmod(0o700)


def test_links_that_go_round_end(tmp_path: Path) -> None:
    root = fill(tmp_path, "a/x.yml", "b/y.yml")
    (root / "a" / "up").symlink_to("..")
    (root / "a" / "self").symlink_to(".")
    (root / "a" / "b").symlink_to("../b")
    (root / "b" / "a").symlink_to("../a")
    paths = FolderTree(root).paths()
    assert {"a/x.yml", "b/y.yml", "a/b/y.yml", "b/a/x.yml"} <= set(paths)
    assert len(paths) < 10


def test_a_link_into_a_vendored_folder_is_not_followed(tmp_path: Path) -> None:
    root = fill(tmp_path / "vendor" / "repo", "node_modules/x/a.yml", "src/b.yml")
    (root / "packages").symlink_to("node_modules")
    (root / "code").symlink_to("src")
    assert FolderTree(root).paths() == ["code/b.yml", "src/b.yml"]


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.yml").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    (tmp_path / "fits.yml").write_bytes(b" " * MAX_BYTES)
    found = FolderTree(tmp_path)
    assert refusal(found, "big.yml") == "larger than 5 MB, not read"
    assert len(found.read("fits.yml")) == MAX_BYTES


def test_the_reason_is_the_systems(tmp_path: Path) -> None:
    found = FolderTree(fill(tmp_path, "gone.yml", "folder/x.yml"))
    found.paths()
    (tmp_path / "gone.yml").unlink()
    assert refusal(found, "gone.yml") == "no such file or directory"
    assert refusal(found, "folder") == "not a file"
    assert refusal(found, "nul\0.yml") == "no such file"
    assert "nul\0.yml" not in found
    assert 3 not in found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitlab-ci.yml")
    found = FolderTree(tmp_path)
    assert found.paths() == []
    assert refusal(found, ".gitlab-ci.yml") == "not a file"


@needs_user
def test_without_permission(tmp_path: Path) -> None:
    found = FolderTree(fill(tmp_path, "a.yml", "closed/b.yml"))
    (tmp_path / "a.yml").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        assert found.paths() == ["a.yml"]
        assert refusal(found, "a.yml") == "permission denied"
        assert [problem[0::3] for problem in found.problems()] == [
            ("closed", "permission denied: not searched")
        ]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_folder_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    found = FolderTree(tmp_path / "gone")
    assert found.paths() == []
    assert [problem.message for problem in found.problems()] == [
        "no such file or directory: not searched"
    ]


def test_too_many_files_are_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_FILES", 3)
    fill(tmp_path, "1", "2", ".github/workflows/ci.yml", "z/3", "z/4/5")
    found = FolderTree(tmp_path)
    assert ".github/workflows/ci.yml" in found.paths()
    assert [problem.path for problem in found.problems()] == ["z/4"]


def test_odd_names_are_shown_escaped_and_read_all_the_same(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.yml")
    try:
        (tmp_path / odd).write_bytes(b"latin")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (tmp_path / "a\n::error::b.yml").write_bytes(b"line")
    (tmp_path / "naïve ✓.yml").write_bytes(b"fine")
    found = FolderTree(tmp_path)
    assert found.paths() == ["a\\n::error::b.yml", "caf\\xe9.yml", "naïve ✓.yml"]
    assert [found.read(path) for path in found.paths()] == [b"line", b"latin", b"fine"]
    asked = FolderTree(tmp_path, named=[odd])
    assert list(asked.named) == ["caf\\xe9.yml"]
    assert asked.read("caf\\xe9.yml") == b"latin"


def test_trees_travel_to_other_processes(tmp_path: Path) -> None:
    found = FolderTree(fill(tmp_path, "a.yml", ".gitignore", ".git/HEAD"))
    assert found.paths()
    assert not found.ignored("a.yml")
    assert pickle.loads(pickle.dumps(found)).paths() == found.paths()


def test_memory_tree() -> None:
    held = MemoryTree({"b.yml": b"2", "a.yml": b"1"}, "shown")
    assert held.paths() == ["a.yml", "b.yml"]
    assert held.read("b.yml") == b"2"
    assert "a.yml" in held
    assert not held.ignored("a.yml")
    assert list(held.problems()) == []
    with pytest.raises(UnreadableError, match=r"c\.yml:1:1: no such file"):
        held.read("c.yml")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("plain/ci.yml", "plain/ci.yml"),
        ("two words.yml", "two words.yml"),
        ("\x1b[31m.yml", "\\x1b[31m.yml"),
        ("\u202eyml.exe", "\\u202eyml.exe"),
        ("\udcff", "\\xff"),
    ],
)
def test_printable(path: str, shown: str) -> None:
    assert printable(path) == shown


def test_within() -> None:
    assert within("a/b.yml", ["a"])
    assert within("a/b.yml", ["x", "a/b.yml"])
    assert not within("ab/c.yml", ["a"])
    assert not within("a", [])


IGNORE = """
# built things
*.out.yml
!keep.out.yml
/rooted.yml
build/
deep/**
docs/*
!docs/kept.yml
sub/dir
**/any/place
trailing\\ space.yml
[abc].yml
"""
NESTED = "*.yml\n!good.yml\n!/again/\n/local.out.yml\n"
PATHS = (
    "a.yml",
    "d.yml",
    "x.out.yml",
    "keep.out.yml",
    "rooted.yml",
    "in/rooted.yml",
    "build/a/action.yml",
    "in/build/d.yml",
    "buildx/d.yml",
    "deep/d.yml",
    "deep/er/d.yml",
    "in/deep/d.yml",
    "docs/other.yml",
    "docs/kept.yml",
    "docs/sub/kept.yml",
    "sub/dir/d.yml",
    "sub/direct/d.yml",
    "in/any/place/d.yml",
    "any/place",
    "trailing space.yml",
    "nested/d.yml",
    "nested/good.yml",
    "nested/x.out.yml",
    "nested/keep.out.yml",
    "nested/again/d.yml",
    "nested/local.out.yml",
    "excluded/d.yml",
)


@needs_git
def test_ignores_what_git_ignores(tmp_path: Path) -> None:
    fill(tmp_path, *PATHS)
    (tmp_path / ".gitignore").write_text(IGNORE)
    (tmp_path / "nested" / ".gitignore").write_text(NESTED)
    git(tmp_path, "init", "-q")
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("excluded\n")
    said = set(git(tmp_path, "check-ignore", "--no-index", *PATHS).splitlines())
    ignored = Ignored(tmp_path)
    assert {path for path in PATHS if path in ignored} == said
    assert 10 < len(said) < len(PATHS)


@needs_git
@pytest.mark.parametrize("version", ["2", "4"])
def test_a_tracked_file_is_not_ignored(tmp_path: Path, version: str) -> None:
    fill(tmp_path, ".github/workflows/ci.yml", "out/action.yml", "left/action.yml")
    (tmp_path / ".gitignore").write_text(".github/\nout/\nleft/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "index.version", version)
    git(tmp_path, "add", "-f", ".github")
    found = FolderTree(tmp_path)
    assert not found.ignored(".github/workflows/ci.yml")
    # version 4 of the index does not write its paths out: there the patterns are not believed
    assert found.ignored("out/action.yml") == (version == "2")
    asked = FolderTree(tmp_path, named=["out"])
    assert not asked.ignored("out/action.yml")


@needs_git
def test_of_a_split_index_the_patterns_are_not_believed(tmp_path: Path) -> None:
    fill(tmp_path, "out/action.yml", "kept/action.yml")
    (tmp_path / ".gitignore").write_text("out/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "out", "kept")
    git(tmp_path, "update-index", "--split-index")
    assert not FolderTree(tmp_path).ignored("out/action.yml")


@needs_git
def test_a_worktree_has_its_own_index(tmp_path: Path) -> None:
    main = fill(tmp_path / "main", "out/action.yml", ".gitignore")
    (main / ".gitignore").write_text("out/\n")
    git(main, "init", "-q")
    git(main, "add", "-f", "out", ".gitignore")
    names = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    git(main, *names, "commit", "-qm", "first")
    git(main, "worktree", "add", "-q", "../side", "HEAD")
    fill(tmp_path / "side", "out/more/action.yml")
    side = FolderTree(tmp_path / "side")
    assert not side.ignored("out/action.yml")
    assert side.ignored("out/more/action.yml")


def test_outside_a_checkout_nothing_is_ignored(tmp_path: Path) -> None:
    fill(tmp_path, ".github/workflows/ci.yml")
    (tmp_path / ".gitignore").write_text("*\n")
    assert not FolderTree(tmp_path).ignored(".github/workflows/ci.yml")


def test_senseless_and_hostile_patterns_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, ".git/HEAD", "out/action.yml", "a" * 100 + "/action.yml")
    (tmp_path / ".gitignore").write_text("!\n/\n" + "*a" * 40 + "b\n" + "out/\n")
    found = FolderTree(tmp_path)
    assert found.ignored("out/action.yml")
    assert not found.ignored("a" * 100 + "/action.yml")


def test_a_linked_gitignore_is_not_followed(tmp_path: Path) -> None:
    root = fill(tmp_path / "repo", ".git/HEAD", "out/action.yml")
    (tmp_path / "patterns").write_text("out/\n")
    (root / ".gitignore").symlink_to("../patterns")
    assert not FolderTree(root).ignored("out/action.yml")


def test_what_is_remembered_is_made_once_for_each_tree() -> None:
    made = []

    @tree.remembered
    def first(of: tree.Tree, end: str) -> str:
        made.append(end)
        return of.paths()[0] + end

    one, two = MemoryTree({"a": b""}), MemoryTree({"b": b""})
    assert [first(one, "!"), first(two, "!"), first(one, "!"), first(one, "?")] == [
        "a!",
        "b!",
        "a!",
        "a?",
    ]
    assert made == ["!", "!", "?"]
