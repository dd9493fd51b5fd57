"""Foreign text in scripts of PowerShell and Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelaw.facts import powershell_taint, python_taint
from pipelaw.facts.python_taint import Sources
from pipelaw.facts.script_taint import LONGEST, closing
from pipelaw.facts.taint import Taint

if TYPE_CHECKING:
    from pipelaw.words import Store

FILES: dict[str, Store] = {"GITHUB_ENV": "environment file", "GITHUB_OUTPUT": "outputs"}
TAINTED = {"title": Taint("an outsider", "text", outsider=True)}


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("Invoke-Expression $env:TITLE", ["Invoke-Expression $env:TITLE"]),
        ("$env:title | iex", ["$env:title | iex"]),
        ("$x = $env:TITLE\n$y = 'a ' + $x\niex $y", ["iex $y"]),
        ("& $env:TITLE", ["& $env:TITLE"]),
        ("if ($a) { & $env:TITLE }", ["{ & $env:TITLE"]),
        ("& ./label.ps1 -Text $env:TITLE", []),
        ("[ScriptBlock]::Create($env:TITLE)", ["[ScriptBlock]::Create($env:TITLE)"]),
        ('cmd /c "echo $env:TITLE"', ['cmd /c "echo $env:TITLE"']),
        ("cmd /c 'echo $env:TITLE'", []),
        ("Start-Process $env:TITLE", ["Start-Process $env:TITLE"]),
        ("# iex $env:TITLE", []),
        ("$n = $env:TITLE.Length\niex $n", []),
        ("$yes = $env:TITLE -match 'x'\niex $yes", []),
        ("$t = $env:TITLE -replace '[^a-z]', ''\niex $t", []),
        ("iex $env:OTHER", []),
        ("Invoke-WebRequest -OutFile x -Uri $env:TITLE", ["$env:TITLE"]),
        ("$u = $env:TITLE\nirm $u", ["$u"]),
        ('irm "https://example.org/$env:TITLE"', []),
        ("irm https://example.org -Body $env:TITLE", []),
        ("Write-Host $env:TITLE", []),
    ],
)
def test_what_powershell_runs(code: str, runs: list[str]) -> None:
    assert [code[run.start : run.end] for run in powershell_taint.runs(code, TAINTED, {})] == runs


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("os.system('x ' + os.environ['TITLE'])", ["script"]),
        ("t = os.getenv('TITLE')\nos.popen(f'x {t}')", ["script"]),
        ("t = os.getenv('TITLE')\nos.popen('x t')", []),
        ("t = os.environ.get('TITLE', '')\neval(t)", ["script"]),
        ("t = os.environ['TITLE']\nsubprocess.run(f'x {t}', shell=True)", ["script"]),
        ("t = os.environ['TITLE']\nsubprocess.getoutput(f'x {t}')", ["script"]),
        ("t = os.environ['TITLE']\nsubprocess.run(['bash', '-c', t])", ["script"]),
        ("t = os.environ['TITLE']\nsubprocess.run(['x', t])", []),
        ("subprocess.run(['bash', '-c', 'echo \"$TITLE\"'])", []),
        ("t = shlex.quote(os.environ['TITLE'])\nos.system(t)", []),
        ("t = int(os.environ['TITLE'])\nos.system(f'x {t}')", []),
        ("# os.system(os.environ['TITLE'])", []),
        ("print(os.environ['TITLE'])", []),
        (
            "t = os.environ['TITLE']\nopen(os.environ['GITHUB_ENV'], 'a').write(f'A={t}')",
            ["environment file"],
        ),
        (
            "t = os.environ['TITLE']\nf = open(os.environ['GITHUB_OUTPUT'])\nf.write(f'A={t}')",
            ["outputs"],
        ),
        ("t = os.environ['TITLE']\nf.write(f'A={t}')", []),
        ("t = os.environ['TITLE']\nf = os.environ['GITHUB_ENV']\nprint(t)", []),
    ],
)
def test_what_python_does_with_a_text(code: str, runs: list[str]) -> None:
    assert [run.kind for run in python_taint.runs(code, TAINTED, FILES, Sources())] == runs


def test_a_written_name_is_kept() -> None:
    code = "t = os.environ['TITLE']\nf = open(os.environ['GITHUB_OUTPUT'])\nf.write(f'A={t}')"
    assert [run.name for run in python_taint.runs(code, TAINTED, FILES, Sources())] == ["A"]


@pytest.mark.parametrize(
    ("end", "charset"), [("{d}", "line"), ("' + d + f'", "line"), ("EOF", "text")]
)
@pytest.mark.parametrize(
    "write", ["f.write(f'A<<END\\n{t}\\nEND\\n')", "f.write(f'A<<END\\n')\nf.write(t)"]
)
def test_a_value_of_several_lines(write: str, end: str, charset: str) -> None:
    code = "t = os.environ['TITLE']\nf = open(os.environ['GITHUB_ENV'])\n"
    found = [*python_taint.runs(code + write.replace("END", end), TAINTED, FILES, Sources())]
    assert [(run.name, run.taint.charset) for run in found] == [("A", charset)]


@pytest.mark.parametrize(
    ("code", "whole", "argument"),
    [
        ("f(a(b), c)", True, "a(b), c"),
        ("f(a(b), c)", False, "a(b)"),
        ("f(a", True, "a"),
        ("f(" + "a" * 5000, True, "a" * LONGEST),
    ],
)
def test_where_arguments_end(code: str, whole: bool, argument: str) -> None:
    assert code[2 : closing(code, 2, whole=whole)] == argument
