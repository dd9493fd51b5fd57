"""The parts of a GitLab job besides its scripts: images, services, artifacts, identity, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode
from pipelaw.facts import references
from pipelaw.facts.references import mount
from pipelaw.facts.script_facts import facts_of
from pipelaw.facts.secret_outputs import plain
from pipelaw.facts.sensitive_files import planned, sensitive
from pipelaw.loaders.gitlab_references import comment
from pipelaw.loaders.gitlab_variables import NOTHING, Given
from pipelaw.loaders.switches import on
from pipelaw.machines import engine
from pipelaw.model import (
    Artifact,
    Container,
    Flaw,
    Permission,
    Reference,
    Runner,
    Secret,
    Variable,
)
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.loaders.gitlab_variables import Values, Variables
    from pipelaw.model import Script, Volume
    from pipelaw.words import Role

Fields = dict[str, Node]

_WORKSPACE = frozenset(
    ". ./ * ./* ** ./** **/* ./**/* $CI_PROJECT_DIR ${CI_PROJECT_DIR}"
    " $CI_PROJECT_DIR/ ${CI_PROJECT_DIR}/".split()
)
_CHECKOUT = pattern(r"(?:\./|\*\*/|\$\{?CI_PROJECT_DIR\}?/)?\.(?:git|\*)/(?:\*|config\Z)")
"""What leaves the checkout's own files out of an artifact."""
_PROXY = pattern(r"\A\$\{?CI_DEPENDENCY_PROXY_(?:DIRECT_)?GROUP_IMAGE_PREFIX\}?/")
"""The cache in front of Docker Hub: what follows it is an image of there."""
_CERTIFICATES = "DOCKER_TLS_CERTDIR"
"""Where an engine keeps its certificates; without a folder it asks for none."""
_SOCKET = pattern(
    r"\s(?:(?:-v|--volume)[= ]\s*[\"']?(?=[^\s:]+:/)|--mount[= ]\s*[\"']?[^\s\"']{0,100}?\b(?:src|source)=)"
    r"(?P<path>(?:/[\w.-]+)+\.sock)\b"
)
_STORES = (
    "vault",
    "azure_key_vault",
    "gcp_secret_manager",
    "aws_secrets_manager",
    "akeyless",
    "gitlab_secrets_manager",
)


class Image(NamedTuple):
    """An image that a job names."""

    name: ScalarNode | None = None
    """The scalar that names it."""
    references: tuple[Reference, ...] = ()
    """One, or one for each value of the job's matrix."""


class Service(NamedTuple):
    """A container that runs beside a job."""

    image: Image
    container: Container
    given: Given


class Parts:
    """Reads the parts of jobs; what they share, and no variable changes, is read once."""

    def __init__(self, config: Config, variables: Variables) -> None:
        self._config = config
        self._variables = variables
        self._images: dict[tuple[int, str, str], Reference] = {}
        self._artifacts: dict[int, tuple[Artifact, ...]] = {}
        self._kept: dict[int, tuple[str, ...]] = {}

    def image(self, node: Node | None, values: Values) -> Image:
        """The image of a job."""
        return Image() if node is None else self._image(node, "job", values, NOTHING)

    def _image(self, node: Node, role: Role, values: Values, given: Given) -> Image:
        name: Node | None = node
        if not isinstance(node, ScalarNode):
            name = self._config.fields(node, "`image`").get("name")
        if not isinstance(name, ScalarNode) or not name.value:
            return Image()
        texts = values.alternatives(self._config.value(name, "an image"))
        return Image(name, tuple(self._reference(name, role, text, given) for text in texts))

    def _reference(self, name: ScalarNode, role: Role, text: str, given: Given) -> Reference:
        key = (id(name), role, text)
        if key not in self._images:
            place = self._config.place(name)
            made = references.image(_PROXY.sub("", text), place, role, inputs=given.variables)
            remark = comment(self._config, name) if made.pin == "digest" else ""
            if made.text != name.value or remark:
                made = replaced(made, text=name.value, comment=remark)
            self._images[key] = made
        return self._images[key]

    def services(self, node: Node | None, values: Values) -> Iterator[Service]:
        """The services of a job, as names or mappings."""
        for item in self._config.items(node, "`services`") if node is not None else ():
            fields = {}
            if isinstance(item, MappingNode):
                fields = self._config.fields(item, "a service")
            given = self._variables.of(fields.get("variables"), service=True)
            image = self._image(item, "service", values, given)
            if image.name is not None:
                yield self._service(fields, image, image.name, given, values)

    def _service(
        self, fields: Fields, image: Image, name: ScalarNode, given: Given, values: Values
    ) -> Service:
        nested = engine(name.value)
        if nested:
            from pipelaw.facts.container_engines import options  # noqa: PLC0415  few jobs have one

            words = [
                (self._config.place(node), text)
                for keyword in ("entrypoint", "command")
                for node, text in self._config.values(fields.get(keyword), f"`{keyword}`")
            ]
            told = options(words)
            given = given.plus(Given(told, facts=facts_of((), told))) if told else given
        alias = self._config.text(fields.get("alias"), "`alias`")
        container = Container(
            name=alias or references.split_image(name.value).name,
            image=name.value,
            # a runner grants that to all of its jobs, or this service does not start
            privileged=nested,
            implicit=nested,
            encrypted=nested and given.values.get(_CERTIFICATES, values.get(_CERTIFICATES)) != "",
            place=self._config.place(name),
        )
        return Service(image, container, given)

    def artifacts(self, node: Node | None) -> tuple[Artifact, ...]:
        """What a job stores."""
        if not isinstance(node, MappingNode):
            return ()
        if id(node) not in self._artifacts:
            self._artifacts[id(node)] = tuple(_artifacts(self._config, node))
        return self._artifacts[id(node)]

    def caches(self, node: Node | None) -> Iterator[Fields]:
        """The caches of a job, one or a list of them."""
        several = isinstance(node, SequenceNode)
        for one in self._config.items(node, "`cache`") if several else (node,):
            if isinstance(one, MappingNode):
                yield self._config.fields(one, "`cache`")

    def shared(self, node: Node | None) -> Iterator[Flaw]:
        """The caches that pipelines of protected branches share with those of all others."""
        for own in self.caches(node):
            if on(own.get("unprotect")):
                place = self._config.place(own["unprotect"])
                yield Flaw(kind="shared-cache", text="unprotect: true", place=place)

    def kept(self, node: Node | None) -> tuple[str, ...]:
        """The files that a job stores by their names or wildcards; not the whole workspace."""
        if node is None:
            return ()
        if id(node) not in self._kept:
            found = self.artifacts(node)
            paths = (path for one in found if not one.whole_workspace for path in one.paths)
            self._kept[id(node)] = tuple(name for name in map(plain, paths) if name)
        return self._kept[id(node)]


