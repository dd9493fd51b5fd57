"""What a step or an action is handed: tokens, and inputs on which the permissions that it needs depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders.github_scopes import TOKEN_INPUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.model import Variable

TOKEN_NAMES = frozenset({"github_token", "gh_token"})
"""Variables in which programs look for the job's own token, in lower case."""

_OWN_TOKEN = ("github.token", "secrets.github_token")


def _own(text: str) -> bool:
    lowered = text.lower().replace("['", ".")
    return any(token in lowered for token in _OWN_TOKEN)


def own_token(variables: Sequence[Variable]) -> bool:
    """Whether something is handed the job's own token."""
    return any(_own(variable.value) for variable in variables)


def other_token(variables: Sequence[Variable]) -> bool:
    """Whether a step is handed another token than the job's own to work with."""
    return any(
        variable.value and not variable.literal and not _own(variable.value)
        for variable in variables
        if variable.name.lower() in (TOKEN_INPUTS if variable.kind == "input" else TOKEN_NAMES)
    )


def filled(variables: Sequence[Variable], name: str) -> bool:
    """Whether an input, named in lower case, has a value."""
    return any(v.name.lower() == name and v.value for v in variables)


def says(variable: Variable, key: str, part: str) -> bool:
    """Whether a variable is an input that is on, with `part` in its value."""
    value = variable.value.strip().lower()
    return variable.name.lower() == key and bool(value) and value != "false" and part in value


def computed(variable: Variable, key: str) -> bool:
    """Whether a variable is an input whose value only a run knows."""
    return variable.name.lower() == key and not variable.literal


def switched_off(variable: Variable, key: str) -> bool:
    """Whether a variable is an input that is off."""
    return variable.name.lower() == key and variable.value.strip().lower() == "false"
