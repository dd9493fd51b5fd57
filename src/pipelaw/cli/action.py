"""`pipelaw action`: a scan as a step of a GitHub workflow, from its environment to its outputs.

The step succeeds whatever is found: an upload comes after it, and the last step of `action.yml` ends
the job with the status given here.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tempfile
from base64 import b64encode
from contextlib import redirect_stderr
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelaw.cli import Status, console, guarded, verdict
from pipelaw.cli.scan import command as scan_command
from pipelaw.errors import UsageError
from pipelaw.gitcommand import fetch, run
from pipelaw.gittree import GitTree
from pipelaw.records import NamedTuple, replaced
from pipelaw.report import render, summary
from pipelaw.report.markdown import code as as_code
from pipelaw.report.safe import inert, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.finding import Report

NONE = "none"
"""The value of `since` that compares with nothing."""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 1000
"""Of a reason, in characters."""
_REPORTS = {"sarif": "pipelaw.sarif", "markdown": "summary.md"}


class _Inputs(NamedTuple):
    """What the workflow says; see `action.yml`."""

    paths: tuple[str, ...]
    policy: str
    fail_on: str
    since: str
    baseline: str
    rules: tuple[str, ...]
    formats: tuple[str, ...]
    token: str
    upload: str


class _Event(NamedTuple):
    """What started the run."""

    base: str
    """The commit that the change goes onto, "" where the event is about no change."""
    pull: str
    """The state of the pull request, "" for none."""
    foreign: bool
    """The pull request comes from a fork."""
    ref: str
    commit: str


class _Scan(NamedTuple):
    """How a scan ended."""

    code: int
    report: Report | None
    """None where nothing was judged."""
    since: str
    """What was compared with, "" for nothing."""
    said: str
    """Notes and errors."""


@click.command()
def command() -> int:
    """Scan as a step of a GitHub workflow: what `action.yml` runs.

    Takes the inputs from variables INPUT_…, and the event from where the runner puts it.
    """
    inputs, event = _inputs(), _event()
    reports = _folder()
    scan = _scan(inputs, event, reports)
    sys.stderr.write(inert(scan.said))
    remark = ""
    if scan.report is not None:
        outputs = _results(inputs, scan, scan.report, reports)
        if inputs.upload == "true":
            remark = _refused(inputs, event)
            outputs["upload"] = "" if remark else _for_upload(scan.report, reports)
    else:
        outputs = {"status": str(scan.code), "reason": _failure(scan.said)}
    outputs |= {"exit-code": str(scan.code), "since": one_line(scan.since), "remark": remark}
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    _append("GITHUB_STEP_SUMMARY", _page(scan, outputs, reports))
    return Status.CLEAN


def _folder() -> Path:
    """A new folder for the reports."""
    place = os.environ.get("RUNNER_TEMP")
    try:
        return Path(tempfile.mkdtemp(prefix="pipelaw-", dir=place))
    except OSError as error:
        said = f"RUNNER_TEMP: {place}: cannot be written: {error.strerror}"
        raise UsageError(said) from None


def _inputs() -> _Inputs:
    def text(name: str) -> str:
        return os.environ.get(f"INPUT_{name}", "").strip()

    def lines(name: str) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, text(name).splitlines())))

    return _Inputs(
        paths=lines("PATHS") or (".",),
        policy=text("POLICY"),
        fail_on=text("FAIL_ON"),
        since=text("SINCE"),
        baseline=text("BASELINE"),
        rules=lines("RULES"),
        formats=lines("FORMATS"),
        token=text("TOKEN"),
        upload=text("UPLOAD_SARIF") or "false",
    )


def _event() -> _Event:
    try:
        payload = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    except (KeyError, OSError, ValueError):
        raise UsageError("GITHUB_EVENT_PATH names no event: this runs in a workflow only") from None
    pull = ("pull_request",)
    base = _text(payload, *pull, "base", "sha") or _text(payload, "merge_group", "base_sha")
    ours, theirs = (_text(payload, *pull, side, "repo", "full_name") for side in ("base", "head"))
    ref, commit = (os.environ.get(name, "") for name in ("GITHUB_REF", "GITHUB_SHA"))
    return _Event(base, _text(payload, *pull, "state"), ours != theirs, ref, commit)


def _text(value: object, *keys: str) -> str:
    """The text at a place of a payload, "" where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _scan(inputs: _Inputs, event: _Event, reports: Path) -> _Scan:
    said, since, report = io.StringIO(), "", None

    def run() -> int:
        nonlocal since, report
        since = _compared(inputs, event)
        line = [*_arguments(inputs, since, reports)]
        with scan_command.make_context("pipelaw scan", line) as context:
            code: int = scan_command.invoke(context)
        report = context.obj
        return code

    with redirect_stderr(said):
        code = guarded(run)
    return _Scan(code, report, since, said.getvalue())


