"""Drone files, from what they say to what the model says."""

from __future__ import annotations

import os
from base64 import b64encode
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

EXAMPLES = Path(__file__).parents[1] / "examples" / "pipelines" / "drone"


def read(text: str, path: str = ".drone.yml") -> Loaded:
    return loaded("drone", text, path)


def pipelines(text: str) -> tuple[Pipeline, ...]:
    found = read(text)
    assert not found.problems
    assert not found.unresolved
    return found.pipelines


def job(text: str) -> Job:
    [pipeline] = pipelines(text)
    [found] = pipeline.jobs
    return found


def steps(text: str) -> tuple[Step, ...]:
    """The steps of a pipeline of which only the steps, and what follows them, are given."""
    return job("kind: pipeline\nname: default\nsteps:\n" + dedent(text)).steps


def step(text: str) -> Step:
    [found] = steps(text)
    return found


class TestDocuments:
    def test_a_pipeline_is_a_job_of_its_steps(self) -> None:
        [pipeline] = pipelines("""\
            kind: pipeline
            type: docker
            name: build
            steps:
              - name: vet
                image: golang:1.24
                commands: [go vet ./...]
              - name: test
                image: golang:1.24
                failure: ignore
                commands:
                  - go test ./...
                  - go build ./...
            depends_on: [lint]
            """)

        assert (pipeline.platform, pipeline.path, pipeline.name) == ("drone", ".drone.yml", "build")
        [only] = pipeline.jobs
        assert (only.id, only.needs, only.token) == ("build", ("lint",), "none")
        assert not only.exposed
        assert [(s.name, s.index, s.optional) for s in only.steps] == [
            ("vet", 0, False),
            ("test", 1, True),
        ]
        [script] = only.steps[1].scripts
        assert (script.text, script.shell) == ("go test ./...\ngo build ./...", "sh")
        assert [command.name for command in script.commands] == ["go", "go"]
        assert shown(script.place) == "go test ./...\n      - go build ./..."
        assert shown(only.place) == "name: build"
        assert shown(only.steps[1].place) == "name: test"

    def test_a_stream_has_a_pipeline_for_each_document_that_is_one(self) -> None:
        found = pipelines("""\
            ---
            kind: pipeline
            name: one
            steps: [{name: a, image: alpine}]
            ---
            ---
            kind: secret
            name: key
            get: {path: kv/data/app, name: key}
            ---
            kind: cron
            name: nightly
            spec: {schedule: "0 1 * * *", branch: main}
            ---
            kind: Pipeline
            name: two
            steps: [{name: b, image: alpine}]
            ---
            kind: signature
            hmac: 0123456789012345678901234567890123456789012345678901234567890123
            """)

        assert [pipeline.name for pipeline in found] == ["one", "two"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("kind: zebra\nname: x\n", "no such kind as `zebra`"),
            ("just: text\n", "no Drone pipeline: it has neither `kind` nor `pipeline`"),
            ("- a\n", "a document should be a mapping, not a list"),
            ("build:\n  image: golang\n", "written for Drone 0.4 or older, which is not read"),
            (
                "image: golang\nscript: [make]\n",
                "written for Drone 0.4 or older, which is not read",
            ),
        ],
    )
    def test_what_is_no_pipeline_is_a_problem(self, text: str, message: str) -> None:
        found = read(text)

        assert found.pipelines == ()
        assert [problem.message for problem in found.problems] == [message]

    def test_a_template_is_unresolved(self) -> None:
        found = read("kind: template\nload: service.star\ndata: {name: shop}\n")

        assert found.pipelines == ()
        assert found.problems == ()
        [what] = found.unresolved
        assert (what.line, what.column) == (1, 1)
        assert "`service.star`" in what.message

    @pytest.mark.parametrize("name", [".drone.jsonnet", ".drone.star", "ci/x.starlark"])
    def test_a_program_is_unresolved(self, name: str) -> None:
        found = read('local p = {kind: "pipeline"}; [p]', name)

        assert (found.pipelines, found.problems) == ((), ())
        assert [problem.path for problem in found.unresolved] == [name]

    def test_a_go_template_is_no_yaml(self) -> None:
        with pytest.raises(UnreadableError, match=r"\.drone\.yml:3:1: not valid YAML"):
            read("kind: pipeline\n{{ range .images }}\nname: {{ . }}\n")

    def test_nesting_without_end_is_unreadable(self) -> None:
        with pytest.raises(UnreadableError, match="nested too deeply"):
            read("kind: pipeline\nsteps:\n- settings: {a: " + "[" * 3000 + "]" * 3000 + "}")

    def test_merge_keys_are_followed(self) -> None:
        [plain, merged] = steps("""\
            - &base
              name: one
              image: golang:1.24
              commands: [make]
              environment: &env
                LEVEL: debug
                COLOR: "no"
            - <<: *base
              name: two
              environment:
                <<: [*env]
                LEVEL: info
            """)

        assert plain.name == "one"
        assert merged.name == "two"
        assert merged.scripts[0].text == "make"
        assert merged.references[0].name == "golang"
        assert [(v.name, v.value) for v in merged.variables] == [("LEVEL", "info"), ("COLOR", "no")]

    def test_a_merge_of_a_text_is_a_problem(self) -> None:
        found = read("""\
            kind: pipeline
            steps:
              - {name: &name only}
              - image: alpine
                commands:
                  - <<: *name
                  - make
            """)

        assert [problem.message for problem in found.problems] == [
            "an item of `commands` should be text, not a mapping"
        ]
        [first, second] = found.pipelines[0].jobs[0].steps
        assert first.name == "only"
        assert second.scripts[0].text == "make"


