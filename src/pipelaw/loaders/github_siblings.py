"""The other workflows of the repository: who calls this one, and whose end starts it.

Looked at only where a workflow can be called or follows another; each file is parsed once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, ScalarNode, SequenceNode, decode
from pipelaw.errors import UnreadableError
from pipelaw.loaders import mappings
from pipelaw.loaders.github_caches import capped
from pipelaw.loaders.github_definitions import DEEPEST, ENDS, defined
from pipelaw.loaders.github_known_checks import guarded
from pipelaw.loaders.github_outputs import NO_OUTPUTS, Outputs
from pipelaw.loaders.github_permission_checks import checks_of
from pipelaw.loaders.github_permissions import Rights, given, rights_of
from pipelaw.loaders.github_reach import Reach, Reaches, reach_of
from pipelaw.loaders.github_triggers import triggers_of
from pipelaw.model import replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.model import Trigger
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_FOLDER = ".github/workflows"
_CALLED = pattern(r"/\.github/workflows/(?<=[.$]/\.github/workflows/)([^\s'\"#@,}\]]+\.ya?ml)\b")
"""It starts with a literal so that the search is fast."""

_NAME = pattern(r"^name:\s*(['\"]?)(.*?)\1\s*(?:#.*)?$", re.MULTILINE)


class Caller(NamedTuple):
    """One job elsewhere in the repository that calls a workflow."""

    reach: Reach
    """Who can start it."""
    inputs: dict[str, str]
    """What it hands over, by name in lower case."""
    callers: tuple[Caller, ...] = ()
    """Who calls the workflow that it belongs to."""
    path: str = ""
    """Where that workflow is."""
    cache_mode: str = ""
    """What the job may do with caches, "" for the platform's default."""
    rights: Rights | None = None
    """What its token may do, None for the platform's default."""
    matrix: Node | None = None
    """Its matrix."""
    outputs: Outputs = NO_OUTPUTS
    """The outputs of the jobs around it."""


class _Sibling(NamedTuple):
    text: str
    source: Source


@remembered
def _siblings(tree: Tree, folder: str) -> dict[str, _Sibling]:
    """The workflows of a folder that can be read, by file name."""
    found = {}
    for path in tree.paths():
        head, _, name = path.rpartition("/")
        if head == folder and name.endswith(ENDS):
            try:
                source = decode(path, tree.read(path))
            except UnreadableError:
                continue
            found[name] = _Sibling(source.text, source)
    return found


@remembered
def _calls(tree: Tree, folder: str) -> dict[str, list[str]]:
    """The files that name a workflow of the folder, by its file name."""
    found: dict[str, list[str]] = {}
    for name, sibling in _siblings(tree, folder).items():
        if ".github/workflows/" not in sibling.text:
            continue
        for called in dict.fromkeys(_CALLED.findall(sibling.text)):
            found.setdefault(called, []).append(name)
    return found


def callers(tree: Tree, path: str, depth: int = 0) -> tuple[Caller, ...]:
    """The jobs of the repository that call the workflow at `path`."""
    folder, _, name = path.rpartition("/")
    if not folder.endswith(_FOLDER):
        return ()
    own = _siblings(tree, folder)
    found: list[Caller] = []
    for file in _calls(tree, folder).get(name, ()):
        jobs = [caller for called, caller in _called(tree, own[file].source) if called == name]
        if jobs and depth < DEEPEST and file != name and "workflow_call" in own[file].text:
            outer = callers(tree, f"{folder}/{file}", depth + 1)
            jobs = [_extended(caller, outer) for caller in jobs] if outer else jobs
        found += jobs
    return tuple(found)


def _extended(caller: Caller, outer: tuple[Caller, ...]) -> Caller:
    """A caller with what those bring who call its own workflow."""
    own = caller.reach
    reach = called_by(own, outer)
    for condition in own.conditions:
        reach = reach.narrowed(condition)
    caller = caller._replace(reach=reach.checked(own.checks), callers=outer)
    if any(trigger.kind != "call" for trigger in own.triggers):
        return caller  # it also runs by itself
    limit = given(each.rights for each in outer)
    return caller._replace(
        cache_mode=capped(caller.cache_mode, [each.cache_mode for each in outer]),
        rights=caller.rights.within(limit) if caller.rights else limit,
    )


