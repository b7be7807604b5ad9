from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cli.borrowing import borrowed_service
from console.cli.signals import ending_signals
from console.config import Address, Secret, Settings
from console.domain.exceptions import FixSetting
from console.service.lock import ServiceLock, holder

if TYPE_CHECKING:
    from pathlib import Path


def settings(db: Path, port: int = 0) -> Settings:
    return Settings(db=db, listen=Address("127.0.0.1", port), api_url="http://127.0.0.1:1")


def test_the_service_runs_during_the_block_alone(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ending_signals() as signals:
        with borrowed_service(settings(db), signals) as other:
            assert other is None
            assert holder(db) is not None
        assert holder(db) is None
    assert capsys.readouterr().err == ""


def test_one_that_was_quicker_is_named(db: Path) -> None:
    lock = ServiceLock(db)
    try:
        with ending_signals() as signals, borrowed_service(settings(db), signals) as other:
            assert other is not None
            assert other.startswith("pid ")
    finally:
        lock.release()


def test_a_taken_port_is_said_and_the_work_goes_on(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
        ending_signals() as signals,
        borrowed_service(settings(db, taken.getsockname()[1]), signals) as other,
    ):
        assert other is None
    assert "Waiting for no webhooks." in capsys.readouterr().err


def test_a_service_that_cannot_run_is_refused_in_its_own_words(db: Path) -> None:
    wrong = Settings(db=db, api_url="http://127.0.0.1:1", api_token=Secret("two words"))
    with (
        pytest.raises(FixSetting, match="API_TOKEN"),
        ending_signals() as signals,
        borrowed_service(wrong, signals),
    ):
        raise AssertionError("it ran")
