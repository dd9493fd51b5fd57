"""Checkouts by command: `git fetch` of a request's code, `gh pr checkout` and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.facts.script_words import words
from pipelaw.loaders.github_slices import expanded
from pipelaw.loaders.github_workspace import resolved, standing
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelaw.loaders.github_origins import Origin, Origins
    from pipelaw.model import Command, Script
    from pipelaw.place import Place

_MAYBE = pattern(
    r"\b(?:git|hub)\b[^\n]{0,200}\b(?:fetch|pull|checkout|clone|switch|merge|reset|worktree|remote|apply|am)\b"
    r"|\b(?:gh|hub)\s+(?:(?:-R|--repo)\s+\S+\s+)?(?:pr\s+checkout|repo\s+clone)\b"
)
_FETCHING = frozenset({"git", "gh", "hub"})
_TAKES = pattern(
    r"\bgit\s+(?:-[Cc]\s+\S+\s+)?(?:checkout|merge|reset|switch|worktree|rebase|cherry-pick|pull)\b"
)
"""What puts something fetched before into the workspace."""
_PATCH = pattern(r"\bgh\s+pr\s+diff\b|/pull/[^\s/]+\.(?:patch|diff)\b|\b(?:patch|diff)_url\b")
"""A request as a patch."""
_VALUED = frozenset(("-C", "-c", "--git-dir", "--work-tree", "-R", "--repo"))
_CREATES = frozenset(("-b", "-B", "--orphan"))
_SUBCOMMANDS = frozenset("fetch pull checkout clone switch merge reset worktree remote".split())


class Fetched(NamedTuple):
    """An outsider's code that a command puts into a folder."""

    origin: Origin
    text: str
    folder: str
    own: bool
    """Only branches of the repository itself are in reach of the command."""
    place: Place


def fetched(
    scripts: Sequence[Script],
    env: Mapping[str, str],
    origins: Origins,
    start: str,
    later: Callable[[], Sequence[str]],
) -> Iterator[Fetched]:
    """The first checkout of an outsider's code in each script; `later` gives the scripts behind it."""
    for script in scripts:
        if script.shell == "javascript" or _FETCHING.isdisjoint(words(script.text)):
            continue
        if not _MAYBE.search(script.text):
            continue
        variables = {**origins.env, **env}
        taken = _TAKES.search(script.text) or any(_TAKES.search(text) for text in later())
        fork = False
        for command, folders in standing(script, start):
            found = _found(command, script.text, variables, origins)
            if found is None:
                continue
            verb, origin, word = found
            fork = fork or origin.kind == "repository"
            if verb == "remote" or (verb == "fetch" and not taken):
                continue
            folder = folders[0] if folders else start
            own = origin.kind == "branch" and not fork
            yield Fetched(origin, word, _folder(command, verb, folder), own, command.place)
            break


def _folder(command: Command, verb: str, folder: str) -> str:
    """Where a command puts the files."""
    given = [word for word in command.words[1:] if word[:1] != "-"]
    if verb == "clone" and len(given) > 2:
        return resolved(given[-1], folder) or folder
    if verb == "clone":
        name = given[-1].rstrip("/").rpartition("/")[2].removesuffix(".git")
        return resolved(name, folder) or folder
    if verb == "worktree" and len(given) > 2:
        return resolved(given[2], folder) or folder
    return folder


def _found(
    command: Command, script: str, env: Mapping[str, str], origins: Origins
) -> tuple[str, Origin, str] | None:
    """What a command does, whose code it names, and the word that does so."""
    if command.name not in ("git", "gh", "hub"):
        return None
    given = _given(command.words)
    if command.name != "git" and given[:2] == ["pr", "checkout"]:
        return "checkout", origins.request(), command.text
    if given[:2] == ["repo", "clone"]:
        given = given[1:]
    elif command.name == "gh":
        return None
    verb = given[0] if given else ""
    if verb in ("apply", "am") and _PATCH.search(script):
        return verb, origins.request(), command.text
    if verb not in _SUBCOMMANDS or not _CREATES.isdisjoint(command.words):
        return None
    named = (_named(word, script, env, origins) for word in given[1:])
    origin = next((each for each in named if each is not None), None)
    return (verb, origin, command.text) if origin is not None else None


def _given(words: Sequence[str]) -> list[str]:
    """The words behind a program that are no options of its own, nor their values."""
    found: list[str] = []
    skip = True
    for index, word in enumerate(words):
        if skip or word[:1] == "-" or (not found and words[index - 1] in _VALUED):
            skip = False
            continue
        found.append(word)
    return found


def _named(word: str, script: str, env: Mapping[str, str], origins: Origins) -> Origin | None:
    if "$" not in word and "pull/" not in word:
        return None
    origin = origins.of(word, env)
    if origin is not None:
        return origin
    return origins.piece(expanded(word, script, env), env) if "$" in word else None
