"""Whose files get into a privileged job, past which gates, and what runs them."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest
from samples import loaded

from pipelaw.document import decode
from pipelaw.loaders.github import load
from pipelaw.loaders.github_workspace import standing
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Artifact, Checkout, Job, Pipeline, Script

OLD = "actions/checkout@v4.1.0"
HEAD_SHA = "${{ github.event.pull_request.head.sha }}"
PATH = ".github/workflows/x.yml"


def pipeline(text: str, **others: str) -> Pipeline:
    files = {f".github/workflows/{name}.yml": dedent(body) for name, body in others.items()}
    files[PATH] = text
    tree = MemoryTree({path: body.encode() for path, body in files.items()})
    found = load(decode(PATH, text.encode()), tree)
    assert found.problems == ()
    return found.pipelines[0]


def job(steps: str, on: str, more: str = "", **others: str) -> Job:
    body = indent(dedent(steps), "      ")
    extra = indent(dedent(more), "    ")
    text = f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n{extra}\n    steps:\n{body}"
    return pipeline(text, **others).jobs[0]


def checkout(
    steps: str, on: str = "pull_request_target", more: str = "", **others: str
) -> Checkout:
    found = [c for step in job(steps, on, more, **others).steps for c in step.checkouts]
    return found[-1]


def action(ref: str, more: str = "") -> str:
    return f"- uses: {OLD}\n  with: {{ref: '{ref}'{more}}}\n"


@pytest.mark.parametrize(
    ("on", "ref", "more", "untrusted", "mutable", "own"),
    [
        ("pull_request_target", HEAD_SHA, "", True, False, False),
        (
            "pull_request_target",
            "${{ github.event.pull_request.base.sha }}",
            "",
            False,
            False,
            False,
        ),
        ("pull_request_target", "${{ github.head_ref }}", "", True, True, True),
        (
            "pull_request_target",
            "${{ github.head_ref }}",
            ", repository: '${{ github.event.pull_request.head.repo.full_name }}'",
            True,
            True,
            False,
        ),
        ("issue_comment", "refs/pull/${{ github.event.issue.number }}/head", "", True, True, False),
        ("workflow_run", "${{ github.event.workflow_run.head_sha }}", "", True, False, False),
        ("workflow_run", "${{ github.event.workflow_run.head_branch }}", "", True, True, True),
        ("pull_request_target", "${{ env.WHERE }}", "", True, False, False),
        ("pull_request", HEAD_SHA, "", False, False, False),
        ("push", HEAD_SHA, "", False, False, False),
    ],
)
def test_whose_code_a_ref_names(
    on: str, ref: str, more: str, untrusted: bool, mutable: bool, own: bool
) -> None:
    found = checkout(action(ref, more), on, f"env: {{WHERE: '{HEAD_SHA}'}}")
    assert (found.untrusted, found.mutable, found.own_branch) == (untrusted, mutable, own)


@pytest.mark.parametrize(
    ("step", "ref", "mutable"),
    [
        (
            "uses: xt0rted/pull-request-comment-branch@v2",
            "${{ steps.s.outputs.head_sha }}",
            False,
        ),
        (
            (
                'run: |\n    REF=$(gh pr view "$N" --json headRefName -q .headRefName)\n'
                '    echo "name=$REF" >> "$GITHUB_OUTPUT"'
            ),
            "${{ steps.s.outputs.name }}",
            True,
        ),
        (
            (
                "run: |\n    DATA=$( curl \\\n      https://api.github.com/repos/x/y/pulls/$N )\n"
                '    echo "commit=$(jq -r .head.sha <<< "$DATA")" >> $GITHUB_OUTPUT'
            ),
            "${{ steps.s.outputs.commit }}",
            False,
        ),
        (
            (
                "uses: actions/github-script@v7\n  with:\n    script: |\n"
                "      const pr = await github.rest.pulls.get({pull_number: 1})\n"
                "      core.setOutput('where', pr.data.head.ref)"
            ),
            "${{ steps.s.outputs.where }}",
            True,
        ),
        *(
            (
                (
                    "uses: actions/github-script@v7\n  with:\n    script: |\n"
                    f"      {asked}await github.rest.pulls.get({{pull_number: 1}})\n"
                    f"      core.setOutput('base', data.base.sha)\n      core.setOutput('it', {given})\n"
                    "      core.setOutput('now', data.base.sha)"
                ),
                "${{ steps.s.outputs.it }}",
                False,
            )
            for asked, given in (
                ("const { data } = ", "data.head.sha"),
                ("const pr = ", "pr.data.head.sha"),
                ("const { data: { head: { sha } } } = ", "sha"),
            )
        ),
        (
            "uses: actions/github-script@v7\n  with: {script: return (await github.rest.pulls.get(x)).data}",
            "${{ fromJSON(steps.s.outputs.result).head.sha }}",
            False,
        ),
        (
            "uses: octokit/request-action@v2.x\n  with: {route: GET /x}",
            "${{ fromJSON(steps.s.outputs.data).head.ref }}",
            True,
        ),
        (
            'run: echo "::set-output name=it::$(curl $URL | jq -r .head.sha)"',
            "${{ steps.s.outputs.it }}",
            False,
        ),
        ("uses: a/find@v1", "${{ steps.s.outputs.pr_head_sha }}", False),
        (
            'run: echo "WHERE=$(gh pr view 1 --json headRefOid -q .headRefOid)" >> $GITHUB_ENV',
            "${{ env.WHERE }}",
            False,
        ),
    ],
)
def test_a_ref_is_followed_through_the_steps_before(step: str, ref: str, mutable: bool) -> None:
    found = checkout(f"- id: s\n  {step}\n{action(ref)}", "issue_comment")
    assert (found.untrusted, found.mutable) == (True, mutable)


@pytest.mark.parametrize(
    "step",
    [
        "uses: a/version@v1",
        'run: echo "name=$(git describe)" >> $GITHUB_OUTPUT',
        "run: |\n    B=$(gh pr view 1 --json baseRefName)\n    echo name=$B >> $GITHUB_OUTPUT",
        (
            "run: |\n    D=$(gh pr view 1 --json headRefOid,baseRefOid)\n"
            '    echo name=$(jq -r .baseRefOid <<< "$D") >> $GITHUB_OUTPUT'
        ),
        (
            "uses: actions/github-script@v7\n  with:\n    script: |\n"
            "      const { data } = await github.rest.pulls.get({pull_number: 1})\n"
            "      const target = data.base.sha\n      core.setOutput('name', target)\n"
            "      core.setOutput('head', data.head.sha)"
        ),
    ],
)
def test_other_outputs_are_not_a_requests_code(step: str) -> None:
    found = checkout(f"- id: s\n  {step}\n{action('${{ steps.s.outputs.name }}')}", "issue_comment")
    assert not found.untrusted


@pytest.mark.parametrize(
    ("read", "role", "untrusted"),
    [
        ('echo "ref=${BODY#/try }" >> $GITHUB_OUTPUT', "NONE", True),
        ('echo "ref=${BODY#/try }" >> $GITHUB_OUTPUT', "MEMBER", False),
        ('echo "ref=$(tr -cd 0-9 <<< "$BODY")" >> $GITHUB_OUTPUT', "NONE", False),
    ],
)
def test_a_ref_that_a_comment_names(read: str, role: str, *, untrusted: bool) -> None:
    env = "env: {BODY: '${{ github.event.comment.body }}'}"
    steps = f"- id: s\n  {env}\n  run: {read}\n{action('${{ steps.s.outputs.ref }}')}"
    more = f"if: github.event.comment.author_association == '{role}'"
    found = checkout(steps, "issue_comment", more)
    assert found.untrusted is untrusted
    assert not untrusted or found.author == "whoever comments"


def test_a_ref_may_come_from_the_matrix() -> None:
    matrix = f"strategy: {{matrix: {{ref: [main, '{HEAD_SHA}'], other: [main]}}}}"
    found = [
        checkout(action(f"${{{{ matrix.{axis} }}}}"), more=matrix) for axis in ("ref", "other")
    ]
    assert [one.untrusted for one in found] == [True, False]


@pytest.mark.parametrize("part", ["", "github.payload."])
def test_a_ref_may_be_sent_on_by_another_workflow(part: str) -> None:
    ref = f"${{{{ github.event.client_payload.{part}pull_request.head.ref }}}}"
    assert checkout(action(ref), "repository_dispatch").untrusted


def test_a_ref_is_followed_through_the_outputs_of_another_job() -> None:
    found = pipeline(
        f"""\
on: issue_comment
jobs:
  b:
    needs: find
    runs-on: x
    steps:
      - uses: {OLD}
        with: {{ref: "${{{{ needs.find.outputs.commit }}}}"}}
      - run: make
  find:
    runs-on: x
    outputs: {{commit: "${{{{ steps.pr.outputs.sha }}}}"}}
    steps:
      - id: pr
        run: echo "sha=$(gh api repos/x/y/pulls/1 --jq .head.sha)" >> $GITHUB_OUTPUT
"""
    )
    assert found.jobs[0].steps[0].checkouts[0].untrusted
    assert found.jobs[0].runs_outsider_code
    assert found.jobs[0].hijackable


LOOKS_UP = b"""
inputs: {number: {required: true}, fallback: {}}
outputs:
  Commit: {value: "${{ steps.pr.outputs.sha }}"}
  base: {value: "${{ steps.pr.outputs.base }}"}
  given: {value: "${{ inputs.fallback }}"}
runs:
  using: composite
  steps:
    - id: pr
      shell: bash
      run: |
        data=$(gh pr view ${{ inputs.number }} --json headRefOid,baseRefName)
        echo "sha=$(jq -r .headRefOid <<< "$data")" >> "$GITHUB_OUTPUT"
        echo "base=$(jq -r .baseRefName <<< "$data")" >> "$GITHUB_OUTPUT"
"""


@pytest.mark.parametrize(
    ("output", "untrusted"), [("commit", True), ("base", False), ("given", True), ("none", False)]
)
def test_a_ref_is_an_output_of_a_local_action(output: str, untrusted: bool) -> None:
    text = f"""\
on: issue_comment
jobs:
  a:
    runs-on: x
    steps:
      - id: pr
        uses: ./tools/look-up
        with: {{number: 1, fallback: "refs/pull/${{{{ github.event.issue.number }}}}/head"}}
      - uses: {OLD}
        with: {{ref: "${{{{ steps.pr.outputs.{output} }}}}"}}
      - run: make
