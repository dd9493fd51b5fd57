"""git, as the tests of repositories run it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def git(root: Path, *words: str) -> str:
    """What git prints, with nobody's settings and a fixed author."""
    roles = ("GIT_AUTHOR", "GIT_COMMITTER")
    who = {f"{role}_{what}": "a@b.example" for role in roles for what in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", "-C", root, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **who, **quiet},
    ).stdout.strip()
