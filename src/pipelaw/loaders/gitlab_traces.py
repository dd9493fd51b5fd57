"""GitLab's variables that make the runner log everything that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.model import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.model import Variable

_TRACES = frozenset({"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"})


def traces(variables: Iterable[Variable]) -> tuple[Flaw, ...]:
    """The variables among these that are switched on to log everything."""
    return tuple(
        Flaw(
            kind="trace",
            text=f"{variable.name}: {variable.value}",
            decisive=variable.name == "CI_DEBUG_TRACE",
            place=variable.place,
        )
        for variable in variables
        if variable.name in _TRACES and variable.value.strip().lower() in ("true", "1", "yes")
    )
