"""Patterns: RE2's meaning, RE2's limits, and no way to make them slow."""

from __future__ import annotations

import time

import pytest

from pipelaw.cel import STRING, CelError, check
from pipelaw.cel.automaton import Automaton
from pipelaw.cel.backtracking import safe_length
from pipelaw.cel.re2 import parse
from pipelaw.cel.searching import searcher

MATCHES = [
    # pattern, found in, not found in
    ("", ["", "a"], []),
    ("b", ["abc", "b"], ["", "a"]),
    ("a|", ["", "b"], []),
    ("^a$", ["a"], ["a\n", "ba", "ab"]),
    (r"^a\z", ["a"], ["a\n"]),
    (r"\Aa", ["ab"], ["ba", "b\na"]),
    ("(?m)^a$", ["a", "b\na\nc", "a\n"], ["ab", "ba"]),
    ("a.b", ["axb", "a\rb", "a\u2028b", "a😀b"], ["a\nb", "ab"]),
    ("(?s)a.b", ["a\nb"], ["ab"]),
    ("[^a]", ["\n", "b"], ["a", ""]),
    (r"^\d+$", ["12"], ["٣", "1٣"]),
    (r"^\w+$", ["a_1Z"], ["é", "a-b"]),
    (r"^\s$", [" ", "\t", "\n", "\f", "\r"], ["\x0b", "\u00a0", "\x1c"]),
    (r"\ba\b", ["a", "é a", "éa", "b-a"], ["ba", "a_"]),
    (r"\S\D\W", ["ab-"], ["ab1"]),
    ("(?i)k", ["k", "K", "\u212a"], ["x"]),
    ("(?i)[r-t]", ["S", "\u017f"], ["u"]),
    (r"(?i)^\w$", ["\u017f", "K"], ["é"]),
    (r"(?i)^[^s]$", ["x"], ["s", "S", "\u017f"]),
    ("(?i)a(?-i)b", ["Ab", "ab"], ["AB"]),
    ("(?i:a)b|c", ["Ab", "c"], ["aB", "C"]),
    ("(a(?i)b)c", ["aBc"], ["ABc", "aBC"]),
    ("x{2}y{1,}z{0,1}w{1,2}$", ["xxyw", "xxyyzww"], ["xyw", "xxyzzw"]),
    ("a{,2}", ["a{,2}"], ["aa"]),
    ("^a{1}{b", ["a{b"], ["a"]),
    (r"\$\{\{", ["${{ x }}"], ["{{"]),
    ("[]a-]", ["]", "a", "-"], ["b"]),
    (r"^[\w.-]+$", ["a.b-c"], ["a/b"]),
    (r"^[+--]$", ["+", ",", "-"], ["."]),
    (r"^[\x41-\x{5a}\]\n]$", ["A", "Z", "]", "\n"], ["a"]),
    (r"\.\*\+\?\(\)\[\]\{\}\|\\\/\-\_\"", ['.*+?()[]{}|\\/-_"'], ["x"]),
    (r"\a\f\t\n\r\v", ["\a\f\t\n\r\v"], [" "]),
    ("(?P<name>a)(?:b)(c)", ["abc"], ["ac"]),
    ("é[ü-ÿ]", ["éü"], ["éa"]),
    ("a+?b*?c??", ["a"], ["b"]),
    ("^[a-z]+(-[a-z]+)*$", ["a-b", "a"], ["a-", "-a"]),
    (r"^v?\d+(\.\d+){0,3}$", ["v1", "1.2.3", "1.2.3.4"], ["1.2.3.4.5", "1."]),
    (".*x.*", ["axb", "x"], ["", "a\n"]),
    ("a+x{2,5}", ["axx", "aaxxxxxx"], ["ax", "xx"]),
]


@pytest.mark.parametrize(("pattern", "found", "missing"), MATCHES)
def test_patterns_mean_what_re2_says(pattern: str, found: list[str], missing: list[str]) -> None:
    search, automaton = searcher(pattern), Automaton(parse(pattern))
    for text in (*found, *missing):
        assert (search(text) is not None) is (text in found), text
        assert automaton.search(text) is (text in found), text


