"""What `uses` and images of a workflow name, and what is known of them."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Job, Reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "76543210fedcba9876543210fedcba9876543210"
PATH = ".github/workflows/x.yml"


def job(text: str, files: dict[str, str] | None = None, path: str = PATH) -> Job:
    body = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n{indent(dedent(text), '    ')}"
    tree = MemoryTree({name: dedent(content).encode() for name, content in (files or {}).items()})
    return load(decode(path, body.encode()), tree).pipelines[0].jobs[0]


def uses(*lines: str) -> list[Reference]:
    steps = "\n".join(f"- uses: {line}" for line in lines)
    return [step.references[0] for step in job(f"steps:\n{indent(steps, '  ')}").steps]


def use(line: str) -> Reference:
    [found] = uses(line)
    return found


@pytest.mark.parametrize(
    ("comment", "claimed"),
    [
        ("", ""),
        ("# v4.2.1", "v4.2.1"),
        ("# 4.2.1", "4.2.1"),
        ("# tag=v4.2.1", "v4.2.1"),
        ("# ratchet:actions/checkout@v4", "v4"),
        ("# pin@v4", "v4"),
        ("# v6-beta", "v6-beta"),
        ("# v4.0.0rc1", "v4.0.0rc1"),
        ("# upload/v1.2.3", "upload/v1.2.3"),
        ("# main", "main"),
        ("# v4.2.1, kept for the old runner", "v4.2.1"),
        ("# kept for the old runner", ""),
        ("# release v4.2.1", "v4.2.1"),
        ("# tag: v4.2.1", "v4.2.1"),
        ("# ref: v4.2.1", "v4.2.1"),
        ("# b v4.2.1", "v4.2.1"),
        ("# (v4.2.1)", "v4.2.1"),
        ("## v4.2.1", "v4.2.1"),
        ("# newer than v4.2.1", ""),
        ("# needs v4.2.1", ""),
        ("# zizmor: ignore[unpinned-uses]", ""),
        ("# zizmor: ignore[cache-poisoning] # v6.1.0", "v6.1.0"),
        ("# zizmor: ignore[cache-poisoning] only the signer reads it", ""),
        ("# pipelaw: ignore[x] v2", ""),
        ("# https://github.com/a/b/releases/tag/v1.2.0", "v1.2.0"),
    ],
)
def test_the_version_that_a_comment_claims(comment: str, claimed: str) -> None:
    assert use(f"a/b@{COMMIT} {comment}").claimed == claimed


@pytest.mark.parametrize(
    ("step", "claimed"),
    [
        ("{{uses: a/b@{}}} # v4.2.1", "v4.2.1"),
        ("{{uses: 'a/b@{}', with: {{x: '# v1', y: a#b}}}} # v4.2.1", "v4.2.1"),
        ("{{uses: a/b@{}, with: {{x: '# v1'}}}}", ""),
        ("{{\n    uses: a/b@{}, # v4.2.1\n    name: x\n  }}", "v4.2.1"),
        ("{{uses: a/b@{}, with: {{x: a#v1}}}}", ""),
    ],
)
def test_the_version_behind_a_step_in_braces(step: str, claimed: str) -> None:
    [found] = job(f"steps:\n  - {step.format(COMMIT)}").steps
    assert found.references[0].claimed == claimed


@pytest.mark.parametrize(
    ("lines", "claimed"),
    [
        ("# v4.2.1\n- uses: a/b@{}", "v4.2.1"),
        ("- name: x\n  # a/b v4.2.1\n  uses: a/b@{}", "v4.2.1"),
        ("# A/B@v4\n- uses: a/b@{}", "v4"),
        ("# renovate: pinned to 4.2.1\n- uses: a/b@{}", "4.2.1"),
        ("# v4.2.1\n- uses: a/b@{} # kept for the old runner", "v4.2.1"),
        ("# v4.2.1\n- uses: a/b@{} # v4", "v4"),
        ("# v4.2.1\n\n- uses: a/b@{}", ""),
        ("# needs python 3.12\n- uses: a/b@{}", ""),
        ("# see issue 12\n- uses: a/b@{}", ""),
        ("# v4.2.1 (https://example.com/a/b/releases/v4.2.1)\n- uses: a/b@{}", "v4.2.1"),
        ("# https://example.com/a/b/releases/v4.2.1\n- uses: a/b@{}", "v4.2.1"),
        ("# https://example.com/a/b/releases\n- uses: a/b@{}", ""),
        ("# (see v4.2.1)\n- uses: a/b@{}", ""),
        ("# v4.2.1\n- name: x\n  uses: a/b@{}", ""),
    ],
)
def test_the_version_that_a_comment_above_claims(lines: str, claimed: str) -> None:
    steps = indent(lines.format(COMMIT), "  ")
    [step] = job(f"steps:\n{steps}").steps
    assert step.references[0].claimed == claimed


def test_behind_a_tag_nothing_is_claimed() -> None:
    assert use("a/b@v4 # v4.2.1").claimed == ""


@pytest.mark.parametrize(
    ("first", "second", "contradicts"),
    [
        (f"a/b@{COMMIT} # v4.2.1", f"a/b@{COMMIT} # v4.2.2", True),
        (f"a/b@{COMMIT} # v4", f"a/b@{COMMIT} # v5.0.0", True),
        (f"a/b@{COMMIT} # v4", f"A/B@{COMMIT} # v5.0.0", True),
        (f"a/b@{COMMIT} # v4", f"a/b@{COMMIT} # v4.2.2", False),
        (f"a/b@{COMMIT} # v4.2.1", f"a/b@{OTHER} # v4.2.1", True),
        (f"a/b@{COMMIT} # v4", f"a/b@{OTHER} # v4", False),
        (f"a/b/one@{COMMIT} # v1.0.0", f"a/b/two@{OTHER} # v1.0.0", False),
        (f"a/b@{COMMIT} # main", f"a/b@{COMMIT} # v1.0.0", False),
        ("a/b@v3", "a/b@v4 # v3.1.0", True),
        ("a/b@v3", "a/b@v4 # v4.1.0", False),
        ("a/b@v3", "a/b@v4 # 3 files are enough", False),
        ("a/b@v3", "a/b@main # v4", False),
    ],
)
def test_a_comment_that_cannot_be_true(first: str, second: str, contradicts: bool) -> None:
    found = uses(first, second)
    assert found[0].contradiction == ""
    assert bool(found[1].contradiction) is contradicts


@pytest.mark.parametrize(
    ("written", "name", "plain"),
    [
        ("actions/checkout@v4", "actions/checkout", ""),
        ("actions/checkout/@v4", "actions/checkout", "actions/checkout"),
        ("actions/cache/./save@v4", "actions/cache/save", "actions/cache/save"),
        ("actions/cache//save@v4", "actions/cache/save", "actions/cache/save"),
        ("actions/cache/restore/../save@v4", "actions/cache/save", "actions/cache/save"),
        ("some.org/a.b/.github/workflows/x.yml@v1", "some.org/a.b/.github/workflows/x.yml", ""),
        ("./a/../b", "./a/../b", ""),
    ],
)
def test_detours_in_a_path(written: str, name: str, plain: str) -> None:
    found = use(written)
    assert (found.name, found.plain) == (name, plain)


@pytest.mark.parametrize(
    ("name", "resembles"),
    [
        ("action/checkout", "actions/checkout"),
        ("actionss/checkout", "actions/checkout"),
        ("cations/checkout", "actions/checkout"),
        ("acti0ns/checkout", "actions/checkout"),
        ("dokcer/login-action", "docker/login-action"),
        ("actions/chekcout", ""),
        ("Actions/Checkout", ""),
        ("my-actions/checkout", ""),
        ("some-vendor/checkout", ""),
    ],
)
def test_owners_that_look_like_well_known_ones(name: str, resembles: str) -> None:
    assert use(f"{name}@v1").resembles == resembles


def test_what_is_known_by_name() -> None:
    assert use("Actions/Create-Release@v1").archived
    assert use("actions-rs/cargo/.github/workflows/ci.yml@main").archived
    assert not use("actions/checkout@v4").archived


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("actions/checkout@v2", "v4"),
        ("Actions/Checkout@v3.6.0", "v4"),
        ("actions/cache/save@v3", "v4"),
        ("github/codeql-action/init@v2", "v3"),
        ("actions/checkout@v4", ""),
        ("actions/checkout@main", ""),
        ("actions/checkout@0123456789abcdef0123456789abcdef01234567", ""),
        ("acme/checkout@v2", ""),
        ("actions/setup-go@v10", ""),
    ],
)
def test_old_major_versions_for_a_runtime_that_is_gone(text: str, first: str) -> None:
    assert use(text).outlived == first


@pytest.mark.parametrize(
    ("comment", "first"),
    [
        ("v3.6.0", "v4"),
        ("ratchet:actions/checkout@v3", "v4"),
        ("pin@v3", "v4"),
        ("v3", ""),  # nobody updates it with the commit
        ("3", ""),
        ("v3, the last one", ""),
        ("v4.2.2", ""),
    ],
)
def test_a_major_version_in_a_comment_is_often_an_older_one(comment: str, first: str) -> None:
    assert use(f"actions/checkout@{'0a' * 20} # {comment}").outlived == first
    assert "gh release" in use("softprops/action-gh-release@v2").replacement
    assert use("tj-actions/branch-names@v8.0.0").vulnerable == "GHSA-gq52-6phf-x2r6"
    assert use("tj-actions/branch-names@v8.0.0").fixed == "9.0.0"


@pytest.mark.parametrize(
    ("given", "installs"),
    [
        ("", "Trivy"),
        ("version: latest", "Trivy"),
        ("version: latest-release", "Trivy"),
        ("version: '*'", "Trivy"),
        ("version: nightly", "Trivy"),
        ("version: v0.57.0", ""),
        ("version: '${{ inputs.version }}'", ""),
        ("version: '${{ env.Newest }}'", "Trivy"),
        ("version: '${{ env.FIXED }}'", ""),
        ("version: '${{ env.ELSEWHERE }}'", ""),
        ("cache: true", "Trivy"),
    ],
)
def test_actions_that_install_the_newest_program(given: str, installs: str) -> None:
    text = (
        "env: {NEWEST: latest, FIXED: v0.57.0}\nsteps:\n"
        f"  - uses: aquasecurity/setup-trivy@v0.2.6\n    with: {{{given}}}"
    )
    assert job(text).steps[0].references[0].installs == installs


LOCK = f"""\
version: v0.0.3
workflows:
  '{PATH}':
    - 'a/b@v1'
    - 'c/d@main'
