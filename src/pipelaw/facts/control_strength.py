"""Why a security control protects less than it could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.control_catalogue import catalogue
from pipelaw.facts.control_commands import flag, flags
from pipelaw.facts.control_signs import report
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.facts.control_signs import Hit
    from pipelaw.model import Job, Variable

_LATE = frozenset({"schedule", "manual", "tag", "release", "comment", "issue"})
"""Kinds of trigger that come too late for a change, or only when somebody thinks of them."""
_IDLE = pattern(r"(?:true|:|exit 0|echo [^;|&`$>]*)?\Z")
"""A line of a script that looks at nothing."""
_NO = frozenset({"0", "false", "no", "none", "off", ""})


def _late(hit: Hit) -> tuple[str, ...]:
    """The kinds of trigger that start a control, where it is meant for changes and none is a change."""
    if hit.sign.category not in catalogue().early:
        return ()
    events = hit.where.job.events
    if not events and hit.where.pipeline.kind == "pipeline":
        events = tuple(dict.fromkeys(trigger.kind for trigger in hit.where.pipeline.triggers))
    return events if _LATE.issuperset(events) else ()


def weaknesses(hit: Hit) -> tuple[str, ...]:
    """The reasons, each a clause about the tool: `its exit status is ignored`."""
    found = [*disabling(hit)]
    if events := _late(hit):
        found.append(f"it starts on {' and '.join(events)} only, not on a change")
    elif not hit.where.job.id and any(map(_later, _template_jobs(hit))):
        found.append("its job is redefined to start late or by hand")
    found.extend(_template(hit))
    found.extend(_left_out(hit))
    if not _delivered(hit.where.job):
        found.extend(_harmless(hit))
    return tuple(dict.fromkeys(found))


def disabling(hit: Hit) -> Iterator[str]:
    """The reasons for which a control that is there never runs, clauses like those of `weaknesses`."""
    for name in _switches(hit):
        yield f"`{name}` switches it off"
    jobs = hit.where.pipeline.jobs if _included(hit) else ()
    core = [job for job in jobs if job.id in hit.sign.tool.core]
    if any(not job.events for job in core):
        yield "its job is redefined never to start"
    elif any(map(_idle, core)):
        yield "its script is replaced by one that does nothing"


def _later(job: Job) -> bool:
    """Whether a job starts too late for a change, or waits for somebody."""
    return _LATE.issuperset(job.events) or "manual" in job.gates


def _idle(job: Job) -> bool:
    """Whether the scripts of a job do nothing, or only say something."""
    scripts = [script.text for step in job.steps for script in step.scripts]
    lines = (line.strip() for text in scripts for line in text.splitlines())
    return bool(scripts) and all(map(_IDLE.match, lines))


def _included(hit: Hit) -> bool:
    """Whether a control comes with a template, not with a job of the file."""
    return bool(hit.reference) and not hit.where.job.id


def _template(hit: Hit) -> Iterator[str]:
    """Why the jobs of an included template run for no change."""
    pipeline, tool = hit.where.pipeline, hit.sign.tool
    if (
        _included(hit)
        and tool.on_changes
        and hit.sign.category in catalogue().early
        and hit.reference.endswith((".yml", ".yaml"))
        and ".latest." not in hit.reference
        and pipeline.triggers
        and all(trigger.kind == "change-request" for trigger in pipeline.triggers)
        and not any(v.name == tool.on_changes and v.value == "true" for v in pipeline.variables)
    ):
        yield f"its jobs run for branches only, and no branch starts them; set `{tool.on_changes}`"


def _switches(hit: Hit) -> Iterator[str]:
    """The variables that switch a tool off and are set; a job with `rules` of its own does not ask them."""
    tool = hit.sign.tool
    if tool.off and not any(
        job.condition and job.id not in tool.base for job in _template_jobs(hit)
    ):
        for variable in (*hit.where.pipeline.variables, *hit.where.job.variables):
            if variable.name in tool.off and variable.value in ("true", "1"):
                yield variable.name


def _left_out(hit: Hit) -> Iterator[str]:
    """The variables that leave out what does most of a tool's work."""
    wanted = dict(one.split("=") for one in hit.sign.tool.excluded)
    for variable in (*hit.where.pipeline.variables, *hit.where.job.variables) if wanted else ():
        main = wanted.get(variable.name)
        if main is not None and main in variable.value.replace(",", " ").split():
            yield f"`{variable.name}` leaves out {main}, which does most of its work"


def _template_jobs(hit: Hit) -> Iterator[Job]:
    for job in hit.where.pipeline.jobs:
        if job.events and job.id in hit.sign.tool.jobs:
            yield job


def _delivered(job: Job) -> bool:
    """Whether a job hands findings to the review by another way than its exit status."""
    known = catalogue().delivering
    if any(reference.name.lower() in known for step in job.steps for reference in step.references):
        return True
    return any(report(artifact) in known for artifact in job.artifacts)


def _harmless(hit: Hit) -> Iterator[str]:
    """Why findings do not stop the pipeline."""
    if hit.ignored:
        yield "its exit status is ignored"
    if hit.where.step.optional and not _answered(hit):
        yield "the job goes on when it fails"
    if hit.where.job.optional:
        yield "the pipeline goes on when it fails"
    if soft := _soft(hit):
        yield f"`{soft}` lets findings pass"
    elif hit.sign.tool.advisory:
        yield "findings never fail it"
    elif missing := _ungated(hit):
        yield f"without `{missing}` findings never fail it"


def _answered(hit: Hit) -> bool:
    """Whether a later step asks how the optional one ended."""
    return bool(hit.where.step.id) and any(
        f".{hit.where.step.id}." in step.condition
        for step in hit.where.job.steps[hit.where.step.index + 1 :]
    )


def _soft(hit: Hit) -> str:
    """The first flag or input that makes findings harmless, as written; "" where there is none."""
    known = hit.sign.tool.soft
    words = hit.words or [word for v in hit.inputs or () for word in v.value.split()]
    for written, value in flags(words):
        wanted = known.get(f"-{written.lstrip('-')}")
        if wanted is not None and (not wanted or value in wanted):
            return f"{written} {value}" if wanted else written
    for variable in hit.inputs or ():
        value = variable.value.strip()
        if value.lower() in known.get(variable.name.lower(), ()):
            return f"{variable.name}: {value}"
    return ""


def _ungated(hit: Hit) -> str:
    """The flag or input without which findings do not count, where none of its kind is given."""
    gate = hit.sign.tool.gate
    if not hit.words and hit.inputs is None:
        return ""
    asked = [name for name in gate if name.startswith("-") == bool(hit.words)]
    if not asked or any(_on(name, hit) for name in gate):
        return ""
    return asked[0]


def _on(name: str, hit: Hit) -> bool:
    if name.startswith("-"):
        if (value := flag(name, hit.words)) is not None:
            return value.lower() not in _NO or not value
        return any(flag(name, v.value.split()) is not None for v in hit.inputs or ())
    return any(
        variable.name.lower() == name.lower() and variable.value.strip().lower() not in _NO
        for variable in _variables(hit)
    )


def _variables(hit: Hit) -> Iterator[Variable]:
    """The inputs and the environment of what a sign was found in."""
    yield from hit.inputs or ()
    yield from hit.where.step.variables
    yield from hit.where.job.variables
    yield from hit.where.pipeline.variables
