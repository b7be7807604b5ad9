"""Reads again whatever the screen shows, whenever the cache or the operator changed it.

Three connections, so that what takes long holds up nothing else: the rows of the list come first, then
what stands around it, and beside both the counts under a filter, which may look at every media.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from console.cache.presence import new_between
from console.cache.reader import AsyncCacheReader
from console.cache.windows import Edge
from console.domain.exceptions import ConsoleError
from console.ui import around
from console.ui.listing import Page, Place, Unnoticed, read_page
from console.ui.numbers import Numbers
from console.ui.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from console.cache.counting import Counts
    from console.cache.news import Traces
    from console.cache.reader import Moment
    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey, Millis
    from console.domain.orders import Taken
    from console.domain.standing import Notice, Standing
    from console.domain.views import Selection
    from console.ui.awaited import Awaited
    from console.ui.setup import Setup

T = TypeVar("T")

PATIENCE: Final = 0.3
"""Seconds of reading after which a line says what is waited for."""
SEARCHING: Final = 0.1
"""Seconds after which it is said that rows are still searched, or counted."""
FOR_A_KEY: Final = 0.1
"""Seconds for which a key waits for the rows that it asks for; then they come when they come."""
MOST_NEW: Final = 1000
"""New rows that are counted."""


class Shows(Protocol):
    """What the follower needs of a screen."""

    def selection(self) -> Selection:
        """What the list is to show."""
        ...

    def place(self) -> Place:
        """What it is to be read around."""
        ...

    def page(self) -> Page:
        """What it shows."""
        ...

    def unnoticed(self) -> Unnoticed | None:
        """Where new rows may have arrived out of sight."""
        ...

    def current_key(self) -> MediaKey | None:
        """The media under the cursor."""
        ...

    def near(self) -> Sequence[MediaKey]:
        """The media that the next key may go to, as far as their detail would be seen."""
        ...

    def show_page(self, page: Page) -> bool:
        """Takes a page; False if it came too late and another is needed."""
        ...

    def show_counts(self, counts: Counts) -> None:
        """Takes the numbers of the views under the filter of the page."""
        ...

    def show_new(self, new: int) -> None:
        """Takes how many rows have arrived out of sight, `MOST_NEW` at most."""
        ...

    def show_around(
        self, notices: Sequence[Notice], failed: Sequence[Media], standing: Standing | None
    ) -> None:
        """Takes what stands around the list; `failed` are the newest failures."""
        ...

    @property
    def typing(self) -> bool:
        """Whether the filter is being typed."""
        ...

    @property
    def answers(self) -> Awaited:
        """What was asked for and is waited for."""
        ...

    def show_answers(self, found: Sequence[Media], taken: Mapping[str, Taken]) -> None:
        """Takes the media that are waited for as they are now, and what became of their orders."""
        ...

    def show_history(self, media: Media | None, history: Sequence[Fact]) -> None:
        """Takes the media under the cursor and its history."""
        ...

    def show_waiting(self, waiting: bool) -> None:
        """Reading takes long, or is over."""
        ...

    def show_searching(self, searching: bool) -> None:
        """Rows or counts are searched for some time, or were found."""
        ...

    def show_failure(self, error: ConsoleError | None) -> None:
        """The cache cannot be read, or can again."""
        ...


class Follower:
    """What is read for a screen, and in which order."""

    def __init__(self, setup: Setup, screen: Shows) -> None:
        self._setup = setup
        self._screen = screen
        self._rows = Reading(setup.db, self._read_rows, partial(self._told, "rows"))
        self._around = Reading(setup.db, self._read_around, partial(self._told, "around"))
        self._numbers = Numbers(setup, screen, partial(self._told, "counts"), self._found)
        self._acts = AsyncCacheReader(setup.db)
        self._errors: dict[str, ConsoleError | None] = {}
        self._aimed: Place | None = None
        self._late: asyncio.TimerHandle | None = None
        self._changes = 0
        self._looked_at = -1
        """The change that `_read_around` has seen."""
        self._traces: Traces | None = None
        self._detailed: MediaKey | None = None
        self._histories: dict[MediaKey, Sequence[Fact]] = {}
        self._notices: Sequence[Notice] = ()
        self._failed: Sequence[Media] = ()
        self._standing: Standing | None = None

    @property
    def readings(self) -> Mapping[str, Reading]:
        """What has to run while the screen is open, by name."""
        return {"rows": self._rows, "around": self._around, "counts": self._numbers.reading}

    async def close(self) -> None:
        """Closes the connections, once nothing runs any more."""
        self._found()
        self._numbers.stop()
        for reading in self.readings.values():
            await reading.close()
        await self._acts.close()

    async def ask(self, question: Callable[[Moment], T]) -> T | None:
        """What a command has to know at once, all as of one moment; None if the cache cannot be read."""
        try:
            answer = await self._acts.ask(question)
        except ConsoleError as error:
            await self._acts.close()
            self._told("acts", error)
            return None
        self._told("acts", None)
        return answer

    def history(self, key: MediaKey) -> Sequence[Fact] | None:
        """The history of a media if it was read since the cache changed last, else None."""
        return self._histories.get(key)

    def changed(self) -> None:
        """The cache changed: what that touches is read again soon."""
        self._changes += 1
        self._numbers.changed()
        self._rows.soon()
        if self._traces is not None:
            self._around.soon()

    def moved(self) -> None:
        """The cursor moved: its detail is read again at once, and a jump that was on its way is forgotten."""
        if self._aimed is not None and self._aimed.cursor != self._screen.place().cursor:
            self.search()
        self._around.at_once()

    def more(self) -> None:
        """The rows that were read are nearly at their end."""
        self._rows.hurry()

    def search(self, place: Place | None = None) -> None:
        """The operator wants other rows, or those at a place; what was wanted before is given up."""
        self._aimed = place
        self._found()
        self._late = asyncio.get_running_loop().call_later(SEARCHING, self._screen.show_searching, True)
        self._rows.at_once()
        self._numbers.sought()

    async def arrived(self) -> bool:
        """Waits a moment for the rows that are wanted; whether they are there."""
        return await self._rows.done(FOR_A_KEY)

    def _found(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
            self._screen.show_searching(False)

    async def _read_rows(self, reader: AsyncCacheReader) -> None:
        screen, setup, aimed = self._screen, self._setup, self._aimed
        selection, before, now = screen.selection(), screen.page(), setup.now()
        place = aimed or screen.place()
        late = asyncio.get_running_loop().call_later(PATIENCE, screen.show_waiting, True)
        try:
            page = await reader.ask(
                lambda moment: read_page(moment, selection, setup.window_ms, now, place, before)
            )
        finally:
            late.cancel()
            screen.show_waiting(False)
        page = await self._numbers.joined(page)
        if selection != screen.selection() or aimed is not self._aimed:
            return  # the search for those is on its way
        if not screen.show_page(page):
            self._rows.hurry()
            return
        self._aimed = None
        if self._numbers.seen(page):
            self._found()
        arrived = page.newest != before.newest and screen.unnoticed() is not None
        if self._traces is None or arrived or self._unread():
            self._around.soon()

    async def _read_around(self, reader: AsyncCacheReader) -> None:
        screen, setup, changes = self._screen, self._setup, self._changes
        answers, unnoticed, now = screen.answers, screen.unnoticed(), setup.now()
        asked = around.Asked(
            key=screen.current_key(),
            detailed=self._detailed,
            changed=changes != self._looked_at,
            traces=self._traces,
            orders=answers.orders,
            awaited=answers.keys,
        )

        def read(moment: Moment) -> tuple[around.Around, int]:
            new = 0 if unnoticed is None else _new(moment, unnoticed, setup.window_ms, now)
            return around.read_around(moment, asked), new

        found, new = await reader.ask(read)
        self._looked_at, self._traces = changes, found.traces
        if asked.changed:
            self._histories.clear()
        if found.detail is not None:
            self._detailed = asked.key
            if asked.key is not None:
                self._histories[asked.key] = found.detail[1]
            screen.show_history(*found.detail)
        screen.show_new(new)
        self._show_around(found)
        if found.found is not None:
            screen.show_answers(found.found, found.taken)
        await self._read_near(reader)

    async def _read_near(self, reader: AsyncCacheReader) -> None:
        """Reads the histories for the next key, so that it has nothing to wait for."""
        unread = self._unread()
        read = await reader.ask(lambda moment: around.histories(moment, unread)) if unread else {}
        kept = {self._screen.current_key(), *self._screen.near()}
        known = {**self._histories, **read}
        self._histories = {key: history for key, history in known.items() if key in kept}

    def _unread(self) -> Sequence[MediaKey]:
        return [key for key in self._screen.near() if key not in self._histories]

    def _show_around(self, found: around.Around) -> None:
        before = self._notices, self._failed, self._standing
        self._notices = self._notices if found.notices is None else found.notices
        self._failed = self._failed if found.failed is None else found.failed
        self._standing = found.standing or self._standing
        if before != (self._notices, self._failed, self._standing):
            self._screen.show_around(self._notices, self._failed, self._standing)

    def _told(self, name: str, error: ConsoleError | None) -> None:
        self._errors[name] = error
        self._screen.show_failure(next((each for each in self._errors.values() if each is not None), None))


def _new(moment: Moment, unnoticed: Unnoticed, window_ms: int, now: Millis) -> int:
    """How many rows have arrived where it was not noticed."""
    edge, spot = unnoticed.edge, unnoticed.spot
    first, end = (None, spot) if edge is Edge.TOP else (spot, None)
    return new_between(
        moment, unnoticed.selection, window_ms, now, first, end, after=unnoticed.after, limit=MOST_NEW
    )
