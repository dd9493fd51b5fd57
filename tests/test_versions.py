"""What tags and claims name, and which of two versions is the older one."""

from __future__ import annotations

import pytest

from pipelaw.facts.versions import LATEST, older, parse, version_of
from pipelaw.model import Reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "oldest", "newest"),
    [
        ("v4", (4, 0, 0, 0, 0), (4, LATEST, LATEST, LATEST, 0)),
        ("4.1", (4, 1, 0, 0, 0), (4, 1, LATEST, LATEST, 0)),
        ("v4.1.2", (4, 1, 2, 0, 0), (4, 1, 2, 0, 0)),
        ("release/v1", (1, 0, 0, 0, 0), (1, LATEST, LATEST, LATEST, 0)),
        ("refs/tags/v4.1.2", (4, 1, 2, 0, 0), (4, 1, 2, 0, 0)),
        ("v4-beta", (4, 0, 0, 0, -1), (4, 0, 0, 0, -1)),
        ("v2.0.0-rc.1", (2, 0, 0, 0, -1), (2, 0, 0, 0, -1)),
    ],
)
def test_a_tag_is_as_old_or_new_as_the_releases_that_it_moves_to(
    text: str, oldest: tuple[int, ...], newest: tuple[int, ...]
) -> None:
    found = parse(text)
    assert found is not None
    assert (found.oldest, found.newest) == (oldest, newest)


@pytest.mark.parametrize("text", ["", "main", "latest", "v", "1.2.3.4.5", "see 4", "bundle-v2.1"])
def test_other_texts_name_no_version(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("ref", "claimed", "expected"),
    [
        ("v4.3.1", "", True),
        ("v4.4.0", "", False),
        ("v4", "", False),
        ("v3", "", True),
        ("main", "", False),
        (COMMIT, "v4.3.1", True),
        (COMMIT, "v4.4.0", False),
        (COMMIT, "", False),
        # a lockfile binds the tag to a commit; what it says stays true
        ("v3.1.0", "", True),
    ],
)
def test_what_names_no_version_is_the_newest(ref: str, claimed: str, expected: bool) -> None:
    used = Reference(kind="action", text=f"a/b@{ref}", name="a/b", ref=ref, claimed=claimed)
    assert older(used, 4, 4) == expected
    assert (version_of(used) is None) == (ref == "main" or (ref == COMMIT and not claimed))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("v4", "4.1.2", True),
        ("v4.1", "v4.1.0", True),
        ("v4.1", "v4.2.0", False),
        ("v3", "v4", False),
        ("v1.0.0-rc1", "v1.0.0", True),
    ],
)
def test_versions_agree_as_far_as_both_are_written(one: str, other: str, agree: bool) -> None:
    first, second = parse(one), parse(other)
    assert first is not None
    assert second is not None
    assert first.agrees(second) == second.agrees(first) == agree
