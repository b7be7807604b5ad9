"""Runs the console and lets one of its functions fail: `python -m … QUALIFIED.NAME ARGUMENTS`.

The function fails at its first call, with an error that nobody foresees and whose text must not be seen.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Final

import console.cli

if TYPE_CHECKING:
    from types import FrameType

CANARY: Final = "secret-canary"


class Sabotage(Exception):
    """What the function fails with."""


def fail_in(name: str) -> None:
    """Lets the function of this qualified name fail in whichever thread calls it."""

    def enter(frame: FrameType, event: str, _: object) -> None:
        if frame.f_code.co_qualname == name:
            raise Sabotage(CANARY)

    threading.settrace(enter)
    sys.settrace(enter)


if __name__ == "__main__":
    fail_in(sys.argv.pop(1))
    console.cli.main()
