"""The password of a database that tests start for themselves, wherever a pipeline repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.digests import named
from pipelaw.facts.secret_names import meaning
from pipelaw.records import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelaw.model import Credential, Pipeline, Variable

SHORTEST = 6
"""A shorter password, such as `root`, is no secret anywhere, and part of many."""


def without_repeats(pipeline: Pipeline) -> Pipeline:
    """The pipeline without credentials that are only a test database's password once more.

    `DB_PASSWORD` of a step repeats `MYSQL_ROOT_PASSWORD` of the service that it talks to.
    """
    found = [one for scope in pipeline.scopes() for one in scope.credentials]
    if not any(one.provider == "literal" for one in found):
        return pipeline
    reported = {id(one.place.first) for one in found}
    harmless = {
        named(variable.value, 8)
        for scope in pipeline.scopes()
        for variable in scope.variables
        if _of_tests(variable) and id(variable.place.first) not in reported
    }
    if not any(one.provider == "literal" and one.digest in harmless for one in found):
        return pipeline
    jobs = tuple(
        replaced(
            job,
            credentials=_kept(job.credentials, harmless),
            steps=tuple(
                replaced(step, credentials=_kept(step.credentials, harmless)) for step in job.steps
            ),
        )
        for job in pipeline.jobs
    )
    return replaced(pipeline, credentials=_kept(pipeline.credentials, harmless), jobs=jobs)


def _of_tests(variable: Variable) -> bool:
    if not variable.literal or len(variable.value) < SHORTEST:
        return False
    known = meaning(variable.name)
    return known.level == "password" and known.local


def _kept(found: Iterable[Credential], harmless: set[str]) -> tuple[Credential, ...]:
    return tuple(one for one in found if one.provider != "literal" or one.digest not in harmless)
