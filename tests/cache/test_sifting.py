"""A row goes into the new cache only if it is what was written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from console.cache.migrations import migrate_from
from console.cache.rows import COLUMNS, media_row
from console.cache.sifting import TABLES, Sieve
from console.domain import facts, ledger
from console.platforms.onpremises.webhook import read_webhook

from .samples import NOW, announced

if TYPE_CHECKING:
    from collections.abc import Iterator

FACT = announced("m-1")
MEDIA = media_row(ledger.fold(None, FACT))[: len(COLUMNS)]
ROWS: dict[str, tuple[Any, ...]] = {
    "media": (1, *MEDIA),
    "webhook": (1, NOW, b'{"messages": []}', None, 0),
    "fact": (
        1,
        FACT.account,
        FACT.key,
        FACT.at,
        "MediaAnnounced",
        facts.encode(FACT).decode(),
        1,
        facts.identity(FACT),
        None,
    ),
    "quarantine": (1, 1, NOW, "messages[0]", "odd", b"digest"),
    "notice": (1, NOW, NOW, "info", "service", "told", None, 1),
    "order_taken": ("o1", NOW, "", "m-1", "queued"),
}


@pytest.fixture
def new() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate_from(connection, 0)
        yield connection


@pytest.fixture
def sieve(new: sqlite3.Connection) -> Sieve:
    return Sieve(new, read_webhook)


@pytest.mark.parametrize("table", TABLES)
def test_a_sound_row_is_taken_once(sieve: Sieve, table: str) -> None:
    row = ROWS[table]
    assert not sieve.has(table, row[0])
    assert sieve.take(table, row)
    assert sieve.has(table, row[0])
    assert not sieve.take(table, row)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("media", "type", "nonsense"),
        ("media", "attempts", "x"),
        ("webhook", "body", b"\xff"),
        ("webhook", "body", "text"),
        ("webhook", "coding", "gzip"),
        ("webhook", "received_at", "never"),
        ("fact", "data", "{}"),
        ("fact", "media_key", "m-2"),
        ("fact", "identity", bytes(16)),
        ("quarantine", "digest", None),
        ("notice", "level", "nonsense"),
        ("order_taken", "taken", "nonsense"),
    ],
)
def test_a_row_that_is_not_what_was_written_is_left_out(
    sieve: Sieve, table: str, column: str, value: object
) -> None:
    row = list(ROWS[table])
    row[TABLES[table].index(column)] = value
    assert not sieve.take(table, row)
    assert not sieve.has(table, row[0])


def test_a_fact_without_its_media_brings_a_row_that_the_real_one_replaces(
    new: sqlite3.Connection, sieve: Sieve
) -> None:
    assert sieve.take("fact", ROWS["fact"])
    assert sieve.take("media", (5, *MEDIA))
    sieve.settle()
    assert rows_and_links(new) == ([(5, "m-1")], [(5,)])


def test_a_row_that_stands_in_for_good_comes_behind_the_others(new: sqlite3.Connection, sieve: Sieve) -> None:
    other = media_row(ledger.fold(None, announced("m-2")))[: len(COLUMNS)]
    assert sieve.take("fact", ROWS["fact"])
    assert sieve.take("media", (5, *other))
    sieve.settle()
    assert rows_and_links(new) == ([(5, "m-2"), (6, "m-1")], [(6,)])


def rows_and_links(new: sqlite3.Connection) -> tuple[list[Any], list[Any]]:
    media = new.execute("SELECT seq, key FROM media ORDER BY seq").fetchall()
    return media, new.execute("SELECT media FROM fact").fetchall()
