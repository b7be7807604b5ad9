"""Media, facts and caches that the tests of this room are made of."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from msgspec.structs import replace

from console.cache import migrations
from console.cache.counts import recount
from console.cache.rows import UPSERT, media_row
from console.cache.windows import keys_of, media_of
from console.domain.facts import MediaAnnounced
from console.domain.media import (
    Media,
    MediaId,
    MediaKey,
    MediaType,
    Millis,
    Origin,
    Progress,
    Step,
    StoreError,
)
from console.domain.orders import Order
from console.domain.reading import Reading
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS, HOUR_MS
from console.domain.views import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from console.cache.reader import CacheReader

NOW = Millis(1_750_000_000_000)
WINDOW = DEFAULT_WINDOW_MS
EVERY = Selection()


@contextmanager
def fresh() -> Iterator[sqlite3.Connection]:
    """An empty cache in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrations.migrate_from(made, 0)
        yield made


def key(name: str) -> MediaKey:
    return MediaKey(name)


def announced(
    name: str,
    *,
    at: int = NOW,
    undownloaded: bool = True,
    caption: str | None = None,
    sent_at: int | None = None,
    error: StoreError | None = None,
) -> MediaAnnounced:
    return MediaAnnounced(
        key=key(name),
        id=MediaId(name),
        at=Millis(at),
        type=MediaType.IMAGE,
        message_id=f"wamid.{name}",
        sender="4915551234567",
        sender_name="Kerry Fisher",
        caption=caption,
        sent_at=None if sent_at is None else Millis(sent_at),
        undownloaded=undownloaded,
        error=error,
    )


def reading(*names: str) -> Reading:
    return Reading(facts=tuple(announced(name) for name in names))


def order(number: str, name: str) -> Order:
    return Order(id=number, at=NOW, key=key(name), by="tester")


def fill(db: Path, media: Iterable[Media]) -> None:
    """Makes a cache that holds these media and nothing else."""
    migrations.create(db)
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM media")
        connection.execute("DELETE FROM search_changed")
        connection.execute("INSERT INTO media_search (media_search) VALUES ('delete-all')")
        connection.execute("UPDATE search_fed SET seq = 0")
        connection.executemany(UPSERT, map(media_row, media))
        recount(connection)
        connection.execute("COMMIT")


words = st.sampled_from(
    [
        "",
        "a",
        "Straße",
        "STRASSE",
        "İstanbul",
        "ﬁle.pdf",
        "Kerry Fisher",
        "100%_x",
        "zwei\nZeilen",
        "\0",
        "日本",
    ]
)
texts = st.one_of(st.none(), words, st.text(max_size=6))
moments = st.one_of(
    st.integers(NOW - WINDOW - 4 * DAY_MS, NOW + DAY_MS),
    st.sampled_from([NOW - WINDOW + days * DAY_MS + edge for days in (-3, 0, 1, 3) for edge in (-1, 0, 1)]),
).map(Millis)
maybe_moments = st.one_of(st.none(), moments)
errors = st.builds(
    StoreError,
    code=st.one_of(st.integers(0, 2000), st.sampled_from(["404", "timeout", "Straße"])),
    title=st.one_of(words, st.text(max_size=6)),
    details=texts,
    origin=st.sampled_from(Origin),
)
progresses = st.builds(
    Progress,
    attempt=st.integers(0, 3),
    step=st.sampled_from(Step),
    at=moments,
    try_number=st.integers(0, 5),
    error=st.one_of(st.none(), errors),
    next_try_at=maybe_moments,
)
media = st.builds(
    Media,
    key=st.one_of(words, st.text(min_size=1, max_size=6)).map(MediaKey),
    id=st.one_of(st.none(), st.just(MediaId("7f3a")), st.text(max_size=4).map(MediaId)),
    heard_at=maybe_moments,
    announced_at=maybe_moments,
    message_id=texts,
    sent_at=maybe_moments,
    sender=st.one_of(texts, st.just("4915551234567")),
    sender_name=texts,
    filename=texts,
    caption=texts,
    type=st.sampled_from(MediaType),
    type_from=maybe_moments,
    mime_type=texts,
    mime_type_from=maybe_moments,
    sha256=texts,
    sha256_from=maybe_moments,
    size=st.one_of(st.none(), st.integers(0, 2**40)),
    size_from=maybe_moments,
    conflict=st.booleans(),
    undownloaded=st.booleans(),
    announced_error=st.one_of(st.none(), errors),
    announced_error_from=maybe_moments,
    opened=st.integers(0, 3),
    progress=st.one_of(st.none(), progresses),
)
several_media = st.lists(media, max_size=8, unique_by=lambda one: one.key)


def keys_in(
    reader: CacheReader, selection: Selection = EVERY, window_ms: int = WINDOW, now: Millis = NOW
) -> list[MediaKey]:
    """The keys of a list in its order."""
    return reader.ask(lambda moment: list(keys_of(moment, selection, window_ms, now)))


def media_in(
    reader: CacheReader, selection: Selection = EVERY, window_ms: int = WINDOW, now: Millis = NOW
) -> list[Media]:
    """The media of a list in its order."""
    return reader.ask(lambda moment: list(media_of(moment, selection, window_ms, now)))


durations = st.sampled_from([f"{count}{unit}" for count in (1, 2, 3) for unit in "dh"])


def due_in(hours: float, name: str, step: Step | None = None, **fields: object) -> Media:
    """A media whose deadline lies so many hours ahead; undownloaded unless a step is given."""
    at = Millis(int(NOW - WINDOW + hours * HOUR_MS))
    made = Media(
        key=key(name),
        id=MediaId(name),
        heard_at=at,
        announced_at=at,
        undownloaded=True,
        progress=None if step is None else Progress(attempt=1, step=step, at=at),
    )
    return replace(made, **fields)
