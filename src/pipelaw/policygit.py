"""Policies kept in a git repository: fetched once by commit, and read without a checkout."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw.digests import named
from pipelaw.document import MAX_BYTES, too_large
from pipelaw.errors import UnavailableError, UnfetchedError, UnreadableError, UsageError
from pipelaw.gitcommand import HERE, GitError, fetch, run
from pipelaw.policy import anonymous

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.document import Problem

SECONDS = 60
"""How long a fetch may take."""
MAX_FILES = 10_000

_ALGORITHMS = {40: "sha1", 64: "sha256"}


def fetched(url: str, commit: str, folder: Path, *, anew: bool = True) -> CommitTree:
    """The files of a commit, from the copy in a folder of ours or, the first time, from `url`.

    Raises UnavailableError where it cannot be had; without `anew`, that is where there is no copy.
    What is read is checked against the commit's id.
    """
    target = folder / "policies" / named(f"{url}\0{commit}", 40)
    tree = CommitTree(target, url, commit)
    if not target.is_dir():
        if not anew:
            raise UnfetchedError(f"{tree.name} is not fetched for a change")
        _fetch(url, commit, target)
    return tree


def _fetch(url: str, commit: str, target: Path) -> None:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=target.parent))
    except OSError as error:
        raise UnavailableError(f"{target.parent}: cannot be written: {error.strerror}") from None
    try:
        kind = f"--object-format={_ALGORITHMS[len(commit)]}"
        run(made, "init", "--bare", "--quiet", "--template=", kind, ".")
        fetch(made, url, commit, "--depth=1", bare=True, seconds=SECONDS)
        # another process may have fetched the same meanwhile
        with suppress(OSError):
            made.rename(target)
    except UsageError as error:
        said = f"{url}: the commit {commit} cannot be fetched: {error}"
        raise UnavailableError(anonymous(said)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


class CommitTree:
    """The files of one commit, each object's content checked against its id."""

    def __init__(self, folder: Path, url: str, commit: str) -> None:
        self.name = f"{anonymous(url)}@{commit[:12]}"
        self.named: Sequence[str] = ()
        self.origin = ""
        self._folder = folder
        self._commit = commit
        self._files: dict[str, str] | None = None

    def paths(self) -> Sequence[str]:
        """See Tree."""
        return sorted(self._list())

    def read(self, path: str) -> bytes:
        """See Tree."""
        ids = self._list()
        if path not in ids:
            raise UnreadableError(path, 1, 1, "no such file")
        data = self._object("blob", ids[path])
        if len(data) > MAX_BYTES:
            raise too_large(path)
        return data

    def ignored(self, path: str) -> bool:  # noqa: ARG002  a commit has only what is tracked
        """See Tree."""
        return False

    def problems(self) -> Sequence[Problem]:
        """See Tree."""
        return ()

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        return path in self._list()

    def _list(self) -> dict[str, str]:
        """The id of each file's content, by path."""
        if self._files is None:
            header = self._object("commit", self._commit).split(b"\n", 1)[0]
            queue = [("", header.removeprefix(b"tree ").decode("ascii", "replace"))]
            self._files = {}
            while queue and len(self._files) < MAX_FILES:
                prefix, tree = queue.pop()
                for mode, name, one in _entries(self._object("tree", tree), len(tree) // 2):
                    if mode == b"40000":
                        queue.append((f"{prefix}{name}/", one))
                    elif mode in (b"100644", b"100755"):  # no link, no submodule
                        self._files[prefix + name] = one
        return self._files

    def _object(self, kind: str, name: str) -> bytes:
        try:
            data = run(self._folder, HERE, "cat-file", kind, name)
        except GitError:
            raise UnavailableError(
                f"{self.name}: the {kind} {name} is not in the copy of it"
            ) from None
        made = hashlib.new(_ALGORITHMS[len(name)], usedforsecurity=False)
        made.update(f"{kind} {len(data)}\0".encode() + data)
        if made.hexdigest() != name:
            raise UnavailableError(
                f"{self.name}: the {kind} {name} is not what its id says: remove the copy"
            )
        return data


def _entries(data: bytes, width: int) -> list[tuple[bytes, str, str]]:
    """Mode, name and id of what a tree object lists."""
    found, at = [], 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        found.append((mode, name.decode("utf-8", "replace"), data[end + 1 : at].hex()))
    return found
