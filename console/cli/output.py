"""Results on stdout, words on stderr, and what each exit code says."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import click

from console.domain import display
from console.domain.exceptions import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "media-console"

_WRITE_FAILED: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


class Exit(IntEnum):
    """What an exit code says."""

    DONE = 0
    FAILED = 1
    """Some of what was asked for failed."""
    USAGE = 2
    """Wrong usage or a wrong setting; nothing was done."""
    API = 3
    """The API could not be reached, or refused the login."""
    INTERRUPTED = 130


def say(words: object) -> None:
    """One line of words on stderr, safe for a terminal whatever is in it; lost where stderr takes none."""
    with suppress(OSError):
        click.echo(f"{NAME}: {display.line(str(words), 2000)}", err=True)


def complain(error: click.ClickException) -> None:
    """What is wrong with a command line, on stderr; its lines are cleaned, for they repeat words of it."""
    told = io.StringIO()
    vars(error)["message"] = display.line(error.message, 2000)
    error.show(told)
    with suppress(OSError):
        for part in told.getvalue().splitlines():
            click.echo(display.line(part, 2000), err=True)


def result(text: str) -> None:
    """One line of result on stdout; the text has passed the display gate or is JSON."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from None


def json_line(record: Mapping[str, object]) -> None:
    """One JSON object on a line of stdout, in ASCII alone, so that it cannot command a terminal."""
    result(json.dumps(record, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f"))


def flush_output() -> None:
    """Writes what is still held back, while a failure can still be told."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(error) from None


def is_unwritable(error: OSError) -> bool:
    """Whether it is the failure of a write to a stream that is open already, as click prints its help."""
    return error.filename is None and error.errno in _WRITE_FAILED


def unwritable(error: OSError) -> Report:
    """The words for a stdout that takes nothing; from now on nothing is written to it."""
    _give_up_stdout()
    return Report(f"The result could not be written: {error.strerror}.")


def give_up_lost_words() -> None:
    """Drops words that stderr does not take; the interpreter would end with a code of its own for them."""
    try:
        sys.stderr.flush()
    except OSError:
        _set_nowhere(sys.stderr.fileno())


def reader_left() -> Exit:
    """The end of `list | head -1`: the reader has what it wanted."""
    _give_up_stdout()
    return Exit.DONE


def open_streams() -> None:
    """Gives the null device to standard streams that the caller closed.

    Else a database or a socket would get their number, and all that is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            _set_nowhere(number)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def forgiving_output() -> None:
    """Lets stdout and stderr replace what their encoding cannot say, rather than fail on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _give_up_stdout() -> None:
    """Lets what is still held back vanish; the interpreter would fail once more to write it at its end."""
    _set_nowhere(sys.stdout.fileno())


def _set_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(nowhere, number)
        os.close(nowhere)
