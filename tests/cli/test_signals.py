from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from console.cli.signals import ONE_SIGNAL, ending_signals


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


def test_the_handlers_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ending_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
