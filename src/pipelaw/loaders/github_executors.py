"""Which steps of a job run code from files that lie in its workspace, work with them, or copy them."""

from __future__ import annotations

from itertools import islice, pairwise
from posixpath import normpath
from typing import TYPE_CHECKING

from pipelaw.loaders.github_runs import runs_of
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.loaders.github_workspace import (
    Mount,
    held,
    outside,
    owned,
    reached,
    resolved,
    spelled,
    standing,
)
from pipelaw.parts import by_name
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.model import Command, Script, Step

_REQUIRES = pattern(
    r"(?:require|import)\s*\(\s*(?:['\"`])((?:\$\{process\.env\.GITHUB_WORKSPACE\}|\$\{\{\s*github\.workspace\s*\}\}|\.{1,2})(?:/[^'\"`]*)?)['\"`]"
)


def executor(
    step: Step, start: str, mounts: Sequence[Mount], behind: int, around: Mapping[str, str]
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
        found = next(_executing(script, start, mounts, behind, around), None)
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
_REPLACING = pattern(r"\b(?:cp|mv|rsync|ln|curl|wget)\s")
_SAVING = pattern(r"--output(?:-document)?|-[A-Za-z]*[oO]")
"""The options behind which a download is told its file."""


def touches(step: Step, start: str, mounts: Sequence[Mount], around: Mapping[str, str]) -> bool:
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
        for path, landing in _landings(command, folder)
        if owned(path, mounts)
    ]


def replaces(step: Step, start: str, mounts: Sequence[Mount]) -> list[Mount]:
    """Which of the files a step writes others over."""
    return [
        hidden
        for script in scripts_here(step)
        if _REPLACING.search(script.text)
        for command, folders in standing(script, start)
        for hidden in _hidden(command, folders, mounts)
    ]


def _hidden(command: Command, folders: Sequence[str], mounts: Sequence[Mount]) -> list[Mount]:
    """Which of the files a command writes others over."""
    if len(folders) != 1:
        return []
    if command.name in _COPIES:
        landings = _landings(command, folders[0])
    elif command.name in ("curl", "wget") and "$" not in command.text:
        landings = _saved(command, folders[0])
    else:
        return []
    return [
        Mount(landing, foreign=False)
        for path, landing in landings
        # what a folder holds stays where another is copied over it
        if "." in landing.rpartition("/")[2] and owned(landing, mounts) and not owned(path, mounts)
    ]


def _saved(command: Command, folder: str) -> Iterator[tuple[str, str]]:
    """The files that a command downloads, as paths outside of the workspace, and where they come to lie."""
    for option, word in pairwise(command.words):
        to = resolved(word, folder) if _SAVING.fullmatch(option) else None
        if to is not None:
            yield "/", to


def _landings(command: Command, folder: str) -> Iterator[tuple[str, str]]:
    """The files that a command copies, and where they come to lie."""
    *given, target = (word for word in command.words if word[:1] != "-")
    to = resolved(target, folder)
    if to is None:
        return
    into = target in (".", "./") or target.endswith("/")
    for word in given[1:]:
        path = resolved(word.removesuffix("*"), folder)
        if path is not None:
            name = word.rstrip("/").rpartition("/")[2]
            kept = into and word[-1:] not in ("/", "*", ".")
            yield path, normpath(f"{to}/{name}").lstrip("/") if kept and not outside(to) else to


def _executing(
    script: Script, start: str, mounts: Sequence[Mount], behind: int, around: Mapping[str, str]
) -> Iterator[str]:
    """The commands of a script that run code from the files, shortened."""
    if script.shell in ("javascript", "python"):
        yield from _of_code(script, start, mounts, behind)
        return
    yield from _of_commands(script, start, mounts, behind, around)
    # each is another pass over the script
    for name, path in islice(dict.fromkeys(_loops(script.text)), _MOST_LOOPS):
        looped = {**around, name.lower(): path}
        yield from _of_commands(script, start, mounts, behind, looped)


_MOST_LOOPS = 50
"""How many different loops of a script are followed: it takes time that grows with its length alone."""
_LOOPED = pattern(r"\bfor[ \t]+(\w+)[ \t]+in((?:[ \t]+[\w./*?${}\[\]\"'-]+){1,20})[ \t]*[;\n]")
"""A loop over words that are written out, or files."""
_LISTING = pattern(r"\b(?:find|ls|git[ \t]+ls-files)[ \t]+(?:-\w+[ \t]+)*([\w./-]*)")
_EACH = pattern(
    r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+\$\((?=find|ls|git)|\bread[ \t]+(?:-\w+[ \t]+(?:''[ \t]+)?)*(\w+)"
)
"""A loop over what a command lists."""


def _loops(text: str) -> Iterator[tuple[str, str]]:
    """The variables of loops, and the paths that they hold."""
    for match in _LOOPED.finditer(text) if "for " in text else ():
        for word in match[2].split():
            yield match[1], word.replace('"', "").replace("'", "")
    listed = _LISTING.search(text) if "read " in text or " $(" in text else None
    for match in _EACH.finditer(text) if listed is not None else ():
        yield match[1] or match[2], listed[1] if listed is not None else ""


def _of_commands(
    script: Script, start: str, mounts: Sequence[Mount], behind: int, around: Mapping[str, str]
) -> Iterator[str]:
    """The commands of a shell that run code from the files."""
    from pipelaw.facts.execution import coded, fed, places  # noqa: PLC0415  few jobs have files of outsiders
    from pipelaw.facts.shell import handed  # noqa: PLC0415  as above

    code = handed(script.text, script.shell)
    before: Sequence[str] = ()
    known = held(script, around)
    for at, (command, folders) in enumerate(standing(script, start, around)):
        if command.place.start <= behind:
            continue
        mounts = [*mounts, *_hidden(command, folders, mounts)]
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
