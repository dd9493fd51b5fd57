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

from pipelaw import rulebook, zizmor
from pipelaw.finding import Severity
from pipelaw.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.finding import Finding

SAME_QUESTION: dict[str, dict[str, str]] = {
    "zizmor": {
        audit: " ".join(rules)
        for audit, rules in zizmor.AUDITS.items()
        if audit != "forbidden-uses"  # its lists are in the settings, which the cases come without
    },
    "codeql": {
        "CodeInjectionCritical CodeInjectionMedium": "script-injection input-expansion",
        "EnvVarInjectionCritical EnvVarInjectionMedium": "env-injection:medium",
        "EnvPathInjectionCritical EnvPathInjectionMedium": "path-injection",
        "OutputClobberingHigh": "output-clobbering",
        "CommandInjectionCritical CommandInjectionMedium": "script-injection",
        "ArgumentInjectionCritical ArgumentInjectionMedium": "argument-injection",
        "RequestForgery": "request-forgery",
        "UntrustedCheckoutCritical UntrustedCheckoutHigh UntrustedCheckoutMedium": "untrusted-checkout",
        "UntrustedCheckoutTOCTOUCritical UntrustedCheckoutTOCTOUHigh": "checkout-race",
        "ImproperAccessControl": "label-gate-bypass",
        "ArtifactPoisoningCritical ArtifactPoisoningMedium": "artifact-poisoning",
        "CachePoisoningViaCodeInjection CachePoisoningViaDirectCache CachePoisoningViaPoisonableStep": (
            "cache-open-to-outsiders"
        ),
        "CodeExecutionOnSelfHostedRunner": "self-hosted-runner:low",
        "UnpinnedActionsTag": "unpinned-action:medium@step",
        "UseOfKnownVulnerableAction": "vulnerable-action compromised-action",
        "MissingActionsPermissions": "missing-permissions:low",
        "ExcessiveSecretsExposure": "whole-secrets-context",
        "UnmaskedSecretExposure": "unmasked-secret",
        "SecretsInArtifacts": "secret-in-artifact",
        "ExpressionIsAlwaysTrueCritical ExpressionIsAlwaysTrueHigh": "always-true-condition",
    },
    "poutine": {
        "injection": "script-injection input-expansion",
        "untrusted_checkout_exec": "untrusted-checkout",
        "unverified_script_exec": "remote-script",
        "known_vulnerability_in_build_component": "vulnerable-action compromised-action",
        "job_all_secrets": "whole-secrets-context",
        "debug_enabled": "debug-trace",
        "if_always_true": "always-true-condition",
        "default_permissions_on_risky_events": "missing-permissions:medium",
        "pr_runs_on_self_hosted": "self-hosted-runner:low",
        "confused_deputy_auto_merge": "auto-merge",
    },
    "scorecard": {
        "dangerous-workflow:script-injection": "script-injection template-expansion:low",
        "dangerous-workflow:untrusted-checkout": "untrusted-checkout",
        "pinned-dependencies:TestGithubWorkflowPinning": "unpinned-action",
        "pinned-dependencies:TestNonGithubWorkflowPinning": "unpinned-action",
        "pinned-dependencies:TestGitHubWorkflowUsesLineNumber": "unpinned-action",
        "pinned-dependencies:TestGitHubWorkflowRunDownload": "remote-script unpinned-package",
        "pinned-dependencies:TestGitHubWorkInsecureDownloadsLineNumber": "remote-script unpinned-package",
        "pinned-dependencies:TestCollectDockerfilePinning": "unpinned-image",
        "token-permissions": "excessive-permissions:low missing-permissions unneeded-permission",
    },
    "sisakulint": {
        "artifact-poisoning-critical": "artifact-poisoning",
        "artifact-poisoning-medium": "artifact-poisoning",
        "cache-poisoning": "cache-open-to-outsiders",
        "dangerous-triggers": "dangerous-trigger:low",
        "dangerous-triggers-critical": "dangerous-trigger:low",
        "dangerous-triggers-medium": "dangerous-trigger",
        "improper-access-control": "label-gate-bypass",
        "self-hosted-runner": "self-hosted-runner:low",
        "cross-job-taint": "script-injection",
        "envvar-injection-critical": "env-injection script-injection",
        "envvar-injection-medium": "env-injection script-injection",
        "request-forgery": "request-forgery script-injection",
        "archived-uses": "archived-action",
        "known-vulnerable-actions": "vulnerable-action compromised-action",
        "obfuscation": "obfuscated-reference roundabout-expression",
        "ai-action-excessive-tools": "ai-excessive-tools",
        "ai-action-prompt-injection": "ai-prompt-injection",
        "ai-action-unrestricted-trigger": "ai-open-to-everyone",
        "bot-conditions": "spoofable-bot-check",
        "secret-exfiltration": "secret-sent-out",
        "secret-in-log": "secret-in-log",
        "secrets-in-artifacts": "secret-in-artifact",
    },
    "actionlint": {
        "credentials": "plaintext-secret",
        "if-cond": "always-true-condition constant-condition",
    },
    "semgrep": {
        "run-shell-injection": "script-injection template-expansion:low",
        "github-script-injection": "script-injection template-expansion:low",
        "allowed-unsecure-commands": "insecure-commands",
        "third-party-action-not-pinned-to-commit-sha": "unpinned-action:medium",
        "pull-request-target-code-checkout": "untrusted-checkout",
        "workflow-run-target-code-checkout": "untrusted-checkout",
        "curl-eval": "remote-script",
        "unsafe-add-mask-workflow-command": "late-mask",
    },
    "drone-yaml": {
        "linter: untrusted repositories cannot mount host volumes": "host-volume docker-socket",
        "linter: untrusted repositories cannot enable privileged mode": "privileged-container",
        **dict.fromkeys(
            (
                f"linter: untrusted repositories cannot {what}"
                for what in (
                    "configure dns",
                    "configure dns_search",
                    "configure extra_hosts",
                    "configure network_mode",
                    "map to a host port",
                    "mount devices",
                )
            ),
            "weakened-isolation",
        ),
    },
}
"""By set: rules of the other tool that grade one question, and ours that ask it.

`rule:level` counts our findings from that severity up: where the other tool leaves out what we
report as less important. `rule@step` counts those in steps: where the other tool asks of nothing
else.
"""


