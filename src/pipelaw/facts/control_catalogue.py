"""The security tools that are known, and the signs by which a pipeline shows them."""

from __future__ import annotations

from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipelaw.document import parse
from pipelaw.patterns import pattern
from pipelaw.prepared import once
from pipelaw.records import NamedTuple
from pipelaw.source import Source

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from pipelaw.document import Node

PRECOMMIT = "precommit"
"""The category of signs that hooks run, which a file of the repository lists."""
OPAQUE = "opaque"
"""The category of signs that some tools run, and only their configuration says which."""

TOKEN = pattern(r"[\w.-]+")
"""The pieces of a text that are compared with the names of tools."""

_SPACED = bytes(code if code > 127 or TOKEN.match(chr(code)) else ord(" ") for code in range(256))
"""For `bytes.translate`: what is in no token becomes a space."""

_KINDS = ("uses", "images", "runs", "includes", "components", "reports", "hooks")


class Tool(NamedTuple):
    """One security tool, and what makes it weaker."""

    name: str
    gate: tuple[str, ...] = ()
    """One of these flags, inputs or variables has to be given, or findings never fail the step."""
    soft: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Flags with one dash, and inputs, with which findings do not fail the step; their values, or any."""
    idle: tuple[str, ...] = ()
    """Flags and words of a command with which nothing is scanned."""
    advisory: bool = False
    """Findings can never fail the step."""
    off: tuple[str, ...] = ()
    """Variables that switch it off."""
    excluded: tuple[str, ...] = ()
    """Variables with a list of what is left out, and after `=` what does most of the work."""
    jobs: tuple[str, ...] = ()
    """Jobs of its template."""
    base: tuple[str, ...] = ()
    """Those of them that only others extend, with `rules` of their own."""
    core: tuple[str, ...] = ()
    """Those of them without which it finds almost nothing."""
    on_changes: str = ""
    """The variable with which they also run for change requests, "" where they do anyway."""


class Sign(NamedTuple):
    """One way in which a tool shows."""

    tool: Tool
    category: str
    words: tuple[str, ...] = ()
    """Of commands: the words that have to follow the program."""
    input: str = ""
    """Of actions: the input that has to have one of `values`."""
    values: tuple[str, ...] = ()


Index = dict[str, list[Sign]]


class Catalogue(NamedTuple):
    """Everything in data/controls.yaml, by what it is looked up with."""

    signs: Mapping[str, Index]
    """By kind of sign, then by the name in lower case (programs as they are); without `*`."""
    patterns: Mapping[str, Index]
    """The same for names with `*`."""
    tokens: frozenset[bytes]
    """A script without any of these, and without any of `pieces`, has no sign in it."""
    pieces: tuple[str, ...]
    wrappers: Mapping[str, list[tuple[str, ...]]]
    """Programs that run another, by their first word: the words that follow, longest first."""
    aliases: Mapping[str, str]
    delivering: frozenset[str]
    """Actions and reports that hand findings to the review."""
    early: frozenset[str]
    """The categories that have to look at a change before it is merged."""
    expected: Mapping[str, frozenset[str]]
    """The categories that can be missing, and the languages that call for each."""
    plain: frozenset[str]
    """Programs whose names are common words, too."""
    traces: Mapping[str, Any]
    """By program: the files that tell it what to run."""
    hints: Mapping[str, Any]
    """By category: names in such files that say as much as a program."""
    services: Mapping[str, Any]
    """By category: files that configure services which need no pipeline."""

    def mentioned(self, text: str) -> bool:
        """Whether a script may run a known tool: quick, and never wrongly False."""
        # bytes, for they are split in a third of the time that a regular expression takes
        words = text.encode("utf-8", "replace").translate(_SPACED).split()
        if not self.tokens.isdisjoint(words):
            return True
        for piece in self.pieces:  # noqa: SIM110  any() takes twice as long
            if piece in text:
                return True
        return False

    def find(self, kind: str, name: str) -> tuple[Sign, ...]:
        """The signs of one kind for a name, in any case."""
        return _find(kind, name)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue; read when first asked for."""
    data = once("controls", _data)
    signs: dict[str, Index] = {kind: {} for kind in _KINDS}
    patterns: dict[str, Index] = {kind: {} for kind in _KINDS}
    soft = _soft(data["soft"])
    for name, entry in data["tools"].items():
        _read_tool(signs, patterns, _tool(name, entry, soft), entry)
    for category in (PRECOMMIT, OPAQUE):
        _read_tool(signs, patterns, Tool(category), {category: data[category]})
    tokens, pieces = _triggers(signs, frozenset(data["common"]))
    return Catalogue(
        signs=signs,
        patterns=patterns,
        tokens=frozenset(token.encode() for token in tokens),
        pieces=pieces,
        wrappers=_wrappers(data["wrappers"]),
        aliases={name: known for name, [known] in data["aliases"].items()},
        delivering=frozenset(data["delivers"]["uses"] + data["delivers"]["reports"]),
        early=frozenset(data["early"]),
        expected={name: frozenset(wanted) for name, wanted in data["expected"].items()},
        plain=frozenset(data["plain"]),
        traces=data["traces"],
        hints=data["hints"],
        services=data["services"],
    )


