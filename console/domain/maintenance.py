"""Work on the cache as a whole: what is asked of it, and what came of it.

An order lies in the inbox beside the orders for media until it is carried out. Its outcome is kept in
the cache, so that the command which left the order can wait for it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from console.domain.media import MediaKey, Millis
from console.domain.retention import rfc3339

DIFFERENCES_TOLD: Final = 100
"""So many differences of a replay are told one by one; all of them are counted."""


class Replay(Struct, frozen=True, kw_only=True, tag_field="maintenance", tag="replay"):
    """Builds every media anew from its webhook bodies and from what no webhook brought."""

    id: str
    at: Millis


class Purge(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="maintenance", tag="purge"):
    """Removes media with all that was kept of them.

    They are those whose window began before `before` and whose sender's number has the digits
    `number`; None asks for no such thing, and one of the two is given.
    """

    id: str
    at: Millis
    before: Millis | None = None
    number: str | None = None


MaintenanceOrder: TypeAlias = Replay | Purge


class Difference(Struct, frozen=True, kw_only=True):
    """One field in which a media as stored was not what its facts lead to; `facts` for the history itself."""

    key: MediaKey
    field: str


class Replayed(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="replayed"):
    """What came of a replay.

    `media` were looked at; `rebuilt` of them were built anew, `kept` left as they are because a body is
    no longer there or cannot be read. `differing` were not as stored, in `fields` fields together.
    `understood` parts left the quarantine and `facts` were taken from them; `quarantined` are still in it.
    """

    media: int = 0
    rebuilt: int = 0
    kept: int = 0
    differing: int = 0
    fields: int = 0
    differences: tuple[Difference, ...] = ()
    understood: int = 0
    facts: int = 0
    quarantined: int = 0


class Purged(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="purged"):
    """What a purge removed, or would remove.

    `mentions` are media of other senders whose caption or file name has the number in it; they stay.
    `log_marks` are places in log files where the number was made unreadable, `unmasked` the log files that
    could not be written, with the reason. `freed` are bytes that the files take less; `unfreed` says why the
    space could not be freed, where it could not. `copies` are files beside the cache that still hold old
    data: a cache set aside, or kept from before an update.
    """

    media: int = 0
    facts: int = 0
    bodies: int = 0
    quarantined: int = 0
    notices: int = 0
    orders: int = 0
    mentions: int = 0
    log_marks: int = 0
    freed: int = 0
    unfreed: str | None = None
    unmasked: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


class Unfinished(Struct, frozen=True, kw_only=True, tag_field="outcome", tag="unfinished"):
    """The work could not be carried out to its end, in the words of the error that stopped it."""

    what: str
    remedy: str


Outcome: TypeAlias = Replayed | Purged | Unfinished

_encode = msgspec.json.Encoder().encode
_order: msgspec.json.Decoder[MaintenanceOrder] = msgspec.json.Decoder(MaintenanceOrder)
_outcome: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)


def kind(order: MaintenanceOrder) -> str:
    """The command that gives such an order."""
    return "replay" if isinstance(order, Replay) else "purge"


def ended(order: MaintenanceOrder, outcome: Outcome) -> str:
    """What came of an order, for those who did not give it. A number that was purged is not named."""
    if isinstance(outcome, Unfinished):
        return f"A {kind(order)} could not be carried out. {outcome.what} {outcome.remedy}".rstrip()
    if isinstance(outcome, Replayed):
        return (
            f"A replay looked at {outcome.media} media and built {outcome.rebuilt} anew; "
            f"{outcome.differing} were not as stored, {outcome.understood} parts left the quarantine."
        )
    before = getattr(order, "before", None)
    what = "one sender's number" if before is None else f"what was sent before {rfc3339(before)[:10]}"
    return f"A purge of {what} removed {outcome.media} media and {outcome.bodies} bodies."


def encode(value: MaintenanceOrder | Outcome) -> str:
    """An order or an outcome as JSON."""
    return _encode(value).decode()


def decode_order(data: str) -> MaintenanceOrder:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: it is no such order that this version knows.
    """
    return _order.decode(data)


def decode_outcome(data: str) -> Outcome:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: it is no outcome that this version knows.
    """
    return _outcome.decode(data)


def digits(text: str | None) -> str:
    """The digits of a number, however it is written: `+1 (631) 555-1234` and `16315551234` agree."""
    return "".join([letter for letter in text or "" if letter.isascii() and letter.isdigit()])
