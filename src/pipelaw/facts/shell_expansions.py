"""What `${NAME…}` gives: the variable's text, or what an operator leaves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.taint import UNKNOWN, Value, narrowed, quoted
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from tree_sitter import Node

    from pipelaw.facts.shell_taint import Shell


_NAME = pattern(r"\$\{?[!]?([A-Za-z_]\w*|[@*1-9])")
_REMOVED = pattern(r"//\[\^((?:\[:\w+:\]|[^\]])*)\]/[\w-]?\}?\Z")
_JOINED = pattern(
    r"//(?:\$'\\n'|\$\{?(?:NL|nl|newline|LF)\}?|\[\^\[:(?:print|graph):\]"
    r"|\[(?!\^)[^\n/]{0,40}?(?:\$'[^'\n]{0,20}?\\n|\[:(?:space|cntrl):\]))"
)
"""Every line break is replaced."""
_CUT = pattern(r"%%\s*\$'\\n'\*\}")
_SAFE = pattern(r"(?:\[:(?:alnum|alpha|digit|upper|lower|xdigit|blank|space):\]|\\?[\w .,:@+-])*\Z")
_WITH_SLASH = pattern(r"\\?/")


def harmless(characters: str) -> bool:
    """Whether a text of these characters, as in `[^…]` or for `tr`, can do no harm anywhere."""
    return _SAFE.match(_WITH_SLASH.sub("", characters)) is not None


def expanded(shell: Shell, node: Node, raw: str) -> Value:
    """The value of `$NAME` or `${NAME…}`."""
    name = _NAME.match(raw)
    if name is None or raw.startswith("${#"):
        return (UNKNOWN,)
    value = shell.variable(name[1])
    if not raw.startswith("${"):
        return value
    removed = _REMOVED.search(raw)
    if removed is not None and harmless(removed[1]):
        return (UNKNOWN,)
    if raw.endswith("@Q}"):
        return quoted(value)
    if _CUT.search(raw) or _JOINED.search(raw, name.end()):
        return narrowed(value, "line")
    if (
        raw[name.end() : name.end() + 2] in (":-", ":=", ":+")
        or raw[name.end() : name.end() + 1] in "-+="
    ):
        words = [child for child in node.named_children if child.type != "variable_name"]
        value = (*value, *(piece for child in words for piece in shell.word(child, quoted=True)))
    return value
