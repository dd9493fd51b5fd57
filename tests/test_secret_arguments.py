from __future__ import annotations

import pytest

from pipelaw.facts import shell
from pipelaw.facts.secret_arguments import arguments
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text


def found(code: str) -> list[tuple[str, str]]:
    text = Text(code, ((0, NOWHERE),))
    commands = shell.commands(text, "bash")
    script = Script(text=code, shell="bash", commands=commands, source_text=text)
    return [(flaw.text, flaw.detail) for flaw in arguments([script])]


@pytest.mark.parametrize(
    ("code", "text", "name"),
    [
        ('docker login -u "$USER" -p "$PASS" host', "docker login -p", "PASS"),
        ("sudo podman login -p$PASS host", "podman login -p", "PASS"),
        ("docker login --password=${PASS} host || true", "docker login --password", "PASS"),
        ("crane auth login -u u -p $PASS host", "crane login -p", "PASS"),
        ("helm registry login host --password $${PASS}", "helm login --password", "PASS"),
        ("docker login -p ${{ secrets.HUB }} -u bot", "docker login -p", "HUB"),
        ("docker login -p ${{ secrets['HUB'] }} -u bot", "docker login -p", "HUB"),
        ("if x; then git clone https://u:$TOKEN@e.org/a; fi", "git clone", "TOKEN"),
        ("git -C a push https://${MY_TOKEN}@e.org/a HEAD", "git push", "MY_TOKEN"),
        ('git push https://"$A_TOKEN"@e.org/a', "git push", "A_TOKEN"),
        ("git clone https://$NAME:${A_PASS}@e.org/a", "git clone", "A_PASS"),
        ("docker login \\\n  -u u \\\n  -p $PASS", "docker login -p", "PASS"),
        ("git remote add x https://u:${{ secrets.BOT }}@e.org/a", "git remote", "BOT"),
        ("docker build --build-arg NPM_TOKEN=$TOK .", "docker --build-arg", "TOK"),
        ("docker buildx build --build-arg A=${A_TOKEN} .", "docker --build-arg", "A_TOKEN"),
        (
            "buildah bud --build-arg='T=${{ secrets.MY_TOKEN }}' .",
            "buildah --build-arg",
            "MY_TOKEN",
        ),
        ("/kaniko/executor --build-arg API_KEY", "executor --build-arg", "API_KEY"),
    ],
)
def test_secret_is_an_argument(code: str, text: str, name: str) -> None:
    assert found(code) == [(text, name)]


@pytest.mark.parametrize(
    "code",
    [
        "# docker login -p $PASS",
        "echo $PASS | docker login -u bot --password-stdin",
        "docker login -u bot -p hunter2",
        'docker login -u bot -p "$(cat password)"',
        "docker run -p $PORT:80 login",
        "git clone https://$GIT_HOST@e.org/a",
        "git clone https://e.org/$OWNER/a@v1",
        "curl https://u:$TOKEN@e.org/a && git status",
        "docker build --build-arg VERSION=$VERSION --build-arg CACHE_KEY .",
        "docker build --build-arg TEST_PASSWORD=$TEST_PASSWORD .",
        "docker build --build-arg API_TOKEN=none --secret id=npm,env=NPM_TOKEN .",
        "make image BUILD='--build-arg TOKEN=$TOKEN'",
    ],
)
def test_nothing_secret_is_an_argument(code: str) -> None:
    assert found(code) == []
