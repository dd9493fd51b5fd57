"""What is kept from one scan to the next, and never used where a new scan would say something else."""

from __future__ import annotations

import datetime as dt
import io
import json
import marshal
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import commandline
import pytest

from pipelaw import cache as cache_module
from pipelaw import policysource, pyyaml, rulebook, rules
from pipelaw import tree as tree_module
from pipelaw.asked import AskedTree, same
from pipelaw.cache import DAY, MAX_AGE, Cache
from pipelaw.cli import Status
from pipelaw.discover import find, repositories
from pipelaw.errors import UnreadableError
from pipelaw.repository import Part, Work, scan_repository
from pipelaw.results import Results, scan_work
from pipelaw.tree import FolderTree, MemoryTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelaw.policy import Policy
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

# ---------------------------------------------------------------- values by key


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "home" / "cache")


VALUE = ("text", 7, (b"bytes", None, True), compile("1 + 1", "<rules>", "eval"))


def test_a_value_is_given_back(cache: Cache) -> None:
    assert cache.get("one") is None
    cache.put("one", VALUE)
    cache.put("two", "other")
    assert cache.get("one") == VALUE
    assert cache.get("two") == "other"
    cache.put("one", "new")
    assert cache.get("one") == "new"
    assert sorted(path.name for path in cache.folder.iterdir()) == ["one", "two"]


def test_the_folder_is_for_its_owner_alone(cache: Cache) -> None:
    cache.put("one", VALUE)
    if os.name == "posix":
        assert cache.folder.stat().st_mode & 0o777 == 0o700
        assert (cache.folder / "one").stat().st_mode & 0o777 == 0o600


def test_what_is_cut_off_or_altered_is_no_value(cache: Cache) -> None:
    cache.put("one", VALUE)
    file = cache.folder / "one"
    data = file.read_bytes()
    for size in range(len(data)):
        file.write_bytes(data[:size])
        assert cache.get("one") is None, size
    for at in range(len(data)):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert cache.get("one") is None, at
    file.write_bytes(data + b"\0")
    assert cache.get("one") is None
    cache.put("one", VALUE)
    assert cache.get("one") == VALUE


def test_what_something_else_wrote_is_no_value(cache: Cache) -> None:
    cache.put("one", VALUE)
    (cache.folder / "one").rename(cache.folder / "two")
    assert cache.get("two") is None
    (cache.folder / "three").write_bytes(marshal.dumps(VALUE))
    assert cache.get("three") is None
    (cache.folder / "four").mkdir()
    assert cache.get("four") is None
    cache.put("four", VALUE)
    assert cache.get("four") is None
    assert sorted(path.name for path in cache.folder.iterdir()) == ["four", "three", "two"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_what_belongs_to_somebody_else_is_no_value(cache: Cache) -> None:
    cache.put("one", VALUE)
    os.chown(cache.folder / "one", 12345, 12345)
    assert cache.get("one") is None


@pytest.mark.skipif(os.name != "posix", reason="no modes of files")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o666, 0o755])
def test_what_others_can_open_is_no_value(mode: int, cache: Cache) -> None:
    cache.put("one", VALUE)
    (cache.folder / "one").chmod(mode)  # as git, or an archive, would make it
    assert cache.get("one") is None
    cache.put("one", "new")
    assert cache.get("one") == "new"


def test_a_folder_that_cannot_be_is_an_empty_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("one", VALUE)
    cache.trim()
    assert cache.get("one") is None


@pytest.mark.skipif(os.name != "posix", reason="no limits on files")
def test_a_full_disk_leaves_nothing_behind(cache: Cache) -> None:
    cache.put("one", "old")
    code = (
        "import resource, sys; from pathlib import Path; from pipelaw.cache import Cache\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "Cache(Path(sys.argv[1])).put('one', 'new' * 100)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(cache.folder)], check=True)
    assert [path.name for path in cache.folder.iterdir()] == ["one"]
    assert cache.get("one") == "old"


