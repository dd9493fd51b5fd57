"""Precision and recall on labelled cases of other tools' test suites.

    python bench/labelled.py FOLDER [--misses] [--set NAME] [--rule ID]

FOLDER holds one folder for each set, with `LABELS.json`: rows of `file`, `rule` (the other tool's
id), `lines`, and `expect` (fire or quiet). A row counts where the table below names rules of ours
that ask the same question. Fire: one of them is reported in the file. Quiet: none is, at the
row's lines where it names some. `--misses` prints every row that differs.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelaw import rulebook
from pipelaw.finding import Severity
from pipelaw.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.finding import Finding

SAME_QUESTION: dict[str, dict[str, str]] = {
    "zizmor": {
        "unpinned-uses": "unpinned-action",
        "unpinned-images": "unpinned-image",
        "template-injection": "script-injection",
        "artipacked": "persisted-credentials",
        "excessive-permissions": "excessive-permissions missing-permissions",
        "secrets-inherit": "secrets-inherit",
    },
    "codeql": {
        "CodeInjectionCritical CodeInjectionMedium": "script-injection",
        "UntrustedCheckoutCritical UntrustedCheckoutHigh UntrustedCheckoutMedium": "untrusted-checkout",
        "UnpinnedActionsTag": "unpinned-action:medium",
        "MissingActionsPermissions": "missing-permissions",
    },
    "poutine": {
        "injection": "script-injection",
        "untrusted_checkout_exec": "untrusted-checkout",
        "unverified_script_exec": "remote-script",
    },
    "scorecard": {
        "dangerous-workflow:script-injection": "script-injection",
        "dangerous-workflow:untrusted-checkout": "untrusted-checkout",
        "token-permissions": "excessive-permissions missing-permissions",
    },
    "semgrep": {
        "run-shell-injection": "script-injection",
        "github-script-injection": "script-injection",
        "third-party-action-not-pinned-to-commit-sha": "unpinned-action:medium",
        "pull-request-target-code-checkout": "untrusted-checkout",
        "workflow-run-target-code-checkout": "untrusted-checkout",
        "curl-eval": "remote-script",
    },
    "drone-yaml": {
        "linter: untrusted repositories cannot mount host volumes": "host-volume docker-socket",
        "linter: untrusted repositories cannot enable privileged mode": "privileged-container",
    },
}
"""By set: rules of the other tool that grade one question, and ours that ask it.

`rule:level` counts our findings from that severity up: where the other tool leaves out what we
report as less important.
"""


class Row(NamedTuple):
    """One label."""

    file: str
    rule: str
    lines: tuple[int, ...]
    fire: bool


def rows(folder: Path) -> list[Row]:
    """The labels of one set."""
    labels = json.loads((folder / "LABELS.json").read_text(encoding="utf-8"))
    return [
        Row(row["file"], row["rule"], tuple(row.get("lines", ())), row["expect"] == "fire")
        for row in labels
    ]


def findings(folder: Path, files: Iterable[str]) -> dict[str, list[Finding]]:
    """The findings in each file."""
    book = rulebook.load()
    return {
        file: list(scan([str(folder / file)], rulebook=book, jobs=1, platform=platform(file)).open)
        for file in files
    }


def reported(found: Iterable[Finding], ours: str) -> set[int]:
    """The lines at which rules of ours are reported, written as in the table."""
    lines = set()
    for word in ours.split():
        rule, _, level = word.partition(":")
        least = Severity[level.upper()] if level else Severity.INFO
        lines |= {f.span.line for f in found if f.rule == rule and f.severity >= least}
    return lines


def questions(labels: Iterable[Row], table: dict[str, str]) -> Iterator[tuple[str, str, Row]]:
    """One row for each file and question: it fires where one of the rules that grade it does."""
    for names, ours in table.items():
        rules = names.split() if names.split()[-1][0].isupper() else [names]
        by_file: dict[tuple[str, tuple[int, ...]], Row] = {}
        for row in labels:
            if row.rule in rules:
                key = (row.file, () if len(rules) > 1 else row.lines)
                before = by_file.get(key)
                lines = row.lines if before is None else (*before.lines, *row.lines)
                fire = row.fire or (before is not None and before.fire)
                by_file[key] = Row(row.file, rules[0], lines, fire)
        for row in by_file.values():
            yield rules[0], ours, row


def platform(file: str) -> str:
    """The platform of a case whose name tells none."""
    if "gitlab" in file:
        return "gitlab"
    return "drone" if "linter/testdata" in file else "github"


class Tally:
    """How one rule of another tool compares."""

    def __init__(self) -> None:
        self.fired = self.missed = self.quiet = self.loud = 0

    def add(self, row: Row, *, reported: bool) -> bool:
        """Count a row; False where it differs."""
        if row.fire:
            self.fired += reported
            self.missed += not reported
        else:
            self.loud += reported
            self.quiet += not reported
        return row.fire == reported

    def line(self, name: str) -> str:
        """One row of the table."""
        expected, silent = self.fired + self.missed, self.quiet + self.loud
        return f"{name:66} found {self.fired:3}/{expected:<4} quiet {self.quiet:3}/{silent:<4}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--set", default="")
    parser.add_argument("--rule", default="")
    options = parser.parse_args()
    for name, table in SAME_QUESTION.items():
        if options.set and name != options.set:
            continue
        asked = list(questions(rows(options.folder / name), table))
        if options.rule:
            asked = [one for one in asked if one[0] == options.rule]
        found = findings(options.folder / name, sorted({row.file for *_, row in asked}))
        tallies: dict[str, Tally] = defaultdict(Tally)
        for rule, ours, row in asked:
            lines = reported(found[row.file], ours)
            if not row.fire and row.lines:
                lines &= set(row.lines)
            if not tallies[rule].add(row, reported=bool(lines)) and options.misses:
                wanted = f"fires at {list(row.lines)}" if row.fire else "is quiet"
                print(f"  {name} {rule} {wanted}, we say {sorted(lines) or 'nothing'}: {row.file}")
        for rule in sorted(tallies):
            print(tallies[rule].line(f"{name} {rule}"))


if __name__ == "__main__":
    main()
