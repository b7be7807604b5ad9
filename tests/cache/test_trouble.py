"""What a person reads when the cache cannot be written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.cache.migrations import CacheRefused
from console.cache.trouble import CacheUnavailable, unavailable

DB = Path("/somewhere/cache.db")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_BUSY, "another program holds it locked"),
        (sqlite3.SQLITE_READONLY, "it may not be written"),
        (sqlite3.SQLITE_IOERR | 1 << 8, "the disk reports an error"),
        (sqlite3.SQLITE_CORRUPT, "it is damaged"),
        (sqlite3.SQLITE_NOMEM, "out of memory"),
    ],
)
def test_troubles_are_told_in_words(code: int, words: str) -> None:
    error = sqlite3.OperationalError("out of memory")
    error.sqlite_errorcode = code
    told = unavailable(DB, error)
    assert told.what == f"The cache {DB} cannot be written: {words}."
    assert told.remedy


def test_a_refusal_keeps_its_words() -> None:
    told = unavailable(DB, CacheRefused("It is too new.", "Update."))
    assert (type(told), told.what, told.remedy) == (CacheUnavailable, "It is too new.", "Update.")
