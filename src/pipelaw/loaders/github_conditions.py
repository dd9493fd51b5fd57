"""What an `if:` lets through: constants folded, events told apart, and gates that stop outsiders.

A condition is evaluated with three values (True, False, None for unknown) under a hypothesis: the
event that started the run, and whether an outsider caused it. That gives polarity, `||` and
negation their true meaning, which a search for words in the text cannot.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.loaders.github_expressions import (
    Binary,
    Call,
    Expr,
    ExpressionError,
    Literal,
    Not,
    Path,
    code_of,
    parse,
)
from pipelaw.loaders.github_logic import Value, both, either, same
from pipelaw.loaders.github_names import (
    BOT_IDS,
    CAUSES,
    alternative,
    chosen,
    filled,
    foreign,
    forked,
    literal,
    own,
    personal,
    unformatted,
    unwrapped,
    words_of,
)
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from pipelaw.words import Gate

_TRUSTED = frozenset({"owner", "member", "collaborator"})
COMMENTED = frozenset({"issue_comment", "pull_request_comment", "discussion_comment"})
"""Events whose cause, a comment, need not come from the author of what it is about."""
_LABELLING = ("", "labeled", "unlabeled")
_LABELLED = COMMENTED | {"issues"}
"""Events that an outsider can cause where a label is set: by one more comment, or by a template."""


class Verdict(NamedTuple):
    """What a condition says under a hypothesis."""

    holds: bool | None
    """None where it depends on what is not known."""
    gates: tuple[Gate, ...] = ()
    """What stops an outsider, where something does."""


class Case(NamedTuple):
    """A hypothesis: what started a run, and who."""

    event: str = ""
    """The event, "" for any."""
    action: str = ""
    """Its activity type, "" for any."""
    outsider: bool = False
    """Somebody without write access caused it."""
    author: bool = False
    """Somebody without write access wrote the request that it is about."""
    labelled: bool = False
    """The labels that a condition requires are set."""
    bare: bool = False
    """No label is set, not even one from before."""
    tag: bool = False
    """It runs for a tag."""
    branch: bool = False
    """It runs for a branch."""
    closed: frozenset[str] = frozenset()
    """Outputs that say no for an outsider, as the start of their paths."""


class _Unknown:
    """A value that is not known before the run."""


UNKNOWN = _Unknown()
ALWAYS = Verdict(holds=True)


def evaluate(condition: str, event: str = "", *, outsider: bool = False) -> Verdict:
    """What a condition says for a run started by `event` ("" for any)."""
    author = outsider and event not in COMMENTED
    return judged(condition, Case(event, outsider=outsider, author=author))


@lru_cache(maxsize=8192)
def judged(condition: str, case: Case) -> Verdict:
    """What a condition says in a case."""
    code = code_of(condition)
    if code is None:
        return ALWAYS
    try:
        # the platform refuses double quotes; what is meant is clear all the same
        tree = parse(code if '"' not in code or "'" in code else code.replace('"', "'"))
    except ExpressionError:
        return Verdict(holds=None)
    verdict = asked(tree, case)
    return verdict if verdict.holds is False else Verdict(verdict.holds)


def asked(tree: Expr, case: Case) -> Verdict:
    """What an expression says in a case, and every gate that was asked for it."""
    judge = _Judge(case)
    return Verdict(judge.truth(tree), tuple(dict.fromkeys(judge.gates)))


@lru_cache(maxsize=512)
def settled(text: str, case: Case) -> str | None:
    """The text that an expression gives in a case; None where that is not known."""
    code = code_of(text)
    if code is None:
        return None
    try:
        value = _Judge(case).value(parse(code))
    except ExpressionError:
        return None
    return value if isinstance(value, str) else None


class _Judge:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.event = case.event
        self.outsider = case.outsider or case.author
        self.gates: list[Gate] = []

    def gate(self, name: Gate) -> bool:
        """Note a gate that is closed for outsiders."""
        self.gates.append(name)
        return False

    def truth(self, tree: Expr) -> bool | None:
        """Kleene's three values of an expression."""
        if isinstance(tree, Not):
            inner = self.truth(tree.operand)
            return None if inner is None else not inner
        if isinstance(tree, Binary):
            if tree.operator == "&&":
                return both(self.truth(tree.left), self.truth(tree.right))
            if tree.operator == "||":
                return either(self.truth(tree.left), self.truth(tree.right))
            return self.comparison(tree)
        if isinstance(tree, Call) and tree.function not in ("format", "case"):
            return self.call(tree)
        return self.plain(tree)

    def plain(self, tree: Expr) -> bool | None:
        """The truth of a constant, a context, or what `case` chooses."""
        if told := self.told(tree):
            return told == "true" or self.gate("permission")
        if isinstance(tree, Call) and tree.function == "case":
            side = self.side(tree)
            return None if side is None else self.truth(side)
        if isinstance(tree, Path) and (known := filled(tree.name, self.event)) is not None:
            return known
        value = self.value(tree)
        return None if isinstance(value, _Unknown) else bool(value)

    def told(self, tree: Expr) -> str:
        """What the result of a check says of an outsider, "" where an expression is no such result."""
        path = unwrapped(tree) if self.case.closed and self.outsider else None
        if not isinstance(path, Path) or not path.name.startswith(tuple(self.case.closed)):
            return ""
        if forked(path.name):
            # whoever comments need not be who wrote the request
            return "true" if self.case.author else ""
        return "false" if self.case.outsider else ""

    def value(self, tree: Expr) -> Value | _Unknown:
        """The constant that an expression is, under the hypothesis."""
        if isinstance(tree, Literal):
            return tree.value
        if alternative(tree):
            side = self.side(tree)
            return UNKNOWN if side is None else self.value(side)
        if isinstance(tree, Call):
            return self.text(tree)
        return self.context(tree.name) if isinstance(tree, Path) else UNKNOWN

    def text(self, tree: Call) -> Value | _Unknown:
        """The text that `format('{0}', x)` makes of a value, as variables do."""
        held = unformatted(tree)
        if held is tree:
            return UNKNOWN
        plain = isinstance(held, (Literal, Path)) or (
            isinstance(held, Binary) and "=" not in held.operator
        )
        known = self.value(held) if plain else self.truth(held)
        if isinstance(known, _Unknown) or (known is None and not plain):
            return UNKNOWN
        return str(known).lower() if isinstance(known, bool) else known

    def context(self, name: str) -> Value | _Unknown:
        """What a context holds under the hypothesis."""
        known = {"github.event_name": self.event, "github.event.action": self.case.action}
        if known.get(name):
            return known[name]
        if self.outsider and name.endswith((".head.repo.fork", ".head_repository.fork")):
            self.gates.append("repository")
            return True
        if self.outsider and name.endswith("pull_request.merged"):
            return self.gate("merge")
        return UNKNOWN

    def side(self, tree: Expr) -> Expr | None:
        """The part of `&&`, `||` or `case` that gives the value; None where that is not known."""
        if isinstance(tree, Binary):
            first = self.truth(tree.left)
            if first is None:
                return None
            return tree.left if first is (tree.operator == "||") else tree.right
        *pairs, other = tree.arguments if isinstance(tree, Call) else ()
        for condition, value in zip(pairs[::2], pairs[1::2], strict=False):
            holds = self.truth(condition)
            if holds is not False:
                return value if holds else None
        return other

    def held(self, tree: Expr) -> Expr:
        """What an expression comes to, without what chooses it or only makes a text of it."""
        side = self.side(tree) if alternative(tree) else None
        return unformatted(tree) if side is None else self.held(side)

    def comparison(self, tree: Binary) -> bool | None:
        """The truth of a comparison."""
        left, right = self.value(tree.left), self.value(tree.right)
        equal: bool | None = None
        if told := self.told(tree.left):
            self.gates.append("permission")
            left = told
        if not isinstance(left, _Unknown) and not isinstance(right, _Unknown):
            equal = same(left, right)
        elif self.outsider or self.event:
            one, other = self.held(tree.left), self.held(tree.right)
            equal = self.known_difference(one, right, other)
            if equal is None:
                equal = self.known_difference(other, left, one)
        if equal is None or tree.operator not in ("==", "!="):
            return None
        return equal if tree.operator == "==" else not equal

    def known_difference(self, tree: Expr, value: Value | _Unknown, other: Expr) -> bool | None:
        """False where the context `tree` cannot be `value` under the hypothesis."""
        if not isinstance(tree, Path):
            return None
        value = f"{value:.0f}" if isinstance(value, float) else value
        if isinstance(value, str) and self.event:
            away = self.away_from(tree.name, value.lower())
            if away is not None:
                return away
        if not self.outsider:
            return None
        if foreign(tree.name) and (isinstance(value, str) or own(other)):
            return self.gate("repository")
        if isinstance(value, str):
            return self.person(tree.name, value.lower())
        return self.person(tree.name, _MEMBER) if chosen(other) or own(other) else None

    def away_from(self, name: str, value: str) -> bool | None:
        """False where the run's event, or its ref, is another one than the condition requires."""
        if name == "github.event.workflow_run.event" and self.outsider:
            if value == "pull_request":
                self.gates.append("upstream")
                return True
            return None if value.startswith("pull_request") else self.gate("upstream")
        if name in ("github.ref", "github.ref_name", "github.ref_type"):
            return self.ref(name, value)
        return None

    def ref(self, name: str, value: str) -> bool | None:
        """False where the run's ref is another one than the condition requires."""
        branch = value.startswith("refs/heads/") or name == "github.ref_name"
        tag = value.startswith("refs/tags/") or value == "tag"
        if self.case.tag and name != "github.ref_name":
            return None if value.startswith("refs/tags/") else value == "tag"
        if self.case.branch and tag:
            return False
        if self.event in ("pull_request", "pull_request_review") and (branch or value == "branch"):
            return self.gate("ref")
        return self.gate("ref") if self.outsider and tag else None

    def person(self, name: str, value: str) -> bool | None:
        """False where `name` is somebody that an outsider is not."""
        if name.endswith(".author_association"):
            return self.role(name, "association") if value in _TRUSTED else None
        if name == "github.event.label.name" or name.endswith("labels.*.name"):
            return self.label(name)
        if name in CAUSES or name.endswith("actor.login"):
            # the actor is whoever caused the latest event, which for a bot's pull request can be
            # anybody; a person's name cannot be had
            bot = value.endswith("[bot]") or value in BOT_IDS or not self.case.outsider
            return None if bot else self.gate("actor")
        if name.endswith((".user.login", ".owner.login", ".user.id", ".owner.id")):
            return self.role(name, "actor")
        return None

    def role(self, name: str, gate: Gate) -> bool | None:
        """False where a context names the one who is an outsider: the request's author, or the cause."""
        if name.startswith(_AUTHORED):
            return self.gate("author") if self.case.author else None
        return self.gate(gate) if self.case.outsider else None

    def label(self, name: str) -> bool | None:
        """False for a label that only members set, unless it is set already."""
        if name == "github.event.label.name" and self.case.action not in _LABELLING:
            return False  # other activities carry no label
        if self.case.labelled:
            return None
        kept = name != "github.event.label.name" and self.event in _LABELLED
        open_to_all = not self.case.outsider or (kept and not self.case.bare)
        return None if open_to_all else self.gate("label")

    def call(self, tree: Call) -> bool | None:
        """The truth of a function's result."""
        arguments = tree.arguments
        if tree.function == "always":
            return True
        told = [said for each in arguments if (said := self.told(each))]
        if told:
            return "false" not in told or self.gate("permission")
        if tree.function == "contains" and len(arguments) == 2:
            return self.contains(*arguments)
        if tree.function in ("startswith", "endswith") and len(arguments) == 2:
            return self.starts_with(tree.function, *arguments)
        if tree.function == "fromjson" and len(arguments) == 1:
            value = self.value(arguments[0])
            return {"true": True, "false": False}.get(value) if isinstance(value, str) else None
        return None

    def contains(self, where: Expr, what: Expr) -> bool | None:
        """A label that only members set, or a list of trusted associations or people."""
        words, what = words_of(where), self.held(what)
        known = self.value(what) if words is not None else UNKNOWN
        if words is not None and isinstance(known, str) and isinstance(what, Path):
            text = "" if isinstance(where, Call) else literal(where)
            return known.lower() in (text or words)
        if not self.outsider:
            return None
        path = unwrapped(where)
        if isinstance(path, Path) and (".labels" in path.name or path.name.endswith(".label.name")):
            return self.label(path.name)
        if not isinstance(what, Path) or (isinstance(where, (Literal, Path)) and personal(what)):
            return None  # whoever takes a part of a name gets through
        if words is None:
            return self.person(what.name, _MEMBER) if chosen(path) else None
        told = self.away_from if what.name.endswith("workflow_run.event") else self.person
        results = {told(what.name, word) for word in words}
        return False if words and results == {False} else None

    def starts_with(self, function: str, where: Expr, what: Expr) -> bool | None:
        """The event's name, or a tag's ref, which no outsider can push."""
        value, known = self.value(what), self.value(where)
        if isinstance(value, str) and isinstance(known, str):
            known, value = known.lower(), value.lower()
            return known.startswith(value) if function == "startswith" else known.endswith(value)
        if not isinstance(where, Path) or not isinstance(value, str):
            return None
        if self.outsider and where.name == "github.event.label.name":
            return self.label(where.name)
        return self.begins(where.name, value) if function == "startswith" else None

    def begins(self, name: str, value: str) -> bool | None:
        """Whether a ref or the name of a repository begins with a text."""
        if name == "github.ref":
            if self.case.tag and value.startswith("refs/"):
                return value.startswith("refs/tags")
            if self.case.branch and value.startswith("refs/tags"):
                return False
            if self.outsider and value.startswith("refs/tags"):
                return self.gate("ref")
            if self.event == "pull_request" and value.startswith("refs/heads"):
                return self.gate("ref") if self.outsider else False
        owned = self.outsider and name.endswith(_OWNERS.get(value[-1:], "\0"))
        return self.gate("repository") if owned and foreign(name) else None


_OWNERS = {"/": ".full_name", ":": ".label"}
_AUTHORED = ("github.event.pull_request.", "github.event.issue.", "github.event.discussion.")
"""What an event is about; its author need not be the one who caused it."""


_MEMBER = "a member"  # for the login of somebody whom the repository's settings name
