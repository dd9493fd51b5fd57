"""Speed as ratios, measured in one run on the files of one folder.

    python bench/speed.py FOLDER [--rounds N]

FOLDER holds repositories. Printed are: a whole `pipelaw scan` against libyaml composing the same
bytes in this process, of content that it never saw and of content that it knows; against zizmor
where it is on PATH (offline, on the GitHub files, which are all that it reads); with one process and
with two; and what scanning one repository of ten workflows costs over an empty Python. The best of N
rounds counts, rounds are interleaved.

Each scan has a cache folder of its own. In it is what a scan of other pipelines, those of examples/,
leaves: the rules and the patterns that it compiled. Of the folder's content nothing is known, unless it
is the second scan.
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
    from collections.abc import Callable, Iterable, Sequence

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


class Process:
    """A whole process, its output thrown away."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._environment = dict(os.environ)
        # an installed pipelaw has its bytecode; so has a checkout after the first run
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def prepare(self) -> None:
        """Make ready for a run; the time is not counted."""

    def __call__(self) -> None:
        """Run to the end."""
        subprocess.run(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            env=self._environment,
        )


class Scan(Process):
    """A scan in which no file's result is known."""

    def __init__(self, prepared: Iterable[Path], scratch: str, *words: str) -> None:
        super().__init__(*PIPELAW, *words)
        self._prepared = prepared
        self._home = Path(tempfile.mkdtemp(dir=scratch))
        self._environment["XDG_CACHE_HOME"] = str(self._home)
        self.prepare()

    def prepare(self) -> None:
        """Forget everything but what any scan prepares."""
        kept = self._home / "pipelaw"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(mode=0o700)
        for path in self._prepared:
            shutil.copy2(path, kept)


class SecondScan(Scan):
    """A scan of what the scan before it has seen."""

    def __init__(self, prepared: Iterable[Path], scratch: str, *words: str) -> None:
        super().__init__(prepared, scratch, *words)
        self()

    def prepare(self) -> None:
        """Forget nothing, once there is something."""
        if not (self._home / "pipelaw").exists():
            super().prepare()


SETTLED = 4
"""Seconds after which a checkout is not too new for its results to be kept."""


def prepared(scratch: str) -> list[Path]:
    """The files of a cache that hold what pipelaw makes of its rules and patterns."""
    home = Path(scratch) / "prepared"
    environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
    examples = Path(__file__).parent.parent / "examples" / "pipelines"
    for _ in range(2):
        subprocess.run(
            [*PIPELAW, "json", str(examples)], env=environment, check=True, capture_output=True
        )
        if any(home.glob("pipelaw/prepared-*")):
            break
        time.sleep(SETTLED)
    return [path for name in ("rules", "prepared") for path in home.glob(f"pipelaw/{name}-*")]


def best(candidates: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """The shortest time of each in seconds; one round runs each once."""
    times = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, start in candidates.items():
            if isinstance(start, Process):
                start.prepare()
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
    zizmor = shutil.which("zizmor")
    with tempfile.TemporaryDirectory() as scratch:
        kept = prepared(scratch)
        small = ten_workflows(documents, Path(scratch) / "ten")
        candidates: dict[str, Callable[[], None]] = {
            "compose": lambda: compose(documents),
            "empty": Process(sys.executable, "-c", "pass"),
            "one": Scan(kept, scratch, "json", "--jobs", "1", str(folder)),
            "two": Scan(kept, scratch, "json", "--jobs", "2", str(folder)),
            "again": SecondScan(kept, scratch, "json", "--jobs", "1", str(folder)),
            "ten": Scan(kept, scratch, "text", str(small)),
        }
        if zizmor:
            quiet = ("--offline", "--no-config", "--quiet", "--format", "json")
            candidates["zizmor"] = Process(zizmor, *quiet, str(folder))
        times = best(candidates, options.rounds)
    print(
        f"whole scan, one process / compose     {times['one'] / times['compose']:6.2f}   (budget 3)"
    )
    print(f"unchanged, second scan / compose        {times['again'] / times['compose']:6.2f}")
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
