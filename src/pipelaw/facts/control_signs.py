"""Where pipelines show the signs of security tools."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts.control_catalogue import catalogue, fits
from pipelaw.facts.control_commands import ignored, image_signs, signs
from pipelaw.model import NO_JOB, NO_STEP
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.document import Place
    from pipelaw.facts.control_catalogue import Sign
    from pipelaw.model import Artifact, Job, Pipeline, Reference, Scope, Script, Step, Variable


class Where(NamedTuple):
    """What a sign was found in."""

    pipeline: Pipeline
    job: Job = NO_JOB
    step: Step = NO_STEP


class Hit(NamedTuple):
    """One sign of a tool, and where it is."""

    sign: Sign
    where: Where
    place: Place
    words: Sequence[str] = ()
    """Of a command: the words of the tool's own call."""
    ignored: bool = False
    """Of a command: the script ignores its exit status."""
    reference: str = ""
    """Of code from elsewhere: its name."""
    inputs: tuple[Variable, ...] | None = None
    """Of an action or plugin: what is handed to it."""


def hits(pipelines: Iterable[Pipeline]) -> Iterator[Hit]:
    """Every sign in the pipelines, in their order."""
    for pipeline in pipelines:
        yield from _scope(pipeline, Where(pipeline))
        for job in pipeline.jobs:
            yield from _job(pipeline, job)


def _job(pipeline: Pipeline, job: Job) -> list[Hit]:
    found: list[Hit] = []
    busy = False
    for step in job.steps:
        if _promising(step):
            busy = busy or bool(step.scripts)
            found.extend(_scope(step, Where(pipeline, job, step)))
    where = Where(pipeline, job)
    if _promising(job):
        found.extend(_scope(job, where, busy=busy))
    return found or list(_reports(where))


def _promising(scope: Scope) -> bool:
    """Whether a closer look at a job or step can find anything."""
    for reference in scope.references:
        if _signs_of(reference.kind, reference.name):
            return True
    return any(catalogue().mentioned(script.text) for script in scope.scripts)


def _scope(scope: Scope, where: Where, *, busy: bool = False) -> Iterator[Hit]:
    """The signs directly in a scope; an image counts only where no script says what is done in it."""
    for script in scope.scripts:
        if catalogue().mentioned(script.text):
            busy = True
            yield from _commands(script, where)
    for reference in scope.references:
        if reference.kind != "image" or not busy:
            yield from _referred(reference, where)


_ENOUGH = 100
"""Signs in one script: more say nothing new, and each costs a look at the whole text."""


def _commands(script: Script, where: Where) -> Iterator[Hit]:
    number = 0
    for command in script.commands:
        found, words = signs(command.words)
        if not found:
            continue
        lost = ignored(script.text, command)
        for sign in found:
            yield Hit(sign, where, command.place, words, lost)
        number += 1
        if number == _ENOUGH:
            return


def _referred(reference: Reference, where: Where) -> Iterator[Hit]:
    """The signs that a reference is, with the inputs that it is given."""
    inputs = None if reference.kind == "image" and not reference.inputs else reference.inputs
    for sign in _signs_of(reference.kind, reference.name):
        if not sign.input or _given(sign, reference.inputs):
            yield Hit(sign, where, reference.place, reference=reference.name, inputs=inputs)


_LOOKUPS = {
    "action": "uses",
    "workflow": "uses",
    "component": "components",
    "template": "includes",
    "include": "includes",
}


@lru_cache(maxsize=8192)
def _signs_of(kind: str, name: str) -> tuple[Sign, ...]:
    """The signs that a reference is, its inputs aside."""
    if kind in ("image", "plugin"):
        return image_signs(name)
    lookup = _LOOKUPS.get(kind, "")
    if not lookup:
        return ()
    if lookup == "components":
        name = "/".join(name.split("/")[-3:])
    elif lookup == "includes":
        if kind == "include" and "/lib/gitlab/ci/templates/" not in name:
            return ()
        name = _template(name)
    return catalogue().find(lookup, name)


def _template(name: str) -> str:
    """A template's plain name: `SAST` of `Jobs/SAST.latest.gitlab-ci.yml`."""
    return name.rpartition("/")[2].partition(".")[0]


def _given(sign: Sign, inputs: tuple[Variable, ...]) -> bool:
    """Whether the input that a sign requires has one of its values; "" is an absent one."""
    given = ""
    for variable in inputs:
        if variable.name.lower() == sign.input.lower():
            given = variable.value.strip()
    return any(fits(given, value) for value in sign.values)


def _reports(where: Where) -> Iterator[Hit]:
    """The reports that a job stores, as a sign that it scans, by whatever script."""
    for artifact in where.job.artifacts:
        for sign in catalogue().find("reports", report(artifact)):
            yield Hit(sign, where, artifact.place)


def report(artifact: Artifact) -> str:
    """The kind of report that a job stores, "" where it stores anything else."""
    kind = artifact.name.removeprefix("reports:")
    return kind if artifact.action == "upload" and kind != artifact.name else ""
