"""The parts about packages: what a step takes from a registry, what it publishes, what keeps them new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.place import NOWHERE, Place
from pipelaw.records import Identity, record

if TYPE_CHECKING:
    from pipelaw import words


@record
class Installation:
    """Packages that a command takes from a registry in versions that the next run may not get."""

    manager: str
    """Who does it: npm, pip, gem, cargo, go, …"""
    name: str
    """The packages whose version is not fixed, joined by commas."""
    pin: words.VersionPin = "none"
    """none where the newest version is taken, range where the newest of several is."""
    own: bool = False
    """Only the package managers themselves."""
    place: Place = NOWHERE

    identity = Identity("manager", "name")


@record
class Publication:
    """A package that a command or action publishes to a registry."""

    manager: str
    """Who does it: npm, twine, cargo, …, or an action."""
    registry: str
    """Where to, as people call it: npm, PyPI, crates.io, RubyGems, NuGet."""
    keyless: bool = False
    """The registry accepts the identity of this platform's runs, so that no token has to be stored."""
    token: bool = False
    """It is handed a token that stays valid, though the registry accepts a run's identity."""
    provenance: bool = False
    """It is asked to record which build the package comes from."""
    place: Place = NOWHERE

    identity = Identity("manager", "registry")


@record
class Update:
    """A kind of dependency that a bot keeps current."""

    ecosystem: str
    """As the bot names it: npm, pip, github-actions, …"""
    folder: str = ""
    """Where its manifest is, as written."""
    cooldown: int = 0
    """How many days a new version waits before it is proposed."""
    waits: bool = False
    """The number of days is written, not the bot's default."""
    proposes: bool = True
    """It opens change requests for new versions, not only where an old one is vulnerable."""
    executes: bool = False
    """Code of the dependencies may run while the bot updates them."""
    registries: bool = False
    """The bot is handed credentials of private registries."""
    place: Place = NOWHERE

    identity = Identity("ecosystem", "folder")
