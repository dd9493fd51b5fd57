from __future__ import annotations

import pytest

from pipelaw.facts import shell
from pipelaw.facts.packages import Traffic, traffic
from pipelaw.model import Script
from pipelaw.place import NOWHERE, Text

PYPI, NPM = (f"{name}.org" for name in ("pypi", "npmjs"))


def exchanged(code: str, language: str = "bash") -> Traffic:
    text = Text(code, ((0, NOWHERE),))
    commands = shell.commands(text, language)
    return traffic([Script(text=code, shell=language, commands=commands, source_text=text)])


@pytest.mark.parametrize(
    ("code", "manager", "name", "pin"),
    [
        ("npm install -g typescript", "npm", "typescript", "none"),
        ("npm i @scope/tool@latest", "npm", "@scope/tool", "none"),
        ("npm install tool@^2", "npm", "tool", "range"),
        ("sudo npm install --global n", "npm", "n", "none"),
        ("yarn global add tool", "yarn", "tool", "none"),
        ("pnpm add -D tool", "pnpm", "tool", "none"),
        ("pnpm dlx tool --flag value", "pnpm", "tool", "none"),
        ("npx --yes tool@latest build", "npx", "tool", "none"),
        ("pip install tox==4.23.2 build", "pip", "build", "none"),
        ("pip3 install 'black>=24'", "pip", "black", "range"),
        ("python -m pip install -U tox[all]", "pip", "tox", "none"),
        ("pip install git+https://example.com/a/b", "pip", "git+https://example.com/a/b", "none"),
        ("pipx install poetry", "pipx", "poetry", "none"),
        ("uv tool install ruff", "uv", "ruff", "none"),
        ("uv pip install --system a b", "uv", "a, b", "none"),
        ("uvx ruff check .", "uvx", "ruff", "none"),
        ("gem install rake", "gem", "rake", "none"),
        ("bundle add rake", "bundle", "rake", "none"),
        ("cargo install cargo-nextest --locked", "cargo", "cargo-nextest", "none"),
        ("go install example.com/tool@latest", "go", "example.com/tool", "none"),
        ("go run example.com/tool@main -v x", "go", "example.com/tool", "none"),
        ("dotnet tool install -g tool", "dotnet", "tool", "none"),
        ("docker run --rm -it -v $PWD:/x -e A=b alpine sh", "docker", "alpine", "none"),
        ("sudo docker pull quay.io/acme/tool:latest", "docker", "quay.io/acme/tool", "none"),
        ("podman run --name=x docker.io/acme/tool", "podman", "docker.io/acme/tool", "none"),
        ("docker container run --entrypoint sh acme/tool:edge", "docker", "acme/tool", "none"),
        ("npm exec --yes tool -- build", "npm", "tool", "none"),
        ("npx --yes --package=lib tool", "npx", "lib", "none"),
        ("npx -p lib -y tool", "npx", "lib", "none"),
        ("uvx --from 'black>=24' black", "uvx", "black", "range"),
        ("pipx run --spec black black", "pipx", "black", "none"),
        ("cargo install --git https://e.org/a", "cargo", "git+https://e.org/a", "none"),
        (
            "cargo install --git https://e.org/a --branch x a",
            "cargo",
            "git+https://e.org/a",
            "range",
        ),
        ("composer global require vendor/tool", "composer", "vendor/tool", "none"),
        ("npm \\\n  install \\\n  tool", "npm", "tool", "none"),
        ("npm --prefix web install tool", "npm", "tool", "none"),
        ("pipx run tool --flag", "pipx", "tool", "none"),
        ("uv tool run tool@latest check", "uv", "tool", "none"),
    ],
)
def test_what_is_installed_without_a_fixed_version(
    code: str, manager: str, name: str, pin: str
) -> None:
    [found] = exchanged(code).installations
    assert (found.manager, found.name, found.pin) == (manager, name, pin)


