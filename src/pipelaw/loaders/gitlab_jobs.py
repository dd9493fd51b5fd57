"""The jobs of a merged GitLab configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node
from pipelaw.facts.releases import Act, acts, delivering, pushes_over
from pipelaw.facts.secret_leaks import Held, handed
from pipelaw.facts.secret_names import valuable
from pipelaw.loaders import gitlab_parts as parts
from pipelaw.loaders.gitlab_expansions import Origins, in_places, origins
from pipelaw.loaders.gitlab_rules import Policy, Rules, policy
from pipelaw.loaders.gitlab_steps import Lent, Scripts, shell_of, steps, with_publications
from pipelaw.loaders.gitlab_trigger import NOWHERE_ELSE, Downstream, downstream
from pipelaw.loaders.gitlab_variables import Declared, Given, Values, Variables, in_variables
from pipelaw.loaders.gitlab_when import When, Workflow, live, when_of
from pipelaw.model import Job, Secret, Step
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.loaders.gitlab_kinds import Kind
    from pipelaw.loaders.gitlab_merge import Config, Entry
    from pipelaw.loaders.gitlab_parts import Image, Service
    from pipelaw.model import Permission, Reference, Runner, Script
    from pipelaw.words import Sink

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
    held: Mapping[str, Held] = {}
    """Those that hold one."""


def shared(given: Given, secrets: Sequence[Secret]) -> Shared:
    """What variables and the secrets in them give to jobs."""
    return Shared(given.values, origins(given, {}), valuable(secrets), handed(secrets))


class Environment(NamedTuple):
    """The environment of a job."""

    name: str
    node: Node | None
    deploys: bool
    live: bool = False


class Body(NamedTuple):
    """What a job runs, and what it is given."""

    given: Given
    origins: Origins
    runner: Runner
    steps: tuple[Step, ...]
    image: Image
    services: tuple[Service, ...]
    secrets: tuple[Secret, ...]
    permissions: tuple[Permission, ...]
    scripts: tuple[Script, ...]
    holds_secrets: bool
    done: frozenset[Act]
    """What its scripts do."""

    @property
    def images(self) -> tuple[Image, ...]:
        """Those of the job and of its services."""
        return (self.image, *(service.image for service in self.services))

    @property
    def references(self) -> tuple[Reference, ...]:
        """The same as references; a matrix makes several of one."""
        return tuple(one for image in self.images for one in image.references)


class Jobs:
    """Reads the jobs of one configuration; scripts and rules that they share are read once."""

    def __init__(
        self,
        config: Config,
        variables: Variables,
        kinds: Sequence[Kind],
        above: Shared,
        workflow: Workflow,
    ) -> None:
        """`kinds` are those that the pipeline runs for."""
        self.started: list[Downstream] = []
        """What the jobs start elsewhere."""
        self._config = config
        self._kinds = kinds
        self._above = above
        self._workflow = workflow
        self._variables = variables
        self._scripts = Scripts(config, variables)
        self._parts = parts.Parts(config, variables)
        self._policies: dict[tuple[int, ...], Policy | None] = {}
        self._whens: dict[tuple[int, str, int, bool], When] = {}
        self._stages = [text for _, text in config.values(config.entry("stages"), "`stages`")]

    def read(self, name: str, entry: Entry) -> Job:
        """The job of a name."""
        config, fields = self._config, self._config.job(name)
        when, body = self._read(name, fields)
        environment = self._environment(fields)
        started = self._started(fields)
        needs = parts.needs(config, fields)
        places = self._places(fields, body.images, environment, started)
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
            mints_identity=bool(body.permissions),
            publishes="release" in fields or "publishes" in body.done,
            deploys=environment.deploys or "deploys" in body.done,
            live=environment.live or (not environment.name and self._live(name, fields, body)),
            anywhere=when.anywhere,
            after_failure=when.after_failure and self._later(fields),
            optional=when.optional,
            reusable="trigger" in fields,
            references=(*body.references, *started.references),
            expansions=tuple(in_places(config, places, body.origins, when.settled)),
            variables=body.given.variables,
            flaws=(*when.flaws, *body.given.flaws, *self._parts.shared(fields.get("cache"))),
            secrets=body.secrets,
            credentials=body.given.facts.credentials,
            permissions=body.permissions,
            containers=tuple(service.container for service in body.services),
            volumes=tuple(parts.socket(body.scripts, body.given.variables)),
            artifacts=(*self._parts.artifacts(fields.get("artifacts")), *needs.artifacts),
            place=config.place(entry.key, entry.written),
        )

    def _read(self, name: str, fields: dict[str, Node]) -> tuple[When, Body]:
        unknown = self._unknown(name, fields)
        found = None if unknown else self._policy(fields)
        when = self._when(found, fields, unknown=unknown)
        return when, self._body(fields, found, when.settled)

    def _body(self, fields: dict[str, Node], found: Policy | None, settled: frozenset[str]) -> Body:
        config, above = self._config, self._inherited(fields)
        given = self._variables.of(fields.get("variables"))
        for node in found.variables if isinstance(found, Rules) else ():
            given = given.plus(self._variables.of(node))
        given = given.plus(parts.crossed(config, fields))
        values = Values(given.values, above.values, parts.matrix(config, fields))
        known = origins(given, above.origins)
        runner = parts.runner(config, fields.get("tags"), values)
        run = self._scripts.of(fields, shell_of(fields, runner.labels))
        texts = tuple(part.script for part in run if part.script is not None)
        declared = Declared(values, parts.handed(config, fields), [one.text for one in texts])
        services = tuple(self._parts.services(fields.get("services"), values))
        for service in services:
            given = given.plus(service.given)
        used = tuple(in_variables(given.changing, declared))
        stored = tuple(parts.stored(config, fields))
        held = {**above.held, **handed((*stored, *used))}
        lent = Lent(held, self._parts.kept(fields.get("artifacts")))
        ready = tuple(steps(config, run, known, declared, settled, lent))
        ready = with_publications(ready, {**above.values, **given.values})
        return Body(
            given,
            known,
            runner,
            ready,
            self._parts.image(fields.get("image"), values),
            services,
            (*stored, *used),
            tuple(parts.permissions(config, fields)),
            texts,
            holds_secrets=above.secret
            or any(map(valuable, (stored, used, *(one.secrets for one in ready)))),
            done=acts(texts),
        )

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
            held={name: one for name, one in self._above.held.items() if name in wanted},
        )

    def _policy(self, fields: dict[str, Node]) -> Policy | None:
        """What decides about a job; jobs that share it get the same object."""
        nodes = [fields.get(word) for word in ("rules", "only", "except")]
        key = tuple(map(id, nodes))  # of nodes that the configuration keeps
        if key not in self._policies:
            self._policies[key] = policy(self._config, fields, limited=self._workflow.limited)
        return self._policies[key]

    def _unknown(self, name: str, fields: dict[str, Node]) -> bool:
        """Whether what decides about a job is in a file that was not read."""
        config = self._config
        return _POLICIES.isdisjoint(fields) and (
            name in config.partial or (config.incomplete and _WORK.isdisjoint(fields))
        )

    def _when(self, found: Policy | None, fields: dict[str, Node], *, unknown: bool) -> When:
        when = self._config.text(fields.get("when"), "`when`")
        allowed = fields.get("allow_failure")
        key = (id(found), when, id(allowed), unknown)
        if key not in self._whens:
            workflow = self._workflow
            if unknown:
                workflow = workflow._replace(open=frozenset())
            own = (when, allowed)
            self._whens[key] = when_of(self._config, found, self._kinds, own, workflow)
        return self._whens[key]

    def _live(self, name: str, fields: dict[str, Node], body: Body) -> bool:
        """Whether a job without an environment changes what users see."""
        if parts.site(self._config, name, fields):
            return True
        if "deploys" in body.done:
            return delivering(name, self._config.value(fields.get("stage"), "`stage`"))
        return "publishes" in body.done and pushes_over(
            body.scripts, {**self._above.values, **body.given.values}
        )

    def _later(self, fields: dict[str, Node]) -> bool:
        """Whether other jobs come before those of a job's stage."""
        stage = self._config.value(fields.get("stage"), "`stage`") or "test"
        return stage != ".pre" and self._stages[:1] != [stage]

    def _environment(self, fields: dict[str, Node]) -> Environment:
        """The environment, to which the job deploys unless it only stops or looks at it."""
        node = fields.get("environment")
        if not isinstance(node, MappingNode):
            name = self._config.value(node, "`environment`")
            return Environment(name, node, deploys=bool(name), live=live(name))
        own = self._config.fields(node, "`environment`")
        name = self._config.value(own.get("name"), "`environment:name`")
        action = self._config.text(own.get("action"), "`environment:action`")
        tier = self._config.text(own.get("deployment_tier"), "`deployment_tier`")
        deploys = bool(name) and action in ("", "start")
        return Environment(name, own.get("name"), deploys=deploys, live=live(name, tier))

    def _started(self, fields: dict[str, Node]) -> Downstream:
        if "trigger" not in fields:
            return NOWHERE_ELSE
        found = downstream(self._config, fields["trigger"])
        self.started.append(found)
        return found

    def _places(
        self,
        fields: dict[str, Node],
        images: Sequence[Image],
        environment: Environment,
        started: Downstream,
    ) -> Iterator[tuple[Sink, Node | None]]:
        """The texts that GitLab and the runner read, each with the sink that it is."""
        for image in images:
            yield "image", image.name
        yield "target", environment.node
        for node in started.nodes:
            yield "target", node
        for tag in self._config.scalars(fields["tags"], "`tags`") if "tags" in fields else ():
            yield "target", tag
        for own in self._parts.caches(fields.get("cache")):
            yield "other", own.get("key")
