"""The search index holds the trigrams of the rows that it says it holds, whatever happened to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cache import migrations, searchindex
from console.cache.searchindex import NOT_INDEXED
from console.cache.table import remove_rows, write_media
from console.domain.filters import search_text
from console.domain.media import DEFAULT_ACCOUNT, Media

from .samples import due_in, fresh, key, texts

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("a", "b", "c", "d")


class Written(NamedTuple):
    name: str
    caption: str | None


class Removed(NamedTuple):
    name: str


class Bite(NamedTuple):
    at_once: int


class Merged(NamedTuple):
    pass


class Renewed(NamedTuple):
    pass


names = st.sampled_from(NAMES)
steps = st.one_of(
    st.builds(Written, names, texts),
    st.builds(Written, names, texts),
    st.builds(Removed, names),
    st.builds(Bite, st.integers(1, 3)),
    st.builds(Bite, st.integers(1, 3)),
    st.just(Merged()),
    st.just(Renewed()),
)


@pytest.fixture
def connection(connection: sqlite3.Connection) -> sqlite3.Connection:
    return looked_into(connection)


def looked_into(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The same, with a table of what its search index holds."""
    connection.execute("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab (main, media_search, instance)")
    return connection


def named(name: str, caption: str | None) -> Media:
    return due_in(5, name, caption=caption)


def trigrams(text: str) -> set[str]:
    padded = text.replace("\0", "\n") + "\n\n"
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def indexed(connection: sqlite3.Connection) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for term, seq in connection.execute("SELECT term, doc FROM temp.indexed"):
        found.setdefault(seq, set()).add(term)
    return found


def should_be(connection: sqlite3.Connection) -> dict[int, set[str]]:
    rows = connection.execute(
        f"SELECT seq, search_text FROM media WHERE seq NOT IN ({NOT_INDEXED}) ORDER BY seq"
    ).fetchall()
    changed = connection.execute(
        "SELECT seq, before FROM search_changed WHERE seq <= (SELECT seq FROM search_fed)"
    ).fetchall()
    return {seq: trigrams(text) for seq, text in (*rows, *changed)}


def take(connection: sqlite3.Connection, step: object) -> None:
    match step:
        case Written(name, caption):
            write_media(connection, named(name, caption))
        case Removed(name):
            remove_rows(connection, [(DEFAULT_ACCOUNT, key(name))])
        case Bite(at_once):
            searchindex.feed(connection, at_once)
        case Merged():
            searchindex.merge(connection)
        case Renewed():
            searchindex.renew(connection)


def feed_all(connection: sqlite3.Connection) -> None:
    while searchindex.feed(connection):
        pass


@given(st.lists(steps, max_size=30))
def test_every_row_is_indexed_as_it_is_or_told_as_not_indexed(life: list[object]) -> None:
    with fresh() as connection:
        looked_into(connection)
        for step in life:
            connection.execute("BEGIN")
            take(connection, step)
            connection.execute("COMMIT")
            held, wanted = indexed(connection), should_be(connection)
            assert {seq: held.get(seq) for seq in wanted} == wanted
            assert searchindex.trails(connection) or not connection.execute(NOT_INDEXED).fetchall()
        connection.execute("BEGIN")
        feed_all(connection)
        connection.execute("COMMIT")
        assert not searchindex.trails(connection)
        assert connection.execute(NOT_INDEXED).fetchall() == []
        rows = connection.execute("SELECT seq, search_text FROM media").fetchall()
        held = indexed(connection)
        assert {seq: held.get(seq) for seq, _ in rows} == {seq: trigrams(text) for seq, text in rows}


def traced(connection: sqlite3.Connection, at_once: int) -> tuple[bool, list[str]]:
    """Whether more waits after a bite, and its statements but for those of FTS5's own."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    more = searchindex.feed(connection, at_once)
    connection.set_trace_callback(None)
    return more, [text for text in statements if not text.startswith("--")]


def test_rows_are_indexed_a_few_at_a_time_with_few_statements(connection: sqlite3.Connection) -> None:
    for number in range(7):
        write_media(connection, named(f"m{number}", "caption"))
    told = [traced(connection, 3) for _ in range(4)]
    assert [more for more, _ in told] == [True, True, False, False]
    assert max(len(statements) for _, statements in told) <= 6
    assert connection.execute("SELECT seq FROM search_fed").fetchall() == [(7,)]


def test_feeding_reads_rows_by_their_number_alone(connection: sqlite3.Connection) -> None:
    write_media(connection, named("a", "caption"))
    searchindex.feed(connection)
    write_media(connection, named("a", "other"))
    write_media(connection, named("b", "caption"))
    statements = traced(connection, 3)[1] + traced(connection, 3)[1]
    reading = [text for text in statements if "FROM media " in text or "JOIN media " in text]
    assert len(reading) == 5
    for statement in reading:
        plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]
        of_media = [line for line in plan if line.split()[1] in ("media", "m")]
        assert of_media
        assert all("USING INTEGER PRIMARY KEY" in line for line in of_media), plan


def test_segments_are_merged_a_little_at_a_time_until_few_are_left(connection: sqlite3.Connection) -> None:
    for number in range(40):
        write_media(connection, named(f"m{number}", f"caption {number}"))
        connection.execute("BEGIN")
        searchindex.feed(connection)
        connection.execute("COMMIT")
    before = indexed(connection)
    segments = connection.execute("SELECT count(DISTINCT segid) FROM media_search_idx").fetchone()[0]
    assert segments == 40
    while searchindex.merge(connection):
        pass
    assert connection.execute("SELECT count(DISTINCT segid) FROM media_search_idx").fetchone()[0] < 16
    assert indexed(connection) == before


def test_what_is_thrown_away_is_in_no_page_of_the_file(tmp_path: Path) -> None:
    db = tmp_path / "cache.db"
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        migrations.migrate_from(connection, 0)
        connection.execute("PRAGMA secure_delete = ON")
        for number in range(20):
            write_media(connection, named(f"m{number}", f"caption {number} ж§ж"))
        feed_all(connection)
        assert any("§".encode() in block for (block,) in connection.execute(_BLOCKS))
        remove_rows(connection, [(DEFAULT_ACCOUNT, key(f"m{number}")) for number in range(20)])
        feed_all(connection)
        assert any("§".encode() in block for (block,) in connection.execute(_BLOCKS))
        searchindex.renew(connection)
        assert connection.execute("SELECT seq FROM search_fed").fetchall() == [(0,)]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "§".encode() not in db.read_bytes()


_BLOCKS = "SELECT block FROM media_search_data"


def test_a_text_with_nul_in_it_is_indexed_to_its_end(connection: sqlite3.Connection) -> None:
    write_media(connection, named("a", "one\0two\0three"))
    write_media(connection, named("b", "plain"))
    feed_all(connection)
    assert indexed(connection)[1] == trigrams(search_text(named("a", "one\0two\0three")))
    assert "wo\n" in indexed(connection)[1]
