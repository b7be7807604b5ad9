"""T62: the first call fails, the second, … until a run passes untouched. What was acknowledged is stored."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import reduce
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.migrations import create, open_writer
from console.cache.reader import CacheReader
from console.cache.writer import CacheUnavailable, CacheWriter
from console.domain import ledger
from console.domain.facts import StoreRequested
from console.domain.media import MediaKey, State
from console.domain.orders import Taken
from console.domain.standing import Level, Notice, Standing
from tests.cache.samples import NOW, key, keys_in, order, reading
from tests.faults.creating import REFUSED, UNTOUCHED
from tests.faults.failing import disk_error, watched
from tests.service.world import announced, api_of, running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from console.domain.facts import Fact
    from console.domain.media import Media
    from console.simulator import Simulator

TOGETHER = ("pair-1", "pair-2")
"""Two media of one webhook: both are kept, or neither."""


class Failing:
    """Connections of which a few statements in a row fail, counted over all of them."""

    def __init__(self, first: int, count: int, *, done: bool) -> None:
        self._failing = range(first, first + count)
        self._done = done
        self.statements = 0

    @property
    def untouched(self) -> bool:
        """Whether nothing has failed."""
        return self.statements <= self._failing.start

    def connect(self, db: Path) -> sqlite3.Connection:
        """A writing connection."""
        hook = {"after" if self._done else "before": self._statement}
        return open_writer(db, factory=watched(**hook))

    def _statement(self, _: sqlite3.Connection, __: str) -> None:
        number = self.statements
        self.statements += 1
        if number in self._failing:
            raise disk_error()


async def opened(db: Path, failing: Failing) -> CacheWriter:
    """The writer, at the first try or at one of the next."""
    for _ in range(4):
        try:
            return await CacheWriter.open(db, now=lambda: NOW, connect=failing.connect)
        except CacheUnavailable:
            assert not failing.untouched
    raise AssertionError("it never opened")


async def told(work: Awaitable[object]) -> bool:
    """Whether a call was acknowledged."""
    try:
        await work
    except CacheUnavailable:
        return False
    return True


def requested(_: Media | None) -> Sequence[Fact]:
    return [StoreRequested(key=key("single"), at=NOW, attempt=1)]


async def written(db: Path, failing: Failing) -> set[str]:
    """Does all that a writer does; the names of what was acknowledged."""
    writer = await opened(db, failing)
    acknowledged: set[str] = set()
    calls: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("single", lambda: writer.take_webhook(b"{}", NOW, reading("single"))),
        ("pair", lambda: writer.take_webhook(b"{}", NOW, reading(*TOGETHER))),
        ("again", lambda: writer.take_webhook(b"{}", NOW, reading("single"))),
        ("order", lambda: writer.take_order(order("o", "pair-1"))),
        ("decided", lambda: writer.decide(key("single"), requested)),
        ("standing", lambda: writer.write_standing(Standing(pid=7, since=NOW, updated_at=NOW))),
        ("notice", lambda: writer.write_notice(Notice(at=NOW, level=Level.INFO, source="s", text="t"))),
    ]
    for name, call in calls:
        if await told(call()):
            acknowledged.add(name)
    for _ in range(4):
        if await told(writer.take_webhook(b"{}", NOW, reading("after"))):
            acknowledged.add("after")
            break
    await writer.close()
    return acknowledged


def check(db: Path, acknowledged: set[str]) -> None:
    """What must hold of a cache whatever failed."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        facts = {media for (media,) in connection.execute("SELECT DISTINCT media_key FROM fact")}
    with CacheReader(db) as reader:
        found = set(keys_in(reader))
        assert found == facts
        for one in map(MediaKey, found):
            history = reader.run(queries.history(one))
            folded: Media | None = reduce(ledger.fold, history, None)
            assert reader.run(queries.media(one)) == folded, "a row that its facts do not lead to"
        assert len(found & set(TOGETHER)) in (0, 2)
        assert "after" in found
        for name, keys in (("single", {"single"}), ("again", {"single"}), ("pair", set(TOGETHER))):
            assert name not in acknowledged or keys <= found
        if "decided" in acknowledged:
            media = reader.run(queries.media(key("single")))
            assert media is not None
            assert media.progress is not None
        if "order" in acknowledged:
            taken = reader.run(queries.orders_taken(["o"]))["o"]
            assert taken is (Taken.QUEUED if "pair" in acknowledged else taken)
        assert "standing" not in acknowledged or reader.run(queries.standing()) is not None
        assert "notice" not in acknowledged or len(reader.run(queries.notices())) == 1


