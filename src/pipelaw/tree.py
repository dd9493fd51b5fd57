"""A repository as a tree of names and bytes, wherever it is kept."""

from __future__ import annotations

import errno
import os
import stat
from bisect import bisect_left
from collections import deque
from functools import cached_property, lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from pipelaw.document import MAX_BYTES, Problem, too_large
from pipelaw.errors import UnreadableError
from pipelaw.gitignore import Ignored
from pipelaw.origin import agreed, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class Tree(Protocol):
    """The names and bytes of one repository."""

    name: str
    """What to call the repository in reports; "" where there is no name."""
    named: Sequence[str]
    """The files and folders of it that were asked for; empty where all of it was."""

    @property
    def origin(self) -> str:
        """The host and the owner that it was cloned from, `github.com/acme`; "" where nobody knows.

        In a job of CI only where that is the owner of the job's repository.
        """

    def paths(self) -> Sequence[str]:
        """Every file's path, relative to the root with forward slashes, sorted.

        Vendored folders are left out. What version control ignores is not: see `ignored`.
        """

    def read(self, path: str) -> bytes:
        """The bytes of a file; raises UnreadableError where it cannot be read or is too large."""

    def ignored(self, path: str) -> bool:
        """Whether version control keeps the file out. Slow: for pipeline files, not for all."""

    def problems(self) -> Sequence[Problem]:
        """What `paths` could not look into."""

    def __contains__(self, path: object) -> bool:
        """Whether there is a file at a path, listed or not."""

    def __hash__(self) -> int:
        """Trees are told apart as objects: what was read of one is kept by it."""


class MemoryTree:
    """A tree held in memory: for standard input, examples and tests.

    One that is `partial` holds some files of a repository of which nothing else is known.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        name: str = "",
        *,
        origin: str = "",
        partial: bool = False,
    ) -> None:
        self.name = name
        self.origin = origin
        self.partial = partial
        self.named: Sequence[str] = ()
        self._files = dict(files)

    def paths(self) -> Sequence[str]:
        """See Tree."""
        return sorted(self._files)

    def read(self, path: str) -> bytes:
        """See Tree."""
        if path not in self._files:
            raise UnreadableError(path, 1, 1, "no such file")
        return self._files[path]

    def ignored(self, path: str) -> bool:  # noqa: ARG002  nothing is ignored here
        """See Tree."""
        return False

    def problems(self) -> Sequence[Problem]:
        """See Tree."""
        return ()

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        return path in self._files


def partial(tree: Tree) -> bool:
    """Whether what a tree has not may be in the repository all the same."""
    return isinstance(tree, MemoryTree) and tree.partial


LEFT_OUT = frozenset(
    ".git .hg .svn .jj node_modules bower_components jspm_packages vendor third_party Pods Carthage"
    " .venv venv site-packages .tox .nox __pycache__ .mypy_cache .ruff_cache .pytest_cache"
    " .bundle .gradle .terraform .yarn .pnpm-store".split()
)
"""Folders that hold other people's files, or what a tool made."""

MAX_FILES = 500_000
"""A repository's files are listed folder by folder, until there are this many."""


