"""What was asked of a tree, with the answers: whoever gets the same answers comes to the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pipelaw.digests import digest
from pipelaw.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.document import Problem
    from pipelaw.tree import Tree

Answer: TypeAlias = str | bytes | bool
"""The digest of what was given, why nothing was given, or yes and no."""
Asked: TypeAlias = tuple[str, str, Answer]
"""A question, the path that it is about, and the answer."""


def _paths(tree: Tree, _: str = "") -> bytes:
    return digest("\0".join(tree.paths()).encode("utf-8", "surrogatepass"))


def _read(tree: Tree, path: str) -> Answer:
    try:
        return digest(tree.read(path))
    except UnreadableError as error:
        return error.message


def _there(tree: Tree, path: str) -> bool:
    return path in tree


def _ignored(tree: Tree, path: str) -> bool:
    return tree.ignored(path)


_QUESTIONS: dict[str, Callable[[Tree, str], Answer]] = {
    "paths": _paths,
    "read": _read,
    "there": _there,
    "ignored": _ignored,
}


def same(tree: Tree, asked: Iterable[Asked]) -> bool:
    """Whether a tree gives the same answers."""
    found = all(_QUESTIONS[question](tree, path) == answer for question, path, answer in asked)
    return found and not tree.problems()


class AskedTree:
    """A tree that asks another one each question once, and remembers what it said."""

    def __init__(self, tree: Tree) -> None:
        self.name = tree.name
        self.named = tree.named
        self._tree = tree
        self._answers: dict[tuple[str, str], Answer] = {}
        self._texts: dict[str, bytes] = {}
        self._failed = False

    def asked(self) -> tuple[Asked, ...] | None:
        """Every question with its answer; None where something could not be looked into."""
        if self._failed or self._tree.problems():
            return None
        return tuple((*question, answer) for question, answer in self._answers.items())

    def paths(self) -> Sequence[str]:
        """See Tree."""
        self._answer("paths", "")
        return self._tree.paths()

    def read(self, path: str) -> bytes:
        """See Tree."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def ignored(self, path: str) -> bool:
        """See Tree."""
        return bool(self._answer("ignored", path))

    def problems(self) -> Sequence[Problem]:
        """See Tree."""
        return self._tree.problems()

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        return isinstance(path, str) and bool(self._answer("there", path))

    def _read(self, path: str) -> bytes:
        try:
            data = self._tree.read(path)
        except UnreadableError as error:
            self._note(path, error.message)
            # what is not there is an answer like any other, what is out of reach is none
            said = error.__context__
            self._failed |= isinstance(said, OSError) and not isinstance(said, _ABSENT)
            raise
        self._note(path, digest(data))
        return data

    def _note(self, path: str, answer: Answer) -> None:
        """Note what reading gave; what was not there may be there when it is asked for again."""
        self._failed |= self._answers.setdefault(("read", path), answer) != answer

    def _answer(self, question: str, path: str) -> Answer:
        known = (question, path)
        if known not in self._answers:
            self._answers[known] = _QUESTIONS[question](self._tree, path)
        return self._answers[known]


_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
