"""Queries as values."""

from __future__ import annotations

from console.cache.query import first_of, folded, marks, rows_of, sql


def test_parts_become_one_statement() -> None:
    assert (
        sql("SELECT key FROM media WHERE key IN", marks(3)) == "SELECT key FROM media WHERE key IN (?, ?, ?)"
    )
    assert marks(0) == "()"


def test_rows_are_read_by_each_kind() -> None:
    rows = [(1, "a"), (2, "b")]
    assert rows_of("", (), lambda row: row[1]).read(rows) == ["a", "b"]
    assert rows_of("", (), lambda row: row[1]).each(rows[1]) == "b"
    assert first_of("", (), lambda row: int(row[0])).read(rows) == 1
    assert first_of("", (), lambda row: int(row[0])).read([]) is None
    assert folded("", (), len).read(rows) == 2


def test_text_that_is_no_unicode_is_made_so() -> None:
    params = (b"\xff", None, 5, "plain", "bad \udcff end", "\U0001f600")
    assert rows_of("", params, len).params == (b"\xff", None, 5, "plain", "bad \ufffd end", "\U0001f600")
