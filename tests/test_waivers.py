from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import commandline
import pytest
from gitcommand import git
from samples import DANGEROUS, sample_finding

from pipelaw import policysource
from pipelaw.audit import of_comments, of_controls, of_waivers
from pipelaw.cli import Status
from pipelaw.finding import Finding, Severity, Suppression
from pipelaw.records import replaced
from pipelaw.source import Source, Span
from pipelaw.suppress import File
from pipelaw.tree import MemoryTree
from pipelaw.waivers import settled

if TYPE_CHECKING:
    from pathlib import Path

    from pipelaw.policy import Policy

TODAY = dt.date(2026, 6, 1)
PIPELINE = ".github/workflows/ci.yml"
FOUND = sample_finding(span=Span(PIPELINE, 7, 20, 7, 51), fingerprint="a" * 32 + ":1", related=())
WAIVER = """\
  - rule: script-injection
    path: .github/**
    job: greet
    reason: only members can start it
    owner: team-ci
    expires: 2026-07-01
"""


def policy(text: str) -> Policy:
    return policysource.load(MemoryTree({"p.yml": text.encode()}), "p.yml", today=TODAY)


def waived(text: str, finding: Finding = FOUND) -> Finding:
    [found] = settled([finding], policy(f"waivers:\n{text}"))
    return found


def file(text: str) -> File:
    """A file without scripts."""
    return File(Source(PIPELINE, text), tuple, tuple)


def note(finding: Finding) -> str:
    [related] = finding.related
    return related.message


def test_a_waiver_suppresses_and_says_why() -> None:
    text = WAIVER + "    ticket: CI-12\n    approved_by: security\n"
    assert waived(text).suppressed == Suppression(
        "waiver",
        "only members can start it (owner team-ci, approved by security, CI-12, until 2026-07-01)",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("job: greet", "job: other"),
        ("job: greet", "job: gre"),
        ("path: .github/**", "path: .gitlab/**"),
        ("rule: script-injection", "rule: remote-script"),
    ],
)
def test_a_waiver_for_something_else_changes_nothing(old: str, new: str) -> None:
    assert waived(WAIVER.replace(old, new)) is not None
    assert waived(WAIVER.replace(old, new)) == FOUND


def test_a_job_can_be_a_glob_or_left_out() -> None:
    assert waived(WAIVER.replace("job: greet", "job: gr*")).suppressed
    assert waived(WAIVER.replace("    job: greet\n", "")).suppressed


def test_a_fingerprint_names_one_finding() -> None:
    text = WAIVER.replace("path: .github/**", f"fingerprint: {FOUND.fingerprint}")
    text = text.replace("    job: greet\n", "")
    assert waived(text).suppressed
    assert waived(text, replaced(FOUND, fingerprint="b" * 32 + ":1")).suppressed is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2026-07-01", "2026-05-31", "it expired on 2026-05-31"),
        (
            "2026-07-01",
            "2026-11-29",
            "2026-11-29 is more than 180 days away (pipelaw:default:4:17)",
        ),
        ("2026-07-01", "next year", "`expires: next year` is no day, such as 2027-01-31"),
        ("2026-07-01", "2026-02-30", "`expires: 2026-02-30` is no day, such as 2027-01-31"),
        ("    expires: 2026-07-01\n", "", "it has no `expires` date"),
        ("    owner: team-ci\n", "", "it names no `owner`"),
        ("only members can start it", "ok", "it gives no `reason` of 10 characters or more"),
    ],
)
def test_a_waiver_that_does_not_count_says_so(old: str, new: str, message: str) -> None:
    found = waived(WAIVER.replace(old, new))
    assert found.suppressed is None
    assert note(found) == f"the waiver for it does not count: {message}"
    assert found.related[0].span == ("p.yml", 2, 5, 2, 5)


def test_the_last_day_still_counts_and_the_next_waiver_does() -> None:
    assert waived(WAIVER.replace("2026-07-01", "2026-06-01")).suppressed
    expired = WAIVER.replace("2026-07-01", "2026-05-31")
    assert waived(expired + WAIVER).suppressed


def test_a_lower_layer_cannot_waive_what_is_locked() -> None:
    for lock in ("waivers", "script-injection", "'*'"):
        files = {
            "org.yml": f"lock: [{lock}]\n".encode(),
            "p.yml": f"extends: org.yml\nwaivers:\n{WAIVER}".encode(),
        }
        found = policysource.load(MemoryTree(files), "p.yml", today=TODAY)
        [finding] = settled([FOUND], found)
        assert finding.suppressed is None
        assert note(finding).endswith(f"`{lock.strip(chr(39))}` is locked by org.yml:1:8")


def test_severities_by_rule_and_path() -> None:
    found = policy(
        "rules:\n  script-injection:\n    severity: low\n    paths:\n"
        "      - {path: .github/workflows/ci.yml, severity: critical}\n"
        "      - {path: 'legacy/**', severity: off}\n"
        "  remote-script:\n    paths: [{path: '**', severity: on}]\n"
    )
    elsewhere = replaced(FOUND, span=FOUND.span._replace(path="a.yml"))
    legacy = replaced(FOUND, span=FOUND.span._replace(path="legacy/a.yml"))
    other = replaced(FOUND, rule="remote-script")
    levels = settled([FOUND, elsewhere, legacy, other], found)
    assert [f.severity for f in levels] == [
        Severity.CRITICAL,
        Severity.LOW,
        Severity.HIGH,
        Severity.HIGH,
    ]
    assert levels[2].suppressed == Suppression("policy", "off for `legacy/**` (p.yml:6:39)")


