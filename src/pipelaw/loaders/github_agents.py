"""Language models that a step asks, by action or by command: who writes the task, and what they may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.script_words import words
from pipelaw.facts.versions import version_of
from pipelaw.loaders.github_files import file_taint, lying
from pipelaw.loaders.github_taint_sources import asks, produced
from pipelaw.model import Agent
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Command, Expansion, Reference, Script, Variable
    from pipelaw.words import Tool


class Known(NamedTuple):
    """What is known of an action that asks a model."""

    guarded: bool = False
    """It refuses by itself to work for people who may not write to the repository."""
    open_inputs: tuple[str, ...] = ()
    """Inputs that let others in with `*`."""
    shut_inputs: tuple[str, ...] = ()
    """Inputs that let others in with `false`."""
    unlisted: int = 99
    """The major version since which its input `allowed_tools` says nothing any more."""


_CLAUDE = Known(guarded=True, open_inputs=("allowed_non_write_users", "allowed_bots"), unlisted=1)
_CODEX = Known(guarded=True, open_inputs=("allow_users",), shut_inputs=("require_repo_write",))
_PLAIN = Known()
ACTIONS: dict[str, Known] = {
    "anthropics/claude-code-action": _CLAUDE,
    "anthropics/claude-code-base-action": _PLAIN,
    "openai/codex-action": _CODEX,
    **dict.fromkeys(
        """
        actions/ai-inference anomalyco/opencode/github augmentcode/augment-agent
        austenstone/openai-completion-action
        codiumai/pr-agent coderabbitai/ai-pr-reviewer github/ai-moderator
        github/copilot-text-inference google-gemini/code-assist-action
        google-gemini/gemini-cli-action google/gemini-code-assist-action
        google-github-actions/run-gemini-cli huggingface/inference-action
        openai/chat-completion-action platisd/openai-pr-description qodo-ai/pr-agent
        replicate/action sst/opencode/github warpdotdev/oz-agent-action
        """.split(),
        _PLAIN,
    ),
}
"""Actions that ask a model, in lower case."""

_PROMPTS = frozenset(
    """
    append_system_prompt claude_args codex_args completion_prompt custom_instructions direct_prompt
    input instruction instructions message messages override_prompt prompt question system_message
    system_prompt task user_prompt
    """.split()
)
_FILES = ("prompt_file", "system_prompt_file")
"""Inputs that name a file with a task."""
_PROGRAMS = {
    "agy": ("-p", "--print"),
    "aider": ("--message", "-m", "--message-file", "-f"),
    "amp": ("-x", "--execute"),
    "auggie": ("-p", "--print"),
    "claude": ("-p", "--print"),
    "cline": ("-y", "--yolo", "--json", "task", "t"),
    "cn": ("-p", "--print"),
    "codex": ("exec", "e"),
    "copilot": ("-p", "--prompt"),
    "cursor-agent": ("-p", "--print"),
    "droid": ("exec",),
    "gemini": ("-p", "--prompt", "-y", "--yolo", "--approval-mode"),
    "goose": ("run",),
    "kiro-cli": ("chat",),
    "llm": ("-m", "--model", "-s", "--system"),
    "ollama": ("run",),
    "opencode": ("run",),
    "qwen": ("-p", "--prompt", "-y", "--yolo", "--approval-mode"),
}
"""Programs that ask a model, and the words with which they do it without anybody watching."""
_ALONE = frozenset({"cline", "gemini", "qwen"})
"""Those that need no such word where there is no terminal."""
_PACKAGES = {
    "@anthropic-ai/claude-code": "claude",
    "@openai/codex": "codex",
    "@google/gemini-cli": "gemini",
    "@qwen-code/qwen-code": "qwen",
    "@github/copilot": "copilot",
    "@sourcegraph/amp": "amp",
    "@augmentcode/auggie": "auggie",
    "cline": "cline",
    "opencode-ai": "opencode",
}
_ANY_PROGRAM = frozenset({"models", *(name.partition("-")[0] for name in _PROGRAMS)})
"""Words of which a script that asks a model has one; `gh models run` is none of the programs."""
_FREE = {
    "cline": frozenset({"-y"}),
    "copilot": frozenset({"--allow-all"}),
    "cursor-agent": frozenset({"-f", "--force"}),
    "droid": frozenset({"--skip-permissions-unsafe"}),
    "gemini": frozenset({"-y"}),
    "qwen": frozenset({"-y"}),
}
"""Options by which a program asks nobody before it acts, beside those that say so themselves."""

_UNCONFINED = pattern(
    r"--?(?:dangerously[\w-]*|yolo|(?:allow|trust)-all-tools)\b|\bdanger-full-access\b"
    r"|\bbypassPermissions\b|--approval-mode[ =]yolo\b|ApprovalMode\"\s*:\s*\"yolo\b",
    re.IGNORECASE,
)
_ALLOWED = pattern(
    r"--(?i:allow(?:ed)?-?tools?|available-tools)[ =]+((?:\"[^\"]*\"|'[^']*'|\S+)"
    r"(?:[ \t]+[\"']?[A-Z]\w*(?:\([^)\n]*\))?[\"']?(?=\s|\Z))*)"
)
"""A list of tools, or several words each with one."""
_READ = pattern(r"(?:(?<!<)<(?![<(])|\bcat)[ \t]*[\"']?([\w.$/{}-]+)")
"""A file that a command reads, by redirection or in a substitution."""
_ASSIGNED = pattern(r"^[ \t]*(?:\w+[ \t]+)?(?P<name>\w+)\+?=", re.MULTILINE)
_FILLED = pattern(r"\benvsubst\s*(?:[|)<>;]|$)", re.MULTILINE)
_TOOL = pattern(r"(?P<name>\w+)(?:\((?P<only>[^)]*)\))?")
_ALLOW_LIST = pattern(r'"(?:allow|coreTools|core)"\s*:\s*\[([^\]]*)\]')
_SHELLS = frozenset({"bash", "shell", "run_shell_command", "shelltool"})
_WRITERS = frozenset({"write", "edit", "multiedit", "notebookedit", "write_file", "replace"})
_FETCHERS = frozenset({"webfetch", "web_fetch"})
_READERS = frozenset(
    """
    fetch_copilot_cli_documentation glob grep list_directory ls read read_file read_many_files
    search_file_content todowrite view
    """.split()
)
_READING = pattern(
    r"(?:cat|echo|grep|head|jq|ls|tail|wc|git (?:blame|diff|log|show|status)"
    r"|gh [a-z]+ (?:checks|diff|list|status|view))\b"
)
"""What a shell may be limited to that reads."""
_ALL_READ = pattern(r"(?:\A|(?:--sandbox|-s)[ =])read-only\b")
"""A sandbox in which nothing can be written or sent."""
_INTERPRETERS = frozenset(
    "* bash sh zsh python python3 node npx npm pnpm yarn curl wget make git gh docker uv perl".split()
)
"""What a shell may be limited to without being limited."""


def agents_of(
    context: Context,
    flow: Flow,
    used: Reference | None,
    variables: Sequence[Variable],
    scripts: Sequence[Script],
) -> tuple[Agent, ...]:
    """The models that one step asks; `flow` knows which of its variables others write."""
    known = ACTIONS.get(used.name.lower()) if used is not None else None
    if used is not None and known is not None:
        return (_action(used, known, variables, flow),)
    found: list[Agent] = []
    for script in scripts:
        if not _ANY_PROGRAM.isdisjoint(words(script.text)):
            found.extend(_commands(context, flow, script, variables))
    return tuple(found)


def _action(used: Reference, known: Known, variables: Sequence[Variable], flow: Flow) -> Agent:
    values = {
        variable.name.lower().replace("-", "_"): variable
        for variable in variables
        if variable.kind == "input"
    }
    prompts = [variable for name, variable in values.items() if name in _PROMPTS]
    nodes = [variable.place.first for variable in prompts]
    inside = (e for e in flow.expansions if any(e.place.first is node for node in nodes))
    said = {name: variable.value for name, variable in values.items()}
    author, text = _author(inside)
    if not author:
        author, text = _in_file(flow, said)
    everyone = _everyone(known, said)
    version = version_of(used)
    unlisted = version is not None and version.major >= known.unlisted
    return Agent(
        name=used.name,
        author=author,
        prompt=text,
        guarded=known.guarded and not everyone,
        everyone=everyone,
        tools=_tools(lists := [*_permitted(said, listed=not unlisted)]),
        read_only=_reads(lists, said.get("sandbox", "")),
        unconfined=_unconfined(said),
        place=used.place,
    )


def _author(expansions: Iterable[Expansion]) -> tuple[str, str]:
    """Who writes a task, and the expansion with which, where an outsider does."""
    for expansion in expansions:
        if expansion.attacker_controlled and expansion.outsider:
            return expansion.author, expansion.text
    return "", ""


def _in_file(flow: Flow, said: dict[str, str]) -> tuple[str, str]:
    """Who writes a file that an input names as the task, and the file, where an outsider does."""
    for path in filter(None, map(said.get, _FILES)):
        taint = lying(flow, path)
        if taint is not None and taint.outsider:
            return taint.who, path
    return "", ""


def _everyone(known: Known, said: dict[str, str]) -> bool:
    def says(name: str, *words: str) -> bool:
        value = said.get(name, "").strip().lower()
        return value in words or "*" in value.replace(",", " ").split()

    return any(says(name, "*") for name in known.open_inputs) or any(
        says(name, "false") for name in known.shut_inputs
    )


def _permitted(said: dict[str, str], *, listed: bool) -> Iterator[str]:
    """The lists of tools that the inputs of an action allow; `listed` where it has an input for them."""
    if listed and "allowed_tools" in said:
        yield said["allowed_tools"]
    yield from _allowed(said.get("claude_args", ""))
    for match in _ALLOW_LIST.finditer(said.get("settings", "")):
        yield match[1]


def _allowed(text: str) -> list[str]:
    """The lists of tools that a command allows; an empty one says as little as none."""
    return [listed for listed in _ALLOWED.findall(text) if listed.strip("\"'")]


def _tools(lists: Iterable[str]) -> tuple[Tool, ...]:
    """The tools of some lists that change something or reach out."""
    found: dict[Tool, None] = {}
    for text in lists:
        for match in _TOOL.finditer(text):
            name, only = match["name"].lower(), match["only"]
            if name in _SHELLS and (only is None or _loose(only)):
                found["shell"] = None
            elif name in _WRITERS:
                found["write"] = None
            elif name in _FETCHERS and only is None:
                found["network"] = None
    return tuple(found)


def _reads(lists: Sequence[str], sandbox: str) -> bool:
    """Whether lists of tools, if there are any, or a sandbox leave nothing but reading."""
    found = [match for text in lists for match in _TOOL.finditer(text)]
    listed = bool(lists) and all(
        _READING.match(only) if (only := match["only"]) else match["name"].lower() in _READERS
        for match in found
    )
    return listed or _ALL_READ.search(sandbox) is not None


def _loose(only: str) -> bool:
    """Whether a limit such as `npm:*` lets a shell run anything."""
    program, _, rest = only.strip().replace(":", " ", 1).partition(" ")
    return program in _INTERPRETERS and rest.strip() in ("", "*")


def _unconfined(said: dict[str, str]) -> str:
    """The setting that takes a model's sandbox away."""
    if said.get("safety_strategy", "").strip() == "unsafe":
        return "safety-strategy: unsafe"
    texts = (said.get(name, "") for name in ("sandbox", "claude_args", "codex_args", "settings"))
    for text in texts:
        match = _UNCONFINED.search(text)
        if match is not None:
            return match[0]
    return ""


