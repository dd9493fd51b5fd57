"""Inputs of actions that are scripts, or pieces of one, or addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shells import BOURNE, SHELLS
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_WRETRY = {"command": _SHELL, "pre_retry_command": _SHELL, "post_retry_command": _SHELL}
INPUT_SINKS: dict[str, dict[str, Taken]] = {
    "8398a7/action-slack": {"custom_payload": _JAVASCRIPT},
    "actions-hub/gcloud": {"args": _ARGUMENT},
    "actions-hub/kubectl": {"args": _ARGUMENT},
    "actions-rs/cargo": {"args": _ARGUMENT},
    "actions/github-script": {"script": _JAVASCRIPT},
    "addnab/docker-run-action": {"options": _PIECE, "run": _SHELL},
    "amadevus/pwsh-script": {"script": _POWERSHELL},
    "andresz1/size-limit-action": {"build_script": _ARGUMENT},
    "appleboy/ssh-action": {"script": _SHELL},
    "aws-actions/aws-codebuild-run-build": {"buildspec-override": _PIECE},
    "azure/cli": {"inlinescript": _SHELL},
    "azure/powershell": {"inlinescript": _POWERSHELL},
    "bahmutov/npm-install": {"install-command": _SHELL},
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
    "d3rhase/ssh-command-action": {"command": _SHELL},
    "dawidd6/action-ansible-playbook": {"options": _ARGUMENT},
    "devcontainers/ci": {"runcmd": _SHELL},
    "devorbitus/yq-action-output": {"cmd": _SHELL},
    "easingthemes/ssh-deploy": {"script_after": _SHELL, "script_before": _SHELL},
    "eskatos/gradle-command-action": {"arguments": _ARGUMENT},
    "fifsky/ssh-action": {"command": _SHELL},
    "fjogeleit/http-request-action": {"url": _ADDRESS},
    "gabrielbb/xvfb-action": {"run": _SHELL},
    "garygrossgarten/github-action-ssh": {"command": _SHELL},
    "gautamkrishnar/blog-post-workflow": {"item_exec": _JAVASCRIPT},
    "google-github-actions/ssh-compute": {"command": _SHELL},
    "gradle/gradle-build-action": {"arguments": _ARGUMENT},
    "imjohnbo/issue-bot": {
        "body": _PIECE,
        "linked-comments-new-issue-text": _PIECE,
        "linked-comments-previous-issue-text": _PIECE,
    },
    "jakejarvis/s3-sync-action": {"args": _PIECE},
    "jannekem/run-python-script-action": {"script": _PYTHON},
    "jimcronqvist/action-ssh": {"command": _SHELL},
    "lucasbento/auto-close-issues": {"issue-close-message": _PIECE},
    "lycheeverse/lychee-action": {"args": _ARGUMENT},
    "maierj/fastlane-action": {"options": _ARGUMENT},
    "mathiasvr/command-output": {"run": _SHELL},
    "matlab-actions/run-command": {"command": _PIECE},
    "mikefarah/yq": {"cmd": _SHELL},
    "nekiro/ssh-job": {"command": _SHELL},
    "nick-fields/retry": _RETRY,
    "nick-invision/retry": _RETRY,
    "octokit/request-action": {"route": _ADDRESS, "url": _ADDRESS},
    "paambaati/codeclimate-action": {"coveragecommand": _SHELL},
    "pguyot/arm-runner-action": {"commands": _SHELL},
    "pre-commit/action": {"extra_args": _PIECE},
    "preactjs/compressed-size-action": {"build-script": _ARGUMENT, "install-script": _SHELL},
    "pyo3/maturin-action": {"args": _ARGUMENT, "before-script-linux": _SHELL},
    "reactivecircus/android-emulator-runner": {
        "pre-emulator-launch-script": _SHELL,
        "script": _SHELL,
    },
    "roots/issue-closer-action": {"issue-close-message": _PIECE, "pr-close-message": _PIECE},
    "ruby/setup-ruby": {"bundler": _PIECE, "ruby-version": _PIECE, "rubygems": _PIECE},
    "satak/webrequest-action": {"url": _ADDRESS},
    "sergeysova/jq-action": {"cmd": _SHELL},
    "skitionek/notify-microsoft-teams": {"overwrite": _JAVASCRIPT},
    "sonarsource/sonarcloud-github-action": {"args": _ARGUMENT},
    "sonarsource/sonarqube-scan-action": {"args": _ARGUMENT},
    "stefanzweifel/git-auto-commit-action": {"commit_options": _ARGUMENT},
    "step-security/retry": _RETRY,
    "tibdex/backport": {
        "body_template": _PIECE,
        "head_template": _PIECE,
        "labels_template": _PIECE,
        "title_template": _PIECE,
    },
    "uraimo/run-on-arch-action": {"install": _SHELL, "run": _SHELL, "setup": _SHELL},
    "vmactions/dragonflybsd-vm": _VM,
    "vmactions/freebsd-vm": _VM,
    "vmactions/netbsd-vm": _VM,
    "vmactions/omnios-vm": _VM,
    "vmactions/openbsd-vm": _VM,
    "vmactions/solaris-vm": _VM,
    "wandalen/wretry.action": _WRETRY,
    "wandalen/wretry.action/main": _WRETRY,
    "wei/curl": {"args": _ADDRESS},
    "workflow/nix-shell-action": {"script": _SHELL},
}
"""By action and input, both in lower case."""

_ELSEWHERE = frozenset(
    "appleboy/ssh-action d3rhase/ssh-command-action fifsky/ssh-action garygrossgarten/github-action-ssh"
    " jimcronqvist/action-ssh nekiro/ssh-job easingthemes/ssh-deploy"
    " google-github-actions/ssh-compute".split()
)
"""Actions that run scripts on another machine, without the files and variables of the job."""


def languages_of(action: str) -> dict[str, str]:
    """The inputs of an action, in lower case, that are scripts, and their languages."""
    known = INPUT_SINKS.get(action.lower(), {})
    return {name: taken.language for name, taken in known.items() if taken.language}


_CODE = pattern(r"\s*(?:-\S+\s+)*-\w*c\b")
_SHELL_CODE = pattern(rf"\s*(?:\S*/)?{BOURNE}\s+(?:-\S+\s+)*-\w*c\b")


def shell_code(inputs: Mapping[str, str]) -> bool:
    """Whether the arguments of a step's image are a script of its shell: `sh -c …`."""
    program = inputs.get("entrypoint", "").strip().rpartition("/")[2]
    how = _CODE if program in SHELLS else _SHELL_CODE
    return how.match(inputs.get("args", "")) is not None


def run_elsewhere(used: Reference | None) -> bool:
    """Whether what an action is given to run runs on another machine than the job."""
    return used is not None and used.name.lower() in _ELSEWHERE


def scripts_here(step: Step) -> tuple[Script, ...]:
    """The scripts of a step that run on the job's own machine."""
    if step.scripts and step.references and run_elsewhere(step.references[0]):
        return ()
    return step.scripts
