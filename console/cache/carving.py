"""Which table a row belongs to that was found on a page of its own: told by the kinds of its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.query import sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from console.cache.pages import Cell, Pages
    from console.cache.rows import Row

_KINDS: Final = {"INTEGER": "I", "TEXT": "T", "BLOB": "B", "": "IT"}
"""What a column holds, by its declaration."""
_USUAL: Final = 20
"""Rows a page, for a table of which no page was found."""


class Shape(NamedTuple):
    """What the rows of a table look like. `columns` are all, in their order; `key` is the one that leads."""

    table: str
    key: str
    columns: tuple[str, ...]
    kinds: re.Pattern[str]

    def fits(self, cell: Cell) -> bool:
        """Whether this may be a row of the table. A row of an older version lacks the columns added since."""
        return self.kinds.fullmatch(cell.kinds) is not None


def shape(connection: sqlite3.Connection, table: str) -> Shape:
    """The shape of a table as this version makes it."""
    declared = connection.execute(sql("PRAGMA", f"table_info({table})")).fetchall()
    kinds = [_kind(type_, bool(needed or leads), bool(leads)) for _, _, type_, needed, _, leads in declared]
    needed = max(place for place, kind in enumerate(kinds) if "N]" not in kind) + 1
    added = ""
    for kind in reversed(kinds[needed:]):
        added = f"(?:{kind}{added})?"
    key = next(row[1] for row in declared if row[5])
    return Shape(table, key, tuple([row[1] for row in declared]), re.compile("".join(kinds[:needed]) + added))


def _kind(type_: str, needed: bool, leads: bool) -> str:
    if leads and type_ == "INTEGER":
        return "N"  # its value is the number of the row
    return f"[{_KINDS[type_]}]" if needed else f"[{_KINDS[type_]}N]"


class Carving:
    """The rows of some tables that lie on the pages of a damaged file."""

    def __init__(self, pages: Pages, shapes: Iterable[Shape]) -> None:
        self._pages = pages
        self._shapes = tuple(shapes)
        self._found = {each.table: [0, 0] for each in self._shapes}

    def rows(self, known: Callable[[Shape, int], bool]) -> Iterator[tuple[Shape, Row]]:
        """Each row with all its columns; those whose number is known already are not read."""
        for cells in self._pages.cells():
            shape = next((each for cell in cells for each in self._shapes if each.fits(cell)), None)
            if shape is None:
                continue
            self._found[shape.table][0] += 1
            self._found[shape.table][1] += len(cells)
            for cell in cells:
                if shape.fits(cell) and not (cell.number and known(shape, cell.number)):
                    values = self._pages.values(cell)
                    if values is not None:
                        yield shape, _row(shape, cell.number, values)

    def rows_a_page(self, table: str) -> float:
        """How many rows of a table a page holds, to judge by those that were found."""
        pages, rows = self._found[table]
        return rows / pages if pages else _USUAL


def _row(shape: Shape, number: int, values: Sequence[object]) -> Row:
    row = [*values, *[None] * (len(shape.columns) - len(values))]
    if number:
        row[shape.columns.index(shape.key)] = number
    return row
