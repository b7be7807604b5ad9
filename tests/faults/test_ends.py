"""T48 to T51: whatever ends the program, the terminal is left as it was found and the exit code says why."""

from __future__ import annotations

import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.paths import inbox_path
from console.cache.reader import CacheReader
from console.clock import monotonic
from console.domain.media import MediaKey, State
from tests.cli.world import announcement, command, daemon, environment, fill, free_port, post
from tests.faults.processes import Senders, announcements, api, at, integrity, stored
from tests.faults.pty import pty
from tests.faults.sabotage import CANARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.simulator import Simulator
    from tests.faults.pty import Pty

LOG = "media.db.log"
SLOW = pytest.mark.slow


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "media.db"
    fill(path, announcement("a", filename="rechnung.pdf"), announcement("b", filename="vertrag.pdf"))
    return path


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a demo; it must leave nothing in its folder of temporary files."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    yield environment(tmp_path / "no.db") | {"TMPDIR": str(temporary)}
    assert list(temporary.iterdir()) == []


def serves(screen: Pty) -> None:
    """Waits until the screen is up and the service behind it listens."""
    screen.until_text("rechnung.pdf")
    screen.until_text("listening")


def sabotaged(function: str, *arguments: str) -> list[str]:
    return ["-m", "tests.faults.sabotage", function, *arguments]


# -- T02: an end in order has an end


def test_t02_an_inbox_that_others_hold_does_not_hold_up_the_end(db: Path) -> None:
    with daemon(db) as (process, _), held(inbox_path(db)):
        time.sleep(0.3)  # so that the service has begun to wait for it
        begun_at = monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert monotonic() - begun_at < 2


@pytest.mark.slow
def test_t02_a_cache_that_others_hold_does_not_hold_up_the_end_for_more_than_five_seconds(db: Path) -> None:
    with daemon(db) as (process, url):
        assert post(url, announcement("c")) == 200
        with held(db):
            begun_at = monotonic()
            process.terminate()
            assert process.wait(10) in (0, 128 + signal.SIGTERM)
            assert monotonic() - begun_at < 5.5
    assert "c" in stored(db)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keeps everybody else out of a database during the block."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as thief:
        thief.execute("BEGIN EXCLUSIVE")
        yield
        thief.execute("ROLLBACK")


# -- T48: the terminal is lost


