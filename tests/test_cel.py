"""The expression language: what expressions give, what is refused and why, and what they cannot reach."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence  # noqa: TC003  annotations that the language reads
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelaw import model
from pipelaw.cel import (
    BOOL,
    DOUBLE,
    INT,
    RUNTIME,
    STRING,
    CelError,
    Type,
    caret,
    check,
    fields,
    list_of,
    record_type,
)
from pipelaw.document import NOWHERE, Place
from pipelaw.errors import PolicyError


@dataclass
class Part:
    text: str
    size_hint: float = 0.5


@dataclass
class Crate:
    name: str
    count: int
    heavy: bool
    tags: tuple[str, ...]
    parts: Sequence[Part]
    place: Place = NOWHERE
    _secret: str = "hidden"

    @property
    def loud(self) -> str:
        return self.name.upper()

    def open(self) -> str:
        return "a method"


SCOPE: dict[str, Type] = {
    "box": record_type(Crate),
    "boxes": list_of(record_type(Crate)),
    "s": STRING,
    "n": INT,
    "d": DOUBLE,
    "b": BOOL,
    "xs": list_of(STRING),
}
CRATE = Crate("crate", 3, heavy=True, tags=("red", "old"), parts=[Part("lid"), Part("nail")])
VALUES: dict[str, Any] = {
    "box": CRATE,
    "boxes": (CRATE, Crate("bag", 0, heavy=False, tags=(), parts=())),
    "s": "Grüße",
    "n": 2,
    "d": 1.5,
    "b": True,
    "xs": ("a", "b"),
}


def evaluate(python: str, values: dict[str, Any] = VALUES) -> Any:
    """Run the Python of an expression as the engine does: in a function, without builtins."""
    space: dict[str, Any] = {"__builtins__": {}, **RUNTIME}
    exec(f"def rule({', '.join(values)}):\n    return {python}\n", space)
    return space["rule"](**values)


GIVES: list[tuple[str, object]] = [
    ("true", True),
    ("false || b", True),
    ("!b || !!b", True),
    ("!!!b", False),
    # numbers
    ("1 + 2 - 3 - 4", -4),
    ("- 5", -5),
    ("--5", 5),
    ("-n - -n", 0),
    ("0x1F", 31),
    ("007", 7),
    ("-9223372036854775808", -(2**63)),
    ("9223372036854775807", 2**63 - 1),
    ("d < 2.5 && .5 < 1e0 && -d == -1.5", True),
    # strings in every quote form
    ("'a' + \"b\" + r'\\n' + '''c'd''' + \"\"\"e\"f\"\"\"", "ab\\nc'de\"f"),
    (r"'\a\b\f\n\r\t\v\\\'\"\?\`'", "\a\b\f\n\r\t\v\\'\"?`"),
    (r"'\x41\X41\101\u00e9\U0001F600'", "AAAé😀"),
    ("'''a\r\nb\rc'''", "a\nb\nc"),
    ('R"""a\r\nb\\d"""', "a\nb\\d"),
    ('""', ""),
    ('"""""" == ""', True),
    ('"#//"', "#//"),
    # text
    ("size(s)", 5),
    ("'😀é'.size()", 2),
    ("'ÄA'.lowerAscii()", "Äa"),
    ("'ABC'.lowerAscii()", "abc"),
    ("s.startsWith('Gr') && s.endsWith('ße') && s.contains('üß')", True),
    ("s.startsWith('gr')", False),
    ("'B' < 'a' && 'a' < '😀' && '\uff5a' < '😀'", True),
    ("s.matches('^Gr.{2}e$')", True),
    (r"s.matches(r'^\w+$')", False),
    ("'x'.matches('')", True),
    # lists
    ("['a', 'b',]", ("a", "b")),
    ("[]", ()),
    ("xs == ['a', 'b'] && xs != []", True),
    ("xs + ['c']", ("a", "b", "c")),
    ("box.tags + xs + []", ("red", "old", "a", "b")),
    ("'a' in xs && !('c' in xs)", True),
    ("n in [1, 2] && !(n in [])", True),
    ("n in [1 + 1]", True),
    ("s in [s]", True),
    ("b in [true, false]", True),
    ("-1 in [-1]", True),
    ("d in [1.5, 2.5]", True),
    ("size(xs) + xs.size()", 4),
    ("1 in [1] in [true]", True),
    ("1 == 1 == true", True),
    ("false < true", True),
    # precedence
    ("true || false && false", True),
    ("b ? 1 : b ? 2 : 3", 1),
    ("!b ? 1 : !b ? 2 : 3", 3),
    ("!b == false", True),
    ("n - 1 - 1 == 0 ? 'zero' : 'more'", "zero"),
    ("n + 1 in [3]", True),
    ("b && // a comment\n n > 1", True),
    ("b\t&&\f\r\nb", True),
    # records
    ("box.name + '-' + box.loud", "crate-CRATE"),
    ("box.count > 2 && box.heavy", True),
    ("box.parts.exists(p, p.text == 'nail')", True),
    ("size((box).parts)", 2),
    ("box.parts.map(p, p.text)", ("lid", "nail")),
    ("box.parts.all(p, p.size_hint < 1.0)", True),
    # macros
    ("xs.exists(x, x == 'b')", True),
    ("xs.all(x, x == 'b')", False),
    ("xs.exists_one(x, x == 'b')", True),
    ("['b', 'b'].exists_one(x, x == 'b')", False),
    ("xs.filter(x, x != 'a')", ("b",)),
    ("xs.map(x, x + '!')", ("a!", "b!")),
    ("xs.map(x, x != 'a', x + '!')", ("b!",)),
    ("xs.map(x, size(x))", (1, 1)),
    ("boxes.map(x, x.tags.map(x, x + '?'))", (("red?", "old?"), ())),
    ("boxes.exists(x, x.tags.exists(t, t == 'old' && x.name == 'crate'))", True),
    ("xs.filter(x, x == 'a').exists(x, x == 'a') && xs.size() == 2", True),
    # a variable of a macro may hide one of the scope, and bear a word of Python
    ("xs.exists(s, s == 'a') && s == 'Grüße'", True),
    ("xs.map(lambda, lambda).exists(None, None == 'a')", True),
    ("xs.exists(len, size(len) == 1)", True),
]


@pytest.mark.parametrize(("text", "value"), GIVES)
def test_expressions_give_what_cel_says(text: str, value: object) -> None:
    got = evaluate(check(text, SCOPE).python)
    assert got == value
    assert type(got) is type(value)


TYPES = [
    ("s == 'x'", "bool"),
    ("size(xs)", "int"),
    ("d", "double"),
    ("s + s", "string"),
    ("xs + []", "list of strings"),
    ("boxes.filter(x, x.heavy)", "list of crates"),
    ("b ? [] : [[1]]", "list of lists of ints"),
    ("box.parts", "list of parts"),
]


@pytest.mark.parametrize(("text", "name"), TYPES)
def test_types(text: str, name: str) -> None:
    assert check(text, SCOPE).type.name == name


def test_python_is_plain_and_fast() -> None:
    scope = {"job": record_type(model.Job), "step": record_type(model.Step)}
    expected = {
        'job.privileged && step.name == "x"': "(job.privileged and (step.name == 'x'))",
        "job.writes || job.deploys || !job.optional": "(job.writes or job.deploys or (not job.optional))",
        'job.token in ["default", "none"]': "(job.token in {'default', 'none',})",
        "job.steps.exists(s, s.optional)": "_any(_1.optional for _1 in job.steps)",
    }
    assert {text: check(text, scope).python for text in expected} == expected


REFUSED = [
    # names and fields
    ("«bx».heavy", "unknown name `bx`; did you mean `box`?"),
    (
        "«job»",
        "unknown name `job`; known here: `box`, `boxes`, `s`, `n`, `d`, `b`, `xs`",
    ),
    ("box.«nam» == 'x'", "a crate has no field `nam`; did you mean `name`?"),
    ("box.«place»", "a crate has no field `place`"),
    ("box.«_secret»", "a crate has no field `_secret`"),
    ("box.«open»", "a crate has no field `open`"),
    ("s.«name»", "a string has no field `name`"),
    ("box.tags.«first»", "a list of strings has no field `first`"),
    ("box.tags.«size» > 1", "`size` is a function: write `size(…)`"),
    ("xs.exists(x, x == 'a') && «x» == 'a'", "unknown name `x`; did you mean `xs`?"),
    # functions
    ("s.«startswith»('a')", "unknown function `startswith`; did you mean `startsWith`?"),
    ("«contains»(s, 'a')", "`contains` is called on a value: `value.contains(…)`"),
    ("«has»(box.name)", "every field has a value: `has` is not part of the language"),
    ("box.«heavy»()", "`heavy` is a field: write it without parentheses"),
    ("s.«zzz»()", "unknown function `zzz`"),
    ("«s.contains()»", "`contains` takes 1 argument, not 0"),
    ("«s.lowerAscii('x')»", "`lowerAscii` takes 0 arguments, not 1"),
    ("«size(s, s)»", "`size` takes 1 argument, not 2"),
    ("size(«b»)", "`size` wants a string or a list, but this is a bool"),
    ("«xs».contains('a')", "`contains` wants a string, but this is a list of strings"),
    ("s.contains(«1»)", "`contains` wants a string, but this is an int"),
    ("s.matches(«s»)", "the pattern of `matches` is a string that is written out"),
    # operators
    ("«1 + 'a'»", "`+` wants two of one type, not an int and a string"),
    ("«n == 1.0»", "`==` wants two of one type, not an int and a double"),
    ("b && «'x'»", "`&&` wants a bool, but this is a string"),
    ("b || (b && «n»)", "`&&` wants a bool, but this is an int"),
    ("!«n»", "`!` wants a bool, but this is an int"),
    ("-«s»", "`-` wants a number, but this is a string"),
    ("«n» ? 1 : 2", "what comes before `?` wants a bool, but this is an int"),
    ("«b ? 1 : 'x'»", "`? :` gives one type, not an int or a string"),
    ("«xs - xs»", "`-` wants ints, not lists of strings"),
    ("«d + 1.0»", "`+` wants ints, strings or lists, not doubles"),
    ("«xs < xs»", "`<` compares strings, numbers and bools, not lists of strings"),
    (
        "«box == box»",
        "`==` compares strings, numbers and bools, and lists of them, not crates",
    ),
    (
        "«[xs] == [xs]»",
        "`==` compares strings, numbers and bools, and lists of them, not lists of lists of strings",
    ),
    ("'a' in «s»", "`in` wants a list, but this is a string; write `text.contains(part)`"),
    ("1 in «n»", "`in` wants a list, but this is an int"),
    ("«1 in xs»", "`in` looks for an int in a list of strings"),
    ("«xs» in [xs]", "`in` looks for a string, number or bool, not a list of strings"),
    ("«box» in boxes", "`in` looks for a string, number or bool, not a crate"),
    ("[1, «'a'»]", "a list holds one type: a string is among ints"),
    # macros
    ("«s».exists(c, true)", "`exists` wants a list, but this is a string"),
    ("«[]».all(x, true)", "`all` wants a list, but this is a list of nothing"),
    ("xs.all(x, «x»)", "`all` wants a bool, but this is a string"),
    ("xs.map(x, «n», x)", "`map` wants a bool, but this is an int"),
    ("«xs.exists(x)»", "`exists` takes 2 arguments, not 1"),
    ("«xs.map(x)»", "`map` takes 2 or 3 arguments, not 1"),
    ("xs.exists(«'x'», true)", "`exists` starts with a new name: `exists(x, …)`"),
    ("xs.exists(«_x», true)", "`exists` starts with a new name: `exists(x, …)`"),
    ("xs.exists(«x.y», true)", "`exists` starts with a new name: `exists(x, …)`"),
    # numbers that do not fit
    ("«9223372036854775808»", "this number is too large for an int"),
    ("«99999999999999999999»", "this number is too large for an int"),
    ("«0xFFFFFFFFFFFFFFFF»", "this number is too large for an int"),
    ("«9223372036854775807 + 1» == 0", "this may be too large for an int"),
    ("«-9223372036854775808 - n» == 0", "this may be too large for an int"),
    ("«-(-9223372036854775808)»", "this may be too large for an int"),
    ("[9223372036854775807].map(x, «x + 1»)", "this may be too large for an int"),
    # texts and lists that would fill the memory
    ("[s]" + ".map(x, x + x)" * 9 + ".map(x, «x + x») == xs", "this may grow too large"),
    ("[xs]" + ".map(x, x + x)" * 9 + ".map(x, «x + x») == [xs]", "this may grow too large"),
    ("«1e400» < d", "this number is too large for a double"),
    # syntax
    ("«»", "the expression is empty"),
    ("« » // nothing", "the expression is empty"),
    ("b &&«»", "expected a value, not the end"),
    ("(b«»", "expected `)`, not the end"),
    ("b «b»", "expected an operator or the end, not `b`"),
    ("b «'x'»", "expected an operator or the end, not a string"),
    ("b «and» b", "write `&&` for and"),
    ("b «or» b", "write `||` for or"),
    ("«not» b", "write `!` for not, and `!(a in b)` for not in"),
    ("s «=» 'x'", "`=` is no operator; `==` compares"),
    ("b «&» b", "`&` is no operator; write `&&`"),
    ("n «*» 2", "`*` is not part of the language"),
    ("xs«[»0]", "elements have no number here; ask with `exists`, `all` or `in`"),
    ("«{»}", "maps and messages are not part of the language"),
    ("s == «null»", "`null` is not part of the language: every field has a value"),
    ("«b»'x'", "bytes are not part of the language"),
    ("«1u» == 1u", "unsigned numbers are not part of the language"),
    ("«`»s`", "names are written without backticks"),
    ("s «§» s", "unexpected character `§`"),
    ("«\u00a0»b", "unexpected character `\u00a0`"),
    ("«.»s", "expected a value, not `.`"),
    ("s.«in»", "expected a name, not `in`"),
    ("b ? b «?» 1 : 2 : 3", "expected `:`, not `?`"),
    ("!«-»n", "expected a value, not `-`"),
    ("s.contains('a',«)»", "expected a value, not `)`"),
    ("[«,»]", "expected a value, not `,`"),
    ("«package» == 'x'", "`package` is a reserved word"),
    ("xs.exists(«for», true)", "`for` is a reserved word"),
    # strings
    ("s == «'x»", "this string does not end with '"),
    ("«'x»\n'", "this string does not end with '"),
    ("«'''x''»", "this string does not end with '''"),
    (r"«'x\'»", "this string does not end with '"),
    (r"r'x«\»'", "a raw string cannot end with a backslash"),
    ("r'''a«\\»\r'''", "a raw string cannot have a backslash before a carriage return"),
    (
        r"'a«\d»'",
        'unknown escape sequence; a backslash is written `\\\\`, or in a raw string r"…"',
    ),
    (r"'a«\ud800»'", "there is no such character"),
    (r"'«\U00110000»'", "there is no such character"),
]


@pytest.mark.parametrize(("marked", "message"), REFUSED)
def test_refused_with_place_and_reason(marked: str, message: str) -> None:
    before, rest = marked.split("«")
    wrong, after = rest.split("»")
    with pytest.raises(CelError) as caught:
        check(before + wrong + after, SCOPE)
    error = caught.value
    assert error.message == str(error) == message
    assert error.offset == len(before)
    assert (before + wrong + after)[error.offset :][: error.length] == wrong
    assert isinstance(error, PolicyError)


def test_the_wanted_type() -> None:
    assert check("n > 1", SCOPE, BOOL).type is BOOL
    assert check("[]", SCOPE, list_of(STRING)).python == "()"
    with pytest.raises(CelError, match="this has to give a bool, but it gives an int") as caught:
        check("n + 1", SCOPE, BOOL)
    assert (caught.value.offset, caught.value.length) == (0, 5)


def test_caret_points_at_the_line_that_is_wrong() -> None:
    text = "b &&\n\tbox.nam == 'x'"
    with pytest.raises(CelError) as caught:
        check(text, SCOPE)
    assert caret(text, caught.value.offset, caught.value.length) == "\tbox.nam == 'x'\n\t    ^^^"
    assert caret("b &&", 4, 1) == "b &&\n    ^"
    assert caret("a\nb", 0, 3) == "a\n^"
    assert caret("", 0, 1) == "\n^"


def test_fields_of_a_record() -> None:
    assert fields(Crate) == {
        "name": STRING,
        "count": INT,
        "heavy": BOOL,
        "tags": list_of(STRING),
        "parts": list_of(record_type(Part)),
        "loud": STRING,
    }
    assert record_type(Crate).members is record_type(Crate).members
    assert str(list_of(record_type(Crate))) == "a list of crates"


def test_all_of_the_model_can_be_seen() -> None:
    rest, seen = [record_type(record) for record in model.KINDS.values()], set[Type]()
    while rest:
        found = rest.pop()
        if found not in seen:
            seen.add(found)
            assert "place" not in found.members
            rest += [found.element] if found.element else found.members.values()
    assert {record_type(model.Step), STRING, list_of(record_type(model.Step))} <= seen


def test_a_model_that_rules_cannot_see_is_a_mistake() -> None:
    @dataclass
    class Odd:
        maybe: dict[str, str]

    with pytest.raises(TypeError, match=r"Odd\.maybe: rules cannot see a value of type dict"):
        fields(Odd)


HOSTILE = [
    "s.__class__",
    "box.__class__.__mro__",
    "box.__init__",
    "s.format(s)",
    "s.startsWith.__self__",
    "__import__('os')",
    "_any",
    "_patterns",
    "_len(s)",
    "xs.map(_1, _1)",
    "eval('1')",
    "open('x')",
    "globals()",
    "lambda: 1",
    "(x for x in xs)",
    "s if b else s",
    "xs.__getitem__(0)",
    "[b, b][0]",
    "s % s",
    "f'{s}'",
    "True",
    "print",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_declared_fields_can_be_reached(text: str) -> None:
    with pytest.raises(CelError):
        check(text, SCOPE)


@pytest.mark.parametrize(
    "inside",
    ["') or __import__('os').abort() or ('", "{0} {body} {__class__}", "\\", "\n\r\u2028", '"""'],
)
def test_text_stays_text(inside: str) -> None:
    literal = '"' + "".join(f"\\U{ord(char):08x}" for char in inside) + '"'
    text = f"xs.map(x, [{literal}, {literal}.lowerAscii()])"
    assert evaluate(check(text, SCOPE).python) == ((inside, inside.lower()),) * 2
    assert evaluate(check(f"s in [{literal}]", SCOPE).python, {**VALUES, "s": inside}) is True


