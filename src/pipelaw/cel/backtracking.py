"""What Python's `re`, which tries one way after the other, may cost on a pattern.

A pattern is seen as its positions (each character class that is written) and which of them can
follow which. A loop in which one text has two ways costs exponential time: refused. Every other
choice costs a factor, and every loop that cannot tell where it ends a power.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pipelaw.cel.errors import CelError
from pipelaw.cel.re2 import Assertion, Characters, Choice, Ranges, Repeat, Sequence, size
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.cel.re2 import Tree

_BUDGET = 10_000_000
"""Steps that one search may take; some tens of milliseconds."""
_MAX_WORK = 50_000
"""Comparisons of ranges that the judgement of one pattern may take."""


class _Part(NamedTuple):
    """A part of a pattern: where it begins and ends, and whether it can be empty, in one way or more."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    empty: bool = False
    forked: bool = False


class _Loop(NamedTuple):
    begin: int
    end: int
    length: int
    """The difference between fewest and most repetitions; 0 where there is no most."""


def safe_length(tree: Tree) -> int:
    """The length of text up to which `re` is sure to be fast; raises CelError for an exponential loop."""
    return _Analysis(tree).safe_length()


def _anchored(tree: Tree) -> bool:
    """Whether a pattern matches at the start of the text only."""
    if isinstance(tree, Sequence):
        return bool(tree.items) and _anchored(tree.items[0])
    return tree == Assertion("start")


class _Analysis:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.classes: list[Ranges] = []
        self.follow: list[list[int]] = []
        self.loops: list[_Loop] = []
        self.factor = size(tree)
        self.work = 0
        self.visit(tree)

    def safe_length(self) -> int:
        # a search begins everywhere, unless the pattern says where
        power, plain = int(not _anchored(self.tree)), 0
        for loop in self.loops:
            if loop.length:
                self.factor *= 1 + loop.length * self.undecided(loop)
            elif self.undecided(loop):
                power += 1
            else:
                plain = 1
        return int((_BUDGET / self.factor) ** (1 / max(1, power + plain)))

    def undecided(self, loop: _Loop) -> bool:
        """Whether a character can both continue a loop and leave it."""
        inside = range(loop.begin, loop.end)
        return any(
            (one in inside) != (other in inside) and self.overlap(one, other)
            for position in inside
            for one, other in combinations(self.follow[position], 2)
        )

    def visit(self, tree: Tree) -> _Part:
        if isinstance(tree, Characters):
            self.classes.append(tree.ranges)
            self.follow.append([])
            here = (len(self.classes) - 1,)
            return _Part(here, here)
        if isinstance(tree, Assertion):
            return _Part(empty=True)
        if isinstance(tree, Sequence):
            return self.sequence(tree)
        return self.choice(tree) if isinstance(tree, Choice) else self.repeat(tree)

    def sequence(self, tree: Sequence) -> _Part:
        whole = _Part(empty=True)
        for item in tree.items:
            part = self.visit(item)
            self.connect(whole, part)
            whole = _Part(
                whole.first + part.first if whole.empty else whole.first,
                part.last + whole.last if part.empty else part.last,
                whole.empty and part.empty,
                whole.forked or part.forked,
            )
        return whole

    def choice(self, tree: Choice) -> _Part:
        parts = [self.visit(item) for item in tree.items]
        first = tuple(position for part in parts for position in part.first)
        empty = sum(part.empty for part in parts)
        alike = (sum(self.overlap(one, other) for other in first) for one in first)
        self.factor *= max(alike, default=0) + empty
        last = tuple(position for part in parts for position in part.last)
        return _Part(first, last, empty > 0, empty > 1 or any(part.forked for part in parts))

    def repeat(self, tree: Repeat) -> _Part:
        begin = len(self.classes)
        part = self.visit(tree.item)
        if tree.high != 1:
            if part.empty:
                raise self.refusal("what is repeated can be empty")
            self.connect(part, part)
            if part.forked or self.ambiguous(begin):
                raise self.refusal("one text can match the repetition in several ways")
        if tree.high != tree.low:
            length = 0 if tree.high is None else tree.high - tree.low
            self.loops.append(_Loop(begin, len(self.classes), length))
        forked = part.forked or (part.empty and tree.low == 0)
        return part._replace(empty=part.empty or tree.low == 0, forked=forked)

    def connect(self, left: _Part, right: _Part) -> None:
        self.spend(len(left.last) * len(right.first))
        for position in left.last:
            self.follow[position] += right.first

    def ambiguous(self, begin: int) -> bool:
        """Whether two ways through the loop that starts at `begin` part and meet on one text."""
        loop = range(begin, len(self.classes))
        pairs = {
            (min(pair), max(pair))
            for position in loop
            for pair in combinations(self.follow[position], 2)
            if self.overlap(*pair)
        }
        rest = list(pairs)
        while rest:
            one, other = rest.pop()
            if one == other:
                return True
            for left in self.follow[one]:
                for right in self.follow[other]:
                    pair = (min(left, right), max(left, right))
                    if pair not in pairs and self.overlap(*pair):
                        pairs.add(pair)
                        rest.append(pair)
        return False

    def overlap(self, one: int, other: int) -> bool:
        """Whether a character is in the classes of both positions."""
        left, right = self.classes[one], self.classes[other]
        self.spend(len(left) * len(right))
        return any(low <= last and first <= high for low, high in left for first, last in right)

    def spend(self, work: int) -> None:
        self.work += work
        if self.work > _MAX_WORK:
            raise self.refusal("too many alternatives to judge")

    def refusal(self, reason: str) -> CelError:
        return CelError(f"this pattern may take exponential time: {reason}", 0, 0)
