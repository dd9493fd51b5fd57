"""Reports as text: one module per format, and the table that picks one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pipelaw.records import value_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelaw.finding import Report

FORMATS = {
    "text": "pipelaw.report.text",
    "json": "pipelaw.report.json",
    "sarif": "pipelaw.report.sarif",
    "github": "pipelaw.report.github",
    "gitlab": "pipelaw.report.gitlab",
    "gitlab-sast": "pipelaw.report.gitlab_sast",
    "junit": "pipelaw.report.junit",
    "markdown": "pipelaw.report.markdown",
    "html": "pipelaw.report.html",
}
"""The module that writes each format; each has `render(report, style) -> str`."""


@value_class
class Style:
    """What a report is for, beside what was found; formats for programs look at the times alone."""

    color: bool = False
    """It shows terminal colours."""
    width: int = 80
    """Its columns."""
    links: str = ""
    """The address below which people can open the scanned files, "" for none."""
    times: tuple[float, float] = (0.0, 0.0)
    """When the scan began and ended, in seconds since 1970."""


PLAIN = Style()


def render(name: str, report: Report, style: Style = PLAIN) -> str:
    """A report in the format `name`, a key of FORMATS; it ends with a line end, or is empty."""
    module: Callable[[Report, Style], str] = import_module(FORMATS[name]).render
    return module(report, style)
