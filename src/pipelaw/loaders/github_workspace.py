"""Where files lie while a job runs, and which of its steps run code from them."""

from __future__ import annotations

from functools import lru_cache
from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.loaders.github_runs import runs_of
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.loaders.github_slices import assignments
from pipelaw.parts import by_name
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.model import Command, Script, Step, Variable

_ROOT = pattern(
    r"^(?:\$\{\{\s*(?i:github(?:\.|\[')workspace(?:'\])?)\s*\}\}|\$\{?GITHUB_WORKSPACE\}?|\$\{?PWD\}?|\$\(pwd\)|\$env:GITHUB_WORKSPACE"
    r"|\$\{process\.env\.GITHUB_WORKSPACE\})(?:/|$)"
)
_TEMP = pattern(
    r"^(?:\$\{\{\s*(?i:runner(?:\.|\[')temp(?:'\])?)\s*\}\}|\$\{?RUNNER_TEMP\}?|\$env:RUNNER_TEMP|\$\{process\.env\.RUNNER_TEMP\})"
)
_DECIDED = pattern(r"[$%`]|^[A-Za-z]:/")
_MOVES = frozenset(("cd", "pushd", "Set-Location", "Push-Location", "sl", "chdir"))
_REQUIRES = pattern(
    r"(?:require|import)\s*\(\s*(?:['\"`])((?:\$\{process\.env\.GITHUB_WORKSPACE\}|\$\{\{\s*github\.workspace\s*\}\}|\.{1,2})(?:/[^'\"`]*)?)['\"`]"
)
NOTHING: Mapping[str, str] = {}
"""No constants."""
_SUBSHELL = pattern(r"\(\s*(?:cd|pushd)\s")


def folder_of(text: str) -> str:
    """A path below the workspace, normalised; "" for the workspace itself."""
    path = resolved(text.strip(), "")
    return path if path is not None else text.strip()


_FOLDER_VARIABLES = {"runner.temp": "${RUNNER_TEMP}", "github.workspace": "${GITHUB_WORKSPACE}"}
_FOLDER = pattern(r"\$\{\{\s*((?i:runner(?:\.|\[')temp|github(?:\.|\[')workspace))(?:'\])?\s*\}\}")


def by_variables(code: str) -> str:
    """A script that names its folders by variables, not expressions; every character keeps its place."""
    if "${{" not in code:
        return code
    return _FOLDER.sub(_by_variable, code)


def _by_variable(match: re.Match[str]) -> str:
    """The variable, and what names the same folder up to the length of the expression."""
    variable = _FOLDER_VARIABLES[match[1].lower().replace("['", ".")]
    return (variable + "/." * len(match[0]))[: len(match[0])]


_NAMED = pattern(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))|\$\{\{\s*env\.(\w+)\s*\}\}")
_PLAIN = pattern(r"(['\"]?)([\w./-]+)\1")


def constants(scopes: Iterable[Iterable[Variable]]) -> dict[str, str]:
    """The variables that always hold the same text, by name in lower case."""
    found = (one for scope in scopes for one in scope if one.kind == "environment")
    return {one.name.lower(): one.value for one in found if _PLAIN.fullmatch(one.value)}


def spelled(word: str, known: Mapping[str, str]) -> str:
    """A word with the texts that its variables are known to hold."""
    if "$" not in word or not known:
        return word
    return _NAMED.sub(lambda m: known.get((m[1] or m[2] or m[3]).lower(), m[0]), word)


def _known(script: Script, around: Mapping[str, str]) -> Mapping[str, str]:
    """What is known of the variables in a script: from around it, and what it sets once."""
    if "$" not in script.text:
        return {}
    given = assignments(script.text) if "=" in script.text else {}
    own = {
        name.lower(): plain[2]
        for name, values in given.items()
        if script.text.count(f"{name}=") == 1
        and (plain := _PLAIN.fullmatch(values[0].partition(";")[0].strip()))
    }
    return {**around, **own}


def outside(path: str) -> bool:
    """Whether a path as `resolved` gives it lies outside the workspace."""
    return path[:1] in ("/", "~", "$") or path == ".." or path[:3] == "../"


