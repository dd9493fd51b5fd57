"""The fields that hold one word out of a few, and which: rules are checked against them, and loaders.

The records name these types in their annotations alone, so a scan does not import this module.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Store: TypeAlias = Literal["environment file", "search path", "outputs"]
"""What a script sets for later steps by a file of the platform."""

Access: TypeAlias = Literal["read", "write", "none", "mint"]
Approval: TypeAlias = Literal["", "label", "comment", "environment", "start"]
CacheWrites: TypeAlias = Literal["", "open", "refused"]
Charset: TypeAlias = Literal["", "text", "words", "line", "branch"]
Decider: TypeAlias = Literal["", "caller", "member", "step"]
Direction: TypeAlias = Literal["upload", "download"]
Event: TypeAlias = Literal[
    "",
    "change-request",
    "push",
    "tag",
    "release",
    "schedule",
    "comment",
    "issue",
    "manual",
    "upstream",
    "call",
    "other",
]
Feeds: TypeAlias = Literal["", Store, "registry", "container"]
FileKind: TypeAlias = Literal["pipeline", "action", "template", "settings"]
FlawKind: TypeAlias = Literal[
    "always-true",
    "app-token",
    "argument",
    "concealed",
    "confusion",
    "constant",
    "loose",
    "malformed",
    "misfeature",
    "roundabout",
    "shared-cache",
    "spoofable",
    "substring",
    "ternary",
    "trace",
    "unverified",
]
Gate: TypeAlias = Literal[
    "actor",
    "association",
    "author",
    "branch",
    "environment",
    "label",
    "manual",
    "merge",
    "permission",
    "protected",
    "ref",
    "repository",
    "tag",
    "upstream",
]
LeakWay: TypeAlias = Literal["log", "network", "file", "mask"]
Harm: TypeAlias = Literal["script", "arithmetic", "argument", "address", "repository"]
"""What a command of a shell does with a text that harms."""
Level: TypeAlias = Literal["pipeline", "job"]
Outsiders: TypeAlias = Literal["withheld", "setting", "given"]
Pin: TypeAlias = Literal["digest", "commit", "tag", "branch", "none", "local", "unresolved"]
Platform: TypeAlias = Literal["github", "gitlab", "drone", "woodpecker", "dependabot", "precommit"]
ReferenceKind: TypeAlias = Literal[
    "action", "workflow", "include", "component", "template", "plugin", "image", "hook"
]
Role: TypeAlias = Literal["", "job", "step", "service", "plugin", "clone"]
Receiver: TypeAlias = Literal[
    "script", "code", "argument", "environment", "input", "secret", "credential", "image"
]
"""What an expression can be written into."""
Sink: TypeAlias = Literal[
    Receiver,
    "arithmetic",
    "address",
    "repository",
    Store,
    "condition",
    "include",
    "target",
    "name",
    "other",
]
Time: TypeAlias = Literal["template", "run"]
TokenSource: TypeAlias = Literal["declared", "inherited", "default", "none"]
Tool: TypeAlias = Literal["shell", "write", "network"]
Use: TypeAlias = Literal[Receiver, "setting", "file", "inherit", "whole", "other"]
Writer: TypeAlias = Literal[
    "",
    "committer",
    "requester",
    "pusher",
    "reporter",
    "commenter",
    "reviewer",
    "starter",
    "other",
]
VariableKind: TypeAlias = Literal["environment", "input", "setting", "credential"]
VersionPin: TypeAlias = Literal["none", "range"]
Risk: TypeAlias = Literal["high", "medium", "low", "none"]
Vulnerability: TypeAlias = Literal["critical", Risk]
