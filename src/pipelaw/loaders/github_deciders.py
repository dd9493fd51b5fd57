"""Who decides what an expression says where no outsider does: a caller, a member, an earlier step."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.github_expressions import fences, sources
from pipelaw.loaders.github_taint import computed
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.words import Decider

_MEMBERS = frozenset(
    "github github.actor github.base_ref github.event github.head_ref github.ref github.ref_name"
    " github.repository github.repository_owner github.triggering_actor github.workflow"
    " github.workflow_ref github.event.ref github.event.base_ref".split()
)
_FIXED = pattern(
    r"(?:^|[._-])(?:id|ids|node_id|number|sha\d*|base_sha|head_sha|before|after|merge_commit_sha|fork|private|draft|merged"
    r"|mergeable|locked|action|state|status|conclusion|outcome|type|size|count|total_count|created_at"
    r"|updated_at|closed_at|merged_at|login|avatar_url|html_url|url|[a-z]+_url|[a-z]+_count|archived"
    r"|author_association|event|run_attempt|run_number|visibility|default_branch|digest|cache-hit"
    r"|full_name|exit-?code|timestamp)$"
)
_TYPED = frozenset({"boolean", "number", "choice", "environment"})


def decider(context: Context, flow: Flow, paths: Iterable[str], depth: int = 0) -> Decider:
    """Who decides what the sources of an expression say; the caller before all others."""
    found = {_of(context, flow, path, depth) for path in paths}
    return next((who for who in ("caller", "step", "member") if who in found), "")


def _of(context: Context, flow: Flow, path: str, depth: int) -> Decider:
    head, _, rest = path.partition(".")
    if head in ("inputs", "env", "matrix") or path.startswith("github.event.inputs"):
        if depth > 3:
            return ""
        name = path.rpartition("inputs.")[2] if head in ("inputs", "github") else rest
        return _NAMED.get(head, _input)(context, flow, name.partition(".")[0], depth + 1)
    return _general(path)


@lru_cache(maxsize=4096)
def _general(path: str) -> Decider:
    """Contexts that mean the same everywhere."""
    head, _, rest = path.partition(".")
    if not rest and head in ("steps", "needs", "vars"):
        return "member" if head == "vars" else "step"
    if head == "github":
        open_ended = path in _MEMBERS or (
            rest.startswith("event.") and not _FIXED.search(rest.removesuffix(".*"))
        )
        return "member" if open_ended else ""
    if head == "vars":
        return "member"
    if head in ("steps", "needs"):
        produced = ".outputs" in rest and not _FIXED.search(rest)
        return "step" if produced else ""
    return ""


def _input(context: Context, _: Flow, name: str, __: int) -> Decider:
    """An input: of a type that holds only a few values, or free."""
    kind = context.inputs.get(name)
    if kind is None:
        return "caller" if context.called else "member"
    who, of_type = kind
    return "" if of_type in _TYPED else who


def _variable(context: Context, flow: Flow, name: str, depth: int) -> Decider:
    """A variable of an `env`: constant, made from something, or set by an earlier step."""
    for scope in reversed(flow.variables):
        for variable in scope:
            if variable.name.lower() == name:
                return "" if variable.literal else _text(context, flow, variable.value, depth)
    return "step"


def _matrix(context: Context, flow: Flow, name: str, depth: int) -> Decider:
    found = [_text(context, flow, text, depth) for text in computed(flow.known.matrix, name)]
    return next((who for who in found if who), "")


def _text(context: Context, flow: Flow, text: str, depth: int) -> Decider:
    paths = (path for fence in fences(text) for path in sources(fence.code))
    return decider(context, flow, paths, depth)


_NAMED = {"inputs": _input, "env": _variable, "matrix": _matrix}
