"""What a repository has that a revision of it had not: both judged, unchanged files once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pipelaw.asked import AskedTree, answer
from pipelaw.compare import Moves, known, lines, marked, match, transferred
from pipelaw.discover import find
from pipelaw.document import decode
from pipelaw.errors import UnreadableError
from pipelaw.finding import Finding, Names, Suppression, reopened
from pipelaw.records import NamedTuple
from pipelaw.repository import (
    Part,
    Reading,
    Work,
    judge_whole,
    judged_pipelines,
    part_of,
    read_files,
    scan_repository,
    settle,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from pipelaw.asked import Question
    from pipelaw.compare import Move
    from pipelaw.discover import Candidate
    from pipelaw.document import Problem
    from pipelaw.gittree import GitTree
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree


def scan_work(work: Work, rulebook: Rulebook) -> Part:
    """Scan one repository; what the revision `work.before` has already is marked as suppressed.

    One whose policy is wrong is not judged.
    """
    if work.faults:
        return Part(len(work.candidates), 0, (), work.faults, ())
    if work.before is None:
        return scan_repository(work, rulebook)
    try:
        return _Comparison(work, work.before, rulebook).part()
    finally:
        work.before.close()


class _File(NamedTuple):
    """One file, read by itself."""

    candidate: Candidate
    reading: Reading
    same: bool
    """It says what it said at the revision, and so does everything that it was read with."""


class _Comparison:
    """One repository against one revision of it."""

    def __init__(self, work: Work, before: GitTree, rulebook: Rulebook) -> None:
        self._work = work
        self._before = before
        self._rulebook = rulebook
        self._now = AskedTree(work.tree)
        self._unchanged: dict[Question, bool] = {}
        self._files = [self._file(candidate) for candidate in work.candidates]

    def part(self) -> Part:
        """The part of the scan, known findings suppressed."""
        work, names = self._work, Names(self._work.prefix)
        now = _joined((file.reading for file in self._files), work.tree.problems())
        same: list[Finding] = []
        touched: list[Finding] = []
        for file in self._files:
            (same if file.same else touched).extend(
                judged_pipelines(file.reading, self._rulebook, names)
            )
        touched.extend(judge_whole(work, now, self._rulebook, names))
        same, touched = settle(work, now, same), settle(work, now, touched)
        old: frozenset[int] = frozenset()
        if any(finding.silencer in ("", "inline") for finding in touched):
            earlier = map(known, self._earlier())
            moved = self._moved()
            moves = Moves(moved, self._renamed, carried=moved)
            old = match(touched, earlier, self._rulebook.rules, moves).old
        # open whatever a comment beside it says: no change excuses itself
        why = f"{self._before.revision} does not have this finding"
        touched = [
            reopened(finding, why)
            if number not in old and finding.silencer == "inline"
            else finding
            for number, finding in enumerate(touched)
        ]
        reason = Suppression("since", f"already at {self._before.revision}")
        every = frozenset(range(len(same)))
        findings = [*marked(same, every, reason), *marked(touched, old, reason)]
        return part_of(work, self._told(now), findings)

    def _told(self, now: Reading) -> Reading:
        """What was read, without what could not be in files that say what they said at the revision."""
        changed = (file.reading for file in self._files if not file.same)
        told = _joined(changed, self._work.tree.problems())
        return now._replace(unreadable=told.unreadable, unresolved=told.unresolved)

    def _file(self, candidate: Candidate) -> _File:
        # a tree of its own, so that what a loader keeps by tree is asked for by every file
        tree = self._now.fresh()
        reading = read_files(self._work._replace(tree=tree, candidates=(candidate,)))
        return _File(candidate, reading, all(map(self._same, tree.questions)))

    def _same(self, question: Question) -> bool:
        """Whether the revision gives the same answer."""
        if question not in self._unchanged:
            self._unchanged[question] = self._compared(question)
        return self._unchanged[question]

    def _compared(self, question: Question) -> bool:
        asked, path = question
        if asked == "read":  # git's name of it tells: a partial clone has no content
            return path in self._now.texts and self._before.holds(path, self._now.texts[path])
        return answer(self._before, question) == self._now.answer(question)

    def _earlier(self) -> list[Finding]:
        """The findings of the revision in what has changed since, and in the repository as a whole."""
        work = self._work._replace(tree=self._before, candidates=tuple(self._changed()))
        changed = read_files(work)
        names = Names(work.prefix)
        findings = judged_pipelines(changed, self._rulebook, names)
        if not self._work.tree.named:
            kept = (file.reading for file in self._files if file.same)
            whole = _joined((*kept, changed), self._before.problems())
            findings.extend(judge_whole(work, whole, self._rulebook, names))
        return settle(work, changed, findings)

    def _changed(self) -> Iterable[Candidate]:
        """The files of the revision that say something else now, or are gone."""
        for file in self._files:
            if not file.same and file.candidate.path in self._before:
                yield file.candidate
        for candidate in find(self._before):
            if candidate.platform and candidate.path not in self._work.tree:
                yield candidate

    def _renamed(self, source: str, target: str) -> bool:
        """Whether a file may be another one under a new name."""
        source, target = self._work.own(source), self._work.own(target)
        return source not in self._work.tree and target not in self._before

    def _moved(self) -> Move:
        """Whether a file has what another one had: it has its name now, or most of its lost lines."""
        now, before = self._work.tree, self._before

        @cache
        def changes(path: str) -> tuple[Counter[str], Counter[str]]:
            old, new = _lines(before, path), _lines(now, path)
            return old - new, new - old

        def moved(source: str, target: str) -> bool:
            if self._renamed(source, target):
                return True
            source, target = self._work.own(source), self._work.own(target)
            return source != target and transferred(changes(source)[0], changes(target)[1])

        return cache(moved)


def _lines(tree: Tree, path: str) -> Counter[str]:
    try:
        return lines(decode(path, tree.read(path)).text)
    except UnreadableError:
        return lines("")


def _joined(readings: Iterable[Reading], problems: Iterable[Problem]) -> Reading:
    """What several readings give together."""
    joined = Reading({}, [], [], [])
    for reading in readings:
        joined.texts.update(reading.texts)
        joined.pipelines.extend(reading.pipelines)
        joined.unreadable.extend(reading.unreadable)
        joined.unresolved.extend(reading.unresolved)
    joined.unreadable.extend(problems)
    return joined
