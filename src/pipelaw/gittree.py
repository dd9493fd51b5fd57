"""One revision of a git repository as a tree, read from git's objects alone.

Nothing is checked out and nothing is written; `gitcommand` switches off what a repository could
make git start.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from typing import IO, TYPE_CHECKING

from pipelaw.document import MAX_BYTES, Problem, too_large
from pipelaw.errors import UnreadableError, UsageError
from pipelaw.gitcommand import GitError, run, start
from pipelaw.origin import agreed, origin_of
from pipelaw.records import NamedTuple
from pipelaw.tree import LEFT_OUT, MAX_FILES, printable

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

_LINK = "120000"
_FILES = frozenset({"100644", "100755", "100664", _LINK})
MAX_LINKS = 20
"""How many links a path may lead through."""


class _Blob(NamedTuple):
    """A file of a revision."""

    link: bool
    digest: str
    """The name of git's object."""


class GitTree:
    """A repository, or a folder of one, as it was at a revision.

    `root` is a folder of a checkout. Raises UsageError where git knows no such revision.
    """

    def __init__(self, root: str, revision: str, name: str = "") -> None:
        self.root = root
        self.revision = revision
        self.name = name
        self.named: Sequence[str] = ()
        self._commit = _commit(root, revision)
        self._reader: subprocess.Popen[bytes] | None = None

    @cached_property
    def origin(self) -> str:
        """See Tree; that of the checkout."""
        return agreed(origin_of(self.root), os.environ)

    def paths(self) -> Sequence[str]:
        """See Tree; a link to a folder is not followed."""
        return self._paths

    def read(self, path: str) -> bytes:
        """See Tree."""
        blob = self._find(path)
        if blob is None:
            raise UnreadableError(path, 1, 1, "no such file")
        return self._content(path, blob.digest)

    def ignored(self, path: str) -> bool:  # noqa: ARG002  what is committed is not ignored
        """See Tree."""
        return False

    def problems(self) -> Sequence[Problem]:
        """See Tree."""
        if len(self._blobs) <= MAX_FILES:
            return ()
        return (Problem("", 1, 1, f"more than {MAX_FILES:,} files at {self.revision}"),)

    def holds(self, path: str, data: bytes) -> bool:
        """Whether the file at a path is exactly this; nothing is read for it."""
        blob = self._find(path)
        if blob is None:
            return False
        kind = "sha1" if len(blob.digest) == 40 else "sha256"
        found = hashlib.new(kind, b"blob %d\0" % len(data), usedforsecurity=False)
        found.update(data)
        return found.hexdigest() == blob.digest

    def close(self) -> None:
        """End the process that reads; a later `read` starts another."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.kill()
            reader.communicate()

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        return isinstance(path, str) and self._find(path) is not None

    def __getstate__(self) -> dict[str, object]:
        """All but the running process, which stays where it was started."""
        return {**self.__dict__, "_reader": None}

    @cached_property
    def _blobs(self) -> dict[str, _Blob]:
        """Every file by its path as reports show it; of the folder that is the tree's root."""
        prefix = run(self.root, "rev-parse", "--show-prefix").removesuffix(b"\n")
        here = self._commit.encode() + (b":" + prefix.rstrip(b"/") if prefix else b"^{tree}")
        try:
            listed = run(self.root, "ls-tree", "-r", "-z", "--full-tree", os.fsdecode(here))
        except GitError:  # the folder was not there yet
            if not prefix:
                raise
            return {}
        return dict(_entries(listed))

    @cached_property
    def _paths(self) -> Sequence[str]:
        found = []
        for path, blob in self._blobs.items():
            own = LEFT_OUT.isdisjoint(path.split("/")[:-1])
            if own and (not blob.link or self._find(path) is not None):
                found.append(path)
            if len(found) > MAX_FILES:
                break
        return sorted(found)

    @cached_property
    def _links(self) -> bool:
        """Whether there is any link, so that a path that is not listed may still lead somewhere."""
        return any(blob.link for blob in self._blobs.values())

    def _find(self, path: str) -> _Blob | None:
        """The file at a path, links inside the tree followed; None for no file."""
        blob = self._blobs.get(path)
        if blob is not None and not blob.link:
            return blob
        return self._follow(path) if self._links else None

    def _follow(self, path: str) -> _Blob | None:
        todo, done, left = path.split("/")[::-1], "", MAX_LINKS
        while todo:
            part = todo.pop()
            if part == "..":
                if not done:
                    return None  # it leaves the tree
                done = done.rpartition("/")[0]
            elif part not in ("", "."):
                there = f"{done}/{part}" if done else part
                target = self._target(there)
                left -= target != ""
                if target.startswith("/") or not left:
                    return None
                todo.extend(target.split("/")[::-1] if target else ())
                done = done if target else there
        return self._blobs.get(done)

    def _target(self, path: str) -> str:
        """Where a link leads to, "" where there is none at a path."""
        blob = self._blobs.get(path)
        if blob is None or not blob.link:
            return ""
        try:
            return printable(
                self._content(path, blob.digest).decode("utf-8", "surrogateescape") or "/"
            )
        except UnreadableError:
            return "/"

    def _content(self, path: str, digest: str) -> bytes:
        stdin, stdout = self._pipes()
        stdin.write(f"{digest}\n".encode())
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            self.close()
            # without it everything would look new
            raise UsageError(f"{path}: {_partial(printable(self.revision))}")
        size = int(header[2])
        if size > MAX_BYTES:
            self.close()  # cheaper than to read past it
            raise too_large(path)
        return stdout.read(size + 1)[:-1]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._reader is None:
            self._reader = start(self.root, "cat-file", "--batch")
        stdin, stdout = self._reader.stdin, self._reader.stdout
        if stdin is None or stdout is None:
            raise GitError("git gave no pipes")
        return stdin, stdout


