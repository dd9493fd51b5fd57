"""`pipelaw init`: a first policy, a baseline, and the step that runs pipelaw."""

from __future__ import annotations

import json
import os
import posixpath
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw import baseline, gitcommand
from pipelaw.cli import Status, console
from pipelaw.cli.law import Law, has_policy, other_name
from pipelaw.cli.policy import in_force, repository
from pipelaw.discover import displayed, find
from pipelaw.errors import UsageError
from pipelaw.origin import origin_of
from pipelaw.records import NamedTuple
from pipelaw.report import summary
from pipelaw.report.tool import HOME, NAME, VERSION
from pipelaw.rules import POLICY_FILE
from pipelaw.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.tree import FolderTree

POLICY = """\
# What this team decided about its pipelines. `pipelaw policy show` prints all of it.
extends: pipelaw:starter

# A scan fails for findings of this severity and above. Lower it as the baseline gets shorter.
fail_on: critical

# rules:
#   unpinned-image: off
#   unpinned-action:
#     parameters: {trusted_owners: [@OWNER@]}  # your own organisation, if you rely on its tags
#     paths: [{path: .github/workflows/release-*.yml, severity: critical}]

# waivers:
#   - rule: script-injection
#     path: .github/workflows/triage.yml
#     job: label
#     reason: why this is accepted for a while
#     owner: who answers for it
#     expires: 2027-01-31
"""

_PLAIN_OWNER = re.compile(r"[\w.-]+")
"""The name of an account that needs no quotes in YAML."""
_USUAL = ".github/workflows/*.yml, .gitlab-ci.yml, .drone.yml or .woodpecker.yml"
_STEPS = Path(__file__).parents[1] / "data" / "steps"
_BASELINES = {
    "github-action": "\n        with:\n          baseline: {}",
    "gitlab-include": "\n      baseline: {}",
    "precommit": "\n        args: [--baseline, {}]",
}
"""How a step names a baseline, where not as an option of the command."""
_GITLAB_STEP = ".gitlab/pipelaw.yml"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PLAIN = re.compile(r"[\w./-]+")
"""The names of branches that mean themselves in patterns and between quotes."""


@click.command()
@click.argument("path", default=".")
def command(path: str) -> int:
    """Write a first policy, a baseline, and the step that runs pipelaw.

    PATH is a repository, by default the current folder. Files that are there already are left as
    they are; what belongs into one of them is printed.
    """
    tree = repository(path)
    if tree.named:
        raise UsageError(f"{path}: name the repository, {displayed(tree.root)}, not a part of it")
    candidates = find(tree)
    if not candidates:
        raise UsageError(f"{path}: there is no pipeline here, such as {_USUAL}: begin with one")
    if has_policy(tree) or not other_name(tree):
        _write(tree, POLICY_FILE, POLICY.replace("@OWNER@", _owner(tree)))
    policy = in_force(tree)
    book = Law().rulebook(policy.rule_files).under(policy)
    report = scan((tree.root,), rulebook=book, policy=policy)
    known = baseline.FILE if report.open or baseline.FILE in tree else ""
    found: dict[str, list[str]] = {}
    for candidate in candidates:
        found.setdefault(candidate.platform, []).append(candidate.path)
    # what there is to do comes last, in one piece
    asked = [_offer(tree, platform, paths, known) for platform, paths in found.items()]
    if report.open:
        # what the steps have themselves is known, too
        whole = scan((tree.root,), rulebook=book, policy=policy)
        _write(tree, baseline.FILE, baseline.dump(whole))
        shown = f"`pipelaw scan` shows them, with `--baseline {baseline.FILE}` what is new"
        console.note(f"{summary.count(len(whole.open), 'finding')} today: {shown}")
    console.write("".join(asked))
    return Status.CLEAN


def step(name: str, *, ref: str, branch: str = "main", known: str = "") -> str:
    """The step for a platform as people put it into their repository.

    `name` is a file of `data/steps` without its ending; `ref` is the commit or tag of pipelaw,
    `branch` the main one, and `known` the path of a baseline.
    """
    text = (_STEPS / f"{name}.yml").read_text("utf-8")
    option = _BASELINES.get(name, " --baseline {}").format(known)
    values = {"REF": ref, "VERSION": VERSION, "BRANCH": branch, "OPTIONS": option if known else ""}
    for placeholder, value in values.items():
        text = text.replace(f"@{placeholder}@", value)
    return text


