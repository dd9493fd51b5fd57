"""Which security controls a repository's pipelines run, which are weak, and which are missing."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pipelaw.document import NOWHERE
from pipelaw.facts.control_catalogue import OPAQUE, PRECOMMIT, catalogue
from pipelaw.facts.control_signs import Hit, hits
from pipelaw.facts.control_traces import Elsewhere, hooks
from pipelaw.model import Control, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipelaw.document import Place
    from pipelaw.model import Pipeline
    from pipelaw.tree import Tree


def verdict(category: str, controls: Iterable[Control], unknown: Sequence[str]) -> str:
    """present, weak, missing or unknown: what is known of one category of control."""
    found = [control for control in controls if control.category == category]
    if any(not control.weaknesses for control in found):
        return "present"
    if found:
        return "weak"
    return "unknown" if unknown else "missing"


def repository(
    name: str,
    pipelines: Iterable[Pipeline],
    languages: tuple[str, ...],
    unknown: tuple[str, ...],
    tree: Tree | None = None,
) -> Repository:
    """A repository as rules see it.

    `unknown` says what could not be read. With its tree, hooks that the pipelines run are known,
    and tasks and scripts are looked into: they prove no control, but none that they name is missing.
    """
    read = tuple(pipelines)
    found = tuple(hits(read))
    known = _controls(found, tree)
    unclear = (*unknown, *_unclear(found, tree))
    gaps = _gaps(known, languages, unclear)
    elsewhere = Elsewhere(read, tree) if gaps else None
    hidden = {gap: elsewhere.traces(gap) for gap in gaps} if elsewhere is not None else {}
    missing = tuple(gap for gap in gaps if not hidden[gap])
    return Repository(
        name=name,
        pipelines=len(read),
        jobs=sum(len(pipeline.jobs) for pipeline in read),
        platforms=tuple(dict.fromkeys(pipeline.platform for pipeline in read)),
        languages=languages,
        controls=known,
        unknown=tuple(dict.fromkeys([*unclear, *chain.from_iterable(hidden.values())])),
        sast=_sast(known, languages, missing, hidden.get("sast") or unclear),
        missing=missing,
        weak=_weak(known, languages),
        place=_place(read, known),
    )


def _gaps(
    known: Sequence[Control], languages: tuple[str, ...], unclear: Sequence[str]
) -> tuple[str, ...]:
    """The categories that the languages call for and that no pipeline shows."""
    return tuple(
        category
        for category, wanted in catalogue().expected.items()
        if verdict(category, known, unclear) == "missing" and not wanted.isdisjoint(languages)
    )


def _weak(known: Sequence[Control], languages: tuple[str, ...]) -> tuple[str, ...]:
    """The expected categories that have controls, all of them weak."""
    return tuple(
        category
        for category, wanted in catalogue().expected.items()
        if verdict(category, known, ()) == "weak"
        and not (languages and wanted.isdisjoint(languages))
    )


def _controls(found: Iterable[Hit], tree: Tree | None) -> tuple[Control, ...]:
    """The controls that signs show; of equal ones in a step only the strongest."""
    best: dict[tuple[int, int, int, str, str], Control] = {}
    for hit in _expanded(found, tree):
        control = _control(hit)
        pipeline, job, step = hit.where
        key = (id(pipeline), id(job), id(step), control.category, control.tool)
        held = best.get(key)
        if held is None or len(control.weaknesses) < len(held.weaknesses):
            best[key] = control
    return tuple(best.values())


def _control(hit: Hit) -> Control:
    from pipelaw.facts.control_strength import disabling, weaknesses  # noqa: PLC0415  many have none

    return Control(
        category=hit.sign.category,
        tool=hit.sign.tool.name,
        weaknesses=weaknesses(hit),
        disabled=next(disabling(hit), ""),
        place=hit.place,
    )


def _expanded(found: Iterable[Hit], tree: Tree | None) -> Iterator[Hit]:
    """The signs, those of hooks in the place of what runs all hooks; opaque ones left out."""
    for hit in found:
        if hit.sign.category == PRECOMMIT:
            for hook in hooks(tree) or ():
                if not hit.words or _runs(hook.id, hit.words):
                    yield hit._replace(sign=hook.sign, words=(), inputs=None)
        elif hit.sign.category != OPAQUE:
            yield hit


def _runs(hook: str, words: Sequence[str]) -> bool:
    """Whether a call of pre-commit runs a hook: it names no hook first, or this one."""
    return len(words) < 3 or words[2].startswith("-") or hook in words


def _unclear(found: Iterable[Hit], tree: Tree | None) -> tuple[str, ...]:
    """Sentences about what runs tools that only other files name."""
    texts = []
    if tree is not None and tree.named:
        texts.append("only a part of the repository was asked for")
    for hit in found:
        what = hit.reference or " ".join(hit.words[:2])
        if hit.sign.category == OPAQUE:
            texts.append(f"{what} runs the tools that its own configuration names")
        elif hit.sign.category == PRECOMMIT and hooks(tree) is None:
            texts.append(f"{what} runs hooks that could not be read")
    return tuple(dict.fromkeys(texts))


def _place(pipelines: Sequence[Pipeline], known: Sequence[Control]) -> Place:
    """The static analysis where it is weak; else the first pipeline that something starts, or any."""
    if verdict("sast", known, ()) == "weak":
        return next(control.place for control in known if control.category == "sast")
    for pipeline in pipelines:
        if pipeline.kind == "pipeline" and not pipeline.reusable:
            return pipeline.place
    return pipelines[0].place if pipelines else NOWHERE


def _sast(
    known: Iterable[Control],
    languages: Sequence[str],
    missing: Sequence[str],
    unclear: Sequence[str],
) -> str:
    """What is known of static analysis, in one sentence without a full stop."""
    found = [control for control in known if control.category == "sast"]
    strong = dict.fromkeys(control.tool for control in found if not control.weaknesses)
    if strong:
        return f"static analysis runs: {', '.join(strong)}"
    if found:
        reasons = {control.tool: control.weaknesses for control in reversed(found)}
        texts = [f"{tool} ({', '.join(texts)})" for tool, texts in reversed(reasons.items())]
        return f"static analysis runs, but protects less than it could: {'; '.join(texts)}"
    if "sast" in missing:
        wanted = catalogue().expected["sast"]
        code = [language for language in languages if language in wanted][:3]
        return f"no pipeline analyses the {_listed(code)} code of this repository"
    why = f": {unclear[0]}" if unclear else ""
    return f"no static analysis was seen, but it may run out of sight{why}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
