"""Scripts that hide what they run, or hand a shell to another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shells import BOURNE
from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from pipelaw.model import Script

_SHELL = rf"(?:sudo\s+)?(?:/bin/|/usr/bin/)?{BOURNE}"
_DECODED = r"base64\s+(?:-d|-D|--decode|-di)\b[^\n|;&]{0,200}"

_PROGRAM = rf"(?:sudo\s+)?(?:/bin/|/usr/bin/)?(?:{BOURNE}|python[\d.]*|perl|ruby|node|php)"
_STDIN = r"(?=\s*(?:-\s*)?(?:\Z|[\n;|&)`\"']))"
"""Nothing more than that: with a module or code of its own, a program reads what is piped into it as data."""

_HEX = r"(?:printf|echo\s+-e)\s+[\"'](?:\\x[0-9a-fA-F]{2}){4}"

_DECODES = "runs what it decodes, so nobody who reads it sees what that is"
_CONNECTED = "connects a shell to another machine, which then gives the orders"
_TURNED = "has a hidden character that turns text round, so what runs is not what is seen"
_TURNING = pattern("[\u202a-\u202e\u2066-\u2069]")
_NETCAT = pattern(
    rf"\b(?:nc|ncat|netcat)\s[^\n;|&]{{0,200}}(?<=\s)(?:-e|-c|--exec)\s*[\"']?(?:/bin/|/usr/bin/)?{BOURNE}\b"
    rf"|\b{BOURNE}\s+-i\s*(?:2>&1\s*)?\|\s*(?:nc|ncat|netcat|telnet)\s"
    rf"|\b(?:nc|ncat|netcat|telnet)\s[^\n;|&]{{1,200}}\|\s*{_SHELL}\b(?![\w.-])"
)
_INTERACTIVE = pattern(r"[\"']/bin/(?:ba)?sh -i(?:\s*<&|[\"']\s*[)}])")

_SIGNS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "base64",
        _DECODES,
        pattern(
            rf"\b{_DECODED}(?:\|\s*(?:gunzip|zcat|xz -d|bzip2 -d)[^\n|;&]{{0,40}})?\|\s*{_SHELL}\b(?![\w.-])"
            rf"|\b{_DECODED}\|\s*{_PROGRAM}{_STDIN}"
            rf"|\b(?:eval|{_PROGRAM}\s+-\w*[cer])\s+[\"']?(?:\$\(|`)(?:[^\n)`$]|\$(?!\()){{0,4000}}\b{_DECODED}[)`]"
            rf"|\b{_PROGRAM}\s+<\((?:[^\n)`$]|\$(?!\()){{0,4000}}\b{_DECODED}\)"
        ),
    ),
    (
        "base64",
        _DECODES,
        pattern(
            r"\b(?:exec|eval)\s*\([^\n]{0,120}?\bb64decode\s*\(\s*b?[\"'\\]"
            r"|\beval\s*\(\s*Buffer\.from\s*\(\s*[\"'][^\"'\n]{0,4000}[\"']\s*,\s*[\"']base64"
        ),
    ),
    (
        "\\x",
        _DECODES,
        pattern(
            rf"\b(?:eval|{_SHELL}\s+-c)\s+[\"']?(?:\$\(|`)\s*{_HEX}"
            rf"|\b{_HEX}[^\n|;&]{{0,4000}}\|\s*{_SHELL}\b(?![\w.-])"
        ),
    ),
    (
        " -enc",
        _DECODES,
        pattern(
            r"(?i)\b(?:powershell|pwsh)(?:\.exe)?\s[^\n|;&]{0,100}?-enc(?:odedcommand)?\s+[\"']?[a-z0-9+/]{24}"
        ),
    ),
    (
        "FromBase64String",
        _DECODES,
        pattern(r"(?i)\b(?:iex|invoke-expression)\b[^\n]{0,160}?frombase64string\s*\(\s*[\"']"),
    ),
    (
        "/dev/tcp/",
        _CONNECTED,
        pattern(
            rf"\b{BOURNE}\s+-i\b[^\n]{{0,60}}/dev/tcp/|/dev/tcp/[^\n]{{1,200}}<&\d|\bexec\s+\d+<>\s*/dev/tcp/"
        ),
    ),
    *((program, _CONNECTED, _NETCAT) for program in ("nc ", "ncat ", "netcat ", "telnet ")),
    (
        "socat ",
        _CONNECTED,
        pattern(
            rf"\bsocat\s[^\n]{{0,200}}\b(?i:exec|system):[\"'\\]*(?:/bin/|/usr/bin/)?{BOURNE}\b"
        ),
    ),
    (
        "dup2(",
        _CONNECTED,
        pattern(rf"\bdup2\([^\n]{{0,300}}[\"'](?:/bin/|/usr/bin/)?{BOURNE}[\"']"),
    ),
    ("/bin/sh -i", _CONNECTED, _INTERACTIVE),
    ("/bin/bash -i", _CONNECTED, _INTERACTIVE),
    (
        "TCPClient",
        _CONNECTED,
        pattern(r"(?i)\bsockets\.tcpclient\b[^\n]{0,900}\b(?:iex|invoke-expression)\b"),
    ),
    (
        "xxd ",
        _DECODES,
        pattern(
            rf"\bxxd\s+(?:-\w+\s+){{0,3}}-(?:r|r?p)\b[^\n|;&]{{0,60}}\|\s*{_SHELL}\b(?![\w.-])"
        ),
    ),
    ("rev ", _DECODES, pattern(rf"\brev\s*\|\s*{_SHELL}\b(?![\w.-])")),
)
"""What a script has that does it, why that matters, and the pattern."""


def concealed(scripts: Iterable[Script]) -> tuple[Flaw, ...]:
    """The commands of scripts that keep from their readers what is run."""
    found = []
    for script in scripts:
        text = script.text
        if not text.isascii() and (turn := _TURNING.search(text)):
            place = script.source_text.place(*turn.span())
            shown = f"U+{ord(turn[0]):04X}"
            found.append(Flaw(kind="concealed", text=shown, detail=_TURNED, place=place))
        for sign, why, how in _SIGNS:
            for match in how.finditer(text) if sign in text else ():
                line = text.rfind("\n", 0, match.start()) + 1
                if not text[line : match.start()].lstrip().startswith("#"):
                    place = script.source_text.place(*match.span())
                    shown = " ".join(match[0].split())
                    found.append(Flaw(kind="concealed", text=shown, detail=why, place=place))
    return tuple(found)
