"""One repository: its pipelines loaded and judged, itself judged as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Problem, decode
from pipelaw.errors import PipelawError, UnreadableError, bug
from pipelaw.finding import Finding, Names, Usage
from pipelaw.loaders import load
from pipelaw.records import NamedTuple
from pipelaw.source import Source
from pipelaw.suppress import File, dated, marked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.discover import Candidate
    from pipelaw.gittree import GitTree
    from pipelaw.model import Pipeline
    from pipelaw.place import Place
    from pipelaw.policy import Policy
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree


class Work(NamedTuple):
    """One repository to scan."""

    tree: Tree
    prefix: str
    """Its path as reports show it, "" for the scanned folder itself."""
    candidates: tuple[Candidate, ...]
    policy: Policy | None = None
    """What its team decided; None where nobody did."""
    before: GitTree | None = None
    """The revision whose findings are known; None where all count."""
    book: int = 0
    """Which of the scan's rulebooks judges it."""
    faults: tuple[Problem, ...] = ()
    """What is wrong with its policy; then it is not judged at all."""
    today: dt.date | None = None
    """The day on which comments have to count still; None where nobody asks."""

    def own(self, path: str) -> str:
        """A path of a report as the repository has it."""
        return path.removeprefix(f"{self.prefix}/") if self.prefix else path


class Part(NamedTuple):
    """What scanning one repository gave; picklable."""

    files: int
    pipelines: int
    findings: tuple[Finding, ...]
    unreadable: tuple[Problem, ...]
    unresolved: tuple[Problem, ...]
    usages: tuple[Usage, ...] = ()


def scan_repository(work: Work, rulebook: Rulebook) -> Part:
    """Scan one repository."""
    return decided(work, judged(work, rulebook))


def judged(work: Work, rulebook: Rulebook) -> Part:
    """What scanning a repository gives whatever its policy says, and on whatever day."""
    read = read_files(work)
    read.unreadable.extend(work.tree.problems())
    names = Names(work.prefix)
    findings = judged_pipelines(read, rulebook, names)
    findings.extend(judge_whole(work, read, rulebook, names))
    return part_of(work, read, _commented(work, read, findings))


def judged_pipelines(read: Reading, rulebook: Rulebook, names: Names) -> list[Finding]:
    """The findings about pipelines; one that cannot be judged is noted as not read."""
    from pipelaw.engine import judge, merged  # noqa: PLC0415  what is known already is not judged

    findings: list[Finding] = []
    for pipeline in read.pipelines:
        try:
            findings.extend(judge(pipeline, rulebook, names))
        except PipelawError:
            raise
        except Exception as error:  # noqa: BLE001  one file is no reason to lose all others
            read.unreadable.append(Problem(pipeline.path, 1, 1, bug(error)))
    return merged(findings)


def decided(work: Work, part: Part) -> Part:
    """What scanning a repository gives as its policy wants it today."""
    return part._replace(findings=tuple(_ruled(work, part.findings)))


def settle(work: Work, read: Reading, findings: Iterable[Finding]) -> list[Finding]:
    """The findings as comments and the policy want them, in the same order."""
    return list(_ruled(work, _commented(work, read, findings)))


def _commented(work: Work, read: Reading, findings: Iterable[Finding]) -> list[Finding]:
    return marked(findings, lambda path: file_of(work, read, path))


def _ruled(work: Work, marks: Sequence[Finding]) -> Sequence[Finding]:
    policy = work.policy
    if policy is None:
        if work.today is None or not any(map(dated, marks)):
            return marks
        from pipelaw.policy import Policy  # noqa: PLC0415  most repositories have none

        policy = Policy(work.today)
    from pipelaw.waivers import settled  # noqa: PLC0415  see above

    return settled(marks, policy, work.prefix)