def test_t48_a_lost_terminal_ends_the_screen_at_once_and_it_does_not_spin(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        before = screen.cpu()
        screen.hang_up()
        ended = screen.ended_alone()
    assert ended.code == 128 + signal.SIGHUP
    assert ended.seconds < 2
    assert ended.cpu - before < 1
    assert "Traceback" not in db.with_name(LOG).read_text()


@pytest.mark.slow
def test_t48_a_lost_terminal_ends_the_demo_and_nothing_is_left_of_it(demo: dict[str, str]) -> None:
    with pty(["demo"], demo) as screen:
        screen.until_text("connected")
        screen.hang_up()
        ended = screen.ended_alone()
    assert (ended.code, ended.seconds < 2) == (128 + signal.SIGHUP, True)


@pytest.mark.slow
def test_t48_a_lost_terminal_is_noticed_where_its_signal_is_kept_away(db: Path) -> None:
    script = f"trap '' HUP; exec {shlex.join(command())}"
    with pty(["-c", script], environment(db), program="/bin/sh") as screen:
        serves(screen)
        before = screen.cpu()
        screen.hang_up()
        ended = screen.ended_alone()
    assert ended.code == 128 + signal.SIGHUP
    assert ended.seconds < 2
    assert ended.cpu - before < 1.5


def state(db: Path, key: str) -> State | None:
    with CacheReader(db) as reader:
        media = reader.run(queries.media(MediaKey(key)))
    return media.state if media is not None else None


async def in_a_call(screen: Pty, db: Path, simulator: Simulator) -> None:
    """Orders the media under the cursor and waits until the API, which never answers, has its call."""
    serves(screen)
    screen.press("d")
    screen.until(lambda _: state(db, "a") is State.REQUESTED or state(db, "b") is State.REQUESTED)
    screen.until(lambda _: len(simulator.store_calls()) == 1)


@pytest.mark.parametrize("number", [signal.SIGHUP, pytest.param(signal.SIGTERM, marks=SLOW)])
async def test_t48_a_call_that_is_open_goes_back_and_is_made_again(
    db: Path, simulator: Simulator, number: signal.Signals
) -> None:
    for key in ("a", "b"):
        simulator.behave(key, "hang", "ok")
    env = environment(db, **api(simulator))
    with pty([], env) as screen:
        await in_a_call(screen, db, simulator)
        begun = monotonic()
        screen.send(number)
        screen.send(number)  # a shell passes on what the kernel has sent
        assert screen.ended() == 128 + number
        assert monotonic() - begun < 2
        screen.assert_restored()
    assert sorted(str(state(db, key)) for key in ("a", "b")) == [State.QUEUED, State.UNDOWNLOADED]
    with pty([], env) as screen:
        screen.until(lambda _: len(simulator.store_calls()) == 2)
        screen.press("Q")
        assert screen.ended() == 0


def test_t48_a_headless_listener_outlives_its_terminal(db: Path) -> None:
    port = free_port()
    with pty(["listen"], environment(db, listen=at(port))) as screen:
        screen.until_text("Waiting for webhooks")
        screen.hang_up()
        assert post(f"http://127.0.0.1:{port}/webhook", announcement("c")) == 200
        screen.send(signal.SIGTERM)
        assert screen.ended_alone().code == 0
    assert "c" in stored(db)


@pytest.mark.slow
def test_t48_what_was_acknowledged_before_the_terminal_was_lost_is_stored(db: Path) -> None:
    port = free_port()
    with pty([], environment(db, listen=at(port))) as screen:
        serves(screen)
        with Senders(port, announcements(), 8) as senders:
            screen.until(lambda _: len(senders.log) > 200)
            screen.hang_up()
            assert screen.ended_alone().seconds < 2
    assert senders.acknowledged <= stored(db)
    assert integrity(db) == "ok"


# -- T49: signals and defects


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=SLOW),
        pytest.param(signal.SIGQUIT, marks=SLOW),
    ],
)
def test_t49_a_signal_ends_the_screen_in_order(db: Path, number: signal.Signals) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        screen.send(number)
        assert screen.ended() == 128 + number
        screen.assert_restored()
    assert screen.last_words == ""
    assert "Traceback" not in db.with_name(LOG).read_text()


@pytest.mark.slow
def test_t49_a_signal_ends_the_demo_and_nothing_is_left_of_it(demo: dict[str, str]) -> None:
    with pty(["demo"], demo) as screen:
        screen.until_text("connected")
        screen.send(signal.SIGTERM)
        assert screen.ended() == 128 + signal.SIGTERM
        screen.assert_restored()
    assert screen.last_words == ""


