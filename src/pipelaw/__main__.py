"""The command `pipelaw`, and `python -m pipelaw`."""

from __future__ import annotations

from pipelaw.collector import collect_seldom


def run() -> None:
    """The process."""
    collect_seldom()  # first, for what the command line imports makes Python look for cycles already
    from pipelaw.cli import run as started  # noqa: PLC0415  see above

    started()


if __name__ == "__main__":
    run()
