"""How much findings weigh, where it depends on what the job holds and who decides."""

from __future__ import annotations

from functools import cache
from textwrap import dedent

import pytest

from pipelaw import rulebook
from pipelaw.discover import Candidate
from pipelaw.repository import Work, scan_repository
from pipelaw.tree import MemoryTree

PATHS = {
    "github": ".github/workflows/a.yml",
    "gitlab": ".gitlab-ci.yml",
    "drone": ".drone.yml",
    "woodpecker": ".woodpecker.yml",
}


@cache
def book_of(rule: str) -> rulebook.Rulebook:
    return rulebook.load(only=[rule])


def severities(rule: str, platform: str, text: str, *, origin: str = "") -> list[str]:
    """The severities of a rule's findings in one file, in its order."""
    path = PATHS[platform]
    tree = MemoryTree({path: dedent(text).encode()}, origin=origin)
    work = Work(tree, "", (Candidate(path, platform),))
    found = scan_repository(work, book_of(rule)).findings
    return [finding.severity.name.lower() for finding in found]


def workflow(permissions: str, *steps: str, job: str = "") -> str:
    head = f"on: push\npermissions: {permissions}\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
    return head + job + "    steps:\n" + "".join(f"      - {step}\n" for step in steps)


@pytest.mark.parametrize(
    ("permissions", "severity"),
    [
        ("{contents: read}", "medium"),
        ("{security-events: write, contents: read}", "medium"),
        ("{issues: write, pull-requests: write, checks: write}", "medium"),
        ("{contents: write}", "high"),
        ("{packages: write}", "high"),
        ("{id-token: write}", "high"),
        ("write-all", "high"),
    ],
)
def test_an_action_weighs_what_the_token_can_do(permissions: str, severity: str) -> None:
    text = workflow(permissions, "uses: vendor/tool@v1")
    assert severities("unpinned-action", "github", text) == [severity]
    own = workflow(
        "{contents: read}", "uses: vendor/tool@v1", job=f"    permissions: {permissions}\n"
    )
    assert severities("unpinned-action", "github", own) == [severity]


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        ("", "medium"),
        ("with: {token: '${{ secrets.GITHUB_TOKEN }}'}", "medium"),
        ("with: {token: '${{ github.token }}'}", "medium"),
        ("with: {token: '${{ secrets.VENDOR }}'}", "high"),
        ("env: {TOKEN: '${{ secrets.VENDOR }}'}", "high"),
    ],
)
def test_the_jobs_own_token_is_no_secret_that_an_action_is_handed(
    given: str, severity: str
) -> None:
    text = workflow("{contents: read}", "{uses: vendor/tool@v1, " + (given or "id: a") + "}")
    assert severities("unpinned-action", "github", text) == [severity]


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        ("", "medium"),
        ("    secrets: {token: '${{ secrets.GITHUB_TOKEN }}'}\n", "medium"),
        ("    secrets: {token: '${{ secrets.VENDOR }}'}\n", "high"),
        ("    secrets: inherit\n", "high"),
    ],
)
def test_nor_is_it_one_that_a_called_workflow_is_handed(given: str, severity: str) -> None:
    text = (
        "on: push\npermissions: {contents: read}\njobs:\n  a:\n"
        f"    uses: vendor/flows/.github/workflows/a.yml@v1\n{given}"
    )
    assert severities("unpinned-action", "github", text) == [severity]


@pytest.mark.parametrize(
    ("origin", "severity"),
    [
        ("", "high"),
        ("github.com/Vendor", "low"),
        ("git.example.com/vendor", "low"),
        ("github.com/vend", "high"),
        ("github.com/vendor-tools", "high"),
        ("codeberg.org/vendor", "high"),
    ],
)
def test_what_the_own_account_publishes_weighs_less(origin: str, severity: str) -> None:
    text = workflow("{contents: write}", "uses: vendor/tool@v1", "uses: vendor/set/tool@main")
    found = severities("unpinned-action", "github", text, origin=origin)
    assert found == [severity] * 2

    text = """
        on: push
        jobs:
          call:
            uses: vendor/set/.github/workflows/a.yml@v1
            secrets: inherit
        """
    found = severities("secrets-inherit", "github", text, origin=origin)
    assert found == ["low" if severity == "low" else "medium"]


