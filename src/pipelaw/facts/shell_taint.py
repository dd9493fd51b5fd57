"""What becomes of foreign text in a shell script: followed through variables, pipes and files.

The script is run in the abstract: every statement once, in order, both branches of a condition,
loops once. What a branch assigns cannot clean a variable, as the branch may not be taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.facts import shell_programs, shell_words
from pipelaw.facts.shell_arithmetic import calculated, compared, let
from pipelaw.facts.shell_arrays import arranged, fields, placed
from pipelaw.facts.shell_bash import EXPANDED, LITERAL, REDIRECTS, WORDS, trees
from pipelaw.facts.shell_branches import branching, cases, choice, loop, sequence
from pipelaw.facts.shell_checks import captured
from pipelaw.facts.shell_effects import Effects, Given, Write
from pipelaw.facts.shell_expansions import expanded
from pipelaw.facts.shell_sinks import filled, replacing, sinks
from pipelaw.facts.shell_streams import VARIABLE, heredoc, listed, reopened, targeted
from pipelaw.facts.taint import UNKNOWN, Taint, Value, bounded, narrowed, plain, stripped, taints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tree_sitter import Node


_DEEPEST = 60
_MOST = 20_000
"""How deep and how many nodes of a tree are looked at."""
_CALLS = 3
"""How many functions of the script call each other."""
_PATHS = frozenset(("word", "string", "raw_string", "concatenation"))


def run(code: str, given: Given) -> Effects:
    """Follow foreign text through a script of the Bourne family."""
    shell = Shell(given)
    for root, offset, text in trees(code):
        shell.offset, shell.text = offset, text
        shell.statements(root, ())
    return shell.effects


class Shell:
    """The state of a script that is run in the abstract."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.effects = Effects([], {}, [])
        self.text = ""
        self.offset = 0
        self.variables: dict[str, Value] = {}
        self.arrays: dict[str, list[Value]] = {}
        self.paths: dict[str, str] = {}
        """Variables that were set to what may be a path, as written."""
        self.handed: list[Value] = []
        self.functions: dict[str, Node] = {}
        self.branches = self.depth = self.nodes = self.calls = 0
        self.opened: dict[str, str] = {}
        """The files that `exec` opened for what follows, by the number of their descriptor."""
        self.captures = 0
        """How many substitutions, redirections and pipes take what is printed."""

    def execute(self, node: Node, stdin: Value) -> Value:
        """Run a statement; gives what it prints."""
        self.nodes += 1
        if self.depth > _DEEPEST or self.nodes > _MOST:
            return ()
        self.depth += 1
        handler = _STATEMENTS.get(node.type, Shell.statements)
        printed = handler(self, node, stdin)
        self.depth -= 1
        return printed

    def statements(self, node: Node, stdin: Value) -> Value:
        """Whatever is made of statements: a list, a group, a loop's body, a broken piece."""
        printed: list[str | Taint] = []
        for child in node.named_children:
            if child.type not in WORDS:
                printed += self.execute(child, stdin)
        return tuple(printed)

    def _group(self, node: Node, stdin: Value) -> Value:
        """`{ … }`, or `(( … ))`, which prints nothing."""
        if not self.raw(node).startswith("(("):
            return self.statements(node, stdin)
        self.effects.sinks.extend(calculated(self, node))
        return ()

    def _pipeline(self, node: Node, stdin: Value) -> Value:
        stages = [child for child in node.named_children if child.type != "comment"]
        self.captures += 1
        for stage in stages[:-1]:
            stdin = self.execute(stage, stdin)
        self.captures -= 1
        return self.execute(stages[-1], stdin) if stages else ()

    def _function(self, node: Node, _: Value) -> Value:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[self.raw(name)] = body
        return ()

    def _test(self, node: Node, _: Value) -> Value:
        """`[[ … ]]` prints nothing; what is substituted in it runs all the same."""
        self.word(node)
        self.effects.sinks.extend(compared(self, node))
        if "=~" in (raw := self.raw(node)):
            kept = captured(raw, lambda name: plain(self.variable(name)))
        else:
            kept = None
        if kept is not None:
            name, harmless = kept
            self.variables["BASH_REMATCH"] = (UNKNOWN,) if harmless else self.variable(name)
        return ()

    def _redirected(self, node: Node, stdin: Value) -> Value:
        redirects = [child for child in node.named_children if child.type in REDIRECTS]
        bodies = [child for child in node.named_children if child.type not in REDIRECTS]
        taken, piped = self._taken(redirects, stdin)
        if bodies and self.raw(bodies[0]) == "exec":
            reopened(self, redirects)
            return ()
        targets = targeted(self, redirects)
        self.captures += bool(targets or piped)
        printed = taken
        if bodies:
            printed = tuple(piece for body in bodies for piece in self.execute(body, taken))
        for stage in piped:
            printed = self.execute(stage, printed)
        self.captures -= bool(targets or piped)
        return self._sent(targets, printed, node)

    def _taken(self, redirects: Iterable[Node], stdin: Value) -> tuple[Value, list[Node]]:
        """What a statement reads by its redirections, and the pipeline after a here-document."""
        piped: list[Node] = []
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                stdin = (*self.word(redirect.named_children[-1], quoted=True), "\n")
            elif redirect.type == "heredoc_redirect":
                stdin, more = heredoc(self, redirect)
                piped += more
            elif self.raw(redirect).lstrip("0").startswith("<"):
                stdin = self._read(redirect.named_children[-1:])
        return stdin, piped

    def _read(self, targets: Sequence[Node]) -> Value:
        if targets and targets[0].type == "process_substitution":
            return self.captured(targets[0])
        return self.file(self.target(self.raw(targets[0]))) if targets else ()

    def target(self, raw: str) -> str:
        """A file by its meaning where a variable gives it one, or by its name."""
        path = raw.strip("\"'")
        name = path.removeprefix("$").strip("{}").partition(":")[0]
        if path[:1] == "$" and self.paths and (match := VARIABLE.match(path)) is not None:
            path = self.paths.get(match[1], match[0]) + path[match.end() :]
        return self.given.stores.get(name.lower(), path)

    def _sent(self, targets: Sequence[str], printed: Value, node: Node) -> Value:
        """What is left of the output of a statement after its redirections."""
        for target in targets:
            self.write(target, printed, node)
        return () if targets else printed

    def write(self, target: str, value: Value, node: Node) -> None:
        """Note that a file gets a text."""
        if value:
            write = Write(
                bounded(value), node.start_byte + self.offset, node.end_byte + self.offset
            )
            self.effects.files.setdefault(target, []).append(write)

    def file(self, path: str) -> Value:
        """What a file holds: what this script wrote, or what others put there."""
        written = self.effects.files.get(path)
        if written is not None:
            return bounded(tuple(piece for write in written for piece in write.value))
        taint = self.given.file(path) or (listed(self, path) if path[:1] == "$" else None)
        return (UNKNOWN,) if taint is None else (taint,)

    def _assignment(self, node: Node, _: Value) -> Value:
        raw = self.raw(node)
        name = raw.partition("=")[0]
        target = node.child_by_field_name("value")
        if target is not None and target.type == "array":
            arranged(self, name, target)
            return ()
        value: Value = () if target is None else self.word(target, quoted=True)
        if "[" in name:
            placed(self, name.partition("[")[0], value)
            return ()
        if name.endswith("+"):
            name = name[:-1]
            value = (*self.variable(name), *value)
        elif target is not None and (path := self._path(target, raw)):
            self.paths[name] = path
        else:
            self.paths.pop(name, None)
        self.assign(name, value)
        return ()

    def _path(self, node: Node, raw: str) -> str:
        """The file that a variable names which gets a word, "" where it names none."""
        named = self.target(self.raw(node)) if "$" in raw or "/" in raw else ""
        known = named in self.given.stores.values()
        return named if known or (node.type in _PATHS and "/" in raw) else ""

    def assign(self, name: str, value: Value) -> None:
        """Set a variable."""
        if self.branches and not taints(value) and taints(self.variable(name)):
            return
        self.arrays.pop(name, None)
        self.variables[name] = bounded(value)

    def variable(self, name: str) -> Value:
        """What a variable holds."""
        if name in self.variables:
            return self.variables[name]
        if name in "@*123456789":
            return self._handed(name)
        taint = self.given.variables.get(name.lower())
        return (UNKNOWN,) if taint is None else (taint,)

    def _handed(self, name: str) -> Value:
        """An argument by its number, or all of them; one without quotes may be several."""
        pieces = tuple(piece for value in self.handed for piece in value)
        if not name.isdigit() or int(name) > len(self.handed):
            return pieces or (UNKNOWN,)
        split = (one for one in taints(pieces) if one.charset == "words")
        return bounded((*self.handed[int(name) - 1], *split))

    def word(self, node: Node, *, quoted: bool = False) -> Value:
        """What a word becomes when the shell expands it."""
        kind = node.type
        if kind == "arithmetic_expansion":
            self.effects.sinks.extend(calculated(self, node))
            return (UNKNOWN,)
        if kind in EXPANDED:
            if kind.endswith("expansion"):
                value = expanded(self, node, self.raw(node).lstrip())
            else:
                value = stripped(self.captured(node))
            return value if quoted else narrowed(value, "words")
        if kind == "raw_string":
            return self.literal(node.start_byte + 1, node.end_byte - 1)
        if kind in ("string", "translated_string"):
            start = self.raw(node).find('"') + 1 + node.start_byte
            return self.pieces(node, start, node.end_byte - 1, quoted=True)
        if kind == "ansi_c_string":
            raw = self.raw(node)[2:-1]
            return (raw.replace("\\n", "\n").replace("\\t", "\t"),)
        return self.pieces(node, quoted=quoted)

    def pieces(self, node: Node, start: int = -1, end: int = -1, *, quoted: bool = False) -> Value:
        """The children of a node expanded, and the text between them."""
        found: list[str | Taint] = []
        at = node.start_byte if start < 0 else start
        end = node.end_byte if end < 0 else end
        quoted = quoted or node.type == "heredoc_body"
        for child in node.named_children:
            if child.type in LITERAL:
                continue
            # the parser takes a blank before an expansion for a part of it
            begin = child.start_byte + self.text.startswith(" ", child.start_byte + self.offset)
            if begin > at:
                found += self.literal(at, begin)
            found += self.word(child, quoted=quoted)
            at = max(at, child.end_byte)
        if end > at:
            found += self.literal(at, end)
        return tuple(found)

    def literal(self, start: int, end: int) -> Value:
        """The text that is in the script, with what is pasted into it."""
        start, end = start + self.offset, end + self.offset
        found: list[str | Taint] = []
        for first, last, taint in self.given.templates:
            if first < start or last > end:
                continue
            if first > start:
                found.append(self.text[start:first])
            found.append(UNKNOWN if taint is None else taint)
            start = last
        if end > start:
            found.append(self.text[start:end])
        return tuple(found)

    def captured(self, node: Node) -> Value:
        """What the statements of a substitution print."""
        self.captures += 1
        redirects = [child for child in node.named_children if child.type == "file_redirect"]
        if redirects and len(redirects) == node.named_child_count:
            value, _ = self._taken(redirects, ())
        else:
            value = self.statements(node, ())
        self.captures -= 1
        return value

    def _command(self, node: Node, stdin: Value) -> Value:
        words: list[Node] = []
        redirects: list[Node] = []
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._assignment(child, ())
            elif child.type in REDIRECTS:
                redirects.append(child)
            else:
                words.append(child)
        taken, _ = self._taken(redirects, stdin)
        targets = targeted(self, redirects)
        self.captures += bool(targets)
        printed = self._called(node, words, taken)
        self.captures -= bool(targets)
        printed = self._sent(targets, printed, node)
        if printed and not self.captures:
            end = node.end_byte + self.offset
            self.effects.printed.append(Write(printed, node.start_byte + self.offset, end))
            if "1" in self.opened:
                self.write(self.opened["1"], printed, node)
        return printed

    def _called(self, node: Node, nodes: Sequence[Node], stdin: Value) -> Value:
        given = [(value, word) for word in nodes for value in fields(self, word)]
        arguments, nodes = [value for value, _ in given], [word for _, word in given]
        words = [plain(value) for value in arguments]
        if not words or not words[0]:
            return ()
        at = shell_words.program(words) if shell_words.name(words[0]) in shell_words.WRAPPERS else 0
        if at and stdin:
            arguments = filled(words[:at], arguments, stdin)
        call = shell_programs.Call(
            shell_words.name(words[at]),
            words[at:],
            arguments[at:],
            [self.target(self.raw(word)) for word in nodes[at:]],
            stdin,
            node,
        )
        body = self.functions.get(call.name)
        if body is not None and self.calls < _CALLS:
            return self._function_called(body, call)
        spans = [(n.start_byte + self.offset, n.end_byte + self.offset) for n in nodes[at:]]
        fed = "xargs" in words[:at] and not replacing(words[:at])
        if fed:
            call.arguments.append(narrowed(stdin, "words"))
            call.words.append(UNKNOWN)
            self.variables["xargs"] = stdin
            call.files.append("$xargs")
            spans.append((spans[0][0], spans[-1][1]))
        self._harmed(call, spans)
        if fed:
            call.arguments[-1] = stdin  # each command prints its lines
        return shell_programs.output(self, call)

    def _harmed(self, call: shell_programs.Call, spans: Sequence[tuple[int, int]]) -> None:
        """Note where a command takes foreign text for more than a text."""
        files: Mapping[str, Sequence[Write]] = self.effects.files
        if call.name == "let":
            self.effects.sinks.extend(let(self, call.arguments, spans))
        if self.given.made:
            files = {**self.given.made, **files}
        if call.stdin or files or any(taints(value) for value in call.arguments):
            self.effects.sinks.extend(sinks(call, spans, files))

    def _function_called(self, body: Node, call: shell_programs.Call) -> Value:
        outer, self.handed = self.handed, call.arguments[1:]
        self.handed = [self._handed("@")] if "shift" in self.raw(body) else self.handed
        self.calls += 1
        printed = self.execute(body, call.stdin)
        self.calls -= 1
        self.handed = outer
        return printed

    def raw(self, node: Node) -> str:
        """What a node says, as written."""
        return self.text[node.start_byte + self.offset : node.end_byte + self.offset]


_STATEMENTS = {
    "command": Shell._command,
    "redirected_statement": Shell._redirected,
    "pipeline": Shell._pipeline,
    "variable_assignment": Shell._assignment,
    "for_statement": loop,
    "if_statement": choice,
    "case_statement": cases,
    "list": sequence,
    "while_statement": branching,
    "function_definition": Shell._function,
    "compound_statement": Shell._group,
    "test_command": Shell._test,
}
