"""Where the service's log goes: stderr, or a file beside the cache that only its owner can read.

Modules log through `logging.getLogger(__name__)`; this is the only place that sets up where it goes.
A log line is one line, holds no secret, and can command no terminal that shows it.
"""

from __future__ import annotations

import io
import logging
import os
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final, TextIO

from console.domain.display import line
from console.domain.media import Millis
from console.domain.retention import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from console.config import Secret

_LARGEST: Final = 2_000_000
_LINE_LIMIT: Final = 4096


def log_path(db: Path) -> Path:
    """The log file that belongs to a cache: `<db>.log`."""
    return db.with_name(db.name + ".log")


@contextmanager
def to_stream(stream: TextIO, secrets: Iterable[Secret | None], *, without: str = "") -> Iterator[None]:
    """Logs to an open stream while the block runs; the stream stays open.

    Lines of the logger `without` are left out, for a program that says those things there itself.
    """
    handler = _Quiet(stream)
    handler.addFilter(lambda record: record.name != without)
    with _handled_by(handler, secrets):
        yield


@contextmanager
def to_file(path: Path, secrets: Iterable[Secret | None]) -> Iterator[None]:
    """Logs to a file of mode 0600 while the block runs; at 2 MB it becomes `<path>.1`.

    Raises:
        OSError: the file cannot be opened.
    """
    with _handled_by(_PrivateFile(path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8"), secrets):
        yield


class _Format(logging.Formatter):
    """`2026-11-22T14:02:03Z WARNING console.listener.app: text`, then the lines of a traceback, indented."""

    def __init__(self, secrets: Iterable[Secret | None]) -> None:
        super().__init__()
        self._secrets = sorted({s.reveal() for s in secrets if s is not None}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The record as text that is safe to show."""
        when = rfc3339(Millis(int(record.created) * 1000))
        lines = [f"{when} {record.levelname} {record.name}: {self._safe(record.getMessage())}"]
        if record.exc_info and record.exc_info[0] is not None:
            lines += [
                "    " + self._safe(part) for part in self.formatException(record.exc_info).splitlines()
            ]
        return "\n".join(lines)

    def _safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "••••")
        return line(text, _LINE_LIMIT)


class _Quiet(logging.StreamHandler[TextIO]):
    """A log that cannot be written is no reason to fail, nor to write about it on the screen."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Does nothing."""


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return io.TextIOWrapper(os.fdopen(os.open(self.baseFilename, flags, 0o600), "ab"), encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:
        """Does nothing: a full disk is no reason to fail, nor to write about it on the screen."""


@contextmanager
def _handled_by(handler: logging.Handler, secrets: Iterable[Secret | None]) -> Iterator[None]:
    handler.setFormatter(_Format(secrets))
    root, own = logging.getLogger(), logging.getLogger("console")
    before = own.level
    own.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        own.setLevel(before)
        handler.close()
