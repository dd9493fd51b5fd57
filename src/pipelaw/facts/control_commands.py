"""Which security tools a command runs, and whether the script respects their exit status."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pipelaw.facts.control_catalogue import Sign, catalogue
from pipelaw.facts.references import split_image
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.model import Command

_SAYS_NO_MORE = frozenset(
    {"--version", "--help", "-h", "-V", "version", "help", "install", "login"}
)
_CONTAINERS = frozenset({"docker", "podman", "nerdctl"})
_EXTENSION = pattern(r"\.(?:exe|cmd|bat)\Z", re.IGNORECASE)


def signs(words: Sequence[str]) -> tuple[tuple[Sign, ...], Sequence[str]]:
    """The signs that a command's words are, wrappers peeled off, and the words of the tool's own call."""
    for rest in _calls(words):
        found = _matching(rest)
        if found:
            return found, rest
    return (), words


def _calls(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words themselves, then what they run as wrappers."""
    for _ in range(4):  # wrappers in wrappers: `uv run python -m bandit`
        if not words:
            return
        yield words
        width = _wrapper(words)
        if not width:
            return
        if _base(words[0]) in _CONTAINERS:
            yield from _contained(words[width:])
            return
        starts = list(_starts(words[width:]))
        for start in starts[1:]:
            yield words[width + start :]
        words = words[width + starts[0] :] if starts else ()


def _wrapper(words: Sequence[str]) -> int:
    """How many words at the front only run another program."""
    for rest in catalogue().wrappers.get(_base(words[0]), ()):
        if tuple(words[1 : 1 + len(rest)]) == rest:
            return 1 + len(rest)
    return 0


def _starts(words: Sequence[str]) -> Iterator[int]:
    """Where the inner program may be: after `--`, or the first word that is no flag or number.

    Whether a flag takes a value is not known: a word after one is tried, and the next as well.
    """
    near = words[:12]
    if "--" in near:
        yield near.index("--") + 1
    after_flag = False
    for index, word in enumerate(near):
        if word.startswith("-"):
            after_flag = "=" not in word
        elif not word[:1].isdigit():
            yield index
            if not after_flag:
                return
            after_flag = False


def _contained(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """What `docker run` starts: a program that its arguments name, else the image's own."""
    programs = catalogue().signs["runs"]
    for index, word in enumerate(words):
        if word.startswith("-") or not (found := image_signs(split_image(word).name)):
            continue
        arguments = words[index + 1 :]
        own = found[0].tool.name
        named = bool(arguments) and _base(arguments[0]) in programs
        if named:
            yield arguments
        if arguments and own in programs:
            yield [own, *arguments]
        elif not named:
            yield [word, *arguments]
        return


def image_signs(name: str) -> tuple[Sign, ...]:
    """The signs that an image is, by its name without tag; a mirror's host and folders are ignored."""
    known = catalogue()
    found = known.find("images", name)
    if not found and name.count("/") > 1:
        found = known.find("images", "/".join(name.split("/")[-2:]))
    return found


def _matching(words: Sequence[str]) -> tuple[Sign, ...]:
    known = catalogue()
    program = _base(words[0])
    program = known.aliases.get(program, program)
    found = known.signs["runs"].get(program)
    rest = words[1:]
    if found is None:
        if "/" in words[0] and not words[0].startswith(("/", ".")):
            return image_signs(split_image(words[0]).name)
        return ()
    if rest and not _SAYS_NO_MORE.isdisjoint((rest[0], rest[-1])):
        return ()
    longest: dict[str, Sign] = {}
    for sign in found:
        held = longest.get(sign.category)
        if (held is None or len(sign.words) > len(held.words)) and matches(sign.words, rest):
            longest[sign.category] = sign
    return tuple(
        sign for sign in longest.values() if not any(given(word, rest) for word in sign.tool.idle)
    )


def _base(word: str) -> str:
    """A program's name without folder, version and extension: `gosec` of `…/cmd/gosec@latest`."""
    name = word.replace("\\", "/").rpartition("/")[2]
    name = name.rpartition("#")[2]
    return _EXTENSION.sub("", name.partition("@")[0].partition("==")[0])


def matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a command's words follow a pattern of the catalogue."""
    at, loose = 0, False
    for part in pattern:
        if part == "...":
            loose = True
        elif part.startswith("-"):
            if not given(part, words):
                return False
        else:
            at = _next(part, words, at, loose=loose)
            loose = False
            if not at:
                return False
    return True


def _next(part: str, words: Sequence[str], start: int, *, loose: bool) -> int:
    """The index after the word that is `part`, 0 where it does not come next."""
    after_flag = False
    for index in range(start, len(words)):
        word = words[index]
        if word == part or ("*" in part and fnmatchcase(word, part)):
            return index + 1
        if word.startswith("-"):
            after_flag = "=" not in word
        elif after_flag or loose:
            after_flag = False
        else:
            return 0
    return 0


def given(wanted: str, words: Sequence[str]) -> bool:
    """Whether a word, a flag, or a flag with one value is among a command's words."""
    if not wanted.startswith("-"):
        return wanted in words
    name, _, value = wanted.partition("=")
    given = flag(name, words)
    return given is not None and (not value or value in given.split(","))


def flag(name: str, words: Sequence[str]) -> str | None:
    """The value of a flag, "" for a flag at the end, None where it is not given.

    One dash and two are the same: Go's programs take both.
    """
    bare = name.lstrip("-")
    for written, value in flags(words):
        if written.lstrip("-") == bare:
            return value
    return None


def flags(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The flags of a command as written, with their values: after `=`, or the next word."""
    for index, word in enumerate(words):
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            yield name, value if equals else "".join(words[index + 1 : index + 2])


_IGNORED = pattern(
    r"\|\|[ \t]*(?:true|:|exit[ \t]+0|echo|printf|/bin/true|/usr/bin/true)(?![\w/=-])"
    r"|;[ \t]*(?:true|:|exit[ \t]+0)[ \t]*$"
)
_FAILS = pattern(r"\bexit[ \t]+(?:-?[1-9]|[$\"])|\bfalse\b|\breturn[ \t]+-?[1-9]")
_ERREXIT = pattern(r"^[ \t]*set[ \t]+([+-])e", re.MULTILINE)


def ignored(script: str, command: Command) -> bool:
    """Whether a script goes on, or ends well, when a command of it fails."""
    at = script.find(command.text)
    if at < 0:
        return False
    end = script.find("\n", at + len(command.text))
    rest = script[at + len(command.text) : end if end >= 0 else len(script)]
    if _IGNORED.search(rest) and not _FAILS.search(rest):
        return True
    settings = _ERREXIT.findall(script, 0, at)
    if not settings or settings[-1] == "-":
        return False
    later = script[at + len(command.text) :]
    return "$?" not in later and not _FAILS.search(later)
