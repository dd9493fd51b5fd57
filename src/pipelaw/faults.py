"""The parts that tell of a mistake by being there: what is written wrong, what leaks, who is asked.

Unlike the parts in `parts`, which are there for everything that a pipeline has, these are few.
"""

from __future__ import annotations

from pipelaw.place import NOWHERE, Place
from pipelaw.records import record


@record
class Flaw:
    """Something in the pipeline's own language that does not do what it seems to do."""

    kind: str
    """always-true, constant, malformed, substring, ternary, spoofable, misfeature, roundabout, trace,
    unverified, loose, concealed, confusion or shared-cache."""
    text: str
    """As written."""
    detail: str = ""
    """What is wrong with it: the context that is compared, what the parser says, …"""
    decisive: bool = False
    """Whoever can make it hold gets past the condition that it is part of."""
    author: str = ""
    """Who writes what it looks at, where an outsider does."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.kind}:{' '.join(self.text.split())}"


@record
class Leak:
    """A secret that a script lets out of the job."""

    way: str
    """log, network, file (one that the job stores), or mask: the request to hide it shows it."""
    secret: str
    """The name of the secret, or the text that holds one."""
    to: str = ""
    """Of the network: the host, "" where it is not literal; of a file: its name."""
    derived: bool = False
    """What gets out was made from the secret, so nothing knows that it has to be hidden."""
    collected: bool = False
    """Of the network: anybody can have something sent to that host without saying who they are."""
    token: bool = False
    """It is the job's own token."""
    by: str = ""
    """The program that lets it out."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.way}:{self.secret}:{self.by}"


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
    tools: tuple[str, ...] = ()
    """Tools that it may use unasked and that can change something: shell, write, network."""
    unconfined: str = ""
    """The setting that takes its sandbox or its questions away, "" for none."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return self.name
