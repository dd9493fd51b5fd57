"""What the versions of the platform's own actions change: which files an upload takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.model import Reference

_VERSION = pattern(r"v?(?P<major>\d+)(?:\.(?P<minor>\d+))?")
_COMMIT = 40


def version(used: Reference) -> tuple[int, int]:
    """Major and minor version, also as claimed by the comment behind a commit; (99, 99) for newest.

    A floating major is as new as its latest minor.
    """
    ref = used.ref if len(used.ref) < _COMMIT else used.comment
    match = _VERSION.search(ref)
    if match is None:
        return (99, 99)
    return int(match["major"]), int(match["minor"]) if match["minor"] else 99


def takes_hidden_files(used: Reference, values: Mapping[str, str]) -> bool:
    """Whether an upload takes files whose names begin with a dot: it did by itself until 4.4."""
    said = values.get("include-hidden-files", "").strip().lower()
    if said in ("true", "false"):
        return said == "true"
    return version(used) < (4, 4)


def token_in_workspace(used: Reference) -> bool:
    """Whether a checkout that keeps the token puts it into the workspace: it did until version 6."""
    return version(used) < (6, 0)
