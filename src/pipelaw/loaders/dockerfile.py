"""The images that a Dockerfile builds on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Place, ScalarNode, decode
from pipelaw.errors import UnreadableError
from pipelaw.facts import references
from pipelaw.patterns import pattern
from pipelaw.pyyaml import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.model import Reference
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_FROM = pattern(r"(?im)^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?([^\s#]+)(?:[ \t]+AS[ \t]+(\S+))?")


def images(tree: Tree, path: str) -> tuple[Reference, ...]:
    """The images that the file at a path names; none that a variable decides."""
    try:
        return tuple(_named(decode(path, tree.read(path)))) if path in tree else ()
    except UnreadableError:
        return ()


def _named(source: Source) -> Iterator[Reference]:
    stages = {"scratch"}
    for match in _FROM.finditer(source.text):
        name, stage = match[1], match[2]
        if name.lower() not in stages and "$" not in name:
            start, end = (Mark("", at, 0, 0, None, 0) for at in match.span(1))
            node = ScalarNode("", name, start, end)
            yield references.image(name, Place(source, node, node), "job")
        if stage:
            stages.add(stage.lower())
