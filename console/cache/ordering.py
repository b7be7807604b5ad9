"""The order of a list: the indexes that hold it, and where a row stands in it.

Each index of `media` begins with the state and ends with the row's `seq`. A list is therefore a few
segments, one after the other, and each segment a merge of one index's runs, one a state. Rows that are
alike otherwise are ordered by `seq`, the number under which the cache came to know them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from console.cache.where import ALWAYS, SOON, Condition, both, filter_condition, time_left
from console.domain.filters import DueTerm, Filter, Left, StateTerm, Term
from console.domain.media import CLOCKED, State
from console.domain.views import Selection, Sort, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.domain.media import Millis

Value: TypeAlias = int | str | None


class Key(Struct, frozen=True):
    """What the media of one state are ordered by in an index."""

    index: str
    expression: str
    collation: str = ""

    @property
    def covers(self) -> bool:
        """Whether the index tells the value, which SQLite before 3.41 computes from the row."""
        return self.expression.isidentifier()


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


class Order(Struct, frozen=True, kw_only=True):
    """The rows of a selection: those of the segments, one after the other, for which the test is true."""

    segments: tuple[Segment, ...]
    test: Condition = ALWAYS
    terms: tuple[Term, ...] = ()
    """What of the filter the test asks for; the segments see to the rest."""
    within: Left | None = None
    """The time left that the test asks for besides."""
    states: frozenset[State] = frozenset(State)
    edge: int = 0
    """The start of a window that ends now."""

    @property
    def key(self) -> Key:
        """What all of its segments are ordered by."""
        return self.segments[0].key

    def spot(self, state: State, value: Value, seq: int) -> Spot | None:
        """Where a row of a state stands by its value of the key; None if the order has no place for it."""
        for number, segment in enumerate(self.segments):
            if state in segment.states and holds(segment, value):
                return Spot(number, value, seq)
        return None


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
    states, terms = _of_states(selection)
    within = SOON if selection.view is View.DUE_SOON else None
    bounds: list[Left] = []
    if selection.sort in _BY_CLOCK:
        dues = [term for term in terms if isinstance(term, DueTerm) and _is_bound(term)]
        if dues:
            states = states - {State.DOWNLOADED}
        bounds = [*([within] if within else []), *(term.ranges[0] for term in dues)]
        terms = [term for term in terms if term not in dues]
        within = None
    segments = [segment for segment in _segments(selection.sort, states, edge) if segment.states]
    for left in bounds:
        segments = [_bounded(segment, left, edge) for segment in segments]
    if selection.reverse:
        segments = [replace(segment, descends=not segment.descends) for segment in reversed(segments)]
    test = filter_condition(Filter(terms=tuple(terms)), window_ms, now)
    return Order(
        segments=tuple(segments),
        test=test if within is None else both(time_left(within, edge), test),
        terms=tuple(terms),
        within=within,
        states=states,
        edge=edge,
    )


def _of_states(selection: Selection) -> tuple[frozenset[State], list[Term]]:
    """The states of a selection, and what its filter asks for besides."""
    states, terms = selection.view.states, []
    for term in selection.filter.terms:
        if not isinstance(term, StateTerm) or term.lapsed:
            terms.append(term)
        elif term.negated:
            states = states.difference(term.states)
        else:
            states = states.intersection(term.states)
    return states, terms


def _is_bound(term: DueTerm) -> bool:
    """Whether it asks for one range of the clock."""
    return len(term.ranges) == 1 and not term.negated


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


def _bounded(segment: Segment, left: Left, edge: int) -> Segment:
    """What of a segment by the clock has so much time left."""
    above = [] if left.above is None else [edge + left.above]
    below = [] if left.below is None else [edge + left.below]
    return replace(
        segment,
        above=max([*above, *([] if segment.above is None else [segment.above])], default=None),
        below=min([*below, *([] if segment.below is None else [segment.below])], default=None),
    )


def same(key: Key, one: Value, other: Value) -> bool:
    """Whether two values are one to the index of a key."""
    if key.collation and isinstance(one, str) and isinstance(other, str):
        return nocase(one) == nocase(other)
    return one == other


def nocase(text: str) -> tuple[bytes, int]:
    """What texts are ordered by under SQLite's NOCASE, which looks up to a NUL and then at the length."""
    folded = text.encode().lower()
    return folded.partition(b"\0")[0], len(folded)


class Stretch(Struct, frozen=True):
    """Rows of one state that are one range of an index; where they are `tied`, `seq` alone orders them."""

    range: Condition
    tied: bool = False


def stretches(segment: Segment, first: Spot | None, end: Spot | None) -> list[Stretch]:
    """The rows of one state in a segment from `first` on, up to but without `end`, in their order.

    Ties are a range of their own, because SQLite seeks a pair of values by its first alone.
    """
    expression = segment.key.expression
    on, back = ("<=", ">") if segment.descends else (">=", "<")
    from_ = Condition(f"seq {on} ?", (first.seq,)) if first else ALWAYS
    until = Condition(f"seq {back} ?", (end.seq,)) if end else ALWAYS
    if segment.nulls:
        return [Stretch(both(Condition(f"{expression} IS NULL"), from_, until), tied=True)]
    ties = [
        Condition(f"{expression} = ?", (spot.value,)) if spot and holds(segment, spot.value) else None
        for spot in (first, end)
    ]
    if first and end and same(segment.key, first.value, end.value):
        return [Stretch(both(ties[0], from_, until), tied=True)] if ties[0] else []
    return [
        *([Stretch(both(ties[0], from_), tied=True)] if ties[0] else []),
        Stretch(_between(segment, first, end)),
        *([Stretch(both(ties[1], until), tied=True)] if ties[1] else []),
    ]


def holds(segment: Segment, value: Value) -> bool:
    """Whether a value lies within the bounds of a segment."""
    if segment.nulls is not (value is None):
        return False
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
