"""Files that tools keep their credentials in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT = pattern(
    r"(?:^|/)(?:"
    r"\.git(?:-credentials|/config)?|\.env(?:\.(?!example|sample|template|dist)\w+)?|\.npmrc|\.yarnrc\.yml"
    r"|\.netrc|_netrc|\.pypirc|\.pgpass|\.docker(?:/config\.json)?|\.aws(?:/credentials)?|\.ssh|\.kube"
    r"(?:/config)?|\.azure|\.gnupg|\.config/gh|\.config/gcloud|\.gem/credentials|\.cargo/credentials"
    r"(?:\.toml)?|id_rsa|id_ed25519|[^/]*\.tfstate(?:\.backup)?|[^/]*kubeconfig(?:\.ya?ml)?"
    r")/?(?:\*\*?/?)*\Z"
)
_LAST = pattern(r"(?P<name>[^/]+)/?(?:\*\*?/?)*\Z")

_PLAN = pattern(
    r"(?:^|/)(?:[^/]*[.-])?(?:tfplan(?:\.(?:bin|out))?|plan\.cache|tf\.plan|terraform\.plan)\Z"
)


def planned(paths: Iterable[str]) -> str:
    """The first path of a plan of Terraform's, which holds the values of secrets, "" for none."""
    named = (path for path in paths if "plan" in path and not path.startswith("!"))
    return next((path for path in named if _PLAN.search(path)), "")


def sensitive(paths: Iterable[str], *, hidden: bool) -> str:
    """The first path that credentials are usually kept in, "" for none.

    Without `hidden`, a path that itself begins with a dot is not taken.
    """
    for path in paths:
        if "." not in path and "id_" not in path and "kube" not in path:
            continue
        match = _KEPT.search(path)
        if match is not None and not path.startswith("!"):
            last = _LAST.search(path.rstrip("/*"))
            if hidden or last is None or not last["name"].startswith("."):
                return path
    return ""
