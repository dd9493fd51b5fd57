"""Drone to the model: each pipeline document of a file, and the maps of versions before 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Place, Problem, ScalarNode
from pipelaw.facts.authors import (
    BRANCH_NAMER,
    BRANCH_PUSHER,
    COMMITTER,
    REF_PUSHER,
    REQUESTER,
    TAG_PUSHER,
)
from pipelaw.facts.secret_names import meaning
from pipelaw.facts.secret_values import look
from pipelaw.facts.secrets import credentials
from pipelaw.loaders import Loaded
from pipelaw.loaders.drone_conditions import (
    CHANGE,
    PUSH,
    TAG,
    Event,
    Rules,
    branch_case,
    cases_of,
    included,
    reach_of,
)
from pipelaw.loaders.drone_containers import cluster_secrets, host_paths
from pipelaw.loaders.drone_document import documents, labelled, pair_place
from pipelaw.loaders.drone_expansions import Taints, Writer
from pipelaw.loaders.drone_jobs import Head, clone_settings, job_of, triggers_of
from pipelaw.loaders.drone_matrix import rows
from pipelaw.loaders.drone_steps import Context, Dialect, written
from pipelaw.loaders.drone_values import Values
from pipelaw.model import Pipeline, Runner, Variable
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Document, Node
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_MANUAL = Event("manual")
_EVENTS = {
    "pull_request": CHANGE,
    "push": PUSH,
    "tag": TAG,
    "cron": Event("schedule", PUSH.refs),
    "promote": _MANUAL,
    "rollback": _MANUAL,
    "custom": _MANUAL,
}
_PROMOTED = ("promote", "rollback")

# of a pull request, the branch is the one that it wants to change
_BRANCHES = ("push", "custom", "deployment", *_PROMOTED)
_BRANCH = Writer(BRANCH_PUSHER, _BRANCHES, _BRANCHES)
_COMMIT = Writer(COMMITTER)
WRITERS = {
    "DRONE_COMMIT_MESSAGE": _COMMIT,
    "DRONE_COMMIT_AUTHOR": _COMMIT,
    "DRONE_COMMIT_AUTHOR_NAME": _COMMIT,
    "DRONE_COMMIT_AUTHOR_EMAIL": _COMMIT,
    "DRONE_PULL_REQUEST_TITLE": Writer(REQUESTER, ("pull_request",)),
    "DRONE_SOURCE_BRANCH": Writer(BRANCH_NAMER, ("pull_request", "push")),
    "DRONE_BRANCH": _BRANCH,
    "DRONE_COMMIT_BRANCH": _BRANCH,
    "DRONE_TARGET_BRANCH": _BRANCH,
    "DRONE_COMMIT_REF": Writer(REF_PUSHER, ("tag", *_BRANCHES), ("push", "custom")),
    "DRONE_TAG": Writer(TAG_PUSHER, ("tag", "deployment", *_PROMOTED)),
}
"""Who decides what Drone's variables say."""

_ESCALATED = frozenset(
    "plugins/docker plugins/acr plugins/ecr plugins/gcr plugins/gar plugins/heroku".split()
)
_CONTAINED = frozenset({"docker", "kubernetes"})
"""Types of pipeline whose runners give those images all privileges."""

_DIALECT = Dialect(Rules(_EVENTS, {"target": _PROMOTED, "cron": ("cron",)}), WRITERS)
_LEGACY = Dialect(
    Rules(
        {"pull_request": CHANGE, "push": PUSH, "tag": TAG, "deployment": _MANUAL},
        {"environment": ("deployment",)},
    ),
    WRITERS,
    _ESCALATED,
    grants=True,
    inline=True,
)

_RENDERED = (".jsonnet", ".libsonnet", ".star", ".starlark")
_SILENT = frozenset({"secret", "signature", "cron", "registry", "approval", "deployment"})
_ON_THE_HOST = frozenset({"exec", "ssh"})
_NEW_MACHINES = frozenset({"vm", "digitalocean", "macstadium", "aws", "azure", "google"})
"""Runners that make a machine for each build."""
_OLD = frozenset({"build", "script", "publish", "deploy", "compose", "notify"})


class _File(NamedTuple):
    """What the documents of a file share."""

    external: frozenset[str]
    """The names of secrets that come from another store."""
    taints: Taints


