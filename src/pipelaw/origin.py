"""Where a checkout was cloned from, as git's own files say it; no git is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNERS = (
    "GITHUB_REPOSITORY_OWNER",
    "CI_PROJECT_ROOT_NAMESPACE",
    "DRONE_REPO_NAMESPACE",
    "CI_REPO_OWNER",
)
"""The variables in which platforms say whose repository a job is of."""
_MOST = 1_000_000
"""Bytes of a file of git's that are read; no configuration is larger."""


def origin_of(root: str) -> str:
    """The host and the owner of the remote `origin`, `github.com/acme`; "" where there is none.

    `root` is the folder that holds `.git`, which may be a file that leads elsewhere, as in a
    worktree or submodule.
    """
    git = f"{root}/.git"
    leads = _text(git).partition("gitdir:")[2].strip()
    if leads:
        git = os.path.join(root, leads)  # noqa: PTH118  a path that is absolute stays as it is
        common = _text(f"{git}/commondir").strip()
        git = os.path.join(git, common) if common else git  # noqa: PTH118  as above
    return _place(_url(_text(f"{git}/config")))


def agreed(origin: str, environment: Mapping[str, str]) -> str:
    """An origin, "" where this runs in a job of another owner's repository.

    Such a job may have cloned the fork that a pull request comes from, whose owner nobody here trusts.
    """
    said = {environment.get(name, "").lower() for name in OWNERS} - {""}
    return origin if said <= {origin.partition("/")[2].lower()} else ""


def _text(path: str) -> str:
    """The text of a file, "" where there is none."""
    if not os.path.isfile(path):  # noqa: PTH113  a pipe would be waited for
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123  once for each repository
            return stream.read(_MOST)
    except (OSError, ValueError):
        return ""


def _url(config: str) -> str:
    """The address of `origin` in a configuration of git."""
    inside, url = False, ""
    for line in config.splitlines():
        text = line.strip()
        if text.startswith("["):
            inside = text.startswith('[remote "origin"]')
        elif inside:
            key, _, value = text.partition("=")
            if key.strip().lower() == "url":
                url = url or value.strip().strip('"')
    return url


def _place(url: str) -> str:
    """Host and owner in `https://host/owner/…` or `user@host:owner/…`, "" for a folder of this machine."""
    scheme, there, rest = url.partition("://")
    host, _, path = rest.partition("/") if there else url.partition(":")
    host = host.rpartition("@")[2].partition(":")[0].lower()
    owner, within, _ = path.lstrip("/").partition("/")
    # one letter is a drive of Windows
    known = within and owner and len(host) > 1 and "/" not in host and scheme != "file"
    return f"{host}/{owner}" if known else ""