def _arguments(inputs: _Inputs, since: str, reports: Path) -> Iterator[str]:
    """The command line of the scan; raises UsageError for inputs that it would not report."""
    if inputs.upload not in ("true", "false"):
        raise UsageError(f"upload-sarif is true or false, not `{one_line(inputs.upload)}`")
    yield "--format=github"
    for name, file in _REPORTS.items():
        yield f"--format={name}={reports / file}"
    for target in inputs.formats:
        if "=" not in target:
            text = one_line(target)
            raise UsageError(f"formats: `{text}` lacks a file: say `{text}=FILE`")
        yield f"--format={target}"
    yield from (f"--rules={folder}" for folder in inputs.rules)
    # a change could add to the baseline what it adds to the pipelines
    baseline = "" if since else inputs.baseline
    values = (inputs.policy, inputs.fail_on, since, baseline)
    for name, value in zip(("policy", "fail-on", "since", "baseline"), values, strict=True):
        if value:
            yield f"--{name}={value}"
    yield from ("--", *inputs.paths)


def _compared(inputs: _Inputs, event: _Event) -> str:
    """The revision to compare with, which is there; "" for a full scan."""
    created = bool(_COMMIT.fullmatch(inputs.since)) and not inputs.since.strip("0")
    if inputs.since == NONE or created or not (inputs.since or event.base):
        return ""
    roots = list(dict.fromkeys(filter(None, map(_checkout, inputs.paths))))
    if not roots:
        raise UsageError(
            "there is no checkout that could be compared: let actions/checkout run before,"
            f" or say `since: {NONE}`"
        )
    since = inputs.since or _base(event, roots[0])
    if _COMMIT.fullmatch(since):
        for root in roots:
            _provide(root, since, inputs.token)
    return since


def _checkout(path: str) -> str:
    """The checkout that a path lies in, "" for none."""
    start = Path(path).absolute()
    return next((str(one) for one in (start, *start.parents) if (one / ".git").exists()), "")


def _head(path: str) -> str:
    """The commit that is checked out where a path lies, "" where none is."""
    root = _checkout(path)
    return _git(root, "rev-parse", "HEAD") if root else ""


def _base(event: _Event, root: str) -> str:
    """The commit that a change goes onto."""
    head = _head(root)
    if head != event.commit:
        os.environ["GITHUB_SHA"] = head  # so that links lead to what was scanned
        return event.base
    if event.ref.startswith("refs/pull/"):
        # what was merged into: the event names what the base was when the request was last pushed to
        header = _git(root, "cat-file", "commit", head).partition("\n\n")[0]
        parents = re.findall(r"(?m)^parent (\w+)$", header)
        return parents[0] if len(parents) == 2 else event.base
    if event.pull == "open":
        raise UsageError(
            "the base branch is checked out, not the change: run on the event `pull_request`,"
            " or check out `github.event.pull_request.head.sha`"
        )
    return event.base


