"""Where a script, a variable or a setting tells a program to believe any server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.model import Flaw
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.model import Reference, Script, Variable

_REST = r"(?:[^\n;&|\\]|\\[\s\S]){0,400}?"
"""What may come between a program and one of its options."""

_WORD = r"(?:\b|(?<=\\[nt])|(?<=-o))"
"""Where a word begins: also after `-o`, and the escapes of `echo -e "Host *\\n\\tCheck no"`."""

_HOST, _SITE = "the key of an SSH server", "the certificate of a server"
_MADE = "who made a package"
_ANSWERING = "who answers"
_LOG = "the checksum of a new module"

_UNCHECKED = pattern(rf"{_WORD}StrictHostKeyChecking[=\s]\s*[\"']?(?:no|off)\b", re.IGNORECASE)

_FAR_NAME = (
    r"(?=[\w-]{1,63}\.)(?!127\.|0\.0\.0\.0(?!/0))[\w.-]{1,200}(?<!\.svc)(?<!\.local)(?<!\.internal)"
    r"(?![\w.-])[^\s\"';|&]*"
)
"""Another machine than this one, or one beside it."""
_ELSEWHERE = rf"http://(?:[^\s/\"'@]{{1,100}}@)?{_FAR_NAME}"
"""An unencrypted address on such a machine."""
_NAMED = r"[=\s]\s*[\"']?(?!localhost\b|127\.|0\.0\.0\.0|\[?::1|[\"'\s])[^\s\"';|&]+"
"""What names another machine after an option or a variable."""

SWITCHES = {
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "VAULT_SKIP_VERIFY": ("1", "true"),
    "PYTHONHTTPSVERIFY": ("0",),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "NPM_CONFIG_STRICT_SSL": ("false",),
    "npm_config_strict_ssl": ("false",),
    "YARN_STRICT_SSL": ("false",),
    "YARN_ENABLE_STRICT_SSL": ("false",),
    "ANSIBLE_HOST_KEY_CHECKING": ("false", "0", "no"),
    "BUNDLE_SSL_VERIFY_MODE": ("0",),
    "CONDA_SSL_VERIFY": ("false", "0", "no"),
    "COREPACK_INTEGRITY_KEYS": ("0",),
}
"""Variables that programs look at, and the values that switch the check off."""
ENGINE = "--insecure-registry"
"""The option of a container engine for a registry that it believes."""
_HOSTS = frozenset({"GOINSECURE", "PIP_TRUSTED_HOST", "UV_INSECURE_HOST"})
"""Variables that name hosts whose certificates are not looked at."""
_REGISTRIES = frozenset(
    "GOPROXY NPM_CONFIG_REGISTRY npm_config_registry UV_INDEX_URL UV_DEFAULT_INDEX".split()
)
"""Variables that name where packages come from."""


def _unchecked(name: str) -> str:
    """What is not checked where one of the switches is thrown."""
    return _HOST if "HOST_KEY" in name else _MADE if "INTEGRITY" in name else _SITE


_SIGNS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("StrictHostKey", _HOST, _UNCHECKED),
    *(
        (name, _unchecked(name), pattern(rf"\b{name}=[\"']?(?i:{'|'.join(values)})\b"))
        for name, values in SWITCHES.items()
    ),
    *((name, _SITE, pattern(rf"\b{name}{_NAMED}")) for name in sorted(_HOSTS)),
    *((name, _ANSWERING, pattern(rf"\b{name}=[\"']?{_ELSEWHERE}")) for name in sorted(_REGISTRIES)),
    ("KnownHostsFile", _HOST, pattern(rf"{_WORD}UserKnownHostsFile[=\s]\s*[\"']?/dev/null\b")),
    (
        "curl",
        _SITE,
        pattern(rf"\bcurl\s{_REST}(?<=\s)(?:--insecure|-[#fgiIjLnNOqRsSvZ]*k[a-zA-Z#]*)(?=\s|\Z)"),
    ),
    ("no-check-cert", _SITE, pattern(rf"\bwget\s{_REST}--no-check-certificate\b")),
    ("erify", _SITE, pattern(r"\bhttp\.ssl[Vv]erify[=\s]\s*[\"']?(?:false|0)\b")),
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
    (
        "--insecure",
        _SITE,
        pattern(
            rf"\b(?:crane|oras|argocd|mc|regctl|reg)\s{_REST}(?<=\s)--insecure(?:=[\"']?true\b)?(?![\w=-])"
        ),
    ),
    ("insecure-registry", _SITE, pattern(r"(?<![\w-])--allow-insecure-registry(?![\w=-])")),
    (ENGINE, _SITE, pattern(rf"(?<![\w-]){ENGINE}[=\s]\s*[\"']?{_FAR_NAME}")),
    (
        "insecure-registries",
        _SITE,
        pattern(rf"\binsecure-registries\\?[\"']?\s*:\s*\[\s*\\?[\"']{_FAR_NAME}"),
    ),
    ("no-verify-ssl", _SITE, pattern(rf"\baws\s{_REST}--no-verify-ssl\b")),
    ("--verify", _SITE, pattern(rf"\bhttps?\s{_REST}--verify[=\s](?:no|false)\b")),
    ("ssl_verify", _SITE, pattern(r"\bssl_verify[=:\s]\s*[\"']?(?:false|no|0)\b")),
    ("ssl:verify", _SITE, pattern(r"\bssl:verify-certificate[=\s]\s*(?:false|no|0)\b")),
    ("SkipCertificateCheck", _SITE, pattern(r"-SkipCertificateCheck\b(?!:\$false)")),
    (
        "ValidationCallback",
        _SITE,
        pattern(r"\bServerCertificateValidationCallback\s*=\s*\{\s*(?:return\s+)?\$true\b"),
    ),
    ("secure-http", _SITE, pattern(rf"\bcomposer\s{_REST}(?<=\s)secure-http\s+(?:false|0)\b")),
    ("ssl.insecure", _SITE, pattern(r"-Dmaven\.wagon\.http\.ssl\.insecure=true\b")),
    ("=insecure", _SITE, pattern(r"-Daether\.connector\.https\.securityMode=insecure\b")),
    (
        "http://",
        _ANSWERING,
        pattern(
            rf"\bgit\s+(?:-\S+\s+\S+\s+)?(?:clone|fetch|pull|push|remote|submodule)\s{_REST}{_ELSEWHERE}"
        ),
    ),
    (
        "http://",
        _ANSWERING,
        pattern(
            r"\b(?:npm|pnpm|yarn|bun|uvx?|gem|bundle|composer|cargo)\s(?![^\n;&|]{0,200}\btrusted-host\b)"
            rf"{_REST}(?:registry|index-url|default-index|--index|--source|mirror\.\S+)[=\s]\s*"
            rf"[\"']?{_ELSEWHERE}"
        ),
    ),
    ("registry", _ANSWERING, pattern(rf"(?<![\w./-])registry\s?=\s?{_ELSEWHERE}")),
    (
        "-insecure",
        _SITE,
        pattern(
            rf"\bgo\s+get\s{_REST}(?<=\s)-insecure\b|\bGOFLAGS=[\"']?[^\"'\n]{{0,100}}-insecure\b"
        ),
    ),
    ("allow-insecure-host", _SITE, pattern(rf"(?<![\w-])--allow-insecure-host{_NAMED}")),
    ("disable-tls", _SITE, pattern(r"\bdisable-tls[=\s]\s*true\b")),
    (
        "unauthenticated",
        _MADE,
        pattern(rf"\bapt(?:-get)?\s{_REST}(?<=\s)--allow-unauthenticated\b"),
    ),
    ("nogpgcheck", _MADE, pattern(rf"\b(?:yum|dnf|microdnf|tdnf)\s{_REST}--nogpgcheck\b")),
    (
        "--verify=false",
        _MADE,
        pattern(rf"\bhelm\s+plugin\s+(?:install|update)\s{_REST}--verify=false\b"),
    ),
    ("allow-untrusted", _MADE, pattern(rf"\bapk\s{_REST}--allow-untrusted\b")),
    (
        "trusted=yes",
        _MADE,
        pattern(r"\bdeb\s+\[[^\]\n]{0,100}\btrusted=yes\b[^\]\n]{0,100}\]\s*\S+"),
    ),
)
"""What a script that does it says, what is not checked then, and the pattern."""

_ASKED = pattern(r"\bssh-keyscan\b[^\n]{0,400}known_hosts\b")
"""The key is taken from whoever answers, once for each run."""

_UNLOGGED = pattern(r"\bGOSUMDB=[\"']?off\b|\bGONOSUMDB=[\"']?\*+(?![\w./*])")
"""The public log of checksums is not asked; those of known modules are in the repository."""

_HERE = pattern(r"https?://(?:localhost|127\.\d|\[::1\]|0\.0\.0\.0)")
_OWN_FILE = pattern(r"(?<!\S)(?![a-z]+:)\S+\.(?:apk|deb|rpm)\b|\b(?:file|copy):")
"""A package, or a folder of them, that is already on the machine: mostly the job's own."""

