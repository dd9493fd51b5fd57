"""`pipelaw init`: a first policy, a baseline, and the step that runs pipelaw."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw import baseline
from pipelaw.cli import Status, console
from pipelaw.cli.policy import in_force, rulebook
from pipelaw.discover import find, repositories
from pipelaw.errors import UsageError
from pipelaw.policy import FILE
from pipelaw.report import summary
from pipelaw.report.tool import VERSION
from pipelaw.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.discover import Candidate
    from pipelaw.tree import FolderTree

POLICY = """\
# What this team decided about its pipelines. `pipelaw policy show` prints all of it.
extends: pipelaw:starter

# A scan fails for findings of this severity and above. Lower it as the baseline gets shorter.
fail_on: critical

# rules:
#   unpinned-image: off
#   unpinned-action:
#     paths: [{path: .github/workflows/release-*.yml, severity: critical}]

# waivers:
#   - rule: script-injection
#     path: .github/workflows/triage.yml
#     job: label
#     reason: why this is accepted for a while
#     owner: who answers for it
#     expires: 2027-01-31
"""


@click.command()
@click.argument("path", default=".")
def command(path: str) -> int:
    """Write a first policy, a baseline, and the step that runs pipelaw.

    PATH is a repository, by default the current folder. Files that are there already are left as
    they are; what belongs into one of them is printed.
    """
    trees = repositories(path)
    if len(trees) != 1 or trees[0].named:
        raise UsageError(f"{path}: name one repository")
    [tree] = trees
    candidates = find(tree)
    if not candidates:
        raise UsageError(f"{path}: there is no pipeline here")
    _write(tree, FILE, POLICY)
    policy = in_force((path,))
    report = scan((path,), rulebook=rulebook(policy), policy=policy)
    if report.open:
        console.note(f"{summary.count(len(report.open), 'finding')} today")
        _write(tree, baseline.FILE, baseline.dump(report))
    known = baseline.FILE in tree
    for platform in dict.fromkeys(candidate.platform for candidate in candidates):
        _step(tree, platform, candidates, f" --baseline {baseline.FILE}" if known else "")
    return Status.CLEAN


def _step(tree: FolderTree, platform: str, candidates: Iterable[Candidate], options: str) -> None:
    """Write or print the step for a platform."""
    file = Path(__file__).parents[1] / "data" / "steps" / f"{platform}.yml"
    text = file.read_text("utf-8").replace("@VERSION@", VERSION).replace("@OPTIONS@", options)
    text = text.replace("@BRANCH@", _branch(tree))
    folder = next(_folders(c.path for c in candidates if c.platform == platform), "")
    if folder:
        _write(tree, f"{folder}/pipelaw.yml", text)
    else:
        console.write(f"# add this to the {platform} pipeline:\n{text}")


def _folders(paths: Iterable[str]) -> Iterator[str]:
    """Folders of which the platform reads every file."""
    for path in paths:
        folder = posixpath.dirname(path)
        if folder == ".woodpecker" or folder.endswith("/workflows"):
            yield folder


def _branch(tree: FolderTree) -> str:
    """The branch that is checked out, as a guess at the main one."""
    try:
        head = (Path(tree.root) / ".git" / "HEAD").read_text("utf-8", "replace")
    except OSError:
        return "main"
    name = head.strip().removeprefix("ref: refs/heads/")
    plain = all(char.isalnum() or char in "-_./" for char in name)
    return name if head.startswith("ref: ") and plain else "main"


def _write(tree: FolderTree, path: str, text: str) -> None:
    """Write a file of the repository, unless there is one."""
    target = Path(tree.root) / path
    if os.path.lexists(target):
        console.write(f"kept   {path}\n")
        return
    console.save(text, str(target))
    console.write(f"wrote  {path}\n")
