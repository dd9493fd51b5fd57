"""The steps of a job looked at together: whose files each brings, and which step runs code from them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.loaders.github_actions import refuses_outsiders
from pipelaw.loaders.github_approvals import standing_of
from pipelaw.loaders.github_artifacts import downloads, feeds
from pipelaw.loaders.github_conditions import evaluate
from pipelaw.loaders.github_executors import copies, executor, replaces, touches
from pipelaw.loaders.github_fetches import fetched
from pipelaw.loaders.github_images import Images
from pipelaw.loaders.github_origins import Origin, naming
from pipelaw.loaders.github_outputs import Seen
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.loaders.github_workspace import Mount, below, folder_of, resolved, spelled
from pipelaw.model import Artifact, Checkout, replaced
from pipelaw.parts import by_name
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelaw.facts.taint import Taint
    from pipelaw.loaders.github_approvals import Standing
    from pipelaw.loaders.github_origins import Origins
    from pipelaw.loaders.github_reach import Reach
    from pipelaw.model import Command, Reference, Step
    from pipelaw.words import Feeds

_REFUSING = frozenset({"pull_request_target", "workflow_run"})
"""Events under which newer versions of the checkout action refuse a fork's code."""
_PAYLOAD = pattern(
    r"(?i:github(?:\.|\[')(?:head_ref|event(?:'\])?(?:\.|\[')(?:pull_request|workflow_run)\b))"
)
"""What of the events with the repository's permissions only those carry."""


class Passed(NamedTuple):
    """A step, who can reach it, and the folder in which its scripts run."""

    step: Step
    reach: Reach
    folder: str = ""
    ran: Sequence[tuple[Step, str]] = ()
    """The steps of the local action that it uses, and their folders."""


class Brought(NamedTuple):
    """An outsider's files that a step puts into a folder."""

    step: int
    part: Checkout | Artifact
    folder: str
    behind: int = -1
    """The character of the step's own script after which they are there."""