@pytest.mark.slow
def test_t49_a_second_signal_ends_at_once_a_screen_that_nobody_reads(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        for _ in range(60):  # until the terminal takes no more, and who draws on it stands still
            screen.press("?q")
        screen.send(signal.SIGTERM)
        time.sleep(0.5)
        assert "State:\tZ" not in Path(f"/proc/{screen.pid}/status").read_text(), "it waits for the terminal"
        begun = monotonic()
        screen.send(signal.SIGTERM)
        while "State:\tZ" not in Path(f"/proc/{screen.pid}/status").read_text():
            assert monotonic() - begun < 1
        assert screen.ended() == 128 + signal.SIGTERM


QUICKEST = ("Follower.run", "MainScreen.compose")
OTHERS = ("MainScreen.on_mount", "MainScreen.tick", "Bar.render_line", "ServiceThread.start")
BY_KEY = {"MainScreen.on_key": "j", "Help.lines": "?"}


@pytest.mark.parametrize(
    "function", [*QUICKEST, *(pytest.param(name, marks=SLOW) for name in (*OTHERS, *BY_KEY))]
)
def test_t49_a_defect_of_the_screen_is_one_line_and_its_traceback_is_in_the_log(
    db: Path, function: str
) -> None:
    with pty(sabotaged(function), environment(db), columns=300, program=sys.executable) as screen:
        if function in BY_KEY:
            serves(screen)
            screen.press(BY_KEY[function])
        assert screen.ended() == 1
        screen.assert_restored()
    log = db.with_name(LOG)
    assert screen.last_words == (
        "The screen failed (Sabotage) and was closed; nothing is lost. "
        f"Please report it with the traceback from the log, {log}."
    )
    assert CANARY not in screen.output
    assert "Traceback" in log.read_text()
    assert function.partition(".")[2] in log.read_text()


def test_t49_a_defect_around_the_screen_is_one_line_too(db: Path) -> None:
    with pty(
        sabotaged("ConsoleApp.__init__"), environment(db), columns=300, program=sys.executable
    ) as screen:
        assert screen.ended() == 1
        screen.assert_restored()
    assert screen.last_words == (
        "media-console: A fault of the program ended it (Sabotage). "
        f"Please report it with the traceback from the log, {db.with_name(LOG)}."
    )
    assert CANARY in db.with_name(LOG).read_text()


@pytest.mark.parametrize("arguments", [["list"], ["show", "a"]])
def test_t49_a_defect_of_a_plain_command_is_told_with_its_code(db: Path, arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, *sabotaged("CacheReader.__init__", *arguments)],
        env=environment(db),
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("media-console: A fault of the program ended it (Sabotage).")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("Intake.run", "The part 'intake' of the service failed (Sabotage)."),
        pytest.param("Service._serve", "The service failed (Sabotage).", marks=SLOW),
        pytest.param("make_service", "The service failed (Sabotage).", marks=SLOW),
    ],
)
def test_t49_a_defect_of_the_service_is_told_and_the_screen_goes_on(
    db: Path, function: str, told: str
) -> None:
    with pty(sabotaged(function), environment(db), columns=140, program=sys.executable) as screen:
        screen.until_text("rechnung.pdf")
        screen.until_text(told)
        screen.press("Q")
        assert screen.ended() == 0
        screen.assert_restored()
    assert CANARY not in screen.output
    assert "Traceback" not in screen.output
    assert function.rpartition(".")[2] in db.with_name(LOG).read_text()


def begun(process: int) -> None:
    """Waits until the program itself runs: what comes before that, the interpreter tells in its own way.

    The interpreter catches SIGINT first; the program lets go of it, and later catches SIGTERM as well.
    """
    caught_once = False
    while True:
        status = Path(f"/proc/{process}/status").read_text()
        caught = int(status.partition("SigCgt:\t")[2].split()[0], 16)
        interrupt, term = (caught >> number - 1 & 1 for number in (signal.SIGINT, signal.SIGTERM))
        if term or (caught_once and not interrupt):
            return
        caught_once = caught_once or bool(interrupt)


def interrupt_the_start(env: dict[str, str], number: signal.Signals, seconds: float) -> None:
    with pty([], env) as screen:
        begun(screen.pid)
        screen.take(seconds)
        screen.send(number)
        assert screen.ended() == 128 + number
        screen.assert_restored()
    assert "Traceback" not in screen.output
    assert "Exception" not in screen.output
    assert screen.last_words == ""


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGINT, 0.1), (signal.SIGTERM, 0.4)])
def test_t49_a_signal_while_it_starts_says_nothing(db: Path, number: signal.Signals, seconds: float) -> None:
    interrupt_the_start(environment(db), number, seconds)


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_t49_a_signal_at_any_moment_of_the_start_says_nothing(db: Path, number: signal.Signals) -> None:
    for turn in range(20):
        interrupt_the_start(environment(db), number, turn * 1.5 / 20)


