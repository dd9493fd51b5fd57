"""Caches: which actions keep one, what their inputs say about it, and who may write it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pipelaw.facts.versions import version_of
from pipelaw.loaders.github_conditions import Case, judged
from pipelaw.loaders.github_releases import publishes
from pipelaw.loaders.github_workspace import below, folder_of, resolved
from pipelaw.model import Cache, replaced
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Checkout, Reference, Step, Trigger
    from pipelaw.words import CacheWrites


class Switch(NamedTuple):
    """How an action is told to keep a cache."""

    on: tuple[str, ...] = ()
    """Inputs that request it."""
    off: str = ""
    """The input that forbids it."""
    default: bool = False
    """It keeps one where nobody says anything."""
    since: int = 0
    """The major version from which on that is so."""
    until: int = 10_000
    """The major version from which on it is no longer so."""
    asks: str = ""
    """What an input that requests it has to hold."""
    given: str = ""
    """The input without which there is nothing to keep."""


_ALWAYS = Switch(default=True)
_ASKED = Switch(on=("cache",))
_SWITCHES = {
    "actions/cache": Switch(off="lookup-only", default=True),
    "actions/cache/restore": Switch(off="lookup-only", default=True),
    "actions/cache/save": _ALWAYS,
    "actions/setup-java": _ASKED,
    "actions/setup-python": _ASKED,
    "actions/setup-dotnet": _ASKED,
    "actions/setup-go": Switch(on=("cache",), default=True, since=4),
    "actions/setup-node": Switch(on=("cache", "package-manager-cache"), default=True, since=5),
    "astral-sh/setup-uv": Switch(on=("enable-cache",), default=True, until=10),
    "swatinem/rust-cache": Switch(off="lookup-only", default=True),
    "ruby/setup-ruby": Switch(on=("bundler-cache",)),
    "pyo3/maturin-action": Switch(on=("sccache",)),
    "mlugg/setup-zig": Switch(on=("use-cache",), default=True),
    "oven-sh/setup-bun": Switch(off="no-cache", default=True),
    "determinatesystems/magic-nix-cache-action": _ALWAYS,
    "graalvm/setup-graalvm": _ASKED,
    "gradle/actions/setup-gradle": Switch(off="cache-disabled", default=True),
    "gradle/actions/dependency-submission": Switch(off="cache-disabled", default=True),
    "gradle/gradle-build-action": Switch(off="cache-disabled", default=True),
    # it keeps the program that it downloads, and downloads one for a version alone
    "docker/setup-buildx-action": Switch(on=("cache-binary",), default=True, given="version"),
    "docker/build-push-action": Switch(on=("cache-from",), asks="type=gha"),
    "actions-rust-lang/setup-rust-toolchain": Switch(on=("cache",), default=True),
    "mozilla-actions/sccache-action": _ALWAYS,
    "nix-community/cache-nix-action": _ALWAYS,
    "awalsh128/cache-apt-pkgs-action": _ALWAYS,
    "jdx/mise-action": Switch(on=("cache",), default=True),
    "ramsey/composer-install": Switch(off="ignore-cache", default=True),
    "hendrikmuhs/ccache-action": _ALWAYS,
    "golangci/golangci-lint-action": Switch(off="skip-cache", default=True),
    "pnpm/action-setup": _ASKED,
    "denoland/setup-deno": _ASKED,
    "subosito/flutter-action": _ASKED,
    "julia-actions/cache": _ALWAYS,
    "coursier/cache-action": _ALWAYS,
    "moonrepo/setup-toolchain": Switch(on=("cache",), default=True),
    "pre-commit/action": _ALWAYS,
}
"""Actions that keep a cache, by name in lower case."""

_NO = frozenset({"", "false", "no", "0", "none"})
_DEFAULTS = ("main", "master", "trunk", "develop", "default")
"""What the default branch is called, as far as a file can tell."""
_WRITING = frozenset({"write", "write-only"})
_READING = frozenset({"", "read", "write"})
_MAY = {
    "none": frozenset[str](),
    "read": frozenset({"read"}),
    "write-only": frozenset({"write"}),
    "write": frozenset({"read", "write"}),
}
_MODES = {may: mode for mode, may in _MAY.items()}


def capped(mode: str, callers: Sequence[str]) -> str:
    """What a job may do with caches that wants `mode`, where its callers have the modes `callers`.

    A called workflow has what its caller has, or less; "" stands for the platform's default.
    """
    if not callers or not all(outer in _MAY for outer in callers):
        return mode
    most = frozenset[str]().union(*(_MAY[outer] for outer in callers))
    return _MODES[most & _MAY.get(mode, most)]


def caches_of(used: Reference | None, reach: Reach, mode: str) -> tuple[Cache, ...]:
    """The cache that a step's action keeps; `mode` is what the job may do with caches."""
    switch = _SWITCHES.get(used.name.lower()) if used is not None else None
    if used is None or switch is None or mode == "none":
        return ()
    inputs = {variable.name.lower(): variable.value.strip() for variable in used.inputs}
    if switch.given and not inputs.get(switch.given):
        return ()
    asked = _asked(switch, inputs, reach)
    if asked is False or (asked is None and not _default(switch, used)):
        return ()
    name = used.name.lower()
    return (
        Cache(
            tool=used.name,
            restores=mode in _READING and not name.endswith("/save"),
            saves=mode != "read" and not name.endswith("/restore"),
            implicit=asked is None and "cache" not in name,
            place=used.place,
        ),
    )


