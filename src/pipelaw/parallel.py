"""A scan spread over processes, its parts handed back in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from multiprocessing import connection
from typing import TYPE_CHECKING

from pipelaw.collector import collect_seldom
from pipelaw.document import Problem
from pipelaw.repository import Part
from pipelaw.results import scan_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from pipelaw.repository import Work
    from pipelaw.results import Results
    from pipelaw.rulebook import Rulebook

    Scan = tuple[Sequence[Work], Sequence[Rulebook], Results | None]
    Parts = list[tuple[int, Part]]

LOST = (
    "the process that scanned this repository was killed, perhaps because the memory was full:"
    " nothing in it was judged"
)


def spread(
    work: Sequence[Work], books: Sequence[Rulebook], processes: int, results: Results | None = None
) -> Iterator[Part]:
    """The parts of the work, in its order, made by several processes.

    Batches are of about equal numbers of files, several for each process, so that one large
    repository at the end leaves no core idle for long. Whoever stops asking ends the processes. Of
    one that is killed, every repository is tried again by itself; what kills a process by itself
    is unreadable.
    """
    for book in books:  # a forked child starts with what is ready here
        _ = book.judges, book.command_filters
    batches = _batches(work, processes * 4)
    pool = _Pool((work, books, results), batches, min(processes, len(batches)))
    found: dict[int, Part] = {}
    wanted = 0
    try:
        while wanted < len(work):
            found.update(pool.parts())
            while wanted in found:
                yield found.pop(wanted)
                wanted += 1
    finally:
        pool.end()


class _Worker:
    """A process, and the batch that it has."""

    def __init__(self, context: BaseContext, scan: Scan) -> None:
        self.batch: list[int] = []
        self.pipe, far = context.Pipe()
        process = context.Process  # type: ignore[attr-defined]  # every context has its own
        self.process: BaseProcess = process(target=_serve, args=(far, scan), daemon=True)
        self.process.start()
        far.close()

    def give(self, batch: list[int]) -> None:
        """Hand over the next batch; what a process cannot take is lost like what it had."""
        self.batch = batch
        try:
            self.pipe.send(batch)
        except OSError:
            self.process.kill()

    def take(self) -> Parts | None:
        """What its batch gave, nothing where something failed; None where the process is gone."""
        try:
            parts: Parts = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return parts


class _Pool:
    """Processes at work on batches of a scan."""

    def __init__(self, scan: Scan, batches: list[list[int]], processes: int) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("fork" if "fork" in methods else None)
        self._scan = scan
        self._batches = deque(batches)
        self._workers: list[_Worker] = []
        for _ in range(processes):
            self._start()

    def _start(self) -> None:
        """One more process, as long as there is something to do for it."""
        if self._batches:
            worker = _Worker(self._context, self._scan)
            self._workers.append(worker)
            worker.give(self._batches.popleft())

    def parts(self) -> Parts:
        """What the next batches to be done gave."""
        pipes = {worker.pipe: worker for worker in self._workers}
        found: Parts = []
        for pipe in connection.wait(pipes):
            worker = pipes[pipe]  # type: ignore[index]  # what was waited for
            parts = worker.take()
            if parts is None:
                found.extend(self._lost(worker))
                continue
            # what fails there fails here, too: then it is known where, and somebody can be told
            found.extend(parts or _scanned(worker.batch, self._scan))
            if self._batches:
                worker.give(self._batches.popleft())
            else:
                self._dismiss(worker)
        return found

    def _lost(self, worker: _Worker) -> Parts:
        """What is to be said of what a process had when it was killed; most of it is tried again."""
        self._dismiss(worker)
        first, *others = worker.batch
        if others:
            self._batches.extend([number] for number in worker.batch)
        self._start()
        return [] if others else [(first, _unread(self._scan[0][first]))]

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.terminate()
        worker.process.join()

    def end(self) -> None:
        """End every process at once."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()


def _unread(work: Work) -> Part:
    """The part of a repository that no process came to the end of."""
    return Part(len(work.candidates), 0, (), (Problem(work.prefix or ".", 1, 1, LOST),), ())


def _serve(pipe: Connection, scan: Scan) -> None:
    """Scan batch after batch, as long as somebody hands them over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the first process decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    collect_seldom()
    while True:
        try:
            batch: list[int] = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            parts = _scanned(batch, scan)
        except Exception:  # noqa: BLE001  the first process meets it again
            parts = []
        pipe.send(parts)


def _scanned(batch: list[int], scan: Scan) -> Parts:
    work, books, results = scan
    return [
        (number, scan_work(work[number], books[work[number].book], results)) for number in batch
    ]


def _outlive_nobody() -> None:
    """End this process when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _batches(work: Sequence[Work], count: int) -> list[list[int]]:
    """The numbers of the work in batches of about equal size, the largest repositories first."""
    batches: list[list[int]] = [[] for _ in range(min(count, len(work)))]
    sizes = [0] * len(batches)
    for number, item in sorted(enumerate(work), key=lambda pair: -len(pair[1].candidates)):
        smallest = sizes.index(min(sizes))
        batches[smallest].append(number)
        sizes[smallest] += len(item.candidates) + 1
    return batches