def test_an_include_of_the_own_group_weighs_less() -> None:
    text = """
        include:
          - {project: acme/templates, file: a.yml}
          - {project: others/templates, file: a.yml}
          - component: gitlab.example.com/acme/scan/scan@main
          - remote: https://acme/templates/a.yml
        test:
          script: make test
        """
    found = severities("unpinned-action", "gitlab", text, origin="gitlab.example.com/acme")
    assert found == ["low", "medium", "low", "high"]


def test_an_account_of_a_registry_is_another_one() -> None:
    text = """
        kind: pipeline
        name: default
        steps:
          - name: notify
            image: acme/notify
            settings: {token: {from_secret: token}}
        """
    found = severities("unpinned-action", "drone", text, origin="git.example.com/acme")
    assert found == ["high"]


def test_a_generator_that_has_to_be_called_by_its_tag() -> None:
    name = "slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml"
    for ref, expected in (("v2.1.0", []), ("main", ["high"])):
        text = (
            "on: push\njobs:\n  a:\n    permissions: {id-token: write, contents: write}\n"
            f"    uses: {name}@{ref}\n"
        )
        assert severities("unpinned-action", "github", text) == expected


DRONE = """\
kind: pipeline
type: docker
name: default
trigger: {event: [tag]}
steps:
  - {name: notify, image: vendor/notify:1, settings: {channel: builds}}
  - {name: publish, image: vendor/publish:1, settings: {token: {from_secret: token}}}
  - {name: build, image: plugins/docker:20, settings: {dry_run: true}}
"""


def test_a_plugin_sees_the_secrets_of_its_own_step() -> None:
    assert severities("unpinned-action", "drone", DRONE) == ["medium", "high", "high"]


def test_a_plugin_that_is_told_where_to_write_holds_little() -> None:
    hook = DRONE.replace("{token: {from_secret: token}}", "{webhook: {from_secret: chat_webhook}}")
    assert severities("unpinned-action", "drone", hook) == ["medium", "medium", "high"]
    named = DRONE.replace("{token: {from_secret: token}}", "{webhook: {from_secret: chat}}")
    assert severities("unpinned-action", "drone", named) == ["medium", "medium", "high"]


def test_a_plugin_of_one_version_weighs_less_than_one_that_moves() -> None:
    exact = DRONE.replace("publish:1", "publish:v1.4.2").replace("docker:20", "docker:20.14.1.2")
    assert severities("unpinned-action", "drone", exact) == ["medium", "medium", "medium"]


def test_a_user_s_name_weighs_less_than_the_password_beside_it() -> None:
    text = """\
        kind: pipeline
        type: docker
        name: default
        steps:
          - name: publish
            image: plugins/docker:20
            settings:
              username: {from_secret: docker_username}
              password: {from_secret: docker_password}
        """
    assert severities("secret-to-outsiders", "drone", text) == ["low", "medium"]


@pytest.mark.parametrize(
    ("secret", "severity"),
    [
        ("DEPLOY_KEY", "high"),
        ("CLOUD_ACCOUNT_ID", "low"),
        ("BOT_APP_ID", "low"),
        ("HUB_USER", "low"),
    ],
)
def test_what_only_names_somebody_is_little_to_steal(secret: str, severity: str) -> None:
    text = f"""\
    on: pull_request_target
    jobs:
      a:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4.1.0
            with: {{ref: "${{{{ github.event.pull_request.head.sha }}}}"}}
          - run: make
            env: {{X: "${{{{ secrets.{secret} }}}}"}}
    """
    assert severities("secret-to-outsiders", "github", text) == [severity]


