"""Checkouts by command: `git fetch` of a request's code, `gh pr checkout`, archives, and their like."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw.facts.script_words import spoken, words
from pipelaw.loaders.github_slices import expanded
from pipelaw.loaders.github_workspace import resolved, standing
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelaw.loaders.github_origins import Origin, Origins
    from pipelaw.model import Command, Script
    from pipelaw.place import Place

_MAYBE = pattern(
    r"\b(?:git|hub)\b[^\n]{0,200}"
    r"\b(?:fetch|pull|checkout|clone|switch|merge|reset|worktree|remote|apply|am|show|cat-file|archive"
    r"|submodule|subtree)\b"
    r"|\b(?:gh|hub)\s+(?:(?:-R|--repo)\s+\S+\s+)?(?:pr\s+checkout|repo\s+clone)\b"
)
_FETCHING = frozenset({"git", "gh", "hub"})
_TAKES = pattern(
    r"\bgit\s+(?:-[Cc]\s+\S+\s+)?"
    r"(?:checkout|merge|reset|switch|restore|rebase|cherry-pick|pull|read-tree)(?![-\w])"
)
"""What puts something fetched before into the workspace."""
_PATCH = pattern(r"\bgh\s+pr\s+diff\b|/pull/[^\s/]+\.(?:patch|diff)\b|\b(?:patch|diff)_url\b")
"""A request as a patch."""
_LOADING = frozenset("curl wget gh iwr invoke aria2c".split())
_LOADERS = frozenset("curl wget gh iwr invoke-webrequest aria2c".split())
_SHAPES = ("ball/", "archive/", "codeload.", "/raw/", "usercontent.")
_ARCHIVE = pattern(r"\b(?:tar|zip)ball/|/archive/|//codeload\.")
"""An address of a whole repository in one file."""
_RAW = pattern(r"//raw\.githubusercontent\.|/raw/")
"""An address of one of its files."""
_OPENED = pattern(r"\b(?:unzip|bsdtar|7z|tar|Expand-Archive)\b")
_INTO = {
    "tar": ("-C", "--directory"),
    "bsdtar": ("-C", "--directory"),
    "unzip": ("-d",),
    "7z": (),
    "Expand-Archive": ("-DestinationPath",),
}
"""What opens an archive, and the options that name a folder for it."""
_INSTALLERS = frozenset("pip pip3 pipx uv uvx npm npx yarn pnpm docker podman go cargo".split())
_FROM_GIT = ("git+", "github:", ".git#")
"""Programs that run what an address names, and how addresses of repositories begin for them."""
_BY_ADDRESS = ("--git", "github.com/")
"""What is in commands of those that also take the address of a file, a module or a repository."""
_BUILDERS = frozenset({"docker", "podman"})
"""Of them, those of which an address can be a mere argument of what they build."""
_MARKS = _FROM_GIT + _BY_ADDRESS
_VALUED = frozenset(("-C", "-c", "--git-dir", "--work-tree", "-R", "--repo"))
_CREATES = frozenset(("-b", "-B", "--orphan"))
_CREATES_BY_SWITCH = frozenset(("-c", "-C", "--create", "--force-create", "--orphan"))
_SUBCOMMANDS = frozenset(
    "fetch pull checkout clone switch merge reset worktree remote config submodule subtree".split()
)
_MOST = 500
"""Behind so many commands nobody fetches anything."""
_NEAR = 50
"""How many commands after the one that prints a file are searched for what runs it."""
_PRINTS = frozenset(("show", "cat-file"))
_DATA = pattern(r"\.(?:md|rst|txt|json|ya?ml|toml|xml|csv|html|lock|log|diff|patch)\Z")
"""Files that tools read and nobody runs."""
_NAMESPACE = pattern(r"\A\+?refs/(?:heads|remotes|tags)/")


class Fetched(NamedTuple):
    """An outsider's code that a command puts into a folder."""

    origin: Origin
    text: str
    folder: str
    own: bool
    """Only branches of the repository itself are in reach of the command."""
    place: Place
    runs: str = ""
    """The command that runs what it fetches at once."""


class _Run(NamedTuple):
    """A script that may get an outsider's code, and what surrounds it."""

    script: Script
    passed: Sequence[tuple[Command, tuple[str, ...]]]
    """Its commands in order, each with the folders that it may run in, the likely one first."""
    variables: Mapping[str, str]
    origins: Origins
    start: str
    """The folder that it begins in."""
    later: Callable[[], Sequence[str]]
    """The scripts after it."""
    chosen: Callable[[Command], Origin | None]
    """Whose repository a command fetches because an outsider writes a part of its address."""


