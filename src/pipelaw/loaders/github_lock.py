"""The lockfile of workflows: which references it binds to commits, whatever the tags say later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.document import Document, Node, ScalarNode, decode, parse
from pipelaw.errors import UnreadableError
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.tree import Tree

LOCK = ".github/workflows/actions.lock"

_COMMIT = pattern(r"(?:sha1-)?[0-9a-f]{40}\Z|(?:sha256-)?[0-9a-f]{64}\Z", re.IGNORECASE)


class _Lock(NamedTuple):
    bound: frozenset[str]
    """References with a commit: `owner/repository@ref` in lower case."""
    workflows: Mapping[str, frozenset[str]]
    """What each workflow uses, for those that the lock covers."""


_NO_LOCK = _Lock(frozenset(), {})


def locked(path: str, tree: Tree) -> frozenset[str]:
    """The references that run at a locked commit in the workflow, or action, at `path`.

    Workflows are locked one by one; actions of the repository run in whatever workflow uses them.
    """
    lock = _lock(tree)
    if not lock.bound:
        return lock.bound
    if path.startswith(".github/workflows/"):
        return lock.workflows.get(path, frozenset()) & lock.bound
    return lock.bound


def bound(text: str, references: frozenset[str]) -> bool:
    """Whether a `uses` is among locked references, which name repositories without folders."""
    name, _, ref = text.lower().partition("@")
    repository = "/".join(name.split("/")[:2])
    return f"{repository}@{ref}" in references or f"{name}@{ref}" in references


# one repository's files follow each other
@remembered
def _lock(tree: Tree) -> _Lock:
    if LOCK not in tree:
        return _NO_LOCK
    try:
        source = decode(LOCK, tree.read(LOCK))
        roots = parse(source)
    except UnreadableError:
        return _NO_LOCK
    if not roots:
        return _NO_LOCK
    document = Document(source, roots[0], [])
    fields = document.fields(document.root, "the lock")
    return _Lock(
        bound=frozenset(
            key.value.lower()
            for key, value in document.pairs(fields.get("dependencies"), "`dependencies`")
            if _COMMIT.match(_commit(document, value))
        ),
        workflows={
            key.value: frozenset(
                item.value.lower() for item in document.scalars(value, "a workflow")
            )
            for key, value in document.pairs(fields.get("workflows"), "`workflows`")
        },
    )


def _commit(document: Document, node: Node) -> str:
    if isinstance(node, ScalarNode):
        return ""
    return document.text(document.fields(node, "a dependency").get("commit"), "`commit`")