def _data() -> Any:  # noqa: ANN401  as the file has it
    path = Path(__file__).parent.parent / "data" / "controls.yaml"
    return _plain(parse(Source("controls.yaml", path.read_text("utf-8")))[0])


def _plain(node: Node) -> Any:  # noqa: ANN401  # data of any shape
    """Mappings and lists of a node; a text is a list as well, with commas, which is read much faster."""
    value = node.value
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    if value and isinstance(value[0], tuple):
        return {key.value: _plain(item) for key, item in value}
    return [item.value for item in value]


def _tool(name: str, entry: Mapping[str, Any], soft: dict[str, frozenset[str]]) -> Tool:
    return Tool(
        name=name.partition(" ")[0],
        gate=tuple(entry.get("gate", ())),
        soft={**soft, **_soft(entry["soft"])} if "soft" in entry else soft,
        idle=tuple(entry.get("idle", ())),
        advisory="advisory" in entry,
        off=tuple(entry.get("off", ())),
        excluded=tuple(entry.get("excluded", ())),
        jobs=tuple(entry.get("jobs", ())),
        base=tuple(entry.get("base", ())),
        core=tuple(entry.get("core", ())),
        on_changes="".join(entry.get("on_changes", ())),
    )


def _soft(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Flags and inputs by name, with the values that count."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        key = f"-{name.lstrip('-')}" if name.startswith("-") else name.lower()
        found[key] = found.get(key, frozenset()) | ({value} if value else frozenset())
    return found


def _read_tool(
    signs: dict[str, Index], patterns: dict[str, Index], tool: Tool, entry: Mapping[str, Any]
) -> None:
    """Enter the signs of one tool under their names."""
    for category, kinds in entry.items():
        if not isinstance(kinds, dict):
            continue
        for kind, texts in kinds.items():
            for text in texts:
                name, sign = _sign(tool, category, kind, text)
                index = patterns if kind != "runs" and "*" in name else signs
                index[kind].setdefault(name, []).append(sign)


def _sign(tool: Tool, category: str, kind: str, text: str) -> tuple[str, Sign]:
    """The name that a sign is looked up with, and the sign."""
    if kind == "runs":
        program, *words = text.split()
        return program, Sign(tool, category, tuple(words))
    name, _, wanted = text.partition("?")
    key, _, values = wanted.partition("=")
    return name.lower(), Sign(tool, category, (), key, tuple(values.split("|")) if key else ())


def _triggers(
    signs: Mapping[str, Index], common: frozenset[str]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """The tokens and the pieces of text without which no command can be a sign."""
    tokens = {name.rpartition("/")[2] for name in signs["images"]}
    pieces: set[str] = set()
    for program, found in signs["runs"].items():
        if program not in common:
            tokens.add(program)
            continue
        for sign in found:
            words = [word for word in sign.words if word not in common] or sign.words
            word = max(words, key=len)
            if "*" in word:
                pieces.add(max(word.split("*"), key=len))
            else:
                tokens.add(max(TOKEN.findall(word), key=len))
    least = [piece for piece in pieces if not any(o in piece for o in pieces if o != piece)]
    return frozenset(tokens), tuple(sorted(least))


def _wrappers(texts: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for text in texts:
        first, *rest = text.split()
        found.setdefault(first, []).append(tuple(rest))
    for rests in found.values():
        rests.sort(key=len, reverse=True)
    return found


def fits(text: str, glob: str) -> bool:
    """Whether a text is one that a pattern of the catalogue stands for."""
    return _glob(glob).match(text) is not None


@lru_cache(maxsize=1024)
def _glob(glob: str) -> re.Pattern[str]:
    # compiled for later runs too, which `fnmatch` does not
    return pattern(translate(glob))


@lru_cache(maxsize=4096)
def _find(kind: str, name: str) -> tuple[Sign, ...]:
    known = catalogue()
    name = name.lower()
    found = list(known.signs[kind].get(name, ()))
    for glob, signs in known.patterns[kind].items():
        if fits(name, glob):
            found.extend(signs)
    return tuple(found)
