"""`pipelaw rules`: the rules in force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from pipelaw.cli import Status, console
from pipelaw.cli.law import rules_option
from pipelaw.report.terminal import table
from pipelaw.rulebook import load
from pipelaw.rules import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelaw.rules import Rule


@click.command()
@rules_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(folders: tuple[Path, ...], form: str) -> int:
    """List the rules in force."""
    rules = load(folders).rules
    console.write(_json(rules) if form == "json" else _table(rules, console.room()))
    return Status.CLEAN


def _table(rules: tuple[Rule, ...], width: int) -> str:
    """One row for each rule: id, severities, title; below it one for each parameter."""
    rows = [row for rule in rules for row in _rows(rule)]
    return "".join(f"{line}\n" for line in table(rows, width))


def _rows(rule: Rule) -> Iterator[tuple[str, str, str]]:
    yield rule.id, _severity(rule), rule.title
    for parameter in rule.parameters:
        yield f"  {parameter.name}", parameter.type, spelled(parameter.default)


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
            "parameters": [parameter._asdict() for parameter in rule.parameters],
        }
        for rule in rules
    ]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
