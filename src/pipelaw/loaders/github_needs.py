"""The smallest permissions with which a job can do its work, from the actions and commands that it uses.

Worked out when a rule first asks: most jobs are never asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.script_words import words
from pipelaw.lazy import Lazy
from pipelaw.loaders.github_handed import (
    TOKEN_NAMES,
    computed,
    filled,
    other_token,
    own_token,
    says,
    switched_off,
)
from pipelaw.loaders.github_hidden import hides, proves
from pipelaw.loaders.github_scopes import (
    ACTIONS,
    API,
    GH,
    GH_OPTIONS,
    POSSIBLE,
    PROGRAMS,
    PUSHING,
    REST,
    REST_NONE,
    RUNNING,
    STARTERS,
    WITH_INPUT,
)
from pipelaw.loaders.github_sink_inputs import scripts_here
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelaw.model import Command, Reference, Script, Secret, Step, Variable

_WORKING = ("ghcr.io", "docker.pkg.github.com", "--provenance", *PROGRAMS, *PUSHING)
"""Pieces of a script in which a command may need permissions that are known; see `_works` for the rest."""
_REST = pattern(r"\b(?:github|octokit)\.(?:rest\.)?(?P<space>[a-zA-Z]+)\.(?P<verb>[a-zA-Z]\w*)\b")
_OPAQUE = pattern(
    r"\b(?:github|octokit)\.(?:graphql|request)\b|\bimport\(|getOctokit"
    r"|\brequire\(\s*(?![\"'][\w@:])"
)
_TEMPLATE = pattern(r"\$\{\{[^}]*\}\}")
_NO_SPACES = frozenset("rest event paginate hook log auth".split())
_READING = ("get", "list", "check", "compare", "download", "search")
_PUSHERS = frozenset({"docker/build-push-action", "docker/bake-action"})
_DEPLOYERS = frozenset("mvn mvnw gradle gradlew sbt lerna".split())
_PUBLISHERS = frozenset("npm pnpm yarn dotnet gem".split())
_PUBLISHING = frozenset({"publish", "push"})
_METHODS = frozenset({"-X", "--method"})
_CLIENTS = frozenset({"curl", "wget", "http"})
_API = ("api.github.com", "GITHUB_API_URL", "github.api_url", "GITHUB_GRAPHQL_URL")
_FIELDS = ("-f", "-F", "--field", "--raw-field", "--input")


class Needs(Lazy[str]):
    """The permissions that a job needs, as `contents: read`, and what they are not known of."""

    __slots__ = ("_found", "_rest", "_secrets", "_uses")

    def __init__(
        self, steps: tuple[Step, ...], uses: tuple[Reference, ...], secrets: tuple[Secret, ...]
    ) -> None:
        self._rest = iter(steps)
        """The steps that were not looked into yet."""
        self._uses = uses
        self._secrets = secrets
        """The uses of secrets in the environment around the steps."""
        self._found: _Search | None = None

    def _begun(self) -> _Search:
        if self._found is None:
            found = self._found = _Search(self._secrets)
            for used in self._uses:
                if used.kind == "workflow":
                    found.action(used, used.inputs)
        return self._found

    def _ended(self) -> _Search:
        found = self._begun()
        for step in self._rest:
            found.step(step)
        found.end()
        return found

    def _read(self) -> tuple[str, ...]:
        return self._ended().least()

    def used(self, right: str) -> bool:
        """Whether write permission is needed, or may be; for "", whether something is not known.

        Nothing is read after the step that tells.
        """
        found = self._begun()
        while not (found.unknown or found.uses(right)):
            step = next(self._rest, None)
            if step is None:
                found.end()
                return bool(found.unknown) or found.uses(right)
            found.step(step)
        return True

    @property
    def unknown(self) -> tuple[str, ...]:
        """The actions and commands whose needs are not known."""
        return tuple(dict.fromkeys(self._ended().unknown))


class Unclear(Lazy[str]):
    """What a job's needs are not known of."""

    __slots__ = ("_needs",)

    def __init__(self, needs: Needs) -> None:
        self._needs = needs

    def _read(self) -> tuple[str, ...]:
        return self._needs.unknown

    def __bool__(self) -> bool:
        """Whether there is something, for which less has to be read than for all of it."""
        return self._needs.used("")


