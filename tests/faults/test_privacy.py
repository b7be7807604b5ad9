"""Files that nobody else may see, or a group alone; and what a kill leaves of them."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import inbox_path, lock_path, log_path, wal_path
from console.cache.permissions import share_with
from console.cli.program import run
from tests.cli.terminal import Terminal, terminal
from tests.cli.world import announcement, command, daemon, environment, fill, post, running, until
from tests.faults.users import Box, User, box

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY = r"(http://\S+/webhook)"
ENDINGS = ("", "-wal", "-shm", ".inbox", ".lock", ".log")


@pytest.fixture
def several() -> Iterator[Box]:
    with box() as made:
        yield made


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache with one media, that commands in this process use."""
    path = tmp_path / "home" / "media.db"
    fill(path, announcement("a"))
    for name, value in environment(path).items():
        if name.startswith(("MEDIA_CONSOLE_", "HOME")):
            monkeypatch.setenv(name, value)
    yield path
    share_with(None)


def loose(folder: Path, *, file: int = 0o600, below: int = 0o700, group: int | None = None) -> list[str]:
    """Every file and folder below a folder that is not as it should be; what is being made is waited for."""
    until(lambda: not list(folder.rglob(".*.new*")))
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a journal is gone as soon as its order is on the disk
            told = path.lstat()
            right = below if stat.S_ISDIR(told.st_mode) else file
            if stat.S_IMODE(told.st_mode) != right or group not in (None, told.st_gid):
                found.append(f"{path.name} {stat.S_IMODE(told.st_mode):04o} gid {told.st_gid}")
    return found


def no_drafts(folder: Path) -> bool:
    """Whether nothing in a folder is half-made."""
    return not list(folder.glob(".*.new*"))


