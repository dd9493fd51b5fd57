"""From one pipeline file to the model: one module per platform, and the table that picks one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pipelaw.errors import UnreadableError
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelaw.document import Problem
    from pipelaw.model import Pipeline
    from pipelaw.source import Source
    from pipelaw.tree import Tree


class Loaded(NamedTuple):
    """What one file became."""

    pipelines: tuple[Pipeline, ...]
    problems: tuple[Problem, ...] = ()
    """Parts that have a wrong shape and were left out."""
    unresolved: tuple[Problem, ...] = ()
    """What it takes from elsewhere and could not be looked into."""


LOADERS = {
    "github": "pipelaw.loaders.github",
    "gitlab": "pipelaw.loaders.gitlab",
    "drone": "pipelaw.loaders.drone",
    "woodpecker": "pipelaw.loaders.woodpecker",
    "dependabot": "pipelaw.loaders.dependabot",
    "precommit": "pipelaw.loaders.precommit",
}
"""The module that reads each platform; each has `load(source, tree) -> Loaded`."""


def load(platform: str, source: Source, tree: Tree) -> Loaded:
    """Read one file of a platform; raises UnreadableError where nothing of it could be read."""
    loader: Callable[[Source, Tree], Loaded] = import_module(LOADERS[platform]).load
    try:
        return loader(source, tree)
    except RecursionError:
        raise UnreadableError(source.path, 1, 1, "nested too deeply") from None
