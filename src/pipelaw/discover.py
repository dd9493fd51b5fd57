"""Which files of a tree are pipelines, and of which platform; and where the trees are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw import folders
from pipelaw.errors import UnreadableError, UsageError
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import FolderTree, printable, reason, within

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from pipelaw.folders import Found
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
_COMPONENT = pattern(r"templates/[^/]+(?:/template)?\.yml")
_INPUTS = pattern(r"^spec:\s+(?:\{\s*)?(?:inputs|description|component)\b", re.MULTILINE)
"""The header of a component, which none of the other files has that are kept in such a folder."""
_ENDS = (".yml", ".yaml", ".jsonnet", ".star", ".starlark")

NO_FILE = "not a file: a pipe or device is read where --as says what it holds"
FOLDER = "not a file, but a folder without pipelines"


def find(tree: Tree) -> list[Candidate]:
    """The pipelines of a tree, in path order: of those that were named, or of all of it."""
    if tree.named and all(path in tree for path in tree.named):
        return [_named(tree, path) for path in sorted(tree.named)]
    found = list(_all(tree))
    if tree.named:
        found = [candidate for candidate in found if within(candidate.path, tree.named)]
        listed = {candidate.path for candidate in found}
        # a link that leads out of the repository is none of its files, and must not go unsaid
        there = set(tree.paths())
        files = {path for path in tree.named if path in there or path in tree} - listed
        found = sorted([*found, *(_named(tree, path) for path in files)])
    return found


def _named(tree: Tree, path: str) -> Candidate:
    return Candidate(path, platform_of(path) or ("gitlab" if _component(tree, path) else ""))


def _all(tree: Tree) -> Iterator[Candidate]:
    for path in tree.paths():
        if path.endswith(_ENDS):
            platform = _platform(path)
            if path.startswith("templates/") and _component(tree, path):
                platform = "gitlab"
            if platform and not tree.ignored(path):
                yield Candidate(path, platform)
        elif path in folders.LINKS and path not in tree:
            # a link to a folder elsewhere: that nothing there is read must not go unsaid
            platform = _platform(f"{path}/x.yml") or _platform(f"{path}/workflows/x.yml")
            yield Candidate(path, platform)


def _component(tree: Tree, path: str) -> bool:
    """Whether a project of GitLab's publishes a file as a component."""
    if _COMPONENT.fullmatch(path) is None or ".gitlab-ci.yml" not in tree:
        return False
    try:
        return _INPUTS.search(tree.read(path).decode("utf-8", "replace")) is not None
    except UnreadableError:
        return False


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
    folder that is none of these counts as a repository, so that nothing in it is missed. What
    cannot be looked into is there as a tree that is closed.
    """
    found: dict[str, list[_Asked]] = {}
    for path in paths:
        for asked in _asked(_there(path)):
            key = os.path.realpath(asked.root)
            found.setdefault(f"{key}/{asked.named}\0" if asked.closed else key, []).append(asked)
    roots = [asked[0].root for asked in found.values()]
    several = len(paths) > 1 and len({os.path.realpath(root) for root in roots}) > 1
    prefixes = _told_apart(roots) if several else [asked[0].shown for asked in found.values()]
    return list(map(_tree, found.values(), prefixes))


def _there(path: Path | str) -> Path:
    """A given path, made absolute; raises UsageError where nothing is to be found at it."""
    try:
        os.stat(path)  # noqa: PTH116  also for names that are no UTF-8
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{printable(str(path))}: no such file or folder") from None
    except OSError as error:
        raise UsageError(f"{printable(str(path))}: {reason(error)}") from None
    return Path(os.path.abspath(path))  # noqa: PTH100  links are kept


def displayed(path: str) -> str:
    """A given path as reports show it: from the current folder on, and never from the root."""
    full = os.path.abspath(path)  # noqa: PTH100  links are kept
    return printable(_relative(Path(full), Path.cwd()) or "/".join(Path(full).parts[1:]))


class _Asked(NamedTuple):
    """A repository, or a part of one, that one of the given paths stands for."""

    root: Path
    shown: str = ""
    """The root's path below the one that was given."""
    named: str = ""
    """The file or folder of it that was asked for, "" for all of it."""
    alone: bool = False
    """It is no repository, only the folder that a file is in: a home perhaps, or a whole disk."""
    closed: str = ""
    """Why it cannot be looked into."""


