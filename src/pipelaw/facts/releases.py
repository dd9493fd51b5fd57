"""What commands give to the world or change there: packages and images, deployments, merges."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipelaw.facts.script_words import words
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from pipelaw.model import Script

Act: TypeAlias = Literal["publishes", "deploys", "merges"]

_FAR = r"[^\n;&|]{0,300}"
_ELSEWHERE = r"[\s\"'](?!git@)[\w.${}-]+@(?!localhost\b|127\.)[^\s@:]+"
"""An account on another machine."""
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
    ("release-cli", r"\s+create\b"),
    ("goreleaser", r"\s+release\b"),
    ("semantic-release", r"\b"),
    ("mvn mvnw", rf"{_FAR}\sdeploy\b"),
    ("gradle gradlew", rf"{_FAR}\bpublish\w*"),
    ("snapcraft", r"\s+(?:upload|push)\b"),
)
_DEPLOYS = (
    ("kubectl oc", r"\s+(?:apply|set|rollout)\b"),
    ("terraform tofu terragrunt", rf"{_FAR}\sapply\b"),
    ("helm", rf"(?!\s+plugin\b){_FAR}\s(?:upgrade|install)\b"),
    ("pulumi", r"\s+up\b"),
    ("cdk kamal", r"\s+deploy\b"),
    ("cf", r"\s+(?:push|(?:bg-|blue-green-)?deploy)\b"),
    ("gcloud serverless sls sam vercel netlify firebase fly flyctl", rf"{_FAR}\sdeploy\b"),
    ("wrangler", r"\s+(?:pages\s+)?deploy\b"),
    ("vercel", rf"{_FAR}\s--prod\b"),
    ("aws", rf"{_FAR}\s(?:s3\s+sync|ecs\s+update-service|lambda\s+update-function-code)\b"),
    ("aws", rf"{_FAR}\s(?:cloudformation\s+deploy|deploy\s+create-deployment)\b"),
    ("az", r"\s+(?:webapp|functionapp|containerapp)\s+(?:deploy\w*|up|update)\b"),
    ("eb skaffold", r"\s+(?:deploy|run)\b"),
    ("docker", r"\s+stack\s+(?:deploy|up)\b"),
    ("helmfile", rf"{_FAR}\s(?:apply|sync)\b"),
    ("argocd", r"\s+app\s+sync\b"),
    ("nomad", r"\s+(?:job\s+)?run\b"),
    ("heroku", r"\s+container:release\b"),
    ("gsutil rclone", rf"{_FAR}\s(?:rsync|sync)\b"),
    ("scp rsync", rf"(?=\s){_FAR}{_ELSEWHERE}:[^\s;&|]*(?=\s*(?:[\n;&|]|\Z))"),
    ("ssh", rf"(?=\s){_FAR}{_ELSEWHERE}[\"']?\s+(?:[\"']|<<)"),
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


UNFINISHED = pattern(
    r"dev|review|trunk|test|tst|int|acc?e?pt|qa|qc|control|quality|sta?g|mode?l|pre|demo|non"
)
"""What names of environments that only their makers use have in them."""
_DELIVERING = pattern(r"deploy|release|rollout|publish|upload|deliver|apply|pro?d|live")
"""What names of jobs, stages and steps that change what users see have in them."""


def delivering(*names: str) -> bool:
    """Whether what deploys changes what users see, by its own name and those of what it belongs to."""
    said = " ".join(names).lower()
    return UNFINISHED.search(said) is None and _DELIVERING.search(said) is not None


_PUSHED = pattern(
    r"(?:\b(?:docker|podman|buildah|nerdctl)\s+(?:image\s+)?push\s+(?:-\S+\s+)*|--destination[ =])"
    r"[\"']?(?P<image>[^\s\"';&|]+)"
)
_TAGGED = pattern(r"\s(?:-t|--tag)[ =][\"']?(?P<image>[^\s\"';&|]+)")
_KEPT = pattern(
    r"(?!localhost|127\.|[\w-]+:\d).*:(?:latest|stable|main|master|edge|prod(?:uction)?)\Z"
)
"""An image under a name that stays the same, in a registry that others see."""
_OF_RUN = pattern(r"\$\{?\w*(?:REF|BRANCH|SLUG|SHA|TAG|PIPELINE|JOB|MERGE|PULL|VERSION|ENV)")
_VARIABLE = pattern(r"\$\{?(\w+)\}?")
_RELEASED = pattern(r"\b(?:gh|glab)\s+release\s+create\b|\brelease-cli\s+create\b")
_CHOOSING = pattern(r"\b(?:if|case|test)\b|\[\s")


def pushes_over(scripts: Iterable[Script], values: Mapping[str, str]) -> bool:
    """Whether commands give users the same image or release whatever the branch is.

    They push an image under a fixed name, or release what is not named after the tag that is built, and
    ask nothing before. `values` are those of variables that the names are put together from.
    """
    texts = [script.text for script in scripts]
    pushed = [match["image"] for text in texts for match in _PUSHED.finditer(text)]
    built = (text for text in texts if " --push" in text)
    pushed += [match["image"] for text in built for match in _TAGGED.finditer(text)]
    images = [_filled(_filled(image, values), values) for image in pushed]
    fixed = any(_KEPT.match(image) and _OF_RUN.search(image) is None for image in images)
    released = any("_TAG" not in text and _RELEASED.search(text) for text in texts)
    return (fixed or released) and not any(map(_CHOOSING.search, texts))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A text with the values of the variables that are known."""
    return _VARIABLE.sub(lambda one: values.get(one[1], one[0]), text)


def acts(scripts: Iterable[Script]) -> frozenset[Act]:
    """What the commands of scripts do."""
    found: frozenset[Act] = frozenset()
    for script in scripts:
        found |= acts_of(script.text)
    return found


@lru_cache(maxsize=2048)
def acts_of(text: str) -> frozenset[Act]:
    """What the commands of a text do."""
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
