"""What pipelaw makes of its own data and patterns: the same in each run, so one can leave it to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

_known: dict[Hashable, Any] = {}
_recalled: set[Hashable] = set()


def once(key: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever is made
    """What `make` gives, made by this run or an earlier one; of what `marshal` takes, and never changed."""
    found = _known.get(key)
    if found is None:
        found = _known[key] = make()
    return found


def recall(kept: Mapping[Hashable, Any]) -> None:
    """Use what an earlier run of the same program made."""
    _known.update(kept)
    _recalled.update(kept)


def made() -> dict[Hashable, Any]:
    """Everything that is there; nothing where all of it came from an earlier run."""
    return {} if _recalled.issuperset(_known) else dict(_known)
