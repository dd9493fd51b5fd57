"""What a parsed script is made of: simple commands, and the flows of text between them."""

from __future__ import annotations

from pipelaw.facts import shell_words


class Unit:
    """One text that is parsed as a script: the whole script, or a script inside one of its words."""

    __slots__ = ("assigned", "base", "code", "depth", "end", "exact", "expanded")

    def __init__(
        self,
        code: str,
        base: int = 0,
        end: int = -1,
        *,
        depth: int = 0,
        exact: bool = True,
        expanded: bool = False,
    ) -> None:
        self.code = code
        self.base = base
        """Where it begins in the whole script."""
        self.end = base + len(code) if end < 0 else end
        self.exact = exact
        """Its characters are in the whole script as they are here; quoted ones do not."""
        self.depth = depth
        """How many scripts it is nested in."""
        self.expanded = expanded
        """The outer shell runs the substitutions in it before it is read."""
        self.assigned: dict[str, Flow] = {}
        """The variables that get the output of commands."""

    def absolute(self, start: int, end: int) -> tuple[int, int]:
        """A range of this text as a range of the whole script; all of it where it is not exact."""
        return (self.base + start, self.base + end) if self.exact else (self.base, self.end)


class Flow:
    """Commands that share their input and output: a stage of a pipeline, a group, a substitution."""

    __slots__ = ("before", "captured", "last", "reader", "up", "writes")

    def __init__(
        self,
        before: Flow | None = None,
        up: Flow | None = None,
        writes: tuple[str, ...] = (),
        *,
        captured: bool = False,
    ) -> None:
        self.before = before
        """What its commands read; None for nothing that is in the script."""
        self.up = up
        """The flow whose output this one's output becomes."""
        self.writes = writes
        """The files that its commands write to without saying so themselves."""
        self.captured = captured
        """Its output becomes part of a word or an assignment."""
        self.last: Simple | None = None
        """Its last command so far."""
        self.reader: Simple | None = None
        """The first command that reads its output."""

    def add(self, simple: Simple) -> None:
        """Note the next command of this flow, and of the flows that it ends."""
        flow: Flow | None = self
        while flow is not None:
            flow.last = simple
            flow = flow.up

    def consumer(self) -> Simple | None:
        """The command that reads what this flow puts out, None for nobody in the script."""
        flow: Flow | None = self
        while flow is not None and flow.reader is None:
            flow = flow.up
        return None if flow is None else flow.reader


class Fed:
    """A piece of the script that a command reads as its input: a here-document or here-string."""

    __slots__ = ("end", "expanded", "literal", "simple", "start")

    def __init__(self, start: int, end: int, *, literal: bool, expanded: bool) -> None:
        self.start = start
        self.end = end
        self.literal = literal
        """Quoted: nothing in it is expanded before it is read."""
        self.expanded = expanded
        """Its substitutions are among the commands of the script already."""
        self.simple: Simple | None = None
        """The command that reads it."""

    @property
    def taker(self) -> shell_words.Reading:
        """How the command that reads it, or the one after `cat`, takes it for code."""
        simple = self.simple
        if simple is not None and simple.name in PASSING:
            simple = simple.flow.consumer()
        if simple is None or not simple.reading.stdin:
            return shell_words.NO_READING
        return simple.reading


class Simple:
    """A simple command; offsets are those of its unit."""

    __slots__ = (
        "_reading",
        "arguments_from_input",
        "before",
        "end",
        "fed",
        "flow",
        "name",
        "reads",
        "redirected",
        "remote",
        "spans",
        "start",
        "subs",
        "unit",
        "verified",
        "words",
        "writes",
    )

    def __init__(
        self,
        unit: Unit,
        flow: Flow,
        words: list[str],
        spans: list[tuple[int, int]],
        place: tuple[int, int],
    ) -> None:
        self.name = shell_words.name(words[0])
        """The program's, without its folder."""
        at = 0
        if self.name in shell_words.WRAPPERS:
            at = shell_words.program(words)
            self.name = shell_words.name(words[at])
        self.unit = unit
        self.flow = flow
        self.words = words[at:] if at else words
        """The program after all wrappers, and its arguments; quotes removed."""
        self.spans = spans[at:] if at else spans
        """Where each word is."""
        self.arguments_from_input = at > 0 and "xargs" in words[:at]
        self.start, self.end = place
        self.before = flow.before
        """The flow that it reads."""
        self.fed: list[Fed] = []
        self.reads = ""
        """The file that its input is redirected from."""
        self.redirected = False
        """Its output is redirected."""
        self.writes: list[str] = []
        if self.name == "tee":
            self.writes += [word for word in self.words[1:] if word[:1] != "-"]
        self.subs: list[tuple[int, Flow]] = []
        """The substitutions in its words, with the index of the word."""
        self.remote = ""
        self.verified = False
        self._reading: shell_words.Reading | None = None
        flow.add(self)

    @property
    def reading(self) -> shell_words.Reading:
        """What it takes for code."""
        if self._reading is None:
            self._reading = shell_words.reading(self.words)
        return self._reading

    @property
    def stages(self) -> list[Simple]:
        """The commands whose output it reads, the nearest first; of a very long pipeline the last."""
        found: list[Simple] = []
        flow = self.before
        while flow is not None and flow.last is not None and len(found) < 20:
            found.append(flow.last)
            flow = flow.last.before
        return found

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that get its output, as written."""
        found = list(self.writes)
        if not self.redirected:
            found += self.flow.writes
            reader = self.flow.consumer()
            if reader is not None and reader is not self and reader.name.lower() in _STORING:
                found += reader.writes
        return tuple(file for file in dict.fromkeys(found) if file not in _NO_FILES)


PASSING = frozenset("cat tee envsubst sed tr echo printf gunzip zcat gzip".split())
"""Programs whose output is, more or less, their input or their arguments."""
_STORING = frozenset("tee tee-object out-file set-content add-content".split())
"""Programs that put their input into the files that they are named."""
_NO_FILES = frozenset(("/dev/null", "/dev/stderr", "/dev/stdout", "/dev/tty", "NUL", "$null"))