REFUSED = [
    # what RE2 lacks
    ("«(?=»a)", "RE2 has no look-around"),
    ("a«(?!»b)", "RE2 has no look-around"),
    ("«(?<=»a)b", "RE2 has no look-around"),
    ("«(?<!»a)b", "RE2 has no look-around"),
    ("«(?>»a)", "RE2 has no atomic groups"),
    ("(a)«(?(»1)b)", "RE2 has no conditions"),
    ("(?P<n>a)«(?P=»n)", "RE2 has no back-references"),
    (r"(a)«\1»", "RE2 has no back-references"),
    ("a«(?#»c)", "RE2 has no comments"),
    ("«(?x»)a", "unknown kind of group"),
    ("«(?<»n>a)", "unknown kind of group"),
    (r"a«\Z»", r"RE2 has no `\Z`; the end of the text is `$` or `\z`"),
    (r"«\h»", r"RE2 has no `\h`"),
    ("a*«+»", "RE2 takes one quantifier only"),
    ("a{2}«{»3}", "RE2 takes one quantifier only"),
    # what few know
    (r"«\p»L", "Unicode classes are not part of the language"),
    (r"«\0»", r"octal numbers are not part of the language; write `\x01`"),
    ("[«[:»alpha:]]", "classes by name are not part of the language"),
    (r"[\d«-»z]", r"a `-` in the middle of a class is written `\-`"),
    ("(?i)«é»", "beyond ASCII `(?i)` is not part of the language"),
    ("«$»{{", r"`$` is the end of the text; a dollar sign is written `\$`"),
    # what is no pattern
    ("«*»a", "`*` repeats nothing"),
    ("a|«+»", "`+` repeats nothing"),
    ("^«*»a", "a place between characters cannot be repeated"),
    ("a«{2,1}»", "this repeats less than once, or more than 300 times"),
    ("a«{0}»", "this repeats less than once, or more than 300 times"),
    ("a«{1001}»", "this repeats less than once, or more than 300 times"),
    ("a«{99999999}»", "this repeats too often"),
    ("«(a{20}){20}»", "this pattern is too large"),
    ("(" * 30 + "«(»" + ")" * 31, "this pattern is nested too deeply"),
    ("«(»a", "`(` without `)`"),
    ("a«)»", "`)` without `(`"),
    ("«[»a", "`[` without `]`"),
    ("[«z-a»]", "this range ends before it begins"),
    (r"«[»^\d\D]", "no character is in this class"),
    ("(?i)«*»", "a flag cannot be repeated"),
    (r"«\x»4", r"RE2 has no `\x`"),
    (r"«\x»{110000}", r"RE2 has no `\x`"),
]


@pytest.mark.parametrize(("marked", "message"), REFUSED)
def test_refused_with_place_and_reason(marked: str, message: str) -> None:
    before, rest = marked.split("«")
    wrong, after = rest.split("»")
    pattern = before + wrong + after
    text = f"text.matches(r'''{pattern}''')"
    with pytest.raises(CelError) as caught:
        check(text, {"text": STRING})
    assert caught.value.offset == text.index(pattern) + len(before)
    assert caught.value.message == message
    assert caught.value.length == len(wrong)


def test_a_backslash_at_the_end() -> None:
    with pytest.raises(CelError, match=r"nothing after `\\`") as caught:
        check(r"text.matches('a\\')", {"text": STRING})
    assert caught.value.offset == len("text.matches(")


def test_place_of_a_pattern_with_escapes_is_the_literal() -> None:
    text = r"text.matches('\\d+(?=x)')"
    with pytest.raises(CelError) as caught:
        check(text, {"text": STRING})
    assert text[caught.value.offset :][: caught.value.length] == r"'\\d+(?=x)'"


EXPONENTIAL = [
    "(a+)+",
    "(a*)*",
    "(a|a)*b",
    "(a|ab|b)*c",
    "(a|[a-z])*$",
    r"(\w+\s*)+$",
    r"(\d+\.?)+x",
    "([^/]+/?)+$",
    "(.*a){20}",
    "(a?b?)+",
    "(ab?b?){20}",
    "(x(|))*",
    "(a{1,3}){2,9}",
    "((a|b)+c?)*d",
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_exponential_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(CelError, match="this pattern may take exponential time"):
        check(f"text.matches(r'{pattern}')", {"text": STRING})


def test_patterns_that_take_long_to_judge_are_refused() -> None:
    start = time.perf_counter()
    with pytest.raises(CelError, match="too many alternatives to judge"):
        check(f"text.matches('({'a?' * 100}b)*c')", {"text": STRING})
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "pattern",
    ["^[a-z]+(-[a-z]+)*$", r"^(\w+/)*\w+$", "(?:foo|four)*x", r"(\.\d+)*", "(ab|cd)+", "(a*b)*c"],
)
def test_nested_repetition_that_is_unambiguous_is_fine(pattern: str) -> None:
    assert safe_length(parse(pattern)) > 300


SLOW = [
    (r"curl.*\|.*sh", "curl|" * 20_000),
    (".*a.*b.*c.*d", "abc" * 30_000),
    (r"\s*x", " " * 100_000),
    ("[a-z]+[0-9]", "a" * 100_000),
    ("a?" * 30 + "a" * 30 + "$", "a" * 100_000 + "b"),
    (r"^\w+\s*=\s*\w+\s*;$", "a" * 50_000 + "=" + "a" * 50_000),
]


@pytest.mark.parametrize(("pattern", "text"), SLOW)
def test_no_text_makes_a_pattern_slow(pattern: str, text: str) -> None:
    search = searcher(pattern)
    search("")
    start = time.perf_counter()
    assert search(text) is search(text) is None
    assert time.perf_counter() - start < 2  # some ms; backtracking would take minutes to years


def test_the_automaton_forgets_before_it_grows_too_large() -> None:
    automaton = Automaton(parse("a.{12}b"))
    text = "".join("ab"[(i * i // 7) % 2] for i in range(3000)) + "".join(
        map(chr, range(9000, 29_000))
    )
    assert automaton.search("c" * 20 + text.replace("b", "c")) is False
    assert automaton.search(text + "a" + "c" * 12 + "b") is True
