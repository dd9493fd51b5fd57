"""How a script lets out the secrets that it is handed: into the log, or over the network.

Runners hide a secret in their logs wherever its exact text is printed. What is made from one (a field
of it, another encoding of it) is not hidden, and that is where secrets are lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelaw.facts.secret_dumps import PRINTERS, dumps, filtered, may_dump, printing, through
from pipelaw.facts.secret_expansions import changed, expands, fed, visible
from pipelaw.facts.secret_hosts import RAW, SENDERS, astray, collector, device, host, unprotected
from pipelaw.facts.secret_names import meaning
from pipelaw.facts.secret_outputs import code_of, kept_as, logged, silent, to_file
from pipelaw.facts.secret_stores import fetched, may_take, picks, put_in, taken
from pipelaw.facts.secret_traces import TRACED, Traces, named_bare, tracing
from pipelaw.facts.shell_scan import scan
from pipelaw.facts.shell_words import naming
from pipelaw.facts.shells import family
from pipelaw.model import Leak
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipelaw.facts.shell_syntax import Simple
    from pipelaw.model import Script, Secret
    from pipelaw.words import LeakWay


class Held(NamedTuple):
    """A variable that holds a secret."""

    secret: str
    derived: bool = False
    """What it holds was made from the secret."""
    token: bool = False
    """It is the job's own token."""
    file: bool = False
    """It holds the path of a file with the secret."""
    fetched: bool = False
    """It holds what the command of that name took out of a store."""


def handed(secrets: Iterable[Secret]) -> dict[str, Held]:
    """The variables in which secrets are handed to a script."""
    return {
        secret.target: Held(
            secret.name, secret.unmasked, secret.store == "token", secret.use == "file"
        )
        for secret in secrets
        if secret.use in ("environment", "file") and secret.target.isidentifier()
    }


_CHANGERS = frozenset(
    "base64 base32 jq yq cut sed awk tr rev xxd od hexdump head tail fold openssl python python3"
    " perl grep gunzip strings".split()
)
"""Programs that make another text from the one that they read."""
_READERS = frozenset("cat base64 base32 jq head tail xxd od strings".split())
"""Those that print what is in the files that they are given."""
_CODE = frozenset({"python", "javascript", "node"})
"""Languages whose prints are looked for in code that is in a script, or is one."""
_ANY = pattern(
    naming({*PRINTERS, *SENDERS, *_CHANGERS, "printenv", "env"})
    + r"|\b(?:pprint|console|core|log(?:ging|ger)?|std(?:out|err)|declare|typeset|environ)\b"
    r"|\bexport -p\b|" + TRACED
)
"""Without a match in its text, in lower case, a script lets nothing out."""
_ASSIGNED = pattern(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+|declare[ \t]+(?:-\w+[ \t]+)*|\$)?"
    r"(?P<name>[A-Za-z_]\w*)[ \t]?=[ \t]?(?P<value>[^\n]*)",
    re.MULTILINE,
)
_EXPORTED = pattern(r"[\"']?(?P<name>[A-Za-z_]\w*)=")
_SAME = pattern(
    r"\"?\$\((?:printenv|echo|printf[ \t]+['\"]?%s['\"]?)(?:[ \t]+-n)?[ \t]+\"?[^\"|()]*\"?\)\"?\Z"
)
_MADE = pattern(
    r"(?:echo|printf)\b[^\n]*\|[ \t]*(?:" + "|".join(sorted(_CHANGERS)) + r")\b"
    r"|\b(?:" + "|".join(sorted(_CHANGERS)) + r")\b[^\n]*<<<"
)


class Runner(NamedTuple):
    """What a platform understands in a script, beside what the shell does."""

    mask: str = ""
    """What is printed before a value to have it hidden in the log, "" where nothing does that."""
    exports: str = ""
    """What names the file that sets the variables of later steps."""
    template: re.Pattern[str] | None = None
    """A secret that is pasted into the text; its group `name` is the secret's name."""
    shown: str = ""
    """What names the file that is shown beside the log, and masked like it."""
    continued: bool = False
    """The next script goes on in the same shell, with its variables."""
    after: str = ""
    """The text of that script, where its commands are printed because of this one."""


