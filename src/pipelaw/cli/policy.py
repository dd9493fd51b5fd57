"""`pipelaw policy`: what the policy in force says, and whether its waivers still deserve it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw import policysource
from pipelaw.cli import Status, console
from pipelaw.discover import repositories
from pipelaw.errors import UsageError
from pipelaw.policy import FILE, Policy
from pipelaw.policysource import DEFAULT, PROFILE
from pipelaw.rulebook import load
from pipelaw.tree import FolderTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.policy import Elsewhere, Origin, Waiver
    from pipelaw.rulebook import Rulebook
    from pipelaw.tree import Tree

option = click.option(
    "--policy",
    "policy_file",
    metavar="FILE",
    help=f"The policy: a file, or a profile such as pipelaw:strict."
    f"  [default: {FILE} at the repository's root]",
)
"""Decides which policy is in force."""


def in_force(
    paths: Sequence[str], file: str | None = None, folders: Iterable[Path] = (), since: str = ""
) -> Policy:
    """The policy for a scan of some paths; raises PolicyError for one that is wrong.

    `file` is what the user named, a path or a profile; `folders` hold more rules. With `since`, a
    policy inside the repository is read from that revision, so that no change decides about itself.
    """
    if file is not None and file.startswith(PROFILE):
        return _load(None, file, folders)
    trees = repositories(*(path for path in paths if path != "-"))
    alone = trees[0] if len(trees) == 1 else None
    if file is not None:
        inside = _inside(file, alone) if since and alone else ""
        if alone is None or not inside:
            return _load(*_named(file), folders)
        return _earlier(alone, since, inside, folders, named=True)
    if alone is not None and since:
        return _earlier(alone, since, FILE, folders)
    if alone is not None and _has(alone):
        prefix = f"{alone.prefix}/" if alone.prefix else ""
        return _load(FolderTree(alone.root), FILE, folders, prefix)
    own = sum(FILE in tree for tree in trees)
    if own:
        console.note(
            f"{own} of {len(trees)} repositories have a {FILE} of their own,"
            " which a scan of several does not read; --policy gives one for all"
        )
    return _load(None, DEFAULT, folders)


def _has(tree: FolderTree) -> bool:
    """Whether a repository has a policy, if only a link that leads nowhere; that is for `load` to say."""
    found = os.path.lexists(Path(tree.root) / FILE)
    other = f"{Path(FILE).stem}.yaml"
    if not found and other in tree:
        raise UsageError(f"{other}: a policy is called {FILE}: rename it")
    return found


def _earlier(
    tree: FolderTree, since: str, path: str, folders: Iterable[Path], *, named: bool = False
) -> Policy:
    """The policy as a revision has it."""
    from pipelaw.gittree import GitTree  # noqa: PLC0415  most scans need no git

    base = GitTree(tree.root, since, tree.name)
    try:
        if path in base:
            return _load(base, path, folders, f"{since}:")
    finally:
        base.close()
    if named:
        raise UsageError(
            f"{path}: {since} has no such policy, and what a change adds does not count"
        )
    if FILE in tree:
        console.note(f"{since} has no {FILE}; the one here counts from the next change on")
    return _load(None, DEFAULT, folders)


def rulebook(
    policy: Policy,
    folders: Iterable[Path] = (),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    *,
    cached: bool = True,
) -> Rulebook:
    """The rules that a policy leaves on, its own among them; `only` and `skip` as in `load`."""
    off = (rule for rule in policy.skipped if rule not in (*only, *skip))
    cache = console.cache() if cached else None
    return load(folders, only, (*skip, *off), cache, policy.rule_files)


def _load(tree: Tree | None, path: str, folders: Iterable[Path], prefix: str = "") -> Policy:
    kept = console.cache()
    own = (file.stem for folder in folders if folder.is_dir() for file in folder.iterdir())
    return policysource.load(
        tree,
        path,
        today=console.today(),
        cache=kept.folder if kept else None,
        own_rules=own,
        prefix=prefix,
    )


def _named(file: str) -> tuple[Tree, str]:
    """A tree that holds a file which the user named, and the file's path in it."""
    path = Path(os.path.abspath(file))  # noqa: PTH100  links are kept
    if not path.is_file():
        raise UsageError(f"{file}: no such policy file")
    root = Path.cwd() if path.is_relative_to(Path.cwd()) else path.parent
    return FolderTree(root), path.relative_to(root).as_posix()