def _asked(switch: Switch, inputs: Mapping[str, str], reach: Reach) -> bool | None:
    """Whether the inputs request a cache; None where they do not say."""
    forbidden = inputs.get(switch.off, "") if switch.off else ""
    if forbidden and _may(forbidden, reach, wanted=False) is False:
        return False
    said = [inputs[name] for name in switch.on if name in inputs]
    if not said:
        return None
    return any(_may(text, reach, wanted=True) and switch.asks in text for text in said)


def _may(text: str, reach: Reach, *, wanted: bool) -> bool:
    """Whether an input may be on (`wanted`), or off, in a run that releases something."""
    if "${{" not in text:
        return (text.lower() not in _NO) is wanted
    return any(judged(text, case).holds is not (not wanted) for case in _releases(reach.triggers))


def _releases(triggers: Iterable[Trigger]) -> Iterable[Case]:
    """The runs that may release something; a tag starts some of them, a branch others."""
    for trigger in triggers:
        if trigger.kind in ("release", "tag") or trigger.tags:
            yield Case(trigger.name, tag=True)
        if trigger.kind not in ("release", "tag") and (trigger.branches or not trigger.tags):
            yield Case(trigger.name, branch=bool(trigger.branches))


_BY_LOCKFILE = frozenset({"actions/setup-go", "actions/setup-node"})
"""Actions that keep a cache by themselves where a file of the repository gives them a key for it."""


def _without_key(step: Step) -> Step:
    """A step of a job whose files are those of an artifact: what needs a lockfile keeps nothing."""
    if not any(cache.implicit and cache.tool.lower() in _BY_LOCKFILE for cache in step.caches):
        return step
    return replaced(step, caches=())


def apart(steps: tuple[Step, ...], reach: Reach) -> tuple[Step, ...]:
    """The steps; a cache that no run restores which publishes something counts as not restored."""
    fetched = any(one.action == "download" for step in steps for one in step.artifacts)
    if fetched and not any(step.checkouts for step in steps):
        steps = tuple(_without_key(step) for step in steps)
    if not any(step.caches and step.condition for step in steps):
        return steps
    last = [step.condition for step in steps if publishes((step,))] or [""]
    cases = [
        case
        for case in _releases(reach.triggers)
        if any(_runs(condition, case) for condition in last)
    ]
    return tuple(
        step
        if not step.caches or any(_runs(step.condition, case) for case in cases)
        else replaced(step, caches=tuple(replaced(c, restores=False) for c in step.caches))
        for step in steps
    )


def _runs(condition: str, case: Case) -> bool:
    return not condition or judged(condition, case).holds is not False


def _default(switch: Switch, used: Reference) -> bool:
    version = version_of(used)
    return switch.default and (version is None or switch.since <= version.major < switch.until)


def writes(reach: Reach, steps: Sequence[Step], mode: str, *, privileged: bool) -> CacheWrites:
    """Whether outsiders' code can write what runs of the default branch restore: open, refused or ""."""
    if not reach.exposed or mode in ("read", "none"):
        return ""
    if not any(_default_scope(trigger) for trigger in reach.outsiders if trigger.privileged):
        return ""
    if mode in _WRITING:
        return "open" if _ran(steps) or _kept(steps) else ""
    return "refused" if (not privileged and _ran(steps)) or _kept(steps) else ""


def _ran(steps: Sequence[Step]) -> bool:
    """Whether code of an outsider runs: from a checkout, or pasted into a script."""
    return any(
        any(checkout.executed for checkout in _brought(step))
        or any(found.outsider and found.reparsed for found in step.expansions)
        for step in steps
        if step.exposed
    )


def _brought(step: Step) -> list[Checkout]:
    """The outsider's code that a step brings by itself."""
    if not step.exposed:
        return []
    return [each for each in step.checkouts if each.untrusted and not each.guessed]


def _kept(steps: Sequence[Step]) -> bool:
    """Whether a step stores files of an outsider's checkout in a cache."""
    folders: list[str] = []
    for step in steps:
        folders += [folder_of(checkout.folder) for checkout in _brought(step)]
        saves = any(cache.saves for cache in step.caches)
        if folders and saves and step.references[0].name.lower().startswith("actions/cache"):
            paths = next((v.value for v in step.variables if v.name.lower() == "path"), "")
            for line in paths.splitlines():
                path = resolved(line.strip(), "")
                if path is not None and any(below(path, folder) for folder in folders):
                    return True
    return False


def _default_scope(trigger: Trigger) -> bool:
    """Whether runs that a trigger starts share the caches of the default branch."""
    if any(fnmatchcase(name, branch) for branch in trigger.excluded for name in _DEFAULTS[:2]):
        return False
    return not trigger.branches or any(
        fnmatchcase(name, branch) or "$" in branch
        for branch in trigger.branches
        for name in _DEFAULTS
    )
