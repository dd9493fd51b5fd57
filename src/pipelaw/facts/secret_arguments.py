"""Secrets among the arguments of commands and builds, where others than the program can read them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw.facts.secret_names import meaning
from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.model import Command, Script

_LOGINS = frozenset(
    "docker podman buildah nerdctl skopeo crane oras helm regctl trivy cosign".split()
)
"""Programs that sign in to a registry, and can read the password from their input."""
_BUILDERS = frozenset("docker docker-compose podman buildah nerdctl executor".split())
"""Programs that build images; `executor` is kaniko."""
_BUILD = "--build-arg"
_KEEPING = frozenset("clone remote config submodule push pull fetch ls-remote".split())
"""What git does with the address of a repository."""
_EXPANDED = (
    r"(?:\$\{\{\s*(?P<pasted>[\w.-]+(?:\['[\w-]+'\])?)\s*\}\}|\$+\{?(?:env:)?(?P<name>\w+)\}?)"
)
_VALUE = pattern(_EXPANDED + r"\Z")
_ADDRESS = pattern(r"https?://(?:(?P<user>[^/@\s]*?):)?" + _EXPANDED + "@")
_SIGNED = pattern(r"https?://[^/\s@$]{0,200}\$[^/@\n]{1,200}@")
"""An address that something is put into before the host, quotes and all."""
_LOGIN = pattern(r" login\b(?:[^\n\\]|\\[\s\S]){0,400}?\s(?:-p|--password)[\s=$]")


def arguments(scripts: Iterable[Script]) -> tuple[Flaw, ...]:
    """The commands of scripts that are handed a secret as an argument, though they need not be."""
    return tuple(
        found
        for script in scripts
        if _candidate(script.text)
        for command in script.commands
        for found in _given(command)
    )


def _candidate(text: str) -> bool:
    """Whether a script may hold such a command; hardly any does."""
    if " login" in text and _LOGIN.search(text) is not None:
        return True
    if _BUILD in text:
        return True
    return "@" in text and "git " in text and _SIGNED.search(text) is not None


def _given(command: Command) -> Iterator[Flaw]:
    if command.name in _LOGINS and "login" in command.words[1:4]:
        yield from _logins(command)
    elif command.name in _BUILDERS:
        for word, behind in pairwise((*command.words, "")):
            option, _, value = word.partition("=")
            name = build_argument(value or behind) if option == _BUILD else ""
            if name:
                yield _flaw(command, f"{command.name} {_BUILD}", name)
    elif command.name == "git":
        verb = next((word for word in command.words[1:] if word in _KEEPING), "")
        for word in command.words[1:] if verb else ():
            match = _ADDRESS.search(word) if "://" in word else None
            if match is not None and (match["user"] is not None or meaning(_name(match)).level):
                yield _flaw(command, f"git {verb}", _name(match))


def _logins(command: Command) -> Iterator[Flaw]:
    for option, value in _options(command.words):
        match = _VALUE.match(value)
        if match is not None:
            yield _flaw(command, f"{command.name} login {option}", _name(match))


def build_argument(text: str) -> str:
    """The secret that `NAME=$VALUE`, or `NAME` for a variable, hands to a build; "" for none."""
    name, equals, value = text.partition("=")
    if not equals:
        return name if _secret(name) else ""
    match = _VALUE.match(value)
    given = _name(match) if match is not None else ""
    return given if given and (_secret(name) or _secret(given)) else ""


def _secret(name: str) -> bool:
    known = meaning(name)
    return known.level in ("password", "secret") and not known.local


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of a command that take a password, with their values."""
    for word, behind in pairwise((*words, "")):
        option, equals, value = word.partition("=")
        if option == "--password":
            yield option, value if equals else behind
        elif word == "-p":
            yield word, behind
        elif word.startswith("-p$"):
            yield "-p", word[2:]


def _name(match: re.Match[str]) -> str:
    """What is expanded, without the context that it is taken from."""
    return match["name"] or match["pasted"].rstrip("]'").replace("['", ".").rpartition(".")[2]


def _flaw(command: Command, text: str, name: str) -> Flaw:
    return Flaw(kind="argument", text=text, detail=name, place=command.place)
