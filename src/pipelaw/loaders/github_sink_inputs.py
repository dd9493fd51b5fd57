"""Inputs of actions that run, fetch or interpret what they are given."""

from __future__ import annotations

INPUT_SINKS: dict[str, dict[str, str]] = {
    "borales/actions-yarn": {"cmd": "argument"},
    "burrunan/gradle-cache-action": {"arguments": "argument"},
    "cloudflare/wrangler-action": {
        "command": "argument",
        "precommands": "code",
        "postcommands": "code",
    },
    "coactions/setup-xvfb": {"run": "code"},
    "cross-platform-actions/action": {"run": "code"},
    "cypress-io/github-action": {
        "build": "code",
        "command": "code",
        "install-command": "code",
        "start": "code",
        "wait-on": "address",
    },
    "devcontainers/ci": {"runcmd": "code"},
    "fifsky/ssh-action": {"command": "code"},
    "fjogeleit/http-request-action": {"url": "address"},
    "gabrielbb/xvfb-action": {"run": "code"},
    "garygrossgarten/github-action-ssh": {"command": "code"},
    "gradle/gradle-build-action": {"arguments": "argument"},
    "nick-fields/retry": {
        "command": "code",
        "new_command_on_retry": "code",
        "on_retry_command": "code",
    },
    "nick-invision/retry": {"command": "code", "on_retry_command": "code"},
    "octokit/request-action": {"route": "address", "url": "address"},
    "reactivecircus/android-emulator-runner": {
        "pre-emulator-launch-script": "code",
        "script": "code",
    },
    "ruby/setup-ruby": {"bundler": "code", "ruby-version": "code", "rubygems": "code"},
    "vmactions/freebsd-vm": {"prepare": "code", "run": "code"},
    "vmactions/netbsd-vm": {"prepare": "code", "run": "code"},
    "vmactions/openbsd-vm": {"prepare": "code", "run": "code"},
    "vmactions/solaris-vm": {"prepare": "code", "run": "code"},
    "wandalen/wretry.action": {"command": "code"},
    "wei/curl": {"args": "address"},
}
"""The sink by action and input, both in lower case; what runs as a script of its own is in `CODE_INPUTS`."""