# -- T50: terminals


def test_t50_a_stopped_screen_leaves_the_terminal_to_the_shell_and_comes_back(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        for number in (signal.SIGTSTP, signal.SIGSTOP, signal.SIGTSTP):
            screen.send(number)
            screen.until(lambda _: "State:\tT" in Path(f"/proc/{screen.pid}/status").read_text())
            screen.clear()
            screen.send(signal.SIGCONT)
            screen.until_text("rechnung.pdf")
        screen.send(signal.SIGCONT)
        screen.press("?")
        screen.until_text("Help")
        screen.press("Q")
        assert screen.ended() == 0
        screen.assert_restored()


@pytest.mark.slow
def test_t50_a_stopped_screen_that_is_told_to_end_does_so_when_it_goes_on(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        screen.send(signal.SIGTSTP)
        screen.until(lambda _: "State:\tT" in Path(f"/proc/{screen.pid}/status").read_text())
        screen.send(signal.SIGTERM)
        screen.send(signal.SIGCONT)
        assert screen.ended() == 128 + signal.SIGTERM
        screen.assert_restored()


@pytest.mark.slow
def test_t50_any_size_is_drawn(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        for columns, rows in ((1, 1), (300, 100), (2, 50), (200, 2), (60, 15), (59, 14), (80, 24)):
            screen.resize(columns, rows)
            screen.take(0.15)
        screen.until_text("rechnung.pdf")
        screen.press("Q")
        assert screen.ended() == 0
        screen.assert_restored()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (300, 100), (80, 24)])
def test_t50_it_starts_at_any_size(db: Path, size: tuple[int, int]) -> None:
    with pty([], environment(db), *size) as screen:
        screen.until(lambda _: "\x1b[?1049h" in screen.output)
        screen.take(0.5)
        screen.press("Q")
        assert screen.ended() == 0
        screen.assert_restored()


@pytest.mark.slow
@pytest.mark.parametrize("extra", [{"NO_COLOR": "1"}, {"TERM": "linux"}, {"TERM": "vt100"}, {"LANG": "C"}])
def test_t50_poor_terminals_are_drawn_on(db: Path, extra: dict[str, str]) -> None:
    assignments = [f"{name}={value}" for name, value in extra.items()]
    with pty([*assignments, *command()], environment(db), program="/usr/bin/env") as screen:
        serves(screen)
        screen.press("Q")
        assert screen.ended() == 0
        screen.assert_restored()


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_t50_a_dumb_terminal_is_refused_in_words(db: Path, arguments: list[str]) -> None:
    with pty(["TERM=dumb", *command(*arguments)], environment(db), program="/usr/bin/env") as screen:
        assert screen.ended() == 2
    assert "TERM is dumb" in screen.output
    assert "\x1b" not in screen.output


# -- T51: nobody reads, or there is no terminal


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("list | head -1", {0}),
        ("list --json | head -1", {0}),
        ("show a | head -1", {0}),
        ("list --help | true", {0}),
        ("list >&-", {0}),
        ("list >/dev/full", {1}),
        ("list --json >/dev/full", {1}),
        ("show a >/dev/full", {1}),
    ],
)
def test_t51_output_that_nobody_takes_is_no_traceback(db: Path, line: str, codes: set[int]) -> None:
    name, pipe, rest = line.partition(" | ")
    script = f"set -o pipefail; {shlex.join(command())} {name}{pipe}{rest}"
    ended = subprocess.run(
        ["/bin/bash", "-c", script], env=environment(db), capture_output=True, text=True, timeout=15
    )
    assert ended.returncode in codes
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == int(ended.returncode != 0)


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_t51_without_a_terminal_the_screen_says_so(db: Path, arguments: list[str]) -> None:
    ended = subprocess.run(
        command(*arguments),
        env=environment(db),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "needs a terminal" in ended.stderr
    assert ended.stderr.count("\n") == 1
