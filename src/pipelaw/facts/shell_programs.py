"""What the usual programs print of the text that they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.shell_checks import narrow
from pipelaw.facts.shell_environment import coded, substituted
from pipelaw.facts.shell_expansions import harmless
from pipelaw.facts.shell_queries import labelled
from pipelaw.facts.taint import UNKNOWN, Taint, Value, bounded, narrowed, plain, quoted, taints
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell
    from pipelaw.words import Charset


class Call(NamedTuple):
    """A command that is about to run."""

    name: str
    words: list[str]
    """The program and its arguments, with UNKNOWN for what is not said in the script."""
    arguments: list[Value]
    """The same in pieces."""
    files: list[str]
    """The same as file names: by their meaning, or as written."""
    stdin: Value
    node: Node


def output(shell: Shell, call: Call) -> Value:
    """What a command prints; UNKNOWN for programs of which nothing is known."""
    if call.name in ("gh", "jq"):
        named = labelled(call.words, lambda words: _known(shell, call._replace(words=words)))
        return _known(shell, call) if named is None else named
    return _known(shell, call)


def _known(shell: Shell, call: Call) -> Value:
    if (known := _PROGRAMS.get(call.name)) is not None:
        return known(shell, call)
    return (shell.given.produce(call.words, call.files) or UNKNOWN,)


def _echo(_: Shell, call: Call) -> Value:
    at = 1
    escapes = newline = False
    while at < len(call.words) and call.words[at] in ("-n", "-e", "-E", "-ne", "-en"):
        escapes = escapes or "e" in call.words[at]
        newline = newline or "n" in call.words[at]
        at += 1
    found: list[str | Taint] = []
    for index, value in enumerate(call.arguments[at:]):
        if index:
            found.append(" ")
        found += (_unescaped(p) if escapes and isinstance(p, str) else p for p in value)
    return tuple(found) if newline else (*found, "\n")


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")


_DIRECTIVE = pattern(r"%[-+ #0]*\d*(?:\.\d+)?([%a-zA-Z])")


def _printf(shell: Shell, call: Call) -> Value:
    values = call.arguments[1:]
    if len(values) > 1 and plain(values[0]) == "-v":
        shell.assign(plain(values[1]), _formatted(values[2:]))
        return ()
    if values and plain(values[0]) == "--":
        values = values[1:]
    return _formatted(values)


def _formatted(values: Sequence[Value]) -> Value:
    """The format with the arguments in it, repeated as long as there are arguments."""
    if not values:
        return ()
    left = list(values[1:])
    found: list[str | Taint] = []
    while True:
        before = len(left)
        for piece in values[0]:
            found += _filled(_unescaped(piece), left) if isinstance(piece, str) else (piece,)
        if not left or len(left) == before:
            return tuple(found)


def _filled(text: str, left: list[Value]) -> list[str | Taint]:
    found: list[str | Taint] = []
    at = 0
    for match in _DIRECTIVE.finditer(text):
        found.append(text[at : match.start()])
        at = match.end()
        if match[1] == "%":
            found.append("%")
            continue
        value: Value = left.pop(0) if left else ()
        if match[1] in "sb":
            found += value
        elif match[1] == "q":
            found += quoted(value)
        else:
            found.append(UNKNOWN)
    found.append(text[at:])
    return found


def _read(shell: Shell, call: Call) -> Value:
    """`read -r A B`, `mapfile -t A`: variables from standard input."""
    charset: Charset = (
        "text" if call.name != "read" or "''" in call.words or "-d" in call.words else "line"
    )
    taken = narrowed(call.stdin, charset)
    for word in call.words[1:] if len(call.words) > 1 else ("REPLY",):
        if word[:1] != "-" and word.isidentifier():
            shell.assign(word, taken)
    return ()


def _tee(shell: Shell, call: Call) -> Value:
    for file in call.files[1:]:
        if file[:1] != "-":
            shell.write(file, call.stdin, call.node)
    return call.stdin


def _copied(shell: Shell, call: Call) -> Value:
    """`cp` and `mv` of one file to another name."""
    names = [file for file in call.files[1:] if file[:1] != "-"]
    if len(names) == 2 and taints(held := shell.file(names[0])):
        shell.write(names[1].removeprefix("./"), held, call.node)
    return ()


def _through(shell: Shell, call: Call, skip: int = 0) -> Value:
    """What a program reads: its files, or its standard input."""
    operands = [file for file in call.files[1:] if file[:1] != "-" or file == "-"][skip:]
    if not operands or operands == ["-"]:
        return call.stdin
    return tuple(piece for file in operands for piece in shell.file(file))


def _passed(shell: Shell, call: Call) -> Value:
    return _through(shell, call)


def _first_lines(shell: Shell, call: Call) -> Value:
    """`head -n1`, `tail -1`: one line; otherwise as many as there are."""
    options = " ".join(call.words[1:])
    numbers = [word for word in call.words[1:] if word.lstrip("+").isdigit()]
    files = [file for file in call.files if file not in numbers]
    value = _through(shell, call._replace(files=files))
    single = re.search(r"(?:^|\s)-(?:n\s*|-lines[= ])?1(?:\s|$)|-c\s*\d", options)
    return narrowed(value, "line") if single else value


def _translated(_: Shell, call: Call) -> Value:
    """`tr` that drops or replaces line breaks, or keeps only harmless characters."""
    flags = "".join(word[1:] for word in call.words[1:] if word[:1] == "-" and word[1:].isalpha())
    sets = [word for word in call.words[1:] if not (word[:1] == "-" and word[1:].isalpha())]
    first = sets[0] if sets else ""
    kept = first.replace("\\n", "").replace("\n", "")
    if "c" in flags.lower():
        if harmless(kept) and ("d" in flags or len(sets) > 1):
            single = all(taint.charset != "text" for taint in taints(call.stdin))
            # what is on one line stays on one, whether line breaks are kept or not
            return (UNKNOWN,) if kept == first or single else call.stdin
        return call.stdin if kept != first else narrowed(call.stdin, "line")
    removed = "\\n" in first or "\n" in first or "[:space:]" in first or "[:cntrl:]" in first
    becomes = sets[1] if len(sets) > 1 and "d" not in flags else ""
    if removed and "\\n" not in becomes and ("d" in flags or becomes):
        return narrowed(call.stdin, "line")
    if "\\n" in becomes:
        return tuple(
            piece if isinstance(piece, str) else piece._replace(charset="text")
            for piece in call.stdin
        )
    return call.stdin


def _letters(call: Call) -> str:
    """The one-letter options of a command."""
    return "".join(word[1:] for word in call.words[1:] if word[:1] == "-" and word[1:2] != "-")


def _grep(shell: Shell, call: Call) -> Value:
    """What a pattern lets through; `-o` with a narrow one leaves nothing that could do harm."""
    letters = _letters(call)
    if "c" in letters or "q" in letters or "l" in letters.replace("line", ""):
        return (UNKNOWN,)
    operands = [word for word in call.words[1:] if word[:1] != "-"]
    pattern = operands[0] if operands else ""
    if "o" in letters and UNKNOWN not in pattern and narrow(pattern):
        return (UNKNOWN,)
    return _through(shell, call, skip=1)


def _edited(shell: Shell, call: Call) -> Value:
    """`sed`: what it reads, as far as is known."""
    scripted = any(word in ("-e", "--expression") for word in call.words)
    code = " ".join(word for word in call.words[1:] if word[:1] != "-")
    value = call.stdin if scripted and call.stdin else _through(shell, call, skip=1)
    removed = re.search(r"s(.)\[\^((?:\[:\w+:\]|[^\]])*)\](?:\\\+|\+|\*)?\1[\w-]?\1g", code)
    if removed is not None and harmless(removed[2]):
        # line by line: what is left of each can do no harm, but there may be several
        return (UNKNOWN,)
    single = re.search(r"(?:^|\s)'?1(?:p|q)|\$!?d", code)
    return narrowed(value, "line") if single and UNKNOWN not in code else value


_COUNTED = pattern(r"(?:END)?\s*\{\s*print\s+(?:length(?:\(\$0\))?|NR|NF)\s*\}\Z")


def _filtered(shell: Shell, call: Call) -> Value:
    """`awk`, `jq` and the like: a program first, then files."""
    taint = shell.given.produce(call.words, call.files)
    if taint is not None:
        return (taint,)
    value = _through(shell, call, skip=1)
    if call.name == "awk":
        return (UNKNOWN,) if _COUNTED.match(" ".join(call.words[1:])) else value
    if call.name == "jq":
        value = (*value, *_arguments(call))
    letters = _letters(call)
    raw = "r" in letters or "j" in letters or "--raw-output" in call.words
    named = {at + n for at, word in enumerate(call.words) if word in _NAMED for n in (1, 2)}
    given = enumerate(call.words[1:], 1)
    code = next((word for at, word in given if word[:1] != "-" and at not in named), "")
    if re.search(r"tonumber|length|@base64\b|@uri|@sh", code) or _scanned(code):
        return (UNKNOWN,)
    value = tuple(
        (shell.given.picked(piece, code) or UNKNOWN)
        if not isinstance(piece, str) and piece.answer
        else piece
        for piece in value
    )
    return value if raw else narrowed(value, "line")


def _scanned(code: str) -> bool:
    """Whether a program of `jq` gives what it scans for alone, which can do no harm."""
    found = re.search(r"\bscan\(\"([^\"]+)\"\)[\]\[\d\s]*\Z", code)
    return found is not None and narrow(found[1].replace("\\\\", "\\"))


_NAMED = frozenset(("--arg", "--argjson", "--rawfile", "--slurpfile"))
"""Options of `jq` that take a name and a value."""


def _arguments(call: Call) -> Iterator[str | Taint]:
    """What `jq` is handed beside its input: `--arg NAME VALUE`, `--args VALUE…`."""
    for at, word in enumerate(call.words):
        if word in ("--arg", "--argjson"):
            yield from (piece for value in call.arguments[at + 2 : at + 3] for piece in value)
        elif word in ("--args", "--jsonargs"):
            yield from (piece for value in call.arguments[at + 1 :] for piece in value)


def _joined(shell: Shell, call: Call) -> Value:
    """`xargs` alone: everything on one line."""
    return narrowed(call.stdin, "line") if len(call.words) < 2 else _passed(shell, call)


def _printed(shell: Shell, call: Call) -> Value:
    """`printenv NAME`: what variables hold."""
    return tuple(piece for word in call.words[1:] for piece in (*shell.variable(word), "\n"))


def _answered(_: Shell, call: Call) -> Value:
    """A language model: its answer follows the task, and what it was told to read."""
    return tuple(taints((*(piece for value in call.arguments[1:] for piece in value), *call.stdin)))


def _set(shell: Shell, call: Call) -> Value:
    """`set -- A B`: the arguments of the script."""
    if "--" in call.words:
        behind = call.arguments[call.words.index("--") + 1 :]
        shell.handed = [bounded(tuple(piece for value in behind for piece in value))]
    return ()


def _decoded(shell: Shell, call: Call) -> Value:
    """`base64 -d` gives any text, whatever it reads; encoded, a text can do no harm."""
    if not _DECODING.intersection(call.words):
        return (UNKNOWN,)
    return tuple(
        piece if isinstance(piece, str) else piece._replace(charset="text")
        for piece in _through(shell, call)
    )


_DECODING = frozenset(("-d", "-D", "--decode", "-di"))


def _nothing(_shell: Shell, _call: Call) -> Value:
    return ()


def _safe(_shell: Shell, _call: Call) -> Value:
    return (UNKNOWN,)


_PROGRAMS: dict[str, Callable[[Shell, Call], Value]] = {
    "echo": _echo,
    "printf": _printf,
    "read": _read,
    "mapfile": _read,
    "readarray": _read,
    "tee": _tee,
    "printenv": _printed,
    "set": _set,
    "head": _first_lines,
    "tail": _first_lines,
    "tr": _translated,
    "grep": _grep,
    "egrep": _grep,
    "rg": _grep,
    "sed": _edited,
    "gsed": _edited,
    **dict.fromkeys("awk gawk jq yq".split(), _filtered),
    "xargs": _joined,
    **dict.fromkeys(
        "cat tac sort uniq rev fold fmt nl less more strings expand iconv".split(), _passed
    ),
    **dict.fromkeys("cut paste column dos2unix".split(), _passed),
    "envsubst": substituted,
    **dict.fromkeys("basename dirname".split(), _echo),
    **dict.fromkeys("node python python3 ruby".split(), coded),
    **dict.fromkeys(
        (
            "agy aichat amp auggie claude cline cn codex copilot cursor-agent droid gemini goose"
            " kiro-cli llm ollama opencode qwen"
        ).split(),
        _answered,
    ),
    **dict.fromkeys(
        "wc sha1sum sha256sum sha512sum md5sum shasum date uuidgen openssl expr seq".split(),
        _safe,
    ),
    "base64": _decoded,
    **dict.fromkeys(
        "cd exit return true false : test [ sleep mkdir rm touch chmod unset shift".split(),
        _nothing,
    ),
    "cp": _copied,
    "mv": _copied,
}
"""What programs print; `produce` of what the script starts with is asked for the others."""
