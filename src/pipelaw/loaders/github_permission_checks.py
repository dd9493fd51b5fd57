"""Steps that make sure who started a run, or that nothing was added since: what they stop.

A step that fails for an outsider stops every later step and every job that needs its own; one that
only answers stops those whose condition tests its answer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode, true
from pipelaw.loaders.github_conditions import COMMENTED, Case, evaluate, judged
from pipelaw.loaders.github_reach import STATUS
from pipelaw.parts import by_name
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Step, Trigger, Variable

_MENTIONED = (
    "permission-check permissions-check -permission@ user-permission actor-permission"
    " repository-permission permission-check-action slash-command-action shopify/snapit github/command@"
    " branch-deploy@ membership fetch-metadata@ collaboratorpermissionlevel checkcollaborator"
    " /collaborators/ /memberships/ /members/ iscrossrepository pushed_at committeddate committer.date"
    " check-permission commit_date committed_at -collaborator -maintainer require-permission"
    " verify-permission head.repo.full_name head.repo.fork author_association"
).split()
"""A file without any of these, in lower case, has no such step."""
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
_SIGNS = (
    *("CollaboratorPermissionLevel", "checkCollaborator", "MembershipForUser", "checkMembership"),
    *("/collaborators/", "/memberships/", "/members/", "isCrossRepository", "author_association"),
    *("head.repo.", "pushed_at", "committedDate", "committer.date", "commit_date", "committed_at"),
)
"""A script that checks who started the run, or when code was added, has one of these, or its variables."""
_FAILS = pattern(r"setFailed|\bthrow\b|process\.exit\(\s*[1-9]|\bexit\s+[1-9]|\bexit\(1\)")
_ALWAYS_FAILS = pattern(
    r"(?:\A|\n|&&\s*|;\s*)(?:exit\s+[1-9]\d{0,3}|(?:core\.)?setFailed\([^\n]{0,300}\);?)\s*\Z"
)
"""A script that ends so, whatever it says before."""
_UNEQUAL = pattern(
    r"!=[^!]{0,400}?(?:\bexit\s+[1-9]|setFailed|\bthrow\b)"
    r"|(?<![!=])={1,2}[^\n|=]{0,200}\|\|[^\n|=]{0,80}\bexit\s+[1-9]"
)
"""A comparison that ends the run where it does not hold."""
_IS_TRUE = pattern(r"=\s*['\"]?true\b[^=]{0,400}?\bexit\s+[1-9]")
_ADDED = pattern(r"pushed_at|committedDate|committer\.date|commit_date|committed_at")
_ASKED = pattern(r"created_at|comment_at|submitted_at|labeled_at|COMMENT_AT")
_DATES = pattern(r"\bdate\s+(?:-\w\s+)*(?:-d|--date)|new Date|Date\.parse|fromdateiso8601")
_OUTPUTS = pattern(r"\bsteps\.([\w-]+)\.outputs\.", re.IGNORECASE)


class Check(NamedTuple):
    """What a step makes sure of."""

    stops: frozenset[str] = frozenset()
    """permission or date, where it fails otherwise."""
    answers: bool = False
    """Its outputs tell whether whoever caused the run may do so."""


NO_CHECK = Check()
_PERMITTED = frozenset({"permission"})


def mentioned(text: str) -> bool:
    """Whether a file may have such a step at all."""
    lowered = text.lower()
    return any(word in lowered for word in _MENTIONED)


def check_of(uses: str, inputs: Mapping[str, str], script: str, env: str) -> Check:
    """What a step makes sure of, by the action that it uses, or the script that it runs with `env`."""
    if uses:
        name = uses.partition("@")[0].lower()
        if name not in ("actions/github-script", "octokit/request-action"):
            found = _known(name, inputs)
            return NO_CHECK if found is not NO_CHECK and _everybody(inputs) else found
        script = script or inputs.get("script", "") or inputs.get("route", "")
    return _scripted(script, env) if script else NO_CHECK


def _known(name: str, inputs: Mapping[str, str]) -> Check:
    """What an action makes sure of."""
    if name in _FAILING:
        return Check(_PERMITTED, answers=True)
    if name in _ANSWERING or name in _REQUIRING:
        stops = any(inputs.get(key, "").lower() == "true" for key in _STOPPING_INPUTS)
        if name in _REQUIRING:
            stops = inputs.get("require", "").lower() in _WRITERS
        return Check(_PERMITTED if stops else frozenset(), answers=True)
    return Check(_PERMITTED, answers=True) if _NAMED.search(name[:200]) else NO_CHECK


def _everybody(inputs: Mapping[str, str]) -> bool:
    """Whether an action lets through who has no more than everybody."""
    return any(_OPEN.intersection(inputs.get(key, "").lower().split(",")) for key in _LEVELS)


@lru_cache(maxsize=1024)
def _scripted(script: str, env: str) -> Check:
    if not any(sign in script or sign in env for sign in _SIGNS):
        return NO_CHECK
    permission = _PERMISSION.search(script) is not None
    fails = _FAILS.search(script) is not None
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


class JobChecks(NamedTuple):
    """What the steps of a job make sure of, for the jobs that need it."""

    stops: frozenset[str] = frozenset()
    """permission, date, or environment where it waits for one."""
    closed: frozenset[str] = frozenset()
    """The start of the paths of its outputs that say no for an outsider."""


def job_checks(job: str, fields: Mapping[str, Node], events: Iterable[str]) -> JobChecks:
    """What the steps of one job make sure of; `events` are those that outsiders cause."""
    called = fields.get("uses")
    if isinstance(called, ScalarNode):
        if not _NAMED.search(called.value[:200].lower()):
            return JobChecks()
        return JobChecks(_PERMITTED, frozenset({f"needs.{job.lower()}.outputs."}))
    steps = fields.get("steps")
    around = _texts_of(fields.get("env"))
    stops: set[str] = set()
    answering: set[str] = set()
    for item in steps.value if isinstance(steps, SequenceNode) else ():
        if isinstance(item, MappingNode):
            step = _texts(item)
            env = f"{around}\n{step.get('env', '')}"
            found = check_of(step.get("uses", ""), step, step.get("run", ""), env)
            condition, optional = step.get("if", ""), step.get("continue-on-error")
            if found.stops and dominates(condition, optional, events):
                stops |= found.stops
            closed = frozenset(f"steps.{name}.outputs." for name in answering)
            if optional != "true" and refuses(condition, _code(step), closed, events):
                stops |= _PERMITTED
            if found.answers and "id" in step:
                answering.add(step["id"].lower())
    return JobChecks(frozenset(stops), _closed(job, fields, answering))


def dominates(condition: str, optional: Node | str | None, events: Iterable[str]) -> bool:
    """Whether a step runs for every event that an outsider causes, and its failure counts."""
    lenient = optional == "true" or (isinstance(optional, Node) and true(optional))
    return not lenient and (
        not condition or all(evaluate(condition, event).holds is True for event in events)
    )


def refuses(condition: str, script: str, closed: frozenset[str], events: Iterable[str]) -> bool:
    """Whether a step fails for outsiders; its condition may test outputs, of which `closed` say no."""
    asks = bool(closed) and "steps." in condition and _FAILS.search(script) is not None
    if not condition or not (asks or _ALWAYS_FAILS.search(script)):
        return False
    cases = [Case(e, outsider=True, author=e not in COMMENTED, closed=closed) for e in events]
    return bool(cases) and all(judged(condition, case).holds is True for case in cases)


def _code(step: Mapping[str, str]) -> str:
    return step.get("run") or step.get("script", "")


def _texts(node: MappingNode) -> dict[str, str]:
    """The texts of a step, those of `with` among them."""
    found = {}
    for key, value in node.value:
        if isinstance(value, ScalarNode):
            found[str(key.value)] = str(value.value)
        elif key.value == "with" and isinstance(value, MappingNode):
            found.update({k: v for k, v in _texts(value).items() if k not in ("uses", "run")})
        elif key.value == "env" and isinstance(value, MappingNode):
            found["env"] = _texts_of(value)
    return found


def _texts_of(node: Node | None) -> str:
    """The texts of an `env`, one on each line."""
    return "\n".join(_texts(node).values()) if isinstance(node, MappingNode) else ""


def _closed(job: str, fields: Mapping[str, Node], answering: set[str]) -> frozenset[str]:
    outputs = fields.get("outputs")
    if not answering or not isinstance(outputs, MappingNode):
        return frozenset()
    return frozenset(
        f"needs.{job}.outputs.{key.value}".lower()
        for key, value in outputs.value
        if isinstance(value, ScalarNode)
        and any(match[1].lower() in answering for match in _OUTPUTS.finditer(value.value))
    )


def after(reach: Reach, step: Step, around: Iterable[tuple[Variable, ...]] = ()) -> Reach:
    """The reach of what follows a step in its job; `around` are the variables that surround it."""
    used = step.references[0].text if step.references else ""
    inputs = by_name(step.variables, "input")
    script = step.scripts[0].text if step.scripts else ""
    variables = (*(v for scope in around for v in scope), *step.variables)
    env = "\n".join(v.value for v in variables if v.kind == "environment")
    found = check_of(used, inputs, script, env)
    if found.stops:
        events = [trigger.name for trigger in reach.outsiders]
        if dominates(step.condition, "true" if step.optional else "", events):
            reach = reach.checked(found.stops)
    if step.condition and not step.optional:
        events = [trigger.name for trigger in reach.outsiders]
        if refuses(step.condition, script, reach.closed, events):
            reach = reach.checked(_PERMITTED)
    if found.answers and step.id:
        reach = reach.answering(frozenset({f"steps.{step.id.lower()}.outputs."}))
    return reach


class Passage:
    """How far outsiders get in the steps of a job, as those run one after the other."""

    def __init__(self, start: Reach) -> None:
        self._start = start
        self._here = start
        self._ahead = start
        self._group: object = None

    def before(self, condition: str, group: object) -> Reach:
        """Who gets to a step; `group` is the `parallel` block that it is in, None for no such.

        The steps of a block start together: what one of them checks stops none of the others.
        """
        if group is None or group is not self._group:
            self._group, self._here = group, self._ahead
        if not condition:
            return self._here
        if self._here is not self._start and _regardless(condition):
            return self._start.answering(self._here.closed).narrowed(condition)
        return self._here.narrowed(condition)

    def passed(self, step: Step, around: Iterable[tuple[Variable, ...]]) -> None:
        """Take into account what a step checks; `around` are the variables that surround it."""
        self._ahead = after(self._ahead, step, around)


_STEP_PASSED = pattern(r"\bsteps\.[\w-]+\.(?:outcome|conclusion)\s*==\s*'success'", re.IGNORECASE)


def _regardless(condition: str) -> bool:
    """Whether a step runs even where one before it failed."""
    if "(" not in condition or not STATUS.search(condition):
        return False
    return "||" in condition or _STEP_PASSED.search(condition) is None


def checks_of(
    bodies: Mapping[str, Mapping[str, Node]], triggers: Iterable[Trigger], *, guarded: bool
) -> dict[str, JobChecks]:
    """What the jobs of a workflow make sure of, by id; `guarded` as `mentioned` says of its text."""
    events = [trigger.name for trigger in triggers if trigger.outsider and trigger.privileged]
    found = {}
    for job, fields in bodies.items():
        checks = job_checks(job, fields, events) if guarded else JobChecks()
        if "environment" in fields:
            checks = checks._replace(stops=checks.stops | {"environment"})
        if checks.stops or checks.closed:
            found[job] = checks
    return found
