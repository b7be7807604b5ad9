from __future__ import annotations

import asyncio
import gc
import io
import logging
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from console import log
from console.config import Secret
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger("console.test")


def test_a_line_tells_when_how_bad_where_and_what() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        LOGGER.info("took %d webhooks", 3)
    when, level, name, text = stream.getvalue().split(" ", 3)
    assert (level, name, text) == ("INFO", "console.test:", "took 3 webhooks\n")
    assert when.endswith("Z")
    assert len(when) == len("2026-11-22T14:02:03Z")


def test_what_the_program_says_itself_is_left_out() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, (), without=LOGGER.name):
        LOGGER.warning("said elsewhere")
        LOGGER.getChild("part").warning("said here")
    assert stream.getvalue().endswith(" WARNING console.test.part: said here\n")
    assert stream.getvalue().count("\n") == 1


def test_a_strangers_text_stays_on_one_line_and_commands_nothing() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        LOGGER.warning("from %s", "Kerry\n2026 INFO forged\x1b]52;c;aGk=\x07\x9b31m")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable()


def test_secrets_are_dotted_out_of_messages_and_tracebacks() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, (Secret("hunter2-canary"), None)):
        try:
            raise ValueError("password hunter2-canary refused")
        except ValueError:
            LOGGER.exception("login with %s", "hunter2-canary")
    text = stream.getvalue()
    assert "hunter2-canary" not in text
    assert "login with ••••" in text
    assert "ValueError: password •••• refused" in text


def test_of_a_phone_number_the_end_is_shown() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        try:
            raise ValueError("no media from 16315551234")
        except ValueError:
            LOGGER.exception("from %s", "+49 170 5550123")
    text = stream.getvalue()
    assert "from ••••0123" in text
    assert "ValueError: no media from ••••1234" in text
    assert "16315551234" not in text


def test_numbers_are_shown_in_full_where_that_is_asked_for() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, (), numbers=True):
        LOGGER.info("from %s", "16315551234")
    assert "from 16315551234" in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("error", ["ours ERROR", "theirs ERROR"]),
        ("warning", ["ours WARNING", "ours ERROR", "theirs WARNING", "theirs ERROR"]),
        ("info", ["ours INFO", "ours WARNING", "ours ERROR", "theirs WARNING", "theirs ERROR"]),
        (
            "debug",
            [
                *("ours DEBUG", "ours INFO", "ours WARNING", "ours ERROR"),
                *("theirs INFO", "theirs WARNING", "theirs ERROR"),
            ],
        ),
    ],
)
def test_a_level_takes_in_those_above_it(level: str, heard: list[str]) -> None:
    stream = io.StringIO()
    with log.to_stream(stream, (), level=level):
        for name, logger in (("ours", LOGGER), ("theirs", logging.getLogger("httpx"))):
            for word in ("DEBUG", "INFO", "WARNING", "ERROR"):
                logger.log(getattr(logging, word), "%s %s", name, word)
    assert [line.split(": ", 1)[1] for line in stream.getvalue().splitlines()] == heard
    assert logging.getLogger().level == logging.WARNING


def test_a_thread_that_fails_is_told_of_in_the_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("hunter2-canary")

    stream = io.StringIO()
    with log.to_stream(stream, (Secret("hunter2-canary"),)):
        thread = threading.Thread(target=fail, name="one of ours")
        thread.start()
        thread.join()
    assert "the thread one of ours failed" in stream.getvalue()
    assert "RuntimeError: ••••" in stream.getvalue()
    assert "hunter2-canary" not in stream.getvalue() + capsys.readouterr().err


def test_an_error_in_a_destructor_is_told_of_in_the_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    class Heavy:
        def __del__(self) -> None:
            raise RuntimeError("hunter2-canary")

    stream = io.StringIO()
    with log.to_stream(stream, (Secret("hunter2-canary"),)):
        Heavy()
        gc.collect()
    assert "RuntimeError: ••••" in stream.getvalue()
    assert "hunter2-canary" not in stream.getvalue() + capsys.readouterr().err


def test_a_task_whose_error_nobody_took_is_told_of_masked() -> None:
    async def leave() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "lost", "exception": RuntimeError("hunter2-canary")})

    stream = io.StringIO()
    with log.to_stream(stream, (Secret("hunter2-canary"),)):
        asyncio.run(leave())
    assert "ERROR asyncio: lost" in stream.getvalue()
    assert "RuntimeError: ••••" in stream.getvalue()


def test_a_call_with_wrong_arguments_is_logged_as_it_is() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, (Secret("hunter2-canary"),)):
        ours = logging.getLogger().handlers[-1]  # pytest's own raises what is wrong with the call
        ours.handle(
            LOGGER.makeRecord(LOGGER.name, logging.WARNING, "", 1, "%d webhooks", ("hunter2-canary",), None)
        )
    assert stream.getvalue().endswith(" WARNING console.test: %d webhooks ('••••',)\n")


def test_other_libraries_are_heard_from_warnings_up() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        logging.getLogger("httpx").info("GET https://example/media/1")
        logging.getLogger("asyncio").error("a task was lost")
    assert "GET" not in stream.getvalue()
    assert "a task was lost" in stream.getvalue()


def test_nothing_is_logged_after_the_block() -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        pass
    LOGGER.warning("late")
    assert stream.getvalue() == ""


def test_the_file_is_private_from_the_first_byte(tmp_path: Path) -> None:
    path = log.log_path(tmp_path / "media.db")
    with log.to_file(path, ()):
        LOGGER.info("née Müller")
    assert path.name == "media.db.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8").endswith("née Müller\n")


def test_the_file_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for text in ("one", "two"):
        with log.to_file(path, ()):
            LOGGER.info(text)
    assert [line.rsplit(" ", 1)[1] for line in path.read_text().splitlines()] == ["one", "two"]


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FixSetting, match="symbolic"), log.to_file(tmp_path / "log", ()):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_stream_that_breaks_does_not_break_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        stream.close()
        LOGGER.info("into nothing")
    assert capsys.readouterr().err == ""