def test_what_any_server_may_change_weighs_more_than_a_project_of_the_same_one() -> None:
    text = """\
        include:
          - project: platform/templates
            file: build.yml
          - remote: https://templates.example.com/deploy.yml
        """
    assert severities("unpinned-action", "gitlab", text) == ["medium", "high"]


@pytest.mark.parametrize(
    ("source", "target", "severity"),
    [
        ("/data/cache", "/go", "medium"),
        ("/data/ci/keys", "/root/.ssh/", "high"),
        ("/srv/build/.kube", "/kube", "high"),
    ],
)
def test_folders_with_credentials_weigh_more(source: str, target: str, severity: str) -> None:
    text = (
        f"steps:\n  - {{name: a, image: a:1, volumes: ['{source}:{target}'], commands: [make]}}\n"
    )
    assert severities("host-volume", "woodpecker", text) == [severity]


@pytest.mark.parametrize(("name", "severity"), [("HUB_PASSWORD", "low"), ("CI_JOB_TOKEN", "info")])
def test_the_token_of_a_job_is_worth_little_as_an_argument(name: str, severity: str) -> None:
    text = f'job:\n  script: docker login -u bot -p "${name}"\n'
    assert severities("secret-in-arguments", "gitlab", text) == [severity]


@pytest.mark.parametrize(
    ("step", "severity"),
    [
        ("run: curl https://tools.example.com/a | sh", "medium"),
        ("run: curl https://tools.example.com/a | sh && npm publish", "high"),
    ],
)
def test_a_token_whose_rights_nobody_declares(step: str, severity: str) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - " + step
    assert severities("remote-script", "github", text) == [severity]


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("CI_COMMIT_TAG", "low"),
        ("CI_COMMIT_BRANCH", "low"),
        ("CI_COMMIT_MESSAGE", "medium"),
        ("CI_MERGE_REQUEST_TITLE", "medium"),
    ],
)
def test_names_that_members_give_weigh_less(name: str, severity: str) -> None:
    text = f'job:\n  script: eval "echo ${name}"\n'
    assert severities("script-injection", "gitlab", text) == [severity]


def test_pasted_names_of_tags_and_pasted_messages() -> None:
    text = """\
        steps:
          say:
            image: alpine:3.20
            commands:
              - echo ${CI_COMMIT_TAG}
              - echo ${CI_COMMIT_MESSAGE}
        """
    assert severities("script-injection", "woodpecker", text) == ["low", "medium"]


@pytest.mark.parametrize(
    ("machine", "volume", "privileged"),
    [
        ("ubuntu-latest", [], "info"),
        ("[self-hosted, linux]", ["high"], "high"),
        ("a-pool-of-ours", ["low"], "medium"),
    ],
)
def test_machines_that_are_thrown_away_lose_little(
    machine: str, volume: list[str], privileged: str
) -> None:
    text = f"""\
        on: push
        jobs:
          a:
            runs-on: {machine}
            container:
              image: alpine:3.20
              options: --privileged
              volumes: ["/etc:/settings"]
            steps: [{{run: make}}]
        """
    assert severities("host-volume", "github", text) == volume
    assert severities("privileged-container", "github", text) == [privileged]


def test_secrets_stand_outside_environments_only_where_there_are_any() -> None:
    assert severities("secret-outside-environment", "drone", DRONE) == []
    text = workflow("{}", "{run: ./a, env: {A: '${{ secrets.A }}'}}")
    assert severities("secret-outside-environment", "github", text) == ["info"]


@pytest.mark.parametrize(
    ("secret", "severity"),
    [("UPLOAD_TOKEN", "high"), ("CODECOV_TOKEN", "medium"), ("COVERALLS_REPO_TOKEN", "medium")],
)
def test_a_token_that_brings_reports_is_little_to_steal(secret: str, severity: str) -> None:
    step = f"{{uses: acme/report@v2, with: {{token: '${{{{ secrets.{secret} }}}}'}}}}"
    assert severities("unpinned-action", "github", workflow("{}", step)) == [severity]


