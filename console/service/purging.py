"""A whole purge, step by step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from console.cache import outcomes, purge
from console.cache.traces import Masked, copies_beside, mask_number
from console.domain.maintenance import Purge, Purged, Unfinished
from console.domain.media import CLOCKS_DIFFER_MS, Millis
from console.service.waits import pause

if TYPE_CHECKING:
    from console.cache.inbox import Inbox
    from console.cache.purge import PurgePlan, Removed
    from console.service.clock_watch import Trust
    from console.service.upkeep import Bench

CHECKPOINT_TRIES: Final = 25
CHECKPOINT_AGAIN: Final = 0.1
NOTICES_WAIT: Final = 0.6
"""Seconds within which the board has written what it had to tell of media that are gone now."""

_READERS: Final = "a program that reads the cache is in the way; the space is freed when it has ended"


def doubt_of_age(order: Purge, now: Millis, watch: Trust | None) -> Unfinished | None:
    """Why a purge by age must not be done now: its cut-off was taken from a clock that is in doubt.

    The clock watch of a service tells of a step for an hour. A clock that was wrong before, or where no
    service runs, cannot be seen.
    """
    if order.before is None:
        return None
    if order.at <= now + CLOCKS_DIFFER_MS and (watch is None or not watch.doubted()):
        return None
    return Unfinished(
        what="Nothing was removed: this machine's clock was set shortly before this purge was asked for, "
        "or since.",
        remedy="Purge by age again when the clock is right and was steady for 1h.",
    )


async def purge_all(bench: Bench, inbox: Inbox, order: Purge) -> Purged:
    """Finds what is to go, removes it and frees the space.

    Raises:
        ConsoleError, sqlite3.Error: the cache cannot be read or written; what was removed is gone.
    """
    connection = await bench.step(bench.connect)
    try:
        plan = purge.PurgePlan(connection, order, bench.read)
        steps = plan.make()
        while await bench.step(lambda: next(steps, _END)) is not _END:
            pass
        mentions = (await bench.step(plan.counts)).mentions
        total = await _remove(bench, plan)
        left = await bench.step(partial(inbox.forget, plan.unwanted))
    finally:
        bench.last(connection.close)
    before = Millis(bench.now() - outcomes.WAITED_FOR_MS)
    await bench.keeper.maintain(partial(outcomes.forget, before=before))
    taken = purge.bytes_taken(bench.db)
    await bench.keeper.maintain(purge.renew_search)
    unfreed = await _free(bench)
    freed = max(0, taken - purge.bytes_taken(bench.db))
    masked = Masked(0, ())
    if order.number is not None:
        masked = await bench.step(partial(mask_number, bench.db, order.number))
    return replace(
        total,
        orders=total.orders + left,
        mentions=mentions,
        log_marks=masked.places,
        unmasked=masked.failed,
        freed=freed,
        unfreed=unfreed,
        copies=tuple(map(str, copies_beside(bench.db))),
    )


_END: Final = object()


async def _remove(bench: Bench, plan: PurgePlan) -> Purged:
    """Removes what was planned, a little at a time; what was removed indeed."""
    total = Purged()
    media = plan.media()
    while refs := await bench.step(lambda: next(media, None)):
        total = _add(total, await bench.keeper.maintain(partial(purge.remove_media, refs=refs)))
    bodies = plan.ids("webhook")
    while ids := await bench.step(lambda: next(bodies, None)):
        numbers = [int(one) for one in ids]
        total = _add(total, await bench.keeper.maintain(partial(purge.remove_webhooks, numbers=numbers)))
    orders = await _remove_rows(bench, plan, "order_taken")
    await pause(bench.wait, NOTICES_WAIT)
    await bench.step(plan.look_again)
    return replace(total, notices=await _remove_rows(bench, plan, "notice"), orders=orders)


async def _remove_rows(bench: Bench, plan: PurgePlan, table: str) -> int:
    removed = 0
    rows = plan.ids(table)
    while ids := await bench.step(lambda: next(rows, None)):
        removed += await bench.keeper.maintain(partial(purge.remove_rows, kind=table, ids=ids))
    return removed


def _add(total: Purged, removed: Removed) -> Purged:
    return replace(
        total,
        media=total.media + removed.media,
        facts=total.facts + removed.facts,
        bodies=total.bodies + removed.bodies,
        quarantined=total.quarantined + removed.quarantined,
    )


async def _free(bench: Bench) -> str | None:
    """Writes the files anew without what was removed; why not, where that fails."""
    unfreed = await bench.keeper.between(purge.write_anew)
    for _ in range(CHECKPOINT_TRIES):
        if await bench.keeper.between(purge.empty_log):
            return unfreed
        await pause(bench.wait, CHECKPOINT_AGAIN)
    return unfreed or _READERS