def assert_tame(python: str) -> None:
    """Assert that emitted Python has only known names and declared attributes."""
    attributes = {*fields(Crate), *fields(Part), "startswith", "endswith"}
    for node in ast.walk(ast.parse(python, mode="eval")):
        if isinstance(node, ast.Name):
            assert node.id in SCOPE or node.id in RUNTIME or re.fullmatch(r"_\d", node.id)
        if isinstance(node, ast.Attribute):
            assert node.attr in attributes


@pytest.mark.parametrize("text", [text for text, _ in GIVES])
def test_emitted_python_is_tame_and_one_operand(text: str) -> None:
    python = check(text, SCOPE).python
    assert_tame(python)
    compile(
        f"if {python}: pass\nif not {python}: pass\nx = [{python} for y in {python}]", "", "exec"
    )


def checked(text: str) -> str | CelError:
    """The Python of an expression, or why there is none."""
    try:
        return check(text, SCOPE).python
    except CelError as error:
        return error


PIECES = [
    *SCOPE,
    *"name heavy tags parts text exists all map filter exists_one size matches startsWith x y".split(),
    *"! && || == != < <= > >= + - in ? : ( ) [ ] , . // \n".split(" "),
    *"1 2.5 0x 9223372036854775808 true null 'a' \"b\" r'\\' '''c ' ( ) , ( )".split(),
]
SOUP = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.lists(
    st.sampled_from(PIECES), max_size=25
).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60) | SOUP)
def test_whatever_the_text_nothing_but_a_cel_error(text: str) -> None:
    found = checked(text)
    if isinstance(found, CelError):
        assert 0 <= found.offset <= len(text)
        assert found.length >= 0
        assert caret(text, found.offset, found.length)
    else:
        assert_tame(found)


