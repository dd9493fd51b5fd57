"""What pipelaw says, put into the README: output, table of rules, their numbers; `python bench/readme.py`."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw import rulebook
from pipelaw.cli import main
from pipelaw.explain import platform_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.rules import Rule

ROOT = Path(__file__).parents[1]
_OUTPUT = re.compile(r"(<!-- output of: pipelaw (.+) -->\n```\n).*?(?=```\n)", re.DOTALL)
_NUMBER = re.compile(r"(?<=\n)\| ([\w ,]+) \| \d+(?= rules)")
"""Of the rules for some platforms, where the README stands beside other tools."""
_TABLE = re.compile(r"(<!-- output of: the table of rules -->\n\n).*?(?=\n\n)", re.DOTALL)


def filled(text: str) -> str:
    """A README with all of its pieces as they are now."""
    rules = rulebook.load().rules
    platforms = [{platform_name(platform) for platform in rule.platforms} for rule in rules]

    def number(found: re.Match[str]) -> str:
        names = set(found[1].split(", "))
        return f"| {found[1]} | {sum(not names.isdisjoint(own) for own in platforms)}"

    listed = table(rules)
    text = _NUMBER.sub(number, text)
    text = _OUTPUT.sub(lambda found: found[1] + printed(found[2]), text)
    return _TABLE.sub(lambda found: found[1] + listed, text)


def table(rules: Iterable[Rule]) -> str:
    """The rules as a Markdown table, a line for each."""
    lines = ["| Rule | What it finds | Severity | Platforms |", "|---|---|---|---|"]
    for rule in rules:
        names = ", ".join(map(platform_name, rule.platforms))
        title = rule.title.replace("|", "\\|")
        lines.append(f"| `{rule.id}` | {title} | {rule.severities[0].word} | {names} |")
    return "\n".join(lines)


def printed(arguments: str) -> str:
    """What pipelaw prints at the top of this repository, in 80 columns and without colours."""
    output = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(output):
        kept = dict(os.environ)
        os.environ |= {"COLUMNS": "80", "NO_COLOR": "1"}
        try:
            main([*shlex.split(arguments), "--no-cache"])
        finally:
            os.environ.clear()
            os.environ |= kept
    return output.getvalue()


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(filled(readme.read_text("utf-8")), "utf-8")
