"""Programs that are told to believe any server."""

from __future__ import annotations

import pytest
from samples import gitlab_step, pipeline

from pipelaw.facts.verification import SWITCHES, unverified_by
from pipelaw.model import Variable


@pytest.mark.parametrize(("name", "values"), SWITCHES.items())
def test_a_switch_is_one_wherever_it_is_thrown(name: str, values: tuple[str, ...]) -> None:
    for value in (*values, values[-1].upper()):
        [flaw] = unverified_by([Variable(name=name, value=value)])
        for text in (f"export {name}='{value}'", f"{name}={value} make"):
            assert [found.detail for found in gitlab_step(text).flaws] == [flaw.detail], text
    assert not gitlab_step(f"{name}=other make").flaws


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("ssh -o StrictHostKeyChecking=no a", "StrictHostKeyChecking=no"),
        ("ssh -o 'StrictHostKeyChecking off' a", "StrictHostKeyChecking off"),
        ("scp -o UserKnownHostsFile=/dev/null a b:", "UserKnownHostsFile=/dev/null"),
        ("curl -k https://example.com", "curl -k"),
        ("curl -fsSkL https://example.com", "curl -fsSkL"),
        ("curl -o a \\\n  --insecure https://example.com", "curl -o a \\ --insecure"),
        ("wget -q --no-check-certificate https://example.com", "wget -q --no-check-certificate"),
        ("git -c http.sslVerify=false fetch", "http.sslVerify=false"),
        ("git config --global http.sslverify 0", "http.sslverify 0"),
        ("export GIT_SSL_NO_VERIFY=true", "GIT_SSL_NO_VERIFY=true"),
        ("VAULT_SKIP_VERIFY=1 vault read a", "VAULT_SKIP_VERIFY=1"),
        ("PYTHONHTTPSVERIFY=0 ./fetch.py", "PYTHONHTTPSVERIFY=0"),
        ('export NODE_TLS_REJECT_UNAUTHORIZED="0"', 'NODE_TLS_REJECT_UNAUTHORIZED="0'),
        ("PIP_TRUSTED_HOST=pip.example.com pip install a", "PIP_TRUSTED_HOST=pip.example.com"),
        (
            "export UV_INDEX_URL=http://pip.example.com/simple",
            "UV_INDEX_URL=http://pip.example.com/simple",
        ),
        ("npm config set strict-ssl false", "strict-ssl false"),
        ("composer config -g secure-http false", "composer config -g secure-http false"),
        ("pip3 install --trusted-host a -r b", "pip3 install --trusted-host"),
        ('echo -e "Host *\\n\\tStrictHostKeyChecking no\\n" > a', "StrictHostKeyChecking no"),
        ("kubectl --insecure-skip-tls-verify get pods", "--insecure-skip-tls-verify"),
        (
            "kubectl config set-cluster a --insecure-skip-tls-verify=true",
            "--insecure-skip-tls-verify=true",
        ),
        ("executor --skip-tls-verify-registry=a.example", "--skip-tls-verify-registry=a.example"),
        ("buildah push --tls-verify=false a", "--tls-verify=false"),
        ("skopeo copy --dest-tls-verify=false a b", "--dest-tls-verify=false"),
        ("git clone http://git.example.com/a.git", "git clone http://git.example.com/a.git"),
        (
            "git -C a remote add b http://x.example.com",
            "git -C a remote add b http://x.example.com",
        ),
        ("scp -oStrictHostKeyChecking=no a b:", "StrictHostKeyChecking=no"),
        ("iwr -SkipCertificateCheck https://example.com", "-SkipCertificateCheck"),
        (
            "[Net.ServicePointManager]::ServerCertificateValidationCallback = { $true }",
            "ServerCertificateValidationCallback = { $true",
        ),
        ("echo a && curl -k https://example.com", "curl -k"),
        ('echo "StrictHostKeyChecking no" | tee -a config', "StrictHostKeyChecking no"),
        ("crane push --insecure a.tar b", "crane push --insecure"),
        ("argocd app sync a --insecure=true", "argocd app sync a --insecure=true"),
        ("cosign sign --allow-insecure-registry a", "--allow-insecure-registry"),
        ("dockerd --insecure-registry=r.example:5000 &", "--insecure-registry=r.example:5000"),
        ("/kaniko/executor --insecure-registry 10.0.0.5 -d a", "--insecure-registry 10.0.0.5"),
        (
            """echo '{"insecure-registries": ["r.example"]}' > daemon.json""",
            'insecure-registries": ["r.example',
        ),
        ("aws s3 cp a s3://b --no-verify-ssl", "aws s3 cp a s3://b --no-verify-ssl"),
        ("https --verify=no example.com", "https --verify=no"),
        ("conda config --set ssl_verify false", "ssl_verify false"),
        ('lftp -e "set ssl:verify-certificate no; mirror"', "ssl:verify-certificate no"),
        ("mvn -Dmaven.wagon.http.ssl.insecure=true", "-Dmaven.wagon.http.ssl.insecure=true"),
        ("composer config -g disable-tls true", "disable-tls true"),
        (
            "apt-get -y install --allow-unauthenticated a",
            "apt-get -y install --allow-unauthenticated",
        ),
        ("dnf -y install --nogpgcheck a", "dnf -y install --nogpgcheck"),
        ("apk add --allow-untrusted a", "apk add --allow-untrusted"),
        ("helm plugin install --verify=false u", "helm plugin install --verify=false"),
        ("GOINSECURE=go.example.com go get a", "GOINSECURE=go.example.com"),
        ("go env -w GOINSECURE=*.example.com", "GOINSECURE=*.example.com"),
        ("go get -u -insecure example.com/a", "go get -u -insecure"),
        ("export GOFLAGS='-mod=mod -insecure'", "GOFLAGS='-mod=mod -insecure"),
        ("export GOPROXY=http://go.example.com", "GOPROXY=http://go.example.com"),
        (
            "npm config set registry http://npm.example.com/",
            "npm config set registry http://npm.example.com/",
        ),
        ("echo registry=http://npm.example.com > .npmrc", "registry=http://npm.example.com"),
        (
            "uv sync --default-index http://py.example.com/simple",
            "uv sync --default-index http://py.example.com/simple",
        ),
        (
            "gem install a -v 1.0.0 --source http://gems.example.com",
            "gem install a -v 1.0.0 --source http://gems.example.com",
        ),
        ("uv sync --allow-insecure-host py.example.com", "--allow-insecure-host py.example.com"),
        (
            "mvn -Daether.connector.https.securityMode=insecure package",
            "-Daether.connector.https.securityMode=insecure",
        ),
        (
            'echo "deb [trusted=yes] http://apt.example.com ./" > a.list',
            "deb [trusted=yes] http://apt.example.com",
        ),
    ],
)
def test_what_switches_the_check_off(script: str, text: str) -> None:
    [found] = gitlab_step(script).flaws
    assert (found.kind, found.text, found.decisive) == ("unverified", text, True)
    start, end = found.place.indices()
    assert " ".join(found.place.source.text[start:end].split()) == text


