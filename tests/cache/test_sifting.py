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
def sieve() -> Iterator[Sieve]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        migrate_from(new, 0)
        yield Sieve(new, read_webhook)


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
