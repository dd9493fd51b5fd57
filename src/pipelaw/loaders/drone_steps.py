"""Steps and services: what Drone and Woodpecker write alike."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pipelaw.document import MappingNode, Node, Place, ScalarNode, SequenceNode, join, null
from pipelaw.facts import references
from pipelaw.facts.releases import acts
from pipelaw.facts.script_facts import NO_FACTS, ScriptFacts, facts_of, script_of
from pipelaw.facts.secret_leaks import handed, leaks
from pipelaw.facts.secret_names import valuable
from pipelaw.facts.secret_stores import may_take
from pipelaw.facts.verification import unverified_logins
from pipelaw.loaders import mappings
from pipelaw.loaders.drone_conditions import Reach, Rules, cases_of, reach_of
from pipelaw.loaders.drone_containers import Entry, container_of, engine_options, volumes_of
from pipelaw.loaders.drone_document import pair_place
from pipelaw.loaders.drone_expansions import UNTAINTED, Taints, handed_on, in_node, in_text, through
from pipelaw.loaders.drone_matrix import Rows, alternatives
from pipelaw.loaders.drone_plugins import misuse_of, purpose
from pipelaw.loaders.drone_values import Values
from pipelaw.loaders.switches import on
from pipelaw.model import Step, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipelaw.document import Document
    from pipelaw.loaders.drone_expansions import Writer
    from pipelaw.model import (
        Container,
        Expansion,
        Leak,
        Reference,
        Script,
        Secret,
        Variable,
        Volume,
    )
    from pipelaw.words import Role, Sink


class Dialect(NamedTuple):
    """What sets one way to write pipelines apart from the others."""

    rules: Rules
    writers: Mapping[str, Writer]
    """Who decides what the platform's variables say."""
    escalated: frozenset[str] = frozenset()
    """Images that the runner gives all privileges unasked."""
    grants: bool = False
    """Steps have a list of `secrets`."""
    inline: bool = False
    """A plugin's settings are beside its `image`."""


class Context(NamedTuple):
    """The pipeline that is being read."""

    document: Document
    dialect: Dialect
    shell: str = "sh"
    external: Collection[str] = ()
    """The names of secrets that the file fetches from another store."""
    hosts: Mapping[str, ScalarNode] = {}
    """The host paths of the pipeline's volumes."""
    stored: Mapping[str, ScalarNode] = {}
    """The secrets of the cluster that are volumes of the pipeline."""
    taints: Taints = UNTAINTED
    """Where the file has variables that somebody else writes."""
    matrix: Rows = ()
    """What the variables of the pipeline's matrix stand for."""
    bare: bool = False
    """Steps run on the machine itself: their `image` is the name of a shell or program there."""


_SINKS: dict[str, Sink] = {
    "image": "image",
    "environment": "environment",
    "settings": "input",
    "when": "condition",
    "name": "name",
}
_OWN = ("commands", "command", "entrypoint")
"""What says what an image runs."""
_CODE_SETTINGS = frozenset({"script", "commands"})
"""Settings that plugins run as a script, here or on another machine."""
_SCRIPTS = frozenset((*_OWN, *_CODE_SETTINGS))
_KNOWN = frozenset(
    "backend_options build cap_add cgroup_parent command commands cpu_quota cpu_set cpu_shares"
    " cpuset depends_on detach devices directory dns dns_search entrypoint environment extra_hosts"
    " failure group image ipc labels mem_limit mem_swappiness memswap_limit name network_mode"
    " networks pid ports privileged pull push resources runtime secrets security_opt settings"
    " shell shm_size sysctls tmpfs ulimits user volumes volumes_from when working_dir".split()
)


def entries(document: Document, node: Node | None, what: str) -> Iterator[Entry]:
    """The steps of a list, or of a mapping by their names."""
    found: list[tuple[str, Node, Place | None]] = []
    if isinstance(node, MappingNode):
        pairs = document.pairs(node, what)
        found = [(key.value, value, document.place(key)) for key, value in pairs]
    elif node is not None:
        found = [("", item, None) for item in document.items(node, what)]
    for key, item, place in found:
        if not isinstance(item, MappingNode):
            document.wrong(item, "a mapping", f"an entry of {what}")
            continue
        fields = document.fields(item, f"an entry of {what}")
        name = document.text(fields["name"], "`name`") if "name" in fields else ""
        yield Entry(name or key, fields, item, place or pair_place(document, item, "name"))


