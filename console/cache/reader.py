"""Read-only connections to the cache: one for plain code, one for an event loop.

They never write, never checkpoint and create no file; see `console.cache.source`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from console.cache.migrations import BUSY_SECONDS, check_sqlite
from console.cache.source import NoCache, Source, Unreadable, check_readable, look, unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    import aiosqlite

    from console.cache.query import ListQuery, Query
    from console.cache.rows import Row, SqlValue

__all__ = ["AsyncCacheReader", "CacheReader", "NoCache", "Unreadable"]

T = TypeVar("T")

CHUNK: Final = 500
"""Rows that a stream holds in memory."""

_VERSION: Final = "PRAGMA user_version"
_APPLICATION: Final = "PRAGMA application_id"
_CHANGES: Final = "PRAGMA data_version"


class CacheReader:
    """A read-only connection for the shell. Use it in the thread that made it."""

    def __init__(self, db: Path) -> None:
        """Opens the cache.

        Raises:
            NoCache: there is none.
            FixSetting: it is not a cache, or not of this version.
            ConsoleError: it cannot be read.
        """
        check_sqlite()
        self._db = db
        self._opened = 0
        with _errors(db):
            self._source, self._connection = self._open()

    def __enter__(self) -> CacheReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, query: Query[T]) -> T:
        """The answer to a query, as of one moment.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        with _errors(self._db):
            rows = self._fetch(query.sql, query.params)
            while not self._source.stands(self._db):
                self._reopen()
                rows = self._fetch(query.sql, query.params)
        return query.read(rows)

    def stream(self, query: ListQuery[T]) -> Generator[T, None, None]:
        """The values of a query one by one, in flat memory, all as of one moment.

        Read it to its end or close it: while it is open, the writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        with _errors(self._db):
            if not self._source.stands(self._db):
                self._reopen()
            with closing(self._connection.execute(query.sql, query.params)) as cursor:
                while rows := cursor.fetchmany(CHUNK):
                    if self._source.immutable and not self._source.stands(self._db):
                        raise _interrupted(self._db)
                    yield from map(query.each, rows)

    def version(self) -> int:
        """A number that differs from the last one whenever something may have changed since."""
        with _errors(self._db):
            if not self._source.stands(self._db):
                self._reopen()
            return self._opened << 32 | int(self._fetch(_CHANGES, ())[0][0])

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        self._connection.close()

    def _open(self) -> tuple[Source, sqlite3.Connection]:
        source = look(self._db)
        connection = sqlite3.connect(
            source.address(self._db), uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        try:
            connection.create_function("casefold", 1, _casefold, deterministic=True)
            (version,) = connection.execute(_VERSION).fetchone()
            (application,) = connection.execute(_APPLICATION).fetchone()
            check_readable(version, application, self._db)
        except BaseException:
            connection.close()
            raise
        self._opened += 1
        return source, connection

    def _reopen(self) -> None:
        self._connection.close()
        self._source, self._connection = self._open()

    def _fetch(self, sql: str, params: Sequence[SqlValue]) -> list[Row]:
        with closing(self._connection.execute(sql, params)) as cursor:
            return cursor.fetchall()


class Moment:
    """The cache as of one moment, for as long as `AsyncCacheReader.at_once` lasts."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, query: Query[T]) -> T:
        """The answer to a query."""
        return query.read(await _fetch(self._connection, query.sql, query.params))


class AsyncCacheReader:
    """A read-only connection for an event loop; calls are carried out one after the other.

    Use it as `async with AsyncCacheReader(db) as reader`, or call `open` and `close`.
    """

    def __init__(self, db: Path) -> None:
        self._db = db
        self._opened = 0
        self._connection: aiosqlite.Connection | None = None
        self._source = Source(inode=(0, 0), immutable=True)
        import asyncio  # only here: the shell's reader starts without it

        self._turn = asyncio.Lock()

    async def __aenter__(self) -> AsyncCacheReader:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Opens the cache, if it is not open yet.

        Raises:
            NoCache: there is none.
            FixSetting: it is not a cache, or not of this version.
            ConsoleError: it cannot be read.
        """
        check_sqlite()
        async with self._turn:
            with _errors(self._db):
                await self._current()

    async def run(self, query: Query[T]) -> T:
        """The answer to a query, as of one moment. Opens the cache where it is not open.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        async with self._turn:
            with _errors(self._db):
                connection = await self._current()
                rows = await _fetch(connection, query.sql, query.params)
                while not self._source.stands(self._db):
                    connection = await self._current()
                    rows = await _fetch(connection, query.sql, query.params)
        return query.read(rows)

    async def at_once(self, ask: Callable[[Moment], Awaitable[T]]) -> T:
        """What several queries answer, all as of one moment; `ask` may be called again from its beginning.

        It should ask for little: while it lasts, the writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        async with self._turn:
            with _errors(self._db):
                answer = await self._ask(ask)
                while not self._source.stands(self._db):
                    answer = await self._ask(ask)
        return answer

    async def _ask(self, ask: Callable[[Moment], Awaitable[T]]) -> T:
        connection = await self._current()
        try:
            await connection.execute("BEGIN")
            return await ask(Moment(connection))
        finally:
            await connection.rollback()

    async def stream(self, query: ListQuery[T]) -> AsyncGenerator[T, None]:
        """The values of a query one by one, in flat memory, all as of one moment.

        Read it to its end or close it (`aclose`): while it is open, the writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        with _errors(self._db):
            async with self._turn:
                connection = await self._current()
            async with connection.execute(query.sql, query.params) as cursor:
                while rows := await cursor.fetchmany(CHUNK):
                    if self._source.immutable and not self._source.stands(self._db):
                        raise _interrupted(self._db)
                    for row in rows:
                        yield query.each(row)
                        if self._connection is not connection:
                            raise _interrupted(self._db)

    async def version(self) -> int:
        """A number that differs from the last one whenever something may have changed since."""
        async with self._turn:
            with _errors(self._db):
                rows = await _fetch(await self._current(), _CHANGES, ())
                return self._opened << 32 | int(rows[0][0])

    async def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        async with self._turn:
            await self._shut()

    async def _current(self) -> aiosqlite.Connection:
        """The connection, opened anew if the file is no longer what it was opened on."""
        if self._connection is not None and self._source.stands(self._db):
            return self._connection
        await self._shut()
        self._source = look(self._db)
        self._connection = await _connect(self._source.address(self._db))
        self._opened += 1
        try:
            (version,) = (await _fetch(self._connection, _VERSION, ()))[0]
            (application,) = (await _fetch(self._connection, _APPLICATION, ()))[0]
            check_readable(version, application, self._db)
        except BaseException:
            await self._shut()
            raise
        return self._connection

    async def _shut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _connect(address: str) -> aiosqlite.Connection:
    import aiosqlite  # only here: the shell's reader starts without it

    connection = await aiosqlite.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        await connection.create_function("casefold", 1, _casefold, deterministic=True)
    except BaseException:
        await connection.close()  # its thread would keep the program from ending
        raise
    return connection


async def _fetch(connection: aiosqlite.Connection, sql: str, params: Sequence[SqlValue]) -> list[Row]:
    return list(await connection.execute_fetchall(sql, params))


def _casefold(text: str | None) -> str:
    return (text or "").casefold()


def _interrupted(db: Path) -> Unreadable:
    return Unreadable(f"A service began to write to {db} meanwhile.", "Ask again.")


@contextmanager
def _errors(db: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unreadable(db, error) from error
