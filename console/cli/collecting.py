"""The garbage collector, put off while a command imports what it needs: nothing of that is garbage.

It takes a tenth of a start otherwise, and its looks at all that was imported would hold up keys and
webhooks for as long, again and again.
"""

from __future__ import annotations

import gc

_was_put_off = False


def put_off() -> None:
    """Collects nothing until `begin`."""
    global _was_put_off
    _was_put_off = True
    gc.disable()


def begin() -> None:
    """Collects what becomes garbage from here on; what there is by now is not looked at any more.

    To be called where many modules have been imported. Does nothing in a process that never put it off.
    """
    if _was_put_off:
        gc.freeze()
        gc.enable()
