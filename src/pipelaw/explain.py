"""What there is to know about a rule, as Markdown."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from pipelaw.rules import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.rules import Example, Rule

_NAMES = {"github": "GitHub Actions", "gitlab": "GitLab CI", "precommit": "pre-commit"}
_OWASP = "https://owasp.org/www-project-top-10-ci-cd-security-risks/"
_CWE = "https://cwe.mitre.org/data/definitions/"


def explain(rule: Rule) -> str:
    """The page of a rule: what it finds, why, what to write instead, examples, references."""
    severities = " to ".join(dict.fromkeys((rule.severities[-1].word, rule.severities[0].word)))
    facts = [
        f"- Rule: `{rule.id}` ({rule.category})",
        f"- Severity: {severities}",
        f"- Confidence: {rule.confidence.word}",
        f"- Looks at: every {rule.kind.replace('_', ' ')}",
        f"- Platforms: {', '.join(map(platform_name, rule.platforms))}",
    ]
    blocks = (_advice, _parameters, _examples, _links)
    return _join(
        [f"# {rule.title}", "\n".join(facts), *(text for block in blocks for text in block(rule))]
    )


def advice(rule: Rule) -> str:
    """The part of the page that helps with a finding: why, what to write instead, references."""
    return _join([*_advice(rule), *_links(rule)])


def remedy(rule: Rule, platform: str) -> str:
    """What to write instead on one platform, "" where the rule says nothing about it."""
    return rule.fix.get(platform) or rule.fix.get("", "")


def gist(markdown: str) -> str:
    """The first paragraph of a text, on one line."""
    return " ".join(" ".join(takewhile(str.strip, markdown.strip().splitlines())).split())


def platform_name(platform: str) -> str:
    """A platform as people call it."""
    return _NAMES.get(platform, platform.capitalize())


def address(reference: str) -> str:
    """Where a reference can be read, "" where it has no known address."""
    if reference.startswith("https://"):
        return reference
    if reference.startswith("CICD-SEC-"):
        return _OWASP
    if reference.startswith("CWE-"):
        return f"{_CWE}{reference.removeprefix('CWE-')}.html"
    return ""


def _join(blocks: Iterable[str]) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _advice(rule: Rule) -> Iterator[str]:
    yield "## Why it matters"
    yield rule.why
    yield "## How to fix it"
    for platform, text in rule.fix.items():
        if platform:
            yield f"### {platform_name(platform)}"
        yield text


def _parameters(rule: Rule) -> Iterator[str]:
    """What a policy can set, and how."""
    if not rule.parameters:
        return
    yield "## Parameters"
    yield "\n".join(
        f"- `{name}` ({kind}, default `{spelled(default)}`): {' '.join(description.split())}"
        for name, kind, default, description in rule.parameters
    )
    first = rule.parameters[0].name
    yield f"A policy sets them: `rules: {{{rule.id}: {{parameters: {{{first}: …}}}}}}`."


def _examples(rule: Rule) -> Iterator[str]:
    if rule.examples:
        yield "## Examples"
    for platform in dict.fromkeys(example.platform for example in rule.examples):
        yield f"### {platform_name(platform)}"
        mine = [example for example in rule.examples if example.platform == platform]
        for good, label in ((False, "Reported"), (True, "Not reported")):
            for example in mine:
                if example.good is good:
                    yield f"{label}{_with(example)}:"
                    yield _fenced(example)


def _with(example: Example) -> str:
    """What the parameters are set to for an example, as the end of a sentence."""
    pairs = " and ".join(f"`{name}: {spelled(value)}`" for name, value in example.parameters)
    return f" with {pairs}" if pairs else ""


def _fenced(example: Example) -> str:
    fence = "```"
    while fence in example.text:
        fence += "`"
    body = example.text.strip("\n")
    return f"{fence}yaml\n{body}\n{fence}"


def _links(rule: Rule) -> Iterator[str]:
    if rule.references:
        yield "## References"
        yield "\n".join(f"- {_link(reference)}" for reference in rule.references)


def _link(reference: str) -> str:
    target = address(reference)
    if not target:
        return reference
    return f"<{target}>" if target == reference else f"[{reference}]({target})"
