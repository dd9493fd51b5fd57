"""By what a scan judges: the rules and the policy that its options name, or its repositories have."""

from __future__ import annotations

import os
import posixpath
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw.cli import console
from pipelaw.errors import PolicyError, UsageError
from pipelaw.rulebook import load
from pipelaw.rules import POLICY_FILE, PROFILE
from pipelaw.scanner import Ruling
from pipelaw.tree import FolderTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.policy import Policy, RuleFile
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree

policy_option = click.option(
    "--policy",
    "policy_file",
    metavar="FILE",
    help="The policy, for every repository: a file, or a profile such as pipelaw:strict."
    f"  [default: {POLICY_FILE} at the root of each]",
)
"""Decides which policy is in force."""

rules_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder of own rules, beside the shipped ones. Repeatable.",
)
"""Adds rules to those in force."""


class Law:
    """What the options of a command say to judge by; gives it for each repository.

    `file` is the policy that the user named, a path or a profile; then no repository's own counts.
    `folders` hold more rules. With `since`, a policy and rules inside a repository are read from that
    revision, so that no change decides about itself. `only` and `skip` choose rules.
    """

    def __init__(
        self,
        file: str | None = None,
        folders: Sequence[Path] = (),
        *,
        since: str = "",
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
        cached: bool = True,
    ) -> None:
        self._file = file
        self._folders = folders
        self._since = since
        self._choice = (only, skip)
        self._cache = console.cache() if cached else None
        self._books: dict[tuple[tuple[Path, ...], tuple[RuleFile, ...]], Rulebook] = {}
        self._named: Policy | None = None

    def __call__(self, tree: Tree) -> Ruling:
        """By what a repository is judged; raises PolicyError where what the user named is wrong."""
        try:
            policy = self.policy(tree)
            folders, more = self._rules(tree)
            more += policy.rule_files if policy else ()
            return Ruling(self.rulebook(more, folders), policy)
        except PolicyError as error:
            if self._file is not None:
                raise
            return Ruling(self._plain, wrong=error)

    @cached_property
    def _plain(self) -> Rulebook:
        """The rules without any of a policy's own; raises PolicyError where those are wrong already."""
        return load(self._folders, cache=self._cache)

    def rulebook(
        self, more: tuple[RuleFile, ...] = (), folders: tuple[Path, ...] | None = None
    ) -> Rulebook:
        """The rules, with some that were read elsewhere; `folders` where only some of them count."""
        folders = tuple(self._folders) if folders is None else folders
        if (folders, more) not in self._books:
            self._books[folders, more] = load(folders, *self._choice, self._cache, more)
        return self._books[folders, more]

    def _rules(self, tree: Tree) -> tuple[tuple[Path, ...], tuple[RuleFile, ...]]:
        """The folders of rules outside a repository, and the rules that the revision has in the others."""
        if not self._since or not isinstance(tree, FolderTree):
            return tuple(self._folders), ()
        inside = {folder: _inside(str(folder), tree) for folder in self._folders}
        kept = tuple(folder for folder, place in inside.items() if not place)
        places = [place for place in inside.values() if place]
        return kept, tuple(self._earlier_rules(tree, places) if places else ())

    def _earlier_rules(self, tree: FolderTree, folders: Sequence[str]) -> Iterator[RuleFile]:
        from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git
        from pipelaw.policy import RuleFile  # noqa: PLC0415  as above

        base = GitTree(tree.root, self._since, tree.name)
        try:
            for folder in folders:
                paths = [path for path in base.paths() if posixpath.dirname(path) == folder]
                if not paths:
                    console.note(
                        f"{self._since} has no rules in {folder}; those there do not count"
                    )
                for path in paths:
                    if path.endswith((".yaml", ".yml")):
                        yield RuleFile(f"{self._since}:{path}", base.read(path))
        finally:
            base.close()

    def policy(self, tree: Tree) -> Policy | None:
        """The policy for a repository, None where it has none and none was named."""
        if self._file is not None:
            return self._chosen(self._file, tree)
        if not isinstance(tree, FolderTree):
            return None
        if self._since:
            found = self._earlier(tree, POLICY_FILE)
            if found is None and _has(tree):
                coming = f"the one {'in ' + tree.prefix if tree.prefix else 'here'} counts from the"
                console.note(f"{self._since} has no {POLICY_FILE}; {coming} next change on")
            return found
        if not _has(tree):
            return None
        prefix = f"{tree.prefix}/" if tree.prefix else ""
        return self._load(FolderTree(tree.root), POLICY_FILE, prefix)

    def _chosen(self, file: str, tree: Tree) -> Policy:
        """The policy that the user named."""
        if self._since and isinstance(tree, FolderTree) and not file.startswith(PROFILE):
            inside = _inside(file, tree)
            if inside:
                found = self._earlier(tree, inside)
                if found is None:
                    what = (
                        f"{self._since} has no such policy, and what a change adds does not count"
                    )
                    raise UsageError(f"{inside}: {what}")
                return found
        if self._named is None:
            self._named = self._load(*_place(file))
        return self._named

    def _earlier(self, tree: FolderTree, path: str) -> Policy | None:
        """The policy as the revision has it, None where it has none."""
        from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git

        base = GitTree(tree.root, self._since, tree.name)
        try:
            if path in base:
                start = f"{tree.prefix}/" if tree.prefix else ""
                return self._load(base, path, f"{self._since}:{start}")
        finally:
            base.close()
        return None

    def _load(self, tree: Tree | None, path: str, prefix: str = "") -> Policy:
        from pipelaw import policysource  # noqa: PLC0415  most repositories have no policy

        kept = console.cache()
        return policysource.load(
            tree,
            path,
            today=console.today(),
            cache=kept.folder if kept else None,
            own_rules=[
                file for folder in self._folders if folder.is_dir() for file in folder.iterdir()
            ],
            prefix=prefix,
        )


def _has(tree: FolderTree) -> bool:
    """Whether a repository has a policy, if only a link that leads nowhere; that is for `load` to say."""
    found = os.path.lexists(f"{tree.root}/{POLICY_FILE}")
    other = f"{Path(POLICY_FILE).stem}.yaml"
    if not found and other in tree:
        shown = f"{tree.prefix}/{other}" if tree.prefix else other
        raise PolicyError(f"{shown}:1:1: a policy is called {POLICY_FILE}: rename it")
    return found


def _place(file: str) -> tuple[Tree | None, str]:
    """A tree that holds a policy which the user named, and its path in it; no tree for a profile."""
    if file.startswith(PROFILE):
        return None, file
    path = Path(os.path.abspath(file))  # noqa: PTH100  links are kept
    if not path.is_file():
        raise UsageError(f"{file}: no such policy file")
    root = Path.cwd() if path.is_relative_to(Path.cwd()) else path.parent
    return FolderTree(root), path.relative_to(root).as_posix()


def _inside(file: str, tree: FolderTree) -> str:
    """The path of a file in a repository, "" where it lies outside."""
    path = Path(os.path.realpath(file))
    return path.relative_to(tree.root).as_posix() if path.is_relative_to(tree.root) else ""
