"""Steps that make sure who started a run, or that nothing was added since: what they stop.

A step that fails for an outsider stops every later step and every job that needs its own; one that
only answers stops those whose condition tests its answer.
"""

from __future__ import annotations

import re
from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode, decode, true
from pipelaw.errors import UnreadableError
from pipelaw.loaders import mappings
from pipelaw.loaders.github_conditions import COMMENTED, Case, evaluate, judged, settled
from pipelaw.loaders.github_definitions import DEEPEST, HERE, action_in, definition, folder_of
from pipelaw.loaders.github_known_checks import (
    FAILS,
    NO_CHECK,
    PERMITTED,
    SIGNS,
    Check,
    everybody,
    known,
    mentioned,
    named,
    scripted,
)
from pipelaw.loaders.github_names import forked
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.loaders.github_definitions import Definition
    from pipelaw.model import Trigger
    from pipelaw.tree import Tree

_ALWAYS_FAILS = pattern(
    r"(?:\A|\n|\b(?:echo|printf)\b[^\n&|]{0,300}&&\s*|;\s*)(?:exit\s+-?[1-9]\d{0,3}|(?:core\.)?setFailed\([^\n]{0,300}\);?)\s*\Z"
)
"""A script that ends so, whatever it says before."""
_ACTED = pattern(
    r"github\.(?:triggering_)?actor|(?:sender|user)\.login|GITHUB_(?:TRIGGERING_)?ACTOR"
    r"|author_association|context\.actor",
    re.IGNORECASE,
)
"""Who caused the run, or wrote what it is about."""
_COMPARED = pattern(r"[=!]=|=~|\s=\s|\b(?:case|grep|jq)\b|(?:includes|contains|indexOf)\(")
_ELSEWHERE = pattern(r"(?:\A|[\s;&|(])\.{1,2}/[\w.-]|\.(?:sh|py|c?js|ts|rb|pl)\b|\brequire\(")
"""A script that runs code from a file."""


class Asked(NamedTuple):
    """For whom a check is looked at, and where what is used of the repository is looked up."""

    events: tuple[str, ...]
    """The events that outsiders cause."""
    tree: Tree | None
    depth: int = 0
    """How many files are between the workflow and what is being looked at."""

    @property
    def inside(self) -> Asked:
        """The same for what is inside a local action or workflow."""
        return self._replace(depth=self.depth + 1)


class Seen(NamedTuple):
    """What the steps of a job or of an action make sure of, one after the other."""

    stops: frozenset[str] = frozenset()
    answering: frozenset[str] = frozenset()
    """The outputs that tell whether whoever caused the run may do so, as the start of their paths."""
    unclear: bool = False
    """A step may check it in a way that is not understood here."""


def check_of(uses: str, inputs: Mapping[str, str], script: str, env: str, asked: Asked) -> Check:
    """What a step makes sure of, by the action that it uses, or the script that it runs with `env`."""
    if uses:
        name = uses.partition("@")[0].lower()
        if name not in ("actions/github-script", "octokit/request-action"):
            found = known(name, inputs)
            if uses.startswith(HERE):
                found = _action_checks(folder_of(uses), asked, found)
            return NO_CHECK if found is not NO_CHECK and everybody(inputs) else found
        script = script or inputs.get("script", "") or inputs.get("route", "")
    return scripted(script, env) if script else NO_CHECK


class JobChecks(NamedTuple):
    """What the steps of a job make sure of, for the jobs that need it."""

    stops: frozenset[str] = frozenset()
    """permission, origin, date, or environment where it waits for one."""
    closed: frozenset[str] = frozenset()
    """The start of the paths of its outputs that say no for an outsider."""
    unclear: bool = False
    """As of `Seen`."""


def _job_checks(job: str, fields: Mapping[str, Node], asked: Asked) -> JobChecks:
    """What the steps of one job make sure of, or the workflow that it calls."""
    called = fields.get("uses")
    if isinstance(called, ScalarNode):
        outputs = f"needs.{job.lower()}.outputs."
        said = JobChecks(PERMITTED, frozenset({outputs})) if named(called.value) else JobChecks()
        if not called.value.startswith(HERE):
            return said
        return _workflow_checks(folder_of(called.value), outputs, asked, said)
    seen = _seen(fields.get("steps"), _texts_of(fields.get("env")), asked)
    # to the jobs behind it, one that may fail has succeeded
    stops = frozenset[str]() if true(fields.get("continue-on-error")) else seen.stops
    return JobChecks(stops, _closed(f"needs.{job}.outputs.", fields, seen.answering), seen.unclear)