def test_a_key_that_is_asked_for_is_another_matter() -> None:
    [found] = gitlab_step("ssh-keyscan -t rsa example.com >> ~/.ssh/known_hosts").flaws
    assert (found.decisive, found.detail) == (False, "the key of an SSH server")


@pytest.mark.parametrize("script", ["export GOSUMDB=off", "go env -w GONOSUMDB=*"])
def test_the_public_log_of_checksums_is_one_of_two_guards(script: str) -> None:
    [found] = gitlab_step(script).flaws
    assert (found.decisive, found.detail) == (False, "the checksum of a new module")


@pytest.mark.parametrize(
    "script",
    [
        "ssh -o StrictHostKeyChecking=yes a",
        "ssh -o StrictHostKeyChecking=accept-new a",
        "# ssh -o StrictHostKeyChecking=no a",
        "curl -fsSL https://example.com -o k",
        "curl -K settings https://example.com",
        "curl https://example.com; sort -k 2 a",
        "curl -k https://localhost:8443/health",
        "curl -Li --insecure http://127.0.0.1/",
        "git config http.sslVerify true",
        "echo NODE_TLS_REJECT_UNAUTHORIZED=1",
        "ssh-keyscan example.com | diff - keys",
        "pip install -r trusted-hosts.txt",
        "dockerd --insecure-registry registry:5000",
        "dockerd --insecure-registry=127.0.0.1:5000",
        "dockerd --insecure-registry=registry.ci.svc:5000",
        """echo '{"insecure-registries": []}' > daemon.json""",
        "iwr -SkipCertificateCheck:$false https://example.com",
        'echo "try curl -k https://example.com, or ssh -o StrictHostKeyChecking=no"',
        "apk add --allow-untrusted ./build/a-1.2.apk",
        "yum localinstall --nogpgcheck dist/*.rpm",
        "echo 'deb [trusted=yes] file:/srv/packages ./' > a.list",
        "aws s3 ls --endpoint-url https://localhost:9000 --no-verify-ssl",
        "crane push a.tar b && grep -- --insecure c",
        "git clone https://git.example.com/a.git http://b",
        "git clone http://localhost:3000/a.git",
        "git clone http://127.0.0.1/a.git",
        "git clone http://gitea/a.git",
        "git clone http://gitea.default.svc/a.git",
        "conda config --set ssl_verify ca.pem",
        "http --verify=ca.pem https://example.com",
        "helm template a --verify=false",
        "GOPRIVATE=example.com/acme GONOSUMDB=example.com/acme/* go mod download",
        "GOINSECURE=localhost go mod download",
        "GOSUMDB=sum.golang.org go build",
        "export GOPROXY=http://localhost:3000,direct",
        "export GOPROXY=http://athens go build",
        "npm install --registry http://127.0.0.1:4873",
        "npm publish --registry=http://verdaccio:4873",
        "pip install --index-url http://py.example.com/simple a==1",  # pip itself refuses
        "npm config set registry https://npm.example.com && curl http://example.com",
    ],
)
def test_what_does_not(script: str) -> None:
    assert gitlab_step(script).flaws == ()


