"""What a script starts with when foreign text is followed through it, and what it did with the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelaw.facts.shell_sinks import Sink
    from pipelaw.facts.taint import Taint, Value


class Write(NamedTuple):
    """A text that is written to a file, and the command that writes it."""

    value: Value
    start: int
    end: int


class Given(NamedTuple):
    """What a script starts with."""

    variables: Mapping[str, Taint] = {}
    """Foreign text by the name of the variable that holds it, in lower case."""
    templates: Sequence[tuple[int, int, Taint | None]] = ()
    """What is pasted in before the shell reads it: where it is, and whose text it is."""
    stores: Mapping[str, str] = {}
    """Variables that name a file with a meaning of its own, in lower case, and the meaning."""
    produce: Callable[[Sequence[str], Sequence[str]], Taint | None] = lambda _words, _files: None
    """Whose text a command prints that asks somebody else for it, by its words, and by the same as
    file names."""
    file: Callable[[str], Taint | None] = lambda _path: None
    """Whose text a file of the workspace holds."""
    made: Mapping[str, Sequence[Write]] = {}
    """Files with foreign text that were written before, by name."""
    picked: Callable[[Taint, str], Taint | None] = lambda answer, _query: answer
    """What a query picks from the JSON that a forge answered."""


class Effects(NamedTuple):
    """What a script did."""

    sinks: list[Sink]
    files: dict[str, list[Write]]
    """What was written, by the meaning of the file in `Given.stores`, or its name."""
    printed: list[Write]
    """What no command and no file took."""
