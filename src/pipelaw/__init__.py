"""Policy as code for CI/CD pipelines: GitHub Actions, GitLab CI, Drone and Woodpecker.

    >>> from pipelaw import load_rules, scan
    >>> report = scan(["."], rulebook=load_rules())

`scan` gives a `Report` of `Finding`s; nothing is printed and nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelaw.errors import PipelawError
    from pipelaw.finding import Confidence, Finding, Report, Severity
    from pipelaw.rulebook import Rulebook
    from pipelaw.rulebook import load as load_rules
    from pipelaw.rules import Rule
    from pipelaw.scanner import scan

_HOMES = {
    "Confidence": ("pipelaw.finding", "Confidence"),
    "Finding": ("pipelaw.finding", "Finding"),
    "PipelawError": ("pipelaw.errors", "PipelawError"),
    "Report": ("pipelaw.finding", "Report"),
    "Rule": ("pipelaw.rules", "Rule"),
    "Rulebook": ("pipelaw.rulebook", "Rulebook"),
    "Severity": ("pipelaw.finding", "Severity"),
    "load_rules": ("pipelaw.rulebook", "load"),
    "scan": ("pipelaw.scanner", "scan"),
}

__all__ = [
    "Confidence",
    "Finding",
    "PipelawError",
    "Report",
    "Rule",
    "Rulebook",
    "Severity",
    "load_rules",
    "scan",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the command line pays for what it needs."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pipelaw' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  only users of the library come here

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
