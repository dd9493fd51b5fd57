"""Literal secrets: what is one, what only looks like one, and where it stands.

Every planted value is put together at run time, so that no scanner finds one in this repository.
"""

from __future__ import annotations

import base64
import random
import string
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from samples import loaded

from pipelaw.document import Place, ScalarNode, decode, join, parse, walk
from pipelaw.facts.references import DYNAMIC
from pipelaw.facts.secret_formats import FORMATS
from pipelaw.facts.secret_names import meaning
from pipelaw.facts.secret_values import look
from pipelaw.facts.secrets import credentials
from pipelaw.model import Credential, Script, Variable

if TYPE_CHECKING:
    from pipelaw import words

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
SMALL = string.ascii_lowercase + string.digits
CAPS = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"
WORD = ALNUM + "-_"
BASE64 = ALNUM + "+/"


def made(alphabet: str, length: int, seed: str = "") -> str:
    """What a machine would make; always the same."""
    chosen = random.Random(f"{alphabet}{length}{seed}")
    return "".join(chosen.choice(alphabet) for _ in range(length))


def digits(number: int, alphabet: str, width: int) -> str:
    found = ""
    for _ in range(width):
        number, rest = divmod(number, len(alphabet))
        found = alphabet[rest] + found
    return found


def summed(prefix: str, seed: str = "") -> str:
    """A token with the checksum of GitHub and npm."""
    body = made(ALNUM, 30, seed)
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    return prefix + body + digits(crc32(body.encode()), alphabet, 6)


def routable(prefix: str) -> str:
    head = f"{prefix}{made(WORD, 36)}.01.10"
    return head + digits(crc32(head.encode()), string.digits + string.ascii_lowercase, 7)


def uuid() -> str:
    return "-".join(made(HEX, size, str(size)) for size in (8, 4, 4, 4, 12))


def pem(kind: str) -> str:
    lines = "\n".join(made(BASE64, 64, str(i)) for i in range(6))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def url64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def web_token(payload: str) -> str:
    header = url64('{"alg":"HS256","typ":"JWT"}')
    return f"{header}.{url64(payload)}.{made(WORD, 43)}"


def in_variable(
    name: str, value: str, kind: words.VariableKind = "environment", service: bool = False
) -> tuple[Credential, ...]:
    literal = not DYNAMIC.search(value)
    variable = Variable(name=name, value=value, kind=kind, literal=literal)
    return credentials([variable], [], service=service)


def in_script(text: str) -> tuple[Credential, ...]:
    return credentials([], [Script(text=text)])


GENERATED = made(ALNUM, 24)
BIRD = "kestrel"
CHOSEN = BIRD.title() + "-7!x"  # what a person would think of
SPOKEN = BIRD + "nest"
SIGNED = url64('{"alg":"RS256"}')

