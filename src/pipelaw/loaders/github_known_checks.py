"""Actions and scripts that are known to make sure who started a run, or that nothing was added since."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.loaders.github_reach import Reach

_MENTIONED = (
    "permission-check permissions-check -permission@ user-permission actor-permission"
    " repository-permission permission-check-action slash-command-action shopify/snapit github/command@"
    " branch-deploy@ membership fetch-metadata@ collaboratorpermissionlevel checkcollaborator"
    " /collaborators/ /memberships/ /members/ iscrossrepository pushed_at committeddate committer.date"
    " check-permission commit_date committed_at -collaborator -maintainer require-permission"
    " verify-permission head.repo.full_name head.repo.fork author_association"
).split()
"""A file without any of these, in lower case, has no such step."""
_OWN = ("uses: ./", "uses: $/", "uses: './", 'uses: "./')
"""A file without any of these has none of the repository's own actions, which may be such a step."""
_FAILING = frozenset(
    {
        "sushichop/action-repository-permission",
        "prince-chrismc/check-actor-permissions-action",
        "lannonbr/repo-permission-check-action",
        "xt0rted/slash-command-action",
        "shopify/snapit",
        "dependabot/fetch-metadata",
    }
)
"""Actions that fail where whoever caused the run may not write, or is not who the request says."""
_ANSWERING = frozenset(
    {
        "actions-cool/check-user-permission",
        "github/command",
        "github/branch-deploy",
        "themoddinginquisition/actions-team-membership",
        "tspascoal/get-user-teams-membership",
    }
)
"""Actions that answer it by an output, and go on."""
_REQUIRING = frozenset({"skjnldsv/check-actor-permission", "lidofinance/check-user-permission"})
"""Actions that fail where their input `require` demands more than there is."""
_WRITERS = frozenset({"write", "maintain", "admin"})
_LEVELS = ("permission-level", "permission", "permissions", "required-permission", "require")
_OPEN = frozenset({"none", "read", "triage"})
"""What everybody has in a public repository, or is given without the right to write."""
_STOPPING_INPUTS = ("error-if-missing", "exit", "fail-on-missing")
_NAMED = pattern(
    r"(?:check|require|verify|assert)\w*-(?:\w+-)*(?:permissions?|membership|collaborator|maintainer)"
    r"|(?:permissions?|membership|collaborator|maintainer)-(?:\w+-)*(?:check|gate|guard)"
)
"""What people call their own actions and workflows that do so."""

_PERMISSION = pattern(
    r"CollaboratorPermissionLevel|checkCollaborator|MembershipForUser|checkMembership"
    r"|/collaborators/|/memberships/|\borgs/[^\s/]+/members/|isCrossRepository"
)
_THROWING = pattern(
    r"checkCollaborator|MembershipForUser|checkMembership|/memberships/|\borgs/[^\s/]+/members/"
)
"""Requests that themselves fail for somebody who is no member."""
_CAUGHT = pattern(r"\bcatch\b|\bif\s+!?\s*gh\b|\|\|\s*(?:true|:|echo)\b")
_ASSOCIATED = pattern(r"\b(?:comment|review|pull_request)\.author_association\b")
_MEMBERS = r"\b(?:OWNER|MEMBER|COLLABORATOR)\b"
_IS_MEMBER = pattern(_MEMBERS)
_IS_OTHER = pattern(r"\b(?:NONE|CONTRIBUTOR|FIRST_TIMER|FIRST_TIME_CONTRIBUTOR|MANNEQUIN)\b")
_MEMBERS_ALONE = pattern(
    rf"(?:==?|=~)[^\n]{{0,200}}{_MEMBERS}[^\n]{{0,200}}\|\|[^|]{{0,200}}?\bexit\s+[1-9]"
    rf"|!=[^!]{{0,100}}?{_MEMBERS}[^!]{{0,400}}?(?:\bexit\s+[1-9]|setFailed|\bthrow\b)"
    rf"|{_MEMBERS}[\"']?\)[^*]{{0,400}};;\s*\*\)[^;]{{0,200}}(?:;[^;]{{1,100}})?\bexit\s+[1-9]"
    rf"|\bgrep\s+-\w*q[^\n]{{0,200}}{_MEMBERS}[^\n|]{{0,80}}(?:\|\|[^\n]{{0,80}}\bexit\s+[1-9]|\s*\Z)"
    rf"|!\s*\[[^\]\n]{{0,200}}{_MEMBERS}[^\]\n]{{0,100}}\]\.includes\([^;]{{0,400}}?(?:setFailed|\bthrow\b|exit\()"
)
"""A script that ends where somebody is none of these."""
SIGNS = (
    *("CollaboratorPermissionLevel", "checkCollaborator", "MembershipForUser", "checkMembership"),
    *("/collaborators/", "/memberships/", "/members/", "isCrossRepository", "author_association"),
    *("head.repo.", "pushed_at", "committedDate", "committer.date", "commit_date", "committed_at"),
)
"""A script that checks who started the run, or when code was added, has one of these, or its variables."""
FAILS = pattern(r"setFailed|\bthrow\b|process\.exit\(\s*[1-9]|\bexit\s+[1-9]|\bexit\(1\)")
_UNEQUAL = pattern(
    r"!=[^!]{0,400}?(?:\bexit\s+[1-9]|setFailed|\bthrow\b)"
    r"|(?<![!=])={1,2}[^\n|=]{0,200}\|\|[^\n|=]{0,80}\bexit\s+[1-9]"
)
"""A comparison that ends the run where it does not hold."""
_IS_TRUE = pattern(r"=\s*['\"]?true\b[^=]{0,400}?\bexit\s+[1-9]")
_ADDED = pattern(r"pushed_at|committedDate|committer\.date|commit_date|committed_at")
_ASKED = pattern(r"created_at|comment_at|submitted_at|labeled_at|COMMENT_AT")
_DATES = pattern(r"\bdate\s+(?:-\w\s+)*(?:-d|--date)|new Date|Date\.parse|fromdateiso8601")


