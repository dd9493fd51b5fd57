"""What the folders of a disk are: checkouts, repositories without git, or only the way to some."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Literal

from pipelaw.records import NamedTuple
from pipelaw.tree import LEFT_OUT, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from pathlib import Path

    Entries = Mapping[str, os.DirEntry[str]]

Kind = Literal["checkout", "bare", "pipelines", "settings", ""]
"""What makes a folder a repository: git, git without files, what the platforms look for at the root of
one, or only actions and the settings of bots; "" for none."""

_ROOT_FILES = frozenset(
    ".gitlab-ci.yml .gitlab-ci.yaml .drone.yml .drone.yaml .drone.jsonnet .drone.star"
    " .drone.starlark .woodpecker.yml .woodpecker.yaml".split()
)
_ROOT_FOLDERS = (
    ".github/workflows",
    ".gitea/workflows",
    ".forgejo/workflows",
    ".drone",
    ".woodpecker",
)
FOLDER_NAMES = frozenset(place.partition("/")[0] for place in _ROOT_FOLDERS)
"""The folders at the root of a repository in which platforms look for pipelines."""
LINKS = FOLDER_NAMES.union(_ROOT_FOLDERS)
"""The paths in a repository at which a link to a folder would lead to pipelines."""
_ACTIONS = ("action.yml", "action.yaml")
_SETTINGS = (
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
)
_BARE = frozenset({"HEAD", "objects", "refs"})

MAX_DEPTH = 24
"""How many folders below the given one repositories are looked for; GitLab has 20 levels of groups."""
TOO_DEEP = f"more than {MAX_DEPTH} folders deep: no repository was looked for in it"
BARE = "a bare repository, which has no files: scan a checkout of it"


class Found(NamedTuple):
    """A folder that is a repository, or that may hold some and cannot be searched."""

    path: Path
    kind: Kind
    closed: str = ""
    """Why it cannot be searched."""


def entries(path: Path) -> dict[str, os.DirEntry[str]]:
    """What is in a folder, by name; raises OSError where it cannot be opened."""
    with os.scandir(path) as listed:
        return {entry.name: entry for entry in listed}


def kind(path: Path, listed: Entries) -> Kind:
    """What makes a folder with these entries a repository."""
    names = listed.keys()
    if ".git" in names:
        return "checkout"
    if names >= _BARE:
        return "bare"
    if not _ROOT_FILES.isdisjoint(names) or _holds(path, names, _ROOT_FOLDERS, stat.S_ISDIR):
        return "pipelines"
    if _holds(path, names, (*_ACTIONS, *_SETTINGS), stat.S_ISREG):
        return "settings"
    return ""


def actions(path: Path, listed: Entries) -> list[str]:
    """The names of the files that make a folder an action."""
    return [name for name in _ACTIONS if _holds(path, listed, (name,), stat.S_ISREG)]


def _holds(
    path: Path, names: Container[str], places: Iterable[str], test: Callable[[int], bool]
) -> bool:
    return any(
        place.partition("/")[0] in names and _at(f"{path}/{place}", test) for place in places
    )


def _at(path: str, test: Callable[[int], bool]) -> bool:
    """Whether there is what is looked for; also where nobody may know, so that this is reported."""
    try:
        return test(os.stat(path).st_mode)  # noqa: PTH116  called for every folder of a disk
    except PermissionError:
        return True
    except OSError:
        return False


def special(path: Path | str) -> bool:
    """Whether a path is neither a file nor a folder, but a pipe or a device."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  also for names that are no UTF-8
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def below(path: Path, listed: Entries, *, inside: bool, depth: int = 1) -> Iterator[Found]:
    """The repositories in a folder, in order, and what cannot be searched for some.

    `inside` a repository that git does not keep, only checkouts count.
    """
    for name in _searched(path, listed, inside):
        child = path / name
        try:
            own = entries(child)
        except OSError as error:
            if not inside:
                yield Found(child, "", f"{reason(error)}: not searched")
            continue
        what = kind(child, own)
        if what == "checkout" or (what and not inside):
            yield Found(child, what, BARE if what == "bare" else "")
        if what in ("checkout", "bare"):
            continue
        if depth < MAX_DEPTH:
            yield from below(child, own, inside=inside or bool(what), depth=depth + 1)
        elif not inside and not what and _searched(child, own, inside):
            yield Found(child, "", TOO_DEEP)


def _searched(path: Path, listed: Entries, inside: bool) -> list[str]:
    """The folders that are searched: one that is hidden, or named like other people's, if a checkout."""
    return [
        name
        for name in sorted(listed)
        if _folder(listed[name])
        and (not usually_left_out(name) or (not inside and os.path.lexists(f"{path}/{name}/.git")))
    ]


def _folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # where the system does not tell with the name
        return False


def usually_left_out(name: str) -> bool:
    """Whether a folder with this name is hidden, or holds other people's files."""
    return name.startswith(".") or name in LEFT_OUT


def holder(path: Path) -> Path | None:
    """The repository in which a path lies: of a pipeline folder such as `.github`, or of git's."""
    for folder in (path, *path.parents):
        if folder.name in FOLDER_NAMES and os.path.isdir(folder):  # noqa: PTH112  raises nothing
            if not os.path.lexists(folder / ".git"):
                return folder.parent
            break  # a repository of that name
    return next((folder for folder in path.parents if os.path.lexists(folder / ".git")), None)
