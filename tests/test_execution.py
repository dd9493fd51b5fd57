from __future__ import annotations

import pytest

from pipelaw.facts.execution import places


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("npm ci", (".",)),
        ("npm ci --ignore-scripts", ()),
        ("npm run build --ignore-scripts", (".",)),
        ("npm --version", ()),
        ("npm config set x y", ()),
        ("npm i -g npm@latest", ()),
        ("npm --prefix sub test", ("sub",)),
        ("npm version patch", (".",)),
        ("npm version", ()),
        ("pre-commit run --all-files", (".",)),
        ("flake8 src", (".",)),
        ("gradlew.bat build", (".",)),
        ("yarn", (".",)),
        ("yarn --version", ()),
        ("make -C sub all", ("sub",)),
        ("make --directory=sub", ("sub",)),
        ("make --version", ()),
        ("pytest tests/unit", (".", "tests/unit")),
        ("go run ./cmd", (".", "./cmd")),
        ("go version", ()),
        ("go build ./...", ()),
        ("cargo test", (".",)),
        ("cargo install ripgrep", ()),
        ("cargo install --path .", (".", ".")),
        ("docker build -t x sub/", (".", "sub/")),
        ("docker buildx build .", (".", ".")),
        ("docker run x", ()),
        ("docker push x", ()),
        ("pip install -r requirements.txt", ("requirements.txt",)),
        ("pip install -e .", (".",)),
        ("pip install .[dev]", (".",)),
        ("pip install requests==2.0", ()),
        ("pip install git+https://example.com/x", ()),
        ("python -m pip install -r x/y.txt", ("x/y.txt",)),
        ("python -m build", (".",)),
        ("python -m venv .venv", ()),
        ("python tools/x.py pr/data.json", ("tools/x.py",)),
        ("node x.js", ("x.js",)),
        ("bash -eu ./x.sh", ("./x.sh",)),
        ("source env.sh", ("env.sh",)),
        ("sed -f rules.sed x", ("rules.sed",)),
        ("sed s/a/b/ x", ()),
        ("java -jar build/app.jar", ("build/app.jar",)),
        ("./x --flag", ("./x",)),
        ("./gradlew build", ("./gradlew", ".")),
        ("terraform fmt", ()),
        ("terraform -chdir=infra plan", ("infra",)),
        ("cat x", ()),
        ("git status", ()),
    ],
)
def test_where_a_command_runs_code_from(command: str, found: tuple[str, ...]) -> None:
    assert places(tuple(command.split())) == found