TOKENS = [
    ("GitHub token", summed("gh" + "p_")),
    ("GitHub OAuth token", summed("gh" + "o_")),
    ("GitHub user token", summed("gh" + "u_")),
    ("GitHub installation token", summed("gh" + "s_")),
    (
        "GitHub installation token",
        "gh" + f"s_1234567_{SIGNED}.{made(WORD, 300)}.{made(WORD, 86)}",
    ),
    ("GitHub refresh token", summed("gh" + "r_")),
    ("GitHub token", "github" + f"_pat_{made(ALNUM, 22)}_{made(ALNUM, 59)}"),
    ("GitLab token", "gl" + "pat-" + made(ALNUM, 20)),
    ("GitLab token", "gl" + "dt-" + made(ALNUM, 20)),
    ("GitLab token", "gl" + "ptt-" + made(HEX, 40)),
    ("GitLab token", routable("gl" + "rt-")),
    ("GitLab token", "ACME-" + "gl" + "pat-" + made(ALNUM, 20)),
    ("AWS access key id", "AK" + "IA" + made(BASE32, 16)),
    ("Azure client secret", made(ALNUM, 3) + "8" + "Q~" + made(ALNUM, 34)),
    ("Google OAuth secret", "GOC" + "SPX-" + made(WORD, 28)),
    ("DigitalOcean token", "dop" + "_v1_" + made(HEX, 64)),
    ("Databricks token", "da" + "pi" + made(HEX, 32)),
    ("Pulumi token", "pu" + "l-" + made(HEX, 40)),
    ("Terraform Cloud token", made(ALNUM, 14) + ".atlas" + "v1." + made(ALNUM, 64)),
    ("Vault token", "hv" + "s." + made(ALNUM, 92)),
    ("npm token", summed("npm" + "_")),
    ("PyPI token", "pyp" + "i-AgEIcHlwaS5vcmc" + made(WORD, 120)),
    ("RubyGems key", "ruby" + "gems_" + made(HEX, 48)),
    ("NuGet key", "oy" + "2" + made(SMALL, 43)),
    ("Docker Hub token", "dck" + "r_pat_" + made(ALNUM, 27)),
    ("Docker Hub token", "dck" + "r_oat_" + made(ALNUM, 32)),
    ("Stripe live key", "sk" + "_live_" + made(ALNUM, 24)),
    ("SendGrid key", "S" + f"G.{made(WORD, 22)}.{made(WORD, 43)}"),
    ("Sonar token", "sq" + "p_" + made(HEX, 40)),
    ("Grafana token", "gl" + f"sa_{made(ALNUM, 32)}_{made(HEX, 8)}"),
    ("Sentry token", "snt" + "ryu_" + made(HEX, 64)),
    ("New Relic key", "NR" + "AK-" + made(CAPS, 27)),
    ("CircleCI token", "CCI" + f"PAT_{made(ALNUM, 22)}_{made(HEX, 40)}"),
    ("Linear key", "lin" + "_api_" + made(ALNUM, 40)),
    ("OpenAI key", "sk" + f"-proj-{made(ALNUM, 40)}T3Blbk" + "FJ" + made(ALNUM, 40)),
    ("Anthropic key", "sk" + "-ant-api03-" + made(WORD, 93) + "AA"),
    ("Hugging Face token", "h" + "f_" + made(string.ascii_letters, 34)),
    ("Slack token", "xo" + f"xb-{made('3456789', 12)}-{made('3456789', 12)}-{made(ALNUM, 24)}"),
    (
        "Slack webhook",
        f"https://hooks.slack.com/services/T{made(CAPS, 9)}/B{made(CAPS, 9)}/{GENERATED}",
    ),
    (
        "Discord webhook",
        f"https://discord.com/api/webhooks/{made('3456789', 18)}/{made(ALNUM, 68)}",
    ),
    ("Feishu webhook", f"https://open.feishu.cn/open-apis/bot/v2/hook/{uuid()}"),
    ("WeCom webhook", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={uuid()}"),
    ("ServerChan key", f"https://sctapi.ftqq.com/SCT{made(ALNUM, 30)}.send?title=done"),
    ("Telegram bot token", made("3456789", 9) + ":AA" + made(ALNUM, 33)),
    ("Telegram bot token", "bot" + made("3456789", 9) + ":AA" + made(ALNUM, 33)),
    ("1Password service account", "ops" + "_eyJ" + made(ALNUM, 260)),
    ("age private key", "AGE-SECRET" + "-KEY-1" + made(CAPS, 58)),
    ("private key", pem("RSA PRIV" + "ATE KEY")),
    ("private key", pem("OPENSSH PRIV" + "ATE KEY")),
    ("private key", pem("PRIV" + "ATE KEY").replace("\n", "\\n")),
    ("private key", b64(pem("EC PRIV" + "ATE KEY"))),
    ("JSON web token", web_token('{"role":"service_role","iat":1700000000}')),
    ("Azure storage key", f"AccountName=acme;AccountKey={made(BASE64, 86)}==;EndpointSuffix=x"),
]


@pytest.mark.parametrize(("provider", "token"), TOKENS)
def test_tokens_tell_their_issuer_wherever_they_stand(provider: str, token: str) -> None:
    (variable,) = in_variable("SOMETHING", token)
    (setting,) = in_variable("endpoint", token, "setting", service=True)
    (script,) = in_script(f"set -e\ncurl -H 'X-Some: {token}' https://files.example.com\n")

    assert [found.provider for found in (variable, setting, script)] == [provider] * 3
    assert variable.certain
    assert variable.name == "SOMETHING"


@pytest.mark.parametrize("prefix", sorted({row.prefix for row in FORMATS}))
def test_every_format_stands_in_its_own_pattern(prefix: str) -> None:
    # a prefix that its pattern can never hold would switch the format off
    parts = prefix.replace("PRIVATE KEY", "PRIVATE").strip("-_.:/+~=")
    assert any(parts[:2] in row.pattern for row in FORMATS if row.prefix == prefix)


@pytest.mark.parametrize(
    ("token", "name", "certain"),
    [
        (summed("gh" + "p_"), "X", True),
        (summed("gh" + "p_")[:-1] + "-", "X", None),
        ("gh" + "p_" + made(ALNUM, 36), "X", False),
        ("gh" + "p_" + made(ALNUM, 36), "GITHUB_TOKEN", True),
        ("npm" + "_" + made(ALNUM, 36), "X", False),
        (routable("gl" + "pat-"), "X", True),
        (routable("gl" + "pat-")[:-1] + "_", "X", True),  # no checksum: an ordinary long token
        (routable("gl" + "pat-")[:-2] + "00", "X", False),
        ("AK" + "IA" + made(BASE32, 15) + "1", "X", False),
        ("AIz" + "a" + made(WORD, 35), "X", False),
        ("AIz" + "a" + made(WORD, 35), "MAPS_API_KEY", True),
        (pem("ENCRYPTED PRIV" + "ATE KEY"), "X", False),
    ],
)
def test_checksums_and_names_make_certain(token: str, name: str, certain: bool | None) -> None:
    found = in_variable(name, token)
    assert [credential.certain for credential in found] == ([] if certain is None else [certain])


NO_TOKENS = [
    "AK" + "IAIOSFODNN7" + "EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "gh" + "p_" + "x" * 36,
    "gh" + "p_" + "0123456789" * 3 + "abcdef",
    "gh" + "p_" + string.ascii_lowercase + "ABCDEFGHIJ",
    "gl" + "pat-" + "a" * 20,
    "gl" + "pat-" + "ab1c" * 5,
    "my" + summed("gh" + "p_"),
    "gl" + "pat-" + "xxxxxxxxxxxxxxxxxxxx",
    "sk" + "_live_" + "your_key_goes_here_please",
    "sk" + "_test_" + made(ALNUM, 24),
    "pk" + "_live_" + made(ALNUM, 24),
    "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
    "xo" + "xb-1234567890-1234567890-" + made(ALNUM, 24),
    web_token('{"role":"anon","iss":"supabase"}'),
    web_token('{"sub":"1234567890","name":"John Doe"}'),
    f"eyJ{made(WORD, 30)}.eyJ{made(WORD, 30)}.{made(WORD, 43)}",
    pem("CERTIFICATE"),
    pem("PUBLIC KEY"),
    "-----BEGIN RSA PRIV" + "ATE KEY-----\n...\n-----END RSA PRIV" + "ATE KEY-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" + made(BASE64, 48),
    "ENC[AES256_GCM,data:" + made(BASE64, 40) + "]",
    made(HEX, 40),
    "sha256:" + made(HEX, 64),
    "alpine:3.22@sha256:" + made(HEX, 64),
    "--no-install-recommends --some-very-long-option-name",
    "skeleton_keyboard_layout_configuration",
]


@pytest.mark.parametrize("value", NO_TOKENS)
def test_what_only_looks_like_a_token(value: str) -> None:
    assert in_variable("SOMETHING", value) == ()
    assert in_script(f"echo '{value}'") == ()


NAMED = [
    # name, kind, value, certain
    ("DEPLOY_PASSWORD", "environment", CHOSEN, False),
    ("DB_PASSWORD", "variable", "Super" + "Secret123!", False),
    ("SMTP_PASS", "environment", CHOSEN, False),
    ("GPG_PASSPHRASE", "environment", CHOSEN, False),
    ("keystorePassword", "environment", CHOSEN, False),
    ("ftp-passwd", "variable", "hunter" + "2", False),
    ("ADMIN_PWD", "environment", GENERATED, True),
    ("API_KEY", "environment", GENERATED, True),
    ("apiKey", "environment", GENERATED, True),
    ("APIKEY", "variable", GENERATED, True),
    ("DD_API_KEY", "environment", made(HEX, 32), True),
    ("SNYK_TOKEN", "environment", uuid(), True),
    ("CODECOV_TOKEN", "input", uuid(), True),
    ("CLOUDFLARE_API_TOKEN", "environment", made(WORD, 40), True),
    ("VERCEL_TOKEN", "environment", made(ALNUM, 24), True),
    ("HEROKU_API_KEY", "environment", uuid(), True),
    ("ACME_CLIENT_SECRET", "variable", made(ALNUM, 40), True),
    ("SECRET_KEY_BASE", "environment", made(HEX, 128), True),
    ("JWT_SECRET", "environment", made(BASE64, 43) + "=", True),
    ("ENCRYPTION_KEY", "environment", made(HEX, 64), True),
    ("SOME_AUTH", "environment", GENERATED, True),
    ("AZURE_CREDENTIALS", "environment", GENERATED, True),
    ("GH_PAT", "environment", made(HEX, 40), True),
    ("STRIPE_KEY", "environment", made(ALNUM, 32), False),
    ("PASSWORD_PROD", "environment", CHOSEN, False),
    ("MYSQL_PROD_PASSWORD", "environment", CHOSEN, False),
    ("LDAP_PASSWORD", "environment", CHOSEN, False),
    ("TEST_API_KEY", "environment", GENERATED, False),
    ("POSTGRES_PASSWORD", "environment", GENERATED, False),
    ("password", "setting", SPOKEN, False),
    ("password", "setting", "Pw" + "000000", False),
    ("api_key", "setting", GENERATED, True),
    ("secret_key", "setting", made(BASE64, 40), True),
    ("ssh_key", "setting", pem("OPENSSH PRIV" + "ATE KEY"), True),
    ("webhook", "setting", "https://chat.example.com/hooks/" + made(SMALL, 26), True),
    ("password", "credential", SPOKEN, False),
    ("password", "credential", "pa" + "ss", False),
    ("password", "credential", CHOSEN, True),
    ("password", "credential", "Pw" + "000000", True),
    ("github-token", "input", made(HEX, 40), True),
    ("password", "input", CHOSEN, False),
    ("password", "input", SPOKEN, False),
    ("AWS_SECRET_ACCESS_KEY", "environment", "/" + made(BASE64, 39), True),
]


@pytest.mark.parametrize(("name", "kind", "value", "certain"), NAMED)
def test_literals_under_names_of_secrets(
    name: str, kind: words.VariableKind, value: str, certain: bool
) -> None:
    (found,) = in_variable(name, value, kind)

    assert found.name == name
    assert found.certain is certain
    assert found.provider == ("AWS secret access key" if name.startswith("AWS") else found.provider)
    assert value not in (found.masked, found.digest)


QUIET = [
    # expansions
    ("PASSWORD", "environment", "${{ secrets.PASSWORD }}"),
    ("PASSWORD", "environment", "$DEPLOY_PASSWORD"),
    ("PASSWORD", "environment", "${DEPLOY_PASSWORD}"),
    ("PASSWORD", "environment", "%DEPLOY_PASSWORD%"),
    ("PASSWORD", "environment", "$(pass show deploy)"),
    ("PASSWORD", "environment", "$[[ inputs.password ]]"),
    ("PASSWORD", "setting", "{{ .Values.password }}"),
    ("PASSWORD", "setting", "<your password>"),
    ("TOKEN", "environment", "${{ secrets.TOKEN || 'postgres' }}"),
    # kept elsewhere
    ("PASSWORD", "environment", "op://vault/item/password"),
    ("PASSWORD", "environment", "/run/secrets/password"),
    ("PASSWORD", "environment", "./secrets/password.txt"),
    ("SECRET_KEY", "environment", "arn:aws:secretsmanager:eu-west-1:1:secret:x-Ab12Cd"),
    ("API_KEY", "variable", "secret/data/ci/deploy#token9"),
    ("server-password", "input", "MAVEN_CENTRAL_TOKEN"),
    # names that are about a secret, or about none
    ("SECRET_NAME", "environment", GENERATED),
    ("TOKEN_URL", "environment", "https://sso.example.com/token"),
    ("VAULT_SECRET_PATH", "environment", GENERATED),
    ("AWS_ACCESS_KEY_ID_FILE", "environment", GENERATED),
    ("PASSWORD_MIN_LENGTH", "environment", "Twelve-12!"),
    ("TOKEN_TTL", "environment", "Hours-12x!"),
    ("SECRETS_ENABLED", "environment", "Yes-1please"),
    ("AUTH_PROVIDER", "environment", GENERATED),
    ("KEY_FINGERPRINT", "environment", GENERATED),
    ("PUBLIC_KEY", "environment", GENERATED),
    ("CACHE_KEY", "environment", GENERATED),
    ("SORT_KEY", "environment", GENERATED),
    ("KEYID", "environment", made(CAPS, 16)),
    ("GPG_KEY", "environment", made("0123456789ABCDEF", 40)),
    ("COMPASS", "environment", GENERATED),
    ("PWD", "environment", "Build-Dir12"),
    ("OLDPWD_HASH", "environment", GENERATED),
    ("MONKEY", "environment", GENERATED),
    ("AUTHOR", "environment", "Jane-Doe12"),
    ("TOKENIZER", "environment", GENERATED),
    ("VITE_MAPS_KEY", "environment", made(ALNUM, 32)),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", "environment", "Yes-1please"),
    ("key", "input", "linux-" + made(HEX, 32)),
    ("restore-keys", "input", "linux-" + made(HEX, 32)),
    ("persist-credentials", "input", "false"),
    # values that are none
    ("id-token", "environment", "write"),
    ("SECRETS", "environment", "inherit"),
    ("TOKEN", "environment", "true"),
    ("API_TOKEN", "environment", "12345678"),
    ("AUTH", "environment", "basic"),
    ("TOKEN", "input", "GITHUB_TOKEN"),
    ("API_TOKEN", "environment", "from-the-vault"),
    ("MY_SECRET", "environment", "some-readable-name"),
    ("API_KEY", "environment", "xxxxxxxxxxxxxxxxxxxxxxxx"),
    ("API_KEY", "environment", "****************"),
    ("API_KEY", "environment", "your-api-key-goes-here-123"),
    ("API_KEY", "environment", "changeme-" + made(HEX, 12)),
    ("API_KEY", "environment", "abababababab"),
    ("WEBHOOK", "setting", "#deployments"),
    ("WEBHOOK", "setting", "https://chat.example.com/hooks/general"),
    ("API_KEY", "environment", "0000-1111-0000-1111"),
    ("API_KEY", "environment", "1234567890" + "abcdef"),
    ("API_KEY", "environment", "not-a-real-key-" + made(HEX, 8)),
    ("API_KEY", "environment", "fake-" + made(HEX, 32)),
    ("API_TOKEN", "environment", "example-" + GENERATED),
    # tests' own
    ("POSTGRES_PASSWORD", "environment", "postgres"),
    ("PGPASSWORD", "environment", CHOSEN),
    ("MYSQL_ROOT_PASSWORD", "environment", "rootpassword"),
    ("MSSQL_SA_PASSWORD", "environment", "Str0ng!" + "Passw0rd"),
    ("SA_PASSWORD", "environment", "yourStrong(!)" + "Password"),
    ("MINIO_ROOT_PASSWORD", "environment", "minioadmin"),
    ("RABBITMQ_DEFAULT_PASS", "environment", "guest"),
    ("DB_PASSWORD", "environment", "my-secret-pw"),
    ("db_password", "setting", "owncloud"),
    ("TEST_PASSWORD", "environment", CHOSEN),
    ("KEYCHAIN_PASSWORD", "environment", "password1"),
    ("ADMIN_PASSWORD", "environment", "admin123"),
    ("DUMMY_TOKEN", "environment", GENERATED),
]


@pytest.mark.parametrize(("name", "kind", "value"), QUIET)
def test_what_is_no_secret_under_such_a_name(
    name: str, kind: words.VariableKind, value: str
) -> None:
    assert in_variable(name, value, kind) == ()


@pytest.mark.parametrize(
    ("name", "kind", "value", "found"),
    [
        ("API_KEY", "environment", "${{ secrets.KEY || '%s' }}", [GENERATED]),
        ("API_KEY", "environment", "${{ '%s' }}", [GENERATED]),
        ("password", "credential", "${{ secrets.PASSWORD || '%s' }}", [GENERATED]),
        ("API_KEY", "environment", "${{ inputs.place == '%s' }}", []),
        ("API_KEY", "environment", "${{ secrets['%s'] }}", []),
        ("API_KEY", "environment", "x-${{ secrets.KEY || '' }}", []),
        ("CACHE_NAME", "environment", "${{ inputs.name || '%s' }}", []),
    ],
)
def test_the_last_resort_of_an_expression(
    name: str, kind: words.VariableKind, value: str, found: list[str]
) -> None:
    text = value.replace("%s", GENERATED)
    source = decode("x.yml", f'a: "{text}"'.encode())
    (root,) = parse(source)
    node = root.value[0][1]
    variable = Variable(
        name=name, value=text, kind=kind, literal=False, place=Place(source, node, node)
    )
    spans = [one.place.indices() for one in credentials([variable], [])]
    assert [source.text[start:end] for start, end in spans] == found


def test_services_of_tests_may_have_passwords_but_no_tokens() -> None:
    token = "gl" + "pat-" + made(ALNUM, 20)

    assert in_variable("ADMIN_PASSWORD", CHOSEN, service=True) == ()
    assert in_variable("DATABASE_URL", f"mysql://a:{CHOSEN}@db.example.com/x", service=True) == ()
    assert len(in_variable("password", SPOKEN, "credential", service=True)) == 1
    assert len(in_variable("ADMIN_PASSWORD", token, service=True)) == 1


HELD = [
    # script, name, certain
    (f"docker login -u me -p {CHOSEN} registry.example.com", "docker login", False),
    (f"docker login -u me -p {SPOKEN} registry.example.com", "docker login", False),
    (f"podman login --username me --password={SPOKEN} quay.io", "podman login", False),
    (
        f'docker login \\\n  -u me \\\n  -p "{SPOKEN}" \\\n  registry.example.com',
        "docker login",
        False,
    ),
    (f"az login --service-principal -u x -p {GENERATED} --tenant y", "az login", True),
    (f"curl -u me:{SPOKEN} https://files.example.com/", "curl", False),
    (f'curl "https://x.example.com/?a=1&b=2" -fsSu "me:{SPOKEN}"', "curl", False),
    (f"curl --user me:{GENERATED} https://files.example.com/", "curl", True),
    (f"echo {SPOKEN} | docker login -u me --password-stdin", "standard input", False),
    (f"printf '%s' '{CHOSEN}' | helm registry login a --password-stdin", "standard input", False),
    (f"sshpass -p {SPOKEN} ssh me@host.example.com", "sshpass", False),
    (f"sshpass -p'{SPOKEN}' ssh me@host.example.com", "sshpass", False),
    (f"mysql -h db.example.com -u app -p{CHOSEN} app", "mysql", False),
    (f"sqlcmd -S db.example.com -U sa -P {CHOSEN}", "sqlcmd", False),
    (f"twine upload -u me -p {CHOSEN} dist/*", "twine", False),
    (f"helm upgrade app . --set database.password={CHOSEN}", "database.password", False),
    (f"terraform apply -var db_password={CHOSEN}", "db_password", False),
    (f"gpg --batch --passphrase {CHOSEN} -d x.gpg", "passphrase", False),
    (f"keytool -genkey -storepass {CHOSEN}", "storepass", False),
    (f"openssl enc -pass pass:{CHOSEN} -in x", "pass", False),
    (f"./deploy.sh --api-key {GENERATED}", "api-key", True),
    (f"git clone https://me:{SPOKEN}@git.example.com/x.git", "address of git.example.com", False),
    (f"git clone https://oauth2:{GENERATED}@git.example.com/x", "address of git.example.com", True),
    (f"git clone https://{made(HEX, 40)}@github.com/a/b", "address of github.com", False),
    (
        f"git clone https://{made(HEX, 40)}:x-oauth-basic@github.com/a",
        "address of github.com",
        False,
    ),
    (
        f"psql postgres://app:{CHOSEN}@db.example.com:5432/app",
        "address of db.example.com:5432",
        False,
    ),
    (f"redis-cli -u redis://:{CHOSEN}@cache.example.com", "address of cache.example.com", False),
    (f"curl -H 'Authorization: Bearer {GENERATED}' https://x.example.com", "Authorization", True),
    (
        f'curl -H "Authorization: token {made(HEX, 40)}" https://x.example.com',
        "Authorization",
        True,
    ),
    (
        f"curl -H 'Authorization: Basic {b64('me:' + CHOSEN)}' https://x.example.com",
        "Authorization",
        False,
    ),
    (f"curl -H 'X-Vault-Token: {GENERATED}' https://x.example.com", "X-Vault-Token", True),
    (f"curl -H 'PRIVATE-TOKEN: {GENERATED}' https://x.example.com", "PRIVATE-TOKEN", True),
    (f"export API_TOKEN={GENERATED}", "API_TOKEN", True),
    (f"API_TOKEN='{GENERATED}' make deploy", "API_TOKEN", True),
    (f"DEPLOY_PASSWORD={CHOSEN} make deploy", "DEPLOY_PASSWORD", False),
    (f'echo "DEPLOY_PASSWORD={CHOSEN}" >> $GITHUB_ENV', "DEPLOY_PASSWORD", False),
    (f'$env:API_TOKEN = "{GENERATED}"', "API_TOKEN", True),
    (f"set DEPLOY_PASSWORD={CHOSEN}", "DEPLOY_PASSWORD", False),
    (f'ConvertTo-SecureString "{SPOKEN}" -AsPlainText -Force', "ConvertTo-SecureString", False),
    (f"aws configure set aws_secret_access_key {made(BASE64, 40)}", "aws_secret_access_key", True),
    (f"npm config set //registry.example.org/:_authToken={uuid()}", "_authToken", True),
    (f"sonar-scanner -Dsonar.login={made(HEX, 40)}", "sonar.login", True),
    (f'curl -d \'{{"user":"me","password":"{CHOSEN}"}}\' https://x.example.com', "password", False),
    (f"curl -d user=me&password={CHOSEN}&x=1 https://x.example.com", "password", False),
    (f"cat > s.xml <<E\n<a b='c'><password>{CHOSEN}</password></a>\nE", "password", False),
    (f"cat > n <<E\n# a=b\nmachine x\nlogin me\npassword {SPOKEN}\nE", "password", False),
    (f'client = Client(token="{GENERATED}")', "token", True),
    (f"const key = process.env.API_TOKEN || '{GENERATED}'", "process.env.API_TOKEN", True),
    (f"echo ${{API_TOKEN:-{GENERATED}}}", "API_TOKEN", True),
    (f"Server=db.example.com;User=app;Password={CHOSEN};", "Password", False),
    (f"kubectl create secret generic x --from-literal=token={GENERATED}", "token", True),
]


@pytest.mark.parametrize(("text", "name", "certain"), HELD)
def test_scripts_hold_secrets(text: str, name: str, certain: bool) -> None:
    (found,) = in_script(f"set -eu\n{text}\necho done\n")

    assert (found.name, found.certain, found.provider) == (name, certain, "literal")


SILENT = [
    'docker login -u "$USER" -p "$PASSWORD" registry.example.com',
    "echo $PASSWORD | docker login -u me --password-stdin registry.example.com",
    "docker login -u test -p test localhost:5000",
    f"echo {CHOSEN} | docker login localhost:5000 -u me --password-stdin",
    "echo test | docker login -u me --password-stdin registry.example.com",
    "echo ready | tee log; docker login --password-stdin < file",
    "docker run -p 8080:80 app login",
    "curl -u admin:admin http://localhost:8080/",
    f"curl -u admin:{CHOSEN} http://localhost:8080/",
    f"curl -u admin:{CHOSEN} http://gitea:3000/api",
    "curl -u $USER:$PASSWORD https://x.example.com",
    "curl -u ${{ secrets.TOKEN }}: https://x.example.com",
    "docker run -u 1000:1000 app",
    "mysql -uroot -proot -e 'create database x'",
    "mysql -h 127.0.0.1 -P 3306 -uroot -ppassword",
    f"/opt/mssql-tools/bin/sqlcmd -S localhost -U sa -P {CHOSEN}",
    "psql postgres://postgres:postgres@localhost/app",
    "psql postgres://app:app@db.example.com/app",
    f"psql postgres://app:{CHOSEN}@postgres:5432/app",
    "git clone https://$USER:$TOKEN@git.example.com/x.git",
    "git clone https://oauth2:${TOKEN}@git.example.com/x.git",
    "git clone git@github.com:a/b.git ssh://git@git.example.com/x",
    f"docker pull docker://alpine:3.8@sha256:{made(HEX, 64)}",
    f"export SENTRY_DSN=https://{made(HEX, 32)}@o1.ingest.sentry.io/2",
    "TOKEN=$(cat token)",
    'TOKEN="$(vault read -field=token secret/ci)"',
    "export PASSWORD=${PASSWORD:-postgres}",
    "PASSWORD=`pass show x`",
    "set PASSWORD=%PASSWORD%",
    'if [ "$TOKEN" = "" ]; then exit 1; fi',
    'if (token == "none") return',
    "token = os.environ['API_TOKEN']",
    "const token = core.getInput('token')",
    "const token = process.env.TOKEN2",
    'curl -H "Authorization: Bearer $TOKEN" https://x.example.com',
    'curl -H "Authorization: Bearer <token>" https://x.example.com',
    f"curl -H 'Authorization: Basic {b64('test:test')}' https://x.example.com",
    "curl -d 'user=me&password=test' https://x.example.com",
    "docker run -e MYSQL_ROOT_PASSWORD=root -e POSTGRES_PASSWORD=app12345 db",
    "echo 'PASS: all tests of module 12 passed'",
    "cache-key=linux-py3.12-abc",
    "key: deps-v2-linux",
    "echo '::add-mask::'$TOKEN",
    "gh auth login --with-token < token",
    "apt-key adv --keyserver keyserver.ubuntu.com --recv-keys 0x9D6D8F6BC857C906",
    f"echo '{made(HEX, 64)}  app.tar.gz' | sha256sum -c",
    "security create-keychain -p '' build.keychain",
    "DOCKER_BUILDKIT=1 docker build --secret id=npm,src=.npmrc .",
    "export SECRET_KEY=test-secret-key",
    "keychain_password=password1",
    "ssh-keygen -t ed25519 -f key -N ''",
    "npm config set //registry.example.org/:_authToken=${NPM_TOKEN}",
    "grep -q -- '-----BEGIN RSA PRIV" + "ATE KEY-----' id_rsa",
    "echo password: hidden",
    "token_type=bearer; expires_in=3600; scope=api-v2-all",
    "./app --password",
    "login -p 8080",
]


@pytest.mark.parametrize("text", SILENT)
def test_scripts_that_hold_none(text: str) -> None:
    assert in_script(f"set -eu\n{text}\necho done\n") == ()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", f"postgres://app:{CHOSEN}@db.example.com/app", "DATABASE_URL"),
        ("build-args", f"A=b\nNPM_TOKEN={GENERATED}", "NPM_TOKEN"),
        ("DOCKER_AUTH_CONFIG", f'{{"auths":{{"r":{{"auth":"{b64("me:" + CHOSEN)}"}}}}}}', "auth"),
        ("DB_PASSWORD", f"${{{{ secrets.DB_PASSWORD || '{CHOSEN}' }}}}", "DB_PASSWORD"),
        ("AZURE", f'{{"clientId":"x","clientSecret":"{GENERATED}"}}', "clientSecret"),
    ],
)
def test_secrets_inside_the_value_of_a_variable(name: str, value: str, told: str) -> None:
    (found,) = in_variable(name, value)
    assert found.name == told


