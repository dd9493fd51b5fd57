"""The steps for GitLab, Drone, Woodpecker and pre-commit, as documented, and run as runners run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from schemas import validate

from pipelaw.cli import main
from pipelaw.cli.init import step
from pipelaw.discover import find
from pipelaw.tree import MemoryTree

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "other-platforms.md").read_text("utf-8")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEMPLATE = (ROOT / "templates" / "pipelaw" / "template.yml").read_text("utf-8")
SPEC: dict[str, dict[str, Any]] = next(yaml.safe_load_all(TEMPLATE))["spec"]["inputs"]

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or shutil.which("sh") is None, reason="the steps need git and sh"
)


class Example(NamedTuple):
    path: str
    text: str
    """As it stands on the page."""

    @property
    def ready(self) -> str:
        return self.text.replace("<commit>", COMMIT)


EXAMPLES = [
    Example(*found.groups())
    for found in re.finditer(r"<!-- example: (\S+) -->\n```yaml\n(.*?)```\n", PAGE, re.DOTALL)
]


def examples(path: str) -> list[Example]:
    return [example for example in EXAMPLES if example.path == path]


each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)


# what the page shows


def test_every_block_of_the_page_is_an_example() -> None:
    assert PAGE.count("```yaml") == len(EXAMPLES)
    assert {example.path for example in EXAMPLES} == {
        ".gitlab-ci.yml",
        ".drone.yml",
        ".woodpecker/pipelaw.yml",
        ".pre-commit-config.yaml",
    }


def test_page_template_and_init_give_one_step() -> None:
    assert step("gitlab", ref=COMMIT) == TEMPLATE
    assert examples(".gitlab-ci.yml")[0].text == step("gitlab-include", ref="<commit>")
    assert examples(".drone.yml")[0].text == step("drone", ref="<commit>")
    assert examples(".woodpecker/pipelaw.yml")[0].text == step("woodpecker", ref="<commit>")
    hook = f"repos:\n{step('precommit', ref='<commit>')}"
    assert examples(".pre-commit-config.yaml")[0].text == hook


def test_the_page_has_the_inputs_of_the_template() -> None:
    shown = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (?:`(.+?)`)? ?\|$", PAGE, re.MULTILINE)
    assert [(name, said.replace("`", ""), default) for name, said, default in shown] == [
        (name, known["description"].replace("`", ""), known["default"])
        for name, known in SPEC.items()
    ]


def test_the_examples_give_inputs_that_there_are() -> None:
    for example in examples(".gitlab-ci.yml"):
        [include] = yaml.safe_load(example.ready)["include"]
        for name, value in include["inputs"].items():
            assert value in SPEC[name].get("options", [value])


@each_example
def test_an_example_is_read_and_is_clean(
    example: Example,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for path, text in ((example.path, example.ready), (".gitlab/pipelaw.yml", TEMPLATE)):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, "utf-8")
    assert main(["scan", "--policy", "pipelaw:default", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["coverage"]["files"] == 1
    assert report["coverage"]["unreadable"] == []
    elsewhere = re.search(r"remote:|component:", example.text) is not None
    assert bool(report["coverage"]["unresolved"]) == elsewhere
    assert {finding["severity"] for finding in report["findings"]} <= {"low", "info"}
    if not elsewhere and example.path != ".pre-commit-config.yaml":
        # it was looked into: a tag as an image is told of
        assert "unpinned-image" in {finding["rule"] for finding in report["findings"]}


SCHEMAS = {
    ".gitlab-ci.yml": "gitlab-ci",
    ".drone.yml": "drone-ci",
    ".woodpecker/pipelaw.yml": "woodpecker-ci",
}
"""pre-commit has none, and reads its file below."""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *((example.path, example.ready) for example in EXAMPLES if example.path in SCHEMAS),
        (".gitlab-ci.yml", TEMPLATE),
    ],
    ids=[*(example.path for example in EXAMPLES if example.path in SCHEMAS), "template.yml"],
)
def test_an_example_is_valid(path: str, text: str) -> None:
    for document in yaml.safe_load_all(text):
        validate(SCHEMAS[path], document)


# what runs it


class Bench(NamedTuple):
    """A repository on a server, a runner's clone of it, and a pipelaw that only pip brings."""

    folder: Path
    server: Path
    clone: Path
    environment: dict[str, str]

    def git(self, *words: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=at or self.server,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commit files to the branch of the server that is checked out; "" takes one away."""
        for path, text in files.items():
            file = self.server / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def fetch(self, *words: str) -> None:
        """What a runner does before it fetches: an empty repository that knows its origin."""
        if not (self.clone / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main", str(self.clone), at=self.folder)
            self.git("remote", "add", "origin", self.server.as_uri(), at=self.clone)
        self.git("fetch", "--quiet", *words, at=self.clone)

    def has(self, commit: str) -> bool:
        found = subprocess.run(
            ["git", "cat-file", "-e", f"{commit}^{{commit}}"],
            cwd=self.clone,
            check=False,
            capture_output=True,
            env={**self.environment, "GIT_NO_LAZY_FETCH": "1"},
        )
        return found.returncode == 0

    def run(self, script: str, shell: str = "sh -e", **variables: str) -> tuple[int, str]:
        """Run the commands of a step; the exit code and all that was said."""
        done = subprocess.run(
            [*shlex.split(shell), "-c", script],
            cwd=self.clone,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**self.environment, **variables},
        )
        return done.returncode, done.stdout

    @property
    def installed(self) -> list[str]:
        return (self.folder / "installed").read_text().splitlines()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def bench(tmp_path: Path, cache: Path) -> Bench:
    binaries, home, server = tmp_path / "bin", tmp_path / "home", tmp_path / "server"
    for made in (binaries, home, server):
        made.mkdir()
    source = ROOT / "src"
    pipelaw = f'PYTHONPATH="{source}" exec "{sys.executable}" -P -m pipelaw "$@"'
    (binaries / "source").write_text(f"#!/bin/sh\n{pipelaw}\n")
    # an installer without a network: what it is asked for is noted, and there is pipelaw afterwards
    place = f'echo "$@" >> "{tmp_path}/installed" && cp "{binaries}/source" "{binaries}/pipelaw"'
    (binaries / "pip").write_text(f"#!/bin/sh\n{place}\n")
    for script in binaries.iterdir():
        script.chmod(0o755)
    tools = {str(Path(str(shutil.which(tool))).parent) for tool in ("git", "sh")}
    bench = Bench(
        tmp_path,
        server,
        tmp_path / "clone",
        {
            "PATH": os.pathsep.join([str(binaries), *sorted(tools), "/usr/bin", "/bin"]),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(cache),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "somebody" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")},
        },
    )
    bench.git("init", "--quiet", "--initial-branch=main")
    return bench


INSTALL = f"install --quiet git+https://github.com/pipelaw/pipelaw@{COMMIT}"
OLD = "unpinned-image"
"""What the pipelines below have had for long: an image without a tag."""
NEW = "remote-script"
FETCH = "curl -fsSL https://tools.example.com/install.sh | sh"


# GitLab

GITLAB = "build:\n  image: golang\n  script: [make]\n"
GITLAB_WORSE = f"{GITLAB}tools:\n  image: golang:1.24\n  script:\n    - {FETCH}\n"
BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
each_shell = pytest.mark.parametrize(
    "shell", ["sh -e", pytest.param("bash -e -o pipefail", marks=BASH)], ids=["sh", "bash"]
)


def gitlab_job(**inputs: str) -> dict[str, Any]:
    """The job as GitLab makes it of the template."""
    values = {name: known["default"] for name, known in SPEC.items()}
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert set(given) <= set(values)
    values |= {"version": COMMIT} | given
    body = TEMPLATE.partition("\n---\n")[2]
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: values[found[1]], body)
    job: dict[str, Any] = yaml.safe_load(text)["pipelaw"]
    return job


def gitlab_run(
    bench: Bench, *, shell: str = "sh -e", variables: dict[str, str], **inputs: str
) -> tuple[int, str]:
    job = gitlab_job(**inputs)
    return bench.run("\n".join(job["script"]), shell, **job["variables"], **variables)


def gitlab_reports(bench: Bench) -> set[str]:
    """The rules in the reports that the job promises, which must agree."""
    promised = gitlab_job()["artifacts"]["reports"]
    quality = json.loads((bench.clone / promised["codequality"]).read_text("utf-8"))
    sast = json.loads((bench.clone / promised["sast"]).read_text("utf-8"))
    assert re.fullmatch(r"15\.\d+\.\d+", sast["version"])
    assert sast["scan"]["type"] == "sast"
    assert sast["scan"]["status"] == "success"
    for issue in quality:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert (bench.clone / issue["location"]["path"]).is_file()
    rules = {issue["check_name"] for issue in quality} - {"unreadable"}
    assert rules == {one["identifiers"][0]["value"] for one in sast["vulnerabilities"]}
    return rules


def merge_request(bench: Bench, **files: str) -> dict[str, str]:
    """A merge request of three commits in the runner's clone, which is shallow; its variables."""
    bench.commit(**{".gitlab-ci.yml": GITLAB})
    base = bench.commit()
    bench.git("checkout", "--quiet", "-b", "change")
    bench.commit()
    bench.commit()
    head = bench.commit(**files)
    bench.git("update-ref", "refs/merge-requests/1/head", head)
    bench.git("checkout", "--quiet", "main")
    bench.fetch("--depth=2", "origin", "+refs/merge-requests/1/head:refs/pipelines/7")
    bench.git("checkout", "--quiet", "--detach", head, at=bench.clone)
    assert not bench.has(base)
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_PROJECT_DIR": str(bench.clone),
        "GITLAB_CI": "true",
    }


