"""`pipelaw explain`: the page of one rule."""

from __future__ import annotations

from pathlib import Path

import click

from pipelaw.cli import Status, console
from pipelaw.errors import UsageError
from pipelaw.explain import explain
from pipelaw.rulebook import load
from pipelaw.rules import near


@click.command()
@click.argument("rule")
@click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder of own rules, beside the shipped ones. Repeatable.",
)
def command(rule: str, folders: tuple[Path, ...]) -> int:
    """Print the page of a rule: what, why, and what to write instead.

    RULE is its id; the page is Markdown.
    """
    found = {known.id: known for known in load(folders).rules}
    if rule not in found:
        raise UsageError(f"there is no rule `{rule}`{near(rule, found)}")
    console.write(explain(found[rule]))
    return Status.CLEAN
