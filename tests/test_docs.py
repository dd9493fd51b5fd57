"""What the documents show is what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipelaw import rulebook
from pipelaw.cli import main
from pipelaw.explain import summary_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_output_in_the_readme_is_what_the_command_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    shown = re.search(r"<!-- output of: pipelaw (.+) -->\n```\n(.*?)```\n", README, re.DOTALL)
    assert shown is not None
    main(shlex.split(shown[1]))
    assert shown[2] == capsys.readouterr().out


def test_the_readme_has_the_table_of_rules() -> None:
    shown = re.search(r"<!-- output of: the table of rules -->\n\n(.*?)\n\n", README, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == summary_table(rulebook.load().rules).strip()


@pytest.mark.parametrize(
    "path", sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))), ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_rule_in_contributing_passes_its_own_test(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"`rules/([a-z-]+)\.yaml`.*?```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    path = tmp_path / f"{block[1]}.yaml"
    path.write_text(block[2], encoding="utf-8")
    assert main(["test", str(path)]) == 0