TRIGGERS = [
    ("", "change-request push tag schedule manual"),
    ("event: push", "push"),
    ("event: [push, tag]", "push tag"),
    ("event: {include: [pull_request]}", "change-request"),
    ("event: {exclude: [pull_request, cron]}", "push tag manual"),
    ("event: pull*", "change-request"),
    ("event: nonsense", ""),
    ("branch: main", "change-request push tag schedule manual"),
    ("branch: {exclude: [main]}", "change-request push tag schedule manual"),
    ("ref: [refs/tags/**]", "tag manual"),
    ("ref: refs/heads/*", "push schedule manual"),
    ("ref: [refs/pull/*/head]", "change-request manual"),
    ("ref: [refs/merge-requests/**]", "change-request manual"),
    ("ref: ['refs/{heads,tags}/**']", "push tag schedule manual"),
    ("ref: {exclude: [refs/pull/**]}", "push tag schedule manual"),
    ("ref: {exclude: [refs/pull/*]}", "change-request push tag schedule manual"),
    ("ref: refs", "manual"),
    ("ref: ['**']", "change-request push tag schedule manual"),
    ("target: [production]", "manual"),
    ("target: {include: ['*']}", "change-request push tag schedule manual"),
    ("cron: nightly", "schedule"),
    ("event: [promote]\n  target: production", "manual"),
    ("status: [failure]", "change-request push tag schedule manual"),
    ("repo: shop/*", "change-request push tag schedule manual"),
    ("instance: drone.example.com", "change-request push tag schedule manual"),
    ("paths: {include: [docs/**]}", "change-request push tag schedule manual"),
]


@pytest.mark.parametrize(("filters", "events"), TRIGGERS)
class TestConditions:
    def test_of_a_pipeline(self, filters: str, events: str) -> None:
        trigger = f"trigger:\n  {filters}\n" if filters else ""
        found = job(f"kind: pipeline\n{trigger}steps: [{{name: a, image: alpine}}]\n")

        assert " ".join(found.events) == events
        assert found.reachable_by_outsider == ("change-request" in events)
        assert found.runs_outsider_code == found.reachable_by_outsider
        assert (found.entry.kind == "change-request") == found.reachable_by_outsider

    def test_of_a_step(self, filters: str, events: str) -> None:
        when = f"\n  when:\n    {filters}".replace("\n  target", "\n    target") if filters else ""
        found = step(f"- name: a\n  image: alpine{when}\n")

        assert found.reachable_by_outsider == ("change-request" in events)
        assert not found.exposed


class TestReach:
    def test_a_step_cannot_widen_its_pipeline(self) -> None:
        found = job("""\
            kind: pipeline
            trigger: {event: [push, tag]}
            steps:
              - {name: a, image: alpine, when: {event: [pull_request, tag]}}
              - {name: b, image: alpine}
            """)

        assert found.events == ("push", "tag")
        assert [s.reachable_by_outsider for s in found.steps] == [False, False]

    def test_a_pipeline_goes_no_further_than_its_steps(self) -> None:
        found = job("""\
            kind: pipeline
            steps:
              - {name: a, image: alpine, when: {event: tag}}
              - {name: b, image: alpine, when: {event: push}}
            """)

        assert found.events == ("push", "tag")
        assert not found.reachable_by_outsider

    def test_a_trigger_stands_where_it_is_named(self) -> None:
        [pipeline] = pipelines("""\
            kind: pipeline
            trigger:
              branch: [main, release/*]
              event:
                - push
                - pull_request
              action: [opened]
            steps: [{name: a, image: alpine}]
            """)

        assert [(t.kind, t.name, t.outsider, t.privileged) for t in pipeline.triggers] == [
            ("change-request", "pull_request", True, False),
            ("push", "push", False, False),
        ]
        first = pipeline.triggers[0]
        assert (first.branches, first.types) == (("main", "release/*"), ("opened",))
        assert shown(first.place) == "pull_request"
        assert pipeline.jobs[0].condition == (
            "{branch: [main, release/*], event: [push, pull_request], action: [opened]}"
        )

    def test_a_promotion_has_its_environment(self) -> None:
        found = job("""\
            kind: pipeline
            trigger: {event: promote, target: [production]}
            steps: [{name: a, image: alpine}]
            """)

        assert (found.environment, found.deploys) == ("production", True)


