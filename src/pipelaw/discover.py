"""Which files of a tree are pipelines, and of which platform; and where the trees are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw.errors import UsageError
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import LEFT_OUT, FolderTree, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.tree import Tree


class Candidate(NamedTuple):
    """A file that a platform takes for a pipeline."""

    path: str
    platform: str
    """A key of `loaders.LOADERS`; "" for a file named by the user whose place tells nothing."""


_AT_ROOT = (
    r"(?P<github>\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml)"
    r"|(?P<gitlab>\.gitlab-ci\.ya?ml)"
    r"|(?P<drone>\.drone\.(?:ya?ml|jsonnet|star|starlark)|\.drone/[^/]+\.ya?ml)"
    r"|(?P<woodpecker>\.woodpecker\.ya?ml|\.woodpecker/.+\.ya?ml)"
    r"|(?P<dependabot>\.github/dependabot\.ya?ml)"
    r"|(?P<precommit>\.pre-commit-config\.ya?ml)"
)
_PLACE = pattern(_AT_ROOT)
_ANYWHERE = pattern(rf"(?:.*/)?(?:{_AT_ROOT})", re.DOTALL)
_ACTION = pattern(r"(?:.*/)?action\.ya?ml", re.DOTALL)
_PART = pattern(r"(?:.*[/.])?gitlab-ci\.ya?ml", re.DOTALL)
_ENDS = (".yml", ".yaml", ".jsonnet", ".star", ".starlark")

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
_FOLDER_NAMES = frozenset(place.partition("/")[0] for place in _ROOT_FOLDERS)
_ACTIONS = ("action.yml", "action.yaml")
_SETTINGS = (
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
)

MAX_DEPTH = 6
"""How many folders below the given one repositories are looked for."""


def find(tree: Tree) -> list[Candidate]:
    """The pipelines of a tree, in path order: of those that were named, or of all of it."""
    if tree.named and all(path in tree for path in tree.named):
        return [Candidate(path, platform_of(path)) for path in sorted(tree.named)]
    found = []
    for path in tree.paths():
        if path.endswith(_ENDS):
            platform = _platform(path)
            if platform and not tree.ignored(path):
                found.append(Candidate(path, platform))
    if tree.named:
        found = [candidate for candidate in found if within(candidate.path, tree.named)]
        listed = {candidate.path for candidate in found}
        files = {path for path in tree.named if path in tree} - listed
        found = sorted([*found, *(Candidate(path, platform_of(path)) for path in files)])
    return found


def _platform(path: str) -> str:
    """The platform that looks for a file at this path of a repository, "" for none."""
    match = _PLACE.fullmatch(path)
    if match is None:
        return "github" if _ACTION.fullmatch(path) else ""
    return match.lastgroup or ""


def platform_of(path: str) -> str:
    """The platform of a file that was named, by what its path looks like; "" for unknown."""
    match = _ANYWHERE.fullmatch(path)
    if match is not None:
        return match.lastgroup or ""
    if _ACTION.fullmatch(path):
        return "github"
    return "gitlab" if _PART.fullmatch(path) else ""


def repositories(*paths: Path | str) -> list[FolderTree]:
    """The repositories that the user means, each once, in the order given.

    A path is the root of a repository, a file or folder in one, or a folder of repositories; a
    folder that is none of these counts as a repository, so that nothing in it is missed.
    """
    found: dict[str, list[_Asked]] = {}
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  also for names that are no UTF-8
            raise UsageError(f"{path}: no such file or folder")
        for asked in _asked(Path(os.path.abspath(path))):  # noqa: PTH100  links are kept
            found.setdefault(os.path.realpath(asked.root), []).append(asked)
    several = len(paths) > 1 and len(found) > 1
    return [_tree(asked, several) for asked in found.values()]


class _Asked(NamedTuple):
    """A repository, or a part of one, that one of the given paths stands for."""

    root: Path
    shown: str = ""
    """The root's path below the one that was given."""
    named: str = ""
    """The file or folder of it that was asked for, "" for all of it."""
    alone: bool = False
    """It is no repository, only the folder that a file is in: a home perhaps, or a whole disk."""


def _tree(asked: list[_Asked], several: bool) -> FolderTree:
    root, prefix = asked[0].root, asked[0].shown
    if several:
        # with several roots the paths in a report need something to tell them apart
        prefix = _relative(root, Path.cwd()) or root.as_posix()
    named = dict.fromkeys(part.named for part in asked)
    whole = "" in named
    return FolderTree(
        root,
        prefix or root.name,
        prefix=prefix,
        named=() if whole else (*named,),
        alone=all(part.alone for part in asked),
    )


def _asked(path: Path) -> list[_Asked]:
    """What one given path stands for."""
    if path.is_dir():
        return list(_folder(path))
    found = _holder(path) or _checkout(path)
    root = found or path.parent
    alone = found is None and not _root(root)
    return [_Asked(root, _relative(root, Path.cwd()), _relative(path, root), alone)]


def _folder(path: Path) -> Iterable[_Asked]:
    if _root(path):
        return [_Asked(path)]
    above = _holder(path) or _checkout(path)
    below = list(_below(path))
    if above is None and (_holds(path, _ACTIONS) or not below):
        return [_Asked(path)]
    if above is None or any(_root(child) for child in below):
        return [_Asked(child, _relative(child, path)) for child in below]
    return [_Asked(above, "", _relative(path, above))]


def _below(path: Path, depth: int = 1) -> Iterator[Path]:
    """The repositories in a folder, in order; what cannot be opened counts, so that it is reported."""
    try:
        with os.scandir(path) as listed:
            folders = sorted(entry.name for entry in listed if _searched(entry))
    except OSError:
        yield path
        return
    for name in folders:
        child = path / name
        if _root(child) or _holds(child, _ACTIONS) or _holds(child, _SETTINGS):
            yield child
        elif depth < MAX_DEPTH:
            yield from _below(child, depth + 1)


def _searched(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in LEFT_OUT:
        return False
    return entry.is_dir(follow_symlinks=False)


def _root(path: Path) -> bool:
    """Whether a folder is a checkout, or holds pipelines where a platform looks for them."""
    try:
        names = set(os.listdir(path))  # noqa: PTH208  the names alone, in one call
    except OSError:
        return False
    if ".git" in names or not _ROOT_FILES.isdisjoint(names):
        return True
    return not _FOLDER_NAMES.isdisjoint(names) and any(
        (path / place).is_dir() for place in _ROOT_FOLDERS
    )


def _holds(path: Path, files: Iterable[str]) -> bool:
    return any((path / file).is_file() for file in files)


def _checkout(path: Path) -> Path | None:
    """The nearest folder above that git keeps."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), None)


def _holder(path: Path) -> Path | None:
    """The folder that holds the pipeline folder, such as `.github`, in which a path lies."""
    for folder in (path, *path.parents):
        if folder.name in _FOLDER_NAMES and folder.is_dir():
            return folder.parent
    return None


def _relative(path: Path, folder: Path) -> str:
    """The path below a folder, "" for the folder itself and for what is not below it."""
    if path == folder or not path.is_relative_to(folder):
        return ""
    return path.relative_to(folder).as_posix()
