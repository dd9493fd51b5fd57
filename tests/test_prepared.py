"""What one run leaves to the next: compiled patterns, and pipelaw's own data as it was read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelaw import prepared
from pipelaw.cache import Cache
from pipelaw.patterns import pattern
from pipelaw.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable

PATTERNS = [
    ("a+", 0),
    (r"(?P<year>\d{4})-(?P<month>\d\d)|never", 0),
    (r"(?i)(?P<name>ß|é)(?=x)|(b)(?<!ab)\2", 0),
    (r"^ x \s # a comment", re.VERBOSE | re.MULTILINE),
    (r".\Z", re.DOTALL | re.ASCII),
    (r"[^\x00-\x7f\u2028-\U0010ffff]{2,5}?", 0),
]
TEXTS = ["", "caaat", "never 2026-11", "ßx Éx bb abb", "y\n x\tz", "a\n", "ééü!", "\U0001f600\x85"]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nothing prepared at the start, nothing left behind; gives a way to begin once more."""

    def forget() -> None:
        monkeypatch.setattr(prepared, "_known", {})
        monkeypatch.setattr(prepared, "_recalled", set())

    forget()
    return forget


def said(found: re.Pattern[str]) -> list[list[tuple[Any, ...]]]:
    """Everything that a pattern finds in the texts."""
    return [[(m.span(), m.groups(), m.groupdict()) for m in found.finditer(t)] for t in TEXTS]


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, TypeError])
def test_another_engine_of_patterns_is_asked_in_the_common_way(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("pipelaw.patterns._program", refuse)
    assert said(pattern("a+")) == said(re.compile("a+"))


@pytest.mark.parametrize(("text", "flags"), PATTERNS)
def test_a_pattern_that_an_earlier_run_compiled_is_the_same(
    text: str, flags: int, forgetful: Callable[[], None], tmp_path: Path
) -> None:
    compiled = re.compile(text, flags)
    first = said(pattern(text, flags))
    Results(Cache(tmp_path), "program").end()
    forgetful()
    Results(Cache(tmp_path), "program").begin()
    kept = pattern(text, flags)
    assert first == said(kept) == said(compiled)
    assert (kept.pattern, kept.flags, kept.groups) == (text, compiled.flags, compiled.groups)
    assert kept.groupindex == compiled.groupindex
    assert not prepared.made(), "nothing was compiled again"


def test_another_program_prepares_for_itself(forgetful: Callable[[], None], tmp_path: Path) -> None:
    prepared.once("data", lambda: "old")
    Results(Cache(tmp_path), "one").end()
    forgetful()
    Results(Cache(tmp_path), "other").begin()
    assert prepared.once("data", lambda: "new") == "new"


def test_what_is_new_is_kept_with_what_is_old(
    forgetful: Callable[[], None], tmp_path: Path
) -> None:
    results = Results(Cache(tmp_path), "program")
    for value in ("first", "second"):
        results.begin()
        prepared.once(value, value.upper)
        results.end()
        forgetful()
    results.begin()
    values = [prepared.once(value, str) for value in ("first", "second", "third")]
    assert values == ["FIRST", "SECOND", ""]


def test_a_scan_finds_the_same_with_what_an_earlier_one_prepared(tmp_path: Path) -> None:
    """Of other content, so that nothing but what was prepared is known."""
    examples = Path(__file__).parent.parent / "examples" / "pipelines"
    found = []
    for options in (["--no-cache"], [], []):
        run = subprocess.run(
            [sys.executable, "-m", "pipelaw", "scan", "--format", "json", *options, str(examples)],
            capture_output=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            check=False,
        )
        found.append(json.loads(run.stdout)["findings"])
        for result in tmp_path.glob("pipelaw/found-*"):
            result.unlink()
    assert found[0]
    assert found[0] == found[1] == found[2]