def test_a_value_is_told_once_by_what_says_most() -> None:
    token = summed("gh" + "p_")

    (found,) = in_variable("GITHUB_TOKEN", token)
    (within,) = in_script(f"git clone https://x:{token}@github.com/a/b")

    assert found.provider == within.provider == "GitHub token"


def test_one_scope_of_several_variables_and_scripts() -> None:
    token = summed("gh" + "p_")
    variables = [
        Variable(name="VERSION", value="1.2.3"),
        Variable(name="HOME_PAGE", value="https://www.example.com/", literal=True),
        Variable(name="DEPLOY_PASSWORD", value=CHOSEN, literal=True),
    ]
    scripts = [Script(text="make all"), Script(text=f"git push https://x:{token}@github.com/a/b")]

    quiet = credentials(variables, scripts[:1])
    found = credentials(variables, scripts)

    assert [credential.name for credential in quiet] == ["DEPLOY_PASSWORD"]
    assert [credential.provider for credential in found] == ["literal", "GitHub token"]


def test_the_value_goes_no_further() -> None:
    for value in (CHOSEN, GENERATED, summed("gh" + "p_")):
        (found,) = in_variable("DEPLOY_PASSWORD", value)
        shown = found.masked.removesuffix("…")
        assert value.startswith(shown)
        assert len(shown) <= min(4, len(value) // 3)
        assert value not in found.identity
        assert len(found.digest) == 8
    one, two = in_variable("A_PASSWORD", CHOSEN), in_variable("A_PASSWORD", CHOSEN + "x")
    assert one[0].digest != two[0].digest


TEXT = f"""\
env:
  QUOTED: "a=\\u00e9&password={CHOSEN}"
  DEPLOY_PASSWORD: {CHOSEN}
run: |
  echo \N{SNOWMAN} İ
  curl -u me:{CHOSEN} https://files.example.com
script:
  - echo one
  - 'curl -u ''me:{CHOSEN}'' https://files.example.com'
"""


def scalars() -> dict[str, Place]:
    source = decode("x.yml", TEXT.encode())
    (root,) = parse(source)
    nodes = [node for node in walk(root) if isinstance(node, ScalarNode)]
    return {node.value: Place(source, node, node) for node in nodes}


def shown(place: Place) -> str:
    start, end = place.indices()
    return TEXT[start:end]


def test_places_are_those_of_the_values() -> None:
    places = scalars()
    values = [
        value for value in places if CHOSEN in value and not value.startswith(("echo", "curl"))
    ]
    names = ["QUOTED", "DEPLOY_PASSWORD"]
    variables = [
        Variable(name=name, value=value, literal=True, place=places[value])
        for name, value in zip(names, values, strict=True)
    ]
    run, first, second = (value for value in places if value.startswith(("echo", "curl")))
    block, listed = join([places[run]]), join([places[first], places[second]])
    scripts = [
        Script(text=text.text, source_text=text, place=text.whole) for text in (block, listed)
    ]

    found = credentials(variables, scripts)

    assert [shown(credential.place) for credential in found] == [CHOSEN] * 4


def test_a_script_whose_text_is_not_in_the_file_points_at_the_whole() -> None:
    place = scalars()["echo one"]
    (found,) = credentials([], [Script(text=f"docker login -p {CHOSEN}", place=place)])
    assert shown(found.place) == "echo one"


def test_a_value_that_is_part_of_a_scalar_or_of_none() -> None:
    source = decode("x.yml", f"- DEPLOY_PASSWORD={CHOSEN}\n".encode())
    (root,) = parse(source)
    item = next(node for node in walk(root) if isinstance(node, ScalarNode))
    for place, told in (
        (Place(source, item, item), CHOSEN),
        (Place(source, item, item).part(16, 16 + len(CHOSEN)), CHOSEN),
        (Place(source, root, root), source.text.strip()),
    ):
        variable = Variable(name="DEPLOY_PASSWORD", value=CHOSEN, literal=True, place=place)
        (found,) = credentials([variable], [])
        start, end = found.place.indices()
        assert source.text[start:end] == told
    elsewhere = Variable(
        name="A_PASSWORD", value=CHOSEN + "x", literal=True, place=Place(source, item, item)
    )
    assert credentials([elsewhere], [])[0].place.first is item


def test_nothing_to_look_at() -> None:
    assert credentials([], []) == ()
    assert credentials([Variable(name="", value="")], [Script(text="")]) == ()
    assert credentials([Variable(name="PASSWORD", value="")], []) == ()


@pytest.mark.parametrize(
    ("alphabet", "length"),
    [(ALNUM, 16), (ALNUM, 40), (HEX, 32), (SMALL, 20), (CAPS, 24), (BASE64, 44), (WORD, 32)],
)
def test_what_machines_make_is_seen(alphabet: str, length: int) -> None:
    values = [made(alphabet, length, str(i)) for i in range(200)]
    seen = sum(look(value) == "generated" for value in values)
    assert seen >= 180


@pytest.mark.parametrize(
    "value",
    [
        "deploy-to-production-cluster",
        "registry-credentials",
        "linux-amd64-rootless",
        "GithubActionsRoleECRPush",
        "workloadIdentityPools",
        "my-application-secret-name",
        "getCollaboratorPermissionLevel",
        "image_digest_linux_arm64",
        "node-v20.9.0-linux-x64",
        "kubernetes-dashboard-certs",
        "build20241128103555",
    ],
)
def test_what_people_call_things_is_not_generated(value: str) -> None:
    assert look(value) != "generated"


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("GITHUB_TOKEN", "secret"),
        ("githubToken", "secret"),
        ("github.token", "secret"),
        ("Authorization", "secret"),
        ("DBPASS", "password"),
        ("PASS_THRESHOLD", ""),
        ("AUTH_MODE", ""),
        ("SSH_KEY", "secret"),
        ("SONAR_PROJECT_KEY", ""),
        ("tokens", ""),
        ("", ""),
        ("日本語", ""),
    ],
)
def test_names(name: str, level: str) -> None:
    assert meaning(name).level == level


