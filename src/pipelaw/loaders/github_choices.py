"""What an expression keeps from outsiders, and what a condition asks by way of variables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.github_conditions import Case, asked
from pipelaw.loaders.github_expressions import ExpressionError, fences, flows, parse
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from pipelaw.loaders.github_expressions import Expr
    from pipelaw.loaders.github_siblings import Caller
    from pipelaw.model import Variable

_OUTSIDE = Case(outsider=True, author=True)
_OWN = frozenset({"repository", "author"})
"""Gates that tell whose request it is; the others let a member start what an outsider wrote."""


@lru_cache(maxsize=1024)
def kept(code: str) -> frozenset[str]:
    """The contexts that an expression gives only where the request is no outsider's."""
    try:
        tree = parse(code)
    except ExpressionError:
        return frozenset()
    return frozenset(flows(tree)).difference(flows(tree, _truth))


def _truth(tree: Expr) -> bool | None:
    """What a condition says of an outsider's request, None where it asks something else."""
    verdict = asked(tree, _OUTSIDE)
    return verdict.holds if _OWN.issuperset(verdict.gates) else None


_VARIABLE = pattern(r"(?<![\w.'])env(?:\.(\w+)|\[\s*'(\w+)'\s*\])(?!')")


def filled(condition: str, around: Iterable[Iterable[Variable]]) -> str:
    """A condition with what its variables hold in their place, where that is one expression about the run."""
    held: dict[str, str] = {}
    for scope in around:
        for variable in scope:
            if variable.kind == "environment":
                code = "" if _set_later(variable) else _alone(variable.value)
                held[variable.name.lower()] = code

    def put_in(match: re.Match[str]) -> str:
        code = held.get((match[1] or match[2]).lower(), "")
        return f"format('{{0}}', {code})" if code else match[0]

    return _VARIABLE.sub(put_in, condition)


def _set_later(variable: Variable) -> bool:
    """Whether a script of the file may set a variable for the steps after it."""
    text, name = variable.place.source.text, variable.name
    return "GITHUB_ENV" in text and text.count(f"{name}=") > text.count(f"{name}==")


def _alone(value: str) -> str:
    """The expression that a value is, if it reads what is known of the run; "" for another one."""
    found = fences(value)
    if len(found) != 1 or len(value.strip()) != found[0].end - found[0].start:
        return ""
    return found[0].code.strip() if "github" in found[0].code.lower() else ""


_INPUT = pattern(r"(?<![\w.'])inputs\.([\w-]+)(?!')")


def handed(condition: str, callers: Iterable[Caller], kinds: Mapping[str, tuple[str, str]]) -> str:
    """A condition of a called workflow with what its callers hand over, where they agree.

    `kinds` are the inputs that it declares: who fills them in, and of what type they are.
    """
    given = [caller.inputs for caller in callers if caller.reach.outsiders]

    def put_in(match: re.Match[str]) -> str:
        name = match[1].lower()
        texts = {inputs.get(name, "") for inputs in given}
        code = _alone(texts.pop()) if len(texts) == 1 else ""
        if not code:
            return match[0]
        typed = kinds.get(name, ("", ""))[1] in ("boolean", "number")
        return f"({code})" if typed else f"format('{{0}}', {code})"

    return _INPUT.sub(put_in, condition)
