"""The list keeps the cursor on its media and the media on its line, and repaints only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, MediaStored
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path

    from textual.geometry import Region

    from console.ui.widgets.medialist import MediaList


def urgent(number: int) -> MediaAnnounced:
    """A media that goes to the top of the order of urgency."""
    sent_at = Millis(scene.NOW - 14 * scene.DAY + scene.MINUTE + number)
    return MediaAnnounced(
        key=MediaKey(f"urgent-{number}"),
        id=MediaId(f"urgent-{number}"),
        at=sent_at,
        sent_at=sent_at,
        undownloaded=True,
    )


async def test_rows_that_arrive_above_do_not_move_what_is_looked_at(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        rows = console.main.list
        await console.press("G", "k", "k")
        key, line = rows.cursor_key, rows.cursor_row - rows.scroll_offset.y
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(urgent(1), urgent(2))))
        await console.until(lambda: rows.page.total == len(scene.LINES) + 2)
        assert rows.cursor_key == key
        assert rows.cursor_row - rows.scroll_offset.y == line
    await writer.close()


async def test_at_the_top_too_what_is_looked_at_stays_and_the_new_row_is_told(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        rows = console.main.list
        key = rows.cursor_key
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(urgent(1),)))
        await console.until(lambda: rows.cursor_row == 1)
        assert (rows.cursor_key, rows.scroll_offset.y) == (key, 1)
        await console.shows("(F): 1 new above")
        await console.press("k")
        assert rows.cursor_key == "urgent-1"
        await console.until(lambda: "new above" not in console.text)
    await writer.close()


async def test_a_media_that_leaves_the_view_gives_the_cursor_to_the_row_in_its_place(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        rows = console.main.list
        await console.press("4", "j")
        gone, below = rows.cursor_key, rows.page.rows[2].media.key
        assert gone is not None
        stored = MediaStored(key=gone, id=MediaId(gone), at=scene.NOW, attempt=1)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))
        await console.until(lambda: rows.page.total == 3)
        assert (rows.cursor_key, rows.cursor_row) == (below, 1)
    await writer.close()


async def test_moving_repaints_two_lines_and_looking_again_none(db: Path) -> None:
    async with opened(db) as console:
        await console.settled()
        painted: list[int] = []
        watch(console.main.list, painted)
        await console.press("j")
        assert painted == [0, 1]
        painted.clear()
        console.main.redraw()
        assert painted == []


def watch(rows: MediaList, painted: list[int]) -> None:
    """Notes the lines that the list asks to be repainted."""
    refresh = rows.refresh

    def noted(
        *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> MediaList:
        painted.extend(region.y for region in regions)
        return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    vars(rows)["refresh"] = noted


async def test_a_click_moves_the_cursor_and_a_double_click_opens(db: Path) -> None:
    async with opened(db) as console:
        await console.pilot.click("#list", offset=(20, 3))
        assert console.main.list.cursor_row == 3
        await console.pilot.click("#list", offset=(20, 3), times=2)
        await console.until(lambda: console.main.pane == "detail")


async def test_a_click_on_hostile_text_does_nothing_but_move(tmp_path: Path) -> None:
    db = tmp_path / "hostile.db"
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    hostile = "[@click=app.quit]x[/][@click='app.exit']"
    fact = MediaAnnounced(
        key=MediaKey("h"),
        id=MediaId("h"),
        at=scene.NOW,
        sender_name=hostile,
        filename=hostile,
        undownloaded=True,
    )
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(fact,)))
    await writer.close()
    async with opened(db, size=(140, 40)) as console:
        await console.shows("[@click=app.quit]x[/]")
        for column in range(20, 138, 25):
            await console.pilot.click(offset=(column, 4))
            await console.pilot.click(offset=(column, 6))
        assert console.app.is_running
        assert not console.app._exit


async def test_a_new_row_comes_onto_the_screen_by_itself(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        await console.settled()
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(urgent(1),)))
        await console.until(lambda: f"{len(scene.LINES) + 1} of {len(scene.LINES) + 1}" in console.text)
    await writer.close()


async def test_a_batch_that_leaves_gives_the_cursor_to_the_next_row_that_stays(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        rows = console.main.list
        await console.press("2", "j", "j", "j")
        keys = [listed.media.key for listed in rows.page.rows]
        left = tuple(MediaStored(key=key, id=MediaId(key), at=scene.NOW, attempt=9) for key in keys[1:5])
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=left))
        await console.until(lambda: rows.page.total == len(keys) - 4)
        assert (rows.cursor_key, rows.cursor_row) == (keys[5], 1)
        await console.press("G")
        rest = tuple(MediaStored(key=key, id=MediaId(key), at=scene.NOW, attempt=9) for key in keys[-2:])
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=rest))
        await console.until(lambda: rows.page.total == len(keys) - 6)
        assert (rows.cursor_key, rows.cursor_row) == (keys[-3], len(keys) - 7)
    await writer.close()


async def test_two_media_that_read_the_same_are_told_apart(tmp_path: Path) -> None:
    db = tmp_path / "twins.db"
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    sent = Millis(scene.NOW - scene.HOUR)
    twins = tuple(
        MediaAnnounced(key=MediaKey(key), id=MediaId(key), at=sent, sent_at=sent, undownloaded=True)
        for key in ("a", "b")
    )
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=twins))
    async with opened(db) as console:
        rows = console.main.list
        await console.press("2")
        first = rows.cursor_key
        assert first is not None
        stored = MediaStored(key=first, id=MediaId(first), at=scene.NOW, attempt=1)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))
        await console.until(lambda: rows.page.total == 1 and rows.seen and not rows.slipped)
        assert rows.cursor_key != first
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [rows.cursor_key])
    await writer.close()


async def test_a_cursor_out_of_sight_stays_seen(db: Path) -> None:
    async with opened(db, size=(80, 15)) as console:
        rows = console.main.list
        await console.press("1")
        rows.scroll_to(y=15, animate=False)
        await console.settled()
        assert rows.cursor_row == 0
        assert rows.seen
        await console.at_once("G", "g")
        assert rows.seen
