"""From one pipeline file to the model: one module per platform, and the table that picks one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pipelaw.document import Problem
from pipelaw.errors import PipelawError, UnreadableError, bug
from pipelaw.records import NamedTuple, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelaw.model import Pipeline, Script
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
        loaded = loader(source, tree)
    except RecursionError:
        raise UnreadableError(source.path, 1, 1, "nested too deeply") from None
    except PipelawError:
        raise
    except Exception as error:
        raise UnreadableError(source.path, 1, 1, bug(error)) from error
    if any(map(_with_literals, loaded.pipelines)):
        from pipelaw.facts.secret_repeats import without_repeats  # noqa: PLC0415  few files have secrets

        loaded = loaded._replace(pipelines=tuple(map(without_repeats, loaded.pipelines)))
    if owner := _owner(platform, source.path, tree.origin):
        owned = (replaced(pipeline, owner=owner) for pipeline in loaded.pipelines)
        loaded = loaded._replace(pipelines=tuple(owned))
    missed = tuple(_torn(loaded.pipelines))
    return loaded._replace(problems=(*loaded.problems, *missed)) if missed else loaded


_ELSEWHERE = {
    "github": ("gitlab.com", "codeberg.org", "bitbucket.org"),
    "gitlab": ("github.com", "codeberg.org", "bitbucket.org"),
}
"""Hosts whose accounts are not those that the references of a platform name."""


def _owner(platform: str, path: str, origin: str) -> str:
    """Whose repository a file is in, as references of its platform would name them; "" where not known."""
    host, _, owner = origin.partition("/")
    # Gitea and Forgejo take actions from another server than their own
    foreign = host in _ELSEWHERE.get(platform, ()) or path.startswith((".gitea/", ".forgejo/"))
    return "" if foreign else owner.lower()


def _with_literals(pipeline: Pipeline) -> bool:
    """Whether anything in a pipeline looks like a secret."""
    return any(scope.credentials for scope in pipeline.scopes())


def _torn(pipelines: Iterable[Pipeline]) -> Iterator[Problem]:
    """Lines of scripts that are too long to be parsed: nobody may hide behind one."""
    for pipeline in pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                for script in step.scripts:
                    if len(script.text) > _SHORT:
                        yield from _torn_line(script)


_SHORT = 500
"""Of a script that is no longer than this, no line is too long, whatever is in it."""


def _torn_line(script: Script) -> Iterator[Problem]:
    from pipelaw.facts.shell_pieces import torn  # noqa: PLC0415  what is known already is not loaded
    from pipelaw.facts.shells import family  # noqa: PLC0415  as above

    found = torn(script.text) if family(script.shell) == "bash" else None
    if found is not None:
        yield Problem.at(script.source_text.place(*found), _TORN)


_TORN = "a line of the script is too long to be parsed as a whole: commands in it may be missed"
