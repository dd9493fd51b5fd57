from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from gitcommand import git
from samples import DANGEROUS

from pipelaw.cli import Status, main
from pipelaw.report.tool import HOME, VERSION

if TYPE_CHECKING:
    from pathlib import Path

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
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, ".drone.yml")
    installed = folder.parent / "installed"
    noted = installed / f"pipelaw-{VERSION}.dist-info" / "direct_url.json"
    noted.parent.mkdir(parents=True)
    (noted.parent / "METADATA").write_text(f"Name: pipelaw\nVersion: {VERSION}\n", "utf-8")
    monkeypatch.syspath_prepend(str(installed))
    source = {"url": HOME, "vcs_info": {"vcs": "git", "commit_id": "c0ffee" * 6 + "c0ff"}}
    for url, ref in ((HOME, "c0ffee" * 6 + "c0ff"), ("https://example.com/fork", f"v{VERSION}")):
        noted.write_text(json.dumps(source | {"url": url}), "utf-8")
        assert f'pipelaw@{ref}"\n' in said_by_init(capsys)
    noted.unlink()
    assert f'pipelaw@v{VERSION}"\n' in said_by_init(capsys)


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
    step = ".github/workflows/pipelaw.yml"
    assert main(["scan", "--policy", "pipelaw:default", "--fail-on", "low", step]) == Status.CLEAN


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
    assert capsys.readouterr().err == "error: .: there is no pipeline here\n"
