"""The parts about where a job runs: its machine, the containers there, and what is mounted into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern
from pipelaw.place import NOWHERE, Place
from pipelaw.records import Identity, record

if TYPE_CHECKING:
    from pipelaw import words

_ENGINE = pattern(r"(?:^|/)docker:.*dind")
_UNCONFINING = pattern(
    r"(?:(?:net|network|pid|ipc|userns)=host"
    r"|cap-add=(?:CAP_)?(?:ALL|BPF|DAC_READ_SEARCH|SYS_ADMIN|SYS_MODULE|SYS_PTRACE|SYS_RAWIO)"
    r"|security-opt=.*(?:unconfined|disable).*|security-context=privileged"
    r"|device=/dev/(?:sd|vd|xvd|nvme|mapper|mem|disk).*)\Z"
)


def engine(image: str) -> bool:
    """Whether an image holds a container engine: Docker in Docker."""
    return _ENGINE.search(image) is not None


@record
class Runner:
    """The machine that a job requests."""

    labels: tuple[str, ...] = ()
    """As written, after constants were put in."""
    self_hosted: bool = False
    """Known to be a machine of the repository's owner."""
    unknown: bool = False
    """A label or group that the platform does not have by itself: such a machine, or one that is rented."""
    retired: str = ""
    """The runtime of an action that runners no longer offer."""
    isolated: bool = True
    """False where jobs run on the machine itself, as its user."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return ",".join(self.labels)


@record
class Container:
    """A container that the pipeline starts."""

    name: str
    role: words.Role = "service"
    """What runs in it."""
    image: str = ""
    """As written."""
    privileged: bool = False
    """Runs with all privileges on its host."""
    implicit: bool = False
    """The privilege is not in the file: the runner grants it to this image, or has to."""
    encrypted: bool = False
    """An engine of which the file shows that it asks for certificates."""
    options: tuple[str, ...] = ()
    """Other settings that weaken its isolation: `network=host`, `cap-add=SYS_ADMIN`."""
    place: Place = NOWHERE

    @property
    def engine(self) -> bool:
        """It runs a container engine of its own: Docker in Docker."""
        return engine(self.image)

    @property
    def unconfined(self) -> bool:
        """One of its options lets it out: to the machine's network, processes, disks or capabilities."""
        return any(_UNCONFINING.match(option) for option in self.options)

    identity = Identity("role", "name")


@record
class Volume:
    """A folder or file mounted into a container."""

    source: str
    """The path on the host, or the name of the volume."""
    target: str = ""
    """The path in the container, "" where it is declared and nothing mounts it."""
    host: bool = False
    """The source is a path of the machine that runs the job."""
    docker_socket: bool = False
    """The control socket of the container engine: whoever has it has the host."""
    sensitive: bool = False
    """The host path is, or holds, the system's own configuration, homes, credentials or engine."""
    read_only: bool = False
    place: Place = NOWHERE

    identity = Identity("source", "target")