def test_many_write_and_read_at_once(cache: Cache) -> None:
    values = [str(number) * 50_000 for number in range(8)]
    code = (
        "import sys; from pathlib import Path; from pipelaw.cache import Cache\n"
        "cache = Cache(Path(sys.argv[1])); value = sys.argv[2] * 50_000\n"
        "for _ in range(60): cache.put('one', value)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(cache.folder), str(number)])
        for number in range(4)
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        seen.add(cache.get("one"))
    assert all(writer.returncode == 0 for writer in writers)
    assert seen <= {None, *values}
    assert cache.get("one") in values
    assert [path.name for path in cache.folder.iterdir()] == ["one"]


def aged(cache: Cache, name: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(cache.folder / name, (then, then))


def names(cache: Cache) -> list[str]:
    return sorted(path.name for path in cache.folder.iterdir() if path.name != "trimmed")


def test_what_nobody_asks_for_goes(cache: Cache) -> None:
    for name in ("old", "asked", "young", "old.4711", "young.4712"):
        cache.put(name, VALUE)
        aged(cache, name, DAY * 2)
    aged(cache, "old", MAX_AGE + 60)
    aged(cache, "asked", MAX_AGE + 60)
    aged(cache, "young.4712", 60)
    assert cache.get("asked") == VALUE
    cache.trim()
    assert names(cache) == ["asked", "young", "young.4712"]
    aged(cache, "young", MAX_AGE + 60)
    cache.trim()
    assert "young" in names(cache), "looked for once a day"
    aged(cache, "trimmed", DAY + 60)
    cache.trim()
    assert names(cache) == ["asked", "young.4712"]


def test_what_is_too_much_goes_at_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_VALUES", 20)
    (cache.folder / "policies").mkdir(parents=True)
    for number in range(19):
        cache.put(f"{number:02}", VALUE)
        aged(cache, f"{number:02}", 1000 - number)
    cache.trim()
    assert len(names(cache)) == 16  # the folder of policies is another's
    for number in range(19, 25):
        cache.put(f"{number:02}", VALUE)
    cache.trim()
    assert names(cache) == [f"{number:02}" for number in range(10, 25)] + ["policies"]
    monkeypatch.setattr(cache_module, "MAX_BYTES", 3 * (cache.folder / "24").stat().st_size)
    aged(cache, "trimmed", DAY + 60)
    cache.trim()
    assert len(names(cache)) == 4


# ---------------------------------------------------------------- the program


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only package of the program."""
    folder = tmp_path / "toy"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "loader.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cache_module, "_PACKAGES", ("toy",))
    monkeypatch.setattr(cache_module, "_STARTED", time.time() + 1000)
    return folder


def test_each_change_of_a_file_is_another_program(toy: Path) -> None:
    def changed(change: Callable[[], object]) -> bool:
        before = cache_module.program()
        assert before
        assert before == cache_module.program()
        change()
        return before != cache_module.program()

    module, data = toy / "inner" / "loader.py", toy / "inner" / "known.json"
    status = module.stat()
    assert changed(lambda: module.write_text("A = 10\n"))
    assert changed(lambda: data.write_text("[]"))
    assert changed(lambda: data.rename(toy / "known.json"))
    assert changed((toy / "known.json").unlink)
    assert not changed((toy / "__pycache__").mkdir)
    assert not changed(lambda: (toy / "__pycache__" / "loader.pyc").write_text(""))
    if os.name == "posix":

        def set_back() -> None:
            module.write_text("A = 2\n")
            os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))

        module.write_text("A = 1\n")
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert changed(set_back)


def test_what_was_written_after_the_start_may_not_be_what_runs(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_module.program()
    monkeypatch.setattr(cache_module, "_STARTED", time.time() + 1)
    assert cache_module.program() == ""
    monkeypatch.setattr(cache_module, "_STARTED", time.time() + 1000)
    shutil.rmtree(toy)
    assert cache_module.program() == ""


def test_another_python_and_another_libyaml_are_other_programs(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert toy.exists()
    seen = {cache_module.program()}
    monkeypatch.setattr(pyyaml, "get_version_string", lambda: "9.9.9")
    seen.add(cache_module.program())
    monkeypatch.setattr(sys, "version", "9.9.9")
    seen.add(cache_module.program())
    assert len(seen) == 3


def test_the_program_is_all_that_results_depend_on() -> None:
    assert set(cache_module._PACKAGES) >= {"pipelaw", "yaml", "tree_sitter", "tree_sitter_bash"}
    code = "from pipelaw import cache; cache._STARTED += 1000; print(cache.program())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(said) == 1
    assert len(said.pop().strip()) == 40


# ---------------------------------------------------------------- results

FLOW = ".github/workflows/ci.yml"
CALLED = ".github/workflows/called.yml"
ACTION = ".github/actions/greet/action.yml"
LOCK = ".github/workflows/actions.lock"
TITLE = "${{ github.event.issue.title }}"
COMMIT = "5" * 40
FILES = {
    FLOW: f"""\
on: [issues, pull_request_target]
permissions: {{}}
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: octo/tool@v2
      - uses: ./.github/actions/greet
        with:
          name: {TITLE}
      - run: scripts/check.sh
      - run: ./late.sh
  call:
    uses: ./.github/workflows/called.yml
    with:
      name: {TITLE}
  gone:
    uses: ./.github/workflows/gone.yml
""",
    CALLED: """\
on:
  workflow_call:
    inputs:
      name:
        type: string
permissions: {}
jobs:
  say:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$NAME"
        env:
          NAME: ${{ inputs.name }}
""",
    ACTION: """\
name: greet
description: says hello
inputs:
  name:
    description: whom
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "${{ inputs.name }}"
""",
    ".gitlab-ci.yml": """\
include:
  - local: ci/part.yml
  - local: ci/gone.yml
build:
  image: docker.io/library/node:latest
  script: [make]
""",
    "ci/part.yml": """\
fetch:
  script:
    - curl https://a.example/install | sh
""",
    ".pre-commit-config.yaml": """\
repos:
  - repo: https://github.com/octo/hooks
    rev: main
    hooks:
      - id: tidy
""",
    ".github/dependabot.yml": """\
version: 2
updates:
  - package-ecosystem: npm
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
""",
    "main.py": "print()\n",
    "scripts/check.sh": "make check\n",
    "notes.txt": "nobody reads this\n",
}


class Repository:
    """A repository, and what is kept of it."""

    def __init__(self, folder: Path, book: Rulebook, cache: Cache) -> None:
        self.folder = folder
        self.book = book
        self.results = Results(cache, "this program")
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text("utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def move(self, path: str, target: str) -> None:
        (self.folder / path).rename(self.folder / target)

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", self.folder, *words], check=True, capture_output=True)

    def work(self) -> Work:
        [tree] = repositories(self.folder)
        return Work(tree, tree.prefix, tuple(find(tree)))

    def scan(self) -> Part:
        """What a scan without a cache gives."""
        return scan_repository(self.work(), self.book)

    def keep(self) -> Part:
        return scan_work(self.work(), self.book, self.results)

    def kept(self) -> Part | None:
        return self.results.get(self.work(), self.book)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return rulebook.load(cache=Cache(tmp_path_factory.mktemp("rules")))


@pytest.fixture
def repository(tmp_path: Path, book: Rulebook, cache: Cache) -> Repository:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    return Repository(folder, book, cache)


def test_the_same_content_gives_the_same_again(repository: Repository) -> None:
    assert repository.kept() is None
    fresh = repository.scan()
    assert len({finding.rule for finding in fresh.findings}) > 7
    assert any(finding.related for finding in fresh.findings)
    assert fresh.unreadable
    assert repository.keep() == fresh
    assert repository.kept() == fresh
    for path in repository.folder.rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))
    assert repository.kept() == fresh
    repository.write("notes.txt", "nor this\n")
    repository.write("main.py", "print('another')\n")
    assert repository.kept() == fresh


def clear(repository: Repository, *gone: str) -> None:
    """Leave nothing unknown, so that it can be said what the repository lacks."""
    for path in gone:
        (repository.folder / path).unlink()
    repository.edit(".gitlab-ci.yml", "  - local: ci/gone.yml\n", "")
    repository.edit(FLOW, "  gone:\n    uses: ./.github/workflows/gone.yml\n", "")


def hide(repository: Repository) -> None:
    repository.git("init", "-q")
    repository.write(".gitignore", "late.yml\n")
    repository.write(".github/workflows/late.yml", FILES[FLOW])


def relink(repository: Repository) -> None:
    outside = repository.folder.parent / "outside.yml"
    outside.write_text(FILES["ci/part.yml"])
    (repository.folder / "ci/part.yml").unlink()
    (repository.folder / "ci/part.yml").symlink_to(outside)


def lock(repository: Repository) -> None:
    bound = f"dependencies:\n  octo/tool@v2:\n    commit: {COMMIT}\n"
    repository.write(LOCK, f"{bound}workflows:\n  {FLOW}: [octo/tool@v2]\n")


class Change(NamedTuple):
    """Something that happens to a repository, and makes a scan say something else."""

    change: Callable[[Repository], object]
    before: Callable[[Repository], object] = lambda _: None


CHANGES = {
    "a workflow": Change(lambda r: r.edit(FLOW, "octo/tool@v2", f"octo/tool@{COMMIT}")),
    "a new workflow": Change(lambda r: r.write(".github/workflows/gone.yml", FILES[FLOW])),
    "a workflow less": Change(lambda r: (r.folder / FLOW).unlink()),
    "a workflow of another name": Change(lambda r: r.move(FLOW, ".github/workflows/main.yml")),
    "a local action": Change(lambda r: r.edit(ACTION, '"${{ inputs.name }}"', "hello")),
    "a called workflow": Change(lambda r: r.edit(CALLED, '"$NAME"', '"${{ inputs.name }}"')),
    "a lock": Change(lock),
    "another lock": Change(lambda r: r.edit(LOCK, COMMIT, "main"), lock),
    "settings of a bot": Change(lambda r: r.edit(".github/dependabot.yml", "days: 7", "days: 1")),
    "hooks": Change(lambda r: r.edit(".pre-commit-config.yaml", "main", COMMIT)),
    "an included file": Change(lambda r: r.edit("ci/part.yml", "https", "http")),
    "an included file less": Change(lambda r: (r.folder / "ci/part.yml").unlink()),
    "an included file at last": Change(lambda r: r.write("ci/gone.yml", FILES["ci/part.yml"])),
    "an included file out of reach": Change(relink),
    "included files by a pattern": Change(
        lambda r: r.write("ci/deep/more.yml", FILES["ci/part.yml"].replace("fetch", "get")),
        lambda r: r.edit(".gitlab-ci.yml", "ci/gone.yml", "ci/**/*.yml"),
    ),
    "no UTF-8": Change(lambda r: (r.folder / CALLED).write_bytes(b"on: \xff\n")),
    "no text": Change(lambda r: r.write(CALLED, "")),
    "too large": Change(lambda r: r.write(CALLED, FILES[CALLED] + "#" * 5_000_000)),
    "a comment": Change(
        lambda r: r.edit(FLOW, "tool@v2", "tool@v2 # pipelaw: ignore[unpinned-action] ours")
    ),
    "a comment in an included file": Change(
        lambda r: r.edit("ci/part.yml", "sh\n", "sh  # pipelaw: ignore[remote-script] ours\n")
    ),
    "a language": Change(lambda r: r.write("main.py", ""), lambda r: clear(r, "main.py")),
    "a language less": Change(lambda r: (r.folder / "main.py").unlink(), clear),
    "a script that is run": Change(lambda r: r.write("scripts/check.sh", "semgrep ci\n"), clear),
    "a script at last": Change(lambda r: r.write("late.sh", "semgrep ci\n"), clear),
    "a service": Change(lambda r: r.write("sonar-project.properties", ""), clear),
    "what git ignores": Change(lambda r: r.write(".gitignore", ""), hide),
    "what git excludes": Change(
        lambda r: r.write(".git/info/exclude", "ci.yml\n"), lambda r: r.git("init", "-q")
    ),
    "whose it is, as git knows": Change(
        lambda r: r.git("config", "remote.origin.url", "https://github.com/octo/app"),
        lambda r: r.git("init", "-q"),
    ),
    "what git tracks": Change(lambda r: r.git("add", "-f", ".github/workflows/late.yml"), hide),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_matters_is_judged_anew(name: str, repository: Repository) -> None:
    if "git" in name and shutil.which("git") is None:
        pytest.skip("git is not installed")
    CHANGES[name].before(repository)
    before = repository.keep()
    assert repository.kept() == before
    CHANGES[name].change(repository)
    after = repository.scan()
    assert after != before
    assert repository.kept() is None
    assert repository.keep() == after
    assert repository.kept() == after


@pytest.mark.parametrize("path", FILES)
def test_no_byte_is_missed(path: str, repository: Repository) -> None:
    repository.keep()
    file = repository.folder / path
    data = file.read_bytes()
    chance = random.Random(path)
    for at in sorted(chance.sample(range(len(data)), min(12, len(data)))):
        other = bytes([data[at] ^ chance.randrange(1, 256)])
        for changed in (data[:at] + other + data[at + 1 :], data[:at] + data[at + 1 :]):
            file.write_bytes(changed)
            assert repository.kept() in (None, repository.scan())
    file.write_bytes(data)
    assert repository.kept() == repository.scan()


def policy(text: str, day: str = "2026-06-01") -> Policy:
    tree = MemoryTree({".pipelaw.yml": text.encode()})
    return policysource.load(tree, ".pipelaw.yml", today=dt.date.fromisoformat(day))


WAIVER = """\
waivers:
  - rule: unpinned-image
    path: .gitlab-ci.yml
    reason: the newest one is wanted here
    owner: team-ci
    expires: 2026-07-01
"""
ROAD = "paved_road: {images: [docker.io/**]}\n"


def test_each_policy_and_each_day_decide_about_what_is_kept(repository: Repository) -> None:
    comment = "pipelaw: ignore[remote-script] for now (until 2026-06-15)"
    repository.edit("ci/part.yml", "sh\n", f"sh  # {comment}\n")
    repository.keep()
    seen = set()
    for text in ("", WAIVER, "rules: {unpinned-image: critical}\n", "inline: refused\n"):
        for day in ("2026-06-01", "2026-06-20", "2026-08-01"):
            for decision in (policy(text, day), None):
                today = dt.date.fromisoformat(day)
                work = repository.work()._replace(policy=decision, today=today)
                kept = repository.results.get(work, repository.book)
                assert kept == scan_repository(work, repository.book)
                seen.add(repr(kept))
    assert len(seen) > 6


def test_what_is_kept_is_not_what_a_policy_made_of_it(repository: Repository) -> None:
    strict = repository.work()._replace(policy=policy(WAIVER), today=dt.date(2026, 6, 1))
    assert (
        scan_work(strict, repository.book, repository.results).findings
        != repository.scan().findings
    )
    assert repository.kept() == repository.scan()


def test_other_rules_and_parameters_judge_anew(
    repository: Repository, tmp_path: Path, cache: Cache
) -> None:
    repository.keep()
    own = tmp_path / "rules"
    own.mkdir()
    text = (rules.shipped() / "unpinned-hook.yaml").read_text("utf-8")
    (own / "own.yaml").write_text(text.replace("id: unpinned-hook", "id: own"), "utf-8")
    trusting = "rules: {unpinned-action: {parameters: {trusted_owners: [octo]}}}\n"
    books = [
        rulebook.load(only=["remote-script"], cache=cache),
        rulebook.load(skip=["remote-script"], cache=cache),
        rulebook.load([own], cache=cache),
        repository.book.under(policy("rules: {unpinned-image: off}\n")),
        repository.book.under(policy(trusting)),
        repository.book.under(policy(trusting.replace("octo", "actions"))),
    ]
    (own / "own.yaml").write_text(text.replace("id: unpinned-hook", "id: own").replace("`", "'"))
    books.append(rulebook.load([own], cache=cache))
    seen = [repository.scan()]
    for book in books:
        work = repository.work()
        assert repository.results.get(work, book) is None
        part = scan_work(work, book, repository.results)
        assert part not in seen
        assert part == scan_repository(work, book) == repository.results.get(work, book)
        seen.append(part)


def test_rules_keep_their_name_on_the_way_to_another_process(book: Rulebook) -> None:
    trusting = policy("rules: {unpinned-action: {parameters: {trusted_owners: [octo]}}}\n")
    for one in (book, book.under(trusting)):
        assert one.name
        assert pickle.loads(pickle.dumps(one)).name == one.name


def test_rules_without_a_name_are_not_kept(repository: Repository) -> None:
    nameless = rulebook.load()
    assert scan_work(repository.work(), nameless, repository.results) == repository.scan()
    assert repository.results.get(repository.work(), nameless) is None
    assert repository.kept() is None


def test_somebody_elses_result_is_none(repository: Repository, cache: Cache) -> None:
    repository.keep()
    work, book = repository.work(), repository.book
    tree = work.tree
    assert isinstance(tree, FolderTree)
    candidates = work.candidates
    others = [
        work._replace(prefix="elsewhere"),
        work._replace(tree=FolderTree(tree.root, "another name")),
        work._replace(tree=FolderTree(tree.root, tree.name, named=[FLOW])),
        work._replace(candidates=candidates[1:]),
        work._replace(candidates=(candidates[0]._replace(platform="drone"), *candidates[1:])),
        work._replace(policy=policy(ROAD)),
        work._replace(policy=policy(ROAD.replace("docker.io", "example.com"))),
    ]
    for other in others:
        assert repository.results.get(other, book) is None
        part = scan_work(other, book, repository.results)
        assert part == scan_repository(other, book) == repository.results.get(other, book)
    assert Results(cache, "another program").get(work, book) is None
    copy = repository.folder.parent / "other" / repository.folder.name
    shutil.copytree(repository.folder, copy)
    (copy / FLOW).write_text(FILES[FLOW].replace("octo", "acme"))
    [moved] = repositories(copy)
    scan_work(work._replace(tree=moved), book, repository.results)
    assert repository.kept() == repository.scan()


def test_only_repositories_in_folders_are_kept(repository: Repository) -> None:
    files = {path: text.encode() for path, text in FILES.items()}
    work = repository.work()._replace(tree=MemoryTree(files, repository.folder.name))
    part = scan_work(work, repository.book, repository.results)
    assert part.findings == repository.scan().findings
    assert repository.results.get(work, repository.book) is None
    faults = repository.scan().unreadable
    wrong = repository.work()._replace(faults=faults)
    assert scan_work(wrong, repository.book, repository.results).unreadable == faults
    assert repository.results.get(wrong, repository.book) is None
    assert repository.kept() is None


def test_what_could_not_be_searched_is_not_kept(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository.folder / "a/b/c/d/e/f").mkdir(parents=True)
    limit = len(repository.work().tree.paths()) - 1  # the empty folders are what is left out
    with monkeypatch.context() as patch:
        patch.setattr(tree_module, "MAX_FILES", limit)
        assert "not searched" in repository.keep().unreadable[-1].message
        assert repository.kept() is None
    assert repository.kept() is None
    assert repository.keep() == repository.kept() == repository.scan()
    monkeypatch.setattr(tree_module, "MAX_FILES", limit)
    assert repository.kept() is None


def test_what_could_not_be_opened_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in ("gone", "gone/file", "file/file", "folder", "../outside", "n" * 300, "loop"):
        tree = AskedTree(FolderTree(tmp_path))
        with pytest.raises(UnreadableError):
            tree.read(path)
        failed = path in ("n" * 300, "loop")
        assert (tree.asked() is None) == failed, path
        if not failed:
            assert same(FolderTree(tmp_path), tree.asked() or ())


class Shifting(MemoryTree):
    """A tree that changes while it is read."""

    def __init__(self, *versions: dict[str, bytes]) -> None:
        super().__init__(versions[0])
        self.versions = list(versions)

    def read(self, path: str) -> bytes:
        self._files = self.versions.pop(0)
        return super().read(path)


def test_a_tree_is_asked_once() -> None:
    tree = AskedTree(Shifting({"a": b"1"}, {"a": b"2"}))
    assert tree.read("a") == tree.read("a") == b"1"
    assert "a" in tree
    assert "b" not in tree
    assert tree.paths() == ["a"]
    asked = tree.asked()
    assert asked is not None
    assert same(MemoryTree({"a": b"1"}), asked)
    for files in ({"a": b"2"}, {}, {"a": b"1", "b": b""}, {"a": b"1", "c": b""}):
        assert not same(MemoryTree(files), asked), files
    alone = AskedTree(MemoryTree({"a": b"1"}))
    assert "b" not in alone
    assert same(MemoryTree({"c": b"3"}), alone.asked() or ())
    assert not same(MemoryTree({"b": b"2"}), alone.asked() or ())


def test_what_is_asked_for_again_is_noted_for_each_who_asks() -> None:
    class Counted(MemoryTree):
        reads = 0

        def read(self, path: str) -> bytes:
            self.reads += 1
            return super().read(path)

    whole = Counted({"a": b"1", "b": b"2"})
    first = AskedTree(whole)
    second, third = first.fresh(), first.fresh()

    @tree_module.remembered
    def length(tree: Tree) -> int:
        return len(tree.read("a")) + ("b" in tree)

    assert first.read("a") == second.read("a") == b"1"
    assert length(second) == length(third) == 2
    assert whole.reads == 1
    assert list(first.questions) == [("read", "a")]
    assert list(second.questions) == list(third.questions) == [("read", "a"), ("there", "b")]
    assert same(MemoryTree({"a": b"1", "b": b""}), third.asked() or ())
    assert not same(MemoryTree({"a": b"1"}), third.asked() or ())


def test_what_comes_while_it_is_looked_for_makes_no_result() -> None:
    tree = AskedTree(Shifting({}, {}, {"a": b"1"}))
    for _ in range(2):
        with pytest.raises(UnreadableError):
            tree.read("a")
    asked = tree.asked()
    assert asked is not None
    assert same(MemoryTree({}), asked)
    assert not same(MemoryTree({"a": b"1"}), asked)
    assert tree.read("a") == b"1"
    assert tree.asked() is None


# ---------------------------------------------------------------- the command line


class Shell(commandline.Shell):
    def put(self, path: str, text: str) -> None:
        self.write(text, path)

    def __call__(self, *arguments: str) -> commandline.Output:
        return super().__call__("scan", "--format", "json", *arguments)

    def kept(self) -> set[str]:
        return {path.name for path in cached().glob("found-*")}

    def same(self, *arguments: str) -> str:
        """What two scans say, which a scan without a cache says too."""
        said = self(*arguments)
        assert said == self(*arguments) == self("--no-cache", *arguments)
        return said[1]


def cached() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "pipelaw"


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.setenv("PIPELAW_TODAY", "2026-06-01")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    # whether somebody works on the modules meanwhile is no part of these tests
    monkeypatch.setattr(cache_module, "_STARTED", time.time() + 1000)
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    found = Shell(folder, capsys)
    for path, text in FILES.items():
        found.put(path, text)
    return found


def test_a_second_scan_loads_and_judges_nothing(shell: Shell) -> None:
    code = (
        "import sys\n"
        "from pipelaw import cache\n"
        "cache._STARTED += 1000\n"
        "from pipelaw.cli import main\n"
        "main(['scan', '--format', 'json', *sys.argv[1:]])\n"
        "print(*sorted(name for name in sys.modules if name.startswith('pipelaw')), file=sys.stderr)\n"
    )

    def scan(*arguments: str) -> tuple[str, set[str]]:
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout, set(done.stderr.split())

    working = {"pipelaw.engine", "pipelaw.model", "pipelaw.loaders.github", "pipelaw.facts"}
    first, loaded = scan()
    assert working < loaded
    second, loaded = scan()
    assert second == first
    assert json.loads(second)["findings"]
    assert not working & loaded
    assert not [name for name in loaded if name.startswith("pipelaw.loaders.")]
    third, loaded = scan("--no-cache")
    assert third == first
    assert working < loaded
    shell.put("ci/part.yml", FILES["ci/part.yml"].replace("https", "http"))
    fourth, loaded = scan()
    assert fourth != first
    assert working < loaded


def test_every_option_has_results_of_its_own(shell: Shell) -> None:
    own = (rules.shipped() / "unpinned-hook.yaml").read_text("utf-8")
    own = own.replace("id: unpinned-hook", "id: own")
    shell.put("../rules/own.yaml", own)
    shell.put("plain.yml", FILES[".gitlab-ci.yml"])
    trusting = "rules: {unpinned-action: {parameters: {trusted_owners: [octo]}}}\n"
    shell.put("../trusting.yml", trusting)
    variants: list[tuple[str, ...]] = [
        (),
        ("--rule", "unpinned-action"),
        ("--skip", "unpinned-action"),
        ("--rules", "../rules"),
        ("--policy", "../trusting.yml"),
        ("--policy", "pipelaw:strict"),
        (FLOW,),
        (".github",),
        ("--as", "gitlab", "plain.yml"),
        ("--as", "woodpecker", "plain.yml"),
    ]
    said = [shell.same(*variant) for variant in variants]
    assert [shell(*variant)[1] for variant in variants] == said
    assert len(set(said)) == len(said) - 1, "the strict policy has another threshold alone"
    shell.put("../trusting.yml", trusting.replace("octo", "actions"))
    assert shell.same("--policy", "../trusting.yml") not in said
    shell.put("../rules/own.yaml", own.replace("medium", "high").replace("low", "high"))
    assert shell.same("--rules", "../rules") not in said


def test_the_policy_of_the_repository_and_the_day_count(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(text: str, day: str = "2026-06-01") -> str:
        monkeypatch.setenv("PIPELAW_TODAY", day)
        shell.put(".pipelaw.yml", text)
        return shell.same()

    own = (rules.shipped() / "unpinned-hook.yaml").read_text("utf-8")
    shell.put("own/own.yaml", own.replace("id: unpinned-hook", "id: own"))
    texts = [
        shell.same(),
        said("rules: {unpinned-hook: off}\n"),
        said("rules: {unpinned-hook: critical}\n"),
        said("rules: {unpinned-action: {parameters: {trusted_owners: [octo]}}}\n"),
        said("rules: {unpinned-action: {parameters: {trusted_owners: [actions]}}}\n"),
        said("rule_folders: [own]\n"),
        said(ROAD),
        said(WAIVER),
        said(WAIVER, "2026-07-02"),
    ]
    assert len(set(texts)) == len(texts)
    comment = "  # pipelaw: ignore[remote-script] for now (until 2026-06-15)\n"
    shell.put("ci/part.yml", FILES["ci/part.yml"].replace("sh\n", f"sh{comment}"))
    assert said("", "2026-06-15") != said("", "2026-06-16")


def test_several_repositories_and_processes(shell: Shell) -> None:
    for name in "abcd":
        shutil.copytree(shell.folder, shell.folder.parent / "many" / name)
    shell.folder = shell.folder.parent / "many"
    many = str(shell.folder)
    first = shell("--jobs", "2", many)
    assert len(shell.kept()) == 4
    assert first == shell(many) == shell("--no-cache", many)
    shell.put(f"a/{FLOW}", FILES[FLOW].replace("octo/tool", "octo/other"))
    shell.put("d/ci/gone.yml", "")
    shutil.rmtree(shell.folder / "b")
    second = shell("--jobs", "2", many)
    assert second != first
    assert second == shell("--jobs", "2", many) == shell("--no-cache", many)


@needs_git
def test_a_comparison_keeps_nothing_and_takes_nothing(shell: Shell) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run(["git", *who, *words], check=True)
    shell.put(FLOW, FILES[FLOW].replace("octo/tool@v2", "octo/tool@v3"))
    said = shell("--since", "HEAD")
    assert shell.kept() == set()
    everything = shell()
    assert len(shell.kept()) == 1
    assert shell("--since", "HEAD") == said != everything


def test_nothing_is_kept_of_standard_input_or_unasked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (FILES[FLOW], FILES[FLOW].replace("octo", "acme")):
        stream = io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8")
        monkeypatch.setattr(sys, "stdin", stream)
        assert shell("--as", "github", "-")[0] == Status.FOUND
    assert shell.kept() == set()
    shutil.rmtree(cached())
    shell("--no-cache")
    assert not cached().exists()
    monkeypatch.setattr(cache_module, "_STARTED", 1.0)  # all modules are newer
    shell()
    assert shell.kept() == set()


def test_a_home_that_cannot_be_written_or_found_is_no_matter(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = shell.same()
    assert shell.kept()
    monkeypatch.setenv("XDG_CACHE_HOME", str(shell.folder / FLOW))
    assert shell.same() == said
    monkeypatch.setenv("XDG_CACHE_HOME", "nowhere/relative")
    assert shell.same() == said
    assert not (shell.folder / "nowhere").exists()


def test_old_results_go_when_there_are_new_ones(shell: Shell) -> None:
    shell()
    [old] = shell.kept()
    for name in (old, "trimmed"):
        os.utime(cached() / name, (1, 1))
    shell("--rule", "remote-script")
    [new] = shell.kept()
    assert new != old


def test_a_broken_result_is_made_anew(shell: Shell) -> None:
    said = shell.same()
    [name] = shell.kept()
    file = cached() / name
    data = file.read_bytes()
    for broken in (b"", data[:100], data[:-1], b"\0" * len(data), data[:50] + b"?" + data[51:]):
        file.write_bytes(broken)
        assert shell()[1] == said
        assert len(file.read_bytes()) == len(data), "it is written again"


def test_no_credential_is_kept(shell: Shell) -> None:
    secret = "tr0ub" + "4dor-n0t-" + "kn0wn-yet"
    shell.put("ci/part.yml", f"fetch:\n  script:\n    - curl -u 'me:{secret}' https://a.example/\n")
    assert "plaintext-secret" in shell.same()
    [name] = shell.kept()
    assert secret.encode() not in (cached() / name).read_bytes()
    assert b"plaintext-secret" in (cached() / name).read_bytes()