def test_any_text_is_read_without_an_error() -> None:
    letters = "aZ09 \n\t=:-_\"'\\$\u0130\ud800${}<>@/.|&;()é" + "\N{SNOWMAN}"
    pieces = [
        "password",
        "token=",
        "://",
        "login -p ",
        "curl -u ",
        "-----BEGIN PRIV" + "ATE KEY-----",
    ]
    chosen = random.Random(1)
    for _ in range(400):
        parts = [chosen.choice((*letters, *pieces)) for _ in range(chosen.randrange(60))]
        text = "".join(parts)
        for found in (*in_script(text), *in_variable("PASSWORD", text, "setting")):
            assert found.masked


@pytest.mark.parametrize(
    "text",
    ["password=" * 20_000, "login " * 30_000, "a" * 200_000, "://" * 60_000, "-p\\\n" * 50_000],
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    import time

    start = time.perf_counter()
    in_script(text)
    assert time.perf_counter() - start < 3


def test_a_test_database_password_once_more() -> None:
    text = f"""\
        job:
          services:
            - name: mysql:9
              variables: {{MYSQL_ROOT_PASSWORD: {CHOSEN}, ADMIN_PASSWORD: ops-{CHOSEN}}}
          variables:
            APP_PASSWORD: {CHOSEN}
            OTHER_PASSWORD: ops-{CHOSEN}
          script: [./fill "password={CHOSEN}"]
        """
    [pipeline] = loaded("gitlab", text, ".gitlab-ci.yml").pipelines
    [found] = pipeline.jobs
    assert [one.name for one in found.credentials] == ["OTHER_PASSWORD"]
    assert not any(step.credentials for step in found.steps)
