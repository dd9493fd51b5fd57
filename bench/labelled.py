"""Precision and recall on labelled cases of other tools' test suites.

    python bench/labelled.py FOLDER [--misses] [--set NAME] [--rule ID]

FOLDER holds one folder for each set, with `LABELS.json`: rows of `file`, `rule` (the other tool's
id), `lines`, and `expect` (fire or quiet). A row counts where the table below names rules of ours
that ask the same question. Fire: one of them is reported in the file. Quiet: none is. `--misses`
prints every row that differs.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelaw import rulebook
from pipelaw.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable

SAME_QUESTION = {
    "zizmor": {
        "unpinned-uses": "unpinned-action",
        "unpinned-images": "unpinned-image",
        "template-injection": "script-injection",
        "artipacked": "persisted-credentials",
        "excessive-permissions": "excessive-permissions missing-permissions",
        "secrets-inherit": "secrets-inherit",
        "hardcoded-container-credentials": "plaintext-secret",
    },
    "codeql": {
        "CodeInjectionCritical": "script-injection",
        "CodeInjectionMedium": "script-injection",
        "UntrustedCheckoutCritical": "untrusted-checkout",
        "UntrustedCheckoutHigh": "untrusted-checkout",
        "UntrustedCheckoutMedium": "untrusted-checkout",
        "UnpinnedActionsTag": "unpinned-action",
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
        "third-party-action-not-pinned-to-commit-sha": "unpinned-action",
        "pull-request-target-code-checkout": "untrusted-checkout",
        "workflow-run-target-code-checkout": "untrusted-checkout",
        "curl-eval": "remote-script",
    },
    "drone-yaml": {
        "linter: untrusted repositories cannot mount host volumes": "host-volume docker-socket",
        "linter: untrusted repositories cannot enable privileged mode": "privileged-container",
    },
    "sisakulint": {},
}
"""By set: the other tool's rule, and those of ours that ask the same question."""


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


def findings(folder: Path, files: Iterable[str]) -> dict[str, dict[str, set[int]]]:
    """By file and rule: the lines that are reported."""
    book = rulebook.load()
    found: dict[str, dict[str, set[int]]] = {}
    for file in files:
        path = folder / file
        by_rule: dict[str, set[int]] = defaultdict(set)
        for finding in scan([str(path)], rulebook=book, jobs=1, platform=platform(file)).open:
            by_rule[finding.rule].add(finding.span.line)
        found[file] = by_rule
    return found


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
        labels = [row for row in rows(options.folder / name) if row.rule in table]
        if options.rule:
            labels = [row for row in labels if row.rule == options.rule]
        found = findings(options.folder / name, sorted({row.file for row in labels}))
        tallies: dict[str, Tally] = defaultdict(Tally)
        for row in labels:
            ours = table[row.rule].split()
            lines = sorted(line for rule in ours for line in found[row.file].get(rule, ()))
            same = tallies[row.rule].add(row, reported=bool(lines))
            if options.misses and not same:
                wanted = f"fires at {list(row.lines)}" if row.fire else "is quiet"
                print(f"  {name} {row.rule} {wanted}, we say {lines or 'nothing'}: {row.file}")
        for rule in sorted(tallies):
            print(tallies[rule].line(f"{name} {rule}"))


if __name__ == "__main__":
    main()