class TestRunners:
    @pytest.mark.parametrize(
        ("lines", "isolated", "self_hosted", "labels"),
        [
            ("", True, True, ()),
            ("type: docker", True, True, ()),
            ("type: kubernetes", True, True, ()),
            ("type: vm\npool: {use: ubuntu}", True, False, ()),
            ("type: digitalocean", True, False, ()),
            ("type: macstadium", True, False, ()),
            ("type: exec", False, True, ()),
            ("type: ssh", False, True, ()),
            ("node: {zone: production}", True, True, ("zone=production",)),
        ],
    )
    def test_of_each_type(
        self, lines: str, isolated: bool, self_hosted: bool, labels: tuple[str, ...]
    ) -> None:
        found = job(f"kind: pipeline\n{lines}\nsteps: [{{name: a, commands: [make]}}]\n").runner

        assert (found.isolated, found.self_hosted) == (isolated, self_hosted)
        assert found.labels == labels

    def test_windows_speaks_powershell(self) -> None:
        found = job("""\
            kind: pipeline
            platform: {os: windows, arch: amd64}
            steps: [{name: a, image: windows, commands: [Get-Item .]}]
            """)

        assert found.steps[0].scripts[0].shell == "powershell"

    def test_what_the_runner_logs_in_with(self) -> None:
        password = "corn" + "flower-" + "7413"
        found = job(f"""\
            kind: pipeline
            type: ssh
            server:
              host: {{from_secret: host}}
              user: root
              password: {password}
              ssh_key: {{from_secret: key}}
            steps: [{{name: a, commands: [make]}}]
            """)

        assert [(v.name, v.kind, v.literal) for v in found.variables] == [
            ("password", "credential", True),
            ("ssh_key", "credential", False),
        ]
        assert [c.name for c in found.credentials] == ["password"]
        assert [(s.name, s.use, s.outsiders) for s in found.secrets] == [
            ("key", "other", "withheld")
        ]
        assert not found.holds_secrets


@pytest.mark.parametrize(
    ("written", "leaks"),
    [("$TOKEN", 1), ("$${TOKEN}", 1), ("${TOKEN}", 0), ("${TOKEN:-none}", 0)],
)
def test_what_is_pasted_is_no_variable_of_the_step(written: str, leaks: int) -> None:
    found = step(f"""\
        - name: a
          image: b
          environment: {{TOKEN: {{from_secret: token}}}}
          commands: ['echo "with {written}"']
        """)

    assert len(found.leaks) == leaks


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "kind", "role"),
        [
            ("commands: [make]", "image", "step"),
            ("settings: {repo: x}", "plugin", "plugin"),
            ("environment: {A: b}", "plugin", "plugin"),
            ("settings: {repo: x}\n  commands: []", "plugin", "plugin"),
            ("settings: {repo: x}\n  commands: [make]", "image", "step"),
            ("detach: true", "image", "step"),
            ("entrypoint: [sh, -c, make]", "image", "step"),
        ],
    )
    def test_an_image_that_runs_no_command_of_the_file_is_a_plugin(
        self, text: str, kind: str, role: str
    ) -> None:
        [found] = step(f"- name: a\n  image: shop/tool:1\n  {text}\n").references

        assert (found.kind, found.role, found.name) == (kind, role, "shop/tool")
        assert shown(found.place) == "shop/tool:1"

    def test_a_plugin_has_its_settings_and_secrets(self) -> None:
        found = step("""\
            - name: publish
              image: shop/publisher
              settings:
                repo: shop/app
                tags: [latest, "1.0"]
                dry: ~
                password: {from_secret: registry_password}
                logins:
                  - registry: example.com
                    token: {from_secret: other}
              environment:
                MODE: fast
                KEY:
                  from_secret: api_key
            """)

        [reference] = found.references
        assert reference.secrets
        assert [v.name for v in reference.inputs] == (
            "repo tags tags dry password registry token".split()
        )
        assert [(v.name, v.kind, v.value, v.literal) for v in found.variables] == [
            ("repo", "setting", "shop/app", True),
            ("tags", "setting", "latest", True),
            ("tags", "setting", "1.0", True),
            ("dry", "setting", "", True),
            ("password", "setting", "", False),
            ("registry", "setting", "example.com", True),
            ("token", "setting", "", False),
            ("MODE", "environment", "fast", True),
            ("KEY", "environment", "", False),
        ]
        assert [(s.name, s.use, s.target) for s in found.secrets] == [
            ("registry_password", "setting", "password"),
            ("other", "setting", "logins"),
            ("api_key", "environment", "KEY"),
        ]
        assert shown(found.secrets[2].place) == "from_secret: api_key"

    @pytest.mark.parametrize(
        ("image", "publishes", "deploys"),
        [
            ("plugins/docker", True, False),
            ("plugins/ecr:20", True, False),
            ("plugins/github-release", True, False),
            ("plugins/npm", True, False),
            ("plugins/s3", True, False),
            ("appleboy/drone-ssh", False, True),
            ("pelotech/drone-helm3", False, True),
            ("plugins/s3-cache", False, False),
            ("plugins/slack", False, False),
            ("docker", False, False),
        ],
    )
    def test_plugins_publish_and_deploy(self, image: str, publishes: bool, deploys: bool) -> None:
        text = "kind: pipeline\nsteps: [{{name: a, image: {}, settings: {{dry_run: {}}}}}]\n"

        found = job(text.format(image, "false"))
        dry = job(text.format(image, "true"))

        assert (found.publishes, found.deploys) == (publishes, deploys)
        assert (dry.publishes, dry.deploys) == (False, False)

    def test_services_belong_to_the_job(self) -> None:
        found = job("""\
            kind: pipeline
            steps: [{name: a, image: alpine, commands: [make]}]
            services:
              - name: database
                image: postgres:16
                environment: {POSTGRES_PASSWORD: postgres}
                entrypoint: [/bin/sh, -c, "wget -qO- https://example.com/seed | sh"]
            """)

        [reference] = found.references
        assert (reference.kind, reference.role, reference.name) == ("image", "service", "postgres")
        [container] = found.containers
        assert (container.name, container.role, container.privileged) == (
            "database",
            "service",
            False,
        )
        assert [v.name for v in found.variables] == ["POSTGRES_PASSWORD"]
        assert found.credentials == ()
        assert found.scripts[0].text == "wget -qO- https://example.com/seed | sh"

    def test_settings_of_the_clone_step(self) -> None:
        found = job("""\
            kind: pipeline
            clone: {depth: 5, skip_verify: true}
            environment: {LEVEL: debug}
            steps: [{name: a, image: alpine, commands: [make]}]
            """)

        assert [(v.name, v.value, v.kind) for v in found.variables] == [
            ("depth", "5", "setting"),
            ("skip_verify", "true", "setting"),
            ("LEVEL", "debug", "environment"),
        ]


