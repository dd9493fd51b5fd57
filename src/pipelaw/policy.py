"""A policy: what a team decides about rules, read in layers, with the origin of every value."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from pipelaw.document import Problem
from pipelaw.finding import FAIL_ON, Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from pipelaw.rules import Value


DEFAULT = "pipelaw:default"
"""The profile that every policy lies on top of."""

THRESHOLDS = ("never", *(severity.word for severity in sorted(Severity, reverse=True)))
"""What `fail_on` can be, the loosest first."""
INLINE = ("allowed", "dated", "refused")
"""What can be said of comments that silence a finding, the loosest first."""
LEVELS = ("off", *(severity.word for severity in Severity), "on")
"""What a rule can be set to; `on` leaves the severity to the rule."""
ROADS = {
    "action": "actions",
    "workflow": "workflows",
    "include": "includes",
    "template": "includes",
    "component": "components",
    "image": "images",
    "plugin": "images",
}
"""The key of a paved road for each kind of reference."""
LOCKABLE = ("fail_on", "inline", "waiver_horizon", "waivers", "controls", "paved_road")
"""The keys that a layer can lock, beside rules; `*` is all of it."""

T = TypeVar("T")


class Origin(NamedTuple):
    """Where a value was written."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Setting(NamedTuple, Generic[T]):
    """A value, and where it was written."""

    value: T
    origin: Origin


class Extension(NamedTuple):
    """A policy that another one lies on top of."""

    place: str
    """`pipelaw:NAME`, a path, or the URL of a git repository."""
    commit: str = ""
    """Of a git repository: the full commit; "" for what is no git repository."""
    path: str = ""
    """Of a git repository: the file or folder in it."""


class Level(NamedTuple):
    """What a rule is set to, everywhere or in some files."""

    rule: str
    word: str
    """One of LEVELS."""
    path: str
    """A glob; "" for everywhere."""
    origin: Origin


class Given(NamedTuple):
    """What a parameter of a rule is set to."""

    rule: str
    name: str
    value: Value
    default: Value
    """What it is where no policy says otherwise."""
    origin: Origin


class Elsewhere(NamedTuple):
    """A security control that works outside the pipelines."""

    category: str
    by: str
    """What does it."""
    until: dt.date | None
    origin: Origin


class Waiver(NamedTuple):
    """A finding that somebody accepts for a while."""

    rule: str
    path: str
    """A glob."""
    job: str
    """A glob; "" for every job, and for what concerns none."""
    fingerprint: str
    """Of the one finding; "" where rule, path and job tell."""
    reason: str
    owner: str
    ticket: str
    approved_by: str
    expires: dt.date | None
    fault: str
    """Why it does not count, "" where it does as long as it has not expired."""
    origin: Origin


class RuleFile(NamedTuple):
    """A rule of the policy's own."""

    path: str
    data: bytes


class Layer(NamedTuple):
    """What one policy file says."""

    path: str
    extends: tuple[Setting[Extension], ...] = ()
    fail_on: Setting[str] | None = None
    inline: Setting[str] | None = None
    waiver_horizon: Setting[int] | None = None
    rules: tuple[Level, ...] = ()
    parameters: tuple[Given, ...] = ()
    rule_folders: tuple[Setting[str], ...] = ()
    controls: tuple[Elsewhere, ...] = ()
    paved_road: tuple[tuple[str, Setting[str]], ...] = ()
    lock: tuple[Setting[str], ...] = ()
    waivers: tuple[Waiver, ...] = ()
    rule_files: tuple[RuleFile, ...] = ()
    """What is in its rule folders."""