class Workspace:
    """What lies where a job works, as its steps are read; for jobs that outsiders may get to."""

    def __init__(
        self,
        origins: Origins,
        written: Callable[[str], Taint | None],
        made: Mapping[str, bool],
        *,
        environment: bool,
    ) -> None:
        self.origins = origins
        self.written = written
        """Whose text the expressions of a text put into it, as far as the steps have been passed."""
        self.made = made
        """Artifacts of this run that hold what an outsider's code left; `*` for one without a name."""
        self.environment = environment
        """The job waits for a deployment environment."""
        env = origins.env.items()
        self.constants = {name: value for name, value in env if "$" not in value}
        """The variables of the job that always hold the same text."""
        self.passed: list[Passed] = []
        self.brought: list[Brought] = []

    def add(
        self,
        step: Step,
        reach: Reach,
        folder: str,
        later: Callable[[], list[str]],
        inside: Sequence[Checkout | Artifact] = (),
        ran: Sequence[tuple[Step, str]] = (),
    ) -> Step:
        """A step, its files marked with who decides them; `later` gives the scripts after it.

        `inside` are the files that the local action brings which it uses, `ran` its steps and their folders.
        """
        each = Passed(step, reach, folder, ran)
        before = len(self.brought)
        number = len(self.passed)
        checkouts = tuple(self._checkouts(each, number, later))
        fetched_files = downloads(step, folder, self.made, later)
        for download in fetched_files:
            self.origins.foreign = True
            self.brought.append(
                Brought(number, download.artifact, download.folder, download.behind)
            )
        for part in inside:
            path = part.folder if isinstance(part, Checkout) else next(iter(part.paths), "")
            self.brought.append(Brought(number, part, folder_of(path)))
            self.origins.foreign = self.origins.foreign or isinstance(part, Artifact)
        checkouts += tuple(part for part in inside if isinstance(part, Checkout))
        if len(self.brought) > before:
            uploads = [own for own in step.artifacts if own.action == "upload"]
            fetches = [download.artifact for download in fetched_files]
            fetches += [part for part in inside if isinstance(part, Artifact)]
            step = replaced(
                step,
                checkouts=checkouts,
                artifacts=(*uploads, *fetches) if fetches else step.artifacts,
            )
        self.origins.add(step.id, _seen(step))
        self.passed.append(each._replace(step=step))
        return step

    def done(self, steps: Sequence[Step]) -> list[Step]:
        """The steps, their files marked with the later step that runs code from them or reads them."""
        found = list(steps)
        for brought in self.brought:
            step = found[brought.step]
            told = self._told(brought)
            if isinstance(told, Checkout):
                kept = [told if own is brought.part else own for own in step.checkouts]
                found[brought.step] = replaced(step, checkouts=tuple(kept))
            else:
                left = [told if own is brought.part else own for own in step.artifacts]
                found[brought.step] = replaced(step, artifacts=tuple(left))
        return found

    def _checkouts(
        self, each: Passed, number: int, later: Callable[[], list[str]]
    ) -> Iterator[Checkout]:
        """The checkouts of a step; those of an outsider's code are noted."""
        step = each.step
        env = _environment(step) if step.checkouts or step.scripts else {}
        for checkout in step.checkouts:
            yield self._by_action(each, number, checkout, env)
        if scripts := scripts_here(step):
            chosen, start = partial(_named, step), "" if step.references else each.folder
            for found in fetched(scripts, env, self.origins, start, later, chosen):
                standing = standing_of(each.reach, environment=self.environment)
                if standing.late:
                    named = (value for value in env.values() if "needs" in value)
                    standing = self._reviewed(standing, each, " ".join((found.text, *named)))
                by_command = Checkout(
                    ref=found.text,
                    folder=found.folder,
                    executed=bool(found.runs),
                    executor=found.runs,
                    place=found.place,
                )
                brought = Brought(number, by_command, found.folder, found.place.start)
                judged = self._note(by_command, brought, found.origin, standing, own=found.own)
                if judged is not by_command:
                    yield judged

    def _by_action(
        self, each: Passed, number: int, checkout: Checkout, env: dict[str, str]
    ) -> Checkout:
        """A checkout by an action, marked with whose code it gets."""
        ref = self.origins.of(checkout.ref, env)
        repository = self.origins.of(checkout.repository, env)
        standing = standing_of(each.reach, environment=self.environment)
        origin = ref or repository or (self._chosen(checkout) if standing.exposed else None)
        if origin is None:
            return checkout
        where = "repository" if ref is None and origin.kind == "repository" else "ref"
        used = each.step.references[0]
        places = {variable.name.lower(): variable.place for variable in used.inputs}
        if ref is None and repository is not None and _commit(checkout.ref):
            origin, standing = origin._replace(kind="sha"), standing._replace(late=False)
        own = ref is not None and ref.kind == "branch" and repository is None
        own = own and checkout.repository.strip() in ("", "${{ github.repository }}")
        standing = self._reviewed(standing, each, checkout.ref)
        changed = replaced(
            checkout,
            refused=(ref or repository) is not None and _refused(checkout, used, standing),
            place=places.get(where, checkout.place),
        )
        brought = Brought(number, changed, folder_of(spelled(checkout.folder, self.constants)))
        return self._note(changed, brought, origin, standing, own=own)

    def _reviewed(self, standing: Standing, each: Passed, ref: str) -> Standing:
        """The same, not late where another job looked the code up before a review of an environment."""
        if not standing.late or "needs" not in ref.lower():
            return standing
        before = "environment" in each.reach.checks and self.origins.outputs.early(ref)
        return standing._replace(late=False) if self.environment or before else standing

    def _chosen(self, checkout: Checkout) -> Origin | None:
        """A repository or commit that an outsider names in a text."""
        for kind, text in (("repository", checkout.repository), ("request", checkout.ref)):
            taint = self.written(text) if "${{" in text else None
            if taint is not None and taint.outsider:
                return Origin(kind, author=taint.who)
        return None

    def _note(
        self, part: Checkout, brought: Brought, origin: Origin, standing: Standing, *, own: bool
    ) -> Checkout:
        """A checkout of an outsider's code, with what is between the outsider and it."""
        watched = standing.events or standing.approval or standing.called
        if own and standing.labelled:
            # only who may push here decides what is fetched; a label does stop them
            watched = not standing.dated
            standing = standing._replace(approval="label")
        if not watched:
            return part
        mutable = standing.late or origin.kind != "sha"
        needless = not mutable or (own and standing.approval == "start")
        judged = replaced(
            part,
            untrusted=True,
            author=origin.author,
            guessed=origin.guessed,
            mutable=mutable,
            own_branch=own,
            approval="" if needless else standing.approval,
            bypassed=standing.bypassed,
        )
        self.brought.append(brought._replace(part=judged))
        return judged

    def _told(self, brought: Brought) -> Checkout | Artifact:
        part = brought.part
        found, dated = "", False
        fed: Feeds = ""
        images = Images()
        aside = isinstance(part, Checkout) and _of_its_own(part.folder)
        for each, mounts, behind in self._onwards(brought):
            work = ((each.step, each.folder), *each.ran)
            known = self.constants
            runs = (executor(*one, mounts, behind, known) for one in work)
            found = found or next(filter(None, runs), "")
            aside = aside and not found and not any(touches(*one, mounts, known) for one in work)
            if isinstance(part, Artifact):
                for script in scripts_here(each.step):
                    fed = fed or feeds(script, each.folder, mounts, behind)
                images.pass_on(each.step, each.folder, mounts, behind)
            elif found:
                dated = "date" in each.reach.checks
                break
        changes: dict[str, object] = {}
        if not part.executed:  # a local action may run what it brings by itself
            changes = {"executed": bool(found), "executor": found}
        if isinstance(part, Artifact):
            return replaced(part, **changes, feeds=images.done or part.feeds or fed)
        if dated and not part.executed and part.approval in ("comment", "label"):
            changes["approval"] = ""  # its age is looked at before it runs
        return replaced(part, **changes, aside=aside and not part.executed)

    def _onwards(self, brought: Brought) -> Iterator[tuple[Passed, Sequence[Mount], int]]:
        """The steps from one on that may find its files, with what lies where; a later checkout ends them."""
        origin = self.passed[brought.step]
        mounts = [Mount(brought.folder, foreign=True)]
        if brought.behind >= 0:
            mounts += copies(origin.step, origin.folder, mounts)
            yield origin, mounts, brought.behind
            mounts += replaces(origin.step, origin.folder, mounts)
        for other in self.passed[brought.step + 1 :]:
            if not _together(origin.reach, other.reach):
                continue
            for checkout in other.step.checkouts:
                if checkout.untrusted or not _certain(origin, other):
                    continue
                over = folder_of(checkout.folder)
                if below(brought.folder, over):
                    return
                mounts.append(Mount(over, foreign=False))
            mounts += copies(other.step, other.folder, mounts)
            yield other, mounts, -1
            mounts += replaces(other.step, other.folder, mounts)