"""
    tree = MemoryTree({PATH: text.encode(), "tools/look-up/action.yml": LOOKS_UP})
    found = load(decode(PATH, text.encode()), tree).pipelines[0].jobs[0].steps[1].checkouts[0]
    assert found.untrusted is untrusted


CALLING = """
    on: issue_comment
    jobs:
      Find:
        runs-on: x
        outputs: {commit: "${{ steps.pr.outputs.sha }}"}
        steps:
          - id: pr
            run: echo "sha=$(gh api repos/x/y/%s --jq .%s)" >> $GITHUB_OUTPUT
      call:
        needs: Find
        uses: ./.github/workflows/x.yml
        with: {at: "${{ needs.Find.outputs.commit }}"}
"""


@pytest.mark.parametrize(
    ("what", "member", "untrusted"),
    [("pulls/1", "head.sha", True), ("pulls/1", "base.sha", False), ("commits/main", "sha", False)],
)
def test_a_ref_is_an_output_of_a_job_beside_the_one_that_calls(
    what: str, member: str, untrusted: bool
) -> None:
    on = "{workflow_call: {inputs: {at: {type: string}}}}"
    steps = f"{action('${{ inputs.at }}')}- run: make\n"
    found = job(steps, on, caller=CALLING % (what, member)).steps[0].checkouts[0]
    assert (found.untrusted, found.executed) == (untrusted, untrusted)


@pytest.mark.parametrize(
    ("on", "untrusted"),
    [
        ("[pull_request, issue_comment]", False),  # a comment's run knows no such commit
        ("[pull_request, pull_request_target]", True),
    ],
)
def test_a_commit_that_only_a_run_without_rights_knows(on: str, untrusted: bool) -> None:
    assert checkout(action(HEAD_SHA), on).untrusted is untrusted


@pytest.mark.parametrize(("ref", "hijackable"), [("", False), (HEAD_SHA, True)])
def test_rights_and_outsiders_code_have_to_meet_in_one_run(ref: str, hijackable: bool) -> None:
    found = job(f"{action(ref)}- run: make\n", "[pull_request, pull_request_target]")
    assert (found.exposed, found.runs_outsider_code) == (True, True)
    assert found.hijackable is hijackable


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ('gh pr checkout "$N"', 'gh pr checkout "$N"'),
        ("gh -R x/y pr checkout 1", "gh -R x/y pr checkout 1"),
        ("gh pr diff 1 | git apply", "git apply"),
        ("curl -L https://github.com/x/y/pull/$N.patch > a\ngit am a", "git am a"),
        (
            "git fetch origin pull/$N/head && git checkout FETCH_HEAD",
            "git fetch origin pull/$N/head",
        ),
        (f"git checkout {HEAD_SHA}", f"git checkout {HEAD_SHA}"),
        ('git fetch origin "$SHA"\ngit reset --hard FETCH_HEAD', 'git fetch origin "$SHA"'),
        ('git clone "https://github.com/$FORK" pr', 'git clone "https://github.com/$FORK" pr'),
        (
            "curl -L https://api.github.com/repos/x/y/tarball/refs/pull/$N/head | tar xz",
            "curl -L https://api.github.com/repos/x/y/tarball/refs/pull/$N/head",
        ),
        (
            "wget https://github.com/x/y/archive/refs/pull/$N/merge.zip\nunzip merge.zip",
            "wget https://github.com/x/y/archive/refs/pull/$N/merge.zip",
        ),
        (
            "curl -o a.zip https://codeload.github.com/$FORK/zip/$SHA && unzip a.zip",
            "curl -o a.zip https://codeload.github.com/$FORK/zip/$SHA",
        ),
        ("gh api repos/x/y/tarball/$SHA | tar xz", "gh api repos/x/y/tarball/$SHA"),
        (
            'git clone -b "$BRANCH" "https://github.com/$FORK"',
            'git clone -b "$BRANCH" "https://github.com/$FORK"',
        ),
        ("gh repo clone $FORK pr -- -b $BRANCH", "gh repo clone $FORK pr -- -b $BRANCH"),
        (
            "git remote add f https://github.com/$FORK\ngit fetch f\ngit checkout -b x f/$BRANCH",
            "git fetch f",
        ),
        ("git fetch origin $SHA\ngit restore -s FETCH_HEAD .", "git fetch origin $SHA"),
        ("git fetch origin $SHA\ngit show FETCH_HEAD:x.sh | sh", "git show FETCH_HEAD:x.sh"),
        (
            'pip install "git+https://github.com/$FORK@$SHA"',
            'pip install "git+https://github.com/$FORK@$SHA"',
        ),
        ('npm install "github:$FORK#$SHA"', 'npm install "github:$FORK#$SHA"'),
        (
            "docker build https://github.com/$FORK.git#$SHA",
            "docker build https://github.com/$FORK.git#$SHA",
        ),
        (
            'U="https://github.com/$FORK/archive/$SHA.tar.gz"\ncurl -L "$U" | tar xz',
            'curl -L "$U"',
        ),
        ("go install github.com/$FORK/cmd@$SHA", "go install github.com/$FORK/cmd@$SHA"),
        ('cargo install --git "$URL" --rev $SHA', 'cargo install --git "$URL" --rev $SHA'),
        (
            "npm install https://github.com/$FORK/archive/$SHA.tar.gz",
            "npm install https://github.com/$FORK/archive/$SHA.tar.gz",
        ),
        ('git submodule add "$URL" sub', 'git submodule add "$URL" sub'),
        (
            "git fetch origin '+refs/pull/*/head:refs/remotes/pr/*'\ngit switch -d pr/$N",
            "git switch -d pr/$N",
        ),
        (
            (
                "git config --add remote.origin.fetch '+refs/pull/*/head:refs/remotes/origin/pr/*'\n"
                "git fetch\ngit checkout origin/pr/$N"
            ),
            "git checkout origin/pr/$N",
        ),
    ],
)
def test_checkouts_by_command(script: str, text: str) -> None:
    env = (
        f"{{SHA: '{HEAD_SHA}', FORK: '${{{{ github.event.pull_request.head.repo.full_name }}}}',"
        " URL: '${{ github.event.pull_request.head.repo.clone_url }}',"
        " BRANCH: '${{ github.head_ref }}'}"
    )
    steps = f"- env: {env}\n  run: |\n{indent(script, '    ')}\n"
    found = checkout(steps)
    assert (found.untrusted, found.ref, found.own_branch) == (True, text, False)


@pytest.mark.parametrize(
    "script",
    [
        "git fetch origin pull/$N/head && git diff FETCH_HEAD",
        "git fetch origin pull/$N/head && git merge-base main FETCH_HEAD",
        "git fetch origin pull/$N/head && git show FETCH_HEAD:x.sh | wc -l",
        "git fetch origin pull/$N/head && git show FETCH_HEAD:x.md > x.md",
        "git archive HEAD | tar x",
        "git checkout $GITHUB_BASE_REF",
        "git checkout -b ${{ github.head_ref }}",
        "git push origin HEAD:${{ github.head_ref }}",
        "gh pr view $N",
        "gh pr diff $N",
        "git apply fixes.patch",
        "curl -o a.zip https://api.github.com/repos/x/y/zipball/refs/pull/$N/head",
        "curl https://api.github.com/repos/x/y/tarball/refs/heads/main | tar xz",
        "gh api repos/x/y/tarball/$GITHUB_SHA | tar xz",
        "curl https://raw.githubusercontent.com/x/y/${{ github.head_ref }}/VERSION",
        "curl https://raw.githubusercontent.com/x/y/main/x.sh | bash",
        "pip install git+https://github.com/x/y@${{ github.sha }}",
        "pip install example==1.0",
        "go install github.com/x/y@${{ github.sha }}",
        "docker build --label a=https://github.com/${{ github.event.pull_request.head.repo.full_name }} .",
        "git fetch origin '+refs/pull/*/head:refs/remotes/pr/*' && git checkout main",
    ],
)
def test_other_commands_are_no_checkouts(script: str) -> None:
    found = job(f"- run: {script}\n", "pull_request_target")
    assert [c for step in found.steps for c in step.checkouts] == []


@pytest.mark.parametrize(
    ("more", "later", "executor"),
    [
        ("", "run: npm ci", "npm ci"),
        ("", "run: cat README.md", ""),
        (
            "",
            "uses: oxsecurity/megalinter/flavors/python@v8",
            "oxsecurity/megalinter/flavors/python",
        ),
        ("", "uses: ./tools/action", "./tools/action"),
        ("", "uses: $/tools/action", ""),
        ("", "uses: ruby/setup-ruby@v1\n  with: {bundler-cache: true}", "ruby/setup-ruby"),
        ("", "uses: ruby/setup-ruby@v1", ""),
        ("", "uses: snyk/actions/gradle@v1", "snyk/actions/gradle"),
        ("", "uses: snyk/actions/setup@v1", ""),
        (
            "",
            "uses: github/codeql-action/init@v3\n  with: {build-mode: autobuild}",
            "github/codeql-action/init",
        ),
        ("", "uses: github/codeql-action/init@v3\n  with: {build-mode: none}", ""),
        (", path: pr", "run: npm ci", ""),
        (", path: pr", "run: cd pr && npm ci", "npm ci"),
        (", path: pr", "run: (cd pr; npm ci)", "npm ci"),
        (", path: pr", "run: npm ci\n  working-directory: ./pr", "npm ci"),
        (", path: pr", "run: python pr/x.py", "python pr/x.py"),
        (", path: pr", "run: python x.py pr/data", ""),
        (", path: pr", "run: for d in own pr; do make -C $d; done", "make -C $d"),
        (", path: pr", "run: for d in own pr; do (cd $d && make); done", "make"),
        (", path: pr", "run: for d in own other; do make -C $d; done", ""),
        (", path: pr", "run: for d in own pr; do wc -l $d; done", ""),
        ("", 'run: for x in checks/*.sh; do bash "$x"; done', "bash $x"),
        (", path: pr", 'run: for x in pr/checks/[0-9]*.sh; do bash "$x"; done', "bash $x"),
        (", path: pr", 'run: for x in checks/*.sh pr/*/?.sh; do . "$x"; done', ". $x"),
        (", path: pr", 'run: for x in checks/*.sh; do bash "$x"; done', ""),
        (", path: pr", 'run: for x in "$GITHUB_WORKSPACE/pr"/*.sh; do bash "$x"; done', "bash $x"),
        (", path: pr", "run: for x in $(find pr -name '*.sh'); do bash $x; done", "bash $x"),
        (", path: pr", "run: for x in $(find own -name '*.sh'); do bash $x; done", ""),
        (
            ", path: pr",
            "run: for x in $(ls -1 pr/checks); do bash pr/checks/$x; done",
            "bash pr/checks/$x",
        ),
        (", path: pr", 'run: find pr -type f | while read -r x; do sh "$x"; done', "sh $x"),
        (", path: pr", 'run: while read -r x; do sh "$x"; done < <(git ls-files own)', ""),
        (", path: pr", 'run: find pr -type f | while read -r x; do wc -l "$x"; done', ""),
        (", path: pr", "run: find pr -name '*.sh' -exec bash {} +", "find pr -name"),
        (", path: pr", "run: find own -name '*.sh' -exec bash {} +", ""),
        (", path: pr", "run: find pr -name Makefile -execdir make {} +", "find pr -name"),
        (", path: pr", "run: find pr -name '*.sh' -exec chmod +x {} +", ""),
        (", path: pr", "run: find pr -name '*.sh'", ""),
        (", path: pr", "run: run-parts --verbose pr/checks", "run-parts --verbose pr/checks"),
        (", path: pr", "run: python x.py\n  env: {PYTHONPATH: 'lib:$PWD/pr/src'}", "PYTHONPATH"),
        (", path: pr", "run: python x.py\n  env: {PYTHONPATH: 'lib:src', DATA: pr}", ""),
        (
            ", path: pr",
            'run: echo "$PWD/pr/bin" >> "$GITHUB_PATH"',
            "echo $PWD/pr/bin",
        ),
        (", path: pr", 'run: echo "$PWD/bin" >> "$GITHUB_PATH"', ""),
        (", path: pr", "run: bash $GITHUB_WORKSPACE/pr/x.sh", "bash $GITHUB_WORKSPACE/pr/x.sh"),
        (", path: pr", "uses: ./pr/action", "./pr/action"),
        (", path: pr", "uses: ./action", ""),
        (
            "",
            "uses: actions/github-script@v7\n  with: {script: 'require(\"./x\")'}",
            'require("./x")',
        ),
        ("", f"uses: {OLD}\n- run: npm ci", ""),
        ("", f"uses: {OLD}\n  with: {{path: own}}\n- run: make -C own", ""),
        ("", f"uses: {OLD}\n  if: github.event_name == 'push'\n- run: make", "make"),
        ("", "run: npm ci\n  if: github.event_name == 'push'", ""),
    ],
)
def test_what_runs_code_from_a_checkout(more: str, later: str, executor: str) -> None:
    steps = f"{action(HEAD_SHA, more)}- {later}\n"
    found = job(steps, "[push, pull_request_target]").steps[0].checkouts[0]
    assert (found.executed, found.executor) == (bool(executor), executor)


def test_each_loop_is_a_pass_over_the_script_and_few_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes = []

    def counted(script: Script, *rest: Any) -> Any:
        passes.append(script)
        return standing(script, *rest)

    monkeypatch.setattr("pipelaw.loaders.github_executors.standing", counted)
    loops = [f"for x in own/{number}; do make -C $x; done" for number in range(400)]
    for found, lines in ((True, ["for x in pr; do make -C $x; done", *loops]), (False, loops * 2)):
        passes.clear()
        text = "".join(f"    {line}\n" for line in lines)
        steps = f"{action(HEAD_SHA, ', path: pr')}- run: |\n{text}"
        assert job(steps, "pull_request_target").steps[0].checkouts[0].executed is found
        assert len(passes) < 80


def test_only_what_stands_behind_a_checkout_by_command_counts() -> None:
    before = checkout("- run: |\n    npm ci\n    gh pr checkout 1\n", "issue_comment")
    after = checkout("- run: |\n    gh pr checkout 1\n    npm ci\n", "issue_comment")
    assert (before.executed, after.executed) == (False, True)


@pytest.mark.parametrize(
    ("script", "folder", "executor"),
    [
        (f"curl {{}}/tarball/{HEAD_SHA} | tar xz -C pr\nmake -C pr", "pr", "make -C pr"),
        (f"curl {{}}/tarball/{HEAD_SHA} | tar xz --directory=pr\nmake", "pr", ""),
        (f"curl -o a {{}}/zipball/{HEAD_SHA}\nunzip -d pr a\ncd pr/x-*\nmake", "pr", "make"),
        (f"curl https://raw.githubusercontent.com/x/y/{HEAD_SHA}/a.sh | bash", "", "bash"),
        (
            f"curl -o a.sh https://raw.githubusercontent.com/x/y/{HEAD_SHA}/a.sh\nsh a.sh",
            "",
            "sh",
        ),
    ],
)
def test_what_runs_from_an_archive(script: str, folder: str, executor: str) -> None:
    lines = indent(script.replace("{}", "https://api.github.com/repos/x/y", 1), "    ")
    found = checkout(f"- run: |\n{lines}\n")
    assert (found.folder, found.executed, found.executor) == (folder, bool(executor), executor)


@pytest.mark.parametrize(
    ("script", "folder", "executor"),
    [
        ("git worktree add ../pr FETCH_HEAD\ncd ../pr\nnpm ci", "../pr", "npm ci"),
        ("git worktree add -b x pr FETCH_HEAD\nmake -C pr", "pr", "make -C pr"),
        ("git worktree add ../pr FETCH_HEAD\n./count ../pr", "../pr", ""),
        (
            "git archive FETCH_HEAD | tar x -C /tmp/pr\nmake -C /tmp/pr",
            "/tmp/pr",
            "make -C /tmp/pr",
        ),
        ("git archive -o pr.tar request\ntar xf pr.tar\nmake", "", "make"),
        ("bash <(git show request:x.sh)", "", "bash"),
        ('eval "$(git cat-file -p request:env)"', "", "eval"),
        ("git show request:x.py > /tmp/x.py\npython /tmp/x.py", "/tmp/x.py", "python"),
    ],
)
def test_what_runs_of_what_git_fetched(script: str, folder: str, executor: str) -> None:
    fetch = "- run: git fetch origin pull/$N/head:request\n"
    found = checkout(f"{fetch}- run: |\n{indent(script, '    ')}\n")
    assert (found.untrusted, found.folder, found.executor) == (True, folder, executor)


def test_a_file_that_git_printed_may_run_in_a_later_step() -> None:
    fetch = "- run: git fetch origin pull/$N/head\n- run: git show FETCH_HEAD:x.sh > x.sh\n"
    found = job(f"{fetch}- run: bash x.sh\n", "issue_comment")
    [one] = found.steps[1].checkouts
    assert (one.folder, one.executor) == ("x.sh", "bash x.sh")


def test_an_archive_may_be_opened_in_a_later_step() -> None:
    load_it = "- run: gh api repos/x/y/tarball/refs/pull/$N/head > a.tgz\n"
    found = job(f"{load_it}- run: tar xf a.tgz --strip 1\n- run: make\n", "issue_comment")
    [one] = found.steps[0].checkouts
    assert (one.untrusted, one.executor) == (True, "make")


@pytest.mark.parametrize(
    ("paths", "whole"),
    [
        (".", True),
        ("./**/*", True),
        ("${{github.workspace}}/", True),
        ("${{ github.workspace }}", True),
        ("${{ github.workspace }}/dist", False),
        ("dist/**", False),
        (".\n!node_modules", True),
        (".\n!.github", True),
        (".\n!.git", False),
        (".\n!**/.git/**", False),
        ("**\n!./.*", False),
    ],
)
def test_which_artifacts_take_the_whole_workspace(paths: str, whole: bool) -> None:
    text = indent(paths, "      ")
    found = job(f"- uses: actions/upload-artifact@v4.3.0\n  with:\n    path: |\n{text}\n", "push")
    assert found.steps[0].artifacts[0].whole_workspace is whole


@pytest.mark.parametrize(
    ("folder", "paths", "taken"),
    [
        ("src", "src", True),
        ("src", "./src/**", True),
        ("src/app", "${{ github.workspace }}/src/", True),
        ("src", ".", True),
        ("src", "src/dist", False),
        ("src", "src\n!src/.git/**", False),
        ("src", "srcs", False),
        (".", "dist", False),
    ],
)
def test_which_artifacts_take_a_checkout_in_a_folder_of_its_own(
    folder: str, paths: str, taken: bool
) -> None:
    found = job(
        f"- uses: actions/checkout@v4\n  with: {{path: {folder}}}\n"
        f"- uses: actions/upload-artifact@v3\n  with:\n    path: |\n{indent(paths, '      ')}\n",
        "push",
    )
    assert found.steps[0].checkouts[0].uploaded is taken


@pytest.mark.parametrize(
    ("setting", "kept", "deliberate"),
    [
        ("false", False, False),
        ("'${{ false }}'", False, False),
        ("'${{ inputs.x }}'", True, False),
        ("True", True, True),
        ("", False, False),
        ("'no'", False, False),
        ("'0'", False, False),
    ],
)
def test_whether_a_checkout_keeps_the_token(setting: str, kept: bool, deliberate: bool) -> None:
    found = checkout(f"- uses: {OLD}\n  with: {{persist-credentials: {setting}}}\n", "push")
    assert (found.persists_credentials, found.deliberate) == (kept, deliberate)


@pytest.mark.parametrize(
    ("path", "later", "executor"),
    [
        ("pr", 'run: npm --prefix "$DIR" ci', "npm --prefix $DIR"),
        ("pr", 'run: cd "${DIR}" && make', "make"),
        ("pr", "run: make\n  working-directory: ${{ env.DIR }}", "make"),
        ("${{ env.DIR }}", "run: make -C pr", "make -C pr"),
        ("${{ env.DIR }}", "run: make -C other", ""),
        ("pr", 'run: D=pr/web; make -C "$D"', "make -C $D"),
        ("pr", 'run: D=pr; D=web; make -C "$D"', ""),
        ("pr", 'run: make -C "$OTHER"', ""),
    ],
)
def test_folders_that_variables_name(path: str, later: str, executor: str) -> None:
    steps = action(HEAD_SHA, f", path: '{path}'") + f"- {later}\n"
    found = job(steps, "pull_request_target", "env: {DIR: pr, OTHER: '${{ inputs.x }}'}")
    assert found.steps[0].checkouts[0].executor == executor


@pytest.mark.parametrize(
    ("path", "given", "executor"),
    [
        ("", "", "pip install -e"),
        ("pr", "", ""),
        ("pr", "pr", "pip install -e"),
        ("pr", "own", ""),
    ],
)
def test_what_a_local_action_runs(path: str, given: str, executor: str) -> None:
    files = {
        "install/action.yml": """\
        inputs: {folder: {default: .}}
        runs:
          using: composite
          steps:
            - run: pip install -e .
              shell: bash
              working-directory: ${{ inputs.folder }}
        """
    }
    text = f"""\
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: {OLD}
        with: {{ref: '{HEAD_SHA}', path: '{path}'}}
      - uses: $/install
        with: {{folder: '{given}'}}
