"""What a job gives to the world: packages, images, deployments; and what it merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.releases import acts, acts_of
from pipelaw.parts import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    taiki-e/upload-rust-binary-action taiki-e/create-gh-release-action
    crazy-max/ghaction-github-release rust-build/rust-build.action
    """.split()
)
_TRYING = ("dry-run", "dry_run", "dryrun", "install-only", "install_only", "no-push", "no_push")
"""Inputs with which a publisher only tries, or is only installed."""
_DEPLOYERS = frozenset(
    """
    aws-actions/amazon-ecs-deploy-task-definition aws-actions/aws-cloudformation-github-deploy
    azure/webapps-deploy azure/functions-action azure/container-apps-deploy-action azure/k8s-deploy
    azure/static-web-apps-deploy cloudflare/wrangler-action cloudflare/pages-action
    google-github-actions/deploy-cloudrun google-github-actions/deploy-appengine
    google-github-actions/deploy-cloud-functions actions/deploy-pages
    aws-actions/aws-lambda-deploy azure/functions-container-action azure/aci-deploy
    azure/arm-deploy azure/bicep-deploy amondnet/vercel-action serverless/github-action
    peaceiris/actions-gh-pages jamesives/github-pages-deploy-action superfly/flyctl-actions
    burnett01/rsync-deployments appleboy/ssh-action firebaseextended/action-hosting-deploy
    """.split()
)
_MERGERS = frozenset(
    """
    peter-evans/enable-pull-request-automerge pascalgn/automerge-action hmarr/auto-approve-action
    ahmadnassri/action-dependabot-auto-merge koj-co/dependabot-pr-action
    alexwilson/enable-github-automerge-action juliangruber/merge-pull-request-action
    juliangruber/approve-pull-request-action reitermarkus/automerge daneden/enable-automerge-action
    """.split()
)


def merges(used: Reference | None, scripts: Sequence[Script]) -> bool:
    """Whether a step merges or approves a change request."""
    if used is not None and used.name.lower() in _MERGERS:
        return True
    return bool(scripts) and "merges" in acts(scripts)


def publishes(steps: Iterable[Step]) -> bool:
    """Whether steps release a package, image or artifact."""
    return any(
        any(map(_publishes, step.references))
        or (step.scripts and "publishes" in acts(step.scripts))
        for step in steps
    )


def _publishes(used: Reference) -> bool:
    name = used.name.lower()
    if name in ("docker/build-push-action", "docker/bake-action"):
        return _pushes(by_name(used.inputs))
    if name == "pyo3/maturin-action":
        return by_name(used.inputs).get("command") in ("publish", "upload")
    if name not in _PUBLISHERS:
        return False
    inputs = by_name(used.inputs)
    if any(inputs.get(option, "").lower() == "true" for option in _TRYING):
        return False
    return name != "goreleaser/goreleaser-action" or _releases(inputs.get("args", ""))


def _releases(args: str) -> bool:
    """Whether GoReleaser does more than build, with arguments that may be known when it runs only."""
    return args.startswith("${{") or "publishes" in acts_of(f"goreleaser {args}")


def _pushes(inputs: Mapping[str, str]) -> bool:
    return inputs.get("push", "false").lower() != "false" or "push=true" in inputs.get(
        "outputs", ""
    )


def deploys(steps: Iterable[Step]) -> bool:
    """Whether steps change a running system."""
    return any(
        any(used.name.lower() in _DEPLOYERS for used in step.references)
        or (step.scripts and "deploys" in acts(step.scripts))
        for step in steps
    )


def started_by_release(reach: Reach) -> bool:
    """Whether a release, its tag or its branch starts a job."""
    return any(
        trigger.kind in ("release", "tag")
        or trigger.tags
        or (trigger.kind == "push" and any("release" in branch for branch in trigger.branches))
        for trigger in reach.triggers
    )
