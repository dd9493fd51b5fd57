"""The expression language of rules: a strict subset of CEL, checked against the model when a rule is read.

Every accepted expression means what CEL (cel.dev) says. Two things make that possible: a checked
expression cannot fail when it is evaluated, and whatever CEL or RE2 would read differently from
Python is refused. `check` gives Python source text; the caller joins many of them into one function
and compiles that with RUNTIME as its only globals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelaw.cel.checker import Expression, check
    from pipelaw.cel.emit import RUNTIME
    from pipelaw.cel.errors import CelError, caret
    from pipelaw.cel.types import (
        BOOL,
        DOUBLE,
        INT,
        STRING,
        Type,
        fields,
        list_of,
        parameters_type,
        record_type,
        words,
    )

_HOMES = {
    "Expression": "checker",
    "check": "checker",
    "RUNTIME": "emit",
    "CelError": "errors",
    "caret": "errors",
}
"""The module of each name that is not in `types`."""

__all__ = [
    "BOOL",
    "DOUBLE",
    "INT",
    "RUNTIME",
    "STRING",
    "CelError",
    "Expression",
    "Type",
    "caret",
    "check",
    "fields",
    "list_of",
    "parameters_type",
    "record_type",
    "words",
]


def __getattr__(name: str) -> object:
    """Import a name when it is first used: rules from a cache need neither parser nor checker."""
    if name not in __all__:
        raise AttributeError(f"module 'pipelaw.cel' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  see above

    return getattr(import_module(f"pipelaw.cel.{_HOMES.get(name, 'types')}"), name)
