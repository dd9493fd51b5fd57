"""Scripts for PowerShell and cmd, split into commands by their punctuation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.shell_syntax import Flow, Simple, Unit
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEMPLATE = r"(?P<template>\$\{\{[^}\n]{0,300}+\}\}|\$\[\[[^]\n]{0,300}+\]\])"
_POWERSHELL = pattern(
    rf"""{_TEMPLATE}
    |(?P<comment><\#.*?(?:\#>|\Z)|\#[^\n]*+)
    |(?P<string>@"[ \t]*+\n.*?(?:\n[ \t]*+"@|\Z)|@'[ \t]*+\n.*?(?:\n[ \t]*+'@|\Z)
        |"(?:[^"`]|`.|"")*+"?|'(?:[^']|'')*+'?)
    |(?P<space>[ \t\r]++|`\r?\n)
    |(?P<redirect>[\d*]?>>?(?:&\d)?)
    |(?P<open>[$@]?\()
    |(?P<close>[)}}])
    |(?P<block>@?\{{)
    |(?P<pipe>\|(?!\|))
    |(?P<end>\|\||&&|[;\n])
    |(?P<call>&)
    |(?P<word>(?:`.|[$@](?![({{])|[^\s'"`|;(){{}}&<>$@#]|(?<=\S)\#|\$\{{[^}}\n]{{0,100}}+\}})++)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CMD = pattern(
    rf"""{_TEMPLATE}
    |(?P<comment>(?:(?<=\n)|\A)[ \t]*+(?:@?rem\b|::)[^\n]*+)
    |(?P<string>"[^"\n]*+"?)
    |(?P<space>[ \t\r]++|\^\r?\n|(?:(?<=[\n&|(])|\A)@)
    |(?P<redirect>\d?>>?(?:&\d)?)
    |(?P<pipe>\|(?!\|))
    |(?P<end>\|\||&&?|[\n()])
    |(?P<word>(?:\^.|[^\s"^|&<>()])++)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_KEYWORDS = frozenset(
    "if else elseif for foreach while switch try catch finally function filter param process begin"
    " end do until trap class using throw break continue".split()
)
_ESCAPE = pattern(r"`(.)|\"(\")", re.DOTALL)
_EXPRESSING = frozenset("\"'$([@0123456789-")
"""What an expression begins with; its value is put out."""
_DEEPEST = 50
"""How many parentheses and blocks inside each other are told apart."""
_FILES = frozenset(("-filepath", "-path", "-literalpath", "-file"))
_STORING = frozenset("tee-object out-file set-content add-content".split())


def parse_powershell(unit: Unit) -> list[Simple]:
    """The commands of a PowerShell script."""
    return _Splitter(unit, powershell=True).run(_POWERSHELL.finditer(unit.code))


def parse_cmd(unit: Unit) -> list[Simple]:
    """The commands of a script for cmd.exe."""
    return _Splitter(unit, powershell=False).run(_CMD.finditer(unit.code))


class _Frame:
    """A statement that is being read; each parenthesis and each block has its own."""

    __slots__ = (
        "called",
        "data",
        "depth",
        "flow",
        "opened",
        "outer",
        "spans",
        "stage",
        "subs",
        "targets",
        "words",
    )

    def __init__(
        self, flow: Flow, outer: _Frame | None = None, opened: int = -1, *, data: bool = False
    ) -> None:
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer is not None else 0
        self.opened = opened
        """Where the parenthesis is that began it, -1 for a block."""
        self.data = data
        """The inside of a hash table: keys and values, no commands."""
        self.flow = flow
        self.begin()

    def begin(self, before: Flow | None = None) -> None:
        """Begin the next command; it reads `before`, or what the whole frame reads."""
        flow = self.flow
        self.stage = Flow(before or flow.before, flow, captured=flow.captured)
        self.called = False
        self.words: list[list[str]] = []
        """Each word in pieces."""
        self.spans: list[tuple[int, int]] = []
        self.subs: list[tuple[int, Flow]] = []
        self.targets: dict[int, bool] = {}
        """Indexes of words that are files to write, and whether the output goes there."""

    def add(self, text: str, start: int, end: int) -> None:
        """Add text to the word that ends where it begins, or as a new word."""
        if self.spans and self.spans[-1][1] == start:
            self.words[-1].append(text)
            self.spans[-1] = (self.spans[-1][0], end)
        else:
            self.words.append([text])
            self.spans.append((start, end))

    def redirect(self, operator: str) -> None:
        """Note that the next word is a file, unless the operator joins two streams."""
        if "&" not in operator:
            self.targets[len(self.words)] = operator[0] in "1>*"


class _Splitter:
    """Tokens to commands."""

    def __init__(self, unit: Unit, *, powershell: bool) -> None:
        self.unit = unit
        self.powershell = powershell
        self.found: list[Simple] = []
        self.frame = _Frame(Flow())

    def run(self, tokens: Iterable[re.Match[str]]) -> list[Simple]:
        """The commands of a script's tokens."""
        for token in tokens:
            kind = token.lastgroup or ""
            if kind in ("word", "string", "template", "other"):
                self.frame.add(self._text(kind, token[0]), token.start(), token.end())
            elif kind not in ("space", "comment"):
                self._punctuation(kind, token)
        while self.frame.outer is not None:
            self._close(len(self.unit.code))
        self._finish()
        return self.found

    def _text(self, kind: str, text: str) -> str:
        """A token without its quotes and escapes."""
        if kind == "template":
            return text
        if kind != "string":
            return text.replace("`" if self.powershell else "^", "")
        if text[0] == "@":
            return text[2:-2].strip("\r\n")
        inner = text[1:-1] if len(text) > 1 and text[-1] == text[0] else text[1:]
        if text[0] == "'":
            return inner.replace("''", "'")
        return _ESCAPE.sub(r"\1\2", inner) if self.powershell else inner

    def _punctuation(self, kind: str, token: re.Match[str]) -> None:
        frame = self.frame
        if kind == "redirect":
            frame.redirect(token[0])
        elif kind == "call":
            frame.called = True
        elif kind == "open" and frame.depth < _DEEPEST:
            self.frame = _Frame(Flow(captured=True), frame, token.start())
        elif kind == "block" and frame.depth < _DEEPEST:
            inner = Flow(frame.stage.before, frame.flow, captured=frame.flow.captured)
            self.frame = _Frame(inner, frame, data=token[0] == "@{")
        elif kind == "close":
            self._close(token.end())
        elif kind == "pipe":
            stage = frame.stage
            self._finish()
            frame.begin(stage)
        elif frame.words or token[0] != "\n":  # a line may end after a pipe
            self._finish()
            frame.begin()

    def _close(self, end: int) -> None:
        """Leave a parenthesis or a block."""
        frame = self.frame
        if frame.outer is None:
            return
        self._finish()
        self.frame = frame.outer
        if frame.opened >= 0:
            self.frame.add(self.unit.code[frame.opened : end], frame.opened, end)
            self.frame.subs.append((len(self.frame.words) - 1, frame.flow))

    def _finish(self) -> None:
        """Keep the command that ends here, if it is one."""
        frame = self.frame
        texts = ["".join(pieces) for pieces in frame.words]
        kept = [at for at in range(len(texts)) if at not in frame.targets]
        kept = kept[self._prefix([texts[at] for at in kept]) :]
        if not kept or frame.data or texts[kept[0]].lower() in _KEYWORDS:
            return
        words, spans = [texts[at] for at in kept], [frame.spans[at] for at in kept]
        simple = Simple(self.unit, frame.stage, words, spans, (spans[0][0], frame.spans[-1][1]))
        self.found.append(simple)
        first = self.unit.code[simple.start]
        if self.powershell and (first == "-" or (first in _EXPRESSING and not frame.called)):
            simple.name = ""
        if simple.before is not None and simple.before.reader is None:
            simple.before.reader = simple
        indexes = {at: index - len(words) + len(simple.words) for index, at in enumerate(kept)}
        simple.subs = [(indexes[at], flow) for at, flow in frame.subs if at in indexes]
        simple.redirected = any(frame.targets.values())
        simple.writes += _stored(simple)
        simple.writes += [
            texts[at] for at, output in frame.targets.items() if output and at < len(texts)
        ]

    def _prefix(self, words: list[str]) -> int:
        """How many words come before the command: `$x =`, `return`, `call`."""
        at = 0
        if self.powershell:
            if words[1:2] in (["="], ["+="]):
                self.unit.assigned[words[0].strip("${}")] = self.frame.stage
                at = 2
            if words[at : at + 1] == ["return"]:
                at += 1
            return at
        while at < len(words) and words[at].lower() in ("@", "call"):
            at += 1
        return at


def _stored(simple: Simple) -> list[str]:
    """The files that `Out-File` and its like write."""
    if simple.name.lower() not in _STORING:
        return []
    words = simple.words
    for at, word in enumerate(words[:-1]):
        if word.lower() in _FILES:
            return [words[at + 1]]
    return [word for word in words[1:2] if word[:1] != "-"]