def branch_pipeline(bench: Bench, text: str = GITLAB) -> dict[str, str]:
    bench.commit(**{".gitlab-ci.yml": text})
    bench.fetch("--depth=1", "origin", "+refs/heads/main:refs/pipelines/8")
    bench.git("checkout", "--quiet", "--detach", "refs/pipelines/8", at=bench.clone)
    return {
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "GITLAB_CI": "true",
    }


@each_shell
def test_a_merge_request_that_makes_nothing_worse_passes(bench: Bench, shell: str) -> None:
    moved = f"# what is built\n{GITLAB}"
    variables = merge_request(bench, **{".gitlab-ci.yml": moved})
    status, said = gitlab_run(bench, shell=shell, variables=variables)
    assert (status, bench.installed) == (0, [INSTALL]), said
    assert gitlab_reports(bench) == {OLD}
    assert OLD not in said


@each_shell
def test_a_merge_request_fails_for_what_it_makes_worse(bench: Bench, shell: str) -> None:
    variables = merge_request(bench, **{".gitlab-ci.yml": GITLAB_WORSE})
    status, said = gitlab_run(bench, shell=shell, variables=variables)
    assert status == 1, said
    assert f"[{NEW}]" in said
    assert "the image `golang` is" not in said
    assert gitlab_reports(bench) >= {OLD, NEW}


