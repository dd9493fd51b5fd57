"""Texts that GitLab, the runner or the shell puts into others, and who writes them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import ScalarNode
from pipelaw.facts.authors import INCLUDER, TRIGGERER, writer
from pipelaw.facts.references import in_name
from pipelaw.facts.shell import reparsed
from pipelaw.facts.shell_handing import receiver
from pipelaw.facts.shell_words import CODING
from pipelaw.loaders.gitlab_nodes import INPUT, MAIN
from pipelaw.loaders.gitlab_variables import AUTHORS, Used, authored, used, written
from pipelaw.model import Expansion
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Node
    from pipelaw.loaders.gitlab_nodes import File, Nodes
    from pipelaw.loaders.gitlab_variables import Given
    from pipelaw.model import Script
    from pipelaw.words import Sink

_LOGGED = pattern(r"""([A-Za-z_]\w*)=["']?\$\(\s*git\s+(?:log|show)\b[^()\n]*%[sBb]""")
"""What the commit says about itself, read from git."""

_PAYLOAD = "TRIGGER_PAYLOAD"
"""The variable that names the file with what came with a trigger: the path is safe, the file is not."""
_READ = pattern(r"""([A-Za-z_]\w*)=["']?\$\([^()\n]*\$\{?TRIGGER_PAYLOAD\b""")
"""A variable that gets something of it."""
_RUN = pattern(
    r"""(?:(?:^|[;&|({]|\b(?:then|do|else|exec|sudo)\b)[ \t]*(?:\.|source|(?:[bdkz]a?|a)?sh)"""
    r"""(?:[ \t]+-[a-z]+)*(?:[ \t]*<)?[ \t]+|\beval[ \t]+["']?\$\([^()\n]*)"""
    r"""["']?(?P<payload>\$\{?TRIGGER_PAYLOAD\}?)"""
    r"""|(?P<piped>\$\{?TRIGGER_PAYLOAD\}?)["']?[^\n;&]*\|[ \t]*(?:[bdkz]a?|a)?sh\b""",
    re.MULTILINE,
)
"""The whole of it, or what a program makes of it, run as a script."""

Origins = dict[str, tuple[str, ...]]
"""Variables of a job by name, with the variables in their text that somebody else writes."""


def origins(given: Given, above: Origins) -> Origins:
    """The variables that carry text of others; `above` are those of the file, which `given` may hide."""
    if not above and not given.changing:
        return above
    found = {name: names for name, names in above.items() if name not in given.values}
    # twice: a variable may be used in another one, and defined below it in the file
    for variable in given.changing * 2:
        names = [one for use in used(variable.value) for one in _sources(use.name, found)]
        if names:
            found[variable.name] = tuple(dict.fromkeys(names))
    return found


def _sources(name: str, known: Origins) -> tuple[str, ...]:
    """The variables of GitLab's in a variable whose text somebody else writes."""
    return (name,) if name in AUTHORS else known.get(name, ())


def _author(sources: tuple[str, ...]) -> str:
    return AUTHORS.get(sources[0], TRIGGERER)


def passed_on(scripts: Iterable[Script], known: Origins) -> Origins:
    """`known`, and the variables to which the scripts give a text of others: `MESSAGE=$CI_COMMIT_TITLE`."""
    found = dict(known)
    for script in scripts:
        text = script.text
        if "$(git " in text:
            found.update({match[1]: ("CI_COMMIT_MESSAGE",) for match in _LOGGED.finditer(text)})
        if _PAYLOAD in text:
            found.update({match[1]: (_PAYLOAD,) for match in _READ.finditer(text)})
        if "=" not in text or not (found or authored(text)):
            continue
        for use in used(text):
            sources = _sources(use.name, found)
            name = receiver(text, use.start, use.end) if sources else ""
            if name and name not in found:
                found[name] = sources
    return found


def in_script(
    nodes: Nodes, script: Script, known: Origins, settled: frozenset[str]
) -> Iterator[Expansion]:
    """The expansions of a script; text that passes through a variable counts where it becomes code.

    `settled` are the variables to which the job's conditions leave no choice.
    """
    if "$[[" in script.text:
        yield from _inputs(nodes, script)
    if _PAYLOAD in script.text:
        for match in _RUN.finditer(script.text):
            group = "payload" if match["payload"] else "piped"
            yield _run(script, Used(_PAYLOAD, *match.span(group)), known, reparsed=True)
    uses = authored(script.text)
    if known:
        uses = tuple(use for use in used(script.text) if use.name in AUTHORS or use.name in known)
    if settled and uses:
        uses = tuple(use for use in uses if not _fixed(use, known, settled))
    coding = bool(uses) and _interpreting(script.text)
    for use in uses:
        again = coding and reparsed(script.source_text, script.shell, use.start, use.end)
        if use.name in AUTHORS or again:
            yield _run(script, use, known, reparsed=again)