@pytest.mark.parametrize(
    "code",
    [
        "npm install",
        "npm ci",
        "npm install ./local file:../other pkg.tgz",
        "npm install tool@1.2.3 tool@v1.2.3-rc.1",
        'npm install "tool@$VERSION" "$TOOL"',
        "pnpm install --fetch-timeout 100000",
        "bun install --linker hoisted",
        "npm install owner/tool#$REVISION",
        "pip install -r requirements.txt",
        "pip install .",
        "pip install -e '.[dev]'",
        "pip install tox==4.0.0 'a===1' dist/a.whl",
        "pip install -c constraints.txt tox",
        "pip install --require-hashes tox",
        "pip install --no-index --find-links dist tox",
        "pip install --dry-run tox",
        "pip install https://example.com/a/b/archive/v1.2.3.tar.gz",
        "npm --prefix web install",
        "pip install git+https://example.com/a/b@0123456789abcdef0123456789abcdef01234567",
        "gem install rake -v 13.0.6",
        "cargo install --path .",
        "cargo install tool --version 1.2.3",
        "cargo install tool@1.2.3",
        "go install ./...",
        "go install example.com/tool@v1.2.3",
        "dotnet tool install tool --version 1.2.3",
        "npx tool",
        "apt-get install tool",
        "echo npm install tool",
        "make install tool",
        "npm exec --yes -- tool@1.2.3 build",
        "npx --yes --package=lib@1.2.3 tool",
        "pnpm --package=lib@1.2.3 dlx tool",
        "yarn dlx -p lib@1.2.3 tool",
        "uvx --from black==24.1.0 black",
        "uv tool run --from black==24.1.0 black",
        "pipx run --spec black==24.1.0 black",
        "cargo install --git https://example.com/a/b --rev 0123456 b",
        "pip install --trusted-host pypi.example.com lib==1.2.3",
        "docker pull alpine:3.22",
        "docker run alpine@sha256:0123 sh",
        'docker run -v /x:/x "$IMAGE" sh',
        "docker run --name x own-image",
        "docker run localhost:5000/a/b",
        "docker compose run web",
        "docker build -t acme/tool .",
        "docker push acme/tool",
    ],
)
def test_what_is_fixed_or_comes_from_the_repository(code: str) -> None:
    assert exchanged(code).installations == ()


@pytest.mark.parametrize("ref", ["main.zip", "refs/heads/next.tar.gz", "HEAD.tar.gz"])
def test_an_archive_of_a_branch_has_no_version(ref: str) -> None:
    [found] = exchanged(f"pip install https://example.com/a/b/archive/{ref}").installations
    assert found.pin == "none"


def test_package_managers_that_renew_themselves_are_told_apart() -> None:
    [own] = exchanged("pip install --upgrade pip setuptools").installations
    [other] = exchanged("pip install --upgrade pip tox").installations
    assert (own.own, other.own) == (True, False)


@pytest.mark.parametrize(
    ("code", "manager", "registry"),
    [
        ("npm publish --access public", "npm", "npm"),
        ("pnpm -r publish --no-git-checks", "pnpm", "npm"),
        ("yarn npm publish", "yarn", "npm"),
        ("bunx npm publish", "npm", "npm"),
        ("cargo +nightly publish", "cargo", "crates.io"),
        ("cargo \\\n  publish", "cargo", "crates.io"),
        ("python -m twine upload dist/*", "twine", "PyPI"),
        ("twine upload --repository testpypi dist/*", "twine", "PyPI"),
        (f"twine upload --repository-url https://upload.{PYPI}/legacy/ x", "twine", "PyPI"),
        (f"npm publish --registry=https://registry.{NPM}", "npm", "npm"),
        ("uv run twine upload dist/*", "twine", "PyPI"),
        ("poetry publish --build", "poetry", "PyPI"),
        ("bundle exec gem push a.gem", "gem", "RubyGems"),
        ("dotnet nuget push a.nupkg", "dotnet", "NuGet"),
        ("nuget.exe push a.nupkg", "nuget", "NuGet"),
    ],
)
def test_what_is_published(code: str, manager: str, registry: str) -> None:
    [found] = exchanged(code).publications
    assert (found.manager, found.registry) == (manager, registry)


@pytest.mark.parametrize(
    "code",
    [
        "npm publish --dry-run",
        "cargo publish -n",
        "npm publish --registry https://npm.pkg.github.com",
        "npm publish --registry=$REGISTRY",
        "twine upload -r internal dist/*",
        "twine upload --repository-url https://pypi.example.com/simple dist/*",
        "npm publish --registry https://npmjs.example.com/",
        "dotnet nuget push a.nupkg --source github",
        "cargo publish --registry ours",
        "git push",
        "docker push a/b",
        "npm run publish-docs",
    ],
)
def test_what_is_not_published_or_elsewhere(code: str) -> None:
    assert exchanged(code).publications == ()


def test_provenance_is_asked_for_by_name() -> None:
    [with_it] = exchanged("npm publish --provenance").publications
    [without] = exchanged("npm publish").publications
    [configured] = exchanged("npm config set provenance true\nnpm publish").publications
    given = [found.provenance for found in (with_it, without, configured)]
    assert given == [True, False, True]


def test_powershell_is_read_too() -> None:
    [found] = exchanged("cargo `\n  publish `\n  --allow-dirty", "pwsh").publications
    assert found.manager == "cargo"
    assert exchanged("import pip; pip install tox", "python") == Traffic()
