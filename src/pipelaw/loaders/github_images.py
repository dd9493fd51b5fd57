"""Images that a job takes from an outsider's archive, and what it then does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.script_words import words
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.loaders.github_workspace import reached, standing
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelaw.loaders.github_workspace import Mount
    from pipelaw.model import Command, Step
    from pipelaw.words import Feeds

_ENGINES = frozenset(("docker", "podman", "nerdctl"))
_COPIERS = frozenset(("skopeo", "crane"))
_LOADED = frozenset(("load", "import"))
_LOADING = _LOADED | _COPIERS
"""A script that takes an image from an archive has one of these words."""
_ARCHIVE = pattern(r"(?:docker|oci)-archive:([^\s:\"']+)")
_REDIRECTED = pattern(r"<\s*[\"']?([^\s\"'<>|&;]+)")
_TAGGED = frozenset(("-t", "--tag"))
_INPUT = frozenset(("-i", "--input"))
_HANDED = pattern(
    r"\s(?:-v|--volume|--mount|--volumes-from|--device)[\s=]|\s--privileged\b|\s--pid[\s=]host"
    r"|\s(?:-e|--env)[\s=]+[\"']?\w*(?:TOKEN|SECRET|PASSWORD|_KEY|CREDENTIALS)"
)
"""What gives a container files of the machine, its rights, or a secret."""


class Images:
    """What a job does with the images of one artifact, step after step."""

    def __init__(self) -> None:
        self.loaded = False
        self.done: Feeds = ""
        """registry, where it publishes one, container, where it runs one with what matters."""
        self.built: set[str] = set()
        """The images that the job made itself after that."""

    def pass_on(self, step: Step, start: str, mounts: Sequence[Mount], behind: int) -> None:
        """Note what a step does with them."""
        for script in scripts_here(step):
            if not self.loaded and not _LOADING.intersection(words(script.text)):
                continue
            for command, folders in standing(script, start):
                if command.place.start > behind:
                    found = self._one(command, folders, mounts)
                    self.done = found if found == "registry" or not self.done else self.done

    def _one(self, command: Command, folders: Sequence[str], mounts: Sequence[Mount]) -> Feeds:
        if command.name in _COPIERS:
            return "registry" if _copied(command, folders, mounts) else ""
        if command.name not in _ENGINES:
            return ""
        operands = _operands(command)
        verb = operands[0] if operands else ""
        if verb in _LOADED:
            read = _read(command, operands)
            self.loaded = self.loaded or any(reached(path, folders, mounts) for path in read)
        elif verb in ("build", "buildx"):
            self.built.update(_after(command, _TAGGED))
        elif verb == "push" and self.loaded:
            return "" if self.built.intersection(operands[1:]) else "registry"
        elif verb == "run" and self.loaded and _HANDED.search(command.text):
            return "" if self.built.intersection(operands[1:]) else "container"
        return ""


def _operands(command: Command) -> list[str]:
    """The words of a command that are no options; `docker image load` is `docker load`."""
    found = [word for word in command.words[1:] if word[:1] != "-"]
    return found[1:] if found[:1] == ["image"] else found


def _after(command: Command, options: frozenset[str]) -> Iterator[str]:
    """What options are given."""
    for at, word in enumerate(command.words):
        name, sign, value = word.partition("=")
        if name in options:
            yield value if sign else (*command.words[at + 1 : at + 2], "")[0]


def _read(command: Command, operands: Sequence[str]) -> Iterator[str]:
    """The archives that `docker load` and `docker import` read."""
    yield from _after(command, _INPUT)
    yield from (match[1] for match in _REDIRECTED.finditer(command.text))
    if operands[0] == "import":
        yield from operands[1:2]


def _copied(command: Command, folders: Sequence[str], mounts: Sequence[Mount]) -> bool:
    """Whether `skopeo copy` or `crane push` publishes an archive of theirs."""
    if command.name == "crane":
        pushed = command.words[2:3] if [*command.words[1:2]] == ["push"] else ()
        return any(reached(path, folders, mounts) for path in pushed)
    archives = (match[1] for match in _ARCHIVE.finditer(command.text))
    return "docker://" in command.text and any(reached(path, folders, mounts) for path in archives)