class TestSecrets:
    def test_of_another_store_go_to_everybody(self) -> None:
        [pipeline] = pipelines("""\
            kind: pipeline
            image_pull_secrets: [registry]
            steps:
              - name: a
                image: alpine
                commands: [make]
                environment:
                  ONE: {from_secret: Vaulted}
                  TWO: {from_secret: stored}
            ---
            kind: secret
            name: vaulted
            get: {path: kv/data/app, name: key}
            """)

        [found] = pipeline.jobs
        assert [(s.name, s.store, s.outsiders) for s in found.steps[0].secrets] == [
            ("Vaulted", "external", "given"),
            ("stored", "platform", "setting"),
        ]
        assert [(s.name, s.use, s.outsiders) for s in found.secrets] == [
            ("registry", "other", "withheld")
        ]
        assert found.holds_secrets

    def test_where_the_name_of_one_belongs(self) -> None:
        login = b64encode(b"bot:" + b"4Kz81" + b"mQv9TxB27").decode()
        auth = '{"auths": {"registry.example.com": {"auth": "' + login + '"}}}'
        found = job(f"kind: pipeline\nimage_pull_secrets: ['{auth}']\nsteps: []\n")

        assert not found.secrets
        assert [one.name for one in found.credentials] == ["auth"]

    def test_of_the_cluster_go_to_everybody(self) -> None:
        found = job("""\
            kind: pipeline
            type: kubernetes
            steps:
              - {name: a, image: alpine, commands: [make], volumes: [{name: keys, path: /keys}]}
              - {name: b, image: alpine, commands: [make], volumes: [{name: cache, path: /cache}]}
            volumes:
              - {name: keys, secret: {name: deploy-keys}}
              - {name: cache, temp: {}}
              - {name: unused, secret: {name: other}}
            """)

        [one] = found.steps[0].secrets
        assert (one.name, one.store, one.use) == ("deploy-keys", "kubernetes", "file")
        assert (one.target, one.outsiders, shown(one.place)) == ("/keys", "given", "deploy-keys")
        assert not found.steps[1].secrets

    def test_only_ciphertext_is_no_literal(self) -> None:
        password = "marsh" + "mallow-" + "9921"
        [first, second] = pipelines(f"""\
            kind: pipeline
            name: one
            steps: []
            ---
            kind: pipeline
            name: two
            steps: []
            ---
            kind: secret
            name: sealed
            data: >
              hl3v+FODjduX0UpXBHgYzPzVTppQblg51CVgCbgDk4UxRkVB0dpV6mYSPMGYXnTk
            ---
            kind: secret
            name: registry_password
            data: {password}
            """)

        assert [(v.name, v.kind) for v in first.variables] == [("registry_password", "credential")]
        assert [c.name for c in first.credentials] == ["registry_password"]
        assert second.variables == ()

    def test_a_literal_is_a_secret_whatever_it_is_called(self) -> None:
        [pipeline] = pipelines(f"""\
            kind: pipeline
            steps: []
            ---
            kind: secret
            name: prod
            data: {"x7Q!" + "mK2v" + "9Lp4w"}
            ---
            kind: secret
            name: docker_username
            data: builder
            ---
            kind: secret
            name: region
            data: europe
            """)

        assert [c.name for c in pipeline.credentials] == ["prod secret"]

    def test_the_first_releases_wrote_a_path(self) -> None:
        found = step("""\
            - name: a
              image: alpine
              environment:
                ONE: {from_secret: {name: key, path: kv/data/app}}
            """)

        assert [s.name for s in found.secrets] == ["key"]

    def test_a_provider_of_machines_has_a_token(self) -> None:
        found = job("""\
            kind: pipeline
            type: digitalocean
            token: {from_secret: provider}
            steps: [{name: a, commands: [make]}]
            """)

        assert [(s.name, s.use, s.target) for s in found.secrets] == [
            ("provider", "other", "token")
        ]


