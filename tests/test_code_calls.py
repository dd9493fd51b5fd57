"""Programs that code of Python or JavaScript starts, and what it takes from the folder it stands in."""

from __future__ import annotations

import pytest

from pipelaw.facts import shell
from pipelaw.facts.code_calls import borrows, started
from pipelaw.facts.execution import coded, places
from pipelaw.facts.packages import traffic
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text


@pytest.mark.parametrize(
    ("language", "code", "words", "folder"),
    [
        ("python", 'subprocess.run(["./build.sh", "x"], check=True)', "./build.sh x", ""),
        ("python", "subprocess.check_call(\n  ['npm', 'ci'],\n  cwd='web')", "npm ci", "web"),
        ("python", 'os.system("make test")', "make test", ""),
        ("python", "subprocess.run('npm ci', shell=True)", "npm ci", ""),
        ("javascript", "cp.execSync('npm ci', {cwd: 'web'});", "npm ci", "web"),
        ("javascript", "await exec.exec('make', ['test']);", "make test", ""),
        ("javascript", 'spawnSync("./x.sh", []);', "./x.sh", ""),
        ("node", "require('child_process').execFileSync('./x.sh')", "./x.sh", ""),
    ],
)
def test_what_code_starts(language: str, code: str, words: str, folder: str) -> None:
    [found] = started(code, language)
    assert (" ".join(found.words), found.folder) == (words, folder)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "subprocess.run(command)"),
        ("python", "subprocess.run(['make'], cwd=folder)"),
        ("python", "queue.run('make')"),
        ("javascript", "/x/.exec('make')"),
        ("javascript", "await exec.exec(command)"),
        ("ruby", "system('make')"),
    ],
)
def test_what_only_a_run_knows(language: str, code: str) -> None:
    assert list(started(code, language)) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import json; print(json.load(open('a')))", True),
        ("from pathlib import Path", True),
        ("import sys, os", False),
        ("import os, yaml", True),
        ("print('import json')", False),
    ],
)
def test_modules_that_a_file_of_the_folder_can_stand_in_for(code: str, *, found: bool) -> None:
    assert borrows(code) is found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("python3", "-c", "import json"), (".",)),
        (("python3", "-I", "-c", "import json"), ()),
        (("python", "-c", "import os; os.system('./x.sh')"), ("./x.sh",)),
        (("python", "-c", "print(1)"), ()),
        (("node", "-e", "require('child_process').execSync('make -C web')"), ("web",)),
        (("node", "-p", "1 + 1"), ()),
        (("node", "-p", "require('./package.json').version"), ()),
        (("node", "-e", "require('./tools/build')()"), ("./tools/build",)),
    ],
)
def test_code_behind_an_option(words: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert places(words) == found


def test_the_folder_that_a_program_works_in() -> None:
    code = "subprocess.run(['make'], cwd='web')"
    assert coded("python", code, ("python", "-")) == ("web/.",)
    assert coded("python", code.replace("'make'", "'/usr/bin/x'"), ()) == ("/usr/bin/x",)


def test_what_code_starts_are_commands_of_the_script() -> None:
    text = "import subprocess\nsubprocess.run(['sudo', 'npm', 'i', '-g', 'x'])\nos.system('a | b')"
    found = shell.commands(Text(text, ((0, NOWHERE),)), "python")
    assert [command.words for command in found] == [("npm", "i", "-g", "x"), ("a",), ("b",)]


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("python", "subprocess.check_call(['pip', 'install', 'tox'])", "tox"),
        ("javascript", "await execFileAsync('npx', ['--yes', 'tool', ...args])", "tool"),
        ("javascript", "execSync(`npm install -g tool@${version} other`)", "other"),
        ("javascript", "console.log('npm install tool')", ""),
    ],
)
def test_what_code_installs(language: str, code: str, name: str) -> None:
    text = Text(code, ((0, NOWHERE),))
    script = Script(
        text=code, shell=language, commands=shell.commands(text, language), source_text=text
    )
    assert [found.name for found in traffic([script]).installations] == ([name] if name else [])


def test_code_that_runs_what_it_fetches() -> None:
    text = Text("os.system('curl -s https://get.example.org/x | sh')", ((0, NOWHERE),))
    found = shell.commands(text, "python")
    assert [command.remote for command in found] == ["", "https://get.example.org/x"]
