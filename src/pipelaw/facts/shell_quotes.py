"""Words of a shell script without their quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from tree_sitter import Node

QUOTING = pattern(r"['\"\\]")
"""Quotes and escapes."""
_ESCAPE = pattern(r"\\(\n|.)", re.DOTALL)
_STRING_ESCAPE = pattern(r'\\([$`"\\\n])')
_ANSI_ESCAPE = pattern(r"\\(.)", re.DOTALL)
_ANSI = {"n": "\n", "t": "\t", "r": "\r"}


def unquoted(node: Node, code: str) -> str:
    """A word without its quotes; what will be expanded stays as written."""
    raw = code[node.start_byte : node.end_byte]
    if not QUOTING.search(raw):
        return raw
    read = _VALUES.get(node.type)
    return raw if read is None else read(node, code, raw)


def _joined(node: Node, code: str, _: str) -> str:
    return "".join(unquoted(child, code) for child in node.children)


def _plain(_n: Node, _c: str, raw: str) -> str:
    return _ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], raw)


def _raw_string(_n: Node, _c: str, raw: str) -> str:
    return raw[1:-1]


def _ansi_string(_n: Node, _c: str, raw: str) -> str:
    return _ANSI_ESCAPE.sub(lambda found: _ANSI.get(found[1], found[1]), raw[2:-1])


def _string(node: Node, code: str, _: str) -> str:
    """A double-quoted string without quotes and escapes; in substitutions both are left alone."""
    start, end = node.start_byte + 1, node.end_byte - 1
    if "\\" not in code[start:end]:
        return code[start:end]
    parts = []
    for child in (*node.named_children, None):
        if child is not None and child.type not in _SUBSTITUTIONS:
            continue
        stop = end if child is None else child.start_byte
        parts.append(_STRING_ESCAPE.sub(lambda f: "" if f[1] == "\n" else f[1], code[start:stop]))
        if child is not None:
            parts.append(code[child.start_byte : child.end_byte])
            start = child.end_byte
    return "".join(parts)


_SUBSTITUTIONS = frozenset(("command_substitution", "expansion", "arithmetic_expansion"))
_VALUES = {
    "ansi_c_string": _ansi_string,
    "command_name": _joined,
    "concatenation": _joined,
    "extglob_pattern": _plain,
    "raw_string": _raw_string,
    "string": _string,
    "translated_string": _joined,
    "word": _plain,
}
