"""An outsider's text on its way through workflows, actions and called workflows."""

from __future__ import annotations

from json import dumps
from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from pipelaw.discover import find
from pipelaw.document import decode
from pipelaw.facts.shell_sinks import HARMED, PROGRAMS
from pipelaw.loaders import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Expansion, Pipeline

WORKFLOW = ".github/workflows/x.yml"


def repository(**files: str) -> dict[str, Pipeline]:
    """The pipelines of a repository, by path; `__` in a name stands for a slash."""
    texts = {
        name.replace("__", "/") + ".yml": dedent(text).encode() for name, text in files.items()
    }
    tree = MemoryTree(
        {path.replace("workflows/", ".github/workflows/"): t for path, t in texts.items()}
    )
    return {
        item.path: load(item.platform, decode(item.path, tree.read(item.path)), tree).pipelines[0]
        for item in find(tree)
    }


def workflow(text: str) -> Pipeline:
    return repository(workflows__x=text)[WORKFLOW]


def steps(text: str, on: str = "pull_request_target") -> list[Expansion]:
    """What an outsider decides in the scripts of a job with these steps."""
    return controlled(
        workflow(
            f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
            + indent(dedent(text), "      ")
        )
    )


def controlled(pipeline: Pipeline) -> list[Expansion]:
    found = [e for job in pipeline.jobs for step in job.steps for e in step.expansions]
    return [e for e in found if e.attacker_controlled and e.sink not in ("environment", "input")]


def scripts(text: str, on: str = "pull_request_target") -> list[str]:
    """The expressions that an outsider decides in scripts, and through what."""
    return [f"{e.text} {e.via}".strip() for e in steps(text, on) if e.sink in ("script", "code")]


TITLE = "${{ github.event.pull_request.title }}"


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_no_program_that_can_do_harm_is_passed_over(program: str) -> None:
    """Scripts are parsed only where one is named; the tables of what they do say which those are."""
    assert HARMED.search(f"{program} x".lower())
    path = f"/opt/{program}" if program.isalnum() else program
    assert HARMED.search(f"x=1; {path} x".lower())


@pytest.mark.parametrize(
    "run",
    [
        'mariadb -e "$TITLE"',
        "sudo -E $TITLE",
        'timeout 5 "$TITLE" --all',
        "env CI=1 $TITLE",
        "if $TITLE; then make; fi",
        'lua5.4 -e "$TITLE"',
        'Rscript -e "$TITLE"',
        'trap "$TITLE" EXIT',
        'bun -e "$TITLE"',
        'mawk "$TITLE" file',
        "7z x $TITLE",
        "g++ $TITLE",
        'ncat "$TITLE" 80',
        'T=$(gh pr view 1 --json title -q .title)\npsql -c "$T"',
    ],
)
def test_what_harms_is_found(run: str) -> None:
    body = indent(run, "      ")
    found = steps(f"- env:\n    TITLE: {TITLE}\n    GH_TOKEN: x\n  run: |\n{body}\n")
    assert [e.sink for e in found if e.time == "run"]


