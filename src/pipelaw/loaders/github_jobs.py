"""The jobs of a workflow: machine, containers, permissions, reach, and the workflows that they call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.document import (
    MappingNode,
    Node,
    Place,
    Problem,
    ScalarNode,
    SequenceNode,
    null,
    true,
)
from pipelaw.facts import references
from pipelaw.facts.script_facts import ScriptFacts, facts_of
from pipelaw.facts.secret_names import valuable
from pipelaw.loaders.github_caches import apart, capped
from pipelaw.loaders.github_caches import writes as cache_writes
from pipelaw.loaders.github_called import job_flow
from pipelaw.loaders.github_checkouts import runs_foreign
from pipelaw.loaders.github_constants import resolved
from pipelaw.loaders.github_exposure import expanded, met
from pipelaw.loaders.github_gates import in_values
from pipelaw.loaders.github_job_workspace import default_folder, made_by
from pipelaw.loaders.github_known_checks import guarded
from pipelaw.loaders.github_leaks import with_leaks
from pipelaw.loaders.github_needs import Needs, Unclear
from pipelaw.loaders.github_permission_checks import checks_of, waits
from pipelaw.loaders.github_permissions import Grant, given, permissions_of
from pipelaw.loaders.github_reach import Reach, Reaches, needed_first, never, of_its_own
from pipelaw.loaders.github_releases import deploys, publishes, started_by_release
from pipelaw.loaders.github_repeats import with_repeats
from pipelaw.loaders.github_runner import runner_of
from pipelaw.loaders.github_steps import Surroundings, condition_flaws, steps_of
from pipelaw.loaders.github_uses import uses_of
from pipelaw.model import Container, Job, Reference, Secret, Step, Variable, Volume
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Flaw
    from pipelaw.words import Role, TokenSource


class Parts(NamedTuple):
    """What the containers of a job bring to it."""

    references: list[Reference]
    containers: list[Container]
    volumes: list[Volume]
    variables: list[Variable]
    service_variables: list[Variable]


def jobs_of(context: Context, node: Node | None, granted: Grant) -> tuple[Job, ...]:
    """Every job that can run; one whose condition is false whatever happens is left out."""
    document = context.document
    bodies: list[tuple[ScalarNode, dict[str, Node]]] = []
    for key, value in document.pairs(node, "`jobs`"):
        if isinstance(value, MappingNode):
            bodies.append((key, document.fields(value, f"job `{key.value}`")))
        else:
            document.wrong(value, "a mapping", f"job `{key.value}`")
    conditions = {
        key.value: (context.asked(_condition(context, fields)), _needs(context, fields))
        for key, fields in bodies
    }
    for _, fields in bodies:
        if never(_condition(context, fields)):
            context.flow.flaws.extend(condition_flaws(context, fields, context.reach, of_job=True))
    context.bodies = {key.value.lower(): fields for key, fields in bodies}
    context.guarded = guarded(context.reach, document.source.text)
    checks = checks_of(context.bodies, context.triggers, tree=context.tree, guarded=context.guarded)
    reaches = Reaches(context.reach, conditions, checks)
    kept = [item for item in bodies if not never(conditions[item[0].value][0])]
    jobs = {
        key.value: _job(context, key, fields, granted, reaches)
        for key, fields in needed_first(kept, lambda job: conditions[job][1])
    }
    return tuple(jobs[key.value] for key, _ in kept)


def _condition(context: Context, fields: dict[str, Node]) -> str:
    return context.document.text(fields.get("if"), "`if`")


def _needs(context: Context, fields: dict[str, Node]) -> tuple[str, ...]:
    needs = fields.get("needs")
    if needs is None:
        return ()
    return tuple(str(item.value) for item in context.document.scalars(needs, "`needs`"))


def _job(
    context: Context, key: ScalarNode, fields: dict[str, Node], workflow: Grant, reaches: Reaches
) -> Job:
    document = context.document
    reach = reaches.of(key.value)
    flow = job_flow(context, key.value, fields, inside=of_its_own(reach))
    flow.flaws.extend(_flaws(context, fields, reach))
    own = permissions_of(document, fields.get("permissions"), "job")
    rights = own if own.declared else workflow
    variables = context.environment(fields.get("env"), flow)
    parts = _containers(context, fields, flow)
    facts = _facts(variables, parts)
    steps = _steps(context, fields, flow, reach)
    called = tuple(_called(context, fields, flow))
    secrets = (*_inherited(context, fields), *flow.secrets)
    steps = with_repeats(with_leaks(steps, (*context.flow.secrets, *secrets)), secrets)
    needs = Needs(steps, called, (*context.flow.secrets, *secrets))
    rights.holders.append((key.value, needs))
    holds_secrets = _holds_secrets(context, secrets, steps)
    held = rights.under(given(caller.rights for caller in context.sole_callers))
    privileged = holds_secrets or held.writes or held.identity
    return _reached(context, fields, reach, steps, privileged=privileged)(
        id=key.value,
        token=_token(own, workflow),
        holds_secrets=holds_secrets,
        writes=held.writes,
        needed_permissions=needs,
        unclear_needs=Unclear(needs),
        mints_identity=held.identity,
        references=(*called, *parts.references),
        permissions=own.permissions,
        variables=(*variables, *parts.variables, *parts.service_variables),
        expansions=expanded(flow.expansions, reach),
        secrets=secrets,
        flaws=met((*flow.flaws, *facts.flaws), reach),
        credentials=facts.credentials,
        containers=tuple(parts.containers),
        volumes=tuple(parts.volumes),
        place=Place(document.source, key, key),
    )


def _flaws(context: Context, fields: dict[str, Node], reach: Reach) -> Iterator[Flaw]:
    """What is wrong with the expressions of a job."""
    yield from condition_flaws(context, fields, reach, of_job=True)
    yield from in_values(context.document.source, fields, _SETTINGS)


_SETTINGS = (
    *("name", "runs-on", "environment", "concurrency", "strategy", "outputs", "defaults"),
    *("timeout-minutes", "continue-on-error"),
)
"""Keys of a job with expressions that nobody else looks into."""


def _reached(
    context: Context,
    fields: dict[str, Node],
    reach: Reach,
    steps: tuple[Step, ...],
    *,
    privileged: bool,
) -> partial[Job]:
    """A job with its steps, who can start it and what it does for them, ready for the rest."""
    environment = _environment(context, fields)
    waiting = waits(fields, context.triggers) or "environment" in reach.checks
    published, deployed = publishes(steps), deploys(steps)
    mode = _cache_mode(context, fields)
    hijackable = any(_runs_outsider_code(step) for step in steps)
    return partial(
        Job,
        name=context.document.text(fields.get("name"), "`name`"),
        steps=steps,
        runner=runner_of(context, fields, reach),
        needs=_needs(context, fields),
        condition=_condition(context, fields),
        optional=true(fields.get("continue-on-error")),
        reusable="uses" in fields,
        events=reach.events,
        reachable_by_outsider=reach.reachable,
        exposed=reach.exposed,
        entry=reach.entry,
        environment=environment,
        publishes=published,
        releases=published or deployed or started_by_release(reach),
        deploys=bool(environment) or deployed,
        runs_outsider_code=hijackable or _brings_code(reach),
        hijackable=hijackable,
        cache_writes=cache_writes(reach, steps, mode, privileged=privileged),
        gates=(*reach.gates, "environment") if waiting else reach.gates,
    )


def _cache_mode(context: Context, fields: dict[str, Node]) -> str:
    """What a job may do with caches: its own word comes before the workflow's, a caller's limits both."""
    own = context.document.text(fields.get("cache-mode"), "`cache-mode`") or context.cache_mode
    return capped(own, [caller.cache_mode for caller in context.sole_callers])


def _token(own: Grant, workflow: Grant) -> TokenSource:
    """Where the permissions of a job's token come from."""
    if own.declared:
        return "declared"
    return "inherited" if workflow.declared else "default"


