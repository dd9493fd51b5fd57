"""Code that a script fetches and runs, and whether something checks it in between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.shell_archives import ON_PATH, unpacking
from pipelaw.facts.shell_downloads import Download, Downloads
from pipelaw.facts.shell_fetch import addressed, evaluated, fetch, may_fetch, method, packaged
from pipelaw.facts.shell_syntax import PASSING
from pipelaw.facts.shell_words import EXECUTING
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.facts.shell_archives import Unpacking
    from pipelaw.facts.shell_syntax import Flow, Simple

    Origin = tuple[str, Simple] | Download | None
    """An address and the command that its content comes out of, or a file that was downloaded."""

_COMMIT = pattern(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])", re.IGNORECASE)
_COMMIT_NAME = pattern(r"\$\{?\w*sha\}?(?!\w)|\$\{\{[\w .]*sha *\}\}", re.IGNORECASE)
_OWN = pattern(
    r"https://raw\.githubusercontent\.com/(?:\$\{\{ *g\w+\.repository *\}\}|\$\{?G[A-Z]+_REPOSITORY\}?)"
    r"/(?:refs/heads/)?(?:[\w.-]+|\$\{?G[A-Z]+_REF_NAME\}?"
    r"|\$\{\{ *g\w+\.(?:ref_name|event\.repository\.default_branch) *\}\})/"
    r"|\$\{?CI_\w+_URL\}?/-/raw/(?:[\w.-]+|\$\{?CI_(?:\w+_REF_NAME|DEFAULT_BRANCH)\}?)/"
)
"""A branch of the pipeline's own repository, as the platforms name it: its code is the pipeline's own."""
_NAME = pattern(r"\$\{?([A-Za-z]\w*)")
_VARIABLE = pattern(r"\$\{?(\w+)\}?(?:\.Content)?\Z")
_RUNNABLE = (".exe", ".bat", ".cmd", ".ps1")
_STARTING = frozenset(("start-process", "saps", "start"))
_EVALUATING = frozenset(("iex", "invoke-expression"))
_INSTALLING = {
    "dpkg": pattern(r"-i\Z|--install\Z"),
    "rpm": pattern(r"-(?![a-z]*[qKVe])\w*[iU]\w*\Z|--install\Z|--upgrade\Z"),
    "installer": pattern(r"-pkg\Z"),
    "msiexec": pattern(r"[/-](?:i|package)\Z", re.IGNORECASE),
    "gdebi": pattern(r"[^-]"),
    "apk": pattern(r"--allow-untrusted\Z"),
    "pacman": pattern(r"-U\w*\Z|--upgrade\Z"),
    "snap": pattern(r"--dangerous\Z"),
    "zypper": pattern(r"in\Z|install\Z"),
} | dict.fromkeys(
    ("apt", "apt-get", "dnf", "microdnf", "tdnf", "yum"), pattern(r"(?:local|re)?install\Z")
)
"""Programs that install packages from files, and the word that makes them do so."""
_STEPS = 50
"""How many flows are followed from one command: variables may hold each other."""


def mark(simples: Sequence[Simple], text: str) -> None:
    """Set `remote` and `verified` of a script's commands, which are in order."""
    if may_fetch(text.lower()):
        script = _Script(text)
        for at, simple in enumerate(simples):
            script.read(at, simple)
        script.end()


