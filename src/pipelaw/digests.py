"""Digests by which contents are compared and named."""

from __future__ import annotations

try:
    # what `hashlib` gives, which loads OpenSSL first: that takes longer than digesting a small repository
    from _blake2 import blake2b
except ImportError:  # a Python without
    from hashlib import blake2b


def digest(data: bytes) -> bytes:
    """32 bytes that no other data have."""
    return blake2b(data, digest_size=32).digest()


def named(text: str, digits: int) -> str:
    """An even number of hex digits that stand for a text."""
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=digits // 2).hexdigest()
