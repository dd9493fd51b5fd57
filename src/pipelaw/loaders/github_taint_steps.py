"""What a step does with an outsider's text: what its outputs and variables hold, and where it does harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_effects import Given, Write
from pipelaw.facts.shell_words import CODING, WRAPPERS
from pipelaw.facts.shells import family
from pipelaw.facts.taint import Taint, strongest, taints
from pipelaw.loaders.github_called import action_outputs, action_variables
from pipelaw.loaders.github_callers import noted
from pipelaw.loaders.github_expressions import fences
from pipelaw.loaders.github_files import file_taint, printed, written_by
from pipelaw.loaders.github_misuse import OBEYING
from pipelaw.loaders.github_reflecting import LOADERS, loaded, reflected, set_for_later
from pipelaw.loaders.github_sink_inputs import INPUT_SINKS, run_elsewhere
from pipelaw.loaders.github_taint import taint_of, taints_in
from pipelaw.loaders.github_taint_code import inside, of_powershell, of_python, put_out
from pipelaw.loaders.github_taint_inputs import arriving, taken_by
from pipelaw.loaders.github_taint_scripts import batch
from pipelaw.loaders.github_taint_sources import asks, chosen, event_file, fetches, produced
from pipelaw.loaders.github_taint_stores import STORES, Entry, commands, entries, forged
from pipelaw.loaders.github_workspace import by_variables
from pipelaw.parts import by_name
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.facts.script_taint import Run
    from pipelaw.facts.shell_effects import Effects
    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.loaders.github_javascript import JavaScript
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Expansion, Reference, Script, Variable
    from pipelaw.words import Sink, Store

_PASTED = "${{"
_RUNNING = (
    *("eval(", "Function(", "child_process", "exec.exec", "getExecOutput"),
    *("GITHUB_ENV", "fetch(", "axios", "got(", "exportVariable", "addPath"),
)
"""What is in every script of JavaScript that may run a text, ask it or make variables of it."""


class StepOutputs:
    """The outputs of one step, looked into when somebody asks."""

    __slots__ = ("_context", "_flow", "_given", "_known", "_script", "_used")

    def __init__(
        self,
        context: Context,
        flow: Flow,
        used: Reference | None,
        inputs: tuple[Variable, ...],
        script: Script | None,
    ) -> None:
        self._context = context
        self._flow = flow
        self._used = used
        self._given = inputs
        self._script = script
        self._known: dict[str, Taint] | None = None

    def of(self, name: str) -> Taint | None:
        """Whose text an output holds; with "", the worst of all of them."""
        if self._known is None:
            self._known = {}  # an output that is made from itself is nobody's
            if self._script is not None:
                self._known = _outputs(self._context, self._flow, self._script)
        found = self._known.get(name) if name else strongest(self._known.values())
        if found is not None or self._used is None:
            return found
        return self._from_action(self._used, name)

    def _from_action(self, used: Reference, name: str) -> Taint | None:
        given = by_name(self._given)
        if used.text.startswith((".", "$/")) and used.kind == "action":
            return action_outputs(self._context, self._flow, used, given, name)
        return reflected(self._context, self._flow, used, given, name)


class Parts(NamedTuple):
    """A step that was just read."""

    outer: Flow
    """The flow of its job."""
    flow: Flow
    """Its own."""
    reach: Reach
    id: str
    used: Reference | None
    inputs: tuple[Variable, ...]
    scripts: tuple[Script, ...]


def learn(context: Context, step: Parts) -> None:
    """Note what a step leaves for later ones, and add what it does to its expansions."""
    outer, flow, used = step.outer, step.flow, step.used
    script = step.scripts[0] if step.scripts else None
    if step.id:
        outer.known.steps[step.id.lower()] = StepOutputs(context, flow, used, step.inputs, script)
    if used is not None:
        _learn_action(context, step, used)
    if script is None or run_elsewhere(used):
        return
    if script.shell == "javascript":
        _javascript(context, outer, flow, script)
    elif _worth(flow, script):
        _follow(context, outer, flow, script)
    outer.known.requested = outer.known.requested or fetches(context, script.text)


def _learn_action(context: Context, step: Parts, used: Reference) -> None:
    """What an action does with its inputs and with the files that it finds."""
    flow, name = step.flow, used.name.lower()
    if used.pin == "local" and used.kind == "action":
        context.calls.append(noted(context, flow, used, step.inputs, step.reach))
        if found := action_variables(context, flow, used, by_name(step.inputs)):
            step.outer.tainted = {**step.outer.tainted, **found}
    if name in INPUT_SINKS:
        flow.expansions.extend(taken_by(context, flow, used, step.inputs))
    if name in LOADERS and (taint := loaded(flow, by_name(step.inputs))) is not None:
        flow.expansions.append(arriving("environment file", used.text, taint, used.place, ""))
    if sets := set_for_later(context, used):
        step.outer.tainted = {**step.outer.tainted, **sets}


def _read_javascript(context: Context, flow: Flow, code: str) -> JavaScript:
    from pipelaw.loaders.github_javascript import JavaScript  # noqa: PLC0415  most scans meet none

    return JavaScript(context, flow, code)


def _javascript(context: Context, outer: Flow, flow: Flow, script: Script) -> None:
    """The variables that a script of JavaScript sets for later steps, and what it runs."""
    exports = "exportVariable" in script.text
    runs = any(word in script.text for word in _RUNNING)
    if exports or runs:
        code = _read_javascript(context, flow, script.text)
        outer.tainted = {**outer.tainted, **code.exports()} if exports else outer.tainted
        for sink, taint, start, end in code.runs() if runs else ():
            flow.expansions.append(_at(script, sink, taint, start, end))


def _worth(flow: Flow, script: Script) -> bool:
    """Whether an outsider's text can do anything in a script: parsing it costs more than all else."""
    text = script.text
    if flow.tainted and _sinkable(text):
        lowered = text.lower()
        if any(name in lowered for name in flow.tainted):
            return True
    if flow.known.files and ("GITHUB_" in text or CODING.search(text.lower()) is not None):
        return True
    if _PASTED in text and "GITHUB_ENV" in text and flow.expansions:
        return True
    if script.shell == "python" and _PASTED in text and "tojson" in text.lower():
        return True
    # what such scripts do with the programs of `HARMED`, git above all, is mostly to ask
    return asks(text) and (
        "GITHUB_" in text
        or "::" in text
        or ("gh " in text and ">" in text)
        or CODING.search(text.lower()) is not None
    )


