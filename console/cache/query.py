"""A query as a value: what to ask and how to read the answer, for any kind of connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.cache.rows import Row, SqlValue

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Query(Generic[T_co]):
    """One statement and the way from its rows to the answer."""

    sql: str
    params: tuple[SqlValue, ...]
    read: Callable[[Sequence[Row]], T_co]


@dataclass(frozen=True, slots=True)
class ListQuery(Query[list[T]], Generic[T]):
    """A query with one value a row, so that it can be streamed as well."""

    each: Callable[[Row], T]


def sql(*parts: str) -> str:
    """One statement of fixed words and compiled conditions. Values never go in here: they are bound."""
    return " ".join(parts)


def marks(count: int) -> str:
    """So many places for bound values, in brackets."""
    return f"({', '.join('?' * count)})"


def rows_of(statement: str, params: Sequence[SqlValue], each: Callable[[Row], T]) -> ListQuery[T]:
    """A query that gives one value a row."""
    return ListQuery(statement, sound(params), lambda rows: [each(row) for row in rows], each)


def first_of(statement: str, params: Sequence[SqlValue], each: Callable[[Row], T]) -> Query[T | None]:
    """A query that gives the value of its first row, or None."""
    return Query(statement, sound(params), lambda rows: each(rows[0]) if rows else None)


def folded(statement: str, params: Sequence[SqlValue], read: Callable[[Sequence[Row]], T]) -> Query[T]:
    """A query whose rows together make one value."""
    return Query(statement, sound(params), read)


def sound(params: Sequence[SqlValue]) -> tuple[SqlValue, ...]:
    """The parameters with lone surrogates replaced by U+FFFD.

    Bytes on the command line that are not UTF-8 arrive as such; SQLite takes none, and no stored
    text has any.
    """
    return tuple([_sound(value) if isinstance(value, str) else value for value in params])


def _sound(text: str) -> str:
    return "".join(["\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text])