class _Script:
    """What is known while the commands of a script are read one by one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.downloads = Downloads()
        self.checked = -1
        """The index of the last command that checks something."""
        self.steps = 0
        """How many flows were followed for the command that is read."""

    def read(self, at: int, simple: Simple) -> None:
        """Judge the next command, then note what it does to files."""
        self.steps = 0
        address = addressed(simple) or evaluated(simple)
        if not address and _installing(simple):
            address = packaged(simple.words[1:])
        origin: Origin = (address, simple) if address else self._origin(simple)
        if isinstance(origin, Download):
            self._report(simple, origin)
        elif origin is not None:
            address, first = origin
            simple.remote = address
            simple.verified = self._pinned(address)
            if first.unit is simple.unit:
                simple.start = min(simple.start, first.start)
        if not simple.remote and _checking(simple):
            self.checked = at
        self._note(at, simple)
        self.downloads.follow(simple)

    def end(self) -> None:
        """Report the downloads that were made executable, and not run here."""
        for download in self.downloads.all:
            if download.executable is not None:
                self._report(download.executable, download)

    def _report(self, simple: Simple, download: Download) -> None:
        if not download.reported and not simple.remote:
            download.reported = True
            simple.remote = download.address
            simple.verified = self.checked > download.at or self._pinned(download.address)

    def _note(self, at: int, simple: Simple) -> None:
        """Note the files that a command fetches, or gets from a pipeline that fetches."""
        found = fetch(simple)
        for file, address in found.files if found is not None else ():
            self.downloads.add(file, address, at)
        self._unpack(at, simple)
        files = simple.outputs
        if not files:
            return
        origin = (found.address, simple) if found is not None else self._flowing(simple.before)
        if isinstance(origin, tuple):
            for file in files:
                self.downloads.add(file, origin[0], at)

    def _unpack(self, at: int, simple: Simple) -> None:
        """Note the files that a command unpacks from a download, as far as it names them."""
        unpacked = unpacking(simple)
        if unpacked is None or not unpacked.names:
            return
        archive = self._archive(simple, unpacked)
        if isinstance(archive, tuple):
            archive = Download(archive[0], at)
        if archive is not None:
            self.downloads.unpack(unpacked, archive)

    def _origin(self, simple: Simple) -> Origin:
        """Where the code that a command runs comes from; None for what the script holds itself."""
        reading = simple.reading
        if reading.language not in EXECUTING:
            return self._started(simple)
        if reading.stdin:
            if simple.arguments_from_input:
                return None
            return self.downloads.find(simple.reads) or self._flowing(simple.before)
        for index, flow in simple.subs:
            if index == reading.file or (index in reading.code and _leading(simple, index)):
                return self._flowing(flow)
        if reading.file > 0:
            return self.downloads.find(simple.words[reading.file])
        return self._evaluated(simple, reading.code[:1])

    def _evaluated(self, simple: Simple, code: Sequence[int]) -> Origin:
        """Where the code of `eval "$variable"` comes from, or of PowerShell's `iex`."""
        for index in code:
            variable = _VARIABLE.match(simple.words[index])
            if variable is not None:
                origin = self._flowing(simple.unit.assigned.get(variable[1]))
                return (origin[0], simple) if isinstance(origin, tuple) else origin
        if simple.name.lower() in _EVALUATING and not simple.subs:
            found = method(" ".join(simple.words[1:]))
            return None if found is None else (found.address, simple)
        return None

    def _started(self, simple: Simple) -> Origin:
        """The download that a command starts as a program."""
        word = simple.words[0]
        if simple.name.lower() in _STARTING or _installing(simple):
            return self.downloads.first(simple.words[1:])
        unpacked = unpacking(simple)
        if unpacked is not None:
            return self._archive(simple, unpacked) if ON_PATH.match(unpacked.folder) else None
        if simple.subs and "[scriptblock]::create" in word.lower():
            return self._passed(simple)
        if "/" in word or "\\" in word or word[-4:].lower() in _RUNNABLE:
            return self.downloads.find(word)
        return self.downloads.program(word)

    def _archive(self, simple: Simple, unpacked: Unpacking) -> Origin:
        """The download that a command unpacks."""
        return self.downloads.find(unpacked.archive) or self._flowing(simple.before)

    def _flowing(self, flow: Flow | None) -> Origin:
        """Where the text comes from that a flow puts out."""
        self.steps += 1
        if flow is None or flow.last is None or self.steps > _STEPS:
            return None
        for stage in (flow.last, *flow.last.stages):
            found = fetch(stage)
            if found is not None:
                return None if found.files else (found.address, stage)
            if stage.reading.stdin and stage.reading.language in EXECUTING:
                return None  # its output is its own, no longer what was fetched
            if not stage.name or stage.name.lower() in PASSING:
                origin = self._passed(stage)
                if origin is not None:
                    return (origin[0], stage) if isinstance(origin, tuple) else origin
        return None

    def _passed(self, simple: Simple) -> Origin:
        """Where the text comes from that a command repeats: substitutions or files."""
        variables = filter(None, map(_VARIABLE.match, simple.words[1:]))
        assigned = [simple.unit.assigned.get(variable[1]) for variable in variables]
        for flow in (*(flow for _, flow in simple.subs), *assigned):
            origin = self._flowing(flow)
            if origin is not None:
                return origin
        return self.downloads.first(simple.words[1:])

    def _pinned(self, address: str) -> bool:
        """Whether an address names its content by a hash, or by a commit, or the pipeline's repository."""
        if _OWN.match(address):
            return True
        path = address.partition("?")[0] if "{{" not in address else address
        if _COMMIT.search(path) is not None or _COMMIT_NAME.search(path) is not None:
            return True
        return any(
            re.search(rf"\b{name}=[\"']?{_COMMIT.pattern}", self.text)
            for name in _NAME.findall(path)
        )


def _installing(simple: Simple) -> bool:
    """Whether a command installs packages that may be files: their scripts run, and nothing checks them."""
    how = _INSTALLING.get(simple.name)
    return how is not None and any(how.match(word) for word in simple.words[1:])


def _leading(simple: Simple, index: int) -> bool:
    """Whether a word begins with a substitution, so that it names the command to run."""
    code, start = simple.unit.code, simple.spans[index][0]
    return code.startswith(("$(", "`", "("), start + code.startswith('"', start))


_HASHING = pattern(r"(?:sha\d+|b2|md5)sum\Z|shasum\Z|Get-FileHash\Z|certutil\Z", re.IGNORECASE)
_CHECK = pattern(r"-\w*c\w*\Z")
_HASHED = pattern(r"\bhash_(?:file|equals)\(|\bhashlib\.|\bDigest::SHA")
"""Code that computes a checksum."""
_VERIFYING = {
    "gpg": ("--verify",),
    "gpg2": ("--verify",),
    "cosign": ("verify-blob", "verify-blob-attestation"),
    "minisign": ("-V", "-Vm"),
    "signify": ("-V",),
    "gh": ("attestation",),
    "slsa-verifier": ("verify-artifact",),
    "ssh-keygen": ("verify",),
    "sigstore": ("verify",),
}
"""Programs that check a signature, and the words that make them do so."""
_CHECKING = pattern(r"verif|checksum|sha(?:256|512)|gpgv\Z", re.IGNORECASE)
"""Names of programs and functions that cannot mean anything else."""


def _checking(simple: Simple) -> bool:
    """Whether a command compares something with a checksum, or checks a signature."""
    name = simple.name
    if _HASHING.match(name) or (name == "openssl" and simple.words[1:2] == ["dgst"]):
        if any(word in ("--check", "-verify") or _CHECK.match(word) for word in simple.words):
            return True
        # printed it proves nothing; captured or read by another program it is compared
        reader = simple.flow.consumer()
        return simple.flow.captured or (reader is not None and reader.name != "tee")
    if name in _VERIFYING:
        return not set(_VERIFYING[name]).isdisjoint(simple.words)
    if any(_HASHED.search(simple.words[index]) for index in simple.reading.code):
        return True
    return _CHECKING.search(name) is not None
