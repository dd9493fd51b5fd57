from __future__ import annotations

import pytest

from pipelaw.facts import shell
from pipelaw.facts.package_versions import hooked
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
        ("npx tool@latest build", "npx", "tool", "none"),
        ("npx @scope/tool@^2 build", "npx", "@scope/tool", "range"),
        ("npx -p lib@next tool", "npx", "lib", "none"),
        ("npm exec -- tool@latest build", "npm", "tool", "none"),
        ("bunx --bun tool@latest build", "bunx", "tool", "none"),
        ("bun x tool@latest build", "bun", "tool", "none"),
        ("pip install tox==4.23.2 build", "pip", "build", "none"),
        ("pip3 install 'black>=24'", "pip", "black", "range"),
        ("python -m pip install -U tox[all]", "pip", "tox", "none"),
        ("pip install git+https://example.com/a/b", "pip", "git+https://example.com/a/b", "none"),
        ("python3.12 -m pip install -q tox", "pip", "tox", "none"),
        ("python3.11 -m pipx install tox", "pipx", "tox", "none"),
        ("pip3.12 install tox", "pip", "tox", "none"),
        ("gem i --no-document rake", "gem", "rake", "none"),
        ("pipx install poetry", "pipx", "poetry", "none"),
        ("uv tool install ruff", "uv", "ruff", "none"),
        ("uv pip install --system a b", "uv", "a, b", "none"),
        ("uvx ruff check .", "uvx", "ruff", "none"),
        ("gem install rake", "gem", "rake", "none"),
        ("bundle add rake", "bundle", "rake", "none"),
        ("cargo install cargo-nextest --locked", "cargo", "cargo-nextest", "none"),
        ("go install example.com/tool@latest", "go", "example.com/tool", "none"),
        ("go install -v example.com/tool@latest", "go", "example.com/tool", "none"),
        ("go get -u -v example.com/tool", "go", "example.com/tool", "none"),
        ("GO111MODULE=off go get example.com/tool", "go", "example.com/tool", "none"),
        ("go run example.com/tool@main -v x", "go", "example.com/tool", "none"),
        ("dotnet tool install -g tool", "dotnet", "tool", "none"),
        ("docker run --rm -it -v $PWD:/x -e A=b alpine sh", "docker", "alpine", "none"),
        ("sudo docker pull quay.io/acme/tool:latest", "docker", "quay.io/acme/tool", "none"),
        ("podman run --name=x docker.io/acme/tool", "podman", "acme/tool", "none"),
        ("docker container run --entrypoint sh acme/tool:edge", "docker", "acme/tool:edge", "none"),
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
        ("choco install -y --params '/x' nsis", "choco", "nsis", "none"),
        ("nuget install Tool -OutputDirectory tools", "nuget", "Tool", "none"),
        ("dotnet add package Tool", "dotnet", "Tool", "none"),
        ("dotnet package add Tool@1.*", "dotnet", "Tool", "range"),
        ("npm \\\n  install \\\n  tool", "npm", "tool", "none"),
        ("npm --prefix web install tool", "npm", "tool", "none"),
        ("pipx run tool --flag", "pipx", "tool", "none"),
        ("uv tool run tool@latest check", "uv", "tool", "none"),
        ("uv run --with requests tool.py", "uv", "requests", "none"),
        ("uv run --no-project --with=a==1.0,b tool.py -r x", "uv", "b", "none"),
        ("uvx --with plugin tool==1.2.3 -c x", "uvx", "plugin", "none"),
        ("uv add 'requests>=2'", "uv", "requests", "range"),
        ("poetry add --group dev black==24.1.0 isort@latest", "poetry", "isort", "none"),
        ("poetry self add poetry-plugin-export", "poetry", "poetry-plugin-export", "none"),
        ("pdm add -G test tox", "pdm", "tox", "none"),
        ("pipx inject poetry plugin", "pipx", "plugin", "none"),
        ("pnpx tool", "pnpx", "tool", "none"),
        ("deno install -gA -n tool jsr:@scope/tool", "deno", "@scope/tool", "none"),
        ("deno run npm:tool@^1 x", "deno", "tool", "range"),
        ("gh extension install acme/gh-tool", "gh", "acme/gh-tool", "none"),
        ("helm plugin install https://e.org/a.git", "helm", "https://e.org/a.git", "none"),
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
        "choco install nsis --version=3.10.0 -y",
        "choco install packages.config",
        "nuget install packages.config -OutputDirectory packages",
        "nuget install Tool -Version 5.12.0",
        "dotnet add package Tool -v 1.2.3",
        "dotnet add package Tool --version 1.2.3",
        "bun install --linker hoisted",
        "npm install owner/tool#$REVISION",
        "pip install -r requirements.txt",
        "pip install .",
        "pip install -U lib/runtime lib/tools[test]",
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
        "cargo binstall --no-confirm --disable-strategies compile tool@1.2.3",
        "go install ./...",
        "go get -t ./...",
        "go get -u",
        "go get example.com/tool@v1.2.3",
        "go install example.com/tool@v1.2.3",
        "dotnet tool install tool --version 1.2.3",
        "npx tool",
        "npx tool user@example.com",
        "npx @scope/tool",
        "npx @scope/tool@1.2.3 a@latest",
        "npx --package lib tool@latest",
        "npx --no-install tool@latest",
        "bunx tool build",
        "npm exec tool -- a@latest",
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
        "uv run --with requests==2.32.3 --with ./lib tool.py",
        'uv run --with "lib==$VERSION" tool.py',
        "uv run --with-requirements tools.txt tool.py",
        "uv run --exclude-newer 2026-01-01 --with lib tool.py",
        "uv run tool --with lib",
        "poetry install --with dev",
        "poetry add black==24.1.0 isort@5.13.2",
        "pipx inject poetry plugin==1.8.0",
        "deno run --allow-read main.ts https://example.org/data",
        "deno run -A https://e.org/x/main.ts y",
        "deno install --frozen",
        "deno run jsr:@scope/tool@1.2.3/cli",
        "gh extension install acme/gh-tool --pin v1.2.3",
        "helm plugin install https://e.org/a.git --version 1.2.3",
        "./configure --with-ssl",
    ],
)
def test_what_is_fixed_or_comes_from_the_repository(code: str) -> None:
    assert exchanged(code).installations == ()