@pytest.mark.parametrize(
    ("secret", "plugin", "image", "outsiders"),
    [
        ("upload_token", "high", "low", "medium"),
        ("codecov_token", "medium", "info", "low"),
        ("coveralls-repo-token", "medium", "info", "low"),
        ("codecov", "medium", "info", "low"),
    ],
)
def test_nor_is_it_where_plugins_bring_them(
    secret: str, plugin: str, image: str, outsiders: str
) -> None:
    text = f"""
        kind: pipeline
        name: a
        steps:
          - {{name: test, image: "golang:1.26", commands: [make test]}}
          - {{name: report, image: acme/report, settings: {{token: {{from_secret: {secret}}}}}}}
          - {{name: push, image: "plugins/docker:20.1.2", settings: {{repo: acme/app}}}}
        """
    assert severities("unpinned-action", "drone", text)[0] == plugin
    assert severities("unpinned-image", "drone", text) == [image]
    assert severities("secret-to-outsiders", "drone", text) == [outsiders]


@pytest.mark.parametrize(
    ("secret", "severity"), [("UPLOAD_KEY", "high"), ("CODECOV_TOKEN", "medium")]
)
def test_nor_where_a_script_does(secret: str, severity: str) -> None:
    text = f"""
        report:
          script: ["curl -s https://example.com/report.sh | sh -s -- ${secret}"]
        """
    assert severities("remote-script", "gitlab", text) == [severity]


@pytest.mark.parametrize(
    ("checkout", "severity"),
    [
        ("repository: acme/docs", ["low"]),
        ("ref: '${{ github.event.pull_request.head.sha }}', path: request", ["low"]),
        ("ref: '${{ github.event.pull_request.head.sha }}'", ["medium"]),
    ],
)
def test_a_switch_weighs_more_where_it_lets_code_among_the_jobs_own(
    checkout: str, severity: list[str]
) -> None:
    text = f"""
        on: pull_request_target
        jobs:
          a:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v7
                with: {{allow-unsafe-pr-checkout: true, {checkout}}}
        """
    assert severities("unsafe-pr-checkout", "github", text) == severity


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("build_args: ['TOKEN=$${NPM_TOKEN}', 'GO=1']", ["low"]),
        ("build_args_from_env: [NPM_TOKEN, HUB_USER]", ["low"]),
        ("build_args: ['USER=$${HUB_USER}', 'KEY=$${OTHER_TOKEN}']", []),
        ("tags: $${NPM_TOKEN}", []),
    ],
)
def test_a_plugin_hands_secrets_to_a_build(given: str, found: list[str]) -> None:
    text = f"""
        steps:
          - name: image
            image: acme/buildx:1.2.3
            environment: {{NPM_TOKEN: {{from_secret: npm}}, HUB_USER: {{from_secret: user}}}}
            settings: {{{given}}}
        """
    assert severities("secret-in-arguments", "woodpecker", text) == found


def test_nobody_is_told_to_explain_what_is_to_go() -> None:
    text = workflow("{}", "{run: echo}", job="    permissions: {checks: write}\n")
    assert severities("unneeded-permission", "github", text) == ["low"]
    assert severities("undocumented-permission", "github", text) == []
    step = "{run: gh issue close 1, env: {GH_TOKEN: '${{ github.token }}'}}"
    used = workflow("{}", step, job="    permissions: {issues: write}\n")
    assert severities("undocumented-permission", "github", used) == ["info"]


