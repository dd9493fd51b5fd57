"""What steps put into the workspace, and what later steps do with it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelaw.loaders.github_actions import HEAD, refuses_outsiders
from pipelaw.loaders.github_expressions import fences, sources
from pipelaw.model import Artifact, Checkout, Reference, Script, Step, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_reach import Reach

_HEAD_REF = re.compile(r"refs/pull/\$\{\{[^}]*\}\}/(?:head|merge)")
_FETCHES = re.compile(
    r"\b(?:gh|hub)\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|checkout)\b[^\n]*\$\{\{[^\n]*"
)
_WORKSPACE = frozenset({"", ".", "./", "*", "**", "../", "..", "${{ github.workspace }}"})
_RUNS_CODE = re.compile(
    r"(?m)(?:^|[;&|(]|\bthen\b|\bdo\b)\s*(?:sudo\s+)?(?P<code>"
    r"(?:npm|pnpm|yarn|bun|npx)\b(?!\s+(?:--version|-v|config|set)\b)|(?:make|cmake|ninja|rake|ant|tox|nox"
    r"|pytest|mvn|gradle|cargo|bundle|goreleaser|golangci-lint|pre-commit|eslint|prettier|webpack|mkdocs|poetry"
    r"|phpunit|composer|rubocop|stylelint|terraform|tflint|hugo|jekyll|msbuild|meson|bazel|task|just|mise)\b"
    r"|go\s+(?:run|generate|build|test|vet)\b|dotnet\s+\w+|java\s+-jar\b|docker\s+(?:build|compose|buildx)\b"
    r"|docker-compose\b|(?:pip3?|uv\s+pip)\s+install\s+(?:-r|-e|\.)|(?:python3?|node|ruby|perl|php|deno)\s+[^-\s|;&]"
    r"|(?:bash|sh|zsh|source|\.)\s+[^-\s|;&$]\S*|\.{1,2}/\S+|\./?mvnw|\./?gradlew)"
)
_ACTIONS = frozenset(
    {
        "azure/powershell",
        "pre-commit/action",
        "oxsecurity/megalinter",
        "bridgecrewio/checkov-action",
        "ruby/setup-ruby",
        "actions/jekyll-build-pages",
        "qcastel/github-actions-maven",
        "sonarsource/sonarcloud-github-action",
        "docker/build-push-action",
        "gradle/gradle-build-action",
        "goreleaser/goreleaser-action",
        "golangci/golangci-lint-action",
    }
)
"""Actions that run code or configuration which they find in the workspace."""


def checkouts_of(
    context: Context,
    used: Reference | None,
    inputs: tuple[Variable, ...],
    scripts: tuple[Script, ...],
    reach: Reach,
) -> tuple[Checkout, ...]:
    """The checkouts of one step, by action or by command."""
    if used is not None and used.name.lower() == "actions/checkout":
        return (_checkout(context, used, inputs, reach),)
    return tuple(_fetched(context, scripts)) if scripts else ()


def _checkout(
    context: Context, used: Reference, inputs: tuple[Variable, ...], reach: Reach
) -> Checkout:
    given = {variable.name.lower(): variable for variable in inputs}
    values = {name: variable.value for name, variable in given.items()}
    ref, repository = values.get("ref", ""), values.get("repository", "")
    author = _outsider(context, ref) or _outsider(context, repository)
    unsafe = values.get("allow-unsafe-pr-checkout", "") == "true"
    names = {trigger.name for trigger in reach.outsiders if trigger.privileged}
    covered = bool(names) and names <= {"pull_request_target", "workflow_run"}
    refused = covered and refuses_outsiders(used.ref, used.comment, unsafe_allowed=unsafe)
    at = given.get("ref" if _outsider(context, ref) else "repository")
    return Checkout(
        repository=repository,
        ref=ref,
        folder=values.get("path", ""),
        untrusted=bool(author),
        author=author,
        refused=refused and bool(author),
        persists_credentials=values.get("persist-credentials", "true").lower() != "false",
        place=at.place if author and at is not None else used.place,
    )


def _outsider(context: Context, text: str) -> str:
    """Who decides what a ref or repository names, where an outsider does."""
    if "${{" not in text:
        return ""
    for fence in fences(text):
        for path in sources(fence.code):
            if path not in HEAD:
                continue
            if path.endswith(".number") and not _HEAD_REF.search(text):
                continue
            if path == "github.head_ref" and not context.events & _HEADED:
                continue
            return "whoever opens the pull request"
    return ""


_HEADED = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}
    | {"workflow_call"}
)


def _fetched(context: Context, scripts: tuple[Script, ...]) -> Iterator[Checkout]:
    """`gh pr checkout`, and `git fetch` of a ref that an outsider names."""
    for script in scripts:
        text = script.text
        if "checkout" not in text and "fetch" not in text and "pull" not in text:
            continue
        for match in _FETCHES.finditer(text):
            by_number = "pr" in match[0].split()[:2]
            if by_number or _outsider(context, match[0]) or _HEAD_REF.search(match[0]):
                yield Checkout(
                    ref=match[0].strip(),
                    untrusted=True,
                    author="whoever opens the pull request",
                    place=script.source_text.place(match.start(), match.end()),
                )
                break


def artifacts_of(used: Reference | None, inputs: tuple[Variable, ...]) -> tuple[Artifact, ...]:
    """What a step uploads or downloads."""
    name = used.name.lower() if used is not None else ""
    if used is None or name not in ("actions/upload-artifact", "actions/download-artifact"):
        return ()
    values = {variable.name.lower(): variable.value for variable in inputs}
    upload = name.endswith("upload-artifact")
    paths = tuple(line.strip() for line in values.get("path", "").splitlines() if line.strip())
    return (
        Artifact(
            action="upload" if upload else "download",
            name=values.get("name", ""),
            paths=paths,
            whole_workspace=upload and any(path in _WORKSPACE for path in paths),
            place=used.place,
        ),
    )


def with_later(steps: list[Step]) -> tuple[Step, ...]:
    """The steps, their checkouts told what later steps do with the files."""
    found = list(steps)
    for index, step in enumerate(steps):
        if step.checkouts:
            later = steps[index + 1 :]
            kept = tuple(_told(checkout, step, later) for checkout in step.checkouts)
            found[index] = replace(step, checkouts=kept)
    return tuple(found)


def _told(checkout: Checkout, step: Step, later: Sequence[Step]) -> Checkout:
    uploaded = any(artifact.whole_workspace for other in later for artifact in other.artifacts)
    executor = ""
    if checkout.untrusted:
        executor = next(
            (name for other in (step, *later) if (name := _executor(checkout, other))), ""
        )
    if not uploaded and not executor:
        return checkout
    return replace(checkout, executed=bool(executor), executor=executor, uploaded=uploaded)


def _executor(checkout: Checkout, step: Step) -> str:
    """The command or action of a step that runs code from a checkout, "" for none."""
    folder = checkout.folder.strip("./")
    for used in step.references:
        if used.pin == "local" and used.text.startswith("./"):
            return used.text
        if used.name.lower() in _ACTIONS and not folder:
            return used.name
    for script in step.scripts:
        text = script.text
        if script.shell == "javascript" and "require('./" not in text and 'require("./' not in text:
            continue
        if folder and folder not in text:
            continue
        match = _RUNS_CODE.search(text)
        if match is not None:
            return " ".join(match["code"].split()[:3])
    return ""
