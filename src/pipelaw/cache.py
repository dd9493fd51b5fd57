"""What was computed once, kept in a folder of the user's. Losing it costs time, never a result."""

from __future__ import annotations

import marshal
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class Cache:
    """Values by key in one folder; a folder that cannot be written or read is an empty cache.

    Values are what `marshal` takes: Python's own way to keep compiled code. As with Python's
    `__pycache__`, whoever can write the folder can run code as its owner, so it is made for its
    owner alone, and one that belongs to somebody else is not used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any:  # noqa: ANN401  whatever was put
        """The value kept under a key, None where there is none."""
        try:
            path = self.folder / key
            if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
                return None
            return marshal.loads(path.read_bytes())  # noqa: S302  see above
        except (OSError, ValueError, EOFError, TypeError):
            return None

    def put(self, key: str, value: Any) -> None:  # noqa: ANN401  what marshal takes
        """Keep a value; another process sees all of it or nothing."""
        import tempfile  # noqa: PLC0415  most runs only read

        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as stream:
                stream.write(marshal.dumps(value))
            os.replace(name, self.folder / key)  # noqa: PTH105  atomic, also over an old file
