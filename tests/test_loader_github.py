from __future__ import annotations

from functools import partial
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import samples

from pipelaw.errors import UnreadableError

if TYPE_CHECKING:
    from pipelaw.model import Job, Step


loaded = partial(samples.loaded, "github")
workflow = partial(samples.pipeline, "github")


def jobs(text: str, on: str = "push") -> list[Job]:
    return list(
        workflow(
            f"on: {on}\njobs:\n" + "".join(f"  {line}\n" for line in dedent(text).splitlines())
        ).jobs
    )


def steps(text: str, on: str = "push") -> list[Step]:
    lines = "".join(f"      {line}\n" for line in dedent(text).splitlines())
    return list(
        workflow(f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{lines}")
        .jobs[0]
        .steps
    )


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", [("push", "push", False, False)]),
        (
            "[push, pull_request]",
            [("push", "push", False, False), ("pull_request", "change-request", True, False)],
        ),
        ("{push: {tags: ['v*']}}", [("push", "tag", False, False)]),
        ("{push: {tags: ['v*'], branches: [main]}}", [("push", "push", False, False)]),
        ("{pull_request_target: null}", [("pull_request_target", "change-request", True, True)]),
        ("{issue_comment: {types: created}}", [("issue_comment", "comment", True, True)]),
        ("{schedule: [{cron: '0 0 * * *'}]}", [("schedule", "schedule", False, False)]),
        ("milestone", [("milestone", "other", False, False)]),
    ],
)
def test_triggers_in_every_form(on: str, triggers: list[tuple[str, str, bool, bool]]) -> None:
    found = workflow(f"on: {on}\njobs: {{}}").triggers
    assert [(t.name, t.kind, t.outsider, t.privileged) for t in found] == triggers


def test_the_key_on_is_text_also_where_yaml_1_1_reads_true() -> None:
    assert workflow("'on': push\njobs: {}").triggers[0].name == "push"
    assert workflow("on:\n  push:\n    branches: [main]\njobs: {}").triggers[0].branches == (
        "main",
    )


@pytest.mark.parametrize(
    ("uses", "kind", "name", "ref", "pin", "mutable"),
    [
        ("actions/checkout@v4", "action", "actions/checkout", "v4", "tag", True),
        ("a/b/sub/dir@main", "action", "a/b/sub/dir", "main", "branch", True),
        ("a/b", "action", "a/b", "", "none", True),
        ("a/b@" + "0a" * 20, "action", "a/b", "0a" * 20, "commit", False),
        ("a/b@" + "0a" * 32, "action", "a/b", "0a" * 32, "commit", False),
        ("./local", "action", "./local", "", "local", False),
        ("$/local", "action", "$/local", "", "local", False),
        ("docker://alpine", "image", "alpine", "", "none", True),
        (
            "docker://ghcr.io/a/b:1@sha256:" + "0" * 64,
            "image",
            "ghcr.io/a/b",
            "sha256:" + "0" * 64,
            "digest",
            False,
        ),
        ("a/b@${{ inputs.ref }}", "action", "a/b", "${{ inputs.ref }}", "unresolved", False),
    ],
)
def test_what_a_step_uses(
    uses: str, kind: str, name: str, ref: str, pin: str, mutable: bool
) -> None:
    found = steps(f"- uses: {uses}")[0].references[0]
    assert (found.kind, found.name, found.ref, found.pin, found.mutable) == (
        kind,
        name,
        ref,
        pin,
        mutable,
    )


def test_the_comment_behind_a_pin_is_kept() -> None:
    found = steps(f"- uses: a/b@{'0a' * 20}   # v1.2.3 \n- uses: 'a/b@v1' # why\n- uses: a/b@v1")
    assert [step.references[0].comment for step in found] == ["v1.2.3", "why", ""]


