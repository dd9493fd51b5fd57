"""Secrets that the scripts of a job let out, followed from step to step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.secret_leaks import Held, Runner, leaks
from pipelaw.facts.secret_outputs import plain
from pipelaw.facts.secret_stores import may_take
from pipelaw.loaders.github_definitions import folder_of
from pipelaw.model import Leak
from pipelaw.patterns import pattern
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.loaders.github_memory import Use
    from pipelaw.model import Reference, Script, Secret, Step

_MASK = "::add-mask::"
_MASKED = pattern(r"::add-mask::(?P<what>\$\{\{[^\n]*?\}\})")
_WORKSPACE = pattern(r"\A\$\{\{\s*github\.workspace\s*\}\}/", re.IGNORECASE)
_HIDDEN = pattern(r"(?:\A|/)\.(?![./])")
_INPUT = pattern(r"\$\{\{\s*inputs\.(?P<name>[\w-]+)\s*\}\}\Z", re.IGNORECASE)
_SECRET = pattern(r"\$\{\{\s*(?:secrets[.\[]|github\.token\b)", re.IGNORECASE)
_KNOWN = r"secrets\.|secrets\['|github\.(?=token\b)"
_PASTED = r"\$\{\{[ \t]*(?:%s)(?P<name>[\w-]+)(?:'\])?[ \t]*\}\}"
RUNNER = Runner(
    _MASK,
    "GITHUB_ENV",
    pattern(_PASTED % _KNOWN, re.IGNORECASE),
    "GITHUB_STEP_SUMMARY",
)
"""What GitHub's runner understands in a script."""


def with_leaks(
    steps: tuple[Step, ...], around: Iterable[Secret], uses: Iterable[Use] = ()
) -> tuple[Step, ...]:
    """The steps, each with what its scripts let out; `around` are the secrets of their environment.

    `uses` are those of the action that the steps belong to: what they hand over may be secret.
    """
    held = _held(around)
    handed = _handed(uses)
    runner = _filling(handed) if handed else RUNNER
    found = None
    for index, step in enumerate(steps):
        if not step.scripts:
            continue
        own = held | _held(step.secrets) if step.secrets else held
        own = own | _passed_on(step, handed) if handed else own
        fetching = any(may_take(script.text) for script in step.scripts)
        some = own or step.secrets or handed or fetching
        if not (some or _MASK in step.scripts[0].text):
            continue
        pasted = bool(handed) or any(one.use in ("script", "code") for one in step.secrets)
        let_out: list[Leak] = []
        for script in step.scripts:
            let_out += _shown(script)
            if own or pasted or fetching:
                later = steps[index + 1 :]
                kept = _uploaded(later)
                here, exported = leaks(script, own, runner=runner, pasted=pasted, kept=kept)
                let_out += (leak for leak in here if leak.way != "file" or _taken(leak.to, later))
                held = held | exported
        if let_out:
            found = found or list(steps)
            found[index] = replaced(step, leaks=tuple(let_out))
    return tuple(found) if found else steps


def _handed(uses: Iterable[Use]) -> dict[str, Held]:
    """The secrets that an action is handed, by input in lower case."""
    return {
        secret.target.lower(): Held(secret.name)
        for use in uses
        for step in use.job.steps
        if step.secrets and any(_of(used, use.call.target) for used in step.references)
        for secret in step.secrets
        if secret.use == "input" and secret.store != "token"
    }


def _filling(handed: Iterable[str]) -> Runner:
    """What the runner understands, with the inputs that hold secrets among what is pasted."""
    names = "|".join(map(re.escape, handed))
    known = rf"{_KNOWN}|inputs\.(?=(?:{names})\W)"
    return RUNNER._replace(template=re.compile(_PASTED % known, re.IGNORECASE))


def _of(used: Reference, folder: str) -> bool:
    """Whether a step uses the action in a folder of the repository."""
    return used.pin == "local" and folder_of(used.text) == folder


def _passed_on(step: Step, handed: Mapping[str, Held]) -> dict[str, Held]:
    """The variables of a step that hold what its action was handed."""
    found = {}
    for variable in step.variables:
        match = _INPUT.match(variable.value) if variable.kind == "environment" else None
        if match is not None and match["name"].lower() in handed:
            found[variable.name] = handed[match["name"].lower()]
    return found


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
