"""The model: pipelines, their jobs and steps, and the repository that they are found in.

What rules can see is documented by the texts below the fields (`pipelaw model` prints them), and
checked against the annotations when a rule is read. The parts are in `parts`, `machines`, `workspace`,
`supply` and `faults`, and importable from here: this module is the whole vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence  # noqa: TC003  the type check of rules reads annotations
from typing import TYPE_CHECKING

from pipelaw.faults import Agent, Flaw, Leak
from pipelaw.machines import Container, Runner, Volume
from pipelaw.parts import (
    UNKNOWN,
    Command,
    Control,
    Credential,
    Expansion,
    Permission,
    Reference,
    Script,
    Secret,
    Trigger,
    Variable,
)
from pipelaw.place import NOWHERE, Place
from pipelaw.records import Identity, record, replaced
from pipelaw.supply import Installation, Publication, Update
from pipelaw.workspace import Artifact, Cache, Checkout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw import words


@record
class Scope:
    """What pipelines, jobs and steps have in common: the parts that belong to them directly."""

    references: tuple[Reference, ...] = ()
    scripts: tuple[Script, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    variables: tuple[Variable, ...] = ()
    secrets: tuple[Secret, ...] = ()
    credentials: tuple[Credential, ...] = ()
    permissions: tuple[Permission, ...] = ()
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    checkouts: tuple[Checkout, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    caches: tuple[Cache, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    leaks: tuple[Leak, ...] = ()
    agents: tuple[Agent, ...] = ()
    installations: tuple[Installation, ...] = ()
    publications: tuple[Publication, ...] = ()
    updates: tuple[Update, ...] = ()


@record
class Step(Scope):
    """One unit of work in a job."""

    id: str = ""
    """As written, "" where it has none."""
    name: str = ""
    """As written, "" where it has none."""
    index: int = 0
    """Its position in the job, from 0."""
    condition: str = ""
    """As written."""
    optional: bool = False
    """The job goes on when it fails."""
    reachable_by_outsider: bool = False
    """An outsider can cause it to run."""
    exposed: bool = False
    """An outsider can cause it to run with the permissions of the base repository."""
    merges: bool = False
    """It merges or approves a change request."""
    place: Place = NOWHERE

    @property
    def label(self) -> str:
        """What to call it: its id, its name, what it uses, or its position."""
        if self.id or self.name:
            return self.id or self.name
        return self.references[0].text if self.references else f"step {self.index + 1}"

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        if self.id or self.name:
            return self.id or self.name
        if self.references:
            return self.references[0].identity
        return self.scripts[0].identity if self.scripts else str(self.index)


@record
class Job(Scope):
    """A unit of work with a machine of its own."""

    id: str = ""
    """Its key or name in the file."""
    name: str = ""
    """The name that people see."""
    steps: tuple[Step, ...] = ()
    runner: Runner = Runner()
    environment: str = ""
    """The deployment environment, "" for none."""
    needs: tuple[str, ...] = ()
    """The jobs that run before it."""
    condition: str = ""
    """As written."""
    events: tuple[words.Event, ...] = ()
    """The kinds of trigger that can start it, after its conditions."""
    reachable_by_outsider: bool = False
    """Somebody without write access can cause it to run."""
    exposed: bool = False
    """An outsider can cause it to run with the permissions of the base repository."""
    entry: Trigger = Trigger()
    """The trigger that lets outsiders in, the one with most permissions first."""
    gates: tuple[words.Gate, ...] = ()
    """What a condition or setting demands before it runs for an outsider; actor and association are of
    whoever caused the event, author is of the change request."""
    token: words.TokenSource = "none"  # noqa: S105  a word for where permissions come from
    """Where its token's permissions come from; inherited is from the pipeline."""
    holds_secrets: bool = False
    """It is handed a secret: not only its own token, or one that brings reports to a service."""
    writes: bool = False
    """Its token can write, or may be able to where nothing is declared."""
    needed_permissions: Sequence[str] = ()
    """The least that what it uses is known to need: `contents: read`."""
    unclear_needs: Sequence[str] = UNKNOWN
    """The actions and commands of which nobody can say what permissions they need."""
    mints_identity: bool = False
    """It can obtain an identity token that other systems accept."""
    runs_outsider_code: bool = False
    """An outsider can cause it to run code that the outsider wrote."""
    hijackable: bool = False
    """It runs an outsider's code in the very runs that have the permissions of the base repository."""
    publishes: bool = False
    """It releases a package, image or artifact."""
    releases: bool = False
    """It publishes or deploys, or what starts it is a release: its tag, its branch or the release itself."""
    cache_writes: words.CacheWrites = ""
    """Whether outsiders' code in it can write what runs of the default branch restore; refused by the
    platform's default, "" where no such code gets there."""
    deploys: bool = False
    """It changes a running system."""
    live: bool = False
    """That system is the one that users see, by the name or tier of its environment; without one
    it is the project's site, what the job deploys to by its own name and its stage's, or an image that
    it pushes under one name for every branch."""
    anywhere: bool = False
    """No condition that could be read keeps out branches and change requests that anybody may push; where
    steps have conditions of their own, none of one that publishes or deploys."""
    after_failure: bool = False
    """It runs even where a job of an earlier stage has failed."""
    optional: bool = False
    """The pipeline goes on when it fails."""
    reusable: bool = False
    """It calls a pipeline instead of running steps."""
    place: Place = NOWHERE

    @property
    def suggested_permissions(self) -> str:
        """The least that it needs, as written in the file: `{contents: read}`; "" where not known."""
        needs = self.needed_permissions
        if self.unclear_needs or _unsure(self.permissions, needs):
            return ""
        return _block(_granted(needs, self.permissions))

    @property
    def privileged(self) -> bool:
        """It holds secrets, a token that can write, or can mint an identity."""
        return self.holds_secrets or self.writes or self.mints_identity

    identity = Identity("id")