@pytest.mark.parametrize(
    ("top", "job", "token", "writes", "identity"),
    [
        ("", "", "default", True, False),
        ("permissions: {}", "", "inherited", False, False),
        ("permissions:", "", "inherited", False, False),
        ("permissions: read-all", "", "inherited", False, False),
        ("permissions: write-all", "", "inherited", True, True),
        ("permissions: {contents: write}", "", "inherited", True, False),
        (
            "permissions: {contents: write}",
            "permissions: {contents: read}",
            "declared",
            False,
            False,
        ),
        ("permissions: {}", "permissions: {id-token: write}", "declared", False, True),
    ],
)
def test_what_a_jobs_token_may_do(
    top: str, job: str, token: str, writes: bool, identity: bool
) -> None:
    found = workflow(
        f"on: push\n{top}\njobs:\n  a:\n    runs-on: x\n    {job}\n    steps: []"
    ).jobs[0]
    assert (found.token, found.writes, found.mints_identity) == (token, writes, identity)


def test_permissions_have_their_risk_and_place() -> None:
    found = workflow(
        "on: push\npermissions:\n  contents: write\n  statuses: write\n  issues: read\njobs: {}"
    )
    assert [(p.scope, p.access, p.risk, p.place.span()[1:3]) for p in found.permissions] == [
        ("contents", "write", "high", (3, 3)),
        ("statuses", "write", "low", (4, 3)),
        ("issues", "read", "none", (5, 3)),
    ]


def test_reach_follows_conditions_and_needs() -> None:
    found = jobs(
        """\
        gate: {runs-on: x, if: "!github.event.pull_request.head.repo.fork", steps: []}
        behind: {runs-on: x, needs: gate, steps: []}
        around: {runs-on: x, needs: [gate], if: "always()", steps: []}
        open: {runs-on: x, steps: [{run: a, if: "github.event.label.name == 'ok'"}, {run: b}]}
        never: {runs-on: x, if: "${{ false }}", steps: []}
        pushed: {runs-on: x, if: "github.event_name == 'push'", steps: []}
        """,
        on="[push, pull_request_target]",
    )
    assert {job.id: (job.exposed, job.gates) for job in found} == {
        "gate": (False, ("repository",)),
        "behind": (False, ("repository",)),
        "around": (True, ()),
        "open": (True, ()),
        "pushed": (False, ()),
    }
    by_id = {job.id: job for job in found}
    assert [step.exposed for step in by_id["open"].steps] == [False, True]
    assert by_id["open"].entry.name == "pull_request_target"
    assert by_id["pushed"].events == ("push",)


@pytest.mark.parametrize(
    ("condition", "exposed"),
    [
        ("always()", True),
        ("always() && (needs.a.result == 'failure' || needs.b.result == 'failure')", False),
        ("always() && (needs.a.result == 'failure' || needs.c.result == 'failure')", True),
        ("always() && (needs.a.result == 'failure' || needs.b.result == 'skipped')", True),
        ("always() && !(needs.a.result == 'success' || needs.b.result == 'success')", True),
        ("always() && contains(needs.*.result, 'failure')", True),
        ("always() && contains(needs.a.result, 'failure') || github.actor != ''", True),
        ("failure()", True),
    ],
)
def test_a_job_that_asks_that_another_has_run_is_behind_its_gate(
    condition: str, *, exposed: bool
) -> None:
    found = jobs(
        f"""\
        a: {{runs-on: x, if: github.event.pull_request.merged, steps: []}}
        b: {{runs-on: x, if: github.event.pull_request.merged == true, steps: []}}
        c: {{runs-on: x, steps: []}}
        told: {{runs-on: x, needs: [a, b, c], if: "{condition}", steps: []}}
        """,
        on="pull_request_target",
    )
    assert found[-1].exposed is exposed


@pytest.mark.parametrize("asked", ["contains(needs.*.result, 'failure')", "failure()"])
def test_nothing_failed_where_nothing_ran(asked: str) -> None:
    found = jobs(
        f"""\
        a: {{runs-on: x, if: github.event.pull_request.merged, steps: []}}
        b: {{runs-on: x, needs: a, steps: []}}
        told: {{runs-on: x, needs: b, if: "always() && {asked}", steps: []}}
        ever: {{runs-on: x, needs: b, if: "!failure() && always()", steps: []}}
        """,
        on="pull_request_target",
    )
    assert [job.exposed for job in found] == [False, False, False, True]