def _sinkable(text: str) -> bool:
    from pipelaw.facts.shell_sinks import HARMED  # noqa: PLC0415  most scripts see no outsider's text

    return HARMED.search(text.lower()) is not None or _SINKABLE.search(text) is not None


_SINKABLE = pattern(
    r"GITHUB_|::(?:set-|add-)|\(\(|\s-(?:eq|ne|lt|le|gt|ge)\s|\blet\s"
    r"|%\w|\./\w|os\.|subprocess|>[ \t]*[\w.$\"'{-]|\btee\b"
    r"|(?i:\b(?:irm|iwr)\b|invoke-(?:webrequest|restmethod)|scriptblock)"
    r"|(?m:(?:^|[;&|({]|\b(?:if|elif|while|until|then|do|else|[Ss]tart-[Pp]rocess)\s)[ \t]*[\"']?\$\{?\w)"
    rf"|\b(?:{'|'.join(sorted(WRAPPERS))})(?:[ \t]+(?:-\S+|\d\S*|[A-Za-z_]\w*=\S*))*[ \t]+[\"']?\$\{{?\w"
)
"""Beside the programs: files of the runner, its commands, other languages, and what runs a variable."""


def _run(context: Context, flow: Flow, script: Script) -> Effects | None:
    """Follow the text through a script of the Bourne family; None where there is none to follow."""
    if flow.effects is None:
        flow.effects = (_effects(context, flow, script),)
    return flow.effects[0]


def _effects(context: Context, flow: Flow, script: Script) -> Effects | None:
    code = script.text
    known, files = flow.known, flow.known.files
    templates = _templates(context, flow, code) if _PASTED in code else []
    if not (files or any(one[2] is not None for one in templates) or _asks(flow, code)):
        return None
    from pipelaw.facts.shell_taint import run  # noqa: PLC0415  most scans need no parser

    variables: Mapping[str, Taint] = flow.tainted
    if "GITHUB_HEAD_REF" in code:
        head = taint_of(context, flow, "github.head_ref")
        variables = {**variables, "github_head_ref": head} if head is not None else variables
    given = Given(
        variables=variables,
        templates=templates,
        stores=STORES,
        produce=lambda words, named: produced(context, known, words, named) or printed(flow, words),
        file=lambda path: event_file(context) if path == "event" else file_taint(flow, code, path),
        picked=lambda answer, query: chosen(context, answer, query),
        made={one.folder: [Write((one.taint,), 0, 0)] for one in files if one.written},
    )
    return run(by_variables(code), given)


def _asks(flow: Flow, code: str) -> bool:
    """Whether a script names a variable that holds an outsider's text, or fetches such a text."""
    if flow.tainted:
        lowered = code.lower()
        if any(name in lowered for name in flow.tainted):
            return True
    return asks(code)


def _templates(context: Context, flow: Flow, code: str) -> list[tuple[int, int, Taint | None]]:
    """What is pasted into a script, and whose text it is."""
    found = []
    for fence in fences(code):
        taint = strongest(taints_in(context, flow, fence.code))
        pasted = taint if taint is None else taint._replace(pasted=True)
        found.append((fence.start, fence.end, pasted))
    return found