@remembered
def _called(tree: Tree, source: Source) -> tuple[tuple[str, Caller], ...]:
    """The local workflows that a workflow calls, by file name."""
    read = defined(source)
    if read is None:
        return ()
    document, fields = read
    bodies = {
        key.value: document.fields(value, "a job")
        for key, value in document.pairs(fields.get("jobs"), "`jobs`")
        if isinstance(value, MappingNode)
    }
    conditions = {
        key: (document.text(body.get("if"), "`if`"), tuple(_words(body.get("needs"))))
        for key, body in bodies.items()
    }
    triggers = tuple(triggers_of(document, fields.get("on")))
    reach = reach_of(triggers)
    lowered = {key.lower(): body for key, body in bodies.items()}
    checks = checks_of(lowered, triggers, tree=tree, guarded=guarded(reach, source.text))
    reaches = Reaches(reach, conditions, checks)
    return tuple(
        (
            str(body["uses"].value).rpartition("/")[2],
            Caller(
                reaches.of(key),
                mappings.texts(body.get("with")),
                path=source.path,
                cache_mode=_mode(body) or _mode(fields),
                rights=rights_of(body.get("permissions", fields.get("permissions"))),
                matrix=mappings.at(body.get("strategy"), "matrix"),
                outputs=Outputs(lowered, {}),
            ),
        )
        for key, body in bodies.items()
        if isinstance(body.get("uses"), ScalarNode)
    )


def _mode(fields: dict[str, Node]) -> str:
    node = fields.get("cache-mode")
    return node.value if isinstance(node, ScalarNode) else ""


def _words(node: Node | None) -> list[str]:
    items = node.value if isinstance(node, SequenceNode) else [node]
    return [str(item.value) for item in items if isinstance(item, ScalarNode)]


def upstream(
    tree: Tree, path: str, triggers: tuple[Trigger, ...], on: Node | None
) -> tuple[Trigger, ...]:
    """The triggers, one that follows other workflows marked where outsiders can start those.

    It stays an outsider's where one of the others is not found in the repository.
    """
    folder = path.rpartition("/")[0]
    names = _followed(on) if folder.endswith(_FOLDER) else []
    if not names or any(_outside(tree, folder, name) for name in names):
        return triggers
    return tuple(
        replaced(trigger, outsider=False) if trigger.name == "workflow_run" else trigger
        for trigger in triggers
    )


def followed(tree: Tree, path: str, on: Node | None) -> frozenset[str]:
    """The events that start the workflows which `workflow_run` follows.

    Nothing where the repository has none of a name, or several.
    """
    folder = path.rpartition("/")[0]
    found: set[str] = set()
    for name in _followed(on) if folder.endswith(_FOLDER) else ():
        same = [one for one in _siblings(tree, folder).values() if _name(one.text) == name]
        read = defined(same[0].source) if len(same) == 1 else None
        if read is None:
            return frozenset()
        document, fields = read
        found.update(trigger.name for trigger in triggers_of(document, fields.get("on")))
    return frozenset(found)


def _followed(on: Node | None) -> list[str]:
    """The names of the workflows that `workflow_run` follows."""
    return _words(mappings.at(on, "workflow_run", "workflows"))


def _outside(tree: Tree, folder: str, name: str) -> bool:
    """Whether an outsider can start the workflow of a name, or none has it."""
    own = _siblings(tree, folder)
    same = [each for each in own.values() if _name(each.text) == name]
    if not same and name in own:
        same = [own[name]]
    found = [defined(each.source) for each in same]
    return not found or any(read is None or _open(*read) for read in found)


def _name(text: str) -> str:
    found = _NAME.search(text)
    return found[2] if found else ""


def _open(document: Document, fields: dict[str, Node]) -> bool:
    triggers = tuple(triggers_of(document, fields.get("on")))
    return any(trigger.outsider for trigger in triggers)


def _open_first(found: Sequence[Caller]) -> Sequence[Caller]:
    """Those callers that outsiders can start with the repository's permissions; all where there is none."""
    return [caller for caller in found if caller.reach.exposed] or found


def called_by(start: Reach, found: Sequence[Caller]) -> Reach:
    """The reach of a workflow that others call: their triggers are its own.

    What comes before the call counts where it comes before all of them.
    """
    if not found:
        return start
    triggers, outsiders = list(start.triggers), list(start.outsiders)
    for caller in found:
        triggers.extend(caller.reach.triggers)
        outsiders.extend(caller.reach.outsiders)
    alone = len(found) == 1 and all(trigger.kind == "call" for trigger in start.triggers)
    first = found[0].reach
    if not alone:
        # whose condition stops which trigger is not told apart
        triggers = [t for t in triggers if t in outsiders or not (t.outsider and t.privileged)]
    return Reach(
        tuple(dict.fromkeys(triggers)),
        tuple(dict.fromkeys(outsiders)),
        first.gates if alone else (),
        first.conditions if alone else (),
        frozenset.intersection(*(caller.reach.checks for caller in _open_first(found))),
    )
