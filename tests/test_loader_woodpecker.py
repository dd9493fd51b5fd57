"""Woodpecker workflows, from what they say to what the model says."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from samples import loaded, shown

from pipelaw.document import decode
from pipelaw.errors import PipelawError, UnreadableError
from pipelaw.loaders import Loaded, load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Job, Pipeline, Step

EXAMPLES = Path(__file__).parents[1] / "examples" / "pipelines" / "woodpecker"


def read(text: str, path: str = ".woodpecker/test.yaml") -> Loaded:
    return loaded("woodpecker", text, path)


def pipeline(text: str) -> Pipeline:
    found = read(text)
    assert not found.problems
    [only] = found.pipelines
    return only


def job(text: str) -> Job:
    [found] = pipeline(text).jobs
    return found


def step(text: str) -> Step:
    [found] = job("steps:\n" + dedent(text)).steps
    return found


class TestDocuments:
    @pytest.mark.parametrize("key", ["steps", "pipeline"])
    @pytest.mark.parametrize(
        "steps",
        [
            "  build:\n    image: golang\n    commands: make\n  test:\n    image: golang\n",
            "  - name: build\n    image: golang\n    commands: [make]\n  - name: test\n    image: golang\n",
        ],
    )
    def test_steps_are_a_map_or_a_list(self, key: str, steps: str) -> None:
        found = pipeline(f"{key}:\n{steps}depends_on: [lint]\n")

        assert (found.platform, found.name, found.path) == (
            "woodpecker",
            "test",
            ".woodpecker/test.yaml",
        )
        [only] = found.jobs
        assert (only.id, only.needs, only.token) == ("test", ("lint",), "none")
        assert [(s.name, s.index) for s in only.steps] == [("build", 0), ("test", 1)]
        assert only.steps[0].scripts[0].text == "make"
        assert [command.name for command in only.steps[0].scripts[0].commands] == ["make"]
        assert [r.kind for s in only.steps for r in s.references] == ["image", "plugin"]

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            (".woodpecker.yml", "woodpecker"),
            (".woodpecker/build.yaml", "build"),
            (".woodpecker/deep/.release.yml", "release"),
        ],
    )
    def test_a_workflow_is_called_like_its_file(self, path: str, name: str) -> None:
        [found] = read("steps: [{image: alpine, commands: [make]}]\n", path).pipelines

        assert (found.name, found.jobs[0].id) == (name, name)
        assert found.jobs[0].steps[0].name == ""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("when: {event: push}\n", "no workflow: it has no `steps`"),
            ("[a]\n", "a workflow should be a mapping, not a list"),
            (
                "steps: []\n---\nsteps: []\n",
                "a workflow is one YAML document; the rest is not read",
            ),
        ],
    )
    def test_what_is_no_workflow_is_a_problem(self, text: str, message: str) -> None:
        assert [problem.message for problem in read(text).problems] == [message]

    def test_a_program_is_unresolved(self) -> None:
        found = read("{steps: []}", ".woodpecker/test.jsonnet")

        assert found.pipelines == ()
        assert len(found.unresolved) == 1

    def test_a_broken_file_is_unreadable(self) -> None:
        with pytest.raises(UnreadableError, match=r"\.woodpecker/test\.yaml:2:"):
            read("steps:\n\t- a\n")

    def test_nesting_without_end_is_unreadable(self) -> None:
        with pytest.raises(UnreadableError, match="nested too deeply"):
            read("steps:\n- settings: {a: " + "[" * 3000 + "]" * 3000 + "}")

    def test_anchors_and_merged_lists(self) -> None:
        [one, two] = job("""\
            variables:
              - &image golang:1.24
              - &before [make deps, make vet]
              - &settings
                  level: debug
            steps:
              - name: one
                image: *image
                commands:
                  - <<: *before
                  - make test
              - name: two
                image: shop/tool
                settings:
                  <<: *settings
                  color: blue
            """).steps

        assert one.references[0].text == "golang:1.24"
        assert one.references[0].place.span().line == 2
        assert one.scripts[0].text == "make deps\nmake vet\nmake test"
        assert [(v.name, v.value) for v in two.variables] == [("color", "blue"), ("level", "debug")]


ALL = "change-request push tag release manual schedule"
CONDITIONS = [
    ("[]", ALL),
    ("{event: push}", "push"),
    ("{event: [push, pull_request]}", "change-request push"),
    ("{event: {exclude: [pull_request, pull_request_closed, pull_request_metadata]}}", ALL[15:]),
    ("{event: pull_request_metadata}", "change-request"),
    ("{event: pull_request_closed}", "change-request"),
    ("{event: [tag, release]}", "tag release"),
    ("{event: [deployment, manual]}", "manual"),
    ("{event: cron, cron: nightly}", "schedule"),
    ("{cron: nightly}", ALL),
    ("{branch: main}", ALL),
    ("{ref: refs/tags/v*}", "tag release manual"),
    ("[{event: push, branch: main}, {event: tag}]", "push tag"),
    ("[{event: push}, {branch: main}]", ALL),
    ("{path: 'src/**'}", ALL),
    ("{matrix: {GO: 1}, platform: linux/*, instance: ci.example.com, repo: a/b, local: true}", ALL),
    ("""{evaluate: 'CI_PIPELINE_EVENT == "push"'}""", "push"),
    ("""{evaluate: 'CI_PIPELINE_EVENT != "pull_request" && CI_REPO == "a/b"'}""", ALL),
    ("""{event: [push, pull_request], evaluate: 'CI_PIPELINE_EVENT != "pull_request"'}""", "push"),
    ("""{evaluate: 'CI_PIPELINE_EVENT in ["push", "tag"]'}""", "push tag"),
    ("""{evaluate: 'CI_PIPELINE_EVENT == "push" || SKIP != "true"'}""", ALL),
    (
        """{evaluate: 'CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "cron"'}""",
        "push schedule",
    ),
    (
        """{evaluate: 'SKIP == "" && CI_PIPELINE_EVENT == "tag" or CI_PIPELINE_EVENT == "push"'}""",
        "push tag",
    ),
    ("""{evaluate: '(CI_PIPELINE_EVENT == "push" || SKIP == "") && CI_REPO == "a/b"'}""", ALL),
    ("""{evaluate: 'not (CI_PIPELINE_EVENT == "pull_request")'}""", ALL),
    ("""{evaluate: 'not (CI_PIPELINE_EVENT not in ["push", "cron"])'}""", "push schedule"),
    ("""{evaluate: '!(CI_PIPELINE_EVENT != "push") or CI_PIPELINE_EVENT == "tag"'}""", "push tag"),
    ("""{evaluate: 'not (CI_PIPELINE_EVENT == "tag" || SKIP == "")'}""", ALL),
]


@pytest.mark.parametrize(("when", "events"), CONDITIONS)
class TestConditions:
    def test_of_a_workflow(self, when: str, events: str) -> None:
        found = job(f"when: {when}\nsteps: [{{image: alpine, commands: [make]}}]\n")

        assert set(found.events) == set(events.split())
        assert found.reachable_by_outsider == ("change-request" in events)
        assert (found.entry.kind == "change-request") == found.reachable_by_outsider

    def test_of_a_step(self, when: str, events: str) -> None:
        found = job(f"steps: [{{image: alpine, commands: [make], when: {when}}}]\n")

        assert set(found.events) == set(events.split())
        assert found.steps[0].reachable_by_outsider == ("change-request" in events)


class TestReach:
    def test_triggers_stand_where_they_are_named(self) -> None:
        found = pipeline("""\
            when:
              - event: pull_request
              - event: push
                branch: [main, "${CI_REPO_DEFAULT_BRANCH}"]
            steps: [{image: alpine, commands: [make]}]
            """)

        assert [(t.kind, t.name, t.outsider, t.branches) for t in found.triggers] == [
            ("change-request", "pull_request", True, ()),
            ("push", "push", False, ("main", "${CI_REPO_DEFAULT_BRANCH}")),
        ]
        assert [shown(t.place) for t in found.triggers] == ["pull_request", "push"]

    @pytest.mark.parametrize(
        ("evaluate", "gates"),
        [
            ('CI_COMMIT_PULL_REQUEST_LABELS contains "ok-to-test"', ("label",)),
            ('CI_COMMIT_AUTHOR == "robot"', ("actor",)),
            ('not (CI_COMMIT_PULL_REQUEST_LABELS contains "skip")', ()),
            ('CI_COMMIT_AUTHOR != "robot"', ()),
            ('SKIP == "true" || CI_COMMIT_AUTHOR == "robot"', ()),
            ('CI_COMMIT_AUTHOR == "a" || CI_COMMIT_AUTHOR in ["b", "c"]', ("actor",)),
        ],
    )
    def test_what_has_to_hold_first(self, evaluate: str, gates: tuple[str, ...]) -> None:
        found = job(f"""\
            when: {{event: pull_request, evaluate: '{evaluate}'}}
            steps: [{{image: alpine, commands: [make]}}]
            """)

        assert found.gates == gates
        assert found.events == ("change-request",)
        assert found.reachable_by_outsider == (not gates)

    def test_a_way_round_the_gate(self) -> None:
        found = job("""\
            when:
              - event: pull_request
                evaluate: 'CI_COMMIT_PULL_REQUEST_LABELS contains "ok"'
              - event: pull_request
            steps: [{image: alpine, commands: [make]}]
            """)

        assert (found.reachable_by_outsider, found.gates) == (True, ())

    def test_old_branches(self) -> None:
        found = pipeline("""\
            branches: {include: [main, release/*]}
            pipeline:
              a: {image: alpine, commands: make}
            """)

        assert found.jobs[0].reachable_by_outsider
        assert {t.branches for t in found.triggers} == {("main", "release/*")}


class TestSteps:
    def test_secrets_in_their_forms(self) -> None:
        found = step("""\
            - name: publish
              image: shop/tool
              secrets: [api_key, {source: registry_password, target: PASSWORD}]
              settings:
                logins:
                  - username: ci
                    password: {from_secret: login}
              environment:
                TOKEN: {from_secret: token}
            """)

        assert [(s.name, s.use, s.target, s.outsiders) for s in found.secrets] == [
            ("login", "setting", "logins", "setting"),
            ("token", "environment", "TOKEN", "setting"),
            ("api_key", "environment", "API_KEY", "setting"),
            ("registry_password", "environment", "PASSWORD", "setting"),
        ]
        assert found.references[0].secrets
        assert [v.name for v in found.references[0].inputs] == ["username", "password"]

    def test_secrets_of_the_cluster_are_handed_to_every_event(self) -> None:
        found = step("""\
            - name: migrate
              image: shop/tool
              backend_options:
                kubernetes:
                  secrets:
                    - {name: database, key: password, target: {env: PASSWORD}}
                    - {name: certificate, target: {file: /run/tls.pem}}
                    - {name: plain}
            """)

        assert [(s.name, s.store, s.use, s.target, s.outsiders) for s in found.secrets] == [
            ("database", "kubernetes", "environment", "PASSWORD", "given"),
            ("certificate", "kubernetes", "file", "/run/tls.pem", "given"),
            ("plain", "kubernetes", "environment", "PLAIN", "given"),
        ]

    @pytest.mark.parametrize(
        ("matrix", "image", "names"),
        [
            ("{GO: ['1.23', '1.24']}", "golang:${GO}", ["golang:1.23", "golang:1.24"]),
            (
                "{A: [x, y], B: ['1', '2']}",
                "${A}:${B}-${B}",
                ["x:1-1", "x:2-2", "y:1-1", "y:2-2"],
            ),
            ("{include: [{A: x, B: '1'}, {A: y}]}", "${A}:${B}", ["x:1", "y:${B}"]),
            ("{A: [x]}", "${B}:1", ["${B}:1"]),
            ("{A: []}", "${A}:1", ["${A}:1"]),
        ],
    )
    def test_a_matrix_gives_an_image_for_each_value(
        self, matrix: str, image: str, names: list[str]
    ) -> None:
        found = job(f"""\
            matrix: {matrix}
            steps: [{{name: a, image: '{image}', commands: [make]}}]
            """)

        assert [one.text for one in found.steps[0].references] == names

    @pytest.mark.parametrize("matrix", ["{A: [x, y]}", "{include: [{A: x}, {A: y}]}"])
    def test_a_matrix_sets_variables(self, matrix: str) -> None:
        found = job(f"matrix: {matrix}\nsteps: [{{name: a, image: b, commands: [make]}}]\n")

        assert [(one.name, one.value) for one in found.variables] == [("A", "x"), ("A", "y")]

    @pytest.mark.parametrize(
        "environment", ["{LEVEL: debug, N: 1}", "[LEVEL=debug, N=1]", "[{LEVEL: debug}, N=1]"]
    )
    def test_environment_is_a_map_or_a_list(self, environment: str) -> None:
        found = step(f"- image: alpine\n  commands: [make]\n  environment: {environment}\n")

        assert [(v.name, v.value, v.literal) for v in found.variables] == [
            ("LEVEL", "debug", True),
            ("N", "1", True),
        ]

    @pytest.mark.parametrize("line", ["failure: ignore", "detach: true"])
    def test_failures_that_nobody_hears_of(self, line: str) -> None:
        assert step(f"- image: alpine\n  commands: [make]\n  {line}\n").optional

    def test_volumes(self) -> None:
        found = step("""\
            - image: alpine
              commands: make
              volumes:
                - /var/run/docker.sock:/var/run/docker.sock
                - cache:/go
                - /etc/shop:/settings:ro
            """).volumes

        assert [(v.source, v.target, v.host, v.docker_socket, v.read_only) for v in found] == [
            ("/var/run/docker.sock", "/var/run/docker.sock", True, True, False),
            ("cache", "/go", False, False, False),
            ("/etc/shop", "/settings", True, False, True),
        ]
        assert shown(found[1].place) == "cache:/go"

    @pytest.mark.parametrize(
        ("line", "privileged", "options"),
        [
            ("privileged: true", True, ()),
            ("network_mode: host", False, ("network=host",)),
            ("devices: [/dev/kvm:/dev/kvm]", False, ("device=/dev/kvm",)),
            (
                "backend_options: {kubernetes: {serviceAccountName: admin}}",
                False,
                ("service-account=admin",),
            ),
            (
                "backend_options: {kubernetes: {securityContext: {privileged: true}}}",
                False,
                ("security-context=privileged",),
            ),
        ],
    )
    def test_unusual_rights(self, line: str, privileged: bool, options: tuple[str, ...]) -> None:
        [found] = step(f"- name: a\n  image: alpine\n  commands: [make]\n  {line}\n").containers

        assert (found.privileged, found.options) == (privileged, options)

    @pytest.mark.parametrize(
        "lines",
        [
            "image: plugins/docker",
            "image: alpine\n  backend_options: {kubernetes: {resources: {limits: {cpu: 1}}}}",
            "image: alpine\n  backend_options: {docker: {user: 65534}}",
        ],
    )
    def test_nothing_is_escalated_unasked(self, lines: str) -> None:
        assert step(f"- name: a\n  {lines}\n").containers == ()


class TestJobs:
    def test_clone_and_services(self) -> None:
        found = job("""\
            clone:
              - name: git
                image: shop/clone
                settings: {depth: 1}
            services:
              database: {image: postgres:16, environment: {POSTGRES_PASSWORD: postgres}}
            steps: [{image: alpine, commands: [make]}]
            """)

        assert [(r.role, r.kind, r.name) for r in found.references] == [
            ("clone", "image", "shop/clone"),
            ("service", "image", "postgres"),
        ]
        assert [(c.name, c.role) for c in found.containers] == [("database", "service")]
        assert [(v.name, v.value) for v in found.variables] == [
            ("depth", "1"),
            ("POSTGRES_PASSWORD", "postgres"),
        ]
        assert found.credentials == ()

    @pytest.mark.parametrize(
        ("labels", "isolated"),
        [
            ("{platform: linux/arm64}", True),
            ("{platform: linux/arm64, zone: production}", True),
            ("[zone=production]", True),
            ("{backend: local}", False),
            ("{}", True),
        ],
    )
    def test_labels_pin_a_machine(self, labels: str, isolated: bool) -> None:
        found = job(f"labels: {labels}\nsteps: [{{image: alpine, commands: [make]}}]\n").runner

        assert (found.self_hosted, found.isolated) == (True, isolated)

    @pytest.mark.parametrize(
        ("steps", "isolated"),
        [
            ("[{image: bash, commands: [make]}, {image: sh, commands: [a]}]", False),
            ("{a: {image: pwsh, commands: [make]}}", False),
            ("[{image: bash, commands: [make]}, {image: golang, commands: [a]}]", True),
            ("[{image: bash:5.2, commands: [make]}]", True),
            ("[{image: bash, commands: [make]}]", False),
            ("[{image: bash, commands: ['echo a', 'helm push chart']}]", False),
            ("{a: {image: bash, commands: 'notify-team'}}", False),
            # the image `bash` has all of this
            ("[{image: bash, commands: [./test.sh]}]", True),
            ("[{image: bash, commands: ['A=1', 'for f in *; do', '  bash -n $f', 'done']}]", True),
            ("{a: {image: bash, commands: 'source .env'}}", True),
            ("[{image: bash, commands: ['apk add make', make]}]", True),
            ("[{image: bash}]", True),
            ("[{commands: [make]}]", True),
        ],
    )
    def test_steps_that_name_a_shell_run_on_the_machine(self, steps: str, isolated: bool) -> None:
        found = job(f"steps: {steps}\n")

        assert found.runner.isolated is isolated
        if not isolated:
            assert [step.references for step in found.steps] == [()] * len(found.steps)


class TestExpansions:
    @pytest.mark.parametrize(
        ("line", "text", "sink", "author"),
        [
            (
                "commands: ['echo ${CI_COMMIT_MESSAGE}']",
                "${CI_COMMIT_MESSAGE}",
                "script",
                "writes the commit",
            ),
            (
                "commands: ['echo ${CI_COMMIT_TAG##v}']",
                "${CI_COMMIT_TAG##v}",
                "script",
                "may push a tag",
            ),
            (
                "settings: {tag: '${CI_COMMIT_BRANCH}'}",
                "${CI_COMMIT_BRANCH}",
                "input",
                "may push a branch",
            ),
            (
                "image: 'a:${CI_COMMIT_SOURCE_BRANCH}'",
                "${CI_COMMIT_SOURCE_BRANCH}",
                "image",
                "opens the pull request",
            ),
            (
                "environment: {A: '${CI_COMMIT_PULL_REQUEST_TITLE}'}",
                "${CI_COMMIT_PULL_REQUEST_TITLE}",
                "environment",
                "opens the pull request",
            ),
            (
                "commands: ['echo ${CI_COMMIT_PULL_REQUEST_LABELS}']",
                "${CI_COMMIT_PULL_REQUEST_LABELS}",
                "script",
                "may label the pull request",
            ),
            (
                "commands: ['echo ${DRONE_COMMIT_MESSAGE}']",
                "${DRONE_COMMIT_MESSAGE}",
                "script",
                "writes the commit",
            ),
            (
                "commands: ['for f in ${CI_PIPELINE_FILES}']",
                "${CI_PIPELINE_FILES}",
                "script",
                "writes the commit",
            ),
        ],
    )
    def test_pasted_text(self, line: str, text: str, sink: str, author: str) -> None:
        [found] = step(f"- name: a\n  {line}\n").expansions

        assert (found.text, found.sink, found.time) == (text, sink, "template")
        assert found.author == f"whoever {author}"
        assert found.attacker_controlled
        assert found.reparsed == (sink == "script")
        assert shown(found.place) == text

    @pytest.mark.parametrize(
        ("when", "command", "controlled"),
        [
            ("push", "echo ${CI_COMMIT_SHA}", False),
            ("push", "echo ${CI_COMMIT_TAG}", False),
            ("tag", "echo ${CI_COMMIT_TAG}", True),
            ("pull_request", "echo ${CI_COMMIT_BRANCH}", False),
            ("push", "echo ${CI_COMMIT_SOURCE_BRANCH}", False),
            ("push", 'echo "$CI_COMMIT_MESSAGE"', True),
        ],
    )
    def test_what_its_events_leave_to_choose(
        self, when: str, command: str, controlled: bool
    ) -> None:
        found = step(f"- image: alpine\n  commands: ['{command}']\n  when: {{event: {when}}}\n")

        assert bool(found.expansions) == controlled

    @pytest.mark.parametrize(
        ("branch", "controlled"),
        [("main", False), ("${CI_REPO_DEFAULT_BRANCH}", False), ("release/*", True)],
    )
    def test_a_branch_of_the_list_is_nobodys_choice(self, branch: str, controlled: bool) -> None:
        found = step(f"""\
            - image: alpine
              commands: ['echo ${{CI_COMMIT_BRANCH}}']
              when:
                event: push
                branch: '{branch}'
            """)

        assert bool(found.expansions) == controlled

    @pytest.mark.parametrize(
        ("other", "controlled"), [("tag, pull_request", False), ("manual", True)]
    )
    def test_events_without_a_pushed_branch_leave_no_choice_of_one(
        self, other: str, controlled: bool
    ) -> None:
        found = step(f"""\
            - image: alpine
              commands: ['echo ${{CI_COMMIT_BRANCH}}']
              when: [{{event: [{other}]}}, {{event: push, branch: main}}]
            """)

        assert bool(found.expansions) == controlled


WRONG = [
    "steps: 1\n",
    "steps: [a, [b], {image: [c], commands: {a: b}}]\n",
    "when: always\nsteps: []\n",
    "when: [a, [b]]\nsteps: []\n",
    "steps: {a: {image: b, secrets: {c: d}, environment: text, volumes: {e: f}}}\n",
    "steps: {a: {image: b, backend_options: {kubernetes: {securityContext: [a]}}}}\n",
    "steps: []\nlabels: {a: [b]}\ndepends_on: {a: b}\n",
    "steps: []\nservices: text\n",
    "steps: []\nmatrix: text\n",
    "steps: []\nmatrix: {include: [a, {b: {c: d}}]}\n",
    "steps: {a: {image: b, backend_options: {kubernetes: {secrets: [a, {name: [b], target: c}]}}}}\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_shapes_are_told_once_and_the_rest_is_read(text: str) -> None:
    found = read(text)

    assert found.problems
    assert len(set(found.problems)) == len(found.problems)
    assert len(found.pipelines) == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n", "steps:\n"])
def test_files_with_next_to_nothing(text: str) -> None:
    assert read(text).problems == ()


def example(name: str) -> list[Job]:
    found = []
    for path in sorted((EXAMPLES / name / ".woodpecker").glob("*.yml")):
        source = decode(f".woodpecker/{path.name}", path.read_bytes())
        loaded = load("woodpecker", source, MemoryTree({}))
        assert not loaded.problems
        found += [only for pipeline in loaded.pipelines for only in pipeline.jobs]
    return found


def test_the_vulnerable_example_is_what_it_says() -> None:
    [found] = example("vulnerable")

    assert found.reachable_by_outsider
    assert found.runner.self_hosted
    assert found.publishes
    assert [c.name for s in found.steps for c in s.containers] == ["pack"]
    assert [v.docker_socket for s in found.steps for v in s.volumes] == [True]
    assert sum(e.reparsed for s in found.steps for e in s.expansions) == 2
    assert [s.name for s in found.steps if s.optional] == ["roll-out"]


def test_the_hardened_example_is_what_it_says() -> None:
    [release, test] = example("hardened")

    assert (release.reachable_by_outsider, test.reachable_by_outsider) == (False, True)
    assert (release.holds_secrets, test.holds_secrets) == (True, False)
    assert release.needs == ("test",)
    assert all(r.pin == "digest" for j in (release, test) for s in j.steps for r in s.references)
    assert not [e for s in (*release.steps, *test.steps) for e in s.expansions if e.reparsed]


def corpus() -> list[Path]:
    folder = os.environ.get("PIPELAW_CORPUS", "")
    return sorted((Path(folder) / "woodpecker").rglob("*.y*ml")) if folder else []


@pytest.mark.skipif(not corpus(), reason="PIPELAW_CORPUS names no folder of real pipelines")
def test_real_files_load() -> None:
    for path in corpus():
        try:
            found = load("woodpecker", decode(path.name, path.read_bytes()), MemoryTree({}))
        except PipelawError:
            continue
        assert not found.problems, path
        assert len(found.pipelines) == 1, path