def test_paths_are_those_of_the_repository() -> None:
    inside = replaced(FOUND, span=FOUND.span._replace(path=f"org/repo/{PIPELINE}"))
    [found] = settled([inside], policy(f"waivers:\n{WAIVER}"), "org/repo")
    assert found.suppressed


def test_a_control_elsewhere_settles_that_it_is_missing() -> None:
    missing = replaced(FOUND, rule="missing-sast")
    text = "controls: [{category: sast, by: the platform team, until: UNTIL}]\n"
    [found] = settled([missing, FOUND][:1], policy(text.replace("UNTIL", "2026-06-01")))
    assert found.suppressed == Suppression(
        "policy", "sast is done by the platform team (p.yml:1:12)"
    )
    [found] = settled([missing], policy(text.replace("UNTIL", "2026-05-31")))
    assert found.suppressed is None
    assert note(found) == "`the platform team` counted as sast until 2026-05-31"


@pytest.mark.parametrize(
    ("settings", "reason", "fault"),
    [
        ("", "members only", ""),
        ("", "members only (until 2026-06-01)", ""),
        ("", "members only (until 2026-05-31)", "it expired on 2026-05-31"),
        ("", "(until 31.12.2026)", "`(until 31.12.2026)` is no day, as in (until 2027-01-31)"),
        ("", "(until the release", "`(until the release` is no day, as in (until 2027-01-31)"),
        ("", "(until 2028-01-01)", "2028-01-01 is more than 180 days away (pipelaw:default:4:17)"),
        *(
            ("", reason, "it expired on 2026-05-31")
            for reason in (
                "ok (Until 2026-05-31)",
                "ok until 2026-05-31",
                "ok until: 2026-05-31, then we move",
                "ok, valid UNTIL 2026-05-31.",
                "ok [until 2026-05-31]",
                "ok ( until 2026-05-31 )",
                "ok (until 2026-05-31, see CI-12)",
                "ok (expires 2026-05-31)",
                "ok expires on 2026-05-31",
                "ok Expires: 2026-05-31",
                "(until 2026-10-31) (until 2026-05-31)",
                "until 2026-05-31 until 2026-10-31",
                "until we move (until 2026-05-31)",
            )
        ),
        *(
            ("", reason, f"`{said}` is no day, as in (until 2027-01-31)")
            for reason, said in (
                ("ok [until summer] here", "[until summer]"),
                ("ok (Expires soon)", "(Expires soon)"),
                ("ok (until)", "(until)"),
                ("ok (until 2026)", "(until 2026)"),
                ("ok (until 2026-02-30)", "(until 2026-02-30)"),
                ("ok until 2026-02-30", "until 2026-02-30"),
                ("ok until 2026-6-1", "until 2026-6-1"),
                ("ok until 2026/06/01 only", "until 2026/06/01"),
                ("ok until 31.12.2026", "until 31.12.2026"),
                ("ok expires 2026-11", "expires 2026-11"),
                ("(until 2026-10-31) (until later)", "(until later)"),
            )
        ),
        *(
            ("", reason, "")
            for reason in (
                "until we move",
                "ok until 2026-06-01",
                "until 1.2.3 is out",
                "until 3.12 is gone",
                "until 2 more have moved",
                "the token expires within an hour",
                "untiled 2026-05-31",
            )
        ),
        ("inline: dated", "until we move", "it has no date, as in (until 2027-01-31)"),
        ("inline: dated", "ok until 2026-06-30", ""),
        ("inline: dated", "members only", "it has no date, as in (until 2027-01-31)"),
        ("inline: dated", "members only (until 2026-06-30)", ""),
        ("inline: refused", "members only (until 2026-06-30)", "p.yml:1:9 refuses such comments"),
        ("lock: [script-injection]", "members", "`script-injection` is locked by p.yml:1:8"),
    ],
)
def test_comments(settings: str, reason: str, fault: str) -> None:
    ignored = replaced(FOUND, suppressed=Suppression("inline", reason))
    [found] = settled([ignored], policy(settings))
    assert (found.suppressed is None) == bool(fault)
    if fault:
        assert note(found) == f"the comment that ignores it does not count: {fault}"


def remarks(text: str, count: int = 1) -> list[tuple[str, str]]:
    findings = [replaced(FOUND, fingerprint=f"{n:032x}:1") for n in range(count)]
    found = policy(f"waivers:\n{text}")
    return [(r.kind, r.message) for r in of_waivers(found, settled(findings, found))]


def test_an_audit_lists_what_to_look_at() -> None:
    assert remarks(WAIVER.replace("2026-07-01", "2026-07-02")) == []
    assert remarks(WAIVER) == [
        ("expiring", "it ends on 2026-07-01: mend the finding, or decide again")
    ]
    assert remarks(WAIVER.replace("2026-07-01", "2026-01-01")) == [
        ("expired", "it expired on 2026-01-01")
    ]
    assert remarks(WAIVER.replace("2026-07-01", "soon"))[0][0] == "faulty"
    fine = WAIVER.replace("2026-07-01", "2026-09-01")
    assert remarks(fine, 0) == [("unused", "it covers no finding: remove it")]
    assert remarks(fine, 11)[0][0] == "broad"
    assert remarks(fine.replace(".github/**", "'**'"))[0][0] == "broad"


