"""A row of media is written and removed with its counts, and what the search index holds of it is noted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations
from console.cache.batch import Batch
from console.cache.counts import agree
from console.cache.table import remove_rows, write_media
from console.domain.filters import search_text
from console.domain.media import DEFAULT_ACCOUNT, Media, Step
from console.domain.reading import Reading

from .samples import NOW, announced, due_in, key

if TYPE_CHECKING:
    from collections.abc import Iterator

REFS = [(DEFAULT_ACCOUNT, key("a")), (DEFAULT_ACCOUNT, key("b"))]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrations.migrate_from(made, 0)
        yield made


def named(name: str, filename: str, step: Step | None = None) -> Media:
    return due_in(5, name, step, filename=filename)


def fed(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute("UPDATE search_fed SET seq = ?", (seq,))


def unlearnt(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    return connection.execute("SELECT seq, before FROM search_changed ORDER BY seq").fetchall()


def test_another_text_of_an_indexed_row_leaves_the_text_that_is_indexed(
    connection: sqlite3.Connection,
) -> None:
    write_media(connection, named("a", "first"))
    write_media(connection, named("b", "second"))
    fed(connection, 1)
    write_media(connection, named("a", "first", Step.STORED))
    assert unlearnt(connection) == []
    write_media(connection, named("a", "other"))
    write_media(connection, named("a", "third"))
    write_media(connection, named("b", "fourth"))
    assert unlearnt(connection) == [(1, search_text(named("a", "first")))]
    assert agree(connection)


def test_a_removed_row_that_is_indexed_leaves_its_text_also_where_its_number_comes_again(
    connection: sqlite3.Connection,
) -> None:
    write_media(connection, named("a", "first"))
    write_media(connection, named("b", "second"))
    fed(connection, 2)
    connection.execute("BEGIN")
    assert remove_rows(connection, [*REFS, (DEFAULT_ACCOUNT, key("none"))]) == 2
    connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM media").fetchone() == (0,)
    write_media(connection, named("c", "third"))
    write_media(connection, named("c", "fourth"))
    assert connection.execute("SELECT seq FROM media").fetchall() == [(1,)]
    assert unlearnt(connection) == [(n, search_text(named(*told))) for n, told in _INDEXED.items()]
    assert agree(connection)


_INDEXED = {1: ("a", "first"), 2: ("b", "second")}


def test_a_row_that_is_not_indexed_yet_leaves_nothing(connection: sqlite3.Connection) -> None:
    write_media(connection, named("a", "first"))
    write_media(connection, named("a", "second"))
    remove_rows(connection, REFS)
    assert unlearnt(connection) == []


def test_a_batch_notes_each_changed_text_and_spends_nothing_on_new_rows(
    connection: sqlite3.Connection,
) -> None:
    names = [f"m{number}" for number in range(5)]
    for told, count in ((None, 0), ("later", len(names))):
        connection.execute("BEGIN")
        batch = Batch(connection, [(DEFAULT_ACCOUNT, key(name)) for name in names])
        facts = tuple(announced(name, at=NOW - count, caption=told) for name in names)
        batch.take_webhook(b"{}", NOW, Reading(facts=facts))
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        batch.write()
        connection.set_trace_callback(None)
        connection.execute("COMMIT")
        assert len([text for text in statements if "search_changed" in text]) == count
        fed(connection, len(names))
    assert [seq for seq, _ in unlearnt(connection)] == [1, 2, 3, 4, 5]
    assert agree(connection)
