"""One pipeline in four languages is one model: what rules see must not depend on the platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelaw.document import decode
from pipelaw.loaders import load
from pipelaw.tree import MemoryTree

if TYPE_CHECKING:
    from pipelaw.model import Job, Pipeline

SAME = Path(__file__).parents[1] / "examples" / "pipelines" / "same"
FILES = {
    path.relative_to(SAME).parts[0]: path for path in sorted(SAME.rglob("*.yml")) if path.is_file()
}


def normal(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline without platform, places, and which of job and step a part stands in."""
    return {
        "triggers": [(t.kind, t.outsider, t.privileged) for t in pipeline.triggers],
        "jobs": [job_facts(job) for job in pipeline.jobs],
    }


def job_facts(job: Job) -> dict[str, Any]:
    scopes = (job, *job.steps)
    return {
        "id": job.id,
        "events": job.events,
        "reachable": (job.reachable_by_outsider, job.exposed),
        "holds_secrets": job.holds_secrets,
        "privileged": job.privileged,
        "references": sorted(
            (r.kind, r.name, r.ref, r.pin, r.mutable) for s in scopes for r in s.references
        ),
        "variables": sorted((v.name, v.value) for s in scopes for v in s.variables if v.literal),
        "secrets": sorted((x.name.lower(), x.store) for s in scopes for x in s.secrets),
        "commands": [
            (c.name, c.words, c.input, c.remote, c.verified)
            for s in scopes
            for script in s.scripts
            for c in script.commands
        ],
        "credentials": sum(len(s.credentials) for s in scopes),
    }


def loaded(platform: str) -> dict[str, Any]:
    path = FILES[platform]
    source = decode(path.relative_to(SAME / platform).as_posix(), path.read_bytes())
    found = load(platform, source, MemoryTree({source.path: path.read_bytes()}))
    assert not found.problems
    assert len(found.pipelines) == 1
    return normal(found.pipelines[0])


@pytest.mark.parametrize("platform", [name for name in FILES if name != "github"])
def test_equal_but_for_platform_and_places(platform: str) -> None:
    assert loaded(platform) == loaded("github")
