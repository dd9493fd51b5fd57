"""Speed as ratios, measured in one run on the files of one folder.

    python bench/speed.py FOLDER [--rounds N]

FOLDER holds repositories. Printed are: a whole `pipelaw scan` against libyaml composing the same
bytes in this process; against zizmor where it is on PATH (offline, on the GitHub files, which are
all that it reads); with one process and with two; and what scanning one repository of ten
workflows costs over an empty Python. The best of N rounds counts, rounds are interleaved.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from pipelaw import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIPELAW = [sys.executable, "-m", "pipelaw", "scan", "--quiet", "--fail-on", "never", "--format"]


def texts(folder: Path) -> list[str]:
    """The pipeline files of all repositories below a folder."""
    return [
        tree.read(candidate.path).decode("utf-8", "replace")
        for tree in discover.repositories(folder)
        for candidate in discover.find(tree)
    ]


def compose(documents: Sequence[str]) -> None:
    """What libyaml and PyYAML need at the least: nodes with marks, nothing constructed."""
    for text in documents:
        try:
            for _ in yaml.compose_all(text, Loader=yaml.CSafeLoader):
                pass
        except yaml.YAMLError:
            continue


def run(*command: str) -> Callable[[], None]:
    """A whole process, its output thrown away."""

    def start() -> None:
        subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            env=os.environ,
        )

    return start


def best(candidates: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """The shortest time of each in seconds; one round runs each once."""
    times = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, start in candidates.items():
            before = time.perf_counter()
            start()
            times[name] = min(times[name], time.perf_counter() - before)
    return times


def ten_workflows(documents: Sequence[str], folder: Path) -> Path:
    """A repository of ten workflows of middle size, taken from the given texts."""
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    ordered = sorted((text for text in documents if "\njobs:" in text), key=len)
    middle = len(ordered) // 2
    for number, text in enumerate(ordered[middle - 5 : middle + 5]):
        (workflows / f"{number}.yml").write_text(text, encoding="utf-8")
    return folder


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder: Path = options.folder
    documents = texts(folder)
    size = sum(len(text.encode()) for text in documents)
    print(f"{len(documents)} files, {size:,} bytes, best of {options.rounds}")
    candidates = {
        "compose": lambda: compose(documents),
        "empty": run(sys.executable, "-c", "pass"),
        "one": run(*PIPELAW, "json", "--jobs", "1", str(folder)),
        "two": run(*PIPELAW, "json", "--jobs", "2", str(folder)),
    }
    zizmor = shutil.which("zizmor")
    if zizmor:
        quiet = ("--offline", "--no-config", "--quiet", "--format", "json")
        candidates["zizmor"] = run(zizmor, *quiet, str(folder))
    with tempfile.TemporaryDirectory() as scratch:
        small = ten_workflows(documents, Path(scratch))
        candidates["ten"] = run(*PIPELAW, "text", str(small))
        times = best(candidates, options.rounds)
    print(
        f"whole scan, one process / compose     {times['one'] / times['compose']:6.2f}   (budget 3)"
    )
    if zizmor:
        version = subprocess.run(
            [zizmor, "--version"], capture_output=True, text=True, check=True
        ).stdout
        print(
            f"{version.strip():12} / one process           {times['zizmor'] / times['one']:6.2f}   (2.5)"
        )
        print(
            f"{version.strip():12} / two processes         {times['zizmor'] / times['two']:6.2f}   (4.5)"
        )
    over = (times["ten"] - times["empty"]) * 1000
    print(f"ten workflows, over an empty Python   {over:6.0f} ms (budget 120)")


if __name__ == "__main__":
    main()
