"""What is known of plugin images by their names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.facts.references import split_image
from pipelaw.facts.secret_names import valuable
from pipelaw.loaders.switches import ON
from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.model import Secret, Step, Variable

_WORDS = pattern(r"[a-z]+")

_BUILD = frozenset(("build_args", "build_args_from_env", "build-args", "build-args-from-env"))
"""Woodpecker's plugins take either sign between the words."""

_PUBLISHING = frozenset(
    "docker buildx buildah kaniko ecr gcr acr gar ghcr manifest npm pypi twine gem rubygems nuget"
    " cargo crates maven sonatype release releases releaser goreleaser artifactory nexus cloudsmith"
    " packagecloud snapcraft flatpak chartmuseum bintray gcs s".split()
)
_DEPLOYING = frozenset(
    "ssh scp rsync sftp ftp kubernetes kubectl kube k helm ecs eks gke aks gae gcf heroku lambda"
    " serverless cloudformation cloudrun codedeploy beanstalk terraform ansible pulumi netlify"
    " vercel surge pages firebase nomad marathon rancher swarm portainer cloudfoundry argocd fly"
    " dokku capistrano deploy deployer".split()
)
_NEITHER = frozenset(
    "cache lint linter test testing scan scanner comment notify matrix slack".split()
)


_RELEASING = frozenset("release releases releaser goreleaser manifest".split())
"""What only publishes for tags, or what others have published."""
_OF_RUN = pattern(
    r"\$\{?(?:DRONE|CI)_(?:BRANCH|BUILD|COMMIT|PIPELINE|PREV|PULL|SEMVER|SOURCE|TAG|TARGET)"
)
_OF_BRANCH = pattern(r"\$\{?(?:DRONE|CI)_(?:COMMIT_)?(?:SOURCE_)?(?:BRANCH|PULL|REF)")


def overwrites(step: Step, what: str) -> bool:
    """Whether a plugin gives away the same thing for each branch: no setting names the run, or the branch."""
    if not valuable(step.secrets) or not _RELEASING.isdisjoint(_words(step.references[0].text)):
        return False
    own = _OF_BRANCH if what == "deploy" else _OF_RUN
    return not any(
        own.search(one.value) or (one.name in ("auto_tag", "auto-tag") and one.value.lower() in ON)
        for one in step.variables
    )


def misuse_of(variables: Sequence[Variable], secrets: Iterable[Secret]) -> Iterator[Flaw]:
    """What a plugin's settings do to its secrets that they had better not."""
    yield from _traces(variables)
    yield from _built(variables, secrets)


def _traces(variables: Iterable[Variable]) -> Iterator[Flaw]:
    """The settings that make a plugin log what it is given."""
    for variable in variables:
        on = variable.name == "debug" and variable.value.lower() in ON
        if on and variable.kind == "setting":
            text = f"debug: {variable.value}"
            yield Flaw(kind="trace", text=text, detail="the plugin", place=variable.place)


def _built(variables: Iterable[Variable], secrets: Iterable[Secret]) -> Iterator[Flaw]:
    """The secrets that a plugin hands to the build of an image as arguments."""
    given = [one for one in variables if one.kind == "setting" and one.name in _BUILD]
    if not given:
        return
    from pipelaw.facts.secret_arguments import build_argument  # noqa: PLC0415  few steps build

    targets = {secret.target for secret in secrets}
    for variable in given:
        name = build_argument(variable.value)
        if name in targets:
            yield Flaw(kind="argument", text=variable.name, detail=name, place=variable.place)


@lru_cache(maxsize=1024)
def purpose(image: str) -> str:
    """What a plugin is for by the words of its name: publish, deploy, or "" for anything else."""
    owner = split_image(image).repository.rpartition("/")[0]
    words = _words(image)
    if not owner or not _NEITHER.isdisjoint(words):
        return ""
    if not _DEPLOYING.isdisjoint(words):
        return "deploy"
    return "publish" if not _PUBLISHING.isdisjoint(words) else ""


def _words(image: str) -> frozenset[str]:
    """The words of an image's name, without the publisher's."""
    return frozenset(_WORDS.findall(split_image(image).repository.rpartition("/")[2].lower()))
