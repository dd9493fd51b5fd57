"""Classes of plain values."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import pytest

from pipelaw.records import record, replaced, value_class


@record
class Base:
    """A record."""

    name: str = ""


@record
class Sub(Base):
    """A record with more fields."""

    size: int
    tags: tuple[str, ...] = ()


@value_class
class Point:
    """A value."""

    x: int
    y: int = 0


def test_a_record_takes_its_fields_by_name_those_of_its_parents_too() -> None:
    for _ in range(2):  # the first object writes `__init__`
        made = Sub(size=3, name="a")
        assert (made.name, made.size, made.tags) == ("a", 3, ())
    assert Base(name="b").name == "b"
    assert [field.name for field in fields(Sub)] == ["name", "size", "tags"]


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
    assert replace(old, size=5).size == 5


def test_values_are_equal_where_their_fields_are() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(1, 2)
    assert Point(1) != object()
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert repr(Point(1)) == "Point(x=1, y=0)"
    assert pickle.loads(pickle.dumps(Point(3, 4))) == Point(3, 4)