def _commands(
    context: Context, flow: Flow, script: Script, variables: Sequence[Variable]
) -> Iterator[Agent]:
    for command in script.commands:
        name, rest = _program(command)
        if not name:
            continue
        text = command.text
        task = _task(command, script)
        author, prompt = _author(_asked(task, variables, flow.expansions))
        if not author:
            author, prompt = _around(task, flow.tainted)
        if not author and asks(script.text):
            author, prompt = _fetched(context, flow, script, command)
        if not author and flow.known.files:
            author, prompt = _read(flow, script, command)
        match = _UNCONFINED.search(text)
        free = next((word for word in rest if word in _FREE.get(name, ())), "")
        yield Agent(
            name=name,
            author=author,
            prompt=prompt,
            tools=_tools(lists := _allowed(text)),
            read_only=_reads(lists, text),
            unconfined=match[0] if match is not None else free,
            place=command.place,
        )


def _task(command: Command, script: Script) -> str:
    """Where the task of a command is: what it reads is put together somewhere in the script."""
    text = command.text
    if command.input or "<" in text or "$(" in text:
        return script.text
    before, _, _ = script.text.partition(text)
    begin = len(before)
    for match in reversed([*_ASSIGNED.finditer(before)] if "$" in text else ()):
        if re.search(rf"\$\{{?{match['name']}\b", before[begin:] + text):
            begin = match.start()
    return before[begin:] + text


