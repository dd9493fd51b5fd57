"""`python -m pipelaw`."""

from __future__ import annotations

from pipelaw.cli import run

run()
