from __future__ import annotations

import re
import shlex
import time
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import Place, parse
from pipelaw.facts import references
from pipelaw.facts.control_catalogue import catalogue
from pipelaw.facts.controls import repository, verdict
from pipelaw.model import (
    Artifact,
    Command,
    Control,
    Job,
    Pipeline,
    Reference,
    Repository,
    Script,
    Step,
    Trigger,
    Variable,
)
from pipelaw.source import Source
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw import words

CHANGE = (Trigger(kind="change-request"), Trigger(kind="push"))
EVENTS: tuple[words.Event, ...] = ("change-request", "push")


def script(text: str) -> Script:
    """A script whose commands are found by splitting: enough for the plain texts below."""
    joined = text.replace("\\\n", "  ")
    parts = [part.strip() for part in re.split(r"\|\||&&|;|\n|(?<!\|)\|(?!\|)", joined)]
    commands = [
        Command(name=words[0].rpartition("/")[2], words=tuple(words), text=part)
        for part in parts
        if (words := shlex.split(part))
    ]
    return Script(text=joined, commands=commands)


def action(name: str, **inputs: str) -> Reference:
    given = tuple(
        Variable(name=key.replace("_", "-"), value=value, kind="input")
        for key, value in inputs.items()
    )
    kind: words.ReferenceKind = "workflow" if name.endswith((".yml", ".yaml")) else "action"
    return Reference(kind=kind, text=f"{name}@v1", name=name, ref="v1", inputs=given)


def image(name: str, role: words.Role = "job") -> Reference:
    return references.image(name, Job().place, role)


def run(text: str, *, optional: bool = False) -> Step:
    return Step(scripts=(script(text),), optional=optional)


def use(name: str, **inputs: str) -> Step:
    return Step(references=(action(name, **inputs),))


def pipeline(*steps: Step, job: Job | None = None, **fields: object) -> Pipeline:
    made = job or Job(id="scan", events=EVENTS, steps=steps)
    values: dict[str, object] = {"triggers": CHANGE, "jobs": (made,), **fields}
    return Pipeline(path="ci.yml", platform="github", **values)  # type: ignore[arg-type]


def controls(pipelines: Sequence[Pipeline], tree: MemoryTree | None = None) -> tuple[Control, ...]:
    return repository("", pipelines, (), (), tree).controls


