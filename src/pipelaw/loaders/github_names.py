"""Whom or what an expression of a condition names: the outsider's repository, ours, what members set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.loaders.github_contexts import carried
from pipelaw.loaders.github_expressions import Binary, Call, Literal, Path
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
        "github.event.workflow_run.actor.login",
        "github.event.workflow_run.triggering_actor.login",
    }
)
"""Whoever caused the latest event, which need not be who wrote what the run is about."""
ACTOR_IDS = frozenset(
    {
        "github.actor_id",
        "github.event.sender.id",
        "github.event.pull_request.sender.id",
        "github.event.workflow_run.actor.id",
        "github.event.workflow_run.triggering_actor.id",
    }
)
"""The same by number."""
CAUSES = ACTORS | ACTOR_IDS
BOT_IDS = frozenset({"49699333", "29110", "27856297", "29139614"})
"""Dependabot, Renovate and their like."""
_MARKS = str.maketrans(dict.fromkeys(',;|"[]', " "))
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


def filled(name: str, event: str) -> bool | None:
    """Whether a context holds something under an event; None where that is not known."""
    if event and name.endswith(_FILLED):
        return carried(name, frozenset((event,)))
    return True if name in _ALWAYS_SET else None


_ALWAYS_SET = frozenset({"github.ref", "github.repository", "github.sha"})
_FILLED = (".author_association", ".user.login", ".user.id")
"""What is never empty in what an event is about."""


def unwrapped(tree: Expr) -> Expr:
    """What `toJSON`, `fromJSON` and `join` are given, and what a part is read from; others as they are."""
    while True:
        if isinstance(tree, Call) and tree.function in _WRAPPING and tree.arguments:
            tree = tree.arguments[0]
        elif isinstance(tree, Path) and tree.indices and tree.name[:2] == "()":
            tree = tree.indices[0]
        else:
            return tree


def alternative(tree: Expr) -> bool:
    """Whether an expression gives one of its parts: `&&`, `||` or `case`."""
    if isinstance(tree, Binary):
        return tree.operator in ("&&", "||")
    return isinstance(tree, Call) and tree.function == "case" and len(tree.arguments) % 2 == 1


def unformatted(tree: Expr) -> Expr:
    """What `format('{0}', x)` makes a text of; others as they are."""
    if isinstance(tree, Call) and tree.function == "format" and len(tree.arguments) == 2:
        return tree.arguments[1] if tree.arguments[0] == Literal("{0}") else tree
    return tree


def asks_author(tree: Expr) -> bool:
    """Whether a condition only holds for the author of a pull request that it names."""
    if isinstance(tree, Binary) and alternative(tree):
        either = map(asks_author, (tree.left, tree.right))
        return any(either) if tree.operator == "&&" else all(either)
    if isinstance(tree, Binary) and tree.operator == "==":
        sides = (unformatted(tree.left), unformatted(tree.right))
        return any(map(_author, sides)) and any(isinstance(side, Literal) for side in sides)
    if not isinstance(tree, Call) or tree.function != "contains" or len(tree.arguments) != 2:
        return False
    return isinstance(tree.arguments[0], Call) and _author(tree.arguments[1])


def _author(tree: Expr) -> bool:
    ends = ("pull_request.user.login", "pull_request.user.id")
    return isinstance(tree, Path) and tree.name.endswith(ends)


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
        return tree.value.lower().translate(_MARKS).split()
    return None
