from __future__ import annotations

import json
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Agent


def agents(step: str, on: str = "issues") -> list[Agent]:
    text = f"on: {on}\njobs:\n  a:\n    runs-on: x\n    steps:\n{indent(step, '      ')}\n"
    (pipeline,) = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({})).pipelines
    return [agent for one in pipeline.jobs[0].steps for agent in one.agents]


def action(name: str, **inputs: str) -> str:
    """A step in YAML's flow style."""
    return f"- {json.dumps({'uses': name, 'with': inputs})}"


CLAUDE = "anthropics/claude-code-action@v1"
TITLE = "${{ github.event.issue.title }}"


@pytest.mark.parametrize(
    ("step", "author"),
    [
        (action(CLAUDE, prompt=f"Label {TITLE}"), "whoever opens the issue"),
        (action("actions/ai-inference@v1", **{"system-prompt": TITLE}), "whoever opens the issue"),
        (action(CLAUDE, claude_args=f"--append-system-prompt {TITLE}"), "whoever opens the issue"),
        (action(CLAUDE, prompt="Label ${{ github.event.issue.number }}"), ""),
        (action(CLAUDE, model=TITLE), ""),
        ("- run: claude -p 'Sum up'\n  env: {X: '" + TITLE + "'}", ""),
        (f'- run: codex exec "Sum up {TITLE}"', "whoever opens the issue"),
        ('- run: gemini -p "Sum up $T"\n  env: {T: "' + TITLE + '"}', "whoever opens the issue"),
        (f'- run: npx @openai/codex@1.2 exec "{TITLE}"', "whoever opens the issue"),
        ('- run: aider --message "$T"\n  env: {T: "' + TITLE + '"}', "whoever opens the issue"),
        ('- run: echo "$T" | claude -p\n  env: {T: "' + TITLE + '"}', "whoever opens the issue"),
        ('- run: echo "$T"; claude -p x\n  env: {T: "' + TITLE + '"}', ""),
        (
            '- run: copilot -p "$(envsubst < task.md)"\n  env: {T: "' + TITLE + '"}',
            "whoever opens the issue",
        ),
        ('- run: copilot -p "$(envsubst \'$X\' < task.md)"\n  env: {T: "' + TITLE + '"}', ""),
        (
            '- run: |\n    P=Do\n    P+=" $T"\n    claude -p "$P"\n  env: {T: "' + TITLE + '"}',
            "whoever opens the issue",
        ),
        ('- run: |\n    echo "$T"\n    P=Do\n    claude -p "$P"\n  env: {T: "' + TITLE + '"}', ""),
        (
            '- run: |\n    B=$T\n    P="Do $B"\n    claude -p "$P"\n  env: {T: "' + TITLE + '"}',
            "whoever opens the issue",
        ),
        (
            '- run: gemini --model=x "Sum up $T"\n  env: {T: "' + TITLE + '"}',
            "whoever opens the issue",
        ),
        (
            '- env: {T: "' + TITLE + '"}\n  run: |\n    claude -p <<END\n    $T\n    END\n',
            "whoever opens the issue",
        ),
    ],
)
def test_who_writes_the_task(step: str, author: str) -> None:
    assert [agent.author for agent in agents(step)] == [author]


@pytest.mark.parametrize(
    ("run", "author"),
    [
        ("claude -p 'Do it' < task.txt", "whoever opens the issue"),
        ('claude -p "Do $(cat task.txt)"', "whoever opens the issue"),
        ("cat task.txt | claude -p", "whoever opens the issue"),
        ("cat fixed.md | claude -p", ""),
        ("claude -p 'Do it' < fixed.md", ""),
        ('gh models run openai/gpt-4o "$(cat task.txt)"', "whoever opens the issue"),
    ],
)
def test_a_file_that_an_earlier_step_wrote_may_be_read_to_it(run: str, author: str) -> None:
    writing = "- run: gh issue view 1 --json body > task.txt\n"
    assert [agent.author for agent in agents(f"{writing}- run: {json.dumps(run)}")] == [author]


