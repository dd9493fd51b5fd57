"""Where a command takes foreign text for code, for an option, or for an address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts import shell_words
from pipelaw.facts.taint import Taint, Value, plain, strongest, taints
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.facts.shell_effects import Write
    from pipelaw.facts.shell_programs import Call
    from pipelaw.words import Harm


class Sink(NamedTuple):
    """A place where foreign text does harm."""

    kind: Harm
    """script, argument, address or repository."""
    taint: Taint
    start: int
    end: int


_PROGRAMMED = frozenset(("awk", "sed"))
"""Languages of programs that are data for most people, and can still start commands."""
_OPTIONS = {
    "git": frozenset(
        "archive blame checkout clone diff fetch grep log ls-remote merge pull push rebase reset"
        " rev-list rev-parse shortlog show submodule switch".split()
    ),
    "gh": frozenset(("api", "workflow")),
    **dict.fromkeys(
        "7z aria2c bundle cargo composer curl docker dotnet ffmpeg find g++ gcc gmake go gradle helm hg just"
        " make man mvn mysql nmap npm npx openssl pip pip3 pnpm psql pytest rclone rsync scp sed sqlite3 ssh"
        " svn tar task tcpdump terraform tmux unzip uv vim wget xargs yarn zip".split(),
        frozenset[str](),
    ),
}
"""Programs with options that run code or write files, and the subcommands that have them."""
_OPERANDS = {"docker": 2, "npx": 1}
"""Programs after whose first operands everything is for what they start."""
_FETCHERS = frozenset(("curl", "wget", "http", "https", "httpie", "aria2c", "nc", "ncat"))
_CLONING = {"git": (("clone",), ("remote", "add")), "gh": (("repo", "clone"),)}
"""Programs that fetch a repository by its address, and the words that it follows."""
PROGRAMS = frozenset((*shell_words.RUNNING, *_OPTIONS, *_FETCHERS, *_CLONING))
"""Every program that can do harm with a text."""
HARMED = pattern(shell_words.naming(PROGRAMS))
"""Found in every script, in lower case, that names one of them, and in some others."""
_HOSTED = pattern(r"(?:https?://)?[^/?#]*\Z", re.IGNORECASE)
_VALUED = frozenset(
    "-d --data --data-raw --data-binary --data-urlencode --json -F --form -H --header -u --user -A"
    " --user-agent -b --cookie -e --referer -X --request -o --output -O --output-document -T"
    " --upload-file -m --max-time --retry -w --write-out --post-data --body-data".split()
)


_ARGUMENTS = {
    "docker": frozenset("-t --tag --name --label -l --build-arg -e --env".split()),
    "find": frozenset(
        "-name -iname -path -ipath -wholename -regex -iregex -lname -type -newer -mtime -mmin -size -user"
        " -group -perm -maxdepth -mindepth -samefile".split()
    ),
    "git": frozenset("-m --message -b -B --author --grep --since --until".split()),
    "helm": frozenset("-n --namespace --set --set-string --version".split()),
    "npm": frozenset(("--tag",)),
    "pytest": frozenset(("-k", "-m")),
}
"""Options of programs whose next word is a value whatever it begins with, and no code."""
_STARTS = pattern(
    r"(?:\b(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath)|alias\.[\w-]+|diff\.external|credential\.helper"
    r"|sequence\.editor|gpg(?:\.\w+)?\.program|filter\.[\w-]+\.(?:clean|smudge))"
    r"|\b(?:Proxy|Local|KnownHosts)Command"
    r"|--(?:to-command|use-compress-program|rsh|rsync-path|upload-pack|receive-pack|compress-program))\s*=\s*!?\Z"
    r"|--checkpoint-action=exec=\Z",
    re.IGNORECASE,
)
"""What comes before a value that is a command to its program."""
_STARTING = {
    "rsync": frozenset(("-e", "--rsh", "--rsync-path")),
    "tar": frozenset(("-I", "--to-command", "--use-compress-program")),
    "git": frozenset(("--upload-pack", "--receive-pack")),
}
"""The same where it is the next word."""
_SETS = pattern(r"[A-Za-z_]\w*[:+?!]?=")
_EXPANDING = frozenset(("gmake", "just", "make", "task"))
"""Programs that paste the values of `NAME=value` into the commands that they run."""
_READS = pattern(r"(?P<option>-F|--field=)?[\w.\[\]][\w.\[\]-]*=\Z")
_READING = frozenset(("-F", "--field"))
"""Options of `gh` with a value that is the content of a file where it begins with `@`."""
_PASSED_ON = frozenset(("-exec", "-execdir", "-ok", "-okdir"))
"""Options of `find` behind which everything is another command's, up to a semicolon."""


