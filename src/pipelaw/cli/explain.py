"""`pipelaw explain`: the page of one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelaw.cli import Status, console
from pipelaw.cli.law import rules_option
from pipelaw.errors import UsageError
from pipelaw.explain import explain
from pipelaw.rulebook import load
from pipelaw.rules import near

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("rule")
@rules_option
def command(rule: str, folders: tuple[Path, ...]) -> int:
    """Print the page of a rule: what, why, and what to write instead.

    RULE is its id; the page is Markdown.
    """
    found = {known.id: known for known in load(folders).rules}
    if rule not in found:
        raise UsageError(
            f"there is no rule `{rule}`{near(rule, found) or '; `pipelaw rules` lists them'}"
        )
    console.write(explain(found[rule]))
    return Status.CLEAN
