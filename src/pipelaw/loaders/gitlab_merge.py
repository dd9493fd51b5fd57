"""Many GitLab files as one: layers laid over each other, `extends`, `default`, `!reference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import MappingNode, Node, ScalarNode, SequenceNode, null
from pipelaw.loaders.gitlab_nodes import Nodes
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.document import Problem
    from pipelaw.loaders.gitlab_nodes import File

MAX_DEPTH = 10
"""How deep `extends` and `!reference` may be nested below the first."""

MAX_ITEMS = 10_000
"""How long a list may become when its references are followed."""

GLOBALS = ("image", "services", "before_script", "after_script", "cache")
"""The keywords that are defaults of every job when they are at the top of the file."""

DEFAULTS = frozenset({*GLOBALS, "artifacts", "hooks", "id_tokens", "identity", "retry", "tags"})
"""The keywords that jobs take from `default`, as far as the model knows them."""


class Entry(NamedTuple):
    """A keyword or job at the top of the merged file."""

    key: ScalarNode
    """The name, where it was written last."""
    value: Node
    """The value of all files together."""
    written: Node
    """The value where it was written last."""


class Config(Nodes):
    """The merged configuration: what is at the top by name, and readers that follow references."""

    __slots__ = (
        "_defaults",
        "_depth",
        "_extended",
        "_flat",
        "_open",
        "elsewhere",
        "entries",
        "incomplete",
        "partial",
    )

    def __init__(self, main: File, root: Node, problems: list[Problem]) -> None:
        super().__init__(main, root, problems)
        self.entries: dict[str, Entry] = {}
        self.incomplete = False
        """Parts come from files that were not read, so a missing name is no mistake."""
        self.partial: set[str] = set()
        """The names that extend something in a file that was not read."""
        self.elsewhere: dict[str, Problem] = {}
        """What is asked for and can only be in a file that was not read, by name."""
        self._defaults: dict[str, Node] | None = None
        self._extended: dict[str, Node] = {}
        self._flat: dict[int, list[Node]] = {}
        self._open: list[str] = []
        self._depth = 0

    def stack(self, layers: Iterable[Node]) -> None:
        """Lay files over each other: mappings are merged, everything else is replaced."""
        for layer in layers:
            for key, value in self.pairs(layer, "the file"):
                name = self.value(key, "a key")
                below = self.entries.get(name)
                merged = value if below is None else self._over(below.value, value)
                self.entries[name] = Entry(key, merged, value)

    def _over(self, below: Node, above: Node) -> Node:
        if isinstance(below, MappingNode) and isinstance(above, MappingNode):
            return self.merge(below, above)
        return above

    def merge(self, below: MappingNode, above: MappingNode) -> MappingNode:
        """A mapping with the keys of both, at every depth; `above` wins."""
        found = {pair[0].value: pair for pair in self.pairs(below, "a mapping")}
        for pair in self.pairs(above, "a mapping"):
            name = pair[0].value
            under = found.get(name)
            found[name] = pair if under is None else (pair[0], self._over(under[1], pair[1]))
        node = MappingNode("", list(found.values()), above.start_mark, above.end_mark)
        self.kept.append(node)
        self._pairs[id(node)] = node.value
        if self._files:
            self._files[id(node)] = self.file(above)
        return node

    def entry(self, name: str) -> Node | None:
        """A value at the top, after `extends`; None where there is none."""
        known = self._extended.get(name)
        if known is None and name in self.entries:
            known = self._extended[name] = self._extend(name, self.entries[name].value)
        return known

    def _extend(self, name: str, node: Node) -> Node:
        if not isinstance(node, MappingNode):
            return node
        extends = next(
            (value for key, value in self.pairs(node, f"`{name}`") if key.value == "extends"), None
        )
        if extends is None:
            return node
        if len(self._open) > MAX_DEPTH:
            self.problem(extends, f"`extends` is nested deeper than {MAX_DEPTH} levels")
            return node
        self._open.append(name)
        merged: MappingNode | None = None
        for scalar, parent in self.values(extends, "extends"):
            base = self._parent(scalar, parent)
            if base is not None:
                merged = base if merged is None else self.merge(merged, base)
        self._open.pop()
        return node if merged is None else self.merge(merged, node)

    def _parent(self, scalar: ScalarNode, name: str) -> MappingNode | None:
        """The mapping that `extends` names, itself extended."""
        if name in self._open:
            self.problem(scalar, f"`{self._open[-1]}` extends itself through `{name}`")
            return None
        node = self.entry(name)
        if not isinstance(node, MappingNode) or name in self.partial:
            self.partial.add(self._open[-1])
        if isinstance(node, MappingNode):
            return node
        if "$[[" not in name:
            text = f"`{self._open[-1]}` extends `{name}`, which is"
            self._absent(scalar, f"{text} not there", name, f"{text} in no file that was read")
        return None

    def _absent(self, node: Node, wrong: str, name: str, unread: str) -> None:
        """Note what is wrong, or where parts were not read, once, that the name may be in those."""
        if not self.incomplete:
            self.problem(node, wrong)
        elif name not in self.elsewhere:
            self.elsewhere[name] = self.remark(node, unread)

    def resolve(self, node: Node | None) -> Node | None:
        """What a node stands for: itself, or what its `!reference` names."""
        if node is None or node.tag != "!reference":
            return node
        if not isinstance(node, SequenceNode):
            self.problem(node, "`!reference` takes a list, as in `!reference [.job, script]`")
            return None
        path = [item.value for item in node.value if isinstance(item, ScalarNode)]
        if self._depth > MAX_DEPTH:
            self.problem(node, f"`!reference` is nested deeper than {MAX_DEPTH} levels")
            return None
        self._depth += 1
        found = self._at(path)
        self._depth -= 1
        if found is None:
            name = ", ".join(path)
            wrong = f"`!reference [{name}]` names nothing"
            self._absent(node, wrong, name, f"{wrong} that was read")
        return found

    def _at(self, path: list[str]) -> Node | None:
        found = self.entry(path[0]) if path else None
        for name in path[1:]:
            if not isinstance(found, MappingNode):
                return None
            pairs = self.pairs(found, "a mapping")
            found = self.resolve(next((value for key, value in pairs if key.value == name), None))
        return self.resolve(found)

    def fields(self, node: Node | None, what: str) -> dict[str, Node]:
        """See Document; references are followed, and keys set to null are left out."""
        found = {}
        for key, value in self.pairs(self.resolve(node), what):
            resolved = self.resolve(value) if value.tag else value
            if resolved is not None and not null(resolved):
                found[key.value] = resolved
        return found

    def scalars(self, node: Node | None, what: str) -> list[ScalarNode]:
        """See Document; references are followed."""
        return super().scalars(self.resolve(node), what)

    def items(self, node: Node | None, what: str) -> list[Node]:
        """See Document; references are followed, and lists in lists are flattened."""
        node = self.resolve(node)
        return self._items(node) if isinstance(node, SequenceNode) else super().items(node, what)

    def _items(self, node: SequenceNode) -> list[Node]:
        found: list[Node] = node.value
        for item in found:
            if type(item) is SequenceNode or item.tag == "!reference":
                break
        else:
            return found
        if id(node) in self._flat:
            return self._flat[id(node)]
        self._flat[id(node)] = found = []  # a list that contains itself finds nothing here
        for item in node.value:
            resolved = self.resolve(item)
            if isinstance(resolved, SequenceNode):
                found.extend(self._items(resolved))
            elif resolved is not None:
                found.append(resolved)
            if len(found) > MAX_ITEMS:
                self.problem(node, f"more than {MAX_ITEMS:,} items after references were followed")
                break
        return found

    def job(self, name: str) -> dict[str, Node]:
        """The keywords of a job after `extends`, with what it inherits from `default`."""
        own = self.fields(self.entry(name), f"`{name}`")
        inherit = self.fields(own.get("inherit"), "inherit")
        wanted = self.inherited(inherit.get("default"), DEFAULTS)
        for keyword, value in self.defaults().items():
            if keyword not in own and keyword in wanted:
                own[keyword] = value
        return own

    def defaults(self) -> dict[str, Node]:
        """The keywords that jobs take over: of `default`, or at the top of the file."""
        if self._defaults is None:
            self._defaults = found = {}
            for keyword in GLOBALS:
                value = self.resolve(self.entry(keyword))
                if value is not None and not null(value):
                    found[keyword] = value
            found.update(self.fields(self.entry("default"), "default"))
        return self._defaults

    def inherited(self, node: Node | None, names: frozenset[str]) -> frozenset[str]:
        """Which of `names` a job inherits: all, none (`false`), or those of a list."""
        if node is None:
            return names
        if isinstance(node, ScalarNode):
            return frozenset() if node.value.lower() == "false" else names
        return names & {item.value for item in self.scalars(node, "inherit")}