def _provide(root: str, commit: str, token: str) -> None:
    """Fetch a commit, and nothing else, where a checkout does not have it."""
    try:
        GitTree(root, commit).close()
    except UsageError:
        server = os.environ.get("GITHUB_SERVER_URL", "").rstrip("/")
        url = f"{server}/{os.environ.get('GITHUB_REPOSITORY', '')}"
        shallow = _git(root, "rev-parse", "--is-shallow-repository") == "true"
        depth = ["--depth=1"] * shallow
        name = f"http.{server}/.extraheader"
        basic = b64encode(f"x-access-token:{token}".encode()).decode("ascii")
        # the empty one first: a checkout may have left a token, and two are refused
        login = ((name, ""), (name, f"Authorization: Basic {basic}")) if token else ()
        try:
            fetch(root, url, commit, *depth, login=login)
        except UsageError as error:
            raise UsageError(
                f"{commit}, to compare with, is not in this checkout and cannot be fetched"
                f" ({error}): give the job `contents: read`, or actions/checkout"
                f" `fetch-depth: 0`; `since: {NONE}` compares with nothing"
            ) from None


def _git(root: str, *words: str) -> str:
    """What git prints of a checkout."""
    return run(root, *words).decode("utf-8", "replace").strip()


def _results(inputs: _Inputs, scan: _Scan, report: Report, reports: Path) -> dict[str, str]:
    """The outputs of a scan that judged something."""
    total = str(len(report.open))
    limits = verdict.limits(report, inputs.fail_on)
    noun = "new finding" if scan.since else "finding"
    return {
        "status": "0" if limits == {verdict.NEVER} else str(scan.code),
        "reason": verdict.reason(report, inputs.fail_on, noun),
        "findings": total,
        "new": total if scan.since else "",
        "known": str(summary.known(report)),
        **{severity.word: str(number) for severity, number in report.counts().items()},
        "sarif": str(reports / _REPORTS["sarif"]),
    }


def _failure(said: str) -> str:
    """The first error in one line."""
    errors = [line for line in said.splitlines() if line.startswith("error: ")] or ["interrupted"]
    more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
    first = shorten(one_line(errors[0].removeprefix("error: ")), _LONGEST)
    return inert(f"the scan did not end: {first}{more}")


def _refused(inputs: _Inputs, event: _Event) -> str:
    """Why there can be no upload to code scanning, "" where there can."""
    here = {"", event.commit}
    if event.foreign:
        why = "a run for a fork's pull request has no right to"
    elif not event.ref.startswith("refs/pull/") and _head(inputs.paths[0]) not in here:
        why = "the results would be taken for another commit's"
    elif event.ref.startswith("refs/heads/gh-readonly-queue/"):
        why = "the branch of a merge queue is gone before anybody could look"
    else:
        return ""
    return f"not uploaded to code scanning: {why}"


def _for_upload(report: Report, reports: Path) -> str:
    """A SARIF file without what somebody excused: code scanning shows that as open.

    What the compared revision has too stays, or it would be taken for mended.
    """
    kept = tuple(
        replaced(finding, suppressed=None)
        for finding in report.findings
        if finding.silencer in ("", "since")
    )
    file = reports / "upload.sarif"
    console.save(render("sarif", replaced(report, findings=kept, thresholds=())), str(file))
    return str(file)


def _page(scan: _Scan, outputs: dict[str, str], reports: Path) -> str:
    """The job summary: the verdict below the heading of the report."""
    if scan.report is None:
        return f"## pipelaw: no result\n\n<pre>{escape(scan.said)}</pre>\n\n"
    heading, _, rest = (reports / _REPORTS["markdown"]).read_text("utf-8").partition("\n")
    verdict = "Passes" if outputs["status"] == "0" else "**Fails**"
    lines = [f"{verdict}: {outputs['reason']}.", "A full scan."]
    if scan.since:
        lines[1] = f"Compared with {as_code(scan.since)}; no policy or waiver of the change counts."
    if outputs["remark"]:
        lines.append(f"Note: {outputs['remark']}.")
    return "\n\n".join([heading, *lines, f"{rest.lstrip()}\n"])


def _append(variable: str, text: str) -> None:
    """Add to one of the runner's files; an old runner may not have it."""
    file = os.environ.get(variable)
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.write(text)
    except OSError as error:
        raise UsageError(f"{variable}: {file}: cannot be written: {error.strerror}") from None
