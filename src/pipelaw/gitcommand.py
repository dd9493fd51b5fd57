"""git as pipelaw runs it: nothing that a repository says makes it start, fetch or ask anything.

`run` and `start` look at what is there, with nobody's settings. `fetch` talks to one server; there
the settings of the machine and the user count, for they hold proxies, certificates and logins.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from pipelaw.errors import UsageError
from pipelaw.tree import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HERE = "--git-dir=."
"""The repository is the folder itself, and none around it."""

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "credential.interactive": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.version": "2",
    # a container often runs as another user than the checkout's; with all else off, looking is safe
    "safe.directory": "*",
    "transfer.fsckObjects": "true",
}
_ALWAYS = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    # for a git that does not know the line above: no protocol, so no fetching
    "GIT_ALLOW_PROTOCOL": "none",
}
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
_LOGIN = ("GIT_ASKPASS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_SSH", "GIT_SSL")
"""What the names of the variables begin with that say how to reach a server."""
_SAID = re.compile(r"(?m)^(?:fatal|error): (.+)")


class GitError(UsageError):
    """What git says about a request that it refuses."""


def run(folder: Path | str, *words: str) -> bytes:
    """What a command prints that looks at a repository; raises GitError where it fails."""
    return _output(_line(folder, *words), _alone())


def start(folder: Path | str, *words: str) -> subprocess.Popen[bytes]:
    """A command that looks at a repository and answers until it is killed."""
    return subprocess.Popen(  # noqa: S603  see _line
        _line(folder, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_alone(),
    )


def fetch(
    folder: Path | str,
    url: str,
    commit: str,
    *options: str,
    bare: bool = False,
    login: Sequence[tuple[str, str]] | None = None,
    seconds: float | None = None,
) -> None:
    """Fetch a commit into a repository, and nothing else; raises GitError where it cannot be had.

    A `bare` one is the folder itself, see HERE. `login` are settings to log in by, which no other
    user of the machine sees; without them, what the user has set up for it counts. `seconds` is how
    long it may take.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        # a hook of git, in which we may run, names its own repository; an action's inputs hold tokens
        if not name.startswith(("GIT_", "INPUT_")) or name.startswith(_LOGIN)
    }
    if login is not None:
        kept = {name: value for name, value in kept.items() if not name.endswith("_ASKPASS")}
        for number, (name, value) in enumerate([("credential.helper", ""), *login]):
            kept |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        kept["GIT_CONFIG_COUNT"] = str(len(login) + 1)
    # no other protocol, whatever the repository's settings say
    kept["GIT_ALLOW_PROTOCOL"] = url.partition("://")[0] if "://" in url else "ssh"
    words = (*[HERE] * bare, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *options)
    line = _line(folder, *words, "--end-of-options", url, commit)
    _output(line, {**kept, **_ALWAYS}, seconds)


def _line(folder: Path | str, *words: str) -> list[str]:
    if os.name == "nt":
        # or Windows would take the git.exe that a scanned repository has
        os.environ["NODEFAULTCURRENTDIRECTORYINEXEPATH"] = "1"
    settings = (word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}"))
    return ["git", *settings, "-C", str(folder), *words]


def _alone() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **_ALWAYS, **_ALONE}


def _output(line: list[str], environment: dict[str, str], seconds: float | None = None) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  see _line
            line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=environment,
            timeout=seconds,
        )
    except FileNotFoundError:
        raise UsageError("git is needed, and not installed") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git did not end within {seconds:g} seconds") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        reasons = _SAID.findall(said) or said.split("\n")
        raise GitError(printable(reasons[0].strip()) or "git failed")
    return done.stdout
