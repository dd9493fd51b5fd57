"""Known weaknesses of actions, found without a network: by tag, by commit, by the version it claims.

The data is derived from the GitHub Advisory Database; `data/advisories.json` tells its date.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pipelaw.facts import references
from pipelaw.facts.versions import LATEST, Version, parse
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_COMPARISON = pattern(r"(<=|>=|<|>|=)(\S+)")
_SEVERITIES = ("none", "low", "medium", "high", "critical")


class Verdict(NamedTuple):
    """What the advisories say about one version, taken together."""

    vulnerable: str = ""
    """The advisories about weaknesses of it, joined by commas; "" for none."""
    severity: str = "none"
    """The worst of them: critical, high, medium, low or none."""
    compromised: str = ""
    """The advisories about malicious code in it, joined by commas; "" for none."""
    malicious: bool = False
    """It is a commit that is known to be malicious, not only a tag that once pointed to one."""
    standing: bool = False
    """It is a tag that nobody is known to have set right again."""
    fixed: str = ""
    """The first version that none of them is about, "" where there is none."""


class _Advisory(NamedTuple):
    identifier: str
    severity: str
    ranges: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]
    fixed: str
    compromised: bool
    standing: bool
    names: frozenset[str]
    """Tags that are no versions."""


class _Data(NamedTuple):
    actions: Mapping[str, tuple[_Advisory, ...]]
    repositories: frozenset[str]
    malicious: Mapping[str, str]


@cache
def _data() -> _Data:
    import json  # noqa: PLC0415  only scans that meet an action need it
    from pathlib import Path  # noqa: PLC0415  the same

    text = (Path(__file__).parents[1] / "data" / "advisories.json").read_text("utf-8")
    read = json.loads(text)
    actions = {name: tuple(map(_advisory, records)) for name, records in read["actions"].items()}
    return _Data(
        actions=actions,
        repositories=frozenset(map(repository, (*actions, *read["malicious"]))),
        malicious={commit: name for name, found in read["malicious"].items() for commit in found},
    )


def _advisory(record: Mapping[str, Any]) -> _Advisory:
    return _Advisory(
        identifier=str(record["id"]),
        severity=str(record["severity"]),
        ranges=tuple(
            tuple((sign, _bound(version)) for sign, version in _COMPARISON.findall(text))
            for text in record["ranges"]
        ),
        fixed=str(record["fixed"]),
        compromised=bool(record.get("compromised")),
        standing=bool(record.get("standing")),
        names=frozenset(record.get("names", ())),
    )


def repository(name: str) -> str:
    """The repository of an action or called workflow: the first two parts of its path."""
    owner, _, rest = name.partition("/")
    return f"{owner}/{rest.partition('/')[0]}"


def known(name: str) -> bool:
    """Whether any advisory is about an action's repository; `name` is in lower case."""
    return repository(name) in _data().repositories


@lru_cache(maxsize=2048)
def verdict(name: str, ref: str, claimed: str) -> Verdict:
    """What is known of an action at a version; `name` is in lower case.

    For a commit, `claimed` is the version that the comment after it claims, "" for none: whoever
    pinned a commit was not hit by tags that were moved, so only commits known to be malicious count.
    """
    pinned = references.pin(ref) == "commit"
    version = parse(claimed if pinned else ref)
    malicious = pinned and ref.lower() in _data().malicious
    found = [
        one
        for one in _about(name)
        if (_name(ref) in one.names if version is None else _hit(one, version, pinned))
    ]
    weak = [one for one in found if not one.compromised]
    bad = [one for one in found if one.compromised and not pinned]
    if malicious:
        bad = [one for one in _about(name) if one.compromised]
    return Verdict(
        vulnerable=_joined(weak),
        severity=max((one.severity for one in weak), key=_SEVERITIES.index, default="none"),
        compromised=_joined(bad) or ("a reported incident" if malicious else ""),
        malicious=malicious,
        standing=any(one.standing for one in bad) and not malicious,
        fixed=max((one.fixed for one in (*weak, *bad) if one.fixed), key=_bound, default=""),
    )


def _name(ref: str) -> str:
    """The tag that a reference names, as the advisories write it."""
    return ref.lower().removeprefix("refs/tags/")


def _about(name: str) -> Iterable[_Advisory]:
    """The advisories about an action: those of its repository, and of its folder there."""
    for known_name, advisories in _data().actions.items():
        if name == known_name or name.startswith(f"{known_name}/"):
            yield from advisories


def _joined(advisories: Iterable[_Advisory]) -> str:
    return ", ".join(dict.fromkeys(one.identifier for one in advisories))


def _bound(text: str) -> tuple[int, ...]:
    """A version of a range: what is not written is zero."""
    version = parse(text)
    return Version(version.numbers).oldest if version is not None else ()


def _hit(advisory: _Advisory, version: Version, pinned: bool) -> bool:
    """Whether an advisory is about a version; a tag stands for the newest release that it can be."""
    # a commit that only claims to be some v2 may be older than what the advisory is about
    ends = (version.newest, version.oldest) if pinned else (version.newest,)
    return all(_within(advisory, end) for end in ends)


def _within(advisory: _Advisory, version: tuple[int, ...]) -> bool:
    return any(
        all(_holds(version, sign, bound) for sign, bound in comparisons)
        for comparisons in advisory.ranges
    )


def _holds(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    if sign == "=":
        # `= 1` is about the tag `v1` itself
        return all(
            one == other or (one == LATEST and not other)
            for one, other in zip(version, bound, strict=True)
        )
    if sign in ("<", "<="):
        return version < bound or (sign == "<=" and version == bound)
    return version > bound or (sign == ">=" and version == bound)