@pytest.mark.parametrize(
    ("file", "author"), [("task.txt", "whoever opens the issue"), ("prompts/fixed.md", "")]
)
@pytest.mark.parametrize("given", ["prompt-file", "system-prompt-file"])
def test_a_file_may_hold_the_task(given: str, file: str, author: str) -> None:
    writing = '- run: echo "$T" > task.txt\n  env: {T: \'' + TITLE + "'}\n"
    [found] = agents(writing + action("actions/ai-inference@v2", **{given: file}))
    assert (found.author, found.prompt) == (author, file if author else "")


@pytest.mark.parametrize(
    ("script", "author"),
    [
        ("gh issue view 1 | claude -p 'Sum up'", "whoever opens the issue"),
        ('claude -p "Sum up $(gh issue view 1 --json title,body)"', "whoever opens the issue"),
        (
            'B=$(gh pr view 1 --json body -q .body)\nclaude -p "$B"',
            "whoever opens the pull request",
        ),
        ("gh issue view 1 > a.md\nclaude -p 'Sum up' < a.md", "whoever opens the issue"),
        ('claude -p "$(jq -r .issue.body "$GITHUB_EVENT_PATH")"', "whoever opens the issue"),
        ('claude -p "$(gh issue view 1 --json number -q .number)"', ""),
        ("gh issue view 1\nclaude -p 'Sum up the changelog'", ""),
        ('claude -p "$(cat a.md)"\ngh issue view 1', ""),
        ('gh issue comment 1 -b x\nclaude -p "$(cat a.md)"', ""),
    ],
)
def test_what_the_platform_is_asked_for_is_part_of_the_task(script: str, author: str) -> None:
    step = f"- run: |\n{indent(script, '    ')}"
    assert [agent.author for agent in agents(step)] == [author]


@pytest.mark.parametrize(
    "step",
    [
        "- uses: actions/checkout@v4",
        "- run: echo claude",
        "- run: codex --version",
        "- run: gemini extensions install x",
        "- run: gemini --version",
    ],
)
def test_what_asks_no_model(step: str) -> None:
    assert agents(step) == []


def test_a_variable_of_the_job_may_be_the_task() -> None:
    text = f"""
on: issues
jobs:
  a:
    runs-on: x
    env: {{BODY: "{TITLE}"}}
    steps:
      - run: |
          printf '%s' "$BODY" > task.txt
          gemini -p "$(cat task.txt)"
      - run: gemini -p "Sum up"
"""
    [found] = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({})).pipelines
    assert [
        (agent.author, agent.prompt) for step in found.jobs[0].steps for agent in step.agents
    ] == [("whoever opens the issue", "$BODY"), ("", "")]


@pytest.mark.parametrize(
    ("step", "everyone"),
    [
        (action(CLAUDE, allowed_non_write_users="*"), True),
        (action(CLAUDE, allowed_non_write_users="someone"), False),
        (action(CLAUDE, allowed_bots="*"), True),
        (action(CLAUDE, allowed_bots="renovate[bot],dependabot[bot]"), False),
        (action(CLAUDE), False),
        (action("openai/codex-action@v1", **{"allow-users": "*"}), True),
        (action("openai/codex-action@v1", **{"require-repo-write": "false"}), True),
        (action("openai/codex-action@v1", **{"require-repo-write": "true"}), False),
    ],
)
def test_who_may_start_it(step: str, *, everyone: bool) -> None:
    (agent,) = agents(step)
    assert agent.everyone is everyone
    assert agent.guarded is not everyone


@pytest.mark.parametrize(
    ("arguments", "tools"),
    [
        ('--allowedTools "Bash,Read"', ("shell",)),
        ("--allowed-tools Read,Grep", ()),
        ("--allowedTools 'Bash(gh issue view:*),Read'", ()),
        ('--allowedTools "Bash(npm:*)"', ("shell",)),
        ('--allowedTools "Bash(gh *)"', ("shell",)),
        ('--allowedTools "Bash(gh issue view *),Bash(gh issue edit:*)"', ()),
        ('--allowedTools "Bash(*),Write,WebFetch"', ("shell", "write", "network")),
        ("--allowedTools Read Bash Grep", ("shell",)),
        ('--allowedTools "Read" \'Bash(gh pr view:*)\' "Edit"', ("write",)),
        ('--allowedTools Read "fix what Bash says" Bash', ()),
        ("--allowedTools Read\nBash is not needed", ()),
        ("--max-turns 5", ()),
        ("--allow-tool shell --allow-tool write", ("shell", "write")),
    ],
)
def test_what_it_may_use(arguments: str, tools: tuple[str, ...]) -> None:
    (agent,) = agents(action(CLAUDE, claude_args=arguments))
    assert agent.tools == tools


