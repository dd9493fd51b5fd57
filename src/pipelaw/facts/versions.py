"""The versions that references name: exact ones, and tags that move to each new release of theirs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts import references
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.model import Reference

_VERSION = pattern(
    r"(?:refs/tags/)?(?:[\w-]+/)?v?(\d+(?:\.\d+){0,3})([-+.]?[a-z][\w.-]*)?\Z", re.IGNORECASE
)
LATEST = 1_000_000
"""What there is where `v4` has nothing and `v4.1.2` a number."""
_COMMIT = 40
"""The shortest name of a commit."""
_EXACT, _PARTS = 3, 4
"""How many numbers a version has that no later release takes over, and how many it has at most."""


class Version(NamedTuple):
    """A version as it is written."""

    numbers: tuple[int, ...]
    marked: bool = False
    """Something follows the numbers: `-rc1`, `.post2`."""

    @property
    def major(self) -> int:
        """The first of its numbers."""
        return self.numbers[0]

    @property
    def exact(self) -> bool:
        """No later release takes over its numbers."""
        return len(self.numbers) >= _EXACT

    @property
    def oldest(self) -> tuple[int, ...]:
        """The oldest release that it can stand for, in numbers that compare."""
        return self._filled(0)

    @property
    def newest(self) -> tuple[int, ...]:
        """The newest release that it can stand for, in numbers that compare."""
        return self._filled(0 if self.exact or self.marked else LATEST)

    def _filled(self, filler: int) -> tuple[int, ...]:
        rest = (filler,) * (_PARTS - len(self.numbers))
        return (*self.numbers, *rest, -1 if self.marked else 0)

    def agrees(self, other: Version) -> bool:
        """Whether two versions can be the same one, written more or less exactly."""
        pairs = zip(self.numbers, other.numbers, strict=False)
        return all(one == another for one, another in pairs)


@lru_cache(maxsize=2048)
def parse(text: str) -> Version | None:
    """The version that a tag, or a comment's claim, names; None where it names none."""
    match = _VERSION.match(text)
    if match is None:
        return None
    return Version(tuple(int(number) for number in match[1].split(".")), match[2] is not None)


def version_of(used: Reference) -> Version | None:
    """The version of a reference; that of a commit is what the comment at it claims."""
    commit = len(used.ref) >= _COMMIT and references.pin(used.ref) == "commit"
    return parse(used.claimed if commit else used.ref)


def older(used: Reference, *numbers: int) -> bool:
    """Whether a reference is to an older version than another; where it names none, it is the newest."""
    version = version_of(used)
    return version is not None and version.newest < numbers
