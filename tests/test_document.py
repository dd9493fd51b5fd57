from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelaw.document import (
    MAX_BYTES,
    MAX_NODES,
    Document,
    Place,
    Problem,
    ScalarNode,
    decode,
    join,
    null,
    parse,
    true,
    walk,
)
from pipelaw.errors import UnreadableError
from pipelaw.source import Source


def scalars(text: str) -> dict[str, Place]:
    """The places of a flat mapping's values, by key."""
    source = Source("x.yml", text)
    return {key.value: Place(source, value, value) for key, value in parse(source)[0].value}


def written(place: Place) -> str:
    """The characters of the file that a place covers."""
    start, end = place.indices()
    return place.source.text[start:end]


WAYS = {
    "plain": "key: before MARK after",
    "plain folded": "key: before\n  MARK\n  after",
    "single quotes": "key: 'it''s MARK, isn''t it'",
    "double quotes": 'key: "tab\\t \\u00e9 \\x41 MARK \\"after\\""',
    "double quotes, line joined": 'key: "before \\\n   MARK after"',
    "literal": "key: |\n  before\n    MARK\n\n  after\n",
    "literal, kept line ends": "key: |+\n  MARK\n\n\n",
    "literal with indentation indicator": "key: |2\n    before\n   MARK\n",
    "literal behind a comment": "key: | # comment MARK\n  x MARK\n",
    "folded": "key: >-\n  before\n  MARK\n\n  after\n",
    "flow": "key: {inner: [a, 'MARK']}",
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("way", WAYS)
def test_a_part_of_a_scalar_is_found_where_it_is_written(way: str, ends: str) -> None:
    text = WAYS[way].replace("MARK", "${{ x }}").replace("\n", ends)
    source = Source("x.yml", text)
    for node in walk(parse(source)[0]):
        if isinstance(node, ScalarNode) and "${{ x }}" in node.value:
            start = node.value.index("${{")
            assert written(Place(source, node, node).part(start, start + 8)) == "${{ x }}"
            return
    pytest.fail("the mark is in no scalar")


PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n\t"),
    max_size=60,
)
STYLES = st.sampled_from(["|", ">", "'", '"', None])


@given(
    before=PRINTABLE,
    after=PRINTABLE,
    style=STYLES,
    indent=st.integers(2, 6),
    width=st.integers(5, 90),
)
def test_slicing_the_text_by_a_span_gives_the_part_back(
    before: str, after: str, style: str | None, indent: int, width: int
) -> None:
    value = f"{before} MARK4 {after}"
    text = yaml.dump(
        {"key": value},
        Dumper=yaml.SafeDumper,
        default_style=style,
        indent=indent,
        width=width,
        allow_unicode=True,
    )
    source = Source("x.yml", text)
    node = parse(source)[0].value[0][1]
    at = node.value.find("MARK4")
    assert written(Place(source, node, node).part(at, at + 5)) == "MARK4"


@given(
    st.recursive(
        PRINTABLE,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    )
)
def test_a_nodes_place_composes_to_the_same_node(value: Any) -> None:
    text = yaml.safe_dump({"key": value}, allow_unicode=True, default_flow_style=True)
    source = Source("x.yml", text)
    for node in walk(parse(source)[0]):
        piece = written(Place(source, node, node))
        # a folded flow scalar's later lines may start with what YAML reads otherwise at the margin
        composed = yaml.compose(f"[{piece}\n ]", Loader=yaml.CSafeLoader) if piece else None
        again = composed.value if composed is not None else []
        if isinstance(node, ScalarNode) and again and isinstance(again[0], ScalarNode):
            assert again[0].value == node.value


def test_spans_are_one_based_and_end_behind_the_last_character() -> None:
    places = scalars("a: one\nb: |\n  two\n  three\n\n# comment\nc: [1,\n  2]\n")
    assert places["a"].span() == ("x.yml", 1, 4, 1, 7)
    assert places["b"].span() == ("x.yml", 2, 4, 4, 8)
    assert places["c"].span() == ("x.yml", 7, 4, 8, 5)


def test_a_place_behind_an_alias_is_where_the_anchor_stands() -> None:
    places = scalars("a: &x one\nb: *x\n")
    assert places["b"].span() == ("x.yml", 1, 7, 1, 10)


def test_anchors_and_tags_are_no_part_of_a_scalar() -> None:
    places = scalars("a: &x 'one MARK'\nb: !tag &y\n  two\nc: &z\n")
    assert written(places["a"]) == "'one MARK'"
    assert written(places["a"].part(4, 8)) == "MARK"
    assert written(places["b"]) == "two"
    assert written(places["c"]) == ""


def test_an_anchor_that_is_given_again_stands_for_the_later_node() -> None:
    text = "a: &x one\nb: *x\nc: &x [&x two, *x]\nd: *x\n"
    [root] = parse(Source("x.yml", text))
    values = {key.value: value for key, value in root.value}
    assert values["b"] is values["a"]
    assert values["d"] is values["c"].value[0]
    assert values["c"].value[1].value == "two"
    assert (values["d"].tag, text[values["d"].end_mark.index - 3 :][:3]) == ("", "two")
    with pytest.raises(UnreadableError, match="undefined alias"):
        parse(Source("x.yml", "a: &x 1\nb: &x 2\nc: *y\n"))


def test_a_mapping_that_ends_with_an_alias_ends_there() -> None:
    source = Source("x.yml", "a: &x one\nb:\n  c: d\n  e: *x\n")
    node = parse(source)[0].value[1][1]
    assert written(Place(source, node, node)) == "c: d\n  e: *x"


def test_a_part_that_ends_with_an_escape_has_all_of_it() -> None:
    place = scalars("a: 'x don''t'\n")["a"]
    assert written(place.part(2, 6)) == "don''"
    assert written(scalars('a: "x\\ty"')["a"].part(0, 2)) == "x\\t"


