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
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from types import TracebackType

    from console.cache.query import Query
    from console.cache.rows import Row, SqlValue

__all__ = ["AsyncCacheReader", "CacheReader", "Moment", "NoCache", "Unreadable"]

T = TypeVar("T")

CHUNK: Final = 500
"""Values of a stream after which it looks whether a writer has come to a still file."""

STEPS: Final = 20_000
"""Instructions of SQLite after which a statement looks whether its answer is still wanted."""

PAGES_KEPT: Final = "PRAGMA cache_size = -8000"
"""Kilobytes: enough for the inner pages of the table and its indexes at a million rows."""

_VERSION: Final = "PRAGMA user_version"
_APPLICATION: Final = "PRAGMA application_id"
_CHANGES: Final = "PRAGMA data_version"


class GivenUp(Exception):
    """Nobody waits for the answer any more."""


class Moment:
    """The cache as of one moment, for as long as the `ask` lasts that handed it out."""

    def __init__(self, connection: sqlite3.Connection, given_up: Callable[[], bool]) -> None:
        self._connection = connection
        self._given_up = given_up

    def run(self, query: Query[T]) -> T:
        """The answer to a query."""
        return query.read(self.rows(query.sql, query.params))

    def rows(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """The rows of one statement."""
        if self._given_up():
            raise GivenUp
        with closing(self._connection.execute(sql, params)) as cursor:
            return cursor.fetchall()


class CacheReader:
    """A read-only connection for plain code. Use it in the thread that made it."""

    def __init__(self, db: Path, given_up: Callable[[], bool] | None = None) -> None:
        """Opens the cache.

        Args:
            given_up: asked again and again while a statement runs; once it is true, that is broken off.

        Raises:
            NoCache: there is none.
            FixSetting: it is not a cache, or not of this version.
            ConsoleError: it cannot be read.
        """
        check_sqlite()
        self._db = db
        self._given_up = given_up
        self._opened = 0
        self._source = Source(inode=(0, 0), immutable=True)
        self._connection: sqlite3.Connection | None = None
        with _errors(db):
            self._current()

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
        return self._steadily(lambda connection: self._moment(connection).run(query))

    def ask(self, question: Callable[[Moment], T]) -> T:
        """What several queries answer, all as of one moment.

        `question` may be called again from its beginning. While it lasts, the writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """

        def asked(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN")
            try:
                return question(self._moment(connection))
            finally:
                connection.rollback()

        return self._steadily(asked)

    def stream(self, question: Callable[[Moment], Iterable[T]]) -> Generator[T, None, None]:
        """The values of an answer one by one, all as of one moment.

        Read it to its end or close it: while it is open, the writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        with _errors(self._db):
            connection = self._current()
            connection.execute("BEGIN")
            try:
                for number, value in enumerate(question(self._moment(connection))):
                    if not number % CHUNK and self._source.immutable and not self._source.stands(self._db):
                        raise _interrupted(self._db)
                    yield value
            finally:
                connection.rollback()

    def version(self) -> int:
        """A number that differs from the last one whenever something may have changed since."""
        with _errors(self._db):
            (changes,) = self._current().execute(_CHANGES).fetchone()
            return self._opened << 32 | int(changes)

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _steadily(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """Asks until the file was the same from before to after."""
        with _errors(self._db):
            while True:
                answer = ask(self._current())
                if self._source.stands(self._db):
                    return answer

    def _moment(self, connection: sqlite3.Connection) -> Moment:
        return Moment(connection, self._given_up or _never)

    def _current(self) -> sqlite3.Connection:
        """The connection, opened anew if the file is no longer what it was opened on."""
        if self._connection is not None and self._source.stands(self._db):
            return self._connection
        self.close()
        self._source = look(self._db)
        self._connection = self._open(self._source.address(self._db))
        self._opened += 1
        return self._connection

    def _open(self, address: str) -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.create_function("casefold", 1, _casefold, deterministic=True)
            (version,) = connection.execute(_VERSION).fetchone()
            (application,) = connection.execute(_APPLICATION).fetchone()
            check_readable(version, application, self._db)
            connection.execute(PAGES_KEPT)
            if self._given_up is not None:
                connection.set_progress_handler(self._given_up, STEPS)
        except BaseException:
            connection.close()
            raise
        return connection


class AsyncCacheReader:
    """A read-only connection for an event loop; calls are carried out one after the other.

    It lives in a thread of its own. A call that is cancelled is broken off there, even amid a statement.
    Use it as `async with AsyncCacheReader(db) as reader`, or call `open` and `close`.
    """

    def __init__(self, db: Path) -> None:
        self._db = db
        self._reader: CacheReader | None = None
        self._call = _Call()
        """The one that the thread is at."""
        self._thread: ThreadPoolExecutor | None = None

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
        await self._do(lambda reader: None)

    async def run(self, query: Query[T]) -> T:
        """The answer to a query, as of one moment. Opens the cache where it is not open.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        return await self._do(lambda reader: reader.run(query))

    async def ask(self, question: Callable[[Moment], T]) -> T:
        """What several queries answer, all as of one moment.

        `question` is called in the reader's thread, perhaps again from its beginning. While it lasts, the
        writer's log cannot shrink.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        return await self._do(lambda reader: reader.ask(question))

    async def version(self) -> int:
        """A number that differs from the last one whenever something may have changed since."""
        return await self._do(CacheReader.version)

    async def close(self) -> None:
        """Closes the connection and ends the thread; a second time does nothing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            from asyncio import wrap_future

            closed = thread.submit(self._close)
            thread.shutdown(wait=False)
            await wrap_future(closed)

    async def _do(self, work: Callable[[CacheReader], T]) -> T:
        from asyncio import wrap_future  # only here: the shell's reader starts without it
        from concurrent.futures import ThreadPoolExecutor

        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cache reader")
        call = _Call()
        answer = self._thread.submit(self._carry_out, call, work)
        try:
            return await wrap_future(answer)
        finally:
            call.given_up = True

    def _carry_out(self, call: _Call, work: Callable[[CacheReader], T]) -> T:
        self._call = call
        if self._reader is None:
            self._reader = CacheReader(self._db, lambda: self._call.given_up)
        return work(self._reader)

    def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


class _Call:
    """One call of an `AsyncCacheReader`; `given_up` is set by the loop and read by the thread."""

    given_up = False


def _never() -> bool:
    return False


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
