from __future__ import annotations

import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import commandline
import pytest
from commandline import Output

from pipelaw import cli
from pipelaw.cli import COMMANDS, Status, console

ROOT = Path(__file__).parents[1]

DANGEROUS = """\
on: pull_request_target
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
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
    steps:
      - run: echo hello
"""
PLATFORMS = "github, gitlab, drone, woodpecker, dependabot or precommit"
BROKEN = "on: push\njobs: [\n"

RULE = """\
id: no-greeting
title: A job that greets
category: style
severity: {severity}
confidence: high
for: job
when: job.id == "greet"
message: "`{{job.id}}` greets"
why: Nobody reads it.
fix: Do not greet.
examples:
  github:
    bad: |
      on: push
      jobs:
        greet:  # finding
          runs-on: ubuntu-24.04
    good: |
      on: push
      jobs:
        {good}:
          runs-on: ubuntu-24.04
"""


class Shell(commandline.Shell):
    def rule(self, severity: str = "low", good: str = "work", name: str = "no-greeting") -> str:
        self.write(RULE.format(severity=severity, good=good), f"own/{name}.yaml")
        return "--rules=own"


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "PIPELAW_DEBUG", "GITHUB_SHA", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Shell(tmp_path, capsys)


def process(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipelaw", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings},
    )


ONLY = ("--rule", "no-greeting")


def test_exit_codes(shell: Shell) -> None:
    own = shell.rule("low")
    shell.write(HARMLESS)
    judge = ("scan", own, *ONLY)
    assert shell(*judge).status == Status.CLEAN
    assert shell(*judge, "--fail-on", "low").status == Status.FOUND
    assert shell(*judge, "--fail-on", "info").status == Status.FOUND
    assert shell(*judge, "--fail-on", "never").status == Status.CLEAN
    shell.write(BROKEN, ".gitlab-ci.yml")
    assert shell(*judge).status == Status.INCOMPLETE
    assert shell(*judge, "--fail-on", "never").status == Status.INCOMPLETE
    assert shell(*judge, "--fail-on", "low").status == Status.FOUND
    assert shell("scan", "nowhere").status == Status.ERROR


def test_the_default_is_a_text_for_people(shell: Shell) -> None:
    shell.write(DANGEROUS)
    result = shell("scan")
    assert result.status == Status.FOUND
    assert ".github/workflows/ci.yml" in result.out
    assert "script-injection" in result.out
    assert "\x1b[" not in result.out
    assert not result.err