@pytest.mark.parametrize(("count", "done"), [(1, False), (1, True), (3, False)])
async def test_t62_any_statement_of_the_writer_fails(tmp_path: Path, count: int, *, done: bool) -> None:
    """Before it is done, or after: then what was not acknowledged may be stored all the same."""
    model = tmp_path / "model.db"
    create(model)
    for first in range(1000):
        place = tmp_path / str(first)
        place.mkdir(mode=0o700)
        db = place / "cache.db"
        shutil.copy(model, db)
        failing = Failing(first, count, done=done)
        acknowledged = await written(db, failing)
        check(db, acknowledged)
        assert "after" in acknowledged
        shutil.rmtree(place)
        if failing.untouched:
            assert len(acknowledged) == 8
            break
    assert first > 40


def test_t62_any_call_that_makes_the_files_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.creating", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert tries[-1]["ended"] == UNTOUCHED
    assert len(tries) > 20
    for number, one in enumerate(tries):
        assert one["ended"] in (0, REFUSED, UNTOUCHED), f"the fault of call {number} came out as it was"
        assert one["whole"]
        drafts = [name for name in one["left"] if name.endswith(".new")]
        assert len(drafts) <= 1


ACKNOWLEDGE = """
import asyncio, os, sys
from pathlib import Path
from console.cache.writer import CacheUnavailable, CacheWriter
from tests.cache.samples import NOW, reading

async def main():
    writer = await CacheWriter.open(Path(sys.argv[1]), now=lambda: NOW)
    for number in range(5):
        try:
            await writer.take_webhook(b"{}", NOW, reading(f"m{number}"))
            print(f"m{number}", flush=True)
        except CacheUnavailable as error:
            print(f"refused: {error}", flush=True)
    await writer.close()

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", ["fdatasync:error=EIO", "pwrite64:error=ENOSPC", "pwrite64:error=EIO"])
def test_t62_the_kernel_fails_a_sync_or_a_write(tmp_path: Path, fault: str) -> None:
    """By strace, which lets the n-th call fail; without one the same run is made with no fault.

    Each run takes half a second, so the writes are sampled; the last number is beyond them all.
    """
    strace = shutil.which("strace")
    untouched = False
    for number in (*range(1, 20), 23, 29, 37, 47, 61, 79, 1000):
        place = tmp_path / str(number)
        place.mkdir(mode=0o700)
        db = place / "cache.db"
        create(db)
        command = [sys.executable, "-c", ACKNOWLEDGE, str(db)]
        if strace is not None:
            call = fault.partition(":")[0]
            options = f"-f -qq -e trace={call} -e inject={fault}:when={number}".split()
            command = [strace, *options, "-o", str(place / "calls"), *command]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        answers = ended.stdout.splitlines()
        if ended.returncode:
            assert "CacheUnavailable" in ended.stderr  # it could not even be opened
        else:
            assert len(answers) == 5
            assert sum(answer.startswith("refused") for answer in answers) <= 1, "it did not recover"
        acknowledged = {line for line in answers if not line.startswith("refused")}
        with CacheReader(db) as reader:
            assert acknowledged <= set(keys_in(reader))
        with closing(sqlite3.connect(db)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        untouched = not ended.returncode and len(acknowledged) == 5
        if untouched and (strace is None or "INJECTED" not in (place / "calls").read_text()):
            break
    assert untouched


async def test_t62_any_try_of_a_store_request_fails(tmp_path: Path, simulator: Simulator) -> None:
    """The connection is reset at the first try, at the first two, …; five tries are all there are."""
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        keys = [await announced(simulator, ["drop"] * tries + ["ok"]) for tries in range(6)]
        world.order(*keys)
        for tries, name in enumerate(keys):
            media = await world.state(name, State.DOWNLOADED if tries < 5 else State.FAILED)
            assert media.opened == 1
            assert world.words(name).count("StoreRequested") == min(tries + 1, 5)
            assert (media.error is None) == (tries < 5)
        assert world.troubles() == set()
