"""One repository: its pipelines loaded and judged, itself judged as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.document import Problem, decode
from pipelaw.engine import judge, judge_repository
from pipelaw.errors import UnreadableError
from pipelaw.finding import Finding, Names
from pipelaw.loaders import load
from pipelaw.suppress import marked

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
    read = _read(work)
    names = Names(work.prefix)
    findings = [found for pipeline in read.pipelines for found in judge(pipeline, rulebook, names)]
    whole = read.pipelines and not work.tree.named
    if whole and ("repository" in rulebook.judges or "control" in rulebook.judges):
        findings.extend(_whole(work, read, rulebook, names))
    findings.sort(key=lambda finding: finding.order)
    return Part(
        files=len(work.candidates),
        pipelines=len(read.pipelines),
        findings=tuple(marked(findings, lambda path: _text(work, read, path))),
        unreadable=tuple(_under(problem, work.prefix) for problem in read.unreadable),
        unresolved=tuple(_under(problem, work.prefix) for problem in read.unresolved),
    )


class _Read(NamedTuple):
    """What reading a repository's pipelines gave."""

    texts: dict[str, str]
    pipelines: list[Pipeline]
    unreadable: list[Problem]
    unresolved: list[Problem]


def _read(work: Work) -> _Read:
    read = _Read({}, [], [], [])
    for candidate in work.candidates:
        try:
            source = decode(candidate.path, work.tree.read(candidate.path))
            loaded = load(candidate.platform, source, work.tree)
        except UnreadableError as error:
            read.unreadable.append(Problem(error.path, error.line, error.column, error.message))
            continue
        read.texts[source.path] = source.text
        read.pipelines.extend(loaded.pipelines)
        read.unreadable.extend(loaded.problems)
        read.unresolved.extend(loaded.unresolved)
    read.unreadable.extend(work.tree.problems())
    return read


def _whole(work: Work, read: _Read, rulebook: Rulebook, names: Names) -> list[Finding]:
    """The findings about a repository as a whole."""
    from pipelaw.facts import controls, languages  # noqa: PLC0415  they read a catalogue

    unknown = tuple(f"{p.path}: {p.message}" for p in (*read.unreadable, *read.unresolved))
    found = languages.languages(work.tree.paths())
    repository = controls.repository(work.tree.name, read.pipelines, found, unknown, work.tree)
    started = (p for p in read.pipelines if p.kind == "pipeline" and not p.reusable)
    return judge_repository(repository, next(started, read.pipelines[0]), rulebook, names)


def _text(work: Work, read: _Read, path: str) -> str:
    """The text of a file that a finding is in; an included one is read again."""
    own = path.removeprefix(f"{work.prefix}/") if work.prefix else path
    if own not in read.texts:
        try:
            read.texts[own] = decode(own, work.tree.read(own)).text
        except UnreadableError:
            read.texts[own] = ""
    return read.texts[own]


def _under(problem: Problem, prefix: str) -> Problem:
    return problem._replace(path=f"{prefix}/{problem.path}") if prefix else problem
