"""Commands that download: from where, and into which files."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw.facts.shells import BOURNE
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.facts.shell_syntax import Simple

FETCHERS = (*"curl wget aria2c axel lynx iwr irm nvoke- .download tart-bits".split(), "fetch -")
"""Pieces of lower-case text of which a script that fetches has one; cheaper to look for than below."""

_RUNS = pattern(
    rf"\|\s*(?:\w+=\S*\s+|sudo\s+(?:-\S+\s+)*|env\s+)*(?:/\S*/)?{BOURNE}\b"
    r"|\|\s*(?:sudo\s+)?(?:python|perl|ruby|node|php|iex|deno|bun|pwsh|powershell|tee|gunzip|zcat|xzcat|base64"
    r"|gpg|openssl|sed|tr|xargs|cat|source|ssh|timeout|nice|docker|kubectl)"
    r"|sh\s+(?:-\w+\s+)*[\"'<$\w/.~-]|<\(|<<<|\beval\b|\bsource\b|\biex\b|chmod|install\s+-|\./|\.\\"
    r"|/\w+\.sh\b|\.exe|/bin/|java\s+-jar|docker\s+run|(?:^|[\n;&|])\s*[.&]\s|\b(?:python|node|perl|ruby|php)\S*\s"
    r"|nvoke-expression|start-process|\bmv\s|\bexec\s|\bmsiexec\b|\bsu\s|\bdpkg\s+-|\brpm\s+-|installer\s+-pkg"
    r"|\b(?:apt|apt-get|(?:micro)?dnf|tdnf|yum|zypper|gdebi)\s[^\n;&|]{0,200}\.(?:deb|rpm)\b"
    r"|--allow-untrusted|--dangerous|\bpacman\s+-u|\b(?:tar|unzip)\s[^\n;&|]{0,120}(?:/usr\b|/s?bin\b|\.local\b)"
    r"|(?:^|[\n;&|(]|sudo|then|do)\s*[\"']?[/$~]\S"
)
"""What runs a file or a stream, in lower-case text; generous, for it only saves a parse."""


def may_run_remote(low: str) -> bool:
    """Whether a command of a script, given in lower case, may fetch code and run it."""
    for word in FETCHERS:
        if word in low:
            return _RUNS.search(low) is not None or _may_address(low)
    return _may_address(low)


def may_fetch(low: str) -> bool:
    """Whether a command of a script, given in lower case, may fetch something."""
    return any(word in low for word in FETCHERS) or _may_address(low)


def _may_address(low: str) -> bool:
    if "://" not in low:
        return False
    return any(word in low for word in _ADDRESSING) and _ADDRESSED.search(low) is not None


_ADDRESSING = (
    *("gsutil", "gcloud", "aws", "deno", "jbang", "uv", "pipx", "php", "python", "ruby"),
    *("rpm", "msi", "pacman"),
)
_ADDRESSED = pattern(
    r"\b(?:gsutil|gcloud\s+storage|aws\s+s3|deno|jbang|(?:uv|pipx)\s+run)\s[^\n;&|]{0,300}?://"
    r"|\b(?:php|python|ruby)[\d.]*\s+(?:-\w*[rce]\s[^\n]{0,300}?|(?:-\s*)?<<(?s:.{0,900}?))://"
    r"|\b(?:rpm|(?:micro)?dnf|tdnf|yum|zypper|msiexec|pacman)\s[^\n;&|]{0,300}?://[^\n;&|]{0,300}\.(?:rpm|msi|pkg\.)"
)
"""What copies from a bucket, runs or installs what is at an address, or has an address in its code."""


class Fetch(NamedTuple):
    """A download."""

    address: str
    files: tuple[tuple[str, str], ...] = ()
    """The files it goes to, each with its address; empty for standard output."""


_VALUED = {
    "curl": "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
    "wget": "aBDeiIlOoPQRtTUwX",
    "aria2c": "dojsxkmit",
    "axel": "aonsSU",
    "fetch": "oBSTwi",
    "lynx": "",
}
"""The one-letter options of each downloading program that take a value."""
_LONG_VALUED = frozenset(
    "aws-sigv4 body-data ca-certificate cacert capath cert certificate ciphers config connect-timeout"
    " connect-to cookie cookie-jar data data-binary data-raw data-urlencode dir directory-prefix"
    " dump-header expect form header http-password http-user interface json key limit-rate max-redirs"
    " max-time method noproxy oauth2-bearer out output output-dir output-document output-file password"
    " post-data private-key proto proto-default proto-redir proxy range referer request resolve retry"
    " retry-delay retry-max-time speed-limit speed-time timeout tls-max tries unix-socket upload-file"
    " url user user-agent wait waitretry write-out".split()
)
_LOCAL = pattern(
    r"(?:https?://)?(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)(?:[:/?]|\Z)|file:", re.IGNORECASE
)
_STANDARD_OUTPUT = frozenset(("-", "/dev/stdout"))
_BUCKETS = frozenset(("gsutil", "gcloud", "aws"))
_CODED = ("php", "python", "ruby")
_SAVED = pattern(
    r"\b(?:copy|urlretrieve)\(\s*['\"](https?://[^'\"]+)['\"]\s*,\s*['\"]([^'\"]+)['\"]"
)
"""A file that code of PHP or Python downloads."""
_OPENED = pattern(r"\b(?:exec|eval)\b.{0,160}?['\"](https?://[^'\"]+)['\"]", re.DOTALL)
"""Code that such code downloads and runs at once."""
_RUNNING = {"deno": ("run", "install", "x"), "uv": ("run",), "pipx": ("run",), "jbang": ()}
"""Programs that run what is at an address, and the words that it follows."""
_PACKAGE = pattern(r"\.(?:rpm|msi|pkg\.tar\.\w+)\Z", re.IGNORECASE)
_VERSIONED = pattern(r"[@/]v?\d+\.\d+(?:\.\d+)?[^/]*/")
_WEB_REQUESTS = frozenset("iwr irm invoke-webrequest invoke-restmethod start-bitstransfer".split())
_METHOD = pattern(
    r"\.Download(?:String|Data|File)\w*\(\s*['\"]?([^'\",)\s]+)['\"]?(?:\s*,\s*['\"]?([^'\",)]+))?",
    re.IGNORECASE,
)
_EVALUATED = pattern(
    r"\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b(?:\s+-\w+)*\s+['\"(]*([^\s'\")}|]+)",
    re.IGNORECASE,
)


def fetch(simple: Simple) -> Fetch | None:
    """What a command downloads from elsewhere; None for everything else."""
    program = simple.name.lower()
    if program in _VALUED:
        found = _download(program, simple.words)
    elif program in _WEB_REQUESTS:
        found = _web_request(simple.words)
    elif program in _BUCKETS:
        found = _copied(simple.words)
    elif program.startswith(_CODED):
        found = _called(simple)
    else:
        found = None if program else method(" ".join(simple.words))
    return None if found is None or _LOCAL.match(found.address) else found


def method(text: str) -> Fetch | None:
    """What an expression in PowerShell downloads by a web client's method or inside a string."""
    found = _METHOD.search(text)
    if found is None:
        found = _EVALUATED.search(text)
        return None if found is None else Fetch(found[1])
    address, file = found[1], (found[2] or "").strip()
    return Fetch(address, ((file, address),) if file else ())


