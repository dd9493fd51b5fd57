"""What a `uses` names: its parts, how it is pinned, and what is known of it."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import Node, Place, ScalarNode, null
from pipelaw.facts import advisories, references
from pipelaw.facts.versions import older, parse
from pipelaw.loaders import comments
from pipelaw.loaders.github_actions import FIRST_PARTY
from pipelaw.loaders.github_catalogue import (
    ARCHIVED,
    INSTALLERS,
    LOOKING,
    NODE20,
    POPULAR,
    REPLACEABLE,
)
from pipelaw.loaders.github_lock import bound
from pipelaw.model import Reference, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.loaders.github_context import Context
    from pipelaw.model import Variable
    from pipelaw.words import Pin, ReferenceKind

    Inputs = tuple[Variable, ...]
    Scopes = Sequence[Sequence[Variable]]
    """The variables of the scopes around something, the outermost first."""

_MOVABLE = frozenset({"tag", "branch", "none"})
_ABOVE = pattern(r"\n[ \t]*#[ \t]*([^\n]{1,120}?)[ \t\r]*\n[^\n]*\Z")
_LINK = pattern(r"[ \t]*\([^()]*\)\Z|https?://[^\s()]*/(?=[^\s/]*\Z)")
"""What a comment says beside a version: a remark in brackets, or the address of its release notes."""
_SAYING = frozenset(
    "at commit for is of pin pinned ref release renovate sha tag tagged this to version".split()
)
"""What may be around the version in a comment that says nothing else."""
_AROUND = " \t#()[]`'\""
_VERSION = pattern(r"v\d+(?:\.\d+)*(?:[-+.][\w.+-]*)?\Z|\d+(?:\.\d+)+(?:[-+.][\w.+-]*)?\Z")
_VARIABLE = pattern(r"\$\{\{\s*env\.([\w-]+)\s*\}\}\Z", re.IGNORECASE)
_NEWEST = frozenset(
    ["", *"* canary edge latest latest-release main master nightly stable tip".split()]
)
"""What says to take the newest release, or what is newer still."""


class _Split(NamedTuple):
    """What the text of a `uses` says by itself."""

    kind: ReferenceKind
    name: str
    ref: str = ""
    owner: str = ""
    pin: Pin = "local"
    mutable: bool = False
    first_party: bool = False
    plain: str = ""
    noted: bool = False
    """Something is known of it by name."""
    since: int = 0
    """Its first major version for a runtime that did not go with Node.js 16, where that is known."""


def _refuse(context: Context, node: Node) -> None:
    if isinstance(node, ScalarNode):
        context.document.problem(node, "`uses` names nothing")
    else:
        context.document.wrong(node, "text", "`uses`")


def uses_of(
    context: Context, node: Node, *, inputs: Inputs, secrets: bool, around: Scopes = ()
) -> Reference | None:
    """What a `uses` names: an action, a called workflow, an image, or something of this repository."""
    if not isinstance(node, ScalarNode) or null(node) or not node.value.strip():
        _refuse(context, node)
        return None
    text = node.value.strip()
    place = Place(context.document.source, node, node)
    if text.startswith("docker://"):
        return references.image(text[9:], place, "step", secrets=secrets, inputs=inputs)
    said = _split(text)
    pin, mutable = said.pin, said.mutable
    if mutable and context.locked and bound(text, context.locked):
        pin, mutable = "commit", False
    comment, claimed, contradiction = _comment(context, node, said, pinned=pin == "commit")
    reference = Reference(
        kind=said.kind,
        text=text,
        name=said.name,
        ref=said.ref,
        owner=said.owner,
        pin=pin,
        mutable=mutable,
        first_party=said.first_party,
        secrets=secrets,
        inputs=inputs,
        comment=comment,
        claimed=claimed,
        contradiction=contradiction,
        plain=said.plain,
        place=place,
    )
    reference = _aged(reference, said.since) if said.since else reference
    return _described(reference, around) if said.noted else reference


def _comment(
    context: Context, node: ScalarNode, said: _Split, *, pinned: bool
) -> tuple[str, str, str]:
    """What is written beside a reference or above it, the version that it claims, and what contradicts it."""
    comment, claimed = comments.after(context.document.source.text, node), ""
    if pinned:
        claimed = comments.claimed(comment) or _told(comment, said.name) if comment else ""
        claimed = claimed or _above(context, node, said.name)
        comment = comment or claimed
    if not comment:
        return "", "", ""
    return comment, claimed, _contradiction(context, said.name, said.ref, comment, claimed)


def _aged(reference: Reference, since: int) -> Reference:
    """A reference, marked where its version is older than the first major one that matters."""
    if not older(reference, since) or _stale(reference):
        return reference
    return replaced(reference, outlived=f"v{since}")


def _stale(reference: Reference) -> bool:
    """Whether a comment names no more than a major version by itself.

    Bots update an exact version, and what a program wrote (`ratchet:owner/name@v3`), together with the
    commit; they leave `# v3` as it is.
    """
    claimed = reference.claimed
    return bool(claimed) and "." not in claimed and reference.comment.startswith(claimed)


# the same few actions are in most files
@lru_cache(maxsize=4096)
def _split(text: str) -> _Split:
    written, _, ref = text.partition("@")
    kind: ReferenceKind = "workflow" if written.endswith((".yml", ".yaml")) else "action"
    if text.startswith(("./", "$/", "../")):
        return _Split(kind, text)
    how = references.pin(ref)
    # `.`, `..` and empty parts lead elsewhere than a reader, or a list of names, believes
    name = posixpath.normpath(written) if "." in written or "//" in written else written.rstrip("/")
    owner = name.partition("/")[0]
    lowered = name.lower()
    noted = (
        advisories.repository(lowered) in ARCHIVED
        or lowered in REPLACEABLE
        or lowered in INSTALLERS
        or bool(_resembled(advisories.repository(lowered)))
        or advisories.known(lowered)
    )
    return _Split(
        kind=kind,
        name=name,
        ref=ref,
        owner=owner,
        pin=how,
        mutable=how in _MOVABLE,
        first_party=owner.lower() in FIRST_PARTY,
        plain=name if name != written else "",
        noted=noted,
        since=NODE20.get(advisories.repository(lowered), 0),
    )


def _above(context: Context, node: ScalarNode, name: str) -> str:
    """The version that a comment on the line above names."""
    start = node.start_mark.index
    match = _ABOVE.search(context.document.source.text, max(start - 240, 0), start)
    return "" if match is None else _told(match[1], name)


def _told(comment: str, name: str) -> str:
    """The version that a comment names, if it says no more than that."""
    known = {*_SAYING, name.lower(), *name.lower().split("/")}
    said = _LINK.sub("", comment.lower()) or comment.lower()
    *before, last = re.split(r"[\s:=@]+", said.strip(_AROUND))
    return last if _VERSION.match(last) and known.issuperset(before) else ""


def _described(reference: Reference, around: Scopes) -> Reference:
    """A reference with what is known of it by its name and version."""
    name = reference.name.lower()
    verdict = advisories.verdict(name, reference.ref, reference.claimed)
    # what is bound to a commit elsewhere did not follow a tag that was moved
    bad = verdict.malicious or reference.mutable
    found = {
        "vulnerable": verdict.vulnerable,
        "vulnerability": verdict.severity,
        "compromised": verdict.compromised if bad else "",
        "malicious": verdict.malicious or (verdict.standing and reference.mutable),
        "fixed": verdict.fixed,
        "archived": advisories.repository(name) in ARCHIVED,
        "resembles": _resembled(advisories.repository(name)),
        "replacement": REPLACEABLE.get(name, ""),
        "installs": _installs(name, reference.inputs, around),
    }
    told = {field: value for field, value in found.items() if value != getattr(reference, field)}
    return replaced(reference, **told) if told else reference


def _installs(name: str, inputs: Inputs, around: Scopes) -> str:
    """The program that an action installs in its newest release, "" where an input names a version."""
    program, versions = INSTALLERS.get(name, ("", ()))
    if not program:
        return ""
    said = [_version(given, around) for given in inputs if given.name.lower() in versions]
    named = name in LOOKING if not said else any(version not in _NEWEST for version in said)
    return "" if named else program


def _version(given: Variable, around: Scopes) -> str:
    """The version that an input names, after the `@` where it names the program as well."""
    if given.name.lower() == "repo":
        return given.value.partition("@")[2]
    match = _VARIABLE.match(given.value)
    if match is None:
        return given.value
    known = (one for scope in reversed(around) for one in scope)
    name = match[1].lower()
    return next((one.value for one in known if one.name.lower() == name), given.value)


@lru_cache(maxsize=1024)
def _resembled(name: str) -> str:
    """The popular action whose name this is but for one slip in its owner, "" for none."""
    owner, _, rest = name.partition("/")
    owners = POPULAR.get(rest, ())
    if owner in owners:
        return ""
    return next((f"{known}/{rest}" for known in owners if _slip(owner, known)), "")


def _slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter: left out, put in, changed, or swapped with the next."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, wanted = one[start:], other[start:]
    if rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]:
        return True
    return rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]


def _contradiction(context: Context, name: str, ref: str, comment: str, claimed: str) -> str:
    """What the comment after a reference cannot mean, as far as this file says."""
    if not claimed:
        # after a tag, only a comment that is nothing but a version claims to be one
        return "" if _compatible(ref, comment) else f"the tag `{ref}`"
    version = parse(claimed)
    if version is None:
        return ""
    name = name.lower()
    before = context.claims.setdefault(f"{name}@{ref}", claimed)
    if before != claimed and not _compatible(before, claimed):
        return f"the comment `{before}` after the same commit elsewhere in this file"
    if version.exact:
        other = context.claims.setdefault(f"{name}#{claimed}", ref)
        if other != ref:
            return f"another commit that is called {claimed} elsewhere in this file"
    return ""


def _compatible(one: str, other: str) -> bool:
    """Whether two texts can name the same version; what names none says nothing against it."""
    first, second = parse(one), parse(other)
    return first is None or second is None or first.agrees(second)
