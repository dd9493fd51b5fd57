"""Only what a change made worse: real git repositories, real changes."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gitcommand import git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelaw import baseline, rulebook
from pipelaw.cli import Status, main
from pipelaw.errors import PolicyError, UnreadableError, UsageError
from pipelaw.gittree import GitTree
from pipelaw.scanner import scan
from pipelaw.since import _Comparison

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelaw.finding import Finding
    from pipelaw.rulebook import Rulebook

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

FLOW = ".github/workflows/ci.yml"
HEAD = "on: [push, issues]\npermissions: {}\njobs:\n"
BAD = '      - run: echo "${{ github.event.issue.title }}"\n'
JOBS = {
    "greet": f"  greet:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n{BAD}",
    "fetch": "  fetch:\n    runs-on: ubuntu-24.04\n    steps:\n"
    "      - name: install\n        run: |\n          curl https://a.example/x | sh\n",
    "write": "  write:\n    runs-on: ubuntu-24.04\n    permissions:\n      contents: write\n"
    "    steps:\n      - run: make\n",
    "call": "  call:\n    uses: octo/shared/.github/workflows/build.yml@main\n    secrets: inherit\n",
    "image": "  image:\n    runs-on: ubuntu-24.04\n    container: node:latest\n    steps:\n"
    "      - run: npm test\n",
}
WORKFLOW = HEAD + JOBS["greet"] + JOBS["fetch"]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook.load()


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def commit(root: Path, files: dict[str, str]) -> Path:
    if not (root / ".git").exists():
        root.mkdir(parents=True, exist_ok=True)
        git(root, "init", "-q", "-b", "main")
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")
    return root


def new(root: Path, book: Rulebook, since: str = "HEAD") -> list[Finding]:
    report = scan([str(root)], rulebook=book, since=since)
    whole = scan([str(root)], rulebook=book)
    seen, all_seen = report.coverage, whole.coverage
    assert (seen.files, seen.pipelines) == (all_seen.files, all_seen.pipelines)
    assert set(seen.unresolved) <= set(all_seen.unresolved)
    assert not all_seen.unreadable
    assert [f.fingerprint for f in report.findings] == [f.fingerprint for f in whole.findings]
    return list(report.open)


def test_nothing_is_new_where_nothing_changed(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {FLOW: WORKFLOW})
    report = scan([str(root)], rulebook=book, since="HEAD")
    assert report.open == ()
    assert {f.suppressed and f.suppressed.by for f in report.findings} == {"since"}
    assert report.findings[0].suppressed
    assert report.findings[0].suppressed.reason == "already at HEAD"


def test_a_change_is_not_told_what_it_did_not_break(tmp_path: Path, book: Rulebook) -> None:
    calls = HEAD + "  call: {uses: acme/flows/.github/workflows/a.yml@v1}\n"
    broken = {".github/workflows/broken.yml": "on: [\n", ".github/workflows/calls.yml": calls}
    root = commit(tmp_path, {FLOW: WORKFLOW, **broken})
    write(root, {FLOW: f"{WORKFLOW}  more: {{uses: acme/flows/.github/workflows/b.yml@v1}}\n"})
    seen = scan([str(root)], rulebook=book, since="HEAD").coverage
    assert [problem.path for problem in seen.unresolved] == [FLOW]
    assert seen.unreadable == ()
    whole = scan([str(root)], rulebook=book).coverage
    assert (seen.files, seen.pipelines) == (whole.files, whole.pipelines)
    write(root, {".github/workflows/broken.yml": "on: {\n"})
    [problem] = scan([str(root)], rulebook=book, since="HEAD").coverage.unreadable
    assert problem.path == ".github/workflows/broken.yml"


def test_an_added_step_is_the_only_news_committed_or_not(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {FLOW: WORKFLOW, ".github/workflows/b.yml": HEAD + JOBS["write"]})
    text = WORKFLOW + "      - run: wget -qO- https://b.example/y | bash\n"
    write(root, {FLOW: text})
    [found] = new(root, book)
    assert (found.rule, found.job, found.span.path) == ("remote-script", "fetch", FLOW)
    commit(root, {})
    assert new(root, book) == []
    assert [f.rule for f in new(root, book, "HEAD~1")] == ["remote-script"]


def test_a_second_copy_of_a_known_mistake_is_new(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {FLOW: HEAD + JOBS["greet"]})
    write(root, {FLOW: HEAD + JOBS["greet"] + BAD})
    assert [f.rule for f in new(root, book)] == ["script-injection"]


def test_a_known_mistake_that_became_worse_is_new(tmp_path: Path) -> None:
    only = rulebook.load(only=["script-injection"])
    root = commit(tmp_path, {FLOW: WORKFLOW})
    write(root, {FLOW: WORKFLOW.replace("permissions: {}", "permissions: write-all")})
    assert [f.rule for f in new(root, only)] == ["script-injection"]


def test_a_comment_that_goes_away_brings_its_finding_back(tmp_path: Path) -> None:
    only = rulebook.load(only=["script-injection"])
    ignored = WORKFLOW.replace(BAD, BAD.rstrip() + " # pipelaw: ignore[script-injection] checked\n")
    root = commit(tmp_path, {FLOW: ignored})
    write(root, {FLOW: WORKFLOW})
    assert [f.rule for f in new(root, only)] == ["script-injection"]


IGNORED = BAD.rstrip() + " # @TOOL@ checked\n"
OURS, THEIRS = "pipelaw: ignore[script-injection]", "zizmor: ignore[template-injection]"


@pytest.mark.parametrize("tool", [OURS, THEIRS])
def test_a_comment_excuses_what_the_revision_has_and_nothing_of_the_change(
    tmp_path: Path, tool: str
) -> None:
    only = rulebook.load(only=["script-injection"])
    line = IGNORED.replace("@TOOL@", tool)
    root = commit(tmp_path, {FLOW: HEAD + JOBS["fetch"]})
    write(root, {FLOW: HEAD + JOBS["fetch"] + line})
    [found] = new(root, only)
    said = "the comment that ignores it does not count: HEAD does not have this finding"
    assert found.related[-1].message == said
    commit(root, {})
    assert new(root, only) == []
    # moved and renamed it is still the same
    git(root, "mv", FLOW, ".github/workflows/other.yml")
    write(
        root, {".github/workflows/other.yml": HEAD + JOBS["fetch"].replace("fetch:", "get:") + line}
    )
    assert new(root, only) == []
    # but not where it is worse than what was looked at
    commit(root, {})
    text = (root / ".github/workflows/other.yml").read_text()
    write(
        root,
        {".github/workflows/other.yml": text.replace("permissions: {}", "permissions: write-all")},
    )
    assert [finding.rule for finding in new(root, only)] == ["script-injection"]


def test_a_comment_beside_a_known_finding_counts(tmp_path: Path) -> None:
    only = rulebook.load(only=["script-injection"])
    root = commit(tmp_path, {FLOW: WORKFLOW})
    write(root, {FLOW: WORKFLOW.replace(BAD, IGNORED.replace("@TOOL@", OURS))})
    assert new(root, only) == []


def test_a_file_and_a_job_that_are_renamed_together_are_not_new(
    tmp_path: Path, book: Rulebook
) -> None:
    root = commit(tmp_path, {FLOW: WORKFLOW})
    git(root, "mv", FLOW, ".github/workflows/release.yml")
    text = WORKFLOW.replace("  greet:", "  welcome:").replace("  fetch:", "  get:")
    write(root, {".github/workflows/release.yml": text})
    assert new(root, book) == []


NAMED_BY_ITS_COMMAND = {
    FLOW: HEAD
    + """  curl:
    runs-on: ubuntu-24.04
    steps: [{run: 'curl https://a.example/curl | sh'}]
  'wget': {runs-on: [self-hosted, wget], container: 'wget:latest', steps: [{run: 'wget -qO- b.example | sh'}]}
