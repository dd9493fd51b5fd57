"""What commands take from package registries without a fixed version, and what they publish there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts import script_words
from pipelaw.facts.package_calls import PUBLISHING, after, called
from pipelaw.facts.publications import official, pypi
from pipelaw.model import Installation, Publication, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.facts.package_calls import Call
    from pipelaw.facts.package_versions import Spec
    from pipelaw.model import Command, Script

_VERBS = (
    *("nstall", "publish", " push", "upload", " add ", "dlx", "choco upgrade"),
    *(
        "npm i ",
        "gem i ",
        "npx ",
        "bunx ",
        "bun x ",
        "npm exec ",
        "uvx ",
        "go run ",
        "go get ",
        " require ",
        "pipx ",
        "tool run ",
        " --with",
        " inject ",
        "pnpx ",
        "deno ",
        "docker ",
        "podman ",
    ),
)
"""A script without any of these holds no command of interest: most scripts are done here."""
_CANDIDATE = pattern(
    r"\b(?:npm|pnpm|yarn|bun|pip(?:3(?:\.\d+)?)?|pipx|uv|poetry|pdm|gem|bundle|cargo|dotnet|composer)(?:\.exe)?"
    r"(?:[ \t]+(?:(?:--prefix|--cwd|--dir|-C)[ \t]+[^-\s]\S*"
    r"|(?!(?:--prefix|--cwd|--dir|-C)[ \t])-\S+|\+\S+|tool|global|pip|self))*"
    r"[ \t]+(?:install|i|add|dlx|binstall|require|inject)"
    r"(?:[ \t]+(?!-[re]\b|--path|--require)-\S+)*[ \t]+[\"']?(?![-.$#;&|<>\"'])\S"
    r"|\bgo[ \t]+(?:install|run|get)[ \t]+(?:-\S+[ \t]+)*[^\s@]+@(?!v\d)"
    r"|\bgo[ \t]+get[ \t]+(?:-\S+[ \t]+)*[\w-]+\.[\w.-]+/"
    r"|\b(?:npx|npm[ \t]+exec)[ \t]+(?:(?:-p|--package)[ \t=]\S+[ \t]+)*(?:-y|--yes)\b"
    r"|\b(?:npx|bunx|npm[ \t]+exec|bun[ \t]+x)[ \t]+(?:-\S+[ \t]+)*[\"']?@?[\w./-]+@"
    r"|\buvx[ \t]|\bpipx[ \t]+run\b|\buv[ \t]+tool[ \t]+run\b|\buv[ \t]+run\b[^\n;&|]{0,300}[ \t]--with[= \t]"
    r"|\bpnpx[ \t]|\bdeno[ \t]+(?:run|install|x)[ \t][^\n;&|]{0,300}(?:https?://|npm:|jsr:)"
    r"|\bgh[ \t]+ext(?:ension)?[ \t]+install[ \t]|\bhelm[ \t]+plugin[ \t]+install[ \t]"
    r"|\b(?:choco|nuget)(?:\.exe)?[ \t]+(?:install|upgrade)[ \t]|\bdotnet[ \t]+package[ \t]+add[ \t]"
    r"|\bInstall-(?:Module|PSResource)[ \t]"
    r"|\b(?:docker|podman)[ \t]+(?:container[ \t]+|image[ \t]+)?(?:run|create|pull)\b",
    re.MULTILINE,
)
_PUBLISH = pattern(
    r"\b(?:npm|pnpm|yarn|bunx?|cargo|uvx?|poetry|hatch|pdm|flit|maturin)\b[^;&|\n]*\bpublish\b"
    r"|\b(?:twine|maturin)\b[^;&|\n]*\bupload\b|\bgem\b[^;&|\n]*\bpush\b|\bnuget(?:\.exe)?\b[^;&|\n]*\bpush\b"
)
_PROGRAMS = frozenset(
    "npm pnpm pnpx yarn bun bunx pip pip3 pipx uv uvx gem bundle cargo dotnet composer go npx poetry hatch"
    " pdm flit maturin twine nuget deno gh helm docker podman choco module psresource".split()
)
"""Of these a script has one that the patterns above find something in."""
_JOINED = pattern(r"[\\`]\r?\n\s*")

_RUNS = frozenset({"dlx", "run", "x", "tool run", "", "-y", "--yes", "exec -y", "exec --yes"})
"""What runs a program of a package, whose own arguments follow."""
_MODULES = ("Install-Module", "Install-PSResource")
"""What installs modules of PowerShell."""
_NAMING = {
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn"), ("--package", "-p")),
    **dict.fromkeys(("uv", "uvx"), ("--from",)),
    "pipx": ("--spec",),
    **dict.fromkeys(_MODULES, ("-Name",)),
}
"""Options that name the package where the first word names only its program."""
_KINDS = {
    ("go", "get"): "go get",
    ("dotnet", "add package"): "dotnet add",
    ("dotnet", "package add"): "dotnet add",
}
"""Commands whose operands are read in a way of their own."""
_BESIDE = "--with"
"""The option of uv that names packages to be there beside the program."""
_MANAGERS = frozenset(
    "pip pip3 setuptools wheel npm yarn pnpm corepack bundler rubygems-update pipx uv virtualenv"
    " chocolatey PowerShellGet".split()
)

_INSTALL: dict[str, tuple[str, ...]] = {
    "npm": ("install", "i", "add", "exec -y", "exec --yes"),
    "pnpm": ("add", "install", "i", "dlx"),
    "pnpx": ("",),
    "yarn": ("add", "global add", "dlx"),
    "bun": ("add", "install"),
    "npx": ("-y", "--yes"),
    "pip": ("install",),
    "pipx": ("install", "run", "inject"),
    "poetry": ("add", "self add"),
    "pdm": ("add",),
    "uv": ("pip install", "tool install", "tool run", "add", "run"),
    "uvx": ("",),
    "gem": ("install", "i"),
    "bundle": ("add",),
    "cargo": ("install", "binstall"),
    "go": ("install", "run", "get"),
    "deno": ("run", "install", "x"),
    "dotnet": ("tool install", "add package", "package add"),
    "nuget": ("install",),
    "choco": ("install", "upgrade"),
    **dict.fromkeys(_MODULES, ("",)),
    "gh": ("extension install", "ext install"),
    "helm": ("plugin install",),
    "composer": ("global require", "require"),
    **dict.fromkeys(
        ("docker", "podman"),
        ("run", "pull", "create", "container run", "container create", "image pull"),
    ),
}
"""What takes packages by name: the program, and the words that have to follow it."""
_ASKED: dict[str, tuple[str, ...]] = {
    "npx": ("",),
    "bunx": ("",),
    "npm": ("exec",),
    "bun": ("x",),
}
"""What runs a program that the project has, and fetches one that is named with its version."""

_REGISTRIES = {
    "npm": "npm",
    "cargo": "crates.io",
    "twine": "PyPI",
    "uv": "PyPI",
    "poetry": "PyPI",
    "hatch": "PyPI",
    "pdm": "PyPI",
    "flit": "PyPI",
    "maturin": "PyPI",
    "gem": "RubyGems",
    "nuget": "NuGet",
    "dotnet": "NuGet",
}
_ELSEWHERE = frozenset(
    "--registry --index --repository --repository-url --publish-url --host --source".split()
)
_SHORT = {
    "twine": "-r",
    "poetry": "-r",
    "hatch": "-r",
    "maturin": "-r",
    "nuget": "-source",
    "dotnet": "-s",
}
"""Options that name the registry."""
_KEYS = frozenset({"--api-key", "-apikey"})
"""Options for a key; registries that sign people in otherwise take any word for one."""
_PROVENANCE = pattern(
    r"\bconfig[ \t]+set[ \t]+(?:-\S+[ \t]+)*provenance[ \t=]+true\b"
    r"|=[\"'(][^\"'()\n]*(?<=[\"'( ])--provenance\b(?!=false)"
)
"""Settings, or options in a variable, that ask for provenance."""
_DRY = frozenset({"--dry-run", "-n"})
_KEPT = frozenset({"--no-install", "--no"})
"""Options of npx that leave it with what is there."""


class Traffic(NamedTuple):
    """What scripts exchange with package registries."""

    installations: tuple[Installation, ...] = ()
    publications: tuple[Publication, ...] = ()


NO_TRAFFIC = Traffic()


def traffic(scripts: Sequence[Script]) -> Traffic:
    """What the commands of scripts install without a fixed version, and what they publish."""
    calls: list[tuple[Call, Command]] = []
    for script in scripts:
        text = script_words.spoken(script.text, script.shell)
        for verb in _VERBS:
            if verb in text:
                calls += _calls(script, text)
                break
    if not calls:
        return NO_TRAFFIC
    sent = [found for call, command in calls for found in _published(call, command)]
    if sent and any(_PROVENANCE.search(script.text) for script in scripts):
        sent = [replaced(found, provenance=True) for found in sent]
    return Traffic(
        tuple(found for call, command in calls for found in _installed(call, command)), tuple(sent)
    )


def _calls(script: Script, text: str) -> Iterator[tuple[Call, Command]]:
    """The commands of a script that may be of interest; few scripts are looked into."""
    if _PROGRAMS.isdisjoint(script_words.words(text)):
        return
    if "`\n" in text or "\\\n" in text:
        text = _JOINED.sub(" ", text)
    if _CANDIDATE.search(text) is None and _PUBLISH.search(text) is None:
        return
    for command in script.commands:
        for call in called(command.name, command.words):
            if call.name in _INSTALL or call.name in PUBLISHING or call.name in _ASKED:
                yield call, command


def _installed(call: Call, command: Command) -> Iterator[Installation]:
    found = after(call, _INSTALL) or _asked(call)
    if found is None or "--dry-run" in call.words:
        return
    specs = (
        _images(found[1], command)
        if call.name in ("docker", "podman")
        else _specs(call.name, *found)
    )
    loose = [spec for spec in specs if spec.pin != "exact"]
    if loose:
        yield Installation(
            manager=call.name,
            name=", ".join(dict.fromkeys(spec.name for spec in loose)),
            pin="none" if any(spec.pin == "none" for spec in loose) else "range",
            own=all(spec.name in _MANAGERS for spec in loose),
            place=command.place,
        )


def _asked(call: Call) -> tuple[str, Sequence[str]] | None:
    """`npx tool@latest`, which fetches it whatever the project has."""
    found = after(call, _ASKED)
    if found is None or not any("@" in word[1:] for word in found[1]) or _KEPT & {*found[1]}:
        return None
    from pipelaw.facts.package_versions import options_of  # noqa: PLC0415  few scripts install

    operands, pairs = _split(found[1], options_of(call.name), runs=True)
    named = _named(call.name, "", operands, dict(pairs))
    return ("", found[1]) if all("@" in one[1:] for one in named) else None


def _images(words: Sequence[str], command: Command) -> Iterator[Spec]:
    """The image that a command starts or fetches."""
    from pipelaw.facts.container_images import run_images  # noqa: PLC0415  few scripts start one

    return run_images(words, command.place.source.text)


def _specs(name: str, verb: str, words: Sequence[str]) -> Iterator[Spec]:
    """The packages that a command names, those of fixed version too."""
    from pipelaw.facts.package_versions import options_of, read  # noqa: PLC0415  few scripts install

    runs = verb in _RUNS and name not in _MODULES
    operands, pairs = _split(words, options_of(name), runs=runs)
    options = dict(pairs)
    beside = [one for option, value in pairs if option == _BESIDE for one in value.split(",")]
    named = [*_named(name, verb, operands, options), *beside]
    return read(_KINDS.get((name, verb), name), named, options)


def _split(
    words: Sequence[str], valued: frozenset[str], *, runs: bool
) -> tuple[list[str], list[tuple[str, str]]]:
    """The operands and the options of a command; of one that runs a program, not that program's own."""
    operands: list[str] = []
    options: list[tuple[str, str]] = []
    taking = ""
    for word in words:
        if taking:
            options.append((taking, word))
            taking = ""
        elif word.startswith("-") and word != "-":
            option, equals, value = word.partition("=")
            taking = option if option in valued and not equals else ""
            options += () if taking else ((option, value),)
        else:
            operands.append(word)
            if runs:
                break
    return operands, options


