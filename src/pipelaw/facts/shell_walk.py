"""From tree-sitter's tree of a script to its simple commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts.shell_quotes import QUOTING, unquoted
from pipelaw.facts.shell_syntax import Fed, Flow, Simple, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    Owner = Callable[[Flow], None] | None
    """Who wants to know of the substitutions below a node."""


class _Redirects:
    """What the redirections of a command say."""

    __slots__ = ("before", "end", "extra", "fed", "reads", "redirected", "writes")

    def __init__(self) -> None:
        self.before: Flow | None = None
        self.end = 0
        self.extra: list[Node] = []
        """Words of the command that follow a redirection."""
        self.fed: list[Fed] = []
        self.reads = ""
        self.redirected = False
        self.writes: list[str] = []

    def give(self, simple: Simple, offset: int) -> None:
        """Tell a command what its redirections say."""
        simple.end = max(simple.end, self.end + offset)
        simple.before = self.before or simple.before
        simple.reads = self.reads
        simple.redirected = self.redirected
        simple.writes = [*self.writes, *simple.writes]
        simple.fed = self.fed
        for fed in self.fed:
            fed.simple = simple

    def group(self, flow: Flow) -> Flow:
        """The flow of a compound command that has these redirections."""
        before = self.before or flow.before
        if self.redirected:
            return Flow(before, writes=tuple(self.writes), captured=flow.captured)
        return Flow(before, flow, flow.writes, captured=flow.captured)


class Walk:
    """One walk over a tree, with its own stack: scripts can nest deeper than Python's calls."""

    def __init__(self, unit: Unit, offset: int, found: list[Simple]) -> None:
        self.unit = unit
        self.offset = offset
        """Where the parsed text begins in the unit."""
        self.code = unit.code[offset:] if offset else unit.code
        self.found = found
        self.stack: list[tuple[Node, Flow, _Redirects | None, Owner]] = []
        self.bodies: list[tuple[Node, Fed]] = []

    def run(self, root: Node) -> None:
        """Collect the commands below a node."""
        self.stack.append((root, Flow(), None, None))
        while self.stack or self.bodies:
            if not self.stack:
                self._body(*self.bodies.pop())
                continue
            node, flow, redirects, owner = self.stack.pop()
            handler = _HANDLERS.get(node.type)
            if handler is not None:
                handler(self, node, flow, redirects, owner)
            elif node.child_count:
                self._push(node, flow if redirects is None else redirects.group(flow), owner)

    def _push(self, node: Node, flow: Flow, owner: Owner = None) -> None:
        """Visit what is below a node next, in order."""
        for child in reversed(node.named_children):
            self.stack.append((child, flow, None, owner))

    def _body(self, node: Node, fed: Fed) -> None:
        """A here-document: its substitutions, unless it is a script, which is read as one later."""
        taker = fed.taker
        if taker.language != "bash" or taker.remote:
            self._push(node, Flow(captured=True))

    def _command(self, node: Node, flow: Flow, redirects: _Redirects | None, _: Owner) -> None:
        words: list[Node] = []
        assigned = -1
        for child in node.named_children:
            kind = child.type
            if kind in _REDIRECTIONS:
                redirects = redirects or _Redirects()
                _REDIRECTIONS[kind](self, child, flow, redirects)
            elif (kind == "variable_assignment" and not words) or child.start_byte == assigned:
                # the grammar ends an assignment after the second of its variables: see `_words`
                assigned = child.end_byte
                self.stack.append((child, flow, None, None))
            elif kind != "comment" and child.end_byte > child.start_byte:
                words.append(child)
        if redirects is not None and redirects.extra:
            words = sorted(words + redirects.extra, key=_start)
        if words:
            self._emit(node, words, flow, redirects)

    def _declaration(self, node: Node, flow: Flow, redirects: _Redirects | None, _: Owner) -> None:
        """`export A=b`, `local x`, `unset y`: commands whose name is a keyword of the grammar."""
        self._emit(node, node.children, flow, redirects)

    def _emit(
        self, node: Node, nodes: list[Node], flow: Flow, redirects: _Redirects | None
    ) -> None:
        """Keep a command, and visit the substitutions in its words next."""
        offset = self.offset
        words, spans, carriers = self._words(nodes)
        start = node.start_byte
        if "\n" in self.code[start : nodes[0].start_byte]:
            # assignments on lines of their own, which the grammar takes for a part of `! command`
            start = nodes[0].start_byte
        end = max(node.end_byte, nodes[-1].end_byte)
        simple = Simple(self.unit, flow, words, spans, (start + offset, end + offset))
        self.found.append(simple)
        if redirects is not None:
            redirects.give(simple, offset)
        if simple.before is not None and simple.before.reader is None:
            simple.before.reader = simple
        shift = len(words) - len(simple.words)
        for index, word in reversed(carriers):
            if word.child_count:
                self.stack.append((word, flow, None, _part(simple, index - shift)))

    def _words(
        self, nodes: list[Node]
    ) -> tuple[list[str], list[tuple[int, int]], list[tuple[int, Node]]]:
        """The words of a command, where they are, and those that hold substitutions."""
        offset, code = self.offset, self.code
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        carriers: list[tuple[int, Node]] = []
        last = -1
        for node in nodes:
            start, end = node.start_byte, node.end_byte
            raw = code[start:end]
            value = unquoted(node, code) if QUOTING.search(raw) else raw
            if start == last:
                # the grammar makes two words of `$A/b$C.d`
                words[-1] += value
                spans[-1] = (spans[-1][0], end + offset)
            else:
                words.append(value)
                spans.append((start + offset, end + offset))
            last = end
            if "$(" in raw or "`" in raw or "<(" in raw:
                carriers.append((len(words) - 1, node))
        return words, spans, carriers

    def _pipeline(self, node: Node, flow: Flow, redirects: _Redirects | None, _: Owner) -> None:
        self._stages(node, flow, flow.before, redirects)

    def _stages(
        self, node: Node, flow: Flow, before: Flow | None, redirects: _Redirects | None = None
    ) -> None:
        """Visit the stages of a pipeline: the first reads `before`, the last writes where `flow` does."""
        stages = [child for child in node.named_children if child.type != "comment"]
        visits: list[tuple[Node, Flow, _Redirects | None, Owner]] = []
        for stage in stages[:-1]:
            before = Flow(before, captured=flow.captured)
            visits.append((stage, before, None, None))
        for stage in stages[-1:]:
            # after `<<END` the grammar takes `| a && b` for a pipeline into `a && b`
            first, more = _first(stage)
            last = Flow(before, flow, flow.writes, captured=flow.captured)
            visits.append((first, last, redirects, None))
            visits += [(child, flow, None, None) for child in more]
        self.stack.extend(reversed(visits))

    def _list(self, node: Node, flow: Flow, redirects: _Redirects | None, _: Owner) -> None:
        """`a && b > f`: the redirection, which the grammar gives to both, belongs to the last."""
        for child in reversed(node.named_children):
            self.stack.append((child, flow, redirects, None))
            redirects = None

    def _substitution(self, node: Node, _f: Flow, _r: _Redirects | None, owner: Owner) -> None:
        """`$(…)`, `<(…)` or backticks."""
        inner = Flow(captured=True)
        if owner is not None:
            owner(inner)
        self._push(node, inner)

    def _assignment(self, node: Node, flow: Flow, _: _Redirects | None, owner: Owner) -> None:
        """`NAME=$(…)`."""
        raw = self._raw(node)
        if "$(" not in raw and "`" not in raw:
            return

        def assign(inner: Flow) -> None:
            self.unit.assigned[raw.partition("=")[0]] = inner
            if owner is not None:
                owner(inner)

        self._push(node, flow, assign)

    def _redirected(self, node: Node, flow: Flow, redirects: _Redirects | None, _: Owner) -> None:
        redirects = redirects or _Redirects()
        bodies = []
        piped = False
        for child in node.named_children:
            if child.type not in _REDIRECTIONS:
                bodies.append(child)
            elif child.type == "heredoc_redirect":
                piped = piped or any(part.type == "pipeline" for part in child.named_children)
        inner = Flow(flow.before, captured=flow.captured) if piped else flow
        for child in node.named_children:
            if child.type == "heredoc_redirect":
                self._heredoc(child, flow, redirects, inner)
            elif child.type in _REDIRECTIONS:
                _REDIRECTIONS[child.type](self, child, flow, redirects)
        for body in reversed(bodies):
            self.stack.append((body, inner, redirects, None))

    def _heredoc(
        self, node: Node, flow: Flow, redirects: _Redirects, inner: Flow | None = None
    ) -> None:
        """`<<END`, and what follows it on its line: redirections, a pipeline, `&& more`."""
        for child in reversed(node.named_children):
            if child.type == "pipeline":
                self._stages(child, flow, inner or flow)
            elif child.type == "file_redirect":
                self._file(child, flow, redirects)
            elif not child.type.startswith("heredoc"):
                self.stack.append((child, flow, None, None))
        parts = {child.type: child for child in node.named_children}
        start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
        if start is None:
            return
        redirects.end = max(redirects.end, start.end_byte)
        if body is not None:
            literal = QUOTING.search(self._raw(start)) is not None
            fed = self._feed(body.start_byte, body.end_byte, redirects, literal=literal)
            if not literal and body.child_count:
                self.bodies.append((body, fed))

    def _feed(
        self, start: int, end: int, redirects: _Redirects, *, literal: bool, expanded: bool = False
    ) -> Fed:
        """Note a piece of the script that is somebody's input."""
        fed = Fed(start + self.offset, end + self.offset, literal=literal, expanded=expanded)
        redirects.fed.append(fed)
        return fed

    def _raw(self, node: Node) -> str:
        return self.code[node.start_byte : node.end_byte]

    def _herestring(self, node: Node, flow: Flow, redirects: _Redirects) -> None:
        """`<<< "text"`."""
        redirects.end = max(redirects.end, node.end_byte)
        for operand in node.named_children[-1:]:
            literal = operand.type == "raw_string"
            quote = int(literal or operand.type == "string")
            start, end = operand.start_byte + quote, operand.end_byte - quote
            self._feed(start, max(start, end), redirects, literal=literal, expanded=not literal)
            leading = operand
            while leading.type in ("string", "concatenation") and leading.named_child_count:
                leading = leading.named_children[0]
            if leading.type == "command_substitution":
                redirects.before = Flow(captured=True)
                self._push(leading, redirects.before)
            else:
                self.stack.append((operand, flow, None, None))

    def _file(self, node: Node, flow: Flow, redirects: _Redirects) -> None:
        """`> file`, `2>&1`, `< file`; words after the file belong to the command."""
        redirects.end = max(redirects.end, node.end_byte)
        descriptor = operator = ""
        targets: list[Node] = []
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self._raw(child)
            elif child.is_named:
                targets.append(child)
            else:
                operator = child.type
        if targets:
            text = unquoted(targets[0], self.code)
            end = targets[0].end_byte
            for target in targets[1:]:
                if target.start_byte == end:  # as in `_words`
                    text += unquoted(target, self.code)
                    end = target.end_byte
                else:
                    redirects.extra.append(target)
            self._target(targets[0], text, descriptor + operator, flow, redirects)

    def _target(
        self, node: Node, text: str, operator: str, flow: Flow, redirects: _Redirects
    ) -> None:
        """The file of a redirection."""
        if node.type == "process_substitution":
            inner = Flow(captured=True)
            if operator == "<":
                redirects.before = inner
            redirects.redirected = redirects.redirected or ">" in operator
            self._push(node, inner)
            return
        if operator == "<":
            redirects.reads = text
        elif operator.removeprefix("1") in _WRITING and not text.isdigit():
            redirects.redirected = True
            redirects.writes.append(text)
        self.stack.append((node, flow, None, None))


def _first(node: Node) -> tuple[Node, list[Node]]:
    """The first part of `a && b && c`, and the others in order."""
    more: list[Node] = []
    while node.type == "list" and node.named_child_count:
        node, *others = node.named_children
        more = others + more
    return node, more


def _start(node: Node) -> int:
    return node.start_byte


def _part(simple: Simple, index: int) -> Callable[[Flow], None]:
    """What tells a command of a substitution in one of its words."""
    return lambda flow: simple.subs.append((index, flow))


_WRITING = frozenset((">", ">>", ">|", "&>", "&>>", ">&"))
_REDIRECTIONS = {
    "file_redirect": Walk._file,
    "herestring_redirect": Walk._herestring,
    "heredoc_redirect": Walk._heredoc,
}
_HANDLERS = {
    "command": Walk._command,
    "declaration_command": Walk._declaration,
    "unset_command": Walk._declaration,
    "pipeline": Walk._pipeline,
    "list": Walk._list,
    "redirected_statement": Walk._redirected,
    "variable_assignment": Walk._assignment,
    "command_substitution": Walk._substitution,
    "process_substitution": Walk._substitution,
}