def names(*pipelines: Pipeline) -> set[str]:
    return {f"{control.category}:{control.tool}" for control in controls(pipelines)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("github/codeql-action/analyze", {"sast:codeql"}),
        ("GitHub/CodeQL-Action/Analyze", {"sast:codeql"}),
        ("github/codeql-action/init", set()),
        ("github/codeql-action/upload-sarif", set()),
        ("SonarSource/sonarqube-scan-action", {"sast:sonar"}),
        ("snyk/actions/node", {"sca:snyk"}),
        ("snyk/actions/python-3.11", {"sca:snyk"}),
        ("snyk/actions/setup", set()),
        ("aquasecurity/setup-trivy", set()),
        ("sigstore/cosign-installer", set()),
        ("actions/dependency-review-action", {"sca:dependency-review"}),
        (
            "google/osv-scanner-action/.github/workflows/osv-scanner-reusable-pr.yml",
            {"sca:osv-scanner"},
        ),
        ("gitleaks/gitleaks-action", {"secrets:gitleaks"}),
        ("step-security/harden-runner", {"runtime:runner-monitors"}),
        ("actions/checkout", set()),
        ("oxsecurity/megalinter", set()),
    ],
)
def test_actions(name: str, expected: set[str]) -> None:
    assert names(pipeline(use(name))) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (use("aquasecurity/trivy-action"), {"container:trivy"}),
        (use("aquasecurity/trivy-action", scan_type="fs"), {"sca:trivy"}),
        (use("aquasecurity/trivy-action", scan_type="config"), {"iac:trivy"}),
        (
            use("aquasecurity/trivy-action", scan_type="fs", scanners="vuln,secret"),
            {"sca:trivy", "secrets:trivy"},
        ),
        (use("snyk/actions/node", command="code test"), {"sast:snyk"}),
        (use("snyk/actions/node", command="monitor"), set()),
        (use("fossas/fossa-action"), {"license:fossa"}),
        (use("docker/scout-action", command="quickview"), set()),
    ],
)
def test_inputs_decide_what_an_action_does(step: Step, expected: set[str]) -> None:
    assert names(pipeline(step)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("semgrep ci", {"sast:semgrep"}),
        ("semgrep --metrics=off --verbose ci", {"sast:semgrep"}),
        ("semgrep scan --error --config p/go .", {"sast:semgrep"}),
        ("semgrep --config auto .", {"sast:semgrep"}),
        ("semgrep --validate --config rules/", set()),
        ("semgrep login", set()),
        ("bandit -r src", {"sast:bandit"}),
        ("bandit --version", set()),
        ("pip install bandit", set()),
        ("python -m bandit -r src", {"sast:bandit"}),
        ("uvx bandit@1.8 -r src", {"sast:bandit"}),
        ("uv run --with bandit bandit -r src", {"sast:bandit"}),
        ("uv run python -m bandit -r src", {"sast:bandit"}),
        ("poetry run bandit -r src", {"sast:bandit"}),
        ("pipx run bandit -r src", {"sast:bandit"}),
        ("poetry run pytest -k bandit", set()),
        ("uv run pytest bandit", set()),
        ("timeout -k 5 600 bandit -r src", {"sast:bandit"}),
        ("go run github.com/securego/gosec/v2/cmd/gosec@v2.22.0 ./...", {"sast:gosec"}),
        ("go install github.com/securego/gosec/v2/cmd/gosec@v2.22.0", set()),
        ("$HOME/go/bin/gosec -quiet ./...", {"sast:gosec"}),
        ("mise x -- gosec ./...", {"sast:gosec"}),
        ("mise x node@22 -- gosec ./...", {"sast:gosec"}),
        ("bundle exec brakeman -q", {"sast:brakeman"}),
        ("bin/brakeman", {"sast:brakeman"}),
        ("mvn -B -ntp verify sonar:sonar -Dsonar.projectKey=shop", {"sast:sonar"}),
        ("mvn verify org.sonarsource.scanner.maven:sonar-maven-plugin:5.0:sonar", {"sast:sonar"}),
        ("./mvnw -s settings.xml spotbugs:check", {"sast:spotbugs"}),
        ("./gradlew build sonar --info", {"sast:sonar"}),
        ("./gradlew build", set()),
        ("dotnet sonarscanner begin /k:shop", {"sast:sonar"}),
        ("npx --yes sonar-scanner", {"sast:sonar"}),
        ("vendor/bin/psalm --taint-analysis", {"sast:psalm-taint"}),
        ("vendor/bin/psalm --no-cache", set()),
        ("php vendor/bin/psalm --taint-analysis", {"sast:psalm-taint"}),
        ("ruff check --select E,S .", {"sast:ruff-security"}),
        ("ruff check --select E,SIM .", set()),
        ("golangci-lint run --enable gosec", {"sast:golangci-gosec"}),
        ("golangci-lint run", set()),
        ("snyk code test", {"sast:snyk"}),
        ("snyk --org=shop test --severity-threshold=high", {"sca:snyk"}),
        ("snyk monitor", set()),
        ("npm audit --audit-level=high", {"sca:npm-audit"}),
        ("npm audit fix", set()),
        ("npm ci", set()),
        ("pnpm dlx audit-ci@^7 --high", {"sca:npm-audit"}),
        ("yarn npm audit --all", {"sca:npm-audit"}),
        ("cargo audit", {"sca:cargo-audit"}),
        ("cargo deny --all-features check", {"sca:cargo-deny"}),
        ("cargo build", set()),
        ("gitleaks git --redact .", {"secrets:gitleaks"}),
        ("git secrets --scan", {"secrets:git-secrets"}),
        ("trivy --quiet image shop:1", {"container:trivy"}),
        ("trivy --cache-dir .cache fs .", {"sca:trivy"}),
        ("trivy fs --scanners vuln,secret .", {"sca:trivy", "secrets:trivy"}),
        ("trivy image --download-db-only", set()),
        ("docker scout cves shop:1", {"container:docker-scout"}),
        ("docker build -t shop .", set()),
        ("docker run --rm -v $PWD:/src -w /src semgrep/semgrep semgrep ci", {"sast:semgrep"}),
        ("docker run --rm -v $PWD:/src aquasec/trivy:0.65.0 image shop:1", {"container:trivy"}),
        ("docker run --rm ghcr.io/aquasecurity/trivy fs /src", {"sca:trivy"}),
        ("docker run -v $PWD:/p zricethezav/gitleaks:v8.24.0 git /p", {"secrets:gitleaks"}),
        ("docker run --rm -i hadolint/hadolint < Dockerfile", {"container:hadolint"}),
        ("docker run --rm python:3.13 pytest", set()),
        ("docker run --rm semgrep/semgrep semgrep --validate --config rules", set()),
        ("docker run --rm -e SONAR_TOKEN sonarsource/sonar-scanner-cli", {"sast:sonar"}),
        ("java -jar pipeline-scan.jar --file app.war", {"sast:veracode"}),
        ("codeql database create db", set()),
        ("codeql database analyze db --format=sarif-latest", {"sast:codeql"}),
        ("cosign sign --yes shop@sha256:0", {"signing:cosign"}),
        ("cosign verify shop", set()),
        ("echo run semgrep yourself", set()),
        ("govulncheck ./... && gosec ./...", {"sca:govulncheck", "sast:gosec"}),
    ],
)
def test_commands(text: str, expected: set[str]) -> None:
    assert names(pipeline(run(text))) == expected


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (Job(references=(image("sonarsource/sonar-scanner-cli:11"),)), {"sast:sonar"}),
        (Job(references=(image("docker.io/returntocorp/semgrep"),)), {"sast:semgrep"}),
        (Job(references=(image("mirror.example.com/hub/aquasec/trivy:1"),)), {"container:trivy"}),
        (
            Job(references=(image("aquasec/trivy"),), scripts=(script("trivy fs ."),)),
            {"sca:trivy"},
        ),
        (Job(references=(image("aquasec/trivy"),), steps=(run("trivy config ."),)), {"iac:trivy"}),
        (
            Job(steps=(Step(references=(image("aosapps/drone-sonar-plugin", "plugin"),)),)),
            {"sast:sonar"},
        ),
        (Job(references=(image("ghcr.io/zaproxy/zaproxy:stable", "service"),)), {"dast:zap"}),
        (Job(references=(image("python:3.13"),)), set()),
        (
            Job(
                references=(image("semgrep/semgrep"),), steps=(run("semgrep --validate -c rules"),)
            ),
            set(),
        ),
        (
            Job(references=(image("semgrep/semgrep"),), steps=(run("./scan.sh"),)),
            {"sast:semgrep"},
        ),
        (Job(artifacts=(Artifact(action="upload", name="reports:sast"),)), {"sast:gitlab-sast"}),
        (
            Job(
                artifacts=(Artifact(action="upload", name="reports:sast"),),
                scripts=(script("kics scan -p ."),),
            ),
            {"iac:kics"},
        ),
        (Job(artifacts=(Artifact(action="upload", name="reports:junit"),)), set()),
        (Job(artifacts=(Artifact(action="upload", name="sast"),)), set()),
        (Job(artifacts=(Artifact(action="download", name="reports:sast"),)), set()),
    ],
)
def test_images_and_reports(job: Job, expected: set[str]) -> None:
    assert names(pipeline(job=job)) == expected


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("template", "Jobs/SAST.gitlab-ci.yml", {"sast:gitlab-sast"}),
        ("template", "Security/SAST.gitlab-ci.yml", {"sast:gitlab-sast"}),
        ("template", "Jobs/SAST.latest.gitlab-ci.yml", {"sast:gitlab-sast"}),
        ("template", "Jobs/SAST-IaC.latest.gitlab-ci.yml", {"iac:gitlab-iac"}),
        ("template", "Jobs/Code-Quality.gitlab-ci.yml", set()),
        (
            "template",
            "Auto-DevOps.gitlab-ci.yml",
            {f"{c}:gitlab-auto-devops" for c in ("sast", "sca", "secrets", "container")},
        ),
        ("component", "gitlab.example.com/components/sast/sast", {"sast:gitlab-sast"}),
        (
            "component",
            "$CI_SERVER_FQDN/components/secret-detection/secret-detection",
            {"secrets:gitlab-secret-detection"},
        ),
        ("include", "platform/templates/SAST.gitlab-ci.yml", set()),
        (
            "include",
            "https://gitlab.com/gitlab-org/gitlab/-/raw/master/lib/gitlab/ci/templates/Jobs/SAST.gitlab-ci.yml",
            {"sast:gitlab-sast"},
        ),
    ],
)
def test_templates(kind: words.ReferenceKind, name: str, expected: set[str]) -> None:
    included = Reference(kind=kind, text=name, name=name)
    assert names(pipeline(references=(included,), jobs=())) == expected