"""
    [one] = loaded("github", text, files=files).pipelines[0].jobs[0].steps[0].checkouts
    assert one.executor == executor


@pytest.mark.parametrize(
    ("uses", "untrusted"),
    [
        ("namespacelabs/nscloud-checkout-action@v5", True),
        ("acme/workflows/.github/actions/fast-checkout@v1", True),
        ("acme/clone@v1", False),
    ],
)
def test_other_actions_that_check_out(uses: str, untrusted: bool) -> None:
    found = job(f"- uses: {uses}\n  with: {{ref: '{HEAD_SHA}'}}\n", "pull_request_target").steps[0]
    assert [one.untrusted for one in found.checkouts] == [True] * untrusted
    assert not any(one.persists_credentials for one in found.checkouts)


LABELS = "contains(github.event.pull_request.labels.*.name, 'ok')"
COMMENTED = "github.event.comment.author_association == 'OWNER'"
BRANCH = "${{ github.head_ref }}"
NUMBER = "refs/pull/${{ github.event.issue.number || github.event.number }}/merge"


@pytest.mark.parametrize(
    ("on", "condition", "ref", "approval", "bypassed"),
    [
        ("{pull_request_target: {types: [labeled]}}", LABELS, NUMBER, "label", False),
        ("{pull_request_target: {types: [labeled]}}", LABELS, HEAD_SHA, "", False),
        ("{pull_request_target: {types: [labeled, synchronize]}}", LABELS, HEAD_SHA, "", True),
        ("pull_request_target", LABELS, NUMBER, "label", True),
        (
            "{pull_request_target: {types: [labeled, synchronize]}}",
            "github.event.label.name == 'ok'",
            NUMBER,
            "label",
            False,
        ),
        (
            "{pull_request_target: {types: [labeled, synchronize]}}",
            f"github.event.action == 'labeled' && {LABELS}",
            NUMBER,
            "label",
            False,
        ),
        ("issue_comment", COMMENTED, NUMBER, "comment", False),
        ("issue_comment", "github.event.issue.user.login == 'me'", NUMBER, "", False),
        ("workflow_dispatch", "true", "refs/pull/${{ inputs.pr }}/head", "start", False),
    ],
)
def test_what_a_member_gives_first(
    on: str, condition: str, ref: str, approval: str, bypassed: bool
) -> None:
    steps = f"{action(ref)}- run: make\n"
    found = checkout(steps, on, f'if: "{condition}"')
    assert (found.approval, found.bypassed) == (approval, bypassed)


def test_a_ref_handed_through_two_workflows() -> None:
    inputs = "on: {workflow_call: {inputs: {ref: {type: string}}}}\njobs:\n  a:\n"
    middle = inputs + (
        "    uses: ./.github/workflows/x.yml\n    with: {ref: '${{ inputs.ref }}'}\n"
    )
    outer = (
        "on: pull_request_target\njobs:\n  a:\n    uses: ./.github/workflows/middle.yml\n"
        f"    with: {{ref: '{HEAD_SHA}'}}\n"
    )
    steps = f"{action('${{ inputs.ref }}')}- run: make\n"
    on = "{workflow_call: {inputs: {ref: {type: string}}}}"
    found = job(steps, on, middle=middle, outer=outer)
    assert (found.exposed, found.steps[0].checkouts[0].untrusted) == (True, True)
    own = outer.replace("on: pull", "if: false\non: pull").replace(
        "    uses", "    if: github.event.pull_request.head.repo.fork == false\n    uses"
    )
    assert not job(steps, on, middle=middle, outer=own.partition("\n")[2]).exposed


@pytest.mark.parametrize(
    ("people", "exposed"),
    [
        ("OWNER, MEMBER", False),
        ('["OWNER","MEMBER"]', False),
        ("OWNER|COLLABORATOR", False),
        ("OWNER NONE", True),
        ('["OWNER","CONTRIBUTOR"]', True),
    ],
)
def test_a_text_of_associations_is_a_gate_like_a_list(people: str, exposed: bool) -> None:
    asked = f"contains('{people}', github.event.comment.author_association)"
    found = job("- run: make", "issue_comment", f"if: {asked}")
    assert found.exposed is exposed


def test_only_a_forks_own_code_is_refused() -> None:
    new = (
        "- uses: actions/checkout@v7\n  with: {repository: '${{ github.event.pull_request.%s }}'}\n"
    )
    fork, named = checkout(new % "head.repo.full_name"), checkout(new % "body")
    assert (fork.refused, named.refused, named.untrusted) == (True, False, True)


def test_who_gets_in_anyway_waits_for_no_approval() -> None:
    started = checkout(action(NUMBER), "[pull_request_target, workflow_dispatch]")
    member = f"github.event_name == 'pull_request_target' || {COMMENTED}"
    commented = checkout(action(NUMBER), "[pull_request_target, issue_comment]", f'if: "{member}"')
    assert (started.approval, commented.approval) == ("", "")


def test_a_commit_that_the_job_looks_up_is_newer_than_the_comment() -> None:
    lookup = "- id: pr\n  uses: xt0rted/pull-request-comment-branch@v3\n"
    steps = lookup + action("${{ steps.pr.outputs.head_sha }}")
    gated = checkout(steps, "issue_comment", f'if: "{COMMENTED}"')
    assert (gated.mutable, gated.approval) == (True, "comment")
    assert not checkout(steps, "issue_comment").mutable


@pytest.mark.parametrize(
    ("ref", "approval"),
    [
        ("${{ steps.said.outputs.sha }}", ""),
        ("${{ steps.said.outputs.ref }}", "comment"),
        ("${{ steps.head.outputs.sha }}", "comment"),
        ("", "comment"),
    ],
)
def test_a_commit_that_the_comment_names_is_as_old_as_it(ref: str, approval: str) -> None:
    steps = """
        - id: said
          uses: actions/github-script@v7
          with:
            script: |
              const [, sha] = context.payload.comment.body.split(' ')
              core.setOutput('sha', sha)
        - id: head
          env: {GH_TOKEN: '${{ github.token }}'}
          run: echo "sha=$(gh pr view 1 --json headRefOid --jq .headRefOid)" >> "$GITHUB_OUTPUT"
        - uses: actions/checkout@v4.1.0
          with:
            repository: ${{ github.event.issue.user.login }}/${{ github.event.repository.name }}
            ref: %s
        - run: make
    """
    fork = "${{ fromJSON(steps.pr.outputs.data).head.repo.full_name }}"
    named = "${{ github.event.issue.user.login }}/${{ github.event.repository.name }}"
    steps = "- {id: pr, uses: octokit/request-action@v2.x}\n" + dedent(steps).replace(named, fork)
    found = checkout(steps % ref, "issue_comment", f'if: "{COMMENTED}"')
    assert (found.untrusted, found.approval) == (True, approval)


@pytest.mark.parametrize(
    ("later", "aside"),
    [
        ("run: python tools/count.py", True),
        ("run: diff -r docs pr/docs", True),
        ("run: cd pr && git log", True),
        ("run: cd pr && measure", False),
        ("run: measure\n  working-directory: pr", False),
        ("uses: some/builder@v1\n  with: {folder: pr}", False),
        ("uses: some/builder@v1\n  with: {folder: src}", True),
        ("uses: actions/upload-artifact@v5\n  with: {path: pr}", True),
        ("run: python pr/x.py", False),
    ],
)
def test_a_folder_that_nothing_works_in(later: str, aside: bool) -> None:
    found = job(f"{action(HEAD_SHA, ', path: pr')}- {later}\n", "pull_request_target")
    assert found.steps[0].checkouts[0].aside is aside


@pytest.mark.parametrize(
    ("folder", "aside"),
    [("", False), (".", False), ("${{ github.workspace }}", False), ("a/b", True)],
)
def test_the_workspace_itself_is_never_aside(folder: str, aside: bool) -> None:
    assert checkout(action(HEAD_SHA, f", path: '{folder}'")).aside is aside


@pytest.mark.parametrize(
    ("script", "executor"),
    [
        ("cp -r pr/. .\nnpm ci", "npm ci"),
        ("rsync -a pr/ ./\nnpm ci", "npm ci"),
        ("mv pr/* .\nnpm ci", "npm ci"),
        ("cp -r pr/docs .\nnpm ci", ""),
        ("cp -r pr/docs .\nbash docs/x.sh", "bash docs/x.sh"),
        ("cp pr/x.sh tools/\nbash tools/x.sh", "bash tools/x.sh"),
        ("cp pr/x.sh y.sh\n./y.sh", "./y.sh"),
        ("cp own/x.sh y.sh\n./y.sh", ""),
        ("cp -r pr/. $SOMEWHERE\nnpm ci", ""),
        ("rm pr/ci/x.sh\ncp -a own/ci/x.sh pr/ci/\npr/ci/x.sh", ""),
        ("cp own/x.sh pr/y.sh\ncd pr && bash y.sh", ""),
        ("cp own/x.sh pr/y.sh\nbash pr/x.sh", "bash pr/x.sh"),
        ("bash pr/y.sh\ncp own/x.sh pr/y.sh", "bash pr/y.sh"),
        ("cp pr/x.sh pr/y.sh\nbash pr/y.sh", "bash pr/y.sh"),
        ("cp $MAYBE/x.sh pr/y.sh\nbash pr/y.sh", "bash pr/y.sh"),
        ("cp -r own/ci pr/\nbash pr/ci/x.sh", "bash pr/ci/x.sh"),
        ("cp own/* pr/\nbash pr/x.sh", "bash pr/x.sh"),
        ("curl -sSLo pr/x.sh https://example.com/x.sh\nbash pr/x.sh", ""),
        ("cd pr\nwget https://example.com/x.sh --output-document x.sh\nbash x.sh", ""),
        ("curl -o pr/x.sh https://example.com/$WHERE/x.sh\nbash pr/x.sh", "bash pr/x.sh"),
        ("curl -o pr/ci https://example.com/x.sh\nbash pr/ci/x.sh", "bash pr/ci/x.sh"),
        ("curl https://example.com/x.sh\nbash pr/x.sh", "bash pr/x.sh"),
    ],
)
def test_files_are_followed_to_where_they_are_copied(script: str, executor: str) -> None:
    steps = f"{action(HEAD_SHA, ', path: pr')}- run: |\n{indent(script, '    ')}\n"
    assert checkout(steps).executor == executor


def test_a_file_written_over_in_an_earlier_step() -> None:
    steps = f"{action(HEAD_SHA, ', path: pr')}- run: cp own/x.sh pr/x.sh\n- run: bash pr/x.sh\n"
    assert checkout(steps).executor == ""


@pytest.mark.parametrize(
    ("uses", "ref", "refused"),
    [
        ("actions/checkout@v4", HEAD_SHA, True),
        ("actions/checkout@main", HEAD_SHA, True),
        ("actions/checkout@v4", "${{ inputs.pr_ref }}", False),
        (OLD, HEAD_SHA, False),
    ],
)
def test_what_a_called_workflow_is_refused_whoever_calls_it(
    uses: str, ref: str, refused: bool
) -> None:
    steps = f"- uses: {uses}\n  with: {{ref: '{ref}'}}\n"
    assert checkout(steps, "workflow_call").refused is refused


def test_a_label_does_not_stop_who_comments() -> None:
    condition = "if: contains(github.event.issue.labels.*.name, 'ok')"
    found = job(f"{action(NUMBER)}- run: make\n", "issue_comment", condition)
    assert found.exposed
    assert found.steps[0].checkouts[0].untrusted


def test_who_wrote_the_request_counts_for_its_code_and_not_for_the_comment() -> None:
    found = job(action(NUMBER), "issue_comment", "if: github.event.issue.user.login == 'me'")
    assert found.exposed
    assert not found.steps[0].checkouts[0].untrusted


@pytest.mark.parametrize(
    ("check", "exposed"),
    [
        ("uses: sushichop/action-repository-permission@v2", False),
        ("uses: sushichop/action-repository-permission@v2\n  continue-on-error: true", True),
        ("uses: actions-cool/check-user-permission@v2", True),
        ("uses: actions-cool/check-user-permission@v2\n  with: {error-if-missing: true}", False),
        ("uses: actions-cool/check-user-permission@v2\n  with: {require: write}", True),
        ("uses: skjnldsv/check-actor-permission@v3\n  with: {require: write}", False),
        ("run: gh api repos/x/y/collaborators/$WHO/permission | grep write || exit 1", False),
        ("run: gh api repos/x/y/collaborators/$WHO/permission", True),
        (
            "uses: actions/github-script@v7\n  with: {script: 'github.rest.repos.checkCollaborator({})'}",
            False,
        ),
    ],
)
def test_a_step_that_fails_for_outsiders_is_a_gate(check: str, exposed: bool) -> None:
    steps = f"- id: c\n  {check}\n- run: make\n"
    assert job(steps, "issue_comment").steps[-1].exposed is exposed


_FROM = "env: {FROM: '${{ github.event.pull_request.head.repo.full_name }}'}\n  run: "


@pytest.mark.parametrize(
    ("check", "exposed"),
    [
        (_FROM + 'if [ "$FROM" != "$GITHUB_REPOSITORY" ]; then exit 1; fi', False),
        (_FROM + 'test "$FROM" = "$GITHUB_REPOSITORY" || exit 1', False),
        (_FROM + 'if [ "$FROM" != "$GITHUB_REPOSITORY" ]; then echo fork; fi', True),
        ("if: github.event.pull_request.head.repo.fork\n  run: exit 1", False),
        ("if: github.event.pull_request.head.repo.fork\n  run: test -f x || exit 1", True),
        ("if: github.event.pull_request.head.repo.fork == false\n  run: exit 1", True),
        (
            "if: github.event.pull_request.author_association != 'MEMBER'\n  run: exit 1",
            False,
        ),
    ],
)
def test_a_step_that_fails_for_forks_is_a_gate(check: str, exposed: bool) -> None:
    steps = f"- {check}\n- run: make\n"
    assert job(steps, "pull_request_target").steps[-1].exposed is exposed


_FORK = "if: github.event.pull_request.head.repo.fork\n"


@pytest.mark.parametrize(
    ("before", "condition", "exposed"),
    [
        (f"- {_FORK}  run: exit 1", "always()", True),
        (f"- {_FORK}  run: exit 1", "failure()", True),
        (f"- {_FORK}  run: exit 1", "'!cancelled()'", True),
        (f"- {_FORK}  run: exit 1", "vars.ON", False),
        (f"- {_FORK}  id: c\n  run: exit 1", "always() && steps.c.outcome == 'success'", False),
        (f"- {_FORK}  background: true\n  run: exit 1", "vars.ON", True),
        (f"- parallel:\n  - {_FORK}    run: exit 1", "vars.ON", False),
    ],
)
def test_what_a_failing_step_does_not_stop(before: str, condition: str, exposed: bool) -> None:
    steps = f"{before}\n- run: make\n  if: {condition}\n"
    assert job(steps, "pull_request_target").steps[-1].exposed is exposed


def test_steps_of_one_parallel_block_do_not_stop_each_other() -> None:
    steps = f"- parallel:\n  - {_FORK}    run: exit 1\n  - run: make\n- run: make\n"
    found = job(steps, "pull_request_target").steps
    assert [step.exposed for step in found] == [True, True, False]


_ROLE = "env: {ROLE: '${{ github.event.comment.author_association }}'}\n  run: |\n    "
_SCRIPT = (
    "uses: actions/github-script@v8\n  with:\n    script: |\n"
    "      const role = context.payload.comment.author_association\n      "
)
_LISTED = _SCRIPT + "const own = ['OWNER', 'MEMBER']\n      "
_WHO = "env: {WHO: '${{ github.event.comment.user.login }}'}\n  run: "


@pytest.mark.parametrize(
    ("check", "exposed"),
    [
        (_ROLE + 'case "$ROLE" in\n      OWNER|MEMBER) ;;\n      *) exit 1 ;;\n    esac', False),
        (_ROLE + 'case "$ROLE" in\n      NONE) exit 1 ;;\n    esac', True),
        (_ROLE + "[[ $ROLE == OWNER || $ROLE == MEMBER ]] || exit 1", False),
        (_ROLE + "[[ $ROLE == OWNER || $ROLE == CONTRIBUTOR ]] || exit 1", True),
        (_ROLE + "[[ $ROLE == OWNER ]] || echo no", True),
        (_ROLE + "[[ $ROLE == OWNER ]] && exit 1", True),
        (_ROLE + "[[ $ROLE != NONE ]] || exit 1", True),
        (_ROLE + "if [ $ROLE != OWNER ] && [ $ROLE != MEMBER ]; then exit 1; fi", False),
        (_ROLE + 'echo "$ROLE" | grep -qE "^(OWNER|MEMBER)$"', False),
        (_ROLE + 'if [[ ! "$ROLE" =~ ^(OWNER|MEMBER)$ ]]; then exit 1; fi', False),
        (_ROLE + 'if ! [[ "$ROLE" == "OWNER" ]]; then\n      exit 1\n    fi', False),
        (_ROLE + "if ! echo $ROLE | grep -qE '^(OWNER|MEMBER)$'; then exit 1; fi", False),
        (_ROLE + "if [[ $ROLE =~ ^MEMBER$ ]]; then echo; else\n      exit 1\n    fi", False),
        (_ROLE + "if [[ $ROLE =~ ^(OWNER|NONE)$ ]]; then echo; else\n      exit 1\n    fi", True),
        (_ROLE + "if [[ $ROLE =~ ^(OWNER|MEMBER)$ ]]; then\n      exit 1\n    fi", True),
        (_ROLE + "if ! [[ $ROLE =~ ^OWNER$ ]]; then echo; fi\n    test -f x || exit 1", True),
        (_SCRIPT + "if (!/^(OWNER|MEMBER)$/.test(role)) core.setFailed('no')", False),
        (_SCRIPT + "if (/^(OWNER|MEMBER)$/.test(role)) core.setFailed('no')", True),
        (_LISTED + "if (!own.includes(role)) {\n        core.setFailed('no')\n      }", False),
        (_LISTED + "if (!own.has(context.payload.comment.author_association)) throw 'no'", False),
        (_LISTED + "const ok = own.includes(role); if (!ok) core.setFailed('no')", False),
        (_LISTED + "if (own.indexOf(role) === -1) core.setFailed('no')", False),
        (_LISTED + "if (!own.includes(role)) core.warning('no')", True),
        (_LISTED + "if (own.includes(role)) core.setFailed('no')", True),
        (_LISTED + "if (!own.includes(label)) core.setFailed('no')", True),
        (_LISTED.replace("]", ", 'NONE']") + "if (!own.includes(role)) throw 'no'", True),
        (_ROLE.replace("comment", "issue") + "[[ $ROLE == OWNER ]] || exit 1", True),
        (_WHO + "gh api repos/acme/shop/collaborators/$WHO --silent", False),
        (_WHO + "gh api repos/acme/shop/collaborators/$WHO || echo no", True),
        (_WHO + "gh api -X PUT repos/acme/shop/collaborators/$WHO", True),
        (_WHO + "gh api repos/acme/shop/collaborators/$WHO/permission", True),
        (_WHO + "curl -s https://api.github.com/repos/acme/shop/collaborators/$WHO", True),
        (_WHO + "gh api orgs/acme/members/$WHO --silent", False),
        (_WHO + "gh api orgs/acme/members/$WHO || true", True),
        (_WHO + "curl -f https://api.github.com/orgs/acme/members/$WHO", False),
        (_WHO + "curl -sSfL https://api.github.com/orgs/acme/members/$WHO", False),
        (_WHO + "curl -o out --fail https://api.github.com/orgs/acme/members/$WHO", False),
        (_WHO + "curl -s -o /dev/null https://api.github.com/orgs/acme/members/$WHO", True),
        (
            _WHO
            + "at=https://api.github.com/orgs/acme/members/$WHO\n    curl -sw '%{http_code}' $at",
            True,
        ),
        (_WHO + "gh api orgs/acme/members/$WHO\n    curl -d started $HOOK", False),
        (_WHO + "gh api users/$WHO", True),
    ],
)
def test_a_step_that_fails_for_strangers_is_a_gate(check: str, exposed: bool) -> None:
    steps = f"- {check}\n- run: make\n"
    assert job(steps, "issue_comment").steps[-1].exposed is exposed


def test_a_check_may_read_variables_of_the_job() -> None:
    text = """\
    on: issue_comment
    jobs:
      a:
        runs-on: ubuntu-latest
        env: {ROLE: "${{ github.event.comment.author_association }}"}
        steps:
          - run: '[[ $ROLE == OWNER ]] || exit 1'
          - run: make
      b:
        needs: a
        runs-on: ubuntu-latest
        steps:
          - run: make
    """
    first, second = pipeline(dedent(text)).jobs
    assert (first.steps[-1].exposed, second.exposed) == (False, False)


def test_an_answer_is_a_gate_where_it_is_asked_for() -> None:
    steps = """\
    - id: c
      uses: actions-cool/check-user-permission@v2
    - run: make
      if: steps.c.outputs.require-result == 'true'
    - run: make
      if: steps.c.outputs.require-result != 'true'
    """
    found = job(steps, "issue_comment")
    assert [step.exposed for step in found.steps] == [True, False, True]


@pytest.mark.parametrize(
    ("stop", "exposed"),
    [
        ("if: steps.c.outputs.require-result != 'true'\n  run: exit 1", False),
        ("if: steps.c.outputs.require-result == 'false'\n  run: exit 1", False),
        ("if: steps.c.outputs.require-result != 'true'\n  run: echo no", True),
        ("if: steps.c.outputs.require-result == 'true'\n  run: exit 1", True),
        ("if: steps.other.outputs.require-result != 'true'\n  run: exit 1", True),
        ("if: steps.c.outputs.x != 'true'\n  run: exit 1\n  continue-on-error: true", True),
    ],
)
def test_a_step_that_fails_for_a_bad_answer_is_a_gate(stop: str, exposed: bool) -> None:
    steps = f"- id: c\n  uses: actions-cool/check-user-permission@v2\n- {stop}\n"
    assert job(f"{steps}- run: make\n", "pull_request_target").steps[-1].exposed is exposed
    needing = f"""\
