"""Parameters of rules, as YAML has them: what a rule declares, and the values that it is given."""

from __future__ import annotations

import re
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING

from pipelaw.document import Document, MappingNode, ScalarNode, SequenceNode, decode, null, parse
from pipelaw.errors import PolicyError, UnreadableError
from pipelaw.rules import Parameter, near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.document import Node
    from pipelaw.rules import Value

_NAMES = "list of names"
"""Of names, or of what names begin with; who writes a glob would wait for it to fit."""
TYPES = {
    "string": "a string",
    "int": "an int, such as 7",
    "bool": "true or false",
    "list of strings": "a list of strings, such as [a, b]",
    _NAMES: "a list of names, such as [a, b]",
}
"""The types that a parameter can have, and how messages ask for a value of each."""
KEYS = ("type", "default", "description")
"""What a declaration says."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_INT = re.compile(r"-?(0|[1-9][0-9]{0,8})\Z")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class ParameterError(PolicyError):
    """A parameter that is wrong; the place is a node of its document."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


@lru_cache(maxsize=128)
def of_file(shown: str, data: bytes) -> tuple[Parameter, ...]:
    """The parameters that a rule file declares; raises PolicyError."""
    if b"parameters" not in data:
        return ()
    try:
        source = decode(shown, data)
        roots = parse(source)
    except UnreadableError as error:
        raise PolicyError(str(error)) from None
    document = Document(source, roots[0], [])
    try:
        return declared(document, document.fields(document.root, "a rule").get("parameters"))
    except ParameterError as error:
        line, column = source.position(error.node.start_mark.index)
        raise PolicyError(f"{shown}:{line}:{column}: {error.message}") from None


def declared(document: Document, node: Node | None) -> tuple[Parameter, ...]:
    """What the field `parameters` of a rule declares; raises ParameterError."""
    pairs = document.pairs(node, "`parameters`")
    return tuple(_declaration(document, key, value) for key, value in pairs)


def _declaration(document: Document, key: ScalarNode, node: Node) -> Parameter:
    name = str(key.value)
    if not _NAME.match(name) or iskeyword(name):
        wanted = "is words in lower case joined by underscores, and no reserved word"
        raise ParameterError(key, f"the name of a parameter {wanted}")
    what = f"the parameter `{name}`"
    for word, _ in document.pairs(node, what):
        if word.value not in KEYS:
            raise ParameterError(word, f"{what} has no `{word.value}`{near(word.value, KEYS)}")
    fields = document.fields(node, what)
    missing = [f"`{word}`" for word in KEYS if word not in fields or null(fields[word])]
    if missing:
        raise ParameterError(key, f"{what} lacks {', '.join(missing)}")
    kind = document.text(fields["type"], "`type`")
    if kind not in TYPES:
        hint = near(kind, TYPES)
        raise ParameterError(fields["type"], f"a type is one of {', '.join(TYPES)}{hint}")
    default = value(fields["default"], kind, f"the default of `{name}`")
    return Parameter(name, kind, default, document.text(fields["description"], what).strip())


def setting(
    key: ScalarNode, node: Node, rule: str, known: Sequence[Parameter]
) -> tuple[Parameter, Value]:
    """What a key and its value set a parameter of a rule to; raises ParameterError.

    `known` are the parameters that the rule declares.
    """
    by_name = {parameter.name: parameter for parameter in known}
    if key.value not in by_name:
        names = ", ".join(f"`{name}`" for name in by_name) or "none"
        hint = near(key.value, by_name) or f"; it has {names}"
        raise ParameterError(key, f"the rule `{rule}` has no parameter `{key.value}`{hint}")
    parameter = by_name[key.value]
    return parameter, value(node, parameter.type, f"`{key.value}`")


def value(node: Node, kind: str, what: str) -> Value:
    """The value of a type that a node holds; raises ParameterError."""
    if kind.startswith("list"):
        if isinstance(node, SequenceNode):
            item = _name if kind == _NAMES else _item
            return tuple(item(one, what) for one in node.value)
        if isinstance(node, ScalarNode) and node.value:
            raise ParameterError(node, f"{what} is a {kind}: write [{node.value}]")
    elif isinstance(node, ScalarNode) and not null(node):
        found = _scalar(node, kind)
        if found is not None:
            return found
    raise ParameterError(node, f"{what} is {TYPES[kind]}, {_got(node)}")


def _scalar(node: ScalarNode, kind: str) -> str | int | bool | None:
    text = str(node.value)
    if kind == "string":
        return text
    if node.style:
        return None  # in quotes it is a text, whatever it looks like
    if kind == "bool":
        return _BOOLS.get(text)
    return int(text) if _INT.match(text) else None


def _item(node: Node, what: str) -> str:
    if not isinstance(node, ScalarNode):
        raise ParameterError(node, f"an item of {what} is a string, {_got(node)}")
    if not node.value or null(node):
        # an empty name would be the beginning of every other one
        raise ParameterError(node, f"an item of {what} is empty: remove it")
    return str(node.value)


def _name(node: Node, what: str) -> str:
    text = _item(node, what)
    if "*" in text or "?" in text:
        above = re.sub(r"/\*+\Z", "", text)
        plain = above and "*" not in above and "?" not in above
        remedy = f"write `{above}`" if plain else "write out each"
        raise ParameterError(node, f"an item of {what} is a name, and no glob: {remedy}")
    return text


def _got(node: Node) -> str:
    """The end of a sentence that says what is there instead."""
    if isinstance(node, ScalarNode):
        return "but it has no value" if null(node) else f"not `{node.value}`"
    return f"not {'a mapping' if isinstance(node, MappingNode) else 'a list'}"
