"""Files that a script downloads, followed by their names from command to command."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pipelaw.facts.shell_archives import ON_PATH
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.facts.shell_archives import Unpacking
    from pipelaw.facts.shell_syntax import Simple

_BRACED = pattern(r"\$\{(\w+)\}")
_HERE = pattern(r"(?:\./|\$PWD/|\$\(pwd\)/)")
ROOTED = pattern(r"[/~$%]|[A-Za-z]:")
"""How a path begins that is not below the current folder, or may be anywhere."""
_NAMED = pattern(r"(?:\A|/)[^/*]*[A-Za-z][^/*]*\Z")
_PACKED = (".gz", ".xz", ".bz2", ".zst")
_EXECUTABLE = pattern(r"[ugoa]*[+=][rwXst]*x|[0-7]*[1357][0-7]*\Z")


class Download:
    """A file that came from elsewhere."""

    __slots__ = ("address", "at", "executable", "packed", "reported")

    def __init__(self, address: str, at: int) -> None:
        self.address = address
        self.at = at
        """The index of the command that fetched it."""
        self.executable: Simple | None = None
        """The command that made it executable."""
        self.packed = False
        """Whether it is an archive: its files can come with the right to be executed."""
        self.reported = False


class Downloads:
    """The downloaded files of a script, as far as it has been read."""

    def __init__(self) -> None:
        self.all: list[Download] = []
        self._files: dict[str, Download] = {}
        self._programs: dict[str, Download] = {}
        self._folder = ""

    def find(self, word: str) -> Download | None:
        """The download that a word names as a file."""
        if not self._files:
            return None
        for key in self._keys(word):
            if key in self._files:
                return self._files[key]
        return None

    def first(self, words: Iterable[str]) -> Download | None:
        """The first download that any of the words names."""
        return next(filter(None, map(self.find, words)), None) if self._files else None

    def program(self, name: str) -> Download | None:
        """The download that was put where the shell looks for programs, under a name."""
        return self._programs.get(name)

    def add(self, file: str, address: str, at: int) -> None:
        """Note that the command of index `at` writes a file from an address."""
        download = Download(address, at)
        self.all.append(download)
        self._put(file, download)

    def unpack(self, unpacking: Unpacking, archive: Download) -> None:
        """Note the files that a command names when it unpacks an archive."""
        for name in filter(_NAMED.search, unpacking.names):
            archive.packed = True
            for file in (name, posixpath.basename(name)):
                self._put(posixpath.join(unpacking.folder, file), archive)
        if archive.packed and archive not in self.all:
            self.all.append(archive)

    def follow(self, simple: Simple) -> None:
        """Note where a command changes folder, or moves downloads, or makes them executable."""
        handler = _FOLLOWED.get(simple.name)
        if handler is not None:
            handler(self, simple, [word for word in simple.words[1:] if word[:1] != "-"])

    def _keys(self, word: str) -> tuple[str, ...]:
        """The paths that a word can mean, written in one way."""
        path = _BRACED.sub(r"$\1", word.replace("\\", "/"))
        path = path[_here(path) :]
        if not path:
            return ()
        plain = posixpath.normpath(path)
        if not self._folder or ROOTED.match(path):
            return (plain,)
        return posixpath.normpath(f"{self._folder}/{path}"), plain

    def _put(self, file: str, download: Download) -> None:
        for key in self._keys(file):
            self._files[key] = download
            folder, _, name = key.rpartition("/")
            if folder.rpartition("/")[2] in ("bin", "sbin"):
                self._programs[name] = download

    def _change(self, _: Simple, operands: list[str]) -> None:
        """`cd folder`: subshells are not told apart, so plain names stay known too."""
        self._folder = operands[0] if operands and operands[0] not in ("..", ".") else ""

    def _move(self, simple: Simple, operands: list[str]) -> None:
        """`mv`, `cp`, `ln` and `install`."""
        *sources, target = operands or [""]
        for source in sources:
            download = self.find(source)
            if download is None:
                continue
            name = posixpath.basename(source.replace("\\", "/"))
            self._put(target, download)
            self._put(f"{target.rstrip('/')}/{name}", download)
            if download.executable is None and (
                simple.name == "install" or (download.packed and _on_path(target))
            ):
                download.executable = simple

    def _expand(self, _: Simple, operands: list[str]) -> None:
        """`gunzip file.gz`, which leaves `file`."""
        for word in operands:
            file, ending = posixpath.splitext(word)
            download = self.find(word) if ending in _PACKED else None
            if download is not None:
                self._put(file, download)

    def _allow(self, simple: Simple, operands: list[str]) -> None:
        """`chmod +x file`."""
        if not operands or not _EXECUTABLE.match(operands[0]):
            return
        for word in operands[1:]:
            download = self.find(word)
            if download is not None and download.executable is None:
                download.executable = simple


def _on_path(target: str) -> bool:
    """Whether a path is a folder that the shell finds programs in, or a file in one."""
    return any(map(ON_PATH.match, (target, posixpath.dirname(target))))


def _here(path: str) -> int:
    """The index after what only says that a path begins in the folder one is in."""
    at = 0
    while (found := _HERE.match(path, at)) is not None:
        at = found.end()
    return at


_FOLLOWED = {
    "cd": Downloads._change,
    "pushd": Downloads._change,
    "mv": Downloads._move,
    "cp": Downloads._move,
    "ln": Downloads._move,
    "install": Downloads._move,
    "chmod": Downloads._allow,
} | dict.fromkeys("gunzip gzip unxz xz bunzip2 bzip2 zstd unzstd".split(), Downloads._expand)
