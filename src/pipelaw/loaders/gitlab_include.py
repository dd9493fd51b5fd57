"""From the files of a repository to one GitLab configuration: `include` and `spec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.document import (
    MappingNode,
    Node,
    Problem,
    ScalarNode,
    SequenceNode,
    decode,
    null,
    parse,
)
from pipelaw.errors import UnreadableError
from pipelaw.facts.references import DYNAMIC
from pipelaw.loaders.gitlab_merge import Config
from pipelaw.loaders.gitlab_nodes import MAIN, File
from pipelaw.loaders.gitlab_references import external, given, handed, text_of, variable
from pipelaw.patterns import pattern
from pipelaw.tree import partial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelaw.model import Reference, Variable
    from pipelaw.source import Source
    from pipelaw.tree import Tree

MAX_INCLUDES = 150
"""GitLab's limit of files in one configuration."""

_FURTHER = "a pipeline is one YAML document, after a `spec` header; the rest is not read"
_TOO_MANY = f"more than {MAX_INCLUDES} files are included"
_HEADS = frozenset(
    ("", "CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME", "CI_COMMIT_SHA", "CI_DEFAULT_BRANCH")
)
"""Versions of this project whose files are those of the checkout, or about to be."""
_WILDCARD = pattern(r"\*\*|\*")


class Reader:
    """Follows the includes of a file; what they hold becomes layers, the strongest last."""

    def __init__(
        self,
        tree: Tree,
        source: Source,
        header: Node | None,
        body: MappingNode,
        given: dict[str, str],
    ) -> None:
        """Read the documents of `source` and what they include; `given` are its inputs."""
        self.tree = tree
        self.references: list[Reference] = []
        self.problems: list[Problem] = []
        self.unresolved: list[Problem] = []
        self.included: list[Node] = []
        """The scalars that say what is included from elsewhere, for those who look for variables in them."""
        self.handed: list[Variable] = []
        """The texts that inputs are given, or have by default."""
        self._layers: list[Node] = []
        self._open: list[str] = []
        self._count = 0
        self._part = source.path.rpartition("/")[2] not in MAIN
        self._missing = False
        self.config = Config(File(source), body, self.problems)
        self.config.main = self._file(source, header, given)
        self._read(body, source.path)

    def finish(self) -> Config:
        """The configuration of all files that were read."""
        self.config.incomplete = self._part or self._lacks()
        self.config.stack(self._layers)
        return self.config

    def elsewhere(self) -> tuple[Problem, ...]:
        """What the jobs ask for and is in no file, where no include that was not read explains it."""
        return () if self._lacks() else tuple(self.config.elsewhere.values())

    def _lacks(self) -> bool:
        """Whether something that is included was not read."""
        return self._missing or bool(self.unresolved or self.references)

    def include(self, node: Node) -> None:
        """Read what one item of an `include` names, or note that it is elsewhere."""
        config = self.config
        if isinstance(node, ScalarNode):
            text = text_of(config, node)
            fields: dict[str, Node] = {"remote" if "://" in text else "local": node}
        else:
            fields = config.fields(node, "an include")
        self.included.extend(
            value for key, value in fields.items() if key not in ("inputs", "rules", "local")
        )
        self.handed.extend(handed(config, fields))
        local = fields.get("local")
        if isinstance(local, ScalarNode):
            self._local(local, fields)
            return
        reference = external(config, fields)
        if reference is None:
            config.problem(node, "an include names no file, project, URL, template or component")
            return
        own = self._own(reference, fields)
        for path in own:
            published = reference.kind == "component"
            self._open_file(path, node, given(config, fields), published=published)
        if own:
            return
        self.references.append(reference)
        if reference.kind != "template":
            self.unresolved.append(
                config.remark(
                    reference.place.first, f"`{reference.text}` is included and was not read"
                )
            )

    def _own(self, reference: Reference, fields: dict[str, Node]) -> list[str]:
        """The files that are included from this project itself, and are there; all or none."""
        if reference.pin != "local" or reference.ref.strip("${}") not in _HEADS:
            return []
        if reference.kind == "component":
            name = reference.name.rpartition("/")[2]
            paths = [f"templates/{name}.yml", f"templates/{name}/template.yml"]
            return [path for path in paths if path in self.tree][:1]
        files = self.config.values(fields.get("file"), "`include:file`")
        paths = [path.lstrip("/") for _, path in files]
        return paths if all(path in self.tree for path in paths) else []

    def _local(self, node: ScalarNode, fields: dict[str, Node]) -> None:
        text = text_of(self.config, node)
        path = text.lstrip("/")
        inputs = given(self.config, fields)
        if DYNAMIC.search(path):
            self.unresolved.append(
                self.config.remark(node, f"which file `{text}` is, only the running pipeline knows")
            )
        elif "*" in path and not partial(self.tree):
            for match in _matching(path, self.tree):
                if match not in self._open:
                    self._open_file(match, node, inputs)
        elif path in self.tree:
            self._open_file(path, node, inputs)
        elif partial(self.tree):
            self.unresolved.append(
                self.config.remark(node, f"`{path}` is included and was not read")
            )
        elif "rules" in fields:
            self.unresolved.append(
                self.config.remark(node, f"`{path}` is included under a condition and is not there")
            )
        else:
            self._missing = True
            self.config.problem(node, f"`{path}` is included and is not there")

    def also(self, path: str, inputs: dict[str, str]) -> None:
        """Lay another file of the repository over what was read."""
        self._open_file(path, None, inputs)

    def _open_file(
        self, path: str, node: Node | None, inputs: dict[str, str], *, published: bool = False
    ) -> None:
        """Read a file that is included; one that is `published` others include as well."""
        self._count += 1
        if path in self._open or self._count > MAX_INCLUDES:
            if node is not None and self._count <= MAX_INCLUDES + 1:
                what = f"`{path}` includes itself" if path in self._open else _TOO_MANY
                self.config.problem(node, what)
            return
        try:
            source = decode(path, self.tree.read(path))
            header, body = documents(source, self.problems)
        except UnreadableError as error:
            self._missing = True
            self.problems.append(Problem.of(error))
            return
        if body is not None:
            if header is not None:
                self.config.adopt(header, File(source))
            self.config.adopt(body, self._file(source, header, inputs, published=published))
            self._read(body, path)

    def _read(self, body: MappingNode, path: str) -> None:
        """Take over a file's mapping, what it includes first."""
        self._open.append(path)
        for key, value in self.config.pairs(body, "the file"):
            if key.value == "include" and not null(value):
                for item in _items(value):
                    self.include(item)
        self._open.pop()
        self._layers.append(body)

    def _file(
        self,
        source: Source,
        header: Node | None,
        given: dict[str, str],
        *,
        published: bool = False,
    ) -> File:
        """A file with the inputs that are known, and those that may be any text."""
        if header is None:
            return File(source)
        config = self.config
        known: dict[str, str] = {}
        free = set()
        spec = config.fields(config.fields(header, "the header").get("spec"), "spec")
        for key, value in config.pairs(spec.get("inputs"), "spec:inputs"):
            options = config.fields(value, "an input") if isinstance(value, MappingNode) else {}
            if "default" in options:
                self.handed.append(variable(config, key, options["default"]))
            if key.value in given:
                known[key.value] = given[key.value]
            elif isinstance(options.get("default"), ScalarNode):
                known[key.value] = text_of(config, options["default"])
            typed = text_of(config, options.get("type")) not in ("", "string")
            if not typed and "options" not in options and "regex" not in options:
                free.add(key.value)
        settled = () if published else given
        return File(source, known, frozenset(name for name in free if name not in settled))