_FAR = 1_000
"""How much of a line is looked at on each side, in characters."""

_SHOWN = pattern(r"(?:echo|printf|Write-Host)\s[^;&|()`]*\Z")

HOST_KEY = "StrictHostKey"
NAMES = frozenset(SWITCHES) | _HOSTS | _REGISTRIES | {ENGINE, "GOFLAGS", "GOSUMDB", "GONOSUMDB"}
"""The variables that `unverified_by` looks at by name."""
_INSIDE = pattern(
    r"(?:\.svc|\.local|\.internal|(?:\A|/)(?:localhost|127\.[\d.]+))(?::\d+)?(?:/|\Z)"
)
_FAR_HOST = pattern(_NAMED)
_FAR_ADDRESS = pattern(_ELSEWHERE)
_FAR_MACHINE = pattern(_FAR_NAME)

_SETTINGS = frozenset(
    "skipverify skiptlsverify tlsskipverify insecure insecureskipverify insecureskiptlsverify".split()
)
"""Names of settings in lower case, without the signs between their words: plugins take any."""


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
        if "SUMDB" in text:
            found.extend(_found(script, _UNLOGGED, _LOG, decisive=False))
    return tuple(found)


def _found(
    script: Script, how: re.Pattern[str], what: str, *, decisive: bool = True
) -> Iterator[Flaw]:
    text = script.text
    for match in how.finditer(text):
        start, end = match.span()
        before = text[max(start - _FAR, 0) : start].rpartition("\n")[2]
        rest = text[start:end] + text[end : end + _FAR].partition("\n")[0]
        if _spoken(before.lstrip(), rest) or _harmless(what, rest):
            continue
        yield Flaw(
            kind="unverified",
            text=" ".join(match[0].split()),
            detail=what,
            decisive=decisive,
            place=script.source_text.place(start, end),
        )


