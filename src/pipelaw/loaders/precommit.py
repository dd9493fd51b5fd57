"""The hooks of pre-commit to the model: code from elsewhere that runs at every commit, and in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, ScalarNode
from pipelaw.facts import references
from pipelaw.loaders import Loaded
from pipelaw.loaders.settings import settings
from pipelaw.model import Installation, Pipeline, Reference
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw.document import Problem
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_OWN = frozenset({"local", "meta", "builtin"})
"""Hooks that are in the repository itself, or in pre-commit."""
_ARCHIVED = frozenset(
    f"pre-commit/mirrors-{tool}" for tool in ("autopep8", "isort", "prettier", "pylint", "yapf")
)
"""Repositories of hooks, beside those of actions, that nobody changes any more."""
_BESIDE = "additional_dependencies"
_ADDRESS = pattern(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[^/:]+)[/:](?P<path>.+?)(?:\.git)?/?\Z")


def load(source: Source, tree: Tree) -> Loaded:
    """Read `.pre-commit-config.yaml`."""
    problems: list[Problem] = []
    document = settings(source, problems, "the configuration")
    if document is None:
        return Loaded(())
    fields = document.fields(document.root, "the file")
    repos = list(_mappings(document, fields.get("repos"), "repos"))
    pipeline = Pipeline(
        path=source.path,
        platform="precommit",
        kind="settings",
        reusable=True,
        references=(*_hooks(document, repos), *_images(document, repos, source.text)),
        installations=tuple(_needed(document, repos)) if _BESIDE in source.text else (),
        place=document.place(document.root, document.root.value[0][0]),
    )
    return Loaded((pipeline,), tuple(problems))


def _mappings(document: Document, node: Node | None, what: str) -> Iterator[dict[str, Node]]:
    """The fields of each item of a list."""
    for item in document.items(node, f"`{what}`"):
        if isinstance(item, MappingNode):
            yield document.fields(item, f"an item of `{what}`")
        else:
            document.wrong(item, "a mapping", f"an item of `{what}`")


def _hooks(document: Document, repos: Iterable[dict[str, Node]]) -> Iterator[Reference]:
    for fields in repos:
        repo = fields.get("repo")
        if isinstance(repo, ScalarNode) and repo.value not in _OWN:
            yield _hook(document, repo, document.text(fields.get("rev"), "`rev`"))


def _images(document: Document, repos: Iterable[dict[str, Node]], text: str) -> Iterator[Reference]:
    """The images that hooks run, which begin what they are started with."""
    for fields in repos if "docker_image" in text else ():
        for hook in _mappings(document, fields.get("hooks"), "hooks"):
            if document.text(hook.get("language"), "`language`") == "docker_image":
                words = iter(document.text(hook.get("entry"), "`entry`").split())
                for word in words:
                    if word == "--entrypoint":
                        next(words, "")
                    elif not word.startswith("-"):
                        yield references.image(word, document.place(hook["entry"]), "step")
                        break


def _needed(document: Document, repos: Iterable[dict[str, Node]]) -> Iterator[Installation]:
    """What hooks take from registries in versions that the next machine may not get."""
    from pipelaw.facts.package_versions import hooked  # noqa: PLC0415  few hooks need more than they bring

    for fields in repos:
        for hook in _mappings(document, fields.get("hooks"), "hooks"):
            named = document.scalars(hook.get(_BESIDE), f"`{_BESIDE}`")
            specs = [(spec, one) for one in named if (spec := hooked(one.value)) is not None]
            loose = [(spec, one) for spec, one in specs if spec.pin != "exact"]
            if loose:
                yield Installation(
                    manager="pre-commit",
                    name=", ".join(dict.fromkeys(spec.name for spec, _ in loose)),
                    pin="none" if any(spec.pin == "none" for spec, _ in loose) else "range",
                    place=document.place(loose[0][1]),
                )


def _hook(document: Document, repo: ScalarNode, ref: str) -> Reference:
    match = _ADDRESS.match(repo.value)
    host, path = (match["host"], match["path"]) if match is not None else ("", repo.value)
    name = path if host == "github.com" else f"{host}/{path}"
    how = references.pin(ref)
    return Reference(
        kind="hook",
        text=repo.value,
        name=name,
        ref=ref,
        owner=path.partition("/")[0],
        pin=how,
        mutable=how != "commit",
        archived=_archived(name.lower()),
        place=document.place(repo),
    )


def _archived(name: str) -> bool:
    from pipelaw.loaders.github_catalogue import ARCHIVED  # noqa: PLC0415  few repositories have hooks

    return name in _ARCHIVED or name in ARCHIVED