def weaknesses(*pipelines: Pipeline) -> tuple[str, ...]:
    (control,) = controls(pipelines)
    return control.weaknesses


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (run("bandit -r src"), ()),
        (run("bandit -r src", optional=True), ("the job goes on when it fails",)),
        (run("bandit -r src || true"), ("its exit status is ignored",)),
        (run("bandit -r src -o out.txt 2>&1 || :"), ("its exit status is ignored",)),
        (run("bandit -r src || echo found something"), ("its exit status is ignored",)),
        (run("bandit -r src || exit 1"), ()),
        (run("bandit -r src; true"), ("its exit status is ignored",)),
        (run("set +e\nbandit -r src\necho done"), ("its exit status is ignored",)),
        (run("set +e\nbandit -r src\nresult=$?\nexit $result"), ()),
        (run("set +e\nmake\nset -e\nbandit -r src"), ()),
        (run("make || true\nbandit -r src"), ()),
        (run("bandit -r src --exit-zero"), ("`--exit-zero` lets findings pass",)),
        (run("checkov -d . --soft-fail"), ("`--soft-fail` lets findings pass",)),
        (run("gosec -no-fail ./..."), ("`-no-fail` lets findings pass",)),
        (run("semgrep ci"), ()),
        (run("semgrep scan --config auto"), ("without `--error` findings never fail it",)),
        (run("semgrep scan --config auto --error"), ()),
        (run("trivy image shop"), ("without `--exit-code` findings never fail it",)),
        (run("trivy image --exit-code 1 shop"), ()),
        (
            run("trivy image --exit-code 0 shop"),
            ("`--exit-code 0` lets findings pass",),
        ),
        (run("dotnet list app.sln package --vulnerable"), ("findings never fail it",)),
        (use("aquasecurity/trivy-action", exit_code="1"), ()),
        (use("aquasecurity/trivy-action"), ("without `exit-code` findings never fail it",)),
        (
            use("anchore/scan-action", fail_build="false"),
            ("`fail-build: false` lets findings pass",),
        ),
        (
            use("snyk/actions/node", args="--all-projects --soft-fail"),
            ("`--soft-fail` lets findings pass",),
        ),
    ],
)
def test_what_makes_a_control_weak(step: Step, expected: tuple[str, ...]) -> None:
    assert weaknesses(pipeline(step)) == expected


