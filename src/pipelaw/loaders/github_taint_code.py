"""What an outsider's text does in code of PowerShell, Python and JavaScript, also inside another script."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.facts.taint import strongest
from pipelaw.loaders.github_expressions import fences
from pipelaw.loaders.github_files import file_taint
from pipelaw.loaders.github_taint import taints_in
from pipelaw.loaders.github_taint_pasted import as_json
from pipelaw.loaders.github_taint_scripts import answers, powershell, reads
from pipelaw.loaders.github_taint_sources import asks, fetches, member, produced
from pipelaw.loaders.github_taint_stores import FILES
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.facts.python_taint import Sources
    from pipelaw.facts.script_taint import Run
    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Script

_EVENT = "GITHUB_EVENT_PATH"
_CODED = pattern(r"\b(?:python[\d.]*|node)\b")


def put_out(runs: Iterable[Run]) -> dict[str, Taint]:
    """Whose text the outputs hold that code sets."""
    return {run.name.lower(): run.taint for run in runs if run.kind == "outputs" and run.name}


def of_powershell(context: Context, flow: Flow, script: Script) -> Iterator[Run]:
    """What a script of PowerShell runs, asks, and writes to GitHub's files."""
    from pipelaw.facts import powershell_taint  # noqa: PLC0415  most scans meet none

    code = script.text
    read = reads(code, partial(file_taint, flow, code)) if flow.known.files else {}
    if _EVENT in code:
        asked = partial(member, context)
        read.update(powershell_taint.members(code, f"env:{_EVENT.lower()}", asked))
    if asks(code):
        read.update(answers(code, partial(_answer, context, flow, code)))
    yield from powershell(code, flow.tainted, read)
    yield from powershell_taint.runs(code, flow.tainted, read)


def _answer(context: Context, flow: Flow, code: str, words: Sequence[str]) -> Taint | None:
    """Whose text a command of git or GitHub's program prints."""
    flow.known.requested = flow.known.requested or fetches(context, code)
    return produced(context, flow.known, words, ())


def of_python(context: Context, flow: Flow, code: str) -> Iterator[Run]:
    """What code of Python runs, and what it writes to GitHub's files."""
    from pipelaw.facts import python_taint  # noqa: PLC0415  most scans meet none

    code, tainted = _read(context, flow, code) if "${{" in code else (code, flow.tainted)
    return python_taint.runs(code, tainted, FILES, _sources(context, flow, code))


def _read(context: Context, flow: Flow, code: str) -> tuple[str, Mapping[str, Taint]]:
    """Code with variables for values that are pasted as JSON, which cannot become code; and their texts."""
    tainted = dict(flow.tainted)
    for number, fence in enumerate(fences(code)):
        taint = strongest(taints_in(context, flow, fence.code))
        room = fence.end - fence.start
        name = f"getenv('_{number}')"
        if taint is not None and len(name) <= room and as_json(code, fence):
            code = f"{code[: fence.start]}{name:{room}}{code[fence.end :]}"
            tainted[f"_{number}"] = taint
    return code, tainted


def _sources(context: Context, flow: Flow, code: str) -> Sources:
    from pipelaw.facts.python_taint import Sources  # noqa: PLC0415  as above

    lies = partial(file_taint, flow, code) if flow.known.files else None
    return Sources(lies, partial(member, context), _EVENT) if _EVENT in code else Sources(lies)


def inside(context: Context, flow: Flow, script: Script) -> Iterator[Run]:
    """What code does that a script of a shell hands to an interpreter: `python -c`, here-documents."""
    if "GITHUB_" not in script.text or not _CODED.search(script.text):
        return
    from pipelaw.facts.script_taint import Run  # noqa: PLC0415  as above
    from pipelaw.facts.shell import coded  # noqa: PLC0415  as above
    from pipelaw.loaders.github_javascript import JavaScript  # noqa: PLC0415  as above

    for language, code, at in coded(script.text, script.shell):
        if language == "python":
            for run in of_python(context, flow, code):
                yield run._replace(start=at + run.start, end=at + run.end)
        else:
            read = JavaScript(context, flow, code)
            for name, taint in read.outputs().items():
                yield Run("outputs", name, taint, at, at + len(code))
            for kind, taint, start, end in read.runs():
                yield Run(kind, "", taint, at + start, at + end)
