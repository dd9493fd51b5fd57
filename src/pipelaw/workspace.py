"""The parts that put files where a job works: checkouts, artifacts and caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.place import NOWHERE, Place
from pipelaw.records import Identity, record

if TYPE_CHECKING:
    from pipelaw import words


@record
class Checkout:
    """A step that puts a repository's files into the workspace."""

    repository: str = ""
    """As written; "" for the pipeline's own."""
    ref: str = ""
    """As written; "" for what started the run."""
    folder: str = ""
    """Where to, relative to the workspace; "" for the workspace itself."""
    untrusted: bool = False
    """An outsider decides what the files say."""
    author: str = ""
    """Who decides, for messages."""
    mutable: bool = False
    """It names a branch or a request, not a commit: what it gets can change until it runs."""
    own_branch: bool = False
    """It can only be a branch of the pipeline's own repository, whatever name an outsider chooses."""
    guessed: bool = False
    """Only a name tells that it is an outsider's: an output or input that is called after a request."""
    approval: words.Approval = ""
    """What a member gives before it runs, after which an outsider can still change what it gets."""
    bypassed: bool = False
    """It runs behind a label that stays set while an outsider adds code."""
    refused: bool = False
    """The platform or the action refuses such a checkout by itself."""
    unsafe_allowed: bool = False
    """That refusal is switched off."""
    executed: bool = False
    """A later step of the job runs code from the files."""
    executor: str = ""
    """The first later command or action that does."""
    aside: bool = False
    """It lies in a folder of its own, in which no later step works, and which no action is given."""
    persists_credentials: bool = False
    """Leaves the token that it fetches with on the machine for every later step."""
    credential: str = ""
    """What it is handed to fetch with, as written; "" where that is the job's token."""
    deliberate: bool = False
    """The file requests that explicitly; otherwise it happens by default."""
    uploaded: bool = False
    """A later step stores the whole workspace in an artifact."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.repository}@{self.ref}"


@record
class Artifact:
    """Files that a step stores for later, or fetches."""

    action: words.Direction
    name: str = ""
    paths: tuple[str, ...] = ()
    whole_workspace: bool = False
    """Takes the workspace's root, with everything in it."""
    hidden: bool = False
    """Takes files whose names begin with a dot as well."""
    sensitive: str = ""
    """The first of its paths that credentials are usually kept in."""
    untrusted: bool = False
    """Of a download: a run or job made the files in which an outsider's code can run."""
    author: str = ""
    """Who decides what they say, for messages."""
    outside: bool = False
    """Of a download: the files land outside the workspace, where they replace nothing."""
    refused: bool = False
    """Of a download: the platform refuses the outsider's code to the job that made the files."""
    executed: bool = False
    """A later step of the job runs code from the files."""
    executor: str = ""
    """The first later command or action that does."""
    feeds: words.Feeds = ""
    """What a later command writes from the files; registry and container for an image from them that is
    published, or run with what it mounts or is handed."""
    place: Place = NOWHERE

    identity = Identity("action", "name")


@record
class Cache:
    """Files that a step takes from an earlier run, or leaves for a later one."""

    tool: str
    """The action that does."""
    restores: bool = True
    """It takes what an earlier run left."""
    saves: bool = True
    """It leaves something for later runs."""
    implicit: bool = False
    """Nobody asked for it: the action does so unless told otherwise."""
    place: Place = NOWHERE

    identity = Identity("tool")
