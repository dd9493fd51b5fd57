from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from gitcommand import git
from samples import DANGEROUS
from schemas import validate

from pipelaw.cli import Status, main
from pipelaw.cli.init import step
from pipelaw.report.tool import HOME, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

HARMLESS = """\
on: push
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo hello
"""
FILES = {
    ".github/workflows/ci.yml": DANGEROUS,
    ".woodpecker/ci.yml": "steps:\n  - {name: a, image: golang, commands: [make]}\n",
    ".gitlab-ci.yml": "build:\n  image: golang\n  script: [make]\n",
    ".drone.yml": "kind: pipeline\nname: a\nsteps:\n  - {name: a, image: golang, commands: [make]}\n",
    ".pre-commit-config.yaml": "repos:\n  - repo: local\n    hooks: []\n",
}
STEPS = (".github/workflows/pipelaw.yml", ".gitlab/pipelaw.yml", ".woodpecker/pipelaw.yml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "repository"
    found.mkdir()
    monkeypatch.chdir(found)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(FILES[path], "utf-8")


COMMIT = "c0ffee" * 6 + "c0ff"


@pytest.fixture
def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes pipelaw look as if it was installed from a commit at an address."""
    noted = folder.parent / "installed" / f"pipelaw-{VERSION}.dist-info" / "direct_url.json"
    noted.parent.mkdir(parents=True)
    (noted.parent / "METADATA").write_text(f"Name: pipelaw\nVersion: {VERSION}\n", "utf-8")
    monkeypatch.syspath_prepend(str(noted.parents[1]))

    def from_(url: str) -> None:
        source = {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
        noted.write_text(json.dumps(source), "utf-8")

    return from_


def said_by_init(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["init"]) == Status.CLEAN
    return capsys.readouterr().out


def below(said: str, heading: str) -> str:
    """What is printed below a heading."""
    text = said.split(f"\n# {heading}:\n", 1)[1]
    return re.split("\n# (?:add|let|move) ", text, maxsplit=1)[0]


def test_a_scan_passes_after_init(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, *FILES)
    assert main(["scan", "--fail-on", "info"]) == Status.FOUND
    said = said_by_init(capsys)
    for path in (".pipelaw.yml", ".pipelaw-baseline.json", *STEPS):
        assert f"wrote  {path}\n" in said
    github = (folder / ".github/workflows/pipelaw.yml").read_text("utf-8")
    assert github.endswith(" --baseline .pipelaw-baseline.json\n")
    assert yaml.safe_load(github)["permissions"] == {}
    for path in STEPS:
        assert not re.search("@[A-Z]+@", (folder / path).read_text("utf-8"))
    assert not re.search("@[A-Z]+@", said)
    assert main(["scan", "--baseline", ".pipelaw-baseline.json"]) == Status.CLEAN


def test_the_step_works_where_it_is_put(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, *FILES)
    said = said_by_init(capsys)
    gitlab = "add this to .gitlab-ci.yml; where it has an `include`, add the item to that"
    added = {
        ".gitlab-ci.yml": below(said, gitlab),
        ".drone.yml": below(said, "add this to the end of .drone.yml"),
        ".pre-commit-config.yaml": below(
            said, "add this to the `repos` of .pre-commit-config.yaml"
        ),
    }
    for path, text in added.items():
        with (folder / path).open("a", encoding="utf-8") as file:
            file.write(text)
    known = ".pipelaw-baseline.json"
    [include] = yaml.safe_load((folder / ".gitlab-ci.yml").read_text("utf-8"))["include"]
    assert include["local"] in STEPS
    assert include["inputs"] == {"version": f"v{VERSION}", "baseline": known}
    _, drone = yaml.safe_load_all((folder / ".drone.yml").read_text("utf-8"))
    assert f"pipelaw scan --baseline {known}" in drone["steps"][0]["commands"][1]
    _, hook = yaml.safe_load((folder / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert hook["rev"] == f"v{VERSION}"
    assert hook["hooks"] == [{"id": "pipelaw", "args": ["--baseline", known]}]
    # all of it is read, and what is new is no worse than a tag
    capsys.readouterr()
    assert main(["scan", "--fail-on", "medium", "--baseline", known]) == Status.CLEAN
    # and it is not asked for twice
    again = said_by_init(capsys)
    for path in (*added, *STEPS):
        assert f"kept   {path}\n" in again
    assert "# " not in again


def test_a_change_that_waives_itself_gets_no_baseline(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, *FILES)
    said_by_init(capsys)
    lines = (folder / ".woodpecker/pipelaw.yml").read_text("utf-8").splitlines()
    assert [line.strip() for line in lines if "pipelaw scan" in line] == [
        'pipelaw scan --since "$base"',
        "pipelaw scan --baseline .pipelaw-baseline.json",
    ]


def test_one_file_of_woodpecker_is_not_shadowed_by_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".woodpecker.yml").write_text(FILES[".woodpecker/ci.yml"], "utf-8")
    said = said_by_init(capsys)
    assert not (folder / ".woodpecker").exists()
    text = below(
        said,
        "move .woodpecker.yml to .woodpecker/build.yml, and write this to .woodpecker/pipelaw.yml",
    )
    assert [step["name"] for step in yaml.safe_load(text)["steps"]] == ["pipelaw"]


def test_a_generated_pipeline_is_told_what_to_give(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".drone.jsonnet").write_text("[]", "utf-8")
    said = said_by_init(capsys)
    assert yaml.safe_load(below(said, "let .drone.jsonnet give this, too"))["name"] == "pipelaw"


def test_a_written_pipeline_is_preferred_to_a_generated_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, ".drone.yml")
    (folder / ".drone.jsonnet").write_text("[]", "utf-8")
    assert "# add this to the end of .drone.yml:\n" in said_by_init(capsys)


def test_an_action_without_workflows_gets_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "action.yml").write_text("runs: {using: composite, steps: []}\n", "utf-8")
    assert "wrote  .github/workflows/pipelaw.yml\n" in said_by_init(capsys)


def test_settings_of_bots_need_no_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".github").mkdir()
    (folder / ".github/dependabot.yml").write_text("version: 2\nupdates: []\n", "utf-8")
    assert said_by_init(capsys) == "wrote  .pipelaw.yml\n"


def test_the_step_installs_the_commit_that_is_installed(
    folder: Path, capsys: pytest.CaptureFixture[str], installed: Callable[[str], None]
) -> None:
    write(folder, ".drone.yml")
    for url, ref in ((HOME, COMMIT), ("https://example.com/fork", f"v{VERSION}")):
        installed(url)
        assert f'pipelaw@{ref}"\n' in said_by_init(capsys)


STEP = ".github/workflows/pipelaw.yml"
KNOWN = ".pipelaw-baseline.json"


@pytest.mark.parametrize("dangerous", [True, False])
def test_on_github_a_known_commit_is_the_action(
    folder: Path, installed: Callable[[str], None], dangerous: bool
) -> None:
    installed(f"{HOME}.git")
    write(folder, ".github/workflows/ci.yml")
    if not dangerous:
        (folder / ".github/workflows/ci.yml").write_text(HARMLESS, "utf-8")
    assert main(["init"]) == Status.CLEAN
    text = (folder / STEP).read_text("utf-8")
    assert f"uses: {HOME.removeprefix('https://github.com/')}@{COMMIT} # v{VERSION}\n" in text
    flow = yaml.safe_load(text.replace("\non:", '\n"on":'))
    validate("github-workflows", flow)
    checkout, action = flow["jobs"]["pipelaw"]["steps"]
    assert checkout["with"] == {"persist-credentials": False}
    assert action.get("with") == ({"baseline": KNOWN} if dangerous else None)
    assert flow["permissions"] == {}
    assert main(["scan", "--policy", "pipelaw:default", "--fail-on", "low", STEP]) == Status.CLEAN


def test_the_action_is_used_as_its_document_says() -> None:
    document = Path(__file__).parents[1] / "docs" / "github-action.md"
    first = document.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    said = step("github-action", ref="<commit>").replace(f" # v{VERSION}", "")
    assert said.replace('["main"]', "[main]") == first


@pytest.mark.parametrize("place", [".gitea", ".forgejo"])
def test_elsewhere_no_action_is_looked_for(
    folder: Path, installed: Callable[[str], None], place: str
) -> None:
    installed(HOME)
    target = folder / place / "workflows" / "ci.yml"
    target.parent.mkdir(parents=True)
    target.write_text(DANGEROUS, "utf-8")
    assert main(["init"]) == Status.CLEAN
    text = (target.parent / "pipelaw.yml").read_text("utf-8")
    assert f'pipx install "git+{HOME}@{COMMIT}"' in text


def test_a_folder_that_cannot_be_made_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, ".gitlab-ci.yml")
    (folder / ".gitlab").write_text("a file", "utf-8")
    assert main(["init"]) == Status.ERROR
    assert ".gitlab/pipelaw.yml: cannot be written: " in capsys.readouterr().err


def test_the_github_step_is_fine_by_pipelaw(folder: Path) -> None:
    write(folder, ".github/workflows/ci.yml")
    assert main(["init"]) == Status.CLEAN
    assert main(["scan", "--policy", "pipelaw:default", "--fail-on", "low", STEP]) == Status.CLEAN
    flow = yaml.safe_load((folder / STEP).read_text("utf-8").replace("\non:", '\n"on":'))
    validate("github-workflows", flow)


def branches(folder: Path) -> list[str]:
    """The branches that the step on GitHub runs for; the step is removed."""
    assert main(["init"]) == Status.CLEAN
    flow = yaml.safe_load((folder / STEP).read_text("utf-8").replace("\non:", '\n"on":'))
    (folder / STEP).unlink()
    found: list[str] = flow["on"]["push"]["branches"]
    return found


def test_the_main_branch_is_looked_for(folder: Path) -> None:
    write(folder, ".github/workflows/ci.yml")
    assert branches(folder) == ["main"]
    git(folder, "init", "-q", "-b", "trunk")
    assert branches(folder) == ["trunk"]
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a")
    git(folder, "checkout", "-q", "-b", "fix/typo")
    assert branches(folder) == ["fix/typo"]
    git(folder, "checkout", "-q", "--detach")
    assert branches(folder) == ["main"]
    git(folder, "branch", "master")
    git(folder, "checkout", "-q", "fix/typo")
    assert branches(folder) == ["master"]
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert branches(folder) == ["main"]
    git(folder, "update-ref", "refs/remotes/origin/develop", "HEAD")
    git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    assert branches(folder) == ["develop"]
    git(folder, "update-ref", "refs/remotes/origin/a'b", "HEAD")
    git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/a'b")
    assert branches(folder) == ["main"]


def test_what_the_step_itself_has_is_in_the_baseline(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, ".github/workflows/ci.yml", ".woodpecker/ci.yml")
    said = said_by_init(capsys)
    assert said.index(f"wrote  {STEP}\n") < said.index(f"wrote  {KNOWN}\n")
    capsys.readouterr()
    assert main(["scan", "--fail-on", "info", "--baseline", KNOWN]) == Status.CLEAN
    assert KNOWN in (folder / STEP).read_text("utf-8")


def test_a_baseline_that_a_kept_step_does_not_use_is_told_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/ci.yml").write_text(HARMLESS, "utf-8")
    (folder / STEP).write_text("on: push\npermissions: {}\njobs: {}\n", "utf-8")
    assert main(["init"]) == Status.CLEAN
    (folder / KNOWN).unlink(missing_ok=True)
    write(folder, ".github/workflows/ci.yml")
    capsys.readouterr()
    assert main(["init"]) == Status.CLEAN
    out, err = capsys.readouterr()
    assert f"wrote  {KNOWN}\n" in out
    hint = f"note: {STEP} was there already and does not name {KNOWN}: let its scan take that\n"
    assert hint in err
    assert main(["init"]) == Status.CLEAN
    assert hint in capsys.readouterr().err


def test_a_step_that_cannot_be_read_is_kept(folder: Path) -> None:
    write(folder, ".github/workflows/ci.yml")
    (folder / STEP).symlink_to("nowhere.yml")
    assert main(["init"]) == Status.CLEAN


def test_a_policy_with_another_name_is_no_reason_for_a_second_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, ".github/workflows/ci.yml")
    (folder / ".pipelaw.yaml").write_text("fail_on: never\n", "utf-8")
    assert main(["init"]) == Status.ERROR
    said = "error: .pipelaw.yaml:1:1: a policy is called .pipelaw.yml: rename it\n"
    assert capsys.readouterr().err == said
    assert sorted(path.name for path in folder.iterdir()) == [".github", ".pipelaw.yaml"]
    for name in ("pipelaw.yaml", "pipelaw.yml"):
        (folder / ".pipelaw.yaml").rename(folder / name)
        assert main(["init"]) == Status.CLEAN
        err = capsys.readouterr().err
        assert err.count(f"note: {name} is not read: a policy is called .pipelaw.yml\n") == 1
        assert not (folder / ".pipelaw.yml").exists()
        (folder / name).rename(folder / ".pipelaw.yaml")


@pytest.mark.parametrize("target", ["../elsewhere", ".git/hooks"])
def test_nothing_is_written_out_of_the_repository(
    folder: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    write(folder, ".gitlab-ci.yml")
    (folder / target).mkdir(parents=True)
    (folder / ".gitlab").symlink_to(target)
    assert main(["init"]) == Status.ERROR
    assert capsys.readouterr().err == (
        "error: .gitlab/pipelaw.yml: a link leads out of the repository: nothing is written there\n"
    )
    assert list((folder / target).iterdir()) == []
    (folder / ".gitlab").unlink()
    (folder / "ci").mkdir()
    (folder / ".gitlab").symlink_to("ci")
    assert main(["init"]) == Status.CLEAN
    assert (folder / "ci/pipelaw.yml").is_file()


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("https://github.com/Rocket-Lab/app.git", "Rocket-Lab"),
        ("https://someone@gitlab.example.com:8443/rockets/team/app", "rockets"),
        ("git@github.com:rocket.lab/app.git", "rocket.lab"),
        ("ssh://git@forge.example.com:22/rockets/app", "rockets"),
        ("../elsewhere", "acme"),
        ("https://github.com/a]b: {}/app", "acme"),
        ("", "acme"),
    ],
)
def test_the_policy_names_the_own_organisation_as_an_example(
    folder: Path, url: str, owner: str
) -> None:
    write(folder, ".github/workflows/ci.yml")
    if url:
        git(folder, "init", "--quiet")
        git(folder, "config", "remote.origin.url", url)
    assert main(["init"]) == Status.CLEAN
    text = (folder / ".pipelaw.yml").read_text("utf-8")
    assert f"#     parameters: {{trusted_owners: [{owner}]}}" in text


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, ".github/workflows/ci.yml")
    (folder / ".pipelaw.yml").write_text("fail_on: low\n", "utf-8")
    assert main(["init"]) == Status.CLEAN
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["init"]) == Status.CLEAN
    assert "wrote" not in capsys.readouterr().out
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_without_pipelines_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == Status.ERROR
    assert capsys.readouterr().err == (
        "error: .: there is no pipeline here, such as .github/workflows/*.yml, .gitlab-ci.yml,"
        " .drone.yml or .woodpecker.yml: begin with one\n"
    )


COMMANDS = (["init"], ["policy", "show"], ["policy", "audit"])


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_repository_to_work_in_says_what_to_name(
    folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write(folder / "several" / name, ".gitlab-ci.yml")
        (folder / "several" / name / ".git").mkdir()
    git(folder, "init", "--quiet", "--bare", "bare.git")

    def said(path: str) -> str:
        assert main([*command, path]) == Status.ERROR
        return capsys.readouterr().err

    assert said("several") == (
        "error: several: there are several repositories: name one, such as several/a\n"
    )
    assert said("bare.git") == (
        "error: bare.git: a bare repository, which has no files: scan a checkout of it\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_checkouts_in_a_folder_with_pipelines_are_no_part_of_it(
    folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, ".gitlab-ci.yml")
    write(folder / "tool", ".gitlab-ci.yml")
    (folder / "tool" / ".git").mkdir()
    (folder / ".pipelaw.yml").write_text("fail_on: low\n", "utf-8")
    assert main(command) == Status.CLEAN
    assert "tool" not in capsys.readouterr().out
    assert not (folder / "tool" / ".pipelaw.yml").exists()


def test_the_repository_in_a_folder_is_shown_by_its_path(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder / "group" / "one"
    write(own, ".github/workflows/ci.yml")
    (own / ".git").mkdir()
    assert main(["init", "group"]) == Status.CLEAN
    assert "wrote  one/.pipelaw.yml\n" in capsys.readouterr().out
    assert main(["scan", "group", "--baseline", str(own / ".pipelaw-baseline.json")]) == 0
    assert main(["init", "group/one/.github"]) == Status.ERROR
    said = capsys.readouterr().err
    assert said == "error: group/one/.github: name the repository, group/one, not a part of it\n"