@pytest.mark.parametrize(
    ("run", "found"),
    [
        ('echo "x=$TITLE" >> $GITHUB_OUTPUT', True),
        ('echo "y=$TITLE" >> $GITHUB_OUTPUT', False),
        ('echo "::set-output name=x::$TITLE"', True),
        ('echo "x=constant" >> $GITHUB_OUTPUT', False),
        ('{ echo "x<<END"; echo "$TITLE"; echo END; } >> "$GITHUB_OUTPUT"', True),
        ('E=$(uuidgen)\n{ echo "x<<$E"; echo "$TITLE"; echo "$E"; } >> "$GITHUB_OUTPUT"', True),
        ('E=$(uuidgen)\n{ echo "x<<$E"; echo ok; echo "$E"; } >> "$GITHUB_OUTPUT"', False),
        ('A=$(echo "$TITLE" | cut -c1-20)\necho "x=$A" | tee -a "$GITHUB_OUTPUT"', True),
        ('echo "x=$(echo "$TITLE" | tr -cd 0-9)" >> $GITHUB_OUTPUT', False),
        (f'echo "x={TITLE}" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(gh pr view 1 --json body --jq .body)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(gh pr view 1 --json number --jq .number)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(gh pr view 1 --json headRefName -q .headRefName)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(gh api repos/o/r/pulls/1 --jq .title)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(gh api repos/o/r/releases/latest --jq .name)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(jq -r .pull_request.title "$GITHUB_EVENT_PATH")" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(jq -r .pull_request.number "$GITHUB_EVENT_PATH")" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(jq -r .pull_request.title < $GITHUB_EVENT_PATH)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(jq -r .pull_request.number < $GITHUB_EVENT_PATH)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(cat $GITHUB_EVENT_PATH | jq -r .pull_request.body)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(cat $GITHUB_EVENT_PATH | jq -r .number)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(wc -c < event)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(gh api repos/o/r/pulls/1 --jq .head.ref)" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(gh api repos/o/r/pulls/1 --jq .base.ref)" >> $GITHUB_OUTPUT', False),
        ('echo "x=$(gh api repos/o/r/pulls/1 | jq -r .base.repo.name)" >> $GITHUB_OUTPUT', False),
        ("echo x=$(jq -r '.title|[scan(\"\\\\w+\")][0]' <<<$TITLE) >> $GITHUB_OUTPUT", False),
        ("echo x=$(jq -r '.title|[scan(\".+\")][0]' <<<$TITLE) >> $GITHUB_OUTPUT", True),
        ('echo "x=$GITHUB_HEAD_REF" >> $GITHUB_OUTPUT', True),
        ('echo "x=$(git log -1 --format=%H)" >> $GITHUB_OUTPUT', False),
        ('out="$GITHUB_OUTPUT"\necho "x=$TITLE" >> "$out"', True),
        ('out="${GITHUB_OUTPUT:-/dev/null}"\necho "x=$TITLE" >> "$out"', True),
        ("gh pr view 1 --json title --jq '\"x=\\(.title)\"' >> $GITHUB_OUTPUT", True),
        ("gh pr view 1 --json number --jq '\"x=\\(.number)\"' >> $GITHUB_OUTPUT", False),
        ("gh pr view 1 --json title --jq '\"y=\\(.title)\"' >> $GITHUB_OUTPUT", False),
        ('gh pr view 1 --json title | jq -r \'"y=1", "x=" + .title\' >> $GITHUB_OUTPUT', True),
        ("gh pr view 1 --json title | jq -r '\"x=\\(.title | length)\"' >> $GITHUB_OUTPUT", False),
        (
            "jq -r '.pull_request | \"x=\\(.title)\"' $GITHUB_EVENT_PATH >> $GITHUB_OUTPUT",
            True,
        ),
        (
            "jq -r '.pull_request | \"x=\\(.number)\"' $GITHUB_EVENT_PATH >> $GITHUB_OUTPUT",
            False,
        ),
        ('put() { echo "$1=$2" >> "$GITHUB_OUTPUT"; }\nput x "$TITLE"', True),
        ('put() { echo "$1=$2" >> "$GITHUB_OUTPUT"; }\nput y "$TITLE"\nput x 1', False),
        ('put() { echo "x=$1" >> "$GITHUB_OUTPUT"; }\nput 1 "$TITLE"', False),
        ('put() { echo "x=$2" >> "$GITHUB_OUTPUT"; }\nput $TITLE', True),
        ('put() { shift; echo "x=$1" >> "$GITHUB_OUTPUT"; }\nput 1 "$TITLE"', True),
        ('put() { echo "x=$2" >> "$GITHUB_OUTPUT"; }\nput "$(echo 1)" 2 "$TITLE"', False),
    ],
)
def test_an_output_that_a_script_sets(run: str, found: bool) -> None:
    said = scripts(
        f"""\
        - id: one
          env:
            TITLE: {TITLE}
          run: |
{indent(run, "            ")}
        - run: echo ${{{{ steps.one.outputs.x }}}}
        """
    )
    through = "${{ steps.one.outputs.x }} the output `x` of step one"
    assert [text for text in said if "steps" in text] == ([through] if found else [])


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{} == 'deploy'", False),
        ("'deploy' == {}", False),
        ("always() && {} == 'deploy'", False),
        ('contains(fromJSON(\'["deploy", "undo"]\'), {})', False),
        ("{} == 'deploy' || {} == 'undo'", False),
        ("{} == 'deploy' || github.actor == 'one'", True),
        ("{} != 'deploy'", True),
        ("!({} == 'deploy')", True),
        ("contains({}, 'deploy')", True),
        ("startsWith({}, 'deploy')", True),
        ("contains(fromJSON(vars.WORDS), {})", True),
        ("{} == github.event.comment.body", True),
        ("{} ==", True),
        ("${{{{ {} == 'deploy' }}}} x", True),
    ],
)
@pytest.mark.parametrize("where", ["job", "step", "output"])
def test_a_text_that_a_condition_confines(condition: str, found: bool, where: str) -> None:
    path = "steps.one.outputs.x" if where == "output" else "github.event.comment.body"
    asked = dumps(condition.replace("{}", path).replace("{{{{", "{{").replace("}}}}", "}}"))
    text = f"""\
        on: issue_comment
        jobs:
          a:
            runs-on: ubuntu-latest
            if: {asked if where == "job" else "true"}
            steps:
              - id: one
                run: echo "x=$BODY" >> $GITHUB_OUTPUT
                env:
                  BODY: ${{{{ github.event.comment.body }}}}
              - run: echo ${{{{ {path} }}}}
                if: {asked if where != "job" else "true"}
        """
    assert bool([e for e in controlled(workflow(text)) if e.sink == "script"]) is found


def test_variables_that_a_step_sets_for_later_ones() -> None:
    said = scripts(
        f"""\
        - env:
            TITLE: {TITLE}
          run: |
            echo "KIND=$TITLE" >> $GITHUB_ENV
        - run: echo ${{{{ env.KIND }}}}
        - run: echo ${{{{ env.KIND }}}}
          env:
            KIND: constant
        - run: eval "$KIND"
        """
    )
    assert said == ["${{ env.KIND }} the variable KIND", '"$KIND"']


def test_names_are_spelled_as_in_the_file() -> None:
    said = scripts(
        f"""\
        - id: Ask
          env:
            pull_title: {TITLE}
          run: |
            echo ${{{{ env.pull_title }}}}
            echo "Short_Title=$pull_title" >> $GITHUB_OUTPUT
        - run: echo ${{{{ steps.Ask.outputs.Short_Title }}}}
        - run: eval "$Again"
          env:
            Again: ${{{{ steps.Ask.outputs.Short_Title }}}}
        """
    )
    assert said[:2] == [
        "${{ env.pull_title }} the variable pull_title",
        "${{ steps.Ask.outputs.Short_Title }} the output `Short_Title` of step Ask",
    ]
    assert said[2].endswith("the output `Short_Title` of step Ask")


def test_javascript_hands_on_what_the_event_says() -> None:
    said = scripts(
        """\
        - id: script
          uses: actions/github-script@v7
          with:
            script: |
              const { title, number } = context.payload.pull_request;
              core.setOutput('title', title.trim());
              core.setOutput('number', number);
              return context.payload.pull_request.head.ref;
        - run: |
            echo ${{ steps.script.outputs.title }}
            echo ${{ steps.script.outputs.number }}
            echo ${{ steps.script.outputs.result }}
        """
    )
    assert [text.split()[1] for text in said] == [
        "steps.script.outputs.title",
        "steps.script.outputs.result",
    ]


