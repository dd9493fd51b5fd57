"""The privileges of a step's container, and what it mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, Place, ScalarNode, SequenceNode
from pipelaw.facts.references import mount, split_image, volume
from pipelaw.loaders.drone_document import pair_place
from pipelaw.loaders.switches import on
from pipelaw.machines import engine
from pipelaw.model import Container
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipelaw.document import Document
    from pipelaw.model import Variable, Volume
    from pipelaw.words import Role


class Entry(NamedTuple):
    """A step or service of the file."""

    name: str
    fields: dict[str, Node]
    node: MappingNode
    place: Place
    """Its name, or its first line."""


_LISTED = {"dns": "dns", "dns_search": "dns", "extra_hosts": "extra-hosts"}
_NAMED = {"devices": "device", "cap_add": "cap-add", "security_opt": "security-opt"}
_PLAIN = {
    "network_mode": "network",
    "pid": "pid",
    "ipc": "ipc",
    "runtime": "runtime",
    "user": "user",
}
_ORDINARY = frozenset({"", "bridge", "default", "none", "private"})
_ROOT = frozenset({"root", "0", "0:0", "root:root"})
_NOTABLE = frozenset({"privileged", "backend_options", "ports", *_LISTED, *_NAMED, *_PLAIN})


def container_of(
    document: Document, entry: Entry, role: Role, escalated: Collection[str]
) -> Container | None:
    """The container of a step that has unusual privileges, or of any service; None for all others."""
    fields = entry.fields
    notable = not _NOTABLE.isdisjoint(fields)
    options = tuple(dict.fromkeys(_options(document, fields))) if notable else ()
    privileged = notable and on(fields.get("privileged"))
    implicit = not privileged and role != "service" and _escalates(fields, escalated)
    if not (privileged or implicit or options or role == "service"):
        return None
    return Container(
        name=entry.name,
        role=role,
        image=document.text(fields.get("image"), "`image`"),
        privileged=privileged or implicit,
        implicit=implicit,
        options=options,
        place=_place(document, entry, privileged=privileged, options=bool(options)),
    )


def _place(document: Document, entry: Entry, *, privileged: bool, options: bool) -> Place:
    """The key that gives the container its privileges, else its image."""
    wanted = ["image"]
    if privileged:
        wanted = ["privileged"]
    elif options:
        wanted = [key for key in entry.fields if key in _NOTABLE]
    return pair_place(document, entry.node, *wanted)


_RESTRICTED = frozenset({"XDG_RUNTIME_DIR", "DOCKER_OPTS", "DOCKER_HOST", "PATH", "HOME"})
_OWN = ("commands", "command", "entrypoint", "volumes")


def _escalates(fields: Mapping[str, Node], escalated: Collection[str]) -> bool:
    """Whether the runner gives the image all privileges unasked: it matches names without their tag."""
    image = fields.get("image")
    if not escalated or not isinstance(image, ScalarNode):
        return False
    if split_image(image.value).name not in escalated:
        return False
    if any(isinstance(fields.get(key), SequenceNode) and fields[key].value for key in _OWN):
        return False
    environment = fields.get("environment")
    names = environment.value if isinstance(environment, MappingNode) else []
    return not any(key.value in _RESTRICTED for key, _ in names if isinstance(key, ScalarNode))


def _options(document: Document, fields: Mapping[str, Node]) -> Iterator[str]:
    for key, node in fields.items():
        if key in _LISTED:
            yield from (_LISTED[key] for _ in document.scalars(node, f"`{key}`"))
        elif key in _NAMED:
            yield from (f"{_NAMED[key]}={name}" for name in _names(document, node))
        elif key in _PLAIN:
            yield from _plain(key, document.text(node, f"`{key}`"))
        elif key == "backend_options":
            yield from _backend(document, node)
        elif key == "ports":
            yield from _ports(document, node)


def _plain(key: str, value: str) -> Iterator[str]:
    if key == "user":
        value = "root" if value in _ROOT else ""
    if value not in _ORDINARY:
        yield f"{_PLAIN[key]}={value}"


def _names(document: Document, node: Node) -> Iterator[str]:
    """The texts of a list; of a device its path."""
    for item in [node] if isinstance(node, ScalarNode) else document.items(node, "an option"):
        if isinstance(item, MappingNode):
            yield document.text(document.fields(item, "an option").get("path"), "`path`")
        elif isinstance(item, ScalarNode):
            yield item.value.partition(":")[0] if item.value.startswith("/") else item.value


def _ports(document: Document, node: Node) -> Iterator[str]:
    """The ports of the machine that a container takes."""
    for item in node.value if isinstance(node, SequenceNode) else ():
        if isinstance(item, MappingNode):
            port = document.text(document.fields(item, "a port").get("host"), "`host`")
            if port not in ("", "0"):
                yield f"port={port}"


def _backend(document: Document, node: Node) -> Iterator[str]:
    """What a step asks of Kubernetes: another account, privileges of its own."""
    kubernetes = document.fields(node, "`backend_options`").get("kubernetes")
    if not isinstance(kubernetes, MappingNode):
        return
    fields = document.fields(kubernetes, "`kubernetes`")
    account = document.text(fields.get("serviceAccountName"), "`serviceAccountName`")
    if account:
        yield f"service-account={account}"
    context = fields.get("securityContext")
    if context is not None:
        wanted = document.fields(context, "`securityContext`")
        if on(wanted.get("privileged")):
            yield "security-context=privileged"


def engine_options(
    document: Document, fields: Mapping[str, Node], image: ScalarNode | None
) -> Iterator[Variable]:
    """The options of a container engine that have it believe others."""
    if image is None or not engine(image.value):
        return
    from pipelaw.facts.container_engines import options  # noqa: PLC0415  few pipelines have one

    nodes = [node for key in _OWN[:-1] for node in document.scalars(fields.get(key), f"`{key}`")]
    yield from options((document.place(node), node.value) for node in nodes)


def host_paths(document: Document, node: Node | None) -> dict[str, ScalarNode]:
    """The host paths of a pipeline's volumes, by the name of the volume."""
    found: dict[str, ScalarNode] = {}
    if not isinstance(node, SequenceNode):
        # legacy and Woodpecker pipelines may have a mapping here, which names no host paths
        return found
    for item in document.items(node, "`volumes`"):
        fields = document.fields(item, "a volume") if isinstance(item, MappingNode) else {}
        host = fields.get("host")
        if host is None:
            continue
        path = document.fields(host, "`host`").get("path")
        name = document.text(fields.get("name"), "`name`")
        if isinstance(path, ScalarNode) and path.value:
            found[name] = path
    return found


