"""Which texts and flaws of a step or job outsiders meet in runs with the base repository's permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Expansion, Flaw


def expanded(found: Sequence[Expansion], reach: Reach) -> tuple[Expansion, ...]:
    """The expansions of what `reach` gets to; none is exposed where outsiders have no permissions."""
    if not found or reach.exposed:
        return tuple(found)
    return tuple(replaced(one, exposed=False) if one.exposed else one for one in found)


def met(found: tuple[Flaw, ...], reach: Reach) -> tuple[Flaw, ...]:
    """The flaws of what `reach` gets to; all are exposed where outsiders get there with permissions."""
    if not (found and reach.exposed):
        return found
    return tuple(replaced(one, exposed=True) for one in found)