def _facts(variables: tuple[Variable, ...], parts: Parts) -> ScriptFacts:
    """What the variables of a job and of its containers say by themselves."""
    found = facts_of((), (*variables, *parts.variables))
    return found.plus(facts_of((), parts.service_variables, service=True))


def _steps(context: Context, fields: dict[str, Node], flow: Flow, reach: Reach) -> tuple[Step, ...]:
    if "steps" not in fields:
        return ()
    around = Surroundings(
        flow,
        shell=context.default_shell(fields.get("defaults"))
        or context.shell
        or _runner_shell(context, fields, reach),
        reach=reach,
        folder=default_folder(fields.get("defaults"), context.defaults),
        environment=waits(fields, context.triggers),
        cache_mode=_cache_mode(context, fields),
    )
    before = context.under(reach)
    steps = apart(steps_of(context, fields["steps"], around), reach)
    context.live = before
    if reach.exposed:
        context.made.update(made_by(steps))
    return steps


def _runner_shell(context: Context, fields: dict[str, Node], reach: Reach) -> str:
    """PowerShell on a machine that says windows, the job's container or other machine bash."""
    node = fields.get("runs-on")
    if isinstance(node, ScalarNode) and "${{" not in node.value:
        return "pwsh" if node.value.lower().startswith("windows") else "bash"
    labels = [label.lower() for label in runner_of(context, fields, reach).labels]
    windows = [label for label in labels if label.startswith("windows")]
    listed = not isinstance(node, ScalarNode)  # all of a list's are one machine's
    return "pwsh" if windows and (listed or windows == labels) else "bash"


def _environment(context: Context, fields: dict[str, Node]) -> str:
    node = fields.get("environment")
    if isinstance(node, MappingNode):
        node = context.document.fields(node, "`environment`").get("name")
    return context.document.text(node, "`environment`")


def _holds_secrets(context: Context, own: tuple[Secret, ...], steps: tuple[Step, ...]) -> bool:
    return any(
        map(valuable, (own, context.flow.secrets, *[one.secrets for one in steps if one.secrets]))
    )


