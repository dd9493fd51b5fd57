"""What scripts of actions/github-script hand on and run."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree


def sinks(code: str, use: str = "x", on: str = "issue_comment") -> list[tuple[str, str]]:
    """Where a text of an outsider is read as code: in the script, and in one that uses its output."""
    text = (
        f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - id: a\n        uses: actions/github-script@v8\n        with:\n          script: |\n"
        + indent(dedent(code), "            ")
        + f"\n      - run: go ${{{{ steps.a.outputs.{use} }}}}\n"
    )
    found = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({}))
    assert found.problems == ()
    return [
        (e.sink, e.text)
        for step in found.pipelines[0].jobs[0].steps
        for e in step.expansions
        if e.attacker_controlled
    ]


USED = [("script", "${{ steps.a.outputs.x }}")]


@pytest.mark.parametrize(
    "code",
    [
        "const { issue, comment } = context.payload;\ncore.setOutput('x', comment.body);",
        "const t = context.payload.issue.title;\ncore.setOutput('x', `title: ${t}`);",
        "const [, x] = context.payload.comment.body.trim().split(' ');\ncore.setOutput('x', x);",
        "const m = context.payload.comment.body.match(/^go (.+)$/);\ncore.setOutput('x', m[1]);",
        "const { data: pr } = await github.rest.pulls.get({});\ncore.setOutput('x', pr.head.ref);",
        "const pr = await github.rest.pulls.get({});\ncore.setOutput('x', pr.data.title);",
        (
            "const list = await github.paginate(github.rest.pulls.listFiles, {});\n"
            "core.setOutput('x', list.map(one => one.filename).join(' '));"
        ),
        (
            "const { data: all } = await github.rest.issues.listComments({});\n"
            "const last = all[all.length - 1];\ncore.setOutput('x', last.body);"
        ),
        "core.setOutput('x', JSON.stringify(context.payload.comment.body));",
        "core.setOutput('x', context.payload.comment?.body ?? 'none');",
        "const { comment: { body } } = context.payload;\ncore.setOutput('x', body);",
        "const { payload: { comment } } = context;\ncore.setOutput('x', comment.body);",
        "const { user, ...rest } = context.payload.comment;\ncore.setOutput('x', rest.body);",
        "const [, ...x] = context.payload.comment.body.split(' ');\ncore.setOutput('x', x.join());",
        "const [a = '', b = ''] = context.payload.comment.body.split(' ');\ncore.setOutput('x', b);",
        (
            "const { data: { head: { ref } } } = await github.rest.pulls.get({});\n"
            "core.setOutput('x', ref);"
        ),
        (
            "const all = await github.paginate(github.rest.issues.listComments, {});\n"
            "for (const { body } of all) { core.setOutput('x', body); }"
        ),
        (
            "const match = context.payload.comment.body.match(/^go(?:es)? (.+)$/);\n"
            "const [, name] = match;\ncore.setOutput('x', name);"
        ),
    ],
)
def test_an_outsiders_text_leaves_the_script(code: str) -> None:
    assert sinks(code) == USED


@pytest.mark.parametrize(
    "code",
    [
        "const { issue } = context.payload;\ncore.setOutput('x', issue.number);",
        "const body = context.payload.comment.body;\ncore.setOutput('x', body.length);",
        "const body = context.payload.comment.body;\ncore.setOutput('x', body.includes('a') ? 'a' : 'b');",
        "const body = context.payload.comment.body;\ncore.setOutput('x', 'body');",
        "const { comment: { user: { id } } } = context.payload;\ncore.setOutput('x', id);",
        "const { repo: { owner }, sha } = context;\ncore.setOutput('x', owner + sha);",
        "const { data: { head: { sha } } } = await github.rest.pulls.get({});\ncore.setOutput('x', sha);",
        (
            "const { data: all } = await github.rest.pulls.list({});\n"
            "for (const { number } of all) { core.setOutput('x', number); }"
        ),
        (
            "const now = context.payload.comment.body.match(/^go( .+)?$/) ? 'now' : 'later';\n"
            "core.setOutput('x', now);"
        ),
        "const body = context.payload.comment.body;\ncore.setOutput('x', body === '/a');",
        "const m = context.payload.comment.body.match(/^go (\\w+)$/);\ncore.setOutput('x', m[1]);",
        "const m = /^go (\\w+)$/.exec(context.payload.comment.body);\ncore.setOutput('x', m[1]);",
        "const t = context.payload.issue.title.replace(/[^a-z]/g, '');\ncore.setOutput('x', t);",
        "const { data: pr } = await github.rest.pulls.get({});\ncore.setOutput('x', pr.head.sha);",
        (
            "const list = await github.paginate(github.rest.pulls.listFiles, {});\n"
            "core.setOutput('x', list.length);"
        ),
        "const list = await github.rest.pulls.list({});\ncore.setOutput('x', list.data[0].number);",
        "// core.setOutput('x', context.payload.comment.body)\ncore.setOutput('x', 'a');",
        "const { data } = await github.rest.repos.getLatestRelease({});\ncore.setOutput('x', data.tag_name);",
        "core.setOutput('x', context.payload.comment.user.login);",
    ],
)
def test_what_leaves_the_script_is_no_outsiders(code: str) -> None:
    assert sinks(code) == []


def test_outputs_that_a_script_writes_by_itself() -> None:
    code = "fs.appendFileSync(process.env.GITHUB_OUTPUT, `x=${context.payload.comment.body}\\n`);"
    assert sinks(code) == USED
    assert sinks(code.replace("x=", "y=")) == []


def test_elements_of_a_loop_are_followed() -> None:
    code = "let all = '';\nfor (const one of context.payload.commits) { all += one.message; }\n"
    assert sinks(code + "core.setOutput('x', all);", on="push") == USED


def test_what_a_script_returns_is_its_result() -> None:
    assert sinks("return context.payload.comment.body;", "result") == [
        ("script", "${{ steps.a.outputs.result }}")
    ]


BODY = "const body = context.payload.comment.body;\n"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("require('child_process').execSync(`x ${context.payload.comment.body}`);", "script"),
        ("const cp = require('child_process');\n" + BODY + "cp.exec('x ' + body, done);", "script"),
        ("const { exec } = require('child_process');\n" + BODY + "exec(`x ${body}`);", "script"),
        (BODY + "eval(body);", "script"),
        (BODY + "new Function('a', body)();", "script"),
        (BODY + "await exec.exec('bash', ['-c', `x ${body}`]);", "script"),
        ("await exec.exec('sh', ['-c', context.payload.comment.body]);", "script"),
        (BODY + "await exec.exec(`git log ${body}`);", "argument"),
        (BODY + "await exec.exec('git', ['log', '--', body]);", ""),
        (BODY + "require('child_process').execFileSync('git', ['log', body]);", ""),
        (BODY + "require('child_process').execSync('git fetch');\ncore.info(body);", ""),
        (BODY + "const m = /a/.exec(body);", ""),
    ],
)
def test_where_a_script_runs_a_text(code: str, found: str) -> None:
    assert [sink for sink, _ in sinks(code)] == ([found] if found else [])


@pytest.mark.parametrize("code", ["`${", "const {", "core.setOutput('x', `" + "${" * 300, "x = x"])
def test_broken_scripts_are_read_all_the_same(code: str) -> None:
    assert sinks(code + " // context.payload child_process exec(") == []


def of_files(code: str) -> list[str]:
    """The harm that a script does with the files of another run, and with its output `x` afterwards."""
    text = f"""
