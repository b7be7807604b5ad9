"""T49 and T50: signals, defects and odd terminals; the terminal is left as it was found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.clock import monotonic
from tests.cli.world import announcement, command, daemon, environment, post, until
from tests.faults.processes import READY
from tests.faults.pty import LOG, demo_that_cleans_up, pty, serves, two_media
from tests.faults.sabotage import CANARY

if TYPE_CHECKING:
    from collections.abc import Iterator


SLOW = pytest.mark.slow


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return two_media(tmp_path)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[dict[str, str]]:
    with demo_that_cleans_up(tmp_path) as env:
        yield env


def sabotaged(function: str, *arguments: str) -> list[str]:
    return ["-m", "tests.faults.sabotage", function, *arguments]


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


QUICKEST = ("Feed.run", "MainScreen.compose")
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


def test_t49_a_defect_of_the_writer_ends_a_listener_that_could_only_answer_503(
    db: Path, tmp_path: Path
) -> None:
    words = db.with_name("stderr.txt")
    at_start = tmp_path / "at_start"
    at_start.mkdir()
    sabotage = "from tests.faults.sabotage import fail_in\nfail_in('Batch.take_webhook')\n"
    (at_start / "sitecustomize.py").write_text(sabotage)  # the writer is a process of its own
    env = environment(db) | {"PYTHONPATH": os.pathsep.join((str(at_start), *sys.path))}
    with words.open("wb") as err:
        process = subprocess.Popen(command("listen"), env=env, stderr=err)
    try:
        until(lambda: READY.search(words.read_text()) is not None)
        found = READY.search(words.read_text())
        assert found is not None
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(found[0], announcement("b"))
        with refused.value as answer:
            assert answer.code == 503
        assert process.wait(10) == 1
    finally:
        process.kill()
        process.wait()
    told = words.read_text().splitlines()
    assert told[-1].startswith(f"media-console: The writer of the cache {db} failed")
    assert [line for line in told if line.startswith("media-console:")][1:] == told[-1:]
    assert any("console.cache.apart: the writer failed" in line for line in told)
    assert "    Traceback (most recent call last):" in told
    with daemon(db) as (_, url):
        assert post(url, announcement("b")) == 200


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