class _Search:
    """What has been found in a job so far."""

    def __init__(self, secrets: tuple[Secret, ...]) -> None:
        self.scopes: dict[str, str] = {}
        self.unknown: list[str] = []
        self.possible: set[str] = set()
        """Rights that commands may use which cannot be seen."""
        self.pushes_by_itself = False
        """A checkout left another token or key than the job's own for git."""
        self.persisted = False
        """A checkout left the job's token for git."""
        self.kept = False
        """A checkout was told to leave it."""
        self.shared = any(secret.store == "token" for secret in secrets)
        """The environment holds the job's token."""
        self.replaced = any(
            secret.store != "token" and secret.target.lower() in TOKEN_NAMES for secret in secrets
        )
        """The environment holds another token where programs look for the job's own."""

    def end(self) -> None:
        """Note that nothing was seen to push, where a checkout was told to leave the token for that."""
        if self.kept and not self.pushes_by_itself and self.scopes.get("contents") != "write":
            self.unknown.append("what pushes with the token of the checkout")

    def add(self, scopes: str) -> None:
        """Note scopes that are needed; to write includes to read."""
        for scope in filter(None, scopes.split(", ")):
            name, _, access = scope.partition(": ")
            if self.scopes.get(name) != "write":
                self.scopes[name] = access

    def least(self) -> tuple[str, ...]:
        """The scopes in order."""
        return tuple(f"{name}: {access}" for name, access in sorted(self.scopes.items()))

    def uses(self, right: str) -> bool:
        """Whether write permission is among what was found."""
        name, _, access = right.partition(": ")
        return right in self.possible or self.scopes.get(name) == access

    def step(self, step: Step) -> None:
        """Note what one step needs."""
        for used in step.references:
            self.action(used, step.variables)
        given = self.shared or any(secret.store == "token" for secret in step.secrets)
        self.persisted = self.persisted or any(one.persists_credentials for one in step.checkouts)
        self.running(step.references, given=given)
        for script in scripts_here(step):
            if script.shell == "javascript":
                self.javascript(script, step)
            else:
                self.script(script, step, given=given)

    def action(self, used: Reference, variables: Sequence[Variable]) -> None:
        """Note what an action needs."""
        name = used.name.lower()
        if name == "actions/github-script":
            return  # its script says
        other = other_token(variables)
        if name == "actions/checkout":
            self.pushes_by_itself = self.pushes_by_itself or other or filled(variables, "ssh-key")
            self.kept = any(says(one, "persist-credentials", "true") for one in variables)
        if _unsettled(name, variables):
            self.unknown.append(name)
        if name in POSSIBLE:
            self.possible.update(POSSIBLE[name].split(", "))
        scopes = _scopes(name, variables)
        if scopes is not None:
            self.add(_identity_only(scopes) if other else scopes)
        elif used.kind != "image" or own_token(variables):
            self.unknown.append(used.text.partition("@")[0])

    def running(self, references: Sequence[Reference], *, given: bool) -> None:
        """Note what the commands may need that an action runs."""
        for used in references:
            if used.name.lower() in RUNNING and given:
                self.unknown.append(used.name)
            elif used.name.lower() in RUNNING and self.persisted:
                self.possible.add("contents: write")

    def javascript(self, script: Script, step: Step) -> None:
        """Note what a script for the API client needs."""
        self.suspect(script.text)
        for command in script.commands if _works(script.text) else ():
            self.add(self.command(command) or "")
        if other_token(step.variables):
            return
        if _OPAQUE.search(script.text):
            self.unknown.append(f"the script of {step.label}")
        for match in _REST.finditer(_TEMPLATE.sub("", script.text)):
            space = match["space"].lower()
            if space in REST_NONE or space in _NO_SPACES:
                continue
            if space not in REST:
                self.unknown.append(match[0])
                continue
            reading = match["verb"].lower().startswith(_READING)
            self.add(f"{_rest(space, match['verb'])}: {'read' if reading else 'write'}")

    def script(self, script: Script, step: Step, *, given: bool) -> None:
        """Note what the commands of a script need."""
        self.suspect(script.text)
        if self.replaced or other_token(step.variables):
            return
        known = False
        other = any(secret.store != "token" for secret in step.secrets)
        if _works(script.text):
            for command in script.commands:
                scopes = self.command(command)
                if scopes and command.name == "git" and other:
                    self.unknown.append("git push")  # with which secret, nobody can say
                elif scopes is not None:
                    self.add(scopes)
                    known = True
        if given and not known:
            self.unknown.append(f"the commands of {step.label}")

    def suspect(self, text: str) -> None:
        """Note what a script may do beyond what can be seen."""
        hidden = hides(text)
        if hidden or proves(text):
            self.possible.add("id-token: write")
        if hidden and self.persisted:
            self.possible.add("contents: write")

    def command(self, command: Command) -> str | None:
        """The scopes of one command, None where it does not work with the token."""
        name, words = command.name, command.words
        if name == "gh":
            return self.gh(words)
        if _pushes(name, words):
            return "contents: write" if not self.pushes_by_itself else None
        if name == "git":
            return None
        if name in ("docker", "podman", "helm", "buildah", "oras", "skopeo", "crane"):
            return "packages: write" if _registry(words) else None
        if name in _PUBLISHERS and not _PUBLISHING.isdisjoint(words):
            self.possible.add("packages: write")  # the platform has registries of its own
            return "id-token: write" if "--provenance" in words else None
        self.beyond(name, words)
        return _program(words)

    def beyond(self, name: str, words: Sequence[str]) -> None:
        """Note a command of which only its configuration, or the platform, says what it needs."""
        if name in _DEPLOYERS and any("publish" in w or "deploy" in w for w in words[1:]):
            self.unknown.append(f"{name} {words[1]}")
        if name in _CLIENTS and any("uthorization" in word for word in words):
            self.unknown.extend(name for word in words if any(api in word for api in _API))

    def gh(self, words: Sequence[str]) -> str | None:
        """The scopes of a `gh` command."""
        said = [word for word in words[1:] if not word.startswith("-")]
        if not said:
            return ""
        if said[0] == "api":
            return self.api(words[2:])
        verb = said[1] if len(said) > 1 else ""
        scopes = GH.get((said[0], verb), GH.get((said[0], "")))
        if scopes is None:
            self.unknown.append(f"gh {' '.join(said[:2])}")
        for option, added in GH_OPTIONS.items():
            if any(word.startswith(option) for word in words):
                self.add(added)
        return scopes

    def api(self, words: Sequence[str]) -> str | None:
        """The scopes of `gh api`."""
        path = next((word for word in words if "/" in word and not word.startswith("-")), "")
        rest = path.lstrip("/").partition("repos/")[2].split("/")
        place = next((part for part in rest[1:] if part.partition("?")[0] in API), "")
        method = "GET"
        for index, word in enumerate(words):
            if word in _METHODS and index + 1 < len(words):
                method = words[index + 1].upper()
                break
            if word.startswith(_FIELDS):
                method = "POST"
        if not place:
            self.unknown.append(f"gh api {path or 'graphql'}")
            return None
        return f"{API[place.partition('?')[0]]}: {'read' if method == 'GET' else 'write'}"