def socket(scripts: Iterable[Script], variables: Iterable[Variable]) -> Iterator[Volume]:
    """The engine's control socket, where a job is told to use it or hands it on."""
    for script in scripts:
        if ".sock" in script.text:
            for match in _SOCKET.finditer(script.text):
                path = match["path"]
                yield mount(path, path, script.source_text.place(*match.span("path")))
    for variable in variables:
        path = variable.value.removeprefix("unix://")
        # elsewhere it is the one of an engine that runs beside the job
        if variable.name == "DOCKER_HOST" and path.startswith(("/var/run/", "/run/")):
            yield mount(path, path, variable.place)


def matrix(config: Config, fields: Fields) -> list[dict[str, list[str]]]:
    """The rows of `parallel:matrix`: the texts that each variable takes."""
    parallel = fields.get("parallel")
    if not isinstance(parallel, MappingNode):
        return []
    rows = []
    for item in config.items(config.fields(parallel, "`parallel`").get("matrix"), "`matrix`"):
        row = config.fields(item, "a row of the matrix")
        rows.append(
            {key: [text for _, text in config.values(node, key)] for key, node in row.items()}
        )
    return rows


def crossed(config: Config, fields: Fields) -> Given:
    """The texts of `parallel:matrix` as the variables that they become."""
    parallel = fields.get("parallel")
    if not isinstance(parallel, MappingNode):
        return NOTHING
    found = tuple(
        Variable(name=key, value=text, literal="$" not in text, place=config.place(scalar))
        for item in config.items(config.fields(parallel, "`parallel`").get("matrix"), "`matrix`")
        for key, node in config.fields(item, "a row of the matrix").items()
        for scalar, text in config.values(node, key)
    )
    return Given(
        found,
        changing=tuple(one for one in found if not one.literal),
        facts=facts_of((), found),
    )


def runner(config: Config, node: Node | None, values: Values) -> Runner:
    """The machine that a job's tags request."""
    if node is None:
        return Runner()
    labels: dict[str, None] = {}
    for _, text in config.values(node, "`tags`"):
        labels.update(dict.fromkeys(values.alternatives(text)))
    return Runner(
        labels=tuple(labels), self_hosted="self-hosted" in labels, place=config.place(node)
    )


def _artifacts(config: Config, node: Node) -> Iterator[Artifact]:
    """What a job stores: its paths, and each kind of report."""
    own = config.fields(node, "`artifacts`")
    paths = tuple(text for _, text in config.values(own.get("paths"), "`artifacts:paths`"))
    untracked = on(own.get("untracked"))
    whole = not _WORKSPACE.isdisjoint(paths)
    left = [text for _, text in config.values(own.get("exclude"), "`artifacts:exclude`")]
    access = config.text(own.get("access"), "`artifacts:access`")
    closed = access in ("none", "maintainer")
    limited = (
        closed or access == "developer" or config.text(own.get("public"), "`public`") == "false"
    )
    taken = [path for path in paths if path not in left]
    if paths or untracked:
        yield Artifact(
            action="upload",
            name=config.text(own.get("name"), "`artifacts:name`"),
            paths=paths,
            whole_workspace=untracked or whole,
            hidden=whole and not closed and not any(map(_CHECKOUT.match, left)),
            sensitive=("" if closed else sensitive(taken, hidden=True))
            or ("" if limited else planned(taken)),
            place=config.place(own["paths"] if paths else own["untracked"]),
        )
    for kind, report in config.fields(own.get("reports"), "`artifacts:reports`").items():
        files = (
            () if isinstance(report, MappingNode) else config.values(report, f"`reports:{kind}`")
        )
        yield Artifact(
            action="upload",
            name=f"reports:{kind}",
            paths=tuple(text for _, text in files),
            place=config.place(report),
        )