def _brings_code(reach: Reach) -> bool:
    """Change requests bring their own code unless the run has the base repository's permissions."""
    return any(
        trigger.kind == "change-request" and not trigger.privileged for trigger in reach.outsiders
    )


def _runs_outsider_code(step: Step) -> bool:
    """Whether a step that has the base repository's permissions gets code of an outsider."""
    return step.exposed and (
        any(runs_foreign(checkout) for checkout in step.checkouts)
        or any(artifact.executed and artifact.untrusted for artifact in step.artifacts)
        or any(found.attacker_controlled and found.reparsed for found in step.expansions)
    )


def _called(context: Context, fields: dict[str, Node], flow: Flow) -> Iterator[Reference]:
    """The workflow that a job calls, with the inputs that it hands over."""
    node = fields.get("uses")
    if node is None:
        return
    inputs = tuple(
        context.variable("input", key.value, value, flow)
        for key, value in context.document.pairs(fields.get("with"), "`with`")
        if isinstance(value, ScalarNode)
    )
    before = len(flow.secrets)
    for key, value in _given(fields):
        context.text(context.document.place(value), value.value, flow, "secret", key.value)
    handed = (*flow.secrets[before:], *_inherited(context, fields))
    reference = uses_of(context, node, inputs=inputs, secrets=valuable(handed))
    if reference is not None:
        yield reference
        if reference.pin != "local":
            what = f"the called workflow {reference.text} is not looked into"
            context.unresolved.append(Problem.at(reference.place, what))


def _given(fields: dict[str, Node]) -> list[tuple[ScalarNode, ScalarNode]]:
    """The secrets that are handed to a called workflow by name."""
    node = fields.get("secrets")
    if not isinstance(node, MappingNode):
        return []
    return [
        (k, v) for k, v in node.value if isinstance(k, ScalarNode) and isinstance(v, ScalarNode)
    ]


def _inherited(context: Context, fields: dict[str, Node]) -> Iterator[Secret]:
    node = fields.get("secrets")
    if isinstance(node, ScalarNode) and node.value == "inherit":
        yield Secret(name="*", use="inherit", place=context.document.place(node))


def _containers(context: Context, fields: dict[str, Node], flow: Flow) -> Parts:
    parts = Parts([], [], [], [], [])
    if "container" in fields:
        _container(context, "container", fields["container"], "job", flow, parts)
    if "services" in fields:
        for key, value in context.document.pairs(fields["services"], "`services`"):
            _container(context, key.value, value, "service", flow, parts)
    if any("${{" in found.text for found in parts.references):
        parts.references[:] = resolved(context, fields, parts.references)
    return parts


def _container(
    context: Context, name: str, node: Node, role: Role, flow: Flow, parts: Parts
) -> None:
    document = context.document
    fields = {"image": node} if isinstance(node, ScalarNode) else document.fields(node, f"`{name}`")
    image = fields.get("image")
    if not isinstance(image, ScalarNode) or null(image) or not image.value:
        return
    place = document.place(image)
    if "${{" in image.value:
        context.text(place, image.value, flow, "image", name)
    parts.references.append(references.image(image.value.removeprefix("docker://"), place, role))
    kept = parts.service_variables if role == "service" else parts.variables
    kept.extend(context.environment(fields.get("env"), flow))
    parts.variables.extend(_login(context, fields.get("credentials"), flow))
    asked = document.text(fields.get("options"), "`options`")
    privileged, options = _options(asked)
    at = document.place(fields["options"]) if "options" in fields else place
    if "${{" in asked:
        context.text(at, asked, flow, "argument", name)
    parts.containers.append(
        Container(
            name=name,
            role=role,
            image=image.value,
            privileged=privileged,
            options=options,
            place=at,
        )
    )
    parts.volumes.extend(_volumes(context, fields.get("volumes")))


def _login(context: Context, node: Node | None, flow: Flow) -> Iterator[Variable]:
    """The user and password with which a container's image is pulled."""
    for key, value in context.document.pairs(node, "`credentials`"):
        if isinstance(value, ScalarNode):
            yield context.variable("credential", key.value, value, flow)


_WEAK = (
    "--cap-add",
    "--device",
    "--pid",
    "--ipc",
    "--network",
    "--net",
    "--security-opt",
    "--userns",
)


def _options(text: str) -> tuple[bool, tuple[str, ...]]:
    """Whether `docker create` options request all privileges, and which others weaken the isolation."""
    if not text:
        return False, ()
    words = text.replace("=", " ").split()
    found = []
    for index, word in enumerate(words[:-1]):
        value = words[index + 1]
        if word in _WEAK and (
            word not in ("--network", "--net", "--pid", "--ipc") or value == "host"
        ):
            found.append(f"{word.removeprefix('--')}={value}")
    return "--privileged" in words, tuple(found)


def _volumes(context: Context, node: Node | None) -> Iterator[Volume]:
    items = node.value if isinstance(node, SequenceNode) else []
    for item in items:
        if isinstance(item, ScalarNode):
            yield references.volume(item.value, context.document.place(item))
