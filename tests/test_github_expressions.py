from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelaw.loaders.github_conditions import evaluate
from pipelaw.loaders.github_expressions import ExpressionError, fences, parse, paths, sources


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a ${{ x }} b ${{y}}", [" x ", "y"]),
        ("${{ format('}}{0}', x) }}", [" format('}}{0}', x) "]),
        ("${{ 'it''s }}' }} tail", [" 'it''s }}' "]),
        ("${{ open", []),
        ("$ {{ x }} {{ y }}", []),
        ("${{ a }}${{ b }}", [" a ", " b "]),
    ],
)
def test_fences_are_found_and_strings_do_not_close_them(text: str, codes: list[str]) -> None:
    found = list(fences(text))
    assert [fence.code for fence in found] == codes
    assert all(text[fence.start : fence.end] == "${{" + fence.code + "}}" for fence in found)


@pytest.mark.parametrize(
    ("code", "read", "flow"),
    [
        ("github.event.issue.title", ["github.event.issue.title"], ["github.event.issue.title"]),
        ("GitHub.Event.Issue['Title']", ["github.event.issue.title"], ["github.event.issue.title"]),
        (
            "github['event']['issue'].title",
            ["github.event.issue.title"],
            ["github.event.issue.title"],
        ),
        (
            "github.event.commits[0].message",
            ["github.event.commits.*.message"],
            ["github.event.commits.*.message"],
        ),
        (
            "github.event.commits.*.message",
            ["github.event.commits.*.message"],
            ["github.event.commits.*.message"],
        ),
        ("secrets[matrix.name]", ["secrets.?", "matrix.name"], ["secrets.?"]),
        ("a.b == 'x'", ["a.b"], []),
        ("!a.b", ["a.b"], []),
        ("contains(a.b, 'x')", ["a.b"], []),
        ("a.b && c.d", ["a.b", "c.d"], ["c.d"]),
        ("a.b || c.d", ["a.b", "c.d"], ["a.b", "c.d"]),
        ("a.x == 'y' && b.c || 'z'", ["a.x", "b.c"], ["b.c"]),
        ("format('{0}', a.b)", ["a.b"], ["a.b"]),
        ("toJSON(github.event)", ["github.event"], ["github.event"]),
        ("join(a.*.b, ',')", ["a.*.b"], ["a.*.b"]),
        ("fromJSON(a.b).c[0]", ["a.b"], ["a.b"]),
        ("hashFiles(a.b)", ["a.b"], []),
        (
            "case(a.a, b.b, c.c, d.d, e.e)",
            ["a.a", "b.b", "c.c", "d.d", "e.e"],
            ["b.b", "d.d", "e.e"],
        ),
        ("true.x", ["true.x"], ["true.x"]),
        ("-1.5e3 < 0xff && 'it''s'", [], []),
    ],
)
def test_what_an_expression_reads_and_what_flows_through(
    code: str, read: list[str], flow: list[str]
) -> None:
    assert list(dict.fromkeys(paths(parse(code)))) == read
    assert list(sources(code)) == flow


