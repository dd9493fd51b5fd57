"""Files and folders that may not be opened, for users whom the system refuses something."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def _refused() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder, "probe")
        probe.mkdir()
        try:
            with sealed(probe):
                list(probe.iterdir())
        except PermissionError:
            return True
    return False


@contextmanager
def sealed(path: Path, mode: int = 0) -> Iterator[None]:
    """Within this, nobody but the superuser may open a file or folder."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


needs_user = pytest.mark.skipif(not _refused(), reason="this user may read everything")
