"""Expressions that do not do what they seem to: conditions that hold always, or for the wrong people.

Everything is found once for each text, and kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Place, SequenceNode
from pipelaw.facts.authors import LAST_ACTOR, STARTER
from pipelaw.loaders.github_conditions import evaluate
from pipelaw.loaders.github_constants import roundabout, settled
from pipelaw.loaders.github_contexts import author
from pipelaw.loaders.github_expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Fence,
    Literal,
    Not,
    Path,
    calls,
    children,
    code_of,
    fences,
    parse,
    paths,
)
from pipelaw.loaders.github_names import (
    ACTOR_IDS,
    ACTORS,
    BOT_IDS,
    asks_author,
    personal,
    unformatted,
)
from pipelaw.model import Flaw
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.document import Node, Text
    from pipelaw.source import Source
    from pipelaw.words import FlawKind

_STATUS = frozenset({"always", "cancelled", "failure", "success"})
_FILES = frozenset({"hashfiles"})
_ARGUMENTS = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 255),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "hashfiles": (1, 255),
    "case": (3, 255),
}
"""How many arguments a function takes: fewest and most. Those about the run's status take any."""

_CONTEXTS = frozenset(
    "github env vars job jobs steps runner secrets strategy matrix needs inputs".split()
)
_JOB_CONTEXTS = frozenset("github needs vars inputs".split())
"""What the condition of a job may read."""
_STEP_CONTEXTS = _CONTEXTS - {"secrets", "jobs"}

_COMPUTED = pattern(r"['(]|&&|\|\||[<>=!]")
"""What is in every expression that computes something."""

_TRUE = ", and a text that is not empty is true"
_BRANCHED = frozenset({"github.head_ref", *ACTORS})
_CHOSEN = _BRANCHED | {"github.ref", "github.ref_name", "github.base_ref"}
"""What a condition searches for in a list of those that may go on."""


class Found(NamedTuple):
    """A flaw of a text, and the characters of the text that it is about."""

    kind: FlawKind
    detail: str
    start: int
    end: int
    decisive: bool = False
    author: str = ""


def flaws_at(found: tuple[Found, ...], text: str, place: Place | Text) -> Iterator[Flaw]:
    """The model's records of what was found in a text at `place`."""
    for one in found:
        at = one.start, one.end
        yield Flaw(
            kind=one.kind,
            text=text,
            detail=one.detail,
            decisive=one.decisive,
            author=one.author,
            place=_at(place, *at, whole=at == (0, len(text))),
        )


def _at(place: Place | Text, start: int, end: int, *, whole: bool) -> Place:
    if not isinstance(place, Place):
        return place.place(start, end)
    return place if whole else place.part(start, end)


@lru_cache(maxsize=8192)
def in_condition(
    condition: str, *, of_job: bool, switches: frozenset[str] = frozenset()
) -> tuple[Found, ...]:
    """What is wrong with an `if:`; `switches` are the inputs that hold true or false, no text."""
    code = code_of(condition)
    if code is None:
        return tuple(_around(condition))
    offset = condition.find(code)
    allowed = _JOB_CONTEXTS if of_job else _STEP_CONTEXTS
    found = list(_malformed(code, offset, allowed, _FILES if of_job else frozenset()))
    if not found and code:
        wrong = list(_judged(parse(code)))
        if any(one.kind == "spoofable" for one in wrong) and asks_author(parse(code)):
            wrong = [one for one in wrong if one.kind != "spoofable"]
        found += [one._replace(start=0, end=len(condition)) for one in wrong]
        found += _constant(condition, parse(code), switches)
    return tuple(found)


@lru_cache(maxsize=8192)
def in_expression(code: str) -> tuple[Found, ...]:
    """What is wrong with the inside of a `${{ … }}`; offsets are those of the whole fence."""
    found = list(_malformed(code, 3, _CONTEXTS, _STATUS))
    computed = not found and _COMPUTED.search(code) is not None
    if not computed and "||" not in code:
        return tuple(found)
    try:
        tree = parse(code)
    except ExpressionError:
        return tuple(found)
    whole = (0, len(code) + 5)
    if computed and roundabout(tree):
        return (Found("roundabout", "", *whole),)
    ternaries = (one for one in _judged(tree) if one.kind == "ternary")
    found += [Found(one.kind, one.detail, *whole) for one in ternaries]
    return tuple(found)


