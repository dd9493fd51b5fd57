"""`pipelaw policy`: what the policy in force says, and whether its waivers are still needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pipelaw.asked import AskedTree
from pipelaw.cli import Status, console
from pipelaw.cli.law import Law, policy_option
from pipelaw.discover import displayed, find, repositories
from pipelaw.errors import UsageError
from pipelaw.policy import Policy, Waiver
from pipelaw.report.safe import inert, one_line, visible
from pipelaw.rules import spelled
from pipelaw.waivers import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.policy import Elsewhere, Given, Level
    from pipelaw.repository import Work
    from pipelaw.suppress import File
    from pipelaw.tree import FolderTree


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> int:
    """Show the policy in force, or audit its waivers."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        return Status.ERROR
    return Status.CLEAN


_path = click.argument("path", default=".")


@command.command()
@_path
@policy_option
def show(path: str, policy_file: str | None) -> int:
    """Print the effective policy, with the origin of every value.

    PATH is a repository, by default the current folder.
    """
    found = _rows(in_force(repository(path), policy_file))
    rows = [(visible(text), visible(where)) for text, where in found]
    width = min(max(len(text) for text, _ in rows), 60)
    console.write(
        "".join(f"{text:{width}}  # {where}\n" if where else f"{text}\n" for text, where in rows)
    )
    return Status.CLEAN


def repository(path: str) -> FolderTree:
    """The one repository that a path stands for, or is in; raises UsageError where that is unclear."""
    trees = repositories(path)
    if not trees:
        raise UsageError(f"{path}: there is no repository")
    # of a folder with pipelines, the checkouts in it are no part
    own = next((tree for tree in trees if tree.root == os.path.realpath(path)), None)
    if own is None and len(trees) > 1:
        first = displayed(trees[0].root)
        raise UsageError(f"{path}: there are several repositories: name one, such as {first}")
    tree = own or trees[0]
    if tree.closed:
        raise UsageError(f"{path}: {tree.closed}")
    return tree


def in_force(tree: FolderTree, file: str | None = None) -> Policy:
    """The policy of a repository, or the one that is named; the default one where there is none."""
    return Law(file).policy(tree) or Policy(console.today())


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
        yield from ((f"  - {spelled(s.value)}", str(s.origin)) for s in settings)
    yield from _road(policy)
    yield from _records("controls", policy.controls, policy)
    yield from _records("waivers", policy.waivers, policy)


def _road(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.paved_road:
        yield "paved_road:", ""
    for kind in dict.fromkeys(kind for kind, _ in policy.paved_road):
        yield f"  {kind}:", ""
        for one, setting in policy.paved_road:
            if one == kind:
                yield f"    - {spelled(setting.value)}", str(setting.origin)


def _rules(policy: Policy) -> Iterator[tuple[str, str]]:
    named = [level.rule for level in policy.rules] + [one.rule for one in policy.parameters]
    if named:
        yield "rules:", ""
    for rule in dict.fromkeys(named):
        yield f"  {rule}:", ""
        yield from _levels([level for level in policy.rules if level.rule == rule])
        yield from _parameters([given for given in policy.parameters if given.rule == rule])


def _levels(levels: Sequence[Level]) -> Iterator[tuple[str, str]]:
    for level in levels:
        if not level.path:
            yield f"    severity: {level.word}", str(level.origin)
    if any(level.path for level in levels):
        yield "    paths:", ""
    for level in levels:
        if level.path:
            text = f"      - {{path: {spelled(level.path)}, severity: {level.word}}}"
            yield text, str(level.origin)


def _parameters(parameters: Sequence[Given]) -> Iterator[tuple[str, str]]:
    if parameters:
        yield "    parameters:", ""
    for given in parameters:
        yield f"      {given.name}: {spelled(given.value)}", str(given.origin)


def _records(
    key: str, records: Sequence[Elsewhere | Waiver], policy: Policy
) -> Iterator[tuple[str, str]]:
    """Controls or waivers, each with its own lines."""
    if records:
        yield f"{key}:", ""
    for record in records:
        lead, where = "  - ", str(record.origin)
        for name, value in record._asdict().items():
            if name in ("origin", "fault") or not value:
                continue
            text = value if name in ("until", "expires") else spelled(value)
            yield f"{lead}{name}: {text}", where
            lead, where = "    ", ""
        wrong = fault(record, policy) if isinstance(record, Waiver) else ""
        if wrong:
            yield f"    # does not count: {wrong}", ""


@command.command(short_help="List the waivers, controls and comments that need a look.")
@_path
@policy_option
def audit(path: str, policy_file: str | None) -> int:
    """List what is unused, expired, faulty, soon to expire, or too broad of waivers and comments.

    Of controls that work elsewhere, those that have expired or soon will.

    PATH is a repository, by default the current folder. Exits with 1 where it lists one.
    """
    from pipelaw.audit import of_comments, of_controls, of_waivers  # noqa: PLC0415  `show` judges nothing
    from pipelaw.ignores import comments  # noqa: PLC0415
    from pipelaw.report.summary import count  # noqa: PLC0415
    from pipelaw.repository import Work, scan_repository  # noqa: PLC0415

    tree = repository(path)
    if tree.named:
        raise UsageError(f"{path}: name a repository: what a part of it does not use may be needed")
    policy = in_force(tree, policy_file)
    book = Law(policy_file).rulebook(policy.rule_files)
    noted = AskedTree(tree)
    work = Work(noted, tree.prefix, tuple(find(noted)), policy, today=policy.today)
    part = scan_repository(work, book.under(policy))
    files = _files(work, noted)
    known = [rule.id for rule in book.rules]
    remarks = [
        *of_waivers(policy, part.findings, tree.prefix),
        *of_controls(policy),
        *of_comments(policy, part.findings, files, known),
    ]
    lines = (one_line(f"{r.origin}: {r.kind}: {r.subject}: {r.message}") for r in remarks)
    console.write("".join(f"{inert(line)}\n" for line in lines))
    said = sum(not one.foreign for file in files.values() for one in comments(file))
    wrong = len({(remark.origin, remark.subject) for remark in remarks})
    counts = [(len(policy.waivers), "waiver"), (len(policy.controls), "control")]
    listed = ", ".join(count(number, noun) for number, noun in counts)
    console.write(f"{listed} and {count(said, 'comment')}, {wrong} to look at\n")
    return Status.FOUND if remarks else Status.CLEAN


def _files(work: Work, tree: AskedTree) -> dict[str, File]:
    """The YAML files that were read of a tree, by path as reports show it."""
    from pipelaw.repository import file_of, read_files  # noqa: PLC0415  as above

    read = read_files(work)
    start = f"{work.prefix}/" if work.prefix else ""
    paths = (start + path for path in tree.texts if path.endswith((".yml", ".yaml")))
    return {path: file_of(work, read, path) for path in list(paths)}
