"""The GitHub Action, its steps run as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps need bash")

DANGEROUS = """\
on: pull_request_target
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: write
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
"""
HARMLESS = """\
on:
  push:
    branches: [main]
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo hello
"""
BROKEN = "on: push\njobs: [\n"


class Run:
    """One run of the action in a repository, step by step."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.workspace = folder / "repository"
        self.temp = folder / "temp"
        self.summary = folder / "summary.md"
        for made in (self.workspace / ".github" / "workflows", self.temp):
            made.mkdir(parents=True, exist_ok=True)
        self.summary.touch()
        self.inputs = {name: str(known["default"]) for name, known in ACTION["inputs"].items()}
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.steps: dict[str, dict[str, str]] = {}
        self.log = ""

    def write(self, text: str, path: str = ".github/workflows/ci.yml") -> Run:
        (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (self.workspace / path).write_text(text)
        return self

    def value(self, text: str) -> str:
        """What the runner puts in for the expressions in a text."""

        def one(match: re.Match[str]) -> str:
            kind, _, rest = match[1].partition(".")
            if kind == "inputs":
                return self.inputs[rest]
            if kind == "github":
                assert rest == "action_path"
                return str(ROOT)
            step, _, name = rest.partition(".outputs.")
            return self.steps[step].get(name, "")

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", one, text)

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
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "RUNNER_TEMP": str(self.temp),
                **environment,
            },
        )
        self.log += result.stdout + result.stderr
        lines = output.read_text().splitlines()
        self.steps[step.get("id", "")] = dict(line.split("=", 1) for line in lines)
        return result.returncode

    def scan(self, bin_folder: Path) -> int:
        """Everything but the installation; the exit status of the action."""
        self.steps["install"] = {"bin": str(bin_folder)}
        for step in STEPS[1:]:
            status = self.step(step)
            if status:
                return status
        return 0

    @property
    def outputs(self) -> dict[str, str]:
        return {name: self.value(known["value"]) for name, known in ACTION["outputs"].items()}


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Python and the pipelaw that are being tested, as an installation has them."""
    folder = tmp_path_factory.mktemp("bin")
    for name, module in (("python", ""), ("pipelaw", " -m pipelaw")):
        script = folder / name
        source = f'PYTHONPATH="{ROOT / "src"}" exec "{sys.executable}" -P{module} "$@"'
        script.write_text(f"#!/bin/sh\n{source}\n")
        script.chmod(0o755)
    return folder


def test_findings_fail_the_job(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path).write(DANGEROUS)
    assert run.scan(tested) == 1
    assert run.outputs["exit-code"] == "1"
    assert int(run.outputs["findings"]) >= 1
    sarif = json.loads(Path(run.outputs["sarif"]).read_text("utf-8"))
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif["runs"][0]["results"]
    }
    assert uris == {".github/workflows/ci.yml"}
    assert "::error " in run.log
    assert "file=.github/workflows/ci.yml" in run.log
    assert "ci.yml" in run.summary.read_text("utf-8")


def test_without_findings_it_passes(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, fail_on="high").write(HARMLESS)
    assert run.scan(tested) == 0, run.log
    assert run.outputs["exit-code"] == "0"
    assert run.summary.read_text("utf-8")
    assert Path(run.outputs["sarif"]).is_file()


def test_never_only_reports(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, fail_on="never").write(DANGEROUS).write(BROKEN, ".gitlab-ci.yml")
    assert run.scan(tested) == 0
    assert run.outputs["exit-code"] == "3"
    assert int(run.outputs["findings"]) >= 1


def test_what_cannot_be_read_fails_the_job(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, fail_on="critical").write(BROKEN)
    assert run.scan(tested) == 3
    assert "could not be read" in run.log


def test_wrong_inputs_fail_the_job_and_say_why(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, fail_on="severe").write(HARMLESS)
    assert run.scan(tested) == 2
    assert "error: " in run.log
    assert run.outputs == {"sarif": "", "findings": "", "exit-code": "2"}


def test_paths_and_rules_are_lists_of_lines(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, paths="one\n\ntwo dirs/x\n", rules="own rules\n", fail_on="never")
    run.write(HARMLESS, "one/.github/workflows/ci.yml").write(DANGEROUS)
    run.write(DANGEROUS, "two dirs/x/.github/workflows/ci.yml")
    (run.workspace / "own rules").mkdir()
    assert run.scan(tested) == 0, run.log
    sarif = Path(run.outputs["sarif"]).read_text("utf-8")
    assert "two%20dirs/x/.github/workflows/ci.yml" in sarif
    run.inputs["rules"] = "nowhere"
    assert run.scan(tested) == 2
    assert "nowhere" in run.log


def test_inputs_are_data(tmp_path: Path, tested: Path) -> None:
    hostile = "$(touch pwned); `touch pwned` \"'\n--fail-on=never"
    run = Run(tmp_path, paths=hostile, fail_on='"; touch pwned; "').write(DANGEROUS)
    assert run.scan(tested) == 2
    assert not list(run.workspace.rglob("pwned"))


def test_no_expression_stands_in_a_script() -> None:
    assert [step["id"] for step in STEPS if "${{" in step["run"]] == []


def test_files_of_the_repository_are_not_imported(tmp_path: Path, tested: Path) -> None:
    run = Run(tmp_path, fail_on="never").write(HARMLESS)
    for name in ("json", "venv", "pip", "yaml", "click", "sitecustomize"):
        run.write("open('pwned', 'w')", f"{name}.py")
    assert run.scan(tested) == 0, run.log
    assert not (run.workspace / "pwned").exists()


def test_the_projects_own_pipelines_pass(tmp_path: Path, tested: Path) -> None:
    [job] = [
        job
        for job in yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))[
            "jobs"
        ].values()
        if any(step.get("uses") == "./" for step in job["steps"])
    ]
    [inputs] = [step["with"] for step in job["steps"] if step.get("uses") == "./"]
    run = Run(tmp_path, **{name.replace("-", "_"): value for name, value in inputs.items()})
    run.workspace = ROOT
    assert run.scan(tested) == 0, run.log


@pytest.mark.skipif(
    not os.environ.get("PIPELAW_TEST_INSTALL"),
    reason="PIPELAW_TEST_INSTALL asks for no installation",
)
def test_it_installs_itself(tmp_path: Path) -> None:
    run = Run(tmp_path).write(DANGEROUS).write("open('pwned', 'w')", "venv.py")
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for step in STEPS[:2]:
        assert run.step(step, **settings) == 0, run.log
    assert run.steps["install"]["bin"].startswith(str(run.temp))
    assert run.outputs["exit-code"] == "1"
    assert not (run.workspace / "pwned").exists()


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    run = Run(tmp_path)
    bash = Path(str(shutil.which("bash"))).parent
    assert run.step(STEPS[0], PATH=f"{old}:{bash}", RUNNER_TOOL_CACHE=str(tmp_path)) == 1
    assert "::error::pipelaw needs Python 3.11" in run.log


def test_it_is_a_valid_action() -> None:
    contracts = os.environ.get("PIPELAW_CONTRACTS")
    if not contracts:
        pytest.skip("PIPELAW_CONTRACTS names no folder of schemas")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(contracts) / "github-action.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(ACTION)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("github-workflow.json", path) for path in (ROOT / ".github/workflows").iterdir()),
        ("dependabot-2.0.json", ROOT / ".github/dependabot.yml"),
    ],
    ids=lambda value: Path(value).name,
)
def test_the_projects_own_pipelines_are_valid(schema: str, path: Path) -> None:
    contracts = os.environ.get("PIPELAW_CONTRACTS")
    if not contracts:
        pytest.skip("PIPELAW_CONTRACTS names no folder of schemas")
    jsonschema = pytest.importorskip("jsonschema")
    known = json.loads((Path(contracts) / schema).read_text("utf-8"))
    text = path.read_text("utf-8").replace("\non:", '\n"on":')
    jsonschema.Draft7Validator(known).validate(yaml.safe_load(text))