def test_an_expansion_is_placed_in_its_script() -> None:
    found = steps(
        """\
        - run: |
            echo one
              echo "${{ github.event.issue.title }}" ${{ github.sha }}
        """,
        on="issues",
    )[0]
    title, sha = found.expansions
    assert (title.attacker_controlled, title.author) == (True, "whoever opens the issue")
    assert (sha.attacker_controlled, sha.sink, sha.reparsed) == (False, "script", True)
    assert title.place.span()[1:] == (8, 19, 8, 50)


@pytest.mark.parametrize(
    ("on", "code", "controlled"),
    [
        ("issues", "github.event.issue.title", True),
        ("push", "github.event.issue.title", False),
        ("push", "github.event.head_commit.message", True),
        ("pull_request", "github.head_ref", True),
        ("pull_request", "github.event.pull_request.number", False),
        ("pull_request", "github.event.pull_request.title == 'x'", False),
        ("pull_request", "github.event.pull_request.user.login", False),
        ("workflow_call", "github.event.issue.title", True),
        ("issue_comment", "toJSON(github.event)", True),
        ("workflow_run", "github.event.workflow_run.head_branch", True),
        ("gollum", "github.event.pages[0].page_name", True),
        ("issues", "env.TITLE", True),
        ("issues", "env.OTHER", False),
    ],
)
def test_who_writes_an_expansion_depends_on_the_event(on: str, code: str, controlled: bool) -> None:
    env = "{TITLE: '${{ github.event.issue.title }}', OTHER: x}"
    found = steps(f"- run: echo ${{{{ {code} }}}}\n  env: {env}", on=on)[0]
    assert found.expansions[-1].attacker_controlled is controlled


def test_an_inner_variable_hides_an_outer_one() -> None:
    found = steps("- run: echo ${{ env.T }}\n  env: {T: fixed}", on="issues")
    assert not found[0].expansions[0].attacker_controlled


def test_secrets_are_found_where_they_are_used() -> None:
    job = jobs(
        """\
        a:
          runs-on: x
          env: {A: "${{ secrets.one }}"}
          steps:
            - run: echo ${{ secrets['TWO'] }}
            - uses: a/b@v1
              with: {token: "${{ secrets.GITHUB_TOKEN }}", all: "${{ toJSON(secrets) }}"}
        """
    )[0]
    found = [
        (s.name, s.store, s.use, s.target) for scope in (job, *job.steps) for s in scope.secrets
    ]
    assert found == [
        ("ONE", "platform", "environment", "A"),
        ("TWO", "platform", "script", ""),
        ("GITHUB_TOKEN", "token", "input", "token"),
        ("*", "platform", "whole", "all"),
    ]
    assert job.holds_secrets
    assert job.steps[1].references[0].secrets


def test_containers_services_and_volumes() -> None:
    job = jobs(
        """\
        a:
          runs-on: x
          container:
            image: alpine:3
            options: --privileged --network host
            volumes: ["/etc:/etc:ro", "cache:/c", "/var/run/docker.sock:/s"]
          services:
            db: postgres
            cache: {image: "redis:7", credentials: {username: u, password: "${{ secrets.P }}"}}
          steps: []
        """
    )[0]
    assert [(r.text, r.role, r.pin) for r in job.references] == [
        ("alpine:3", "job", "tag"),
        ("postgres", "service", "none"),
        ("redis:7", "service", "tag"),
    ]
    assert [(c.name, c.role, c.privileged, c.options) for c in job.containers] == [
        ("container", "job", True, ("network=host",)),
        ("db", "service", False, ()),
        ("cache", "service", False, ()),
    ]
    assert [(v.source, v.host, v.sensitive, v.docker_socket, v.read_only) for v in job.volumes] == [
        ("/etc", True, True, False, True),
        ("cache", False, False, False, False),
        ("/var/run/docker.sock", True, False, True, False),
    ]


