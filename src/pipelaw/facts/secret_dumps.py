"""Commands that print: their words, variables by name, the environment as a whole or filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.secret_names import meaning
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.facts.shell_syntax import Simple

_PIECES = ("env", "Env:", "ENV:", "export -p", "declare -", "typeset -")
_DUMPS = pattern(
    r"\b(?:print)?env[ \t]*(?:[\n;&|)>\d]|\Z)|\bexport -p\b"
    r"|\b(?:declare|typeset) -[xp]+[ \t]*(?:[\n;&|)>]|\Z)"
    r"|/proc/(?:self|\$\$)/environ\b|[ \t]['\"]?(?:env|Env|ENV):(?!\w)"
)
PRINTERS = frozenset("echo printf cat write-host write-output write-information print".split())
"""Programs that print their words."""
_ALONE = frozenset({"printenv", "env"})
_LISTING = frozenset("gci dir ls get-childitem gi get-item".split())
_ARRANGERS = frozenset(
    "sort cat tee uniq sort-object out-string format-table ft format-list fl".split()
)
"""Programs that print all that they read."""
_FILTERS = frozenset({"grep", "egrep", "rg", "findstr"})


def may_dump(text: str) -> bool:
    """Whether a command of a script may print the whole environment: quick, and never wrongly False."""
    return any(piece in text for piece in _PIECES) and _DUMPS.search(text) is not None


def printing(simple: Simple) -> bool:
    """Whether a command prints its words, or variables by their names."""
    name = simple.name.lower()
    return name in PRINTERS or (name == "printenv" and len(simple.words) > 1)


def dumps(simple: Simple) -> bool:
    """Whether a command prints the whole environment."""
    name, words = simple.name.lower(), simple.words
    if name in _ALONE:
        return len(words) == 1
    if name == "export":
        return words[1:] == ["-p"]
    if name in ("declare", "typeset"):
        return len(words) == 2 and words[1][:1] == "-" and set(words[1][1:]) <= {"x", "p"}
    if name in _LISTING:
        return any(word.lower().rstrip("\\/*") == "env:" for word in words[1:])
    return name == "cat" and any(word.endswith("/environ") for word in words[1:])


def through(simple: Simple) -> Simple:
    """The command whose output holds all that one prints: itself, or the one that only puts it in order."""
    reader = simple.flow.consumer()
    return reader if reader is not None and reader.name.lower() in _ARRANGERS else simple


def filtered(simple: Simple, names: Iterable[str]) -> tuple[str, Simple] | None:
    """The variable among some that a filter after a command lets through, and the filter.

    "*" where the filter asks for what secrets are called, and nobody can say which there are.
    """
    reader = simple.flow.consumer()
    if reader is None or reader.name.lower() not in _FILTERS:
        return None
    wanted = [word.strip("^$=.*\\").upper() for word in reader.words[1:] if word[:1] != "-"][:1]
    found = (name for name in names for one in wanted if one and one in name.upper())
    name = next(found, "") or next(("*" for one in wanted if meaning(one).level), "")
    return (name, reader) if name else None
