"""What steps put into the workspace, as it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.sensitive_files import planned, sensitive
from pipelaw.facts.versions import older
from pipelaw.loaders.github_workspace import folder_of
from pipelaw.model import Artifact, Checkout, Reference, Step, Variable, replaced
from pipelaw.parts import by_name
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORKSPACE = pattern(
    r"(?:\$\{\{\s*github\.workspace\s*\}\})?/?(?:\.{1,2})?(?:[*/][*/]*)?\Z", re.IGNORECASE
)
_EXCLUDED = pattern(r"(?:\A!|/)\.(?:git(?:/|\Z)|\*)")
"""What keeps git's folder out of an artifact."""
_EVERYTHING = pattern(r"(?:/\*\*?)+/?\Z")
_JOBS_TOKEN = pattern(r"\bsecrets(?:\.|\[')GITHUB_TOKEN\b|\bgithub(?:\.|\[')token\b", re.IGNORECASE)
_TOKEN_APART = (6,)
"""The version of a checkout since which the token that it keeps lies outside of the workspace."""
_HIDDEN_LEFT = (4, 4)
"""The version of an upload since which it leaves out files whose names begin with a dot."""


_FETCHING = {"r-lib/actions/pr-fetch": "refs/pull/${{ github.event.issue.number }}/head"}
"""Actions that check out one thing only, whatever they are told."""


def checkouts_of(used: Reference | None, inputs: tuple[Variable, ...]) -> tuple[Checkout, ...]:
    """The checkout of one step by an action."""
    if used is not None and used.name.lower() in _FETCHING:
        return (Checkout(ref=_FETCHING[used.name.lower()], place=used.place),)
    if used is None or "checkout" not in used.name.lower().rpartition("/")[2]:
        return ()
    values = by_name(inputs)
    like = not used.name.lower().endswith("/checkout")
    if like and "ref" not in values and "repository" not in values:
        return ()
    return (
        Checkout(
            repository=values.get("repository", ""),
            ref=values.get("ref", ""),
            folder=folder_of(values["path"]) if "path" in values else "",
            unsafe_allowed=_allowed(values.get("allow-unsafe-pr-checkout", "")),
            persists_credentials=not like and _kept(values.get("persist-credentials", "true")),
            credential=_credential(values),
            deliberate=values.get("persist-credentials", "").lower() == "true",
            place=used.place,
        ),
    )


def artifacts_of(used: Reference | None, inputs: tuple[Variable, ...]) -> tuple[Artifact, ...]:
    """What a step uploads or downloads."""
    name = used.name.lower() if used is not None else ""
    if used is None or name not in ("actions/upload-artifact", "actions/download-artifact"):
        return ()
    values = by_name(inputs)
    upload = name.endswith("upload-artifact")
    paths = tuple(line.strip() for line in values.get("path", "").splitlines() if line.strip())
    hidden = upload and _takes_hidden_files(used, values)
    return (
        Artifact(
            action="upload" if upload else "download",
            name=values.get("name", ""),
            paths=paths,
            hidden=hidden,
            sensitive=(sensitive(paths, hidden=hidden) or planned(paths)) if upload else "",
            whole_workspace=upload and _whole(paths),
            place=used.place,
        ),
    )


def _credential(values: Mapping[str, str]) -> str:
    """What a checkout is handed in place of the job's token, which it takes by itself."""
    handed = values.get("ssh-key") or values.get("token", "")
    return "" if _JOBS_TOKEN.search(handed) else handed


def _allowed(setting: str) -> bool:
    """Whether a setting is on, or an expression decides it."""
    return setting.lower() == "true" or ("${{" in setting and _kept(setting))


def _kept(setting: str) -> bool:
    """Whether a setting is on: the action takes any word but `true` for off."""
    said = setting.replace(" ", "").lower()
    return said != "${{false}}" if "${{" in said else said == "true"


def _takes_hidden_files(used: Reference, values: Mapping[str, str]) -> bool:
    """Whether an upload takes files whose names begin with a dot."""
    said = values.get("include-hidden-files", "").strip().lower()
    return said == "true" if said in ("true", "false") else older(used, *_HIDDEN_LEFT)


def _whole(paths: Sequence[str]) -> bool:
    """Whether a glob takes all of the workspace, and none leaves git's folder out."""
    if not any(_WORKSPACE.match(path) for path in paths):
        return False
    return not any(path.startswith("!") and _EXCLUDED.search(path) for path in paths)


def runs_foreign(checkout: Checkout) -> bool:
    """Whether code of a checkout runs that an outsider wrote."""
    return checkout.executed and not checkout.refused and not checkout.own_branch


def uploaded(steps: Sequence[Step]) -> list[Step]:
    """The steps, their checkouts marked where a later step stores all that lies in their folders."""
    found = list(steps)
    stores = [
        (index, one) for index, step in enumerate(steps) for one in step.artifacts if one.hidden
    ]
    for index, step in enumerate(found[: stores[-1][0]] if stores else ()):
        if step.checkouts and any(older(used, *_TOKEN_APART) for used in step.references):
            later = [one for at, one in stores if at > index]
            kept = tuple(
                replaced(checkout, uploaded=True)
                if checkout.persists_credentials
                and any(_takes(one, checkout.folder) for one in later)
                else checkout
                for checkout in step.checkouts
            )
            found[index] = replaced(step, checkouts=kept)
    tokens = [one.folder for step in found for one in step.checkouts if one.uploaded and one.folder]
    for index, _ in stores if tokens else ():
        taken = tuple(_with_token(one, tokens) for one in found[index].artifacts)
        found[index] = replaced(found[index], artifacts=taken)
    return found


def _with_token(stored: Artifact, folders: Sequence[str]) -> Artifact:
    """An artifact with the file that holds the token of a checkout in a folder that it takes."""
    if stored.sensitive or stored.whole_workspace or not stored.hidden:
        return stored
    folder = next((folder for folder in folders if _takes(stored, folder)), "")
    return replaced(stored, sensitive=f"{folder}/.git/config") if folder else stored


def _takes(stored: Artifact, folder: str) -> bool:
    """Whether an artifact takes all that lies in a folder, git's own folder in it as well."""
    if stored.whole_workspace or not folder:
        return stored.whole_workspace
    if any(path.startswith("!") and _EXCLUDED.search(path) for path in stored.paths):
        return False
    paths = (folder_of(_EVERYTHING.sub("", path)) for path in stored.paths)
    return any(path == folder or folder.startswith(f"{path}/") for path in paths)