def test_a_variable_can_be_the_gate() -> None:
    gate = Variable(name="TRIVY_EXIT_CODE", value="1")
    job = Job(steps=(run("trivy image shop"),), variables=(gate,))
    assert weaknesses(pipeline(job=job)) == ()


def test_findings_that_reach_the_review_need_no_exit_status() -> None:
    upload = use("github/codeql-action/upload-sarif")
    scan = run("semgrep scan --config auto --sarif -o out.sarif || true", optional=True)
    assert weaknesses(pipeline(scan, upload)) == ()
    report = (Artifact(action="upload", name="reports:sast"),)
    job = Job(scripts=(script("semgrep ci --gitlab-sast"),), artifacts=report, optional=True)
    assert weaknesses(pipeline(job=job)) == ()


def test_a_later_step_may_ask_how_the_scan_ended() -> None:
    scan = Step(id="scan", scripts=(script("bandit -r src"),), optional=True)
    fail = Step(index=1, condition="steps.scan.outcome == 'failure'", scripts=(script("exit 1"),))
    assert weaknesses(pipeline(scan, fail)) == ()


@pytest.mark.parametrize(
    ("events", "late"),
    [
        (("schedule",), True),
        (("schedule", "manual"), True),
        (("release",), True),
        (("push",), False),
        (("schedule", "change-request"), False),
        (("call",), False),
        (("upstream",), False),
        ((), False),
    ],
)
def test_a_control_that_no_change_starts_is_weak(
    events: tuple[words.Event, ...], late: bool
) -> None:
    job = Job(id="scan", events=events, steps=(run("bandit -r src"),))
    (control,) = controls([pipeline(job=job)])
    assert bool(control.weaknesses) is late


