"""The words of a script: what cheap tests ask before anything is searched or parsed."""

from __future__ import annotations

from functools import lru_cache

from pipelaw.patterns import pattern

_WORD = pattern(r"[a-z0-9_]+")


@lru_cache(maxsize=4096)
def words(script: str) -> frozenset[str]:
    """The words of a script in lower case: runs of ASCII letters, digits and `_`.

    Whatever a pattern matches as a whole word is one of them, so a pattern needs to be tried only
    where its words are.
    """
    return frozenset(_WORD.findall(script.lower()))


CODE = frozenset({"python", "javascript"})
"""Languages of which the programs are commands that a script starts."""
_STARTING = ("exec", "subprocess", "spawn", "os.system")
"""Code with none of these starts no program."""
_BETWEEN = str.maketrans(dict.fromkeys("'\"`,[]()", " "))


def spoken(text: str, shell: str) -> str:
    """A script as words of commands: code that may start a program loses what is between them.

    Code that starts none has no words, "".
    """
    if shell not in CODE:
        return text
    return text.translate(_BETWEEN) if any(sign in text for sign in _STARTING) else ""
