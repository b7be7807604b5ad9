"""The tables of the cache. A released version is never edited: a change is one more entry below.

`media` is plain on purpose, one row a media, so that any SQLite tool can read it. Times are UTC
milliseconds. `media.search_text` is what the text search looks in.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x574D4331
"""Marks a file as a cache of this program (`PRAGMA application_id`)."""

_MEDIA = """
CREATE TABLE media (
    seq INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT,
    state TEXT NOT NULL,
    type TEXT NOT NULL,
    mime_type TEXT,
    sha256 TEXT,
    size INTEGER,
    filename TEXT,
    caption TEXT,
    sender TEXT,
    sender_name TEXT,
    message_id TEXT,
    sent_at INTEGER,
    heard_at INTEGER,
    announced_at INTEGER,
    clock_from INTEGER NOT NULL,
    error_code,
    error_title TEXT,
    error_details TEXT,
    error_origin TEXT,
    attempts INTEGER NOT NULL,
    next_try_at INTEGER,
    progress_attempt INTEGER,
    progress_step INTEGER,
    progress_at INTEGER,
    progress_try_number INTEGER,
    undownloaded INTEGER NOT NULL,
    announced_error TEXT,
    announced_error_from INTEGER,
    conflict INTEGER NOT NULL,
    type_from INTEGER,
    mime_type_from INTEGER,
    sha256_from INTEGER,
    size_from INTEGER,
    search_text TEXT NOT NULL,
    UNIQUE (account, key)
)
"""

_FACT = """
CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    media_key TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    webhook_id INTEGER,
    identity BLOB NOT NULL,
    UNIQUE (account, media_key, identity)
)
"""

_WEBHOOK = """
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    facts INTEGER NOT NULL
)
"""

_QUARANTINE = """
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    webhook_id INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (digest, place)
)
"""

_ORDER_TAKEN = """
CREATE TABLE order_taken (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    media_key TEXT NOT NULL,
    taken TEXT NOT NULL
) WITHOUT ROWID
"""

_STATUS = "CREATE TABLE status (id INTEGER PRIMARY KEY CHECK (id = 1), data TEXT NOT NULL)"

_NOTICE = """
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    first_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL,
    media_key TEXT,
    count INTEGER NOT NULL,
    UNIQUE (level, source, text)
)
"""

_NOTICE_OF_A_MEDIA = (
    "ALTER TABLE notice RENAME TO notice_before",
    """
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    first_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL,
    media_key TEXT,
    count INTEGER NOT NULL
)
""",
    "INSERT INTO notice (id, first_at, at, level, source, text, media_key, count) "
    "SELECT id, first_at, at, level, source, text, media_key, count FROM notice_before",
    "DROP TABLE notice_before",
    "CREATE INDEX notice_by_time ON notice (at)",
    "CREATE UNIQUE INDEX notice_once ON notice (level, source, text, coalesce(media_key, ''))",
)
"""Two media may fail in the same words, as those of one sender do: each has a notice of its own."""

_UPKEEP = (
    "ALTER TABLE webhook ADD COLUMN coding TEXT",
    "ALTER TABLE fact ADD COLUMN stands_before INTEGER",
    """
CREATE TABLE maintenance (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    outcome TEXT NOT NULL
) WITHOUT ROWID
""",
)
"""`webhook.coding` says how a body is stored (see `bodies`). `fact.stands_before` is the `seq` of the
fact before which one belongs that was read from its body later than on receipt; NULL: where its own
`seq` says. `maintenance` keeps what came of replays and purges."""

HOUR_MS: Final = 3_600_000
"""The width of one count of `media_hour`."""

MEDIA_SEARCH: Final = (
    "CREATE VIRTUAL TABLE media_search USING fts5 "
    "(text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1')",
    "INSERT INTO media_search (media_search, rank) VALUES ('automerge', 0)",
    "INSERT INTO media_search (media_search, rank) VALUES ('usermerge', 16)",
    "INSERT INTO media_search (media_search, rank) VALUES ('crisismerge', 1000)",
)
"""The search index, whose segments are merged by `searchindex.merge` alone: by itself FTS5 does so much of it
at once that everybody would wait."""

_AT_SCALE = (
    "ALTER TABLE fact RENAME TO fact_before",
    """
CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    media_key TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    webhook_id INTEGER,
    identity BLOB NOT NULL,
    stands_before INTEGER,
    media INTEGER,
    CHECK (media IS NOT NULL)
)
""",
    "INSERT INTO fact SELECT f.seq, f.account, f.media_key, f.at, f.kind, f.data, f.webhook_id, f.identity, "
    "f.stands_before, m.seq FROM fact_before AS f "
    "JOIN media AS m ON m.account = f.account AND m.key = f.media_key",
    "DROP TABLE fact_before",
    "CREATE UNIQUE INDEX fact_once ON fact (media, identity)",
    "DROP INDEX media_by_state",
    "CREATE INDEX media_by_due ON media (state, clock_from)",
    "CREATE INDEX media_by_receipt ON media (state, heard_at)",
    "CREATE INDEX media_by_size ON media (state, coalesce(size, -1))",
    "CREATE INDEX media_by_sender ON media "
    "(state, coalesce(sender_name, sender, char(1114111)) COLLATE NOCASE)",
    "CREATE INDEX media_by_type ON media (state, type)",
    "CREATE INDEX media_by_error ON media (state, clock_from) WHERE error_title IS NOT NULL",
    "CREATE INDEX media_by_failure ON media (progress_at) WHERE state = 'failed'",
    "CREATE TABLE media_count (state TEXT PRIMARY KEY, media INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE media_hour (state TEXT, hour INTEGER, media INTEGER NOT NULL, PRIMARY KEY (state, hour)) "
    "WITHOUT ROWID",
    "INSERT INTO media_count (state, media) SELECT state, count(*) FROM media GROUP BY state",
    "INSERT INTO media_hour (state, hour, media) "
    "SELECT state, clock_from / 3600000, count(*) FROM media GROUP BY 1, 2",
    *MEDIA_SEARCH,
    "CREATE TABLE search_changed (seq INTEGER PRIMARY KEY, before TEXT NOT NULL)",
    "CREATE TABLE search_fed (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL)",
    "INSERT INTO search_fed (id, seq) VALUES (1, 0)",
)
"""What a list of a million rows is read by. Each index begins with the state, so that it serves every
view, and ends with the row's `seq`, which makes its order total; but `media_by_failure`, from whose end
the newest failures are read.

`fact.media` is the `seq` of its media: the facts of new media come to the end of the index, where those by
key would each touch a page of their own. Pages that were touched are most of what a commit costs.

`media_count` and `media_hour` are kept by the writer (see `counts`): how many media are in a state, and
how many of them have their clock in an hour since 1970. An emptied count stays as 0.

`media_search` holds the trigrams of `search_text` of the media up to `search_fed.seq`; of those among
them that changed since, `search_changed` says what is indexed still. The rest is not in it yet.
"""

VERSIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        _MEDIA,
        "CREATE INDEX media_by_state ON media (state, clock_from)",
        _FACT,
        _WEBHOOK,
        _QUARANTINE,
        _ORDER_TAKEN,
        _STATUS,
        _NOTICE,
        "CREATE INDEX notice_by_time ON notice (at)",
    ),
    _NOTICE_OF_A_MEDIA,
    _UPKEEP,
    _AT_SCALE,
)
"""The statements that lead to version 1, 2, …; `PRAGMA user_version` counts them."""

LATEST: Final = len(VERSIONS)