PLAIN = Runner()


def leaks(
    script: Script,
    held: Mapping[str, Held],
    *,
    runner: Runner = PLAIN,
    pasted: bool = False,
    kept: Sequence[str] = (),
) -> tuple[tuple[Leak, ...], dict[str, Held]]:
    """What a script lets out, and the variables with secrets that it hands to later steps.

    `held` are the variables that hold secrets; with `pasted`, templates may put some into the text.
    `kept` are the files that the job stores for others, perhaps with wildcards.
    """
    text = script.text + runner.after
    language = family(script.shell)
    if language not in ("bash", "pwsh"):
        return _printed(script, held, runner), {}
    fetching = may_take(text)
    if not fetching and not pasted and not any(name in text for name in held):
        return tuple(_dumped(script, language, held, kept, runner)) if held else (), {}
    if not fetching and not _ANY.search(text.lower()):
        return (), {}
    search = _Search(script, held, kept, runner)
    if fetching:
        search.fetch()
    search.assignments()
    for simple in scan(script.text, language):
        search.command(simple)
    return tuple(search.leaks), search.exported


def _printed(script: Script, held: Mapping[str, Held], runner: Runner) -> tuple[Leak, ...]:
    """What a script of another language than a shell's prints."""
    if script.shell not in _CODE or not _ANY.search(script.text.lower()):
        return ()
    from pipelaw.facts.secret_prints import prints  # noqa: PLC0415  few scripts are no shell's

    known = {name: one for name, one in held.items() if not one.file}
    return tuple(prints(script, known, runner.template))


def _dumped(
    script: Script, language: str, held: Mapping[str, Held], kept: Sequence[str], runner: Runner
) -> Iterator[Leak]:
    """The whole environment, printed by a script that names no secret."""
    if not may_dump(script.text):
        return
    search = _Search(script, held, kept, runner)
    for simple in scan(script.text, language):
        search.command(simple)
    yield from search.leaks


