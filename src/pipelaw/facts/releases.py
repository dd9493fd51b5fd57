"""What commands give to the world or change there: packages and images, deployments, merges."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipelaw.facts.script_words import words
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from pipelaw.model import Script

Act: TypeAlias = Literal["publishes", "deploys", "merges"]

_FAR = r"[^\n;&|]{0,300}"
_PUBLISHES = (
    (
        "npm pnpm yarn bun cargo uv poetry hatch pdm flit vsce ovsx lerna changeset gem",
        rf"{_FAR}\s(?:publish|push)\b",
    ),
    ("twine", r"\s+upload\b"),
    ("maturin pixi rattler-build", r"\s+(?:publish|upload)\b"),
    ("deno jsr", r"\s+publish\b"),
    ("nuget", r"\s+push\b"),
    (
        "docker podman buildah helm oras crane skopeo",
        r"\s+(?:image\s+|manifest\s+)?(?:push|copy)\b",
    ),
    ("buildx", rf"{_FAR}--push\b"),
    ("kaniko/executor", rf"{_FAR}--destination\b"),
    ("gh glab", r"\s+release\s+(?:create|upload)\b"),
    ("goreleaser", r"\s+release\b"),
    ("semantic-release", r"\b"),
    ("mvn mvnw", rf"{_FAR}\sdeploy\b"),
    ("gradle gradlew", rf"{_FAR}\bpublish\w*"),
    ("snapcraft", r"\s+(?:upload|push)\b"),
)
_DEPLOYS = (
    ("kubectl", r"\s+(?:apply|set|rollout)\b"),
    ("terraform tofu terragrunt", rf"{_FAR}\sapply\b"),
    ("helm", rf"(?!\s+plugin\b){_FAR}\s(?:upgrade|install)\b"),
    ("pulumi", r"\s+up\b"),
    ("cdk", r"\s+deploy\b"),
    ("gcloud serverless sls sam vercel netlify firebase fly flyctl", rf"{_FAR}\sdeploy\b"),
    ("wrangler", r"\s+(?:pages\s+)?deploy\b"),
    ("aws", r"\s+s3\s+sync\b"),
    ("ansible-playbook", r"\b"),
)
_MERGES = (
    ("gh", rf"\s+pr\s+(?:merge\b|review\b{_FAR}(?:--approve|\s-a\b))"),
    ("glab", r"\s+mr\s+(?:merge|approve|accept)\b"),
    ("tea", r"\s+(?:pulls?|pr)\s+(?:merge|approve)\b"),
)
"""Programs, and what follows them in a command that does it."""

_Table: TypeAlias = tuple[tuple[str, str], ...]


def _pattern_of(table: _Table, *others: str) -> str:
    commands = (rf"\b(?:{'|'.join(names.split())}){rest}" for names, rest in table)
    return "|".join((*commands, *others))


def _programs(table: _Table) -> frozenset[str]:
    """The words of which a script that has a command of a table has one."""
    return words(" ".join(names for names, _ in table))


_PUBLISHING = pattern(_pattern_of(_PUBLISHES))
_DEPLOYING = pattern(_pattern_of(_DEPLOYS))
_MERGING = pattern(
    _pattern_of(
        _MERGES,
        r"pulls\.merge\b|enablePullRequestAutoMerge|/(?:pulls|merge_requests)/[^\s/]+/merge\b",
        r"event:\s*['\"]APPROVE",
    )
)
_GIVING = ("publish", "push", "upload", "copy", "release", "deploy", "destination")
"""One of these is in each command that publishes, in its program's name or after it."""
_CONSENTING = ("merge", "approve", "accept")
_PUBLISHERS, _DEPLOYERS = _programs(_PUBLISHES), _programs(_DEPLOYS)
_TRIED = pattern(
    r"--dry-run\b|--snapshot\b|--skip(?:=|\s+|-)\S*publish|publishToMavenLocal|--no-push\b"
    r"|--(?:syntax-)?check(?![\w-])|--list-(?:hosts|tags|tasks)\b"
)
"""What makes a command only try, or leave what it made where it is."""


def acts(scripts: Iterable[Script]) -> frozenset[Act]:
    """What the commands of scripts do."""
    found: frozenset[Act] = frozenset()
    for script in scripts:
        found |= _acts(script.text)
    return found


@lru_cache(maxsize=2048)
def _acts(text: str) -> frozenset[Act]:
    said = words(text)
    found: set[Act] = set()
    gives = not _PUBLISHERS.isdisjoint(said) and any(verb in text for verb in _GIVING)
    if gives and _does(_PUBLISHING, text):
        found.add("publishes")
    if not _DEPLOYERS.isdisjoint(said) and _does(_DEPLOYING, text):
        found.add("deploys")
    lowered = text.lower()
    if any(verb in lowered for verb in _CONSENTING) and _MERGING.search(text):
        found.add("merges")
    return frozenset(found)


def _does(what: re.Pattern[str], text: str) -> bool:
    """Whether a script has a command that does more than try."""
    return any(
        _TRIED.search(match[0] + _rest(text, match.end())) is None for match in what.finditer(text)
    )


def _rest(text: str, start: int) -> str:
    """What is left of a command's line."""
    return text[start:].replace("\\\n", " ").partition("\n")[0]