@pytest.mark.parametrize(
    ("code", "sinks"),
    [
        (
            "fs.appendFileSync(process.env.GITHUB_ENV, `A=${context.payload.comment.body}`)",
            ["environment file"],
        ),
        ("fs.appendFileSync(process.env.GITHUB_ENV, `A=${context.payload.comment.id}`)", []),
        ("fs.appendFileSync('notes.md', context.payload.comment.body) // GITHUB_ENV", []),
        ("await fetch(context.payload.comment.body)", ["address"]),
        ("await axios.get(`https://${context.payload.comment.body}/x`)", ["address"]),
        ("await fetch(`https://example.org/${context.payload.comment.body}`)", []),
        ("await fetch(url, {body: context.payload.comment.body})", []),
    ],
)
def test_javascript_that_writes_variables_or_asks(code: str, sinks: list[str]) -> None:
    step = f"- uses: actions/github-script@v8\n  with:\n    script: |\n      {code}\n"
    assert [e.sink for e in steps(step, "issue_comment")] == sinks


def test_a_variable_of_powershell_reaches_an_output() -> None:
    said = scripts(
        """\
        - id: a
          shell: pwsh
          env: {TITLE: "${{ github.event.pull_request.title }}"}
          run: |
            $text = $env:TITLE.Trim()
            $digits = $env:TITLE -replace '[^0-9]', ''
            "text=$text" >> $env:GITHUB_OUTPUT
            "digits=$digits" >> $env:GITHUB_OUTPUT
        - shell: pwsh
          run: |
            echo ${{ steps.a.outputs.text }}
            echo ${{ steps.a.outputs.digits }}
        """
    )
    assert [text.split()[1] for text in said] == ["steps.a.outputs.text"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("github.event.client_payload.pull_request.title", True),
        ("github.event.client_payload.github.payload.comment.body", True),
        ("github.event.client_payload.pull_request.number", False),
        ("github.event.client_payload.version", False),
    ],
)
def test_what_another_workflow_sends_on(path: str, *, found: bool) -> None:
    assert bool(scripts(f"- run: echo ${{{{ {path} }}}}\n", "repository_dispatch")) is found


def test_json_in_javascript_is_data_unless_quotes_stand_around_it() -> None:
    said = scripts(
        """\
        - uses: actions/github-script@v7
          with:
            script: |
              const a = ${{ toJSON(github.event.pull_request.title) }};
              const b = '${{ toJSON(github.event.pull_request.title) }}';
        - run: echo '${{ toJSON(github.event.pull_request.title) }}'
        """
    )
    assert len(said) == 2


VARIABLE = f"env: {{TITLE: '{TITLE}'}}"


@pytest.mark.parametrize(
    ("action", "output", "found"),
    [
        ("{uses: tj-actions/changed-files@v40}", "all_changed_files", True),
        ("{uses: tj-actions/changed-files@v45}", "all_changed_files", False),
        ("{uses: tj-actions/changed-files@v45, with: {safe_output: false}}", "added_files", True),
        ("{uses: dorny/paths-filter@v3, with: {list-files: json}}", "docs_files", True),
        ("{uses: dorny/paths-filter@v3, with: {list-files: shell}}", "docs_files", False),
        ("{uses: dorny/paths-filter@v3, with: {list-files: json}}", "docs", False),
        ("{uses: peter-evans/find-comment@v3}", "comment-body", True),
        ("{uses: peter-evans/find-comment@v3}", "comment-id", False),
        (
            "{uses: peter-evans/find-comment@v3, with: {comment-author: 'github-actions[bot]'}}",
            "comment-body",
            False,
        ),
        ("{uses: xt0rted/pull-request-comment-branch@v3}", "head_ref", True),
        ("{uses: xt0rted/pull-request-comment-branch@v3}", "head_sha", False),
        (
            f"{{uses: frabert/replace-string-action@v2, with: {{string: '{TITLE}'}}}}",
            "replaced",
            True,
        ),
        ("{uses: frabert/replace-string-action@v2, with: {string: same}}", "replaced", False),
        (f"{{uses: some/action@v1, with: {{text: '{TITLE}'}}}}", "text", False),
        (
            f"{{uses: actions/ai-inference@v2, with: {{prompt: 'Sum up {TITLE}'}}}}",
            "response",
            True,
        ),
        ("{uses: actions/ai-inference@v2, with: {prompt: Say hello}}", "response", False),
        (
            f"{{uses: google-github-actions/run-gemini-cli@v0, {VARIABLE}, with: {{prompt: Sum up $TITLE}}}}",
            "summary",
            True,
        ),
        (
            f"{{uses: google-github-actions/run-gemini-cli@v0, {VARIABLE}, with: {{prompt: Sum up code}}}}",
            "summary",
            False,
        ),
        ("{uses: juliangruber/read-file-action@v1, with: {path: VERSION}}", "content", False),
    ],
)
def test_outputs_of_actions(action: str, output: str, found: bool) -> None:
    said = scripts(
        f"""\
        - {action[:-1]}, id: one}}
        - run: echo ${{{{ steps.one.outputs.{output} }}}}
        """
    )
    assert bool(said) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('eval "$(cat in/setup)"', True),
        ('bash -c "$(<in/setup)"', True),
        ('eval "$(cat setup)"', False),
        ("cat in/setup", False),
    ],
)
def test_files_of_another_run_that_a_script_evaluates(code: str, found: bool) -> None:
    said = scripts(
        f"""\
        - uses: actions/download-artifact@v5
          with: {{path: in, github-token: x, run-id: "${{{{ github.event.workflow_run.id }}}}"}}
        - run: |
            {code}
        """,
        on="workflow_run",
    )
    assert bool(said) is found


