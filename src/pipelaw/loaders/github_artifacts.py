"""Downloads of what other runs made, and files that later steps read from them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pipelaw.facts.authors import FETCHED_REQUESTER, REQUESTER
from pipelaw.facts.script_words import words
from pipelaw.facts.shell_effects import Given
from pipelaw.facts.taint import Taint, taints
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.loaders.github_slices import expanded
from pipelaw.loaders.github_taint_stores import FILES, SETTERS, STORES, entries
from pipelaw.loaders.github_workspace import (
    Mount,
    by_variables,
    owned,
    reached,
    resolved,
    standing,
)
from pipelaw.model import Artifact, replaced
from pipelaw.parts import by_name
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pipelaw.model import Command, Script, Step
    from pipelaw.place import Place
    from pipelaw.words import Feeds

_DOWNLOADERS = frozenset(
    """
    dawidd6/action-download-artifact marcofaggian/action-download-multiple-artifacts
    benday-inc/download-latest-artifact benday-inc/download-artifact blablacar/action-download-last-artifact
    levonet/action-download-last-artifact bettermarks/action-artifact-download
    aochmann/actions-download-artifact cytopia/download-artifact-retry-action
    alextompkins/download-prior-artifact nmerget/download-gzip-artifact
    synergy-au/download-workflow-artifacts-action sidx1024/action-download-artifact
    ishworkh/docker-image-artifact-download ishworkh/container-image-artifact-download
    hyperskill/azblob-download-artifact ma-ve/action-download-artifact-with-retry
    legit-labs/action-download-artifact actions/download-artifact
    """.split()
)
"""Actions that fetch artifacts; all of them call the folder `path`."""
_SEARCHED = ("run_id", "run-id", "runid")
_REQUESTED = ("pull_request", "pull_request_target")
_LISTED = pattern(
    r"listWorkflowRunArtifacts|listArtifactsForRepo|downloadArtifact|artifacts_url|archive_download_url"
    r"|/actions/(?:artifacts/|runs/(?!\$\{\{\s*github\.run_id|\$\{?GITHUB_RUN_ID))"
)
_COMMAND = pattern(
    r"\bgh\s+run\s+download\b|artifacts_url|archive_download_url|/actions/(?:artifacts|runs)/"
)
_WRITTEN = pattern(
    r"(?:writeFileSync|writeFile|outputFile|createWriteStream)\s*\(\s*(?:path\.join\(\s*)?['\"`]?([^'\"`,)]*)"
)
_READERS = frozenset("cat head tail jq sed grep awk tr cut sort yq Get-Content type".split())
_REDIRECTED = pattern(r"<\s*([\w./-]+)")
_CLEANED = pattern(
    r"\btr\s+-\w*[cd]|\bgrep\s+-\w*o|\b(?:head|tail)\s+-n?\s*1\b|tonumber|\[0-9\]|\\d\+"
)
_CHECKED = pattern(r"=~|<<|\bgrep\s+-\w*q|\bcase\s")
_CHECKING = frozenset(("", "bash", "sh"))
_DONE = pattern(r"\bdone\s*<\s*[\"']?([\w./-]+)")
_READ = pattern(r"\bread\s+(?:-\w+\s+)*(\w+)")
_FOR = pattern(r"\bfor\s+(\w+)\s+in\s+([^\n]*)")
_EXPORTED = pattern(r"core\.(exportVariable|addPath|setOutput)\(")


class Download(NamedTuple):
    """Files of another run or job that a step fetches."""

    artifact: Artifact
    folder: str
    """Where they land, as `resolved` gives it."""
    behind: int = -1
    """The character of the step's own script after which they are there."""


def downloads(
    step: Step, start: str, made: Mapping[str, bool], later: Callable[[], Sequence[str]]
) -> tuple[Download, ...]:
    """What a step fetches that outsiders may have made.

    `made` are artifacts of this run that hold what an outsider's code left; `later` gives the scripts
    after the step, in which an archive may be opened.
    """
    return tuple(_downloads(step, start, made, later)) if step.references or step.scripts else ()


