"""Orders wait until they are taken, whoever leaves them and how many at once."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.inbox import Inbox, InboxDamaged, InboxUnavailable
from console.cache.migrations import CacheRefused
from console.cache.paths import inbox_path
from console.domain.maintenance import Purge, Replay
from console.domain.media import Millis

from .samples import order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def inbox(db: Path) -> Iterator[Inbox]:
    with Inbox(db) as opened:
        yield opened


def ids(inbox: Inbox, limit: int = 1000) -> list[str]:
    return [waiting.id for waiting in inbox.waiting(limit)]


def test_orders_wait_in_the_order_they_came_until_done(inbox: Inbox) -> None:
    assert inbox.waiting(10) == []
    inbox.leave([order("3", "a"), order("1", "b")])
    inbox.leave([order("2", "c")])
    assert inbox.waiting(10) == [order("3", "a"), order("1", "b"), order("2", "c")]
    assert ids(inbox, 2) == ["3", "1"]
    inbox.done(["3", "2", "nobody's"])
    assert ids(inbox) == ["1"]


def test_an_order_is_left_once(inbox: Inbox) -> None:
    inbox.leave([order("1", "a"), order("1", "a")])
    inbox.leave([order("1", "b")])
    assert inbox.waiting(10) == [order("1", "a")]


def test_orders_outlive_who_left_them(db: Path) -> None:
    with Inbox(db) as inbox:
        inbox.leave([order("1", "a")])
    with Inbox(db) as inbox:
        assert ids(inbox) == ["1"]
        inbox.close()


def test_others_see_the_version_change(db: Path, inbox: Inbox) -> None:
    with Inbox(db) as other:
        before = inbox.version()
        assert inbox.version() == before
        other.leave([order("1", "a")])
        after = inbox.version()
        assert after != before
        other.done(["1"])
        assert inbox.version() not in (before, after)


def test_an_inbox_that_was_replaced_is_noticed(db: Path, inbox: Inbox) -> None:
    seen = {inbox.version()}
    for name in ("a", "b"):
        inbox_path(db).rename(db.with_name(f"moved-{name}"))
        with Inbox(db) as other:
            other.leave([order(name, name)])
        assert inbox.version() not in seen
        seen.add(inbox.version())
        assert ids(inbox) == [name]


def test_an_inbox_that_was_moved_away_is_made_anew_but_not_its_folder(db: Path) -> None:
    folder = db.parent / "folder"
    with Inbox(folder / db.name) as inbox:
        inbox_path(folder / db.name).unlink()
        before = inbox.version()
        assert inbox_path(folder / db.name).exists()
        folder.rename(db.parent / "moved")
        assert inbox.version() == before
        assert not folder.exists()


def test_a_damaged_inbox_says_what_to_do_until_it_is_moved_away(db: Path, inbox: Inbox) -> None:
    inbox.leave([order("1", "a")])
    size = inbox_path(db).stat().st_size
    with inbox_path(db).open("r+b") as file:
        file.write(b"\x5a" * size)
    with pytest.raises(InboxDamaged, match="is damaged") as damaged:
        Inbox(db)
    assert "Move it away" in damaged.value.remedy
    inbox_path(db).unlink()
    assert inbox.version() > 0
    assert ids(inbox) == []


def test_it_is_private_and_has_no_log_beside_it(db: Path, inbox: Inbox) -> None:
    inbox.leave([order("1", "a")])
    assert [path.name for path in db.parent.iterdir()] == ["cache.db.inbox"]
    assert stat.S_IMODE(inbox_path(db).stat().st_mode) == 0o600
    with closing(sqlite3.connect(inbox_path(db))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_an_order_of_a_later_version_is_passed_over(db: Path, inbox: Inbox) -> None:
    with closing(sqlite3.connect(inbox_path(db), isolation_level=None)) as connection:
        connection.execute("""INSERT INTO waiting (id, data) VALUES ('0', '{"verb": "frobnicate"}')""")
    inbox.leave([order("1", "a")])
    assert ids(inbox, 1) == ["1"]


@pytest.mark.parametrize("content", [b"", b"my notes\n" * 200], ids=["empty", "text"])
def test_another_file_is_refused_untouched(db: Path, content: bytes) -> None:
    inbox_path(db).write_bytes(content)
    with pytest.raises((CacheRefused, InboxUnavailable), match="inbox"):
        Inbox(db)
    assert inbox_path(db).read_bytes() == content
    assert [path.name for path in db.parent.iterdir()] == ["cache.db.inbox"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheRefused, match="cannot be created"):
        Inbox(tmp_path / "file" / "cache.db")


def test_a_locked_inbox_is_waited_for(db: Path, inbox: Inbox) -> None:
    with (
        closing(sqlite3.connect(inbox_path(db), isolation_level=None)) as holder,
        ThreadPoolExecutor(1) as one,
    ):
        holder.execute("BEGIN EXCLUSIVE")
        leaving = one.submit(inbox.leave, [order("1", "a")])
        with pytest.raises(TimeoutError):
            leaving.result(timeout=0.2)
        holder.execute("ROLLBACK")
        leaving.result(timeout=10)
    assert ids(inbox) == ["1"]


def test_what_cannot_be_written_is_left_whole_or_not_at_all(db: Path, inbox: Inbox) -> None:
    with closing(sqlite3.connect(inbox_path(db), isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON waiting WHEN new.id = '2' "
            "BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(InboxUnavailable, match="disk is full"):
        inbox.leave([order("1", "a"), order("2", "b")])
    assert ids(inbox) == []
    inbox.leave([order("3", "c")])
    assert ids(inbox) == ["3"]


def test_threads_share_one_inbox(inbox: Inbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        left = [
            threads.submit(inbox.leave, [order(f"{name}{number}", name) for number in range(20)])
            for name in "abcdefgh"
        ]
    assert [one.result() for one in left] == [None] * 8
    assert len(ids(inbox)) == 160


LEAVE = """
import sys
from pathlib import Path
from console.cache.inbox import Inbox
from tests.cache.samples import order

