"""How GitHub's expressions combine and compare values."""

from __future__ import annotations

Value = str | float | bool | None
"""What a constant or context can hold."""


def both(left: bool | None, right: bool | None) -> bool | None:
    """`&&` of three values."""
    if left is False or right is False:
        return False
    return True if left and right else None


def either(left: bool | None, right: bool | None) -> bool | None:
    """`||` of three values."""
    if left or right:
        return True
    return None if left is None or right is None else False


def same(left: Value, right: Value) -> bool:
    """GitHub's loose equality: text without regard to case, other types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return left == right
    return _number(left) == _number(right)


def _number(value: Value) -> float:
    if isinstance(value, str):
        try:
            return float(value.strip() or 0)
        except ValueError:
            return float("nan")
    return float(value or 0)