def test_a_joined_text_knows_the_place_of_each_line() -> None:
    source = Source("x.yml", "- one\n- |\n  two\n  three\n")
    text = join([Place(source, node, node) for node in parse(source)[0].value])
    assert text.text == "one\ntwo\nthree\n"
    assert written(text.place(0, 3)) == "one"
    assert written(text.place(8, 13)) == "three"
    assert text.whole.span() == ("x.yml", 1, 3, 4, 8)


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"a: b\n\xff", 2, 1, "byte 0xff is not UTF-8: save the file as UTF-8"),
        ("a: b".encode("utf-16"), 1, 1, "UTF-16, not UTF-8: save it as UTF-8"),
        (b"a: b\nc: \0", 2, 4, "a NUL byte: this is no text file"),
        (b"x" * (MAX_BYTES + 1), 1, 1, "larger than 5 MB, not read"),
    ],
)
def test_what_is_no_text_says_where(data: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        decode("x.yml", data)
    error = caught.value
    assert (error.line, error.column, error.message) == (line, column, message)
    assert str(error) == f"x.yml:{line}:{column}: {message}"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode("x.yml", b"\xef\xbb\xbfa: b").text == "a: b"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [1\nb: 2", 2, "not valid YAML: did not find expected ',' or ']'"),
        ("a: b\n\tc: d", 2, "found a tab character that violates indentation"),
        ("a:\n\tb: c", 2, "(a tab as indentation?)"),
        ("a: 'b", 1, "not valid YAML"),
        ("a: *nowhere", 1, "undefined alias"),
        ("a: &x [*x]", 1, "an anchor that contains its own alias"),
        ("a: \x07", 1, "not valid YAML"),
        (BOMB, 1, f"more than {MAX_NODES:,} nodes after alias expansion"),
        ("[" * 20_000, 1, "nested too deeply"),
        ("- " * 50_000 + "a", 1, "nested too deeply"),
        ("? " * 50_000 + "a", 1, "nested too deeply"),
        ("\n".join(f"k{n}: v" for n in range(MAX_NODES)), 1, "more than 100,000 nodes"),
    ],
)
def test_what_is_no_yaml_says_where(text: str, line: int, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(Source("x.yml", text))
    assert message in caught.value.message
    assert caught.value.line == line


def test_ampersands_and_stars_of_shell_text_are_no_aliases() -> None:
    text = "run: a && b *c\nrun2: x &y\nrun3: ls *.txt 2>&1\n"
    assert len(parse(Source("x.yml", text))) == 1


def reader(text: str) -> tuple[Document, list[Problem]]:
    source = Source("x.yml", text)
    problems: list[Problem] = []
    return Document(source, parse(source)[0], problems), problems


def test_duplicate_and_complex_keys_are_noted_and_the_last_one_counts() -> None:
    document, problems = reader("a: 1\nb: 2\na: 3\n? [x]\n: 4\n")
    assert {k: v.value for k, v in document.fields(document.root, "the file").items()} == {
        "a": "3",
        "b": "2",
    }
    assert [(p.line, p.message) for p in problems] == [
        (3, "duplicate key `a` in the file"),
        (4, "a key of the file should be text"),
    ]


def test_wrong_shapes_are_noted_and_read_as_empty() -> None:
    document, problems = reader("a: [1]\nb: text\nc: {d: 1}\ne:\n")
    fields = document.fields(document.root, "the file")
    assert document.fields(fields["a"], "`a`") == {}
    assert document.items(fields["b"], "`b`") == []
    assert document.text(fields["c"], "`c`") == ""
    assert document.scalars(fields["c"], "`c`") == []
    assert document.items(fields["e"], "`e`") == []
    assert [(p.line, p.column, p.message) for p in problems] == [
        (1, 4, "`a` should be a mapping, not a list"),
        (2, 4, "`b` should be a list, not text"),
        (3, 4, "`c` should be text, not a mapping"),
        (3, 4, "`c` should be a list, not a mapping"),
    ]


def test_null_and_true_are_plain_words_only() -> None:
    places = scalars("a: null\nb: 'null'\nc: ~\nd:\ne: true\nf: 'true'\ng: yes\n")
    nodes = {key: place.first for key, place in places.items()}
    assert [key for key in "abcd" if null(nodes[key])] == ["a", "c", "d"]
    assert [key for key in "efg" if true(nodes[key])] == ["e"]


@settings(max_examples=100)
@given(st.text(max_size=200))
def test_no_text_makes_parsing_fail_in_another_way(text: str) -> None:
    with suppress(UnreadableError):
        source = decode("x.yml", text.encode("utf-8", "surrogatepass"))
        for root in parse(source):
            for node in walk(root):
                assert Place(source, node, node).span().line >= 1


def test_lines_end_where_editors_end_them() -> None:
    source = Source("x.yml", "a\r\nb\rc\nd\u2028e\x0bf")
    assert source.lines(1, 9) == ("a", "b", "c", "d\u2028e\x0bf")
    assert source.position(source.text.index("c")) == (3, 1)
    assert source.position(len(source.text)) == (4, 6)
    assert Source("x.yml", "").position(0) == (1, 1)


def test_pyyaml_stays_what_it_is_for_others() -> None:
    code = (
        "import re, datetime, pipelaw.document, yaml\n"
        "assert isinstance(re.compile('x'), re.Pattern)\n"
        "assert yaml.safe_load('{on: yes, day: 2026-01-31, no: 1e3}')['day'] == datetime.date(2026, 1, 31)\n"
        "try: yaml.safe_load('\\x01')\n"
        "except yaml.reader.ReaderError: pass\n"
        "else: raise SystemExit('a control character is read')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
