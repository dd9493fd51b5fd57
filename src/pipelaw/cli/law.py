"""By what a scan judges: the rules and the policy that its options name, or its repositories have."""

from __future__ import annotations

import os
import posixpath
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw.cli import console
from pipelaw.errors import PolicyError, UnavailableError, UnfetchedError, UsageError
from pipelaw.rulebook import load
from pipelaw.rules import POLICY_FILE, PROFILE
from pipelaw.scanner import Ruling
from pipelaw.tree import FolderTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


class _Folder(click.Path):
    """A folder that is named: nothing would be the current one."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        if not str(value).strip():
            raise UsageError("--rules has no value: is a variable not set?")
        return super().convert(value, param, ctx)


rules_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="DIR",
    type=_Folder(path_type=Path),
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
            if self._since and isinstance(tree, FolderTree):
                return self._earlier(tree)
            policy = self.policy(tree)
            return Ruling(self.rulebook(policy.rule_files if policy else ()), policy)
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

    def _rules(self, tree: FolderTree) -> tuple[tuple[Path, ...], tuple[RuleFile, ...]]:
        """The folders of rules outside a repository, and the rules that the revision has in the others."""
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
        """The policy for a repository as it is, None where it has none and none was named."""
        if self._file is not None:
            if self._named is None:
                self._named = self._load(*_place(self._file))
            return self._named
        if not isinstance(tree, FolderTree) or not _found(tree):
            return None
        return self._load(FolderTree(tree.root), POLICY_FILE, _start(tree))

    def _earlier(self, tree: FolderTree) -> Ruling:
        """By what a change is judged: what the revision says, never what the change says itself.

        Raises PolicyError where the change leaves the policy wrong: once merged, it would stop all.
        """
        path = POLICY_FILE if self._file is None else _inside(self._file, tree)
        folders, own = self._rules(tree)
        policy, mistakes = None, ""
        try:
            rules: list[Path | RuleFile] = [*_files(folders), *own]
            policy = self._at_revision(tree, path, rules) if path else self.policy(tree)
            book = self.rulebook(own + (policy.rule_files if policy else ()), folders)
        except UnavailableError:
            raise
        except PolicyError as error:
            if not path:
                raise
            policy, book, mistakes = None, self.rulebook(own, folders), str(error)
        if path:
            there = self._checked(tree, path, lambda more: self.rulebook(own + more, folders))
            self._tell(tree, path, mistakes, there=there, earlier=policy is not None)
        return Ruling(book, policy)

    def _checked(
        self, tree: FolderTree, path: str, rulebook: Callable[[tuple[RuleFile, ...]], object]
    ) -> bool:
        """Whether the change has a policy; raises PolicyError where that, or a rule of it, is wrong."""
        there = _found(tree) if self._file is None else path in tree
        if there:
            try:
                policy = self._load(FolderTree(tree.root), path, _start(tree), fetching=False)
                rulebook(policy.rule_files)
            except UnfetchedError as error:  # a stranger may have written where from
                console.note(f"{error}: whether this policy is right shows once it counts")
        return there

    def _tell(
        self, tree: FolderTree, path: str, mistakes: str, *, there: bool, earlier: bool
    ) -> None:
        """Tell by what a change is judged where that is not the policy that it has."""
        if mistakes:
            first = mistakes.splitlines()[0]
            console.note(f"{first}; this change is judged by pipelaw:default")
        elif earlier:
            return
        elif self._file is not None:
            what = f"{self._since} has no such policy, and what a change adds does not count"
            raise UsageError(f"{path}: {what}")
        elif there:
            coming = f"the one {'in ' + tree.prefix if tree.prefix else 'here'} counts from the"
            console.note(f"{self._since} has no {POLICY_FILE}; {coming} next change on")

    def _at_revision(
        self, tree: FolderTree, path: str, own: Sequence[Path | RuleFile]
    ) -> Policy | None:
        """The policy as the revision has it, None where it has none; `own` are its other rules."""
        from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git

        base = GitTree(tree.root, self._since, tree.name)
        try:
            if path in base:
                return self._load(base, path, f"{self._since}:{_start(tree)}", own=own)
        finally:
            base.close()
        return None

    def _load(
        self,
        tree: Tree | None,
        path: str,
        prefix: str = "",
        *,
        own: Sequence[Path | RuleFile] | None = None,
        fetching: bool = True,
    ) -> Policy:
        from pipelaw import policysource  # noqa: PLC0415  most repositories have no policy

        kept = console.cache()
        return policysource.load(
            tree,
            path,
            today=console.today(),
            cache=kept.folder if kept else None,
            own_rules=_files(self._folders) if own is None else own,
            prefix=prefix,
            fetching=fetching,
        )


def _files(folders: Sequence[Path]) -> list[Path]:
    """The files in folders of rules, those that are there."""
    return [file for folder in folders if folder.is_dir() for file in folder.iterdir()]


OTHER_NAMES = ("pipelaw.yml", "pipelaw.yaml")
"""What a file is called that people may take for the policy."""


def has_policy(tree: FolderTree) -> bool:
    """Whether a repository has a policy, if only a link that leads nowhere; that is for `load` to say.

    Raises PolicyError for one that has the name of no policy and can be nothing else.
    """
    if os.path.lexists(f"{tree.root}/{POLICY_FILE}"):
        return True
    wrong = f"{Path(POLICY_FILE).stem}.yaml"
    if os.path.lexists(f"{tree.root}/{wrong}"):
        raise PolicyError(f"{_start(tree)}{wrong}:1:1: a policy is called {POLICY_FILE}: rename it")
    return False


def other_name(tree: FolderTree) -> str:
    """A file of a repository that people may take for its policy, "" where there is none."""
    there = (name for name in OTHER_NAMES if os.path.lexists(f"{tree.root}/{name}"))
    return next(there, "")


def _found(tree: FolderTree) -> bool:
    """Whether a repository has a policy; told where it may seem to have one."""
    if has_policy(tree):
        return True
    if other := other_name(tree):
        console.note(f"{_start(tree)}{other} is not read: a policy is called {POLICY_FILE}")
    return False


def _start(tree: FolderTree) -> str:
    """What the paths of a repository begin with in messages."""
    return f"{tree.prefix}/" if tree.prefix else ""


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
    """The path of a file in a repository, "" for one outside and for a profile."""
    if file.startswith(PROFILE):
        return ""
    path = Path(os.path.realpath(file))
    return path.relative_to(tree.root).as_posix() if path.is_relative_to(tree.root) else ""
