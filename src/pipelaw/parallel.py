"""A scan spread over processes, its parts handed back in order."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from pipelaw.collector import collect_seldom
from pipelaw.results import scan_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.repository import Part, Work
    from pipelaw.results import Results
    from pipelaw.rulebook import Rulebook

_BOOKS: list[Rulebook] = []


def spread(
    work: Sequence[Work], books: Sequence[Rulebook], processes: int, results: Results | None = None
) -> Iterator[Part]:
    """The parts of the work, in its order, made by several processes.

    Batches are of about equal numbers of files, several for each process, so that one large
    repository at the end leaves no core idle for long.
    """
    batches = _batches(work, processes * 4)
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    _BOOKS[:] = books
    for book in books:  # a forked child starts with what is ready here
        _ = book.judges, book.command_filters
    with ProcessPoolExecutor(processes, context, _work, (books,)) as pool:
        found: dict[int, Part] = {}
        wanted = 0
        futures = [pool.submit(_scan, batch, results) for batch in batches]
        for future in futures:
            found.update(future.result())
            while wanted in found:
                yield found.pop(wanted)
                wanted += 1


def _work(books: Sequence[Rulebook]) -> None:
    """Begin a worker."""
    collect_seldom()
    if books != _BOOKS:
        _BOOKS[:] = books  # it was not forked


def _scan(batch: list[tuple[int, Work]], results: Results | None) -> list[tuple[int, Part]]:
    return [(number, scan_work(work, _BOOKS[work.book], results)) for number, work in batch]


def _batches(work: Sequence[Work], count: int) -> list[list[tuple[int, Work]]]:
    """The work in numbered batches of about equal size, the largest repositories first."""
    batches: list[list[tuple[int, Work]]] = [[] for _ in range(min(count, len(work)))]
    sizes = [0] * len(batches)
    for number, item in sorted(enumerate(work), key=lambda pair: -len(pair[1].candidates)):
        smallest = sizes.index(min(sizes))
        batches[smallest].append((number, item))
        sizes[smallest] += len(item.candidates) + 1
    return batches