@pytest.mark.parametrize(
    ("until", "remark"),
    [
        ("2026-07-02", None),
        ("2026-07-01", ("expiring", "it ends on 2026-07-01: name a later day, or remove it")),
        ("2026-06-01", ("expiring", "it ends on 2026-06-01: name a later day, or remove it")),
        ("2026-05-31", ("expired", "it expired on 2026-05-31")),
    ],
)
def test_an_audit_looks_at_controls(until: str, remark: tuple[str, str] | None) -> None:
    lasting = "{category: sca, by: the registry}"
    found = policy(f"controls: [{lasting}, {{category: sast, by: us, until: {until}}}]\n")
    assert [(r.kind, r.message) for r in of_controls(found)] == ([remark] if remark else [])
    assert {r.subject for r in of_controls(found)} <= {"the control sast"}
    assert {str(r.origin) for r in of_controls(found)} <= {"p.yml:1:47"}


RULES = ("script-injection", "remote-script")


@pytest.mark.parametrize(
    ("comment", "kinds"),
    [
        ("pipelaw: ignore[script-injection] members only", []),
        ("pipelaw: ignore[script-injection] members only (until 2026-07-02)", []),
        ("pipelaw: ignore[script-injection] members only (until 2026-07-01)", ["expiring"]),
        ("pipelaw: ignore[script-injection] members only (until 2026-05-31)", ["expired"]),
        ("pipelaw: ignore[script-injection] members only (until July)", ["faulty"]),
        ("pipelaw: ignore[script-injection] members only, expires 2026-07-01", ["expiring"]),
        ("pipelaw: ignore[script-injection] members only [Until 2026-05-31]", ["expired"]),
        ("pipelaw: ignore[script-injection] (until 2028-01-01)", ["faulty"]),
        ("pipelaw: ignore[remote-script] it is signed", ["unused"]),
        ("pipelaw: ignore[remote-script] over (until 2026-05-31)", ["expired", "unused"]),
        ("pipelaw: ignore[script-injection]", ["faulty"]),
        ("pipelaw: ignore[script-injection] ... (expires: 2026-06-30)", ["faulty"]),
        ("pipelaw: ignore[script-injection, remote-script] both", ["unused"]),
        ("pipelaw: ignore[script-injektion] a typing error", ["faulty", "unused"]),
        ("pipelaw: ignore[script-injection, no-such] half of it", ["faulty"]),
        ("pipelaw: ignore", ["faulty"]),
        ("pipelaw: ignore[]", ["faulty"]),
        ("pipelaw: ignore(script-injection)", ["faulty"]),
        ("Pipelaw:ignore[script-injection]", ["faulty"]),
        ("pipelaw ignores nothing of the kind", []),
        ("zizmor: ignore[template-injection]", []),
    ],
)
def test_an_audit_looks_at_comments(comment: str, kinds: list[str]) -> None:
    text = "\n" * 6 + f"      - run: echo # {comment}\n"
    files = {PIPELINE: file(text), "a.yml": file("a: 1\n")}
    found = list(of_comments(policy(""), [FOUND], files, RULES))
    assert [remark.kind for remark in found] == kinds
    assert {remark.origin for remark in found} <= {(PIPELINE, 7, 19)}


def test_an_audit_knows_which_line_comments_above_it_are_for() -> None:
    text = (
        "# pipelaw: ignore[script-injection] members only\n"
        "# pipelaw: ignore[remote-script] it is signed\n"
        "# both of them\n"
        "a: 1\n"
    )
    here = [
        replaced(FOUND, rule=rule, span=Span("a.yml", 4, 1, 4, 5))
        for rule in ("script-injection", "remote-script")
    ]
    assert list(of_comments(policy(""), here, {"a.yml": file(text)}, RULES)) == []
    apart = text.replace("# both of them", "")
    found = list(of_comments(policy(""), here, {"a.yml": file(apart)}, RULES))
    assert [(remark.kind, remark.origin.line) for remark in found] == [("unused", 1), ("unused", 2)]


def test_what_an_audit_says_of_comments() -> None:
    def said(comment: str, settings: str = "", count: int = 1) -> list[str]:
        text = f"a: 1 # pipelaw: ignore[{comment}\n"
        findings = [replaced(FOUND, span=Span("a.yml", 1, n + 1, 1, n + 2)) for n in range(count)]
        found = of_comments(policy(settings), findings, {"a.yml": file(text)}, RULES)
        return [f"{remark.subject}: {remark.message}" for remark in found]

    injection = "the comment for script-injection"
    assert said("script-injection] x", count=11) == [
        f"{injection}: it covers 11 findings: put each at its own line"
    ]
    assert said("script-injection] x", "lock: [script-injection]") == [
        f"{injection}: `script-injection` is locked by p.yml:1:8"
    ]
    assert said("script-injection] x", "inline: dated") == [
        f"{injection}: it has no date, as in (until 2027-01-31)"
    ]
    unknown, unused = said("script-injectoin] x", count=0)
    subject = "the comment for script-injectoin: "
    hint = "did you mean `script-injection`?"
    assert unknown == f"{subject}there is no rule `script-injectoin`; {hint}"
    assert unused == f"{subject}it covers no finding: remove it"
    [half] = said("remote-script, script-injection] x")
    subject = "the comment for remote-script, script-injection: "
    assert half == f"{subject}it covers no finding of remote-script: remove that name"
    assert said("script injection!] x") == [
        "the comment: it silences nothing: it is written `# pipelaw: ignore[rule] reason`"
    ]
    wanted = "# pipelaw: ignore[rule] reason"
    [bare] = said("script-injection] (until 2026-07-01)")
    assert bare == f"{injection}: it silences nothing: it gives no reason: write `{wanted}`"


