"""Asking the client for media: orders left in the inbox, for the keys seen when the key was pressed."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.presence import among
from console.cache.reader import AsyncCacheReader
from console.cache.windows import Edge, Spot, Window, around
from console.domain.exceptions import ConsoleError
from console.domain.media import NEEDS_DOWNLOAD, OPEN_STATES, Media, MediaKey, State
from console.domain.orders import Order
from console.ui.acts.leisure import leisurely
from console.ui.rows import sender, size_text, title
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from pathlib import Path

    from console.cache.reader import Moment
    from console.domain.media import Millis
    from console.domain.views import Selection
    from console.ui.screens.main import MainScreen

MANY = 20
"""Media from which `d` asks first."""
MOST = 100_000
"""Media that one order of `D` reads."""
PIECE = 1000
"""Media that it reads at a time."""
AT_ONCE = 500
"""Marked media that are read before the next key."""
RETRIED = frozenset({State.FAILED, State.UNCONFIRMED})


class Sorted(Struct, frozen=True, kw_only=True):
    """Which media can be asked for, and how many cannot, by reason."""

    ask: tuple[Media, ...]
    left: tuple[tuple[str, int], ...]

    def why(self) -> str:
        """The reasons in words: `2 already asked for, 1 without an id`."""
        return ", ".join(f"{count} {reason}" for reason, count in self.left)


def hindrance(media: Media) -> str | None:
    """Why nothing can be asked for this media now; None if it can."""
    if media.state in OPEN_STATES:
        return "already asked for"
    if media.id is None:
        return "without an id"
    return None if media.retrievable else "with an id that fits no request"


def sort_out(found: Iterable[Media]) -> Sorted:
    """Tells those that can be asked for from the rest."""
    ask: list[Media] = []
    left: Counter[str] = Counter()
    for media in found:
        reason = hindrance(media)
        if reason is None:
            ask.append(media)
        else:
            left[reason] += 1
    return Sorted(ask=tuple(ask), left=tuple(left.items()))


async def download(screen: MainScreen) -> None:
    """Asks for the marked media, or the current one."""
    await _unhurried(screen, _ask_for(screen, _targets(screen), "Download"))


async def retry(screen: MainScreen) -> None:
    """Asks again for those of the marked media, or the current one, that failed or got no answer."""
    await _unhurried(screen, _ask_for(screen, _targets(screen), "Retry", RETRIED))


async def _unhurried(screen: MainScreen, work: Coroutine[None, None, None]) -> None:
    """Carries it out before the next key, or beside the keys where many media have to be read."""
    if len(screen.marks) > AT_ONCE:
        leisurely(screen, work)
    else:
        await work


async def _ask_for(
    screen: MainScreen, keys: tuple[MediaKey, ...], verb: str, states: frozenset[State] = frozenset(State)
) -> None:
    marked = bool(screen.marks)
    hidden = await _hidden(screen)
    found = [media for media in await _read(screen, keys) if media.state in states]
    if not found and states is RETRIED:
        screen.say("Nothing to retry: none of it failed. d asks for it anyway.")
        return
    await _offer(screen, sort_out(found), verb, marked=marked, hidden=hidden)


async def download_all(screen: MainScreen) -> None:
    """Asks for all media shown, after a question with the count."""
    page = screen.list.page
    if page.whole and page.selection == screen.selection():
        _offer_all(screen, [listed.media for listed in page.rows], page.total, page.total_text)
    else:
        leisurely(screen, _read_all(screen, screen.selection()))


async def _read_all(screen: MainScreen, selection: Selection) -> None:
    """Reads what is shown, the first `MOST` of it, in pieces: keys are not held up by one of them."""
    setup, now = screen.setup, screen.setup.now()
    shown: list[Media] = []
    at: Spot | Edge = Edge.TOP
    async with AsyncCacheReader(setup.db) as reader:
        more = True
        while more and len(shown) < MOST:
            ask = partial(_piece, selection, setup.window_ms, now, at)
            piece = await reader.ask(ask)
            shown += [listed.media for listed in piece.rows if listed.spot != at]
            at, more = piece.rows[-1].spot if piece.rows else at, not piece.at_end
    page = screen.list.page
    total, told = (page.total, page.total_text) if more else (len(shown), str(len(shown)))
    if screen.selection() != selection or screen.app.screen is not screen:
        screen.say("The list has changed meanwhile: nothing was asked for.", Ink.WARN)
        return
    _offer_all(screen, shown, total, told)


def _piece(selection: Selection, window_ms: int, now: Millis, at: Spot | Edge, moment: Moment) -> Window:
    return around(moment, selection, window_ms, now, at, 0, PIECE)


def _offer_all(screen: MainScreen, shown: Sequence[Media], total: int, of: str) -> None:
    from console.ui.screens.confirm import Confirm

    sorted_ = sort_out(media for media in shown if media.state is not State.DOWNLOADED)
    held = sum(media.state is State.DOWNLOADED for media in shown)
    needed = [media for media in sorted_.ask if media.state in NEEDS_DOWNLOAD]
    if not sorted_.ask:
        why = sorted_.why() or f"{held} downloaded already"
        screen.say(f"Nothing to ask for among the {len(shown)} shown: {why}.")
        return
    told = [_counted(sorted_.ask)]
    rest = (
        sorted_.why()
        + (", " if sorted_.left and held else "")
        + (f"{held} downloaded already" if held else "")
    )
    if rest:
        told.append(f"Left out: {rest}.")
    if total > len(shown):
        told.append(f"These are the first {len(shown)} of the {of} shown; a view or a filter shows less.")
    answers = [("y", f"Ask for {_items(len(sorted_.ask))}")]
    if needed and len(needed) < len(sorted_.ask):
        told.append(
            f"{len(sorted_.ask) - len(needed)} of them are `received`: the client should hold them already."
        )
        answers = [("y", f"Ask for the {len(needed)} that need it"), ("a", f"Ask for all {len(sorted_.ask)}")]

    async def answered(answer: str | None) -> None:
        if answer is not None:
            chosen = needed if answer == "y" and len(answers) > 1 else sorted_.ask
            await _leave(screen, chosen, "", marked=False)

    screen.unsay()
    screen.app.push_screen(Confirm(screen.drawing, "Download all shown", told, answers), answered)


def _targets(screen: MainScreen) -> tuple[MediaKey, ...]:
    """The keys an action is for, as they are at this moment."""
    key = screen.current_key()
    return tuple(screen.marks) or ((key,) if key is not None else ())


async def _hidden(screen: MainScreen) -> str:
    """How many of the marked media the list does not show, in a sentence; empty if it shows them all."""
    marks, setup, selection = tuple(screen.marks), screen.setup, screen.selection()
    count = screen.list.hidden_marks() if marks else 0
    if count is None:
        now = setup.now()
        found = await screen.follower.ask(
            lambda moment: among(moment, selection, setup.window_ms, now, marks)
        )
        count = len(marks) - len(found or ())
    return f"{len(marks)} marked, {count} of them not shown here." if count else ""


async def _offer(screen: MainScreen, found: Sorted, verb: str, *, marked: bool, hidden: str) -> None:
    """Leaves the orders, after a question where they are many or for media that are not shown."""
    from console.ui.screens.confirm import Confirm

    if not found.ask:
        screen.say(_refusal(found), Ink.WARN)
        return
    if len(found.ask) < MANY and not hidden:
        await _leave(screen, found.ask, found.why(), marked=marked)
        return
    told = (
        ([hidden] if hidden else [])
        + [_counted(found.ask)]
        + ([f"Left out: {found.why()}."] if found.left else [])
    )

    async def answered(answer: str | None) -> None:
        if answer is not None:
            await _leave(screen, found.ask, found.why(), marked=marked)

    answers = [("y", f"Ask for {_items(len(found.ask))}")]
    screen.app.push_screen(
        Confirm(screen.drawing, f"{verb} {_items(len(found.ask))}", told, answers), answered
    )


def _refusal(found: Sorted) -> str:
    if len(found.left) == 1 and found.left[0][1] == 1:
        reason = found.left[0][0]
        if reason == "already asked for":
            return "It is asked for already: the answer comes by webhook."
        if reason == "without an id":
            return "It came without an id, so nothing can be asked: ask the sender to send it again."
        return "Its id cannot be put into a request: ask the sender to send it again."
    return f"Nothing to ask for: {found.why()}." if found.left else "Nothing to ask for: the list is empty."


async def _read(screen: MainScreen, keys: Sequence[MediaKey]) -> list[Media]:
    found = await screen.follower.ask(lambda moment: [moment.run(queries.media(key)) for key in keys])
    return [media for media in found or () if media is not None]


async def _leave(screen: MainScreen, media: Sequence[Media], left_out: str, *, marked: bool) -> None:
    setup = screen.setup
    orders = [
        Order(id=setup.new_id(), at=setup.now(), key=each.key, by=setup.operator, account=each.account)
        for each in media
    ]
    try:
        await asyncio.to_thread(_write, setup.db, orders)
    except ConsoleError as error:
        screen.say(str(error), Ink.BAD)
        return
    screen.answers.ask(media, left_out, orders)
    if marked:
        screen.list.marks.clear()
    name, _ = title(media[0])
    what = f"{name} from {sender(media[0])}" if len(media) == 1 else _items(len(media))
    rest = f"; left out: {left_out}" if left_out else ""
    screen.say(f"Asked for {what}{rest}.{_later(screen)}", Ink.BUSY)
    screen.redraw()


def _write(db: Path, orders: Sequence[Order]) -> None:
    with closing(Inbox(db)) as inbox:
        inbox.leave(orders)


def _later(screen: MainScreen) -> str:
    """What must happen first, where the order cannot be carried out at once."""
    standing = screen.standing
    if standing is None or standing.stopped:
        return " It is done when a service runs: none does now."
    if standing.api_url is None:
        return " It stays queued: no API_URL is set."
    return ""


def _items(count: int) -> str:
    return "1 media" if count == 1 else f"{count} media"


def _counted(media: Sequence[Media]) -> str:
    """`37 media: 20 failed, 17 undownloaded; 12 MB where the size is known.`"""
    states = Counter(each.state.value for each in media)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    known = sum(each.size or 0 for each in media)
    sizes = f"; {size_text(known)} in all, as far as sizes are known" if known else "; sizes are not known"
    return f"{_items(len(media))}: {told}{sizes}."
