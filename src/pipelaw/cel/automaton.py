"""A search that takes time in proportion to the text, whatever the pattern: a lazy automaton.

Slower than `re` on what people write, and immune to what attackers write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.cel.re2 import Characters, Choice, Ranges, Repeat, Sequence

if TYPE_CHECKING:
    from pipelaw.cel.re2 import Tree

_MAX_CELLS = 20_000
"""Transitions that are remembered; then all are forgotten, and found again when needed."""
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


class _State(dict[str, "_State"]):
    """The places in the pattern that the text so far can have reached; by character, the next state."""

    __slots__ = ("automaton", "before", "places")

    def __init__(self, automaton: Automaton, before: str, places: frozenset[int]) -> None:
        super().__init__()
        self.automaton = automaton
        self.before = before
        self.places = places

    def __missing__(self, char: str) -> _State:
        return self.automaton.step(self, char)


class Automaton:
    """A pattern, ready to be searched for.

    A place is a character to read, a fork, an assertion, or the end of the pattern. Forks and
    assertions are passed when the next character is known: then both sides of them are.
    """

    def __init__(self, tree: Tree) -> None:
        self._reads: dict[int, tuple[Ranges, int]] = {}
        self._passes: dict[int, tuple[str, tuple[int, ...]]] = {}
        self._begin = self._build(tree, 0)  # 0 is the end of the pattern
        self._states: dict[tuple[str, frozenset[int]], _State] = {}
        self._cells = 0
        self._found = _State(self, "", frozenset())

    def search(self, text: str) -> bool:
        """Whether the pattern is found anywhere in `text`."""
        state = self._state("start", frozenset((self._begin,)))
        found = self._found
        for char in text:
            state = state[char]
            if state is found:
                return True
        return self._reached(state, "end") is None

    def step(self, state: _State, char: str) -> _State:
        """The state after `char`, which `state` has not met yet."""
        kind = "newline" if char == "\n" else "word" if char in _WORD else "other"
        reached = self._reached(state, kind)
        if reached is None:
            after = self._found
        else:
            code = ord(char)
            places = {self._begin}
            for place in reached:
                ranges, then = self._reads[place]
                if any(low <= code <= high for low, high in ranges):
                    places.add(then)
            after = self._state(kind, frozenset(places))
        self._cells += 1
        if self._cells > _MAX_CELLS:
            self._forget()
        state[char] = after
        return after

    def _forget(self) -> None:
        for state in self._states.values():
            state.clear()
        self._states.clear()
        self._cells = 0

    def _state(self, before: str, places: frozenset[int]) -> _State:
        found = self._states.get((before, places))
        if found is None:
            found = self._states[before, places] = _State(self, before, places)
        return found

    def _reached(self, state: _State, after: str) -> list[int] | None:
        """The characters to read next, given the kind of the next one; None if the end is reached."""
        rest, seen, found = list(state.places), set(state.places), []
        while rest:
            place = rest.pop()
            if place == 0:
                return None
            if place in self._reads:
                found.append(place)
                continue
            kind, targets = self._passes[place]
            if not kind or _holds(kind, state.before, after):
                rest += [target for target in targets if target not in seen]
                seen.update(targets)
        return found

    def _place(self) -> int:
        return len(self._reads) + len(self._passes) + 1

    def _build(self, tree: Tree, then: int) -> int:
        """The place where `tree`, followed by the place `then`, begins."""
        if isinstance(tree, Sequence):
            for item in reversed(tree.items):
                then = self._build(item, then)
            return then
        if isinstance(tree, Repeat):
            return self._repeat(tree, then)
        if isinstance(tree, Choice):
            return self._fork(*(self._build(item, then) for item in tree.items))
        place = self._place()
        if isinstance(tree, Characters):
            self._reads[place] = (tree.ranges, then)
        else:
            self._passes[place] = (tree.kind, (then,))
        return place

    def _fork(self, *targets: int) -> int:
        place = self._place()
        self._passes[place] = ("", targets)
        return place

    def _repeat(self, tree: Repeat, then: int) -> int:
        if tree.high is None:
            start = self._fork()
            self._passes[start] = ("", (self._build(tree.item, start), then))
        else:
            start = then
            for _ in range(tree.high - tree.low):
                start = self._fork(self._build(tree.item, start), then)
        for _ in range(tree.low):
            start = self._build(tree.item, start)
        return start


def _holds(kind: str, before: str, after: str) -> bool:
    """Whether an assertion holds between two kinds of character."""
    if kind == "boundary":
        return (before == "word") != (after == "word")
    if kind.endswith("start"):
        return before == "start" or (before == "newline" and kind == "line-start")
    return after == "end" or (after == "newline" and kind == "line-end")
