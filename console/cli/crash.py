"""The last words about an error that nobody had foreseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


def report_crash(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """Says it on stderr with its traceback, masked like the log; to be `sys.excepthook`.

    The interpreter would print the values in it as they are. The secrets masked are those of the
    environment, for those of the settings file may not have been read yet.
    """
    from console.cli.output import say
    from console.config import SETTINGS, Secret
    from console.log import traceback_lines
    from console.redaction import Redaction

    say(f"A fault of the program ended it ({kind.__name__}). Please report it with these lines:")
    secrets = [Secret(os.environ[s.variable]) for s in SETTINGS if s.secret and os.environ.get(s.variable)]
    for line in traceback_lines(error or kind(), Redaction(secrets)):
        say(line)
