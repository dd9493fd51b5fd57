"""What commands take from package registries without a fixed version, and what they publish there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts import script_words
from pipelaw.facts.publications import official
from pipelaw.model import Installation, Publication, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.facts.package_versions import Spec
    from pipelaw.model import Command, Script

_VERBS = (
    *("install", "publish", " push", "upload", " add ", "dlx"),
    *(
        "npm i ",
        "npx ",
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
    r"\b(?:npm|pnpm|yarn|bun|pip3?|pipx|uv|poetry|pdm|gem|bundle|cargo|dotnet|composer)(?:\.exe)?"
    r"(?:[ \t]+(?:(?:--prefix|--cwd|--dir|-C)[ \t]+[^-\s]\S*"
    r"|(?!(?:--prefix|--cwd|--dir|-C)[ \t])-\S+|\+\S+|tool|global|pip|self))*"
    r"[ \t]+(?:install|i|add|dlx|binstall|require|inject)"
    r"(?:[ \t]+(?!-[re]\b|--path|--require)-\S+)*[ \t]+[\"']?(?![-.$#;&|<>\"'])\S"
    r"|\bgo[ \t]+(?:install|run|get)[ \t]+(?:-\S+[ \t]+)*[^\s@]+@(?!v\d)"
    r"|\bgo[ \t]+get[ \t]+(?:-\S+[ \t]+)*[\w-]+\.[\w.-]+/"
    r"|\b(?:npx|npm[ \t]+exec)[ \t]+(?:(?:-p|--package)[ \t=]\S+[ \t]+)*(?:-y|--yes)\b"
    r"|\buvx[ \t]|\bpipx[ \t]+run\b|\buv[ \t]+tool[ \t]+run\b|\buv[ \t]+run\b[^\n;&|]{0,300}[ \t]--with[= \t]"
    r"|\bpnpx[ \t]|\bdeno[ \t]+(?:run|install|x)[ \t][^\n;&|]{0,300}(?:https?://|npm:|jsr:)"
    r"|\bgh[ \t]+ext(?:ension)?[ \t]+install[ \t]|\bhelm[ \t]+plugin[ \t]+install[ \t]"
    r"|\b(?:docker|podman)[ \t]+(?:container[ \t]+|image[ \t]+)?(?:run|create|pull)\b",
    re.MULTILINE,
)
_PUBLISH = pattern(
    r"\b(?:npm|pnpm|yarn|bunx?|cargo|uvx?|poetry|hatch|pdm|flit)\b[^;&|\n]*\bpublish\b"
    r"|\btwine\b[^;&|\n]*\bupload\b|\bgem\b[^;&|\n]*\bpush\b|\bnuget(?:\.exe)?\b[^;&|\n]*\bpush\b"
)
_PROGRAMS = frozenset(
    "npm pnpm pnpx yarn bun bunx pip pip3 pipx uv uvx gem bundle cargo dotnet composer go npx poetry hatch"
    " pdm flit twine nuget deno gh helm docker podman".split()
)
"""Of these a script has one that the patterns above find something in."""
_JOINED = pattern(r"[\\`]\r?\n\s*")

_TAKING = frozenset({"--prefix", "--cwd", "--dir", "-C", "--package", "-p"})
"""Options before the word that says what to do, with a value of their own."""
_RUNS = frozenset({"dlx", "run", "x", "tool run", "", "-y", "--yes", "exec -y", "exec --yes"})
"""What runs a program of a package, whose own arguments follow."""
_NAMING = {
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn"), ("--package", "-p")),
    **dict.fromkeys(("uv", "uvx"), ("--from",)),
    "pipx": ("--spec",),
}
"""Options that name the package where the first word names only its program."""
_BESIDE = "--with"
"""The option of uv that names packages to be there beside the program."""
_MANAGERS = frozenset(
    "pip pip3 setuptools wheel npm yarn pnpm corepack bundler rubygems-update pipx uv virtualenv".split()
)
_RUNNERS: dict[str, tuple[str, ...]] = {
    "bundle": ("exec",),
    "corepack": (),
    "bunx": (),
    "npx": (),
    "uvx": (),
    "uv": ("run", "tool run"),
    "pipx": ("run",),
    "poetry": ("run",),
    "pdm": ("run",),
    "pipenv": ("run",),
    "hatch": ("run",),
    "pnpm": ("exec", "dlx"),
    "yarn": ("exec", "dlx", "run"),
}
"""Programs that run another one, and the words that its name follows."""

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
    "gem": ("install",),
    "bundle": ("add",),
    "cargo": ("install", "binstall"),
    "go": ("install", "run", "get"),
    "deno": ("run", "install", "x"),
    "dotnet": ("tool install",),
    "gh": ("extension install", "ext install"),
    "helm": ("plugin install",),
    "composer": ("global require", "require"),
    **dict.fromkeys(
        ("docker", "podman"),
        ("run", "pull", "create", "container run", "container create", "image pull"),
    ),
}
"""What takes packages by name: the program, and the words that have to follow it."""

_REGISTRIES = {
    "npm": "npm",
    "cargo": "crates.io",
    "twine": "PyPI",
    "uv": "PyPI",
    "poetry": "PyPI",
    "hatch": "PyPI",
    "pdm": "PyPI",
    "flit": "PyPI",
    "gem": "RubyGems",
    "nuget": "NuGet",
    "dotnet": "NuGet",
}
_PUBLISHING: dict[str, tuple[str, ...]] = {
    "npm": ("publish",),
    "pnpm": ("publish",),
    "yarn": ("npm publish", "publish"),
    "bun": ("publish",),
    "cargo": ("publish",),
    "twine": ("upload",),
    "uv": ("publish",),
    "poetry": ("publish",),
    "hatch": ("publish",),
    "pdm": ("publish",),
    "flit": ("publish",),
    "gem": ("push",),
    "nuget": ("push",),
    "dotnet": ("nuget push",),
}
_ELSEWHERE = frozenset(
    "--registry --index --repository --repository-url --publish-url --host --source".split()
)
_SHORT = {"twine": "-r", "poetry": "-r", "hatch": "-r", "nuget": "-source", "dotnet": "-s"}
"""Options that name the registry."""
_KEYS = frozenset({"--api-key", "-apikey"})
"""Options for a key; registries that sign people in otherwise take any word for one."""
_PROVENANCE = pattern(r"\bconfig[ \t]+set[ \t]+(?:-\S+[ \t]+)*provenance[ \t=]+true\b")
_DRY = frozenset({"--dry-run", "-n"})


class _Call(NamedTuple):
    """A command without what only runs it: `bundle exec gem push` is gem's."""

    name: str
    words: tuple[str, ...]
    """The words after the name."""


