"""What the settings of bots and of hooks have in common: one document, a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, parse
from pipelaw.errors import UnreadableError

if TYPE_CHECKING:
    from pipelaw.document import Problem
    from pipelaw.source import Source


def settings(source: Source, problems: list[Problem], what: str) -> Document | None:
    """The document of a file that `what` names; None where it says nothing.

    Raises UnreadableError with the position where it is not a mapping.
    """
    roots = parse(source)
    if not roots or roots[0].value == []:
        return None
    if not isinstance(roots[0], MappingNode):
        where = source.position(roots[0].start_mark.index)
        raise UnreadableError(source.path, *where, f"{what} is a mapping")
    document = Document(source, roots[0], problems)
    for extra in roots[1:]:
        document.problem(extra, f"{what} is one YAML document; the rest is not read")
    return document
