"""Where scripts hold secrets: assignments, options, logins, headers and addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.secret_names import Meaning, meaning
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Held(NamedTuple):
    """A text at a place where only a secret can be, from `start` up to, not including, `end`."""

    name: str
    """The variable, option, header or address that holds it."""
    meaning: Meaning
    start: int
    end: int
    login: bool = False
    """It logs in somewhere, so that a plain word is a password, too."""
    user: str = ""
    """Who logs in with it."""


SHORTEST = 12
"""Shorter texts hold no name and value together: `password=hunter2` has a few more."""

_KEYWORDS = ("key", "token", "pass", "secret", "auth", "cred", "pwd")
_PROGRAMS = ("login", "curl", "mysql", "twine", "sqlcmd", "securestring")


def possible(text: str) -> bool:
    """Whether a text may hold a secret at one of these places."""
    options = " -" in text
    if not (options or "=" in text or ":" in text or "||" in text or "set " in text):
        return False
    low = text.lower()
    # a generator in any() would take three times as long
    for word in _KEYWORDS:
        if word in low:
            return True
    if options:
        for word in _PROGRAMS:
            if word in low:
                return True
    return "@" in low and "://" in low


def held(text: str) -> Iterator[Held]:
    """The places of secrets in a text; what is there may still be an expansion."""
    # lower() must not change the length, as it does for a few letters
    low = (text if text.isascii() else text.encode("ascii", "replace").decode()).lower()
    if "://" in low and "@" in low:
        yield from _addresses(text)
    yield from _logins(text, low)
    done = 0
    for at in sorted(_occurrences(low)):
        if at >= done:
            found, done = _assigned(text, at)
            if found:
                yield found


def _occurrences(low: str) -> Iterator[int]:
    for word in _KEYWORDS:
        at = low.find(word)
        while at >= 0:
            yield at
            at = low.find(word, at + len(word))


_TAIL = pattern(r"[\w.-]*")
_SEPARATOR = pattern(
    r"""(?:\\?["']\]?)?[ \t]{0,4}(?:=>|:=|=(?![=~>])|:(?![:/=-]))[ \t]{0,4}"""
    r"""|[ \t]*\|\|[ \t]*(?=["'])|(?P<default>:-)|(?P<tag>>)|(?P<space>[ \t]{1,4})"""
)
_VALUE = pattern(r"""\\?["']([^"'\n\\]+)|([^\s"'`;&|,(){}\[\]<>\\]+)""")
_SCHEME = pattern(
    r"""["']?(?:(?:bearer|basic|token|bot|apikey|api-key|digest|negotiate)[ \t]+|pass:)""",
    re.IGNORECASE,
)
_ENDS = frozenset("=:\"' \t\\|>")


def _assigned(text: str, at: int) -> tuple[Held | None, int]:
    """What is assigned to the name that has index `at`, and where to look on."""
    tail = _TAIL.match(text, at)
    end = tail.end() if tail else at
    if text[end : end + 1] not in _ENDS:
        return None, end
    start = _begin(text, at)
    begin = _after(text, start, end)
    if not begin:
        return None, end
    name = text[start:end].strip(".-")
    what = meaning(name)
    if scheme := _SCHEME.match(text, begin):
        begin = scheme.end()
    value = _VALUE.match(text, begin)
    if not (what.level and value):
        return None, end
    place = value.span(1 if value[1] else 2)
    # a short value may be another name with its value: `key = env.API_TOKEN || "…"`
    return Held(name, what, *place), value.end() if place[1] - place[0] > 60 else end


def _after(text: str, start: int, end: int) -> int:
    """Where the value of the name from `start` to `end` begins, 0 where none is assigned to it."""
    found = _SEPARATOR.match(text, end)
    if not found:
        return 0
    fits = True
    if found["space"]:  # `--password x`, `set PASSWORD x`
        fits = text[start] == "-" or text.endswith("set ", max(start - 4, 0), start)
    elif found["tag"]:  # `<password>x</password>`
        fits = text.endswith("<", 0, start)
    elif found["default"]:  # `${PASSWORD:-x}`
        fits = text.endswith("${", 0, start)
    return found.end() if fits else 0


def _begin(text: str, at: int) -> int:
    """Where the name that has index `at` begins."""
    stop = max(at - 60, 0)
    while at > stop and (text[at - 1].isalnum() or text[at - 1] in "_.-"):
        at -= 1
    return at


_PASSWORD = Meaning("password")
_DATABASE_PASSWORD = Meaning("password", database=True)
_LOCAL_PASSWORD = Meaning("password", local=True, database=True)
_TOKEN = Meaning("key")


class _Login(NamedTuple):
    """How a program takes a password."""

    gate: str
    """A text in lower case that is wherever it is called."""
    program: re.Pattern[str]
    """A call with its arguments."""
    option: re.Pattern[str]
    """Group `value` is the password, group `user` who it is of."""
    meaning: Meaning = _PASSWORD


# the rest of a command: over escaped line ends, up to a lone `|`, `;` or `&`
_ARGUMENTS = r"[ \t](?:[^\n\\|;&]++|\\[\s\S]|[|;&](?![\s|&]))*+"
_VALUE_OF = r"""["']?(?P<user>)(?P<value>[^\s"'\\]+)"""
_USER_AND_VALUE = r"""["']?(?P<user>[^\s"':\\]*):(?P<value>[^\s"'\\]+)"""


def _login(gate: str, option: str, program: str = "", meaning: Meaning = _PASSWORD) -> _Login:
    called = pattern((program or gate) + _ARGUMENTS)
    return _Login(gate, called, pattern(rf"(?<!\S)(?:{option})"), meaning)


_DASH_P = r"(?:-p|--password)(?:[ =]{1,2}|(?=[^\s-]))" + _VALUE_OF
_LOGINS = (
    _login("login", _DASH_P),
    _login("twine", _DASH_P, "twine upload"),
    _login("sshpass", r"-p[ \t]*" + _VALUE_OF),
    _login("curl", r"(?:-[A-Za-z]{0,5}[uU]|--user|--proxy-user)[ =]{0,2}" + _USER_AND_VALUE),
    _login("mysql", "-p" + _VALUE_OF, "mysql(?:admin|dump|import|show)?", _DATABASE_PASSWORD),
    _login("sqlcmd", r"-P[ \t]*" + _VALUE_OF, meaning=_DATABASE_PASSWORD),
)
# what needs no program: a file that curl and git read, a PowerShell function, a scanner's property
_PLACES = (
    ("login", "password", pattern(r"""login\s+\S+\s+password\s+(["']?)([^\s"'\\]+)""")),
    ("sonar.login", "sonar.login", pattern(r"""sonar\.login["']?[=:](["']?)([^\s"'\\]{20,})""")),
    (
        "securestring",
        "ConvertTo-SecureString",
        pattern(r"""(?i:securestring[ \t]+(?:-string[ \t]+)?)(["'])([^"'\n]+)"""),
    ),
)


_PIPED = pattern(
    r"""\b(?:echo(?:[ \t]+-n)?|printf(?:[ \t]+["']?%s(?:\\n)?["']?)?)[ \t]+"""
    r"""["']?(?P<value>[^\s"'$`|\\]+)["']?[ \t]*\|"""
    r"""(?P<reader>[^\n|;&]{0,200}?[ \t]--?(?:password|pass|token)-stdin\b[^\n|;&]{0,200})"""
)


def _piped(text: str) -> Iterator[Held]:
    """The passwords that programs are told to read from what is printed: `echo … | … --password-stdin`."""
    for match in _PIPED.finditer(text):
        what = _LOCAL_PASSWORD if _NEARBY.search(match["reader"]) else _PASSWORD
        yield Held("standard input", what, *match.span("value"), login=True)


def _logins(text: str, low: str) -> Iterator[Held]:
    if "-stdin" in low:
        yield from _piped(text)
    for login in _LOGINS:
        if login.gate in low:
            yield from _called(login, text)
    for gate, name, shape in _PLACES:
        if gate in low:
            for match in shape.finditer(text):
                yield Held(name, _PASSWORD, *match.span(2), login=True)


def _called(login: _Login, text: str) -> Iterator[Held]:
    """The passwords that the calls of one program are given."""
    for command in login.program.finditer(text):
        begin, end = command.span()
        # a look behind in the pattern would rob it of its quick search
        if text[begin - 1 : begin].isalnum() or text[begin - 1 : begin] in ("-", "_"):
            continue
        local = _NEARBY.search(command[0])
        what = _LOCAL_PASSWORD if local and login.gate != "login" else login.meaning
        for match in login.option.finditer(text, begin, end):
            name = f"{_program(text, begin)}{login.gate}"
            yield Held(name, what, *match.span("value"), login=True, user=match["user"])


def _program(text: str, at: int) -> str:
    """The word before index `at` where what follows is only a program's subcommand."""
    if not text.startswith("login", at):
        return ""
    return "".join(f"{word} " for word in text[max(at - 40, 0) : at].split()[-1:])


_NEARBY = pattern(
    r"://(?:[^\s/@]*@)?(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker|[\w-]+(?:[:/\s\"']|$)"
    r"|[\w.-]+\.(?:local|localhost|localdomain|test|svc|invalid)(?![\w.-]))"
    r"|\blocalhost\b"
)
_USER = pattern(r"""([^\s/@:"'<>]*)(?::([^\s/@"'<>]*))?@([\w.\[\]:-]*)""")
_NO_PASSWORD = frozenset({None, "", "x-oauth-basic", "x"})


def _addresses(text: str) -> Iterator[Held]:
    """The secrets in `scheme://user:password@host` and `scheme://token@host`."""
    at = text.find("://")
    while at >= 0:
        match = _USER.match(text, at + 3)
        # docker://image:tag@sha256:… is no login, and the user of Sentry's addresses is public
        if match and not match[3].startswith("sha256:") and "sentry" not in match[3]:
            yield _address(match)
        at = text.find("://", at + 3)


def _address(match: re.Match[str]) -> Held:
    name = f"address of {match[3]}" if match[3] else "address"
    if match[2] in _NO_PASSWORD:
        return Held(name, _TOKEN, *match.span(1))
    near = _LOCAL_PASSWORD if _NEARBY.match("://" + match[3]) else _PASSWORD
    return Held(name, near, *match.span(2), login=True, user=match[1])