def test_the_jobs_own_token_is_worth_little_by_any_name() -> None:
    step = "{run: 'git push https://x:${KEY}@example.com/a.git', env: {KEY: '${{ github.token }}'}}"
    assert severities("secret-in-arguments", "github", workflow("{}", step)) == ["info"]
    other = step.replace("github.token", "secrets.KEY")
    assert severities("secret-in-arguments", "github", workflow("{}", other)) == ["low"]
    named = other.replace("KEY}", "GITHUB_TOKEN}").replace("{KEY:", "{GITHUB_TOKEN:")
    assert severities("secret-in-arguments", "github", workflow("{}", named)) == ["low"]
    plain = "{run: 'git push https://x:${{ secrets.GITHUB_TOKEN }}@example.com/a.git'}"
    assert severities("secret-in-arguments", "github", workflow("{}", plain)) == ["info"]


@pytest.mark.parametrize(
    ("tag", "severity"),
    [("2.9", "info"), ("2.9-head", "medium"), ("v3-nightly", "medium"), ("3.12-dev", "info")],
)
def test_a_tag_can_follow_what_is_not_released(tag: str, severity: str) -> None:
    text = f"job:\n  image: vendor/app:{tag}\n  script: make\n"
    assert severities("unpinned-image", "gitlab", text) == [severity]


@pytest.mark.parametrize(
    ("first", "severity"),
    [
        ("uses: vendor/propose@v1", "info"),
        ("run: make test", "medium"),
        ("uses: actions/jekyll-build-pages@v1", "medium"),
    ],
)
def test_a_permission_that_every_job_may_need(first: str, severity: str) -> None:
    text = workflow("{pull-requests: write}", first)
    text += "  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: vendor/propose@v1\n"
    assert severities("excessive-permissions", "github", text) == [severity]


def test_another_platforms_token_is_stored_here() -> None:
    text = "job:\n  script: git push https://x:${GITHUB_TOKEN}@example.com/a.git\n"
    assert severities("secret-in-arguments", "gitlab", text) == ["low"]


def test_a_secret_is_told_once_for_each_job() -> None:
    steps = (
        "{run: ./a, if: secrets.A != '', env: {A: '${{ secrets.A }}'}}",
        "{run: ./b, env: {A: '${{ secrets.A }}', B: '${{ secrets.B }}'}}",
    )
    found = severities("secret-outside-environment", "github", workflow("{}", *steps))
    assert found == ["info", "info"]


@pytest.mark.parametrize(
    ("where", "severity"),
    [
        ("container: redis:latest", "medium"),
        ("services: {cache: {image: redis:latest}}", "low"),
        ("services: {cache: {image: redis:latest, options: --privileged}}", "medium"),
        ("services: {cache: {image: redis:7.4}}", "info"),
    ],
)
def test_a_service_sees_nothing_of_the_job(where: str, severity: str) -> None:
    text = workflow("{contents: write}", "{run: make test}", job=f"    {where}\n")
    assert severities("unpinned-image", "github", text) == [severity]


@pytest.mark.parametrize(
    ("permissions", "severity"), [("{}", "medium"), ("{pull-requests: write}", "high")]
)
def test_a_check_that_anybody_passes_weighs_what_is_behind_it(
    permissions: str, severity: str
) -> None:
    job = "    if: github.actor == 'dependabot[bot]'\n"
    text = workflow(permissions, "{run: ./merge}", job=job).replace("push", "pull_request_target")
    assert severities("spoofable-bot-check", "github", text) == [severity]


@pytest.mark.parametrize(("environment", "severity"), [("", "high"), ("reviewed", "low")])
def test_an_environment_stands_before_the_machine(environment: str, severity: str) -> None:
    job = f"    environment: {environment}\n" if environment else ""
    text = workflow("{}", "{run: make}", job=job).replace("push", "pull_request")
    text = text.replace("ubuntu-latest", "self-hosted")
    assert severities("self-hosted-runner", "github", text) == [severity]


