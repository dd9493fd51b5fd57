"""The parts that pipelines, jobs and steps are made of: what each is, whatever the platform.

Plain values, filled in by the loaders. No field is ever None: an empty tuple, an empty text, or an
object that stands nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  the type check of rules reads annotations

from pipelaw.place import NO_TEXT, NOWHERE, Place, Text
from pipelaw.records import record

UNKNOWN = ("unknown",)
"""Names of what is not known."""


_WORDS = 100


def _beginning(text: str) -> str:
    """The first words of a text: enough to tell it by, and short for whoever has a thousand findings."""
    return " ".join(text.split(None, _WORDS)[:_WORDS])


@record
class Trigger:
    """What starts a pipeline."""

    kind: str = ""
    """change-request, push, tag, release, schedule, comment, issue, manual, upstream, call or other."""
    name: str = ""
    """The platform's own word."""
    outsider: bool = False
    """Somebody without write access to the repository can cause it."""
    privileged: bool = False
    """A run that an outsider caused still has the rights of the base repository."""
    branches: tuple[str, ...] = ()
    """Branch filters as written; empty means every branch."""
    types: tuple[str, ...] = ()
    """Activity types as written; empty means the platform's default."""
    tags: tuple[str, ...] = ()
    """Tag filters as written."""
    excluded: tuple[str, ...] = ()
    """Branches that do not start it, as written."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return self.name


@record
class Permission:
    """One right of the token that a job holds."""

    scope: str
    """The scope as the platform names it; `*` for all of them; `id_token` names end up as `id-token`."""
    access: str
    """read, write or none; mint for an identity token."""
    level: str = "job"
    """Where it is granted: pipeline or job."""
    explicit: bool = True
    """Written in the file, not a default."""
    risk: str = "none"
    """What a holder can do with it: high, medium, low or none."""
    audience: tuple[str, ...] = ()
    """Of an identity token: who accepts it, as written."""
    documented: bool = False
    """A comment says what it is for, or it needs none: the right to read the repository."""
    users: Sequence[str] = UNKNOWN
    """The jobs that use it or may use it; empty where it is known that none does."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.scope}:{self.access}"


@record
class Reference:
    """Code from elsewhere that the pipeline runs or becomes part of."""

    kind: str
    """action, workflow, include, component, template, plugin or image."""
    text: str
    """As written."""
    name: str
    """Without the version: owner/repository/path, registry/repository, or a URL."""
    ref: str = ""
    """The version as written: a commit, tag, branch, digest, or "" for none."""
    owner: str = ""
    """Who publishes it: the account or group, "" where the platform's own library."""
    registry: str = ""
    """Of images: the registry host, "" for the default one."""
    pin: str = "none"
    """digest, commit, tag, branch, none, local (same repository) or unresolved (decided at run time)."""
    mutable: bool = False
    """Its publisher can put other code behind it without a change to this file."""
    first_party: bool = False
    """Published by the platform itself."""
    role: str = ""
    """Of images: job, step, service, plugin or clone."""
    secrets: bool = False
    """Secrets are handed to it directly (inputs, settings or environment of its own step)."""
    inputs: tuple[Variable, ...] = ()
    """The values handed to it by name."""
    comment: str = ""
    """The comment that stands behind it on its line, often a claimed version."""
    claimed: str = ""
    """The version that the comment claims, of what is pinned by commit."""
    contradiction: str = ""
    """What the claimed version contradicts, "" for nothing."""
    vulnerable: str = ""
    """The advisories about weaknesses of this version, joined by commas; "" for none known."""
    vulnerability: str = "none"
    """The worst of them: critical, high, medium, low or none."""
    compromised: str = ""
    """The advisories about malicious code put behind this version, joined by commas; "" for none."""
    malicious: bool = False
    """This very commit is known to be malicious, not only a tag that once pointed to one."""
    fixed: str = ""
    """The first version that none of these advisories is about, "" where there is none."""
    archived: bool = False
    """Its owner has given it up: it takes no more changes."""
    resembles: str = ""
    """The well-known name from which only a slip of the finger tells its own apart, "" for none."""
    plain: str = ""
    """Its name without the detours in its path, "" where it has none."""
    replacement: str = ""
    """What every machine of the platform has that does the same, "" for nothing."""
    installs: str = ""
    """The program whose newest release it installs as no version is asked for, "" for none."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.kind}:{self.name}"


@record
class Variable:
    """A named value: environment, pipeline variable, input, or plugin setting."""

    name: str
    value: str
    """The text as written; "" where it comes from a secret or is not text."""
    kind: str = "environment"
    """environment, variable, input, setting or credential."""
    literal: bool = False
    """Nothing is put into it when the pipeline runs."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.kind}:{self.name}"