@pytest.mark.parametrize(
    ("step", "read_only"),
    [
        (action(CLAUDE), False),
        (action(CLAUDE, claude_args='--allowedTools "Read,Grep,Bash(gh issue view:*)"'), True),
        (action(CLAUDE, claude_args="--allowedTools Read,Bash"), False),
        (action(CLAUDE, claude_args='--allowedTools "Read,Bash(gh issue edit:*)"'), False),
        (action(CLAUDE, claude_args="--allowedTools mcp__github__merge"), False),
        (action("google-github-actions/run-gemini-cli@v0", settings='{"core": []}'), True),
        (
            action(
                "google-github-actions/run-gemini-cli@v0",
                settings='{"coreTools": ["run_shell_command(echo)", "read_file"]}',
            ),
            True,
        ),
        (
            action("google-github-actions/run-gemini-cli@v0", settings='{"core": ["replace"]}'),
            False,
        ),
        (action("openai/codex-action@v1", sandbox="read-only"), True),
        (action("openai/codex-action@v1", sandbox="workspace-write"), False),
        ("- run: codex exec --sandbox read-only x", True),
        ("- run: codex exec x", False),
        ("- run: copilot -p x --available-tools view", True),
        ("- run: copilot -p x --available-tools ''", False),
        ("- run: copilot -p x --allow-tool 'shell(git push)'", False),
    ],
)
def test_what_only_reads(step: str, *, read_only: bool) -> None:
    assert [agent.read_only for agent in agents(step)] == [read_only]


@pytest.mark.parametrize(
    ("step", "unconfined"),
    [
        (action("openai/codex-action@v1", sandbox="danger-full-access"), "danger-full-access"),
        (action("openai/codex-action@v1", sandbox="read-only"), ""),
        (
            action("openai/codex-action@v1", **{"safety-strategy": "unsafe"}),
            "safety-strategy: unsafe",
        ),
        (
            action(CLAUDE, claude_args="--dangerously-skip-permissions"),
            "--dangerously-skip-permissions",
        ),
        ("- run: gemini --yolo -p x", "--yolo"),
        ("- run: codex exec --full-auto x", ""),
        (
            action(
                "google-github-actions/run-gemini-cli@v0",
                settings='{"general": {"defaultApprovalMode": "yolo"}}',
            ),
            'ApprovalMode": "yolo',
        ),
        ("- run: gemini -y -p x", "-y"),
        ("- run: cursor-agent -p --force x", "--force"),
        ("- run: amp --dangerously-allow-all -x x", "--dangerously-allow-all"),
        ("- run: agy --dangerously-skip-permissions -p x", "--dangerously-skip-permissions"),
        ("- run: agy -p x --sandbox", ""),
        ("- run: kiro-cli chat --no-interactive --trust-all-tools x", "--trust-all-tools"),
        ("- run: kiro-cli chat --no-interactive --trust-tools=read x", ""),
        ("- run: cline -y 'Do it'", "-y"),
        ("- run: npx cline 'Do it' > answer.txt", ""),
        ("- run: cn -p 'Do it'", ""),
        ("- run: npx -y @qwen-code/qwen-code -p x", ""),
        ("- run: droid exec --auto low x", ""),
        ("- run: gemini --approval-mode=yolo --model=x 'Do it'", "--approval-mode=yolo"),
        ("- run: gemini --approval-mode auto_edit 'Do it'", ""),
    ],
)
def test_what_keeps_it_in(step: str, unconfined: str) -> None:
    assert [agent.unconfined for agent in agents(step)] == [unconfined]
