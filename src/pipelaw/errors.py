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


class UnavailableError(PolicyError):
    """A policy that cannot be had here and now, whatever it says: no server answers, a clone lacks it."""


class UnfetchedError(UnavailableError):
    """A policy from elsewhere that would have to be fetched, where nothing may be."""


class UsageError(PipelawError):
    """The command line names something that is not there."""


def bug(error: Exception) -> str:
    """What to report of an error that is nobody's: its kind, and the innermost line of ours."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if str(name).partition(".")[0] == __name__.partition(".")[0]:
            place = f" in {name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"this is a bug in pipelaw{place}: {what}"