@record
class Secret:
    """One use of a secret that a store keeps."""

    name: str
    """The name in the store; `*` for all of them at once."""
    store: str = "platform"
    """platform, vault or another store's name; token for the job's own token."""
    use: str = ""
    """How it is handed over: environment, file, input, setting, script, condition, inherit, whole or
    other."""
    target: str = ""
    """The variable, input or setting that receives it."""
    outsiders: str = "withheld"
    """Whether a run that an outsider starts gets it: withheld, setting (the server's settings
    decide), or given."""
    unmasked: bool = False
    """What is handed over is a part of it, which logs do not hide."""
    repeated: bool = False
    """Its job used it before."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.name}:{self.use}:{self.target}"


@record
class Credential:
    """A literal in the file that looks like a secret. Its value is never kept."""

    provider: str
    """Who issues such a value, or `literal` where only its name gives it away."""
    name: str = ""
    """The variable, key or option that holds it."""
    certain: bool = False
    """Its shape alone tells what it is."""
    masked: str = ""
    """Enough of it to find it in the line: the first characters, and dots."""
    digest: str = ""
    """A short hash that tells two values apart without showing either."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.provider}:{self.name}:{self.digest}"


@record
class Command:
    """One command of a script."""

    name: str
    """The program, without its folder: `curl`; wrappers such as sudo and env are peeled off. "" for an
    expression of PowerShell that only writes a file."""
    words: tuple[str, ...]
    """The program and its arguments, quotes removed; expansions stay as written."""
    text: str
    """As written."""
    input: str = ""
    """The program whose output it reads through a pipe or substitution, "" for none."""
    remote: str = ""
    """The address of code that it fetches and runs, "" for none."""
    verified: bool = False
    """A checksum or signature of what it fetches is checked before it runs."""
    writes: tuple[str, ...] = ()
    """Files that it writes or appends its output to, as written."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return _beginning(self.text)


@record
class Script:
    """Shell text, or the text that an interpreter runs."""

    text: str
    shell: str = "bash"
    """bash, sh, pwsh, powershell, cmd, python, javascript or another name; "" where unknown."""
    commands: Sequence[Command] = ()
    """Its commands, in order; parsed when first asked for."""
    source_text: Text = NO_TEXT
    """The same text with the places of its parts."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return _beginning(self.text)


@record
class Expansion:
    """A text that is put into another text before or while the pipeline runs."""

    text: str
    """As written, with its delimiters."""
    sources: tuple[str, ...] = ()
    """The names it reads, normalised: in lower case where the platform does not tell cases apart."""
    time: str = "template"
    """template: pasted in before anything runs; run: expanded by the shell or the runner."""
    sink: str = ""
    """script, code, environment, input, condition, image, include, target, name or other; of what happens
    while a script runs also argument, address, outputs, environment file or search path."""
    shell: str = ""
    """Of scripts: the shell that runs it."""
    attacker_controlled: bool = False
    """Somebody who may not push to the repository, or only to a branch of it, decides what it says."""
    outsider: bool = False
    """Somebody without write access decides it, not only those who may push."""
    exposed: bool = False
    """An outsider decides it, and runs with the base repository's rights get to see it."""
    author: str = ""
    """Who writes the text: `whoever opens the issue`; "" where nobody in particular."""
    via: str = ""
    """What the text passed through on its way: a variable, output or input; "" when direct."""
    charset: str = ""
    """What an outsider's text can hold: text (anything), words (its line breaks are lost, by accident), line,
    or branch (what a branch's name may be); "" for other texts."""
    decider: str = ""
    """Who decides what it says where no outsider does: caller, member, step (one that nobody looked
    into), or "" for nobody: a number, a commit, a constant."""
    dormant: bool = False
    """An outsider would write it under other events; under these, or where the conditions before it hold,
    it says nothing."""
    reparsed: bool = False
    """A shell or interpreter reads the expanded text as code: eval, sh -c, every template in a script."""
    choosing: bool = False
    """It decides which image, file, environment or machine is used, not only which version of one."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return _beginning(self.text)


@record
class Container:
    """A container that the pipeline starts."""

    name: str
    role: str = "service"
    """job, step, service or plugin."""
    image: str = ""
    """As written."""
    privileged: bool = False
    """Runs with all rights on its host."""
    implicit: bool = False
    """The privilege is not in the file: the runner grants it to this image."""
    options: tuple[str, ...] = ()
    """Other settings that weaken its isolation: `network=host`, `cap-add=SYS_ADMIN`."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.role}:{self.name}"


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
    """The host path is, or holds, the system's own configuration, homes or engine."""
    read_only: bool = False
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.source}:{self.target}"


@record
class Control:
    """A security control that was recognised."""

    category: str
    """sast, sca, secrets, container, iac, dast, sbom, signing, pipeline, …"""
    tool: str
    weaknesses: tuple[str, ...] = ()
    """Why it does not protect as it could; empty when it does."""
    scheduled: bool = False
    """Runs on a schedule or by hand only, so not for a change under review."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return f"{self.category}:{self.tool}"


@record
class Runner:
    """The machine that a job asks for."""

    labels: tuple[str, ...] = ()
    """As written, after constants were put in."""
    self_hosted: bool = False
    """Known to be a machine of the repository's owner."""
    unknown: bool = False
    """A label or group that the platform does not have by itself: such a machine, or one that is rented."""
    retired: str = ""
    """What it asks for and machines no longer have: of an action, its runtime."""
    isolated: bool = True
    """False where jobs run on the machine itself, as its user."""
    place: Place = NOWHERE

    @property
    def identity(self) -> str:
        """What keeps its name when the file is edited around it."""
        return ",".join(self.labels)
