"""Bodies made to be slow: others are answered meanwhile, memory is given back, the list stays quick."""

from __future__ import annotations

import asyncio
from time import thread_time
from typing import TYPE_CHECKING

import pytest

from console.cache.counting import totals
from console.cache.reader import CacheReader
from console.cli.text import row
from console.clock import monotonic, wall
from console.domain.filters import parse
from console.domain.retention import DAY_MS
from console.domain.views import Selection, View
from tests.cache.samples import keys_in, media_in
from tests.cli.world import fill
from tests.faults.asking import Connection
from tests.faults.hostile import announcing, message, resulting
from tests.faults.hostile_texts import TEXTS
from tests.faults.processes import serving
from tests.faults.resident import resident

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOMBS = {
    "a million objects": b'{"messages":[' + b",".join([b"{}"] * 990_000) + b"]}",
    "a million arrays": b'{"errors":[' + b",".join([b"[]"] * 990_000) + b"]}",
    "deep arrays": b'{"statuses":[' + b",".join([b"[" * 60 + b"]" * 60] * 24_000) + b"]}",
    "half characters": b'{"a":"\\ud800","messages":[' + b",".join([b"{}"] * 900_000) + b"]}",
    "open arrays": b"[" * 2_900_000,
    "a long number": b'{"messages":[' + b"9" * 2_900_000 + b"]}",
    "odd fields": b'{"messages":[' + b",".join([b'{"image":{"id":[],"filename":[]}}'] * 80_000) + b"]}",
    "very many media": b'{"messages":['
    + b",".join([b'{"image":{"id":%d}}' % number for number in range(60_000)])
    + b"]}",
}
LONGEST_WAIT = 5
"""Seconds that another webhook may wait while a bomb is read, on a machine that is busy besides."""


SOME = ("deep arrays", "open arrays")


async def test_others_are_answered_while_a_bomb_is_read(tmp_path: Path) -> None:
    await _endure(tmp_path, SOME)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_others_are_answered_while_bombs_of_all_kinds_are_read(tmp_path: Path) -> None:
    await _endure(tmp_path, [*BOMBS] * 3)


async def _endure(tmp_path: Path, names: Sequence[str]) -> None:
    """Sends bombs, and small webhooks beside them."""
    with serving(tmp_path / "media.db") as running:
        bombs, small = Connection(running.url), Connection(running.url)
        await small.post(announcing(message("first")))
        before = resident(running.process.pid)
        sending = asyncio.ensure_future(_send(bombs, names))
        waits: list[float] = []
        while not sending.done():
            began = monotonic()
            assert await small.post(announcing(message(f"beside {len(waits)}"))) == 200
            waits.append(monotonic() - began)
        assert await sending == [400 if name == "open arrays" else 200 for name in names]
        bombs.close()
        small.close()
        assert len(waits) > 3 * len(names)
        assert max(waits) < LONGEST_WAIT
        assert resident(running.process.pid) - before < 250_000_000
    assert "Traceback" not in running.words.read_text()


async def _send(connection: Connection, names: Sequence[str]) -> list[int]:
    return [await connection.post(BOMBS[name]) for name in names]


async def test_ten_thousand_media_in_one_body_are_stored_whole(tmp_path: Path) -> None:
    db = tmp_path / "media.db"
    with serving(db) as running:
        connection = Connection(running.url)
        messages = [message(f"id-{number}", image={"sha256": ""}) for number in range(10_000)]
        assert await connection.post(announcing(*messages)) == 200
        told = [{"image": {"id": f"id-{number}"}} for number in range(0, 10_000, 2)]
        assert await connection.post(resulting(*told)) == 200
        connection.close()
    with CacheReader(db) as reader:
        counts = reader.ask(lambda moment: totals(moment, 14 * DAY_MS, wall()))
        assert (counts.everything, counts.views[View.DOWNLOADED]) == (10_000, 5_000)


@pytest.mark.parametrize("name", ["long-caption", "long-combining", "long-joined", "long-lines"])
def test_huge_captions_are_listed_and_searched_in_no_time(tmp_path: Path, name: str) -> None:
    db, text = tmp_path / "media.db", TEXTS[name][:40_000]
    for part in range(10):
        fill(db, announcing(*(message(f"{part}-{n}", image={"caption": text}) for n in range(20))))
    began = thread_time()
    with CacheReader(db) as reader:
        found = media_in(reader, now=wall())
        printed = [row(media, 14 * DAY_MS, wall()) for media in found]
        for words in ("x", "-nowhere", '"\u0301"', "from:1631", f'"{"x" * 900}"'):
            keys_in(reader, Selection(filter=parse(words)), now=wall())
    assert {media.caption for media in found} == {text[:4096]}
    assert max(map(len, printed)) < 400
    assert thread_time() - began < 2
