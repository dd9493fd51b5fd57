"""What a command's words mean: the wrappers before the program, and what an interpreter takes for code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.shells import SHELLS
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VALUED = {
    "sudo": "ugphCrtTUDR",
    "doas": "uC",
    "env": "uC",
    "time": "fo",
    "nice": "n",
    "ionice": "cnp",
    "exec": "a",
    "xargs": "nIPLdaEs",
    "timeout": "ks",
    "stdbuf": "ioe",
    "xvfb-run": "senfp",
    "retry": "tsmdxu",
    "flock": "wE",
}
_VALUED |= dict.fromkeys(
    "nohup command builtin setsid chronic unbuffer eatmydata fakeroot dbus-run-session winpty arch"
    " caffeinate busybox travis_retry linux32 linux64 gosu su-exec chroot !".split(),
    "",
)
"""Programs that run the program named after them, and their one-letter options with a value."""
WRAPPERS = frozenset(_VALUED)
"""The programs that `program` looks past."""
_OPERANDS = {"timeout": 1, "gosu": 1, "su-exec": 1, "flock": 1, "chroot": 1}
_LONG_VALUED = frozenset(
    "--user --group --host --prompt --chdir --signal --kill-after --max-args --max-procs --delimiter"
    " --unset --adjustment --class --classdata --arg-file --max-lines --times --delay --tries --rcfile"
    " --init-file --require --import --loader --server-args --format --output".split()
)
_ASSIGNMENT = pattern(r"[A-Za-z_]\w*\+?=")
_COUNT = pattern(r"\d+[smhd]?\Z")


def program(words: Sequence[str]) -> int:
    """The index of the program that runs in the end, after `sudo -E`, `env A=b`, `timeout 5`."""
    at = 0
    while True:
        wrapper = name(words[at])
        valued = _VALUED.get(wrapper)
        if valued is None or (wrapper == "command" and words[at + 1 : at + 2] in (["-v"], ["-V"])):
            return at
        behind = _after(words, at + 1, valued, _OPERANDS.get(wrapper, 0))
        if behind >= len(words) or (wrapper == "flock" and words[behind] == "-c"):
            return at
        at = behind


def _after(words: Sequence[str], at: int, valued: str, operands: int) -> int:
    """The index after the options, assignments and own operands of a wrapper."""
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word[:1] == "-" and len(word) > 1:
            at += 2 if word in _LONG_VALUED or (word[1] != "-" and word[-1] in valued) else 1
        elif _ASSIGNMENT.match(word) or (not operands and _COUNT.match(word)):
            at += 1
        else:
            break
    return at + operands


def name(word: str) -> str:
    """The program that a word names: without its folder, quotes and `.exe`."""
    tail = word
    if "/" in word or "\\" in word:
        tail = word.replace("\\", "/").rpartition("/")[2]
        if not tail or tail.count("{") != tail.count("}") or tail.count("(") != tail.count(")"):
            return word
    return tail[:-4] if tail[-4:].lower() == ".exe" else tail


class Reading(NamedTuple):
    """What an interpreter takes for code."""

    language: str = ""
    """bash, pwsh, or the interpreter's own name; "" for a program that is no interpreter."""
    code: tuple[int, ...] = ()
    """The indexes of the words that are code."""
    file: int = -1
    """The index of the word that names the file it runs, -1 for none."""
    stdin: bool = False
    """It runs what it reads from its standard input."""
    remote: bool = False
    """It does so on another machine."""


NO_READING = Reading()
_SHELL_WORDS = frozenset(
    [*SHELLS, *(f"{folder}/{shell}" for folder in ("/bin", "/usr/bin") for shell in SHELLS)]
)
_STDIN = frozenset(("-", "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"))


