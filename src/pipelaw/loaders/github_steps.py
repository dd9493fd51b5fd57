"""The steps of a job or of a composite action."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, Place, ScalarNode, Text, null, true
from pipelaw.facts.script_facts import facts_of, script_of
from pipelaw.facts.secret_names import valuable
from pipelaw.facts.shells import reader
from pipelaw.loaders import mappings
from pipelaw.loaders.github_agents import agents_of
from pipelaw.loaders.github_caches import caches_of
from pipelaw.loaders.github_checkouts import artifacts_of, checkouts_of, uploaded
from pipelaw.loaders.github_confined import confined
from pipelaw.loaders.github_exposure import expanded, met
from pipelaw.loaders.github_gates import flaws_at, in_condition, in_values, meant
from pipelaw.loaders.github_inputs import switches_of
from pipelaw.loaders.github_job_workspace import folder_in, later_scripts, workspace_of
from pipelaw.loaders.github_local_actions import brought_by, run_by
from pipelaw.loaders.github_misuse import misuse_of, odd_shell, retired_commands, switched
from pipelaw.loaders.github_passage import Passage, may_fail
from pipelaw.loaders.github_publishing import with_publications
from pipelaw.loaders.github_reach import Reach, never
from pipelaw.loaders.github_releases import merges
from pipelaw.loaders.github_sink_inputs import languages_of, shell_code
from pipelaw.loaders.github_taint_steps import Parts, learn
from pipelaw.loaders.github_uses import uses_of
from pipelaw.model import Flaw, Reference, Step, Variable, replaced
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelaw.loaders.github_context import Context, Flow
    from pipelaw.model import Script

_INTERPRETERS = {"node": "javascript", "python3": "python"}


class Surroundings(NamedTuple):
    """What a step inherits from its job."""

    flow: Flow
    shell: str = ""
    reach: Reach = Reach()
    folder: str = ""
    """Where scripts run, relative to the workspace."""
    cache_mode: str = ""
    """What the job may do with caches, "" for the platform's default."""
    environment: bool = False
    """The job waits for a deployment environment."""


def steps_of(context: Context, node: Node | None, around: Surroundings) -> tuple[Step, ...]:
    """Every step that can run, those of `parallel` blocks in their place."""
    steps = []
    found = list(_flat(context, node))
    items = [item for item, _ in found]
    workspace = workspace_of(context, around.reach, around.flow, environment=around.environment)
    passage = Passage(around.reach, context.tree)
    for index, (item, group) in enumerate(found):
        fields = context.document.fields(item, "a step")
        condition = context.document.text(fields["if"], "`if`") if "if" in fields else ""
        if not never(condition):
            said = _asked(context.asked(condition), fields, around) if condition else ""
            reach = passage.before(said, group)
            here = around if reach is around.reach else around._replace(reach=reach)
            read = partial(_step, context, item, fields, index, condition, here)
            step = _read(context, reach, read)
            if workspace is not None:
                folder = folder_in(fields, around.folder, around.flow.variables)
                later = partial(later_scripts, items[index + 1 :])
                inside = brought_by(context, step, reach, workspace)
                ran = run_by(context, step, reach, workspace)
                step = workspace.add(step, reach, folder, later, inside, ran)
            checks = context.guarded or (condition and may_fail(step))
            if checks and (group is not None or not true(fields.get("background"))):
                passage.passed(step, around.flow.variables)
            if step.checkouts or step.artifacts:
                around.flow.known.arrived(step.checkouts, step.artifacts)
                if step.scripts and around.flow.known.files:
                    # the script that fetched them goes on, and may read them
                    again = _read(context, reach, read)
                    step = replaced(step, expansions=again.expansions)
            steps.append(step)
        else:
            around.flow.flaws.extend(condition_flaws(context, fields, passage.before("", group)))
    done = steps if workspace is None else workspace.done(steps)
    return with_publications(uploaded(done), around.flow.variables)


def _asked(condition: str, fields: dict[str, Node], around: Surroundings) -> str:
    """What a condition asks, also by way of variables of the job and of the step itself."""
    if "env" not in condition:
        return condition
    from pipelaw.loaders.github_choices import filled  # noqa: PLC0415  few conditions read variables

    own = [Variable(name=name, value=v) for name, v in mappings.texts(fields.get("env")).items()]
    return filled(condition, (*around.flow.variables, own))