""",
    ".gitlab-ci.yml": "curl:\n  image: 'curl:8.1'\n  script: [curl https://a.example/x | sh]\n",
    ".drone.yml": "kind: pipeline\ntype: docker\nname: curl\nsteps:\n  - name: curl\n    image: curl\n"
    "    commands: [curl https://a.example/x | sh]\n",
}


def test_a_job_called_like_its_command_is_not_new_under_another_name(
    tmp_path: Path, book: Rulebook
) -> None:
    root = commit(tmp_path, NAMED_BY_ITS_COMMAND)
    keys = (("  curl:", "  install:"), ("'wget':", "get:"), ("curl:\n", "load:\n"))
    for path, text in NAMED_BY_ITS_COMMAND.items():
        for old, now in (*keys, ("name: curl", "name: load")):
            text = text.replace(old, now)  # noqa: PLW2901  one after the other
        write(root, {path: text})
    assert new(root, book) == []
    git(root, "mv", FLOW, ".github/workflows/other.yml")
    assert new(root, book) == []


def test_what_is_waived_stays_waived_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    waiver = f"reason: looked at by two, owner: team, expires: {day}"
    policy = (
        f"waivers:\n  - {{rule: script-injection, path: {FLOW}, {waiver}}}\n"
        f"rules:\n  remote-script: {{paths: [{{path: {FLOW}, severity: off}}]}}\n"
    )
    root = commit(tmp_path, {FLOW: WORKFLOW, ".pipelaw.yml": policy})
    monkeypatch.chdir(root)
    options = ("scan", "--rule", "script-injection", "--rule", "remote-script", "--since", "HEAD")
    other = ".github/workflows/other.yml"
    git(root, "mv", FLOW, other)
    assert run(*options) == Status.CLEAN, capsys.readouterr().out
    # a copy is no new name
    write(root, {FLOW: WORKFLOW})
    assert run(*options) == Status.FOUND


def test_an_unchanged_file_is_judged_again_where_what_it_includes_changed(tmp_path: Path) -> None:
    only = rulebook.load(only=["remote-script"])
    main_file = "include: [local: part.yml]\nbuild: {extends: .t, script: [make]}\n"
    part = ".t: {image: 'a:1', before_script: ['true']}\n"
    root = commit(tmp_path, {".gitlab-ci.yml": main_file, "part.yml": part})
    write(root, {"part.yml": part.replace("'true'", "'curl https://a.example/x | sh'")})
    assert [f.span.path for f in new(root, only)] == ["part.yml"]


def test_only_what_changed_is_judged_twice(tmp_path: Path, book: Rulebook) -> None:
    files = {f".github/workflows/{n}.yml": HEAD + JOBS["fetch"] for n in range(5)}
    root = commit(tmp_path, files)
    write(root, {".github/workflows/3.yml": WORKFLOW})
    from pipelaw.discover import find, repositories
    from pipelaw.repository import Work

    [tree] = repositories(root)
    before = GitTree(tree.root, "HEAD")
    comparison = _Comparison(Work(tree, "", tuple(find(tree)), None, before), before, book)
    assert [c.path for c in comparison._changed()] == [".github/workflows/3.yml"]
    before.close()


def test_a_job_that_moves_to_another_file_is_not_new(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {FLOW: WORKFLOW})
    write(root, {FLOW: HEAD + JOBS["greet"], ".github/workflows/z.yml": HEAD + JOBS["fetch"]})
    assert new(root, book) == []


def test_the_same_mistake_in_a_file_of_its_own_is_new(tmp_path: Path) -> None:
    only = rulebook.load(only=["script-injection"])
    root = commit(tmp_path, {FLOW: WORKFLOW})
    write(root, {".github/workflows/other.yml": WORKFLOW})
    assert [f.span.path for f in new(root, only)] == [".github/workflows/other.yml"]


def test_neither_worktree_nor_git_folder_is_touched(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {FLOW: WORKFLOW, "a.txt": "a"})
    write(root, {FLOW: HEAD + JOBS["fetch"], "new.txt": "b"})
    hook = root / ".git" / "hooks" / "fsmonitor"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    git(root, "config", "core.fsmonitor", ".git/hooks/fsmonitor")

    def state() -> dict[str, tuple[int, bytes]]:
        return {
            str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file()
        }

    before = state()
    new(root, book)
    assert state() == before


# --- changes that mean nothing


EDITS: dict[str, Callable[[str], str]] = {
    "comments": lambda text: re.sub(r"(?m)^(  \w+:)$", r"  # about it\n\1  # here", text),
    "blank lines": lambda text: re.sub(r"(?m)^(    \w+:)", r"\n\1", text),
    "quotes": lambda text: re.sub(r"(?m)uses: (\S+)$", r"uses: '\1'", text),
    "double quotes": lambda text: re.sub(r"(?m)runs-on: (\S+)$", r'runs-on: "\1"', text),
    "indent": lambda text: re.sub(
        r"(?m)^( +)(- )?", lambda m: m[1] * 2 + ("-   " if m[2] else ""), text
    ),
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "triggers": lambda text: text.replace("on: [push, issues]", "on:\n  push:\n  issues:"),
    "expressions": lambda text: text.replace("${{ github", "${{github").replace(
        "title }}", "title}}"
    ),
    "first lines": lambda text: "---\n# a licence\n" + text,
}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    jobs=st.lists(st.sampled_from(sorted(JOBS)), min_size=1, unique=True),
    edits=st.lists(st.sampled_from(sorted(EDITS)), unique=True),
    order=st.randoms(use_true_random=False),
    name=st.sampled_from(["ci.yml", "ci.yaml", "build.yml", "a.yml"]),
    others=st.booleans(),
)
def test_what_only_moves_or_looks_different_is_not_new(
    jobs: list[str],
    edits: list[str],
    order: object,
    name: str,
    others: bool,
    tmp_path_factory: pytest.TempPathFactory,
    book: Rulebook,
) -> None:
    root = tmp_path_factory.mktemp("git")
    files = {FLOW: HEAD + "".join(JOBS[job] for job in jobs)}
    if others:
        files[".github/workflows/b.yml"] = HEAD + JOBS["image"]
    commit(root, files)
    before = scan([str(root)], rulebook=book).findings
    order.shuffle(jobs)  # type: ignore[attr-defined]
    text = HEAD + "".join(JOBS[job] for job in jobs)
    for edit in sorted(edits):
        text = EDITS[edit](text)
    (root / FLOW).unlink()
    (root / ".github" / "workflows" / name).write_bytes(text.encode())
    assert [(f.rule, f.job, f.message) for f in new(root, book)] == []
    after = scan([str(root)], rulebook=book).findings
    assert sorted(f.identity for f in after) == sorted(f.identity for f in before)
    shutil.rmtree(root)


# --- revisions


def test_an_unknown_revision_says_what_to_fetch(tmp_path: Path, book: Rulebook) -> None:
    origin = commit(tmp_path / "origin", {FLOW: WORKFLOW})
    first = git(origin, "rev-parse", "HEAD").strip()
    commit(origin, {"a": "b"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", origin.as_uri(), str(clone))
    with pytest.raises(UsageError, match=f"shallow .*`git fetch --depth=1 origin {first}`"):
        scan([str(clone)], rulebook=book, since=first)
    with pytest.raises(UsageError, match="`git fetch --unshallow`"):
        scan([str(clone)], rulebook=book, since="HEAD~1")
    with pytest.raises(UsageError, match="say `--since origin/dev`"):
        scan([str(clone)], rulebook=book, since="dev")
    git(clone, "fetch", "-q", "--depth=1", "origin", first)
    assert new(clone, book, first) == []


@pytest.mark.parametrize("filtered", ["blob:none", "tree:0"])
def test_a_partial_clone_says_so_instead_of_calling_everything_new(
    tmp_path: Path, book: Rulebook, filtered: str
) -> None:
    origin = commit(tmp_path / "origin", {FLOW: WORKFLOW})
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "checkout", "-q", "-b", "feature")
    commit(origin, {FLOW: WORKFLOW + JOBS["write"]})
    clone = tmp_path / "clone"
    url = origin.as_uri()
    git(tmp_path, "clone", "-q", f"--filter={filtered}", "-b", "feature", url, str(clone))
    with pytest.raises(UsageError, match=r"partial one, which `git fetch --refetch --no-filter"):
        new(clone, book, "origin/main")
    git(clone, "fetch", "-q", "--refetch", "--no-filter", "origin")
    assert {found.job for found in new(clone, book, "origin/main")} == {"write"}


@pytest.mark.parametrize("revision", ["-x", "", "--all", "HEAD:a", "a b", "HEAD\nx", "a..b"])
def test_what_is_no_revision_is_told_apart(tmp_path: Path, revision: str) -> None:
    root = commit(tmp_path, {"a": "b"})
    with pytest.raises(UsageError, match="is no revision; name a branch, tag or commit"):
        GitTree(str(root), revision)


def test_a_folder_that_git_does_not_keep_is_refused(tmp_path: Path, book: Rulebook) -> None:
    write(tmp_path, {FLOW: WORKFLOW})
    with pytest.raises(UsageError, match="--since needs a git repository"):
        scan([str(tmp_path)], rulebook=book, since="HEAD")


def test_a_folder_of_a_checkout_is_compared_with_itself(tmp_path: Path, book: Rulebook) -> None:
    root = commit(tmp_path, {f"sub/{FLOW}": WORKFLOW, "a": "b"})
    assert new(root / "sub", book) == []
    write(root, {f"added/{FLOW}": WORKFLOW})
    assert new(root / "added", book) != []


def test_the_tree_of_a_revision_reads_names_links_and_limits(tmp_path: Path) -> None:
    commit(tmp_path, {"a/x.yml": "x", "vendor/y.yml": "y", "big": "b" * 5_000_001})
    odd = os.fsdecode(b"caf\xe9.yml")
    (tmp_path / odd).write_text("odd")
    for name, target in (("in.yml", "a/x.yml"), ("out.yml", "../o"), ("loop", "loop"), ("d", "a")):
        (tmp_path / name).symlink_to(target)
    commit(tmp_path, {})
    tree = GitTree(str(tmp_path), "HEAD")
    assert tree.paths() == ["a/x.yml", "big", "caf\\xe9.yml", "in.yml"]
    assert tree.read("in.yml") == tree.read("d/x.yml") == b"x"
    assert tree.read("caf\\xe9.yml") == b"odd"
    assert "vendor/y.yml" in tree
    assert [path in tree for path in ("out.yml", "loop", "d", "a")] == [False] * 4
    assert tree.holds("in.yml", b"x")
    assert not tree.holds("in.yml", b"y")
    with pytest.raises(UnreadableError, match="larger than"):
        tree.read("big")
    assert tree.read("a/x.yml") == b"x"
    tree.close()


# --- baselines


def run(*words: str) -> int:
    return main(words)


def test_a_baseline_hides_what_it_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {FLOW: WORKFLOW})
    monkeypatch.chdir(tmp_path)
    assert run("baseline") == Status.CLEAN
    assert run("scan", "--baseline", baseline.FILE) == Status.CLEAN
    assert "no findings; " in capsys.readouterr().out
    write(tmp_path, {".github/workflows/renamed.yaml": HEAD + JOBS["fetch"] + JOBS["greet"]})
    (tmp_path / FLOW).unlink()
    assert run("scan", "--baseline", baseline.FILE) == Status.CLEAN
    write(tmp_path, {".github/workflows/renamed.yaml": HEAD + JOBS["fetch"]})
    capsys.readouterr()
    assert run("scan", "--baseline", baseline.FILE, "--format", "json") == Status.CLEAN
    output = capsys.readouterr()
    assert "matches nothing any more" in output.err or "match nothing any more" in output.err
    assert {f["suppressed"]["by"] for f in json.loads(output.out)["findings"]} == {"baseline"}
    assert run("baseline") == Status.CLEAN
    write(tmp_path, {FLOW: HEAD + JOBS["greet"]})
    assert run("scan", "--baseline", baseline.FILE) == Status.FOUND


def test_a_baseline_knows_what_moved_or_got_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {FLOW: WORKFLOW})
    monkeypatch.chdir(tmp_path)
    assert run("baseline") == Status.CLEAN
    options = ("scan", "--fail-on", "low", "--baseline", baseline.FILE)
    write(tmp_path, {FLOW: HEAD + JOBS["greet"].replace("greet:", "welcome:")})
    write(tmp_path, {".github/workflows/split.yml": HEAD + JOBS["fetch"].replace("fetch:", "get:")})
    assert run(*options) == Status.CLEAN
    write(tmp_path, {".github/workflows/copy.yml": HEAD + JOBS["fetch"]})
    assert run(*options) == Status.FOUND


def test_a_baseline_of_the_change_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = commit(tmp_path / "repository", {FLOW: HEAD + JOBS["image"]})
    monkeypatch.chdir(root)
    write(root, {FLOW: HEAD + JOBS["image"] + JOBS["greet"]})
    assert run("baseline") == Status.CLEAN
    assert run("baseline", "--output", "../elsewhere.json") == Status.CLEAN
    assert run("scan", "--since", "HEAD", "--baseline", baseline.FILE) == Status.FOUND
    assert "is part of the change, so it does not count" in capsys.readouterr().err
    assert run("scan", "--since", "HEAD", "--baseline", "../elsewhere.json") == Status.CLEAN


RULE = """\
id: no-make
title: Make is used
category: other
severity: high
confidence: high
for: command
when: command.name == "make"
message: make is used
why: It is old.
fix: Use another.
references: [CWE-1]
examples:
  github:
    bad: |
      on: push
      jobs: {a: {runs-on: x, steps: [{run: make}]}}  # finding
    good: |
      on: push
