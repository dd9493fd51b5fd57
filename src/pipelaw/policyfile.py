"""A policy file: one YAML document, read; every mistake in it reported with its place and remedy."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from pipelaw import parameters, policy
from pipelaw.document import Document, MappingNode, Problem, ScalarNode, decode, null, parse
from pipelaw.errors import PolicyError, UnreadableError
from pipelaw.policy import Elsewhere, Extension, Given, Layer, Level, Origin, Setting, Waiver
from pipelaw.records import NamedTuple
from pipelaw.rules import near

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pipelaw.document import Node
    from pipelaw.rules import Parameter

KEYS = (
    "extends fail_on rules rule_folders waivers waiver_horizon inline controls paved_road lock"
).split()
RULE_KEYS = ("severity", "paths", "parameters")
PATH_KEYS = ("path", "severity")
CONTROL_KEYS = ("category", "by", "until")
WAIVER_KEYS = "rule path job fingerprint reason owner ticket approved_by expires".split()
EXTENSION_KEYS = ("git", "commit", "path")

SHORTEST_REASON = 10
"""In characters; what is shorter tells a reader nothing."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}:[1-9]\d*")
_NUMBER = re.compile(r"[1-9]\d{0,3}")
_GIT = ("https://", "ssh://", "git@", "file://")


_MEANT = {
    "off": "no none false disable disabled ignore",
    "on": "yes true enable enabled",
    "never": "none no off",
    "allowed": "yes true allow on",
    "refused": "no false forbidden deny never off",
    "high": "error",
    "medium": "warning warn moderate",
    "info": "note notice",
}
"""What other programs, or YAML, call the words that a policy knows."""


class Known(NamedTuple):
    """What a policy can name."""

    rules: Collection[str]
    categories: Collection[str]
    """Of security controls."""
    parameters: Callable[[str], Sequence[Parameter]]
    """What a rule declares."""


def read(shown: str, data: bytes) -> tuple[Document | None, list[Problem]]:
    """The one document of a file, None where the file is empty; raises PolicyError."""
    try:
        source = decode(shown, data)
        roots = parse(source)
    except UnreadableError as error:
        raise PolicyError(str(error)) from None
    if len(roots) > 1:
        line = source.position(roots[1].start_mark.index).line
        raise PolicyError(f"{shown}:{line}:1: a policy is one document: remove the `---`")
    problems: list[Problem] = []
    return (Document(source, roots[0], problems) if roots else None), problems


def parse_layer(document: Document | None, shown: str, known: Known) -> Layer:
    """The layer that a document says; what is wrong with it goes to the document's problems."""
    if document is None or null(document.root):
        return Layer(shown)
    return _Reader(document, known).layer()


def folders(document: Document | None) -> tuple[list[Setting[Extension]], list[Setting[str]]]:
    """What a document extends and its folders of rules: what has to be known to read the rest."""
    if document is None or null(document.root):
        return [], []
    reader = _Reader(document, Known((), (), lambda _: ()))
    return list(reader.extends()), reader.texts("rule_folders")