@pytest.mark.parametrize("ref", ["main.zip", "refs/heads/next.tar.gz", "HEAD.tar.gz"])
def test_an_archive_of_a_branch_has_no_version(ref: str) -> None:
    [found] = exchanged(f"pip install https://example.com/a/b/archive/{ref}").installations
    assert found.pin == "none"


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("black", "none"),
        ("flake8-bugbear>=24", "range"),
        ("black==24.1.0", "exact"),
        ("eslint@8.56.0", "exact"),
        ("@scope/plugin@^1", "range"),
        ("@scope/plugin", "none"),
        ("example.com/tool@v1.2.3", "exact"),
        ("cli:taplo-cli:0.9.3", "exact"),
        ("rubocop:1.60.0", "exact"),
        ("git+https://example.com/a/b@0123456789", "exact"),
        ("tool @ git+https://example.com/a/b", "none"),
    ],
)
def test_what_hooks_need_in_the_words_of_any_language(text: str, pin: str) -> None:
    spec = hooked(text)
    assert spec is not None
    assert spec.pin == pin


def test_stubs_of_types_and_the_repository_itself_need_no_version() -> None:
    assert {hooked(text) for text in (".", "types-requests", "@types/node", "./x.whl")} == {None}


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
        ("twine upload --repository testpypi dist/*", "twine", "TestPyPI"),
        (f"uv publish --publish-url https://test.{PYPI}/legacy/", "uv", "TestPyPI"),
        (f"twine upload --repository-url https://upload.{PYPI}/legacy/ x", "twine", "PyPI"),
        (f"npm publish --registry=https://registry.{NPM}", "npm", "npm"),
        ("uv run twine upload dist/*", "twine", "PyPI"),
        ("poetry publish --build", "poetry", "PyPI"),
        ("bundle exec gem push a.gem", "gem", "RubyGems"),
        ("dotnet nuget push a.nupkg -s nuget.org", "dotnet", "NuGet"),
        ("nuget.exe push a.nupkg -Source https://api.nuget.org/v3/index.json", "nuget", "NuGet"),
        ('dotnet nuget push a.nupkg --api-key "$NUGET_KEY"', "dotnet", "NuGet"),
        ("npm --workspace a publish", "npm", "npm"),
        ("npm -w a publish", "npm", "npm"),
        ("pnpm --filter @acme/a publish", "pnpm", "npm"),
        ("pnpm --filter=./packages/* publish", "pnpm", "npm"),
        ("yarn workspace a npm publish", "yarn", "npm"),
        ("yarn workspaces foreach -A --include 'a*' npm publish", "yarn", "npm"),
        ("npx npm@11 publish", "npm", "npm"),
        ("bun x npm publish", "npm", "npm"),
        ("pipx run --spec twine==5.1.1 twine upload dist/*", "twine", "PyPI"),
        ("uvx --from twine twine upload dist/*", "twine", "PyPI"),
        ("uvx twine@6 upload dist/*", "twine", "PyPI"),
        ("poetry --directory core publish", "poetry", "PyPI"),
        ("maturin upload --skip-existing dist/*", "maturin", "PyPI"),
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
        "dotnet nuget push a.nupkg --api-key az",
        "cargo publish --registry ours",
        "git push",
        "docker push a/b",
        "npm run publish-docs",
        "yarn workspace publish build",
        "pnpm --filter publish build",
        "maturin publish --repository-url https://pypi.example.com/legacy/",
    ],
)
def test_what_is_not_published_or_elsewhere(code: str) -> None:
    assert exchanged(code).publications == ()


def test_provenance_is_asked_for_by_name() -> None:
    [with_it] = exchanged("npm publish --provenance").publications
    [without] = exchanged("npm publish").publications
    [configured] = exchanged("npm config set provenance true\nnpm publish").publications
    kept = [
        exchanged(f"{options}\nnpm publish $OPTS").publications[0].provenance
        for options in (
            'OPTS="--access public --provenance"',
            "OPTS+=(--provenance)",
            'OPTS="--access public"',
            'OPTS="--no-provenance"',
            'OPTS="--provenance=false"',
        )
    ]
    assert kept == [True, True, False, False, False]
    given = [found.provenance for found in (with_it, without, configured)]
    assert given == [True, False, True]


def test_what_fetches_the_program_that_publishes_takes_it_without_a_version() -> None:
    found = exchanged("uvx twine upload dist/*")
    assert [each.name for each in found.installations] == ["twine"]
    assert exchanged("uvx twine==6.1.0 upload dist/*").installations == ()
    assert exchanged("uv run twine upload dist/*").installations == ()


def test_powershell_is_read_too() -> None:
    [found] = exchanged("cargo `\n  publish `\n  --allow-dirty", "pwsh").publications
    assert found.manager == "cargo"
    code = (
        "Install-Module -Name Pester -Force -Scope CurrentUser\n"
        "Install-Module Pester -RequiredVersion 5.5.0\n"
        "Install-PSResource Az -Version '1.*'"
    )
    assert [each.name for each in exchanged(code, "pwsh").installations] == ["Pester"]
    assert exchanged("import pip; pip install tox", "python") == Traffic()
