"""Where what a command prints ends up: the log, a file that the job stores, another program."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.facts.shell_syntax import Flow, Simple

_HERE = pattern(r"\A(?:\./|\$\{?\w*(?:DIR|WORKSPACE)\}?/)")


def code_of(simple: Simple) -> str:
    """What a command says."""
    return simple.unit.code[simple.start : simple.end]


def kept_as(file: str, kept: Sequence[str]) -> bool:
    """Whether a file that a script writes is among those that the job stores."""
    path = plain(file)
    return any(fnmatchcase(path, one) or path.startswith(f"{one}/") for one in kept)


def plain(path: str) -> str:
    """A path in the workspace without what only says that it is there."""
    return _HERE.sub("", path).rstrip("/")


def logged(simple: Simple) -> bool:
    """Whether what a command prints goes to the log."""
    files = simple.outputs if simple.name != "tee" else ()  # what it writes it prints, too
    if files or (simple.redirected and "/dev/stderr" not in simple.writes):
        return False
    taken = simple.unit.assigned.values()  # PowerShell has no sign around what a variable takes
    if simple.flow.consumer() is not None or any(simple.flow is one for one in taken):
        return False
    flow: Flow | None = simple.flow
    while flow is not None:
        if flow.captured or flow.writes:
            return False
        flow = flow.up
    return True


def to_file(word: str) -> bool:
    """Whether an option names a file for the output."""
    return word in ("-o", "-out", "-i") or word.startswith(("--output", "--out=", "--in-place"))


def silent(word: str) -> bool:
    """Whether an option of `grep` leaves only whether it found something, or how often."""
    if word.startswith("--"):
        return word in ("--quiet", "--silent", "--count")
    return word[:1] == "-" and not {"q", "c"}.isdisjoint(word)