class Row(NamedTuple):
    """One label."""

    file: str
    rule: str
    lines: tuple[int, ...]
    fire: bool
    least: Severity = Severity.INFO
    """The severity from which a finding of ours counts."""
    ignores: bool = True
    """The other tool honoured the comments that silence it."""


def rows(folder: Path) -> list[Row]:
    """The labels of one set, but those that hold under settings which the cases come without."""
    labels = json.loads((folder / "LABELS.json").read_text(encoding="utf-8"))
    labels = [row for row in labels if not row.get("config")]
    strict = {(row["file"], row["rule"]) for row in labels if _strict(row)}
    return [
        Row(
            row["file"],
            row["rule"],
            tuple(row.get("lines", ())),
            row["expect"] == "fire",
            # what only a stricter persona reports deserves no average repository's time
            Severity.MEDIUM
            if row["expect"] == "quiet"
            and row.get("persona") == "regular"
            and (row["file"], row["rule"]) in strict
            else Severity.INFO,
            "--no-ignores" not in (row.get("args") or ()),
        )
        for row in labels
    ]


def _strict(row: dict[str, str]) -> bool:
    """Whether a row says that only a stricter persona reports something."""
    return row["expect"] == "fire" and row.get("persona", "regular") != "regular"


def findings(folder: Path, files: Iterable[str]) -> dict[str, list[Finding]]:
    """The findings in each file."""
    book = rulebook.load()
    return {
        file: list(
            scan([str(folder / file)], rulebook=book, jobs=1, platform=platform(file)).findings
        )
        for file in files
    }


