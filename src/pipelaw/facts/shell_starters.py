"""Programs that hand words of theirs to a shell: `watch`, `script -c`, `tmux new-session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Starter(NamedTuple):
    """How a program is told what to start."""

    options: tuple[str, ...] = ()
    """Followed by a command, in the same word after `=` or in the next."""
    operands: bool = False
    """Its operands are the command."""
    valued: str = ""
    """One-letter options with a value, which is no operand."""
    long_valued: tuple[str, ...] = ()
    """Long options with a value of their own."""
    direct: frozenset[str] = frozenset()
    """With one of these it starts a program without a shell."""
    verbs: tuple[str, ...] = ()
    """The subcommands that start something; empty for a program without any."""
    remote: bool = False
    """On another machine."""


_TMUX = (
    "new-session new new-window neww split-window splitw respawn-pane run-shell run send-keys send"
)
_MULTIPLEXING = _Starter(operands=True, valued="sntcxyFe", verbs=tuple(_TMUX.split()))
_MANY_HOSTS = _Starter(operands=True, valued="hHlpotOwxuf", remote=True)
STARTERS = {
    "watch": _Starter(operands=True, valued="nq", direct=frozenset(("-x", "--exec"))),
    "parallel": _Starter(operands=True, valued="jPNLnSaI", long_valued=("--jobs", "--joblog")),
    "hyperfine": _Starter(
        operands=True,
        valued="wmMrspcnLu",
        long_valued=("--warmup", "--runs", "--min-runs", "--prepare", "--setup", "--command-name"),
        direct=frozenset(("-N", "--shell=none")),
    ),
    "concurrently": _Starter(operands=True, valued="ncmps", long_valued=("--names", "--success")),
    "script": _Starter(options=("-c", "--command")),
    "flock": _Starter(options=("-c", "--command")),
    "sg": _Starter(options=("-c",)),
    "tmux": _MULTIPLEXING,
    "nodemon": _Starter(options=("-x", "--exec")),
    "nix-shell": _Starter(options=("--run", "--command")),
    "vagrant": _Starter(options=("-c", "--command"), verbs=("ssh",), remote=True),
    "gcloud": _Starter(options=("--command",), verbs=("compute",), remote=True),
    "ansible": _Starter(options=("-a", "--args"), remote=True),
    "pdsh": _MANY_HOSTS,
    "pssh": _MANY_HOSTS,
    "parallel-ssh": _MANY_HOSTS,
}
"""By their names, which are those of `shell_words.STARTERS`."""


class Started(NamedTuple):
    """What such a program hands to a shell."""

    code: tuple[int, ...]
    """The indexes of the words."""
    remote: bool


def started(program: str, words: Sequence[str]) -> Started:
    """The words of a command that its program, one of `STARTERS`, hands to a shell."""
    starter = STARTERS[program]
    at = _behind(starter, words) if starter.verbs else 1
    if not at or not starter.direct.isdisjoint(words):
        return Started((), starter.remote)
    found = _operands(starter, words, at) if starter.operands else _options(starter, words)
    return Started(found, starter.remote)


def _behind(starter: _Starter, words: Sequence[str]) -> int:
    """The index behind the subcommand, 0 where it is another one."""
    return next((at + 1 for at, word in enumerate(words) if at and word in starter.verbs), 0)


def _options(starter: _Starter, words: Sequence[str]) -> tuple[int, ...]:
    for at, word in enumerate(words):
        option, equals, _ = word.partition("=")
        bundled = word[:1] == "-" and word[1:2] != "-" and f"-{word[-1]}" in starter.options
        if at and (option in starter.options or bundled):
            behind = at if equals else at + 1
            return (behind,) if behind < len(words) else ()
    return ()


def _operands(starter: _Starter, words: Sequence[str], at: int) -> tuple[int, ...]:
    while at < len(words) and words[at][:1] == "-":
        word = words[at]
        at += 1
        if word == "--":
            break
        short = word[1:2] != "-" and word[-1:] in starter.valued
        at += short or word in starter.long_valued
    # what follows `:::` is what GNU parallel puts into the command
    last = next((end for end in range(at, len(words)) if words[end].startswith(":::")), len(words))
    return tuple(range(at, last))
