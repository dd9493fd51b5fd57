"""The steps of a GitLab job: its scripts, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import Node, Place, ScalarNode, SequenceNode, join
from pipelaw.facts import publications, references
from pipelaw.facts.releases import acts
from pipelaw.facts.script_facts import NO_FACTS, ScriptFacts, facts_of, script_of
from pipelaw.facts.secret_leaks import Held, Runner, leaks
from pipelaw.facts.secret_traces import TRACED
from pipelaw.loaders.gitlab_expansions import Origins, in_script, passed_on
from pipelaw.loaders.gitlab_variables import Declared, Variables, secrets
from pipelaw.model import Leak, Reference, Script, Secret, Step, Variable, replaced
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.place import Text
    from pipelaw.words import Pin

KEYWORDS = ("before_script", "script", "after_script")


class Part(NamedTuple):
    """One script of a job, ready to become a step."""

    id: str
    place: Place
    script: Script | None = None
    facts: ScriptFacts = NO_FACTS
    """What its script and its own variables say."""
    variables: tuple[Variable, ...] = ()
    reference: Reference | None = None


class Lent(NamedTuple):
    """What a job hands to its scripts, and takes back from them."""

    held: Mapping[str, Held]
    """The variables in which it hands them secrets."""
    kept: Sequence[str]
    """The files that it stores."""


class Scripts:
    """The scripts of a configuration; jobs that share one get the same object."""

    def __init__(self, config: Config, variables: Variables) -> None:
        self._config = config
        self._variables = variables
        self._known: dict[tuple[int, str], tuple[Script, ScriptFacts] | None] = {}

    def of(self, fields: dict[str, Node], shell_name: str) -> list[Part]:
        """The scripts of a job."""
        hooks = self._config.fields(fields.get("hooks"), "`hooks`") if "hooks" in fields else {}
        named = [("pre_get_sources_script", hooks.get("pre_get_sources_script"))]
        named += [(keyword, fields.get(keyword)) for keyword in KEYWORDS]
        found = []
        for keyword, node in named:
            read = self._script(node, keyword, shell_name) if node is not None else None
            if read is not None:
                found.append(Part(keyword, read[0].place, *read))
            if keyword == "script" and "run" in fields:
                found.extend(self._functions(fields["run"], shell_name))
        return found

    def _script(self, node: Node, what: str, shell_name: str) -> tuple[Script, ScriptFacts] | None:
        key = (id(node), shell_name)
        if key not in self._known:
            scalars = self._config.scalars(node, f"`{what}`")
            places = [self._config.place(scalar) for scalar in scalars]
            self._known[key] = None
            if places:
                place = _place(self._config, node, scalars)
                script = script_of(join(places), shell_name, place)
                self._known[key] = (script, facts_of((script,)))
        return self._known[key]

    def _functions(self, node: Node, shell_name: str) -> Iterator[Part]:
        """The items of `run`: scripts, and functions that are fetched."""
        config = self._config
        for item in config.items(node, "`run`"):
            own = config.fields(item, "a step")
            name = config.text(own.get("name"), "`name`")
            given = self._variables.of(own.get("inputs")).plus(self._variables.of(own.get("env")))
            source = own.get("func", own.get("step"))
            if isinstance(source, ScalarNode):
                used = _function(config, source)
                yield Part(name, used.place, None, given.facts, given.variables, used)
            elif "script" in own:
                read = self._script(own["script"], "script", shell_name)
                if read is not None:
                    script, facts = read
                    yield Part(name, script.place, script, facts.plus(given.facts), given.variables)


def _place(config: Config, node: Node, scalars: list[ScalarNode]) -> Place:
    """Where a script is: its list as far as it is written there, and not through an alias."""
    if not isinstance(node, SequenceNode):
        return config.place(node)
    start = node.start_mark.index
    own = [item for item in node.value if item.start_mark.index >= start]
    # an alias stands for a node further up
    return config.place(node, own[-1]) if own else config.place(scalars[0])


def _function(config: Config, node: ScalarNode) -> Reference:
    text = config.value(node, "a function")
    name, _, ref = text.partition("@")
    pin: Pin = "local" if text.startswith(".") else references.pin(ref)
    return Reference(
        kind="action",
        text=text,
        name=name,
        ref=ref,
        owner="" if pin == "local" else name.partition("/")[2].partition("/")[0],
        pin=pin,
        mutable=pin in ("tag", "branch", "none"),
        place=config.place(node),
    )


def shell_of(fields: dict[str, Node], labels: tuple[str, ...]) -> str:
    """The shell that the runner starts: PowerShell where the tags or the image say Windows."""
    image = fields.get("image")
    words = [*labels, *([image.value] if isinstance(image, ScalarNode) else [])]
    windows = any("windows" in word.lower() or "powershell" in word.lower() for word in words)
    return "pwsh" if windows else "bash"


def steps(
    config: Config,
    parts: list[Part],
    known: Origins,
    declared: Declared,
    settled: frozenset[str],
    lent: Lent,
) -> Iterator[Step]:
    """A step for each script; `settled` are the variables that the job's conditions leave no choice."""
    known = passed_on([part.script for part in parts if part.script is not None], known)
    taken: dict[str, Held] = {}
    for index, part in enumerate(parts):
        script = part.script
        used = tuple(secrets(script.source_text, "script", "", declared)) if script else ()
        let_out: tuple[Leak, ...] = ()
        if script is not None:  # `after_script` begins a shell of its own
            after = _traced(parts, index)
            named = used + (tuple(secrets(after, "script", "", declared)) if after else ())
            held = taken if part.id == "script" else {}
            let_out, taken = _leaks(script, named, lent, held, after)
        yield Step(
            id=part.id,
            index=index,
            optional=part.id == "after_script",
            references=(part.reference,) if part.reference is not None else (),
            scripts=(script,) if script is not None else (),
            expansions=tuple(in_script(config, script, known, settled)) if script else (),
            variables=(*part.variables, *part.facts.services),
            secrets=used,
            credentials=part.facts.credentials,
            installations=part.facts.installations,
            publications=part.facts.publications,
            flaws=part.facts.flaws,
            leaks=let_out,
            merges=script is not None and "merges" in acts((script,)),
            place=part.place,
        )


