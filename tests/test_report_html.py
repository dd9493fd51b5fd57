"""The HTML report as text: what it holds, and that hostile content stays content."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import sample_finding, sample_rule

from pipelaw.document import Problem
from pipelaw.finding import Confidence, Coverage, Related, Report, Severity, Suppression
from pipelaw.records import replaced
from pipelaw.report import Style, render
from pipelaw.report.markup import inline, prose
from pipelaw.source import Span

PATH = ".github/workflows/greet.yml"
RULE = sample_rule(
    why="Whoever opens an issue\ndecides its `title`.\n\nMore of it.",
    fix={"github": "Use a variable:\n\n```yaml\nenv:\n  T: x\n```", "gitlab": "Quote it."},
    references=("CWE-94", "https://example.org/page", "CICD-SEC-4", "odd"),
)
FINDING = sample_finding(
    span=Span(PATH, 9, 16, 9, 38), excerpt=("          echo ${{ github.head_ref }}",)
)
SILENCED = replaced(FINDING, severity=Severity.LOW, suppressed=Suppression("waiver", "known <b>"))
COVERAGE = Coverage(
    1,
    2,
    3,
    (Problem("bad.yml", 3, 1, "not <YAML>"),),
    (Problem("ci.yml", 1, 2, "include of `x`"),),
)
REPORT = Report((SILENCED, FINDING), COVERAGE, (RULE,), "some/folder")
VOID = {"meta", "input", "link", "br", "hr", "img"}
KNOWN = set(
    "a b body button code datalist dd details div dl dt fieldset footer form h1 h2 h3 h4 head header"
    " html input kbd label legend li main mark meta ol option p path pre rect script section select"
    " span strong style summary svg title ul".split()
)


class Page(HTMLParser):
    """The elements of a page, held to be balanced, known, and with known attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in KNOWN
        assert len({name for name, _ in attrs}) == len(attrs)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "style")]
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID and not (
            tag in ("path", "rect") or (tag == "option" and len(attrs) == 0)
        ):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("path", "rect"), attrs

    def handle_endtag(self, tag: str) -> None:
        if tag == "datalist":
            while self.open[-1] == "option":
                self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str, name: str = "", value: str = "") -> list[dict[str, str]]:
        return [
            attrs
            for found, attrs in self.found
            if found == tag and (not name or value in attrs.get(name, "").split())
        ]

    def words(self) -> str:
        return " ".join("".join(self.text).split())


def test_the_worst_comes_first_and_what_is_suppressed_is_there() -> None:
    page = Page(render("html", REPORT))
    first, second = page.all("li", "class", "finding")
    assert (first["data-severity"], first["data-state"]) == ("high", "open")
    assert (second["data-severity"], second["data-state"]) == ("low", "suppressed")
    assert first["data-rule"] == RULE.id
    assert first["data-platform"] == "github"
    assert first["data-path"] == PATH
    words = page.words()
    for part in (
        "1 finding",
        "some/folder: looked at 1 repository, 2 files, 3 pipelines",
        "${{ github.head_ref }} is pasted into the script",
        f"{PATH}:9:16",
        "anybody can start it",
        "Say hello",
        "waiver: known <b>",
        "1 could not be read",
        "bad.yml:3:1 not <YAML>",
        "ci.yml:1:2 include of x",
        "Why it matters",
        "How to fix it on GitLab CI",
        FINDING.fingerprint,
    ):
        assert part in words


def test_the_marked_characters_are_those_of_the_span() -> None:
    text = render("html", REPORT)
    assert "          echo <mark>${{ github.head_ref }}</mark></span>" in text
    several = replaced(
        FINDING, span=Span(PATH, 3, 2, 20, 4), excerpt=("a\tb: c", "", "  d" + "e" * 9999)
    )
    text = render("html", Report((several,), Coverage()))
    assert 'data-n="3">a<mark>    b: c</mark>' in text
    assert f'data-n="5">  <mark>d{"e" * 399}…</mark>' in text
    assert "… and on to line 20" in text
    assert len(text) < len(render("html", Report((), Coverage()))) + 5000


def test_the_page_needs_nothing_from_anywhere() -> None:
    text = render("html", REPORT, Style(links="https://git.example.org/o/r/blob/main/"))
    page = Page(text)
    assert not re.search(r"@import|url\(|\bfetch\(|XMLHttpRequest|innerHTML|eval\(", text)
    [policy] = [tag for tag in page.all("meta") if "content-security-policy" in str(tag).lower()]
    assert policy["content"].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy["content"]
    outside = [tag["href"] for tag in page.all("a") if not tag["href"].startswith("#")]
    assert f"https://git.example.org/o/r/blob/main/{PATH}#L9" in outside
    assert all(address.startswith("https://") for address in outside)
    assert len(page.all("script")) == len(page.all("style")) == 1


