"""Actions and scripts that are known to make sure who started a run, or that nothing was added since."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pipelaw.loaders.github_names import FORK_NAMED
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelaw.loaders.github_reach import Reach

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
_WORDS = ("permission", "permissions", "membership", "collaborator", "maintainer")
_NAMED = pattern(
    rf"(?:check|require|verify|assert)\w*-(?:\w+-)*(?:{'|'.join(_WORDS)})"
    rf"|(?:{'|'.join(_WORDS)})-(?:\w+-)*(?:check|gate|guard)"
)
"""What people call their own actions and workflows that do so."""

_PERMISSION = pattern(
    r"CollaboratorPermissionLevel|checkCollaborator|MembershipForUser|checkMembership"
    r"|/collaborators/|/memberships/|\borgs/[^\s/]+/(?:public_)?members/|isCrossRepository"
)
_LEVEL = pattern(r"\b(?:admin|maintain|push|write)\b", re.IGNORECASE)
_NO_LEVEL = pattern(r"['\"](?:none|read)['\"]")
_READERS = pattern(
    r"\[(?=[^\]\n]{0,100}['\"]write['\"])[^\]\n]{0,100}['\"](?:read|none)['\"][^\]\n]{0,100}\]\.includes\("
)
"""A list of levels that may go on, with one that everybody has in a public repository."""
_THROWING = pattern(
    r"checkCollaborator|MembershipForUser|checkMembership|/memberships/|\borgs/[^\s/]+/(?:public_)?members/"
    r"|/collaborators/(?![^\n]{0,200}?/permission)"
)
"""Requests that themselves fail for somebody who is no member."""
_CAUGHT = pattern(r"\bcatch\b|\bif\s+!?\s*gh\b|\|\|\s*(?:true|:|echo)\b|\b(?:PUT|DELETE)\b")
"""What goes on where a request fails, or changes something instead of asking."""
_LENIENT = pattern(
    r"\A(?!.*\bgh\s+api\b).*?\bcurl(?=\s)(?![^|;&]{0,500}?\s(?:--fail|-[A-Za-z]{0,9}f))"
    r"|\b(?:fetch|requests\.get)\([^;\n]{0,200}/(?:memberships|(?:public_)?members)/(?!.*raise_for_status)",
    re.DOTALL,
)
"""A request that goes on, whatever the answer."""
_ASSOCIATED = pattern(r"\b(?:comment|review|pull_request)\.author_association\b")
_MEMBERS = r"\b(?:OWNER|MEMBER|COLLABORATOR)\b"
_IS_MEMBER = pattern(_MEMBERS)
_IS_OTHER = pattern(r"\b(?:NONE|CONTRIBUTOR|FIRST_TIMER|FIRST_TIME_CONTRIBUTOR|MANNEQUIN)\b")
_ASKING = rf"(?:=~|={{1,2}}|\bgrep\s+-\w*q)[^\n=]{{0,60}}?{_MEMBERS}"
"""A comparison with one of these."""
_FOUND = r"\.(?:includes|has|indexOf)\(\s*[\w.?]{0,60}(?:[Aa]ssoc|[Rr]ole)\w{0,20}"
_FAILING_JS = r"(?:setFailed|\bthrow\b|exit\()"
_MEMBERS_ALONE = pattern(
    rf"(?:==?|=~)[^\n]{{0,200}}{_MEMBERS}[^\n]{{0,200}}\|\|[^|]{{0,200}}?\bexit\s+-?[1-9]"
    rf"|!=[^!]{{0,100}}?{_MEMBERS}[^!]{{0,400}}?(?:\bexit\s+-?[1-9]|setFailed|\bthrow\b)"
    rf"|{_MEMBERS}[\"']?\)[^*]{{0,400}};;\s*\*\)[^;]{{0,200}}(?:;[^;]{{1,100}})?\bexit\s+-?[1-9]"
    rf"|\bgrep\s+-\w*q[^\n]{{0,200}}{_MEMBERS}[^\n|]{{0,80}}(?:\|\|[^\n]{{0,80}}\bexit\s+-?[1-9]|\s*\Z)"
    rf"|!\s[^\n!]{{0,200}}?{_ASKING}(?:(?!\bfi\b)[^!]){{0,400}}?(?:\bexit\s+-?[1-9]|\bthrow\b)"
    rf"|{_ASKING}(?:(?!\b(?:fi|exit|else)\b)[^!]){{0,400}}\belse\b(?:(?!\bfi\b)[^!]){{0,300}}?\bexit\s+-?[1-9]"
    rf"|!\s*/[^/\n]{{0,100}}{_MEMBERS}[^/\n]{{0,100}}/\w*\.test\([^!;]{{0,400}}?{_FAILING_JS}"
    rf"|!\s*\[[^\]\n]{{0,200}}{_MEMBERS}[^\]\n]{{0,100}}\]\.includes\([^;]{{0,400}}?{_FAILING_JS}"
    rf"|!\s*\w+{_FOUND}[^;]{{0,400}}?{_FAILING_JS}"
    rf"|\b(?P<found>\w+)\s*=[^;=]{{0,200}}?{_FOUND}.{{0,400}}?!\s*(?P=found)\b[^;]{{0,200}}?{_FAILING_JS}"
    rf"|{_FOUND}[^\n]{{0,20}}\)\s*(?:={{2,3}}\s*-1|<\s*0)[^;]{{0,200}}?{_FAILING_JS}",
    re.DOTALL,
)
"""A script that ends where somebody is none of these."""
SIGNS = (
    "CollaboratorPermissionLevel checkCollaborator MembershipForUser checkMembership"
    " /collaborators/ /memberships/ /members/ /public_members/ isCrossRepository author_association"
    " head.repo. head_repository. pushed_at pushedDate committedDate committer.date commit_date"
    " committed_at %cd %ct %ci %cI"
).split()
"""A script that checks who started the run, or when code was added, has one of these, or its variables."""
_MENTIONED = (
    *{sign.lower() for sign in SIGNS},
    *(_FAILING | _ANSWERING | _REQUIRING),
    *(part for word in _WORDS for part in (f"-{word}", f"{word}-")),
)
"""A file without any of these, in lower case, has no such step."""
FAILS = pattern(r"setFailed|\bthrow\b|process\.exit\(\s*-?[1-9]|\bexit\s+-?[1-9]|\bexit\(-?1\)")
_UNEQUAL = pattern(
    r"!=[^!]{0,400}?(?:\bexit\s+-?[1-9]|setFailed|\bthrow\b)"
    r"|(?<![!=])={1,2}[^\n|=]{0,200}\|\|[^\n|=]{0,80}\bexit\s+-?[1-9]"
    r"|\s={1,2}\s[^\n|&=]{0,100}\]\]?[;\s]{1,40}then\b[^!]{0,300}?\belse\b[^!]{0,300}?\bexit\s+-?[1-9]"
)
"""A comparison that ends the run where it does not hold."""
_ORIGIN = pattern(r"head(?:\.repo|_repository)\.full_name")
_FORKED = pattern(r"head(?:\.repo|_repository)\.fork|isCrossRepository")
_IS_OWN = pattern(
    r"^(?=[^\n]*repository\b)[^\n!]*?\s={1,2}\s|^(?=[^\n]*fork)[^\n!]*?\s={1,2}\s*['\"]?false\b",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that compares the request's repository with the own one, or whether it is a fork with no."""
