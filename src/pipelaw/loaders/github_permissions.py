"""GitHub's `permissions`: what the job's token may do, and where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelaw.document import MappingNode, ScalarNode, null
from pipelaw.loaders.github_actions import SCOPES
from pipelaw.model import Permission

if TYPE_CHECKING:
    from pipelaw.document import Document, Node

_ALL = {"read-all": "read", "write-all": "write"}


class Grant(NamedTuple):
    """What one `permissions` key gives."""

    declared: bool = False
    permissions: tuple[Permission, ...] = ()

    @property
    def writes(self) -> bool:
        """Something other than an identity token can be written."""
        return any(p.access == "write" and p.scope != "id-token" for p in self.permissions)

    @property
    def mints_identity(self) -> bool:
        """An identity token can be had."""
        return any(p.access == "write" and p.scope in ("id-token", "*") for p in self.permissions)


def permissions_of(document: Document, node: Node | None, level: str) -> Grant:
    """Read a `permissions` key of a workflow (`pipeline`) or a job."""
    if node is None:
        return Grant()
    if isinstance(node, ScalarNode):
        return _shorthand(document, node, level)
    found = []
    for key, value in document.pairs(node, "`permissions`"):
        access = document.text(value, f"the permission `{key.value}`")
        if access not in ("read", "write", "none"):
            document.problem(value, f"the permission `{key.value}` is read, write or none")
            continue
        found.append(
            Permission(
                scope=key.value,
                access=access,
                level=level,
                risk=SCOPES.get(key.value, "low") if access == "write" else "none",
                place=document.place(key, value),
            )
        )
    return Grant(declared=isinstance(node, MappingNode), permissions=tuple(found))


def _shorthand(document: Document, node: ScalarNode, level: str) -> Grant:
    """`read-all`, `write-all`; an empty value is an empty mapping: nothing is granted."""
    if null(node):
        return Grant(declared=True)
    access = _ALL.get(node.value)
    if access is None:
        document.problem(node, "`permissions` is read-all, write-all or a mapping")
        return Grant(declared=True)
    risk = "high" if access == "write" else "low"
    everything = Permission(
        scope="*", access=access, level=level, risk=risk, place=document.place(node)
    )
    return Grant(declared=True, permissions=(everything,))
