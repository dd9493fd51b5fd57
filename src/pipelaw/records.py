"""Classes of plain values: dataclasses that cost little to define.

A dataclass writes and compiles its methods when it is defined, which for all the records of the model
takes longer than a small scan. Here `__init__` is written when the first object is made, and the
other methods are shared. `dataclasses.fields` and `replace` work as for any dataclass.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

__all__ = ["record", "replaced", "value_class"]

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """A slotted class whose fields are given by name, and which the type checker holds to be frozen.

    Two of them are equal only if they are the same. Run-time freezing would triple the cost of making
    one, and a scan makes a hundred thousand.
    """
    return _made(cls, by_name=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_class(cls: type[_T]) -> type[_T]:
    """A slotted class, frozen for the type checker, whose objects are equal where their fields are."""
    made: Any = _made(cls, by_name=False)
    made.__eq__, made.__hash__, made.__repr__ = _equal, _hash, _repr
    return made  # type: ignore[no-any-return]  # it is the class with methods of its own


def replaced(old: _T, **changes: object) -> _T:
    """An object like `old` but for some fields; a quarter of the time that `dataclasses.replace` takes."""
    kind = type(old)
    new = object.__new__(kind)
    for name in kind.__dataclass_fields__:  # type: ignore[attr-defined]  # every record is a dataclass
        setattr(new, name, changes[name] if name in changes else getattr(old, name))
    return new


def _made(cls: type[_T], *, by_name: bool) -> type[_T]:
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=by_name)(cls)

    def start(self: object, *given: object, **named: object) -> None:
        made.__init__ = _initializer(made, by_name=by_name)
        made.__init__(self, *given, **named)

    made.__init__ = start
    return made  # type: ignore[no-any-return]  # it is the class with an `__init__`


def _initializer(cls: Any, *, by_name: bool) -> Any:  # noqa: ANN401  a class, and its function
    """The `__init__` of a class: an argument for each field, in their order."""
    own = fields(cls)
    known = {f"_{each.name}": each.default for each in own if each.default is not MISSING}
    arguments = (
        f"{each.name}=_{each.name}" if f"_{each.name}" in known else each.name for each in own
    )
    head = f"def __init__({', '.join(('self, *' if by_name else 'self', *arguments))}):"
    exec("\n ".join((head, *(f"self.{each.name} = {each.name}" for each in own))), known)  # noqa: S102  names of fields
    return known["__init__"]


def _values(one: Any) -> tuple[object, ...]:  # noqa: ANN401  any value
    return tuple(getattr(one, name) for name in type(one).__dataclass_fields__)


def _equal(one: object, other: object) -> bool:
    return _values(one) == _values(other) if type(one) is type(other) else NotImplemented


def _hash(one: object) -> int:
    return hash(_values(one))


def _repr(one: Any) -> str:  # noqa: ANN401  any value
    shown = ", ".join(f"{name}={getattr(one, name)!r}" for name in one.__dataclass_fields__)
    return f"{type(one).__qualname__}({shown})"