def sinks(
    call: Call, spans: Sequence[tuple[int, int]], files: Mapping[str, Sequence[Write]]
) -> Iterator[Sink]:
    """The places of one command at which foreign text arrives; `files` are those of the script."""
    reading = shell_words.reading([call.name, *call.words[1:]])
    first = next((piece for piece in call.arguments[0] if piece != ""), "")
    if not isinstance(first, str):
        yield from _sink("script", (first,), spans[0])
    at = reading.file if reading.language in shell_words.EXECUTING else 0
    yield from _sink("script", _program(call, at, files), spans[max(at, 0)])
    kind: Harm = "argument" if reading.language in _PROGRAMMED else "script"
    seen = set()
    for index in reading.code:
        if index < len(call.arguments):
            yield from _sink(kind, _read(reading.language, call.arguments[index]), spans[index])
            seen.add(index)
    if reading.stdin and reading.language not in _PROGRAMMED:
        read = _read(reading.language, call.stdin)
        yield from _sink("script", read, (spans[0][0], spans[-1][1]))
    if call.name in _FETCHERS:
        for index, sink in _addresses(call, spans):
            yield sink
            seen.add(index)
    yield from _repositories(call, spans)
    if call.name in _OPTIONS:
        yield from _among_options(call, spans, seen)


def _read(language: str, code: Value) -> Value:
    """What an interpreter reads as code of a text; a shell does not what is quoted for it."""
    if language != "bash" and language in shell_words.EXECUTING:
        return code
    return tuple(piece for piece in code if isinstance(piece, str) or not piece.quoted)


def _program(call: Call, at: int, files: Mapping[str, Sequence[Write]]) -> Value:
    """What a file holds that a command runs, where the script itself made it."""
    if at < 0 or at >= len(call.words):
        return ()
    if call.files[at].startswith("<("):
        return call.arguments[at]
    path = call.words[at]
    if not files or (at == 0 and "/" not in path):
        return ()
    path = path.removeprefix("./")
    wrote = files.get(path) or files.get(f"./{path}") or ()
    return tuple(piece for write in wrote for piece in write.value)


def filled(words: Sequence[str], arguments: Sequence[Value], stdin: Value) -> list[Value]:
    """The words after `xargs -I{}`, with what it reads in the place of the mark."""
    read = strongest(taints(stdin))
    mark = replacing(words)
    if read is None or not mark:
        return list(arguments)
    return [
        tuple(
            part
            for piece in value
            for part in (_put(piece, mark, read) if isinstance(piece, str) else (piece,))
        )
        for value in arguments
    ]


def replacing(words: Sequence[str]) -> str:
    """The mark that `xargs -I{}` replaces by what it reads; "" where it puts that behind the last word."""
    at = next((at for at, word in enumerate(words) if word[:2] == "-I"), -1)
    return "" if at < 0 else words[at][2:] or (*words[at + 1 : at + 2], "")[0]


def _put(text: str, mark: str, read: Taint) -> Iterator[str | Taint]:
    first, *rest = text.split(mark)
    yield first
    for more in rest:
        yield read
        yield more


