"""Caches of any number of media for the benchmarks, made in seconds (ten million: in minutes).

Some media are lived through: their webhooks and orders go through the program's own reading, fold and
batch, with history and bodies. Every other row is a copy of one of them with an id and moments of its
own, further back in time, and without history. So each row is what the program writes for such a media,
and the counts and the search index are made over all of them by the program's own statements.
"""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect
from contextlib import closing
from typing import TYPE_CHECKING, Final, TypeAlias
from zlib import crc32

from console.cache import migrations
from console.cache.batch import Batch
from console.cache.counts import recount
from console.cache.rows import COLUMNS, DERIVED
from console.cache.schema import VERSIONS
from console.clock import wall
from console.domain.media import MediaId, Millis
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS
from console.platforms.onpremises.webhook import read_webhook
from console.simulator.content import ANY_LANGUAGE, Correspondence, Sender, languages
from console.simulator.dice import Dice
from console.simulator.fates import Fates
from console.simulator.story import Heard, Teller
from console.simulator.volume import HeldMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from console.simulator.story import Step

SPAN_MS: Final = 16 * DAY_MS
"""How far back the messages reach: the oldest have lapsed."""
LIVED: Final = 20_000
"""About so many media have a history and bodies, spread evenly."""
URGENT_MS: Final = 12 * 3_600_000
"""Those of them that need a download and lapse within that time have them all, as have the newest."""
FRESH_MS: Final = 8 * 3_600_000
"""A cache that was made so long ago is made anew: its clocks have run on."""
_AT_ONCE: Final = 2000

_SHARES: Final = {
    "plain": 660,
    "stored": 190,
    "stored_second": 20,
    "stored_late_news": 10,
    "undownloaded": 60,
    "own_failure": 15,
    "lost": 3,
    "failed": 20,
    "no_route": 4,
    "no_file": 8,
    "given_up": 3,
    "forbidden": 1,
    "gone": 1,
    "unconfirmed": 5,
}
"""What becomes of a thousand media: the names of the methods of `Fates`."""
_UNDER_WAY: Final = {"requested": 6, "queued": 3, "deferred": 3}
"""Beside those, of the newest only: what was ordered is answered within minutes."""
_Placed: TypeAlias = "tuple[int, str | None, str | None, int, int]"
_QUIET: Final = {"plain", "stored", "stored_second", "stored_late_news"}

_MOMENTS: Final = {
    "sent_at",
    "heard_at",
    "announced_at",
    "clock_from",
    "next_try_at",
    "progress_at",
    "announced_error_from",
    "type_from",
    "mime_type_from",
    "sha256_from",
    "size_from",
}
_OWN: Final = {
    "key": "coalesce(?2, key)",
    "id": "coalesce(?2, id)",
    "message_id": "coalesce(?3, message_id)",
    "error_details": "coalesce(replace(error_details, id, ?2), error_details)",
    **{name: f"{name} + ?4" for name in _MOMENTS},
}
_ALL: Final = (*COLUMNS, *DERIVED)
_PUT: Final = (
    f"INSERT INTO media (seq, {', '.join(_ALL)}) "
    f"SELECT ?1, {', '.join(_OWN.get(name, name) for name in _ALL)} FROM lived WHERE seq = ?5"
)
"""A row in its place: one that was lived through as it is (NULL, NULL, 0), or a copy of one."""
_SEARCH: Final = (
    "DELETE FROM search_changed",
    "INSERT INTO media_search (media_search) VALUES ('delete-all')",
    "INSERT INTO media_search (rowid, text) SELECT seq, search_text || char(10) || char(10) FROM media",
    "UPDATE search_fed SET seq = (SELECT coalesce(max(seq), 0) FROM media)",
)
_MERGE: Final = "INSERT INTO media_search (media_search, rank) VALUES ('merge', 10000)"
"""What a service does in its pauses, by larger bites."""


def filled(folder: Path, rows: int) -> Path:
    """A cache of so many media in a folder: one of this schema that was made there lately, or a new one."""
    name = f"media-{rows}-{crc32(repr(VERSIONS).encode()):08x}-"
    for found in folder.glob(f"{name}*.db"):
        if wall() - int(found.stem.removeprefix(name)) < FRESH_MS:
            return found
        for each in folder.glob(f"{found.name}*"):
            each.unlink()
    db = folder / f"{name}{wall()}.db"
    draft = db.with_suffix(".draft")
    fill(draft, rows, wall())
    draft.rename(db)
    return db


def fill(db: Path, rows: int, now: Millis, lived: int = LIVED) -> None:
    """Makes a cache (0600) that was not there; the same for the same arguments.

    Args:
        now: the newest message is a moment older, the oldest 16 days.
        lived: about so many media get a history and bodies.
    """
    migrations.create(db)
    os.chmod(db, 0o600)
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        _Filling(connection, rows, now, lived).all()
        connection.execute("PRAGMA journal_mode = WAL")


