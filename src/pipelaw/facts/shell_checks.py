"""Conditions of a script that leave a variable no room for anything hostile."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelaw.facts.shell_expansions import harmless
from pipelaw.facts.taint import UNKNOWN
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelaw.facts.taint import Value

_MATCHED = pattern(
    r"(?P<not>!\s*)?(?:\[\[\s*)?(?P<inner>!\s*)?\"?\$\{?(?P<name>\w+)\}?\"?\s*"
    r"(?:=~\s*(?P<pattern>(?:\\.|\"[^\"]*\"|'[^']*'|\[(?:\[:\w+:\]|[^\]])*\]|[^\s\\\"'\[])+)|(?P<operator>==?|!=)\s*(?P<other>\"[^\"$]*\"|'[^']*'|[\w./-]+)(?![^\s\])&|;]))"
)
_BEGUN = pattern(
    r"\[\[\s+(?:!\s+)?\"?\$\{?(?P<name>\w+)\}?\"?\s+"
    r"(?:[!=]?=\s*\"?(?P<glob>[^\s\"'$*?\[\\]+)\"?\*\s|=~\s*\^(?P<pattern>(?:[\w:/@-]|\\[./-])+))"
)
_GREPPED = pattern(
    r"(?:(?:echo|printf)\s[^|\n$]{0,20}\$\{?(?P<piped>\w+)\}?[\"']?\s*\|\s*)?"
    r"\bgrep\s+(?P<flags>-\w{0,9}q\w{0,9}(?:\s-\w{1,9})?)\s+(?P<pattern>'[^']*'|\"[^\"]*\")"
    r"(?:\s*<<<\s*\"?\$\{?(?P<fed>\w+))?"
)
_LONGEST = 500
"""Patterns that people write are shorter."""
_LOOSE = pattern(r"(?<!\\)\.|\\[SWD]")
"""What stands for almost any character."""
_CLASS = pattern(r"\[(?:\[:\w+:\]|[^\]])+\]")
_NEGATED = pattern(r"!\s*\[\[?")
_GLOB = pattern(r"[*?\[$`]|[?+@!]\(")
_OTHERS = pattern(r"\*\[[!^]((?:\[:\w+:\]|[^\]])+)\]\*\Z")
_LEAVES = pattern(r"\b(?:exit|return|continue|break)\b")


def checked(condition: str, value: Callable[[str], str]) -> dict[str, bool]:
    """The variables that a condition compares with a whole pattern or a word.

    True where they are harmless when it holds, False where they are when it does not. `value` gives the
    text of a variable, for patterns that are kept in one.
    """
    condition = condition.strip()
    outer = _NEGATED.match(condition) is not None
    # what a part of a condition says is only certain where the parts are joined the right way,
    # or where each says so
    certain = {True: "||" not in condition, False: ("||" if outer else "&&") not in condition}
    parts = condition.count("||") + condition.count("&&") + 1
    said: list[tuple[str, bool]] = []
    for match in _MATCHED.finditer(condition, 1 if outer else 0):
        pattern = match["pattern"]
        if pattern is not None and not _whole(pattern.strip(), value):
            continue
        inner = match["operator"] == "!=" or match["inner"] is not None or match["not"] is not None
        holds = outer is inner
        said.append((match["name"], holds))
    often = Counter(said)
    return {name: holds for name, holds in said if certain[holds] or often[name, holds] == parts}


def begun(condition: str) -> dict[str, tuple[bool, str]]:
    """The variables of which a condition says what they begin with; True where they do if it holds."""
    if "||" in condition or "&&" in condition:
        return {}
    negated = "!" in condition
    return {
        match["name"]: (not negated, begin)
        for match in _BEGUN.finditer(condition)
        if (begin := match["glob"] or match["pattern"].replace("\\", ""))
    }


def grepped(condition: str) -> dict[str, bool]:
    """The variables of which grep makes sure that a line is harmless; True where it is if that holds."""
    found = {}
    for match in _GREPPED.finditer(condition):
        pattern = match["pattern"][1:-1]
        if "x" in match["flags"]:
            pattern = f"^{pattern}$"
        name = match["piped"] or match["fed"]
        if name and _confines(pattern):
            found[name] = not condition.lstrip().startswith("!")
    return found


_CAPTURING = pattern(r"\$\{?(?P<name>\w+)\}?\"?\s*=~\s*(?P<pattern>[^\n]+?)\s*\]\]")
_GROUP = pattern(r"\(((?:\[[^\]]*\]|[^()\[])*)\)")


def captured(condition: str, value: Callable[[str], str]) -> tuple[str, bool] | None:
    """The variable of which a condition keeps parts, and whether these are harmless whatever it holds.

    `value` gives the text of a variable, for patterns that are kept in one.
    """
    match = _CAPTURING.search(condition)
    if match is None:
        return None
    pattern = _kept(match["pattern"], value)
    groups = _GROUP.findall(pattern)
    harmless = narrow(pattern) or (bool(groups) and all(map(narrow, groups)))
    return match["name"], bool(pattern) and harmless


def _whole(pattern: str, value: Callable[[str], str]) -> bool:
    """Whether a pattern lets only harmless texts through."""
    return _confines(_kept(pattern.strip("\"'"), value))


def _kept(pattern: str, value: Callable[[str], str]) -> str:
    """A pattern, or the one that the variable holds which stands in its place; "" for an unknown one."""
    if pattern.startswith("$"):
        pattern = value(pattern.strip("${}"))
    return "" if UNKNOWN in pattern else pattern


def _confines(pattern: str) -> bool:
    """Whether a regular expression says all of a text, and leaves no room for anything."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    return pattern.startswith("^") and ends and narrow(pattern)


