"""Every accepted expression means what CEL says: compared with Google's own implementation."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelaw.cel import BOOL, INT, RUNTIME, STRING, CelError, Type, check, list_of, record_type
from pipelaw.cel.automaton import Automaton
from pipelaw.cel.re2 import parse
from pipelaw.cel.searching import searcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

pytest.importorskip("cel_expr_python", reason="Google's cel-expr-python has no wheel here")

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings


@dataclass
class Box:
    name: str
    count: int
    heavy: bool
    tags: tuple[str, ...]


SCOPE: dict[str, Type] = {
    "s": STRING,
    "t": STRING,
    "n": INT,
    "m": INT,
    "b": BOOL,
    "c": BOOL,
    "xs": list_of(STRING),
    "box": record_type(Box),
    "boxes": list_of(record_type(Box)),
}
RECORD = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
ORACLE = cel.NewEnv(
    variables={
        **dict.fromkeys(("s", "t", "pattern"), cel.Type.STRING),
        **dict.fromkeys(("n", "m"), cel.Type.INT),
        **dict.fromkeys(("b", "c"), cel.Type.BOOL),
        "xs": cel.Type.List(cel.Type.STRING),
        "box": RECORD,
        "boxes": cel.Type.List(RECORD),
    },
    extensions=[ext_strings.ExtStrings()],
)

WORDS = st.text(alphabet="abABKé\u017f😀-. \n'\"\\", max_size=4)
INTS = st.integers(-3, 3) | st.integers(-(2**53), 2**53)
TAGS = st.lists(WORDS, max_size=3).map(tuple)
BOXES = st.builds(Box, name=WORDS, count=INTS, heavy=st.booleans(), tags=TAGS)
VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys("st", WORDS),
        **dict.fromkeys("nm", INTS),
        **dict.fromkeys("bc", st.booleans()),
        "xs": TAGS,
        "box": BOXES,
        "boxes": st.lists(BOXES, max_size=3).map(tuple),
    }
)


class Writer:
    """Writes well-typed expressions at random, with all parentheses or with some left out."""

    def __init__(self, random: Random, *, whole: bool) -> None:
        self.random = random
        self.whole = whole
        self.names = {"string": ["s", "t"], "box": ["box"]}
        self.kinds: dict[str, list[Callable[[int], str]]] = {
            "string": [self.text, self.name, self.lowered, self.joined],
            "int": [self.number, self.counted, self.size, self.negative, self.sum],
            "bool": [
                self.flag,
                self.both,
                self.negated,
                self.related,
                self.asked,
                self.contained,
                self.matched,
                self.quantified,
                self.quantified_boxes,
            ],
            "strings": [self.listed, self.literal, self.made, self.appended],
        }

    def write(self, kind: str, depth: int) -> str:
        """An expression of a kind; what nests stands behind what does not."""
        if depth and not self.random.randrange(8):
            test, then, other = (self.write(part, depth - 1) for part in ("bool", kind, kind))
            return self.group(f"{test} ? {then} : {other}")
        forms = self.kinds[kind]
        return self.random.choice(forms if depth else forms[:1])(depth - 1)

    def group(self, text: str) -> str:
        return f"({text})" if self.whole or self.random.randrange(2) else text

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def two(self, kind: str, depth: int, *operators: str) -> str:
        left, right = self.write(kind, depth), self.write(kind, depth)
        return self.group(f"{left} {self.pick(*operators)} {right}")

    def text(self, _: int) -> str:
        text = "".join(self.random.choices("abABKé\u017f😀-. \n'\"\\", k=self.random.randrange(4)))
        quote = self.pick('"', "'", '"""', "'''")
        if self.random.randrange(2) and not re.search(r"[\n\\'\"]", text):
            return f"{self.pick('', 'r', 'R')}{quote}{text}{quote}"
        escapes = {"\\": r"\\", "\n": r"\n", "'": r"\'", '"': r"\""}
        escapes |= {"a": r"\141", "b": r"\u0062", "A": r"\x41", "😀": r"\U0001f600"}
        return quote + "".join(escapes.get(char, char) for char in text) + quote

    def name(self, _: int) -> str:
        return self.pick(*self.names["string"], f"{self.pick(*self.names['box'])}.name")

    def lowered(self, depth: int) -> str:
        return f"{self.group(self.write('string', depth))}.lowerAscii()"

    def joined(self, depth: int) -> str:
        return self.two("string", depth, "+")

    def number(self, _: int) -> str:
        return self.pick("n", "m", "0", "1", "-2", "0x1f", "9007199254740993")

    def counted(self, _: int) -> str:
        return f"{self.pick(*self.names['box'])}.count"

    def size(self, depth: int) -> str:
        operand = self.group(self.write(self.pick("string", "strings"), depth))
        return self.pick(f"size({operand})", f"{operand}.size()")

    def negative(self, depth: int) -> str:
        return self.group(self.pick("-", "--") + self.group(self.write("int", depth)))

    def sum(self, depth: int) -> str:
        return self.two("int", depth, "+", "-")

    def flag(self, _: int) -> str:
        return self.pick("b", "c", "true", "false", f"{self.pick(*self.names['box'])}.heavy")

    def both(self, depth: int) -> str:
        return self.two("bool", depth, "&&", "||")

    def negated(self, depth: int) -> str:
        return self.pick("!", "!!") + self.group(self.write("bool", depth))

    def related(self, depth: int) -> str:
        kind = self.pick("string", "int", "bool", "strings")
        ordered = () if kind == "strings" else ("<", "<=", ">", ">=")
        return self.two(kind, depth, "==", "!=", *ordered)

    def asked(self, depth: int) -> str:
        text, part = self.write("string", depth), self.write("string", depth)
        return f"{self.group(text)}.{self.pick('startsWith', 'endsWith', 'contains')}({part})"

    def matched(self, depth: int) -> str:
        pattern = self.pick("a", "^[ab]+$", "(?i)k", r"\\w\\.", "^.$", "a|B", "(?s)^.{2,3}$")
        return f'{self.group(self.write("string", depth))}.matches("{pattern}")'

    def contained(self, depth: int) -> str:
        kind = self.pick("string", "int")
        items = self.literal(depth, kind) if kind == "int" else self.write("strings", depth)
        return self.group(f"{self.write(kind, depth)} in {items}")

    def inside(self, kind: str, name: str, write: Callable[[], str]) -> str:
        """What is written while a macro's variable is known, which may hide another name."""
        self.names[kind].append(name)
        text = write()
        self.names[kind].pop()
        return text

    def quantified(self, depth: int) -> str:
        items, name = self.group(self.write("strings", depth)), self.pick("s", "x", "y")
        body = self.inside("string", name, lambda: self.write("bool", depth))
        return f"{items}.{self.pick('exists', 'all', 'exists_one')}({name}, {body})"

    def quantified_boxes(self, depth: int) -> str:
        name = self.pick("box", "z")
        body = self.inside("box", name, lambda: self.write("bool", depth))
        return f"boxes.{self.pick('exists', 'all', 'exists_one')}({name}, {body})"

    def listed(self, _: int) -> str:
        return self.pick("xs", "[]", f"{self.pick(*self.names['box'])}.tags")

    def literal(self, depth: int, kind: str = "string") -> str:
        items = [self.write(kind, depth) for _ in range(self.random.randrange(4))]
        return f"[{', '.join(items)}{self.pick('', ',') if items else ''}]"

    def made(self, depth: int) -> str:
        items, name = self.group(self.write("strings", depth)), self.pick("s", "x", "y")
        condition = self.inside("string", name, lambda: self.write("bool", depth))
        body = self.inside("string", name, lambda: self.write("string", depth))
        macro = self.pick("filter", "map", "map where")
        arguments = {"filter": condition, "map": body, "map where": f"{condition}, {body}"}[macro]
        return f"{items}.{macro.split()[0]}({name}, {arguments})"

    def appended(self, depth: int) -> str:
        return self.two("strings", depth, "+")


