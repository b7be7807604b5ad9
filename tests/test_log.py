from __future__ import annotations

import io
import logging
import stat
from typing import TYPE_CHECKING

import pytest

from console import log
from console.config import Secret

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
    with pytest.raises(OSError, match="symbolic"), log.to_file(tmp_path / "log", ()):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_stream_that_breaks_does_not_break_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        stream.close()
        LOGGER.info("into nothing")
    assert capsys.readouterr().err == ""
