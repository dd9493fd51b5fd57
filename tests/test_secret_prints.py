from __future__ import annotations

import pytest

from pipelaw.facts.secret_leaks import Held, leaks
from pipelaw.loaders.github_leaks import RUNNER
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text

HELD = {"TOKEN": Held("API")}


def look(text: str, shell: str) -> list[tuple[str, str, bool]]:
    script = Script(text=text, shell=shell, source_text=Text(text, ((0, NOWHERE),)))
    found, _ = leaks(script, HELD, runner=RUNNER, pasted=True)
    return [(leak.by, leak.secret, leak.derived) for leak in found]


@pytest.mark.parametrize(
    ("text", "by", "derived"),
    [
        ('print(os.environ["TOKEN"])', "print", False),
        ("print('token', os.environ.get('TOKEN', ''), flush=True)", "print", False),
        ("print('token: ' + os.getenv('TOKEN'))", "print", False),
        ("print(f\"token {os.environ['TOKEN']!r}\")", "print", False),
        ("print('token %s' % os.environ['TOKEN'])", "print", False),
        ("print('token {}'.format(os.environ['TOKEN']))", "print", False),
        ("token = os.environ['TOKEN'].strip()\nprint(token)", "print", False),
        ("logger.info(str(os.environ['TOKEN']))", "logger.info", False),
        ("sys.stderr.write(os.environ['TOKEN'])", "sys.stderr.write", False),
        ("print(os.environ['TOKEN'], file=sys.stderr)", "print", False),
        ("print(os.environ['TOKEN'][:4])", "print", True),
        ("print(base64.b64encode(os.environ['TOKEN'].encode()).decode())", "print", True),
        ("key = json.loads(os.environ['TOKEN'])\nprint(key['id'])", "print", True),
        ('print("${{ secrets.API }}")', "print", False),
        ("print({'token': os.environ['TOKEN'], 'a': 1})", "print", False),
    ],
)
def test_what_python_prints(text: str, by: str, *, derived: bool) -> None:
    assert look(text, "python") == [(by, "API", derived)]


@pytest.mark.parametrize(
    ("text", "by", "derived"),
    [
        ("console.log(process.env.TOKEN);", "console.log", False),
        ("core.info(`token ${process.env['TOKEN']}`)", "core.info", False),
        ("core.notice('token ' + (process.env.OTHER, process.env.TOKEN))", "", False),
        (
            "const { TOKEN: token } = process.env;\nconsole.log('token', token)",
            "console.log",
            False,
        ),
        ("console.log(process.env.TOKEN ?? 'none')", "console.log", False),
        ("const key = JSON.parse(process.env.TOKEN).key;\ncore.info(key)", "core.info", True),
        ("console.log(Buffer.from(process.env.TOKEN).toString('hex'))", "console.log", True),
        ("console.log(process.env.TOKEN.slice(0, 4))", "console.log", True),
        ("core.info('${{ secrets.API }}')", "core.info", False),
        ("console.log({ url, token: process.env.TOKEN })", "console.log", False),
        ("core.info(JSON.stringify([process.env.TOKEN]))", "core.info", False),
    ],
)
def test_what_javascript_prints(text: str, by: str, *, derived: bool) -> None:
    assert look(text, "javascript") == ([(by, "API", derived)] if by else [])


@pytest.mark.parametrize(
    ("text", "shell"),
    [
        ("print(len(os.environ['TOKEN']))", "python"),
        ("print('set' if os.environ.get('TOKEN') else 'not set')", "python"),
        ("print('*' * len(os.environ['TOKEN']))", "python"),
        ("print(os.environ['TOKEN'] == expected)", "python"),
        ("print(os.environ['TOKEN'], file=out)", "python"),
        ("print('::add-mask::' + os.environ['TOKEN'])", "python"),
        ("# print(os.environ['TOKEN'])", "python"),
        ("print('os.environ[TOKEN] is not set')", "python"),
        ("print(get(url, headers={'Authorization': os.environ['TOKEN']}).status_code)", "python"),
        ("print(os.environ['OTHER'])", "python"),
        ("console.log(process.env.TOKEN ? 'set' : 'not set')", "javascript"),
        ("console.log(process.env.TOKEN.length, Boolean(process.env.TOKEN))", "javascript"),
        ("core.setSecret(a);\ncore.info(process.env.TOKEN.slice(4))", "javascript"),
        ("const api = connect(process.env.TOKEN);\nconsole.log(api.name)", "javascript"),
        ("// console.log(process.env.TOKEN)", "javascript"),
        ("k = json.loads(os.environ['TOKEN'])\nprint('::add-mask::' + k)\nprint(k)", "python"),
        ("console.log(process.env.CI)", "javascript"),
        ("puts ENV['TOKEN']", "ruby"),
    ],
)
def test_what_gives_nothing_away(text: str, shell: str) -> None:
    assert look(text, shell) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("python3 -c 'import os; print(os.environ[\"TOKEN\"])'", [("print", "API", False)]),
        ("node -e 'console.log(process.env.TOKEN)'", [("console.log", "API", False)]),
        ("python - <<'EOF'\nprint(os.environ['TOKEN'][:3])\nEOF", [("print", "API", True)]),
        ("python -c 'print(os.environ[\"TOKEN\"])' > key", []),
        ("KEY=$(python -c 'print(os.environ[\"TOKEN\"])')", []),
        ("python -c 'print(os.environ[\"TOKEN\"])' | docker login --password-stdin", []),
    ],
)
def test_code_inside_a_shell(text: str, found: list[tuple[str, str, bool]]) -> None:
    assert look(text, "bash") == found


@pytest.mark.parametrize(
    ("text", "shell"),
    [
        ("print(os.environ)", "python"),
        ("print('all:', dict(os.environ))", "python"),
        ("console.log(process.env)", "javascript"),
        ("for name, value in sorted(os.environ.items()):\n    print(name, value)", "python"),
        (
            "for (const [k, v] of Object.entries(process.env)) console.log(`${k}=${v}`)",
            "javascript",
        ),
        ("console.log(JSON.stringify(process.env, null, 2))", "javascript"),
    ],
)
def test_the_whole_environment(text: str, shell: str) -> None:
    assert [secret for _, secret, _ in look(text, shell)] == ["*"]


def test_nested_calls_take_no_time() -> None:
    assert look("print(" * 5000, "python") == []
    assert look("print(" + "str(" * 5000 + "os.environ['TOKEN']", "python") == []
