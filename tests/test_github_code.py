"""What an outsider's text does in code of PowerShell, Python and JavaScript, also inside another script."""

from __future__ import annotations

from textwrap import indent

import pytest
from samples import pipeline

TOP = "on: issue_comment\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
ENV = "env: {B: '${{ github.event.comment.body }}'}"


def sinks(code: str, shell: str, env: str = ENV) -> list[tuple[str, str]]:
    """What becomes of the text, and the first word of the command that does it."""
    step = f"      - shell: {shell}\n        {env}\n        run: |\n{indent(code, ' ' * 10)}\n"
    [found] = pipeline("github", TOP + step).jobs[0].steps
    return [(one.sink, one.text) for one in found.expansions if one.sink != "environment"]


PYTHON = """\
import json, os, pathlib, subprocess
with open(os.environ["GITHUB_EVENT_PATH"]) as file:
    event = json.load(file)
comment = event.get("comment", {})
"""
SET = """\
def put(name, value):
    with open(os.environ["GITHUB_ENV"], "a") as file:
        file.write(f"{name}={value}\\n")
"""
CHECKED = SET.replace(
    "    with",
    '    if not re.fullmatch(r"[a-z0-9.]+", value):\n        raise SystemExit(1)\n    with',
)
OUT = 'out = open(os.environ["GITHUB_OUTPUT"], "a")\n'


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('open(os.environ["GITHUB_ENV"], "a").write("A=" + os.environ["B"])', ["environment file"]),
        (
            'f = open(os.environ["GITHUB_ENV"], "a")\nf.writelines(["A=", os.getenv("B")])',
            ["environment file"],
        ),
        ('pathlib.Path(os.environ["GITHUB_PATH"]).write_text(os.environ["B"])', ["search path"]),
        ('open(os.environ["GITHUB_ENV"], "a").write("A=" + comment["id"])', []),
        ('open(os.environ["GITHUB_ENV"], "a").write("A=" + comment["body"])', ["environment file"]),
        ('body = comment.get("body")\nsubprocess.run("echo " + body, shell=True)', ["script"]),
        ('body = event["comment"]["body"]\nos.system(f"echo {body}")', ["script"]),
        ("os.system(f\"echo {event['comment']['body']}\")", ["script"]),
        ("os.system(f\"echo {event['comment']['id']}\")", []),
        ('os.system("cat " + os.environ["GITHUB_EVENT_PATH"])', []),
        (f'{OUT}out.write("ok=no\\n")\nout.write("text=" + os.environ["B"])', ["outputs"]),
        (f'{OUT}out.write("text=" + os.environ["B"])\nout.write("ok=no\\n")', []),
        (f'{OUT}out.write("text=a\\n")\nout.write("text=" + os.environ["B"])', []),
        (f'{SET}put("a", os.environ["B"])', ["environment file"]),
        (f'{SET}put("a", "b")', []),
        (
            f'{SET}b = os.environ["B"]\nif not b.isdigit():\n    raise SystemExit(1)\nput("a", b)',
            [],
        ),
        (f'{CHECKED}put("a", os.environ["B"])', []),
        (f'{CHECKED.replace("[a-z0-9.]+", ".+")}put("a", os.environ["B"])', ["environment file"]),
        (f'{CHECKED.replace("full", "")}put("a", os.environ["B"])', ["environment file"]),
    ],
)
def test_python(code: str, found: list[str]) -> None:
    whole = PYTHON + code
    assert [sink for sink, _ in sinks(whole, "python")] == found
    inside = sinks(f"python3 - <<'PY'\n{whole}\nPY", "bash")
    assert [sink for sink, _ in inside] == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (
            """python3 -c 'import os; open(os.environ["GITHUB_ENV"], "a").write("A=" + os.environ["B"])'""",
            [("environment file", '.write("A=" + os.environ["B"])')],
        ),
        (
            """python3 -c "import os; open(os.environ['GITHUB_ENV'], 'a').write('A=' + os.environ['B'])\"""",
            [("environment file", ".write('A=' + os.environ['B'])")],
        ),
        (
            """node -e 'require("fs").appendFileSync(process.env.GITHUB_ENV, "A=" + process.env.B)'""",
            [("environment file", 'appendFileSync(process.env.GITHUB_ENV, "A=" + process.env.B)')],
        ),
        ("""python3 -c 'import os; print(os.environ["B"])' > "$GITHUB_STEP_SUMMARY\"""", []),
    ],
)
def test_code_among_the_words_of_a_command(code: str, found: list[tuple[str, str]]) -> None:
    assert sinks(code, "bash") == found