def ours(python: str, values: dict[str, Any]) -> object:
    space: dict[str, Any] = {"__builtins__": {}, **RUNTIME}
    exec(f"def rule({', '.join(values)}):\n    return {python}\n", space)
    found = space["rule"](**values)
    return list(found) if isinstance(found, tuple) else found


def mapping(box: Box) -> dict[str, Any]:
    return {**asdict(box), "tags": list(box.tags)}


def theirs(text: str, values: dict[str, Any]) -> object:
    data = {**values, "xs": list(values["xs"]), "box": mapping(values["box"])}
    data["boxes"] = [mapping(box) for box in values["boxes"]]
    return ORACLE.compile(text).eval(data=data).plain_value()


@settings(max_examples=600, deadline=None)
@given(
    st.randoms(use_true_random=False), st.sampled_from(["bool", "int", "string", "strings"]), VALUES
)
def test_well_typed_expressions_are_accepted_and_mean_the_same(
    random: Random, kind: str, values: dict[str, Any]
) -> None:
    text = Writer(random, whole=True).write(kind, 4)
    try:
        python = check(text, SCOPE).python
    except CelError as error:
        if "this is a list of nothing" in error.message:
            return  # `[].exists(…)`: the only well-typed thing that is refused
        raise
    assert ours(python, values) == theirs(text, values), text


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False), VALUES)
def test_whatever_is_accepted_means_the_same(random: Random, values: dict[str, Any]) -> None:
    text = Writer(random, whole=False).write("bool", 3)
    try:
        python = check(text, SCOPE).python
    except CelError:
        return  # without its parentheses it need not have types that fit
    assert ours(python, values) == theirs(text, values), text