def test_reports_go_where_they_are_sent(shell: Shell) -> None:
    shell.write(DANGEROUS)
    result = shell("scan", "--format=sarif=a.sarif", "--format=json", "--format=text=b.txt")
    assert json.loads(result.out)["version"] == 1
    assert json.loads((shell.folder / "a.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert "script-injection" in (shell.folder / "b.txt").read_text("utf-8")


def test_standard_output_can_be_named(shell: Shell) -> None:
    shell.write(DANGEROUS)
    result = shell("scan", "--format=json=-", "--format=text=b.txt")
    assert json.loads(result.out)["version"] == 1
    assert sorted(path.name for path in shell.folder.iterdir()) == [".github", "b.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_read_where_somebody_says_what_it_holds(shell: Shell) -> None:
    own = shell.rule("high")
    os.mkfifo(shell.folder / "pipe")
    result = shell("scan", "pipe")
    assert result.status == Status.INCOMPLETE
    assert "  pipe:1:1: not a file: a pipe or device is read where --as says" in result.out
    assert not result.err
    with subprocess.Popen(["sh", "-c", 'printf "%s" "$1" > pipe', "sh", HARMLESS]) as writer:
        result = shell("scan", "pipe", "--as=github", own, *ONLY, "--format=json")
    assert writer.returncode == 0
    [finding] = json.loads(result.out)["findings"]
    assert (finding["path"], finding["rule"], finding["line"]) == ("pipe", "no-greeting", 6)
    with subprocess.Popen(["sh", "-c", "yes > pipe 2>&-"]):
        result = shell("scan", "pipe", "--as=github")
    assert result.status == Status.INCOMPLETE
    assert "pipe:1:1: larger than 5 MB, not read" in result.out


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="there is no /dev/stdin")
def test_standard_input_by_its_device(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_text(BROKEN)
    for cwd in (tmp_path, ROOT):
        with path.open() as given:
            result = subprocess.run(
                [sys.executable, "-m", "pipelaw", "scan", "/dev/stdin", "--as=github"],
                cwd=cwd,
                check=False,
                stdin=given,
                capture_output=True,
                env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            )
        assert result.returncode == Status.INCOMPLETE, result
        assert b"odd:3:1: " in result.stdout


def test_quiet_says_only_what_was_asked_for(shell: Shell) -> None:
    shell.write(DANGEROUS)
    assert shell("scan", "--quiet") == Output(Status.FOUND, "", "")
    assert shell("scan", "--quiet", "--format=json").out.startswith("{")
    assert shell("scan", "--quiet", "own") == Output(
        Status.ERROR, "", "error: own: no such file or folder\n"
    )


def test_nothing_to_scan_is_said(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    result = shell("scan", "empty")
    assert result.status == Status.CLEAN
    assert result.err == "note: no pipelines found in empty\n"
    assert shell("scan", "--quiet", "empty").err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("scan --format=yaml", "there is no format `yaml`"),
        ("scan --format=sarf=x", "did you mean `sarif`?"),
        ("scan --format=sarif=", "lacks the file's name"),
        ("scan --format=json --format=text", "only one report fits on standard output"),
        (
            "scan --format=json=no/such/place.json",
            "no/such/place.json: cannot be written: no/such is not there: make that folder first",
        ),
        ("scan --format=json=odd.yml/x", "odd.yml/x: cannot be written: odd.yml is no folder"),
        ("scan --format=json=empty", "empty: cannot be written: it is a folder, name a file in it"),
        ("baseline --output=no/x", "no/x: cannot be written: no is not there: make that folder"),
        ("scan --fail-on=severe", "'severe' is not one of"),
        ("scan --rule=script-injektion", "did you mean `script-injection`?"),
        ("scan --skip=nothing-like-it", "there is no rule `nothing-like-it`"),
        ("scan --rules=nowhere", "nowhere"),
        ("scan --rules=empty", "empty: there is no rule in this folder"),
        ("rules --rules=empty", "empty: there is no rule in this folder"),
        ("scan --rules=", "--rules has no value: is a variable not set?"),
        ("scan --rule=docker-socket --skip=docker-socket", "there is no rule to judge by"),
        ("scan --format=json=x --format=sarif=./x", "two reports cannot go to one file"),
        ("scan --format=json=- --format=text", "only one report fits on standard output"),
        ("scan nowhere.yml", "nowhere.yml: no such file or folder"),
        ("scan odd.yml", f"odd.yml: its name tells no platform; say --as {PLATFORMS}"),
        ("scan -", "standard input needs --as"),
        ("scan --jobs=-1", "--jobs"),
        ("scan --formt=json", "--formt"),
        ("explain script-injektion", "did you mean `script-injection`?"),
        ("explain", "missing argument 'RULE' (see pipelaw explain --help)"),
        ("model .", ".: name one file, not a folder"),
        ("model odd.yml", f"odd.yml: its name tells no platform; say --as {PLATFORMS}"),
        ("model -", "standard input needs --as, to say whose pipeline it is"),
        ("test empty", "empty: there is no rule in this folder"),
        ("scna", "there is no command `scna`; did you mean `scan`?"),
        ("check", "there is no command `check`; there are scan, baseline, "),
        ("--skan", "no such option '--skan'"),
        (
            "explain nothing-like-it",
            "there is no rule `nothing-like-it`; `pipelaw rules` lists them",
        ),
        (
            "scan --policy=pipelaw:strickt",
            "there is no profile `pipelaw:strickt`; did you mean `pip",
        ),
        ("scan --since=", "--since has no value: is a variable not set?"),
        ("scan --baseline=", "--baseline has no value: is a variable not set?"),
        ("test nowhere.yaml", "nowhere.yaml: no such file or folder"),
    ],
)
def test_errors_are_one_line(shell: Shell, arguments: str, message: str) -> None:
    shell.write(HARMLESS)
    shell.write(HARMLESS, "odd.yml")
    shell.write(BROKEN, ".gitlab-ci.yml")
    (shell.folder / "empty").mkdir()
    result = shell(*arguments.split())
    assert result.status == Status.ERROR
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert message in result.err


@pytest.mark.parametrize("option", ["", "--rules=", "--policy=", "--baseline=", "--format=json="])
def test_names_that_are_given_play_no_tricks(shell: Shell, option: str) -> None:
    shell.write(HARMLESS)
    result = shell("scan", f"{option}no/\x1b[31mplace\nerror: \u202ex")
    assert result.status == Status.ERROR
    assert "no/\\x1b[31mplace" in result.err
    assert result.err.count("\n") == 1
    assert result.err[:-1].isprintable()


def test_a_wrong_rule_is_shown_where_it_is_wrong(shell: Shell) -> None:
    shell.write(
        RULE.format(severity="low", good="x").replace("job.id ==", "job.idd =="), "own/a.yaml"
    )
    shell.write(RULE.format(severity="lov", good="x"), "own/no-greeting.yaml")
    result = shell("scan", "--rules=own")
    assert result.status == Status.ERROR
    lines = result.err.splitlines()
    assert [line for line in lines if line.startswith("error: own/a.yaml:")]
    assert [line for line in lines if line.startswith("error: own/no-greeting.yaml:4:11: ")]
    assert all(line.startswith(("error: ", "    ")) for line in lines)


def test_standard_input(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    own = shell.rule("high")

    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    give(HARMLESS)
    result = shell("scan", "-", "--as=github", own, *ONLY, "--format=json")
    assert result.status == Status.FOUND
    [finding] = json.loads(result.out)["findings"]
    assert (finding["rule"], finding["line"]) == ("no-greeting", 6)
    give(BROKEN)
    assert shell("scan", "-", "--as=gitlab").status == Status.INCOMPLETE
    give(HARMLESS)
    assert json.loads(shell("model", "-", "--as=github").out)["pipelines"]


def test_a_file_whose_place_does_not_tell(shell: Shell) -> None:
    own = shell.rule("high")
    shell.write(HARMLESS, "odd.yml")
    assert shell("scan", "odd.yml", "--as=github", own, *ONLY).status == Status.FOUND


def test_own_rules_stand_beside_the_shipped_ones(shell: Shell) -> None:
    own = shell.rule()
    assert re.search(
        r"^no-greeting +low +A job that greets$", shell("rules", own).out, re.MULTILINE
    )
    listed = json.loads(shell("rules", own, "--format=json").out)
    by_id = {rule["id"]: rule for rule in listed}
    assert by_id["no-greeting"]["severities"] == ["low"]
    assert {path.stem for path in (ROOT / "rules").glob("*.yaml")} == by_id.keys() - {"no-greeting"}
    assert "script-injection" in shell("rules").out
    assert "no-greeting" not in shell("rules").out


def test_skipped_rules_do_not_judge(shell: Shell) -> None:
    own = shell.rule("high")
    shell.write(HARMLESS)
    found = json.loads(shell("scan", own, "--skip=no-greeting", "--format=json").out)["findings"]
    assert "no-greeting" not in {finding["rule"] for finding in found}


def test_explain(shell: Shell) -> None:
    own = shell.rule()
    page = shell("explain", "no-greeting", own)
    assert page.status == Status.CLEAN
    assert page.out.startswith("# A job that greets\n")
    assert "Do not greet." in page.out


def test_the_examples_of_rules_are_run(shell: Shell) -> None:
    shell.rule()
    fine = shell("test", "own")
    assert fine == Output(Status.CLEAN, "1 of 1 rules do what their examples say\n", "")
    shell.rule(good="greet")
    wrong = shell("test", "own/no-greeting.yaml")
    assert wrong.status == Status.FOUND
    first, last = wrong.out.splitlines()
    assert re.match(r"own/no-greeting\.yaml:\d+:1: the good github example is reported, ", first)
    assert last == "0 of 1 rules do what their examples say"
    shell.rule(name="another-name")
    wrong = shell("test", "own/another-name.yaml")
    assert wrong.status == Status.FOUND
    assert wrong.out.startswith("own/another-name.yaml:1:5: ")
    assert shell("test", "own/nowhere.yaml").status == Status.ERROR


def test_the_model_of_a_file(shell: Shell) -> None:
    shell.write(DANGEROUS)
    result = shell("model", ".github/workflows/ci.yml")
    assert result.status == Status.CLEAN
    [pipeline] = json.loads(result.out)["pipelines"]
    assert pipeline["platform"] == "github"
    [job] = pipeline["jobs"]
    assert job["privileged"] is True
    assert job["place"]["path"] == ".github/workflows/ci.yml"
    assert job["place"]["line"] == 4
    assert job["steps"][0]["scripts"][0]["text"].startswith("echo")
    shell.write("on: push\njobs: text\n")
    result = shell("model", ".github/workflows/ci.yml")
    assert result.status == Status.INCOMPLETE
    assert json.loads(result.out)["problems"]


@pytest.mark.parametrize("file", [".gitlab-ci.yml", "-"])
def test_the_model_of_a_file_that_cannot_be_read(
    shell: Shell, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write(BROKEN, ".gitlab-ci.yml")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))
    result = shell("model", file, "--as=gitlab")
    assert (result.status, result.err) == (Status.INCOMPLETE, "")
    found = json.loads(result.out)
    [problem] = found.pop("problems")
    assert found == {"pipelines": [], "unresolved": []}
    assert (problem["line"], problem["message"][:14]) == (3, "not valid YAML")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_the_model_of_a_pipe(shell: Shell) -> None:
    os.mkfifo(shell.folder / "pipe")
    assert "pipe needs --as, to say whose pipeline it is" in shell("model", "pipe").err
    with subprocess.Popen(["sh", "-c", 'printf "%s" "$1" > pipe', "sh", HARMLESS]):
        result = shell("model", "pipe", "--as=github")
    assert result.status == Status.CLEAN
    assert json.loads(result.out)["pipelines"][0]["path"] == "pipe"


def test_the_model_of_several_repositories(shell: Shell) -> None:
    for name in ("a", "b"):
        shell.write(HARMLESS, f"{name}/.github/workflows/ci.yml")
        (shell.folder / name / ".git").mkdir()
    assert shell("model", ".").err == "error: .: name one file, not a folder\n"


def test_the_vocabulary(shell: Shell) -> None:
    from pipelaw import cel, model
    from pipelaw.vocabulary import vocabulary

    page = shell("model").out
    assert re.search(r"^job: A unit of work", page, re.MULTILINE)
    assert re.search(r"^    steps +list of steps$", page, re.MULTILINE)
    assert re.search(r"^    privileged +bool +It holds secrets", page, re.MULTILINE)
    kinds = vocabulary()
    assert [kind.name for kind in kinds] == list(model.KINDS)
    for kind in kinds:
        visible = {name for name, type_ in cel.fields(model.KINDS[kind.name]).items()}
        assert {field.name for field in kind.fields} <= visible
        assert kind.text


def test_help(shell: Shell) -> None:
    result = shell()
    assert result.status == Status.ERROR
    assert result.out == shell("--help").out == shell("-h").out
    for name, text in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text[:40])}", result.out, re.MULTILINE)
        own = shell(name, "--help")
        assert own.status == Status.CLEAN
        assert " ".join(text.split()) in " ".join(own.out.split())
    assert shell("policy") == Output(Status.ERROR, shell("policy", "--help").out, "")
    version = shell("--version")
    assert re.fullmatch(r"pipelaw \d+\.\d+\.\d+\n", version.out)
    assert version.status == Status.CLEAN


