"""Scripts of the Bourne family, parsed with tree-sitter."""

from __future__ import annotations

from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

from pipelaw.facts.shell_pieces import pieces
from pipelaw.facts.shell_walk import Walk
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

    from pipelaw.facts.shell_syntax import Simple, Unit

_STRANGE = pattern(r"[^\t\n -~]")
_OPENING = pattern(r"\$\{\{|\$\[\[|\{\{")
_CLOSING = {"${{": "}}", "$[[": "]]", "{{": "}}"}
_UNQUOTED = pattern(r"[^'\"\n]{0,200}\Z")

REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))
EXPANDED = frozenset(
    "simple_expansion expansion arithmetic_expansion command_substitution process_substitution".split()
)
LITERAL = frozenset(("string_content", "heredoc_content", "heredoc_start", "heredoc_end"))
WORDS = frozenset(
    "word string raw_string concatenation simple_expansion expansion command_substitution"
    " process_substitution number ansi_c_string translated_string variable_name comment"
    " arithmetic_expansion array extglob_pattern regex special_variable_name".split()
)
"""The grammar's names of what redirects, what is expanded, what stands for itself, and of words."""


@lru_cache(maxsize=1)
def _parser() -> Parser:
    # some milliseconds, which a scan without a script that matters need not spend
    import tree_sitter  # noqa: PLC0415  # see above

    return tree_sitter.Parser(tree_sitter.Language(_grammar()))


def _grammar() -> object:
    """Bash's grammar, from the binding alone.

    The package around it imports what reads its queries, which takes as long as all the rest.
    """
    package = find_spec("tree_sitter_bash")
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec("tree_sitter_bash._binding", folders)
    if spec is None or spec.loader is None:
        import tree_sitter_bash  # noqa: PLC0415  # as above

        return tree_sitter_bash.language()
    binding = module_from_spec(spec)
    spec.loader.exec_module(binding)
    return binding.language()


def parse(unit: Unit) -> list[Simple]:
    """The simple commands of a unit, roughly in order; of broken scripts, what could be parsed."""
    text = masked(unit.code)
    found: list[Simple] = []
    for start, end in pieces(text):
        # one byte for each character, so that the parser's offsets are those of the text
        Walk(unit, start, found).run(_root(text[start:end]))
    return found


def trees(code: str) -> Iterator[tuple[Node, int, str]]:
    """The parsed pieces of a script, each with its offset, and the text that was parsed."""
    text = masked(code)
    for start, end in pieces(text):
        yield _root(text[start:end]), start, text


_LINE_END = pattern(r"[^\\\n|&;]\n")
"""Where a line ends and a command with it, if one does."""


def _root(text: str) -> Node:
    """The tree of a piece.

    The grammar takes the line after a pipeline of three or more for arguments of its last command, where that
    line redirects something. No command goes on behind a line break: one that does is ended there.
    """
    root = _parser().parse(text.encode("ascii")).root_node
    if text.count("|") < 2 or (">" not in text and "<<" not in text):
        return root
    mended = bytearray(text.encode("ascii"))
    wrong = False
    for match in _LINE_END.finditer(text):
        at = match.end() - 1
        node = root.descendant_for_byte_range(at, at + 1)
        if node is None or node.type != "command":
            continue
        wrong = True
        last = root.descendant_for_byte_range(at - 1, at)
        start = last.start_byte if last is not None and last.type == "comment" else at
        mended[start : at + (start == at)] = b";".ljust(max(at - start, 1))
    return _parser().parse(bytes(mended)).root_node if wrong else root


def masked(code: str) -> str:
    """The text with templates and strange characters made inert, one character for each."""
    text = _STRANGE.sub("_", code.replace("\r", " "))
    if "{{" not in text and "$[[" not in text:
        return text
    parts: list[str] = []
    at = 0
    closings = {"}}": 0, "]]": 0}
    while (opening := _OPENING.search(text, at)) is not None:
        closing = _CLOSING[opening[0]]
        if closings[closing] < opening.end():
            closings[closing] = text.find(closing, opening.end())
        end = closings[closing]
        if end < 0:
            break
        # without a `$` it may be the shell's own, so that nothing that matters may be hidden by it
        if opening[0] == "{{" and not _UNQUOTED.match(text, opening.end(), end):
            end = opening.end() - 2
            parts += (text[at : opening.start()], "{{")
        else:
            parts += (text[at : opening.start()], "_" * (end + 2 - opening.start()))
        at = end + 2
    return "".join((*parts, text[at:]))