class _Filling:
    """One cache while it is made. A media's `place` is its number in the order of the messages, from 0."""

    def __init__(self, connection: sqlite3.Connection, rows: int, now: Millis, lived: int) -> None:
        self._connection = connection
        self._rows = rows
        self._now = now
        self._every = max(1, rows // lived)
        self._newest = 2 * self._every + lived // 20
        self._dice = Dice(rows, "filling")
        self._fates = Fates(now, self._dice)
        self._correspondence = Correspondence(self._dice)
        self._names = _names()

    def all(self) -> None:
        """Media, then indexes, then what is counted and searched."""
        places = self._live()
        self._connection.execute("BEGIN")
        indexes = self._connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'media' AND type = 'index' AND sql NOTNULL"
        ).fetchall()
        for name, _ in indexes:
            self._connection.execute(f"DROP INDEX {name}")
        self._spread(places)
        for _, statement in indexes:
            self._connection.execute(statement)
        recount(self._connection)
        for statement in _SEARCH:
            self._connection.execute(statement)
        while self._changes_by(_MERGE) > 1:
            pass
        self._connection.execute("COMMIT")

    def _changes_by(self, statement: str) -> int:
        before = self._connection.total_changes
        self._connection.execute(statement)
        return self._connection.total_changes - before

    def _sent_at(self, place: int) -> Millis:
        return Millis(self._now - SPAN_MS + (2 * place + 1) * SPAN_MS // (2 * self._rows) - 60_000)

    def _key(self, place: int) -> str:
        """An id like a UUID; they rise with the place, so that the table is quickly made."""
        rest = (place * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & (1 << 96) - 1
        word = f"{(place << 32) // self._rows:08x}{rest:024x}"
        return f"{word[:8]}-{word[8:12]}-4{word[13:16]}-a{word[17:20]}-{word[20:]}"

    def _live(self) -> dict[str, int]:
        """Writes what is lived through, in the order of the moments; the places by key."""
        places: dict[str, int] = {}
        steps: list[tuple[Millis, int, Step]] = []
        for place in range(self._rows):
            fate = self._fate(place)
            if fate is not None:
                for step in self._story(place, fate, places):
                    steps.append((step.at if isinstance(step, Heard) else step.fact.at, len(steps), step))
        steps.sort()
        for start in range(0, len(steps), _AT_ONCE):
            self._connection.execute("BEGIN")
            batch = Batch(self._connection, ())
            for _, _, step in steps[start : start + _AT_ONCE]:
                if isinstance(step, Heard):
                    batch.take_webhook(step.body, step.at, read_webhook(step.body, step.at))
                else:
                    batch.add((step.fact,), None)
            batch.write()
            self._connection.execute("COMMIT")
        return places

    def _fate(self, place: int) -> str | None:
        """What becomes of a media that is lived through; None for one that is copied."""
        newest = place >= self._rows - self._newest
        urgent = 0 < self._sent_at(place) + DEFAULT_WINDOW_MS - self._now < URGENT_MS
        source = place % self._every == 0
        if not (newest or urgent or source):
            return None
        under_way = newest and not (source and self._every > 1)
        fate = self._dice.pick_weighted(_SHARES | _UNDER_WAY if under_way else _SHARES)
        return fate if source or newest or fate not in _QUIET else None

    def _story(self, place: int, fate: str, places: dict[str, int]) -> tuple[Step, ...]:
        sent_at = self._sent_at(place)
        _, item = self._correspondence.draw(sent_at)
        media = None if fate == "lost" else HeldMedia(MediaId(self._key(place)), item.type, item.mime)
        teller = Teller(self._sender(), item, media, sent_at, self._dice)
        teller.wait(self._dice.between(0.4, 4))
        tell: Callable[[Teller], None] = getattr(self._fates, fate)
        tell(teller)
        story = teller.story()
        first = story.steps[0]
        if isinstance(first, Heard):
            places[str(read_webhook(first.body, first.at).facts[0].key)] = place
        return story.steps

    def _sender(self) -> Sender:
        """One of some ten thousand, with a number that is kept free for fiction."""
        names = self._dice.pick(self._names)
        name = f"{self._dice.pick(names)[0]} {self._dice.pick(names)[-1]}"
        number = f"1{self._dice.whole(201, 989)}55501{self._dice.whole(0, 99):02d}"
        return Sender(number, None if self._dice.fraction() < 0.05 else name)

    def _spread(self, places: dict[str, int]) -> None:
        """Puts what was lived through in its places, and copies of it in all others."""
        execute = self._connection.execute
        execute("CREATE TEMP TABLE lived AS SELECT * FROM media")
        execute("CREATE UNIQUE INDEX temp.lived_by_seq ON lived (seq)")
        execute("DELETE FROM media")
        rows = execute("SELECT seq, key, id NOTNULL FROM lived").fetchall()
        lived = {places[key]: seq for seq, key, _ in rows}
        sources = sorted(places[key] for _, key, named in rows if named and not places[key] % self._every)
        self._connection.executemany(_PUT, self._placed(lived, sources))
        execute("UPDATE fact SET media = -media")  # so that no two meet on the way
        execute(
            "UPDATE fact SET media = (SELECT seq FROM media WHERE account = fact.account AND key = media_key)"
        )
        execute("DROP TABLE lived")

    def _placed(self, lived: dict[int, int], sources: list[int]) -> Iterator[_Placed]:
        """What `_PUT` takes, place by place. A copy is older than its source: nothing is yet to be."""
        for place in range(self._rows):
            if place in lived:
                yield place + 1, None, None, 0, lived[place]
                continue
            younger = min(bisect(sources, place), len(sources) - 1)
            scattered = place * 2_654_435_761 >> 7
            source = sources[younger + scattered % (len(sources) - younger)]
            back = self._sent_at(place) - self._sent_at(source)
            yield place + 1, self._key(place), f"ABGG{place:018x}", back, lived[source]


def _names() -> list[list[list[str]]]:
    """The names of senders in parts, language by language: their scripts are not mixed."""
    every = [
        [sender.name.split() for sender in one.senders if sender.name]
        for one in languages()
        if one.language != ANY_LANGUAGE
    ]
    return [names for names in every if names]
