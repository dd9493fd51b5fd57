from __future__ import annotations

import json
from pathlib import Path

import pytest

import pipelaw
from pipelaw.facts.advisories import known, repository, verdict

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MALICIOUS = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
DOWNLOAD = "GHSA-cxww-7g56-2vh6"
CHANGED = "GHSA-mcph-m25j-8j63"
MOVED = "GHSA-mrrh-fwg8-r2c3"


@pytest.mark.parametrize(
    ("name", "ref", "claimed", "vulnerable"),
    [
        ("actions/download-artifact", "v4.1.2", "", DOWNLOAD),
        ("actions/download-artifact", "4.0.0", "", DOWNLOAD),
        ("actions/download-artifact", "v4.1.3", "", ""),
        ("actions/download-artifact", "v4.1.3-beta.1", "", DOWNLOAD),
        ("actions/download-artifact", "v4.1", "", ""),
        ("actions/download-artifact", "v4", "", ""),
        ("actions/download-artifact", "v3", "", ""),
        ("actions/download-artifact", "main", "", ""),
        ("actions/download-artifact", "", "", ""),
        ("actions/download-artifact", COMMIT, "v4.1.0", DOWNLOAD),
        ("actions/download-artifact", COMMIT, "v4", ""),
        ("actions/download-artifact", COMMIT, "", ""),
        ("tj-actions/changed-files", "v40", "", CHANGED),
        ("tj-actions/changed-files", COMMIT, "v35", CHANGED),
        ("tj-actions/changed-files", "v41", "", ""),
        (
            "kartverket/github-workflows/.github/workflows/plan.yml",
            "v2.2",
            "",
            "GHSA-f9qj-7gh3-mhj4",
        ),
        ("pypa/gh-action-pypi-publish", "release/v1", "", ""),
        ("pypa/gh-action-pypi-publish", "v1.12.4", "", "GHSA-vxmw-7h4f-hqxh"),
        ("github/codeql-action/init", "v2", "", "GHSA-vqf5-2xx6-9wfm"),
        ("github/codeql-action/init", COMMIT, "v2", ""),
        ("github/codeql-action/init", "v3", "", ""),
        ("tj-actions/changed-files-too", "v1", "", ""),
        ("some-vendor/upload", "v1", "", ""),
    ],
)
def test_a_version_is_vulnerable_where_an_advisory_says_so(
    name: str, ref: str, claimed: str, vulnerable: str
) -> None:
    assert verdict(name, ref, claimed).vulnerable == vulnerable


@pytest.mark.parametrize(
    ("ref", "claimed", "compromised", "malicious"),
    [
        ("v45", "", MOVED, False),
        ("v46.0.1", "", "", False),
        (COMMIT, "v45.0.7", "", False),
        (MALICIOUS, "v44", MOVED, True),
        (MALICIOUS.upper(), "", MOVED, True),
    ],
)
def test_only_tags_and_the_commit_itself_are_compromised(
    ref: str, claimed: str, compromised: str, malicious: bool
) -> None:
    found = verdict("tj-actions/changed-files", ref, claimed)
    assert (found.compromised, found.malicious) == (compromised, malicious)


def test_a_tag_that_one_advisory_names_is_that_tag_alone() -> None:
    assert verdict("reviewdog/action-setup", "v1", "").compromised
    assert not verdict("reviewdog/action-setup", "v1.3.0", "").compromised


def test_several_advisories_are_one_verdict() -> None:
    found = verdict("step-security/harden-runner", "v2.9.0", "")
    assert found.vulnerable.count("GHSA-") == 5
    assert (found.severity, found.fixed) == ("medium", "2.16.0")


def test_an_action_is_known_by_its_repository() -> None:
    assert repository("a/b/c/d") == "a/b"
    assert known("tj-actions/changed-files/sub")
    assert not known("tj-actions/other")


def test_the_data_says_where_it_comes_from() -> None:
    data = json.loads(
        (Path(pipelaw.__file__).parent / "data" / "advisories.json").read_text("utf-8")
    )
    assert data["licence"] == "CC-BY-4.0"
    assert "GitHub Advisory Database" in data["about"]
    assert data["date"] >= "2026-03-29"
    for advisories in data["actions"].values():
        for advisory in advisories:
            assert set(advisory) <= {"id", "severity", "ranges", "fixed", "compromised"}
