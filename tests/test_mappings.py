"""Mappings read on the side."""

from __future__ import annotations

import pytest

from pipelaw.document import ScalarNode, parse
from pipelaw.loaders import mappings
from pipelaw.source import Source

[ROOT] = parse(Source("a.yml", "on: {call: {Inputs: 1}, push: , 'on': [x]}\n[a]: b\nlist: [c]\n"))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((), None),
        (("on", "call", "Inputs"), "1"),
        (("on", "call", "inputs"), None),
        (("on", "push"), ""),
        (("on", "push", "branches"), None),
        (("list", "c"), None),
    ],
)
def test_what_keys_lead_to(keys: tuple[str, ...], text: str | None) -> None:
    found = mappings.at(ROOT, *keys)
    assert (found.value if isinstance(found, ScalarNode) else None) == text
    assert mappings.text_at(ROOT, *keys) == (text or "")


def test_texts_by_key_in_lower_case() -> None:
    assert mappings.texts(mappings.at(ROOT, "on", "call")) == {"inputs": "1"}
    assert mappings.texts(mappings.at(ROOT, "on")) == {"push": ""}
    assert mappings.texts(None) == {}
    assert list(mappings.values(ROOT))[::2] == ["on", "list"]
