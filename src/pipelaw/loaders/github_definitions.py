"""The files of a repository that others use: actions and workflows, each parsed once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, decode, shared
from pipelaw.errors import UnreadableError
from pipelaw.loaders import mappings
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.document import Node
    from pipelaw.source import Source
    from pipelaw.tree import Tree

ENDS = (".yml", ".yaml")

HERE = ("./", "$/")
"""How a `uses` begins that names something of the repository itself."""
DEEPEST = 3
"""How many local actions and workflows are followed into each other; the platform allows more."""


class Definition(NamedTuple):
    """A file that others use, its problems left to its own turn."""

    document: Document
    fields: dict[str, Node]
    """Its top keys."""

    @property
    def steps(self) -> Node | None:
        """The steps of a composite action, None for another one."""
        return mappings.at(self.fields.get("runs"), "steps")


def folder_of(uses: str) -> str:
    """The folder that `./x`, `$/x` or `.github/x` names, "" for the root."""
    plain = uses.partition("@")[0]
    return plain.removeprefix("./").removeprefix("$/").strip("/")


@lru_cache(maxsize=64)
def defined(source: Source) -> Definition | None:
    """The definition that a text is; None where it is not one."""
    try:
        roots = shared(source)
    except UnreadableError:
        return None
    if not roots or not isinstance(roots[0], MappingNode):
        return None
    document = Document(source, roots[0], [])
    return Definition(document, document.fields(roots[0], "the file"))


@lru_cache(maxsize=64)
def definition(tree: Tree, path: str) -> Definition | None:
    """The definition in a file of the repository; None where it cannot be read."""
    try:
        return defined(decode(path, tree.read(path)))
    except UnreadableError:
        return None


def action_in(tree: Tree | None, folder: str) -> Definition | None:
    """The definition of the local action in a folder; None where there is none."""
    start = f"{folder}/" if folder else ""
    for end in ENDS:
        if tree is not None and f"{start}action{end}" in tree:
            return definition(tree, f"{start}action{end}")
    return None