class Parts(NamedTuple):
    """What one container brings to its step or job."""

    references: tuple[Reference, ...] = ()
    scripts: tuple[Script, ...] = ()
    variables: tuple[Variable, ...] = ()
    secrets: tuple[Secret, ...] = ()
    facts: ScriptFacts = NO_FACTS
    """What its scripts and variables say by themselves."""
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    purpose: str = ""
    """What its plugin is for: publish, deploy or ""."""

    def plus(self, other: Parts) -> Parts:
        """What two containers bring, whatever their plugins are for."""
        return Parts(
            self.references + other.references,
            self.scripts + other.scripts,
            self.variables + other.variables,
            self.secrets + other.secrets,
            self.facts.plus(other.facts),
            self.containers + other.containers,
            self.volumes + other.volumes,
            self.expansions + other.expansions,
        )


def container_parts(context: Context, entry: Entry, role: Role, reach: Reach) -> Parts:
    """Everything that a step, service or clone container says."""
    document = context.document
    fields, node = entry.fields, entry.node
    values = Values(document, context.external)
    own = _runs_own(fields)
    settings = _settings(context, fields, node, inline=context.dialect.inline and not own)
    values.settings(settings)
    inputs = tuple(values.variables)
    if "environment" in fields:
        values.environment(fields["environment"])
    if context.dialect.grants and "secrets" in fields:
        values.granted(fields["secrets"])
    if "backend_options" in fields:
        values.native(fields["backend_options"])
    if context.stored and "volumes" in fields:
        values.mounted(fields["volumes"], context.stored)
    scripts = _scripts(context, fields, settings)
    plugin = role == "step" and not own
    part: Role = "plugin" if plugin else role
    image = None if context.bare else _image(fields)
    given = (*values.variables, *engine_options(document, fields, image))
    facts = facts_of(scripts, given, service=role == "service")
    secret = valuable(values.secrets)
    return Parts(
        _references(context, image, part, inputs, secrets=secret),
        scripts,
        (*given, *facts.services),
        tuple(values.secrets),
        facts,
        _containers(context, entry, part),
        _volumes(context, fields),
        tuple(_expansions(context, entry, scripts, values.variables, reach))
        if context.taints.spots
        else (),
        purpose(image.value) if plugin and image is not None and not _dry(fields) else "",
    )


def _image(fields: Mapping[str, Node]) -> ScalarNode | None:
    image = fields.get("image")
    return image if isinstance(image, ScalarNode) and image.value and not null(image) else None


def _references(
    context: Context,
    image: ScalarNode | None,
    role: Role,
    inputs: tuple[Variable, ...],
    *,
    secrets: bool,
) -> tuple[Reference, ...]:
    """The image of a container; a matrix makes several of one."""
    if image is None:
        return ()
    kind: Literal["plugin", "image"] = "plugin" if role == "plugin" else "image"
    place = Place(context.document.source, image, image)
    return tuple(
        references.image(text, place, role, kind=kind, secrets=secrets, inputs=inputs)
        for text in alternatives(image.value, context.matrix)
    )


def _containers(context: Context, entry: Entry, role: Role) -> tuple[Container, ...]:
    found = container_of(context.document, entry, role, context.dialect.escalated)
    return (found,) if found is not None else ()


def _volumes(context: Context, fields: Mapping[str, Node]) -> tuple[Volume, ...]:
    if "volumes" not in fields:
        return ()
    return tuple(volumes_of(context.document, fields["volumes"], context.hosts))


def _runs_own(fields: Mapping[str, Node]) -> bool:
    """Whether a step says what its image runs, or runs beside the others like a service."""
    for key in _OWN:
        if key in fields and fields[key].value and not null(fields[key]):
            return True
    return "detach" in fields and on(fields["detach"])


def _dry(fields: Mapping[str, Node]) -> bool:
    """Whether a plugin is told to change nothing."""
    given = mappings.values(fields.get("settings"))
    return any(map(on, (given.get("dry_run"), given.get("dry-run"), fields.get("dry_run"))))


def _settings(
    context: Context, fields: Mapping[str, Node], node: MappingNode, *, inline: bool
) -> list[tuple[ScalarNode, Node]]:
    document = context.document
    found = document.pairs(fields["settings"], "`settings`") if "settings" in fields else []
    if inline:
        beside = document.pairs(node, "a step")
        found = [*found, *(pair for pair in beside if pair[0].value not in _KNOWN)]
    return found


def _scripts(
    context: Context, fields: Mapping[str, Node], settings: list[tuple[ScalarNode, Node]]
) -> tuple[Script, ...]:
    if "commands" in fields:
        found = [_script(context, fields["commands"], context.shell)]
    else:
        argument = _argument(fields)
        found = [_script(context, argument, "sh")] if argument is not None else []
    for key, value in settings:
        if key.value in _CODE_SETTINGS and isinstance(value, (ScalarNode, SequenceNode)):
            found.append(_script(context, value, "sh"))
    return tuple(script for script in found if script is not None)