def load(source: Source, tree: Tree) -> Loaded:
    """Read the pipelines of a Drone file; what has to be rendered first is unresolved."""
    if source.path.endswith(_RENDERED):
        what = "the server renders its pipelines: give the rendered YAML to have it judged"
        return Loaded((), (), (Problem(source.path, 1, 1, what),))
    problems: list[Problem] = []
    unresolved: list[Problem] = []
    bodies = [
        (document, document.fields(document.root, "a document"))
        for document in documents(source, problems)
        if _is_mapping(document)
    ]
    file = _File(_external(bodies), Taints(source.text, WRITERS))
    pipelines = []
    for document, fields in bodies:
        pipelines.extend(_pipelines(document, fields, file, unresolved))
    _keep_literals(pipelines, bodies)
    return Loaded(tuple(pipelines), tuple(dict.fromkeys(problems)), tuple(unresolved))


def _is_mapping(document: Document) -> bool:
    if isinstance(document.root, MappingNode):
        return True
    document.wrong(document.root, "a mapping", "a document")
    return False


def _pipelines(
    document: Document, fields: dict[str, Node], file: _File, unresolved: list[Problem]
) -> list[Pipeline]:
    """The pipeline of a document, if it is one."""
    kind = document.text(fields.get("kind"), "`kind`")
    if kind == "template":
        where = document.source.position(document.root.start_mark.index)
        name = document.text(fields.get("load"), "`load`")
        what = f"the server renders the template `{name}`: give the rendered YAML to have it judged"
        unresolved.append(Problem(document.source.path, *where, what))
    elif kind in _SILENT:
        pass
    elif "steps" in fields or kind.lower() == "pipeline":
        # the server takes every other kind for a pipeline; a misspelt one is no way round a rule
        return [_pipeline(document, fields, file)]
    elif isinstance(fields.get("pipeline"), MappingNode):
        return [_legacy(document, fields, file)]
    elif not kind and not _OLD.isdisjoint(fields):
        document.problem(document.root, "written for Drone 0.4 or older, which is not read")
    elif kind:
        document.problem(document.root, f"no such kind as `{kind}`")
    else:
        document.problem(document.root, "no Drone pipeline: it has neither `kind` nor `pipeline`")
    return []


def _pipeline(document: Document, fields: dict[str, Node], file: _File) -> Pipeline:
    kind = document.text(fields.get("type"), "`type`") or "docker"
    dialect = _DIALECT._replace(escalated=_ESCALATED) if kind in _CONTAINED else _DIALECT
    context = Context(
        document,
        dialect,
        _shell(document, fields),
        file.external,
        host_paths(document, fields.get("volumes")),
        cluster_secrets(document, fields.get("volumes")),
        file.taints,
    )
    own = Values(document, file.external)
    own.settings(clone_settings(document, fields.get("clone")))
    own.environment(fields.get("environment"))
    _logins(document, fields, own)
    own.pulled(fields.get("image_pull_secrets"))
    when = fields.get("trigger")
    head = _head(document, fields, when, dialect, _runner(document, fields, kind))
    return _whole(context, head, fields, fields.get("steps"), own)


def _whole(
    context: Context, head: Head, fields: dict[str, Node], steps: Node | None, own: Values
) -> Pipeline:
    return Pipeline(
        path=context.document.source.path,
        platform="drone",
        name=head.name,
        triggers=head.triggers,
        jobs=(job_of(context, head, fields, steps, own),),
        place=_first(context.document),
    )


def _first(document: Document) -> Place:
    """The first line of a document: what a finding about all of it points at."""
    return document.place(document.root.value[0][0])


def _head(
    document: Document,
    fields: dict[str, Node],
    when: Node | None,
    dialect: Dialect,
    runner: Runner,
) -> Head:
    rules = dialect.rules
    cases = cases_of(document, when, rules)
    triggered = pair_place(document, document.root, "trigger")
    targets = included(document, when, "target")
    return Head(
        document.text(fields.get("name"), "`name`") or "default",
        pair_place(document, document.root, "name"),
        reach_of(cases, rules),
        triggers_of(document, when, cases, rules.events, triggered),
        written(when),
        runner,
        tuple(n.value for n in document.scalars(fields.get("depends_on"), "`depends_on`")),
        targets[0] if len(targets) == 1 else "",
    )