class TestContainers:
    @pytest.mark.parametrize(("use", "idle"), [("devices", 0), ("volumes", 0), ("labels", 1)])
    def test_host_paths_that_are_used(self, use: str, idle: int) -> None:
        found = job(f"""\
            kind: pipeline
            steps: [{{name: a, image: alpine, {use}: [{{name: kvm, path: /dev/kvm}}]}}]
            volumes: [{{name: kvm, host: {{path: /dev/kvm}}}}]
            """)

        assert len(found.volumes) == idle

    @pytest.mark.parametrize(
        ("text", "privileged", "implicit", "options"),
        [
            ("image: alpine\n  privileged: true\n  commands: [a]", True, False, ()),
            ("image: plugins/docker", True, True, ()),
            ("image: plugins/docker\n  commands: []", True, True, ()),
            ("image: plugins/docker:20\n  settings: {repo: x}", True, True, ()),
            ("image: docker.io/plugins/ecr", True, True, ()),
            ("image: plugins/docker\n  network_mode: host", True, True, ("network=host",)),
            (
                "image: a\n  devices: [{name: x, path: /dev/kvm}]",
                False,
                False,
                ("device=/dev/kvm",),
            ),
            (
                "image: a\n  dns: [1.1.1.1]\n  extra_hosts: ['a:1.1.1.1']",
                False,
                False,
                ("dns", "extra-hosts"),
            ),
            ("image: a\n  user: root", False, False, ("user=root",)),
            ("image: a\n  cap_add: [SYS_ADMIN]", False, False, ("cap-add=SYS_ADMIN",)),
            ("image: a\n  ports: [80, {port: 1, host: 81}]", False, False, ("port=81",)),
        ],
    )
    def test_with_unusual_rights(
        self, text: str, privileged: bool, implicit: bool, options: tuple[str, ...]
    ) -> None:
        [found] = step(f"- name: a\n  {text}\n").containers

        assert (found.privileged, found.implicit) == (privileged, implicit)
        assert found.options == options

    @pytest.mark.parametrize(
        "text",
        [
            "image: alpine\n  commands: [a]",
            "image: alpine\n  privileged: false\n  commands: [a]",
            "image: alpine\n  network_mode: bridge\n  user: node",
            "image: plugins/docker\n  commands: [a]",
            "image: plugins/docker\n  entrypoint: [a]",
            "image: plugins/docker\n  volumes: [{name: a, path: /a}]",
            "image: plugins/docker\n  environment: {DOCKER_HOST: 'tcp://docker:2376'}",
            "image: example.com/plugins/docker",
            "image: plugins/slack",
        ],
    )
    def test_others_are_not_worth_a_word(self, text: str) -> None:
        assert step(f"- name: a\n  {text}\n").containers == ()

    def test_only_runners_with_containers_escalate(self) -> None:
        text = "kind: pipeline\ntype: {}\nsteps: [{{name: a, image: plugins/docker}}]\n"

        assert job(text.format("kubernetes")).steps[0].containers
        assert not job(text.format("vm")).steps[0].containers

    def test_stand_at_what_gives_them_their_rights(self) -> None:
        [one, two] = steps("""\
            - name: a
              image: alpine
              privileged: true
            - name: b
              image: plugins/docker
            """)

        assert shown(one.containers[0].place) == "privileged: true"
        assert shown(two.containers[0].place) == "image: plugins/docker"

    def test_volumes_stand_at_the_path_of_the_host(self) -> None:
        found = step("""\
            - name: a
              image: alpine
              commands: [make]
              volumes:
                - {name: engine, path: /engine.sock}
                - {name: scratch, path: /tmp}
                - {name: settings, path: /settings}
            volumes:
              - name: engine
                host: {path: /var/run/docker.sock}
              - name: scratch
                temp: {medium: memory}
              - name: settings
                host: {path: /etc/shop}
              - name: unused
                claim: {name: disk}
            """).volumes

        assert [(v.source, v.target, v.host, v.docker_socket, v.sensitive) for v in found] == [
            ("/var/run/docker.sock", "/engine.sock", True, True, False),
            ("scratch", "/tmp", False, False, False),
            ("/etc/shop", "/settings", True, False, True),
        ]
        assert shown(found[0].place) == "/var/run/docker.sock"

    def test_host_volumes_that_nothing_mounts_are_the_jobs_own(self) -> None:
        found = job("""\
            kind: pipeline
            steps:
              - {name: a, image: alpine, volumes: [{name: one, path: /one}]}
            services:
              - {name: b, image: redis, volumes: [{name: two, path: /two}]}
            volumes:
              - {name: one, host: {path: /srv/one}}
              - {name: two, host: {path: /srv/two}}
              - {name: three, host: {path: /srv/three}}
              - {name: four, temp: {}}
            """)

        assert [(v.source, v.target, v.host) for v in found.volumes] == [
            ("/srv/two", "/two", True),
            ("/srv/three", "", True),
        ]
        assert shown(found.volumes[1].place) == "/srv/three"


