"""One repository: its pipelines loaded and judged, itself judged as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.document import Problem, decode
from pipelaw.engine import judge, judge_repository
from pipelaw.errors import UnreadableError
from pipelaw.finding import Finding, Names
from pipelaw.loaders import load

if TYPE_CHECKING:
    from pipelaw.discover import Candidate
    from pipelaw.model import Pipeline
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree


class Work(NamedTuple):
    """One repository to scan."""

    tree: Tree
    prefix: str
    """Its path as reports show it, "" for the scanned folder itself."""
    candidates: tuple[Candidate, ...]


class Part(NamedTuple):
    """What scanning one repository gave; picklable."""

    files: int
    pipelines: int
    findings: tuple[Finding, ...]
    unreadable: tuple[Problem, ...]
    unresolved: tuple[Problem, ...]


def scan_repository(work: Work, rulebook: Rulebook) -> Part:
    """Scan one repository."""
    findings: list[Finding] = []
    unreadable: list[Problem] = []
    unresolved: list[Problem] = []
    pipelines: list[Pipeline] = []
    names = Names(work.prefix)
    for candidate in work.candidates:
        try:
            source = decode(candidate.path, work.tree.read(candidate.path))
            loaded = load(candidate.platform, source, work.tree)
        except UnreadableError as error:
            unreadable.append(Problem(error.path, error.line, error.column, error.message))
            continue
        unreadable.extend(loaded.problems)
        unresolved.extend(loaded.unresolved)
        pipelines.extend(loaded.pipelines)
        for pipeline in loaded.pipelines:
            findings.extend(judge(pipeline, rulebook, names))
    unreadable.extend(work.tree.problems())
    if "repository" in rulebook.judges or "control" in rulebook.judges:
        unknown = tuple(f"{p.path}: {p.message}" for p in (*unreadable, *unresolved))
        findings.extend(_whole(work, pipelines, unknown, rulebook, names))
    return Part(
        files=len(work.candidates),
        pipelines=len(pipelines),
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        unreadable=tuple(_under(problem, work.prefix) for problem in unreadable),
        unresolved=tuple(_under(problem, work.prefix) for problem in unresolved),
    )


def _whole(
    work: Work,
    pipelines: list[Pipeline],
    unknown: tuple[str, ...],
    rulebook: Rulebook,
    names: Names,
) -> list[Finding]:
    """The findings about a repository as a whole."""
    if not pipelines:
        return []
    from pipelaw.facts import controls, languages  # noqa: PLC0415  read a catalogue when asked for

    found = languages.languages(work.tree.paths())
    repository = controls.repository(work.tree.name, pipelines, found, unknown)
    return judge_repository(repository, pipelines[0], rulebook, names)


def _under(problem: Problem, prefix: str) -> Problem:
    return problem._replace(path=f"{prefix}/{problem.path}") if prefix else problem
