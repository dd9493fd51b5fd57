"""The types of expressions, and how the annotations of the model become types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from pipelaw.place import Place, Text
from pipelaw.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Type:
    """What an expression gives. There is one object for each type, so `is` compares them."""

    __slots__ = ("_members", "_record", "_words", "element", "name", "plural", "scalar", "without")

    def __init__(
        self,
        name: str,
        plural: str,
        *,
        element: Type | None = None,
        record: type | None = None,
        members: dict[str, Type] | None = None,
    ) -> None:
        self.name = name
        """As messages say it: `string`, `list of strings`, `step`."""
        self.plural = plural
        """The same for more than one."""
        self.element = element
        """The type of a list's elements; None for what is no list."""
        self._record = record
        self._members = members
        self._words: dict[str, tuple[str, ...]] | None = None
        self.scalar = element is None and record is None and members is None
        """Neither a list nor a record."""
        self.without = f"{self.article} has no field"
        """What messages say before the name of a field that it does not have."""

    def __repr__(self) -> str:
        return self.article

    @property
    def article(self) -> str:
        """The name with its article: `an int`."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"

    @property
    def members(self) -> dict[str, Type]:
        """The fields of a record that expressions see, by name; empty for everything else."""
        if self._members is None:
            self._members = {} if self._record is None else fields(self._record)
        return self._members

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The fields of a record that hold one word out of a few, or a list of such, and which words."""
        if self._words is None:
            self._words = {} if self._record is None else words(self._record)
        return self._words


STRING = Type("string", "strings")
INT = Type("int", "ints")
DOUBLE = Type("double", "doubles")
BOOL = Type("bool", "bools")
NOTHING = Type("nothing", "nothing")
"""The type of the elements of `[]`."""

_SCALARS: dict[object, Type] = {str: STRING, int: INT, float: DOUBLE, bool: BOOL}
_HIDDEN = (Place, Text)
"""What findings point with; no condition needs it."""
_OWN = "identity"
"""What a part calls itself in fingerprints: made of its other fields, and no word for a condition."""
_LISTS: dict[Type, Type] = {}
_RECORDS: dict[type, Type] = {}


def list_of(element: Type) -> Type:
    """The type of lists of `element`."""
    found = _LISTS.get(element)
    if found is None:
        name = f"of {element.plural}"
        found = _LISTS[element] = Type(f"list {name}", f"lists {name}", element=element)
    return found


def record_type(cls: type) -> Type:
    """The type of the instances of a record class; its fields are read when first needed."""
    found = _RECORDS.get(cls)
    if found is None:
        name = cls.__name__.lower()
        plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
        found = _RECORDS[cls] = Type(name, plural, record=cls)
    return found


def parameters_type(members: Mapping[str, Type]) -> Type:
    """The type of what holds a rule's parameters, given the type of each."""
    found = Type("set of parameters", "sets of parameters", members=dict(members))
    found.without = "the rule declares no parameter"
    return found


def fields(cls: type) -> dict[str, Type]:
    """The fields and properties of a record class that expressions see, with their types.

    Not seen are places, texts with places, identities, and names that begin with an underscore. Raises
    TypeError for an annotation that no type of the language stands for: a mistake in the model.
    """
    hints = dict(_hints(cls))
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, property):
                hints.setdefault(name, _hints(value.fget).get("return"))
    return {
        name: _type(hint, f"{cls.__name__}.{name}")
        for name, hint in hints.items()
        if not name.startswith("_") and name != _OWN and hint not in _HIDDEN
    }


def words(cls: type) -> dict[str, tuple[str, ...]]:
    """The fields of a record class that hold one word out of a few, or a list of such, and which words."""
    found = {name: _words(hint) for name, hint in _hints(cls).items()}
    return {name: known for name, known in found.items() if known}


@cache
def _hints(annotated: Any) -> dict[str, Any]:  # noqa: ANN401  a class or function
    """The annotations of a record or property; records import what those name for the type checker alone."""
    from pipelaw import words as known  # noqa: PLC0415  only the check of a rule needs them

    return get_type_hints(annotated, localns={"words": known})


class Typed(NamedTuple):
    """What is known of a part of an expression."""

    type: Type
    python: str
    """The same as Python: one operand."""
    bound: int = 0
    """No int that it gives or holds is larger, whatever its sign."""
    growth: int = 1
    """How many texts or lists of the model it is made of, at most."""
    words: tuple[str, ...] = ()
    """The words that it, or an element of it, is one of; () where it can be any text."""


def _type(hint: Any, where: str) -> Type:  # noqa: ANN401  annotations are any object
    """The type that an annotation stands for."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return STRING
    if (origin is tuple and arguments[1:] == (...,)) or origin is Sequence:
        return list_of(_type(arguments[0], where))
    if isinstance(hint, type) and hint.__module__ != "builtins":
        return record_type(hint)
    raise TypeError(f"{where}: rules cannot see a value of type {hint}")


def _words(hint: Any) -> tuple[str, ...]:  # noqa: ANN401  annotations are any object
    """The words that an annotation names, of a value or of the elements of a list."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments
    # that none of them is in a list is said by its being empty
    return tuple(filter(None, _words(arguments[0]))) if origin is tuple else ()


def join(one: Type, other: Type) -> Type | None:
    """The type that holds the values of both, None where there is none; `[]` goes with any list."""
    if one is other or other is NOTHING:
        return one
    if one is NOTHING:
        return other
    if one.element is None or other.element is None:
        return None
    element = join(one.element, other.element)
    return None if element is None else list_of(element)