PASTED = [
    # where, text, sink
    ("commands: [\"echo '${DRONE_COMMIT_MESSAGE}'\"]", "${DRONE_COMMIT_MESSAGE}", "script"),
    (
        "commands: ['git checkout ${DRONE_SOURCE_BRANCH##feature/}']",
        "${DRONE_SOURCE_BRANCH##feature/}",
        "script",
    ),
    ("commands: ['echo ${DRONE_TAG:-${DRONE_BRANCH}}']", "${DRONE_TAG:-${DRONE_BRANCH}}", "script"),
    ("settings: {tags: ['${DRONE_BRANCH}']}", "${DRONE_BRANCH}", "input"),
    ("settings: {script: ['deploy ${DRONE_TAG}']}", "${DRONE_TAG}", "script"),
    (
        "environment: {NAME: 'a ${DRONE_COMMIT_AUTHOR_NAME}'}",
        "${DRONE_COMMIT_AUTHOR_NAME}",
        "environment",
    ),
    ("when: {branch: '${DRONE_PULL_REQUEST_TITLE}'}", "${DRONE_PULL_REQUEST_TITLE}", "condition"),
    ("commands: ['echo ${DRONE_COMMIT_MESSAGE']", "${DRONE_COMMIT_MESSAGE", "script"),
    ("working_dir: '/x/${DRONE_COMMIT_REF}'", "${DRONE_COMMIT_REF}", "other"),
]


