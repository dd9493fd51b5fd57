"""Which files of a checkout git leaves alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pathspec import GitIgnoreSpec

_WILDCARDS = re.compile(r"\*+|\?|\[")
MAX_WILDCARDS = 5
"""Patterns with more are not believed: matching them can take for ever, and nobody writes them."""


class Ignored:
    """What the `.gitignore` files of one checkout keep out of it.

    A tracked file is never ignored, whatever the patterns say, and a folder that is no checkout
    ignores nothing: a line in `.gitignore` must not hide a pipeline that runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._git = _git_folder(root)
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        self._verdicts: dict[str, bool] = {}
        self._index: bytes | None = None

    def __contains__(self, path: str) -> bool:
        """Whether git does not track the file at a path, and ignores it."""
        # in this order: most pipeline files are tracked, and a look at the index costs the least
        git = self._git
        return git is not None and not self._tracked(git, path) and self._matched(path)

    def _matched(self, path: str) -> bool:
        """Whether a pattern matches the path, or a folder that it is in."""
        parts = path.split("/")
        for count in range(1, len(parts)):
            folder = "/".join(parts[:count])
            if folder not in self._verdicts:
                self._verdicts[folder] = self._verdict(parts[:count], "/")
            if self._verdicts[folder]:
                return True
        return self._verdict(parts, "")

    def _verdict(self, parts: list[str], end: str) -> bool:
        """What the nearest pattern file that knows a name says of it."""
        for depth in range(len(parts) - 1, -1, -1):
            spec = self._spec("/".join(parts[:depth]))
            if spec is not None:
                include = spec.check_file("/".join(parts[depth:]) + end).include
                if include is not None:
                    return include
        return False

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        """The patterns of a folder; those of the whole checkout belong to its root."""
        if folder not in self._specs:
            lines = list(_lines(self._root / folder / ".gitignore"))
            if not folder and self._git is not None:
                lines = [*_lines(self._git / "info" / "exclude"), *lines]
            self._specs[folder] = _compile(lines) if lines else None
        return self._specs[folder]

    def _tracked(self, git: Path, path: str) -> bool:
        """Whether git's index lists the file; yes, where the index cannot be read."""
        if self._index is None:
            self._index = _index(git)
        # versions 2 and 3 write every path out, with a NUL after it; version 4 does not
        if self._index[:4] != b"DIRC" or self._index[7:8] not in (b"\2", b"\3"):
            return True
        return path.encode("utf-8", "surrogateescape") + b"\0" in self._index


def _index(git: Path) -> bytes:
    """The list of tracked files, in git's form; nothing where it is kept in two files."""
    if any(git.glob("sharedindex.*")):
        return b""
    try:
        return (git / "index").read_bytes()
    except OSError:  # `git init` makes none before the first `git add`
        return b"DIRC\0\0\0\2"


def _git_folder(root: Path) -> Path | None:
    """The folder with git's own files; None where `root` is no checkout."""
    git = root / ".git"
    try:
        if git.is_dir():
            return git
        kind, _, target = git.read_text("utf-8", "replace").partition(":")
    except OSError:
        return None
    # a worktree or submodule has a file that names the folder
    return root / target.strip() if kind == "gitdir" else None


def _lines(path: Path) -> Iterator[str]:
    """The patterns in a file; none where it is absent, or a link, which git does not follow."""
    try:
        text = "" if path.is_symlink() else path.read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        if line.strip() and line[0] != "#" and len(_WILDCARDS.findall(line)) <= MAX_WILDCARDS:
            yield line


def _compile(lines: list[str]) -> GitIgnoreSpec:
    # 25 ms: only a scan that meets an untracked pipeline pays for it
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:  # git passes over a pattern that makes no sense; so do we
        return GitIgnoreSpec.from_lines([line for line in lines if _sensible(line)])


def _sensible(line: str) -> bool:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  see _compile

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
