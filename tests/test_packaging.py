from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from pipelaw.discover import Candidate, find
from pipelaw.tree import MemoryTree

ROOT = Path(__file__).parents[1]


def build(kind: str, source: Path, target: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target],
        cwd=source,
        check=True,
        capture_output=True,
    )
    [made] = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_every_rule(wheel: Path) -> None:
    shipped = {name for name in names(wheel) if name.startswith("pipelaw/rules/")}
    assert shipped == {f"pipelaw/rules/{path.name}" for path in (ROOT / "rules").iterdir()}
    assert shipped


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel: Path) -> None:
    package = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "pipelaw").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {name for name in names(wheel) if ".dist-info/" not in name}
    assert {name for name in own if not name.startswith("pipelaw/rules/")} == package
    assert "pipelaw/py.typed" in package
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names(wheel))


def test_the_wheel_finds_its_own_rules(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = "from pipelaw.rules import shipped; print(shipped())"
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(result.stdout.strip()) == tmp_path / "pipelaw" / "rules"


def test_a_wheel_made_from_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        # as an attribute, which Python before 3.11.4 does not look at: it has no filters
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        packed.extractall(tmp_path)
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    assert names(build("wheel", source, tmp_path / "wheel")) == names(wheel)


def test_what_is_imported_is_declared() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = {
        re.split(r"[<>=;\[ ]", requirement)[0].lower().replace("-", "_")
        for requirement in settings["project"]["dependencies"]
    }
    modules = {"yaml": "pyyaml"}
    imported = set()
    for path in (ROOT / "src").rglob("*.py"):
        for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text("utf-8"), re.MULTILINE):
            imported.add(modules.get(name, name))
    assert declared == imported - sys.stdlib_module_names - {"pipelaw"}


def test_the_hook_takes_the_files_that_a_scan_finds() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    files = re.compile(hook["files"])
    paths = [
        f"{folder}{name}{end}"
        for folder in (
            "",
            ".github/workflows/",
            ".gitea/workflows/",
            ".drone/",
            ".woodpecker/",
            "a/",
        )
        for name in ("ci", "action", ".gitlab-ci", ".drone", ".woodpecker", "deep/er")
        for end in (".yml", ".yaml", ".jsonnet", ".star", ".starlark", ".json")
    ]
    found = {candidate.path for candidate in find(MemoryTree(dict.fromkeys(paths, b"")))}
    assert {path for path in paths if files.search(path)} == found
    assert Candidate(".woodpecker/deep/er.yml", "woodpecker").path in found
    assert hook["entry"].split()[0] in settings_scripts()


def settings_scripts() -> dict[str, str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    scripts: dict[str, str] = settings["project"]["scripts"]
    return scripts
