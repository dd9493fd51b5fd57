"""Text to tokens, as CEL's lexis has them."""

from __future__ import annotations

import re

from pipelaw.cel.errors import CelError
from pipelaw.records import NamedTuple

MAX_LENGTH = 10_000
"""No expression is longer; a list of all that is known belongs into a fact."""


class Token(NamedTuple):
    """A piece of an expression."""

    kind: str
    """name, int, float, string or end; of operators, brackets and keywords, the text itself."""
    value: str | int | float
    """What a literal stands for; of the others, the text."""
    start: int
    end: int

    @property
    def shown(self) -> str:
        """How messages name it."""
        return _WORDS.get(self.kind, f"`{self.value}`")


_WORDS = {"end": "the end", "string": "a string", "int": "a number", "float": "a number"}

KEYWORDS = frozenset({"true", "false", "null", "in"})
"""Words that are tokens of their own."""

_TOKEN = re.compile(
    r"(?P<space>[ \t\n\f\r]+|//[^\n]*)"
    r"|(?P<bytes>[bB][rR]?(?=[\"']))"
    r"|(?P<string>[rR]?(?:\"\"\"|'''|\"|'))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])"
    r"|(?P<int>0x[0-9a-fA-F]+|[0-9]+)"
    r"|(?P<operator>&&|\|\||[=!<>]=|[!<>+\-*/%?:.,()\[\]{}])"
)
_STRAY = {
    "=": "`=` is no operator; `==` compares",
    "&": "`&` is no operator; write `&&`",
    "|": "`|` is no operator; write `||`",
    "`": "names are written without backticks",
}

_ESCAPE = re.compile(
    r"\r\n?|\\(?:([abfnrtv\"'\\?`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    r"|([0-3][0-7]{2}))?"
)
_ESCAPED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, the last of them of kind `end`; white space and comments are dropped."""
    if len(text) > MAX_LENGTH:
        raise CelError(f"an expression has at most {MAX_LENGTH:,} characters", MAX_LENGTH)
    found = []
    at, size = 0, len(text)
    while at < size:
        match = _TOKEN.match(text, at)
        if match is None:
            raise CelError(_STRAY.get(text[at], f"unexpected character `{text[at]}`"), at)
        kind, word, end = match.lastgroup, match[0], match.end()
        if kind == "operator":
            found.append(Token(word, word, at, end))
        elif kind == "name":
            found.append(Token(word if word in KEYWORDS else kind, word, at, end))
        elif kind != "space":
            found.append(_literal(text, kind, at, end))
            end = found[-1].end
        at = end
    found.append(Token("end", "", size, size))
    return found


def _literal(text: str, kind: str | None, at: int, end: int) -> Token:
    """The token of a string or a number."""
    if kind == "string":
        return _string(text, at, end)
    if kind == "int":
        return Token(kind, _integer(text, at, end), at, end)
    if kind == "float":
        value = float(text[at:end])
        if value == float("inf"):
            raise CelError("this number is too large for a double", at, end - at)
        return Token(kind, value, at, end)
    what = "bytes" if kind == "bytes" else "unsigned numbers"
    raise CelError(f"{what} are not part of the language", at, end - at)


def _integer(text: str, at: int, end: int) -> int:
    """The value of an integer, at most one more than the largest int: the parser knows the sign."""
    digits, base = (text[at + 2 : end], 16) if text.startswith("0x", at) else (text[at:end], 10)
    digits = digits.lstrip("0") or "0"
    value = int(digits, base) if len(digits) < 20 else 2**64
    if value > 2**63:
        raise CelError("this number is too large for an int", at, end - at)
    return value


def _string(text: str, at: int, opened: int) -> Token:
    """The token of the string whose opening quotes end at `opened`."""
    raw = text[at] in "rR"
    quote = text[at + raw : opened]
    end = _closing(text, quote, opened, raw=raw)
    value = text[opened:end]
    if end < 0 or (len(quote) == 1 and ("\n" in value or "\r" in value)):
        line_end = text.find("\n", at)
        length = (line_end if line_end > 0 else len(text)) - at
        raise CelError(f"this string does not end with {quote}", at, length)
    if raw:
        # Google's reader takes a backslash and what follows for one, even here
        if (len(value) - len(value.rstrip("\\"))) % 2:
            raise CelError("a raw string cannot end with a backslash", end - 1)
        if "\\\r" in value:
            place = text.index("\\\r", opened)
            raise CelError("a raw string cannot have a backslash before a carriage return", place)
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    elif "\\" in value or "\r" in value:
        value = _ESCAPE.sub(lambda match: _unescaped(match, opened), value)
    return Token("string", value, at, end + len(quote))


def _closing(text: str, quote: str, at: int, *, raw: bool) -> int:
    """Where the closing quotes of a string are that goes on at `at`; -1 where it does not end."""
    end = text.find(quote, at)
    while not raw and end >= 0:
        escape = text.find("\\", at, end)
        if escape < 0:
            break
        at = escape + 2
        end = text.find(quote, at)
    return end


def _unescaped(match: re.Match[str], offset: int) -> str:
    """The character that an escape sequence stands for; line ends of any kind become one."""
    if match[0][0] == "\r":
        return "\n"
    char, *numbers, octal = match.groups()
    if char:
        return _ESCAPED.get(char, char)
    digits = next(filter(None, numbers), "")
    if not digits and not octal:
        message = 'unknown escape sequence; a backslash is written `\\\\`, or in a raw string r"…"'
        raise CelError(message, offset + match.start(), 2)
    code = int(digits, 16) if digits else int(octal, 8)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise CelError("there is no such character", offset + match.start(), len(match[0]))
    return chr(code)
