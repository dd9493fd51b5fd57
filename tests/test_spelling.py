"""A workflow says the same however it is written: keys in another order, quotes, capitals, brackets."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipelaw.discover import Candidate
from pipelaw.repository import Work, scan_repository
from pipelaw.rulebook import Rulebook
from pipelaw.rulefile import read
from pipelaw.rules import shipped
from pipelaw.tree import MemoryTree
from pipelaw.trial import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = [read(path) for path in sorted(shipped().glob("*.yaml"))]
EXAMPLES = [
    re.sub(MARK.pattern, "", example.text, flags=re.MULTILINE)
    for rule in RULES
    for example in rule.examples
    if example.platform == "github"
]
OF_COMMENTS = frozenset(
    "archived-action missing-version-comment undocumented-permission vulnerable-action"
    " wrong-version-comment".split()
)
"""Rules that look at comments, which are lost when YAML is written anew."""


class Texts(yaml.SafeLoader):
    """Reads every scalar as the text that it is."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own shape


EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
CONDITION = re.compile(r"^\s*(?:- )?if: (?![|>'\"]).*$", re.MULTILINE)
PATH = re.compile(
    r"(?<![\w.'-])(github|secrets|inputs|env|needs|steps|matrix|runner|vars)((?:\.[\w-]+)+)(?!\()"
)


def capitals(text: str) -> str:
    """What expressions and conditions read, in capitals."""
    for place in (EXPRESSION, CONDITION):
        text = place.sub(lambda one: PATH.sub(lambda path: path[0].upper(), one[0]), text)
    return text


def brackets(text: str) -> str:
    """What expressions read, with each member in brackets."""

    def members(path: re.Match[str]) -> str:
        return path[1] + "".join(f"['{name}']" for name in path[2][1:].split("."))

    return EXPRESSION.sub(lambda one: PATH.sub(members, one[0]), text)


def spaces(text: str) -> str:
    """More space around expressions."""
    return EXPRESSION.sub(r"${{  \1  }}", text)


def anew(value: Any) -> Any:
    """The same keys in another order; names of actions, and of their inputs, in capitals."""
    if isinstance(value, list):
        return [anew(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: anew(one) for key, one in value.items()}
    name, _, ref = str(found.get("uses", "")).partition("@")
    if ref and ".github/" not in name and not name.startswith((".", "$", "docker:")):
        found["uses"] = f"{name.upper()}@{ref}"
        if isinstance(found.get("with"), dict):
            found["with"] = {key.upper(): one for key, one in found["with"].items()}
    told = "steps" in found or "uses" in found or "run" in found
    return dict(reversed(found.items())) if told else found


def quoted(text: str) -> str:
    """The whole file written anew, with quotes around everything."""
    loaded = anew(yaml.load(text, Loader=Texts))
    return yaml.safe_dump(loaded, default_style='"', sort_keys=False)


def found(text: str, rules: Rulebook) -> Counter[tuple[str, int]]:
    path = (
        "action.yml" if re.search(r'^"?runs"?:', text, re.MULTILINE) else ".github/workflows/x.yml"
    )
    work = Work(MemoryTree({path: text.encode()}), "", (Candidate(path, "github"),))
    part = scan_repository(work, rules)
    assert not part.unreadable
    return Counter((one.rule, int(one.severity)) for one in part.findings if not one.suppressed)


@pytest.mark.parametrize("spelling", [capitals, brackets, spaces, quoted])
def test_how_a_workflow_is_written_changes_nothing(spelling: Callable[[str], str]) -> None:
    rules = Rulebook([rule for rule in RULES if spelling != quoted or rule.id not in OF_COMMENTS])
    wrong = []
    for text in EXAMPLES:
        other = spelling(text)
        if other != text and found(other, rules) != (before := found(text, rules)):
            wrong.append((text, before, found(other, rules)))
    assert not wrong