on: pull_request_target
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
{indent(steps, "      ")}
  b:
    needs: gate
    runs-on: ubuntu-latest
    steps: [{{run: make}}]
"""
    assert pipeline(needing).jobs[1].exposed is exposed


@pytest.mark.parametrize(
    ("condition", "exposed"),
    [
        ("steps.c.outputs.result == 'admin'", False),
        ('contains(fromJSON(\'["admin", "write"]\'), steps.c.outputs.result)', False),
        ("contains('admin write', fromJSON(steps.c.outputs.result).permission)", False),
        ("fromJSON(steps.c.outputs.result).permission == 'admin'", False),
        ("fromJSON(steps.c.outputs.result)", False),
        ("contains(steps.other.outputs.result, 'admin')", True),
    ],
)
def test_an_answer_may_be_asked_for_in_several_ways(condition: str, exposed: bool) -> None:
    asked = "return (await github.rest.repos.getCollaboratorPermissionLevel({})).data"
    steps = f"""\
    - id: c
      uses: actions/github-script@v7
      with: {{script: "{asked}"}}
    - run: make
      if: {condition}
    """
    assert job(steps, "issue_comment").steps[-1].exposed is exposed


def test_the_gate_of_a_needed_job_counts() -> None:
    found = pipeline(
        """\