# the whole way


class Shell(commandline.Shell):
    FILE = ".pipelaw.yml"


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PIPELAW_TODAY", "2026-06-01")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = Shell(folder, capsys)
    found.write(DANGEROUS, PIPELINE)
    return found


ONLY = ("scan", "--rule", "script-injection", "--format")


def test_a_scan_obeys_the_policy_at_the_root(shell: Shell) -> None:
    assert shell(*ONLY, "json")[0] == Status.FOUND
    shell.write(f"waivers:\n{WAIVER}")
    status, out, _ = shell(*ONLY, "json")
    assert status == Status.CLEAN
    assert '"by": "waiver"' in out
    assert shell(*ONLY, "json", str(shell.folder / PIPELINE))[0] == Status.CLEAN
    assert shell(*ONLY, "json", "--policy", "pipelaw:default")[0] == Status.FOUND
    shell.write("fail_on: critical\nrules: {missing-sast: off}\n")
    assert shell(*ONLY, "json")[0] == Status.CLEAN
    assert shell(*ONLY, "json", "--fail-on", "high")[0] == Status.FOUND


def test_a_wrong_policy_ends_the_scan(shell: Shell) -> None:
    shell.write("fail_on: loud\n")
    status, out, err = shell("scan")
    assert (status, out) == (Status.ERROR, "")
    assert err.startswith("error: .pipelaw.yml:1:10: `fail_on` is one of")
    assert (
        shell("scan", "--policy", "nowhere.yml")[2] == "error: nowhere.yml: no such policy file\n"
    )
    assert "PIPELAW_TODAY" in _tomorrow(shell)


def _tomorrow(shell: Shell) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIPELAW_TODAY", "tomorrow")
        return shell("scan")[2]


def findings(out: str) -> list[tuple[str, str, str]]:
    """Path, severity and who suppressed it, of each finding."""
    return [
        (found["path"], found["severity"], (found["suppressed"] or {"by": ""})["by"])
        for found in json.loads(out)["findings"]
    ]


def fill(shell: Shell, policies: dict[str, str]) -> None:
    for name, text in policies.items():
        shell.write(DANGEROUS, f"{name}/{PIPELINE}")
        if text:
            shell.write(text, f"{name}/.pipelaw.yml")
    shutil.rmtree(shell.folder / ".github")


def test_each_of_several_repositories_is_judged_by_its_own_policy(shell: Shell) -> None:
    policies = {
        "a": "fail_on: never\n",
        "b": f"waivers:\n{WAIVER}",
        "c": "rules: {script-injection: low}\n",
        "d": "rules: {script-injection: off}\n",
    }
    fill(shell, policies)
    for arguments in ((".",), ("a", "b", "c", "d"), (".", "--jobs", "2")):
        status, out, err = shell(*ONLY, "json", *arguments)
        assert (status, err) == (Status.CLEAN, "")
        assert findings(out) == [
            (f"a/{PIPELINE}", "high", ""),
            (f"b/{PIPELINE}", "high", "waiver"),
            (f"c/{PIPELINE}", "low", ""),
            # asked for by name, it is judged all the same
            (f"d/{PIPELINE}", "high", "policy"),
        ]
    assert shell(*ONLY, "json", "--fail-on", "low")[0] == Status.FOUND
    (shell.folder / "a" / ".pipelaw.yml").write_text("fail_on: high\n", "utf-8")
    assert shell(*ONLY, "json")[0] == Status.FOUND


def test_a_scan_of_several_says_of_each_what_a_scan_of_it_alone_says(shell: Shell) -> None:
    pins = DANGEROUS + "      - uses: acme/build@v1\n      - uses: other/build@v1\n"
    policies = {
        "a": "rules: {unpinned-action: {parameters: {trusted_owners: [acme]}}}\n",
        "b": "rules: {unpinned-action: {parameters: {trusted_owners: [other]}}, missing-sast: off}\n",
        "c": "rule_folders: own\nrules: {script-injection: off}\n",
        "d": "",
    }
    fill(shell, policies)
    for name in policies:
        shell.write(pins, f"{name}/{PIPELINE}")
    shell.write(OWN, "c/own/no-greeting.yaml")

    def shown(*names: str) -> list[tuple[str, str, int, str]]:
        report = json.loads(shell("scan", "--format", "json", *names)[1])
        return [
            (
                found["path"].partition("/")[2] if len(names) > 1 else found["path"],
                found["rule"],
                found["line"],
                found["fingerprint"],
            )
            for found in report["findings"]
        ]

    together = shown(*policies)
    alone = [found for name in policies for found in shown(name)]
    assert together == alone
    lines = {rule: [line for _, one, line, _ in alone if one == rule] for _, rule, _, _ in alone}
    assert lines["no-greeting"] == [4]
    assert lines["unpinned-action"] == [9, 8, 8, 9, 8, 9]
    assert lines["script-injection"] == [7, 7, 7]


