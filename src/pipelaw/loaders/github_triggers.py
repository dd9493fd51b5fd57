"""What `on` says: the events that start a workflow, and how they are narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode
from pipelaw.loaders.github_contexts import EVENTS, OTHER
from pipelaw.model import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Document

_FILTERS = ("branches", "types", "tags", "branches-ignore")


def triggers_of(document: Document, node: Node | None) -> Iterator[Trigger]:
    """What `on` says, in its three forms: a word, a list of words, a mapping."""
    if isinstance(node, MappingNode):
        for key, value in document.pairs(node, "`on`"):
            yield _trigger(document, key, value)
    else:
        for name in document.scalars(node, "`on`"):
            yield _trigger(document, name, None)


def _trigger(document: Document, name: ScalarNode, value: Node | None) -> Trigger:
    event = EVENTS.get(name.value, OTHER)
    options = document.fields(value, f"`{name.value}`") if isinstance(value, MappingNode) else {}
    kind = event.kind
    if name.value == "push" and "tags" in options and "branches" not in options:
        kind = "tag"
    texts = {
        key: tuple(str(item.value) for item in document.scalars(options.get(key), f"`{key}`"))
        for key in _FILTERS
        if key in options
    }
    return Trigger(
        kind=kind,
        name=name.value,
        outsider=event.outsider,
        privileged=event.privileged,
        branches=texts.get("branches", ()),
        types=texts.get("types", ()),
        tags=texts.get("tags", ()),
        excluded=texts.get("branches-ignore", ()),
        place=document.place(name),
    )


_GLOB = frozenset("*?+[]!$")


def fixed(triggers: tuple[Trigger, ...]) -> tuple[str, ...]:
    """How the contexts begin that always say the same: a run before may be limited to named branches."""
    followed = [trigger.branches for trigger in triggers if trigger.name == "workflow_run"]
    plain = all(names and _GLOB.isdisjoint("".join(names)) for names in followed)
    return ("github.event.workflow_run.head_branch",) if followed and plain else ()