on: issue_comment
jobs:
  check:
    runs-on: x
    outputs: {ok: "${{ steps.c.outputs.require-result }}"}
    steps: [{id: c, uses: actions-cool/check-user-permission@v2}]
  a: {needs: check, runs-on: x, if: needs.check.outputs.ok == 'true', steps: []}
  b: {needs: check, runs-on: x, steps: []}
  c: {needs: stop, runs-on: x, steps: []}
  d: {needs: stop, runs-on: x, if: always(), steps: []}
  e: {needs: stop, runs-on: x, if: "always() && needs.stop.result == 'success'", steps: []}
  stop: {runs-on: x, steps: [{uses: sushichop/action-repository-permission@v2}]}
"""
    )
    assert {one.id: one.exposed for one in found.jobs} == {
        "check": True,
        "a": False,
        "b": True,
        "c": False,
        "d": True,
        "e": False,
        "stop": True,
    }


def test_a_comparison_of_dates_ends_the_race() -> None:
    check = """\
    - run: |
        pushed_at=$(gh api repos/x/y/pulls/1 --jq .head.repo.pushed_at)
        [ $(date -d "$pushed_at" +%s) -lt $(date -d "$AT" +%s) ] || exit 1
      env: {AT: "${{ github.event.comment.created_at }}"}
    """
    found = checkout(dedent(check) + action(NUMBER), "issue_comment", f'if: "{COMMENTED}"')
    assert found.approval == ""


def test_an_action_that_always_checks_out_the_request() -> None:
    found = checkout("- uses: r-lib/actions/pr-fetch@v2\n- run: make\n", "issue_comment")
    assert (found.untrusted, found.mutable, found.executor) == (True, True, "make")
    assert not checkout("- uses: r-lib/actions/pr-fetch@v2\n- run: make\n", "push").untrusted


def artifact(steps: str, on: str = "workflow_run") -> Artifact:
    found = [a for step in job(steps, on).steps for a in step.artifacts]
    return found[0]


RUN_ID = "run-id: '${{ github.event.workflow_run.id }}'"


@pytest.mark.parametrize(
    ("steps", "untrusted", "executor", "feeds"),
    [
        (
            f"- uses: actions/download-artifact@v5\n  with: {{{RUN_ID}}}\n- run: make\n",
            True,
            "make",
            "",
        ),
        ("- uses: actions/download-artifact@v5\n- run: make\n", False, "", ""),
        (
            f"- uses: actions/download-artifact@v5\n  with: {{{RUN_ID}, path: a}}\n- run: make\n",
            True,
            "",
            "",
        ),
        (
            (
                "- uses: actions/download-artifact@v5\n"
                f"  with: {{path: '${{{{ runner.temp }}}}/a', {RUN_ID}}}\n"
                "- run: bash $RUNNER_TEMP/a/x.sh\n"
            ),
            True,
            "bash $RUNNER_TEMP/a/x.sh",
            "",
        ),
        (
            "- uses: dawidd6/action-download-artifact@v11\n  with: {workflow: x.yml}\n- run: ./x\n",
            True,
            "./x",
            "",
        ),
        (
            "- uses: dawidd6/action-download-artifact@v11\n  with: {branch: main}\n- run: ./x\n",
            False,
            "",
            "",
        ),
        (
            "- run: gh run download $ID -D a\n- run: |\n    N=$(cat a/n.txt)\n    echo N=$N >> $GITHUB_ENV\n",
            True,
            "",
            "environment file",
        ),
        (
            "- run: gh run download $ID -D a\n- run: echo N=$(tr -cd 0-9 < a/n.txt) >> $GITHUB_ENV\n",
            True,
            "",
            "",
        ),
        (
            (
                "- run: gh run download $ID -D a\n- run: |\n    while read -r each; do\n"
                "      echo $each >> $GITHUB_ENV\n    done < a/list.txt\n"
            ),
            True,
            "",
            "environment file",
        ),
        (
            (
                "- run: gh run download $ID -D a\n- run: |\n    for each in $(cat a/list.txt); do\n"
                "      echo $each >> $GITHUB_ENV\n    done\n"
            ),
            True,
            "",
            "environment file",
        ),
        (
            "- run: |\n    gh api $(jq -r .archive_download_url a.json) > a.zip\n    unzip a.zip\n    make\n",
            True,
            "make",
            "",
        ),
        (
            "- run: gh run download $ID -D /tmp/a\n- run: |\n    cp -r /tmp/a/* .\n    make\n",
            True,
            "make",
            "",
        ),
        (
            "- run: gh run download $ID -D a\n- run: cat a/path >> $GITHUB_PATH\n",
            True,
            "",
            "search path",
        ),
        (
            (
                "- uses: actions/github-script@v7\n  with:\n    script: |\n"
                "      const a = await github.rest.actions.downloadArtifact({})\n"
                "      fs.writeFileSync('a.zip', a)\n- run: unzip a.zip -d b\n- run: sh b/x\n"
            ),
            True,
            "sh b/x",
            "",
        ),
        (
            (
                "- uses: actions/github-script@v7\n  with:\n    script: |\n"
                "      const a = await github.rest.actions.downloadArtifact({})\n"
                "      fs.writeFileSync(`${process.env.GITHUB_WORKSPACE}/a.zip`, a)\n"
                '- run: unzip "${{ github.workspace }}/a.zip" -d "${{ github.workspace }}/b"\n'
                "- run: make\n- run: sh b/x\n"
            ),
            True,
            "sh b/x",
            "",
        ),
    ],
)
def test_files_of_another_run(steps: str, untrusted: bool, executor: str, feeds: str) -> None:
    found = [a for step in job(steps, "workflow_run").steps for a in step.artifacts]
    if not untrusted:
        assert not any(each.untrusted for each in found)
        return
    assert (found[0].untrusted, found[0].executor, found[0].feeds) == (True, executor, feeds)


@pytest.mark.parametrize(
    ("script", "feeds"),
    [
        ("docker load -i a/i.tar\ndocker push acme/shop", "registry"),
        (
            "docker image load --input=a/i.tar\ndocker tag x acme/shop\ndocker push acme/shop",
            "registry",
        ),
        ("podman load < a/i.tar\npodman push acme/shop", "registry"),
        ("docker import a/i.tar acme/shop\ndocker push acme/shop", "registry"),
        ("skopeo copy docker-archive:a/i.tar docker://acme/shop", "registry"),
        ("crane push a/i.tar acme/shop", "registry"),
        ("docker load -i a/i.tar\ndocker run --rm -v $PWD:/work shop", "container"),
        ("docker load -i a/i.tar\ndocker run -e NPM_TOKEN shop", "container"),
        (
            "docker load -i a/i.tar\ndocker run -v /var/run/docker.sock:/s shop\ndocker push shop",
            "registry",
        ),
        ("docker load -i a/i.tar\ndocker run --rm shop", ""),
        ("docker load -i a/i.tar\ndocker build -t acme/shop .\ndocker push acme/shop", ""),
        ("docker load -i other.tar\ndocker push acme/shop", ""),
        ("docker push acme/shop\ndocker load -i a/i.tar", ""),
        ("docker pull acme/shop\ndocker push acme/shop", ""),
        ("skopeo copy docker://x/y docker://acme/shop", ""),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_images_of_another_run(script: str, feeds: str, *, apart: bool) -> None:
    scripts = script.split("\n") if apart else [script]
    steps = "- run: gh run download $ID -D a\n" + "".join(
        "- run: |\n" + indent(each, "    ") + "\n" for each in scripts
    )
    found = [a for step in job(steps, "workflow_run").steps for a in step.artifacts]
    assert [(each.untrusted, each.feeds) for each in found] == [(True, feeds)]


@pytest.mark.parametrize(
    ("script", "feeds"),
    [
        ('[[ $N =~ ^[0-9]+$ ]] || exit 1\necho "n=$N" >> "$GITHUB_OUTPUT"', ""),
        ('if ! [[ $N =~ ^[0-9]+$ ]]; then exit 1; fi\necho "n=$N" >> "$GITHUB_ENV"', ""),
        ('case $N in\n  (*[!0-9]*) exit 1 ;;\nesac\necho "n=$N" >> "$GITHUB_OUTPUT"', ""),
        (
            'N=$(head -n1 <<< "$N")\ngrep -qE "^[0-9]+$" <<< $N || exit 1\necho n=$N >> $GITHUB_ENV',
            "",
        ),
        # of several lines, one is enough for grep
        ('echo "$N" | grep -qE "^[0-9]+$" || exit 1\necho "n=$N" >> $GITHUB_OUTPUT', "outputs"),
        ('[[ $N =~ [0-9]+ ]] || exit 1\necho "n=$N" >> "$GITHUB_OUTPUT"', "outputs"),
        (
            (
                '[[ $N =~ ^[0-9]+$ ]] || exit 1\necho "n=$N" >> $GITHUB_OUTPUT\n'
                'cd $RUNNER_TEMP/a\necho "t=$(cat t.txt)" >> $GITHUB_OUTPUT'
            ),
            "outputs",
        ),
        # whoever knows where a text ends can go on behind it
        ('E=$(openssl rand -hex 8)\n{ echo "t<<$E"\necho "$N"\necho "$E"; } >> $GITHUB_OUTPUT', ""),
        ('{ echo "t<<E"\necho "$N"\necho "E"; } >> $GITHUB_OUTPUT', "outputs"),
        ('E=$(uuidgen)\necho "t<<$E" >> $GITHUB_ENV\necho $N >> $GITHUB_ENV', ""),
        (
            'E=$(uuidgen)\necho "t<<$E" >> $GITHUB_OUTPUT\necho "n=$N" >> $GITHUB_ENV',
            "environment file",
        ),
        ('E=$(uuidgen)\necho "$N<<$E" >> $GITHUB_PATH', "search path"),
    ],
)
def test_what_is_checked_says_nothing_any_more(script: str, feeds: str) -> None:
    lines = f"N=$(cat $RUNNER_TEMP/a/n.txt)\n{script}\n"
    steps = "- run: gh run download $ID -D ${{ runner.temp }}/a\n- run: |\n" + indent(lines, "    ")
    found = [a for step in job(steps, "workflow_run").steps for a in step.artifacts]
    assert [(each.untrusted, each.feeds) for each in found] == [(True, feeds)]


@pytest.mark.parametrize(
    ("uses", "wanted", "found"),
    [
        (OLD, "name: out", [("./x", False)]),
        (OLD, "pattern: o*", [("./x", False)]),
        (OLD, "pattern: a*", []),
        (OLD, "name: other", []),
        ("actions/checkout@v4", "name: out", [("./x", True)]),
    ],
)
def test_files_of_a_job_before_in_which_outsiders_code_ran(
    uses: str, wanted: str, found: list[tuple[str, bool]]
) -> None:
    jobs = pipeline(
        f"""\