OWN = """\
id: no-greeting
title: A job that greets
category: style
severity: low
confidence: high
for: job
when: job.id == "greet"
message: "`{job.id}` greets"
why: Nobody reads it.
fix: Do not greet.
examples: {}
"""


def test_a_mistake_in_one_of_several_policies_costs_that_repository_alone(shell: Shell) -> None:
    policies = {
        "a": "fail_on: loud\nrules: {no-such: off}\n",
        "b": "",
        "c": "rule_folders: own\n",
        "d": "fail_on: never\n",
    }
    fill(shell, policies)
    shell.write(OWN.replace("job.id ==", "job.idd =="), "c/own/no-greeting.yaml")
    status, out, err = shell(*ONLY, "json")
    assert (status, err) == (Status.FOUND, "")
    report = json.loads(out)
    assert [path for path, _, _ in findings(out)] == [f"b/{PIPELINE}", f"d/{PIPELINE}"]
    assert report["coverage"]["repositories"] == 4
    unreadable = report["coverage"]["unreadable"]
    assert [(one["path"], one["line"], one["column"]) for one in unreadable] == [
        ("a/.pipelaw.yml", 1, 10),
        ("a/.pipelaw.yml", 2, 9),
        ("c/own/no-greeting.yaml", 7, 11),
    ]
    start = "nothing in this repository was judged, for its policy is wrong: `fail_on` is one of"
    assert unreadable[0]["message"].startswith(start)
    assert shell(*ONLY, "json", "d", "a")[0] == Status.INCOMPLETE
    assert shell(*ONLY, "json", "c", "a")[0] == Status.INCOMPLETE
    assert shell(*ONLY, "json", "a")[0] == Status.ERROR
    shell.write("fail_on: never\n", "b/.pipelaw.yaml")
    assert "b/.pipelaw.yaml" in shell(*ONLY, "json")[1]


def test_what_the_user_named_has_to_be_right(shell: Shell) -> None:
    fill(shell, {"a": "", "b": "rule_folders: own\n", "c": "fail_on: loud\n"})
    shell.write(OWN, "b/own/no-greeting.yaml")
    shell.write("fail_on: loud\n", "org.yml")
    status, out, err = shell(*ONLY, "json", "--policy", "org.yml")
    assert (status, out) == (Status.ERROR, "")
    assert err.startswith("error: org.yml:1:10: `fail_on` is one of")
    shell.write(
        OWN.replace("job.id ==", "job.idd ==").replace("greeting", "word"), "r/no-word.yaml"
    )
    for names in (["a", "b", "c"], ["b", "c"]):
        status, out, err = shell("scan", "--rules", "r", *names)
        assert (status, out) == (Status.ERROR, "")
        assert err.startswith("error: r/no-word.yaml:7:11: ")


def test_a_named_policy_decides_for_all_of_several_repositories(shell: Shell) -> None:
    fill(shell, {"a": "fail_on: never\n", "b": "fail_on: loud\n"})
    assert shell(*ONLY, "json", "--policy", "pipelaw:default")[0] == Status.FOUND
    shell.write("fail_on: critical\nrules: {script-injection: medium}\n", "org.yml")
    status, out, err = shell(*ONLY, "json", "--policy", "org.yml")
    assert (status, err) == (Status.CLEAN, "")
    assert [severity for _, severity, _ in findings(out)] == ["medium", "medium"]


def test_a_baseline_of_several_repositories_obeys_their_policies(shell: Shell) -> None:
    fill(shell, {"a": f"waivers:\n{WAIVER}", "b": ""})
    shell("baseline", "a", "b")
    listed = json.loads((shell.folder / ".pipelaw-baseline.json").read_text("utf-8"))["findings"]
    injected = [one["path"] for one in listed if one["rule"] == "script-injection"]
    assert injected == [f"b/{PIPELINE}"]
    baseline = ("--baseline", ".pipelaw-baseline.json")
    assert shell(*ONLY, "json", "a", "b", *baseline)[0] == Status.CLEAN


def test_changes_of_several_repositories_are_judged_by_earlier_policies(shell: Shell) -> None:
    fill(shell, {"a": "", "b": f"waivers:\n{WAIVER}"})
    for name in ("a", "b"):
        folder = shell.folder / name
        shell.write(DANGEROUS.replace("issue.title", "issue.number"), f"{name}/{PIPELINE}")
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "a")
        shell.write(DANGEROUS, f"{name}/{PIPELINE}")
    shell.write("fail_on: never\n", "a/.pipelaw.yml")
    shell.write("rules: {script-injection: low}\n", "b/.pipelaw.yml")
    status, out, err = shell(*ONLY, "json", "a", "b", "--since", "main")
    assert status == Status.FOUND
    assert findings(out) == [(f"a/{PIPELINE}", "high", ""), (f"b/{PIPELINE}", "high", "waiver")]
    assert err == "note: main has no .pipelaw.yml; the one in a counts from the next change on\n"


POLICY_MODULES = ("policy", "policyfile", "policysource", "policygit", "policyroad", "waivers")


