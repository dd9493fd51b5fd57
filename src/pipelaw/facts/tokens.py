"""Tokens in a text that tell by their shape who issued them."""

from __future__ import annotations

import re

from pipelaw.facts.secret_checks import Verdict, decode
from pipelaw.facts.secret_formats import FORMATS, regex
from pipelaw.facts.secret_values import PUBLISHED, ascending
from pipelaw.patterns import pattern
from pipelaw.records import NamedTuple


class Token(NamedTuple):
    """A token in a text, from `start` up to, not including, `end`."""

    provider: str
    start: int
    end: int
    sure: bool
    """Its shape, or its checksum, fits no other text."""


_RUNS = bytes(97 if chr(i).isalnum() or i in b"_-" else 32 for i in range(128)) + b" " * 128
_RUN = b"a" * 20


def surroundings(text: str) -> str:
    """What is around the long runs of letters and digits in a text: all tokens have one.

    Cheap substring tests, which rule out nineteen scopes in twenty.
    """
    if len(text) < len(_RUN):
        return ""
    runs = text.encode("ascii", "replace").translate(_RUNS)
    found = ["Q~"] if "~" in text and "Q~" in text else []
    at = runs.find(_RUN)
    while at >= 0:
        end = runs.find(b" ", at)
        end = end if end >= 0 else len(text)
        if _telling(text[at:end]):
            found.append(text[max(at - 90, 0) : end + 20])
        at = runs.find(_RUN, end)
    return "\n".join(found)


_LETTERS = "abcdefghijklmnopqrstuvwxyz_-"
_PART = pattern(r"[A-Za-z0-9]{9,}")


def _telling(run: str) -> bool:
    """Whether a run is no name put together from words, such as `--no-install-recommends`."""
    if not run.strip(_LETTERS):
        return False
    return any(len(part) >= 24 or not part.isalpha() for part in _PART.findall(run))


def tokens(text: str) -> list[Token]:
    """The tokens in a text, in order, also inside its base64 texts; documentation's are left out."""
    near = surroundings(text)
    if not near:
        return []
    found = _plain(text, near)
    for match in _BASE64.finditer(text):
        start, end = match.span()
        if _overlaps(found, start, end):
            continue
        inner = decode(match[0])
        if inner.isascii():
            inside = inner.decode()
            for token in _plain(inside, inside)[:1]:
                found.append(Token(token.provider, start, end, token.sure))
    return sorted(found, key=lambda token: token.start)


_BASE64 = pattern(r"[A-Za-z0-9+/]{40,}={0,2}")


def _plain(text: str, near: str) -> list[Token]:
    """The tokens whose prefixes are in `near`."""
    found: list[Token] = []
    for shape in FORMATS:
        if shape.prefix not in near:
            continue
        for match in regex(shape.pattern).finditer(text):
            start, end = match.span()
            # a look behind in the pattern would rob it of its quick search for the prefix
            if text[start - 1 : start].isalnum() or _overlaps(found, start, end):
                continue
            verdict = shape.verdict(match[0])
            if verdict is not Verdict.NONE and not _specimen(match[0]):
                found.append(Token(shape.provider, start, end, verdict is Verdict.SURE))
    return found


def _overlaps(found: list[Token], start: int, end: int) -> bool:
    return any(start < token.end and token.start < end for token in found)


_MADE_UP = pattern(
    r"(?i)example|placeholder|dummy|fake|not-?_?a-?_?real|redacted|your|change-?_?me|\.\.\.|x{6}"
    r"|1234567890|0123456789|abcdefgh|(?!A)(.)\1{6}"
)


def _specimen(token: str) -> bool:
    """Whether a token was made up for documentation: `…EXAMPLE`, `xxxx`, one character, an alphabet.

    Only the beginning is read: keys are long enough to hold any word by chance.
    """
    head = token[:200]
    if _MADE_UP.search(head) or token.startswith(PUBLISHED):
        return True
    body = max(re.findall("[A-Za-z0-9]{10,}", head), key=len, default="").lower()
    if len(set(body)) <= min(5, len(body) // 3):
        return True
    return len(body) > 1 and ascending(body)
