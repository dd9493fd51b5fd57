"""Where output goes: standard output, files, the terminal's looks."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw.errors import UsageError

if TYPE_CHECKING:
    from pipelaw.cache import Cache

FEW_FILES = 300
"""With more, somebody wants to know at once how far a scan is."""
PATIENCE = 1.0
"""Seconds after which somebody at a terminal wants to know how far a scan is."""


def write(text: str) -> None:
    """Write to standard output; a reader that has gone away, like `head`, is no error.

    Raises UsageError where it cannot be written otherwise: the disk of a file may be full.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # the interpreter flushes once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"standard output cannot be written: {error.strerror}") from None


def read(most: int) -> bytes:
    """The first bytes of standard input; none where the process was started without one."""
    return sys.stdin.buffer.read(most) if sys.stdin is not None else b""


def save(text: str, file: str) -> None:
    """Write a file, or to who reads a pipe as long as it does; raises UsageError where it cannot."""
    try:
        Path(file).write_text(text, "utf-8", "backslashreplace", "\n")
    except BrokenPipeError:
        return
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def check_folder(file: str) -> None:
    """Raise UsageError where a file cannot be there, before somebody has waited for what is in it."""
    folder = Path(file).parent
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there: make that folder first"
        raise UsageError(f"{file}: cannot be written: {folder} {what}")
    if Path(file).is_dir():
        raise UsageError(f"{file}: cannot be written: it is a folder, name a file in it")


def note(text: str) -> None:
    """Tell a person something beside the report."""
    from pipelaw.report.safe import one_line  # noqa: PLC0415  most scans have nothing to tell

    print(f"note: {one_line(text)}", file=sys.stderr)  # noqa: T201  this is the command line


def today() -> dt.date:
    """The day that policies are judged on: PIPELAW_TODAY, for those who want to know early, or now."""
    said = os.environ.get("PIPELAW_TODAY", "")
    if not said:
        return dt.datetime.now(tz=dt.UTC).date()
    try:
        return dt.date.fromisoformat(said)
    except ValueError:
        raise UsageError(f"PIPELAW_TODAY is no day, such as 2027-01-31: {said}") from None


def colored(choice: str) -> bool:
    """Whether to colour standard output: `always`, `never`, or `auto` for what suits it."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The columns of standard output: what COLUMNS says, what the terminal has, or 80."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def room() -> int:
    """The columns that a person's terminal has; 0 where a program or file takes standard output."""
    return width() if sys.stdout.isatty() else 0


def links() -> str:
    """Where people can open the files of the current folder: known in a GitHub job, else ""."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_WORKSPACE")
    server, repository, commit, workspace = (os.environ.get(name, "") for name in names)
    if not (server and repository and commit and workspace) or Path(workspace) != Path.cwd():
        return ""
    return f"{server}/{repository}/blob/{commit}"


class Progress:
    """How far a long scan is, on a terminal's standard error; nothing anywhere else."""

    def __init__(self, *, quiet: bool) -> None:
        self._silent = quiet or not sys.stderr.isatty()
        self._started = time.monotonic()
        self._shown = ""

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` files are done."""
        if self._silent or (total < FEW_FILES and time.monotonic() - self._started < PATIENCE):
            return
        self._show(f"{done:,} of {total:,} files" if done < total else "")

    def clear(self) -> None:
        """Leave no trace on the terminal."""
        if self._shown:
            self._show("")

    def _show(self, text: str) -> None:
        if text != self._shown:
            sys.stderr.write(f"\r{' ' * len(self._shown)}\r{text}")
            sys.stderr.flush()
            self._shown = text


def cache() -> Cache | None:
    """The user's folder for what need not be computed twice; None where the user has no home."""
    from pipelaw.cache import Cache  # noqa: PLC0415  not every command has something to keep

    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:
        return None
    return Cache(folder / "pipelaw") if folder.is_absolute() else None