class _Options(NamedTuple):
    """The options of an interpreter, by letter and by name."""

    code: str = ""
    """Followed by code, in the same word or the next."""
    valued: str = ""
    """Followed by a value, in the same word or the next."""
    attached: str = ""
    """The rest of the word is a value."""
    stop: str = ""
    """It will run neither its input nor a file that is named."""
    long_code: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    """Followed by the file that it runs."""
    stdin: bool = True
    """Without a file it runs its input."""
    operand: str = "file"
    """What the first operand is: file, code, or nothing."""


_INTERPRETERS = {
    "python": _Options("c", "WXQ", stop="mVh"),
    "node": _Options("ep", "rC", stop="cvhi", long_code=("--eval", "--print")),
    "perl": _Options("eE", "I", "iMmxFCD", stop="cvh"),
    "ruby": _Options("e", "rIC", "ixFTW0EK", stop="cvh"),
    "php": _Options("rBRE", "dczt", stop="SlvmihH", file=("-f", "--file")),
    "lua": _Options("e", "l", stop="vi"),
    "Rscript": _Options("e", stdin=False),
    "java": _Options(stop="v", file=("-jar",), stdin=False, operand=""),
    "awk": _Options(valued="vF", file=("-f", "--file"), stdin=False, operand="code"),
    "sed": _Options(
        "e", "l", "i", file=("-f",), long_code=("--expression",), stdin=False, operand="code"
    ),
    "psql": _Options(
        "c", "dfhopUvFPRTL", long_code=("--command",), file=("-f", "--file"), operand=""
    ),
    "mysql": _Options("e", "DhPSu", "p", long_code=("--execute",), operand=""),
    "mongosh": _Options(long_code=("--eval",), valued="up", operand=""),
    "su": _Options("c", "sgGw", long_code=("--command",), operand=""),
}
_ALIASES = {
    "nodejs": "node",
    "bun": "node",
    "pypy": "python",
    "py": "python",
    "gawk": "awk",
    "mawk": "awk",
    "nawk": "awk",
    "gsed": "sed",
    "mariadb": "mysql",
    "mongo": "mongosh",
    "runuser": "su",
    "pwsh-preview": "pwsh",
    "powershell": "pwsh",
    "iex": "Invoke-Expression",
    "invoke-expression": "Invoke-Expression",
}
_VERSIONED = pattern(r"(python|pypy|perl|ruby|php|lua|node)-?\d[\d.]*\Z")
EXECUTING = frozenset("python node perl ruby php lua Rscript java bash pwsh cmd".split())
"""Languages that can do anything, unlike awk, sed and the dialects of databases."""


def reading(words: Sequence[str]) -> Reading:
    """What a command takes for code; its program is the first word."""
    if not words:
        return NO_READING
    program_name = name(words[0])
    versioned = _VERSIONED.match(program_name)
    program_name = versioned[1] if versioned else program_name
    program_name = _ALIASES.get(program_name, _ALIASES.get(program_name.lower(), program_name))
    if program_name in SHELLS:
        return _shell(words, 1)
    options = _INTERPRETERS.get(program_name)
    if options is not None:
        return _interpreter("bash" if program_name == "su" else program_name, words, options)
    special = _SPECIAL.get(program_name)
    if special is not None:
        return special(words)
    if program_name in STARTERS and ("/" not in words[0] or words[0].startswith(("/bin", "/usr"))):
        from pipelaw.facts.shell_starters import started  # noqa: PLC0415  few scripts use one

        code, remote = started(program_name, words)
        if code:
            return Reading("bash", code=code, remote=remote)
    return NO_READING if _SHELL_WORDS.isdisjoint(words) else _carried(words)


