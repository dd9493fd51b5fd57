"""What all tests share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from pipelaw import origin, rulefile

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of this run: what the user's holds is no part of a test, and stays as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobodys_job() -> Iterator[None]:
    """The job that runs the tests, if any, does not say whose repositories they make."""
    with pytest.MonkeyPatch.context() as patch:
        for name in origin.OWNERS:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_bug_passes() -> Iterator[None]:
    """A scan goes on after an error of its own; a test does not."""

    def raised(error: Exception) -> str:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelaw.loaders.bug", raised)
        patch.setattr("pipelaw.repository.bug", raised)
        yield


@pytest.fixture(scope="session", autouse=True)
def _each_rule_file_is_parsed_once() -> Iterator[None]:
    """Parsing the shipped rules anew for each scan without a cache would be a third of the tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rulefile, "parse_rule", cache(rulefile.parse_rule))
        yield
