"""What loading some files of a repository gave that the loading of others asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.errors import UnreadableError
from pipelaw.loaders.github_definitions import ENDS
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders import Loaded
    from pipelaw.loaders.github_called import Followed
    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_files import Files
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Job, Pipeline
    from pipelaw.tree import Tree

    Load = Callable[[Tree, str], None]
    """Loads a file before its turn, and remembers it."""


class LocalCall(NamedTuple):
    """A step that uses a local action."""

    target: str
    """The folder of the action in the repository."""
    inputs: Mapping[str, Taint]
    """Whose text it hands over, by input in lower case."""
    reach: Reach
    job: str
    """The key of the job that it belongs to."""
    files: tuple[Files, ...] = ()
    """The files of outsiders that are there when it runs."""
    variables: Mapping[str, Taint] = {}
    """Whose text the variables around it hold, which its scripts see."""


class Use(NamedTuple):
    """A use of a local action, and the job that it belongs to."""

    call: LocalCall
    job: Job


class Memory(NamedTuple):
    """What is remembered of a repository."""

    loaded: dict[str, Loaded]
    """Files that were loaded before their turn, by path."""
    uses: dict[str, list[Use]]
    """The uses of local actions in a file that was loaded."""
    actions: dict[object, Followed | None]
    """Local actions, by their folder, what is handed to them, and the events."""
    calling: dict[str, Context | None]
    """Workflows that hand outputs of their jobs to others, by path."""


@lru_cache(maxsize=4)
def memory(tree: Tree) -> Memory:
    """What is remembered of a repository, for everybody who asks to add to."""
    return Memory({}, {}, {}, {})


def remember(tree: Tree, path: str, context: Context, pipeline: Pipeline) -> bool:
    """Keep a file's uses of local actions, and its outputs for callers: whether there are such outputs."""
    if context.calls:
        jobs = {job.id: job for job in pipeline.jobs}
        found = [Use(call, jobs[call.job]) for call in context.calls if call.job in jobs]
        memory(tree).uses[path] = found
    calling = bool(context.jobs) and any(job.reusable for job in pipeline.jobs)
    if calling:
        memory(tree).calling[path] = context
    return calling


def calling(tree: Tree, path: str, load: Load) -> Context | None:
    """The workflow at a path, which calls others, as it was loaded; None where that is going on."""
    known = memory(tree).calling
    if path not in known:
        known[path] = None  # workflows that call each other are cut here
        load(tree, path)
    return known[path]


def uses_of_action(tree: Tree, path: str, load: Load) -> list[Use]:
    """The steps of the repository that use the action whose definition is at `path`."""
    folder = path.rpartition("/")[0]
    known = memory(tree)
    found: list[Use] = []
    for user in _users(tree).get(folder, ()):
        if user != path and user not in known.uses:
            known.uses[user] = []  # actions that use each other are cut here
            load(tree, user)
        found += (use for use in known.uses.get(user, ()) if use.call.target == folder)
    return found


_WAYS = {"./": "", "$/": "", ".github/": ".github/"}
"""How a name of something in the repository begins, and what of that is a part of the path."""
_NAME = pattern(r"[^\s'\"#@,}\]]*")


@remembered
def _users(tree: Tree) -> dict[str, list[str]]:
    """The workflows and actions that may use a local action, by its folder.

    How keys and values are written is for the loader to read; what names no action does no harm.
    """
    found: dict[str, list[str]] = {}
    for path in tree.paths():
        if not path.endswith(ENDS) or not _uses_actions(path):
            continue
        try:
            data = tree.read(path)
        except UnreadableError:
            continue
        if b"./" in data or b"$/" in data or b".github/" in data:
            for name in dict.fromkeys(_named(data.decode("utf-8", "replace"))):
                if not name.endswith(ENDS):
                    found.setdefault(name, []).append(path)
    return found


def _named(text: str) -> Iterator[str]:
    for way, kept in _WAYS.items():
        for rest in text.split(way)[1:]:
            name = _NAME.match(rest)
            if name is not None and (name[0] or not kept):
                yield kept + name[0].rstrip("/")


def _uses_actions(path: str) -> bool:
    head, _, name = path.rpartition("/")
    return head.endswith(".github/workflows") or name.startswith("action.")
