"""The hooks of pre-commit to the model: code from elsewhere that runs at every commit, and in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, ScalarNode
from pipelaw.facts import references
from pipelaw.loaders import Loaded
from pipelaw.loaders.settings import settings
from pipelaw.model import Pipeline, Reference
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_OWN = frozenset({"local", "meta", "builtin"})
"""Hooks that are in the repository itself, or in pre-commit."""
_ADDRESS = pattern(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[^/:]+)[/:](?P<path>.+?)(?:\.git)?/?\Z")


def load(source: Source, tree: Tree) -> Loaded:
    """Read `.pre-commit-config.yaml`."""
    problems: list[Problem] = []
    document = settings(source, problems, "the configuration")
    if document is None:
        return Loaded(())
    fields = document.fields(document.root, "the file")
    pipeline = Pipeline(
        path=source.path,
        platform="precommit",
        kind="settings",
        reusable=True,
        references=tuple(_hooks(document, fields.get("repos"))),
        place=document.place(document.root, document.root.value[0][0]),
    )
    return Loaded((pipeline,), tuple(problems))


def _hooks(document: Document, node: Node | None) -> Iterator[Reference]:
    for item in document.items(node, "`repos`"):
        if not isinstance(item, MappingNode):
            document.wrong(item, "a mapping", "an item of `repos`")
            continue
        fields = document.fields(item, "an item of `repos`")
        repo = fields.get("repo")
        if not isinstance(repo, ScalarNode) or repo.value in _OWN:
            continue
        yield _hook(document, repo, document.text(fields.get("rev"), "`rev`"))


def _hook(document: Document, repo: ScalarNode, ref: str) -> Reference:
    match = _ADDRESS.match(repo.value)
    host, path = (match["host"], match["path"]) if match is not None else ("", repo.value)
    name = path if host == "github.com" else f"{host}/{path}"
    how = references.pin(ref)
    return Reference(
        kind="hook",
        text=repo.value,
        name=name,
        ref=ref,
        owner=path.partition("/")[0],
        pin=how,
        mutable=how != "commit",
        place=document.place(repo),
    )
