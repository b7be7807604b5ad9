from __future__ import annotations

import io
import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest

from console import log
from console.cache.writer import WriterLost
from console.clock import monotonic
from console.config import Address, Settings
from console.domain.reading import Reading, Unread
from console.platforms.onpremises.webhook import read_webhook
from console.service import hosting
from console.service.core import Service
from console.service.hosting import ServiceThread
from console.service.lock import Holder, LockHeld, ServiceLock, holder
from tests.cli.world import announcement, until
from tests.faults.processes import children
from tests.listener.serving import held_port
from tests.service.world import ANY_PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from console.domain.media import Millis


def make(db: Path, listen: Address = ANY_PORT) -> Service:
    return Service(Settings(db=db, listen=listen), api=None, read=read_webhook)


class Poisoned(tuple[Unread, ...]):
    """What the writer's thread fails to go through, with an error that nobody foresees."""

    def __iter__(self) -> Iterator[Unread]:
        raise AttributeError("of the writer")


UNREAD = Unread(where="", reason="")


def listener(host: ServiceThread) -> str:
    standing = host.standing()
    assert standing is not None
    assert standing.listener is not None
    return standing.listener


def wait_for(true: Callable[[], bool]) -> None:
    """Waits for a state that a thread brings about, a few seconds at most."""
    deadline = monotonic() + 12
    while not true():
        assert monotonic() < deadline, "it never came true"
        threading.Event().wait(0.01)


def serves(host: ServiceThread) -> bool:
    """Whether the thread's service has the lock and its listener."""
    standing = host.standing()
    return standing is not None and standing.listener is not None


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ServiceThread]:
    hosted = ServiceThread(partial(make, tmp_path / "c.db"))
    yield hosted
    hosted.stop()


def test_it_serves_beside_the_main_thread_and_is_joined_at_the_end(host: ServiceThread) -> None:
    assert host.standing() is None
    assert host.starting()
    begun = monotonic()
    host.start()
    assert monotonic() - begun < 3, "starting does not wait"
    assert host.wait_ready(12)
    assert not host.starting()
    standing = host.standing()
    assert standing is not None
    assert host.viewer_of() is None
    with httpx.Client(trust_env=False) as http:
        assert http.get(f"http://{standing.listener}/healthz").status_code == 200
    begun = monotonic()
    host.stop()
    assert monotonic() - begun < 10
    assert host.join(0)
    assert "service" not in {thread.name for thread in threading.enumerate()}
    last = host.standing()
    assert last is not None
    assert last.stopped
    host.stop()
    host.retry_listener()


def test_where_another_serves_it_is_a_viewer(tmp_path: Path, host: ServiceThread) -> None:
    lock = ServiceLock(tmp_path / "c.db")
    host.start()
    assert not host.wait_ready(12)
    assert isinstance(host.error, LockHeld)
    assert host.viewer_of() == f"pid {os.getpid()}"
    assert host.standing() is None
    assert not host.starting()
    host.join(5)
    lock.release()
    host.start()
    assert host.wait_ready(12), "it can be started again when the other has ended"
    assert host.viewer_of() is None


