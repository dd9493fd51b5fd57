"""The parts that pipelines, jobs and steps are made of: what each is, whatever the platform.

Plain values, filled in by the loaders. No field is ever None: an empty tuple, an empty text, or an
object without a place.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  the type check of rules reads annotations
from typing import TYPE_CHECKING

from pipelaw.place import NO_TEXT, NOWHERE, Place, Text
from pipelaw.records import Identity, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelaw import words

UNKNOWN = ("unknown",)
"""Names of what is not known."""


_WORDS = 100
"""Enough to tell a text by, and short for whoever has a thousand findings."""


def _beginnings(path: str) -> Iterator[str]:
    """A path and the folders that it is in, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


@record
class Trigger:
    """What starts a pipeline."""

    kind: words.Event = ""
    """What happens, whatever the platform calls it; "" only where there is no trigger."""
    name: str = ""
    """The platform's own word."""
    outsider: bool = False
    """Somebody without write access to the repository can cause it."""
    privileged: bool = False
    """A run that an outsider caused still has the permissions of the base repository."""
    branches: tuple[str, ...] = ()
    """Branch filters as written; empty means every branch."""
    types: tuple[str, ...] = ()
    """Activity types as written; empty means the platform's default."""
    tags: tuple[str, ...] = ()
    """Tag filters as written."""
    excluded: tuple[str, ...] = ()
    """Branches that do not start it, as written."""
    place: Place = NOWHERE

    identity = Identity("name")


@record
class Permission:
    """One permission of the token that a job holds."""

    scope: str
    """The scope as the platform names it; `*` for all of them; `id_token` names end up as `id-token`."""
    access: words.Access
    """mint for an identity token."""
    level: words.Level = "job"
    """Where it is granted."""
    risk: words.Risk = "none"
    """How much harm a holder can do with it."""
    audience: tuple[str, ...] = ()
    """Of an identity token: who accepts it, as written."""
    documented: bool = False
    """A comment says what it is for, or it needs none: reading the repository."""
    users: Sequence[str] = UNKNOWN
    """The jobs that use it or may use it; empty where it is known that none does."""
    place: Place = NOWHERE

    identity = Identity("scope", "access")


@record
class Reference:
    """Code from elsewhere that the pipeline runs or becomes part of."""

    kind: words.ReferenceKind
    """What it is to the platform; hook for a hook of pre-commit."""
    text: str
    """As written."""
    name: str
    """Without the version: owner/repository/path, registry/repository, or a URL."""
    ref: str = ""
    """The version as written: a commit, tag, branch, digest, or "" for none."""
    owner: str = ""
    """Who publishes it: the account or group, "" for the official images of Docker Hub."""
    registry: str = ""
    """Of images: the registry host, "" for the default one."""
    pin: words.Pin = "none"
    """How its version is fixed; local for the same repository, unresolved where it is decided at run time."""
    mutable: bool = False
    """Its publisher can make it point to other code without a change to this file."""
    first_party: bool = False
    """Published by the platform itself."""
    role: words.Role = ""
    """Of images: what runs in them."""
    secrets: bool = False
    """Secrets are handed to it directly (inputs, settings or environment of its own step)."""
    inputs: tuple[Variable, ...] = ()
    """The values handed to it by name."""
    comment: str = ""
    """The comment after it on its line, often a claimed version."""
    claimed: str = ""
    """The version that the comment claims, of what is pinned by commit."""
    contradiction: str = ""
    """What the claimed version contradicts, "" for nothing."""
    vulnerable: str = ""
    """The advisories about weaknesses of this version, joined by commas; "" for none known."""
    vulnerability: words.Vulnerability = "none"
    """The severity of the worst of them."""
    compromised: str = ""
    """The advisories about malicious code that this version pointed to, joined by commas; "" for none."""
    malicious: bool = False
    """It is malicious to this day: the very commit, or a tag that nobody is known to have set right again."""
    fixed: str = ""
    """The first version that none of these advisories is about, "" where there is none."""
    archived: bool = False
    """Its owner has given it up: it takes no more changes."""
    outlived: str = ""
    """Of a version for a runtime that runners no longer have: the first major version for another one."""
    resembles: str = ""
    """The well-known name that its own is a likely typo of, "" for none."""
    plain: str = ""
    """Its name without the detours in its path, "" where it has none."""
    replacement: str = ""
    """What every machine of the platform has that does the same, "" for nothing."""
    installs: str = ""
    """The program whose newest release it installs as no version is requested, "" for none."""
    place: Place = NOWHERE

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What its name begins with, up to each slash, in lower case: `acme`, `acme/build`.

        Images of Docker Hub also have the names that begin with `docker.io`, components their group.
        """
        name = self.name.lower()
        found = [*_beginnings(name)]
        if self.kind in ("image", "plugin") and not self.registry and self.pin != "unresolved":
            found += _beginnings(f"docker.io/{'' if self.owner else 'library/'}{name}")
        return (*found, self.owner.lower()) if self.kind == "component" else tuple(found)

    identity = Identity("kind", "name")


@record
class Variable:
    """A named value: environment, pipeline variable, input, or plugin setting."""

    name: str
    value: str
    """The text as written; "" where it comes from a secret or is not text."""
    kind: words.VariableKind = "environment"
    """setting is an input of a plugin, credential a login that only the runner or a bot uses."""
    literal: bool = False
    """Nothing is put into it when the pipeline runs."""
    place: Place = NOWHERE

    identity = Identity("kind", "name")


def by_name(
    variables: Iterable[Variable], kind: words.VariableKind | None = None
) -> dict[str, str]:
    """The values of variables, or those of one kind, by name in lower case; the later of two counts."""
    if kind is None:
        return {variable.name.lower(): variable.value for variable in variables}
    return {one.name.lower(): one.value for one in variables if one.kind == kind}


@record
class Secret:
    """One use of a secret that a store keeps."""

    name: str
    """The name in the store; `*` for all of them at once."""
    store: str = "platform"
    """platform, vault or another store's name; token for the job's own token."""
    use: words.Use = "other"
    """How it is handed over: script and code where it is pasted into them, inherit and whole where it is
    all of them at once."""
    target: str = ""
    """The variable, input or setting that receives it."""
    outsiders: words.Outsiders = "withheld"
    """Whether a run that an outsider starts gets it; setting where the server's settings decide."""
    unmasked: bool = False
    """What is handed over is a part of it, which logs do not hide."""
    repeated: bool = False
    """Its job used it before."""
    place: Place = NOWHERE

    identity = Identity("name", "use", "target")


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

    identity = Identity("provider", "name", "digest")


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

    identity = Identity("text", most=_WORDS)


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

    identity = Identity("text", most=_WORDS)


