"""What a person reads when the cache cannot be written."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from console.cache.trouble import (
    CacheDamaged,
    CacheRefused,
    CacheUnavailable,
    damaged,
    is_damage,
    unavailable,
)

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


def test_an_error_of_the_system_is_told_in_its_words() -> None:
    told = unavailable(DB, OSError(errno.EMFILE, "Too many open files"))
    assert told.what == f"The cache {DB} cannot be written: Too many open files."
    assert told.remedy


def test_a_refusal_keeps_its_words() -> None:
    told = unavailable(DB, CacheRefused("It is too new.", "Update."))
    assert (type(told), told.what, told.remedy) == (CacheUnavailable, "It is too new.", "Update.")


def test_a_damaged_cache_names_the_command_that_helps() -> None:
    told = damaged(DB, "page 7 is torn")
    assert type(told) is CacheDamaged
    assert told.what == f"The cache {DB} is damaged (page 7 is torn). Nothing was changed."
    assert "media-console recover" in told.remedy
    assert unavailable(DB, told).remedy == told.remedy
    error = sqlite3.DatabaseError("malformed")
    assert not is_damage(error)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT | 2 << 8
    assert is_damage(error)
    assert "media-console recover" in unavailable(DB, error).remedy
