"""The last words about an error that nobody had foreseen."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_LOGGED: Final = "Please report it with the traceback from the log, "


def no_core_file() -> None:
    """Lets the system write no core file: it would hold secrets, and what senders wrote."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


@contextmanager
def crash_logged(where: Path) -> Iterator[None]:
    """Logs an error that nobody had foreseen as it leaves the block; the last words then name that log."""

    def note(_: object, error: BaseException | None, __: object) -> None:
        import logging

        from console.domain.exceptions import ConsoleError

        if isinstance(error, Exception) and not isinstance(error, ConsoleError):
            logging.getLogger(__name__).error("the program failed", exc_info=error)
            error.add_note(f"{_LOGGED}{where}.")

    with ExitStack() as stack:
        stack.push(note)
        yield


def report_crash(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Says it on stderr, with its traceback where no log has that; to be `sys.excepthook`.

    It is masked like the log: the interpreter would print the values in it as they are. The secrets
    masked are those of the environment, for those of the settings file may not have been read yet.
    """
    from console.cli.output import say
    from console.config import SETTINGS, Secret
    from console.log import traceback_lines
    from console.redaction import Redaction

    told = f"A fault of the program ended it ({kind.__name__})."
    logged = [note for note in getattr(error, "__notes__", ()) if note.startswith(_LOGGED)]
    if logged:
        say(f"{told} {logged[0]}")
        return
    say(f"{told} Please report it with these lines:")
    secrets = [Secret(os.environ[s.variable]) for s in SETTINGS if s.secret and os.environ.get(s.variable)]
    for line in traceback_lines(error or kind(), Redaction(secrets)):
        say(line)