def test_a_merge_request_cannot_accept_its_own_findings(bench: Bench) -> None:
    files = {
        ".gitlab-ci.yml": GITLAB_WORSE,
        ".pipelaw.yml": f"rules: {{{NEW}: off, {OLD}: off}}\n",
    }
    variables = merge_request(bench, **files)
    bench.fetch("--depth=2", "origin", "refs/merge-requests/1/head")
    own = bench.clone / "known.json"
    bench.run("pip; pipelaw baseline --policy pipelaw:default --output known.json")
    assert NEW in own.read_text("utf-8")
    status, said = gitlab_run(bench, variables=variables, baseline="known.json")
    assert status == 1, said
    assert f"[{NEW}]" in said


def test_a_merged_result_is_compared_with_the_target_as_it_is_now(bench: Bench) -> None:
    variables = merge_request(bench, README="changed\n")
    target = bench.commit(**{".gitlab-ci.yml": GITLAB_WORSE})
    bench.git("merge", "--quiet", "--no-edit", "change")
    merged = bench.git("rev-parse", "HEAD")
    bench.fetch("--depth=1", "origin", merged)
    bench.git("checkout", "--quiet", "--detach", merged, at=bench.clone)
    variables["CI_MERGE_REQUEST_TARGET_BRANCH_SHA"] = target
    assert not bench.has(target)
    status, said = gitlab_run(bench, variables=variables)
    assert status == 0, said


