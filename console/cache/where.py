"""Views, filters and sort orders as SQL over the `media` table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache.query import marks
from console.cache.rows import SqlValue
from console.domain.filters import (
    LAPSED,
    DueTerm,
    ErrorTerm,
    Filter,
    FromTerm,
    IdTerm,
    Left,
    Sender,
    StateTerm,
    Term,
    TextTerm,
    TypeTerm,
)
from console.domain.media import CLOCKED, NEEDS_DOWNLOAD, OPEN_STATES, State
from console.domain.retention import SOON_MS
from console.domain.views import Selection, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from console.domain.media import Millis


class Condition(Struct, frozen=True):
    """A piece of SQL that is true or false of a row (never NULL), and its parameters."""

    sql: str
    params: tuple[SqlValue, ...] = ()


ALWAYS: Final = Condition("1")
SOON: Final = Left(above=-SOON_MS, below=SOON_MS)
"""How near to its deadline a media is due soon, to both sides."""


def both(*conditions: Condition) -> Condition:
    """True where all of them are."""
    parts = [condition for condition in conditions if condition is not ALWAYS]
    if not parts:
        return ALWAYS
    return Condition(
        " AND ".join(f"({part.sql})" for part in parts),
        tuple(value for part in parts for value in part.params),
    )


def either(*conditions: Condition) -> Condition:
    """True where at least one of them is."""
    return Condition(
        " OR ".join(f"({condition.sql})" for condition in conditions) or "0",
        tuple(value for condition in conditions for value in condition.params),
    )


def states(wanted: Iterable[State]) -> Condition:
    """True in these states."""
    return _one_of("state", sorted(state.value for state in wanted))


def _one_of(expression: str, values: Sequence[str]) -> Condition:
    return Condition(f"{expression} IN {marks(len(values))}", tuple(values))


def view_condition(view: View, window_ms: int, now: Millis) -> Condition:
    """What a view holds. *Due soon* reaches three days to both sides of the deadline."""
    match view:
        case View.ALL:
            return ALWAYS
        case View.NEEDS_DOWNLOAD:
            return states(NEEDS_DOWNLOAD)
        case View.REQUESTED:
            return states(OPEN_STATES)
        case View.FAILED:
            return states({State.FAILED})
        case View.DOWNLOADED:
            return states({State.DOWNLOADED})
        case View.DUE_SOON:
            return both(states(CLOCKED), time_left(SOON, now - window_ms))


def filter_condition(wanted: Filter, window_ms: int, now: Millis) -> Condition:
    """What a filter lets through: the same media as `domain.filters.matches`.

    Needs the SQL function `casefold` (see `reader`), which SQLite lacks for letters beyond ASCII.
    """
    return both(*(_term(term, now - window_ms) for term in wanted.terms))


def _term(term: Term, edge: int) -> Condition:
    holds = _holds(term, edge)
    return Condition(f"NOT ({holds.sql})", holds.params) if term.negated else holds


def _holds(term: Term, edge: int) -> Condition:
    """One term as if it were not negated; `edge` is the start of a window that ends now."""
    match term:
        case StateTerm():
            return either(states(term.states), *([_left(LAPSED, edge)] if term.lapsed else []))
        case TypeTerm():
            return _one_of("type", [kind.value for kind in term.types])
        case FromTerm():
            return either(*map(_from, term.senders))
        case DueTerm():
            return either(*(_left(left, edge) for left in term.ranges))
        case ErrorTerm():
            return both(Condition("error_title IS NOT NULL"), _error(term))
        case IdTerm():
            return either(*(_folded(("key", "message_id"), text) for text in term.texts))
        case TextTerm():
            return Condition("instr(search_text, ?) > 0", (term.text,))


def _left(left: Left, edge: int) -> Condition:
    return both(Condition("state <> ?", (State.DOWNLOADED.value,)), time_left(left, edge))


def time_left(left: Left, edge: int) -> Condition:
    """True where so much time is left, in whatever state; `edge` is the start of a window that ends now."""
    above = [] if left.above is None else [Condition("clock_from > ?", (edge + left.above,))]
    below = [] if left.below is None else [Condition("clock_from < ?", (edge + left.below,))]
    return both(*above, *below)


def _from(sender: Sender) -> Condition:
    """The sender is part of `search_text`, whose cheap test goes first and leaves few to fold."""
    likely = Condition("instr(search_text, ?) > 0", (sender.text,))
    named = both(likely, _folded(("sender", "sender_name"), sender.text))
    if sender.digits is None:
        return named
    return either(named, Condition("instr(coalesce(sender, ''), ?) > 0", (sender.digits,)))


def _error(term: ErrorTerm) -> Condition:
    if term.any:
        return ALWAYS
    by_code = _one_of("casefold(CAST(error_code AS TEXT))", term.codes)
    return either(by_code, *(_folded(("error_title", "error_details"), text) for text in term.texts))


def _folded(columns: Iterable[str], text: str) -> Condition:
    """True where one of the columns holds a text that is casefolded already."""
    return either(*(_holds_folded(column, text) for column in columns))


def _holds_folded(column: str, text: str) -> Condition:
    """Folds letters beyond ASCII only where there are some: SQLite's own `lower` is much the faster."""
    beyond = Condition(
        f"length({column}) IS NOT length(CAST({column} AS BLOB)) AND instr(casefold({column}), ?) > 0",
        (text,),
    )
    if not text.isascii():
        return beyond
    return either(Condition(f"instr(lower(coalesce({column}, '')), ?) > 0", (text,)), beyond)


def selection_condition(selection: Selection, window_ms: int, now: Millis) -> Condition:
    """What a list shows."""
    return both(
        view_condition(selection.view, window_ms, now), filter_condition(selection.filter, window_ms, now)
    )