def _script(context: Context, node: Node, name: str) -> Script | None:
    source = context.document.source
    places = [Place(source, n, n) for n in context.document.scalars(node, "`commands`")]
    if not places:
        return None
    text = join(places)
    return script_of(text, name, text.whole)


def _argument(fields: Mapping[str, Node]) -> Node | None:
    """What follows `-c` in `entrypoint` or `command`."""
    words: list[Node] = []
    if "entrypoint" not in fields and "command" not in fields:
        return None
    for key in ("entrypoint", "command"):
        node = fields.get(key)
        words.extend(node.value if isinstance(node, SequenceNode) else [])
    for option, argument in pairwise(words):
        if isinstance(option, ScalarNode) and option.value in ("-c", "-ec", "-lc", "-xc"):
            return argument
    return None


def _expansions(
    context: Context,
    entry: Entry,
    scripts: tuple[Script, ...],
    variables: list[Variable],
    reach: Reach,
) -> Iterator[Expansion]:
    if not context.taints.touch(entry.node):
        return
    writers = context.dialect.writers
    known = handed_on(variables, scripts, writers) if scripts else {}
    for script in scripts:
        yield from in_text(script.source_text, "script", reach, writers, script.shell)
        if known:
            yield from through(script.source_text, reach, writers, known, script.shell)
    for part, sink in _sinks(context, entry):
        if context.taints.touch(part):
            yield from in_node(context.document, part, sink, reach, writers)


def _sinks(context: Context, entry: Entry) -> Iterator[tuple[Node, Sink]]:
    """The parts of a step that are no scripts, and what becomes of a text in them."""
    other: Sink = "input" if context.dialect.inline else "other"
    for key, value in entry.fields.items():
        if key == "settings" and isinstance(value, MappingNode):
            for setting, part in context.document.pairs(value, "`settings`"):
                if setting.value not in _CODE_SETTINGS:
                    yield part, "input"
        elif key not in _SCRIPTS:
            yield value, _SINKS.get(key, "other" if key in _KNOWN else other)


def reached(context: Context, when: Node | None, outer: Reach) -> Reach:
    """What gets through the condition of a step or service, None for none."""
    if when is None:
        return outer
    rules = context.dialect.rules
    return reach_of(cases_of(context.document, when, rules), rules).within(outer)


def step_of(context: Context, entry: Entry, index: int, outer: Reach) -> tuple[Step, str, Reach]:
    """A step, what its plugin is for, and the events that get through to it."""
    document = context.document
    fields = entry.fields
    when = fields.get("when")
    reach = reached(context, when, outer)
    parts = container_parts(context, entry, "step", reach)
    return (
        Step(
            name=entry.name,
            index=index,
            condition=written(when),
            optional=_optional(document, fields),
            reachable_by_outsider=bool(reach.outsiders),
            references=parts.references,
            scripts=parts.scripts,
            expansions=parts.expansions,
            variables=parts.variables,
            secrets=parts.secrets,
            credentials=parts.facts.credentials,
            containers=parts.containers,
            volumes=parts.volumes,
            installations=parts.facts.installations,
            publications=parts.facts.publications,
            flaws=(
                *parts.facts.flaws,
                *unverified_logins(parts.references),
                *(misuse_of(parts.variables, parts.secrets) if parts.secrets else ()),
            ),
            leaks=_leaks(parts),
            merges="merges" in acts(parts.scripts),
            place=entry.place,
        ),
        parts.purpose,
        reach,
    )


def _leaks(parts: Parts) -> tuple[Leak, ...]:
    """What the scripts of a step let out of its secrets."""
    held = handed(parts.secrets) if parts.secrets and parts.scripts else {}
    return tuple(
        leak
        for script in parts.scripts
        if held or may_take(script.text)
        for leak in leaks(_unpasted(script), held)[0]
    )


_BRACES = pattern(r"(?<!\$)\$\{[^}\n]*\}")


def _unpasted(script: Script) -> Script:
    """A script without `${…}`: the platform pastes those, and knows no variable of the step by then."""
    if "${" not in script.text:
        return script
    return replaced(script, text=_BRACES.sub(lambda match: " " * len(match[0]), script.text))


def _optional(document: Document, fields: Mapping[str, Node]) -> bool:
    """A step whose failure nobody hears of; that of a detached one is not waited for."""
    if "failure" in fields and document.text(fields["failure"], "`failure`") == "ignore":
        return True
    return on(fields.get("detach")) or on(fields.get("allow_failure"))


def written(node: Node | None) -> str:
    """A condition in one line, without the file's comments and line breaks; "" for none."""
    if node is None or null(node):
        return ""
    if isinstance(node, MappingNode):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in node.value) + "}"
    if isinstance(node, SequenceNode):
        return "[" + ", ".join(written(item) for item in node.value) + "]"
    return " ".join(node.value.split())