def _shell(document: Document, fields: dict[str, Node]) -> str:
    platform = fields.get("platform")
    if isinstance(platform, MappingNode):
        system = document.text(document.fields(platform, "`platform`").get("os"), "`os`")
        return "powershell" if system == "windows" else "sh"
    return "sh"


def _runner(document: Document, fields: dict[str, Node], kind: str) -> Runner:
    """The machine: pinned by `node`, or the host itself for runners without containers.

    Whoever runs a Drone server runs its machines too, unless each build gets a new one.
    """
    labels = labelled(document, fields.get("node"), "`node`")
    on_the_host = kind in _ON_THE_HOST
    return Runner(
        labels=tuple(labels),
        self_hosted=kind not in _NEW_MACHINES,
        isolated=not on_the_host,
        place=pair_place(document, document.root, "node" if labels else "type"),
    )


def _logins(document: Document, fields: dict[str, Node], own: Values) -> None:
    """What the runner logs in with: to a server, or to the provider of machines."""
    if isinstance(fields.get("server"), MappingNode):
        for key, value in document.pairs(fields["server"], "`server`"):
            if key.value in ("password", "ssh_key"):
                own.named(key.value, value, "credential", key.value, "other")
    if "token" in fields:
        own.named("token", fields["token"], "credential", "token", "other")


def _legacy(document: Document, fields: dict[str, Node], file: _File) -> Pipeline:
    """A file of Drone 0.5 to 0.8: one pipeline, its steps by name."""
    context = Context(
        document,
        _LEGACY,
        _shell(document, fields),
        file.external,
        taints=file.taints,
        matrix=rows(document, fields.get("matrix")),
    )
    rules = _LEGACY.rules
    cases = branch_case(document, fields.get("branches"), rules)
    place = _first(document)
    own = Values(document, file.external)
    own.settings(clone_settings(document, fields.get("clone")))
    if isinstance(fields.get("matrix"), MappingNode):
        own.environment(fields["matrix"])
    head = Head(
        "default",
        place,
        reach_of(cases, rules),
        triggers_of(document, None, cases, rules.events, place),
        written(fields.get("branches")),
        Runner(self_hosted=True),
    )
    return _whole(context, head, fields, fields["pipeline"], own)


def _external(bodies: list[tuple[Document, dict[str, Node]]]) -> frozenset[str]:
    """The names, in lower case, of the secrets that a file fetches from another store."""
    found: set[str] = set()
    for document, fields in bodies:
        kind = fields.get("kind")
        if isinstance(kind, ScalarNode) and kind.value == "secret":
            if "get" in fields:
                found.add(document.text(fields.get("name"), "`name`"))
            found.update(document.fields(fields.get("external_data"), "`external_data`"))
        elif "pipeline" in fields and isinstance(fields.get("secrets"), MappingNode):
            found.update(document.fields(fields["secrets"], "`secrets`"))
    return frozenset(name.lower() for name in found)


_ENCRYPTED = pattern(r"[A-Za-z0-9+/_=\s-]{36,}\Z")


def _keep_literals(
    pipelines: list[Pipeline], bodies: list[tuple[Document, dict[str, Node]]]
) -> None:
    """Give the first pipeline the secrets whose `data` is no ciphertext: every pipeline has them."""
    found: list[Variable] = []
    for document, fields in bodies:
        kind = fields.get("kind")
        if isinstance(kind, ScalarNode) and kind.value == "secret" and "data" in fields:
            found.extend(_literals(document, fields))
    if found and pipelines:
        variables = tuple(found)
        pipelines[0] = replaced(
            pipelines[0], variables=variables, credentials=credentials(variables, ())
        )


def _literals(document: Document, fields: dict[str, Node]) -> Iterator[Variable]:
    name, data = document.text(fields.get("name"), "`name`"), fields["data"]
    if isinstance(data, ScalarNode):
        pairs = [(name, data)]
    else:
        named = document.fields(data, "`data`").items()
        pairs = [(key, value) for key, value in named if isinstance(value, ScalarNode)]
    for key, value in pairs:
        text = value.value
        if text and not _ENCRYPTED.match(text):
            # whatever it is called, it is one
            made = not meaning(key).level and look(text) in ("generated", "mixed")
            name = f"{key} secret" if made else key
            place = Place(document.source, value, value)
            yield Variable(name=name, value=text, kind="credential", literal=True, place=place)