def _works(script: str) -> bool:
    """Whether a command of a script may need permissions that are known."""
    said = words(script)
    if "gh" in said or {"git", "push"} <= said or any(sign in script for sign in _WORKING):
        return True
    return not _DEPLOYERS.isdisjoint(said) and ("publish" in script or "deploy" in script)


def _unsettled(name: str, variables: Sequence[Variable]) -> bool:
    """Whether something outside of the file says what an action with these inputs needs."""
    if name in _PUSHERS:  # to which registry, its tags or files say
        return not any(switched_off(variable, "push") for variable in variables)
    if name == "docker/login-action" and not filled(variables, "password"):
        return True
    asking = [key for key, part, _ in WITH_INPUT.get(name, ()) if part]
    return any(computed(variable, key) for variable in variables for key in asking)


def _scopes(name: str, variables: Sequence[Variable]) -> str | None:
    """The scopes of an action with these inputs, None where it is not known."""
    scopes, extra = ACTIONS.get(name), WITH_INPUT.get(name, ())
    if scopes is None and not extra:
        return None
    if name == "pypa/gh-action-pypi-publish" and filled(variables, "password"):
        return ""
    given = [
        added
        for key, part, added in extra
        if any(says(variable, key, part) for variable in variables)
    ]
    return ", ".join(filter(None, (scopes, *given)))


def _program(words: Sequence[str]) -> str | None:
    """The scopes of a program that may be started by another: `npx semantic-release`."""
    for word in words[:4]:
        program = word.rpartition("/")[2].partition("@")[0]
        if program in PROGRAMS:
            tried = {"check", "build", "--snapshot", "verify", "--dry-run"}.intersection(words)
            return None if tried else PROGRAMS[program]
    return None


def _pushes(name: str, words: Sequence[str]) -> bool:
    """Whether a command pushes with git, as some do by themselves: `mike deploy --push`."""
    if "--dry-run" in words:
        return False
    if name == "git":
        return "push" in words
    program = name if name not in STARTERS else next(filter(PUSHING.__contains__, words[1:4]), "")
    asking = PUSHING.get(program)
    return asking is not None and (not asking or any(word in asking for word in words))


def _rest(space: str, verb: str) -> str:
    """The scope of a function of the API client."""
    if space == "repos":
        lowered = verb.lower()
        for piece, scope in (("status", "statuses"), ("deploy", "deployments"), ("pages", "pages")):
            if piece in lowered:
                return scope
    return REST[space]


def _registry(words: Sequence[str]) -> bool:
    """Whether a command logs in to the platform's own registry, or pushes to it."""
    named = any("ghcr.io" in word or "docker.pkg.github.com" in word for word in words)
    return named and any(word in ("login", "push", "copy", "--push") for word in words)


def _identity_only(scopes: str) -> str:
    """An identity token and attestations are asked of the platform, whatever token is handed over."""
    return ", ".join(s for s in scopes.split(", ") if s.startswith("id-token"))