# what the default profile says, so that nobody has to read it; a test compares them
_FAIL_ON = Setting(FAIL_ON, Origin(DEFAULT, 2, 10))
_ALLOWED = Setting("allowed", Origin(DEFAULT, 3, 9))
_HORIZON = Setting(180, Origin(DEFAULT, 4, 17))


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy in force: layers folded into one. Picklable."""

    today: dt.date
    """The day that it is in force for: what has expired by then does not count."""
    fail_on: Setting[str] = _FAIL_ON
    inline: Setting[str] = _ALLOWED
    waiver_horizon: Setting[int] = _HORIZON
    """For how many days from today a waiver can be given."""
    rules: tuple[Level, ...] = ()
    """The last one that fits a finding counts."""
    parameters: tuple[Given, ...] = ()
    """One for each parameter of a rule that is set."""
    rule_folders: tuple[Setting[str], ...] = ()
    controls: tuple[Elsewhere, ...] = ()
    paved_road: tuple[tuple[str, Setting[str]], ...] = ()
    """Kind, and a glob for the references that the team is expected to use."""
    lock: tuple[Setting[str], ...] = ()
    waivers: tuple[Waiver, ...] = ()
    rule_files: tuple[RuleFile, ...] = ()
    layers: tuple[str, ...] = (DEFAULT,)
    """The files it is made of, the uppermost first."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """The rules that are off everywhere."""
        words: dict[str, list[str]] = {}
        for level in self.rules:
            if not level.path:
                words[level.rule] = []
            words.setdefault(level.rule, ["on"]).append(level.word)
        return tuple(rule for rule, found in words.items() if set(found) == {"off"})

    def level(self, rule: str, path: str) -> Level | None:
        """What a rule is set to for a file of the repository; None where nothing is said."""
        found = None
        for level in self.rules:
            if level.rule == rule and (not level.path or matches(level.path, path)):
                found = level
        return found

    def locked(self, name: str) -> Setting[str] | None:
        """The lock on a rule or key, None where there is none."""
        return next((lock for lock in self.lock if lock.value in (name, "*")), None)


def merged(upper: Policy, layer: Layer) -> tuple[Policy, list[Problem]]:
    """A policy with one more layer below it, and what that layer may not loosen but tries to."""
    problems = [
        Problem(*origin, f"`{name}` is locked by {lock.origin}: {remedy}")
        for name, origin, remedy in (*_loosened(upper, layer), *_changed(upper, layer))
        if (lock := upper.locked(name)) is not None
    ]
    everywhere = {level.rule for level in layer.rules if not level.path}
    given = {(one.rule, one.name): one for one in (*upper.parameters, *layer.parameters)}
    lower = replace(
        upper,
        fail_on=layer.fail_on or upper.fail_on,
        inline=layer.inline or upper.inline,
        waiver_horizon=layer.waiver_horizon or upper.waiver_horizon,
        # what a lower layer says of every file replaces what is above it
        rules=(*(level for level in upper.rules if level.rule not in everywhere), *layer.rules),
        parameters=tuple(given.values()),
        rule_folders=(*upper.rule_folders, *layer.rule_folders),
        controls=(*upper.controls, *layer.controls),
        paved_road=(*upper.paved_road, *layer.paved_road),
        lock=(*upper.lock, *layer.lock),
        waivers=(*upper.waivers, *(_waiver(upper, waiver) for waiver in layer.waivers)),
        rule_files=(*upper.rule_files, *layer.rule_files),
        layers=(*upper.layers, layer.path),
    )
    return lower, problems


_TIGHTER = "lower layers may tighten it, not loosen it"


def _loosened(upper: Policy, layer: Layer) -> Iterator[tuple[str, Origin, str]]:
    """The keys and rules for which a layer asks less than the layers above it, and what it may do."""
    for name, origin in _less(upper, layer):
        yield name, origin, _TIGHTER


def _changed(upper: Policy, layer: Layer) -> Iterator[tuple[str, Origin, str]]:
    """The rules of which a layer sets parameters anew; nobody knows which way is the stricter one."""
    above = {(one.rule, one.name): one.value for one in upper.parameters}
    for one in layer.parameters:
        if one.value != above.get((one.rule, one.name), one.default):
            yield one.rule, one.origin, f"lower layers cannot set its `{one.name}`"


def _less(upper: Policy, layer: Layer) -> list[tuple[str, Origin]]:
    found = []
    for name, order in (("fail_on", THRESHOLDS), ("inline", INLINE)):
        setting: Setting[str] | None = getattr(layer, name)
        above: Setting[str] = getattr(upper, name)
        if setting and order.index(setting.value) < order.index(above.value):
            found.append((name, setting.origin))
    horizon = layer.waiver_horizon
    if horizon and horizon.value > upper.waiver_horizon.value:
        found.append(("waiver_horizon", horizon.origin))
    found.extend((level.rule, level.origin) for level in layer.rules if _looser(upper, level))
    for control in layer.controls:
        rule = f"missing-{control.category}"
        found.append((rule if upper.locked(rule) else "controls", control.origin))
    found.extend(("paved_road", setting.origin) for _, setting in layer.paved_road)
    return found


def _looser(upper: Policy, level: Level) -> bool:
    """Whether a level may ask less than the layers above it; where that is unknown, it may."""
    fitting = [other for other in upper.rules if other.rule == level.rule]
    above = {other.word for other in fitting}
    if all(other.path for other in fitting):
        above.add("on")  # what no level speaks of has the rule's own severity
    if "on" in above:
        # which is not known here: only the highest is certainly no lower
        return level.word != "critical" and (level.word != "on" or above != {"on"})
    if level.word == "on":
        return above != {"off"}
    return LEVELS.index(level.word) < max(map(LEVELS.index, above))


def _waiver(upper: Policy, waiver: Waiver) -> Waiver:
    """A waiver of a lower layer, which does not count for what an upper one has locked."""
    lock = upper.locked("waivers") or upper.locked(waiver.rule)
    if lock is None or waiver.fault:
        return waiver
    return waiver._replace(fault=f"`{lock.value}` is locked by {lock.origin}")


_LOGIN = re.compile(r"(?<=://)[^/\s]*@")


def anonymous(text: str) -> str:
    """A text as messages have it: no address in it with the login that it may hold."""
    return _LOGIN.sub("", text)


MAX_WILDCARDS = 6
"""A glob with more could take for ever to match."""

_WILDCARD = re.compile(r"(?P<all>\*\*/?)|(?P<some>\*)|(?P<one>\?)|[^*?]+")


def matches(glob: str, text: str) -> bool:
    """Whether a glob covers a path: `*` and `?` within a folder, `**` across folders."""
    return _compiled(glob).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join(map(_piece, _WILDCARD.finditer(glob))), re.DOTALL)


def _piece(found: re.Match[str]) -> str:
    if found.lastgroup == "all":
        return "(?:.*/)?" if found[0].endswith("/") else ".*"
    if found.lastgroup == "some":
        return "[^/]*"
    return "[^/]" if found.lastgroup == "one" else re.escape(found[0])


_OTHER_GLOB = re.compile(r"!|.*(?:\{.*,.*\}|\[.+\])", re.DOTALL)
"""What other programs' globs have."""
_FILE = re.compile(r"(?:\A|/)(?:[^/]*[*?]|[^/]+\.)[^/]*\Z")
"""A last part that a file can have: with a wildcard, or an ending."""


def glob_fault(glob: str) -> str:
    """Why a glob takes too long to match, "" where it does not."""
    if sum(1 for found in _WILDCARD.finditer(glob) if found.lastgroup) > MAX_WILDCARDS:
        return f"a glob can have at most {MAX_WILDCARDS} wildcards: write two items"
    return ""


def path_fault(glob: str) -> str:
    """What is wrong with a glob for the paths of a repository, "" where it can fit one."""
    root = re.sub(r"^(\.?/)+", "", glob)
    if root != glob:
        return f"paths begin at the repository's root: `{root}`"
    if "\\" in glob:
        return f"folders are parted by `/`: `{glob.replace(chr(92), '/')}`"
    if ".." in glob.split("/"):
        return "paths begin at the repository's root, and `..` leads to none"
    if _OTHER_GLOB.match(glob):
        return "a glob has `*`, `?` and `**`, and no other wildcards: write two items"
    if not _FILE.search(glob):
        return f"it fits no file: `{glob.removesuffix('/')}/**` fits all in that folder"
    return glob_fault(glob)