def _shell(words: Sequence[str], at: int) -> Reading:
    """`bash -euo pipefail -c 'code'`, `sh -s`, `bash script.sh`: words from `at` are its arguments."""
    coded = stdin = False
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word[:2] == "--":
            at += 2 if word in _LONG_VALUED else 1
            continue
        if word[:1] not in ("-", "+") or len(word) == 1:
            break
        if word[0] == "-" and "n" in word and word != "-login":
            return Reading("bash")  # only checks the syntax
        coded = coded or "c" in word
        stdin = stdin or "s" in word
        at += 1 + word.lower().count("o") * (word not in ("-login", "-norc", "-noprofile"))
    if coded:
        return Reading("bash", code=(at,) if at < len(words) else ())
    if stdin or at >= len(words) or words[at] in _STDIN:
        return Reading("bash", stdin=True)
    return Reading("bash", file=at)


def _interpreter(language: str, words: Sequence[str], options: _Options) -> Reading:
    code: list[int] = []
    at = 1
    # what follows `--` are the arguments of code that comes from standard input
    while at < len(words) and words[at] != "--":
        word = words[at]
        if word in options.file:
            return Reading(language, file=at + 1 if at + 1 < len(words) else -1)
        if word[:1] == "-" and len(word) > 1:
            kind, width = _option(word, options)
            if kind == "stop":
                return Reading(language)
            if kind == "code" and at + width <= len(words):
                code.append(at + width - 1)
            at += width
        elif options.operand:
            break
        else:
            at += 1
    if code:
        return Reading(language, code=tuple(code))
    return _operand(language, words, at, options)


def _operand(language: str, words: Sequence[str], at: int, options: _Options) -> Reading:
    """What the first operand of an interpreter is, or that there is none."""
    if at >= len(words) or words[at] in _STDIN or words[at] == "--" or not options.operand:
        return Reading(language, stdin=options.stdin)
    if options.operand == "code":
        return Reading(language, code=(at,))
    return Reading(language, file=at)


def _option(word: str, options: _Options) -> tuple[str, int]:
    """Whether an option brings code, stops the interpreter or neither, and how many words it takes."""
    long, equals, _ = word.partition("=")
    if long in options.long_code:
        return "code", 1 if equals else 2
    if word[1] == "-":
        return "", 2 if word in _LONG_VALUED else 1
    for index, letter in enumerate(word[1:], 2):
        kind = next((kind for kind in _LETTERS if letter in getattr(options, kind)), "")
        if kind:
            return kind, 2 if index == len(word) and kind in ("code", "valued") else 1
    return "", 1


_LETTERS = ("code", "stop", "valued", "attached")


def _eval(words: Sequence[str]) -> Reading:
    return Reading("bash", code=tuple(range(1, len(words))))


def _trap(words: Sequence[str]) -> Reading:
    """`trap code signal …`: run when the signal comes."""
    code = (1,) if len(words) > 2 and words[1][:1] != "-" else ()
    return Reading("bash", code=code)


def _source(words: Sequence[str]) -> Reading:
    if len(words) > 1 and words[1] in _STDIN:
        return Reading("bash", stdin=True)
    return Reading("bash", file=1 if len(words) > 1 else -1)


def _pwsh(words: Sequence[str]) -> Reading:
    """`pwsh -NoProfile -Command …`, `powershell -File f`, `pwsh script.ps1`."""
    at = 1
    while at < len(words):
        word = words[at].lower()
        if word[:1] not in ("-", "/") or len(word) == 1:
            break
        option = word[1:]
        if "command".startswith(option):
            behind = words[at + 1 : at + 2]
            stdin = list(behind) in ([], ["-"])
            return Reading(
                "pwsh", code=() if stdin else tuple(range(at + 1, len(words))), stdin=stdin
            )
        if "file".startswith(option):
            return Reading("pwsh", file=at + 1 if at + 1 < len(words) else -1)
        if option.startswith("enc") or option in ("e", "ec"):
            return Reading("pwsh")
        at += 2 if option.startswith(("ex", "ep", "wi", "ver", "work", "inputf", "outputf")) else 1
    if at >= len(words) or words[at] == "-":
        return Reading("pwsh", stdin=True)
    if name(words[0]).lower() == "pwsh" or words[at].lower().endswith(".ps1"):
        return Reading("pwsh", file=at)
    return Reading("pwsh", code=tuple(range(at, len(words))))


