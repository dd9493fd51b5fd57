"""What scanning a repository gave, kept for the next scan that would give the same.

A result is what was found before the policy and the day have their say: those are asked each time.
It counts for the same repository, rules and program, as long as everything that loading and judging
asked of the repository has the same answer.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pipelaw import prepared
from pipelaw.asked import AskedTree, same
from pipelaw.cache import program
from pipelaw.digests import named
from pipelaw.document import Problem
from pipelaw.finding import CONFIDENCES, SEVERITIES, Finding, Related, Suppression, Usage
from pipelaw.records import field_names
from pipelaw.repository import Part, decided, judged
from pipelaw.source import Span
from pipelaw.tree import FolderTree

if TYPE_CHECKING:
    from pipelaw.cache import Cache
    from pipelaw.repository import Work
    from pipelaw.rulebook import Rulebook

    Packed = tuple[Any, ...]

_FIELDS = field_names(Finding)
_values = attrgetter(*_FIELDS)
_SEVERITY, _CONFIDENCE, _SPAN, _RELATED, _SUPPRESSED = map(
    _FIELDS.index, ("severity", "confidence", "span", "related", "suppressed")
)


def scan_work(work: Work, rulebook: Rulebook, results: Results | None = None) -> Part:
    """Scan one repository; with results, keep what that gives."""
    key = results.key(work, rulebook) if results else ""
    if results and key:
        return results.put(key, work, rulebook)
    from pipelaw import since  # noqa: PLC0415  what it imports is needed for what is not known yet

    return since.scan_work(work, rulebook)


class Results:
    """The results that a cache holds of one program."""

    def __init__(self, cache: Cache, program: str) -> None:
        self._cache = cache
        self._program = program

    @classmethod
    def of(cls, cache: Cache | None) -> Results | None:
        """The results of the program that runs; None without a cache, and where it cannot be known."""
        name = program() if cache is not None else ""
        return cls(cache, name) if cache is not None and name else None

    def get(self, work: Work, rulebook: Rulebook) -> Part | None:
        """What an earlier scan found, if this one would find the same."""
        key = self.key(work, rulebook)
        kept = self._cache.get(key) if key else None
        if kept is None:
            return None
        asked, packed = kept
        return decided(work, _unpacked(packed)) if same(work.tree, asked) else None

    def put(self, key: str, work: Work, rulebook: Rulebook) -> Part:
        """Scan one repository, and keep what that gives unless something failed."""
        tree = AskedTree(work.tree)
        part = judged(work._replace(tree=tree), rulebook)
        asked = tree.asked()
        if asked is not None:
            self._cache.put(key, (asked, _packed(part)))
        return decided(work, part)

    def begin(self) -> None:
        """Be ready to scan what is not known: with what an earlier run prepared."""
        prepared.recall(self._cache.get(f"prepared-{self._program}") or {})

    def end(self) -> None:
        """Keep what was prepared, and remove what is old."""
        if made := prepared.made():
            self._cache.put(f"prepared-{self._program}", made)
        self._cache.trim()

    def key(self, work: Work, rulebook: Rulebook) -> str:
        """A name for whose result it is, "" where none is kept."""
        tree = work.tree
        if not isinstance(tree, FolderTree) or not rulebook.name or work.faults:
            return ""
        roads = work.policy.paved_road if work.policy else ()
        whose = (
            self._program,
            rulebook.name,
            [(kind, glob.value) for kind, glob in roads],
            (tree.root, tree.name, tree.named, work.prefix),
            list(map(tuple, work.candidates)),
        )
        return f"found-{named(repr(whose), 40)}"


def _packed(part: Part) -> Packed:
    """A part as plain tuples, texts and numbers."""
    return (
        part.files,
        part.pipelines,
        tuple(map(_plain, part.findings)),
        *(tuple(map(tuple, rest)) for rest in (part.unreadable, part.unresolved, part.usages)),
    )


def _plain(finding: Finding) -> Packed:
    values = list(_values(finding))
    values[_SEVERITY] = int(finding.severity)
    values[_CONFIDENCE] = int(finding.confidence)
    values[_SPAN] = tuple(finding.span)
    values[_RELATED] = tuple((tuple(place.span), place.message) for place in finding.related)
    if finding.suppressed is not None:
        values[_SUPPRESSED] = (finding.suppressed.by, finding.suppressed.reason)
    return tuple(values)


def _unpacked(packed: Packed) -> Part:
    files, pipelines, findings, unreadable, unresolved, usages = packed
    return Part(
        files,
        pipelines,
        tuple(map(_finding, findings)),
        tuple(Problem(*values) for values in unreadable),
        tuple(Problem(*values) for values in unresolved),
        tuple(Usage(*values) for values in usages),
    )


def _finding(packed: Packed) -> Finding:
    values = list(packed)
    values[_SEVERITY] = SEVERITIES[values[_SEVERITY]]
    values[_CONFIDENCE] = CONFIDENCES[values[_CONFIDENCE]]
    values[_SPAN] = Span(*values[_SPAN])
    values[_RELATED] = tuple(Related(Span(*span), text) for span, text in values[_RELATED])
    if values[_SUPPRESSED] is not None:
        values[_SUPPRESSED] = Suppression(*values[_SUPPRESSED])
    return Finding(*values)
