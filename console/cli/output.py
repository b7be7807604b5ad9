"""Results on stdout, words on stderr, and what each exit code says."""

from __future__ import annotations

import json
import os
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import click

from console.domain import display
from console.domain.exceptions import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "media-console"


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
    """One line of words on stderr, safe for a terminal whatever is in it."""
    click.echo(f"{NAME}: {display.line(str(words), 2000)}", err=True)


def result(text: str) -> None:
    """One line of result on stdout; the text has passed the display gate or is JSON."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from None


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
        raise _unwritable(error) from None


def reader_left() -> Exit:
    """The end of `list | head -1`: the reader has what it wanted."""
    _give_up_stdout()
    return Exit.DONE


def forgiving_output() -> None:
    """Lets stdout and stderr replace what their encoding cannot say, rather than fail on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _give_up_stdout() -> None:
    """Lets what is still held back vanish; the interpreter would fail once more to write it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _unwritable(error: OSError) -> Report:
    _give_up_stdout()
    return Report(f"The result could not be written: {error.strerror}.")