class _Search:
    """One script, read from top to bottom."""

    def __init__(
        self, script: Script, held: Mapping[str, Held], kept: Sequence[str], runner: Runner = PLAIN
    ) -> None:
        self.runner = runner
        self.script = script
        self.held = {name: one for name, one in held.items() if not one.file}
        self.files = {name: one for name, one in held.items() if one.file}
        self.surrounded = bool(self.held)
        """Its environment holds secrets, so whoever prints all of it prints them."""
        self.kept = kept
        self.leaks: list[Leak] = []
        self.exported: dict[str, Held] = {}
        self.mask = script.text.find(runner.mask) if runner.mask else -1
        """Where a value is hidden for the first time, -1 for nowhere."""
        self.ordered = "()" not in script.text  # functions run elsewhere than they are written
        self.powershell = family(script.shell) == "pwsh"
        self.traces: Traces | None = None
        self.fetching = False  # it takes secrets out of a store

    def fetch(self) -> None:
        """Learn which variables hold what came out of a store."""
        self.fetching = True
        for name, said in taken(
            scan(self.script.text + self.runner.after, family(self.script.shell))
        ):
            self.held[name] = Held(said, derived=True, fetched=True)
            if self.runner.continued:
                self.exported[name] = self.held[name]

    def assignments(self) -> None:
        """Follow secrets from variable to variable."""
        for match in _ASSIGNED.finditer(self.script.text):
            name, value = match["name"], match["value"]
            source = self.found(value)
            if source is None:
                continue
            if self.powershell and value[:1] not in ('"', "$"):
                continue  # what a command gives back
            if ("$(" not in value and "`" not in value) or _SAME.match(value):
                self.held[name] = source
            elif _MADE.search(value) and (not source.fetched or meaning(name).level):
                self.held[name] = source._replace(derived=True)

    def found(self, code: str) -> Held | None:
        """The secret that a piece of script expands; one that was made from a secret comes first."""
        best: Held | None = None
        for name, one in self.held.items():
            if name in code and (best is None or one.derived) and expands(code, name):
                best = one if one.derived else one._replace(derived=changed(code, name))
        template = self.runner.template
        if best is None and template is not None and (match := template.search(code)):
            best = Held(match["name"].upper())
        return best

    def command(self, simple: Simple) -> None:
        """Judge one command."""
        name = simple.name.lower()
        code = code_of(simple)
        if self.fetching and (said := fetched(simple)):
            self.let_out(simple, Held(said, derived=True, fetched=True))
        elif dumps(simple):
            self.dump(simple)
        elif printing(simple):
            self.printed(simple, code)
        elif name in _CHANGERS:
            self.changed(simple)
        elif name == "tee":
            self.doubled(simple)
        elif name in SENDERS:
            self.sent(simple, name, code)
        else:
            self.dump(simple)
        if simple.reading.language in _CODE and self.logged(simple):
            self.coded(simple)

    def coded(self, simple: Simple) -> None:
        """`python -c "print(…)"`, and code in a here-document."""
        from pipelaw.facts.secret_prints import embedded  # noqa: PLC0415  few scripts hold code

        self.leaks += embedded(self.script, simple, self.held, self.runner.template)

    def printed(self, simple: Simple, code: str) -> None:
        """`echo "$TOKEN"`, or `echo "NAME=$TOKEN"` into the environment of later steps."""
        source = self.found(visible(code, simple, self.runner.template)) or self.content(simple)
        if source is None and self.fetching and (said := put_in(simple)):
            source = Held(said, derived=True, fetched=True)
        if source is None and "$(" in code and _MADE.search(code) and "grep -" not in code:
            within = self.found(code)
            source = Held(within.secret, derived=True) if within is not None else None
        mask, exports = self.runner.mask, self.runner.exports
        if source is None or (mask and mask in code):
            return
        if exports and any(exports in file for file in simple.outputs):
            match = _EXPORTED.search(code.partition(" ")[2])
            if match is not None and source.derived and self.mask < 0:
                self.exported[match["name"]] = source
        else:
            self.let_out(simple, source)

    def let_out(self, simple: Simple, source: Held) -> None:
        """A secret that a command prints: into the log, or into a file."""
        if not self.logged(simple):
            self.stored(simple, source)
        elif not (source.derived and self.masked(simple)):
            self.add(simple, "log", source)

    def stored(self, simple: Simple, source: Held) -> None:
        """`echo "TOKEN=$TOKEN" >> build.env`, which the job then hands to others, or into a connection."""
        for file in simple.outputs:
            if to := device(file):
                self.add(simple, "network", source, to)
            elif self.kept and kept_as(file, self.kept):
                self.add(simple, "file", source, file)

    def logged(self, simple: Simple) -> bool:
        """Whether what a command prints is shown to whoever looks at the run."""
        shown = self.runner.shown
        if shown and any(shown in file for file in simple.outputs):
            return True
        return logged(simple)

    def masked(self, simple: Simple) -> bool:
        """Whether what was made from a secret may be hidden by now: too late once it is printed."""
        start, _ = simple.unit.absolute(simple.start, simple.end)
        return self.mask >= 0 and (self.mask < start or not self.ordered)

    def changed(self, simple: Simple) -> None:
        """`echo "$TOKEN" | base64`, and `jq .key <<< "$TOKEN"`."""
        logged = self.logged(simple)
        if (logged and self.masked(simple)) or not (logged or simple.outputs):
            return
        quiet = silent if simple.name == "grep" else to_file
        if any(quiet(word) for word in simple.words[1:]):
            return
        source = self.found(fed(simple)) or self.piped(simple) or self.content(simple)
        if source is not None and source.fetched and not picks(simple):
            return
        if source is not None and logged:
            self.add(simple, "log", source._replace(derived=True))
        elif source is not None:
            self.stored(simple, source)

    def content(self, simple: Simple) -> Held | None:
        """The secret in a file that a command prints: `cat "$KEY_FILE"`."""
        if not self.files or simple.name not in _READERS:
            return None
        words = {word.strip("${}") for word in simple.words[1:] if word[:1] == "$"}
        return next((one for name, one in self.files.items() if name in words), None)

    def doubled(self, simple: Simple) -> None:
        """`echo "$TOKEN" | tee file`."""
        source = self.piped(simple) if self.logged(simple) else None
        if source is not None and not (source.derived and self.masked(simple)):
            self.add(simple, "log", source)

    def piped(self, simple: Simple) -> Held | None:
        """The secret at the beginning of a command's pipeline."""
        for before in simple.stages:
            if printing(before):
                return self.found(visible(code_of(before), before, self.runner.template))
            if self.fetching and (said := fetched(before)):
                return Held(said, derived=True, fetched=True)
        return None

    def sent(self, simple: Simple, name: str, code: str) -> None:
        """A secret in a request to somewhere unexpected."""
        to = host(name, code)
        if not to:
            return
        source = self.found(code) or self.found(fed(simple)) or self.piped(simple)
        if source is None and self.surrounded and any(map(dumps, simple.stages)):
            source = Held("*")
        if source is not None:
            self.add(simple, "network", source, to)

    def dump(self, simple: Simple) -> None:
        """`printenv`, `env` without a command, `set -x`."""
        name = simple.name.lower()
        traced = name == "set" and tracing(simple.words) and self.named_after(simple)
        bare = self.surrounded and dumps(simple)
        last = through(simple) if bare else simple
        named = (name for name, one in self.held.items() if not one.token)
        let = filtered(simple, named) if bare else None
        if traced or (bare and self.logged(last)):
            self.add(simple, "log", (traced and self.bare_after(simple)) or Held("*"))
        elif let is not None and not any(map(silent, let[1].words[1:])):
            if not self.logged(let[1]):
                self.stored(let[1], self.held.get(let[0], Held("*")))
            elif let[0] != "*":  # a log hides most of those that only the platform knows
                self.add(simple, "log", self.held[let[0]])
        elif bare:
            self.stored(last, Held("*"))

    def named_after(self, simple: Simple) -> bool:
        """Whether the script names a secret between a `set -x` and the next `set +x`."""
        if not self.ordered:
            return True
        if self.traces is None:
            self.traces = Traces(self.script.source_text.text + self.runner.after)
        start = simple.unit.absolute(simple.start, simple.end)[1]
        return self.traces.named(start, self.held, self.runner.template)

    def bare_after(self, simple: Simple) -> Held | None:
        """What no mask hides, where the script names it between a `set -x` and the next `set +x`."""
        names = [name for name, one in self.held.items() if one.derived]
        if not names or self.masked(simple):
            return None
        start = simple.unit.absolute(simple.start, simple.end)[1]
        name = named_bare(self.script.source_text.text + self.runner.after, start, names)
        return self.held.get(name)

    def add(self, simple: Simple, way: LeakWay, source: Held, to: str = "") -> None:
        """Note a leak; what a store gave is on its way to whoever it is for."""
        if way == "network" and source.fetched:
            return
        start, end = simple.unit.absolute(simple.start, simple.end)
        traced = simple.name == "set"
        self.leaks.append(
            Leak(
                way=way,
                secret=source.secret,
                to=to,
                collected=way == "network" and collector(to),
                derived=source.derived,
                token=source.token,
                fetched=source.fetched,
                raw=way == "network" and (simple.name in RAW or unprotected(to, code_of(simple))),
                astray=way == "network" and astray(source.secret, to),
                traced=traced,
                by="set -x" if traced else fetched(simple) or simple.name,
                place=self.script.source_text.place(start, end),
            )
        )
