"""Secrets that the scripts of a job let out, followed from step to step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.secret_leaks import Held, Runner, leaks, plain
from pipelaw.model import Leak
from pipelaw.patterns import pattern
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.model import Script, Secret, Step

_MASK = "::add-mask::"
_MASKED = pattern(r"::add-mask::(?P<what>\$\{\{[^\n]*?\}\})")
_WORKSPACE = pattern(r"\A\$\{\{\s*github\.workspace\s*\}\}/", re.IGNORECASE)
_HIDDEN = pattern(r"(?:\A|/)\.(?![./])")
_SECRET = pattern(r"\$\{\{\s*(?:secrets\.|github\.token\b)", re.IGNORECASE)
RUNNER = Runner(
    _MASK,
    "GITHUB_ENV",
    pattern(r"\$\{\{[ \t]*(?P<name>secrets\.\w+|github\.token)[ \t]*\}\}", re.IGNORECASE),
)
"""What GitHub's runner understands in a script."""


def with_leaks(steps: tuple[Step, ...], around: Iterable[Secret]) -> tuple[Step, ...]:
    """The steps, each with what its scripts let out; `around` are the secrets of their environment."""
    held = _held(around)
    found = None
    for index, step in enumerate(steps):
        own = held | _held(step.secrets) if step.secrets else held
        if not step.scripts or not (own or step.secrets or _MASK in step.scripts[0].text):
            continue
        pasted = any(secret.use in ("script", "code") for secret in step.secrets)
        let_out: list[Leak] = []
        for script in step.scripts:
            let_out += _shown(script)
            if own or pasted:
                later = steps[index + 1 :]
                kept = _uploaded(later)
                here, exported = leaks(script, own, runner=RUNNER, pasted=pasted, kept=kept)
                let_out += (leak for leak in here if leak.way != "file" or _taken(leak.to, later))
                held = held | exported
        if let_out:
            found = found or list(steps)
            found[index] = replaced(step, leaks=tuple(let_out))
    return tuple(found) if found else steps


def _uploaded(steps: Iterable[Step]) -> tuple[str, ...]:
    """What steps put into artifacts, the whole workspace aside."""
    found = []
    for step in steps:
        for artifact in step.artifacts:
            if artifact.action == "upload" and not artifact.whole_workspace:
                found += [plain(_WORKSPACE.sub("", path)) for path in artifact.paths]
    return tuple(path for path in found if path and not path.startswith("!"))


def _taken(file: str, steps: Iterable[Step]) -> bool:
    """Whether uploads do not leave a file out because its name, or its folder's, begins with a dot."""
    return _HIDDEN.search(file) is None or any(
        artifact.hidden for step in steps for artifact in step.artifacts
    )


def _held(secrets: Iterable[Secret]) -> dict[str, Held]:
    """The variables that hold secrets."""
    return {
        secret.target: Held(
            secret.target if secret.use == "whole" else secret.name, derived=secret.unmasked
        )
        for secret in secrets
        if secret.use in ("environment", "whole") and secret.target
    }


def _shown(script: Script) -> Iterator[Leak]:
    """Requests to hide a value that the log has shown before: it shows the script itself."""
    if _MASK not in script.text:
        return
    for match in _MASKED.finditer(script.text):
        what = match["what"]
        yield Leak(
            way="mask",
            secret=what,
            derived=_SECRET.match(what) is None,
            by="echo",
            place=script.source_text.place(match.start(), match.end()),
        )