on: pull_request_target
jobs:
  build:
    runs-on: x
    steps:
      - uses: {uses}
        with: {{ref: "{HEAD_SHA}"}}
      - run: make
      - uses: actions/upload-artifact@v5
        with: {{name: out, path: out}}
  use:
    needs: build
    runs-on: x
    steps:
      - uses: actions/download-artifact@v5
        with: {{{wanted}}}
      - run: ./x
"""
    ).jobs
    brought = [each for each in jobs[1].steps[0].artifacts if each.untrusted]
    assert [(each.executor, each.refused) for each in brought] == found


CALLED = f"""\
on: workflow_call
jobs:
  a:
    runs-on: x
    steps:
      - uses: {OLD}
        with: {{ref: "${{{{ inputs.ref }}}}"}}
      - run: make
"""


def test_the_callers_of_a_workflow_say_who_starts_it_and_what_its_inputs_hold() -> None:
    caller = """\
    on: {event}
    jobs:
      call: {{uses: ./.github/workflows/x.yml, with: {{ref: "{ref}"}}}}
    """
    open_one = pipeline(CALLED, y=dedent(caller).format(event="pull_request_target", ref=HEAD_SHA))
    closed = pipeline(CALLED, y=dedent(caller).format(event="push", ref=HEAD_SHA))
    plain = pipeline(CALLED, y=dedent(caller).format(event="pull_request_target", ref="main"))
    found = [one.jobs[0] for one in (open_one, closed, plain)]
    assert [one.exposed for one in found] == [True, False, True]
    assert [one.steps[0].checkouts[0].untrusted for one in found] == [True, False, False]


@pytest.mark.parametrize(
    ("on", "outsider"), [("push", False), ("[push, pull_request]", True), ("issues", True)]
)
def test_a_workflow_that_follows_another_is_as_open_as_that(on: str, outsider: bool) -> None:
    text = "on: {workflow_run: {workflows: [CI]}}\njobs:\n  a: {runs-on: x, steps: []}\n"
    found = pipeline(text, y=f"name: CI\non: {on}\njobs: {{}}\n")
    assert found.triggers[0].outsider is outsider
    assert found.jobs[0].exposed is outsider


def test_a_followed_workflow_that_is_not_found_counts_as_open() -> None:
    text = "on: {workflow_run: {workflows: [CI]}}\njobs:\n  a: {runs-on: x, steps: []}\n"
    assert pipeline(text, y="name: Other\non: push\njobs: {}\n").jobs[0].exposed


TAGS_AND_MAIN = "{push: {tags: ['v*'], branches: [main]}}"
TAGGED = "startsWith(github.ref, 'refs/tags/')"


@pytest.mark.parametrize(
    ("on", "uses", "caches"),
    [
        ("release", "actions/setup-node@v6", [(True, True, True)]),
        ("release", "actions/setup-node@v4", []),
        ("release", "actions/setup-node@v4\n  with: {cache: npm}", [(True, True, False)]),
        ("release", "actions/cache@v4\n  with: {lookup-only: true}", []),
        ("release", "actions/cache/restore@v4", [(True, False, False)]),
        ("release", "docker/setup-buildx-action@v3", []),
        (
            "release",
            "docker/setup-buildx-action@v3\n  with: {version: v0.29.1}",
            [(True, True, True)],
        ),
        ("release", "astral-sh/setup-uv@v6\n  with: {enable-cache: false}", []),
        (
            "{push: {tags: ['v*']}}",
            "actions/setup-go@v6\n  with: {cache: \"${{ !startsWith(github.ref, 'refs/tags/') }}\"}",
            [],
        ),
        (
            "{push: {tags: ['v*'], branches: [main]}}",
            "actions/setup-go@v6\n  with: {cache: \"${{ !startsWith(github.ref, 'refs/tags/') }}\"}",
            [(True, True, False)],
        ),
    ],
)
def test_which_steps_keep_a_cache(
    on: str, uses: str, caches: list[tuple[bool, bool, bool]]
) -> None:
    found = job(f"- uses: {uses}\n- uses: actions/checkout@v4\n", on)
    assert found.releases
    assert [(c.restores, c.saves, c.implicit) for c in found.steps[0].caches] == caches


def test_without_a_lockfile_there_is_no_key_for_a_cache() -> None:
    steps = """\
    - uses: actions/setup-node@v6
    - uses: actions/setup-go@v6
    - uses: actions/setup-node@v6
      with: {cache: npm}
    - uses: docker/setup-buildx-action@v3
      with: {version: v0.29.1}
    - run: npm publish
    """
    fetched = "- uses: actions/download-artifact@v8\n" + dedent(steps)
    assert [len(step.caches) for step in job(fetched, "release").steps] == [0, 0, 0, 1, 1, 0]
    # the files may have come in a way that is not seen
    assert [len(step.caches) for step in job(steps, "release").steps] == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("on", "cached", "published", "restores"),
    [
        (TAGS_AND_MAIN, "!startsWith(github.ref, 'refs/tags/')", TAGGED, False),
        (TAGS_AND_MAIN, "github.ref_type == 'branch'", TAGGED, False),
        (TAGS_AND_MAIN, "!startsWith(github.ref, 'refs/tags/')", "", True),
        (TAGS_AND_MAIN, TAGGED, TAGGED, True),
        ("{push: {tags: ['v*']}}", "!startsWith(github.ref, 'refs/tags/')", "", False),
        ("{push: {tags: ['v*']}}", "vars.CACHED == 'yes'", "", True),
    ],
)
def test_a_cache_that_no_release_restores(
    on: str, cached: str, published: str, restores: bool
) -> None:
    steps = f"""\
    - uses: actions/cache@v4
      if: "{cached}"
    - run: npm publish
      if: "{published or "always()"}"
    """
    assert job(steps, on).steps[0].caches[0].restores is restores


@pytest.mark.parametrize(
    ("on", "more", "writes"),
    [
        ("issue_comment", "cache-mode: write", "open"),
        ("issue_comment", "cache-mode: read", ""),
        ("issue_comment", "permissions: {}", "refused"),
        ("{pull_request_target: {branches: [next]}}", "cache-mode: write", ""),
        ("push", "cache-mode: write", ""),
    ],
)
def test_who_writes_the_caches_of_the_default_branch(on: str, more: str, writes: str) -> None:
    found = job(f"{action(NUMBER)}- run: make\n", on, more)
    assert found.cache_writes == writes


@pytest.mark.parametrize(
    ("more", "step", "writes"),
    [
        ("permissions: {}", 'run: echo "${{ github.event.comment.body }}"', "refused"),
        ("permissions: {}", 'run: echo "${{ github.event.issue.number }}"', ""),
        ("permissions: {}", 'run: echo "$TEXT"', ""),
        ("permissions: {contents: write}", 'run: echo "${{ github.event.comment.body }}"', ""),
        ("cache-mode: write", 'run: echo "${{ github.event.comment.body }}"', "open"),
    ],
)
def test_pasted_code_writes_caches_as_checked_out_code_does(
    more: str, step: str, writes: str
) -> None:
    assert job(f"- {step}\n", "issue_comment", more).cache_writes == writes


@pytest.mark.parametrize(("uses", "writes"), [("cache", "refused"), ("cache/restore", "")])
def test_what_is_only_restored_is_not_written(uses: str, writes: str) -> None:
    steps = f"{action(NUMBER)}- uses: actions/{uses}@v4\n  with: {{path: x, key: y}}\n"
    assert job(steps, "issue_comment").cache_writes == writes


@pytest.mark.parametrize(
    ("runs_on", "self_hosted", "unknown"),
    [
        ("ubuntu-24.04-arm", False, False),
        ("ubuntu-latest-16-cores", False, False),
        ("blacksmith-4vcpu-ubuntu-2204", False, False),
        ("[self-hosted, linux]", True, True),
        ("self-hosted-azure", True, True),
        ("{group: big}", False, True),
        ("gpu", False, True),
        ("${{ inputs.os }}", False, False),
        ("${{ github.repository == 'x/y' && 'self-hosted' || 'ubuntu-latest' }}", False, True),
    ],
)
def test_which_machines_are_the_platforms_own(
    runs_on: str, self_hosted: bool, unknown: bool
) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps: []\n"
    runner = pipeline(text).jobs[0].runner
    assert (runner.self_hosted, runner.unknown) == (self_hosted, unknown)


@pytest.mark.parametrize(
    ("step", "publishes", "deploys"),
    [
        ("run: npm publish --provenance", True, False),
        ("run: cargo publish --workspace --dry-run", False, False),
        ("run: cargo publish --dry-run && cargo publish", True, False),
        ("run: goreleaser release --snapshot --clean", False, False),
        ("run: docker push x", True, False),
        ("run: git push", False, False),
        ("uses: docker/build-push-action@v6\n  with: {push: true}", True, False),
        ("uses: docker/build-push-action@v6", False, False),
        ("uses: softprops/action-gh-release@v2", True, False),
        ("uses: goreleaser/goreleaser-action@v7\n  with: {args: release --clean}", True, False),
        (
            "uses: goreleaser/goreleaser-action@v7\n  with: {args: '${{ inputs.args }}'}",
            True,
            False,
        ),
        ("uses: goreleaser/goreleaser-action@v7\n  with: {args: build --snapshot}", False, False),
        ("uses: goreleaser/goreleaser-action@v7\n  with: {args: release --snapshot}", False, False),
        ("uses: goreleaser/goreleaser-action@v7\n  with: {install-only: true}", False, False),
        ("uses: helm/chart-releaser-action@v1\n  with: {install_only: true}", False, False),
        ("uses: js-devtools/npm-publish@v4\n  with: {dry-run: true}", False, False),
        ("uses: js-devtools/npm-publish@v4\n  with: {dry-run: false}", True, False),
        ("run: kubectl apply -f x", False, True),
        ("run: make", False, False),
    ],
)
def test_what_a_job_gives_to_the_world(step: str, publishes: bool, deploys: bool) -> None:
    found = job(f"- {step}\n", "push")
    assert (found.publishes, found.deploys) == (publishes, deploys)


def test_files_that_a_local_action_brings() -> None:
    text = f"""\
