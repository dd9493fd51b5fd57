from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import pipelaw
from pipelaw.facts.advisories import known, repository, verdict

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MALICIOUS = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
DOWNLOAD = "GHSA-cxww-7g56-2vh6"
CHANGED = "GHSA-mcph-m25j-8j63"
MOVED = "GHSA-mrrh-fwg8-r2c3"
BOTS = "the report of 2026-06-04"


@pytest.mark.parametrize(
    ("name", "ref", "claimed", "vulnerable"),
    [
        ("actions/download-artifact", "v4.1.2", "", DOWNLOAD),
        ("actions/download-artifact", "4.0.0", "", DOWNLOAD),
        ("actions/download-artifact", "refs/tags/v4.1.2", "", DOWNLOAD),
        ("actions/download-artifact", "refs/heads/v4.1.2", "", ""),
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
        ("shivammathur/setup-php", "2.24.0", "", "GHSA-5wxr-w449-57cm"),
        ("anthropics/claude-code-action", "v1.0.73", "", f"{BOTS}, GHSA-8q5r-mmjf-575q"),
        ("anthropics/claude-code-action", COMMIT, "v1.0.93", BOTS),
        ("anthropics/claude-code-action", "v1", "", ""),
        ("anthropics/claude-code-action", "beta", "", ""),
        ("google-github-actions/run-gemini-cli", COMMIT, "v0.1.21", "GHSA-wpqr-6v78-jr5g"),
        ("google-github-actions/run-gemini-cli", "v0", "", ""),
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


@pytest.mark.parametrize(
    ("name", "ref", "claimed", "standing"),
    [
        ("actions-cool/issues-helper", "v3", "", True),
        ("actions-cool/issues-helper", "v2.2.1", "", True),
        ("actions-cool/issues-helper", "latest", "", True),
        ("actions-cool/issues-helper", "main", "", False),
        ("actions-cool/issues-helper", COMMIT, "v3.6.0", False),
        ("actions-cool/maintain-one-comment", "v0.0.1-wip", "", True),
        ("codfish/semantic-release-action", "v2", "", True),
        ("codfish/semantic-release-action", "v1.10.0", "", False),
        ("simonecorsi/mawesome", "v1", "", True),
        ("simonecorsi/mawesome", "v2.1.0", "", False),
        ("tj-actions/changed-files", "v45", "", False),
    ],
)
def test_tags_that_nobody_set_right_stay_malicious(
    name: str, ref: str, claimed: str, standing: bool
) -> None:
    found = verdict(name, ref, claimed)
    assert found.standing == standing
    assert not found.malicious


def test_a_malicious_commit_is_told_by_itself() -> None:
    found = verdict(
        "codfish/semantic-release-action", "bcb6b1d409144318e8fad2171d6fe06d02299d1a", "v2"
    )
    assert (found.malicious, found.standing) == (True, False)
    assert found.compromised == "the incident of 2026-06-24"


def test_what_malicious_code_calls_is_not_malicious_itself() -> None:
    # the actions that were taken over pass on to their last good commit
    for name, commit in (
        ("aquasecurity/setup-trivy", "e6c2c5e321ed9123bda567646e2f96565e34abe1"),
        ("actions-cool/issues-helper", "200c78641dbf33838311e5a1e0c31bbdb92d7cf0"),
        ("codfish/semantic-release-action", "8f9a58f2acdc190c356f79159b5de2548cdb63cd"),
        ("simonecorsi/mawesome", "4a665037e0619e2181c7cccc3291d75104175a92"),
    ):
        assert not verdict(name, commit, "").compromised


def test_each_bad_release_has_its_own_fix() -> None:
    name = "checkmarx/ast-github-action"
    assert verdict(name, "2.3.28", "").fixed == "2.3.33"
    assert verdict(name, "2.3.35", "").compromised == "the incident of 2026-04-22"
    assert not verdict(name, "2.3.34", "").compromised


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
            assert set(advisory) <= {
                *("id", "severity", "ranges", "fixed"),
                *("compromised", "standing", "names"),
            }
    commits = [commit for found in data["malicious"].values() for commit in found]
    assert len(commits) == len(set(commits))
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in commits)
    assert data["malicious"].keys() <= data["actions"].keys()
