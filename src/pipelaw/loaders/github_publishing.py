"""Packages that the actions of a workflow publish, and where `npm publish` goes by their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts import publications
from pipelaw.facts.publications import official, pypi
from pipelaw.model import Publication, Reference, Step, Variable, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Inputs = Mapping[str, str]

_KEYLESS = frozenset({"PyPI", "TestPyPI", "npm", "crates.io", "RubyGems", "NuGet"})
"""The registries that accept the identity of a run."""


def _published(used: Reference) -> tuple[Publication, ...]:
    """What an action publishes."""
    known = _PUBLISHERS.get(used.name.lower())
    if known is None:
        return ()
    registry, way = known
    given = {variable.name.lower(): variable.value.strip() for variable in used.inputs}
    how = way(given)
    token = how == "token"
    registry = registry if registry != "PyPI" else pypi(_index(given))
    found = Publication(manager=used.name, registry=registry, token=token, place=used.place)
    return (found,) if how else ()


def _index(given: Inputs) -> str:
    """The address that the publisher of Python packages is told, also by the input's old name."""
    return given.get("repository-url", "") or given.get("repository_url", "")


def _pypi(given: Inputs) -> str:
    address = _index(given)
    return "token" if "password" in given and (not address or official(address)) else ""


def _maturin(given: Inputs) -> str:
    return "environment" if given.get("command", "") in ("upload", "publish") else ""


def _gem(given: Inputs) -> str:
    return "token" if given.get("setup-trusted-publisher", "").lower() == "false" else ""


def _gem_login(given: Inputs) -> str:
    return "token" if "api-token" in given else ""


def _node(given: Inputs) -> str:
    asked = given.get("always-auth", "").lower() == "true"
    return "token" if asked and official(given.get("registry-url", "")) else ""


def _npm(given: Inputs) -> str:
    public = "registry" not in given or official(given["registry"])
    return "token" if "token" in given and public else ""


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


def with_publications(
    steps: Sequence[Step], around: Sequence[Sequence[Variable]] = ()
) -> tuple[Step, ...]:
    """The steps of a job, with what their commands and actions publish at the registries themselves.

    `around` are the variables of the scopes around them, the outermost first.
    """
    found = list(steps)
    some = False
    for index, step in enumerate(steps):
        sent = _published(step.references[0]) if step.references else ()
        if sent := sent + step.publications:
            some = True
            if _redirected(steps[:index]):
                sent = tuple(one for one in sent if one.registry != "npm")
            found[index] = replaced(step, publications=sent)
    if not some:
        return tuple(steps)
    values = {one.name: one.value for scope in around for one in scope if one.kind == "environment"}
    return publications.with_publications(found, values, _KEYLESS)


def _redirected(before: Sequence[Step]) -> bool:
    """Whether the last `registry-url` that a step before sets is that of another registry."""
    for step in reversed(before):
        for variable in step.variables:
            if variable.kind == "input" and variable.name == "registry-url" and variable.value:
                return not official(variable.value)
    return False
