"""GitLab's conditions, and which kinds of pipeline a job is part of by them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import samples

from pipelaw.loaders.gitlab_conditions import State, demands, holds, parse

if TYPE_CHECKING:
    from pipelaw.loaders.gitlab_conditions import Value
    from pipelaw.model import Job

KNOWN: dict[str, Value] = {
    "SOURCE": frozenset({"push"}),
    "EITHER": frozenset({"web", "api"}),
    "ABSENT": State.ABSENT,
    "PRESENT": State.PRESENT,
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('$SOURCE == "push"', True),
        ("$SOURCE == 'push'", True),
        ('"push" == $SOURCE', True),
        ('$SOURCE != "push"', False),
        ('${SOURCE} == "tag"', False),
        ('$EITHER == "web"', None),
        ('$EITHER != "push"', True),
        ("$ABSENT", False),
        ("$PRESENT", True),
        ("$OTHER", None),
        ("$ABSENT == null", True),
        ("$PRESENT == null", False),
        ("$PRESENT != null", True),
        ("$OTHER == null", None),
        ("$ABSENT == $PRESENT", False),
        ("$PRESENT == $PRESENT", None),
        ('$PRESENT == ""', False),
        ('$ABSENT == ""', False),
        ("$ABSENT =~ /x/", False),
        ("$PRESENT =~ /x/", None),
        ("$SOURCE =~ /^(push|web)$/", True),
        ("$SOURCE !~ /^(push|web)$/", False),
        ("$SOURCE =~ /web/", False),
        ("$SOURCE =~ /(a+)+/", None),
        ("$SOURCE =~ $PATTERN", None),
        ("$SOURCE =~ /(/", None),
        ("$PRESENT && $ABSENT", False),
        ("$PRESENT && $OTHER", None),
        ("$ABSENT && $OTHER", False),
        ("$PRESENT || $OTHER", True),
        ("$ABSENT || $OTHER", None),
        ("$ABSENT || $PRESENT && $ABSENT", False),
        ("($ABSENT || $PRESENT) && $PRESENT", True),
        ("!$ABSENT", True),
        ('"text"', True),
        ('""', False),
        ("true", True),
        ("$A ==", None),
        ("( $PRESENT", None),
        ("$PRESENT )", None),
        ("$PRESENT $PRESENT", None),
        ("what is this", None),
        ("", None),
        ("(" * 5000, None),
    ],
)
def test_conditions(text: str, answer: bool | None) -> None:
    assert holds(parse(text), KNOWN) is answer


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('$A == "x"', {("A", "x")}),
        ("$A == $B", {("A", "$B")}),
        ('"x" == $A', {("A", "x")}),
        ("$CI_DEFAULT_BRANCH == $A", {("A", "$CI_DEFAULT_BRANCH")}),
        ('"x" =~ $A', set()),
        ("$A =~ /^v/", {("A", "/^v/")}),
        ("$A", {("A", "")}),
        ('$A == "x" && $B', {("A", "x"), ("B", "")}),
        ('$A == "x" || $B', set()),
        ('($A == "x" && $B) || ($A == "x" && $C)', {("A", "x")}),
        ("$A == null", set()),
        ('$A != "x"', set()),
    ],
)
def test_demands(text: str, wanted: set[tuple[str, str]]) -> None:
    assert demands(parse(text)) == wanted


pipeline = partial(samples.pipeline, "gitlab")


def job(policy: str, workflow: str = "") -> Job:
    head = f"workflow: {workflow}\n" if workflow else ""
    return pipeline(f"# schedule merge_request\n{head}job: {{script: make, {policy}}}").jobs[0]


EVERYTHING = ("change-request", "push", "tag", "schedule")


@pytest.mark.parametrize(
    ("policy", "events"),
    [
        ("", ("push", "tag", "schedule")),
        ("rules: [{if: $CI_COMMIT_TAG}]", ("tag", "schedule")),
        ("rules: [{if: $CI_COMMIT_BRANCH}]", ("push", "schedule")),
        ("rules: [{if: $CI_MERGE_REQUEST_IID}]", ("change-request",)),
        ("rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]", ("change-request",)),
        ("rules: [{if: $CI_PIPELINE_SOURCE == 'push'}]", ("push", "tag")),
        ("rules: [{if: $CI_PIPELINE_SOURCE == 'schedule'}]", ("schedule",)),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]", ("push", "schedule")),
        ("rules: [{if: $ANYTHING}]", EVERYTHING),
        ("rules: [{when: on_success}]", EVERYTHING),
        ("rules: [{changes: [src/**]}]", EVERYTHING),
        (
            "rules: [{if: $CI_COMMIT_TAG, when: never}, {when: always}]",
            ("change-request", "push", "schedule"),
        ),
        ("rules: [{if: $ANYTHING, when: never}, {if: $CI_COMMIT_TAG}]", ("tag", "schedule")),
        ("rules: [{when: never}, {when: always}]", ()),
        ("rules: [{when: never, changes: [a]}, {if: $CI_COMMIT_TAG}]", ("tag", "schedule")),
        ("rules: []", ()),
        ("rules: [[{if: $CI_COMMIT_TAG}]]", ("tag", "schedule")),
        ("only: [main]", ("push", "tag", "schedule")),
        ("only: main", ("push", "tag", "schedule")),
        ("only: [branches]", ("push", "schedule")),
        ("only: [tags]", ("tag", "schedule")),
        ("only: [merge_requests]", ("change-request",)),
        ("only: [merge_requests, tags]", ("change-request", "tag", "schedule")),
        ("only: [schedules]", ("schedule",)),
        ("only: [pushes]", ("push", "tag")),
        ("only: [branches@group/project]", ("push", "schedule")),
        ("only: {refs: [merge_requests], changes: [src/**]}", ("change-request",)),
        ("only: {variables: [$CI_COMMIT_TAG]}", ("tag", "schedule")),
        ("except: [tags]", ("push", "schedule")),
        ("except: [main]", ("push", "tag", "schedule")),
        ("except: [schedules]", ("push", "tag")),
        ("except: {variables: [$CI_COMMIT_TAG]}", ("push", "schedule")),
        ("except: {variables: [$UNKNOWN]}", ("push", "tag", "schedule")),
        ("only: [web]", ()),
    ],
)
def test_what_starts_a_job(policy: str, events: tuple[str, ...]) -> None:
    assert job(policy).events == events


@pytest.mark.parametrize(
    ("workflow", "events"),
    [
        ("{rules: [{if: $CI_MERGE_REQUEST_IID}]}", ("change-request",)),
        (
            "{rules: [{if: $CI_COMMIT_TAG, when: never}, {when: always}]}",
            ("change-request", "push", "schedule"),
        ),
        ("{rules: [{if: $CI_COMMIT_BRANCH}]}", ("push", "schedule")),
        ("{name: x}", ("push", "tag", "schedule")),
    ],
)
def test_what_the_workflow_lets_through(workflow: str, events: tuple[str, ...]) -> None:
    assert job("", workflow).events == events


def test_only_and_except_hold_beside_workflow_rules() -> None:
    assert job("only: [tags]", "{rules: [{when: always}]}").events == ("tag", "schedule")


def test_a_workflow_template_is_a_workflow() -> None:
    found = pipeline("""\
        include: [{template: Workflows/MergeRequest-Pipelines.gitlab-ci.yml}]
        job: {script: make, tags: [merge_request]}
        """)
    assert found.jobs[0].events == ("change-request", "push", "tag")


def test_a_job_whose_rules_are_elsewhere_may_run_in_all() -> None:
    found = pipeline("""\
        include: [{project: a/b, file: c.yml}]
        job: {extends: .with-rules, script: make, tags: [merge_request]}
        """)
    assert found.jobs[0].events == ("change-request", "push", "tag")


@pytest.mark.parametrize(
    ("policy", "gates"),
    [
        ("", ()),
        ("when: manual", ("manual",)),
        ("rules: [{if: $A, when: manual}]", ("manual",)),
        ("rules: [{if: $A, when: manual}, {if: $B}]", ()),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]", ("branch",)),
        ("rules: [{if: $CI_COMMIT_REF_NAME =~ /^release/}]", ("branch",)),
        ("rules: [{if: $CI_COMMIT_BRANCH}]", ()),
        ("rules: [{if: $CI_COMMIT_TAG}]", ("tag",)),
        ("rules: [{if: $CI_COMMIT_REF_PROTECTED == 'true'}]", ("protected",)),
        (
            "rules: [{if: $CI_COMMIT_TAG && $CI_COMMIT_REF_PROTECTED == 'true'}]",
            ("protected", "tag"),
        ),
        ("rules: [{if: $CI_COMMIT_TAG, when: never}, {if: $A}]", ()),
        ("only: [main]", ("branch",)),
        ("only: [main, /^release/]", ("branch",)),
        ("only: [tags]", ("tag",)),
        ("only: [main, merge_requests]", ()),
        ("only: [branches]", ()),
    ],
)
def test_gates(policy: str, gates: tuple[str, ...]) -> None:
    assert job(policy).gates == gates


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("rules: [{if: $A, when: never}, {if: $B}, {when: always}]", "$A: never\n$B"),
        ("only: [main], except: {variables: [$A]}", "only: main\nexcept: $A"),
        ("when: manual", ""),
    ],
)
def test_the_condition_as_people_read_it(policy: str, text: str) -> None:
    assert job(policy).condition == text


class TestTriggers:
    def test_branches_and_tags_start_a_pipeline_unless_somebody_says_otherwise(self) -> None:
        found = pipeline("job: {script: make}")
        assert [(one.kind, one.name, one.outsider) for one in found.triggers] == [
            ("push", "push", False),
            ("tag", "tag", False),
        ]

    def test_merge_requests_start_one_when_a_job_is_for_them(self) -> None:
        found = pipeline("""\
            test: {script: make, rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]}
            """)
        assert [(one.kind, one.outsider, one.privileged) for one in found.triggers] == [
            ("change-request", False, False)
        ]

    def test_what_the_workflow_says_has_a_place(self) -> None:
        found = pipeline("""\
            workflow:
              rules:
                - if: $CI_COMMIT_BRANCH == "main"
                - if: $CI_COMMIT_BRANCH == "next"
                - if: $CI_MERGE_REQUEST_IID
            job: {script: make}
            """)
        assert [(one.kind, one.branches) for one in found.triggers] == [
            ("change-request", ()),
            ("push", ("main", "next")),
        ]
        assert found.triggers[1].place.span().line == 3

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("only: [web]", "manual"),
            ("only: [schedules]", "schedule"),
            ("only: [pipelines]", "upstream"),
            ("only: [triggers]", "other"),
            ("only: [external_pull_requests]", "change-request"),
            ("rules: [{if: $CI_PIPELINE_SOURCE == 'parent_pipeline'}]", "upstream"),
            ("rules: [{if: $CI_PIPELINE_SOURCE == 'web'}]", "manual"),
            ("rules: [{if: $CI_PIPELINE_SOURCE == 'api'}]", "other"),
            ("rules: [{if: $CI_EXTERNAL_PULL_REQUEST_IID}]", "change-request"),
        ],
    )
    def test_other_kinds_count_when_they_are_thought_of(self, text: str, kind: str) -> None:
        # a list in the flow style has no `- word`, which is how most people write it
        found = pipeline(f"# - {text[7:-1]}\njob: {{script: make, {text}}}")
        assert kind in {one.kind for one in found.triggers}

    def test_files_elsewhere_may_be_started_by_anything(self) -> None:
        found = pipeline("include: {project: a/b, file: c.yml}\n# merge_request\n")
        assert [one.kind for one in found.triggers] == ["change-request", "push", "tag"]
