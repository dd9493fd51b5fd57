"""Inputs of actions that are scripts, or pieces of one, or addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.model import Reference, Script, Step
    from pipelaw.words import Sink


class Taken(NamedTuple):
    """What an action makes of an input."""

    sink: Sink
    language: str = ""
    """Of what is a script of its own; "" for anything else."""


_SHELL, _POWERSHELL = Taken("code", "bash"), Taken("code", "pwsh")
_PYTHON, _JAVASCRIPT = Taken("code", "python"), Taken("code", "javascript")
_PIECE = Taken("code")
"""It becomes part of a script that the action writes."""
_ARGUMENT, _ADDRESS = Taken("argument"), Taken("address")

_VM = {"prepare": _SHELL, "run": _SHELL}
_RETRY = {"command": _SHELL, "new_command_on_retry": _SHELL, "on_retry_command": _SHELL}
INPUT_SINKS: dict[str, dict[str, Taken]] = {
    "8398a7/action-slack": {"custom_payload": _JAVASCRIPT},
    "actions/github-script": {"script": _JAVASCRIPT},
    "addnab/docker-run-action": {"options": _PIECE, "run": _SHELL},
    "amadevus/pwsh-script": {"script": _POWERSHELL},
    "appleboy/ssh-action": {"script": _SHELL},
    "azure/cli": {"inlinescript": _SHELL},
    "azure/powershell": {"inlinescript": _POWERSHELL},
    "borales/actions-yarn": {"cmd": _ARGUMENT},
    "burrunan/gradle-cache-action": {"arguments": _ARGUMENT},
    "cardinalby/js-eval-action": {"expression": _JAVASCRIPT},
    "cloudflare/wrangler-action": {
        "command": _ARGUMENT,
        "precommands": _SHELL,
        "postcommands": _SHELL,
    },
    "coactions/setup-xvfb": {"run": _SHELL},
    "cross-platform-actions/action": {"run": _SHELL},
    "cypress-io/github-action": {
        "build": _SHELL,
        "command": _SHELL,
        "install-command": _SHELL,
        "start": _SHELL,
        "wait-on": _ADDRESS,
    },
    "devcontainers/ci": {"runcmd": _SHELL},
    "devorbitus/yq-action-output": {"cmd": _SHELL},
    "fifsky/ssh-action": {"command": _SHELL},
    "fjogeleit/http-request-action": {"url": _ADDRESS},
    "gabrielbb/xvfb-action": {"run": _SHELL},
    "garygrossgarten/github-action-ssh": {"command": _SHELL},
    "gautamkrishnar/blog-post-workflow": {"item_exec": _JAVASCRIPT},
    "gradle/gradle-build-action": {"arguments": _ARGUMENT},
    "jannekem/run-python-script-action": {"script": _PYTHON},
    "mikefarah/yq": {"cmd": _SHELL},
    "nick-fields/retry": _RETRY,
    "nick-invision/retry": _RETRY,
    "octokit/request-action": {"route": _ADDRESS, "url": _ADDRESS},
    "reactivecircus/android-emulator-runner": {
        "pre-emulator-launch-script": _SHELL,
        "script": _SHELL,
    },
    "ruby/setup-ruby": {"bundler": _PIECE, "ruby-version": _PIECE, "rubygems": _PIECE},
    "sergeysova/jq-action": {"cmd": _SHELL},
    "skitionek/notify-microsoft-teams": {"overwrite": _JAVASCRIPT},
    "vmactions/freebsd-vm": _VM,
    "vmactions/netbsd-vm": _VM,
    "vmactions/openbsd-vm": _VM,
    "vmactions/solaris-vm": _VM,
    "wandalen/wretry.action": {"command": _SHELL},
    "wei/curl": {"args": _ADDRESS},
}
"""By action and input, both in lower case."""

_ELSEWHERE = frozenset(
    ("appleboy/ssh-action", "fifsky/ssh-action", "garygrossgarten/github-action-ssh")
)
"""Actions that run scripts on another machine, without the files and variables of the job."""


def languages_of(action: str) -> dict[str, str]:
    """The inputs of an action, in lower case, that are scripts, and their languages."""
    known = INPUT_SINKS.get(action.lower(), {})
    return {name: taken.language for name, taken in known.items() if taken.language}


def run_elsewhere(used: Reference | None) -> bool:
    """Whether what an action is given to run runs on another machine than the job."""
    return used is not None and used.name.lower() in _ELSEWHERE


def scripts_here(step: Step) -> tuple[Script, ...]:
    """The scripts of a step that run on the job's own machine."""
    if step.scripts and step.references and run_elsewhere(step.references[0]):
        return ()
    return step.scripts
