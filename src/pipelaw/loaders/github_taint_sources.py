"""Commands that print what an outsider wrote: asked from GitHub, from git, or read from the event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.authors import COMMITTER, REPORTER, REQUESTER
from pipelaw.facts.script_words import words
from pipelaw.facts.taint import Taint, strongest
from pipelaw.loaders.github_answers import TEXTS, held, names, picked
from pipelaw.loaders.github_taint import direct
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.loaders.github_context import Context
    from pipelaw.loaders.github_files import Files
    from pipelaw.loaders.github_taint import Known
    from pipelaw.words import Charset

_ASKING = pattern(
    r"\bgh\s+(?:pr|issue|api|run)\b|GITHUB_EVENT_PATH|GITHUB_HEAD_REF|api\.github\.com|GITHUB_API_URL"
    r"|\bgit\s+(?:-\S+\s+\S+\s+)?(?:log|diff|diff-tree|show|branch|rev-parse|symbolic-ref|shortlog)\b"
)
_OF_GH = frozenset("pr issue api run".split())
_OF_GIT = frozenset("log diff show branch rev symbolic shortlog".split())
_VARIABLES = frozenset("github_event_path github_head_ref github_api_url".split())

_ENDPOINT = pattern(r"/(?:pulls|issues|comments|commits|discussions|reviews)\b")
_FORMAT_TEXT = pattern(r"%(?:[sbBfN]|a[nNeE]|c[nNeE]|D|d|S)")


def asks(script: str) -> bool:
    """Whether a script fetches an outsider's text by itself."""
    said = words(script)
    may = (
        ("gh" in said and not _OF_GH.isdisjoint(said))
        or ("git" in said and not _OF_GIT.isdisjoint(said))
        or ("api" in said and "github" in said)
        or not _VARIABLES.isdisjoint(said)
    )
    return may and _ASKING.search(script) is not None


def produced(
    context: Context, known: Known, words: Sequence[str], files: Sequence[str]
) -> Taint | None:
    """Whose text a command prints, None where nobody's from outside."""
    name = words[0] if words else ""
    if name == "gh":
        return _gh(words)
    if name == "git":
        if "fetch" in words and any(_requested(context, word) for word in files):
            known.requested = True
        return _git(context, known, words)
    if name == "jq" and "event" in files:
        return _event(context, words)
    if name in ("curl", "wget"):
        asked = any(_ENDPOINT.search(word) and "api" in word.lower() for word in words)
        return Taint(REQUESTER, "text", outsider=True, answer=True) if asked else None
    return None


_FILE = "the file of the event"
_WRITTEN = tuple(
    f"github.event.{path}"
    for path in (
        *("comment.body", "issue.body", "pull_request.body", "discussion.body", "review.body"),
        "head_commit.message",
    )
)
"""Members of events that somebody else writes, one of which is in each event with such text."""


def event_file(context: Context) -> Taint | None:
    """Whose text the file of the event holds: in JSON no text has a line break."""
    found = strongest(direct(path, context.events, context.open_events) for path in _WRITTEN)
    return found and found.narrowed("line")._replace(answer=True, via=_FILE)


def chosen(context: Context, answer: Taint, query: str) -> Taint | None:
    """What a query picks from what a forge answered, or from the file of the event."""
    if answer.via != _FILE:
        return picked(answer, query)
    return _event(context, ("jq", "-r", query)) if query.strip() != "." else answer


def member(context: Context, query: str) -> Taint | None:
    """Whose text a query finds in the file of the event."""
    return _event(context, ("jq", "-r", query))


def _event(context: Context, words: Sequence[str]) -> Taint | None:
    """`jq .issue.title "$GITHUB_EVENT_PATH"`."""
    for word in words[1:]:
        if word[:1] == ".":
            path = re.split(r"[ |/\[]", word.strip())[0].rstrip("?")
            found = direct(
                f"github.event{path}".lower().rstrip("."), context.events, context.open_events
            )
            raw = any(flag[:1] == "-" and "r" in flag for flag in words[1:])
            return found if found is None or raw else found.narrowed("line")
    return None