def _read(context: Context, reach: Reach, read: Callable[[], Step]) -> Step:
    """A step, read while what gets to it is known."""
    before = context.under(reach)
    step = read()
    context.live = before
    return step


def condition_flaws(
    context: Context,
    fields: dict[str, Node],
    reach: Reach,
    *,
    of_job: bool = False,
    asked: str = "",
) -> Iterator[Flaw]:
    """What is wrong with the `if` of a job or step that `reach` gets to.

    `asked` is what it asks by way of variables.
    """
    node = fields.get("if")
    if isinstance(node, ScalarNode) and not null(node):
        switches = switches_of(context.inputs) if "inputs" in node.value.lower() else frozenset()
        found = in_condition(node.value, of_job=of_job, switches=switches)
        if asked and asked != node.value:
            meant_by_it = in_condition(asked, of_job=of_job)
            found += tuple(
                one._replace(end=len(node.value)) for one in meant_by_it if one.kind == "spoofable"
            )
        if not found:
            return
        for flaw in flaws_at(found, node.value, Place(context.document.source, node, node)):
            keeps = flaw.kind == "always-true" and _keeps_out(node.value, reach)
            yield replaced(flaw, decisive=True) if keeps else flaw


def _keeps_out(condition: str, reach: Reach) -> bool:
    """Whether a condition that always holds would keep outsiders out if it were read as meant, or may."""
    said = meant(condition)
    return said is None or not reach.narrowed(said).exposed


def _flat(
    context: Context, node: Node | None, group: Node | None = None
) -> Iterator[tuple[MappingNode, Node | None]]:
    """The steps, each with the `parallel` block that it is in."""
    for item in context.document.items(node, "`steps`"):
        if not isinstance(item, MappingNode):
            context.document.wrong(item, "a mapping", "a step")
            continue
        for key, value in item.value:
            if key.value == "parallel" and isinstance(key, ScalarNode):
                yield from _flat(context, value, group or value)
                break
        else:
            yield item, group


_SETTINGS = ("name", "working-directory", "timeout-minutes", "continue-on-error")
"""Keys of a step with expressions that nobody else looks into."""


def _flaws(context: Context, fields: dict[str, Node], reach: Reach, asked: str) -> list[Flaw]:
    """What is wrong with the expressions of a step, those in its work and variables aside."""
    found = list(condition_flaws(context, fields, reach, asked=asked)) if "if" in fields else []
    settings = [key for key in _SETTINGS if key in fields and "${{" in fields[key].value]
    if settings:
        found += in_values(context.document.source, fields, settings)
    return found


def _step(
    context: Context,
    node: MappingNode,
    fields: dict[str, Node],
    index: int,
    condition: str,
    around: Surroundings,
) -> Step:
    document = context.document
    flow, reach = _flow(context, around, fields, condition), around.reach
    variables = context.environment(fields.get("env"), flow)
    used, inputs, scripts = _work(context, fields, flow, around.shell)
    step = document.text(fields["id"], "`id`") if "id" in fields else ""
    learn(context, Parts(around.flow, flow, reach, step, used, inputs, scripts))
    facts = facts_of(scripts, (*variables, *_plain(inputs, scripts)))
    return Step(
        id=step,
        name=document.text(fields["name"], "`name`") if "name" in fields else "",
        index=index,
        condition=condition,
        optional=true(fields.get("continue-on-error")),
        reachable_by_outsider=reach.reachable,
        exposed=reach.exposed,
        references=(used,) if used is not None else (),
        scripts=scripts,
        expansions=expanded(flow.expansions, reach),
        variables=(*variables, *inputs, *facts.services, *_for_later(around.flow, scripts)),
        secrets=tuple(flow.secrets),
        flaws=met((*flow.flaws, *facts.flaws), reach),
        credentials=facts.credentials,
        installations=facts.installations,
        publications=facts.publications,
        checkouts=checkouts_of(used, inputs),
        artifacts=artifacts_of(used, inputs),
        caches=caches_of(used, reach, around.cache_mode),
        merges=merges(used, scripts),
        agents=agents_of(context, flow, used, (*variables, *inputs), scripts),
        place=Place(document.source, node, node),
    )


