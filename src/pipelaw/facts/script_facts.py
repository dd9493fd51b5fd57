"""What scripts and variables say by themselves: the same wherever a platform takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts import confusion, shell, verification
from pipelaw.facts.concealment import concealed
from pipelaw.facts.packages import traffic
from pipelaw.facts.secret_arguments import arguments
from pipelaw.facts.secrets import credentials
from pipelaw.facts.shell_services import services
from pipelaw.facts.verification import HOST_KEY
from pipelaw.model import Script
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.model import Credential, Flaw, Installation, Publication, Variable
    from pipelaw.place import Place, Text


class ScriptFacts(NamedTuple):
    """What the scripts and variables of one scope say."""

    flaws: tuple[Flaw, ...] = ()
    credentials: tuple[Credential, ...] = ()
    services: tuple[Variable, ...] = ()
    """The variables in which scripts name the services that they sign in to."""
    installations: tuple[Installation, ...] = ()
    publications: tuple[Publication, ...] = ()

    def plus(self, other: ScriptFacts) -> ScriptFacts:
        """These facts and those of another scope."""
        if other is NO_FACTS:
            return self
        return ScriptFacts(
            self.flaws + other.flaws,
            self.credentials + other.credentials,
            self.services + other.services,
            self.installations + other.installations,
            self.publications + other.publications,
        )


NO_FACTS = ScriptFacts()
_NAMES = verification.NAMES | confusion.SWITCHES
"""The variables that switch something by their names; others do so by what they say, or as settings."""


def script_of(text: Text, language: str, place: Place) -> Script:
    """A script in a shell's or another language, whose commands are parsed when somebody asks."""
    return Script(
        text=text.text,
        shell=language,
        commands=shell.commands(text, language),
        source_text=text,
        place=place,
    )


def facts_of(
    scripts: Sequence[Script] = (), variables: Sequence[Variable] = (), *, service: bool = False
) -> ScriptFacts:
    """The facts of a scope by its scripts and variables.

    With `service`, the variables belong to a container that tests start for themselves: passwords of
    its own are no credentials.
    """
    # hardly any scope has a variable that is worth a call
    asked = [v for v in variables if v.name in _NAMES or v.kind == "setting" or HOST_KEY in v.value]
    switched = verification.unverified_by(asked) if asked else ()
    if asked or scripts:
        switched += confusion.confused(scripts, asked)
    found = credentials(variables, scripts, service=service)
    if not scripts:
        return ScriptFacts(switched, found) if switched or found else NO_FACTS
    exchanged = traffic(scripts)
    return ScriptFacts(
        (*verification.unverified(scripts), *concealed(scripts), *arguments(scripts), *switched),
        found,
        tuple(services(scripts)),
        exchanged.installations,
        exchanged.publications,
    )