@contextmanager
def served(
    user: User, env: dict[str, str], umask: int = 0o022
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A daemon of a user, and its webhook URL."""
    with running(user.console("listen", umask=umask), env, READY, program=sys.executable) as started:
        yield started


@contextmanager
def screen_of(user: User, env: dict[str, str], *arguments: str, umask: int = 0o022) -> Iterator[Terminal]:
    """A console on the terminal of a user."""
    line = user.console(*arguments, umask=umask)
    with terminal(line, env, columns=120, program=sys.executable) as opened:
        yield opened


# -- T55: who can get at the files


def test_t55_all_that_is_written_is_private_whatever_the_umask(several: Box) -> None:
    env, db = environment(several.db, log_level="debug"), several.db
    with served(several.owner, env, umask=0) as (_, url):
        assert post(url, announcement("a")) == 200
        assert loose(several.folder) == []
        with screen_of(several.owner, env, umask=0o022) as screen:
            screen.until_text("viewing")
            screen.press("d")
            shm = db.with_name("media.db-shm")
            there = {db, wal_path(db), shm, inbox_path(db), lock_path(db), log_path(db)}
            until(lambda: there <= set(db.parent.iterdir()))
            assert loose(several.folder) == []


def test_t55_the_files_of_a_demo_are_private(tmp_path: Path) -> None:
    """The demo's own folder is 0700, so what is in it matters only if somebody opens that."""
    env = environment(tmp_path / "unused.db", shared_group=str(os.getegid())) | {"TMPDIR": str(tmp_path)}
    with screen_of(User(None), env, "demo", umask=0) as screen:
        screen.until_text("listening")
        assert len(list(tmp_path.rglob("media.db*"))) > 3
        assert loose(tmp_path) == []
        screen.press("Q")
        assert screen.end() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_t55_what_others_can_get_at_is_refused_by_whoever_writes(
    db: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = db.with_name(db.name + ending)
    path.touch()
    path.chmod(0o640)
    before = {found: found.stat() for found in db.parent.iterdir()}
    capsys.readouterr()
    assert run(["listen"]) == 2
    told = capsys.readouterr().err
    assert f"Run: chmod 600 {path}\n" in told
    assert told.count("\n") == 1
    assert {found: found.stat().st_mtime_ns for found in db.parent.iterdir()} == {
        found: was.st_mtime_ns for found, was in before.items()
    }
    subprocess.run(shlex.split(told.partition("Run: ")[2]), check=True)
    assert run(["list"]) == 0


@pytest.mark.parametrize("ending", ENDINGS[:3])
def test_t55_what_others_can_get_at_is_refused_by_whoever_reads(
    db: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db.with_name(db.name + ending).chmod(0o604)
    for line in (["list"], ["show", "a"], ["download", "a"]):
        assert run(line) == 2
        shown = capsys.readouterr()
        assert f"Run: chmod 600 {db}{ending}\n" in shown.err
        assert shown.out == ""


def test_t55_the_screen_refuses_before_it_opens(db: Path) -> None:
    inbox_path(db).touch()
    inbox_path(db).chmod(0o660)
    with terminal([], environment(db), columns=400) as screen:
        screen.until_text(f"Run: chmod 600 {inbox_path(db)}")
        assert screen.end() == 2
    assert not log_path(db).exists()


@pytest.mark.parametrize(
    ("mode", "sound"), [(0o755, True), (0o1777, True), (0o777, False), (0o770, False), (0o2770, False)]
)
def test_t55_a_folder_where_others_may_replace_files_is_refused(
    db: Path, mode: int, sound: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    db.parent.chmod(mode)
    assert run(["list"]) == (0 if sound else 2)
    told = capsys.readouterr().err
    assert (f"un: chmod go-w {db.parent}" in told) is not sound
    assert ("set SHARED_GROUP to " in told) is (mode == 0o2770)


@pytest.mark.parametrize("ending", ENDINGS[1:])
def test_t55_a_link_in_a_companions_place_is_not_followed(
    db: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    precious = db.with_name("precious")
    precious.write_text("keep me")
    path = db.with_name(db.name + ending)
    path.unlink(missing_ok=True)
    path.symlink_to(precious)
    assert run(["listen"]) == 2
    assert f"{path} is a symbolic link" in capsys.readouterr().err
    assert precious.read_text() == "keep me"


def test_t55_another_users_cache_is_refused_in_words(several: Box) -> None:
    env = environment(several.db)
    with served(several.owner, env):
        pass
    assert several.owner.run(env, "list").returncode == 0
    for mode, told in ((0o700, "Permission denied"), (0o755, "belongs to the user 61001")):
        several.db.parent.chmod(mode)
        for line in ("list", "listen") if several.stranger is not None else ():
            done = (several.stranger or several.owner).run(env, line)
            assert done.returncode == 2
            assert told in done.stderr
            assert done.stderr.count("\n") == 1


def test_t55_a_folder_of_another_user_is_refused_in_words(several: Box) -> None:
    env = environment(several.db)
    with served(several.owner, env):
        pass
    several.db.parent.chmod(0o755)
    for uid, told in ((0, None), (61003, "belongs to the user 61003, who may replace the cache")):
        if several.stranger is not None:
            os.chown(several.db.parent, uid, -1)
        else:  # of whoever is not root, nobody can give a folder away
            told = None
        for line in ("list", "listen") if told else ("list",):
            done = several.owner.run(env, line)
            assert (done.returncode, told is None or told in done.stderr) == (2 if told else 0, True)
        assert run(["list", "--db", str(several.db)]) == 0, (
            "root works in anybody's, and everybody in his own"
        )


def test_t55_a_group_works_on_one_cache(several: Box) -> None:
    env = environment(several.db, shared_group=str(several.group))

    def told() -> list[str]:
        return loose(several.folder, file=0o660, below=0o2770, group=several.group)

    with served(several.owner, env, umask=0o077) as (process, url):
        assert post(url, announcement("a", filename="rechnung.pdf")) == 200
        assert told() == []
        assert "rechnung.pdf" in several.member.run(env, "list").stdout
        assert several.member.run(env, "show", "a").returncode == 0
        left = several.member.run(env, "download", "a")
        assert f"Left 1 order with the service (pid {process.pid})" in left.stderr
        until(lambda: '"state":"queued"' in several.member.run(env, "list", "--json").stdout)
        with screen_of(several.member, env) as screen:
            screen.until_text(f"viewing (pid {process.pid})")
            process.kill()
            screen.until_text("this console runs it now")
            screen.until_text("listening")
            assert told() == []
            assert "the service of pid" in log_path(several.db).read_text()
            screen.press("Q")
            assert screen.end() == 0
    with served(several.owner, env) as (_, url):
        assert post(url, announcement("b")) == 200
        assert told() == []


def test_t55_what_recover_makes_is_the_groups(several: Box) -> None:
    env = environment(several.db, shared_group=str(several.group))
    with served(several.owner, env) as (process, url):
        assert post(url, announcement("a")) == 200
        process.terminate()
        process.wait()
    os.truncate(several.db, several.db.stat().st_size - 4096)
    recovered = several.member.run(env, "recover")
    assert recovered.returncode in (0, 1), recovered.stderr
    assert loose(several.folder, file=0o660, below=0o2770, group=several.group) == []
    assert several.owner.run(env, "show", "a").returncode == 0


def test_t55_a_cache_that_was_private_is_not_shared_unasked(several: Box) -> None:
    with served(several.owner, environment(several.db)):
        pass
    env = environment(several.db, shared_group=str(several.group))
    for path in (several.db.parent, several.db):
        refused = several.owner.run(env, "listen")
        assert refused.returncode == 2
        mended = refused.stderr.strip().partition("un: ")[2]
        assert mended.endswith(f"{path} && chmod {'2770' if path.is_dir() else '660'} {path}")
        subprocess.run(["/bin/sh", "-c", mended], check=True)
    for path in several.db.parent.iterdir():
        os.chown(path, -1, several.group)
        path.chmod(0o660)
    assert several.member.run(env, "list").returncode == 0


def test_t55_who_is_not_in_the_group_is_told_so(several: Box) -> None:
    strange = next(number for number in range(61010, 61999) if number not in os.getgroups())
    env = environment(several.db, shared_group=str(strange if several.stranger is None else several.group))
    refused = (several.stranger or several.owner).run(env, "list")
    if os.geteuid() == 0 and several.stranger is None:
        assert refused.returncode == 0, "root may name any group"
    else:
        assert refused.returncode == 2
        assert "a group that this user is in" in refused.stderr


# -- T16: what a kill leaves


def test_t16_what_a_kill_leaves_stops_nobody_and_is_swept(tmp_path: Path) -> None:
    db = tmp_path / "media.db"
    with daemon(db) as (process, url):
        assert post(url, announcement("a")) == 200
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert wal_path(db).stat().st_size, "the log was not folded back"
    assert lock_path(db).read_text() == f"{process.pid} service\n"
    drafts = [
        tmp_path / f".media.db{name}.new" for name in (".abc_1234", ".inbox.12345678", ".lock.12345678")
    ]
    drafts.append(tmp_path / ".media.db.abc_1234.new-journal")
    for draft in drafts:
        draft.write_bytes(b"half")
    with daemon(db) as (process, url):
        assert lock_path(db).read_text() == f"{process.pid} service\n"
        until(lambda: not any(draft.exists() for draft in drafts))
        assert post(url, announcement("b")) == 200
        assert User(None).run(environment(db), "list", "--json").stdout.count("\n") == 2
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_t16_a_kill_while_the_files_are_made_leaves_none_that_is_empty(tmp_path: Path) -> None:
    for number in range(20):
        db = tmp_path / str(number) / "media.db"
        with subprocess.Popen(command("listen"), env=environment(db), stderr=subprocess.DEVNULL) as process:
            until(db.parent.exists)
            time.sleep(number * 0.002)
            process.kill()
        for path in (db, inbox_path(db)):
            assert not path.exists() or path.stat().st_size
        with daemon(db) as (_, url):
            assert post(url, announcement("a")) == 200
            until(partial(no_drafts, db.parent))  # its own are soon whole
        assert loose(db.parent) == []


# -- places that cannot be used


def test_t55_places_that_cannot_be_used_are_said_in_one_line(several: Box) -> None:
    homeless = environment(several.folder / "unused.db") | {
        "HOME": str(several.folder / "none" / "of" / "them")
    }
    del homeless["MEDIA_CONSOLE_DB"]
    assert "There is no cache at" in several.owner.run(homeless, "list").stderr
    closed = several.folder / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    (several.folder / "file").touch()
    # Root may write into a folder that is read-only; into a file nobody may.
    places = [closed] if several.stranger is not None else []
    for place in (*places, several.folder / "file"):
        refused = several.owner.run(environment(place / "media.db"), "listen")
        assert refused.returncode == 2
        assert str(place / "media.db") in refused.stderr
        assert refused.stderr.count("\n") == 1
