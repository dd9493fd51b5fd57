"""Actions and workflows of its own repository that a pipeline uses and that are not there."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.document import Problem
from pipelaw.loaders.github_definitions import action_in, folder_of
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.tree import LEFT_OUT, partial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.model import Pipeline, Reference, Step
    from pipelaw.tree import Tree

_MAKING = (
    "clone",
    "submodule",
    "git checkout",
    "git fetch",
    "worktree",
    "unzip",
    "tar ",
    "curl",
    "wget",
)
"""A script with one of these may put files anywhere."""


def missing(pipeline: Pipeline, tree: Tree) -> Iterator[Problem]:
    """What cannot be looked into, because it is neither there nor put there by an earlier step.

    Of a tree that is a part of its repository nothing can be said but that it was not read.
    """
    apart = partial(tree)
    what = "was not read" if apart else "is not in the repository"
    for job in pipeline.jobs:
        for used in job.references:
            if _local(used, "workflow") and (apart or folder_of(used.text) not in tree):
                yield Problem.at(used.place, f"`{used.text}` is used and {what}")
        for at, step in enumerate(job.steps):
            for used in step.references:
                if _local(used, "action") and (apart or not _there(tree, used, job.steps[:at])):
                    yield Problem.at(used.place, f"`{used.text}` is used and {what}")


def _local(used: Reference, kind: str) -> bool:
    return used.pin == "local" and used.kind == kind and "${{" not in used.text


def _there(tree: Tree, used: Reference, before: Iterable[Step]) -> bool:
    """Whether an action may be there when the steps before its own have run."""
    place = normpath(folder_of(used.text))
    folder = "" if place == "." else place
    dockerfile = f"{folder}/Dockerfile" if folder else "Dockerfile"
    # what is above the repository, or is left out of it, is for others to make
    apart = folder[:2] == ".." or not LEFT_OUT.isdisjoint(folder.split("/"))
    there = apart or action_in(tree, folder) is not None or dockerfile in tree
    return there or _brought(place, before)


def _brought(folder: str, before: Iterable[Step]) -> bool:
    """Whether an earlier step may put an action there: a checkout of something else, files, a script."""
    name = folder.rpartition("/")[2]
    top = folder.partition("/")[0]
    for step in before:
        if any(one.ref or one.repository or one.folder for one in step.checkouts):
            return True
        if step.caches or any(one.action == "download" for one in step.artifacts):
            return True
        for script in scripts_here(step):
            text = script.text
            if name in text or top in text or any(word in text for word in _MAKING):
                return True
    return False
