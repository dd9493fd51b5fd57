"""The inputs that a workflow or action declares: who fills them in, and of what type they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipelaw.document import MappingNode, Node, ScalarNode
from pipelaw.loaders import mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Inputs = dict[str, tuple[Literal["caller", "member"], str]]
"""By name in lower case: caller or member, and the type, "" for text."""

_STARTED: dict[str, Literal["caller", "member"]] = {
    "workflow_dispatch": "member",
    "workflow_call": "caller",
}


def inputs_of(fields: Mapping[str, Node]) -> Inputs:
    """The inputs of a workflow, or of an action."""
    on = fields.get("on")
    found: Inputs = {}
    if isinstance(on, MappingNode):
        for event, node in mappings.values(on).items():
            who = _STARTED.get(event)
            if who is not None:
                for name, kind in _named(mappings.at(node, "inputs")):
                    before = found.get(name)
                    # whichever start gives more freedom counts
                    found[name] = (who, kind) if before is None or not kind else before
    elif "runs" in fields:
        # whatever type an action gives its inputs, it gets texts
        found.update((name, ("caller", "")) for name, _ in _named(fields.get("inputs")))
    return found


def switches_of(inputs: Inputs) -> frozenset[str]:
    """The inputs that hold true or false, and no text."""
    return frozenset(name for name, (_, kind) in inputs.items() if kind == "boolean")


def called_default(root: Node, name: str) -> str:
    """The text that an input of a workflow has where a caller does not give it, "" for none."""
    node: Node | None = root
    for key in ("on", "workflow_call", "inputs", name, "default"):
        pairs = node.value if isinstance(node, MappingNode) else ()
        node = next((value for found, value in pairs if str(found.value).lower() == key), None)
    return node.value if isinstance(node, ScalarNode) else ""


def _named(node: Node | None) -> Iterator[tuple[str, str]]:
    for name, value in mappings.values(node).items():
        yield name.lower(), _type(value)


def _type(node: Node) -> str:
    found = mappings.at(node, "type")
    return found.value if isinstance(found, ScalarNode) and found.value != "string" else ""
