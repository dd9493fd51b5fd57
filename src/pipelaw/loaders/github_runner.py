"""The machine that a job requests, with the constants of its matrix put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.loaders.github_conditions import settled
from pipelaw.loaders.github_expressions import fences, sources
from pipelaw.model import Runner
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_reach import Reach


def runner_of(context: Context, fields: dict[str, Node], reach: Reach) -> Runner:
    """The runner of a job from its `runs-on`: text, list, or a mapping with group and labels."""
    node = fields.get("runs-on")
    if node is None:
        return Runner()
    group = ""
    labels: list[str] = []
    if isinstance(node, MappingNode):
        parts = context.document.fields(node, "`runs-on`")
        group = context.document.text(parts.get("group"), "`group`")
        node_labels = parts.get("labels")
    else:
        node_labels = node
    for item in context.document.scalars(node_labels, "`runs-on`"):
        labels.extend(_resolved(context, item.value, fields, reach))
    return Runner(
        labels=tuple(labels),
        self_hosted=any("self-hosted" in label and "${{" not in label for label in labels),
        unknown=not all(_known(label) for label in labels) if labels else bool(group),
        place=context.document.place(node),
    )


_HOSTED = pattern(r"(?:ubuntu|windows|macos|win\d*)[-_\d]|.{0,40}github-hosted", re.IGNORECASE)
"""The platform's own machines; larger ones carry names that their users choose, mostly in this style."""
_RENTED = pattern(
    r"(?:blacksmith|depot|namespace-profile|nscloud|buildjet|warp|ubicloud|runs-on|cirun|actuated|codebuild"
    r"|cirrus-runner|useblacksmith|ghcr\.io/cirruslabs|arc-|avalanche|latchkey)",
    re.IGNORECASE,
)
"""Machines that others rent out for one job each."""


def _known(label: str) -> bool:
    """Whether a label is one of the platform's own, or of a machine that is fresh for every job."""
    if "${{" in label:
        return "self-hosted" not in label
    return bool(_HOSTED.match(label) or _RENTED.match(label))


def _resolved(context: Context, text: str, fields: dict[str, Node], reach: Reach) -> Iterator[str]:
    """A label; each that it can be, where a value of the matrix or who started the run decides it."""
    found = fences(text)
    read = sources(found[0].code) if len(found) == 1 else ()
    if len(read) != 1 or not read[0].startswith("matrix."):
        yield from _for_outsiders(text, reach) if found else (text,)
        return
    values = list(axis(context, fields, read[0].removeprefix("matrix.")))
    for value in values or [text]:
        yield text[: found[0].start] + value + text[found[0].end :] if values else value


def _for_outsiders(text: str, reach: Reach) -> list[str]:
    """The labels that an expression gives in runs that outsiders cause, or its text."""
    given = [settled(text, reach.case(trigger)) for trigger in reach.outsiders]
    labels = [label for label in given if label]
    return list(dict.fromkeys(labels)) if labels and len(labels) == len(given) else [text]


def axis(context: Context, fields: dict[str, Node], name: str) -> Iterator[str]:
    """The constants of one axis of a job's matrix, and of its `include`."""
    document = context.document
    strategy = document.fields(fields.get("strategy"), "`strategy`")
    node = strategy.get("matrix")
    if not isinstance(node, MappingNode):
        return
    axes = {key.lower(): value for key, value in document.fields(node, "`matrix`").items()}
    head, _, rest = name.partition(".")
    yield from _values(axes.get(head), rest)
    include = axes.get("include")
    for entry in include.value if isinstance(include, SequenceNode) else []:
        if isinstance(entry, MappingNode):
            own = {str(k.value).lower(): v for k, v in entry.value if isinstance(k, ScalarNode)}
            if head in own:
                yield from _values(SequenceNode("", [own[head]]), rest)


def _values(node: Node | None, member: str) -> Iterator[str]:
    for item in node.value if isinstance(node, SequenceNode) else []:
        if isinstance(item, ScalarNode) and not member:
            yield item.value
        elif isinstance(item, SequenceNode) and not member:
            yield from (str(label.value) for label in item.value if isinstance(label, ScalarNode))
        elif isinstance(item, MappingNode) and member:
            for key, value in item.value:
                if isinstance(value, ScalarNode) and str(key.value).lower() == member:
                    yield value.value
