"""Whom or what an expression of a condition names: the outsider's repository, ours, what members set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders.github_expressions import Call, Literal, Path
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from pipelaw.loaders.github_expressions import Expr

FORK_NAMED = r"(?:is|from)?[_-]?(?:fork(?:ed)?|cross)(?:[_-]?(?:pr|request|repo(?:sitory)?))?"
"""What people call an output that says whether a request comes from a fork."""
_FORK = pattern(FORK_NAMED)
ACTORS = frozenset(
    {
        "github.actor",
        "github.triggering_actor",
        "github.event.sender.login",
        "github.event.pull_request.sender.login",
    }
)
"""Whoever caused the latest event, which need not be who wrote what the run is about."""
ACTOR_IDS = frozenset(
    {"github.actor_id", "github.event.sender.id", "github.event.pull_request.sender.id"}
)
"""The same by number."""
CAUSES = ACTORS | ACTOR_IDS
BOT_IDS = frozenset({"49699333", "29110", "27856297", "29139614"})
"""Dependabot, Renovate and their like."""
MARKS = str.maketrans(dict.fromkeys(',;|"[]', " "))
"""What stands between the words of a text that people mean as a list, also of JSON that nobody parses."""
_WRAPPING = frozenset({"tojson", "fromjson", "join"})


def forked(name: str) -> bool:
    """Whether an output is called like one that says yes for a fork."""
    return _FORK.fullmatch(name.rpartition(".")[2]) is not None


def chosen(tree: Expr) -> bool:
    """Whether an expression is what members set for the repository."""
    return isinstance(tree, Path) and tree.name.startswith("vars.")


def personal(path: Path) -> bool:
    """Whether a context names an account, whose name or number can be just a part of another one."""
    return path.name in CAUSES or path.name.endswith((".login", ".user.id", ".owner.id"))


def unwrapped(tree: Expr) -> Expr:
    """What `toJSON`, `fromJSON` and `join` are given, and what a part is read from; others as they are."""
    while True:
        if isinstance(tree, Call) and tree.function in _WRAPPING and tree.arguments:
            tree = tree.arguments[0]
        elif isinstance(tree, Path) and tree.indices and tree.name[:2] == "()":
            tree = tree.indices[0]
        else:
            return tree


def foreign(name: str) -> bool:
    """Whether a context names the repository that an outsider's request comes from."""
    return name.endswith(
        (
            "head.label",
            "head.repo.full_name",
            "head.repo.owner.login",
            "head.repo.id",
            "head.repo.owner.id",
            "head.user.id",
            "head.user.login",
            "head.repo.clone_url",
            "head.repo.git_url",
            "head.repo.html_url",
            "head.repo.node_id",
            "head.repo.ssh_url",
            "head.repo.url",
            "head_repository.full_name",
            "head_repository.owner.id",
            "head_repository.owner.login",
            "head_repository.html_url",
            "head_repository.id",
            "head_repository.url",
        )
    )


_OWN = frozenset(f"github.repository{what}" for what in ("", "_id", "_owner", "_owner_id"))


_BASE = (
    *("github.event.pull_request.base.repo.", "github.event.pull_request.base.user."),
    "github.event.review.base.repo.",
)


def own(tree: Expr) -> bool:
    """Whether an expression names the repository that the workflow belongs to."""
    return isinstance(tree, Path) and (
        tree.name in _OWN
        or tree.name.startswith(_BASE)
        or tree.name.startswith(
            ("github.event.repository.", "github.event.workflow_run.repository.")
        )
    )


def literal(tree: Expr) -> str:
    """The text of a literal in lower case, "" for anything else."""
    return tree.value.lower() if isinstance(tree, Literal) and isinstance(tree.value, str) else ""


def words_of(tree: Expr) -> list[str] | None:
    """The texts of `fromJSON('["a", "b"]')`, or of a literal that is searched for them."""
    if isinstance(tree, Call) and tree.function == "fromjson" and tree.arguments:
        inner = tree.arguments[0]
        if isinstance(inner, Literal) and isinstance(inner.value, str):
            import json  # noqa: PLC0415  few conditions have a list

            try:
                found = json.loads(inner.value)
            except ValueError:
                return None
            if isinstance(found, list):
                return [str(word).lower() for word in found]
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        return tree.value.lower().translate(MARKS).split()
    return None
