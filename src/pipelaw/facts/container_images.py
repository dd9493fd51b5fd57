"""The image that a command takes from a registry by a name that moves: `docker run alpine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.package_versions import Spec
from pipelaw.facts.references import image_pin, split_image
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SWITCHES = frozenset(
    """
    --all-tags --detach --disable-content-trust --init --interactive --no-healthcheck
    --oom-kill-disable --privileged --publish-all --quiet --read-only --rm --sig-proxy --tty
    """.split()
)
"""Options that take no value."""
_SHORT = frozenset("Pdiqt")
"""The same as single letters."""
_NAME = pattern(r"[a-z0-9][\w.:-]*(?:/[a-z0-9][\w.-]*)*\Z")
_OFFICIAL = frozenset(
    """
    alpine almalinux amazoncorretto amazonlinux archlinux bash buildpack-deps busybox caddy centos
    clojure composer couchdb debian docker eclipse-temurin elasticsearch elixir erlang fedora gcc
    golang gradle haproxy haskell hello-world httpd influxdb julia kong mariadb maven memcached
    mongo mysql nats neo4j nginx node opensearch openjdk oraclelinux perl php postgres python r-base
    rabbitmq redis registry rockylinux ruby rust sonarqube swift tomcat traefik ubuntu vault
    """.split()
)
"""Names without an owner that are no image of one's own."""
_NEAR = ("localhost", "127.0.0.1", "host.docker.internal")
_OWN = pattern(
    r"\b(?:build|buildx|bake|commit|import|load|push|tag)\b|\b[Tt][Aa][Gg][Ss]?:|IMAGE|image:"
)
"""A line that has one of these makes an image, or says how one is called."""


def run_images(words: Sequence[str], text: str) -> Iterator[Spec]:
    """The image after `run`, `create` or `pull`, if its name moves and nothing in the text makes it."""
    word = _image(words)
    parts = split_image(word)
    name = parts.name
    if parts.digest or image_pin(word, parts) not in ("none", "branch") or not _NAME.match(name):
        return
    if ("/" not in name and name not in _OFFICIAL) or name.startswith(_NEAR):
        return
    if "/" not in name or not any(name in line and _OWN.search(line) for line in text.split("\n")):
        yield Spec(name if parts.tag in ("", "latest") else f"{name}:{parts.tag}", "none")


def _image(words: Sequence[str]) -> str:
    """The first word that is neither an option nor the value of one."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            return word
        if "=" not in word and word not in _SWITCHES and not _SHORT.issuperset(word[1:]):
            next(rest, None)
    return ""
