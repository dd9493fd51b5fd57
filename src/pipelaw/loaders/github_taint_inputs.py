"""Inputs of actions that run or fetch an outsider's text, and what such a text does when it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.authors import writer
from pipelaw.loaders.github_sink_inputs import INPUT_SINKS
from pipelaw.loaders.github_taint import written
from pipelaw.model import Expansion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Reference, Variable
    from pipelaw.place import Place
    from pipelaw.words import Sink


def taken_by(
    context: Context, flow: Flow, used: Reference, inputs: tuple[Variable, ...]
) -> Iterator[Expansion]:
    """An outsider's text in inputs that an action runs or fetches."""
    sinks = INPUT_SINKS[used.name.lower()]
    for variable in inputs:
        taken = sinks.get(variable.name.lower())
        if taken is None or taken.language:
            continue  # what is a script was read as one
        taint = written(context, flow, variable.value)
        if taint is None or (taken.sink == "argument" and taint.charset == "branch"):
            continue  # a branch's name holds no space, and begins with no dash
        if taken.sink != "address" or _leading(variable.value):
            yield arriving(taken.sink, variable.value, taint, variable.place, "")


def _leading(text: str) -> bool:
    """Whether an expression is where an address says its host."""
    before = text.partition("${{")[0].rpartition(" ")[2]
    return before.partition("://")[2] == "" and "/" not in before.replace("://", "")


def arriving(sink: Sink, text: str, taint: Taint, place: Place, shell: str) -> Expansion:
    """Where an outsider's text arrives while a script runs."""
    return Expansion(
        text=text,
        time="run",
        sink=sink,
        shell=shell,
        attacker_controlled=True,
        outsider=taint.outsider,
        exposed=taint.exposed,
        author=taint.who,
        writer=writer(taint.who),
        via=taint.via,
        charset=taint.charset,
        reparsed=sink in ("script", "code", "arithmetic"),
        place=place,
    )
