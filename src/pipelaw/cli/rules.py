"""`pipelaw rules`: the rules in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw.cli import Status, console
from pipelaw.rulebook import load

if TYPE_CHECKING:
    from pipelaw.rules import Rule


@click.command()
@click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder of own rules, beside the shipped ones. Repeatable.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(folders: tuple[Path, ...], form: str) -> int:
    """List the rules in force."""
    rules = load(folders).rules
    console.write(_json(rules) if form == "json" else _table(rules))
    return Status.CLEAN


def _table(rules: tuple[Rule, ...]) -> str:
    """One line for each rule: id, severities, title."""
    rows = [(rule.id, _severity(rule), rule.title) for rule in rules]
    first, second = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    return "".join(f"{name:{first}}  {levels:{second}}  {title}\n" for name, levels, title in rows)


def _severity(rule: Rule) -> str:
    """`high`, or `low to critical` where it varies."""
    worst, *others = (severity.word for severity in rule.severities)
    return f"{others[-1]} to {worst}" if others else worst


def _json(rules: tuple[Rule, ...]) -> str:
    found = [
        {
            "id": rule.id,
            "title": rule.title,
            "category": rule.category,
            "severities": [severity.word for severity in rule.severities],
            "confidence": rule.confidence.word,
            "for": rule.kind,
            "platforms": rule.platforms,
            "references": rule.references,
        }
        for rule in rules
    ]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
