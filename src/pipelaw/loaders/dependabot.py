"""Dependabot's settings to the model: what it keeps current, how soon, and what it may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, Node, ScalarNode
from pipelaw.facts.secrets import credentials
from pipelaw.facts.verification import unencrypted
from pipelaw.loaders import Loaded
from pipelaw.loaders.settings import settings
from pipelaw.model import Pipeline, Update, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.document import Problem
    from pipelaw.source import Source
    from pipelaw.tree import Tree

_COOLDOWN = 3
"""The days that Dependabot waits where nothing is written, since July 2026."""
_UNRANKED = frozenset(
    "devcontainers docker docker-compose dotnet-sdk github-actions gitsubmodule helm opentofu pre-commit"
    " terraform".split()
)
"""Ecosystems whose versions Dependabot does not rank, so that `semver-…-days` say nothing."""
_ACTIONS = "github-actions"
_WORKFLOWS = ".github/workflows/"
_RENOVATE = frozenset(
    f"{folder}{name}"
    for folder in ("", ".github/")
    for name in ("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json")
)
"""Where Renovate's settings are."""


def load(source: Source, tree: Tree) -> Loaded:
    """Read `.github/dependabot.yml`."""
    problems: list[Problem] = []
    document = settings(source, problems, "the file")
    if document is None:
        return Loaded(())
    fields = document.fields(document.root, "the file")
    _check(document, fields)
    updates = tuple(_updates(document, fields))
    known = {update.ecosystem for update in updates} | _grouped(fields)
    logins = tuple(_registries(document, fields))
    pipeline = Pipeline(
        path=source.path,
        platform="dependabot",
        kind="settings",
        reusable=True,
        updates=updates,
        credentials=credentials(logins, ()),
        flaws=tuple(unencrypted(one for one in logins if one.name == "url")),
        unattended=() if _ACTIONS in known or not _unattended(tree) else (_ACTIONS,),
        place=document.place(document.root, document.root.value[0][0]),
    )
    return Loaded((pipeline,), tuple(problems))


def _check(document: Document, fields: dict[str, Node]) -> None:
    """Note what Dependabot would refuse the whole file for."""
    version = fields.get("version")
    if not isinstance(version, ScalarNode) or version.value != "2":
        document.problem(version or document.root, "`version` has to be 2")
    if "updates" not in fields:
        document.problem(document.root, "`updates` is missing")


def _updates(document: Document, fields: dict[str, Node]) -> Iterator[Update]:
    for item in document.items(fields.get("updates"), "`updates`"):
        if not isinstance(item, MappingNode):
            document.wrong(item, "a mapping", "an item of `updates`")
            continue
        own = document.fields(item, "an item of `updates`")
        if "package-ecosystem" not in own:
            document.problem(item, "an item of `updates` needs a `package-ecosystem`")
            continue
        if not {"directory", "directories", "multi-ecosystem-group"} & own.keys():
            document.problem(item, "an item of `updates` needs a `directory`")
        if not {"schedule", "multi-ecosystem-group"} & own.keys():
            document.problem(item, "an item of `updates` needs a `schedule`")
        yield _update(document, own)


def _update(document: Document, own: dict[str, Node]) -> Update:
    days, waiting = _waiting(document, own)
    ecosystem = own["package-ecosystem"]
    external = own.get("insecure-external-code-execution")
    executes = document.text(external, "`insecure-external-code-execution`") == "allow"
    told = [node for node in (external if executes else None, waiting) if node is not None]
    folders = document.scalars(own.get("directory", own.get("directories")), "`directories`")
    limit = document.text(own.get("open-pull-requests-limit"), "`open-pull-requests-limit`")
    return Update(
        ecosystem=document.text(ecosystem, "`package-ecosystem`"),
        folder=", ".join(folder.value for folder in folders),
        cooldown=_COOLDOWN if days is None else days,
        waits=days is not None,
        proposes=limit != "0",
        executes=executes,
        registries="registries" in own,
        place=document.place(told[0] if told else ecosystem),
    )


def _waiting(document: Document, own: dict[str, Node]) -> tuple[int | None, Node | None]:
    """The days that any release waits at least, and what says so; None for the platform's default."""
    if "cooldown" not in own:
        return None, None
    fields = document.fields(own["cooldown"], "`cooldown`")
    days, where = _least(document, own, fields)
    # what `allow` leaves may be just the packages that wait
    careful = (days or 0) > _COOLDOWN and "allow" not in own
    spared = _spared(document, fields) if careful else None
    return (days, where) if spared is None else (None, spared)


def _spared(document: Document, fields: dict[str, Node]) -> Node | None:
    """What leaves most packages to the platform's default: a list of those that wait, or of all."""
    waiting = document.scalars(fields.get("include"), "`include`")
    if waiting and not any(map(_all, waiting)):
        return fields["include"]
    excepted = document.scalars(fields.get("exclude"), "`exclude`")
    return fields["exclude"] if any(map(_all, excepted)) else None


def _all(name: ScalarNode) -> bool:
    """Whether a pattern of packages fits all of them."""
    return str(name.value) == "*"


def _least(
    document: Document, own: dict[str, Node], fields: dict[str, Node]
) -> tuple[int | None, Node | None]:
    """The days that the least careful kind of release waits by a `cooldown` of these fields."""
    usual = _days(document, fields, "default-days")
    if document.text(own["package-ecosystem"], "`package-ecosystem`") in _UNRANKED:
        return usual or (None, None)
    kinds = [_days(document, fields, f"semver-{kind}-days") for kind in ("major", "minor", "patch")]
    waits = [usual if kind is None else kind for kind in kinds]
    known = [wait for wait in waits if wait is not None]
    if len(known) < len(waits):  # the platform's default holds for the rest
        known = [wait for wait in known if wait[0] < _COOLDOWN]
    return min(known, key=lambda wait: wait[0]) if known else (None, None)


def _days(document: Document, fields: dict[str, Node], key: str) -> tuple[int, Node] | None:
    """One number of days, and where it is written."""
    node = fields.get(key)
    if node is None:
        return None
    text = document.text(node, f"`{key}`")
    if not text.isdecimal():
        document.problem(node, f"`{key}` is a number of days")
        return None
    return int(text), node


def _registries(document: Document, fields: dict[str, Node]) -> Iterator[Variable]:
    """What the registries are signed in to with: a secret, unless somebody wrote it down."""
    for key, registry in document.pairs(fields.get("registries"), "`registries`"):
        for name, value in document.fields(registry, f"the registry `{key.value}`").items():
            if isinstance(value, ScalarNode):
                yield Variable(
                    kind="credential",
                    name=name,
                    value=value.value,
                    literal="${{" not in value.value,
                    place=document.place(value),
                )


def _grouped(fields: dict[str, Node]) -> set[str]:
    """Nothing is unattended where groups of ecosystems, which may hold any, are not read."""
    return {_ACTIONS} if "multi-ecosystem-groups" in fields and "updates" not in fields else set()


def _unattended(tree: Tree) -> bool:
    """Whether there are workflows that Renovate, which reads them unasked, does not look after either."""
    paths = tree.paths()
    return any(path.startswith(_WORKFLOWS) for path in paths) and _RENOVATE.isdisjoint(paths)