def _download(program: str, words: Sequence[str]) -> Fetch | None:
    """`curl`, `wget` and their like."""
    operands, options = _split(_VALUED[program], words)
    addresses = [value for option, value in options if option == "url"] + operands
    if not addresses or any(option == "unix-socket" for option, _ in options):
        return None
    address = next((word for word in addresses if "://" in word), addresses[0])
    outputs = [value for option, value in options if option in _OUTPUTS[program]]
    folder = next((value for option, value in options if option in _FOLDERS[program]), "")
    remote_name = program in ("wget", "aria2c", "axel") and not outputs
    if program == "curl":
        remote_name = any(
            option in ("O", "remote-name", "remote-name-all") for option, _ in options
        )
    files = [*zip(outputs, addresses, strict=False)]
    if remote_name:
        files += [(_last_part(word), word) for word in addresses[len(files) :]]
    if any(file in _STANDARD_OUTPUT for file, _ in files) or program == "lynx":
        return Fetch(address)
    prefix = folder.rstrip("/") + "/" if folder else ""
    return Fetch(address, tuple((prefix + file, word) for file, word in files))


_OUTPUTS = {
    "curl": ("o", "output"),
    "wget": ("O", "output-document"),
    "aria2c": ("o", "out"),
    "axel": ("o", "output"),
    "fetch": ("o",),
    "lynx": (),
}
_FOLDERS = {
    "curl": ("output-dir",),
    "wget": ("P", "directory-prefix"),
    "aria2c": ("d", "dir"),
    "axel": (),
    "fetch": (),
    "lynx": (),
}