@lru_cache(maxsize=4096)
def resolved(word: str, where: str) -> str | None:
    """The path that a word names from a folder; None where that is not known.

    Relative to the workspace, "" for itself; a path outside it begins with `/`, `~`, `$TEMP` or `..`.
    """
    text = word.replace("\\", "/")
    root, temp = _ROOT.match(text), _TEMP.match(text)
    if root is not None:
        text, where = text[root.end() :], ""
    elif temp is not None:
        return normpath(f"$TEMP{text[temp.end() :]}")
    elif text[:1] in ("/", "~"):
        return normpath(text)
    elif _DECIDED.search(text) or "://" in text:
        return None
    path = normpath(f"{where}/{text}" if where else text or ".")
    return "" if path == "." else path


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; "" is the workspace."""
    if not folder:
        return not outside(path)
    return path == folder or path.startswith(f"{folder}/")


class Mount(NamedTuple):
    """Files that a step put into a folder."""

    folder: str
    foreign: bool
    """They are those that are asked about; otherwise they hide what lies below."""


def owned(path: str, mounts: Sequence[Mount]) -> bool:
    """Whether what lies at a path are the files that are asked about: the innermost, latest mount has it."""
    best: Mount | None = None
    for mount in mounts:
        if below(path, mount.folder) and (best is None or len(mount.folder) >= len(best.folder)):
            best = mount
    return best is not None and best.foreign


def executor(
    step: Step,
    start: str,
    mounts: Sequence[Mount],
    behind: int = -1,
    around: Mapping[str, str] = NOTHING,
) -> str:
    """The command or action of a step that runs code from the files, "" for none.

    `start` is the folder in which its scripts run, `around` the constants around it; commands up to the
    character `behind` do not count.
    """
    for used in step.references:
        if used.text.startswith("./"):
            path = resolved(used.text, "")
            if path is not None and owned(path, mounts):
                return used.text
        else:
            runs = runs_of(used.name)
            if runs is not None:
                inputs = by_name(used.inputs)
                path = resolved(runs.folder(inputs), "") if runs.applies(inputs) else None
                if path is not None and owned(path, mounts):
                    return used.name
    for script in scripts_here(step):
        found = next(executing(script, start, mounts, behind, around), None)
        if found:
            return found
    return _search_path(step, mounts)


_SEARCHED = frozenset(
    "BASH_ENV CLASSPATH LD_LIBRARY_PATH LD_PRELOAD NODE_PATH PATH PERL5LIB PYTHONPATH RUBYLIB".split()
)
"""Variables that name where programs find code."""


def _search_path(step: Step, mounts: Sequence[Mount]) -> str:
    """The variable of a step with which programs find code among the files, "" for none."""
    for variable in step.variables if step.scripts else ():
        if variable.name in _SEARCHED and variable.kind == "environment":
            for part in variable.value.replace(";", ":").split(":"):
                path = resolved(part, "") if part else None
                if path is not None and owned(path, mounts):
                    return variable.name
    return ""


_QUIET = frozenset(
    """
    [ [[ basename cat cd cmp cp curl cut date diff dirname echo exit export find gh git grep head jq ls md5sum
    mkdir mv popd printf pushd pwd read rm rsync set sha256sum shopt sort stat tail tar tee test touch tr tree
    true uniq wc zip
    """.split()
)
"""Commands that run nothing of the folder that they run in."""
_SAYS = frozenset({"echo", "printf"})
_STORES = frozenset({"actions/upload-artifact", "actions/cache", "actions/cache/save"})
_COPIES = frozenset({"cp", "mv", "rsync", "ln"})
_COPYING = pattern(r"\b(?:cp|mv|rsync|ln)\s")


def touches(
    step: Step, start: str, mounts: Sequence[Mount], around: Mapping[str, str] = NOTHING
) -> bool:
    """Whether a step works where the files lie, or an action is given them."""
    for used in step.references:
        if used.name.lower() not in _STORES and any(
            (path := resolved(line.strip(), "")) and owned(path, mounts)
            for variable in used.inputs
            for line in variable.value.splitlines()
        ):
            return True
    return any(
        command.name not in _QUIET and any(owned(folder, mounts) for folder in folders)
        for script in scripts_here(step)
        for command, folders in standing(script, start, around)
    )


def copies(step: Step, start: str, mounts: Sequence[Mount]) -> list[Mount]:
    """Where a step copies the files to, if they do not lie in the workspace itself."""
    if not mounts[0].folder:
        return []
    return [
        Mount(landing, foreign=True)
        for script in scripts_here(step)
        if _COPYING.search(script.text)
        for command, folders in standing(script, start)
        if command.name in _COPIES
        for folder in folders
        for landing in _landings(command, folder, mounts)
    ]


def _landings(command: Command, folder: str, mounts: Sequence[Mount]) -> Iterator[str]:
    """Where the files that a command copies come to lie."""
    *given, target = (word for word in command.words if word[:1] != "-")
    to = resolved(target, folder)
    if to is None:
        return
    into = target in (".", "./") or target.endswith("/")
    for word in given[1:]:
        path = resolved(word.removesuffix("*"), folder)
        if path is not None and owned(path, mounts):
            name = word.rstrip("/").rpartition("/")[2]
            kept = into and word[-1:] not in ("/", "*", ".")
            yield normpath(f"{to}/{name}").lstrip("/") if kept and not outside(to) else to


def executing(
    script: Script,
    start: str,
    mounts: Sequence[Mount],
    behind: int = -1,
    around: Mapping[str, str] = NOTHING,
) -> Iterator[str]:
    """The commands of a script that run code from the files, shortened."""
    if script.shell in ("javascript", "python"):
        yield from _of_code(script, start, mounts, behind)
        return
    yield from _of_commands(script, start, mounts, behind, around)
    for match in _LOOPED.finditer(script.text) if "for " in script.text else ():
        for word in match[2].split():
            looped = {**around, match[1].lower(): word}
            yield from _of_commands(script, start, mounts, behind, looped)


_LOOPED = pattern(r"\bfor[ \t]+(\w+)[ \t]+in((?:[ \t]+[\w./-]+){1,20})[ \t]*[;\n]")
"""A loop over words that are written out."""


def _of_commands(
    script: Script, start: str, mounts: Sequence[Mount], behind: int, around: Mapping[str, str]
) -> Iterator[str]:
    """The commands of a shell that run code from the files."""
    from pipelaw.facts.execution import coded, fed, places  # noqa: PLC0415  few jobs have files of outsiders
    from pipelaw.facts.shell import handed  # noqa: PLC0415  as above

    code = handed(script.text, script.shell)
    before: Sequence[str] = ()
    known = _known(script, around)
    for at, (command, folders) in enumerate(standing(script, start, around)):
        if command.place.start <= behind:
            continue
        found = places(tuple(spelled(word, known) for word in command.words))
        if command.name in _SAYS and any("GITHUB_PATH" in file for file in command.writes):
            found += tuple(word for word in command.words[1:] if word[:1] != "-")
        if at in code:
            found += coded(*code[at], command.words)
        if not found and (command.input or "<" in command.text):
            found = fed(command.words, command.text, before if command.input else ())
        before = command.words
        if found and any(reached(place, folders, mounts) for place in found):
            yield " ".join(command.words[:3])


def _of_code(script: Script, start: str, mounts: Sequence[Mount], behind: int) -> Iterator[str]:
    """What code of Python or JavaScript runs from the files: their modules, and the programs it starts."""
    from pipelaw.facts.code_calls import started  # noqa: PLC0415  few jobs have files of outsiders
    from pipelaw.facts.execution import starting  # noqa: PLC0415  as above

    if script.shell == "javascript":
        for match in _REQUIRES.finditer(script.text):
            path = resolved(match[1], "")
            data = match[1].endswith(".json")  # which is only parsed
            if path is not None and not data and owned(path, mounts):
                yield f"{match[0]})"
        start = ""  # whatever folder the scripts of the job run in
    for each in started(script.text, script.shell):
        if each.at >= behind and any(reached(place, (start,), mounts) for place in starting(each)):
            yield " ".join(each.words[:3])


def reached(place: str, folders: Iterable[str], mounts: Sequence[Mount]) -> bool:
    """Whether what a word names from one of some folders are the files that are asked about."""
    for folder in folders:
        path = resolved(place, folder)
        if path is not None and owned(path, mounts):
            return True
    return False


def standing(
    script: Script, start: str, around: Mapping[str, str] = NOTHING
) -> Iterator[tuple[Command, tuple[str, ...]]]:
    """The commands of a script, each with the folders that it may run in."""
    folders: tuple[str, ...] = (start,)
    known = _known(script, around)
    scoped = _SUBSHELL.search(script.text) is not None
    for command in script.commands:
        yield command, folders
        if command.name in _MOVES and len(command.words) > 1:
            moved = tuple(
                path
                for folder in folders
                if (path := resolved(spelled(command.words[-1], known), folder)) is not None
            )
            # what is entered in parentheses is left behind them
            folders = tuple(dict.fromkeys((*folders, *moved))) if scoped else moved
        elif command.name in ("popd", "Pop-Location"):
            folders = tuple(dict.fromkeys((*folders, start)))