def _sqlite(words: Sequence[str]) -> Reading:
    """`sqlite3 file.db 'code'`."""
    operands = [at for at, word in enumerate(words[1:], 1) if word[:1] != "-"]
    return Reading("sqlite3", code=tuple(operands[1:]), stdin=len(operands) == 1)


def _expression(words: Sequence[str]) -> Reading:
    """PowerShell's `Invoke-Expression`."""
    at = 2 if len(words) > 2 and words[1].lower().startswith("-c") else 1
    return Reading("pwsh", code=tuple(range(at, len(words))), stdin=at >= len(words))


def _cmd(words: Sequence[str]) -> Reading:
    for at, word in enumerate(words[1:], 1):
        if word[:2].lower() in ("/c", "/k"):
            return Reading("cmd", code=tuple(range(at + 1, len(words))))
    return Reading("cmd", stdin=True)


def _ssh(words: Sequence[str]) -> Reading:
    """`ssh [options] host [command …]`: the command's words are code for the host's shell."""
    at = 1
    while at < len(words) and words[at][:1] == "-" and len(words[at]) > 1:
        at += 2 if words[at][-1] in "bcDEeFIiJLlmOopQRSWw" and words[at][1] != "-" else 1
    rest = tuple(range(at + 1, len(words)))
    inner = reading(" ".join(words[at + 1 :]).split()) if rest else NO_READING
    stdin = not rest or inner.stdin
    return Reading("bash", code=rest, stdin=stdin and at < len(words), remote=True)


def _carried(words: Sequence[str]) -> Reading:
    """A shell named among the arguments of another program: `docker exec -i box sh -c 'code'`."""
    carrier = name(words[0])
    if carrier in _MENTIONING:
        return NO_READING
    for at in range(1, len(words) - 1):
        if words[at] in _SHELL_WORDS and (words[at + 1][:1] == "-" or carrier in _PIPING):
            found = _shell(words, at + 1)
            if found.code or carrier in _PIPING:
                return found._replace(remote=carrier == "kubectl")
    if carrier in _PIPING and words[-1] in _SHELL_WORDS:
        return Reading("bash", stdin=True, remote=carrier == "kubectl")
    return NO_READING


_MENTIONING = frozenset(
    "echo printf grep egrep which type command apt apt-get apk yum dnf brew pacman dpkg chsh usermod"
    " useradd adduser cp mv ln ls cd export test [ git shellcheck".split()
)
"""Programs that take a shell's name as a word like any other."""
_PIPING = frozenset("docker podman nerdctl kubectl lxc apptainer singularity".split())
"""Programs that hand their standard input to the shell that they start."""

_SPECIAL = {
    "eval": _eval,
    "trap": _trap,
    "source": _source,
    ".": _source,
    "ssh": _ssh,
    "sqlite3": _sqlite,
    "pwsh": _pwsh,
    "Invoke-Expression": _expression,
    "cmd": _cmd,
}
STARTERS = frozenset(
    "ansible concurrently flock gcloud hyperfine nix-shell nodemon parallel parallel-ssh pdsh pssh"
    " script sg tmux vagrant watch".split()
)
"""Programs that hand words of theirs to a shell, and are no interpreters."""
RUNNING = frozenset((*SHELLS, *_INTERPRETERS, *_ALIASES, *_SPECIAL, *STARTERS))
"""The programs that `reading` knows to take words, a file or their input for code."""


def naming(programs: Iterable[str]) -> str:
    """The text of a pattern that is found in a script, in lower case, if it names one of some programs."""
    words = "|".join(sorted(re.escape(program.lower()) for program in programs))
    return rf"(?<![a-z])(?:{words})(?![a-z])".replace(r"\.|", r"\.(?=\s)|")


CODING = pattern(naming(RUNNING))
"""Found in every script, in lower case, that names a program of `RUNNING`, and in some others."""