class Needs(NamedTuple):
    """What a job waits for."""

    jobs: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    """What it takes from them."""


NO_NEEDS = Needs((), ())


def needs(config: Config, fields: Fields) -> Needs:
    """The jobs that `needs` and `dependencies` name, and the artifacts that come with them."""
    if "needs" not in fields and "dependencies" not in fields:
        return NO_NEEDS
    jobs: dict[str, None] = {}
    taken: dict[str, Artifact] = {}
    for item in config.items(fields.get("needs"), "`needs`"):
        if isinstance(item, MappingNode):
            own = config.fields(item, "a need")
            name = config.value(own.get("job"), "`needs:job`")
            elsewhere = config.value(own.get("project"), "`needs:project`")
            takes = config.text(own.get("artifacts"), "`needs:artifacts`") != "false"
        else:
            own, name, elsewhere, takes = {}, config.value(item, "a need"), "", True
        if elsewhere:
            ref = config.value(own.get("ref"), "`needs:ref`")
            name = f"{elsewhere}/{name}@{ref}"
        elif name:
            jobs[name] = None
        if name and takes:
            place = config.place(own.get("project") or own.get("job") or item)
            taken[name] = Artifact(action="download", name=name, place=place)
    for item, name in config.values(fields.get("dependencies"), "`dependencies`"):
        taken[name] = Artifact(action="download", name=name, place=config.place(item))
    return Needs(tuple(jobs), tuple(taken.values()))


def site(config: Config, name: str, fields: Fields) -> bool:
    """Whether a job puts a site onto GitLab Pages, in the place of the one that is there."""
    node = fields.get("pages")
    if isinstance(node, MappingNode):
        # with a prefix it is beside the site, for those who look at a change
        prefix = config.fields(node, "`pages`").get("path_prefix")
        return not config.text(prefix, "`path_prefix`")
    return config.text(node, "`pages`") != "false" if name == "pages" else on(node)


def permissions(config: Config, fields: Fields) -> Iterator[Permission]:
    """The identity tokens that a job requests."""
    tokens = config.pairs(fields["id_tokens"], "`id_tokens`") if "id_tokens" in fields else ()
    for key, value in tokens:
        own = config.fields(value, f"`{key.value}`")
        audience = tuple(text for _, text in config.values(own.get("aud"), "`aud`"))
        yield Permission(
            scope="id-token",
            access="mint",
            risk="high",
            audience=audience,
            documented=True,  # its name and its audience say what it is for
            place=config.place(key),
        )
    identity = fields.get("identity")
    if isinstance(identity, ScalarNode):
        yield Permission(
            scope="id-token",
            access="mint",
            risk="high",
            audience=(identity.value,),
            documented=True,
            place=config.place(identity),
        )


def handed(config: Config, fields: Fields) -> list[str]:
    """The names of the variables that `id_tokens` and `secrets` set."""
    nodes = [fields[word] for word in ("id_tokens", "secrets") if word in fields]
    return [key.value for node in nodes for key, _ in config.pairs(node, "a mapping")]


def stored(config: Config, fields: Fields) -> Iterator[Secret]:
    """The secrets that a job takes from a store with `secrets`."""
    for key, value in config.pairs(fields["secrets"], "`secrets`") if "secrets" in fields else ():
        own = config.fields(value, f"the secret `{key.value}`")
        in_file = config.text(own.get("file"), "`file`") != "false"
        for store in _STORES:
            if store in own:
                name, place = _stored(config, own[store])
                yield Secret(
                    name=name,
                    store=store,
                    use="file" if in_file else "environment",
                    target=key.value,
                    place=config.place(place if place is not None else key),
                )


def _stored(config: Config, node: Node) -> tuple[str, Node | None]:
    """The name of a secret in its store, `path/field@engine` in Vault, and where it is written."""
    if isinstance(node, ScalarNode):
        return config.value(node, "a secret"), node
    own = config.fields(node, "a secret")
    if "path" not in own:
        return config.value(own.get("name"), "the secret's name"), own.get("name")
    engine = config.fields(own.get("engine"), "the engine")
    parts: Mapping[str, str] = {
        key: config.value(found, "a secret")
        for key, found in (*own.items(), *((f"engine:{k}", v) for k, v in engine.items()))
        if isinstance(found, ScalarNode)
    }
    name = "/".join(part for part in (parts.get("path"), parts.get("field")) if part)
    mount = parts.get("engine:path", "")
    return f"{name}@{mount}" if mount else name, own["path"]
