"""The steps of a job or of a composite action."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipelaw.document import MappingNode, Node, Place, ScalarNode, Text, null, true
from pipelaw.facts import references, shell
from pipelaw.facts.secrets import credentials
from pipelaw.loaders.github_actions import CODE_INPUTS, FIRST_PARTY
from pipelaw.loaders.github_checkouts import artifacts_of, checkouts_of, with_later
from pipelaw.loaders.github_reach import Reach, never
from pipelaw.model import Reference, Script, Step, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.loaders.github_context import Context, Flow

_MOVABLE = frozenset({"tag", "branch", "none"})
_INTERPRETERS = {"node": "javascript", "python3": "python"}
_COMMENT = re.compile(r"[ \t]+#[ \t]*(.*)")


class Surroundings(NamedTuple):
    """What a step inherits from its job."""

    flow: Flow
    shell: str = ""
    reach: Reach = Reach()


def steps_of(context: Context, node: Node | None, around: Surroundings) -> tuple[Step, ...]:
    """Every step that can run, those of `parallel` blocks in their place."""
    steps = []
    for index, item in enumerate(_flat(context, node)):
        fields = context.document.fields(item, "a step")
        condition = context.document.text(fields["if"], "`if`") if "if" in fields else ""
        if not never(condition):
            steps.append(_step(context, item, fields, index, condition, around))
    return with_later(steps)


def _flat(context: Context, node: Node | None) -> Iterator[MappingNode]:
    for item in context.document.items(node, "`steps`"):
        if not isinstance(item, MappingNode):
            context.document.wrong(item, "a mapping", "a step")
            continue
        for key, value in item.value:
            if key.value == "parallel" and isinstance(key, ScalarNode):
                yield from _flat(context, value)
                break
        else:
            yield item


def _step(
    context: Context,
    node: MappingNode,
    fields: dict[str, Node],
    index: int,
    condition: str,
    around: Surroundings,
) -> Step:
    document = context.document
    flow = around.flow.inner()
    reach = around.reach.narrowed(condition) if condition else around.reach
    variables = context.environment(fields.get("env"), flow)
    inputs: tuple[Variable, ...] = ()
    scripts: tuple[Script, ...] = ()
    used: Reference | None = None
    if "uses" in fields:
        inputs = tuple(_inputs(context, fields, flow))
        used = uses_of(context, fields["uses"], inputs=inputs, secrets=bool(flow.secrets))
        scripts = tuple(_code_inputs(used, inputs)) if used is not None else ()
    elif "run" in fields:
        scripts = tuple(_script(context, fields, flow, around.shell))
    return Step(
        id=document.text(fields["id"], "`id`") if "id" in fields else "",
        name=document.text(fields["name"], "`name`") if "name" in fields else "",
        index=index,
        condition=condition,
        optional=true(fields.get("continue-on-error")),
        reachable_by_outsider=reach.reachable,
        exposed=reach.exposed,
        references=(used,) if used is not None else (),
        scripts=scripts,
        expansions=tuple(flow.expansions),
        variables=(*variables, *inputs),
        secrets=tuple(flow.secrets),
        credentials=credentials((*variables, *inputs), scripts),
        checkouts=checkouts_of(context, used, inputs, scripts, reach),
        artifacts=artifacts_of(used, inputs),
        place=Place(document.source, node, node),
    )


def _inputs(context: Context, fields: dict[str, Node], flow: Flow) -> Iterator[Variable]:
    """The values of `with`; those that run as code are a sink of their own."""
    if "with" not in fields:
        return
    action = str(fields["uses"].value).partition("@")[0].lower()
    code = CODE_INPUTS.get(action, ())
    for key, value in context.document.pairs(fields["with"], "`with`"):
        if not isinstance(value, ScalarNode):
            context.document.wrong(value, "text", f"the input `{key.value}`")
        elif key.value.lower() in code:
            place = Place(context.document.source, value, value)
            context.text(place, value.value, flow, "code", key.value, "javascript")
            yield Variable(name=key.value, value=value.value, kind="input", place=place)
        else:
            yield context.variable("input", key.value, value, flow)


def _code_inputs(used: Reference, inputs: tuple[Variable, ...]) -> Iterator[Script]:
    code = CODE_INPUTS.get(used.name.lower(), ())
    for variable in inputs:
        if variable.name.lower() in code:
            yield _script_at(variable.place, variable.value, "javascript")


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
    place = Place(context.document.source, node, node)
    name = _shell_name(named or default)
    if "${{" in node.value:
        context.text(place, node.value, flow, "script", "", name)
    yield _script_at(place, node.value, name)


def _script_at(place: Place, text: str, name: str) -> Script:
    source_text = Text(text, ((0, place),))
    return Script(
        text=text,
        shell=name,
        commands=shell.commands(source_text, name),
        source_text=source_text,
        place=place,
    )


def _shell_name(template: str) -> str:
    """The shell's plain name: `bash -eo pipefail {0}` is bash."""
    if not template or "${{" in template:
        return ""
    word = (
        template.split(maxsplit=1)[0]
        .replace("\\", "/")
        .rpartition("/")[2]
        .lower()
        .removesuffix(".exe")
    )
    return _INTERPRETERS.get(word, word)


def uses_of(
    context: Context, node: Node, *, inputs: tuple[Variable, ...], secrets: bool
) -> Reference | None:
    """What a `uses` names: an action, a called workflow, an image, or something of this repository."""
    if not isinstance(node, ScalarNode) or null(node) or not node.value.strip():
        context.document.wrong(node, "text", "`uses`")
        if isinstance(node, ScalarNode):
            context.document.problem(node, "`uses` names nothing")
        return None
    text = node.value.strip()
    place = Place(context.document.source, node, node)
    if text.startswith("docker://"):
        image = text.removeprefix("docker://")
        return references.image(image, place, "step", secrets=secrets, inputs=inputs)
    kind, name, ref, owner, how, mutable, first_party = _split(text)
    return Reference(
        kind=kind,
        text=text,
        name=name,
        ref=ref,
        owner=owner,
        pin=how,
        mutable=mutable,
        first_party=first_party,
        secrets=secrets,
        inputs=inputs,
        comment=_comment(context, node),
        place=place,
    )


# the same few actions stand in most files
@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, str, str, str, str, bool, bool]:
    """What a `uses` says: kind, name, ref, owner, pin, and whether it is mutable and first-party."""
    name, _, ref = text.partition("@")
    kind = "workflow" if name.endswith((".yml", ".yaml")) else "action"
    if text.startswith(("./", "$/", "../")):
        return kind, text, "", "", "local", False, False
    how = references.pin(ref)
    owner = name.partition("/")[0]
    return kind, name, ref, owner, how, how in _MOVABLE, owner.lower() in FIRST_PARTY


def _comment(context: Context, node: ScalarNode) -> str:
    """The comment behind a value on its line."""
    text = context.document.source.text
    end = node.end_mark.index
    if text.startswith("\n", end):
        return ""
    newline = text.find("\n", end)
    match = _COMMENT.match(text, end, newline if newline >= 0 else len(text))
    return match[1].strip() if match else ""