def test_what_belongs_to_a_release_may_wait_for_it() -> None:
    job = Job(events=("release",), steps=(run("cosign sign shop"), run("trivy config .")))
    signing, scan = controls([pipeline(job=job)])
    assert (bool(signing.weaknesses), bool(scan.weaknesses)) == (False, True)


def test_an_optional_job_is_weak() -> None:
    job = Job(steps=(run("bandit -r src"),), optional=True)
    assert weaknesses(pipeline(job=job)) == ("the pipeline goes on when it fails",)


def test_variables_switch_templates_off() -> None:
    included = Reference(kind="template", text="", name="Jobs/SAST.gitlab-ci.yml")

    def switched(value: str) -> tuple[str, ...]:
        variable = Variable(name="SAST_DISABLED", value=value)
        return weaknesses(pipeline(references=(included,), variables=(variable,), jobs=()))

    assert switched("true") == ("`SAST_DISABLED` switches it off",)
    assert switched("1") == ("`SAST_DISABLED` switches it off",)
    assert switched("false") == ()


@pytest.mark.parametrize(
    "job",
    [
        Job(id="semgrep-sast", events=("manual",)),
        Job(id="semgrep-sast", events=("push",), gates=("manual",)),
    ],
)
def test_a_template_whose_job_is_made_manual_is_weak(job: Job) -> None:
    included = Reference(kind="template", text="", name="Jobs/SAST.gitlab-ci.yml")
    assert weaknesses(pipeline(references=(included,), jobs=(job,))) == (
        "its job is redefined to start late or by hand",
    )


@pytest.mark.parametrize(
    ("script", "idle"),
    [
        ("true", True),
        ("echo skipped: too slow\nexit 0", True),
        ("echo start\n/analyzer run", False),
        ("echo $(/analyzer run)", False),
        ("true && /analyzer run", False),
    ],
)
def test_a_template_whose_script_is_replaced(script: str, *, idle: bool) -> None:
    included = Reference(kind="template", text="", name="Jobs/SAST.gitlab-ci.yml")
    job = Job(id="semgrep-sast", events=("push",), steps=(run(script),))
    found = weaknesses(pipeline(references=(included,), jobs=(job,)))
    assert ("its script is replaced by one that does nothing" in found) is idle


@pytest.mark.parametrize(
    ("job", "reasons"),
    [
        ("semgrep-sast", ("its job is redefined never to start",)),
        ("kubesec-sast", ()),  # one of many
        ("sast", ()),  # only what the others extend
    ],
)
def test_a_template_whose_job_never_starts(job: str, reasons: tuple[str, ...]) -> None:
    included = Reference(kind="template", text="", name="Jobs/SAST.gitlab-ci.yml")
    assert weaknesses(pipeline(references=(included,), jobs=(Job(id=job),))) == reasons


@pytest.mark.parametrize(
    ("name", "kinds", "variables", "strong"),
    [
        ("Jobs/SAST.gitlab-ci.yml", ("change-request",), (), False),
        ("Jobs/SAST.gitlab-ci.yml", ("change-request", "push"), (), True),
        ("Jobs/SAST.latest.gitlab-ci.yml", ("change-request",), (), True),
        ("Jobs/SAST.gitlab-ci.yml", ("change-request",), ("AST_ENABLE_MR_PIPELINES",), True),
    ],
)
def test_a_template_for_branches_in_a_pipeline_for_requests(
    name: str, kinds: tuple[words.Event, ...], variables: tuple[str, ...], *, strong: bool
) -> None:
    found = weaknesses(
        pipeline(
            references=(Reference(kind="template", text="", name=name),),
            triggers=tuple(Trigger(kind=kind) for kind in kinds),
            variables=tuple(Variable(name=one, value="true") for one in variables),
            jobs=(),
        )
    )
    assert bool(found) is not strong