def _commit(root: str, revision: str) -> str:
    """The full name of the commit that a revision stands for."""
    shown = printable(revision)
    if not revision or revision.startswith("-") or "\0" in revision:
        raise UsageError(f"`{shown}` is no revision; name a branch, tag or commit")
    try:
        shallow = run(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except GitError as error:
        raise UsageError(f"--since needs a git repository: {root}: {error}") from None
    wanted = f"{revision}^{{commit}}"
    try:
        found = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    except GitError:
        # a range, a file, two words: no fetch would help
        if ".." in revision or ":" in revision or revision.split() != [revision]:
            raise UsageError(f"`{shown}` is no revision; name a branch, tag or commit") from None
        raise UsageError(_missing(shown, shallow=shallow)) from None
    name, kind = found.decode("ascii").strip(), b""
    try:  # a full name is taken at its word; the commit itself may not be there
        kind = run(root, "cat-file", "-t", name)
        run(root, "cat-file", "-e", f"{name}^{{tree}}")
    except GitError:
        known = kind.strip() == b"commit"
        raise UsageError(_partial(shown) if known else _missing(shown, shallow=shallow)) from None
    return name


def _partial(revision: str) -> str:
    """What to do where a clone has a commit and not all that is in it."""
    remedy = "which `git fetch --refetch --no-filter origin` completes"
    return f"this clone lacks what {revision} has there: it is a partial one, {remedy}"


def _missing(revision: str, *, shallow: bool) -> str:
    """What to do about a revision that is not there."""
    name = revision.removeprefix("refs/remotes/").removeprefix("origin/")
    depth = "--depth=1 " if shallow else ""
    why = "this clone is shallow and does not have" if shallow else "this clone does not have"
    if "~" in name or "^" in name:
        fetch = "git fetch --unshallow" if shallow else "git fetch origin"
    elif set(name) <= set("0123456789abcdef"):
        fetch = f"git fetch {depth}origin {name}"
        if len(name) < 40:  # servers give commits by their full names alone
            fetch = "git fetch --unshallow" if shallow else "git fetch origin"
    else:
        fetch = f"git fetch {depth}origin {name}:refs/remotes/origin/{name}"
        if name == revision:
            fetch += f"` and say `--since origin/{name}"
    return f"{why} the revision `{revision}`: fetch it with `{fetch}`"


def _entries(listed: bytes) -> Iterator[tuple[str, _Blob]]:
    for entry in listed.split(b"\0"):
        meta, tab, path = entry.partition(b"\t")
        mode, _, rest = meta.decode("ascii").partition(" ")
        if tab and mode in _FILES:
            shown = printable(path.decode("utf-8", "surrogateescape"))
            yield shown, _Blob(mode == _LINK, rest.rpartition(" ")[2])