def in_values(source: Source, fields: Mapping[str, Node], keys: Iterable[str]) -> Iterator[Flaw]:
    """What is wrong with the expressions in the values of keys, at any depth."""
    nodes = [fields[key] for key in keys if key in fields and _computed(source.text, fields[key])]
    seen: set[int] = set()  # aliases can hold themselves
    while nodes:
        node = nodes.pop()
        if isinstance(node, (SequenceNode, MappingNode)):
            if id(node) not in seen:
                seen.add(id(node))
                nodes += node.value if isinstance(node, SequenceNode) else dict(node.value).values()
        elif "${{" in node.value:
            place = Place(source, node, node)
            for fence in fences(node.value):
                if wrong := in_expression(fence.code):
                    part = place.part(fence.start, fence.end)
                    yield from flaws_at(wrong, node.value[fence.start : fence.end], part)
            yield from flaws_at(unclosed(node.value), "${{", place)


def _computed(text: str, node: Node) -> bool:
    """Whether a value may hold an expression: few do."""
    if not isinstance(node, (SequenceNode, MappingNode)):
        return "${{" in node.value
    start, end = node.start_mark.index, node.end_mark.index
    # an alias stands for what is elsewhere
    return text.find("${{", start, end) >= 0 or text.find("*", start, end) >= 0


@lru_cache(maxsize=1024)
def unclosed(text: str) -> tuple[Found, ...]:
    """The first `${{` of a text that nothing closes."""
    end = 0
    for fence in fences(text):
        end = fence.end
    at = text.find("${{", end)
    return (Found("malformed", "a `${{` without its `}}`", at, at + 3),) if at >= 0 else ()


def meant(condition: str) -> str | None:
    """What a condition says that text around its fences made always true; None for another one."""
    if code_of(condition) is not None:
        return None
    text, end = "", 0
    for fence in fences(condition):
        text += f"{condition[end : fence.start]}({fence.code})"
        end = fence.end
    return text + condition[end:]


def _around(condition: str) -> Iterator[Found]:
    """A condition that text around its fences turns into a text, which is always true."""
    inside = fences(condition)
    if not inside:
        yield from unclosed(condition)
        return
    for fence in inside:
        yield from _malformed(fence.code, fence.start + 3, _CONTEXTS)
    if len(inside) == 1 and _holds_anyway(inside[0]):
        return
    outside = condition.strip()
    why = f"the expressions in it are pasted into a text{_TRUE}"
    if len(inside) == 1 and outside == condition[inside[0].start : inside[0].end]:
        why = f"white space or a line break is around the expression{_TRUE}"
    yield Found("always-true", why, 0, len(condition))


def _holds_anyway(fence: Fence) -> bool:
    """Whether what is inside says no more than `always()`."""
    try:
        tree = parse(fence.code)
    except ExpressionError:
        return False
    return isinstance(tree, Call) and tree.function in ("always", "success")


def _malformed(
    code: str, offset: int, allowed: frozenset[str], refused: frozenset[str] = frozenset()
) -> Iterator[Found]:
    """What GitHub refuses a file for."""
    try:
        tree = parse(code)
    except ExpressionError as error:
        at = offset + error.offset
        quoted = "; text goes in single quotes: `'…'`" if '"' in code else ""
        yield Found("malformed", f"{error.message}{quoted}", at, at + 1)
        return
    for call in calls(tree):
        if call.function in refused:
            yield _named(code, offset, call.function, f"`{call.function}()` cannot be asked here")
        elif problem := _refused(call):
            yield _named(code, offset, call.function, problem)
    for path in paths(tree):
        root = path.partition(".")[0]
        if root not in allowed:
            where = "here" if root in _CONTEXTS else "at all"
            yield _named(code, offset, root, f"there is no `{root}` {where}")


def _named(code: str, offset: int, name: str, problem: str) -> Found:
    """A problem with a name, where it first comes."""
    match = re.search(rf"\b{re.escape(name)}\b", code, re.IGNORECASE)
    start, end = match.span() if match else (0, len(code))
    return Found("malformed", problem, offset + start, offset + end)


def _refused(call: Call) -> str:
    """Why GitHub refuses a call, "" where it does not."""
    if call.function in _STATUS:
        return ""
    if call.function not in _ARGUMENTS:
        return f"there is no function `{call.function}`"
    least, most = _ARGUMENTS[call.function]
    if least <= len(call.arguments) <= most:
        return ""
    wanted = str(least) if least == most else f"{least} or more"
    return f"`{call.function}` takes {wanted} arguments"


def _constant(condition: str, tree: Expr, switches: frozenset[str]) -> Iterator[Found]:
    """A condition that says the same in every run."""
    holds = evaluate(condition).holds
    asks = any(call.function in _STATUS for call in calls(tree))
    why = f"`{alone!r}` is by itself in it{_TRUE}" if holds and (alone := _alone(tree)) else ""
    if holds is None:
        holds = settled(tree, switches)
        why = "it only rules out what cannot be" if holds else ""
    if why:
        yield Found("always-true", why, 0, len(condition))
    elif holds is False or (holds and not asks):
        yield Found("constant", "never" if holds is False else "always", 0, len(condition))


