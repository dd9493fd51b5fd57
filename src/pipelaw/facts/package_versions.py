"""How the operands of package managers name packages, and whether they fix the version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class Spec(NamedTuple):
    """One package, as a command names it."""

    name: str
    pin: str
    """exact, range or none."""


_OPTIONS = frozenset(
    """
    --prefix -C --registry -w --workspace --filter -F --loglevel --tag --cwd --dir
    -i --index-url --extra-index-url -t --target --find-links -f --platform --python-version
    --only-binary --no-binary -c --constraint -r --requirement -e --editable --group --python -p
    --with --from --root --cache-dir --timeout --retries --default-index --index --spec
    -v --version -n --bindir --install-dir --source -s -P --conservative --git --branch --rev
    --features --path --profile -j --jobs --bin --vers --configfile --add-source --tool-path
    --trusted-host --allow-insecure-host --proxy --cert --client-cert --log --src --progress-bar
    --upgrade-strategy
    --config-settings --global-option --index-strategy --resolution --prerelease --extra
    --link-mode --exclude-newer --omit --include --userconfig --install-strategy
    --target-dir --config --message-format --store-dir --reporter --modules-folder
    --cache-folder --verbosity
    --package --framework --import-map --pin -G --working-dir -d --fetch-timeout --fetch-retries
    --network-timeout --network-concurrency --child-concurrency --linker
    --strategies --disable-strategies --targets --bin-dir --pkg-url --pkg-fmt --install-path --github-token
    --rate-limit --manifest-path --log-level --min-tls-version --maximum-resolution-timeout
    --params --package-parameters --installargs --install-arguments --ia --checksum --checksum64
    --execution-timeout -Name -Scope -Repository -RequiredVersion -MinimumVersion -MaximumVersion -Version
    -OutputDirectory -Source -ConfigFile -DependencyVersion -SolutionDirectory
    """.split()
)
_GO_OPTIONS = frozenset("-C -o -p -tags -ldflags -gcflags -asmflags -mod -modfile -exec".split())


def options_of(manager: str) -> frozenset[str]:
    """The options of a package manager whose value is the next word."""
    return _GO_OPTIONS if manager == "go" else _OPTIONS


_EXACT = pattern(r"[v=]*\d+\.\d+\.\d+\S*\Z")
_HASH = pattern(r"[0-9a-f]{7,64}\Z")
_PYTHON = pattern(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_MOVING = pattern(
    r"/(?:archive|tarball|zipball)/(?:refs/heads/[^/]+|main|master|develop|trunk|HEAD)(?:\.zip|\.tar\.gz)?\Z"
)
"""The address of an archive of whatever a branch holds."""
_FILES = (".", "/", "~", "$", "%", "file:", "-", "link:", "workspace:", "<", ">", "&", "{", "(")
_ARCHIVES = (".whl", ".tgz", ".tar.gz", ".zip", ".gem", ".nupkg", ".txt", ".toml", ".config")


def read(manager: str, operands: Sequence[str], options: Mapping[str, str]) -> Iterator[Spec]:
    """The packages among the operands of an install, with how each is pinned."""
    if not _BY_OPTION.get(manager, frozenset()).isdisjoint(options):
        return
    if manager == "cargo" and "--git" in options:
        yield Spec(f"git+{options['--git']}", "range" if "--branch" in options else "none")
        return
    reader = _READERS.get(manager, _node)
    for operand in operands:
        if "://" in operand and _MOVING.search(operand):
            yield Spec(operand, "none")
            continue
        if operand.startswith(_FILES) or operand.endswith(_ARCHIVES) or operand.isdecimal():
            continue
        spec = reader(operand)
        if spec is not None:
            yield spec


def hooked(text: str) -> Spec | None:
    """A package that a hook needs beside its own, in the words of whatever language the hook is in."""
    if text.startswith((*_FILES, "types-", "@types/")) or text.endswith(_ARCHIVES):
        return None  # stubs of types hold no code
    if "://" in text or not _RELATIONS.isdisjoint(text):
        return _python(text)
    name, at, version = text[1:].partition("@")
    if at:
        return _spec(text[0] + name, version)
    name, _, version = text.removeprefix("cli:").partition(":")
    return _spec(name, version)


_RELATIONS = frozenset("=<>~!")
_PIP = frozenset({"--require-hashes", "--no-index", "-c", "--constraint", "-r", "--requirement"})
_DATED = frozenset({"--exclude-newer", "--uploaded-prior-to"})
"""Nothing that was released later is taken."""
_BY_OPTION = {
    "pip": _PIP | _DATED,
    "uv": _PIP | _DATED,
    "uvx": _DATED,
    "gh": frozenset({"--pin"}),
    "helm": frozenset({"--version"}),
    "gem": frozenset({"-v", "--version", "--local", "-l"}),
    "bundle": frozenset({"-v", "--version"}),
    "cargo": frozenset({"--version", "--vers", "--path", "--rev", "--tag"}),
    "dotnet": frozenset({"--version"}),
    "dotnet add": frozenset({"--version", "-v"}),
    "nuget": frozenset({"-Version", "-version"}),
    "choco": frozenset({"--version"}),
    **dict.fromkeys(
        ("Install-Module", "Install-PSResource"),
        frozenset({"-RequiredVersion", "-Version"}),
    ),
}
"""Options that fix the versions of all that a command names, or say where it comes from."""


def _node(text: str) -> Spec | None:
    """`name`, `name@1.2.3`, `@scope/name@^2`."""
    if "://" in text or text.startswith(("git+", "github:")) or "/" in text.partition("@")[0]:
        _, _, ref = text.partition("#")
        fixed = _HASH.match(ref) or "$" in ref
        return Spec(text, "exact" if fixed else "range" if ref else "none")
    name, at, version = text[1:].partition("@")
    return _spec(text[0] + name, version if at else "")


def _spec(name: str, version: str) -> Spec:
    if not version or version in ("latest", "next", "master", "main", "HEAD"):
        return Spec(name, "none")
    known = _EXACT.match(version) or "$" in version or "%" in version
    return Spec(name, "exact" if known else "range")


def _python(text: str) -> Spec | None:
    """`name`, `name==1.2`, `name[extra]>=1`, `git+https://…@ref`."""
    if "://" in text:
        return _from_git(text)
    match = _PYTHON.match(text)
    if match is None:
        return None
    name, rest = match[1], match[2]
    if "@" in rest[:2]:
        return _from_git(rest) if "://" in rest else _spec(name, rest[1:])
    if not rest:
        return Spec(name, "none")
    if rest[0] in "/\\":
        return None  # a folder
    return Spec(name, "exact" if rest.startswith("==") and "*" not in rest else "range")


def _from_git(text: str) -> Spec | None:
    if "git+" not in text:
        return None  # a file by its address: other rules look at downloads
    path = text.partition("://")[2].partition("#")[0]
    ref = path.rpartition("/")[2].partition("@")[2]
    if "$" in ref or _HASH.match(ref):
        return Spec(text, "exact")
    return Spec(text, "range" if ref else "none")


def _gem(text: str) -> Spec | None:
    name, _, version = text.partition(":")
    return _spec(name, version)


def _go(text: str) -> Spec | None:
    name, at, version = text.partition("@")
    if not at:
        return None  # a package of the module that is checked out
    if _HASH.match(version) or re.match(r"v\d+\.\d+\.\d+", version):
        return Spec(name, "exact")
    return _spec(name, version)


def _go_get(text: str) -> Spec | None:
    """A module by its address: without a version, `go get` takes the newest."""
    address = "." in text.partition("/")[0] and "@" not in text
    return Spec(text, "none") if address else _go(text)


def _composer(text: str) -> Spec | None:
    name, _, version = text.partition(":")
    if name == "roave/security-advisories":
        return (
            None  # no code, only conflicts with what has known weaknesses: the newest is the point
        )
    return _spec(name, version) if "/" in name else None


_DENO = pattern(r"(?:npm:|jsr:)/?(@?[^@/\s]+(?:/[^@/\s]+)?)(?:@([^/\s]+))?")
_TAGGED = pattern(r"[:@/]v?\d+\.\d+|[0-9a-f]{40}")


def _deno(text: str) -> Spec | None:
    """`npm:name@1.2.3`, `jsr:@scope/name`; a program by its address is no package."""
    match = _DENO.match(text)
    return None if match is None else _spec(match[1], match[2] or "")


def _plugin(text: str) -> Spec | None:
    """A repository with a plugin, or the address of one of its versions."""
    return Spec(text, "exact" if _TAGGED.search(text) or "$" in text else "none")


_READERS: dict[str, Callable[[str], Spec | None]] = {
    "pip": _python,
    "pipx": _python,
    "uv": _python,
    "uvx": _python,
    "gem": _gem,
    "bundle": _gem,
    "go": _go,
    "go get": _go_get,
    "composer": _composer,
    "deno": _deno,
    "gh": _plugin,
    "helm": _plugin,
    "poetry": _python,
    "pdm": _python,
}
