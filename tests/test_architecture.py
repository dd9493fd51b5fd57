"""What no linter checks of the rules of the house."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pipelaw
from pipelaw import origin

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(pipelaw.__file__).parent
ROOT = Path(__file__).parents[1]
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

MAX_LINES = 400
MAX_FUNCTION = 40
NAMES = {"utils", "util", "helpers", "common", "base", "manager"}
"""Names that say nothing."""

DOES_IO = re.compile(
    r"cli/.*|tree\.py|gittree\.py|gitcommand\.py|gitignore\.py|origin\.py|discover\.py|folders\.py|rules\.py"
    r"|rulefile\.py|rulebook\.py|scanner\.py|cache\.py|policysource\.py|policygit\.py"
)
IO_MODULES = frozenset(
    "asyncio ftplib glob http.client http.server io multiprocessing os pathlib shutil signal socket"
    " subprocess sys tempfile threading time urllib.request".split()
)
IO_CALLS = frozenset("open input print".split())
IO_METHODS = frozenset(
    "read_text read_bytes write_text write_bytes iterdir rglob is_file is_dir exists stat".split()
)
ALLOWED = {
    "facts/advisories.py": {"pathlib", "read_text"},  # the package's own data
    "facts/control_catalogue.py": {"pathlib", "read_text"},  # the package's own data
    "parallel.py": {"multiprocessing", "os", "signal", "threading"},  # its whole purpose
    "report/html.py": {"read_text"},  # the package's own stylesheet and script
}
"""I/O of other modules, with the reason."""

PLATFORM_WORDS = re.compile(
    r"\b(?:CI|DRONE|GITHUB|GITLAB|RUNNER|ACTIONS|WOODPECKER)_[A-Z]\w*"
    r"|\bpull_request\w*|\bworkflow_(?:run|call|dispatch)\b|\bmerge_request_event\b"
    r"|\bgithub\.(?:actor|event|head_ref|ref|repository)\w*|\b(?:actions|plugins)/[a-z][\w-]+"
    r"|\bgitlab/ci\b"
)
"""Variables, events, contexts, own actions and templates of a platform."""
KNOWS_PLATFORMS = re.compile(r"loaders/.*|cli/(?:action|console|init)\.py")
"""What reads a platform's files, writes steps for it, or runs as one."""
PLATFORM_WORDS_ALLOWED = {
    "facts/control_signs.py": {"gitlab/ci"},  # where GitLab's own templates are, by address
    "origin.py": set(origin.OWNERS),  # whose repository a job is of, as each platform calls it
    # rules that are about this one variable or action
    "rules/dangerous-trigger.yaml": {"actions/labeler"},
    "rules/insecure-commands.yaml": {"ACTIONS_ALLOW_UNSECURE_COMMANDS"},
    # the tokens that every job has
    "rules/secret-in-arguments.yaml": {
        *("CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD", "GITHUB_TOKEN")
    },
}
"""See "Platforms end at their loaders" in docs/design.md."""


@cache
def text(module: str) -> str:
    return (PACKAGE / module).read_text("utf-8")


@cache
def nodes(module: str) -> list[ast.AST]:
    """The nodes of a module, but for what only a type checker reads."""
    found: list[ast.AST] = [ast.parse(text(module))]
    for node in found:  # it grows
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.extend(node.orelse)
        else:
            found.extend(ast.iter_child_nodes(node))
    return found


def io_of(node: ast.AST) -> str:
    """The I/O that a node does, "" for none."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in IO_CALLS else ""
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr if node.func.attr in IO_METHODS else ""
    return next((name for name in names if name in IO_MODULES), "")


def literals(module: str) -> Iterator[str]:
    """The texts of a module that no person reads: all but docstrings."""
    read = {id(node.value) for node in nodes(module) if isinstance(node, ast.Expr)}
    for node in nodes(module):
        if isinstance(node, ast.Constant) and id(node) not in read:
            yield str(node.value)


def foreign(texts: Iterator[str]) -> set[str]:
    """The platforms' words in texts, patterns among them."""
    return {
        word
        for text in texts
        # in a pattern, `\b` is no letter and `\.` is a dot
        for form in (text, re.sub(r"\\\w", " ", text).replace("\\", ""))
        for word in PLATFORM_WORDS.findall(form)
    }