def documents(source: Source, problems: list[Problem]) -> tuple[Node | None, MappingNode | None]:
    """The `spec` header and the content of a file, None for what it has not.

    Raises UnreadableError where the content is no mapping; further documents are noted.
    """
    roots = parse(source)
    header = roots.pop(0) if roots and _has_spec(roots[0]) else None
    body = roots[0] if roots else None
    if body is not None and not isinstance(body, MappingNode):
        where = source.position(body.start_mark.index)
        raise UnreadableError(source.path, *where, "a pipeline is a mapping of jobs")
    for root in roots[1:]:
        where = source.position(root.start_mark.index)
        problems.append(Problem(source.path, *where, _FURTHER))
    return header, body


def _has_spec(root: Node) -> bool:
    return isinstance(root, MappingNode) and any(key.value == "spec" for key, _ in root.value)


def _items(node: Node) -> Iterator[Node]:
    """One include, or those of a list."""
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _items(item)
    else:
        yield node


def _matching(pattern: str, tree: Tree) -> list[str]:
    """The files that a path with wildcards names: `**` goes through folders, `*` does not."""
    literals = _WILDCARD.split(pattern)
    wildcards = _WILDCARD.findall(pattern)
    return [path for path in tree.paths() if _matches(path, literals, wildcards)]


def _matches(path: str, literals: list[str], wildcards: list[str]) -> bool:
    """Whether a path is the literals with the wildcards between them, without going back and forth."""
    if not path.startswith(literals[0]):
        return False
    ends = [len(literals[0])]
    for wildcard, literal in zip(wildcards, literals[1:], strict=True):
        found = []
        at = path.find(literal, ends[0])
        while at >= 0:
            nearest = max(end for end in ends if end <= at)
            if wildcard == "**" or "/" not in path[nearest:at]:
                found.append(at + len(literal))
            at = path.find(literal, at + 1)
        if not found:
            return False
        ends = found
    return ends[-1] == len(path)