def loaded(shell: Shell, *arguments: str) -> set[str]:
    """The policy modules that a scan imports."""
    code = (
        "import sys; from pipelaw.cli import main; main(sys.argv[1:]);"
        " print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "scan", *arguments],
        cwd=shell.folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return {f"pipelaw.{name}" for name in POLICY_MODULES} & set(done.stderr.split())


def test_who_has_no_policy_pays_for_none(shell: Shell) -> None:
    assert loaded(shell) == set()
    assert loaded(shell, "--jobs", "2", "--format", "sarif") == set()
    ignored = DANGEROUS.replace("title }}", "title }} # pipelaw: ignore[script-injection] known")
    shell.write(ignored, PIPELINE)
    assert loaded(shell) == set()
    shell.write(ignored.replace("known", "known (until 2026-05-31)"), PIPELINE)
    assert loaded(shell) == {"pipelaw.policy", "pipelaw.waivers"}
    shell.write("fail_on: low\n")
    assert loaded(shell) >= {"pipelaw.policy", "pipelaw.policyfile", "pipelaw.policysource"}


def test_comments_run_out_without_a_policy_too(shell: Shell) -> None:
    text = DANGEROUS.replace('title }}"', 'title }}" # pipelaw: ignore[script-injection] known')
    shell.write(text, PIPELINE)
    assert shell(*ONLY, "json")[0] == Status.CLEAN
    shell.write(text.replace("known", "known (until 2026-06-01)"), PIPELINE)
    assert shell(*ONLY, "json")[0] == Status.CLEAN
    shell.write(text.replace("known", "known (until 2026-05-31)"), PIPELINE)
    status, out, _ = shell(*ONLY, "json")
    assert status == Status.FOUND
    assert "the comment that ignores it does not count: it expired on 2026-05-31" in out
    shell.write(text.replace("known", "known (until 2027-05-31)"), PIPELINE)
    assert "more than 180 days away (pipelaw:default:4:17)" in shell(*ONLY, "json")[1]
    for other in ("[UNTIL 2026-05-31]", "until 2026-05-31", "(expires 2026-05-31)"):
        shell.write(text.replace("known", f"known {other}"), PIPELINE)
        assert shell(*ONLY, "json").status == Status.FOUND


def test_show_prints_every_value_with_its_origin(shell: Shell) -> None:
    shell.write(
        "extends: pipelaw:strict\nfail_on: high\nlock: [remote-script]\n"
        "rules:\n  script-injection: {severity: low, paths: [{path: a/**, severity: off}]}\n"
        "  unpinned-action: {parameters: {trusted_owners: [acme, 'true']}}\n"
        "  dependabot-cooldown: {parameters: {days: 14}, severity: low}\n"
        "paved_road: {actions: acme/*}\ncontrols: [{category: sast, by: us, until: 2027-01-01}]\n"
        f"waivers:\n{WAIVER}"
    )
    status, out, _ = shell("policy", "show")
    assert status == Status.CLEAN
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[:3] == [
        "# layer: pipelaw:default",
        "# layer: pipelaw:strict",
        "# layer: .pipelaw.yml",
    ]
    for line in (
        "fail_on: high # .pipelaw.yml:2:10",
        "inline: dated # pipelaw:strict:3:9",
        "severity: low # .pipelaw.yml:5:32",
        '- {path: "a/**", severity: off} # .pipelaw.yml:5:68',
        'trusted_owners: ["acme", "true"] # .pipelaw.yml:6:50',
        "days: 14 # .pipelaw.yml:7:44",
        '- "acme/*" # .pipelaw.yml:8:23',
        '- category: "sast" # .pipelaw.yml:9:12',
        '- rule: "script-injection" # .pipelaw.yml:11:5',
        "expires: 2026-07-01",
    ):
        assert line in lines
    shell.write(out)
    again = shell("policy", "show")
    assert again[0] == Status.CLEAN

    def bare(text: str) -> list[str]:
        return [line for line in map(_said, text.splitlines()) if line]

    assert bare(again[1]) == bare(out)


def test_nothing_of_a_policy_reaches_the_terminal_raw(shell: Shell) -> None:
    bad = '"\\e]0;title\\x07\\N\\u202e"'  # escaped in YAML, so that a file can hold it
    waiver = WAIVER.replace("2026-07-01", bad).replace("greet", bad)
    shell.write(f"paved_road: {{actions: {bad}}}\nwaivers:\n{waiver}")
    show, audit = shell("policy", "show"), shell("policy", "audit")
    assert (show.status, audit.status) == (Status.CLEAN, Status.FOUND)
    shell.write(f"fail_on: {bad}\n")
    wrong = shell("policy", "show")
    assert wrong.status == Status.ERROR
    said = show.out + audit.out + wrong.err
    assert all(char == "\n" or char.isprintable() for char in said)
    assert r"\u001b]0;title" in show.out
    assert r"`expires: \x1b]0;title\x07 \u202e` is no day" in audit.out


def test_show_says_which_waivers_do_not_count(shell: Shell) -> None:
    shell.write(f"waivers:\n{WAIVER}{WAIVER.replace('2026-07-01', '1.7.2026')}")
    _, out, _ = shell("policy", "show")
    said = [line for line in out.splitlines() if "does not count" in line]
    assert said == ["    # does not count: `expires: 1.7.2026` is no day, such as 2027-01-31"]


def _said(line: str) -> str:
    return line.partition("  # ")[0].strip() if not line.startswith("# layer") else ""


def test_audit(shell: Shell) -> None:
    shell.write(f"waivers:\n{WAIVER.replace('greet', 'gone')}")
    status, out, _ = shell("policy", "audit")
    assert status == Status.FOUND
    assert "unused: the waiver for script-injection: it covers no finding: remove it" in out
    assert out.endswith("1 waiver, 0 controls and 0 comments, 1 to look at\n")
    shell.write("controls: [{category: sast, by: us, until: 2026-05-31}]\n")
    status, out, _ = shell("policy", "audit")
    assert status == Status.FOUND
    assert out == (
        ".pipelaw.yml:1:12: expired: the control sast: it expired on 2026-05-31\n"
        "0 waivers, 1 control and 0 comments, 1 to look at\n"
    )
    shell.write("")
    said = "0 waivers, 0 controls and 0 comments, 0 to look at\n"
    assert shell("policy", "audit") == (Status.CLEAN, said, "")
    assert shell("policy", "audit", ".github")[2].startswith("error: .github: name a repository")


def test_audit_looks_at_comments_in_everything_that_is_read(shell: Shell) -> None:
    (shell.folder / PIPELINE).unlink()
    shell.write("include: [local: ci/build.yml]\n", ".gitlab-ci.yml")
    build = "build: # pipelaw: ignore[remote-script] nothing here\n  script: [make]\n"
    shell.write(build, "ci/build.yml")
    shell.write(build, "ci/other.yml")
    status, out, _ = shell("policy", "audit")
    assert status == Status.FOUND
    assert out == (
        "ci/build.yml:1:8: unused: the comment for remote-script: it covers no finding: remove it\n"
        "0 waivers, 0 controls and 1 comment, 1 to look at\n"
    )
    fill_two = shell.folder / "two"
    for name in ("a", "b"):
        shell.write(DANGEROUS, f"two/{name}/{PIPELINE}")
    assert "there are several repositories" in shell("policy", "audit", str(fill_two))[2]


def test_a_change_cannot_waive_itself(shell: Shell) -> None:
    shell.write("on: push\npermissions: {}\njobs: {}\n", ".github/workflows/a.yml")
    target = shell.folder / PIPELINE
    target.unlink()
    git(shell.folder, "init", "-q", "-b", "main")
    git(shell.folder, "add", ".")
    git(shell.folder, "commit", "-q", "-m", "a")
    shell.write(DANGEROUS, PIPELINE)
    shell.write(f"waivers:\n{WAIVER}")
    assert shell(*ONLY, "json")[0] == Status.CLEAN
    status, _, err = shell(*ONLY, "json", "--since", "main")
    assert status == Status.FOUND
    assert err == "note: main has no .pipelaw.yml; the one here counts from the next change on\n"
    status, _, err = shell(*ONLY, "json", "--since", "main", "--policy", ".pipelaw.yml")
    assert status == Status.ERROR
    assert err.startswith("error: .pipelaw.yml: main has no such policy")
    git(shell.folder, "add", ".pipelaw.yml")
    git(shell.folder, "commit", "-q", "-m", "b")
    shell.write("rules: {script-injection: off}\nfail_on: never\n")
    status, out, _ = shell(*ONLY, "json", "--since", "main")
    assert status == Status.CLEAN
    assert '"by": "waiver"' in out


SINCE = ("scan", "--since", "main", "--rule", "script-injection", "--format", "json")


def committed(shell: Shell, **files: str) -> None:
    """A commit on the main branch with these files and no others."""
    if not (shell.folder / ".git").exists():
        git(shell.folder, "init", "-q", "-b", "main")
    for name, text in files.items():
        shell.write(text, POLICIES[name])
    git(shell.folder, "add", "-A")
    git(shell.folder, "commit", "-q", "--allow-empty", "-m", "x")


POLICIES = {"policy": ".pipelaw.yml", "team": "policies/team.yml", "rule": "own/no-greeting.yaml"}
EXTENDS = "extends: policies/team.yml\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"policy": "fail_on: hihg\n"}, [".pipelaw.yml:1:10: `fail_on` is one of"]),
        (
            {"policy": "fail_on: high\n"},
            {"policy": "fail_on: hihg\ninline: no\n"},
            [".pipelaw.yml:1:10: `fail_on` is one of", ".pipelaw.yml:2:9: `inline` is one of"],
        ),
        (
            {"policy": EXTENDS, "team": "fail_on: low\n"},
            {"team": "fail_on: hihg\n"},
            ["policies/team.yml:1:10: `fail_on` is one of"],
        ),
        (
            {"policy": "rule_folders: own\n", "rule": OWN},
            {"rule": OWN.replace("job.id ==", "job.idd ==")},
            ["own/no-greeting.yaml:7:11: "],
        ),
        # one that mends nothing
        ({"policy": "fail_on: x\n"}, {"policy": "fail_on: y\n"}, [".pipelaw.yml:1:10: `fail_on`"]),
        ({"policy": "fail_on: x\n"}, {}, [".pipelaw.yml:1:10: `fail_on`"]),
    ],
)
def test_a_change_cannot_break_the_policy(
    shell: Shell, before: dict[str, str], after: dict[str, str], said: list[str]
) -> None:
    committed(shell, **before)
    for name, text in after.items():
        shell.write(text, POLICIES[name])
    status, out, err = shell(*SINCE)
    assert (status, out) == (Status.ERROR, "")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(said)
    assert all(map(str.startswith, errors, (f"error: {start}" for start in said)))
    assert errors == shell(*ONLY, "json").err.splitlines()[: len(said)]


