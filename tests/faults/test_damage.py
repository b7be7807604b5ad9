"""T08, T09: what becomes of a cache that was damaged, before a start and while it is served."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import wal_path
from console.clock import monotonic
from tests.cli.terminal import terminal
from tests.cli.world import announcement, command, environment, fill, free_port, until
from tests.faults.posting import post
from tests.faults.processes import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOISE = random.Random(8).randbytes(4096)
BODIES = [announcement(f"m{number:04}", filename="x" * 200) for number in range(400)]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


def overwrite(db: Path, start: int, end: int | None = None) -> None:
    """Writes noise over the pages of a file in place."""
    size = db.stat().st_size if end is None else end
    with db.open("r+b") as file:
        file.seek(start)
        file.write((NOISE * (size // 4096 + 1))[: size - start])


# -- T08: before a start


def torn_page(db: Path) -> None:
    overwrite(db, 4096, 8192)


def torn_page_far_away(db: Path) -> None:
    overwrite(db, 4096 * (db.stat().st_size // 4096 - 1))
    later = wal_path(db).stat().st_mtime_ns + 1_000_000_000
    os.utime(db, ns=(later, later))


def torn_header(db: Path) -> None:
    overwrite(db, 0, 4096)


def text(db: Path) -> None:
    db.write_text("these are my notes\n" * 1000)


def nothing(db: Path) -> None:
    os.truncate(db, 0)


def cut(db: Path) -> None:
    os.truncate(db, 4096 * 4 + 100)


def log_of_noise(db: Path) -> None:
    wal_path(db).write_bytes(NOISE * 3)


def newer(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA user_version = 9999")


def foreign(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA application_id = 77")


def lies(db: Path) -> dict[str, bytes]:
    """The bytes of the cache and of its log."""
    return {path.name: path.read_bytes() for path in (db, wal_path(db)) if path.exists()}


@pytest.mark.parametrize(
    ("damage", "words", "remedy"),
    [
        (torn_page, "is damaged", "media-console recover"),
        (torn_page_far_away, "is damaged", "media-console recover"),
        (torn_header, "is damaged (file is not a database)", "media-console recover"),
        (text, "is damaged (file is not a database)", "media-console recover"),
        (nothing, "is damaged (the file is empty)", "media-console recover"),
        (cut, "is damaged", "media-console recover"),
        (log_of_noise, "is damaged (media.db-wal beside it", "media-console recover"),
        (newer, "was written by a newer version", "Update the console"),
        (foreign, "is not a cache of this program", "set DB"),
    ],
)
def test_t08_a_damaged_cache_stops_the_start_and_stays_as_it_is(
    db: Path, damage: Callable[[Path], None], words: str, remedy: str
) -> None:
    fill(db, *BODIES[:50])
    damage(db)
    before = lies(db)
    ended = subprocess.run(
        command("listen"), env=environment(db), capture_output=True, text=True, timeout=15, check=False
    )
    assert ended.returncode not in (0, 130), ended.stderr
    told = ended.stderr.strip().splitlines()
    assert len(told) == 1, ended.stderr
    assert f"The cache {db} {words}" in told[0] or f"The file {db} {words}" in told[0]
    assert remedy.lower() in told[0].lower()
    assert ended.stdout == ""
    assert lies(db) == before


def test_t08_the_screen_is_not_opened_on_a_damaged_cache_either(db: Path) -> None:
    fill(db, *BODIES[:50])
    torn_page(db)
    before = lies(db)
    with terminal([], environment(db), columns=400) as shown:
        shown.until_text("media-console recover")
        assert not any("\u2502" in line for line in shown.lines)
        assert shown.end() == 1
    assert lies(db) == before


def test_t08_no_new_cache_is_made_in_place_of_one_that_is_there(db: Path) -> None:
    db.touch(mode=0o600)
    for arguments in (["list"], ["show", "x"], ["listen"]):
        ended = subprocess.run(
            command(*arguments), env=environment(db), capture_output=True, text=True, timeout=15, check=False
        )
        assert ended.returncode != 0
        assert "media-console recover" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert db.stat().st_size == 0


# -- T09: while it is served


def test_t09_pages_overwritten_under_a_daemon(db: Path) -> None:
    fill(db, *BODIES)
    with serving(db) as served:
        assert post(served.url, announcement("before")).status == 200
        overwrite(db, 4096)
        kept = db.read_bytes()
        for number in range(30):
            answer = post(served.url, announcement(f"after {number}"))
            assert (answer.status, answer.retry_after) == (503, "5")
            assert answer.seconds < 4
        assert post(served.url.replace("webhook", "healthz")).status == 200
        ended = subprocess.run(
            command("list"), env=environment(db), capture_output=True, text=True, timeout=15, check=False
        )
        assert ended.returncode != 0
        assert "media-console recover" in ended.stderr
        words = served.words.read_text()
        assert served.process.poll() is None
        assert "Traceback" not in words
        assert len(words.splitlines()) < 150
        served.process.terminate()
        assert served.process.wait(10) == 0
    assert len(db.read_bytes()) == len(kept)


def test_t09_the_screen_says_so_and_lives_on(db: Path) -> None:
    fill(db, *BODIES)
    port = free_port()
    url = f"http://127.0.0.1:{port}/webhook"
    with terminal([], environment(db, listen=f"127.0.0.1:{port}"), columns=140) as shown:
        shown.until_text(f":{port}")
        assert post(url, announcement("before")).status == 200
        overwrite(db, 4096)
        assert post(url, announcement("after")).status == 503
        shown.until_text("is damaged")
        began = monotonic()
        while monotonic() < began + 1:
            assert post(url, announcement("again")).status == 503
        assert " ".join(shown.lines).count("media-console recover") == 1, "it is said once"
        shown.press("?")
        shown.until_text("Help")


def test_t09_a_cache_removed_under_a_daemon_acknowledges_nothing(db: Path) -> None:
    fill(db, *BODIES[:5])
    with serving(db) as served:
        assert post(served.url, announcement("before")).status == 200
        aside = db.with_name("aside.db")
        db.rename(aside)
        assert post(served.url, announcement("lost")).status == 503
        assert not db.exists()
        aside.rename(db)
        until(lambda: post(served.url, announcement("after")).status == 200)
    listed = subprocess.run(
        command("list", "--json"), env=environment(db), capture_output=True, text=True, timeout=15, check=True
    )
    assert '"before"' in listed.stdout
    assert '"after"' in listed.stdout


def moved(db: Path) -> Path:
    """A cache moved away after a kill, and its log left behind; where it lies now."""
    with serving(db) as served:
        assert post(served.url, BODIES[0]).status == 200
        served.kill()
    assert wal_path(db).stat().st_size
    return db.rename(db.with_name("elsewhere.db"))


def test_t08_a_cache_moved_away_without_its_log_stops_every_start_and_comes_back_whole(db: Path) -> None:
    elsewhere = moved(db)
    log = wal_path(db).read_bytes()
    with terminal([], environment(db), columns=400) as shown:
        shown.until_text(f"The cache {db} is missing, but its log media.db-wal")
        assert shown.end() == 2
    for arguments in (["listen"], ["list"], ["recover"]):
        ended = subprocess.run(
            command(*arguments), env=environment(db), capture_output=True, text=True, timeout=15, check=False
        )
        (told,) = ended.stderr.splitlines()
        assert f"The cache {db} is missing, but its log media.db-wal" in told
        assert "move media.db-wal away" in told
        assert ended.returncode == 2
        assert (db.exists(), wal_path(db).read_bytes()) == (False, log)
    elsewhere.rename(db)
    listed = subprocess.run(
        command("list"), env=environment(db), capture_output=True, text=True, timeout=15, check=False
    )
    assert "m0000" in listed.stdout


def test_t08_a_cache_that_was_removed_with_its_log_is_begun_anew_and_that_is_said(db: Path) -> None:
    with serving(db) as served:
        assert post(served.url, BODIES[0]).status == 200
        served.kill()
    for path in (db, wal_path(db)):
        path.unlink()
    with serving(db) as served:
        assert post(served.url, BODIES[1]).status == 200
        told = served.words.read_text()
    assert told.count(f"there was no cache at {db}: a new, empty one was made") == 1
    assert "warning" in told.lower()