class TestExpansions:
    @pytest.mark.parametrize(("line", "text", "sink"), PASTED)
    def test_pasted_text(self, line: str, text: str, sink: str) -> None:
        found = step(f"- name: a\n  image: alpine\n  {line}\n").expansions[0]

        assert (found.text, found.sink, found.time) == (text, sink, "template")
        assert found.attacker_controlled
        assert found.reparsed == (sink == "script")
        assert shown(found.place) == text

    def test_an_image_of_somebodys_choice(self) -> None:
        found = step("- name: a\n  image: shop/app:${DRONE_SOURCE_BRANCH}\n")

        assert [(e.sink, e.author) for e in found.expansions] == [
            ("image", "whoever names the source branch")
        ]
        assert found.references[0].pin == "unresolved"

    @pytest.mark.parametrize(
        ("command", "reparsed"),
        [
            ('echo "$DRONE_COMMIT_MESSAGE"', False),
            ('echo "$${DRONE_COMMIT_MESSAGE}"', False),
            ('eval "echo $DRONE_COMMIT_MESSAGE"', True),
            ('sh -c "echo $DRONE_COMMIT_MESSAGE"', True),
            ('pwsh -Command "echo $env:DRONE_COMMIT_MESSAGE"', True),
        ],
    )
    def test_text_that_the_shell_expands(self, command: str, reparsed: bool) -> None:
        [found] = step(f"- name: a\n  image: alpine\n  commands: ['{command}']\n").expansions

        assert (found.time, found.sink, found.shell) == ("run", "script", "sh")
        assert found.sources == ("DRONE_COMMIT_MESSAGE",)
        assert found.reparsed == reparsed

    @pytest.mark.parametrize(
        ("environment", "commands", "text"),
        [
            ("{T: 'so: ${DRONE_COMMIT_MESSAGE}'}", ['eval "$T"'], "$T"),
            ("{T: '${DRONE_COMMIT_MESSAGE}'}", ['sh -c "echo $${T}"'], "${T}"),
            ("{}", ["T=$DRONE_COMMIT_MESSAGE", 'eval "$T"'], "$T"),
            ("{}", ['T="$(echo "$DRONE_COMMIT_MESSAGE" | head -1)"', 'eval "$T"'], "$T"),
            ("{}", ['T=$(echo "$DRONE_COMMIT_MESSAGE" | tr -cd a-z)', 'eval "$T"'], ""),
            ("{T: '${DRONE_COMMIT_MESSAGE}'}", ['echo "$T"'], ""),
            ("{T: '${DRONE_COMMIT_SHA}', U: $DRONE_TAG}", ['eval "$T $U"'], ""),
            ("{T: '${DRONE_COMMIT_MESSAGE}'}", ['eval "${T}"'], ""),
        ],
    )
    def test_by_way_of_a_variable(self, environment: str, commands: list[str], text: str) -> None:
        lines = "\n".join(f"    - {command}" for command in commands)
        body = f"- name: a\n  image: alpine\n  environment: {environment}\n  commands:\n{lines}\n"
        found = [one for one in step(body).expansions if one.via]

        assert [one.text.removeprefix("$$").lstrip("$") for one in found] == (
            [text.lstrip("$")] if text else []
        )
        assert all(one.reparsed and one.sources == ("DRONE_COMMIT_MESSAGE",) for one in found)

    @pytest.mark.parametrize(
        "command",
        [
            "echo ${DRONE_COMMIT_SHA:0:8}",
            "echo ${DRONE_BUILD_NUMBER} ${DRONE_REPO_NAME}",
            "echo ${HOME}",
            "echo ${DRONE_COMMIT_AUTHOR_AVATAR}",
        ],
    )
    def test_what_nobody_chooses(self, command: str) -> None:
        assert step(f"- name: a\n  image: alpine\n  commands: ['{command}']\n").expansions == ()

    @pytest.mark.parametrize(
        ("trigger", "variable", "controlled"),
        [
            ("event: tag", "DRONE_TAG", True),
            ("event: push", "DRONE_TAG", False),
            ("event: push", "DRONE_PULL_REQUEST_TITLE", False),
            ("event: pull_request", "DRONE_BRANCH", False),
            ("event: push", "DRONE_BRANCH", True),
            ("{event: push, branch: main}", "DRONE_BRANCH", False),
            ("{event: push, branch: [main, release/*]}", "DRONE_BRANCH", True),
            ("ref: [refs/heads/main]", "DRONE_BRANCH", False),
            ("ref: [refs/heads/main, refs/tags/*]", "DRONE_BRANCH", False),
            ("ref: [refs/heads/main, refs/tags/*]", "DRONE_COMMIT_REF", True),
            ("{event: push, branch: main}", "DRONE_COMMIT_REF", False),
            ("{event: push, branch: [main, release/*]}", "DRONE_COMMIT_REF", True),
            ("ref: [refs/heads/*, refs/tags/v1]", "DRONE_BRANCH", True),
            ("event: cron", "DRONE_COMMIT_MESSAGE", True),
        ],
    )
    def test_what_its_events_leave_to_choose(
        self, trigger: str, variable: str, controlled: bool
    ) -> None:
        body = trigger if trigger.startswith("{") else f"{{{trigger}}}"
        found = job(f"""\
            kind: pipeline
            trigger: {body}
            steps: [{{name: a, image: alpine, commands: ["echo ${{{variable}}}"]}}]
            """)

        assert bool(found.steps[0].expansions) == controlled

    def test_behind_an_alias(self) -> None:
        [one, two] = steps("""\
            - name: a
              image: alpine
              settings: &settings {note: "${DRONE_COMMIT_MESSAGE}"}
            - name: b
              image: alpine
              settings: *settings
            """)

        assert one.expansions[0].place == two.expansions[0].place


class TestLegacy:
    def test_a_map_of_steps(self) -> None:
        found = job("""\
            clone:
              git: {image: plugins/git, depth: 50}
            branches: [main]
            pipeline:
              build:
                image: golang
                group: one
                commands: make
                environment:
                  - LEVEL=debug
                volumes: [/var/run/docker.sock:/var/run/docker.sock:ro]
              publish:
                image: plugins/docker
                repo: shop/app
                tags: [latest, "${DRONE_TAG}"]
                secrets: [docker_password, {source: user, target: docker_username}]
                when:
                  event: [tag, deployment]
              roll-out:
                image: shop/roll
                when: {environment: production}
            services:
              database:
                image: postgres
            matrix:
              GO: [1, 2]
            """)

        assert found.id == "default"
        assert found.runner.self_hosted
        assert found.events == ("change-request", "push", "tag", "manual")
        assert [s.name for s in found.steps] == ["build", "publish", "roll-out"]
        build, publish, roll = found.steps
        assert build.scripts[0].text == "make"
        assert [(v.name, v.value, shown(v.place)) for v in build.variables] == [
            ("LEVEL", "debug", "debug")
        ]
        assert [(v.docker_socket, v.read_only) for v in build.volumes] == [(True, True)]
        assert build.reachable_by_outsider
        assert [(r.role, r.name) for r in found.references] == [
            ("clone", "plugins/git"),
            ("service", "postgres"),
        ]
        assert [(v.name, v.kind, v.value) for v in publish.variables] == [
            ("repo", "setting", "shop/app"),
            ("tags", "setting", "latest"),
            ("tags", "setting", "${DRONE_TAG}"),
        ]
        assert [(s.name, s.use, s.target) for s in publish.secrets] == [
            ("docker_password", "environment", "DOCKER_PASSWORD"),
            ("user", "environment", "docker_username"),
        ]
        assert publish.references[0].secrets
        assert [(e.sink, e.text) for e in publish.expansions] == [("input", "${DRONE_TAG}")]
        assert not publish.reachable_by_outsider
        assert not roll.reachable_by_outsider
        assert found.publishes

    def test_secrets_of_another_store(self) -> None:
        found = job("""\
            pipeline:
              build: {image: golang, commands: make, secrets: [token]}
            secrets:
              token: {driver: vault, driver_opts: {path: kv/app, key: token}}
            """)

        assert [s.store for s in found.steps[0].secrets] == ["external"]