def _unsure(permissions: Iterable[Permission], needs: Collection[str]) -> bool:
    """Whether a permission that nothing is known to need may be used all the same."""
    return any(
        right.users and f"{right.scope}: {right.access}" not in needs
        for right in permissions
        if right.access == "write" and right.scope != "*"
    )


def _granted(needs: Sequence[str], permissions: Sequence[Permission]) -> Sequence[str]:
    """The part of what is needed that is granted, if that is said: the rest is done without today."""
    if not permissions:
        return needs
    given = {right.scope: right.access for right in permissions}
    found = []
    for need in needs:
        scope, _, access = need.partition(": ")
        held = given.get(scope, given.get("*", "none"))
        if held in ("write", access):
            found.append(need)
        elif held == "read":
            found.append(f"{scope}: read")
    return found


def _block(needs: Iterable[str]) -> str:
    return f"{{{', '.join(needs)}}}"


@record
class Pipeline(Scope):
    """One file, or one document of it: a workflow, a merged GitLab configuration, a Drone pipeline."""

    path: str
    """Relative to the repository."""
    platform: words.Platform
    kind: words.FileKind = "pipeline"
    """action is a composite action, template what others include, settings those of a bot or of hooks."""
    name: str = ""
    triggers: tuple[Trigger, ...] = ()
    jobs: tuple[Job, ...] = ()
    unattended: tuple[str, ...] = ()
    """Of a bot's settings: kinds of dependency that the repository has and they leave out."""
    reusable: bool = False
    """Only others start it: a called workflow, an action, a template."""
    owner: str = ""
    """The account or group whose repository this is, in lower case; "" where the clone does not tell."""
    place: Place = NOWHERE

    def scopes(self) -> Iterator[Scope]:
        """Itself, its jobs and their steps, in their order."""
        yield self
        for job in self.jobs:
            yield job
            yield from job.steps

    @property
    def suggested_permissions(self) -> str:
        """What to write so that jobs without permissions of their own have enough; "" where not known."""
        jobs = [job for job in self.jobs if job.token in ("default", "inherited")]
        if not jobs or any(job.unclear_needs for job in jobs):
            return ""
        if _unsure(self.permissions, {need for job in jobs for need in job.needed_permissions}):
            return ""
        needs = [_granted(job.needed_permissions, self.permissions) for job in jobs]
        if len(jobs) == 1:
            return f"`permissions: {_block(needs[0])}`"
        writing = [any("write" in need for need in own) for own in needs]
        reads = {
            need for own, writes in zip(needs, writing, strict=True) if not writes for need in own
        }
        parts = [
            f", `{_block(own)}` for `{job.id}`"
            for job, own, writes in zip(jobs, needs, writing, strict=True)
            if writes
        ]
        return f"`permissions: {_block(sorted(reads))}` at the top{''.join(parts)}"

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return self.name or self.kind


@record
class Repository:
    """The pipelines that were found together."""

    name: str = ""
    """The folder's name, "" for standard input."""
    pipelines: int = 0
    """How many pipelines were read."""
    jobs: int = 0
    """How many jobs they have."""
    platforms: tuple[words.Platform, ...] = ()
    languages: tuple[str, ...] = ()
    """Programming languages by the files that are there: python, go, javascript, …; empty where unknown."""
    controls: tuple[Control, ...] = ()
    """Every control recognised in its pipelines."""
    unknown: tuple[str, ...] = ()
    """What could not be read or resolved, and may hold more controls."""
    sast: str = ""
    """What is known of static analysis, in one sentence."""
    missing: tuple[str, ...] = ()
    """Categories of control that are certainly absent."""
    weak: tuple[str, ...] = ()
    """Categories whose every control is weak."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return "repository"


NO_STEP = Step()
NO_JOB = Job()

KINDS: dict[str, type] = {
    "repository": Repository,
    "pipeline": Pipeline,
    "trigger": Trigger,
    "job": Job,
    "step": Step,
    "runner": Runner,
    "reference": Reference,
    "script": Script,
    "command": Command,
    "expansion": Expansion,
    "variable": Variable,
    "secret": Secret,
    "credential": Credential,
    "permission": Permission,
    "container": Container,
    "volume": Volume,
    "checkout": Checkout,
    "artifact": Artifact,
    "cache": Cache,
    "flaw": Flaw,
    "leak": Leak,
    "agent": Agent,
    "installation": Installation,
    "publication": Publication,
    "update": Update,
    "control": Control,
}
"""What a rule can be about, by the word it writes after `for:`."""

__all__ = [
    "KINDS",
    "NO_JOB",
    "NO_STEP",
    "UNKNOWN",
    "Agent",
    "Artifact",
    "Cache",
    "Checkout",
    "Command",
    "Container",
    "Control",
    "Credential",
    "Expansion",
    "Flaw",
    "Installation",
    "Job",
    "Leak",
    "Permission",
    "Pipeline",
    "Publication",
    "Reference",
    "Repository",
    "Runner",
    "Scope",
    "Script",
    "Secret",
    "Step",
    "Trigger",
    "Update",
    "Variable",
    "Volume",
    "record",
    "replaced",
]
