from __future__ import annotations

import os
import signal
import threading

import pytest

from console.cli.signals import ending_signals


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


def test_the_handlers_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ending_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