class Traffic(NamedTuple):
    """What scripts exchange with package registries."""

    installations: tuple[Installation, ...] = ()
    publications: tuple[Publication, ...] = ()


NO_TRAFFIC = Traffic()


def traffic(scripts: Sequence[Script]) -> Traffic:
    """What the commands of scripts install without a fixed version, and what they publish."""
    calls: list[tuple[_Call, Command]] = []
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


def _calls(script: Script, text: str) -> Iterator[tuple[_Call, Command]]:
    """The commands of a script that may be of interest; few scripts are looked into."""
    if _PROGRAMS.isdisjoint(script_words.words(text)):
        return
    if "`\n" in text or "\\\n" in text:
        text = _JOINED.sub(" ", text)
    if _CANDIDATE.search(text) is None and _PUBLISH.search(text) is None:
        return
    for command in script.commands:
        call = _call(command.name, command.words)
        if call.name in _INSTALL or call.name in _PUBLISHING:
            yield call, command


def _call(name: str, words: Sequence[str]) -> _Call:
    """The program that a command is about at last, and the words after its name."""
    name, rest = _plain(name), tuple(words[1:])
    for _ in range(3):
        if name in ("python", "python3", "py") and rest[:1] == ("-m",) and len(rest) > 1:
            name, rest = _plain(rest[1]), rest[2:]
            continue
        inner = _inner(name, rest)
        if inner is None:
            break
        name, rest = _plain(rest[inner]), rest[inner + 1 :]
    if name == "cargo":
        rest = tuple(word for word in rest if not word.startswith("+"))
    return _Call(name, rest)


def _plain(name: str) -> str:
    name = name.removesuffix(".exe")
    return {"pip3": "pip"}.get(name, name)


def _inner(name: str, rest: tuple[str, ...]) -> int | None:
    """The index of the program that a runner runs, where it is one that matters here."""
    if name not in _RUNNERS:
        return None
    for words in _RUNNERS[name] or ("",):
        wanted = tuple(words.split())
        if rest[: len(wanted)] == wanted:
            for index in range(len(wanted), len(rest)):
                if not rest[index].startswith("-"):
                    inner = _plain(rest[index])
                    return index if inner in _PUBLISHING or inner in ("pip", "npm") else None
    return None


def _after(call: _Call, table: dict[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]] | None:
    """The words of the table that a call begins with, flags aside, and what follows them."""
    for words in table.get(call.name, ()):
        wanted = words.split()
        rest = list(call.words)
        before: list[str] = []
        while wanted and rest and (rest[0] == wanted[0] or rest[0].startswith("-")):
            word = rest.pop(0)
            if word == wanted[0]:
                wanted.pop(0)
                continue
            before.append(word)
            if word in _TAKING:
                before += rest[:1]
                del rest[:1]
        if not wanted:
            return words, (*before, *rest)
    return None


def _installed(call: _Call, command: Command) -> Iterator[Installation]:
    found = _after(call, _INSTALL)
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


def _images(words: Sequence[str], command: Command) -> Iterator[Spec]:
    """The image that a command starts or fetches."""
    from pipelaw.facts.container_images import run_images  # noqa: PLC0415  few scripts start one

    return run_images(words, command.place.source.text)


def _specs(name: str, verb: str, words: Sequence[str]) -> Iterator[Spec]:
    """The packages that a command names, those of fixed version too."""
    from pipelaw.facts.package_versions import options_of, read  # noqa: PLC0415  few scripts install

    operands, pairs = _split(words, options_of(name), runs=verb in _RUNS)
    options = dict(pairs)
    beside = [one for option, value in pairs if option == _BESIDE for one in value.split(",")]
    named = [*_named(name, verb, operands, options), *beside]
    return read("go get" if (name, verb) == ("go", "get") else name, named, options)


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


def _published(call: _Call, command: Command) -> Iterator[Publication]:
    found = _after(call, _PUBLISHING)
    words = call.words
    if found is None or not _DRY.isdisjoint(words) or "--help" in words or _elsewhere(call):
        return
    yield Publication(
        manager=call.name,
        registry=_REGISTRIES.get(call.name, "npm"),
        provenance="--provenance" in words or "--provenance=true" in words,
        place=command.place,
    )


def _elsewhere(call: _Call) -> bool:
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