def _asked(
    text: str, variables: Sequence[Variable], expansions: Sequence[Expansion]
) -> Iterator[Expansion]:
    """The expansions of a text, and those in the variables that it expands, or `envsubst` in a file."""
    filled = _FILLED.search(text) is not None
    nodes = [
        variable.place.first
        for variable in variables
        if variable.kind == "environment"
        and (filled or re.search(rf"\$\{{?{re.escape(variable.name)}\b", text))
    ]
    for expansion in expansions:
        if expansion.text in text or any(expansion.place.first is node for node in nodes):
            yield expansion


def _around(text: str, tainted: Mapping[str, Taint]) -> tuple[str, str]:
    """Who writes a variable of the job or workflow that a text expands, and the variable."""
    for name, taint in tainted.items():
        found = re.search(rf"\$\{{?{re.escape(name)}\b\}}?", text, re.IGNORECASE)
        if found is not None and taint.outsider:
            return taint.who, found[0]
    return "", ""


def _fetched(context: Context, flow: Flow, script: Script, asking: Command) -> tuple[str, str]:
    """Who writes what a command asks the platform for before or within the one that asks a model."""
    reads = asking.input or "<" in asking.text or "$" in asking.text
    for command in script.commands if reads else ():
        within = command is not asking and command.text in asking.text
        if within or command.place.start < asking.place.start:
            files = ("event",) if "GITHUB_EVENT_PATH" in command.text else ()
            taint = produced(context, flow.known, command.words, files)
            if taint is not None and taint.outsider:
                return taint.who, command.text
    return "", ""