def test_ids_are_unique_and_labels_and_links_meet_theirs() -> None:
    page = Page(render("html", REPORT))
    ids = [attrs["id"] for _, attrs in page.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = [attrs["for"] for attrs in page.all("label") if "for" in attrs]
    wanted += [attrs["aria-labelledby"] for _, attrs in page.found if "aria-labelledby" in attrs]
    wanted += [tag["href"][1:] for tag in page.all("a") if tag["href"].startswith("#")]
    wanted += [tag["list"] for tag in page.all("input") if "list" in tag]
    assert set(wanted) <= set(ids)


HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!--",
    "]]>",
    "`<b>`",
    "[x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "\x00\x1b[31m\u202e\ud800\ufffe",
    "&lt;&#60;",
    "</style></title></pre></code></details>",
)


def poisoned(text: str) -> Report:
    span = Span(text, 1, 1, 2, 3)
    finding = sample_finding(
        rule=text,
        title=text,
        severity=Severity.CRITICAL,
        confidence=Confidence.LOW,
        message=text,
        span=span,
        platform=text,
        job=text,
        step=text,
        fingerprint=text,
        related=(Related(span, text),),
        excerpt=(text, text),
        suppressed=Suppression(text, text),
    )
    rule = replaced(RULE, id=text, title=text, why=text, fix={text: text}, references=(text,))
    problem = Problem(text, 1, 1, text)
    return Report((finding,), Coverage(1, 1, 1, (problem,), (problem,)), (rule,), text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_content_stays_content(text: str) -> None:
    made = render("html", poisoned(text), Style(links=f"https://example.org/{text}"))
    page = Page(made)
    assert len(page.all("script")) == 1
    assert not [tag for tag in page.all("a") if not re.match(r"https?://|#", tag["href"])]
    assert made.encode("utf-8").decode() == made
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", made)


@given(st.text(alphabet=st.sampled_from("<>&\"'`[]()*#-1. \n\thtps:/x\u202e"), max_size=60))
def test_no_markdown_makes_markup_of_its_own(text: str) -> None:
    for made in (prose(text), inline(text)):
        tags = re.findall(r"<(/?)(\w+)([^>]*)>", made)
        assert {tag for _, tag, _ in tags} <= set("p ul ol li pre code strong a".split())
        for closing, tag, rest in tags:
            if tag == "a" and not closing:
                assert re.fullmatch(r' href="https?://[^"<>\s]*" rel="noopener noreferrer"', rest)
            else:
                assert rest == (' tabindex="0"' if tag == "pre" and not closing else "")
        assert made.count("<") == len(tags)


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("", ""),
        ("one\ntwo\n\nthree", "<p>one two</p><p>three</p>"),
        ("use `a < b`, not `", "<p>use `a &lt; b`, not `</p>"),
        ("use `a < b`", "<p>use <code>a &lt; b</code></p>"),
        ("- a\n  b\n- c", "<ul><li>a b</li><li>c</li></ul>"),
        ("x:\n1. a\n2. b\n\ny", "<p>x:</p><ol><li>a</li><li>b</li></ol><p>y</p>"),
        (
            "```yaml\n  a: 1\n\n    - b\n```\nrest",
            '<pre tabindex="0"><code>a: 1\n\n  - b</code></pre><p>rest</p>',
        ),
        ("```\nopen", '<pre tabindex="0"><code>open</code></pre>'),
        (
            "see [it](https://example.org/?a&b).",
            '<p>see <a href="https://example.org/?a&amp;b" rel="noopener noreferrer">it</a>.</p>',
        ),
        ("[it](data:text/html,x)", "<p>[it](data:text/html,x)</p>"),
        ("**very** <b>", "<p><strong>very</strong> &lt;b&gt;</p>"),
        ("## Head\ntext", "<p><strong>Head</strong></p><p>text</p>"),
    ],
)
def test_the_markdown_that_rules_are_written_in(markdown: str, made: str) -> None:
    assert prose(markdown) == made


def test_a_report_without_findings_says_so() -> None:
    words = Page(render("html", Report((), Coverage(1, 1, 1)))).words()
    assert "No findings" in words
    assert "There is nothing to report" in words


def test_the_page_is_small_enough_for_large_reports() -> None:
    findings = tuple(replaced(FINDING, span=Span(f"{i}.yml", 1, 1, 1, 9)) for i in range(1000))
    size = len(render("html", Report(findings, COVERAGE, (RULE,))))
    assert size / 1000 < 2500


def test_the_script_uses_no_markup_from_text() -> None:
    data = Path(__file__).parents[1] / "src/pipelaw/data"
    script = (data / "page.js").read_text("utf-8")
    assert "innerHTML" not in script
    assert "</" not in script
    assert "</" not in (data / "page.css").read_text("utf-8")
