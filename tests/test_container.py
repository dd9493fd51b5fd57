"""The container image, as far as that goes without an engine that builds it."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]


class Instruction(NamedTuple):
    name: str
    rest: str


def instructions(text: str) -> list[Instruction]:
    """A Dockerfile's instructions, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [Instruction(name.upper(), " ".join(rest.split())) for name, rest in found]


FILE = instructions((ROOT / "Dockerfile").read_text("utf-8"))
LAST = FILE[max(place for place, it in enumerate(FILE) if it.name == "FROM") :]
"""The stage that becomes the image."""


def all_of(name: str, stage: list[Instruction]) -> list[str]:
    return [it.rest for it in stage if it.name == name]


def sent(path: str) -> bool:
    """Whether .dockerignore lets a file through: the last line that fits it or a folder of it."""
    sends = True
    parts = PurePosixPath(path).parts
    places = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        kept = pattern.startswith("!")
        glob = pattern.lstrip("!")
        anywhere = glob.startswith("**/")
        for place in places:
            name = place.rpartition("/")[2] if anywhere else place
            same_depth = anywhere or glob.count("/") == place.count("/")
            if same_depth and fnmatch.fnmatchcase(name, glob.removeprefix("**/")):
                sends = kept
    return sends


def test_the_bases_are_named_and_do_not_float() -> None:
    defaults = dict(rest.split("=", 1) for rest in all_of("ARG", FILE))
    for base in all_of("FROM", FILE):
        image = re.sub(r"\$\{?(\w+)\}?", lambda found: defaults[found[1]], base.split()[0])
        assert re.search(r":(?!latest\b)[\w.-]*\d[\w.-]*$|@sha256:[0-9a-f]{64}$", image), image


def test_it_runs_as_nobody() -> None:
    names = [it.name for it in LAST]
    *_, user = all_of("USER", LAST)
    owner, group = user.split(":")
    assert owner.isdecimal()
    assert group.isdecimal()
    assert int(owner)
    assert int(group)
    # nothing is made after it, so that nothing in the image belongs to it
    after = names[names.index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & set(after)
    assert not any("chown" in it.rest for it in LAST)


def test_it_is_a_command() -> None:
    assert json.loads(all_of("ENTRYPOINT", LAST)[-1]) == ["pipelaw"]
    assert json.loads(all_of("CMD", LAST)[-1]) == ["scan"]
    assert all_of("WORKDIR", LAST)[-1] == "/repository"


def test_it_leaves_no_caches_and_fetches_nothing_by_hand() -> None:
    assert not all_of("ADD", FILE)
    for script in all_of("RUN", FILE):
        assert not re.search(r"\b(curl|wget|sudo|chmod 777)\b", script)
        if "apt-get install" in script:
            assert "--no-install-recommends" in script
            assert "apt-get clean" in script
            assert script.endswith("rm -rf /var/lib/apt/lists/*")
        for command in re.findall(r"(?<!\S)pip [^&]+", script):
            assert "--no-cache-dir" in command
            assert (
                "--no-index" in command or "--no-deps" in command or "--require-hashes" in command
            )
    # only the result of the build comes along
    assert [rest for rest in all_of("COPY", LAST) if "--from=" not in rest] == []


def test_git_is_in_it() -> None:
    assert any(re.search(r"apt-get install [^&]*\bgit\b", script) for script in all_of("RUN", LAST))


def test_nothing_but_the_sources_is_sent() -> None:
    files = [".git/config", ".pipelaw.yml", "secret.pem", "tests/test_cli.py", "docs/policy.md"]
    files += ["Dockerfile", "src/pipelaw/__pycache__/x.pyc", "src/pipelaw.egg-info/PKG-INFO"]
    assert [path for path in files if sent(path)] == []
    assert sent("src/pipelaw/cli/__init__.py")
    assert sent("rules/unpinned-image.yaml")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the image is built: what is copied, of what is sent."""
    folder = tmp_path_factory.mktemp("context")
    for rest in all_of("COPY", FILE):
        if "--from=" in rest:
            continue
        *sources, _ = rest.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            found = [ROOT / source, *(ROOT / source).rglob("*")]
            for file in (path for path in found if path.is_file()):
                name = file.relative_to(ROOT)
                if sent(name.as_posix()):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, folder / name)
    return folder


def test_what_is_copied_builds_and_runs(context: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=context, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / ".gitlab-ci.yml").write_text("build:\n  image: golang\n  script: [make]\n")
    code = "from pipelaw.cli import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, *json.loads(all_of("CMD", LAST)[-1])],
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
        # a numeric user has no home to keep anything in
        env={"PYTHONPATH": str(installed), "HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 1, done.stderr
    assert "[unpinned-image]" in done.stdout


def test_all_that_pipelaw_needs_is_pinned(context: Path) -> None:
    """The image has no other source of packages than requirements.txt."""
    pinned = re.findall(r"^([\w.-]+)==", (context / "requirements.txt").read_text(), re.MULTILINE)
    project = (context / "pyproject.toml").read_text()
    needed = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert needed is not None
    names = re.findall(r'"([\w.-]+)', needed[1])
    assert names
    assert {name.lower() for name in [*names, "hatchling"]} <= set(pinned)
