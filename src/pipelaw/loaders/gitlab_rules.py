"""Which kinds of pipeline a job is part of: `workflow`, `rules`, `only` and `except`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node
from pipelaw.loaders.gitlab_conditions import State, demands, parse
from pipelaw.loaders.gitlab_guards import REFS as REF_NAMES
from pipelaw.loaders.gitlab_guards import always, loose, narrow, never, open_ended, settled
from pipelaw.loaders.gitlab_kinds import KEYWORDS, REFS, Kind, answer
from pipelaw.loaders.switches import on
from pipelaw.model import Flaw
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipelaw.loaders.gitlab_merge import Config
    from pipelaw.words import FlawKind, Gate


class Rule(NamedTuple):
    """One item of `rules`, or `only` and `except` as one."""

    text: str
    """The condition, "" where it has none."""
    certain: bool
    """Nothing besides the condition decides: no changed files, no files that have to exist."""
    when: str
    optional: bool
    variables: Node | None
    """What it sets when it holds."""
    node: Node


class Rules:
    """When a job runs, or with `workflow` a whole pipeline."""

    def __init__(self, config: Config, node: Node) -> None:
        """Read a list of rules."""
        self._rules = [_rule(config, item) for item in config.items(node, "`rules`")]
        self._ways: dict[str, list[Rule]] = {}

    def starts(self, kind: Kind) -> bool:
        """Whether a pipeline of this kind can have the job."""
        return bool(self.ways(kind))

    def ways(self, kind: Kind) -> list[Rule]:
        """The rules that can put the job into a pipeline of this kind."""
        known = self._ways.get(kind.name)
        if known is None:
            known = self._ways[kind.name] = list(self._matching(kind))
        return known

    def _matching(self, kind: Kind) -> Iterator[Rule]:
        for rule in self._rules:
            holds = answer(rule.text, kind.name) if rule.text else True
            if holds is False:
                continue
            if rule.when != "never":
                yield rule
            if holds and rule.certain:
                return

    def unguarded(self, kind: Kind) -> bool:
        """Whether any branch or change request gets into a pipeline of this kind by one of the rules."""
        return bool(self.loose(kind))

    def loose(self, kind: Kind) -> list[Rule]:
        """The rules by which any branch or change request gets into a pipeline of this kind."""
        return [rule for rule in self.ways(kind) if not self._guarded(rule)]

    def _guarded(self, rule: Rule) -> bool:
        if rule.text and narrow(rule.text):
            return True
        for other in self._rules:
            if other is rule:
                break
            refused = other.text and other.when == "never" and other.certain
            if refused and narrow(other.text, negated=True):
                return True
        return False

    def settled(self, kind: Kind) -> frozenset[str]:
        """The names of branches and tags that are known texts whichever rule lets a pipeline in."""
        sets = [settled(rule.text) if rule.text else frozenset() for rule in self.ways(kind)]
        return frozenset.intersection(*sets) if sets else frozenset()

    def flaws(self, config: Config) -> Iterator[Flaw]:
        """The conditions that say less than they seem to."""
        for rule in self._rules:
            if rule.text:
                for kind, found in _mistakes(rule):
                    if found:
                        place = config.place(rule.node)
                        yield Flaw(kind=kind, text=rule.text, detail=found, place=place)

    @property
    def variables(self) -> list[Node]:
        """What the rules set."""
        return [rule.variables for rule in self._rules if rule.variables is not None]

    @property
    def text(self) -> str:
        """The conditions as written, one a line, with what follows from them unless it is a start."""
        return "\n".join(
            rule.text if rule.when in ("", "on_success", "always") else f"{rule.text}: {rule.when}"
            for rule in self._rules
            if rule.text
        )


def _mistakes(rule: Rule) -> Iterator[tuple[FlawKind, str]]:
    """What is wrong with the condition of a rule, if it is, by the kind of the flaw."""
    yield "constant", "never" if never(rule.text) else ""
    if rule.when != "never":
        yield "always-true", always(rule.text)
        yield "loose", loose(rule.text)


def _rule(config: Config, node: Node) -> Rule:
    fields = config.fields(node, "a rule")
    text = config.value(fields.get("if"), "`if`")
    return Rule(
        text=text,
        certain="changes" not in fields and "exists" not in fields,
        when=config.text(fields.get("when"), "`when`"),
        optional=on(fields.get("allow_failure")),
        variables=fields.get("variables"),
        node=fields.get("if", node),
    )


class Filters:
    """When a job runs by `only` and `except`, or by neither."""

    def __init__(self, config: Config, only: Node | None, besides: Node | None) -> None:
        """Read both filters; without `only`, branches and tags are meant."""
        self._only = (
            _filter(config, only, "`only`") if only is not None else Filter(refs=DEFAULT_REFS)
        )
        if self._only.refs is None:
            self._only = self._only._replace(refs=DEFAULT_REFS)
        self._except = _filter(config, besides, "`except`") if besides is not None else None

    def starts(self, kind: Kind) -> bool:
        """Whether a pipeline of this kind can have the job."""
        return self._only.passes(kind) is not False and not (
            self._except is not None and self._except.catches(kind)
        )

    def unguarded(self, kind: Kind) -> bool:
        """Whether any branch or change request of this kind passes."""
        words = [ref.partition("@")[0] for ref in self._only.refs or ()]
        conditions = self._only.conditions
        return (
            self.starts(kind)
            and any(word in kind.keywords for word in words)
            and (conditions is None or not all(narrow(text) for text in conditions))
        )

    def settled(self, kind: Kind) -> frozenset[str]:
        """The names that are known texts, as `only` lists them."""
        words = [ref for ref in self._only.refs or () if _ref(ref, kind) is not False]
        free = any(ref.startswith("/") or ref.partition("@")[0] in KEYWORDS for ref in words)
        return frozenset() if free else REF_NAMES

    def flaws(self, config: Config) -> Iterator[Flaw]:
        """The patterns of `only` that let through more than they seem to."""
        for node, text in self._only.patterns:
            if open_ended(text.rpartition("@")[0] if "/@" in text else text):
                yield Flaw(kind="loose", text=text, detail=text, place=config.place(node))

    @property
    def refs(self) -> list[str]:
        """The branches and tags that `only` names; empty where others are let in."""
        refs = [ref.partition("@")[0] for ref in self._only.refs or ()]
        return [] if any(ref in KEYWORDS and ref != "tags" for ref in refs) else refs

    @property
    def text(self) -> str:
        """The filters as written, one a line."""
        parts = [f"only: {', '.join(self._only.words)}"] if self._only.words else []
        if self._except is not None and self._except.words:
            parts.append(f"except: {', '.join(self._except.words)}")
        return "\n".join(parts)


class Filter(NamedTuple):
    """One of `only` and `except`."""

    refs: list[str] | None = None
    """Branches, tags and kinds of pipeline; None where it does not speak of them."""
    conditions: list[str] | None = None
    others: bool = False
    """It also requires changed files or a cluster."""
    words: tuple[str, ...] = ()
    """As written."""
    patterns: tuple[tuple[Node, str], ...] = ()
    """Those of the refs that are patterns."""

    def passes(self, kind: Kind) -> bool | None:
        """Whether all of it holds."""
        answers = self._answers(kind)
        return False if False in answers else None if None in answers else True

    def catches(self, kind: Kind) -> bool:
        """Whether some of it certainly holds."""
        return True in self._answers(kind)

    def _answers(self, kind: Kind) -> list[bool | None]:
        answers: list[bool | None] = [None] if self.others else []
        if self.refs is not None:
            answers.append(_any(_ref(ref, kind) for ref in self.refs))
        if self.conditions is not None:
            answers.append(_any(answer(text, kind.name) for text in self.conditions))
        return answers


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _ref(ref: str, kind: Kind) -> bool | None:
    """Whether a pipeline of a kind is meant by a word of `only`, or by the name of a branch or tag."""
    name = ref.partition("@")[0]
    if name in KEYWORDS:
        if name not in kind.keywords:
            return False
        return None if name in REFS and kind.keywords >= REFS else True
    # names and patterns only match in pipelines of branches and tags
    return None if not kind.keywords.isdisjoint(REFS) else False


def _filter(config: Config, node: Node, what: str) -> Filter:
    fields = config.fields(node, what) if isinstance(node, MappingNode) else {"refs": node}
    pairs = {
        key: list(config.values(fields[key], what)) if key in fields else None
        for key in ("refs", "variables")
    }
    refs, conditions = (
        None if found is None else [text for _, text in found] for found in pairs.values()
    )
    return Filter(
        refs,
        conditions,
        others="changes" in fields or "kubernetes" in fields,
        words=(*(refs or ()), *(conditions or ())),
        patterns=tuple(pair for pair in pairs["refs"] or () if pair[1].startswith("/")),
    )


DEFAULT_REFS = ["branches", "tags"]
"""What `only` means where it names no refs."""

Policy = Rules | Filters


def policy(config: Config, fields: Mapping[str, Node], *, limited: bool) -> Policy | None:
    """When a job runs; None where nothing does but the rules by which the pipeline is `limited`."""
    if "rules" in fields:
        return Rules(config, fields["rules"])
    if "only" in fields or "except" in fields or not limited:
        return Filters(config, fields.get("only"), fields.get("except"))
    return None


def absent(kind: Kind, *, requests: bool) -> frozenset[str]:
    """The names of branches and tags that pipelines of a kind do not have.

    With `requests`, also what merge requests alone have.
    """
    names = kind.known if requests else REF_NAMES
    return frozenset(name for name in names if kind.known.get(name) is State.ABSENT)


_BRANCH = ("CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME")


def gates(found: Policy | None, ways: Iterable[Rule], when: str) -> tuple[Gate, ...]:
    """What has to hold on every way into a job: manual, branch, tag, protected."""
    if isinstance(found, Rules):
        sets = [_demanded(rule, when) for rule in ways]
        wanted: frozenset[Gate] = frozenset.intersection(*sets) if sets else frozenset()
    else:
        wanted = frozenset({"manual"}) if when == "manual" else frozenset()
        refs = found.refs if found is not None else []
        if refs:
            wanted |= {"tag"} if refs == ["tags"] else {"branch"}
    return tuple(sorted(wanted))


@lru_cache(maxsize=4096)
def wanted(condition: str) -> frozenset[tuple[str, str]]:
    """What a condition requires; see `demands`."""
    return demands(parse(condition))


def _demanded(rule: Rule, when: str) -> frozenset[Gate]:
    found: set[Gate] = {"manual"} if (rule.when or when) == "manual" else set()
    for name, text in wanted(rule.text):
        if name == "CI_COMMIT_REF_PROTECTED" and text == "true":
            found.add("protected")
        elif name == "CI_COMMIT_TAG":
            found.add("tag")
        elif name in _BRANCH and text:
            found.add("branch")
    return frozenset(found)


def branches(ways: Iterable[Rule]) -> tuple[str, ...]:
    """The branches that rules require by name; empty where one requires none."""
    found: list[str] = []
    for rule in ways:
        texts = [text for name, text in wanted(rule.text) if name in _BRANCH and text]
        if not texts:
            return ()
        found.extend(sorted(texts))
    return tuple(dict.fromkeys(found))