@pytest.mark.parametrize(
    ("code", "offset"),
    [
        ("", 0),
        ("a &&", 4),
        ("a b", 2),
        ("(a", 2),
        ("a.", 2),
        ("a[", 2),
        ("f(a,", 4),
        ('"a"', 0),
        ("a = b", 2),
        ("a..b", 2),
    ],
)
def test_a_malformed_expression_says_where(code: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(code)
    assert caught.value.offset == offset
    assert sources(code) == ()


@given(st.text(alphabet="ab.'()[]!&|=<>*, 0", max_size=40))
def test_any_text_parses_or_is_refused(code: str) -> None:
    with suppress(ExpressionError):
        assert set(sources(code)) <= set(paths(parse(code)))


def test_nesting_is_bounded() -> None:
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse("(" * 5000 + "a" + ")" * 5000)
    parse("!" * 5000 + "a")


PRT = "pull_request_target"


COMMENTER = "github.event.comment.author_association"
REPORTER = "github.event.issue.author_association"
MEMBERS = """fromJSON('["OWNER", "MEMBER"]')"""


@pytest.mark.parametrize(
    ("who", "issues", "comment"),
    [
        (f"{COMMENTER} || {REPORTER}", False, False),
        (f"{REPORTER} || {COMMENTER}", False, None),
        (f"github.event_name == 'issues' && {REPORTER} || {COMMENTER}", False, False),
        (f"github.event_name == 'issues' && {COMMENTER} || {REPORTER}", False, None),
        (f"case(github.event_name == 'issues', {REPORTER}, {COMMENTER})", False, False),
        (f"case(github.event_name != 'issues', {REPORTER}, {COMMENTER})", False, None),
        (f"case(vars.OPEN, {REPORTER}, {COMMENTER})", None, None),
    ],
)
def test_an_association_that_is_chosen_by_the_event(
    who: str, issues: bool | None, comment: bool | None
) -> None:
    for condition in (f"({who}) == 'MEMBER'", f"contains({MEMBERS}, {who})"):
        assert evaluate(condition, "issues", outsider=True).holds is issues
        assert evaluate(condition, "issue_comment", outsider=True).holds is comment


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (f"case(github.event_name == 'issues', true, {COMMENTER} == 'MEMBER')", False),
        (f"case(github.event_name == 'issue_comment', true, {COMMENTER} == 'MEMBER')", True),
        (f"case(github.event_name == 'issues', {REPORTER} == 'MEMBER', vars.ON)", None),
        (f"!{COMMENTER}", False),
        ("github.event.review.user.login", False),
    ],
)
def test_a_case_is_as_true_as_what_it_chooses(condition: str, holds: bool | None) -> None:
    assert evaluate(condition, "issue_comment", outsider=True).holds is holds