@pytest.mark.parametrize(
    ("image", "severity"),
    [
        ("golang", "medium"),
        ("golang:latest", "medium"),
        ("golang:alpine", "medium"),
        ("docker:dind", "medium"),
        ("example/tools:tools-unstable", "medium"),
        ("golang:1.24-alpine", "info"),
        ("debian:bookworm-slim", "info"),
        ("ubuntu:noble", "info"),
        ("node:iron", "info"),
    ],
)
def test_tags_that_name_no_release_move_with_each(image: str, severity: str) -> None:
    text = f"job:\n  image: {image}\n  script: make\n"
    assert severities("unpinned-image", "gitlab", text) == [severity]


@pytest.mark.parametrize(
    ("rules", "found"),
    [("$CI_PIPELINE_SOURCE == 'merge_request_event'", ["low"]), ("$CI_COMMIT_TAG", [])],
)
def test_an_identity_in_a_merge_request_is_a_members(rules: str, found: list[str]) -> None:
    text = f"""\
job:
  id_tokens: {{TOKEN: {{aud: https://cloud.example.com}}}}
  rules: [{{if: "{rules}"}}]
  script: make
"""
    assert severities("excessive-permissions", "gitlab", text) == found


@pytest.mark.parametrize(
    ("job", "severity"),
    [
        ("script: ssh -o StrictHostKeyChecking=no example.com", "low"),
        ("script: ssh -i $DEPLOY_KEY -o StrictHostKeyChecking=no example.com", "medium"),
        ("script: ssh-keyscan example.com >> ~/.ssh/known_hosts", "info"),
    ],
)
def test_who_is_believed_weighs_what_is_sent(job: str, severity: str) -> None:
    assert severities("disabled-verification", "gitlab", f"job: {{{job}}}\n") == [severity]


@pytest.mark.parametrize(
    ("host", "severity"),
    [
        ("tcp://docker:2375", "low"),
        ("tcp://127.0.0.1:2375", "low"),
        ("tcp://192.0.2.7:2375", "high"),
        ("tcp://engine.example.com:2375", "high"),
    ],
)
def test_an_engine_on_the_jobs_own_network(host: str, severity: str) -> None:
    text = f"job:\n  variables: {{DOCKER_HOST: '{host}'}}\n  script: docker build .\n"
    assert severities("engine-without-tls", "gitlab", text) == [severity]


@pytest.mark.parametrize(
    ("events", "text", "severity"),
    [
        ("[pull_request, issue_comment]", "${{ github.event.pull_request.title }}", "medium"),
        ("[pull_request, issue_comment]", "${{ github.event.comment.body }}", "critical"),
        ("[pull_request, issue_comment]", "${{ env.HEAD }}", "medium"),
        ("[pull_request, pull_request_target]", "${{ env.HEAD }}", "critical"),
        (
            "[pull_request, workflow_run]",
            "${{ github.event.workflow_run.head_branch }}",
            "critical",
        ),
    ],
)
def test_a_text_weighs_what_the_runs_that_know_it_can_do(
    events: str, text: str, severity: str
) -> None:
    job = "    env: {HEAD: '${{ github.head_ref }}'}\n"
    found = workflow("{contents: write}", f"run: echo {text}", job=job).replace("push", events, 1)
    assert severities("script-injection", "github", found) == [severity]
    title = "env: {T: '${{ github.event.pull_request.title }}'}, run: eval \"$(gh pr view --jq .title)\""
    asked = workflow("{contents: write}", f"{{{title}}}").replace("push", events, 1)
    assert severities("script-injection", "github", asked) == ["critical"]


@pytest.mark.parametrize(
    ("environment", "severity"), [("", "high"), ("    environment: a\n", "low")]
)
def test_an_environment_may_keep_secrets_from_an_outsiders_code(
    environment: str, severity: str
) -> None:
    head = "${{ github.event.pull_request.head.sha }}"
    steps = (
        f"{{uses: actions/checkout@v4.1.0, with: {{ref: '{head}'}}}}",
        "{run: make, env: {T: '${{ secrets.T }}'}}",
    )
    text = workflow("{}", *steps, job=environment).replace("push", "pull_request_target", 1)
    assert severities("secret-to-outsiders", "github", text) == [severity]


