"""The inbox of orders: a second, small database beside the cache that everybody may write.

It has a rollback journal, not a WAL, so that any number of processes may write to it at once.
Orders lie in it until the service has taken them and says so.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from console.cache.leavings import holds_nothing
from console.cache.migrations import CacheRefused, check_sqlite, uri
from console.cache.paths import create_private, inbox_path
from console.cache.permissions import check_database
from console.cache.trouble import is_damage
from console.domain import maintenance
from console.domain.exceptions import RetryLater
from console.domain.orders import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from console.domain.maintenance import MaintenanceOrder

APPLICATION_ID: Final = 0x574D4349
"""Marks a file as an inbox of this program (`PRAGMA application_id`)."""

VERSION: Final = 1
BUSY_SECONDS: Final = 10.0
BRIEFLY: Final = 0.5
"""The patience of who looks again and again: the end of the service waits for it."""

_VERSIONS: Final = 2**32
"""More than one connection counts of its own."""
_MOVE_AWAY: Final = "Move it away; orders that wait in it must be given again."

_TABLE: Final = "CREATE TABLE waiting (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL)"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Order).decode


class InboxUnavailable(RetryLater):
    """The inbox cannot be used now; nothing was left in it or taken from it."""


class InboxBusy(InboxUnavailable):
    """Another process holds it, which is over in a moment as a rule."""


class InboxDamaged(InboxUnavailable):
    """It cannot be read as what it claims to be, until somebody moves it away."""


class Inbox:
    """The inbox of one cache. Any thread may call it."""

    def __init__(self, db: Path, *, patience: float = BUSY_SECONDS) -> None:
        """Opens the inbox beside the cache `db`, creating it (0600) if there is none.

        While another process holds it, each call waits up to `patience` seconds.

        Raises:
            FixSetting: it cannot be created, the file is no inbox of this version, or others can get at it.
            InboxUnavailable: it cannot be opened now.
        """
        check_sqlite()
        self._path = inbox_path(db)
        self._patience = patience
        self._one_at_a_time = threading.Lock()
        self._opened = 0
        with self._errors():
            self._open()

    def __enter__(self) -> Inbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def leave(self, orders: Sequence[Order]) -> None:
        """Leaves orders for the service; they are on the disk when it returns, all or none.

        An order whose id lies there already is not left again.

        Raises:
            InboxUnavailable: none was left.
        """
        rows = [(order.id, _encode(order).decode()) for order in orders]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO waiting (id, data) VALUES (?, ?)", rows)

    def waiting(self, limit: int) -> list[Order]:
        """The orders that wait, the first left first; one that this version cannot read is passed over.

        Raises:
            InboxUnavailable: it cannot be read now.
        """
        found: list[Order] = []
        with (
            self._errors(),
            self._one_at_a_time,
            closing(self._connection.execute("SELECT data FROM waiting ORDER BY seq")) as cursor,
        ):
            for (data,) in cursor:
                if len(found) >= limit:
                    break
                found.extend(_readable(data))
        return found

    def leave_maintenance(self, order: MaintenanceOrder) -> None:
        """Leaves work on the whole cache for the service, as `leave` does orders.

        Raises:
            InboxUnavailable: it was not left.
        """
        row = (order.id, maintenance.encode(order))
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO waiting (id, data) VALUES (?, ?)", row)

    def maintenance(self) -> MaintenanceOrder | None:
        """The work on the whole cache that waits, the first left first; None if there is none.

        Raises:
            InboxUnavailable: it cannot be read now.
        """
        for data in self._all():
            with suppress(msgspec.MsgspecError):
                return maintenance.decode_order(data)
        return None

    def forget(self, unwanted: Callable[[Sequence[Order]], Sequence[Order]]) -> int:
        """Removes the waiting orders that `unwanted` picks out of some; how many.

        Raises:
            InboxUnavailable: not all of them were removed.
        """
        orders = [order for data in self._all() for order in _readable(data)]
        ids = [order.id for order in unwanted(orders)]
        self.done(ids)
        return len(ids)

    def done(self, ids: Sequence[str]) -> None:
        """Removes orders that the service has taken; an unknown id is no error.

        Raises:
            InboxUnavailable: none was removed. Taking them once more changes nothing.
        """
        with self._transaction() as connection:
            connection.executemany("DELETE FROM waiting WHERE id = ?", [(id_,) for id_ in ids])

    def version(self) -> int:
        """A number that differs from the last one after another connection changed the inbox.

        Where the file was moved away or replaced, the one that others find now is opened in its stead.

        Raises:
            FixSetting: as the first opening does.
            InboxUnavailable: it cannot be read now.
        """
        with self._errors(), self._one_at_a_time:
            if self._file != _file(self._path) and self._path.parent.is_dir():
                self._connection.close()
                self._open()
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            return self._opened * _VERSIONS + int(version)

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        with self._one_at_a_time:
            self._connection.close()

    def _open(self) -> None:
        check_database(self._path)
        if not self._path.exists():
            self._check_nothing_lost()
            _create(self._path)
        self._file = _file(self._path)
        self._connection = sqlite3.connect(
            uri(self._path, "mode=rw"),
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._check()
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA secure_delete = ON")
        except BaseException:
            self._connection.close()
            self._file = None
            raise
        self._opened += 1

    def _check_nothing_lost(self) -> None:
        """A journal would be played back into a new file, though it belongs to the one that is missing."""
        journal = self._path.with_name(self._path.name + "-journal")
        if not holds_nothing(journal):
            raise InboxDamaged(
                f"The inbox {self._path} is missing, but its journal {journal.name} still lies there.",
                f"Put the inbox back in its place, or move {journal.name} away and give its orders again.",
            )

    def _all(self) -> list[str]:
        with self._errors(), self._one_at_a_time:
            rows = self._connection.execute("SELECT data FROM waiting ORDER BY seq").fetchall()
        return [row[0] for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), self._one_at_a_time:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _check(self) -> None:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID or version != VERSION:
            raise CacheRefused(
                f"The file {self._path} is not an inbox of this version. Nothing was changed.",
                _MOVE_AWAY,
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if is_damage(error):
                raise InboxDamaged(f"The inbox {self._path} is damaged ({error}).", _MOVE_AWAY) from error
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            kind = InboxBusy if busy else InboxUnavailable
            raise kind(
                f"The inbox {self._path} cannot be used ({error}).", "Try again in a moment."
            ) from error


def _file(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _create(path: Path) -> None:
    try:
        create_private(path, _build)
    except OSError as error:
        raise CacheRefused(
            f"The inbox {path} cannot be created: {error.strerror}.", "Check the folder and the setting DB."
        ) from error


def _build(draft: Path) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute(_TABLE)


def _readable(data: str) -> list[Order]:
    try:
        return [_decode(data)]
    except msgspec.MsgspecError:
        return []
