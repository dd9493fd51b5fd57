"""PyYAML as it is used here: libyaml's parser, and the nodes, events and errors."""

from __future__ import annotations

from pipelaw.patterns import lazily

# patterns of its own reader and resolver, which libyaml replaces, would cost a twentieth of a small scan
with lazily():
    from yaml import AliasEvent, CollectionEndEvent, CollectionStartEvent, Mark, NodeEvent
    from yaml.composer import Composer, ComposerError
    from yaml.error import MarkedYAMLError, YAMLError
    from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

    try:
        from yaml._yaml import CParser, get_version_string
    except ImportError as error:  # without libyaml it would be correct but far too slow
        message = "pipelaw needs PyYAML with libyaml (the wheels have it)"
        raise ImportError(message) from error

__all__ = [
    "AliasEvent",
    "CParser",
    "CollectionEndEvent",
    "CollectionStartEvent",
    "Composer",
    "ComposerError",
    "MappingNode",
    "Mark",
    "MarkedYAMLError",
    "Node",
    "NodeEvent",
    "ScalarNode",
    "SequenceNode",
    "YAMLError",
    "get_version_string",
]
