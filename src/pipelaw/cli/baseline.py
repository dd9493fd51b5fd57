"""`pipelaw baseline`: write down what a team knows already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw.baseline import FILE, applied, dump, load
from pipelaw.cli import Status, console
from pipelaw.cli.law import Law, policy_option, rules_option
from pipelaw.discover import repositories
from pipelaw.errors import UsageError
from pipelaw.report import summary
from pipelaw.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.finding import Report
    from pipelaw.tree import FolderTree


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--output",
    default=FILE,
    show_default=True,
    metavar="FILE",
    help="Where to write it.",
)
@policy_option
@rules_option
def command(
    *, paths: tuple[str, ...], output: str, policy_file: str | None, folders: tuple[Path, ...]
) -> int:
    """Write down the findings that there are, so that `scan --baseline` leaves them out.

    PATH is what a scan takes, but standard input; by default the current folder. What comments and
    the policy suppress is not written.
    """
    if "-" in paths:
        raise UsageError("a baseline is of files that stay, not of standard input")
    console.check_folder(output)
    law = Law(policy_file, folders)
    report = scan(paths or (".",), rulebook=law, today=console.today())
    console.save(dump(report), output)
    console.note(f"{summary.count(len(report.open), 'finding')} written to {output}")
    return Status.INCOMPLETE if report.coverage.unreadable else Status.CLEAN


def belongs(file: str, paths: Sequence[str]) -> bool:
    """Whether a baseline is a file of a repository at these paths."""
    place = Path(os.path.realpath(file))
    return any(place.is_relative_to(tree.root) for tree in _trees(paths))


def _trees(paths: Sequence[str]) -> list[FolderTree]:
    """The repositories at the paths of a scan; standard input is none."""
    return repositories(*(path for path in paths or (".",) if path != "-"))


def without(report: Report, file: str, paths: Sequence[str], *, quiet: bool) -> Report:
    """A report with what a baseline lists marked; a note says how much of the file is stale."""
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        hint = "; `pipelaw baseline` writes one" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"{file}: cannot be read: {error.strerror}{hint}") from None
    trees = _trees(paths)

    def gone(path: str) -> bool:
        return not any(
            path.removeprefix(f"{tree.prefix}/") in tree
            for tree in trees
            if not tree.prefix or path.startswith(f"{tree.prefix}/")
        )

    report, left = applied(report, load(file, data), gone)
    if any(tree.named for tree in trees):
        return report  # the rest of the repository was not looked at
    rules = {rule.id for rule in report.rules}
    stale = sum(entry.rule in rules for entry in left)
    if stale and not quiet:
        entries = "1 entry matches" if stale == 1 else f"{stale:,} entries match"
        console.note(f"{entries} nothing any more in {file}; `pipelaw baseline` writes it anew")
    return report