def _read(flow: Flow, script: Script, asking: Command) -> tuple[str, str]:
    """Who writes a file that is read to a command that asks a model, and the file."""
    paths = _READ.findall(asking.text)
    if asking.input == "cat":
        before = (one for one in script.commands if one.place.start < asking.place.start)
        paths += next((one.words[1:] for one in reversed([*before]) if one.name == "cat"), ())
    for path in paths:
        taint = file_taint(flow, script.text, path)
        if taint is not None and taint.outsider:
            return taint.who, path
    return "", ""


def _program(command: Command) -> tuple[str, Sequence[str]]:
    """The program that asks a model, and what follows it; "" where a command does not."""
    name, rest = command.name, command.words[1:]
    if name in ("npx", "bunx", "pnpx"):
        at = next((at for at, word in enumerate(rest) if _package(word)), len(rest))
        name, rest = "".join(map(_package, rest[at : at + 1])), rest[at + 1 :]
    if name == "gh" and rest[:2] == ("models", "run"):
        return "gh models", rest[2:]
    if name not in _PROGRAMS:
        return "", ()
    asked = {word.partition("=")[0] for word in rest}.intersection(_PROGRAMS[name])
    asked_alone = name in _ALONE and any(" " in word for word in rest)
    return (name, rest) if asked or asked_alone else ("", ())


def _package(word: str) -> str:
    """The program in a package: `@openai/codex@1.2`."""
    return _PACKAGES.get(word) or _PACKAGES.get(word.rpartition("@")[0], "")