@pytest.mark.parametrize("after", ["fail_on: never\n", None])
@pytest.mark.parametrize(
    "before",
    [
        {"policy": "fail_on: hihg\nrules: {script-injection: off}\n"},
        {"policy": EXTENDS, "team": "fail_on: [\n"},
        {"policy": "rule_folders: own\n", "rule": OWN.replace("job.id ==", "job.idd ==")},
    ],
)
def test_a_change_can_mend_the_policy(
    shell: Shell, before: dict[str, str], after: str | None
) -> None:
    (shell.folder / PIPELINE).unlink()
    committed(shell, **before)
    shell.write(DANGEROUS, PIPELINE)
    if after is None:
        (shell.folder / ".pipelaw.yml").unlink()
    else:
        shell.write(after)
    status, out, err = shell(*SINCE)
    assert status == Status.FOUND
    assert findings(out) == [(PIPELINE, "high", "")]
    assert err.startswith("note: main:")
    assert err.endswith("; this change is judged by pipelaw:default\n")
    assert len(err.splitlines()) == 1


def test_a_policy_that_the_change_names_is_not_fetched_for_it(shell: Shell) -> None:
    committed(shell, policy="fail_on: high\n")
    away = f"extends: {{git: 'file://{shell.folder}', commit: {'1' * 40}, path: a.yml}}\n"
    shell.write(away)
    status, _, err = shell(*SINCE)
    assert status == Status.CLEAN
    assert err == (
        f"note: .pipelaw.yml:1:10: file://{shell.folder}@{'1' * 12} is not fetched for a change:"
        " whether this policy is right shows once it counts\n"
    )
    committed(shell, policy=away)
    # what cannot be had is no mistake that a change could mend by dropping it
    (shell.folder / ".pipelaw.yml").unlink()
    status, _, err = shell(*SINCE)
    assert status == Status.ERROR
    assert "cannot be fetched" in err


