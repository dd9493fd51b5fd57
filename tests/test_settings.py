"""The settings of bots and hooks, which are no pipelines and still bring code into the repository."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pipelaw.discover import find
from pipelaw.document import decode
from pipelaw.errors import UnreadableError
from pipelaw.loaders import dependabot, precommit
from pipelaw.repository import Work, scan_repository
from pipelaw.rulebook import Rulebook
from pipelaw.rulefile import read
from pipelaw.rules import shipped
from pipelaw.tree import MemoryTree

WORKFLOW = ".github/workflows/x.yml"
UPDATE = "{package-ecosystem: npm, directory: /, schedule: {interval: daily}"


def bot(text: str, *files: str) -> tuple[list[object], list[str]]:
    """What Dependabot keeps current, and what could not be read."""
    source = decode(".github/dependabot.yml", dedent(text).encode())
    found = dependabot.load(source, MemoryTree(dict.fromkeys(files, b"")))
    updates = [
        (update.ecosystem, update.folder, update.cooldown, update.waits)
        for pipeline in found.pipelines
        for update in pipeline.updates
    ]
    return [*updates], [f"{p.line}: {p.message}" for p in found.problems]


def test_each_ecosystem_with_its_days() -> None:
    text = """\
        version: 2
        updates:
          - package-ecosystem: npm
            directory: /
            schedule: {interval: daily}
            cooldown: {default-days: 7}
          - package-ecosystem: pip
            directories: [/a, /b]
            schedule: {interval: daily}
            cooldown: {semver-major-days: 30}
          - package-ecosystem: docker
            directory: /
            schedule: {interval: daily}
        """
    assert bot(text) == (
        [("npm", "/", 7, True), ("pip", "/a, /b", 3, False), ("docker", "/", 3, False)],
        [],
    )


@pytest.mark.parametrize(
    ("lists", "days"),
    [
        ("", 7),
        ("include: ['*']", 7),
        ("include: []", 7),
        ("exclude: ['ours-*']", 7),
        ("include: ['*'], exclude: [ours]", 7),
        ("include: [requests, 'types-*']", 3),
        ("exclude: ['*']", 3),
    ],
)
def test_a_cooldown_of_a_few_packages_leaves_the_others_to_the_default(
    lists: str, days: int
) -> None:
    text = f"version: 2\nupdates:\n- {UPDATE}, cooldown: {{default-days: 7, {lists}}}}}"
    assert bot(text) == ([("npm", "/", days, days == 7)], [])
    allowed = text.replace("cooldown", "allow: [{dependency-name: requests}], cooldown")
    assert bot(allowed) == ([("npm", "/", 7, True)], [])


def test_what_a_registry_is_signed_in_to_with() -> None:
    made = "Zk29" + "fLq8" + "1mZp"
    text = f"""\
        version: 2
        registries:
          old: {{type: maven-repository, url: https://e.org, username: ci, password: {made}}}
          new: {{type: npm-registry, url: https://e.org, token: '${{{{secrets.NPM}}}}'}}
        updates:
          - {UPDATE}}}
        """
    source = decode(".github/dependabot.yml", dedent(text).encode())
    [pipeline] = dependabot.load(source, MemoryTree({})).pipelines
    assert [found.name for found in pipeline.credentials] == ["password"]
    assert not pipeline.flaws


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://npm.example.org/a", True),
        ("https://npm.example.org", False),
        ("http://npm.svc.internal", False),
    ],
)
def test_a_registry_that_anybody_on_the_way_can_answer_for(url: str, found: bool) -> None:
    text = (
        f"version: 2\nregistries:\n  r: {{type: npm-registry, url: '{url}'}}\nupdates: [{UPDATE}}}]"
    )
    [pipeline] = dependabot.load(
        decode(".github/dependabot.yml", text.encode()), MemoryTree({})
    ).pipelines
    assert bool(pipeline.flaws) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("updates: []", "1: `version` has to be 2"),
        ("version: 1\nupdates: []", "1: `version` has to be 2"),
        ("version: 2", "1: `updates` is missing"),
        ("version: 2\nupdates: {}", "2: `updates` should be a list, not a mapping"),
        ("version: 2\nupdates: [npm]", "2: an item of `updates` should be a mapping, not text"),
        (
            "version: 2\nupdates:\n  - directory: /",
            "3: an item of `updates` needs a `package-ecosystem`",
        ),
        (
            "version: 2\nupdates:\n  - {package-ecosystem: npm, schedule: {interval: daily}}",
            "3: an item of `updates` needs a `directory`",
        ),
        (
            "version: 2\nupdates:\n  - {package-ecosystem: npm, directory: /}",
            "3: an item of `updates` needs a `schedule`",
        ),
        (
            f"{{version: 2, updates: [{UPDATE},\n cooldown: {{default-days: x}}}}]}}",
            "2: `default-days` is a number of days",
        ),
    ],
)
def test_a_wrong_shape_is_noted(text: str, problem: str) -> None:
    assert bot(text)[1] == [problem]


def test_what_is_no_mapping_cannot_be_read() -> None:
    for load in (dependabot.load, precommit.load):
        for text in (b"# nothing", b"{}", b"[]"):
            assert load(decode("x.yml", text), MemoryTree({})).pipelines == ()
        with pytest.raises(UnreadableError, match="mapping"):
            load(decode("x.yml", b"[1]"), MemoryTree({}))


def test_actions_are_missed_only_where_there_are_workflows() -> None:
    text = "version: 2\nupdates: []"
    source = decode(".github/dependabot.yml", text.encode())
    [with_workflow] = dependabot.load(source, MemoryTree({WORKFLOW: b""})).pipelines
    [without] = dependabot.load(source, MemoryTree({})).pipelines
    assert (with_workflow.unattended, without.unattended) == (("github-actions",), ())
    both = MemoryTree({WORKFLOW: b"", ".github/renovate.json5": b""})
    assert dependabot.load(source, both).pipelines[0].unattended == ()


@pytest.mark.parametrize(
    ("repo", "rev", "name", "pin"),
    [
        ("https://github.com/a/b", "v1.2.0", "a/b", "tag"),
        ("https://github.com/a/b.git", "main", "a/b", "branch"),
        ("git@github.com:a/b", "0" * 40, "a/b", "commit"),
        ("https://gitlab.example.com/a/b/c", "", "gitlab.example.com/a/b/c", "none"),
    ],
)
def test_hooks_from_elsewhere(repo: str, rev: str, name: str, pin: str) -> None:
    text = (
        f"repos:\n  - {{repo: '{repo}', rev: '{rev}', hooks: []}}\n  - {{repo: local, hooks: []}}\n"
    )
    source = decode(".pre-commit-config.yaml", text.encode())
    [hook] = precommit.load(source, MemoryTree({})).pipelines[0].references
    assert (hook.kind, hook.name, hook.pin, hook.mutable) == ("hook", name, pin, pin != "commit")


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("ghcr.io/acme/lint:latest check --all", "ghcr.io/acme/lint"),
        ("--entrypoint /bin/lint acme/lint:1.2 .", "acme/lint"),
        ("--entrypoint=/bin/lint --rm acme/lint", "acme/lint"),
        ("", ""),
        ("--entrypoint", ""),
    ],
)
def test_the_image_that_a_hook_is(entry: str, name: str) -> None:
    text = f"""\
        repos:
          - repo: local
            hooks:
              - {{id: lint, name: lint, language: docker_image, entry: '{entry}'}}
              - {{id: own, name: own, language: system, entry: ./own}}
        """
    source = decode(".pre-commit-config.yaml", dedent(text).encode())
    [pipeline] = precommit.load(source, MemoryTree({})).pipelines
    assert [used.name for used in pipeline.references] == ([name] if name else [])


@pytest.mark.parametrize(
    "text", ["repos: 1", "[a]: b", "repos: [1]", "repos: [{rev: x}]", "repos: [{repo: [a]}]"]
)
def test_wrong_shapes_of_hooks_do_no_harm(text: str) -> None:
    source = decode(".pre-commit-config.yaml", text.encode())
    assert precommit.load(source, MemoryTree({})).pipelines[0].references == ()


def test_settings_are_no_pipelines() -> None:
    tree = MemoryTree(
        {
            ".github/dependabot.yml": b"version: 2\nupdates: []\n",
            ".pre-commit-config.yaml": b"repos: []\n",
            "main.py": b"",
        }
    )
    rulebook = Rulebook([read(shipped() / "missing-sast.yaml")])
    part = scan_repository(Work(tree, "", tuple(find(tree))), rulebook)
    assert (part.files, part.pipelines, part.unreadable, part.findings) == (2, 0, (), ())
