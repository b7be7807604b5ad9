"""The follower: what it reads, in which order, and what it does when it cannot."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.reader import NoCache
from console.cache.windows import Edge
from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, MediaStored
from console.domain.filters import parse
from console.domain.media import MediaId, MediaKey
from console.domain.orders import Order
from console.domain.reading import Reading
from console.domain.views import Selection, View
from console.ui.awaited import Awaited
from console.ui.follower import Follower
from console.ui.listing import Aim, Page, Place, Unnoticed
from console.ui.setup import Setup
from tests.ui import scene
from tests.ui.samples import of
from tests.ui.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from console.cache.counting import Counts
    from console.domain.exceptions import ConsoleError
    from console.domain.facts import Fact
    from console.domain.media import Media
    from console.domain.orders import Taken
    from console.domain.standing import Notice, Standing


class Recorder:
    """A screen that notes what it is shown."""

    def __init__(self) -> None:
        self.wanted = Selection(view=View.FAILED)
        self.pages: list[Page] = []
        self.histories: list[Sequence[Fact]] = []
        self.failures: list[ConsoleError | None] = []
        self.failed: Sequence[Media] = ()
        self.standing: Standing | None = None
        self.around: list[Standing | None] = []
        self.answers = Awaited()
        self.answered: list[tuple[Sequence[Media], Mapping[str, Taken]]] = []
        self.cursor: MediaKey | None = None
        self.beside: Sequence[MediaKey] = ()
        self.typing = False
        self.counts: list[Counts] = []
        self.new: list[int] = []
        self.searching: list[bool] = []

    def selection(self) -> Selection:
        return self.wanted

    def place(self) -> Place:
        return Place(cursor=self.cursor)

    def page(self) -> Page:
        return self.pages[-1] if self.pages else Page(selection=self.wanted)

    def unnoticed(self) -> Unnoticed | None:
        return None

    def show_counts(self, counts: Counts) -> None:
        self.counts.append(counts)

    def show_new(self, new: int) -> None:
        self.new.append(new)

    def show_searching(self, searching: bool) -> None:
        self.searching.append(searching)

    def current_key(self) -> MediaKey | None:
        return self.pages[-1].rows[0].media.key if self.pages and self.pages[-1].rows else None

    def near(self) -> Sequence[MediaKey]:
        return self.beside

    def show_page(self, page: Page) -> bool:
        self.pages.append(page)
        return True

    def show_around(
        self, notices: Sequence[Notice], failed: Sequence[Media], standing: Standing | None
    ) -> None:
        self.failed, self.standing = failed, standing
        self.around.append(standing)

    def show_answers(self, found: Sequence[Media], taken: Mapping[str, Taken]) -> None:
        self.answered.append((found, taken))

    def show_history(self, media: Media | None, history: Sequence[Fact]) -> None:
        self.histories.append(history)

    def show_waiting(self, waiting: bool) -> None:
        """Reading is quick here."""

    def show_failure(self, error: ConsoleError | None) -> None:
        self.failures.append(error)


def announcement(name: str) -> MediaAnnounced:
    """A media that comes in now."""
    return MediaAnnounced(key=MediaKey(name), id=MediaId(name), at=scene.NOW, undownloaded=True)


@asynccontextmanager
async def running(db: Path) -> AsyncIterator[tuple[Follower, Recorder]]:
    """A follower that reads."""
    screen = Recorder()
    follower = Follower(Setup(db=db, now=lambda: scene.NOW), screen)
    async with asyncio.TaskGroup() as tasks:
        reading = [tasks.create_task(reading.run()) for reading in follower.readings.values()]
        yield follower, screen
        for task in reading:
            task.cancel()
    await follower.close()


async def test_the_rows_come_first_and_then_what_stands_around_them(db: Path) -> None:
    async with running(db) as (follower, screen):
        asked = of("gone")
        screen.answers.ask([asked], orders=[Order(id="order-gone-1", at=scene.NOW, key=asked.key)])
        follower.search()
        assert await follower.readings["rows"].done(PATIENCE)
        assert (screen.pages[0].total, screen.histories) == (4, [])
        await until(lambda: len(screen.failed) == 4 and bool(screen.histories))
        assert screen.standing == scene.STANDING
        newest = [media.progress.at for media in screen.failed if media.progress is not None]
        assert newest == sorted(newest, reverse=True)
        ((found, taken),) = screen.answered
        assert [media.key for media in found] == [asked.key]
        assert taken == {}
        assert set(screen.failures) == {None}


async def test_a_moved_cursor_reads_its_detail_and_no_rows(db: Path) -> None:
    async with running(db) as (follower, screen):
        follower.search()
        await until(lambda: len(screen.histories) == 1 and len(screen.failed) == 4)
        pages = len(screen.pages)
        follower.moved()
        await until(lambda: len(screen.histories) == 2)
        assert len(screen.pages) == pages


async def test_the_histories_that_the_next_key_may_want_are_read_until_something_changes(db: Path) -> None:
    path, missing, stored = (scene.key_of(story) for story in ("path", "missing", "stored"))
    async with running(db) as (follower, screen):
        screen.beside = [missing]
        follower.search()
        await until(lambda: follower.history(missing) is not None)
        assert follower.history(path) is None
        screen.beside = [path]
        follower.moved()
        await until(lambda: follower.history(path) is not None)
        assert await follower.ask(lambda moment: moment.run(queries.history(path))) == follower.history(path)
        assert follower.history(missing) is None, "only what is beside the cursor is kept"
        screen.beside = [stored]
        follower.changed()
        await until(lambda: follower.history(stored) is not None)
        assert follower.history(path) is None


async def test_a_change_reads_of_what_stands_around_only_what_changed(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with running(db) as (follower, screen):
        follower.search()
        await until(lambda: len(screen.histories) == 1 and len(screen.failed) == 4)
        histories, around = len(screen.histories), len(screen.around)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(announcement("new"),)))
        follower.changed()
        await until(lambda: screen.pages[-1].everything == len(scene.LINES) + 1)
        await until(lambda: len(screen.new) == 2)
        assert (len(screen.histories), len(screen.around)) == (histories, around)
        key = scene.key_of("path")
        stored = MediaStored(key=key, id=MediaId(key), at=scene.NOW, attempt=9)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))
        follower.changed()
        await until(lambda: key not in [media.key for media in screen.failed])
        assert len(screen.failed) == 3
        assert len(screen.histories) == histories, "it is not the cursor's"
    await writer.close()


async def test_rows_under_a_filter_get_their_counts_with_them_or_after_them(db: Path) -> None:
    async with running(db) as (follower, screen):
        screen.wanted = Selection(view=View.FAILED, filter=parse("type:image"))
        follower.search()
        await until(lambda: bool(screen.counts or (screen.pages and screen.pages[-1].counted)))
        told = screen.counts[0].views if screen.counts else screen.pages[0].counts
        assert told[View.FAILED] == 1
        assert len(told) == len(View)


async def test_rows_for_a_filter_that_was_typed_over_are_never_shown(db: Path) -> None:
    async with running(db) as (follower, screen):
        for text in ("type:image", "type:video", "type:audio"):
            screen.wanted = Selection(filter=parse(text))
            follower.search()
        assert await follower.readings["rows"].done(PATIENCE)
        assert {page.selection.filter for page in screen.pages} == {parse("type:audio")}


async def test_a_place_far_away_is_read_when_it_is_aimed_at(db: Path) -> None:
    async with running(db) as (follower, screen):
        follower.search(Place(at=Edge.END, aim=Aim.CURSOR))
        assert await follower.readings["rows"].done(PATIENCE)
        assert screen.pages[0].here == screen.pages[0].total - 1 == 3


async def test_a_moved_cursor_forgets_a_jump_that_is_on_its_way(db: Path) -> None:
    async with running(db) as (follower, screen):
        follower.search(Place(at=Edge.END, aim=Aim.CURSOR))
        follower.moved()
        assert await follower.readings["rows"].done(PATIENCE)
        follower.search(Place(at=Edge.END, aim=Aim.CURSOR))
        screen.cursor = scene.key_of("path")
        follower.moved()
        assert await follower.readings["rows"].done(PATIENCE)
        aims = [page.place.aim for page in screen.pages]
        assert aims == [Aim.CURSOR, Aim.STAY], "the first time it had moved before the jump"


async def test_a_missing_cache_is_said_and_no_page_is_shown(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (follower, screen):
        follower.search()
        assert await follower.readings["rows"].done(PATIENCE)
        assert await follower.ask(lambda moment: moment.run(queries.standing())) is None
        assert screen.failures
        assert all(isinstance(error, NoCache) for error in screen.failures)
        assert not screen.pages
