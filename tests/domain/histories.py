"""Generators of facts: histories as the console lives through them, and facts thrown together at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import strategies as st

from console.domain import ledger
from console.domain.facts import (
    Fact,
    MediaAnnounced,
    MediaStored,
    ResultNoted,
    StoreAccepted,
    StoreDeferred,
    StoreFailed,
    StoreQueued,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import (
    Media,
    MediaId,
    MediaKey,
    MediaType,
    Millis,
    Origin,
    State,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = MediaKey("4b5bf27b-8672-4d55-bc21-d096dc200d0f")
ID = MediaId(KEY)
START = Millis(1_749_988_800_000)


def folded(facts: Iterable[Fact]) -> Media:
    """The media after all of these facts, in this order."""
    media: Media | None = None
    for fact in facts:
        media = ledger.fold(media, fact)
    assert media is not None
    return media


def moments() -> st.SearchStrategy[Millis]:
    """Few enough that equal ones are common."""
    return st.integers(0, 2).map(lambda minutes: Millis(START + minutes * 60_000))


def maybe(*values: str) -> st.SearchStrategy[str | None]:
    """One of the values, or nothing."""
    return st.sampled_from((None, *values))


def store_errors(*origins: Origin) -> st.SearchStrategy[StoreError]:
    """Errors that differ in one part only as often as in several."""
    return st.builds(
        StoreError,
        code=st.sampled_from((400, "400", 1006, "timeout")),
        title=st.sampled_from(("Parameter not valid", "Media download error")),
        origin=st.sampled_from(origins or tuple(Origin)),
        details=maybe("", "Media not found in the datastore."),
    )


def announcements() -> st.SearchStrategy[MediaAnnounced]:
    """Announcements of one media that agree, add to each other or contradict."""
    return st.builds(
        MediaAnnounced,
        key=st.just(KEY),
        id=st.just(ID),
        at=moments(),
        type=st.sampled_from((MediaType.IMAGE, MediaType.DOCUMENT, MediaType.UNKNOWN)),
        message_id=maybe("ABGG1", "ABGG2"),
        sent_at=st.none() | moments(),
        sender=maybe("16315551234"),
        sender_name=maybe("Kerry Fisher", "Sheena Nelson"),
        filename=maybe("", "invoice.pdf"),
        caption=maybe("September invoice"),
        mime_type=maybe("image/jpeg", "application/pdf"),
        sha256=maybe("aa", "bb"),
        size=st.none() | st.integers(1, 2),
        status=maybe("undownloaded"),
        undownloaded=st.booleans(),
        error=st.none() | store_errors(Origin.WEBHOOK),
    )


def any_facts() -> st.SearchStrategy[Fact]:
    """Facts of one media that need not belong to one believable history."""
    attempts, tries = st.integers(0, 3), st.integers(0, 3)
    key, mime = st.just(KEY), maybe("image/jpeg", "image/png")
    kinds = st.sampled_from((MediaType.IMAGE, MediaType.VIDEO, MediaType.UNKNOWN))
    sha = maybe("aa", "bb")
    status = maybe("downloaded", "pending")
    return st.one_of(
        announcements(),
        st.builds(StoreQueued, key=key, at=moments(), attempt=attempts, order_id=st.sampled_from("xyz")),
        st.builds(StoreRequested, key=key, at=moments(), attempt=attempts, try_number=tries),
        st.builds(StoreAccepted, key=key, at=moments(), attempt=attempts, try_number=tries),
        st.builds(
            StoreDeferred,
            key=key,
            at=moments(),
            attempt=attempts,
            try_number=tries,
            error=store_errors(),
            next_try_at=moments(),
        ),
        st.builds(
            StoreRefused, key=key, at=moments(), attempt=attempts, try_number=tries, error=store_errors()
        ),
        st.builds(StoreUnanswered, key=key, at=moments(), attempt=attempts),
        st.builds(
            MediaStored, key=key, id=st.just(ID), at=moments(), attempt=attempts, type=kinds, mime_type=mime
        ),
        st.builds(
            StoreFailed,
            key=key,
            id=st.just(ID),
            at=moments(),
            attempt=attempts,
            type=kinds,
            sha256=sha,
            error=store_errors(Origin.WEBHOOK),
        ),
        st.builds(ResultNoted, key=key, id=st.just(ID), at=moments(), attempt=attempts, status=status),
    )


class Story:
    """One media as the service lives through it: each step writes the facts that it would write.

    Results are numbered the way the cache's writer numbers them, from the state at their arrival.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._now = START
        self.facts: list[Fact] = []
        self.media: Media | None = None

    def step(self) -> None:
        """Lets something happen that can happen now."""
        self._now = Millis(self._now + self._draw(st.sampled_from((0, 1, 1_000, 60_000))))
        possible = [self._announce, self._store, self._fail, self._note]
        if self.media is not None:
            possible += [self._order, self._repeat]
            if self.media.state is State.QUEUED:
                possible += [self._request] * 3
                possible.append(self._hold)
            if self.media.state is State.REQUESTED:
                possible += [self._accept, self._defer, self._reach_nobody, self._refuse, self._wait_in_vain]
        self._draw(st.sampled_from(possible))()

    def _write(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.media = ledger.fold(self.media, fact)

    def _attempt(self) -> tuple[int, int]:
        assert self.media is not None
        assert self.media.progress is not None
        return self.media.progress.attempt, self.media.progress.try_number

    def _announce(self) -> None:
        told = self._draw(announcements())
        self._write(_at(told, self._now))

    def _order(self) -> None:
        assert self.media is not None
        attempt = ledger.next_attempt(self.media)
        if attempt is not None:
            order_id = f"order-{len(self.facts)}"
            self._write(StoreQueued(key=KEY, at=self._now, attempt=attempt, order_id=order_id))

    def _request(self) -> None:
        attempt, tried = self._attempt()
        self._write(StoreRequested(key=KEY, at=self._now, attempt=attempt, try_number=tried + 1))

    def _hold(self) -> None:
        """The queue is held and the media says why it waits."""
        attempt, tried = self._attempt()
        error = self._draw(store_errors(Origin.NETWORK))
        self._write(
            StoreDeferred(
                key=KEY, at=self._now, attempt=attempt, try_number=tried, error=error, next_try_at=self._now
            )
        )

    def _accept(self) -> None:
        attempt, tried = self._attempt()
        self._write(StoreAccepted(key=KEY, at=self._now, attempt=attempt, try_number=tried))

    def _defer(self) -> None:
        attempt, tried = self._attempt()
        error = self._draw(store_errors(Origin.NETWORK, Origin.RESPONSE))
        later = Millis(self._now + 1_000)
        self._write(
            StoreDeferred(
                key=KEY, at=self._now, attempt=attempt, try_number=tried, error=error, next_try_at=later
            )
        )

    def _reach_nobody(self) -> None:
        """The call found no API or no login: nothing was asked, so it waits without a delay of its own."""
        self._hold()

    def _refuse(self) -> None:
        attempt, tried = self._attempt()
        error = self._draw(store_errors(Origin.NETWORK, Origin.RESPONSE))
        self._write(StoreRefused(key=KEY, at=self._now, attempt=attempt, try_number=tried, error=error))

    def _wait_in_vain(self) -> None:
        self._write(StoreUnanswered(key=KEY, at=self._now, attempt=self._attempt()[0]))

    def _store(self) -> None:
        attempt = ledger.attempt_of_result(self.media, success=True)
        self._write(MediaStored(key=KEY, id=ID, at=self._now, attempt=attempt, status="downloaded"))

    def _fail(self) -> None:
        attempt = ledger.attempt_of_result(self.media, success=False)
        error = self._draw(store_errors(Origin.WEBHOOK))
        self._write(StoreFailed(key=KEY, id=ID, at=self._now, attempt=attempt, error=error))

    def _note(self) -> None:
        attempt = ledger.attempt_of_result(self.media, success=False)
        self._write(ResultNoted(key=KEY, id=ID, at=self._now, attempt=attempt, status="pending"))

    def _repeat(self) -> None:
        """A webhook that the client sends once more."""
        heard = [
            fact
            for fact in self.facts
            if isinstance(fact, MediaAnnounced | MediaStored | StoreFailed | ResultNoted)
        ]
        if heard:
            self._write(_at(self._draw(st.sampled_from(heard)), self._now))


def _at(fact: Fact, at: Millis) -> Fact:
    return msgspec.structs.replace(fact, at=at)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """A believable history of one media, in the order in which it was written."""
    story = Story(draw)
    for _ in range(draw(st.integers(1, 14))):
        story.step()
    return story.facts


@st.composite
def disorders(draw: st.DrawFn, facts: list[Fact]) -> list[Fact]:
    """All of the facts in any order, some of them several times."""
    again = draw(st.lists(st.sampled_from(facts), max_size=4))
    return draw(st.permutations([*facts, *again]))