@pytest.mark.parametrize(
    ("condition", "event", "holds", "gates"),
    [
        ("false", PRT, False, ()),
        ("${{ false }}", PRT, False, ()),
        ("0", PRT, False, ()),
        ("''", PRT, False, ()),
        ("always()", PRT, True, ()),
        ("github.event_name == 'push'", PRT, False, ()),
        ("github.event_name == 'PULL_REQUEST_target'", PRT, True, ()),
        ("github.event_name != 'pull_request'", PRT, True, ()),
        ("github.repository == 'org/repo'", PRT, None, ()),
        (
            "github.event.pull_request.head.repo.full_name == github.repository",
            PRT,
            False,
            ("repository",),
        ),
        (
            "github.repository == github.event.pull_request.head.repo.full_name",
            PRT,
            False,
            ("repository",),
        ),
        ("github.event.pull_request.head.repo.full_name != github.repository", PRT, True, ()),
        ("!github.event.pull_request.head.repo.fork", PRT, False, ("repository",)),
        ("github.event.pull_request.head.repo.fork == false", PRT, False, ("repository",)),
        ("github.event.pull_request.head.repo.fork", PRT, True, ()),
        ("github.event.pull_request.merged == true", PRT, False, ("merge",)),
        ("contains(github.event.pull_request.labels.*.name, 'ok')", PRT, False, ("label",)),
        ("!contains(github.event.pull_request.labels.*.name, 'ok')", PRT, True, ()),
        ("github.event.label.name == 'ok' || true", PRT, True, ()),
        ("github.event.label.name == 'ok' || github.actor == 'me'", PRT, False, ("label", "actor")),
        ("github.actor == 'me'", PRT, False, ("actor",)),
        ("github.actor != 'me'", PRT, True, ()),
        ("github.actor == vars.MAINTAINER", PRT, False, ("actor",)),
        ("github.actor == github.repository_owner", PRT, False, ("actor",)),
        ("github.actor == github.event.pull_request.title", PRT, None, ()),
        ("contains(fromJSON(vars.MAINTAINERS), github.actor)", PRT, False, ("actor",)),
        ("contains(vars.MAINTAINERS, github.event.pull_request.title)", PRT, None, ()),
        ("contains(toJSON(github.event.pull_request.labels.*.name), 'ok')", PRT, False, ("label",)),
        (
            "startsWith(github.event.pull_request.head.repo.full_name, 'me/')",
            PRT,
            False,
            ("repository",),
        ),
        ("startsWith(github.event.pull_request.head.repo.full_name, 'me')", PRT, None, ()),
        (
            "startsWith(github.event.pull_request.head.label, 'me:')",
            PRT,
            False,
            ("repository",),
        ),
        ("startsWith(github.event.pull_request.head.label, 'me')", PRT, None, ()),
        (
            "github.event.pull_request.head.repo.owner.id == github.repository_owner_id",
            PRT,
            False,
            ("repository",),
        ),
        ("github.actor == 'dependabot[bot]'", PRT, None, ()),
        ("github.event.pull_request.user.login == 'dependabot[bot]'", PRT, False, ("author",)),
        (
            "github.event.comment.author_association == 'OWNER'",
            "issue_comment",
            False,
            ("association",),
        ),
        ("github.event.comment.author_association != 'OWNER'", "issue_comment", True, ()),
        ("github.event.comment.user.id == 583231", "issue_comment", False, ("actor",)),
        ("github.actor_id == '583231'", "issue_comment", False, ("actor",)),
        ("github.actor_id == '49699333'", "pull_request_target", None, ()),
        ("github.event.sender.id == 49699333", "pull_request_target", None, ()),
        (
            "github.event.pull_request.head.repo.owner.id == 9919",
            "pull_request_target",
            False,
            ("repository",),
        ),
        ("github.event.comment.author_association == 'CONTRIBUTOR'", "issue_comment", None, ()),
        (
            'contains(fromJSON(\'["OWNER", "MEMBER"]\'), github.event.comment.author_association)',
            "issue_comment",
            False,
            ("association",),
        ),
        (
            "contains('OWNER MEMBER', github.event.comment.author_association)",
            "issue_comment",
            False,
            ("association",),
        ),
        (
            'contains(fromJSON(\'["OWNER", "NONE"]\'), github.event.comment.author_association)',
            "issue_comment",
            None,
            (),
        ),
        ("startsWith(github.event.comment.body, '/run')", "issue_comment", None, ()),
        ("github.event.workflow_run.event == 'push'", "workflow_run", False, ("upstream",)),
        ("github.event.workflow_run.event == 'pull_request'", "workflow_run", True, ()),
        ("github.event.workflow_run.event != 'pull_request'", "workflow_run", False, ("upstream",)),
        ("github.event.workflow_run.event == 'pull_request_target'", "workflow_run", None, ()),
        (
            "github.event.workflow_run.head_repository.id == github.event.workflow_run.repository.id",
            "workflow_run",
            False,
            ("repository",),
        ),
        (
            'contains(fromJSON(\'["push", "schedule"]\'), github.event.workflow_run.event)',
            "workflow_run",
            False,
            ("upstream",),
        ),
        (
            'contains(fromJSON(\'["push", "pull_request"]\'), github.event.workflow_run.event)',
            "workflow_run",
            None,
            (),
        ),
        (
            "github.event.workflow_run.head_repository.full_name == github.repository",
            "workflow_run",
            False,
            ("repository",),
        ),
        ("github.event.workflow_run.conclusion == 'success'", "workflow_run", None, ()),
        ("startsWith(github.ref, 'refs/tags/')", PRT, False, ("ref",)),
        ("github.ref == 'refs/heads/main'", "pull_request", False, ("ref",)),
        ("github.ref == 'refs/heads/main'", PRT, None, ()),
        ("needs.check.outputs.ok == 'true' && false", PRT, False, ()),
        ("a b c", PRT, None, ()),
        ("${{ github.actor == 'me' }} && true", PRT, True, ()),
        ("${{ github.actor == 'me' }}\n", PRT, True, ()),
    ],
)
def test_what_a_condition_says_when_an_outsider_starts_the_run(
    condition: str, event: str, holds: bool | None, gates: tuple[str, ...]
) -> None:
    verdict = evaluate(condition, event, outsider=True)
    assert verdict.holds is holds
    assert verdict.gates == gates
