"""What no linter checks of the rules of the house."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pipelaw

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(pipelaw.__file__).parent
ROOT = Path(__file__).parents[1]
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

MAX_LINES = 400
MAX_FUNCTION = 40

DOES_IO = re.compile(
    r"cli/.*|tree\.py|gittree\.py|gitignore\.py|discover\.py|rules\.py|rulefile\.py|rulebook\.py|scanner\.py|cache\.py"
    r"|policysource\.py|policygit\.py"
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
    "parallel.py": {"multiprocessing"},  # its whole purpose
    "report/html.py": {"read_text"},  # the package's own stylesheet and script
}
"""I/O of other modules, with the reason."""

PLATFORM_WORDS = re.compile(r"pull_request_target|CI_COMMIT_MESSAGE|DRONE_")
KNOWS_PLATFORMS = re.compile(r"loaders/.*|data/.*")


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


def runtime(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, but for what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from runtime(child)


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


@pytest.mark.parametrize("module", MODULES)
def test_modules_fit_in_a_head(module: str) -> None:
    assert len((PACKAGE / module).read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("module", MODULES)
def test_functions_fit_on_a_screen(module: str) -> None:
    long = {
        node.name: size
        for node in ast.walk(tree(module))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (size := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("module", MODULES)
def test_io_stays_where_it_belongs(module: str) -> None:
    if DOES_IO.fullmatch(module):
        return
    found = {io_of(node) for node in runtime(tree(module))} - {""}
    assert found == ALLOWED.get(module, set())


@pytest.mark.parametrize("module", MODULES)
def test_everything_is_caught_in_one_place_only(module: str) -> None:
    broad = [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert len(broad) == (module == "cli/__init__.py")


@pytest.mark.parametrize("module", MODULES)
def test_names_say_what_a_module_is_about(module: str) -> None:
    assert Path(module).stem not in {"utils", "util", "helpers", "common", "base", "manager"}


def test_platforms_end_at_their_loaders() -> None:
    found = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".yaml", ".json")
        and PLATFORM_WORDS.search(path.read_text("utf-8"))
    ]
    assert [path for path in found if not KNOWS_PLATFORMS.fullmatch(path)] == []


@pytest.mark.parametrize(
    "rule", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda path: path.stem
)
def test_conditions_speak_the_models_words(rule: Path) -> None:
    judgement = rule.read_text("utf-8").partition("\nexamples:")[0]
    conditions = re.findall(r"^(?:when|at|severity):.*(?:\n(?: .*)?)*", judgement, re.MULTILINE)
    assert conditions
    assert not [text for text in conditions if PLATFORM_WORDS.search(text)]


def test_every_module_has_its_layer() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [layers] = [
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    there = {f"pipelaw.{module.partition('/')[0].removesuffix('.py')}" for module in MODULES}
    # what only hands on what others define needs no layer
    assert there - {"pipelaw.__init__", "pipelaw.__main__"} == placed


def test_families_are_in_their_tables() -> None:
    from pipelaw.cli import COMMANDS
    from pipelaw.loaders import LOADERS
    from pipelaw.report import FORMATS

    for table in (LOADERS, FORMATS):
        for module in table.values():
            name = module.removeprefix("pipelaw.").replace(".", "/")
            assert f"{name}.py" in MODULES
    commands = {module.removeprefix("cli/") for module in MODULES if module.startswith("cli/")}
    assert {f"{name}.py" for name in COMMANDS} == commands - {
        "__init__.py",
        "console.py",
        "law.py",
        "verdict.py",
    }