def _gh(words: Sequence[str]) -> Taint | None:
    """`gh pr view --json title --jq .title`, `gh api repos/o/r/pulls/1 -q .head.ref`."""
    group, command = (*words[1:3], "", "")[:2]
    who = REPORTER if group == "issue" else REQUESTER
    query = _value(words, "-q", "--jq", "-t", "--template")
    if group == "api":
        asked = any(_ENDPOINT.search(word) or word == "graphql" for word in words[2:])
        if not asked or _value(words, "-X", "--method").upper() in ("PUT", "PATCH", "DELETE"):
            return None
        if any("/issues" in word for word in words):
            who = REPORTER
        found = names(query) if query else TEXTS
    elif group in ("pr", "issue") and command in ("view", "list", "diff", "status"):
        fields = _value(words, "--json")
        found = names(query) if query else frozenset(fields.lower().split(","))
        if not fields:
            found = TEXTS if command != "list" or not query else found
            query = query or "text"
    else:
        return None
    taint = held(Taint(who, outsider=True), found, query)
    if query or taint is None:
        return taint
    # as JSON it is one line
    return taint.narrowed("line")._replace(answer=True)


def _value(words: Sequence[str], *options: str) -> str:
    """What follows an option, in the same word or the next."""
    for index, word in enumerate(words):
        head, equals, value = word.partition("=")
        if head in options:
            return value if equals else (*words[index + 1 : index + 2], "")[0]
    return ""


def _git(context: Context, known: Known, words: Sequence[str]) -> Taint | None:
    command = next((word for word in words[1:] if word[:1] != "-" and "\0" not in word), "")
    files = _theirs(known)
    if command in ("branch", "rev-parse", "symbolic-ref"):
        shown = any(word in ("--show-current", "--abbrev-ref", "--short") for word in words)
        if files is None or not shown or (command == "rev-parse" and "HEAD" not in words):
            return None
        return files.taint._replace(charset="branch")
    if command not in ("log", "diff", "diff-tree", "show", "shortlog"):
        return None
    taint = files.taint if files is not None else _committed(context)
    if taint is None and known.requested and _names_commits(words):
        taint = Taint(REQUESTER, "text", outsider=True)
    charset = _printed(command, words)
    return taint._replace(charset=charset) if taint is not None and charset else None


_REQUESTED = pattern(
    r"\bpull/|\bhead[._](?:ref|sha)\b|(?<!\w)\$\{?(?:\w+_)?HEAD_(?:REF|SHA)\b", re.IGNORECASE
)
"""What names a request's commits when they are fetched."""
_HEAD = pattern(
    r"(?<!\w)\$\{?(?:\w+_)?(?:HEAD(?:_(?:OID|BRANCH|COMMIT))?|PR_(?:REF|SHA|BRANCH|COMMIT))\b",
    re.IGNORECASE,
)
"""The same in a run that a request may have started."""
_OWN = pattern(r"HEAD(?:[~^]\d*)*")


def fetches(context: Context, script: str) -> bool:
    """Whether a script fetches the commits of a request, which later ones may look at."""
    at = script.find("git fetch")
    return at >= 0 and _requested(context, script[at:])


def _requested(context: Context, text: str) -> bool:
    """Whether a text names the commits of a request."""
    if _REQUESTED.search(text) is not None:
        return True
    return bool(context.open_events) and _HEAD.search(text) is not None


def _names_commits(words: Sequence[str]) -> bool:
    """Whether a command of git looks at other commits than those that are checked out."""
    named = [word for word in words[1:] if word[:1] != "-" and not _OWN.fullmatch(word)]
    return len(named) > 1 and "--cached" not in words


def _theirs(known: Known) -> Files | None:
    """An outsider's commits in the workspace."""
    return next((files for files in known.files if files.checkout), None)


def _committed(context: Context) -> Taint | None:
    """Whose commits the checkout that everybody makes first brings."""
    if "pull_request" in context.events:
        return Taint(COMMITTER, "text", outsider=True)
    return Taint(COMMITTER, "text") if "push" in context.events else None


def _printed(command: str, words: Sequence[str]) -> Charset:
    """What the output of `git log` or `git diff` can hold, "" for nothing that matters."""
    form = " ".join(word for word in words if word.startswith(("--format", "--pretty", "%")))
    if any(word in ("--name-only", "--name-status") for word in words) and "%" not in form:
        return "text"
    if any(
        word.startswith(("--stat", "--shortstat", "--numstat", "--quiet", "--exit-code"))
        for word in words
    ):
        return ""
    if command in ("diff", "diff-tree"):
        return "text"
    if "%" in form and not _FORMAT_TEXT.search(form):
        return ""
    single = any(re.fullmatch(r"-(?:n\s*)?1|--max-count=1", word) for word in words)
    lines = "%" in form and not re.search(r"%[bBN]", form)
    return "line" if single and lines else "text"
