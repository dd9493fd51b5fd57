"""JSON as text, the same for the same values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pipelaw.patterns import pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode
_UNSEEN = pattern("[\x80-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def dump(value: object, depth: int) -> str:
    """JSON with its outer `depth` levels spread over lines, so that each finding has its own.

    Values are as they were. Characters that a terminal obeys but does not show are written as
    escapes; half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.
    """
    text = "".join(_spread(value, depth, "\n"))
    # CI runners obey `##[command]` anywhere in a log line; in JSON it is only in strings
    text = text.replace("##[", r"#\u0023[").replace("\x7f", r"\u007f")
    return f"{text if text.isascii() else _UNSEEN.sub(_escape, text)}\n"


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return "\ufffd" if 0xD800 <= number <= 0xDFFF else f"\\u{number:04x}"


def _spread(value: object, depth: int, line: str) -> Iterator[str]:
    if not depth or not value or not isinstance(value, (dict, list)):
        yield _encode(value)
        return
    inner = f"{line}  "
    if isinstance(value, dict):
        opening, closing = "{", f"{line}}}"
        items = [(f"{_encode(key)}: ", item) for key, item in value.items()]
    else:
        opening, closing = "[", f"{line}]"
        items = [("", item) for item in value]
    for key, item in items:
        yield f"{opening}{inner}{key}"
        yield from _spread(item, depth - 1, inner)
        opening = ","
    yield closing