@pytest.mark.parametrize(
    ("runs_on", "labels", "self_hosted"),
    [
        ("ubuntu-latest", ("ubuntu-latest",), False),
        ("[self-hosted, linux]", ("self-hosted", "linux"), True),
        ("{group: big, labels: [x]}", ("x",), False),
        ("${{ matrix.os }}", ("ubuntu-latest", "self-hosted", "windows-latest"), True),
        ("${{ matrix.missing }}", ("${{ matrix.missing }}",), False),
        ("${{ inputs.os }}", ("${{ inputs.os }}",), False),
    ],
)
def test_the_runner_with_its_matrix_put_in(
    runs_on: str, labels: tuple[str, ...], self_hosted: bool
) -> None:
    job = jobs(
        f"""\
        a:
          strategy:
            matrix:
              os: [ubuntu-latest, self-hosted]
              include: [{{os: windows-latest}}]
          runs-on: {runs_on}
          steps: []
        """
    )[0]
    assert (job.runner.labels, job.runner.self_hosted) == (labels, self_hosted)


@pytest.mark.parametrize(
    ("image", "texts"),
    [
        ("db-${{ matrix.n }}:${{ matrix.n }}", ["db-8:8", "db-12:12"]),
        ("db-${{ matrix.n < 10 && 'old' || 'new' }}:${{ matrix.n }}", ["db-old:8", "db-new:12"]),
        ("${{ matrix.n == '12' && 'db' || 'old' }}:1", ["old:1", "db:1"]),
        ("db:${{ !(matrix.n >= 12) && 'a' || matrix.n }}", ["db:a", "db:12"]),
        ("db:${{ github.run_id > 1 && 'a' || 'b' }}", ["db:a", "db:b"]),
        ("db:${{ matrix.n }}-${{ github.sha }}", ["db:${{ matrix.n }}-${{ github.sha }}"]),
    ],
)
def test_an_image_of_each_copy_of_a_job(image: str, texts: list[str]) -> None:
    job = jobs(
        f"""\
        a:
          strategy: {{matrix: {{n: [8, 12]}}}}
          runs-on: ubuntu-latest
          container: "{image}"
          steps: []
        """
    )[0]
    assert [one.text for one in job.references] == texts


@pytest.mark.parametrize(
    ("shell", "job_default", "runner", "name"),
    [
        ("", "", "ubuntu-latest", "bash"),
        ("", "", "windows-latest", "pwsh"),
        ("", "sh", "windows-latest", "sh"),
        ("python {0}", "sh", "ubuntu-latest", "python"),
        ("/usr/bin/bash -eo pipefail {0}", "", "ubuntu-latest", "bash"),
        ("${{ inputs.shell }}", "", "ubuntu-latest", ""),
    ],
)
def test_the_shell_of_a_script(shell: str, job_default: str, runner: str, name: str) -> None:
    job = jobs(
        f"""\
        a:
          runs-on: {runner}
          defaults: {{run: {{shell: "{job_default}"}}}}
          steps: [{{run: a, shell: "{shell}"}}]
        """
    )[0]
    assert job.steps[0].scripts[0].shell == name


def test_parallel_blocks_are_walked() -> None:
    found = steps("- run: a\n- parallel:\n    - run: b\n    - uses: a/b@v1\n- run: c")
    assert [step.identity for step in found] == ["a", "b", "action:a/b", "c"]


CHECKOUT = """\
- uses: actions/checkout@{version}
  with: {{ref: "${{{{ github.event.pull_request.head.sha }}}}"{more}}}
- run: {run}
"""


@pytest.mark.parametrize(
    ("version", "more", "run", "untrusted", "refused", "executor"),
    [
        ("v4.1.1", "", "npm test", True, False, "npm test"),
        ("v4.1.1", "", "cat README.md", True, False, ""),
        ("v4", "", "make", True, True, "make"),
        ("v7.0.1", "", "make", True, True, "make"),
        ("v7", ", allow-unsafe-pr-checkout: true", "make", True, False, "make"),
        ("v4.1.1", ", path: pr", "make", True, False, ""),
        ("v4.1.1", ", path: pr", "make -C pr", True, False, "make -C pr"),
    ],
)
def test_an_outsiders_checkout_and_what_runs_it(
    version: str, more: str, run: str, untrusted: bool, refused: bool, executor: str
) -> None:
    text = CHECKOUT.format(version=version, more=more, run=run)
    found = steps(text, on="pull_request_target")[0].checkouts[0]
    assert (found.untrusted, found.refused, found.executor) == (untrusted, refused, executor)


