"""Scripts that run what cannot be seen, and those that may prove to others which run they are."""

from __future__ import annotations

import re

from pipelaw.facts.script_words import words
from pipelaw.patterns import pattern

_HIDDEN_WORK = pattern(
    r"(?m)(?:^|[;&|(]|\b(?:then|do|sudo|time|xvfb-run)\b)\s*(?:make|just|task|nox|tox"
    r"|invoke|mike|mkdocs|hugo|poetry run|ghp-import|gh-pages|bump2?version|bump-my-version|tbump|cz"
    r"|release-it|standard-version|semantic-release|dvc|datalad|chartpress|cr"
    r"|uv run|uvx|pdm run|hatch|npm run|npx|pnpm|yarn|bun|bundle exec|rake|cargo|gradle|mvn|dotnet|sbt|lerna"
    r"|python3?|node|ruby|perl|php|bash|sh|go run|source|\.)\s|(?:^|\s)\.{1,2}/\w|mvnw|gradlew"
)
"""Commands that run what cannot be seen: it may push, or request an identity token."""
_HIDING = frozenset(
    "make just task nox tox invoke mike mkdocs hugo poetry uv uvx pdm hatch npm npx pnpm yarn bun bundle rake"
    " cargo gradle mvn dotnet sbt lerna python python3 node ruby perl php bash sh go source"
    " mvnw gradlew ghp gh bumpversion bump2version bump tbump cz release standard semantic dvc datalad"
    " chartpress cr".split()
)
_IDENTITY = pattern(
    r"ACTIONS_ID_TOKEN|getIDToken|\b(?:uv|poetry|hatch|flit|pdm|maturin|twine|npm|pnpm|yarn|cargo|gem|dotnet|deno"
    r"|rattler-build|pixi)\b[^\n]*\b(?:publish|upload|push)\b"
    r"|\b(?:terraform|tofu|terragrunt|pulumi)[ \t]+(?!fmt|validate|version)\w"
    r"|trusted-publishing|sigstore|cosign|fulcio|oidc",
    re.IGNORECASE,
)
_ASKING = frozenset(
    "publish upload push trusted getidtoken terraform tofu terragrunt pulumi".split()
)
"""Of these words a script with such a command has one."""
_SIGNING = ("sigstore", "cosign", "fulcio", "oidc", "actions_id_token")


def hides(script: str) -> bool:
    """Whether a script runs what cannot be seen."""
    if _HIDING.isdisjoint(words(script)) and "./" not in script and ". " not in script:
        return False
    return _HIDDEN_WORK.search(script) is not None


def proves(script: str) -> bool:
    """Whether a script may request an identity token."""
    if _ASKING.isdisjoint(words(script)):
        lowered = script.lower()
        if not any(sign in lowered for sign in _SIGNING):
            return False
    return _IDENTITY.search(script) is not None
