"""Subjects and rules in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelaw.finding import EXCERPT_LINES, Finding, Names, Related, Severity
from pipelaw.model import NO_JOB, NO_STEP, Job, Pipeline, Repository, Scope, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelaw.document import Place
    from pipelaw.rulebook import Rulebook
    from pipelaw.rules import Rule, Segment
    from pipelaw.source import Span

    Hit = tuple[int, Any, Pipeline, Job, Step]

MESSAGE_WIDTH = 120
"""The longest piece of a file that a message repeats, in characters."""


def judge(pipeline: Pipeline, rulebook: Rulebook, names: Names) -> list[Finding]:
    """The findings of one pipeline, in source order."""
    hits: list[Hit] = []
    _walk(pipeline, rulebook, hits.append)
    return _findings(hits, rulebook, names)


def judge_repository(
    repository: Repository, pipeline: Pipeline, rulebook: Rulebook, names: Names
) -> list[Finding]:
    """The findings about a repository as a whole; `pipeline` is the one that its place is in."""
    hits: list[Hit] = []
    for kind, subjects in (("repository", (repository,)), ("control", repository.controls)):
        if kind in rulebook.judges:
            rulebook.judges[kind](subjects, pipeline, NO_JOB, NO_STEP, hits.append)
    return _findings(hits, rulebook, names)


def _walk(pipeline: Pipeline, rulebook: Rulebook, out: Callable[[Hit], None]) -> None:
    judges = rulebook.judges
    on_job, on_step, on_runner = judges.get("job"), judges.get("step"), judges.get("runner")
    if "pipeline" in judges:
        judges["pipeline"]((pipeline,), pipeline, NO_JOB, NO_STEP, out)
    if "trigger" in judges:
        judges["trigger"](pipeline.triggers, pipeline, NO_JOB, NO_STEP, out)
    _parts(pipeline, rulebook, pipeline, NO_JOB, NO_STEP, out)
    for job in pipeline.jobs:
        if on_job is not None:
            on_job((job,), pipeline, job, NO_STEP, out)
        if on_runner is not None:
            on_runner((job.runner,), pipeline, job, NO_STEP, out)
        _parts(job, rulebook, pipeline, job, NO_STEP, out)
        for step in job.steps:
            if on_step is not None:
                on_step((step,), pipeline, job, step, out)
            _parts(step, rulebook, pipeline, job, step, out)


def _parts(
    scope: Scope,
    rulebook: Rulebook,
    pipeline: Pipeline,
    job: Job,
    step: Step,
    out: Callable[[Hit], None],
) -> None:
    for name, judge_part in rulebook.parts:
        subjects = getattr(scope, name)
        if subjects:
            judge_part(subjects, pipeline, job, step, out)
    if scope.scripts and "command" in rulebook.judges:
        search, on_command = rulebook.command_words.search, rulebook.judges["command"]
        for script in scope.scripts:
            if search(script.text):
                on_command(script.commands, pipeline, job, step, out)


def _findings(hits: Iterable[Hit], rulebook: Rulebook, names: Names) -> list[Finding]:
    """One finding for each hit; the same text reached twice, through an alias, is one finding."""
    found: dict[tuple[str, Span, str], Finding] = {}
    for number, *values in hits:
        rule = rulebook.rules[number]
        subject, pipeline = values[0], values[1]
        target = rulebook.evaluate(rule.at, rule.kind, values) if rule.at else subject
        place: Place = target.place if target.place.known else pipeline.place
        key = (rule.id, place.span(), _message(rule.message, rule, rulebook, values))
        if key not in found:
            found[key] = _finding(rule, place, key, values, rulebook, names)
    return sorted(found.values(), key=lambda made: made.order)


def _finding(
    rule: Rule,
    place: Place,
    key: tuple[str, Span, str],
    values: list[Any],
    rulebook: Rulebook,
    names: Names,
) -> Finding:
    _, span, message = key
    subject, pipeline, job, step = values
    identity = (job.id, step.identity if step is not NO_STEP else "", rule.kind, subject.identity)
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=_severity(rule, rulebook, values),
        confidence=rule.confidence,
        message=message,
        span=names.shown(span),
        platform=pipeline.platform,
        job=job.id,
        step=identity[1],
        fingerprint=names.fingerprint(rule.id, span.path, *identity),
        related=tuple(_related(rule, rulebook, values, names)),
        excerpt=_excerpt(place, span, hidden=rule.kind == "credential"),
    )


def _excerpt(place: Place, span: Span, *, hidden: bool) -> tuple[str, ...]:
    """The lines of a finding; of a credential only its own line, with dots where it stands."""
    if not hidden:
        return place.source.lines(span.line, min(span.end_line, span.line + EXCERPT_LINES - 1))
    line = place.source.lines(span.line, span.line)[0]
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    return (line[: span.column - 1] + "•" * (end - span.column + 1) + line[end:],)


def _severity(rule: Rule, rulebook: Rulebook, values: list[Any]) -> Severity:
    for severity, condition in rule.ladder[:-1]:
        if rulebook.evaluate(condition, rule.kind, values):
            return severity
    return rule.ladder[-1].severity


def _message(
    segments: tuple[Segment, ...], rule: Rule, rulebook: Rulebook, values: list[Any]
) -> str:
    return "".join(
        _short(str(rulebook.evaluate(text, rule.kind, values))) if code else text
        for text, code in segments
    )


def _short(text: str) -> str:
    """A text from the file on one line, cut where a reader has seen enough."""
    line = " ".join(text.split())
    return line if len(line) <= MESSAGE_WIDTH else f"{line[: MESSAGE_WIDTH - 1]}…"


def _related(rule: Rule, rulebook: Rulebook, values: list[Any], names: Names) -> Iterator[Related]:
    for mention in rule.related:
        place: Place = rulebook.evaluate(mention.at, rule.kind, values).place
        if place.known:
            yield Related(
                names.shown(place.span()), _message(mention.message, rule, rulebook, values)
            )
