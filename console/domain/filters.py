"""The filter: one small language for the screen and the shell.

    state:failed,unconfirmed type:image,doc from:kerry due:<2d -error:1006 "september invoice"

Terms stand side by side and all must hold; `-` in front turns one round. A comma lists
alternatives. Bare words and quoted phrases search file name, caption and sender, in any letter
case. `due:` speaks of the countdown that the list shows: `due:<2d` is still running with less than
that left, `due:>3d` has more, `due:lapsed` is past its window; what is `kept` has no due.

`parse` is the only reader of this language and `matches` its reference meaning; the cache
compiles the same terms to SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.filter_reader import FilterError, parse
from console.domain.media import State
from console.domain.retention import expires_at
from console.domain.terms import (
    EVERYTHING,
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

if TYPE_CHECKING:
    from console.domain.media import Media, Millis

__all__ = [
    "EVERYTHING",
    "LAPSED",
    "DueTerm",
    "ErrorTerm",
    "Filter",
    "FilterError",
    "FromTerm",
    "IdTerm",
    "Left",
    "Sender",
    "StateTerm",
    "Term",
    "TextTerm",
    "TypeTerm",
    "matches",
    "parse",
    "search_text",
]


def search_text(media: Media) -> str:
    """What bare words are searched in: file name, caption and sender, one a line, casefolded.

    No term holds a line break, so that nothing is found across two of them.
    """
    parts = (media.filename or "", media.caption or "", media.sender or "", media.sender_name or "")
    return "\n".join(parts).casefold()


def matches(filter: Filter, media: Media, window_ms: int, now: Millis) -> bool:
    """Whether the media passes: the meaning that every other reader of a `Filter` must agree with."""
    return all(_holds(term, media, window_ms, now) is not term.negated for term in filter.terms)


def _holds(term: Term, media: Media, window_ms: int, now: Millis) -> bool:
    match term:
        case StateTerm():
            return media.state in term.states or (term.lapsed and _is_left(LAPSED, media, window_ms, now))
        case TypeTerm():
            return media.type in term.types
        case FromTerm():
            return any(_is_from(sender, media) for sender in term.senders)
        case DueTerm():
            return any(_is_left(left, media, window_ms, now) for left in term.ranges)
        case ErrorTerm():
            return _has_error(term, media)
        case IdTerm():
            texts = (_fold(media.key), _fold(media.message_id))
            return any(wanted in held for wanted in term.texts for held in texts)
        case TextTerm():
            return term.text in search_text(media)


def _is_left(left: Left, media: Media, window_ms: int, now: Millis) -> bool:
    if media.state is State.DOWNLOADED:
        return False
    time_left = expires_at(media, window_ms) - now
    return (left.above is None or time_left > left.above) and (left.below is None or time_left < left.below)


def _is_from(sender: Sender, media: Media) -> bool:
    held = (_fold(media.sender), _fold(media.sender_name))
    return any(sender.text in text for text in held) or (
        sender.digits is not None and sender.digits in held[0]
    )


def _has_error(term: ErrorTerm, media: Media) -> bool:
    error = media.error
    if error is None:
        return False
    texts = (_fold(error.title), _fold(error.details))
    by_code = _fold(str(error.code)) in term.codes
    return term.any or by_code or any(wanted in held for wanted in term.texts for held in texts)


def _fold(text: str | None) -> str:
    return (text or "").casefold()