on: {{workflow_run: {{workflows: [build], types: [completed]}}}}
jobs:
  j:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v5
        with:
          github-token: ${{{{ github.token }}}}
          run-id: ${{{{ github.event.workflow_run.id }}}}
          path: ${{{{ runner.temp }}}}/in
      - id: a
        uses: actions/github-script@v7
        with:
          script: |
{indent(code, " " * 12)}
      - run: echo ${{{{ steps.a.outputs.x }}}}
"""
    found = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({}))
    job = found.pipelines[0].jobs[0]
    return [e.sink for step in job.steps for e in step.expansions if e.attacker_controlled]


FIELD = "const { number } = JSON.parse(fs.readFileSync('${{ runner.temp }}/in/n'));\n"
READ = "const n = fs.readFileSync(process.env.RUNNER_TEMP + '/in/n', 'utf8').trim();\n"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (READ + "core.setOutput('x', n);", "script"),
        ("core.setOutput('x', await fs.readFile(`${process.env.RUNNER_TEMP}/in/n`));", "script"),
        ("core.setOutput('x', fs.readFileSync(path.join(folder, 'n')));", "script"),
        (FIELD + "core.setOutput('x', number);", "script"),
        (READ + "const [k, v] = n.split('=');\ncore.exportVariable(k, v);", "environment file"),
        (READ + "core.addPath(n);", "search path"),
        (READ + "core.exportVariable('N', n);", ""),
        (READ + "core.setOutput('x', Number(n));", ""),
        (READ + "if (!/^\\d+$/.test(n)) throw new Error('x');\ncore.setOutput('x', n);", ""),
        (READ + "if (!/^.*$/.test(n)) throw new Error('x');\ncore.setOutput('x', n);", "script"),
        ("core.setOutput('x', fs.readFileSync('package.json'));", ""),
    ],
)
def test_files_of_another_run_are_an_outsiders(code: str, found: str) -> None:
    assert of_files(code) == ([found] if found else [])
