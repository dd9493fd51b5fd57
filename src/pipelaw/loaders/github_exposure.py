"""Which texts and flaws of a step or job outsiders meet in runs with the base repository's permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.authors import BRANCH_PUSHER, COMMITTER, EARLIER_REQUESTER, writer
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Expansion, Flaw


def expanded(found: Sequence[Expansion], reach: Reach) -> tuple[Expansion, ...]:
    """The expansions of what `reach` gets to; none is exposed where outsiders have no permissions."""
    if not found or reach.exposed:
        return tuple(found)
    inside = tuple(replaced(one, exposed=False) if one.exposed else one for one in found)
    return tuple(map(_pushed, inside)) if "upstream" in reach.gates else inside


def _pushed(found: Expansion) -> Expansion:
    """What the run before says, where that was not for a pull request: somebody with write access pushed."""
    if found.author != EARLIER_REQUESTER:
        return found
    author = BRANCH_PUSHER if found.charset == "branch" else COMMITTER
    return replaced(found, author=author, writer=writer(author), outsider=False)


def met(found: tuple[Flaw, ...], reach: Reach) -> tuple[Flaw, ...]:
    """The flaws of what `reach` gets to; all are exposed where outsiders get there with permissions."""
    if not (found and reach.exposed):
        return found
    return tuple(replaced(one, exposed=True) for one in found)