def _told_apart(roots: Sequence[Path]) -> list[str]:
    """The paths of several roots as reports show them: below the current folder, or their ends."""
    here = Path.cwd()
    places = [_place(root, here) for root in roots]
    taken = {place for place in places if place is not None}
    away = {root.parts[1:] for root, place in zip(roots, places, strict=True) if place is None}
    return [
        _end(root.parts[1:], away, taken) if place is None else place
        for root, place in zip(roots, places, strict=True)
    ]


def _place(root: Path, here: Path) -> str | None:
    """A root's path below the current folder, "" for that itself; None outside of it."""
    for path in (root, Path(os.path.realpath(root))):
        if path.is_relative_to(here):
            return _relative(path, here)
    return None


def _end(parts: tuple[str, ...], away: Iterable[tuple[str, ...]], taken: Container[str]) -> str:
    """As much of the end of a root's path as tells it from the others."""
    for size in range(1, len(parts)):
        text = "/".join(parts[-size:])
        if text not in taken and sum(other[-size:] == parts[-size:] for other in away) == 1:
            return text
    return "/".join(parts)


def _tree(asked: list[_Asked], prefix: str) -> FolderTree:
    root = asked[0].root
    named = dict.fromkeys(part.named for part in asked)
    whole = "" in named
    return FolderTree(
        root,
        prefix or root.name,
        prefix=printable(prefix),
        named=() if whole else (*named,),
        alone=all(part.alone for part in asked),
        closed=asked[0].closed,
    )


def _asked(path: Path) -> list[_Asked]:
    """What one given path stands for."""
    if os.path.isdir(path):  # noqa: PTH112  raises nothing
        return _folder(path)
    found = folders.holder(path)
    root = found or path.parent
    alone = found is None and not _root(root)
    closed = NO_FILE if folders.special(path) else ""
    if alone and not closed and path.is_symlink() and not _leads_into(path, root):
        return _asked(Path(os.path.realpath(path)))
    return [_Asked(root, _relative(root, Path.cwd()), _relative(path, root), alone, closed)]


def _leads_into(path: Path, root: Path) -> bool:
    """Whether a path in a folder, which may be a link, leads to something in it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _root(path: Path) -> bool:
    """Whether a folder holds pipelines where a platform looks for them."""
    try:
        return folders.kind(path, folders.entries(path)) == "pipelines"
    except OSError:
        return False


def _folder(path: Path) -> list[_Asked]:
    """What a given folder stands for."""
    try:
        listed = folders.entries(path)
    except OSError as error:
        return [_Asked(path, closed=f"{reason(error)}: not searched")]
    kind = folders.kind(path, listed)
    if kind in ("checkout", "bare"):
        return [_Asked(path, closed=folders.BARE if kind == "bare" else "")]
    found = list(folders.below(path, listed, inside=kind == "pipelines"))
    own = folders.actions(path, listed)
    above = folders.holder(path)
    if above is not None and kind != "pipelines" and _leads_into(path, above):
        return _part(path, above, own, found)
    if own or kind == "pipelines":
        return [_Asked(path), *_shown((one for one in found if one.kind == "checkout"), path)]
    if any(one.kind for one in found):
        return _shown(found, path)
    return [_Asked(path, closed=_misnamed(path))]


def _misnamed(root: Path, *named: str) -> str:
    """What is to be said of a folder that is called like a file and holds no pipeline."""
    like = Path(root, *named).name.endswith(_ENDS)
    return FOLDER if like and not find(FolderTree(root, named=named)) else ""


def _part(path: Path, above: Path, own: Iterable[str], found: Sequence[Found]) -> list[_Asked]:
    """What a folder in a repository stands for: that part of it, and the repositories in it."""
    there = [one for one in found if not folders.usually_left_out(one.path.name)]
    named = _relative(path, above)
    if not any(one.kind == "pipelines" for one in there):
        checkouts = [one for one in there if one.kind == "checkout"]
        part = _Asked(above, "", named, closed=_misnamed(above, named))
        return [part, *_shown(checkouts, above)]
    # examples and test cases: each is a repository of its own
    parts = [_Asked(above, "", f"{named}/{name}") for name in own]
    return [*parts, *_shown(there, above if parts else path)]


def _shown(found: Iterable[Found], folder: Path) -> list[_Asked]:
    """What was found, shown by its path below a folder."""
    return [_Asked(one.path, _relative(one.path, folder), closed=one.closed) for one in found]


def _relative(path: Path, folder: Path) -> str:
    """The path below a folder, "" for the folder itself and for what is not below it."""
    if path == folder or not path.is_relative_to(folder):
        return ""
    return path.relative_to(folder).as_posix()
