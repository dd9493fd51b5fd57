"""Where a piece of a shell's script puts the value of a variable in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelaw.facts.shell_syntax import Simple


def expands(code: str, name: str) -> bool:
    """Whether a piece of script puts a variable's value in; its length alone is no secret."""
    return name in code and (
        re.search(
            rf"(?<!\\)\$(?:{name}\b|\{{{name}(?!:?\+)\W|(?:env:|\{{env:){name}\b)|\bprintenv[ \t]+{name}\b",
            code,
        )
        is not None
    )


def changed(code: str, name: str) -> bool:
    """Whether only a part of a variable's value, or another spelling of it, is put in."""
    return f"${{{name}" in code and re.search(rf"\$\{{{name}(?:[#%/,^]|:\d)", code) is not None


def visible(code: str, simple: Simple, template: re.Pattern[str] | None) -> str:
    """A command without what it runs to get its words, and without what single quotes protect."""
    code = _dotted(code, template)
    kept: list[str] = []
    depth, quote = 0, ""
    index = 0
    while index < len(code):
        char = code[index]
        if not quote and char == "'" and depth == 0:
            end = code.find("'", index + 1)
            inside = code[index : end + 1 if end >= 0 else len(code)]
            if template is not None and template.search(inside):
                kept.append(inside)
            index += len(inside)
            continue
        if char == '"':
            quote = "" if quote else char
        if code.startswith("$(", index):
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif depth == 0:
            kept.append(char)
        index += 1
    return "".join(kept) + fed(simple)


def _dotted(code: str, template: re.Pattern[str] | None) -> str:
    """A command without the quotes in templates, which are none of the shell's."""
    if template is None or "['" not in code:
        return code
    return template.sub(lambda one: one[0].replace("['", ".").replace("']", ""), code)


def fed(simple: Simple) -> str:
    """What a command reads from here-documents in which the shell expands variables."""
    return "\n".join(simple.unit.code[f.start : f.end] for f in simple.fed if not f.literal)
