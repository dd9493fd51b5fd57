"""A rule file: one YAML document, read, validated and type-checked against the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw import cel, model
from pipelaw.document import (
    Document,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    decode,
    null,
    parse,
)
from pipelaw.errors import PolicyError, UnreadableError
from pipelaw.finding import Confidence, Severity
from pipelaw.loaders import LOADERS
from pipelaw.parameters import ParameterError, declared, setting
from pipelaw.rules import Example, Line, Mention, Rule, Segment, holder, near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipelaw.document import Problem
    from pipelaw.rules import Parameter, Value

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_REQUIRED = "id title category severity confidence for when message why fix examples".split()
_FIELDS = (*_REQUIRED, "parameters", "at", "related", "references")

_TYPES = {
    "string": cel.STRING,
    "int": cel.INT,
    "bool": cel.BOOL,
    "list of strings": cel.list_of(cel.STRING),
    "list of names": cel.list_of(cel.STRING),
}
"""What conditions take the types of parameters for."""


def scope(kind: str) -> dict[str, cel.Type]:
    """The names that a rule about `kind` can use, and their types."""
    if kind in ("repository", "control"):
        names = ["repository"]
    elif kind in ("pipeline", "trigger"):
        names = ["pipeline"]
    elif kind in ("job", "runner"):
        names = ["pipeline", "job"]
    else:
        names = ["pipeline", "job", "step"]
    return {name: cel.record_type(model.KINDS[name]) for name in dict.fromkeys([*names, kind])}


def read(path: Path, name: str = "") -> Rule:
    """Read one rule file; raises PolicyError that says what is wrong, with line and column."""
    shown = name or str(path)
    try:
        return parse_rule(shown, path.stem, path.read_bytes())
    except OSError as error:
        raise PolicyError(f"{shown}:1:1: {error.strerror}") from None


def parse_rule(shown: str, stem: str, data: bytes) -> Rule:
    """The rule in the bytes of a file; `stem` is the id that its file name promises."""
    problems: list[Problem] = []
    try:
        source = decode(shown, data)
        roots = parse(source)
    except UnreadableError as error:
        hint = _QUOTING if error.message.startswith("not valid YAML") else ""
        raise PolicyError(f"{error}{hint}") from None
    if len(roots) != 1:
        raise PolicyError(f"{shown}:1:1: a rule file holds exactly one rule, this has {len(roots)}")
    if not isinstance(roots[0], MappingNode):
        raise PolicyError(f"{shown}:1:1: a rule is a mapping that begins with `id: {stem}`")
    errors: list[str] = []
    rule: Rule | None = None
    try:
        rule = _Reader(Document(source, roots[0], problems)).rule(stem)
    except PolicyError as error:
        errors.append(str(error))
    # what the document has noted comes first: the rest often follows from it
    noted = [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in problems]
    if rule is None or noted:
        raise PolicyError("\n".join(dict.fromkeys(noted or errors)))
    return rule


_QUOTING = "; a text with `: ` or ` #`, or that begins with a quote or `!`, goes below a `|`"
"""What is wrong most of the time where a rule file is no YAML."""
_TEXTS = {
    "title": "name the bad thing in a few words",
    "category": "give a word, such as `injection`",
    "message": "say what was found, as in `{job.name}`",
    "why": "say what can happen",
    "fix": "say what to write instead",
}
"""Fields that people read, which could be empty without anything else noticing, and what they say."""


class _Reader:
    """Reads the parts of one rule file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fields = document.fields(document.root, "a rule")
        self.scope: dict[str, cel.Type] = {}
        self.parameters: tuple[Parameter, ...] = ()
        self.python: dict[str, str] = {}
        """The names of the scope that are called otherwise in Python."""

    def fail(self, node: Node, message: str, offset: int = 0, length: int = 0) -> PolicyError:
        """An error that points at a node, or at some characters of its text."""
        place = self.document.place(node)
        if length and isinstance(node, ScalarNode):
            at = place.part(offset, offset + length)
            line, column = at.span()[1:3]
            text = self.document.source.lines(line, line)[0]
            # a caret shows the place in a long condition better than a number
            drawn = f"\n    {text}\n    {' ' * (column - 1)}{'^' * length}"
        else:
            line, column = self.document.source.position(node.start_mark.index)
            drawn = ""
        return PolicyError(f"{self.document.source.path}:{line}:{column}: {message}{drawn}")

    def text(self, key: str) -> str:
        """The text of a required field."""
        return self.document.text(self.fields[key], f"`{key}`").strip()

    def rule(self, stem: str) -> Rule:
        """The whole rule."""
        self._check_fields()
        kind, name = self._kind(), self._id(stem)
        self.parameters = self._parameters()
        types = {parameter.name: _TYPES[parameter.type] for parameter in self.parameters}
        self.scope = {**scope(kind), "param": cel.parameters_type(types)}
        self.python = {"param": holder(name)}
        rule = self._rule(name, kind)
        self._check_use(rule)
        return rule

    def _rule(self, name: str, kind: str) -> Rule:
        return Rule(
            id=name,
            title=self.text("title"),
            category=self.text("category"),
            kind=kind,
            when=self.expression(self.fields["when"], cel.BOOL),
            ladder=self._ladder(),
            confidence=Confidence[self._word("confidence", [c.word for c in Confidence]).upper()],
            message=self._message(self.fields["message"]),
            at=self.expression(self.fields["at"]) if "at" in self.fields else "",
            related=tuple(self._related()),
            why=self.text("why"),
            fix=self._fix(),
            references=tuple(str(n.value) for n in self._texts("references")),
            examples=tuple(self._examples()),
            path=self.document.source.path,
            parameters=self.parameters,
        )

    def _parameters(self) -> tuple[Parameter, ...]:
        try:
            return declared(self.document, self.fields.get("parameters"))
        except ParameterError as error:
            raise self.fail(error.node, error.message) from None

    def _check_use(self, rule: Rule) -> None:
        """Refuse a parameter that nothing depends on: who sets it would wait for an effect."""
        code = " ".join((rule.when, *rule.expressions()))
        for key, _ in self.document.pairs(self.fields.get("parameters"), "`parameters`"):
            if not re.search(rf"\b{holder(rule.id)}\.{key.value}\b", code):
                raise self.fail(key, f"no expression uses `param.{key.value}`")

    def _check_fields(self) -> None:
        for key, _ in self.document.pairs(self.document.root, "a rule"):
            if key.value not in _FIELDS:
                hint = near(key.value, _FIELDS) or f"; it can have {', '.join(_FIELDS)}"
                raise self.fail(key, f"a rule has no field `{key.value}`{hint}")
        missing = [name for name in _REQUIRED if name not in self.fields]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise self.fail(self.document.root, f"the rule lacks {names}")
        for name in _TEXTS:
            self._check_said(name, self.fields[name])

    def _check_said(self, name: str, node: Node, what: str = "") -> None:
        """Refuse a text that says nothing."""
        if isinstance(node, ScalarNode) and (null(node) or not node.value.strip()):
            raise self.fail(node, f"{what or f'`{name}`'} has no value: {_TEXTS[name]}")

    def _id(self, stem: str) -> str:
        value = self.text("id")
        if not _ID.match(value):
            wanted = f"words in lower case joined by hyphens, such as `{stem}`"
            raise self.fail(self.fields["id"], f"an id is {wanted}")
        if value != stem:
            raise self.fail(
                self.fields["id"], f"the id `{value}` and the file name `{stem}` differ"
            )
        return value

    def _kind(self) -> str:
        return self._word("for", list(model.KINDS))

    def _word(self, key: str, known: list[str]) -> str:
        value = self.text(key)
        if value not in known:
            hint = near(value, known)
            message = f"`{key}` is one of {', '.join(known)}, not `{value}`{hint}"
            raise self.fail(self.fields[key], message)
        return value

    def expression(self, node: Node, want: cel.Type | None = None) -> str:
        """A CEL expression, checked against the scope, as Python."""
        if not isinstance(node, ScalarNode):
            raise self.fail(node, "an expression is a text")
        if node.tag.startswith("!") and not node.style:
            raise self.fail(node, "a `!` at the beginning is a tag of YAML: put it all in quotes")
        try:
            return cel.check(node.value, self.scope, want, self.python).python
        except cel.CelError as error:
            raise self.fail(node, error.message, error.offset, max(error.length, 1)) from None

    def _ladder(self) -> tuple[Line, ...]:
        node = self.fields["severity"]
        if isinstance(node, ScalarNode):
            return (Line(self._severity(node), "True"),)
        lines: list[Line] = []
        for item in self.document.items(node, "`severity`"):
            for key, value in self.document.pairs(item, "a line of `severity`"):
                line = Line(self._severity(key), self.expression(value, cel.BOOL))
                self._check_asked(key, value, line, lines)
                lines.append(line)
        if not lines or lines[-1].condition != "True":
            last = """the last line of `severity` must hold always, as in `- low: "true"`"""
            raise self.fail(node, last)
        return tuple(lines)

    def _check_asked(self, key: Node, value: Node, line: Line, above: Sequence[Line]) -> None:
        """Refuse a line of `severity` that is never asked, or asks nothing."""
        if above and above[-1].condition == "True":
            wrong = "this line is never asked, for the one above always holds: that comes last"
            raise self.fail(key, wrong)
        if any(line.condition == other.condition for other in above):
            raise self.fail(value, "this line is never asked: a line above has its condition")
        names = "|".join(self.scope)
        constant = not re.search(rf"\b(?:{names})\b", self.document.text(value, ""))
        if constant and line.condition != "True":
            raise self.fail(value, """this asks nothing: what holds always is `"true"`""")

    def _severity(self, node: ScalarNode) -> Severity:
        words = [severity.word for severity in Severity]
        if node.value not in words:
            raise self.fail(
                node, f"a severity is one of {', '.join(words)}{near(node.value, words)}"
            )
        return Severity[node.value.upper()]

    def _message(self, node: Node) -> tuple[Segment, ...]:
        if not isinstance(node, ScalarNode):
            raise self.fail(node, "a message is a text")
        return tuple(self._segments(node))

    def _segments(self, node: ScalarNode) -> Iterator[Segment]:
        text, at = node.value, 0
        while at < len(text):
            opening = text.find("{", at)
            if opening < 0:
                yield Segment(text[at:], code=False)
                return
            if opening > at:
                yield Segment(text[at:opening], code=False)
            closing = text.find("}", opening)
            if closing < 0:
                raise self.fail(node, "a `{` without its `}`", opening, 1)
            yield Segment(self._placeholder(node, opening + 1, closing), code=True)
            at = closing + 1

    def _placeholder(self, node: ScalarNode, start: int, end: int) -> str:
        if node.value.startswith("{", start):
            wanted = """one `{` shows a value, as in `{job.name}`, and `{"{"}` shows a brace"""
            raise self.fail(node, wanted, start - 1, 2)
        try:
            expression = cel.check(node.value[start:end], self.scope, None, self.python)
        except cel.CelError as error:
            raise self.fail(
                node, error.message, start + error.offset, max(error.length, 1)
            ) from None
        if expression.type not in (cel.STRING, cel.INT):
            wrong = f"a message can show text and numbers, not {expression.type}"
            raise self.fail(node, wrong, start, end - start)
        return expression.python

    def _related(self) -> Iterator[Mention]:
        for item in self.document.items(self.fields.get("related"), "`related`"):
            fields = self.document.fields(item, "an item of `related`")
            if set(fields) != {"at", "message"}:
                raise self.fail(item, "an item of `related` has `at` and `message`")
            self._check_said("message", fields["message"], "`message` of `related`")
            yield Mention(self.expression(fields["at"]), self._message(fields["message"]))

    def _fix(self) -> Mapping[str, str]:
        node = self.fields["fix"]
        if isinstance(node, ScalarNode):
            return {"": node.value.strip()}
        found = {}
        for key, value in self.document.pairs(node, "`fix`"):
            platform = self._platform(key)
            self._check_said("fix", value, f"`fix` for {platform}")
            found[platform] = self.document.text(value, "a fix").strip()
        if not found:
            raise self.fail(node, f"`fix` has no value: {_TEXTS['fix']}")
        return found

    def _platform(self, node: ScalarNode) -> str:
        if node.value not in LOADERS:
            hint = near(node.value, LOADERS)
            raise self.fail(node, f"a platform is one of {', '.join(LOADERS)}{hint}")
        return str(node.value)

    def _texts(self, key: str) -> list[ScalarNode]:
        return self.document.scalars(self.fields.get(key), f"`{key}`")

    def _examples(self) -> Iterator[Example]:
        for key, value in self.document.pairs(self.fields["examples"], "`examples`"):
            platform = self._platform(key)
            for word, node in self.document.pairs(value, f"the examples for {platform}"):
                if word.value not in ("bad", "good"):
                    raise self.fail(word, "an example is `bad` or `good`")
                texts = node.value if isinstance(node, SequenceNode) else [node]
                for text in texts:
                    yield self._example(platform, word.value == "good", text)

    def _example(self, platform: str, good: bool, node: Node) -> Example:
        parameters: tuple[tuple[str, Value], ...] = ()
        if isinstance(node, MappingNode):
            fields = self.document.fields(node, "an example")
            if set(fields) != {"parameters", "text"}:
                raise self.fail(node, "an example is a text, or has `parameters` and `text`")
            parameters = tuple(self._settings(fields["parameters"]))
            node = fields["text"]
        text = self.document.text(node, "an example")
        if not text.strip() and isinstance(node, ScalarNode):
            raise self.fail(node, "an example is a whole pipeline, and this one is empty")
        line = node.start_mark.line + (2 if getattr(node, "style", "") in ("|", ">") else 1)
        return Example(platform, good, text, line, parameters)

    def _settings(self, node: Node) -> Iterator[tuple[str, Value]]:
        """What an example sets parameters to."""
        rule = self.text("id")
        for key, item in self.document.pairs(node, "`parameters` of an example"):
            try:
                parameter, value = setting(key, item, rule, self.parameters)
            except ParameterError as error:
                raise self.fail(error.node, error.message) from None
            yield parameter.name, value