def test_the_default_branch_is_scanned_whole(bench: Bench) -> None:
    variables = branch_pipeline(bench)
    status, said = gitlab_run(bench, variables=variables)
    assert status == 1, said
    assert f"[{OLD}]" in said
    assert gitlab_reports(bench) == {OLD}


def test_a_baseline_is_known_on_the_default_branch(bench: Bench) -> None:
    variables = branch_pipeline(bench)
    assert bench.run("pip && pipelaw baseline")[0] == 0
    status, said = gitlab_run(bench, variables=variables, baseline=".pipelaw-baseline.json")
    assert status == 0, said
    assert gitlab_reports(bench) == set()


def test_the_inputs_are_options(bench: Bench) -> None:
    variables = branch_pipeline(bench)
    assert gitlab_run(bench, variables=variables, fail_on="critical")[0] == 0
    (bench.clone / "lenient.yml").write_text(f"rules: {{{OLD}: off}}\n")
    assert gitlab_run(bench, variables=variables, policy="lenient.yml")[0] == 0
    assert gitlab_reports(bench) == set()
    status, said = gitlab_run(bench, variables=variables, paths=".gitlab-ci.yml no/such --help")
    assert status not in (0, 3)
    assert "no/such" in said


def test_an_image_that_has_pipelaw_installs_nothing(bench: Bench) -> None:
    variables = branch_pipeline(bench)
    bench.run("pip image")
    assert gitlab_run(bench, variables=variables, version="")[0] == 1
    assert bench.installed == ["image"]


def test_what_cannot_be_read_fails_and_leaves_its_reports(bench: Bench) -> None:
    variables = branch_pipeline(bench, "build: [\n")
    status, said = gitlab_run(bench, variables=variables)
    assert status == 3
    assert "could not be read" in said, said
    assert gitlab_reports(bench) == set()


def test_a_wrong_policy_fails(bench: Bench) -> None:
    variables = branch_pipeline(bench, "build:\n  script: [make]\n")
    (bench.clone / ".pipelaw.yml").write_text("fail_om: high\n")
    status, said = gitlab_run(bench, variables=variables)
    assert status not in (0, 3)
    assert "fail_om" in said


def test_the_job_runs_where_it_should() -> None:
    assert [rule["if"] for rule in gitlab_job()["rules"]] == [
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
    ]
    assert gitlab_job()["artifacts"]["when"] == "always"


# Drone and Woodpecker

DRONE = "kind: pipeline\nname: a\nsteps:\n  - {name: build, image: golang, commands: [make]}\n"
WOODPECKER = "steps:\n  - {name: build, image: golang, commands: [make]}\n"
TOOLS = f"  - {{name: tools, image: 'golang:1.24', commands: ['{FETCH}']}}\n"


def commands(path: str) -> str:
    """The script that a step becomes; nothing in it is the platform's to expand."""
    [example] = examples(path)
    [made] = yaml.safe_load(example.ready)["steps"]
    script = "\n".join(made["commands"])
    assert "${" not in script
    return script


def drone_request(bench: Bench, *depth: str, **files: str) -> dict[str, str]:
    """A pull request in Drone's clone: merged into its target; its variables."""
    bench.commit(**{".drone.yml": DRONE})
    bench.git("checkout", "--quiet", "-b", "change")
    head = bench.commit(**files)
    bench.git("update-ref", "refs/pull/1/head", head)
    bench.git("checkout", "--quiet", "main")
    bench.fetch(*depth, "origin", "+refs/heads/main:")
    bench.git("checkout", "--quiet", "main", at=bench.clone)
    bench.fetch("origin", "refs/pull/1/head:")
    bench.git("merge", "--quiet", "--no-edit", head, at=bench.clone)
    return {
        "DRONE_BUILD_EVENT": "pull_request",
        "DRONE_TARGET_BRANCH": "main",
        "DRONE_COMMIT_BRANCH": "main",
        "DRONE_COMMIT_SHA": head,
        "DRONE_PULL_REQUEST": "1",
    }