def _seen(steps: Node | None, around: str, asked: Asked) -> Seen:
    """What steps make sure of; `around` are the values of the variables around them."""
    stops: set[str] = set()
    answering: set[str] = set()
    unclear = False
    for item in steps.value if isinstance(steps, SequenceNode) else ():
        if isinstance(item, MappingNode):
            step = _texts(item)
            env = f"{around}\n{step.get('env', '')}"
            found = check_of(step.get("uses", ""), step, step.get("run", ""), env, asked)
            condition, optional = step.get("if", ""), step.get("continue-on-error")
            if found.stops and dominates(condition, optional, asked.events):
                stops |= found.stops
            closed = frozenset(answering)
            if optional != "true":
                stops |= refuses(condition, _code(step), closed, asked.events)
            if "id" in step:
                left_out = skipped(condition, closed, asked.events)
                answering |= found._replace(answers=found.answers or left_out).closed(step["id"])
            unclear = unclear or (asked.depth > 0 and _unclear(step, env))
    return Seen(frozenset(stops), frozenset(answering), unclear)


def _unclear(step: Mapping[str, str], env: str) -> bool:
    """Whether a step may ask who caused the run: in code that is elsewhere, or by what it compares."""
    used, script = step.get("uses", ""), _code(step)
    if used and not used.lower().startswith(("actions/", *HERE)):
        return True
    text = f"{script}\n{env}\n{step.get('if', '')}"
    if any(sign in text for sign in SIGNS) or _ELSEWHERE.search(script) is not None:
        return True
    return _ACTED.search(text) is not None and _COMPARED.search(text) is not None


def _action_checks(folder: str, asked: Asked, said: Check) -> Check:
    """What a local action makes sure of: what its name says only where that may be so."""
    found = action_in(asked.tree, folder) if asked.depth < DEEPEST else None
    if found is None:
        return said
    if said is NO_CHECK and not mentioned(found.document.source.text):
        return NO_CHECK
    if found.steps is None:
        main = mappings.at(found.fields.get("runs"), "main")
        return said if _may_ask(folder, main, asked.tree) else NO_CHECK
    seen = _seen(found.steps, "", asked.inside)
    if seen.stops or (seen.answering and "outputs" in found.fields):
        return Check(seen.stops, answers=bool(seen.answering) or "permission" in seen.stops)
    return said if seen.unclear else NO_CHECK


def _may_ask(folder: str, main: Node | None, tree: Tree | None) -> bool:
    """Whether the program of an action may ask who caused the run, as far as it can be read."""
    path = normpath(f"{folder}/{main.value}") if isinstance(main, ScalarNode) else ""
    if tree is None or path not in tree:
        return True
    try:
        text = decode(path, tree.read(path)).text
    except UnreadableError:
        return True
    return any(sign in text for sign in SIGNS) or _ACTED.search(text) is not None


def _workflow_checks(path: str, outputs: str, asked: Asked, said: JobChecks) -> JobChecks:
    """What a called workflow of the repository makes sure of; `outputs` is how its outputs are read."""
    there = asked.tree is not None and asked.depth < DEEPEST and path in asked.tree
    found = definition(asked.tree, path) if there and asked.tree is not None else None
    if found is None or (not said.stops and not mentioned(found.document.source.text)):
        return said if found is None else JobChecks()
    stops: set[str] = set()
    closed: list[str] = []
    unclear = False
    for job, node in mappings.values(found.fields.get("jobs")).items():
        fields = mappings.values(node)
        checks = _job_checks(job, fields, asked.inside)
        condition = fields.get("if")
        asks = condition.value if isinstance(condition, ScalarNode) else ""
        stops |= checks.stops if dominates(asks, None, asked.events) else set()
        closed += (f"jobs.{each.removeprefix('needs.')}" for each in checks.closed)
        unclear = unclear or checks.unclear or "uses" in fields or _ACTED.search(asks) is not None
    if not stops and not closed:
        return said if unclear else JobChecks()
    handed = {f"{outputs}{name}" for name in _handed(found, closed)}
    return JobChecks(frozenset(stops), frozenset({outputs} if "permission" in stops else handed))


def _handed(found: Definition, closed: Iterable[str]) -> Iterator[str]:
    """The outputs of a called workflow that are outputs of its jobs which say no for an outsider."""
    outputs = mappings.at(found.fields.get("on"), "workflow_call", "outputs")
    for name, options in mappings.values(outputs).items():
        given = mappings.at(options, "value")
        text = given.value.lower() if isinstance(given, ScalarNode) else ""
        if any(each in text for each in closed):
            yield name.lower()


def dominates(condition: str, optional: Node | str | None, events: Iterable[str]) -> bool:
    """Whether a step runs for every event that an outsider causes, and its failure counts."""
    lenient = optional == "true" or (isinstance(optional, Node) and true(optional))
    condition = _GOING_ON.sub("true", condition) if "()" in condition else condition
    return not lenient and (
        not condition or all(evaluate(condition, event).holds is True for event in events)
    )


