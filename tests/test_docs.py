"""What the documents show is what the program does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from pipelaw.cli import main
from pipelaw.rulebook import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_the_program_says() -> None:
    filled = runpy.run_path(str(ROOT / "bench" / "readme.py"))["filled"]
    assert filled(README) == README, "python bench/readme.py writes it anew"
    spoiled = README.replace("1 finding: 1 critical", "2 findings").replace(
        "| critical |", "| low |"
    )
    spoiled, number = re.subn(r"(?<=\n)(\| [\w ,]+ \|) \d+ rules", r"\1 0 rules", spoiled)
    assert number == 3
    assert filled(spoiled) == README


@pytest.mark.parametrize(
    "path", sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))), ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_page_about_policies_lists_every_parameter() -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    table = re.search(r"\n\| rule \| parameter \|.*?\n\n", page, re.DOTALL)
    assert table is not None
    listed = set()
    for row in table[0].split("\n")[3:-2]:
        rules, names, _ = (re.findall("`([^`]+)`", cell) for cell in row.strip("|").split("|"))
        listed |= {(rule, name) for rule in rules for name in names}
    declared = {(rule.id, one.name) for rule in load().rules for one in rule.parameters}
    assert listed == declared


def test_the_map_of_the_github_loader_is_complete() -> None:
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    chart = page.partition("## The modules of the GitHub loader")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", chart)) - {"github_"}
    folder = ROOT / "src" / "pipelaw" / "loaders"
    modules = {path.stem.removeprefix("github_") for path in folder.glob("github_*.py")}
    assert {name for name in modules if not name.startswith("taint_")} == named


def test_the_rule_in_contributing_passes_its_own_test(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"`rules/([a-z-]+)\.yaml`.*?```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    path = tmp_path / f"{block[1]}.yaml"
    path.write_text(block[2], encoding="utf-8")
    assert main(["test", str(path)]) == 0