def test_variables_and_settings() -> None:
    given = (
        Variable(name="GIT_SSL_NO_VERIFY", value="True"),
        Variable(name="GIT_SSL_NO_VERIFY", value="false"),
        Variable(name="insecure", value="true"),
        Variable(name="insecure", value="true", kind="setting"),
        Variable(name="skip_verify", value="false", kind="setting"),
        Variable(name="skip-verify", value="true", kind="setting"),
        Variable(name="tlsSkipVerify", value="true", kind="setting"),
        Variable(name="SSH_FLAGS", value="-p 22 -oStrictHostKeyChecking=no"),
        Variable(name="SSH_FLAGS", value="-o StrictHostKeyChecking=yes"),
        Variable(name="ANSIBLE_HOST_KEY_CHECKING", value="False"),
        Variable(name="npm_config_strict_ssl", value="true"),
        Variable(name="COREPACK_INTEGRITY_KEYS", value="0"),
        Variable(name="BUNDLE_SSL_VERIFY_MODE", value="1"),
        Variable(name="GOINSECURE", value="go.example.com"),
        Variable(name="GOINSECURE", value=""),
        Variable(name="PIP_TRUSTED_HOST", value="localhost"),
        Variable(name="GOPROXY", value="http://go.example.com"),
        Variable(name="GOPROXY", value="https://go.example.com,direct"),
        Variable(name="GOSUMDB", value="off"),
        Variable(name="GOFLAGS", value="-mod=vendor"),
        Variable(name="GOFLAGS", value="-mod=mod -insecure"),
        Variable(name="GONOSUMDB", value="go.example.com/*"),
    )
    assert [(found.text, found.detail) for found in unverified_by(given)] == [
        ("GIT_SSL_NO_VERIFY: True", "the certificate of a server"),
        ("insecure: true", "the certificate of a server"),
        ("skip-verify: true", "the certificate of a server"),
        ("tlsSkipVerify: true", "the certificate of a server"),
        ("SSH_FLAGS: -p 22 -oStrictHostKeyChecking=no", "the key of an SSH server"),
        ("ANSIBLE_HOST_KEY_CHECKING: False", "the key of an SSH server"),
        ("COREPACK_INTEGRITY_KEYS: 0", "who made a package"),
        ("GOINSECURE: go.example.com", "the certificate of a server"),
        ("GOPROXY: http://go.example.com", "who answers"),
        ("GOSUMDB: off", "the checksum of a new module"),
        ("GOFLAGS: -mod=mod -insecure", "the certificate of a server"),
    ]


@pytest.mark.parametrize(
    ("registry", "found"),
    [
        ("registry.example.com", True),
        ("192.0.2.11:5000", True),
        ("registry.apps.svc.cluster.local:8000", False),
        ("https://registry.ci.svc/", False),
        ("localhost:5000", False),
        ("localhost.example.com", True),
    ],
)
def test_a_registry_beside_the_plugin_needs_no_certificate(registry: str, found: bool) -> None:
    given = (
        Variable(name="registry", value=registry, kind="setting"),
        Variable(name="insecure", value="true", kind="setting"),
    )
    assert bool(unverified_by(given)) == found
    other = Variable(name="GIT_SSL_NO_VERIFY", value="true")
    assert unverified_by((*given, other))[-1].text == "GIT_SSL_NO_VERIFY: true"


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        ("[--insecure-registry=r.example:5000]", ["--insecure-registry: r.example:5000"]),
        ("[dockerd, --insecure-registry, 10.0.0.5]", ["--insecure-registry: 10.0.0.5"]),
        ("[--insecure-registry=0.0.0.0/0]", ["--insecure-registry: 0.0.0.0/0"]),
        ("[--insecure-registry=registry:5000]", []),
        ("[--insecure-registry]", []),
        ("[--registry-mirror=https://r.example]", []),
    ],
)
@pytest.mark.parametrize("image", ["docker:27-dind", "postgres:17"])
def test_the_command_of_an_engine(image: str, command: str, texts: list[str]) -> None:
    text = f"job: {{script: make, services: [{{name: '{image}', command: {command}}}]}}"
    found = [flaw.text for flaw in pipeline("gitlab", text).jobs[0].flaws]
    assert found == (texts if "dind" in image else [])
