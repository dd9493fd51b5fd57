"""Files that outsiders decide, where a job works: what was checked out or downloaded, and who reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.authors import EARLIER_REQUESTER, REQUESTER
from pipelaw.facts.taint import Taint
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.model import Artifact, Checkout


class Files(NamedTuple):
    """Files that an outsider decides."""

    folder: str
    """Where they lie, "" for the workspace itself."""
    taint: Taint
    checkout: bool = False


def arrived(
    before: Sequence[Files], checkouts: tuple[Checkout, ...], artifacts: tuple[Artifact, ...]
) -> list[Files]:
    """The files that outsiders decide in the workspace, after what one step put there."""
    found = list(before)
    for checkout in checkouts:
        folder = _folder(checkout.folder)
        if checkout.untrusted:
            who = checkout.author or REQUESTER
            sure = not (checkout.refused or checkout.guessed or checkout.own_branch)
            taint = Taint(who, "text", outsider=sure, via="files that were checked out")
            found.append(Files(folder, taint, checkout=True))
        elif not folder:
            found = [files for files in found if files.folder.startswith("$")]
    for artifact in artifacts:
        if artifact.action == "download" and artifact.untrusted:
            who = artifact.author or EARLIER_REQUESTER
            taint = Taint(who, "text", outsider=True, via="files of another run")
            for path in artifact.paths or ("",):
                found.append(Files(_folder(path), taint))
    return found


_TEMPORARY = pattern(r"\$\{\{\s*runner\.temp\s*\}\}|\$\{RUNNER_TEMP\}", re.IGNORECASE)
_WORKSPACE = pattern(
    r"(?:\$\{\{\s*github\.workspace\s*\}\}|\$\{?GITHUB_WORKSPACE\}?)/?", re.IGNORECASE
)


def _folder(path: str) -> str:
    plain = _WORKSPACE.sub("", _TEMPORARY.sub("$RUNNER_TEMP", path.strip()))
    return plain.removeprefix("./").strip("/" if not plain.startswith("/") else "").rstrip("/.")


def file_taint(known: Sequence[Files], text: str, path: str) -> Taint | None:
    """Whose text a file holds."""
    plain = _WORKSPACE.sub("", _TEMPORARY.sub("$RUNNER_TEMP", path)).removeprefix("./")
    for files in reversed(known):
        inside = plain.startswith(f"{files.folder}/") or plain == files.folder
        anywhere = not files.folder and plain[:1] not in ("/", "$", "~", "")
        entered = "cd " in text and plain[:1] not in ("/", "$", "~", "")
        if inside or anywhere or (entered and files.folder):
            return files.taint
    return None