NESTED: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "(" * n + "b" + ")" * n,
    "lists": lambda n: "size(" + "[" * n + "b" + "]" * n + ") == 1",
    "not": lambda n: "!(" * n + "b" + ")" * n,
    "fields": lambda n: "box" + ".name" * n,
    "sums": lambda n: "+".join("n" * n) + " == 0",
    "relations": lambda n: "b" + " == b" * n,
    "choices": lambda n: "b ? b : " * n + "b",
    "calls": lambda n: "size(" * n + "s" + ")" * n,
    "methods": lambda n: "s" + ".lowerAscii()" * n + " == s",
    "macros": lambda n: "xs" + ".filter(x, x != s)" * n + " == xs",
    "inner macros": lambda n: "xs.exists(x, " * n + "b" + ")" * n,
    "in": lambda n: "b" + " in [b]" * n,
    "matches": lambda n: "b == (" * n + "s.matches('a')" + ")" * n,
}


@pytest.mark.parametrize("what", NESTED)
def test_nesting_has_an_end_that_python_can_take(what: str) -> None:
    accepted = 0
    for depth in (*range(1, 45), 400, 1500):
        text = NESTED[what](depth)
        python = checked(text)
        if isinstance(python, str):
            accepted = depth
            compile(f"def rule():\n    if {python}:\n        return 1\n", "", "exec")
    assert 1 <= accepted < 45


def test_a_row_of_conditions_may_be_long() -> None:
    assert evaluate(check(" && ".join(["b"] * 1000), SCOPE).python) is True
    assert evaluate(check(" || ".join(["!b"] * 1000), SCOPE).python) is False


def test_length_has_an_end() -> None:
    with pytest.raises(CelError, match="at most 10,000 characters"):
        check("b || " * 3000 + "b", SCOPE)
