"""The detail pane: whose detail it shows, and that its history is drawn together with the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.ui import describe
from console.ui.paint import piece
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.timer import Timer

    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey
    from console.ui.screens.main import MainScreen

TOGETHER: Final = 0.05
"""Seconds for which the detail of the next row waits for its history, to be drawn at once with it."""


class Detailing:
    """Draws the detail of the media that is acted on."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.key: MediaKey | None = None
        """The media whose history was read last."""
        self.history: Sequence[Fact] = ()
        self._follows: Timer | None = None

    def moved(self) -> None:
        """Another media is acted on: its detail is drawn with the row where its history was read before."""
        screen = self._screen
        media = screen.current
        known = None if media is None else screen.follower.history(media.key)
        if media is not None and known is not None:
            self.key, self.history = media.key, known
            self.draw()
        elif self._follows is None:
            self._follows = screen.set_timer(TOGETHER, self.draw)

    def take(self, media: Media | None, history: Sequence[Fact]) -> None:
        """Takes the history of the media that is acted on; what is drawn already is not drawn again."""
        key = None if media is None else media.key
        if media is not None and (key, history, media) == (self.key, self.history, self._screen.current):
            return
        self.key, self.history = key, history
        self.draw()

    def near(self) -> Sequence[MediaKey]:
        """The media that the next key may go to, as far as their detail would be seen."""
        rows = self._screen.list
        if not self._screen.detail.is_on_screen:
            return ()
        page = max(1, rows.seen_rows - 1)
        around = (rows.page.at(rows.cursor_row + step) for step in (1, -1, page, -page))
        return [media.key for media in around if media is not None]

    def draw(self) -> None:
        """Draws it; only lines that read differently are repainted."""
        if self._follows is not None:
            self._follows.stop()
            self._follows = None
        screen = self._screen
        screen.waking.sleep()
        screen.bars["detailhead"].redraw()
        media = screen.current
        if media is None:
            screen.detail.show(lambda width: [(piece("nothing here", Ink.DIM),)])
            return
        history = self.history if media.key == self.key else ()
        screen.detail.show(lambda width: describe.detail(media, history, screen.look(width - 2)))