class Check(NamedTuple):
    """What a step makes sure of."""

    stops: frozenset[str] = frozenset()
    """permission or date, where it fails otherwise."""
    answers: bool = False
    """Its outputs tell whether whoever caused the run may do so."""


NO_CHECK = Check()
PERMITTED = frozenset({"permission"})
"""What a step that fails for outsiders makes sure of."""


@lru_cache(maxsize=256)
def mentioned(text: str) -> Literal["", "own", "named"]:
    """Whether a file may have such a step at all; own, where an action of the repository may be one."""
    lowered = text.lower()
    if any(word in lowered for word in _MENTIONED):
        return "named"
    return "own" if any(word in lowered for word in _OWN) else ""


def guarded(reach: Reach, text: str) -> bool:
    """Whether it matters what the steps of a file make sure of, and one of them may do so."""
    if not reach.watched:
        return False
    found = mentioned(text)
    # to look into actions takes time, and who starts runs by hand may write
    by_outsiders = found == "own" and any(t.privileged or t.kind == "call" for t in reach.triggers)
    return found == "named" or by_outsiders


def known(name: str, inputs: Mapping[str, str]) -> Check:
    """What an action makes sure of."""
    if name in _FAILING:
        return Check(PERMITTED, answers=True)
    if name in _ANSWERING or name in _REQUIRING:
        stops = any(inputs.get(key, "").lower() == "true" for key in _STOPPING_INPUTS)
        if name in _REQUIRING:
            stops = inputs.get("require", "").lower() in _WRITERS
        return Check(PERMITTED if stops else frozenset(), answers=True)
    return Check(PERMITTED, answers=True) if named(name) else NO_CHECK


def everybody(inputs: Mapping[str, str]) -> bool:
    """Whether an action lets through who has no more than everybody."""
    return any(_OPEN.intersection(inputs.get(key, "").lower().split(",")) for key in _LEVELS)


@lru_cache(maxsize=1024)
def scripted(script: str, env: str) -> Check:
    """What a script makes sure of; `env` are the values of the variables that it may read."""
    if not any(sign in script or sign in env for sign in SIGNS):
        return NO_CHECK
    permission = _PERMISSION.search(script) is not None
    fails = FAILS.search(script) is not None
    stops = set()
    throws = _THROWING.search(script) is not None and _CAUGHT.search(script) is None
    forks = fails and _keeps_forks_out(f"{env}\n{script}")
    members = _asks_for_members(script, env)
    refused = members and _MEMBERS_ALONE.search(script) is not None
    if forks or refused or (permission and (fails or throws)):
        stops.add("permission")
    asked = _ASKED.search(script) or _ASKED.search(env)
    if fails and asked and _ADDED.search(script) and _DATES.search(script):
        stops.add("date")
    return Check(frozenset(stops), answers=permission or members)


def _asks_for_members(script: str, env: str) -> bool:
    """Whether a script looks at who caused the run, and names only those who belong to the repository."""
    if "author_association" not in script and "author_association" not in env:
        return False
    named = _IS_MEMBER.search(script) is not None and _IS_OTHER.search(script) is None
    return named and _ASSOCIATED.search(f"{env}\n{script}") is not None


def _keeps_forks_out(text: str) -> bool:
    """Whether a script ends where the request is of another repository, after where its values come from."""
    named, forked = text.find("head.repo.full_name"), text.find("head.repo.fork")
    return (named >= 0 and _UNEQUAL.search(text, named) is not None) or (
        forked >= 0 and _IS_TRUE.search(text, forked) is not None
    )


def named(uses: str) -> bool:
    """Whether an action or workflow is called like one that makes sure who caused the run."""
    return _NAMED.search(uses[:200].lower()) is not None