def test_a_called_workflow_is_a_reference_and_is_not_looked_into() -> None:
    found = loaded(
        """\
        on: push
        jobs:
          a:
            uses: o/r/.github/workflows/x.yml@v1
            with: {x: "${{ github.event.head_commit.message }}"}
            secrets: inherit
          b: {uses: ./.github/workflows/y.yml}
        """
    )
    a, b = found.pipelines[0].jobs
    assert (a.references[0].kind, a.references[0].pin, a.reusable) == ("workflow", "tag", True)
    assert [(s.name, s.use) for s in a.secrets] == [("*", "inherit")]
    assert b.references[0].pin == "local"
    assert [(p.line, p.message) for p in found.unresolved] == [
        (4, "the called workflow o/r/.github/workflows/x.yml@v1 is not looked into"),
        (7, "`./.github/workflows/y.yml` is used and is not in the repository"),
    ]


def test_actions_are_read_by_their_steps_or_image() -> None:
    composite = (
        "name: A\nruns: {using: composite, steps: [{run: 'echo ${{ inputs.x }}', shell: bash}]}"
    )
    pipeline = loaded(composite, "a/action.yml").pipelines[0]
    assert (pipeline.kind, pipeline.reusable) == ("action", True)
    assert [e.text for e in pipeline.jobs[0].steps[0].expansions] == ["${{ inputs.x }}"]
    image = loaded("runs: {using: docker, image: 'docker://alpine'}", "action.yml").pipelines[0]
    assert [r.name for r in image.jobs[0].references] == ["alpine"]
    assert (
        loaded("runs: {using: node24, main: x.js}", "action.yml").pipelines[0].jobs[0].steps == ()
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("on: push\njobs: []", 2, 7, "`jobs` should be a mapping, not a list"),
        ("on: push\njobs: {a: text}", 2, 11, "job `a` should be a mapping, not text"),
        ("on: push\njobs: {a: {steps: {}}}", 2, 19, "`steps` should be a list, not a mapping"),
        ("on: push\njobs: {a: {steps: [x]}}", 2, 20, "a step should be a mapping, not text"),
        ("on: push\njobs: {a: {steps: [{run: [x]}]}}", 2, 26, "`run` should be text, not a list"),
        ("on: push\njobs: {a: {steps: [{uses: }]}}", 2, 27, "`uses` names nothing"),
        ("on: push\njobs: {a: {env: [x]}}", 2, 17, "`env` should be a mapping, not a list"),
        (
            "on: push\npermissions: all\njobs: {}",
            2,
            14,
            "`permissions` is read-all, write-all or a mapping",
        ),
        (
            "on: push\npermissions: {contents: all}\njobs: {}",
            2,
            25,
            "the permission `contents` is read, write or none",
        ),
        ("on: push\njobs: {}\njobs: {}", 3, 1, "duplicate key `jobs` in the file"),
        ("jobs: {}", 1, 1, "a workflow without `on`: nothing starts it"),
        (
            "on: push\njobs: {}\n---\na: b",
            4,
            1,
            "a workflow is one YAML document; the rest is not read",
        ),
    ],
)
def test_a_wrong_shape_is_noted_where_it_is(
    text: str, line: int, column: int, message: str
) -> None:
    found = loaded(text)
    assert found.pipelines
    assert (line, column, message) in [(p.line, p.column, p.message) for p in found.problems]


def test_what_is_no_mapping_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match=r"x\.yml:1:1: a workflow or action is a mapping"):
        loaded("just text")
    assert loaded("# nothing but a comment\n").pipelines == ()
