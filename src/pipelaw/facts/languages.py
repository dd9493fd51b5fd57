"""Which languages a repository is written in, and what else it builds, by the names of its files."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXTENSIONS = {
    "python": "py pyx pyi",
    "javascript": "js mjs cjs jsx ts mts cts tsx vue svelte",
    "go": "go",
    "java": "java jsp",
    "kotlin": "kt kts",
    "scala": "scala sc",
    "groovy": "groovy",
    "clojure": "clj cljs cljc",
    "ruby": "rb erb",
    "php": "php phtml",
    "csharp": "cs cshtml razor",
    "visualbasic": "vb",
    "fsharp": "fs fsx",
    "c": "c",
    "cpp": "cc cpp cxx hpp hxx hh",
    "objectivec": "mm",
    "swift": "swift",
    "rust": "rs",
    "dart": "dart",
    "elixir": "ex exs",
    "erlang": "erl",
    "haskell": "hs",
    "perl": "pl pm",
    "lua": "lua",
    "r": "r",
    "julia": "jl",
    "solidity": "sol",
    "shell": "sh bash zsh ksh",
    "powershell": "ps1 psm1",
    "terraform": "tf",
    "bicep": "bicep",
}
_LANGUAGE = {
    extension: language for language, words in _EXTENSIONS.items() for extension in words.split()
}

_SPECIAL = pattern(
    r"(?P<dockerfile>(?:.*/)?(?:(?:Docker|Container)file(?:\.[\w.-]+)?|[\w.-]+\.[Dd]ockerfile))"
    r"|(?P<helm>(?:.*/)?Chart\.ya?ml)"
    r"|(?P<kubernetes>(?:.*/)?(?:kustomization\.ya?ml|(?:k8s|kubernetes|kustomize)/.*\.ya?ml))"
    r"|(?P<ansible>(?:.*/)?(?:ansible\.cfg|(?:tasks|handlers)/main\.ya?ml|playbooks?/[^/]*\.ya?ml))"
    r"|(?P<cloudformation>(?:.*/)?(?:cloudformation/.*\.(?:ya?ml|json|template)|samconfig\.toml))"
)
_ENDS = (
    "file",
    ".dockerfile",
    ".Dockerfile",
    ".yml",
    ".yaml",
    ".cfg",
    ".json",
    ".template",
    ".toml",
)

_NOT_CODE = pattern(
    r"(?:.*/)?(?:docs?|documentation|examples?|samples?|fixtures|testdata|\.github|\.gitlab|\.storybook)/.*"
    r"|(?:.*/)?(?:conf|setup|conftest|noxfile|tasks|fabfile)\.py"
    r"|(?:.*/)?(?:gulpfile|gruntfile|\.eslintrc|\.prettierrc|[\w.-]+\.config|[\w.-]+\.min|[\w.-]+\.d)"
    r"\.[cm]?[jt]s",
    re.IGNORECASE,
)
"""Documentation, tests' data, and settings that happen to be written in a language."""


def languages(paths: Iterable[str]) -> tuple[str, ...]:
    """The languages and kinds of artefact of a repository's files, the most frequent first.

    TypeScript counts as javascript: what analyses one analyses the other.
    """
    found: Counter[str] = Counter()
    for path in paths:
        if path.endswith(_ENDS) or "ockerfile" in path or "ontainerfile" in path:
            special = _SPECIAL.fullmatch(path)
            if special is not None and special.lastgroup is not None:
                found[special.lastgroup] += 1
            continue
        language = _LANGUAGE.get(path.rpartition(".")[2].lower())
        if language is not None and not _NOT_CODE.fullmatch(path):
            found[language] += 1
    return tuple(name for name, _ in sorted(found.items(), key=lambda item: (-item[1], item[0])))
