"""What came of work on the whole cache, kept for the commands that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.domain import maintenance

if TYPE_CHECKING:
    import sqlite3

    from console.domain.maintenance import MaintenanceOrder, Outcome
    from console.domain.media import Millis

KEPT: Final = 100
"""So many of the newest stay."""
WAITED_FOR_MS: Final = 60_000
"""A command that waits has seen an outcome after so long, and a purge may remove it."""


def is_done(connection: sqlite3.Connection, id_: str) -> bool:
    """Whether an order was carried out."""
    return connection.execute("SELECT 1 FROM maintenance WHERE id = ?", (id_,)).fetchone() is not None


def keep(connection: sqlite3.Connection, order: MaintenanceOrder, outcome: Outcome, now: Millis) -> None:
    """Keeps the outcome of an order and drops the oldest ones. In an open transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO maintenance (id, kind, asked_at, done_at, outcome) VALUES (?, ?, ?, ?, ?)",
        (order.id, maintenance.kind(order), order.at, now, maintenance.encode(outcome)),
    )
    connection.execute(
        "DELETE FROM maintenance WHERE id NOT IN (SELECT id FROM maintenance ORDER BY done_at DESC LIMIT ?)",
        (KEPT,),
    )


def forget(connection: sqlite3.Connection, before: Millis) -> None:
    """Drops the outcomes of earlier work, which may name media. In an open transaction."""
    connection.execute("DELETE FROM maintenance WHERE done_at < ?", (before,))
