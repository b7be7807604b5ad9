"""Where the media of a filter are to be found: candidates that an index names, each of which is looked at.

The index of trigrams, those by error, by type and by time each name the candidates of a term; the one
that names the fewest is taken. A candidate is never an answer: the whole filter is asked of its row, and
the rows that the index of trigrams does not know yet are candidates of any text.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.query import marks, sql
from console.cache.searchindex import NOT_INDEXED
from console.cache.where import Condition, both, states, time_left
from console.domain.filters import DueTerm, ErrorTerm, FromTerm, Left, TextTerm, TypeTerm
from console.domain.media import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from console.cache.reader import Moment
    from console.domain.filters import Term

MOST: Final = 100_000
"""Candidates that are worth looking at; where there are more, a window is soon found by walking."""
MOST_SHORT: Final = 20_000
"""The same for a text of one or two letters: each of its trigrams names its rows again."""
FEW: Final = 3000
"""Candidates that are all looked at in the time that a key has, though their pages come from the disk."""
_VOCABULARY: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.media_trigram USING fts5vocab (main, media_search, instance)"
)
"""The trigrams of the search index in their order, for texts that are shorter than one."""
_OF_THE_INDEX: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT)
"""What SQLite says of a search index that is damaged. Until it is made anew, rows are looked at directly."""

_BY_TRIGRAM: Final = "SELECT doc AS seq FROM media_trigram WHERE term >= ? AND term <= ?"
_BY_MATCH: Final = "SELECT rowid AS seq FROM media_search WHERE media_search MATCH ?"
_LETTERS: Final = 3
_MOST_TRIGRAMS: Final = 6
"""Of a long text so many are looked up, each the costlier the more rows hold it; its rows tell the rest."""
_LAST: Final = 2 * "\U0010ffff"
_SCATTER: Final = 2_654_435_761
_SCATTERED: Final = 1 << 32


class Candidates(NamedTuple):
    """A statement that gives the `seq` of each, some perhaps twice; and how many it gives."""

    source: Condition
    many: int


def listed(seqs: Sequence[int]) -> Condition:
    """Candidates whose numbers are known."""
    return Condition("SELECT value AS seq FROM json_each(?)", (json.dumps(list(seqs)),))


class Sample(NamedTuple):
    """Some of many media: the `seq` of each, among others perhaps; and one of how many it is."""

    source: Condition
    one_of: int


def spread(moment: Moment, wanted: int) -> Sample:
    """About so many of all media: one of each stretch of numbers of the same length.

    Where in its stretch each is differs: what arrives may have a rhythm.
    """
    [(least, most)] = moment.rows("SELECT (SELECT min(seq) FROM media), (SELECT max(seq) FROM media)")
    if least is None:
        return Sample(listed(()), 1)
    step = max(1, (most - least + 1) // max(1, wanted))
    starts = range(least, most + 1, step)
    return Sample(listed([start + number * _SCATTER % step for number, start in enumerate(starts)]), step)


def share(found: Candidates, wanted: int) -> Sample:
    """About so many of some candidates, each the same whenever it is asked."""
    one_of = max(1, found.many // max(1, wanted))
    chosen = sql("SELECT seq FROM (", found.source.sql, ") WHERE (seq & ?) * ? & ? < ?")
    bounds = (_SCATTERED >> 1) - 1, _SCATTER, _SCATTERED - 1, _SCATTERED // one_of
    return Sample(Condition(chosen, (*found.source.params, *bounds)), one_of)


def candidates(
    moment: Moment,
    terms: Iterable[Term],
    of: Collection[State],
    edge: int,
    within: Left | None = None,
    *,
    most: int = MOST,
    most_short: int = MOST_SHORT,
) -> Candidates | None:
    """The fewest candidates for what passes all the terms; None if no index names less than `most`.

    Args:
        of: the states that the media are in.
        edge: the start of a window that ends now.
        within: the time that they have left, where that is bounded.
        most_short: the most for a text of one or two letters.
    """
    asked = [term for term in terms if not term.negated]
    sources = [*_by_texts(asked), *(source for term in asked for source in _sources(term, of, edge))]
    if within is not None:
        sources.append(by_due(of, within, edge))
    if len(of) < len(State):
        sources.append(by_due(of, Left(), edge))
    fewest: Candidates | None = None
    for source in sources:
        enough = most_short if _BY_TRIGRAM in source.sql else most
        limit = enough + 1 if fewest is None else min(enough + 1, fewest.many)
        many = _count(moment, source, limit)
        if many < limit:
            fewest = Candidates(source, many)
    return fewest


def _count(moment: Moment, source: Condition, limit: int) -> int:
    """How many candidates a source names; `limit` where they are more or it cannot be read."""
    try:
        if _BY_TRIGRAM in source.sql:
            moment.rows(_VOCABULARY)
        counted = sql("SELECT count(*) FROM (SELECT 1 FROM (", source.sql, ") LIMIT ?)")
        [(many,)] = moment.rows(counted, (*source.params, limit))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _OF_THE_INDEX:
            raise
        return limit
    return int(many)


def _sources(term: Term, of: Collection[State], edge: int) -> list[Condition]:
    """The indexes that name the candidates of one term."""
    match term:
        case ErrorTerm():
            return [_by_index("media_by_error", of, Condition("error_title IS NOT NULL"))]
        case TypeTerm():
            kinds = tuple(kind.value for kind in term.types)
            return [_by_index("media_by_type", of, Condition(f"type IN {marks(len(kinds))}", kinds))]
        case DueTerm():
            return [_any(by_due(set(of) - {State.DOWNLOADED}, left, edge) for left in term.ranges)]
        case _:
            return []


def _by_texts(terms: Sequence[Term]) -> list[Condition]:
    """The media whose text may hold what the terms ask for: all long texts at once, each short one alone."""
    long: list[str] = []
    short: list[str] = []
    for term in terms:
        texts = _texts(term)
        if not all(text and "\0" not in text for text in texts):
            continue
        if texts and all(len(text) >= _LETTERS for text in texts):
            long.append(f"({' OR '.join(map(_match, texts))})")
        elif len(texts) == 1:
            short += texts
    matched = [Condition(_BY_MATCH, (" AND ".join(long),))] if long else []
    begun = [Condition(_BY_TRIGRAM, (text, text + _LAST)) for text in short]
    return [_any([source, Condition(NOT_INDEXED)]) for source in (*matched, *begun)]


def _texts(term: Term) -> list[str]:
    """The texts of which a media of this term holds at least one; none if the term is not about texts."""
    match term:
        case TextTerm():
            return [term.text]
        case FromTerm():
            return [
                text for sender in term.senders for text in (sender.text, sender.digits) if text is not None
            ]
        case _:
            return []


def _match(text: str) -> str:
    """A text that holds the trigrams of which this one is put together, in the language of FTS5."""
    last = len(text) - _LETTERS
    trigrams = dict.fromkeys(text[start : start + _LETTERS] for start in (*range(0, last, _LETTERS), last))
    quoted = ('"' + trigram.replace('"', '""') + '"' for trigram in list(trigrams)[:_MOST_TRIGRAMS])
    return f"({' AND '.join(quoted)})"


def by_due(of: Collection[State], left: Left, edge: int) -> Condition:
    """The media in some states that have so much time left."""
    return _by_index("media_by_due", of, time_left(left, edge))


def _by_index(index: str, of: Collection[State], condition: Condition) -> Condition:
    found = both(states(of), condition)
    return Condition(sql("SELECT seq FROM media INDEXED BY", index, "WHERE", found.sql), found.params)


def _any(sources: Iterable[Condition]) -> Condition:
    several = list(sources)
    return Condition(
        " UNION ALL ".join(source.sql for source in several) or "SELECT 0 AS seq WHERE 0",
        tuple(value for source in several for value in source.params),
    )