def settings() -> list[dict[str, Any]]:
    """The contracts that import-linter checks."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts: list[dict[str, Any]] = found["tool"]["importlinter"]["contracts"]
    return contracts


def test_modules_fit_in_a_head_and_functions_on_a_screen() -> None:
    long = {
        module: size for module in MODULES if (size := len(text(module).splitlines())) > MAX_LINES
    }
    long |= {
        f"{module}:{node.lineno} {node.name}": size
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (size := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    }
    assert long == {}


def test_io_stays_where_it_belongs() -> None:
    found = {
        module: words
        for module in MODULES
        if not DOES_IO.fullmatch(module)
        and (words := {io_of(node) for node in nodes(module)} - {""})
    }
    assert found == ALLOWED


def test_everything_is_caught_in_one_place_only() -> None:
    broad = [
        module
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    # what one file does to a loader or a rule costs that file alone; a worker hands everything to the
    # process that started it, where it is met again
    allowed = ["loaders/__init__.py", "loaders/github.py", "parallel.py", "repository.py"]
    assert broad == ["cli/__init__.py", *allowed]


def test_names_say_what_a_module_is_about() -> None:
    assert [module for module in MODULES if Path(module).stem in NAMES] == []


def test_platforms_end_at_their_loaders() -> None:
    found = {
        module: words
        for module in MODULES
        if not KNOWS_PLATFORMS.fullmatch(module) and (words := foreign(literals(module)))
    }
    for rule in (ROOT / "rules").glob("*.yaml"):
        judgement = rule.read_text("utf-8").partition("\nexamples:")[0]
        conditions = re.findall(r"^(?:when|at|severity):.*(?:\n(?: .*)?)*", judgement, re.MULTILINE)
        assert conditions, rule
        if words := foreign(iter(conditions)):
            found[f"rules/{rule.name}"] = words
    assert found == PLATFORM_WORDS_ALLOWED


def test_every_module_has_its_layer() -> None:
    [layers] = [contract["layers"] for contract in settings() if contract["type"] == "layers"]
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    there = {f"pipelaw.{module.partition('/')[0].removesuffix('.py')}" for module in MODULES}
    # what only hands on what others define needs no layer
    assert there - {"pipelaw.__init__", "pipelaw.__main__"} == placed


def test_rules_can_look_at_every_part_and_are_read_anew_when_one_changes() -> None:
    from pipelaw.model import KINDS, Scope
    from pipelaw.records import field_names
    from pipelaw.rulebook import PARTS, _own_sources

    assert [f"{kind}s" for kind in PARTS] == list(field_names(Scope))
    assert set(PARTS) <= set(KINDS)
    defining = {record.__module__.removeprefix("pipelaw.") for record in KINDS.values()}
    assert {*defining, "words", "rulefile"} <= {Path(path).stem for path in _own_sources()}


def test_families_are_in_their_tables() -> None:
    from pipelaw import parameters, rulefile, trial, words
    from pipelaw.cli import COMMANDS
    from pipelaw.loaders import LOADERS
    from pipelaw.report import FORMATS

    assert list(LOADERS) == list(get_args(words.Platform)) == list(trial._PATHS)
    assert set(rulefile._TYPES) == set(parameters.TYPES)
    for table in (LOADERS, FORMATS):
        for module in table.values():
            name = module.removeprefix("pipelaw.").replace(".", "/")
            assert f"{name}.py" in MODULES
    alone = [set(one["modules"]) for one in settings() if one["type"] == "independence"]
    assert alone == [set(LOADERS.values()), set(FORMATS.values())]
    commands = {module.removeprefix("cli/") for module in MODULES if module.startswith("cli/")}
    assert {f"{name}.py" for name in COMMANDS} == commands - {
        "__init__.py",
        "console.py",
        "law.py",
        "verdict.py",
    }
