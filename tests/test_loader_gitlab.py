"""GitLab files, from what they say to what the model says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from samples import loaded, shown

from pipelaw.document import decode
from pipelaw.errors import UnreadableError
from pipelaw.loaders import Loaded, load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Expansion, Job, Pipeline, Step

EXAMPLES = Path(__file__).parents[1] / "examples" / "pipelines" / "gitlab"
MAIN = ".gitlab-ci.yml"


def read(text: str, path: str = MAIN, **files: str) -> Loaded:
    """Load a file; the others of its repository are given by their names, `__` for a slash."""
    held = {name.replace("__", "/") + ".yml": other for name, other in files.items()}
    return loaded("gitlab", text, path, held)


def pipeline(text: str) -> Pipeline:
    found = read(text)
    assert not found.problems
    [only] = found.pipelines
    return only


def job(text: str, name: str = "job") -> Job:
    return next(one for one in pipeline(text).jobs if one.id == name)


def step(text: str) -> Step:
    [only] = job(text).steps
    return only


class TestJobs:
    def test_scripts_are_steps_in_the_order_in_which_they_run(self) -> None:
        found = job("""\
            job:
              after_script: [rm -rf out]
              script:
                - make
                - [make check, [make install]]
              before_script: make deps
              hooks: {pre_get_sources_script: [git config --global a b]}
            """)

        assert [(one.id, one.index, one.optional) for one in found.steps] == [
            ("pre_get_sources_script", 0, False),
            ("before_script", 1, False),
            ("script", 2, False),
            ("after_script", 3, True),
        ]
        [script] = found.steps[2].scripts
        assert (script.text, script.shell) == ("make\nmake check\nmake install", "bash")
        assert [command.name for command in script.commands] == ["make", "make", "make"]
        assert shown(found.steps[1].place) == "make deps"
        assert shown(found.place).startswith("job:\n  after_script")

    def test_a_script_that_is_written_behind_an_alias_has_a_place(self) -> None:
        text = """\
            .setup: &setup [apk add git]
            job:
              script:
                - make
                - *setup
            other:
              script: [*setup]
            """

        assert shown(job(text).steps[0].place) == "- make"
        assert shown(job(text, "other").steps[0].place) == "apk add git"

    def test_windows_runs_powershell(self) -> None:
        [script] = step("job: {tags: [saas-windows-medium-amd64], script: [dir]}").scripts
        assert script.shell == "pwsh"

    def test_functions_are_references(self) -> None:
        steps = job("""\
            job:
              run:
                - name: greet
                  func: gitlab.com/platform/functions/greet@v1.2.0
                  inputs: {who: world}
                - name: build
                  script: make
                - name: local
                  step: ./steps/check
            """).steps

        assert [one.id for one in steps] == ["greet", "build", "local"]
        [greet], [check] = steps[0].references, steps[2].references
        assert (greet.kind, greet.owner, greet.ref, greet.pin) == (
            "action",
            "platform",
            "v1.2.0",
            "tag",
        )
        assert (greet.mutable, check.pin, check.mutable) == (True, "local", False)
        assert steps[0].variables[0].value == "world"
        assert steps[1].scripts[0].text == "make"

    def test_what_jobs_wait_for(self) -> None:
        found = job("""\
            job:
              script: make
              needs:
                - build
                - {job: lint, artifacts: false}
                - {project: platform/tools, job: release, ref: main}
              dependencies: [build]
            """)

        assert found.needs == ("build", "lint")
        assert [(one.action, one.name) for one in found.artifacts] == [
            ("download", "build"),
            ("download", "platform/tools/release@main"),
        ]

    @pytest.mark.parametrize(
        ("text", "name", "deploys"),
        [
            ("environment: production", "production", True),
            ("environment: {name: review, action: start}", "review", True),
            ("environment: {name: review, action: stop}", "review", False),
            ("environment: {name: review, action: verify}", "review", False),
            ("environment: {url: https://example.org}", "", False),
        ],
    )
    def test_environments(self, text: str, name: str, deploys: bool) -> None:
        found = job(f"job:\n  script: make\n  {text}")
        assert (found.environment, found.deploys) == (name, deploys)
        assert found.gates == (("environment",) if name else ())

    @pytest.mark.parametrize(
        ("text", "optional"),
        [
            ("{}", False),
            ("{allow_failure: true}", True),
            ("{allow_failure: {exit_codes: 3}}", False),
            ("{when: manual}", True),
            ("{when: manual, allow_failure: false}", False),
            ("{rules: [{when: manual}]}", False),
            ("{rules: [{allow_failure: true}]}", True),
            ("{rules: [{if: $A, allow_failure: true}, {if: $B}]}", False),
        ],
    )
    def test_whether_the_pipeline_goes_on(self, text: str, optional: bool) -> None:
        assert job(f".base: {text}\njob: {{extends: .base, script: make}}").optional is optional

    @pytest.mark.parametrize(
        ("text", "site"),
        [
            ("pages: {script: make}", True),
            ("pages: {script: make, pages: false}", False),
            ("job: {script: make, pages: true}", True),
            ("job: {script: make, pages: {publish: html}}", True),
            ("job: {script: make, pages: {path_prefix: $CI_COMMIT_REF_SLUG}}", False),
            ("job: {script: make}", False),
            ("pages: {script: make, environment: review}", False),
        ],
    )
    def test_a_site(self, text: str, site: bool) -> None:
        [found] = pipeline(text).jobs
        assert (found.live, found.publishes) == (site, False)

    def test_a_release_is_published_with_the_jobs_token(self) -> None:
        found = job("job: {script: make, release: {tag_name: $CI_COMMIT_TAG}}")
        assert (found.publishes, found.writes, found.privileged) == (True, True, True)

    def test_runner(self) -> None:
        found = job("""\
            variables: {SIZE: large}
            job:
              script: make
              tags: [docker, "$SIZE", "$ARCH"]
              parallel: {matrix: [{ARCH: [amd64, arm64]}]}
            """).runner
        assert (found.labels, found.self_hosted) == (("docker", "large", "amd64", "arm64"), False)


class TestImages:
    def test_names_are_resolved_and_kept_as_written(self) -> None:
        found = job("""\
            variables:
              REGISTRY: {value: registry.example.org, description: Where images are.}
              VERSION: "1.0"
            job:
              image: {name: "${REGISTRY}/tools/$NAME:$VERSION", entrypoint: [""]}
              variables: {NAME: lint, VERSION: "2.0"}
              script: make
            """)

        [image] = found.references
        assert (image.text, image.name, image.ref, image.role) == (
            "${REGISTRY}/tools/$NAME:$VERSION",
            "registry.example.org/tools/lint",
            "2.0",
            "job",
        )
        assert (image.pin, image.mutable) == ("tag", True)
        assert shown(image.place) == '"${REGISTRY}/tools/$NAME:$VERSION"'

    def test_a_matrix_gives_an_image_for_each_value(self) -> None:
        found = job("""\
            job:
              image: python:$VERSION
              script: make
              parallel:
                matrix:
                  - {VERSION: ["3.12", "3.13"], OTHER: x}
                  - {VERSION: "3.14"}
            """)
        assert [image.ref for image in found.references] == ["3.12", "3.13", "3.14"]

    def test_a_matrix_sets_variables(self) -> None:
        found = job("""\
            job:
              script: make
              parallel:
                matrix:
                  - {GIT_SSL_NO_VERIFY: ["false", "true"], KEY: $DEPLOY_TOKEN}
            """)
        assert [(one.name, one.value) for one in found.variables] == [
            ("GIT_SSL_NO_VERIFY", "false"),
            ("GIT_SSL_NO_VERIFY", "true"),
            ("KEY", "$DEPLOY_TOKEN"),
        ]
        assert [(flaw.kind, flaw.text) for flaw in found.flaws] == [
            ("unverified", "GIT_SSL_NO_VERIFY: true")
        ]
        assert [secret.name for secret in found.secrets] == ["DEPLOY_TOKEN"]

    def test_what_nobody_knows_stays_open(self) -> None:
        [image] = job("job: {image: $IMAGE, script: make}").references
        assert (image.pin, image.mutable) == ("unresolved", False)

    def test_variables_that_contain_each_other_end(self) -> None:
        text = "variables: {A: $B$B$B$B$B$B$B$B$B, B: $A$A$A$A$A$A$A$A$A}\n"
        [image] = job(text + "job: {image: $A, script: make}").references
        assert (image.text, image.pin) == ("$A", "unresolved")

    def test_a_digest_keeps_its_comment(self) -> None:
        digest = "sha256:" + "0" * 64
        [image] = job(f"job:\n  image: alpine@{digest} # 3.21\n  script: make").references
        assert (image.pin, image.comment) == ("digest", "3.21")

    def test_services(self) -> None:
        found = job("""\
            job:
              services:
                - redis:7
                - name: postgres:17
                  alias: database
                  variables: {POSTGRES_PASSWORD: example}
              script: make
            """)

        assert [(one.name, one.role, one.image) for one in found.containers] == [
            ("redis", "service", "redis:7"),
            ("database", "service", "postgres:17"),
        ]
        assert [(one.name, one.role) for one in found.references] == [
            ("redis", "service"),
            ("postgres", "service"),
        ]
        assert found.references[1].inputs[0].name == "POSTGRES_PASSWORD"
        assert [one.name for one in found.variables] == ["POSTGRES_PASSWORD"]
        assert not found.credentials


class TestVariables:
    def test_forms(self) -> None:
        found = pipeline("""\
            variables:
              PLAIN: text
              MAP: {value: "3", description: A number., options: ["3", "4"]}
              MADE: $CI_PROJECT_NAME/x
              ASKED: {description: Nothing by default.}
            job: {script: make}
            """)
        assert [(one.name, one.value, one.literal) for one in found.variables] == [
            ("PLAIN", "text", True),
            ("MAP", "3", True),
            ("MADE", "$CI_PROJECT_NAME/x", False),
            ("ASKED", "", True),
        ]
        assert shown(found.variables[1].place) == '"3"'

    def test_rules_set_variables_too(self) -> None:
        found = pipeline("""\
            workflow:
              rules: [{if: $A, variables: {SCAN: "no"}}]
            job:
              script: make
              rules: [{if: $B, variables: {MODE: fast}}]
            """)
        assert [one.name for one in found.variables] == ["SCAN"]
        assert [one.name for one in found.jobs[0].variables] == ["MODE"]

    def test_a_literal_secret_is_a_credential(self) -> None:
        token = "glpat-" + "Xy7Qw2Er9Ty4Ui1Op6As"
        found = pipeline(f"""\
            variables: {{DEPLOY_TOKEN: {token}}}
            job: {{script: ["curl -H 'PRIVATE-TOKEN: {token}' https://gitlab.example.org"]}}
            """)
        assert [one.name for one in found.credentials] == ["DEPLOY_TOKEN"]
        assert len(found.jobs[0].steps[0].credentials) == 1


class TestSecrets:
    @pytest.mark.parametrize(
        ("line", "names"),
        [
            ("curl -H $CI_JOB_TOKEN", [("CI_JOB_TOKEN", "token")]),
            ("docker login -p $CI_REGISTRY_PASSWORD", [("CI_REGISTRY_PASSWORD", "token")]),
            ("deploy ${DEPLOY_TOKEN} $DEPLOY_TOKEN", [("DEPLOY_TOKEN", "platform")]),
            ("echo $DECLARED_TOKEN $CACHE_KEY $HOME", []),
            ("MY_TOKEN=$(login); curl -H $MY_TOKEN", []),
            ("echo $$SOME_TOKEN", []),
        ],
    )
    def test_in_scripts(self, line: str, names: list[tuple[str, str]]) -> None:
        found = job(f"""\
            variables: {{DECLARED_TOKEN: none}}
            job: {{script: ['{line}']}}
            """)
        assert [(one.name, one.store) for one in found.steps[0].secrets] == names
        assert all(one.use == "script" for one in found.steps[0].secrets)
        assert found.holds_secrets is any(store == "platform" for _, store in names)

    def test_a_name_that_an_earlier_script_sets_is_no_secret(self) -> None:
        found = job("""\
            job:
              before_script: [export API_TOKEN=$(fetch), read -r USER_PASSWORD < file]
              script: [call $API_TOKEN $USER_PASSWORD]
            """)
        assert not any(one.secrets for one in found.steps)

    def test_in_variables(self) -> None:
        found = pipeline("""\
            variables: {SHARED: $SHARED_SECRET}
            one: {script: make, variables: {PASSWORD: $DB_PASSWORD}}
            two: {script: make, inherit: {variables: false}}
            """)

        [shared], [own] = found.secrets, found.jobs[0].secrets
        assert (shared.name, shared.use, shared.target) == (
            "SHARED_SECRET",
            "environment",
            "SHARED",
        )
        assert (own.name, own.target, shown(own.place)) == (
            "DB_PASSWORD",
            "PASSWORD",
            "$DB_PASSWORD",
        )
        assert [one.holds_secrets for one in found.jobs] == [True, False]

    def test_stores_and_identity(self) -> None:
        found = job("""\
            job:
              id_tokens:
                VAULT_ID_TOKEN: {aud: https://vault.example.org}
                CLOUD_TOKEN: {aud: [one, two]}
              secrets:
                DB_PASSWORD: {vault: production/db/password@kv, file: false}
                API_KEY:
                  vault: {engine: {name: kv-v2, path: ops}, path: api, field: key}
                CERTIFICATE: {azure_key_vault: {name: tls, version: v1}}
                OTHER: {gcp_secret_manager: {name: other}}
              script: [use $DB_PASSWORD $VAULT_ID_TOKEN]
            """)

        assert [(one.name, one.store, one.use, one.target) for one in found.secrets] == [
            ("production/db/password@kv", "vault", "environment", "DB_PASSWORD"),
            ("api/key@ops", "vault", "file", "API_KEY"),
            ("tls", "azure_key_vault", "file", "CERTIFICATE"),
            ("other", "gcp_secret_manager", "file", "OTHER"),
        ]
        assert [(one.scope, one.access, one.audience) for one in found.permissions] == [
            ("id-token", "mint", ("https://vault.example.org",)),
            ("id-token", "mint", ("one", "two")),
        ]
        assert (found.mints_identity, found.holds_secrets) == (True, True)
        assert not found.steps[0].secrets


class TestArtifacts:
    def test_paths_and_reports(self) -> None:
        found = job("""\
            job:
              script: make
              artifacts:
                name: built
                paths: [dist/]
                reports: {dotenv: build.env, sast: [a.json, b.json]}
            """)
        assert [(one.name, one.paths, one.whole_workspace) for one in found.artifacts] == [
            ("built", ("dist/",), False),
            ("reports:dotenv", ("build.env",), False),
            ("reports:sast", ("a.json", "b.json"), False),
        ]

    @pytest.mark.parametrize(
        ("text", "whole"),
        [
            ("paths: [.]", True),
            ("paths: [dist, $CI_PROJECT_DIR/]", True),
            ("untracked: true", True),
            ("paths: [dist/**]", False),
        ],
    )
    def test_the_whole_workspace(self, text: str, whole: bool) -> None:
        [stored] = job(f"job: {{script: make, artifacts: {{{text}}}}}").artifacts
        assert stored.whole_workspace is whole

    @pytest.mark.parametrize(
        ("exclude", "hidden"),
        [
            (".git/**/*", False),
            ("./.git/*", False),
            (".*/**/*", False),
            ("**/.git/config", False),
            (".git", True),
            (".github/**", True),
            ("node_modules/**/*", True),
        ],
    )
    def test_what_is_left_out_of_it(self, exclude: str, *, hidden: bool) -> None:
        text = f"job: {{script: make, artifacts: {{paths: [.], exclude: ['{exclude}']}}}}"
        [stored] = job(text).artifacts
        assert (stored.whole_workspace, stored.hidden) == (True, hidden)

    @pytest.mark.parametrize(
        ("path", "who", "taken"),
        [
            ("a.tfstate", "access: developer", True),
            ("a.tfstate", "public: false", True),
            ("a.tfstate", "access: maintainer", False),
            ("a.tfstate", "access: none", False),
            ("a.tfstate", "exclude: [a.tfstate]", False),
            ("tf/plan.cache", "access: all", True),
            ("tf/prod.tfplan", "public: true", True),
            ("tfplan.json", "access: all", False),
            ("docs/plan", "access: all", False),
            ("tfplan", "access: developer", False),
            ("tfplan", "public: false", False),
        ],
    )
    def test_credentials_for_those_who_may_load_them(
        self, path: str, who: str, *, taken: bool
    ) -> None:
        [stored] = job(f"job: {{script: make, artifacts: {{paths: [{path}], {who}}}}}").artifacts
        assert stored.sensitive == (path if taken else "")

    def test_the_workspace_that_nobody_may_load(self) -> None:
        [stored] = job("job: {script: make, artifacts: {paths: [.], access: none}}").artifacts
        assert (stored.whole_workspace, stored.hidden) == (True, False)


def expansions(text: str) -> list[Expansion]:
    return [one for step in job(text).steps for one in step.expansions]


class TestExpansions:
    @pytest.mark.parametrize(
        ("line", "reparsed"),
        [
            ("echo $CI_COMMIT_MESSAGE", False),
            ('eval "echo $CI_COMMIT_MESSAGE"', True),
            ("eval 'echo \"$CI_COMMIT_MESSAGE\"'", False),
            ('bash -c "echo ${CI_COMMIT_TITLE}"', True),
            ('sh -c "echo $1" -- "$CI_COMMIT_TITLE"', False),
            ('ssh host "deploy $CI_COMMIT_REF_NAME"', True),
            ("python3 -c \"print('$CI_MERGE_REQUEST_TITLE')\"", True),
            ('echo "$CI_COMMIT_BRANCH" | sh', True),
            ('docker exec box sh -c "tag $CI_COMMIT_TAG"', True),
            ("bun -e \"log('$CI_COMMIT_TITLE')\"", True),
            ("pypy3 -c \"log('$CI_COMMIT_TITLE')\"", True),
            ('runuser -u web -c "log $CI_COMMIT_TITLE"', True),
        ],
    )
    def test_in_scripts(self, line: str, reparsed: bool) -> None:
        text = "job:\n  script:\n    - |\n      " + line
        [found] = expansions(text)
        assert (found.time, found.sink, found.attacker_controlled) == ("run", "script", True)
        assert found.reparsed is reparsed
        assert shown(found.place) == found.text

    def test_slugs_and_hashes_are_safe(self) -> None:
        line = 'eval "$CI_COMMIT_REF_SLUG $CI_COMMIT_SHA $CI_COMMIT_SHORT_SHA"'
        assert not expansions(f"job:\n  script:\n    - {line}")

    @pytest.mark.parametrize(
        ("when", "empty"),
        [
            ("only: [main]", True),
            ("except: [merge_requests]", True),
            ("rules: [{if: $CI_MERGE_REQUEST_IID, when: never}, {when: always}]", True),
            ("rules: [{if: $CI_COMMIT_TAG}]", True),
            ("rules: [{if: $CI_COMMIT_TAG}, {when: manual}]", False),
            ("only: [main, merge_requests]", False),
            ("stage: test", False),
        ],
    )
    def test_what_only_merge_requests_have(self, when: str, *, empty: bool) -> None:
        line = "script: ['eval \"log $CI_MERGE_REQUEST_TITLE\"']"
        assert (expansions(f"job:\n  {when}\n  {line}") == []) is empty

    def test_who_writes_it(self) -> None:
        found = expansions("job: {script: [echo $CI_COMMIT_TITLE $CI_MERGE_REQUEST_TITLE]}")
        assert [one.author for one in found] == [
            "whoever pushes the commit",
            "whoever opens the merge request",
        ]

    @pytest.mark.parametrize(
        "text",
        [
            """\
            job:
              variables: {MESSAGE: "so: $CI_COMMIT_MESSAGE"}
              script: ['eval "echo $MESSAGE"']
            """,
            """\
            variables: {MESSAGE: $CI_COMMIT_MESSAGE}
            job:
              script: ['eval "echo $MESSAGE"']
            """,
            """\
            job:
              before_script: ['export MESSAGE="so: $CI_COMMIT_MESSAGE"']
              script: ['eval "echo $MESSAGE"']
            """,
            """\
            variables: {NOTE: $TITLE, TITLE: $CI_COMMIT_MESSAGE}
            job:
              variables: {MESSAGE: "so: $NOTE"}
              script: ['eval "echo $MESSAGE"']
            """,
            """\
            job:
              script: ['MESSAGE="$(echo "$CI_COMMIT_MESSAGE" | head -n 1)"', 'sh -c "echo $MESSAGE"']
            """,
            """\
            job:
              script: [MESSAGE=$(git log -1 --pretty=%B), 'eval "echo $MESSAGE"']
            """,
        ],
    )
    def test_by_way_of_a_variable(self, text: str) -> None:
        [found] = [one for one in expansions(text) if one.via]
        assert (found.text, found.via) == ("$MESSAGE", "the variable MESSAGE")
        assert (found.sources, found.reparsed) == (("CI_COMMIT_MESSAGE",), True)

    @pytest.mark.parametrize(
        "line",
        [
            'MESSAGE=$(echo "$CI_COMMIT_MESSAGE" | tr -cd a-z)',
            'MESSAGE=$(echo "$CI_COMMIT_MESSAGE" | sed "s/[^a-z]/-/g")',
            "MESSAGE=$(git rev-list --count HEAD)",
            "MESSAGE=$(git log -1 --pretty=%H)",
        ],
    )
    def test_what_is_left_of_a_text_may_be_harmless(self, line: str) -> None:
        found = expansions(f'job:\n  script:\n    - {line}\n    - eval "echo $MESSAGE"\n')
        assert not [one for one in found if one.via]

    def test_a_variable_that_is_no_code_is_not_followed(self) -> None:
        assert not expansions("""\
            variables: {MESSAGE: $CI_COMMIT_MESSAGE}
            job: {script: [echo $MESSAGE]}
            """)

    def test_a_jobs_own_value_hides_that_of_the_file(self) -> None:
        assert not expansions("""\
            variables: {MESSAGE: $CI_COMMIT_MESSAGE}
            job: {script: ['eval "$MESSAGE"'], variables: {MESSAGE: fixed}}
            """)

    @pytest.mark.parametrize(
        ("text", "sink"),
        [
            ("image: tools:$CI_COMMIT_REF_NAME", "image"),
            ("services: [{name: 'tools:$CI_COMMIT_TAG'}]", "image"),
            ("environment: review/$CI_COMMIT_REF_NAME", "target"),
            ("environment: {name: review/$CI_COMMIT_BRANCH}", "target"),
            ("tags: [$CI_COMMIT_BRANCH]", "target"),
            ("cache: {key: $CI_COMMIT_REF_NAME}", "other"),
            ("cache: [{key: a}, {key: $CI_COMMIT_REF_NAME}]", "other"),
        ],
    )
    def test_elsewhere(self, text: str, sink: str) -> None:
        [found] = job(f"job:\n  script: make\n  {text}").expansions
        assert (found.sink, found.time, found.reparsed) == (sink, "run", False)
        assert shown(found.place) == found.text

    def test_where_a_job_starts_others(self) -> None:
        text = "job: {trigger: {project: $CI_COMMIT_TAG/b, branch: $CI_COMMIT_BRANCH}}"
        assert [(one.sink, one.text, one.choosing) for one in job(text).expansions] == [
            ("target", "$CI_COMMIT_TAG", True),
            ("target", "$CI_COMMIT_BRANCH", True),
        ]

    @pytest.mark.parametrize(
        ("text", "choosing"),
        [
            ("environment: $CI_COMMIT_REF_NAME", True),
            ("environment: {name: /$CI_COMMIT_REF_NAME}", True),
            ("environment: {name: review/$CI_COMMIT_REF_NAME}", False),
            ("image: base/$CI_COMMIT_BRANCH:1", True),
            ("image: base:$CI_COMMIT_BRANCH", False),
            ("image: localhost:5000/$CI_COMMIT_BRANCH", True),
        ],
    )
    def test_what_a_name_chooses(self, text: str, *, choosing: bool) -> None:
        [found] = job(f"job:\n  script: make\n  {text}").expansions
        assert found.choosing is choosing


class TestPipelines:
    def test_a_file_of_templates_has_them_as_jobs(self) -> None:
        found = pipeline("""\
            .build: {script: [make], image: golang:1.24}
            .lines: [echo a, echo b]
            """)
        assert (found.kind, found.reusable, found.triggers) == ("template", True, ())
        assert [one.id for one in found.jobs] == [".build"]

    def test_hidden_jobs_are_no_jobs_beside_others(self) -> None:
        found = pipeline(".build: {script: [make]}\njob: {extends: .build}")
        assert (found.kind, found.reusable) == ("pipeline", False)
        assert [one.id for one in found.jobs] == ["job"]

    def test_name_and_place(self) -> None:
        found = pipeline(
            "stages: [a]\nworkflow: {name: Build $CI_COMMIT_REF_SLUG}\njob: {script: a}"
        )
        assert (found.name, shown(found.place)) == ("Build $CI_COMMIT_REF_SLUG", "stages")
        assert (found.platform, found.path) == ("gitlab", MAIN)

    def test_another_project_is_started(self) -> None:
        found = read("""\
            short: {trigger: group/project}
            long: {trigger: {project: group/project, branch: main}}
            """)
        short, long = found.pipelines[0].jobs
        assert (short.reusable, short.references[0].kind, short.references[0].pin) == (
            True,
            "workflow",
            "none",
        )
        assert (long.references[0].ref, long.references[0].mutable) == ("main", False)
        assert len(found.unresolved) == 2

    def test_child_pipelines_are_pipelines(self) -> None:
        found = read(
            """\
            start:
              trigger:
                include:
                  - local: ci/child.yml
                    inputs: {level: high}
                  - local: ci/more.yml
                  - {artifact: generated.yml, job: generate}
            again: {trigger: {include: [{local: ci/child.yml}, {local: ci/more.yml}]}}
            """,
            ci__child="""\
            spec: {inputs: {level: }}
            ---
            "check-$[[ inputs.level ]]": {extends: .base, trigger: {include: ci/grandchild.yml}}
            """,
            ci__more=".base: {image: golang:1.24}",
            ci__grandchild="last: {script: [make]}",
        )

        assert not found.problems
        assert [(one.path, [each.id for each in one.jobs]) for one in found.pipelines] == [
            (MAIN, ["start", "again"]),
            ("ci/child.yml", ["check-high"]),
            ("ci/grandchild.yml", ["last"]),
        ]
        child = found.pipelines[1]
        assert [(one.kind, one.name) for one in child.triggers] == [("upstream", "parent_pipeline")]
        assert child.jobs[0].references[0].name == "golang"
        assert [(one.kind, one.pin) for one in found.pipelines[0].jobs[0].references] == [
            ("workflow", "local"),
            ("workflow", "local"),
            ("workflow", "unresolved"),
        ]
        assert [one.message for one in found.unresolved] == [
            "`generated.yml` is started and was not read"
        ]

    def test_a_child_that_is_not_there(self) -> None:
        found = read("""\
            a: {trigger: {include: missing.yml}}
            b: {trigger: {include: $FILE}}
            """)
        assert [one.message for one in found.problems] == [
            "`missing.yml` is started as a pipeline and is not there"
        ]
        assert len(found.unresolved) == 1

    def test_a_child_that_is_no_yaml(self) -> None:
        found = read("a: {trigger: {include: bad.yml}}", bad="a: [\n")
        assert [one.path for one in found.problems] == ["bad.yml"]
        assert [one.path for one in found.pipelines] == [MAIN]


DEEP = "{a: " * 900 + "b" + "}" * 900


class TestBadInput:
    @pytest.mark.parametrize("text", ["", "# nothing\n", "spec: {}\n"])
    def test_nothing_is_no_pipeline(self, text: str) -> None:
        assert read(text).pipelines == ()

    @pytest.mark.parametrize(
        "text",
        [
            "- a\n- b\n",
            "text\n",
            "job: [\n",
            "a: {script: " + "[" * 3000,
            f"job: {DEEP}\nother: {{extends: job, {DEEP[1:]}\n",
        ],
        ids=["list", "text", "open", "too many brackets", "too deep"],
    )
    def test_what_cannot_be_read(self, text: str) -> None:
        with pytest.raises(UnreadableError):
            read(text)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("job: 3", "the job `job` should be a mapping, not text"),
            ("job: {script: {a: b}}", "`script` should be a list, not a mapping"),
            ("job: {script: [{a: b}]}", "an item of `script` should be text, not a mapping"),
            (
                "job: {script: a, variables: {A: [b]}}",
                "the variable `A` should be text, not a list",
            ),
            ("job: {script: a, rules: [x]}", "a rule should be a mapping, not text"),
            ("job: {script: a, services: {a: b}}", "`services` should be a list, not a mapping"),
            ("job: {script: a, ? [x] : y}", "a key of `job` should be text"),
            ("job: {trigger: []}", "`trigger` names no project and no file"),
            ("job: {trigger: {include: [{rules: []}]}}", "`trigger:include` names no file"),
        ],
    )
    def test_a_wrong_shape_is_a_problem_and_the_rest_is_read(self, text: str, message: str) -> None:
        found = read(text + "\nother: {script: [make]}")
        assert [one.message for one in found.problems] == [message]
        assert found.pipelines[0].jobs[-1].id == "other"


class TestSharing:
    def test_jobs_share_scripts_that_they_inherit(self) -> None:
        first, second = pipeline("""\
            default: {before_script: [make deps]}
            first: {script: [a]}
            second: {script: [b]}
            """).jobs
        assert first.steps[0].scripts[0] is second.steps[0].scripts[0]


def example(name: str) -> Loaded:
    root = EXAMPLES / name
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    return load("gitlab", decode(MAIN, files[MAIN]), MemoryTree(files))


def test_the_vulnerable_example_is_what_it_says() -> None:
    found = example("vulnerable")
    assert not found.problems
    [only] = found.pipelines
    jobs = {one.id: one for one in only.jobs}
    assert [one.pin for one in only.references] == ["none", "none", "branch"]
    assert all(one.reparsed for one in jobs["announce"].steps[0].expansions)
    assert {one.sink for one in jobs["deploy"].expansions} == {"image", "target"}
    assert jobs["deploy"].holds_secrets
    assert jobs["pack"].holds_secrets
    assert jobs["test"].artifacts[0].whole_workspace


def test_the_hardened_example_is_what_it_says() -> None:
    found = example("hardened")
    assert not found.problems
    [only] = found.pipelines
    jobs = {one.id: one for one in only.jobs}
    assert not any(one.mutable for one in only.references)
    assert not any(one.mutable for job in only.jobs for one in job.references)
    assert not any(x.reparsed for job in only.jobs for s in job.steps for x in s.expansions)
    assert jobs["deploy"].gates == ("branch", "protected", "environment")
    assert (jobs["deploy"].events, jobs["test"].events) == (("push",), ("change-request", "push"))


@pytest.mark.skipif("PIPELAW_CORPUS" not in os.environ, reason="PIPELAW_CORPUS is not set")
@pytest.mark.parametrize("kind", ["gitlab", "gitlab-nested"])
def test_every_real_file_loads(kind: str) -> None:
    corpus = Path(os.environ["PIPELAW_CORPUS"]) / kind
    for repository in sorted(corpus.iterdir()):
        paths = [path for path in repository.rglob("*") if path.is_file()]
        tree = MemoryTree(
            {path.relative_to(repository).as_posix(): path.read_bytes() for path in paths}
        )
        for path in tree.paths():
            try:
                found = load("gitlab", decode(path, tree.read(path)), tree)
            except UnreadableError:
                continue
            for one in found.pipelines:
                steps = [step for job in one.jobs for step in job.steps]
                places = [
                    one.place,
                    *(job.place for job in one.jobs),
                    *(each.place for each in steps),
                ]
                for scope in (one, *one.jobs, *steps):
                    places += [part.place for part in scope.references]
                    places += [part.place for part in scope.expansions]
                assert all(shown(place) for place in places if place.known)