_GOING_ON = pattern(r"\bsuccess\(\)|!\s*(?:failure|cancelled)\(\)")
"""What holds as long as later steps run by themselves."""


def fails(script: str) -> bool:
    """Whether a script fails whatever happens."""
    last = script.rstrip()[-1:]
    return (last.isdigit() or last in ");") and _ALWAYS_FAILS.search(script) is not None


def refuses(
    condition: str, script: str, closed: frozenset[str], events: Iterable[str]
) -> frozenset[str]:
    """What a step fails for; its condition may test outputs, `closed` of which tell of outsiders."""
    asks = bool(closed) and "steps" in condition.lower() and FAILS.search(script) is not None
    if not condition or not (asks or fails(script)):
        return frozenset()
    cases = [Case(e, outsider=True, author=e not in COMMENTED, closed=closed) for e in events]
    stops = PERMITTED if cases and _hold(condition, cases) else frozenset()
    foreign = [case._replace(author=True, outsider=by) for case in cases for by in (True, False)]
    return stops | {"origin"} if foreign and _hold(condition, foreign) else stops


def _hold(condition: str, cases: Iterable[Case]) -> bool:
    return all(judged(condition, case).holds is True for case in cases)


def skipped(condition: str, closed: frozenset[str], events: Iterable[str]) -> bool:
    """Whether a step is left out for outsiders, by outputs that tell of them: its own are empty then."""
    if not closed or "steps" not in condition.lower():
        return False
    cases = [Case(e, outsider=True, author=e not in COMMENTED, closed=closed) for e in events]
    return bool(cases) and all(judged(condition, case).holds is False for case in cases)


def _code(step: Mapping[str, str]) -> str:
    return step.get("run") or step.get("script", "")


_KEYS = frozenset("continue-on-error env id if run uses".split())
"""Keys of a step that no input of the same name stands for."""


def _texts(node: MappingNode) -> dict[str, str]:
    """The texts of a step, those of `with` among them."""
    found = {}
    for key, value in node.value:
        if isinstance(value, ScalarNode):
            found[str(key.value)] = str(value.value)
        elif key.value == "with" and isinstance(value, MappingNode):
            given = {name.lower(): text for name, text in _texts(value).items()}
            found.update({name: text for name, text in given.items() if name not in _KEYS})
        elif key.value == "env" and isinstance(value, MappingNode):
            found["env"] = _texts_of(value)
    return found


def _texts_of(node: Node | None) -> str:
    """The texts of an `env`, one on each line."""
    return "\n".join(_texts(node).values()) if isinstance(node, MappingNode) else ""


def _closed(start: str, fields: Mapping[str, Node], answering: frozenset[str]) -> frozenset[str]:
    outputs = fields.get("outputs")
    if not answering or not isinstance(outputs, MappingNode):
        return frozenset()
    return frozenset(
        f"{start}{key.value}".lower()
        for key, value in outputs.value
        if isinstance(value, ScalarNode) and _hands(str(key.value), value.value.lower(), answering)
    )


def _hands(name: str, value: str, answering: frozenset[str]) -> bool:
    """Whether an output of a job says what outputs of its steps tell of outsiders."""
    read = [path for path in answering if path in value]
    turned = "!" in value or "'false'" in value
    return any(path.endswith(".") or forked(name.lower()) or turned for path in read)


def waits(fields: Mapping[str, Node], triggers: Iterable[Trigger]) -> bool:
    """Whether a job has a deployment environment, also in runs that outsiders cause."""
    node = fields.get("environment")
    if node is None:
        return False
    named = mappings.at(node, "name") if isinstance(node, MappingNode) else node
    if not isinstance(named, ScalarNode):
        return named is not None
    if "${{" not in named.value:
        return bool(named.value)
    outsiders = (trigger for trigger in triggers if trigger.outsider and trigger.privileged)
    cases = (Case(t.name, outsider=True, author=t.kind != "comment") for t in outsiders)
    return all(settled(named.value, case) != "" for case in cases)


def checks_of(
    bodies: Mapping[str, Mapping[str, Node]],
    triggers: Iterable[Trigger],
    *,
    tree: Tree | None,
    guarded: bool,
) -> dict[str, JobChecks]:
    """What the jobs of a workflow make sure of, by id; `guarded` as the function of that name says."""
    events = (trigger.name for trigger in triggers if trigger.outsider and trigger.privileged)
    asked = Asked(tuple(events), tree)
    found = {}
    for job, fields in bodies.items():
        checks = _job_checks(job, fields, asked) if guarded else JobChecks()
        if waits(fields, triggers):
            checks = checks._replace(stops=checks.stops | {"environment"})
        if checks.stops or checks.closed:
            found[job] = checks
    return found
