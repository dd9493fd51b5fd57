"""From paths to a report: discover, load, judge, repository by repository, on one core or more."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelaw.discover import Candidate, find, repositories
from pipelaw.errors import UsageError
from pipelaw.finding import Coverage, Report, Usage
from pipelaw.repository import Part, Work
from pipelaw.since import scan_work
from pipelaw.tree import FolderTree, MemoryTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelaw.policy import Policy
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
    policy: Policy | None = None,
    since: str = "",
    progress: Progress | None = None,
) -> Report:
    """Scan files, repositories and folders of repositories; `-` among the paths is `stdin`.

    `jobs` is the number of processes, 0 for the cores where the work is large enough. `platform`
    is that of files whose place tells nothing. `progress` is called with files done and files in
    all. With `since`, what that revision of each repository has is marked as suppressed. Raises
    UsageError for paths that are not there or tell no platform, and for unknown revisions.
    """
    work = [item._replace(policy=policy) for item in _work(paths, platform, stdin)]
    if since:
        work = [_compared(item, since) for item in work]
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


def _compared(work: Work, since: str) -> Work:
    from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git

    tree = work.tree
    if not isinstance(tree, FolderTree):
        raise UsageError("--since compares repositories; standard input is none")
    return work._replace(before=GitTree(tree.root, since, tree.name))


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
        return (scan_work(item, rulebook) for item in work)
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
        usages=_together(parts),
    )


def _together(parts: Sequence[Part]) -> tuple[Usage, ...]:
    """What all repositories use, each once."""
    found: dict[Usage, int] = {}
    for usage in (usage for part in parts for usage in part.usages):
        key = usage._replace(times=0)
        found[key] = found.get(key, 0) + usage.times
    return tuple(sorted(key._replace(times=times) for key, times in found.items()))
