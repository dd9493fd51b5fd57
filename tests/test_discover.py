from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from modes import needs_user, sealed

from pipelaw.discover import FOLDER, NO_FILE, Candidate, find, platform_of, repositories
from pipelaw.errors import UsageError
from pipelaw.folders import BARE, MAX_DEPTH, TOO_DEEP, entries, kind
from pipelaw.tree import FolderTree, MemoryTree

ROOT = Path(__file__).parents[1]


def fill(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("on: push\n")
    return root


def shown(trees: list[FolderTree]) -> dict[str, list[str]]:
    return {tree.prefix: [candidate.path for candidate in find(tree)] for tree in trees}


def said(trees: list[FolderTree]) -> list[tuple[str, str, str]]:
    """What could not be looked into: the repository, the path in it, and why."""
    for tree in trees:
        assert not find(tree) or not tree.closed
    return [(tree.prefix, one.path, one.message) for tree in trees for one in tree.problems()]


PLACES = {
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
OTHERS = (
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


def test_finds_what_the_platforms_look_for() -> None:
    tree = MemoryTree(dict.fromkeys([*OTHERS, *PLACES], b""))
    assert find(tree) == [Candidate(path, platform) for path, platform in PLACES.items()]


def test_components_are_what_a_project_publishes() -> None:
    header = "spec:\n  inputs:\n    stage: {default: test}\n---\n"
    files = {
        "templates/scan.yml": header,
        "templates/deploy/template.yml": f"# deploys\n{header}",
        "templates/short.yml": "spec: {inputs: {}}\n---\n",
        "templates/other/jobs.yml": header,
        "templates/deployment.yml": "kind: Deployment\nspec:\n  replicas: 1\n",
        "charts/templates/scan.yml": header,
    }
    texts = {path: text.encode() for path, text in files.items()}
    found = find(MemoryTree({**texts, ".gitlab-ci.yml": b""}))
    assert [one.path for one in found] == [
        ".gitlab-ci.yml",
        "templates/deploy/template.yml",
        "templates/scan.yml",
        "templates/short.yml",
    ]
    assert {one.platform for one in found} == {"gitlab"}
    assert find(MemoryTree(texts)) == []


def test_the_hook_of_precommit_runs_for_the_same_files() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert [path for path in (*OTHERS, *PLACES) if re.search(hook["files"], path)] == [*PLACES]


@pytest.mark.parametrize("path", [path for path in PLACES if "/action." not in path])
def test_any_of_them_makes_a_folder_a_repository(tmp_path: Path, path: str) -> None:
    fill(tmp_path, path)
    assert kind(tmp_path, entries(tmp_path))


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


def test_repositories_lie_as_deep_as_groups_do(tmp_path: Path) -> None:
    deep = "/".join("g" * 20)
    fill(tmp_path, f"{deep}/shop/.drone.yml", "web/.git/HEAD")
    assert [tree.prefix for tree in repositories(tmp_path)] == [f"{deep}/shop", "web"]


def test_what_lies_too_deep_to_be_found_is_said(tmp_path: Path) -> None:
    deep = "/".join("x" * MAX_DEPTH)
    fill(tmp_path, f"{deep}/shop/.drone.yml", "web/.git/HEAD", f"web/{deep}/y/z.txt")
    assert said(repositories(tmp_path)) == [(deep, ".", TOO_DEEP)]
    # a folder without any repository is one itself, and of that everything is looked at
    fill(tmp_path / "web", f"{deep}/y/action.yml")
    (tmp_path / "web" / ".git" / "HEAD").unlink()
    (tmp_path / "web" / ".git").rmdir()
    assert said(repositories(tmp_path / "web")) == []
    assert shown(repositories(tmp_path / "web")) == {"": [f"{deep}/y/action.yml"]}


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


def test_a_named_link_that_leads_elsewhere(tmp_path: Path) -> None:
    root = fill(tmp_path / "repo", ".git/HEAD", "ci/main.yml")
    fill(tmp_path, "plain/ci.yml", "other/tool/action.yml")
    (root / "job.yml").symlink_to("../plain/ci.yml")
    (root / "tools").symlink_to("../other")
    # of a repository it is no part, and so it is not read; that is for reading it to say
    [tree] = repositories(root / "job.yml")
    assert find(tree) == [Candidate("job.yml", "")]
    assert "job.yml" not in tree
    assert shown(repositories(root / "tools")) == {"tool": ["action.yml"]}
    # where there is none, it is what it leads to
    (tmp_path / "plain" / "stdin").symlink_to("../repo/ci/main.yml")
    (tmp_path / "plain" / "link.yml").symlink_to(tmp_path / "plain" / "ci.yml")
    [tree] = repositories(tmp_path / "plain" / "stdin")
    assert (Path(tree.root).name, find(tree)) == ("repo", [Candidate("ci/main.yml", "")])
    [tree] = repositories(tmp_path / "plain" / "link.yml")
    assert find(tree) == [Candidate("link.yml", "")]


def test_several_roots_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "work/a/.drone.yml", "work/b/.drone.yml", "else/c/.drone.yml")
    monkeypatch.chdir(tmp_path / "work")
    away = tmp_path / "else" / "c"
    assert list(shown(repositories("a", "b", away, "a"))) == ["a", "b", "c"]
    fill(tmp_path, "other/c/.drone.yml", "other/b/.drone.yml")
    others = tmp_path / "other" / "c", tmp_path / "other" / "b"
    assert list(shown(repositories("b", away, *others))) == ["b", "else/c", "other/c", "other/b"]
    assert list(shown(repositories("a", "a/.drone.yml"))) == [""]
    fill(tmp_path, "work/d/x.txt")
    monkeypatch.chdir(tmp_path / "work" / "d")
    assert list(shown(repositories("../a"))) == [""]


def test_the_current_folder_is_one_of_several_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(
        tmp_path,
        "both/.git/HEAD",
        "both/.drone.yml",
        "both/child/.git/HEAD",
        "both/child/.drone.yml",
    )
    monkeypatch.chdir(tmp_path / "both")
    assert shown(repositories(".", "child")) == {"": [".drone.yml"], "child": [".drone.yml"]}
    # seen from a folder in it, a repository lies outside
    fill(tmp_path, "both/sub/action.yml", "away/.drone.yml")
    monkeypatch.chdir(tmp_path / "both" / "sub")
    assert shown(repositories(".", "../../away")) == {
        "both": ["sub/action.yml"],
        "away": [".drone.yml"],
    }
    # however it is spelled, what is below is below
    (tmp_path / "link").symlink_to("both")
    monkeypatch.chdir(tmp_path / "both")
    assert list(shown(repositories(tmp_path / "link" / "child", "."))) == ["child", ""]


def test_a_part_of_a_repository_and_the_checkouts_in_it(tmp_path: Path) -> None:
    root = fill(
        tmp_path / "r1",
        ".git/HEAD",
        "sub/action.yml",
        "sub/tools/lint/action.yml",
        "sub/inner/.git/HEAD",
        "sub/inner/.github/workflows/ci.yml",
        "sub/vendor/.git/HEAD",
        "sub/vendor/action.yml",
    )
    assert shown(repositories(root / "sub")) == {
        "": ["sub/action.yml", "sub/tools/lint/action.yml"],
        "sub/inner": [".github/workflows/ci.yml"],
    }
    assert shown(repositories(root)) == {"": ["sub/action.yml", "sub/tools/lint/action.yml"]}
    fill(root, "sub/case/.drone.yml")
    found = repositories(root / "sub")
    assert {tree.prefix: [one.path for one in find(tree)] for tree in found} == {
        "": ["sub/action.yml"],
        "sub/case": [".drone.yml"],
        "sub/inner": [".github/workflows/ci.yml"],
        "sub/tools/lint": ["action.yml"],
    }


@pytest.mark.parametrize("own", [".github/workflows/all.yml", "action.yml"])
def test_checkouts_in_a_repository_that_git_does_not_keep(tmp_path: Path, own: str) -> None:
    fill(
        tmp_path,
        own,
        "src/action.yml",
        "src/deep/api/.git/HEAD",
        "src/deep/api/.drone.yml",
        "cases/one/.drone.yml",
        "vendor/x/.git/HEAD",
        "vendor/x/.drone.yml",
    )
    assert shown(repositories(tmp_path)) == {
        "": sorted([own, "src/action.yml"]),
        "src/deep/api": [".drone.yml"],
    }


def test_checkouts_whose_names_are_usually_left_out(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "vendor/.git/HEAD",
        "vendor/.drone.yml",
        ".github/.git/HEAD",
        ".github/action.yml",
        ".github/.github/workflows/ci.yml",
        "group/third_party/.git/HEAD",
        "node_modules/x/.drone.yml",
        "web/.drone.yml",
        "web/vendor/.git/HEAD",
        "tools/action.yml",
        "tools/api/.git/HEAD",
    )
    assert shown(repositories(tmp_path)) == {
        ".github": [".github/workflows/ci.yml", "action.yml"],
        "group/third_party": [],
        "tools": ["action.yml"],
        "tools/api": [],
        "vendor": [".drone.yml"],
        "web": [".drone.yml"],
    }
    [tree] = repositories(tmp_path / ".github" / "action.yml")
    assert (Path(tree.root).name, list(tree.named)) == (".github", ["action.yml"])


def test_a_bare_repository_is_said_to_be_one(tmp_path: Path) -> None:
    bare = ("HEAD", "objects/info/x", "refs/heads/main", "config")
    fill(tmp_path, *(f"shop.git/{name}" for name in bare), "web/.drone.yml")
    assert said(repositories(tmp_path / "shop.git")) == [("", ".", BARE)]
    assert said(repositories(tmp_path)) == [("shop.git", ".", BARE)]


def test_a_pipeline_folder_elsewhere_is_not_read_and_not_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "repo", ".git/HEAD", ".woodpecker.yml")
    fill(tmp_path, "other/workflows/ci.yml", "more/a.yml")
    (root / ".github").symlink_to("../other")
    (root / ".drone").symlink_to(tmp_path / "more")
    (root / "away").symlink_to("../other")
    assert find(repositories(root)[0]) == [
        Candidate(".drone", "drone"),
        Candidate(".github", "github"),
        Candidate(".woodpecker.yml", "woodpecker"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    root = fill(tmp_path, ".git/HEAD", ".github/workflows/ci.yml", "dir.yml/notes.txt")
    os.mkfifo(root / ".github" / "workflows" / "pipe.yml")
    pipe = root / ".github" / "workflows" / "pipe.yml"
    assert said(repositories(pipe)) == [("", ".github/workflows/pipe.yml", NO_FILE)]
    both = repositories(pipe, pipe, root)
    assert [len(find(tree)) for tree in both] == [0, 1]
    assert [tree.closed for tree in both] == [NO_FILE, ""]
    fill(root, "full.yml/action.yml")
    assert said(repositories(root / "dir.yml", root / "full.yml")) == [("", "dir.yml", FOLDER)]
    (root / ".git" / "HEAD").unlink()
    (root / ".git").rmdir()
    assert said(repositories(root / "dir.yml")) == [("", ".", FOLDER)]
    assert said(repositories(root / "full.yml")) == []


@needs_user
def test_what_may_not_be_opened_hides_nothing_beside_it(tmp_path: Path) -> None:
    fill(tmp_path, "ok/.drone.yml", "lost+found/x", "half/.github/workflows/ci.yml")
    why = "permission denied: not searched"
    with sealed(tmp_path / "lost+found"), sealed(tmp_path / "half" / ".github"):
        trees = repositories(tmp_path)
        assert [len(find(tree)) for tree in trees] == [0, 0, 1]
        assert said(trees) == [("half", ".github", why), ("lost+found", ".", why)]
        assert said(repositories(tmp_path / "lost+found")) == [("", ".", why)]
        assert said(repositories(tmp_path / "half")) == [("", ".github", why)]
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "action.yml").symlink_to("../lost+found/x")
    with sealed(tmp_path / "lost+found"):
        assert said(repositories(tmp_path / "tool")) == [("", "action.yml", "permission denied")]
    # its names may be read, but nothing below them
    with sealed(tmp_path / "half", 0o600):
        assert ("half", ".github", why) in said(repositories(tmp_path))


@needs_user
def test_a_path_out_of_reach_is_not_said_to_be_missing(tmp_path: Path) -> None:
    fill(tmp_path, "r/x/action.yml")
    with sealed(tmp_path / "r"), pytest.raises(UsageError, match=r"action\.yml: permission denied"):
        repositories(tmp_path / "r" / "x" / "action.yml")
    with pytest.raises(UsageError, match="file name too long"):
        repositories(tmp_path / ("x" * 5_000))


def test_paths_in_errors_play_no_tricks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"/\\x1b\[31m\\nerror: \\u202ex: no such file or folder"):
        repositories(tmp_path / "\x1b[31m\nerror: \u202ex")


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
