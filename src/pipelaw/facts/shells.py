"""Shells by their names, and the languages that they read."""

from __future__ import annotations

from functools import lru_cache

SHELLS = frozenset("sh bash dash ash zsh ksh mksh rbash".split())
"""Those that read what Bourne's did."""
BOURNE = f"(?:{'|'.join(sorted(SHELLS))})"
"""One of them, in a pattern."""


INTERPRETERS = frozenset("pwsh powershell cmd python python3 node perl ruby php r rscript".split())
"""Other programs that read scripts."""
_ELSEWHERE = frozenset(
    """
    msys2 wsl-bash cygwin-bash alpine.sh cpa.sh micromamba-shell freebsd openbsd netbsd dragonflybsd
    solaris omnios
    """.split()
)
"""Programs that hand a script to bash, or a shell like it, in a system of their own."""


@lru_cache(maxsize=256)
def reader(template: str) -> str:
    """The program that reads a script in the end: bash for `sudo -E /bin/bash -e {0}`."""
    words = template[: template.find("{0}")].split() if "{0}" in template else template.split()[:1]
    names = [word.strip("'\"").replace("\\", "/").rpartition("/")[2].lower() for word in words]
    names = [name.removesuffix(".exe") for name in names]
    for name in reversed(names):
        if name in SHELLS or name in INTERPRETERS:
            return name
    first = names[0] if names else ""
    return "bash" if first in _ELSEWHERE else first


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
