"""What was computed once, kept in a folder of the user's. Losing it costs time, never a result."""

from __future__ import annotations

import marshal
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipelaw.digests import digest, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DAY = 86_400
MAX_AGE = 30 * DAY
"""Seconds after which a value that nobody asked for goes."""
MAX_VALUES = 4_000
MAX_BYTES = 200_000_000
"""What all values may take; beyond it, those that nobody asked for the longest go."""

_TRIMMED = "trimmed"
_DIGEST = 32
_BINARY = getattr(os, "O_BINARY", 0)

_PACKAGES = ("pipelaw", "yaml", "tree_sitter", "tree_sitter_bash")
_STARTED = time.time()
_START = 2.0
"""Seconds that a process may have been importing modules before it came to this one."""


class Cache:
    """Values by key in one folder; a folder that cannot be written or read is an empty cache.

    Values are what `marshal` takes: Python's own way to keep compiled code. As with Python's
    `__pycache__`, whoever can write the folder can run code as its owner, so it is made for its
    owner alone, and what belongs to somebody else or is open to others is not used: a checkout
    makes no such files. Each value carries its key and a digest: what was cut off or altered, or is
    something else, is no value.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was put
        """The value kept under a key, None where there is none."""
        path = f"{self.folder}/{key}"
        try:
            with open(path, "rb") as stream:  # noqa: PTH123  a scan may ask a thousand times
                status = os.fstat(stream.fileno())
                if hasattr(os, "getuid") and not _private(status):
                    return None
                data = stream.read()
        except OSError:
            return None
        if status.st_mtime < time.time() - DAY:
            with suppress(OSError):  # who cannot write can read
                os.utime(path)
        if digest(data[_DIGEST:]) != data[:_DIGEST]:
            return None
        name, value = marshal.loads(data[_DIGEST:])  # noqa: S302  see above
        return value if name == key else None

    def put(self, key: str, value: Any) -> None:  # noqa: ANN401  what marshal takes
        """Keep a value; another process sees all of it or nothing."""
        data = marshal.dumps((key, value))
        path = f"{self.folder}/{key}"
        own = f"{path}.{os.getpid()}"
        with suppress(OSError):
            if not os.path.isdir(self.folder):  # noqa: PTH112  as above
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
            try:
                _write(handle, digest(data) + data)
                os.replace(own, path)  # noqa: PTH105  atomic, also over an old file
            except OSError:  # a full disk
                os.unlink(own)  # noqa: PTH108  as above
                raise

    def trim(self) -> None:
        """Remove what is old or too much; looked for once a day, and as soon as there is too much."""
        marker = self.folder / _TRIMMED
        now = time.time()
        with suppress(OSError):
            names = os.listdir(self.folder)  # noqa: PTH208  the names alone, in one call
            recent = _TRIMMED in names and marker.stat().st_mtime > now - DAY
            if recent and len(names) <= MAX_VALUES:
                return
            marker.touch(mode=0o600)
            for name in self._surplus(now):
                with suppress(OSError):
                    (self.folder / name).unlink()

    def _surplus(self, now: float) -> list[str]:
        """The files that are to go, so that there is room for some more."""
        files = []
        with os.scandir(self.folder) as listed:
            for entry in listed:
                if entry.is_file(follow_symlinks=False) and entry.name != _TRIMMED:
                    status = entry.stat(follow_symlinks=False)
                    files.append((status.st_mtime, status.st_size, entry.name))
        gone, size = [], 0
        for number, (used, length, name) in enumerate(sorted(files, reverse=True)):
            size += length
            # with a dot it is what an interrupted `put` left
            old = used < now - (DAY if "." in name else MAX_AGE)
            if old or number >= MAX_VALUES * 3 // 4 or size > MAX_BYTES:
                gone.append(name)
        return gone


def _write(handle: int, data: bytes) -> None:
    """Write and close a file; raises OSError where only a part fits."""
    try:
        if os.write(handle, data) < len(data):
            raise OSError("no room")
    finally:
        os.close(handle)


def _private(status: os.stat_result) -> bool:
    """Whether a file is the user's, and nobody else's business."""
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def stamps(paths: Iterable[str]) -> list[tuple[str, int, int, int]]:
    """Path, size, and the times of the last changes of files: the same as long as nobody writes them.

    Empty where one was written since the process began, so that its next change might have the same
    time, and where one cannot be looked at.
    """
    try:
        states = [(path, os.stat(path)) for path in paths]  # noqa: PTH116  some hundred at each start
    except OSError:
        return []
    if any(max(state.st_mtime, state.st_ctime) > _STARTED - _START for _, state in states):
        return []
    return [(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for path, state in states]


def program() -> str:
    """A name for the code that runs: pipelaw's, Python's, that of the parsers.

    "" where that cannot be told: somewhere else than in files, or written since the process began,
    which may have read what was there before.
    """
    import sys  # noqa: PLC0415  few ask
    from importlib.util import find_spec  # noqa: PLC0415

    from pipelaw.pyyaml import get_version_string  # noqa: PLC0415

    found: list[object] = [sys.version, get_version_string()]
    for package in _PACKAGES:
        spec = find_spec(package)
        folders = spec and spec.submodule_search_locations
        try:
            files = [(folder, *file) for folder in folders or () for file in _files(folder)]
        except OSError:
            return ""
        newest = max((max(changed) for *_, changed in files), default=sys.maxsize)
        if newest > (_STARTED - _START) * 1e9:
            return ""
        found.append(sorted(files))
    return named(repr(found), 40)


def _files(folder: str, start: str = "") -> Iterator[tuple[str, int, tuple[int, int]]]:
    """Path, size, and the times of the last changes of each file of a package.

    The one can be set back, by whoever unpacks a file; the other cannot.
    """
    with os.scandir(folder) as listed:
        for entry in listed:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(entry.path, f"{start}{entry.name}/")
            else:
                status = entry.stat()
                changed = status.st_mtime_ns, status.st_ctime_ns
                yield start + entry.name, status.st_size, changed
