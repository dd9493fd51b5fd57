"""The jobs of a workflow: machine, containers, rights, reach, and the workflows that they call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

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
from pipelaw.facts.secrets import credentials
from pipelaw.loaders.github_permissions import Grant, permissions_of
from pipelaw.loaders.github_reach import Reach, Reaches, never, reach_of
from pipelaw.loaders.github_runner import runner_of
from pipelaw.loaders.github_steps import Surroundings, steps_of, uses_of
from pipelaw.model import Container, Credential, Job, Reference, Secret, Step, Variable, Volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context, Flow


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
        key.value: (_condition(context, fields), _needs(context, fields)) for key, fields in bodies
    }
    reaches = Reaches(reach_of(context.triggers), conditions)
    return tuple(
        _job(context, key, fields, granted, reaches)
        for key, fields in bodies
        if not never(conditions[key.value][0])
    )


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
    flow = context.flow.inner()
    reach = reaches.of(key.value)
    own = permissions_of(document, fields.get("permissions"), "job")
    rights = own if own.declared else workflow
    variables = context.environment(fields.get("env"), flow)
    parts = _containers(context, fields, flow)
    steps = _steps(context, fields, flow, reach)
    called = tuple(_called(context, fields, flow))
    secrets = (*_inherited(context, fields), *flow.secrets)
    return _reached(reach, _environment(context, fields))(
        id=key.value,
        name=document.text(fields.get("name"), "`name`"),
        steps=steps,
        runner=runner_of(context, fields),
        needs=_needs(context, fields),
        condition=_condition(context, fields),
        token=_token(own, workflow),
        holds_secrets=_holds_secrets(context, secrets, steps),
        writes=rights.writes or not rights.declared,
        mints_identity=rights.mints_identity,
        runs_outsider_code=_runs_outsider_code(reach, steps),
        optional=true(fields.get("continue-on-error")),
        reusable="uses" in fields,
        references=(*called, *parts.references),
        permissions=own.permissions,
        variables=(*variables, *parts.variables, *parts.service_variables),
        expansions=tuple(flow.expansions),
        secrets=secrets,
        credentials=_credentials(variables, parts),
        containers=tuple(parts.containers),
        volumes=tuple(parts.volumes),
        place=Place(document.source, key, key),
    )


def _reached(reach: Reach, environment: str) -> partial[Job]:
    """A job with what is known of who can start it, ready for the rest."""
    return partial(
        Job,
        events=reach.events,
        reachable_by_outsider=reach.reachable,
        exposed=reach.exposed,
        entry=reach.entry,
        environment=environment,
        deploys=bool(environment),
        gates=(*reach.gates, "environment") if environment else reach.gates,
    )


def _token(own: Grant, workflow: Grant) -> str:
    """Where the rights of a job's token come from."""
    if own.declared:
        return "declared"
    return "inherited" if workflow.declared else "default"


def _credentials(variables: tuple[Variable, ...], parts: Parts) -> tuple[Credential, ...]:
    found = credentials((*variables, *parts.variables), ())
    if parts.service_variables:
        found += credentials(parts.service_variables, (), service=True)
    return found


def _steps(context: Context, fields: dict[str, Node], flow: Flow, reach: Reach) -> tuple[Step, ...]:
    if "steps" not in fields:
        return ()
    around = Surroundings(
        flow,
        shell=context.default_shell(fields.get("defaults"))
        or context.shell
        or _runner_shell(fields),
        reach=reach,
    )
    return steps_of(context, fields["steps"], around)


def _runner_shell(fields: dict[str, Node]) -> str:
    """PowerShell on a machine that says windows, the job's container or other machine bash."""
    node = fields.get("runs-on")
    windows = isinstance(node, ScalarNode) and node.value.lower().startswith("windows")
    return "pwsh" if windows else "bash"


def _environment(context: Context, fields: dict[str, Node]) -> str:
    node = fields.get("environment")
    if isinstance(node, MappingNode):
        node = context.document.fields(node, "`environment`").get("name")
    return context.document.text(node, "`environment`")


def _holds_secrets(context: Context, own: tuple[Secret, ...], steps: tuple[Step, ...]) -> bool:
    for used in (own, context.flow.secrets, *[step.secrets for step in steps if step.secrets]):
        for secret in used:
            if secret.store != "token":
                return True
    return False


def _runs_outsider_code(reach: Reach, steps: tuple[Step, ...]) -> bool:
    """Change requests bring their own code unless the run has the base repository's rights."""
    if not reach.reachable:
        return False
    if any(
        trigger.kind == "change-request" and not trigger.privileged for trigger in reach.outsiders
    ):
        return True
    return any(
        step.exposed
        and (
            any(checkout.executed and not checkout.refused for checkout in step.checkouts)
            or any(found.attacker_controlled and found.reparsed for found in step.expansions)
        )
        for step in steps
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
    for key, value in _given(fields):
        context.variable("secret", key.value, value, flow)
    reference = uses_of(context, node, inputs=inputs, secrets="secrets" in fields)
    if reference is not None:
        yield reference
        if reference.pin != "local":
            at = reference.place.span()
            what = f"the called workflow {reference.text} is not looked into"
            context.unresolved.append(Problem(at.path, at.line, at.column, what))


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
    return parts


def _container(
    context: Context, name: str, node: Node, role: str, flow: Flow, parts: Parts
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
    privileged, options = _options(document.text(fields.get("options"), "`options`"))
    at = document.place(fields["options"]) if "options" in fields else place
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
    """Whether `docker create` options ask for all rights, and which others weaken the isolation."""
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
