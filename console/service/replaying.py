"""A whole replay, step by step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.cache import counts, replay, searchindex
from console.domain.maintenance import DIFFERENCES_TOLD, Difference, Replayed

if TYPE_CHECKING:
    import sqlite3

    from console.cache.replay import Looked
    from console.service.upkeep import Bench


async def replay_all(bench: Bench) -> Replayed:
    """Takes in what is now understood and builds every media anew, its counts and the search index with it.

    Raises:
        ConsoleError, sqlite3.Error: the cache cannot be read or written; what was mended is mended.
    """
    connection = await bench.step(bench.connect)
    try:
        total = await _take_from_quarantine(bench, connection)
        after: int | None = 0
        while after is not None:
            found = await bench.step(partial(replay.look, connection, bench.read, after))
            total = _add(total, found, await _mend(bench, found))
            after = found.last
        if not await bench.step(partial(replay.counts_agree, connection)):
            await bench.keeper.maintain(counts.recount)
        await bench.keeper.maintain(searchindex.renew)
        return replace(total, quarantined=await bench.keeper.maintain(replay.quarantined))
    finally:
        bench.last(connection.close)


async def _take_from_quarantine(bench: Bench, connection: sqlite3.Connection) -> Replayed:
    parts = facts = 0
    for number in await bench.step(partial(replay.now_understood, connection, bench.read)):
        take = partial(replay.take_from_quarantine, read=bench.read, number=number)
        taken = await bench.keeper.maintain(take)
        parts += taken.parts
        facts += taken.facts
    return Replayed(understood=parts, facts=facts)


async def _mend(bench: Bench, found: Looked) -> list[Difference]:
    if not found.suspects and not found.strays:
        return []
    return await bench.keeper.maintain(
        partial(replay.mend, read=bench.read, suspects=found.suspects, strays=found.strays)
    )


def _add(total: Replayed, found: Looked, mended: list[Difference]) -> Replayed:
    return replace(
        total,
        media=total.media + found.media,
        rebuilt=total.rebuilt + found.rebuilt,
        kept=total.kept + found.media - found.rebuilt,
        differing=total.differing + len({one.key for one in mended}),
        fields=total.fields + len(mended),
        differences=(*total.differences, *mended)[:DIFFERENCES_TOLD],
    )
