"""Everything that can go wrong for a reason the user can mend, in one hierarchy."""

from __future__ import annotations


class PipelawError(Exception):
    """The root: `str(error)` is one message for a person, in the form `path:line:column: what`."""


class UnreadableError(PipelawError):
    """A file that could not be read as a pipeline; the run goes on without it."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.path = path
        self.line = line
        self.column = column
        self.message = message


class PolicyError(PipelawError):
    """A rule or a policy file that is wrong: nothing is judged by a policy that cannot be trusted."""


class UsageError(PipelawError):
    """The command line names something that is not there."""