def _downloads(
    step: Step, start: str, made: Mapping[str, bool], later: Callable[[], Sequence[str]]
) -> Iterator[Download]:
    for used in step.references:
        if used.name.lower() in _DOWNLOADERS:
            inputs = by_name(used.inputs)
            if _foreign(used.name.lower(), inputs, made):
                folder = resolved(inputs.get("path", "") or ".", "") or ""
                found = _artifact(inputs.get("name", ""), folder, used.place)
                if _own_run(used.name.lower(), inputs) and all(_matching(inputs, made)):
                    found = replaced(found, refused=True, author=REQUESTER)
                yield Download(found, folder)
    for script in scripts_here(step):
        yield from _scripted(script, start, later)


def _artifact(name: str, folder: str, place: Place) -> Artifact:
    return Artifact(
        action="download",
        name=name,
        paths=(folder,) if folder else (),
        untrusted=True,
        author=FETCHED_REQUESTER,
        outside=folder[:1] in ("/", "~", "$"),
        place=place,
    )


def _foreign(name: str, inputs: Mapping[str, str], made: Mapping[str, bool]) -> bool:
    """Whether a downloader fetches what an outsider's run may have made."""
    if _own_run(name, inputs):
        return any(True for _ in _matching(inputs, made))
    if name == "actions/download-artifact":
        return True
    run = next((inputs[key] for key in _SEARCHED if inputs.get(key)), "")
    if run:
        return "workflow_run" in run.lower() or "steps" in run.lower()
    if (inputs.get("branch") or inputs.get("branch_name")) and inputs.get("allow_forks") != "true":
        return _requested(inputs)
    return inputs.get("event", "pull_request") in _REQUESTED or not inputs.get("event")


def _own_run(name: str, inputs: Mapping[str, str]) -> bool:
    """Whether a downloader sees the artifacts of its own run alone."""
    run = inputs.get("run-id", "")
    return name == "actions/download-artifact" and (not run or "github.run_id" in run.lower())


def _matching(inputs: Mapping[str, str], made: Mapping[str, bool]) -> Iterator[bool]:
    """What `made` says of the artifacts that a downloader may take."""
    wanted = inputs.get("name", "")
    pattern = inputs.get("pattern", "")
    for name, refused in made.items():
        if name == "*" or (fnmatchcase(name, pattern or "*") if not wanted else name == wanted):
            yield refused


def _requested(inputs: Mapping[str, str]) -> bool:
    """Whether a branch filter names a request's own branch."""
    branch = inputs.get("branch") or inputs.get("branch_name") or ""
    return "head_branch" in branch or "head_ref" in branch or "head.ref" in branch


def _scripted(script: Script, start: str, later: Callable[[], Sequence[str]]) -> Iterator[Download]:
    text = script.text
    if script.shell == "javascript":
        if "downloadArtifact" in text and "exclude_pull_requests" not in text:
            written = [str(match[1]) for match in _WRITTEN.finditer(text)]
            folder = _archive(written, later())
            yield Download(_artifact("", folder, script.place), folder)
        return
    if "gh" not in words(text) and "_url" not in text and "/actions/" not in text:
        return
    if not _COMMAND.search(text):
        return
    for command, folders in standing(script, start):
        where = folders[0] if folders else start
        if command.name == "gh" and command.words[1:3] == ("run", "download"):
            folder = resolved(_option(command.words, ("-D", "--dir")) or ".", where) or ""
            # it may be an archive of its own that is opened elsewhere
            folder = _opened_to(script, start, folder, command.place.start)
            yield Download(_artifact("", folder, command.place), folder, command.place.start)
            return
        if command.name in ("unzip", "bsdtar", "tar", "7z") and _LISTED.search(text):
            folder = resolved(_option(command.words, ("-d", "-C")) or ".", where) or ""
            yield Download(_artifact("", folder, command.place), folder, command.place.start)
            return


def _option(words: Sequence[str], names: Sequence[str]) -> str:
    for index, word in enumerate(words[:-1]):
        if word in names:
            return words[index + 1]
    return ""


def _opened_to(script: Script, start: str, folder: str, behind: int) -> str:
    """The folder that holds both what was fetched and what a later command of the script opens."""
    for command, folders in standing(script, start):
        if command.name == "unzip" and command.place.start > behind:
            to = resolved(_option(command.words, ("-d",)) or ".", folders[0] if folders else start)
            return folder if to == folder else ""
    return folder


