"""Where a script, a variable or a setting tells a program to believe any server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.model import Script, Variable

_REST = r"(?:[^\n;&|\\]|\\[\s\S]){0,400}?"
"""What may stand between a program and one of its options."""

_WORD = r"(?:\b|(?<=\\[nt]))"
"""Where a word begins: also behind the escapes of `echo -e "Host *\\n\\tCheck no"`."""

_HOST, _SITE = "the key of an SSH server", "the certificate of a server"

_SIGNS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "StrictHostKey",
        _HOST,
        pattern(rf"{_WORD}StrictHostKeyChecking[=\s]\s*[\"']?(?:no|off)\b", re.IGNORECASE),
    ),
    ("KnownHostsFile", _HOST, pattern(rf"{_WORD}UserKnownHostsFile[=\s]\s*[\"']?/dev/null\b")),
    (
        "curl",
        _SITE,
        pattern(rf"\bcurl\s{_REST}(?<=\s)(?:--insecure|-[#fgiIjLnNOqRsSvZ]*k[a-zA-Z#]*)(?=\s|\Z)"),
    ),
    ("no-check-cert", _SITE, pattern(rf"\bwget\s{_REST}--no-check-certificate\b")),
    ("erify", _SITE, pattern(r"\bhttp\.ssl[Vv]erify[=\s]\s*[\"']?(?:false|0)\b")),
    ("VERIFY", _SITE, pattern(r"\b(?:GIT_SSL_NO_VERIFY|VAULT_SKIP_VERIFY)=[\"']?(?:1|true)\b")),
    ("HTTPSVERIFY", _SITE, pattern(r"\bPYTHONHTTPSVERIFY=[\"']?0\b")),
    ("REJECT_UNAUTHORIZED", _SITE, pattern(r"\bNODE_TLS_REJECT_UNAUTHORIZED=[\"']?0\b")),
    ("strict-ssl", _SITE, pattern(r"\bstrict-ssl[=\s]\s*[\"']?false\b")),
    ("trusted-host", _SITE, pattern(rf"\bpip3?\s{_REST}--trusted-host\b")),
    (
        "skip-tls-verify",
        _SITE,
        pattern(
            r"(?<![\w-])--[\w-]{0,30}skip-tls-verify(?:-pull)?(?:-registry=\S+|=[\"']?true\b)?(?![\w=-])"
        ),
    ),
    ("tls-verify=", _SITE, pattern(r"(?<![\w-])--(?:\w+-)?tls-verify=[\"']?(?:false|0)\b")),
)
"""What stands in a script that does it, what is not looked at then, and the pattern."""

_ASKED = pattern(r"\bssh-keyscan\b[^\n]{0,400}known_hosts\b")
"""The key is taken from whoever answers, once for each run."""

_HERE = pattern(r"https?://(?:localhost|127\.\d|\[::1\]|0\.0\.0\.0)")

SWITCHES = {
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "VAULT_SKIP_VERIFY": ("1", "true"),
    "PYTHONHTTPSVERIFY": ("0",),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
}
"""Variables that programs look at, and the values that switch the check off."""

_SETTINGS = frozenset(
    "skip_verify skip_tls_verify tls_skip_verify tlsskipverify insecure insecure_skip_verify"
    " insecure-skip-tls-verify skip-tls-verify".split()
)


def unverified(scripts: Iterable[Script]) -> tuple[Flaw, ...]:
    """The places of scripts where a program is told to believe any server."""
    found: list[Flaw] = []
    for script in scripts:
        text = script.text
        for sign, what, how in _SIGNS:
            if sign in text:
                found.extend(_found(script, how, what))
        if "keyscan" in text:
            found.extend(_found(script, _ASKED, _HOST, decisive=False))
    return tuple(found)


def _found(
    script: Script, how: re.Pattern[str], what: str, *, decisive: bool = True
) -> Iterator[Flaw]:
    text = script.text
    for match in how.finditer(text):
        start, end = match.span()
        line = text.rfind("\n", 0, start) + 1
        rest = text[start:end] + text[end:].partition("\n")[0]
        if text[line:start].lstrip().startswith("#") or (what == _SITE and _HERE.search(rest)):
            continue
        yield Flaw(
            kind="unverified",
            text=" ".join(match[0].split()),
            detail=what,
            decisive=decisive,
            place=script.source_text.place(start, end),
        )


def unverified_by(variables: Iterable[Variable]) -> tuple[Flaw, ...]:
    """The variables and settings that tell a program to believe any server."""
    return tuple(
        Flaw(
            kind="unverified",
            text=f"{variable.name}: {variable.value}",
            detail=_SITE,
            decisive=True,
            place=variable.place,
        )
        for variable in variables
        if _switched(variable)
    )


def _switched(variable: Variable) -> bool:
    if variable.kind == "setting":
        return variable.name.lower() in _SETTINGS and variable.value.lower() == "true"
    return variable.name in SWITCHES and variable.value.strip().lower() in SWITCHES[variable.name]
