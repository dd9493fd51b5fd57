"""A rule: one policy, and everything people should know about it."""

from __future__ import annotations

from enum import IntEnum
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pipelaw.finding import CONFIDENCES, SEVERITIES, Confidence, Severity
from pipelaw.records import NamedTuple, field_names, value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

POLICY_FILE = ".pipelaw.yml"
"""Where a repository says which rules count, and how much."""
PROFILE = "pipelaw:"
"""What the name of a shipped profile begins with."""

Value: TypeAlias = str | int | bool | tuple[str, ...]
"""What a parameter can be set to."""


class Line(NamedTuple):
    """One line of a severity ladder: where `condition` holds, the finding has this severity."""

    severity: Severity
    condition: str
    """Python over the rule's scope."""


class Mention(NamedTuple):
    """A related place: an object of the model, and a sentence about it."""

    at: str
    """Python that gives a record; its place is the related place, if it has one."""
    message: tuple[Segment, ...]


class Segment(NamedTuple):
    """A piece of a message: literal text, or Python that gives one."""

    text: str
    code: bool


class Parameter(NamedTuple):
    """Something about a rule that a policy may set."""

    name: str
    type: str
    """A key of `parameters.TYPES`."""
    default: Value
    description: str


class Example(NamedTuple):
    """A pipeline that a rule must, or must not, object to."""

    platform: str
    good: bool
    text: str
    line: int
    """Where its text begins in the rule file, 1-based."""
    parameters: tuple[tuple[str, Value], ...] = ()
    """What the rule's parameters are set to for it; the others have their defaults."""


@value_class
class Rule:
    """One policy: what it is about, when it fires, and everything people should know about it."""

    id: str
    title: str
    category: str
    kind: str
    """What it looks at: a key of `model.KINDS`."""
    when: str
    """Its condition as Python over the rule's scope; `rulebook` joins these into functions."""
    ladder: tuple[Line, ...]
    """Severities, the first that holds counts; the last always holds."""
    confidence: Confidence
    message: tuple[Segment, ...]
    at: str
    """Python that gives the record to point at; "" for the subject itself."""
    related: tuple[Mention, ...]
    why: str
    fix: Mapping[str, str]
    """What to write instead, by platform; "" for every platform."""
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    path: str
    """The rule's file."""
    parameters: tuple[Parameter, ...] = ()

    def expressions(self) -> Iterator[str]:
        """Every expression but the condition, as Python."""
        yield from (line.condition for line in self.ladder[:-1])
        yield from (text for text, code in self.message if code)
        if self.at:
            yield self.at
        for mention in self.related:
            yield mention.at
            yield from (text for text, code in mention.message if code)

    @property
    def severities(self) -> tuple[Severity, ...]:
        """Every severity that a finding of this rule can have, worst first."""
        return tuple(sorted({line.severity for line in self.ladder}, reverse=True))

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms that it has examples for."""
        return tuple(dict.fromkeys(example.platform for example in self.examples))


def shipped() -> Path:
    """The folder of the rules that come with pipelaw: in the wheel, or in a checkout's top folder."""
    packaged = Path(__file__).parent / "rules"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rules"


def pack(rule: Rule) -> tuple[Any, ...]:
    """A rule as plain tuples, texts and numbers, for `unpack`."""
    return tuple(_plain(getattr(rule, name)) for name in field_names(Rule))


def _plain(value: Any) -> Any:  # noqa: ANN401  any field of a rule
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return int(value) if isinstance(value, IntEnum) else value


def unpack(packed: Sequence[Any]) -> Rule:
    """The rule that `pack` was given."""
    fields = dict(zip(field_names(Rule), packed, strict=True))
    fields["ladder"] = tuple(Line(SEVERITIES[level], code) for level, code in fields["ladder"])
    fields["confidence"] = CONFIDENCES[fields["confidence"]]
    fields["message"] = tuple(starmap(Segment, fields["message"]))
    fields["related"] = tuple(
        Mention(at, tuple(starmap(Segment, message))) for at, message in fields["related"]
    )
    fields["examples"] = tuple(starmap(Example, fields["examples"]))
    fields["parameters"] = tuple(starmap(Parameter, fields["parameters"]))
    return Rule(**fields)


def holder(rule: str) -> str:
    """The Python name of what holds the parameters of a rule."""
    return f"param_{rule.replace('-', '_')}"


def spelled(value: Value) -> str:
    """A parameter's value as YAML in one line."""
    import json  # noqa: PLC0415  JSON's values are YAML's; few ask for them

    return json.dumps(value, ensure_ascii=False)


def near(word: str, known: Iterable[str]) -> str:
    """A hint at the known word that was probably meant, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors pay for it

    close = get_close_matches(word, list(known), 1)
    return f"; did you mean `{close[0]}`?" if close else ""