def _inside(file: str, tree: FolderTree) -> str:
    """The path of a file in a repository, "" where it lies outside."""
    path = Path(os.path.realpath(file))
    return path.relative_to(tree.root).as_posix() if path.is_relative_to(tree.root) else ""


@click.group()
def command() -> None:
    """Show the policy in force, or audit its waivers."""


_path = click.argument("path", default=".")


@command.command()
@_path
@option
def show(path: str, policy_file: str | None) -> int:
    """Print the effective policy, with the origin of every value.

    PATH is a repository, by default the current folder.
    """
    policy = in_force((path,), policy_file)
    rows = list(_rows(policy))
    width = min(max(len(text) for text, _ in rows), 60)
    console.write(
        "".join(f"{text:{width}}  # {where}\n" if where else f"{text}\n" for text, where in rows)
    )
    return Status.CLEAN


def _rows(policy: Policy) -> Iterator[tuple[str, str]]:
    """Lines of YAML, and where what they say was written."""
    for layer in policy.layers:
        yield f"# layer: {layer}", ""
    for key in ("fail_on", "inline", "waiver_horizon"):
        setting = getattr(policy, key)
        yield f"{key}: {setting.value}", str(setting.origin)
    yield from _rules(policy)
    for key in ("rule_folders", "lock"):
        settings = getattr(policy, key)
        if settings:
            yield f"{key}:", ""
        yield from ((f"  - {_quoted(s.value)}", str(s.origin)) for s in settings)
    yield from _road(policy)
    yield from _records("controls", policy.controls)
    yield from _records("waivers", policy.waivers)


def _road(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.paved_road:
        yield "paved_road:", ""
    for kind in dict.fromkeys(kind for kind, _ in policy.paved_road):
        yield f"  {kind}:", ""
        for one, setting in policy.paved_road:
            if one == kind:
                yield f"    - {_quoted(setting.value)}", str(setting.origin)


def _rules(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.rules:
        yield "rules:", ""
    for rule in dict.fromkeys(level.rule for level in policy.rules):
        yield f"  {rule}:", ""
        levels = [level for level in policy.rules if level.rule == rule]
        for level in levels:
            if not level.path:
                yield f"    severity: {level.word}", str(level.origin)
        if any(level.path for level in levels):
            yield "    paths:", ""
        for level in levels:
            if level.path:
                text = f"      - {{path: {_quoted(level.path)}, severity: {level.word}}}"
                yield text, str(level.origin)


def _records(key: str, records: Sequence[Elsewhere | Waiver]) -> Iterator[tuple[str, str]]:
    """Controls or waivers, each with its own lines."""
    if records:
        yield f"{key}:", ""
    for record in records:
        lead, where = "  - ", str(record.origin)
        for name, value in record._asdict().items():
            if name in ("origin", "fault") or not value:
                continue
            text = value if name in ("until", "expires") else _quoted(value)
            yield f"{lead}{name}: {text}", where
            lead, where = "    ", ""


def _quoted(text: str) -> str:
    """A text as YAML that no reader takes for anything else."""
    import json  # noqa: PLC0415  JSON's texts are YAML's

    return json.dumps(text, ensure_ascii=False)


@command.command()
@_path
@option
def audit(path: str, policy_file: str | None) -> int:
    """List the waivers that are unused, expired, faulty, soon to expire, or too broad.

    PATH is a repository, by default the current folder. Exits with 1 where there is one.
    """
    from pipelaw.scan import scan  # noqa: PLC0415  `show` judges nothing
    from pipelaw.waivers import audit as audited  # noqa: PLC0415

    policy = in_force((path,), policy_file)
    trees = repositories(path)
    if len(trees) > 1:
        raise UsageError(f"{path}: audit one repository at a time")
    report = scan((path,), rulebook=rulebook(policy), policy=policy)
    remarks = audited(policy, report.findings, trees[0].prefix)
    console.write(
        "".join(_line(r.waiver.origin, r.waiver.rule, r.kind, r.message) for r in remarks)
    )
    wrong = len({remark.waiver for remark in remarks})
    console.write(f"{len(policy.waivers)} waivers, {wrong} to look at\n")
    return Status.FOUND if remarks else Status.CLEAN


def _line(origin: Origin, rule: str, kind: str, message: str) -> str:
    return f"{origin}: {kind}: the waiver for {rule}: {message}\n"
