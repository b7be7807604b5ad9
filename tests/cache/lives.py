"""Random lives of a few media: webhooks late, twice and out of order, orders, answers and time-outs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from console.domain.facts import (
    Fact,
    StoreAccepted,
    StoreDeferred,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import Media, MediaKey, Millis, Origin, State, StoreError

from .samples import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

IDS = ("m-1", "m-2", "m-3")
_PASSING = StoreError(code=503, title="Service unavailable", origin=Origin.RESPONSE)


class Webhook(NamedTuple):
    """A body and when it was received."""

    body: bytes
    at: Millis


class Ordered(NamedTuple):
    """An operator's order."""

    number: int
    key: MediaKey
    at: Millis


class Moved(NamedTuple):
    """The worker or a clock does what it may do with a media now; `choice` says what of that."""

    key: MediaKey
    choice: int
    at: Millis

    def decide(self, media: Media | None) -> Sequence[Fact]:
        """The facts that follow from the media as it is."""
        if media is None or media.progress is None:
            return ()
        attempt, tried = media.progress.attempt, media.progress.try_number
        told: dict[str, Any] = {"key": self.key, "at": self.at, "attempt": attempt}
        if media.state is State.QUEUED:
            return (StoreRequested(**told, try_number=tried + 1),)
        if media.state is not State.REQUESTED:
            return ()
        later = Millis(self.at + self.choice % 2 * 1000)
        facts: tuple[Fact, ...] = (
            StoreAccepted(**told, try_number=tried),
            StoreDeferred(**told, try_number=tried, error=_PASSING, next_try_at=later),
            StoreRefused(**told, try_number=tried, error=_PASSING),
            StoreUnanswered(**told),
        )
        return facts[self.choice % len(facts) :][:1]


Event = Webhook | Ordered | Moved


def message(media_id: str, **told: object) -> dict[str, object]:
    """A message that announces an image."""
    image = {"id": media_id, "mime_type": "image/jpeg", "sha256": "ab" * 32, **told}
    return {
        "from": "16315551234",
        "id": f"wamid-{media_id}",
        "timestamp": str(NOW // 1000 - 60),
        "type": "image",
        "image": image,
    }


def item(media_id: str, errors: Sequence[object] = (), status: str = "downloaded") -> dict[str, object]:
    """A result of a store request."""
    told: dict[str, object] = {"type": "image", "image": {"id": media_id, "status": status}}
    return {**told, "errors": list(errors)} if errors else told


def body(messages: Sequence[object] = (), items: Sequence[object] = ()) -> bytes:
    """A webhook body."""
    arrays = {"messages": list(messages), "media_items": list(items)}
    return json.dumps({name: parts for name, parts in arrays.items() if parts} or {"contacts": []}).encode()


_ids = st.sampled_from(IDS)
_errors = st.sampled_from(
    [[], [], [{"code": 400, "title": "Parameter not valid"}], [{"code": 480, "title": "Expired"}]]
)
_messages = st.builds(
    message,
    _ids,
    status=st.sampled_from(["undownloaded", "downloaded"]),
    caption=st.sampled_from(["September", "October"]),
)
_items = st.builds(item, _ids, _errors, st.sampled_from(["downloaded", "downloaded", "pending"]))
_bodies = st.builds(body, st.lists(_messages, max_size=2), st.lists(_items, max_size=2))
_moments = st.integers(0, 40).map(lambda seconds: Millis(NOW + 1000 * seconds))
_keys = _ids.map(MediaKey)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Webhook, _bodies, _moments),
    st.builds(Webhook, _bodies, _moments),
    st.builds(Ordered, st.integers(0, 10**9), _keys, _moments),
    st.builds(Moved, _keys, st.integers(0, 7), _moments),
    st.builds(Moved, _keys, st.integers(0, 7), _moments),
)
lives = st.lists(events, min_size=1, max_size=40)
"""What happens, in the order in which it is written; their moments are in no order."""
