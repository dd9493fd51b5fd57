"""Which variable of a script is given the text of another one."""

from __future__ import annotations

from pipelaw.patterns import pattern

_ASSIGNING = pattern(
    r"""([A-Za-z_]\w*)=(?:"[^"\n]*|[^\s"';&|()]*|"?\$\((?:echo|printf\s+["']?%s["']?)\s+(?:-n\s+)?"?)\Z"""
)
"""The beginning of a line up to a value's variable: `MESSAGE="so: `, `LINE="$(echo "`."""

_CLEANING = pattern(r"\[\^|\btr\s+-\w*c|\b(?:wc|base64|\w+sum|grep|openssl)\b")
"""Behind a variable in `$(echo … |`: programs that leave no more of its text than letters and numbers."""

_NEAR = 200
"""How far from a variable its assignment and what cleans it are looked for, in characters."""


def receiver(text: str, start: int, end: int) -> str:
    """The variable to which a script gives what it expands at `start` to `end`, "" for none."""
    line = max(text.rfind("\n", 0, start) + 1, start - _NEAR)
    match = _ASSIGNING.search(text, line, start)
    if match is None:
        return ""
    cleaned = "$(" in match[0] and _CLEANING.search(text[end : end + _NEAR].partition("\n")[0])
    return "" if cleaned else match[1]
