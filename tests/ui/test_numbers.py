"""The numbers under a filter: with the rows where they are quick, about while it is typed, then exact."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations
from console.cache.counts import recount
from console.cache.rows import UPSERT, media_row
from console.cache.searchindex import feed
from console.cache.searching import FEW
from console.domain.filters import parse
from console.domain.media import Media, MediaKey, Millis
from console.domain.views import Selection, View
from console.ui.listing import Page
from console.ui.numbers import Numbers
from console.ui.setup import Setup
from tests.ui import scene
from tests.ui.test_follower import Recorder
from tests.ui.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MEDIA = FEW + 1


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of more media than are looked at for a key, each with `pdf` in its name."""
    db = tmp_path_factory.mktemp("many") / "media.db"
    migrations.create(db)
    db.chmod(0o600)
    with closing(sqlite3.connect(db)) as connection:
        connection.executemany(UPSERT, (media_row(_media(number)) for number in range(MEDIA)))
        recount(connection)
        while feed(connection):
            pass
        connection.commit()
    return db


def _media(number: int) -> Media:
    at = Millis(scene.NOW - number)
    return Media(
        key=MediaKey(f"m-{number}"),
        heard_at=at,
        sent_at=at,
        filename=f"{number}.pdf",
    )


@asynccontextmanager
async def counting(db: Path, *, rest: float = 600) -> AsyncIterator[tuple[Numbers, Recorder, list[bool]]]:
    """Numbers that are read, and a note of each time that they were enough."""
    screen, settled = Recorder(), list[bool]()
    setup = Setup(db=db, now=lambda: scene.NOW)
    numbers = Numbers(setup, screen, screen.show_failure, lambda: settled.append(True), rest=rest)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(numbers.reading.run())
        yield numbers, screen, settled
        reading.cancel()
    numbers.stop()
    await numbers.reading.close()


def shown(screen: Recorder, text: str) -> Page:
    """Shows a page whose rows are not counted yet."""
    screen.wanted = Selection(filter=parse(text))
    page = Page(selection=screen.wanted, at_end=False)
    screen.show_page(page)
    return page


async def test_numbers_that_are_there_already_go_into_the_page(many: Path) -> None:
    async with counting(many) as (numbers, screen, _):
        page = shown(screen, "2777.")
        numbers.sought()
        await until(lambda: bool(screen.counts))
        joined = await numbers.joined(page)
        assert joined.counted
        assert joined.counts == screen.counts[0].views


async def test_newer_numbers_replace_those_that_a_page_took_over(many: Path) -> None:
    async with counting(many) as (numbers, screen, _):
        screen.typing = True
        page = shown(screen, "pdf")
        numbers.sought()
        await until(lambda: bool(screen.counts))
        about = await numbers.joined(page)
        screen.typing = False
        assert not numbers.seen(about)
        await until(lambda: len(screen.counts) == 2)
        assert (await numbers.joined(about)).total_text == f"{MEDIA}"


async def test_a_filter_that_is_typed_is_told_about_until_it_is_kept(many: Path) -> None:
    async with counting(many) as (numbers, screen, settled):
        screen.typing = True
        page = shown(screen, "pdf")
        numbers.sought()
        await until(lambda: bool(settled))
        (about,) = screen.counts
        assert View.ALL in about.about
        page = await numbers.joined(page)
        assert page.total_text == f"~{about.views[View.ALL]}"
        assert numbers.seen(page)
        screen.typing = False
        assert not numbers.seen(page), "more is waited for"
        await until(lambda: len(screen.counts) == 2)
        assert screen.counts[1].exact
        assert screen.counts[1].views[View.ALL] == MEDIA
        assert len(settled) == 2


async def test_a_filter_that_rests_is_counted_though_it_is_still_typed(many: Path) -> None:
    async with counting(many, rest=0.01) as (numbers, screen, _):
        screen.typing = True
        shown(screen, "pdf")
        numbers.sought()
        await until(lambda: len(screen.counts) == 2)
        assert screen.counts[1].exact


async def test_what_is_typed_over_is_not_counted(many: Path) -> None:
    async with counting(many) as (numbers, screen, _):
        for text in ("2", "27", "277", "2777."):
            shown(screen, text)
            numbers.sought()
        await until(lambda: bool(screen.counts))
        (counts,) = screen.counts
        assert counts.views[View.ALL] == 1


async def test_a_change_is_counted_exactly_once_more(many: Path) -> None:
    async with counting(many) as (numbers, screen, _):
        page = shown(screen, "pdf")
        numbers.sought()
        await until(lambda: bool(screen.counts) and screen.counts[-1].exact)
        page = await numbers.joined(page)
        assert numbers.seen(page)
        told = len(screen.counts)
        numbers.changed()
        assert numbers.seen(page), "the old numbers stand until then"
        await until(lambda: len(screen.counts) > told)
        assert screen.counts[-1].exact