on: pull_request_target
jobs:
  a:
    runs-on: x
    steps:
      - uses: {OLD}
      - uses: ./.github/actions/get
        with: {{commit: "{HEAD_SHA}"}}
      - run: make
"""
    action_file = f"""\
runs:
  using: composite
  steps:
    - uses: {OLD}
      with: {{ref: "${{{{ inputs.commit }}}}"}}
"""
    files = {PATH: text, ".github/actions/get/action.yml": action_file}
    tree = MemoryTree({path: body.encode() for path, body in files.items()})
    steps = load(decode(PATH, text.encode()), tree).pipelines[0].jobs[0].steps
    found = steps[1].checkouts[0]
    assert (found.untrusted, found.executor, found.place.span().line) == (True, "make", 7)


@pytest.mark.parametrize(
    ("shell", "code", "executor"),
    [
        ("python", "subprocess.run(['./build.sh'])", "./build.sh"),
        ("python", "os.system('make test')", "make test"),
        ("python", "subprocess.run(['git', 'log'])", ""),
        ("python", "subprocess.run(['make'], cwd='/opt/tools')", ""),
        ("bash", "python3 -c 'import json'", "python3 -c import json"),
        ("bash", "python3 - <<'E'\nimport yaml\nE", "python3"),
        ("bash", "python3 -I - <<'E'\nimport yaml\nE", ""),
        ("bash", "node <<'E'\nrequire('child_process').execSync('npm ci')\nE", "node"),
    ],
)
def test_code_that_starts_what_lies_there(shell: str, code: str, executor: str) -> None:
    script = indent(code, "    ")
    found = checkout(f"{action(HEAD_SHA)}- shell: {shell}\n  run: |\n{script}\n")
    assert (found.executed, found.executor) == (bool(executor), executor)


@pytest.mark.parametrize(
    ("script", "untrusted"),
    [
        ('git clone "https://example.com/$NAME" x\nmake -C x', True),
        ('git remote add fork "https://e.org/$NAME"\ngit pull fork main\nmake', True),
        ('git remote add fork "https://e.org/$NAME"', False),
        ('gh repo clone "$NAME" x\nmake -C x', True),
        ('[ "$NAME" = acme/x ] || exit 1\ngit clone "https://example.com/$NAME"', False),
        ('git clone https://example.com/acme/x "$NAME"', False),
    ],
)
def test_a_repository_that_an_outsider_names(script: str, *, untrusted: bool) -> None:
    body = indent(script, "    ")
    env = "{NAME: '${{ github.event.comment.body }}'}"
    steps = job(f"- env: {env}\n  run: |\n{body}\n", "issue_comment").steps
    found = [(c.untrusted, c.author) for step in steps for c in step.checkouts]
    assert found == ([(True, "whoever comments")] if untrusted else [])


@pytest.mark.parametrize(
    ("code", "executor"),
    [
        ("await exec.exec('gh', ['pr', 'checkout', `${n}`]); await exec.exec('npm ci');", "npm ci"),
        ("cp.execSync('npm ci'); cp.execSync(`gh pr checkout ${n}`);", ""),
        (
            "await exec.exec(`git fetch origin pull/${n}/head`); await exec.exec('git status');",
            None,
        ),
        ("exec.exec(`git fetch origin pull/${n}/head && git checkout FETCH_HEAD && make`)", "make"),
        (
            "cp.execSync(`git fetch o pull/${n}/head:p`); cp.execSync('git switch p && make')",
            "make",
        ),
        ("await exec.exec('git', ['fetch', 'origin', 'main']); await exec.exec('make');", None),
    ],
)
def test_checkouts_by_code(code: str, executor: str | None) -> None:
    script = indent(code, "      ")
    steps = f"- uses: actions/github-script@v8\n  with:\n    script: |\n{script}\n"
    found = [c for step in job(steps, "issue_comment").steps for c in step.checkouts]
    assert [c.executor for c in found if c.untrusted] == ([] if executor is None else [executor])


@pytest.mark.parametrize(
    ("outer", "inner", "writes"),
    [
        ("", "cache-mode: write", "open"),
        ("cache-mode: write", "", "open"),
        ("cache-mode: write", "cache-mode: read", ""),
        ("cache-mode: read", "cache-mode: write", ""),
        ("cache-mode: none", "", ""),
        ("cache-mode: write-only", "cache-mode: write", "open"),
    ],
)
def test_a_called_workflow_may_do_no_more_with_caches_than_its_caller(
    outer: str, inner: str, writes: str
) -> None:
    called = f"on: workflow_call\njobs:\n  b:\n    {inner}\n    steps: [{{run: '{PASTED}'}}]\n"
    caller = f"on: issues\njobs:\n  a:\n    {outer}\n    uses: ./.github/workflows/x.yml\n"
    assert pipeline(called, caller=caller).jobs[0].cache_writes == writes


PASTED = "echo ${{ github.event.issue.body }}"


@pytest.mark.parametrize(
    ("outer", "inner", "rights"),
    [
        ("permissions: {}", "", (False, False)),
        ("permissions: read-all", "permissions: {contents: write}", (False, False)),
        ("permissions: {issues: write}", "", (True, False)),
        ("permissions: {id-token: write}", "", (False, True)),
        ("permissions: write-all", "permissions: {contents: read}", (False, False)),
        ("", "permissions: {id-token: write}", (False, True)),
        ("permissions: {copilot-requests: write}", "", (False, False)),
        ("", "permissions: {copilot-requests: write}", (False, False)),
        ("", "", (True, False)),
    ],
)
def test_a_called_workflow_has_what_its_caller_gives(
    outer: str, inner: str, rights: tuple[bool, bool]
) -> None:
    called = f"on: workflow_call\n{inner}\njobs: {{b: {{steps: [{{run: make}}]}}}}\n"
    caller = f"on: issues\n{outer}\njobs: {{a: {{uses: ./.github/workflows/x.yml}}}}\n"
    found = pipeline(called, caller=caller).jobs[0]
    assert (found.writes, found.mints_identity) == rights


def test_callers_say_nothing_of_the_permissions_of_what_also_runs_by_itself() -> None:
    caller = "on: issues\npermissions: {}\njobs: {a: {uses: ./.github/workflows/x.yml}}\n"
    called = "on: [push, workflow_call]\njobs: {b: {steps: [{run: make}]}}\n"
    assert pipeline(called, caller=caller).jobs[0].writes


def test_permissions_pass_through_two_calls() -> None:
    first = "on: issues\npermissions: {}\njobs: {a: {uses: ./.github/workflows/second.yml}}\n"
    second = "on: workflow_call\njobs: {a: {uses: ./.github/workflows/x.yml}}\n"
    called = "on: workflow_call\njobs: {b: {steps: [{run: make}]}}\n"
    assert not pipeline(called, first=first, second=second).jobs[0].writes