@pytest.mark.parametrize(
    ("condition", "severity"),
    [
        (">\n      ${{ github.event.workflow_run.event == 'push' }}", "high"),
        (">\n      ${{ github.event.workflow_run.event == 'pull_request' }}", "medium"),
        ("${{ github.event.workflow_run.event == 'push' }} && ${{ vars.ON }}", "high"),
        ("${{ github.actor == 'a' || 'b' }}", "high"),
    ],
)
def test_a_condition_that_always_holds_weighs_what_it_was_to_keep_out(
    condition: str, severity: str
) -> None:
    text = (
        "on: {workflow_run: {workflows: [build]}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        f"    if: {condition}\n    steps: [{{run: make}}]\n"
    )
    assert severities("always-true-condition", "github", text) == [severity]


@pytest.mark.parametrize(
    ("gate", "condition", "severity"),
    [
        ("", "github.actor == 'dependabot[bot]'", "high"),
        ("", "contains('main release', github.head_ref)", "high"),
        (
            "github.event.pull_request.head.repo.fork == false",
            "github.actor == 'dependabot[bot]'",
            "low",
        ),
        (
            "github.event.pull_request.head.repo.fork == false",
            "contains('main release', github.head_ref)",
            "medium",
        ),
    ],
)
@pytest.mark.parametrize("of_step", [False, True])
def test_a_condition_weighs_who_meets_it(
    gate: str, condition: str, severity: str, *, of_step: bool
) -> None:
    rule = "substring-contains" if condition.startswith("contains") else "spoofable-bot-check"
    both = f"{gate} && {condition}" if gate else condition
    step = f'{{if: "{both}", run: make}}' if of_step else "run: make"
    job = "" if of_step else f"    if: {both}\n"
    text = workflow("{contents: write}", step, job=job).replace("push", "pull_request_target", 1)
    assert severities(rule, "github", text) == [severity]


@pytest.mark.parametrize(
    ("permissions", "given", "severity"),
    [
        ("{contents: read}", "{}", "info"),
        ("{contents: write}", "{}", "low"),
        ("{contents: write}", "{persist-credentials: true}", "info"),
        ("{contents: read}", "{token: '${{ secrets.BOT }}'}", "low"),
        ("{contents: read}", "{ssh-key: '${{ secrets.KEY }}'}", "low"),
        ("{contents: read}", "{token: '${{ github.token }}'}", "info"),
    ],
)
def test_a_token_that_stays_weighs_what_it_can_do(
    permissions: str, given: str, severity: str
) -> None:
    text = workflow(
        permissions, f"{{uses: actions/checkout@v6, with: {given}}}", "run: make && git push"
    )
    assert severities("persisted-credentials", "github", text) == [severity]


SINKS = {
    "script-injection": 'eval "$T"',
    "env-injection": 'echo "T=$T" >> "$GITHUB_ENV"',
    "path-injection": 'echo "$T" >> "$GITHUB_PATH"',
    "argument-injection": 'sed -i "s/title/$T/" page.html',
    "output-clobbering": 'echo "a=1" >> "$GITHUB_OUTPUT"; echo "b=$T" >> "$GITHUB_OUTPUT"',
    "request-forgery": 'curl "$T"',
}
"""What a script does with an outsider's text, by the rule that reports it."""
RUNNING = ("script-injection", "env-injection", "path-injection", "argument-injection")
"""Those where the outsider's commands run in the end."""


def with_text(script: str, permissions: str, event: str, condition: str, context: str) -> str:
    text = workflow(permissions, f"{{run: {script!r}, env: {{T: '${{{{ {context} }}}}'}}}}")
    job = f"    if: {condition}\n" if condition else ""
    return text.replace("push", event, 1).replace("    steps:", f"{job}    steps:")


