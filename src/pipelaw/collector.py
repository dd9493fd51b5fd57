"""When Python looks for cycles of objects: seldom, for a scan makes many objects and few cycles."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS = 1_000_000
"""How many more containers than before: what some thousand pipelines leave, about 150 MB.

Python's own 700 cost a tenth of a scan. Never to look fills the memory where there are ten thousand
repositories to scan.
"""


def collect_seldom() -> None:
    """Let this process, which belongs to pipelaw, look for cycles seldom."""
    gc.set_threshold(OBJECTS)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within this, a process that belongs to somebody else looks for cycles seldom."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