class FolderTree:
    """A repository in a folder of the file system.

    Vendored folders, repositories inside it and links that leave it are not part of it. `prefix`
    is the path of the folder as reports show it, "" for the scanned folder itself; `named` are
    the files and folders in it that were asked for; where they are `alone`, nothing beside them is
    listed; `closed` says why nothing is. A name with characters that no terminal should see is
    shown escaped, and read by that name.
    """

    def __init__(
        self,
        root: Path | str,
        name: str = "",
        *,
        prefix: str = "",
        named: Sequence[str] = (),
        alone: bool = False,
        closed: str = "",
    ) -> None:
        self.root = os.path.realpath(root)
        self.name = name
        self.prefix = prefix
        self.named: Sequence[str] = tuple(printable(path) for path in named)
        self.closed = closed
        self._alone = alone
        self._odd = {printable(path): path for path in named if not path.isprintable()}
        self._listing: _Listing | None = None
        self._ignored: Ignored | None = None

    @cached_property
    def origin(self) -> str:
        """See Tree."""
        return agreed(origin_of(self.root), os.environ)

    def paths(self) -> Sequence[str]:
        """See Tree."""
        return () if self.closed else self._list().paths

    def problems(self) -> Sequence[Problem]:
        """See Tree; nothing as long as nobody asked for the paths."""
        if self.closed:
            return [Problem(path, 1, 1, self.closed) for path in self.named or (".",)]
        return self._listing.problems if self._listing else ()

    def ignored(self, path: str) -> bool:
        """See Tree; what was asked for by name is not ignored."""
        if within(path, self.named):
            return False
        if self._ignored is None:
            self._ignored = Ignored(Path(self.root))
        return self._odd.get(path, path) in self._ignored

    def read(self, path: str) -> bytes:
        """See Tree."""
        full = self._locate(path)
        try:
            status = os.stat(full)  # noqa: PTH116  one call of a scan's hot path
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError(path, 1, 1, "not a file")
            if status.st_size > MAX_BYTES:
                raise too_large(path)
            with open(full, "rb") as stream:  # noqa: PTH123  see above
                return stream.read()
        except OSError as error:
            raise UnreadableError(path, 1, 1, reason(error)) from None

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        # in this order: where there is no file, nobody needs to know what its path leads through
        if not isinstance(path, str) or not os.path.isfile(self._full(path)):  # noqa: PTH113  see read
            return False
        try:
            self._locate(path)
        except UnreadableError:
            return False
        return True

    def _list(self) -> _Listing:
        if self._listing is None:
            self._listing = _Listing(self.root, self.named, self._odd, alone=self._alone)
        return self._listing

    def _full(self, path: str) -> str:
        return f"{self.root}/{self._odd.get(path, path)}"

    def _locate(self, path: str) -> str:
        """The full path of a file; raises UnreadableError where that is outside the tree."""
        full = self._full(path)
        if self._listing is not None and self._listing.plain(path):
            return full
        try:
            inside = _inside(self.root, os.path.realpath(full))
        except ValueError:  # a NUL in a name that a file gave
            raise UnreadableError(path, 1, 1, "no such file") from None
        if not inside:
            raise UnreadableError(path, 1, 1, "it lies outside the repository")
        return full


