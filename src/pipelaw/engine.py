"""Subjects and rules in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelaw.finding import EXCERPT_LINES, Finding, Names, Related, Severity, identity
from pipelaw.model import NO_JOB, NO_STEP, Job, Pipeline, Repository, Scope, Step
from pipelaw.patterns import pattern
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelaw.document import Place
    from pipelaw.rulebook import Rulebook
    from pipelaw.rules import Rule, Segment
    from pipelaw.source import Span

    Hit = tuple[int, Any, Pipeline, Job, Step]

_SPACE = pattern(r"\s+")

SHORTEST_SECRET = 3
"""A piece of a credential that is shorter tells nothing, and would be hidden everywhere."""

MESSAGE_WIDTH = 120
"""The longest piece of a file that a message repeats, in characters."""


def judge(pipeline: Pipeline, rulebook: Rulebook, names: Names) -> list[Finding]:
    """The findings of one pipeline, in the order of its parts."""
    hits: list[Hit] = []
    _walk(pipeline, rulebook, hits.append)
    findings = _findings(hits, rulebook, names)
    secrets = _secrets(pipeline)
    return [_without(secrets, finding) for finding in findings] if secrets else findings


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of several pipelines, each once: two of them may read the same file."""
    found: dict[tuple[str, Span, str], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.span, finding.message)
        first = found.setdefault(key, finding)
        if finding.severity > first.severity:
            found[key] = replaced(first, severity=finding.severity)
    return list(found.values())


def _secrets(pipeline: Pipeline) -> list[str]:
    """The literal credentials of a pipeline, line by line, as written and as read; longest first."""
    found: set[str] = set()
    for scope in pipeline.scopes():
        for credential in scope.credentials:
            for text in credential.place.texts():
                found.update(line.strip() for line in text.splitlines())
    return sorted((line for line in found if len(line) >= SHORTEST_SECRET), key=len, reverse=True)


def _without(secrets: list[str], finding: Finding) -> Finding:
    """A finding in which no credential can be read, whatever it is about."""

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "•" * len(secret))
        return text

    return replaced(
        finding,
        message=hide(finding.message),
        step=hide(finding.step),
        excerpt=tuple(map(hide, finding.excerpt)),
        related=tuple(replaced(place, message=hide(place.message)) for place in finding.related),
    )


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
    rulebook.judge_parts(scope, pipeline, job, step, out)
    if scope.scripts and "command" in rulebook.judges:
        for script in scope.scripts:
            text = script.text.lower()
            for passes in rulebook.command_filters:
                if passes(text):
                    rulebook.judges["command"](script.commands, pipeline, job, step, out)
                    break


def _findings(hits: Iterable[Hit], rulebook: Rulebook, names: Names) -> list[Finding]:
    """One finding for each hit; the same text reached twice is one, as severe as its worst use."""
    found: dict[tuple[str, Span, str], Finding] = {}
    for number, *values in hits:
        rule = rulebook.numbered[number]
        if rule is None:
            continue  # it is off
        subject, pipeline = values[0], values[1]
        target = rulebook.evaluate(rule.at, rule.kind, values) if rule.at else subject
        place: Place = target.place if target.place.known else pipeline.place
        key = (rule.id, place.span(), _message(rule.message, rule, rulebook, values))
        if key not in found:
            found[key] = _finding(rule, place, key, values, rulebook, names)
        elif (severity := _severity(rule, rulebook, values)) > found[key].severity:
            found[key] = replaced(found[key], severity=severity)
    return list(found.values())


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
    parts = (job.id, step.identity if step is not NO_STEP else "", rule.kind, subject.identity)
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=_severity(rule, rulebook, values),
        confidence=rule.confidence,
        message=message,
        span=names.shown(span),
        platform=pipeline.platform,
        job=job.id,
        step=step.label if step is not NO_STEP else "",
        fingerprint=names.fingerprint(rule.id, span.path, *parts),
        related=tuple(_related(rule, rulebook, values, names)),
        excerpt=place.source.lines(span.line, min(span.end_line, span.line + EXCERPT_LINES - 1)),
        identity=identity(rule.id, *parts),
    )


def _severity(rule: Rule, rulebook: Rulebook, values: list[Any]) -> Severity:
    for severity, condition in rule.ladder[:-1]:
        if rulebook.evaluate(condition, rule.kind, values):
            return severity
    return rule.ladder[-1].severity


def _message(
    segments: tuple[Segment, ...], rule: Rule, rulebook: Rulebook, values: list[Any]
) -> str:
    parts = [
        _short(str(rulebook.evaluate(text, rule.kind, values))) if code else text
        for text, code in segments
    ]
    return "".join(parts)


def _short(text: str) -> str:
    """A text from the file on one line, cut where a reader has seen enough."""
    line = _SPACE.sub(" ", text) if "\n" in text or "\t" in text or "  " in text else text
    return line if len(line) <= MESSAGE_WIDTH else f"{line[: MESSAGE_WIDTH - 1]}…"


def _related(rule: Rule, rulebook: Rulebook, values: list[Any], names: Names) -> Iterator[Related]:
    for mention in rule.related:
        place: Place = rulebook.evaluate(mention.at, rule.kind, values).place
        if place.known:
            yield Related(
                names.shown(place.span()), _message(mention.message, rule, rulebook, values)
            )
