"""The terms of a filter: plain data that is tested against a media or compiled to SQL.

Texts in here are casefolded and hold no control characters. `console.domain.filters` reads them
from text and says what they mean.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

from console.domain.media import MediaType, State
from console.domain.retention import duration_text


class StateTerm(Struct, frozen=True, kw_only=True):
    """`state:` — one of the states, or lapsed where `lapsed` is set (as `due:lapsed`)."""

    states: tuple[State, ...] = ()
    lapsed: bool = False
    negated: bool = False


class TypeTerm(Struct, frozen=True, kw_only=True):
    """`type:` — one of the media types."""

    types: tuple[MediaType, ...]
    negated: bool = False


class Sender(Struct, frozen=True, kw_only=True):
    """A part of the sender's name or address, casefolded.

    `digits` is set where the text reads as a phone number: its digits, to be found in the
    sender's address however the number was spaced.
    """

    text: str
    digits: str | None = None


class FromTerm(Struct, frozen=True, kw_only=True):
    """`from:` — one of the senders."""

    senders: tuple[Sender, ...]
    negated: bool = False


class Left(Struct, frozen=True, kw_only=True):
    """A range of the time left in milliseconds, both ends excluded, None where it is open."""

    above: int | None = None
    below: int | None = None


LAPSED = Left(below=1)
"""Nothing left: the deadline is reached or past."""


class DueTerm(Struct, frozen=True, kw_only=True):
    """`due:` — not yet downloaded, and the time left lies in one of the ranges."""

    ranges: tuple[Left, ...]
    negated: bool = False


class ErrorTerm(Struct, frozen=True, kw_only=True):
    """`error:` — the code is one of `codes`, or title or details hold one of `texts` (casefolded).

    With `any` every media that has an error counts.
    """

    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    any: bool = False
    negated: bool = False


class IdTerm(Struct, frozen=True, kw_only=True):
    """`id:` — key or message id holds one of the texts (casefolded)."""

    texts: tuple[str, ...]
    negated: bool = False


class TextTerm(Struct, frozen=True, kw_only=True):
    """A bare word or a phrase (casefolded): `search_text` holds it."""

    text: str
    negated: bool = False


Term: TypeAlias = StateTerm | TypeTerm | FromTerm | DueTerm | ErrorTerm | IdTerm | TextTerm


class Filter(Struct, frozen=True, kw_only=True):
    """A conjunction of terms; none at all lets everything through.

    `str` gives text that reads back as the same filter (as long as quoting keeps it short enough).
    """

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(_written, self.terms))


EVERYTHING = Filter()


_BARE = re.compile(r"[^\s\"\\,:-][^\s\"\\,:]*")


def quoted(text: str) -> str:
    """The text as one word or phrase of a filter, in quotes where it needs them."""
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _written(term: Term) -> str:
    return ("-" if term.negated else "") + _written_plainly(term)


def _written_plainly(term: Term) -> str:
    match term:
        case StateTerm():
            return "state:" + ",".join([*term.states, *(["lapsed"] if term.lapsed else [])])
        case TypeTerm():
            return "type:" + ",".join(term.types)
        case FromTerm():
            return "from:" + ",".join(quoted(sender.text) for sender in term.senders)
        case DueTerm():
            return "due:" + ",".join(map(_range_written, term.ranges))
        case ErrorTerm():
            words = dict.fromkeys([*term.codes, *term.texts, *(["any"] if term.any else [])])
            return "error:" + ",".join(map(quoted, words))
        case IdTerm():
            return "id:" + ",".join(map(quoted, term.texts))
        case TextTerm():
            return quoted(term.text)


def _range_written(left: Left) -> str:
    if left == LAPSED:
        return "lapsed"
    if left.below is not None:
        return f"<{duration_text(left.below)}"
    return f">{duration_text(left.above or 0)}"