def test_a_bug_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = importlib.import_module("pipelaw.cli.rules")
    monkeypatch.setattr(rules, "_table", None)
    result = shell("rules")
    assert result.status == Status.ERROR
    pattern = r"error: this is a bug in pipelaw in pipelaw\.cli\.rules, line \d+: TypeError: .*\n"
    assert re.fullmatch(pattern, result.err)
    monkeypatch.setenv("PIPELAW_DEBUG", "1")
    with pytest.raises(TypeError):
        shell("rules")


def test_interrupted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("pipelaw.cli.rules"), "load", interrupt)
    result = shell("rules")
    assert result.status == Status.INTERRUPTED
    assert "Traceback" not in result.err


INTERRUPTIBLE = """
import signal
from pipelaw.__main__ import run

# tests that a shell runs in the background begin with it ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
run()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one process")
def test_ctrl_c_ends_a_process_quietly(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "scan", "-", "--as=github"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as running:
        assert running.stdin is not None
        # more than a pipe holds: this returns when the command reads its input
        running.stdin.write(b"#" * 1_000_000)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
    assert running.returncode == Status.INTERRUPTED
    assert b"Traceback" not in err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    work = tmp_path / ".github" / "workflows"
    work.mkdir(parents=True)
    for number in range(40):
        (work / f"{number}.yml").write_text(DANGEROUS)
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "pipelaw", "scan"],
            cwd=tmp_path,
            check=False,
            stdout=write,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
    finally:
        os.close(write)
    assert result.stderr == b""
    assert result.returncode == Status.FOUND


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_report_that_cannot_be_written_costs_none_of_the_others(shell: Shell) -> None:
    shell.write(DANGEROUS)
    result = shell("scan", "--format=json=/dev/full", "--format=sarif=x", "--format=text")
    assert result.status == Status.ERROR
    assert result.err == "error: /dev/full: cannot be written: No space left on device\n"
    assert "looked at 1 repository" in result.out
    assert json.loads((shell.folder / "x").read_text())["version"] == "2.1.0"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no /dev/stdout")
def test_a_reader_of_a_file_may_go_away(shell: Shell) -> None:
    shell.write(DANGEROUS)
    command = f"{sys.executable} -m pipelaw scan --format html=/dev/stdout | head -c 1"
    result = subprocess.run(
        ["sh", "-c", command],
        cwd=shell.folder,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert result.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("a: {script: make}\n")
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "pipelaw", "scan"],
            cwd=tmp_path,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
    said = "error: standard output cannot be written: No space left on device\n"
    assert (result.returncode, result.stderr.decode()) == (Status.ERROR, said)


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize(
    ("closed", "arguments", "status"),
    [
        (">&-", "scan", Status.FOUND),
        ("2>&-", "scan", Status.FOUND),
        (">&- 2>&-", "scan nowhere", Status.ERROR),
        ("<&-", "scan - --as github", Status.CLEAN),
        ("<&-", "model - --as github", Status.CLEAN),
    ],
)
def test_a_closed_stream_is_no_error(
    tmp_path: Path, closed: str, arguments: str, status: int
) -> None:
    work = tmp_path / ".github" / "workflows"
    work.mkdir(parents=True)
    (work / "ci.yml").write_text(DANGEROUS)
    result = subprocess.run(
        ["sh", "-c", f'"$0" -m pipelaw {arguments} {closed}', sys.executable],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert (result.returncode, result.stderr) == (status, b"")


@pytest.mark.skipif(os.name != "posix", reason="such a folder cannot be removed elsewhere")
def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    result = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && "$0" -m pipelaw scan', sys.executable],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    said = b"error: the current folder is not there any more: go to one that is\n"
    assert (result.returncode, result.stderr) == (Status.ERROR, said)


def test_odd_characters_end_no_run(tmp_path: Path) -> None:
    work = tmp_path / ".github" / "workflows"
    work.mkdir(parents=True)
    (work / "ci.yml").write_text(DANGEROUS.replace("echo", "echo ✓ 日本"), "utf-8")
    poor = process("scan", "--format=json", cwd=tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert poor.returncode == Status.FOUND
    assert json.loads(poor.stdout.decode("utf-8"))["findings"]
    shown = process("scan", cwd=tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert shown.returncode == Status.FOUND
    assert shown.stderr == b""


@pytest.mark.parametrize(
    ("choice", "settings", "colored"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    choice: str,
    settings: dict[str, str],
    colored: bool,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    shell.write(DANGEROUS)
    result = shell("scan", f"--color={choice}", "--format=text", "--format=markdown=report.md")
    assert ("\x1b[" in result.out) == colored
    assert "\x1b[" not in (shell.folder / "report.md").read_text("utf-8")


def drawn(master: int) -> str:
    """Everything that was written to a terminal which nobody writes to any more."""
    pieces = []
    with suppress(OSError):  # the end, as Linux tells it
        while piece := os.read(master, 1_000):
            pieces.append(piece)
    return b"".join(pieces).decode()


@pytest.mark.usefixtures("shell")
def test_a_terminal_has_colours_and_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setenv("TERM", "xterm")
        assert console.colored("auto")
        monkeypatch.setenv("TERM", "dumb")
        assert not console.colored("auto")
        assert console.width() == console.room() == 80
        monkeypatch.setenv("COLUMNS", "132")
        assert console.width() == console.room() == 132
        monkeypatch.setattr(sys, "stderr", terminal)
        progress = console.Progress(quiet=False)
        progress(100, 1_000)
        progress.clear()
        console.Progress(quiet=True)(1, 1_000)
        console.Progress(quiet=False)(1, 2)
    monkeypatch.undo()
    with os.fdopen(master, "rb"):
        shown = drawn(master)
    assert shown.startswith("\r\r100 of 1,000 files\r")
    assert shown.rstrip("\r").endswith(" " * len("100 of 1,000 files"))


def test_without_a_terminal_there_is_no_progress(shell: Shell) -> None:
    assert (console.width(), console.room()) == (80, 0)
    progress = console.Progress(quiet=False)
    progress(1, 1_000)
    progress.clear()
    assert shell("rules").err == ""


def test_links_are_known_in_a_github_job(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_REPOSITORY": "owner/shop",
        "GITHUB_SHA": "abc123",
        "GITHUB_WORKSPACE": str(shell.folder),
    }
    assert console.links() == ""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert console.links() == "https://git.example/owner/shop/blob/abc123"
    monkeypatch.chdir("/")
    assert console.links() == ""


def test_a_command_imports_nothing_that_it_does_not_use() -> None:
    script = (
        "import sys; from pipelaw.cli import main; main(['--help']);"
        "print(sorted(name for name in sys.modules if name.startswith(('pipelaw.', 'yaml', 'tree_s'))),"
        " file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    needed = ["cli", "collector", "errors", "patterns", "prepared"]
    assert result.stderr.strip() == str([f"pipelaw.{name}" for name in needed])


def test_every_command_is_a_module() -> None:
    for name, text in COMMANDS.items():
        command = importlib.import_module(f"{cli.__name__}.{name}").command
        assert (command.help or "").startswith(text)
