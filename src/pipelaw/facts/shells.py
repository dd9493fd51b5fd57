"""Shells by their names, and the languages that they read."""

from __future__ import annotations

from functools import lru_cache

SHELLS = frozenset("sh bash dash ash zsh ksh mksh rbash".split())
"""Those that read what Bourne's did."""
BOURNE = f"(?:{'|'.join(sorted(SHELLS))})"
"""One of them, in a pattern."""


@lru_cache(maxsize=256)
def family(shell: str) -> str:
    """bash, pwsh or cmd for what they and their like run, "" for other languages; "" itself is bash."""
    lowered = shell.lower()
    programs = (word.rpartition("/")[2] for word in lowered.replace("\\", "/").split())
    if not shell or any(name.removesuffix(".exe") in SHELLS for name in programs):
        return "bash"
    if "pwsh" in lowered or "powershell" in lowered:
        return "pwsh"
    return "cmd" if lowered.startswith("cmd") else ""