def fetched(
    scripts: Sequence[Script],
    env: Mapping[str, str],
    origins: Origins,
    start: str,
    later: Callable[[], Sequence[str]],
    chosen: Callable[[Command], Origin | None],
) -> Iterator[Fetched]:
    """The first checkout of an outsider's code in each script; `later` gives the scripts after it.

    `chosen` says who decides which repository a command fetches by writing a part of its address.
    """
    variables: dict[str, str] | None = None
    for script in scripts:
        text = spoken(script.text, script.shell)
        known = words(text)
        checks = not _FETCHING.isdisjoint(known) and _MAYBE.search(text)
        loads = not _LOADING.isdisjoint(known) and any(shape in text for shape in _SHAPES)
        brings = not _INSTALLERS.isdisjoint(known) and any(mark in text for mark in _MARKS)
        if not checks and not loads and not brings:
            continue
        variables = variables or {**origins.env, **env}
        passed = list(standing(script, start))
        run = _Run(script, passed, variables, origins, start, later, chosen)
        found = _checked_out(run) if checks else None
        if found is None and loads:
            found = _downloaded(run)
        if found is None and brings:
            found = _installed(run)
        if found is not None:
            yield found


def _checked_out(run: _Run) -> Fetched | None:
    """The first checkout with git, or with a program around it."""
    taken = _TAKES.search(spoken(run.script.text, run.script.shell)) or any(
        _TAKES.search(text) for text in run.later()
    )
    fork = False
    aside: Fetched | None = None
    for at, (command, folders) in enumerate(run.passed[:_MOST]):
        found = _found(command, run)
        if found is None:
            continue
        verb, origin, word = found
        fork = fork or origin.kind == "repository"
        every = verb == "fetch" and "/*" in command.text  # which of them is taken comes later
        if verb in ("remote", "config") or (verb == "fetch" and not taken) or every:
            run.origins.fetched.update(dict.fromkeys(_names_given(command, verb), origin))
            continue
        landed = _landed(run, at, verb, folders[0] if folders else run.start)
        if landed is not None:
            folder, runs = landed
            own = origin.kind == "branch" and not fork
            one = Fetched(origin, word, folder, own, command.place, runs)
            if runs or verb not in _PRINTS:
                return one
            aside = aside or one
    return aside


def _landed(run: _Run, at: int, verb: str, here: str) -> tuple[str, str] | None:
    """The folder or file that a command fills, and what runs that at once; None for nothing."""
    command = run.passed[at][0]
    if verb in _PRINTS:
        runs = _runs_output(run.passed[max(at - 3, 0) : at + _NEAR], command)
        code = [file for file in command.writes if not _DATA.search(file)]
        file = resolved(code[0], here) if code else None
        return (file or here, runs) if runs or file else None
    if verb == "archive":
        opened = _opened(run.passed[at + 1 :], here, run.later)
        return None if opened is None else (opened, "")
    return _folder(command, verb, here), ""


def _names_given(command: Command, verb: str) -> list[str]:
    """The names under which later commands find what one fetches, or a remote that it adds."""
    given = _given(command.words)
    if verb == "remote":
        return given[2:3]
    local = [word.partition(":")[2] for word in given[1:] if ":" in word and "//" not in word]
    return ["FETCH_HEAD", *(_NAMESPACE.sub("", name) for name in local if name)]


def _runs_output(passed: Sequence[tuple[Command, tuple[str, ...]]], printing: Command) -> str:
    """The command that runs the file which another one prints, "" for none."""
    from pipelaw.facts.execution import places  # noqa: PLC0415  few scripts print what outsiders wrote
    from pipelaw.facts.shell_words import EXECUTING, reading  # noqa: PLC0415  as above

    files = {resolved(file, "") or file for file in printing.writes}
    for command, _ in passed:
        behind = command.place.start > printing.place.start
        if command.input == printing.name:
            read = reading(command.words)
            piped = behind and read.stdin and read.language in EXECUTING
            if piped or printing.text in command.text:
                return command.name
        if behind and files and any((resolved(f, "") or f) in files for f in places(command.words)):
            return command.name or command.text
    return ""


def _downloaded(run: _Run) -> Fetched | None:
    """The first archive of an outsider's code that is opened, or file of it that is run."""
    text = run.script.text
    for at, (command, folders) in enumerate(run.passed):
        if command.name.lower() not in _LOADERS:
            continue
        here = folders[0] if folders else run.start
        for word in command.words[1:]:
            address = expanded(word, text, run.variables) if "$" in word else word
            whole = _ARCHIVE.search(address) is not None
            if not whole and not _RAW.search(address):
                continue
            origin = _named(word, text, run.variables, run.origins)
            if origin is None:
                continue
            folder = _opened(run.passed[at + 1 :], here, run.later) if whole else here
            runs = "" if whole else _runs(run.passed[at:], address)
            if folder is not None and (whole or runs):
                own = origin.kind == "branch"
                return Fetched(origin, command.text, folder, own, command.place, runs)
    return None


def _installed(run: _Run) -> Fetched | None:
    """The first package or image that a command builds straight from an outsider's repository."""
    text = run.script.text
    for command, _ in run.passed:
        if command.name not in _INSTALLERS:
            continue
        marks = _FROM_GIT if command.name in _BUILDERS else _MARKS
        for before, word in pairwise(command.words):
            address = expanded(word, text, run.variables) if "$" in word else word
            origin = _named(word, text, run.variables, run.origins)
            if origin is not None and any(mark in f"{before} {address}" for mark in marks):
                own = origin.kind == "branch"
                return Fetched(origin, command.text, run.start, own, command.place, command.name)
    return None