_YES = pattern(r"\b[\w-]+=['\"]?(?:true|yes|1)\b")
_OTHERWISE = pattern(r"\b(?:else|elif|fi)\b|\|\|")
_PUT_OUT = pattern(
    r"setOutput\([^\n!?]{0,200}?(?:head\.repo\.full_name\s*===?|===?[^\n!?]{0,80}head\.repo\.full_name)"
)
_SAYS_FORK = pattern(
    rf"(?:\bsetOutput\(\s*['\"]|(?:echo|printf)\s+['\"]?)({FORK_NAMED})(?:['\"]\s*,|=)",
    re.IGNORECASE,
)
_COMPARED = pattern(r"head(?:\.repo|_repository)\.(?:full_name|fork|owner)|isCrossRepository")
_IS_TRUE = pattern(r"=\s*['\"]?true\b[^=]{0,400}?\bexit\s+-?[1-9]")
_ADDED = pattern(
    r"(?i:pushed_at|pushedDate|committedDate|committer\.date|commit_date|committed_at)|%c[dtiI]\b"
)
_ASKED = pattern(r"(?i:created_at|comment_at|submitted_at|labeled_at)")
_DATES = pattern(
    r"\bdate\s+(?:-\w\s+)*(?:-d|--date)|new Date|Date\.parse|fromdateiso8601"
    r"|\[\[[^\]\n]{1,200}\s[<>]\s[^\]\n]{1,200}\]\]|[Pp]ushed\w*\s*[<>]=?\s"
)


