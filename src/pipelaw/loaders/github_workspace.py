"""Where files lie while a job runs, and where its commands stand."""

from __future__ import annotations

from functools import lru_cache
from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.loaders.github_slices import assignments
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.model import Command, Script, Variable

_ROOT = pattern(
    r"^(?:\$\{\{\s*(?i:github(?:\.|\[')workspace(?:'\])?)\s*\}\}|\$\{?GITHUB_WORKSPACE\}?|\$\{?PWD\}?|\$\(pwd\)|\$env:GITHUB_WORKSPACE"
    r"|\$\{process\.env\.GITHUB_WORKSPACE\})(?:/|$)"
)
_TEMP = pattern(
    r"^(?:\$\{\{\s*(?i:runner(?:\.|\[')temp(?:'\])?)\s*\}\}|\$\{?RUNNER_TEMP\}?|\$env:RUNNER_TEMP|\$\{process\.env\.RUNNER_TEMP\})"
)
_DECIDED = pattern(r"[$%`]|^[A-Za-z]:/")
_MOVES = frozenset(("cd", "pushd", "Set-Location", "Push-Location", "sl", "chdir"))
_NO_CONSTANTS: Mapping[str, str] = {}
_SUBSHELL = pattern(r"\(\s*(?:cd|pushd)\s")


def folder_of(text: str) -> str:
    """A path below the workspace, normalised; "" for the workspace itself."""
    path = resolved(text.strip(), "")
    return path if path is not None else text.strip()


_FOLDER_VARIABLES = {"runner.temp": "${RUNNER_TEMP}", "github.workspace": "${GITHUB_WORKSPACE}"}
_FOLDER = pattern(r"\$\{\{\s*((?i:runner(?:\.|\[')temp|github(?:\.|\[')workspace))(?:'\])?\s*\}\}")


def by_variables(code: str) -> str:
    """A script that names its folders by variables, not expressions; every character keeps its place."""
    if "${{" not in code:
        return code
    return _FOLDER.sub(_by_variable, code)


def _by_variable(match: re.Match[str]) -> str:
    """The variable, and what names the same folder up to the length of the expression."""
    variable = _FOLDER_VARIABLES[match[1].lower().replace("['", ".")]
    return (variable + "/." * len(match[0]))[: len(match[0])]


_NAMED = pattern(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))|\$\{\{\s*env\.(\w+)\s*\}\}")
_PLAIN = pattern(r"(['\"]?)([\w./-]+)\1")


def constants(scopes: Iterable[Iterable[Variable]]) -> dict[str, str]:
    """The variables that always hold the same text, by name in lower case."""
    found = (one for scope in scopes for one in scope if one.kind == "environment")
    return {one.name.lower(): one.value for one in found if _PLAIN.fullmatch(one.value)}


def spelled(word: str, known: Mapping[str, str]) -> str:
    """A word with the texts that its variables are known to hold."""
    if "$" not in word or not known:
        return word
    return _NAMED.sub(lambda m: known.get((m[1] or m[2] or m[3]).lower(), m[0]), word)


def held(script: Script, around: Mapping[str, str]) -> Mapping[str, str]:
    """What is known of the variables in a script: from around it, and what it sets once."""
    if "$" not in script.text:
        return {}
    given = assignments(script.text) if "=" in script.text else {}
    own = {
        name.lower(): plain[2]
        for name, values in given.items()
        if script.text.count(f"{name}=") == 1
        and (plain := _PLAIN.fullmatch(values[0].partition(";")[0].strip()))
    }
    return {**around, **own}


def outside(path: str) -> bool:
    """Whether a path as `resolved` gives it lies outside the workspace."""
    return path[:1] in ("/", "~", "$") or path == ".." or path[:3] == "../"


@lru_cache(maxsize=4096)
def resolved(word: str, where: str) -> str | None:
    """The path that a word names from a folder; None where that is not known.

    Relative to the workspace, "" for itself; a path outside it begins with `/`, `~`, `$TEMP` or `..`.
    """
    text = word.replace("\\", "/")
    root, temp = _ROOT.match(text), _TEMP.match(text)
    if root is not None:
        text, where = text[root.end() :], ""
    elif temp is not None:
        return normpath(f"$TEMP{text[temp.end() :]}")
    elif text[:1] in ("/", "~"):
        return normpath(text)
    elif _DECIDED.search(text) or "://" in text:
        return None
    path = normpath(f"{where}/{text}" if where else text or ".")
    return "" if path == "." else path


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; "" is the workspace."""
    if not folder:
        return not outside(path)
    return path == folder or path.startswith(f"{folder}/")


class Mount(NamedTuple):
    """Files that a step put into a folder."""

    folder: str
    foreign: bool
    """They are those that are asked about; otherwise they hide what lies below."""


def owned(path: str, mounts: Sequence[Mount]) -> bool:
    """Whether what lies at a path are the files that are asked about: the innermost, latest mount has it."""
    best: Mount | None = None
    for mount in mounts:
        if below(path, mount.folder) and (best is None or len(mount.folder) >= len(best.folder)):
            best = mount
    return best is not None and best.foreign


def reached(place: str, folders: Iterable[str], mounts: Sequence[Mount]) -> bool:
    """Whether what a word names from one of some folders are the files that are asked about."""
    for folder in folders:
        path = resolved(place, folder)
        if path is not None and owned(path, mounts):
            return True
    return False


def standing(
    script: Script, start: str, around: Mapping[str, str] = _NO_CONSTANTS
) -> Iterator[tuple[Command, tuple[str, ...]]]:
    """The commands of a script, each with the folders that it may run in."""
    folders: tuple[str, ...] = (start,)
    known = held(script, around)
    scoped = _SUBSHELL.search(script.text) is not None
    for command in script.commands:
        yield command, folders
        if command.name in _MOVES and len(command.words) > 1:
            moved = tuple(
                path
                for folder in folders
                if (path := resolved(spelled(command.words[-1], known), folder)) is not None
            )
            # what is entered in parentheses is left behind them
            folders = tuple(dict.fromkeys((*folders, *moved))) if scoped else moved
        elif command.name in ("popd", "Pop-Location"):
            folders = tuple(dict.fromkeys((*folders, start)))
