"""Classes of plain values that cost little to define: records and named tuples.

Dataclasses and the named tuples of `typing` write and compile methods and check annotations for each
class that is defined, which for all of ours takes a fifth of a small scan. Here what makes an object is
written when the first one is made, and the other methods are shared. To the type checker a record is a
dataclass, and a `NamedTuple` is that of `typing`.
"""

from __future__ import annotations

from inspect import get_annotations
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar, dataclass_transform

from pipelaw.prepared import once

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from types import CodeType
    from typing import NamedTuple

__all__ = ["Identity", "NamedTuple", "field_names", "record", "replaced", "value_class"]

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[_T]) -> type[_T]:
    """A slotted class whose fields are given by name, and which the type checker holds to be frozen.

    Two of them are equal only if they are the same. Run-time freezing would triple the cost of making
    one, and a scan makes a hundred thousand.
    """
    return _made(cls, by_name=True)


@dataclass_transform(frozen_default=True)
def value_class(cls: type[_T]) -> type[_T]:
    """A slotted class, frozen for the type checker, whose objects are equal where their fields are."""
    made: Any = _made(cls, by_name=False)
    made.__eq__, made.__hash__, made.__repr__ = _equal, _hash, _repr
    return made  # type: ignore[no-any-return]  # it is the class with methods of its own


def replaced(old: _T, **changes: Any) -> _T:  # noqa: ANN401  the fields' own types
    """A record like `old` but for some fields; TypeError where one is none of its fields."""
    kind = type(old)
    new = object.__new__(kind)
    for name in field_names(kind):
        setattr(new, name, changes.pop(name) if name in changes else getattr(old, name))
    if changes:
        raise TypeError(f"{kind.__qualname__} has no field {', '.join(changes)}")
    return new


def field_names(kind: type) -> tuple[str, ...]:
    """The names of a record class's fields in their order, its parents' first; () for other classes."""
    names: tuple[str, ...] = getattr(kind, "_record_fields", ())
    return names


class Identity:
    """What keeps its name when the file is edited around it: some fields of a record, joined.

    With `most`, only so many of their first words.
    """

    def __init__(self, *names: str, most: int = 0) -> None:
        self._names = names
        self._most = most

    def __get__(self, one: object, kind: type) -> str:
        text = ":".join([getattr(one, name) for name in self._names])
        return " ".join(text.split(None, self._most)[: self._most]) if self._most else text


def _made(cls: type[_T], *, by_name: bool) -> type[_T]:
    """The class anew with slots, for which it has to have none of the defaults."""
    own = get_annotations(cls)
    hidden = {"__dict__", "__weakref__", *own}
    body = {name: value for name, value in vars(cls).items() if name not in hidden}
    known = {f"_{name}": cls.__dict__[name] for name in own if name in cls.__dict__}
    body |= {
        "__slots__": tuple(own),
        "_record_fields": (*field_names(cls), *own),
        "_record_defaults": {**getattr(cls, "_record_defaults", {}), **known},
    }
    kind: Any = type(cls)
    made = kind(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__

    def start(self: object, *given: object, **named: object) -> None:
        made.__init__ = _initializer(made, by_name=by_name)
        made.__init__(self, *given, **named)

    made.__init__ = start
    return made  # type: ignore[no-any-return]  # it is the class with slots and an `__init__`


def _initializer(cls: Any, *, by_name: bool) -> Any:  # noqa: ANN401  a class, and its function
    """The `__init__` of a class: an argument for each field, in their order."""
    names, known = field_names(cls), dict(cls._record_defaults)
    arguments = ", ".join(("self, *" if by_name else "self", *_arguments(names, known)))
    lines = (f"def __init__({arguments}):", *(f"self.{name} = {name}" for name in names))
    exec(_code("\n ".join(lines), "exec"), known)  # noqa: S102  names of fields
    return known["__init__"]


def _arguments(names: Iterable[str], known: Container[str]) -> Iterator[str]:
    """Names as a function's arguments; those of which `_NAME` is known have that as default."""
    return (f"{name}=_{name}" if f"_{name}" in known else name for name in names)


def _values(one: Any) -> tuple[object, ...]:  # noqa: ANN401  any value
    return tuple(getattr(one, name) for name in field_names(type(one)))


def _equal(one: object, other: object) -> bool:
    return _values(one) == _values(other) if type(one) is type(other) else NotImplemented


def _hash(one: object) -> int:
    return hash(_values(one))


def _repr(one: Any) -> str:  # noqa: ANN401  any value
    return _shown(one, zip(field_names(type(one)), _values(one), strict=True))


def _shown(one: object, values: Iterable[tuple[str, object]]) -> str:
    listed = ", ".join(f"{name}={value!r}" for name, value in values)
    return f"{type(one).__qualname__}({listed})"


class _Tuple(tuple[Any, ...]):
    """What all named tuples can do."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        """The tuple of some values, one for each field."""
        return cls(*values)

    def _replace(self, /, **changes: object) -> Self:
        """A tuple like this one but for some fields."""
        made = tuple.__new__(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"no such fields: {', '.join(changes)}")
        return made

    def _asdict(self) -> dict[str, Any]:
        """The values by the names of their fields."""
        return dict(zip(self._fields, self, strict=True))

    def __getnewargs__(self) -> tuple[object, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        return _shown(self, self._asdict().items())


class _Naming(type):
    """Makes the classes below `NamedTuple`; they are ordinary ones, below `_Tuple`."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:  # noqa: ANN401  a class
        if not bases:
            return type.__new__(cls, name, bases, body)
        names = tuple(body.get("__annotations__", ()))
        known = {f"_{each}": body.pop(each) for each in names if each in body}
        body |= {each: property(itemgetter(index)) for index, each in enumerate(names)}

        def start(_: type, /, *given: object, **named: object) -> object:
            made.__new__ = staticmethod(_maker(names, known))
            return made(*given, **named)

        body |= {"__slots__": (), "_fields": names, "__match_args__": names, "__new__": start}
        made: Any = type.__new__(type, name, (_Tuple,), body)
        return made


def _maker(names: Iterable[str], known: dict[str, Any]) -> Any:  # noqa: ANN401  a function
    """The `__new__` of a class of tuples: an argument for each field, in their order."""
    head = ", ".join(("cls", "/", *_arguments(names, known)))
    listed = "".join(f"{name}, " for name in names)
    code = _code(f"lambda {head}: _new(cls, ({listed}))", "eval")
    return eval(code, {**known, "_new": tuple.__new__})  # noqa: S307  names of fields


def _code(text: str, mode: str) -> CodeType:
    """The compiled text; a scan of few files would spend a twentieth on that anew."""
    found: CodeType = once(text, lambda: compile(text, "<record>", mode))
    return found


if not TYPE_CHECKING:

    class NamedTuple(metaclass=_Naming):
        """Tuples whose places have names."""
