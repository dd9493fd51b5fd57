"""What a token's own text says: checksums, and headers that have to decode."""

from __future__ import annotations

import binascii
import re
from enum import Enum


class Verdict(Enum):
    """What a token's own text says about it."""

    SURE = "sure"
    """Its shape, or its checksum, fits no other text."""
    DOUBTFUL = "doubtful"
    """The shape fits other texts too, or the checksum is wrong."""
    NONE = "none"
    """It is public, or made up for documentation."""


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def aws(token: str) -> Verdict:
    """Of AWS key ids: after the prefix they are base32."""
    return Verdict.DOUBTFUL if set(token[4:]) & set("0189") else Verdict.SURE


def base62(token: str) -> Verdict:
    """Of GitHub and npm: the last six characters are the CRC32 of those after the prefix."""
    body = token[token.index("_") + 1 :]
    right = _digits(binascii.crc32(body[:-6].encode()), _BASE62, 6)
    # longer refresh tokens are documented without a word about a checksum
    return Verdict.SURE if body[-6:] == right or len(body) > 36 else Verdict.DOUBTFUL


_ROUTABLE = r"(.+\.01\.[0-9a-z]{2})([0-9a-z]{7})\Z"


def gitlab(token: str) -> Verdict:
    """Of GitLab: routable tokens end in the CRC32 of all that comes before it."""
    found = re.match(_ROUTABLE, token)
    if not found:
        return Verdict.SURE
    right = _digits(binascii.crc32(found[1].encode()), _BASE36, 7)
    return Verdict.SURE if found[2] == right else Verdict.DOUBTFUL


def _digits(number: int, alphabet: str, width: int) -> str:
    found = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        found = alphabet[rest] + found
    return found.rjust(width, alphabet[0])


def private_key(token: str) -> Verdict:
    """Of private keys: an encrypted one needs a passphrase as well."""
    return Verdict.DOUBTFUL if "ENCRYPTED" in token else Verdict.SURE


_PUBLIC_ROLE = rb'"role"\s*:\s*"anon"'
_SPECIMEN = rb'"(?:John Doe|1234567890|1516239022|test|user)"|:\s*1516239022'


def web_token(token: str) -> Verdict:
    """Of JSON web tokens: the header has to decode; some are public, some are everybody's specimen."""
    header, payload, _ = token.split(".")
    if b'"alg"' not in decode(header):
        return Verdict.NONE
    claims = decode(payload)
    if re.search(_PUBLIC_ROLE, claims) or re.search(_SPECIMEN, claims):
        return Verdict.NONE
    return Verdict.SURE


def decode(text: str) -> bytes:
    """The bytes that a base64 text stands for, standard or for URLs; empty where it is not base64."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