class Check(NamedTuple):
    """What a step makes sure of."""

    stops: frozenset[str] = frozenset()
    """permission, date or origin (no fork, whoever caused the run), where it fails otherwise."""
    answers: bool = False
    """Its outputs tell whether whoever caused the run may do so."""
    forks: frozenset[str] = frozenset()
    """Its outputs that say whether the request comes from a fork."""

    def closed(self, step: str) -> frozenset[str]:
        """The start of the paths of its outputs that say something of outsiders; `step` is its id."""
        start = f"steps.{step.lower()}.outputs."
        return frozenset({start} if self.answers else {f"{start}{name}" for name in self.forks})


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
    permission = _PERMISSION.search(script) is not None and not _everybody(f"{env}\n{script}")
    fails = FAILS.search(script) is not None
    stops = set()
    throws = _THROWING.search(script) is not None and not _goes_on(script)
    forks = fails and _keeps_forks_out(f"{env}\n{script}")
    members = _asks_for_members(script, env)
    refused = members and _MEMBERS_ALONE.search(script) is not None
    if refused or (permission and (fails or throws)):
        stops.add("permission")
    if forks:
        stops.add("origin")
    asked = _ASKED.search(script) or _ASKED.search(env)
    if fails and asked and _ADDED.search(script) and _DATES.search(script):
        stops.add("date")
    answers = permission or members or _tells_forks(script, env)
    return Check(frozenset(stops), answers, _named_forks(script, env))


def _goes_on(script: str) -> bool:
    """Whether a script goes on where a request of it fails."""
    return _CAUGHT.search(script) is not None or _LENIENT.search(script) is not None


def _everybody(text: str) -> bool:
    """Whether a script that asks for a level of permission lets pass who has what everybody has."""
    if _READERS.search(text) is not None:
        return True
    return _NO_LEVEL.search(text) is not None and _LEVEL.search(text) is None


def _asks_for_members(script: str, env: str) -> bool:
    """Whether a script looks at who caused the run, and names only those who belong to the repository."""
    if "author_association" not in script and "author_association" not in env:
        return False
    named = _IS_MEMBER.search(script) is not None and _IS_OTHER.search(script) is None
    return named and _ASSOCIATED.search(f"{env}\n{script}") is not None


def _keeps_forks_out(text: str) -> bool:
    """Whether a script ends where the request is of another repository, after where its values come from."""
    origin, forked = _ORIGIN.search(text), _FORKED.search(text)
    return (origin is not None and _UNEQUAL.search(text, origin.end()) is not None) or (
        forked is not None and _IS_TRUE.search(text, forked.end()) is not None
    )


def _tells_forks(script: str, env: str) -> bool:
    """Whether a script says yes in its only output where the request is of the repository itself."""
    text = f"{env}\n{script}"
    if _ORIGIN.search(text) is None and _FORKED.search(text) is None:
        return False
    if "setOutput(" in script:
        return _PUT_OUT.search(script) is not None
    yes = list(_YES.finditer(script)) if "GITHUB_OUTPUT" in script else []
    own = _IS_OWN.search(script) if len(yes) == 1 else None
    between = script[own.end() : yes[0].start()] if own is not None else ""
    return own is not None and own.end() <= yes[0].end() and _OTHERWISE.search(between) is None


def _named_forks(script: str, env: str) -> frozenset[str]:
    """The outputs of a script that are called after forks, where it asks whether there is one."""
    if "ork" not in script and "ross" not in script:
        return frozenset()
    if "OUTPUT" not in script and "setOutput(" not in script:
        return frozenset()
    asks = _COMPARED.search(script) is not None or _COMPARED.search(env) is not None
    return frozenset(m[1].lower() for m in _SAYS_FORK.finditer(script)) if asks else frozenset()


def named(uses: str) -> bool:
    """Whether an action or workflow is called like one that makes sure who caused the run."""
    return _NAMED.search(uses[:200].lower()) is not None
