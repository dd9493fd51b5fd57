"""Where packages go: to the registries themselves, or where variables and settings lead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.facts.publications import official
from pipelaw.loaders import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Publication

_STEP = "steps:\n- name: a\n  image: node:22.1\n"
FILES = {
    "github": (
        ".github/workflows/a.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{{run: {script}, env: {env}}}]\n",
    ),
    "gitlab": (".gitlab-ci.yml", "a:\n  variables: {env}\n  script: [{script}]\n"),
    "drone": (
        ".drone.yml",
        f"kind: pipeline\n{_STEP}  environment: {{env}}\n  commands: [{{script}}]\n",
    ),
    "woodpecker": (".woodpecker.yml", f"{_STEP}  environment: {{env}}\n  commands: [{{script}}]\n"),
}


def sent(platform: str, script: str, **env: str) -> list[Publication]:
    """What a step that runs a script publishes."""
    path, text = FILES[platform]
    written = text.format(script=json.dumps(script), env=json.dumps(env)).encode()
    found = load(platform, decode(path, written), MemoryTree({path: written}))
    assert not found.problems
    return [one for step in found.pipelines[0].jobs[0].steps for one in step.publications]


@pytest.mark.parametrize(
    ("platform", "keyless"),
    [
        ("github", {"npm", "PyPI", "crates.io", "RubyGems"}),
        ("gitlab", {"npm", "PyPI", "crates.io"}),
        ("drone", set()),
        ("woodpecker", set()),
    ],
)
def test_registries_accept_the_identity_of_runs_of_some_platforms(
    platform: str, keyless: set[str]
) -> None:
    found = sent(platform, "npm publish\ntwine upload dist/*\ncargo publish\ngem push a.gem")
    assert [one.registry for one in found] == ["npm", "PyPI", "crates.io", "RubyGems"]
    assert {one.registry for one in found if one.keyless} == keyless


@pytest.mark.parametrize("platform", FILES)
@pytest.mark.parametrize(
    ("script", "env", "left"),
    [
        ("npm publish", {"NPM_CONFIG_REGISTRY": "https://npm.example.com/"}, []),
        ("npm publish", {"NPM_CONFIG_REGISTRY": "https://registry.npmjs.org/"}, ["npm"]),
        ("npm config set registry https://npm.example.com/\nnpm publish", {}, []),
        ("npm config set registry $REGISTRY && npm publish", {}, []),
        ("npm config set @acme:registry https://registry.npmjs.org/\nnpm publish", {}, ["npm"]),
        ("echo '@acme:registry=https://npm.example.com' > .npmrc\nnpm publish", {}, []),
        ("echo //npm.example.com/:_authToken=$TOKEN > .npmrc\nnpm publish", {}, []),
        ("echo //registry.npmjs.org/:_authToken=$TOKEN > .npmrc\nnpm publish", {}, ["npm"]),
        ("export TWINE_REPOSITORY_URL=https://example.com/a\ntwine upload dist/*", {}, []),
        (
            "twine upload dist/*",
            {"TWINE_REPOSITORY_URL": "https://upload.pypi.org/legacy/"},
            ["PyPI"],
        ),
        (
            "printf '[a]\\nrepository = https://example.com/a' > ~/.pypirc\ntwine upload dist/*",
            {},
            [],
        ),
        ("twine upload dist/*", {"NPM_CONFIG_REGISTRY": "https://npm.example.com/"}, ["PyPI"]),
    ],
)
def test_settings_lead_elsewhere(
    platform: str, script: str, env: dict[str, str], left: list[str]
) -> None:
    assert [one.registry for one in sent(platform, script, **env)] == left


def test_the_registry_of_a_project_is_none_that_everybody_knows() -> None:
    assert sent("gitlab", "npm publish", CI_TOKEN="${CI_JOB_TOKEN}") == []


@pytest.mark.parametrize(
    ("registry", "known"),
    [
        ("https://registry.npmjs.org/", True),
        ("//registry.yarnpkg.com", True),
        ("https://ci:x@upload.pypi.org/legacy/", True),
        ("testpypi", True),
        ("https://api.nuget.org:443/v3/index.json", True),
        ("https://npmjs.org.example.com/", False),
        ("https://example.com/registry.npmjs.org/", False),
        ("https://notpypi.org/", False),
        ("acme", False),
        ("", False),
    ],
)
def test_official_registries(registry: str, known: bool) -> None:
    assert official(registry) == known
