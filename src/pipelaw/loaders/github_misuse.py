"""Settings of actions, shells and runners that work, and are better left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.shells import INTERPRETERS, SHELLS, family, reader
from pipelaw.loaders.switches import ON
from pipelaw.model import Flaw, Variable
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelaw.document import Place, Text
    from pipelaw.model import Reference, Script

TRACES = frozenset({"ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"})
"""Variables that make the runner log everything that it does."""


def misuse_of(used: Reference | None, inputs: Sequence[Variable]) -> tuple[Flaw, ...]:
    """What the inputs of a step's action do that they had better not."""
    if used is None:
        return ()
    look = _ACTIONS.get(used.name.lower())
    return () if look is None else tuple(look(used, inputs))


def trace(name: str, value: str, place: Place) -> Iterator[Flaw]:
    """A variable that is switched on to log everything; only while a run is looked into it should be."""
    if value.strip().lower() in ON:
        yield Flaw(kind="trace", text=f"{name}: {value}", place=place)


OBEYING = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
"""The variable that makes the runner obey commands in the log."""
_SWITCHED = pattern(rf"\b{OBEYING}=['\"]?(true|1)\b", re.IGNORECASE)


def switched(scripts: Sequence[Script]) -> tuple[Variable, ...]:
    """`OBEYING`, where a script sets it for later steps."""
    return tuple(
        Variable(
            name=OBEYING,
            value=match[1],
            literal=True,
            place=script.source_text.place(*match.span()),
        )
        for script in scripts
        if "UNSECURE_COMMANDS" in script.text and "GITHUB_ENV" in script.text
        for match in _SWITCHED.finditer(script.text)
    )


def odd_shell(template: str, place: Place, script: str = "") -> Iterator[Flaw]:
    """A shell that scripts are hard to get right in, or that no checker can read.

    `script` is what one step runs in it; "" for a default of many.
    """
    word = reader(template)
    language = family(word)
    plain = word in SHELLS or word in INTERPRETERS
    if (plain and language != "cmd") or not word or "$" in template:
        return
    text = f"shell: {template}"
    if language == "cmd":
        if script and "${{" not in script and "\n" not in script.strip():
            return  # one command fails aloud, and nothing is pasted into its quotes
        why = "its quoting cannot be relied on, and an error in the middle goes unnoticed"
    else:
        why = "what it runs is hidden from every checker that knows the usual shells"
    yield Flaw(kind="misfeature", text=text, detail=why, place=place)


_COMMAND = pattern(r"(?:::|##\[)(?P<what>set-output|save-state|set-env|add-path)(?=[ :\]])")
_PRINTING = pattern(r"\b(?:echo|printf?|puts|log|Write-(?:Host|Output))\b", re.IGNORECASE)
_REFUSED = frozenset({"set-env", "add-path"})


def retired_commands(text: Text) -> Iterator[Flaw]:
    """Commands to the runner that a script prints, where by now it writes to a file."""
    for match in _COMMAND.finditer(text.text):
        before = text.text[: match.start()].rpartition("\n")[2]
        if before.lstrip().startswith("#") or _PRINTING.search(before) is None:
            continue
        why = (
            "the runner refuses it, unless insecure commands are switched on for everything in the log"
            if match["what"] in _REFUSED
            else "it is retired, as whatever else gets into the log can say the same"
        )
        yield Flaw(
            kind="misfeature",
            text=match[0],
            detail=why,
            place=text.place(match.start(), match.end()),
        )


def _setup_python(_used: Reference, inputs: Sequence[Variable]) -> Iterator[Flaw]:
    for variable in inputs:
        if variable.name.lower() == "pip-install":
            why = "the packages land in the shared environment, unpinned, and collide there"
            text = f"{variable.name}: {variable.value}"
            yield Flaw(kind="misfeature", text=text, detail=why, place=variable.place)


_HELD = pattern(r"\$\{\{\s*secrets(?:\.|\[')(?P<name>[\w-]+)(?:'\])?\s*\}\}\Z", re.IGNORECASE)
"""A secret that holds arguments, names and all."""


def _build(used: Reference, inputs: Sequence[Variable]) -> Iterator[Flaw]:
    """A secret among the arguments of an image's build."""
    from pipelaw.facts.secret_arguments import build_argument  # noqa: PLC0415  few steps build

    for variable in inputs:
        if variable.name.lower() == "build-args":
            for line in variable.value.split("\n") if "$" in variable.value else ():
                argument = line.strip()
                held = _HELD.match(argument)
                name = held["name"] if held is not None else build_argument(argument)
                if name:
                    text = f"{used.name} {variable.name}"
                    yield Flaw(kind="argument", text=text, detail=name, place=variable.place)


def _app_token(used: Reference, inputs: Sequence[Variable]) -> Iterator[Flaw]:
    """A token of an app that holds more than the job needs, or longer."""
    given = {variable.name.lower(): variable for variable in inputs}
    kept = given.get("skip-token-revoke")
    if kept is not None and kept.value.strip().lower() in ON:
        yield _app_flaw(kept, "it stays valid for an hour after the job")
    rights = [name.removeprefix("permission-") for name in given if name.startswith("permission-")]
    repositories = [name for name in rights if not _of_organization(name)]
    if "owner" in given and "repositories" not in given and (repositories or not rights):
        yield _app_flaw(given["owner"], "it reaches every repository of the owner that has the app")
    if not rights:
        why = "it has every right that the app was given, as no `permission-…` input names one"
        yield Flaw(kind="app-token", text=used.text, detail=why, place=used.place)


def _listed_app_token(used: Reference, inputs: Sequence[Variable]) -> Iterator[Flaw]:
    """A token of an app from an action that takes all permissions in one input."""
    if not any(variable.name.lower() == "permissions" and variable.value for variable in inputs):
        why = "it has every right that the app was given, as `permissions` names none"
        yield Flaw(kind="app-token", text=used.text, detail=why, place=used.place)


def _of_organization(right: str) -> bool:
    return right.startswith(("organization-", "members", "team-"))


def _app_flaw(variable: Variable, why: str) -> Flaw:
    text = f"{variable.name}: {variable.value}"
    return Flaw(kind="app-token", text=text, detail=why, decisive=True, place=variable.place)


_ACTIONS: dict[str, Callable[[Reference, Sequence[Variable]], Iterator[Flaw]]] = {
    "actions/create-github-app-token": _app_token,
    "actions/setup-python": _setup_python,
    "docker/build-push-action": _build,
    "redhat-actions/buildah-build": _build,
    "peter-murray/workflow-application-token-action": _listed_app_token,
    "tibdex/github-app-token": _listed_app_token,
}
