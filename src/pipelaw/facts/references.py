"""Where code from elsewhere comes from, and whether its publisher can change it under us."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pipelaw.model import Reference, Volume
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.document import Place
    from pipelaw.model import Variable
    from pipelaw.words import Pin, Role

_COMMIT = pattern(r"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z", re.IGNORECASE)
_VERSION = pattern(r"refs/tags/|v?\d+(\.\d+){0,3}([-+.][\w.+-]+)?\Z", re.IGNORECASE)
_DIGEST = pattern(r"sha256:[0-9a-f]{64}\Z|sha512:[0-9a-f]{128}\Z", re.IGNORECASE)
_FILLED = pattern(r"\$(?:\{[^}]*\}\}?|\[\[[^\]]*\]\]|\w+)\Z")
"""A digest that a run puts in as a whole: engines take nothing else behind the `@`."""
DYNAMIC = pattern(r"\$\{|\$\(|\$[A-Za-z_]|\$\[\[|\{\{|%\w+%")
"""Text that something is put into: `${{ … }}`, `${VAR}`, `$VAR`, `$[[ … ]]`, `{{ … }}`, `%VAR%`."""


def pin(ref: str) -> Pin:
    """How a version of a git repository is pinned: commit, tag, branch, none or unresolved.

    Offline a tag and a branch are told apart by their look: `v4`, `1.2.3`, `refs/tags/next` are tags.
    """
    if not ref:
        return "none"
    if _COMMIT.match(ref):
        return "commit"
    if DYNAMIC.search(ref):
        return "unresolved"
    return "tag" if _VERSION.match(ref) else "branch"


class Image(NamedTuple):
    """The parts of an image's name."""

    registry: str
    repository: str
    """Without the registry."""
    tag: str
    digest: str
    name: str
    """Registry and repository, without `docker.io/` and `library/`."""


@lru_cache(maxsize=4096)
def split_image(text: str) -> Image:
    """Split `registry:5000/owner/name:tag@digest`; what is missing is ""."""
    rest, _, digest = text.partition("@")
    head, slash, tail = rest.rpartition("/")
    tail, _, tag = tail.partition(":")
    repository = f"{head}{slash}{tail}"
    first, slash, remainder = repository.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    if registry:
        repository = remainder
    if registry in ("docker.io", "index.docker.io", "registry-1.docker.io"):
        registry = ""
    if not registry:
        repository = repository.removeprefix("library/")
    name = f"{registry}/{repository}" if registry else repository
    return Image(registry, repository, tag, digest, name)


def image(
    text: str,
    place: Place,
    role: Role,
    *,
    kind: Literal["image", "plugin"] = "image",
    secrets: bool = False,
    inputs: tuple[Variable, ...] = (),
) -> Reference:
    """A container image, or with `kind="plugin"` an image that a platform runs as a plugin."""
    parts = split_image(text)
    owner = parts.repository.rpartition("/")[0].partition("/")[0]
    how = image_pin(text, parts)
    return Reference(
        kind=kind,
        text=text,
        name=parts.name,
        ref=parts.digest or parts.tag,
        owner=owner,
        registry=parts.registry,
        pin=how,
        mutable=how not in ("digest", "unresolved"),
        role=role,
        secrets=secrets,
        inputs=inputs,
        place=place,
    )


def image_pin(text: str, parts: Image) -> Pin:
    """How an image is pinned: digest, tag, branch (a tag that is made to move), none or unresolved."""
    if _DIGEST.match(parts.digest) or _FILLED.match(parts.digest):
        return "digest"
    if DYNAMIC.search(text):
        return "unresolved"
    if not parts.tag:
        return "none"
    return "branch" if _moving(parts.tag) else "tag"


def in_name(image: str, index: int) -> bool:
    """Whether what is at an index of an image is part of its name, and not of its tag."""
    return ":" not in image[:index].rpartition("/")[2] and "@" not in image[:index]


_MOVING = frozenset(
    "latest stable edge dev devel develop development main master trunk head nightly rolling canary"
    " beta alpha rc next current testing unstable snapshot lts oldstable mainline".split()
)


_FOLLOWING = ("-canary", "-edge", "-head", "-nightly", "-rolling", "-snapshot")
"""Ends of tags that are moved within a release: `2.9-head`. `-dev` is also a variant of one that is not."""

_RELEASES = frozenset(
    # Debian and Ubuntu
    "jessie stretch buster bullseye bookworm trixie forky xenial bionic focal jammy noble oracular plucky"
    " questing resolute"
    # Node
    " argon boron carbon dubnium erbium fermium gallium hydrogen iron jod krypton".split()
)
"""Names of releases, which say as much as their numbers."""


@lru_cache(maxsize=1024)
def _moving(tag: str) -> bool:
    """Whether an image tag's name says that it is moved to each new release: it names none."""
    name = tag.lower()
    if name in _MOVING or name.endswith(_FOLLOWING):
        return True
    return not any(char.isdigit() for char in name) and _RELEASES.isdisjoint(name.split("-"))


_SENSITIVE = frozenset(
    "/ ~ /etc /root /home /var /var/run /run /proc /sys /dev /boot /usr /opt /lib"
    " /var/lib /var/lib/docker /var/lib/containerd /var/lib/kubelet".split()
)
_SENSITIVE_BELOW = (
    "/etc/",
    "/root/",
    "/proc/",
    "/sys/",
    "/boot/",
    "/var/lib/docker/",
    "/var/lib/kubelet/",
    "~/.",
)
_CREDENTIALS = frozenset({".ssh", ".aws", ".azure", ".docker", ".gnupg", ".kube", "gcloud"})
"""Folders that programs keep credentials in."""


def volume(text: str, place: Place) -> Volume:
    """A mount as container engines write it: `source:target[:options]`."""
    source, _, rest = text.partition(":")
    target, _, options = rest.partition(":")
    return mount(source, target, place, read_only="ro" in options.split(","))


def mount(source: str, target: str, place: Place, *, read_only: bool = False) -> Volume:
    """A mount of a host path (one that starts with `/`, `~` or `.`) or of a named volume."""
    path = source.rstrip("/") or source
    host = source.startswith(("/", "~", "./", "../", "\\\\", "C:"))
    return Volume(
        source=source,
        target=target,
        host=host,
        docker_socket=path.endswith(
            ("/docker.sock", "/containerd.sock", "/podman.sock", "/crio.sock", "\\docker_engine")
        ),
        sensitive=host and (_telling(path) or _last(target) in _CREDENTIALS),
        read_only=read_only,
        place=place,
    )


def _telling(path: str) -> bool:
    """Whether a host path has the system's configuration, homes, credentials or the engine's data."""
    return path in _SENSITIVE or path.startswith(_SENSITIVE_BELOW) or _last(path) in _CREDENTIALS


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
