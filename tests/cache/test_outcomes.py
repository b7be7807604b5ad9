"""What came of work on the whole cache waits for who asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations, outcomes, queries
from console.domain.maintenance import Purged, Replay
from console.domain.media import Millis

from .samples import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrations.migrate_from(made, 0)
        yield made


def test_an_outcome_is_kept_and_read(connection: sqlite3.Connection) -> None:
    query = queries.outcome("a")
    assert not outcomes.is_done(connection, "a")
    assert query.read(connection.execute(query.sql, query.params).fetchall()) is None
    outcomes.keep(connection, Replay(id="a", at=NOW), Purged(media=2), Millis(NOW + 5))
    assert outcomes.is_done(connection, "a")
    assert query.read(connection.execute(query.sql, query.params).fetchall()) == Purged(media=2)


def test_the_oldest_outcomes_go(connection: sqlite3.Connection) -> None:
    for number in range(outcomes.KEPT + 3):
        outcomes.keep(connection, Replay(id=str(number), at=NOW), Purged(), Millis(NOW + number))
    assert [outcomes.is_done(connection, str(number)) for number in range(4)] == [False] * 3 + [True]
    outcomes.forget(connection, Millis(NOW + 5))
    assert [outcomes.is_done(connection, str(number)) for number in (4, 5)] == [False, True]