def part_of(work: Work, read: Reading, findings: Iterable[Finding]) -> Part:
    """What reading and judging a repository gave, as reports show it."""
    return Part(
        files=len(work.candidates),
        pipelines=len(read.running),
        findings=tuple(sorted(findings, key=lambda finding: finding.order)),
        unreadable=tuple(shown(problem, work.prefix) for problem in read.unreadable),
        unresolved=tuple(shown(problem, work.prefix) for problem in read.unresolved),
        usages=_usages(read, work.policy),
    )


def _usages(read: Reading, policy: Policy | None) -> tuple[Usage, ...]:
    if policy is None or not policy.paved_road:
        return ()
    from pipelaw.policyroad import usages  # noqa: PLC0415  few policies declare a road

    return usages(read.pipelines, policy)


class Reading(NamedTuple):
    """What reading a repository's pipelines gave."""

    texts: dict[str, str]
    pipelines: list[Pipeline]
    unreadable: list[Problem]
    unresolved: list[Problem]

    @property
    def running(self) -> list[Pipeline]:
        """The pipelines without the settings of bots and hooks, which run nothing by themselves."""
        return [pipeline for pipeline in self.pipelines if pipeline.kind != "settings"]


def read_files(work: Work) -> Reading:
    """What a repository's files say."""
    read = Reading({}, [], [], [])
    for candidate in work.candidates:
        try:
            source = decode(candidate.path, work.tree.read(candidate.path))
            loaded = load(candidate.platform, source, work.tree)
        except UnreadableError as error:
            read.unreadable.append(Problem.of(error))
            continue
        read.texts[source.path] = source.text
        read.pipelines.extend(loaded.pipelines)
        read.unreadable.extend(loaded.problems)
        read.unresolved.extend(loaded.unresolved)
    return read


def judge_whole(work: Work, read: Reading, rulebook: Rulebook, names: Names) -> list[Finding]:
    """The findings about a repository as a whole; none where only some of it was asked for."""
    running = read.running
    if not running or work.tree.named:
        return []
    if "repository" not in rulebook.judges and "control" not in rulebook.judges:
        return []
    from pipelaw.engine import judge_repository  # noqa: PLC0415  see judged
    from pipelaw.facts import controls, languages  # noqa: PLC0415  they read a catalogue

    unknown = tuple(f"{p.path}: {p.message}" for p in (*read.unreadable, *read.unresolved))
    found = languages.languages(work.tree.paths())
    repository = controls.repository(work.tree.name, running, found, unknown, work.tree)
    started = (p for p in running if p.kind == "pipeline" and not p.reusable)
    return judge_repository(repository, next(started, running[0]), rulebook, names)


def file_of(work: Work, read: Reading, path: str) -> File:
    """The file at a path of the report; an included one is read again."""
    own = work.own(path)
    if own not in read.texts:
        try:
            read.texts[own] = decode(own, work.tree.read(own)).text
        except UnreadableError:
            read.texts[own] = ""
    source = Source(own, read.texts[own])
    return File(source, lambda: _steps(read, own), lambda: _scripts(read, own))


def _steps(read: Reading, path: str) -> Iterator[Place]:
    """The places of a file's steps."""
    for pipeline in read.pipelines:
        for job in pipeline.jobs:
            yield from (step.place for step in job.steps if step.place.source.path == path)


def _scripts(read: Reading, path: str) -> Iterator[tuple[Place, str]]:
    """The places of a file's scripts, plugins' too, and their shells or languages."""
    for pipeline in read.pipelines:
        for scope in pipeline.scopes():
            for expansion in scope.expansions:
                if expansion.sink == "script" and expansion.place.source.path == path:
                    yield expansion.place, expansion.shell
            for script in scope.scripts:
                for _, place in script.source_text.parts:
                    if place.source.path == path:
                        yield place, script.shell


def shown(problem: Problem, prefix: str) -> Problem:
    """A problem with its path as reports show it."""
    if not prefix:
        return problem
    return problem._replace(path=prefix if problem.path == "." else f"{prefix}/{problem.path}")