def test_a_named_policy_is_checked_as_well(shell: Shell) -> None:
    committed(shell, team="fail_on: high\n")
    named = (*SINCE, "--policy", "policies/team.yml")
    shell.write("fail_on: hihg\n", POLICIES["team"])
    assert shell(*named).err.startswith("error: policies/team.yml:1:10: `fail_on` is one of")
    assert shell(*SINCE, "--policy", "pipelaw:starter") == shell(*SINCE)
    assert "no profile" in shell(*SINCE, "--policy", "pipelaw:stater").err
    committed(shell)
    shell.write("fail_on: never\n", POLICIES["team"])
    status, _, err = shell(*named)
    assert status == Status.CLEAN
    assert err.endswith("; this change is judged by pipelaw:default\n")


def test_the_scan_says_what_is_on_the_paved_road(shell: Shell) -> None:
    uses = (
        "      - uses: acme/build@v1\n      - uses: acme/build@v2\n      - uses: other/thing@v1\n"
    )
    shell.write(DANGEROUS + uses + "      - uses: ./own\n", PIPELINE)
    assert json.loads(shell("scan", "--format", "json")[1])["paved_road"] is None
    shell.write("paved_road: {actions: [acme/**], images: [x]}\n")
    assert json.loads(shell("scan", "--format", "json")[1])["paved_road"] == {
        "on": 2,
        "off": 1,
        "uses": [
            {"kind": "actions", "name": "acme/build", "paved": True, "times": 2},
            {"kind": "actions", "name": "other/thing", "paved": False, "times": 1},
        ],
    }
    assert "2 of 3 uses on the paved road; not: actions other/thing\n" in shell("scan")[1]


def test_a_policy_is_never_passed_over_in_silence(shell: Shell) -> None:
    shell.write("fail_on: never\n", ".pipelaw.yaml")
    status, _, err = shell("scan")
    assert status == Status.ERROR
    assert err == "error: .pipelaw.yaml:1:1: a policy is called .pipelaw.yml: rename it\n"
    git(shell.folder, "init", "-q", "-b", "main")
    git(shell.folder, "commit", "-q", "--allow-empty", "-m", "a")
    assert shell("scan", "--since", "main").status == Status.ERROR
    assert shell("policy", "show").status == Status.ERROR
    (shell.folder / ".pipelaw.yaml").rename(shell.folder / "pipelaw.yaml")
    said = "note: pipelaw.yaml is not read: a policy is called .pipelaw.yml\n"
    for words in (ONLY[:-1], ("policy", "show"), (*ONLY[:-1], "--since", "main")):
        assert shell(*words).err == said
    assert shell("policy", "show", "--policy", "pipelaw.yaml").err == ""
    (shell.folder / "pipelaw.yaml").rename(shell.folder / "pipelaw.yml")
    assert shell("policy", "show").err == said.replace("yaml", "yml")
    shell.write("fail_on: never\n", "../outside.yml")
    (shell.folder / ".pipelaw.yml").symlink_to("../outside.yml")
    status, _, err = shell("scan")
    assert status == Status.ERROR
    assert "it lies outside the repository" in err
