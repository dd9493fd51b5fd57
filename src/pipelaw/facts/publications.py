"""Where packages are published: at the registries that everybody knows, or at others that settings name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.model import replaced
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.model import Script, Step

_OFFICIAL = pattern(
    r"(?:\A|//(?:[^/@\s]*@)?)(?:[\w-]+\.)*(?:npmjs\.(?:org|com)|yarnpkg\.com|pypi\.(?:org|python\.org|io)"
    r"|rubygems\.org|nuget\.org|crates\.io)(?:[:/]|\Z)|\A(?:test)?pypi\Z|\Acrates-io\Z",
    re.IGNORECASE,
)
_ADDRESSES = {
    "flit_index_url": "PyPI",
    "hatch_index_repo": "PyPI",
    "npm_config_registry": "npm",
    "pdm_publish_repo": "PyPI",
    "twine_repository_url": "PyPI",
    "uv_publish_url": "PyPI",
    "yarn_npm_publish_registry": "npm",
}
"""Variables that name another registry than the usual one, in lower case."""
_ASSIGNED = pattern(
    rf"(?<![\w-])(?P<name>{'|'.join(_ADDRESSES)})=[\"']?(?P<value>[^\s\"']+)", re.IGNORECASE
)
_BEGIN = r"(?:(?<![\w-])|(?<=\\n))"
"""Where a word begins, also after the `\\n` of a text that is printed."""
_WRITTEN = (
    ("npm", pattern(rf"{_BEGIN}registry[\"']?(?:[ \t]*=[ \t]*|[ \t]+)[\"']?(?P<value>[^\s\"']+)")),
    ("npm", pattern(r"(?P<value>//[^\s\"']+):_authToken\b")),
    ("PyPI", pattern(rf"{_BEGIN}repository[ \t]*[:=][ \t]*[\"']?(?P<value>https?://[^\s\"']+)")),
)
"""What settings that a script writes say: of npm, and of `.pypirc`."""


def official(registry: str) -> bool:
    """Whether an address, or the name that a program has for it, is one of the registries themselves."""
    return _OFFICIAL.search(registry) is not None


def pypi(text: str) -> str:
    """Which of the two registries of Python packages a text names, as a rule by its address."""
    return "TestPyPI" if "testpypi" in text or "test.pypi" in text else "PyPI"


_PROVENANCE = "npm_config_provenance"


def with_publications(
    steps: Sequence[Step], values: Mapping[str, str], keyless: frozenset[str] = frozenset()
) -> tuple[Step, ...]:
    """The steps of a job, with only those of their publications that go to the registries themselves.

    `values` are the variables around them, and `keyless` the registries that accept the identity of the
    platform's runs.
    """
    found = list(steps)
    for index, step in enumerate(steps):
        if step.publications:
            own = {one.name: one.value for one in step.variables if one.kind == "environment"}
            scripts = (script for before in steps[: index + 1] for script in before.scripts)
            known = {**values, **own}
            elsewhere = set(_elsewhere(known, scripts))
            proven = _proven(known)
            kept = tuple(
                replaced(
                    one,
                    keyless=one.registry in keyless,
                    provenance=one.provenance or (proven and one.registry == "npm"),
                )
                for one in step.publications
                if one.registry not in elsewhere
            )
            found[index] = replaced(step, publications=kept)
    return tuple(found)


def _proven(values: Mapping[str, str]) -> bool:
    """Whether a variable makes npm record which build a package comes from, or has the option for it."""
    return any(
        value == "true"
        if name.lower() == _PROVENANCE
        else "--provenance" in value and "--provenance=false" not in value
        for name, value in values.items()
    )


def _elsewhere(values: Mapping[str, str], scripts: Iterable[Script]) -> Iterator[str]:
    """The registries in whose place variables or scripts name others."""
    for name, value in values.items():
        registry = _ADDRESSES.get(name.lower(), "")
        if registry and "://" in value and not official(value):
            yield registry
    for script in scripts:
        for match in _ASSIGNED.finditer(script.text):
            yield from _other(_ADDRESSES[match["name"].lower()], match["value"])
        for registry, how in _WRITTEN:
            for match in how.finditer(script.text):
                yield from _other(registry, match["value"])


def _other(registry: str, address: str) -> Iterator[str]:
    """The registry, if an address is another's, or nobody can say whose."""
    if ("//" in address or address.startswith("$")) and not official(address):
        yield registry
