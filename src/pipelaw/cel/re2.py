r"""Patterns in the syntax of RE2, which CEL's `matches` takes, to trees.

A pattern is read as RE2 reads it, never as Python does. What RE2 lacks is refused, and so is what
few know of it: Unicode classes, `[[:alpha:]]`, octal numbers, `\Q`, `\C`, `(?U)`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from pipelaw.cel.errors import CelError
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Characters: first and last code point of each range, in order, without overlap."""


class Characters(NamedTuple):
    """One character, of those given."""

    ranges: Ranges


class Assertion(NamedTuple):
    """A place between characters."""

    kind: str
    """start or end of the text, line-start, line-end, or boundary of a word."""


class Sequence(NamedTuple):
    """One after the other."""

    items: tuple[Tree, ...]


class Choice(NamedTuple):
    """One of several."""

    items: tuple[Tree, ...]


class Repeat(NamedTuple):
    """`item` from `low` to `high` times; without end where `high` is None."""

    item: Tree
    low: int
    high: int | None
    lazy: bool


Tree: TypeAlias = Characters | Assertion | Sequence | Choice | Repeat

MAX_SIZE = 300
"""No pattern is larger when its repetitions are written out."""
_MAX_DEPTH = 30
_LAST = 0x10FFFF
_PERL: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_PUNCTUATION = frozenset(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ESCAPED = dict(zip("afnrtv", "\a\f\n\r\t\v", strict=True))
_ASSERTIONS = {"A": "start", "z": "end", "b": "boundary"}
_REFUSED = {
    "B": "`\\B` is not part of the language: RE2 finds it inside of characters beyond ASCII",
    "Z": "RE2 has no `\\Z`; the end of the text is `$` or `\\z`",
    "p": "Unicode classes are not part of the language",
    "P": "Unicode classes are not part of the language",
    "0": "octal numbers are not part of the language; write `\\x01`",
} | dict.fromkeys("123456789", "RE2 has no back-references")

_REPEAT = re.compile(r"([*+?])|\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_HEX = re.compile(r"[0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\}")
_GROUP = re.compile(r"\?(?:P<[A-Za-z_][A-Za-z0-9_]*>|([ims]*)(?:-([ims]+))?([:)]))")
_LACKING = {
    "?=": "look-around",
    "?!": "look-around",
    "?<=": "look-around",
    "?<!": "look-around",
    "?>": "atomic groups",
    "?(": "conditions",
    "?P=": "back-references",
    "?#": "comments",
}


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges in order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """All other characters."""
    found, at = [], 0
    for low, high in ranges:
        if low > at:
            found.append((at, low - 1))
        at = high + 1
    if at <= _LAST:
        found.append((at, _LAST))
    return tuple(found)


NOT_NEWLINE = complement(((10, 10),))


def _folded(ranges: Ranges) -> Ranges:
    """ASCII characters in either case, with the two others that Unicode folds to one of them."""
    found = list(ranges)
    for low, high in ranges:
        for first, last, step in ((65, 90, 32), (97, 122, -32)):
            if low <= last and high >= first:
                found.append((max(low, first) + step, min(high, last) + step))
    for letter, other in ((ord("k"), 0x212A), (ord("s"), 0x17F)):
        if any(low <= letter <= high for low, high in found):
            found.append((other, other))
    return merged(found)


@lru_cache(maxsize=1024)
def parse(pattern: str) -> Tree:
    """The tree of a pattern; raises CelError, with the place in the pattern, where it is refused."""
    parser = _Parser(pattern)
    tree = parser.choice()
    if parser.at < len(pattern):
        raise parser.error("`)` without `(`")
    if size(tree) > MAX_SIZE:
        raise CelError("this pattern is too large", 0, len(pattern))
    return tree


def size(tree: Tree) -> int:
    """How many parts a tree has when repetitions are written out."""
    if isinstance(tree, (Sequence, Choice)):
        return 1 + sum(map(size, tree.items))
    if isinstance(tree, Repeat):
        return size(tree.item) * (tree.low + 1 if tree.high is None else tree.high)
    return 1


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.flags: frozenset[str] = frozenset()

    def error(self, message: str, length: int = 1) -> CelError:
        return CelError(message, self.at, length)

    def take(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def next(self) -> str:
        """The next character, "" at the end."""
        return self.pattern[self.at : self.at + 1]

    def choice(self) -> Tree:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.error("this pattern is nested too deeply")
        items = [self.sequence()]
        while self.take("|"):
            items.append(self.sequence())
        self.depth -= 1
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def sequence(self) -> Tree:
        items = []
        while self.next() not in ("", "|", ")"):
            item = self.item()
            if item is not None:
                items.append(self.repeated(item))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def item(self) -> Tree | None:
        char = self.next()
        if _REPEAT.match(self.pattern, self.at):
            raise self.error(f"`{char}` repeats nothing")
        if char == "\\":
            return self.escape()
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return self.characters()
        if char in "^$":
            return self.anchor(char)
        if char == ".":
            return Characters(((0, _LAST),) if "s" in self.flags else NOT_NEWLINE)
        return Characters(self.folded(ord(char), ord(char), self.at - 1))

    def anchor(self, char: str) -> Tree:
        if char == "$" and self.next() == "{":
            self.at -= 1
            raise self.error("`$` is the end of the text; a dollar sign is written `\\$`")
        where = "start" if char == "^" else "end"
        return Assertion(f"line-{where}" if "m" in self.flags else where)

    def repeated(self, item: Tree) -> Tree:
        """`item` with the quantifier that follows it."""
        match = _REPEAT.match(self.pattern, self.at)
        if match is None:
            return item
        low, high = self.counts(match)
        if isinstance(item, Assertion):
            raise self.error("a place between characters cannot be repeated", len(match[0]))
        self.at = match.end()
        lazy = self.take("?")
        if _REPEAT.match(self.pattern, self.at):
            raise self.error("RE2 takes one quantifier only")
        return Repeat(item, low, high, lazy)

    def counts(self, match: re.Match[str]) -> tuple[int, int | None]:
        """How often a quantifier repeats, at least and at most."""
        sign, low, more, high = match.groups()
        if sign:
            return _COUNTS[sign]
        if max(len(low), len(high or "")) > 4:
            raise self.error("this repeats too often", len(match[0]))
        least = int(low)
        most = None if more == "," else int(high) if high else least
        if most is not None and not (most > 0 and least <= most <= MAX_SIZE):
            raise self.error(
                f"this repeats less than once, or more than {MAX_SIZE} times", len(match[0])
            )
        return least, most

    def group(self) -> Tree | None:
        """What is in parentheses; None for `(?i)`, which is a flag for what follows."""
        opened = self.at - 1
        flags = self.flags
        if self.next() == "?":
            match = _GROUP.match(self.pattern, self.at)
            if match is None:
                raise self.unknown_group()
            on, off, closing = match.groups(default="")
            flags = (flags | set(on)) - set(off)
            self.at = match.end()
            if closing == ")":
                self.flags = flags
                if _REPEAT.match(self.pattern, self.at):
                    raise self.error("a flag cannot be repeated")
                return None
        outer, self.flags = self.flags, flags
        tree = self.choice()
        self.flags = outer
        if not self.take(")"):
            self.at = opened
            raise self.error("`(` without `)`")
        return tree

    def unknown_group(self) -> CelError:
        for sign, what in _LACKING.items():
            if self.pattern.startswith(sign, self.at):
                return CelError(f"RE2 has no {what}", self.at - 1, len(sign) + 1)
        return CelError("unknown kind of group", self.at - 1, 3)

    def folded(self, low: int, high: int, start: int) -> Ranges:
        """A range that is written from `start` on, in both cases if the flag says so."""
        if "i" not in self.flags:
            return ((low, high),)
        if high > 127:
            length, self.at = self.at - start, start
            raise self.error("beyond ASCII `(?i)` is not part of the language", length)
        return _folded(((low, high),))

    def perl(self) -> Ranges | None:
        r"""The characters of `\d` and similar classes; None where something else comes."""
        name = self.pattern[self.at + 1 : self.at + 2]
        if self.next() != "\\" or name.lower() not in _PERL:
            return None
        self.at += 2
        found = _PERL[name.lower()]
        if "i" in self.flags:
            found = _folded(found)
        return complement(found) if name.isupper() else found

    def escape(self) -> Tree:
        """What a backslash begins, outside of a class."""
        kind = _ASSERTIONS.get(self.pattern[self.at + 1 : self.at + 2])
        if kind:
            self.at += 2
            return Assertion(kind)
        found = self.perl()
        if found is None:
            start = self.at
            code = self.single()
            found = self.folded(code, code, start)
        return Characters(found)

    def single(self) -> int:
        """The code point of a character, as it is or escaped."""
        char = self.next()
        if char != "\\":
            self.at += 1
            return ord(char)
        name = self.pattern[self.at + 1 : self.at + 2]
        code = ord(name) if name in _PUNCTUATION else ord(_ESCAPED.get(name, "\0"))
        length = 2
        if name == "x":
            match = _HEX.match(self.pattern, self.at + 2)
            code = int(match[0].strip("{}"), 16) if match else 0
            length += len(match[0]) if match else 0
        if not 0 < code <= _LAST:
            message = _REFUSED.get(name, f"RE2 has no `\\{name}`" if name else "nothing after `\\`")
            raise self.error(message, len(name) + 1)
        self.at += length
        return code

    def characters(self) -> Tree:
        """A class: what is in brackets."""
        opened = self.at - 1
        negated = self.take("^")
        found: list[tuple[int, int]] = []
        while self.next() != "]" or not found:
            if not self.next():
                self.at = opened
                raise self.error("`[` without `]`")
            if self.pattern.startswith("[:", self.at):
                raise self.error("classes by name are not part of the language", 2)
            if self.next() == "-" and found and not self.pattern.startswith("-]", self.at):
                raise self.error("a `-` in the middle of a class is written `\\-`")
            found += self.perl() or self.range()
        self.at += 1
        ranges = complement(merged(found)) if negated else merged(found)
        if not ranges:
            self.at = opened
            raise self.error("no character is in this class")
        return Characters(ranges)

    def range(self) -> Ranges:
        """A character of a class, or a range."""
        start = self.at
        low = high = self.single()
        behind = self.pattern[self.at + 1 : self.at + 2]
        if self.next() == "-" and behind not in ("", "]"):
            self.at += 1
            high = self.single()
        if high < low:
            length, self.at = self.at - start, start
            raise self.error("this range ends before it begins", length)
        return self.folded(low, high, start)
