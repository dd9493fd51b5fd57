"""The parts that are there only where something may be wrong: mistakes, leaks, and AI agents.

Unlike the parts in `parts`, which are there for everything that a pipeline has, these are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.place import NOWHERE, Place
from pipelaw.records import Identity, record

if TYPE_CHECKING:
    from pipelaw import words


@record
class Flaw:
    """Something that does not do what it seems to do, or does it unsafely."""

    kind: words.FlawKind
    """Of conditions: always-true, constant (the same result in every run), malformed, substring (a piece of a
    text is searched for where a list was meant), ternary (`a && b || c` never gives b), spoofable (a bot is
    told by who acted last), loose (a pattern without anchors), roundabout (an expression computes a
    constant). Of commands: unverified (a check of the other side is off), concealed, confusion (a second
    package index), argument (a secret among the arguments). Of settings: trace (everything is logged),
    misfeature (discouraged), app-token (wider than needed), shared-cache (of protected branches and
    others)."""
    text: str
    """As written; the name of the option or variable for some."""
    detail: str = ""
    """always-true, malformed, misfeature, app-token: why, as a clause. constant: never or always. substring,
    spoofable: the context that is compared. ternary: the value that is lost. loose: the pattern. unverified:
    what is not checked. concealed: what the command does, as a clause. argument: the name of the secret.
    trace: who logs, where it is not the runner. "" for others."""
    decisive: bool = False
    """always-true: read as it is meant, it would have kept outsiders out. substring, spoofable: whoever makes
    it hold gets past the whole condition. unverified: nothing is checked at all, not only what was not met
    before. trace: values of variables are logged. app-token: an input makes it wider. False for others."""
    author: str = ""
    """Who writes what it looks at, where an outsider does."""
    exposed: bool = False
    """An outsider can cause its step or job to run with the permissions of the base repository."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.kind}:{' '.join(self.text.split())}"


@record
class Leak:
    """A secret that a script lets out of the job."""

    way: words.LeakWay
    """file is one that the job stores; mask is the request to hide it, which shows it."""
    secret: str
    """The name of the secret, or the text that holds one."""
    to: str = ""
    """Of the network: the host, "" where it is not literal; of a file: its name."""
    derived: bool = False
    """What gets out was made from the secret, so nothing knows that it has to be hidden."""
    collected: bool = False
    """Of the network: anybody can have something sent to that host without saying who they are."""
    raw: bool = False
    """Of the network: it goes over a plain connection, to a number without a name, or into a look-up."""
    astray: bool = False
    """Of the network: it is called after a public service, and the host does not look like that."""
    traced: bool = False
    """Of the log: the shell's trace of its commands shows it."""
    token: bool = False
    """It is the job's own token."""
    fetched: bool = False
    """It came out of a store: `secret` is the command that took it."""
    by: str = ""
    """The program that lets it out, or the command that takes it out of a store and prints it."""
    place: Place = NOWHERE

    identity = Identity("way", "secret", "by")


@record
class Agent:
    """A language model that a step gives a task, or hands its tools to."""

    name: str
    """Who answers: the action or program."""
    author: str = ""
    """Who decides what its task says, where an outsider's text is part of it."""
    prompt: str = ""
    """The expansion that puts that text in."""
    guarded: bool = False
    """It refuses by itself to work for people who may not write to the repository."""
    everyone: bool = False
    """The check that only members may start it is switched off."""
    tools: tuple[words.Tool, ...] = ()
    """Tools that it may use without approval and that can change something."""
    read_only: bool = False
    """A list of tools, or its sandbox, lets it do no more than read."""
    unconfined: str = ""
    """The setting that takes its sandbox or its questions away, "" for none."""
    place: Place = NOWHERE

    identity = Identity("name")
