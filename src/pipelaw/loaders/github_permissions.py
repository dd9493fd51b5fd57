"""GitHub's `permissions`: what the job's token may do, and where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipelaw.document import MappingNode, ScalarNode, null
from pipelaw.lazy import Lazy
from pipelaw.loaders import comments
from pipelaw.loaders.github_actions import SCOPES
from pipelaw.model import UNKNOWN, Permission
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.document import Document, Node
    from pipelaw.loaders.github_needs import Needs
    from pipelaw.words import Access, Level, Risk

_ALL: dict[str, Literal["read", "write"]] = {"read-all": "read", "write-all": "write"}


_ACCESS: tuple[Access, ...] = ("read", "write", "none")
_HARMLESS = frozenset({"id-token", "copilot-requests", "models"})
"""Scopes by which nothing of the repository can be written."""


class Rights(NamedTuple):
    """What a token can be used for, in short."""

    writes: bool
    """Something of the repository can be written."""
    identity: bool
    """An identity token can be had."""

    def within(self, limit: Rights | None) -> Rights:
        """What is left of them where a caller gives no more than `limit`."""
        if limit is None:
            return self
        return Rights(self.writes and limit.writes, self.identity and limit.identity)


class Grant(NamedTuple):
    """What one `permissions` key gives."""

    declared: bool
    permissions: tuple[Permission, ...]
    holders: list[tuple[str, Needs]]
    """The jobs that have it, and what they need."""

    @property
    def writes(self) -> bool:
        """Something of the repository can be written."""
        return any(p.access == "write" and p.scope not in _HARMLESS for p in self.permissions)

    @property
    def mints_identity(self) -> bool:
        """An identity token can be had."""
        return any(p.access == "write" and p.scope in ("id-token", "*") for p in self.permissions)

    def under(self, limit: Rights | None) -> Rights:
        """What a job with it can do; `limit` is what its callers give, None for the platform's default."""
        if self.declared:
            return Rights(self.writes, self.mints_identity).within(limit)
        return limit or Rights(writes=True, identity=False)


def rights_of(node: Node | None) -> Rights | None:
    """What a `permissions` key gives, in short; None where there is none."""
    if node is None:
        return None
    if not isinstance(node, MappingNode):
        every = node.value == "write-all"
        return Rights(every, every)
    writes = [key.value for key, value in node.value if value.value == "write"]
    return Rights(not _HARMLESS.issuperset(writes), "id-token" in writes)


def given(callers: Iterable[Rights | None]) -> Rights | None:
    """What one of the callers gives; None where one of them has the platform's default, or none is known."""
    found = list(callers)
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None
    return Rights(any(each.writes for each in known), any(each.identity for each in known))


def permissions_of(document: Document, node: Node | None, level: Level) -> Grant:
    """Read a `permissions` key of a workflow (`pipeline`) or a job."""
    if node is None:
        return Grant(False, (), [])
    if isinstance(node, ScalarNode):
        return _shorthand(document, node, level)
    found = []
    holders: list[tuple[str, Needs]] = []
    for key, value in document.pairs(node, "`permissions`"):
        text = document.text(value, f"the permission `{key.value}`")
        access = next((known for known in _ACCESS if known == text), None)
        if access is None:
            document.problem(value, f"the permission `{key.value}` is read, write or none")
            continue
        found.append(
            Permission(
                users=Users(key.value, access, holders) if access == "write" else UNKNOWN,
                documented=_documented(document, key, value, access),
                scope=key.value,
                access=access,
                level=level,
                risk=SCOPES.get(key.value, "low") if access == "write" else "none",
                place=document.place(key, value),
            )
        )
    return Grant(isinstance(node, MappingNode), tuple(found), holders)


_COMMENT = pattern(r"[ \t]*#[^\w\n]*(?:zizmor: ignore\[[^\]\n]*\][^\w\n]*|(?!zizmor: ))\w")


def _documented(document: Document, key: ScalarNode, value: Node, access: str) -> bool:
    """Whether a comment on its line or above it says what a permission is for, or it needs none."""
    if access == "none" or (access == "read" and key.value in ("contents", "metadata")):
        return True
    text = document.source.text
    beside = comments.after(text, value) if isinstance(value, ScalarNode) else ""
    if beside and _COMMENT.match(f"# {beside}"):
        return True
    start = text.rfind("\n", 0, key.start_mark.index)
    above = text[text.rfind("\n", 0, max(start, 0)) + 1 : max(start, 0)]
    return _COMMENT.match(above) is not None


def _shorthand(document: Document, node: ScalarNode, level: Level) -> Grant:
    """`read-all`, `write-all`; an empty value is an empty mapping: nothing is granted."""
    if null(node):
        return Grant(True, (), [])
    access = _ALL.get(node.value)
    if access is None:
        document.problem(node, "`permissions` is read-all, write-all or a mapping")
        return Grant(True, (), [])
    risk: Risk = "high" if access == "write" else "low"
    everything = Permission(
        scope="*", access=access, level=level, risk=risk, place=document.place(node)
    )
    return Grant(True, (everything,), [])


class Users(Lazy[str]):
    """The jobs that use a permission or may use it, among those that hold it."""

    __slots__ = ("_found", "_holders", "_right")

    def __init__(self, scope: str, access: str, holders: list[tuple[str, Needs]]) -> None:
        self._right = f"{scope}: {access}"
        self._holders = holders
        self._found: tuple[str, ...] | None = None

    def _read(self) -> tuple[str, ...]:
        if self._found is None:
            # a comment on a pull request goes through either of two permissions
            either = _COMMENTS if self._right in _COMMENTS else (self._right,)
            self._found = tuple(
                job for job, needs in self._holders if any(needs.used(right) for right in either)
            )
        return self._found


_COMMENTS = ("issues: write", "pull-requests: write")
