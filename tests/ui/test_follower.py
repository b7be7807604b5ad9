"""The follower: what it reads, in which order, and what it does when it cannot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.cache.reader import NoCache
from console.domain.orders import Order
from console.domain.views import Selection, View
from console.ui.awaited import Awaited
from console.ui.follower import Follower
from console.ui.listing import Page, Place
from console.ui.setup import Setup
from tests.ui import scene
from tests.ui.samples import of
from tests.ui.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from console.domain.exceptions import ConsoleError
    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey
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
        self.answers = Awaited()
        self.answered: list[tuple[Sequence[Media], Mapping[str, Taken]]] = []

    def selection(self) -> Selection:
        return self.wanted

    def place(self) -> Place:
        return Place()

    def current_key(self) -> MediaKey | None:
        return self.pages[-1].rows[0].key if self.pages and self.pages[-1].rows else None

    def show_page(self, page: Page) -> bool:
        self.pages.append(page)
        return True

    def show_around(
        self, notices: Sequence[Notice], failed: Sequence[Media], standing: Standing | None
    ) -> None:
        self.failed, self.standing = failed, standing

    def show_answers(self, found: Sequence[Media], taken: Mapping[str, Taken]) -> None:
        self.answered.append((found, taken))

    def show_history(self, media: Media | None, history: Sequence[Fact]) -> None:
        self.histories.append(history)

    def show_waiting(self, waiting: bool) -> None:
        """Reading is quick here."""

    def show_failure(self, error: ConsoleError | None) -> None:
        self.failures.append(error)


def follower_of(db: Path) -> tuple[Follower, Recorder]:
    screen = Recorder()
    return Follower(Setup(db=db, now=lambda: scene.NOW), screen), screen


async def test_a_change_reads_the_page_what_stands_around_it_and_the_history(db: Path) -> None:
    follower, screen = follower_of(db)
    asked = of("gone")
    screen.answers.ask([asked], orders=[Order(id="order-gone-1", at=scene.NOW, key=asked.key)])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(follower.run())
        follower.changed()
        await until(lambda: bool(screen.failures))
        assert screen.failures == [None]
        assert screen.pages[0].total == 4
        assert screen.standing == scene.STANDING
        newest = [media.progress.at for media in screen.failed if media.progress is not None]
        assert newest == sorted(newest, reverse=True)
        assert len(newest) == 4
        assert screen.histories[0]
        ((found, taken),) = screen.answered
        assert [media.key for media in found] == [asked.key]
        assert taken == {}
        follower.moved()
        await until(lambda: len(screen.histories) == 2)
        assert len(screen.pages) == 1
        running.cancel()
    await follower.close()


async def test_a_page_that_came_too_late_is_read_again(db: Path) -> None:
    follower, screen = follower_of(db)
    await follower.reload()
    assert len(screen.pages) == 1
    page = await follower.page(Place(row=2))
    assert page is not None
    assert page.total == 4
    await follower.close()


async def test_a_missing_cache_is_said_and_no_page_is_shown(tmp_path: Path) -> None:
    follower, screen = follower_of(tmp_path / "none.db")
    await follower.reload()
    assert await follower.page(Place()) is None
    assert all(isinstance(error, NoCache) for error in screen.failures)
    assert not screen.pages
    await follower.close()