def cluster_secrets(document: Document, node: Node | None) -> dict[str, ScalarNode]:
    """The names of the cluster's secrets that are volumes of a pipeline, by the name of the volume."""
    found: dict[str, ScalarNode] = {}
    for item in node.value if isinstance(node, SequenceNode) else ():
        fields = document.fields(item, "a volume") if isinstance(item, MappingNode) else {}
        if "secret" in fields:
            secret = document.fields(fields["secret"], "`secret`").get("name")
            if isinstance(secret, ScalarNode) and secret.value:
                found[document.text(fields.get("name"), "`name`")] = secret
    return found


def volumes_of(
    document: Document, node: Node | None, hosts: Mapping[str, ScalarNode]
) -> Iterator[Volume]:
    """What a step mounts: `/host:/path`, or a volume of the pipeline by its name."""
    if node is None:
        return
    for item in document.items(node, "`volumes`"):
        if isinstance(item, ScalarNode):
            yield volume(item.value, document.place(item))
        elif isinstance(item, MappingNode):
            fields = document.fields(item, "a volume")
            name = document.text(fields.get("name"), "`name`")
            target = document.text(fields.get("path"), "`path`")
            path = hosts.get(name)
            if path is None:
                yield mount(name, target, document.place(item))
            else:
                yield mount(path.value, target, document.place(path))
