"""Packages that the actions of a workflow publish, and where `npm publish` goes by their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.packages import NO_TRAFFIC, Traffic, traffic
from pipelaw.model import Publication, Step, Variable, replaced
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Inputs = Mapping[str, str]

_NPM = pattern(r"//(?:\w+\.)*(?:npmjs\.(?:org|com)|yarnpkg\.com)(?:/|\Z)")
"""npm's own registry, by the addresses that it has."""


def _traffic(step: Step) -> Traffic:
    """What a step takes from registries or publishes, by its action or by its commands."""
    if not step.references:
        return traffic(step.scripts) if step.scripts else NO_TRAFFIC
    used = step.references[0]
    known = _PUBLISHERS.get(used.name.lower())
    if known is None:
        return NO_TRAFFIC
    registry, way = known
    given = {variable.name.lower(): variable.value.strip() for variable in used.inputs}
    how = way(given)
    if not how:
        return NO_TRAFFIC
    found = Publication(
        manager=used.name, registry=registry, token=how == "token", place=used.place
    )
    return Traffic(publications=(found,))


_PYPI = pattern(r"//(?:\w+\.)?pypi\.[a-z]+(?:/|\Z)")
"""The index itself, not another server that is named after it."""


def _pypi(given: Inputs) -> str:
    address = given.get("repository-url", "")
    official = not address or _PYPI.search(address) is not None
    return "token" if "password" in given and official else ""


def _maturin(given: Inputs) -> str:
    return "environment" if given.get("command", "") in ("upload", "publish") else ""


def _gem(given: Inputs) -> str:
    return "token" if given.get("setup-trusted-publisher", "").lower() == "false" else ""


def _gem_login(given: Inputs) -> str:
    return "token" if "api-token" in given else ""


def _node(given: Inputs) -> str:
    asked = given.get("always-auth", "").lower() == "true"
    return "token" if asked and _NPM.search(given.get("registry-url", "")) else ""


def _npm(given: Inputs) -> str:
    official = "registry" not in given or _NPM.search(given["registry"]) is not None
    return "token" if "token" in given and official else ""


def _crates(given: Inputs) -> str:
    return "token" if "registry-token" in given else ""


_PUBLISHERS: dict[str, tuple[str, Callable[[Inputs], str]]] = {
    "pypa/gh-action-pypi-publish": ("PyPI", _pypi),
    "pyo3/maturin-action": ("PyPI", _maturin),
    "rubygems/release-gem": ("RubyGems", _gem),
    "rubygems/configure-rubygems-credentials": ("RubyGems", _gem_login),
    "actions/setup-node": ("npm", _node),
    "js-devtools/npm-publish": ("npm", _npm),
    "katyo/publish-crates": ("crates.io", _crates),
}
"""Actions that publish, or log in to do so: the registry, and by their inputs how: with a token that stays
valid although the registry accepts a run's identity, or with what the environment holds; "" for neither."""


_ADDRESSES = {
    "flit_index_url": "PyPI",
    "hatch_index_repo": "PyPI",
    "npm_config_registry": "npm",
    "pdm_publish_repo": "PyPI",
    "twine_repository_url": "PyPI",
    "uv_publish_url": "PyPI",
    "yarn_npm_publish_registry": "npm",
}
"""Variables that name another registry than the usual one."""
_OFFICIAL = {"PyPI": _PYPI, "npm": _NPM}


def with_traffic(
    steps: Sequence[Step], around: Sequence[Sequence[Variable]] = ()
) -> tuple[Step, ...]:
    """The steps of a job, with what each takes from registries or publishes.

    `around` are the variables of the scopes around them, the outermost first.
    """
    found = list(steps)
    for index, step in enumerate(steps):
        traffic = _traffic(step)
        if traffic is not NO_TRAFFIC:
            sent = traffic.publications
            if sent and _redirected(steps[:index]):
                sent = tuple(one for one in sent if one.registry != "npm")
            if sent:
                elsewhere = _elsewhere((*around, step.variables))
                sent = tuple(one for one in sent if one.registry not in elsewhere)
            found[index] = replaced(step, installations=traffic.installations, publications=sent)
    return tuple(found)


def _elsewhere(scopes: Sequence[Sequence[Variable]]) -> set[str]:
    """The registries in whose place variables name others."""
    found: dict[str, str] = {}
    for variables in scopes:
        for variable in variables:
            if variable.kind == "environment" and variable.name.lower() in _ADDRESSES:
                found[variable.name.lower()] = variable.value
    return {
        _ADDRESSES[name]
        for name, value in found.items()
        if "://" in value and not _OFFICIAL[_ADDRESSES[name]].search(value)
    }


def _redirected(before: Sequence[Step]) -> bool:
    """Whether the last `registry-url` that a step before sets is that of another registry."""
    for step in reversed(before):
        for variable in step.variables:
            if variable.kind == "input" and variable.name == "registry-url" and variable.value:
                return _NPM.search(variable.value) is None
    return False