def _named(
    name: str, verb: str, operands: Sequence[str], options: Mapping[str, str]
) -> Sequence[str]:
    """The operands, or the values of options, that name what a command takes."""
    if (name, verb) == ("uv", "run"):
        return ()  # what it runs is in the project, or comes with what is beside it
    if verb == "inject":
        return operands[1:]
    if verb in _RUNS:
        return [options[one] for one in _NAMING.get(name, ()) if one in options] or operands
    return operands


def _published(call: Call, command: Command) -> Iterator[Publication]:
    found = after(call, PUBLISHING)
    words = call.words
    if found is None or not _DRY.isdisjoint(words) or "--help" in words or _elsewhere(call):
        return
    yield Publication(
        manager=call.name,
        registry=_registry(call),
        provenance="--provenance" in words or "--provenance=true" in words,
        place=command.place,
    )


def _registry(call: Call) -> str:
    """The registry that a program publishes to, or the one beside it that is there for trying."""
    usual = _REGISTRIES.get(call.name, "npm")
    return usual if usual != "PyPI" else pypi(" ".join(call.words))


def _elsewhere(call: Call) -> bool:
    """Whether a publication goes to a registry of its own."""
    known = False
    for option, value in _options(call.words):
        if option in _ELSEWHERE or option == _SHORT.get(call.name):
            if not official(value):
                return True
            known = True
    return not known and any(
        option in _KEYS and value and "$" not in value for option, value in _options(call.words)
    )


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of a command in lower case, each with its value or the word after it."""
    for index, word in enumerate(words):
        option, equals, value = word.partition("=")
        yield option.lower(), value if equals else "".join(words[index + 1 : index + 2])
