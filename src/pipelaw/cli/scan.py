"""`pipelaw scan`: judge pipelines and report."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from pipelaw.cli import EXIT_CODES, Status, console
from pipelaw.cli.law import Law, policy_option, rules_option
from pipelaw.document import MAX_BYTES
from pipelaw.errors import UsageError
from pipelaw.finding import Severity
from pipelaw.loaders import LOADERS
from pipelaw.records import NamedTuple
from pipelaw.report import FORMATS, Style, render
from pipelaw.rules import near
from pipelaw.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelaw.finding import Report

_LEVELS = [severity.word for severity in sorted(Severity, reverse=True)]


class _Target(NamedTuple):
    """A report that was asked for."""

    format: str
    file: str
    """"" for standard output."""


@click.command(epilog=EXIT_CODES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="NAME[=FILE]",
    help=f"A report to write: {', '.join(FORMATS)}. Repeatable; one goes to standard output, which"
    " FILE can name as -."
    "  [default: text]",
)
@click.option(
    "--fail-on",
    type=click.Choice([*_LEVELS, "never"]),
    help="Exit with 1 for findings of this severity and above.  [default: the policy's, or medium]",
)
@policy_option
@click.option("--rule", "only", multiple=True, metavar="ID", help="Judge by this rule. Repeatable.")
@click.option("--skip", multiple=True, metavar="ID", help="Leave this rule out. Repeatable.")
@rules_option
@click.option(
    "--since",
    metavar="REV",
    help="Report only what this git revision, taken as it is, does not have.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    help="Report only what this file, written by `pipelaw baseline`, does not list.",
)
@click.option(
    "--as",
    "platform",
    type=click.Choice(list(LOADERS)),
    help="The platform of standard input, and of files whose place does not tell.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Processes to use.  [default: the cores, where the work is large enough]",
)
@click.option("--no-cache", is_flag=True, help="Read and judge everything anew, and keep nothing.")
@click.option("--quiet", is_flag=True, help="Say nothing but the reports that --format asks for.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colours on standard output.",
)
@click.pass_context
def command(
    context: click.Context,
    *,
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    fail_on: str | None,
    policy_file: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    folders: tuple[Path, ...],
    since: str | None,
    baseline: str | None,
    platform: str | None,
    jobs: int,
    no_cache: bool,
    quiet: bool,
    color: str,
) -> int:
    """Find what is dangerous in pipelines.

    PATH is a repository, a file or folder in one, a folder of repositories, or - for standard
    input; by default the current folder. With several, the paths in a report begin at the current
    folder, and a repository elsewhere goes by the end of its own path.
    """
    targets, began = _targets(formats, quiet), time.time()
    since, baseline = _given("since", since), _given("baseline", baseline)
    law = Law(policy_file, folders, since=since, only=only, skip=skip, cached=not no_cache)
    report = _scanned(paths, law, jobs, platform, since, cached=not no_cache, quiet=quiet)
    report = _without(report, baseline, paths, since, quiet=quiet) if baseline else report
    _publish(report, targets, _style(paths, color, began))
    _remark(report, paths, quiet=quiet)
    context.obj = report  # for a command that runs this one, and has more to say about it
    return _status(report, fail_on or "")


def _given(option: str, value: str | None) -> str:
    """The value of an option, "" where it was not given; raises UsageError where it has none."""
    if value is not None and not value.strip():
        # a variable that nobody has set: without a revision a change would be judged by its own policy
        raise UsageError(f"--{option} has no value: is a variable not set?")
    return value or ""


def _scanned(
    paths: tuple[str, ...],
    law: Law,
    jobs: int,
    platform: str | None,
    since: str,
    *,
    cached: bool,
    quiet: bool,
) -> Report:
    progress = console.Progress(quiet=quiet)
    report = scan(
        paths or (".",),
        rulebook=law,
        jobs=jobs,
        platform=platform or "",
        stdin=_stdin(paths, platform),
        today=console.today(),
        since=since,
        progress=progress,
        cache=console.cache() if cached else None,
    )
    progress.clear()
    return report


def _without(
    report: Report, baseline: str, paths: tuple[str, ...], since: str, *, quiet: bool
) -> Report:
    from pipelaw.cli.baseline import belongs, without  # noqa: PLC0415  most scans have none

    if since and belongs(baseline, paths):
        # a change could add to it what it adds to the pipelines
        console.note(f"{baseline} is part of the change, so it does not count with --since")
        return report
    return without(report, baseline, paths, quiet=quiet)


def _stdin(paths: tuple[str, ...], platform: str | None) -> bytes | None:
    # without a platform there is no reading it, and nobody should wait for it
    return console.read(MAX_BYTES + 1) if "-" in paths and platform else None


def _remark(report: Report, paths: tuple[str, ...], *, quiet: bool) -> None:
    if not report.coverage.files and not report.coverage.unreadable and not quiet:
        console.note(f"no pipelines found in {' '.join(paths) or 'this folder'}")


def _targets(formats: Sequence[str], quiet: bool) -> list[_Target]:
    """What to write and where, files first; raises UsageError for what cannot be."""
    targets = []
    for text in formats:
        name, _, file = text.partition("=")
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise UsageError(f"there is no format `{name}`{near(name, FORMATS)} Known: {known}")
        if "=" in text and not file:
            raise UsageError(f"--format {text} lacks the file's name")
        targets.append(_Target(name, "" if file == "-" else file))
    screen = [target.format for target in targets if not target.file]
    if len(screen) > 1:
        raise UsageError(
            f"only one report fits on standard output, not {' and '.join(screen)};"
            f" write one to a file: --format {screen[-1]}=FILE"
        )
    _check_files([target.file for target in targets if target.file])
    if not targets and not quiet:
        targets = [_Target("text", "")]
    return sorted(targets, key=lambda target: not target.file)


def _check_files(files: Sequence[str]) -> None:
    if len({os.path.realpath(file) for file in files}) < len(files):
        raise UsageError("two reports cannot go to one file: give each --format its own")
    for file in files:
        console.check_folder(file)


def _style(paths: tuple[str, ...], color: str, began: float) -> Style:
    links = console.links() if paths in ((), (".",)) else ""
    return Style(console.colored(color), console.width(), links, (began, time.time()))


def _publish(report: Report, targets: Sequence[_Target], style: Style) -> None:
    """Write the reports; one that cannot be written costs none of the others."""
    wrong = []
    for name, file in targets:
        try:
            if file:
                plain = Style(links=style.links, times=style.times)
                console.save(render(name, report, plain), file)
            else:
                console.write(render(name, report, style))
        except UsageError as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("; ".join(wrong))


def _status(report: Report, fail_on: str) -> Status:
    if report.failing(fail_on):
        return Status.FOUND
    return Status.INCOMPLETE if report.coverage.unreadable else Status.CLEAN