def _runs(behind: Sequence[tuple[Command, tuple[str, ...]]], address: str) -> str:
    """The command that runs what comes from an address, "" for none."""
    for command, _ in behind:
        if command.remote and command.remote in address:
            return command.name or command.text
    return ""


def _opened(
    behind: Sequence[tuple[Command, tuple[str, ...]]],
    place: str,
    later: Callable[[], Sequence[str]],
) -> str | None:
    """The folder that an archive is opened into, None where it stays as it is."""
    for command, folders in behind:
        options = _INTO.get(command.name)
        if options is not None:
            here = folders[0] if folders else place
            return _given_folder(command.words, options, here)
    return place if any(_OPENED.search(text) for text in later()) else None


def _given_folder(given: Sequence[str], options: Sequence[str], here: str) -> str:
    for index, word in enumerate(given[:-1]):
        if word in options:
            return resolved(given[index + 1], here) or here
    for word in given:
        option, equals, value = word.partition("=")
        if equals and option in options:
            return resolved(value, here) or here
    return here


def _folder(command: Command, verb: str, folder: str) -> str:
    """Where a command puts the files."""
    given = [word for word in _own(command) if word[:1] != "-"]
    if verb == "clone" and len(given) > 2:
        return resolved(given[-1], folder) or folder
    if verb == "clone":
        name = given[-1].rstrip("/").rpartition("/")[2].removesuffix(".git")
        return resolved(name, folder) or folder
    if verb == "worktree":
        made = [word for before, word in pairwise(command.words) if before in _CREATES]
        given = [word for word in _given(command.words) if word not in made]
        return (resolved(given[2], folder) if len(given) > 2 else None) or folder
    return folder


def _own(command: Command) -> Sequence[str]:
    """The words after a program, without those that `gh` hands to git."""
    words = command.words[1:]
    return words[: words.index("--")] if command.name == "gh" and "--" in words else words


def _found(command: Command, run: _Run) -> tuple[str, Origin, str] | None:
    """What a command does, whose code it names, and the word that does so."""
    script, env, origins = run.script.text, run.variables, run.origins
    if command.name not in ("git", "gh", "hub"):
        return None
    given = _given(command.words)
    if command.name != "git" and given[:2] == ["pr", "checkout"]:
        return "checkout", origins.request(), command.text
    if given[:2] == ["repo", "clone"]:
        given = given[1:]
    elif command.name == "gh":
        return None
    verb = given[0] if given else ""
    if verb in ("apply", "am") and _PATCH.search(script):
        return verb, origins.request(), command.text
    named = given[2:] if _creating(verb, command.words) else given[1:]
    held = [one for word in named if (one := _held(_name(word), origins.fetched)) is not None]
    if verb not in _SUBCOMMANDS and verb not in _PRINTS and verb != "archive":
        return None
    found = [each for word in named if (each := _named(word, script, env, origins))] + held
    if not found and verb in ("clone", "remote") and (named_by := run.chosen(command)):
        found = [named_by]
    # whose repository it is matters more than which of its branches
    origin = next((each for each in found if each.kind == "repository"), (*found, None)[0])
    return (verb, origin, command.text) if origin is not None else None


def _creating(verb: str, words: Sequence[str]) -> bool:
    """Whether a command's first operand is the name of a branch that it makes."""
    options = _CREATES_BY_SWITCH if verb == "switch" else _CREATES
    return verb != "clone" and not options.isdisjoint(words)


def _held(name: str, fetched: Mapping[str, Origin]) -> Origin | None:
    """Whose code a name stands for since it was fetched, by itself or with all requests."""
    if name in fetched or not any(one[-1:] == "*" for one in fetched):
        return fetched.get(name)
    covered = (one for one in fetched if one[-2:] == "/*" and name.startswith(one[:-1]))
    return next((fetched[one] for one in covered), None)


def _name(word: str) -> str:
    """What a word names among the things that were fetched: `FETCH_HEAD:file`, `refs/heads/pr`."""
    return _NAMESPACE.sub("", word.partition(":")[0])


def _given(words: Sequence[str]) -> list[str]:
    """The words after a program that are no options of its own, nor their values."""
    found: list[str] = []
    skip = True
    for index, word in enumerate(words):
        if skip or word[:1] == "-" or (not found and words[index - 1] in _VALUED):
            skip = False
            continue
        found.append(word)
    return found


def _named(word: str, script: str, env: Mapping[str, str], origins: Origins) -> Origin | None:
    if "$" not in word and "pull/" not in word:
        return None
    origin = origins.of(word, env)
    if origin is not None:
        return origin
    return origins.piece(expanded(word, script, env), env) if "$" in word else None