dependencies:
  'a/b@v1': {{ref: v1, commit: 'sha1-{COMMIT}', owner_id: 1, repo_id: 2}}
  'c/d@main': {{ref: main, commit: 'unknown'}}
  'e/f@v2': {{ref: v2, commit: 'sha256-{COMMIT}{COMMIT[:24]}'}}
"""


@pytest.mark.parametrize(
    ("path", "line", "pin"),
    [
        (PATH, "a/b@v1", "commit"),
        (PATH, "A/B/sub@v1", "commit"),
        (PATH, "a/b@v2", "tag"),
        (PATH, "c/d@main", "branch"),
        (PATH, "e/f@v2", "tag"),
        (".github/workflows/unlocked.yml", "a/b@v1", "tag"),
    ],
)
def test_what_a_lockfile_binds(path: str, line: str, pin: str) -> None:
    files = {".github/workflows/actions.lock": LOCK}
    [found] = job(f"steps:\n  - uses: {line}", files, path).steps[0].references
    assert (found.pin, found.mutable) == (pin, pin != "commit")


def test_a_tag_that_a_lockfile_binds_is_not_the_malicious_one() -> None:
    text = "steps:\n  - uses: actions-cool/issues-helper@v3"
    files = {
        ".github/workflows/actions.lock": LOCK.replace("a/b@v1", "actions-cool/issues-helper@v3")
    }
    for given, malicious in ((None, True), (files, False)):
        [found] = job(text, given).steps[0].references
        assert (found.malicious, bool(found.compromised)) == (malicious, malicious)


@pytest.mark.parametrize("lock", ["", "[]", "a: [", "dependencies: [1]", "workflows: {x: {}}"])
def test_a_broken_lockfile_binds_nothing(lock: str) -> None:
    files = {".github/workflows/actions.lock": lock}
    assert job("steps:\n  - uses: a/b@v1", files).steps[0].references[0].mutable


@pytest.mark.parametrize(
    ("image", "texts"),
    [
        ("${{ matrix.image }}", ["debian:12", "fedora"]),
        (
            "registry.example/${{ matrix.image }}",
            ["registry.example/debian:12", "registry.example/fedora"],
        ),
        ("python:${{ matrix.python }}", ["python:3.12", "python:3.13"]),
        ("${{ matrix.extra || '' }}", ["alpine"]),
        ("${{ inputs.cache && 'redis:7' || '' }}", ["redis:7"]),
        ("${{ inputs.image || 'node:22' }}", ["node:22"]),
        ("${{ '' }}", []),
        ("${{ inputs.image }}", ["${{ inputs.image }}"]),
        ("${{ matrix.absent }}", ["${{ matrix.absent }}"]),
        ("${{ matrix. }}", ["${{ matrix. }}"]),
    ],
)
def test_images_that_a_matrix_or_condition_decides(image: str, texts: list[str]) -> None:
    found = job(f"""\
        strategy:
          matrix:
            image: ['debian:12', fedora]
            python: [3.12, '3.13']
            include: [{{extra: alpine}}, {{extra: ''}}]
        container: "{image}"
        steps: []
        """)
    assert [reference.text for reference in found.references] == texts
    unresolved = any("${{" in text for text in texts)
    assert all(reference.mutable is not unresolved for reference in found.references)


def publications(text: str) -> list[tuple[str, bool]]:
    return [(one.registry, one.token) for step in job(text).steps for one in step.publications]


def test_publications_by_actions() -> None:
    text = """\
        steps:
          - uses: pypa/gh-action-pypi-publish@v1
          - uses: pypa/gh-action-pypi-publish@v1
            with: {password: "${{ secrets.TOKEN }}"}
          - uses: pypa/gh-action-pypi-publish@v1
            with: {password: x, repository-url: "https://pypi.example.com"}
          - uses: pypa/gh-action-pypi-publish@v1
            with: {password: x, repository_url: "https://pypi.example.com"}
          - uses: pypa/gh-action-pypi-publish@v1
            with: {password: x, repository_url: "https://test.HOST/legacy/"}
          - uses: rubygems/release-gem@v1
            with: {setup-trusted-publisher: false}
          - uses: PyO3/maturin-action@v1
            with: {command: upload}
          - uses: katyo/publish-crates@v2
            with: {registry-token: x}
        """
    assert publications(text.replace("HOST", "pypi" + ".org")) == [
        ("PyPI", True),
        ("TestPyPI", True),
        ("RubyGems", True),
        ("PyPI", False),
        ("crates.io", True),
    ]


@pytest.mark.parametrize(
    ("registry", "found"),
    [
        ("https://registry." + "npmjs" + ".org", [("npm", False)]),
        ("https://npm.pkg.github.com", []),
    ],
)
def test_the_registry_that_an_earlier_step_sets(
    registry: str, found: list[tuple[str, bool]]
) -> None:
    text = f"""\
        steps:
          - uses: actions/setup-node@v4
            with: {{registry-url: "{registry}"}}
          - run: npm publish
        """
    assert publications(text) == found


def test_an_action_names_its_runtime() -> None:
    def retired(runtime: str) -> str:
        source = decode("action.yml", f"runs: {{using: {runtime}, main: x.js}}".encode())
        return load(source, MemoryTree({})).pipelines[0].jobs[0].runner.retired

    assert [retired(name) for name in ("node16", "node20", "node24")] == ["node16", "node20", ""]
