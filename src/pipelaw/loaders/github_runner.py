"""The machine that a job requests, with the constants of its matrix put in."""

from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.loaders.github_conditions import settled
from pipelaw.loaders.github_expressions import choices, fences, sources
from pipelaw.loaders.github_inputs import called_default
from pipelaw.model import Runner
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        self_hosted=any("self-hosted" in label.lower() and "${{" not in label for label in labels),
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
        return "self-hosted" not in label.lower()
    return bool(_HOSTED.match(label) or _RENTED.match(label))


def _resolved(context: Context, text: str, fields: dict[str, Node], reach: Reach) -> Iterator[str]:
    """A label; each that it can be, where a value of the matrix or who started the run decides it."""
    found = fences(text)
    read = sources(found[0].code) if len(found) == 1 else ()
    if context.callers and len(read) == 1 and read[0].startswith("inputs."):
        yield from _handed_over(context, text, read[0].removeprefix("inputs."))
        return
    if len(read) != 1 or not read[0].startswith("matrix."):
        yield from _for_outsiders(text, reach) if found else (text,)
        return
    values = list(axis(context, fields, read[0].removeprefix("matrix.")))
    for value in values or [text]:
        yield text[: found[0].start] + value + text[found[0].end :] if values else value


def _handed_over(context: Context, text: str, name: str) -> Iterator[str]:
    """The labels that the callers of a workflow give it, those that outsiders can start before others."""
    callers = [caller for caller in context.callers if caller.reach.outsiders] or context.callers
    default = called_default(context.document.root, name)
    for given in dict.fromkeys(caller.inputs.get(name, default) for caller in callers):
        if not given or "${{" in given:
            yield text
        elif _LIST.fullmatch(text):
            yield from _listed(given)
        else:
            yield given


def _for_outsiders(text: str, reach: Reach) -> list[str]:
    """The labels that an expression gives in runs that outsiders cause, or its text."""
    written = _LIST.fullmatch(text)
    chosen = f"${{{{{written[1]}}}}}" if written else _READ.sub(r"\1", text)
    given = [settled(chosen, reach.case(trigger)) for trigger in reach.outsiders]
    known = [label for label in given if label]
    if not known or len(known) != len(given):
        return [text] if written else _all_of(text)
    listed = [_listed(one) if written or one[0] in '["' else [one] for one in known]
    labels = [label for one in listed for label in one]
    return list(dict.fromkeys(labels)) or [text]


def _all_of(text: str) -> list[str]:
    """The labels that an expression chooses from, if it names all of them; otherwise its text."""
    found = fences(text)
    if len(found) != 1 or found[0].end - found[0].start != len(text) or "||" not in text:
        return [text]
    labels = list(dict.fromkeys(choices(found[0].code)))
    return [text] if "self-hosted" in labels or not labels else labels


_LIST = pattern(r"\$\{\{\s*fromjson\((.*)\)\s*\}\}", re.IGNORECASE | re.DOTALL)
"""Labels that an expression reads from a text."""
_READ = pattern(r"\bfromjson\(\s*('(?:[^']|'')*')\s*\)", re.IGNORECASE)
"""Labels that a part of an expression reads from a constant."""


def _listed(written: str) -> list[str]:
    """The labels that a text of JSON holds."""
    import json  # noqa: PLC0415  few labels are computed

    try:
        value = json.loads(written)
    except ValueError:
        return []
    return [
        item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)
    ]


def axis(context: Context, fields: dict[str, Node], name: str) -> Iterator[str]:
    """The constants of one axis of a job's matrix, and of its `include`."""
    document = context.document
    strategy = document.fields(fields.get("strategy"), "`strategy`")
    node = strategy.get("matrix")
    if not isinstance(node, MappingNode):
        return
    axes = {key.lower(): value for key, value in document.fields(node, "`matrix`").items()}
    head, _, rest = name.partition(".")
    yield from _values(_left(axes, head) if "exclude" in axes else axes.get(head), rest)
    include = axes.get("include")
    for entry in include.value if isinstance(include, SequenceNode) else []:
        if isinstance(entry, MappingNode):
            own = {str(k.value).lower(): v for k, v in entry.value if isinstance(k, ScalarNode)}
            if head in own:
                yield from _values(SequenceNode("", [own[head]]), rest)


_MOST = 1000
"""How many copies of a job are looked through for what `exclude` leaves."""


def _left(axes: Mapping[str, Node], head: str) -> Node | None:
    """An axis without the values that `exclude` takes out of every copy of the job."""
    node = axes.get(head)
    without = [entry for entry in map(_texts, _items(axes["exclude"])) if head in entry]
    if not isinstance(node, SequenceNode) or not without:
        return node
    names = sorted({name for entry in without for name in entry} - {head})
    others = [[_text(item) for item in _items(axes.get(name))] or [None] for name in names]
    if prod(map(len, others)) > _MOST:
        return node
    copies = [dict(zip(names, chosen, strict=True)) for chosen in product(*others)]
    return SequenceNode(
        "",
        [
            item
            for item in node.value
            if any(_kept({**copy, head: _text(item)}, without) for copy in copies)
        ],
    )


def _kept(copy: Mapping[str, str | None], without: Iterable[Mapping[str, str | None]]) -> bool:
    return not any(
        all(value is not None and copy[name] == value for name, value in entry.items())
        for entry in without
    )


def _items(node: Node | None) -> list[Node]:
    return node.value if isinstance(node, SequenceNode) else []


def _text(node: Node) -> str | None:
    """What a plain value says; None where it has parts, or only the run decides it."""
    return node.value if isinstance(node, ScalarNode) and "${{" not in node.value else None


def _texts(entry: Node) -> dict[str, str | None]:
    pairs = entry.value if isinstance(entry, MappingNode) else []
    return {str(key.value).lower(): _text(value) for key, value in pairs}


def _values(node: Node | None, member: str) -> Iterator[str]:
    for item in node.value if isinstance(node, SequenceNode) else []:
        if isinstance(item, ScalarNode) and not member:
            yield item.value
        elif isinstance(item, SequenceNode) and not member:
            yield from (str(label.value) for label in item.value if isinstance(label, ScalarNode))
        elif isinstance(item, MappingNode) and member:
            head, _, rest = member.partition(".")
            for key, value in item.value:
                if str(key.value).lower() == head:
                    yield from _values(SequenceNode("", [value]), rest)
