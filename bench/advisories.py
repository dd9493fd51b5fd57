"""Make src/pipelaw/data/advisories.json from a collection of GitHub's advisories about actions.

    python bench/advisories.py SOURCE

SOURCE is JSON: `advisories`, a list of records with `ghsa_id`, `action`, `vulnerable_range`,
`patched_version`, `severity`, `kind` (vulnerable or compromised) and `published`. Records with
`applies_to_uses: false` are left out: no workflow can name what they are about. Only facts are
kept (identifiers, versions, severities), no prose.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "pipelaw" / "data" / "advisories.json"

MALICIOUS = {
    "tj-actions/changed-files": ["0e58ed8671d6b60d0890c21b07f8835ace038e67"],
    "reviewdog/action-setup": ["f0d342d24037bb11d26b9bd8496e0808ba32e9ec"],
    "aquasecurity/setup-trivy": ["e6c2c5e321ed9123bda567646e2f96565e34abe1"],
    "aquasecurity/trivy-action": ["c5967f85626795f647d4bf6eb67227f9b79e02f5"],
}
"""Commits that the advisories and incident reports name: whoever pins one runs the malicious code."""

NEWER: list[dict[str, Any]] = [
    {
        "ghsa_id": identifier,
        "action": "shivammathur/setup-php",
        "vulnerable_range": "< 2.37.1",
        "patched_version": "2.37.1",
        "severity": "moderate",
        "kind": "vulnerable",
        "published": "2026-05-14",
    }
    for identifier in ("GHSA-pqwm-q9pv-ph8r", "GHSA-5wxr-w449-57cm")
]
"""Advisories that came after the last collection, by the release notes of the action."""

ABOUT = (
    "Advisories about GitHub Actions, derived from the GitHub Advisory Database"
    " (https://github.com/advisories), licensed CC-BY-4.0. Identifiers, version ranges and"
    " severities only. Made by bench/advisories.py."
)
_PART = re.compile(r"(<=|>=|<|>|=)\s*v?(\d[\w.+-]*)")
_HOST = "https://github.com/"


def ranges(text: str) -> list[str]:
    """The alternatives of a range, each as comparisons: `>=4.0.0 <4.1.3`."""
    found = []
    for alternative in text.split("||"):
        parts = _PART.findall(alternative)
        # words instead of versions: every tag there was
        found.append(" ".join(f"{sign}{version}" for sign, version in parts) or ">=0")
    return found


def entry(record: dict[str, Any]) -> dict[str, Any]:
    """What the scan needs of one record."""
    made: dict[str, Any] = {
        "id": record["ghsa_id"] or f"the incident of {record['published']}",
        "severity": {"moderate": "medium"}.get(record["severity"], record["severity"]),
        "ranges": ranges(record["vulnerable_range"]),
        "fixed": record["patched_version"] or "",
    }
    if record["kind"] == "compromised":
        made["compromised"] = True
    return made


def main() -> None:
    """Write the data file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", type=Path)
    source = json.loads(parser.parse_args().source.read_text(encoding="utf-8"))
    records = [*source["advisories"], *NEWER]
    table: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.get("applies_to_uses", True):
            name = record["action"].removeprefix(_HOST).lower()
            table.setdefault(name, []).append(entry(record))
    data = {
        "about": ABOUT,
        "licence": "CC-BY-4.0",
        "date": max(record["published"] for record in source["advisories"]),
        "malicious": MALICIOUS,
        "actions": dict(sorted(table.items())),
    }
    TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {sum(map(len, table.values()))} advisories about {len(table)} actions")


if __name__ == "__main__":
    main()
