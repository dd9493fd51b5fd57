"""Services that scripts name themselves."""

from __future__ import annotations

import pytest
from samples import gitlab_step


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        ("export VAULT_ADDR=http://a.example:8200", "VAULT_ADDR", "http://a.example:8200"),
        ('VAULT_ADDR="http://a.example" vault read b', "VAULT_ADDR", "http://a.example"),
        ("vault read -address=http://a.example b", "VAULT_ADDR", "http://a.example"),
        ("make && export DOCKER_HOST='tcp://b:2375'", "DOCKER_HOST", "tcp://b:2375"),
        ('$env:DOCKER_HOST = "tcp://b:2375"', "DOCKER_HOST", "tcp://b:2375"),
        ("docker -H tcp://b:2375 ps", "DOCKER_HOST", "tcp://b:2375"),
        ("docker --host=tcp://b:2375 ps", "DOCKER_HOST", "tcp://b:2375"),
    ],
)
def test_what_names_a_service(script: str, name: str, value: str) -> None:
    [found] = gitlab_step(script).variables
    assert (found.name, found.value, found.literal) == (name, value, True)
    start, end = found.place.indices()
    assert found.place.source.text[start:end] == value


@pytest.mark.parametrize(
    "script",
    [
        "echo $VAULT_ADDR",
        "export MY_VAULT_ADDR=http://a.example",
        "export VAULT_ADDR=$ADDRESS",
        "docker run -h tcp a",
        "curl tcp://b:2375",
    ],
)
def test_what_names_none(script: str) -> None:
    assert gitlab_step(script).variables == ()
