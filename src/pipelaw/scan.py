"""From paths to a report: discover, load, judge, repository by repository, on one core or more."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelaw.discover import Candidate, find, repositories
from pipelaw.errors import UsageError
from pipelaw.finding import Coverage, Report
from pipelaw.repository import Part, Work, scan_repository
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelaw.rulebook import Rulebook

    Progress = Callable[[int, int], None]

FEW_FILES = 300
"""Below this, starting a second process costs more than it saves."""

STDIN = "stdin.yml"


def scan(
    paths: Sequence[str],
    *,
    rulebook: Rulebook,
    jobs: int = 0,
    platform: str = "",
    stdin: bytes | None = None,
    progress: Progress | None = None,
) -> Report:
    """Scan files, repositories and folders of repositories; `-` among the paths is `stdin`.

    `jobs` is the number of processes, 0 for the cores where the work is large enough. `platform`
    is that of files whose place tells nothing. `progress` is called with files done and files in
    all. Raises UsageError for paths that are not there or tell no platform.
    """
    work = list(_work(paths, platform, stdin))
    total = sum(len(item.candidates) for item in work)
    parts = []
    done = 0
    with _uncollected():
        for part in _run(work, rulebook, _processes(jobs, total)):
            parts.append(part)
            done += part.files
            if progress is not None:
                progress(done, total)
    return _report(parts, rulebook, " ".join(paths))


def _work(paths: Sequence[str], platform: str, stdin: bytes | None) -> Iterator[Work]:
    if "-" in paths:
        if not platform:
            raise UsageError("standard input needs --as, to say whose pipeline it is")
        yield Work(MemoryTree({STDIN: stdin or b""}), "", (Candidate(STDIN, platform),))
    for tree in repositories(*(path for path in paths if path != "-")):
        yield Work(
            tree, tree.prefix, tuple(_known(candidate, platform) for candidate in find(tree))
        )


def _known(candidate: Candidate, platform: str) -> Candidate:
    if candidate.platform:
        return candidate
    if not platform:
        known = "github, gitlab, drone or woodpecker"
        raise UsageError(f"{candidate.path}: its name tells no platform; say --as {known}")
    return candidate._replace(platform=platform)


def _processes(jobs: int, files: int) -> int:
    if jobs:
        return jobs
    return (os.cpu_count() or 1) if files >= FEW_FILES else 1


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector: a scan makes many objects and no cycles among them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _run(work: Sequence[Work], rulebook: Rulebook, processes: int) -> Iterable[Part]:
    """The parts in the order of the work."""
    if processes <= 1 or len(work) <= 1:
        return (scan_repository(item, rulebook) for item in work)
    from pipelaw.parallel import spread  # noqa: PLC0415  one process needs none of it

    return spread(work, rulebook, processes)


def _report(parts: Sequence[Part], rulebook: Rulebook, root: str) -> Report:
    return Report(
        findings=tuple(finding for part in parts for finding in part.findings),
        coverage=Coverage(
            repositories=len(parts),
            files=sum(part.files for part in parts),
            pipelines=sum(part.pipelines for part in parts),
            unreadable=tuple(problem for part in parts for problem in part.unreadable),
            unresolved=tuple(problem for part in parts for problem in part.unresolved),
        ),
        rules=rulebook.rules,
        root=root,
    )