def reported(found: Iterable[Finding], ours: str, floor: Severity = Severity.INFO) -> set[int]:
    """The lines at which rules of ours are reported, written as in the table."""
    lines = set()
    for word in ours.split():
        asked, _, where = word.partition("@")
        rule, _, level = asked.partition(":")
        least = max(Severity[level.upper()] if level else Severity.INFO, floor)
        lines |= {
            f.span.line
            for f in found
            if f.rule == rule and f.severity >= least and (f.step or not where)
        }
    return lines


def questions(labels: Iterable[Row], table: dict[str, str]) -> Iterator[tuple[str, str, Row]]:
    """One row for each file and question: it fires where one of the rules that grade it does."""
    for names, ours in table.items():
        rules = names.split() if names.split()[-1][0].isupper() else [names]
        by_file: dict[tuple[str, tuple[int, ...], bool], Row] = {}
        for row in labels:
            if row.rule in rules:
                key = (row.file, row.lines if len(rules) == 1 else (), row.fire and len(rules) == 1)
                before = by_file.get(key)
                lines = row.lines if before is None else (*before.lines, *row.lines)
                fire = row.fire or (before is not None and before.fire)
                by_file[key] = Row(row.file, rules[0], lines, fire, row.least, row.ignores)
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

    def __iadd__(self, other: Tally) -> Tally:  # noqa: PYI034  Self is not needed for a script
        """The counts of both."""
        self.fired += other.fired
        self.missed += other.missed
        self.quiet += other.quiet
        self.loud += other.loud
        return self

    def summary(self) -> str:
        """Recall and precision."""
        found, said = self.fired + self.missed, self.fired + self.loud
        recall = f"recall {self.fired / found:.1%}" if found else "recall -"
        quiet = self.quiet + self.loud
        silence = f"quiet {self.quiet / quiet:.1%}" if quiet else "quiet -"
        return f"{recall}, {silence}, precision {self.fired / said:.1%}" if said else recall

    def line(self, name: str) -> str:
        """One row of the table."""
        expected, silent = self.fired + self.missed, self.quiet + self.loud
        return f"{name:66} found {self.fired:3}/{expected:<4} quiet {self.quiet:3}/{silent:<4}"


def differs(name: str, row: Row, lines: set[int]) -> str:
    """One row that differs, for people."""
    wanted = f"fires at {list(row.lines)}" if row.fire else "is quiet"
    return f"  {name} {row.rule} {wanted}, we say {sorted(lines) or 'nothing'}: {row.file}"


def compare(name: str, folder: Path, only: str, *, misses: bool) -> Tally:
    """Print the table of one set; give the sums."""
    labels, table = rows(folder), SAME_QUESTION[name]
    asked = [one for one in questions(labels, table) if not only or one[0] == only]
    found = findings(folder, sorted({row.file for *_, row in asked}))
    tallies: dict[str, Tally] = defaultdict(Tally)
    for rule, ours, row in asked:
        counted = [one for one in found[row.file] if not (one.suppressed and row.ignores)]
        lines = reported(counted, ours, row.least)
        if not row.fire and row.lines:
            lines &= set(row.lines)
        if not tallies[rule].add(row, reported=bool(lines)) and misses:
            print(differs(name, row, lines))
    total = Tally()
    for rule in sorted(tallies):
        print(tallies[rule].line(f"{name} {rule}"))
        total += tallies[rule]
    graded = {rule for names in table for rule in (names, *names.split())}
    others = sorted({row.rule for row in labels if row.fire} - graded)
    print(f"{total.line(f'{name} in total')}  {total.summary()}")
    if others and not only:
        print(f"  not compared: {', '.join(others)}")
    return total


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--set", default="")
    parser.add_argument("--rule", default="")
    options = parser.parse_args()
    total = Tally()
    for name in SAME_QUESTION:
        if not options.set or name == options.set:
            total += compare(name, options.folder / name, options.rule, misses=options.misses)
    print(f"{total.line('all sets')}  {total.summary()}")


if __name__ == "__main__":
    main()
