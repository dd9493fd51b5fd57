"""The program that a command of package managers is about at last, and what it is told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLISHING: dict[str, tuple[str, ...]] = {
    "npm": ("publish",),
    "pnpm": ("publish",),
    "yarn": ("npm publish", "publish"),
    "bun": ("publish",),
    "cargo": ("publish",),
    "twine": ("upload",),
    "uv": ("publish",),
    "poetry": ("publish",),
    "hatch": ("publish",),
    "pdm": ("publish",),
    "flit": ("publish",),
    "maturin": ("publish", "upload"),
    "gem": ("push",),
    "nuget": ("push",),
    "dotnet": ("nuget push",),
}
"""What publishes packages: the program, and the words that have to follow it."""
_RUNNERS: dict[str, tuple[str, ...]] = {
    "bundle": ("exec",),
    "corepack": (),
    "bunx": (),
    "npx": (),
    "uvx": (),
    "uv": ("run", "tool run"),
    "pipx": ("run",),
    "poetry": ("run",),
    "pdm": ("run",),
    "pipenv": ("run",),
    "hatch": ("run",),
    "pnpm": ("exec", "dlx"),
    "yarn": ("exec", "dlx", "run"),
    "bun": ("x",),
}
"""Programs that run another one, and the words that its name follows."""
_FETCHING = frozenset({"uvx", "pipx"})
"""Those of them that fetch the program, whatever the project has."""
_FOLLOWED = frozenset("--package -p --from --spec --with --python".split())
"""Options of these programs with a value of their own."""
_CHOOSING = frozenset("--from --include --exclude --since --jobs -j".split())
"""Options with a value that choose among the workspaces of yarn."""
_TAKING = frozenset(
    "--prefix --cwd --dir -C --package -p --workspace --filter --directory --project".split()
)
"""Options before the word that says what to do, with a value of their own."""


_NUMBERED = pattern(r"\A(pip|python)[23][\d.]*\Z")


class Call(NamedTuple):
    """A command without what only runs it: `bundle exec gem push` is gem's."""

    name: str
    words: tuple[str, ...]
    """The words after the name."""


def called(name: str, words: Sequence[str]) -> tuple[Call, ...]:
    """The program that a command is about at last, and before it the one that fetches that program."""
    name, rest = _plain(name), tuple(words[1:])
    fetching: tuple[Call, ...] = ()
    for _ in range(3):
        if name in ("python", "py") and rest[:1] == ("-m",) and len(rest) > 1:
            name, rest = _plain(rest[1]), rest[2:]
            continue
        inner = _inner(name, rest)
        if inner is None:
            break
        if name in _FETCHING:
            fetching = (Call(name, rest),)
        name, rest = _plain(rest[inner]), rest[inner + 1 :]
    if name == "cargo":
        rest = tuple(word for word in rest if not word.startswith("+"))
    return (*fetching, Call(name, _in_workspace(rest) if name == "yarn" else rest))


def _in_workspace(rest: tuple[str, ...]) -> tuple[str, ...]:
    """What yarn does in one of its workspaces, or in each."""
    if rest[:1] == ("workspace",):
        return rest[2:]
    if rest[:2] != ("workspaces", "foreach"):
        return rest
    rest = rest[2:]
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in _CHOOSING else 1 :]
    return rest


def _plain(name: str) -> str:
    """The program's name, without the version that a runner is given with it."""
    name = name.removesuffix(".exe")
    if "@" in name[1:] or "==" in name:
        name = name.partition("==")[0]
        name = name[:1] + name[1:].partition("@")[0]
    return _NUMBERED.sub(r"\1", name) if name.startswith("p") else name


def _inner(name: str, rest: tuple[str, ...]) -> int | None:
    """The index of the program that a runner runs, where it is one that matters here."""
    if name not in _RUNNERS:
        return None
    for words in _RUNNERS[name] or ("",):
        wanted = tuple(words.split())
        if rest[: len(wanted)] == wanted:
            for index in range(len(wanted), len(rest)):
                if not rest[index].startswith("-") and rest[index - 1] not in _FOLLOWED:
                    inner = _plain(rest[index])
                    return index if inner in PUBLISHING or inner in ("pip", "npm") else None
    return None


def after(call: Call, table: dict[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]] | None:
    """The words of the table that a call begins with, flags aside, and what follows them."""
    for words in table.get(call.name, ()):
        wanted = words.split()
        rest = list(call.words)
        before: list[str] = []
        while wanted and rest and (rest[0] == wanted[0] or rest[0].startswith("-")):
            word = rest.pop(0)
            if word == wanted[0]:
                wanted.pop(0)
                continue
            before.append(word)
            if word in _TAKING or (word == "-w" and call.name == "npm"):
                before += rest[:1]
                del rest[:1]
        if not wanted:
            return words, (*before, *rest)
    return None
