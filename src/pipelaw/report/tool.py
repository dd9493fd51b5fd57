"""How pipelaw names itself in reports."""

from __future__ import annotations

from functools import cache
from importlib import metadata

NAME = "pipelaw"


@cache
def version() -> str:
    """The version that is installed; of a checkout that is not, one below all others."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "0.0.0"


@cache
def home() -> str:
    """The address of the project, the first that its package gives; "" where it gives none."""
    try:
        urls = metadata.metadata(NAME).get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    return next((url.partition(",")[2].strip() for url in urls), "")
