"""The main screen: the list, the detail beside or over it, and the fixed lines around them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from console.cache.reader import NoCache
from console.clock import monotonic
from console.domain.media import Media, MediaKey, Millis
from console.ui import emptiness, troubles
from console.ui.acts import HANDLERS
from console.ui.acts.reasons import unseen, why_not
from console.ui.awaited import Awaited
from console.ui.detailing import Detailing
from console.ui.feed import Feed
from console.ui.finding import Finding
from console.ui.follower import Follower
from console.ui.keyboard import Keyboard
from console.ui.opened import Opened
from console.ui.paint import Piece, piece
from console.ui.rows import Look
from console.ui.screens import panes
from console.ui.screens.bars import DRAWN
from console.ui.succession import Succession
from console.ui.theme import Ink
from console.ui.waking import Waking
from console.ui.widgets.bar import Bar, Run
from console.ui.widgets.lines import LinesView
from console.ui.widgets.medialist import MediaList

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult

    from console.cache.counting import Counts
    from console.domain.exceptions import ConsoleError
    from console.domain.facts import Fact
    from console.domain.orders import Taken
    from console.domain.standing import Notice, Standing
    from console.domain.views import Selection
    from console.ui.listing import Page, Place, Unnoticed
    from console.ui.setup import Setup
    from console.ui.troubles import Event
    from console.ui.widgets.drawing import Drawing

SAID = 10.0
"""Seconds for which what was just done stands on the message line."""
UNREAD_MS = 24 * 60 * 60 * 1000
AT_REST = frozenset({"quit", "quit_now", "help", "redraw"})
"""The commands that still work where the terminal is too small to show a row."""
WITH_CURSOR = ("filter", "summary", "footer")
"""The bars that may read differently when the cursor has moved."""
ACTING = frozenset({"download", "retry", "download_all"})
"""The commands that must not act on a row that the operator has not seen."""


class MainScreen(Screen[None], inherit_bindings=False):
    """Draws the cache and runs the commands; knows the media only through pages of the cache."""

    DEFAULT_CSS = """
    MainScreen { layout: vertical; }
    MainScreen #body { height: 1fr; }
    MainScreen #left { width: 1fr; }
    MainScreen #right { width: 40%; max-width: 90; min-width: 50; padding-left: 1;
                        border-left: solid $panel; }
    MainScreen #detail { overflow-y: scroll; }
    MainScreen.ascii #right { border-left: ascii $panel; }
    MainScreen.alone #right { width: 1fr; max-width: 100%; border-left: none; }
    """

    def __init__(self, setup: Setup, drawing: Drawing) -> None:
        super().__init__()
        self.setup = setup
        self.drawing = drawing
        self.finding = Finding()
        self.follower = Follower(setup, self)
        self.absolute = False
        self.zoomed = False
        self.pane = "list"
        self.opened = Opened()
        self.notices: Sequence[Notice] = ()
        self.failed: Sequence[Media] = ()
        self.happened: Sequence[Event] = ()
        """What these tell, made once for all who say it."""
        self.answers = Awaited()
        self.opened_at = setup.now()
        self.read_until = Millis(self.opened_at - UNREAD_MS)
        self.trouble: ConsoleError | None = None
        """Why the cache cannot be read, while it cannot."""
        self.was_read = False
        """Whether the cache, or that there is none, was seen at least once."""
        self.waiting = False
        self.searching = False
        """Whether rows or counts are searched for longer than a moment."""
        self.new = 0
        """Rows that have arrived out of sight, at the end that can be followed."""
        self._cached_standing: Standing | None = None
        self.said: Piece | None = None
        """What was just done; for a while it stands where the newest error does."""
        self.said_until = monotonic()
        self._succession = Succession(setup.host)
        self._keyboard = Keyboard(self)
        self.waking = Waking(self)
        self.detailing = Detailing(self)
        self._workers: list[Worker[None]] = []
        self.bars = {name: Bar(drawing, id=name) for name in DRAWN}
        self._plain = Look(width=80, glyphs=drawing.glyphs, window_ms=setup.window_ms, now=self.opened_at)
        self.list = MediaList(drawing, self._plain, setup.now, self._moved, id="list")
        self.detail = LinesView(drawing, id="detail")

    def compose(self) -> ComposeResult:
        yield from (self.bars[name] for name in ("header", "tabs", "filter"))
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.bars["heading"]
                yield self.list
            with Vertical(id="right"):
                yield self.bars["detailhead"]
                yield self.detail
        yield from (self.bars[name] for name in ("summary", "troubles", "message", "footer", "small"))

    def on_mount(self) -> None:
        self.set_class(self.drawing.glyphs.ascii, "ascii")
        for name, draw in DRAWN.items():
            self.bars[name].show(partial(draw, self))
        self.settle()
        self.feed = Feed(self.setup.db, self.follower.changed, self.show_failure)
        running = {"feed": self.feed.run()}
        running |= {name: reading.run() for name, reading in self.follower.readings.items()}
        self._workers = [self.run_worker(run, name=name) for name, run in running.items()]
        self.follower.search()
        self.waking.start()

    async def on_unmount(self) -> None:
        """Ends the reading and waits for it: a connection must not outlive the event loop."""
        for worker in self._workers:
            worker.cancel()
        for worker in self._workers:
            with suppress(WorkerCancelled, WorkerFailed):
                await worker.wait()
        await self.follower.close()

    # What is on the screen

    @property
    def standing(self) -> Standing | None:
        """How the service is doing: from this process where it runs here, else from the cache.

        None while it starts: what the cache says then is of a service that is no more.
        """
        host = self.setup.host
        return None if host.starting() else host.standing() or self._cached_standing

    @property
    def current(self) -> Media | None:
        """The media that is acted on: under the cursor, or the one whose detail has the keys."""
        key = self.opened.key
        return self.list.current if key is None or key == self.list.cursor_key else self.opened.media

    @property
    def marks(self) -> Collection[MediaKey]:
        """The marked media, where they are what a command is for: an open detail is for its own media."""
        return () if self.opened.key is not None else self.list.marks

    @property
    def small(self) -> bool:
        """Whether there is no room for anything but the line that says so."""
        return panes.is_small(self.size)

    def look(self, width: int) -> Look:
        """How rows and details read now."""
        now, sized = self.setup.now(), self.list.sized
        return replace(self._plain, width=width, now=now, absolute=self.absolute, sizes=sized)

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Puts a line at the bottom: what was just done, or why it was not."""
        self.said, self.said_until = piece(text, ink), monotonic() + SAID
        self.waking.sleep()
        self.bars["message"].redraw()

    def unsay(self) -> None:
        """Takes that line away; the newest error shows again."""
        self.said = None
        self.bars["message"].redraw()

    def focus_pane(self, pane: str) -> None:
        """Gives a pane the keys."""
        if pane == "detail" and self.pane != "detail":
            self.detail.scroll_to(y=0, animate=False)
        self.pane = pane
        self._bind()
        self.settle()

    def _bind(self) -> None:
        """Binds the detail that has the keys to its media, and lets go of it where it has not."""
        if self.pane != "detail":
            if self.opened.key is not None:
                self.follower.moved()
            self.opened = Opened()
        elif self.opened.key is None and self.list.cursor_key is not None:
            opened = Opened(key=self.list.cursor_key, media=self.list.current, seen=self.list.seen)
            self.opened = opened
            self.call_after_refresh(opened.was_painted)

    def settle(self) -> None:
        """Decides which panes are seen, from the size, the focused pane and the zoom."""
        panes.arrange(self)
        self.list.activate(self.pane == "list")
        self.detail.activate(self.pane == "detail")
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        self.settle()

    def redraw(self) -> None:
        """Draws everything again; only lines that read differently are repainted."""
        self.waking.drawing()
        moved = self._succession.look()
        if moved is not None:
            self.say(moved)
        page, url = self.list.page, self.setup.callback
        self.list.empty = emptiness.words(page, self.finding, self.standing, url) if self.was_read else ()
        for bar in self.bars.values():
            bar.redraw()
        width = self.list.scrollable_content_region.width
        if width:
            self.list.relook(self.look(width))
        self.detailing.draw()

    def tick(self) -> None:
        """Time went by: clocks and ages may read differently, and what was said is old."""
        if self.said is not None and monotonic() > self.said_until:
            self.said = None
        self.redraw()

    # What the follower reads

    def selection(self) -> Selection:
        """What the list is to show."""
        return self.finding.selection

    @property
    def typing(self) -> bool:
        """Whether the filter is being typed."""
        return self.finding.editor is not None

    def place(self) -> Place:
        """What it is to be read around."""
        return self.list.place(self.selection())

    def page(self) -> Page:
        """What it shows."""
        return self.list.page

    def unnoticed(self) -> Unnoticed | None:
        """Where new rows may have arrived out of sight."""
        return self.list.unnoticed()

    def current_key(self) -> MediaKey | None:
        """The media that is acted on."""
        return self.opened.key or self.list.cursor_key

    def near(self) -> Sequence[MediaKey]:
        """The media that the next key may go to, as far as their detail would be seen."""
        return self.detailing.near()

    def show_page(self, page: Page) -> bool:
        """Takes a page; False if it came too late and another is needed."""
        self.was_read = True
        if not self.list.show(page):
            return False
        self._bind()
        self.redraw()
        return True

    def show_counts(self, counts: Counts) -> None:
        """Takes the numbers of the views under the filter."""
        self.list.recount(counts)
        self.redraw()

    def show_new(self, new: int) -> None:
        """Takes how many rows have arrived out of sight: none where their end is in sight since."""
        self.new = 0 if self.unnoticed() is None else new
        self.bars["filter"].redraw()

    def show_searching(self, searching: bool) -> None:
        """Rows or counts are searched for longer than a moment, or were found."""
        if searching != self.searching:
            self.searching = searching
            self.redraw()

    def show_around(
        self, notices: Sequence[Notice], failed: Sequence[Media], standing: Standing | None
    ) -> None:
        """Takes what stands around the list; `failed` are the newest failures."""
        if (notices, failed) != (self.notices, self.failed):
            self.happened = troubles.events_of(notices, failed)
        self.notices, self.failed, self._cached_standing = notices, failed, standing
        self.redraw()

    def show_answers(self, found: Sequence[Media], taken: Mapping[str, Taken]) -> None:
        """Takes what is waited for as it is now; says what came of it once all of it is answered."""
        for told in (self.answers.take(taken), self.answers.hear(found)):
            if told is not None:
                self.say(*told)

    def show_history(self, media: Media | None, history: Sequence[Fact]) -> None:
        """Takes the history of the media that is acted on."""
        if media is not None and media.key == self.opened.key:
            self.opened.media = media
        self.detailing.take(media, history)

    def show_waiting(self, waiting: bool) -> None:
        """Reading takes long, or is over."""
        self.waiting = waiting
        self.bars["message"].redraw()

    def show_failure(self, error: ConsoleError | None) -> None:
        """The cache cannot be read, or can again. That there is none yet is no failure."""
        missing = isinstance(error, NoCache)
        told = None if missing else error
        if told is not self.trouble or (missing and not self.was_read):
            self.was_read = self.was_read or missing
            self.trouble = told
            self.redraw()

    # Keys

    async def run(self, name: str) -> None:
        """Runs a command by its id, or says why it cannot work now."""
        if self.small and name not in AT_REST:
            return
        reason = (unseen(self, name) if name in ACTING else None) or why_not(self, name)
        if reason is not None:
            self.say(reason, Ink.WARN)
            return
        await HANDLERS[name](self)

    async def reload(self, place: Place | None = None) -> None:
        """Reads the list anew, or the rows at a place: before the next key, unless that takes too long."""
        self.follower.search(place)
        await self.follower.arrived()
        self.redraw()

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.feed.stir()
        await self._keyboard.pressed(event)
        self.waking.pressed()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        self._keyboard.covered()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self._keyboard.uncovered()

    def on_paste(self, event: events.Paste) -> None:
        self._keyboard.pasted(event)

    async def on_run(self, event: Run) -> None:
        await self.run(event.command)

    def _moved(self) -> None:
        if self.opened.key is not None and self.opened.key != self.list.cursor_key:
            self.focus_pane("list")  # a click on another row
        for name in WITH_CURSOR:
            self.bars[name].redraw()
        self.detailing.moved()
        self.follower.moved()

    def on_media_list_scrolled(self) -> None:
        self.show_new(self.new)
        self.waking.sleep()

    def on_media_list_wanted(self, event: MediaList.Wanted) -> None:
        if event.place is None:
            self.follower.more()
        else:
            self.follower.search(event.place)

    async def on_media_list_opened(self, event: MediaList.Opened) -> None:
        await self.run("open")