def _sink(kind: Harm, value: Value, span: tuple[int, int]) -> Iterator[Sink]:
    found = strongest(taint for taint in taints(value) if not taint.pasted)
    if found is not None:
        yield Sink(kind, found, *span)


def _addresses(call: Call, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Sink]]:
    """Words that say where to connect to, with foreign text in the place of the host."""
    before = ""
    for index, value in enumerate(call.arguments):
        word = call.words[index]
        if index and before not in _VALUED and word[:1] != "-":
            leading: list[str | Taint] = []
            for piece in value:
                if not isinstance(piece, str):
                    if _HOSTED.match(plain(tuple(leading))) and piece.charset != "branch":
                        for sink in _sink("address", (piece,), spans[index]):
                            yield index, sink
                    break
                leading.append(piece)
        before = word


def _repositories(call: Call, spans: Sequence[tuple[int, int]]) -> Iterator[Sink]:
    """The address in `git clone`, `git remote add` and `gh repo clone`."""
    if call.name not in _CLONING:
        return
    operands = [index for index, word in enumerate(call.words) if index and word[:1] != "-"]
    for verb in _CLONING[call.name]:
        if [call.words[index] for index in operands[: len(verb)]] == [*verb]:
            behind = len(verb) + (verb == ("remote", "add"))  # the name that it gets comes between
            for index in operands[behind : behind + 1]:
                yield from _sink("repository", call.arguments[index], spans[index])


def _among_options(call: Call, spans: Sequence[tuple[int, int]], seen: set[int]) -> Iterator[Sink]:
    """Words that are options, or can become some; `seen` are those that were looked at."""
    for index, sink in _started(call, spans):
        yield sink
        seen.add(index)
    yield from _options(call, spans, seen | _passed_on(call))


def _started(call: Call, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Sink]]:
    """Values of options that a program starts as commands."""
    nexts = _STARTING.get(call.name, frozenset())
    for index, value in enumerate(call.arguments[1:], 1):
        at = next((at for at, piece in enumerate(value) if not isinstance(piece, str)), -1)
        if at < 0:
            continue
        before, begin = call.words[index - 1], plain(value[:at])
        if before in nexts or _STARTS.search(begin) or _taken(call.name, before, begin):
            for sink in _sink("argument", value, spans[index]):
                yield index, sink


def _taken(program: str, before: str, begin: str) -> bool:
    """Whether a program expands what follows a beginning, or reads the file that it names."""
    if program in _EXPANDING:
        return _SETS.match(begin) is not None
    read = _READS.match(begin) if program == "gh" else None
    return read is not None and (read["option"] is not None or before in _READING)


def _passed_on(call: Call) -> set[int]:
    """The words that `find` hands to the commands that it starts."""
    found: set[int] = set()
    inside = False
    for index, word in enumerate(call.words) if call.name == "find" else ():
        inside = (inside and word not in (";", "\\;", "+")) or word in _PASSED_ON
        if inside:
            found.add(index)
    return found


def _options(call: Call, spans: Sequence[tuple[int, int]], seen: set[int]) -> Iterator[Sink]:
    """Words that begin with foreign text, so that they can become options."""
    words = call.words
    subcommands = _OPTIONS[call.name]
    operands = [word for word in words[1:] if word[:1] != "-"]
    if subcommands and (not operands or operands[0] not in subcommands):
        return
    left = _OPERANDS.get(call.name, len(words))
    for index, value in enumerate(call.arguments):
        if words[index] == "--" or left == 0:
            return
        left -= bool(index) and words[index][:1] != "-"
        first = next((piece for piece in value if piece != ""), "")
        free = not isinstance(first, str) and first.charset != "branch"
        split = any(taint.charset == "words" for taint in taints(value))
        before = words[index - 1] if index else ""
        option = (before in _VALUED or before in _ARGUMENTS.get(call.name, ())) and not split
        if index and index not in seen and (free or split) and not option:
            yield from _sink("argument", value, spans[index])
