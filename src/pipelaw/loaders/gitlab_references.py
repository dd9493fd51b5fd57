"""What an `include`, or the `include` of a `trigger`, takes from another repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, ScalarNode
from pipelaw.facts import references
from pipelaw.loaders.comments import after, claimed
from pipelaw.model import Reference, Variable, replaced
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Node
    from pipelaw.loaders.gitlab_nodes import Nodes
    from pipelaw.words import Pin

_FULL_VERSION = pattern(r"v?\d+\.\d+\.\d+(?:[-+].*)?\Z")
_PART_VERSION = pattern(r"v?\d+(?:\.\d+)?\Z|~latest\Z")
_IN_URL = pattern(r"/[0-9a-f]{40}(?:/|\Z)")
_HERE = frozenset({"$CI_PROJECT_PATH", "${CI_PROJECT_PATH}"})
_OWN_PATHS = ("$CI_PROJECT_PATH/", "${CI_PROJECT_PATH}/")
_OWN_HOSTS = frozenset(
    "gitlab.com $CI_SERVER_FQDN ${CI_SERVER_FQDN} $CI_SERVER_HOST ${CI_SERVER_HOST}".split()
)
_FIXED = ("commit", "digest", "local", "unresolved")


def external(nodes: Nodes, fields: dict[str, Node]) -> Reference | None:
    """The reference that an include's keywords make; None where they name a file of this repository."""
    for keyword, make in _MAKERS.items():
        node = fields.get(keyword)
        if isinstance(node, ScalarNode):
            made = make(nodes, node, fields)
            said = claimed(made.comment) if made.pin == "commit" and made.comment else ""
            return replaced(made, claimed=said) if said else made
    return None


def text_of(nodes: Nodes, node: Node | None) -> str:
    """The text of a scalar without a remark about its shape."""
    return nodes.value(node, "an include") if isinstance(node, ScalarNode) else ""


def comment(nodes: Nodes, node: ScalarNode) -> str:
    """The comment after a value on its line."""
    return after(nodes.file(node).source.text, node)


def _project(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """Files of another project; the ref decides how firm they are."""
    version = fields.get("ref")
    text, ref = text_of(nodes, node), text_of(nodes, version)
    files = [path for _, path in nodes.values(fields.get("file"), "`include:file`")]
    pin: Pin = "local" if text in _HERE else references.pin(ref)
    return Reference(
        kind="include",
        text=f"{text}@{ref}" if ref else text,
        name="/".join((text, files[0].lstrip("/"))) if len(files) == 1 else text,
        ref=ref,
        owner=text.partition("/")[0],
        pin=pin,
        mutable=pin not in _FIXED,
        inputs=tuple(inputs(nodes, fields)),
        comment=comment(nodes, version) if isinstance(version, ScalarNode) else "",
        place=nodes.place(node),
    )


def _remote(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """A file at a URL; `integrity` makes it a fixed one."""
    text = text_of(nodes, node)
    integrity = text_of(nodes, fields.get("integrity"))
    pin: Pin = "digest" if integrity else "commit" if _IN_URL.search(text) else references.pin("")
    if pin == "none" and references.DYNAMIC.search(text):
        pin = "unresolved"
    return Reference(
        kind="include",
        text=text,
        name=text,
        ref=integrity,
        owner=text.partition("://")[2].partition("/")[0],
        pin=pin,
        mutable=pin not in _FIXED,
        inputs=tuple(inputs(nodes, fields)),
        comment=comment(nodes, node),
        place=nodes.place(node),
    )


def _template(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """A file that comes with GitLab; only its `latest` ones change within a major version."""
    text = text_of(nodes, node)
    return Reference(
        kind="template",
        text=text,
        name=text,
        mutable=".latest." in text,
        first_party=True,
        inputs=tuple(inputs(nodes, fields)),
        place=nodes.place(node),
    )


def _component(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """A component, `host/group/project/name@version`."""
    text = text_of(nodes, node)
    name, _, ref = text.rpartition("@") if "@" in text else (text, "", "")
    host, _, path = name.partition("/")
    # the project itself: a component that tests itself
    pin = "local" if path.startswith(_OWN_PATHS) else _component_pin(ref)
    return Reference(
        kind="component",
        text=text,
        name=name,
        ref=ref,
        owner=path.partition("/")[0],
        pin=pin,
        mutable=pin not in _FIXED,
        first_party=host in _OWN_HOSTS and path.startswith("components/"),
        inputs=tuple(inputs(nodes, fields)),
        comment=comment(nodes, node),
        place=nodes.place(node),
    )


def _component_pin(ref: str) -> Pin:
    """How a component is pinned; part of a version is a line that moves with each release."""
    if ref in ("$CI_COMMIT_SHA", "${CI_COMMIT_SHA}"):
        # the commit of this pipeline is only there in this repository: a component that tests itself
        return "local"
    if _PART_VERSION.match(ref):
        return "branch"
    return "tag" if _FULL_VERSION.match(ref) else references.pin(ref)


def _generated(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """A file that an earlier job of the pipeline writes."""
    text, job = text_of(nodes, node), text_of(nodes, fields.get("job"))
    return Reference(
        kind="workflow", text=text, name=f"{job}/{text}", pin="unresolved", place=nodes.place(node)
    )


def project(nodes: Nodes, node: ScalarNode, fields: dict[str, Node]) -> Reference:
    """The pipeline of another project that a `trigger` starts; without a branch, of its default one.

    It runs over there, with the rights of there: nothing of it gets into this pipeline.
    """
    text, branch = text_of(nodes, node), text_of(nodes, fields.get("branch"))
    return Reference(
        kind="workflow",
        text=f"{text}@{branch}" if branch else text,
        name=text,
        ref=branch,
        owner=text.partition("/")[0],
        pin="unresolved" if references.DYNAMIC.search(text) else references.pin(branch),
        inputs=tuple(inputs(nodes, fields)),
        place=nodes.place(node),
    )


def given(nodes: Nodes, fields: dict[str, Node]) -> dict[str, str]:
    """The inputs that are handed over as text, by name."""
    return {
        one.name: one.value
        for one in inputs(nodes, fields)
        if isinstance(one.place.first, ScalarNode)
    }


def inputs(nodes: Nodes, fields: dict[str, Node]) -> Iterator[Variable]:
    """The inputs that an include hands over."""
    if "inputs" not in fields:
        return
    for key, value in nodes.pairs(fields["inputs"], "`inputs`"):
        yield variable(nodes, key, value)


def handed(nodes: Nodes, fields: dict[str, Node]) -> list[Variable]:
    """The same read once more: where they are no mapping, that was noted before."""
    return list(inputs(nodes, fields)) if isinstance(fields.get("inputs"), MappingNode) else []


def variable(nodes: Nodes, name: ScalarNode, value: Node) -> Variable:
    """The text that an input is given."""
    text = text_of(nodes, value)
    place = nodes.place(value)
    return Variable(name=name.value, value=text, kind="input", literal="$" not in text, place=place)


_MAKERS = {
    "project": _project,
    "remote": _remote,
    "template": _template,
    "component": _component,
    "artifact": _generated,
}
