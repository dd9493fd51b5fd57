"""Actions whose outputs hold what an outsider wrote: handed through, asked for, or read from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.authors import COMMENTER, EARLIER_REQUESTER, FILE_NAMER, REPORTER, REQUESTER
from pipelaw.facts.shell_checks import narrow
from pipelaw.facts.shell_expansions import harmless
from pipelaw.facts.taint import Taint, strongest
from pipelaw.facts.versions import older
from pipelaw.loaders.github_contexts import SANDBOXED
from pipelaw.loaders.github_files import lying
from pipelaw.loaders.github_taint import written
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Reference
    from pipelaw.words import Charset


class Reflecting(NamedTuple):
    """What the outputs of an action hold."""

    outputs: re.Pattern[str]
    """The outputs that hold it."""
    source: str
    """files: names of changed files; request, issue or comment: its texts; branch: a request's branch;
    artifact: what another run left; file: what the named file holds; or the names of inputs, separated by
    spaces, that are handed through; `env` among them stands for the variables that one of them names."""
    safe: tuple[str, tuple[str, ...]] = ("", ())
    """An input, and its values with which the outputs are safe; "" stands for its absence."""
    safe_from: int = 0
    """The first major version whose outputs are safe, 0 for none."""
    otherwise: str = ""
    """The source where none of the inputs is given that are handed through."""


def _(
    outputs: str, source: str, safe: tuple[str, tuple[str, ...]] = ("", ()), safe_from: int = 0
) -> Reflecting:
    return Reflecting(pattern(outputs), source, safe, safe_from)


_ANY = r".*"
_CHANGE = r"(?:added|changed|deleted|modified|removed|renamed)"
_CHANGES = rf"(?!.*_count$).*files.*|{_CHANGE}(?:_{_CHANGE}){{0,5}}|all|diff|paths?|json"
_FILES = _(_CHANGES, "files")
_HEAD = _(r".*head.*(?:ref|branch|label).*|head_ref|branch|ref|.*branch.*", "branch")
_READ = _(_ANY, "file")
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
    ("rishabhgupta/split-by", "string"),
    ("aszc/change-string-case-action", "string"),
    ("edumserrano/github-issue-forms-parser", "issue-body"),
)
REFLECTING: dict[str, Reflecting] = {
    **{name: _(_ANY, source) for name, source in _HANDED},
    "zentered/issue-forms-body-parser": _(_ANY, "body")._replace(otherwise="issue"),
    **dict.fromkeys(
        (
            "ahmadnassri/action-changed-files",
            "ana06/get-changed-files",
            "futuratrepadeira/changed-files",
            "jitterbit/get-changed-files",
            "knu/changed-files",
            "lots0logs/gh-action-get-changed-files",
            "masesgroup/retrieve-changed-files",
            "technote-space/get-diff-action",
            "the-coding-turtle/ga-file-changes",
            "trilom/file-changes-action",
            "tj-actions/changed-files-json",
            "umani/changed-files",
            "yumemi-inc/changed-files",
            "collin-miller/git-diff-action",
        ),
        _FILES,
    ),
    "tj-actions/changed-files": _FILES._replace(safe=("safe_output", ("true", "")), safe_from=41),
    "step-security/changed-files": _FILES._replace(safe=("safe_output", ("true", ""))),
    "tj-actions/verify-changed-files": _FILES._replace(
        safe=("safe_output", ("true", "")), safe_from=17
    ),
    "tj-actions/branch-names": _(
        r"current_branch|head_ref_branch|ref_branch", "branch", safe_from=9
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
            "mdecoleman/pr-branch-name",
            "nelonoel/branch-name",
        ),
        _HEAD,
    ),
    "jwalton/gh-find-current-pr": _(r"title|body", "request"),
    "8bitjonny/gh-get-current-pr": _(r"pr|pr_title|pr_body", "request"),
    "actions-ecosystem/action-get-merged-pull-request": _(r"title|body", "request"),
    "octokit/request-action": _(r"data", "asked"),
    "octokit/graphql-action": _(r"data", "asked"),
    "fjogeleit/http-request-action": _(r"response", "asked"),
    "indiesdev/curl": _(r"response", "asked"),
    "satak/webrequest-action": _(r"output", "asked"),
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
    "tzkhan/pr-update-action": _(r"headmatch", "branch"),
    "marocchino/on_artifact": _(_ANY, "artifact"),
    "falti/dotenv-action": _READ,
    "mikefarah/yq": _(r"result", "file"),
    "sergeysova/jq-action": _(r"value", "file"),
    **dict.fromkeys(
        (
            "actionstools/read-json-action",
            "andstor/file-reader-action",
            "christian-draeger/read-properties",
            "cumulusds/get-yaml-paths-action",
            "gagle/package-version",
            "gr2m/get-json-paths-action",
            "guibranco/github-file-reader-action-v2",
            "igorskyflyer/action-readfile",
            "jaywcjlove/github-action-package",
            "jaywcjlove/github-action-read-file",
            "juliangruber/read-file-action",
            "jbutcher5/read-yaml",
            "komorebitech/read-files-action",
            "madhead/read-java-properties",
            "martinbeentjes/npm-get-version-action",
            "nyaa8/package-version",
            "notiz-dev/github-action-json-property",
            "pietrobolcato/action-read-yaml",
            "rexdefuror/read-package-json",
            "sebrollen/toml-action",
            "tyankatsu0105/read-package-version-actions",
            "zoexx/github-action-json-file-properties",
        ),
        _READ,
    ),
    # what a model answers follows the task, and what it was told to read
    "actions/ai-inference": _(r"response", "prompt input"),
    "anthropics/claude-code-action": _(r"structured_output|result", "prompt direct_prompt env"),
    "anthropics/claude-code-base-action": _(r"structured_output|result", "prompt env"),
    "appleboy/llm-action": _(_ANY, "input_prompt"),
    "google-github-actions/run-gemini-cli": _(r"summary", "prompt env"),
    "openai/codex-action": _(r"final-message", "prompt env"),
}
"""By action in lower case."""

_NARROWING = {
    "actions-ecosystem/action-regex-match": "regex",
    "kaisugi/action-regex-match": "regex",
}
"""Actions that give what an expression matches, and the input that says it."""
_REPLACING = {
    "ashley-taylor/regex-property-action": "regex",
    "frabert/replace-string-action": "pattern",
}
"""Actions that replace whatever an expression matches, and the input that says it."""
_OTHERS = pattern(r"\[\^((?:\[:\w+:\]|[^\]])*)\][+*]?\Z")

_EXPORTING: dict[str, dict[str, str]] = {
    "ethansk/git-branch-name-action": {"git_branch_name": "branch"},
    "franzdiebold/github-env-vars-action": {
        "ci_action_ref_name": "branch",
        "ci_head_ref": "branch",
        "ci_pr_description": "request",
        "ci_pr_title": "request",
    },
    "nelonoel/branch-name": {"branch_name": "branch"},
    "technote-space/get-diff-action": {"git_diff": "files", "git_diff_filtered": "files"},
}
"""Actions that set variables for later steps, in lower case, and what these hold."""

LOADERS = frozenset(
    {
        "aarcangeli/load-dotenv",
        "antifree/json-to-variables",
        "c-py/action-dotenv-to-setenv",
        "cardinalby/export-env-action",
        "duskmoon314/action-load-env",
        "falti/dotenv-action",
        "rgarcia-phi/json-to-variables",
        "xom9ikk/dotenv",
    }
)
"""Actions that make variables of the lines of a file in the workspace."""
_MANIFEST = "package.json"
"""What actions read that are not told which file."""
_PATHS = ("path", "file", "file_path", "file-path", "prop_path", "files", "localfile")
"""What actions call the file that they read."""

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
_TOLD = _REQUESTS | {"workflow_call"}
"""Events that tell of a request by themselves."""
_CARRYING = {
    "files": _REQUESTS | {"push", "merge_group", "workflow_call"},
    "comment": _COMMENTS | {"issues", "pull_request", "pull_request_target", "workflow_call"},
    "artifact": frozenset({"workflow_run", "workflow_call"}),
}
"""Events under which such an output says anything; the others ask GitHub, under any event."""
_ASKED = pattern(
    r"/(?:issues|pulls|comments|commits|discussions)\b"
    r"|\bevent\.(?:comment|discussion|issue|pull_request|review)\.(?:[\w.]{0,80}[._])?url\b"
)


def reflected(
    context: Context, flow: Flow, used: Reference, given: Mapping[str, str], name: str
) -> Taint | None:
    """Whose text an output of an action holds; `given` are its inputs by lower-case name."""
    known = REFLECTING.get(used.name.lower())
    if known is None or (name and not known.outputs.fullmatch(name)) or _safe(known, used, given):
        return None
    if known.source in _WHO:
        return _held(context, known.source)
    if known.otherwise and not any(given.get(word) for word in known.source.split()):
        return _held(context, known.otherwise)
    return _told(context, flow, known.source, given)


def set_for_later(context: Context, used: Reference) -> dict[str, Taint]:
    """Whose text the variables hold that an action sets for later steps."""
    sets = _EXPORTING.get(used.name.lower())
    if sets is None or not context.events & _TOLD:
        return {}
    found = ((name, _held(context, source)) for name, source in sets.items())
    return {name: taint for name, taint in found if taint is not None}


def loaded(flow: Flow, given: Mapping[str, str]) -> Taint | None:
    """Whose file it is that an action of `LOADERS` makes variables of."""
    named = next((given[name] for name in _LOADED if given.get(name)), ".")
    return lying(flow, f"{named}/.env")


_LOADED = ("path", "env-file", "envfile", "env-path", "filename", "file")


def _held(context: Context, source: str) -> Taint | None:
    """Whose text something of a source holds, where the events carry it."""
    who = _WHO[source]
    carrying = _CARRYING.get(source)
    if carrying is not None and context.events and not context.events & carrying:
        return None
    if carrying is None:
        return Taint(*who, outsider=True)
    opened = context.open_events & carrying
    return Taint(*who, outsider=bool(opened), sandboxed=bool(opened) and opened <= SANDBOXED)


def _told(context: Context, flow: Flow, source: str, given: Mapping[str, str]) -> Taint | None:
    """Whose text an action gives that took it from its inputs, from a file, or from an answer."""
    if source == "asked":
        asked = "query" in given or _ASKED.search(given.get("route", given.get("url", "")))
        # the answer is JSON on one line
        return Taint(_WHO["request"][0], "line", outsider=True, answer=True) if asked else None
    if source == "file":
        named = next((given[word] for word in _PATHS if given.get(word)), "")
        words = [named] if named else given.get("cmd", _MANIFEST).split()
        return strongest(lying(flow, word.strip("'\"")) for word in words)
    return strongest(_handed(context, flow, given, source.split()))


def _handed(
    context: Context, flow: Flow, given: Mapping[str, str], names: Sequence[str]
) -> Iterator[Taint | None]:
    """Whose text is in the inputs that an action hands through."""
    for name in names:
        text = given.get(name, "")
        yield written(context, flow, text)
        if text and "env" in names:
            yield from (one for key, one in flow.tainted.items() if key in text.lower())


def _confined(action: str, given: Mapping[str, str]) -> bool:
    """Whether an expression lets only harmless characters into the outputs."""
    if action in _NARROWING:
        said = given.get(_NARROWING[action], "")
        return bool(said) and "${{" not in said and narrow(said)
    said = given.get(_REPLACING.get(action, ""), "")
    others = _OTHERS.match(said) if "g" in given.get("flags", "g") else None
    return others is not None and harmless(others[1])


def _safe(known: Reflecting, used: Reference, given: Mapping[str, str]) -> bool:
    """Whether an input or the version makes the outputs safe."""
    if _confined(used.name.lower(), given):
        return True
    new = bool(known.safe_from) and not older(used, known.safe_from)
    name, values = known.safe
    if not name:
        return new
    allowed = given.get(name, "").lower() in values
    return allowed and (new or not known.safe_from)
