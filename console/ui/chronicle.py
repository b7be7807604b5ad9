"""Facts in words: one sentence a fact, for the history of a media."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from console.ui import moments
from console.ui.theme import Ink

if TYPE_CHECKING:
    from console.domain.media import StoreError

MOST_FACTS = 300
"""Facts of one media that its history tells, the newest: a flood of them must not hold up the screen."""


def tell(fact: Fact) -> tuple[str, Ink, str]:
    """What happened, the ink for it, and the sender's own words below it (or nothing)."""
    match fact:
        case MediaAnnounced():
            return _announced(fact)
        case StoreQueued():
            by = f" by {fact.by}" if fact.by else ""
            return f"ordered{by} (attempt {fact.attempt})", Ink.PLAIN, ""
        case StoreRequested():
            return f"calling the API{_call(fact.try_number)}", Ink.PLAIN, ""
        case StoreAccepted():
            return "the API accepted; waiting for the callback", Ink.BUSY, ""
        case StoreDeferred():
            told = f"{_named(fact.error)}; tried again at {moments.short(fact.next_try_at)}"
            return told, Ink.WARN, fact.error.details or ""
        case StoreRefused():
            return f"answer: {_named(fact.error)}", Ink.BAD, fact.error.details or ""
        case StoreUnanswered():
            return "no callback came in time", Ink.WARN, ""
        case StoreFailed():
            return f"callback: {_named(fact.error)}", Ink.BAD, fact.error.details or ""
        case MediaStored():
            return "callback: stored, the client holds the file", Ink.GOOD, ""
        case ResultNoted():
            return f"callback with status {fact.status or '(none)'}: changes nothing", Ink.DIM, ""
    raise ValueError(f"{type(fact).__name__} is told nowhere")


def _announced(fact: MediaAnnounced) -> tuple[str, Ink, str]:
    if not fact.undownloaded:
        return f"webhook: {fact.type.value} announced", Ink.PLAIN, ""
    told = f"webhook: {fact.type.value} announced, not downloaded"
    if fact.error is None:
        return told, Ink.WARN, ""
    return f"{told}: {_named(fact.error)}", Ink.WARN, fact.error.details or ""


def _named(error: StoreError) -> str:
    return f"{error.code} {error.title}"


def _call(number: int) -> str:
    return f", call {number}" if number > 1 else ""