@record
class Expansion:
    """A text that is put into another text before or while the pipeline runs."""

    text: str
    """As written, with its delimiters."""
    sources: tuple[str, ...] = ()
    """The names it reads, normalised: in lower case where the platform does not tell cases apart."""
    time: words.Time = "template"
    """template: pasted in before anything runs; run: expanded by the shell or the runner."""
    sink: words.Sink = "other"
    """Where it ends up. While a script runs: in its code, in an argument (an option or program), in the
    address of a request, in the repository of a checkout, or in a file of the platform."""
    shell: str = ""
    """Of scripts: the shell that runs it."""
    attacker_controlled: bool = False
    """Somebody who may not push to the repository, or only to a branch of it, decides what it says."""
    outsider: bool = False
    """Somebody without write access decides it, not only those who may push."""
    exposed: bool = False
    """An outsider decides it, and causes it to be put in here with the permissions of the base repository."""
    author: str = ""
    """Who writes the text, for messages: `whoever opens the issue`; "" where nobody in particular."""
    writer: words.Writer = ""
    """The same for conditions: pusher names a branch or tag, reporter opens an issue or discussion."""
    via: str = ""
    """What the text passed through on its way: a variable, output or input; "" when direct."""
    charset: words.Charset = ""
    """What an outsider's text can hold: text is anything, words have lost their line breaks by accident,
    branch is what a branch's name may be; "" for other texts."""
    decider: words.Decider = ""
    """Who decides what it says where no outsider does: step is an earlier step, not analysed, "" is nobody: a
    number, a commit, a constant."""
    dormant: bool = False
    """An outsider would write it under other events; under these, or where the conditions before it hold,
    it says nothing."""
    reparsed: bool = False
    """A shell or interpreter reads the expanded text as code: eval, sh -c, every template in a script."""
    choosing: bool = False
    """It decides which image, file, environment or machine is used, not only which version of one."""
    repeated: bool = False
    """The same comes before it in the same script."""
    place: Place = NOWHERE

    @property
    def through(self) -> str:
        """`via` as a remark for messages: ` (through the variable TITLE)`, "" when direct."""
        return f" (through {self.via})" if self.via else ""

    identity = Identity("text", most=_WORDS)


@record
class Control:
    """A security control that was recognised."""

    category: str
    """sast, sca, secrets, container, iac, dast, sbom, signing, pipeline, …"""
    tool: str
    weaknesses: tuple[str, ...] = ()
    """Why it does not protect as it could, a clause for each reason; empty when it does."""
    disabled: str = ""
    """The one of them for which it never runs at all, "" where it runs."""
    place: Place = NOWHERE

    identity = Identity("category", "tool")
