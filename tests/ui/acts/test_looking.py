"""Panes, sheets, copying, leaving."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, MediaStored
from console.domain.media import MediaId, MediaKey, Origin, StoreError
from console.domain.reading import Reading
from console.domain.standing import Standing
from tests.ui import scene
from tests.ui.harness import Console, opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_enter_opens_the_detail_and_escape_goes_back_one_level_a_press(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("contract")
        await console.press("enter", "space", "g", "enter")
        await console.shows("1006 URL path not found")
        await console.press("escape")
        assert console.main.pane == "list"
        assert console.main.finding.text == "contract"
        await console.press("escape")
        assert console.main.finding.text == ""
        assert console.main.list.marks
        await console.press("escape")
        assert not console.main.list.marks
        await console.press("escape")
        assert console.app.is_running


async def test_q_goes_back_and_leaves_at_the_top(db: Path) -> None:
    async with opened(db) as console:
        await console.press("enter", "q")
        assert console.main.pane == "list"
        await console.press("ctrl+c")
        await console.until(lambda: not console.app.is_running or console.app._exit)


async def test_capital_q_leaves_from_anywhere(db: Path) -> None:
    async with opened(db) as console:
        await console.press("?", "Q")
        await console.until(lambda: console.app._exit)


async def test_wide_terminals_show_both_panes_and_zoom_shows_one(db: Path) -> None:
    async with opened(db, size=(140, 40)) as console:
        await console.on(scene.key_of("gone"))
        await console.shows("400 Media download error")
        assert "STATE" in console.text
        await console.press("tab", "z")
        assert "FILE OR CAPTION" not in console.text
        await console.press("z", "shift+tab", "z")
        assert "DETAIL" not in console.text
        await console.press("escape")
        assert "DETAIL" in console.text


async def test_times_are_relative_or_absolute(db: Path) -> None:
    async with opened(db) as console:
        await console.press("t")
        await console.shows("Absolute times, UTC.")
        assert "11-22 14:42" in console.text
        await console.press("t")
        await console.shows("Relative times.")


async def test_the_raw_bodies_are_shown_as_received(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("path"))
        await console.press("J")
        await console.shows('"name": "Sheena Nelson"')
        await console.press("G")
        await console.shows('"filename": "contract final (2).pdf"')
        await console.press("q")
        assert console.app.screen is console.main


async def test_events_tell_everything_and_count_as_read_then(db: Path) -> None:
    async with opened(db) as console:
        await console.shows("e 4 errors, 1 warning")
        await console.press("e")
        await console.shows("A webhook was refused")
        assert "webhooks 1204, refused 57, in quarantine 2." in console.text
        assert "1006" in console.text
        await console.press("escape")
        assert "errors" not in console.text


async def copied(console: Console, key: str) -> str:
    await console.press("y")
    await console.shows("sha256")
    await console.press(key)
    await console.until(lambda: bool(console.app.clipboard))
    return console.app.clipboard


async def test_y_copies_and_shows_what_was_sent(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("gone"))
        assert await copied(console, "i") == scene.key_of("gone")
        await console.shows("id sent to terminal clipboard: 4b5bf27b")
        assert "Media not found in the datastore." in await copied(console, "e")
        await console.press("y", "escape")
        assert console.app.screen is console.main


async def test_the_whole_record_is_json_with_its_history(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("gone"))
        record = json.loads(await copied(console, "r"))
        assert record["error"]["code"] == 400
        assert len(record["history"]) == 5
        await console.shows("Sent to terminal clipboard")


HARMFUL = "one\r\ntwo\u2028three\x1b[201~\x9b\x07\x7f\u202e\u200b; reboot"


async def test_what_is_copied_is_one_line_without_controls(tmp_path: Path) -> None:
    path = tmp_path / "media.db"
    error = StoreError(code=400, title=HARMFUL, details=HARMFUL, origin=Origin.WEBHOOK)
    fact = MediaAnnounced(
        key=MediaKey(HARMFUL),
        id=MediaId(HARMFUL),
        at=scene.NOW,
        caption=HARMFUL,
        filename=HARMFUL,
        sender=HARMFUL,
        sha256=HARMFUL,
        message_id=HARMFUL,
        undownloaded=True,
        error=error,
    )
    writer = await CacheWriter.open(path, now=lambda: scene.NOW)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(fact,)))
    await writer.close()
    async with opened(path) as console:
        for key in "ihmfncer":
            console.app.copy_to_clipboard("")
            text = await copied(console, key)
            assert text.isprintable(), key
            assert "reboot" in text
            await console.press("escape")
        assert json.loads(text)["caption"] == HARMFUL


async def test_the_palette_finds_a_command_and_runs_it(db: Path) -> None:
    async with opened(db) as console:
        await console.press("ctrl+p")
        await console.shows("Commands")
        await console.type("reverse")
        await console.press("enter")
        await console.until(lambda: console.main.finding.reverse)
        await console.press(":", "escape")
        assert console.app.screen is console.main


async def test_help_is_searchable(db: Path) -> None:
    async with opened(db) as console:
        await console.press("?")
        await console.shows("Help (list)")
        await console.press("/")
        await console.type("raw json")
        await console.until(lambda: "Mark or unmark" not in console.text)
        await console.press("enter", "escape")
        assert console.app.screen is console.main


class Hosting:
    """A host whose listener found its port taken."""

    def __init__(self) -> None:
        self.retried = 0
        self.started = 0
        self.now = scene.STANDING

    def start(self) -> None:
        self.started += 1

    def starting(self) -> bool:
        return False

    def standing(self) -> Standing | None:
        return Standing(pid=1, since=scene.NOW, updated_at=scene.NOW, troubles=(scene.TROUBLE,))

    def viewer_of(self) -> str | None:
        return None

    def retry_listener(self) -> None:
        self.retried += 1

    def stop(self) -> None:
        """Nothing to stop."""


async def test_the_listener_can_be_tried_again_where_it_is_not_bound(db: Path) -> None:
    host = Hosting()
    async with opened(db, host=host) as console:
        await console.shows("not listening")
        await console.shows("does not answer: connection refused.")
        await console.press("L")
        assert host.retried == 1
        await console.until(lambda: host.started == 1)
    async with opened(db) as console:
        await console.press("L")
        await console.shows("No service runs in this console.")


async def leave_view(writer: CacheWriter, key: MediaKey) -> None:
    """The media is downloaded: the view of failures does not show it any more."""
    stored = MediaStored(key=key, id=MediaId(key), at=scene.NOW, attempt=9)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_an_open_detail_stays_with_its_media(db: Path, size: tuple[int, int]) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db, size=size) as console:
        main, key = console.main, scene.key_of("path")
        await console.press("4", "/")
        await console.type("contract")
        await console.press("enter", "enter")
        await console.shows("DETAIL   1 of 1")
        await leave_view(writer, key)
        await console.shows("DETAIL   (no longer in this view)")
        await console.shows("downloaded")
        assert "contract final (2).pdf" in console.text
        assert (main.current_key(), main.list.cursor_key) == (key, None)
        await console.press("r")
        await console.shows("Nothing to retry: it is downloaded")
        await console.press("J")
        await console.shows("Raw JSON: contract final (2).pdf")
        await console.press("q")
        assert "contract final (2).pdf" in await copied(console, "n")
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [key])
        await console.press("escape")
        assert main.current is None
    await writer.close()


async def test_what_is_done_in_the_detail_is_done_to_its_media(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        main = console.main
        await console.press("4", "space")
        (marked,) = main.list.marks
        key = main.list.cursor_key
        assert key is not None
        await console.press("enter")
        await leave_view(writer, key)
        await console.shows("(no longer in this view)")
        await console.press("space")
        assert set(main.list.marks) == {marked, key}
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [key])
        assert set(main.list.marks) == {marked, key}
        await console.press("q")
        assert main.current_key() not in (key, None)
    await writer.close()


async def test_the_detail_beside_the_list_follows_the_cursor_while_the_list_has_the_keys(db: Path) -> None:
    async with opened(db, size=(140, 40)) as console:
        await console.on(scene.key_of("gone"))
        await console.shows("400 Media download error")
        await console.press("tab")
        await console.pilot.click("#list", offset=(20, 3))
        await console.until(lambda: console.main.pane == "list")
        await console.shows("DETAIL   4 of")
        assert console.main.current_key() == console.main.list.page.rows[3].media.key


async def test_a_detail_opened_on_a_row_that_was_not_painted_is_seen_before_it_is_acted_on(db: Path) -> None:
    async with opened(db) as console:
        await console.at_once("4", "enter", "d")
        await console.shows("The list has just changed: press d again.")
        assert not console.orders()
        await console.shows("DETAIL")
        await console.press("d")
        await console.until(lambda: len(console.orders()) == 1)


async def test_a_detail_opened_on_an_empty_list_takes_the_first_media_that_comes(tmp_path: Path) -> None:
    db = tmp_path / "later.db"
    await scene.build_empty(db)
    async with opened(db, filled=False) as console:
        await console.press("tab")
        await console.shows("nothing here")
        await scene.build(db)
        await console.until(lambda: console.main.opened.key is not None)
        await console.shows("HISTORY")