@pytest.mark.parametrize("rule", SINKS)
@pytest.mark.parametrize(
    ("permissions", "event", "condition", "runs", "does_not"),
    [
        ("{contents: write}", "issue_comment", "", "critical", "high"),
        ("{}", "issue_comment", "", "high", "medium"),
        (
            "{contents: write}",
            "issue_comment",
            "github.event.comment.author_association == 'OWNER'",
            "low",
            "low",
        ),
    ],
)
def test_an_outsiders_text_weighs_alike_wherever_it_ends_up(
    rule: str, permissions: str, event: str, condition: str, runs: str, does_not: str
) -> None:
    text = with_text(SINKS[rule], permissions, event, condition, "github.event.comment.body")
    severity = runs if rule in RUNNING else does_not
    assert severities(rule, "github", text) == [severity]


def test_one_ladder_holds_for_every_sink() -> None:
    ladders = {rule.id: rule.ladder for rule in rulebook.load(only=[*SINKS]).rules}
    assert len({ladders[rule][-5:] for rule in RUNNING}) == 1
    assert len({ladder[-4:] for rule, ladder in ladders.items() if rule not in RUNNING}) == 1
    assert len({ladder[-3:] for ladder in ladders.values()}) == 1


@pytest.mark.parametrize(
    ("permissions", "more", "severity"),
    [
        ("{contents: read}", "", "low"),
        ("{contents: read}", "token: '${{ secrets.BOT_TOKEN }}'", "medium"),
        ("{issues: write}", "", "high"),
        ("{issues: write}", "sandbox: read-only", "medium"),
        ("{copilot-requests: write}", "", "low"),
    ],
)
def test_a_task_that_an_outsider_writes_weighs_what_the_model_may_do(
    permissions: str, more: str, severity: str
) -> None:
    task = "prompt: '${{ github.event.issue.title }}'"
    step = f"{{uses: actions/ai-inference@v1, with: {{{task}, {more}}}}}"
    text = workflow(permissions, step).replace("on: push", "on: issues")
    assert severities("ai-prompt-injection", "github", text) == [severity]


@pytest.mark.parametrize(
    ("on", "permissions", "image", "found"),
    [
        ("issues", "{contents: write}", "${{ github.event.issue.title }}", ["critical"]),
        ("issues", "{contents: read}", "${{ github.event.issue.title }}", ["high"]),
        ("pull_request", "{contents: write}", "${{ github.head_ref }}", ["low"]),
        ("issues", "{contents: write}", "ghcr.io/acme/x:${{ github.event.issue.title }}", []),
        ("issues", "{contents: write}", "node:${{ github.event.issue.number }}", []),
    ],
)
def test_an_image_that_an_outsider_chooses(
    on: str, permissions: str, image: str, found: list[str]
) -> None:
    job = f"    container: {image}\n"
    text = workflow(permissions, "run: make", job=job).replace("on: push", f"on: {on}")
    assert severities("chosen-by-branch", "github", text) == found


@pytest.mark.parametrize(
    ("head", "ref", "severity"),
    [
        (
            "on: {pull_request_target: {types: [labeled]}}",
            "refs/pull/${{ github.event.number }}/merge",
            "high",
        ),
        (
            "on: {workflow_dispatch: {inputs: {pr: {type: number}}}}",
            "refs/pull/${{ inputs.pr }}/merge",
            "low",
        ),
    ],
)
def test_a_race_weighs_how_long_the_outsider_can_wait(head: str, ref: str, severity: str) -> None:
    text = (
        f"{head}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    permissions: write-all\n"
        "    if: github.event_name != 'pull_request_target' || github.event.label.name == 'ok'\n"
        f"    steps:\n      - uses: actions/checkout@v4.1.0\n        with: {{ref: '{ref}'}}\n"
        "      - run: make test\n"
    )
    assert severities("checkout-race", "github", text) == [severity]
