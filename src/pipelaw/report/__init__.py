"""Reports as text: one module per format, and the table that picks one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelaw.finding import Report

FORMATS = {
    "text": "pipelaw.report.text",
    "json": "pipelaw.report.json",
    "sarif": "pipelaw.report.sarif",
    "github": "pipelaw.report.github",
    "markdown": "pipelaw.report.markdown",
}
"""The module that writes each format; each has `render(report, style) -> str`."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the place that a report goes to is like; formats for programs do not look at it."""

    color: bool = False
    """It shows terminal colours."""
    width: int = 80
    """Its columns."""
    links: str = ""
    """The address below which people can open the scanned files, "" for none."""


PLAIN = Style()


def render(name: str, report: Report, style: Style = PLAIN) -> str:
    """A report in the format `name`, a key of FORMATS; it ends with a line end, or is empty."""
    module: Callable[[Report, Style], str] = import_module(FORMATS[name]).render
    return module(report, style)