def test_of_equal_controls_in_a_step_the_strongest_counts() -> None:
    step = run("trivy image one\ntrivy image --exit-code 1 two")
    assert weaknesses(pipeline(step)) == ()


STRONG = Control(category="sast", tool="gosec")
WEAK = Control(category="sast", tool="gosec", weaknesses=("its exit status is ignored",))
OTHER = Control(category="sca", tool="snyk")


@pytest.mark.parametrize(
    ("found", "unknown", "expected"),
    [
        ((), (), "missing"),
        ((OTHER,), (), "missing"),
        ((OTHER,), ("a private include",), "unknown"),
        ((WEAK,), (), "weak"),
        ((WEAK, STRONG), (), "present"),
        ((STRONG,), ("a private include",), "present"),
    ],
)
def test_verdict(found: tuple[Control, ...], unknown: tuple[str, ...], expected: str) -> None:
    assert verdict("sast", found, unknown) == expected


def judged(
    *steps: Step,
    languages: tuple[str, ...] = ("python",),
    unknown: tuple[str, ...] = (),
    files: dict[str, str] | None = None,
) -> Repository:
    tree = None if files is None else MemoryTree({k: v.encode() for k, v in files.items()})
    return repository("shop", [pipeline(*steps)], languages, unknown, tree)


def test_a_repository_without_controls() -> None:
    found = judged(run("pytest"), languages=("python", "dockerfile", "terraform"))
    assert found.missing == ("sast", "sca", "secrets", "container", "iac")
    assert found.weak == ()
    assert found.sast == "no pipeline analyses the python code of this repository"
    assert (found.name, found.pipelines, found.jobs, found.platforms) == ("shop", 1, 1, ("github",))


def test_what_nothing_calls_for_is_not_missing() -> None:
    assert judged(run("make"), languages=()).missing == ()
    assert judged(run("make"), languages=("shell",)).missing == ("secrets",)
    assert judged(run("make"), languages=("dockerfile",)).missing == ("container",)


def test_what_could_not_be_read_may_hold_the_control() -> None:
    found = judged(run("pytest"), unknown=("a private include",))
    assert found.missing == ()
    assert found.unknown == ("a private include",)
    assert found.sast.endswith("it may run out of sight: a private include")


def test_tools_that_run_other_tools_leave_it_unknown() -> None:
    found = judged(use("oxsecurity/megalinter"))
    assert found.missing == ()
    assert "oxsecurity/megalinter" in found.unknown[0]
    assert judged(use("pre-commit/action")).missing == ()


def test_a_weak_control() -> None:
    found = judged(run("bandit -r src || true"), run("pip-audit"))
    assert found.weak == ("sast",)
    assert "sast" not in found.missing
    assert "bandit (its exit status is ignored)" in found.sast


def test_a_good_control() -> None:
    found = judged(run("bandit -r src"))
    assert "sast" not in (*found.missing, *found.weak)
    assert found.sast == "static analysis runs: bandit"


PRE_COMMIT = """
repos:
  - repo: https://github.com/PyCQA/bandit
    rev: 1.8.0
    hooks: [{id: bandit}]
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v5.0.0
    hooks: [{id: end-of-file-fixer}, {id: detect-private-key}]
  - repo: local
    hooks: [{id: audit, entry: uv run pip-audit}]
"""


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            run("pre-commit run --all-files"),
            ["sast:bandit", "secrets:private-key-hooks", "sca:pip-audit"],
        ),
        (use("pre-commit/action"), ["sast:bandit", "secrets:private-key-hooks", "sca:pip-audit"]),
        (
            run("uvx prek run --all-files"),
            ["sast:bandit", "secrets:private-key-hooks", "sca:pip-audit"],
        ),
        (run("pre-commit run bandit --all-files"), ["sast:bandit"]),
        (run("pre-commit install"), []),
    ],
)
def test_hooks_that_a_pipeline_runs(step: Step, expected: list[str]) -> None:
    tree = MemoryTree({".pre-commit-config.yaml": PRE_COMMIT.encode()})
    found = controls([pipeline(step)], tree)
    assert [f"{control.category}:{control.tool}" for control in found] == expected


