"""Fields that hold one word out of a few: what loaders write there, and what rules may compare it with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import pytest

from pipelaw import cel, model, rulebook, words
from pipelaw.document import decode
from pipelaw.facts import authors
from pipelaw.loaders import load
from pipelaw.records import field_names
from pipelaw.rulefile import scope
from pipelaw.tree import MemoryTree
from pipelaw.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = {
    "github": ".github/workflows/a.yml",
    "gitlab": ".gitlab-ci.yml",
    "drone": ".drone.yml",
    "woodpecker": ".woodpecker.yml",
    "dependabot": ".github/dependabot.yml",
    "precommit": ".pre-commit-config.yaml",
}


def parts(record: Any) -> Iterator[Any]:
    """A record, and all that it is made of."""
    yield record
    for name in field_names(type(record)):
        value = getattr(record, name)
        if field_names(type(value)):
            yield from parts(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for item in value:
                if field_names(type(item)):
                    yield from parts(item)


@cache
def seen() -> dict[tuple[str, str], set[str]]:
    """The values of such fields in all examples of all rules."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    kinds = {kind: (name, cel.words(kind)) for name, kind in model.KINDS.items()}
    for rule in rulebook.load().rules:
        for example in rule.examples:
            path, data = PATHS[example.platform], example.text.encode()
            loaded = load(example.platform, decode(path, data), MemoryTree({path: data}))
            for part in (part for pipeline in loaded.pipelines for part in parts(pipeline)):
                name, fields = kinds.get(type(part), ("", {}))
                for field in fields:
                    value = getattr(part, field)
                    found[name, field].update((value,) if isinstance(value, str) else value)
    return found


@pytest.mark.parametrize("kind", model.KINDS)
def test_loaders_write_no_other_words(kind: str) -> None:
    for field, known in cel.words(model.KINDS[kind]).items():
        assert seen().get((kind, field), set()) <= set(known)


def test_words_are_printed_with_their_fields() -> None:
    fields = {(kind.name, field.name): field for kind in vocabulary() for field in kind.fields}
    assert fields["leak", "way"].words == get_args(words.LeakWay)
    # an empty list says what "" would
    assert "" in fields["trigger", "kind"].words
    assert "" not in fields["job", "events"].words
    assert fields["job", "id"].words == ()
    assert not any(name == "identity" for _, name in fields)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("reference", 'reference.kind == "action"'),
        ("reference", '"hook" != reference.kind'),
        ("reference", 'reference.kind in ["action", "workflow"]'),
        ("reference", '(reference.mutable ? reference.kind : reference.name) == "acme"'),
        ("job", '"label" in job.gates && job.events.exists(one, one == "push")'),
        ("trigger", 'trigger.kind.startsWith("change")'),
    ],
)
def test_conditions_ask_for_words_that_there_are(kind: str, condition: str) -> None:
    assert cel.check(condition, scope(kind)).type is cel.BOOL


@pytest.mark.parametrize(
    ("kind", "condition", "offset", "message"),
    [
        (
            "flaw",
            'flaw.kind == "tyop"',
            13,
            "this is never `tyop`; it is one of `always-true`, `app",
        ),
        ("leak", '"netwrok" == leak.way', 0, "this is never `netwrok`; did you mean `network`?"),
        ("leak", 'leak.way in ["log", "fiel"]', 20, "this is never `fiel`; did you mean `file`?"),
        ("job", '"lable" in job.gates', 0, "this is never `lable`; did you mean `label`?"),
        ("job", 'job.events.exists(one, one != "pusch")', 30, "did you mean `push`?"),
        ("job", 'job.events == ["push", "tga"]', 23, "did you mean `tag`?"),
        ("secret", 'secret.use == ""', 14, "this is never empty; it is one of `script`"),
    ],
)
def test_a_word_that_there_is_not_is_refused(
    kind: str, condition: str, offset: int, message: str
) -> None:
    with pytest.raises(cel.CelError, match=re.escape(message)) as refused:
        cel.check(condition, scope(kind))
    assert refused.value.offset == offset


def test_an_author_is_somebody_to_a_rule() -> None:
    named = {
        name: text
        for name, text in vars(authors).items()
        if name[0].isupper() and isinstance(text, str)
    }
    others = {name for name, text in named.items() if authors.writer(text) == "other"}
    assert others == {"LAST_ACTOR", "LABELLER", "PLANNER", "WIKI_EDITOR", "FORKER"}
    assert authors.writer("") == ""
