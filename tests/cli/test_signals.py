from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from console.cli.signals import LONGEST_END, LONGEST_HANGUP, ONE_SIGNAL, ending_signals
from console.clock import monotonic


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_ends_is_told_and_remembered(number: signal.Signals) -> None:
    with ending_signals() as signals:
        assert signals.wait(0) is None
        os.kill(os.getpid(), number)
        assert signals.wait(5) == number
        assert signals.wait(0) == number


def test_it_wakes_a_wait_that_has_begun() -> None:
    with ending_signals() as signals:
        sender = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        sender.start()
        assert signals.wait(10) == signal.SIGTERM
        sender.join()


def test_a_lost_terminal_ends_nothing() -> None:
    with ending_signals() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        assert signals.wait(0.02) is None


def test_a_later_signal_is_died_of_though_the_first_is_still_being_obeyed() -> None:
    script = (
        "import time\n"
        "from console.cli.signals import ONE_SIGNAL, ending_signals\n"
        "with ending_signals() as signals:\n"
        "    print('ready', flush=True)\n"
        "    assert signals.wait(10)\n"
        "    print('ending', flush=True)\n"
        "    time.sleep(15)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.terminate()
        assert process.stdout.readline() == "ending\n", "sent twice in one breath is sent once"
        time.sleep(ONE_SIGNAL)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_a_command_on_a_terminal_ends_with_it(number: signal.Signals) -> None:
    with ending_signals(on_terminal=True) as signals:
        os.kill(os.getpid(), number)
        assert signals.wait(5) == number


def test_an_event_loop_is_told_by_the_descriptor() -> None:
    with ending_signals(on_terminal=True) as signals:
        assert not select.select([signals], [], [], 0)[0]
        os.kill(os.getpid(), signal.SIGHUP)
        assert select.select([signals], [], [], 5)[0]


def test_the_word_of_somebody_else_counts_like_a_signal() -> None:
    with ending_signals(on_terminal=True) as signals:
        signals.note(signal.SIGHUP)
        assert select.select([signals], [], [], 5)[0]
        assert signals.wait(0) == signal.SIGHUP


SLOW = """
import sys, time
from console.cli.signals import ending_signals
with ending_signals(on_terminal=True) as signals:
    signals.restore_at_once(lambda: print("restored", flush=True))
    print("ready", flush=True)
    signals.wait(10)
    print("ending", flush=True)
    time.sleep(15)
"""


def test_a_hangup_that_is_passed_on_is_the_same_but_its_end_has_a_limit() -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        begun = monotonic()
        assert process.stdout.readline() == "ending\n"
        time.sleep(ONE_SIGNAL + 0.1)
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == "restored\n"
        assert process.wait(5) == 128 + signal.SIGHUP
        assert LONGEST_HANGUP <= monotonic() - begun < LONGEST_END


def test_a_signal_that_the_caller_had_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ending_signals() as signals:
            os.kill(os.getpid(), signal.SIGINT)
            assert signals.wait(0.02) is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_handlers_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ending_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert "signals" not in {thread.name for thread in threading.enumerate()}