def test_a_viewer_serves_soon_after_nobody_else_does(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    other = ServiceThread(partial(make, db))
    other.start()
    assert other.wait_ready(12)
    viewers = [ServiceThread(partial(make, db), holder=partial(holder, db)) for _ in range(3)]
    try:
        for viewer in viewers:
            viewer.start()
        assert not any(viewer.wait_ready(12) for viewer in viewers)
        assert all(viewer.viewer_of() for viewer in viewers)
        other.stop()
        wait_for(lambda: any(serves(viewer) for viewer in viewers))
        wait_for(lambda: [viewer.viewer_of() for viewer in viewers].count(f"pid {os.getpid()}") == 2)
        begun = monotonic()
        for viewer in viewers:
            viewer.stop()
        assert monotonic() - begun < 10
        assert all(viewer.join(0) for viewer in viewers)
    finally:
        for viewer in viewers:
            viewer.stop()
        other.stop()


@pytest.mark.slow
def test_of_several_viewers_none_but_the_new_holder_ever_says_that_it_serves(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    lock = ServiceLock(db)
    looking = threading.Event()

    def free_at_last() -> Holder | None:
        looking.set()
        return None

    viewer = ServiceThread(partial(make, db), holder=free_at_last)
    viewer.start()
    try:
        assert looking.wait(5)
        told = []
        deadline = monotonic() + 1
        while monotonic() < deadline:
            told.append(viewer.standing())
        assert set(told) == {None}, "it tried for a lock that another one had got"
    finally:
        viewer.stop()
        lock.release()


@pytest.mark.slow
def test_a_viewer_names_the_process_that_holds_the_lock_now(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    held: Holder | None = Holder(4121, passing=False)
    lock = ServiceLock(db)
    viewer = ServiceThread(partial(make, db), holder=lambda: held)
    viewer.start()
    try:
        wait_for(lambda: viewer.viewer_of() == "pid 4121")
        held = Holder(4122, passing=False)
        wait_for(lambda: viewer.viewer_of() == "pid 4122")
        held = None
        wait_for(lambda: viewer.viewer_of() is not None and viewer.viewer_of() != "pid 4122")
        assert viewer.viewer_of() == f"pid {os.getpid()}", "it lost the race and views on"
    finally:
        viewer.stop()
        lock.release()


def test_a_service_that_failed_is_started_again_when_asked_for(tmp_path: Path, host: ServiceThread) -> None:
    (tmp_path / "c.db").write_text("these are my notes, long enough to be looked at")
    host.start()
    assert not host.wait_ready(12)
    host.join(5)
    (tmp_path / "c.db").unlink()
    host.retry_listener()
    assert host.wait_ready(12)
    assert serves(host)


def test_a_service_that_cannot_start_has_a_standing_that_says_why(
    tmp_path: Path, host: ServiceThread
) -> None:
    (tmp_path / "c.db").write_text("these are my notes, long enough to be looked at")
    host.start()
    assert not host.wait_ready(12)
    standing = host.standing()
    assert standing is not None
    assert standing.stopped
    [trouble] = standing.troubles
    assert trouble.id == "service"
    assert "c.db" in trouble.text
    assert trouble.remedy


def test_a_defect_does_not_reach_the_screen_as_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Service:
        raise ZeroDivisionError("of the maker")

    host = ServiceThread(broken)
    host.start()
    assert not host.wait_ready(12)
    host.stop()
    standing = host.standing()
    assert standing is not None
    assert "ZeroDivisionError" in standing.troubles[0].text
    assert "Traceback" not in capfd.readouterr().err


def test_a_service_whose_writer_failed_says_so_frees_the_lock_and_can_be_started_again(
    tmp_path: Path,
) -> None:
    db = tmp_path / "c.db"

    def read(body: bytes, received_at: Millis) -> Reading:
        return Reading(unread=Poisoned([UNREAD])) if body == b"{}" else read_webhook(body, received_at)

    def poisoned() -> Service:
        return Service(Settings(db=db, listen=ANY_PORT), api=None, read=read)

    host = ServiceThread(poisoned)
    stream = io.StringIO()
    try:
        with log.to_stream(stream, ()), httpx.Client(trust_env=False) as http:
            host.start()
            assert host.wait_ready(12)
            url = f"http://{listener(host)}/webhook"
            assert http.post(url, content=b"{}").status_code == 503
            assert host.join(5), "it ends, for it could answer nothing but 503 any more"
            assert isinstance(host.error, WriterLost)
            standing = host.standing()
            assert standing is not None
            assert standing.stopped
            assert [one.text for one in standing.troubles] == [host.error.what]
            assert holder(db) is None
            host.retry_listener()
            assert host.wait_ready(12)
            answer = http.post(f"http://{listener(host)}/webhook", content=announcement("after"))
            assert answer.status_code == 200
    finally:
        host.stop()
    assert "the thread cache-writer failed" in stream.getvalue()
    assert "Traceback" in stream.getvalue()


def test_a_service_beside_a_screen_begins_again_when_its_writer_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "c.db"
    monkeypatch.setattr(hosting, "BEGIN_AGAIN", 0.2)

    def apart() -> Service:
        return Service(Settings(db=db, listen=ANY_PORT), api=None, read=read_webhook, apart=True)

    host = ServiceThread(apart, holder=lambda: holder(db))
    try:
        host.start()
        assert host.wait_ready(12)
        before = host.standing()
        (writer,) = children(os.getpid())
        os.kill(writer, signal.SIGKILL)
        until(lambda: children(os.getpid()) not in ([], [writer]) and host.wait_ready(0))
        after = host.standing()
        assert before is not None
        assert after is not None
        assert after.since >= before.since
        assert not after.stopped
        with httpx.Client(trust_env=False) as http:
            answer = http.post(f"http://{listener(host)}/webhook", content=announcement("after"))
        assert answer.status_code == 200
    finally:
        host.stop()
    assert children(os.getpid()) == []


def test_stopping_at_once_after_starting_ends_it(host: ServiceThread) -> None:
    host.start()
    host.stop()
    assert host.join(0)


def test_stopping_what_was_never_started(host: ServiceThread) -> None:
    host.stop()
    assert host.join()
    assert host.standing() is None


def test_the_listener_is_tried_again_when_asked_for(tmp_path: Path) -> None:
    with held_port() as foreign:
        listen = Address("127.0.0.1", foreign.getsockname()[1])
        host = ServiceThread(partial(make, tmp_path / "c.db", listen))
        host.start()
        assert host.wait_ready(12)
        standing = host.standing()
        assert standing is not None
        assert standing.listener_error is not None
        foreign.close()
        host.retry_listener()
        deadline = monotonic() + 10
        while standing.listener is None and monotonic() < deadline:
            standing = host.standing() or standing
        host.stop()
    assert standing.listener == str(listen)