def test_hooks_that_no_pipeline_runs_prove_nothing_but_may_run() -> None:
    found = judged(run("pytest"), files={".pre-commit-config.yaml": PRE_COMMIT})
    assert found.controls == ()
    assert found.missing == ()
    assert "bandit" in found.sast


@pytest.mark.parametrize("text", ["repos: 1", "repos: [1, {repo: [], hooks: x}]", "[", "\x00", ""])
def test_a_broken_hook_file_breaks_nothing(text: str) -> None:
    found = judged(run("pre-commit run"), files={".pre-commit-config.yaml": text})
    assert found.controls == ()


@pytest.mark.parametrize(
    ("command", "files", "missing"),
    [
        ("make test", {"Makefile": "lint:\n\tgosec ./...\n"}, False),
        ("make test", {"Makefile": "test:\n\tgo test ./...\n"}, True),
        ("go test ./...", {"Makefile": "lint:\n\tgosec ./...\n"}, True),
        ("./scripts/ci.sh", {"scripts/ci.sh": "bandit -r src\n"}, False),
        ("bash scripts/ci.sh", {"scripts/ci.sh": "pytest\n"}, True),
        ("golangci-lint run", {".golangci.yml": "linters:\n  enable: [gosec]\n"}, False),
        ("golangci-lint run", {".golangci.yml": "linters:\n  enable: [errcheck]\n"}, True),
        (
            "npm run lint",
            {"package.json": '{"devDependencies":{"eslint-plugin-security":"3"}}'},
            False,
        ),
        ("./mvnw verify", {"pom.xml": "<artifactId>findsecbugs-plugin</artifactId>"}, False),
        ("pytest", {"sonar-project.properties": ""}, False),
        ("make semgrep", {}, False),
        ("make coverity-check", {}, False),
        ("make infer", {}, True),
        ("ninja -C build scan-build", {}, False),
        ("pytest", {}, True),
    ],
)
def test_what_files_of_the_repository_name_is_not_called_missing(
    command: str, files: dict[str, str], missing: bool
) -> None:
    found = judged(run(command), files=files)
    assert ("sast" in found.missing) is missing


def test_actions_read_the_configuration_of_their_program() -> None:
    files = {".golangci.yml": "linters: {enable: [gosec]}"}
    assert "sast" not in judged(use("golangci/golangci-lint-action"), files=files).missing


def test_a_part_of_a_repository_says_nothing_about_the_rest() -> None:
    tree = MemoryTree({"ci.yml": b""})
    tree.named = ["ci.yml"]
    assert repository("shop", [pipeline(run("pytest"))], ("python",), (), tree).missing == ()


def test_a_finding_points_at_what_is_started_not_at_its_parts() -> None:
    source = Source("ci.yml", "on: push")
    (root,) = parse(source)
    part = Pipeline(path="action.yml", platform="github", kind="action", reusable=True)
    main = Pipeline(path="ci.yml", platform="github", place=Place(source, root, root))
    assert repository("shop", [part, main], (), ()).place.source is source
    assert not repository("shop", [part], (), ()).place.known


def test_no_pipelines_at_all() -> None:
    assert repository("shop", [], ("python",), ()).pipelines == 0


def test_the_prefilter_knows_every_command_of_the_catalogue() -> None:
    for program, found in catalogue().signs["runs"].items():
        for sign in found:
            text = " ".join((program, *sign.words)).replace("*", "")
            assert catalogue().mentioned(text), text


def test_every_sign_has_a_category_that_is_known() -> None:
    known = catalogue()
    late = {"dast", "sbom", "signing", "posture", "runtime", "updates", "precommit", "opaque"}
    found = {
        sign.category
        for index in (*known.signs.values(), *known.patterns.values())
        for signs in index.values()
        for sign in signs
    }
    assert found == known.early | late
    assert set(known.expected) <= known.early


def test_huge_scripts_are_quick() -> None:
    words = " ".join(["docker run -v a b", "npx -y x", "uv run"] * 3000)
    wrapped = Command(name="docker", words=tuple(words.split()), text=words)
    step = Step(scripts=(Script(text=f"bandit\n{words}", commands=[wrapped]),))
    many = run("\n".join(f"bandit -r src{number}" for number in range(5000)))
    start = time.perf_counter()
    controls([pipeline(step, many)])
    assert time.perf_counter() - start < 2