def _named(step: Step, command: Command) -> Origin | None:
    """Who decides which repository a command fetches, where that is an outsider."""
    for text in step.expansions:
        inside = command.place.start <= text.place.start < command.place.end
        if text.sink == "repository" and text.exposed and inside:
            return Origin("repository", author=text.author)
    return None


def _commit(ref: str) -> bool:
    """Whether a ref is called a commit: whoever lets the run go on names it, where nothing looks it up."""
    return "${{" in ref and naming(ref) == "sha"


def _of_its_own(folder: str) -> bool:
    """Whether a folder is known, and another than the workspace."""
    return bool(folder) and resolved(folder.strip(), "") not in ("", None)


def _environment(step: Step) -> dict[str, str]:
    return by_name(step.variables, "environment")


def _seen(step: Step) -> Seen:
    used = step.references[0] if step.references else None
    inputs = by_name(step.variables, "input")
    script = step.scripts[0].text if step.scripts and used is None else ""
    return Seen(used.text if used is not None else "", inputs, script, _environment(step))


def _refused(checkout: Checkout, used: Reference, standing: Standing) -> bool:
    covered = bool(standing.events) and standing.events <= _REFUSING
    named = _PAYLOAD.search(checkout.ref + checkout.repository) is not None
    return (
        (covered or (standing.called and named))
        and used.name.lower() == "actions/checkout"
        and refuses_outsiders(used, unsafe_allowed=checkout.unsafe_allowed)
    )


def _together(one: Reach, other: Reach) -> bool:
    """Whether the event that leads an outsider to one step leads to another, too."""
    if one.exposed:
        return any(t in other.outsiders for t in one.outsiders if t.privileged)
    return any(trigger in other.triggers for trigger in one.triggers)


def _certain(origin: Passed, other: Passed) -> bool:
    """Whether a later step runs whenever an earlier one does."""
    condition = other.step.condition
    if not condition or condition == origin.step.condition:
        return True
    triggers = origin.reach.outsiders or origin.reach.triggers
    return all(evaluate(condition, trigger.name).holds is True for trigger in triggers)
