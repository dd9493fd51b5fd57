"""Controls that pipelines do not show themselves: hooks, tasks and scripts of the repository."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import Document, decode, parse
from pipelaw.errors import UnreadableError
from pipelaw.facts.control_catalogue import TOKEN, catalogue
from pipelaw.facts.control_commands import signs
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple
from pipelaw.tree import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.facts.control_catalogue import Sign
    from pipelaw.model import Pipeline
    from pipelaw.tree import Tree

HOOKS = (".pre-commit-config.yaml", ".pre-commit-config.yml")
_SCRIPTS = (".sh", ".bash", ".py", ".ps1", ".js", ".rb", ".pl", ".mk")
_WORD = pattern(r"[A-Za-z]{4,}")
_SPACED = bytes(
    code if code > 127 or chr(code).isalnum() or chr(code) in "_-./" else ord(" ")
    for code in range(256)
)
"""For `bytes.translate`: what is in no path becomes a space."""
_LONGEST = 300_000


class Hook(NamedTuple):
    """One hook of pre-commit that is a security tool."""

    id: str
    sign: Sign


def hooks(tree: Tree | None) -> tuple[Hook, ...] | None:
    """The security tools among the hooks of a repository; None where its configuration is not there."""
    return _configured(tree) if tree is not None else None


@remembered
def _configured(tree: Tree) -> tuple[Hook, ...] | None:
    for path in HOOKS:
        try:
            source = decode(path, tree.read(path)) if path in tree else None
            roots = parse(source) if source is not None else []
        except UnreadableError:
            return None
        if source is not None and roots:
            # what is wrong with it is for its loader to say
            return tuple(_hooks(Document(source, roots[0], [])))
    return None


def _hooks(document: Document) -> Iterator[Hook]:
    find = catalogue().find
    for repository in document.items(document.fields(document.root, "").get("repos"), ""):
        fields = document.fields(repository, "")
        url = document.text(fields.get("repo"), "").removesuffix("/").removesuffix(".git")
        name = "/".join(url.split("/")[-2:])
        for hook in document.items(fields.get("hooks"), ""):
            keys = document.fields(hook, "")
            identifier = document.text(keys.get("id"), "")
            found = find("hooks", name) or find("hooks", f"{name}#{identifier}")
            for sign in found or signs(document.text(keys.get("entry"), "").split())[0]:
                yield Hook(identifier, sign)


class Elsewhere:
    """What the scripts of a repository's pipelines name, and the files that they may run."""

    def __init__(self, pipelines: Iterable[Pipeline], tree: Tree | None) -> None:
        self._tree = tree
        self._files: dict[str, frozenset[str]] = {}
        scopes = [scope for pipeline in pipelines for scope in pipeline.scopes()]
        texts = [script.text for scope in scopes for script in scope.scripts]
        used = [reference.name for scope in scopes for reference in scope.references]
        # one pass over all scripts; what follows looks at each different piece once
        spaced = "\n".join(texts).encode("utf-8", "replace").translate(_SPACED)
        pieces = frozenset(spaced.decode().split())
        self._programs = frozenset(name.rpartition("/")[2] for name in (*pieces, *used))
        self._words = self._programs.union(_WORD.findall(" ".join(pieces)))
        self._paths = sorted(_paths(pieces, tree)) if tree is not None else []

    def traces(self, category: str) -> tuple[str, ...]:
        """Sentences that say where a control of a category may run that no pipeline shows."""
        names = _names(category)
        found = [
            f"a script names {said}, but does not show that it runs"
            for said in sorted(names & self._words)[:1]
        ]
        if self._tree is not None:
            found.extend(self._services(category, self._tree))
            found.extend(self._tasks(category, self._tree))
            found.extend(self._called(names, self._tree))
            found.extend(self._listed(category))
        return tuple(found)

    def _services(self, category: str, tree: Tree) -> Iterator[str]:
        for path in catalogue().services.get(category, ()):
            if path in tree:
                yield f"{path} configures what may run without these pipelines"

    def _tasks(self, category: str, tree: Tree) -> Iterator[str]:
        """Files that tell a program of the pipelines what to run, and name a tool of the category."""
        known = catalogue().traces
        for program in sorted(self._programs.intersection(known)):
            entry = known[program]
            names = (
                frozenset(entry["marks"].get(category, ()))
                if "marks" in entry
                else _names(category)
            )
            for path in entry["files"]:
                if path in tree and (said := names & self._tokens(path, tree)):
                    yield f"{path}, which tells {program} what to run, names {min(said)}"

    def _called(self, names: frozenset[str], tree: Tree) -> Iterator[str]:
        """Scripts of the repository that pipelines name, and that name a tool."""
        for path in self._paths:
            if said := names & self._tokens(path, tree):
                yield f"{path}, which a pipeline names, names {min(said)}"

    def _listed(self, category: str) -> Iterator[str]:
        """Hooks of the category that no pipeline runs; a service may run them on each change."""
        for hook in hooks(self._tree) or ():
            if hook.sign.category == category:
                tool = hook.sign.tool.name
                yield f"{HOOKS[0]} lists {tool}, which may run without these pipelines"

    def _tokens(self, path: str, tree: Tree) -> frozenset[str]:
        """The pieces of a file that are compared with the names of tools."""
        if path not in self._files:
            try:
                text = tree.read(path)[:_LONGEST].decode("utf-8", "replace")
            except UnreadableError:
                text = ""
            self._files[path] = frozenset(TOKEN.findall(text))
        return self._files[path]


def _paths(pieces: Iterable[str], tree: Tree) -> Iterator[str]:
    """The files of the repository among the words of scripts."""
    for piece in pieces:
        if "/" in piece or piece.endswith(_SCRIPTS):
            path = piece.removeprefix("./")
            if path in tree:
                yield path


@lru_cache(maxsize=32)
def _names(category: str) -> frozenset[str]:
    """The names that give a tool of a category away in any text; none that is a common word."""
    known = catalogue()
    programs = frozenset(
        program
        for program, found in known.signs["runs"].items()
        if program.encode() in known.tokens and any(sign.category == category for sign in found)
    )
    return (programs - known.plain) | frozenset(known.hints.get(category, ()))