READ = "$e = Get-Content $env:GITHUB_EVENT_PATH -Raw | ConvertFrom-Json\n"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (READ + "Invoke-Expression $e.comment.body", ["script"]),
        (READ + "$text = $e.comment.body\niex $text", ["script"]),
        (READ + 'iex "gh pr view $($e.issue.number)"', []),
        (READ + '"A=$($e.comment.body)" >> $env:GITHUB_ENV', ["environment file"]),
        ('"ok=no" >> $env:GITHUB_OUTPUT\n"text=$env:B" >> $env:GITHUB_OUTPUT', ["outputs"]),
        ('"text=$env:B" >> $env:GITHUB_OUTPUT\n"ok=no" >> $env:GITHUB_OUTPUT', []),
    ],
)
def test_powershell(code: str, found: list[str]) -> None:
    assert [sink for sink, _ in sinks(code, "pwsh")] == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("$log = gh pr view 1 --json body --jq .body | Out-String", ["environment file"]),
        ("$log = (gh pr view 1 --json number --jq .number)", []),
        ("$log = Get-Date", []),
    ],
)
def test_what_powershell_is_answered(code: str, found: list[str]) -> None:
    written = f'{code}\nAdd-Content $env:GITHUB_ENV "LOG=$log"'
    assert [sink for sink, _ in sinks(written, "pwsh")] == found


JSON = "${{ toJSON(github.event.comment.body) }}"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (f"body = {JSON}\nprint(len(body))", []),
        (f"body = {JSON}\nos.system('echo ' + body)", ["os.system('echo ' + body)"]),
        (f"body = '{JSON}'", [JSON]),
        (f'body = """\n{JSON}\n"""', [JSON]),
    ],
)
def test_json_in_python_is_data_unless_quotes_stand_around_it(code: str, found: list[str]) -> None:
    step = f"      - shell: python\n        run: |\n{indent(code, ' ' * 10)}\n"
    [one] = pipeline("github", TOP + step).jobs[0].steps
    assert [each.text for each in one.expansions if each.attacker_controlled] == found


def test_javascript_that_reads_the_file_of_the_event() -> None:
    script = (
        "const e = JSON.parse(require('fs').readFileSync(process.env.GITHUB_EVENT_PATH));\n"
        "require('child_process').execSync('echo ' + e.comment.id);\n"
        "require('child_process').execSync('echo ' + e.comment.body);\n"
    )
    step = "      - uses: actions/github-script@v8\n        with:\n          script: |\n"
    [found] = pipeline("github", TOP + step + indent(script, " " * 12)).jobs[0].steps
    assert [(one.sink, one.place.span().line) for one in found.expansions] == [("script", 11)]


@pytest.mark.parametrize("script", ["open(path, 'a').write(f'text={body}')", "print(1)"])
def test_an_output_that_python_inside_a_script_sets(script: str) -> None:
    code = f"""\
python3 - <<'PY'
import os
path = os.environ['GITHUB_OUTPUT']
body = os.environ['B']
{script}
PY
"""
    step = f"      - id: read\n        {ENV}\n        run: |\n{indent(code, ' ' * 10)}"
    use = "      - run: ./run ${{ steps.read.outputs.text }}\n"
    *_, last = pipeline("github", TOP + step + use).jobs[0].steps
    assert last.expansions[0].attacker_controlled is script.startswith("open")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("ls pr/docs", True),
        ("ls -1 pr", True),
        ("find pr -name '*.md'", True),
        ("ls tools", False),
        ("find . -name '*.md' | wc -l", False),
    ],
)
def test_names_of_an_outsiders_files(command: str, found: bool) -> None:
    steps = f"""\
      - uses: actions/checkout@v4.1.0
        with: {{path: pr, ref: "${{{{ github.event.pull_request.head.sha }}}}"}}
      - id: list
        run: echo "all=$({command})" >> $GITHUB_OUTPUT
      - run: lint ${{{{ steps.list.outputs.all }}}}
"""
    text = TOP.replace("issue_comment", "pull_request_target") + steps
    *_, last = pipeline("github", text).jobs[0].steps
    assert last.expansions[0].attacker_controlled is found