class _Listing:
    """The files of a folder, found in one walk, each folder before those in it."""

    def __init__(
        self, root: str, named: Sequence[str], odd: dict[str, str], *, alone: bool
    ) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._odd = odd
        """The real path of each file whose path is shown escaped; filled here."""
        self._linked: set[str] = set()
        """Files that are links, or were reached through one."""
        self._entered: set[str] = set()
        """The targets of the links to folders that were followed."""
        found: list[str] = []
        if not alone:
            self._walk("", found)
        for path in named:
            self._name(odd.get(path, path), found)
        self.paths: Sequence[str] = sorted(set(found)) if named else sorted(found)

    def plain(self, path: str) -> bool:
        """Whether a file was listed and is no link, so that it lies where its name says."""
        at = bisect_left(self.paths, path)
        return self.paths[at : at + 1] == [path] and path not in self._linked

    def _name(self, path: str, found: list[str]) -> None:
        """Note what was asked for by name although it is left out otherwise."""
        if os.path.isfile(f"{self.root}/{path}"):  # noqa: PTH113  path may be no UTF-8
            self._note(path, True, found)
        elif not LEFT_OUT.isdisjoint(path.split("/")):
            self._walk(path, found)

    def _walk(self, start: str, found: list[str]) -> None:
        queue = deque([(start, False)])
        while queue:
            if len(found) > MAX_FILES:
                message = f"more than {MAX_FILES:,} files: the rest was not searched for pipelines"
                self.problems.append(Problem(printable(queue[0][0]), 1, 1, message))
                return
            folder, linked = queue.popleft()
            try:
                folders = list(self._files(folder, linked, found))
            except OSError as error:
                shown = printable(folder) or "."
                self.problems.append(Problem(shown, 1, 1, f"{reason(error)}: not searched"))
                continue
            queue.extend(sorted(folders))

    def _files(self, folder: str, linked: bool, found: list[str]) -> Iterator[tuple[str, bool]]:
        """Note the files of one folder, and give the folders in it that are to be walked."""
        with os.scandir(f"{self.root}/{folder}") as listed:
            entries = list(listed)
        if folder and any(entry.name == ".git" for entry in entries):
            return  # another repository: a submodule, or a clone
        start = f"{folder}/" if folder else ""
        for entry in entries:
            path = start + entry.name
            link = entry.is_symlink()
            file, directory = self._kind(entry, path)
            if file:
                self._note(path, linked or link, found)
            elif not directory or entry.name in LEFT_OUT:
                continue
            elif not link or self._enter(folder, path, found):
                yield path, linked or link

    def _kind(self, entry: os.DirEntry[str], path: str) -> tuple[bool, bool]:
        """Whether there is a file, and whether a folder; a link that leads in a circle is neither."""
        try:
            file = entry.is_file()
            return file, not file and entry.is_dir()
        except OSError as error:
            if error.errno != errno.ELOOP:
                self.problems.append(Problem(printable(path), 1, 1, reason(error)))
            return False, False

    def _note(self, path: str, linked: bool, found: list[str]) -> None:
        shown = path
        if not path.isprintable():
            shown = printable(path)
            self._odd[shown] = path
        if linked:
            self._linked.add(shown)
        found.append(shown)

    def _enter(self, folder: str, path: str, found: list[str]) -> bool:
        """Whether to follow a link to a folder: inside the root, not back up, and not twice.

        One that leaves the root is noted like a file, as which git keeps it.
        """
        target = os.path.realpath(f"{self.root}/{path}")
        here = os.path.realpath(f"{self.root}/{folder}")
        if (here + os.sep).startswith(target + os.sep):
            return False
        if not _inside(self.root, target):
            self._note(path, True, found)
            return False
        below = Path(target).relative_to(self.root)
        if target in self._entered or not LEFT_OUT.isdisjoint(below.parts):
            return False
        self._entered.add(target)
        return True


_Rest = ParamSpec("_Rest")
_Made = TypeVar("_Made")


def remembered(
    make: Callable[Concatenate[Tree, _Rest], _Made],
) -> Callable[Concatenate[Tree, _Rest], _Made]:
    """A function of a tree that is asked once for each tree, and each of its other arguments.

    What it makes must not read the tree later: a tree that notes what each file was read with hands
    out what was made for another file, and notes what that was made of.
    """
    cached: Callable[..., Any] = lru_cache(maxsize=8)(make)

    @wraps(make)
    def made(tree: Tree, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Made:
        remember = getattr(tree, "remember", None)
        if remember is None:
            found: _Made = cached(tree, *rest, **named)
        else:
            key = (make, rest, tuple(sorted(named.items())))
            found = remember(key, lambda: make(tree, *rest, **named))
        return found

    return made


def within(path: str, named: Sequence[str]) -> bool:
    """Whether a path is one of the named ones, or below one."""
    return any(not name or path == name or path.startswith(f"{name}/") for name in named)


def printable(path: str) -> str:
    """A path with everything escaped that would play tricks in a terminal or a log."""
    if path.isprintable():
        return path
    return "".join(char if char.isprintable() else _escaped(char) for char in path)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python hands it over
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def _inside(root: str, full: str) -> bool:
    """Whether a resolved path lies in the root, and not among git's own files, which hold secrets."""
    path = Path(full)
    return path.is_relative_to(root) and ".git" not in path.relative_to(root).parts


def reason(error: OSError) -> str:
    """What the operating system says, as the end of a sentence."""
    text = error.strerror or "cannot be read"
    return text[:1].lower() + text[1:]
