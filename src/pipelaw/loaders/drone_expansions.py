"""Text of other people's making that is pasted into a pipeline, or expanded by its scripts."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from pipelaw.document import ScalarNode, Text, walk
from pipelaw.facts import authors
from pipelaw.facts.references import in_name
from pipelaw.facts.shell import reparsed
from pipelaw.facts.shell_handing import receiver
from pipelaw.model import Expansion
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.document import Document, Node, Place
    from pipelaw.loaders.drone_conditions import Reach
    from pipelaw.model import Script, Variable
    from pipelaw.words import Sink


class Writer(NamedTuple):
    """Who decides what a variable of the platform says."""

    who: str
    events: tuple[str, ...] = ()
    """The events with which they can; empty for all."""
    branches: tuple[str, ...] = ()
    """The events with which it names a branch, of which a filter may leave no choice."""
    member: bool = False
    """Only members of the repository can."""

    def decides(self, reach: Reach) -> bool:
        """Whether anybody can write it where it is read."""
        if not reach.fixed:
            return self._writes(reach.events)
        return self._writes(tuple(name for name in reach.events if name not in self.branches))

    def outside(self, reach: Reach) -> bool:
        """Whether an outsider can write it where it is read."""
        return not self.member and self._writes(reach.outsiders)

    def _writes(self, events: tuple[str, ...]) -> bool:
        return any(not self.events or event in self.events for event in events)


_USES = pattern(r"(\$+)(\{?)(?:env:)?((?:DRONE|CI)_[A-Z_]+)")
_NAMED = pattern(r"(\$+)(\{?)(?:env:)?([A-Za-z_]\w*)")


_SIGNS = tuple(f"{sign}{name}_" for name in ("DRONE", "CI") for sign in ("$", "{", "env:"))


class Taints:
    """Where a file has variables that somebody else writes."""

    __slots__ = ("shared", "spots")

    def __init__(self, text: str, writers: Mapping[str, Writer]) -> None:
        self.spots: list[int] = []
        if any(sign in text for sign in _SIGNS):
            self.spots = [m.start() for m in _USES.finditer(text) if m[3] in writers]
        # reached through an alias a node's text is elsewhere
        self.shared = "&" in text and "*" in text

    def touch(self, node: Node) -> bool:
        """Whether one of them may be in a node."""
        if not self.spots or self.shared:
            return bool(self.spots)
        at = bisect_left(self.spots, node.start_mark.index)
        return at < len(self.spots) and self.spots[at] < node.end_mark.index


UNTAINTED = Taints("", {})


def in_text(
    text: Text, sink: Sink, reach: Reach, writers: Mapping[str, Writer], shell: str = ""
) -> Iterator[Expansion]:
    """The expansions of such variables in a text that lands in `sink`.

    `${VAR}` is pasted into the file before it is read; `$VAR` and `$${VAR}` are left to the shell.
    """
    for match in _USES.finditer(text.text):
        writer = writers.get(match[3])
        if writer is None or not writer.decides(reach):
            continue
        pasted = _pasted(match)
        if not pasted and sink != "script":
            continue
        start, end = match.start(), _end(text.text, match)
        yield Expansion(
            text=text.text[start:end],
            sources=(match[3],),
            time="template" if pasted else "run",
            sink=sink,
            shell=shell,
            attacker_controlled=True,
            outsider=writer.outside(reach),
            author=writer.who,
            writer=authors.writer(writer.who),
            reparsed=sink == "script" and (pasted or reparsed(text, shell, start, end)),
            choosing=sink == "image" and in_name(text.text, start),
            place=text.place(start, end),
        )


def handed_on(
    variables: Iterable[Variable], scripts: Iterable[Script], writers: Mapping[str, Writer]
) -> dict[str, str]:
    """The variables that are given the text of such a variable, and of which: `TITLE=$DRONE_TAG`."""
    found: dict[str, str] = {}
    for variable in variables:
        match = _USES.search(variable.value) if variable.kind == "environment" else None
        if match is not None and not variable.literal and match[3] in writers:
            found[variable.name] = match[3]
    for script in scripts:
        for match in _USES.finditer(script.text):
            name = receiver(script.text, *match.span()) if match[3] in writers else ""
            if name and not _pasted(match):
                found.setdefault(name, match[3])
    return found


def through(
    text: Text, reach: Reach, writers: Mapping[str, Writer], known: Mapping[str, str], shell: str
) -> Iterator[Expansion]:
    """The places where a script reads as code what came to it through one of the `known` variables."""
    for match in _NAMED.finditer(text.text):
        source = known.get(match[3], "")
        # with braces it would be pasted, and nothing of that name is there
        if not source or _pasted(match) or not writers[source].decides(reach):
            continue
        start, end = match.start(), _end(text.text, match)
        if reparsed(text, shell, start, end):
            yield Expansion(
                text=text.text[start:end],
                sources=(source,),
                time="run",
                sink="script",
                shell=shell,
                attacker_controlled=True,
                outsider=writers[source].outside(reach),
                author=writers[source].who,
                writer=authors.writer(writers[source].who),
                via=f"the variable {match[3]}",
                reparsed=True,
                place=text.place(start, end),
            )


def _pasted(match: re.Match[str]) -> bool:
    """Whether the platform puts a variable in before the shell sees it: `${X}`, but not `$${X}`."""
    return bool(match[2]) and len(match[1]) % 2 == 1


def in_node(
    document: Document, node: Node, sink: Sink, reach: Reach, writers: Mapping[str, Writer]
) -> Iterator[Expansion]:
    """The expansions in every text at or below a node."""
    for scalar in walk(node):
        if isinstance(scalar, ScalarNode) and "${" in scalar.value:
            yield from in_text(alone(document.place(scalar)), sink, reach, writers)


def alone(place: Place) -> Text:
    """The Text of one scalar."""
    return Text(place.first.value, ((0, place),))


def _end(text: str, match: re.Match[str]) -> int:
    """Where an expansion ends: after the brace that closes it."""
    if not match[2]:
        return match.end()
    depth = 1
    for at in range(match.end(), min(len(text), match.end() + 400)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    return match.end()