def _offer(tree: FolderTree, platform: str, paths: Sequence[str], known: str) -> str:
    """Write the step for a platform, and give what people have to put into a file of theirs."""
    own = _own_file(platform, paths)
    # a generated pipeline beside a written one is the less likely place
    first = min(paths, key=lambda path: not path.endswith((".yml", ".yaml")))
    # only GitLab has to be told of a file
    belongs = _belongs(platform, first) if not own or platform == "gitlab" else None
    ref, branch = _ref(), _branch(tree)
    if own:
        # Gitea and Forgejo look for actions elsewhere
        pinned = own.startswith(".github/") and _COMMIT.fullmatch(ref)
        text = step("github-action" if pinned else platform, ref=ref, branch=branch, known=known)
        if not _write(tree, own, text) and platform != "gitlab":
            _check_use(tree, own, known)
    if belongs is None:
        return ""
    if belongs.sign in tree.read(first).decode("utf-8", "replace"):
        console.write(f"kept   {_shown(tree, first)}\n")
        _check_use(tree, first, known)
        return ""
    return f"\n# {belongs.where}:\n{step(belongs.step, ref=ref, branch=branch, known=known)}"


def _check_use(tree: FolderTree, path: str, known: str) -> None:
    """Say so where a step that was there already knows nothing of the baseline."""
    if known and path in tree and known not in tree.read(path).decode("utf-8", "replace"):
        said = f"{path} was there already and does not name {known}"
        console.note(f"{said}: let its scan take that")


def _own_file(platform: str, paths: Sequence[str]) -> str:
    """The file that a platform reads beside those there, or that one of them can include; or ""."""
    if platform == "github":
        folders = (posixpath.dirname(path) for path in paths)
        workflows = (folder for folder in folders if folder.endswith("/workflows"))
        return f"{next(workflows, '.github/workflows')}/pipelaw.yml"
    if platform == "woodpecker" and any(path.startswith(".woodpecker/") for path in paths):
        return ".woodpecker/pipelaw.yml"
    return _GITLAB_STEP if platform == "gitlab" else ""


class _Belongs(NamedTuple):
    """What belongs into a file that is somebody's own."""

    step: str
    sign: str
    """What the file says when it is there."""
    where: str


def _belongs(platform: str, path: str) -> _Belongs | None:
    if platform == "gitlab":
        where = f"add this to {path}; where it has an `include`, add the item to that"
        return _Belongs("gitlab-include", _GITLAB_STEP, where)
    if platform == "drone":
        written = path.endswith((".yml", ".yaml"))
        where = f"add this to the end of {path}" if written else f"let {path} give this, too"
        return _Belongs(platform, "pipelaw scan", where)
    if platform == "woodpecker":
        # Woodpecker reads the folder or the file, never both
        where = f"move {path} to .woodpecker/build.yml, and write this to .woodpecker/pipelaw.yml"
        return _Belongs(platform, "pipelaw scan", where)
    if platform == "precommit":
        return _Belongs(platform, "- id: pipelaw", f"add this to the `repos` of {path}")
    return None


def _ref() -> str:
    """The commit that this pipelaw was installed from, where the installer noted it, or its tag."""
    try:
        noted = metadata.distribution(NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        noted = None
    source = json.loads(noted or "{}")
    same = source.get("url", "").removesuffix(".git") == HOME
    commit = source.get("vcs_info", {}).get("commit_id", "")
    return commit if same and commit else f"v{VERSION}"


def _owner(tree: FolderTree) -> str:
    """The organisation that the repository was cloned from, as an example of one to trust."""
    owner = origin_of(tree.root).partition("/")[2]
    return owner if _PLAIN_OWNER.fullmatch(owner) else "acme"


def _branch(tree: FolderTree) -> str:
    """The main branch: the one that the remote names, else one that is called so, else any."""
    local, remote = "refs/heads/", "refs/remotes/origin/"
    found = [_git(tree, "symbolic-ref", f"{remote}HEAD")]
    usual = [f"{place}{name}" for name in ("main", "master") for place in (local, remote)]
    there = _git(tree, "for-each-ref", "--format=%(refname)", *usual).split()
    found += [name for name in usual if name in there]
    found.append(_git(tree, "symbolic-ref", "HEAD"))
    names = (name.removeprefix(local).removeprefix(remote) for name in found)
    return next((name for name in names if _PLAIN.fullmatch(name)), "main")


def _git(tree: FolderTree, *words: str) -> str:
    """What git prints of a repository, "" where it has no answer."""
    try:
        return gitcommand.run(tree.root, *words).decode("utf-8", "replace").strip()
    except UsageError:
        return ""


def _write(tree: FolderTree, path: str, text: str) -> bool:
    """Write a file of the repository, unless there is one; whether it was written."""
    target = Path(tree.root) / path
    inside = Path(os.path.realpath(target.parent))
    if not inside.is_relative_to(tree.root) or ".git" in inside.relative_to(tree.root).parts:
        what = "a link leads out of the repository: nothing is written there"
        raise UsageError(f"{path}: {what}")
    if os.path.lexists(target):
        console.write(f"kept   {_shown(tree, path)}\n")
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    console.save(text, str(target))
    console.write(f"wrote  {_shown(tree, path)}\n")
    return True


def _shown(tree: FolderTree, path: str) -> str:
    """The path of a repository's file, which begins at the folder that was named."""
    return f"{tree.prefix}/{path}" if tree.prefix else path