def narrow(pattern: str) -> bool:
    """Whether a regular expression stands for harmless characters alone, or for those that it says."""
    if len(pattern) > _LONGEST:
        return False
    classes = [found[1:-1] for found in _CLASS.findall(pattern)]
    return not _LOOSE.search(_CLASS.sub("", pattern)) and all(map(harmless, classes))


class Arm(NamedTuple):
    """One arm of a `case`."""

    patterns: Sequence[str]
    body: str


def matched(arm: Arm, value: Value) -> Value:
    """What a variable holds in the arm of a `case` that it got to."""
    begins = [_literal(pattern) for pattern in arm.patterns]
    if all(whole for _, whole in begins):
        return (UNKNOWN,)
    return (begins[0][0], *value) if all(text for text, _ in begins) else value


def passed(arms: Sequence[Arm]) -> bool:
    """Whether only harmless texts get past a `case`: the arms for all others leave the script."""
    left = [arm for arm in arms if leaves(arm.body)]
    if any(_refusing(pattern) for arm in left for pattern in arm.patterns):
        return True
    kept = [arm for arm in arms if arm not in left]
    return any("*" in arm.patterns for arm in left) and all(
        _literal(pattern)[1] for arm in kept for pattern in arm.patterns
    )


def confined(arms: Sequence[Arm]) -> tuple[str, ...]:
    """What a text begins with that gets past a `case` whose arm for all others leaves the script."""
    kept = [pattern for arm in arms if not leaves(arm.body) for pattern in arm.patterns]
    begins = [_literal(pattern)[0] for pattern in kept]
    closed = any("*" in arm.patterns and leaves(arm.body) for arm in arms)
    return (min(begins, key=len),) if closed and begins and all(begins) else ()


def _literal(pattern: str) -> tuple[str, bool]:
    """What every text begins with that a glob matches, and whether that is all of it."""
    plain = _GLOB.split(pattern, maxsplit=1)
    return plain[0].strip("\"'"), len(plain) == 1


def _refusing(pattern: str) -> bool:
    """Whether a glob such as `*[!0-9]*` matches every text that could do harm."""
    match = _OTHERS.match(pattern) if len(pattern) <= _LONGEST else None
    return match is not None and harmless(match[1])


def leaves(body: str) -> bool:
    """Whether a branch ends the script, or at least what follows it."""
    return _LEAVES.search(body) is not None