@pytest.mark.parametrize(
    ("fetched", "looked", "found"),
    [
        ("git fetch origin pull/$N/head:pr", "git diff --name-only origin/main...pr", True),
        ("git fetch origin $HEAD_SHA", "git diff --name-only origin/main $HEAD_SHA", True),
        ("git fetch origin pull/$N/head:pr", "git log --format=%s main..pr | jq -Rsc .", True),
        ("git fetch origin $HEAD", "git log --format=%s $BASE..$HEAD", True),
        ("git fetch origin ${PR_BRANCH}", "git log -1 --format=%s FETCH_HEAD", True),
        ("git fetch origin $HEADING", "git log -1 --format=%s FETCH_HEAD", False),
        ("git fetch origin pull/$N/head:pr", "git diff --name-only", False),
        ("git fetch origin pull/$N/head:pr", "git diff --name-only HEAD~1", False),
        ("git fetch origin pull/$N/head:pr", "git log -1 --format=%H pr", False),
        ("git fetch origin main", "git diff --name-only origin/main", False),
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_commits_of_a_request_that_were_only_fetched(
    fetched: str, looked: str, found: bool, apart: bool
) -> None:
    between = "\n        - id: d\n          run: |\n" if apart else "\n"
    said = scripts(
        f"""\
        - id: {"f" if apart else "d"}
          run: |
            {fetched}{between}            echo "x=$({looked})" >> $GITHUB_OUTPUT
        - run: echo ${{{{ steps.d.outputs.x }}}}
        """,
        on="pull_request_target",
    )
    assert bool(said) is found


def test_outputs_of_jobs_and_the_matrix_in_any_order() -> None:
    pipeline = workflow(
        f"""\
        on: pull_request_target
        jobs:
          last:
            needs: [first]
            strategy:
              matrix:
                file: ${{{{ fromJSON(needs.first.outputs.files) }}}}
                python: ["3.12", "3.13"]
            runs-on: ubuntu-latest
            steps:
              - run: |
                  echo ${{{{ matrix.file }}}} ${{{{ matrix.python }}}}
                  echo ${{{{ needs.first.outputs.files }}}} ${{{{ needs.first.outputs.count }}}}
          first:
            runs-on: ubuntu-latest
            outputs:
              files: ${{{{ steps.one.outputs.x }}}}
              count: 3
            steps:
              - id: one
                env:
                  TITLE: {TITLE}
                run: echo "x=$TITLE" >> $GITHUB_OUTPUT
        """
    )
    assert [job.id for job in pipeline.jobs] == ["last", "first"]
    assert [(e.text, e.via) for e in controlled(pipeline)] == [
        ("${{ matrix.file }}", "the matrix"),
        ("${{ needs.first.outputs.files }}", "the output `files` of job first"),
    ]


ACTION = """\
    inputs:
      title: {description: x}
      name: {description: x}
    outputs:
      short:
        value: ${{ steps.cut.outputs.short }}
      count:
        value: "3"
    runs:
      using: composite
      steps:
        - id: cut
          shell: bash
          env:
            TITLE: ${{ inputs.title }}
          run: echo "short=${TITLE:0:10}" >> "$GITHUB_OUTPUT"
        - shell: bash
          run: echo "${{ inputs.title }}" "${{ inputs.name }}"
"""


@pytest.mark.parametrize("uses", ["./tools/cut", "$/tools/cut", "./tools/cut/"])
def test_into_a_local_action_and_out_of_it(uses: str) -> None:
    found = repository(
        tools__cut__action=ACTION,
        workflows__x=f"""\
        on: issues
        permissions:
          contents: write
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - id: cut
                uses: {uses}
                with:
                  title: ${{{{ github.event.issue.title }}}}
                  name: constant
              - run: echo ${{{{ steps.cut.outputs.short }}}} ${{{{ steps.cut.outputs.count }}}}
        """,
    )
    inside = found["tools/cut/action.yml"]
    assert [(e.text, e.author, e.via) for e in controlled(inside)] == [
        ("${{ inputs.title }}", "whoever opens the issue", "the input `title`")
    ]
    assert inside.jobs[0].steps[1].exposed
    assert inside.jobs[0].privileged
    outside = controlled(found[WORKFLOW])
    assert [(e.text, e.via) for e in outside] == [
        ("${{ steps.cut.outputs.short }}", "the output `short` of step cut")
    ]


SPELLINGS = (
    *("uses: ./{}", "uses : ./{}", '"uses": ./{}', "'uses': './{}'"),
    *("uses: >-\n  ./{}", "? uses\n: ./{}", "uses: # here\n  ./{}"),
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_the_use_of_an_action_or_workflow_is_spelt(spelling: str) -> None:
    given = "\nwith: {title: '${{ github.event.issue.title }}'}\n"
    step = indent(spelling.format("tools/cut") + given, " " * 8)
    call = indent(spelling.format(".github/workflows/called.yml") + given, " " * 4)
    found = repository(
        tools__cut__action=ACTION,
        workflows__called="on: {workflow_call: {inputs: {title: {type: string}}}}\njobs:\n  a:\n"
        "    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ inputs.title }}'}]\n",
        workflows__x="on: issues\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - id: cut\n{step}  b:\n{call}",
    )
    assert [expansion.outsider for expansion in controlled(found["tools/cut/action.yml"])] == [True]
    called = found[".github/workflows/called.yml"]
    assert [expansion.outsider for expansion in controlled(called)] == [True]


def test_the_use_of_an_action_in_one_line_of_json() -> None:
    found = repository(
        tools__cut__action=ACTION,
        workflows__x='{"on":"issues","jobs":{"a":{"runs-on":"ubuntu-latest","steps":[{"uses":"./tools/cut",'
        '"with":{"title":"${{ github.event.issue.title }}"}}]}}}',
    )
    assert [expansion.outsider for expansion in controlled(found["tools/cut/action.yml"])] == [True]


def test_an_action_that_nobody_uses_with_an_outsiders_text() -> None:
    inside = repository(tools__cut__action=ACTION)["tools/cut/action.yml"]
    expansions = inside.jobs[0].steps[1].expansions
    assert [(e.attacker_controlled, e.decider) for e in expansions] == [(False, "caller")] * 2


def test_into_a_called_workflow_and_out_of_it() -> None:
    found = repository(
        workflows__called="""\
        on:
          workflow_call:
            inputs:
              title: {type: string}
              count: {type: number}
            outputs:
              title:
                value: ${{ jobs.a.outputs.title }}
        jobs:
          a:
            runs-on: ubuntu-latest
            outputs:
              title: ${{ steps.one.outputs.title }}
            steps:
              - run: echo ${{ inputs.title }} ${{ inputs.count }} ${{ github.event.inputs.title }}
              - id: one
                env:
                  TITLE: ${{ inputs.title }}
                run: echo "title=$TITLE" >> $GITHUB_OUTPUT
        """,
        workflows__x="""\
        on: issues
        jobs:
          call:
            uses: ./.github/workflows/called.yml
            with:
              title: ${{ github.event.issue.title }}
              count: ${{ github.event.issue.number }}
          after:
            needs: call
            runs-on: ubuntu-latest
            steps:
              - run: echo ${{ needs.call.outputs.title }}
        """,
    )
    inside = controlled(found[".github/workflows/called.yml"])
    assert [(e.text, e.outsider, e.via) for e in inside] == [
        ("${{ inputs.title }}", True, "the input `title`")
    ]
    assert [e.via for e in controlled(found[WORKFLOW])] == ["the output `title` of job call"]


def test_a_matrix_that_is_handed_to_a_called_workflow() -> None:
    found = repository(
        workflows__called="""\
        on: {workflow_call: {inputs: {title: {type: string}, ref: {type: string}}}}
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo ${{ inputs.title }}
              - uses: actions/checkout@v4.1.0
                with: {ref: "${{ inputs.ref }}"}
        """,
        workflows__x="""\
        on: pull_request_target
        jobs:
          call:
            strategy:
              matrix:
                title: ["${{ github.event.pull_request.title }}", none]
                ref: ["${{ github.event.pull_request.head.sha }}"]
            uses: ./.github/workflows/called.yml
            with: {title: "${{ matrix.title }}", ref: "${{ matrix.ref }}"}
        """,
    )
    called = found[".github/workflows/called.yml"]
    assert [e.text for e in controlled(called)] == ["${{ inputs.title }}"]
    assert called.jobs[0].steps[1].checkouts[0].untrusted


def test_variables_around_a_local_action() -> None:
    found = repository(
        tools__act__action="""\
        outputs: {title: {value: "${{ steps.one.outputs.title }}"}}
        runs:
          using: composite
          steps:
            - run: eval "echo $TITLE"
              shell: bash
            - id: one
              run: echo "title=$TITLE" >> $GITHUB_OUTPUT
              shell: bash
        """,
        workflows__x="""\
        on: issues
        jobs:
          a:
            runs-on: ubuntu-latest
            env: {TITLE: "${{ github.event.issue.title }}"}
            steps:
              - id: act
                uses: $/tools/act
              - run: echo ${{ steps.act.outputs.title }}
        """,
    )
    assert [e.sink for e in controlled(found["tools/act/action.yml"])] == ["script"]
    assert "script" in [e.sink for e in controlled(found[WORKFLOW])]


def test_an_output_of_a_job_handed_to_a_called_workflow() -> None:
    found = repository(
        workflows__called="""\
        on: {workflow_call: {inputs: {title: {type: string}, count: {type: string}}}}
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo ${{ inputs.title }} ${{ inputs.count }}
        """,
        workflows__x="""\
        on: issues
        jobs:
          read:
            runs-on: ubuntu-latest
            outputs:
              title: ${{ steps.one.outputs.title }}
              count: ${{ steps.one.outputs.count }}
            steps:
              - id: one
                env: {TITLE: '${{ github.event.issue.title }}'}
                run: |
                  echo "title=$TITLE" >> $GITHUB_OUTPUT
                  echo "count=${#TITLE}" >> $GITHUB_OUTPUT
          call:
            needs: read
            uses: ./.github/workflows/called.yml
            with:
              title: ${{ needs.read.outputs.title }}
              count: ${{ needs.read.outputs.count }}
        """,
    )
    inside = controlled(found[".github/workflows/called.yml"])
    assert [(e.text, e.outsider) for e in inside] == [("${{ inputs.title }}", True)]


def test_workflows_that_hand_each_other_outputs_end() -> None:
    call = """\
        on: {{issues: , workflow_call: {{inputs: {{t: {{type: string}}}}}}}}
        jobs:
          a:
            needs: b
            uses: ./.github/workflows/{}.yml
            with: {{t: '${{{{ needs.b.outputs.t }}}}'}}
          b:
            runs-on: ubuntu-latest
            steps: [{{run: 'echo ${{{{ inputs.t }}}}'}}]
        """
    found = repository(workflows__one=call.format("two"), workflows__two=call.format("one"))
    assert [len(pipeline.jobs) for pipeline in found.values()] == [2, 2]


def test_through_two_called_workflows() -> None:
    called = "on: {workflow_call: {inputs: {text: {type: string}}}}\njobs:\n  a:\n"
    found = repository(
        workflows__inner=called
        + "    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ inputs.text }}'}]\n",
        workflows__middle=called
        + "    uses: ./.github/workflows/inner.yml\n    with: {text: 'a ${{ inputs.text }}'}\n",
        workflows__x="""\
        on: issues
        jobs:
          call:
            uses: ./.github/workflows/middle.yml
            with: {text: "${{ github.event.issue.title }}"}
        """,
    )
    inner = found[".github/workflows/inner.yml"]
    assert [(e.text, e.outsider) for e in controlled(inner)] == [("${{ inputs.text }}", True)]
    assert inner.jobs[0].exposed


@pytest.mark.parametrize(
    ("condition", "dormant"),
    [
        ("github.event_name == 'push'", True),
        ("github.event_name != 'pull_request_target'", True),
        ("github.event_name == 'pull_request_target'", False),
        ("vars.ON", False),
    ],
)
def test_a_text_that_is_empty_under_the_events_that_get_there(
    condition: str, dormant: bool
) -> None:
    step = "{run: 'echo ${{ github.head_ref }}'"
    text = "on: [push, pull_request_target]\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
    of_job = workflow(f'{text}    if: "{condition}"\n    steps: [{step}}}]\n')
    of_step = workflow(f'{text}    steps: [{step}, if: "{condition}"}}]\n')
    assert [e.dormant for e in controlled(of_job) + controlled(of_step)] == [dormant] * 2


@pytest.mark.parametrize(
    ("branches", "found"),
    [("", True), ("branches: [main, next]", False), ("branches: [main, 'v*']", True)],
)
def test_a_run_before_that_may_be_of_named_branches_only(branches: str, found: bool) -> None:
    text = f"{{workflow_run: {{workflows: [CI], {branches}}}}}"
    said = scripts("- run: echo ${{ github.event.workflow_run.head_branch }}", text)
    assert bool(said) is found


def test_who_writes_of_a_run_before_that_was_no_pull_request() -> None:
    said = steps(
        """\
        - run: echo ${{ github.event.workflow_run.head_branch }}
          if: github.event.workflow_run.event == 'push'
        - run: echo ${{ github.event.workflow_run.display_title }}
          if: github.event.workflow_run.event == 'push'
        - run: echo ${{ github.event.workflow_run.head_branch }}
        """,
        "workflow_run",
    )
    assert [(e.writer, e.outsider) for e in said] == [
        ("pusher", False),
        ("committer", False),
        ("requester", True),
    ]


def test_actions_that_use_each_other_end() -> None:
    text = """\
    runs:
      using: composite
      steps:
        - uses: ./%s
          id: one
          with:
            x: ${{ inputs.x }}
        - run: echo ${{ steps.one.outputs.y }}
          shell: bash
    """
    assert len(repository(a__action=text % "b", b__action=text % "a")) == 2


def test_files_of_an_outsider() -> None:
    said = scripts(
        """\
        - id: before
          run: echo "v=$(cat version.txt)" >> $GITHUB_OUTPUT
        - uses: actions/checkout@v4.1.0
          with:
            ref: ${{ github.event.pull_request.head.sha }}
            path: theirs
        - id: after
          run: |
            echo "v=$(cat theirs/version.txt)" >> $GITHUB_OUTPUT
            echo "w=$(cat version.txt)" >> $GITHUB_OUTPUT
        - run: |
            echo ${{ steps.before.outputs.v }}
            echo ${{ steps.after.outputs.v }}
            echo ${{ steps.after.outputs.w }}
        """
    )
    assert [text.split()[1] for text in said] == ["steps.after.outputs.v"]


def test_what_programs_of_an_outsider_print() -> None:
    said = scripts(
        """\
        - uses: actions/checkout@v4.1.0
          with:
            ref: ${{ github.event.pull_request.head.sha }}
            path: theirs
        - id: one
          run: |
            echo "v=$(./theirs/version.sh)" >> $GITHUB_OUTPUT
            echo "w=$(./version.sh)" >> $GITHUB_OUTPUT
            echo "x=$(make --version)" >> $GITHUB_OUTPUT
            echo "y=$(node -p "require('./theirs/package.json').version")" >> $GITHUB_OUTPUT
        - id: two
          working-directory: theirs
          run: |
            make lint > log.txt || true
            echo "v=$(npm run --silent lint)" >> $GITHUB_OUTPUT
            echo "w=$(git rev-parse HEAD)" >> $GITHUB_OUTPUT
        - run: |
            echo ${{ steps.one.outputs.v }} ${{ steps.one.outputs.w }} ${{ steps.one.outputs.x }}
            echo ${{ steps.one.outputs.y }}
            echo ${{ steps.two.outputs.v }} ${{ steps.two.outputs.w }}
        """
    )
    assert [text.split()[1].removeprefix("steps.") for text in said] == [
        "one.outputs.v",
        "one.outputs.y",
        "two.outputs.v",
    ]


@pytest.mark.parametrize(
    ("run", "shell", "sink", "charset"),
    [
        ('echo "A=$TITLE" >> $GITHUB_ENV', "bash", "environment file", "text"),
        ("echo A=$TITLE >> $GITHUB_ENV", "bash", "environment file", "words"),
        ('echo "A=$BRANCH" >> $GITHUB_ENV', "bash", "", ""),
        ('echo "$BRANCH" >> $GITHUB_ENV', "bash", "environment file", "branch"),
        ('echo "A=$(echo "$TITLE" | tr -d \'\\n\')" >> $GITHUB_ENV', "bash", "", ""),
        (
            '{ echo "A<<END"; echo "$TITLE"; echo END; } >> $GITHUB_ENV',
            "bash",
            "environment file",
            "text",
        ),
        (
            'e=$(uuidgen); { echo "A<<$e"; echo "$TITLE"; echo "$e"; } >> $GITHUB_ENV',
            "bash",
            "",
            "",
        ),
        ('echo "::set-env name=A::$TITLE"', "bash", "", ""),
        ('echo "$BRANCH/bin" >> $GITHUB_PATH', "bash", "search path", "branch"),
        ('echo "a=$TITLE" >> $GITHUB_OUTPUT', "bash", "", ""),
        (
            'echo "a=1" >> $GITHUB_OUTPUT; echo "b=$TITLE" >> $GITHUB_OUTPUT',
            "bash",
            "outputs",
            "text",
        ),
        ('echo "b=$TITLE" >> $GITHUB_OUTPUT; echo "a=1" >> $GITHUB_OUTPUT', "bash", "", ""),
        ('"A=$env:TITLE" >> $env:GITHUB_ENV', "pwsh", "environment file", "text"),
        ('"A=$env:BRANCH" >> $env:GITHUB_ENV', "pwsh", "", ""),
        (
            '"A<<$d" >> $env:GITHUB_ENV\n            "$env:TITLE" >> $env:GITHUB_ENV',
            "pwsh",
            "",
            "",
        ),
        (
            '"A<<END" >> $env:GITHUB_ENV\n            "$env:TITLE" >> $env:GITHUB_ENV',
            "pwsh",
            "environment file",
            "text",
        ),
        ("echo %TITLE%", "cmd", "script", "text"),
        ("echo $TITLE", "python", "", ""),
    ],
)
def test_where_a_script_writes_it(run: str, shell: str, sink: str, charset: str) -> None:
    found = steps(
        f"""\
        - shell: {shell}
          env:
            TITLE: {TITLE}
            BRANCH: ${{{{ github.head_ref }}}}
          run: |
            {run}
        """
    )
    assert [(e.sink, e.charset) for e in found] == ([(sink, charset)] if sink else [])


def test_inputs_that_an_action_runs_or_asks() -> None:
    found = steps(
        f"""\
        - uses: nick-fields/retry@v3
          with:
            command: echo {TITLE}
        - uses: devcontainers/ci@v0.3
          with:
            runCmd: make {TITLE}
        - uses: octokit/request-action@v2
          with:
            route: GET {TITLE}
        - uses: octokit/request-action@v2
          with:
            route: GET /repos/o/r/labels/{TITLE}
        """
    )
    assert [e.sink for e in found] == ["code", "code", "address"]


def test_options_of_a_container_are_options_of_a_command() -> None:
    made = workflow(
        f"""\
        on: pull_request_target
        jobs:
          a:
            runs-on: ubuntu-latest
            container:
              image: node:22
              options: --name {TITLE}
            services:
              db:
                image: postgres:17
                options: --name ${{{{ github.run_id }}}}
            steps: [{{run: make}}]
        """
    )
    [found] = [e for e in made.jobs[0].expansions if e.attacker_controlled]
    assert (found.sink, found.text) == ("argument", TITLE)


@pytest.mark.parametrize(
    ("code", "on", "decider", "dormant"),
    [
        ("github.sha", "push", "", False),
        ("github.ref_name", "push", "member", False),
        ("github.event.issue.title", "push", "member", True),
        ("github.event.issue.number", "push", "", False),
        ("github.event_name == 'push'", "push", "", False),
        ("inputs.a", "{workflow_dispatch: {inputs: {a: {type: string}}}}", "member", False),
        ("inputs.a", "{workflow_dispatch: {inputs: {a: {type: boolean}}}}", "", False),
        ("github.event.inputs.a", "{workflow_dispatch: {inputs: {a: {}}}}", "member", False),
        ("inputs.a", "{workflow_call: {inputs: {a: {type: string}}}}", "caller", False),
        ("inputs.a", "{workflow_call: {inputs: {a: {type: number}}}}", "", False),
        ("steps.one.outputs.x", "push", "step", False),
        ("steps.one.outcome", "push", "", False),
        ("needs.b.result", "push", "", False),
        ("vars.X", "push", "member", False),
        ("secrets.X", "push", "", False),
        ("matrix.fixed", "push", "", False),
        ("matrix.free", "push", "member", False),
        ("env.FIXED", "push", "", False),
        ("env.FREE", "push", "member", False),
        ("env.UNKNOWN", "push", "step", False),
        ("runner.temp", "push", "", False),
    ],
)
def test_who_decides_what_no_outsider_does(code: str, on: str, decider: str, dormant: bool) -> None:
    found = workflow(
        f"""\
        on: {on}
        env:
          FIXED: a
          FREE: ${{{{ github.ref }}}}
        jobs:
          a:
            runs-on: ubuntu-latest
            strategy:
              matrix:
                fixed: [a, b]
                include:
                  - free: ${{{{ vars.FREE }}}}
            steps:
              - id: one
                run: ./make
              - run: echo ${{{{ {code} }}}}
        """
    )
    expansion = found.jobs[0].steps[1].expansions[0]
    assert (expansion.decider, expansion.dormant) == (decider, dormant)
    assert not expansion.attacker_controlled


def test_printed_commands_count_where_they_are_switched_on() -> None:
    found = steps(
        f"""\
        - env:
            ACTIONS_ALLOW_UNSECURE_COMMANDS: true
            TITLE: {TITLE}
          run: |
            echo "::set-env name=A::$TITLE"
            echo "::add-path::$TITLE"
        """
    )
    assert [e.sink for e in found] == ["environment file", "search path"]
    later = f"""\
        - run: echo "ACTIONS_ALLOW_UNSECURE_COMMANDS=%s" >> $GITHUB_ENV
        - env:
            TITLE: {TITLE}
          run: echo "::set-env name=A::$TITLE"
        """
    assert [e.sink for e in steps(later % "true")] == ["environment file"]
    assert steps(later % "false") == []


def test_contexts_that_are_read_as_a_whole() -> None:
    said = scripts(
        f"""\
        - id: one
          env:
            TITLE: {TITLE}
          run: echo "x=$TITLE" >> $GITHUB_OUTPUT
        - run: |
            echo '${{{{ toJSON(steps) }}}}'
            echo '${{{{ toJSON(steps.one.outputs) }}}}'
            echo '${{{{ toJSON(matrix) }}}}'
        """
    )
    assert [text.split()[1] for text in said] == ["toJSON(steps)", "toJSON(steps.one.outputs)"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (f"{{entrypoint: /bin/sh, args: '-ec \"echo {TITLE}\"'}}", True),
        (f"{{args: 'bash -c \"echo {TITLE}\"'}}", True),
        (f"{{entrypoint: /check, args: '-c \"{TITLE}\"'}}", False),
        (f"{{args: '--title \"{TITLE}\"'}}", False),
    ],
)
def test_arguments_of_an_image_that_are_a_script_of_its_shell(given: str, found: bool) -> None:
    said = scripts(
        f"""\
        - uses: docker://alpine:3.22
          with: {given}
        """
    )
    assert said == ([TITLE] if found else [])


@pytest.mark.parametrize(
    ("machine", "found"),
    [
        ("runs-on: windows-2025", True),
        ("runs-on: [self-hosted, Windows, X64]", True),
        ("runs-on: {group: large, labels: windows-11}", True),
        (
            "strategy: {matrix: {os: [windows-2022, windows-2025]}}\n    runs-on: ${{ matrix.os }}",
            True,
        ),
        (
            "strategy: {matrix: {os: [ubuntu-24.04, windows-2025]}}\n    runs-on: ${{ matrix.os }}",
            False,
        ),
        ("runs-on: ubuntu-24.04", False),
    ],
)
def test_scripts_on_windows_are_powershell(machine: str, found: bool) -> None:
    text = f"""\
on: pull_request_target
jobs:
  a:
    {machine}
    steps:
      - run: iex $env:TITLE
        env: {{TITLE: "{TITLE}"}}
"""
    assert bool(controlled(workflow(text))) is found


def test_variables_that_a_local_action_sets() -> None:
    found = repository(
        workflows__x=f"""
        on: pull_request_target
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: ./tools/set
                with: {{text: "{TITLE}"}}
              - run: echo ${{{{ env.KEPT }}}} ${{{{ env.OTHER }}}}
        """,
        tools__set__action="""
        name: set
        description: sets a variable
        inputs:
          text: {description: what to keep}
        runs:
          using: composite
          steps:
            - shell: bash
              run: |
                echo "KEPT=$(head -n1 <<< "$TEXT")" >> "$GITHUB_ENV"
                echo "OTHER=1" >> "$GITHUB_ENV"
              env: {TEXT: "${{ inputs.text }}"}
        """,
    )
    assert [e.text for e in controlled(found[WORKFLOW])] == ["${{ env.KEPT }}"]


SAY = """
    name: say
    description: says it
    inputs: {text: {description: what}}
    runs: {using: composite, steps: [{run: "echo ${{ inputs.text }}", shell: bash}]}
"""


def test_the_action_at_the_root_of_a_repository() -> None:
    found = repository(
        workflows__x=f"""
        on: pull_request_target
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - uses: ./
                with:
                  text: {TITLE}
        """,
        action=SAY,
    )
    [said] = controlled(found["action.yml"])
    assert said.outsider


def test_uses_in_a_mapping_on_one_line() -> None:
    found = repository(
        workflows__x=f"""
        on: pull_request_target
        jobs:
          a:
            runs-on: ubuntu-latest
            steps: [{{uses: ./tools/say, with: {{text: "{TITLE}"}}}}]
        """,
        tools__say__action=SAY,
    )
    [said] = controlled(found["tools/say/action.yml"])
    assert said.outsider


def test_the_commit_that_a_status_is_about_is_its_authors_text() -> None:
    said = scripts('- run: echo "${{ github.event.commit.commit.message }}"', on="status")
    assert said == ["${{ github.event.commit.commit.message }}"]
    assert scripts("- run: echo ${{ github.event.commit.sha }}", on="status") == []


def test_files_of_another_run_that_a_local_action_reads() -> None:
    found = repository(
        workflows__x="""
        on: {workflow_run: {workflows: [build], types: [completed]}}
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/download-artifact@v5
                with: {path: in, github-token: x, run-id: "${{ github.event.workflow_run.id }}"}
              - uses: ./tools/read
        """,
        tools__read__action="""
        name: read
        description: makes variables of a file
        runs:
          using: composite
          steps:
            - {run: 'cat in/variables >> "$GITHUB_ENV"', shell: bash}
            - {run: 'cat variables >> "$GITHUB_ENV"', shell: bash}
        """,
    )
    assert [e.sink for e in controlled(found["tools/read/action.yml"])] == ["environment file"]


@pytest.mark.parametrize(
    ("on", "context", "writer", "outsider"),
    [
        ("pull_request", "head_branch", "requester", True),
        ("issues", "head_branch", "", False),  # the default branch
        ("issues", "head_commit.message", "committer", False),
        ("issues", "display_title", "reporter", True),
        ("[schedule, label]", "head_branch", "", False),
        ("schedule", "display_title", "committer", False),
        ("push", "head_branch", "pusher", False),
        ("[push, issue_comment]", "head_branch", "pusher", False),
        ("workflow_dispatch", "head_commit.message", "committer", False),
        ("[issues, pull_request]", "head_branch", "requester", True),
        ("[issues, workflow_call]", "head_branch", "requester", True),
    ],
)
def test_what_a_run_before_says_is_whose_who_started_it(
    on: str, context: str, writer: str, outsider: bool
) -> None:
    follows = f"""
        on: {{workflow_run: {{workflows: [Triage]}}}}
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - run: echo "${{{{ github.event.workflow_run.{context} }}}}"
        """
    triage = f"name: Triage\non: {on}\njobs: {{}}\n"
    found = repository(workflows__x=follows, workflows__triage=triage)
    (text,) = found[WORKFLOW].jobs[0].steps[0].expansions
    assert (text.writer, text.outsider) == (writer, outsider)
    # which of two with one name it follows is not known
    found = repository(workflows__x=follows, workflows__triage=triage, workflows__other=triage)
    (text,) = found[WORKFLOW].jobs[0].steps[0].expansions
    assert text.writer == "requester"