@pytest.mark.parametrize("depth", [(), ("--depth=1",)], ids=["full", "shallow"])
@pytest.mark.parametrize(("added", "status"), [("", 0), (TOOLS, 1)], ids=["fine", "worse"])
def test_drone_on_a_pull_request(
    bench: Bench, depth: tuple[str, ...], added: str, status: int
) -> None:
    variables = drone_request(bench, *depth, **{".drone.yml": DRONE + added, "README": "a"})
    # there is no server to ask any more: a step has no credentials
    shutil.move(bench.server, bench.folder / "gone")
    found, said = bench.run(commands(".drone.yml"), **variables)
    assert (found, bench.installed) == (status, [INSTALL]), said
    assert (f"[{NEW}]" in said) == bool(added)


def test_drone_on_a_push_scans_everything(bench: Bench) -> None:
    head = bench.commit(**{".drone.yml": DRONE})
    bench.fetch("origin", "+refs/heads/main:")
    bench.git("checkout", "--quiet", head, "-B", "main", at=bench.clone)
    variables = {"DRONE_BUILD_EVENT": "push", "DRONE_TARGET_BRANCH": "main"}
    status, said = bench.run(commands(".drone.yml"), **variables)
    assert status == 1
    assert f"[{OLD}]" in said


def woodpecker_request(bench: Bench, **files: str) -> dict[str, str]:
    """A pull request, whose target has gone on since, on the server; its variables."""
    bench.commit(**{".woodpecker/build.yml": WOODPECKER})
    bench.git("checkout", "--quiet", "-b", "change")
    head = bench.commit(**files)
    bench.git("checkout", "--quiet", "main")
    # what the request still has is not its doing
    bench.commit(**{".woodpecker/build.yml": WOODPECKER.replace("golang", "'golang:1.24'")})
    return {
        "CI": "woodpecker",
        "CI_PIPELINE_EVENT": "pull_request",
        "CI_COMMIT_SHA": head,
        "CI_COMMIT_TARGET_BRANCH": "main",
        "CI_WORKSPACE": str(bench.clone),
    }


def woodpecker_clone(bench: Bench, variables: dict[str, str], settings: dict[str, bool]) -> None:
    """What the clone plugin does with its settings."""
    partial = ("--depth=1", "--filter=tree:0") if settings.get("partial", True) else ()
    commit = variables["CI_COMMIT_SHA"]
    bench.git("config", "uploadpack.allowFilter", "true")
    bench.fetch("--no-tags", *partial, "origin", f"+{commit}:")
    bench.git("reset", "--hard", "--quiet", commit, at=bench.clone)
    request = variables["CI_PIPELINE_EVENT"] == "pull_request"
    if request and settings.get("fetch-target-branch"):
        bench.fetch("origin", variables["CI_COMMIT_TARGET_BRANCH"])
    shutil.move(bench.server, bench.folder / "gone")  # no step but the clone has credentials


def woodpecker_settings() -> dict[str, bool]:
    [example] = examples(".woodpecker/pipelaw.yml")
    [clone] = yaml.safe_load(example.ready)["clone"]
    settings: dict[str, bool] = clone["settings"]
    return settings


@pytest.mark.parametrize(("added", "status"), [("", 0), (TOOLS, 1)], ids=["fine", "worse"])
def test_woodpecker_on_a_pull_request(bench: Bench, added: str, status: int) -> None:
    files = {".woodpecker/build.yml": WOODPECKER + added, "README": "a"}
    variables = woodpecker_request(bench, **files)
    woodpecker_clone(bench, variables, woodpecker_settings())
    found, said = bench.run(commands(".woodpecker/pipelaw.yml"), **variables)
    assert (found, bench.installed) == (status, [INSTALL]), said
    assert (f"[{NEW}]" in said) == bool(added)
    assert "the image `golang` is" not in said


