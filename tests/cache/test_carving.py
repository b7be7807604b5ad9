"""Rows are told apart by the kinds of their values, in every version of the tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.carving import Carving, shape
from console.cache.pages import Cell, open_pages
from console.cache.schema import VERSIONS
from console.cache.sifting import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.cache.carving import Shape

ROWS: dict[str, dict[str, object]] = {
    "media": {"seq": 7, "account": "", "key": "k", "state": "x", "type": "image", "clock_from": 1}
    | {"attempts": 0, "undownloaded": 1, "conflict": 0, "search_text": "k", "error_code": 480},
    "webhook": {"id": 3, "received_at": 5, "body": b"{}", "facts": 1},
    "fact": {"seq": 9, "account": "", "media_key": "k", "at": 1, "kind": "f", "data": "{}", "identity": b"i"},
    "quarantine": {"id": 1, "webhook_id": 3, "received_at": 5, "place": "p", "reason": "r", "digest": b"d"},
    "notice": {"id": 1, "first_at": 1, "at": 2, "level": "info", "source": "s", "text": "t", "count": 1},
    "order_taken": {"id": "o", "at": 1, "account": "", "media_key": "k", "taken": "queued"},
}


@pytest.fixture
def newest() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statements in VERSIONS:
            for statement in statements:
                connection.execute(statement)
        yield connection


def cell(kinds: str) -> Cell:
    return Cell(1, kinds, (), b"", 0, 0)


def rows_of(versions: int) -> dict[str, dict[str, object]]:
    """A row of each table of a version."""
    return {**ROWS, "fact": ROWS["fact"] | ({"media": 7} if versions >= 4 else {})}


def write(db: Path, versions: int) -> None:
    with closing(sqlite3.connect(db)) as connection:
        for statements in VERSIONS[:versions]:
            for statement in statements:
                connection.execute(statement)
        for table, row in rows_of(versions).items():
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        connection.execute("INSERT INTO status VALUES (1, '{}')")
        connection.commit()


@pytest.mark.parametrize("versions", range(1, len(VERSIONS) + 1))
def test_each_table_of_each_version_is_known_by_its_rows(
    tmp_path: Path, newest: sqlite3.Connection, versions: int
) -> None:
    write(tmp_path / "media.db", versions)
    shapes = [shape(newest, table) for table in TABLES]
    with open_pages(tmp_path / "media.db") as pages:
        carving = Carving(pages, shapes)
        rows = list(carving.rows(lambda _shape, _number: False))
        assert carving.rows_a_page("media") == 1
    found = {one.table: dict(zip(one.columns, row, strict=True)) for one, row in rows}
    told = {table: {k: v for k, v in row.items() if v is not None} for table, row in found.items()}
    assert (len(rows), told) == (len(ROWS), rows_of(versions))


def test_what_is_known_is_not_read_and_other_tables_are_left_alone(
    tmp_path: Path, newest: sqlite3.Connection
) -> None:
    write(tmp_path / "media.db", len(VERSIONS))
    asked: list[tuple[str, int]] = []

    def known(one: Shape, number: int) -> bool:
        asked.append((one.table, number))
        return one.table == "fact"

    with open_pages(tmp_path / "media.db") as pages:
        carving = Carving(pages, [shape(newest, "fact"), shape(newest, "webhook")])
        assert [one.table for one, _ in carving.rows(known)] == ["webhook"]
    assert sorted(asked) == [("fact", 9), ("webhook", 3)]


def test_a_row_of_other_kinds_fits_no_table(newest: sqlite3.Connection) -> None:
    webhook = shape(newest, "webhook")
    fits = [
        webhook.fits(cell(kinds)) for kinds in ("NIBI", "NIBIT", "NIBIN", "NIB", "NIBITT", "NITI", "IIBI")
    ]
    assert fits == [True, True, True, False, False, False, False]
    fact = shape(newest, "fact")
    assert [fact.fits(cell(k)) for k in ("NTTITTNB", "NTTITTIBI", "NTTITT")] == [True, True, False]
