"""Where the program's log goes: stderr, or a file beside the cache.

Modules log through `logging.getLogger(__name__)`; this is the only place that sets up where it goes.
A log line is one line, holds no secret, and can command no terminal that shows it. Those of a
traceback are indented. No failure to log ends the program or writes to its terminal.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from console.cache.paths import log_path
from console.domain.display import line
from console.domain.media import Millis
from console.domain.retention import rfc3339
from console.logfile import LogFile
from console.logstream import LogStream
from console.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from console.config import Secret

__all__ = ["log_path", "to_file", "to_stream", "traceback_lines"]

_LINE_LIMIT: Final = 4096
_OURS: Final = "console"
_OTHERS: Final = {"debug": logging.INFO, "info": logging.WARNING}
"""What is heard of the libraries: less, for they know nothing of who reads this."""

_S = TypeVar("_S", "TextIO", LogFile, LogStream)


@contextmanager
def to_stream(
    stream: TextIO,
    secrets: Iterable[Secret | None],
    *,
    level: str = "info",
    numbers: bool = False,
    without: str = "",
) -> Iterator[None]:
    """Logs to an open stream while the block runs; the stream stays open.

    Nobody waits for one that has a descriptor: see `LogStream`.

    Args:
        secrets: what is masked.
        level: one of `LOG_LEVELS`.
        numbers: whether phone numbers are shown in full.
        without: the logger whose lines are left out, for a program that says those things there itself.
    """
    with _unblocked(stream) as handler:
        handler.addFilter(lambda record: record.name != without)
        with _handled_by(handler, Redaction(secrets, numbers=numbers), level):
            yield


@contextmanager
def to_file(
    path: Path, secrets: Iterable[Secret | None], *, level: str = "info", numbers: bool = False
) -> Iterator[None]:
    """Logs to a private file while the block runs; at 2 MB it becomes `<path>.1`.

    Raises:
        FixSetting: others can get at the file, or it is no regular one.
        OSError: it cannot be opened.
    """
    file = LogFile(path)
    try:
        with _handled_by(_Quiet(file), Redaction(secrets, numbers=numbers), level):
            yield
    finally:
        file.close()


def traceback_lines(error: BaseException, redact: Redaction) -> list[str]:
    """The traceback of an error as lines that are safe to show, indented."""
    return _indented(logging.Formatter().formatException((type(error), error, error.__traceback__)), redact)


def _indented(text: str, redact: Redaction) -> list[str]:
    return ["    " + line(redact(part), _LINE_LIMIT) for part in text.splitlines()]


class _Format(logging.Formatter):
    """`2026-11-22T14:02:03Z WARNING console.listener.app: text`, then the lines of a traceback."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record as text that is safe to show."""
        when = rfc3339(Millis(int(record.created) * 1000))
        text = line(self._redact(_message(record)), _LINE_LIMIT)
        lines = [f"{when} {record.levelname} {record.name}: {text}"]
        if record.exc_info and record.exc_info[1] is not None:
            lines += traceback_lines(record.exc_info[1], self._redact)
        elif record.exc_text:  # another process has written it
            lines += _indented(record.exc_text, self._redact)
        return "\n".join(lines)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, LookupError):  # its arguments do not fit it: a mistake in the call
        return f"{record.msg} {record.args}"


class _Quiet(logging.StreamHandler[_S]):
    """A log that cannot be written is no reason to fail, nor to write about it on the screen."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Does nothing."""


@contextmanager
def _unblocked(stream: TextIO) -> Iterator[logging.Handler]:
    try:
        lines = LogStream(stream)
    except OSError:  # it lies in memory
        yield _Quiet(stream)
        return
    try:
        yield _Quiet(lines)
    finally:
        lines.close()


@contextmanager
def _handled_by(handler: logging.Handler, redact: Redaction, level: str) -> Iterator[None]:
    """Hands all logging to a handler, and the failures that nobody waits for, in threads and destructors."""
    handler.setFormatter(_Format(redact))
    root, own = logging.getLogger(), logging.getLogger(_OURS)
    before = root.level, own.level, threading.excepthook, sys.unraisablehook
    own.setLevel(level.upper())
    root.setLevel(_OTHERS.get(level, level.upper()))
    root.addHandler(handler)
    threading.excepthook, sys.unraisablehook = _thread_failed, _unraisable
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])
        threading.excepthook, sys.unraisablehook = before[2:]
        handler.close()


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    name = failed.thread.name if failed.thread is not None else "of no name"
    _failed(f"the thread {name} failed", failed.exc_value)


def _unraisable(failed: sys.UnraisableHookArgs) -> None:
    _failed(failed.err_msg or "an error was ignored", failed.exc_value)


def _failed(words: str, error: BaseException | None) -> None:
    logging.getLogger(_OURS).error("%s", words, exc_info=error)