def _for_later(flow: Flow, scripts: tuple[Script, ...]) -> tuple[Variable, ...]:
    """The settings that scripts make for later steps, which the flow of the job has from now on."""
    found = switched(scripts) if scripts else ()
    if found:
        flow.variables = (*flow.variables, found)
    return found


def _flow(context: Context, around: Surroundings, fields: dict[str, Node], condition: str) -> Flow:
    """The flow of a step of these fields, with what is wrong with its condition and settings."""
    flow, asked = around.flow.inner(), ""
    if condition:
        asked = _asked(condition, fields, around)
        flow.confined = flow.confined | confined(condition) | confined(asked)
    if around.folder or "working-directory" in fields:
        flow.folder = folder_in(fields, around.folder, flow.variables)
    flow.flaws.extend(_flaws(context, fields, around.reach, asked))
    return flow


def _work(
    context: Context, fields: dict[str, Node], flow: Flow, default: str
) -> tuple[Reference | None, tuple[Variable, ...], tuple[Script, ...]]:
    """What a step does: the action that it uses and its inputs, and the scripts that it runs."""
    if "uses" in fields:
        inputs, scripts = _inputs(context, fields, flow)
        handed = valuable(flow.secrets)
        used = uses_of(
            context, fields["uses"], inputs=inputs, secrets=handed, around=flow.variables
        )
        flow.flaws.extend(misuse_of(used, inputs))
        return used, inputs, scripts
    return None, (), tuple(_script(context, fields, flow, default)) if "run" in fields else ()


def _plain(inputs: tuple[Variable, ...], scripts: tuple[Script, ...]) -> Iterable[Variable]:
    """The inputs that are no scripts."""
    if not scripts:
        return inputs
    return [one for one in inputs if all(one.place is not script.place for script in scripts)]


def _inputs(
    context: Context, fields: dict[str, Node], flow: Flow
) -> tuple[tuple[Variable, ...], tuple[Script, ...]]:
    """The values of `with`, and those of them that are scripts."""
    if "with" not in fields:
        return (), ()
    pairs = context.document.pairs(fields["with"], "`with`")
    action = str(fields["uses"].value)
    languages = languages_of(action.partition("@")[0])
    if action.startswith("docker://") and shell_code(_texts(pairs)):
        languages = {"args": "bash"}
    named = (value for key, value in pairs if languages and key.value == "shell")
    shell = next((_shell_name(node.value) for node in named if isinstance(node, ScalarNode)), "")
    inputs: list[Variable] = []
    scripts: list[Script] = []
    for key, value in pairs:
        if not isinstance(value, ScalarNode):
            context.document.wrong(value, "text", f"the input `{key.value}`")
        elif language := languages.get(key.value.lower()):
            place = Place(context.document.source, value, value)
            context.text(place, value.value, flow, "code", key.value, shell or language)
            inputs.append(Variable(name=key.value, value=value.value, kind="input", place=place))
            text = Text(value.value, ((0, place),))
            scripts.append(script_of(text, shell or language, place))
        else:
            inputs.append(context.variable("input", key.value, value, flow))
    return tuple(inputs), tuple(scripts)


def _texts(pairs: Iterable[tuple[ScalarNode, Node]]) -> dict[str, str]:
    return {key.value.lower(): v.value for key, v in pairs if isinstance(v, ScalarNode)}


def _script(
    context: Context, fields: dict[str, Node], flow: Flow, default: str
) -> Iterator[Script]:
    node = fields["run"]
    if not isinstance(node, ScalarNode):
        context.document.wrong(node, "text", "`run`")
        return
    if null(node):
        return
    named = context.document.text(fields["shell"], "`shell`") if "shell" in fields else ""
    if named:
        flow.flaws.extend(odd_shell(named, context.document.place(fields["shell"]), node.value))
    place = Place(context.document.source, node, node)
    name = _shell_name(named or default)
    if "${{" in node.value:
        context.text(place, node.value, flow, "script", "", name)
    text = Text(node.value, ((0, place),))
    if "::" in node.value or "##[" in node.value:
        flow.flaws.extend(retired_commands(text))
    yield script_of(text, name, place)


def _shell_name(template: str) -> str:
    """The shell's plain name: `bash -eo pipefail {0}` is bash."""
    if not template or "${{" in template:
        return ""
    word = reader(template)
    return _INTERPRETERS.get(word, word)
