"""What several tests look at; each says what is different about its own."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

from pipelaw.document import decode
from pipelaw.finding import Confidence, Finding, Related, Severity
from pipelaw.loaders import load
from pipelaw.records import replaced
from pipelaw.rules import Line, Rule
from pipelaw.source import Span
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.loaders import Loaded
    from pipelaw.model import Pipeline, Step
    from pipelaw.place import Place

_PATH = ".github/workflows/greet.yml"
_RULE = Rule(
    id="script-injection",
    title="Text that an outsider writes becomes part of a script",
    category="injection",
    kind="expansion",
    when="True",
    ladder=(Line(Severity.HIGH, "True"),),
    confidence=Confidence.HIGH,
    message=(),
    at="",
    related=(),
    why="Whoever opens an issue\ndecides its title.\n\nMore of it.",
    fix={"github": "Use a variable.", "gitlab": "Quote it."},
    references=(),
    examples=(),
    path="rules/script-injection.yaml",
)
_FINDING = Finding(
    rule=_RULE.id,
    title=_RULE.title,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="`${{ github.head_ref }}` is pasted into the script",
    span=Span(_PATH, 9, 17, 9, 38),
    platform="github",
    job="greet",
    step="Say hello",
    fingerprint="0123456789abcdef0123456789abcdef:1",
    related=(Related(Span(_PATH, 2, 3, 2, 9), "anybody can start it"),),
)


DANGEROUS = """\
on: issues
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.issue.title }}"
"""
"""A workflow with one finding: script-injection, in line 7."""


PATHS = {
    "github": ".github/workflows/x.yml",
    "gitlab": ".gitlab-ci.yml",
    "drone": ".drone.yml",
    "woodpecker": ".woodpecker/test.yaml",
}
"""Where a file of each platform lies, if a test does not say."""


def loaded(
    platform: str, text: str, path: str = "", files: Mapping[str, str] | None = None
) -> Loaded:
    """What a file becomes, in a repository with these others."""
    path = path or PATHS[platform]
    held = {name: dedent(said).encode() for name, said in {**(files or {}), path: text}.items()}
    return load(platform, decode(path, held[path]), MemoryTree(held))


def pipeline(platform: str, text: str, files: Mapping[str, str] | None = None) -> Pipeline:
    """The first pipeline of a file with which nothing is wrong."""
    found = loaded(platform, text, files=files)
    assert not found.problems
    return found.pipelines[0]


def gitlab_step(script: str) -> Step:
    """The step of a GitLab job that runs a script."""
    body = "\n".join(f"      {line}" for line in script.splitlines())
    [step] = pipeline("gitlab", f"job:\n  script:\n    - |\n{body}\n").jobs[0].steps
    return step


def shown(place: Place) -> str:
    """The text at a place, as the file has it."""
    return place.source.text[slice(*place.indices())]


def sample_rule(**changes: Any) -> Rule:
    """A rule about scripts, with other values in the fields given."""
    return replaced(_RULE, **changes)


def sample_finding(**changes: Any) -> Finding:
    """A finding of that rule, with other values in the fields given."""
    return replaced(_FINDING, **changes)