LITERALS = st.text(alphabet="ab\\\"'rRxuU014567nt`?\r\n", max_size=8)


@settings(max_examples=400, deadline=None)
@given(LITERALS, st.sampled_from(['"', "'", '"""', "'''"]), st.sampled_from(["", "r", "R"]))
def test_literals_are_read_the_same(inside: str, quote: str, prefix: str) -> None:
    text = f"{prefix}{quote}{inside}{quote}"
    try:
        found = check(text, {})
    except CelError:
        return
    assert ours(found.python, {}) == ORACLE.compile(text).eval().plain_value()


ATOMS = st.sampled_from(
    r"a b k K s - . \d \w \W \s \S \D ^ $ \b \A \z [ab] [^a] [a-k] [^\w] [\d_-] []a] \n \x41 \x{e9}"
    " é \u017f \u212a _ 1 (?i) (?s) (?m) (?-i) [A-Z] { } ] [^\\n] [\\W] (?:) 😀".split()
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("({}|{})".format, inner, inner)
        | st.builds(
            "({}{})".format, st.sampled_from(["", "?:", "?i:", "?m:", "?i-s:", "?P<n>"]), inner
        )
        | st.builds(
            "{}{}".format, inner, st.sampled_from("* + ? {2} {1,3} {2,} *? ?? {0,2}".split())
        )
    ),
    max_leaves=8,
)
TEXTS = st.lists(
    st.text(alphabet="aAbkKsS\u212a\u017f-._ \n1é😀\r\t\x0b9", max_size=7), min_size=4, max_size=9
)
MATCH = ORACLE.compile("s.matches(pattern)")


@settings(max_examples=400, deadline=None)
@given(PATTERNS, TEXTS)
def test_patterns_match_the_same(pattern: str, texts: list[str]) -> None:
    try:
        search, automaton = searcher(pattern), Automaton(parse(pattern))
    except CelError:
        return
    for text in texts:
        found = MATCH.eval(data={"s": text, "pattern": pattern}).plain_value()
        assert (search(text) is not None) is automaton.search(text) is found, (pattern, text)
