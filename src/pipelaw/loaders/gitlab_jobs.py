"""The jobs of a merged GitLab configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.document import MappingNode, Node, SequenceNode, true
from pipelaw.facts.verification import unverified_by
from pipelaw.loaders import gitlab_parts as parts
from pipelaw.loaders.gitlab_expansions import Origins, in_places, origins
from pipelaw.loaders.gitlab_rules import Policy, Rule, Rules, gates, policy
from pipelaw.loaders.gitlab_steps import Scripts, shell_of, steps
from pipelaw.loaders.gitlab_traces import traces
from pipelaw.loaders.gitlab_trigger import NOWHERE_ELSE, Downstream, downstream
from pipelaw.loaders.gitlab_variables import Declared, Given, Values, Variables, in_variables
from pipelaw.model import Job, Secret, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.loaders.gitlab_kinds import Kind
    from pipelaw.loaders.gitlab_merge import Config, Entry
    from pipelaw.loaders.gitlab_parts import Service
    from pipelaw.model import Runner

KEYWORDS = frozenset(
    "default include image services before_script after_script variables stages types cache"
    " workflow spec".split()
)
"""What at the top of a file is no job."""

_POLICIES = frozenset({"rules", "only", "except"})
_WORK = frozenset({"script", "run", "trigger"})


class Shared(NamedTuple):
    """What the variables at the top of a file give to its jobs."""

    values: Mapping[str, str]
    origins: Origins
    secret: bool
    """One of them is a secret of the project."""


def shared(given: Given, secrets: Sequence[Secret]) -> Shared:
    """What variables and the secrets in them give to jobs."""
    return Shared(given.values, origins(given, {}), _holds(secrets))


class Environment(NamedTuple):
    """The environment of a job."""

    name: str
    node: Node | None
    deploys: bool


class When(NamedTuple):
    """When a job runs."""

    condition: str
    events: tuple[str, ...]
    gates: tuple[str, ...]
    optional: bool


class Body(NamedTuple):
    """What a job runs, and what it is given."""

    given: Given
    values: Values
    origins: Origins
    runner: Runner
    steps: tuple[Step, ...]
    services: tuple[Service, ...]
    secrets: tuple[Secret, ...]
    holds_secrets: bool


class Jobs:
    """Reads the jobs of one configuration; scripts and rules that they share are read once."""

    def __init__(
        self,
        config: Config,
        variables: Variables,
        kinds: Sequence[Kind],
        above: Shared,
        *,
        workflow: bool,
    ) -> None:
        """`kinds` are those that the pipeline runs for, `workflow` whether it has rules of its own."""
        self.started: list[Downstream] = []
        """What the jobs start elsewhere."""
        self._config = config
        self._kinds = kinds
        self._above = above
        self._workflow = workflow
        self._variables = variables
        self._scripts = Scripts(config, variables)
        self._parts = parts.Parts(config, variables)
        self._rules: dict[int, Rules] = {}
        self._whens: dict[tuple[int, str, int], When] = {}

    def read(self, name: str, entry: Entry) -> Job:
        """The job of a name."""
        config = self._config
        fields = config.job(name)
        found = self._policy(name, fields)
        body = self._body(fields, found)
        image = self._parts.image(fields.get("image"), body.values)
        environment = self._environment(fields)
        when = self._when(fields, found)
        started = self._started(fields)
        needs = parts.needs(config, fields)
        used = (image, *(service.image for service in body.services))
        places = self._places(fields, used, environment, started)
        return Job(
            id=name,
            steps=body.steps,
            runner=body.runner,
            environment=environment.name,
            needs=needs.jobs,
            condition=when.condition,
            events=when.events,
            gates=(*when.gates, "environment") if environment.name else when.gates,
            holds_secrets=body.holds_secrets,
            writes="release" in fields,
            mints_identity=bool(permissions := tuple(parts.permissions(config, fields))),
            publishes="release" in fields,
            deploys=environment.deploys,
            optional=when.optional,
            reusable="trigger" in fields,
            references=(*(one for made in used for one in made.references), *started.references),
            expansions=tuple(in_places(config, places, body.origins)),
            variables=body.given.variables,
            flaws=(*traces(body.given.variables), *unverified_by(body.given.variables)),
            secrets=body.secrets,
            credentials=body.given.credentials,
            permissions=permissions,
            containers=tuple(service.container for service in body.services),
            artifacts=(*self._parts.artifacts(fields.get("artifacts")), *needs.artifacts),
            place=config.place(entry.key, entry.written),
        )

    def _body(self, fields: dict[str, Node], found: Policy | None) -> Body:
        config, above = self._config, self._inherited(fields)
        given = self._variables.of(fields.get("variables"))
        for node in found.variables if isinstance(found, Rules) else ():
            given = given.plus(self._variables.of(node))
        values = Values(given.values, above.values, parts.matrix(config, fields))
        known = origins(given, above.origins)
        runner = parts.runner(config, fields.get("tags"), values)
        scripts = self._scripts.of(fields, shell_of(fields, runner.labels))
        declared = Declared(
            values,
            parts.handed(config, fields),
            [part.script.text for part in scripts if part.script is not None],
        )
        services = tuple(self._parts.services(fields.get("services"), values))
        for service in services:
            given = given.plus(service.given)
        run = tuple(steps(config, scripts, known, declared))
        secrets = (*parts.stored(config, fields), *in_variables(given.changing, declared))
        holds = above.secret or _holds(secrets) or any(_holds(step.secrets) for step in run)
        return Body(given, values, known, runner, run, services, secrets, holds)

    def _inherited(self, fields: dict[str, Node]) -> Shared:
        """The variables at the top of the file that a job has not refused."""
        if "inherit" not in fields:
            return self._above
        inherit = self._config.fields(fields["inherit"], "`inherit`")
        names = frozenset(self._above.values)
        wanted = self._config.inherited(inherit.get("variables"), names)
        if wanted == names:
            return self._above
        return Shared(
            {name: text for name, text in self._above.values.items() if name in wanted},
            {name: found for name, found in self._above.origins.items() if name in wanted},
            secret=bool(wanted) and self._above.secret,
        )

    def _policy(self, name: str, fields: dict[str, Node]) -> Policy | None:
        config = self._config
        if "rules" in fields:
            node = fields["rules"]
            if id(node) not in self._rules:
                self._rules[id(node)] = Rules(config, node)
            return self._rules[id(node)]
        unknown = _POLICIES.isdisjoint(fields) and (
            name in config.partial or (config.incomplete and _WORK.isdisjoint(fields))
        )
        return None if unknown else policy(config, fields, workflow=self._workflow)

    def _when(self, fields: dict[str, Node], found: Policy | None) -> When:
        when = self._config.text(fields.get("when"), "`when`")
        allowed = fields.get("allow_failure")
        if not isinstance(found, Rules):
            return _when(found, self._kinds, when, allowed)
        key = (id(found), when, id(allowed))  # the rules are kept, so that their ids stay their own
        if key not in self._whens:
            self._whens[key] = _when(found, self._kinds, when, allowed)
        return self._whens[key]

    def _environment(self, fields: dict[str, Node]) -> Environment:
        """The environment, to which the job deploys unless it only stops or looks at it."""
        node = fields.get("environment")
        if not isinstance(node, MappingNode):
            name = self._config.value(node, "`environment`")
            return Environment(name, node, deploys=bool(name))
        own = self._config.fields(node, "`environment`")
        name = self._config.value(own.get("name"), "`environment:name`")
        action = self._config.text(own.get("action"), "`environment:action`")
        return Environment(name, own.get("name"), deploys=bool(name) and action in ("", "start"))

    def _started(self, fields: dict[str, Node]) -> Downstream:
        if "trigger" not in fields:
            return NOWHERE_ELSE
        found = downstream(self._config, fields["trigger"])
        self.started.append(found)
        return found

    def _places(
        self,
        fields: dict[str, Node],
        images: Sequence[parts.Image],
        environment: Environment,
        started: Downstream,
    ) -> Iterator[tuple[str, Node | None]]:
        """The texts that GitLab and the runner read, each with the sink that it is."""
        for image in images:
            yield "image", image.name
        yield "target", environment.node
        for node in started.nodes:
            yield "target", node
        for tag in self._config.scalars(fields["tags"], "`tags`") if "tags" in fields else ():
            yield "target", tag
        cache = fields.get("cache")
        if cache is not None:
            several = isinstance(cache, SequenceNode)
            for one in self._config.items(cache, "`cache`") if several else (cache,):
                if isinstance(one, MappingNode):
                    yield "other", self._config.fields(one, "`cache`").get("key")


def _holds(secrets: Sequence[Secret]) -> bool:
    return any(secret.store != "token" for secret in secrets)


def _when(found: Policy | None, kinds: Sequence[Kind], when: str, allowed: Node | None) -> When:
    starting = [kind for kind in kinds if found is None or found.starts(kind)]
    ways = (
        [rule for kind in starting for rule in found.ways(kind)] if isinstance(found, Rules) else []
    )
    return When(
        condition=found.text if found is not None else "",
        events=tuple(dict.fromkeys(kind.event for kind in starting)),
        gates=gates(found, ways, when),
        optional=_optional(allowed, ways, when),
    )


def _optional(allowed: Node | None, ways: Sequence[Rule], when: str) -> bool:
    """Whether the pipeline goes on when the job fails, or when nobody starts it."""
    if allowed is not None:
        return true(allowed)
    if ways:
        return all(rule.optional for rule in ways)
    return when == "manual"
