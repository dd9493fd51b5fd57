"""What was asked of a tree, with the answers: whoever gets the same answers comes to the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pipelaw.digests import digest
from pipelaw.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelaw.document import Problem
    from pipelaw.tree import Tree

Question: TypeAlias = tuple[str, str]
"""A key of _QUESTIONS, and the path that it is about."""
Answer: TypeAlias = str | bytes | bool
"""The digest of what was given, why nothing was given, a word, or yes and no."""
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


def _origin(tree: Tree, _: str = "") -> str:
    return tree.origin


_QUESTIONS: dict[str, Callable[[Tree, str], Answer]] = {
    "paths": _paths,
    "read": _read,
    "there": _there,
    "ignored": _ignored,
    "origin": _origin,
}


def answer(tree: Tree, question: Question) -> Answer:
    """What a tree says to a question."""
    asked, path = question
    return _QUESTIONS[asked](tree, path)


def same(tree: Tree, asked: Iterable[Asked]) -> bool:
    """Whether a tree gives the same answers."""
    found = all(answer(tree, (question, path)) == said for question, path, said in asked)
    return found and not tree.problems()


class AskedTree:
    """A tree that asks another one each question once, and remembers what it said."""

    def __init__(self, tree: Tree) -> None:
        self.name = tree.name
        self.named = tree.named
        self.questions: dict[Question, None] = {}
        """What was asked, in that order."""
        self.texts: dict[str, bytes] = {}
        """What was read, by path."""
        self._tree = tree
        self._answers: dict[Question, Answer] = {}
        self._made: dict[object, tuple[object, dict[Question, None]]] = {}
        self._failed = False

    def fresh(self) -> AskedTree:
        """Another one that shares the answers, and was asked nothing yet."""
        other = AskedTree(self._tree)
        other.texts, other._answers, other._made = self.texts, self._answers, self._made
        return other

    def asked(self) -> tuple[Asked, ...] | None:
        """Every question with its answer; None where something could not be looked into."""
        if self._failed or self._tree.problems():
            return None
        return tuple((*question, self._answers[question]) for question in self.questions)

    def answer(self, question: Question) -> Answer:
        """What the tree says to a question."""
        self.questions[question] = None
        if question not in self._answers:
            self._answers[question] = answer(self._tree, question)
        return self._answers[question]

    def remember(self, key: object, make: Callable[[], object]) -> object:
        """What `make` gives, made once; it reads by this tree. See `tree.remembered`."""
        if key not in self._made:
            before, self.questions = self.questions, {}
            try:
                self._made[key] = make(), self.questions
            finally:
                self.questions = before | self.questions
        made, questions = self._made[key]
        self.questions |= questions
        return made

    @property
    def origin(self) -> str:
        """See Tree."""
        return str(self.answer(("origin", "")))

    def paths(self) -> Sequence[str]:
        """See Tree."""
        self.answer(("paths", ""))
        return self._tree.paths()

    def read(self, path: str) -> bytes:
        """See Tree."""
        self.questions["read", path] = None
        if path not in self.texts:
            self.texts[path] = self._read(path)
        return self.texts[path]

    def ignored(self, path: str) -> bool:
        """See Tree."""
        return bool(self.answer(("ignored", path)))

    def problems(self) -> Sequence[Problem]:
        """See Tree."""
        return self._tree.problems()

    def __contains__(self, path: object) -> bool:
        """See Tree."""
        return isinstance(path, str) and bool(self.answer(("there", path)))

    def _read(self, path: str) -> bytes:
        try:
            data = self._tree.read(path)
        except UnreadableError as error:
            self._note(path, error.message)
            # what is not there is an answer like any other, what is out of reach is not
            said = error.__context__
            self._failed |= isinstance(said, OSError) and not isinstance(said, _ABSENT)
            raise
        self._note(path, digest(data))
        return data

    def _note(self, path: str, answer: Answer) -> None:
        """Note what reading gave; what was not there may be there when it is asked for again."""
        self._failed |= self._answers.setdefault(("read", path), answer) != answer


_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