def _fixed(use: Used, known: Origins, settled: frozenset[str]) -> bool:
    """Whether the job's conditions leave a variable, or all that it is made of, no choice."""
    return settled.issuperset(_sources(use.name, known))


@lru_cache(maxsize=1024)
def _interpreting(text: str) -> bool:
    return CODING.search(text.lower()) is not None


def _run(script: Script, use: Used, known: Origins, *, reparsed: bool) -> Expansion:
    direct, sources = use.name in AUTHORS, _sources(use.name, known) or (use.name,)
    return Expansion(
        text=script.text[use.start : use.end],
        sources=sources,
        time="run",
        sink="script",
        shell=script.shell,
        attacker_controlled=True,
        author=_author(sources),
        writer=writer(_author(sources)),
        via="" if direct or use.name == _PAYLOAD else f"the variable {use.name}",
        reparsed=reparsed,
        place=script.source_text.place(use.start, use.end),
    )


def _inputs(nodes: Nodes, script: Script) -> Iterator[Expansion]:
    """The inputs that are pasted into a script, where somebody decides their text."""
    for offset, place in script.source_text.parts:
        node = place.first
        if isinstance(node, ScalarNode) and "$[[" in node.value:
            file = nodes.file(node)
            for match in INPUT.finditer(node.value):
                found = _pasted(file, script, match, offset)
                if found is not None:
                    yield found


def _pasted(file: File, script: Script, match: re.Match[str], offset: int) -> Expansion | None:
    """An input in a script: a text of others, whatever it is given, or None for neither.

    A variable in an input stays one, which the shell reads as data, until `expand_vars` puts in its
    text. Without that an input says what members wrote into a file, or when they started a run.
    """
    name, functions = match[1], match[2]
    if "posix_escape" in functions:
        return None
    start, end = offset + match.start(), offset + match.end()
    expanded = "expand_vars" in functions
    sources = written(file.inputs.get(name, ""))
    again = sources and (expanded or reparsed(script.source_text, script.shell, start, end))
    if not again and name not in file.free:
        return None
    main = file.source.path.rpartition("/")[2] in MAIN
    who = AUTHORS[sources[0]] if again else INCLUDER
    return Expansion(
        text=match[0],
        sources=sources if again else (f"inputs.{name}",),
        time="template" if expanded or not again else "run",
        sink="script",
        shell=script.shell,
        attacker_controlled=bool(again),
        author=who,
        writer=writer(who),
        via=f"the input {name}" if again else "",
        decider="" if again else "caller" if expanded else "member" if main else "",
        reparsed=True,
        place=script.source_text.place(start, end),
    )


def in_places(
    nodes: Nodes,
    places: Iterable[tuple[Sink, Node | None]],
    known: Origins,
    settled: frozenset[str] = frozenset(),
) -> Iterator[Expansion]:
    """The expansions of values that GitLab or the runner reads, where somebody else writes them.

    Each place is a sink, and the node that may be a text.
    """
    for sink, node in places:
        if isinstance(node, ScalarNode) and "$" in node.value:
            for use in used(node.value):
                if use.name not in AUTHORS and use.name not in known:
                    continue
                if not _fixed(use, known, settled):
                    yield _in_value(nodes, node, sink, use, known)


def _in_value(nodes: Nodes, node: ScalarNode, sink: Sink, use: Used, known: Origins) -> Expansion:
    direct, sources = use.name in AUTHORS, _sources(use.name, known)
    return Expansion(
        text=node.value[use.start : use.end],
        sources=sources,
        time="run",
        sink=sink,
        attacker_controlled=True,
        author=_author(sources),
        writer=writer(_author(sources)),
        via="" if direct else f"the variable {use.name}",
        choosing=_choosing(sink, node.value, use.start),
        place=nodes.place(node).part(use.start, use.end),
    )


def _choosing(sink: Sink, text: str, start: int) -> bool:
    """Whether a text decides what is used; after a fixed beginning, such as `review/`, it does not."""
    if sink == "image":
        return in_name(text, start)
    return sink == "include" or (sink == "target" and not text[:start].strip("/"))
