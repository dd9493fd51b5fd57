from __future__ import annotations

import pytest

from pipelaw.document import decode
from pipelaw.facts.secret_leaks import Runner, leaks
from pipelaw.loaders.github import load
from pipelaw.loaders.github_leaks import RUNNER
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text
from pipelaw.tree import MemoryTree


def look(text: str, shell: str = "bash", runner: Runner = RUNNER) -> list[tuple[str, str, str]]:
    script = Script(text=text, shell=shell, source_text=Text(text, ((0, NOWHERE),)))
    found, _ = leaks(script, {}, runner=runner, kept=("build.env",))
    assert all(leak.fetched and leak.derived for leak in found)
    return [(leak.way, leak.by, leak.secret) for leak in found]


@pytest.mark.parametrize(
    ("text", "by", "secret"),
    [
        ("vault kv get secret/shop/db", "vault kv get", ""),
        ("vault kv get -field=password secret/shop/db", "vault kv get", ""),
        ("bao kv get secret/shop/db", "bao kv get", ""),
        ("vault read database/creds/shop", "vault read", ""),
        ("vault login -method=jwt role=shop jwt=$ID", "vault login", ""),
        ("vault write $ARGS auth/jwt/login role=shop jwt=$ID", "vault write", ""),
        ("vault token create -policy=shop", "vault token create", ""),
        ("aws ecr get-login-password", "aws ecr get-login-password", ""),
        (
            "aws --region us-east-1 secretsmanager get-secret-value --secret-id shop",
            "aws secretsmanager get-secret-value",
            "",
        ),
        (
            "aws ssm get-parameter --name /shop/db-password --with-decryption",
            "aws ssm get-parameter",
            "",
        ),
        ("gcloud auth print-access-token", "gcloud auth print-access-token", ""),
        (
            "gcloud --project shop secrets versions access latest --secret=db",
            "gcloud secrets versions access",
            "",
        ),
        ("az keyvault secret show --name db --vault-name shop", "az keyvault secret show", ""),
        ("op read op://shop/db/password", "op read", ""),
        ("sops --decrypt secrets.yaml", "sops --decrypt", ""),
        ("ansible-vault view group_vars/all.yml", "ansible-vault view", ""),
        ("vault kv get -format=json s/db | jq .", "jq", "vault kv get"),
        ("vault kv get -format=json s/db | jq -r .data.data.password", "jq", "vault kv get"),
        ("op read op://shop/key | base64", "base64", "op read"),
        ('PASSWORD=$(vault kv get -field=value s/db)\necho "is $PASSWORD"', "echo", "vault kv get"),
        ("X=`vault kv get -field=token s/db`\necho $X", "echo", "vault kv get"),
        (
            'export KEY=$(aws secretsmanager get-secret-value --secret-id a | jq -r .key)\nprintf %s "$KEY"',
            "printf",
            "aws secretsmanager get-secret-value",
        ),
        (
            "CREDS=$(vault kv get -format=json s/db)\nPASS=$(jq -r .p <<< $CREDS)\necho $PASS",
            "echo",
            "vault kv get",
        ),
        ('echo "password: $(vault kv get -field=password s/db)"', "echo", "vault kv get"),
        ("set -x\nTOKEN=$(vault kv get -field=token s)\n./run", "set -x", "vault kv get"),
    ],
)
def test_what_a_store_gives_gets_into_the_log(text: str, by: str, secret: str) -> None:
    assert look(text) == [("log", by, secret or by)]


@pytest.mark.parametrize(
    "text",
    [
        "vault kv get secret/shop/db > /dev/null",
        "vault kv get secret/shop/db > db.json",
        "vault kv get -field=username secret/shop/db",
        "vault kv get -field=host -mount=s db",
        "vault kv get -format=json s/db | jq -r .data.data.username",
        "vault kv put s/db password=@file",
        "vault kv list secret/shop",
        "vault read sys/health",
        "vault read -field=certificate pki/cert/ca",
        "vault write auth/jwt/config oidc_discovery_url=https://forge.example",
        "vault login -no-print -method=jwt role=shop jwt=$ID",
        "vault login -no-print $TOKEN",
        "aws ecr get-login-password | docker login --username AWS --password-stdin r.example",
        "aws secretsmanager list-secrets",
        "aws secretsmanager get-secret-value --secret-id db --query Name",
        "aws ssm get-parameter --name /shop/url",
        "aws ssm get-parameter --name /shop/pipeline-url --with-decryption",
        "az keyvault secret show --name db -o none",
        "az keyvault secret show --name db --query id",
        "sops --decrypt --in-place secrets.yaml",
        "sops --decrypt secrets.yaml | kubectl apply -f -",
        'USER_NAME=$(vault kv get -field=username s/db)\necho "$USER_NAME"',
        'URL=$(aws ssm get-parameter --name a.url --with-decryption --query Parameter.Value)\necho "$URL"',
        'TOKEN=$(gcloud auth print-access-token)\necho "::add-mask::$TOKEN"\necho "$TOKEN"',
        'TOKEN=$(gcloud auth print-access-token)\ncurl -H "Authorization: Bearer $TOKEN" https://x.example',
        'set -x\nmake\nset +x\nTOKEN=$(vault kv get -field=token s)\n./run "$TOKEN"',
        "CREDS=$(vault kv get -format=json s/db)\nU=$(echo $CREDS | jq -r .user)\necho $U",
        "CREDS=$(aws sts assume-role --role-arn a)\necho $CREDS | jq -r .Credentials.Expiration",
        "echo 'vault kv get secret/shop/db'",
    ],
)
def test_what_is_kept_to_oneself_gets_nowhere(text: str) -> None:
    assert look(text) == []


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ('echo "DB_PASSWORD=$(vault kv get -field=password s/db)" >> build.env', "echo"),
        ("AUTH=`vault kv get -field=CONFIG s/r`\ncat <<EOF > build.env\nAUTH=$AUTH\nEOF", "cat"),
        ("vault kv get -format=json s/db > build.env", "vault kv get"),
        ("vault kv get -format=json s/db | jq . > build.env", "jq"),
    ],
)
def test_what_a_store_gives_gets_into_a_stored_file(text: str, by: str) -> None:
    assert look(text) == [("file", by, "vault kv get")]


def test_powershell() -> None:
    text = "$Password = vault kv get -field=password s/db\n./run $Password"
    assert look(text, "pwsh") == []
    assert look(f"{text}\nWrite-Host $Password", "pwsh") == [("log", "Write-Host", "vault kv get")]
    assert look("vault kv get s/db", "pwsh") == [("log", "vault kv get", "vault kv get")]


def test_variables_pass_only_to_a_script_of_the_same_shell() -> None:
    text = "TOKEN=$(vault kv get -field=token s)"
    script = Script(text=text, shell="bash", source_text=Text(text, ((0, NOWHERE),)))
    assert leaks(script, {}) == ((), {})
    assert list(leaks(script, {}, runner=Runner(continued=True))[1]) == ["TOKEN"]


def test_a_step_without_secrets_is_looked_at_when_it_fetches_one() -> None:
    text = "on: push\njobs: {a: {runs-on: x, steps: [{run: aws ecr get-login-password}]}}\n"
    (pipeline,) = load(decode(".github/workflows/a.yml", text.encode()), MemoryTree({})).pipelines
    assert [leak.way for step in pipeline.jobs[0].steps for leak in step.leaks] == ["log"]
