"""The order of a list: the indexes that hold it, and where a row stands in it.

Each index of `media` begins with the state and ends with the row's `seq`. A list is therefore a few
segments, one after the other, and each segment a merge of one index's runs, one a state. Rows that are
alike otherwise are ordered by `seq`, the number under which the cache came to know them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from console.cache.where import ALWAYS, Condition, both, filter_condition
from console.domain.media import CLOCKED, State
from console.domain.retention import SOON_MS
from console.domain.views import Selection, Sort, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from console.domain.media import Millis

Value: TypeAlias = int | str | None


class Key(Struct, frozen=True):
    """What the media of one state are ordered by in an index."""

    index: str
    expression: str
    collation: str = ""


BY_DUE: Final = Key("media_by_due", "clock_from")
BY_RECEIPT: Final = Key("media_by_receipt", "heard_at")
BY_SIZE: Final = Key("media_by_size", "coalesce(size, -1)")
BY_SENDER: Final = Key(
    "media_by_sender", "coalesce(sender_name, sender, char(1114111)) COLLATE NOCASE", " COLLATE NOCASE"
)
BY_TYPE: Final = Key("media_by_type", "type")


class Spot(Struct, frozen=True):
    """Where a row stands in an order: in which segment, by which value, under which number.

    It stays a place in the order when the row has moved or gone, but it is one of that order alone.
    """

    segment: int
    value: Value
    seq: int


class Segment(Struct, frozen=True, kw_only=True):
    """A run of a list in which one key decides; it ascends unless `descends` is set.

    `above` and `below` bound the values of the key, both excluded, None where they are open. With
    `nulls` it holds the rows without a value instead.
    """

    key: Key
    states: tuple[State, ...]
    descends: bool = False
    above: int | None = None
    below: int | None = None
    nulls: bool = False


class Order(Struct, frozen=True):
    """The rows of a selection: those of the segments, one after the other, for which the test is true."""

    segments: tuple[Segment, ...]
    test: Condition = ALWAYS


_BY_NEED: Final = (
    State.UNDOWNLOADED,
    State.FAILED,
    State.UNCONFIRMED,
    State.QUEUED,
    State.REQUESTED,
    State.RECEIVED,
    State.DOWNLOADED,
)
"""The order by state: what the operator must act on first."""

_LEAST: Final = -(2**63)
_BY_CLOCK: Final = frozenset({Sort.DUE, Sort.SENT, Sort.STATE})
_KEYS: Final = {Sort.SIZE: BY_SIZE, Sort.FROM: BY_SENDER, Sort.TYPE: BY_TYPE}


def order_of(selection: Selection, window_ms: int, now: Millis) -> Order:
    """The order of a list.

    By due means urgency: the deadline still ahead in a state where it matters, then those past
    it, then those whose file the client holds as far as known; each by deadline.
    """
    edge = now - window_ms
    test = filter_condition(selection.filter, window_ms, now)
    segments: Iterable[Segment] = _segments(selection.sort, selection.view.states, edge)
    if selection.view is View.DUE_SOON:
        if selection.sort in _BY_CLOCK:
            segments = (_within(segment, edge - SOON_MS, edge + SOON_MS) for segment in segments)
        else:
            test = both(_near(edge), test)
    found = tuple(segment for segment in segments if segment.states)
    if selection.reverse:
        found = tuple(replace(segment, descends=not segment.descends) for segment in reversed(found))
    return Order(found, test)


def _segments(sort: Sort, states: frozenset[State], edge: int) -> list[Segment]:
    everything = _in_order(states)
    match sort:
        case Sort.DUE:
            clocked = _in_order(states & CLOCKED)
            return [
                Segment(key=BY_DUE, states=clocked, above=edge),
                Segment(key=BY_DUE, states=clocked, below=edge + 1),
                Segment(key=BY_DUE, states=_in_order(states - CLOCKED)),
            ]
        case Sort.SENT:
            return [Segment(key=BY_DUE, states=everything, descends=True)]
        case Sort.RECEIVED:
            return [
                Segment(key=BY_RECEIPT, states=everything, descends=True, above=_LEAST),
                Segment(key=BY_RECEIPT, states=everything, descends=True, nulls=True),
            ]
        case Sort.STATE:
            return [Segment(key=BY_DUE, states=(state,)) for state in everything]
        case _:
            return [Segment(key=_KEYS[sort], states=everything, descends=sort is Sort.SIZE)]


def _in_order(states: frozenset[State]) -> tuple[State, ...]:
    return tuple(state for state in _BY_NEED if state in states)


def _within(segment: Segment, above: int, below: int) -> Segment:
    """The segment, its values bounded further."""
    return replace(
        segment,
        above=above if segment.above is None else max(above, segment.above),
        below=below if segment.below is None else min(below, segment.below),
    )


def _near(edge: int) -> Condition:
    return Condition("clock_from > ? AND clock_from < ?", (edge - SOON_MS, edge + SOON_MS))


def same(key: Key, one: Value, other: Value) -> bool:
    """Whether two values are one to the index of a key."""
    if key.collation and isinstance(one, str) and isinstance(other, str):
        return nocase(one) == nocase(other)
    return one == other


def nocase(text: str) -> tuple[bytes, int]:
    """What texts are ordered by under SQLite's NOCASE, which looks up to a NUL and then at the length."""
    folded = text.encode().lower()
    return folded.partition(b"\0")[0], len(folded)


def ranges(segment: Segment, first: Spot | None, end: Spot | None) -> list[Condition]:
    """The rows of one state in a segment from `first` on, up to but without `end`, as ranges of its index.

    Ties have a range of their own, because SQLite seeks a pair of values by its first alone.
    """
    expression = segment.key.expression
    on, back = ("<", ">") if segment.descends else (">", "<")
    if segment.nulls:
        return [
            both(
                Condition(f"{expression} IS NULL"),
                *([Condition(f"seq {on}= ?", (first.seq,))] if first else []),
                *([Condition(f"seq {back} ?", (end.seq,))] if end else []),
            )
        ]
    equal = f"{expression} = ? AND seq"
    if first and end and same(segment.key, first.value, end.value):
        both_ends = Condition(f"{equal} {on}= ? AND seq {back} ?", (first.value, first.seq, end.seq))
        return [both_ends] if _holds(segment, first.value) else []
    found = [_between(segment, first, end)]
    if first and _holds(segment, first.value):
        found.append(Condition(f"{equal} {on}= ?", (first.value, first.seq)))
    if end and _holds(segment, end.value):
        found.append(Condition(f"{equal} {back} ?", (end.value, end.seq)))
    return found


def _holds(segment: Segment, value: Value) -> bool:
    """Whether a value lies within the bounds of a segment."""
    if not isinstance(value, int):
        return True
    low, high = segment.above, segment.below
    return (low is None or value > low) and (high is None or value < high)


def _between(segment: Segment, first: Spot | None, end: Spot | None) -> Condition:
    """The values after that of `first` and before that of `end`, within the bounds of a segment."""
    low, high = (end, first) if segment.descends else (first, end)
    above = _narrower(segment.above, low, max)
    below = _narrower(segment.below, high, min)
    return both(
        *([] if above is None else [Condition(f"{segment.key.expression} > ?", (above,))]),
        *([] if below is None else [Condition(f"{segment.key.expression} < ?", (below,))]),
    )


def _narrower(bound: int | None, spot: Spot | None, choose: Callable[[int, int], int]) -> Value:
    if spot is None or spot.value is None:
        return bound
    if bound is None or isinstance(spot.value, str):
        return spot.value
    return choose(bound, spot.value)
