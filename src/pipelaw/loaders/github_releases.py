"""What a job gives to the world: packages, images, deployments; and what it merges."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts.script_words import words
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Reference, Script, Step

_PUBLISHERS = frozenset(
    """
    pypa/gh-action-pypi-publish rubygems/release-gem jreleaser/release-action
    goreleaser/goreleaser-action softprops/action-gh-release ncipollo/release-action
    googleapis/release-please-action google-github-actions/release-please-action
    release-drafter/release-drafter redhat-actions/push-to-registry js-devtools/npm-publish
    katyo/publish-crates cycjimmy/semantic-release-action changesets/action
    actions/create-release actions/upload-release-asset svenstaro/upload-release-action
    marvinpinto/action-automatic-releases elgohr/publish-docker-github-action
    helm/chart-releaser-action haaleo/publish-vscode-extension snapcore/action-publish
    """.split()
)
_DEPLOYERS = frozenset(
    """
    aws-actions/amazon-ecs-deploy-task-definition aws-actions/aws-cloudformation-github-deploy
    azure/webapps-deploy azure/functions-action azure/container-apps-deploy-action azure/k8s-deploy
    azure/static-web-apps-deploy cloudflare/wrangler-action cloudflare/pages-action
    google-github-actions/deploy-cloudrun google-github-actions/deploy-appengine
    google-github-actions/deploy-cloud-functions actions/deploy-pages
    peaceiris/actions-gh-pages jamesives/github-pages-deploy-action superfly/flyctl-actions
    burnett01/rsync-deployments appleboy/ssh-action firebaseextended/action-hosting-deploy
    """.split()
)
_WORDS = ("publish", "push", "release", "upload", "deploy", "apply", "upgrade", "merge", "approve")
_PUBLISHES = pattern(
    r"\b(?:npm|pnpm|yarn|bun|cargo|uv|poetry|hatch|pdm|flit|vsce|ovsx|lerna|changeset|gem)\b[^\n;&|]{0,300}"
    r"\s(?:publish|push)\b|\btwine\s+upload\b|\bnuget\s+push\b|\b(?:docker|podman|buildah|helm|oras|crane|skopeo)"
    r"\s+(?:image\s+|manifest\s+)?(?:push|copy)\b|\bbuildx\b[^\n;&|]{0,300}--push\b|\bgh\s+release\s+(?:create|upload)\b"
    r"|\bgoreleaser\s+release\b|\bsemantic-release\b|\bmvnw?\b[^\n;&|]{0,300}\sdeploy\b"
    r"|\bgradlew?\b[^\n;&|]{0,300}\bpublish\w*|\bsnapcraft\s+(?:upload|push)\b"
)
_PUBLISHING = frozenset(
    "npm pnpm yarn bun cargo uv poetry hatch pdm flit vsce ovsx lerna changeset gem twine nuget docker"
    " podman buildah helm oras crane skopeo buildx gh goreleaser semantic mvn mvnw gradle gradlew"
    " snapcraft".split()
)
"""Words of which a script that publishes has one."""
_TRIED = pattern(r"--dry-run\b|--snapshot\b|--skip(?:=|\s+|-)\S*publish|publishToMavenLocal")
"""What makes a command that publishes only try to, or leave it where it is."""
_DEPLOYS = pattern(
    r"\bkubectl\s+(?:apply|set|rollout)\b|\b(?:terraform|tofu|terragrunt)\b[^\n;&|]{0,300}\sapply\b|\bhelm\b[^\n;&|]{0,300}\s"
    r"(?:upgrade|install)\b|\bpulumi\s+up\b|\bcdk\s+deploy\b|\bgcloud\b[^\n;&|]{0,300}\sdeploy\b|\bwrangler\s+(?:pages\s+)?deploy\b"
    r"|\b(?:serverless|sls|sam|vercel|netlify|firebase|fly|flyctl)\b[^\n;&|]{0,300}\sdeploy\b|\baws\s+s3\s+sync\b"
    r"|\bansible-playbook\b"
)
_DEPLOYING = frozenset(
    "kubectl terraform tofu terragrunt helm pulumi cdk gcloud wrangler serverless sls sam vercel netlify"
    " firebase fly flyctl aws ansible".split()
)
"""Programs of which a script that deploys has one."""
_MERGERS = frozenset(
    """
    peter-evans/enable-pull-request-automerge pascalgn/automerge-action hmarr/auto-approve-action
    ahmadnassri/action-dependabot-auto-merge koj-co/dependabot-pr-action
    alexwilson/enable-github-automerge-action juliangruber/merge-pull-request-action
    juliangruber/approve-pull-request-action reitermarkus/automerge daneden/enable-automerge-action
    """.split()
)
_MERGES = pattern(
    r"\bgh\s+pr\s+merge\b|\bgh\s+pr\s+review\b[^\n;&|]{0,300}(?:--approve|\s-a\b)|pulls\.merge\b|enablePullRequestAutoMerge"
    r"|/pulls/[^\s/]+/merge\b|event:\s*['\"]APPROVE"
)


@lru_cache(maxsize=2048)
def _acts(text: str) -> frozenset[str]:
    """What a script does: publishes, deploys, merges."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORDS):
        return frozenset()
    found = set()
    if not _PUBLISHING.isdisjoint(words(text)) and any(
        _TRIED.search(match[0] + _rest(text, match.end())) is None
        for match in _PUBLISHES.finditer(text)
    ):
        found.add("publishes")
    if not _DEPLOYING.isdisjoint(words(text)) and _DEPLOYS.search(text):
        found.add("deploys")
    if ("merge" in lowered or "approve" in lowered) and _MERGES.search(text):
        found.add("merges")
    return frozenset(found)


def _rest(text: str, start: int) -> str:
    """What is left of a command's line."""
    return text[start:].replace("\\\n", " ").partition("\n")[0]


def merges(used: Reference | None, scripts: Sequence[Script]) -> bool:
    """Whether a step merges or approves a change request."""
    if used is not None and used.name.lower() in _MERGERS:
        return True
    return any("merges" in _acts(script.text) for script in scripts)


def publishes(steps: Sequence[Step]) -> bool:
    """Whether a job releases a package, image or artifact."""
    for step in steps:
        for used in step.references:
            if _publishes(used):
                return True
        for script in step.scripts:
            if "publishes" in _acts(script.text):
                return True
    return False


def _publishes(used: Reference) -> bool:
    name = used.name.lower()
    if name == "docker/build-push-action":
        return _pushes({variable.name.lower(): variable.value for variable in used.inputs})
    return name in _PUBLISHERS


def _pushes(inputs: Mapping[str, str]) -> bool:
    return inputs.get("push", "false").lower() != "false" or "push=true" in inputs.get(
        "outputs", ""
    )


def deploys(steps: Sequence[Step]) -> bool:
    """Whether a job changes a running system."""
    for step in steps:
        for used in step.references:
            if used.name.lower() in _DEPLOYERS:
                return True
        for script in step.scripts:
            if "deploys" in _acts(script.text):
                return True
    return False


def started_by_release(reach: Reach) -> bool:
    """Whether a release, its tag or its branch starts a job."""
    return any(
        trigger.kind in ("release", "tag")
        or trigger.tags
        or (trigger.kind == "push" and any("release" in branch for branch in trigger.branches))
        for trigger in reach.triggers
    )
