"""Where policies come from: a repository's tree, shipped profiles, pinned git repositories."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelaw import parameters, policyfile, rules
from pipelaw.errors import PolicyError, UnavailableError, UnreadableError
from pipelaw.policy import DEFAULT, Layer, Origin, Policy, RuleFile, merged
from pipelaw.policyfile import Known
from pipelaw.records import NamedTuple
from pipelaw.rules import PROFILE, near
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from pipelaw.document import Document, Problem
    from pipelaw.policy import Extension, Setting
    from pipelaw.rules import Parameter
    from pipelaw.tree import Tree

DEEPEST = 20
"""How many policies can lie on top of each other."""
_ENDS = (".yml", ".yaml")


def profiles() -> dict[str, Path]:
    """The shipped profiles, by the name that `extends` calls them."""
    folder = Path(__file__).parent / "profiles"
    return {f"{PROFILE}{path.stem}": path for path in sorted(folder.glob("*.yaml"))}


def load(
    tree: Tree | None,
    path: str,
    *,
    today: dt.date,
    cache: Path | None = None,
    own_rules: Iterable[Path | RuleFile] = (),
    prefix: str = "",
    fetching: bool = True,
) -> Policy:
    """The policy at a path of a tree, with all that it extends; raises PolicyError.

    Any tree will do: a folder, or a revision. Without a tree, `path` is a shipped profile.
    `cache` is the folder for what is fetched; without `fetching`, what is not there yet raises
    UnfetchedError. `own_rules` are the files of rules that come from elsewhere, as paths or as they
    were read; `prefix` is put before the paths of the tree in messages.
    """
    stack = _Stack(cache, fetching=fetching)
    if tree is None:
        stack.profile(path, Origin(path))
    else:
        stack.file(_Spot(tree, path, prefix), Origin(prefix + path))
    return stack.policy(today, own_rules)


class _Spot(NamedTuple):
    """A file of a tree."""

    tree: Tree
    path: str
    prefix: str = ""

    @property
    def shown(self) -> str:
        """The path for messages."""
        return self.prefix + self.path

    def beside(self, path: str) -> _Spot:
        """The file that this one calls by a relative path."""
        folder = posixpath.dirname(self.path)
        return self._replace(path=posixpath.normpath(posixpath.join(folder, path)))

    def below(self) -> list[str]:
        """The YAML files in the folder of this name."""
        start = "" if self.path == "." else f"{self.path}/"
        return [
            path
            for path in self.tree.paths()
            if path.startswith(start) and path.endswith(_ENDS) and "/" not in path[len(start) :]
        ]


class _Read(NamedTuple):
    """A policy file that was read, not yet judged: its rules may come from any layer."""

    shown: str
    document: Document | None
    problems: list[Problem]
    rule_folders: tuple[Setting[str], ...]
    rule_files: tuple[RuleFile, ...]


class _Stack:
    """Policy files in the order of their layers, the uppermost first."""

    def __init__(self, cache: Path | None, *, fetching: bool) -> None:
        self.cache = cache
        self.fetching = fetching
        self.read: list[_Read] = []
        self.seen = {DEFAULT}  # what it says is what a policy without layers says
        self.open: list[str] = []
        self.lists: list[list[str]] = [[]]
        """What the lists of `extends` that are open have named so far."""
        self.above: dict[str, set[str]] = {}
        """For each file that was read, those that it lies on."""

    def profile(self, name: str, origin: Origin) -> None:
        """Add a shipped profile."""
        known = profiles()
        if name not in known:
            hint = _profile(name) or f"; there are {', '.join(known)}"
            # what is named on the command line is in no file
            where = "" if origin.path == name else f"{origin}: "
            raise PolicyError(f"{where}there is no profile `{name}`{hint}")
        self.file(_Spot(MemoryTree({name: known[name].read_bytes()}), name), origin)

    def file(self, spot: _Spot, origin: Origin) -> None:
        """Add a file, after what it extends; `origin` is where it was asked for."""
        if spot.shown in self.open or len(self.open) >= DEEPEST:
            raise PolicyError(f"{origin}: `{spot.shown}` extends itself: remove one `extends`")
        self._in_order(spot.shown, origin)
        if spot.shown in self.seen:
            return
        self.seen.add(spot.shown)
        try:
            data = spot.tree.read(spot.path)
        except UnreadableError as error:
            raise UnavailableError(f"{origin}: `{spot.shown}`: {error.message}") from None
        document, problems = policyfile.read(spot.shown, data)
        extends, rule_folders = policyfile.folders(document)
        self.open.append(spot.shown)
        self.lists.append([])
        for setting in extends:
            self._extend(spot, setting)
        self.open.pop()
        named = self.lists.pop()
        self.above[spot.shown] = set(named).union(*(self.above.get(one, ()) for one in named))
        files = tuple(file for folder in rule_folders for file in _rule_files(spot, folder))
        self.read.append(_Read(spot.shown, document, problems, tuple(rule_folders), files))

    def _in_order(self, shown: str, origin: Origin) -> None:
        """Refuse a list that turns the order of another round: a lock would hold by one of them alone."""
        read, named = list(self.above), self.lists[-1]
        for one in named if shown in read and shown not in named else ():
            later = one in read and read.index(one) > read.index(shown)
            if later and shown not in self.above[one]:
                remedy = "name them in the same order everywhere, the upper one first"
                raise PolicyError(f"{origin}: `{shown}` lies above `{one}` elsewhere: {remedy}")
        named.append(shown)

    def _extend(self, spot: _Spot, setting: Setting[Extension]) -> None:
        extension, origin = setting
        if extension.commit:
            start = self._fetched(extension, origin)
        elif extension.place.startswith(PROFILE):
            self.profile(extension.place, origin)
            return
        else:
            start = spot.beside(extension.place)
        if start.path in start.tree:
            self.file(start, origin)
            return
        below = _below(start, origin)
        if not below:
            wanted = "give a policy file, or a folder of them, beside this one"
            hint = "" if extension.commit else _profile(extension.place)
            raise PolicyError(f"{origin}: `{start.shown}` is not there{hint or f': {wanted}'}")
        for path in below:
            self.file(start._replace(path=path), origin)

    def _fetched(self, extension: Extension, origin: Origin) -> _Spot:
        from pipelaw.policygit import fetched  # noqa: PLC0415  few policies need git

        if self.cache is None:
            remedy = "there is no home folder to keep a copy of the policy in"
            raise UnavailableError(f"{origin}: {remedy}")
        try:
            tree = fetched(extension.place, extension.commit, self.cache, anew=self.fetching)
        except UnavailableError as error:
            raise type(error)(f"{origin}: {error}") from None
        return _Spot(tree, posixpath.normpath(extension.path), f"{tree.name}:")

    def policy(self, today: dt.date, own_rules: Iterable[Path | RuleFile]) -> Policy:
        """The layers folded into one policy; raises PolicyError that names every mistake."""
        files = self._rules(own_rules)
        known = Known(files, _categories(self.read), lambda rule: _declared(*files[rule]))
        result = Policy(today)
        problems: list[Problem] = []
        for one in self.read:
            layer = policyfile.parse_layer(one.document, one.shown, known)
            layer = _with_rules(layer, one)
            result, refused = merged(result, layer)
            problems.extend((*dict.fromkeys(one.problems), *refused))
        if problems:
            raise PolicyError(
                "\n".join(f"{p.path}:{p.line}:{p.column}: {p.message}" for p in problems)
            )
        return result

    def _rules(self, own: Iterable[Path | RuleFile]) -> dict[str, tuple[str, Path | bytes]]:
        """The files of all rules, by the ids, which are their names."""
        files: dict[str, tuple[str, Path | bytes]] = {}
        for file in (*own, *_shipped(), *(file for one in self.read for file in one.rule_files)):
            shown, data = file if isinstance(file, RuleFile) else (str(file), file)
            name, end = posixpath.splitext(posixpath.basename(shown))
            if end in _ENDS:
                files[name] = shown, data
        return files


@lru_cache(maxsize=1)
def _shipped() -> tuple[Path, ...]:
    """The files of the shipped rules; a scan of many repositories asks for each policy."""
    return tuple(rules.shipped().iterdir())


def _declared(shown: str, data: Path | bytes) -> tuple[Parameter, ...]:
    """The parameters that a rule file declares."""
    try:
        return parameters.of_file(shown, data if isinstance(data, bytes) else data.read_bytes())
    except OSError as error:
        raise PolicyError(f"{shown}:1:1: {error.strerror}") from None


def _with_rules(layer: Layer, read: _Read) -> Layer:
    return layer._replace(rule_folders=read.rule_folders, rule_files=read.rule_files)


def _below(spot: _Spot, origin: Origin) -> list[str]:
    """The YAML files in a folder that a policy names; raises PolicyError where it leads out."""
    if spot.path.startswith(("..", "/")):
        remedy = "put it into the repository, or extend a git repository at a commit"
        raise PolicyError(f"{origin}: `{spot.path}` leads outside: {remedy}")
    return spot.below()


def _profile(name: str) -> str:
    """A hint at the shipped profile that was probably meant, or nothing."""
    found = near(name.removeprefix(PROFILE), [one.removeprefix(PROFILE) for one in profiles()])
    return found.replace("`", f"`{PROFILE}", 1)


def _rule_files(spot: _Spot, folder: Setting[str]) -> list[RuleFile]:
    """The rules in a folder that a policy names."""
    start = spot.beside(folder.value)
    paths = _below(start, folder.origin)
    if not paths:
        raise PolicyError(f"{folder.origin}: there is no rule in a folder `{start.shown}`")
    found = []
    for path in paths:
        with suppress(UnreadableError):
            found.append(RuleFile(spot.prefix + path, spot.tree.read(path)))
    return found


def _categories(read: Sequence[_Read]) -> Sequence[str]:
    """The categories of controls that can be missing; the catalogue is large, so only if asked for."""
    if not any(one.document and "controls" in one.document.source.text for one in read):
        return ()
    from pipelaw.facts.control_catalogue import catalogue  # noqa: PLC0415

    return sorted(catalogue().expected)
