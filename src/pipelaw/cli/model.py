"""`pipelaw model`: what rules can see."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from pipelaw.cli import Status, console
from pipelaw.document import MAX_BYTES, Place, Problem, Text, decode
from pipelaw.errors import UnreadableError, UsageError
from pipelaw.loaders import LOADERS, Loaded, load
from pipelaw.records import field_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.tree import Tree
    from pipelaw.vocabulary import Field


@click.command()
@click.argument("file", required=False)
@click.option(
    "--as",
    "platform",
    type=click.Choice(list(LOADERS)),
    help="The platform of standard input, or of a file whose place does not tell.",
)
def command(file: str | None, platform: str | None) -> int:
    """Print what rules can see: the vocabulary, or one file in it.

    With FILE, or - for standard input, the pipelines that pipelaw reads from it, as JSON, and what
    it could not read or resolve; exits with 3 where there is something that could not be read.
    """
    if file is None:
        console.write(_vocabulary(console.room()))
        return Status.CLEAN
    loaded = _loaded(file, platform or "")
    console.write(json.dumps(plain(loaded), indent=2, ensure_ascii=False) + "\n")
    return Status.INCOMPLETE if loaded.problems else Status.CLEAN


def _vocabulary(width: int) -> str:
    """The vocabulary for people to read: one paragraph for each kind, one row for each field."""
    from pipelaw.report.terminal import table, wrap  # noqa: PLC0415  the other half of this command
    from pipelaw.vocabulary import vocabulary  # noqa: PLC0415

    blocks = []
    for kind in vocabulary():
        rows = [(f"    {field.name}", field.type, _explained(field)) for field in kind.fields]
        about = f"{kind.name}: {kind.text}"
        blocks.append("\n".join([*(wrap(about, width) if width else [about]), *table(rows, width)]))
    return "\n\n".join(blocks) + "\n"


def _explained(field: Field) -> str:
    """What a field says, and which words it can be."""
    words = ", ".join(word or '""' for word in field.words)
    return (
        f"{field.text} One of {words}."
        if words and field.text
        else f"One of {words}."
        if words
        else field.text
    )


def _loaded(file: str, platform: str) -> Loaded:
    try:
        tree, path, known = _stream(file, platform) if _streamed(file) else _file(file, platform)
        return load(known, decode(path, tree.read(path)), tree)
    except UnreadableError as error:
        return Loaded((), (Problem.of(error),))


def _streamed(file: str) -> bool:
    from pipelaw.folders import special  # noqa: PLC0415  see command

    return file == "-" or special(file)


def _stream(file: str, platform: str) -> tuple[Tree, str, str]:
    """What standard input or a pipe gives, its name, and its platform."""
    from pipelaw.scanner import STDIN, streamed  # noqa: PLC0415  see command
    from pipelaw.tree import MemoryTree  # noqa: PLC0415

    if not platform:
        what = "standard input" if file == "-" else file
        raise UsageError(f"{what} needs --as, to say whose pipeline it is")
    if file == "-":
        return MemoryTree({STDIN: console.read(MAX_BYTES + 1)}, partial=True), STDIN, platform
    return *streamed(file), platform


def _file(file: str, platform: str) -> tuple[Tree, str, str]:
    """The repository of a file, its path there, and its platform."""
    from pipelaw.discover import find, repositories  # noqa: PLC0415  see command

    [tree, *others] = repositories(file)
    candidates = () if others else find(tree)
    if len(candidates) != 1 or not tree.named:
        raise UsageError(f"{file}: name one file, not a folder")
    path, known = candidates[0].path, platform or candidates[0].platform
    if not known:
        *names, last = LOADERS
        raise UsageError(
            f"{file}: its name tells no platform; say --as {', '.join(names)} or {last}"
        )
    return tree, path, known


def plain(value: object) -> object:
    """A value of the model as JSON knows values; a place becomes its span, or null."""
    if isinstance(value, Place):
        return value.span()._asdict() if value.known else None
    if isinstance(value, Text):
        return value.text
    if field_names(type(value)):
        return dict(_fields(value))
    if isinstance(value, (Loaded, Problem)):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def _fields(record: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401  any record
    """The fields of a record, and what it works out when asked, but for its own identity."""
    for field in field_names(type(record)):
        yield field, plain(getattr(record, field))
    for parent in type(record).__mro__:
        for name, member in vars(parent).items():
            if isinstance(member, property) and name != "identity":
                yield name, plain(getattr(record, name))