"""


def test_rules_in_the_repository_are_those_of_the_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = commit(tmp_path, {FLOW: HEAD + JOBS["image"], "own/no-make.yaml": RULE})
    monkeypatch.chdir(root)
    write(root, {FLOW: HEAD + JOBS["image"] + JOBS["write"]})
    options = (
        "scan",
        "--since",
        "HEAD",
        "--rules",
        "own",
        "--rule",
        "no-make",
        "--fail-on",
        "high",
    )
    assert run(*options) == Status.FOUND
    write(root, {"own/no-make.yaml": RULE.replace('command.name == "make"', '"false" == "true"')})
    assert run(*options) == Status.FOUND
    (root / "own/no-make.yaml").unlink()
    assert run(*options) == Status.FOUND
    write(root, {"more/no-make.yaml": RULE})
    capsys.readouterr()
    assert (
        run(*options[:4], "more", "--fail-on", "high", "--rule", "script-injection") == Status.CLEAN
    )
    assert "HEAD has no rules in more; those there do not count" in capsys.readouterr().err


def test_a_change_that_takes_a_rule_out_of_the_policy_is_judged_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = "rules:\n  no-make: {severity: critical}\n  script-injection: {severity: critical}\n"
    files = {FLOW: HEAD, "own/no-make.yaml": RULE, ".pipelaw.yml": policy}
    root = commit(tmp_path, files)
    monkeypatch.chdir(root)
    write(root, {FLOW: HEAD + JOBS["greet"] + JOBS["write"], ".pipelaw.yml": "{}\n"})
    (root / "own/no-make.yaml").unlink()
    assert run("scan", "--since", "HEAD", "--rules", "own", "--format", "json") == Status.FOUND
    out, err = capsys.readouterr()
    found = {(one["rule"], one["severity"]) for one in json.loads(out)["findings"]}
    assert {("no-make", "critical"), ("script-injection", "critical")} <= found
    assert "judged by" not in err


GOOD = '{"version": 1, "recipe": "pipelaw/v1", "findings": ['


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "1:1: no JSON"),
        (GOOD + "\n<<<<<<< HEAD\n]}", "2:1: no JSON"),
        ("[]", "1:1: no baseline"),
        ('{"version": 2}', "1:13: version 2 is not 1"),
        ('{"version": 1, "recipe": "x"}', "1:26: its fingerprints"),
        ('{"version": 1, "recipe": "pipelaw/v1",\n "findings": 3}', "2:14: `findings` is no list"),
        (GOOD + "\n  3]}", "2:3: a finding is an object"),
        (GOOD + '\n  {"rule": 3}]}', "2:12: `rule` is no text"),
        (GOOD + '\n  {"rule": "x"}]}', "2:3: `path` is missing"),
        ("[" * 100_000, "1:1: nested too deeply"),
    ],
)
def test_a_malformed_baseline_says_where(text: str, where: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(f"b.json:{where}")) as caught:
        baseline.load("b.json", text.encode())
    assert "pipelaw baseline" in str(caught.value)


# --- real repositories


CORPUS = os.environ.get("PIPELAW_CORPUS", "")


@pytest.mark.skipif(not CORPUS, reason="PIPELAW_CORPUS names no folder of real pipelines")
def test_real_repositories_hear_only_about_the_change() -> None:
    place = Path(__file__).parents[1] / "bench" / "since.py"
    spec = importlib.util.spec_from_file_location("bench_since", place)
    assert spec
    assert spec.loader
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    found = bench.outcomes(Path(CORPUS), 8)
    assert len(found) > 20
    assert [outcome for outcome in found if not bench.right(outcome)] == []