def _spoken(before: str, rest: str) -> bool:
    """Whether it is in a comment, or in a text that is only shown to whoever reads the log."""
    return before.startswith("#") or (
        _SHOWN.match(before) is not None and ">" not in rest and "|" not in rest
    )


def _harmless(what: str, command: str) -> bool:
    """Whether what is not checked comes from the machine itself."""
    if what == _HOST:
        return False
    return bool(_HERE.search(command) or (what == _MADE and _OWN_FILE.search(command)))


def unverified_by(variables: Sequence[Variable]) -> tuple[Flaw, ...]:
    """The variables and settings that tell a program to believe any server, but one beside it."""
    near = any(_beside(variable) for variable in variables)
    return tuple(
        Flaw(
            kind="unverified",
            text=f"{variable.name}: {variable.value}",
            detail=what,
            decisive=what != _LOG,
            place=variable.place,
        )
        for variable in variables
        if not (near and variable.kind == "setting") and (what := _switched(variable))
    )


def unencrypted(addresses: Iterable[Variable]) -> Iterator[Flaw]:
    """The addresses of registries elsewhere that anybody on the way can answer for."""
    for one in addresses:
        if _FAR_ADDRESS.match(one.value):
            text = f"{one.name}: {one.value}"
            yield Flaw(
                kind="unverified", text=text, detail=_ANSWERING, decisive=True, place=one.place
            )


def _beside(variable: Variable) -> bool:
    """Whether a plugin is told to use a registry that only its own cluster or machine knows."""
    return (
        variable.kind == "setting"
        and variable.name.lower() == "registry"
        and _INSIDE.search(variable.value) is not None
    )


_SSH_PLUGINS = frozenset({"appleboy/drone-ssh", "appleboy/drone-scp"})
"""Plugins that believe any SSH server unless they are told the fingerprint of its key."""


def unverified_logins(used: Iterable[Reference]) -> Iterator[Flaw]:
    """The plugins that give a password to whichever SSH server answers."""
    for reference in used:
        if reference.kind == "plugin" and reference.name in _SSH_PLUGINS:
            given = {one.name.lower() for one in reference.inputs}
            if "password" in given and "fingerprint" not in given:
                yield Flaw(
                    kind="unverified",
                    text=f"{reference.name} without fingerprint",
                    detail=_HOST,
                    decisive=True,
                    place=reference.place,
                )


def _switched(variable: Variable) -> str:
    """What is not looked at because of a variable, "" for nothing."""
    name, value = variable.name, variable.value
    if HOST_KEY in value and _UNCHECKED.search(value):
        return _HOST
    if variable.kind == "setting":
        name = name.lower().replace("-", "").replace("_", "")
        return _SITE if value.lower() == "true" and name in _SETTINGS else ""
    if name not in NAMES:
        return ""
    if name not in SWITCHES:
        return _registered(name, value)
    if value.strip().lower() not in SWITCHES[name]:
        return ""
    return _unchecked(name)


def _registered(name: str, value: str) -> str:
    """What is not looked at because of a variable about registries, "" for nothing."""
    if name in _HOSTS:
        return _SITE if _FAR_HOST.match(f"={value}") else ""
    if name in _REGISTRIES:
        return _ANSWERING if _FAR_ADDRESS.match(value) else ""
    if name == ENGINE:
        return _SITE if _FAR_MACHINE.match(value) else ""
    if name == "GOFLAGS":
        return _SITE if "-insecure" in value.split() else ""
    return _LOG if _UNLOGGED.match(f"{name}={value}") else ""