WRONG = [
    "kind: pipeline\nsteps: 1\n",
    "kind: pipeline\nsteps: {a: b}\n",
    "kind: pipeline\nsteps: [a, [b], {image: [c], commands: {a: b}}]\n",
    "kind: pipeline\ntrigger: all\nsteps: []\n",
    "kind: pipeline\ntrigger: {event: {include: {a: b}}}\nsteps: []\n",
    "kind: pipeline\nsteps: [{image: a, when: [b], environment: text, settings: [1]}]\n",
    "kind: pipeline\nsteps: [{image: a, volumes: {a: b}, devices: {a: b}, backend_options: 1}]\n",
    "kind: pipeline\nvolumes: [a, {name: x, host: y}]\nnode: [a]\nserver: b\nsteps: []\n",
    "kind: pipeline\nservices: text\nclone: text\nplatform: text\ndepends_on: {a: b}\n",
    "kind: [pipeline]\nname: {a: b}\nsteps: []\n",
    "kind: pipeline\n? [a, b]\n: c\nsteps: []\n",
    "kind: pipeline\nsteps: [{image: a, environment: {A: {from_secret: [b]}}}]\n",
    "kind: secret\nname: [a]\ndata: [b]\n---\nkind: pipeline\nsteps: []\n",
    "pipeline: {a: 1, b: {image: {}, secrets: {}, volumes: 1}}\nbranches: {include: {}}\nsecrets: []\n",
    "<<: 1\nkind: pipeline\nsteps: [{<<: [1, {image: a}]}]\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_shapes_are_told_once_and_the_rest_is_read(text: str) -> None:
    found = read(text)

    assert found.problems or "{<<:" in text
    assert len(set(found.problems)) == len(found.problems)
    assert len(found.pipelines) == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "kind: pipeline\n", "{}\n"])
def test_files_with_next_to_nothing(text: str) -> None:
    assert len(read(text).pipelines) <= 1


def example(name: str) -> Loaded:
    path = EXAMPLES / name / ".drone.yml"
    found = load("drone", decode(".drone.yml", path.read_bytes()), MemoryTree({}))
    assert not found.problems
    return found


def test_the_vulnerable_example_is_what_it_says() -> None:
    [image, deploy] = (pipeline.jobs[0] for pipeline in example("vulnerable").pipelines)

    assert image.reachable_by_outsider
    assert image.publishes
    assert {volume.docker_socket for s in image.steps for volume in s.volumes} == {True}
    assert [c.name for s in image.steps for c in s.containers] == ["pack", "publish"]
    assert {e.sink for s in image.steps for e in s.expansions} == {"script", "input"}
    assert not deploy.runner.isolated
    assert deploy.steps[0].secrets[0].outsiders == "given"
    assert [e.reparsed for e in deploy.steps[0].expansions] == [True]


def test_the_hardened_example_is_what_it_says() -> None:
    jobs = [pipeline.jobs[0] for pipeline in example("hardened").pipelines]

    assert [j.id for j in jobs if j.reachable_by_outsider] == ["test"]
    assert [j.id for j in jobs if j.holds_secrets] == ["image", "deploy"]
    assert all(r.pin == "digest" for j in jobs for s in j.steps for r in s.references)
    assert not [e for j in jobs for s in j.steps for e in s.expansions if e.reparsed]


def corpus() -> list[Path]:
    folder = os.environ.get("PIPELAW_CORPUS", "")
    names = ("drone", "drone-nested") if folder else ()
    return sorted(path for name in names for path in (Path(folder) / name).rglob("*.y*ml"))


@pytest.mark.skipif("not corpus()", reason="PIPELAW_CORPUS names no folder of real pipelines")
def test_real_files_load_or_say_why() -> None:
    loaded = 0
    for path in corpus():
        try:
            found = load("drone", decode(path.name, path.read_bytes()), MemoryTree({}))
        except PipelawError:
            continue
        assert {problem.message for problem in found.problems} <= {
            "written for Drone 0.4 or older, which is not read"
        }, path
        loaded += len(found.pipelines)
    assert loaded > 300
