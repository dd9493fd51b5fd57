"""Classes of plain values."""

from __future__ import annotations

import pickle

import pytest

from pipelaw.records import Identity, NamedTuple, field_names, record, replaced, value_class


@record
class Base:
    """A record."""

    name: str = ""


@record
class Sub(Base):
    """A record with more fields."""

    size: int
    tags: tuple[str, ...] = ()


@record
class Thing:
    """A record that is known by two of its fields."""

    kind: str
    text: str
    identity = Identity("kind", "text")
    begin = Identity("text", most=2)


def test_an_identity_is_made_of_fields() -> None:
    thing = Thing(kind="run", text="make  all\nnow")
    assert thing.identity == "run:make  all\nnow"
    assert thing.begin == "make all"
    assert field_names(Thing) == ("kind", "text")


@value_class
class Point:
    """A value."""

    x: int
    y: int = 0


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: int = 7
    """What is to the right."""

    @property
    def sum(self) -> int:
        """Both together."""
        return self.left + self.right


def test_a_record_takes_its_fields_by_name_those_of_its_parents_too() -> None:
    for _ in range(2):  # the first object writes `__init__`
        made = Sub(size=3, name="a")
        assert (made.name, made.size, made.tags) == ("a", 3, ())
    assert Base(name="b").name == "b"
    assert field_names(Sub) == ("name", "size", "tags")
    assert field_names(int) == ()


@pytest.mark.parametrize("given", [{}, {"size": 1, "colour": 2}])
def test_missing_and_unknown_fields_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) (missing|got an unexpected)"):
        Sub(**given)  # type: ignore[arg-type]  # that is the point


def test_records_have_no_other_attributes_and_no_positions() -> None:
    with pytest.raises(AttributeError):
        Base().colour = "red"  # type: ignore[attr-defined]  # that is the point
    with pytest.raises(TypeError, match="positional"):
        Base("a")  # type: ignore[call-arg]  # that is the point


def test_records_are_equal_only_to_themselves() -> None:
    one = Base(name="a")
    assert one == one  # noqa: PLR0124  that is the point
    assert one != Base(name="a")


def test_replaced_keeps_what_is_not_named_and_leaves_the_old_one_alone() -> None:
    old = Sub(size=1, tags=("a",))
    new = replaced(old, size=2)
    assert (old.size, new.size, new.tags, type(new)) == (1, 2, ("a",), Sub)
    with pytest.raises(TypeError, match="Sub has no field colour"):
        replaced(old, colour=5)


def test_values_are_equal_where_their_fields_are() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(1, 2)
    assert Point(1) != object()
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert repr(Point(1)) == "Point(x=1, y=0)"
    assert pickle.loads(pickle.dumps(Point(3, 4))) == Point(3, 4)


def test_named_tuples_are_tuples_whose_places_have_names() -> None:
    for _ in range(2):  # the first object writes `__new__`
        made = Pair(1, right=2)
        assert made == (1, 2)
    assert (made.left, made.right, made.sum, Pair(3).right) == (1, 2, 3, 7)
    left, right = made
    assert (left, right, len(made), hash(made)) == (1, 2, 2, hash((1, 2)))
    assert repr(made) == "Pair(left=1, right=2)"
    assert made._replace(right=5) == (1, 5)
    assert made._asdict() == {"left": 1, "right": 2}
    assert Pair._make([4, 5]) == Pair(4, 5)
    assert (Pair._fields, type(Pair)) == (("left", "right"), type)
    assert type(pickle.loads(pickle.dumps(made))) is Pair
    match made:
        case Pair(one, other):
            assert (one, other) == (1, 2)


def test_named_tuples_refuse_what_they_have_no_field_for() -> None:
    with pytest.raises(TypeError, match="missing 1 required"):
        Pair()  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="unexpected keyword"):
        Pair(1, top=2)  # type: ignore[call-arg]  # that is the point
    with pytest.raises(ValueError, match="no such fields: top"):
        Pair(1)._replace(top=2)  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError):
        Pair._make([1, 2, 3])
    with pytest.raises(AttributeError):
        Pair(1).left = 2  # type: ignore[misc]  # that is the point
    with pytest.raises(AttributeError):
        Pair(1).top = 2  # type: ignore[attr-defined]  # that is the point
