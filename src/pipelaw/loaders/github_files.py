"""Files that outsiders decide, where a job works: what was checked out or downloaded, and who reads it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from pipelaw.facts.authors import EARLIER_REQUESTER, REQUESTER
from pipelaw.facts.taint import CHECKED_OUT, LISTED, Taint, strongest, taints
from pipelaw.loaders.github_taint_stores import STORES
from pipelaw.loaders.github_workspace import below, folder_of, outside, resolved
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.facts.shell_effects import Effects
    from pipelaw.loaders.github_context import Flow
    from pipelaw.model import Artifact, Checkout


class Files(NamedTuple):
    """Files that an outsider decides."""

    folder: str
    """Where they lie, "" for the workspace itself."""
    taint: Taint
    checkout: bool = False
    written: bool = False
    """It is one file, which a script of the job wrote."""


def arrived(
    before: Sequence[Files], checkouts: tuple[Checkout, ...], artifacts: tuple[Artifact, ...]
) -> list[Files]:
    """The files that outsiders decide in the workspace, after what one step put there."""
    found = list(before)
    for checkout in checkouts:
        folder = folder_of(checkout.folder)
        if checkout.untrusted:
            who = checkout.author or REQUESTER
            sure = not (checkout.refused or checkout.guessed or checkout.own_branch)
            taint = Taint(who, "text", outsider=sure, via=CHECKED_OUT)
            found.append(Files(folder, taint, checkout=True))
        elif not folder:
            found = [files for files in found if outside(files.folder)]
    for artifact in artifacts:
        if artifact.action == "download" and artifact.untrusted:
            who = artifact.author or EARLIER_REQUESTER
            taint = Taint(who, "text", outsider=True, via="files of another run")
            for path in artifact.paths or ("",):
                found.append(Files(folder_of(path), taint))
    return found


def written_by(flow: Flow, effects: Effects) -> Iterator[Files]:
    """The files of a script that hold an outsider's text, for later steps."""
    for path, writes in effects.files.items():
        taint = strongest(one for write in writes for one in taints(write.value))
        plain = resolved(_spelled(flow, path), flow.folder) if taint is not None else ""
        if taint is not None and plain and path not in _MEANT:
            via = f"the file {path}"
            yield Files(plain, taint._replace(via=via, pasted=False), written=True)


_MEANT = frozenset((*STORES.values(), "/dev/null"))
"""What no step reads as a file of its own."""
_VARIABLE = pattern(r"\$\{?([A-Za-z_]\w*)\}?")
_QUOTED = pattern(r"\b(?:require|open|readFileSync)\(\s*['\"`]([^'\"`\s]+)['\"`]")
"""A file that code names."""


def file_taint(flow: Flow, text: str, path: str) -> Taint | None:
    """Whose text a file holds that a script reads."""
    plain = resolved(_spelled(flow, path), flow.folder)
    if not plain:
        return None
    entered = "cd " in text and not outside(plain)
    return _at(flow, plain, entered=entered)


def lying(flow: Flow, path: str) -> Taint | None:
    """Whose text a file holds that an action reads."""
    plain = resolved(path, "") if path and flow.known.files else None
    return _at(flow, plain) if plain else None


def _at(flow: Flow, path: str, *, entered: bool = False) -> Taint | None:
    for files in reversed(flow.known.files):
        if below(path, files.folder) or (entered and files.folder and not files.written):
            return files.taint
    return None


_LISTING = frozenset({"dir", "fd", "find", "ls", "tree"})


def _listed(flow: Flow, words: Sequence[str]) -> Taint | None:
    """Whose the names are that a command prints of the files in a folder."""
    given = list(takewhile(lambda word: word[:1] != "-", words[1:]))
    given = given or [word for word in words[1:] if word[:1] != "-" and words[0] == "ls"]
    for place in given or ["."]:
        path = resolved(place, flow.folder)
        taint = _at(flow, path) if path is not None else None
        if taint is not None:
            return taint._replace(via=LISTED)
    return None


def printed(flow: Flow, words: Sequence[str]) -> Taint | None:
    """Whose text a command prints that runs or lists an outsider's files."""
    if not flow.known.files:
        return None
    if words and words[0] in _LISTING:
        return _listed(flow, words)
    from pipelaw.facts.execution import places  # noqa: PLC0415  few jobs have files of outsiders

    for place in (*places(tuple(words)), *_QUOTED.findall(" ".join(words))):
        path = resolved(place, flow.folder)
        for files in reversed(flow.known.files) if path is not None else ():
            if below(path or "", files.folder):
                return files.taint._replace(via="code in the files that were checked out")
    return None


def _spelled(flow: Flow, path: str) -> str:
    """A path with what the workflow says of the variable that it begins with."""
    named = _VARIABLE.match(path) if path[:1] == "$" else None
    if named is None:
        return path
    variables = (variable for scope in reversed(flow.variables) for variable in scope)
    value = next((one.value for one in variables if one.name == named[1]), named[0])
    return value + path[named.end() :]
