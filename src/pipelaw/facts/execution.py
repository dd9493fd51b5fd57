"""Which commands run code that they find in the folder where they run, or in a file that they name."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelaw.facts.shell_downloads import ROOTED
from pipelaw.facts.shell_words import EXECUTING, name, reading
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelaw.facts.code_calls import Started

HERE = "."
"""The folder where a command runs."""

_ALWAYS = frozenset(
    """
    alembic alex ant ansible-playbook ansible-lint appraisal astro asv autoconf autoreconf ava bats bazel
    bazelisk behat behave bmake brunch buck2 busted bundle bundler cabal cap cargo-make cdk cdktf changeset
    checkov cibuildwheel clj clojure cmake codecept commitlint configure cookiecutter cross crystal cspell
    ctest cucumber cypress dagger danger danger-swift devbox devcontainer devenv devspace docker-compose
    docusaurus doxygen dune dvc dzil earthly eleventy erb_lint erblint eslint esy expo fastlane firebase
    flake8 flit flutter garden gatsby gauge gemini ginkgo golangci-lint gomplate goreleaser gotestsum gradle
    gradlew gradlew.bat grunt gulp hatch helmfile hexo hugo hypothesis infection inv invoke ionic jake
    jasmine jbang jekyll jest jupyter-book jupyter-nbconvert just karma kitchen latexmk lefthook lein lerna
    lint-staged locust mage markdownlint-cli2 maturin make makers gmake mingw32-make mdbook mdformat meson
    mill mise mix mkdocs mocha molecule moon msbuild MSBuild mvn mvnw mvnw.cmd mypy netlify next ng nikola
    nimble ninja nmake node-gyp nix-build nix-shell nosetests nose2 nox npx nuxi nuxt nx overcommit pabot
    pants papermill parcel pdm pdoc pelican pest phing php-cs-fixer phpcbf phpcs phpstan phpunit pip-compile
    pipenv playwright pnpx bunx poetry pre-commit prek premake5 prettier prospector prove psalm pulumi
    pyinstaller pylama pylint pyproject-build pytest py.test qmake qmake6 rails rake rebar3 rector
    release-it remark robot rollup rspec rubocop rush rye scala-cli scrapy shellspec skaffold sam sbt scons
    semantic-release serverless shards sls snakemake sonar-scanner sphinx-build sphinx-autobuild stack
    standard standardrb steep storybook stylelint task terragrunt textlint tflint tilt tox trunk tslint
    tuist turbo vagrant vercel vite vitepress vitest vuepress wasm-pack webpack werf wrangler xcodebuild
    xmake xo pod carthage gn godot idf.py pio platformio plz vcpkg west
    """.split()
)
_VERBS = {
    "go": "run generate test tool",
    "swift": "build test run package",
    "dotnet": "build test run restore pack publish msbuild watch format",
    "cargo": "",
    "uv": "run sync build",
    "terraform": "init plan apply destroy validate test refresh",
    "tofu": "init plan apply destroy validate test refresh",
    "composer": "install update run run-script test create-project require dump-autoload",
    "docker": "build compose",
    "podman": "build compose",
    "buildah": "build bud",
    "nix": "build develop run flake shell",
    "dart": "run test pub compile",
    "zig": "build test run",
    "gcloud": "builds app",
    "gem": "build",
    "coverage": "run",
    "dbt": "build clone compile debug deps docs ls parse run run-operation seed show snapshot test",
    "nextflow": "run",
    "julia": "",
    "deno": "run test task",
    "packer": "build init",
    "mamba": "env",
    "conda": "env build",
    "conan": "install create build",
    "opam": "install pin exec",
    "act": "",
    "anchor": "build deploy test",
    "brew": "bundle",
    "buf": "generate",
    "codeql": "database",
    "direnv": "allow exec reload",
    "dub": "build run test",
    "forge": "build coverage deploy script snapshot test",
    "jupyter": "nbconvert execute run book lab notebook",
    "luarocks": "make build",
    "quarto": "render preview publish",
    "R": "CMD",
    "snyk": "test monitor",
    "symfony": "console run",
    "truffle": "compile migrate test",
}
"""Programs that run code of the folder with some of their verbs; "" for every verb but a harmless one."""
_HARMLESS = frozenset(
    """
    --version -version -v -V version help --help -h config set get view info whoami login logout ping
    cache root bin prefix ls list outdated token owner dist-tag search setup store global self-update
    install-completion
    """.split()
)
_PACKAGE_MANAGERS = frozenset(("npm", "pnpm", "yarn", "bun"))
_RUNNING = frozenset("run run-script test t tst start stop restart exec x dlx explore".split())
_GLOBAL = frozenset(("-g", "--global"))
_FOLDERS = frozenset(
    """
    -C --prefix --cwd --dir --directory --project-directory --manifest-path -chdir --working-dir
    --working-directory --project-dir --root --source-dir -S
    """.split()
)
"""Options that name the folder to work in."""
_PIP = pattern(r"pip[\d.]*\Z")
_LOCAL = pattern(
    r"\.{1,2}(?:[/\\\[]|\Z)|(?:file:)?[^-\s=<>:]*[/\\][^\s]*\Z|\S+\.(?:txt|whl|tar\.gz)\Z"
)
"""What pip takes from the folder rather than from an index."""
_SUB = frozenset("docker podman".split())
_ISOLATED = frozenset(("-I", "-P"))
"""Options of Python that keep it from importing what lies in the folder."""


@lru_cache(maxsize=4096)
def places(words: tuple[str, ...]) -> tuple[str, ...]:
    """The files and folders that a command runs code from, as it names them; HERE for its own folder.

    Empty for commands that run none.
    """
    if not words:
        return ()
    program = name(words[0])
    if "/" in words[0] or "\\" in words[0]:
        wrapper = program in ("gradlew", "mvnw", "configure", "gradlew.bat", "mvnw.cmd")
        return (words[0], *(_tool(words) if wrapper else ()))
    runs = _RUNS.get(program)
    if runs is not None:
        return _tool(words) if runs(program, words) else ()
    if _PIP.match(program):
        return _installed(words[1:])
    if program in _SCRIPTED and program != "node":
        return tuple(_given(words)[:1])
    return _listed(words) if program in _LISTING else _interpreted(words)


def _always(program: str, words: Sequence[str]) -> bool:  # noqa: ARG001  one of three of a kind
    """Whether a command does more than tell its version or help."""
    return len(words) != 2 or words[1][:1] != "-" or words[1] not in _HARMLESS


def _given(words: Sequence[str]) -> list[str]:
    """The words after a program that are no options, nor the folder that one names."""
    return [word for before, word in pairwise(words) if word[:1] != "-" and before not in _FOLDERS]


def _manages(program: str, words: Sequence[str]) -> bool:
    """Whether a package manager runs scripts of the package in the folder."""
    given = _given(words)
    if not given:
        return program in ("yarn", "bun") and not _HARMLESS.intersection(words)
    verb = given[0]
    if verb in _RUNNING or (verb == "version" and len(given) > 1):
        return True
    if verb in _HARMLESS or not _GLOBAL.isdisjoint(words):
        return False
    return program != "npm" or "--ignore-scripts" not in words


def _verb(program: str, words: Sequence[str]) -> bool:
    given = _given(words)
    if not given:
        return False
    verbs = _VERBS[program].split()
    verb = given[0]
    if program in _SUB and verb in ("buildx", "builder", "image"):
        verb = given[1] if len(given) > 1 else ""
        verb = "build" if verb == "bake" else verb
    if program == "cargo" and verb == "install":
        return "--path" in words
    if program == "uv" and verb == "pip":
        return bool(_installed(given[1:]) or _installed([w for w in words[1:] if w != "pip"]))
    return verb in verbs if verbs else verb not in _HARMLESS


_RUNS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    **dict.fromkeys(_ALWAYS, _always),
    **dict.fromkeys(_PACKAGE_MANAGERS, _manages),
    **dict.fromkeys(_VERBS, _verb),
}
"""Whether a command of a program runs code of the folder."""


def _installed(words: Sequence[str]) -> tuple[str, ...]:
    """What `pip install` takes from files: requirements, the project itself, wheels."""
    if "install" not in words and "wheel" not in words:
        return ()
    found: list[str] = []
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        if before in ("-r", "-e", "--requirement", "--editable", "-c", "--constraint"):
            found.append(word)
        elif word[:2] == "-r" and len(word) > 2:
            found.append(word[2:])
        elif word not in ("install", "wheel") and word[:1] != "-" and _LOCAL.match(word):
            found.append(word)
    return tuple(re.sub(r"\[.*", "", each) or HERE for each in found if "://" not in each)


_LISTING = frozenset(("find", "run-parts"))


def _listed(words: Sequence[str]) -> tuple[str, ...]:
    """What a command runs code from that is handed the files of a folder, one after the other."""
    folder = words[1] if len(words) > 1 and words[1][:1] != "-" else HERE
    if name(words[0]) == "run-parts":
        return (words[-1],)
    at = next((at for at, word in enumerate(words) if word in ("-exec", "-execdir")), len(words))
    inner = places(tuple(folder if word == "{}" else word for word in words[at + 1 :]))
    return (folder,) if HERE in inner and words[at] == "-execdir" else inner


def _interpreted(words: tuple[str, ...]) -> tuple[str, ...]:
    """The file that an interpreter runs, or the folder in which it looks for a module."""
    read = reading(words)
    if read.remote or not read.language:
        return ()
    if read.file >= 0 and (read.language in EXECUTING or read.language in ("awk", "sed")):
        return (words[read.file],)
    if read.code and read.language in ("python", "node", "Rscript"):
        return tuple(place for at in read.code for place in coded(read.language, words[at], words))
    if read.language == "python" and "-m" in words:
        behind = words[words.index("-m") + 1 :]
        if behind and behind[0] == "pip":
            return _installed(behind[1:])
        return (HERE,) if behind and behind[0] not in ("venv", "virtualenv", "ensurepip") else ()
    return ()


_REDIRECTED = pattern(r"(?<![<&])<\s*([^\s<(&|;)]+)")
_PRINTERS = frozenset(("cat", "envsubst", "head", "sed", "tail", "tac"))


def fed(words: tuple[str, ...], text: str, printing: Sequence[str]) -> tuple[str, ...]:
    """The files that an interpreter takes its code from by its standard input.

    `text` is the command as written, `printing` are the words of the one whose output it reads.
    """
    read = reading(words)
    if not read.stdin or read.remote or read.language not in EXECUTING:
        return ()
    given = [word for word in printing[1:] if word[:1] != "-"]
    printed = given if printing and name(printing[0]) in _PRINTERS else []
    return (*printed, *(match[1] for match in _REDIRECTED.finditer(text)))


_OF_R = pattern(
    r"\b(?:bookdown|covr|devtools|goodpractice|lintr|pak|pkgdown|quarto|rcmdcheck|remotes|renv|rmarkdown|source"
    r"|targets|testthat|tinytest|urlchecker)\b"
)
"""What R is asked for that runs code of the package, or of a file."""


def coded(language: str, code: str, words: Sequence[str]) -> tuple[str, ...]:
    """The files and folders that code runs something from; `words` are those of its interpreter.

    What Python is handed without a file imports from the folder in which it stands.
    """
    from pipelaw.facts.code_calls import borrows, required, started  # noqa: PLC0415  few scripts hold code

    found = [place for each in started(code, language) for place in starting(each)]
    if language == "node":
        found += required(code)
    if language == "Rscript" and _OF_R.search(code):
        found.append(HERE)
    if language == "python" and _ISOLATED.isdisjoint(words) and borrows(code):
        found.append(HERE)
    return tuple(found)


def starting(each: Started) -> list[str]:
    """The files and folders that a program runs code from which other code starts."""
    return [
        f"{each.folder}/{place}" if each.folder and not ROOTED.match(place) else place
        for place in places(each.words)
    ]


def _tool(words: Sequence[str]) -> tuple[str, ...]:
    """Where a tool works: the folder that an option names, or its own; and the paths among its words.

    Files that it can only read are none of them.
    """
    if name(words[0]) in _STARTERS:
        words = _launched(words)
    paths: list[str] = []
    folder = ""
    for index, word in enumerate(words[1:], 1):
        option, equals, value = word.partition("=")
        if word[:1] != "-":
            if words[index - 1] in _FOLDERS:
                folder = word
            elif ("/" in word or "." in word) and not _read(words[0], words[index - 1], word):
                paths.append(word)
        elif equals and option in _FOLDERS:
            folder = value
        elif equals and "/" in value and not _read(words[0], option, value):
            paths.append(value)
    return (folder or HERE, *paths)


_DATA = pattern(
    r"(?<!/package)(?<!/composer)(?<!/deno)\.(?:json|jsonl|ndjson|md|txt|csv|tsv|log|lcov|info|xml|html?|svg|png"
    r"|sarif|diff|patch)[\"']?\Z"
)
"""Ends of the names of files that hold data, as far as no option says more of them."""
_FILLED = pattern(
    r"--(?:output|[\w-]*(?:artifact|baseline|coverage|image|log|out|output|report|result|screenshot)s?"
    r"[-_]?(?:dir|directory|file|folder|path))\Z",
    re.IGNORECASE,
)
"""Options that name what a tool writes, or looks at without running it."""
_SETTING = frozenset("-c -p -r -P --project --settings --preset --plugin --rulesdir".split())
_FILES = frozenset({"-f", "-s", "--file"})
_STARTERS = frozenset((*_PACKAGE_MANAGERS, "npx", "bunx", "pnpx"))
_TEMPLATED = frozenset("packer sam serverless sls docker podman cdk".split())
"""Programs to which a file of data says what to run."""


_SCRIPTED = frozenset(
    "babel-node elixir esno jiti node octave octave-cli ts-node tsx vite-node zx".split()
)
_SENDING = frozenset("gh-pages http-server serve surge".split())
"""Tools of packages that run the script which they are given first, and tools that only send files."""
_UPLOADS = {"wrangler": "pages", "netlify": "deploy", "netlify-cli": "deploy"}
"""Tools that only send the files which one of their commands is given, and that command."""


def _launched(words: Sequence[str]) -> Sequence[str]:
    """The words of a starter of packages without what such a tool is handed as data."""
    skipped = ("-p", "--package", *_FOLDERS)
    given = [
        at
        for at, word in enumerate(words[1:], 1)
        if word[:1] != "-" and words[at - 1] not in skipped
    ]
    if given and words[given[0]] in ("exec", "dlx", "x"):
        given = given[1:]
    tool = words[given[0]].partition("@")[0] if given else ""
    if tool in _SCRIPTED and len(given) > 1:
        return words[: given[1] + 1]
    sends = tool in _UPLOADS and len(given) > 1 and words[given[1]] == _UPLOADS[tool]
    return words[: given[0]] if sends or tool in _SENDING else words


def _read(program: str, option: str, path: str) -> bool:
    """Whether a path names a file that a tool reads, after an option that does not make it settings."""
    if _FILLED.search(option):
        return True
    if _DATA.search(path) is None or "requirements" in path or "tsconfig" in path:
        return False
    if option in _SETTING or "conf" in option or "requir" in option:
        return False
    return name(program) not in _TEMPLATED and (option not in _FILES or name(program) in _STARTERS)
