"""The command line: one module per command, imported when the command is called."""

from __future__ import annotations

import io
import os
import sys
from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING

from pipelaw.collector import collect_seldom
from pipelaw.errors import PipelawError, UsageError, bug
from pipelaw.patterns import lazily

# what it imports compiles patterns that a scan never asks for, a fiftieth of a small one
with lazily():
    import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "scan": "Find what is dangerous in pipelines.",
    "baseline": "Write down the findings that there are, so that `scan --baseline` leaves them out.",
    "rules": "List the rules in force.",
    "explain": "Print the page of a rule: what, why, and what to write instead.",
    "test": "Run the examples of rules.",
    "init": "Write a first policy, a baseline, and the step that runs pipelaw.",
    "policy": "Show the policy in force, or audit its waivers.",
    "model": "Print what rules can see: the vocabulary, or one file in it.",
    "action": "Scan as a step of a GitHub workflow: what `action.yml` runs.",
}
"""Each command, a module of this package, and what it does; so help needs to import none."""


EXIT_CODES = (
    "Exit codes: 0 nothing at or above the threshold; 1 findings at or above it; 2 wrong usage, or a"
    " wrong rule or policy, nothing was judged; 3 something could not be read, and no finding"
    " reached the threshold."
)


class Status(IntEnum):
    """The exit codes."""

    CLEAN = 0
    """Nothing at or above the threshold."""
    FOUND = 1
    """Findings at or above it."""
    ERROR = 2
    """Wrong usage, or a rule or policy that is wrong: nothing was judged."""
    INCOMPLETE = 3
    """Something could not be read, and no finding reached the threshold."""
    INTERRUPTED = 130
    """Ctrl-C."""


class _Commands(click.Group):
    """The group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if cmd_name.startswith("-") or ctx.resilient_parsing:
                return None
            from pipelaw.rules import near  # noqa: PLC0415  for who mistypes

            hint = near(cmd_name, COMMANDS) or f"; there are {', '.join(COMMANDS)}"
            raise UsageError(f"there is no command `{cmd_name}`{hint}")
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from pipelaw.report.tool import NAME, VERSION  # noqa: PLC0415  rarely asked for

        click.echo(f"{NAME} {VERSION}")
        context.exit()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print it.",
)
@click.pass_context
def pipelaw(context: click.Context) -> int:
    """Policy as code for CI/CD pipelines: GitHub Actions, GitLab CI, Drone and Woodpecker."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        return Status.ERROR  # a pipeline that forgot the command must not pass
    return Status.CLEAN


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default the process's own, and give its exit code."""

    def run() -> int:
        _open()
        _prepare(sys.stdout, keep=sys.stdout.isatty())
        _prepare(sys.stderr, keep=True)
        _stand()
        return int(pipelaw.main(arguments, prog_name="pipelaw", standalone_mode=False) or 0)

    return guarded(run)


def guarded(run: Callable[[], int]) -> int:
    """The exit code of what runs; what it raises is reported on standard error."""
    try:
        return run()
    except UsageError as error:
        _say(_single(str(error)))
    except PipelawError as error:
        _say(str(error))
    except click.ClickException as error:
        _say(_lower(error))
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Status.INTERRUPTED
    except Exception as error:  # the one place: a person gets a sentence, not a dump
        if os.environ.get("PIPELAW_DEBUG"):
            raise
        _say(f"{bug(error)}; PIPELAW_DEBUG=1 shows all of it")
    return Status.ERROR


def run() -> None:
    """The process. It ends at once: taking a scan's objects apart one by one costs a tenth of a run."""
    collect_seldom()
    status = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever read has gone; what Python itself would exit with
        status = 120
    os._exit(status)


def _open() -> None:
    """A process may be started without output; then nobody wants to know."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  as long as the process


def _stand() -> None:
    """Every path is below the current folder, which somebody may have removed."""
    try:
        os.getcwd()  # noqa: PTH109  the cheapest way to ask
    except OSError:
        raise UsageError("the current folder is not there any more: go to one that is") from None


def _prepare(stream: object, *, keep: bool) -> None:
    """Let no character that a file has end the run; what programs read is UTF-8 everywhere."""
    if isinstance(stream, io.TextIOWrapper):
        encoding = stream.encoding if keep else "utf-8"
        stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _say(message: str) -> None:
    """Errors for people: one line each, with the lines below that show the place."""
    from pipelaw.report.safe import visible  # noqa: PLC0415  for errors alone

    for line in map(visible, message.splitlines()):
        click.echo(line if line.startswith(" ") else f"error: {line}", err=True)


def _single(message: str) -> str:
    """A message that quotes what was given, which may have any characters, as one line."""
    from pipelaw.report.safe import visible  # noqa: PLC0415  see _say

    return visible(message)


def _lower(error: click.ClickException) -> str:
    """What click objects to, in the form of our own errors."""
    text = " ".join(error.format_message().split()).removesuffix(".")
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" (see {error.ctx.command_path} --help)"
    return f"{text[:1].lower()}{text[1:]}{hint}"
