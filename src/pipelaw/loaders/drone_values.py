"""Environment, settings and secrets of a step: named values, literal or from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipelaw.document import MappingNode, Place, ScalarNode, SequenceNode, null
from pipelaw.model import Secret, Variable
from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipelaw.document import Document, Node
    from pipelaw.words import Outsiders, Use

_PASTED = pattern(r"(?<!\$)(?:\$\$)*\$\{")
"""`${`, but not `$${`, which the platform leaves alone."""


class Values:
    """The values and secrets that reading one scope has found."""

    __slots__ = ("document", "external", "secrets", "variables")

    def __init__(self, document: Document, external: Collection[str]) -> None:
        self.document = document
        self.external = external
        """The names of secrets that the file fetches from another store."""
        self.variables: list[Variable] = []
        self.secrets: list[Secret] = []

    def environment(self, node: Node | None) -> None:
        """Read an `environment`: a mapping, or a list of `NAME=value`."""
        if isinstance(node, SequenceNode):
            for item in self.document.items(node, "`environment`"):
                if isinstance(item, MappingNode):
                    self.environment(item)
                elif isinstance(item, ScalarNode):
                    self._assignment(item)
        elif node is not None:
            for key, value in self.document.pairs(node, "`environment`"):
                self.named(key.value, value, "environment", key.value)

    def settings(self, pairs: list[tuple[ScalarNode, Node]]) -> None:
        """Read a plugin's settings."""
        for key, value in pairs:
            self.named(key.value, value, "setting", key.value)

    def granted(self, node: Node | None) -> None:
        """Read a list of secrets that become variables of the same name, or of a `target`."""
        for item in self.document.items(node, "`secrets`"):
            if isinstance(item, ScalarNode):
                self._secret(
                    item.value, "environment", item.value.upper(), self.document.place(item)
                )
            elif isinstance(item, MappingNode):
                fields = self.document.fields(item, "a secret")
                name = self.document.text(fields.get("source"), "`source`")
                target = self.document.text(fields.get("target"), "`target`")
                place = self.document.place(item)
                self._secret(name, "environment", target or name.upper(), place)

    def native(self, node: Node) -> None:
        """Read the secrets of its cluster that a step takes, past all that the server says about secrets."""
        kubernetes = self.document.fields(node, "`backend_options`").get("kubernetes")
        if not isinstance(kubernetes, MappingNode):
            return
        fields = self.document.fields(kubernetes, "`kubernetes`")
        for item in self.document.items(fields.get("secrets"), "`secrets`"):
            own = self.document.fields(item, "a secret")
            target = self.document.fields(own.get("target"), "`target`")
            name = self.document.text(own.get("name"), "`name`")
            variable = self.document.text(target.get("env"), "`env`")
            file = self.document.text(target.get("file"), "`file`")
            if name:
                place = self.document.place(item)
                use: Use = "file" if file else "environment"
                self._of_cluster(name, use, file or variable or name.upper(), place)

    def mounted(self, node: Node, stored: Mapping[str, ScalarNode]) -> None:
        """Read the secrets of its cluster that a step mounts, by the names of their volumes."""
        for item in self.document.items(node, "`volumes`"):
            fields = self.document.fields(item, "a volume") if isinstance(item, MappingNode) else {}
            secret = stored.get(self.document.text(fields.get("name"), "`name`"))
            if secret is not None:
                target = self.document.text(fields.get("path"), "`path`")
                self._of_cluster(secret.value, "file", target, self.document.place(secret))

    def _of_cluster(self, name: str, use: Use, target: str, place: Place) -> None:
        """Note a secret of the cluster, which the platform hands over whoever starts the pipeline."""
        self.secrets.append(
            Secret(
                name=name,
                store="kubernetes",
                use=use,
                target=target,
                outsiders="given",
                place=place,
            )
        )

    def pulled(self, node: Node | None) -> None:
        """Read the secrets with which the runner pulls images."""
        for item in self.document.scalars(node, "`image_pull_secrets`"):
            if "{" in item.value:  # what the secret should hold, not its name
                self.named("image_pull_secrets", item, "credential", "")
                continue
            place = self.document.place(item)
            self._secret(item.value, "other", "image_pull_secrets", place)

    def named(
        self,
        name: str,
        node: Node,
        kind: Literal["environment", "setting", "credential"],
        target: str,
        use: Use | None = None,
    ) -> None:
        """Read one value; of a mapping or list also the values and secrets inside it."""
        place = Place(self.document.source, node, node)
        if isinstance(node, ScalarNode):
            text = "" if null(node) else node.value
            literal = "${" not in text or not _PASTED.search(text)
            self.variables.append(
                Variable(name=name, value=text, kind=kind, literal=literal, place=place)
            )
        elif self._from_secret(node, use or kind, target):
            self.variables.append(Variable(name=name, value="", kind=kind, place=place))
        elif isinstance(node, SequenceNode):
            for item in self.document.items(node, f"`{name}`"):
                self.named(name, item, kind, target, use)
        else:
            for key, value in self.document.pairs(node, f"`{name}`"):
                self.named(key.value, value, kind, target, use)

    def _from_secret(self, node: Node, use: Use, target: str) -> bool:
        """Whether a mapping is `from_secret: NAME`; its secret is noted."""
        if not isinstance(node, MappingNode):
            return False
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == "from_secret":
                place = Place(self.document.source, key, value)
                self._secret(self._name(value), use, target, place)
                return True
        return False

    def _name(self, node: Node) -> str:
        """A secret's name; the first releases wrote {name: …, path: …} for another store's."""
        if isinstance(node, MappingNode):
            fields = self.document.fields(node, "`from_secret`")
            return self.document.text(fields.get("name"), "`name`")
        return self.document.text(node, "`from_secret`")

    def _secret(self, name: str, use: Use, target: str, place: Place) -> None:
        if not name:
            return
        foreign = name.lower() in self.external
        outsiders: Outsiders = "given" if foreign else "setting"
        self.secrets.append(
            Secret(
                name=name,
                store="external" if foreign else "platform",
                use=use,
                target=target,
                # what only the runner uses never comes near the code
                outsiders="withheld" if use == "other" else outsiders,
                place=place,
            )
        )

    def _assignment(self, item: ScalarNode) -> None:
        name, _, value = item.value.partition("=")
        literal = not _PASTED.search(value)
        place = self.document.place(item).part(len(name) + 1, len(item.value))
        self.variables.append(Variable(name=name, value=value, literal=literal, place=place))
