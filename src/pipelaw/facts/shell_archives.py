"""What a command unpacks from an archive, and in which folder."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.facts.shell_syntax import Simple

ON_PATH = pattern(r"(?:/usr(?:/local)?|.*/s?bin|(?:~|\$\{?HOME\}?|/root)/\.local)/?\Z")
"""Folders that the shell finds programs in, and those that have one."""
_VALUED = frozenset("CFHIKLNTVXbfg")
"""The one-letter options of `tar` that take a value."""
_LONG = {
    "extract": "x",
    "get": "x",
    "directory": "C",
    "file": "f",
    "files-from": "T",
    "exclude": "X",
    "exclude-from": "X",
    "use-compress-program": "I",
    "strip-components": "N",
    "transform": "N",
    "xform": "N",
}
"""Long options of `tar`, and a letter that stands for each."""


class Unpacking(NamedTuple):
    """The unpacking of an archive."""

    archive: str
    """Its file; empty or `-` for standard input."""
    folder: str
    """Where the files go; empty for the folder that the shell is in."""
    names: tuple[str, ...]
    """The files that are asked for; empty for all of them."""


def unpacking(simple: Simple) -> Unpacking | None:
    """What a command unpacks, if it does."""
    if simple.name not in ("tar", "bsdtar", "unzip"):
        return None
    read = _zip_options if simple.name == "unzip" else _tar_options
    options = list(read(simple.words[1:]))
    last = dict(options)
    if "x" not in last:
        return None
    names = tuple(value for letter, value in options if not letter)
    return Unpacking(last.get("f", ""), last.get("C", ""), names)


def _tar_options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of `tar` by their letters, with their values; names of files have no letter."""
    rest = iter(words)
    first = next(rest, "")
    if first[:1] == "-":
        rest = itertools.chain((first,), rest)
        first = ""
    for letter in first:
        yield letter, next(rest, "") if letter in _VALUED else ""
    for word in rest:
        if word[:2] == "--":
            name, _, value = word[2:].partition("=")
            letter = _LONG.get(name, "-")
            yield letter, value or (next(rest, "") if letter in _VALUED else "")
        elif word[:1] == "-" and word != "-":
            yield from _cluster(word, rest)
        else:
            yield "", word


def _cluster(word: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The options of a word such as `-xzf`."""
    for at, letter in enumerate(word[1:], 2):
        if letter in _VALUED:
            yield letter, word[at:] or next(rest, "")
            return
        yield letter, ""


def _zip_options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of `unzip` in the letters of `tar`; the archive is the first name."""
    yield "x", ""
    rest = iter(words)
    names = 0
    for word in rest:
        if word[:2] == "-d":
            yield "C", word[2:] or next(rest, "")
        elif word[:1] != "-":
            names += 1
            yield "f" if names == 1 else "", word