def _alone(tree: Expr) -> str | None:
    """The text in `github.ref == 'a' || 'b'` that was meant to be compared, too."""
    if not isinstance(tree, Binary) or tree.operator != "||":
        return None
    for side in (tree.left, tree.right):
        if isinstance(side, Literal) and isinstance(side.value, str) and side.value:
            return side.value
    return _alone(tree.left) or _alone(tree.right)


def _judged(tree: Expr, *, positive: bool = True) -> Iterator[Found]:
    """Flaws of the parts of a tree; `positive` where a part that holds makes the whole hold."""
    if isinstance(tree, Not):
        yield from _judged(tree.operand, positive=not positive)
        return
    if isinstance(tree, Binary):
        yield from _binary(tree, positive=positive)
    elif isinstance(tree, Call):
        yield from _call(tree, positive=positive)
    if not isinstance(tree, Binary) or tree.operator in ("&&", "||"):
        for child in children(tree):
            yield from _judged(child, positive=positive)


def _binary(tree: Binary, *, positive: bool) -> Iterator[Found]:
    left, right = tree.left, tree.right
    if tree.operator == "||":
        yield from _ternary(left, right)
    elif tree.operator in ("==", "!="):
        positive = positive is (tree.operator == "==")
        for said, value in ((left, right), (right, left)):
            if not isinstance(value, Literal):
                continue
            path = unformatted(said)
            if positive and isinstance(path, Path) and _bot(path.name, value):
                yield Found("spoofable", path.name, 0, 0, decisive=True, author=LAST_ACTOR)
            if isinstance(path, Call):
                yield from _call(path, positive=positive is bool(value.value))


def _ternary(left: Expr, right: Expr) -> Iterator[Found]:
    """`a && '' || b`, also as the last of several such choices."""
    while isinstance(left, Binary) and left.operator == "||":
        left = left.right
    middle = left.right if isinstance(left, Binary) and left.operator == "&&" else None
    if isinstance(middle, Literal) and not middle.value and middle != right:
        said = repr(middle.value) if isinstance(middle.value, str) else _word(middle.value)
        yield Found("ternary", said, 0, 0)


def _text(where: Expr, what: Path) -> bool:
    """Whether `contains` searches a text where a list was meant: variables are never lists."""
    if isinstance(where, Path):
        return where.name.startswith(("env.", "vars.")) and (what.name in _CHOSEN or personal(what))
    # none of the few associations that there are is a part of another one that matters
    return isinstance(where, Literal) and not what.name.endswith(".author_association")


def _listed(tree: Call) -> list[Literal]:
    """The texts of `fromJSON('["a", "b"]')`."""
    inner = tree.arguments[0] if tree.function == "fromjson" and tree.arguments else None
    text = inner.value if isinstance(inner, Literal) else ""
    return [Literal(one) for one in _QUOTED.findall(text)] if isinstance(text, str) else []


_QUOTED = pattern(r'"([^"]*)"')


def _word(value: float | bool | None) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _bot(name: str, value: Literal) -> bool:
    """Whether a comparison asks if a bot caused the run."""
    if name in ACTORS:
        return isinstance(value.value, str) and value.value.lower().endswith("[bot]")
    if name in ACTOR_IDS:
        number = value.value
        return (f"{number:.0f}" if isinstance(number, float) else str(number)) in BOT_IDS
    return name == "github.event.sender.type" and str(value.value).lower() == "bot"


_BOTS = frozenset({"dependabot", "github-actions", "pre-commit-ci", "renovate"})
"""What the names of bots begin with."""


def _call(tree: Call, *, positive: bool) -> Iterator[Found]:
    """`contains('a b', context)`, and a bot's name searched for in the actor's."""
    if tree.function not in ("contains", "startswith", "endswith") or len(tree.arguments) != 2:
        return
    where, what = tree.arguments
    if isinstance(where, Path) and where.name in ACTORS and isinstance(what, Literal):
        said = str(what.value).lower()
        if positive and (said.endswith("[bot]") or said.rstrip("[") in _BOTS):
            yield Found("spoofable", where.name, 0, 0, decisive=True, author=LAST_ACTOR)
    elif isinstance(where, Call) and isinstance(what, Path) and positive:
        if tree.function == "contains" and any(_bot(what.name, one) for one in _listed(where)):
            yield Found("spoofable", what.name, 0, 0, decisive=True, author=LAST_ACTOR)
    elif tree.function == "contains" and isinstance(what, Path) and _text(where, what):
        known = author(what.name)
        who = known.who if known else ""
        if what.name in _BRANCHED or personal(what):
            who = who or STARTER
        yield Found("substring", what.name, 0, 0, positive, author=who)