_KEYLESS = frozenset({"PyPI", "TestPyPI", "npm", "crates.io"})
"""The registries that accept the identity of a job."""
_OWN_REGISTRY = pattern(r"\bCI_(?:JOB_TOKEN|API_V4_URL|SERVER_\w+)\b")
"""What is said to sign in to the registry of the project itself."""


def with_publications(ready: tuple[Step, ...], values: Mapping[str, str]) -> tuple[Step, ...]:
    """The steps of a job, with only those of their publications that leave the platform."""
    if not any(step.publications for step in ready):
        return ready
    texts = [*values.values(), *(script.text for step in ready for script in step.scripts)]
    if any(map(_OWN_REGISTRY.search, texts)):
        return tuple(replaced(step, publications=()) for step in ready)
    return publications.with_publications(ready, values, _KEYLESS)


def _traced(parts: Sequence[Part], index: int) -> Text | None:
    """The script whose commands are printed because the one before it left that on."""
    script = parts[index].script
    if script is None or parts[index].id != "before_script" or index + 1 == len(parts):
        return None
    follows = parts[index + 1].id == "script" and "set " in script.text
    then = parts[index + 1].script
    return then.source_text if follows and then and _TRACED.search(script.text) else None


def _leaks(
    script: Script,
    used: tuple[Secret, ...],
    lent: Lent,
    taken: Mapping[str, Held],
    after: Text | None,
) -> tuple[tuple[Leak, ...], dict[str, Held]]:
    """What a script lets out of the secrets that it names, and of those that its job is handed.

    `taken` is what the script before it took out of a store; the script's own is given back.
    `after` is the text of the script after it, where the shell prints the commands of that one.
    """
    runner = _RUNNER._replace(after=f"\n{after.text}") if after else _RUNNER
    if not used and not lent.kept and not taken and all(one.file for one in lent.held.values()):
        found, own = leaks(script, {**_ALWAYS, **lent.held}, runner=runner)
        # the log hides what every job has
        return tuple(
            leak
            for leak in found
            if leak.way == "network" or leak.fetched or _read(leak, lent.held)
        ), own
    named = {one.name: Held(one.name, token=one.store == "token") for one in used}
    held = {**_ALWAYS, **lent.held, **named, **taken}
    return leaks(script, held, runner=runner, kept=lent.kept)


def _read(leak: Leak, held: Mapping[str, Held]) -> bool:
    """Whether it is of a secret in a file that the script read."""
    return any(one.secret == leak.secret for one in held.values())


_TRACED = pattern(TRACED)
_ALWAYS = {"CI_JOB_TOKEN": Held("CI_JOB_TOKEN", token=True)}
"""What every job has in its environment."""
_RUNNER = Runner(continued=True)
"""The runner puts `before_script` and `script` together."""