def test_woodpecker_with_the_default_clone_does_not_pass(bench: Bench) -> None:
    variables = woodpecker_request(bench, **{".woodpecker/build.yml": WOODPECKER + TOOLS})
    woodpecker_clone(bench, variables, {})
    assert bench.run(commands(".woodpecker/pipelaw.yml"), **variables)[0] not in (0, 3)


def test_woodpecker_on_a_push_scans_everything(bench: Bench) -> None:
    head = bench.commit(**{".woodpecker/build.yml": WOODPECKER})
    variables = {"CI_PIPELINE_EVENT": "push", "CI_COMMIT_SHA": head}
    woodpecker_clone(bench, variables, woodpecker_settings())
    status, said = bench.run(commands(".woodpecker/pipelaw.yml"), **variables)
    assert status == 1
    assert f"[{OLD}]" in said


# pre-commit


def test_the_hook_also_takes_the_settings_that_a_scan_reads() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    files = re.compile(hook["files"])
    paths = [
        f"{folder}{name}{end}"
        for folder in ("", ".github/", "a/")
        for name in ("dependabot", ".pre-commit-config", ".pre-commit-hooks", "Dependabot")
        for end in (".yml", ".yaml", ".json")
    ]
    found = {candidate.path for candidate in find(MemoryTree(dict.fromkeys(paths, b"")))}
    assert {path for path in paths if files.search(path)} == found
    assert len(found) == 4
    # several processes would write several reports
    assert hook["require_serial"] is True


@pytest.mark.skipif(
    not os.environ.get("PIPELAW_TEST_INSTALL"),
    reason="PIPELAW_TEST_INSTALL asks for no installation",
)
def test_the_hook_stops_a_commit(bench: Bench) -> None:
    settings = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL"))
    }
    environment = {**bench.environment, **settings, "PRE_COMMIT_HOME": str(bench.folder / "hooks")}
    tools = bench.folder / "tools"
    subprocess.run([sys.executable, "-m", "venv", tools], check=True)
    install = [str(tools / "bin" / "pip"), "install", "--quiet", "pre-commit"]
    subprocess.run(install, check=True, env={**os.environ, **environment})
    hooks = bench.folder / "pipelaw"
    hooks.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, hooks)
    for name in ("src", "rules"):
        shutil.copytree(ROOT / name, hooks / name, ignore=shutil.ignore_patterns("__pycache__"))
    bench.git("init", "--quiet", at=hooks)
    bench.git("add", "--all", at=hooks)
    bench.git("commit", "--quiet", "--message", "pipelaw", at=hooks)

    [example] = examples(".pre-commit-config.yaml")
    text = example.text.replace("https://github.com/pipelaw/pipelaw", hooks.as_uri())
    text = text.replace("<commit>", bench.git("rev-parse", "HEAD", at=hooks))

    def commit(path: str, text: str) -> tuple[int, str]:
        (bench.server / path).write_text(text, "utf-8")
        bench.git("add", "--all")
        done = subprocess.run(
            ["git", "commit", "--message", "change"],
            cwd=bench.server,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    (bench.server / ".pre-commit-config.yaml").write_text(text, "utf-8")
    subprocess.run(
        [tools / "bin" / "pre-commit", "install"], cwd=bench.server, check=True, env=environment
    )
    status, said = commit("README", "nothing to judge")
    assert status == 0, said
    status, said = commit(".gitlab-ci.yml", GITLAB)
    assert status == 1, said
    assert f"[{OLD}]" in said
    status, said = commit(".gitlab-ci.yml", "build:\n  script: [make]\n")
    assert status == 0, said
    assert "Passed" in said

    # with the arguments of the page, what was there before is not told again
    arguments = re.search(r"`(args: .*?)`", PAGE)
    assert arguments is not None
    config = f"{text}        {arguments[1]}\n"
    bench.commit(**{".pre-commit-config.yaml": config, ".gitlab-ci.yml": GITLAB})
    status, said = commit(".gitlab-ci.yml", f"# what is built\n{GITLAB}")
    assert status == 0, said
    status, said = commit(".gitlab-ci.yml", GITLAB_WORSE)
    assert status == 1, said
    assert f"[{NEW}]" in said
    assert "the image `golang` is" not in said