def _copied(words: Sequence[str]) -> Fetch | None:
    """`gsutil cp gs://bucket/file .`, `aws s3 cp s3://bucket/file -`."""
    operands = [word for word in words[1:] if word == "-" or word[:1] != "-"]
    if "cp" not in operands:
        return None
    for source, target in pairwise(operands):
        if source.startswith(("gs://", "s3://")):
            if target == "-":
                return Fetch(source)
            if "://" in target:
                return None
            into = target[-1:] in ("/", ".")
            file = f"{target.rstrip('/')}/{_last_part(source)}" if into else target
            return Fetch(source, ((file, source),))
    return None


def _called(simple: Simple) -> Fetch | None:
    """`php -r "copy('address', 'file');"`."""
    for index in simple.reading.code:
        match = _SAVED.search(simple.words[index])
        if match is not None:
            return Fetch(match[1], ((match[2], match[1]),))
    return None


def evaluated(simple: Simple) -> str:
    """The address of what `python -c` and its like download and run at once, "" for none."""
    if not simple.name.startswith(_CODED):
        return ""
    codes = [simple.words[index] for index in simple.reading.code]
    codes += (simple.unit.code[fed.start : fed.end] for fed in simple.fed)
    found = map(_OPENED.search, codes)
    return next((match[1] for match in found if match and not _LOCAL.match(match[1])), "")


def addressed(simple: Simple) -> str:
    """The address of the program that a command fetches and runs; "" for none, and for one of a version."""
    verbs = _RUNNING.get(simple.name)
    if verbs is None:
        return ""
    operands = [word for word in simple.words[1:] if word[:1] != "-"]
    if verbs:
        if not operands or operands[0] not in verbs:
            return ""
        operands = operands[1:]
    address = operands[0] if operands else ""
    web = address.startswith(("https://", "http://"))
    return "" if not web or _VERSIONED.search(address) or _LOCAL.match(address) else address


def packaged(words: Sequence[str]) -> str:
    """The address of the package among the words of a command that installs packages; "" for none."""
    for word in words:
        if word.startswith(("https://", "http://")) and not _LOCAL.match(word):
            return word if _PACKAGE.search(word) is not None else ""
    return ""


def _split(valued: str, words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The operands of a command, and its options with their values."""
    operands: list[str] = []
    options: list[tuple[str, str]] = []
    at = 1
    while at < len(words):
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        at += 1
        if word[:1] != "-" or len(word) == 1:
            operands.append(word)
        elif word.lower().startswith("-outf"):  # PowerShell has a `curl` of its own
            options.append(("o", following))
            at += 1
        elif word[1] == "-":
            option, equals, value = word[2:].partition("=")
            taken = not equals and option in _LONG_VALUED
            options.append((option, following if taken else value))
            at += taken
        else:
            at += _cluster(valued, word, following, options)
    return operands, options


def _cluster(valued: str, word: str, following: str, options: list[tuple[str, str]]) -> int:
    """Read `-fsSLo file` or `-ofile`; how many of the following words it takes."""
    for index, letter in enumerate(word[1:], 2):
        if letter in valued:
            options.append((letter, word[index:] or following))
            return int(index == len(word))
        options.append((letter, ""))
    return 0


def _last_part(address: str) -> str:
    """The file name that a download gets by itself."""
    path = address.partition("?")[0].partition("#")[0] if "{" not in address else address
    return path.rstrip("/").rpartition("/")[2]


def _web_request(words: Sequence[str]) -> Fetch | None:
    """`Invoke-WebRequest -Uri address -OutFile file`."""
    address = file = ""
    named = {word.lower(): words[at + 1] for at, word in enumerate(words[:-1]) if word[:1] == "-"}
    for option, value in named.items():
        if option in ("-uri", "-source"):
            address = value
        elif option.startswith(("-o", "-dest")):
            file = value
    operands = [word for word in words[1:] if word[:1] != "-"]
    address = address or next((word for word in operands if "://" in word), "".join(operands[:1]))
    if not address:
        return None
    return Fetch(address, ((file, address),) if file else ())
