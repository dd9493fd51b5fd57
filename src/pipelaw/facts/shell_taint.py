"""What becomes of foreign text in a shell script: followed through variables, pipes and files.

The script is run in the abstract: every statement once, in order, both branches of a condition;
loops once. What a branch assigns cannot clean a variable, as the branch may not be taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipelaw.facts import shell_words
from pipelaw.facts.shell_bash import tree_of
from pipelaw.facts.shell_programs import Call, output, sinks
from pipelaw.facts.taint import UNKNOWN, Taint, Value, narrowed, taints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tree_sitter import Node


class Given(NamedTuple):
    """What a script starts with."""

    variables: Mapping[str, Taint] = {}
    """Foreign text by the name of the variable that holds it, in lower case."""
    templates: Sequence[tuple[int, int, Taint | None]] = ()
    """What is pasted in before the shell reads it: where it stands, and whose text it is."""
    stores: Mapping[str, str] = {}
    """What is written to a file that one of these variables names: its kind, by lower-case name."""
    produce: Callable[[Sequence[str]], Taint | None] = lambda _words: None
    """Whose text a command prints that asks somebody else, by its words."""
    file: Callable[[str], Taint | None] = lambda _path: None
    """Whose text a file of the workspace holds."""


class Sink(NamedTuple):
    """A place where foreign text does harm."""

    kind: str
    """script, argument or address."""
    taint: Taint
    start: int
    end: int


class Write(NamedTuple):
    """A text that is written to a file."""

    value: Value
    start: int
    end: int


class Effects(NamedTuple):
    """What a script did."""

    sinks: list[Sink]
    files: dict[str, list[Write]]
    """What was written, by file: a kind of `Given.stores`, or a name."""
    printed: list[Write]


_DEEPEST = 60
_MOST = 20_000
"""How deep and how many nodes of a tree are looked at."""
_CALLS = 3
"""How many functions of the script call each other."""
_NEGATED = re.compile(r"//?#?%?\[\^([^\]]*)\]")
_NEWLINE = re.compile(r"//?(?:\$'\\[nr]'|\\n|\$\{?NL)")
_HARMLESS = re.compile(r"(?:\[:(?:alnum|alpha|digit|upper|lower|xdigit):\]|a-z|A-Z|0-9|\\?[\w./:@,+=-])*\Z")
_HARMLESS_SPACE = " "


def run(code: str, given: Given) -> Effects:
    """Follow foreign text through a script of the Bourne family."""
    shell = _Shell(code, given)
    for root, offset in tree_of(code):
        shell.offset = offset
        start = offset
        value = shell.execute(root, ())
        if value:
            shell.effects.printed.append(Write(value, start, len(code)))
    return shell.effects
