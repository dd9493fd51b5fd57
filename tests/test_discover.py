from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelaw.discover import Candidate, find, platform_of, repositories
from pipelaw.errors import UsageError
from pipelaw.tree import FolderTree, MemoryTree


def fill(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("on: push\n")
    return root


def shown(trees: list[FolderTree]) -> dict[str, list[str]]:
    return {tree.prefix: [candidate.path for candidate in find(tree)] for tree in trees}


def test_finds_what_the_platforms_look_for() -> None:
    expected = {
        ".drone.jsonnet": "drone",
        ".drone.star": "drone",
        ".drone.starlark": "drone",
        ".drone.yaml": "drone",
        ".drone.yml": "drone",
        ".drone/release.yml": "drone",
        ".forgejo/workflows/ci.yml": "github",
        ".gitea/workflows/ci.yaml": "github",
        ".github/actions/setup/action.yml": "github",
        ".github/dependabot.yml": "dependabot",
        ".github/workflows/ci.yaml": "github",
        ".github/workflows/ci.yml": "github",
        ".gitlab-ci.yaml": "gitlab",
        ".gitlab-ci.yml": "gitlab",
        ".pre-commit-config.yaml": "precommit",
        ".woodpecker.yaml": "woodpecker",
        ".woodpecker.yml": "woodpecker",
        ".woodpecker/deep/er/test.yaml": "woodpecker",
        ".woodpecker/test.yml": "woodpecker",
        "action.yml": "github",
        "tools/lint/action.yaml": "github",
    }
    others = (
        ".drone/notes.md",
        ".github/dependabot.json",
        "docs/.pre-commit-config.yaml",
        ".github/workflows/README.md",
        ".github/workflows/old/ci.yml",
        ".gitlab-ci.yml.bak",
        "docs/.github/workflows/ci.yml",
        "docs/.gitlab-ci.yml",
        "my-action.yml",
        "drone.yml",
        "action.yml/readme.txt",
    )
    tree = MemoryTree(dict.fromkeys([*others, *expected], b""))
    assert find(tree) == [Candidate(path, platform) for path, platform in expected.items()]


@pytest.mark.parametrize(
    ("path", "platform"),
    [
        ("ci.yml", ""),
        ("/some/where/.github/workflows/ci.yml", "github"),
        ("a/.forgejo/workflows/x.yaml", "github"),
        ("a/b/action.yml", "github"),
        ("not-an-action.yml", ""),
        ("group/.gitlab-ci.yml", "gitlab"),
        ("templates/build.gitlab-ci.yml", "gitlab"),
        ("x/.drone.yml", "drone"),
        ("x/.woodpecker/a/b.yml", "woodpecker"),
        ("x/.github/workflows/ci.yml/other.yml", ""),
    ],
)
def test_platform_of_a_named_file(path: str, platform: str) -> None:
    assert platform_of(path) == platform


def test_one_repository(tmp_path: Path) -> None:
    root = fill(tmp_path / "shop", ".github/workflows/ci.yml", "sub/deep/.gitlab-ci.yml")
    [tree] = repositories(root)
    assert (tree.name, tree.prefix, list(tree.named)) == ("shop", "", [])
    assert shown([tree]) == {"": [".github/workflows/ci.yml"]}


@pytest.mark.parametrize(
    "mark", [".git/HEAD", ".drone.yml", ".woodpecker/a.yml", ".gitlab-ci.yml", "action.yml"]
)
def test_what_makes_a_root(tmp_path: Path, mark: str) -> None:
    fill(tmp_path, mark, "below/.github/workflows/ci.yml")
    assert [tree.prefix for tree in repositories(tmp_path)] == [""]


def test_a_folder_of_repositories(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "README.md",
        "web/.github/workflows/ci.yml",
        "group/api/.gitlab-ci.yml",
        "group/team/db/.drone.yml",
        "group/team/db/nested/.drone.yml",
        "empty/.git/HEAD",
        "tools/lint/action.yml",
        "docs/.github/dependabot.yml",
        ".pre-commit-config.yaml",
        "nothing/here.txt",
        "node_modules/left/.drone.yml",
        ".hidden/.drone.yml",
    )
    assert shown(repositories(tmp_path)) == {
        "docs": [".github/dependabot.yml"],
        "empty": [],
        "group/api": [".gitlab-ci.yml"],
        "group/team/db": [".drone.yml"],
        "tools/lint": ["action.yml"],
        "web": [".github/workflows/ci.yml"],
    }
    assert [tree.name for tree in repositories(tmp_path)][:2] == ["docs", "empty"]


def test_repositories_too_deep_are_not_looked_for(tmp_path: Path) -> None:
    fill(tmp_path, "1/2/3/4/5/6/.drone.yml", "1/2/3/4/5/6b/7/.drone.yml")
    assert [tree.prefix for tree in repositories(tmp_path)] == ["1/2/3/4/5/6"]


def test_a_folder_without_pipelines_is_a_repository_without_pipelines(tmp_path: Path) -> None:
    fill(tmp_path / "plain", "notes/a.txt", "ci/build.yml")
    assert shown(repositories(tmp_path / "plain")) == {"": []}


def test_a_part_of_a_repository(tmp_path: Path) -> None:
    root = fill(
        tmp_path,
        ".git/HEAD",
        ".github/workflows/ci.yml",
        ".github/actions/setup/action.yml",
        "tools/lint/action.yml",
        "tools/other/action.yml",
        "vendor/x/action.yml",
        ".gitlab-ci.yml",
    )
    cases = {
        ".github": [".github/actions/setup/action.yml", ".github/workflows/ci.yml"],
        ".github/workflows": [".github/workflows/ci.yml"],
        ".github/actions/setup": [".github/actions/setup/action.yml"],
        "tools/lint": ["tools/lint/action.yml"],
        "tools": ["tools/lint/action.yml", "tools/other/action.yml"],
        "vendor": ["vendor/x/action.yml"],
    }
    for folder, found in cases.items():
        [tree] = repositories(root / folder)
        assert tree.root == os.path.realpath(root)
        assert shown([tree]) == {"": found}


def test_fixtures_in_a_repository_are_repositories(tmp_path: Path) -> None:
    fill(tmp_path, ".git/HEAD", "cases/one/.drone.yml", "cases/two/.gitlab-ci.yml")
    assert list(shown(repositories(tmp_path / "cases"))) == ["one", "two"]
    assert list(shown(repositories(tmp_path))) == [""]


def test_named_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(
        tmp_path,
        ".git/HEAD",
        ".github/workflows/a.yml",
        ".github/workflows/b.yml",
        "jobs/build.yml",
        "node_modules/x/action.yml",
    )
    monkeypatch.chdir(root)
    paths = ["jobs/build.yml", ".github/workflows/b.yml", "node_modules/x/action.yml"]
    [tree] = repositories(*paths)
    assert tree.prefix == ""
    assert find(tree) == [
        Candidate(".github/workflows/b.yml", "github"),
        Candidate("jobs/build.yml", ""),
        Candidate("node_modules/x/action.yml", "github"),
    ]
    [tree] = repositories("jobs/build.yml", ".github/workflows")
    assert [candidate.path for candidate in find(tree)] == [
        ".github/workflows/a.yml",
        ".github/workflows/b.yml",
        "jobs/build.yml",
    ]
    [tree] = repositories("jobs/build.yml", ".")
    assert not tree.named


def test_a_named_file_of_no_repository(tmp_path: Path) -> None:
    root = fill(tmp_path, "some/where/ci.yml", "shop/.github/workflows/ci.yml")
    [tree] = repositories(root / "some" / "where" / "ci.yml")
    assert find(tree) == [Candidate("ci.yml", "")]
    [tree] = repositories(root / "shop" / ".github" / "workflows" / "ci.yml")
    assert find(tree) == [Candidate(".github/workflows/ci.yml", "github")]


def test_a_named_link_is_the_links_own_path(tmp_path: Path) -> None:
    root = fill(tmp_path, ".git/HEAD", "ci/main.yml")
    (root / ".gitlab-ci.yml").symlink_to("ci/main.yml")
    [tree] = repositories(root / ".gitlab-ci.yml")
    assert find(tree) == [Candidate(".gitlab-ci.yml", "gitlab")]


def test_several_roots_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "work/a/.drone.yml", "work/b/.drone.yml", "else/c/.drone.yml")
    monkeypatch.chdir(tmp_path / "work")
    away = tmp_path / "else" / "c"
    assert list(shown(repositories("a", "b", away, "a"))) == ["a", "b", away.as_posix()]
    assert list(shown(repositories("a", "a/.drone.yml"))) == [""]
    fill(tmp_path, "work/d/x.txt")
    monkeypatch.chdir(tmp_path / "work" / "d")
    assert list(shown(repositories("../a"))) == [""]


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such file or folder"):
        repositories(tmp_path / "nowhere")


def test_ignored_actions_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, ".git/HEAD", "dist/action.yml", "src/action.yml", ".github/workflows/ci.yml")
    (tmp_path / ".gitignore").write_text("dist/\n")
    assert shown(repositories(tmp_path)) == {"": [".github/workflows/ci.yml", "src/action.yml"]}
    assert shown(repositories(tmp_path / "dist")) == {"": ["dist/action.yml"]}


def test_the_corpus_is_found_whole() -> None:
    corpus = os.environ.get("PIPELAW_CORPUS")
    if not corpus:
        pytest.skip("PIPELAW_CORPUS names no folder of real pipelines")
    trees = repositories(Path(corpus) / "github")
    assert sum(len(find(tree)) for tree in trees) > 1_000
    for tree in trees:
        for candidate in find(tree):
            assert candidate.platform in ("github", "dependabot", "precommit")
            assert tree.read(candidate.path)