def _outputs(context: Context, flow: Flow, script: Script) -> dict[str, Taint]:
    """Whose text each output of a script holds."""
    if script.shell == "javascript":
        return _read_javascript(context, flow, script.text).outputs()
    language = family(script.shell)
    if language == "pwsh":
        return put_out(of_powershell(context, flow, script))
    if script.shell == "python":
        return put_out(of_python(context, flow, script.text))
    if language != "bash" or not _puts_out(script.text):
        return {}
    effects = _run(context, flow, script)
    if effects is None:
        return {}
    inner = put_out(inside(context, flow, script))
    wrote = [*entries(effects.files.get("outputs", ()))]
    wrote += (entry for kind, entry in commands(effects.printed) if kind == "set-output")
    return {**inner, **{e.name.lower(): e.taint for e in wrote if e.taint is not None}}


def _puts_out(text: str) -> bool:
    return "GITHUB_OUTPUT" in text or "::set-output" in text


def _follow(context: Context, outer: Flow, flow: Flow, script: Script) -> None:
    """Add what a script does to the expansions of its step and the variables of later ones."""
    language = family(script.shell)
    if language == "pwsh":
        _follow_code(outer, flow, script, of_powershell(context, flow, script))
    elif script.shell == "python":
        _follow_code(outer, flow, script, of_python(context, flow, script.text))
    elif language == "cmd":
        for taint, start, end in batch(script.text, flow.tainted):
            flow.expansions.append(_at(script, "script", taint, start, end))
    elif language == "bash":
        effects = _run(context, flow, script)
        if effects is not None:
            for sink in effects.sinks:
                flow.expansions.append(_at(script, sink.kind, sink.taint, sink.start, sink.end))
            _stored(outer, flow, script, effects)
            outer.known.files.extend(written_by(flow, effects))
        _follow_code(outer, flow, script, inside(context, flow, script))


def _stored(outer: Flow, flow: Flow, script: Script, effects: Effects) -> None:
    """What a script wrote to GitHub's files."""
    written = list(entries(effects.files.get("environment file", ())))
    printed = list(commands(effects.printed)) if _obeys_printed(flow) else []
    written += (entry for kind, entry in printed if kind == "set-env")
    variables = {e.name.lower(): e.taint for e in written if e.taint is not None and e.name}
    if variables:
        outer.tainted = {**outer.tainted, **variables}
    _harm(flow, script, "environment file", (e for e in written if e.loose))
    outputs = list(entries(effects.files.get("outputs", ())))
    _harm(flow, script, "outputs", _clobbering(outputs))
    if "::set-output" in script.text:
        _harm(flow, script, "outputs", forged(effects.printed))
    added = [entry.write for kind, entry in printed if kind == "add-path"]
    for write in (*effects.files.get("search path", ()), *added):
        taint = strongest(one for one in taints(write.value) if not one.pasted)
        if taint is not None:
            flow.expansions.append(_at(script, "search path", taint, write.start, write.end))


def _obeys_printed(flow: Flow) -> bool:
    """Whether `::set-env` and `::add-path` are switched on again around a step."""
    return any(
        variable.name == OBEYING and variable.value.lower() != "false"
        for scope in flow.variables
        for variable in scope
    )


def _clobbering(outputs: list[Entry]) -> Iterator[Entry]:
    """Entries that can set an output which was set before."""
    before: set[str] = set()
    for entry in outputs:
        wild = entry.loose and entry.taint is not None and entry.taint.charset == "text"
        if wild and before - {entry.name}:
            yield entry
        before.add(entry.name)


def _harm(flow: Flow, script: Script, kind: Store, found: Iterator[Entry]) -> None:
    """One expansion for each command that writes what it should not."""
    seen: set[int] = set()
    for entry in found:
        write, taint = entry.write, entry.taint
        if taint is not None and not taint.pasted and write.start not in seen:
            seen.add(write.start)
            flow.expansions.append(_at(script, kind, taint, write.start, write.end))


def _follow_code(outer: Flow, flow: Flow, script: Script, runs: Iterable[Run]) -> None:
    """Add what code does that is no shell's, or that a script of a shell hands to its interpreter."""
    for run in runs:
        if run.kind == "environment file" and run.name:
            outer.tainted = {**outer.tainted, run.name.lower(): run.taint}
        stored = run.kind in ("environment file", "outputs")
        tame = stored and run.taint.charset != "text"
        if not tame and (run.kind != "outputs" or run.behind):
            flow.expansions.append(_at(script, run.kind, run.taint, run.start, run.end))


def _at(script: Script, sink: Sink, taint: Taint, start: int, end: int) -> Expansion:
    place = script.source_text.place(start, end)
    return arriving(sink, script.text[start:end], taint, place, script.shell)
