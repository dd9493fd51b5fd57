"""From paths to a report: discover, load, judge, repository by repository, on one core or more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelaw.collector import seldom_collected
from pipelaw.discover import Candidate, displayed, find, repositories
from pipelaw.document import MAX_BYTES, Problem
from pipelaw.errors import UnreadableError, UsageError
from pipelaw.finding import FAIL_ON, Coverage, Report, Threshold, Usage
from pipelaw.folders import special
from pipelaw.loaders import LOADERS
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.repository import Work, shown
from pipelaw.results import Results, scan_work
from pipelaw.rulebook import Rulebook
from pipelaw.tree import FolderTree, MemoryTree, reason

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelaw.cache import Cache
    from pipelaw.errors import PolicyError
    from pipelaw.policy import Policy
    from pipelaw.repository import Part
    from pipelaw.rules import Rule
    from pipelaw.tree import Tree

    Progress = Callable[[int, int], None]

FEW_FILES = 300
"""Below this, starting a second process costs more than it saves."""

FEW_EACH = 20
"""For fewer files each, no third process or further one is started, however many may be."""

STDIN = "stdin.yml"

_PLACE = pattern(r"(?P<path>.+?):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")


class Ruling(NamedTuple):
    """By what one repository is judged."""

    rulebook: Rulebook
    policy: Policy | None = None
    """What its team decided; None where nobody did."""
    wrong: PolicyError | None = None
    """What is wrong with that; then it is not judged at all."""


def scan(
    paths: Sequence[str],
    *,
    rulebook: Rulebook | Callable[[Tree], Ruling],
    jobs: int = 0,
    platform: str = "",
    stdin: bytes | None = None,
    policy: Policy | None = None,
    today: dt.date | None = None,
    since: str = "",
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> Report:
    """Scan files, repositories and folders of repositories; `-` among the paths is `stdin`.

    `rulebook` and `policy` judge all of them; a function instead says by what each is judged. One
    of several whose policy is wrong is unreadable; of a single one that is raised. `jobs` is the
    number of processes, 0 for the cores where the work is large enough. `platform` is that of files
    whose place tells nothing. Comments that have run out by `today` do not count. `progress` is
    called with files done and files in all. With `since`, what that revision of each repository has
    is marked as suppressed. A `cache` keeps what is found, and what is still true of it is not found
    again; not with `since`, nor for rules that were loaded without a cache. Raises UsageError for
    paths that are not there or tell no platform, and for unknown revisions.
    """
    given = rulebook if callable(rulebook) else _same(Ruling(rulebook, policy))
    work, books = _ruled(list(_work(paths, platform, stdin)), given)
    work = [item._replace(today=today) for item in work]
    if since:
        work = [item if item.faults else _compared(item, since) for item in work]
    total = sum(len(item.candidates) for item in work)
    parts = []
    done = 0
    with seldom_collected():
        for part in _run(work, books, jobs, Results.of(None if since else cache)):
            parts.append(part)
            done += part.files
            if progress is not None:
                progress(done, total)
    return _report(parts, work, _rules(books), " ".join(map(_shown, paths)))


def _shown(path: str) -> str:
    """A path as a report names it: `.` says nothing where the report is read later."""
    return os.path.basename(os.path.abspath(path)) if path == "." else path  # noqa: PTH100, PTH119


def _same(ruling: Ruling) -> Callable[[Tree], Ruling]:
    return lambda _: ruling


def _ruled(
    work: Sequence[Work], given: Callable[[Tree], Ruling]
) -> tuple[list[Work], list[Rulebook]]:
    """The work, each with what it is judged by, and the rulebooks that it needs."""
    numbers: dict[Rulebook, int] = {}
    ruled = []
    for item in work:
        if item.faults:
            ruled.append(item)  # there is nothing to judge
            continue
        book, policy, wrong = given(item.tree)
        if wrong is not None:
            if len(work) == 1:
                raise wrong
            ruled.append(item._replace(faults=_faults(wrong, item)))
            continue
        if policy is not None:
            book = book.under(policy)
        number = numbers.setdefault(book, len(numbers))
        ruled.append(item._replace(policy=policy, book=number))
    return ruled, list(numbers) or [Rulebook(())]


def _faults(error: PolicyError, work: Work) -> tuple[Problem, ...]:
    """What is wrong with a policy, as problems of its repository."""
    found = []
    for line in str(error).splitlines():
        if line.startswith(" "):
            continue  # what shows the place
        match = _PLACE.fullmatch(line)
        path, row, column, message = match.groups() if match else (work.prefix, 1, 1, line)
        said = f"nothing in this repository was judged, for its policy is wrong: {message}"
        found.append(Problem(path, int(row), int(column), said))
    return tuple(found)


def _rules(books: Iterable[Rulebook]) -> tuple[Rule, ...]:
    """The rules of all books, each once, by id."""
    found = {rule.id: rule for book in books for rule in book.rules}
    return tuple(found[rule] for rule in sorted(found))


def _work(paths: Sequence[str], platform: str, stdin: bytes | None) -> Iterator[Work]:
    if "-" in paths:
        if not platform:
            raise UsageError("standard input needs --as, to say whose pipeline it is")
        tree = MemoryTree({STDIN: stdin or b""}, partial=True)
        yield Work(tree, "", (Candidate(STDIN, platform),))
    streams = [path for path in paths if platform and path != "-" and special(path)]
    yield from (_stream(path, platform) for path in dict.fromkeys(streams))
    for folder in repositories(*(path for path in paths if path not in ("-", *streams))):
        closed = folder.problems() if folder.closed else ()
        yield Work(
            folder,
            folder.prefix,
            tuple(_known(candidate, platform) for candidate in find(folder)),
            faults=tuple(shown(one, folder.prefix) for one in closed),
        )


def _stream(path: str, platform: str) -> Work:
    try:
        tree, name = streamed(path)
    except UnreadableError as error:
        return Work(MemoryTree({}), "", (), faults=(Problem.of(error),))
    return Work(tree, "", (Candidate(name, platform),))


def streamed(path: str) -> tuple[MemoryTree, str]:
    """What a pipe or device that was named gives, which can be read only once, and its name.

    Raises UnreadableError where it gives nothing.
    """
    name = displayed(path)
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  also for names that are no UTF-8
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(name, 1, 1, reason(error)) from None
    return MemoryTree({name: data}, partial=True), name


def _compared(work: Work, since: str) -> Work:
    from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git

    tree = work.tree
    if not isinstance(tree, FolderTree):
        raise UsageError("--since compares repositories; standard input or a pipe is none")
    return work._replace(before=GitTree(tree.root, since, tree.name))


def _known(candidate: Candidate, platform: str) -> Candidate:
    if candidate.platform:
        return candidate
    if not platform:
        *names, last = LOADERS
        known = f"{', '.join(names)} or {last}"
        raise UsageError(f"{candidate.path}: its name tells no platform; say --as {known}")
    return candidate._replace(platform=platform)


def _processes(jobs: int, files: int) -> int:
    if jobs:
        return min(jobs, max(2, files // FEW_EACH))
    return (os.cpu_count() or 1) if files >= FEW_FILES else 1


def _run(
    work: Sequence[Work], books: Sequence[Rulebook], jobs: int, results: Results | None
) -> Iterable[Part]:
    """The parts in the order of the work."""
    known = [results.get(item, books[item.book]) if results else None for item in work]
    rest = [item for item, part in zip(work, known, strict=True) if part is None]
    if results and rest:
        results.begin()
    fresh = iter(_scanned(rest, books, jobs, results))
    yield from (part or next(fresh) for part in known)
    if results and rest:
        results.end()


def _scanned(
    work: Sequence[Work], books: Sequence[Rulebook], jobs: int, results: Results | None
) -> Iterable[Part]:
    """The parts of what no earlier scan knows."""
    processes = _processes(jobs, sum(len(item.candidates) for item in work))
    if processes <= 1 or len(work) <= 1:
        return (scan_work(item, books[item.book], results) for item in work)
    from pipelaw.parallel import spread  # noqa: PLC0415  one process needs none of it

    return spread(work, books, processes, results)


def _report(
    parts: Sequence[Part], work: Sequence[Work], rules: tuple[Rule, ...], root: str
) -> Report:
    return Report(
        findings=tuple(finding for part in parts for finding in part.findings),
        coverage=Coverage(
            repositories=sum(not _closed(item.tree) for item in work),
            files=sum(part.files for part in parts),
            pipelines=sum(part.pipelines for part in parts),
            unreadable=tuple(problem for part in parts for problem in part.unreadable),
            unresolved=tuple(problem for part in parts for problem in part.unresolved),
        ),
        rules=rules,
        root=root,
        usages=_together(parts),
        thresholds=tuple(
            Threshold(len(part.findings), item.policy.fail_on.value if item.policy else FAIL_ON)
            for part, item in zip(parts, work, strict=True)
        ),
    )


def _closed(tree: Tree) -> bool:
    """Whether nobody could look into what may be a repository."""
    return isinstance(tree, FolderTree) and bool(tree.closed)


def _together(parts: Sequence[Part]) -> tuple[Usage, ...]:
    """What all repositories use, each once."""
    found: dict[Usage, int] = {}
    for usage in (usage for part in parts for usage in part.usages):
        key = usage._replace(times=0)
        found[key] = found.get(key, 0) + usage.times
    return tuple(sorted(key._replace(times=times) for key, times in found.items()))
