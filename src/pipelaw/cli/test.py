"""`pipelaw test`: the examples of rules, run."""

from __future__ import annotations

from pathlib import Path

import click

from pipelaw.cli import Status, console
from pipelaw.errors import PolicyError, UsageError
from pipelaw.rulefile import read
from pipelaw.rules import shipped
from pipelaw.trial import try_rule


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Run the examples of rules.

    FILE is a rule, or a folder of them; by default the shipped ones. Every line of a bad example
    with the comment `# finding` must be reported there, and nothing else anywhere. Exits with 1
    where a rule says something else, or is not a rule.
    """
    tested = [file for path in paths or (shipped(),) for file in _files(path)]
    wrong = 0
    for file in tested:
        problems = _problems(file)
        wrong += bool(problems)
        console.write("".join(f"{problem}\n" for problem in problems))
    console.write(f"{len(tested) - wrong} of {len(tested)} rules do what their examples say\n")
    return Status.FOUND if wrong else Status.CLEAN


def _problems(file: Path) -> list[str]:
    try:
        return try_rule(read(file))
    except PolicyError as error:
        return [str(error)]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    found = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
    if not found:
        raise UsageError(f"{path}: there is no rule in this folder")
    return found
