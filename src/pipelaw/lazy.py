"""Sequences that are worked out when somebody first looks at them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

_Item_co = TypeVar("_Item_co", covariant=True)


class Lazy(Sequence[_Item_co]):
    """A sequence whose items `_read` works out; it keeps them, where that is worth it."""

    __slots__ = ()

    @abstractmethod
    def _read(self) -> Sequence[_Item_co]:
        """The items."""

    @overload
    def __getitem__(self, index: int) -> _Item_co: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item_co]: ...

    def __getitem__(self, index: int | slice) -> _Item_co | Sequence[_Item_co]:
        return self._read()[index]

    def __iter__(self) -> Iterator[_Item_co]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())
