"""Actions whose outputs hold what an outsider wrote: handed through, asked for, or read from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.authors import COMMENTER, EARLIER_REQUESTER, FILE_NAMER, REPORTER, REQUESTER
from pipelaw.facts.taint import Taint, strongest
from pipelaw.facts.versions import older
from pipelaw.loaders.github_contexts import SANDBOXED
from pipelaw.loaders.github_taint import written
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Reference
    from pipelaw.words import Charset


class Reflecting(NamedTuple):
    """What the outputs of an action hold."""

    outputs: re.Pattern[str]
    """The outputs that hold it."""
    source: str
    """files: names of changed files; request, issue or comment: its texts; branch: a request's branch;
    artifact: what another run left; or the names of inputs, separated by spaces, that are handed through."""
    safe: tuple[str, tuple[str, ...]] = ("", ())
    """An input, and its values with which the outputs are safe; "" stands for its absence."""
    safe_from: int = 0
    """The first major version whose outputs are safe, 0 for none."""


def _(
    outputs: str, source: str, safe: tuple[str, tuple[str, ...]] = ("", ()), safe_from: int = 0
) -> Reflecting:
    return Reflecting(pattern(outputs), source, safe, safe_from)


_ANY = r".*"
_FILES = _(
    r".*files.*|added|modified|removed|renamed|all|changed|deleted|diff|paths?|json", "files"
)
_HEAD = _(r".*head.*(?:ref|branch|label).*|head_ref|branch|ref|.*branch.*", "branch")
_HANDED = (
    ("frabert/replace-string-action", "string"),
    ("mad9000/actions-find-and-replace-string", "source"),
    ("actions-ecosystem/action-regex-match", "text"),
    ("kaisugi/action-regex-match", "text"),
    ("ashley-taylor/regex-property-action", "value"),
    ("ashley-taylor/read-json-property-action", "json"),
    ("haya14busa/action-cond", "if_true if_false"),
    ("bluwy/substitute-string-action", "_input-text"),
    ("mbilger/jira-issue-extractor", "string"),
    ("jungwinter/split", "msg"),
    ("winterjung/split", "msg"),
    ("zentered/issue-forms-body-parser", "body"),
    ("edumserrano/github-issue-forms-parser", "issue-body"),
)
REFLECTING: dict[str, Reflecting] = {
    **{name: _(_ANY, source) for name, source in _HANDED},
    **dict.fromkeys(
        (
            "ahmadnassri/action-changed-files",
            "futuratrepadeira/changed-files",
            "jitterbit/get-changed-files",
            "knu/changed-files",
            "lots0logs/gh-action-get-changed-files",
            "masesgroup/retrieve-changed-files",
            "technote-space/get-diff-action",
            "the-coding-turtle/ga-file-changes",
            "trilom/file-changes-action",
            "tj-actions/changed-files-json",
            "collin-miller/git-diff-action",
        ),
        _FILES,
    ),
    "tj-actions/changed-files": _FILES._replace(safe=("safe_output", ("true", "")), safe_from=41),
    "tj-actions/verify-changed-files": _FILES._replace(
        safe=("safe_output", ("true", "")), safe_from=17
    ),
    "tj-actions/branch-names": _(
        r"current_branch|head_ref_branch|ref_branch", "branch", safe_from=7
    ),
    "dorny/paths-filter": _(
        r".*_files", "files", safe=("list-files", ("shell", "escape", "none", ""))
    ),
    **dict.fromkeys(
        (
            "alessbell/pull-request-comment-branch",
            "eficode/resolve-pr-refs",
            "gotson/pull-request-comment-branch",
            "xt0rted/pull-request-comment-branch",
            "github/branch-deploy",
            "potiuk/get-workflow-origin",
            "nelonoel/branch-name",
        ),
        _HEAD,
    ),
    "jwalton/gh-find-current-pr": _(r"title|body", "request"),
    "8bitjonny/gh-get-current-pr": _(r"pr|pr_title|pr_body", "request"),
    "actions-ecosystem/action-get-merged-pull-request": _(r"title|body", "request"),
    "octokit/request-action": _(r"data", "asked"),
    "octokit/graphql-action": _(r"data", "request"),
    "redhat-plumbers-in-action/download-artifact": _(_ANY, "artifact"),
    "peter-murray/issue-body-parser-action": _(_ANY, "issue"),
    "peter-murray/issue-forms-body-parser": _(_ANY, "issue"),
    "stefanbuck/github-issue-parser": _(_ANY, "issue"),
    "onmax/issue-form-parser": _(_ANY, "issue"),
    "issue-ops/parser": _(_ANY, "issue"),
    "khan/pull-request-comment-trigger": _(r"comment_body", "comment"),
    "shanegenschaw/pull-request-comment-trigger": _(r"comment_body", "comment"),
    "xt0rted/slash-command-action": _(
        r"command-arguments", "comment", safe=("permission-level", ("write", "admin", ""))
    ),
    "peter-evans/find-comment": _(
        r"comment-body",
        "comment",
        safe=("comment-author", ("github-actions[bot]", "dependabot[bot]", "renovate[bot]")),
    ),
    "skjnldsv/parse-command-comment": _(r"command|arg.*", "comment"),
    "machine-learning-apps/actions-chatops": _(_ANY, "comment"),
    "tjenkinson/gh-action-comment-parser": _(_ANY, "comment"),
    "amannn/action-semantic-pull-request": _(r"error_message", "request"),
}
"""By action in lower case."""

LOADERS = frozenset(
    {
        "aarcangeli/load-dotenv",
        "c-py/action-dotenv-to-setenv",
        "cardinalby/export-env-action",
        "duskmoon314/action-load-env",
        "falti/dotenv-action",
        "xom9ikk/dotenv",
    }
)
"""Actions that make variables of the lines of a file in the workspace."""

_WHO: dict[str, tuple[str, Charset]] = {
    "files": (FILE_NAMER, "text"),
    "request": (REQUESTER, "text"),
    "branch": (REQUESTER, "branch"),
    "issue": (REPORTER, "text"),
    "comment": (COMMENTER, "text"),
    "artifact": (EARLIER_REQUESTER, "text"),
}
_REQUESTS = frozenset(
    "pull_request pull_request_target pull_request_review pull_request_review_comment".split()
)
_COMMENTS = frozenset(
    "issue_comment pull_request_comment pull_request_review_comment discussion_comment".split()
)
_CARRYING = {
    "files": _REQUESTS | {"push", "merge_group", "workflow_call"},
    "comment": _COMMENTS | {"issues", "pull_request", "pull_request_target", "workflow_call"},
    "artifact": frozenset({"workflow_run", "workflow_call"}),
}
"""Events under which such an output says anything; the others ask GitHub, under any event."""
_ASKED = pattern(r"/(?:issues|pulls|comments|commits|discussions)\b")


def reflected(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str], name: str
) -> Taint | None:
    """Whose text an output of an action holds; `given` are its inputs by lower-case name."""
    known = REFLECTING.get(used.name.lower())
    if known is None or (name and not known.outputs.fullmatch(name)) or _safe(known, used, given):
        return None
    if known.source == "asked":
        asked = _ASKED.search(given.get("route", ""))
        # the answer is JSON on one line
        return Taint(_WHO["request"][0], "line", outsider=True) if asked else None
    who = _WHO.get(known.source)
    if who is None:
        handed = (written(context, flow, given.get(word, "")) for word in known.source.split())
        return strongest(taint for taint in handed if taint is not None)
    carrying = _CARRYING.get(known.source)
    if carrying is not None and context.events and not context.events & carrying:
        return None
    if carrying is None:
        return Taint(*who, outsider=True)
    opened = context.open_events & carrying
    return Taint(*who, outsider=bool(opened), sandboxed=bool(opened) and opened <= SANDBOXED)


def _safe(known: Reflecting, used: Reference, given: Mapping[str, str]) -> bool:
    """Whether an input or the version makes the outputs safe."""
    new = bool(known.safe_from) and not older(used, known.safe_from)
    name, values = known.safe
    if not name:
        return new
    allowed = given.get(name, "").lower() in values
    return allowed and (new or not known.safe_from)
