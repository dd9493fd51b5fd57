"""A baseline: a file that lists the findings that a team knows, so that a scan shows the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelaw.compare import Known, Moves, known, marked, match
from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode, decode, parse
from pipelaw.errors import PolicyError, UnreadableError
from pipelaw.finding import FINGERPRINT, Severity, Suppression
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.finding import Report

FILE = ".pipelaw-baseline.json"
VERSION = 1
_KEYS = ("rule", "path", "severity", "fingerprint", "identity", "words")
_ANEW = "write it anew with `pipelaw baseline`"
_WORDS = {severity.word: severity for severity in Severity}


def dump(report: Report) -> str:
    """A baseline of the open findings of a report: sorted, one on each line."""
    rows = sorted(
        (one.rule, one.path, one.severity.word, one.fingerprint, one.identity, one.words)
        for one in map(known, report.open)
    )
    lines = [json.dumps(dict(zip(_KEYS, row, strict=True))) for row in rows]
    listed = ",\n".join(f"    {line}" for line in lines)
    head = f'{{\n  "version": {VERSION},\n  "recipe": {json.dumps(FINGERPRINT)},\n  "findings": ['
    return f"{head}\n{listed}\n  ]\n}}\n" if listed else f"{head}]\n}}\n"


def load(shown: str, data: bytes) -> list[Known]:
    """The findings that a baseline lists; raises PolicyError with line and column."""
    try:
        source = decode(shown, data)
        value = json.loads(source.text)
    except UnreadableError as error:
        raise PolicyError(str(error)) from None
    except json.JSONDecodeError as error:
        where = f"{shown}:{error.lineno}:{error.colno}"
        said = error.msg[:1].lower() + error.msg[1:]
        raise PolicyError(f"{where}: no JSON ({said}); {_ANEW}") from None
    except RecursionError:
        raise PolicyError(f"{shown}:1:1: nested too deeply for a baseline; {_ANEW}") from None
    route, wrong = _fault(value)
    if wrong:
        raise PolicyError(f"{_where(shown, data, route)}: {wrong}; {_ANEW}")
    return [
        Known(
            entry["rule"],
            entry["path"],
            entry["fingerprint"],
            entry["identity"],
            _WORDS[entry["severity"]],
            words=entry["words"],
        )
        for entry in value["findings"]
    ]


def applied(
    report: Report, before: Iterable[Known], gone: Callable[[str], bool]
) -> tuple[Report, Sequence[Known]]:
    """The report with what a baseline lists marked as suppressed, and its entries that match nothing.

    `gone` tells of a path whether there is no such file any more, so that it may have another name.
    """
    entries = list(before)
    listed = {entry.path for entry in entries}

    def moved(source: str, target: str) -> bool:
        return target not in listed and gone(source)

    def carried(_source: str, target: str) -> bool:
        return target not in listed

    moves = Moves(moved, moved, carried)
    matched = match(report.findings, entries, report.rules, moves)
    findings = marked(report.findings, matched.old, Suppression("baseline"))
    return replaced(report, findings=tuple(findings)), matched.stale


def _fault(value: object) -> tuple[list[str | int], str]:
    """What is wrong with a baseline, and the keys that lead there; "" for nothing."""
    if not isinstance(value, dict) or "version" not in value:
        return [], "no baseline: it has no `version`"
    if value["version"] != VERSION:
        return ["version"], f"version {value['version']!r} is not {VERSION}"
    if value.get("recipe") != FINGERPRINT:
        return ["recipe"], f"its fingerprints were not made by the recipe `{FINGERPRINT}`"
    if not isinstance(value.get("findings"), list):
        return ["findings"], "`findings` is no list"
    for number, entry in enumerate(value["findings"]):
        key, wrong = _entry_fault(entry)
        if wrong:
            return ["findings", number, key], wrong
    return [], ""


def _entry_fault(entry: object) -> tuple[str, str]:
    if not isinstance(entry, dict):
        return "", "a finding is an object with " + ", ".join(f"`{key}`" for key in _KEYS)
    for key in _KEYS:
        if not isinstance(entry.get(key), str):
            return key, f"`{key}` is missing" if key not in entry else f"`{key}` is no text"
    if entry["severity"] not in _WORDS:
        return "severity", f"`{entry['severity']}` is no severity"
    return "", ""


def _where(shown: str, data: bytes, route: Sequence[str | int]) -> str:
    """The place of a value in JSON text; of what it would be in, where it is missing."""
    source = decode(shown, data)
    try:
        roots = parse(source)
    except UnreadableError:
        return f"{shown}:1:1"
    node: Node | None = roots[0] if roots else None
    at = 0
    for key in route:
        if node is None:
            break
        at = node.start_mark.index
        node = _child(node, key)
    index = node.start_mark.index if node is not None else at
    line, column = source.position(index)
    return f"{shown}:{line}:{column}"


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node, SequenceNode) and isinstance(key, int):
        return node.value[key] if key < len(node.value) else None
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if isinstance(name, ScalarNode) and name.value == key:
                return value if isinstance(value, Node) else None
    return None