with Inbox(Path(sys.argv[1])) as inbox:
    for number in range(20):
        inbox.leave([order(f"{sys.argv[2]}-{number}", "a"), order(f"{sys.argv[2]}-{number}-b", "b")])
"""


def test_processes_leave_and_take_at_the_same_time(db: Path, inbox: Inbox) -> None:
    taken: set[str] = set()
    children = [
        subprocess.Popen([sys.executable, "-c", LEAVE, str(db), name], stderr=subprocess.PIPE)
        for name in "xyz"
    ]
    while any(child.poll() is None for child in children):
        taken |= take_all(inbox)
    for child in children:
        _, trouble = child.communicate()
        assert (child.returncode, trouble) == (0, b"")
    taken |= take_all(inbox)
    assert len(taken) == 3 * 40
    assert inbox.waiting(1) == []


def take_all(inbox: Inbox) -> set[str]:
    found = ids(inbox, 16)
    inbox.done(found)
    return set(found) | (take_all(inbox) if found else set())


def test_work_on_the_whole_cache_waits_beside_the_orders_and_neither_sees_the_other(inbox: Inbox) -> None:
    replay, purge = Replay(id="r", at=Millis(5)), Purge(id="p", at=Millis(6), number="16315551234")
    inbox.leave([order("1", "a")])
    assert inbox.maintenance() is None
    for whole in (replay, purge, replay):
        inbox.leave_maintenance(whole)
    assert ids(inbox) == ["1"]
    assert inbox.maintenance() == replay
    inbox.done(["r"])
    assert inbox.maintenance() == purge


def test_what_is_removed_leaves_no_trace_in_the_file(inbox: Inbox, db: Path) -> None:
    inbox.leave_maintenance(Purge(id="p", at=Millis(6), number="16315551234"))
    assert b"16315551234" in inbox_path(db).read_bytes()
    inbox.done(["p"])
    assert b"16315551234" not in inbox_path(db).read_bytes()


def test_orders_that_nobody_wants_any_more_are_forgotten(inbox: Inbox) -> None:
    inbox.leave([order("1", "a"), order("2", "b"), order("3", "a")])
    assert inbox.forget(lambda orders: [one for one in orders if one.key == "a"]) == 2
    assert ids(inbox) == ["2"]


def test_no_inbox_is_made_beside_the_journal_of_a_missing_one(db: Path, inbox: Inbox) -> None:
    inbox.close()
    path = inbox_path(db)
    journal = path.with_name(path.name + "-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.execute("PRAGMA cache_size = 1")
        killed.execute("BEGIN IMMEDIATE")
        killed.execute("INSERT INTO waiting (id, data) VALUES ('a', zeroblob(100000))")
        kept = journal.read_bytes()
        killed.execute("ROLLBACK")
    path.unlink()
    journal.write_bytes(kept)
    journal.chmod(0o600)
    with pytest.raises(InboxDamaged, match=f"is missing, but its journal {journal.name} still lies there"):
        Inbox(db)
    assert (path.exists(), journal.read_bytes()) == (False, kept)
    journal.unlink()
    with closing(Inbox(db)) as anew:
        assert anew.waiting(1) == []
