"""A pipeline of Drone or Woodpecker is one job: steps and services that share a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Place, SequenceNode
from pipelaw.facts.publications import with_publications
from pipelaw.facts.references import mount
from pipelaw.facts.releases import acts, delivering, pushes_over
from pipelaw.facts.script_facts import facts_of
from pipelaw.facts.secret_names import valuable
from pipelaw.loaders.drone_conditions import Reach, event_nodes
from pipelaw.loaders.drone_expansions import in_node
from pipelaw.loaders.drone_plugins import overwrites
from pipelaw.loaders.drone_steps import Parts, container_parts, entries, reached, step_of
from pipelaw.model import Job, Runner, Trigger, replaced
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw import words
    from pipelaw.document import Document, Node, ScalarNode
    from pipelaw.loaders.drone_conditions import Case, Event
    from pipelaw.loaders.drone_steps import Context
    from pipelaw.loaders.drone_values import Values
    from pipelaw.model import Expansion, Secret, Step, Volume


class Head(NamedTuple):
    """What a pipeline says about itself."""

    name: str
    place: Place
    reach: Reach
    triggers: tuple[Trigger, ...]
    condition: str = ""
    runner: Runner = Runner()
    needs: tuple[str, ...] = ()
    environment: str = ""


def triggers_of(
    document: Document,
    node: Node | None,
    cases: tuple[Case, ...],
    events: Mapping[str, Event],
    default: Place,
) -> tuple[Trigger, ...]:
    """The triggers that get past a condition; what it does not name, the platform does by itself."""
    named = event_nodes(document, node) if node is not None else {}
    found = []
    for name, event in events.items():
        own = [case for case in cases if name in case.events]
        if not own:
            continue
        word = named.get(name)
        found.append(
            Trigger(
                kind=event.kind,
                name=name,
                outsider=event.outsider,
                branches=_branches(own),
                types=own[0].types if len(own) == 1 else _all(case.types for case in own),
                place=default if word is None else document.place(word),
            )
        )
    return tuple(found)


def _branches(cases: list[Case]) -> tuple[str, ...]:
    """The branches of all cases; one without any lets every branch through."""
    if len(cases) == 1:
        return cases[0].branches
    if not all(case.branches for case in cases):
        return ()
    return tuple(dict.fromkeys(_all(case.branches for case in cases)))


def job_of(
    context: Context, head: Head, fields: Mapping[str, Node], nodes: Node | None, own: Values
) -> Job:
    """The job: its steps in order; clone and service containers belong to the job itself."""
    ran = _steps(context, nodes, head.reach)
    reach = ran.reach
    around = _around(context, fields, head.reach, own)
    values = {one.name: one.value for one in own.variables}
    steps = with_publications(ran.steps, values)
    done = acts(script for step in ran.steps for script in step.scripts)
    return Job(
        id=head.name,
        name=head.name,
        steps=steps,
        runner=head.runner,
        environment=head.environment,
        needs=head.needs,
        condition=head.condition,
        events=_kinds(head.triggers, reach),
        reachable_by_outsider=bool(reach.outsiders),
        entry=_entry(head.triggers, reach),
        gates=reach.gates,
        holds_secrets=_held(around.secrets) or any(valuable(step.secrets) for step in ran.steps),
        # the file that says what runs comes from the pull request, too
        runs_outsider_code=bool(reach.outsiders),
        publishes="publish" in ran.purposes or "publishes" in done,
        deploys="deploy" in ran.purposes or "deploys" in done or bool(head.environment),
        anywhere=ran.alike or any(_gives(head.name, steps[index], values) for index in ran.open),
        references=around.references,
        scripts=around.scripts,
        variables=around.variables,
        secrets=around.secrets,
        credentials=around.facts.credentials,
        containers=around.containers,
        volumes=(*around.volumes, *_unmounted(context, ran.steps, around.volumes)),
        expansions=around.expansions,
        flaws=around.facts.flaws,
        place=head.place,
    )


def _gives(pipeline: str, step: Step, around: Mapping[str, str]) -> bool:
    """Whether the commands of a step give a package or image to users, or deploy to where they see it."""
    if step.publications:
        return True
    done = acts(step.scripts)
    if "deploys" in done and delivering(pipeline, step.name or step.id):
        return True
    return "publishes" in done and pushes_over(
        step.scripts, {**around, **{one.name: one.value for one in step.variables}}
    )


def _unmounted(
    context: Context, steps: Iterable[Step], around: Iterable[Volume]
) -> Iterator[Volume]:
    """The host paths that the pipeline declares and nothing mounts, as a device neither."""
    if not context.hosts:
        return
    ran = tuple(steps)
    mounts = [*around, *(volume for step in ran for volume in step.volumes)]
    used = {id(volume.place.first) for volume in mounts}
    options = {one for step in ran for container in step.containers for one in container.options}
    for path in context.hosts.values():
        if id(path) not in used and f"device={path.value}" not in options:
            yield mount(path.value, "", context.document.place(path))


class _Ran(NamedTuple):
    """The steps of a job, what their plugins are for, and what reaches any of them."""

    steps: list[Step]
    purposes: set[str]
    reach: Reach
    open: frozenset[int]
    """The indexes of those that a push of any branch runs."""
    alike: bool
    """One of these has a plugin that gives away the same for each branch."""


def _steps(context: Context, node: Node | None, outer: Reach) -> _Ran:
    steps: list[Step] = []
    purposes: list[str] = []
    reaches: list[Reach] = []
    for index, entry in enumerate(entries(context.document, node, "`steps`")):
        step, purpose, reach = step_of(context, entry, index, outer)
        steps.append(step)
        purposes.append(purpose)
        reaches.append(reach)
    free = [index for index, reach in enumerate(reaches) if reach.anywhere]
    alike = any(purposes[index] and overwrites(steps[index], purposes[index]) for index in free)
    return _Ran(steps, {*purposes}, _joined(outer, reaches), frozenset(free), alike)


def _around(context: Context, fields: Mapping[str, Node], reach: Reach, own: Values) -> Parts:
    """What belongs to the job and not to a step: its own values, clone and service containers."""
    found = Parts(
        variables=tuple(own.variables),
        secrets=tuple(own.secrets),
        facts=facts_of((), own.variables),
        expansions=tuple(_expansions(context, fields, reach)),
    )
    for parts in _containers(context, fields, reach):
        found = found.plus(parts)
    return found


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(part for group in parts for part in group)


def _joined(outer: Reach, steps: list[Reach]) -> Reach:
    """What reaches any of the steps; a pipeline none of whose steps run does nothing."""
    if not steps:
        return outer
    events = {name for step in steps for name in step.events}
    outsiders = {name for step in steps for name in step.outsiders}
    return Reach(
        tuple(name for name in outer.events if name in events),
        tuple(name for name in outer.events if name in outsiders),
        outer.gates,
    )


def _kinds(triggers: tuple[Trigger, ...], reach: Reach) -> tuple[words.Event, ...]:
    return tuple(dict.fromkeys(t.kind for t in triggers if t.name in reach.events))


def _entry(triggers: tuple[Trigger, ...], reach: Reach) -> Trigger:
    return next((t for t in triggers if t.name in reach.outsiders), Trigger())


def _held(secrets: Iterable[Secret]) -> bool:
    """Whether a secret gets as far as the job; what the runner alone uses does not."""
    return valuable(secret for secret in secrets if secret.use != "other")


def _containers(context: Context, fields: Mapping[str, Node], reach: Reach) -> Iterator[Parts]:
    """What clone and service containers bring to the job."""
    document = context.document
    if _has_containers(fields.get("clone")):
        for entry in entries(document, fields["clone"], "`clone`"):
            yield container_parts(context, entry, "clone", reach)
    if "services" in fields:
        for entry in entries(document, fields["services"], "`services`"):
            own = reached(context, entry.fields.get("when"), reach)
            parts = container_parts(context, entry, "service", own)
            if own.outsiders or not parts.secrets:
                yield parts
            else:
                kept = (replaced(secret, outsiders="withheld") for secret in parts.secrets)
                yield parts._replace(secrets=tuple(kept))


def _has_containers(node: Node | None) -> bool:
    """Whether a `clone` holds containers; elsewhere it holds the settings of the platform's own."""
    if isinstance(node, MappingNode):
        return any(isinstance(value, MappingNode) for _, value in node.value)
    return isinstance(node, SequenceNode)


def clone_settings(document: Document, node: Node | None) -> list[tuple[ScalarNode, Node]]:
    """The settings of the platform's own clone step."""
    if not isinstance(node, MappingNode) or _has_containers(node):
        return []
    return document.pairs(node, "`clone`")


_READ_ELSEWHERE = frozenset({"steps", "pipeline", "services", "clone", "variables", "kind", "type"})
_SINKS: dict[str, words.Sink] = {
    "when": "condition",
    "trigger": "condition",
    "environment": "environment",
    "name": "name",
}


def _expansions(context: Context, fields: Mapping[str, Node], reach: Reach) -> Iterator[Expansion]:
    if not context.taints.spots:
        return
    for key, value in fields.items():
        if key not in _READ_ELSEWHERE and context.taints.touch(value):
            sink = _SINKS.get(key, "other")
            yield from in_node(context.document, value, sink, reach, context.dialect.writers)
