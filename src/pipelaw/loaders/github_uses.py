"""What a `uses` names: its parts, how it is pinned, and what is known of it."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import Node, Place, ScalarNode, null
from pipelaw.facts import advisories, references
from pipelaw.loaders.comments import behind
from pipelaw.loaders.github_actions import FIRST_PARTY
from pipelaw.loaders.github_catalogue import ARCHIVED, INSTALLERS, POPULAR, REPLACEABLE
from pipelaw.loaders.github_lock import bound
from pipelaw.model import Reference, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.loaders.github_context import Context
    from pipelaw.model import Variable

_MOVABLE = frozenset({"tag", "branch", "none"})
_CLAIM = pattern(
    r"(?:zizmor: *ignore\[[^\]]*\] *#? *)?"
    r"(?:tag *[=:] *|pin *@ *|pin:|version:? +|renovate: *tag=|ratchet:[^@\s]+@|[\w.-]+/[\w./-]+@|https?://\S+/|@)?"
    r"(?P<version>[\w][\w./+-]*)(?P<more>.*)",
    re.IGNORECASE,
)
_ABOVE = pattern(r"\n[ \t]*#[ \t]*([^\n]{1,120}?)[ \t\r]*\n[^\n]*\Z")
_ABOVE_WORDS = frozenset(
    "at commit for is pin pinned release renovate sha tag this to version".split()
)
"""What may stand around the version in a comment that says nothing else."""
_VERSION = pattern(r"v\d+(?:\.\d+)*(?:[-+.][\w.+-]*)?\Z|\d+(?:\.\d+)+(?:[-+.][\w.+-]*)?\Z")
_NUMBERS = pattern(r"v?(\d+(?:\.\d+)*)(?:[-.+]?[a-z][\w.+-]*)?\Z", re.IGNORECASE)
_NEWEST = frozenset({"", "latest", "latest-release", "tip"})
_EXACT = 3
"""How many numbers a version has that no later release takes over."""


class _Split(NamedTuple):
    """What the text of a `uses` says by itself."""

    kind: str
    name: str
    ref: str = ""
    owner: str = ""
    pin: str = "local"
    mutable: bool = False
    first_party: bool = False
    plain: str = ""
    noted: bool = False
    """Something is known of it by name."""


def uses_of(
    context: Context, node: Node, *, inputs: tuple[Variable, ...], secrets: bool
) -> Reference | None:
    """What a `uses` names: an action, a called workflow, an image, or something of this repository."""
    if not isinstance(node, ScalarNode) or null(node) or not node.value.strip():
        context.document.wrong(node, "text", "`uses`")
        if isinstance(node, ScalarNode):
            context.document.problem(node, "`uses` names nothing")
        return None
    text = node.value.strip()
    place = Place(context.document.source, node, node)
    if text.startswith("docker://"):
        image = text.removeprefix("docker://")
        return references.image(image, place, "step", secrets=secrets, inputs=inputs)
    kind, name, ref, owner, how, mutable, first_party, plain, noted = _split(text)
    if mutable and context.locked and bound(text, context.locked):
        how, mutable = "commit", False
    comment = behind(context.document.source.text, node)
    claimed = _claimed(comment) if comment and how == "commit" else ""
    if not claimed and how == "commit":
        claimed = _above(context, node, name)
        comment = comment or claimed
    reference = Reference(
        kind=kind,
        text=text,
        name=name,
        ref=ref,
        owner=owner,
        pin=how,
        mutable=mutable,
        first_party=first_party,
        secrets=secrets,
        inputs=inputs,
        comment=comment,
        claimed=claimed,
        contradiction=_contradiction(context, name, ref, comment, claimed) if comment else "",
        plain=plain,
        place=place,
    )
    return _described(reference) if noted else reference


# the same few actions stand in most files
@lru_cache(maxsize=4096)
def _split(text: str) -> _Split:
    written, _, ref = text.partition("@")
    kind = "workflow" if written.endswith((".yml", ".yaml")) else "action"
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
    )


def _above(context: Context, node: ScalarNode, name: str) -> str:
    """The version that a comment on the line above names, if it says no more than that."""
    start = node.start_mark.index
    match = _ABOVE.search(context.document.source.text, max(start - 240, 0), start)
    if match is None:
        return ""
    known = {*_ABOVE_WORDS, name.lower(), *name.lower().split("/")}
    *before, last = re.split(r"[\s:=@]+", match[1].lower())
    return last if _VERSION.match(last) and known.issuperset(before) else ""


def _described(reference: Reference) -> Reference:
    """A reference with what is known of it by its name and version."""
    name = reference.name.lower()
    verdict = advisories.verdict(name, reference.ref, reference.claimed)
    # what is bound to a commit elsewhere did not follow a tag that was moved
    bad = verdict.malicious or reference.mutable
    found = {
        "vulnerable": verdict.vulnerable,
        "vulnerability": verdict.severity,
        "compromised": verdict.compromised if bad else "",
        "malicious": verdict.malicious,
        "fixed": verdict.fixed,
        "archived": advisories.repository(name) in ARCHIVED,
        "resembles": _resembled(advisories.repository(name)),
        "replacement": REPLACEABLE.get(name, ""),
        "installs": _installs(name, reference.inputs),
    }
    told = {field: value for field, value in found.items() if value != getattr(reference, field)}
    return replaced(reference, **told) if told else reference


def _installs(name: str, inputs: tuple[Variable, ...]) -> str:
    """The program that an action installs in its newest release, "" where an input names a version."""
    program, versions = INSTALLERS.get(name, ("", ()))
    if program and any(
        given.name.lower() in versions and given.value not in _NEWEST for given in inputs
    ):
        return ""
    return program


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


@lru_cache(maxsize=2048)
def _claimed(comment: str) -> str:
    """The version, tag or branch that a comment names, "" for one that says something else."""
    match = _CLAIM.match(comment)
    if match is None or match["version"].endswith(":") or match["more"].startswith(":"):
        return ""
    version = match["version"]
    alone = not match["more"].strip()
    return version if alone or any(char.isdigit() for char in version) else ""


def _contradiction(context: Context, name: str, ref: str, comment: str, claimed: str) -> str:
    """What the comment behind a reference cannot mean, as far as this file tells."""
    if not claimed:
        # behind a tag, only a comment that is nothing but a version claims to be one
        if _NUMBERS.match(comment) and _NUMBERS.match(ref) and not _compatible(ref, comment):
            return f"the tag `{ref}`"
        return ""
    numbers = _counted(claimed)
    if not numbers:
        return ""
    before = context.claims.setdefault(f"{name}@{ref}", claimed)
    if before != claimed and not _compatible(before, claimed):
        return f"the comment `{before}` behind the same commit elsewhere in this file"
    if numbers >= _EXACT:
        other = context.claims.setdefault(f"{name}#{claimed}", ref)
        if other != ref:
            return f"another commit that is called {claimed} elsewhere in this file"
    return ""


@lru_cache(maxsize=1024)
def _counted(version: str) -> int:
    """How many numbers a version has, 0 for what is none."""
    match = _NUMBERS.match(version)
    return match[1].count(".") + 1 if match is not None else 0


def _compatible(one: str, other: str) -> bool:
    """Whether two versions can be the same one, written more or less exactly."""
    first, second = _NUMBERS.match(one), _NUMBERS.match(other)
    if first is None or second is None:
        return True
    pairs = zip(first[1].split("."), second[1].split("."), strict=False)
    return all(int(left) == int(right) for left, right in pairs)