class _Reader:
    """Reads the parts of one policy file."""

    def __init__(self, document: Document, known: Known) -> None:
        self.document = document
        self.known = known
        self.fields = document.fields(document.root, "a policy")

    def layer(self) -> Layer:
        """The whole layer, but for what `folders` gives."""
        self.check_keys(self.document.root, KEYS, "a policy")
        return Layer(
            path=self.document.source.path,
            fail_on=self.setting("fail_on", policy.THRESHOLDS),
            inline=self.setting("inline", policy.INLINE),
            waiver_horizon=self.horizon(),
            rules=tuple(self.rules()),
            parameters=tuple(self.parameters()),
            controls=tuple(self.controls()),
            paved_road=tuple(self.road()),
            lock=tuple(self.lock()),
            waivers=tuple(self.waivers()),
        )

    def origin(self, node: Node) -> Origin:
        """Where a node is."""
        where = self.document.source.position(node.start_mark.index)
        return Origin(self.document.source.path, *where)

    def problem(self, node: Node, message: str) -> None:
        """Note a mistake."""
        self.document.problem(node, message)

    def check_keys(self, node: Node, keys: Sequence[str], what: str) -> bool:
        """Note the keys of a mapping that mean nothing there; whether there are none."""
        before = len(self.document.problems)
        for key, _ in self.document.pairs(node, what):
            if key.value not in keys:
                hint = near(key.value, keys) or f"; it can have {', '.join(keys)}"
                self.problem(key, f"{what} has no `{key.value}`{hint}")
        return len(self.document.problems) == before

    def word(self, node: Node, words: Collection[str], what: str) -> str:
        """One of some words, "" where it is another."""
        if not isinstance(node, ScalarNode):
            self.document.wrong(node, "text", what)
        elif node.value in words:
            return str(node.value)
        else:
            got = f"not `{node.value}`" if node.value else "but it has no value"
            hint = _meant(node.value, words) or near(node.value, words)
            self.problem(node, f"{what} is one of {', '.join(words)}, {got}{hint}")
        return ""

    def setting(self, key: str, words: Collection[str]) -> Setting[str] | None:
        """A key whose value is one of some words."""
        node = self.fields.get(key)
        value = self.word(node, words, f"`{key}`") if node is not None else ""
        return Setting(value, self.origin(node)) if node is not None and value else None

    def texts(self, key: str) -> list[Setting[str]]:
        """A key whose value is a text or a list of texts."""
        nodes = self.document.scalars(self.fields.get(key), f"`{key}`")
        return [
            Setting(str(node.value), self.origin(node)) for node in nodes if self.full(node, key)
        ]

    def full(self, node: ScalarNode, key: str) -> bool:
        """Whether an item says something; noted where it does not."""
        if not node.value:
            self.problem(node, f"an item of `{key}` is empty: remove it")
        return bool(node.value)

    def horizon(self) -> Setting[int] | None:
        """How long waivers can be given for."""
        node = self.fields.get("waiver_horizon")
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or not _NUMBER.fullmatch(node.value):
            self.problem(node, "`waiver_horizon` is a number of days from 1 to 9999, such as 180")
            return None
        return Setting(int(node.value), self.origin(node))

    def extends(self) -> Iterator[Setting[Extension]]:
        """What the policy lies on top of, the uppermost first."""
        node = self.fields.get("extends")
        single = isinstance(node, ScalarNode) or "git" in self._keys(node)
        items = [node] if node is not None and single else self.document.items(node, "`extends`")
        for item in items:
            if null(item):
                self.problem(item, "an item of `extends` is empty: remove it")
            elif isinstance(item, ScalarNode):
                yield from self._extended(item)
            else:
                yield from self._git(item)

    def _keys(self, node: Node | None) -> set[str]:
        pairs = node.value if isinstance(node, MappingNode) else []
        return {key.value for key, _ in pairs if isinstance(key, ScalarNode)}

    def _extended(self, node: ScalarNode) -> Iterator[Setting[Extension]]:
        text = str(node.value)
        if text.startswith(_GIT) or "://" in text:
            wanted = "write {git: URL, commit: the full commit, path: FILE}"
            self.problem(node, f"a git repository has to be pinned: {wanted}")
        else:
            yield Setting(Extension(text), self.origin(node))

    def _git(self, node: Node) -> Iterator[Setting[Extension]]:
        what = "an extended git repository"
        if not self.check_keys(node, EXTENSION_KEYS, what):
            return
        fields = self.document.fields(node, what)
        url, commit, path = (self.document.text(fields.get(k), f"`{k}`") for k in EXTENSION_KEYS)
        if not url.startswith(_GIT):
            self.problem(
                fields.get("git", node), f"`git` is a URL that begins with {' or '.join(_GIT)}"
            )
        elif not _COMMIT.fullmatch(commit):
            said = f"not `{commit}`" if commit else "which is lacking"
            message = f"`commit` is a full commit of 40 hexadecimal digits, {said}"
            self.problem(fields.get("commit", node), f"{message}: branches and tags can be moved")
        elif not path:
            self.problem(node, "`path` is lacking: the policy's file in that repository")
        else:
            yield Setting(Extension(url, commit, path), self.origin(node))

    def rules(self) -> Iterator[Level]:
        """What rules are set to."""
        for key, value in self.document.pairs(self.fields.get("rules"), "`rules`"):
            if key.value not in self.known.rules:
                self.problem(key, self._no_rule(key.value))
            elif isinstance(value, ScalarNode):
                yield from self._level(key.value, value, "")
            else:
                yield from self._levels(key.value, value)

    def _no_rule(self, name: str) -> str:
        """That there is no such rule, and what to write instead."""
        if name == "<<":
            return "`<<` is not followed here: write out what it would bring"
        hint = "; each is named in full" if "*" in name else near(name, self.known.rules)
        return f"there is no rule `{name}`{hint or '; `pipelaw rules` lists them'}"

    def _levels(self, rule: str, node: Node) -> Iterator[Level]:
        what = f"the rule `{rule}`"
        self.check_keys(node, RULE_KEYS, what)
        fields = self.document.fields(node, what)
        if "severity" in fields:
            yield from self._level(rule, fields["severity"], "")
        for item in self.document.items(fields.get("paths"), f"`paths` of {what}"):
            one = "an item of `paths`"
            if not self.check_keys(item, PATH_KEYS, one):
                continue
            parts = self.document.fields(item, one)
            glob = self.glob(parts, item, one)
            if "severity" not in parts:
                self.problem(item, f"{one} lacks `severity`: off, or a severity")
            elif glob:
                yield from self._level(rule, parts["severity"], glob)

    def parameters(self) -> Iterator[Given]:
        """What the parameters of rules are set to."""
        for key, value in self.document.pairs(self.fields.get("rules"), "`rules`"):
            if key.value not in self.known.rules or not isinstance(value, MappingNode):
                continue
            what = f"the rule `{key.value}`"
            node = self.document.fields(value, what).get("parameters")
            for name, item in self.document.pairs(node, f"`parameters` of {what}"):
                yield from self._given(key.value, name, item)

    def _given(self, rule: str, key: ScalarNode, node: Node) -> Iterator[Given]:
        try:
            known = self.known.parameters(rule)
            parameter, value = parameters.setting(key, node, rule, known)
        except parameters.ParameterError as error:
            self.problem(error.node, error.message)
        else:
            yield Given(rule, parameter.name, value, parameter.default, self.origin(node))

    def _level(self, rule: str, node: Node, glob: str) -> Iterator[Level]:
        words = {"true": "on", "false": "off"}  # what other YAML readers make of on and off
        if isinstance(node, ScalarNode) and node.value in words:
            word = words[node.value]
        else:
            word = self.word(node, policy.LEVELS, f"the severity of `{rule}`")
        if word:
            yield Level(rule, word, glob, self.origin(node))

    def glob(self, fields: dict[str, Node], node: Node, what: str) -> str:
        """The `path` of an item; "" with a note where it is absent or no glob."""
        glob = self.document.text(fields.get("path"), "`path`")
        if not glob:
            self.problem(node, f"{what} lacks `path`: a glob such as `.github/workflows/*.yml`")
        elif fault := policy.path_fault(glob):
            self.problem(fields["path"], fault)
        else:
            return glob
        return ""

    def controls(self) -> Iterator[Elsewhere]:
        """The controls that work outside the pipelines."""
        for item in self.document.items(self.fields.get("controls"), "`controls`"):
            what = "a control"
            if not self.check_keys(item, CONTROL_KEYS, what):
                continue
            fields = self.document.fields(item, what)
            by = self.document.text(fields.get("by"), "`by`").strip()
            if "category" not in fields or not by:
                self.problem(item, "a control has a `category` and says `by` what it is done")
                continue
            category = self.word(fields["category"], self.known.categories, "`category`")
            until = self.date(fields.get("until"))
            if "until" in fields and until is None:
                self.problem(fields["until"], "`until` is a day, such as 2027-01-31")
            elif category:
                yield Elsewhere(category, by, until, self.origin(item))

    def road(self) -> Iterator[tuple[str, Setting[str]]]:
        """The globs of the paved road, by kind."""
        for key, value in self.document.pairs(self.fields.get("paved_road"), "`paved_road`"):
            kind = self.word(key, [*dict.fromkeys(policy.ROADS.values())], "a kind of `paved_road`")
            for node in self.document.scalars(value, f"`{key.value}` of `paved_road`"):
                if not self.full(node, "paved_road") or not kind:
                    continue
                fault = policy.glob_fault(node.value)
                if fault:
                    self.problem(node, fault)
                else:
                    yield kind, Setting(str(node.value), self.origin(node))

    def lock(self) -> Iterator[Setting[str]]:
        """What lower layers may not loosen."""
        for setting in self.texts("lock"):
            names = (*policy.LOCKABLE, "*", *self.known.rules)
            if setting.value in names:
                yield setting
                continue
            hint = (
                near(setting.value, names)
                or f"; a lock names a rule, {', '.join(policy.LOCKABLE)} or *"
            )
            self.document.problems.append(
                Problem(*setting.origin, f"nothing called `{setting.value}` can be locked{hint}")
            )

    def date(self, node: Node | None) -> dt.date | None:
        """A day; None where the text is not one."""
        if not isinstance(node, ScalarNode) or not _DATE.fullmatch(node.value):
            return None
        try:
            return dt.date.fromisoformat(node.value)
        except ValueError:
            return None

    def waivers(self) -> Iterator[Waiver]:
        """The waivers: what they are about has to be right, else they could hide what nobody meant."""
        for item in self.document.items(self.fields.get("waivers"), "`waivers`"):
            what = "a waiver"
            if not self.check_keys(item, WAIVER_KEYS, what):
                continue
            before = len(self.document.problems)
            fields = self.document.fields(item, what)
            texts = {k: self.document.text(fields.get(k), f"`{k}`").strip() for k in WAIVER_KEYS}
            self._check_subject(item, fields, texts)
            if len(self.document.problems) > before:
                continue
            expires = self.date(fields.get("expires"))
            fault = _fault(texts, expires)
            said = {key: text for key, text in texts.items() if key != "expires"}
            yield Waiver(**said, expires=expires, fault=fault, origin=self.origin(item))

    def _check_subject(self, item: Node, fields: dict[str, Node], texts: dict[str, str]) -> None:
        if "rule" not in fields:
            self.problem(item, "a waiver lacks `rule`: the id of the rule that it is about")
            return
        rule = texts["rule"]
        if rule not in self.known.rules:
            self.problem(fields["rule"], self._no_rule(rule))
        elif fault := policy.glob_fault(texts["job"]):
            self.problem(fields["job"], fault)
        elif "fingerprint" not in fields:
            self.glob(fields, item, "a waiver without `fingerprint`")
        elif not _FINGERPRINT.fullmatch(texts["fingerprint"]):
            self.problem(
                fields["fingerprint"],
                "a fingerprint is 32 digits, `:` and a number: see --format json",
            )
        elif "path" in fields or "job" in fields:
            self.problem(item, "a waiver has a `fingerprint`, or a `path` and perhaps a `job`")


def _meant(word: str, words: Collection[str]) -> str:
    """A hint at the word that means the same here, or nothing."""
    same = next((one for one in words if word.lower() in _MEANT.get(one, "").split()), "")
    return f"; did you mean `{same}`?" if same else ""


def _fault(texts: dict[str, str], expires: dt.date | None) -> str:
    """Why a waiver does not count, "" where nothing is wrong with it."""
    if len(texts["reason"]) < SHORTEST_REASON:
        return f"it gives no `reason` of {SHORTEST_REASON} characters or more"
    if not texts["owner"]:
        return "it names no `owner`"
    if not texts["expires"]:
        return "it has no `expires` date"
    return "" if expires else f"`expires: {texts['expires']}` is no day, such as 2027-01-31"
