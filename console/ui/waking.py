"""When the screen reads differently by time alone: nothing of it ticks, so it sleeps until then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.clock import monotonic
from console.domain import retention
from console.domain.media import OPEN_STATES, Millis
from console.ui import garbage
from console.ui.troubles import GOOD_NEWS_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from textual.timer import Timer

    from console.domain.facts import Fact
    from console.domain.media import Media
    from console.domain.standing import Standing
    from console.ui.screens.main import MainScreen

GLANCE: Final = 0.5
"""Seconds between two looks at what nobody tells the screen; where it is as before, nothing is drawn."""
SET_MS: Final = 2000
"""Milliseconds by which the clock is off after one of them where it was set or the machine slept."""
LATE: Final = 0.005
"""Seconds after a change at which the screen wakes: timers count on another clock than the texts."""
CALM: Final = 0.3
"""Seconds after a key for which nothing is drawn that time alone has changed, unless another key comes."""
QUIET: Final = 2.0
"""Seconds without a key after which nobody is likely to press the next one."""
GRAIN_MS: Final = retention.SECOND_MS
"""What changes within a second is drawn together."""


class Waking:
    """Wakes the screen when a text of it changes with time, the host says something, or the clock was set."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._told = self._tells()
        self._glanced_at, self._glanced_now = monotonic(), screen.setup.now()
        self._drawn = self._glanced_now
        """The moment as of which everything was drawn last: nothing on the screen is older."""
        self._alarm: Timer | None = None
        self._due = self._pressed_at = 0.0
        """When something is to read differently, and when a key was pressed last."""

    def start(self) -> None:
        """Looks again and again at what nobody tells the screen."""
        self._screen.set_interval(GLANCE, self.glance)

    def glance(self) -> None:
        """Wakes the screen where the host says something else, or the clock was set."""
        told, now, passed = self._tells(), self._screen.setup.now(), monotonic() - self._glanced_at
        was_set = abs(now - self._glanced_now - passed * 1000) > SET_MS
        self._glanced_at, self._glanced_now = self._glanced_at + passed, now
        if was_set or told != self._told:
            self._told = told
            self._screen.tick()
        garbage.between_keys()
        if monotonic() > self._pressed_at + QUIET:
            garbage.at_rest()

    def drawing(self) -> None:
        """Everything is drawn anew, as of this moment; in another minute, what was read may be other rows."""
        before, self._drawn = self._drawn, self._screen.setup.now()
        if before // retention.MINUTE_MS != self._drawn // retention.MINUTE_MS:
            self._screen.follower.changed()

    def pressed(self) -> None:
        """A key was carried out: what time has changed by then is drawn with it."""
        self._pressed_at = monotonic()
        if self._due <= self._pressed_at:
            self._screen.tick()

    def sleep(self) -> None:
        """What the screen shows is drawn: it is woken when any of that reads differently, however old."""
        screen = self._screen
        if not screen.is_running:
            return
        now, standing = screen.setup.now(), screen.standing
        since = [*_ages(screen.current, screen.detailing.history)]
        if standing is not None and standing.last_event_at is not None:
            since.append(standing.last_event_at)
        ends = [Millis(notice.at + GOOD_NEWS_MS) for notice in screen.notices]
        change = next_change(_shown(screen), screen.setup.window_ms, self._drawn, since=since, ends=ends)
        self._due = monotonic() + (change - now) / 1000 + LATE
        if screen.said is not None:
            self._due = min(self._due, screen.said_until + LATE)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.stop()
        wakes_at = max(self._due, self._pressed_at + CALM)
        self._alarm = self._screen.set_timer(max(LATE, wakes_at - monotonic()), self._wake)

    def _wake(self) -> None:
        """Draws what time has changed, unless keys are coming: then with the next, or once they rest."""
        if monotonic() < self._pressed_at + CALM:
            self._set_alarm()
        else:
            self._screen.tick()

    def _tells(self) -> tuple[bool, Standing | None, str | None]:
        """All that the host says of the service."""
        host = self._screen.setup.host
        return host.starting(), host.standing(), host.viewer_of()


def _shown(screen: MainScreen) -> Iterator[Media]:
    """The media on the screen: visible rows, and whose detail is shown."""
    shown = screen.list
    rows = (shown.page.at(shown.scroll_offset.y + y) for y in range(shown.seen_rows))
    return filter(None, (*rows, screen.current))


def next_change(
    rows: Iterable[Media],
    window_ms: int,
    now: Millis,
    *,
    since: Iterable[Millis] = (),
    ends: Iterable[Millis] = (),
) -> Millis:
    """The first moment after `now` at which something reads differently: a minute later at the latest.

    Args:
        rows: what is shown with a countdown and, while a request is under way, with its age.
        since: moments whose age is shown.
        ends: moments after which something is not shown any more; those in the past are over.
    """
    changes = [Millis(now - now % retention.MINUTE_MS + retention.MINUTE_MS)]
    for media in rows:
        change = retention.next_change(media, window_ms, now)
        if change is not None:
            changes.append(change)
        if media.progress is not None and media.state in OPEN_STATES:
            changes.append(retention.next_age(media.progress.at, now))
    changes += (retention.next_age(at, now) for at in since)
    changes += (end for end in ends if end > now)
    return Millis(max(min(changes), now + GRAIN_MS))


def _ages(media: Media | None, history: Sequence[Fact]) -> Iterator[Millis]:
    """The moments whose ages the detail of a media shows."""
    if media is not None and media.sent_at is not None:
        yield media.sent_at
    yield from (fact.at for fact in history)