_UNZIP = pattern(r"\bunzip\b[^\n;|&]*")
_UNZIP_TO = pattern(r"\s-d\s*[\"']?([^\s\"';|&]+)")


def _archive(written: Sequence[str], opened: Sequence[str]) -> str:
    """Where an archive that a script wrote is opened later; else where it was written."""
    for text in opened:
        unzip = _UNZIP.search(by_variables(text))
        if unzip is not None:
            to = _UNZIP_TO.search(unzip[0])
            return resolved(to[1] if to else ".", "") or ""
    for path in written:
        folder = resolved(path.rpartition("/")[0] or ".", "")
        if folder:
            return folder
    return ""


def feeds(script: Script, start: str, mounts: Sequence[Mount], behind: int) -> Feeds:
    """What a script writes from the files for later steps; "" for nothing."""
    text = script.text
    if script.shell == "javascript":
        return _fed_by_javascript(text, mounts)
    if "GITHUB_" not in text:
        return ""
    passed = list(standing(script, start))
    reads = [text for command, folders in passed for text in _read(command, folders, mounts)]
    reads += _looped(text, start, reads, mounts)
    best: Feeds = ""
    for command, _ in passed if reads else ():
        targets = " ".join(command.writes)
        kind = next((kind for word, kind in FILES.items() if word in targets), None)
        if kind is None or command.place.start <= behind:
            continue
        piece = expanded(command.text, text, {})
        if not _CLEANED.search(piece) and any(read in piece for read in reads):
            best = kind if kind != "outputs" or not best else best
    if best and script.shell in _CHECKING and _CHECKED.search(text):
        folders = {start, *(folder for _, among in passed for folder in among)}
        return best if _unchecked(text, folders, mounts, best) else ""
    return best


def _unchecked(text: str, folders: Iterable[str], mounts: Sequence[Mount], kind: str) -> bool:
    """Whether what a script writes may still say anything, after all that it checks and delimits."""
    from pipelaw.facts.shell_taint import run  # noqa: PLC0415  few jobs have files of outsiders

    theirs = Taint(FETCHED_REQUESTER)

    def held(path: str) -> Taint | None:
        return theirs if reached(path, folders, mounts) else None

    writes = run(by_variables(text), Given(stores=STORES, file=held)).files.get(kind, ())
    if kind == "search path":
        return any(taints(write.value) for write in writes)
    return any(entry.loose for entry in entries(writes))


def _read(command: Command, folders: Sequence[str], mounts: Sequence[Mount]) -> Iterator[str]:
    """The pieces of a command that read one of the files."""
    words = command.words[1:] if command.name in _READERS else ()
    if any(_owned(word, folders, mounts) for word in words if word[:1] != "-"):
        yield command.text
    for match in _REDIRECTED.finditer(command.text):
        if _owned(match[1], folders, mounts):
            yield match[0]


def _looped(text: str, start: str, reads: Sequence[str], mounts: Sequence[Mount]) -> list[str]:
    """The variables of a script that hold one line of the files after another."""
    names = []
    if any(_owned(match[1], (start,), mounts) for match in _DONE.finditer(text)):
        names += [match[1] for match in _READ.finditer(text)]
    for match in _FOR.finditer(text) if reads else ():
        if any(read in match[2] for read in reads):
            names.append(match[1])
    return [f"${piece}" for name in names for piece in (name, f"{{{name}}}")]


def _owned(word: str, folders: Sequence[str], mounts: Sequence[Mount]) -> bool:
    # a word without a dot or slash is as often something else
    return ("." in word or "/" in word) and reached(word, folders, mounts)


_FILE_READ = pattern(r"readFile(?:Sync)?\(\s*(?:path\.join\(\s*)?['\"`]([^'\"`]+)")


def _fed_by_javascript(text: str, mounts: Sequence[Mount]) -> Feeds:
    given = _EXPORTED.search(text)
    if given is None:
        return ""
    for match in _FILE_READ.finditer(text):
        path = resolved(match[1], "")
        if (
            path is not None
            and owned(path, mounts)
            and "Number(" not in text
            and "parseInt" not in text
        ):
            return SETTERS[given[1]]
    return ""
